// Every request three times, on one connection where it can be had (GUANXI_REPEAT=1; 2: without
// comparing the answers, where the test asks while work goes on beside it): what a request leaves behind in a
// kept plan, a cache or a connection is met by the next one.  Questions must be answered alike each time; writes of
// records are done twice with `Prefer: tx=rollback` before they are done.  The server is best built with
// AddressSanitizer then, which poisons what a request leaves behind.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const engine = process.env.GUANXI_ENGINE ?? 'sqlite';
const mode = process.env.GUANXI_REPEAT;
export const repeating = mode === '1' || mode === '2';

/** What another thread is at work on, and what counts each time it is asked. */
const moving = [/^\/(metrics|healthz|readyz)/, /^\/api\/v1\/(bulk|bulk_item|import|import_run|bulk_act|audit|timers|webhooks|services|readers|automation_run|segment\w*|sequences|case_clock|warehouse|outbox|notices|mailboxes|mail_message|case\/\d+\/mails)\b/];
/** On PostgreSQL the sealed log follows a moment later. */
const sealed = /^\/api\/v1\/(deleted\b|changes\b|[a-z_]+\/\d+\/history)/;

/** An answer without what is made anew for each. */
const still = (text) => text.replace(/"took_ms":[\d.e-]+|"request_id":"[0-9a-f]+"|nonce="[0-9a-f]+"|"csrf":"[0-9a-f]+"/g, '');

const written = /^\/api\/v1\/[a-z_]+(\/[0-9A-Za-z-]+)?(\?|$)/;
const notRecords = /^\/api\/v1\/(session|invitations?|import|file|attachment|bulk|settings|password|token|second_factor|account|deleted|audit|timers|webhooks|services|returns|custom_fields|forecast|pivot|outbox|stall\/invite|notices|mailboxes|consents|duplicates|commission\/|approvals|readers)/;

/** Whether a timer, a service or another request has written a record since. */
function writtenSince(data, ms) {
  if (!data || engine !== 'sqlite') return false;
  const done = spawnSync('sqlite3', ['-readonly', join(data, 'guanxi.db'), 'SELECT at FROM change ORDER BY seq DESC LIMIT 1'], { encoding: 'utf8' });
  return done.status === 0 && Number(done.stdout) >= ms;
}

async function asked(method, path, headers, send, data, rounds = 5) {
  const began = Date.now(), first = await send(headers);
  if (first.status === 401 || first.status === 429) return first; // tries are counted
  const second = await send(headers), third = await send(headers);
  if (mode === '2' || moving.some((shape) => shape.test(path)) || (engine === 'postgres' && sealed.test(path))) return third;
  const same = (again) => again.status === first.status && (again.status >= 400 || still(again.text) === still(first.text));
  if (same(second) && same(third)) return third;
  if (rounds > 1 && writtenSince(data, began)) return asked(method, path, headers, send, data, rounds - 1);
  const other = same(second) ? third : second;
  assert.deepEqual([other.status, still(other.text)], [first.status, still(first.text)], `${method} ${path} was answered otherwise when asked again`);
  return third;
}

/**
 * Asks `send(headers)` as often as it must be asked, and resolves to the last answer.
 *
 * @param {string} method
 * @param {string} path
 * @param {Record<string, string>} headers of the request
 * @param {(headers: Record<string, string>) => Promise<{status: number, text: string, headers: Headers}>} send
 * @param {string} [data] folder of the server: an answer may be another where a record was written meanwhile
 */
export async function thrice(method, path, headers, send, data) {
  if (!repeating) return send(headers);
  if (method === 'GET' || method === 'HEAD') return asked(method, path, headers, send, data);
  if (written.test(path) && !notRecords.test(path)) {
    const names = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    if (!names['idempotency-key'] && !/tx=/.test(names.prefer ?? '')) {
      const rolledBack = { ...headers, Prefer: [names.prefer, 'tx=rollback'].filter(Boolean).join(', ') };
      delete rolledBack.prefer;
      await send(rolledBack);
      await send(rolledBack);
    }
  }
  return send(headers);
}
