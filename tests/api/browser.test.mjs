// S23 S24 S25 S55: what a browser could be made to do for somebody else, and what our
// headers tell it.  Every route that changes something is taken from the OpenAPI document.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { audited, each, made, person, raw, rightsOf, signIn, unchanged } from '../lib/attack.mjs';
import { adminEmail, adminPassword, client, long, start } from '../lib/server.mjs';

let server, admin, me, other, routes, customer;
before(async () => {
  server = await start();
  admin = server.api;
  customer = (await made(admin, 'customer', { name: 'kept' })).id;
  me = await signIn(server.url, adminEmail, adminPassword);
  assert.equal(me.status, 200);
  const who = await person(server, 'other', rightsOf('own'), { password: 'first long password 1' });
  other = await signIn(server.url, who.email, 'first long password 1');
  const api = (await admin('GET', '/api/v1/openapi.json')).body;
  routes = Object.entries(api.paths).flatMap(([path, item]) => ['get', 'post', 'put', 'patch', 'delete'].filter((m) => m in item).map((m) => ({ method: m.toUpperCase(), path })));
});
after(() => server?.close());

const fill = (r) => r.path.replace('/{p1}/export', '/customer/export').replace(/\{\w+\}/g, customer) + (['PATCH', 'DELETE'].includes(r.method) && !r.path.includes('{') ? '?id=gt.0' : r.path.endsWith('/file') ? `?name=forged.txt&entity=customer&record_id=${customer}` : r.path.endsWith('/import') ? '?name=forged.csv' : '');
const forge = (r, headers, body = '{"name":"forged"}', query = '') => fetch(server.url + fill(r) + (query && (fill(r).includes('?') ? '&' : '?') + query), { method: r.method, headers: { Cookie: me.cookie, 'Content-Type': 'application/json', ...headers }, body, redirect: 'manual' });
/** What anybody may ask without a session: it goes by what the body knows, not by the cookie. */
const forAnybody = ['/api/v1/session', '/api/v1/invitation/look', '/api/v1/invitation/accept'];
/** Pages behind a signed link, and forms for anybody, read no cookie at all: consent.test.mjs, webforms.test.mjs. */
const byLink = (r) => /^\/[uf]\//.test(r.path);
const changing = () => routes.filter((r) => r.method !== 'GET' && !forAnybody.includes(r.path) && !byLink(r));

test('S23 with the cookie alone nothing is changed, by any route, from anywhere, in any kind of body', async () => {
  const right = { 'X-CSRF-Token': me.body.csrf };
  const ways = { // each route has five entries a minute in the audit trail: both kinds come early
    'cross-site': [{ ...right, 'Sec-Fetch-Site': 'cross-site' }], 'no token': [{}], 'an empty token': [{ 'X-CSRF-Token': '' }], 'a wrong token': [{ 'X-CSRF-Token': 'A'.repeat(me.body.csrf.length) }], 'somebody else\'s token': [{ 'X-CSRF-Token': other.body.csrf }],
    'text/plain': [{ 'Content-Type': 'text/plain' }], 'a form': [{ 'Content-Type': 'application/x-www-form-urlencoded' }, `csrf=${me.body.csrf}&name=forged`], 'multipart': [{ 'Content-Type': 'multipart/form-data; boundary=x' }, `--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n${me.body.csrf}\r\n--x--\r\n`],
    'the token in the query': [{}, '{}', `csrf=${me.body.csrf}`], 'a foreign origin': [{ ...right, Origin: 'https://evil.example' }], 'no origin at all': [{ ...right, Origin: 'null' }], 'our name in a foreign origin': [{ ...right, Origin: `https://127.0.0.1.evil.example` }], 'another port': [{ ...right, Origin: 'http://127.0.0.1:1' }],
    'same-site': [{ ...right, 'Sec-Fetch-Site': 'same-site' }],
  };
  await unchanged(server.data, async () => {
    // hundreds of routes: the two plainest ways at each, the others at every third
    for (const [at, r] of changing().entries())
      await each(Object.entries(ways).filter((_, nth) => long || nth < 2 || (nth + at) % 3 === 0), async ([what, [headers, body, query]]) => {
        const answer = await forge(r, headers, body, query);
        assert.equal(answer.status, 403, `${r.method} ${r.path} with ${what}: ${answer.status} ${(await answer.text()).slice(0, 200)}`);
      });
    // and by a method that claims to be another
    for (const headers of [{ 'X-HTTP-Method-Override': 'DELETE' }, { 'X-HTTP-Method': 'DELETE' }, { 'X-Method-Override': 'DELETE' }]) await fetch(`${server.url}/api/v1/customer/${customer}?_method=DELETE`, { headers: { Cookie: me.cookie, ...headers } });
  }, 'a forged request');
  await audited(admin, 'action=denied', (e) => e.diff.why === 'csrf' && e.actor.id, 'a forged request');
  await audited(admin, 'action=denied', (e) => e.diff.why === 'cross_site' && e.actor.id, 'a request from another site');
  // the right token from our own page works, so the refusals above are not for another reason
  for (const headers of [right, { ...right, Origin: server.url, 'Sec-Fetch-Site': 'same-origin' }]) assert.equal((await forge({ method: 'POST', path: '/api/v1/tag' }, headers, JSON.stringify({ name: `t${Object.keys(headers).length}` }))).status, 201);
});

test('S23 signing somebody in or out from elsewhere does not work', async () => {
  for (const headers of [{ Origin: 'https://evil.example' }, { 'Sec-Fetch-Site': 'cross-site' }]) {
    const answer = await signIn(server.url, adminEmail, adminPassword, { headers });
    assert.deepEqual([answer.status, answer.setCookie], [403, null]);
    for (const path of forAnybody.slice(1)) assert.equal((await forge({ method: 'POST', path }, headers, '{"token":"x","password":"y"}')).status, 403, path);
  }
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
    const answer = await signIn(server.url, adminEmail, adminPassword, { headers: { 'Content-Type': type } });
    assert.ok(answer.status >= 400 && !answer.setCookie, `${type}: ${answer.status}`);
  }
  const out = await fetch(`${server.url}/api/v1/session`, { method: 'DELETE', headers: { Cookie: me.cookie } });
  assert.equal(out.status, 403);
  assert.equal((await fetch(`${server.url}/api/v1/session`, { headers: { Cookie: me.cookie } })).status, 200);
});

test('S23 reading changes nothing: every GET route, with a body and with words of change', async () => {
  await unchanged(server.data, async () => {
    for (const r of routes.filter((x) => x.method === 'GET' && x.path !== '/api/v1/events')) {
      const path = fill(r);
      for (const query of ['', 'name=forged&_method=DELETE', 'delete=1&confirm=1']) await (await fetch(`${server.url}${path}${query && (path.includes('?') ? '&' : '?') + query}`, { headers: { Cookie: me.cookie } })).text();
    }
  }, 'a GET');
});

const apiPolicy = /^default-src 'none'; frame-ancestors 'none'/;
test('S24 headers on every kind of answer', async () => {
  const answers = { page: ['/'], 'a deep page': ['/customer/17'], 'a missing asset': ['/nothing/here.js'], list: ['/api/v1/customer'], record: [`/api/v1/customer/${customer}`], 'not found': ['/api/v1/customer/1'], 'no such thing': ['/api/v1/nothing'], 'bad query': ['/api/v1/customer?limit=x'], account: ['/api/v1/account'], export: ['/api/v1/customer/export?format=csv'], xlsx: ['/api/v1/customer/export?format=xlsx'], meta: ['/api/v1/meta'], document: ['/api/v1/openapi.json'], health: ['/healthz'], metrics: ['/metrics'], audit: ['/api/v1/audit'], search: ['/api/v1/search?q=kept'], 'wrong method': ['/api/v1/audit', 'DELETE'], refused: [`/api/v1/customer/${customer}`, 'DELETE'] };
  for (const [what, [path, method = 'GET']] of Object.entries(answers))
    for (const cookie of [me.cookie, null]) {
      const answer = await fetch(server.url + path, { method, headers: { ...(cookie ? { Cookie: cookie } : {}), Origin: method === 'GET' ? 'https://evil.example' : server.url } });
      const get = (name) => answer.headers.get(name);
      const text = await answer.text();
      const page = /html/.test(get('content-type') ?? '');
      const csp = get('content-security-policy') ?? '';
      assert.equal(get('x-content-type-options'), 'nosniff', what);
      assert.match(csp, /frame-ancestors 'none'/, `${what}: ${csp}`);
      if (page) {
        assert.match(csp, /default-src 'self'|default-src 'none'/, csp);
        assert.ok(!/unsafe-eval|script-src[^;]*(unsafe-inline|\*|data:|https?:)/.test(csp) && /object-src 'none'|default-src 'none'/.test(csp) && /base-uri/.test(csp) && /form-action/.test(csp), csp);
        for (const script of text.match(/<script[^>]*>/g) ?? []) assert.match(script, /src="\/[^/"]/, script);
        assert.ok(!/ on\w+=|javascript:/.test(text.replace(/<script[\s\S]*?<\/script>/g, '')));
      } else assert.match(csp, apiPolicy, `${what}: ${csp}`);
      assert.match(get('referrer-policy') ?? '', /no-referrer|same-origin|strict-origin/, what);
      for (const name of ['access-control-allow-origin', 'access-control-allow-credentials', 'access-control-allow-headers']) assert.equal(get(name), null, `${what}: ${name}`);
      if (path.startsWith('/api/') && answer.status === 200) assert.match(get('cache-control') ?? '', /meta$|openapi/.test(path) ? /private, no-cache/ : /no-store/, what);
      for (const name of ['server', 'x-powered-by', 'via']) assert.ok(!/\d|micro|guanxi|sqlite|postgres/i.test(get(name) ?? ''), `${what}: ${name}`);
      assert.equal(get('set-cookie'), null, what);
    }
  for (const part of [/^__Host-guanxi=/, /; Secure/, /; HttpOnly/, /; SameSite=(Strict|Lax)/, /; Path=\/(;|$)/]) assert.match(me.setCookie, part);
  assert.ok(!/Domain=/i.test(me.setCookie));
  const preflight = await raw(server.url, 'OPTIONS /api/v1/customer HTTP/1.1\r\nHost: x\r\nOrigin: https://evil.example\r\nAccess-Control-Request-Method: DELETE\r\nAccess-Control-Request-Headers: x-csrf-token\r\nConnection: close\r\n\r\n');
  assert.ok(!/access-control-allow/i.test(preflight.text), preflight.text.slice(0, 300));
});

test('S25 no answer leads elsewhere, whatever it is asked to', async () => {
  const corpus = ['https://evil.example', '//evil.example', '/\\evil.example', '\\\\evil.example', '/%2f%2fevil.example', 'https:evil.example', '/.evil.example', 'javascript:alert(1)', 'data:text/html,x', '%0d%0aLocation:%20https://evil.example', 'https://127.0.0.1@evil.example', '///evil.example', '/%5cevil.example', 'http:\\\\evil.example'];
  const names = ['next', 'return', 'return_to', 'returnTo', 'redirect', 'redirect_uri', 'url', 'to', 'continue', 'goto', 'dest', 'r', 'u', 'service'];
  for (const target of corpus) {
    for (const name of names) for (const path of ['/', '/api/v1/session', `/api/v1/attachment/${customer}/content`]) {
      const answer = await fetch(`${server.url}${path}?${name}=${target.includes('%') ? target : encodeURIComponent(target)}`, { redirect: 'manual', headers: { Cookie: me.cookie } });
      assert.ok(answer.status < 300 || answer.status >= 400, `${path}?${name}=${target}: ${answer.status}`);
      for (const header of ['location', 'refresh', 'link', 'content-location']) assert.ok(!/evil\.example/.test(answer.headers.get(header) ?? ''), `${header}: ${target}`);
    }
    const path = await raw(server.url, `GET /${target.replace(/[\r\n ]/g, '')} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`);
    const head = path.text.split('\r\n\r\n')[0];
    assert.ok(!/\r\n(location|refresh):/i.test(head) && !/evil\.example/.test(head), `${target}: ${head}`);
  }
});

test('S55 without a proxy nobody\'s word about who or where they are counts', async () => {
  for (const name of ['X-Remote-User', 'X-Forwarded-User', 'Remote-User', 'X-User-Id', 'X-Authenticated-User', 'X-Forwarded-Email', 'X-Auth-Request-User', 'X-SSL-Client-Verify', 'X-Original-User'])
    for (const value of [adminEmail, 'admin', '1']) assert.equal((await client(server.url)('GET', '/api/v1/customer', undefined, { [name]: value })).status, 401, name);
  assert.equal((await client(server.url)('GET', '/api/v1/customer', undefined, { Authorization: `Basic ${btoa(`${adminEmail}:${adminPassword}`)}` })).status, 401);
  for (const header of [{ 'X-Forwarded-For': '198.51.100.9' }, { Forwarded: 'for=198.51.100.9' }, { 'X-Real-IP': '198.51.100.9' }, { 'True-Client-IP': '198.51.100.9' }, { 'CF-Connecting-IP': '198.51.100.9' }]) {
    const session = await signIn(server.url, adminEmail, adminPassword, { headers: header });
    const list = await (await fetch(`${server.url}/api/v1/account/sessions`, { headers: { Cookie: session.cookie } })).json();
    assert.equal(list.rows.find((r) => r.current).address, '127.0.0.1', Object.keys(header)[0]);
  }
  // Host is only compared, and another one is another site
  const answer = await raw(server.url, `POST /api/v1/tag HTTP/1.1\r\nHost: evil.example\r\nOrigin: ${server.url}\r\nCookie: ${me.cookie}\r\nX-CSRF-Token: ${me.body.csrf}\r\nContent-Type: application/json\r\nContent-Length: 12\r\nConnection: close\r\n\r\n{"name":"x"}`);
  assert.equal(answer.status, 403);
});
