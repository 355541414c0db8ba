// Targets: one of a kind, by the firm's periods, split to the last digit, changed with a reason; achievement is what the lists say.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { person, rightsOf } from '../lib/attack.mjs';
import { start } from '../lib/server.mjs';

let server, api, ann, bob, team, li;

async function make(entity, body, who = api) {
  const answer = await who('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' });
  assert.equal(answer.status, 201, `${entity}: ${answer.text}`);
  return answer.body[0] ?? answer.body;
}
const get = async (path, who = api) => {
  const answer = await who('GET', `/api/v1/${path}`);
  assert.equal(answer.status, 200, `${path}: ${answer.text}`);
  return answer.body;
};
const post = (path, body = {}, who = api) => who('POST', `/api/v1/${path}`, body);
const key = (answer) => answer.body?.errors?.[0]?.key;
const shown = (a) => a.rows.map((r) => [r.measure, r.scope, r.name, r.goal, r.achieved]);

before(async () => {
  server = await start();
  api = server.api;
  team = (await make('team', { name: 'North' })).id;
  ann = await person(server, 'ann', { target: { read: 'own' }, order: { read: 'own' } });
  bob = await person(server, 'bob', { ...rightsOf('all'), order: { ...rightsOf('all')['*'], fields: { total_base: 'hidden', total: 'hidden' } } });
  li = (await make('customer', { name: 'Li' })).id;
  const order = (owner, total, at, more) => make('order', { customer_id: li, owner_id: owner, total, placed_at: at, ...more });
  // the firm's June begins in Shanghai, eight hours before UTC's
  await order(ann.id, '100.00', '2026-05-31T15:59:59Z');
  await order(ann.id, '200.00', '2026-05-31T16:00:00Z', { team_id: team });
  await order(ann.id, '50.00', '2026-06-30T15:59:59Z');
  await order(bob.id, '400.00', '2026-06-10T00:00:00Z');
  await order(ann.id, '999.00', '2026-06-11T00:00:00Z', { state: 'draft' });
  const receipt = await make('receipt', { customer_id: li, owner_id: ann.id, amount: '80.00', received_on: '2026-06-30', reference: 'T-1' });
  await make('receipt', { kind: 'refund', original_id: receipt.id, amount: '30.00', received_on: '2026-06-30', owner_id: ann.id });
});
after(async () => {
  await server?.stop();
  server?.remove();
});

test('achievement is what the lists sum to, by the firm’s days; the furthest comes first', async () => {
  const of = (body) => make('target', { period: 'month', starts_on: '2026-06-17', ...body });
  const t = await of({ scope: 'person', owner_id: ann.id, goal: '1000' });
  assert.deepEqual([t.starts_on, t.ends_on, t.title], ['2026-06-01', '2026-06-30', 'Order amount 2026-06']);
  await of({ scope: 'person', owner_id: bob.id, goal: '500' });
  await of({ scope: 'team', team_id: team, goal: '100' });
  await of({ scope: 'firm', goal: '6500' });
  await of({ scope: 'person', owner_id: ann.id, measure: 'received', goal: '100' });
  await of({ scope: 'firm', measure: 'won_count', goal: '3' });
  const a = await get('targets/achieved?period=month&on=2026-06-17');
  assert.deepEqual([a.from, a.until, a.days, a.elapsed, a.currency], ['2026-06-01', '2026-06-30', 30, 30, 'CNY']);
  assert.deepEqual(shown(a), [['orders', 'team', 'North', '100.00', '200.00'], ['orders', 'person', 'bob', '500.00', '400.00'], ['received', 'person', 'ann', '100.00', '50.00'],
    ['orders', 'person', 'ann', '1000.00', '250.00'], ['orders', 'firm', null, '6500.00', '650.00'], ['won_count', 'firm', null, '3.00', '0']]);
  // live: the next order counts at once
  await make('order', { customer_id: li, owner_id: bob.id, total: '1.00', placed_at: '2026-06-12T00:00:00Z' });
  assert.equal((await get('targets/achieved?on=2026-06-01')).rows.find((r) => r.scope === 'firm' && r.measure === 'orders').achieved, '651.00');
  // own alone is told of own alone; who may not see amounts sees none
  assert.deepEqual(shown(await get('targets/achieved?on=2026-06-01', ann.api)).map((r) => [r[0], r[4]]), [['orders', '250.00'], ['received', null]]);
  const half = await person(server, 'half', { target: { read: 'all' }, order: { read: 'own' }, user: { read: 'all' } });
  assert.ok((await get('targets/achieved?on=2026-06-01', half.api)).rows.every((r) => r.achieved === null), 'of others’ targets nothing rather than a part');
  assert.ok((await get('targets/achieved?on=2026-06-01', bob.api)).rows.every((r) => r.measure !== 'orders' || r.achieved === null));
});

test('each once; a change says why; of one alone; bad input is refused', async () => {
  const body = { scope: 'person', owner_id: ann.id, goal: '10', period: 'month', starts_on: '2026-07-01' }, t = await make('target', body);
  assert.equal((await post('target', { ...body, starts_on: '2026-07-30' })).status, 409);
  assert.equal(key(await api('PATCH', `/api/v1/target/${t.id}`, { goal: '20' })), 'target_reason');
  assert.equal((await api('PATCH', `/api/v1/target/${t.id}`, { goal: '20', reason: 'new region' })).status, 200);
  assert.equal(key(await api('PATCH', `/api/v1/target/${t.id}`, { goal: '30', reason: 'new region' })), 'target_reason');
  for (const [more, want] of [[{ goal: '-1' }, 'not_positive'], [{ goal: '0' }, 'not_positive'], [{ scope: 'team' }, 'required'], [{ team_id: team }, 'target_one'], [{ scope: 'firm', team_id: team }, 'target_one']])
    assert.equal(key(await post('target', { ...body, starts_on: '2026-08-01', ...more })), want, JSON.stringify(more));
  assert.equal((await api('GET', '/api/v1/targets/achieved?period=week')).status, 422);
  assert.equal((await api('GET', '/api/v1/targets/achieved?on=2026-02-30')).status, 422);
  const races = await Promise.all(Array.from({ length: 6 }, () => post('target', { ...body, starts_on: '2026-09-01' })));
  assert.equal(races.filter((r) => r.status === 201).length, 1, races.map((r) => r.text).join());
});

test('a year is split into months, quarters and people; the parts come to the whole; the firm’s year may begin in April', async () => {
  const year = await make('target', { scope: 'firm', goal: '1000.00', period: 'year', starts_on: '2025-08-01' });
  assert.deepEqual([year.starts_on, year.ends_on], ['2025-01-01', '2025-12-31']);
  assert.equal((await post(`target/${year.id}/split`, { into: 'months' })).status, 204);
  const months = await get(`target?parent_id=eq.${year.id}&order=starts_on&select=starts_on,goal,period,scope`);
  assert.equal(months.length, 12);
  assert.equal(months.reduce((n, m) => n + Math.round(Number(m.goal) * 100), 0), 100000);
  assert.deepEqual([months[0].starts_on, months[11].starts_on], ['2025-01-01', '2025-12-01']);
  assert.equal((await post(`target/${year.id}/split`, { into: 'months' })).status, 409, 'each once');
  const people = await post(`target/${year.id}/split`, { into: 'people', people: [ann.id, bob.id, (await get('user?limit=1&order=id'))[0].id] });
  assert.equal(people.status, 204, people.text);
  assert.deepEqual((await get(`target?parent_id=eq.${year.id}&scope=eq.person&select=goal&order=goal`)).map((r) => r.goal), ['333.33', '333.33', '333.34']);
  for (const body of [{ into: 'weeks' }, { into: 'people', people: [] }, { into: 'people', people: ['x'] }, { into: 'people' }]) assert.equal((await post(`target/${year.id}/split`, body)).status, 422, JSON.stringify(body));
  assert.equal((await post(`target/${year.id}/split`, { into: 'months' }, ann.api)).status >= 400, true);
  assert.equal((await api('PATCH', '/api/v1/settings', { values: { 'deals.fiscal_month': '4' } })).status, 204);
  const fiscal = await make('target', { scope: 'firm', goal: '4', period: 'quarter', starts_on: '2027-02-01', measure: 'won_count' });
  assert.deepEqual([fiscal.starts_on, fiscal.ends_on], ['2027-01-01', '2027-03-31']);
  const later = await make('target', { scope: 'firm', goal: '4', period: 'year', starts_on: '2027-02-01', measure: 'won_count' });
  assert.deepEqual([later.starts_on, later.ends_on], ['2026-04-01', '2027-03-31']);
});

test('a period at the end of the years is refused in words', async () => {
  for (const path of ['targets/achieved?on=9999-12-31', 'targets/achieved?period=year&on=9999-05-01']) {
    const answer = await api('GET', `/api/v1/${path}`);
    assert.deepEqual([answer.status, answer.body.errors[0].key], [422, 'day_range'], answer.text);
  }
});
