// Approvals: a change that a rule holds back is kept as a request, decided in steps, and written once, as the asker's; no way of writing goes past.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { narrowedAdmin, person, rightsOf } from '../lib/attack.mjs';
import { client, serve, start } from '../lib/server.mjs';

let server, api, sam, mia, bob, rule, killed = false;
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
	sam = await person(server, 'sam', rightsOf('all'), { caps: ['bulk', 'assign', 'merge'] });
	mia = await person(server, 'mia', rightsOf('all'));
	bob = await person(server, 'bob', rightsOf('all'));
	rule = await made('approval_rule', { name: 'Credit above 50,000', entity: 'customer', fields: 'credit_limit', direction: 'raised', condition: above('credit_limit', '50000'),
		steps: [{ who: 'user', user: mia.id, hours: 24, then: 'remind' }], active: true });
});
after(async () => {
	if (!killed) await server?.stop();
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

/** Waits for what follows a change by itself. */
async function until(found, wanted) {
	const begun = Date.now();
	for (;;) {
		const got = await found();
		if (JSON.stringify(got) === JSON.stringify(wanted)) return;
		if (Date.now() - begun > 60_000) assert.deepEqual(got, wanted);
		await new Promise((done) => setTimeout(done, 25));
	}
}

test('no other way of writing goes past a rule', async () => {
	const c = await customer({ number: 'WAY-1' }), over = { credit_limit: '99000' };
	const same = async (how) => assert.equal(await limit(c.id), '1000.00', how);
	// a new one, many, by a key, by a filter
	assert.deepEqual(keys(await sam.api('POST', `${V1}/customer`, { name: 'Born rich', credit_limit: '60000' })), ['approval_needed']);
	assert.equal((await api('GET', `${V1}/customer?name=eq.Born%20rich`)).body.length, 0);
	assert.deepEqual(keys(await sam.api('POST', `${V1}/customer?on_conflict=number`, [{ number: 'WAY-1', name: c.name, ...over }], { Prefer: 'resolution=merge-duplicates' })), ['approval_needed']);
	assert.deepEqual(keys(await sam.api('PATCH', `${V1}/customer?id=eq.${c.id}`, over)), ['approval_needed']);
	await same('API');
	// an administrator is asked like everybody else; a token that has fewer rights than its user too
	assert.deepEqual(keys(await api('PATCH', `${V1}/customer/${c.id}`, over)), ['approval_needed']);
	// in bulk
	const act = (await sam.api('POST', `${V1}/bulk`, { kind: 'change', entity: 'customer', ids: [c.id], set: over })).body;
	await until(async () => ['done', 'failed'].includes((await sam.api('GET', `${V1}/bulk/${act.id}`)).body.state), true);
	assert.equal((await sam.api('GET', `${V1}/bulk/${act.id}`)).body.changed ?? 0, 0);
	await same('bulk');
	// put back: it was more once, and was lowered since
	const rich = await customer({ credit_limit: '70000' }).catch(() => null);
	assert.equal(rich, null, 'an administrator makes none either');
	await api('PATCH', `${V1}/approval_rule/${rule.id}`, { active: false });
	await api('PATCH', `${V1}/customer/${c.id}`, { credit_limit: '70000' });
	const other = await customer({ credit_limit: '88000', name: 'Twin' });
	await api('PATCH', `${V1}/approval_rule/${rule.id}`, { active: true });
	assert.equal((await sam.api('PATCH', `${V1}/customer/${c.id}`, { credit_limit: '1000' })).status, 200, 'lowered without a question');
	await until(async () => (await api('GET', `${V1}/customer/${c.id}/changes?limit=1`)).body.rows[0].seq < 2 ** 52, true);
	const [lowered] = (await api('GET', `${V1}/customer/${c.id}/changes?limit=1`)).body.rows;
	assert.deepEqual(keys(await sam.api('POST', `${V1}/customer/${c.id}/changes/${lowered.seq}/putback`, {})), ['approval_needed']);
	await same('put back');
	// merged with one that has more
	const merged = await sam.api('POST', `${V1}/customer/${c.id}/merge`, { from: [other.id], fields: { credit_limit: other.id } });
	assert.deepEqual(keys(merged), ['approval_needed'], merged.text);
	await same('merge');
	assert.equal((await api('GET', `${V1}/customer/${other.id}`)).body.id, other.id, 'the other is there still');
	// imported over it
	const run = (await sam.api('POST', `${V1}/import?name=limits.csv`, new TextEncoder().encode('number,credit_limit\nWAY-1,90000\n'), { 'Content-Type': 'text/csv' })).body;
	const mapping = [{ column: 0, entity: 'customer', field: 'number' }, { column: 1, entity: 'customer', field: 'credit_limit' }];
	const plan = await sam.api('PUT', `${V1}/import/${run.id}/plan`, { mapping, mode: 'upsert', key: ['number'], encoding: 'utf-8', delimiter: ',', header_row: true });
	assert.equal(plan.status, 200, plan.text);
	assert.ok((await sam.api('POST', `${V1}/import/${run.id}/start`, {})).status < 300);
	const imported = async () => (await sam.api('GET', `${V1}/import_run/${run.id}`)).body;
	await until(async () => ['done', 'failed'].includes((await imported()).state), true);
	assert.deepEqual([(await imported()).updated, (await imported()).failed], [0, 1]);
	await same('import');
	// by an automation, as its owner
	const automation = await made('automation', { name: 'generous', entity: 'customer', event: 'changed', active: true, actions: [{ do: 'set', fields: over }],
		condition: JSON.stringify({ all: [{ field: 'city', op: 'eq', value: 'Rome' }] }) });
	await api('PATCH', `${V1}/customer/${c.id}`, { city: 'Rome' });
	await until(async () => (await api('GET', `${V1}/automation_run?automation_id=eq.${automation.id}`)).body.map((r) => [r.state, r.why]), [['failed', 'approval_needed credit_limit']]);
	await api('DELETE', `${V1}/automation/${automation.id}`);
	await same('automation');
});

test('steps in turn, one of them or all; a rejection needs a word; withdrawn by the asker alone', async () => {
	const staff = await made('role', { name: 'board', rights: { '*': { read: 'all' } }, caps: [] });
	const eva = await person(server, 'eva', rightsOf('all')), tom = await person(server, 'tom', rightsOf('all')); // asked in the order of their ids
	for (const p of [eva, tom, sam]) await api('PATCH', `${V1}/user/${p.id}`, { roles: [p.role.id, staff.id] });
	const team = await made('team', { name: 'Sales', leader_id: bob.id });
	await api('PATCH', `${V1}/user/${sam.id}`, { team_id: team.id });
	const levels = await made('approval_rule', { name: 'Level', entity: 'customer', fields: 'level', before_condition: JSON.stringify({ field: 'level', op: 'neq', value: 'vip' }),
		steps: [{ who: 'manager' }, { who: 'role', role: staff.id, all: true, hours: 1, then: 'escalate', to: mia.id }], active: true });
	const c = await customer({ level: 'main' });
	const asked = await ask(sam.api, c.id, { level: 'vip' });
	assert.equal(asked.status, 201, asked.text);
	const { id } = asked.body;
	assert.deepEqual([asked.body.steps.length, await todo(bob.api), await todo(eva.api)], [2, [id], []]);
	assert.equal((await decide(bob.api, id, 'approve')).body.state, 'waiting');
	assert.deepEqual([await todo(eva.api), await todo(tom.api), await todo(sam.api)], [[id], [id], []], 'the asker has the role, and is not asked');
	assert.equal((await decide(eva.api, id, 'approve')).body.state, 'waiting', 'all of them');
	assert.deepEqual(keys(await decide(tom.api, id, 'reject')), ['required']);
	const no = await decide(tom.api, id, 'reject', 'Too early');
	assert.deepEqual([no.body.state, no.body.voters.map((v) => v.state)], ['rejected', ['yes', 'yes', 'no']]);
	assert.equal((await api('GET', `${V1}/customer/${c.id}`)).body.level, 'main');
	// again, and withdrawn
	const again = await sam.api('POST', `${V1}/approvals/${id}/again`, {});
	assert.deepEqual([again.status, again.body.again_of_id], [201, id], again.text);
	assert.equal((await bob.api('POST', `${V1}/approvals/${again.body.id}/withdraw`, {})).status, 403);
	assert.equal((await sam.api('POST', `${V1}/approvals/${again.body.id}/withdraw`, {})).body.state, 'withdrawn');
	assert.deepEqual([await todo(bob.api), (await decide(bob.api, again.body.id, 'approve')).status], [[], 409]);
	// a rule changed since does not change what was asked under it; who leaves is replaced by administrators
	const third = (await ask(sam.api, c.id, { level: 'vip' })).body;
	await api('PATCH', `${V1}/approval_rule/${levels.id}`, { steps: [{ who: 'user', user: eva.id }] });
	assert.equal((await sam.api('GET', `${V1}/approvals/${third.id}`)).body.steps.length, 2);
	await api('PATCH', `${V1}/user/${bob.id}`, { active: false });
	const admin = (await api('GET', `${V1}/approvals?box=todo`)).body.rows;
	assert.deepEqual(admin.map((r) => r.id), [third.id]);
	await api('PATCH', `${V1}/user/${bob.id}`, { active: true });
	await api('DELETE', `${V1}/approval_rule/${levels.id}`);
	assert.equal((await sam.api('POST', `${V1}/approvals/${third.id}/withdraw`, {})).status, 200);
});

test('what changed meanwhile is said and asked again; rights, rules and the record are those of the moment it is written', async () => {
	const c = await customer();
	const first = (await ask(sam.api, c.id, { credit_limit: '60000' })).body;
	await api('PATCH', `${V1}/customer/${c.id}`, { credit_limit: '2000' });
	const stale = await decide(mia.api, first.id, 'approve');
	assert.deepEqual([stale.status, stale.body.state, stale.body.outcome, await limit(c.id)], [200, 'conflict', 'credit_limit', '2000.00'], stale.text);
	const again = (await sam.api('POST', `${V1}/approvals/${first.id}/again`, {})).body;
	await api('PATCH', `${V1}/customer/${c.id}`, { city: 'Lyon' }); // not what was asked for
	assert.deepEqual([(await decide(mia.api, again.id, 'approve')).body.state, await limit(c.id)], ['approved', '60000.00']);
	// a second rule by then
	const second = (await ask(sam.api, c.id, { credit_limit: '70000', city: 'Nice' })).body;
	const city = await made('approval_rule', { name: 'Cities', entity: 'customer', fields: 'city', steps: [{ who: 'user', user: mia.id }], active: true });
	const failed = (await decide(mia.api, second.id, 'approve')).body;
	assert.deepEqual([failed.state, failed.outcome, await limit(c.id)], ['failed', 'approval_needed', '60000.00']);
	await api('DELETE', `${V1}/approval_rule/${city.id}`);
	// the asker's rights
	const lou = await person(server, 'lou', rightsOf('all'));
	const third = (await ask(lou.api, c.id, { credit_limit: '70000' })).body;
	await api('PATCH', `${V1}/role/${lou.role.id}`, { rights: { '*': { read: 'all' } } });
	assert.deepEqual([(await decide(mia.api, third.id, 'approve')).body.state, await limit(c.id)], ['failed', '60000.00']);
	await api('PATCH', `${V1}/role/${lou.role.id}`, { rights: rightsOf('all') });
	const fourth = (await lou.api('POST', `${V1}/approvals/${third.id}/again`, {})).body;
	await api('PATCH', `${V1}/user/${lou.id}`, { active: false });
	assert.deepEqual([(await mia.api('GET', `${V1}/approvals/${fourth.id}`)).body.state, await todo(mia.api)], ['ended', []]);
	// the record goes
	const gone = await customer(), fifth = (await ask(sam.api, gone.id, { credit_limit: '70000' })).body;
	assert.equal((await api('DELETE', `${V1}/customer/${gone.id}`)).status, 204);
	assert.deepEqual([(await sam.api('GET', `${V1}/approvals/${fifth.id}`)).body.state, (await sam.api('GET', `${V1}/approvals/${fifth.id}`)).body.outcome], ['ended', 'record']);
	// a new record is made when it is approved
	const born = await sam.api('POST', `${V1}/approvals`, { entity: 'customer', change: { name: 'Born approved', credit_limit: '60000' }, reason: 'known for years' });
	assert.equal(born.status, 201, born.text);
	assert.equal((await decide(mia.api, born.body.id, 'approve')).body.state, 'approved');
	const [there] = (await api('GET', `${V1}/customer?name=eq.Born%20approved`)).body;
	assert.deepEqual([there.credit_limit, there.created_by], ['60000.00', sam.id]);
});

test('decided by many at once it is written once; killed in between too', async () => {
	const staff = await made('role', { name: 'deciders', rights: { '*': { read: 'all' } }, caps: [] });
	const people = await Promise.all(['p1', 'p2', 'p3'].map((name) => person(server, name, rightsOf('all'))));
	for (const p of people) await api('PATCH', `${V1}/user/${p.id}`, { roles: [p.role.id, staff.id] });
	await api('PATCH', `${V1}/approval_rule/${rule.id}`, { steps: [{ who: 'role', role: staff.id }] });
	const c = await customer(), { id } = (await ask(sam.api, c.id, { credit_limit: '60000' })).body;
	const answers = await Promise.all([...people, ...people].map((p) => decide(p.api, id, 'approve')));
	assert.deepEqual(answers.map((a) => a.status).sort().slice(0, 2), [200, 409], answers.map((a) => a.text).join());
	const raised = async () => (await api('GET', `${V1}/customer/${c.id}/changes`)).body.rows.filter((r) => r.diff.credit_limit?.[1] === '60000.00').length;
	assert.equal(await raised(), 1);
	await api('PATCH', `${V1}/customer/${c.id}`, { credit_limit: '1000' });
	// two who want the same are not both asked for
	const both = await Promise.all([sam, mia].map((p) => ask(p.api, c.id, { credit_limit: '65000' })));
	assert.ok(both.some((a) => a.status === 201), both.map((a) => a.text).join());
	await api('PATCH', `${V1}/approval_rule/${rule.id}`, { steps: [{ who: 'user', user: mia.id, hours: 24, then: 'remind' }] });
});

test('whoever sees a request sees of the record what they may see; others see nothing of it', async () => {
	const c = await customer({ phone: '13800138000' });
	const hidden = await person(server, 'hugo', rightsOf('all', { customer: { read: 'all', update: 'all', fields: { credit_limit: 'hidden', name: 'hidden', phone: 'masked' } } }));
	await api('PATCH', `${V1}/approval_rule/${rule.id}`, { steps: [{ who: 'user', user: hidden.id }, { who: 'user', user: mia.id }] });
	const asked = await ask(sam.api, c.id, { credit_limit: '61000', phone: '13900139000', city: 'Bern' });
	assert.equal(asked.status, 201, asked.text);
	const seen = await hidden.api('GET', `${V1}/approvals/${asked.body.id}`);
	assert.deepEqual([seen.status, Object.keys(seen.body.diff).sort(), seen.body.diff.phone, seen.body.title], [200, ['city', 'phone'], ['***', '***'], null]);
	assert.ok(!/61000|1000\.00|13900139000|Firm/.test(seen.text), seen.text);
	assert.ok(!/61000|Firm/.test((await hidden.api('GET', `${V1}/notices`)).text));
	const own = await person(server, 'olga', rightsOf('own')), none = await person(server, 'nils', {});
	for (const p of [own, none]) {
		assert.equal((await p.api('GET', `${V1}/approvals/${asked.body.id}`)).status, 404);
		assert.equal((await decide(p.api, asked.body.id, 'approve')).status, 404);
		assert.ok((await p.api('GET', `${V1}/approvals?box=record&entity=customer&record_id=${c.id}`)).status >= 403);
		assert.equal((await p.api('GET', `${V1}/approvals?box=all`)).status, 403);
		assert.deepEqual((await p.api('GET', `${V1}/approvals?box=mine`)).body.rows, []);
	}
	const asks = await none.api('POST', `${V1}/approvals`, { entity: 'customer', record_id: c.id, change: { credit_limit: '70000' }, reason: 'x' });
	assert.ok([403, 404, 422].includes(asks.status) && !/Firm|1000\.00/.test(asks.text), asks.text);
	const narrow = await narrowedAdmin(server, sam.role.id);
	assert.deepEqual(keys(await narrow('POST', `${V1}/approvals`, { entity: 'customer', record_id: c.id, change: { credit_limit: '70000' }, reason: 'x' })), ['approval_narrowed']);
	for (const entity of ['approval', 'approval_voter']) assert.equal((await api('GET', `${V1}/${entity}/${asked.body.id}`)).status, 404, entity);
	await sam.api('POST', `${V1}/approvals/${asked.body.id}/withdraw`, {});
	await api('PATCH', `${V1}/approval_rule/${rule.id}`, { steps: [{ who: 'user', user: mia.id, hours: 24, then: 'remind' }] });
});

test('a quote with a large discount is sent when it is approved, as it was seen', async () => {
	await made('approval_rule', { name: 'Discount over 100', entity: 'quote', fields: 'state', condition: JSON.stringify({ all: [{ field: 'state', op: 'in', value: ['sent', 'accepted'] }, { field: 'off', op: 'gt', value: '100' }] }),
		steps: [{ who: 'user', user: mia.id }], active: true });
	const c = await customer(), product = await made('product', { name: 'Tea', sku: 'TEA-1', price: '1000' });
	const quote = await made('quote', { customer_id: c.id, title: 'Tea for all', owner_id: sam.id }, sam.api);
	const line = await made('quote_line', { quote_id: quote.id, product_id: product.id, quantity: '1', price_by_hand: '1000', discount_percent: '30' }, sam.api);
	const send = () => sam.api('POST', `${V1}/quote/${quote.id}/transitions/send`, {});
	const refused = await send();
	assert.deepEqual([refused.status, keys(refused)], [409, ['approval_needed']], refused.text);
	const wanted = { entity: 'quote', record_id: quote.id, change: { state: 'sent' }, reason: 'They buy every month' };
	const asked = await sam.api('POST', `${V1}/approvals`, wanted);
	assert.equal(asked.status, 201, asked.text);
	// a line is changed behind the approver's back
	assert.equal((await sam.api('PATCH', `${V1}/quote_line/${line.id}`, { discount_percent: '60' })).status, 200);
	assert.deepEqual([(await decide(mia.api, asked.body.id, 'approve')).body.state, (await api('GET', `${V1}/quote/${quote.id}`)).body.state], ['conflict', 'draft']);
	const again = (await sam.api('POST', `${V1}/approvals/${asked.body.id}/again`, {})).body;
	assert.deepEqual([(await decide(mia.api, again.id, 'approve')).body.state, (await api('GET', `${V1}/quote/${quote.id}`)).body.state], ['approved', 'sent']);
});

test('a long list is read page by page to its end, whenever each came to whom it waits for', async () => {
	const pat = await person(server, 'pat', rightsOf('all'));
	const [two, one] = [[{ who: 'user', user: mia.id }, { who: 'user', user: pat.id }], [{ who: 'user', user: pat.id }]];
	const turns = await made('approval_rule', { name: 'Website', entity: 'customer', fields: 'website', steps: two, active: true });
	const asks = async () => (await ask(sam.api, (await customer()).id, { website: 'https://firm.example' })).body.id;
	const late = await asks(), wanted = [late];
	await api('PATCH', `${V1}/approval_rule/${turns.id}`, { steps: one });
	for (let i = 0; i < 3; i++) wanted.push(await asks());
	assert.equal((await decide(mia.api, late, 'approve')).body.state, 'waiting'); // it is pat's from now on
	for (let i = 0; i < 49; i++) wanted.push(await asks());
	const got = [];
	for (let next = ''; next !== null;) {
		const answer = await pat.api('GET', `${V1}/approvals?box=todo${next && `&before=${next}`}`), page = answer.body;
		assert.equal(answer.status, 200, answer.text);
		got.push(...page.rows.map((r) => r.id));
		next = page.next;
	}
	assert.deepEqual(got, wanted.reverse());
	await api('DELETE', `${V1}/approval_rule/${turns.id}`);
});

test('what is wrong is said where it is wrong, and nothing is kept of it', async () => {
	const good = { name: 'x', entity: 'customer', fields: 'city', steps: [{ who: 'manager' }] };
	const wrong = [
		[{ entity: 'nothing' }, 'entity'], [{ entity: 'approval' }, 'entity'], [{ entity: 'user' }, 'entity'], [{ fields: 'nonsense' }, 'fields'], [{ fields: 'id' }, 'fields'],
		[{ direction: 'raised' }, 'direction'], [{ condition: '{' }, 'condition'], [{ before_condition: '{"field":"nonsense","op":"eq","value":"1"}' }, 'before_condition'],
		...[[], {}, [{}], [{ who: 'nobody' }], [{ who: 'user' }], [{ who: 'user', user: '17' }], [{ who: 'role', role: 'x' }], [{ who: 'manager', hours: 0, then: 'remind' }], [{ who: 'manager', hours: 1 }],
			[{ who: 'manager', then: 'remind' }], [{ who: 'manager', all: 'yes' }], [{ who: 'manager', more: 1 }], Array(11).fill({ who: 'manager' })].map((steps) => [{ steps }, 'steps']),
	];
	for (const [more, field] of wrong) {
		const answer = await api('POST', `${V1}/approval_rule`, { ...good, ...more });
		assert.equal(answer.status, 422, JSON.stringify(more) + answer.text);
		assert.ok(answer.body.errors.some((e) => e.field.startsWith(field)), JSON.stringify(more) + answer.text);
	}
	assert.equal((await sam.api('POST', `${V1}/approval_rule`, good)).status, 403, 'for administrators');
	const c = await customer(), fine = { entity: 'customer', record_id: c.id, change: { credit_limit: '60000' }, reason: 'x' };
	for (const [more, status] of [[{ entity: 'nothing' }, 422], [{ entity: 'user' }, 422], [{ record_id: '17' }, 404], [{ record_id: 'x' }, 422], [{ change: {} }, 422], [{ change: [1] }, 422],
		[{ change: { nonsense: 1 } }, 422], [{ change: { credit_limit: 'much' } }, 422], [{ change: { id: '5', credit_limit: '60000' } }, 403], [{ reason: '' }, 422], [{ reason: null }, 422], [{ version: 999 }, 412], [{ more: 1 }, 422]]) {
		const answer = await sam.api('POST', `${V1}/approvals`, { ...fine, ...more });
		assert.ok(answer.status === status || (status === 412 && answer.status === 409) || (status === 403 && answer.status === 422), `${JSON.stringify(more)} ${answer.status} ${answer.text}`);
	}
	assert.deepEqual((await sam.api('GET', `${V1}/approvals?box=record&entity=customer&record_id=${c.id}`)).body.rows, []);
	for (const [method, path, status] of [['GET', 'approvals/x', 404], ['GET', 'approvals/17', 404], ['GET', 'approvals?box=nothing', 422], ['GET', 'approvals?before=x', 422], ['GET', 'approvals?box=record&entity=customer&record_id=x', 422]])
		assert.equal((await sam.api(method, `${V1}/${path}`)).status, status, path);
	const { id } = (await ask(sam.api, c.id, { credit_limit: '60000' })).body;
	for (const body of [{}, { decision: 'perhaps' }, { decision: 'approve', word: 5 }, { decision: 'approve', more: 1 }]) assert.equal((await mia.api('POST', `${V1}/approvals/${id}/decide`, body)).status, 422, JSON.stringify(body));
	assert.equal((await client(server.url)('POST', `${V1}/approvals/${id}/decide`, { decision: 'approve' })).status, 401);
});

test('killed while it is decided, it is decided or not, and written once', async () => {
	const c = await customer(), { id } = (await ask(sam.api, c.id, { credit_limit: '66000' })).body;
	const answer = decide(mia.api, id, 'approve').catch(() => null);
	await new Promise((done) => setImmediate(done));
	killed = true;
	server.kill();
	await Promise.all([answer, server.ended]);
	const second = await serve(server.data);
	try {
		const mia2 = client(second.url, mia.token), admin = client(second.url, server.token);
		const state = (await mia2('GET', `${V1}/approvals/${id}`)).body.state;
		assert.ok(['waiting', 'approved'].includes(state), state);
		if (state === 'waiting') assert.equal((await decide(mia2, id, 'approve')).body.state, 'approved');
		const changes = (await admin('GET', `${V1}/customer/${c.id}/changes`)).body.rows.filter((r) => r.diff.credit_limit?.[1] === '66000.00');
		assert.equal(changes.length, 1);
	} finally {
		await second.stop();
	}
});
