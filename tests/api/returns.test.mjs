// Returns: applied for, agreed, sent, received and checked, refunded or exchanged; never more than was sold, never more than was paid.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { person } from '../lib/attack.mjs';
import { start } from '../lib/server.mjs';

let server, api, ids;
const today = (days = 0) => new Date(Date.now() + 8 * 3_600_000 + days * 86_400_000).toISOString().slice(0, 10); // the firm's clock: Shanghai
const ago = (days) => new Date(Date.now() - days * 86_400_000).toISOString();

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

/** An order of some pieces at a price, with what else of it, paid as said. */
async function order({ quantity = '3', price = '10', product = ids.lamp, paid, arrived, ...more } = {}) {
  const o = await make('order', { customer_id: ids.li, state: 'shipped', ...more });
  const line = await make('order_line', { order_id: o.id, product_id: product, name: 'Lamp', sku: 'L1', quantity, unit_price: price });
  if (paid) await make('payment', { order_id: o.id, amount: paid, currency: more.currency, state: 'paid' });
  if (arrived) await make('shipment', { order_id: o.id, state: 'delivered', delivered_at: arrived });
  return { ...o, line: line.id };
}
const apply = (o, quantity = '1', reason = 'defective', more = {}, who = api) => post('returns/apply', { order_id: o.id, lines: [{ order_line_id: o.line, quantity, reason }], ...more }, who);
/** As far as the goods are here. */
async function received(o, quantity = '1', reason = 'defective', more = {}) {
  const applied = await apply(o, quantity, reason, more);
  assert.equal(applied.status, 201, applied.text);
  const { id } = applied.body;
  assert.equal((await post(`goods_return/${id}/transitions/agree`)).status, 200);
  const [line] = await get(`return_line?return_id=eq.${id}`);
  const came = await post(`goods_return/${id}/receive`, { lines: [{ id: line.id, received: quantity, condition: 'new', restock: true }] });
  assert.equal(came.status, 200, came.text);
  return id;
}

before(async () => {
  server = await start();
  api = server.api;
  ids = { li: (await make('customer', { name: 'Li' })).id };
  ids.food = (await make('category', { name: 'Food' })).id;
  ids.tea = (await make('category', { name: 'Tea', parent_id: ids.food })).id;
  ids.lamp = (await make('product', { name: 'Lamp', sku: 'L1' })).id;
  ids.leaf = (await make('product', { name: 'Leaf', sku: 'T1', category_id: ids.tea })).id;
  await make('return_policy', { name: 'No food', category_id: ids.food, days: 0, days_fault: 2 });
});
after(async () => {
  await server?.stop();
  server?.remove();
});

test('from the application to the money: every step has its day, and figures follow', async () => {
  const o = await order({ quantity: '3', price: '10', shipping_fee: '5', discount: '3', paid: '32.00', number: 'SHOP-77' });
  assert.equal(o.state, 'shipped');
  const before = await get(`customer/${ids.li}?select=orders_count,orders_total`);
  const kase = await make('case', { subject: 'Broken', kind: 'fault', customer_id: ids.li });
  const applied = await post('returns/apply', { order_number: 'shop-77', case_id: kase.id, lines: [{ sku: 'L1', quantity: 2, reason: 'changed_mind', words: '太亮了' }] });
  assert.equal(applied.status, 201, applied.text);
  const of = `goods_return/${applied.body.id}`, step = (name, body) => post(`${of}/transitions/${name}`, body);
  let r = await get(of);
  // 3 lamps of 10 less the order's discount of 3: two come to 18
  assert.deepEqual([r.state, r.customer_id, r.case_id, r.due_on, r.goods_value, r.number], ['requested', ids.li, kase.id, today(2), '18.00', applied.body.number]);
  const [line] = await get(`return_line?return_id=eq.${r.id}`);
  assert.deepEqual([line.rule, line.until_on, line.value, line.words, line.product_id], ['fits', today(7), '18.00', '太亮了', ids.lamp]);
  assert.equal(key(await post(`${of}/receive`, { lines: [] })), 'return_not_agreed');
  assert.equal((await step('agree')).status, 200);
  assert.equal((await get(of)).due_on, today(7));
  assert.equal((await step('send')).status, 422, 'without a parcel');
  assert.equal((await step('send', { carrier: 'SF', tracking_no: 'SF123' })).status, 200);
  assert.equal((await get(of)).due_on, today(10));
  assert.equal(key(await api('PATCH', `/api/v1/return_line/${line.id}`, { quantity: '3' })), 'return_fixed');
  assert.equal(key(await post(`${of}/refund`)), 'return_not_received');
  for (const [said, want] of [[[], 'return_unchecked'], [[{ id: line.id, received: '3', condition: 'new' }], 'return_received_more'], [[{ id: line.id, received: 'x' }], 'not_number'],
    [[{ id: line.id, received: '1' }], 'required'], [[{ id: line.id, received: '1', condition: 'gone' }], undefined], ['no', 'wrong_type']]) {
    const answer = await post(`${of}/receive`, { lines: said });
    assert.equal(answer.status, 422, answer.text);
    if (want) assert.equal(key(answer), want, answer.text);
  }
  assert.equal((await post(`${of}/receive`, { lines: [{ id: line.id, received: '2', condition: 'opened', restock: true }] })).status, 200);
  const back = await post(`${of}/refund`, { fee: '2', freight: '1.50', method: 'alipay' });
  assert.equal(back.status, 200, back.text);
  r = await get(of);
  assert.deepEqual([r.state, r.refunded, r.fee, r.freight, r.due_on, r.return_order_id], ['refunded', '17.50', '2.00', '1.50', null, back.body.order_id]);
  const credit = await get(`order/${back.body.order_id}`), [paid] = await get(`payment?order_id=eq.${credit.id}`);
  assert.deepEqual([credit.kind, credit.total, credit.original_order_id, credit.state], ['return', '-17.50', o.id, 'completed']);
  assert.deepEqual([paid.kind, paid.amount, paid.method, paid.reference], ['refund', '17.50', 'alipay', r.number]);
  assert.deepEqual((await get(`order_line?order_id=eq.${credit.id}&order=position&select=kind,quantity,total`)).map((l) => [l.kind, Number(l.quantity), Number(l.total)]),
    [['return', -2, -18], ['adjustment', 1, 2], ['shipping', 1, -1.5]]);
  const now = await get(`customer/${ids.li}?select=orders_count,orders_total`);
  assert.deepEqual([now.orders_count, Number(now.orders_total)], [before.orders_count, Number(before.orders_total) - 17.5], 'a return is no order, but it moves money');
  assert.equal((await get(`order/${credit.id}/money`)).open, '0.00');
  assert.equal(key(await api('DELETE', `/api/v1/${of}`)), 'return_settled');
  assert.equal((await api('DELETE', `/api/v1/order/${o.id}`)).status, 409);
  assert.equal(key(await post(`${of}/refund`)), 'return_not_received', 'once');
});

test('of 12 at once no more goes back than was sold; refused ones take nothing; one taken up again asks anew', async () => {
  const o = await order({ quantity: '5' });
  const all = await Promise.all(Array.from({ length: 12 }, () => apply(o)));
  assert.deepEqual([all.filter((a) => a.status === 201).length, all.filter((a) => key(a) === 'return_more').length], [5, 7], all.map((a) => a.text).join());
  assert.equal((await get(`goods_return?order_id=eq.${o.id}`)).length, 5, 'what was refused leaves nothing');
  assert.deepEqual((await get(`order/${o.id}/returnable`)).lines.map((l) => [l.quantity, l.left]), [['5.000', '0.000']]);
  const [one] = all.filter((a) => a.status === 201);
  assert.equal((await post(`goods_return/${one.body.id}/transitions/refuse`)).status, 422, 'without a reason');
  assert.equal((await post(`goods_return/${one.body.id}/transitions/refuse`, { state_reason: 'used' })).status, 200);
  assert.equal((await apply(o, '1.001')).status, 409);
  assert.equal((await apply(o, '1')).status, 201);
  assert.equal(key(await post(`goods_return/${one.body.id}/transitions/reopen`, { state_reason: 'but' })), 'return_more_now');
  // more may not go back by a change of the line, nor less be sold
  const alive = all.filter((a) => a.status === 201)[1], [mine] = await get(`return_line?return_id=eq.${alive.body.id}`);
  assert.equal(key(await api('PATCH', `/api/v1/return_line/${mine.id}`, { quantity: '2' })), 'return_more');
  assert.equal(key(await api('PATCH', `/api/v1/order_line/${o.line}`, { quantity: '4' })), 'return_line_taken');
  assert.equal((await api('PATCH', `/api/v1/order_line/${o.line}`, { quantity: '6' })).status, 200);
});

test('of 12 refunds at once one is booked; together they never come to more than was paid', async () => {
  const o = await order({ quantity: '4', price: '10', paid: '25.00' });
  const [a, b, c] = [await received(o), await received(o), await received(o)];
  const once = await Promise.all(Array.from({ length: 12 }, () => post(`goods_return/${a}/refund`)));
  assert.equal(once.filter((r) => r.status === 200).length, 1, once.map((r) => r.text).join());
  const both = await Promise.all([b, c].map((id) => post(`goods_return/${id}/refund`)));
  assert.deepEqual(both.map((r) => r.status).sort(), [200, 409], both.map((r) => r.text).join());
  const lost = both.find((r) => r.status === 409), left = [b, c][both.indexOf(lost)];
  assert.equal(key(lost), 'return_over_paid');
  assert.match(lost.text, /5\.00 CNY/);
  assert.equal((await get(`order?original_order_id=eq.${o.id}`)).length, 2, 'what was refused leaves no order');
  assert.equal((await post(`goods_return/${left}/refund`, { amount: '5.00' })).status, 200);
  const [credit] = await get(`order?source=eq.${encodeURIComponent(`return ${(await get(`goods_return/${left}`)).number}`)}`);
  assert.equal(credit.total, '-5.00');
  // what was paid cannot fall below what was given back, nor more be given back by hand
  const [paid] = await get(`payment?order_id=eq.${o.id}`);
  assert.equal(key(await api('PATCH', `/api/v1/payment/${paid.id}`, { amount: '24.99' })), 'return_paid_back');
  assert.equal(key(await api('DELETE', `/api/v1/payment/${paid.id}`)), 'return_paid_back');
  assert.equal(key(await post('payment', { order_id: credit.id, kind: 'refund', amount: '0.01' })), 'return_paid_back');
  assert.equal(key(await post('payment', { order_id: o.id, kind: 'refund', amount: '0.01' })), 'return_paid_back');
  assert.equal((await api('PATCH', `/api/v1/payment/${paid.id}`, { amount: '26.00' })).status, 200);
});

test('what was paid by receipts counts, in its currency; an allocation that money went back of stays', async () => {
  const o = await order({ quantity: '2', price: '150', currency: 'JPY', fx_rate: '0.048' });
  assert.equal(key(await post(`goods_return/${await received(o, '1')}/refund`)), 'return_over_paid', 'nothing was paid');
  assert.equal((await post(`order/${o.id}/pay`, { amount: '200' })).status, 201);
  const id = await received(o, '1');
  for (const [body, want] of [[{ amount: '1.5' }, 'not_money'], [{ amount: '-1' }, 'return_negative'], [{ fee: 'x' }, 'not_money'], [{ amount: '201' }, 'return_over_paid'], [{ amount: '99999999999999999999' }, 'not_money']])
    assert.equal(key(await post(`goods_return/${id}/refund`, body)), want);
  assert.equal((await post(`goods_return/${id}/refund`, { method: 'cash' })).status, 200);
  const r = await get(`goods_return/${id}`);
  assert.deepEqual([r.refunded, r.currency], ['150', 'JPY']);
  const [due] = await get(`receivable?order_id=eq.${o.id}`), [allocated] = await get(`allocation?receivable_id=eq.${due.id}`);
  assert.equal(key(await api('DELETE', `/api/v1/allocation/${allocated.id}`)), 'return_paid_back');
});

test('rules by category, days and fault; what is outside takes a reason; an exchange comes to nothing', async () => {
  const lines = async (o) => (await get(`order/${o.id}/returnable`)).lines.map((l) => [l.rule, l.until, l.rule_fault, l.until_fault]);
  const late = await order({ placed_at: ago(20) }), kept = await order({ placed_at: ago(20), arrived: ago(3) });
  const food = await order({ product: ids.leaf, placed_at: ago(1) });
  assert.deepEqual(await lines(late), [['late', today(-13), 'fits', today(10)]]);
  assert.deepEqual(await lines(kept), [['fits', today(4), 'fits', today(27)]], 'from the day it arrived');
  assert.deepEqual(await lines(food), [['excluded', null, 'fits', today(1)]], 'by the category above');
  const { id } = (await apply(late, '1', 'changed_mind')).body;
  assert.equal(key(await post(`goods_return/${id}/transitions/agree`)), 'return_outside');
  assert.equal((await api('PATCH', `/api/v1/goods_return/${id}`, { exception: 'good customer' })).status, 200);
  assert.equal((await post(`goods_return/${id}/transitions/agree`)).status, 200);
  // a fee by the rule, none where the fault is ours
  const [rule] = await get('return_policy?category_id=is.null');
  await api('PATCH', `/api/v1/return_policy/${rule.id}`, { restocking_percent: '10' });
  assert.deepEqual([(await get(`goods_return/${(await apply(kept, '1', 'changed_mind')).body.id}`)).fee, (await get(`goods_return/${(await apply(kept, '1', 'defective')).body.id}`)).fee], ['1.00', '0.00']);
  await api('PATCH', `/api/v1/return_policy/${rule.id}`, { restocking_percent: '0' });
  const swap = await received(kept, '1', 'defective', { wish: 'exchange' });
  const done = await Promise.all(Array.from({ length: 6 }, () => post(`goods_return/${swap}/exchange`)));
  assert.equal(done.filter((a) => a.status === 200).length, 1, done.map((a) => a.text).join());
  const made = await get(`order/${done.find((a) => a.status === 200).body.order_id}`);
  assert.deepEqual([made.kind, made.total, made.state, made.original_order_id], ['exchange', '0.00', 'placed', kept.id]);
  assert.deepEqual((await get(`order_line?order_id=eq.${made.id}&order=position`)).map((l) => [l.kind, Number(l.quantity)]), [['return', -1], ['sale', 1]]);
});

test('a return is judged by the day it was asked for, however long the goods are on their way', async () => {
  const o = await order({ placed_at: ago(30), arrived: ago(10) });
  const { id } = await make('goods_return', { order_id: o.id, requested_at: ago(5) }), [other] = await get('return_reason?key=eq.other'), [wrong] = await get('return_reason?key=eq.wrong_item');
  const line = await make('return_line', { return_id: id, order_line_id: o.line, quantity: '2', reason_id: other.id });
  const verdict = async () => { const l = await get(`return_line/${line.id}`); return [l.rule, l.until_on, Number(l.value)]; };
  assert.deepEqual(await verdict(), ['fits', today(-3), 20]);
  assert.equal((await api('PATCH', `/api/v1/return_line/${line.id}`, { reason_id: wrong.id })).status, 200);
  assert.deepEqual(await verdict(), ['fits', today(20), 20], 'the firm is at fault: longer');
  assert.equal((await api('PATCH', `/api/v1/return_line/${line.id}`, { reason_id: other.id })).status, 200);
  assert.equal((await post(`goods_return/${id}/transitions/agree`)).status, 200);
  // what was agreed to stays so when the rule changes; what came is worth what came
  const [rule] = await get('return_policy?category_id=is.null');
  await api('PATCH', `/api/v1/return_policy/${rule.id}`, { days: 1 });
  assert.equal((await post(`goods_return/${id}/receive`, { lines: [{ id: line.id, received: '1', condition: 'new' }] })).status, 200);
  await api('PATCH', `/api/v1/return_policy/${rule.id}`, { days: 7 });
  assert.deepEqual(await verdict(), ['fits', today(-3), 10]);
});

test('bad input is refused in words; who may not, does not; nothing promotional goes to who returns something', async () => {
  const o = await order({ paid: '30.00' }), draft = await order({ state: 'draft' });
  for (const [body, want] of [[{}, 'required'], [{ lines: [] }, 'return_no_lines'], [{ lines: [{}] }, 'required'], [{ order_number: 'nowhere', lines: [{}] }, 'return_no_order'], [{ order_id: o.id, lines: [7] }, 'wrong_type'],
    [{ order_id: o.id, lines: [{ sku: 'no', reason: 'other' }] }, 'return_line_other'], [{ order_id: o.id, lines: [{ sku: 'L1', reason: 'no' }] }, 'return_no_reason'],
    [{ order_id: o.id, lines: [{ sku: 'L1', reason: 'other', quantity: '-1' }] }, 'not_positive'], [{ order_id: o.id, lines: [{ sku: 'L1', reason: 'other', quantity: {} }] }, 'not_number'],
    [{ order_id: o.id, lines: [{ order_line_id: draft.line, reason: 'other' }] }, 'return_line_other'], [{ order_id: draft.id, lines: [{ sku: 'L1', reason: 'other' }] }, 'return_order_state'],
    [{ order_id: o.id, wish: 'magic', lines: [{ sku: 'L1', reason: 'other' }] }, undefined], [{ order_id: o.id, lines: Array(201).fill({ sku: 'L1', reason: 'other' }) }, 'return_no_lines']]) {
    const answer = await post('returns/apply', body);
    assert.ok(answer.status >= 400 && answer.status < 500, answer.text);
    if (want) assert.equal(key(answer), want, answer.text);
  }
  assert.equal((await get(`goods_return?order_id=eq.${o.id}`)).length, 0, 'what was refused leaves no return');
  assert.equal((await post('goods_return', { order_id: o.id, state: 'refunded' })).status, 422, 'nobody begins at the end');
  const id = await received(o);
  assert.equal((await api('PATCH', `/api/v1/goods_return/${id}`, { state: 'refunded' })).status, 422, 'money goes one way only');
  // a customer of their own, who wants mails and has nothing else open
  const wu = (await make('customer', { name: 'Wu', email: 'wu@example.org' })).id, theirs = await order({ customer_id: wu });
  await make('consent', { customer_id: wu, channel: 'email', purpose: 'marketing', state: 'given', at: ago(1) });
  const may = async () => { const { verdict, reason } = (await get(`customer/${wu}/contact`)).may.find((m) => m.channel === 'email'); return reason === 'quiet' ? 'yes' : [verdict, reason].join(' ').trim(); };
  assert.equal(await may(), 'yes');
  const open = (await apply(theirs)).body.id;
  assert.equal(await may(), 'no return');
  assert.equal((await post(`goods_return/${open}/transitions/withdraw`, { state_reason: 'kept it' })).status, 200);
  assert.equal(await may(), 'yes');
  const reader = await person(server, 'returnreader', { '*': { read: 'all' } }), clerk = await person(server, 'returnclerk', { '*': { read: 'all' }, goods_return: { read: 'all', create: 'all', update: 'all' }, return_line: { read: 'all', create: 'all', update: 'all' } });
  assert.equal((await apply(o, '1', 'defective', {}, reader.api)).status, 403);
  for (const act of ['receive', 'refund', 'exchange']) assert.equal((await post(`goods_return/${id}/${act}`, act === 'receive' ? { lines: [] } : {}, reader.api)).status, 403, act);
  assert.equal((await apply(o, '1', 'defective', {}, clerk.api)).status, 201);
  assert.equal(key(await post(`goods_return/${id}/refund`, {}, clerk.api)), 'return_no_payment_right');
  assert.equal(key(await post(`goods_return/${id}/exchange`, {}, clerk.api)), 'return_no_order_right');
  const blind = await person(server, 'returnblind', { '*': { read: 'all' }, order: { read: 'all', fields: { total: 'hidden' } }, order_line: { read: 'all', fields: { total: 'hidden', quantity: 'hidden' } } });
  assert.ok(!('goods_value' in await get(`goods_return/${id}`, blind.api)), 'what is made of a hidden amount');
  assert.equal((await blind.api('GET', `/api/v1/order/${o.id}/returnable`)).status, 403);
  assert.equal((await api('GET', '/api/v1/order/7/returnable')).status, 404);
});
