// Back from the history: deleted records listed and put back, single changes put back, one line of the audit trail for a bulk act;
// the pool and the lists that everybody shares.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { client, engine, guanxi, start } from '../lib/server.mjs';

let server, api;

async function make(entity, body, as = api) {
  const answer = await as('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' });
  assert.equal(answer.status, 201, answer.text);
  return Array.isArray(body) ? answer.body : answer.body[0];
}

async function person(name, role, more = {}) {
  const roles = role.id ? [role.id] : [(await make('role', { name: `role of ${name}`, caps: [], ...role })).id];
  const user = await make('user', { name, email: `${name}@example.com`, roles, ...more });
  const token = guanxi(['token', 'create', '--data', server.data, '--user', `${name}@example.com`, '--name', 't']).out.trim();
  return { id: user.id, api: client(server.url, token) };
}

/** What is asked of the sealed log is there a moment after its commit on PostgreSQL. */
async function soon(ask, ok) {
  for (let i = 0; ; i++) {
    const answer = await ask();
    if (ok(answer) || i > 200) return answer;
    await new Promise((done) => setTimeout(done, 100));
  }
}

const every = (scope) => ({ '*': Object.fromEntries(['read', 'create', 'update', 'delete', 'export', 'import'].map((a) => [a, scope])) });
const builtIn = async (key) => (await api('GET', `/api/v1/role?key=eq.${key}`)).body[0];

before(async () => {
  server = await start();
  api = server.api;
});
after(() => server?.close());

test('deleted records are listed by kind and name, with their rights, and go when they are back', async () => {
  const me = await person('delown', { rights: every('own') });
  const mine = await make('customer', { name: 'Gone Mine' }, me.api), theirs = await make('customer', { name: 'Gone Theirs 张伟' });
  const address = await make('address', { customer_id: mine.id, street: 'Gone Street' }, me.api);
  await me.api('DELETE', `/api/v1/customer/${mine.id}`);
  await api('DELETE', `/api/v1/customer/${theirs.id}`);
  const list = (q, as = api, rows = 1) => soon(() => as('GET', `/api/v1/deleted?${q}`), (a) => a.body.rows?.length >= rows);
  const all = await list('entity=customer&q=gone', api, 2);
  assert.equal(all.status, 200, all.text);
  assert.deepEqual(all.body.rows.map((r) => [r.title, r.may_restore]), [['Gone Theirs 张伟', true], ['Gone Mine', true]]);
  assert.deepEqual((await list('entity=customer', me.api)).body.rows.map((r) => r.id), [mine.id], 'of others nothing is told');
  assert.deepEqual((await list(`entity=customer&q=${encodeURIComponent('张伟')}`)).body.rows.map((r) => r.id), [theirs.id]);
  // what went along comes back with its record, and is not offered alone
  assert.deepEqual((await api('GET', '/api/v1/deleted?entity=address')).body.rows, []);
  assert.equal((await me.api('POST', `/api/v1/customer/${mine.id}/restore`)).status, 200);
  assert.equal((await api('GET', `/api/v1/address/${address.id}`)).status, 200);
  assert.deepEqual((await api('GET', '/api/v1/deleted?entity=customer&q=gone')).body.rows.map((r) => r.id), [theirs.id]);
  assert.equal((await api('GET', '/api/v1/deleted?entity=nothing')).status, 404);
  assert.equal((await api('GET', '/api/v1/deleted?before=x')).status, 422);
});

test('deleted records go on from page to page, each once', async () => {
  const made = await make('tag', Array.from({ length: 120 }, (_, i) => ({ name: `paged ${i}` })));
  for (const tag of made) await api('DELETE', `/api/v1/tag/${tag.id}`);
  const pages = async () => {
    const ids = [];
    for (let next = ''; next !== null;) {
      const { body } = await api('GET', `/api/v1/deleted?entity=tag&q=paged${next ? `&before=${next}` : ''}`);
      ids.push(...body.rows.map((r) => r.id));
      next = body.next;
    }
    return ids;
  };
  const ids = await soon(pages, (list) => list.length >= 120);
  assert.deepEqual([...ids].sort(), made.map((t) => t.id).sort());
});

test('a change is put back whole, keeping what others changed since; or by field', async () => {
  const one = await make('customer', { name: 'History', city: 'A', level: 'main', source: 'shop' });
  await api('PATCH', `/api/v1/customer/${one.id}`, { city: 'B', level: 'vip' });
  await api('PATCH', `/api/v1/customer/${one.id}`, { city: 'C' });
  const changes = async () => (await api('GET', `/api/v1/customer/${one.id}/changes`)).body.rows.filter((c) => c.action === 'update');
  const row = async () => (await api('GET', `/api/v1/customer/${one.id}`)).body;
  const first = (await soon(changes, (list) => list.length === 2 && list.every((c) => c.seq < 2 ** 52))).find((c) => c.diff.level);
  const back = (seq, body = {}, as = api) => as('POST', `/api/v1/customer/${one.id}/changes/${seq}/putback`, body);
  const whole = await back(first.seq);
  assert.equal(whole.status, 200, whole.text);
  assert.equal(whole.body.kept, 'city');
  assert.deepEqual([(await row()).city, (await row()).level], ['C', 'main']);
  // asked for by name it goes back whatever it is now
  assert.equal((await back(first.seq, { fields: ['city'] })).body.kept, null);
  assert.equal((await row()).city, 'A');
  assert.equal((await back(1)).status, 404);
  assert.equal((await back(first.seq, { fields: [] })).status, 422);
  assert.equal((await back(first.seq, { fields: 'city' })).status, 422);
  const reader = await person('histreader', { rights: { '*': { read: 'all' } } });
  assert.equal((await back(first.seq, { fields: ['level'] }, reader.api)).status, 403);
  const stranger = await person('histstranger', { rights: every('own') });
  assert.equal((await back(first.seq, {}, stranger.api)).status, 404);
});

test('a bulk act is one line of the audit trail, however many records it changed', async () => {
  const before = (await api('GET', '/api/v1/audit?limit=1')).body.rows[0]?.seq ?? 0;
  const made = await make('customer', Array.from({ length: 300 }, (_, i) => ({ name: `audited ${i}`, city: 'Audited' })));
  const marker = await make('tag', { name: 'before the act' });
  const started = await api('POST', '/api/v1/bulk', { kind: 'delete', entity: 'customer', filter: 'city=eq.Audited', expected: 300 });
  for (let state = ''; state !== 'done';) ({ state } = (await api('GET', `/api/v1/bulk/${started.body.id}`)).body);
  const last = await make('tag', { name: 'after the act' });
  const trail = (more = '') => api('GET', `/api/v1/audit?limit=3${more}`);
  const shown = await soon(trail, (a) => a.body.rows[0]?.record_id === last.id);
  assert.deepEqual(shown.body.rows.map((r) => [r.entity, r.action, r.record_id]),
    [['tag', 'create', last.id], ['bulk_act', 'create', started.body.id], ['tag', 'create', marker.id]]);
  // the trail goes on below it without a gap
  const rest = await api('GET', `/api/v1/audit?limit=500&before=${shown.body.next}`);
  assert.equal(rest.body.rows.filter((r) => r.entity === 'customer' && r.action === 'create' && r.seq > before).length, 300);
  const whole = await trail('&bulk=1');
  assert.ok(whole.body.rows.some((r) => r.request_id?.startsWith('bulk-')), whole.text);
  const one = await api('GET', `/api/v1/audit?record_id=${made[0].id}`);
  assert.ok(one.body.rows.some((r) => r.action === 'delete'), 'of one record everything is shown');
  // done on the spot, act and records lie in one transaction
  const few = await make('customer', [{ name: 'x', city: 'Few' }, { name: 'y', city: 'Few' }]);
  const quick = await api('POST', '/api/v1/bulk', { kind: 'delete', entity: 'customer', ids: few.map((r) => r.id) });
  const top = await soon(trail, (a) => a.body.rows.some((r) => r.record_id === quick.body.id));
  assert.equal(top.body.rows[0].record_id, quick.body.id);
  assert.notEqual(top.body.rows[1].action, 'delete');
});

test('the pool: the built-in Sales role takes what it sees of nobody, gives it back, and nothing else', async () => {
  const team = await make('team', { name: 'Pool team' });
  const sales = await builtIn('sales');
  const a = await person('seller1', sales, { team_id: team.id }), b = await person('seller2', sales, { team_id: team.id });
  const free = await make('customer', { name: 'of nobody', owner_id: null, team_id: team.id });
  const taken = await make('customer', { name: 'of seller2', owner_id: b.id, team_id: team.id });
  const far = await make('customer', { name: 'far', owner_id: null, team_id: null });
  assert.deepEqual((await a.api('GET', '/api/v1/customer?owner_id=is.null&select=id')).body.map((r) => r.id), [free.id]);
  const claim = (id, as = a.api, what = 'claim') => as('POST', `/api/v1/customer/${id}/${what}`);
  const won = await claim(free.id);
  assert.equal(won.status, 200, won.text);
  assert.equal((await api('GET', `/api/v1/customer/${free.id}`)).body.owner_id, a.id);
  assert.equal((await a.api('PATCH', `/api/v1/customer/${free.id}`, { city: 'Mine' })).status, 200, 'worked on from now on');
  assert.deepEqual([(await claim(free.id, b.api)).status, (await claim(taken.id)).status, (await claim(far.id)).status, (await claim('1')).status], [409, 409, 404, 404]);
  assert.equal((await claim(taken.id, a.api, 'release')).status, 403);
  assert.equal((await claim(free.id, a.api, 'release')).status, 200);
  assert.equal((await api('GET', `/api/v1/customer/${free.id}`)).body.owner_id, null);
  const analyst = await person('poolanalyst', await builtIn('analyst'));
  assert.equal((await claim(free.id, analyst.api)).status, 403);
});

test('lists that everybody shares need no owner: with "all others: team" they are read, and not changed', async () => {
  const team = await make('team', { name: 'Shared team' });
  const someone = await person('shared', { rights: every('team') }, { team_id: team.id });
  const tag = await make('tag', { name: 'shared tag' }), product = await make('product', { name: 'shared product', sku: 'SH-1' });
  const customer = await make('customer', { name: 'tagged', tags: [tag.id], team_id: team.id });
  const seen = (await someone.api('GET', `/api/v1/customer/${customer.id}?select=id,tags(id,name)`)).body;
  assert.deepEqual(seen.tags, [{ id: tag.id, name: 'shared tag' }]);
  assert.equal((await someone.api('GET', `/api/v1/product/${product.id}`)).status, 200);
  const found = (await someone.api('GET', '/api/v1/search?q=shared')).body.groups.find((g) => g.entity === 'product');
  assert.deepEqual(found?.hits.map((h) => h.id), [product.id]);
  assert.ok((await someone.api('PATCH', `/api/v1/product/${product.id}`, { name: 'mine' })).status >= 400);
  assert.ok((await someone.api('DELETE', `/api/v1/tag/${tag.id}`)).status >= 400);
  const nothing = await person('unshared', { rights: { customer: { read: 'team' } } }, { team_id: team.id });
  assert.equal((await nothing.api('GET', `/api/v1/product/${product.id}`)).status, 403);
});

test('roles ship ready: each reads what its day needs', async () => {
  for (const key of ['administrator', 'manager', 'sales', 'service', 'marketing', 'analyst', 'read_only', 'auditor']) assert.ok(await builtIn(key), key);
  const reader = await person('rolereader', await builtIn('read_only'));
  assert.equal((await reader.api('GET', '/api/v1/customer?limit=1')).status, 200);
  assert.equal((await reader.api('POST', '/api/v1/customer', { name: 'no' })).status, 403);
  assert.equal((await reader.api('GET', '/api/v1/customer/export?format=csv')).status, 403);
  assert.ok(engine);
});
