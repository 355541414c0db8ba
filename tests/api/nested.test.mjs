// A record together with what belongs to it, in one request: all of it or nothing, with sums and rights.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { client, guanxi, start } from '../lib/server.mjs';

let server, api, product;
const count = async (path) => (await api('GET', `/api/v1/${path}${path.includes('?') ? '&' : '?'}select=count()`)).body[0].count;
const rows = { Prefer: 'return=representation' };

before(async () => {
  server = await start();
  api = server.api;
  const made = await api('POST', '/api/v1/product', { sku: 'T1', name: '茶', price: '10.00', unit: '盒' }, rows);
  product = made.body[0].id;
});
after(() => server?.close());

const line = (quantity, more = {}) => ({ product_id: product, sku: 'T1', name: '茶', quantity: String(quantity), unit_price: '10', ...more });

test('an order and its lines are one write, and the answer has the sums', async () => {
  const made = await api('POST', '/api/v1/order?select=id,number,version,lines_count,lines_total,total,order_lines(quantity,total,kind)', {
    number: 'N1', shipping_fee: '5', order_lines: [line(2, { position: 1 }), line('0.5', { position: 2 }), line(1, { position: 3, discount: '1' })],
  }, rows);
  assert.equal(made.status, 201, made.text);
  const [order] = made.body;
  assert.deepEqual([order.lines_count, Number(order.lines_total), Number(order.total), order.version], [3, 34, 39, 1]);
  assert.deepEqual(order.order_lines.map((l) => [Number(l.quantity), Number(l.total), l.kind]), [[2, 20, 'sale'], [0.5, 5, 'sale'], [1, 9, 'sale']]);
  const history = (await api('GET', `/api/v1/order/${order.id}/changes`)).body;
  assert.equal((history.rows ?? history).length, 1, 'one entry in the history');
});

test('one wrong line and nothing is there; the fault says which line', async () => {
  const before = [await count('order'), await count('order_line')];
  const refused = await api('POST', '/api/v1/order', { number: 'N2', order_lines: [line(1), line('many')] });
  assert.equal(refused.status, 422, refused.text);
  assert.deepEqual(refused.body.errors.map((e) => e.field), ['order_lines[1].quantity']);
  assert.deepEqual([await count('order'), await count('order_line')], before);
  const several = await api('POST', '/api/v1/order', [{ number: 'N3', order_lines: [line(1)] }, { number: 'N4', order_lines: [line(1), line(1, { sku: 'x'.repeat(200) })] }]);
  assert.deepEqual(several.body.errors.map((e) => e.field), ['[1].order_lines[1].sku'], several.text);
  assert.deepEqual([await count('order'), await count('order_line')], before);
});

test('row by row, what fails takes its own lines with it and no others', async () => {
  const before = [await count('order'), await count('order_line')];
  const answer = await api('POST', '/api/v1/order', [
    { number: 'P1', order_lines: [line(1), line(2)] }, { number: 'P2', order_lines: [line(1), line(-3, { kind: 'sale' })] }, { number: 'P3', order_lines: [line(4)] },
  ], { Prefer: 'results=per-row' });
  assert.equal(answer.body.created, 2, answer.text);
  assert.equal(answer.body.failed, 1, answer.text);
  assert.deepEqual([await count('order'), await count('order_line')], [before[0] + 2, before[1] + 3]);
  const [kept] = (await api('GET', '/api/v1/order?number=eq.P3&select=total,lines_count')).body;
  assert.deepEqual([Number(kept.total), kept.lines_count], [40, 1]);
});

test('a number that is taken is refused by its field', async () => {
  const shop = (await api('POST', '/api/v1/channel', { code: 'shop', name: 'Shop' }, rows)).body[0].id;
  const order = { number: 'D1', channel_id: shop, order_lines: [line(1)] };
  assert.equal((await api('POST', '/api/v1/order', order)).status, 201);
  const again = await api('POST', '/api/v1/order', order);
  assert.equal(again.status, 409, again.text);
  assert.match(again.body.errors[0].field, /number|channel_id/, again.text);
});

test('a sale is not less than nothing; what comes back is a return', async () => {
  for (const kind of ['sale', 'gift']) {
    const refused = await api('POST', '/api/v1/order', { order_lines: [line(-3, { kind })] });
    assert.equal(refused.status, 422, refused.text);
    assert.deepEqual(refused.body.errors.map((e) => [e.field, e.key]), [['order_lines[0].quantity', 'negative_sale']]);
  }
  const made = await api('POST', '/api/v1/order?select=id,kind,total,order_lines(id,kind)', { order_lines: [line(-3)] }, rows);
  assert.equal(made.status, 201, made.text);
  assert.deepEqual([made.body[0].order_lines[0].kind, Number(made.body[0].total)], ['return', -30]);
  const id = made.body[0].order_lines[0].id;
  const patched = await api('PATCH', `/api/v1/order_line/${id}`, { kind: 'sale' });
  assert.equal(patched.status, 422, patched.text);
  const whole = await api('POST', '/api/v1/order', { kind: 'sale', total: '-3' });
  assert.deepEqual(whole.body.errors?.map((e) => [e.field, e.key]), [['total', 'negative_sale']], whole.text);
  const back = await api('POST', '/api/v1/order?select=kind', { total: '-3' }, rows);
  assert.deepEqual(back.body, [{ kind: 'return' }], back.text);
  const emptied = await api('PATCH', `/api/v1/order/${made.body[0].id}?select=kind`, { kind: null }, rows);
  assert.ok(emptied.body.kind, emptied.text);
});

test('other kinds: a customer with addresses', async () => {
  const made = await api('POST', '/api/v1/customer?select=id,addresses(city)', { name: '李雷', addresses: [{ city: '杭州', street: '文三路 1 号' }, { city: '宁波', street: '中山路 2 号' }] }, rows);
  assert.equal(made.status, 201, made.text);
  assert.deepEqual(made.body[0].addresses.map((a) => a.city).sort(), ['宁波', '杭州']);
});

test('bad bodies', async () => {
  const post = async (body, path = 'order') => (await api('POST', `/api/v1/${path}`, body)).body;
  const faults = (b) => b.errors?.map((e) => `${e.field} ${e.key}`);
  const other = (await api('POST', '/api/v1/order', { number: 'O1' }, rows)).body[0].id;
  assert.deepEqual(faults(await post({ order_lines: 'x' })), ['order_lines nested_rows']);
  assert.deepEqual(faults(await post({ order_lines: [null] })), ['order_lines[0] not_an_object']);
  assert.deepEqual(faults(await post({ order_lines: [line(1, { order_id: other })] })), ['order_lines[0].order_id nested_parent']);
  assert.deepEqual(faults(await post({ order_lines: [line(1, { order_lines: [] })] })), ['order_lines[0].order_lines unknown_field']);
  assert.deepEqual(faults(await post({ interactions: [{}] })), ['interactions unknown_field'], 'not what merely points to it');
  assert.deepEqual(faults(await post({ sessions: [{}] }, 'user')), ['sessions unknown_field']);
  assert.deepEqual((await api('PATCH', `/api/v1/order/${other}`, { order_lines: [] })).body.errors.map((e) => e.field), ['order_lines'], 'only with a new record');
  const taken = await api('POST', '/api/v1/customer?on_conflict=number', [{ number: 'K1', name: 'K' }], { Prefer: 'resolution=merge-duplicates' });
  assert.equal(taken.status, 201, taken.text);
  const merged = await api('POST', '/api/v1/customer?on_conflict=number', [{ number: 'K1', name: 'K', addresses: [{ street: 'x' }] }], { Prefer: 'resolution=merge-duplicates' });
  assert.deepEqual(merged.body.errors?.map((e) => e.key), ['nested_exists'], merged.text);
  const columns = await api('POST', '/api/v1/order?columns=number,order_lines&select=number,note,lines_count', [{ number: 'C1', note: 'no', order_lines: [line(1)] }], rows);
  assert.deepEqual(columns.body, [{ number: 'C1', note: null, lines_count: 1 }], columns.text);
});

test('the same key sends it once', async () => {
  const headers = { 'Idempotency-Key': 'nested-1' };
  const body = { number: 'I1', order_lines: [line(1)] };
  await api('POST', '/api/v1/order', body, headers);
  await api('POST', '/api/v1/order', body, headers);
  assert.equal(await count('order?number=eq.I1'), 1);
});

test('who may not create lines creates no order with lines', async () => {
  const role = (await api('POST', '/api/v1/role', { name: 'Head only', rights: { order: { read: 'all', create: 'all' }, product: { read: 'all' } } }, rows)).body[0].id;
  const made = await api('POST', '/api/v1/user', { name: 'H', email: 'h@example.com', roles: [role] }, rows);
  assert.equal(made.status, 201, made.text);
  const as = client(server.url, guanxi(['token', 'create', '--data', server.data, '--user', 'h@example.com', '--name', 'h']).out.trim());
  const before = await count('order');
  const refused = await as('POST', '/api/v1/order', { number: 'X1', order_lines: [line(1)] });
  assert.equal(refused.status, 403, refused.text);
  assert.equal(await count('order'), before);
  const alone = await as('POST', '/api/v1/order', { number: 'X1' });
  assert.equal(alone.status, 201, alone.text);
});
