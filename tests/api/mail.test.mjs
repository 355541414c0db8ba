// The commands on plain files: `guanxi mail explain` and `guanxi mail sanitize`.
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

test('sanitize: what comes in by the pipe', () => {
  assert.equal(run(['sanitize'], '<b onclick=x>你好</b><script>1</script>').stdout, '<b>你好</b>');
  assert.equal(run(['sanitize'], '').stdout, '');
  assert.equal(run(['sanitize', 'file']).status, 2);
});
