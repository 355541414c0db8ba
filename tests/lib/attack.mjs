// What tests of attacks share: the rows of the database as a digest, read past the program;
// the audit trail's refusals; people with given rights; sockets that say what they like.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { adminEmail, adminPassword, client, engine, guanxi } from './server.mjs';

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Kept by the program beside what anybody writes: attempts, sessions' last sight, seals. */
const asides = new Set(['access_attempt', 'access_session', 'access_epoch', 'change_reader', 'service_lease', 'job_runner', 'search_meta', 'migration', 'schema_version']);
/** Looks, exports, sign-ins and refusals; see enum change_action. */
const noticed = '(4, 5, 6, 7)';

function run(command, args, input) {
  const done = spawnSync(command, args, { input, encoding: 'utf8', maxBuffer: 256 << 20 });
  if (done.error) throw done.error;
  assert.equal(done.status, 0, `${command}: ${done.stderr}`);
  return done.stdout;
}

const setting = (data, key) => new RegExp(`^${key}\\s*=\\s*(.*)$`, 'm').exec(readFileSync(join(data, 'guanxi.conf'), 'utf8'))?.[1].trim();

/** Runs SQL on the database itself, beside the program; answers lines. */
export function sql(data, text) {
  if (engine === 'postgres') {
    const out = run('psql', ['-X', '-A', '-t', '-q', '-v', 'ON_ERROR_STOP=1', setting(data, 'pg_url')], `SET search_path TO "${setting(data, 'pg_schema')}";\n${text}`);
    return out.split('\n').filter(Boolean);
  }
  return run('sqlite3', ['-readonly', '-cmd', '.timeout 5000', join(data, 'guanxi.db')], text).split('\n').filter(Boolean);
}

function tables(data) {
  const all = engine === 'postgres'
    ? sql(data, `SELECT table_name FROM information_schema.tables WHERE table_schema = '${setting(data, 'pg_schema')}' AND table_type = 'BASE TABLE' ORDER BY 1;`)
    : sql(data, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'search%' ORDER BY 1;");
  return all.filter((t) => !asides.has(t) && !t.startsWith('search'));
}

/** Columns that tell when somebody was here, no more. */
const sighted = { user: ['last_seen_at'], token: ['last_used_at'] };

function columns(data, table) {
  const list = engine === 'postgres'
    ? sql(data, `SELECT column_name FROM information_schema.columns WHERE table_schema = '${setting(data, 'pg_schema')}' AND table_name = '${table}' ORDER BY ordinal_position;`)
    : sql(data, `SELECT name FROM pragma_table_info('${table}');`);
  return list.filter((c) => !(sighted[table] ?? []).includes(c));
}

const known = new Map(); // data folder → one statement for all tables
function statement(data) {
  const quote = (name) => `"${name}"`;
  const parts = tables(data).filter((t) => !/^change/.test(t)).map((t) => {
    const row = columns(data, t).map((c) => {
      const text = `coalesce(cast(${quote(c)} AS text), '~')`;
      return t === 'timer' && c === 'due_at' ? `CASE WHEN kind = 'schedule' THEN '~' ELSE ${text} END` : text; // what the hours move on
    }).join(" || '|' || ");
    return `SELECT '${t}', ${row} FROM ${quote(t)} ORDER BY 2;`;
  });
  for (const t of engine === 'postgres' ? ['change', 'change_new'] : ['change'])
    parts.push(`SELECT 'change', at || '|' || actor_id || '|' || entity || '|' || record_id || '|' || action || '|' || diff FROM ${t} WHERE action NOT IN ${noticed} ORDER BY 2;`);
  return parts.join('\n');
}

/** A digest of every row, and of the files kept: {table: hash}. */
export function rows(data) {
  if (!known.has(data)) known.set(data, statement(data));
  const found = {};
  // entries that are being sealed stand in either table: one order for both
  for (const line of sql(data, known.get(data)).sort()) {
    const table = line.slice(0, line.indexOf('|'));
    (found[table] ??= createHash('sha256')).update(line).update('\n');
  }
  const digest = Object.fromEntries(Object.entries(found).map(([t, h]) => [t, h.digest('hex').slice(0, 16)]));
  let files = [];
  try {
    files = readdirSync(join(data, 'blobs'), { recursive: true }).map(String).sort();
  } catch {
    // none yet
  }
  digest.files = createHash('sha256').update(files.join('\n')).digest('hex').slice(0, 16);
  return digest;
}

/** Does it, and fails if a row or a kept file is another than before. */
export async function unchanged(data, work, what = 'a refused request') {
  const before = rows(data);
  const answer = await work();
  assert.deepEqual(rows(data), before, `${what} changed the database`);
  return answer;
}

/** Entries of the audit trail; they are written a moment after the answer. */
export async function audited(admin, query, enough, what) {
  for (let i = 0; ; i++) {
    const { body } = await admin('GET', `/api/v1/audit?limit=500&${query}`);
    const found = body.rows.filter(enough);
    if (found.length) return found;
    assert.ok(i < 60, `no entry in the audit trail: ${what}`);
    await sleep(100);
  }
}

export async function made(admin, entity, body) {
  const answer = await admin('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' });
  assert.equal(answer.status, 201, `${entity}: ${answer.text}`);
  return answer.body[0] ?? answer.body;
}

export const rightsOf = (scope, more = {}) => ({ '*': Object.fromEntries(['read', 'create', 'update', 'delete', 'export', 'import'].map((a) => [a, scope])), ...more });

/** Somebody with a role of their own and a token. */
export async function person(server, name, rights, { caps = [], password, ...place } = {}) {
  const role = await made(server.api, 'role', { name: `role of ${name}`, rights, caps });
  const email = `${name}@example.com`;
  const user = await made(server.api, 'user', { name, email, roles: [role.id], ...place });
  if (password) assert.ok((await server.api('POST', `/api/v1/user/${user.id}/password`, { password })).status < 300);
  const token = guanxi(['token', 'create', '--data', server.data, '--user', email, '--name', name]).out.trim();
  return { id: user.id, name, email, role, token, api: client(server.url, token), ...place };
}

/** Signs in as the page does. */
export async function signIn(url, email, password, { headers = {}, code } = {}) {
  const answer = await fetch(`${url}/api/v1/session`, { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify({ email, password, ...(code ? { code } : {}) }) });
  const text = await answer.text();
  const setCookie = answer.headers.get('set-cookie');
  return { status: answer.status, headers: answer.headers, setCookie, cookie: (setCookie ?? '').split(';')[0], text, body: text ? JSON.parse(text) : null };
}

/** Does it for each, eight at a time. */
export async function each(list, work) {
  const rest = [...list].entries();
  await Promise.all(Array.from({ length: 8 }, async () => {
    for (const [i, one] of rest) await work(one, i);
  }));
}

export const quantile = (list, at) => [...list].sort((a, b) => a - b)[Math.floor(list.length * at)];
export const median = (list) => quantile(list, 0.5);

/**
 * How far the medians (or another quantile) of two series lie apart, and how far they would by chance.
 * The series were taken in turn, so what slows the machine for a while slows both. Noise is the widest
 * of 1,000 redraws of the pairs from themselves, less the difference that was seen: it does
 * not grow with that difference, so two clear medians are never called one. As the widest of
 * 1,000 is some three standard deviations, twice the noise is passed by chance less than once
 * in a million times.
 */
export function apart(a, b, at = 0.5) {
  const gap = (rows) => quantile(rows.map((i) => a[i]), at) - quantile(rows.map((i) => b[i]), at);
  const rows = a.map((_, i) => i), difference = gap(rows);
  let noise = 0;
  for (let i = 0; i < 1000; i++) noise = Math.max(noise, Math.abs(gap(rows.map(() => Math.floor(Math.random() * rows.length))) - difference));
  return { difference, noise };
}

/** Bytes as they are, and what comes back until the server closes or falls silent. */
export function raw(url, bytes, { silence = 700, limit = 8000 } = {}) {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const started = performance.now();
    let text = '', closed = false, quiet, whole;
    const bump = () => {
      clearTimeout(quiet);
      quiet = setTimeout(() => socket.destroy(), silence);
    };
    whole = setTimeout(() => socket.destroy(), limit);
    socket.on('connect', () => (bump(), socket.write(bytes)));
    socket.on('data', (d) => ((text += d.toString('latin1')), bump()));
    socket.on('end', () => (closed = true));
    socket.on('error', () => (closed = true));
    socket.on('close', () => {
      clearTimeout(quiet);
      clearTimeout(whole);
      resolve({ text, closed, ms: performance.now() - started, status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0), answers: (text.match(/HTTP\/1\.[01] \d+/g) ?? []).length });
    });
  });
}

/** Highest resident memory of a process so far, in MB, with its helpers' not counted; Linux. */
export function peakMemory(pid) {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

/** The administrator through a token of theirs that has no more than one role's rights. */
export async function narrowedAdmin(server, role) {
  const signed = await signIn(server.url, adminEmail, adminPassword);
  const answer = await client(server.url, null)('POST', '/api/v1/account/tokens', { name: 'less', roles: [role] }, { Cookie: signed.cookie, 'X-CSRF-Token': signed.body.csrf });
  if (answer.status !== 201) throw new Error(`no token: ${answer.status} ${answer.text}`);
  return client(server.url, answer.body.token);
}
