// The commands on plain files: `guanxi mail explain`, `guanxi mail sanitize`, `guanxi mail verify`.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { program } from '../lib/server.mjs';

const home = mkdtempSync(join(tmpdir(), 'guanxi-mail-'));
after(() => rmSync(home, { recursive: true, force: true }));

const run = (args, input = '') => spawnSync(program, ['mail', ...args], { input, encoding: 'utf8' });
const file = (name, text) => { writeFileSync(join(home, name), text); return join(home, name); };

test('explain: a line each, whatever else fails', () => {
  const answer = file('answer.eml', 'From: =?GB2312?B?wfXOsA==?= <liu@b.cn>\nTo: c@d.cn\nSubject: Re: price\nMessage-ID: <2@b.cn>\nIn-Reply-To: <1@d.cn>\n'
    + 'Content-Type: multipart/alternative; boundary=x\n\n--x\n\nFine.\n\nOn 2 Mar 2026, C <c@d.cn> wrote:\n> 10 yuan?\n--x\nContent-Type: text/html\n\n'
    + '<p onclick=x()>Fine.<img src="http://b.cn/pixel.gif"></p>\n--x--\n');
  const bounce = file('bounce.eml', 'Return-Path: <>\nFrom: MAILER-DAEMON@mx.b.cn\nTo: c@d.cn\nSubject: failure notice\n\n<no@b.cn>:\nRemote host said: 550 5.1.1 User unknown\n');
  const done = run(['explain', '--json', answer, join(home, 'none.eml'), bounce]);
  assert.equal(done.status, 1);
  assert.match(done.stderr, /none\.eml/);
  const [first, second, ...more] = done.stdout.trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(more, []);
  assert.deepEqual(first, { file: answer, kind: 'person', from: '刘伟 <liu@b.cn>', to: 'c@d.cn', subject: 'Re: price', message_id: '2@b.cn', references: ['1@d.cn'], recipients: [],
    text: 'Fine.\n\nOn 2 Mar 2026, C <c@d.cn> wrote:\n> 10 yuan?', reply: 'Fine.', html: '<p>Fine.<img data-mail-src="http://b.cn/pixel.gif"></p>', attachments: [] });
  assert.equal(second.kind, 'bounce');
  assert.deepEqual(second.recipients, [{ address: 'no@b.cn', status: '5.1.1', bounce: 'hard' }]);
  assert.equal(run(['explain']).status, 2);
  const nothing = run(['explain', file('empty.eml', '')]);
  assert.equal(nothing.status, 0, nothing.stderr);
  assert.equal(JSON.parse(nothing.stdout).text, '');
});

test('explain: encoded words that stand together are one text, padded or not, and wherever they were cut', () => {
  const b = (bytes, set = 'utf-8') => `=?${set}?B?${Buffer.from(bytes).toString('base64')}?=`;
  const whole = Buffer.from('关于很长的主题，第二部分');
  const cuts = (...at) => [0, ...at].map((from, i) => b(whole.subarray(from, at[i])));
  const read = (name, subject, from = 'a@b.cn') => JSON.parse(run(['explain', '--json', file(name, `From: ${from}\nSubject: ${subject}\n\nno ${cuts(4, 8).join(' ')}\n`)]).stdout);
  for (const at of [[7], [4, 8], [1, 2, 3, 4], [6, 12]]) {
    assert.equal(read('cut.eml', cuts(...at).join('\n ')).subject, String(whole), `${at}`);
    assert.equal(read('cut.eml', 'x', `${cuts(...at).join(' ')} <a@b.cn>`).from, `${whole} <a@b.cn>`, `${at}`);
  }
  assert.equal(read('sets.eml', `${b('一x')} ${b([0xb6, 0xfe], 'gb2312')} =?utf-8?q?=E4=B8=89?= ${b('四!')}a ${b('五')}`).subject, '一x二三四!a 五');
  assert.equal(read('body.eml', 'x').text.trim(), `no ${cuts(4, 8).join(' ')}`, 'what is written stays as it is');
  for (const odd of ['=?utf-8?B??= =?utf-8?B?', '=?', '=?utf-8?B?=== =?utf-8?B?5Q==', '=?utf-8?B?5Q==?= =?utf-8?B??=', '=?' + 'x'.repeat(5000)]) assert.equal(run(['explain', file('odd.eml', `Subject: ${odd}`)]).status, 0, odd);
});

test('sanitize: what comes in by the pipe', () => {
  assert.equal(run(['sanitize'], '<b onclick=x>你好</b><script>1</script>').stdout, '<b>你好</b>');
  assert.equal(run(['sanitize'], '').stdout, '');
  assert.equal(run(['sanitize', 'file']).status, 2);
});

test('verify: each signature by its own, with keys from a file', () => {
  // RFC 8463, appendix A
  const dns = file('keys.txt', 'brisbane._domainkey.football.example.com. 3600 IN TXT "v=DKIM1; k=ed25519; " "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="\n');
  const letter = 'DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\n d=football.example.com; i=@football.example.com;\n q=dns/txt; s=brisbane; t=1528637909; h=from : to :\n'
    + ' subject : date : message-id : from : subject : date;\n bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\n'
    + ' Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\nFrom: Joe SixPack <joe@football.example.com>\nTo: Suzie Q <suzie@shopping.example.net>\nSubject: Is dinner ready?\n'
    + 'Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\nMessage-ID: <20030712040037.46341.5F8J@football.example.com>\n\nHi.\n\nWe lost the game.  Are you hungry yet?\n\nJoe.\n';
  const good = file('good.eml', letter), changed = file('changed.eml', letter.replace('lost', 'won')), plain = file('plain.eml', 'From: a@b.cn\n\nx\n');
  const done = run(['verify', good, changed, join(home, 'none.eml'), plain, '--dns', dns]);
  assert.equal(done.status, 1);
  assert.match(done.stderr, /none\.eml/);
  const of = { domain: 'football.example.com', selector: 'brisbane', algorithm: 'ed25519-sha256' };
  assert.deepEqual(done.stdout.trim().split('\n').map((line) => JSON.parse(line)), [{ file: good, dkim: [{ ...of, result: 'pass' }], arc: 'none' },
    { file: changed, dkim: [{ ...of, result: 'fail', why: 'the body was changed' }], arc: 'none' }, { file: plain, dkim: [], arc: 'none' }]);
  assert.deepEqual(JSON.parse(run(['verify', file('with.txt', `brisbane._domainkey.football.example.com v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\n${letter}`)]).stdout).dkim,
    [{ ...of, result: 'pass' }]);
  assert.equal(run(['verify', '--dns', dns]).status, 2);
  assert.equal(run(['verify', good, '--at', 'noon']).status, 2);
});
