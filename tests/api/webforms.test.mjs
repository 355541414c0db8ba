// Web forms: made by staff, filled in by anybody without account, cookie or script; what comes in becomes a record, with the rights of the form alone.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { client, guanxi, noteHit, start } from '../lib/server.mjs';

let server, api, me;
const nobody = async (method, path, body, headers = {}) => {
	const answer = await fetch(server.url + path, { method, body, headers: { 'Accept-Language': 'en', ...headers }, redirect: 'manual' });
	noteHit(method, path, answer.status);
	return answer;
};
const one = async (path, body, as = api) => {
	const answer = await as('POST', path, body, { Prefer: 'return=representation' });
	assert.equal(answer.status, 201, `${path}: ${answer.text}`);
	return answer.body[0] ?? answer.body;
};
const set = async (values) => {
	const answer = await api('PATCH', '/api/v1/settings', { values });
	assert.ok(answer.status < 300, answer.text);
};
const asked = [{ field: 'name', required: true, label_en: 'Your name', label_zh: '您的姓名', help_en: 'As friends call you' }, { field: 'phone' }, { field: 'email' }, { field: 'city' }, { field: 'note' },
	{ field: 'source', hidden: true, value: 'exhibition' }];
const form = (more = {}) => one('/api/v1/web_form', { name: 'Trial', state: 'open', entity: 'lead', title_en: 'Try our tea', title_zh: '试饮申请', thanks_en: 'You will hear from us', fields: asked, ...more });
const stampIn = (html) => /name="stamp" value="([\w-]+)"/.exec(html)?.[1];
const open = async (key, query = '?lang=en') => {
	const answer = await nobody('GET', `/f/${key}${query}`), html = await answer.text();
	return { status: answer.status, html, headers: answer.headers, stamp: stampIn(html) };
};
const post = async (key, values, headers = {}) => {
	const answer = await nobody('POST', `/f/${key}?lang=en`, new URLSearchParams(values).toString(), { 'Content-Type': 'application/x-www-form-urlencoded', ...headers });
	return { status: answer.status, html: await answer.text(), headers: answer.headers };
};
const fill = async (key, values) => post(key, { stamp: (await open(key)).stamp, ...values });
const entries = async (id) => (await api('GET', `/api/v1/web_form_entry?form_id=eq.${id}&order=id`)).body;
const counts = async (id) => Object.fromEntries((await api('GET', `/api/v1/web_forms/${id}/counts`)).body.map((c) => [c.what, c.n]));
const record = async (of) => (await api('GET', `/api/v1/${of}`)).body;
const size = async (entity) => (await api('GET', `/api/v1/${entity}?select=id&limit=1000`)).body.length;

before(async () => {
	server = await start();
	api = server.api;
	me = (await api('GET', '/api/v1/user?limit=1')).body[0].id;
	await set({ 'webforms.seconds': '0', 'webforms.address_minute': '10000', 'webforms.form_minute': '10000', 'webforms.pressure': '10000', 'consent.url': 'https://crm.example.com' });
});
after(async () => {
	await server?.stop();
	server?.remove();
});

test('a lead comes of it, with the values that are fixed and nothing that the form does not ask; the entry keeps what was typed', async () => {
	const f = await form({ gives_to_id: me, tells_id: me });
	const page = await open(f.door_key, '?lang=en&utm_source=tea-fair&utm_campaign=spring%22%3E');
	assert.equal(page.status, 200);
	assert.match(page.html, /<label for="f0">Your name/);
	assert.match(page.html, /aria-describedby="h0"/);
	assert.doesNotMatch(page.html, /<script|exhibition/);
	assert.match(page.headers.get('content-security-policy'), /^default-src 'none'; style-src 'nonce-[0-9a-f]{32}'; form-action 'self' ; frame-ancestors 'none'; base-uri 'none'$/);
	const sent = await post(f.door_key, { stamp: page.stamp, name: ' Lin Daiyu ', phone: '13800138000', email: 'lin@example.com', note: 'first\r\nsecond', source: 'partner', state: 'qualified', owner_id: '1', score: '999',
		score_why: 'x', utm_source: 'tea-fair', utm_campaign: 'spring">', page: 'https://tea.example/visit?name=secret#x' });
	assert.equal(sent.status, 303, sent.html);
	assert.equal(sent.headers.get('location'), `/f/${f.door_key}/thanks?lang=en`);
	assert.match((await (await nobody('GET', sent.headers.get('location'))).text()), /You will hear from us/);
	const [entry] = await entries(f.id);
	const lead = await record(entry.record);
	assert.deepEqual([lead.name, lead.phone, lead.email, lead.source, lead.state, lead.owner_id, lead.score >= 0 && lead.score < 999, lead.created_by], ['Lin Daiyu', '+8613800138000', 'lin@example.com', 'exhibition', 'new', me, true, null]);
	assert.deepEqual([entry.state, entry.utm_source, entry.utm_campaign, entry.page, entry.language, 'sent' in entry], ['done', 'tea-fair', 'spring">', 'https://tea.example/visit', 'en', false]);
	const typed = (await api('GET', `/api/v1/web_form_entries/${entry.id}/sent`)).body.values;
	assert.deepEqual(typed.map((v) => [v.field, v.value]), [['name', 'Lin Daiyu'], ['phone', '13800138000'], ['email', 'lin@example.com'], ['note', 'first\r\nsecond'], ['source', 'exhibition']]);
	assert.deepEqual(await counts(f.id), { begun: 1, sent: 1, shown: 1 });
	const bell = (await api('GET', '/api/v1/notices')).text;
	assert.match(bell, new RegExp(entry.record.split('/')[1]));
});

test('sent twice it is kept once; a stamp that is forged, cut, of another form or used makes nothing', async () => {
	const f = await form(), other = await form();
	const { stamp } = await open(f.door_key), before = await size('lead');
	const values = { stamp, name: 'Double' };
	const both = await Promise.all([post(f.door_key, values), post(f.door_key, values), post(f.door_key, { ...values, name: 'Changed' })]);
	assert.deepEqual(both.map((r) => r.status), [303, 303, 303]);
	assert.equal(await size('lead'), before + 1);
	const bad = [undefined, '', 'x', stamp.slice(0, -1), `${stamp}A`, (stamp[0] === 'A' ? 'B' : 'A') + stamp.slice(1), stamp.slice(0, -3) + (stamp.at(-3) === 'A' ? 'B' : 'A') + stamp.slice(-2), 'A'.repeat(5000)];
	for (const one of bad) {
		const answer = await post(f.door_key, { ...(one === undefined ? {} : { stamp: one }), name: 'Forged <b>' });
		assert.equal(answer.status, 422, String(one));
		assert.match(answer.html, /value="Forged &lt;b&gt;"/);
		assert.notEqual(stampIn(answer.html), one);
	}
	assert.equal((await post(other.door_key, values)).status, 422);
	assert.equal(await size('lead'), before + 1);
	assert.deepEqual([(await counts(f.id)).repeated, (await counts(f.id)).stale], [2, bad.length]);
});

test('nothing that is typed or written by staff becomes a mark-up of the page; what is wrong stands beside its field', async () => {
	const evil = '"><img src=x onerror=alert(1)>{{7*7}}${7*7}%s%n\'<script>';
	const f = await form({ title_en: evil, intro_en: evil, fields: [{ field: 'name', label_en: evil, help_en: evil, value: evil }, { field: 'email', required: true }, { field: 'amount' }] });
	const first = await open(f.door_key, `?lang=en&utm_term=${encodeURIComponent(evil)}`);
	const again = await post(f.door_key, { stamp: first.stamp, name: evil, email: evil, amount: evil, utm_term: evil, page: evil });
	assert.equal(again.status, 422);
	for (const { html } of [first, again]) {
		assert.doesNotMatch(html, /<img|<script|onerror=alert\(1\)>/);
		assert.match(html, /&quot;&gt;&lt;img src=x onerror=alert\(1\)&gt;\{\{7\*7\}\}\$\{7\*7\}%s%n&#39;&lt;script&gt;/);
	}
	assert.match(again.html, /<input type="email"[^>]* aria-invalid="true"[^>]* aria-describedby="w1"/);
	assert.match(again.html, /<p class="wrong" id="w1">/);
	assert.match(again.html, /<div id="wrong" role="alert">.*href="#f1"/s);
	assert.equal((await entries(f.id)).length, 0);
	assert.equal((await post(f.door_key, { stamp: first.stamp, name: 'kept', email: 'good@example.com' })).status, 303, 'the stamp of a page that was sent back still holds');
	const closed = await nobody('GET', '/f/%22%3E%3Cimg%20src=x%3E');
	assert.equal(closed.status, 404);
	assert.doesNotMatch(await closed.text(), /<img/);
});

test('machines: the field that nobody sees, too fast, too often, too much', async () => {
	const f = await form({ day_limit: 3 });
	const { stamp } = await open(f.door_key), before = await size('lead');
	assert.equal((await post(f.door_key, { stamp, name: 'Robot', fax_number: '1' })).status, 303, 'it is thanked');
	await set({ 'webforms.seconds': '60' });
	const fast = await post(f.door_key, { stamp, name: 'Quick' });
	assert.equal(fast.status, 422);
	assert.equal(stampIn(fast.html), stamp, 'its time goes on');
	await set({ 'webforms.seconds': '0' });
	assert.equal(await size('lead'), before);
	assert.equal((await post(f.door_key, `stamp=${stamp}&name=${'&a=b'.repeat(300)}`)).status, 400);
	assert.equal((await nobody('POST', `/f/${f.door_key}`, '{}', { 'Content-Type': 'application/json' })).status, 400);
	assert.equal((await post(f.door_key, { stamp, name: 'x'.repeat(70000) })).status, 413);
	assert.equal((await post(f.door_key, `stamp=${stamp}&name=%ff%00&name=b`)).status, 422, 'no text at all');
	for (const name of ['one', 'two', 'three']) assert.equal((await fill(f.door_key, { name })).status, 303);
	const full = await fill(f.door_key, { name: 'four' });
	assert.equal(full.status, 429);
	assert.equal(await size('lead'), before + 3);
	const { trap, fast: quick, full: most } = await counts(f.id);
	assert.deepEqual([trap, quick, most], [1, 1, 1]);
});

test('under pressure a question is asked, or work; beyond it nobody gets in; each form by itself', async () => {
	const f = await form({ fields: [{ field: 'name', required: true }] }), g = await form();
	await set({ 'webforms.address_minute': '6' });
	try {
		const pages = await Promise.all([1, 2, 3, 4].map(() => open(f.door_key)));
		for (const p of pages.slice(0, 3)) assert.equal((await post(f.door_key, { stamp: p.stamp, name: 'calm' })).status, 303);
		const asks = await post(f.door_key, { stamp: pages[3].stamp, name: 'pressed' });
		assert.equal(asks.status, 422);
		const [, x, y] = /how much is (\d) plus (\d)/.exec(asks.html);
		assert.match(asks.html, /value="pressed"/);
		assert.equal((await post(f.door_key, { stamp: pages[3].stamp, name: 'pressed', answer: String(Number(x) + Number(y) + 1) })).status, 422);
		assert.equal((await post(f.door_key, { stamp: pages[3].stamp, name: 'pressed', answer: String(Number(x) + Number(y)) })).status, 303);
		const busy = await post(f.door_key, { stamp: pages[3].stamp, name: 'more' });
		assert.deepEqual([busy.status, busy.headers.get('retry-after')], [429, '60']);
		assert.equal((await fill(g.door_key, { name: 'elsewhere' })).status, 303);
		assert.deepEqual([(await counts(f.id)).asked, (await counts(f.id)).busy, (await entries(f.id)).length], [2, 1, 4]);
		await set({ 'webforms.address_minute': '10000', 'webforms.pressure': '1' });
		const { stamp } = await open(g.door_key);
		await fill(g.door_key, { name: 'the one of this minute' });
		const data = (body) => nobody('POST', `/f/${g.door_key}/data`, JSON.stringify(body), { 'Content-Type': 'application/json' });
		const must = await data({ stamp, values: { name: 'Worker' } }), told = await must.json();
		assert.deepEqual([must.status, told.work_bits, told.stamp], [422, 18, stamp]);
		let n = 0;
		for (;; n++) {
			const h = createHash('sha256').update(`${stamp}:${n}`).digest();
			if (h[0] === 0 && h[1] === 0 && h[2] < 64) break;
		}
		assert.equal((await data({ stamp, values: { name: 'Worker' }, proof: String(n) })).status, 201);
	} finally {
		await set({ 'webforms.address_minute': '10000', 'webforms.pressure': '10000' });
	}
});

test('drafts, closed ones, those of another time, deleted ones take nothing', async () => {
	const before = await size('lead');
	for (const [more, status] of [[{ state: 'draft' }, 404], [{ state: 'closed' }, 410], [{ open_from: '2099-01-01T00:00:00Z' }, 410], [{ open_until: '2020-01-01T00:00:00Z' }, 410]]) {
		const f = await form(more);
		assert.equal((await open(f.door_key)).status, status, JSON.stringify(more));
		assert.equal((await post(f.door_key, { name: 'late' })).status, status);
		assert.equal((await nobody('GET', `/f/${f.door_key}/data`)).status, 404);
	}
	const f = await form(), { stamp } = await open(f.door_key);
	assert.equal((await fill(f.door_key, { name: 'in time' })).status, 303);
	assert.equal((await api('DELETE', `/api/v1/web_form/${f.id}`)).status, 204);
	assert.equal((await post(f.door_key, { stamp, name: 'gone' })).status, 404);
	assert.equal((await entries(f.id)).length, 0);
	assert.equal(await size('lead'), before + 1, 'what it became stays');
});

test('who is there already is found by the rules, and nobody is told; who is not sure waits for a person', async () => {
	const wang = await one('/api/v1/customer', { name: 'Wang Xifeng', phone: '13900139000', email: 'feng@example.com', city: 'Jinling' });
	const f = await form({ entity: 'customer', fields: [{ field: 'name', required: true }, { field: 'phone' }, { field: 'email' }, { field: 'city' }] });
	const stripped = (html) => html.replaceAll(/nonce[-"=\w]+|value="[\w-]{50,}"/g, '');
	const known = await fill(f.door_key, { name: 'Wang Xifeng', phone: '13900139000', city: 'Elsewhere' });
	const fresh = await fill(f.door_key, { name: 'Somebody New', phone: '13900139001' });
	const unsure = await fill(f.door_key, { name: 'Wang Xifeng', city: 'Jinling' });
	assert.deepEqual([known, fresh, unsure].map((r) => [r.status, stripped(r.html), r.headers.get('location')]), Array(3).fill([303, '', `/f/${f.door_key}/thanks?lang=en`]));
	const [a, b, c] = await entries(f.id);
	assert.deepEqual([a.state, a.customer_id, a.record], ['done', wang.id, `customer/${wang.id}`]);
	assert.equal((await record(`customer/${wang.id}`)).city, 'Jinling', 'a stranger changes nothing');
	assert.deepEqual([b.state, (await record(b.record)).name], ['done', 'Somebody New']);
	assert.deepEqual([c.state, c.reason, c.record, c.customer_id], ['waiting', 'unsure', null, null]);
	const look = (await api('GET', `/api/v1/web_form_entries/${c.id}/sent`)).body;
	assert.deepEqual(look.candidates.map((x) => [x.id, x.percent]), [[wang.id, 80]]);
	const decide = (id, body) => api('POST', `/api/v1/web_form_entries/${id}/decide`, body);
	assert.equal((await decide(c.id, {})).status, 422);
	assert.equal((await decide(c.id, { fresh: true, aside: true })).status, 422);
	assert.equal((await decide(c.id, { customer_id: wang.id })).status, 200);
	assert.equal((await decide(c.id, { fresh: true })).status, 409);
	await fill(f.door_key, { name: 'Wang Xifeng', city: 'Jinling' });
	const last = (await entries(f.id)).at(-1);
	const customers = await size('customer');
	assert.equal((await decide(last.id, { fresh: true })).status, 200);
	assert.equal(await size('customer'), customers + 1);
	assert.deepEqual((await entries(f.id)).map((e) => e.state), Array(4).fill('done'));
});

test('a complaint: the case with what was said, its customer, or nobody until a person says who it is', async () => {
	const jia = await one('/api/v1/customer', { name: 'Jia Baoyu', phone: '13700137000', city: 'Jinling' });
	const f = await form({ entity: 'case', fields: [{ field: 'subject' }, { field: 'message.body', required: true }, { field: 'customer.name', required: true }, { field: 'customer.phone' }, { field: 'customer.city' },
		{ field: 'kind', hidden: true, value: 'complaint' }] });
	assert.equal((await fill(f.door_key, { 'message.body': 'It broke at once.\nTerrible.', 'customer.name': 'Jia Baoyu', 'customer.phone': '13700137000', kind: 'praise' })).status, 303);
	assert.equal((await fill(f.door_key, { subject: 'Late', 'message.body': 'Where is it?', 'customer.name': 'Xue Baochai', 'customer.phone': '13700137001' })).status, 303);
	assert.equal((await fill(f.door_key, { subject: 'Unsure', 'message.body': 'Who am I?', 'customer.name': 'Jia Baoyu', 'customer.city': 'Jinling' })).status, 303);
	const [a, b, c] = await entries(f.id);
	const first = await record(a.record);
	assert.deepEqual([first.kind, first.customer_id, first.channel, first.subject, first.contact], ['complaint', jia.id, 'form', 'Try our tea', '13700137000']);
	const said = (await api('GET', `/api/v1/case_message?case_id=eq.${first.id}&kind=eq.in`)).body;
	assert.deepEqual(said.map((m) => m.body), ['It broke at once.\nTerrible.']);
	assert.equal((await record(`customer/${(await record(b.record)).customer_id}`)).name, 'Xue Baochai');
	assert.deepEqual([c.state, c.reason, (await record(c.record)).customer_id], ['waiting', 'unsure', null]);
	assert.equal((await api('POST', `/api/v1/web_form_entries/${c.id}/decide`, { customer_id: jia.id })).status, 200);
	assert.equal((await record(c.record)).customer_id, jia.id);
});

test('what was agreed to is in the ledger with its text, source and proof: at once, or when the lead becomes somebody', async () => {
	await one('/api/v1/consent_text', { name: 'offers-1', language: 'en', purpose: 'marketing', text: 'You may <b>call</b> me' });
	await one('/api/v1/consent_text', { name: 'offers-1', language: 'zh-Hans', purpose: 'marketing', text: '同意来电' });
	const consents = [{ channel: 'phone', purpose: 'marketing', text: 'offers-1', required: true }, { channel: 'email', purpose: 'marketing', text: 'offers-1', confirm: true }];
	const fields = [{ field: 'name' }, { field: 'phone' }, { field: 'email' }];
	const ledger = async (id) => (await api('GET', `/api/v1/consent?customer_id=eq.${id}&order=channel`)).body.map((c) => [c.channel, c.state, c.text_version, c.source]);
	const f = await form({ entity: 'customer', fields, consents });
	const page = await open(f.door_key);
	assert.match(page.html, /You may &lt;b&gt;call&lt;\/b&gt; me/);
	assert.match((await open(f.door_key, '?lang=zh-Hant')).html, /同意来电/);
	assert.equal((await post(f.door_key, { stamp: page.stamp, name: 'No Tick' })).status, 422);
	const yes = { agree0: '1', agree1: '1' };
	await post(f.door_key, { stamp: page.stamp, name: 'Li Wan', phone: '13600136000', email: 'liwan@example.com', ...yes });
	const [entry] = await entries(f.id), source = 'web form: Trial';
	assert.equal(entry.agreed, 'offers-1, offers-1');
	assert.deepEqual(await ledger(entry.customer_id), [['email', 'asked', 'offers-1', source], ['phone', 'given', 'offers-1', source]]);
	const [proof] = (await api('GET', `/api/v1/consent?customer_id=eq.${entry.customer_id}&channel=eq.phone`)).body;
	assert.match(proof.evidence, new RegExp(`web form ${f.id}, entry ${entry.id}; text offers-1 in en; page -; from 127\\.0\\.0\\.1`));
	await one('/api/v1/consent', { customer_id: entry.customer_id, channel: 'phone', purpose: 'marketing', state: 'withdrawn' });
	await fill(f.door_key, { name: 'Li Wan', phone: '13600136000', ...yes });
	assert.equal((await api('GET', `/api/v1/consent?customer_id=eq.${entry.customer_id}&channel=eq.phone&order=at.desc,id.desc&limit=1`)).body[0].state, 'asked', 'a no is not undone by whoever types a name');
	const g = await form({ entity: 'lead', fields, consents });
	await fill(g.door_key, { name: 'Shi Xiangyun', phone: '13600136001', ...yes });
	const [waits] = await entries(g.id);
	const became = (await api('POST', `/api/v1/lead/${waits.record.split('/')[1]}/convert`, { without_deal: true })).body;
	assert.deepEqual(await ledger(became.customer_id), [['phone', 'given', 'offers-1', source]]);
	assert.equal((await entries(g.id))[0].customer_id, became.customer_id);
});

test('shown on the sites it names alone, which may also send it by program', async () => {
	const f = await form({ sites: 'https://shop.example.com\nhttp://localhost:8080', redirect_url: 'https://shop.example.com/thanks?x=1' });
	const page = await open(f.door_key);
	assert.match(page.headers.get('content-security-policy'), /form-action 'self' https:\/\/shop\.example\.com; frame-ancestors https:\/\/shop\.example\.com http:\/\/localhost:8080;/);
	assert.equal((await post(f.door_key, { stamp: page.stamp, name: 'Led on' })).headers.get('location'), 'https://shop.example.com/thanks?x=1');
	const asks = await nobody('OPTIONS', `/f/${f.door_key}/data`);
	assert.deepEqual([asks.status, asks.headers.get('access-control-allow-origin'), asks.headers.get('access-control-allow-headers')], [204, '*', 'Content-Type']);
	assert.equal((await nobody('OPTIONS', `/f/${f.door_key}`)).headers.get('access-control-allow-origin'), null);
	const from = (origin) => ({ 'Content-Type': 'application/json', Origin: origin, 'Sec-Fetch-Site': 'cross-site' });
	const told = await nobody('GET', `/f/${f.door_key}/data?lang=en`, undefined, from('https://shop.example.com'));
	assert.equal(told.headers.get('access-control-allow-origin'), 'https://shop.example.com');
	const { stamp, fields } = await told.json();
	assert.deepEqual(fields.map((x) => x.field), ['name', 'phone', 'email', 'city', 'note']);
	const send = (origin, values) => nobody('POST', `/f/${f.door_key}/data`, JSON.stringify({ stamp, values }), from(origin));
	for (const origin of ['https://evil.example', 'null', 'https://shop.example.com.evil.example', 'http://shop.example.com']) {
		const refused = await send(origin, { name: 'Foreign' });
		assert.deepEqual([refused.status, refused.headers.get('access-control-allow-origin')], [403, null], origin);
	}
	for (const values of [{ name: 'x', source: 'partner' }, { name: 'x', score: '9' }, { name: { a: 1 } }, { name: ['x'] }, [], 'x'])
		assert.equal((await send('https://shop.example.com', values)).status, 422, JSON.stringify(values));
	assert.deepEqual(Object.keys((await (await send('https://shop.example.com', { name: 'x', email: 'x' })).json()).problems), ['email']);
	assert.equal((await send('https://shop.example.com', { name: 'By program' })).status, 201);
	assert.equal((await post(f.door_key, { stamp: (await open(f.door_key)).stamp, name: 'x' }, { Origin: 'https://shop.example.com', 'Sec-Fetch-Site': 'cross-site' })).status, 403, 'the page itself is sent from nowhere else');
});

test('what staff may not say: foreign addresses, hidden fields without value, fields that tell or belong to the program, more than they may themselves', async () => {
	const bad = async (more, field) => {
		const answer = await api('POST', '/api/v1/web_form', { name: 'Bad', state: 'open', entity: 'lead', title_en: 'T', fields: asked, ...more });
		assert.equal(answer.status, 422, `${JSON.stringify(more)}: ${answer.text}`);
		assert.ok(answer.body.errors.some((e) => e.field === field), answer.text);
	};
	for (const url of ['http://shop.example', 'https://user@shop.example', 'https://shop.example@evil.example/', 'https:///x', 'javascript:alert(1)', 'https://a.example/\r\nSet-Cookie: x', 'https://a.example;script-src'])
		await bad({ redirect_url: url }, 'redirect_url');
	for (const sites of ['*', 'https://*', 'https://a.example/x', "'self'", 'https://a.example; script-src *', 'http://a.example', 'data:', Array(21).fill('https://a.example').join('\n')]) await bad({ sites }, 'sites');
	for (const field of ['score', 'owner_id', 'team_id', 'customer_id', 'id', 'made', 'nothing', 'customer.name']) await bad({ fields: [{ field }] }, 'fields');
	await bad({ fields: [{ field: 'name' }, { field: 'name' }] }, 'fields');
	await bad({ fields: [{ field: 'source', hidden: true }] }, 'fields');
	await bad({ fields: [{ field: 'source', hidden: true, value: 'nonsense' }] }, 'fields');
	await bad({ fields: [{ field: 'source', hidden: true, value: 'web' }] }, 'fields');
	await bad({ fields: { field: 'name' } }, 'fields');
	await bad({ fields: Array.from({ length: 41 }, () => ({ field: 'name' })) }, 'fields');
	await bad({ consents: [{ channel: 'pigeon', purpose: 'marketing', text: 'x' }] }, 'consents');
	await bad({ title_en: null }, 'title_zh');
	await bad({ day_limit: 0 }, 'day_limit');
	await bad({ open_from: '2026-02-01T00:00:00Z', open_until: '2026-01-01T00:00:00Z' }, 'open_until');
	await bad({ door_key: 'mine' }, 'door_key');
	const all = { read: 'all', create: 'all', update: 'all' };
	const role = await one('/api/v1/role', { name: 'Form makers', rights: { web_form: all, web_form_entry: all, lead: { ...all, read: 'own', fields: { phone: 'hidden' } } }, caps: [] });
	const made = await one('/api/v1/user', { name: 'Maker', email: 'maker@example.com', roles: [role.id], active: true });
	assert.ok(made.id);
	const maker = client(server.url, guanxi(['token', 'create', '--data', server.data, '--user', 'maker@example.com', '--name', 'x']).out.trim());
	const tries = (more) => maker('POST', '/api/v1/web_form', { name: 'Mine', state: 'open', entity: 'lead', title_en: 'T', fields: [{ field: 'name' }], ...more }, { Prefer: 'return=representation' });
	assert.equal((await tries({ fields: [{ field: 'name' }, { field: 'phone' }] })).status, 403);
	assert.equal((await tries({ entity: 'customer' })).status, 403);
	assert.equal((await tries({})).status, 201);
	const f = await form();
	await fill(f.door_key, { name: 'Not theirs', phone: '13500135000' });
	const [entry] = await entries(f.id);
	const look = await maker('GET', `/api/v1/web_form_entries/${entry.id}/sent`);
	assert.ok([403, 404].includes(look.status), 'the lead is not theirs to see');
	assert.ok(!look.text.includes('13500135000'));
});

test('a form whose record cannot be made keeps what was said for a person', async () => {
	const f = await form({ fields: [{ field: 'city', required: true }, { field: 'state', hidden: true, value: 'unfit' }] });
	const before = await size('lead');
	assert.equal((await fill(f.door_key, { city: 'Suzhou' })).status, 303, 'the visitor is none the wiser');
	const [entry] = await entries(f.id);
	assert.deepEqual([entry.state, entry.reason, entry.record], ['waiting', 'problem', null]);
	assert.ok(entry.problem.length > 0);
	assert.equal(await size('lead'), before);
	assert.equal((await api('POST', `/api/v1/web_form_entries/${entry.id}/decide`, { aside: true })).status, 200);
	assert.equal((await entries(f.id))[0].state, 'aside');
});
