// Work with a customer: planned, done, and what the customer's record says of it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start } from '../lib/server.mjs';

let server, api;
const shown = { Prefer: 'return=representation' };
before(async () => {
  server = await start();
  api = server.api;
});
after(() => server?.close());

const customerOf = async (id) => (await api('GET', `/api/v1/customer/${id}`)).body;

test('what was planned for later and is done now was done now, and can be taken back', async () => {
  const customer = (await api('POST', '/api/v1/customer', { name: '王秀英' }, shown)).body[0].id;
  const later = new Date(Date.now() + 14 * 86400e3).toISOString();
  const made = (await api('POST', '/api/v1/interaction', { customer_id: customer, kind: 'task', direction: 'out', state: 'planned', at: later, due_at: later }, shown)).body[0];
  assert.deepEqual([(await customerOf(customer)).open_work, (await customerOf(customer)).last_contact_at], [1, null]);

  const done = (await api('PATCH', `/api/v1/interaction/${made.id}`, { state: 'done' }, shown)).body;
  const at = Date.parse((done[0] ?? done).at);
  assert.ok(Math.abs(at - Date.now()) < 60e3, (done[0] ?? done).at);
  assert.equal(Date.parse((done[0] ?? done).due_at), Date.parse(made.due_at), 'what was planned is still told');
  const told = await customerOf(customer);
  assert.deepEqual([told.open_work, told.contacts_count, Date.parse(told.last_contact_at)], [0, 1, at]);

  await api('PATCH', `/api/v1/interaction/${made.id}`, { state: 'planned', at: made.at });
  const back = await customerOf(customer);
  assert.deepEqual([back.open_work, back.contacts_count, back.last_contact_at], [1, 0, null]);
});

test('a time that is given, or has passed, stays', async () => {
  const customer = (await api('POST', '/api/v1/customer', { name: 'Ada' }, shown)).body[0].id;
  const past = '2026-01-02T03:04:05.000Z', said = new Date(Date.now() + 86400e3).toISOString();
  for (const [planned, change, wanted] of [[past, {}, past], [said, { at: past }, past], [past, { at: said }, said]]) {
    const made = (await api('POST', '/api/v1/interaction', { customer_id: customer, kind: 'visit', direction: 'out', state: 'open', at: planned }, shown)).body[0];
    await api('PATCH', `/api/v1/interaction/${made.id}`, { state: 'done', ...change });
    const at = (await api('GET', `/api/v1/interaction/${made.id}`)).body.at;
    assert.ok(Math.abs(Date.parse(at) - Date.parse(wanted)) < 1000, `${at} ${wanted}`);
  }
});
