// Invitations: several at once, links that let one person choose a password once, and what a stranger learns (nothing).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { client, noteHit, start } from '../lib/server.mjs';

let server, admin;
const rows = { Prefer: 'return=representation' };

before(async () => {
  server = await start();
  admin = server.api;
});
after(() => server?.close());

/** Signs in as the page does; answers a client with the cookie and the token against forgery. */
async function signIn(email, password) {
  const answer = await fetch(`${server.url}/api/v1/session`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ email, password }) });
  noteHit('POST', '/api/v1/session', answer.status);
  const body = await answer.json(), cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0];
  const plain = client(server.url, null);
  const api = (method, path, sent) => plain(method, path, sent, { Cookie: cookie, ...(method === 'GET' ? {} : { 'X-CSRF-Token': body.csrf }) });
  return { status: answer.status, body, api };
}

/** Somebody who came by an invitation. */
async function person(name, rights, caps = []) {
  const role = (await admin('POST', '/api/v1/role', { name: `role of ${name}`, rights, caps }, rows)).body[0];
  const email = `${name}@example.com`, password = `${name} has a long password`;
  const made = await invite(admin, [{ name, email, roles: [role.id] }]);
  assert.equal((await accept(made.body.rows[0].token, password)).status, 200);
  return { email, password };
}

const invite = (api, people, more = {}) => api('POST', '/api/v1/invitations', { people, ...more });
const look = (token) => client(server.url, null)('POST', '/api/v1/invitation/look', { token });
const accept = (token, password, more = {}) => client(server.url, null)('POST', '/api/v1/invitation/accept', { token, password, ...more });
const open = async () => (await admin('GET', '/api/v1/invitations')).body.rows;

test('several are invited at once, all or none; each link lets one person choose a password, once', async () => {
  const sales = (await admin('GET', '/api/v1/role?key=eq.sales&select=id')).body[0].id;
  const team = (await admin('POST', '/api/v1/team', { name: 'Inside sales' }, rows)).body[0].id;
  const wrong = await invite(admin, [{ name: 'Good', email: 'good@invited.example.com' }, { name: 'Twice', email: 'GOOD@invited.example.com' }, { name: '', email: 'no address', team_id: '7', roles: ['x'] }, 'x', { name: 'X', email: 'x@invited.example.com', password: 'mine' }]);
  assert.equal(wrong.status, 409, wrong.text);
  const told = wrong.body.errors.map((e) => `${e.field}:${e.key}`);
  for (const one of ['people.1.email:unique', 'people.2.email:not_email', 'people.2.roles:role_not_id', 'people.3:not_an_object', 'people.4.password:unknown_field'])
    assert.ok(told.includes(one), `${one} in ${told}`);
  assert.equal((await admin('GET', '/api/v1/user?email=like.*invited*')).body.length, 0, 'all or none');
  for (const body of [{ people: [] }, { people: {} }, { people: Array(201).fill({}) }, { people: [{}], days: 31 }, { people: [{}], days: -1 }])
    assert.equal((await admin('POST', '/api/v1/invitations', body)).status, 422, JSON.stringify(body).slice(0, 60));

  const made = await invite(admin, [{ name: '李娜', email: 'Lina@Invited.example.com', roles: [sales], team_id: team, locale: 'zh-TW' }, { name: 'Bo', email: 'bo@invited.example.com', roles: [sales] }], { days: 3 });
  assert.equal(made.status, 201, made.text);
  const [lina, bo] = made.body.rows;
  assert.deepEqual((await open()).map((r) => [r.email, r.expired]).sort(), [['bo@invited.example.com', false], ['lina@invited.example.com', false]]);
  assert.ok(!JSON.stringify(await open()).includes(lina.token), 'a link is shown once');
  const days = (Date.parse(lina.expires_at) - Date.now()) / 86400000;
  assert.ok(days > 2.9 && days < 3.1, lina.expires_at);

  // a link tells who it is for; anything else tells nothing, and one thing for all
  const seen = await look(lina.token);
  assert.deepEqual([seen.body.name, seen.body.email, seen.body.locale], ['李娜', 'lina@invited.example.com', 'zh-Hant']);
  const stranger = await look(`${lina.token.slice(0, -1)}${lina.token.endsWith('A') ? 'B' : 'A'}`);
  assert.equal(stranger.status, 404);
  assert.equal((await accept(lina.token, 'short')).status, 422);
  assert.equal((await accept(lina.token, 'lina@invited')).status, 422, 'made of one\'s own name');
  const both = await Promise.all([1, 2].map((n) => accept(lina.token, `the tea is hot ${n}`, { locale: 'en' })));
  assert.deepEqual(both.map((a) => a.status).sort(), [200, 404], 'two at once are one too many');
  const password = `the tea is hot ${both[0].status === 200 ? 1 : 2}`;
  const used = await look(lina.token);
  const shape = ({ status, body }) => [status, body.code, body.message, body.errors];
  assert.deepEqual(shape(used), shape(stranger));
  const inside = await signIn('lina@invited.example.com', password);
  assert.equal(inside.status, 200);
  const me = (await inside.api('GET', '/api/v1/account')).body;
  assert.deepEqual([me.must_change_password, me.locale, me.team_id], [false, 'en', team]);
  assert.deepEqual((await open()).map((r) => r.email), ['bo@invited.example.com']);

  // again: the one before ends; taken back: nothing opens; who has a password needs none
  const again = await admin('POST', `/api/v1/user/${bo.user_id}/invitation`, { days: 1 });
  assert.equal(again.status, 200, again.text);
  assert.equal((await look(bo.token)).status, 404);
  assert.equal((await look(again.body.token)).status, 200);
  assert.equal((await admin('DELETE', `/api/v1/user/${bo.user_id}/invitation`)).status, 204);
  assert.equal((await admin('DELETE', `/api/v1/user/${bo.user_id}/invitation`)).status, 404);
  assert.equal((await accept(again.body.token, 'the tea is hot')).status, 404);
  assert.equal((await admin('POST', `/api/v1/user/${lina.user_id}/invitation`)).status, 409);
  const events = (await admin('GET', `/api/v1/audit?entity=user&record_id=${lina.user_id}`)).body.rows.map((c) => c.diff?.event?.[1]).filter(Boolean);
  assert.deepEqual(events.filter((e) => /invit/.test(e)).reverse(), ['invited', 'invitation_accepted']);
});

test('a link ends with whatever else gives or takes the way in', async () => {
  const rows_ = (await invite(admin, [1, 2, 3].map((n) => ({ name: `End ${n}`, email: `end${n}@invited.example.com` })))).body.rows;
  await admin('POST', `/api/v1/user/${rows_[0].user_id}/password`, {});
  await admin('POST', `/api/v1/user/${rows_[1].user_id}/disable`);
  await admin('POST', `/api/v1/user/${rows_[1].user_id}/enable`);
  await admin('DELETE', `/api/v1/user/${rows_[2].user_id}`);
  for (const [i, { token }] of rows_.entries()) {
    assert.equal((await look(token)).status, 404, `look ${i}`);
    assert.equal((await accept(token, 'the tea is hot')).status, 404, `accept ${i}`);
  }
  assert.equal((await open()).some((r) => /^end\d@/.test(r.email)), false);
});

test('who may invite gives only rights of their own, and links of wider people are not theirs', async () => {
  const small = (await admin('POST', '/api/v1/role', { name: 'small', rights: { customer: { read: 'own' } }, caps: [] }, rows)).body[0].id;
  const wide = (await admin('GET', '/api/v1/role?key=eq.manager&select=id')).body[0].id;
  const host = await person('host', { customer: { read: 'own' } }, ['users']);
  const guest = await person('guest', { customer: { read: 'all' } });
  const { api } = await signIn(host.email, host.password);
  assert.equal((await invite(api, [{ name: 'S', email: 's@invited.example.com', roles: [small] }])).status, 201);
  const refused = await invite(api, [{ name: 'T', email: 't@invited.example.com', roles: [small] }, { name: 'W', email: 'w@invited.example.com', roles: [wide] }]);
  assert.equal(refused.status, 403, refused.text);
  assert.deepEqual(refused.body.errors.map((e) => [e.field, e.key]), [['people.1.roles', 'grant_wider']]);
  assert.equal((await admin('GET', '/api/v1/user?email=eq.t@invited.example.com')).body.length, 0);
  const boss = (await invite(admin, [{ name: 'W', email: 'w@invited.example.com', roles: [wide] }])).body.rows[0];
  assert.equal((await api('POST', `/api/v1/user/${boss.user_id}/invitation`)).status, 403);
  assert.equal((await api('DELETE', `/api/v1/user/${boss.user_id}/invitation`)).status, 403);
  assert.equal((await look(boss.token)).status, 200);
  const plain = (await signIn(guest.email, guest.password)).api;
  for (const [method, path, body] of [['POST', '/invitations', { people: [{ name: 'Z', email: 'z@invited.example.com' }] }], ['GET', '/invitations'], ['POST', `/user/${boss.user_id}/invitation`], ['DELETE', `/user/${boss.user_id}/invitation`]])
    assert.equal((await plain(method, `/api/v1${path}`, body)).status, 403, path);
});

test('views are shared with everybody or a team; only their owner and administrators change them', async () => {
  const team = (await admin('POST', '/api/v1/team', { name: 'Viewers' }, rows)).body[0].id;
  const view = { customer: { read: 'own' }, saved_view: { read: 'own', create: 'own', update: 'own', delete: 'own' } };
  const [ann, bob] = [await person('ann', view), await person('bob', view)];
  const bobs = (await admin('GET', '/api/v1/user?email=eq.bob@example.com&select=id')).body[0].id;
  await admin('PATCH', `/api/v1/user/${bobs}`, { team_id: team });
  const [a, b] = [(await signIn(ann.email, ann.password)).api, (await signIn(bob.email, bob.password)).api];
  const ids = {};
  for (const [name, more] of [['private', {}], ['for all', { everyone: true }], ['for viewers', { team_id: team }]]) {
    const made = await a('POST', '/api/v1/saved_view', { name, entity: 'customer', query: 'city=eq.杭州', ...more });
    assert.equal(made.status, 201, made.text);
    ids[name] = made.headers.get('location')?.split('/').pop() ?? (await a('GET', `/api/v1/saved_view?name=eq.${name}`)).body[0].id;
  }
  const shared = async (api, entity = 'customer') => (await api('GET', `/api/v1/views/shared?entity=${entity}`)).body.map((v) => v.name);
  assert.deepEqual(await shared(b), ['for all', 'for viewers']);
  assert.deepEqual(await shared(admin), ['for all'], 'who is in no team sees what is for everybody');
  assert.deepEqual(await shared(a), [], 'one\'s own stand elsewhere');
  assert.deepEqual(await shared(admin, 'product'), []);
  const { owner, everyone } = (await b('GET', '/api/v1/views/shared?entity=customer')).body[0];
  assert.deepEqual([owner, everyone], ['ann', true]);
  assert.equal((await b('PATCH', `/api/v1/saved_view/${ids['for all']}`, { name: 'taken' })).status, 404, 'not his to change');
  assert.equal((await b('DELETE', `/api/v1/saved_view/${ids['for all']}`)).status, 404);
  assert.equal((await admin('PATCH', `/api/v1/saved_view/${ids['for all']}`, { everyone: false })).status, 200);
  assert.deepEqual(await shared(b), ['for viewers']);
  assert.equal((await b('GET', '/api/v1/views/shared?entity=order')).status, 403, 'of what he may not read at all');
  for (const path of ['', '?entity=', '?entity=nothing']) assert.equal((await b('GET', `/api/v1/views/shared${path}`)).status, 422, path);
});

test('guessing at links is slowed down like guessing at passwords', async () => {
  const { token } = (await invite(admin, [{ name: 'Slow', email: 'slow@invited.example.com' }])).body.rows[0];
  let limited = 0;
  for (let i = 0; i < 40 && !limited; i++) {
    const answer = await (i % 2 ? look(`guess${i}`) : accept(`guess${i}`, 'the tea is hot'));
    if (answer.status === 429) limited = i;
    else assert.equal(answer.status, 404);
  }
  assert.ok(limited >= 10, `after ${limited}`);
  assert.equal((await look(token)).status, 429, 'a good one too, from there');
});
