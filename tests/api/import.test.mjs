// Import over HTTP from upload to undo, whose runs are whose, and export of lists.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { client, engine, guanxi, start } from '../lib/server.mjs';
import { hasSql, sql } from '../lib/sql.mjs';

let server, admin;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function upload(api, name, content) {
  return api('POST', `/api/v1/import?name=${encodeURIComponent(name)}`, typeof content === 'string' ? new TextEncoder().encode(content) : content, { 'Content-Type': 'text/csv' });
}

/** Waits until the run rests; answers its record. */
async function finished(api, id) {
  for (let i = 0; i < 600; i++) {
    const run = (await api('GET', `/api/v1/import_run/${id}`)).body;
    if (['done', 'failed', 'cancelled', 'undone'].includes(run.state)) return run;
    await sleep(100);
  }
  assert.fail('the import does not end');
}

async function send(api, method, path, body) {
  const answer = await api(method, `/api/v1/import/${path}`, body ?? (method === 'GET' ? undefined : {}));
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`);
  return answer.body;
}

before(async () => {
  server = await start();
  admin = server.api;
});
after(() => server?.close());

const people = '姓名,手机号,邮箱,城市\n张伟,13800138000,zw@example.org,杭州\n李娜,13900139000,不是邮箱,上海\n王芳,13700137000,wf@example.org,宁波\n';

test('from upload to undo', async () => {
  const made = await upload(admin, '客户 名单.csv', people);
  assert.equal(made.status, 201, made.text);
  const { id, state, name, sha256 } = made.body;
  assert.deepEqual([state, name, sha256.length], ['new', '客户 名单.csv', 64]);

  const preview = await send(admin, 'GET', `${id}/preview`);
  assert.deepEqual([preview.format, preview.encoding, preview.delimiter, preview.header_row], ['csv', 'UTF-8', ',', true]);
  assert.deepEqual(preview.columns.map((c) => c.guess && `${c.guess.entity}.${c.guess.field}`), ['customer.name', 'customer.phone', 'customer.email', 'customer.city']);
  assert.equal(preview.rows.length, 3);
  assert.deepEqual(preview.rows[0], ['张伟', '13800138000', 'zw@example.org', '杭州']);
  assert.ok(preview.presets.some((p) => p.name === 'online-retail' && !p.match));

  const mapping = preview.columns.map((c) => ({ column: c.index, ...c.guess }));
  const wrong = await admin('PUT', `/api/v1/import/${id}/plan`, { mapping: [{ column: 0, entity: 'customer', field: 'nonsense' }] });
  assert.equal(wrong.status, 422, wrong.text);
  const early = await admin('POST', `/api/v1/import/${id}/start`, {});
  assert.equal(early.status, 409, 'nothing starts without a plan');
  const plan = await send(admin, 'PUT', `${id}/plan`, { mapping, mode: 'upsert', key: ['phone'], defaults: { 'customer.source': 'import' }, encoding: 'utf-8', delimiter: ',', header_row: true });
  assert.equal(plan.state, 'planned');

  const check = await send(admin, 'POST', `${id}/check`);
  assert.deepEqual([check.checked, check.created, check.failed], [3, 2, 1]);
  const bad = check.rows.find((r) => r.errors.length > 0);
  assert.deepEqual([bad.row, bad.action, bad.errors[0].column, bad.errors[0].field], [3, 'fail', 2, 'email']);
  assert.equal((await admin('GET', '/api/v1/customer?select=id')).body.length, 0, 'a trial leaves nothing');

  await send(admin, 'POST', `${id}/start`);
  const run = await finished(admin, id);
  assert.deepEqual([run.state, run.rows_done, run.created, run.failed], ['done', 3, 2, 1]);
  const found = (await admin('GET', '/api/v1/customer?select=name,phone,source&order=phone')).body;
  assert.deepEqual(found, [{ name: '王芳', phone: '+8613700137000', source: 'import' }, { name: '张伟', phone: '+8613800138000', source: 'import' }]);

  const result = await admin('GET', `/api/v1/import/${id}/result?format=csv`);
  assert.match(result.headers.get('content-disposition'), /^attachment; filename=/);
  const lines = result.text.replace(/^\ufeff/, '').trim().split('\r\n');
  assert.equal(lines.length, 2);
  assert.match(lines[1], /^3,failed,customer\.email,.*,李娜,13900139000,不是邮箱,上海$/);
  const problems = (await admin('GET', `/api/v1/import_problem?run_id=eq.${id}`)).body;
  assert.equal(problems.length, 1);
  const problem = (await admin('GET', `/api/v1/import_problem/${problems[0].id}`)).body;
  assert.deepEqual([problem.row, problem.outcome, problem.field, problem.run_id], [3, 'failed', 'email', id]);

  const again = await admin('POST', `/api/v1/import/${id}/start`, {});
  assert.equal(again.status, 409);
  await send(admin, 'POST', `${id}/undo`);
  assert.equal((await finished(admin, id)).state, 'undone');
  assert.equal((await admin('GET', '/api/v1/customer?select=id')).body.length, 0);
});

test('files that cannot be read are refused with words', async () => {
  for (const [content, words] of [['%PDF-1.4', /PDF/], ['', /empty/], ['<html><table><tr><td>1', /web page/]]) {
    const answer = await upload(admin, 'x.csv', content);
    assert.ok([400, 413, 422].includes(answer.status), `${answer.status}`);
    assert.match(answer.body.message, words);
  }
});

test('presets, and the plan in full', async () => {
  const lines = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n536365,85123A,WHITE HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n'
    + 'C536379,D,Discount,-1,2010-12-01 09:41:00,27.5,14527.0,EIRE\n536414,22139,,56,2010-12-01 11:52:00,0.0,,United Kingdom\n';
  const { id } = (await upload(admin, 'lines.csv', lines)).body;
  const preview = await send(admin, 'GET', `${id}/preview`);
  assert.equal(preview.presets.find((p) => p.match)?.name, 'online-retail');
  await send(admin, 'PUT', `${id}/plan`, { preset: 'online-retail' });
  await send(admin, 'POST', `${id}/start`);
  const run = await finished(admin, id);
  assert.deepEqual([run.state, run.created, run.failed], ['done', 3, 0]);
  const orders = (await admin('GET', '/api/v1/order?select=number,kind,state,total,country,customer:customer_id(number)&order=number')).body;
  assert.deepEqual(orders.map((o) => [o.number, o.kind, o.total, o.country, o.customer?.number ?? null]),
    [['536365', 'sale', '15.30', 'GB', '17850'], ['536414', 'sale', '0.00', 'GB', null], ['C536379', 'return', '-27.50', 'IE', '14527']]);
});

test('an import is its owner\'s', async () => {
  const role = (await admin('POST', '/api/v1/role', { name: 'importer', rights: { '*': { read: 'all', create: 'all', update: 'all', import: 'all' } } }, { Prefer: 'return=representation' })).body;
  const roleId = (role[0] ?? role).id;
  const apis = [];
  for (const name of ['ann', 'ben']) {
    const made = await admin('POST', '/api/v1/user', { name, email: `${name}@example.com`, roles: [roleId] });
    assert.equal(made.status, 201, made.text);
    const token = guanxi(['token', 'create', '--data', server.data, '--user', `${name}@example.com`, '--name', 'x']).out.trim();
    apis.push(client(server.url, token));
  }
  const [ann, ben] = apis;
  const { id } = (await upload(ann, 'secret.csv', people)).body;
  assert.equal((await ann('GET', `/api/v1/import/${id}/preview`)).status, 200);
  for (const [method, path] of [['GET', 'preview'], ['PUT', 'plan'], ['POST', 'check'], ['POST', 'start'], ['POST', 'cancel'], ['POST', 'resume'], ['POST', 'undo'], ['GET', 'result']])
    assert.equal((await ben(method, `/api/v1/import/${id}/${path}`, method === 'GET' ? undefined : {})).status, 404, path);
  const nobody = client(server.url, null);
  assert.equal((await nobody('GET', `/api/v1/import/${id}/preview`)).status, 401);
  const run = (await admin('GET', `/api/v1/import_run/${id}`)).body;
  assert.equal(run.state, 'new');
  // the generic API changes no runs
  assert.ok((await ann('PATCH', `/api/v1/import_run/${id}`, { state: 'done' })).status >= 400);
});

test('cancel stops a long one, resume finishes it', async () => {
  const rows = Array.from({ length: 30000 }, (_, i) => `N${i},Name ${i}`).join('\n');
  const { id } = (await upload(admin, 'long.csv', `no,name\n${rows}\n`)).body;
  await send(admin, 'PUT', `${id}/plan`, { records: [{ entity: 'customer', mode: 'create', key: ['number'], fields: { number: 'no', name: 'name' } }] });
  await send(admin, 'POST', `${id}/start`);
  for (let i = 0; i < 200; i++) {
    const run = (await admin('GET', `/api/v1/import_run/${id}`)).body;
    if (run.state === 'running' && run.rows_done > 0) break;
    await sleep(5);
  }
  const cancelled = await admin('POST', `/api/v1/import/${id}/cancel`, {});
  const stopped = await finished(admin, id);
  if (cancelled.status < 300 && stopped.state === 'cancelled') {
    assert.ok(stopped.rows_done < 30000);
    await send(admin, 'POST', `${id}/resume`);
  }
  const run = await finished(admin, id);
  assert.deepEqual([run.state, run.rows_done, run.created, run.failed], ['done', 30000, 30000, 0]);
  const count = await admin('GET', '/api/v1/customer?number=like.N*&limit=1', undefined, { Prefer: 'count=exact' });
  assert.match(count.headers.get('content-range'), /\/30000$/);
});

// Without statistics PostgreSQL sorts the whole table for a page of it, until it takes them by itself a minute or two later.
test('after many rows lists are planned anew', { skip: engine !== 'postgres' || !hasSql ? 'of PostgreSQL, with psql' : false }, async () => {
  const rows = Array.from({ length: 1500 }, (_, i) => `Many ${i},many${i}@example.org`);
  const { id } = (await upload(admin, 'many.csv', `name,email\n${rows.join('\n')}\n`)).body;
  const preview = await send(admin, 'GET', `${id}/preview`);
  await send(admin, 'PUT', `${id}/plan`, { mapping: preview.columns.map((c) => ({ column: c.index, ...c.guess })), mode: 'create' });
  await send(admin, 'POST', `${id}/start`);
  assert.equal((await finished(admin, id)).created, 1500);
  assert.ok(Number(sql(server.data, "SELECT reltuples FROM pg_class WHERE oid = 'customer'::regclass")) >= 1500);
});

test('export of a list', async () => {
  const csv = await admin('GET', '/api/v1/customer/export?format=csv&number=like.N1000*&order=number&select=number%2Cname&names=1');
  assert.equal(csv.status, 200, csv.text);
  assert.equal(csv.headers.get('content-type'), 'text/csv; charset=utf-8');
  assert.equal(csv.text.split('\r\n').length, 13);
  assert.match(csv.text, /^\ufeff?number,name\r\nN1000,Name 1000\r\nN10000,Name 10000\r\n/);
  const jsonl = await admin('GET', '/api/v1/customer/export?format=jsonl&number=eq.N7&select=number,name');
  assert.equal(jsonl.text, '{"number":"N7","name":"Name 7"}\n');
  const empty = await admin('GET', '/api/v1/customer/export?format=jsonl&number=eq.nobody');
  assert.deepEqual([empty.status, empty.text], [200, '']);
  assert.equal((await admin('GET', '/api/v1/customer/export?format=doc')).status, 422);
  assert.equal((await admin('GET', '/api/v1/customer/export?nonsense=eq.1')).status, 400);
  assert.equal((await admin('GET', '/api/v1/nonsense/export')).status, 404);
  const xlsx = await fetch(`${server.url}/api/v1/customer/export?format=xlsx&number=like.N10*`, { headers: { Authorization: `Bearer ${server.token}` } });
  const bytes = new Uint8Array(await xlsx.arrayBuffer());
  assert.deepEqual([...bytes.slice(0, 4)], [80, 75, 3, 4]);
  // and back in, through the process that reads workbooks
  const back = await upload(admin, 'back.xlsx', bytes);
  assert.equal(back.status, 201, back.text);
  const preview = await send(admin, 'GET', `${back.body.id}/preview`);
  assert.equal(preview.format, 'xlsx');
  assert.ok(preview.columns.some((c) => c.guess?.field === 'number'));
  const seen = (await admin('GET', '/api/v1/audit?action=export')).body.rows;
  assert.ok(seen.length >= 6, `${seen.length}`);
});
