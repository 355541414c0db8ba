// Every kind of record through its whole life: made, read, changed, changed by filter, deleted, brought back, deleted by filter.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { never, order, rowsOf } from '../lib/rows.mjs';
import { start } from '../lib/server.mjs';

let server, api, meta;
const refs = {};

before(async () => {
  server = await start();
  api = server.api;
  meta = (await api('GET', '/api/v1/meta')).body;
});
after(() => server?.close());

/** What restoring may change: the version, and when and by whom it was written. */
const content = ({ version, updated_at, updated_by, ...rest }) => rest;

test('none is left out', () => {
  const writable = meta.entities.filter((e) => e.actions.create !== 'none').map((e) => e.name);
  assert.deepEqual(writable.filter((name) => !never.includes(name)).sort(), [...order].sort());
});

test('labels in a language that is not the reader’s own', async () => {
  const label = async (language) => (await api('GET', `/api/v1/meta?language=${language}`)).body.entities?.find((e) => e.name === 'order').label_many;
  assert.deepEqual([await label('en'), await label('zh-Hans'), await label('zh-Hant')], ['Orders', '订单', '訂單']);
  assert.equal((await api('GET', '/api/v1/meta?language=fr')).status, 400);
});

for (const name of order) {
  test(`${name}: made, changed, deleted, brought back`, async () => {
    const entity = meta.entities.find((e) => e.name === name);
    const path = `/api/v1/${name}`;
    const made = refs[name] = [];
    const rows = rowsOf(entity, refs, 3);
    for (const row of rows) {
      const answer = await api('POST', path, row, { Prefer: 'return=representation' });
      assert.equal(answer.status, 201, answer.text);
      made.push(answer.body[0].id);
    }
    // what was given is what is there
    const got = (await api('GET', `${path}/${made[1]}`)).body;
    for (const [field, value] of Object.entries(rows[1])) {
      const type = entity.fields.find((f) => f.name === field).type;
      if (['text', 'note', 'enum', 'date', 'link', 'url'].includes(type)) assert.equal(got[field], typeof value === 'string' ? value.trim() : value, `${name}.${field}`);
      if (type === 'decimal' || type === 'money') assert.equal(Number(got[field]), Number(value), `${name}.${field}`);
      if (type === 'time') assert.equal(Date.parse(got[field]), Date.parse(value), `${name}.${field}`);
    }
    // the first plain text that may be changed
    const field = entity.fields.find((f) => ['text', 'note'].includes(f.type) && f.right === 'write' && !f.readonly && !f.insert_only && !f.unique);
    const version = got.version;
    if (field) {
      const changed = await api('PATCH', `${path}/${made[1]}`, { [field.name]: 'changed 改' }, { 'If-Match': `"v${version}"` });
      assert.equal(changed.status, 200, changed.text);
      assert.deepEqual([changed.body[field.name], changed.body.version], ['changed 改', version + 1]);
      const many = await api('PATCH', `${path}?id=in.(${made[0]},${made[2]})&select=id`, { [field.name]: 'both 双' }, { Prefer: 'return=representation' });
      assert.equal(many.status, 200, many.text);
      assert.equal(many.body.length, 2);
    } else assert.ok(entity.fields.every((f) => f.insert_only || f.readonly || !['text', 'note'].includes(f.type) || f.unique), name);
    // gone with all of its content, and back with all of it
    const before = (await api('GET', `${path}/${made[2]}`)).body;
    assert.equal((await api('DELETE', `${path}/${made[2]}`)).status, 204);
    assert.equal((await api('GET', `${path}/${made[2]}`)).status, 404);
    const back = await api('POST', `${path}/${made[2]}/restore`);
    assert.equal(back.status, 200, back.text);
    assert.deepEqual(content((await api('GET', `${path}/${made[2]}`)).body), content(before));
    const actions = (await api('GET', `${path}/${made[2]}/changes`)).body.rows.map((r) => r.action);
    // a quote's line is priced by the program once it is there
    assert.deepEqual(actions, ['restore', 'delete', ...(field ? ['update'] : []), ...(name === 'quote_line' ? ['update'] : []), 'create']);
    // by filter: one that nothing hangs on
    const [extra] = rowsOf(entity, refs, 7).slice(6);
    const one = await api('POST', path, extra, { Prefer: 'return=representation' });
    assert.equal(one.status, 201, one.text);
    const gone = await api('DELETE', `${path}?id=eq.${one.body[0].id}`, undefined, { Prefer: 'count=exact' });
    assert.equal(gone.status, 204, gone.text);
    assert.equal((await api('GET', `${path}/${one.body[0].id}`)).status, 404);
  });
}

test('files and views', async () => {
  const put = await api('POST', `/api/v1/file?name=a.txt&entity=customer&record_id=${refs.customer[0]}`, new TextEncoder().encode('content'), { 'Content-Type': 'text/plain' });
  assert.equal(put.status, 201, put.text);
  const path = `/api/v1/attachment/${put.body.id}`;
  assert.equal((await api('PATCH', path, { note: 'noted' })).body.note, 'noted');
  assert.deepEqual((await api('GET', path)).body.size, 7);
  assert.equal((await api('PATCH', `/api/v1/attachment?id=eq.${put.body.id}`, { note: 'again' })).status, 204);
  assert.equal((await api('DELETE', path)).status, 204);
  assert.equal((await api('POST', `${path}/restore`)).body.sha256, put.body.sha256);
  assert.equal((await api('GET', `${path}/content`)).text, 'content');
  assert.equal((await api('GET', `${path}/changes`)).body.rows[0].action, 'restore');
  assert.equal((await api('DELETE', `/api/v1/attachment?id=eq.${put.body.id}`)).status, 204);
  // a record of a file without the file is none
  const bare = await api('POST', '/api/v1/attachment', { name: 'x.txt', customer_id: refs.customer[0] });
  assert.deepEqual([bare.status, bare.body.errors?.[0].key], [422, 'file_upload_first']);

  const view = await api('POST', '/api/v1/saved_view', { name: 'Mine', entity: 'customer', query: 'city=eq.杭州' }, { Prefer: 'return=representation' });
  assert.equal(view.status, 201, view.text);
  const mine = `/api/v1/saved_view/${view.body[0].id}`;
  assert.equal((await api('PATCH', mine, { name: 'Ours' })).body.name, 'Ours');
  assert.equal((await api('PATCH', `/api/v1/saved_view?id=eq.${view.body[0].id}`, { name: 'Theirs' })).status, 204);
  assert.equal((await api('GET', mine)).body.name, 'Theirs');
  assert.equal((await api('DELETE', mine)).status, 204);
  assert.equal((await api('POST', `${mine}/restore`)).status, 200);
  assert.equal((await api('DELETE', `/api/v1/saved_view?id=eq.${view.body[0].id}`)).status, 204);
});
