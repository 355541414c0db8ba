// Every kind of record out of one folder, into an empty one, and out again: nothing is lost on the way.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { never, order, rowsOf } from '../lib/rows.mjs';
import { engine, guanxi, start } from '../lib/server.mjs';

/** A folder without what a firm begins with, which would be there twice. */
async function bare(server) {
  for (const name of ['pipeline', 'lost_reason', 'lead_point'])
    for (const { id } of (await server.api('GET', `/api/v1/${name}?select=id`)).body) assert.equal((await server.api('DELETE', `/api/v1/${name}/${id}`)).status, 204);
  return server;
}

async function fill(api, meta) {
  const refs = {};
  for (const name of order) {
    const entity = meta.entities.find((e) => e.name === name);
    const made = refs[name] = [];
    for (const row of rowsOf(entity, refs)) {
      const answer = await api('POST', `/api/v1/${name}`, row, { Prefer: 'return=representation' });
      assert.equal(answer.status, 201, `${name}: ${answer.text} ${JSON.stringify(row)}`);
      made.push((Array.isArray(answer.body) ? answer.body[0] : answer.body).id);
    }
  }
}

function parse(csv) {
  const rows = [[]];
  let cell = '', quoted = false;
  for (let i = 0; i < csv.length; i++) {
    const c = csv[i];
    if (quoted) {
      if (c === '"' && csv[i + 1] === '"') cell += csv[++i];
      else if (c === '"') quoted = false;
      else cell += c;
    } else if (c === '"') quoted = true;
    else if (c === ',' || c === '\r') {
      rows.at(-1).push(cell);
      cell = '';
      if (c === '\r') { rows.push([]); i++; }
    } else cell += c;
  }
  rows.pop();
  return rows;
}

/** An export without what every folder gives anew, its rows in an order of their own. */
async function listed(server, name, headers) {
  const answer = await server.api('GET', `/api/v1/${name}/export?format=csv&names=1`, undefined, headers);
  assert.equal(answer.status, 200, answer.text);
  const [head, ...rows] = parse(answer.text.replace(/^\ufeff/, ''));
  // alarms are raised when their moment has come, which may be a second later here than there
  const own = ['stage_since', 'held_since', 'stuck_at', 'reminded_at', 'alarm', 'last_seq', 'door_key', 'id', 'created_at', 'updated_at', 'password_changed_at', 'last_login_at'];
  const kept = head.map((h, i) => (own.includes(h) ? -1 : i)).filter((i) => i >= 0);
  // several links are a set: each folder has them in the order of its own ids
  const cell = (name, text) => (['tags', 'participants', 'users', 'order_lines', 'told'].includes(name) ? (text.match(/"(?:[^"]|"")*"|[^", ][^,]*/g) ?? []).sort().join() : text);
  return { head: kept.map((i) => head[i]), rows: rows.filter((r) => !r.includes('admin@example.com')).map((r) => kept.map((i) => cell(head[i], r[i]))).sort() };
}

test('what goes out comes in again: CSV with names, CSV with words of each language, XLSX', async () => {
  const from = await bare(await start());
  try {
    const meta = (await from.api('GET', '/api/v1/meta')).body;
    const importable = meta.entities.filter((e) => e.actions.import !== 'none').map((e) => e.name);
    assert.deepEqual(importable.filter((name) => !never.includes(name)).sort(), [...order].sort(), 'a new entity belongs into this test');
    await fill(from.api, meta);
    // words and workbooks are the same on each engine
    const ways = [['csv', 'names=1', 'en'], ['csv', '', 'zh-Hant'], ['xlsx', '', 'zh-Hans']].slice(0, engine === 'sqlite' ? 3 : 1);
    for (const [format, query, language] of ways) {
      const to = await bare(await start());
      try {
        for (const name of order) {
          const file = join(to.data, `../${name}.${format}`);
          const out = await fetch(`${from.url}/api/v1/${name}/export?format=${format}&${query}`, { headers: { Authorization: `Bearer ${from.token}`, 'Accept-Language': language } });
          assert.equal(out.status, 200, name);
          writeFileSync(file, new Uint8Array(await out.arrayBuffer()));
          const done = guanxi(['import', '--data', to.data, '--entity', name, file]);
          const result = JSON.parse(done.out.trimEnd().split('\n').at(-1));
          const problems = result.failed ? (await to.api('GET', '/api/v1/import_problem?order=id.desc&limit=3&select=row,entity,field,key,argument')).text : '';
          assert.equal(result.failed, 0, `${name} as ${format}: ${problems}`);
          assert.ok(result.created >= 6, `${name}: ${done.out}`);
        }
        for (const name of order) {
          const [a, b] = [await listed(from, name), await listed(to, name)];
          assert.ok(a.rows.length >= 6, name);
          assert.deepEqual(b, a, `${name} as ${format} ${language}`);
        }
      } finally {
        await to.close();
      }
    }
  } finally {
    await from.close();
  }
});
