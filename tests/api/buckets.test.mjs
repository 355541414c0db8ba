// Figures by stretches of time, all in one answer: the firm's days, weeks, months, its rights, and a bound.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { client, guanxi, start } from '../lib/server.mjs';

let server, api, customer;

before(async () => {
	server = await start();
	api = server.api;
	customer = (await api('POST', '/api/v1/customer', { name: 'Li Na' }, { Prefer: 'return=representation' })).body[0];
	// 2025-12-31 23:59 and 2026-01-01 00:00 in Shanghai, and two more; the last is cancelled
	const orders = [['A1', '2025-12-31T15:59:59Z', 100], ['A2', '2025-12-31T16:00:00Z', 20], ['A3', '2026-01-11T15:59:59Z', 3], ['A4', '2026-01-12T00:00:00Z', 7]];
	for (const [number, placed_at, unit_price] of orders) {
		const made = await api('POST', '/api/v1/order', { number, placed_at, customer_id: customer.id, state: number === 'A4' ? 'cancelled' : 'paid' }, { Prefer: 'return=representation' });
		assert.equal(made.status, 201, made.text);
		const line = await api('POST', '/api/v1/order_line', { order_id: made.body[0].id, name: 'Tea', quantity: '1', unit_price: String(unit_price) });
		assert.equal(line.status, 201, line.text);
	}
});
after(async () => {
	await server?.stop();
	server?.remove();
});

const ask = (buckets, more = '', select = 'count(),sum:total_base.sum()', as = api) => as('GET', `/api/v1/order?select=${select}&buckets=${buckets}${more}`);
const shown = ({ body, text }) => (assert.ok(Array.isArray(body), text), body.map((b) => [b.from, b.to, b.count, b.sum]));

test('months by the firm’s zone; an empty one is there, too', async () => {
	assert.deepEqual(shown(await ask('placed_at.month.2025-11-15.2026-02-01')), [
		['2025-11-15', '2025-12-01', 0, null], ['2025-12-01', '2026-01-01', 1, '100.00'], ['2026-01-01', '2026-02-01', 3, '30.00'],
	]);
	assert.equal((await api('PATCH', '/api/v1/settings', { values: { 'firm.time_zone': 'UTC' } })).status, 204);
	assert.deepEqual(shown(await ask('placed_at.month.2025-12-01.2026-02-01')).map((b) => b[2]), [2, 2]);
	assert.equal((await api('PATCH', '/api/v1/settings', { values: { 'firm.time_zone': 'America/New_York' } })).status, 204);
	assert.deepEqual(shown(await ask('placed_at.day.2025-12-31.2026-01-01')), [['2025-12-31', '2026-01-01', 2, '120.00']]);
	assert.equal((await api('PATCH', '/api/v1/settings', { values: { 'firm.time_zone': 'Asia/Shanghai' } })).status, 204);
});

test('weeks begin on the firm’s day; years, quarters, any number of days; conditions narrow', async () => {
	assert.deepEqual(shown(await ask('placed_at.week.2025-12-31.2026-01-13')).map(([from, to, n]) => [from, to, n]), [
		['2025-12-31', '2026-01-05', 2], ['2026-01-05', '2026-01-12', 1], ['2026-01-12', '2026-01-13', 1],
	]);
	assert.equal((await api('PATCH', '/api/v1/settings', { values: { 'firm.week_start': 'sunday' } })).status, 204);
	assert.deepEqual((await ask('placed_at.week.2026-01-01.2026-01-12')).body.map((b) => b.from), ['2026-01-01', '2026-01-04', '2026-01-11']);
	assert.equal((await api('PATCH', '/api/v1/settings', { values: { 'firm.week_start': 'monday' } })).status, 204);
	assert.deepEqual((await ask('placed_at.quarter.2025-10-01.2026-04-01')).body.map((b) => [b.from, b.count]), [['2025-10-01', 1], ['2026-01-01', 3]]);
	assert.deepEqual((await ask('placed_at.year.2025-01-01.2027-01-01')).body.map((b) => [b.to, b.count]), [['2026-01-01', 1], ['2027-01-01', 3]]);
	assert.deepEqual((await ask('placed_at.7d.2025-12-30.2026-01-13', '&state=neq.cancelled')).body.map((b) => [b.from, b.count]), [['2025-12-30', 2], ['2026-01-06', 1]]);
	const days = await api('GET', '/api/v1/customer?select=count()&buckets=first_order_at.month.2025-12-01.2026-01-01');
	assert.deepEqual(days.body, [{ from: '2025-12-01', to: '2026-01-01', count: 1 }]);
});

test('what sums over all stretches is what one question sums', async () => {
	const { body: [whole] } = await api('GET', '/api/v1/order?select=count(),sum:total_base.sum()');
	for (const unit of ['day', 'week', 'month', '11d']) {
		const { body } = await ask(`placed_at.${unit}.2025-12-01.2026-02-01`);
		assert.equal(body.reduce((n, b) => n + b.count, 0), whole.count, unit);
		assert.equal(body.reduce((n, b) => n + Number(b.sum ?? 0), 0), Number(whole.sum), unit);
		body.forEach((b, i) => i > 0 && assert.equal(b.from, body[i - 1].to));
	}
});

test('rights are those of the list: others’ orders are not counted, a hidden field is not there', async () => {
	const role = (await api('POST', '/api/v1/role', {
		name: 'Own only', rights: { order: { read: 'own', fields: { total: 'hidden', created_at: 'hidden' } }, customer: { read: 'all' } }, caps: [],
	}, { Prefer: 'return=representation' })).body[0];
	const email = 'own@example.com';
	const made = await api('POST', '/api/v1/user', { name: 'Own', email, roles: [role.id] }, { Prefer: 'return=representation' });
	assert.equal(made.status, 201, made.text);
	const own = client(server.url, guanxi(['token', 'create', '--data', server.data, '--user', email, '--name', 'test']).out.trim());
	assert.deepEqual((await ask('placed_at.year.2025-01-01.2027-01-01', '', 'count()', own)).body.map((b) => b.count), [0, 0]);
	assert.equal((await ask('placed_at.year.2025-01-01.2027-01-01', '', 'total.sum()', own)).status, 400);
	assert.equal((await ask('created_at.year.2025-01-01.2027-01-01', '', 'count()', own)).status, 400);
});

test('what cannot be read, is no time, is no figure, or is too much is refused', async () => {
	for (const bad of ['', 'placed_at', 'placed_at.week', 'placed_at.week.2026-01-01', 'placed_at.week.2026-01-01.2026-01-01', 'placed_at.week.2026-02-01.2026-01-01',
		'placed_at.week.2026-02-30.2026-03-01', 'placed_at.fortnight.2026-01-01.2026-02-01', 'placed_at.0d.2026-01-01.2026-02-01', 'placed_at.-7d.2026-01-01.2026-02-01',
		'placed_at.99999999d.2026-01-01.2026-02-01', 'placed_at.week.2026-01-01.2026-02-01.x', 'nothing.week.2026-01-01.2026-02-01', 'number.week.2026-01-01.2026-02-01',
		'placed_at.day.2025-01-01.2026-01-01', 'placed_at.day.0001-01-01.9999-12-31', "placed_at.day.2026-01-01.2026-01-02' OR 1=1"]) {
		const answer = await ask(encodeURIComponent(bad));
		assert.ok([400, 422].includes(answer.status), `${bad}: ${answer.status} ${answer.text}`);
	}
	assert.equal((await ask('placed_at.day.2026-01-01.2026-05-01')).body.length, 120);
	for (const select of ['number', 'state,count()', '*', '']) assert.equal((await ask('placed_at.year.2025-01-01.2027-01-01', '', select)).status, 400, select);
});
