// Times in files: in the firm's zone, in and out, or in the one that is asked for; what goes out comes in as the same moment.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { guanxi, start } from '../lib/server.mjs';

let server, api, channel;
before(async () => {
  server = await start();
  api = server.api;
  channel = (await api('POST', '/api/v1/channel', { code: 'web', name: 'Web', kind: 'web' }, { Prefer: 'return=representation' })).body[0].id;
});
after(() => server?.close());

const firm = async (zone) => assert.ok((await api('PATCH', '/api/v1/settings', { values: { 'firm.time_zone': zone } })).status < 300);
const order = async (number, placed_at) => {
  const made = await api('POST', '/api/v1/order', { number, channel_id: channel, placed_at });
  assert.equal(made.status, 201, made.text);
};
const exported = async (query) => {
  const answer = await fetch(`${server.url}/api/v1/order/export?select=number,placed_at&order=number&${query}`, { headers: { Authorization: `Bearer ${server.token}`, 'Accept-Language': 'en' } });
  return { status: answer.status, bytes: new Uint8Array(await answer.arrayBuffer()) };
};
const csv = async (query = '') => new TextDecoder().decode((await exported(`format=csv&${query}`)).bytes).replace(/^\ufeff/, '').trim().split('\r\n');

/** What a workbook shows: as the import's preview reads it. */
async function sheet(query = '') {
  const { bytes } = await exported(`format=xlsx&${query}`);
  const up = await api('POST', '/api/v1/import?name=orders.xlsx', bytes, { 'Content-Type': 'application/octet-stream' });
  const preview = (await api('GET', `/api/v1/import/${up.body.id}/preview`)).body;
  return [preview.columns.map((c) => c.name), ...preview.rows];
}

async function take(name, bytes, plan = {}) {
  const up = await api('POST', `/api/v1/import?name=${name}`, typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes, { 'Content-Type': 'application/octet-stream' });
  assert.equal(up.status, 201, up.text);
  const preview = (await api('GET', `/api/v1/import/${up.body.id}/preview`)).body;
  const planned = await api('PUT', `/api/v1/import/${up.body.id}/plan`, { mapping: preview.columns.filter((c) => c.guess).map((c) => ({ column: c.index, ...c.guess })), mode: 'upsert', key: ['number'], ...plan });
  assert.ok(planned.status < 300, planned.text);
  await api('POST', `/api/v1/import/${up.body.id}/start`, {});
  for (let i = 0; i < 300; i++) {
    const run = (await api('GET', `/api/v1/import_run/${up.body.id}`)).body;
    if (['done', 'failed'].includes(run.state)) return run;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail('the import does not end');
}
const placed = async (filter) => (await api('GET', `/api/v1/order?select=number,placed_at&${filter}&order=number`)).body.map((o) => [o.number, o.placed_at]);

test('CSV has the firm\'s time with its offset, or that of the zone that is asked for', async () => {
  await order('A1', '2026-07-15T10:15:00Z');
  await order('A2', '2026-01-15T23:15:00.250Z');
  assert.deepEqual(await csv(), ['Order no.,Placed', 'A1,2026-07-15T18:15:00+08:00', 'A2,2026-01-16T07:15:00.250+08:00']);
  await firm('Europe/Paris');
  assert.deepEqual((await csv()).slice(1), ['A1,2026-07-15T12:15:00+02:00', 'A2,2026-01-16T00:15:00.250+01:00']);
  assert.deepEqual((await csv('time_zone=UTC')).slice(1), ['A1,2026-07-15T10:15:00Z', 'A2,2026-01-15T23:15:00.250Z']);
  assert.deepEqual((await csv('time_zone=America/New_York')).slice(1), ['A1,2026-07-15T06:15:00-04:00', 'A2,2026-01-15T18:15:00.250-05:00']);
  assert.deepEqual((await csv('names=1')).slice(0, 2), ['number,placed_at', 'A1,2026-07-15T12:15:00+02:00']);
  const wrong = await api('GET', '/api/v1/order/export?format=csv&time_zone=Mars/Base');
  assert.equal(wrong.status, 422, wrong.text);
  assert.match(wrong.text, /Mars\/Base/);
  const lines = new TextDecoder().decode((await exported('format=jsonl')).bytes);
  assert.match(lines, /2026-07-15T10:15:00Z/, 'lines are for programs');
});

test('a workbook names the zone in its heading', async () => {
  await firm('Asia/Shanghai');
  const [head, ...rows] = await sheet();
  assert.deepEqual(head, ['Order no.', 'Placed (Asia/Shanghai)']);
  assert.deepEqual(rows.map((r) => r[1]), ['2026-07-15 18:15:00', '2026-01-16 07:15:00.250']);
  assert.deepEqual((await sheet('time_zone=UTC'))[0], ['Order no.', 'Placed (UTC)']);
});

test('what goes out comes in as the same moment, whatever the firm\'s zone has become', async () => {
  // the hour that comes twice, the one that is left out, times before zones and before spreadsheets
  const moments = { B1: '2026-10-25T00:30:00Z', B2: '2026-10-25T01:30:00Z', B3: '2026-03-29T01:30:00Z', B4: '1890-05-06T07:08:09Z', B5: '2026-06-01T00:00:00Z' };
  for (const [number, at] of Object.entries(moments)) await order(number, at);
  for (const query of ['format=csv&', 'format=xlsx&', 'format=xlsx&time_zone=America/New_York', 'format=csv&names=1', 'format=xlsx&names=1']) {
    await firm('Europe/Paris');
    const { bytes } = await exported(`number=like.B*&${query}`);
    for (const number of Object.keys(moments)) await api('PATCH', `/api/v1/order?number=eq.${number}`, { placed_at: '2000-01-01T00:00:00Z' });
    await firm('Asia/Tokyo');
    const run = await take(`back.${query.includes('xlsx') ? 'xlsx' : 'csv'}`, bytes, { again: true });
    assert.deepEqual([run.failed, run.updated], [0, 5], query);
    assert.deepEqual(Object.fromEntries(await placed('number=like.B*')), moments, query);
  }
});

test('times of a file that names no zone are the firm\'s; a heading or the plan may say another', async () => {
  await firm('Asia/Shanghai');
  await take('local.csv', '订单号,下单时间\nC1,2026-07-15 18:15:00\n');
  await take('heading.csv', 'Order no.,Placed (Europe/Paris)\nC2,2026-07-15 18:15:00\n');
  await take('utc.csv', '订单号,下单时间（UTC）\nC3,2026-07-15 18:15:00\n');
  await take('beijing.csv', '订单号,下单时间（北京时间）\nC4,2026-07-15 18:15:00\n', { time_zone: 'UTC' });
  await take('plan.csv', '订单号,下单时间\nC5,2026-07-15 18:15:00\n', { time_zone: 'America/New_York' });
  await take('own.csv', 'Order no.,Placed (Europe/Paris)\nC6,2026-07-15T18:15:00Z\n');
  assert.deepEqual(await placed('number=like.C*'), [
    ['C1', '2026-07-15T10:15:00Z'], ['C2', '2026-07-15T16:15:00Z'], ['C3', '2026-07-15T18:15:00Z'], ['C4', '2026-07-15T10:15:00Z'],
    ['C5', '2026-07-15T22:15:00Z'], ['C6', '2026-07-15T18:15:00Z'],
  ]);
});

test('the command takes the firm\'s zone too, beside a server and without one', async () => {
  await firm('Asia/Tokyo');
  const file = (n) => {
    const path = join(server.data, `../zone-${n}.csv`);
    writeFileSync(path, `订单号,下单时间\nD${n},2026-07-15 18:15:00\n`);
    return path;
  };
  guanxi(['import', '--data', server.data, '--entity', 'order', file(1)]);
  assert.deepEqual(await placed('number=like.D*'), [['D1', '2026-07-15T09:15:00Z']]);
});

test('guanxi export: the firm\'s zone or another, into a file of its owner\'s, which it never overwrites', async () => {
  await firm('Europe/Paris');
  const out = (name, ...args) => {
    const path = join(server.data, `../${name}`);
    const done = guanxi(['export', '--data', server.data, '--entity', 'order', '--query', 'number=eq.A1&select=number,placed_at', ...args, path], { allowFailure: true });
    return { ...done, path, text: done.status === 0 ? readFileSync(path, 'utf8').replace(/^\ufeff/, '').trim().split('\r\n') : null };
  };
  const first = out('one.csv', '--names');
  assert.deepEqual([first.status, first.text], [0, ['number,placed_at', 'A1,2026-07-15T12:15:00+02:00']], first.err);
  assert.deepEqual(JSON.parse(first.out), { rows: 1 });
  assert.equal(statSync(first.path).mode & 0o077, 0);
  assert.equal(out('two.csv', '--time-zone', 'UTC').text[1], 'A1,2026-07-15T10:15:00Z');
  assert.match(out('three.jsonl').text[0], /2026-07-15T10:15:00Z/);
  const again = out('one.csv');
  assert.equal(again.status, 1);
  assert.match(again.err, /already/);
  assert.deepEqual(readFileSync(first.path, 'utf8').includes('+02:00'), true);
  for (const args of [['--time-zone', 'Mars/Base'], ['--format', 'odt'], ['--entity', 'nothing']]) {
    const wrong = out('wrong.csv', ...args);
    assert.equal(wrong.status, 1, args.join(' '));
    assert.equal(existsSync(wrong.path), false, 'nothing is left behind');
    assert.ok(wrong.err.includes(args[1]), wrong.err);
  }
  const told = (await api('GET', '/api/v1/audit?entity=order&action=export')).text;
  assert.match(told, /number=eq\.A1/);
});
