// Every kind of record out of one folder, into an empty one, and out again: nothing is lost on the way.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { guanxi, start } from '../lib/server.mjs';

// what others link to comes first
const order = ['region', 'branch', 'team', 'role', 'user', 'tag', 'category', 'channel', 'product', 'customer', 'identifier', 'party_role', 'address', 'consent',
  'order', 'order_line', 'payment', 'shipment', 'interaction'];
// a file's record is made by uploading it, a view belongs to the page
const never = ['attachment', 'saved_view'];

const texts = ['=1+1', '-12', '+8613800138000', '@cmd', "'quoted", '"said"', 'a,b;c|d', 'two\nlines', ' 龍門客棧 ', '赵伟', 'O’Brien & Söhne', '00042', '1e5', 'true', '=HYPERLINK("x")', '\t tab'];

/** A value for a field that a person could have typed, different with every row. */
function value(field, i, refs) {
  switch (field.type) {
    case 'text': case 'note': {
      const text = texts[(i + field.name.length) % texts.length];
      return (field.unique || field.name === 'number' ? `${field.name}-${i}` : field.type === 'note' ? text : text.replace(/[\n\t]/g, ' ')).slice(0, field.max || 200);
    }
    case 'int': return i % 2 ? i : -i;
    case 'decimal': return (i * 1.5 - 3).toFixed(Math.min(field.scale, 2));
    case 'real': return i / 4;
    case 'money': return (i * 10.25).toFixed(2);
    case 'date': return `19${70 + i}-0${1 + (i % 9)}-28`;
    case 'time': return `2026-0${1 + (i % 9)}-15T0${i % 9}:30:00Z`;
    case 'bool': return i % 2 === 0;
    case 'enum': return field.options[i % field.options.length].value;
    case 'email': return `Person.${i}@example.org`;
    case 'phone': return `+86138001380${10 + i}`;
    case 'url': return `https://example.org/a?b=${i}&c=d`;
    case 'code': return { country: 'CN', currency: i % 2 ? 'JPY' : 'CNY', language: 'zh-Hans' }[field.name] ?? `code-${i}`;
    case 'link': return refs[field.link]?.length ? refs[field.link][i % refs[field.link].length] : undefined;
    case 'links': return refs[field.link]?.length ? [refs[field.link][i % refs[field.link].length]] : undefined;
    default: return undefined;
  }
}

/** Rows of one entity with every field filled that may be. */
function rowsOf(entity, refs) {
  return Array.from({ length: 6 }, (_, i) => {
    const row = {};
    for (const field of entity.fields) {
      const system = ['id', 'version', 'created_at', 'created_by', 'updated_at', 'updated_by'].includes(field.name);
      if (system || field.readonly || field.right !== 'write' || (field.link === entity.name && i < 3)) continue;
      const given = value(field, i, refs);
      if (given !== undefined) row[field.name] = given;
    }
    // yen have no decimals; a record is not its own parent
    if (row.currency === 'JPY') for (const field of entity.fields) if (field.type === 'money' && field.name in row) row[field.name] = String(i * 10);
    if ('fx_rate' in row) row.fx_rate = '0.0481';
    if (entity.name === 'role') Object.assign(row, { rights: { customer: { read: 'own' } }, caps: [] });
    if (entity.name === 'user') Object.assign(row, { active: true });
    return row;
  });
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
  const own = ['id', 'created_at', 'updated_at', 'password_changed_at', 'last_login_at'];
  const kept = head.map((h, i) => (own.includes(h) ? -1 : i)).filter((i) => i >= 0);
  return { head: kept.map((i) => head[i]), rows: rows.filter((r) => !r.includes('admin@example.com')).map((r) => kept.map((i) => r[i])).sort() };
}

test('what goes out comes in again: CSV with names, CSV with words of each language, XLSX', async () => {
  const from = await start();
  try {
    const meta = (await from.api('GET', '/api/v1/meta')).body;
    const importable = meta.entities.filter((e) => e.actions.import !== 'none').map((e) => e.name);
    assert.deepEqual(importable.filter((name) => !never.includes(name)).sort(), [...order].sort(), 'a new entity belongs into this test');
    await fill(from.api, meta);
    for (const [format, query, language] of [['csv', 'names=1', 'en'], ['csv', '', 'zh-Hant'], ['xlsx', '', 'zh-Hans']]) {
      const to = await start();
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
