// Segments: filled, alive with the facts and with time, why and when; snapshots, circles, rights; kept through a kill.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { narrowedAdmin } from '../lib/attack.mjs';
import { client, engine, guanxi, serve, start } from '../lib/server.mjs';
import { hasSql, sql } from '../lib/sql.mjs';

let server, api;
const ids = {};
const day = (n) => new Date(Date.now() - n * 86400_000).toISOString();
const one = async (path, body) => (await api('POST', path, body, { Prefer: 'return=representation' })).body[0];
const recent = { related: 'orders', where: { field: 'placed_at', op: 'gte', value: 'now-90d' } };
const vip = { field: 'level', op: 'eq', value: 'vip' };
const silent = { all: [vip, { not: recent }] };

before(async () => {
	server = await start();
	api = server.api;
	for (const [name, level] of [['Ada', 'vip'], ['Bo', 'ordinary'], ['Cyn', 'vip'], ['Dee', 'vip']]) ids[name] = (await one('/api/v1/customer', { name, level })).id;
	for (const [who, ago] of [['Ada', 5], ['Cyn', 120]]) await one('/api/v1/order', { customer_id: ids[who], placed_at: day(ago), total: '100.00', state: 'paid' });
});
after(async () => {
	await server?.stop();
	server?.remove();
});

/** Waits until `found` gives what is wanted; says what it gave last. */
async function until(found, wanted, within = 10_000) {
	const begun = Date.now();
	for (;;) {
		const got = await found();
		if (JSON.stringify(got) === JSON.stringify(wanted)) return Date.now() - begun;
		if (Date.now() - begun > within) assert.deepEqual(got, wanted);
		await new Promise((done) => setTimeout(done, 20));
	}
}
const create = (name, condition, more = {}, as = api) =>
	as('POST', '/api/v1/segment', { name, entity: 'customer', condition: JSON.stringify(condition), ...more }, { Prefer: 'return=representation' });
const state = async (id) => {
	const { size, state: now, error } = (await api('GET', `/api/v1/segment/${id}`)).body;
	return now === 'failed' ? [now, error] : [now, size];
};
const members = async (id, as = api) =>
	(await as('GET', `/api/v1/customer?select=name&order=name&condition=${encodeURIComponent(JSON.stringify({ segment: id }))}`)).body.map((r) => r.name);
const events = async (id) => (await api('GET', `/api/v1/segments/${id}/events`)).body;

let quiet, vips;

test('a segment is filled, and follows each fact within the moment', async () => {
	quiet = (await create('VIP, silent', silent)).body[0].id;
	vips = (await create('VIPs', vip)).body[0].id;
	await until(() => state(quiet), ['ready', 2]);
	await until(() => state(vips), ['ready', 3]);
	assert.deepEqual(await members(quiet), ['Cyn', 'Dee']);
	// a related record made, moved to another, changed, deleted
	const order = await one('/api/v1/order', { customer_id: ids.Cyn, placed_at: day(1), total: '9.00' });
	assert.ok((await until(() => members(quiet), ['Dee'])) < 2000);
	await api('PATCH', `/api/v1/order/${order.id}`, { customer_id: ids.Dee });
	await until(() => members(quiet), ['Cyn']);
	await api('PATCH', `/api/v1/order/${order.id}`, { placed_at: day(100) });
	await until(() => members(quiet), ['Cyn', 'Dee']);
	// the record itself
	await api('PATCH', `/api/v1/customer/${ids.Dee}`, { level: 'ordinary' });
	await until(() => members(quiet), ['Cyn']);
	await until(() => state(vips), ['ready', 2]);
	const [last] = await events(quiet);
	assert.deepEqual([last.title, last.entered, last.cause, last.detail], ['Dee', false, 'change', `customer ${ids.Dee} level`]);
	// what is no part of the condition changes nothing
	const before = (await events(quiet)).length;
	await api('PATCH', `/api/v1/customer/${ids.Cyn}`, { note: 'hello' });
	await api('PATCH', `/api/v1/customer/${ids.Bo}`, { level: 'vip' });
	await until(() => members(vips), ['Ada', 'Bo', 'Cyn']);
	assert.equal((await events(quiet)).length, before + 1); // Bo is silent too
	const gone = await one('/api/v1/customer', { name: 'Zed', level: 'vip' });
	await until(() => members(vips), ['Ada', 'Bo', 'Cyn', 'Zed']);
	await api('DELETE', `/api/v1/customer/${gone.id}`);
	await until(() => state(vips), ['ready', 3]);
	await until(() => state(quiet), ['ready', 2]);
});

test('kept figures and set operations are followed too', async () => {
	const spent = (await create('Spent', { field: 'orders_total', op: 'gte', value: '500' })).body[0].id;
	const both = (await create('Spent, and VIP', { all: [{ segment: spent }, { segment: vips }] })).body[0].id;
	const minus = (await create('VIP without those', { all: [{ segment: vips }, { not: { segment: spent } }] })).body[0].id;
	await until(() => state(both), ['ready', 0]);
	await until(() => members(minus), ['Ada', 'Bo', 'Cyn']);
	const order = await one('/api/v1/order', { customer_id: ids.Ada, placed_at: day(2), state: 'paid' });
	await one('/api/v1/order_line', { order_id: order.id, name: 'tea', quantity: '2', unit_price: '400.00' });
	await until(() => members(spent), ['Ada']);
	await until(() => members(both), ['Ada']);
	await until(() => members(minus), ['Bo', 'Cyn']);
	assert.deepEqual((await api('GET', `/api/v1/segments/compare?a=${vips}&b=${spent}`)).body, { only_a: 2, both: 1, only_b: 0 });
	const [first] = await events(both);
	assert.deepEqual([first.title, first.cause, first.detail], ['Ada', 'segment', 'Spent']);
	// a segment that others ask for stays; none asks for itself
	const kept = await api('DELETE', `/api/v1/segment/${spent}`);
	assert.equal(kept.status, 409);
	assert.match(kept.text, /Spent, and VIP|VIP without those/);
	const circle = await api('PATCH', `/api/v1/segment/${spent}`, { condition: JSON.stringify({ any: [{ segment: both }] }) });
	assert.equal(circle.status, 422, circle.text);
	assert.match(circle.text, /segment_circle/);
	for (const id of [both, minus, spent]) assert.equal((await api('DELETE', `/api/v1/segment/${id}`)).status, 204);
});

test('time alone turns records, at its moment', async () => {
	// Bo buys something whose 90 days end in three seconds
	const soon = new Date(Date.now() - 90 * 86400_000 + 3000).toISOString();
	await one('/api/v1/order', { customer_id: ids.Bo, placed_at: soon, total: '5.00', state: 'paid' });
	await until(() => members(quiet), ['Cyn']);
	const { why, member } = (await api('GET', `/api/v1/segments/${quiet}/why/${ids.Bo}`)).body;
	assert.deepEqual([member, why.holds], [false, false]);
	assert.ok(Date.parse(why.next_at) - Date.parse(soon) - 90 * 86400_000 < 10, why.next_at);
	const took = await until(() => members(quiet), ['Bo', 'Cyn']);
	assert.ok(took < 5000, `${took} ms`);
	const [last] = await events(quiet);
	assert.deepEqual([last.title, last.entered, last.cause], ['Bo', true, 'time']);
	const own = (await api('GET', `/api/v1/segments/${quiet}/why/${ids.Bo}`)).body;
	assert.equal(own.member, true);
	assert.ok(own.events.length >= 2);
	const of = (await api('GET', `/api/v1/segments/of/customer/${ids.Bo}`)).body;
	assert.deepEqual(of.map((s) => s.name), ['VIP, silent', 'VIPs']);
	assert.equal((await api('GET', `/api/v1/segments/${quiet}/sizes`)).body.at(-1).size, 2);
});

test('snapshots stay what they were; a static segment waits to be told', async () => {
	const { body: copy } = await api('POST', `/api/v1/segments/${vips}/snapshot`, { name: 'VIPs in November' });
	assert.equal(copy.size, 3);
	const still = (await create('VIPs, still', vip, { live: false })).body[0].id;
	await until(() => state(still), ['ready', 3]);
	await api('PATCH', `/api/v1/customer/${ids.Dee}`, { level: 'vip' });
	await until(() => state(vips), ['ready', 4]);
	assert.deepEqual(await state(still), ['ready', 3]);
	assert.deepEqual((await api('GET', `/api/v1/segments/compare?a=${vips}&b=${copy.id}`)).body, { only_a: 1, both: 3, only_b: 0 });
	assert.equal((await api('POST', `/api/v1/segments/${copy.id}/fill`)).status, 409);
	assert.equal((await api('PATCH', `/api/v1/segment/${copy.id}`, { condition: '{"all":[]}' })).status, 409);
	assert.equal((await api('POST', `/api/v1/segments/${still}/fill`)).status, 202);
	await until(() => state(still), ['ready', 4]);
	// a changed condition is filled anew, and says so
	await api('PATCH', `/api/v1/segment/${still}`, { condition: JSON.stringify({ all: [vip, { field: 'name', op: 'like', value: 'D*' }] }) });
	await until(() => state(still), ['ready', 1]);
	assert.equal((await events(still))[0].cause, 'condition');
});

test('what cannot be asked is refused; what cannot be asked any more is said', async () => {
	const bad = await create('Bad', { field: 'shoe', op: 'eq', value: '1' });
	assert.equal(bad.status, 422);
	assert.match(bad.text, /condition\.1/);
	assert.equal((await create('Bad', vip, { entity: 'user' })).status, 422);
	const role = await one('/api/v1/role', { name: 'seller', rights: { customer: { read: 'own' }, order: { read: 'own' }, segment: { read: 'own', create: 'own', update: 'own' } } });
	const user = await one('/api/v1/user', { name: 'Own', email: 'own@example.com', roles: [role.id] });
	const own = client(server.url, guanxi(['token', 'create', '--data', server.data, '--user', 'own@example.com', '--name', 't']).out.trim());
	await api('PATCH', `/api/v1/customer/${ids.Cyn}`, { owner_id: user.id });
	// it asks with its owner's rights: of the VIPs only their own
	const mine = (await create('My VIPs', vip, {}, own)).body[0].id;
	await until(() => state(mine), ['ready', 1]);
	assert.deepEqual(await members(mine, own), ['Cyn']);
	await api('PATCH', `/api/v1/customer/${ids.Ada}`, { owner_id: user.id });
	await until(() => state(mine), ['ready', 2]);
	// others' segments are not theirs to read
	assert.equal((await own('GET', `/api/v1/segments/${vips}/sizes`)).status, 404);
	assert.equal((await own('POST', '/api/v1/conditions/count', { entity: 'customer', condition: { segment: vips } })).status, 422);
	await api('POST', `/api/v1/user/${user.id}/disable`, {});
	await api('POST', `/api/v1/segments/${mine}/fill`);
	await until(async () => (await state(mine))[0], 'failed');
});

test("what a segment asks is said by its owner: nobody reads off its size what only the owner sees", async () => {
	const role = await one('/api/v1/role', { name: 'marketer', rights: { customer: { read: 'own' }, segment: { read: 'all', create: 'all', update: 'all' } } });
	const user = await one('/api/v1/user', { name: 'Mark', email: 'mark@example.com', roles: [role.id] });
	const mark = client(server.url, guanxi(['token', 'create', '--data', server.data, '--user', 'mark@example.com', '--name', 't']).out.trim());
	const { owner_id: boss, condition } = (await api('GET', `/api/v1/segment/${quiet}`)).body;
	const spying = JSON.stringify({ field: 'name', op: 'like', value: 'Ada*' });
	const refused = async (answer) => assert.deepEqual([answer.status, /segment_owner/.test(answer.text)], [403, true], answer.text);
	await refused(await mark('PATCH', `/api/v1/segment/${quiet}`, { condition: spying }));
	await refused(await create('Spy', JSON.parse(spying), { owner_id: boss }, mark));
	const own = (await create('Own', JSON.parse(spying), {}, mark)).body[0].id;
	await refused(await mark('PATCH', `/api/v1/segment/${own}`, { owner_id: boss }));
	await until(() => state(own), ['ready', 0]);
	assert.equal((await api('GET', `/api/v1/segment/${quiet}`)).body.condition, condition);
	// its name is not what it asks; who takes it over asks with rights of their own; an administrator hands it on
	assert.equal((await mark('PATCH', `/api/v1/segment/${quiet}`, { note: 'looked at' })).status, 200);
	const taken = (await create('To be taken', vip)).body[0].id;
	await until(async () => (await state(taken))[0], 'ready');
	assert.equal((await mark('PATCH', `/api/v1/segment/${taken}`, { owner_id: user.id, condition: spying })).status, 200);
	await until(() => state(taken), ['ready', 0]);
	assert.equal((await api('PATCH', `/api/v1/segment/${taken}`, { owner_id: boss })).status, 200);
	await until(() => state(taken), ['ready', 1]);
	// a token with fewer rights than its user makes none
	const less = await create('Less', vip, {}, await narrowedAdmin(server, role.id));
	assert.deepEqual([less.status, /segment_narrowed/.test(less.text)], [403, true], less.text);
	for (const id of [own, taken]) assert.equal((await api('DELETE', `/api/v1/segment/${id}`)).status, 204);
});

// PostgreSQL's planner answers this one at once
test('a condition that takes for ever is ended, and holds up no other', { skip: engine === 'postgres' }, async () => {
	assert.equal((await api('PATCH', '/api/v1/settings', { values: { 'segment.seconds': '1' } })).status, 204);
	const many = Array.from({ length: 400 }, (_, i) => ({ name: `Many ${i}`, level: 'ordinary' }));
	assert.equal((await api('POST', '/api/v1/customer', many)).status, 201);
	const every = (value) => ({ related: 'owner', where: { related: 'customers', via: 'owner_id', where: { related: 'orders', measure: 'count', op: 'gte', value: String(value) } } });
	const slow = (await create('Slow', { any: Array.from({ length: 40 }, (_, i) => every(1000 + i)) })).body[0].id;
	const quick = (await create('Quick', { field: 'name', op: 'eq', value: 'Many 7' })).body[0].id;
	await until(() => state(quick), ['ready', 1]);
	assert.deepEqual(await state(slow), ['failed', 'segment_slow 1']);
	for (const id of [slow, quick]) assert.equal((await api('DELETE', `/api/v1/segment/${id}`)).status, 204);
});

test('the reader goes on where it was, after a kill too', { skip: !hasSql }, async () => {
	const count = (text) => Number(sql(server.data, text)[0]?.n ?? 0);
	server.kill();
	await server.ended;
	Object.assign(server, await serve(server.data));
	api = client(server.url, server.token);
	const before = (await events(vips)).length;
	await api('PATCH', `/api/v1/customer/${ids.Dee}`, { level: 'ordinary' });
	server.kill();
	await server.ended;
	Object.assign(server, await serve(server.data));
	api = client(server.url, server.token);
	await until(() => members(vips), ['Ada', 'Bo', 'Cyn']);
	await until(() => state(vips), ['ready', 3]);
	assert.equal((await events(vips)).length, before + 1);
	const { readers, aside } = (await api('GET', '/api/v1/readers')).body;
	assert.deepEqual([readers.some((r) => r.name === 'segments'), aside], [true, []]);
});
