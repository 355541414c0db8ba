// Every route that a kind of record has by itself, on the sample shop: read, changed, deleted, brought back as it was.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start } from '../lib/server.mjs';

const TRIES = 6;
let server, api, meta;

before(async () => {
  server = await start({ demo: true });
  api = server.api;
  meta = (await api('GET', '/api/v1/meta')).body;
});
after(() => server?.close());

/** What bringing back may change: the version, when and by whom it was written, and how far a segment is filled, which begins anew. */
const content = ({ version, updated_at, updated_by, state, size, filled_at, ...rest }) => (rest.condition ? rest : { state, size, ...rest });
const noServerFault = (answer, what) => assert.ok(answer.status < 500, `${what}: ${answer.status} ${answer.text}`);

/** A change that says what is there already, of a field that may be written; null: none has one. */
function same(entity, row) {
  const field = entity.fields.find((f) => f.right === 'write' && !f.readonly && !f.insert_only && row[f.name] !== null && row[f.name] !== undefined && f.type !== 'json');
  return field ? { [field.name]: row[field.name] } : null;
}

/** The first of the rows for which it goes well. */
async function one(rows, what, send) {
  for (const row of rows) {
    const answer = await send(row);
    noServerFault(answer, `${what} ${row.id}`);
    if (answer.status < 400) return row;
  }
  return null;
}

test('each kind: one is read, changed alone and by filter, deleted and brought back', async () => {
  for (const entity of meta.entities) {
    const path = `/api/v1/${entity.name}`;
    const list = await api('GET', `${path}?limit=${TRIES}`);
    noServerFault(list, path);
    if (list.status !== 200) continue;
    const rows = list.body;
    for (const row of rows.slice(0, 1)) assert.equal((await api('GET', `${path}/${row.id}`)).body.id, row.id, path);
    const alike = await one(rows, `change ${path}`, async (row) => {
      const change = same(entity, row);
      return change ? api('PATCH', `${path}/${row.id}`, change) : { status: 400 };
    });
    if (alike) {
      const { body } = await api('GET', `${path}/${alike.id}`);
      assert.deepEqual(content(body), content(alike), `${path}: nothing was said that was not so`);
      noServerFault(await api('PATCH', `${path}?id=eq.${alike.id}`, same(entity, body)), `filter ${path}`);
    }
    for (const row of [...rows].reverse()) {
      const gone = await api('DELETE', `${path}/${row.id}`);
      noServerFault(gone, `delete ${path}`);
      if (gone.status >= 400) continue;
      const back = await api('POST', `${path}/${row.id}/restore`);
      noServerFault(back, `restore ${path}`);
      if (back.status >= 400) continue;
      assert.deepEqual(content((await api('GET', `${path}/${row.id}`)).body), content((alike?.id === row.id ? alike : row)), `${path}: as it was`);
      break;
    }
  }
});
