// The steps a state may take, over the API: by PATCH, by their own route, by upsert, by filter, in bulk and by import; refused in
// words; taken back; shown in the descriptors and in OpenAPI.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { client, guanxi, start } from '../lib/server.mjs';

let server, api;
before(async () => {
	server = await start();
	api = server.api;
});
after(() => server?.close());

const rows = { Prefer: 'return=representation' };
async function make(entity, body) {
	const answer = await api('POST', `/api/v1/${entity}`, body, rows);
	assert.equal(answer.status, 201, answer.text);
	return answer.body[0];
}
const order = (state, more = {}) => make('order', { state, ...more });
const now = async (id) => (await api('GET', `/api/v1/order/${id}`)).body;
const step = (id, name, body, headers, as = api) => as('POST', `/api/v1/order/${id}/transitions/${name}`, body, headers);
const fault = (answer) => [answer.status, answer.body.errors?.[0]?.field, answer.body.errors?.[0]?.key];

test('PATCH goes where a step leads, and is told what is possible where none does', async () => {
	const { id } = await order('draft');
	assert.equal((await api('PATCH', `/api/v1/order/${id}`, { state: 'placed' })).status, 200);
	const refused = await api('PATCH', `/api/v1/order/${id}`, { state: 'draft', note: 'no' }, { 'Accept-Language': 'en' });
	assert.deepEqual(fault(refused), [422, 'state', 'move_refused'], refused.text);
	assert.equal(refused.body.errors[0].message, 'From “Placed” it can’t become “Draft”; what can be done: Mark as paid, Mark as shipped, Complete, Cancel the order');
	for (const [language, words] of [['zh-Hans', '“已下单”不能变为“草稿”；可执行：标记为已付款、标记为已发货、完成、取消订单'], ['zh-Hant', '「已下單」不能變為「草稿」；可執行：標記為已付款、標記為已發貨、完成、取消訂單']])
		assert.equal((await api('PATCH', `/api/v1/order/${id}`, { state: 'draft' }, { 'Accept-Language': language })).body.errors[0].message.replace(/[“”]/g, (c) => (language === 'zh-Hant' ? (c === '“' ? '「' : '」') : c)), words);
	assert.equal((await now(id)).note, null, 'nothing of a refused change is kept');
	assert.equal((await api('PATCH', `/api/v1/order/${id}`, { state: 'placed', note: 'yes' })).status, 200, 'what stands there may be sent back');
});

test('a step asks for its reason, which stands in a field and in the history', async () => {
	const { id } = await order('paid');
	const none = await api('PATCH', `/api/v1/order/${id}`, { state: 'cancelled' });
	assert.deepEqual(fault(none), [422, 'state_reason', 'move_reason'], none.text);
	assert.deepEqual(fault(await step(id, 'cancel')), [422, 'state_reason', 'move_reason']);
	const done = await step(id, 'cancel', { reason: 'ordered twice', note: 'called' });
	assert.deepEqual([done.status, done.body.state, done.body.state_reason, done.body.note], [200, 'cancelled', 'ordered twice', 'called'], done.text);
	const { body: history } = await api('GET', `/api/v1/order/${id}/changes`);
	assert.deepEqual(history.rows[0].diff.state_reason, [null, 'ordered twice']);
	assert.equal((await step(id, 'reopen', { state_reason: 'a mistake' })).body.state_reason, 'a mistake');
	assert.equal((await step(id, 'pay')).body.state_reason, null, 'the reason of an earlier step is not that of this state');
});

test('the route: unknown steps, wrong places, versions, bad bodies, nobody’s business', async () => {
	const { id, version } = await order('placed');
	assert.deepEqual([(await step(id, 'explode')).status, (await step('1', 'pay')).status, (await api('POST', `/api/v1/customer/${id}/transitions/pay`)).status], [404, 404, 404]);
	assert.deepEqual(fault(await step(id, 'place')), [422, 'state', 'move_refused']);
	assert.equal((await step(id, 'pay', undefined, { 'If-Match': `"v${version + 1}"` })).status, 412);
	for (const body of [[], [{}], '{', 'x', { reason: 'of what' }, { state: 7 }, { nosuch: 1 }, { version: 9 }]) {
		const answer = await step(id, 'pay', body, { 'Content-Type': 'application/json' });
		assert.ok([400, 422].includes(answer.status), `${JSON.stringify(body)}: ${answer.text}`);
	}
	assert.equal((await now(id)).state, 'placed');
	const undone = await step(id, 'pay', {}, { Prefer: 'tx=rollback, return=representation' });
	assert.deepEqual([undone.body.state, (await now(id)).state], ['paid', 'placed']);
	assert.equal((await step(id, 'pay', undefined, { Prefer: 'return=minimal', 'If-Match': `"v${version}"` })).status, 204);
	// somebody who reads orders, and somebody who does not
	const person = async (name, rights) => {
		const role = await make('role', { name, rights, caps: [] });
		await make('user', { name, email: `${name}@example.com`, roles: [role.id] });
		return client(server.url, guanxi(['token', 'create', '--data', server.data, '--user', `${name}@example.com`, '--name', 't']).out.trim());
	};
	const reader = await person('reader', { order: { read: 'all' } });
	assert.equal((await step(id, 'ship', {}, {}, reader)).status, 403);
	assert.ok((await reader('GET', `/api/v1/order/${id}/transitions`)).body.transitions.every((t) => t.may === false));
	const stranger = await person('stranger', { order: { read: 'own', update: 'own' } });
	assert.deepEqual([(await step(id, 'ship', {}, {}, stranger)).status, (await stranger('GET', `/api/v1/order/${id}/transitions`)).status], [404, 404]);
	const blind = await person('blind', { order: { read: 'all', update: 'all', fields: { state: 'hidden' } } });
	assert.deepEqual([(await step(id, 'ship', {}, {}, blind)).status, (await blind('GET', `/api/v1/order/${id}/transitions`)).body.transitions], [404, []]);
});

test('what can be done from here, with what is missing, in the reader’s language', async () => {
	const { id } = await order('draft');
	assert.equal((await api('PATCH', `/api/v1/order/${id}`, { placed_at: null })).status, 422);
	const { body } = await api('GET', `/api/v1/order/${id}/transitions`, undefined, { 'Accept-Language': 'zh-Hant' });
	assert.deepEqual(body.transitions.map((t) => [t.name, t.label, t.to, t.reason]), [['place', '下單', 'placed', null], ['pay', '標記為已付款', 'paid', null], ['cancel', '取消訂單', 'cancelled', 'state_reason']]);
	const { body: meta } = await api('GET', '/api/v1/meta');
	const field = meta.entities.find((e) => e.name === 'order').fields.find((f) => f.name === 'state');
	assert.ok(field.transitions.find((t) => t.name === 'cancel').from.includes('shipped'));
	assert.equal(meta.entities.find((e) => e.name === 'order').fields.find((f) => f.name === 'kind').transitions, undefined);
	const { body: document } = await api('GET', '/api/v1/openapi.json');
	assert.ok(document.paths['/api/v1/order/{id}/transitions/{step}'].post && document.paths['/api/v1/order/{id}/transitions'].get);
	assert.ok(!document.paths['/api/v1/customer/{id}/transitions']);
	assert.equal(document.components.schemas.order_update.properties.state['x-transitions'].length, field.transitions.length);
});

test('upserts, changes by filter and bulk obey; a bulk act is taken back', async () => {
	const list = [];
	for (let i = 0; i < 3; i++) list.push(await order(i ? 'placed' : 'completed', { number: `T-${i}`, channel_id: null, note: 'pack' }));
	const by = await api('PATCH', '/api/v1/order?note=eq.pack', { state: 'paid' });
	assert.deepEqual(fault(by).slice(0, 1).concat(by.body.errors[0].key), [422, 'move_refused'], by.text);
	assert.deepEqual(await Promise.all(list.map(async (o) => (await now(o.id)).state)), ['completed', 'placed', 'placed'], 'all or none');
	const channel = await make('channel', { name: 'Shop', kind: 'shop' }).catch(() => null);
	if (channel) {
		const own = await order('shipped', { number: 'U-1', channel_id: channel.id });
		const upsert = (state) => api('POST', '/api/v1/order?on_conflict=channel_id,number', { number: 'U-1', channel_id: channel.id, state }, { Prefer: 'resolution=merge-duplicates' });
		assert.deepEqual(fault(await upsert('draft')).slice(0, 2), [422, 'state']);
		assert.ok((await upsert('completed')).status < 300);
		assert.equal((await now(own.id)).state, 'completed');
	}
	const rest = async (id) => {
		for (;;) {
			const { body } = await api('GET', `/api/v1/bulk/${id}`);
			if (!['queued', 'running', 'undoing', 'cancelling'].includes(body.state)) return body;
			await new Promise((done) => setTimeout(done, 20));
		}
	};
	const act = await api('POST', '/api/v1/bulk', { kind: 'change', entity: 'order', ids: list.map((o) => o.id), set: { state: 'paid' } });
	assert.ok(act.status < 300, act.text);
	const result = await rest(act.body.id);
	assert.deepEqual(await Promise.all(list.map(async (o) => (await now(o.id)).state)), ['completed', 'paid', 'paid'], JSON.stringify(result));
	const back = await api('POST', `/api/v1/bulk/${act.body.id}/undo`);
	assert.ok(back.status < 300, back.text);
	await rest(act.body.id);
	assert.deepEqual(await Promise.all(list.map(async (o) => (await now(o.id)).state)), ['completed', 'placed', 'placed'], 'taken back without a reason');
});
