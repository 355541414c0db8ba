// Approvals: a change that a rule holds back is kept as a request, decided in steps, and written once, as the asker's; no way of writing goes past.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { narrowedAdmin, person, rightsOf } from '../lib/attack.mjs';
import { client, start } from '../lib/server.mjs';

let server, api, sam, mia, bob, rule, roles;
const V1 = '/api/v1';
const made = async (entity, body, as = api) => {
	const answer = await as('POST', `${V1}/${entity}`, body, { Prefer: 'return=representation' });
	assert.equal(answer.status, 201, answer.text);
	return answer.body[0];
};
const keys = (answer) => answer.body?.errors?.map((e) => e.key);
const limit = async (id) => (await api('GET', `${V1}/customer/${id}`)).body.credit_limit;
const ask = (as, id, change, more = {}) => as('POST', `${V1}/approvals`, { entity: 'customer', record_id: id, change, reason: 'A large order is coming', ...more });
const decide = (as, id, decision, word) => as('POST', `${V1}/approvals/${id}/decide`, { decision, ...(word ? { word } : {}) });
const todo = async (as) => (await as('GET', `${V1}/approvals?box=todo`)).body.rows.map((r) => r.id);
const above = (field, value) => JSON.stringify({ field, op: 'gt', value });
let n = 0;
const customer = (more = {}) => made('customer', { name: `Firm ${++n}`, kind: 'company', credit_limit: '1000', owner_id: sam.id, ...more });

before(async () => {
	server = await start();
	api = server.api;
	sam = await person(server, 'sam', rightsOf('all'), { caps: ['bulk', 'assign'] });
	mia = await person(server, 'mia', rightsOf('all'));
	bob = await person(server, 'bob', rightsOf('all'));
	roles = { mia: mia.role, bob: bob.role };
	rule = await made('approval_rule', { name: 'Credit above 50,000', entity: 'customer', fields: 'credit_limit', direction: 'raised', condition: above('credit_limit', '50000'),
		steps: [{ who: 'user', user: mia.id, hours: 24, then: 'remind' }], active: true });
});
after(async () => {
	await server?.stop();
	server?.remove();
});

test('a change over the limit is refused and says so, asked for with a reason, approved, and written as the asker\'s', async () => {
	const c = await customer();
	const refused = await sam.api('PATCH', `${V1}/customer/${c.id}`, { credit_limit: '80000', city: 'Paris' });
	assert.deepEqual([refused.status, keys(refused), refused.body.errors[0].field], [409, ['approval_needed'], 'credit_limit']);
	assert.match(refused.body.errors[0].message, /Credit above 50,000/);
	assert.equal((await api('GET', `${V1}/customer/${c.id}`)).body.city, null, 'nothing of it is written');
	assert.equal((await sam.api('PATCH', `${V1}/customer/${c.id}`, { credit_limit: '50000' })).status, 200, 'at the limit it is not asked');
	assert.deepEqual(keys(await ask(sam.api, c.id, { credit_limit: '40000' })), ['approval_not_needed']);
	const asked = await ask(sam.api, c.id, { credit_limit: '80000', city: 'Paris' });
	assert.equal(asked.status, 201, asked.text);
	const { id } = asked.body;
	assert.deepEqual([asked.body.state, asked.body.rules, asked.body.diff.credit_limit, asked.body.asker.id, asked.body.may_withdraw, asked.body.may_decide],
		['waiting', ['Credit above 50,000'], ['50000.00', '80000.00'], sam.id, true, false]);
	assert.deepEqual(keys(await ask(bob.api, c.id, { credit_limit: '90000' })), ['approval_waits']);
	assert.deepEqual(await todo(mia.api), [id]);
	assert.deepEqual((await mia.api('GET', `${V1}/approvals/counts`)).body, { todo: 1, mine: 0 });
	const [notice] = (await mia.api('GET', `${V1}/notices`)).body;
	assert.deepEqual([notice.kind, notice.entity, notice.record_id, notice.text], ['approval', 'approval', id, 'Credit above 50,000']);
	assert.equal((await mia.api('GET', `${V1}/approvals?box=record&entity=customer&record_id=${c.id}`)).body.rows[0].id, id);
	assert.deepEqual([(await decide(sam.api, id, 'approve')).status, (await decide(bob.api, id, 'approve')).status, (await decide(api, id, 'approve')).status], [403, 403, 403]);
	const done = await decide(mia.api, id, 'approve', 'Fine with me');
	assert.deepEqual([done.status, done.body.state, done.body.voters[0].state, done.body.voters[0].word], [200, 'approved', 'yes', 'Fine with me'], done.text);
	assert.equal(await limit(c.id), '80000.00');
	const [last] = (await api('GET', `${V1}/customer/${c.id}/changes?limit=1`)).body.rows;
	assert.deepEqual([last.actor.id, last.request_id, last.diff.credit_limit], [sam.id, `approval-${id}`, ['50000.00', '80000.00']]);
	assert.deepEqual([(await decide(mia.api, id, 'approve')).status, (await todo(mia.api)).length], [409, 0]);
	const told = (await sam.api('GET', `${V1}/notices`)).body[0];
	assert.deepEqual([told.kind, told.text, told.by], ['decided', '✓ Credit above 50,000', 'mia']);
});
