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
