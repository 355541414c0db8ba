// What the audit trail keeps besides changes: refused requests (bounded, however many
// there are) and looks at sensitive values.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { adminEmail, adminPassword, client, guanxi, start } from '../lib/server.mjs';

let server, admin;
const people = {};

async function make(entity, body) {
  const answer = await admin('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' });
  assert.equal(answer.status, 201, `${entity}: ${answer.text}`);
  return answer.body[0] ?? answer.body;
}

async function makePerson(name, rights) {
  const role = await make('role', { name: `role of ${name}`, rights, caps: [] });
  const user = await make('user', { name, email: `${name}@example.com`, roles: [role.id] });
  const token = guanxi(['token', 'create', '--data', server.data, '--user', `${name}@example.com`, '--name', 'audit']).out.trim();
  people[name] = { id: user.id, api: client(server.url, token) };
}

const entries = async (query) => (await admin('GET', `/api/v1/audit?limit=500&${query}`)).body.rows;

/** Entries are written a moment after the answer, on PostgreSQL sealed a moment later. */
async function eventually(query, enough, text) {
  for (let i = 0; ; i++) {
    const rows = await entries(query);
    if (enough(rows)) return rows;
    assert.ok(i < 120, `${text}: ${JSON.stringify(rows)}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** All entries of what was answered before: they are written in that order, so when a later
 *  one is there, none of them is still to come. */
const marks = new Set();
async function settled(query) {
  const mark = await make('customer', { name: 'mark', marital: 'married' });
  marks.add(mark.id);
  assert.equal((await people.reader.api('GET', `/api/v1/customer/${mark.id}`)).status, 200);
  await eventually(`action=read&record_id=${mark.id}`, (rows) => rows.length > 0, 'no entry of the mark');
  return (await entries(query)).filter((entry) => !marks.has(entry.record_id));
}

before(async () => {
  server = await start();
  admin = server.api;
  await makePerson('nobody', {});
  await makePerson('reader', { '*': { read: 'all' } });
  await makePerson('flooder', {});
  await makePerson('half', { '*': { read: 'all' }, customer: { read: 'all', fields: { marital: 'hidden', income_band: 'masked' } } });
});
after(() => server?.close());

test('a refused request is in the audit trail with who, what and why', async () => {
  const customer = await make('customer', { name: 'kept' });
  assert.equal((await people.reader.api('PATCH', `/api/v1/customer/${customer.id}`, { name: 'x' })).status, 403);
  const [entry] = await eventually(`action=denied&actor_id=${people.reader.id}`, (r) => r.length > 0, 'no entry of the refusal');
  assert.equal(entry.entity, 'customer');
  assert.equal(entry.record_id, customer.id);
  assert.equal(entry.actor.name, 'reader');
  assert.equal(entry.diff.method, 'PATCH');
  assert.equal(entry.diff.status, 403);
  assert.match(entry.diff.route, /\*/);
  assert.ok(entry.diff.why.length > 0 && entry.request_id.length > 1);
  // the record's own history is of changes alone
  const history = (await admin('GET', `/api/v1/customer/${customer.id}/changes?limit=1`)).body;
  assert.deepEqual([history.rows.map((r) => r.action), history.next], [['create'], null]);
  assert.equal((await people.nobody.api('GET', '/api/v1/audit')).status, 403);
  await eventually(`action=denied&actor_id=${people.nobody.id}`, (r) => r.some((e) => e.diff.route === '/api/v1/audit'), 'no entry of a closed door');
});

test('forged requests and dead sessions are kept too', async () => {
  const signed = await fetch(`${server.url}/api/v1/session`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ email: adminEmail, password: adminPassword }) });
  const cookie = signed.headers.get('set-cookie').split(';')[0];
  const forged = await fetch(`${server.url}/api/v1/customer`, { method: 'POST', headers: { Cookie: cookie, 'Content-Type': 'application/json' }, body: '{"name":"forged"}' });
  assert.equal(forged.status, 403);
  await eventually('action=denied', (r) => r.some((e) => e.diff.why === 'csrf' && e.actor.id), 'no entry of the forged request');
  const dead = await fetch(`${server.url}/api/v1/tag`, { headers: { Cookie: `${cookie.slice(0, -6)}AAAAAA` } });
  assert.equal(dead.status, 401);
  await eventually('action=denied', (r) => r.some((e) => e.diff.status === 401 && e.diff.address), 'no entry of the dead session');
});

test('whoever shows nothing is refused without an entry', async () => {
  const before = (await settled('action=denied')).length;
  for (let i = 0; i < 20; i++) assert.equal((await fetch(`${server.url}/api/v1/order`)).status, 401);
  assert.equal((await settled('action=denied')).length, before);
});

test('a flood of 1,000 refusals writes a handful of entries', async () => {
  for (let at = 0; at < 1000; at += 50) {
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => people.flooder.api('DELETE', `/api/v1/customer/${1000 + at + i}`)));
    assert.ok(answers.every((a) => a.status === 403), answers.map((a) => a.status).join());
  }
  const rows = await settled(`action=denied&actor_id=${people.flooder.id}`);
  assert.ok(rows.length >= 1 && rows.length <= 10, `${rows.length} entries`);
  // another route has an allowance of its own
  assert.equal((await people.flooder.api('POST', '/api/v1/customer', { name: 'x' })).status, 403);
  await eventually(`action=denied&actor_id=${people.flooder.id}`, (r) => r.some((e) => e.diff.method === 'POST'), 'the flood hides other refusals');
  assert.equal((await admin('GET', '/api/v1/audit/proof')).body.ok, true);
});

test('a look at sensitive values is kept once; a look that shows none is not', async () => {
  const plain = await make('customer', { name: 'plain' }), sensitive = await make('customer', { name: 'sensitive', marital: 'married', income_band: null });
  for (let i = 0; i < 3; i++) assert.equal((await people.reader.api('GET', `/api/v1/customer/${sensitive.id}`)).body.marital, 'married');
  const rows = await eventually(`action=read&record_id=${sensitive.id}`, (r) => r.length > 0, 'the look is not kept');
  assert.equal(rows[0].actor.id, people.reader.id);
  assert.equal(rows[0].entity, 'customer');
  assert.equal(JSON.stringify(rows).includes('married'), false);
  await people.reader.api('GET', `/api/v1/customer/${plain.id}`);
  await people.half.api('GET', `/api/v1/customer/${sensitive.id}`);
  await people.nobody.api('GET', `/api/v1/customer/${sensitive.id}`);
  await admin('GET', `/api/v1/customer/${sensitive.id}?select=id,name`);
  assert.deepEqual((await settled('action=read')).map((e) => [e.actor.id, e.record_id]), [[people.reader.id, sensitive.id]]);
  // under another name it is seen all the same
  assert.equal((await admin('GET', `/api/v1/customer/${sensitive.id}?select=x:marital`)).body.x, 'married');
  await eventually(`action=read&record_id=${sensitive.id}`, (r) => r.length === 2, 'a renamed value is not kept');
});
