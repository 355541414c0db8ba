// Mail in: fetched once by IMAP whatever is cut, filed by what cannot be forged, answered in its thread.
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { imapServer } from '../lib/imap.mjs';
import { smtpSink } from '../lib/smtp.mjs';
import { adminEmail, client, guanxi, makeData, serve } from '../lib/server.mjs';

let folder, server, api, box, sink, mailbox;

const good = (answer, status) => {
  assert.ok(status ? answer.status === status : answer.status < 300, `${answer.status} ${answer.text}`);
  return answer.body;
};
async function until(what, done, ms = 30000) {
  const limit = Date.now() + ms;
  for (let found; Date.now() < limit; await sleep(30)) if ((found = await done())) return found;
  assert.fail(`waited in vain for ${what}`);
}
const make = async (entity, body) => good(await api('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' }), 201)[0];
const mails = async (query) => good(await api('GET', `/api/v1/mail_message?${query}`));
let count = 0;
/** A message, with a Message-ID of its own. */
const letter = ({ from = 'Li Na <li@example.org>', subject = 'A question', body = 'How do I return it?', headers = {}, id = `m${++count}@example.org` } = {}) =>
  Object.entries({ From: from, To: 'service@shop.example', Subject: subject, 'Message-ID': `<${id}>`, Date: 'Mon, 30 Nov 2026 08:00:00 +0000', ...headers })
    .map(([k, v]) => `${k}: ${v}\n`).join('') + `\n${body}\n`;
const arrives = async (message) => {
  const raw = typeof message === 'string' ? message : letter(message), subject = /^Subject: (.*)$/m.exec(raw)[1], uid = box.put(raw);
  return until(`"${subject}"`, async () => (await mails(`uid=eq.${uid}&uidvalidity=eq.${box.uidvalidity}`))[0]);
};
const conversation = async (id) => good(await api('GET', `/api/v1/case_message?case_id=eq.${id}&order=seq.asc`));
const answer = async (id, body = 'Send it back to us.') => make('case_message', { case_id: id, kind: 'out', channel: 'email', body });
const health = async () => good(await api('GET', '/api/v1/mailboxes/health')).mailboxes.find((m) => m.id === mailbox.id);

before(async () => {
  box = await imapServer();
  sink = await smtpSink();
  folder = makeData();
  appendFileSync(join(folder.data, 'guanxi.conf'), 'outgoing_allow = 127.0.0.1\n');
  const token = guanxi(['token', 'create', '--data', folder.data, '--user', adminEmail, '--name', 'test']).out.trim();
  server = await serve(folder.data);
  api = client(server.url, token);
  await make('mail_account', { name: 'Relay', address: 'service@shop.example', host: '127.0.0.1', port: sink.port, security: 'none', sign_in: 'none', is_default: true });
  mailbox = await make('mailbox', { name: 'Service', address: 'service@shop.example', host: '127.0.0.1', port: box.port, security: 'none', username: 'service', tagged: true });
  good(await api('PUT', `/api/v1/mailboxes/${mailbox.id}/password`, { password: 'open sesame' }), 204);
});
after(async () => {
  await server?.stop();
  folder?.remove();
  box?.close();
  sink?.close();
});

test('a mail opens a case of its customer; the answer goes out in its thread; the reply to that comes back to it', async () => {
  const customer = await make('customer', { name: 'Li Na', email: 'Li@Example.org' });
  const first = await arrives({ subject: '退货 how?', id: 'first@example.org', body: 'How do I return it?\n\n> what you wrote\n> before' });
  assert.deepEqual([first.kind, first.reason, first.customer_id, first.quoted], ['person', 'new', customer.id, true]);
  const matter = good(await api('GET', `/api/v1/case/${first.case_id}`));
  assert.deepEqual([matter.subject, matter.channel, matter.contact, matter.customer_id, matter.state, matter.unread], ['退货 how?', 'email', 'li@example.org', customer.id, 'new', true]);
  assert.deepEqual((await conversation(matter.id)).map((m) => [m.kind, m.body]), [['in', 'How do I return it?']]);
  const out = await answer(matter.id);
  const sent = await until('the answer', () => sink.mails.find((m) => m.to === 'li@example.org'));
  assert.match(sent.text, /^In-Reply-To: <first@example\.org>\r$/m);
  assert.match(sent.text, /^References: <first@example\.org>\r$/m);
  const [, tagged] = /^Reply-To: <?(service\+case\d+-[0-9a-f]{20}@shop\.example)>?\r$/m.exec(sent.text);
  const shown = await until('its state', async () => good(await api('GET', `/api/v1/case/${matter.id}/mails`)).went.find((w) => w.state === 'sent'));
  assert.deepEqual([shown.message_id, shown.to], [out.id, 'li@example.org']);
  // from another address, but to a mail that nobody else knows
  const reply = await arrives({ from: 'li.private@example.net', subject: 'Re: 退货', headers: { 'In-Reply-To': `<${sent.id}>` } });
  assert.deepEqual([reply.reason, reply.case_id, reply.detail], ['sent', matter.id, 'li.private@example.net']);
  const byAddress = await arrives({ subject: 'no header', headers: { To: `Shop <${tagged}>` } });
  assert.deepEqual([byAddress.reason, byAddress.case_id], ['reply_address', matter.id]);
  const byNumber = await arrives({ subject: `Again [${matter.number}]` });
  assert.deepEqual([byNumber.reason, byNumber.case_id], ['number', matter.id]);
  const more = await arrives({ subject: 'More', headers: { References: '<first@example.org>' } });
  assert.deepEqual([more.reason, more.case_id], ['received', matter.id]);
  const now = good(await api('GET', `/api/v1/case/${matter.id}`));
  assert.deepEqual([now.state, now.unread], ['open', true]);
});

test('S60 what anybody could have written opens no foreign case', async () => {
  const theirs = await arrives({ from: 'Wang <wang@example.org>', subject: 'Secret matter', id: 'secret@example.org' });
  const matter = good(await api('GET', `/api/v1/case/${theirs.case_id}`)), said = (await conversation(matter.id)).length;
  const own = await make('user', { name: 'Agent', email: 'agent@shop.example', roles: [] });
  for (const [message, reason] of [
    [{ from: 'mallory@example.com', subject: `Re: [${matter.number}] give it to me` }, 'foreign_number'],
    [{ from: 'mallory@example.com', subject: 'forged', headers: { 'In-Reply-To': '<secret@example.org>' } }, 'foreign_reference'],
    // ours, but not with the chance in it
    [{ from: 'mallory@example.com', subject: 'guessed', headers: { References: `<${matter.id}.0000000000000000@shop.example>` } }, 'new'],
    [{ from: 'mallory@example.com', subject: 'tagged', headers: { To: `service+case${matter.id}-0123456789abcdef0123@shop.example` } }, 'new'],
    // as if from a colleague: it is a mail like others, and nobody's answer
    [{ from: own.email, subject: `Re: [${matter.number}] all is refunded` }, 'foreign_number'],
  ]) {
    const got = await arrives(message);
    assert.equal(got.reason, reason, JSON.stringify(message));
    assert.notEqual(got.case_id, matter.id);
    assert.deepEqual((await conversation(got.case_id)).map((m) => [m.kind, m.author_id]), [['in', null]]);
  }
  assert.equal((await conversation(matter.id)).length, said);
  // a person puts it right, and takes it back
  const [stray] = await mails('subject=eq.forged');
  good(await api('POST', `/api/v1/mail_message/${stray.id}/move`, { case_id: matter.id }));
  assert.deepEqual((await conversation(matter.id)).map((m) => m.moved_from_id), [null, stray.case_id]);
  assert.deepEqual((await mails(`id=eq.${stray.id}`)).map((m) => [m.case_id, m.reason]), [[matter.id, 'by_person']]);
  const { case_id: fresh } = good(await api('POST', `/api/v1/mail_message/${stray.id}/move`, { fresh: true }));
  assert.equal(good(await api('GET', `/api/v1/case/${fresh}`)).subject, 'forged');
  assert.equal((await conversation(matter.id)).length, said);
  for (const [body, status] of [[{}, 422], [{ case_id: matter.id, fresh: true }, 422], [{ case_id: '17' }, 404], [{ case_id: fresh }, 409]])
    assert.equal((await api('POST', `/api/v1/mail_message/${stray.id}/move`, body)).status, status, JSON.stringify(body));
});

test('S60 loops die: what nobody wrote opens nothing, and a bounce is told where the mail came from', async () => {
  for (const [message, kind, reason] of [
    [{ from: 'away@example.org', subject: 'Away', headers: { 'Auto-Submitted': 'auto-replied' } }, 'auto_reply', 'auto_reply'],
    [{ from: 'news@example.org', subject: 'News', headers: { 'List-Id': '<news.example.org>', 'List-Unsubscribe': '<https://example.org/u>' } }, 'list', 'list'],
    [{ from: 'Service <SERVICE@shop.example>', subject: 'To ourselves' }, 'person', 'own'],
    [letter({ subject: 'Of nobody' }).replace(/^From: .*$/m, 'X-From: nobody'), 'person', 'nobody'],
  ]) {
    const got = await arrives(message);
    assert.deepEqual([got.kind, got.reason, got.case_id], [kind, reason, null], JSON.stringify(message));
  }
  const first = await arrives({ from: 'gone@example.org', subject: 'Soon gone' });
  const out = await answer(first.case_id);
  const sent = await until('the answer', () => sink.mails.find((m) => m.to === 'gone@example.org'));
  await until('its state', async () => good(await api('GET', `/api/v1/case/${first.case_id}/mails`)).went[0].state === 'sent');
  // an automatic answer stands in the case and moves nothing
  const auto = await arrives({ from: 'gone@example.org', subject: 'Out of office', headers: { 'Auto-Submitted': 'auto-replied', 'In-Reply-To': `<${sent.id}>` } });
  assert.deepEqual([auto.kind, auto.reason, auto.case_id], ['auto_reply', 'sent', first.case_id]);
  const report = `From: MAILER-DAEMON@example.org\nTo: service@shop.example\nSubject: Undelivered Mail\nMessage-ID: <b1@example.org>\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n
--b\nContent-Type: text/plain\n\nThe mail could not be delivered.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; gone@example.org\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 user unknown
--b\nContent-Type: text/rfc822-headers\n\nFrom: service@shop.example\nMessage-ID: <${sent.id}>\nSubject: Re: Soon gone\n\n--b--\n`;
  const bounce = await arrives(report);
  assert.deepEqual([bounce.kind, bounce.reason, bounce.case_id, bounce.detail], ['bounce', 'bounce', first.case_id, 'gone@example.org 5.1.1']);
  const went = good(await api('GET', `/api/v1/case/${first.case_id}/mails`)).went[0];
  assert.deepEqual([went.message_id, went.state, went.reason, went.reply], [out.id, 'failed', 'outbox_bounced', 'gone@example.org 5.1.1']);
  const last = (await conversation(first.case_id)).at(-1);
  assert.deepEqual([last.kind, last.body, last.detail], ['event', 'mail_bounced', 'gone@example.org 5.1.1']);
  const strange = await arrives(report.replaceAll(sent.id, 'other@example.org').replace('b1@', 'b2@').replace('Undelivered Mail', 'Undelivered, not ours'));
  assert.deepEqual([strange.reason, strange.case_id], ['bounce_unknown', null]);
});

test('each message once: cut at every step, in the middle of a literal, under another UIDVALIDITY, in two mailboxes', async () => {
  for (const [stage, how] of [['greet', 'drop'], ['login', 'drop'], ['examine', 'half'], ['search', 'drop'], ['sizes', 'half'], ['fetch', 'half'], ['fetch', 'drop'], ['idle', 'drop'],
    ['fetch', '* 1 FETCH (UID 1 BODY[] {99999999999}\r\n'], ['search', '* SEARCH \x00\xff\r\nnonsense\r\n']]) {
    let cut = false;
    box.answer = (at) => (at === stage && !cut ? ((cut = true), how) : undefined);
    box.cut(); // it has to begin anew
    const subject = `Cut at ${stage} ${JSON.stringify(how)}`.slice(0, 60);
    const got = await arrives({ subject, from: `cut${count}@example.org` });
    await until(`${stage} to be cut`, () => cut);
    assert.deepEqual([got.reason, (await mails(`subject=eq.${encodeURIComponent(subject)}`)).length], ['new', 1], subject);
  }
  const before = (await mails('select=id&limit=1000')).length, cases = (await api('GET', '/api/v1/case?select=id&limit=1000')).body.length;
  box.renumber();
  await arrives({ subject: 'After the numbers changed', from: 'later@example.org' });
  assert.equal((await mails('select=id&limit=1000')).length, before + 1);
  assert.equal((await api('GET', '/api/v1/case?select=id&limit=1000')).body.length, cases + 1);
});

test('a server that hangs up at once each time is called less and less often', async () => {
  box.answer = (at) => (at === 'idle' ? 'drop' : undefined);
  box.cut();
  const failing = await until('it to be noticed', async () => { const m = await health(); return m.failures > 0 && m; });
  assert.deepEqual([failing.error, typeof failing.paused_until], ['The connection broke', 'string']);
  box.answer = () => undefined;
  await until('it to be well', async () => (await health()).failures === 0);
  await arrives({ subject: 'After that', from: 'after@example.org' });
});

test('mail of any kind is kept as it came, shown without what could run, and read by nobody who may not', async () => {
  const html = '<p onclick="x()">Hello <img src="https://example.org/pixel.png"><script>alert(1)</script><a href="javascript:x()">here</a></p><style>p{background:url(https://example.org/)}</style>';
  const got = await arrives(letter({ subject: '=?utf-8?B?5oqV6K+J?= hostile', from: 'hostile@example.org', headers: { 'Content-Type': 'text/html; charset=utf-8', 'MIME-Version': '1.0' }, body: html }).replace('=?utf-8?B?5oqV6K+J?= hostile', 'Hostile'));
  assert.equal(got.html, true);
  const frame = await api('GET', `/api/v1/mail_message/${got.id}/frame`);
  assert.match(frame.headers.get('content-security-policy'), /default-src 'none'.*sandbox/);
  assert.match(frame.text, /Hello/);
  assert.doesNotMatch(frame.text, /script|onclick|javascript:|url\(|\ssrc=/);
  assert.match((await api('GET', `/api/v1/mail_message/${got.id}/raw`)).text, /^From: hostile@example\.org\r\n[^]*<script>/);
  const text = await api('GET', `/api/v1/mail_message/${got.id}/text`);
  assert.deepEqual([text.status, /alert|<script>/.test(text.text), /Hello/.test(text.text)], [200, false, true], text.text);
  // nesting without end, a header of a megabyte, no header at all: each is kept, and the next one comes
  const deep = `${letter({ subject: 'Deep', from: 'deep@example.org', headers: { 'Content-Type': 'multipart/mixed; boundary=x0' }, body: '' })}${Array.from({ length: 1200 }, (_, i) => `--x${i}\nContent-Type: multipart/mixed; boundary=x${i + 1}\n\n`).join('')}text`;
  assert.equal((await arrives(deep)).reason, 'new');
  assert.equal((await arrives(letter({ subject: 'Long header', from: 'long@example.org', headers: { 'X-Long': 'x'.repeat(1 << 20) } }))).reason, 'new');
  const bare = box.put('\x00\xff\xfe no header at all');
  assert.equal((await until('it', async () => (await mails(`uid=eq.${bare}&uidvalidity=eq.${box.uidvalidity}`))[0])).case_id, null);
  box.messages.push({ uid: box.next++, raw: Buffer.from(letter({ subject: 'Too large', from: 'large@example.org', body: 'x'.repeat(400000) }).replace(/\n/g, '\r\n')), at: new Date(), size: 64 << 20 });
  const large = await arrives({ subject: 'After it', from: 'after@example.org' }).then(() => mails('subject=eq.Too large'));
  assert.deepEqual(large.map((m) => [m.cut, m.size]), [[true, 262144]]);
  // nobody without a right to it
  for (const path of ['text', 'frame', 'raw']) assert.equal((await client(server.url, 'no token')('GET', `/api/v1/mail_message/${got.id}/${path}`)).status, 401);
});

test('what goes wrong is said in plain words, and secrets stay here', async () => {
  box.secret = 'another';
  box.cut();
  const failing = await until('the failure', async () => { const m = await health(); return /does not accept/.test(m.error) && m; });
  assert.equal(failing.error, 'The server does not accept the user name or the password');
  assert.equal(failing.said, '[AUTHENTICATIONFAILED] wrong password');
  const tried = good(await api('POST', `/api/v1/mailboxes/${mailbox.id}/test`));
  assert.deepEqual([tried.good, tried.error], [false, failing.error]);
  good(await api('PUT', `/api/v1/mailboxes/${mailbox.id}/password`, { password: 'another' }), 204);
  assert.equal(good(await api('POST', `/api/v1/mailboxes/${mailbox.id}/test`)).good, true);
  await until('it to be well', async () => { const m = await health(); return m.failures === 0 && m.error === null; });
  assert.ok(!JSON.stringify(good(await api('GET', `/api/v1/mailbox/${mailbox.id}`))).includes('another'));
  // changed where it goes: the password was given for another place
  good(await api('PATCH', `/api/v1/mailbox/${mailbox.id}`, { username: 'someone' }));
  assert.equal((await health()).has_password, false);
  for (const [body, field] of [[{ host: 'a b' }, 'host'], [{ host: '-oX' }, 'host'], [{ port: 70000 }, 'port']])
    assert.equal((await api('PATCH', `/api/v1/mailbox/${mailbox.id}`, body)).status, 422, field);
  good(await api('PATCH', `/api/v1/mailbox/${mailbox.id}`, { folder: 'x\r\nA LOGOUT' }));
  assert.doesNotMatch(good(await api('GET', `/api/v1/mailbox/${mailbox.id}`)).folder, /[\r\n]/);
  // an address inside that no list names, however it is written
  for (const host of ['127.0.0.2', '[::1]', '10.0.0.1', '0x7f000003']) {
    const other = await make('mailbox', { name: host, address: 'x@shop.example', host, port: 993, username: 'x', active: false });
    good(await api('PUT', `/api/v1/mailboxes/${other.id}/password`, { password: 'x' }), 204);
    assert.match(good(await api('POST', `/api/v1/mailboxes/${other.id}/test`)).error, /is not called|name of the server/, host);
  }
});
