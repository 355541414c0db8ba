// Numbers by sequences over the API: the firm's pattern, branches, given numbers, imports, 16 clients at once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start } from '../lib/server.mjs';

let server, api;
before(async () => {
	server = await start();
	api = server.api;
});
after(() => server?.close());

const set = (values) => api('PATCH', '/api/v1/settings', { values });
const make = async (entity, body) => {
	const answer = await api('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' });
	assert.equal(answer.status, 201, answer.text);
	return answer.body[0];
};
const number = async (more = {}) => (await make('customer', { name: 'n', ...more })).number;
const next = async (entity) => (await api('GET', '/api/v1/sequences')).body.find((s) => s.entity === entity);

test('without a pattern customers have the number they are given, orders one of their id', async () => {
	assert.equal(await number(), null);
	assert.match((await make('order', {})).number, /^GX[0-9A-Z]{8,}$/);
	assert.deepEqual([(await next('customer')).next, (await next('order')).pattern], [null, 'GX{id}']);
	for (const bad of ['C', '{yyyy}', '{0}{0}', 'x'.repeat(61) + '{0}', '{']) {
		const refused = await set({ 'customers.number': bad });
		assert.equal(refused.status, 422, bad);
	}
});

test('the firm’s pattern counts on above what is given, also by import; a refused record takes no number', async () => {
	assert.equal((await set({ 'customers.number': 'C-{yyyy}-{00000}' })).status, 204);
	const year = (await next('customer')).next.slice(2, 6);
	const c = (n) => `C-${year}-${String(n).padStart(5, '0')}`;
	assert.equal(await number(), c(1));
	assert.equal((await api('POST', '/api/v1/customer', { name: 'x', email: 'no' })).status, 422);
	assert.equal((await api('POST', '/api/v1/customer', { name: 'x' }, { Prefer: 'tx=rollback' })).status, 201);
	const rows = await api('POST', '/api/v1/customer', [{ name: 'a' }, { name: 'b', email: 'no' }, { name: 'c' }], { Prefer: 'results=per-row' });
	assert.equal(rows.body.failed, 1, rows.text);
	assert.equal((await next('customer')).next, c(4));
	assert.equal(await number({ number: c(30) }), c(30));
	assert.equal(await number(), c(31));
	assert.equal(await number({ number: 'K-7' }), 'K-7');
	// a file brings some numbers and leaves others out
	const file = `name,number\nImported one,${c(500)}\nImported two,\nImported three,\n`;
	const run = await api('POST', '/api/v1/import?name=numbers.csv', file, { 'Content-Type': 'text/csv' });
	assert.equal(run.status, 201, run.text);
	const { id } = run.body;
	const mapping = [{ column: 0, entity: 'customer', field: 'name' }, { column: 1, entity: 'customer', field: 'number' }];
	const plan = await api('PUT', `/api/v1/import/${id}/plan`, { mapping, mode: 'create', encoding: 'utf-8', delimiter: ',', header_row: true });
	assert.equal(plan.status, 200, plan.text);
	assert.ok((await api('POST', `/api/v1/import/${id}/start`, {})).status < 300);
	let state;
	do {
		await new Promise((done) => setTimeout(done, 15));
		state = (await api('GET', `/api/v1/import_run/${id}`)).body;
	} while (!['done', 'failed'].includes(state.state));
	const imported = (await api('GET', '/api/v1/customer?name=like.Imported*&select=name,number&order=id')).body;
	assert.deepEqual(imported.map((r) => r.number).sort(), [c(500), c(501), c(502)], JSON.stringify([imported, state]).slice(0, 800));
	assert.equal(await number(), c(503));
});

test('each branch counts for itself, by its code and by a pattern of its own', async () => {
	await set({ 'customers.number': '{branch}{yy}-{000}' });
	const sh = await make('branch', { name: 'Shanghai', code: 'SH' });
	const gz = await make('branch', { name: 'Guangzhou', code: 'GZ' });
	const at = async (branch) => (await number({ branch_id: branch.id })).replace(/\d\d-/, '-');
	assert.deepEqual([await at(sh), await at(gz), await at(sh), await at(gz)], ['SH-001', 'GZ-001', 'SH-002', 'GZ-002']);
	assert.equal((await api('PATCH', '/api/v1/settings', { scope: 'branch', id: gz.id, values: { 'customers.number': 'GZ{0000}' } })).status, 204);
	assert.deepEqual([(await number({ branch_id: gz.id })), await at(sh)], ['GZ0001', 'SH-003']);
});

test('an order is numbered by the day it was placed', async () => {
	await set({ 'sales.order_number': 'SO{yyyy}-{00000}' });
	const placed = async (at) => (await make('order', { placed_at: at })).number;
	assert.deepEqual([await placed('2024-05-05T00:00:00Z'), await placed('2024-12-31T23:30:00Z'), await placed('2024-06-06T00:00:00Z')], ['SO2024-00001', 'SO2025-00001', 'SO2024-00002']);
});

test('16 clients at once: no number twice, none left out, though some are refused after they were counted', async () => {
	await set({ 'customers.number': 'P{000000}' });
	const numbers = [];
	const began = Date.now();
	await Promise.all(Array.from({ length: 16 }, async (_, client) => {
		for (let i = 0; i < 20; i++) {
			if ((i + client) % 4 === 0) await api('POST', '/api/v1/customer', [{ name: 'taken' }, { name: 'back', email: 'no' }]);
			numbers.push(await number());
		}
	}));
	numbers.sort();
	assert.deepEqual(numbers, Array.from({ length: 320 }, (_, i) => `P${String(i + 1).padStart(6, '0')}`));
	console.log(`# 320 numbered by 16 clients in ${Date.now() - began} ms`);
});
