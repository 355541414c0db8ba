// Campaigns by e-mail, over a mail server of the test's own: every row has an end, nobody gets it twice, and who said no a moment ago gets nothing.
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { repeating } from '../lib/repeat.mjs';
import { adminEmail, client, guanxi, makeData, serve } from '../lib/server.mjs';
import { smtpSink } from '../lib/smtp.mjs';

let folder, server, api, token, sink, account, key;
const good = (answer, status) => {
	assert.ok(status ? answer.status === status : answer.status < 300, `${answer.status} ${answer.text}`);
	return answer.body;
};
const one = async (path, body) => good(await api('POST', path, body, { Prefer: 'return=representation' }), 201)[0];
const set = async (values) => good(await api('PATCH', '/api/v1/settings', { values }));
const url = 'https://crm.example.com';
async function until(what, done, ms = 12_000) {
	const limit = Date.now() + ms;
	for (let found; Date.now() < limit; await new Promise((go) => setTimeout(go, 20))) if ((found = await done())) return found;
	assert.fail(`waited in vain for ${what}`);
}
const act = (id, what, body) => api('POST', `/api/v1/campaigns/${id}/${what}`, body ?? {});
const rows = async (id) => good(await api('GET', `/api/v1/campaign_recipient?campaign_id=eq.${id}&select=id,customer_id,state,reason,note,attempts,unsubscribed_at&order=customer_id&limit=500`));
const campaign = async (id) => good(await api('GET', `/api/v1/campaign/${id}`));
const all = (id, state, n) => until(`${n} to be ${state}`, async () => { const r = await rows(id); return r.length === n && r.every((x) => x.state === state) && r; });
const finished = (id) => until('the end', async () => (await campaign(id)).state === 'finished');
const got = (name) => sink.mails.filter((m) => m.text.includes(`Subject: ${name} `));
const came = (name) => got(name).map((m) => m.to).sort();
const active = async (on) => good(await api('PATCH', `/api/v1/mail_account/${account.id}`, { active: on }));
const outbox = async (recipient) => good(await api('GET', `/api/v1/outbox?entity=campaign_recipient&record_id=${recipient}`)).mails;

/** The mail server answers nothing at this stage before go(). */
function hold(stage) {
	const it = {};
	let reached;
	it.here = new Promise((done) => (reached = done));
	const free = new Promise((done) => (it.go = () => { sink.answer = () => undefined; done(); }));
	sink.answer = async (now) => { if (now === stage) { reached(); await free; } };
	return it;
}
/** People of a town of their own, with consent, as a segment. */
async function town(name, n, more = {}) {
	const made = good(await api('POST', '/api/v1/customer', Array.from({ length: n }, (_, i) => ({ name: `${name} ${i}`, email: `${name.toLowerCase()}${i}@example.org`,
		phone: `+861390013${String(1000 + i)}`, city: name, language: 'en', ...more })), { Prefer: 'return=representation' }), 201);
	good(await api('POST', '/api/v1/consent', made.flatMap((c) => ['email', 'phone', 'post'].map((channel) => ({ customer_id: c.id, channel, purpose: 'marketing', state: 'given' })))), 201);
	const { id } = await one('/api/v1/segment', { name, entity: 'customer', condition: JSON.stringify({ field: 'city', op: 'eq', value: name }) });
	await until('the segment', async () => good(await api('GET', `/api/v1/segment/${id}`)).state === 'ready');
	return { segment: id, people: made.map((c) => c.id), addresses: made.map((c) => c.email).sort() };
}
async function letter(name, segment, more = {}) {
	const { id } = await one('/api/v1/campaign', { name, channel: 'email', segments: [segment], control_share: '0', ...more });
	await one('/api/v1/campaign_content', { campaign_id: id, language: 'en', subject: `${name} for {{name}}`, text: 'Hello {{name}}', html: '<p>Hello {{name}}</p>' });
	return id;
}
async function sent(name, segment) {
	const id = await letter(name, segment);
	good(await act(id, 'start'));
	return id;
}

before(async () => {
	sink = await smtpSink();
	folder = makeData();
	appendFileSync(join(folder.data, 'guanxi.conf'), 'outgoing_allow = 127.0.0.1\n');
	token = guanxi(['token', 'create', '--data', folder.data, '--user', adminEmail, '--name', 'test']).out.trim();
	server = await serve(folder.data);
	api = client(server.url, token);
	account = await one('/api/v1/mail_account', { name: 'Relay', address: 'shop@example.cn', host: '127.0.0.1', port: sink.port, security: 'none', sign_in: 'none', is_default: true });
	key = await one('/api/v1/mail_key', { domain: 'example.cn', selector: 's1', algorithm: 'ed25519', active: true });
	await set({ 'consent.url': url, 'consent.quiet_from': '-', 'consent.quiet_until': '-', 'consent.cap_day': '0', 'consent.cap_week': '0', 'consent.cap_month': '0' });
});
after(async () => {
	await server?.stop();
	folder?.remove();
	sink?.close();
});

test('without an address that customers reach nothing is started; taken away, a running one is paused', async () => {
	const { segment } = await town('Anshan', 3);
	const id = await letter('Anshan', segment);
	for (const bad of ['', 'http://crm.example.com']) {
		await set({ 'consent.url': bad });
		const no = await act(id, 'start');
		assert.equal(no.status, 409, no.text);
		assert.match(no.text, /https:\/\/ address customers reach/);
	}
	await set({ 'consent.url': url });
	good(await api('PATCH', `/api/v1/campaign/${id}`, { starts_at: new Date(Date.now() + 1500).toISOString() }));
	good(await act(id, 'start'));
	await set({ 'consent.url': '' });
	await until('the pause', async () => { const c = await campaign(id); return c.state === 'paused' && c.error === 'url'; });
	assert.equal((await act(id, 'resume')).status, 409);
	await set({ 'consent.url': url });
	good(await act(id, 'resume'));
	await finished(id);
	assert.equal((await campaign(id)).error, null);
	assert.equal(got('Anshan').length, 3);
});

test('everybody gets one mail, signed with its way out; one POST to it and nothing more comes', async () => {
	const { segment, people, addresses } = await town('Baotou', 12);
	const id = await sent('Baotou', segment);
	await finished(id);
	assert.ok((await rows(id)).every((r) => r.state === 'sent' && r.attempts === 0));
	assert.deepEqual(came('Baotou'), addresses);
	const dns = good(await api('GET', `/api/v1/mail_key/${key.id}`));
	const dir = mkdtempSync(join(tmpdir(), 'guanxi-campaign-'));
	writeFileSync(join(dir, 'dns'), `${dns.dns_name} ${dns.dns_value}\n`);
	for (const mail of got('Baotou').slice(0, 2)) {
		writeFileSync(join(dir, 'mail'), mail.text);
		const seen = JSON.parse(guanxi(['mail', 'verify', join(dir, 'mail'), '--dns', join(dir, 'dns')]).out);
		assert.deepEqual(seen.dkim.map((d) => d.result), ['pass']);
		const covered = /^DKIM-Signature:[\s\S]*?\bh=([\s\S]*?);/m.exec(mail.text)[1].replace(/\s/g, '').toLowerCase().split(':');
		assert.ok(['list-unsubscribe', 'list-unsubscribe-post', 'subject', 'from'].every((h) => covered.includes(h)), covered.join(' '));
		assert.match(mail.text, /^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r$/m);
	}
	rmSync(dir, { recursive: true });
	const link = /^List-Unsubscribe: <https:\/\/crm\.example\.com(\/u\/[\w-]+)>\r$/m.exec(got('Baotou').find((m) => m.to === 'baotou5@example.org').text)[1];
	assert.equal((await fetch(server.url + link)).status, 200);
	assert.equal((await rows(id)).filter((r) => r.unsubscribed_at).length, 0, 'looking changes nothing');
	assert.equal((await fetch(server.url + link, { method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: 'List-Unsubscribe=One-Click' })).status, 200);
	assert.deepEqual((await rows(id)).filter((r) => r.unsubscribed_at).map((r) => r.customer_id), [people[5]]);
	const again = await sent('Baotou2', segment);
	await finished(again);
	assert.deepEqual((await rows(again)).filter((r) => r.state !== 'sent').map((r) => [r.customer_id, r.state, r.reason]), [[people[5], 'skipped', 'withdrawn']]);
	assert.deepEqual(came('Baotou2'), addresses.filter((a) => a !== 'baotou5@example.org'));
});

test('what was said in the second before is obeyed, and the row says why', async () => {
	const { segment, people } = await town('Changsha', 6);
	await active(false);
	const id = await sent('Changsha', segment);
	await all(id, 'queued', 6);
	await one('/api/v1/consent', { customer_id: people[0], channel: 'email', purpose: 'marketing', state: 'withdrawn' });
	await one('/api/v1/case', { customer_id: people[1], subject: 'broken', kind: 'complaint', state: 'open' });
	good(await api('PATCH', `/api/v1/customer/${people[2]}`, { email: 'elsewhere@example.org' }));
	good(await api('DELETE', `/api/v1/customer/${people[3]}`));
	await active(true);
	await finished(id);
	const why = Object.fromEntries((await rows(id)).map((r) => [r.customer_id, [r.state, r.reason]]));
	assert.deepEqual(people.map((p) => why[p]), [['skipped', 'withdrawn'], ['skipped', 'complaint'], ['skipped', 'no_address'], undefined, ['sent', null], ['sent', null]]);
	assert.deepEqual(came('Changsha'), ['changsha4@example.org', 'changsha5@example.org']);
	// the mail server has said that it takes the text, and the last line has not gone
	const held = hold('data'), late = await sent('Late', segment);
	await held.here;
	for (const p of people.slice(4)) await one('/api/v1/consent', { customer_id: p, channel: 'email', purpose: 'marketing', state: 'withdrawn' });
	held.go();
	await finished(late);
	assert.deepEqual((await rows(late)).filter((r) => r.reason === 'withdrawn').map((r) => r.customer_id).sort(), [0, 4, 5].map((i) => people[i]).sort());
	assert.deepEqual(came('Late'), ['elsewhere@example.org']);
});

test('refused for ever: told, and sent again to those alone; a retry by hand and a resend do not make two', async () => {
	const { segment, people } = await town('Dalian', 6);
	const gone = ['dalian1@example.org', 'dalian4@example.org', 'dalian5@example.org'];
	sink.answer = (stage, { to }) => (stage === 'rcpt' && gone.includes(to) ? '550 5.1.1 no such user' : undefined);
	assert.equal((await act(await letter('Nobody', segment), 'resend')).status, 409);
	const id = await sent('Dalian', segment);
	await finished(id);
	const failed = (await rows(id)).filter((r) => r.state !== 'sent');
	assert.deepEqual(failed.map((r) => [r.customer_id, r.state, r.reason, r.note]), [1, 4, 5].map((i) => [people[i], 'failed', 'server', '5.1.1 no such user']));
	assert.equal(good(await api('GET', `/api/v1/campaigns/${id}/results`)).arms[1].failed, 3);
	sink.answer = () => undefined;
	const [mail] = await outbox(failed[0].id);
	await active(false);
	good(await api('POST', `/api/v1/outbox/${mail.id}/retry`), 202);
	await active(true);
	await until('the row', async () => (await rows(id)).find((r) => r.id === failed[0].id).state === 'sent');
	assert.equal(good(await act(id, 'resend')).state, 'running');
	await finished(id);
	assert.ok((await rows(id)).every((r) => r.state === 'sent'));
	assert.deepEqual(came('Dalian'), [0, 1, 2, 3, 4, 5].map((i) => `dalian${i}@example.org`));
	assert.equal((await act(id, 'resend')).status, 409);
});

test('pause holds back what waits in the outbox and what comes back to it; stop takes it out', async () => {
	const { segment, addresses } = await town('Fuzhou', 8);
	await active(false);
	const id = await sent('Fuzhou', segment);
	await all(id, 'queued', 8);
	good(await act(id, 'pause'));
	assert.ok((await rows(id)).every((r) => r.state === 'waiting'));
	await active(true);
	// with the sender already, its last line not yet gone
	const held = hold('data');
	good(await act(id, 'resume'));
	await held.here;
	good(await act(id, 'pause'));
	assert.ok((await rows(id)).every((r) => r.state === 'waiting'));
	held.go();
	await finished(await sent('Marker', (await town('Marker', 3)).segment));
	assert.equal(got('Fuzhou').length, 0);
	good(await act(id, 'resume'));
	await finished(id);
	assert.deepEqual(came('Fuzhou'), addresses);
	await active(false);
	const other = await sent('Stopped', segment);
	await all(other, 'queued', 8);
	good(await act(other, 'stop'));
	assert.ok((await rows(other)).every((r) => r.state === 'skipped' && r.reason === 'stopped'));
	await active(true);
	const last = await sent('Last', segment);
	await finished(last);
	assert.deepEqual([got('Stopped').length, got('Last').length], [0, 8]);
});

test('two campaigns race for one person: the cap holds, over channels too', async () => {
	const { segment, addresses } = await town('Guilin', 10);
	await active(false);
	await set({ 'consent.cap_month': '1' });
	const mails = [await sent('GuilinA', segment), await sent('GuilinB', segment)];
	const calls = await one('/api/v1/campaign', { name: 'Calls', channel: 'phone', segments: [segment], control_share: '0' });
	good(await act(calls.id, 'start'));
	for (const id of mails) await all(id, 'queued', 10);
	await all(calls.id, 'ready', 10);
	await active(true);
	for (const id of mails) await finished(id);
	assert.deepEqual([...came('GuilinA'), ...came('GuilinB')].sort(), addresses);
	const ends = (await Promise.all(mails.map(rows))).flat();
	assert.deepEqual(ends.map((r) => r.reason ?? r.state).sort(), [...Array(10).fill('cap'), ...Array(10).fill('sent')]);
	await set({ 'consent.cap_month': '0' });
	good(await act(calls.id, 'stop'));
});

test('killed in the middle of sending: nobody twice, nobody lost, and it ends', async () => {
	const { segment, addresses } = await town('Harbin', 150);
	const id = await sent('Harbin', segment);
	await until('some to have come', () => got('Harbin').length > 20);
	server.kill();
	await server.ended;
	server = await serve(folder.data);
	api = client(server.url, token);
	await until('the end', async () => (await campaign(id)).state === 'finished', 20_000);
	const ended = await rows(id), unsure = ended.filter((r) => r.state === 'unsure');
	assert.equal(ended.length, 150);
	assert.ok(ended.every((r) => ['sent', 'unsure'].includes(r.state)));
	const arrived = came('Harbin');
	assert.equal(new Set(arrived).size, arrived.length, 'nobody twice');
	assert.ok(150 - arrived.length <= unsure.length && unsure.length <= 4, `${150 - arrived.length} did not come, ${unsure.length} unsure`);
	assert.equal(good(await api('GET', `/api/v1/campaigns/${id}/results`)).arms[1].unsure, unsure.length);
	for (const r of unsure) good(await api('POST', `/api/v1/outbox/${(await outbox(r.id))[0].id}/retry`), 202);
	await all(id, 'sent', 150);
	assert.deepEqual([...new Set(came('Harbin'))], addresses);
});

/** Rows of a CSV without line breaks in its cells. */
const table = (text) => text.replace(/^\ufeff/, '').trim().split('\r\n').map((line) => line.split(','));

test('lists of calls and letters: who may be contacted, asked at each look and when they are handed over', async () => {
	const { segment, people } = await town('Jinan', 6);
	const list = async (id, as = api) => table(good(await as('GET', `/api/v1/campaigns/${id}/list`)));
	const { id } = await one('/api/v1/campaign', { name: 'Calls', channel: 'phone', segments: [segment], control_share: '0' });
	assert.equal((await api('GET', `/api/v1/campaigns/${id}/list`)).status, 409, 'a draft has none');
	assert.equal((await api('GET', `/api/v1/campaigns/${await letter('Letter', segment)}/list`)).status, 409);
	good(await act(id, 'start'));
	await all(id, 'ready', 6);
	let [head, ...calls] = await list(id);
	assert.deepEqual(head, ['Name', 'Phone', 'Language', 'Variant', 'Not before', 'Why not']);
	assert.deepEqual(calls.map((r) => r.slice(0, 3)), [0, 1, 2, 3, 4, 5].map((i) => [`Jinan ${i}`, `+861390013${1000 + i}`, 'en']));
	await one('/api/v1/consent', { customer_id: people[0], channel: 'phone', purpose: 'marketing', state: 'withdrawn' });
	await one('/api/v1/case', { customer_id: people[1], subject: 'broken', kind: 'complaint', state: 'open' });
	assert.deepEqual((await list(id)).slice(1).map((r) => r[0]), ['Jinan 2', 'Jinan 3', 'Jinan 4', 'Jinan 5']);
	const hour = (h) => `${String((new Date(Date.now() + 8 * 3600_000).getUTCHours() + h + 24) % 24).padStart(2, '0')}:00`; // they have Chinese numbers
	await set({ 'consent.quiet_from': hour(-1), 'consent.quiet_until': hour(2), 'firm.time_zone': 'Asia/Shanghai' });
	calls = (await list(id)).slice(1);
	assert.ok(calls.length === 4 && calls.every((r) => r[5] === 'Quiet hours' && Date.parse(r[4]) > Date.now()), JSON.stringify(calls));
	assert.deepEqual(good(await act(id, 'hand_over')), { handed_over: 4, skipped: 2, later: 0 });
	await set({ 'consent.quiet_from': '-', 'consent.quiet_until': '-' });
	await finished(id);
	assert.deepEqual((await rows(id)).map((r) => [r.state, r.reason]).slice(0, 3), [['skipped', 'withdrawn'], ['skipped', 'complaint'], ['sent', null]]);
	assert.deepEqual((await list(id)).slice(1).map((r) => r[0]), ['Jinan 2', 'Jinan 3', 'Jinan 4', 'Jinan 5']);
	// the caps count what was handed over: a second list waits, or ends, with that reason
	const more = await one('/api/v1/campaign', { name: 'Letters', channel: 'post', segments: [segment], control_share: '0' });
	for (const i of [2, 3, 4]) await one('/api/v1/address', { customer_id: people[i], street: `Old road ${i}`, city: 'Jinan', receiver: `=Li ${i}` });
	await one('/api/v1/address', { customer_id: people[2], street: 'New road', city: 'Jinan', postcode: '250000', is_default: true });
	good(await act(more.id, 'start'));
	await until('the list', async () => (await rows(more.id)).length === 6);
	const post = await list(more.id);
	assert.deepEqual(post[0], ['Name', 'Receiver', 'Country', 'Province', 'City', 'District', 'Street', 'Postcode', 'Variant', 'Not before', 'Why not']);
	assert.deepEqual(post.slice(1).map((r) => [r[0], r[1], r[4], r[6], r[7]]), [['Jinan 2', '', 'Jinan', 'New road', '250000'], ['Jinan 3', "'=Li 3", 'Jinan', 'Old road 3', ''], ['Jinan 4', "'=Li 4", 'Jinan', 'Old road 4', '']]);
	await set({ 'consent.cap_day': '1' });
	assert.equal((await list(more.id)).length, 1);
	assert.equal((await list(id)).length, 5, 'the call itself does not count against it');
	assert.deepEqual(good(await act(more.id, 'hand_over')), { handed_over: 0, skipped: 0, later: 3 });
	assert.equal((await campaign(more.id)).state, 'running');
	await set({ 'consent.cap_day': '0', 'consent.cap_month': '1' });
	assert.deepEqual(good(await act(more.id, 'hand_over')), { handed_over: 0, skipped: 3, later: 0 });
	await finished(more.id);
	await set({ 'consent.cap_month': '0' });
	// who may not take customers out, or read their numbers, gets none
	const { id: role } = await one('/api/v1/role', { name: 'looks', rights: { '*': { read: 'all' } }, caps: [] });
	await one('/api/v1/user', { name: 'Lo', email: 'lo@example.com', roles: [role] });
	const lo = client(server.url, guanxi(['token', 'create', '--data', folder.data, '--user', 'lo@example.com', '--name', 't']).out.trim());
	assert.equal((await lo('GET', `/api/v1/campaigns/${id}/list`)).status, 403);
	assert.equal((await lo('POST', `/api/v1/campaigns/${id}/hand_over`, {})).status, 403);
	good(await api('PATCH', `/api/v1/role/${role}`, { rights: { '*': { read: 'all', export: 'all' } } }));
	assert.equal((await list(id, lo)).length, 5);
	good(await api('PATCH', `/api/v1/role/${role}`, { rights: { '*': { read: 'all', export: 'all' }, customer: { read: 'all', export: 'all', fields: { phone: 'masked' } } } }));
	assert.equal((await lo('GET', `/api/v1/campaigns/${id}/list`)).status, 403);
	for (const path of ['0', 'x', '9223372036854775807']) assert.equal((await api('GET', `/api/v1/campaigns/${path}/list`)).status, 404, path);
	const taken = good(await api('GET', '/api/v1/audit?action=export&entity=customer&limit=50')).rows;
	assert.equal(taken.filter((r) => JSON.stringify(r).includes(more.id)).length, repeating ? 6 : 2, 'each look is in the log');
});
