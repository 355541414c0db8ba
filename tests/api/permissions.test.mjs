// S01-S06, S09: who may see and do what.  The expected answer comes from a model written
// here, from the scopes alone; the paths come from the entities that the server describes.
// After every refusal the record is read again: nothing may have changed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { client, engine, guanxi, start } from '../lib/server.mjs';

let server, admin;
const people = {}; // name → {id, api, team, branch}
const records = {}; // entity → name of the owner → id
const actions = ['read', 'create', 'update', 'delete', 'export', 'import'];
const scopes = ['none', 'own', 'team', 'branch', 'all'];

async function make(entity, body) {
  const answer = await admin('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' });
  assert.equal(answer.status, 201, `${entity}: ${answer.text}`);
  return answer.body[0] ?? answer.body;
}

function rights(scope) {
  return { '*': Object.fromEntries(actions.map((a) => [a, scope])) };
}

async function makePerson(name, role, place) {
  const user = await make('user', { name, email: `${name}@example.com`, roles: [role.id], ...place });
  const token = guanxi(['token', 'create', '--data', server.data, '--user', `${name}@example.com`, '--name', 'matrix']).out.trim();
  people[name] = { id: user.id, token, api: client(server.url, token), ...place };
}

/** Rows whose owner is one of these are seen by `viewer` in that scope. */
function sees(viewer, scope, owner) {
  if (scope === 'all') return true;
  if (scope === 'none') return false;
  const a = people[viewer], b = people[owner];
  if (!b) return false; // nobody's
  if (a.id === b.id) return true;
  if (scope === 'own') return false;
  // a team's scope reaches the teams below it
  if (a.team_id === b.team_id || teamBelow(b.team_id, a.team_id)) return true;
  return scope === 'branch' && a.branch_id === b.branch_id;
}

const parents = {};
function teamBelow(team, above) {
  for (let t = parents[team]; t; t = parents[t]) if (t === above) return true;
  return false;
}

const owners = ['own', 'mate', 'below', 'branchmate', 'stranger', 'nobody'];
const viewers = scopes.map((s) => `viewer_${s}`);

before(async () => {
  server = await start();
  admin = server.api;
  const branch1 = await make('branch', { name: 'B1' }), branch2 = await make('branch', { name: 'B2' });
  const team1 = await make('team', { name: 'T1', branch_id: branch1.id });
  const sub = await make('team', { name: 'T1a', parent_id: team1.id, branch_id: branch1.id });
  const team2 = await make('team', { name: 'T2', branch_id: branch1.id });
  const team3 = await make('team', { name: 'T3', branch_id: branch2.id });
  parents[sub.id] = team1.id;
  const roles = {};
  for (const s of scopes) roles[s] = await make('role', { name: `scope ${s}`, rights: rights(s), caps: [] });
  const here = { team_id: team1.id, branch_id: branch1.id };
  for (const s of scopes) await makePerson(`viewer_${s}`, roles[s], here);
  await makePerson('mate', roles.all, here);
  await makePerson('below', roles.all, { team_id: sub.id, branch_id: branch1.id });
  await makePerson('branchmate', roles.all, { team_id: team2.id, branch_id: branch1.id });
  await makePerson('stranger', roles.all, { team_id: team3.id, branch_id: branch2.id });
  const all = [...viewers, 'mate', 'below', 'branchmate', 'stranger'];
  records.customer = {};
  records.order = {};
  records.interaction = {};
  records.address = {};
  for (const owner of [...all, 'nobody']) {
    const p = people[owner];
    const belongs = p ? { owner_id: p.id, team_id: p.team_id, branch_id: p.branch_id } : { owner_id: null, team_id: null, branch_id: null };
    const customer = await make('customer', { name: `matrix ${owner}`, phone: '13800138000', ...belongs });
    records.customer[owner] = customer.id;
    records.address[owner] = (await make('address', { customer_id: customer.id, street: `street of ${owner}` })).id;
    records.order[owner] = (await make('order', { customer_id: customer.id, number: `M-${owner}`, total: '1.00', ...belongs })).id;
    records.interaction[owner] = (await make('interaction', { customer_id: customer.id, subject: `matrix ${owner}`, ...(p ? { owner_id: p.id } : { owner_id: null }) })).id;
  }
});

after(() => server?.close());

/** The owner's name as the matrix calls it: 'own' is the viewer. */
const named = (viewer, owner) => (owner === 'own' ? viewer : owner);

// On PostgreSQL an entry joins the history once it is sealed, a moment after its commit.
async function snapshot(entity, id) {
  for (let last = await look(entity, id); ; ) {
    if (engine === 'sqlite') return last;
    await new Promise((resolve) => setTimeout(resolve, 250));
    const now = await look(entity, id);
    if (now === last) return now;
    last = now;
  }
}

async function look(entity, id) {
  const row = (await admin('GET', `/api/v1/${entity}/${id}`)).body;
  // that somebody was refused is noted in the history, and is no change of the record
  const history = (await admin('GET', `/api/v1/${entity}/${id}/changes?limit=100`)).body;
  const log = (history.rows ?? history).filter((c) => !['denied', 'read'].includes(c.action));
  return JSON.stringify([row, log]);
}

for (const [viewer, scope] of viewers.map((v, i) => [v, scopes[i]])) {
  for (const entity of ['customer', 'order', 'address']) {
    test(`${scope} scope reads ${entity}: record, list, count, filter, export, history`, async () => {
      const { api } = people[viewer];
      const expected = Object.keys(records[entity]).filter((o) => sees(viewer, scope, o)).map((o) => records[entity][o]).sort();
      const list = await api('GET', `/api/v1/${entity}?select=id&limit=1000`);
      if (scope === 'none') assert.ok([403, 404].includes(list.status) || (list.status === 200 && list.body.length === 0), list.text);
      else assert.deepEqual(list.body.map((r) => r.id).sort(), expected);
      const head = await api('HEAD', `/api/v1/${entity}?select=id`, undefined, { Prefer: 'count=exact' });
      if (head.status < 300) assert.equal(Number(head.headers.get('content-range').split('/')[1]), expected.length);
      for (const owner of owners) {
        const id = records[entity][named(viewer, owner)], may = sees(viewer, scope, named(viewer, owner));
        const one = await api('GET', `/api/v1/${entity}/${id}`);
        assert.equal(one.status === 200, may, `${entity} of ${owner}: ${one.status} ${one.text.slice(0, 200)}`);
        const filtered = await api('GET', `/api/v1/${entity}?select=id&id=in.(${id})`);
        assert.equal(filtered.status === 200 && filtered.body.length === 1, may);
        const history = await api('GET', `/api/v1/${entity}/${id}/changes`);
        assert.equal(history.status === 200, may, `history of ${owner}: ${history.status}`);
      }
      const out = await api('GET', `/api/v1/${entity}/export?format=jsonl`);
      if (out.status === 200) {
        const ids = out.text.split('\n').filter(Boolean).map((l) => JSON.parse(l).id).sort();
        assert.deepEqual(ids, expected);
      } else assert.equal(scope, 'none');
    });
  }

  test(`${scope} scope: what is embedded and searched obeys the same gate`, async () => {
    const { api } = people[viewer];
    const mine = Object.keys(records.customer).filter((o) => sees(viewer, scope, o));
    const found = await api('GET', '/api/v1/search?q=matrix&limit=50');
    if (found.status === 200) {
      const hits = found.body.groups.filter((g) => g.entity === 'customer').flatMap((g) => g.hits.map((h) => h.id));
      for (const id of hits) assert.ok(mine.some((o) => records.customer[o] === id), 'search shows a foreign customer');
    }
    if (scope === 'none') return;
    const rows = (await api('GET', '/api/v1/customer?select=id,addresses(id),orders(id),interactions(id)&limit=1000')).body;
    for (const row of rows) {
      const owner = Object.keys(records.customer).find((o) => records.customer[o] === row.id);
      assert.deepEqual(row.addresses.map((a) => a.id), [records.address[owner]]);
      for (const o of row.orders) assert.ok(sees(viewer, scope, Object.keys(records.order).find((k) => records.order[k] === o.id)));
    }
    // from a child to its parent: nothing of a customer that is out of sight
    const up = (await api('GET', '/api/v1/order?select=id,customer(id,name)&limit=1000')).body;
    for (const row of up)
      if (row.customer) assert.ok(mine.some((o) => records.customer[o] === row.customer.id), 'an order shows a foreign customer');
    // a filter on an embedded resource must not tell what is there
    const oracle = await api('GET', `/api/v1/order?select=id,customer!inner(id)&customer.name=eq.${encodeURIComponent('matrix stranger')}`);
    if (!sees(viewer, scope, 'stranger')) assert.deepEqual(oracle.body, []);
  });

  test(`${scope} scope writes: update, delete, by id and by filter; a refusal changes nothing`, async () => {
    const { api } = people[viewer];
    for (const entity of ['customer', 'order']) {
      for (const owner of owners) {
        const id = records[entity][named(viewer, owner)], may = sees(viewer, scope, named(viewer, owner));
        const earlier = await snapshot(entity, id);
        const patched = await api('PATCH', `/api/v1/${entity}/${id}`, { note: `by ${viewer}` });
        assert.equal(patched.status < 300, may, `PATCH ${entity} of ${owner}: ${patched.status} ${patched.text.slice(0, 200)}`);
        if (!may) {
          assert.ok([400, 403, 404, 422].includes(patched.status), `${patched.status} ${patched.text}`);
          const bulk = await api('PATCH', `/api/v1/${entity}?id=eq.${id}`, { note: 'x' }, { Prefer: 'return=representation' });
          assert.ok(bulk.status >= 400 || bulk.body.length === 0, bulk.text);
          const removed = await api('DELETE', `/api/v1/${entity}/${id}`);
          assert.ok([403, 404].includes(removed.status), `DELETE: ${removed.status}`);
          const bulkRemoved = await api('DELETE', `/api/v1/${entity}?id=eq.${id}`, undefined, { Prefer: 'return=representation' });
          assert.ok(bulkRemoved.status >= 400 || bulkRemoved.body.length === 0);
          const restored = await api('POST', `/api/v1/${entity}/${id}/restore`);
          assert.ok(restored.status >= 400);
          assert.equal(await snapshot(entity, id), earlier, `a refused write changed ${entity} of ${owner}`);
        }
      }
    }
  });

  test(`${scope} scope creates: never for somebody out of its reach, never below a foreign parent`, async () => {
    const { api } = people[viewer];
    for (const owner of ['own', 'mate', 'branchmate', 'stranger']) {
      const p = people[named(viewer, owner)], may = sees(viewer, scope, named(viewer, owner));
      const made = await api('POST', '/api/v1/customer', { name: 'made', owner_id: p.id, team_id: p.team_id, branch_id: p.branch_id }, { Prefer: 'return=representation' });
      assert.equal(made.status === 201, may, `create for ${owner}: ${made.status} ${made.text.slice(0, 300)}`);
      if (made.status === 201) await admin('DELETE', `/api/v1/customer/${(made.body[0] ?? made.body).id}`);
      const below = await api('POST', '/api/v1/address', { customer_id: records.customer[named(viewer, owner)], street: 'new' }, { Prefer: 'return=representation' });
      assert.equal(below.status === 201, may, `address below ${owner}: ${below.status} ${below.text.slice(0, 300)}`);
      if (below.status === 201) await admin('DELETE', `/api/v1/address/${(below.body[0] ?? below.body).id}`);
    }
  });
}

test('S03 hidden and masked fields: not read, filtered, sorted, searched, exported or written', async () => {
  const role = await make('role', {
    name: 'careful',
    rights: { '*': { read: 'all', update: 'all', export: 'all' }, customer: { read: 'all', update: 'all', export: 'all', fields: { phone: 'masked', note: 'hidden' } } },
    caps: [],
  });
  await makePerson('careful', role, {});
  const { api } = people.careful;
  const id = records.customer.stranger;
  await admin('PATCH', `/api/v1/customer/${id}`, { note: 'topsecret', phone: '13912345678' });
  const earlier = await snapshot('customer', id);
  const one = await api('GET', `/api/v1/customer/${id}`);
  assert.equal(one.status, 200);
  assert.ok(!('note' in one.body));
  assert.notEqual(one.body.phone, '+8613912345678');
  assert.match(one.body.phone, /\*/);
  assert.match(one.headers.get('x-masked') ?? '', /phone/);
  for (const path of ['customer?select=note', 'customer?note=like.*top*', 'customer?order=note', 'customer?select=id&phone=eq.%2B8613912345678', 'customer?order=phone', 'customer?phone=like.*139*', 'customer?or=(note.eq.topsecret,phone.gt.1)']) {
    const answer = await api('GET', `/api/v1/${path}`);
    assert.ok(answer.status >= 400, `${path}: ${answer.status} ${answer.text.slice(0, 200)}`);
    assert.ok(!answer.text.includes('topsecret') && !answer.text.includes('13912345678'));
  }
  for (const path of ['customer?limit=1000', `customer/${id}/changes`, 'customer/export?format=csv', 'customer/export?format=jsonl', 'search?q=topsecret', 'search?q=13912345678', 'search?q=5678', 'order?select=*,customer(*)', 'customer?q=topsecret']) {
    const answer = await api('GET', `/api/v1/${path}`);
    assert.ok(!answer.text.includes('topsecret'), `${path} tells a hidden field`);
    assert.ok(!/13912345678/.test(answer.text), `${path} tells a masked field`);
  }
  const meta = (await api('GET', '/api/v1/meta')).body.entities.find((e) => e.name === 'customer');
  assert.ok(!meta.fields.some((f) => f.name === 'note'));
  assert.equal(meta.fields.find((f) => f.name === 'phone').right, 'masked');
  for (const body of [{ note: 'x' }, { phone: '13700000000' }]) {
    const answer = await api('PATCH', `/api/v1/customer/${id}`, body);
    assert.ok(answer.status >= 400, `${JSON.stringify(body)}: ${answer.status}`);
  }
  assert.equal(await snapshot('customer', id), earlier);
});

test('S04 mass assignment: what the program keeps cannot be given', async () => {
  for (const body of [{ id: '5' }, { version: 9 }, { created_at: '2001-01-01T00:00:00Z' }, { created_by: '1' }, { orders_count: 7 }, { orders_total: '99.00' }, { nonsense: 1 }, { sort_name: 'x' }]) {
    const id = records.customer.mate;
    const earlier = await snapshot('customer', id);
    const answer = await people.mate.api('PATCH', `/api/v1/customer/${id}`, body);
    assert.ok(answer.status >= 400, `${JSON.stringify(body)}: ${answer.status}`);
    assert.equal(await snapshot('customer', id), earlier);
  }
  const twice = await people.mate.api('PATCH', `/api/v1/customer/${records.customer.mate}`, '{"city":"a","city":"b"}', { 'Content-Type': 'application/json' });
  assert.equal(twice.status, 400);
});

test('S05 system entities and secrets need their capability', async () => {
  for (const entity of ['user', 'role', 'team', 'branch', 'region', 'token']) {
    const made = await people.mate.api('POST', `/api/v1/${entity}`, { name: 'x', email: 'x@example.com' });
    assert.ok([403, 404, 422, 400].includes(made.status) && made.status !== 201, `${entity}: ${made.status}`);
  }
  const users = await admin('GET', '/api/v1/user?limit=100');
  assert.ok(!/password_hash|totp_secret|argon2/.test(users.text));
  const self = await people.viewer_own.api('PATCH', `/api/v1/user/${people.viewer_own.id}`, { roles: [] });
  assert.ok(self.status >= 400);
  const audit = await people.mate.api('GET', '/api/v1/audit');
  assert.equal(audit.status, 403);
  const refused = await client(server.url)('GET', '/api/v1/customer');
  assert.equal(refused.status, 401);
});

test('S06 ids: foreign ones in lists, links and wrong types', async () => {
  const { api } = people.viewer_own;
  const mixed = await api('GET', `/api/v1/customer?select=id&id=in.(${records.customer.viewer_own},${records.customer.stranger})`);
  assert.deepEqual(mixed.body.map((r) => r.id), [records.customer.viewer_own]);
  // an order of one's own may not be hung to a customer one cannot see
  const made = await api('POST', '/api/v1/order', { customer_id: records.customer.stranger, total: '1.00' });
  assert.ok(made.status >= 400, `${made.status}`);
  const asOther = await api('GET', `/api/v1/order/${records.customer.viewer_own}`);
  assert.equal(asOther.status, 404);
  for (const id of ['0', '-1', '9223372036854775808', 'abc', '1e3', '%00']) {
    const answer = await api('GET', `/api/v1/customer/${id}`);
    assert.ok([400, 404].includes(answer.status), `${id}: ${answer.status}`);
  }
});

test('S09 revocation works on the next request', async () => {
  const role = await make('role', { name: 'soon gone', rights: rights('all'), caps: [] });
  await makePerson('leaver', role, {});
  const { api, id } = people.leaver;
  assert.equal((await api('GET', '/api/v1/customer?limit=1')).status, 200);
  await admin('PATCH', `/api/v1/role/${role.id}`, { rights: rights('none') });
  const later = await api('GET', '/api/v1/customer?limit=1');
  assert.ok(later.status >= 400 || later.body.length === 0, `after the role changed: ${later.status}`);
  await admin('PATCH', `/api/v1/role/${role.id}`, { rights: rights('all') });
  assert.equal((await api('GET', '/api/v1/customer?limit=1')).status, 200);
  assert.ok((await admin('POST', `/api/v1/user/${id}/disable`)).status < 300);
  assert.equal((await api('GET', '/api/v1/customer?limit=1')).status, 401);
});

test('S08 other spellings of a path meet the same gate', async () => {
  const id = records.customer.stranger;
  const { api } = people.viewer_own;
  for (const path of [`/api/v1/customer/${id}/`, `/api/v1//customer/${id}`, `/api/v1/customer/%2e/${id}`, `/API/v1/customer/${id}`, `/api/v1/customer/${id};x`, `/api/v1/customer/${id}.json`, `/api/v1/customers/${id}`]) {
    const answer = await api('GET', path);
    // an address that is nobody's shows the page, which holds no data
    assert.ok(answer.status >= 400 || (/text\/html/.test(answer.headers.get('content-type')) && !answer.text.includes('matrix')), `${path}: ${answer.status}`);
  }
  const overridden = await api('POST', `/api/v1/customer/${id}`, {}, { 'X-HTTP-Method-Override': 'DELETE' });
  assert.ok(overridden.status >= 400);
  assert.equal((await admin('GET', `/api/v1/customer/${id}`)).status, 200);
});

test('a refusal names the right that is missing and who can give it; a record says from where it is reached', async () => {
  const { team_id } = people.mate;
  await admin('PATCH', `/api/v1/team/${team_id}`, { leader_id: people.mate.id });
  const narrow = await make('role', { name: 'reads all, changes own', rights: { customer: { read: 'all', update: 'own', create: 'own' } }, caps: [] });
  await makePerson('narrow', narrow, { team_id, branch_id: people.mate.branch_id });
  const { api } = people.narrow;
  const asks = (answer) => [answer.status, answer.body.right, answer.body.ask];
  const outside = await api('PATCH', `/api/v1/customer/${records.customer.mate}`, { city: 'x' });
  assert.deepEqual(asks(outside), [403, 'customer.update', 'mate']);
  assert.equal(outside.body.message, 'Only the owner can change this. Ask mate');
  const chinese = await api('PATCH', `/api/v1/customer/${records.customer.mate}`, { city: 'x' }, { 'Accept-Language': 'zh-Hant' });
  assert.equal(chinese.body.message, '僅負責人可修改，請洽mate');
  assert.deepEqual(asks(await api('DELETE', `/api/v1/customer/${records.customer.mate}`)), [403, 'customer.delete', 'mate']);
  assert.deepEqual(asks(await api('POST', '/api/v1/order', { number: 'no' })), [403, 'order.create', 'mate']);
  assert.deepEqual(asks(await api('GET', '/api/v1/customer/export')), [403, 'customer.export', 'mate']);
  assert.deepEqual(asks(await api('GET', '/api/v1/audit')), [403, 'audit', 'mate']);
  assert.deepEqual(asks(await people.mate.api('GET', '/api/v1/audit')), [403, 'audit', (await admin('GET', '/api/v1/account')).body.name], 'who leads asks an administrator');
  assert.equal((await api('GET', '/api/v1/account')).body.ask, 'mate');

  const reach = async (who, path) => (await who('GET', path, undefined, { 'X-Reach': '1' })).headers.get('x-reach');
  const own = await api('POST', '/api/v1/customer', { name: 'mine' }, { Prefer: 'return=representation' });
  const mine = (own.body[0] ?? own.body).id;
  assert.equal(await reach(api, `/api/v1/customer/${mine}`), 'own');
  assert.equal(await reach(api, `/api/v1/customer/${records.customer.mate}`), 'team');
  assert.equal(await reach(api, `/api/v1/customer/${records.customer.branchmate}`), 'branch');
  assert.equal(await reach(api, `/api/v1/customer/${records.customer.stranger}`), 'all');
  assert.equal(await reach(people.mate.api, `/api/v1/address/${records.address.mate}`), 'own', 'what hangs on a record is reached as it is');
  assert.equal((await api('GET', `/api/v1/customer/${mine}`)).headers.get('x-reach'), null);

  // what is none of the choices is said with what was given, for which field, and what there is
  const wrong = await api('PATCH', `/api/v1/customer/${mine}`, { level: 'gold?' });
  assert.match(wrong.body.errors[0].message, /^“gold\?” isn’t a Level; use [^“]+, /);
  const words = await api('PATCH', `/api/v1/customer/${mine}`, { level: 'gold?' }, { 'Accept-Language': 'zh-Hans' });
  assert.match(words.body.errors[0].message, /^级别没有“gold\?”，可选：/);
});

test('what bars a change of a record within reach is told with it, by the guards that refuse the change', async () => {
  const rows = { Prefer: 'return=representation' };
  const made = async (path, body) => {
    const answer = await admin('POST', `/api/v1/${path}`, body, rows);
    assert.ok(answer.status < 300, answer.text);
    return answer.body[0] ?? answer.body;
  };
  const reads = { user: { read: 'all', create: 'all', update: 'all' }, role: { read: 'all', update: 'all' } };
  const keeper = await made('role', { name: 'Keeps people', caps: ['users'], rights: reads });
  const low = await made('role', { name: 'Reads people', caps: [], rights: { user: { read: 'all' } } });
  const small = await made('user', { name: 'Small', email: 'small.barred@example.com', roles: [low.id] });
  await made('user', { name: 'Keeper', email: 'keeper.barred@example.com', roles: [keeper.id] });
  const api = client(server.url, guanxi(['token', 'create', '--data', server.data, '--user', 'keeper.barred@example.com', '--name', 'test']).out.trim());
  const boss = (await admin('GET', '/api/v1/account')).body.id;
  const all = (await admin('GET', '/api/v1/role?key=eq.administrator')).body[0];
  const wide = (await admin('GET', '/api/v1/role?key=eq.manager')).body[0];
  const barred = async (path) => (await api('GET', path, undefined, { 'X-Reach': '1' })).headers.get('x-barred');
  const tried = async (path, body) => (await api('PATCH', path, body)).status;
  for (const [path, body, why] of [
    [`/api/v1/user/${boss}`, { phone: '+8613800001234' }, 'user_wider'], [`/api/v1/user/${small.id}`, { phone: '+8613800001234' }, null],
    [`/api/v1/role/${all.id}`, { caps: [] }, 'protected_role'], [`/api/v1/role/${wide.id}`, { caps: [] }, 'role_wider'], [`/api/v1/role/${low.id}`, { caps: [] }, null],
  ]) {
    assert.equal(await barred(path), why, path);
    assert.equal((await tried(path, body)) === 403, why !== null, path);
  }
  assert.equal((await api('GET', `/api/v1/user/${boss}`)).headers.get('x-barred'), null, 'only told to whoever asks for it');
});
