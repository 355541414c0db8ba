// Conditions over the API: counted, listed, said in three languages, explained for a record; with the asker's rights; refusals name the place.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { client, guanxi, start } from '../lib/server.mjs';

let server, api;
const ids = {};

before(async () => {
	server = await start();
	api = server.api;
	const made = await api('POST', '/api/v1/customer', [
		{ name: 'Ada', city: '杭州', level: 'vip' }, { name: 'Bo', city: '杭州', level: 'ordinary' }, { name: 'Cyn', level: 'vip' }, { name: 'Dee', city: 'Paris', level: 'vip' },
	], { Prefer: 'return=representation' });
	for (const row of made.body) ids[row.name] = row.id;
	const day = (n) => new Date(Date.now() - n * 86400_000).toISOString();
	const orders = [['Ada', 5, 300], ['Ada', 10, 200], ['Ada', 200, 900], ['Bo', 3, 50], ['Cyn', 120, 700]];
	const placed = await api('POST', '/api/v1/order', orders.map(([who, ago, total]) => ({ customer_id: ids[who], placed_at: day(ago), total: `${total}.00`, state: 'paid' })));
	assert.equal(placed.status, 201, placed.text);
});
after(async () => {
	await server?.stop();
	server?.remove();
});

const vip = { field: 'level', op: 'eq', value: 'vip' };
const bought = (days, rest) => ({ related: 'orders', where: { all: [{ field: 'placed_at', op: 'gte', value: `now-${days}d` }, { field: 'state', op: 'eq', value: 'paid' }] }, ...rest });
const silent = { all: [vip, { not: bought(90) }] };
const ask = (what, condition, more = {}, as = api) => as('POST', `/api/v1/conditions/${what}`, { entity: 'customer', condition, ...more });
const names = async (condition, as = api) =>
	(await as('GET', `/api/v1/customer?select=name&order=name&condition=${encodeURIComponent(JSON.stringify(condition))}`)).body.map((r) => r.name);

test('counts and lists are of one mind', async () => {
	for (const [condition, found] of [
		[silent, ['Cyn', 'Dee']],
		[{ all: [] }, ['Ada', 'Bo', 'Cyn', 'Dee']],
		[bought(90, { measure: 'count', op: 'gte', value: 2 }), ['Ada']],
		[bought(90, { measure: 'count', op: 'eq', value: 0 }), ['Cyn', 'Dee']],
		[bought(365, { measure: 'sum', of: 'total_base', op: 'gt', value: '600' }), ['Ada', 'Cyn']],
		[{ related: 'orders', measure: 'latest', of: 'placed_at', op: 'lt', value: 'now-90d' }, ['Cyn']],
		[{ field: 'city', op: 'isdistinct', value: 'Paris' }, ['Ada', 'Bo', 'Cyn']],
		[{ not: { field: 'city', op: 'eq', value: 'Paris' } }, ['Ada', 'Bo', 'Cyn']],
		[{ field: 'city', op: 'neq', value: 'Paris' }, ['Ada', 'Bo']],
		[{ field: 'created_at', op: 'gte', value: 'month' }, ['Ada', 'Bo', 'Cyn', 'Dee']],
		[{ field: 'created_at', op: 'lt', value: 'year-1y' }, []],
		[{ text: 'Ada' }, ['Ada']],
		[{ any: [{ text: 'Ada' }, { text: 'Bo' }] }, ['Ada', 'Bo']],
	]) {
		const counted = await ask('count', condition);
		assert.equal(counted.status, 200, counted.text);
		assert.deepEqual([counted.body.count, counted.body.more], [found.length, false], counted.body.words);
		assert.deepEqual(await names(condition), found, counted.body.words);
		for (const [name, id] of Object.entries(ids))
			assert.equal((await ask('why', condition, { record_id: id })).body.holds, found.includes(name), `${name}: ${counted.body.words}`);
	}
	const halves = [{ share: 50, seed: 'a' }, { not: { share: 50, seed: 'a' } }];
	assert.deepEqual([...(await names(halves[0])), ...(await names(halves[1]))].sort(), ['Ada', 'Bo', 'Cyn', 'Dee']);
	// beside other parameters of a list, and in another's order
	const both = `/api/v1/customer?select=name&city=eq.杭州&condition=${encodeURIComponent(JSON.stringify(vip))}`;
	assert.deepEqual((await api('GET', both)).body, [{ name: 'Ada' }]);
});

test('a condition says what it means, in three languages', async () => {
	const words = async (language) => (await ask('check', silent, {}, (m, p, b) => api(m, p, b, { 'Accept-Language': language }))).body.words;
	assert.equal(await words('en'), 'Level is VIP and not (has Orders where (Placed is not before 90 days ago and State is Paid))');
	assert.equal(await words('zh-CN'), '级别是贵宾且不满足（有订单（下单时间不早于90天前且状态是已付款））');
	assert.equal(await words('zh-TW'), '級別是貴賓且不滿足（有訂單（下單時間不早於90天前且狀態是已付款））');
	const { reads, moves, tree } = (await ask('check', silent)).body;
	assert.ok(moves);
	assert.deepEqual(reads.map((r) => `${r.entity}.${r.field ?? ''}`).sort(), ['customer.', 'customer.level', 'order.', 'order.customer_id', 'order.placed_at', 'order.state']);
	assert.deepEqual(tree.parts.map((p) => [p.kind, p.place]), [['field', '1'], ['not', '2']]);
});

test('why names what it saw, and when time will turn it', async () => {
	const ada = (await ask('why', silent, { record_id: ids.Ada })).body;
	assert.deepEqual([ada.holds, ada.parts[0].holds, ada.parts[0].saw, ada.parts[1].holds], [false, true, 'VIP', false]);
	const turns = Date.parse(ada.next_at) - Date.now();
	assert.ok(Math.abs(turns - 85 * 86400_000) < 3600_000, ada.next_at);
	const count = (await ask('why', bought(90, { measure: 'count', op: 'gte', value: 2 }), { record_id: ids.Ada })).body;
	assert.deepEqual([count.holds, count.saw], [true, '2']);
	assert.equal((await ask('why', silent, { record_id: '99' })).status, 404);
});

test('refusals name the place in the tree', async () => {
	for (const [condition, field, said] of [
		[{ all: [vip, { any: [{ field: 'colour', op: 'eq', value: 'x' }] }] }, 'condition.2.1', '2.1: colour'],
		[{ field: 'level', op: 'eq', value: 'golden' }, 'condition.1', 'level = golden'],
		[{ related: 'payments' }, 'condition.1', 'payments'],
		[{ all: [{ all: [] }, { any: [] }] }, 'condition.2', '2'],
		[{ field: 'created_at', op: 'gte', value: 'some day' }, 'condition.1', 'some day'],
	]) {
		const answer = await ask('count', condition);
		assert.equal(answer.status, 422, answer.text);
		assert.equal(answer.body.errors?.[0]?.field, field, answer.text);
		assert.ok(answer.text.includes(said), answer.text);
	}
	assert.equal((await ask('count', { all: Array(300).fill(vip) })).status, 413);
	assert.equal((await api('POST', '/api/v1/conditions/count', { entity: 'shoe', condition: vip })).status, 404);
});

test('nobody asks for more than they may see', async () => {
	const role = (await api('POST', '/api/v1/role', { name: 'own only', rights: { customer: { read: 'own', fields: { city: 'hidden' } }, order: { read: 'own' } } }, { Prefer: 'return=representation' })).body[0];
	const user = (await api('POST', '/api/v1/user', { name: 'Own', email: 'own@example.com', roles: [role.id] }, { Prefer: 'return=representation' })).body;
	const own = client(server.url, guanxi(['token', 'create', '--data', server.data, '--user', 'own@example.com', '--name', 't']).out.trim());
	const { id } = user[0] ?? user;
	await api('PATCH', `/api/v1/customer/${ids.Ada}`, { owner_id: id });
	assert.deepEqual(await names(vip, own), ['Ada']);
	assert.equal((await ask('count', vip, {}, own)).body.count, 1);
	// Ada's orders are not theirs: they count none
	assert.deepEqual(await names(bought(90, { measure: 'count', op: 'eq', value: 0 }), own), ['Ada']);
	assert.equal((await ask('why', bought(90, { measure: 'count', op: 'eq', value: 0 }), { record_id: ids.Ada }, own)).body.holds, true);
	assert.equal((await ask('why', vip, { record_id: ids.Cyn }, own)).status, 404);
	assert.equal((await ask('count', { field: 'city', op: 'eq', value: '杭州' }, {}, own)).status, 422);
	assert.equal((await ask('count', { related: 'interactions' }, {}, own)).status, 422);
	assert.equal((await client(server.url)('POST', '/api/v1/conditions/count', { entity: 'customer', condition: vip })).status, 401);
});
