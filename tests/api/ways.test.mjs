// The way SQLite is led to a page (core/rest/query_route.c) must never show in what the page holds: every combination of
// filter and order against the same made by hand from all rows, with conditions that match nearly all rows, a few, none
// together, and with rows of one's own.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { client, guanxi, makeData, serve } from '../lib/server.mjs';

const N = 100000; // more than a walk on its leash passes
let folder, server, admin, seller, sellerId, rows;

const stageOf = (i) => (i % 2 ? 'trading' : i % 5000 === 0 ? 'lost' : 'prospect');
// 杭州 goes with trading, but for the last few names; 北京 with the others
const cityOf = (i) => (i % 2 ? '杭州' : i >= N - 10 ? '杭州' : '北京');

before(async () => {
  folder = makeData();
  const file = join(folder.folder, 'customers.csv');
  const lines = ['number,name,stage,city'];
  for (let i = 0; i < N; i++) lines.push(`W${String(i).padStart(6, '0')},Name ${String((i * 7919) % N).padStart(6, '0')},${stageOf(i)},${cityOf(i)}`);
  writeFileSync(file, lines.join('\n'));
  const map = join(folder.folder, 'map.json');
  writeFileSync(map, JSON.stringify({ records: [{ entity: 'customer', key: ['number'], fields: { number: 'number', name: 'name', stage: 'stage', city: 'city' } }] }));
  guanxi(['import', '--data', folder.data, '--map', map, file]);
  const token = guanxi(['token', 'create', '--data', folder.data, '--user', 'admin@example.com', '--name', 't']).out.trim();
  server = await serve(folder.data);
  admin = client(server.url, token);
  rows = [];
  for (let path = '/api/v1/customer?select=id,number,name,stage,city,sort_name&order=id.asc&limit=1000'; path; ) {
    const page = await admin('GET', path);
    rows.push(...page.body);
    const last = page.body.at(-1);
    path = page.body.length === 1000 ? `/api/v1/customer?select=id,number,name,stage,city,sort_name&order=id.asc&limit=1000&id=gt.${last.id}` : null;
  }
  assert.equal(rows.length, N);
});
after(async () => {
  await server?.stop();
  folder?.remove();
});

const filters = {
  'stage=eq.trading': (r) => r.stage === 'trading',
  'stage=eq.lost': (r) => r.stage === 'lost',
  'stage=in.(trading,prospect)': (r) => r.stage !== 'lost',
  'city=eq.北京': (r) => r.city === '北京',
  'city=eq.杭州&stage=eq.prospect': (r) => r.city === '杭州' && r.stage === 'prospect',
  'city=eq.北京&stage=eq.trading': () => false,
  'city=eq.北京&stage=eq.lost': (r) => r.city === '北京' && r.stage === 'lost',
  'name=like.Name 0000*&stage=eq.trading': (r) => r.name.startsWith('Name 0000') && r.stage === 'trading',
  'name=gte.Name 039000&city=eq.杭州': (r) => r.name >= 'Name 039000' && r.city === '杭州',
  'owner_id=is.null&stage=eq.prospect': (r) => r.stage === 'prospect',
  'owner_id=is.null&city=eq.杭州&stage=eq.prospect': (r) => r.city === '杭州' && r.stage === 'prospect',
  'phone=is.null&stage=eq.lost': (r) => r.stage === 'lost',
  'owner_id=not.is.null': () => false,
  'number=eq.W000001&stage=eq.trading': (r) => r.number === 'W000001',
  'or=(stage.eq.lost,city.eq.杭州)&stage=neq.prospect': (r) => (r.stage === 'lost' || r.city === '杭州') && r.stage !== 'prospect',
};
const orders = {
  'id.desc': (a, b) => (BigInt(a.id) < BigInt(b.id) ? 1 : -1),
  'sort_name.asc': (a, b) => (a.sort_name < b.sort_name ? -1 : a.sort_name > b.sort_name ? 1 : BigInt(a.id) < BigInt(b.id) ? -1 : 1),
  'sort_name.desc': (a, b) => (a.sort_name < b.sort_name ? 1 : a.sort_name > b.sort_name ? -1 : BigInt(a.id) < BigInt(b.id) ? 1 : -1),
};

for (const [filter, keeps] of Object.entries(filters))
  test(`${filter}: in each order, from the start, further on, and by cursor`, async () => {
    for (const [order, by] of Object.entries(orders)) {
      const wanted = rows.filter(keeps).sort(by).map((r) => r.id);
      const base = `/api/v1/customer?select=id,sort_name&${encodeURI(filter)}&order=${order}`;
      for (const [limit, offset] of [[20, 0], [20, 500], [1000, 0]]) {
        const page = await admin('GET', `${base}&limit=${limit}&offset=${offset}`, undefined, { Prefer: 'count=exact' });
        if (page.status === 416 && offset > wanted.length) continue;
        assert.ok(page.status < 300, page.text);
        assert.deepEqual(page.body.map((r) => r.id), wanted.slice(offset, offset + limit), `${order} ${offset}+${limit}`);
        assert.equal(page.headers.get('content-range').split('/')[1], String(wanted.length));
      }
      const first = await admin('GET', `${base}&limit=15`);
      const cursor = first.headers.get('x-next-cursor');
      if (wanted.length <= 15) continue;
      assert.ok(cursor, 'there is more');
      const second = await admin('GET', `${base}&limit=15&cursor=${encodeURIComponent(cursor)}`);
      assert.deepEqual(second.body.map((r) => r.id), wanted.slice(15, 30), `${order} by cursor`);
    }
  });

test("one's own rows, few and then many", async () => {
  const role = (await admin('POST', '/api/v1/role', { name: 'Seller', rights: { customer: { read: 'own' } } }, { Prefer: 'return=representation' })).body[0];
  const user = await admin('POST', '/api/v1/user', { email: 'seller@example.com', name: 'Seller', roles: [role.id] }, { Prefer: 'return=representation' });
  assert.equal(user.status, 201, user.text);
  sellerId = user.body[0].id;
  const token = guanxi(['token', 'create', '--data', folder.data, '--user', 'seller@example.com', '--name', 't']).out.trim();
  seller = client(server.url, token);
  for (const many of [5, 3000]) {
    const mine = rows.filter((r) => r.stage === 'trading').slice(0, many);
    for (let i = 0; i < many; i += 300) {
      const changed = await admin('PATCH', `/api/v1/customer?id=in.(${mine.slice(i, i + 300).map((r) => r.id).join()})`, { owner_id: sellerId });
      assert.ok(changed.status < 300, changed.text);
    }
    for (const [order, by] of Object.entries(orders)) {
      const wanted = [...mine].sort(by).map((r) => r.id);
      for (const filter of ['', '&stage=eq.trading', '&stage=eq.trading&city=eq.杭州']) {
        const page = await seller('GET', `/api/v1/customer?select=id&limit=50&order=${order}${encodeURI(filter)}`);
        assert.deepEqual(page.body.map((r) => r.id), wanted.slice(0, 50), `${many} ${order} ${filter}`);
      }
      assert.deepEqual((await seller('GET', `/api/v1/customer?select=id&stage=eq.lost&order=${order}`)).body, []);
    }
  }
});
