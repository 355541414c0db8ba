// What things cost: books in their order with reasons, units, currencies, promotions with limits, taxes; asked without saving.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { person, rightsOf } from '../lib/attack.mjs';
import { guanxi, start } from '../lib/server.mjs';

let server, api;
const ids = {};

async function make(entity, body) {
  const answer = await api('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' });
  assert.equal(answer.status, 201, `${entity}: ${answer.text}`);
  return (answer.body[0] ?? answer.body).id;
}
const price = async (body, who = api, headers) => {
  const answer = await who('POST', '/api/v1/price', body, headers);
  assert.equal(answer.status, 200, answer.text);
  return answer.body;
};
const refused = async (entity, body, key, field) => {
  const answer = await api('POST', `/api/v1/${entity}`, body);
  assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status} ${answer.text}`);
  assert.ok(answer.body.errors.some((e) => e.key === key && (field === undefined || e.field.endsWith(field))), answer.text);
};

before(async () => {
  server = await start();
  api = server.api;
  ids.vat13 = await make('tax', { name: 'VAT 13', percent: '13', is_default: true });
  ids.vat6 = await make('tax', { name: 'VAT 6', percent: '6' });
  ids.white = await make('category', { name: 'White goods' });
  ids.cold = await make('category', { name: 'Refrigerators', parent_id: ids.white });
  ids.fridge = await make('product', { sku: 'BCD-200', name: 'Fridge 200 l', price: '2000.00', cost: '1500.00', category_id: ids.cold, unit: 'piece' });
  ids.shelf = await make('product', { sku: 'SHELF', name: 'Glass shelf', price: '11.90', unit: 'piece', tax_id: ids.vat6 });
  ids.bare = await make('product', { sku: 'BARE', name: 'No price yet' });
  await make('product_unit', { product_id: ids.shelf, name: 'box', factor: '12' });
  ids.vip = await make('customer', { name: 'Haier', level: 'vip' });
  ids.li = await make('customer', { name: 'Li' });
});
after(async () => {
  await server?.stop();
  server?.remove();
});

test('without a book the product’s own price; taxes as China’s invoices have them; totals are the sums of the lines', async () => {
  const r = await price({ lines: [{ product_id: ids.fridge, quantity: 3 }, { sku: 'shelf', quantity: '7' }].map((l) => (l.sku ? { ...l, sku: 'SHELF' } : l)) });
  assert.deepEqual([r.currency, r.tax_way, r.tax_included], ['CNY', 'net_first', true]);
  assert.deepEqual(r.lines.map((l) => [l.price, l.net, l.tax_amount, l.total, l.reason.source]), [['2000.00', '5309.73', '690.27', '6000.00', 'list'], ['11.90', '78.58', '4.72', '83.30', 'list']]);
  assert.deepEqual([r.net, r.tax, r.total], ['5388.31', '694.99', '6083.30']);
  assert.deepEqual(r.taxes, [{ name: 'VAT 13', percent: '13', net: '5309.73', amount: '690.27' }, { name: 'VAT 6', percent: '6', net: '78.58', amount: '4.72' }]);
  const off = await price({ lines: [{ product_id: ids.fridge }, { product_id: ids.shelf, discount_percent: '50' }], discount: '100.01' });
  assert.equal(off.total, '1905.94');
  assert.equal((off.lines.reduce((s, l) => s + Number(l.total) * 100, 0) / 100).toFixed(2), off.total);
});

test('books by their place, each price says why: contract, line, quantity', async () => {
  const list = await make('price_book', { name: 'Retail 2026' });
  const vip = await make('price_book', { name: 'VIP', level: 'vip' });
  const contract = await make('price_book', { name: 'Haier frame', contract_no: '2026-14', customer_id: ids.vip });
  await make('price_rule', { book_id: list, category_id: ids.white, kind: 'percent_off', amount: '5', quantity_from: '2' });
  await make('price_rule', { book_id: vip, product_id: ids.fridge, amount: '1800' });
  await make('price_rule', { book_id: contract, product_id: ids.shelf, amount: '10' });
  await make('price_rule', { book_id: contract, product_id: ids.fridge, amount: '1700', quantity_from: '5' });
  await make('price_rule', { book_id: contract, product_id: ids.fridge, amount: '1600', quantity_from: '10' });
  const of = async (customer, quantity, headers) => (await price({ customer_id: customer, lines: [{ product_id: ids.fridge, quantity }] }, api, headers)).lines[0];
  const says = async (...args) => { const l = await of(...args); return [l.price, l.reason.text]; };
  assert.deepEqual(await says(ids.vip, 12), ['1600.00', 'contract 2026-14, line 3, from 10 piece']);
  assert.deepEqual(await says(ids.vip, 9), ['1700.00', 'contract 2026-14, line 2, from 5 piece']);
  assert.deepEqual(await says(ids.vip, 2), ['1900.00', 'price book Retail 2026, line 1, from 2 piece']);
  assert.deepEqual(await says(ids.vip, 1), ['1800.00', 'price book VIP, line 1, from 1 piece']);
  assert.deepEqual(await says(ids.li, 12), ['1900.00', 'price book Retail 2026, line 1, from 2 piece']);
  assert.deepEqual(await says(ids.li, 1), ['2000.00', 'list price']);
  assert.deepEqual(await says(ids.vip, 12, { 'Accept-Language': 'zh-CN' }), ['1600.00', '合同 2026-14，第 3 行，10 piece起']);
  assert.match((await says(ids.vip, 12, { 'Accept-Language': 'zh-TW' }))[1], /^合約|^合同/);
  // a book that stands alone takes no more from others
  assert.equal((await api('PATCH', `/api/v1/price_book/${contract}`, { alone: true })).status, 200);
  assert.deepEqual(await says(ids.vip, 2), ['2000.00', 'list price']);
  assert.equal((await api('PATCH', `/api/v1/price_book/${contract}`, { alone: false, ends_on: '2020-01-01' })).status, 200);
  assert.deepEqual((await says(ids.vip, 12))[0], '1900.00');
  assert.equal((await api('PATCH', `/api/v1/price_book/${contract}`, { ends_on: null })).status, 200);
  // the lowest of all
  const set = async (values) => assert.ok((await api('PATCH', '/api/v1/settings', { values })).status < 300);
  await set({ 'pricing.strategy': 'lowest' });
  assert.deepEqual((await says(ids.vip, 2))[0], '1900.00');
  assert.deepEqual((await says(ids.vip, 1))[0], '1800.00');
  await set({ 'pricing.strategy': 'first' });
});

test('boxes, other currencies at the day’s rate, a book reckoned from another; no circle of them', async () => {
  const shelf = async (body) => (await price({ lines: [{ product_id: ids.shelf, ...body.line }], ...body.more })).lines[0];
  assert.equal((await shelf({ line: { unit: 'box', quantity: 2 } })).price, '142.80');
  assert.equal((await api('POST', '/api/v1/price', { lines: [{ product_id: ids.shelf, unit: 'crate' }] })).body.errors[0].key, 'pricing_unit');
  const usd = { currency: 'USD', at: '2026-06-15T00:00:00Z' };
  const none = await api('POST', '/api/v1/price', { ...usd, lines: [{ product_id: ids.shelf }] });
  assert.deepEqual([none.status, none.body.errors[0].key], [422, 'pricing_no_rate']);
  await make('exchange_rate', { currency: 'USD', valid_from: '2026-01-01', rate: '7' });
  await make('exchange_rate', { currency: 'USD', valid_from: '2026-06-01', rate: '7.2' });
  await make('exchange_rate', { currency: 'EUR', valid_from: '2026-01-01', rate: '7.9' });
  const line = await shelf({ line: {}, more: usd });
  assert.deepEqual([line.price, line.reason.text], ['1.65', 'list price, from CNY at the rate of 2026-06-15']);
  assert.equal((await shelf({ line: {}, more: { ...usd, at: '2026-05-31T00:00:00Z' } })).price, '1.70');
  const a = await make('price_book', { name: 'Export USD', currency: 'USD', priority: 50, country: 'US' });
  const b = await make('price_book', { name: 'Export EUR', currency: 'EUR', priority: 50, country: 'DE' });
  await make('price_rule', { book_id: a, product_id: ids.shelf, amount: '2' });
  await make('price_rule', { book_id: b, kind: 'percent_off', amount: '10', base_book_id: a, round_to: '0.05' });
  await refused('price_rule', { book_id: a, kind: 'change', amount: '1', base_book_id: b }, 'pricing_circle', 'base_book_id');
  await refused('price_rule', { book_id: a, kind: 'change', amount: '1', base_book_id: a }, 'pricing_circle');
  const de = await make('customer', { name: 'Müller', country: 'DE' });
  // 2 USD × 7.2 / 7.9 = 1.8227 EUR, less a tenth 1.6405, to 1.65
  assert.equal((await shelf({ line: {}, more: { ...usd, currency: 'EUR', customer_id: de } })).price, '1.65');
});

test('promotions in their order, with exclusions; coupons; gifts', async () => {
  await make('promotion', { name: 'Summer', kind: 'percent', percent: '10', category_id: ids.white, position: 1 });
  await make('promotion', { name: '300 less 50', kind: 'amount', amount: '50', min_amount: '300', each_time: true, position: 2, exclusion: 'full' });
  await make('promotion', { name: '300 less 30', kind: 'amount', amount: '30', min_amount: '300', position: 3, exclusion: 'full' });
  const three = await make('promotion', { name: 'Three for two', kind: 'n_for_m', take: 3, pay: 2, product_id: ids.shelf, coupon: 'Three-2', position: 0, exclusive: true });
  await make('promotion', { name: 'Shelf on top', kind: 'gift', gift_product_id: ids.shelf, product_id: ids.fridge, min_quantity: '2', each_time: true, position: 9 });
  const given = (r) => r.promotions.map((p) => [p.name, p.amount]);
  const r = await price({ customer_id: ids.li, lines: [{ product_id: ids.fridge, quantity: 1 }] });
  // 2,000 less a tenth is 1,800: six times 300
  assert.deepEqual(given(r), [['Summer', '200.00'], ['300 less 50', '300.00']]);
  assert.equal(r.total, '1500.00');
  const gift = await price({ customer_id: ids.li, lines: [{ product_id: ids.fridge, quantity: 5, price: '100' }] });
  assert.deepEqual(gift.lines.map((l) => [l.name, l.quantity, l.total, l.reason.source]), [['Fridge 200 l', '5', '400.00', 'by_hand'], ['Glass shelf', '2', '0.00', 'gift']]);
  const coupon = await price({ customer_id: ids.li, coupons: ['three-2', 'nothing'], lines: [{ product_id: ids.fridge }, { product_id: ids.shelf, quantity: 7 }] });
  assert.deepEqual(given(coupon), [['Three for two', '23.80']]); // and nothing after it
  assert.deepEqual(coupon.refused_coupons, [{ coupon: 'nothing', why: 'promotion_unknown' }]);
  const low = await price({ customer_id: ids.li, coupons: ['THREE-2'], lines: [{ product_id: ids.shelf, quantity: 2 }] });
  assert.deepEqual([given(low), low.refused_coupons], [[], [{ coupon: 'Three-2', why: 'promotion_condition' }]]);
  ids.three = three;
});

test('a promotion’s limits hold however many ask at once: exactly as many as may', async () => {
  const id = await make('promotion', { name: 'First five', kind: 'percent', percent: '50', coupon: 'FIVE', max_uses: 5, max_per_customer: 2, position: 5 });
  const use = (reference, customer_id) => api('POST', `/api/v1/promotion/${id}/use`, { reference, customer_id, amount: '1.00' });
  assert.equal((await api('POST', `/api/v1/promotion/${id}/use`, { reference: 'below zero', amount: '-1000.00' })).status, 422);
  const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => use(`shop-${i}`)));
  assert.equal(answers.filter((a) => a.status === 204).length, 5, answers.map((a) => a.status).join());
  assert.ok(answers.filter((a) => a.status !== 204).every((a) => a.status === 409 && a.body.errors[0].key === 'promotion_used_up'));
  const kept = (await api('GET', `/api/v1/promotion_use?promotion_id=eq.${id}&select=reference`)).body;
  assert.equal(kept.length, 5);
  assert.equal((await use(kept[0].reference)).status, 204, 'said again it counts once');
  assert.equal((await api('GET', `/api/v1/promotion/${id}`)).body.used, 5);
  assert.deepEqual((await price({ coupons: ['five'], lines: [{ product_id: ids.shelf }] })).refused_coupons, [{ coupon: 'FIVE', why: 'promotion_used_up' }]);
  assert.equal((await api('PATCH', `/api/v1/promotion/${id}`, { max_uses: 100 })).status, 200);
  const mine = await Promise.all(Array.from({ length: 6 }, (_, i) => use(`li-${i}`, ids.li)));
  assert.equal(mine.filter((a) => a.status === 204).length, 2, mine.map((a) => a.text).join());
});

test('whoever may not read prices gets none; cost is nobody’s business here', async () => {
  const { api: none } = await person(server, 'stranger', {});
  assert.equal((await none('POST', '/api/v1/price', { lines: [{ product_id: ids.fridge }] })).status, 403);
  assert.equal((await none('POST', `/api/v1/promotion/${ids.three}/use`, { reference: 'x' })).status, 403);
  const { api: own } = await person(server, 'seller', rightsOf('own', { product: { read: 'all' } }));
  assert.equal((await price({ lines: [{ product_id: ids.fridge }] }, own)).lines[0].price, '2000.00');
  assert.equal((await own('POST', '/api/v1/price', { customer_id: ids.li, lines: [{ product_id: ids.fridge }] })).status, 404);
  assert.ok(!(await own('POST', '/api/v1/price', { lines: [{ product_id: ids.fridge }] })).text.includes('cost'));
});

test('wrong questions get a clear word for each line', async () => {
  const ask = async (body) => { const a = await api('POST', '/api/v1/price', body); return [a.status, ...(a.body.errors ?? []).map((e) => `${e.field} ${e.key}`)]; };
  assert.deepEqual(await ask({ lines: [{ product_id: ids.fridge, quantity: '-1' }, { product_id: ids.fridge, quantity: 0 }, { product_id: ids.shelf, discount_percent: '101' }, { product_id: ids.shelf, price: '-1' }] }),
    [422, 'lines[0].quantity not_positive', 'lines[1].quantity not_positive', 'lines[2].discount_percent pricing_percent', 'lines[3].price pricing_below_zero']);
  assert.deepEqual(await ask({ lines: [{ sku: 'nobody’s' }, { product_id: '12345' }, {}] }), [422, 'lines[0].sku pricing_no_product', 'lines[1].product_id pricing_no_product', 'lines[2].product_id required']);
  assert.deepEqual(await ask({ lines: [{ product_id: ids.bare }] }), [422, 'lines[0].product_id pricing_none']);
  assert.deepEqual(await ask({ lines: [{ product_id: ids.fridge, quantity: 'many', colour: 1 }], at: 'soon', discount: 'x' }), [422, 'at not_time', 'discount pricing_number', 'lines[0].colour unknown_field', 'lines[0].quantity pricing_number']);
  assert.deepEqual(await ask({ lines: [], currency: 'QQQ' }), [422, 'currency pricing_currency']);
  assert.deepEqual(await ask({ lines: {} }), [422, 'lines wrong_type']);
  assert.deepEqual(await ask({ lines: [{ product_id: ids.fridge }], discount: '99999999' }), [422, 'discount tax_discount']);
  assert.deepEqual(await ask({ lines: [], discount: '-1' }), [422, 'discount pricing_below_zero']);
  assert.equal((await price({ lines: [] })).total, '0.00');
  assert.deepEqual(await ask({ lines: [], channel_id: '12345' }), [422, 'channel_id link_not_found']);
  await refused('price_rule', { book_id: (await make('price_book', { name: 'x' })), amount: '1' }, 'pricing_fixed_product');
  await refused('price_book', { name: 'y', starts_on: '2026-02-01', ends_on: '2026-01-01' }, 'pricing_period', 'ends_on');
  await refused('promotion', { name: 'z', kind: 'n_for_m', take: 2, pay: 2 }, 'promotion_pay', 'pay');
  await refused('exchange_rate', { currency: 'CNY', valid_from: '2026-01-01', rate: '1' }, 'pricing_rate_base');
  await refused('exchange_rate', { currency: 'JPY', valid_from: '2026-01-01', rate: '-1' }, 'pricing_rate');
});

test('tax ask, price ask, configure check: an answer a line; what is wrong is named and ends with 1', () => {
  const file = join(server.data, '../questions.json');
  const run = (args) => guanxi(args, { allowFailure: true });
  writeFileSync(file, JSON.stringify([{ id: 'a', kind: 'cn_vat_line', gross: '99.99', rate_percent: '13' }, { kind: 'tw_invoice', gross: '5500', rate_percent: '5' }, { kind: 'tw_invoice', gross: 'x' }]));
  const tax = run(['tax', 'ask', file]);
  assert.equal(tax.status, 1);
  assert.deepEqual(tax.out.trim().split('\n').map((l) => JSON.parse(l).answer), [{ net: '88.49', tax: '11.50', difference_to_net_times_rate: '0.0037', accepted: true }, { net: '5238', tax: '262' }]);
  assert.match(tax.err, /\[3\]\.gross/);
  writeFileSync(file, JSON.stringify({ kind: 'unit_price', strategy: 'minimal_price', product: 'p', quantity: 3, unit: 'u', currency: 'CNY', lists_in_priority_order: [{ list: 'A', prices: [{ product: 'p', unit: 'u', currency: 'CNY', price: '4' }] }, { list: 'B', prices: [{ product: 'p', unit: 'u', currency: 'CNY', price: '3.50' }] }] }));
  const list = JSON.parse(run(['price', 'ask', file]).out);
  assert.deepEqual([list.answer, list.steps[0].list, list.steps[0].line], ['3.50', 'B', 1]);
  const model = join(server.data, '../door.uvl');
  writeFileSync(model, 'features\n\tFridge\n\t\talternative\n\t\t\tLeft\n\t\t\tRight\n\t\toptional\n\t\t\tIce\nconstraints\n\tIce => Right\n\tIce => Left\n');
  assert.deepEqual(JSON.parse(run(['configure', 'check', model, '--json']).out), { features: 4, void: false, constraints: 2, core: ['Fridge'], dead: ['Ice'], false_optional: [], not_read: [] });
  assert.match(run(['configure', 'check', model]).out, /dead: Ice/);
  writeFileSync(model, 'features\n\tFridge\n\tDoor\n');
  const bad = run(['configure', 'check', model]);
  assert.deepEqual([bad.status, /line 3/.test(bad.err)], [1, true]);
});
