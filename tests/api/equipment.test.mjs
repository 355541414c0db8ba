// Serial numbers: one of each model, whose they are and were; warranty decided by rule with its reason; recalls of a batch.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { person } from '../lib/attack.mjs';
import { start } from '../lib/server.mjs';

let server, api, ids;
const today = (days = 0) => new Date(Date.now() + 8 * 3_600_000 + days * 86_400_000).toISOString().slice(0, 10); // the firm's clock: Shanghai

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
let count = 0;
const thing = (more = {}) => make('equipment', { product_id: ids.pump, serial: `SN-${++count}`, customer_id: ids.li, ...more });

before(async () => {
  server = await start();
  api = server.api;
  ids = { li: (await make('customer', { name: 'Li', phone: '13800138000' })).id, wu: (await make('customer', { name: 'Wu', phone: '13900139000' })).id };
  ids.machines = (await make('category', { name: 'Machines' })).id;
  ids.pumps = (await make('category', { name: 'Pumps', parent_id: ids.machines })).id;
  ids.pump = (await make('product', { name: 'Pump', sku: 'P1', category_id: ids.pumps })).id;
  ids.fan = (await make('product', { name: 'Fan', sku: 'F1', category_id: ids.machines })).id;
  ids.cup = (await make('product', { name: 'Cup', sku: 'C1' })).id;
  await make('warranty_term', { name: 'Standard 24 months', category_id: ids.machines, months: 24 });
  await make('warranty_term', { name: 'Japan 36 months', category_id: ids.machines, months: 36, country: 'JP', transferable: false });
  await make('warranty_term', { name: 'Fan 12 months', product_id: ids.fan, months: 12, starts: 'installation' });
});
after(async () => {
  await server?.stop();
  server?.remove();
});

test('one serial number of each model, also when 12 come at once; found by it; no more than pieces sold', async () => {
  const all = await Promise.all(Array.from({ length: 12 }, (_, i) => post('equipment', { product_id: ids.pump, serial: i % 2 ? 'tag-77' : 'TAG-77' })));
  assert.equal(all.filter((a) => a.status === 201).length, 1, all.map((a) => a.text).join());
  assert.equal((await post('equipment', { product_id: ids.fan, serial: 'TAG-77' })).status, 201, 'another model');
  const found = await get('search?q=tag-77');
  assert.match(JSON.stringify(found), /equipment/);
  const order = await make('order', { customer_id: ids.wu, state: 'shipped', placed_at: '2026-03-01T02:00:00Z' });
  const line = await make('order_line', { order_id: order.id, product_id: ids.pump, name: 'Pump', quantity: '2', unit_price: '10' });
  const sold = await Promise.all(Array.from({ length: 6 }, (_, i) => post('equipment', { product_id: ids.pump, serial: `SOLD-${i}`, order_line_id: line.id })));
  assert.deepEqual([sold.filter((a) => a.status === 201).length, sold.filter((a) => key(a) === 'equipment_line_full').length], [2, 4], sold.map((a) => a.text).join());
  const [one] = await get(`equipment?order_line_id=eq.${line.id}&limit=1`);
  assert.deepEqual([one.customer_id, one.sold_on], [ids.wu, '2026-03-01'], 'as the order says');
  assert.deepEqual((await get(`equipment_owner?equipment_id=eq.${one.id}`)).map((o) => [o.customer_id, o.from_on, o.until_on]), [[ids.wu, '2026-03-01', null]]);
  assert.equal(key(await post('equipment', { product_id: ids.fan, serial: 'X', order_line_id: line.id })), 'equipment_other_product');
  assert.equal(key(await post('equipment', { product_id: ids.pump, serial: 'X', sold_on: '2026-03-02', installed_on: '2026-03-01' })), 'equipment_installed_before');
});

test('whose warranty it is and until when: category above, product, country, installation, months bought', async () => {
  const says = async (e, on, who) => { const w = await get(`equipment/${e.id}/warranty${on ? `?on=${on}` : ''}`, who); return [w.verdict, w.until, w.said]; };
  const pump = await thing({ sold_on: '2024-02-29' });
  assert.deepEqual(await says(pump, '2026-02-28'), ['covered', '2026-02-28', 'Covered until 2026-02-28 by Standard 24 months']);
  assert.deepEqual(await says(pump, '2026-03-01'), ['expired', '2026-02-28', 'Covered until 2026-02-28 by Standard 24 months: that is over']);
  assert.equal((await says(pump, '2024-02-28'))[0], 'before');
  assert.deepEqual(await says(await thing({ sold_on: '2024-01-15', country: 'JP' }), '2026-12-31'), ['covered', '2027-01-15', 'Covered until 2027-01-15 by Japan 36 months']);
  assert.deepEqual((await says(await thing({ product_id: ids.fan, sold_on: '2026-01-31', installed_on: '2026-03-01' }), '2027-03-01')).slice(0, 2), ['covered', '2027-03-01']);
  assert.deepEqual(await says(await thing({ product_id: ids.cup, sold_on: '2026-01-31' })), ['no_term', null, 'No warranty for this product']);
  assert.equal((await says(await thing()))[0], 'no_start');
  // bought in time it is longer; bought after the end it is refused
  const late = await post('warranty_extension', { equipment_id: pump.id, name: 'Plus', months: 12, bought_on: '2026-03-01' });
  assert.equal(key(late), 'warranty_over', late.text);
  await make('warranty_extension', { equipment_id: pump.id, name: 'Plus', months: 12, bought_on: '2026-02-28' });
  assert.equal((await says(pump, '2027-02-28'))[1], '2027-02-28');
  const zh = await api('GET', `/api/v1/equipment/${pump.id}/warranty?on=2027-02-28`, undefined, { 'Accept-Language': 'zh-CN' });
  assert.equal(zh.body.said, '保修至 2027-02-28，依据：Standard 24 months');
});

test('a claim is decided by rule; against it takes a right and a reason; it stands on its case', async () => {
  const kase = await make('case', { subject: 'Leaks', kind: 'fault', customer_id: ids.li });
  const [fresh, old] = [await thing({ sold_on: today(-30) }), await thing({ sold_on: '2020-01-01' })];
  const good = await make('warranty_claim', { equipment_id: fresh.id, case_id: kase.id, what: 'Leaks', decision: 'refused' });
  assert.deepEqual([good.decision, good.verdict, good.fault_on], ['covered', 'covered', today()]);
  const bad = await make('warranty_claim', { equipment_id: old.id, what: 'Leaks', decision: 'covered' });
  assert.deepEqual([bad.decision, bad.verdict, bad.covered_until], ['refused', 'expired', '2022-01-01']);
  assert.deepEqual((await get(`warranty_claim?case_id=eq.${kase.id}`)).map((c) => c.id), [good.id]);
  const right = { read: 'all', create: 'all', update: 'all' };
  const clerk = await person(server, 'claimclerk', { '*': { read: 'all' }, equipment: right, warranty_claim: right });
  const boss = await person(server, 'claimboss', { '*': { read: 'all' }, equipment: right, warranty_claim: right }, { caps: ['warranty_override'] });
  const allow = (who, body) => post(`warranty_claim/${bad.id}/transitions/allow`, body, who.api);
  assert.equal((await allow(clerk, { decision_reason: 'good customer' })).status, 403);
  assert.equal((await clerk.api('PATCH', `/api/v1/warranty_claim/${bad.id}`, { decision: 'covered', decision_reason: 'x' })).status, 403);
  assert.equal((await allow(boss, {})).status, 422, 'without a reason');
  assert.equal((await allow(boss, { decision_reason: 'good customer' })).status, 200);
  const now = await get(`warranty_claim/${bad.id}`);
  assert.deepEqual([now.decision, now.verdict, now.decision_reason], ['covered', 'expired', 'good customer'], 'what the rule said stays');
  assert.equal(key(await post('warranty_claim', { equipment_id: fresh.id, what: 'x', fault_on: today(2) })), 'warranty_future');
  assert.equal((await post('warranty_claim', { equipment_id: fresh.id, what: 'x', fault_on: 'soon' })).status, 422);
});

test('handed over: of 8 at once one is done, who had it is kept, a warranty that does not follow ends', async () => {
  const e = await thing({ sold_on: today(-40), country: 'JP' });
  const to = (body, who) => post(`equipment/${e.id}/transfer`, body, who);
  assert.equal((await api('PATCH', `/api/v1/equipment/${e.id}`, { customer_id: ids.wu })).status, 422, 'by a transfer alone');
  for (const [body, want] of [[{}, 'required'], [{ customer_id: ids.li }, 'equipment_same_owner'], [{ customer_id: ids.wu, on: 'x' }, 'equipment_day'], [{ customer_id: ids.wu, on: today(1) }, 'warranty_future'],
    [{ customer_id: ids.wu, on: today(-41) }, 'equipment_owned_since'], [{ customer_id: '7' }, undefined]]) {
    const answer = await to(body);
    assert.ok(answer.status >= 400 && answer.status < 500, answer.text);
    if (want) assert.equal(key(answer), want, answer.text);
  }
  const done = await Promise.all(Array.from({ length: 8 }, () => to({ customer_id: ids.wu, on: today(-2), reason: 'sold on', place: 'Osaka' })));
  assert.equal(done.filter((a) => a.status === 204).length, 1, done.map((a) => a.text).join());
  const now = await get(`equipment/${e.id}`);
  assert.deepEqual([now.customer_id, now.place], [ids.wu, 'Osaka']);
  assert.deepEqual((await get(`equipment_owner?equipment_id=eq.${e.id}&order=id.asc`)).map((o) => [o.customer_id, o.from_on, o.until_on, o.reason]),
    [[ids.li, today(-40), today(-2), 'sold on'], [ids.wu, today(-2), null, null]]);
  assert.equal((await get(`equipment/${e.id}/warranty`)).said, `Would be covered until ${(await get(`equipment/${e.id}/warranty`)).until}, but Japan 36 months does not hold for a second owner`);
  assert.equal((await post('equipment_owner', { equipment_id: e.id, from_on: today() })).status, 403);
  const reader = await person(server, 'serialreader', { '*': { read: 'all' } });
  assert.equal((await to({ customer_id: ids.li }, reader.api)).status, 403);
  const blind = await person(server, 'serialblind', { '*': { read: 'all' }, equipment: { read: 'all', fields: { sold_on: 'hidden' } } });
  assert.equal((await blind.api('GET', `/api/v1/equipment/${e.id}/warranty`)).status, 403);
  assert.equal((await api('GET', '/api/v1/equipment/7/warranty')).status, 404);
  assert.equal(key(await api('GET', `/api/v1/equipment/${e.id}/warranty?on=never`)), 'equipment_day');
});

test('a recall lists who has one of the batch, once; who is told and answers is counted; a segment of those still to be told', async () => {
  const batch = []; // one after the other: the list goes by their order
  for (const customer_id of [ids.li, ids.wu, null]) batch.push(await thing({ batch: 'B-9', sold_on: today(-10), customer_id }));
  await thing({ batch: 'B-8' });
  const recall = await make('recall', { name: 'Seal of B-9', product_id: ids.pump, batch: 'B-9' });
  assert.equal((await post(`recall/${recall.id}/transitions/start`)).status, 422, 'nothing to tell');
  await api('PATCH', `/api/v1/recall/${recall.id}`, { what: 'The seal may leak.' });
  assert.equal((await post(`recall/${recall.id}/transitions/start`)).status, 200);
  const all = await Promise.all(Array.from({ length: 8 }, () => post(`recall/${recall.id}/list`)));
  assert.deepEqual([all.reduce((n, a) => n + (a.body.made ?? 0), 0), all.every((a) => a.status === 200)], [3, true], all.map((a) => a.text).join());
  assert.equal(key(await api('PATCH', `/api/v1/recall/${recall.id}`, { batch: 'B-8' })), 'recall_listed');
  const units = await get(`recall_unit?recall_id=eq.${recall.id}&order=id`);
  assert.deepEqual(units.map((u) => [u.equipment_id, u.customer_id, u.state]), batch.map((e) => [e.id, e.customer_id, 'open']));
  const step = (unit, name, body) => post(`recall_unit/${unit.id}/transitions/${name}`, body);
  assert.equal((await step(units[0], 'tell')).status, 200);
  assert.equal((await step(units[0], 'answer')).status, 422, 'without saying what');
  assert.equal((await step(units[0], 'answer', { answer: 'repair' })).status, 200);
  assert.ok((await get(`recall_unit/${units[0].id}`)).answered_at);
  assert.deepEqual((await get(`recall_unit?select=state,n:count()&recall_id=eq.${recall.id}`)).sort((a, b) => a.state.localeCompare(b.state)), [{ state: 'answered', n: 1 }, { state: 'open', n: 2 }]);
  // what changes hands is told to who has it now; those to be told are a segment
  assert.equal((await post(`equipment/${batch[1].id}/transfer`, { customer_id: ids.li })).status, 204);
  assert.equal((await get(`recall_unit/${units[1].id}`)).customer_id, ids.li);
  const condition = { related: 'recall_unit', where: { all: [{ field: 'recall_id', op: 'eq', value: recall.id }, { field: 'state', op: 'eq', value: 'open' }] }, measure: 'exists' };
  const told = await post('conditions/count', { entity: 'customer', condition });
  assert.equal(told.body.count, 1, told.text);
  const reader = await person(server, 'recallreader', { '*': { read: 'all' } });
  assert.equal((await post(`recall/${recall.id}/list`, {}, reader.api)).status, 403);
  assert.equal((await post('recall/7/list')).status, 404);
});

test('a file of serial numbers comes in, with its models and owners by name', async () => {
  await Promise.all([['L-1', 'Zhao'], ['L-2', 'Qian']].map(([number, name]) => make('customer', { number, name })));
  const file = 'Serial number,Model,Batch,Sold,Whose it is\nIMP-1,P1,B-7,2026-05-01,L-1\nIMP-2,P1,B-7,2026-05-02,L-2\nimp-1,P1,B-7,2026-05-01,L-1\n';
  const up = await api('POST', '/api/v1/import?name=serials.csv', new TextEncoder().encode(file), { 'Content-Type': 'text/csv' });
  assert.equal(up.status, 201, up.text);
  const mapping = ['serial', 'product_id', 'batch', 'sold_on', 'customer_id'].map((field, column) => ({ column, entity: 'equipment', field }));
  const plan = await api('PUT', `/api/v1/import/${up.body.id}/plan`, { mapping });
  assert.equal(plan.status, 200, plan.text);
  assert.equal((await post(`import/${up.body.id}/start`)).status, 202);
  let run;
  for (let i = 0; i < 600; i++) {
    run = await get(`import_run/${up.body.id}`);
    if (['done', 'failed'].includes(run.state)) break;
    await sleep(20);
  }
  assert.equal(run.state, 'done', JSON.stringify(run));
  const came = await get('equipment?serial=like.IMP*&order=serial&select=serial,sold_on,customer_id(number),product_id(sku)');
  assert.deepEqual(came.map((e) => [e.serial, e.sold_on, e.customer_id?.number ?? e.customer?.number]), [['IMP-1', '2026-05-01', 'L-1'], ['IMP-2', '2026-05-02', 'L-2']], JSON.stringify([came, run]));
});
