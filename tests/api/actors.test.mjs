// Work in the background is its starter's: the user by this token or in this session, with what they may at that moment,
// and it ends when they do. Imports and their undoing, at rest and in the middle.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { made, person, rightsOf, signIn, sleep } from '../lib/attack.mjs';
import { adminEmail, adminPassword, client, guanxi, makeData, serve } from '../lib/server.mjs';
import { hasSql, sql } from '../lib/sql.mjs';

let folder, server, admin;
const LONG = 30000; // rows: still at work when what it rests on is taken away
const UNDONE = 10000; // as many pages of an undoing
const resting = ['done', 'failed', 'cancelled', 'undone', 'undo_stopped'];

before(async () => {
  folder = makeData();
  const token = guanxi(['token', 'create', '--data', folder.data, '--user', adminEmail, '--name', 'test']).out.trim();
  server = { ...(await serve(folder.data)), data: folder.data };
  admin = server.api = client(server.url, token);
});
after(async () => {
  await server?.stop();
  folder?.remove();
});

const byNumber = (mode) => ({ records: [{ entity: 'customer', mode, key: ['number'], fields: { number: 'number', name: 'name' } }] });

async function upload(api, content, name = 'file.csv') {
  const answer = await api('POST', `/api/v1/import?name=${name}`, new TextEncoder().encode(content), { 'Content-Type': 'text/csv' });
  assert.equal(answer.status, 201, answer.text);
  return answer.body.id;
}

async function planned(api, content, plan) {
  const id = await upload(api, content);
  const answer = await api('PUT', `/api/v1/import/${id}/plan`, plan);
  assert.equal(answer.status, 200, answer.text);
  return id;
}

async function rests(id, api = admin) {
  for (let i = 0; i < 1200; i++) {
    const run = (await api('GET', `/api/v1/import_run/${id}`)).body;
    if (resting.includes(run.state)) return run;
    await sleep(100);
  }
  assert.fail('the run does not end');
}

async function running(id) {
  for (let i = 0; i < 1200; i++) {
    const run = (await admin('GET', `/api/v1/import_run/${id}`)).body;
    if (run.rows_done > 0) return assert.equal(run.state, 'running', 'too short a file: it ended before it could be ended');
    await sleep(20);
  }
  assert.fail('the run does not begin');
}

const post = (api, path) => api('POST', `/api/v1/import/${path}`, {});
const long = (mark, rows = LONG) => `number,name\n${Array.from({ length: rows }, (_, i) => `${mark}${i},Name ${i}`).join('\n')}\n`;
const count = async (mark) => Number((await admin('GET', `/api/v1/customer?number=like.${mark}*&limit=1&select=id`, undefined, { Prefer: 'count=exact' })).headers.get('content-range').split('/')[1]);

/** The administrator in person. */
async function inPerson() {
  const signed = await signIn(server.url, adminEmail, adminPassword);
  assert.ok(signed.status < 300, signed.text);
  const plain = client(server.url, null);
  return (method, path, body, headers = {}) => plain(method, path, body, { Cookie: signed.cookie, ...(method === 'GET' ? {} : { 'X-CSRF-Token': signed.body.csrf }), ...headers });
}

/** A token of the administrator's with no more than these rights. */
async function narrowed(name, rights) {
  const role = await made(admin, 'role', { name, rights });
  const answer = await (await inPerson())('POST', '/api/v1/account/tokens', { name, roles: [role.id] });
  assert.equal(answer.status, 201, answer.text);
  return { ...answer.body, role, api: client(server.url, answer.body.token) };
}

test('a narrowed token imports with its own rights, not with its user\'s', async () => {
  const other = await person(server, 'stranger', rightsOf('own'));
  const theirs = await made(admin, 'customer', { number: 'ST-1', name: 'Stranger', owner_id: other.id });
  const own = await made(admin, 'customer', { number: 'OW-1', name: 'Own' });
  const token = await narrowed('own customers', { customer: { read: 'own', create: 'own', update: 'own', import: 'own' }, address: { read: 'own', create: 'own', update: 'own', import: 'own' } });
  for (const mode of ['upsert', 'update', 'keep', 'create']) {
    const id = await planned(token.api, `number,name,street\nST-1,Overwritten by ${mode},Street ${mode}\nOW-1,Own,Street ${mode}\n`, {
      records: [
        { as: 'c', entity: 'customer', mode, key: ['number'], fields: { number: 'number', name: 'name' } },
        { entity: 'address', mode: 'create', fields: { customer_id: { record: 'c' }, street: 'street' } },
      ],
    });
    assert.equal((await post(token.api, `${id}/start`)).status, 202);
    await rests(id);
    assert.equal((await admin('GET', `/api/v1/customer/${theirs.id}`)).body.name, 'Stranger', mode);
    assert.deepEqual((await admin('GET', `/api/v1/address?customer_id=eq.${theirs.id}`)).body, [], `${mode}: something hung on a stranger's`);
    if (mode !== 'create') assert.ok((await admin('GET', `/api/v1/address?customer_id=eq.${own.id}&street=eq.Street ${mode}`)).body.length === 1, `${mode}: one's own is left out`);
  }
});

test('the rights of an import bound the update, too', async () => {
  const who = await person(server, 'updates_all', { customer: { read: 'all', create: 'all', update: 'all', import: 'own' } });
  const theirs = await made(admin, 'customer', { number: 'IO-1', name: 'Not theirs to import' });
  const id = await planned(who.api, 'number,name\nIO-1,Imported\n', byNumber('upsert'));
  await post(who.api, `${id}/start`);
  assert.equal((await rests(id)).failed, 1);
  assert.equal((await admin('GET', `/api/v1/customer/${theirs.id}`)).body.name, 'Not theirs to import');
});

test('a narrowed token sees no other file of its user', async () => {
  const id = await planned(admin, 'number,name\nSE-1,secret\n', byNumber('create'));
  const token = await narrowed('tags only', { tag: { read: 'all', create: 'all', update: 'all', import: 'all' } });
  for (const [method, path] of [['GET', 'preview'], ['PUT', 'plan'], ['POST', 'check'], ['POST', 'start'], ['POST', 'resume'], ['POST', 'cancel'], ['POST', 'undo'], ['GET', 'result']])
    assert.equal((await token.api(method, `/api/v1/import/${id}/${path}`, method === 'GET' ? undefined : {})).status, 404, path);
  const mine = await upload(token.api, 'name\nvip\n');
  assert.equal((await token.api('GET', `/api/v1/import/${mine}/preview`)).status, 200);
  assert.equal((await (await inPerson())('GET', `/api/v1/import/${mine}/preview`)).status, 200, 'the user sees what the token brought');
});

test('nobody\'s planned import is run, read or planned by somebody else', async () => {
  const who = await person(server, 'planner', rightsOf('own'));
  const theirs = await made(admin, 'customer', { number: 'PL-1', name: 'Of the firm' });
  const id = await planned(who.api, 'number,name\nPL-1,Overwritten\n', byNumber('upsert'));
  for (const [method, path] of [['GET', 'preview'], ['PUT', 'plan'], ['POST', 'check'], ['POST', 'start'], ['POST', 'resume'], ['GET', 'result']]) {
    const answer = await admin(method, `/api/v1/import/${id}/${path}`, method === 'GET' ? undefined : {});
    assert.equal(answer.status, 403, `${path}: ${answer.text}`);
    assert.match(answer.text, /uploaded this file/);
  }
  assert.equal((await rests((await post(who.api, `${id}/start`)).body.id)).failed, 1);
  assert.equal((await admin('GET', `/api/v1/customer/${theirs.id}`)).body.name, 'Of the firm');
  // taking back is an administrator's, too, with their own rights
  assert.equal((await post(admin, `${id}/undo`)).status, 202);
  assert.equal((await rests(id)).state, 'undone');
});

test('whoever may import sees their own runs, whatever else they may read', async () => {
  const who = await person(server, 'unseeing', { customer: { read: 'own', create: 'own', update: 'own', import: 'own' } });
  const id = await planned(who.api, 'number,name,email\nUN-1,One,no address\n', { records: [{ entity: 'customer', mode: 'create', key: ['number'], fields: { number: 'number', name: 'name', email: 'email' } }] });
  assert.equal((await post(who.api, `${id}/start`)).status, 202);
  const run = await rests(id, who.api);
  assert.deepEqual([run.state, run.failed], ['done', 1]);
  assert.equal((await who.api('GET', `/api/v1/import_problem?run_id=eq.${id}`)).body.length, 1);
  const foreign = await planned(admin, 'number,name\nUN-2,Two\n', byNumber('create'));
  assert.equal((await who.api('GET', `/api/v1/import_run/${foreign}`)).status, 404);
  const nobody = await person(server, 'nobody', { customer: { read: 'own' } });
  assert.ok([403, 404].includes((await nobody.api('GET', `/api/v1/import_run/${id}`)).status));
});

/** Ends a run in its middle; it says why, nothing more is written, and its owner goes on later. */
async function endsInTheMiddle(mark, api, end, words) {
  const id = await planned(api, long(mark), byNumber('create'));
  assert.equal((await post(api, `${id}/start`)).status, 202);
  await running(id);
  await end();
  const run = await rests(id);
  assert.equal(run.state, 'failed');
  assert.match(run.error, words);
  assert.ok(run.rows_done < LONG);
  assert.equal(await count(mark), run.created);
  await sleep(500);
  assert.equal(await count(mark), run.created, 'it went on');
  return { id, ...run };
}

test('an import ends with its token', async () => {
  const me = await inPerson();
  const token = (await me('POST', '/api/v1/account/tokens', { name: 'short' })).body;
  const run = await endsInTheMiddle('TK', client(server.url, token.token), async () => assert.ok((await me('DELETE', `/api/v1/account/tokens/${token.id}`)).status < 300), /account, the token or the session has ended/);
  assert.equal((await post(me, `${run.id}/resume`)).status, 202);
  const done = await rests(run.id);
  assert.deepEqual([done.state, done.created, await count('TK')], ['done', LONG, LONG]);
});

test('an import ends with its session', async () => {
  const me = await inPerson();
  await endsInTheMiddle('SS', me, async () => assert.ok((await me('DELETE', '/api/v1/session')).status < 300), /account, the token or the session has ended/);
});

test('an import ends with its user', async () => {
  const who = await person(server, 'leaver', rightsOf('own'));
  await endsInTheMiddle('LV', who.api, async () => assert.ok((await admin('POST', `/api/v1/user/${who.id}/disable`, {})).status < 300), /account, the token or the session has ended/);
});

test('an import ends with the right to import', async () => {
  const who = await person(server, 'demoted', rightsOf('own'));
  await endsInTheMiddle('DM', who.api, async () => assert.ok((await admin('PATCH', `/api/v1/role/${who.role.id}`, { rights: rightsOf('own', { customer: { read: 'own', create: 'own', update: 'own', import: 'none' } }) })).status < 300), /may no longer import: customer/);
});

test('an undoing ends with its token, and goes on with another', async () => {
  const me = await inPerson();
  const id = await planned(me, long('UT', UNDONE), byNumber('create'));
  await post(me, `${id}/start`);
  assert.equal((await rests(id)).state, 'done');
  const token = (await me('POST', '/api/v1/account/tokens', { name: 'undoes' })).body;
  assert.equal((await post(client(server.url, token.token), `${id}/undo`)).status, 202);
  for (let i = 0; (await count('UT')) === UNDONE; i++) {
    assert.ok(i < 1200, 'the undoing does not begin');
    await sleep(20);
  }
  assert.ok((await me('DELETE', `/api/v1/account/tokens/${token.id}`)).status < 300);
  const stopped = await rests(id);
  assert.equal(stopped.state, 'undo_stopped');
  assert.match(stopped.error, /account, the token or the session has ended/);
  assert.ok((await count('UT')) > 0, 'too short a file: it was undone before it could be ended');
  assert.equal((await post(me, `${id}/resume`)).status, 409, 'what is half undone is not imported further');
  assert.equal((await post(me, `${id}/undo`)).status, 202);
  assert.equal((await rests(id)).state, 'undone');
  assert.equal(await count('UT'), 0);
});

test('work queued by an earlier version is not run, says so, and can be started again', { skip: hasSql ? false : 'no SQL client' }, async () => {
  const id = await planned(admin, 'number,name\nOL-1,Old\n', byNumber('create'));
  await server.stop();
  const user = sql(folder.data, "SELECT id FROM \"user\" WHERE email = 'admin@example.com'");
  sql(folder.data, `INSERT INTO job (id, kind, payload, actor_id, state, attempt, fence, run_at, created_at, lease_until, done, total, cancel) VALUES (77, 'import', '"${id} 0"', ${user}, 'queued', 0, 0, 0, 0, 0, 0, 0, 0)`);
  sql(folder.data, `UPDATE import_run SET state = 'queued', job_id = 77 WHERE id = ${id}`);
  server = { ...(await serve(folder.data)), data: folder.data };
  const token = guanxi(['token', 'create', '--data', folder.data, '--user', adminEmail, '--name', 'later']).out.trim();
  admin = server.api = client(server.url, token);
  const run = await rests(id);
  assert.equal(run.state, 'failed');
  assert.match(run.error, /earlier version/);
  assert.equal(await count('OL'), 0);
  assert.equal((await post(admin, `${id}/resume`)).status, 202);
  assert.equal((await rests(id)).state, 'done');
  assert.equal(await count('OL'), 1);
});
