// Ways that the other tests have no use for: each record of the sample shop is read by its id and tells its steps; what administrators set up
// is changed and deleted by filters, deleted by id and brought back.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start } from '../lib/server.mjs';
import { hasSql, sql } from '../lib/sql.mjs';

let server, api, entities;

before(async () => {
	server = await start({ demo: true });
	api = server.api;
	entities = (await api('GET', '/api/v1/meta')).body.entities;
});
after(() => server?.close());

const good = (answer) => {
	assert.ok(answer.status < 300, `${answer.status} ${answer.text}`);
	return answer.body;
};
const first = async (kind, query = '') => good(await api('GET', `/api/v1/${kind}?limit=1${query}`))[0];

test('one of each kind of the sample shop is read by its id, and tells its steps', async () => {
	let read = 0, told = 0;
	for (const e of entities) {
		const row = await first(e.name);
		if (!row) continue;
		const one = good(await api('GET', `/api/v1/${e.name}/${row.id}`));
		assert.deepEqual([one.id, one.version], [row.id, row.version], e.name);
		read++;
		if (!e.fields.some((f) => f.transitions?.length)) continue;
		const steps = good(await api('GET', `/api/v1/${e.name}/${row.id}/transitions`));
		assert.ok(Array.isArray(steps.transitions), e.name);
		told++;
	}
	assert.ok(read > 60 && told > 8, `${read} read, ${told} told`);
});

test('a step is taken by its name', async () => {
	const due = await first('receivable', '&state=eq.open&select=id');
	const { transitions } = good(await api('GET', `/api/v1/receivable/${due.id}/transitions`));
	const step = transitions.find((t) => t.may);
	assert.ok(step, JSON.stringify(transitions));
	assert.equal(good(await api('POST', `/api/v1/receivable/${due.id}/transitions/${step.name}`, { state_reason: 'test' })).state, step.to);
});

test('what administrators set up is changed and deleted by filters, and brought back', async () => {
	const me = good(await api('GET', '/api/v1/account')).id;
	const host = { host: '127.0.0.1', port: 1, security: 'none' };
	const kinds = {
		automation: [{ name: 'Seldom', entity: 'customer', event: 'created', actions: [{ do: 'notify', to: me, text: 'new' }] }, { name: 'Seldom still' }],
		webhook: [{ name: 'Seldom', url: 'https://hooks.example/seldom', active: false }, { name: 'Seldom still' }],
		mail_account: [{ name: 'Seldom', address: 'seldom@example.cn', ...host, sign_in: 'none' }, { name: 'Seldom still' }],
		mail_key: [{ domain: 'seldom.example.cn', selector: 's1', algorithm: 'ed25519', active: false }, { active: false }],
		mailbox: [{ name: 'Seldom', address: 'seldom@shop.example', ...host, username: 'x', active: false }, { name: 'Seldom still' }],
		approval_rule: [{ name: 'Seldom', entity: 'customer', fields: 'credit_limit', steps: [{ who: 'manager' }], active: false }, { name: 'Seldom still' }],
		commission_plan: [{ name: 'Seldom', from_on: '2031-01-01', brackets: [{ from: '0', rate: '4' }], active: false }, { name: 'Seldom still' }],
		pivot_table: [{ name: 'Seldom', entity: 'order', query: { of: 'order', measures: ['orders'], rows: [], columns: [] } }, { name: 'Seldom still' }],
	};
	for (const [kind, [body, patch]] of Object.entries(kinds)) {
		const made = await api('POST', `/api/v1/${kind}`, body, { Prefer: 'return=representation' });
		assert.equal(made.status, 201, `${kind}: ${made.text}`);
		const { id } = made.body[0], by = `/api/v1/${kind}?id=eq.${id}`, self = `/api/v1/${kind}/${id}`;
		good(await api('PATCH', by, patch));
		good(await api('PATCH', self, patch));
		const now = good(await api('GET', self));
		for (const [name, value] of Object.entries(patch)) assert.equal(now[name], value, `${kind}.${name}`);
		good(await api('DELETE', self));
		assert.equal((await api('GET', self)).status, 404, kind);
		good(await api('POST', `${self}/restore`, {}));
		assert.equal(good(await api('GET', self)).id, id, kind);
		good(await api('DELETE', by));
		assert.equal((await api('GET', self)).status, 404, kind);
	}
});

test('a text of consent is retired by a filter; a field of one’s own is shown by its id; deliveries are sent again', async () => {
	const text = good(await api('POST', '/api/v1/consent_text', { name: 'seldom', language: 'en', text: 'We may write.' }, { Prefer: 'return=representation' }))[0];
	good(await api('PATCH', `/api/v1/consent_text?id=eq.${text.id}`, { retired: true }));
	assert.equal(good(await api('GET', `/api/v1/consent_text/${text.id}`)).retired, true);
	const field = good(await api('POST', '/api/v1/custom_fields', { entity: 'customer', name: 'seldom', type: 'text', label: { en: 'Seldom', zh: '少用' } }));
	assert.equal(good(await api('GET', `/api/v1/custom_fields/${field.id}`)).name, field.name);
	assert.equal(good(await api('GET', `/api/v1/custom_field/${field.id}`)).id, field.id);
	const hook = good(await api('POST', '/api/v1/webhook', { name: 'Again', url: 'https://hooks.example/again', active: false }, { Prefer: 'return=representation' }))[0];
	good(await api('POST', `/api/v1/webhooks/${hook.id}/replay`, { since: new Date().toISOString() }));
});

test('what became of a customer who was merged is a record; a search for customers kept twice is called off', async () => {
	const [into, from] = await Promise.all(['Seldom A', 'Seldom B'].map(async (name) => good(await api('POST', '/api/v1/customer', { name }, { Prefer: 'return=representation' }))[0]));
	good(await api('POST', `/api/v1/customer/${into.id}/merge`, { from: [from.id] }));
	const alias = await first('customer_alias', `&customer_id=eq.${into.id}`);
	assert.equal(good(await api('GET', `/api/v1/customer_alias/${alias.id}`)).customer_id, into.id);
	let answer;
	for (let i = 0; i < 10 && answer?.status !== 200; i++) { // it may be done before
		await api('POST', '/api/v1/duplicates/scan', {});
		answer = await api('POST', '/api/v1/duplicates/scan/cancel', {});
		assert.ok([200, 409].includes(answer.status), answer.text);
	}
	assert.equal(answer.status, 200, answer.text);
});

test('an entry that a reader of the log put aside is passed over, with a reason', { skip: !hasSql }, async () => {
	sql(server.data, "INSERT INTO reader_aside (reader, seq, at, entity, record_id, error) VALUES ('segments', 7, 1, 'customer', 1, 'test')");
	const entry = { reader: 'segments', seq: 7 };
	assert.equal((await api('POST', '/api/v1/readers/skip', entry)).status, 422);
	good(await api('POST', '/api/v1/readers/skip', { ...entry, reason: 'seen to by hand' }));
	assert.equal((await api('POST', '/api/v1/readers/skip', { ...entry, reason: 'again' })).status, 404);
});
