// One identifier, however it is written: e-mail addresses, numbers and phones are compared by their form, and shown as they were
// written. Over the API, by import (also from vCards) and for records of before.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { guanxi, makeData, serve, client, start } from '../lib/server.mjs';
import { hasSql, sql } from '../lib/sql.mjs';

let server, api;
const shown = { Prefer: 'return=representation' };
before(async () => {
  server = await start();
  api = server.api;
});
after(() => server?.close());

const make = async (kind, body) => {
  const answer = await api('POST', `/api/v1/${kind}`, body, shown);
  assert.equal(answer.status, 201, answer.text);
  return answer.body[0];
};
const names = async (filter) => (await api('GET', `/api/v1/customer?select=name&${filter}&order=id`)).body.map((c) => c.name);

/** Takes a file in as one would without looking: guesses, and what the plan adds. */
async function take(name, content, plan = {}, type = 'text/csv') {
  const up = await api('POST', `/api/v1/import?name=${encodeURIComponent(name)}`, new TextEncoder().encode(content), { 'Content-Type': type });
  assert.equal(up.status, 201, up.text);
  const id = up.body.id;
  const preview = (await api('GET', `/api/v1/import/${id}/preview`)).body;
  const body = plan.preset ? { preset: plan.preset } : { mapping: preview.columns.filter((c) => c.guess).map((c) => ({ column: c.index, ...c.guess })), ...plan };
  const planned = await api('PUT', `/api/v1/import/${id}/plan`, body);
  assert.ok(planned.status < 300, planned.text);
  const started = await api('POST', `/api/v1/import/${id}/start`, {});
  assert.ok(started.status < 300, started.text);
  for (let i = 0; i < 300; i++) {
    const run = (await api('GET', `/api/v1/import_run/${id}`)).body;
    if (['done', 'failed'].includes(run.state)) return run;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail('the import does not end');
}

test('an address is found as it was typed, and shown as it was written', async () => {
  await make('customer', { name: 'IDN', email: 'Info@例子.中国' });
  await make('customer', { name: 'Machine', email: 'post@xn--fsqu00a.xn--fiqs8s' });
  await make('customer', { name: 'Large', email: 'Anna.Lee@Example.COM' });
  const emails = (await api('GET', '/api/v1/customer?select=email&order=id')).body.map((c) => c.email);
  assert.deepEqual(emails, ['Info@例子.中国', 'post@例子.中国', 'Anna.Lee@example.com']);
  for (const typed of ['info@例子.中国', 'INFO@例子.中国', 'info@xn--fsqu00a.xn--fiqs8s', 'info＠例子。中国'])
    assert.deepEqual(await names(`email=eq.${encodeURIComponent(typed)}`), ['IDN'], typed);
  assert.deepEqual(await names('email=in.(ANNA.LEE@EXAMPLE.COM,x@y.cn)'), ['Large']);
  assert.deepEqual(await names('email=neq.anna.lee@example.com'), ['IDN', 'Machine']);
  assert.deepEqual(await names('email=not.in.(anna.lee@example.com,INFO@例子.中国)'), ['Machine']);
  assert.deepEqual(await names('email=like.Anna*'), ['Large'], 'patterns see what is written');
  for (const typed of ['info@例子.中国', 'INFO@例子.中国', '@例子.中国'])
    assert.equal((await api('GET', `/api/v1/search?q=${encodeURIComponent(typed)}`)).body.groups[0]?.hits.some((h) => h.title === 'IDN'), true, typed);
});

test('a number is one, however wide or large it is written', async () => {
  const first = await make('customer', { name: 'Number', number: 'UPC-a01' });
  const again = await api('POST', '/api/v1/customer', { name: 'Other', number: 'ＵＰＣ－Ａ０１' });
  assert.equal(again.status, 409, again.text);
  assert.deepEqual(again.body.errors?.map((e) => [e.field, e.key ?? e.code]) ?? again.body.field, [['number', 'unique']]);
  assert.deepEqual(await names(`number=eq.${encodeURIComponent('ｕｐｃ－Ａ０１')}`), ['Number']);
  assert.equal((await api('GET', `/api/v1/customer/${first.id}`)).body.number, 'UPC-a01');
  const merged = await api('POST', '/api/v1/customer?on_conflict=number', { number: 'upc-A01', city: '杭州', name: 'Number' }, { Prefer: 'resolution=merge-duplicates,return=representation' });
  assert.equal(merged.body[0].id, first.id, merged.text);
  await make('product', { name: 'Tea', sku: 'Tea-01' });
  assert.equal((await api('POST', '/api/v1/product', { name: 'Tea', sku: 'Ｔea-０１' })).status, 409);
  assert.equal((await api('POST', '/api/v1/product', { name: 'Another tea', sku: 'TEA-01' })).status, 201, 'codes of goods mind their case');
  const order = await make('order', { number: 'So-1', channel_id: (await make('channel', { code: 'W1', name: 'Web', kind: 'web' })).id });
  assert.equal((await api('POST', '/api/v1/order', { number: 'SO-1', channel_id: order.channel_id })).status, 409);
  // a number of one's own may be written otherwise
  const changed = await api('PATCH', `/api/v1/customer/${first.id}`, { number: 'Upc-A01' }, shown);
  assert.equal((changed.body[0] ?? changed.body).number, 'Upc-A01', changed.text);
});

test('what it is compared by is told to nobody', async () => {
  const customer = (await api('GET', '/api/v1/customer?number=eq.upc-a01')).body[0];
  assert.deepEqual(Object.keys(customer).filter((k) => k.endsWith('_key')), []);
  assert.equal((await api('GET', '/api/v1/customer?number_key=eq.x')).status >= 400, true);
  assert.equal((await api('GET', '/api/v1/customer?select=id,email_key')).status >= 400, true);
  const meta = (await api('GET', '/api/v1/meta')).text;
  assert.equal(/number_key|email_key|value_key/.test(meta), false);
  const history = (await api('GET', `/api/v1/customer/${customer.id}/history`)).text;
  assert.equal(/number_key|email_key/.test(history), false);
});

test('deleted and brought back it is found as before', async () => {
  const made = await make('customer', { name: 'Back', number: 'Back-01' });
  assert.ok((await api('DELETE', `/api/v1/customer/${made.id}`)).status < 300);
  assert.ok((await api('POST', `/api/v1/customer/${made.id}/restore`, {})).status < 300);
  assert.deepEqual(await names('number=eq.BACK-01'), ['Back']);
});

test('files: what is one by its form is one customer', async () => {
  let run = await take('mails.csv', '姓名,邮箱\n安娜,Anna@Mail.example\n安娜,anna@mail.example\n安娜,ＡＮＮＡ@mail.example\n', { mode: 'upsert', key: ['email'] });
  assert.deepEqual([run.created, run.failed], [1, 0], JSON.stringify(run));
  run = await take('numbers.csv', '客户编号,姓名\nF-01,甲\nｆ－０１,甲\nf-01,甲\n', { mode: 'upsert', key: ['number'] });
  assert.deepEqual([run.created, run.failed], [1, 0], JSON.stringify(run));
  run = await take('numbers again.csv', '客户编号,姓名,城市\nＦ－０１,甲,宁波\n', { mode: 'upsert', key: ['number'] });
  assert.deepEqual([run.created, run.updated], [0, 1], JSON.stringify(run));
  const [one] = (await api('GET', '/api/v1/customer?number=eq.f-01')).body;
  assert.deepEqual([one.number, one.city], ['F-01', '宁波'], 'written as at first');
  run = await take('extensions.csv', '姓名,电话\n乙,0571-88887777转8001\n乙,0571-88887777 ext. 8001\n乙,0571-88887777 x8001\n乙,(0571)88887777-8001\n', { mode: 'upsert', key: ['phone', 'name'] });
  assert.deepEqual([run.created, run.failed], [1, 0], JSON.stringify(run));
  assert.deepEqual((await api('GET', `/api/v1/customer?name=eq.乙`)).body.map((c) => c.phone), ['+8657188887777;ext=8001']);
});

test('files: a check says what would be one before anything is written', async () => {
  const up = await api('POST', '/api/v1/import?name=check.csv', new TextEncoder().encode('客户编号,姓名\nG-01,丙\nｇ－０１,丁\n'), { 'Content-Type': 'text/csv' });
  const preview = (await api('GET', `/api/v1/import/${up.body.id}/preview`)).body;
  await api('PUT', `/api/v1/import/${up.body.id}/plan`, { mapping: preview.columns.filter((c) => c.guess).map((c) => ({ column: c.index, ...c.guess })), mode: 'upsert', key: ['number'] });
  const check = (await api('POST', `/api/v1/import/${up.body.id}/check`, {})).body;
  assert.ok(JSON.stringify(check.warnings).includes('import_merged'), JSON.stringify(check.warnings));
});

test('identifiers: phones and addresses stand as such fields do, ids of platforms mind their case', async () => {
  const us = await make('customer', { name: 'US', country: 'US' }), cn = await make('customer', { name: 'CN' });
  const put = (customer, kind, value) => api('POST', '/api/v1/identifier', { customer_id: customer.id, kind, value }, shown);
  assert.equal((await put(us, 'phone', '(202) 555-0123')).body[0].value, '+12025550123');
  assert.equal((await put(cn, 'phone', '138 0013 8001')).body[0].value, '+8613800138001');
  assert.equal((await put(cn, 'phone', '138****8001')).body[0].value, '138****8001');
  assert.equal((await put(cn, 'email', 'Post@XN--FSQU00A.xn--fiqs8s')).body[0].value, 'Post@例子.中国');
  const found = async (value) => (await api('GET', `/api/v1/identifier?select=kind&value=eq.${encodeURIComponent(value)}`)).body.map((i) => i.kind);
  assert.deepEqual(await found('post@例子.中国'), ['email']);
  assert.equal((await put(cn, 'member_card', 'VIP-007')).status, 201);
  assert.equal((await put(us, 'member_card', 'ｖｉｐ－００７')).status, 409);
  assert.equal((await put(cn, 'wechat_openid', 'oAbC')).status, 201);
  assert.equal((await put(us, 'wechat_openid', 'oabc')).status, 201, 'another person');
  assert.equal((await put(us, 'wechat_openid', 'oAbC')).status, 409);
});

test('vCards: known again by another writing', async () => {
  const card = (mail, tel) => `BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Vera Card\r\nN:Card;Vera;;;\r\nEMAIL:${mail}\r\nTEL:${tel}\r\nTEL:139 0013 9001\r\nEND:VCARD\r\n`;
  let run = await take('a.vcf', card('Vera@Card.example', '13800138055'), { preset: 'vcard-contacts' }, 'text/vcard');
  assert.deepEqual([run.created, run.failed], [1, 0], JSON.stringify(run));
  run = await take('b.vcf', card('VERA@card.example', '+86 138-0013-8055').replace('139 0013 9001', '+8613900139001'), { preset: 'vcard-contacts' }, 'text/vcard');
  assert.deepEqual([run.created, run.failed], [0, 0], JSON.stringify(run));
  const [vera] = (await api('GET', '/api/v1/customer?name=eq.Vera Card&select=email,identifiers(kind,value)')).body;
  assert.equal(vera.email, 'Vera@card.example');
  assert.deepEqual(vera.identifiers, [{ kind: 'phone', value: '+8613900139001' }]);
});

test('records of before get their forms; those that become equal stay two, and are told', { skip: hasSql ? false : 'no SQL client' }, async () => {
  const { data, remove } = makeData();
  const token = () => guanxi(['token', 'create', '--data', data, '--user', 'admin@example.com', '--name', 'forms']).out.trim();
  let running = await serve(data), ask = client(running.url, token());
  const ids = (await ask('POST', '/api/v1/customer', [
    { name: 'First', number: 'A1' }, { name: 'Second', number: 'A2' }, { name: 'Third', number: 'A3' }, { name: 'Mail', number: 'M1', email: 'Info@例子.中国' },
  ], shown)).body.map((c) => c.id);
  await ask('POST', '/api/v1/identifier', { customer_id: ids[0], kind: 'phone', value: '138 0013 8099' });
  await running.stop();
  // as an older version left them
  const undo = ['customer_number_key_key', 'customer_registration_key_key', 'product_sku_key_key', 'channel_code_key_key', 'category_code_key_key', 'order_channel_id_number_key_key'];
  sql(data, [
    ...undo.map((index) => `DROP INDEX ${index}`),
    'UPDATE customer SET number_key = NULL, email_key = NULL, registration_key = NULL',
    "UPDATE customer SET number = 'UPC01' WHERE number = 'A1'", "UPDATE customer SET number = 'upc01' WHERE number = 'A2'", "UPDATE customer SET number = 'ＵＰＣ０１' WHERE number = 'A3'",
    "UPDATE customer SET email = 'Info@xn--fsqu00a.xn--fiqs8s' WHERE number = 'M1'",
    "UPDATE identifier SET value = '138 0013 8099', value_key = NULL",
    'DELETE FROM schema_version WHERE version > 15',
  ].join('; '));
  running = await serve(data);
  try {
    ask = client(running.url, token());
    const numbers = (await ask('GET', '/api/v1/customer?select=name,number,email&order=id')).body;
    assert.deepEqual(numbers, [
      { name: 'First', number: 'UPC01', email: null }, { name: 'Second', number: 'upc01', email: null }, { name: 'Third', number: 'ＵＰＣ０１', email: null },
      { name: 'Mail', number: 'M1', email: 'Info@例子.中国' },
    ]);
    const found = async (filter) => (await ask('GET', `/api/v1/customer?select=name&${filter}`)).body.map((c) => c.name);
    assert.deepEqual(await found('number=eq.UPC01'), ['Second'], 'who is written as the form is');
    assert.deepEqual(await found('number=eq.m1'), ['Mail']);
    assert.deepEqual(await found('email=eq.info@例子.中国'), ['Mail']);
    assert.equal((await ask('GET', '/api/v1/search?q=info@例子.中国')).body.groups[0]?.hits[0]?.title, 'Mail');
    assert.deepEqual((await ask('GET', '/api/v1/identifier?select=value')).body, [{ value: '+8613800138099' }]);
    assert.equal((await ask('POST', '/api/v1/customer', { name: 'New', number: 'uPc01' })).status, 409, 'the index stands again');
  } finally {
    await running.stop();
  }
  const doctor = guanxi(['doctor', '--data', data, '--deep'], { allowFailure: true });
  assert.equal(doctor.status, 0, doctor.out + doctor.err);
  assert.equal(existsSync(join(data, 'control.sock')), false);
  remove();
});
