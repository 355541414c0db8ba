// Notices to staff: mentions, followers, by the rights of whoever hears; once until one looks; by mail together, and not in quiet hours.
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { adminEmail, client, guanxi, makeData, serve } from '../lib/server.mjs';
import { smtpSink } from '../lib/smtp.mjs';
import { hasSql, sql } from '../lib/sql.mjs';

let folder, server, sink, admin, li, bo;

before(async () => {
  sink = await smtpSink();
  folder = makeData();
  appendFileSync(join(folder.data, 'guanxi.conf'), 'outgoing_allow = 127.0.0.1\n');
  server = await serve(folder.data);
  const token = (email) => guanxi(['token', 'create', '--data', folder.data, '--user', email, '--name', 'test']).out.trim();
  tokens.admin = token(adminEmail);
  admin = client(server.url, tokens.admin);
  const roles = good(await admin('GET', '/api/v1/role?select=id,key'));
  const role = (key) => roles.find((r) => r.key === key).id;
  const watcher = await make('role', { name: 'Watcher', key: 'watcher', rights: { customer: { read: 'all', update: 'all' }, address: { read: 'all' } }, caps: [] });
  await make('user', { name: 'Li Na', email: 'li@example.com', locale: 'en', roles: [watcher.id] });
  await make('user', { name: 'Bo', email: 'bo@example.com', roles: [role('sales')] });
  tokens.li = token('li@example.com');
  tokens.bo = token('bo@example.com');
  connect();
});
after(async () => {
  await server?.stop();
  folder?.remove();
  sink?.close();
});

const tokens = {};
const connect = () => { [admin, li, bo] = ['admin', 'li', 'bo'].map((who) => client(server.url, tokens[who])); };
const good = (answer, status) => {
  assert.ok(status ? answer.status === status : answer.status < 300, `${answer.status} ${answer.text}`);
  return answer.body;
};
const make = async (entity, body) => good(await admin('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' }), 201)[0];
const notices = async (who, query = '') => good(await who('GET', `/api/v1/notices${query}`));
async function until(what, done, ms = 15000) {
  const limit = Date.now() + ms;
  for (let found; Date.now() < limit; await sleep(40)) if ((found = await done())) return found;
  assert.fail(`waited in vain for ${what}`);
}
/** All that was changed so far has been looked at: a mention of Li made now is heard. */
async function heard() {
  const { id } = await make('customer', { name: 'Mark', note: '@Li Na' });
  await until('the mark', async () => (await notices(li, '?limit=100')).some((n) => n.record_id === id));
  good(await li('POST', '/api/v1/notices/read', { entity: 'customer', record_id: id }), 204);
}

test('who is mentioned hears of it, if they may read it; once', async () => {
  const made = await make('customer', { name: '龙门客栈', note: 'Ask @Li Na and @Bo, not li@Li Na.' });
  const [n] = await until('the notice', async () => { const l = await notices(li, '?unread=1'); return l.length > 0 && l; });
  assert.deepEqual([n.kind, n.entity, n.record_id, n.title, n.by, n.read, n.text], ['mention', 'customer', made.id, '龙门客栈', 'Administrator', false, '']);
  // the text is changed around the mention: no second one
  good(await admin('PATCH', `/api/v1/customer/${made.id}`, { note: 'Ask @Li Na, @Bo.' }));
  good(await li('PATCH', `/api/v1/customer/${made.id}`, { note: 'I, @Li Na, asked. @Bo' }));
  await heard();
  assert.equal((await notices(li)).filter((x) => x.record_id === made.id).length, 1);
  // Bo sees customers of his own alone
  assert.deepEqual(await notices(bo), []);
  assert.deepEqual(good(await li('GET', '/api/v1/notices/unread')), { count: 1, more: false });
  good(await bo('POST', '/api/v1/notices/read', { id: n.id }), 204); // not his
  assert.equal(good(await li('GET', '/api/v1/notices/unread')).count, 1);
  good(await li('POST', '/api/v1/notices/read', { up_to: n.id }), 204);
  assert.equal(good(await li('GET', '/api/v1/notices/unread')).count, 0);
  assert.equal((await li('POST', '/api/v1/notices/read', {})).status, 422);
});

test('who follows a record hears of others\' changes, once until looked at; of what belongs to it too', async () => {
  const { id } = await make('customer', { name: 'Followed' }), path = `/api/v1/follows/customer/${id}`;
  assert.deepEqual(good(await li('GET', path)), { following: false, followers: 0 });
  for (let i = 0; i < 2; i++) assert.deepEqual(good(await li('PUT', path)), { following: true, followers: 1 });
  const mine = async (unread = '') => (await notices(li, unread)).filter((n) => n.record_id === id);
  good(await li('PATCH', `/api/v1/customer/${id}`, { city: 'mine' }));
  await heard();
  assert.deepEqual(await mine(), []);
  for (const city of ['杭州', '宁波']) good(await admin('PATCH', `/api/v1/customer/${id}`, { city }));
  await heard();
  assert.deepEqual((await mine()).map((n) => [n.kind, n.title]), [['change', 'Followed']]);
  good(await li('POST', '/api/v1/notices/read', { entity: 'customer', record_id: id }), 204);
  // what happened before one followed is not told, however late the log is read
  const many = good(await admin('POST', '/api/v1/customer', Array.from({ length: 500 }, (_, i) => ({ name: `Before ${i}` })), { Prefer: 'return=representation' }), 201).slice(-8);
  await Promise.all(many.map((m) => li('PUT', `/api/v1/follows/customer/${m.id}`)));
  await heard();
  assert.deepEqual((await notices(li, '?unread=1')).map((n) => n.title), []);
  await make('address', { customer_id: id, street: 'No. 1' });
  await heard();
  assert.equal((await mine('?unread=1')).length, 1);
  assert.deepEqual(good(await li('DELETE', path)), { following: false, followers: 0 });
  good(await li('POST', '/api/v1/notices/read', { entity: 'customer', record_id: id }), 204);
  good(await admin('PATCH', `/api/v1/customer/${id}`, { city: '温州' }));
  await heard();
  assert.deepEqual(await mine('?unread=1'), []);
  // what one may not read, or is no record of the business, is not followed
  assert.equal((await bo('PUT', path)).status, 404);
  for (const bad of ['customer/1', 'customer/x', 'nothing/1', 'user/1', `customers/${id}`]) assert.equal((await li('PUT', `/api/v1/follows/${bad}`)).status, 404, bad);
});

test('a notice tells nothing that one may no longer read', async () => {
  const made = await make('customer', { name: 'Soon gone', note: '@Li Na' });
  await until('the notice', async () => (await notices(li)).find((n) => n.record_id === made.id && n.title === 'Soon gone'));
  good(await admin('DELETE', `/api/v1/customer/${made.id}`));
  assert.equal((await notices(li)).find((n) => n.record_id === made.id).title, null);
  for (const query of ['?limit=0', '?limit=x', '?before=x']) assert.equal((await li('GET', `/api/v1/notices${query}`)).status, 422, query);
});

test('an automation tells staff, and writes to whom a field names; no more than its owner may read', async () => {
  const user = good(await admin('GET', '/api/v1/user?select=id,email')), liId = user.find((u) => u.email === 'li@example.com').id;
  const actions = [{ do: 'notify', to: liId, text: '{{name}} from {{city}} {{nothing}}waits' }, { do: 'mail', to: 'email', subject: 'Hello {{name}}', text: 'Dear {{name}},\nwelcome. {{&name}}' }];
  await make('automation', { name: 'Greets', entity: 'customer', event: 'created', active: true, condition: JSON.stringify({ field: 'city', op: 'eq', value: '昆明' }), actions: [actions[0], { ...actions[1], text: 'Dear {{name}},\nwelcome.' }] });
  const { id } = await make('customer', { name: 'Ada <b>', city: '昆明', email: 'ada@example.org' });
  const n = await until('the notice', async () => (await notices(li)).find((x) => x.record_id === id));
  assert.deepEqual([n.kind, n.text], ['rule', 'Ada <b> from 昆明 waits']);
  const [mail] = await until('the mail', async () => { const m = good(await admin('GET', `/api/v1/outbox?entity=customer&record_id=${id}`)).mails; return m.length && m; });
  assert.deepEqual([mail.to_address, mail.subject, mail.purpose, mail.state], ['ada@example.org', 'Hello Ada <b>', 'service', 'waiting']);
  for (const bad of [{ do: 'notify', to: 'x', text: 'a' }, { do: 'notify', to: liId, text: ' ' }, { do: 'notify', to: liId, text: '{{#a}}' }, { do: 'mail', to: 'name', subject: 'a', text: 'a' }, { do: 'mail', to: 'email', text: 'a' },
    { do: 'mail', to: 'email', subject: 'a', text: 'a', purpose: 'spam' }, actions[1]])
    assert.equal((await admin('POST', '/api/v1/automation', { name: 'bad', entity: 'customer', event: 'created', actions: [bad] })).status, 422, JSON.stringify(bad));
  good(await admin('POST', `/api/v1/outbox/${mail.id}/skip`, { reason: 'test' }), 202);
});

test('by mail: together, once, and not in quiet hours', { skip: !hasSql }, async () => {
  await make('mail_account', { name: 'Relay', address: 'crm@example.cn', host: '127.0.0.1', port: sink.port, security: 'none', sign_in: 'none', is_default: true });
  const set = async (values, status) => assert.equal((await li('PATCH', '/api/v1/settings', { scope: 'user', values })).status, status ?? 204);
  const due = async () => { // the schedule is due
    await server.stop();
    sql(folder.data, "UPDATE timer SET due_at = 1 WHERE key = 'notices.digest'");
    server = await serve(folder.data);
    connect();
    await until('the schedule', () => sql(folder.data, "SELECT due_at FROM timer WHERE key = 'notices.digest'") !== '1');
  };
  const kept = async () => good(await admin('GET', '/api/v1/outbox?entity=user')).mails.filter((m) => m.purpose === 'notice').length;
  await set({ 'notices.quiet': 'at night' }, 422);
  const unread = good(await li('GET', '/api/v1/notices/unread')).count;
  assert.ok(unread > 0);
  await set({ 'notices.mail': 'soon', 'notices.quiet': '00:00-24:00' });
  await due();
  assert.equal(sink.mails.length, 0);
  await set({ 'notices.quiet': '00:00-00:00' }); // empty would be the firm's, and this hour may be one of them
  await due();
  const mail = await until('the mail', () => sink.mails[0]);
  assert.equal(mail.to, 'li@example.com');
  assert.match(mail.text, new RegExp(`Subject: ${unread} new notices\r\n`));
  const [, coded, body] = /Content-Transfer-Encoding: (\w+)\r\n\r\n([\s\S]*)/.exec(mail.text);
  const text = coded === 'base64' ? Buffer.from(body, 'base64').toString() : body;
  assert.match(text, /- Administrator mentioned you \(Customer\)/);
  assert.ok(!text.includes('Soon gone'));
  await due();
  assert.equal(sink.mails.length, 1);
});
