// The OpenAPI document is valid in itself, and what is really answered fits its schemas.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { client, guanxi, start } from '../lib/server.mjs';

let server, api, doc, ajv;

before(async () => {
  server = await start();
  api = server.api;
  doc = (await api('GET', '/api/v1/openapi.json')).body;
  ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addFormat('decimal', true);
  ajv.addFormat('int64', true);
  ajv.addFormat('phone', true);
  ajv.addSchema({ $id: 'doc', components: doc.components });
});
after(() => server?.close());

function fits(name, value, many = false) {
  const ref = { $ref: `doc#/components/schemas/${name}` };
  const check = ajv.compile(many ? { type: 'array', items: ref } : ref);
  assert.ok(check(value), `${name}: ${JSON.stringify(check.errors?.slice(0, 5))} ${JSON.stringify(value).slice(0, 400)}`);
}

test('it is OpenAPI 3.1, every reference leads somewhere, every schema compiles', () => {
  assert.equal(doc.openapi, '3.1.0');
  const refs = JSON.stringify(doc).match(/"\$ref":"[^"]*"/g).map((r) => r.slice(8, -1));
  for (const ref of new Set(refs)) {
    let at = doc;
    for (const step of ref.slice(2).split('/')) at = at?.[step];
    assert.ok(at, ref);
  }
  for (const name of Object.keys(doc.components.schemas)) ajv.compile({ $ref: `doc#/components/schemas/${name}` });
  const ids = Object.values(doc.paths).flatMap((p) => Object.values(p).map((o) => o.operationId).filter(Boolean));
  assert.equal(new Set(ids).size, ids.length);
});

test('every entity of meta has its paths, schemas and parameters', async () => {
  const meta = (await api('GET', '/api/v1/meta')).body;
  for (const entity of meta.entities) {
    const list = doc.paths[`/api/v1/${entity.name}`].get;
    const parameters = new Set(list.parameters.map((p) => p.name ?? doc.components.parameters[p.$ref.split('/').pop()].name));
    for (const field of entity.fields) {
      if (field.filterable) assert.ok(parameters.has(field.name), `${entity.name}.${field.name}`);
      assert.ok(doc.components.schemas[entity.name].properties[field.name], `${entity.name}.${field.name}`);
    }
    for (const name of ['select', 'order', 'limit', 'offset', 'cursor', 'q', 'and', 'or', 'Prefer', 'Range']) assert.ok(parameters.has(name));
    const path = doc.paths[`/api/v1/${entity.name}`];
    assert.equal(Boolean(path.post), entity.actions.create !== 'none', entity.name);
    assert.equal(Boolean(path.delete), entity.actions.delete !== 'none', entity.name);
  }
});

test('rows of every entity fit their schema', async () => {
  const tag = (await api('POST', '/api/v1/tag', { name: 'schema' }, { Prefer: 'return=representation' })).body[0];
  const customer = (await api('POST', '/api/v1/customer', {
    name: '张伟', birthday: '1980-05-01', phone: '13800138000', email: 'zw@example.com', tags: [tag.id], children: 2, website: 'https://example.com', credit_limit: '100.50',
  }, { Prefer: 'return=representation' })).body[0];
  const order = await api('POST', '/api/v1/order', { customer_id: customer.id, number: 'S1', state: 'paid', currency: 'CNY', placed_at: '2026-01-01T00:00:00Z' }, { Prefer: 'return=representation' });
  await api('POST', '/api/v1/order_line', { order_id: order.body[0].id, name: 'tea', quantity: '1.5', unit_price: '2' });
  for (const path of Object.keys(doc.paths)) {
    const name = /^\/api\/v1\/([a-z_]+)$/.exec(path)?.[1];
    if (!name || !doc.components.schemas[name]) continue;
    const answer = await api('GET', `${path}?limit=20`);
    assert.equal(answer.status, 200, path);
    fits(name, answer.body, true);
    if (answer.body.length > 0) {
      const one = await api('GET', `${path}/${answer.body[0].id}`);
      fits(name, one.body);
      fits('record_changes', (await api('GET', `${path}/${answer.body[0].id}/changes`)).body);
    }
  }
  fits('customer', customer);
});

test('what the schema for writing allows is taken, what it forbids is refused', async () => {
  const create = ajv.compile({ $ref: 'doc#/components/schemas/tag_create' });
  for (const body of [{ name: 'w1' }, { name: 'w2', note: 'n' }, {}, { name: 5 }, { name: null }, { name: 'w3', nothing: 1 }, { name: 'w4', id: '5' }, { name: 'w5', colour: 'none' }]) {
    const answer = await api('POST', '/api/v1/tag', body);
    assert.equal(answer.status === 201, create(body), `${JSON.stringify(body)}: ${answer.status} ${JSON.stringify(create.errors)}`);
    if (answer.status !== 201) fits('problem', answer.body);
  }
});

test('refusals are problem documents', async () => {
  for (const [method, path, body] of [
    ['GET', '/api/v1/nothing'], ['GET', '/api/v1/customer?x=eq.1'], ['GET', '/api/v1/customer/5'], ['POST', '/api/v1/customer', {}], ['DELETE', '/api/v1/customer'],
    ['PATCH', '/api/v1/customer/5', { name: 'x' }], ['POST', '/api/v1/rpc/x', {}], ['GET', '/api/v1/events?after=x'], ['PUT', '/api/v1/customer', {}],
  ]) {
    const answer = await api(method, path, body);
    assert.ok(answer.status >= 400, path);
    assert.equal(answer.headers.get('content-type'), 'application/problem+json');
    fits('problem', answer.body);
  }
});

test('it shows what the reader may see, and nothing else', async () => {
  const role = (await api('POST', '/api/v1/role', { name: 'doc', rights: { customer: { read: 'all', fields: { note: 'hidden', phone: 'masked' } } }, caps: [] }, { Prefer: 'return=representation' })).body[0];
  await api('POST', '/api/v1/user', { name: 'doc', email: 'doc@example.com', roles: [role.id] });
  const token = guanxi(['token', 'create', '--data', server.data, '--user', 'doc@example.com', '--name', 't']).out.trim();
  const seen = (await client(server.url, token)('GET', '/api/v1/openapi.json')).body;
  assert.ok(seen.paths['/api/v1/customer'].get);
  assert.ok(!seen.paths['/api/v1/customer'].post);
  assert.ok(!seen.paths['/api/v1/order']);
  assert.ok(!seen.components.schemas.customer.properties.note);
  assert.ok(!seen.paths['/api/v1/customer'].get.parameters.some((p) => p.name === 'phone'));
  assert.ok(!seen.paths['/api/v1/audit'], 'a path behind a capability');
});

test('it does not change while nothing changes', async () => {
  const first = await api('GET', '/api/v1/openapi.json');
  const again = await api('GET', '/api/v1/openapi.json', undefined, { 'If-None-Match': first.headers.get('etag') });
  assert.equal(again.status, 304);
  assert.equal((await api('GET', '/api/v1/meta', undefined, { 'If-None-Match': (await api('GET', '/api/v1/meta')).headers.get('etag') })).status, 304);
});
