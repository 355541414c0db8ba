// `guanxi dedupe` on plain files: public sets whose truth is known, files made with known duplicates, and what cannot be linked.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { guanxi, sharedData } from '../lib/server.mjs';

const home = mkdtempSync(join(tmpdir(), 'guanxi-dedupe-'));
after(() => rmSync(home, { recursive: true, force: true }));

const run = (args, options = {}) => guanxi(args, { allowFailure: true, cwd: home, ...options });
const shared = (name) => join(sharedData, name);
const without = (name) => (existsSync(shared(name)) ? false : `no ${name}; set GUANXI_SHARED_DATA`);

function dedupe(...args) {
  const done = run(['dedupe', ...args, '--json']);
  assert.equal(done.status, 0, `${args.join(' ')}: ${done.err}`);
  return JSON.parse(done.out);
}

function refused(said, ...args) {
  const done = run(['dedupe', ...args, '--json']);
  assert.equal(done.status, 1, `${args.join(' ')}: ${done.out.slice(0, 300)}`);
  assert.equal(done.out, '');
  assert.match(done.err, said, args.join(' '));
}

let files = 0;
function file(text, name = `f${++files}.csv`) {
  writeFileSync(join(home, name), text);
  return name;
}

const lines = (name) => {
  const bytes = readFileSync(name);
  return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').split(/\r?\n/).slice(1).filter((line) => line !== '');
};

/** All pairs of rows that have the same key. */
function pairsOf(keys) {
  const known = new Map(), pairs = new Set();
  keys.forEach((key, i) => {
    for (const other of known.get(key) ?? []) pairs.add(`${other},${i + 1}`);
    known.set(key, [...(known.get(key) ?? []), i + 1]);
  });
  return pairs;
}

function score(found, truth) {
  const good = found.pairs.filter((p) => truth.has(`${p.a},${p.b}`)).length;
  const precision = good / Math.max(1, found.pairs.length), recall = good / truth.size;
  return { precision, recall, f1: (2 * precision * recall) / Math.max(1e-9, precision + recall) };
}

function reaches(bar, found, truth, name) {
  const got = score(found, truth);
  assert.ok(got.f1 >= bar, `${name}: F1 ${got.f1.toFixed(4)} (precision ${got.precision.toFixed(4)}, recall ${got.recall.toFixed(4)}), wanted ${bar}`);
}

const kinds = (found) => Object.fromEntries(found.columns.map((c) => [c.name.trim(), c.why ?? c.kind]));
const entity = (line) => /^rec-(\d+)-/.exec(line)[1];

test('febrl 1 and 3: persons with mistakes; the number of a row is no evidence', { skip: without('febrl') }, () => {
  for (const [name, bar] of [['febrl/dataset1.csv', 0.99], ['febrl/dataset3.csv.gz', 0.99]]) {
    const found = dedupe('--input', shared(name));
    reaches(bar, found, pairsOf(lines(shared(name)).map(entity)), name);
    const kind = kinds(found);
    assert.deepEqual([kind.rec_id, kind.surname, kind.date_of_birth, kind.address_1], ['identifier', 'name', 'date', 'address']);
  }
});

test('febrl 3 in two files, both with duplicates of their own: many to many', { skip: without('febrl') }, () => {
  const all = gunzipSync(readFileSync(shared('febrl/dataset3.csv.gz'))).toString('utf8').split(/\r?\n/).filter((line) => line !== '');
  const half = (k) => all.slice(1).filter((_, i) => i % 2 === k);
  const found = dedupe('--input', file([all[0], ...half(0)].join('\n')), '--with', file([all[0], ...half(1)].join('\n')));
  const truth = new Set();
  half(0).forEach((one, a) => half(1).forEach((other, b) => entity(one) === entity(other) && truth.add(`${a + 1},${b + 1}`)));
  reaches(0.97, found, truth, 'febrl3 halves');
  assert.equal(found.one_to_one, false);
});

test('RLdata500: German names; the column with the truth does not leak', { skip: without('rldata500') }, () => {
  const name = shared('rldata500/RLdata500.csv'), rows = lines(name);
  const found = dedupe('--input', name);
  assert.equal(kinds(found).identity, 'identifier');
  reaches(0.97, found, pairsOf(rows.map((line) => line.split(',')[7])), 'rldata500');
  // the same without the column
  const less = file(['a,b,c,d,y,m,d2', ...rows.map((line) => line.split(',').slice(0, 7).join(','))].join('\n'));
  assert.deepEqual(dedupe('--input', less).pairs, found.pairs);
});

test('Abt and Buy: products of two shops, one partner each', { skip: without('abt_buy') }, () => {
  const found = dedupe('--input', shared('abt_buy/abt.csv.gz'), '--with', shared('abt_buy/buy.csv'));
  const truth = new Set(lines(shared('abt_buy/gt.csv')).map((line) => line.split('|').map((n) => Number(n) + 1).join(',')));
  reaches(0.9, found, truth, 'abt_buy');
  assert.equal(found.one_to_one, true);
  // only rows that stand twice in their own file have two partners
  assert.ok(new Set(found.pairs.map((p) => p.a)).size > found.pairs.length * 0.98);
});

test('Cora: citations, many of one paper', { skip: without('cora_dedup') }, () => {
  const found = dedupe('--input', shared('cora_dedup/cora.csv'));
  const truth = new Set(lines(shared('cora_dedup/cora_gt.csv')).map((line) => line.split('|').map((n) => Number(n) + 1).sort((a, b) => a - b).join(',')));
  reaches(0.85, found, truth, 'cora');
});

test('made persons with families: relatives are two, copies are one; clusters say the same as pairs', () => {
  const made = join(home, 'people.csv'), truthFile = join(home, 'truth.csv');
  const tool = join(import.meta.dirname, '../tools/people.mjs');
  execFileSync(process.execPath, [tool, made, truthFile, '--rows', '6000', '--seed', '77']);
  const found = dedupe('--input', made);
  reaches(0.97, found, new Set(readFileSync(truthFile, 'utf8').trim().split('\n')), 'people');
  const fromClusters = new Set(found.clusters.flatMap((c) => c.flatMap((a, i) => c.slice(i + 1).map((b) => `${a},${b}`))));
  assert.deepEqual([...fromClusters].sort(), found.pairs.map((p) => `${p.a},${p.b}`).sort());
  for (const p of found.pairs) assert.ok(p.a < p.b && p.probability >= 0.5 && p.probability <= 1);
  // up to six mistakes a copy, and several copies: names that are common, and addresses made of them, are no matches
  execFileSync(process.execPath, [tool, join(home, 'noisy.csv'), truthFile, '--rows', '6000', '--noise', '3', '--most', '3', '--seed', '3']);
  reaches(0.75, dedupe('--input', 'noisy.csv'), new Set(readFileSync(truthFile, 'utf8').trim().split('\n')), 'noisy people');
  const strict = dedupe('--input', made, '--threshold', '0.999');
  assert.ok(strict.pairs.length < found.pairs.length);
  assert.ok(strict.pairs.every((p) => p.probability >= 0.999));
});

test('Chinese: Traditional, full width, pinyin, company tails, phones and dates as people write them', () => {
  const names = ['张伟', '王芳', '李娜', '刘洋', '陈静', '杨磊', '赵敏', '黄强', '周杰', '吴霞', '徐丽', '孙涛', '马超', '朱琳', '胡军', '郭涛', '何平', '高峰', '林青', '罗兰'];
  const rows = ['姓名,公司,电话,生日'], signs = [...'甲乙丙丁戊己庚辛海山华东南西北中天地金木水火土云星光明新大小'];
  let state = 5;
  const below = (n) => (state = (state * 1103515245 + 12345) % 2147483648) % 9973 % n;
  const brand = () => signs[below(30)] + signs[below(30)] + signs[below(30)];
  for (let i = 0; i < 400; i++) {
    rows.push(`${names[below(20)]},${brand()}科技有限公司,138${10000000 + below(9973) * 7919},19${50 + below(50)}-0${1 + below(9)}-1${below(10)}`);
  }
  rows[4] = rows[4].replace(/^[^,]+/, '刘洋');
  rows[21] = rows[21].replace(/^[^,]+/, '张伟');
  const copies = [
    [3, '劉洋', (r) => r.replace('刘洋', '劉洋').replace('有限公司', '')],
    [10, 'phone', (r) => r.replace(/,138(\d{4})(\d{4}),/, ',+86 138-$1-$2,')],
    [20, 'Zhang Wei', (r) => r.replace('张伟', 'Zhang Wei')],
    [41, 'date', (r) => r.replace(/(\d{4})-0(\d)-(\d\d)/, '$1年$2月$3日').replace('科技', '科枝')],
    ...Array.from({ length: 26 }, (_, k) => [60 + k * 9, 'typing', (r) => r.replace(/(\d)(\d),/, '$2$1,')]),
  ];
  for (const [i, , change] of copies) rows.push(change(rows[i + 1]));
  const found = dedupe('--input', file(rows.join('\n')));
  assert.deepEqual(kinds(found), { 姓名: 'name', 公司: 'company', 电话: 'phone', 生日: 'date' });
  const pairs = new Set(found.pairs.map((p) => `${p.a},${p.b}`));
  copies.forEach(([i, name], k) => assert.ok(pairs.has(`${i + 1},${401 + k}`), `${name}: ${JSON.stringify(found.pairs)}`));
  assert.ok(found.pairs.length <= copies.length + 2, JSON.stringify(found.pairs));
});

test('kinds as asked, columns ignored, two files by heading, other delimiters and encodings', () => {
  const people = (n, from) => Array.from({ length: n }, (_, i) => `${from + i};Ann${from + i} Smith${(from + i) * 7};1 Oak${(from + i) * 3} St;x${from + i}@a${(from + i) % 5}.com`);
  const one = file(['no;name;address;email', ...people(60, 0)].join('\n'));
  const two = file(['email\tname\tother', ...people(60, 30).map((line) => line.split(';')).map((c) => `${c[3]}\t${c[1]}\t7`)].join('\n'));
  const found = dedupe('--input', one, '--with', two, '--columns', 'name=name,email=email');
  assert.equal(found.pairs.length, 30);
  assert.ok(found.pairs.every((p) => p.a === p.b + 30), JSON.stringify(found.pairs.slice(0, 3)));
  assert.deepEqual(found.clusters[0], { a: [31], b: [1] });
  assert.equal(kinds(found).address, 'asked');
  assert.equal(kinds(dedupe('--input', one, '--ignore', 'email')).email, 'asked');
  refused(/kind colour/, '--input', one, '--columns', 'name=colour');
  refused(/no column shoe/, '--input', one, '--ignore', 'shoe');
  refused(/COLUMN=KIND/, '--input', one, '--columns', 'name');
  refused(/between 0 and 1/, '--input', one, '--threshold', '1.5');
  refused(/no column in common/, '--input', one, '--with', file('u,v\n1,2\n3,4\n'));
});

test('what cannot be linked gets a clear word, and soon', () => {
  refused(/empty/i, '--input', file(''));
  refused(/no rows/, '--input', file('name,phone\n'));
  refused(/no rows/, '--input', file('name,phone\nAnn,1\n'));
  refused(/No column says/, '--input', file(`name,phone\n${'Ann,1\n'.repeat(50)}`));
  refused(/No column says/, '--input', file(`id,name\n${Array.from({ length: 50 }, (_, i) => `${i},Ann\n`).join('')}`));
  refused(/./, '--input', file(Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256)), 'junk.csv'));
  refused(/Cannot read|no such/i, '--input', 'absent.csv');
  // a great many rows that are one
  const same = dedupe('--input', file(`name,phone\nBob,5551234567\n${'Ann Lee,13800138000\n'.repeat(200000)}`));
  assert.equal(same.clusters.length <= 1, true);
  assert.ok(same.pairs.length <= 200000);
  // cells of a megabyte, rows that are too long or short
  const odd = dedupe('--input', file(`name,text\n${'x'.repeat(900000)},a\nAnn,b\nAnn,b,c,d\nBob\n"Ann",b\n`));
  assert.equal(odd.rows, 5);
});
