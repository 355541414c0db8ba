// S74, S05: nobody fills the disk. What a person keeps is counted, what is on its way is bounded, what was never used goes.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { existsSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { made, person, raw, rightsOf, sleep } from '../lib/attack.mjs';
import { client, guanxi, makeData, serve, start, adminEmail } from '../lib/server.mjs';
import { sql } from '../lib/sql.mjs';

let server, api, customer, sender, other;
const octets = { 'Content-Type': 'application/octet-stream' };
const blobs = (data) => readdirSync(join(data, 'blobs'), { recursive: true }).map(String).filter((f) => /\/[0-9a-f]{62}$/.test(f));
/** `n` bytes that are a table, and no other file's. */
const table = (n, mark) => new TextEncoder().encode(`name\n${mark}\n`.padEnd(n, 'x'));
const attach = (who, name, content) => who('POST', `/api/v1/file?name=${name}&entity=customer&record_id=${customer.id}`, content, octets);
const bring = (who, name, content) => who('POST', `/api/v1/import?name=${name}.csv`, content, octets);
const limit = async (mb) => assert.equal((await api('PATCH', '/api/v1/settings', { values: { 'files.person_mb': mb } })).status, 204);

before(async () => {
  server = await start();
  api = server.api;
  customer = await made(api, 'customer', { name: 'kept' });
  sender = await person(server, 'sender', rightsOf('all'));
  other = await person(server, 'other', rightsOf('all'));
});
after(() => server?.close());

test('a person keeps as much as the firm allows, attachments and imports together, and is told so in words', async () => {
  await limit('1');
  const first = table(600000, 'first');
  assert.equal((await attach(sender.api, 'a', first)).status, 201);
  const kept = blobs(server.data).length;
  const late = await attach(sender.api, 'b', table(600000, 'second'));
  assert.equal(late.status, 413, late.text);
  assert.equal(late.body.errors[0].key ?? late.body.code, 'upload_quota');
  assert.match(late.text, /Files of 1 MB in all/);
  const chinese = await bring(sender.api, 'c', table(600000, 'third')).then(() => sender.api('POST', '/api/v1/import?name=c.csv', table(600000, 'third'), { ...octets, 'Accept-Language': 'zh-CN' }));
  assert.equal(chinese.status, 413);
  assert.match(chinese.text, /每人最多可保存共 1 MB 的文件/);
  assert.equal(blobs(server.data).length, kept, 'nothing of what was refused is kept');
  // room that is left is room; others have theirs
  assert.equal((await bring(sender.api, 'd', table(300000, 'fourth'))).status, 201);
  assert.equal((await attach(other.api, 'e', table(600000, 'fifth'))).status, 201);
  // deleted ones can be put back, so that they count on
  const gone = await attach(other.api, 'f', table(300000, 'sixth'));
  assert.equal((await other.api('DELETE', `/api/v1/attachment/${gone.body.id}`)).status, 204);
  assert.equal((await attach(other.api, 'g', table(300000, 'seventh'))).status, 413);
  await limit(null);
  assert.equal((await attach(other.api, 'g', table(300000, 'seventh'))).status, 201);
});

test('the limit is said at the head, before any of the body', async () => {
  await limit('1');
  for (const path of ['import?name=a.csv', `file?name=a&entity=customer&record_id=${customer.id}`]) {
    const answer = await raw(server.url, Buffer.from(`POST /api/v1/${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${sender.token}\r\nContent-Length: 3000000\r\n\r\n`), { silence: 3000 });
    assert.match(answer.text, /^HTTP\/1\.1 413 [\s\S]*upload_quota/, path);
  }
  await limit(null);
});

test('uploads at the same time do not pass the limit together', async () => {
  const crowd = await person(server, 'crowd', rightsOf('all'));
  await limit('1');
  const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => attach(crowd.api, `p${i}`, table(300000, `crowd ${i}`))));
  const kept = answers.filter((a) => a.status === 201).length;
  assert.ok(kept >= 1 && kept <= 3, `${kept} of 300 kB were kept`);
  for (const a of answers.filter((x) => x.status !== 201)) assert.ok([413, 429, 503].includes(a.status), a.text);
  await limit(null);
});

/** Sends a head and one byte, and leaves the body open. */
function open(path, token, length) {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    let text = '';
    const answered = new Promise((end) => socket.on('data', (d) => ((text += d), end(text))));
    socket.on('error', () => {});
    socket.on('connect', () => {
      socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: ${length}\r\n\r\nn`);
      resolve({ socket, said: () => text, answered });
    });
  });
}

test('one person has four uploads under way at once; others are not kept from theirs', async () => {
  const path = '/api/v1/import?name=slow.csv', opened = [];
  try {
    for (let i = 0; i < 4; i++) opened.push(await open(path, sender.token, 100000));
    while (readdirSync(join(server.data, 'tmp')).length < 4) await sleep(20);
    const fifth = await open(path, sender.token, 100000);
    opened.push(fifth);
    assert.match(await fifth.answered, /^HTTP\/1\.1 429 [\s\S]*uploads_at_once/);
    assert.deepEqual(opened.slice(0, 4).map((o) => o.said()), ['', '', '', '']);
    assert.equal((await bring(other.api, 'meanwhile', table(1000, 'meanwhile'))).status, 201);
  } finally {
    for (const o of opened) o.socket.destroy();
  }
  for (let i = 0; readdirSync(join(server.data, 'tmp')).length > 0; i++) assert.ok((await sleep(50), i < 100), 'bodies that were broken off are still there');
  assert.equal((await bring(sender.api, 'again', table(1000, 'again'))).status, 201);
});

test('whoever may not is refused before a large body, whichever store there is', async () => {
  const nobody = await person(server, 'norights', {});
  const ask = (line, token, length) => raw(server.url, Buffer.from(`${line} HTTP/1.1\r\nHost: x\r\n${token ? `Authorization: Bearer ${token}\r\n` : ''}Content-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`), { silence: 3000 });
  assert.match((await ask('POST /api/v1/bulk', nobody.token, 1500000)).text, /^HTTP\/1\.1 403 /);
  for (const line of ['POST /api/v1/customer', `PATCH /api/v1/customer/${customer.id}`, 'PATCH /api/v1/settings', 'POST /api/v1/bulk']) assert.match((await ask(line, null, 200000)).text, /^HTTP\/1\.1 401 /, line);
  assert.match((await ask('POST /api/v1/customer', nobody.token, 200000)).text, /^HTTP\/1\.1 403 /);
});

test('what was uploaded and never used is cleared away after the days the firm says, with its file; all else stays', async () => {
  const folder = makeData();
  const { data } = folder;
  const token = guanxi(['token', 'create', '--data', data, '--user', adminEmail, '--name', 't']).out.trim();
  let run;
  const up = async () => ((run = await serve(data)), client(run.url, token));
  try {
    let admin = await up();
    const person = await made(admin, 'customer', { name: 'kept' });
    const put = (name, text) => admin('POST', `/api/v1/file?name=${name}&entity=customer&record_id=${person.id}`, new TextEncoder().encode(text), octets);
    const file = await put('a', 'attached'), deleted = await put('b', 'deleted'), before = await put('c', 'deleted before files were counted');
    for (const one of [deleted, before]) assert.equal((await admin('DELETE', `/api/v1/attachment/${one.body.id}`)).status, 204);
    const old = await bring(admin, 'old', table(500, 'old')), twice = await bring(admin, 'twice', table(500, 'twice')), twiceNew = await bring(admin, 'twice', table(500, 'twice'));
    const planned = await bring(admin, 'planned', table(500, 'planned')), fresh = await bring(admin, 'fresh', table(500, 'fresh')), done = await bring(admin, 'done', table(500, 'done'));
    for (const one of [planned, done]) assert.equal((await admin('PUT', `/api/v1/import/${one.body.id}/plan`, { mapping: [{ column: 0, entity: 'customer', field: 'name' }] })).status, 200);
    assert.equal((await admin('POST', `/api/v1/import/${done.body.id}/start`)).status, 202);
    for (let i = 0; (await admin('GET', `/api/v1/import_run/${done.body.id}`)).body.state !== 'done'; i++) assert.ok((await sleep(100), i < 100));
    await run.stop();
    const place = (answer) => join(data, 'blobs', answer.body.sha256.slice(0, 2), answer.body.sha256.slice(2));
    sql(data, `UPDATE import_run SET updated_at = updated_at - 2678400000 WHERE id IN (${[old, twice, planned, done].map((a) => a.body.id)})`);
    sql(data, `DELETE FROM upload_kept WHERE hash = '${before.body.sha256}'`);
    sql(data, "UPDATE timer SET due_at = 1 WHERE kind = 'schedule' AND key = 'uploads.clear'");
    const aged = new Date(Date.now() - 2 * 86400000);
    for (const one of [file, deleted, before, old, twice, planned, done]) utimesSync(place(one), aged, aged);
    admin = await up();
    for (let i = 0; existsSync(place(old)) || existsSync(place(planned)); i++) assert.ok((await sleep(100), i < 150), `the files are still there: ${run.log()}`);
    const states = async (one) => (await admin('GET', `/api/v1/import_run/${one.body.id}`)).status;
    assert.deepEqual([await states(old), await states(twice), await states(planned)], [404, 404, 404]);
    assert.deepEqual([await states(twiceNew), await states(fresh), await states(done)], [200, 200, 200]);
    for (const [what, one] of Object.entries({ file, deleted, before, twice, fresh, done })) assert.ok(existsSync(place(one)), `the file of ${what} is gone`);
    assert.equal((await admin('POST', `/api/v1/attachment/${deleted.body.id}/restore`)).status, 200);
    assert.equal((await admin('GET', `/api/v1/attachment/${deleted.body.id}/content`)).text, 'deleted');
    await run.stop();
    const counted = sql(data, 'SELECT hash FROM upload_kept').split('\n');
    for (const one of [old, planned]) assert.ok(!counted.includes(one.body.sha256), 'what is cleared counts on');
    for (const one of [file, deleted, twice, fresh, done]) assert.ok(counted.includes(one.body.sha256), 'what is kept does not count');
    // the next night's clearing waits
    assert.equal(sql(data, "SELECT count(*) FROM timer WHERE key = 'uploads.clear' AND due_at > 1"), '1');
  } finally {
    if (run?.child.exitCode === null) run.kill();
    folder.remove();
  }
});
