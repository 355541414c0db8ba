// Automations: an event, a condition, actions as the owner; runs kept, limits told, circles cut, tried without effect, pressed by hand.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { narrowedAdmin } from '../lib/attack.mjs';
import { client, guanxi, start } from '../lib/server.mjs';

let server, api;
const one = async (path, body, as = api) => (await as('POST', path, body, { Prefer: 'return=representation' })).body[0];

before(async () => {
	server = await start();
	api = server.api;
});
after(async () => {
	await server?.stop();
	server?.remove();
});

async function until(found, wanted, within = 10_000) {
	const begun = Date.now();
	for (;;) {
		const got = await found();
		if (JSON.stringify(got) === JSON.stringify(wanted)) return;
		if (Date.now() - begun > within) assert.deepEqual(got, wanted);
		await new Promise((done) => setTimeout(done, 20));
	}
}
const make = (more) => one('/api/v1/automation', { name: 'a', entity: 'customer', event: 'changed', active: true, ...more });
const runs = async (id) => {
	const list = (await api('GET', `/api/v1/automation_run?automation_id=eq.${id}&order=id`)).body;
	if (list[0]) assert.equal((await api('GET', `/api/v1/automation_run/${list[0].id}`)).body.id, list[0].id);
	return list;
};
const states = async (id) => (await runs(id)).map((r) => r.state);
const vip = JSON.stringify({ field: 'level', op: 'eq', value: 'vip' });

test('a change that makes the condition hold is acted on, once, and kept', async () => {
	const a = await make({
		condition: vip,
		actions: [{ do: 'set', fields: { note: 'call first' } }, { do: 'create', entity: 'interaction', fields: { customer_id: '$record', kind: 'call', subject: 'Welcome', due_at: 'today+3d', state: 'planned' } }],
	});
	assert.ok(a.id, JSON.stringify(a));
	const ada = await one('/api/v1/customer', { name: 'Ada' });
	await api('PATCH', `/api/v1/customer/${ada.id}`, { city: 'Paris' });
	await api('PATCH', `/api/v1/customer/${ada.id}`, { level: 'vip' });
	await until(() => states(a.id), ['done']);
	const [run] = await runs(a.id);
	assert.deepEqual([run.entity, run.record, run.depth, run.automation_version], ['customer', ada.id, 0, 1]);
	// whoever reads runs may see less than the owner does: the parts that held, without what stood in them
	assert.deepEqual([JSON.parse(run.saw).holds, 'saw' in JSON.parse(run.saw)], [true, false], run.saw);
	assert.deepEqual(JSON.parse(run.did).map((d) => [d.do, d.entity]), [['set', 'customer'], ['create', 'interaction']]);
	assert.equal((await api('GET', `/api/v1/customer/${ada.id}`)).body.note, 'call first');
	const talks = (await api('GET', `/api/v1/interaction?customer_id=eq.${ada.id}&select=subject,due_at`)).body;
	assert.equal(talks.length, 1);
	assert.ok(Date.parse(talks[0].due_at) > Date.now());
	// what the condition does not look at starts nothing; neither does what is off
	await api('PATCH', `/api/v1/customer/${ada.id}`, { city: 'Rome' });
	await api('PATCH', `/api/v1/automation/${a.id}`, { active: false });
	const bo = await one('/api/v1/customer', { name: 'Bo' });
	await api('PATCH', `/api/v1/customer/${bo.id}`, { level: 'vip' });
	await api('PATCH', `/api/v1/customer/${bo.id}`, { level: 'prime' });
	// what happened before it was made is none of its business
	const second = await make({ condition: vip, actions: [{ do: 'set', fields: { note: 'two' } }] });
	await api('PATCH', `/api/v1/customer/${bo.id}`, { level: 'vip' });
	await until(() => states(second.id), ['done']);
	assert.deepEqual(await states(a.id), ['done']);
	await api('PATCH', `/api/v1/automation/${second.id}`, { active: false });
});

test('circles are cut and told', async () => {
	const ping = await make({ name: 'ping', condition: JSON.stringify({ field: 'city', op: 'eq', value: 'A' }), actions: [{ do: 'set', fields: { city: 'B' } }] });
	const pong = await make({ name: 'pong', condition: JSON.stringify({ field: 'city', op: 'eq', value: 'B' }), actions: [{ do: 'set', fields: { city: 'A' } }] });
	const c = await one('/api/v1/customer', { name: 'Cyn', city: 'X' });
	await api('PATCH', `/api/v1/customer/${c.id}`, { city: 'A' });
	await until(async () => [...(await states(ping.id)), ...(await states(pong.id))].sort(), ['done', 'done', 'done', 'done', 'done', 'done', 'stopped']);
	const stopped = [...(await runs(ping.id)), ...(await runs(pong.id))].find((r) => r.state === 'stopped');
	assert.deepEqual([stopped.why, stopped.depth], ['automation_too_deep', 6]);
	for (const { id } of [ping, pong]) await api('PATCH', `/api/v1/automation/${id}`, { active: false });
	// so is too often on one record
	const twice = await make({ condition: JSON.stringify({ field: 'city', op: 'is', value: 'not_null' }), actions: [{ do: 'set', fields: { note: 'n' } }], per_record: 2 });
	for (const city of ['1', '2', '3']) {
		await api('PATCH', `/api/v1/customer/${c.id}`, { city });
		await until(async () => (await states(twice.id)).length, Number(city));
	}
	assert.deepEqual(await states(twice.id), ['done', 'done', 'stopped']);
	assert.equal((await runs(twice.id))[2].why, 'automation_per_record');
	await api('PATCH', `/api/v1/automation/${twice.id}`, { active: false });
});

test('all of a run or nothing; why not is kept', async () => {
	const a = await make({ event: 'created', actions: [{ do: 'set', fields: { note: 'first' } }, { do: 'create', entity: 'order', fields: { customer_id: '$record', total: '-5.00', kind: 'sale' } }] });
	const c = await one('/api/v1/customer', { name: 'Dee' });
	await until(() => states(a.id), ['failed']);
	assert.match((await runs(a.id))[0].why, /negative_sale/);
	assert.equal((await api('GET', `/api/v1/customer/${c.id}`)).body.note ?? null, null);
	await api('PATCH', `/api/v1/automation/${a.id}`, { active: false });
});

test('tried without effect; pressed by hand', async () => {
	const a = await make({ event: 'button', condition: vip, actions: [{ do: 'set', fields: { note: 'pressed' } }] });
	const c = await one('/api/v1/customer', { name: 'Eve', level: 'vip' }), d = await one('/api/v1/customer', { name: 'Fay' });
	const press = (what, id) => api('POST', `/api/v1/automations/${a.id}/${what}`, { record_id: id });
	const tried = (await press('try', c.id)).body;
	assert.deepEqual([tried.holds, tried.why.saw, tried.would.length], [true, 'VIP', 1]);
	assert.equal((await api('GET', `/api/v1/customer/${c.id}`)).body.note ?? null, null);
	assert.equal((await press('try', d.id)).body.holds, false);
	assert.equal((await press('run', d.id)).body.state, 'skipped');
	assert.equal((await press('run', c.id)).body.state, 'done');
	assert.equal((await api('GET', `/api/v1/customer/${c.id}`)).body.note, 'pressed');
	assert.deepEqual(await states(a.id), ['done']);
});

test('many changes at once, asked by large conditions, end in the runs that were due', async () => {
	const crowd = Array.from({ length: 400 }, (_, i) => ({ name: `Crowd ${i}` }));
	assert.equal((await api('POST', '/api/v1/customer', crowd)).status, 201);
	const leaf = (i) => ({ field: 'city', op: 'in', value: ['Ulan', ...Array.from({ length: 9 }, (_, k) => `City ${i} ${k}`)] });
	const condition = JSON.stringify({ any: Array.from({ length: 190 }, (_, i) => leaf(i)) });
	const made = [];
	for (let i = 0; i < 12; i++) made.push(await make({ name: `large ${i}`, condition, actions: [{ do: 'set', fields: { note: `seen ${i}` } }] }));
	assert.ok((await api('PATCH', '/api/v1/customer?name=like.Crowd*', { city: 'Oslo' })).status < 300);
	const last = await one('/api/v1/customer', { name: 'Last of them', city: 'Rome' });
	assert.equal((await api('PATCH', `/api/v1/customer/${last.id}`, { city: 'Ulan' })).status, 200);
	for (const a of made) await until(() => states(a.id), ['done']);
	for (const a of made) assert.equal((await api('DELETE', `/api/v1/automation/${a.id}`)).status, 204);
});

test('a condition that takes for ever fails, and holds up no other', async () => {
	assert.equal((await api('PATCH', '/api/v1/settings', { values: { 'automation.seconds': '1' } })).status, 204);
	const many = Array.from({ length: 800 }, (_, i) => ({ name: `Heavy ${i}` }));
	assert.equal((await api('POST', '/api/v1/customer', many)).status, 201);
	const every = (value) => ({ related: 'owner', where: { related: 'customers', via: 'owner_id', where: { related: 'orders', measure: 'count', op: 'gte', value: String(value) } } });
	const any = [{ field: 'city', op: 'eq', value: 'Nowhere' }, ...Array.from({ length: 40 }, (_, i) => every(1000 + i))];
	const slow = await make({ name: 'slow', condition: JSON.stringify({ any }), actions: [{ do: 'set', fields: { note: 'x' } }] });
	const quick = await make({ name: 'quick', condition: JSON.stringify({ field: 'city', op: 'eq', value: 'Quick' }), actions: [{ do: 'set', fields: { note: 'q' } }] });
	assert.ok((await api('PATCH', '/api/v1/customer?name=like.Heavy*', { city: 'Lima' })).status < 300);
	const last = await one('/api/v1/customer', { name: 'Quick one' });
	assert.equal((await api('PATCH', `/api/v1/customer/${last.id}`, { city: 'Quick' })).status, 200);
	const begun = Date.now();
	await until(() => states(quick.id), ['done'], 60_000);
	const took = Date.now() - begun, failed = await runs(slow.id);
	assert.ok(took < 10_000, `${took} ms`);
	assert.ok(failed.length > 0 && failed.every((r) => r.state === 'failed' && r.why === 'automation_slow'), JSON.stringify(failed[0]));
	for (const a of [slow, quick]) assert.equal((await api('DELETE', `/api/v1/automation/${a.id}`)).status, 204);
});

test('what cannot be done is refused when it is written; only the owner writes it', async () => {
	for (const [more, said] of [
		[{ actions: [{ do: 'set', fields: { orders_total: '1' } }] }, /orders_total/], [{ actions: [{ do: 'fly' }] }, /fly/], [{ actions: [] }, /actions/],
		[{ actions: [{ do: 'create', entity: 'shoe', fields: { a: 1 } }] }, /shoe/], [{ actions: [{ do: 'set', fields: { level: 'golden' } }] }, /level/],
		[{ actions: [{ do: 'set', fields: { note: 'x' } }], condition: '{"field":"shoe","op":"eq","value":"1"}' }, /shoe/], [{ actions: [{ do: 'set', fields: { name: 'x' } }], entity: 'user' }, /user/],
	]) {
		const answer = await api('POST', '/api/v1/automation', { name: 'bad', entity: 'customer', event: 'changed', ...more });
		assert.equal(answer.status, 422, answer.text);
		assert.match(answer.text, said);
	}
	const a = await make({ active: false, actions: [{ do: 'set', fields: { note: 'x' } }] });
	const role = await one('/api/v1/role', { name: 'second', rights: { customer: { read: 'all', update: 'all' }, automation: { read: 'all', update: 'all', create: 'all' } } });
	await one('/api/v1/user', { name: 'Second', email: 'second@example.com', roles: [role.id] });
	const other = client(server.url, guanxi(['token', 'create', '--data', server.data, '--user', 'second@example.com', '--name', 't']).out.trim());
	assert.equal((await other('PATCH', `/api/v1/automation/${a.id}`, { actions: [{ do: 'set', fields: { note: 'y' } }] })).status, 403);
	assert.equal((await other('POST', `/api/v1/automations/${a.id}/run`, { record_id: '1' })).status, 404);
	// it would act with all rights of the token's user
	const less = await narrowedAdmin(server, role.id);
	const more = await less('POST', '/api/v1/automation', { name: 'more', entity: 'customer', event: 'changed', actions: [{ do: 'set', fields: { note: 'y' } }] });
	assert.deepEqual([more.status, /automation_narrowed/.test(more.text)], [403, true], more.text);
});
