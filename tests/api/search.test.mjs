// Search over the real entities: what is typed, what comes first, in which group, for whom.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { client, guanxi, start } from '../lib/server.mjs';

let server, admin, clerk;

async function make(entity, row) {
  const answer = await admin('POST', `/api/v1/${entity}`, row, { Prefer: 'return=representation' });
  assert.equal(answer.status, 201, answer.text);
  return answer.body[0].id;
}

const people = {
  赵伟: { phone: '13800138000', email: 'zhao.wei@qq.com', city: '杭州', number: 'K-2024-0017' },
  趙偉明: { phone: '13900139000', city: '臺北' },
  单雄信: { city: '长治' },
  吕布: { employer: '洛阳丝绸有限公司' },
  欧阳娜娜: { email: 'nana@example.org' },
  宁波茶叶进出口有限公司: { kind: 'company', registration_no: '91330200MA2AXXXX1Y' },
  'Kristoffer Müller': { email: 'k.mueller@example.de', phone: '+4930901820' },
  'John Smith': { phone: '+12025550123', city: 'Boston' },
  'Johnny Smithson': { email: 'johnny@acme.co.uk' },
  'Anne-Marie O’Brien': { city: 'Cork' },
  'Marie Curie': {},
  '孟　非': { city: '重庆' },
  曾国藩先生: {},
  'Acme Teas Ltd': { kind: 'company', website: 'https://acme.example' },
};
const ids = {};

before(async () => {
  server = await start();
  admin = server.api;
  const role = await make('role', { name: 'own only', rights: { customer: { read: 'own', create: 'own' }, order: { read: 'own' } } });
  await make('user', { name: 'Clerk', email: 'clerk@example.com', roles: [role] });
  clerk = client(server.url, guanxi(['token', 'create', '--data', server.data, '--user', 'clerk@example.com', '--name', 't']).out.trim());
  for (const [name, row] of Object.entries(people)) ids[name] = await make('customer', { name, ...row });
  await make('identifier', { customer_id: ids['John Smith'], kind: 'wechat_openid', value: 'oX7-kd93LLq', scope: 'shop' });
  await make('address', { customer_id: ids['赵伟'], country: 'CN', city: '杭州', street: '文三路 90 号东部软件园' });
  for (const [number, name, note] of [['SO-2024-000123', '赵伟', '送到杭州'], ['SO-2024-000124', 'John Smith', ''], ['536365', 'Kristoffer Müller', '']])
    await make('order', { number, customer_id: ids[name], note, total: '10' });
  const [{ id: sent }] = (await admin('GET', '/api/v1/order?number=eq.SO-2024-000124&select=id')).body;
  await make('shipment', { order_id: sent, carrier: '顺丰', tracking_no: 'SF1400088812345' });
  await make('product', { name: '龍井綠茶 Longjing Green Tea', sku: 'TEA-500' });
  await make('interaction', { customer_id: ids['吕布'], kind: 'call', subject: '询问龙井到货时间' });
});
after(() => server?.close());

// typed, entity of the first hit, its title
const questions = [
  // two characters, both scripts either way, and characters in the middle
  ['赵伟', 'customer', '赵伟'], ['趙偉', 'customer', '赵伟'], ['伟明', 'customer', '趙偉明'], ['赵伟明', 'customer', '趙偉明'], ['娜娜', 'customer', '欧阳娜娜'],
  ['茶叶', 'customer', '宁波茶叶进出口有限公司'], ['茶葉進出口', 'customer', '宁波茶叶进出口有限公司'], ['绿茶', 'product', '龍井綠茶 Longjing Green Tea'], ['绿茶 longjing', 'product', '龍井綠茶 Longjing Green Tea'],
  ['杭州', 'customer', '赵伟'], ['台北', 'customer', '趙偉明'], ['到货', 'interaction', '询问龙井到货时间'], ['丝绸', 'customer', '吕布'], ['文三路', 'customer', '赵伟'],
  // pinyin, with names of several readings, and initials
  ['zhaowei', 'customer', '赵伟'], ['zhao wei', 'customer', '赵伟'], ['zhaoweiming', 'customer', '趙偉明'], ['zw', 'customer', '赵伟'], ['zwm', 'customer', '趙偉明'], ['ouyang', 'customer', '欧阳娜娜'],
  ['oynn', 'customer', '欧阳娜娜'], ['shanxiongxin', 'customer', '单雄信'], ['lvbu', 'customer', '吕布'], ['nbcy', 'customer', '宁波茶叶进出口有限公司'], ['ningbo', 'customer', '宁波茶叶进出口有限公司'],
  // blanks in the name, titles behind it, family names with a reading of their own
  ['孟非', 'customer', '孟 非'], ['mengfei', 'customer', '孟 非'], ['zengguofan', 'customer', '曾国藩先生'],
  // Latin: prefix, any order, inside, accents, case, apostrophes
  ['kris', 'customer', 'Kristoffer Müller'], ['MULLER', 'customer', 'Kristoffer Müller'], ['müller kristoffer', 'customer', 'Kristoffer Müller'], ['stoffer', 'customer', 'Kristoffer Müller'],
  ['john smith', 'customer', 'John Smith'], ['smith', 'customer', 'John Smith'], ['smithson', 'customer', 'Johnny Smithson'], ['obrien', 'customer', 'Anne-Marie O’Brien'], ["o'brien", 'customer', 'Anne-Marie O’Brien'],
  ['anne marie', 'customer', 'Anne-Marie O’Brien'], ['marie', 'customer', 'Marie Curie'],
  // typing errors: left out, doubled, swapped, wrong
  ['kristofer', 'customer', 'Kristoffer Müller'], ['mulller', 'customer', 'Kristoffer Müller'], ['jonh smith', 'customer', 'John Smith'], ['cristoffer', 'customer', 'Kristoffer Müller'], ['curei', 'customer', 'Marie Curie'],
  // numbers: whole, tails, with signs, with and without country code
  ['13800138000', 'customer', '赵伟'], ['8000', 'customer', '赵伟'], ['+86 138-0013-8000', 'customer', '赵伟'], ['138 0013', 'customer', '赵伟'], ['2025550123', 'customer', 'John Smith'], ['(202) 555-0123', 'customer', 'John Smith'],
  ['SO-2024-000123', 'order', 'SO-2024-000123'], ['so2024000123', 'order', 'SO-2024-000123'], ['000124', 'order', 'SO-2024-000124'], ['536365', 'order', '536365'], ['K-2024-0017', 'customer', '赵伟'], ['SF1400088812345', 'order', 'SO-2024-000124'], ['tea-500', 'product', '龍井綠茶 Longjing Green Tea'],
  ['91330200MA2AXXXX1Y', 'customer', '宁波茶叶进出口有限公司'],
  // e-mail and platform ids
  ['zhao.wei@qq.com', 'customer', '赵伟'], ['ZHAO.WEI@QQ.COM', 'customer', '赵伟'], ['johnny@', 'customer', 'Johnny Smithson'], ['acme.co.uk', 'customer', 'Johnny Smithson'], ['@example.de', 'customer', 'Kristoffer Müller'],
  ['oX7-kd93LLq', 'customer', 'John Smith'],
  // several things at once
  ['赵伟 8000', 'customer', '赵伟'], ['smith boston', 'customer', 'John Smith'],
];

test('what is typed finds what is meant first', async () => {
  const wrong = [];
  for (const [typed, entity, title] of questions) {
    const { groups } = (await admin('GET', `/api/v1/search?q=${encodeURIComponent(typed)}`)).body;
    const group = groups.find((g) => g.entity === entity);
    // first of its kind, and no other kind before it that answers better
    const best = groups.flatMap((g) => g.hits.map((h) => ({ entity: g.entity, ...h }))).sort((a, b) => b.score - a.score)[0];
    if (group?.hits[0].title !== title || best.score > group.hits[0].score) wrong.push(`${typed}: ${group?.hits[0].title ?? 'nothing'} (${groups.map((g) => `${g.entity} ${g.hits[0].title} ${g.hits[0].score}`).join('; ')}), expected ${title}`);
  }
  assert.deepEqual(wrong, []);
});

test('what nobody wrote finds nothing', async () => {
  for (const typed of ['张三丰', 'zhangsanfeng', 'nobody here', '99999999', 'x@nowhere.example', '%', '*', '"', "' OR 1=1 --", '\u0000', '🍵'])
    assert.deepEqual((await admin('GET', `/api/v1/search?q=${encodeURIComponent(typed)}`)).body.groups ?? [], [], typed);
});

test('groups carry their names in the reader\'s language', async () => {
  for (const [language, customers, orders] of [['en', 'Customers', 'Orders'], ['zh-Hans', '客户', '订单'], ['zh-Hant', '客戶', '訂單']]) {
    const { groups } = (await admin('GET', `/api/v1/search?q=${encodeURIComponent('杭州')}`, undefined, { 'Accept-Language': language })).body;
    assert.equal(groups[0].label, customers);
    const numbers = (await admin('GET', '/api/v1/search?q=SO-2024', undefined, { 'Accept-Language': language })).body.groups;
    assert.equal(numbers.find((g) => g.entity === 'order').label, orders);
    assert.equal(numbers.find((g) => g.entity === 'order').hits.length, 2);
  }
});

test('only what one may read is found, and it follows every change', async () => {
  const find = async (api, typed) => ((await api('GET', `/api/v1/search?q=${encodeURIComponent(typed)}`)).body.groups).flatMap((g) => g.hits.map((h) => h.title));
  for (const [typed] of questions) assert.deepEqual(await find(clerk, typed), [], typed);
  const own = await clerk('POST', '/api/v1/customer', { name: '赵伟平', phone: '13700138000' }, { Prefer: 'return=representation' });
  assert.equal(own.status, 201, own.text);
  const { id } = own.body[0];
  assert.deepEqual(await find(clerk, '赵伟'), ['赵伟平']);
  assert.deepEqual(await find(clerk, '8000'), ['赵伟平']);
  await admin('PATCH', `/api/v1/customer/${id}`, { name: 'Renamed Person' });
  assert.deepEqual([await find(clerk, '赵伟'), await find(clerk, 'renamed')], [[], ['Renamed Person']]);
  await admin('DELETE', `/api/v1/customer/${id}`);
  assert.deepEqual(await find(admin, 'renamed'), []);
  await admin('POST', `/api/v1/customer/${id}/restore`);
  assert.deepEqual(await find(clerk, 'renamed'), ['Renamed Person']);
  const me = (await admin('GET', '/api/v1/account')).body.id;
  await admin('PATCH', `/api/v1/customer/${id}`, { owner_id: me });
  assert.deepEqual([await find(clerk, 'renamed'), await find(admin, 'renamed')], [[], ['Renamed Person']]);
});

test('a word that many records of another kind have hides no customer whose name begins so', async () => {
  for (let i = 0; i < 12; i++) await make('product', { name: `an ordinary cup ${i}`, sku: `an-${i}` });
  const { groups } = (await admin('GET', '/api/v1/search?q=an&limit=5')).body;
  assert.deepEqual(groups.map((g) => g.entity), ['product', 'customer'], JSON.stringify(groups.map((g) => [g.entity, g.hits.map((h) => h.title)])));
  assert.ok(groups[1].hits.some((h) => h.title === 'Anne-Marie O’Brien'));
  assert.deepEqual((await clerk('GET', '/api/v1/search?q=an&limit=5')).body.groups, [], 'of nobody’s, and of what is theirs alone');
});

test('what belongs to a customer finds it only for those who may read that', async () => {
  const titles = async (rights) => {
    const name = `r${Math.random().toString(36).slice(2)}`;
    const role = await make('role', { name, rights });
    await make('user', { name, email: `${name}@example.com`, roles: [role] });
    const api = client(server.url, guanxi(['token', 'create', '--data', server.data, '--user', `${name}@example.com`, '--name', 't']).out.trim());
    const found = [];
    for (const typed of ['文三路', 'oX7-kd93LLq', 'zhao.wei@qq.com']) found.push((await api('GET', `/api/v1/search?q=${encodeURIComponent(typed)}`)).body.groups[0]?.hits[0].title ?? null);
    return found;
  };
  const all = { read: 'all' };
  assert.deepEqual(await titles({ customer: all, address: all, identifier: all }), ['赵伟', 'John Smith', '赵伟']);
  assert.deepEqual(await titles({ customer: all }), [null, null, '赵伟']);
  assert.deepEqual(await titles({ customer: { ...all, fields: { email: 'masked' } }, address: { ...all, fields: { street: 'masked' } }, identifier: { ...all, fields: { value: 'hidden' } } }), [null, null, null]);
});
