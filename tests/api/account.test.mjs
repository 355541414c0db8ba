// One's own account and other people's, from the outside: signing in, sessions, second factor, tokens, rights, one-time passwords, handover.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';
import { adminEmail, client, noteHit, start } from '../lib/server.mjs';

let server, admin;
const rows = { Prefer: 'return=representation' };

before(async () => {
  server = await start();
  admin = server.api;
});
after(() => server?.close());

/** Signs in as the page does; answers a client with the cookie and the token against forgery. */
async function signIn(email, password, code) {
  const answer = await fetch(`${server.url}/api/v1/session`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ email, password, ...(code ? { code } : {}) }) });
  noteHit('POST', '/api/v1/session', answer.status);
  const body = await answer.json(), cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0];
  const plain = client(server.url, null);
  const api = (method, path, sent, headers = {}) => plain(method, path, sent, { Cookie: cookie, ...(method === 'GET' ? {} : { 'X-CSRF-Token': body.csrf }), ...headers });
  return { status: answer.status, body, api };
}

/** A user with a password of their own, set as people do: a one-time one is made for them and changed at once. */
async function person(name, roleRights, caps = []) {
  const role = (await admin('POST', '/api/v1/role', { name: `role of ${name}`, rights: roleRights, caps }, rows)).body[0];
  const user = (await admin('POST', '/api/v1/user', { name, email: `${name}@example.com`, roles: [role.id] }, rows)).body[0];
  const made = await admin('POST', `/api/v1/user/${user.id}/password`, {});
  assert.equal(made.status, 200, made.text);
  const first = await signIn(`${name}@example.com`, made.body.password);
  assert.equal(first.status, 200);
  const password = `${name} has a long password`;
  assert.equal((await first.api('GET', '/api/v1/customer')).status, 403, 'nothing else before the password is changed');
  assert.equal((await first.api('POST', '/api/v1/account/password', { old: made.body.password, new: password })).status < 300, true);
  return { ...user, role, email: `${name}@example.com`, password, once: made.body.password };
}

function totp(secret, at = Date.now()) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret.replace(/=+$/, '')].map((c) => letters.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30000)));
  const mac = createHmac('sha1', key).update(counter).digest();
  const from = mac[19] & 15;
  return String((mac.readUInt32BE(from) & 0x7fffffff) % 1000000).padStart(6, '0');
}

test('an account and its sessions', async () => {
  const ann = await person('ann', { customer: { read: 'all' } });
  assert.equal((await signIn(ann.email, ann.once)).status, 401, 'a one-time password works once');
  const [a, b] = [await signIn(ann.email, ann.password), await signIn(ann.email, ann.password)];
  const who = await a.api('GET', '/api/v1/session');
  assert.equal(who.status, 200, who.text);
  assert.ok(who.body.csrf);
  const changed = await a.api('PATCH', '/api/v1/account', { locale: 'zh-Hant', phone: '+8613800138000', theme: 'dark' });
  assert.equal(changed.status, 200, changed.text);
  assert.equal((await a.api('PATCH', '/api/v1/account', { roles: [] })).status, 422, 'rights are not one\'s own to change');
  // how somebody arranged their page is kept as it is, and is nobody else's
  const page = JSON.stringify({ pins: [{ entity: 'customer', view: 'vip', name: '重要客户', query: 'level=in.(vip)' }] });
  assert.equal((await a.api('PATCH', '/api/v1/account', { page })).status, 200);
  assert.deepEqual(JSON.parse((await b.api('GET', '/api/v1/account')).body.page), JSON.parse(page));
  for (const bad of ['{oops', '{"a":1} x', JSON.stringify({ pins: 'x'.repeat(9000) })]) assert.ok([413, 422].includes((await a.api('PATCH', '/api/v1/account', { page: bad })).status), bad.slice(0, 20));
  assert.deepEqual(JSON.parse((await a.api('GET', '/api/v1/account')).body.page), JSON.parse(page));
  assert.equal((await admin('GET', `/api/v1/user/${ann.id}`)).body.page, undefined);
  assert.equal((await admin('GET', '/api/v1/user?select=page')).status, 400);
  const account = (await a.api('GET', '/api/v1/account')).body;
  assert.deepEqual([account.locale, account.phone, account.totp_enabled], ['zh-Hant', '+8613800138000', false]);
  // the user's language counts where the request names none
  assert.match((await a.api('GET', '/api/v1/customer/1')).body.message, /[\u4e00-\u9fff]/);
  const list = (await a.api('GET', '/api/v1/account/sessions')).body;
  const sessions = list.rows;
  assert.equal(sessions.filter((s) => s.current).length, 1);
  const other = sessions.find((s) => !s.current && s.id);
  assert.equal((await a.api('DELETE', `/api/v1/account/sessions/${other.id}`)).status < 300, true);
  assert.equal((await a.api('DELETE', '/api/v1/account/sessions')).status < 300, true);
  assert.equal((await b.api('GET', '/api/v1/session')).status, 401);
  assert.equal((await a.api('DELETE', '/api/v1/session')).status < 300, true);
  assert.equal((await a.api('GET', '/api/v1/session')).status, 401);
});

test('a second factor, its recovery codes, and what happens when it is lost', async () => {
  const ben = await person('ben', { customer: { read: 'all' } });
  const me = await signIn(ben.email, ben.password);
  const begun = await me.api('POST', '/api/v1/account/totp', {});
  assert.equal(begun.status, 200, begun.text);
  assert.equal((await me.api('POST', '/api/v1/account/totp/confirm', { code: '000000' })).status >= 400, true);
  assert.equal((await signIn(ben.email, ben.password)).status, 200, 'not needed before it is confirmed');
  const confirmed = await me.api('POST', '/api/v1/account/totp/confirm', { code: totp(begun.body.secret) });
  assert.equal(confirmed.status, 200, confirmed.text);
  const codes = confirmed.body.recovery_codes;
  assert.ok(codes.length >= 8 && new Set(codes).size === codes.length);
  assert.equal((await signIn(ben.email, ben.password)).status, 401);
  assert.equal((await signIn(ben.email, ben.password, totp(begun.body.secret))).status, 401, 'a code works once, the confirming one too');
  const next = await signIn(ben.email, ben.password, totp(begun.body.secret, Date.now() + 30000));
  assert.equal(next.status, 200, JSON.stringify(next.body));
  assert.equal((await signIn(ben.email, ben.password, codes[0])).status, 200);
  assert.equal((await signIn(ben.email, ben.password, codes[0])).status, 401, 'a recovery code works once');
  assert.equal((await next.api('GET', '/api/v1/account')).body.recovery_codes_left, codes.length - 1);
  assert.equal((await next.api('DELETE', '/api/v1/account/totp', { password: 'wrong', code: codes[1] })).status >= 400, true);
  assert.equal((await next.api('DELETE', '/api/v1/account/totp', { password: ben.password, code: codes[2] })).status < 300, true);
  assert.equal((await signIn(ben.email, ben.password)).status, 200);
  // lost: an administrator takes it off
  const again = await next.api('POST', '/api/v1/account/totp', {});
  await next.api('POST', '/api/v1/account/totp/confirm', { code: totp(again.body.secret) });
  assert.equal((await signIn(ben.email, ben.password)).status, 401);
  assert.equal((await admin('DELETE', `/api/v1/user/${ben.id}/totp`)).status < 300, true);
  const audit = (await admin('GET', `/api/v1/audit?entity=user&record_id=${ben.id}&limit=50`)).text;
  for (const event of ['totp_enabled', 'totp_removed', 'code_wrong']) assert.ok(audit.includes(event), event);
});

test('tokens are narrower than their user, never wider', async () => {
  const cat = await person('cat', { customer: { read: 'all', create: 'all' }, tag: { read: 'all' } }, ['tokens']);
  const narrow = (await admin('POST', '/api/v1/role', { name: 'only tags', rights: { tag: { read: 'all' }, product: { read: 'all' } } }, rows)).body[0];
  const me = await signIn(cat.email, cat.password);
  const full = await me.api('POST', '/api/v1/account/tokens', { name: 'full' });
  assert.equal(full.status < 300, true, full.text);
  const small = await me.api('POST', '/api/v1/account/tokens', { name: 'small', roles: [narrow.id] });
  assert.equal(small.status < 300, true, small.text);
  const [wide, tight] = [client(server.url, full.body.token), client(server.url, small.body.token)];
  assert.equal((await wide('GET', '/api/v1/customer')).status, 200);
  assert.equal((await tight('GET', '/api/v1/tag')).status, 200);
  assert.equal((await tight('GET', '/api/v1/customer')).status, 403, 'the user may, the token may not');
  assert.equal((await tight('GET', '/api/v1/product')).status, 403, 'the token might, the user may not');
  const expired = await me.api('POST', '/api/v1/account/tokens', { name: 'late', expires_at: '2020-01-01T00:00:00Z' });
  if (expired.status < 300) assert.equal((await client(server.url, expired.body.token)('GET', '/api/v1/tag')).status, 401);
  const listed = (await me.api('GET', '/api/v1/account/tokens')).body;
  const tokens = listed.rows;
  assert.ok(tokens.some((t) => t.name === 'full') && !JSON.stringify(listed).includes(full.body.token), 'a token is shown once');
  const id = (name) => tokens.find((t) => t.name === name).id;
  assert.equal((await me.api('DELETE', `/api/v1/account/tokens/${id('full')}`)).status < 300, true);
  assert.equal((await wide('GET', '/api/v1/customer')).status, 401);
  assert.equal((await admin('POST', `/api/v1/token/${id('small')}/revoke`, {})).status < 300, true);
  assert.equal((await tight('GET', '/api/v1/tag')).status, 401);
});

test('what somebody may do, and why: several roles give the wider right', async () => {
  const dan = await person('dan', { customer: { read: 'own', update: 'own', fields: { phone: 'masked' } } });
  const second = (await admin('POST', '/api/v1/role', { name: 'reads all', rights: { customer: { read: 'all', fields: { phone: 'read' } }, order: { read: 'team' } } }, rows)).body[0];
  await admin('PATCH', `/api/v1/user/${dan.id}`, { roles: [dan.role.id, second.id] });
  const me = await signIn(dan.email, dan.password);
  const own = (await me.api('GET', '/api/v1/account/rights')).body, seen = (await admin('GET', `/api/v1/user/${dan.id}/rights`)).body;
  const customer = (r) => r.entities.find((e) => e.entity === 'customer');
  const action = (r, name) => customer(r).actions.find((a) => a.action === name);
  assert.deepEqual(customer(own), customer(seen));
  assert.deepEqual([action(seen, 'read').scope, action(seen, 'update').scope, action(seen, 'delete')?.scope ?? 'none'], ['all', 'own', 'none']);
  assert.ok(JSON.stringify(action(seen, 'read')).includes('reads all'), 'it says which role gives it');
  const phone = customer(seen).fields.find((f) => f.field === 'phone');
  assert.equal(phone.right, 'read');
  // and so it is
  await admin('POST', '/api/v1/customer', { name: 'Not his', phone: '+8613911112222' });
  const row = (await me.api('GET', '/api/v1/customer?name=eq.Not%20his&select=id,phone')).body[0];
  assert.equal(row.phone, '+8613911112222');
  assert.equal((await me.api('PATCH', `/api/v1/customer/${row.id}`, { city: 'X' })).status >= 400, true);
  assert.equal((await me.api('GET', `/api/v1/user/${dan.id}/rights`)).status, 200, 'one\'s own');
});

test('leaving: shut out at once, everything handed over in one step', async () => {
  const eve = await person('eve', { customer: { read: 'own', create: 'own', update: 'own' }, order: { read: 'own', create: 'own' } });
  const fay = await person('fay', { customer: { read: 'own' } });
  const me = await signIn(eve.email, eve.password);
  for (let i = 0; i < 3; i++) assert.equal((await me.api('POST', '/api/v1/customer', { name: `of eve ${i}` })).status, 201);
  assert.equal((await admin('DELETE', `/api/v1/user/${eve.id}/sessions`)).status < 300, true);
  assert.equal((await me.api('GET', '/api/v1/customer')).status, 401);
  const later = await signIn(eve.email, eve.password);
  assert.equal((await admin('POST', `/api/v1/user/${eve.id}/disable`, {})).status < 300, true);
  assert.equal((await later.api('GET', '/api/v1/customer')).status, 401, 'on the next request');
  assert.equal((await signIn(eve.email, eve.password)).status, 401);
  const handed = await admin('POST', `/api/v1/user/${eve.id}/handover`, { to: fay.id });
  assert.equal(handed.status, 200, handed.text);
  const heir = await signIn(fay.email, fay.password);
  assert.deepEqual((await heir.api('GET', '/api/v1/customer?select=name&order=name')).body.map((r) => r.name), ['of eve 0', 'of eve 1', 'of eve 2']);
  const left = await admin('GET', `/api/v1/customer?owner_id=eq.${eve.id}&select=id`);
  assert.deepEqual(left.body, []);
  assert.equal((await admin('POST', `/api/v1/user/${eve.id}/enable`, {})).status < 300, true);
  assert.equal((await signIn(eve.email, eve.password)).status, 200);
});

test('locked out after guessing, let in again by an administrator', async () => {
  const gus = await person('gus', { tag: { read: 'all' } });
  let status;
  for (let i = 0; i < 9 && status !== 429; i++) ({ status } = await signIn(gus.email, 'a wrong guess'));
  assert.equal(status, 429);
  assert.equal((await signIn(gus.email, gus.password)).status, 429, 'the right one has to wait too');
  assert.equal((await admin('POST', `/api/v1/user/${gus.id}/unlock`, {})).status < 300, true);
  assert.equal((await signIn(gus.email, gus.password)).status, 200);
});

test('the proof of the audit trail, and presets for imports', async () => {
  const proof = (await admin('GET', '/api/v1/audit/proof?full=1')).body;
  assert.equal(proof.ok, true, JSON.stringify(proof));
  const trail = (await admin('GET', `/api/v1/audit?action=login&limit=100`)).body.rows;
  assert.ok(trail.length > 10 && trail.every((r) => r.action === 'login'));
  const presets = (await admin('GET', '/api/v1/import/presets')).body;
  for (const name of ['online-retail', 'cdnow', 'shopify-products', 'odoo-contacts', 'magento-customers', 'mautic-contacts'])
    assert.ok(JSON.stringify(presets).includes(`"${name}"`), name);
  assert.equal((await admin('GET', '/api/v1/account')).body.email, adminEmail);
});
