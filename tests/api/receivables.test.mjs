// Money owed and received: plans, receipts, allocations, refunds, write-offs, ageing, statements; nothing twice, nothing beyond.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { person } from '../lib/attack.mjs';
import { client, serve, start } from '../lib/server.mjs';
import { hasSql, sql } from '../lib/sql.mjs';
import { setTimeout as sleep } from 'node:timers/promises';

let server, api;
const ids = {};
const day = (days) => new Date(Date.now() + 8 * 3_600_000 + days * 86_400_000).toISOString().slice(0, 10); // the firm's clock: Shanghai

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
const post = (path, body, who = api, headers) => who('POST', `/api/v1/${path}`, body, headers);
const key = (answer) => answer.body?.errors?.[0]?.key;
const moneyOf = (id) => get(`order/${id}/money`);
const ordered = (total, more = {}) => make('order', { customer_id: ids.li, total, ...more });
const owed = (amount, more = {}) => make('receivable', { customer_id: ids.li, title: 'T', amount, due_on: day(10), ...more });

before(async () => {
  server = await start();
  api = server.api;
  ids.li = (await make('customer', { name: 'Li' })).id;
  ids.wu = (await make('customer', { name: 'Wu' })).id;
  await make('exchange_rate', { currency: 'USD', rate: '7.1', valid_from: '2026-01-01' });
  await make('exchange_rate', { currency: 'USD', rate: '7.3', valid_from: '2026-06-01' });
  await make('exchange_rate', { currency: 'JPY', rate: '0.048', valid_from: '2026-01-01' });
});
after(async () => {
  await server?.stop();
  server?.remove();
});

test('a plan in thirds comes to the order’s total to the cent; payments go to what is due first; the order says what is open', async () => {
  const order = await ordered('100.00');
  const parts = [{ title: 'Deposit', percent: '33.3333', due_on: day(-40) }, { title: 'Goods', percent: '33.3333', days: 30 }, { title: 'Rest', percent: '33.3334', days: 60 }];
  const planned = await post(`order/${order.id}/plan`, { parts });
  assert.equal(planned.status, 204, planned.text);
  const lines = await get(`receivable?order_id=eq.${order.id}&order=due_on`);
  assert.deepEqual(lines.map((l) => [l.title, l.amount, l.state, l.open]), [['Deposit', '33.33', 'open', '33.33'], ['Goods', '33.34', 'open', '33.34'], ['Rest', '33.33', 'open', '33.33']]);
  assert.deepEqual([key(await post(`order/${order.id}/plan`, { parts })), (await post(`order/${order.id}/plan`, { parts })).status], ['plan_there', 409]);
  const paid = await post(`order/${order.id}/pay`, { amount: '50.00', method: 'transfer', reference: 'B-1' });
  assert.deepEqual([paid.status, paid.body?.free], [201, '0.00'], paid.text);
  assert.deepEqual((await get(`receivable?order_id=eq.${order.id}&order=due_on`)).map((l) => [l.state, l.paid, l.open, l.open_base]), [['paid', '33.33', '0.00', '0.00'], ['partly', '16.67', '16.67', '16.67'], ['open', '0.00', '33.33', '33.33']]);
  assert.deepEqual(await moneyOf(order.id), { currency: 'CNY', total: '100.00', planned: '100.00', paid: '50.00', written_off: '0.00', open: '50.00', unplanned: '0.00' });
  const over = await post(`order/${order.id}/pay`, { amount: '50.01' });
  assert.deepEqual([over.status, key(over)], [409, 'pay_too_much']);
  assert.equal((await moneyOf(order.id)).paid, '50.00', 'a refused payment leaves nothing');
  assert.equal((await get('receipt?reference=is.null')).length, 0);
  assert.equal((await post(`order/${order.id}/pay`, { amount: '1', reference: 'B-1' })).status, 409, 'the same reference twice');
});

test('an order without a plan is paid; what shops told of it directly counts; drafts and what is paid are not paid again', async () => {
  const order = await ordered('80.00');
  await make('payment', { order_id: order.id, amount: '30.00', method: 'alipay', paid_at: new Date().toISOString() });
  assert.equal((await moneyOf(order.id)).open, '50.00');
  assert.equal((await post(`order/${order.id}/pay`, { amount: '50.00', method: 'cash' })).status, 201);
  assert.deepEqual(await moneyOf(order.id), { currency: 'CNY', total: '80.00', planned: '50.00', paid: '80.00', written_off: '0.00', open: '0.00', unplanned: '0.00' });
  assert.equal(key(await post(`order/${order.id}/pay`, { amount: '0.01' })), 'pay_no_plan');
  const draft = await ordered('10.00', { state: 'draft' });
  assert.equal(key(await post(`order/${draft.id}/pay`, { amount: '1' })), 'pay_no_plan');
});

test('of 12 payments at once exactly as many succeed as there is open; one idempotency key pays once', async () => {
  const order = await ordered('70.00');
  const answers = await Promise.all(Array.from({ length: 12 }, () => post(`order/${order.id}/pay`, { amount: '10.00', method: 'cash' })));
  assert.deepEqual(answers.map((a) => a.status).sort(), [...Array(7).fill(201), ...Array(5).fill(409)], answers.map((a) => a.text).join());
  assert.deepEqual([(await moneyOf(order.id)).paid, (await moneyOf(order.id)).open], ['70.00', '0.00']);
  const again = await ordered('70.00');
  const same = await Promise.all(Array.from({ length: 4 }, () => post(`order/${again.id}/pay`, { amount: '10.00' }, api, { 'Idempotency-Key': 'pay-once-1' })));
  assert.ok(same.some((a) => a.status === 201) && same.every((a) => [201, 409, 503].includes(a.status)), same.map((a) => a.text).join());
  assert.equal((await moneyOf(again.id)).paid, '10.00');
});

test('a receipt is allocated and refunded up to its amount, at once too; an advance stays free', async () => {
  const receipt = await make('receipt', { customer_id: ids.li, amount: '100.00', method: 'wechat', reference: 'W-1' });
  assert.deepEqual([receipt.free, receipt.kind, receipt.state, receipt.received_on, receipt.amount_base], ['100.00', 'receipt', 'received', day(0), '100.00']);
  const line = await owed('35.00');
  const races = await Promise.all(Array.from({ length: 12 }, () => post('allocation', { receipt_id: receipt.id, receivable_id: line.id, amount: '5.00' })));
  assert.equal(races.filter((a) => a.status === 201).length, 7, races.map((a) => a.text).join());
  assert.ok(races.filter((a) => a.status !== 201).every((a) => a.status === 409 && key(a) === 'receivable_over_open'));
  const refunds = await Promise.all(Array.from({ length: 12 }, (_, i) => post(`receipt/${receipt.id}/refund`, { amount: '10.00', reference: `back ${i}` })));
  assert.equal(refunds.filter((a) => a.status === 201).length, 6, refunds.map((a) => a.text).join());
  const now = await get(`receipt/${receipt.id}`);
  assert.deepEqual([now.allocated, now.refunded, now.free], ['35.00', '60.00', '5.00']);
  assert.equal(key(await post(`receipt/${receipt.id}/refund`, { amount: '5.01' })), 'receipt_over_free');
  // released from what it paid, the newest first, only as much as is needed
  const back = await post(`receipt/${receipt.id}/refund`, { amount: '17.00', release: true });
  assert.deepEqual([back.status, back.body?.free], [201, '0.00'], back.text);
  assert.deepEqual(await get(`receivable/${line.id}?select=state,paid,open`), { state: 'partly', paid: '23.00', open: '12.00' });
  for (const [body, want] of [[{ amount: '-1' }, 'not_positive'], [{ amount: '0' }, 'not_positive'], [{ amount: 'x' }, 'not_money'], [{ amount: '1.001' }, 'not_money']])
    assert.equal(key(await post(`receipt/${receipt.id}/refund`, body)), want, JSON.stringify(body));
  assert.equal(key(await api('PATCH', `/api/v1/receipt/${receipt.id}`, { amount: '99.99' })), 'receipt_below_used');
  assert.equal(key(await post(`receipt/${receipt.id}/transitions/void`, { state_reason: 'no' })), 'receipt_refunded_already');
});

test('a receipt that pays more than 500 allocations gives back and is void as a whole', async () => {
  const line = await owed('501.00'), receipt = await make('receipt', { customer_id: ids.li, amount: '501.00', reference: 'M-1' });
  const one = { receivable_id: line.id, amount: '1.00' };
  assert.equal((await post(`receipt/${receipt.id}/allocate`, { lines: Array(500).fill(one) })).status, 200);
  assert.equal((await post(`receipt/${receipt.id}/allocate`, { lines: [one] })).body.free, '0.00');
  const voided = await post(`receipt/${receipt.id}/transitions/void`, { state_reason: 'bounced' });
  assert.equal(voided.status, 200, voided.text);
  const after = await get(`receivable/${line.id}`);
  assert.deepEqual([after.state, after.open, (await get(`receipt/${receipt.id}`)).allocated], ['open', '501.00', '0.00']);
  const again = await make('receipt', { customer_id: ids.li, amount: '501.00', reference: 'M-2' });
  await post(`receipt/${again.id}/allocate`, { lines: Array(500).fill(one) });
  await post(`receipt/${again.id}/allocate`, { lines: [one] });
  const back = await post(`receipt/${again.id}/refund`, { amount: '500.50', release: true });
  assert.equal(back.status, 201, back.text);
  assert.deepEqual((await get(`allocation?receipt_id=eq.${again.id}`)).map((a) => a.amount), ['0.50']);
});

test('what was allocated by hand, oldest first and across currencies, at the rate of the day', async () => {
  const dollars = await make('receipt', { customer_id: ids.wu, amount: '100.00', currency: 'USD', received_on: '2026-03-01', reference: 'U-1' });
  assert.deepEqual([dollars.fx_rate, dollars.amount_base], ['7.100000', '710.00']);
  const yuan = await owed('1000.00', { customer_id: ids.wu }), yen = await owed('5000', { customer_id: ids.wu, currency: 'JPY' });
  const lines = [{ receivable_id: yuan.id, amount: '10.00' }, { receivable_id: yen.id, amount: '10.00', settles: '1500' }];
  const done = await post(`receipt/${dollars.id}/allocate`, { lines });
  assert.deepEqual([done.status, done.body?.free], [200, '80.00'], done.text);
  assert.deepEqual(await get(`receivable/${yuan.id}?select=paid,open`), { paid: '71.00', open: '929.00' });
  assert.deepEqual(await get(`receivable/${yen.id}?select=paid,open`), { paid: '1500', open: '3500' });
  const yenReceipt = await make('receipt', { customer_id: ids.wu, amount: '3500', currency: 'JPY', reference: 'J-1' });
  assert.equal((await post('allocation', { receipt_id: yenReceipt.id, receivable_id: yen.id, amount: '3500.5' })).status, 422);
  assert.equal((await post('allocation', { receipt_id: yenReceipt.id, receivable_id: yen.id, amount: '3500' })).status, 201);
  assert.equal((await get(`receivable/${yen.id}`)).state, 'paid');
  const francs = await make('receipt', { customer_id: ids.wu, amount: '5.00', currency: 'CHF', reference: 'C-1' });
  assert.deepEqual([francs.fx_rate, francs.amount_base], [null, null]);
  assert.equal(key(await post('allocation', { receipt_id: francs.id, receivable_id: yuan.id, amount: '5.00' })), 'receivable_rate');
  assert.equal((await post('allocation', { receipt_id: francs.id, receivable_id: yuan.id, amount: '5.00', settles: '40.00', settles_currency: 'CNY' })).status, 201);
  // a part given back: the rest settles its share at the rate it was made at
  const part = await post(`receipt/${francs.id}/refund`, { amount: '2.00', release: true });
  assert.deepEqual([part.status, part.body?.free], [201, '0.00'], part.text);
  assert.equal((await get(`receivable/${yuan.id}`)).paid, '95.00');
  assert.equal((await post(`allocation`, { receipt_id: (await make('receipt', { customer_id: ids.wu, amount: '2.00', currency: 'CHF', reference: 'C-2' })).id, receivable_id: yuan.id, amount: '2.00', settles: '16.00', settles_currency: 'CNY' })).status, 201);
  assert.equal(key(await post('allocation', { receipt_id: francs.id, receivable_id: (await owed('1')).id, amount: '1' })), 'receipt_other_customer');
  const old = await owed('3.00', { customer_id: ids.wu, due_on: '2026-01-05' });
  const auto = await make('receipt', { customer_id: ids.wu, amount: '4.00', reference: 'A-1' });
  assert.equal((await post(`receipt/${auto.id}/allocate`, {})).body.free, '0.00');
  assert.deepEqual([(await get(`receivable/${old.id}`)).state, (await get(`receivable/${yuan.id}`)).open], ['paid', '888.00']);
});

test('a write-off asks for its reason and the right; it counts once it is approved; taken back it is open again', async () => {
  const line = await owed('40.00'), clerk = await person(server, 'clerk', { '*': { read: 'all', create: 'all', update: 'all' } });
  assert.equal((await post('write_off', { receivable_id: line.id, amount: '10.00' }, clerk.api)).status, 422, 'a reason');
  const asked = await make('write_off', { receivable_id: line.id, amount: '15.00', reason: 'gone' }, clerk.api);
  assert.equal((await get(`receivable/${line.id}`)).open, '40.00');
  assert.equal((await post(`write_off/${asked.id}/transitions/approve`, {}, clerk.api)).status, 403);
  assert.equal((await post('write_off', { receivable_id: line.id, amount: '1', reason: 'x', state: 'approved' }, clerk.api)).status, 422, 'born approved');
  const races = await Promise.all(Array.from({ length: 12 }, async () => {
    const w = await make('write_off', { receivable_id: line.id, amount: '15.00', reason: 'race' });
    return post(`write_off/${w.id}/transitions/approve`, {});
  }));
  assert.equal(races.filter((a) => a.status === 200).length, 2, races.map((a) => a.text).join());
  assert.deepEqual(await get(`receivable/${line.id}?select=state,open,written_off`), { state: 'partly', open: '10.00', written_off: '30.00' });
  const [first] = await get(`write_off?receivable_id=eq.${line.id}&state=eq.approved&order=id`);
  assert.equal((await post(`write_off/${first.id}/transitions/take_back`, { state_reason: 'paid after all' })).status, 200);
  assert.equal((await get(`receivable/${line.id}`)).open, '25.00');
  assert.equal(key(await post(`write_off/${first.id}/transitions/approve`, {})), 'move_nowhere', 'what was refused stays refused');
});

test('deletion and what brings it back keep the sums right; what is used cannot go', async () => {
  const line = await owed('20.00'), receipt = await make('receipt', { customer_id: ids.li, amount: '20.00', reference: 'D-1' });
  const used = await make('allocation', { receipt_id: receipt.id, receivable_id: line.id, amount: '20.00' });
  assert.equal((await api('DELETE', `/api/v1/receivable/${line.id}`)).status, 409);
  assert.equal((await api('DELETE', `/api/v1/receipt/${receipt.id}`)).status, 204);
  assert.deepEqual(await get(`receivable/${line.id}?select=state,paid,open`), { state: 'open', paid: '0.00', open: '20.00' });
  const back = await post(`receipt/${receipt.id}/restore`, {});
  assert.ok(back.status < 300, back.text);
  assert.deepEqual([(await get(`receivable/${line.id}`)).state, (await get(`receipt/${receipt.id}`)).free], ['paid', '0.00']);
  assert.equal((await api('DELETE', `/api/v1/allocation/${used.id}`)).status, 204);
  assert.deepEqual([(await get(`receivable/${line.id}`)).open, (await get(`receipt/${receipt.id}`)).free], ['20.00', '20.00']);
  // gone, paid by another meanwhile: it does not come back over it
  await make('allocation', { receipt_id: receipt.id, receivable_id: line.id, amount: '20.00' });
  await api('DELETE', `/api/v1/receipt/${receipt.id}`);
  const other = await make('receipt', { customer_id: ids.li, amount: '20.00', reference: 'D-2' });
  await make('allocation', { receipt_id: other.id, receivable_id: line.id, amount: '20.00' });
  assert.equal((await post(`receipt/${receipt.id}/restore`, {})).status, 409);
  assert.equal((await get(`receivable/${line.id}`)).paid, '20.00');
  // void: what it paid is open again
  assert.equal((await post(`receipt/${other.id}/transitions/void`, { state_reason: 'bounced' })).status, 200);
  assert.deepEqual([(await get(`receivable/${line.id}`)).open, (await get(`receipt/${other.id}`)).free], ['20.00', '0.00']);
  assert.equal(key(await post('allocation', { receipt_id: other.id, receivable_id: line.id, amount: '1' })), 'allocation_receipt');
});

test('bad input changes nothing and says why', async () => {
  const order = await ordered('10.00'), count = async () => (await get('receivable?select=n:count()'))[0].n;
  const earlier = await count();
  for (const [path, body, want] of [
    ['receivable', { customer_id: ids.li, amount: '-5', due_on: day(1) }, 'not_positive'],
    ['receivable', { customer_id: ids.li, amount: '5', due_on: day(1), grace_days: -1 }, 'number_small'],
    ['receivable', { customer_id: ids.li, amount: '5', due_on: day(1), currency: 'XXQ' }, 'not_currency'],
    ['receivable', { order_id: order.id, customer_id: ids.li, amount: '10.01', due_on: day(1) }, 'receivable_over_order'],
    ['receivable', { order_id: order.id, customer_id: ids.li, amount: '5', due_on: day(1), currency: 'USD' }, 'receivable_other_currency'],
    [`order/${order.id}/plan`, { parts: [] }, 'plan_parts'],
    [`order/${order.id}/plan`, { parts: [{ percent: '60', days: 1 }, { percent: '50', days: 2 }] }, 'plan_percent'],
    [`order/${order.id}/plan`, { parts: [{ percent: '60', due_on: '2026-02-30' }] }, 'plan_parts'],
    [`order/${order.id}/plan`, { parts: [{ amount: '11.00', days: 1 }] }, 'receivable_over_order'],
    ['receipt', { customer_id: ids.li, amount: '1', received_on: day(3) }, 'receipt_in_future'],
    ['receipt', { customer_id: ids.li, amount: '1', kind: 'refund' }, 'receipt_refund_of'],
    [`order/${order.id}/pay`, { amount: '-1' }, 'not_positive'],
  ]) {
    const answer = await post(path, body);
    assert.ok(answer.status >= 400 && answer.status < 500, answer.text);
    if (want !== 'number_small') assert.equal(key(answer), want, answer.text);
  }
  assert.equal(await count(), earlier);
});

test('ageing by days overdue, grace counted, obeying rights; the statement’s balance is the sum of its movements', async () => {
  const customer = (await make('customer', { name: 'Ages' })).id, of = (amount, due, more) => owed(amount, { customer_id: customer, due_on: due, booked_on: '2026-01-01', ...more });
  await of('1.00', day(1));
  await of('2.00', day(0));
  await of('4.00', day(-1));
  await of('8.00', day(-30));
  await of('16.00', day(-31));
  await of('32.00', day(-61));
  await of('64.00', day(-181));
  await of('128.00', day(-200), { grace_days: 200 });
  await of('10.00', day(-5), { currency: 'CHF' });
  const aged = await get(`receivables/ageing?by=customer&customer_id=eq.${customer}`);
  assert.deepEqual(aged.rows.map((r) => [r.id, r.name]), [[customer, 'Ages']]);
  assert.deepEqual(aged.rows[0].buckets.map((b) => [b.name, b.open]), [['not_due', '131.00'], ['1_30', '12.00'], ['31_60', '16.00'], ['61_90', '32.00'], ['91_180', '0.00'], ['over_180', '64.00']]);
  assert.deepEqual([aged.total.open, aged.total.overdue, aged.total.without_rate], ['255.00', '124.00', 1]);
  const own = await person(server, 'own', { receivable: { read: 'own' }, customer: { read: 'own' } });
  assert.deepEqual([(await get('receivables/ageing?by=owner', own.api)).total.open, (await get('receivables/ageing', own.api)).rows], ['0.00', []]);
  const blind = await person(server, 'blind', { receivable: { read: 'all', fields: { amount: 'hidden' } } });
  assert.equal((await blind.api('GET', '/api/v1/receivables/ageing')).status, 403);
  assert.equal((await api('GET', '/api/v1/receivables/ageing?by=moon')).status, 422);
  await make('receipt', { customer_id: customer, amount: '100.00', received_on: '2026-02-01', reference: 'S-1' });
  const s = await get(`receivables/statement?customer_id=${customer}&from=2026-01-15&to=${day(0)}`), cny = s.accounts.find((a) => a.currency === 'CNY');
  assert.deepEqual([cny.before, cny.paid, cny.after, cny.moves.map((m) => [m.kind, m.amount, m.balance])], ['255.00', '100.00', '155.00', [['receipt', '-100.00', '155.00']]]);
  assert.deepEqual((await get(`receivables/statement?customer_id=${customer}&from=2026-01-01&to=2026-01-02`)).accounts.map((a) => [a.currency, a.before, a.after]), [['CHF', '0.00', '10.00'], ['CNY', '0.00', '255.00']]);
  assert.equal((await api('GET', `/api/v1/receivables/statement?customer_id=${customer}&from=2026-02-01&to=2026-01-01`)).status, 422);
  assert.equal((await own.api('GET', `/api/v1/receivables/statement?customer_id=${customer}`)).status, 403);
});

test('what is overdue becomes a task of its owner, once while it waits; a promise moves it', async () => {
  const me = (await get('account')).id ?? (await get('user?limit=1'))[0].id;
  const line = await owed('9.00', { due_on: day(20), owner_id: me });
  assert.equal(line.remind_on, day(17));
  assert.equal((await api('PATCH', `/api/v1/receivable/${line.id}`, { due_on: day(-3) })).status, 200);
  assert.deepEqual([(await get(`receivable/${line.id}`)).remind_on, (await get(`receivable/${line.id}`)).overdue_on], [day(-6), day(-3)]);
  await api('PATCH', `/api/v1/receivable/${line.id}`, { promised_on: day(5), promise_note: 'said so' });
  assert.equal((await get(`receivable/${line.id}`)).remind_on, day(6));
});

test('its morning come, the reminder is one open task about it, and the next is set; what is paid reminds of nothing', { skip: hasSql ? false : 'no SQL client' }, async () => {
  const late = await owed('9.00', { title: 'Late', due_on: day(-3) }), paid = await owed('5.00', { title: 'Paid', due_on: day(-3) });
  const receipt = await make('receipt', { customer_id: ids.li, amount: '5.00' });
  await make('allocation', { receipt_id: receipt.id, receivable_id: paid.id, amount: '5.00' });
  await server.stop();
  sql(server.data, "UPDATE timer SET due_at = 1 WHERE kind = 'receivable.remind'");
  Object.assign(server, await serve(server.data));
  api = client(server.url, server.token);
  const tasks = async (id) => get(`interaction?about=eq.receivable/${id}&select=subject,state,customer_id`);
  for (let i = 0; i < 100 && (await tasks(late.id)).length === 0; i++) await sleep(50);
  assert.equal((await tasks(late.id)).length, 1);
  const [task] = await tasks(late.id), now = await get(`receivable/${late.id}`);
  assert.deepEqual([task.state, task.customer_id, /Late/.test(task.subject)], ['open', ids.li, true]);
  assert.deepEqual([now.reminded_on, now.remind_on], [day(0), day(7)]);
  assert.deepEqual(await tasks(paid.id), []);
});

test('days and shares at the edge of what there is are refused in words', async () => {
  const order = await ordered('100.00'), two = [{ percent: '1', days: 1 }, { percent: '922337203685477.5807', days: 1 }];
  assert.equal(key(await post(`order/${order.id}/plan`, { parts: two })), 'plan_parts');
  for (const more of [{ due_on: '9999-12-31', grace_days: 100 }, { due_on: '9999-12-31', grace_days: 0 }]) {
    const answer = await post('receivable', { customer_id: ids.li, title: 'T', amount: '1', ...more });
    assert.deepEqual([answer.status, key(answer)], [422, 'day_range'], answer.text);
  }
});
