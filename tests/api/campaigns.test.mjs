// Campaigns: one row a person, with a state and a reason; control groups, variants; pause, stop; results against those who got nothing.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { client, guanxi, serve, start } from '../lib/server.mjs';
import { hasSql, sql } from '../lib/sql.mjs';

let server, api, everybody, fewer;
const people = [];
const one = async (path, body, as = api) => {
	const answer = await as('POST', path, body, { Prefer: 'return=representation' });
	assert.equal(answer.status, 201, `${path}: ${answer.text}`);
	return answer.body[0] ?? answer.body;
};
const set = async (values) => assert.ok((await api('PATCH', '/api/v1/settings', { values })).status < 300);
async function until(found, good, within = 10_000) {
	const begun = Date.now();
	for (;;) {
		const got = await found();
		if (good(got)) return got;
		assert.ok(Date.now() - begun < within, `still ${JSON.stringify(got)}`);
		await new Promise((done) => setTimeout(done, 25));
	}
}
async function segment(name, condition) {
	const { id } = await one('/api/v1/segment', { name, entity: 'customer', condition: JSON.stringify(condition) });
	await until(async () => (await api('GET', `/api/v1/segment/${id}`)).body.state, (s) => s === 'ready');
	return id;
}
const campaign = (name, more = {}) => one('/api/v1/campaign', { name, channel: 'phone', segments: [everybody], ...more });
const act = (id, what, body) => api('POST', `/api/v1/campaigns/${id}/${what}`, body ?? {});
const rows = async (id, query = '') => (await api('GET', `/api/v1/campaign_recipient?campaign_id=eq.${id}&select=customer_id,state,reason,variant_id,orders,revenue,attempts&order=customer_id${query}`)).body;
const state = async (id) => (await api('GET', `/api/v1/campaign/${id}`)).body.state;
const listed = (id, n) => until(() => rows(id), (r) => r.length === n);
const results = async (id) => (await api('GET', `/api/v1/campaigns/${id}/results`)).body;

before(async () => {
	server = await start();
	api = server.api;
	await set({ 'consent.quiet_from': '-', 'consent.quiet_until': '-', 'consent.cap_day': '0', 'consent.cap_week': '0', 'consent.cap_month': '0', 'firm.name': 'Tea House',
		'consent.url': 'https://crm.example.com/' });
	const made = await api('POST', '/api/v1/customer', Array.from({ length: 60 }, (_, i) => ({ name: `Person ${String(i).padStart(2, '0')}`, email: `p${i}@example.com`,
		phone: `+861380013${String(8000 + i)}`, city: i < 40 ? 'Hangzhou' : 'Suzhou', language: i % 2 ? 'en' : 'zh-Hans' })), { Prefer: 'return=representation' });
	assert.equal(made.status, 201, made.text);
	people.push(...made.body.map((r) => r.id));
	const consents = people.slice(0, 57).flatMap((customer_id) => ['email', 'phone'].map((channel) => ({ customer_id, channel, purpose: 'marketing', state: 'given' })));
	assert.equal((await api('POST', '/api/v1/consent', consents)).status, 201);
	everybody = await segment('Everybody', { field: 'name', op: 'like', value: 'Person*' });
	fewer = await segment('Suzhou', { field: 'city', op: 'eq', value: 'Suzhou' });
});
after(async () => {
	await server?.stop();
	server?.remove();
});

test('everybody of the segments gets one row, with a reason where nothing goes out; it is finished when every row is', async () => {
	await one('/api/v1/case', { customer_id: people[3], subject: 'broken', kind: 'complaint', state: 'open' });
	await one('/api/v1/consent', { customer_id: people[4], channel: 'phone', purpose: 'marketing', state: 'withdrawn' });
	const { id } = await campaign('Calls', { segments: [everybody, fewer], minus: [], control_share: '20', seed: 'spring' });
	assert.equal((await act(id, 'start')).status, 200);
	const got = await listed(id, 60);
	const of = (i) => got.find((r) => r.customer_id === people[i]);
	assert.deepEqual([of(3).state, of(3).reason], ['skipped', 'complaint']);
	assert.deepEqual([of(4).state, of(4).reason], ['skipped', 'withdrawn']);
	assert.deepEqual([of(58).state, of(58).reason], ['skipped', 'no_consent']);
	const control = got.filter((r) => r.state === 'control').map((r) => r.customer_id), ready = got.filter((r) => r.state === 'ready');
	assert.equal(control.length + ready.length, 55);
	assert.ok(control.length > 3 && control.length < 22, `${control.length} of 55 at 20 %`);
	assert.equal(await state(id), 'running');
	// the same draw for the same name; another one for another name
	const same = await campaign('Again', { control_share: '20', seed: 'spring' }), other = await campaign('Otherwise', { control_share: '20', seed: 'autumn' });
	for (const c of [same, other]) await act(c.id, 'start');
	const drawn = async (c) => (await listed(c.id, 60)).filter((r) => r.state === 'control').map((r) => r.customer_id);
	assert.deepEqual(await drawn(same), control);
	assert.notDeepEqual(await drawn(other), control);
	const handed = await act(id, 'hand_over');
	assert.deepEqual(handed.body, { handed_over: ready.length, skipped: 0, later: 0 });
	assert.equal(await until(() => state(id), (s) => s === 'finished'), 'finished');
	assert.equal((await act(id, 'start')).status, 409);
	assert.equal((await api('DELETE', `/api/v1/campaign/${id}`)).status, 409);
	for (const c of [same, other]) assert.equal((await act(c.id, 'stop')).status, 200);
	assert.ok((await rows(same.id)).every((r) => ['control', 'skipped'].includes(r.state)));
});

test('minus takes away; whoever was contacted often enough is left out, with the reason', async () => {
	const { id } = await campaign('Not Suzhou', { minus: [fewer], control_share: '0' });
	await set({ 'consent.cap_day': '1', 'consent.cap_week': '1', 'consent.cap_month': '1' });
	await act(id, 'start');
	const got = await listed(id, 40);
	assert.ok(got.some((r) => r.reason === 'cap'), 'those who were called before');
	assert.ok(got.every((r) => r.state === 'skipped' || r.state === 'ready'));
	await set({ 'consent.cap_day': '0', 'consent.cap_week': '0', 'consent.cap_month': '0' });
	await act(id, 'stop');
});

test('orders within the days that count are told against the control group, by hand as by the program', async () => {
	const { id } = await campaign('Sale', { control_share: '40', window_days: 7, cost_per_contact: '0.50' });
	await act(id, 'start');
	const got = await listed(id, 60);
	const control = got.filter((r) => r.state === 'control'), treated = got.filter((r) => r.state === 'ready');
	const buy = (customer_id, total, more = {}) => one('/api/v1/order', { customer_id, total, state: 'paid', placed_at: new Date(Date.now() + 60_000).toISOString(), ...more });
	for (const r of treated.slice(0, 12)) await buy(r.customer_id, '100.00');
	for (const r of control.slice(0, 3)) await buy(r.customer_id, '80.00');
	await buy(treated[0].customer_id, '50.00');
	await buy(treated[13].customer_id, '999.00', { placed_at: new Date(Date.now() + 8 * 86400_000).toISOString() }); // too late
	await buy(treated[14].customer_id, '999.00', { placed_at: '2020-01-01T00:00:00Z' }); // before
	await buy(treated[15].customer_id, '999.00', { state: 'cancelled' });
	const moved = await buy(treated[16].customer_id, '10.00');
	await api('DELETE', `/api/v1/order/${moved.id}`);
	const r = await results(id), [c, t] = r.arms;
	assert.deepEqual([c.n, c.buyers, c.orders, c.revenue], [control.length, 3, 3, '240.00']);
	assert.deepEqual([t.n, t.buyers, t.orders, t.revenue], [treated.length, 12, 13, '1250.00']);
	const [only] = r.comparisons, p1 = 12 / treated.length, p0 = 3 / control.length;
	assert.ok(Math.abs(only.rate.difference - (p1 - p0)) < 1e-12);
	const half = 1.959963984540054 * Math.sqrt(p0 * (1 - p0) / control.length + p1 * (1 - p1) / treated.length);
	assert.ok(Math.abs(only.rate.low - (p1 - p0 - half)) < 1e-9, `${only.rate.low}`);
	assert.ok(Math.abs(only.per_head.difference - (1250 / treated.length - 240 / control.length)) < 1e-9);
	// Welch by hand
	const spread = (values) => { const m = values.reduce((a, b) => a + b, 0) / values.length; return values.reduce((a, b) => a + (b - m) ** 2, 0) / (values.length - 1) / values.length; };
	const money = (list) => list.map((x) => Number(x.revenue));
	const after_ = await rows(id);
	const se = Math.sqrt(spread(money(after_.filter((x) => x.state === 'ready'))) + spread(money(after_.filter((x) => x.state === 'control'))));
	assert.ok(Math.abs((only.per_head.high - only.per_head.low) / 2 / se - 2.0) < 0.06, 'about two standard errors');
	assert.equal(r.cost, '0.00', 'nobody was called yet');
	// the closed loop
	await act(id, 'hand_over');
	const made = await act(id, 'segment', { group: 'bought', name: 'Bought after the sale' });
	assert.equal(made.status, 201, made.text);
	await until(async () => (await api('GET', `/api/v1/segment/${made.body.id}`)).body, (s) => s.state === 'ready' && s.size === 12);
	assert.equal((await act(id, 'segment', { group: 'nonsense', name: 'x' })).status, 422);
	assert.equal((await results(id)).cost, (treated.length * 0.5).toFixed(2));
});

test('mails wait in the outbox under one key; pausing takes them back; each variant gets its share', async () => {
	const { id } = await campaign('Letter', { channel: 'email', control_share: '10' });
	assert.equal((await act(id, 'start')).status, 422, 'nothing to say');
	const a = await one('/api/v1/campaign_variant', { campaign_id: id, name: 'A', share: 3 }), b = await one('/api/v1/campaign_variant', { campaign_id: id, name: 'B', share: 1 });
	const zh = await one('/api/v1/campaign_content', { campaign_id: id, language: 'zh-Hans', subject: '{{name}}，新茶', text: '您好 {{name}}，{{city}} 的朋友 {{nothing}}' });
	await one('/api/v1/campaign_content', { campaign_id: id, language: 'en', subject: 'Tea for {{name}}', text: 'Hello {{name}}', html: '<p>Hello {{name}}</p>', variant_id: a.id });
	await one('/api/v1/campaign_content', { campaign_id: id, language: 'en', subject: 'B: tea', text: 'Hello', variant_id: b.id });
	for (const bad of [{ subject: '{{#a}}' }, { text: '{{' }, { html: '{{{name}}}' }])
		assert.equal((await api('POST', '/api/v1/campaign_content', { campaign_id: id, subject: 's', text: 't', ...bad })).status, 422, JSON.stringify(bad));
	const seen = (await act(id, 'preview', { content_id: zh.id, customer_id: people[0] })).body;
	assert.deepEqual([seen.subject, seen.missing], ['Person 00，新茶', 1]);
	assert.match(seen.text, /\[nothing\?\][\s\S]*退订 \/ Unsubscribe: \/u\/preview/);
	const plan = (await api('GET', `/api/v1/campaigns/${id}/plan?lift=1000`)).body;
	assert.equal(plan.members, 60);
	// a segment of one would tell whether that one bought
	const rights = Object.fromEntries(['campaign', 'segment', 'customer'].map((name) => [name, { read: 'all', create: 'all', update: 'all' }]));
	const role = await one('/api/v1/role', { name: 'no orders', rights, caps: [] }), blind = await one('/api/v1/user', { name: 'blind', email: 'blind@example.com', roles: [role.id] });
	const theirs = client(server.url, guanxi(['token', 'create', '--data', server.data, '--user', blind.email, '--name', 't']).out.trim());
	assert.deepEqual(Object.keys((await theirs('GET', `/api/v1/campaigns/${id}/plan`)).body).sort(), ['control', 'members']);
	assert.ok(plan.needed_per_group > 50 && plan.enough === false && plan.smallest_lift > 0.1, JSON.stringify(plan));
	assert.equal((await act(id, 'start')).status, 200);
	await listed(id, 60);
	const got = await until(() => rows(id), (r) => !r.some((x) => x.state === 'waiting'));
	const share = (v) => got.filter((x) => x.variant_id === v.id).length;
	assert.ok(share(a) > share(b), `${share(a)} to ${share(b)}`);
	const answer = await api('PATCH', `/api/v1/campaign_content/${zh.id}`, { text: 'other' });
	assert.equal(answer.status, 409, 'not while it runs');
	assert.equal((await api('PATCH', `/api/v1/campaign/${id}`, { control_share: '50' })).status, 409);
	assert.equal((await api('DELETE', `/api/v1/campaign_variant/${b.id}`)).status, 409);
	assert.equal((await act(id, 'pause')).status, 200);
	const paused = await rows(id);
	assert.ok(paused.filter((x) => x.state === 'waiting').length > 30 && !paused.some((x) => x.state === 'queued'));
	assert.ok((await api('PATCH', `/api/v1/campaign_content/${zh.id}`, { text: 'other' })).status < 300);
	assert.equal((await act(id, 'resume')).status, 200);
	await until(() => rows(id), (r) => !r.some((x) => x.state === 'waiting'));
	assert.equal((await act(id, 'resend')).status, 409, 'nobody failed');
	assert.equal((await act(id, 'stop')).status, 200);
	assert.ok((await rows(id)).every((x) => ['skipped', 'control'].includes(x.state)));
	assert.equal((await act(id, 'resume')).status, 409);
});

test('killed at any moment, nobody is lost and nobody listed twice', async () => {
	const many = await api('POST', '/api/v1/customer', Array.from({ length: 2500 }, (_, i) => ({ name: `Many ${i}`, phone: `+86139${String(10000000 + i)}`, city: 'Ningbo' })), { Prefer: 'return=minimal' });
	assert.equal(many.status, 201, many.text);
	const all = await segment('Many', { field: 'city', op: 'eq', value: 'Ningbo' });
	const { id } = await campaign('Large', { segments: [all], control_share: '5' });
	await act(id, 'start');
	for (let i = 0; i < 2; i++) {
		await new Promise((done) => setTimeout(done, 30 * i));
		server.kill();
		await server.ended;
		const again = await serve(server.data);
		Object.assign(server, again); // its own stop, kill and address
		api = client(server.url, server.token);
	}
	const n = async () => Number((await api('GET', `/api/v1/campaign_recipient?campaign_id=eq.${id}&select=id&limit=1`, undefined, { Prefer: 'count=exact' })).headers.get('content-range').split('/')[1]);
	await until(n, (x) => x === 2500, 20_000);
	const { states } = await results(id);
	assert.deepEqual(states.map((s) => [s.reason, s.n]), [['no_consent', 2500]]);
	await until(() => state(id), (s) => s === 'finished');
});

test('one that cannot go on is paused and says so; those behind it go on', { skip: !hasSql }, async () => {
	const broken = await campaign('Broken', { segments: [fewer] }), good = await campaign('Behind it', { segments: [fewer], control_share: '0' });
	server.kill();
	await server.ended;
	sql(server.data, `UPDATE "campaign" SET "channel" = 'fax' WHERE "id" = ${broken.id}`);
	Object.assign(server, await serve(server.data));
	api = client(server.url, server.token);
	for (const { id } of [broken, good]) assert.equal((await act(id, 'start')).status, 200);
	await until(() => rows(good.id), (r) => r.length === 20);
	await until(() => state(broken.id), (s) => s === 'paused');
	assert.equal((await api('GET', `/api/v1/campaign/${broken.id}`)).body.error, 'failed');
	assert.equal((await act(good.id, 'stop')).status, 200);
});

test('bad input and rights', async () => {
	for (const bad of [{ control_share: '91' }, { control_share: '-1' }, { window_days: 0 }, { budget: '-5' }, { starts_at: '2027-01-02T00:00:00Z', ends_at: '2027-01-01T00:00:00Z' }, { channel: 'pigeon' }, { state: 'running' }])
		{
		const answer = await api('POST', '/api/v1/campaign', { name: 'bad', ...bad });
		assert.ok([400, 403, 422].includes(answer.status), `${JSON.stringify(bad)}: ${answer.status} ${answer.text}`);
	}
	const { id } = await campaign('Empty', { segments: [] });
	assert.equal((await act(id, 'start')).status, 422);
	for (const path of ['0', 'x', '17', '9223372036854775807']) assert.equal((await act(path, 'start')).status, 404, path);
	assert.equal((await api('GET', `/api/v1/campaigns/${id}/plan?lift=x`)).status, 422);
	const orders = await segment('Orders', { field: 'city', op: 'eq', value: 'nowhere' });
	await api('PATCH', `/api/v1/campaign/${id}`, { segments: [orders], ends_at: '2020-01-01T00:00:00Z' });
	assert.equal((await act(id, 'start')).status, 422, 'over before it begins');
	await api('PATCH', `/api/v1/campaign/${id}`, { ends_at: null });
	assert.equal((await act(id, 'start')).status, 200);
	await until(() => state(id), (s) => s === 'finished');
	assert.equal((await api('DELETE', `/api/v1/segment/${orders}`)).status, 409);
	const role = await one('/api/v1/role', { name: 'looks', rights: { '*': { read: 'all' } }, caps: [] });
	const looker = await one('/api/v1/user', { name: 'Lo', email: 'lo@example.com', roles: [role.id] });
	const token = guanxi(['token', 'create', '--data', server.data, '--user', 'lo@example.com', '--name', 't']).out.trim();
	const lo = client(server.url, token);
	const mine = await campaign('Mine');
	for (const what of ['start', 'pause', 'resume', 'stop', 'resend', 'hand_over']) assert.equal((await lo('POST', `/api/v1/campaigns/${mine.id}/${what}`, {})).status, 403, what);
	assert.equal((await lo('POST', `/api/v1/campaigns/${mine.id}/segment`, { group: 'bought', name: 'x' })).status, 403);
	assert.equal((await lo('GET', `/api/v1/campaigns/${mine.id}/results`)).status, 200);
	assert.ok(looker.id);
});
