// Bulk acts: many records changed, deleted or brought back as one, and taken back as a whole; what others changed since
// stays; rights are asked at both; a kill between leaves nothing half.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { client, guanxi, serve, start } from '../lib/server.mjs';
import { hasSql, sql } from '../lib/sql.mjs';

let server, api;

async function make(entity, body, as = api) {
  const answer = await as('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' });
  assert.equal(answer.status, 201, answer.text);
  return Array.isArray(body) ? answer.body : answer.body[0];
}

/** A person with rights of their own and the means to call. */
async function person(name, rights, caps) {
  const role = await make('role', { name: `role of ${name}`, rights, caps });
  const user = await make('user', { name, email: `${name}@example.com`, roles: [role.id] });
  const token = guanxi(['token', 'create', '--data', server.data, '--user', `${name}@example.com`, '--name', 't']).out.trim();
  return { id: user.id, role, api: client(server.url, token) };
}

const every = (scope) => ({ '*': Object.fromEntries(['read', 'create', 'update', 'delete', 'export', 'import'].map((a) => [a, scope])) });
const customers = (n, more = {}) => make('customer', Array.from({ length: n }, (_, i) => ({ name: `c${i}`, ...more })));
const read = async (id) => (await api('GET', `/api/v1/customer/${id}`)).body;
const count = async (filter) => Number((await api('GET', `/api/v1/customer?${filter}&select=id&limit=1`, undefined, { Prefer: 'count=exact' })).headers.get('content-range').split('/')[1]);

/** Waits for an act to come to rest. */
async function rest(id, as = api) {
  for (;;) {
    const { body } = await as('GET', `/api/v1/bulk/${id}`);
    if (!['queued', 'running', 'undoing', 'cancelling'].includes(body.state)) return body;
    await new Promise((done) => setTimeout(done, 30));
  }
}

async function act(body, as = api) {
  const answer = await as('POST', '/api/v1/bulk', body);
  assert.ok([200, 202].includes(answer.status), answer.text);
  return rest(answer.body.id, as);
}

async function undo(id, as = api) {
  const answer = await as('POST', `/api/v1/bulk/${id}/undo`);
  assert.ok([200, 202].includes(answer.status), answer.text);
  return rest(id, as);
}

before(async () => {
  server = await start();
  api = server.api;
});
after(async () => {
  await server?.stop();
  server?.remove();
});

test('beyond 20 records the number is asked for, and must be what matches', async () => {
  await customers(21, { city: 'Asked' });
  const ask = (expected) => api('POST', '/api/v1/bulk', { kind: 'delete', entity: 'customer', filter: 'city=eq.Asked', ...(expected ? { expected } : {}) });
  const bare = await ask();
  assert.deepEqual([bare.status, bare.body.errors[0].key], [422, 'bulk_confirm'], bare.text);
  assert.match(bare.body.errors[0].message, /21/);
  const wrong = await ask(20);
  assert.deepEqual([wrong.status, wrong.body.errors[0].key], [409, 'bulk_count'], wrong.text);
  assert.equal(await count('city=eq.Asked'), 21);
  const right = await ask(21);
  assert.equal(right.status, 200, right.text);
  assert.deepEqual([right.body.state, right.body.done, right.body.may_undo], ['done', 21, true]);
  assert.equal(await count('city=eq.Asked'), 0);
  const back = await undo(right.body.id);
  assert.deepEqual([back.state, back.undone, back.kept], ['undone', 21, 0]);
  assert.equal(await count('city=eq.Asked'), 21);
  assert.equal((await api('POST', `/api/v1/bulk/${right.body.id}/undo`)).status, 409);
});

test('a deletion takes what belongs to the records along, and its undoing brings it back under its ids', async () => {
  const [one, two] = await customers(2, { city: 'Whole' });
  const order = await make('order', { customer_id: one.id, number: 'BULK-1', total: '5.00' });
  const address = await make('address', { customer_id: two.id, street: 'Lane 1' });
  const consent = await make('consent', { customer_id: two.id, channel: 'email', purpose: 'marketing', state: 'given' });
  const done = await act({ kind: 'delete', entity: 'customer', ids: [one.id, two.id] });
  assert.equal(done.total, 2);
  // what restricts a deletion says so, and the other goes
  for (const [id, fate] of [[one.id, done.refused === 1 ? 200 : 404], [two.id, 404]]) assert.equal((await api('GET', `/api/v1/customer/${id}`)).status, fate);
  await undo(done.id);
  assert.equal((await read(two.id)).city, 'Whole');
  assert.equal((await api('GET', `/api/v1/address/${address.id}`)).body.street, 'Lane 1');
  assert.equal((await api('GET', `/api/v1/consent/${consent.id}`)).status, 200);
  assert.equal((await api('GET', `/api/v1/order/${order.id}`)).status, 200);
});

test('undoing a change keeps what others changed since, and says which and why', async () => {
  const [a, b, c] = await customers(3, { city: 'Old', level: 'main', source: 'shop' });
  const done = await act({ kind: 'change', entity: 'customer', ids: [a.id, b.id, c.id], set: { city: 'New', level: 'vip' } });
  assert.deepEqual([done.state, done.done], ['done', 3]);
  await api('PATCH', `/api/v1/customer/${b.id}`, { city: 'Theirs' });
  await api('PATCH', `/api/v1/customer/${c.id}`, { source: 'store' }); // another field: nothing of the act's
  const back = await undo(done.id);
  assert.deepEqual([back.undone, back.kept], [2, 1]);
  assert.deepEqual([back.reasons[0].key, back.reasons[0].field], ['changed_since', 'city']);
  const values = async (id) => { const r = await read(id); return [r.city, r.level, r.source]; };
  assert.deepEqual(await values(a.id), ['Old', 'main', 'shop']);
  assert.deepEqual(await values(b.id), ['Theirs', 'main', 'shop']);
  assert.deepEqual(await values(c.id), ['Old', 'main', 'store']);
  const items = (await api('GET', `/api/v1/bulk_item?act_id=eq.${done.id}&state=eq.kept`)).body;
  assert.deepEqual(items.map((i) => [i.record, i.reason]), [[b.id, 'changed_since']]);
  assert.equal((await api('GET', `/api/v1/bulk_item/${items[0].id}`)).body.record, b.id);
  assert.equal((await api('GET', `/api/v1/bulk_act/${done.id}`)).body.done, 3);
});

test('tags are added to and taken from what is there; undoing takes back only that', async () => {
  const [x, y, z] = await make('tag', [{ name: 'bx' }, { name: 'by' }, { name: 'bz' }]);
  const one = await make('customer', { name: 't1', tags: [x.id] }), two = await make('customer', { name: 't2', tags: [y.id] });
  const ids = [one.id, two.id];
  const tags = async (id) => (await read(id)).tags.map((t) => t.id ?? t).sort();
  const more = await act({ kind: 'change', entity: 'customer', ids, add: { tags: [y.id] } });
  assert.deepEqual([await tags(one.id), await tags(two.id)], [[x.id, y.id].sort(), [y.id]]);
  await api('PATCH', `/api/v1/customer/${one.id}`, { tags: [x.id, y.id, z.id] });
  const back = await undo(more.id);
  assert.deepEqual([back.undone, back.kept], [2, 0]);
  assert.deepEqual([await tags(one.id), await tags(two.id)], [[x.id, z.id].sort(), [y.id]]);
  const less = await act({ kind: 'change', entity: 'customer', ids, remove: { tags: [z.id, y.id] } });
  assert.deepEqual([await tags(one.id), await tags(two.id)], [[x.id], []]);
  await undo(less.id);
  assert.deepEqual([await tags(one.id), await tags(two.id)], [[x.id, z.id].sort(), [y.id]]);
  assert.equal((await api('POST', '/api/v1/bulk', { kind: 'change', entity: 'customer', ids, add: { name: ['1'] } })).body.errors[0].key, 'bulk_not_list');
  assert.equal((await api('POST', '/api/v1/bulk', { kind: 'change', entity: 'customer', ids, set: {} })).body.errors[0].key, 'bulk_no_change');
  assert.equal((await api('POST', '/api/v1/bulk', { kind: 'change', entity: 'customer', ids, set: { nonsense: 1 } })).status, 422);
  assert.equal((await api('POST', '/api/v1/bulk', { kind: 'change', entity: 'customer', ids, set: { orders_count: 9 } })).status, 403);
});

test('rights are asked of each record, at the act and again at its undoing; acts are their owner’s and the administrators’', async () => {
  const mine = await person('bulk_own', every('own'), ['bulk']);
  const other = await person('bulk_other', every('all'), ['bulk']);
  const plain = await person('bulk_plain', every('own'), []);
  const own = await make('customer', [{ name: 'own 1' }, { name: 'own 2' }], mine.api);
  const foreign = await make('customer', { name: 'foreign', city: 'Far' });
  const refused = await plain.api('POST', '/api/v1/bulk', { kind: 'delete', entity: 'customer', ids: own.map((r) => r.id) });
  assert.deepEqual([refused.status, refused.body.errors[0].key], [403, 'bulk_needed'], refused.text);
  const done = await act({ kind: 'change', entity: 'customer', ids: [...own.map((r) => r.id), foreign.id], set: { city: 'Mine' } }, mine.api);
  assert.deepEqual([done.done, done.refused, done.reasons[0].key], [2, 1, 'not_found']);
  assert.equal((await read(foreign.id)).city, 'Far');
  assert.equal((await other.api('GET', `/api/v1/bulk/${done.id}`)).status, 404);
  assert.equal((await other.api('POST', `/api/v1/bulk/${done.id}/undo`)).status, 404);
  assert.equal((await plain.api('GET', `/api/v1/bulk/nonsense`)).status, 404);
  // one of them is somebody else's by now, and so out of reach
  assert.equal((await api('PATCH', `/api/v1/customer/${own[0].id}`, { owner_id: other.id })).status, 200);
  const back = await undo(done.id, mine.api);
  assert.deepEqual([back.undone, back.kept], [1, 1]);
  assert.equal((await read(own[0].id)).city, 'Mine');
  // who may not delete any more brings nothing back
  const gone = await act({ kind: 'delete', entity: 'customer', ids: [own[1].id] }, mine.api);
  const rights = every('own');
  rights['*'].delete = 'none';
  assert.equal((await api('PATCH', `/api/v1/role/${mine.role.id}`, { rights })).status, 200);
  const none = await undo(gone.id, mine.api);
  assert.deepEqual([none.undone, none.kept], [0, 1]);
  assert.equal((await api('GET', `/api/v1/customer/${own[1].id}`)).status, 404);
  assert.equal((await mine.api('POST', '/api/v1/bulk', { kind: 'delete', entity: 'customer', ids: [own[0].id] })).status, 403);
  // through lists: one's own as a person; a token goes by the roles
  const acts = (await other.api('GET', '/api/v1/bulk_act?select=id')).body;
  assert.ok(Array.isArray(acts));
  assert.equal((await other.api('PATCH', `/api/v1/bulk_act/${done.id}`, { state: 'done' })).status, 403);
});

test('PATCH and DELETE by filter are acts too', async () => {
  const made = await customers(3, { city: 'Filtered' });
  assert.equal((await api('PATCH', '/api/v1/customer?city=eq.Filtered', { city: 'Patched' })).status, 204);
  const last = async () => (await api('GET', '/api/v1/bulk_act?order=id.desc&limit=1')).body[0];
  const patched = await last();
  assert.deepEqual([patched.kind, patched.entity, patched.total, patched.state], ['change', 'customer', 3, 'done']);
  assert.deepEqual((await undo(patched.id)).undone, 3);
  assert.equal((await read(made[0].id)).city, 'Filtered');
  assert.equal((await api('DELETE', '/api/v1/customer?city=eq.Filtered')).status, 204);
  const deleted = await last();
  assert.deepEqual([deleted.kind, deleted.total], ['delete', 3]);
  assert.equal((await undo(deleted.id)).undone, 3);
  assert.equal(await count('city=eq.Filtered'), 3);
  // one record is no act
  const one = await last();
  assert.equal((await api('DELETE', `/api/v1/customer?id=eq.${made[0].id}`)).status, 204);
  assert.equal((await last()).id, one.id);
});

test('thousands run as a job; a kill between leaves nothing half, and each record once', async () => {
  const n = 1500;
  await customers(n, { city: 'Many' });
  const started = await api('POST', '/api/v1/bulk', { kind: 'change', entity: 'customer', filter: 'city=eq.Many', set: { city: 'Much' }, expected: n });
  assert.equal(started.status, 202, started.text);
  const { id } = started.body;
  // killed somewhere in the middle: after the first batch was seen
  for (;;) {
    const { body } = await api('GET', `/api/v1/bulk/${id}`);
    if (body.done > 0 || body.state === 'done') break;
  }
  server.kill();
  await server.ended;
  const again = await serve(server.data);
  Object.assign(server, again);
  api = client(again.url, server.token);
  const done = await rest(id);
  assert.deepEqual([done.state, done.done, done.refused], ['done', n, 0]);
  assert.deepEqual([await count('city=eq.Much'), await count('city=eq.Many')], [n, 0]);
  const undoing = await api('POST', `/api/v1/bulk/${id}/undo`);
  assert.equal(undoing.status, 202);
  for (;;) {
    const { body } = await api('GET', `/api/v1/bulk/${id}`);
    if (body.undone > 0 || body.state === 'undone') break;
  }
  server.kill();
  await server.ended;
  Object.assign(server, await serve(server.data));
  api = client(server.url, server.token);
  const back = await rest(id);
  assert.deepEqual([back.state, back.undone, back.kept], ['undone', n, 0]);
  assert.deepEqual([await count('city=eq.Much'), await count('city=eq.Many')], [0, n]);
  // the record was written twice, not more: changed and changed back
  const row = (await api('GET', '/api/v1/customer?city=eq.Many&limit=1')).body[0];
  assert.equal(row.version, 3);
});

test('cancelled: what is done stays and can be taken back', async () => {
  const n = 1500, filter = 'city=eq.Many';
  const started = await api('POST', '/api/v1/bulk', { kind: 'delete', entity: 'customer', filter, expected: n });
  assert.equal(started.status, 202, started.text);
  const stopped = await api('POST', `/api/v1/bulk/${started.body.id}/cancel`);
  assert.equal(stopped.status, 202, stopped.text);
  const done = await rest(started.body.id);
  assert.equal(done.state, 'cancelled');
  assert.ok(done.done < n);
  assert.equal(await count(filter), n - done.done);
  if (done.done > 0) await undo(started.body.id);
  assert.equal(await count(filter), n);
  assert.equal((await api('POST', `/api/v1/bulk/${started.body.id}/cancel`)).status, 409);
});

test('put back many: a bulk act too', async () => {
  const made = await customers(3, { city: 'Lost and found' });
  for (const row of made) assert.equal((await api('DELETE', `/api/v1/customer/${row.id}`)).status, 204);
  const ids = made.map((r) => r.id);
  const back = await act({ kind: 'restore', entity: 'customer', ids });
  assert.equal(back.done, 3);
  assert.equal(await count('city=eq.Lost%20and%20found'), 3);
  assert.equal((await undo(back.id)).undone, 3);
  assert.equal(await count('city=eq.Lost%20and%20found'), 0);
});

test('bad input is refused in words', async () => {
  const bad = async (body, status) => {
    const answer = await api('POST', '/api/v1/bulk', body);
    assert.equal(answer.status, status, `${JSON.stringify(body).slice(0, 200)}: ${answer.text.slice(0, 300)}`);
    assert.ok(answer.body.errors?.[0]?.message, answer.text);
  };
  await bad({}, 422);
  await bad({ kind: 'burn', entity: 'customer', ids: ['1'] }, 422);
  await bad({ kind: 'delete', entity: 'nothing', ids: ['1'] }, 404);
  await bad({ kind: 'delete', entity: 'customer' }, 422);
  await bad({ kind: 'delete', entity: 'customer', ids: [], filter: '' }, 422);
  await bad({ kind: 'delete', entity: 'customer', filter: '' }, 422);
  await bad({ kind: 'delete', entity: 'customer', ids: [] }, 404);
  await bad({ kind: 'delete', entity: 'customer', ids: [1, null, {}] }, 422);
  await bad({ kind: 'delete', entity: 'customer', ids: 'all' }, 422);
  await bad({ kind: 'delete', entity: 'customer', filter: 'city=eq.' + 'x'.repeat(70000) }, 422);
  await bad({ kind: 'restore', entity: 'customer', filter: 'city=eq.x' }, 422);
  await bad({ kind: 'change', entity: 'customer', ids: ['1'], set: { level: 'nonsense' } }, 422);
  await bad({ kind: 'change', entity: 'customer', ids: ['1'], expected: -1, set: { city: 'x' } }, 409);
  await bad({ kind: 'delete', entity: 'customer', ids: Array.from({ length: 50001 }, (_, i) => String(i + 1)) }, 413);
});

test('each night the records of acts that can no longer be taken back go; the acts and their counts stay', { skip: !hasSql }, async () => {
  const rows = await customers(3, { city: 'Old' });
  const change = (city) => act({ kind: 'change', entity: 'customer', ids: rows.map((r) => r.id), set: { city } });
  const old = await change('Older'), young = await change('Young');
  const items = async (one) => (await api('GET', `/api/v1/bulk_item?act_id=eq.${one.id}&select=id`)).body.length;
  assert.deepEqual([await items(old), await items(young)], [3, 3]);
  await server.stop();
  sql(server.data, `UPDATE bulk_act SET undo_until = undo_until - 2764800000 WHERE id = ${old.id}`);
  sql(server.data, "UPDATE timer SET due_at = 1 WHERE kind = 'schedule' AND key = 'bulk.prune'");
  Object.assign(server, await serve(server.data));
  api = client(server.url, server.token);
  for (let i = 0; (await items(old)) > 0; i++) assert.ok((await new Promise((done) => setTimeout(done, 100)), i < 300), 'they are still there');
  assert.equal(await items(young), 3);
  const { body } = await api('GET', `/api/v1/bulk_act/${old.id}`);
  assert.deepEqual([body.state, body.total, body.done], ['done', 3, 3]);
  assert.equal((await api('POST', `/api/v1/bulk/${old.id}/undo`)).status, 409);
});
