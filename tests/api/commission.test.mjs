// Commission: statements that can be checked line by line, periods that are closed exactly once, and what changes of them afterwards.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { person, rightsOf } from '../lib/attack.mjs';
import { start } from '../lib/server.mjs';

let server, api, ann, bob, boss, team, li, category, tea, cup;

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
const ok = (answer, want = 204) => assert.equal(answer.status, want, answer.text);
const key = (answer) => answer.body?.errors?.[0]?.key;
const brackets = (...list) => list.map(([from, to, rate]) => ({ from, ...(to === null ? {} : { to }), rate }));
const plan = (body) => make('commission_plan', { from_on: '2026-01-01', brackets: brackets(['0', null, '4']), ...body });
const statement = (who, on, more = '', asks = api) => get(`commission/statement?person=${who.id}&on=${on}${more}`, asks);
/** Each line as people read it; the result is worked out again from what is shown, and the sum is that of the lines. */
function read(s) {
  const cents = (v) => Math.round(Number(v) * 100);
  for (const l of s.lines) {
    if (l.kind !== 'sale' && l.kind !== 'late') continue;
    if (!l.capped && !l.per_unit) assert.ok(Math.abs(cents(l.result) - (Number(l.credited) * Number(l.rate))) <= 0.5000001, JSON.stringify(l));
    if (l.per_unit && !l.capped) assert.ok(Math.abs(cents(l.result) - Number(l.units) * Number(l.rate) * 100) <= 0.5000001, JSON.stringify(l));
  }
  assert.equal(s.lines.reduce((sum, l) => sum + cents(l.result), 0), cents(s.total));
  return s.lines.map((l) => [l.kind, l.number, l.credited, l.rate && String(Number(l.rate)), l.result]);
}
const order = (owner, lines, at, more = {}) => make('order', { customer_id: li, owner_id: owner?.id, placed_at: `${at}T04:00:00Z`, ...more }).then(async (o) => {
  for (const [product, quantity, unit_price] of lines) await make('order_line', { order_id: o.id, product_id: product, quantity, unit_price });
  return o;
});
const close = async (on, period = 'month', who = api) => {
  const { digest } = await get(`commission/overview?period=${period}&on=${on}`);
  return who('POST', '/api/v1/commission/close', { period, on, digest });
};

before(async () => {
  server = await start();
  api = server.api;
  team = (await make('team', { name: 'North' })).id;
  const sales = { commission_line: { read: 'own', export: 'own' }, order: { read: 'own' } };
  ann = await person(server, 'ann', sales);
  bob = await person(server, 'bob', sales);
  boss = await person(server, 'boss', { ...sales, commission_line: { read: 'team', export: 'none' }, commission_adjustment: rightsOf('team')['*'], order: { read: 'team', update: 'team' } });
  ok(await api('PATCH', `/api/v1/user/${ann.id}`, { team_id: team }), 200);
  ok(await api('PATCH', `/api/v1/user/${boss.id}`, { team_id: team }), 200);
  li = (await make('customer', { name: 'Li' })).id;
  category = (await make('category', { name: 'Tea' })).id;
  tea = (await make('product', { name: 'Tea', sku: 'T1', price: '100', cost: '60', category_id: category })).id;
  cup = (await make('product', { name: 'Cup', sku: 'C1', price: '10' })).id;
});
after(async () => {
  await server?.stop();
  server?.remove();
});

test('each part has its rate: 800 × 4 % = 32; a plan of one kind pays once, the narrower first', async () => {
  await plan({ name: 'Ladder', brackets: brackets(['0', '1000', '1'], ['1000', '3000', '2'], ['3000', null, '4']) });
  await plan({ name: 'Tea for Ann', scope: 'people', people: [ann.id], products: { field: 'category_id', op: 'eq', value: category }, brackets: brackets(['0', null, '10']) });
  await plan({ name: 'Team bonus', kind: 'bonus', scope: 'team', team_id: team, brackets: brackets(['0', null, '0.5']) });
  await order(bob, [[cup, '80', '10']], '2026-03-05', { number: 'B1' });
  await order(bob, [[cup, '250', '10']], '2026-03-06', { number: 'B2' });
  await order(bob, [[tea, '8', '100']], '2026-03-07', { number: 'B3' });
  await order(ann, [[tea, '1', '100'], [cup, '3', '10']], '2026-03-08', { number: 'A1', shipping_fee: '12' });
  assert.deepEqual(read(await statement(bob, '2026-03-31')), [['sale', 'B1', '800.00', '1', '8.00'], ['sale', 'B2', '200.00', '1', '2.00'], ['sale', 'B2', '2000.00', '2', '40.00'],
    ['sale', 'B2', '300.00', '4', '12.00'], ['sale', 'B3', '800.00', '4', '32.00']]);
  const a = await statement(ann, '2026-03-31');
  assert.deepEqual(read(a), [['sale', 'A1', '30.00', '1', '0.30'], ['sale', 'A1', '100.00', '10', '10.00'], ['sale', 'A1', '130.00', '0.5', '0.65']]);
  assert.deepEqual(a.overlaps, [{ kind: 'sales', first: 'Tea for Ann', second: 'Ladder' }]);
  assert.deepEqual(a.plans.map((p) => p.name), ['Tea for Ann', 'Team bonus', 'Ladder']);
  // live: what is cancelled before the close is not there
  const gone = await order(bob, [[cup, '1', '10']], '2026-03-09', { number: 'B4' });
  assert.equal((await statement(bob, '2026-03-01')).total, '94.40');
  ok(await api('PATCH', `/api/v1/order/${gone.id}`, { state: 'cancelled', state_reason: 'test' }), 200);
  assert.equal((await statement(bob, '2026-03-01')).total, '94.00');
});

test('brackets without gaps, one whom it is for, bounds: refused with a word', async () => {
  const refused = async (body, want, field) => {
    const answer = await api('POST', '/api/v1/commission_plan', { name: 'Bad', from_on: '2026-01-01', brackets: brackets(['0', null, '4']), ...body });
    assert.deepEqual([answer.status, key(answer)], [422, want], answer.text);
    if (field) assert.equal(answer.body.errors[0].field, field);
  };
  for (const [list, want] of [
    [[['0', '10', '1'], ['20', null, '2']], 'commission_bracket_gap'], [[['0', '10', '1'], ['5', null, '2']], 'commission_bracket_overlap'], [[['5', null, '1']], 'commission_bracket_first'],
    [[['0', '10', '1']], 'commission_bracket_last'], [[['0', null, '1'], ['10', null, '2']], 'commission_bracket_overlap'], [[['0', '0', '1'], ['0', null, '2']], 'commission_bracket_empty'],
    [[['0', null, '-1']], 'commission_bracket'], [[['0', null, '1.00001']], 'commission_bracket'], [[['0', '1e3', '1'], ['1000', null, '2']], 'commission_bracket'],
    [[['0', '9999999999999999999', '1'], ['9999999999999999999', null, '2']], 'commission_bracket'], [[], 'commission_brackets'],
    [Array.from({ length: 51 }, (_, i) => [String(i), i < 50 ? String(i + 1) : null, '1']), 'commission_brackets']]) await refused({ brackets: brackets(...list) }, want, 'brackets');
  await refused({ brackets: [{ from: '0', rate: '1', bonus: '5' }] }, 'commission_bracket');
  await refused({ brackets: { from: '0' } }, 'commission_brackets');
  await refused({ scope: 'people' }, 'required', 'people');
  await refused({ scope: 'team' }, 'required', 'team_id');
  await refused({ scope: 'firm', team_id: team }, 'commission_scope', 'team_id');
  await refused({ until_on: '2025-12-31' }, 'commission_until');
  await refused({ measure: 'units' }, 'commission_measure');
  await refused({ pays: 'unit' }, 'commission_measure');
  await refused({ cap_period: '5', floor: '6' }, 'commission_floor_over_cap');
  await refused({ cap_line: '-1' }, 'commission_below_zero');
  assert.equal((await api('POST', '/api/v1/commission_plan', { name: 'Bad', from_on: '2026-01-01', brackets: brackets(['0', null, '4']), products: { field: 'nothing', op: 'eq', value: 1 } })).status, 422);
  assert.equal((await get('commission_plan?name=eq.Bad')).length, 0);
  assert.equal((await api('GET', '/api/v1/commission/statement?period=week')).status, 422);
  assert.equal((await api('GET', '/api/v1/commission/statement?on=2026-02-30')).status, 422);
  assert.equal((await api('GET', '/api/v1/commission/statement?limit=-1')).status, 422);
  assert.equal((await api('GET', '/api/v1/commission/statement?person=1')).status, 404);
});

test('whole brackets, margin, units, targets, caps and floors, in a quarter of their own', async () => {
  const only = { period: 'quarter', scope: 'people', people: [ann.id] };
  await plan({ name: 'Whole', kind: 'w', mode: 'whole', ...only, brackets: brackets(['0', '500', '1'], ['500', null, '3']) });
  await plan({ name: 'Margin', kind: 'm', base: 'margin', ...only, brackets: brackets(['0', null, '50']), cap_line: '90' });
  await plan({ name: 'Piece', kind: 'p', pays: 'unit', measure: 'units', ...only, products: { field: 'sku', op: 'eq', value: 'C1' }, brackets: brackets(['0', '5', '1'], ['5', null, '2.5']) });
  await plan({ name: 'Goal', kind: 'g', measure: 'target', ...only, brackets: brackets(['0', '50', '0'], ['50', null, '10']), cap_period: '20' });
  await plan({ name: 'Sure', kind: 's', ...only, brackets: brackets(['0', null, '0']), floor: '300' });
  await make('target', { scope: 'person', owner_id: ann.id, period: 'quarter', starts_on: '2026-04-01', goal: '400' });
  await order(ann, [[tea, '4', '100']], '2026-04-02', { number: 'Q1' });
  await order(ann, [[cup, '12', '10']], '2026-05-02', { number: 'Q2' });
  const s = await statement(ann, '2026-06-30', '&period=quarter'), by = (name) => s.lines.filter((l) => l.plan === name).map((l) => [l.kind, l.number, l.credited, l.units, l.result]);
  read(s);
  assert.deepEqual(by('Whole'), [['sale', 'Q1', '400.00', null, '12.00'], ['sale', 'Q2', '120.00', null, '3.60']]);
  assert.deepEqual(by('Margin'), [['sale', 'Q1', '160.00', null, '80.00']], 'what nobody knows the cost of counts nothing');
  assert.deepEqual(by('Piece'), [['sale', 'Q2', '120.00', '5.000', '5.00'], ['sale', 'Q2', '120.00', '7.000', '17.50']]);
  assert.deepEqual(by('Goal'), [['sale', 'Q1', '200.00', null, '0.00'], ['sale', 'Q1', '200.00', null, '20.00'], ['sale', 'Q2', '120.00', null, '12.00'], ['cap', 'Goal', null, null, '-12.00']]);
  assert.deepEqual(by('Sure').at(-1), ['floor', 'Sure', null, null, '300.00']);
  const o = await get('commission/overview?period=quarter&on=2026-06-30');
  assert.equal(o.warnings.no_cost, 1);
  assert.equal((await statement(ann, '2026-07-01', '&period=quarter')).total, '300.00', 'who sells nothing has what is sure');
});

test('shares come to 100, and to the whole; they are set by who may, and not once it is closed', async () => {
  const o = await order(bob, [[cup, '1', '100.01']], '2026-02-10', { number: 'S1' }), put = (shares, who = api) => who('PUT', `/api/v1/order/${o.id}/commission_split`, { shares });
  for (const [shares, want] of [[[[ann, '50'], [bob, '49.9999']], 'commission_share_sum'], [[[ann, '50'], [ann, '50']], 'commission_share_twice'], [[[ann, '0'], [bob, '100']], 'commission_shares'],
    [[[ann, '-1'], [bob, '101']], 'commission_shares'], [[[{ id: '1' }, '100']], 'commission_shares']])
    assert.equal(key(await put(shares.map(([p, percent]) => ({ person: p.id, percent })))), want);
  assert.equal((await put('all')).status, 422);
  assert.equal((await put([{ person: ann.id, percent: '100' }], ann.api)).status >= 400, true);
  ok(await put([{ person: ann.id, percent: '33.3333' }, { person: bob.id, percent: '66.6667' }]));
  const all = [await statement(ann, '2026-02-10'), await statement(bob, '2026-02-10')].map((s) => s.lines.filter((l) => l.plan === 'Ladder').map((l) => [l.base, l.share, l.credited, l.result])[0]);
  assert.deepEqual(all, [['100.01', '33.3333', '33.34', '0.33'], ['100.01', '66.6667', '66.67', '0.67']]);
  const race = await Promise.all(Array.from({ length: 6 }, (_, i) => put([{ person: ann.id, percent: String(10 + i) }, { person: bob.id, percent: String(90 - i) }])));
  assert.ok(race.every((r) => r.status === 204), race.map((r) => r.text).join());
  const [split] = await get(`commission_split?order_id=eq.${o.id}&limit=1`);
  assert.equal((await get(`commission_split/${split.id}`)).percent, split.percent);
  assert.equal((await get(`commission_split?order_id=eq.${o.id}`)).reduce((sum, s) => sum + Number(s.percent), 0), 100);
  ok(await put([]));
  assert.equal((await statement(ann, '2026-02-10')).count, 0);
});

test('a salesperson sees their own, a leader the team’s; a file says the same', async () => {
  assert.equal((await statement(ann, '2026-03-01', '', ann.api)).total, '10.95');
  assert.equal((await get('commission/statement?on=2026-03-01', ann.api)).person, ann.id);
  assert.equal((await ann.api('GET', `/api/v1/commission/statement?person=${bob.id}&on=2026-03-01`)).status, 404);
  assert.deepEqual((await get('commission/overview?on=2026-03-01', ann.api)).rows.map((r) => r.name), ['ann']);
  const seen = await get('commission/overview?on=2026-03-01', boss.api);
  assert.deepEqual([seen.rows.map((r) => r.name), seen.total, seen.digest], [['ann'], '10.95', undefined]);
  assert.deepEqual((await get('commission/overview?on=2026-03-01')).rows.map((r) => [r.name, r.total]), [['bob', '94.00'], ['ann', '10.95']]);
  assert.equal((await boss.api('GET', '/api/v1/commission/export?on=2026-03-01')).status, 403);
  const csv = (await ann.api('GET', '/api/v1/commission/export?on=2026-03-01')).text;
  assert.deepEqual([csv.split('\n').filter(Boolean).length, /bob/.test(csv), /A1.*10\.00/.test(csv)], [4, false, true], csv);
  assert.equal((await ann.api('GET', `/api/v1/commission/export?on=2026-03-01&person=${bob.id}`)).status, 404);
  assert.equal((await api('GET', '/api/v1/commission/export?format=xlsx&on=2026-03-01')).status, 200);
  assert.equal((await api('GET', '/api/v1/commission/export?format=pdf')).status, 422);
  const blind = await person(server, 'blind', { commission_line: { read: 'all', fields: { base: 'hidden', rate: 'hidden', result: 'hidden', credited: 'hidden' } }, user: { read: 'all' } });
  const hidden = await statement(bob, '2026-03-01', '', blind.api);
  assert.deepEqual([hidden.total, hidden.plans, hidden.lines[0].base, hidden.lines[0].rate, hidden.lines[0].result, hidden.lines[0].bracket], [null, [], null, null, null, null]);
  const none = await person(server, 'none', { order: { read: 'all' } });
  for (const path of ['statement', 'overview', 'export']) assert.equal((await none.api('GET', `/api/v1/commission/${path}`)).status, 403, path);
});

test('by hand with a reason and the right to it', async () => {
  const body = { owner_id: bob.id, happened_on: '2026-03-20', amount: '-4.00', reason: 'Sample lost' };
  assert.equal(key(await api('POST', '/api/v1/commission_adjustment', { ...body, reason: '' })), 'required');
  assert.equal(key(await api('POST', '/api/v1/commission_adjustment', { ...body, amount: '0' })), 'commission_nothing');
  assert.equal(key(await boss.api('POST', '/api/v1/commission_adjustment', { ...body, owner_id: ann.id })), 'commission_right');
  assert.equal((await ann.api('POST', '/api/v1/commission_adjustment', { ...body, owner_id: ann.id })).status, 403);
  await make('commission_adjustment', body);
  assert.deepEqual(read(await statement(bob, '2026-03-01')).at(-1), ['adjustment', 'Sample lost', null, null, '-4.00']);
});

test('a period is closed once, by who may, as it was looked at; then it stays', async () => {
  assert.equal((await close('2026-03-01', 'month', boss.api)).status, 403);
  assert.equal(key(await api('POST', '/api/v1/commission/close', { period: 'month', on: '2026-03-01', digest: '0' })), 'commission_moved');
  assert.equal(key(await close(new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10))), 'commission_not_over');
  const before = await statement(bob, '2026-03-01'), { digest } = await get('commission/overview?on=2026-03-01');
  await order(bob, [[cup, '1', '100']], '2026-03-30', { number: 'B5' });
  assert.equal(key(await api('POST', '/api/v1/commission/close', { period: 'month', on: '2026-03-01', digest })), 'commission_moved', 'not as it was looked at');
  const races = await Promise.all(Array.from({ length: 5 }, () => close('2026-03-01')));
  assert.equal(races.filter((r) => r.status === 201).length, 1, races.map((r) => r.text).join());
  const [period] = await get('commission_period');
  assert.deepEqual([period.total, period.people, period.lines], ['104.95', 2, 10]);
  assert.equal((await get(`commission_line?period_id=eq.${period.id}&select=id`)).length, 10);
  const closed = await statement(bob, '2026-03-15');
  assert.deepEqual([closed.closed, closed.total, closed.count], [true, '94.00', before.count + 1]);
  read(closed);
  // frozen: neither plans nor orders move it, nor anybody by hand
  const [ladder] = await get('commission_plan?name=eq.Ladder');
  ok(await api('PATCH', `/api/v1/commission_plan/${ladder.id}`, { note: 'seen' }), 200);
  assert.equal((await api('DELETE', `/api/v1/commission_plan/${ladder.id}`)).status, 409);
  assert.equal(key(await api('POST', '/api/v1/commission_adjustment', { owner_id: bob.id, happened_on: '2026-03-20', amount: '1', reason: 'late' })), 'commission_closed');
  const [line] = await get('commission_line?limit=1');
  assert.ok((await api('PATCH', `/api/v1/commission_line/${line.id}`, { result: '1' })).status >= 400);
  const [adjusted] = await get('commission_adjustment');
  assert.equal(key(await api('DELETE', `/api/v1/commission_adjustment/${adjusted.id}`)), 'commission_closed');
  const [b1] = await get('order?number=eq.B1');
  assert.equal(key(await api('PUT', `/api/v1/order/${b1.id}/commission_split`, { shares: [] })), 'commission_split_closed');
  assert.equal((await get('commission_line', ann.api)).length, 3, 'one’s own of what is closed');
});

test('paid once', async () => {
  const [s] = await get(`commission_statement?owner_id=eq.${bob.id}`), pay = (body = {}, who = api) => who('POST', `/api/v1/commission_statement/${s.id}/pay`, body);
  assert.equal((await pay({}, ann.api)).status >= 400, true);
  assert.equal(key(await pay({ paid_on: '2999-01-01' })), 'commission_paid_day');
  const races = await Promise.all(Array.from({ length: 4 }, () => pay({ paid_on: '2026-04-10' })));
  assert.equal(races.filter((r) => r.status === 204).length, 1, races.map((r) => r.text).join());
  const row = (await get('commission/overview?on=2026-03-01')).rows.find((r) => r.person === bob.id);
  assert.deepEqual([row.paid_on, row.total], ['2026-04-10', '94.00']);
});

test('what changes of a closed period is a line of the open one that says of what, and never more than was paid', async () => {
  const now = async (who) => read(await get(`commission/statement?person=${who.id}`)).map((l) => l.slice(0, 5)), of = async (number) => (await get(`order?number=eq.${number}`))[0];
  assert.deepEqual(await now(bob), []);
  const b3 = await of('B3'), b2 = await of('B2');
  ok(await api('PATCH', `/api/v1/order/${b3.id}`, { state: 'cancelled', state_reason: 'sent back' }), 200);
  assert.deepEqual(await now(bob), [['clawback', 'B3', '-800.00', '4', '-32.00']]);
  assert.equal((await statement(bob, '2026-03-01')).total, '94.00');
  // a return: from the highest rate down
  const today = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
  await order(bob, [[cup, '-40', '10']], today, { number: 'R2', kind: 'return', original_order_id: b2.id, placed_at: new Date(Date.now() - 1000).toISOString() });
  assert.deepEqual((await now(bob)).slice(0, 3).sort(), [['clawback', 'B3', '-800.00', '4', '-32.00'], ['clawback', 'R2', '-100.00', '2', '-2.00'], ['clawback', 'R2', '-300.00', '4', '-12.00']]);
  // taken up again before that is closed: as if nothing had been
  ok(await api('PATCH', `/api/v1/order/${b3.id}`, { state: 'placed', state_reason: 'stays' }), 200);
  assert.equal((await get(`commission/statement?person=${bob.id}`)).total, '-14.00');
  // entered late: paid in the open period, at its brackets
  await order(ann, [[tea, '2', '100']], '2026-03-20', { number: 'L1' });
  assert.deepEqual((await now(ann)).map((l) => [l[0], l[1], l[4]]), [['late', 'L1', '20.00'], ['late', 'L1', '1.00']]);
  // changed hands: what was earned stays with who earned it
  const b1 = await of('B1');
  ok(await api('PATCH', `/api/v1/order/${b1.id}`, { owner_id: ann.id }), 200);
  assert.equal((await get(`commission/statement?person=${bob.id}`)).total, '-14.00');
  ok(await api('DELETE', `/api/v1/order/${b1.id}`));
  assert.deepEqual((await now(bob)).find((l) => l[1] === 'B1'), ['clawback', 'B1', '-800.00', '1', '-8.00']);
});

test('on money received: as much of the base as of the order; what is given back is taken back', async () => {
  await plan({ name: 'Money', from_on: '2024-01-01', kind: 'money', period: 'year', event: 'received', scope: 'people', people: [bob.id], brackets: brackets(['0', null, '5']) });
  const o = await order(bob, [[cup, '100', '10']], '2024-12-30', { number: 'M1' }), s = () => statement(bob, '2025-06-01', '&period=year');
  ok(await api('POST', `/api/v1/order/${o.id}/pay`, { amount: '400', received_on: '2025-01-10', method: 'cash' }, { 'Idempotency-Key': 'm1' }), 201);
  await make('payment', { order_id: o.id, amount: '100', paid_at: '2025-03-01T00:00:00Z' });
  await make('payment', { order_id: o.id, amount: '30', kind: 'refund', paid_at: '2025-03-02T00:00:00Z' });
  assert.deepEqual(read(await s()), [['sale', 'M1', '400.00', '5', '20.00'], ['sale', 'M1', '100.00', '5', '5.00'], ['sale', 'M1', '-30.00', '5', '-1.50']]);
  ok(await close('2025-01-01', 'year'), 201);
  const [allocation] = await get('allocation');
  ok(await api('DELETE', `/api/v1/allocation/${allocation.id}`));
  assert.equal((await s()).total, '23.50');
  const open = await get(`commission/statement?person=${bob.id}&period=year`);
  assert.deepEqual(read(open).filter((l) => l[0] === 'clawback'), [['clawback', 'M1', '-400.00', '5', '-20.00']]);
});
