// Settings over the API: who may read and set what, all or none, in three languages, kept over a restart of the page.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { client, guanxi, start } from '../lib/server.mjs';

let server, admin;
const rows = { Prefer: 'return=representation' };

before(async () => {
  server = await start();
  admin = server.api;
});
after(() => server?.close());

const named = (list, name) => list.find((s) => s.name === name);
const patch = (api, values, more = {}) => api('PATCH', '/api/v1/settings', { values, ...more });

/** A client with a token of a new user who has one role. */
async function person(name, rights, caps = []) {
  const role = (await admin('POST', '/api/v1/role', { name: `role of ${name}`, rights, caps }, rows)).body[0];
  await admin('POST', '/api/v1/user', { name, email: `${name}@example.com`, roles: [role.id] }, rows);
  return client(server.url, guanxi(['token', 'create', '--data', server.data, '--user', `${name}@example.com`, '--name', 'test']).out.trim());
}

test('what there is, in the reader\'s language, and what it was set to', async () => {
  const before_ = (await admin('GET', '/api/v1/settings')).body;
  assert.equal(named(before_, 'firm.time_zone').value, 'Asia/Shanghai');
  assert.equal(named(before_, 'firm.time_zone').set, false);
  assert.equal(named(before_, 'firm.currency').value, 'CNY', 'from the configuration file');
  assert.equal((await patch(admin, { 'firm.name': '杭州茶行', 'firm.time_zone': 'Asia/Taipei', 'firm.languages': 'en,zh_hans' })).status, 204);
  const now = (await admin('GET', '/api/v1/settings', undefined, { 'Accept-Language': 'zh-TW' })).body;
  assert.deepEqual([named(now, 'firm.name').value, named(now, 'firm.time_zone').value, named(now, 'firm.languages').value], ['杭州茶行', 'Asia/Taipei', 'zh_hans,en']);
  assert.equal(named(now, 'firm.time_zone').label, '時區');
  assert.equal((await patch(admin, { 'firm.time_zone': null })).status, 204);
  assert.equal(named((await admin('GET', '/api/v1/settings')).body, 'firm.time_zone').value, 'Asia/Shanghai');
});

test('what is wrong is told together and nothing of it is set', async () => {
  const wrong = await patch(admin, { 'firm.short_name': 'good', 'firm.time_zone': 'Mars/Base', 'firm.email': 'nobody', 'firm.none': '1', 'firm.name': 7 });
  assert.equal(wrong.status, 422, wrong.text);
  for (const name of ['firm.time_zone', 'firm.email', 'firm.none', 'firm.name']) assert.match(wrong.text, new RegExp(name));
  assert.equal(named((await admin('GET', '/api/v1/settings')).body, 'firm.short_name').value, '');
  for (const body of [{}, { values: [] }, { values: 'x' }, { values: {}, scope: 'world' }, { values: {}, scope: 'branch', id: 'x' }, { values: {}, id: '1' }, { values: {}, more: 1 }]) {
    const refused = await admin('PATCH', '/api/v1/settings', body);
    assert.ok(refused.status === 422 || refused.status === 400, `${JSON.stringify(body)}: ${refused.status}`);
  }
});

test('the currency is fixed once there are amounts, the country rules phones', async () => {
  assert.equal((await patch(admin, { 'firm.currency': 'TWD', 'firm.country': 'TW' })).status, 204);
  const made = await admin('POST', '/api/v1/customer', { name: '林茶', phone: '0912-345-678' }, rows);
  assert.equal(made.body[0].phone, '+886912345678', made.text);
  const meta = await admin('GET', '/api/v1/meta');
  assert.equal(meta.body.base_currency, 'TWD');
  assert.equal((await admin('POST', '/api/v1/product', { sku: 'T1', name: 'Tea', price: '12' })).status, 201);
  const late = await patch(admin, { 'firm.currency': 'USD' });
  assert.equal(late.status, 409, late.text);
  assert.equal((await patch(admin, { 'firm.country': 'CN' })).status, 204);
});

test('administrators set, others read what is open and set their own alone', async () => {
  const eve = await person('eve', { customer: { read: 'own' } });
  const seen = (await eve('GET', '/api/v1/settings')).body;
  assert.ok(named(seen, 'firm.time_zone'));
  assert.equal((await patch(eve, { 'firm.name': 'Eve & Co' })).status, 403);
  assert.equal((await patch(eve, { 'firm.time_zone': 'Asia/Taipei' }, { scope: 'branch', id: '1' })).status, 403);
  assert.notEqual(named((await admin('GET', '/api/v1/settings')).body, 'firm.name').value, 'Eve & Co');
  assert.equal((await client(server.url, null)('GET', '/api/v1/settings')).status, 401);
  assert.equal((await eve('GET', '/api/v1/setting')).status, 403, 'the records themselves are for administrators');
  assert.equal((await admin('POST', '/api/v1/setting', { name: 'firm.name', value: 'past the checks' })).status, 403);
});

test('the firm\'s name heads the page, and everybody\'s week begins where they set it', async () => {
  const eve = await person('week', { customer: { read: 'own' } });
  assert.equal((await patch(admin, { 'firm.name': '杭州茶行', 'firm.short_name': null, 'firm.week_start': 'saturday' })).status, 204);
  const of = async (api) => (({ firm, week_start }) => ({ firm, week_start }))((await api('GET', '/api/v1/meta')).body);
  assert.deepEqual(await of(eve), { firm: '杭州茶行', week_start: 'saturday' });
  assert.deepEqual((await eve('GET', '/api/v1/settings?scope=user')).body.map((s) => [s.name, s.value, s.set]), [['firm.week_start', 'saturday', false]]);
  assert.equal((await patch(eve, { 'firm.week_start': 'sunday' }, { scope: 'user' })).status, 204, 'one\'s own needs no right');
  assert.equal((await patch(admin, { 'firm.short_name': '茶行' })).status, 204);
  assert.deepEqual(await of(eve), { firm: '茶行', week_start: 'sunday' });
  assert.deepEqual(await of(admin), { firm: '茶行', week_start: 'saturday' });
  assert.equal((await patch(eve, { 'firm.time_zone': 'Asia/Taipei' }, { scope: 'user' })).status, 422);
  assert.equal((await patch(admin, { 'firm.week_start': null, 'firm.short_name': null })).status, 204);
});

test('a branch has its own zone; changes are in the audit trail', async () => {
  const branch = (await admin('POST', '/api/v1/branch', { name: 'Berlin' }, rows)).body[0];
  assert.equal((await patch(admin, { 'firm.time_zone': 'Europe/Berlin' }, { scope: 'branch', id: branch.id })).status, 204);
  const at = (await admin('GET', `/api/v1/settings?scope=branch&id=${branch.id}`)).body;
  assert.deepEqual(at.map((s) => [s.name, s.value]), [['firm.time_zone', 'Europe/Berlin'], ['firm.week_start', 'monday']]);
  assert.equal((await patch(admin, { 'firm.name': 'x' }, { scope: 'branch', id: branch.id })).status, 422);
  const trail = (await admin('GET', '/api/v1/audit?entity=setting')).body;
  assert.ok(trail.rows.length >= 3, JSON.stringify(trail).slice(0, 300));
});

test('when the last backup was made is for administrators', async () => {
  const eve = await person('backup', { customer: { read: 'own' } });
  assert.deepEqual((await admin('GET', '/api/v1/setup')).body, { backup_at: null });
  guanxi(['backup', '--data', server.data, join(server.data, '..', 'first.zip')]);
  const { backup_at } = (await admin('GET', '/api/v1/setup')).body;
  assert.ok(Math.abs(Date.parse(backup_at) - Date.now()) < 120_000, backup_at);
  assert.equal((await eve('GET', '/api/v1/setup')).status, 403);
});
