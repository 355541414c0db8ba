// Outgoing mails: once a key, asked of gates, signed, handed over by SMTP, tried again, and never twice but where nobody can know.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { certificate, smtpSink } from '../lib/smtp.mjs';

const plain = process.env.GUANXI ?? new URL('../../build/guanxi', import.meta.url).pathname;
const own = join(dirname(realpathSync(plain)), '../../tests/capability/guanxi_capability');
process.env.GUANXI = own;
const { adminEmail, client, engine, guanxi, makeData, serve } = await import('../lib/server.mjs');
const { hasSql, sql } = await import('../lib/sql.mjs');

const good = (answer, status) => {
  assert.ok(status ? answer.status === status : answer.status < 300, `${answer.status} ${answer.text}`);
  return answer.body;
};
async function until(what, done, ms = 15000) {
  const limit = Date.now() + ms;
  for (let found; Date.now() < limit; await sleep(25)) if ((found = await done())) return found;
  assert.fail(`waited in vain for ${what}`);
}

describe('outgoing mails', { skip: existsSync(own) ? false : `no ${own}` }, () => {
  let folder, server, api, sink, account, token;

  before(async () => {
    sink = await smtpSink();
    folder = makeData();
    appendFileSync(join(folder.data, 'guanxi.conf'), 'outgoing_allow = 127.0.0.1\n');
    token = guanxi(['token', 'create', '--data', folder.data, '--user', adminEmail, '--name', 'test']).out.trim();
    server = await serve(folder.data);
    api = client(server.url, token);
    account = await make('mail_account', { name: 'Relay', address: 'shop@example.cn', from_name: '龙门客栈', host: '127.0.0.1', port: sink.port, security: 'none', sign_in: 'none', is_default: true });
  });
  after(async () => {
    await server?.stop();
    folder?.remove();
    sink?.close();
  });

  async function make(entity, body) {
    return good(await api('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' }), 201)[0];
  }
  const keep = async (body) => good(await api('POST', '/api/v1/stall/invite', { to: 'li@example.org', subject: 'Hello', text: 'Hi.', ...body })).id;
  const list = async (query = '') => good(await api('GET', `/api/v1/outbox?${query}`)).mails;
  const mail = async (id) => (await list('limit=200')).find((m) => m.id === id);
  const ends = (id, state) => until(`mail ${id} to be ${state}`, async () => { const m = await mail(id); return m?.state === state && m; });
  const told = async (id) => good(await api('GET', '/api/v1/stall/told')).filter((line) => line.startsWith(`mail ${id} `)).map((line) => line.split(' ').slice(2).join(' '));
  const given = (subject) => sink.mails.filter((m) => m.text.includes(`Subject: ${subject}\r\n`));
  const fast = async () => { for (const connections of [3, 4]) good(await api('PATCH', `/api/v1/mail_account/${account.id}`, { connections })); }; // whoever changes an account has it tried again
  async function again() {
    await server.stop();
    server = await serve(folder.data);
    api = client(server.url, token);
  }

  test('kept once a key, in the transaction of its cause; asked of the gate; told what became of it', async () => {
    const first = await keep({ key: 'k/1', subject: 'Once' });
    assert.equal(await keep({ key: 'k/1', subject: 'Once more' }), first);
    assert.equal((await api('POST', '/api/v1/stall/invite', { to: 'a@example.org', subject: 'Rolled back', text: 'x', fails: true })).status, 409);
    const m = await ends(first, 'sent');
    assert.deepEqual([m.attempts, m.reply_code, m.entity, m.purpose, m.to_address], [1, 250, 'stall', 'service', 'li@example.org']);
    const [got] = given('Once');
    assert.deepEqual([got.from, got.to, got.id], ['shop@example.cn', 'li@example.org', m.message_id]);
    assert.match(got.text, /^From: =\?utf-8\?B\?[A-Za-z0-9+/=]+\?=\r\n <shop@example\.cn>\r$/m);
    assert.deepEqual(await told(first), ['sent 250 taken']);
    const refused = await keep({ subject: 'Refuse: no' }), later = await keep({ subject: 'Later: yes' }), past = await keep({ subject: 'In time', not_before: Date.now() + 700 });
    assert.equal((await ends(refused, 'refused')).reason, 'no_consent');
    assert.deepEqual(await told(refused), ['refused 0 no_consent']);
    const began = Date.now();
    await ends(past, 'sent');
    await ends(later, 'sent');
    assert.ok(given('In time')[0].at >= began - 200 && given('Later: yes')[0].at >= began + 1000);
    assert.deepEqual([given('Refuse: no').length, given('Rolled back').length, given('Once').length, given('Once more').length], [0, 0, 1, 0]);
  });

  test('what it says arrives as it was written; nothing slips into the header', async () => {
    const html = `<p>${'长城内外，惟余莽莽 '.repeat(60)}</p>`, subject = `关于您的订单：${'很长的主题 '.repeat(12)}`;
    const id = await keep({ name: 'O"Brien, 李', subject, text: '.dot\n..two\n一二三\n', html, header: 'List-Unsubscribe: <https://example.cn/u/1>' });
    await ends(id, 'sent');
    const got = sink.mails.at(-1);
    assert.ok(got.text.split('\r\n').every((l) => l.length <= 998 && /^[\x20-\x7e\t]*$/.test(l)));
    const dir = mkdtempSync(join(tmpdir(), 'guanxi-outbox-'));
    writeFileSync(join(dir, 'got.eml'), got.text);
    const read = JSON.parse(spawnSync(own, ['mail', 'explain', join(dir, 'got.eml')], { encoding: 'utf8' }).stdout);
    rmSync(dir, { recursive: true });
    assert.deepEqual([read.subject.trim(), read.text.trim(), read.from, read.message_id], [subject.trim(), '.dot\n..two\n一二三', '龙门客栈 <shop@example.cn>', got.id]);
    assert.ok(read.html.includes('惟余莽莽'));
    assert.match(got.text, /^List-Unsubscribe: <https:\/\/example\.cn\/u\/1>\r$/m);
    for (const [body, status] of [[{ header: 'Bcc: x@example.org' }, 422], [{ subject: 'a\r\nBcc: b@example.org' }, 422], [{ to: 'a@example.org>\r\nRCPT TO:<b@example.org' }, 422], [{ to: 'nobody' }, 422],
      [{ text: 'x'.repeat((1 << 20) + 1) }, 413]])
      assert.equal((await api('POST', '/api/v1/stall/invite', { to: 'li@example.org', subject: 'x', text: 'x', ...body })).status, status, JSON.stringify(body).slice(0, 80));
  });

  test('refused for ever, for a while, and by whom', async () => {
    sink.answer = (stage, { to }) => (stage === 'rcpt' && to === 'gone@example.org' ? '550 5.1.1 no such user' : stage === 'rcpt' && to === 'full@slow.example' ? '452 4.2.2 mailbox full' : undefined);
    const gone = await keep({ to: 'gone@example.org' }), full = await keep({ to: 'full@slow.example' });
    const m = await ends(gone, 'failed');
    assert.deepEqual([m.reply_code, m.reply], [550, '5.1.1 no such user']);
    assert.deepEqual(await told(gone), ['failed 550 5.1.1 no such user']);
    const waits = await until('the second to wait', async () => { const w = await mail(full); return w.attempts === 1 && w.state === 'waiting' && w; });
    assert.deepEqual([waits.reply_code, waits.reply], [452, '4.2.2 mailbox full']);
    assert.ok(Date.parse(waits.next_at) > Date.now() + 30000);
    // its domain is left in peace; others are not
    const same = await keep({ to: 'other@slow.example' }), other = await keep({ to: 'other@example.org' });
    await ends(other, 'sent');
    assert.equal((await mail(same)).state, 'waiting');
    assert.deepEqual(good(await api('GET', '/api/v1/outbox/health')).slow.map((s) => [s.domain, s.reply]), [['slow.example', '4.2.2 mailbox full']]);
    sink.answer = () => undefined;
    // a person tries again, or lets it be
    assert.equal((await api('POST', `/api/v1/outbox/${other}/retry`)).status, 404);
    good(await api('POST', `/api/v1/outbox/${gone}/retry`), 202);
    await ends(gone, 'sent');
    assert.equal((await api('POST', `/api/v1/outbox/${full}/skip`, { reason: ' ' })).status, 422);
    good(await api('POST', `/api/v1/outbox/${full}/skip`, { reason: 'moved away' }), 202);
    assert.deepEqual([(await mail(full)).state, (await mail(full)).why], ['skipped', 'moved away']);
    assert.deepEqual(await told(full), ['skipped 0 moved away']);
    assert.equal((await api('POST', `/api/v1/outbox/${full}/skip`, { reason: 'twice' })).status, 404);
    good(await api('POST', `/api/v1/outbox/${same}/skip`, { reason: 'test' }), 202);
  });

  test('an account in trouble: its mails wait, no try is counted, and it says why', async () => {
    sink.answer = (stage) => (stage === 'mail' ? '553 5.7.1 not your address' : undefined);
    const id = await keep({ subject: 'Trouble' });
    const state = await until('the trouble', async () => good(await api('GET', '/api/v1/outbox/health')).accounts.find((a) => a.failures > 0));
    assert.deepEqual([state.name, state.reply, state.has_password], ['Relay', '5.7.1 not your address', false]);
    assert.deepEqual([(await mail(id)).state, (await mail(id)).attempts], ['waiting', 0]);
    sink.answer = () => undefined;
    await fast();
    await ends(id, 'sent');
    assert.equal(good(await api('GET', '/api/v1/outbox/health')).accounts[0].failures, 0);
  });

  test('the connection breaks before the end: again; after it: nobody knows, and it is not sent again by itself', async () => {
    let cut = 'data';
    sink.answer = (stage) => (stage === cut ? 'drop' : undefined);
    const early = await keep({ subject: 'Early cut' });
    await until('the first try', async () => (await mail(early)).attempts === 1 && (await mail(early)).state === 'waiting');
    cut = 'end';
    const late = await keep({ subject: 'Late cut' });
    const m = await ends(late, 'unsure');
    assert.deepEqual(await told(late), ['unsure 354 outbox_no_answer']);
    assert.match(m.why, /may have arrived/);
    assert.equal(good(await api('GET', '/api/v1/outbox/health')).counts.unsure, 1);
    sink.answer = () => undefined;
    await again();
    await ends(await keep({ subject: 'Other' }), 'sent');
    assert.equal((await mail(late)).state, 'unsure');
    assert.equal(given('Late cut').length, 0);
    good(await api('POST', `/api/v1/outbox/${late}/retry`), 202);
    await ends(late, 'sent');
    const ids = sink.ended.filter((e) => e.text.includes('Subject: Late cut')).map((e) => e.id);
    assert.deepEqual(ids, [m.message_id, m.message_id]);
    good(await api('POST', `/api/v1/outbox/${early}/skip`, { reason: 'test' }), 202);
  });

  test('kill -9 at each step: nothing lost, nothing twice but what was past its last line', async () => {
    const kill = async () => { server.kill(); await server.ended; server = await serve(folder.data); api = client(server.url, token); };
    // on PostgreSQL the dead program's lease has to end each time
    for (const stage of engine === 'postgres' ? ['end', 'after'] : ['connect', 'ehlo', 'mail', 'rcpt', 'data', 'end', 'after']) {
      let reached, hold = true;
      const here = new Promise((done) => (reached = done));
      sink.answer = async (now) => {
        if (now !== stage || !hold) return undefined;
        hold = false;
        reached();
        await sleep(400);
        return 'drop';
      };
      if (stage !== 'after') {
        if (stage === 'connect' || stage === 'ehlo') sink.sockets.forEach((s) => s.destroy());
        const id = await keep({ subject: `Killed at ${stage}` });
        await here;
        await kill();
        if (stage === 'end') {
          await ends(id, 'unsure');
          assert.deepEqual(await told(id), ['unsure 0 outbox_died']);
        } else {
          await ends(id, 'sent');
          assert.equal(sink.ended.filter((e) => e.text.includes(`Killed at ${stage}`)).length, 1, stage);
        }
      } else {
        // the server has said 250, and the program dies before or after it wrote that down: one or none is unsure, none comes twice
        sink.answer = () => undefined;
        const from = sink.ended.length;
        await keep({ subject: 'Storm', to: 'p*@example.org', n: 200 });
        await until('some to be taken', () => sink.ended.length > from + 20);
        await kill();
        await until('the storm to end', async () => { const { counts } = good(await api('GET', '/api/v1/outbox/health')); return counts.waiting + counts.sending === 0; });
        const storm = sink.ended.slice(from), unsure = (await list('state=unsure&limit=200')).filter((m) => m.subject === 'Storm');
        const ids = storm.map((m) => m.id);
        assert.equal(new Set(ids).size, ids.length, 'no mail came twice');
        const missing = 200 - ids.length;
        assert.ok(missing <= unsure.length && unsure.length <= 4, `${missing} did not come, ${unsure.length} unsure`);
        for (const m of unsure) good(await api('POST', `/api/v1/outbox/${m.id}/retry`), 202);
        await until('all to have come', () => new Set(sink.ended.slice(from).map((m) => m.id)).size === 200);
      }
    }
  });

  test('a stop waits for the answer to what has gone', async () => {
    let reached;
    const here = new Promise((done) => (reached = done));
    // others may still be under way
    sink.answer = async (stage, { text }) => { if (stage === 'end' && text.includes('Subject: Slow answer\r\n')) { reached(); await sleep(600); } };
    try {
      const id = await keep({ subject: 'Slow answer' });
      await here;
      await again();
      assert.equal((await mail(id)).state, 'sent');
    } finally {
      sink.answer = () => undefined;
    }
  });

  test('promotions wait behind the rest; an account has its own pace', async () => {
    good(await api('PATCH', `/api/v1/mail_account/${account.id}`, { active: false }));
    await keep({ subject: 'Promotion', purpose: 'promotion', to: 'p*@example.org', n: 30 });
    await keep({ subject: 'Notice', purpose: 'notice', to: 'n*@example.org', n: 5 });
    const from = sink.ended.length;
    good(await api('PATCH', `/api/v1/mail_account/${account.id}`, { active: true, connections: 1 }));
    await until('all to come', () => sink.ended.length === from + 35);
    assert.ok(sink.ended.slice(from, from + 5).every((m) => m.text.includes('Subject: Notice') && m.text.includes('Auto-Submitted: auto-generated')));
    assert.equal(sink.mostOpen <= 4, true, `${sink.mostOpen} connections`);
    const minute = Date.now() % 60000;
    good(await api('PATCH', `/api/v1/mail_account/${account.id}`, { per_minute: 3 }));
    await keep({ subject: 'Paced', to: 'q*@example.org', n: 9 });
    await until('three', () => given('Paced').length >= 3);
    await sleep(400);
    if (minute < 55000) assert.equal(given('Paced').length, 3);
    good(await api('PATCH', `/api/v1/mail_account/${account.id}`, { per_minute: 0, connections: 4 }));
    await until('the rest', () => given('Paced').length === 9);
  });

  test('signed: by every key of the domain, and another verifier agrees', async () => {
    const keys = [await make('mail_key', { domain: 'example.cn', selector: 's1', algorithm: 'rsa', active: true }), await make('mail_key', { domain: 'example.cn', selector: 's2', algorithm: 'ed25519', active: true })];
    for (const body of [{ domain: 'Example.cn' }, { domain: 'nodot' }, { domain: 'a..b' }, { domain: 'example.cn', selector: 'a b' }, { domain: 'example.cn', selector: 's1' }])
      assert.ok([422, 409].includes((await api('POST', '/api/v1/mail_key', body)).status), JSON.stringify(body));
    const id = await keep({ subject: 'Signed', html: '<p>你好</p>' });
    await ends(id, 'sent');
    const rows = await Promise.all(keys.map(async (k) => good(await api('GET', `/api/v1/mail_key?id=eq.${k.id}`))[0]));
    assert.ok(!JSON.stringify(rows).includes('PRIVATE') && rows.every((r) => r.dns_value.startsWith('v=DKIM1; k=')));
    const dir = mkdtempSync(join(tmpdir(), 'guanxi-outbox-')), file = join(dir, 'signed.eml');
    try {
      writeFileSync(file, given('Signed')[0].text);
      writeFileSync(join(dir, 'dns'), rows.map((r) => `${r.dns_name} ${r.dns_value}\n`).join(''));
      const seen = JSON.parse(spawnSync(own, ['mail', 'verify', file, '--dns', join(dir, 'dns')], { encoding: 'utf8' }).stdout);
      assert.deepEqual(seen.dkim.map((d) => [d.selector, d.algorithm, d.result]), [['s1', 'rsa-sha256', 'pass'], ['s2', 'ed25519-sha256', 'pass']]);
      const other = spawnSync('/usr/bin/python3', ['-c', `
import dkim, sys
records = dict(line.split(' ', 1) for line in open(sys.argv[2]).read().splitlines())
mail = open(sys.argv[1], 'rb').read()
txt = lambda name, timeout=5: records[name.decode().rstrip('.')].encode()
for i in range(2): print(dkim.DKIM(mail).verify(idx=i, dnsfunc=txt))
`, file, join(dir, 'dns')], { encoding: 'utf8' });
      if (/No module named/.test(other.stderr)) console.log('# python3-dkim is not installed: no second verifier');
      else assert.equal(other.stdout, 'True\nTrue\n', other.stderr);
    } finally {
      rmSync(dir, { recursive: true });
    }
    for (const k of keys) good(await api('DELETE', `/api/v1/mail_key/${k.id}`));
  });

  test('STARTTLS, TLS, PLAIN, LOGIN, XOAUTH2; the test shows what was said, and no secret', async () => {
    const tls = certificate(), safe = await smtpSink({ tls, startTls: true });
    try {
      const other = await make('mail_account', { name: 'Safe', address: 'safe@example.cn', host: 'localhost', port: safe.port, security: 'starttls', sign_in: 'plain', username: 'safe', trusted_ca: tls.cert });
      const word = 'pässword-八', path = `/api/v1/outbox/accounts/${other.id}`;
      assert.equal((await api('PUT', `${path}/password`, { password: 'a\nb' })).status, 422);
      for (const [sign_in, kind] of [['plain', 'PLAIN'], ['login', 'LOGIN'], ['xoauth2', 'XOAUTH2']]) {
        good(await api('PATCH', `/api/v1/mail_account/${other.id}`, { sign_in }));
        good(await api('PUT', `${path}/password`, { password: word }), 204);
        const tried = good(await api('POST', `${path}/test`, { to: 'me@example.org' }));
        assert.equal(tried.sent, true, JSON.stringify(tried));
        const got = safe.mails.at(-1);
        assert.deepEqual([got.secure, got.auth.kind, got.to], [true, kind, 'me@example.org']);
        assert.ok(got.auth.lines.join(' ').includes(word), got.auth.lines.join(' '));
        assert.match(tried.dialogue, /S: 220 sink[\s\S]*C: STARTTLS[\s\S]*C: AUTH[\s\S]*\*\*\*[\s\S]*C: MAIL FROM:<safe@example\.cn>[\s\S]*S: 250 taken/);
        for (const secret of [word, Buffer.from(word).toString('base64'), Buffer.from(`\0safe\0${word}`).toString('base64')]) assert.ok(!tried.dialogue.includes(secret.replace(/=+$/, '')), kind);
      }
      // the password is for where it was given: elsewhere it does not go
      safe.answer = (stage) => (stage === 'auth' ? '535 no' : undefined);
      const refused = good(await api('POST', `${path}/test`, { to: 'me@example.org' }));
      assert.deepEqual([refused.sent, refused.code], [false, 535]);
      good(await api('PATCH', `/api/v1/mail_account/${other.id}`, { host: '127.0.0.1' }));
      assert.equal(good(await api('GET', '/api/v1/outbox/health')).accounts.find((a) => a.name === 'Safe').has_password, false);
      // without its authority it is not trusted
      good(await api('PATCH', `/api/v1/mail_account/${other.id}`, { trusted_ca: null, sign_in: 'none' }));
      assert.match(good(await api('POST', `${path}/test`, { to: 'me@example.org' })).error, /certificate/);
      // a server that offers no encryption gets nothing
      good(await api('PATCH', `/api/v1/mail_account/${other.id}`, { port: sink.port }));
      const before = sink.ended.length;
      assert.match(good(await api('POST', `${path}/test`, { to: 'me@example.org' })).error, /no encryption/);
      assert.equal(sink.ended.length, before);
      // inside the house, only what the machine lists
      for (const host of ['127.0.0.2', 'localhost.localdomain', '10.1.2.3', '[::1]', '169.254.169.254', '0x7f000001']) {
        good(await api('PATCH', `/api/v1/mail_account/${other.id}`, { host, port: 25 }));
        assert.equal(good(await api('POST', `${path}/test`, { to: 'me@example.org' })).sent, false, host);
      }
      for (const host of ['a b', 'smtp://x', 'x/y', 'x:25', 'x?', '[::1', ''])
        assert.equal((await api('PATCH', `/api/v1/mail_account/${other.id}`, { host })).status, 422, host);
      good(await api('DELETE', `/api/v1/mail_account/${other.id}`));
    } finally {
      safe.close();
    }
  });

  test('texts go after their days; what has none left is not sent again', { skip: !hasSql }, async () => {
    sink.answer = (stage, { to }) => (stage === 'rcpt' && to === 'gone@example.org' ? '550 5.1.1 no such user' : undefined);
    const [old, young] = [await keep({ to: 'gone@example.org' }), await keep({ to: 'gone@example.org' })];
    for (const id of [old, young]) await ends(id, 'failed');
    await server.stop();
    for (const line of [`UPDATE outbox_body SET mail_id = 7 WHERE mail_id = ${old}`, `UPDATE outbox_mail SET id = 7, done_at = 1 WHERE id = ${old}`,
      `INSERT INTO outbox_pace (account_id, domain, not_before, wait_ms, reply) VALUES (${account.id}, 'dead.example', 1, 30000, '-')`, "UPDATE timer SET due_at = 1 WHERE key = 'outbox.prune'"])
      sql(folder.data, line);
    server = await serve(folder.data);
    api = client(server.url, token);
    const count = (from) => sql(folder.data, `SELECT count(*) FROM ${from}`);
    await until('the old text to go', () => count('outbox_body WHERE mail_id = 7') === '0');
    assert.deepEqual([count(`outbox_body WHERE mail_id = ${young}`), count("outbox_pace WHERE domain = 'dead.example'"), count('outbox_mail WHERE id = 7 AND state = 4')], ['1', '0', '1']);
    assert.equal((await api('POST', '/api/v1/outbox/7/retry')).status, 404);
    sink.answer = () => undefined;
    assert.deepEqual(good(await api('POST', '/api/v1/outbox/retry'), 202), { again: 1, more: false });
    await ends(young, 'sent');
  });

  test('for administrators alone', async () => {
    const { id } = await make('user', { name: 'Clerk', email: 'clerk-outbox@example.com' });
    const mine = client(server.url, guanxi(['token', 'create', '--data', folder.data, '--user', 'clerk-outbox@example.com', '--name', 'x']).out.trim());
    assert.ok(id);
    for (const [method, path, body] of [['GET', '/api/v1/outbox'], ['GET', '/api/v1/outbox/health'], ['POST', '/api/v1/outbox/retry'], ['POST', '/api/v1/outbox/1/retry'],
      ['POST', '/api/v1/outbox/1/skip', { reason: 'x' }], ['PUT', `/api/v1/outbox/accounts/${account.id}/password`, { password: 'x' }], ['POST', `/api/v1/outbox/accounts/${account.id}/test`, { to: 'a@example.org' }],
      ['POST', '/api/v1/mail_account', { name: 'x', address: 'x@example.org', host: 'x.example', sign_in: 'none' }], ['POST', '/api/v1/mail_key', { domain: 'example.org' }]])
      assert.equal((await mine(method, path, body)).status, 403, path);
    for (const query of ['state=lost', 'before=x', 'limit=0', 'record_id=-1']) assert.equal((await api('GET', `/api/v1/outbox?${query}`)).status, 422, query);
    assert.ok((await list('entity=stall&record_id=1&limit=2')).length === 2);
    good(await api('POST', '/api/v1/outbox/retry'), 202);
  });
});
