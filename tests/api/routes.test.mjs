// Every route of the OpenAPI document has a doc line and was answered well in some test. Runs last: the others note what they were
// answered (GUANXI_HITS, set by tools/test.py). Refusals do not count; those of every route are tested in matrix_routes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { start } from '../lib/server.mjs';

const file = process.env.GUANXI_HITS;
let server, document, asked;

before(async () => {
  // before our own requests are noted
  asked = file ? [...new Set(readFileSync(file, 'utf8').trim().split('\n'))] : [];
  server = await start();
  document = (await server.api('GET', '/api/v1/openapi.json')).body;
});
after(() => server?.close());

// a file's record is made by uploading the file: entities.test.mjs sees it refused
const elsewhere = ['POST /api/v1/attachment'];
const methods = ['get', 'post', 'put', 'patch', 'delete'];
const operations = () => Object.entries(document.paths).flatMap(([path, item]) => methods.filter((m) => item[m]).map((m) => ({ path, method: m.toUpperCase(), operation: item[m] })));

test('each says what it does, and who may', () => {
  for (const { path, method, operation } of operations()) {
    assert.ok((operation.summary ?? operation.description ?? '').length >= 4, `${method} ${path} has no doc line`);
    assert.ok(Object.keys(operation.responses).length > 0, `${method} ${path}`);
  }
});

test('each was answered well in some test', { skip: file ? false : 'only together with the other tests' }, () => {
  const missing = operations().filter(({ path, method }) => {
    const shape = new RegExp(`^${method} ${path.replace(/[.]/g, '\\$&').replace(/\{[^}]+\}/g, '[^/]+')}$`);
    return !asked.some((hit) => shape.test(hit));
  });
  // in one line: a list of many is cut short where it is told
  assert.equal(missing.map(({ path, method }) => `${method} ${path}`).join(' | '), elsewhere.join(' | '));
});
