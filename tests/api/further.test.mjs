// What else people have: second phones, addresses and chat names, from files that head them their own way; and people known by
// their phone or else by their address.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start } from '../lib/server.mjs';

let server, api;
before(async () => {
  server = await start();
  api = server.api;
});
after(() => server?.close());

/** As guessed, and nothing else said. */
async function take(name, content, plan) {
  const up = await api('POST', `/api/v1/import?name=${encodeURIComponent(name)}`, new TextEncoder().encode(content), { 'Content-Type': 'text/csv' });
  const { id } = up.body, preview = (await api('GET', `/api/v1/import/${id}/preview`)).body;
  const planned = await api('PUT', `/api/v1/import/${id}/plan`, plan ?? { mapping: preview.columns.filter((c) => c.guess).map((c) => ({ column: c.index, ...c.guess })) });
  assert.ok(planned.status < 300, planned.text);
  await api('POST', `/api/v1/import/${id}/start`, {});
  for (let i = 0; i < 300; i++) {
    const run = (await api('GET', `/api/v1/import_run/${id}`)).body;
    if (['done', 'failed'].includes(run.state)) {
      const problems = (await api('GET', `/api/v1/import_problem?import_run_id=eq.${id}`)).text;
      assert.equal(run.failed, 0, problems);
      return { run, preview };
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail('the import does not end');
}
const person = async (name) => {
  const list = (await api('GET', `/api/v1/customer?name=eq.${encodeURIComponent(name)}&select=name,phone,email,city,identifiers(kind,value),addresses(kind,street)`)).body;
  assert.equal(list.length, 1, name);
  const { identifiers, addresses, ...own } = list[0];
  return { ...own, identifiers: identifiers.map((i) => `${i.kind} ${i.value}`).sort(), addresses: addresses.map((a) => `${a.kind} ${a.street}`).sort() };
};

test('second phones, addresses, WeChat and QQ of a list are the customer\'s too', async () => {
  const file = '姓名,手机,备用电话,邮箱,邮箱2,微信号,QQ,地址,备用地址\n'
    + '赵一,13800138001,0571-88887777转8001,zhao@a.example,Z.Two@a.example,zhao_one,10001,文一路1号,文二路2号\n'
    + '钱二,13800138002,无,,,,,,\n';
  const { run } = await take('list.csv', file);
  assert.equal(run.created, 2);
  assert.deepEqual(await person('赵一'), {
    name: '赵一', phone: '+8613800138001', email: 'zhao@a.example', city: null,
    identifiers: ['email Z.Two@a.example', 'phone +8657188887777;ext=8001', 'qq 10001', 'wechat zhao_one'], addresses: ['other 文二路2号', 'shipping 文一路1号'],
  });
  assert.deepEqual((await person('钱二')).identifiers, [], 'a word for nothing is nothing');
  // once more, written otherwise: the same people and identifiers
  const again = await take('list again.csv', file.replace('Z.Two@', 'z.two@').replace('转8001', ' ext. 8001').replace('zhao_one', 'ZHAO_ONE'));
  assert.deepEqual([again.run.created, again.run.updated], [0, 0]);
  assert.equal((await person('赵一')).identifiers.length, 4);
});

test('English headings too, and a second line of a street is none', async () => {
  await take('english.csv', 'Name,Phone,Mobile,Email,Secondary Email,Address 1,Address 2\nEve One,+44 20 7946 0018,+44 7700 900123,eve@b.example,one@b.example,1 High St,Flat 2\n');
  const eve = await person('Eve One');
  assert.deepEqual(eve.identifiers.filter((i) => i.startsWith('email')), ['email one@b.example']);
  assert.equal([eve.phone, ...eve.identifiers].filter((i) => i?.endsWith('+447700900123') || i?.endsWith('+442079460018')).length, 2);
  assert.deepEqual(eve.addresses, ['shipping 1 High St']);
});

test('two columns mapped to the phone: neither is lost', async () => {
  await take('twice.csv', 'a,b,c\nTwice,13800138011,13800138012\n', {
    mapping: [{ column: 0, entity: 'customer', field: 'name' }, { column: 1, entity: 'customer', field: 'phone' }, { column: 2, entity: 'customer', field: 'phone' }],
  });
  const twice = await person('Twice');
  assert.deepEqual([twice.phone, twice.identifiers], ['+8613800138011', ['phone +8613800138012']]);
});

test('people are known by their phone or else by their address, with the name', async () => {
  await take('known.csv', '姓名,手机,邮箱\n孙三,13800138003,sun@c.example\n');
  const { run } = await take('else.csv', '姓名,手机,邮箱,城市\n孙三,,SUN@c.example,杭州\n孙三,13800138003,,宁波\n李四,,new@c.example,温州\n李四,,NEW@c.example,绍兴\n');
  assert.deepEqual([run.created, run.updated], [1, 3]);
  assert.equal((await person('孙三')).city, '宁波');
  assert.equal((await person('李四')).city, '绍兴', 'within one file too');
});

test('colleagues with one address or one phone stay apart', async () => {
  const { run } = await take('office.csv', '姓名,手机,邮箱\n周五,13800138005,info@d.example\n吴六,13800138006,info@d.example\n郑七,,info@d.example\n王八,13800138006,\n');
  assert.equal(run.created, 4);
});

test('WeChat and QQ of vCards and of Google\'s contacts', async () => {
  await take('chat.vcf', 'BEGIN:VCARD\r\nVERSION:3.0\r\nFN:冯九\r\nTEL:13800138009\r\nIMPP;X-SERVICE-TYPE=WeChat:x-apple:feng9\r\nX-QQ:10009\r\nEND:VCARD\r\n', { preset: 'vcard-contacts' });
  assert.deepEqual((await person('冯九')).identifiers, ['qq 10009', 'wechat feng9']);
  await take('google.csv', 'Given Name,Family Name,Group Membership,E-mail 1 - Value,IM 1 - Service,IM 1 - Value,Custom Field 1 - Type,Custom Field 1 - Value\nChen,Shi,* myContacts,chen@e.example,QQ,10010,微信,chen10\n', { preset: 'google-contacts-old' });
  assert.deepEqual((await person('Chen Shi')).identifiers, ['qq 10010', 'wechat chen10']);
});

test('a day without a year goes out in a vCard and comes in again', async () => {
  const make = (body) => api('POST', '/api/v1/customer', { phone: '13800138077', ...body });
  await make({ name: 'Card day', birth_month: 5, birth_day: 6 });
  await make({ name: 'Card month', birth_month: 11 });
  await make({ name: 'Card year', birthday: '1985-06-18' });
  await make({ name: 'Card none' });
  const answer = await fetch(`${server.url}/api/v1/customer/export?format=vcard&name=like.Card*&order=name`, { headers: { Authorization: `Bearer ${server.token}` } });
  const text = await answer.text();
  assert.deepEqual(text.match(/^BDAY.*$/gm)?.map((l) => l.trim()), ['BDAY:--0506', 'BDAY:--11', 'BDAY:1985-06-18']);
  assert.equal(text.includes('birth_month'), false);
  assert.ok((await api('DELETE', '/api/v1/customer?name=like.Card*', undefined, { Prefer: 'max-affected=10' })).status < 300);
  await take('days.vcf', text, { preset: 'vcard-contacts' });
  const back = (await api('GET', '/api/v1/customer?name=like.Card*&select=name,birthday,birth_month,birth_day&order=name')).body;
  assert.deepEqual(back.map((c) => [c.name, c.birthday, c.birth_month, c.birth_day]), [
    ['Card day', null, 5, 6], ['Card month', null, 11, null], ['Card none', null, null, null], ['Card year', '1985-06-18', 6, 18],
  ]);
});

test('phones are of their row\'s country, else of the record\'s, else the firm\'s', async () => {
  await take('countries.csv', 'number,name,phone,country\nP1,US One,(202) 555-0123,US\nP2,TW One,0912-345-678,TW\nP3,GB One,020 7946 0018,United Kingdom\nP4,CN One,138 0013 8088,\n');
  const phones = (await api('GET', '/api/v1/customer?number=like.P*&select=number,phone&order=number')).body;
  assert.deepEqual(phones.map((c) => c.phone), ['+12025550123', '+886912345678', '+442079460018', '+8613800138088']);
  const made = (await api('POST', '/api/v1/customer', { name: 'HK', phone: '5123 4567', country: 'HK' }, { Prefer: 'return=representation' })).body[0];
  assert.equal(made.phone, '+85251234567');
  const changed = (await api('PATCH', `/api/v1/customer/${made.id}`, { phone: '(202) 555-0199', country: 'us' }, { Prefer: 'return=representation' })).body;
  assert.equal((changed[0] ?? changed).phone, '+12025550199');
});

test('headings with a unit, a hint and brackets of any width are what they are', async () => {
  const up = await api('POST', '/api/v1/import?name=marks.csv', new TextEncoder().encode('*客户名称（必填）,手机号【11位】,邮箱[选填],城市 (city),〔备注〕说明,Birthday (YYYY-MM-DD)\n张伟,13800138090,z@x.example,杭州,老客户,1985-06-18\n'), { 'Content-Type': 'text/csv' });
  const columns = (await api('GET', `/api/v1/import/${up.body.id}/preview`)).body.columns;
  assert.deepEqual(columns.map((c) => c.guess && `${c.guess.entity}.${c.guess.field}`), ['customer.name', 'customer.phone', 'customer.email', 'customer.city', 'customer.note', 'customer.birthday']);
  const goods = await api('POST', '/api/v1/import?name=goods.csv', new TextEncoder().encode('商品编码*,商品名称,售价（元）,重量(克),成本 / CNY\nG-1,茶,12.50,250,8.00\n'), { 'Content-Type': 'text/csv' });
  const of = (await api('GET', `/api/v1/import/${goods.body.id}/preview`)).body.columns;
  assert.deepEqual(of.map((c) => c.guess && `${c.guess.entity}.${c.guess.field}`), ['product.sku', 'product.name', 'product.price', 'product.weight_g', 'product.cost']);
});

test('the check names the preset; every outcome that a row can have is one that rows have', async () => {
  const up = await api('POST', '/api/v1/import?name=check.vcf', new TextEncoder().encode('BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Checked\r\nTEL:13800138033\r\nEND:VCARD\r\n'), { 'Content-Type': 'text/vcard' });
  await api('PUT', `/api/v1/import/${up.body.id}/plan`, { preset: 'vcard-contacts' });
  assert.equal((await api('POST', `/api/v1/import/${up.body.id}/check`, {})).body.preset, 'vcard-contacts');
  const other = await api('POST', '/api/v1/import?name=check.csv', new TextEncoder().encode('姓名\n甲\n'), { 'Content-Type': 'text/csv' });
  await api('PUT', `/api/v1/import/${other.body.id}/plan`, { mapping: [{ column: 0, entity: 'customer', field: 'name' }] });
  assert.equal((await api('POST', `/api/v1/import/${other.body.id}/check`, {})).body.preset, null);

  const rows = await api('POST', '/api/v1/import?name=rows.csv', new TextEncoder().encode('编号,姓名,性别,邮箱\nO1,甲,男,\nO1,乙,女,\nO2,丙,外星,\nO3,,男,\n'), { 'Content-Type': 'text/csv' });
  await api('PUT', `/api/v1/import/${rows.body.id}/plan`, {
    mapping: [{ column: 0, entity: 'customer', field: 'number' }, { column: 1, entity: 'customer', field: 'name' }, { column: 2, entity: 'customer', field: 'gender' }],
    mode: 'create', key: ['number'], on_bad_value: 'empty',
  });
  await api('POST', `/api/v1/import/${rows.body.id}/start`, {});
  for (let i = 0; i < 300 && (await api('GET', `/api/v1/import_run/${rows.body.id}`)).body.state !== 'done'; i++) await new Promise((resolve) => setTimeout(resolve, 50));
  const told = (await api('GET', `/api/v1/import_problem?run_id=eq.${rows.body.id}&select=outcome`)).body.map((p) => p.outcome);
  const meta = (await api('GET', '/api/v1/meta')).body.entities.find((e) => e.name === 'import_problem').fields.find((f) => f.name === 'outcome');
  assert.deepEqual([...new Set(told)].sort(), meta.options.map((o) => o.value).sort());
});
