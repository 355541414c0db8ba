// S01-S07: every route that the server describes, for everybody who may not use it:
// nobody at all, somebody without rights, and (where it changes things) somebody who may
// only read.  A refusal changes no row of any table, and is in the audit trail.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { audited, rows, signIn, sleep } from '../lib/attack.mjs';
import { adminEmail, adminPassword, client, guanxi, start } from '../lib/server.mjs';

let server, admin, nobody, reader, routes;
const anonymous = () => client(server.url);
const ids = {}; // entity → id of a record

/** Open to everybody, as docs say; everything else needs to know who it is. */
const publicRoutes = new Set(['GET /healthz', 'GET /metrics', 'POST /api/v1/session', 'POST /api/v1/invitation/look', 'POST /api/v1/invitation/accept',
  'GET /f/{p1}', 'POST /f/{p1}', 'GET /f/{p1}/thanks', 'GET /f/{p1}/data', 'POST /f/{p1}/data', 'GET /u/{p1}', 'POST /u/{p1}', 'GET /u/{p1}/choices', 'POST /u/{p1}/choices']);
/** About oneself: no right is needed, and no other person's data is touched. */
const ownRoutes = /^\w+ \/api\/v1\/(session|account|settings|views|meta|events|changes|titles|search|openapi\.json|import\/presets|notices|follows|approvals)(\/|$)/;
/** The house's directory, which everybody who has signed in may read (not change). */
const directory = /^GET \/api\/v1\/(user|team|branch|region|role)(\/\{id\}(\/changes)?)?$/;
/** Entities that hold nothing but what everybody who is signed in has of their own. */
const ownEntities = /^\/api\/v1\/saved_view(\/|$)/;

async function make(entity, body) {
  const answer = await admin('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' });
  assert.equal(answer.status, 201, `${entity}: ${answer.text}`);
  return answer.body[0] ?? answer.body;
}

async function person(name, rights) {
  const role = await make('role', { name: `role of ${name}`, rights, caps: [] });
  await make('user', { name, email: `${name}@example.com`, roles: [role.id] });
  return client(server.url, guanxi(['token', 'create', '--data', server.data, '--user', `${name}@example.com`, '--name', 'matrix']).out.trim());
}

/** The path with ids that exist; of the entity the path is about. */
function fill(path, id) {
  const entity = path.split('/')[3];
  return path.replace('/{p1}/export', '/customer/export').replace(/\{\w+\}/g, id ?? ids[entity] ?? ids.customer);
}

const state = () => rows(server.data);

before(async () => {
  server = await start();
  admin = server.api;
  nobody = await person('nobody', {});
  reader = await person('reader', { '*': { read: 'all' } });
  const customer = await make('customer', { name: 'kept', phone: '13800138000' });
  ids.customer = customer.id;
  ids.order = (await make('order', { customer_id: customer.id, number: 'K-1', total: '1.00' })).id;
  ids.tag = (await make('tag', { name: 'kept' })).id;
  ids.product = (await make('product', { sku: 'K', name: 'kept' })).id;
  ids.address = (await make('address', { customer_id: customer.id, street: 'kept' })).id;
  ids.team = (await make('team', { name: 'colleagues' })).id;
  const me = (await admin('GET', '/api/v1/user?select=id,email')).body.find((u) => u.email === adminEmail);
  ids.user = ids.account = me.id;
  ids.nobody = (await admin('GET', '/api/v1/user?select=id&email=eq.nobody@example.com')).body[0].id;
  ids.token = (await admin('GET', '/api/v1/token?select=id&limit=1')).body[0].id;
  ids.role = (await admin('GET', '/api/v1/role?select=id&limit=1')).body[0].id;
  const file = await admin('POST', `/api/v1/file?name=kept.txt&entity=customer&record_id=${customer.id}`, 'kept', { 'Content-Type': 'text/plain' });
  assert.equal(file.status, 201, file.text);
  ids.attachment = file.body.id;
  const run = await admin('POST', '/api/v1/import?name=kept.csv', 'name\nAda\n', { 'Content-Type': 'text/csv' });
  if (run.status === 201) ids.import = ids.import_run = run.body.id;
  const api = (await admin('GET', '/api/v1/openapi.json')).body;
  routes = Object.entries(api.paths).flatMap(([path, item]) => ['get', 'post', 'put', 'patch', 'delete'].filter((m) => m in item).map((m) => ({ method: m.toUpperCase(), path, open: item[m].security?.length === 0 })));
  assert.ok(routes.length > 100, `${routes.length} routes`);
});
after(() => server?.close());

const name = (r) => `${r.method} ${r.path}`;
const body = (r) => (r.method === 'GET' || r.method === 'DELETE' ? undefined : { name: 'forged' });
// a condition that would hit everything, for changes of many rows
const ask = (who, r, id) => who(r.method, `${fill(r.path, id)}${['PATCH', 'DELETE'].includes(r.method) && !r.path.includes('{') ? '?id=gt.0' : ''}`, body(r));

/** The route as the audit trail calls it: entities share theirs. */
const pattern = (path) => (/^\/api\/v1\/\w+(\/\{id\}.*)?$/.test(path) && !/\/(audit|file|import|meta|search|events|account|session)$/.test(path) ? path.replace(/^\/api\/v1\/\w+/, '/api/v1/*') : path).replace(/\{\w+\}/g, '*');

test('the document says which routes are open, and no others are', () => {
  assert.deepEqual(routes.filter((r) => r.open).map(name).sort(), [...publicRoutes].sort());
});

test('nobody: 401 everywhere else, with nothing in it', async () => {
  const earlier = state();
  for (const r of routes) {
    if (publicRoutes.has(name(r))) continue;
    const answer = await ask(anonymous(), r);
    assert.equal(answer.status, 401, `${name(r)}: ${answer.status} ${answer.text.slice(0, 200)}`);
    assert.ok(!answer.text.includes('kept') && !answer.text.includes('13800138000'), name(r));
    const head = r.method === 'GET' ? await anonymous()('HEAD', fill(r.path)) : answer;
    assert.equal(head.status, 401, `HEAD ${r.path}`);
  }
  assert.deepEqual(state(), earlier);
});

test('somebody without rights reads nothing and changes nothing, and it is in the audit trail', async () => {
  const earlier = state();
  const refused = new Set();
  for (const r of routes) {
    if (publicRoutes.has(name(r)) || ownRoutes.test(name(r)) || ownEntities.test(r.path)) continue;
    const answer = await ask(nobody, r);
    if (answer.status === 403) refused.add(`${r.method} ${pattern(r.path)}`);
    if (directory.test(name(r))) {
      assert.ok(!/password_hash|totp|argon2|"rights"/.test(answer.text), `${name(r)} tells: ${answer.text.slice(0, 200)}`);
      continue;
    }
    const empty = r.method === 'GET' && answer.status === 200 && Array.isArray(answer.body) && answer.body.length === 0;
    assert.ok(empty || [400, 403, 404, 409, 415, 422].includes(answer.status), `${name(r)}: ${answer.status} ${answer.text.slice(0, 200)}`);
    assert.ok(!answer.text.includes('kept') && !answer.text.includes('13800138000'), `${name(r)} tells: ${answer.text.slice(0, 200)}`);
  }
  for (const path of ['/api/v1/search?q=kept', '/api/v1/search?q=13800138000']) {
    const found = await nobody('GET', path);
    assert.ok(!found.text.includes(ids.customer), found.text.slice(0, 200));
  }
  assert.deepEqual(state(), earlier);
  assert.ok(refused.size > 20, [...refused].join());
  const entries = new Set((await audited(admin, `action=denied&actor_id=${ids.nobody}`, (e) => e.diff.status === 403, 'refusals')).map((e) => `${e.diff.method} ${e.diff.route}`));
  for (let i = 0; i < 50 && ![...refused].every((r) => entries.has(r)); i++)
    for (const e of await audited(admin, `action=denied&actor_id=${ids.nobody}`, () => true, 'refusals')) entries.add(`${e.diff.method} ${e.diff.route}`);
  assert.deepEqual([...refused].filter((r) => !entries.has(r)), [], 'refusals without an entry in the audit trail');
});

test('somebody who may only read changes nothing', async () => {
  const earlier = state();
  for (const r of routes) {
    if (r.method === 'GET' || publicRoutes.has(name(r)) || ownRoutes.test(name(r)) || ownEntities.test(r.path)) continue;
    const answer = await ask(reader, r);
    assert.ok(answer.status >= 400 && answer.status < 500, `${name(r)}: ${answer.status} ${answer.text.slice(0, 200)}`);
  }
  for (const format of ['csv', 'xlsx', 'jsonl', 'vcard']) assert.ok((await reader('GET', `/api/v1/customer/export?format=${format}`)).status >= 400, format);
  assert.deepEqual(state(), earlier);
});

/** Somebody with all rights, who has signed in. */
async function second(nth) {
  const email = `second${nth}@example.com`, first = 'one time only for this 8', password = 'quite a long one for this 7';
  const role = (await admin('GET', '/api/v1/role?select=id&key=eq.administrator')).body[0].id;
  const { id } = await make('user', { name: `second${nth}`, email, roles: [role] });
  assert.ok((await admin('POST', `/api/v1/user/${id}/password`, { password: first })).status < 300);
  const once = await signIn(server.url, email, first);
  const set = await client(server.url)('POST', '/api/v1/account/password', { old: first, new: password }, { Cookie: once.cookie, 'X-CSRF-Token': once.body.csrf });
  assert.deepEqual([once.status, set.status], [200, 200], set.text);
  const cookie = set.headers.get('set-cookie').split(';')[0], csrf = set.body.csrf;
  const own = (method, path, body) => client(server.url)(method, path, body, { Cookie: cookie, 'X-CSRF-Token': csrf });
  const token = async (body) => {
    const answer = await own('POST', '/api/v1/account/tokens', { name: 'matrix', ...body });
    assert.equal(answer.status, 201, answer.text);
    return answer.body;
  };
  return { id, email, cookie, csrf, token, own };
}

test('a narrowed token of somebody with all rights does no more than its roles: none, and reading', async () => {
  const who = await second('narrow');
  const none = await make('role', { name: 'nothing', rights: {}, caps: [] }), read = await make('role', { name: 'reading', rights: { '*': { read: 'all' } }, caps: [] });
  for (const role of [none, read]) {
    const api = client(server.url, (await who.token({ roles: [role.id] })).token), earlier = state();
    for (const r of routes) {
      if (publicRoutes.has(name(r)) || (ownRoutes.test(name(r)) && r.method === 'GET') || ownEntities.test(r.path) || (r.method === 'GET' && (role === read || directory.test(name(r))))) continue;
      const answer = await ask(api, r);
      const empty = r.method === 'GET' && answer.status === 200 && Array.isArray(answer.body) && answer.body.length === 0;
      assert.ok(empty || (answer.status >= 400 && answer.status < 500), `${name(r)}: ${answer.status} ${answer.text.slice(0, 200)}`);
      assert.ok(!answer.text.includes('kept') && !answer.text.includes('13800138000'), `${name(r)} tells: ${answer.text.slice(0, 200)}`);
    }
    assert.deepEqual(state(), earlier);
  }
});

/** A request of which all but the last byte has been sent: {answer, finish}. */
let callers = 0;
function opened(r, headers, { chunked = false } = {}) {
  const { hostname, port } = new URL(server.url), text = JSON.stringify({ name: 'forged', email: 'forged@example.com', password: 'set by somebody else 9', to: ids.user, old: 'x', new: 'y' });
  const path = `${fill(r.path)}${['PATCH', 'DELETE'].includes(r.method) && !r.path.includes('{') ? '?id=gt.0' : ''}${r.path.endsWith('/file') ? `?name=forged.txt&entity=customer&record_id=${ids.customer}` : ''}`; // looked at before the body
  // each from an address of its own: a token that is gone is a wrong token, and those close an address
  callers++;
  const socket = connect({ port: Number(port), host: hostname, localAddress: `127.1.${callers >> 7}.${1 + (callers & 127)}` });
  let got = '';
  socket.on('data', (part) => (got += part)).on('error', () => {});
  const answer = new Promise((resolve) => socket.on('close', () => resolve(got)));
  const type = /\/(file|import)$/.test(r.path) ? 'text/csv' : 'application/json';
  socket.write(`${r.method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: ${type}\r\n${headers}${chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${text.length}`}\r\n\r\n`);
  socket.write(chunked ? `${text.length.toString(16)}\r\n${text.slice(0, -1)}` : text.slice(0, -1));
  return { answer, name: name(r), finish: () => socket.end(chunked ? `${text.slice(-1)}\r\n0\r\n\r\n` : text.slice(-1)) };
}

// each takes away in its own way what a token, and a session, were let in with
const revocations = {
  'the user is disabled': (who) => admin('POST', `/api/v1/user/${who.id}/disable`, {}),
  'the user is deleted': (who) => admin('DELETE', `/api/v1/user/${who.id}`),
  'the token is revoked, the session ended': async (who, token) => {
    await who.own('DELETE', `/api/v1/account/tokens/${token.id}`);
    return who.own('DELETE', '/api/v1/session');
  },
  'an administrator sets another password': (who) => admin('POST', `/api/v1/user/${who.id}/password`, {}),
  'the roles are taken': (who) => admin('PATCH', `/api/v1/user/${who.id}`, { roles: [] }),
};
for (const [nth, [how, revoke]] of Object.entries(revocations).entries())
  test(`revoked meanwhile: ${how} between the first byte of a body and its last`, async () => {
    const who = await second(`meanwhile${nth}`), token = await who.token({});
    const heads = [`Authorization: Bearer ${token.token}\r\n`, `Cookie: ${who.cookie}\r\nX-CSRF-Token: ${who.csrf}\r\n`];
    const asked = routes.filter((r) => r.method !== 'GET' && !publicRoutes.has(name(r)) && !(how === 'the roles are taken' && (ownRoutes.test(name(r)) || ownEntities.test(r.path))));
    const open = asked.map((r, i) => opened(r, heads[i % 2], { chunked: i % 3 === 0 }));
    // all are in: one more, asked after them on a connection of its own, has been answered
    await sleep(300);
    const done = await revoke(who, token);
    assert.ok(done.status < 300, done.text);
    const earlier = state();
    for (const o of open) o.finish();
    for (const o of open) {
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(await o.answer)?.[1] ?? 0);
      // 0: the connection was shut, which is as good
      assert.ok(how === 'the roles are taken' ? status === 0 || (status >= 400 && status < 500) : [0, 401].includes(status), `${o.name}: ${(await o.answer).slice(0, 300)}`);
    }
    assert.deepEqual(state(), earlier);
  });

test('revoked meanwhile: an open body is ended at once, not when it is whole', async () => {
  const who = await second('open'), token = await who.token({});
  const open = opened({ method: 'POST', path: '/api/v1/import' }, `Authorization: Bearer ${token.token}\r\n`);
  await sleep(300);
  assert.ok((await who.own('DELETE', `/api/v1/account/tokens/${token.id}`)).status < 300);
  assert.match(await open.answer, /^HTTP\/1\.1 401 /); // nobody finishes it: without an end it would wait for its deadline and then be a 408
});

test('revoked meanwhile: a repeated Idempotency-Key asks for the rights again', async () => {
  const role = await make('role', { name: 'repeats', rights: { customer: { read: 'all', create: 'all' } }, caps: [] });
  const { id } = await make('user', { name: 'repeats', email: 'repeats@example.com', roles: [role.id] });
  const api = client(server.url, guanxi(['token', 'create', '--data', server.data, '--user', 'repeats@example.com', '--name', 'matrix']).out.trim());
  const again = () => api('POST', '/api/v1/customer', { name: 'repeated', phone: '13900139000' }, { 'Idempotency-Key': 'once', Prefer: 'return=representation' });
  const first = await again(), second = await again();
  assert.deepEqual([first.status, second.status, second.headers.get('idempotent-replayed'), second.text], [201, 201, 'true', first.text]);
  await admin('PATCH', `/api/v1/role/${role.id}`, { rights: { customer: { read: 'all', create: 'all', fields: { phone: 'masked' } } } });
  const masked = await again();
  assert.ok(!masked.text.includes('13900139000'), masked.text);
  await admin('PATCH', `/api/v1/role/${role.id}`, { rights: { customer: { read: 'all' } } });
  const refused = await again();
  assert.deepEqual([refused.status, refused.text.includes('139')], [403, false], refused.text);
  assert.equal((await admin('POST', `/api/v1/user/${id}/disable`, {})).status, 200);
  assert.equal((await again()).status, 401);
});

test('an id of another entity in a path finds nothing and changes nothing, whoever asks', async () => {
  const earlier = state();
  for (const r of routes) {
    const own = r.path.split('/')[3];
    if (!r.path.includes('{') || r.path.includes('/export')) continue;
    for (const other of ['customer', 'order', 'user', 'attachment']) {
      if (other === own) continue;
      const answer = await ask(admin, r, ids[other]);
      const empty = r.method === 'GET' && answer.status === 200 && /^(\[\]|\{"rows":\[\])/.test(answer.text);
      // 403: what a person who has signed in may do, and a token may not
      assert.ok(empty || [400, 403, 404, 409, 422].includes(answer.status), `${name(r)} with the id of ${other}: ${answer.status} ${answer.text.slice(0, 200)}`);
      assert.ok(!answer.text.includes('kept'), `${name(r)} with the id of ${other} tells: ${answer.text.slice(0, 200)}`);
    }
  }
  assert.deepEqual(state(), earlier);
});

test('S07 what is for setting up and looking in is closed', async () => {
  for (const path of ['/setup', '/install', '/init', '/upgrade', '/debug', '/debug/pprof', '/server-status', '/phpinfo.php', '/.env', '/.git/config', '/guanxi.conf', '/guanxi.db', '/data/guanxi.db', '/secret.key',
    '/api/v1/setup', '/api/v1/install', '/api/v1/init', '/api/v1/debug', '/api/v1/migrate', '/api/v1/change', '/api/v1/schema_version', '/api/v1/session_token', '/api/v1/job', '/api/v1/sqlite_master', '/api/v1/pg_catalog']) {
    for (const method of ['GET', 'POST']) {
      const answer = await anonymous()(method, path, method === 'POST' ? {} : undefined);
      const page = method === 'GET' && /text\/html/.test(answer.headers.get('content-type'));
      assert.ok(page || answer.status >= 400, `${method} ${path}: ${answer.status} ${answer.text.slice(0, 100)}`);
      assert.ok(!/SQLite format|pg_url|base_currency|secret/.test(answer.text), path);
      if (path.startsWith('/api/')) assert.ok((await admin(method, path, method === 'POST' ? {} : undefined)).status >= 400, `${method} ${path} as administrator`);
    }
  }
  const health = await anonymous()('GET', '/healthz');
  assert.deepEqual(Object.keys(health.body).sort(), ['ok', 'store']);
  for (const headers of [{ 'X-Forwarded-For': '127.0.0.1' }, { 'X-Forwarded-For': '10.0.0.1' }]) {
    assert.equal((await anonymous()('GET', '/metrics', undefined, headers)).status, 401);
    assert.equal((await nobody('GET', '/metrics', undefined, headers)).status, 403);
    assert.equal((await admin('GET', '/metrics', undefined, headers)).status, 200);
  }
  assert.ok(!(await admin('GET', '/metrics')).text.includes('kept'));
  const still = await fetch(`${server.url}/api/v1/session`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ email: adminEmail, password: adminPassword }) });
  assert.equal(still.status, 200);
});
