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

/** Uploads, sets the plan, answers what the check says. */
async function checked(content, plan, name = 'choices.csv') {
  const { id } = (await upload(admin, name, content)).body;
  const preview = await send(admin, 'GET', `${id}/preview?entity=customer`);
  const mapping = preview.columns.map((c) => ({ column: c.index, ...(c.guess ?? { entity: 'customer', field: 'gender' }) }));
  await send(admin, 'PUT', `${id}/plan`, { mapping, mode: 'create', ...plan });
  return { id, mapping, check: await send(admin, 'POST', `${id}/check`) };
}

const choices = '姓名,性别,邮箱,生日,城市\n'
  + '甲,帅哥,a@choice.example,1985-06-18,择\n乙,美女,不是邮箱,1986-06-18,择\n丙,保密,c@choice.example,何时,择\n,先生,d@choice.example,1987-06-18,择\n';

test('what words mean, values that are left out, cells put right', async () => {
  // as it stands: each row has something that is wrong, and the words of the whole file are told
  const first = await checked(choices, {});
  assert.deepEqual([first.check.created, first.check.failed, first.check.values_left], [0, 4, 0]);
  const unknown = first.check.warnings.find((w) => w.code === 'import_values_unknown');
  assert.deepEqual([unknown.entity, unknown.field, unknown.column, unknown.count, unknown.values, unknown.rows, unknown.choose],
    ['customer', 'gender', 1, 3, ['帅哥', '美女', '保密'], [2, 3, 4], 'values']);

  const plan = {
    values: { 'customer.gender': { 帅哥: 'male', 美女: '女', 保密: '' } },
    on_bad_value: { 'customer.email': 'empty', 'customer.birthday': 'empty', 'customer.name': 'empty' },
    cells: [{ row: 5, column: 0, value: '丁' }],
  };
  const { id, check } = await checked(choices, plan, 'choices2.csv');
  assert.deepEqual([check.created, check.failed, check.values_left], [4, 0, 1]); // a birthday that is none is left out anyway, and said in the warnings
  assert.deepEqual(check.rows[1].left.map((l) => [l.column, l.field]), [[2, 'email']]);
  assert.equal(check.rows[3].cells[0], '丁');
  assert.ok(!check.warnings.some((w) => w.code === 'import_values_unknown'));
  await send(admin, 'POST', `${id}/start`);
  const run = await finished(admin, id);
  assert.deepEqual([run.created, run.failed, run.values_left], [4, 0, 1]);
  const found = (await admin('GET', '/api/v1/customer?city=eq.择&select=name,gender,email&order=id')).body;
  assert.deepEqual(found.map((c) => [c.name, c.gender, c.email]), [['甲', 'male', 'a@choice.example'], ['乙', 'female', null], ['丙', null, 'c@choice.example'], ['丁', 'male', 'd@choice.example']]);
  const problems = (await admin('GET', `/api/v1/import_problem?run_id=eq.${id}&select=row,outcome,field`)).body;
  assert.deepEqual(problems, [{ row: 3, outcome: 'left', field: 'email' }]);
  assert.match((await admin('GET', `/api/v1/import/${id}/result`)).text, /\n3,left,customer\.email,/);

  // exactly the records of this run, in the list, its count and its export; what changes them later is not the import's
  await admin('POST', '/api/v1/customer', { name: '戊', city: '择' });
  const list = await admin('GET', `/api/v1/customer?import_run=eq.${id}&select=name&order=id`, undefined, { Prefer: 'count=exact' });
  assert.deepEqual(list.body.map((c) => c.name), ['甲', '乙', '丙', '丁']);
  assert.match(list.headers.get('content-range'), /\/4$/);
  assert.deepEqual((await admin('GET', `/api/v1/customer?import_run=eq.${id}&name=eq.乙&select=name`)).body, [{ name: '乙' }]);
  assert.equal((await admin('GET', `/api/v1/customer/export?import_run=eq.${id}&format=csv`)).text.trim().split('\r\n').length, 5);
  assert.deepEqual((await admin('GET', `/api/v1/order?import_run=eq.${id}`)).body, []);
  assert.equal((await admin('GET', `/api/v1/customer?import_run=eq.${first.id}`)).body.length, 0, 'it only was tried');
  assert.equal((await admin('GET', '/api/v1/customer?import_run=eq.17')).status, 404);
  assert.equal((await admin('GET', `/api/v1/customer?import_run=gt.${id}`)).status, 400);

  // what a record needs, or is known by, and what is unique elsewhere, is never left out
  const needed = await checked('姓名,编号,邮箱\n,X-1,x@choice.example\n己,X-2,坏\n', { on_bad_value: 'empty', mode: 'upsert', key: ['number'] }, 'needed.csv');
  assert.deepEqual([needed.check.created, needed.check.failed, needed.check.values_left], [1, 1, 1]);
  // links are looked up while they are written; a price that is none
  const links = await checked('姓名,负责人,电子邮箱\n庚,没有这个人,g@choice.example\n', { on_bad_value: 'empty' }, 'links.csv');
  assert.deepEqual([links.check.created, links.check.failed, links.check.rows[0].left[0]?.field], [1, 0, 'owner_id'], JSON.stringify(links.check.rows));
  for (const wrong of [{ values: { 'customer.nickname': { a: 'b' } } }, { values: { 'customer.gender': ['M'] } }, { values: { 'order.state': { a: 'b' } } }, { on_bad_value: 'maybe' }, { on_bad_value: { 'customer.gender': 'x' } },
    { cells: [{ row: 0, column: 0, value: 'x' }] }, { cells: [{ row: 2, column: 99, value: 'x' }] }, { cells: 'x' }, { defaults: { 'order.state': 'paid' } }]) {
    const answer = await admin('PUT', `/api/v1/import/${needed.id}/plan`, { mapping: needed.mapping, mode: 'create', ...wrong });
    assert.equal(answer.status, 422, `${JSON.stringify(wrong)}: ${answer.text}`);
  }
  const cli = guanxi(['import', '--help'], { allowFailure: true });
  assert.match(cli.out + cli.err, /--on-bad-value/);
});

test('a template is filled in as it says, in each language', async () => {
  for (const [language, heading] of [['en', 'Name'], ['zh-Hans', '姓名/名称'], ['zh-Hant', '姓名/名稱']]) {
    for (const format of ['csv', 'xlsx']) {
      const answer = await fetch(`${server.url}/api/v1/import/template?entity=customer&format=${format}`, { headers: { Authorization: `Bearer ${server.token}`, 'Accept-Language': language } });
      assert.equal(answer.status, 200);
      const { id } = (await upload(admin, `template.${format}`, new Uint8Array(await answer.arrayBuffer()))).body;
      const preview = await send(admin, 'GET', `${id}/preview?entity=customer`);
      assert.equal(preview.columns[0].name, heading);
      assert.deepEqual(preview.columns.filter((c) => !c.guess).map((c) => c.name), [], 'each heading is known');
      await send(admin, 'PUT', `${id}/plan`, { mapping: preview.columns.map((c) => ({ column: c.index, ...c.guess })), mode: 'create' });
      const check = await send(admin, 'POST', `${id}/check`);
      assert.deepEqual([check.created, check.failed], [1, 0], JSON.stringify(check.rows));
    }
  }
  const product = await admin('GET', '/api/v1/import/template?entity=product');
  assert.match(product.text, /SKU/);
  assert.equal((await admin('GET', '/api/v1/import/template?entity=nonsense')).status, 422);
  assert.equal((await admin('GET', '/api/v1/import/template?entity=customer&format=vcard')).status, 422);
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

/** Uploads, plans as `plan(preview)` says and runs; answers the run's id. */
async function imported(api, name, content, more = {}) {
  const { id } = (await upload(api, name, content)).body;
  const preview = await send(api, 'GET', `${id}/preview`);
  await send(api, 'PUT', `${id}/plan`, { mapping: preview.columns.map((c) => ({ column: c.index, ...c.guess })), ...more });
  await send(api, 'POST', `${id}/start`);
  assert.equal((await finished(api, id)).failed, 0);
  return id;
}

async function undone(api, id) {
  await send(api, 'POST', `${id}/undo`);
  const run = await finished(api, id);
  assert.equal(run.state, 'undone');
  return run.records.undone;
}

const every = (scope, not = {}) => ({ '*': { read: scope, create: scope, update: scope, delete: scope, import: scope, export: scope }, ...not });

async function colleague(name, rights) {
  const made = await admin('POST', '/api/v1/role', { name: `of ${name}`, rights }, { Prefer: 'return=representation' });
  const user = await admin('POST', '/api/v1/user', { name, email: `${name}@example.com`, roles: [made.body[0].id] });
  assert.equal(user.status, 201, user.text);
  return client(server.url, guanxi(['token', 'create', '--data', server.data, '--user', `${name}@example.com`, '--name', 'x']).out.trim());
}

const make = async (entity, body, api = admin) => {
  const answer = await api('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' });
  assert.equal(answer.status, 201, answer.text);
  return answer.body[0].id;
};

const byNumber = async (number) => (await admin('GET', `/api/v1/customer?number=eq.${number}&select=id,number,city`)).body[0];

test('an undo leaves what others hung on a record, and the record with it; looks and refusals do not count', async () => {
  // who brings the file may delete customers, and nothing of interactions
  const ann = await colleague('undoer', every('all', { interaction: { delete: 'none' }, consent: { delete: 'none' } }));
  const id = await imported(ann, 'hung.csv', 'number,name,phone\nH1,Call,+8613800000101\nH2,Consent,+8613800000102\nH3,Changed,+8613800000103\nH4,Looked at,+8613800000104\nH5,Free,+8613800000105\n', { mode: 'create' });
  const [h1, h2, h3, h4] = await Promise.all(['H1', 'H2', 'H3', 'H4'].map(async (n) => (await byNumber(n)).id));
  await make('interaction', { customer_id: h1, kind: 'call', subject: 'promised a discount' });
  await make('consent', { customer_id: h2, channel: 'sms', purpose: 'marketing', state: 'withdrawn' });
  await admin('PATCH', `/api/v1/customer/${h3}`, { city: 'Ningbo' });
  // a look at a sensitive value, and a deletion that is refused
  await admin('PATCH', `/api/v1/customer/${h4}`, { name: 'Looked at' });
  assert.equal((await admin('GET', `/api/v1/customer/${h4}`)).status, 200);
  const reader = await colleague('undoreader', { '*': { read: 'all' } });
  assert.equal((await reader('GET', `/api/v1/customer/${h4}`)).status, 200);
  assert.equal((await reader('DELETE', `/api/v1/customer/${h4}`)).status, 403);
  const first = await undone(ann, id);
  assert.deepEqual([first.deleted, first.kept], [2, 3]);
  assert.deepEqual(first.reasons.map((r) => [r.key, r.count, r.examples.map((e) => e.id)]).sort(),
    [['undo_hangs', 1, [h1]], ['undo_hangs', 1, [h2]], ['undo_touched', 1, [h3]]].sort());
  assert.match(first.reasons.find((r) => r.examples[0].id === h2).message, /Others have added to it since: Consents/);
  assert.deepEqual((await admin('GET', '/api/v1/customer?number=like.H*&order=number&select=number')).body.map((r) => r.number), ['H1', 'H2', 'H3']);
  assert.equal((await admin('GET', `/api/v1/interaction?customer_id=eq.${h1}`)).body.length, 1);
});

test('two imports of the same records are undone in either order', async () => {
  const a = 'number,name,city\nU1,Urs,Bern\n', b = 'number,name,city\nU1,Urs,Basel\n', key = { mode: 'upsert', key: ['number'] };
  for (const order of ['ab', 'ba']) {
    const runs = { a: await imported(admin, `${order}-a.csv`, a, { ...key, again: true }), b: await imported(admin, `${order}-b.csv`, b, { ...key, again: true }) };
    assert.equal((await byNumber('U1')).city, 'Basel');
    const said = {};
    for (const which of order) said[which] = await undone(admin, runs[which]);
    assert.equal(await byNumber('U1'), undefined, order);
    if (order === 'ab') assert.deepEqual([said.a.kept, said.a.reasons[0].key, said.b.restored], [1, 'undo_touched', 1]);
    const run = (await admin('GET', `/api/v1/import_run/${runs.a}`)).body;
    assert.deepEqual([run.state, run.records.undone.deleted, run.records.undone.kept, run.records.undone.reasons], ['undone', 1, 0, []], order);
    assert.deepEqual((await undone(admin, runs.a)).kept, 0, 'and once more, with nothing left to do');
  }
  // what only hung on it goes, and then it goes itself: products of one file, orders of another
  const products = await imported(admin, 'products.csv', 'sku,name\nUP-1,Cup\n', { entity: 'product', mode: 'create' });
  const lines = await imported(admin, 'lines.csv', '订单号,下单时间,商品编码,商品名称,数量,单价\nUO-1,2024-06-03 10:15:00,UP-1,Cup,2,10.00\n', { again: true });
  assert.equal((await admin('GET', '/api/v1/product?sku=eq.UP-1')).body.length, 1);
  const kept = await undone(admin, products);
  assert.deepEqual([kept.deleted, kept.kept], [0, 1]);
  await undone(admin, lines);
  assert.deepEqual((await admin('GET', '/api/v1/order?number=eq.UO-1')).body, []);
  assert.deepEqual((await admin('GET', '/api/v1/product?sku=eq.UP-1')).body, []);
  // somebody's own change in between is never passed over
  const x = await imported(admin, 'x.csv', a.replaceAll('U1', 'U2'), key), y = await imported(admin, 'y.csv', b.replaceAll('U1', 'U2'), key);
  await admin('PATCH', `/api/v1/customer/${(await byNumber('U2')).id}`, { city: 'Zug' });
  await undone(admin, x);
  await undone(admin, y);
  assert.equal((await byNumber('U2')).city, 'Zug');
});

test('a deletion asks the rights on all that would go along; consents stay, and come back to their customer', async () => {
  const id = await make('customer', { name: 'Cascade' });
  const address = await make('address', { customer_id: id, street: 'Long Street' });
  const consent = await make('consent', { customer_id: id, channel: 'email', purpose: 'marketing', state: 'given' });
  const noAddress = await colleague('noaddress', every('all', { address: { delete: 'none' } }));
  const refused = await noAddress('DELETE', `/api/v1/customer/${id}`);
  assert.equal(refused.status, 403, refused.text);
  assert.match(refused.text, /Addresses/);
  const blind = await colleague('blindaddress', every('all', { address: { read: 'none', delete: 'none' } }));
  assert.equal((await blind('DELETE', `/api/v1/customer/${id}`)).status, 403);
  assert.equal((await admin('GET', `/api/v1/address/${address}`)).status, 200);
  // consents are no reason to refuse: they are not deleted
  const noConsent = await colleague('noconsent', every('all', { consent: { read: 'none' } }));
  assert.equal((await noConsent('DELETE', `/api/v1/customer/${id}`)).status, 204);
  const left = (await admin('GET', `/api/v1/consent/${consent}`)).body;
  assert.deepEqual([left.customer_id, left.former_customer, left.state], [null, id, 'given']);
  assert.deepEqual((await admin('GET', `/api/v1/consent?former_customer=eq.${id}&select=id`)).body, [{ id: consent }]);
  const own = await colleague('ownconsent', every('own'));
  assert.equal((await own('GET', `/api/v1/consent/${consent}`)).status, 404, 'of nobody, seen by those who see all');
  assert.equal((await admin('POST', `/api/v1/customer/${id}/restore`)).status, 200);
  const back = (await admin('GET', `/api/v1/consent/${consent}`)).body;
  assert.deepEqual([back.customer_id, back.former_customer], [id, null]);
  // still given once and always asked for
  assert.equal((await admin('POST', '/api/v1/consent', { channel: 'email', purpose: 'marketing', state: 'given' })).status, 422);
  assert.equal((await admin('PATCH', `/api/v1/consent/${consent}`, { customer_id: null })).status, 422);
});
