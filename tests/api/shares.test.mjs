// Records shared with a person or a team, against a model of its own: every way to them, for every kind of share and scope; what a
// share does not give; its end, its recall, and what goes with what.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { client, guanxi, start } from '../lib/server.mjs';

let server, api;
const people = {};
const teams = {};
before(async () => {
	server = await start();
	api = server.api;
	teams.top = (await make('team', { name: 'Top' })).id;
	teams.below = (await make('team', { name: 'Below', parent_id: teams.top })).id;
	teams.other = (await make('team', { name: 'Other' })).id;
	const scopes = Object.fromEntries(['read', 'create', 'update', 'delete', 'export', 'import'].map((a) => [a, 'own']));
	const role = await make('role', { name: 'own', rights: { '*': scopes }, caps: [] });
	const reads = await make('role', { name: 'reads', rights: { '*': { read: 'own', export: 'own' } }, caps: [] });
	const none = await make('role', { name: 'orders only', rights: { order: scopes }, caps: [] });
	const person = async (name, role, team_id) => {
		const user = await make('user', { name, email: `${name}@example.com`, roles: [role.id], team_id });
		people[name] = { id: user.id, api: client(server.url, guanxi(['token', 'create', '--data', server.data, '--user', `${name}@example.com`, '--name', 't']).out.trim()) };
	};
	await person('owner', role, null);
	await person('ann', role, teams.top);
	await person('ben', role, teams.below);
	await person('cat', role, teams.other);
	await person('dan', reads, teams.other);
	await person('eve', none, null);
});
after(() => server?.close());

async function make(entity, body, as = api) {
	const answer = await as('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' });
	assert.equal(answer.status, 201, `${entity}: ${answer.text}`);
	return answer.body[0];
}
const share = (id, body, as = people.owner.api) => as('POST', `/api/v1/customer/${id}/shares`, body);
let serial = 0;
async function customer() {
	serial++;
	const made = await make('customer', { name: `Pangolin${serial}`, owner_id: people.owner.id });
	await make('address', { customer_id: made.id, street: `Street ${serial}` });
	return made;
}

/** Every way by which somebody could learn of a record. */
async function ways(who, c) {
	const as = people[who].api;
	const count = async (path) => Number((await as('GET', path, undefined, { Prefer: 'count=exact' })).headers.get('content-range')?.split('/')[1] ?? 0);
	const exported = await as('POST', '/api/v1/export', { entity: 'customer', format: 'csv', columns: ['name'] });
	return {
		record: (await as('GET', `/api/v1/customer/${c.id}`)).status === 200,
		list: ((await as('GET', `/api/v1/customer?name=eq.${c.name}&select=id`)).body ?? []).length === 1,
		count: (await count(`/api/v1/customer?name=eq.${c.name}&select=id&limit=1`)) === 1,
		sum: ((await as('GET', `/api/v1/customer?name=eq.${c.name}&select=count()`)).body?.[0]?.count ?? 0) === 1,
		search: JSON.stringify((await as('GET', `/api/v1/search?q=${c.name}`)).body).includes(c.id),
		child: ((await as('GET', `/api/v1/address?customer_id=eq.${c.id}&select=id`)).body ?? []).length === 1,
		history: (await as('GET', `/api/v1/customer/${c.id}/changes`)).status === 200,
		title: Object.keys((await as('GET', `/api/v1/titles?of=customer/${c.id}`)).body).length === 1,
		feed: JSON.stringify((await as('GET', '/api/v1/changes?limit=1000')).body ?? '').includes(c.id),
		export: exported.status >= 300 || exported.text.includes(c.name) || exported.status === 202,
	};
}
const all = (value, of) => Object.fromEntries(Object.keys(of).map((k) => [k, value]));
async function sees(who, c, expected, why) {
	const got = await ways(who, c);
	delete got.export;
	if (!expected || who === 'eve') delete got.feed;
	assert.deepEqual(got, all(expected, got), `${who}: ${why}`);
}

test('the matrix: with a person, a team, a team above; to read, to write; nobody else', async () => {
	for (const [name, body, who] of [['a person', { user_id: 'cat' }, ['cat']], ['their team', { team_id: 'below' }, ['ben']], ['a team above', { team_id: 'top' }, ['ann', 'ben']], ['another team', { team_id: 'other' }, ['cat', 'dan']]]) {
		for (const write of [false, true]) {
			const c = await customer();
			for (const p of ['ann', 'ben', 'cat', 'dan', 'eve']) await sees(p, c, false, `before ${name}`);
			const made = await share(c.id, { ...(body.user_id ? { user_id: people[body.user_id].id } : { team_id: teams[body.team_id] }), write });
			assert.equal(made.status, 201, made.text);
			for (const p of ['ann', 'ben', 'cat', 'dan', 'eve']) await sees(p, c, who.includes(p), `${name}, ${write ? 'write' : 'read'}`);
			for (const p of ['ann', 'ben', 'cat', 'dan']) {
				const as = people[p].api, may = write && who.includes(p) && p !== 'dan';
				assert.equal((await as('PATCH', `/api/v1/customer/${c.id}`, { city: p })).status, may ? 200 : who.includes(p) ? 403 : p === 'dan' ? 403 : 404, `${p} changes, ${name}, ${write}`);
				const many = await as('PATCH', `/api/v1/customer?id=eq.${c.id}`, { district: p });
				assert.equal((await api('GET', `/api/v1/customer/${c.id}`)).body.district === p, may, `${p} by filter: ${many.status}`);
				assert.equal((await as('POST', '/api/v1/address', { customer_id: c.id, street: 'x' })).status === 201, may, `${p} adds an address`);
				assert.ok([403, 404].includes((await as('DELETE', `/api/v1/customer/${c.id}`)).status), `${p} deletes`);
				assert.ok([403, 404].includes((await share(c.id, { user_id: people.eve.id }, as)).status), `${p} passes it on`);
			}
			assert.equal((await api('GET', `/api/v1/customer/${c.id}`)).status, 200);
			// taken back
			assert.equal((await people.owner.api('DELETE', `/api/v1/customer/${c.id}/shares/${made.body.id}`)).status, 204);
			for (const p of who) await sees(p, c, false, `${name}, taken back`);
		}
	}
});

test('it ends by itself, and is shown to whom it is shared with', async () => {
	const c = await customer();
	const until = new Date(Date.now() + 1500).toISOString();
	assert.equal((await share(c.id, { user_id: people.ann.id, until, note: 'while I am away' })).status, 201);
	assert.equal((await people.ann.api('GET', `/api/v1/customer/${c.id}`)).status, 200, 'before its end');
	const { body } = await people.ann.api('GET', `/api/v1/customer/${c.id}/shares`);
	assert.deepEqual([body.may, body.shares.map((s) => [s.name, s.write, s.until, s.ended, s.note, s.by])], [false, [['ann', false, until, false, 'while I am away', 'owner']]]);
	await new Promise((done) => setTimeout(done, Date.parse(until) - Date.now() + 20));
	await sees('ann', c, false, 'after its end');
	assert.equal((await people.owner.api('GET', `/api/v1/customer/${c.id}/shares`)).body.shares[0].ended, true);
	for (const bad of [{}, { user_id: people.ann.id, team_id: teams.top }, { user_id: people.ben.id, until: '2020-01-01T00:00:00Z' }, { user_id: people.ben.id, until: 'soon' }, { user_id: '1' }, { user_id: 'x' }, { nosuch: 1 }, []])
		assert.ok([400, 422].includes((await share(c.id, bad)).status), JSON.stringify(bad));
	assert.equal((await api('POST', `/api/v1/address/${c.id}/shares`, { user_id: people.ann.id })).status, 404);
	assert.equal((await share(c.id, { user_id: people.ann.id })).status, 409, 'once a person');
});

test('the share goes with the record and with the person; other records stay out of reach', async () => {
	const c = await customer(), d = await customer();
	await share(c.id, { user_id: people.cat.id, write: true });
	await sees('cat', d, false, 'another record of the same owner');
	assert.equal((await api('DELETE', `/api/v1/customer/${c.id}`)).status, 204);
	await sees('cat', c, false, 'deleted');
	assert.ok((await api('POST', `/api/v1/customer/${c.id}/restore`)).status < 300);
	await sees('cat', c, true, 'restored with what went along');
	// its owner hands it to somebody else: the share stays with the record
	assert.equal((await people.cat.api('PATCH', `/api/v1/customer/${c.id}`, { owner_id: people.cat.id })).status, 403, 'nobody takes a shared record');
	assert.equal((await api('PATCH', `/api/v1/customer/${c.id}`, { owner_id: people.ann.id })).status, 200);
	await sees('cat', c, true, 'after a change of owner');
});
