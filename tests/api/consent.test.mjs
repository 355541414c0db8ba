// Who may be contacted: the ledger as it stands now, the gate, the public door of signed links.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { noteHit, start } from '../lib/server.mjs';
import { hasSql, sql } from '../lib/sql.mjs';

let server, api;
const day = 86400_000;
const one = async (path, body, as = api) => {
	const answer = await as('POST', path, body, { Prefer: 'return=representation' });
	assert.equal(answer.status, 201, answer.text);
	return answer.body[0] ?? answer.body;
};
const set = async (key, value) => assert.ok((await api('PATCH', '/api/v1/settings', { values: { [key]: value } })).status < 300, key);
const stand = async (id, as = api) => (await as('GET', `/api/v1/customer/${id}/contact`)).body;
const now = async (id, channel = 'email') => (await stand(id)).now.find((n) => n.channel === channel && n.purpose === 'marketing')?.state;
const may = async (id, channel = 'email') => {
	const found = (await stand(id)).may.find((m) => m.channel === channel);
	return [found.verdict, found.reason];
};
const entry = (id, state, more = {}) => one('/api/v1/consent', { customer_id: id, channel: 'email', purpose: 'marketing', state, ...more });
const person = (name, more = {}) => one('/api/v1/customer', { name, email: `${name.toLowerCase()}@example.com`, ...more });
const tokenOf = async (id) => (await api('GET', `/api/v1/customer/${id}/contact_link`)).body.url.replace(/^.*\/u\//, '');
/** As a mail program does: no cookie, no token. */
const door = async (method, path, body, headers = {}) => {
	const got = await fetch(server.url + path, { method, body, headers: { ...(body ? { 'Content-Type': 'application/x-www-form-urlencoded' } : {}), ...headers } });
	noteHit(method, path, got.status);
	return { status: got.status, text: await got.text(), headers: got.headers };
};
const count = async (id) => (await api('GET', `/api/v1/consent?customer_id=eq.${id}&select=id`)).body.length;

before(async () => {
	server = await start();
	api = server.api;
	for (const [key, value] of [['consent.quiet_from', '-'], ['consent.quiet_until', '-'], ['firm.name', '<Tea & Co>']]) await set(key, value);
});
after(() => server?.close());

test('the ledger is added to, and what holds now follows: by time, not by the order of typing', async () => {
	const { id } = await person('Ada');
	assert.deepEqual(await may(id), ['no', 'no_consent']);
	const given = await entry(id, 'given', { at: new Date(Date.now() - 2 * day).toISOString(), text_version: 'news-1', source: 'counter' });
	assert.equal(await now(id), 'given');
	assert.deepEqual(await may(id), ['yes', '']);
	await entry(id, 'withdrawn', { at: new Date(Date.now() - 3 * day).toISOString() });
	assert.equal(await now(id), 'given', 'an older word typed later changes nothing');
	await entry(id, 'withdrawn');
	assert.deepEqual(await may(id), ['no', 'withdrawn']);
	const changed = await api('PATCH', `/api/v1/consent/${given.id}`, { state: 'withdrawn' });
	assert.ok(changed.status >= 400 && changed.status < 500, 'entries stay what they are');
	// one who is deleted has no state any more, and has it again when brought back
	await api('DELETE', `/api/v1/customer/${id}`);
	assert.equal((await stand(id)).now, undefined);
	assert.equal((await api('POST', `/api/v1/customer/${id}/restore`)).status, 200);
	assert.equal(await now(id), 'withdrawn');
});

test('a general word and a word about one channel', async () => {
	const { id } = await person('Bo', { phone: '+8613800138001' });
	await entry(id, 'given', { channel: 'any' });
	assert.deepEqual(await may(id), ['yes', '']);
	assert.deepEqual(await may(id, 'phone'), ['yes', '']);
	assert.deepEqual(await may(id, 'post'), ['no', 'no_address']);
	await entry(id, 'withdrawn', { channel: 'phone' });
	assert.deepEqual(await may(id, 'phone'), ['no', 'withdrawn']);
	assert.deepEqual(await may(id), ['yes', '']);
});

test('open complaints and returns stop promotions; their reason is told only to who may see cases', async () => {
	const { id } = await person('Cyn');
	await entry(id, 'given');
	const complaint = await one('/api/v1/case', { customer_id: id, subject: 'broken', kind: 'complaint', state: 'open' });
	assert.deepEqual(await may(id), ['no', 'complaint']);
	await api('PATCH', `/api/v1/case/${complaint.id}`, { state: 'solved' });
	assert.deepEqual(await may(id), ['yes', '']);
	await one('/api/v1/case', { customer_id: id, subject: 'back', kind: 'return', state: 'open' });
	assert.deepEqual(await may(id), ['no', 'return']);
	await set('consent.stop_at', 'complaint');
	assert.deepEqual(await may(id), ['yes', '']);
	await set('consent.stop_at', 'complaint,return');
});

test('quiet hours go by the clock of the customer, pauses by their day', async () => {
	const here = await person('Dee', { time_zone: 'Asia/Tokyo' }), there = await person('Eve', { time_zone: 'America/New_York' });
	for (const { id } of [here, there]) await entry(id, 'given');
	const local = (zone, shift) => new Date(Date.now() + shift).toLocaleTimeString('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit' });
	await set('consent.quiet_from', local('Asia/Tokyo', -3600_000));
	await set('consent.quiet_until', local('Asia/Tokyo', 3600_000));
	assert.deepEqual(await may(here.id), ['later', 'quiet']);
	assert.deepEqual(await may(there.id), ['yes', '']);
	for (const key of ['consent.quiet_from', 'consent.quiet_until']) await set(key, '-');
	const bad = await api('PATCH', '/api/v1/settings', { values: { 'consent.quiet_from': '25:00' } });
	assert.equal(bad.status, 422);
	const from = new Date(Date.now() - day).toISOString().slice(0, 10), until = new Date(Date.now() + day).toISOString().slice(0, 10);
	const pause = await one('/api/v1/contact_pause', { name: 'stocktaking', from_on: from, until_on: until, channel: 'email' });
	assert.deepEqual(await may(here.id), ['later', 'pause']);
	assert.equal((await api('PATCH', `/api/v1/contact_pause/${pause.id}`, { until_on: '2001-01-01' })).status, 422);
	await api('DELETE', `/api/v1/contact_pause/${pause.id}`);
	assert.deepEqual(await may(here.id), ['yes', '']);
});

test('S61 one click unsubscribes by POST alone; a GET asks and changes nothing', async () => {
	const { id } = await person('Fay');
	await entry(id, 'given');
	const token = await tokenOf(id);
	const asked = await door('GET', `/u/${token}`, undefined, { 'Accept-Language': 'zh-TW' });
	assert.equal(asked.status, 200);
	assert.match(asked.text, /<html lang="zh-Hant">[\s\S]*退訂[\s\S]*&lt;Tea &amp; Co&gt;/);
	assert.ok(!/<script|Fay|@example/.test(asked.text), 'no script, no name');
	assert.match(asked.headers.get('content-security-policy'), /default-src 'none'.*form-action 'self'/);
	assert.equal(asked.headers.get('referrer-policy'), 'no-referrer');
	assert.equal((await fetch(`${server.url}/u/${token}`, { method: 'HEAD' })).status, 200);
	assert.equal(await now(id), 'given');
	const done = await door('POST', `/u/${token}`, 'List-Unsubscribe=One-Click');
	assert.equal(done.status, 200);
	assert.equal(await now(id), 'withdrawn');
	const entries = await count(id);
	const again = await fetch(`${server.url}/u/${token}`, { method: 'POST', body: new FormData() });
	assert.equal(again.status, 200);
	assert.equal(await count(id), entries, 'the same word twice is one entry');
	const [last] = (await api('GET', `/api/v1/consent?customer_id=eq.${id}&order=at.desc&limit=1`)).body;
	assert.equal(last.source, 'unsubscribe link');
	assert.match(last.evidence, /signed link/);
	// another site's page cannot press the button for somebody
	assert.equal((await door('POST', `/u/${token}`, 'a=b', { 'Sec-Fetch-Site': 'cross-site' })).status, 403);
});

test('what the deleted say by their link holds once they are brought back', async () => {
	const ida = await person('Ida'), joe = await person('Joe', { phone: '+8613800138077' });
	for (const { id } of [ida, joe]) await entry(id, 'given', { text_version: 'news-7' });
	const [link, choices] = [await tokenOf(ida.id), await tokenOf(joe.id)];
	for (const { id } of [ida, joe]) assert.equal((await api('DELETE', `/api/v1/customer/${id}`)).status, 204);
	const said = Date.now();
	for (let i = 0; i < 2; i++) assert.match((await door('POST', `/u/${link}?lang=en`, 'List-Unsubscribe=One-Click')).text, /will not write to you/);
	assert.equal((await door('POST', `/u/${choices}/choices`, 'sms=1')).status, 200);
	for (const { id } of [ida, joe]) assert.ok((await api('POST', `/api/v1/customer/${id}/restore`)).status < 300);
	assert.deepEqual([await now(ida.id), await now(joe.id), await now(joe.id, 'sms')], ['withdrawn', 'withdrawn', 'given']);
	const [first, ...rest] = (await api('GET', `/api/v1/consent?customer_id=eq.${ida.id}&order=at.desc`)).body;
	assert.deepEqual([first.source, rest.length, rest[0].text_version], ['unsubscribe link', 1, 'news-7']);
	assert.ok(Date.parse(first.at) >= said - 1000 && Date.parse(first.at) <= Date.now(), 'when it was said');
	// said once: brought back once more nothing is said anew
	await entry(ida.id, 'given');
	await api('DELETE', `/api/v1/customer/${ida.id}`);
	await api('POST', `/api/v1/customer/${ida.id}/restore`);
	assert.equal(await now(ida.id), 'given');
});

test('a link that is cut, changed or of nobody is told alike and does nothing', async () => {
	const { id } = await person('Gus');
	await entry(id, 'given');
	const token = await tokenOf(id);
	const bad = [token.slice(0, -1), `${token}A`, `B${token.slice(1)}`, token.replace(/.$/, (c) => (c === 'A' ? 'B' : 'A')), '', 'x', '../session', 'A'.repeat(5000), '%00', '%F0%9F%92%A9'];
	const before = await count(id);
	for (const wrong of bad) {
		for (const method of ['GET', 'POST']) {
			for (const tail of ['', '/choices']) {
				const answer = await door(method, `/u/${wrong}${tail}`, method === 'POST' ? 'email=1' : undefined);
				assert.ok(answer.status >= 400 || !/signed|stop/i.test(answer.text) || wrong === '' || wrong.includes('/'), `${method} ${wrong}: ${answer.status}`);
				assert.ok(answer.status < 500, `${method} ${wrong}: ${answer.status}`);
			}
		}
	}
	assert.equal(await count(id), before);
	// every bit of it is vouched for
	const bytes = Buffer.from(token, 'base64url');
	for (let i = 0; i < bytes.length; i++) {
		const other = Buffer.from(bytes);
		other[i] ^= 1 << (i % 8);
		assert.equal((await door('GET', `/u/${other.toString('base64url')}`)).status, 404, `byte ${i}`);
	}
	// of somebody who is gone the pages look like those of anybody
	const gone = await person('Hal');
	const old = await tokenOf(gone.id);
	const [there, page] = [await door('GET', `/u/${old}/choices`), await door('GET', `/u/${old}`)];
	await api('DELETE', `/api/v1/customer/${gone.id}`);
	const still = (a) => a.text.replace(/nonce[=-]"?[0-9a-f]+/g, '');
	assert.equal(still(await door('GET', `/u/${old}/choices`)), still(there));
	assert.equal(still(await door('GET', `/u/${old}`)), still(page));
	assert.equal((await door('POST', `/u/${old}`, '')).status, 200);
});

test('the page of choices sets what is ticked, and nothing else', async () => {
	const { id } = await person('Ida');
	await entry(id, 'given');
	await entry(id, 'given', { purpose: 'sharing' });
	const token = await tokenOf(id);
	assert.match((await door('GET', `/u/${token}/choices?lang=en`)).text, /name="email" value="1" checked/);
	assert.equal((await door('POST', `/u/${token}/choices`, 'sms=1&post=1&purpose=sharing&email=0&evil[]=1&xphone=1')).status, 200);
	const all = (await stand(id)).now.map((n) => `${n.channel}/${n.purpose}/${n.state}`).sort();
	assert.deepEqual(all, ['email/marketing/withdrawn', 'email/sharing/given', 'post/marketing/given', 'sms/marketing/given']);
	assert.equal((await door('POST', `/u/${token}/choices`, 'x'.repeat(5000))).status, 413);
	let last;
	for (let i = 0; i < 16; i++) last = await door('POST', `/u/${token}/choices`, i % 2 ? 'email=1' : 'sms=1');
	assert.equal(last.status, 429);
	assert.equal(last.headers.get('retry-after'), '60');
});

test('double opt-in: asked counts for nothing until the button is pressed, and a later no stands', async () => {
	const { id } = await person('Jo'), other = await one('/api/v1/customer', { name: 'Kim' });
	const asked = await api('POST', '/api/v1/consents/ask', { customer_id: id, text_version: 'news-2', source: 'stand at the fair' });
	assert.equal(asked.status, 201, asked.text);
	const again = await api('POST', '/api/v1/consents/ask', { customer_id: id });
	assert.deepEqual([again.status, again.body.errors[0].key, await count(id)], [409, 'consent_asked_already', 1], 'nobody is asked again and again');
	assert.deepEqual(await may(id), ['no', 'unconfirmed']);
	assert.equal((await api('POST', '/api/v1/consents/ask', { customer_id: other.id })).status, 422, 'no address, nothing asked');
	assert.equal(await count(other.id), 0);
	assert.equal((await api('POST', '/api/v1/consents/ask', { customer_id: id, purpose: 'nonsense' })).status, 422);
	assert.ok((await api('POST', '/api/v1/consents/ask', { customer_id: '17' })).status >= 400);
});

test('texts of consent stay word for word, and as long as somebody agreed to them', async () => {
	const text = await one('/api/v1/consent_text', { name: 'news-3', language: 'en', text: 'We may write to you about tea.' });
	const changed = await api('PATCH', `/api/v1/consent_text/${text.id}`, { text: 'We may do anything.' });
	assert.ok(changed.status >= 400 && changed.status < 500, changed.text);
	assert.equal((await api('POST', '/api/v1/consent_text', { name: 'news-3', language: 'en', text: 'again' })).status, 409);
	const { id } = await person('Lou');
	await entry(id, 'given', { text_version: 'news-3' });
	assert.equal((await api('DELETE', `/api/v1/consent_text/${text.id}`)).status, 409);
	assert.ok((await api('PATCH', `/api/v1/consent_text/${text.id}`, { retired: true })).status < 300);
});

test('links in mails to somebody who was merged since speak for who they are now', async () => {
	const last = await person('Last'), middle = await person('Middle'), first = await person('First');
	for (const { id } of [last, first]) await entry(id, 'given');
	const token = await tokenOf(first.id);
	await one('/api/v1/consents/ask', { customer_id: first.id, purpose: 'sharing' });
	const asked = hasSql ? /\/u\/([\w-]+)/.exec(sql(server.data, `SELECT b.text FROM outbox_body b JOIN outbox_mail o ON o.id = b.mail_id WHERE o.to_address = 'first@example.com'`))[1] : null;
	for (const [into, from] of [[middle, first], [last, middle]]) assert.equal((await api('POST', `/api/v1/customer/${into.id}/merge`, { from: [from.id] })).status, 200);
	const said = async (purpose) => (await stand(last.id)).now.find((n) => n.channel === 'email' && n.purpose === purpose)?.state;
	assert.match((await door('GET', `/u/${token}/choices?lang=en`)).text, /name="email" value="1" checked/);
	assert.equal((await door('POST', `/u/${token}`, 'List-Unsubscribe=One-Click')).status, 200);
	assert.equal(await said('marketing'), 'withdrawn', 'who was told that it is done gets nothing more');
	if (!asked) return;
	assert.equal((await door('POST', `/u/${asked}`, '')).status, 200);
	assert.equal(await said('sharing'), 'given');
});
