// The generic API: rows, records, bodies, preferences, refusals.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { client, guanxi, serve, start } from '../lib/server.mjs';

let server, api;
const rows = { Prefer: 'return=representation' };

before(async () => {
  server = await start();
  api = server.api;
});
after(() => server?.close());

async function make(entity, body) {
  const answer = await api('POST', `/api/v1/${entity}`, body, rows);
  assert.equal(answer.status, 201, answer.text);
  return Array.isArray(body) ? answer.body : answer.body[0];
}

async function person(name, rights, caps = []) {
  const role = await make('role', { name: `role of ${name}`, rights, caps });
  const user = await make('user', { name, email: `${name}@example.com`, roles: [role.id] });
  const token = guanxi(['token', 'create', '--data', server.data, '--user', `${name}@example.com`, '--name', 't']).out.trim();
  return { id: user.id, role, api: client(server.url, token) };
}

const count = async (path) => Number((await api('HEAD', `/api/v1/${path}`, undefined, { Prefer: 'count=exact' })).headers.get('content-range').split('/')[1]);

test('one new row: 201, nothing but its place unless asked for', async () => {
  const bare = await api('POST', '/api/v1/customer', { name: 'Minimal' });
  assert.equal(bare.status, 201);
  assert.equal(bare.text, '');
  assert.match(bare.headers.get('location'), /^\/api\/v1\/customer\/[1-9]\d+$/);
  assert.equal(bare.headers.get('content-range'), '*/*');
  const there = await api('GET', bare.headers.get('location'));
  assert.equal(there.status, 200);
  assert.equal(there.body.name, 'Minimal');
  assert.equal(there.headers.get('etag'), '"v1"');
  const shaped = await api('POST', '/api/v1/customers?select=name,owner(name)', { name: 'Shaped' }, rows);
  assert.deepEqual(shaped.body, [{ name: 'Shaped', owner: { name: 'Administrator' } }]);
  assert.equal(shaped.headers.get('preference-applied'), 'return=representation');
});

test('all faults of a row come together, in the language of the reader', async () => {
  const answer = await api('POST', '/api/v1/customer', { gender: 'x', birthday: '1999-02-30', nothing: 1, id: '5', orders_count: 3 });
  assert.equal(answer.status, 422);
  assert.equal(answer.headers.get('content-type'), 'application/problem+json');
  assert.deepEqual(answer.body.errors.map((e) => e.field).sort(), ['birthday', 'gender', 'nothing']);
  const chinese = await api('GET', '/api/v1/customer?nothing=eq.1', undefined, { 'Accept-Language': 'zh-CN' });
  assert.equal(chinese.status, 400);
  assert.equal(chinese.body.code, '42703');
  assert.match(chinese.body.message, /没有名为 nothing 的字段/);
  for (const readonly of [{ orders_count: 3 }, { id: '5' }, { version: 9 }, { created_at: '2020-01-01T00:00:00Z' }]) {
    const refused = await api('POST', '/api/v1/customer', { name: 'x', ...readonly });
    assert.equal(refused.status, 422, JSON.stringify(readonly));
  }
});

test('many rows are one: all or none, the fault says which', async () => {
  const earlier = await count('customer');
  const failed = await api('POST', '/api/v1/customer', [{ name: 'a' }, { name: 'b', gender: 'x' }, { name: 'c' }], rows);
  assert.equal(failed.status, 422);
  assert.equal(failed.body.errors[0].field, '[1].gender');
  assert.equal(await count('customer'), earlier);
  const done = await make('customer', [{ name: 'a' }, { name: 'b' }]);
  assert.deepEqual(done.map((r) => r.name), ['a', 'b']);
  const counted = await api('POST', '/api/v1/customer', [{ name: 'd' }, { name: 'e' }], { Prefer: 'count=exact' });
  assert.equal(counted.headers.get('content-range'), '*/2');
  assert.equal((await api('POST', '/api/v1/customer', [])).status, 201);
});

test('results=per-row: what fails does not stop the others', async () => {
  const answer = await api('POST', '/api/v1/customer', [{ name: 'one' }, { gender: 'x' }, { name: 'three', email: 'nonsense' }, { name: 'four' }], {
    Prefer: 'results=per-row',
  });
  assert.equal(answer.status, 200);
  assert.equal(answer.body.created, 2);
  assert.equal(answer.body.failed, 2);
  assert.deepEqual(answer.body.rows.map((r) => Boolean(r.id)), [true, false, false, true]);
  assert.deepEqual(answer.body.rows[2].errors.map((e) => e.field), ['email']);
  assert.ok(answer.body.rows[2].errors[0].message);
  assert.equal((await api('GET', `/api/v1/customer/${answer.body.rows[3].id}`)).body.name, 'four');
});

test('CSV in and out', async () => {
  const csv = { 'Content-Type': 'text/csv' };
  const answer = await api('POST', '/api/v1/customer?select=name,city,birthday', 'name,city,birthday\n"Müller, A",NULL,1980-01-02\n赵敏,"a ""b""",\n', { ...csv, ...rows });
  assert.equal(answer.status, 201, answer.text);
  assert.deepEqual(answer.body, [
    { name: 'Müller, A', city: null, birthday: '1980-01-02' },
    { name: '赵敏', city: 'a "b"', birthday: null },
  ]);
  assert.equal((await api('POST', '/api/v1/customer', 'name,city\nonly-one\n', csv)).body.code, 'PGRST102');
  assert.equal((await api('POST', '/api/v1/customer', 'name,nothing\na,b\n', csv)).body.errors[0].field, '[0].nothing');
  const out = await api('GET', '/api/v1/customer?select=name,city,owner(name)&name=in.(赵敏,"Müller, A")&order=name', undefined, { Accept: 'text/csv' });
  assert.match(out.headers.get('content-type'), /^text\/csv/);
  assert.equal(out.text, 'name,city,owner.name\n"Müller, A",,Administrator\n赵敏,"a ""b""",Administrator\n');
  assert.equal((await api('GET', '/api/v1/customer?select=id,orders(id)', undefined, { Accept: 'text/csv' })).status, 422);
});

test('bodies that are none: refused by type, form and size', async () => {
  assert.equal((await api('POST', '/api/v1/customer', 'name=x', { 'Content-Type': 'application/x-www-form-urlencoded' })).status, 415);
  assert.equal((await api('POST', '/api/v1/customer', '{"name":"x"}', { 'Content-Type': 'text/plain' })).status, 415);
  assert.equal((await api('POST', '/api/v1/customer', '{"name":', { 'Content-Type': 'application/json' })).body.code, 'PGRST102');
  assert.equal((await api('POST', '/api/v1/customer', '', { 'Content-Type': 'application/json' })).body.code, 'PGRST102');
  assert.equal((await api('POST', '/api/v1/customer', '"x"', { 'Content-Type': 'application/json' })).body.code, 'PGRST102');
  assert.equal((await api('POST', '/api/v1/customer', '{"name":"a","name":"b"}', { 'Content-Type': 'application/json' })).status, 400);
  assert.equal((await api('POST', '/api/v1/customer', [1, 2])).status, 422);
  assert.equal((await api('POST', '/api/v1/customer', `${'['.repeat(10000)}`, { 'Content-Type': 'application/json' })).status, 400);
  assert.equal((await api('POST', '/api/v1/tag', Array.from({ length: 10001 }, (_, i) => ({ name: `t${i}` })))).status, 413);
  assert.equal((await api('PATCH', '/api/v1/customer?id=eq.1', [{ name: 'x' }])).body.code, 'PGRST102');
});

test('columns= takes what it names and passes over the rest', async () => {
  const answer = await api('POST', '/api/v1/customer?columns=name,"city"&select=name,city,note', [{ name: 'col', city: 'X', note: 'dropped', nothing: 1 }], rows);
  assert.deepEqual(answer.body, [{ name: 'col', city: 'X', note: null }]);
  assert.equal((await api('POST', '/api/v1/customer?columns=name,nothing', { name: 'col' })).body.code, 'PGRST204');
});

test('upsert by a unique field, or not at all', async () => {
  const merge = { Prefer: 'return=representation, resolution=merge-duplicates' };
  const first = await api('POST', '/api/v1/product?on_conflict=sku&select=id,name,sku', [{ sku: 'U1', name: 'tea' }, { sku: 'U2', name: 'cup' }], merge);
  assert.equal(first.status, 201, first.text);
  const again = await api('POST', '/api/v1/product?on_conflict=sku&select=id,name,sku', [{ sku: 'U1', name: 'green tea' }, { sku: 'U3', name: 'pot' }], merge);
  assert.equal(again.status, 201);
  assert.equal(again.body[0].id, first.body[0].id);
  assert.equal(again.body[0].name, 'green tea');
  const only = await api('POST', '/api/v1/product?on_conflict=sku', [{ sku: 'U1', name: 'white tea' }], merge);
  assert.equal(only.status, 200);
  const ignored = await api('POST', '/api/v1/product?on_conflict=sku', [{ sku: 'U1', name: 'no' }, { sku: 'U4', name: 'lid' }], { Prefer: 'return=representation, resolution=ignore-duplicates' });
  assert.deepEqual(ignored.body.map((r) => r.sku), ['U4']);
  assert.equal((await api('GET', '/api/v1/product?sku=eq.U1&select=name')).body[0].name, 'white tea');
  const byId = await api('POST', '/api/v1/product', { id: first.body[1].id, name: 'big cup' }, merge);
  assert.equal(byId.status, 200, byId.text);
  assert.equal(byId.body[0].name, 'big cup');
  assert.equal((await api('POST', '/api/v1/product', { id: '5', sku: 'U9', name: 'x' }, merge)).status, 404);
  assert.equal((await api('POST', '/api/v1/product?on_conflict=name', { name: 'x', sku: 'U9' }, merge)).status, 422);
  assert.equal((await api('POST', '/api/v1/product?on_conflict=nothing', { name: 'x' }, merge)).body.code, '42703');
  const conflict = await api('POST', '/api/v1/product', { sku: 'U1', name: 'twice' });
  assert.equal(conflict.status, 409);
  assert.equal(conflict.body.code, '23505');
  // over several fields
  const customer = await make('customer', { name: 'roles' });
  const role = { customer_id: customer.id, role: 'supplier' };
  await make('party_role', role);
  const roleAgain = await api('POST', '/api/v1/party_role?on_conflict=role,customer_id', { ...role, note: 'kept' }, merge);
  assert.equal(roleAgain.status, 200, roleAgain.text);
  assert.equal(roleAgain.body[0].note, 'kept');
});

test('a record: read, change, versions, delete, restore, history', async () => {
  const made = await make('customer', { name: '李雷', city: '杭州' });
  const path = `/api/v1/customer/${made.id}`;
  const changed = await api('PATCH', path, { city: '上海' }, { 'If-Match': '"v1"' });
  assert.equal(changed.status, 200, changed.text);
  assert.equal(changed.body.city, '上海');
  assert.equal(changed.body.version, 2);
  assert.equal(changed.headers.get('etag'), '"v2"');
  for (const etag of ['"v1"', '"v0"', 'v2', '"x"', '"v99999999999999999999"']) {
    const stale = await api('PATCH', path, { city: '北京' }, { 'If-Match': etag });
    assert.equal(stale.status, 412, etag);
    assert.equal((await api('DELETE', path, undefined, { 'If-Match': etag })).status, 412);
  }
  assert.equal((await api('PATCH', path, { city: '广州' }, { 'If-Match': '*', Prefer: 'return=minimal' })).status, 204);
  assert.equal((await api('GET', `${path}?select=city,nothing`)).body.code, '42703');
  assert.deepEqual((await api('GET', `${path}?select=city`)).body, { city: '广州' });
  assert.equal((await api('HEAD', path)).headers.get('etag'), '"v3"');
  // a customer's figures change with its orders, without a new version: they are never "not modified"
  const seen = (await api('GET', path, undefined, { 'If-None-Match': '"v3"' }));
  assert.deepEqual([seen.status, seen.body.orders_count], [200, 0]);
  await make('order', { customer_id: made.id, total: '10' });
  const after = await api('GET', path, undefined, { 'If-None-Match': '"v3"' });
  assert.deepEqual([after.status, after.body.orders_count, after.headers.get('etag')], [200, 1, '"v3"']);
  await api('DELETE', `/api/v1/order?customer_id=eq.${made.id}`);
  // what nobody else's writes change is
  const product = await make('product', { name: 'Cup', sku: 'cup-304' });
  await api('PATCH', `/api/v1/product/${product.id}`, { name: 'Mug' });
  const same = await api('GET', `/api/v1/product/${product.id}`, undefined, { 'If-None-Match': '"v1", "v2"' });
  assert.equal(same.status, 304);
  assert.equal(same.text, '');
  assert.equal((await api('GET', `/api/v1/product/${product.id}`, undefined, { 'If-None-Match': '"v1"' })).status, 200);
  // what is embedded may change without the record
  assert.equal((await api('GET', `/api/v1/product/${product.id}?select=*,category(name)`, undefined, { 'If-None-Match': '"v2"' })).status, 200);
  assert.equal((await api('DELETE', path, undefined, { 'If-Match': '"v3"' })).status, 204);
  assert.equal((await api('GET', path)).status, 404);
  assert.equal((await api('DELETE', path)).status, 404);
  assert.equal((await api('PATCH', path, { city: 'x' })).status, 404);
  const back = await api('POST', `${path}/restore`);
  assert.equal(back.status, 200, back.text);
  assert.equal(back.body.id, made.id);
  assert.equal(back.body.city, '广州');
  assert.equal((await api('POST', `${path}/restore`)).status >= 400, true);
  const history = (await api('GET', `${path}/changes`)).body;
  assert.deepEqual(history.rows.map((r) => r.action), ['restore', 'delete', 'update', 'update', 'create']);
  assert.deepEqual(history.rows[3].diff.city, ['杭州', '上海']);
  assert.equal(history.rows[0].actor.name, 'Administrator');
  assert.equal(history.next, null);
  const page = (await api('GET', `${path}/changes?limit=2`)).body;
  assert.equal(page.rows.length, 2);
  const rest = (await api('GET', `${path}/changes?limit=3&before=${page.next}`)).body;
  assert.deepEqual(rest.rows.map((r) => r.action), ['update', 'update', 'create']);
  for (const bad of ['0', '-1', 'x', '1e3', '9223372036854775808', '00012']) assert.equal((await api('GET', `/api/v1/customer/${bad}`)).status, 404, bad);
});

test('changes by filter need a condition, a right, and a bound', async () => {
  const made = await make('customer', Array.from({ length: 5 }, (_, i) => ({ name: `bulk ${i}`, city: 'Bulk' })));
  const ids = made.map((r) => r.id);
  for (const method of ['PATCH', 'DELETE']) {
    const all = await api(method, '/api/v1/customer', method === 'PATCH' ? { city: 'x' } : undefined);
    assert.equal(all.status, 422);
    assert.equal(all.body.errors[0].key, 'filter_needed');
    assert.equal((await api(method, '/api/v1/customer?order=id', method === 'PATCH' ? { city: 'x' } : undefined)).status, 422);
  }
  const patched = await api('PATCH', '/api/v1/customer?city=eq.Bulk&order=id&select=name,city', { city: 'Done' }, { Prefer: 'return=representation, count=exact' });
  assert.equal(patched.status, 200, patched.text);
  assert.equal(patched.headers.get('content-range'), '0-4/5');
  assert.deepEqual(patched.body[0], { name: 'bulk 0', city: 'Done' });
  const minimal = await api('PATCH', '/api/v1/customer?city=eq.Done&order=id&limit=2', { city: 'Two' });
  assert.equal(minimal.status, 204);
  assert.equal(minimal.headers.get('content-range'), '0-1/*');
  assert.equal(await count('customer?city=eq.Two'), 2);
  assert.equal((await api('PATCH', '/api/v1/customer?city=eq.Nobody', { city: 'x' })).headers.get('content-range'), '*/*');
  const bound = { Prefer: 'handling=strict, max-affected=2' };
  assert.equal((await api('PATCH', '/api/v1/customer?city=eq.Done', { city: 'x' }, bound)).body.code, 'PGRST124');
  assert.equal((await api('DELETE', '/api/v1/customer?city=eq.Done', undefined, bound)).status, 400);
  assert.equal(await count('customer?city=eq.Done'), 3);
  // one bad row and none is changed
  const failed = await api('PATCH', `/api/v1/customer?id=in.(${ids.join()})`, { email: 'nonsense' });
  assert.equal(failed.status, 422);
  const few = await person('fewrows', { '*': { read: 'all', update: 'all', delete: 'all' } });
  for (const [method, body] of [['PATCH', { city: 'x' }], ['DELETE', undefined]]) {
    const refused = await few.api(method, '/api/v1/customer?city=eq.Done', body);
    assert.equal(refused.status, 403);
    assert.equal(refused.body.errors[0].key, 'bulk_needed');
  }
  assert.equal((await few.api('PATCH', `/api/v1/customer?id=eq.${ids[4]}`, { city: 'One' })).status, 204);
  const gone = await api('DELETE', `/api/v1/customer?id=in.(${ids.join()})&select=name&order=id`, undefined, rows);
  assert.equal(gone.status, 200, gone.text);
  assert.equal(gone.body.length, 5);
  assert.equal(await count(`customer?id=in.(${ids.join()})`), 0);
});

test('tx=rollback shows what would be, and keeps nothing', async () => {
  const earlier = await count('customer');
  const tried = await api('POST', '/api/v1/customer', { name: 'not kept' }, { Prefer: 'return=representation, tx=rollback' });
  assert.equal(tried.status, 201);
  assert.equal(tried.body[0].name, 'not kept');
  assert.equal(await count('customer'), earlier);
  assert.equal((await api('GET', `/api/v1/customer/${tried.body[0].id}`)).status, 404);
  const made = await make('customer', { name: 'stays', city: 'A' });
  const changed = await api('PATCH', `/api/v1/customer?id=eq.${made.id}`, { city: 'B' }, { Prefer: 'return=representation, tx=rollback' });
  assert.equal(changed.body[0].city, 'B');
  await api('DELETE', `/api/v1/customer?id=eq.${made.id}`, undefined, { Prefer: 'tx=rollback' });
  const still = async () => {
    const { city, version } = (await api('GET', `/api/v1/customer/${made.id}`)).body;
    return [city, version];
  };
  assert.deepEqual(await still(), ['A', 1]);
  // one record by its id likewise
  const one = `/api/v1/customer/${made.id}`, undone = { Prefer: 'return=representation, tx=rollback' };
  assert.equal((await api('PATCH', one, { city: 'C' }, { ...undone, 'If-Match': '"v1"' })).body.city, 'C');
  assert.equal((await api('DELETE', one, undefined, { Prefer: 'tx=rollback' })).status, 204);
  assert.deepEqual(await still(), ['A', 1]);
  assert.equal((await api('DELETE', one)).status, 204);
  assert.equal((await api('POST', `${one}/restore`, undefined, undone)).body.city, 'A');
  assert.equal((await api('GET', one)).status, 404);
});

test('pages: limit, offset, Range, counts, cursors', async () => {
  await make('tag', Array.from({ length: 30 }, (_, i) => ({ name: `page ${String(i).padStart(2, '0')}` })));
  const path = '/api/v1/tag?name=like.page*&select=name&order=name';
  const first = await api('GET', `${path}&limit=10`);
  assert.equal(first.status, 200);
  assert.equal(first.headers.get('content-range'), '0-9/*');
  const counted = await api('GET', `${path}&limit=10&offset=5`, undefined, { Prefer: 'count=exact' });
  assert.equal(counted.status, 206);
  assert.equal(counted.headers.get('content-range'), '5-14/30');
  const range = await api('GET', path, undefined, { Range: '20-24', 'Range-Unit': 'items', Prefer: 'count=planned' });
  assert.equal(range.headers.get('content-range'), '20-24/30');
  assert.equal(range.body[0].name, 'page 20');
  assert.equal((await api('GET', path, undefined, { Range: 'bytes=0-1' })).body.length, 30);
  const beyond = await api('GET', `${path}&offset=31`, undefined, { Prefer: 'count=exact' });
  assert.equal(beyond.status, 416);
  assert.equal(beyond.body.code, 'PGRST103');
  assert.equal((await api('GET', `${path}&offset=31`)).status, 200);
  assert.equal((await api('GET', '/api/v1/tag?name=eq.none', undefined, { Prefer: 'count=exact' })).headers.get('content-range'), '*/0');
  assert.equal((await api('HEAD', path, undefined, { Prefer: 'count=exact' })).headers.get('content-range'), '0-29/30');
  const names = [];
  let cursor = '';
  for (let i = 0; i < 10; i++) {
    const page = await api('GET', `${path}&limit=7${cursor}`);
    names.push(...page.body.map((r) => r.name));
    const next = page.headers.get('x-next-cursor');
    if (!next) break;
    cursor = `&cursor=${next}`;
  }
  assert.deepEqual(names, Array.from({ length: 30 }, (_, i) => `page ${String(i).padStart(2, '0')}`));
  const wrong = await api('GET', `/api/v1/tag?order=id&limit=7${cursor}`);
  assert.equal(wrong.status, 422);
  assert.equal(wrong.body.errors[0].key, 'cursor_invalid');
});

test('what is asked for: one object, nulls left out, types that are not there', async () => {
  const made = await make('customer', { name: 'single' });
  const single = { Accept: 'application/vnd.pgrst.object+json' };
  const one = await api('GET', `/api/v1/customer?id=eq.${made.id}&select=name,city`, undefined, single);
  assert.deepEqual(one.body, { name: 'single', city: null });
  assert.match(one.headers.get('content-type'), /^application\/vnd\.pgrst\.object\+json/);
  const stripped = await api('GET', `/api/v1/customer?id=eq.${made.id}&select=name,city`, undefined, { Accept: 'application/vnd.pgrst.object+json;nulls=stripped' });
  assert.deepEqual(stripped.body, { name: 'single' });
  for (const path of ['customer?id=eq.5', 'customer?limit=2']) {
    const none = await api('GET', `/api/v1/${path}`, undefined, single);
    assert.equal(none.status, 406);
    assert.equal(none.body.code, 'PGRST116');
  }
  assert.equal((await api('GET', '/api/v1/customer', undefined, { Accept: 'application/vnd.pgrst.plan+json' })).status, 406);
  assert.equal((await api('GET', '/api/v1/customer', undefined, { Accept: 'image/png' })).status, 406);
  assert.equal((await api('GET', '/api/v1/customer', undefined, { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' })).status, 200);
  assert.equal((await api('GET', '/api/v1/customer', undefined, { Prefer: 'handling=strict, nonsense=1' })).body.code, 'PGRST122');
  assert.equal((await api('GET', '/api/v1/customer', undefined, { Prefer: 'handling=lenient, nonsense=1' })).status, 200);
});

test('fields by right: masked ones say so, hidden ones are not there', async () => {
  const made = await make('customer', { name: 'secretive', phone: '+8613912345678', note: 'hush' });
  const someone = await person('masked', { '*': { read: 'all', update: 'all' }, customer: { read: 'all', update: 'all', fields: { phone: 'masked', note: 'hidden' } } });
  const seen = await someone.api('GET', `/api/v1/customer/${made.id}`);
  assert.equal(seen.headers.get('x-masked'), 'phone');
  assert.match(seen.body.phone, /\*/);
  assert.ok(!('note' in seen.body));
  const list = await someone.api('GET', `/api/v1/customer?id=eq.${made.id}&select=id,p:phone`);
  assert.equal(list.headers.get('x-masked'), 'phone');
  assert.match(list.body[0].p, /\*/);
  assert.equal((await someone.api('GET', '/api/v1/customer?note=is.null')).body.code, '42703');
  assert.equal((await someone.api('GET', '/api/v1/customer?phone=eq.13912345678')).status, 403);
  assert.equal((await someone.api('GET', '/api/v1/order?select=customer(note)')).body.code, '42703');
  // sending back what was shown changes nothing
  const echo = await someone.api('PATCH', `/api/v1/customer/${made.id}`, { phone: seen.body.phone, city: 'X' });
  assert.equal(echo.status, 200, echo.text);
  assert.equal((await api('GET', `/api/v1/customer/${made.id}`)).body.phone, '+8613912345678');
  assert.equal((await someone.api('PATCH', `/api/v1/customer/${made.id}`, { note: 'x' })).status, 422);
  const changes = (await someone.api('GET', `/api/v1/customer/${made.id}/changes`)).body;
  assert.ok(!JSON.stringify(changes).includes('13912345678') && !JSON.stringify(changes).includes('hush'));
  assert.deepEqual(changes.rows.at(-1).diff.phone, [null, '***']);
});

test('the same key writes once', async () => {
  const key = { 'Idempotency-Key': 'once-1', ...rows };
  const first = await api('POST', '/api/v1/customer?select=id', { name: 'once' }, key);
  const again = await api('POST', '/api/v1/customer?select=id', { name: 'once' }, key);
  assert.equal(first.status, 201);
  assert.equal(again.text, first.text);
  assert.equal(await count('customer?name=eq.once'), 1);
  assert.equal((await api('POST', '/api/v1/customer?select=id', { name: 'other' }, key)).status, 422);
});

test('a key outlives the program, and what failed may be tried again under it', async () => {
  const own = await start();
  const key = { 'Idempotency-Key': 'across', ...rows };
  const first = await own.api('POST', '/api/v1/customer?select=id', { name: 'kept' }, key);
  const failed = await own.api('POST', '/api/v1/customer?select=id', { name: '' }, { 'Idempotency-Key': 'mended', ...rows });
  assert.deepEqual([first.status, failed.status], [201, 422]);
  own.kill();
  await own.ended;
  const later = await serve(own.data);
  const api2 = client(later.url, own.token);
  try {
    const again = await api2('POST', '/api/v1/customer?select=id', { name: 'kept' }, key);
    assert.deepEqual([again.status, again.text], [201, first.text]);
    assert.equal((await api2('POST', '/api/v1/customer?select=id', { name: 'changed' }, key)).status, 422);
    assert.equal((await api2('POST', '/api/v1/customer?select=id', { name: 'right' }, { 'Idempotency-Key': 'mended', ...rows })).status, 201);
    const names = (await api2('GET', '/api/v1/customer?select=name&order=name')).body;
    assert.deepEqual(names, [{ name: 'kept' }, { name: 'right' }]);
  } finally {
    await later.stop();
    own.remove();
  }
});

test('search is grouped, permitted and bounded', async () => {
  await make('customer', [{ name: '欧阳锋', city: 'West' }, { name: 'Searchable Sam' }]);
  const found = (await api('GET', `/api/v1/search?q=${encodeURIComponent('欧阳')}`)).body;
  assert.equal(found.groups[0].entity, 'customer');
  assert.equal(found.groups[0].hits[0].title, '欧阳锋');
  assert.equal(typeof found.took_ms, 'number');
  assert.deepEqual((await api('GET', '/api/v1/search?q=')).body.groups, []);
  assert.equal((await api('GET', '/api/v1/search?q=sam&entity=nothing')).body.code, 'PGRST205');
  assert.equal((await api('GET', '/api/v1/search?q=sam&limit=x')).status, 400);
  assert.equal((await api('GET', `/api/v1/search?q=${'x'.repeat(500)}`)).status, 413);
  const nobody = await person('ownonly', { customer: { read: 'own' } });
  assert.deepEqual((await nobody.api('GET', '/api/v1/search?q=searchable')).body.groups, []);
  const filtered = (await api('GET', '/api/v1/customer?q=searchable&select=name')).body;
  assert.deepEqual(filtered, [{ name: 'Searchable Sam' }]);
});

test('what is not there: entities, functions, methods', async () => {
  assert.equal((await api('GET', '/api/v1/nothing')).body.code, 'PGRST205');
  assert.equal((await api('POST', '/api/v1/rpc/nothing', {})).body.code, 'PGRST202');
  assert.equal((await api('PUT', '/api/v1/customer?id=eq.1', {})).status, 405);
  const strangers = await person('stranger', { tag: { read: 'all' } });
  assert.equal((await strangers.api('GET', '/api/v1/customer')).body.code, '42501');
  assert.equal((await strangers.api('POST', '/api/v1/tag', { name: 'x' })).status, 403);
  assert.equal((await client(server.url)('GET', '/api/v1/customer')).status, 401);
});

test('names come in the order of their language: Chinese by pinyin, whoever asks for the name', async () => {
  for (const name of ['张三', 'Ada', '李四', '阿敏', '王五', 'bob']) await make('customer', { name, city: 'Sortable' });
  const sorted = ['Ada', '阿敏', 'bob', '李四', '王五', '张三'];
  const list = async (query) => (await api('GET', `/api/v1/customer?city=eq.Sortable&select=name&${query}`)).body.map((r) => r.name);
  assert.deepEqual(await list('order=name'), sorted);
  assert.deepEqual(await list('order=name.desc'), sorted.toReversed());
  assert.deepEqual([...(await list('order=name&limit=4')), ...(await list('order=name&limit=4&offset=4'))], sorted);
});
