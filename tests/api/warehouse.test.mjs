// The warehouse and the pivot tables over it: the same figures as the store's, whoever asks and whatever happened in between.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { client, guanxi, serve, start } from '../lib/server.mjs';

let server, api, off = false;
const people = {}, made = {};
async function make(entity, body, as = api) {
	const answer = await as('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' });
	assert.equal(answer.status, 201, `${entity}: ${answer.text}`);
	return Array.isArray(body) ? answer.body : answer.body[0];
}
const pivot = (query, as = api) => as('POST', '/api/v1/pivot', query);
async function ask(query, as = api) {
	const answer = await pivot(query, as);
	assert.equal(answer.status, 200, answer.text);
	return answer.body;
}
/** PostgreSQL's log is sealed a moment after the write. */
async function soon(check) {
	for (const until = Date.now() + 5000; ;) {
		try {
			return await check();
		} catch (error) {
			if (Date.now() > until) throw error;
			await new Promise((done) => setTimeout(done, 20));
		}
	}
}
const cells = (answer) => Object.fromEntries(answer.rows.map((r) => [r.key.join('|'), r.cells ? Object.fromEntries(
	answer.columns.map((c, i) => [c.key.join('|'), r.cells[i]]).filter(([, v]) => v)) : r.total]));

before(async () => {
	server = await start({ args: ['--currency', 'CNY'] });
	api = server.api;
	off = !(await api('GET', '/api/v1/warehouse')).body.available;
	if (off) return;
	const scopes = Object.fromEntries(['read', 'create', 'update', 'delete', 'export', 'import'].map((a) => [a, 'own']));
	const person = async (name, rights) => {
		const role = await make('role', { name, rights, caps: [] });
		const user = await make('user', { name, email: `${name}@example.com`, roles: [role.id] });
		people[name] = { id: user.id, api: client(server.url, guanxi(['token', 'create', '--data', server.data, '--user', user.email, '--name', 't']).out.trim()) };
	};
	await person('ann', { '*': scopes, channel: { read: 'all' }, product: { read: 'all' } });
	await person('ben', { '*': scopes });
	await person('cat', { '*': { read: 'all' }, order: { read: 'all', fields: { country: 'hidden', total_base: 'masked' } }, customer: { read: 'all', fields: { city: 'hidden', stage: 'masked' } } });
	await person('dan', { customer: { read: 'all' } });
	made.channels = await make('channel', [{ name: 'Tmall', code: 'tm' }, { name: '门店', code: 'md', kind: 'store' }]);
	made.products = await make('product', [{ name: 'Tea 茶', sku: 'tea', brand: 'A' }, { name: 'Cup 杯', sku: 'cup', brand: 'B' }]);
	made.customers = await make('customer', [
		{ name: 'One', city: '杭州', stage: 'loyal', owner_id: people.ann.id, birthday: '1990-05-01' },
		{ name: 'Two', city: '北京', stage: 'trading', owner_id: people.ben.id },
		{ name: 'Three', city: '杭州', stage: 'lost', owner_id: people.ben.id },
	]);
	const order = (customer, channel, day, state, lines, more = {}) => make('order', {
		customer_id: made.customers[customer].id, owner_id: made.customers[customer].owner_id, channel_id: made.channels[channel].id, placed_at: `${day}T03:00:00Z`, state, country: 'CN',
		order_lines: lines.map(([p, quantity, unit_price]) => ({ product_id: made.products[p].id, name: 'x', quantity, unit_price })), ...more,
	});
	made.orders = [
		await order(0, 0, '2026-01-05', 'paid', [[0, 2, 10], [1, 1, 5.5]]),
		await order(0, 1, '2026-02-14', 'completed', [[0, 1, 10]]),
		await order(1, 0, '2026-02-28', 'placed', [[1, 3, 6]]),
		await order(2, 1, '2025-01-20', 'paid', [[0, 4, 9]]),
		await order(2, 1, '2026-02-01', 'cancelled', [[0, 100, 9]]),
		// late in the evening of UTC it is the next month in Shanghai
		await order(1, 1, '2026-02-28', 'paid', [[0, 1, 1]], { placed_at: '2026-02-28T20:00:00Z' }),
		await order(1, 1, '2026-02-20', 'paid', [[0, 1, 100]], { currency: 'USD', fx_rate: '7.1' }),
		await order(0, 1, '2026-02-21', 'paid', [[0, 1, 100]], { currency: 'USD' }),
		await order(0, 0, '2026-02-22', 'returned', [[0, -1, 10]], { kind: 'return' }),
	];
});
after(() => server?.close());
const on = (name, run) => test(name, async (t) => (off ? t.skip('no DuckDB here') : run(t)));

on('measures by two dimensions, in the firm\'s time zone and currency', async () => {
	const a = await ask({ of: 'order_line', measures: ['sales', 'quantity', 'orders'], rows: [{ field: 'order_id.placed_at', by: 'month' }], columns: [{ field: 'product_id' }] });
	const [tea, cup] = made.products.map((p) => p.id);
	assert.deepEqual(cells(a), {
		'2025-01': { [tea]: ['36.00', '4.000', 1] },
		'2026-01': { [tea]: ['20.00', '2.000', 1], [cup]: ['5.50', '1.000', 1] },
		// without a rate 100 dollars count in no sum of money, but as a piece
		'2026-02': { [tea]: ['710.00', '2.000', 4], [cup]: ['18.00', '3.000', 1] },
		'2026-03': { [tea]: ['1.00', '1.000', 1] },
	});
	assert.deepEqual(a.total, ['790.50', '13.000', 8]);
	assert.deepEqual(a.columns.map((c) => c.label[0]), ['Tea 茶', 'Cup 杯']);
	assert.equal(a.row_count, 4);
});

on('a dimension beyond links, bands, ages, options and their subtotals', async () => {
	const a = await ask({ of: 'order', measures: ['orders', { name: 'each', formula: 'total / orders' }, 'customers'], rows: [{ field: 'customer_id.city' }, { field: 'customer_id.stage' }] });
	assert.deepEqual(cells(a), { '杭州|loyal': [4, 6.375, 1], '杭州|lost': [1, 36, 1], '北京|trading': [3, 243, 1] });
	assert.deepEqual(Object.fromEntries(a.subtotals.map((s) => [s.key[0], s.total[0]])), { 杭州: 5, 北京: 3 });
	assert.equal(a.rows.find((r) => r.key[1] === 'loyal').label[1], 'Loyal');
	const b = await ask({ of: 'order', measures: ['orders'], rows: [{ field: 'total_base', by: 'band', band: 100 }] });
	assert.deepEqual(cells(b), { '-10000': [1], 0: [5], 70000: [1], null: undefined, '': [1] }.null ?? { '-10000': [1], 0: [5], 70000: [1], '': [1] });
	const c = await ask({ of: 'customer', measures: ['customers'], rows: [{ field: 'birthday', by: 'age' }] });
	assert.equal(c.rows.length, 2);
	const d = await ask({ of: 'order', measures: ['orders'], rows: [{ field: 'placed_at', by: 'kind' }] });
	// 14 and 28 February 2026 were make-up workdays, 20 to 22 lay in the Spring Festival
	assert.deepEqual(cells(d), { makeup: [2], holiday: [3], workday: [2], weekend: [1] });
});

on('an earlier period is laid beside, day on day', async () => {
	const a = await ask({ of: 'order', measures: ['orders', 'total'], rows: [{ field: 'placed_at', by: 'month' }], from: '2026-01-01', to: '2026-02-28', compare: 'year' });
	assert.deepEqual(cells(a), { '2026-01': [1, '25.50', 1, '36.00'], '2026-02': [5, '728.00', 0, null] });
	const b = await ask({ of: 'order', measures: ['orders'], from: '2026-02-01', to: '2026-02-28', compare: 'before' });
	assert.deepEqual(b.total, [5, 1]);
});

on('filters are conditions, of the rows and beyond links; a cell leads to its records', async () => {
	const query = { of: 'order', measures: ['orders'], rows: [{ field: 'placed_at', by: 'month' }], columns: [{ field: 'channel_id' }],
		condition: { field: 'state', op: 'in', value: ['paid', 'completed'] }, filters: [{ on: 'customer_id', condition: { field: 'city', op: 'like', value: '杭*' } }] };
	const a = await ask(query);
	assert.deepEqual(a.total, [4]);
	for (const row of a.rows) {
		for (const [i, cell] of row.cells.entries()) {
			if (!cell) continue;
			const where = await api('POST', '/api/v1/pivot/cell', { ...query, row: row.key, column: a.columns[i].key });
			assert.equal(where.status, 200, where.text);
			const list = await api('GET', `/api/v1/order?select=id&condition=${encodeURIComponent(JSON.stringify(where.body.condition))}`);
			assert.equal(list.status, 200, list.text);
			assert.equal(list.body.length, cell[0], JSON.stringify(where.body.condition));
		}
	}
	const like = await ask({ of: 'customer', measures: ['customers'], condition: { field: 'city', op: 'ilike', value: '%\\%%' } });
	assert.deepEqual(like.total, [0]);
	const related = await ask({ of: 'customer', measures: ['customers'], condition: { related: 'orders', where: { field: 'state', op: 'eq', value: 'paid' }, measure: 'count', op: 'gte', value: 2 } });
	assert.deepEqual(related.total, [2]);
	const text = await pivot({ of: 'customer', measures: ['customers'], condition: { text: 'One' } });
	assert.equal(text.status, 422, text.text);
});

on('rows and fields beyond one\'s rights do not exist (S02, S03)', async () => {
	const query = { of: 'order', measures: ['orders', 'total'], rows: [{ field: 'customer_id.city' }] };
	const mine = async (as) => (await as('GET', '/api/v1/order?select=id&state=neq.cancelled')).body.length;
	for (const who of ['ann', 'ben']) {
		const a = await ask(query, people[who].api);
		assert.equal(a.total[0], await mine(people[who].api), who);
		const lines = await ask({ of: 'order_line', measures: ['lines'] }, people[who].api);
		assert.equal(lines.total[0], (await people[who].api('GET', '/api/v1/order_line?select=id,order!inner(state)&order.state=neq.cancelled')).body.length, who);
	}
	assert.deepEqual(cells(await ask(query, people.ann.api)), { 杭州: [4, '25.50'] });
	// an order of one's own for a customer of another: the order counts, what is beyond its link does not show
	const foreign = await make('order', { customer_id: made.customers[1].id, owner_id: people.ann.id, placed_at: '2026-03-01T00:00:00Z', total: '7' });
	await soon(async () => assert.deepEqual(cells(await ask(query, people.ann.api)), { 杭州: [4, '25.50'], '': [1, '7.00'] }));
	const filtered = await ask({ ...query, filters: [{ on: 'customer_id', condition: { field: 'city', op: 'eq', value: '北京' } }] }, people.ann.api);
	assert.deepEqual(filtered.total, [0, null]);
	const named = await ask({ ...query, rows: [{ field: 'customer_id' }] }, people.ann.api);
	assert.equal(named.rows.find((r) => r.key[0] === made.customers[1].id).label[0], null);
	await api('DELETE', `/api/v1/order/${foreign.id}`);
	await soon(async () => assert.deepEqual(cells(await ask(query, people.ann.api)), { 杭州: [4, '25.50'] }));
	const cat = people.cat.api;
	for (const [field, what] of [['customer_id.city', 'hidden'], ['customer_id.stage', 'masked'], ['country', 'hidden']])
		assert.equal((await pivot({ of: 'order', measures: ['orders'], rows: [{ field }] }, cat)).status, 422, what);
	for (const bad of [{ measures: ['total'] }, { measures: [{ name: 'x', formula: 'total * 2' }] }, { measures: ['orders'], condition: { field: 'country', op: 'eq', value: 'CN' } },
		{ measures: ['orders'], filters: [{ on: 'customer_id', condition: { field: 'city', op: 'eq', value: '杭州' } }] }, { measures: ['orders'], rows: [{ field: 'total_base', by: 'band', band: 1 }] }])
		assert.ok((await pivot({ of: 'order', ...bad }, cat)).status >= 400, JSON.stringify(bad));
	assert.ok((await pivot({ of: 'order_line', measures: ['sales'] }, cat)).status >= 400, 'made of a masked field');
	const meta = (await cat('GET', '/api/v1/pivot')).body.facts.find((f) => f.of === 'order');
	assert.ok(!JSON.stringify(meta).includes('customer_id.city') && !meta.measures.some((m) => m.name === 'total'));
	assert.equal((await pivot({ of: 'order', measures: ['orders'] }, people.dan.api)).status, 403);
	assert.deepEqual((await people.dan.api('GET', '/api/v1/pivot')).body.facts.map((f) => f.of), ['customer']);
	assert.equal((await cat('POST', '/api/v1/pivot/export', { of: 'order', measures: ['orders'], format: 'csv' })).status, 403);
	assert.equal((await client(server.url)('POST', '/api/v1/pivot', { of: 'order', measures: ['orders'] })).status, 401);
});

on('what can\'t be read gets a clear word', async () => {
	const good = { of: 'order', measures: ['orders'] };
	for (const bad of [
		{}, { of: 'user', measures: ['x'] }, { of: 'order' }, { of: 'order', measures: [] }, { ...good, measures: ['nope'] }, { ...good, extra: 1 }, { ...good, rows: {} },
		{ ...good, rows: [{ field: 'nope' }] }, { ...good, rows: [{ field: 'number' }] }, { ...good, rows: [{ field: 'customer_id.name' }] }, { ...good, rows: [{ field: 'number_key' }] },
		{ ...good, rows: [{ field: 'placed_at', by: 'century' }] }, { ...good, rows: [{ field: 'state', by: 'month' }] }, { ...good, rows: [{ field: 'a"; DROP TABLE "order"; --' }] },
		{ ...good, rows: Array(5).fill({ field: 'state' }) }, { ...good, rows: [{ field: 'customer_id.customer_id.customer_id.customer_id.customer_id.city' }] },
		{ ...good, rows: [{ field: 'total_base', by: 'band', band: 0 }] }, { ...good, rows: [{ field: 'total_base', by: 'band', band: -5 }] }, { ...good, rows: [{ field: '..' }] },
		{ ...good, from: '2026-13-01' }, { ...good, from: '2026-02-01', to: '2026-01-01' }, { ...good, compare: 'year' }, { ...good, compare: 'never', from: '2026-01-01', to: '2026-01-02' },
		{ ...good, limit: 100000 }, { ...good, limit: -1 }, { ...good, offset: 'x' }, { ...good, sort: { measure: 'nope' } }, { ...good, totals: 'yes' }, { ...good, filters: [{ on: 'nope', condition: {} }] },
		{ ...good, condition: { field: 'nope', op: 'eq', value: 1 } }, ...['', 'total /', '(total', 'total; orders', 'total || orders', '1e999', 'v0', '('.repeat(60) + '1' + ')'.repeat(60), 'total--1'].slice(0, -1)
			.map((formula) => ({ ...good, measures: [{ name: 'f', formula }] })),
	]) {
		const answer = await pivot(bad);
		assert.ok(answer.status >= 400 && answer.status < 500, `${JSON.stringify(bad)}: ${answer.status} ${answer.text}`);
		assert.ok(answer.body.message?.length > 5, answer.text);
	}
	assert.equal((await pivot('{"of":"order","of":"order","measures":["orders"]}')).status, 422);
	const zero = await ask({ ...good, measures: [{ name: 'f', formula: 'orders / (orders - orders)' }, { name: 'g', formula: '-(-orders) * 2 - 1' }] });
	assert.deepEqual(zero.total, [null, 15]);
});

on('it follows what changes, and is the same when it is made anew', async () => {
	const sales = async () => (await ask({ of: 'order_line', measures: ['sales'] })).total[0];
	const was = Number(await sales());
	const order = await make('order', { customer_id: made.customers[2].id, placed_at: '2026-03-03T00:00:00Z', order_lines: [{ name: 'y', quantity: 1, unit_price: 50 }] });
	await soon(async () => assert.equal(Number(await sales()), was + 50));
	// what is carried in the lines changes with the order
	await api('PATCH', `/api/v1/order/${order.id}`, { placed_at: '2024-01-01T00:00:00Z' });
	await soon(async () => assert.equal((await ask({ of: 'order_line', measures: ['lines'], rows: [{ field: 'order_id.placed_at', by: 'year' }] })).rows.find((r) => r.key[0] === '2024')?.total[0], 1));
	await api('PATCH', `/api/v1/order/${order.id}`, { state: 'cancelled', state_reason: 'x' });
	await soon(async () => assert.equal(Number(await sales()), was));
	await api('PATCH', `/api/v1/customer/${made.customers[2].id}`, { stage: 'prospect', city: '上海' });
	const gone = await make('customer', { name: 'Gone', city: 'Nowhere' });
	await soon(async () => assert.equal((await ask({ of: 'customer', measures: ['customers'], condition: { field: 'city', op: 'eq', value: 'Nowhere' } })).total[0], 1));
	await api('DELETE', `/api/v1/customer/${gone.id}`);
	await soon(async () => assert.equal((await ask({ of: 'customer', measures: ['customers'], condition: { field: 'city', op: 'eq', value: 'Nowhere' } })).total[0], 0));
	await api('DELETE', `/api/v1/order/${order.id}`);
	const followed = await soon(() => guanxi(['warehouse', 'check', '--data', server.data]).out);
	assert.match(followed, /is what the store says/);
	assert.match(followed, /customer:past +\d+ rows/);
	const tables = (text) => text.split('\n').filter((l) => / rows /.test(l));
	assert.deepEqual(tables(guanxi(['warehouse', 'rebuild', '--data', server.data]).out), tables(followed));
	const state = (await api('GET', '/api/v1/warehouse')).body;
	assert.ok(state.loaded && state.duckdb && state.rows > 0);
});

on('exports have the same figures, and are noted', async () => {
	const query = { of: 'order', measures: ['orders', 'total'], rows: [{ field: 'channel_id' }] };
	const csv = await api('POST', '/api/v1/pivot/export', { ...query, format: 'csv' });
	assert.equal(csv.status, 200, csv.text);
	const a = await ask(query);
	for (const row of a.rows) assert.ok(csv.text.includes(`${row.label[0]},${row.total[0]},${row.total[1]}`), csv.text);
	const xlsx = await fetch(`${server.url}/api/v1/pivot/export`, { method: 'POST', headers: { Authorization: `Bearer ${server.token}`, 'Content-Type': 'application/json' }, body: JSON.stringify({ ...query, format: 'xlsx' }) });
	assert.equal(Buffer.from(await xlsx.arrayBuffer()).subarray(0, 2).toString(), 'PK');
	assert.equal((await api('POST', '/api/v1/pivot/export', { ...query, format: 'pdf' })).status, 422);
	// without rows: what all comes to
	const none = await api('POST', '/api/v1/pivot/export', { of: 'order', measures: ['orders'], columns: query.rows, format: 'csv' });
	const of = (name) => a.rows.find((r) => r.label[0] === name).total[0];
	const [heads, line, end] = none.text.split('\r\n');
	assert.deepEqual([heads.replace('\ufeff', '').split(',').length, line.split(',').map(Number).sort((x, y) => x - y), end],
		[3, [of('Tmall'), of('门店'), a.total[0]].sort((x, y) => x - y), '']);
});

on('days of long ago count as others; public days are those of the firm\'s country', async () => {
	await make('customer', ['1938-02-03', '1955-06-30', '1969-12-31', '1970-01-01'].map((birthday) => ({ name: 'Old', birthday, city: 'Long ago' })));
	const query = { of: 'customer', measures: ['customers'], condition: { field: 'city', op: 'eq', value: 'Long ago' } };
	const by = async (by) => Object.keys(cells(await ask({ ...query, rows: [{ field: 'birthday', by }] }))).sort();
	await soon(async () => assert.deepEqual((await ask(query)).total, [4]));
	for (const [of, keys] of Object.entries({ day: ['1938-02-03', '1955-06-30', '1969-12-31', '1970-01-01'], month: ['1938-02', '1955-06', '1969-12', '1970-01'], year: ['1938', '1955', '1969', '1970'] })) {
		assert.deepEqual(await by(of), keys);
		for (const key of keys) {
			const { body } = await api('POST', '/api/v1/pivot/cell', { ...query, rows: [{ field: 'birthday', by: of }], row: [key] });
			assert.equal((await api('GET', `/api/v1/customer?select=id&condition=${encodeURIComponent(JSON.stringify(body.condition))}`)).body.length, 1, key);
		}
	}
	assert.ok(!(await by('age')).includes(''));
	const kinds = async () => cells(await ask({ of: 'order', measures: ['orders'], rows: [{ field: 'placed_at', by: 'kind' }] }));
	const country = async (value) => assert.equal((await api('PATCH', '/api/v1/settings', { scope: 'firm', values: { 'firm.country': value } })).status, 204);
	const here = await kinds();
	await country('DE');
	assert.deepEqual(await kinds(), { weekend: [5], workday: [3] });
	await country('CN');
	assert.deepEqual(await kinds(), here);
});

on('an export has every row, or none', async () => {
	const born = Array.from({ length: 2100 }, (_, i) => new Date(Date.UTC(1910, 0, 1 + i * 20)).toISOString().slice(0, 10));
	for (let i = 0; i < born.length; i += 700) await make('customer', born.slice(i, i + 700).map((birthday) => ({ name: 'Born', birthday, city: 'Old' })));
	const query = { of: 'customer', measures: ['customers'], rows: [{ field: 'birthday', by: 'day' }], condition: { field: 'city', op: 'eq', value: 'Old' } };
	const take = (more) => api('POST', '/api/v1/pivot/export', { ...query, ...more, format: 'csv' });
	await soon(async () => assert.equal((await ask(query)).row_count, born.length));
	const days = (csv) => csv.split('\r\n').slice(1, -1).map((line) => line.split(',')[0]).sort();
	for (const more of [{}, { limit: 10, offset: 20 }]) assert.deepEqual(days((await take(more)).text), born, JSON.stringify(more));
	// 2,100 days by 461 quarters
	const wide = { columns: [{ field: 'birthday', by: 'quarter' }] };
	assert.deepEqual([(await take(wide)).status, (await take({ ...wide, measures: ['customers', { name: 'b', formula: 'customers * 2' }] })).status], [200, 413]);
});

on('a sum that no number holds is told in words, as that of a list is', async () => {
	const rich = { placed_at: '2020-05-01T03:00:00Z', state: 'paid', order_lines: [{ name: 'x', quantity: 1, unit_price: '80000000000000' }] };
	const orders = (await Promise.all(Array.from({ length: 4 }, () => make('order', Array(300).fill(rich))))).flat();
	const far = { of: 'order', measures: ['total'], from: '2020-01-01', to: '2020-12-31' };
	await soon(async () => {
		for (const more of [{}, { rows: [{ field: 'placed_at', by: 'month' }] }]) {
			const answer = await pivot({ ...far, ...more });
			assert.deepEqual([answer.status, answer.body.errors?.[0].key], [422, 'number_range'], answer.text);
		}
	});
	for (let i = 0; i < orders.length; i += 100)
		assert.equal((await api('DELETE', `/api/v1/order?id=in.(${orders.slice(i, i + 100).map((o) => o.id).join()})`)).status, 204);
});

on('killed in the middle, damaged or without its library, nothing is lost', async (t) => {
	const total = async (as) => (await ask({ of: 'order', measures: ['orders', 'total'], rows: [{ field: 'state' }] }, as)).rows;
	const expected = await total(api);
	await server.stop();
	// half of the file is gone
	const file = join(server.data, 'warehouse.duckdb');
	assert.ok(existsSync(file));
	const whole = readFileSync(file);
	writeFileSync(file, Buffer.concat([whole.subarray(0, 4096), createHash('sha512').update('x').digest(), whole.subarray(whole.length / 2)]));
	let next = await serve(server.data);
	t.after(() => next.kill());
	let as = client(next.url, server.token);
	assert.deepEqual(await total(as), expected);
	for (let round = 0; round < 3; round++) {
		await Promise.all(Array.from({ length: 30 }, (_, i) => as('POST', '/api/v1/customer', { name: `K${round}-${i}`, city: 'Kill' }).catch(() => null)).concat([pivot({ of: 'customer', measures: ['customers'] }, as).catch(() => null),
			new Promise((done) => setTimeout(() => { next.kill(); done(); }, 20 + round * 25))]));
		await next.ended;
		next = await serve(server.data);
		as = client(next.url, server.token);
		const count = Number((await as('GET', '/api/v1/customer?city=eq.Kill&select=count()')).body[0].count);
		await soon(async () => assert.equal((await ask({ of: 'customer', measures: ['customers'], condition: { field: 'city', op: 'eq', value: 'Kill' } }, as)).total[0], count));
	}
	assert.match(guanxi(['warehouse', 'check', '--data', server.data]).out, /is what the store says/);
	await next.stop();
	next = await serve(server.data, { env: { GUANXI_DUCKDB: '/nowhere/libduckdb.so' } });
	as = client(next.url, server.token);
	const missing = await pivot({ of: 'order', measures: ['orders'] }, as);
	assert.equal(missing.status, 502, missing.text);
	assert.match(missing.text, /warehouse is off/);
	assert.equal((await as('GET', '/api/v1/pivot')).body.available, false);
	assert.equal((await as('GET', '/api/v1/order?limit=1')).status, 200);
	await next.stop();
});
