// Values at the edge of what a number, a header or a right can say: answered in words, never stumbled over, telling nothing.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { client, guanxi, start } from '../lib/server.mjs';

let server, api, plain;
const rows = { Prefer: 'return=representation' };

before(async () => {
  server = await start();
  api = server.api;
  plain = client(server.url, null);
});
after(() => server?.close());

test('numbers at the edge are answered, not stumbled over', async () => {
  for (const range of ['0-9223372036854775807', '5-9223372036854775807', '9223372036854775807-9223372036854775807', '0-99999999999999999999'])
    for (const path of ['/api/v1/customer', '/api/v1/customer?limit=9223372036854775807', '/api/v1/customer?offset=9223372036854775807']) {
      const answer = await api('GET', path, undefined, { Range: range });
      assert.ok(answer.status < 500, `${path} ${range}: ${answer.status} ${answer.text}`);
    }
  const many = await api('GET', '/api/v1/customer?select=id', undefined, { Range: '0-9223372036854775807' });
  assert.ok([200, 206].includes(many.status) && Array.isArray(many.body), many.text);
});

test('a sum that no number holds is refused in words', async () => {
  const most = '9000000000000000.00';
  for (const sku of ['huge-1', 'huge-2', 'huge-3', 'huge-4', 'huge-5', 'huge-6', 'huge-7', 'huge-8', 'huge-9', 'huge-10', 'huge-11', 'huge-12'])
    assert.equal((await api('POST', '/api/v1/product', { sku, name: 'Huge', price: most })).status, 201);
  for (const select of ['currency,price.sum()', 'currency,price.avg()', 'name,currency,price.sum()']) {
    const answer = await api('GET', `/api/v1/product?select=${select}`);
    assert.equal(answer.status, 422, `${select}: ${answer.status} ${answer.text}`);
    assert.match(answer.text, /too large/);
  }
  assert.equal((await api('GET', '/api/v1/product?select=sku,price')).status, 200);
});

test('figures of the program are not for whoever comes through a proxy', async () => {
  assert.equal((await plain('GET', '/metrics')).status, 200);
  for (const header of ['X-Forwarded-For', 'Forwarded', 'X-Real-IP', 'Via', 'X-Forwarded-Host', 'X-Forwarded-Proto', 'X-Client-IP', 'True-Client-IP', 'CF-Connecting-IP']) {
    const answer = await plain('GET', '/metrics', undefined, { [header]: '192.0.2.7' });
    assert.ok([401, 403].includes(answer.status), `${header}: ${answer.status}`);
  }
});

test('of several entity tags one has to be the record\'s', async () => {
  const made = (await api('POST', '/api/v1/customer', { name: 'Tagged' }, { Prefer: 'return=representation' })).body[0];
  const path = `/api/v1/customer/${made.id}`;
  assert.equal((await api('PATCH', path, { city: 'A' }, { 'If-Match': '"v8", "v9" , "else"' })).status, 412);
  assert.equal((await api('PATCH', path, { city: 'B' }, { 'If-Match': '"v7","v1"' })).status, 200);
  assert.equal((await api('PATCH', path, { city: 'C' }, { 'If-Match': 'W/"v2", "v9"' })).status, 200);
  const tag = `/api/v1/tag/${(await api('POST', '/api/v1/tag', { name: 'Tagged' }, rows)).body[0].id}`;
  const etag = (await api('GET', tag)).headers.get('etag');
  for (const list of [`"v9", ${etag}`, `W/${etag.replace('W/', '')} , "v9"`, '*'])
    assert.equal((await api('GET', tag, undefined, { 'If-None-Match': list })).status, 304, list);
  assert.equal((await api('GET', tag, undefined, { 'If-None-Match': '"v8", "v9"' })).status, 200);
  assert.equal((await api('GET', path)).body[0]?.city ?? (await api('GET', path)).body.city, 'C');
});

test('an upsert tells of a record of others no more than a plain creation does', async () => {
  const role = (await api('POST', '/api/v1/role', { name: 'own', rights: { customer: { read: 'own', create: 'own', update: 'own' } }, caps: [] }, rows)).body[0];
  await api('POST', '/api/v1/user', { name: 'Sam', email: 'sam@example.com', roles: [role.id] }, rows);
  const sam = client(server.url, guanxi(['token', 'create', '--data', server.data, '--user', 'sam@example.com', '--name', 'test']).out.trim());
  assert.equal((await api('POST', '/api/v1/customer', { name: 'Foreign', number: 'F-1' })).status, 201);
  assert.equal((await sam('POST', '/api/v1/customer', { name: 'Own', number: 'O-1' })).status, 201);
  const bare = await sam('POST', '/api/v1/customer', { name: 'x', number: 'F-1' });
  for (const resolution of ['ignore-duplicates', 'merge-duplicates']) {
    const upsert = (number) => sam('POST', '/api/v1/customer?on_conflict=number', { name: 'x', number }, { Prefer: `resolution=${resolution}` });
    const foreign = await upsert('F-1'), own = await upsert('O-1');
    assert.equal(foreign.status, bare.status, `${resolution}: ${foreign.text}`);
    assert.ok(own.status < 300, own.text);
  }
  assert.equal((await api('GET', '/api/v1/customer?number=eq.F-1&select=name')).body[0].name, 'Foreign');
});
