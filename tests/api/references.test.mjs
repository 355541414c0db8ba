// References to a record of any kind: written by who may see the record, asked by filter, named by rights, and what becomes of them
// when the record goes and comes back; in files that go out and come in.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { client, guanxi, start } from '../lib/server.mjs';

let server, api;
before(async () => {
	server = await start();
	api = server.api;
});
after(() => server?.close());

const make = async (entity, body, as = api) => {
	const answer = await as('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' });
	assert.equal(answer.status, 201, answer.text);
	return answer.body[0];
};
const note = (about, as = api) => make('interaction', { kind: 'note', subject: `about ${about}`, about }, as);
const now = async (id) => (await api('GET', `/api/v1/interaction/${id}`)).body.about;

test('what is no record of the business, or is not there, is refused; others are found by it', async () => {
	const order = await make('order', {});
	const product = await make('product', { sku: 'R', name: 'Ref' });
	for (const about of ['order', 'order/', 'order/x', '/1', 'moon/1', 'orders/' + order.id, `order/0${order.id}`, `order/${order.id}/x`, 'session/1', 'user/1', '../1', 'order/-1', 'order/99999999999999999999']) {
		const refused = await api('POST', '/api/v1/interaction', { kind: 'note', about });
		assert.deepEqual([refused.status, refused.body.errors[0].field, refused.body.errors[0].key], [422, 'about', 'not_a_record'], about);
	}
	const gone = await api('POST', '/api/v1/interaction', { kind: 'note', about: 'order/4611686018427387904' });
	assert.deepEqual([gone.status, gone.body.errors[0].key], [422, 'link_not_found']);
	const a = await note(`order/${order.id}`), b = await note(`product/${product.id}`);
	assert.deepEqual((await api('GET', `/api/v1/interaction?about=eq.order/${order.id}&select=id`)).body, [{ id: a.id }]);
	assert.deepEqual((await api('GET', '/api/v1/interaction?about=like.product/*&select=id')).body, [{ id: b.id }]);
	const field = (await api('GET', '/api/v1/meta')).body.entities.find((e) => e.name === 'interaction').fields.find((f) => f.name === 'about');
	assert.deepEqual([field.record, field.type], [true, 'code']);
});

test('rights: nobody refers to what they may not see, and nobody is told its name', async () => {
	const role = await make('role', { name: 'own only', rights: { '*': { read: 'own', create: 'own', update: 'own' } }, caps: [] });
	const user = await make('user', { name: 'Eve', email: 'eve@example.com', roles: [role.id] });
	const eve = client(server.url, guanxi(['token', 'create', '--data', server.data, '--user', 'eve@example.com', '--name', 't']).out.trim());
	const hers = await make('customer', { name: 'Hers', owner_id: user.id }), other = await make('customer', { name: 'Secret name' });
	await note(`customer/${hers.id}`, eve);
	const refused = await eve('POST', '/api/v1/interaction', { kind: 'note', about: `customer/${other.id}` });
	assert.deepEqual([refused.status, refused.body.errors[0].key], [422, 'link_not_found']);
	const names = await eve('GET', `/api/v1/titles?of=customer/${hers.id},customer/${other.id},order/7`);
	assert.deepEqual(names.body, { [`customer/${hers.id}`]: 'Hers' });
	assert.equal(Object.keys((await api('GET', `/api/v1/titles?of=customer/${hers.id},customer/${other.id}`)).body).length, 2);
	assert.equal((await api('GET', '/api/v1/titles?of=moon/1')).status, 422);
	assert.deepEqual((await api('GET', '/api/v1/titles')).body, {});
	assert.equal((await api('GET', `/api/v1/titles?of=${Array(201).fill('order/1').join()}`)).status, 413);
});

test('when the record goes, the note stays and no longer refers to it; both are in the history', async () => {
	const order = await make('order', {});
	const a = await note(`order/${order.id}`);
	assert.equal((await api('DELETE', `/api/v1/order/${order.id}`)).status, 204);
	assert.equal(await now(a.id), null);
	const history = (await api('GET', `/api/v1/interaction/${a.id}/changes`)).body.rows;
	assert.deepEqual(history[0].diff.about, [`order/${order.id}`, null]);
	assert.ok((await api('POST', `/api/v1/order/${order.id}/restore`)).status < 300);
	assert.equal(await now(a.id), `order/${order.id}`, 'back with it');
});
