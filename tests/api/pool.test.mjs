// The public pool: who falls and why, what the pool shows, races and limits, what would fall, and stages by rules.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { client, guanxi, serve, start } from '../lib/server.mjs';

let server, api, ann, ben, boss, pool, branch;

async function make(entity, body, as = api) {
  const answer = await as('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' });
  assert.equal(answer.status, 201, answer.text);
  return Array.isArray(body) ? answer.body : answer.body[0];
}
const get = async (path, as = api) => (await as('GET', `/api/v1/${path}`)).body;
const customer = (body) => make('customer', { name: 'Lin Daiyu', city: 'Suzhou', phone: '13800138000', branch_id: branch.id, ...body });
const patch = async (path, body, as = api) => { const answer = await as('PATCH', `/api/v1/${path}`, body); assert.equal(answer.status, 200, answer.text); return answer.body; };
const refused = async (answer, status, key) => assert.deepEqual([(await answer).status, (await answer).body.errors?.[0].key], [status, key], (await answer).text);
const act = (id, what, as, body) => as('POST', `/api/v1/customer/${id}/${what}`, body);
const release = (id, as, reason = 'does not answer') => act(id, 'release', as, { reason });

/** Asks until it is so; the watcher follows within moments. */
async function until(ask, what, tries = 400) {
  for (let i = 0; i < tries; i++) {
    const is = await ask();
    if (is) return is;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return assert.fail(`never: ${what}`);
}
const card = async (id, as = api) => (await get(`pool_entry?customer_id=eq.${id}`, as))[0];
const fallen = (id) => until(() => card(id), `customer ${id} in the pool`);

async function person(name, role, more = {}) {
  const roles = await get(`role?key=eq.${role}`);
  const user = await make('user', { name, email: `${name}@example.com`, roles: [roles[0].id], ...more });
  return { id: user.id, api: client(server.url, guanxi(['token', 'create', '--data', server.data, '--user', `${name}@example.com`, '--name', 't']).out.trim()) };
}

before(async () => {
  server = await start();
  api = server.api;
  branch = await make('branch', { name: 'Suzhou' });
  const team = await make('team', { name: 'Silk', branch_id: branch.id });
  [ann, ben] = [await person('ann', 'sales', { team_id: team.id, branch_id: branch.id }), await person('ben', 'sales', { team_id: team.id, branch_id: branch.id })];
  boss = await person('boss', 'manager', { branch_id: branch.id });
  pool = await make('pool', { name: 'All', hidden: ['phone', 'email'], lock_days: 0, claims_a_day: 1000, looks_a_day: 1000 });
});
after(() => server?.close());

test('given back with a reason: out of reach but for its card, which shows no more than the pool lets', async () => {
  const c = await customer({ owner_id: ann.id, note: 'left door', email: 'lin@example.com' });
  await refused(act(c.id, 'release', ann.api, {}), 422, 'required');
  await refused(release(c.id, boss.api), 409, 'not_yours');
  await refused(release(c.id, ben.api), 404, 'not_found');
  assert.equal((await release(c.id, ann.api)).status, 200);
  for (const who of [ann, ben]) assert.equal((await who.api('GET', `/api/v1/customer/${c.id}`)).status, 404);
  const shown = await card(c.id, ben.api);
  assert.deepEqual([shown.name, shown.city, shown.why, shown.from_id], ['Lin Daiyu', 'Suzhou', 'does not answer', ann.id]);
  const looked = await act(c.id, 'look', ben.api);
  assert.equal(looked.status, 200, looked.text);
  const [look] = (await server.api('GET', '/api/v1/pool_look?limit=1')).body;
  assert.equal((await server.api('GET', `/api/v1/pool_look/${look.id}`)).body.id, look.id);
  assert.deepEqual([looked.body.fields.note, looked.body.fields.phone, looked.body.fields.email, looked.body.from], ['left door', undefined, undefined, 'ann']);
  assert.deepEqual(looked.body.history.map((h) => [h.kind, h.from, h.reason]), [['given_back', 'ann', 'does not answer']]);
  // no way around the card: lists, conditions, search, export, history, a share of before
  for (const path of [`customer?id=eq.${c.id}`, 'customer?phone=eq.%2B8613800138000', `interaction?customer_id=eq.${c.id}`, `pool_move?customer_id=eq.${c.id}`])
    assert.deepEqual(await get(path, ben.api), [], path);
  assert.ok(!JSON.stringify(await get('search?q=13800138000', ben.api)).includes(c.id));
  assert.ok(!(await ben.api('GET', `/api/v1/pool_entry?select=*,customer(*)`)).text.includes('13800138000'));
  // the pool hides its name too: a letter is left, and the search finds no more
  await patch(`pool/${pool.id}`, { hidden: ['phone', 'email', 'name', 'city'] });
  const masked = await card(c.id, ben.api);
  assert.deepEqual([masked.name.startsWith('L'), masked.name.includes('Daiyu'), masked.city], [true, false, null]);
  assert.ok(!JSON.stringify(await get('search?q=Daiyu', ben.api)).includes(c.id));
  await refused(api('PATCH', `/api/v1/pool/${pool.id}`, { hidden: ['phone', 'nothing'] }), 422, 'pool_no_field');
  for (const hidden of [7, 'phone', {}, [7], ['id'], ['phone', null]]) assert.equal((await api('PATCH', `/api/v1/pool/${pool.id}`, { hidden })).status, 422, JSON.stringify(hidden));
  await patch(`pool/${pool.id}`, { hidden: ['phone', 'email'] });
  assert.equal((await act(c.id, 'claim', ben.api)).status, 200);
  const mine = await get(`customer/${c.id}`, ben.api);
  assert.deepEqual([mine.owner_id, mine.phone, mine.pool_id], [ben.id, '+8613800138000', null]);
  assert.deepEqual((await get(`pool_move?customer_id=eq.${c.id}&order=id`, ben.api)).map((m) => [m.kind, m.from_id, m.to_id]), [['given_back', ann.id, null], ['claimed', ann.id, ben.id]]);
});

test('twenty claims of one customer at once: one wins, and the cap holds', async () => {
  const list = await Promise.all(Array.from({ length: 12 }, (_, i) => customer({ name: `Race ${i}`, owner_id: ann.id })));
  for (const c of list) assert.equal((await release(c.id, ann.api)).status, 200);
  const race = await Promise.all(Array.from({ length: 20 }, (_, i) => act(list[0].id, 'claim', i % 2 ? ann.api : ben.api)));
  assert.deepEqual(race.map((a) => a.status).sort(), [200, ...Array(19).fill(409)]);
  for (const answer of race.filter((a) => a.status !== 200)) assert.equal(answer.body.errors[0].key, 'claimed_already');
  assert.equal((await get(`pool_move?customer_id=eq.${list[0].id}&kind=eq.claimed`)).length, 1);
  const used = (await get('pool/limits', ben.api)).pools[0].claims.used;
  await patch(`pool/${pool.id}`, { claims_a_day: used + 3 });
  const many = await Promise.all(list.slice(1).map((c) => act(c.id, 'claim', ben.api)));
  assert.equal(many.filter((a) => a.status === 200).length, 3);
  for (const answer of many.filter((a) => a.status !== 200)) assert.equal(answer.body.errors[0].key, 'pool_claims_used');
  await patch(`pool/${pool.id}`, { claims_a_day: 1000 });
  // how many one may have, counted by condition: persons of Suzhou alone
  const condition = { field: 'city', op: 'eq', value: 'Suzhou' };
  const held = (await get(`customer?owner_id=eq.${ben.id}&city=eq.Suzhou`)).length;
  await patch(`pool/${pool.id}`, { hold_max: held + 2, hold_condition: condition });
  const left = (await get('pool_entry', ben.api)).map((e) => e.customer_id);
  const hands = await Promise.all(left.map((id) => act(id, 'claim', ben.api)));
  assert.equal(hands.filter((a) => a.status === 200).length, 2);
  assert.ok(hands.some((a) => a.body.errors?.[0].key === 'pool_full_hands'));
  await patch(`pool/${pool.id}`, { hold_max: null, hold_condition: null });
});

test('who had it waits; looks are counted once a customer and day; a manager assigns', async () => {
  await patch(`pool/${pool.id}`, { lock_days: 7 });
  const c = await customer({ owner_id: ann.id });
  await release(c.id, ann.api);
  await refused(act(c.id, 'claim', ann.api), 409, 'pool_locked');
  const looks = (await get('pool/limits', ben.api)).pools[0].looks.used;
  await patch(`pool/${pool.id}`, { looks_a_day: looks + 1 });
  assert.equal((await act(c.id, 'look', ben.api)).status, 200);
  assert.equal((await act(c.id, 'look', ben.api)).status, 200, 'the same again');
  const other = await customer({ owner_id: ann.id });
  await release(other.id, ann.api);
  await refused(act(other.id, 'look', ben.api), 409, 'pool_looks_used');
  await refused(act(c.id, 'assign', ben.api, { user_id: ben.id }), 403, 'forbidden');
  await refused(act(c.id, 'assign', boss.api, {}), 422, 'required');
  assert.equal((await act(c.id, 'assign', boss.api, { user_id: ann.id, reason: 'knows them' })).status, 200, 'a manager is not bound by the lock');
  assert.equal((await get(`customer/${c.id}`, ann.api)).owner_id, ann.id);
  await refused(act(c.id, 'claim', ben.api), 409, 'claimed_already');
  // given away by hand, in the ordinary form
  await patch(`customer/${other.id}`, { owner_id: ben.id }, boss.api);
  assert.equal(await card(other.id), undefined);
  assert.deepEqual((await get(`pool_move?customer_id=eq.${other.id}&order=id`)).map((m) => m.kind), ['given_back', 'assigned']);
  await patch(`pool/${pool.id}`, { lock_days: 0, looks_a_day: 1000 });
});

test('a rule recalls what it holds of, says why, spares exceptions, and does nothing twice', async () => {
  const condition = { all: [{ field: 'level', op: 'eq', value: 'ordinary' }, { not: { field: 'last_contact_at', op: 'gte', value: 'now-30d' } }] };
  const [falls, spoken, spared] = [await customer({ name: 'Falls', level: 'ordinary', owner_id: ann.id }), await customer({ name: 'Spoken', level: 'ordinary', owner_id: ann.id }),
    await customer({ name: 'Spared', level: 'ordinary', owner_id: ann.id })];
  await make('interaction', { customer_id: spoken.id, kind: 'call', direction: 'out', state: 'done', at: new Date().toISOString(), subject: 'hello' });
  await make('pool_exempt', { customer_id: spared.id, reason: 'the chairman’s cousin' });
  const rule = await make('pool_rule', { name: 'Silent for a month', condition });
  const shown = await fallen(falls.id);
  assert.deepEqual([shown.why, shown.from_id], ['Silent for a month', ann.id]);
  const [move] = await get(`pool_move?customer_id=eq.${falls.id}`);
  assert.deepEqual([move.kind, move.rule_id, move.from_id], ['fell', rule.id, ann.id]);
  assert.ok(move.why.parts.length === 2, JSON.stringify(move.why));
  // a fact turns it at once
  await patch(`customer/${spoken.id}`, { level: 'main' });
  const late = await customer({ name: 'Late', level: 'main', owner_id: ann.id });
  await patch(`customer/${late.id}`, { level: 'ordinary' });
  await fallen(late.id);
  assert.equal((await get(`customer/${spared.id}`)).owner_id, ann.id);
  assert.equal((await get(`customer/${spoken.id}`)).owner_id, ann.id);
  // the exception ends
  const [exempt] = await get(`pool_exempt?customer_id=eq.${spared.id}`);
  assert.equal((await api('DELETE', `/api/v1/pool_exempt/${exempt.id}`)).status, 204);
  await fallen(spared.id);
  await patch(`pool_rule/${rule.id}`, { active: false });
});

test('before it falls its owner is told when, and a contact takes that back', async () => {
  const c = await customer({ name: 'Soon', level: 'potential', owner_id: ann.id });
  const at = new Date(Date.now() - 28.5 * 86400000);
  const talk = await make('interaction', { customer_id: c.id, kind: 'call', direction: 'out', state: 'done', at: at.toISOString(), subject: 'hello' });
  const condition = { all: [{ field: 'level', op: 'eq', value: 'potential' }, { not: { field: 'last_contact_at', op: 'gte', value: 'now-30d' } }] };
  const rule = await make('pool_rule', { name: 'Potential, silent', condition, remind_days: 3 });
  const warning = await until(async () => (await get(`pool_warning?owner_id=eq.${ann.id}`, ann.api))[0], 'a warning');
  assert.deepEqual([warning.customer_id, warning.rule_id], [c.id, rule.id]);
  assert.ok(Math.abs(new Date(warning.falls_at) - at - 30 * 86400000) < 2000, warning.falls_at);
  await patch(`interaction/${talk.id}`, { at: new Date().toISOString() });
  await until(async () => (await get(`pool_warning?customer_id=eq.${c.id}`)).length === 0, 'the warning goes');
  await patch(`pool_rule/${rule.id}`, { active: false });
});

test('a rule that would take all, or many, asks for their number; what would fall is told ahead', async () => {
  await refused(api('POST', '/api/v1/pool_rule', { name: 'Everybody', condition: { field: 'name', op: 'is', value: 'not_null' } }), 409, 'pool_takes_all');
  await make('customer', Array.from({ length: 25 }, (_, i) => ({ name: `Bulk ${i}`, city: 'Bulk', owner_id: ann.id })));
  const condition = { field: 'city', op: 'eq', value: 'Bulk' };
  const answer = await api('POST', '/api/v1/pool_rule', { name: 'Many', condition });
  assert.deepEqual([answer.status, answer.body.errors[0].key, answer.body.errors[0].message.includes('25')], [409, 'pool_takes_many', true], answer.text);
  assert.equal((await get('customer?city=eq.Bulk&owner_id=not.is.null')).length, 25, 'nothing has changed');
  const told = await api('POST', '/api/v1/pool/simulate', { condition, days: 1 });
  assert.deepEqual([told.body.count, told.body.owners.map((o) => [o.name, o.count]), told.body.customers.length], [25, [['ann', 25]], 25], told.text);
  const soon = { all: [condition, { field: 'held_since', op: 'lt', value: 'now-10d' }] };
  const ahead = async (days) => (await api('POST', '/api/v1/pool/simulate', { condition: soon, days })).body.count;
  assert.deepEqual([await ahead(0), await ahead(9), await ahead(11)], [0, 0, 25]);
  assert.equal((await ben.api('POST', '/api/v1/pool/simulate', { condition, days: 0 })).status, 200);
  for (const [body, status] of [[{ days: -1 }, 422], [{ days: 10000 }, 422], [{ condition: { field: 'nope', op: 'eq', value: 1 } }, 422], [{ condition: 7 }, 422], [{ what: 1 }, 422]])
    assert.equal((await api('POST', '/api/v1/pool/simulate', body)).status, status, JSON.stringify(body));
  const rule = await make('pool_rule', { name: 'Many', condition, confirmed: 25, day_max: 10 });
  await until(async () => (await get('pool_entry?city=eq.Bulk')).length === 10, 'ten of them');
  assert.equal((await get('customer?city=eq.Bulk&owner_id=not.is.null')).length, 15, 'the rest another day');
  await patch(`pool_rule/${rule.id}`, { active: false });
});

test('several pools: by condition and branch, with those nobody ever had', async () => {
  const vip = await make('pool', { name: 'VIP', position: -0, condition: { field: 'level', op: 'eq', value: 'vip' }, branch_id: (await make('branch', { name: 'Far' })).id, takes_free: true });
  await patch(`pool/${pool.id}`, { position: 5 });
  const c = await customer({ level: 'vip', owner_id: null });
  const shown = await fallen(c.id);
  assert.deepEqual([shown.pool_id, shown.from_id], [vip.id, null]);
  await refused(act(c.id, 'claim', ben.api), 403, 'pool_branch');
  await refused(act(c.id, 'look', ben.api), 403, 'pool_branch');
  const free = await customer({ level: 'main', owner_id: null });
  const mine = await customer({ level: 'main', owner_id: ann.id });
  assert.equal((await release(mine.id, ann.api)).body.pool_id, pool.id);
  assert.equal(await card(free.id), undefined, 'a pool that takes no free ones');
});

test('stages follow rules with a history and a reason; what is set by hand stays until the facts change', async () => {
  const rules = await get('stage_rule?order=position');
  assert.deepEqual(rules.map((r) => [r.stage, r.active]), [['lost', false], ['loyal', false], ['trading', false]]);
  const c = await customer({ owner_id: ann.id, level: 'prime' });
  await make('stage_rule', { name: 'Prime ones', stage: 'loyal', position: 1, condition: { field: 'level', op: 'eq', value: 'prime' } });
  await make('stage_rule', { name: 'Gone', stage: 'lost', position: 0, reason: 'moved away', condition: { field: 'city', op: 'eq', value: 'Far away' } });
  const stage = (wanted) => until(async () => { const now = await get(`customer/${c.id}`); return now.stage === wanted && now; }, wanted);
  await stage('loyal');
  await patch(`customer/${c.id}`, { stage: 'trading' });
  await patch(`customer/${c.id}`, { note: 'looked at again' });
  await customer({ name: 'Marker', level: 'prime' });
  await until(async () => (await get('customer?name=eq.Marker&stage=eq.loyal')).length === 1, 'the marker');
  await stage('trading');
  await patch(`customer/${c.id}`, { city: 'Far away' });
  assert.equal((await stage('lost')).lost_reason, 'moved away');
  assert.deepEqual((await get(`stage_move?customer_id=eq.${c.id}&order=id`)).map((m) => [m.from_stage, m.to_stage, m.rule_id !== null, m.reason]),
    [['prospect', 'loyal', true, null], ['loyal', 'trading', false, null], ['trading', 'lost', true, 'moved away']]);
  const preview = (await get('lifecycle/preview')).rules;
  assert.ok(preview.some((r) => r.name === 'Gone' && r.from.lost === 1), JSON.stringify(preview));
});

test('a merge that brings a card to somebody’s customer leaves nothing to take', async () => {
  const [kept, twin] = [await customer({ name: 'Merged', owner_id: ann.id }), await customer({ name: 'Merged', owner_id: ann.id })];
  await release(twin.id, ann.api);
  assert.ok(await card(twin.id));
  const merged = await api('POST', `/api/v1/customer/${kept.id}/merge`, { from: [twin.id] });
  assert.equal(merged.status, 200, merged.text);
  assert.notEqual((await act(kept.id, 'claim', ben.api)).status, 200);
  await until(async () => (await get(`pool_entry?customer_id=in.(${kept.id},${twin.id})`)).length === 0, 'the card goes');
  assert.equal((await get(`customer/${kept.id}`)).owner_id, ann.id);
});

test('killed in the midst of a recall: after the start every customer falls, each once', async () => {
  const made = await start();
  let again;
  try {
    const { api: to } = made;
    const me = (await to('GET', '/api/v1/account')).body.id;
    await make('pool', { name: 'All' }, to);
    await make('customer', Array.from({ length: 600 }, (_, i) => ({ name: `Kill ${i}`, city: 'Kill', owner_id: me })), to);
    await make('pool_rule', { name: 'Kill', condition: { field: 'city', op: 'eq', value: 'Kill' }, confirmed: 600, day_max: 10000 }, to);
    const count = async (as, path) => Number((await as('GET', `/api/v1/${path}&limit=1`, undefined, { Prefer: 'count=exact' })).headers.get('content-range').split('/')[1]);
    await until(async () => (await count(to, 'pool_entry?city=eq.Kill')) > 0, 'the first ones');
    made.kill();
    await made.ended;
    again = await serve(made.data);
    const as = client(again.url, made.token);
    await until(async () => (await count(as, 'pool_entry?city=eq.Kill')) === 600, 'all of them', 1500); // on PostgreSQL the lease of the one that was killed has to end first
    assert.deepEqual([await count(as, 'pool_move?kind=eq.fell'), await count(as, 'customer?city=eq.Kill&owner_id=is.null&pool_id=not.is.null')], [600, 600]);
  } finally {
    await again?.stop();
    made.remove();
  }
});
