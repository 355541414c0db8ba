// A person leaves: customers and open work go to others, what was done stays; split, previewed, taken back as a whole.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { client, guanxi, start } from '../lib/server.mjs';

let server, api;

async function make(entity, body, as = api) {
  const answer = await as('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' });
  assert.equal(answer.status, 201, answer.text);
  return Array.isArray(body) ? answer.body : answer.body[0];
}

async function person(name, { rights = {}, caps = [], ...more } = {}) {
  const role = await make('role', { name: `role of ${name}`, rights, caps });
  const user = await make('user', { name, email: `${name}@example.com`, roles: [role.id], ...more });
  const token = more.active === false ? "" : guanxi(['token', 'create', '--data', server.data, '--user', `${name}@example.com`, '--name', 't']).out.trim();
  return { id: user.id, api: client(server.url, token) };
}

async function rest(id) {
  for (;;) {
    const { body } = await api('GET', `/api/v1/bulk/${id}`);
    if (!['queued', 'running', 'undoing'].includes(body.state)) return body;
    await new Promise((done) => setTimeout(done, 30));
  }
}

const owner = async (entity, id) => (await api('GET', `/api/v1/${entity}/${id}`)).body.owner_id;
const hand = (from, body, as = api) => as('POST', `/api/v1/user/${from}/handover`, body);

before(async () => {
  server = await start();
  api = server.api;
});
after(() => server?.close());

/** Somebody with customers, open and finished calls, open and past orders. */
async function leaver(name, n = 4) {
  const who = await person(name);
  const customers = await make('customer', Array.from({ length: n }, (_, i) => ({ name: `${name} ${i}`, city: i % 2 ? 'Bath' : 'Ely', owner_id: who.id })));
  const call = (state, i, more = {}) => make('interaction', { customer_id: customers[i].id, kind: 'call', state, subject: state, owner_id: who.id, ...more });
  const order = (state, i) => make('order', { customer_id: customers[i].id, number: `${name}-${state}`, state, total: '5.00', owner_id: who.id });
  return {
    ...who, customers,
    planned: await call('planned', 0), open: await call('open', 1), finished: await call('done', 0), cancelled: await call('cancelled', 1),
    placed: await order('placed', 0), completed: await order('completed', 1),
  };
}

test('customers and open work move; finished calls and past orders keep who did them; it goes back as a whole', async () => {
  const a = await leaver('anne'), b = await person('bert');
  const preview = await hand(a.id, { to: b.id, preview: true });
  assert.equal(preview.status, 200, preview.text);
  const counts = (records) => Object.fromEntries(Object.entries(records).filter(([, n]) => n > 0));
  assert.deepEqual({ ...preview.body, by: preview.body.by.map((x) => ({ ...x, records: counts(x.records) })) },
    { total: 7, left: 0, by: [{ to: b.id, records: { customer: 4, interaction: 2, order: 1 } }] });
  assert.equal(await owner('customer', a.customers[0].id), a.id);
  const done = await hand(a.id, { to: b.id, disable: true });
  assert.equal(done.status, 200, done.text);
  assert.deepEqual([done.body.state, done.body.done, done.body.refused], ['done', 7, 0]);
  for (const c of a.customers) assert.equal(await owner('customer', c.id), b.id);
  for (const name of ['planned', 'open']) assert.equal(await owner('interaction', a[name].id), b.id, name);
  for (const name of ['finished', 'cancelled']) assert.equal(await owner('interaction', a[name].id), a.id, name);
  assert.deepEqual([await owner('order', a.placed.id), await owner('order', a.completed.id)], [b.id, a.id]);
  assert.equal((await api('GET', `/api/v1/user/${a.id}`)).body.active, false);
  assert.equal((await a.api('GET', '/api/v1/account')).status, 401);
  // somebody else got one of them meanwhile
  const c = await person('cora');
  await api('PATCH', `/api/v1/customer/${a.customers[3].id}`, { owner_id: c.id });
  assert.ok((await api('POST', `/api/v1/bulk/${done.body.id}/undo`)).status < 300);
  const back = await rest(done.body.id);
  assert.deepEqual([back.undone, back.kept], [6, 1]);
  assert.deepEqual([await owner('customer', a.customers[0].id), await owner('customer', a.customers[3].id)], [a.id, c.id]);
  assert.deepEqual([await owner('interaction', a.open.id), await owner('order', a.placed.id)], [a.id, a.id]);
});

test('split by region, by hand, and the rest evenly; work follows its customer', async () => {
  const a = await leaver('dora', 10), [x, y, z] = [await person('xeno'), await person('yves'), await person('zoe')];
  const mine = a.customers.filter((c) => c.city === 'Ely').map((c) => c.id);
  const parts = [{ to: x.id, filter: 'city=eq.Bath' }, { to: y.id, ids: [mine[0]] }, { to: y.id }, { to: z.id }];
  const preview = (await hand(a.id, { parts, preview: true })).body;
  assert.deepEqual(preview.by.map((p) => [p.to, p.records.customer]), [[x.id, 5], [y.id, 3], [z.id, 2]]);
  assert.equal(preview.total, 13);
  const done = await hand(a.id, { parts, expected: 13 });
  assert.equal(done.status, 200, done.text);
  const count = async (id) => (await api('GET', `/api/v1/customer?owner_id=eq.${id}&select=id`)).body.length;
  assert.deepEqual([await count(x.id), await count(y.id), await count(z.id)], [5, 3, 2]);
  assert.equal(await owner('customer', mine[0]), y.id);
  assert.equal(await owner('interaction', a.planned.id), await owner('customer', a.customers[0].id));
  assert.equal(await owner('interaction', a.open.id), x.id);
});

test('without somebody for the rest, it stays and is told', async () => {
  const a = await leaver('emil'), b = await person('fred');
  const preview = (await hand(a.id, { parts: [{ to: b.id, filter: 'city=eq.Bath' }], preview: true })).body;
  assert.deepEqual([preview.total, preview.left], [3, 4]);
  assert.equal((await hand(a.id, { parts: [{ to: b.id, filter: 'city=eq.Bath' }] })).body.done, 3);
  assert.equal(await owner('customer', a.customers[0].id), a.id);
});

test('more than a hundred go as a job, and what was finished meanwhile stays', async () => {
  const a = await person('greta'), b = await person('hugo');
  await make('customer', Array.from({ length: 1200 }, (_, i) => ({ name: `g${i}`, owner_id: a.id })));
  assert.equal((await hand(a.id, { to: b.id })).body.errors[0].key, 'bulk_confirm');
  assert.equal((await hand(a.id, { to: b.id, expected: 7 })).status, 409);
  const started = await hand(a.id, { to: b.id, expected: 1200 });
  assert.equal(started.status, 202, started.text);
  const done = await rest(started.body.id);
  assert.deepEqual([done.state, done.done], ['done', 1200]);
  await api('POST', `/api/v1/bulk/${started.body.id}/undo`);
  assert.equal((await rest(started.body.id)).undone, 1200);
});

test('to whom, and whose, is limited by rights', async () => {
  const branches = await make('branch', [{ name: 'HB1' }, { name: 'HB2' }]);
  const rights = { '*': { read: 'branch', create: 'branch', update: 'branch', delete: 'branch' } };
  const chief = await person('hchief', { rights, caps: ['bulk', 'assign'], branch_id: branches[0].id });
  const a = await person('here', { branch_id: branches[0].id }), b = await person('near', { branch_id: branches[0].id }), far = await person('far', { branch_id: branches[1].id });
  const [mine, theirs] = await make('customer', [{ name: 'm', owner_id: a.id, branch_id: branches[0].id }, { name: 't', owner_id: a.id, branch_id: branches[1].id }]);
  const out = await hand(a.id, { to: far.id }, chief.api);
  assert.ok([403, 422].includes(out.status), out.text);
  const done = await hand(a.id, { to: b.id }, chief.api);
  assert.equal(done.status, 200, done.text);
  assert.equal(done.body.done, 1);
  assert.deepEqual([await owner('customer', mine.id), await owner('customer', theirs.id)], [b.id, a.id]);
  // disabling needs its own right, and then nothing is moved either
  const refused = await hand(b.id, { to: a.id, disable: true }, chief.api);
  assert.equal(refused.status, 403, refused.text);
  assert.equal(await owner('customer', mine.id), b.id);
  const keeper = await person('keeper', { rights: { customer: { read: 'own', update: 'own' }, user: { read: 'all' } }, caps: ['users', 'assign', 'bulk'] });
  assert.equal((await hand(b.id, { to: keeper.id }, keeper.api)).status, 404);
  assert.equal((await hand(b.id, { to: a.id }, b.api)).status, 403);
  assert.equal(await owner('customer', mine.id), b.id);
});

test('bad input is refused in words', async () => {
  const a = await person('ines'), b = await person('jack'), gone = await person('kim', { active: false });
  for (const body of [{}, { to: a.id }, { to: '999' }, { to: gone.id }, { parts: [] }, { parts: 'x' }, { parts: [{}] }, { parts: [{ to: b.id, filter: '' }] },
    { parts: [{ to: b.id, filter: 'city=eq.x', ids: ['1'] }] }, { parts: [{ to: b.id, ids: [7] }] }, { to: b.id, parts: [{ to: b.id }] }]) {
    const answer = await hand(a.id, body);
    assert.ok(answer.status === 422, `${JSON.stringify(body)}: ${answer.status} ${answer.text}`);
  }
  assert.equal((await hand('999', { to: b.id })).status, 404);
  assert.equal((await hand('x', { to: b.id })).status, 404);
  const wrong = await hand(a.id, { parts: [{ to: b.id, filter: 'nonsense=eq.1' }] });
  assert.ok(wrong.status >= 400 && wrong.status < 500, wrong.text);
});
