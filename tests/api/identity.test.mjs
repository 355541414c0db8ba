// S50-S55, S57, S58: who is it. Guessing, counting accounts, stealing and forging sessions,
// tokens and codes. The server stands behind a proxy here, so that guesses can come from
// many addresses; tests without one are in browser.test.mjs.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { apart, audited, each, made, median, person, rightsOf, rows, signIn, sleep, sql, unchanged } from '../lib/attack.mjs';
import { adminEmail, adminPassword, client, start } from '../lib/server.mjs';

let server, admin, routes;
before(async () => {
  server = await start({ before: async (data) => appendFileSync(join(data, 'guanxi.conf'), '\ntrusted_proxies = 127.0.0.1\n') });
  admin = server.api;
  const api = (await admin('GET', '/api/v1/openapi.json')).body;
  routes = Object.entries(api.paths).flatMap(([path, item]) => ['get', 'post', 'put', 'patch', 'delete'].filter((m) => m in item).map((m) => ({ method: m.toUpperCase(), path })));
});
after(() => server?.close());

let last = 0;
/** An address nobody has come from. */
const fresh = () => `10.${(++last >> 16) & 255}.${(last >> 8) & 255}.${last & 255}`;
const from = (address) => ({ headers: { 'X-Forwarded-For': address } });
const enter = (email, password, { address = fresh(), code } = {}) => signIn(server.url, email, password, { ...from(address), code });
const bare = (answer) => JSON.stringify({ ...answer.body, request_id: '' });
const ask = (session, method, path, body, headers = {}) => client(server.url)(method, path, body, { Cookie: session.cookie, 'X-CSRF-Token': session.body?.csrf ?? '', 'X-Forwarded-For': fresh(), ...headers });

/** Many guesses at once: five are free, the sixth closes for two seconds; of a burst no more are tried than of a row. */
async function burst(n, guess, wrong = 401) {
  const started = performance.now();
  const answers = await Promise.all(Array.from({ length: n }, (_, i) => guess(i)));
  const most = 6 + Math.floor((performance.now() - started) / 2000), tried = answers.filter((a) => a.status === wrong).length;
  assert.ok(answers.every((a) => a.status === wrong || a.status === 429), answers.map((a) => a.status).join());
  assert.ok(tried > 0 && tried <= most, `${tried} of ${n} guesses were tried`);
}

let people = 0;
/** Somebody who has signed in and has a password of their own. */
async function somebody(rights = rightsOf('own'), options = {}) {
  const name = `somebody${++people}`, first = `one time only ${name} 8`, password = `quite a long one ${name} 7`;
  const who = await person(server, name, rights, { password: first, ...options });
  const session = await enter(who.email, first);
  assert.equal(session.status, 200, session.text);
  const changed = await ask(session, 'POST', '/api/v1/account/password', { old: first, new: password });
  assert.ok(changed.status < 300, changed.text);
  return { ...who, password };
}

/** Tries of each side: each costs a hash. Every how many of them the rarer kinds of account have theirs; 1: always. */
const TRIES = Number(process.env.GUANXI_S50_TRIES ?? 100), RARELY = Number(process.env.GUANXI_S50_RARELY ?? 5);

test('S50 an account that is there and one that is not: one status, one text, one time', async () => {
  // five failures of one account are free: each is tried that often, so that none is locked
  const every = { known: 1, unknown: 1, disabled: RARELY, unset: RARELY }, password = 'a password nobody guesses 1';
  const accounts = (kind) => Array.from({ length: Math.ceil(TRIES / every[kind] / 5) }, (_, i) => `${kind}${i}@example.com`);
  await each(['known', 'disabled', 'unset'].flatMap((kind) => accounts(kind).map((email) => ({ kind, email }))), async ({ kind, email }) => {
    const { id } = await made(admin, 'user', { name: email, email, roles: [] });
    if (kind !== 'unset') assert.ok((await admin('POST', `/api/v1/user/${id}/password`, { password })).status < 300);
    if (kind === 'disabled') assert.ok((await admin('POST', `/api/v1/user/${id}/disable`, {})).status < 300);
  });
  const times = { known: [], unknown: [], disabled: [], unset: [] }, texts = new Set();
  for (let i = 0; i < TRIES; i++) {
    const now = Object.keys(every).filter((kind) => i % every[kind] === 0), turn = (i + Math.floor(i / RARELY)) % now.length;
    for (const kind of [...now.slice(turn), ...now.slice(0, turn)]) {
      const nth = i / every[kind], email = `${kind}${Math.floor(nth / 5)}@example.com`;
      const started = performance.now();
      // who has left may still know the password: no other answer for that
      const answer = await enter(email, kind === 'disabled' && nth % 2 ? password : `guess ${i} at random`);
      times[kind].push(performance.now() - started);
      texts.add(`${answer.status} ${bare(answer)} ${[...answer.headers.keys()].sort().join()}`);
    }
  }
  assert.equal(texts.size, 1, [...texts].join('\n'));
  for (const kind of ['known', 'disabled', 'unset']) {
    // few tries: their quickest quarter, which a busy machine moves less than the median
    const { difference, noise } = apart(times[kind], times.unknown.filter((_, i) => i % every[kind] === 0), every[kind] > 1 ? 0.25 : 0.5);
    const said = `${kind} − unknown: ${difference.toFixed(2)} ms, noise ${noise.toFixed(2)} ms, ${times[kind].length} tries each, median ${median(times.unknown).toFixed(1)} ms`;
    console.log(`# ${said}`);
    assert.ok(Math.abs(difference) < 2 * noise, said);
  }
});

test('S50 S51 the lock is the same for accounts that are there and that are not', async () => {
  const who = await somebody();
  const tries = async (email, address) => {
    const answers = [];
    for (let i = 0; i < 8; i++) answers.push(await enter(email, `guess ${i} again`, { address }));
    return answers.map((a) => `${a.status} ${a.body.code}`).join();
  };
  const home = await enter(who.email, who.password);
  const address = fresh(), known = await tries(who.email, address);
  // the right password does not open what is locked
  const right = await enter(who.email, who.password, { address });
  assert.equal(right.status, 429);
  assert.ok(Number(right.headers.get('retry-after')) >= 1);
  assert.equal(right.setCookie, null);
  // a stranger shuts nobody out: neither from elsewhere, nor from the same address in a browser that is known
  const device = /__Host-guanxi-device=[^;]+/.exec(home.setCookie)[0];
  const at = (cookie, password = who.password, email = who.email) => signIn(server.url, email, password, { headers: { 'X-Forwarded-For': address, Cookie: cookie } });
  assert.equal((await enter(who.email, who.password)).status, 200);
  assert.equal((await at(device)).status, 200);
  // the cookie is nobody else's, is not made by hand, and gives guesses no end either
  const other = await somebody(), [id, users, mac] = device.split('=')[1].split('.');
  const forged = [device, `__Host-guanxi-device=${id}.${other.id}.${mac}`, `__Host-guanxi-device=${id}.${users}-${other.id}.${mac}`, `__Host-guanxi-device=${id}.${users}.`, `__Host-guanxi-device=${'0'.repeat(32)}.${other.id}.${mac}`, '__Host-guanxi-device='];
  await burst(16, (i) => at(forged[i % forged.length], `burst ${i} of them`, other.email));
  await burst(16, (i) => at(device, `burst ${i} of them`));
  assert.equal(await tries('never-was@example.com', fresh()), known);
  assert.match(known, /429/);
  await audited(admin, 'action=denied&entity=user', (e) => e.record_id === who.id && JSON.stringify(e.diff).includes('sign_in_failed') && JSON.stringify(e.diff).includes('locked'), 'locked account');
  assert.ok((await admin('POST', `/api/v1/user/${who.id}/unlock`, {})).status < 300);
  assert.equal((await enter(who.email, who.password)).status, 200);
});

test('S51 a burst of guesses does not run past the lock, and unlocking asks who may', async () => {
  const who = await somebody(rightsOf('all'), { caps: ['users', 'assign', 'audit'] });
  const lesser = await person(server, 'lesser', { '*': { read: 'own' } }, { caps: ['users'] });
  const address = fresh();
  await burst(16, (i) => enter(who.email, `burst ${i} of them`, { address }));
  assert.equal((await enter(who.email, who.password, { address })).status, 429);
  // many addresses at one account: soon each has one try, and its owner still comes in from a new one
  await each(Array.from({ length: 60 }, (_, i) => i), (i) => enter(who.email, `spread ${i} of them`));
  const late = fresh();
  assert.deepEqual([(await enter(who.email, 'one more', { address: late })).status, (await enter(who.email, who.password, { address: late })).status], [401, 429]);
  assert.equal((await enter(who.email, who.password)).status, 200);
  // somebody who may do less cannot give themselves more guesses at it
  await unchanged(server.data, async () => assert.equal((await lesser.api('POST', `/api/v1/user/${who.id}/unlock`, {})).status, 403));
  await audited(admin, `action=denied&actor_id=${lesser.id}`, (e) => e.diff.route === '/api/v1/user/*/unlock', 'unlocking');
});

test('S51 an address is slowed down over all accounts, an IPv6 customer as one', async () => {
  const spray = async (where) => {
    let tried = 0;
    await each(Array.from({ length: 30 }, (_, i) => i), async (i) => {
      const answer = await enter(`spray${i}@example.com`, 'spring 2026 is here', { address: where(i) });
      assert.ok([401, 429].includes(answer.status), `${answer.status}`);
      tried += answer.status === 401;
    });
    return tried;
  };
  const four = await spray(() => '203.0.113.7');
  assert.ok(four >= 20 && four <= 24, `${four} of 30 from one address were tried`);
  assert.equal((await enter('spray99@example.com', 'x y z', { address: '203.0.113.8' })).status, 401, 'another address is free');
  const six = await spray((i) => `2001:db8:1:2:${(i * 1919).toString(16)}::${i + 1}`);
  assert.ok(six >= 20 && six <= 24, `${six} of 30 from one /64 were tried`);
  assert.equal((await enter('spray99@example.com', 'x y z', { address: '2001:db8:1:3::1' })).status, 401, 'another /64 is free');
});

test('S51 tokens, old passwords and codes are ways in too', async () => {
  const address = '203.0.113.50';
  let refused = 0;
  for (let i = 0; i < 60 && !refused; i++) refused = (await client(server.url, `gx_${1000 + i}_${'A'.repeat(43)}`)('GET', '/api/v1/tag', undefined, { 'X-Forwarded-For': address })).status === 429 ? i : 0;
  for (let i = 0; i < 30 && !refused; i++) {
    await sleep(100); // wrong tokens are counted a moment later
    refused = (await client(server.url, `gx_9${i}_${'A'.repeat(43)}`)('GET', '/api/v1/tag', undefined, { 'X-Forwarded-For': address })).status === 429 ? 60 + i : 0;
  }
  assert.ok(refused > 0, 'tokens can be guessed without end');
  const who = await somebody();
  const session = await enter(who.email, who.password);
  let slowed = 0;
  for (let i = 0; i < 10 && !slowed; i++) slowed = (await ask(session, 'POST', '/api/v1/account/password', { old: `wrong ${i} one`, new: 'something else entirely 5' })).status === 429 ? i : 0;
  assert.ok(slowed >= 5, `old passwords: ${slowed}`);
});

const base32 = (text) => Buffer.from([...text].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('').match(/.{8}/g).map((b) => parseInt(b, 2)));
function totp(secret, shift = 0) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + shift));
  const hash = createHmac('sha1', base32(secret)).update(counter).digest(), at = hash[19] & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1000000).padStart(6, '0');
}

test('S57 the second factor: once only, rate limited, not passed by, not reset away', async () => {
  const who = await somebody(rightsOf('own'), { caps: ['tokens'] });
  const session = await enter(who.email, who.password);
  const { secret } = (await ask(session, 'POST', '/api/v1/account/totp', {})).body;
  assert.equal((await ask(session, 'POST', '/api/v1/account/totp/confirm', { code: '000000' })).status >= 400, true);
  const confirmed = await ask(session, 'POST', '/api/v1/account/totp/confirm', { code: totp(secret) });
  assert.equal(confirmed.status, 200, confirmed.text);
  const codes = confirmed.body.recovery_codes;
  const half = await enter(who.email, who.password);
  assert.deepEqual([half.status, half.body.code, half.setCookie], [401, 'code_needed', null]);
  // the half that is right opens nothing
  assert.equal((await client(server.url)('GET', '/api/v1/customer', undefined, { Cookie: half.cookie })).status, 401);
  const used = totp(secret, 1); // the next one is taken too; the one that confirmed is not
  assert.equal((await enter(who.email, who.password, { code: totp(secret, 5) })).status, 401);
  assert.equal((await enter(who.email, who.password, { code: used })).status, 200);
  assert.equal((await enter(who.email, who.password, { code: used })).status, 401, 'a code is right once');
  assert.equal((await enter(who.email, who.password, { code: totp(secret) })).status, 401, 'an older one is not right any more');
  assert.equal((await enter(who.email, who.password, { code: codes[0].toUpperCase() })).status, 200, 'a recovery code');
  assert.equal((await enter(who.email, who.password, { code: codes[0] })).status, 401, 'a recovery code is right once');
  // a wrong password with a right code says no more than a wrong password
  assert.equal((await enter(who.email, 'wrong one this is', { code: codes[1] })).body.code, 'sign_in_failed');
  assert.ok((await admin('POST', `/api/v1/user/${who.id}/unlock`, {})).status < 300);
  // taking it away needs password and code
  for (const body of [{}, { password: who.password }, { code: codes[2] }, { password: who.password, code: '123456' }, { password: 'wrong one this is', code: codes[2] }])
    assert.ok((await ask(session, 'DELETE', '/api/v1/account/totp', body)).status >= 400, JSON.stringify(body));
  assert.equal((await ask(session, 'POST', '/api/v1/account/totp', {})).status, 409, 'no second secret beside it');
  // a password set by an administrator is no way round it
  await admin('POST', `/api/v1/user/${who.id}/unlock`, {});
  await admin('POST', `/api/v1/user/${who.id}/password`, { password: 'set by somebody else 9' });
  const reset = await enter(who.email, 'set by somebody else 9');
  assert.deepEqual([reset.status, reset.body.code], [401, 'code_needed']);
  // from wherever, and all at once
  await burst(16, (i) => enter(who.email, 'set by somebody else 9', { code: String(100000 + i) }));
  // and at taking the second factor away
  await admin('POST', `/api/v1/user/${who.id}/unlock`, {});
  const back = await enter(who.email, 'set by somebody else 9', { code: codes[4] });
  assert.equal(back.status, 200, back.text);
  const set = await ask(back, 'POST', '/api/v1/account/password', { old: 'set by somebody else 9', new: who.password });
  assert.equal(set.status, 200, set.text);
  const now = { cookie: set.headers.get('set-cookie').split(';')[0], body: set.body };
  await burst(16, (i) => ask(now, 'DELETE', '/api/v1/account/totp', { password: who.password, code: String(200000 + i) }), 422);
  // neither secret nor codes stand anywhere in plain
  const kept = sql(server.data, 'SELECT * FROM access_totp;').concat(sql(server.data, 'SELECT * FROM access_recovery;')).join('\n');
  for (const text of [secret, ...codes, codes[3].replaceAll('-', '')]) assert.ok(!kept.includes(text));
});

test('S52 whoever must change the password reaches no record before; links are not made of Host', async () => {
  const who = await person(server, 'mustchange', rightsOf('all'), { password: 'set for the first time 3', caps: ['users', 'audit'] });
  const session = await enter(who.email, 'set for the first time 3');
  assert.equal(session.status, 200);
  await unchanged(server.data, async () => {
    for (const r of routes.filter((x) => !/^\/(healthz|metrics)$|^\/[uf]\/|\/session$|\/account(\/(password|sessions.*|totp.*))?$|\/events$/.test(x.path))) {
      const answer = await ask(session, r.method, r.path.replace('/{p1}/export', '/customer/export').replace(/\{\w+\}/g, '17') + (['PATCH', 'DELETE'].includes(r.method) && !r.path.includes('{') ? '?id=gt.0' : ''), r.method === 'GET' || r.method === 'DELETE' ? undefined : { name: 'x' });
      // one's own affairs, the words of the program and the name of the firm may be read; nothing else answers
      const own = r.method === 'GET' && /\/(account\/\w+|meta|settings|openapi\.json|search|titles|changes|import\/presets|notices\/unread|approvals\/counts|approvals)$/.test(r.path);
      const empty = r.method === 'GET' && Array.isArray(answer.body) && answer.body.length === 0;
      assert.ok((answer.status >= 400 && answer.status < 500) || own || empty, `${r.method} ${r.path}: ${answer.status} ${answer.text.slice(0, 100)}`);
    }
  });
  assert.equal((await ask(session, 'POST', '/api/v1/account/password', { old: 'set for the first time 3', new: 'set for the first time 3' })).status >= 400, true, 'the same again');
  for (const headers of [{ 'X-Forwarded-Host': 'evil.example' }, { 'X-Host': 'evil.example' }, { Forwarded: 'host=evil.example' }, { 'X-Forwarded-Server': 'evil.example' }, { 'X-Original-URL': '/evil.example' }]) {
    for (const [method, path, body] of [['GET', '/api/v1/openapi.json'], ['GET', '/api/v1/account'], ['GET', '/'], ['POST', '/api/v1/tag', { name: `t${++people}` }]]) {
      const answer = await admin(method, path, body, headers);
      assert.ok(!answer.text.includes('evil.example') && ![...answer.headers].some(([, v]) => v.includes('evil.example')), `${path} ${JSON.stringify(headers)}`);
    }
  }
  // a one-time password made by the program: long, said once, kept as a hash
  const one = await admin('POST', `/api/v1/user/${who.id}/password`, {});
  assert.ok(one.body.password.length >= 20);
  assert.ok(!(await admin('GET', '/api/v1/audit?limit=500')).text.includes(one.body.password) && !server.log().includes(one.body.password));
  assert.equal((await ask(session, 'GET', '/api/v1/session')).status, 401, 'the old session is gone');
});

test('S53 sessions: fresh id, dead when signed out, disabled, changed, ended; each in the list', async () => {
  const who = await somebody();
  const planted = await signIn(server.url, who.email, who.password, { headers: { Cookie: `__Host-guanxi=${'A'.repeat(43)}`, 'X-Forwarded-For': fresh() } });
  assert.ok(planted.status === 200 && !planted.cookie.includes('A'.repeat(43)));
  const one = await enter(who.email, who.password), two = await enter(who.email, who.password), three = await enter(who.email, who.password);
  // signing in on top of a session ends it
  const again = await signIn(server.url, who.email, who.password, { headers: { Cookie: one.cookie, 'X-Forwarded-For': fresh() } });
  assert.equal((await ask(one, 'GET', '/api/v1/session')).status, 401);
  const list = (await ask(two, 'GET', '/api/v1/account/sessions')).body.rows;
  assert.equal(list.length, 5, 'the first, planted, two, three, again');
  assert.ok(!JSON.stringify(list).includes(two.cookie.split('=')[1]));
  const other = await somebody();
  const foreign = (await ask(await enter(other.email, other.password), 'GET', '/api/v1/account/sessions')).body.rows[0].id;
  assert.ok((await ask(two, 'DELETE', `/api/v1/account/sessions/${foreign}`)).status >= 400, 'somebody else\'s session');
  assert.ok((await ask(two, 'DELETE', '/api/v1/account/sessions')).status < 300);
  for (const dead of [three, again, planted]) assert.equal((await ask(dead, 'GET', '/api/v1/session')).status, 401);
  assert.equal((await ask(two, 'GET', '/api/v1/session')).status, 200);
  assert.ok((await ask(two, 'DELETE', '/api/v1/session')).status < 300);
  assert.equal((await ask(two, 'GET', '/api/v1/session')).status, 401);
  for (const end of [() => admin('POST', `/api/v1/user/${who.id}/disable`, {}), () => admin('DELETE', `/api/v1/user/${who.id}/sessions`), () => admin('POST', `/api/v1/user/${who.id}/password`, {})]) {
    await admin('POST', `/api/v1/user/${who.id}/enable`, {});
    const s = await enter(who.email, who.password);
    assert.equal(s.status, 200, s.text);
    assert.ok((await end()).status < 300);
    assert.equal((await ask(s, 'GET', '/api/v1/session')).status, 401);
  }
  // only hashes are kept
  const kept = sql(server.data, 'SELECT hash FROM access_session;').join('\n');
  assert.match(kept, /^[0-9a-f]{64}$/m);
  assert.ok(!kept.includes(two.cookie.split('=')[1]));
});

test('S54 cookies, tokens and CSRF tokens: every change of one is refused, and so is another\'s', async () => {
  const who = await somebody(rightsOf('own'), { caps: ['tokens'] }), other = await somebody();
  const session = await enter(who.email, who.password), foreign = await enter(other.email, other.password);
  const value = session.cookie.split('=')[1];
  const flip = (text, i) => text.slice(0, i) + (text[i] === 'A' ? 'B' : 'A') + text.slice(i + 1);
  const forged = [...Array.from({ length: value.length - 1 }, (_, i) => flip(value, i)), '', value.slice(1), `${value}A`, value.toUpperCase(), `${value}%00`, `"${value}"`, value.split('').reverse().join(''), 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.', Buffer.from('{"user":1}').toString('base64url')];
  for (const v of forged.filter((x) => x !== value)) assert.equal((await client(server.url)('GET', '/api/v1/tag', undefined, { Cookie: `__Host-guanxi=${v}`, 'X-Forwarded-For': fresh() })).status, 401, v);
  for (const name of ['guanxi', '__Secure-guanxi', '__host-guanxi', '__Host-guanxi2', ' __Host-guanxi']) if (name.trim() !== '__Host-guanxi') assert.equal((await client(server.url)('GET', '/api/v1/tag', undefined, { Cookie: `${name}=${value}` })).status, 401, name);
  await unchanged(server.data, async () => {
    for (const csrf of [foreign.body.csrf, '', flip(session.body.csrf, 5), session.body.csrf.slice(2), value])
      assert.deepEqual(await ask(session, 'POST', '/api/v1/customer', { name: 'forged' }, { 'X-CSRF-Token': csrf }).then((a) => [a.status, a.body.errors[0].key]), [403, 'csrf'], csrf);
  });
  const right = await ask(session, 'POST', '/api/v1/customer', { name: 'not forged' }, { Prefer: 'return=representation' });
  assert.equal(right.status, 201, `the same with the right one: ${right.text}`);
  assert.equal((await ask(session, 'DELETE', `/api/v1/customer/${right.body[0].id}`)).status, 204);
  // narrowed, empty, expired and revoked tokens
  const role = await made(admin, 'role', { name: 'only tags', rights: { tag: { read: 'all' } }, caps: [] });
  const token = async (body) => (await ask(session, 'POST', '/api/v1/account/tokens', { name: 't', ...body })).body;
  const own = (await made(admin, 'customer', { name: 'mine', owner_id: who.id })).id;
  const whole = await token({}), narrow = await token({ roles: [role.id] }), empty = await token({ roles: [] }), until = Date.now() + 4000, expires_at = new Date(until).toISOString(), short = await token({ expires_at }), unused = await token({ expires_at });
  const as = (t) => client(server.url, t.token);
  assert.equal((await as(whole)('GET', `/api/v1/customer/${own}`)).status, 200);
  for (const t of [narrow, empty]) assert.ok([403, 404].includes((await as(t)('GET', `/api/v1/customer/${own}`)).status), 'a narrowed token reads what its roles do not give');
  assert.ok([403, 404].includes((await as(narrow)('GET', '/api/v1/customer')).status) || (await as(narrow)('GET', '/api/v1/customer')).body.length === 0);
  // a role wider than the person gives nothing more
  const wide = await made(admin, 'role', { name: 'wide', rights: rightsOf('all'), caps: ['admin', 'users', 'audit'] });
  const widened = await token({ roles: [wide.id] });
  if (widened.token) for (const path of ['audit', 'user/1/rights', `customer?select=id`]) {
    const answer = await as(widened)('GET', `/api/v1/${path}`);
    assert.ok(answer.status >= 400 || answer.body.every?.((r) => r.id === own), `${path}: ${answer.text.slice(0, 100)}`);
  }
  // a token is not a person: it makes no tokens, changes no password, sees no sessions
  await unchanged(server.data, async () => {
    for (const [method, path, body] of [['POST', 'account/tokens', { name: 'more' }], ['POST', 'account/password', { old: who.password, new: 'another long one 77' }], ['GET', 'account/sessions'], ['DELETE', 'account/sessions'], ['POST', 'account/totp', {}], ['GET', 'session'], ['PATCH', 'account', { name: 'x' }]])
      assert.ok([401, 403].includes((await as(whole)(method, `/api/v1/${path}`, body)).status), `${method} ${path}`);
  });
  assert.equal((await as(short)('GET', `/api/v1/customer/${own}`)).status, 200);
  await sleep(until - Date.now() + 200);
  assert.equal((await as(short)('GET', `/api/v1/customer/${own}`)).status, 401, 'an expired token');
  assert.equal((await as(unused)('GET', `/api/v1/customer/${own}`)).status, 401, 'one that nobody has used before it expired');
  assert.ok((await ask(session, 'DELETE', `/api/v1/account/tokens/${whole.id}`)).status < 300);
  assert.equal((await as(whole)('GET', `/api/v1/customer/${own}`)).status, 401, 'a revoked token');
  for (let i = 0; i < whole.token.length; i += 3) assert.ok([401, 429].includes((await client(server.url, flip(narrow.token, i))('GET', '/api/v1/tag', undefined, { 'X-Forwarded-For': fresh() })).status), `token changed at ${i}`);
  const kept = sql(server.data, 'SELECT secret_hash FROM token;').join('\n');
  // its secret may hold an underscore too
  assert.ok(!kept.includes(narrow.token.replace(/^gx_\d+_/, '')));
});

test('S55 behind a proxy the address is what the proxy says, not what the client wrote before it', async () => {
  const who = await somebody();
  const address = async (header) => {
    const s = await signIn(server.url, who.email, who.password, { headers: { 'X-Forwarded-For': header } });
    assert.equal(s.status, 200, s.text);
    return (await ask(s, 'GET', '/api/v1/account/sessions')).body.rows.find((r) => r.current)?.address;
  };
  assert.equal(await address('198.51.100.9'), '198.51.100.9');
  assert.equal(await address('1.2.3.4, 198.51.100.9'), '198.51.100.9', 'the client\'s own words count');
  assert.equal(await address('127.0.0.1, 198.51.100.9'), '198.51.100.9');
  for (const bad of ['nonsense', '198.51.100.9, nonsense', '', '999.1.1.1', `${'1.1.1.1, '.repeat(200)}x`]) assert.equal(await address(bad), '127.0.0.1', bad.slice(0, 30));
  assert.equal((await client(server.url)('GET', '/metrics', undefined, { 'X-Forwarded-For': '127.0.0.1' })).status, 401);
});

test('S58 passwords: length, common ones, whole, Argon2id; never in answers or the log', async () => {
  const who = await somebody();
  const session = await enter(who.email, who.password);
  const before = rows(server.data).user;
  const refused = { // each for the reason that is meant, and not for another
    password_short: ['kV8-qfx', '床前明月光疑是'], // seven signs, though the second has 21 bytes
    password_common: ['password', 'Password1!', '12345678', 'qwertyuiop', 'iloveyou1', 'abcabcabcabc', '88888888', '20000101', 'woaini1314', 'p@ssw0rd', 'letmein123'],
    password_personal: [who.email, `${who.name} 1`],
  };
  for (const [why, list] of Object.entries(refused))
    for (const bad of list) {
      const answer = await ask(session, 'POST', '/api/v1/account/password', { old: who.password, new: bad });
      assert.deepEqual([answer.status, answer.body.errors?.map((e) => [e.field, e.key])], [422, [['new', why]]], `${bad}: ${answer.text}`);
    }
  for (const bad of ['', 'x'.repeat(2000), '\ud800aaaaaaaaaaa'])
    assert.ok((await ask(session, 'POST', '/api/v1/account/password', { old: who.password, new: bad })).status >= 400, `${bad.slice(0, 20)} was taken`);
  assert.equal(rows(server.data).user, before);
  // eight signs are enough
  const short = await somebody();
  assert.ok((await ask(await enter(short.email, short.password), 'POST', '/api/v1/account/password', { old: short.password, new: 'kV8-qfx7' })).status < 300);
  assert.equal((await enter(short.email, 'kV8-qfx7')).status, 200);
  const long = `${'Ein sehr langer Satz, den niemand rät. '.repeat(3)}关系 1`;
  const changed = await ask(session, 'POST', '/api/v1/account/password', { old: who.password, new: long });
  assert.ok(changed.status < 300, changed.text);
  for (const cut of [long.slice(0, 64), long.slice(0, 72), long.slice(0, -1), long.toLowerCase()]) assert.equal((await enter(who.email, cut)).status, 401, `${cut.length} signs are enough`);
  assert.equal((await enter(who.email, long)).status, 200);
  for (const hash of sql(server.data, 'SELECT password_hash FROM "user" WHERE password_hash IS NOT NULL;')) assert.match(hash, /^\$argon2id\$v=19\$m=65536,t=\d+,p=\d+\$/);
  assert.ok(!server.log().includes(who.password) && !server.log().includes(long.slice(0, 30)) && !server.log().includes(adminPassword));
  assert.equal((await enter(adminEmail, adminPassword)).status, 200);
});
