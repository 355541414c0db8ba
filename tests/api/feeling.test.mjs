// `guanxi feeling` on plain files.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guanxi } from '../lib/server.mjs';

test('a text a line: feeling, score and reasons as words', () => {
  const lines = '送餐太慢，菜都凉了\r\n服務周到，非常滿意\n\nI want my money back\n'.split('\n').slice(0, -1);
  const answers = guanxi(['feeling', '-', '--json'], { input: '\ufeff' + lines.join('\n') + '\n' }).out.trim().split('\n').map((l) => JSON.parse(l));
  assert.deepEqual(answers.map((a) => a.feeling), ['negative', 'positive', 'neutral', 'negative']);
  assert.ok(answers.every((a) => Math.abs(a.score) <= 1));
  assert.deepEqual(answers[0].reasons.slice(0, 2).map((r) => r.word).sort(), ['凉了', '太慢']);
  assert.equal(answers[1].score, JSON.parse(guanxi(['feeling', '-', '--json'], { input: '服务周到，非常满意' }).out).score);
});

test('input that is no text is no end', () => {
  const odd = Buffer.concat([Buffer.from('差\xff\xfe\n', 'latin1'), Buffer.from([0xe5, 0xb7, 0xae, 0xff, 0x0a, 0x00, 0x0a])]);
  const out = guanxi(['feeling', '-'], { input: odd }).out;
  assert.equal(out.trimEnd().split('\n').length, 3);
  const begun = Date.now(), half = '好 '.repeat(50_000);
  assert.match(guanxi(['feeling', '-'], { input: Buffer.concat([Buffer.from(half), Buffer.from([0xff]), Buffer.from(half)]) }).out, /^positive/);
  assert.ok(Date.now() - begun < 5000, `${Date.now() - begun} ms for a long line`);
  assert.match(guanxi(['feeling'], { allowFailure: true }).err, /FILE/);
  assert.notEqual(guanxi(['feeling', '/nowhere/at/all'], { allowFailure: true }).status, 0);
});
