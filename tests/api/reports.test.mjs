// Reports over a small firm, each figure beside a slow reckoning of the same from the records that the viewer can list.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { client, guanxi, start } from '../lib/server.mjs';

let server, api, off = false;
const people = {};
const made = {};
async function make(entity, body, as = api) {
	const answer = await as('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' });
	assert.equal(answer.status, 201, `${entity}: ${answer.text}`);
	return Array.isArray(body) ? answer.body : answer.body[0];
}
async function ask(name, body = {}, as = api) {
	const answer = await as('POST', `/api/v1/reports/${name}`, body);
	assert.equal(answer.status, 200, answer.text);
	return answer.body;
}
/** PostgreSQL's log is sealed a moment after the write. */
async function soon(check) {
	for (const until = Date.now() + 10_000; ;) {
		try {
			return await check();
		} catch (error) {
			if (Date.now() > until) throw error;
			await new Promise((done) => setTimeout(done, 20));
		}
	}
}
const table = (answer, name) => answer.tables.find((t) => t.name === name);
/** Rows as objects by the columns' names. */
const rowsOf = (answer, name) => (table(answer, name)?.rows ?? []).map((row) => Object.fromEntries(table(answer, name).columns.map((c, i) => [c.name, row[i]])));

// --- the firm: fourteen customers, a year and a half of orders, a month without any ---------------------------------
const DAY = 86_400_000;
let seed = 7;
const random = (n) => Math.floor((seed = (seed * 48271) % 2147483647) / 2147483647 * n);
const SPAN = { from: '2024-07-01', to: '2025-06-30' };

before(async () => {
	server = await start({ args: ['--currency', 'CNY'] });
	api = server.api;
	off = !(await api('GET', '/api/v1/reports')).body.available;
	if (off) return;
	const scopes = Object.fromEntries(['read', 'create', 'update', 'delete', 'export', 'import'].map((a) => [a, 'own']));
	const person = async (name, rights) => {
		const role = await make('role', { name, rights, caps: [] });
		const user = await make('user', { name, email: `${name}@example.com`, roles: [role.id] });
		people[name] = { id: user.id, api: client(server.url, guanxi(['token', 'create', '--data', server.data, '--user', user.email, '--name', 't']).out.trim()) };
	};
	await person('ann', { '*': scopes, product: { read: 'all' } });
	await person('ben', { '*': { read: 'own' } });
	await person('cat', { '*': { read: 'all' }, order: { read: 'all', export: 'all', fields: { total_base: 'masked' } } });
	await person('dan', { customer: { read: 'all' } });
	made.products = await make('product', ['tea', 'cup', 'pot', 'tin'].map((sku) => ({ name: sku, sku })));
	made.customers = await make('customer', Array.from({ length: 14 }, (_, i) => ({ name: `C${i}`, owner_id: people[i % 3 ? 'ann' : 'ben'].id })));
	const orders = [];
	const line = (p, unit_price, quantity = 1) => ({ product_id: made.products[p].id, name: 'x', quantity, unit_price });
	for (let i = 0; i < 90; i++) {
		// the first customers come often, the last ones once
		const c = Math.floor((random(1000) / 1000) ** 2 * 14);
		let at = Date.UTC(2024, 0, 5) + random(540) * DAY + random(24) * 3_600_000;
		if (new Date(at + 8 * 3_600_000).toISOString().startsWith('2024-10')) at += 35 * DAY;
		const lines = [line(random(2), 10 + random(90))];
		if (lines[0].product_id === made.products[0].id && i % 3) lines.push(line(2, 5 + random(5)));
		if (i % 11 === 0) lines.push(line(3, 1));
		orders.push({
			customer_id: made.customers[c].id, owner_id: made.customers[c].owner_id, placed_at: new Date(at).toISOString(), state: ['paid', 'completed', 'placed', 'shipped'][i % 4], order_lines: lines,
			...(i % 13 === 5 ? { state: 'cancelled' } : i % 17 === 3 ? { state: 'draft' } : {}),
			...(i % 19 === 7 ? { currency: 'USD', fx_rate: '7.1' } : i % 23 === 9 ? { currency: 'USD' } : {}),
		});
	}
	const one = (c, at, more = {}, lines = [line(0, 20)]) => ({ customer_id: made.customers[c].id, owner_id: made.customers[c].owner_id, placed_at: at, state: 'paid', order_lines: lines, ...more });
	orders.push(
		// late in the evening of UTC it is the next month in Shanghai
		one(1, '2025-01-31T20:00:00Z'),
		one(2, '2025-03-03T02:00:00Z', { kind: 'return', state: 'returned' }, [line(0, 30, -1)]),
		// nothing is left of what was bought
		one(13, '2025-04-02T02:00:00Z'), one(13, '2025-04-09T02:00:00Z', { kind: 'return', state: 'returned' }, [line(0, 20, -1)]),
		// ann's order of a customer who is ben's
		one(0, '2025-05-05T02:00:00Z', { owner_id: people.ann.id }),
	);
	await make('order', orders);
});
after(() => server?.close());
const on = (name, run) => test(name, async (t) => (off ? t.skip('no DuckDB here') : run(t)));

// --- the slow reckoning -----------------------------------------------------------------------------------------------
const local = (time) => new Date(Date.parse(time) + 8 * 3_600_000).toISOString().slice(0, 10);
const cents = (text) => (text === null ? null : Math.round(Number(text) * 100));
const plus = (day, n) => new Date(Date.parse(`${day}T00:00:00Z`) + n * DAY).toISOString().slice(0, 10);
const days = (a, b) => Math.round((Date.parse(b) - Date.parse(a)) / DAY);
const sum = (list) => list.reduce((a, o) => a + (o.amount ?? 0), 0);
const money = (c) => (c / 100).toFixed(2);
const near = (a, b, why) => assert.ok(Math.abs(a - b) < 2e-6, `${why}: ${a} for ${b}`);

/** Orders that count, as the viewer lists them; `named`: of customers whom they see. */
async function orders(as = api, named = false) {
	const list = (await as('GET', '/api/v1/order?select=id,customer_id,customer(id),placed_at,state,kind,total_base&limit=500')).body;
	return list.filter((o) => !['draft', 'cancelled'].includes(o.state) && (!named || o.customer))
		.map((o) => ({ id: o.id, customer: o.customer_id, day: local(o.placed_at), amount: cents(o.total_base), back: o.kind === 'return' }));
}
const within = (list, { from, to }) => list.filter((o) => o.day >= from && o.day <= to);
const by = (list, key) => list.reduce((m, o) => m.set(key(o), [...(m.get(key(o)) ?? []), o]), new Map());
const firstMonths = (list) => new Map([...by(list.filter((o) => !o.back), (o) => o.customer)].map(([c, l]) => [c, l.map((o) => o.day).sort()[0].slice(0, 7)]));
const monthsFrom = (from, to) => {
	const list = [];
	for (let [y, m] = from.split('-').map(Number); ; m === 12 ? (y++, (m = 1)) : m++) {
		const key = `${y}-${String(m).padStart(2, '0')}`;
		if (key > to.slice(0, 7)) return list;
		list.push(key);
	}
};

on('sales over time, beside the period before and the year before', async () => {
	for (const [who, as] of [['all', api], ['ann', people.ann.api], ['ben', people.ben.api]]) {
		const all = await orders(as), mine = within(all, SPAN), a = await ask('sales', SPAN, as);
		const length = days(SPAN.from, SPAN.to) + 1;
		const earlier = within(all, { from: plus(SPAN.from, -length), to: plus(SPAN.from, -1) }), year = within(all, { from: '2023-07-01', to: '2024-06-30' });
		assert.equal(a.facts.sales, money(sum(mine)), who);
		assert.equal(a.facts.orders, mine.filter((o) => !o.back).length);
		assert.equal(a.facts.customers, new Set(mine.filter((o) => !o.back).map((o) => o.customer)).size);
		assert.equal(a.facts.unrated, mine.filter((o) => o.amount === null).length);
		assert.equal(a.facts.before_sales, money(sum(earlier)));
		assert.equal(a.facts.year_sales, money(sum(year)));
		assert.deepEqual(rowsOf(a, 'sales').map((r) => [r.month, r.sales, r.orders, r.before, r.year]), monthsFrom(SPAN.from, SPAN.to).map((month) => [
			month, money(sum(mine.filter((o) => o.day.startsWith(month)))), mine.filter((o) => o.day.startsWith(month) && !o.back).length,
			money(sum(earlier.filter((o) => plus(o.day, length).startsWith(month)))), money(sum(year.filter((o) => `${Number(o.day.slice(0, 4)) + 1}${o.day.slice(4)}`.startsWith(month)))),
		]), who);
	}
	assert.ok(rowsOf(await ask('sales', SPAN), 'sales').some((r) => r.month === '2024-10' && r.orders === 0), 'a month without orders is there');
	const short = await ask('sales', { from: '2025-01-25', to: '2025-02-05' });
	assert.equal(rowsOf(short, 'sales').length, 12);
	assert.ok(rowsOf(short, 'sales').find((r) => r.day === '2025-02-01').orders >= 1, 'by the firm\'s clock');
	const weeks = await ask('sales', { from: '2025-01-01', to: '2025-04-30' });
	assert.equal(weeks.facts.unit, 'week');
	assert.equal(money(rowsOf(weeks, 'sales').reduce((s, r) => s + cents(r.sales), 0)), weeks.facts.sales);
	const mine = await ask('sales', { ...SPAN, condition: { field: 'owner_id', op: 'eq', value: people.ben.id } });
	assert.equal(mine.facts.sales, (await ask('sales', SPAN, people.ben.api)).facts.sales, 'a filter shows what that person sees');
});

on('new and returning customers', async () => {
	for (const as of [api, people.ann.api]) {
		const all = await orders(as, true), first = firstMonths(all), a = await ask('returning', SPAN, as);
		const expected = monthsFrom(SPAN.from, SPAN.to).map((month) => {
			const here = all.filter((o) => o.day.startsWith(month));
			const fresh = here.filter((o) => first.get(o.customer) === month), old = here.filter((o) => first.get(o.customer) !== month);
			const people = (list) => new Set(list.filter((o) => !o.back).map((o) => o.customer)).size;
			return [month, people(fresh), money(sum(fresh)), people(old), money(sum(old))];
		});
		assert.deepEqual(rowsOf(a, 'returning').map((r) => [r.month, r.new, r.new_sales, r.old, r.old_sales]), expected);
		assert.equal(a.facts.new, expected.reduce((n, r) => n + r[1], 0));
	}
});

on('cohorts: who bought again, month by month', async () => {
	for (const as of [api, people.ann.api]) {
		const all = await orders(as, true), first = firstMonths(all), a = await ask('cohorts', SPAN, as);
		const months = monthsFrom(SPAN.from, SPAN.to), far = monthsFrom(SPAN.from, a.facts.running);
		const bought = (c, month) => all.some((o) => o.customer === c && !o.back && o.day.startsWith(month));
		const grid = rowsOf(a, 'cohorts');
		assert.deepEqual(grid.map((r) => r.month), months);
		const seen = Array(30).fill(0), back = Array(30).fill(0);
		for (const row of grid) {
			const cohort = [...first].filter(([, m]) => m === row.month).map(([c]) => c), at = far.indexOf(row.month);
			assert.equal(row.customers, cohort.length, row.month);
			assert.equal(row.sales, money(sum(all.filter((o) => cohort.includes(o.customer)))), row.month);
			for (let k = 1; k < 12; k++) {
				const n = cohort.filter((c) => bought(c, far[at + k])).length;
				if (cohort.length) near(row[`after_${k}`], n / cohort.length, `${row.month}+${k}`);
				else assert.equal(row[`after_${k}`], null);
				if (far[at + k] < a.facts.running) [seen[k], back[k]] = [seen[k] + cohort.length, back[k] + n];
			}
		}
		for (const row of rowsOf(a, 'curve').filter((r) => r.after < 12)) assert.deepEqual([row.customers, row.back], [seen[row.after], back[row.after]]);
		near(a.facts.after_1, back[1] / seen[1], 'the month after');
	}
});

/** Scores from 1 to 5: in order, ties by the other two, at last by id; cut into fifths. */
function scored(list, until) {
	const people = [...by(list.filter((o) => o.day <= until), (o) => o.customer)].map(([id, l]) => ({
		id, money: sum(l), count: l.filter((o) => !o.back).length, last: l.filter((o) => !o.back).map((o) => o.day).sort().at(-1),
	})).filter((p) => p.count).sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
	const rank = (name, ...keys) => [...people].sort((a, b) => keys.map((k) => (a[k] < b[k] ? -1 : a[k] > b[k] ? 1 : 0)).find(Boolean) ?? 0)
		.forEach((p, i) => (p[name] = 1 + Math.floor(i * 5 / people.length)));
	rank('r', 'last', 'count', 'money');
	rank('f', 'count', 'money', 'last');
	rank('m', 'money', 'count', 'last');
	return people;
}

on('recency, frequency, money: the grid, groups and moves', async () => {
	for (const as of [api, people.ann.api]) {
		const all = await orders(as, true), a = await ask('rfm', { to: '2025-06-30', before: '2024-12-31' }, as);
		const now = scored(all, '2025-06-30'), then = scored(all, '2024-12-31');
		assert.equal(a.facts.customers, now.length);
		const grid = rowsOf(a, 'grid');
		assert.equal(grid.length, 25);
		const names = {};
		for (const cell of grid) {
			const here = now.filter((p) => p.r === cell.r && p.f === cell.f);
			names[`${cell.r}${cell.f}`] = cell.group;
			assert.deepEqual([cell.customers, cell.sales], [here.length, money(here.reduce((s, p) => s + p.money, 0))], `${cell.r}${cell.f}`);
			if (here.length) near(cell.m, here.reduce((s, p) => s + p.m, 0) / here.length, 'money score');
		}
		const group = (p) => (p ? names[`${p.r}${p.f}`] : 'none');
		for (const row of rowsOf(a, 'groups')) assert.equal(row.customers, now.filter((p) => group(p) === row.group).length, row.group);
		const moves = by(now.map((p) => [group(then.find((q) => q.id === p.id)), group(p)].join('>')), (k) => k);
		assert.deepEqual(Object.fromEntries(rowsOf(a, 'moves').map((m) => [`${m.before}>${m.now}`, m.customers])), Object.fromEntries([...moves].map(([k, l]) => [k, l.length])));
	}
	assert.equal(rowsOf(await ask('rfm', { to: '2025-06-30' }, api), 'grid').find((c) => c.r === 5 && c.f === 5).group, 'champions');
});

on('concentration: curve, Gini, classes, bands', async () => {
	for (const as of [api, people.ann.api]) {
		const a = await ask('concentration', SPAN, as);
		const each = [...by(within(await orders(as, true), SPAN), (o) => o.customer)].map(([id, l]) => ({ id, money: sum(l) }));
		const worth = each.filter((c) => c.money > 0).sort((x, y) => y.money - x.money || (BigInt(x.id) < BigInt(y.id) ? -1 : 1)), total = worth.reduce((s, c) => s + c.money, 0), n = worth.length;
		assert.deepEqual([a.facts.customers, a.facts.left_out], [n, each.length - n]);
		let apart = 0;
		for (const x of worth) for (const y of worth) apart += Math.abs(x.money - y.money);
		near(a.facts.gini, apart / (2 * n * total), 'Gini');
		near(a.facts.largest, worth[0].money / total, 'the largest');
		assert.deepEqual(rowsOf(a, 'top').map((r) => [r.customer.id, r.sales]), worth.map((c) => [c.id, money(c.money)]));
		let before = 0;
		const classes = { A: 0, B: 0, C: 0 };
		for (const c of worth) {
			classes[before < 0.8 * total ? 'A' : before < 0.95 * total ? 'B' : 'C']++;
			before += c.money;
		}
		assert.deepEqual(Object.fromEntries(rowsOf(a, 'classes').map((r) => [r.class, r.customers])), classes);
		for (const point of rowsOf(a, 'curve')) near(point.share, worth.slice(0, point.count).reduce((s, c) => s + c.money, 0) / total, 'curve');
		for (const band of rowsOf(a, 'bands'))
			assert.equal(band.customers, worth.filter((c) => c.money >= cents(band.from) && (band.to === null || c.money < cents(band.to))).length, band.from);
		assert.equal(rowsOf(a, 'bands').reduce((s, b) => s + b.customers, 0), n);
	}
});

const median = (list) => [...list].sort((a, b) => a - b).slice((list.length - 1) >> 1, (list.length >> 1) + 1).reduce((s, x, _, l) => s + x / l.length, 0);

on('who falls silent, by their own rhythm', async () => {
	for (const as of [api, people.ann.api]) {
		const all = (await orders(as, true)).filter((o) => o.day <= '2025-06-30'), a = await ask('silence', { to: '2025-06-30' }, as);
		const states = { on_time: 0, late: 0, overdue: 0, once: 0 }, silent = [];
		for (const [id, list] of by(all.filter((o) => !o.back), (o) => o.customer)) {
			const at = [...new Set(list.map((o) => o.day))].sort(), silence = days(at.at(-1), '2025-06-30');
			const rhythm = median(at.slice(1).map((d, i) => days(at[i], d)));
			const state = at.length < 3 ? 'once' : silence <= rhythm ? 'on_time' : silence <= 2 * rhythm ? 'late' : 'overdue';
			states[state]++;
			if (state === 'overdue') silent.push([id, at.at(-1), at.length, rhythm, silence, money(sum(all.filter((o) => o.customer === id && o.day >= '2024-07-01')))]);
		}
		assert.deepEqual(Object.fromEntries(rowsOf(a, 'states').map((s) => [s.state, s.customers])), states);
		const watch = rowsOf(a, 'watch').map((w) => [w.customer.id, w.last, w.purchases, w.rhythm, w.silence, w.sales]);
		assert.deepEqual(watch.sort(), silent.sort());
		for (const w of rowsOf(a, 'watch')) {
			if (w.alive === null) assert.equal(a.facts.model, 0);
			else assert.ok(w.alive >= 0 && w.alive <= 1 && (w.alive_before === null || w.alive_before >= w.alive), 'silence makes it less likely');
		}
	}
});

on('what is bought together', async () => {
	for (const as of [api, people.ann.api]) {
		const a = await ask('baskets', { from: '2024-01-01', to: '2025-06-30' }, as);
		const counted = new Set((await orders(as)).filter((o) => !o.back && o.day <= '2025-06-30').map((o) => o.id));
		const lines = (await as('GET', '/api/v1/order_line?select=order_id,product_id&limit=500')).body.filter((l) => counted.has(l.order_id));
		const baskets = [...by(lines, (l) => l.order_id).values()].map((l) => new Set(l.map((x) => x.product_id)));
		const holding = (...p) => baskets.filter((b) => p.every((x) => b.has(x))).length;
		assert.equal(a.facts.orders, baskets.length);
		assert.ok(rowsOf(a, 'pairs').length > 0, 'tea and pot');
		for (const pair of rowsOf(a, 'pairs')) {
			const both = holding(pair.product.id, pair.other.id), first = holding(pair.product.id), other = holding(pair.other.id);
			assert.equal(pair.orders, both);
			near(pair.confidence, both / first, 'confidence');
			near(pair.lift, both * baskets.length / (first * other), 'lift');
		}
	}
});

on('the ranking, by what stands in the order, beyond a link and in the lines', async () => {
	const length = days(SPAN.from, SPAN.to) + 1, earlier = { from: plus(SPAN.from, -length), to: plus(SPAN.from, -1) };
	for (const as of [api, people.ann.api]) {
		const all = await orders(as), ids = new Map(all.map((o) => [o.id, o]));
		const owners = new Map((await as('GET', '/api/v1/order?select=id,owner_id&limit=500')).body.map((o) => [o.id, o.owner_id]));
		const reckon = (list, key) => [...by(list, key)].map(([what, l]) => [what, within(l, SPAN).reduce((n, o) => n + (o.amount ?? 0), 0), new Set(within(l, SPAN).filter((o) => !o.back).map((o) => o.id)).size,
			within(l, earlier).reduce((n, o) => n + (o.amount ?? 0), 0)]).filter(([, , n, before]) => n || before).map(([what, now, n, before]) => [what, money(now), n, money(before)]).sort();
		const got = (a) => rowsOf(a, 'ranking').map((r) => [r.what?.id ?? null, r.sales, r.orders, r.before]).sort();
		assert.deepEqual(got(await ask('ranking', SPAN, as)), reckon(all.filter((o) => o.day <= SPAN.to), (o) => owners.get(o.id)));
		assert.deepEqual(got(await ask('ranking', { ...SPAN, by: 'customer' }, as)), reckon(all.filter((o) => o.day <= SPAN.to), (o) => o.customer));
		const lines = (await as('GET', '/api/v1/order_line?select=order_id,product_id,total,order(fx_rate,currency)&limit=500')).body.filter((l) => ids.has(l.order_id))
			.map((l) => ({ ...ids.get(l.order_id), product: l.product_id, amount: l.order.fx_rate === null && l.order.currency === 'USD' ? null : cents((Number(l.total) * Number(l.order.fx_rate ?? 1)).toFixed(6)) }));
		assert.deepEqual(got(await ask('ranking', { ...SPAN, by: 'product' }, as)), reckon(lines.filter((o) => o.day <= SPAN.to), (o) => o.product));
		assert.equal((await ask('ranking', { ...SPAN, by: 'region' }, as)).facts.sales, (await ask('sales', SPAN, as)).facts.sales);
		assert.equal((await ask('ranking', { ...SPAN, by: 'category' }, as)).tables.length, 1);
	}
	assert.equal((await api('POST', '/api/v1/reports/ranking', { by: 'weather' })).status, 422);
});

on('leads, deals: the funnel, who wins, why not, and what moves', async () => {
	const stages = Object.fromEntries((await api('GET', '/api/v1/stage?select=id,name,category&limit=50')).body.map((s) => [s.name, s.id]));
	const [reason] = (await api('GET', '/api/v1/lost_reason?limit=1')).body, { ann, ben } = people;
	const deal = (owner, amount, more = {}) => make('opportunity', { name: 'Mugs', customer_id: made.customers[owner === ann ? 1 : 0].id, owner_id: owner.id, amount, next_step: 'Call', close_on: '2030-01-01', ...more });
	const close = async (d, stage, more = {}) => {
		const answer = await api('PATCH', `/api/v1/opportunity/${d.id}`, { stage_id: stages[stage], ...more });
		assert.ok(answer.status < 300, answer.text);
	};
	await close(await deal(ann, '100'), 'Won');
	await close(await deal(ann, '50'), 'Lost', { lost_reason_id: reason.id });
	await close(await deal(ben, '70'), 'Won');
	const open = await deal(ben, '30', { close_on: '2030-01-10' });
	assert.ok((await api('PATCH', `/api/v1/opportunity/${open.id}`, { close_on: '2030-02-10' })).status < 300);
	const leads = await make('lead', ['A', 'B', 'C', 'D'].map((name, i) => ({ name, owner_id: i < 3 ? ann.id : ben.id, company: `${name} Ltd`, email: `${name}@leads.example` })));
	const converted = [];
	for (const lead of leads.slice(0, 2)) {
		const answer = await api('POST', `/api/v1/lead/${lead.id}/convert`, {});
		assert.ok(answer.status < 300, answer.text);
		converted.push(answer.body);
	}
	await close({ id: converted[0].opportunity_id }, 'Won', { amount: '0', next_step: 'Call', close_on: '2030-01-01' });
	await soon(async () => {
		const a = await ask('funnel');
		assert.deepEqual(rowsOf(a, 'funnel').map((r) => r.count), [4, 2, 2, 1]);
		assert.deepEqual([a.facts.opened, a.facts.won, a.facts.lost, a.facts.won_amount], [6, 3, 1, '170.00']);
		near(a.facts.rate, 3 / 4, 'win rate');
		const of = (who) => rowsOf(a, 'people').find((p) => p.owner?.id === who.id);
		assert.deepEqual([of(ben).opened, of(ben).won, of(ben).lost, of(ben).amount], [2, 1, 0, '70.00']);
		assert.deepEqual(rowsOf(a, 'reasons').map((r) => [r.reason.id, r.lost, r.share, r.amount]), [[reason.id, 1, 1, '50.00']]);
		const moves = Object.fromEntries(rowsOf(await ask('movement'), 'movement').map((m) => [m.move, [m.deals, m.amount]]));
		assert.deepEqual([moves.before[0], moves.in[0], moves.won, moves.lost, moves.after[0], moves.slipped], [0, 6, [3, '170.00'], [1, '50.00'], 2, [1, '30.00']]);
		assert.equal(moves.before[0] + moves.in[0] - moves.won[0] - moves.lost[0], moves.after[0]);
	});
	// each sees their own
	const mine = await ask('funnel', {}, ben.api);
	assert.deepEqual([rowsOf(mine, 'funnel').map((r) => r.count), mine.facts.opened, mine.facts.won, mine.facts.lost, mine.facts.won_amount], [[1, 0, 0, 0], 2, 1, 0, '70.00']);
	assert.equal((await ask('movement', {}, ben.api)).facts.after, 1);
	assert.equal((await people.dan.api('POST', '/api/v1/reports/funnel', {})).status, 403);
	const past = await ask('movement', { from: '2024-01-01', to: '2024-12-31' });
	assert.deepEqual([past.facts.before, past.facts.in, past.facts.after], [0, 0, 0]);
});

on('a figure becomes a segment of the customers behind it', async () => {
	const ann = people.ann.api, all = await orders(ann, true), first = firstMonths(all);
	const keep = async (name, cell, more = {}) => {
		const answer = await ann('POST', `/api/v1/reports/${name}/segment`, { name: `${name} ${JSON.stringify(cell)}`.slice(0, 100), cell, ...more });
		assert.equal(answer.status, 201, answer.text);
		const condition = encodeURIComponent(JSON.stringify({ segment: answer.body.id }));
		const ids = (await ann('GET', `/api/v1/customer?select=id&condition=${condition}`)).body.map((c) => c.id).sort();
		assert.equal(ids.length, answer.body.size);
		return { ids, id: answer.body.id };
	};
	const month = [...first.values()].sort()[0];
	const cohort = [...first].filter(([, m]) => m === month).map(([c]) => c).sort();
	const whole = await keep('cohorts', { month });
	assert.deepEqual(whole.ids, cohort);
	const back = await keep('cohorts', { month, after: 2 }), gone = await keep('cohorts', { month, after: 2, missing: true });
	assert.deepEqual([...back.ids, ...gone.ids].sort(), cohort);
	const now = scored(all, '2025-06-30'), cell = now[0];
	assert.deepEqual((await keep('rfm', { r: cell.r, f: cell.f }, { to: '2025-06-30' })).ids, now.filter((p) => p.r === cell.r && p.f === cell.f).map((p) => p.id).sort());
	const report = await ask('rfm', { to: '2025-06-30', before: '2024-12-31' }, ann), move = rowsOf(report, 'moves')[0];
	assert.equal((await keep('rfm', { before: move.before, now: move.now }, { to: '2025-06-30', before: '2024-12-31' })).ids.length, move.customers);
	const silent = rowsOf(await ask('silence', { to: '2025-06-30' }, ann), 'states').find((s) => s.customers);
	assert.equal((await keep('silence', { state: silent.state }, { to: '2025-06-30' })).ids.length, silent.customers);
	const classes = rowsOf(await ask('concentration', SPAN, ann), 'classes');
	assert.equal((await keep('concentration', { class: 'A' }, SPAN)).ids.length, classes[0].customers);
	const bands = rowsOf(await ask('concentration', SPAN, ann), 'bands');
	assert.equal((await keep('concentration', { band: 0 }, SPAN)).ids.length, bands[0].customers);
	const line = rowsOf(await ask('returning', SPAN, ann), 'returning').find((r) => r.old);
	assert.equal((await keep('returning', { month: line.month, part: 'old' }, SPAN)).ids.length, line.old);
	const pair = rowsOf(await ask('baskets', { from: '2024-01-01', to: '2025-06-30' }, ann), 'pairs')[0];
	const target = await keep('baskets', { product: pair.product.id, other: pair.other.id }, { from: '2024-01-01', to: '2025-06-30' });
	const bought = (c, p) => ann('GET', `/api/v1/order_line?select=id,order!inner(customer_id,state)&product_id=eq.${p}&order.customer_id=eq.${c}&order.state=not.in.(draft,cancelled)`).then((x) => x.body.length > 0);
	for (const id of target.ids) assert.deepEqual([await bought(id, pair.product.id), await bought(id, pair.other.id)], [true, false]);
	// what a report chose is not chosen anew
	assert.equal((await ann('POST', `/api/v1/segments/${whole.id}/fill`, {})).status, 409);
	assert.equal((await ann('PATCH', `/api/v1/segment?id=eq.${whole.id}`, { condition: '{"all":[]}', live: true })).status, 409);
	assert.equal((await people.ben.api('POST', '/api/v1/reports/cohorts/segment', { name: 'x', cell: { month } })).status, 403, 'may make no segments');
});

on('files, and who may have them', async () => {
	const csv = await people.ann.api('POST', '/api/v1/reports/cohorts/export', { ...SPAN, format: 'csv', table: 'curve' });
	assert.equal(csv.status, 200, csv.text);
	assert.equal(csv.text.trim().split('\n').length, 1 + rowsOf(await ask('cohorts', SPAN, people.ann.api), 'curve').length);
	const xlsx = await people.ann.api('POST', '/api/v1/reports/concentration/export', { ...SPAN, format: 'xlsx', table: 'top' });
	assert.equal(xlsx.status, 200);
	assert.match(xlsx.headers.get('content-type'), /spreadsheetml/);
	assert.equal((await people.ben.api('POST', '/api/v1/reports/sales/export', { format: 'csv' })).status, 403);
	// what a figure is made of may not be seen: no figure (S03)
	for (const name of ['sales', 'returning', 'cohorts', 'rfm', 'concentration', 'silence', 'baskets'])
		assert.ok((await people.cat.api('POST', `/api/v1/reports/${name}`, {})).status >= 400, name);
	assert.equal((await people.dan.api('GET', '/api/v1/reports')).status, 403);
	assert.equal((await people.dan.api('POST', '/api/v1/reports/sales', {})).status, 403);
	assert.equal((await client(server.url)('POST', '/api/v1/reports/sales', {})).status, 401);
});

on('what can\'t be read gets a clear word', async () => {
	for (const [name, body, status] of [
		['nothing', {}, 404], ['sales', [], 422], ['sales', { extra: 1 }, 422], ['sales', { from: 'x' }, 422], ['sales', { from: 5 }, 422], ['sales', { from: '2025-02-01', to: '2025-01-01' }, 422],
		['sales', { from: '1900-01-01', to: '2099-01-01' }, 422], ['sales', { condition: { field: 'nope', op: 'eq', value: 1 } }, 422], ['sales', { filters: 3 }, 422], ['sales/export', { format: 'doc' }, 422],
		['sales/export', { format: 'csv', table: 'nope' }, 422], ['sales/segment', { name: 'x', cell: {} }, 422], ['rfm/segment', { name: 'x' }, 422], ['rfm/segment', { name: 'x', cell: { r: 'five', f: 1 } }, 422],
		['rfm/segment', { cell: { r: 5, f: 5 } }, 422], ['rfm/segment', { name: 'x', cell: { before: 'nobody', now: 'lost' } }, 422], ['cohorts/segment', { name: 'x', cell: { month: '2025-13' } }, 422],
		['concentration/segment', { name: 'x', cell: { class: 'AB' } }, 422], ['silence/segment', { name: 'x', cell: { state: 'asleep' } }, 422], ['baskets/segment', { name: 'x', cell: { product: '1' } }, 422],
	]) {
		const answer = await api('POST', `/api/v1/reports/${name}`, body);
		assert.equal(answer.status, status, `${name} ${JSON.stringify(body)}: ${answer.text}`);
		assert.ok(answer.body.errors?.length || answer.body.detail || answer.body.title, answer.text);
	}
});

on('one order alone, and a firm without any', async () => {
	const none = { condition: { field: 'owner_id', op: 'eq', value: people.dan.id } };
	for (const name of ['sales', 'returning', 'cohorts', 'rfm', 'concentration', 'silence', 'baskets']) {
		const a = await ask(name, none);
		assert.equal(a.facts.customers ?? a.facts.orders ?? a.facts.new, 0, name);
	}
	const alone = await make('customer', { name: 'Alone', owner_id: people.dan.id });
	await make('order', { customer_id: alone.id, owner_id: people.dan.id, placed_at: '2025-06-10T02:00:00Z', state: 'paid', order_lines: [{ product_id: made.products[0].id, name: 'x', quantity: 1, unit_price: 8 }] });
	await soon(async () => assert.equal((await ask('sales', { ...SPAN, ...none })).facts.sales, '8.00'));
	const rfm = await ask('rfm', { ...none, to: '2025-06-30' });
	assert.deepEqual([rfm.facts.customers, rfm.tables.length], [1, 0]);
	assert.deepEqual(rowsOf(await ask('concentration', { ...SPAN, ...none }), 'classes').map((c) => c.customers), [1, 0, 0]);
	const silence = await ask('silence', { ...none, to: '2025-06-30' });
	assert.deepEqual([silence.facts.customers, rowsOf(silence, 'states').find((s) => s.state === 'once').customers], [1, 1]);
	assert.equal(rowsOf(await ask('baskets', { ...SPAN, ...none }), 'pairs').length, 0);
	assert.equal((await ask('cohorts', { ...SPAN, ...none })).facts.customers, 1);
});
