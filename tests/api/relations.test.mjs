// Relations: kinds with inverse words, rings and hubs, rights on each customer, the network walked by the API.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { client, guanxi, start } from '../lib/server.mjs';

let server, api, kinds;

async function make(entity, body, as = api) {
  const answer = await as('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' });
  assert.equal(answer.status, 201, answer.text);
  return Array.isArray(body) ? answer.body : answer.body[0];
}
const get = async (path, as = api) => (await as('GET', `/api/v1/${path}`)).body;
const refused = async (answer, status, key) => assert.deepEqual([(await answer).status, (await answer).body.errors?.[0].key], [status, key], (await answer).text);
const person = async (name, more = {}) => (await make('customer', { name, ...more })).id;
const firm = (name) => person(name, { kind: 'company' });
const tie = (from, kind, to, as = api) => as('POST', '/api/v1/relation', { from_id: from, to_id: to, kind_id: kinds[kind] });
const network = (id, query = '', as = api) => get(`customer/${id}/network${query}`, as);
const names = (n) => n.nodes.map((x) => x.name);

before(async () => {
  server = await start();
  api = server.api;
  kinds = Object.fromEntries((await get('relation_kind')).map((k) => [k.key, k.id]));
});
after(() => server?.close());

test('who works where, who decides, which household: walked with words both ways', async () => {
  const [jia, bao, dai] = [await firm('Jia & Co'), await person('Baoyu'), await person('Daiyu')];
  for (const [a, kind, b] of [[bao, 'employer', jia], [dai, 'household', bao], [dai, 'decides', jia]]) assert.equal((await tie(a, kind, b)).status, 201);
  const near = await network(jia, '?depth=1');
  assert.deepEqual([names(near), near.truncated], [['Jia & Co', 'Baoyu', 'Daiyu'], false]);
  assert.deepEqual(near.edges.map((e) => [e.kind, e.from === bao || e.from === dai, e.word, e.inverse]), [['employer', true, 'works for', 'employs'], ['decides', true, 'decides for', 'is decided by']]);
  assert.equal((await network(bao, '?depth=2&kinds=household')).nodes.length, 2);
  assert.deepEqual(names(await network(jia, '?way=out')), ['Jia & Co']);
  const zh = await (await fetch(`${server.url}/api/v1/customer/${jia}/network`, { headers: { Authorization: `Bearer ${server.token}`, 'Accept-Language': 'zh-CN' } })).json();
  assert.equal(zh.edges[0].word, '任职于');
  // the firm's own kind, with its inverse; one that ends
  const own = await make('relation_kind', { name: 'teaches', inverse: 'learns from' });
  const taught = await make('relation', { from_id: bao, to_id: dai, kind_id: own.id, until: '2020-01-01' });
  assert.equal((await network(bao, `?kinds=${own.id}`)).edges.length, 0, 'it has ended');
  assert.deepEqual((await network(bao, `?kinds=${own.id}&ended=true`)).edges.map((e) => [e.word, e.inverse, e.ended]), [['teaches', 'learns from', true]]);
  assert.equal((await api('DELETE', `/api/v1/relation_kind/${own.id}`)).status, 409);
  assert.equal((await api('DELETE', `/api/v1/relation/${taught.id}`)).status, 204);
});

test('what cannot be is refused in words, and changes nothing', async () => {
  const [a, b, c, p, q] = [await firm('A'), await firm('B'), await firm('C'), await person('P'), await person('Q')];
  await refused(tie(a, 'parent', a), 422, 'relation_self');
  assert.equal((await tie(a, 'parent', b)).status, 201);
  assert.equal((await tie(b, 'parent', c)).status, 201);
  await refused(tie(c, 'parent', a), 409, 'relation_ring');
  await refused(tie(b, 'parent', a), 409, 'relation_ring');
  await refused(tie(p, 'parent', a), 422, 'relation_company');
  await refused(tie(a, 'employer', b), 422, 'relation_person');
  assert.equal((await tie(p, 'friend', q)).status, 201);
  await refused(tie(q, 'friend', p), 409, 'relation_twice');
  assert.equal((await tie(p, 'friend', q)).status, 409);
  await refused(api('POST', '/api/v1/relation', { from_id: p, to_id: q, kind_id: kinds.guarantor, since: '2026-02-01', until: '2026-01-01' }), 422, 'relation_dates');
  for (const query of ['?depth=0', '?depth=7', '?depth=x', '?limit=501', '?around=0', '?way=up', '?kinds=nope']) assert.equal((await api('GET', `/api/v1/customer/${a}/network${query}`)).status, 422, query);
  for (const id of ['1', 'x', '0']) assert.equal((await api('GET', `/api/v1/customer/${id}/network`)).status, 404);
  assert.equal((await get(`relation?from_id=in.(${[a, b, c, p, q]})`)).length, 3);
});

test('circles end, and a hub of 10,000 answers with so many and says that there are more', async () => {
  const ring = [];
  for (let i = 0; i < 5; i++) ring.push(await person(`Ring ${i}`));
  for (let i = 0; i < 5; i++) assert.equal((await tie(ring[i], 'guarantor', ring[(i + 1) % 5])).status, 201);
  const round = await network(ring[0], '?depth=6');
  assert.deepEqual([round.nodes.length, round.edges.length, round.truncated], [5, 5, false]);
  assert.deepEqual(round.nodes.map((n) => n.depth).sort(), [0, 1, 1, 2, 2]);
  const hub = await firm('Hub');
  for (let k = 0; k < 10; k++) {
    const staff = await make('customer', Array.from({ length: 1000 }, (_, i) => ({ name: `Staff ${k}.${i}` })));
    await make('relation', staff.map((s) => ({ from_id: s.id, to_id: hub, kind_id: kinds.employer })));
  }
  const begin = Date.now();
  const seen = await network(hub, '?depth=3&around=40');
  assert.deepEqual([seen.nodes.length, seen.nodes[0].more, seen.truncated], [41, true, true]);
  assert.ok(Date.now() - begin < 2000, `${Date.now() - begin} ms`);
  assert.ok((await network(hub, '?around=200&limit=500')).nodes.length === 201);
});

test('whom one may not see is not told, nor walked through, nor counted', async () => {
  const role = await make('role', { name: 'own', rights: { customer: { read: 'own', create: 'own' }, relation: { read: 'all', create: 'own' }, relation_kind: { read: 'all' } }, caps: [] });
  const user = await make('user', { name: 'own', email: 'own@example.com', roles: [role.id] });
  const own = client(server.url, guanxi(['token', 'create', '--data', server.data, '--user', 'own@example.com', '--name', 't']).out.trim());
  const [mine, hidden, far] = [await person('Mine', { owner_id: user.id }), await person('Hiddenname', { owner_id: null }), await person('Far', { owner_id: user.id })];
  for (const [x, y] of [[mine, hidden], [hidden, far]]) assert.equal((await tie(x, 'guarantor', y)).status, 201);
  assert.equal((await network(mine, '?depth=4')).nodes.length, 3);
  const seen = await own('GET', `/api/v1/customer/${mine}/network?depth=4&around=1`);
  assert.deepEqual([seen.body.nodes.length, seen.body.edges.length, seen.body.truncated, seen.body.nodes[0].more], [1, 0, false, false]);
  assert.ok(!seen.text.includes(hidden) && !seen.text.includes('Hiddenname'), seen.text);
  assert.equal((await own('GET', `/api/v1/customer/${hidden}/network`)).status, 404);
  await refused(tie(mine, 'friend', hidden, own), 422, 'link_not_found');
  const blind = await make('role', { name: 'blind', rights: { customer: { read: 'all' } }, caps: [] });
  await make('user', { name: 'blind', email: 'blind@example.com', roles: [blind.id] });
  const other = client(server.url, guanxi(['token', 'create', '--data', server.data, '--user', 'blind@example.com', '--name', 't']).out.trim());
  assert.equal((await other('GET', `/api/v1/customer/${mine}/network`)).status, 403);
});
