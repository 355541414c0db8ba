// Quotes: lines priced by the books, sums that are the lines', steps of the state, versions, and the order, once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { person, rightsOf } from '../lib/attack.mjs';
import { start } from '../lib/server.mjs';

let server, api;
const ids = {};

async function make(entity, body, who = api) {
  const answer = await who('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' });
  assert.equal(answer.status, 201, `${entity}: ${answer.text}`);
  return answer.body[0] ?? answer.body;
}
const get = async (id) => (await api('GET', `/api/v1/quote/${id}`)).body;
const linesOf = async (id) => (await api('GET', `/api/v1/quote_line?quote_id=eq.${id}&order=position.asc`)).body;
const put = (id, lines, more = {}, who = api) => who('PUT', `/api/v1/quote/${id}/lines`, { lines, ...more });
const step = (id, name, body = {}, who = api) => who('POST', `/api/v1/quote/${id}/transitions/${name}`, body);
const key = (answer) => answer.body.errors?.[0]?.key;

async function quoted(lines = [{ product_id: ids.fridge, quantity: '2' }], head = {}) {
  const q = await make('quote', { customer_id: ids.li, ...head });
  const done = await put(q.id, lines);
  assert.equal(done.status, 204, done.text);
  return q.id;
}

before(async () => {
  server = await start();
  api = server.api;
  await make('tax', { name: 'VAT', percent: '13', is_default: true });
  ids.fridge = (await make('product', { sku: 'F', name: 'Fridge', price: '1999.00', cost: '1200.00', unit: 'piece' })).id;
  ids.shelf = (await make('product', { sku: 'S', name: 'Shelf', price: '33.33', unit: 'piece' })).id;
  ids.li = (await make('customer', { name: 'Li' })).id;
  const book = (await make('price_book', { name: 'Li 2026', contract_no: '7', customer_id: ids.li })).id;
  await make('price_rule', { book_id: book, product_id: ids.fridge, amount: '1899.95', quantity_from: '2' });
});
after(async () => {
  await server?.stop();
  server?.remove();
});

test('lines are priced with their reason; the quote’s sums are those of its lines, with a discount on the whole too', async () => {
  const id = await quoted([{ product_id: ids.fridge, quantity: 3 }, { product_id: ids.shelf, quantity: '7', discount_percent: '10', heading: 'Inside' },
    { name: 'Fitting', price_by_hand: '120', quantity: 1 }, { product_id: ids.shelf, quantity: 1, optional: true }], { discount: '50.01' });
  const lines = await linesOf(id), q = await get(id);
  assert.deepEqual(lines.map((l) => [l.position, l.name, l.price, l.source]), [[1, 'Fridge', '1899.9500', 'book'], [2, 'Shelf', '33.3300', 'list'], [3, 'Fitting', '120.0000', 'by_hand'], [4, 'Shelf', '33.3300', 'list']]);
  assert.equal(lines[0].reason, 'contract 7, line 1, from 2 piece');
  const sum = (field) => lines.slice(0, 3).reduce((s, l) => s + Math.round(Number(l[field]) * 100), 0) / 100;
  for (const field of ['net', 'tax', 'total', 'off']) assert.equal(sum(field).toFixed(2), q[field], field);
  // 5,699.85 + 209.98 + 120 − 50.01
  assert.deepEqual([q.total, q.lines_count, q.state], ['5979.82', 3, 'draft']);
  const asked = (await api('POST', '/api/v1/price', { customer_id: ids.li, discount: '50.01', lines: [{ product_id: ids.fridge, quantity: 3 }, { product_id: ids.shelf, quantity: 7, discount_percent: '10' }, { name: 'Fitting', price: '120' }] })).body;
  assert.deepEqual([asked.total, asked.net, asked.tax], [q.total, q.net, q.tax], 'what a cart is told is what the quote says');
  // one line changed by the plain API, one chosen, one gone: the sums follow
  await api('PATCH', `/api/v1/quote_line/${lines[0].id}`, { quantity: '1' });
  assert.equal((await linesOf(id))[0].price, '1999.0000');
  await api('PATCH', `/api/v1/quote_line/${lines[3].id}`, { chosen: true });
  await api('DELETE', `/api/v1/quote_line/${lines[2].id}`);
  // 1,999.00 + 209.98 + 33.33 − 50.01
  assert.equal((await get(id)).total, '2192.30');
  await api('PATCH', `/api/v1/quote/${id}`, { discount: '0' });
  assert.equal((await get(id)).total, '2242.31');
});

test('sent, it stays as it was sent; taken back, versions, and older ones are replaced', async () => {
  const id = await quoted(), [line] = await linesOf(id);
  assert.equal((await step(id, 'accept')).status, 422, 'a draft is not accepted');
  assert.deepEqual((await api('GET', `/api/v1/quote/${id}/transitions`)).body.transitions.filter((t) => t.may).map((t) => t.name), ['send']);
  assert.equal((await step(id, 'send')).status, 200);
  for (const answer of [await put(id, []), await api('PATCH', `/api/v1/quote_line/${line.id}`, { quantity: '9' }), await api('DELETE', `/api/v1/quote_line/${line.id}`), await api('PATCH', `/api/v1/quote/${id}`, { discount: '1' })])
    assert.deepEqual([answer.status, key(answer)], [409, 'quote_fixed'], answer.text);
  assert.equal((await step(id, 'withdraw')).status, 200);
  assert.equal((await put(id, [{ id: line.id, product_id: ids.fridge, quantity: 5 }])).status, 204);
  assert.deepEqual((await linesOf(id)).map((l) => [l.id, l.quantity]), [[line.id, '5.000']]);
  await step(id, 'send');
  const next = (await api('POST', `/api/v1/quote/${id}/version`)).body;
  assert.equal(next.version_no, 2);
  const copy = await get(next.id), old = await get(id);
  assert.deepEqual([copy.number, copy.total, copy.state, copy.original_id], [old.number, old.total, 'draft', id]);
  assert.equal((await step(next.id, 'send')).status, 200);
  assert.equal((await get(id)).state, 'replaced');
  assert.equal((await step(id, 'accept')).status, 422);
  assert.equal((await step(next.id, 'decline')).status, 422, 'with a reason');
  assert.equal((await step(next.id, 'decline', { state_reason: 'too dear' })).status, 200);
  const closed = await get(next.id);
  assert.deepEqual([closed.state, closed.state_reason, closed.closed_by !== null, closed.order_id], ['declined', 'too dear', true, null]);
});

test('however many accept at once, there is one order, and it comes to the same cent', async () => {
  const id = await quoted([{ product_id: ids.fridge, quantity: 3, discount_percent: '3.333' }, { product_id: ids.shelf, quantity: '0.7' }], { discount: '0.07' });
  await step(id, 'send');
  const before_ = (await api('GET', '/api/v1/order?select=id')).body.length;
  const answers = await Promise.all(Array.from({ length: 8 }, () => step(id, 'accept')));
  assert.equal(answers.filter((a) => a.status === 200).length, 1, answers.map((a) => a.status).join());
  assert.equal((await api('GET', '/api/v1/order?select=id')).body.length, before_ + 1);
  const q = await get(id), order = (await api('GET', `/api/v1/order/${q.order_id}`)).body;
  assert.deepEqual([q.state, order.total, order.lines_count, order.customer_id, order.state], ['accepted', q.total, 2, ids.li, 'placed']);
  assert.match(order.source, new RegExp(q.number));
  assert.equal((await api('DELETE', `/api/v1/quote/${id}`)).status, 409);
  assert.equal((await api('POST', `/api/v1/quote/${id}/version`)).status, 409);
});

test('a promotion is used once by the order; used up, the quote is not accepted and nothing is left behind', async () => {
  const promo = await make('promotion', { name: 'One only', kind: 'percent', percent: '10', coupon: 'ONE', max_uses: 1 });
  const a = await quoted(undefined, { coupons: 'one' }), b = await quoted(undefined, { coupons: 'ONE, none' });
  assert.equal((await get(b)).total, '3419.91');
  for (const id of [a, b]) await step(id, 'send');
  const orders = async () => (await api('GET', '/api/v1/order?select=id')).body.length, earlier = await orders();
  const answers = await Promise.all([step(a, 'accept'), step(b, 'accept')]);
  assert.deepEqual(answers.map((x) => x.status).sort(), [200, 409]);
  assert.equal(key(answers.find((x) => x.status === 409)), 'promotion_used_up');
  assert.equal(await orders(), earlier + 1);
  assert.equal((await api('GET', `/api/v1/promotion/${promo.id}`)).body.used, 1);
});

test('accepted after its last day: a clear word; the last day itself is good', async () => {
  const id = await quoted();
  await step(id, 'send');
  const day = (n) => new Date(Date.now() + 8 * 3600_000 + n * 86400_000).toISOString().slice(0, 10); // Shanghai
  assert.equal((await get(id)).valid_until, day(30));
  assert.equal((await api('PATCH', `/api/v1/quote/${id}`, { valid_until: day(-1) })).status, 200);
  const late = await step(id, 'accept');
  assert.deepEqual([late.status, key(late)], [422, 'quote_expired']);
  assert.equal((await get(id)).order_id, null);
  await api('PATCH', `/api/v1/quote/${id}`, { valid_until: day(0) });
  assert.equal((await step(id, 'accept')).status, 200);
});

test('the margin for those who see cost; others work without it; nobody reads another’s quote', async () => {
  const id = await quoted([{ product_id: ids.fridge, quantity: 2 }, { product_id: ids.shelf }]);
  const m = (await api('GET', `/api/v1/quote/${id}/margin`)).body;
  // 3,799.90 / 1.13 = 3,362.74, less 2,400
  assert.deepEqual([m.cost, m.margin, m.percent, m.unknown], ['2400.00', '962.74', '28.6', 1]);
  const product = { read: 'all', fields: { cost: 'hidden' } };
  const { api: seller } = await person(server, 'seller', rightsOf('own', { product, customer: { read: 'all' } }));
  const own = await make('quote', { customer_id: ids.li }, seller);
  assert.equal((await put(own.id, [{ product_id: ids.fridge, quantity: 2 }], {}, seller)).status, 204);
  assert.equal((await get(own.id)).total, '3799.90');
  assert.equal((await seller('GET', `/api/v1/quote/${own.id}/margin`)).status, 403);
  const { api: buyer } = await person(server, 'buyer', rightsOf('all', { quote: { read: 'all', fields: { net: 'hidden' } } }));
  assert.equal((await buyer('GET', `/api/v1/quote/${id}/margin`)).status, 403, 'nor the net by its margin');
  assert.ok(!(await seller('GET', `/api/v1/quote_line?quote_id=eq.${own.id}`)).text.includes('1200'));
  for (const answer of [await put(id, [], {}, seller), await seller('GET', `/api/v1/quote/${id}/margin`), await seller('POST', `/api/v1/quote/${id}/version`), await step(id, 'send', {}, seller)])
    assert.ok([403, 404].includes(answer.status), `${answer.status} ${answer.text}`);
  assert.equal((await get(id)).lines_count, 2);
});

test('wrong lines are named by their number, and nothing is changed', async () => {
  const id = await quoted(), [line] = await linesOf(id);
  const wrong = async (lines, more) => { const a = await put(id, lines, more); return [a.status, a.body.errors[0].field, a.body.errors[0].key]; };
  assert.deepEqual(await wrong([{ id: line.id, product_id: ids.fridge, quantity: 1 }, { product_id: ids.shelf, quantity: '-2' }]), [422, 'lines[1].quantity', 'not_positive']);
  assert.deepEqual(await wrong([{ quantity: 1 }]), [422, 'lines[0].product_id', 'quote_line_what']);
  assert.deepEqual(await wrong([{ product_id: ids.shelf, discount_percent: '100.1' }]), [422, 'lines[0].discount_percent', 'pricing_percent']);
  assert.deepEqual(await wrong([{ id: '12345', product_id: ids.shelf }]), [422, 'lines[0].id', 'not_found']);
  assert.deepEqual(await wrong([{ product_id: ids.shelf, total: '1' }]), [422, 'lines[0].total', 'unknown_field']);
  assert.deepEqual(await wrong('many'), [422, 'lines', 'wrong_type']);
  assert.deepEqual((await wrong([], { version: 1 }))[2], 'version');
  assert.deepEqual((await linesOf(id)).map((l) => [l.id, l.quantity, l.price]), [[line.id, '2.000', '1899.9500']]);
  const empty = await make('quote', { customer_id: ids.li });
  assert.deepEqual(key(await step(empty.id, 'send')), 'quote_empty');
  assert.equal((await api('POST', '/api/v1/quote', { customer_id: ids.li, total: '5' })).status, 422);
  assert.equal(key(await api('POST', '/api/v1/quote', { customer_id: ids.li, discount: '-1' })), 'pricing_below_zero');
  const over = await api('PATCH', `/api/v1/quote/${id}`, { discount: '99999' });
  assert.deepEqual([over.status, key(over)], [422, 'tax_discount']);
});
