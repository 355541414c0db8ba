// The command line: first start, tokens, commands beside a serving program, the doctor,
// backup and restore, the sample shop, imports, and how serving begins and ends.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { adminEmail, adminPassword, client, engine, guanxi, makeData, program, root, serve } from '../lib/server.mjs';

const home = mkdtempSync(join(tmpdir(), 'guanxi-cli-'));
after(() => rmSync(home, { recursive: true, force: true }));

let folders = 0;
const fresh = () => join(home, `f${++folders}`);
const schema = () => `t${randomBytes(6).toString('hex')}`;
const pgArgs = () => (engine === 'postgres' ? ['--pg-url', process.env.GUANXI_TEST_PG, '--pg-schema', schema()] : []);
const run = (args, options = {}) => guanxi(args, { allowFailure: true, ...options });
const init = (data, args = [], input = `${adminPassword}\n`) => run(['init', '--data', data, '--admin-email', adminEmail, ...pgArgs(), ...args], { input });
const newToken = (data) => run(['token', 'create', '--data', data, '--user', adminEmail, '--name', 'cli']);

async function signIn(url, password) {
  const answer = await fetch(`${url}/api/v1/session`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ email: adminEmail, password }) });
  await answer.text();
  return answer.status;
}

/** SQL behind the program's back. */
function sql(data, text) {
  if (engine === 'sqlite') return spawnSync('sqlite3', [join(data, 'guanxi.db'), text], { encoding: 'utf8' });
  const conf = readFileSync(join(data, 'guanxi.conf'), 'utf8'), [url, name] = ['pg_url', 'pg_schema'].map((key) => new RegExp(`${key} = (\\S+)`).exec(conf)[1]);
  return spawnSync('psql', ['-qAtX', '-v', 'ON_ERROR_STOP=1', url, '-c', `SET search_path TO ${name}`, '-c', text], { encoding: 'utf8' });
}
const hasSql = !spawnSync(engine === 'sqlite' ? 'sqlite3' : 'psql', ['--version']).error;

test('help, version, unknown commands and options', () => {
  assert.match(run(['--version']).out, /^guanxi \d+\.\d+\.\d+\n$/);
  assert.equal(run(['help']).status, 0);
  assert.match(run(['import', '--help']).out, /--preset/);
  for (const [args, said] of [[[], /init/], [['nonsense'], /nonsense/], [['token'], /token/], [['doctor', '--nope'], /--nope/], [['doctor', 'file'], /file/],
    [['init', '--admin-email'], /needs a value/], [['init'], /--admin-email/], [['token', 'create', '--user', 'x'], /--name/], [['doctor', '--data'], /needs a value/]]) {
    const done = run(args);
    assert.equal(done.status, 2, args.join(' '));
    assert.match(done.err, said, args.join(' '));
    assert.equal(done.out, '');
  }
  const nowhere = run(['doctor', '--data', fresh()]);
  assert.equal(nowhere.status, 1);
  assert.match(nowhere.err, /guanxi init/);
});

test('calendar ask: an answer a line; what cannot be answered is named and ends with 1', () => {
  const file = join(home, 'questions.json');
  const hours = { time_zone: 'Asia/Shanghai', country: 'CN', hours: { mon: [['09:00', '18:00']], fri: [['09:00', '12:00'], ['13:00', '18:00']] } };
  const ask = (...questions) => {
    writeFileSync(file, typeof questions[0] === 'string' ? questions[0] : JSON.stringify(questions.map((question) => ({ ...hours, question }))));
    return run(['calendar', 'ask', file]);
  };
  const good = ask({ ask: 'go_forward', from: '2026-01-02T02:00:00Z', amount: 3, unit: 'hour' }, { ask: 'is_workday', date: '2026-02-14' },
    { ask: 'periods_on', date: '2026-01-09' });
  assert.equal(good.status, 0, good.err);
  assert.deepEqual(good.out.trim().split('\n').map((line) => JSON.parse(line)), ['2026-01-04T04:00:00Z', true,
    [['2026-01-09T01:00:00Z', '2026-01-09T04:00:00Z'], ['2026-01-09T05:00:00Z', '2026-01-09T10:00:00Z']]]);
  for (const [questions, said, out] of [[['[{'], /JSON/, ''], [[{ ask: 'is_workday', date: '2026-02-14' }, { ask: 'is_open', at: 'noon' }], /\[2\]\.question\.at/, 'true\n']]) {
    const done = ask(...questions);
    assert.equal(done.status, 1);
    assert.match(done.err, said);
    assert.equal(done.out, out);
  }
  assert.match(run(['calendar', 'ask', join(home, 'none.json')]).err, /none\.json/);
  assert.equal(run(['calendar', 'ask']).status, 2);
});

test('init: a password given, a password made, private files', async () => {
  const data = fresh();
  const done = init(data);
  assert.equal(done.status, 0, done.err);
  assert.ok(!done.out.includes('Password'));
  assert.equal(statSync(data).mode & 0o077, 0, 'the folder is private');
  assert.equal(statSync(join(data, 'guanxi.conf')).mode & 0o077, 0);
  assert.ok(!readFileSync(join(data, 'guanxi.conf'), 'utf8').includes(adminPassword));
  const other = fresh();
  const made = init(other, ['--currency', 'EUR', '--region', 'DE'], '');
  const password = /Password \(shown once\): (\S{20})\n/.exec(made.out)?.[1];
  assert.ok(password, made.out + made.err);
  const server = await serve(other);
  try {
    assert.equal(await signIn(server.url, password), 200);
    assert.equal(await signIn(server.url, adminPassword), 401);
    const api = client(server.url, newToken(other).out.trim());
    assert.equal((await api('GET', '/api/v1/meta')).body.base_currency, 'EUR');
    const one = await api('POST', '/api/v1/customer', { name: 'x', phone: '030 123456' }, { Prefer: 'return=representation' });
    assert.match((one.body[0] ?? one.body).phone, /^\+49/);
  } finally {
    await server.stop();
  }
});

test('init: what is wrong is refused, and can be given again rightly', () => {
  const data = fresh();
  for (const args of [['--currency', 'XXXX'], ['--currency', 'yuan'], ['--pg-url', 'postgresql://guanxi@127.0.0.1:1/none']]) {
    const done = run(['init', '--data', data, '--admin-email', adminEmail, ...args], { input: `${adminPassword}\n` });
    assert.equal(done.status, 1, args.join(' '));
    assert.match(done.err, /^guanxi: /);
  }
  const weak = init(data, [], 'short\n');
  assert.equal(weak.status, 1);
  assert.ok(!existsSync(join(data, 'guanxi.conf')));
  assert.equal(run(['init', '--data', data, '--admin-email', 'no address'], { input: `${adminPassword}\n` }).status, 1);
  const good = init(data);
  assert.equal(good.status, 0, good.err);
  const conf = readFileSync(join(data, 'guanxi.conf'), 'utf8');
  const again = init(data);
  assert.equal(again.status, 1);
  assert.match(again.err, /already/);
  assert.equal(readFileSync(join(data, 'guanxi.conf'), 'utf8'), conf);
  assert.equal(newToken(data).status, 0, 'the folder that was there still works');
});

test('tokens are made beside a serving program and without one', async () => {
  const { data, remove } = makeData();
  const alone = newToken(data);
  assert.match(alone.out, /^gx_\S+\n$/);
  const server = await serve(data);
  try {
    const beside = newToken(data);
    assert.match(beside.out, /^gx_\S+\n$/, beside.err);
    for (const made of [alone, beside]) assert.equal((await client(server.url, made.out.trim())('GET', '/api/v1/account')).body.email, adminEmail);
  } finally {
    await server.stop();
    remove();
  }
});

test('a command says the same beside a serving program and without one', async () => {
  const { data, remove } = makeData();
  const file = join(home, 'people.csv');
  writeFileSync(file, 'name,email\nAda,ada@example.com\n');
  const commands = [['token', 'create', '--user', 'nobody@example.com', '--name', 'x'], ['token', 'create'], ['import'], ['import', '/there/is/no/file.csv'],
    ['import', '--preset', 'nonsense', file], ['backup'], ['backup', '/no/such/folder/x.zip'], ['doctor'], ['doctor', '--deep'], ['doctor', '--nope'], ['demo', '--orders', '/no/file']];
  const all = () => commands.map((c) => {
    const done = run([...c, '--data', data]);
    // heads, counts and ids differ from one time to the next
    const plain = (text) => text.replace(/[0-9a-f]{64}/g, 'H').replace(/\d+/g, 'N').replaceAll(data, 'DATA');
    return [c.join(' '), done.status, plain(done.out), plain(done.err)];
  });
  const without = all();
  const server = await serve(data);
  let beside;
  try {
    beside = all();
  } finally {
    await server.stop();
  }
  assert.deepEqual(beside, without);
  assert.deepEqual(without.map((w) => w[1]), [1, 2, 2, 1, 1, 2, 1, 0, 0, 2, 1]);
  remove();
});

test('import: the last line is one JSON object with the right counts', () => {
  const { data, remove } = makeData();
  const file = join(home, 'customers.csv');
  writeFileSync(file, 'name,email,birthday\n王芳,fang@example.com,1990-02-03\nBo,not an address,\n李强,qiang@example.com,1985-01-01\n');
  const last = (args) => {
    const done = run(['import', '--data', data, '--entity', 'customer', ...args]);
    assert.equal(done.status, 0, done.err);
    return JSON.parse(done.out.trimEnd().split('\n').at(-1));
  };
  const { seconds, ...first } = last([file]);
  assert.deepEqual(first, { rows: 3, created: 2, updated: 0, skipped: 0, failed: 1, values_left: 0, warnings: [] });
  assert.ok(seconds > 0);
  const { seconds: _, ...again } = last([file]);
  assert.deepEqual([again.rows, again.created], [3, 0], JSON.stringify(again));
  remove();
});

test('import: zone, order of dates, decimal sign and country can be said on the command line', () => {
  const { data, remove } = makeData();
  const file = join(home, 'said.csv'), out = join(home, 'said.jsonl');
  writeFileSync(file, 'name,phone,birthday,credit_limit\nAnn,(202) 555-0123,03/04/1985,"1,500"\n');
  const args = (...more) => ['import', '--data', data, '--entity', 'customer', ...more, file];
  for (const wrong of [['--time-zone', 'Mars/Olympus'], ['--date-order', 'DYM'], ['--number', 'dot'], ['--country', 'Nowhere']])
    assert.equal(run(args(...wrong)).status, 1, wrong.join(' '));
  const done = run(args('--time-zone', 'America/New_York', '--date-order', 'DMY', '--number', 'comma', '--country', 'US'));
  assert.equal(done.status, 0, done.err);
  assert.equal(run(['export', '--data', data, '--entity', 'customer', '--query', 'select=phone,birthday,credit_limit', out]).status, 0);
  const row = JSON.parse(readFileSync(out, 'utf8').trim());
  assert.deepEqual([row.phone, row.birthday, Number(row.credit_limit)], ['+12025550123', '1985-04-03', 1.5]);
  const orders = join(home, 'orders.csv'), times = join(home, 'times.jsonl');
  writeFileSync(orders, 'order number,order date\nZ1,2026-07-01 09:00\n');
  assert.equal(run(['import', '--data', data, '--entity', 'order', '--time-zone', 'America/New_York', orders]).status, 0);
  assert.equal(run(['export', '--data', data, '--entity', 'order', '--query', 'select=placed_at', times]).status, 0);
  assert.match(JSON.parse(readFileSync(times, 'utf8').trim()).placed_at, /^2026-07-01T13:00:00/);
  remove();
});

test('the doctor passes a healthy folder and names what was tampered with', { skip: hasSql ? false : 'no SQL client' }, () => {
  const { data, remove } = makeData();
  for (let i = 0; i < 3; i++) newToken(data);
  const healthy = run(['doctor', '--data', data, '--deep']);
  assert.equal(healthy.status, 0, healthy.out + healthy.err);
  assert.match(healthy.out, /All is well/);
  const spoil = "UPDATE change SET diff = '{\"name\":[null,\"forged\"]}' WHERE seq = 2";
  assert.notEqual(sql(data, spoil).status, 0, 'the change log can be changed with SQL');
  const dropped = sql(data, engine === 'sqlite' ? 'DROP TRIGGER change_no_update' : 'DROP TRIGGER change_no_update ON change');
  assert.equal(dropped.status, 0, dropped.stderr);
  const spoilt = sql(data, spoil);
  assert.equal(spoilt.status, 0, spoilt.stderr);
  const report = run(['doctor', '--data', data]);
  assert.equal(report.status, 1, report.out);
  assert.match(report.out, /WRONG\s+change log\s+.*entry 2\b/);
  remove();
});

test('the doctor mends the search index when it is told to', { skip: hasSql ? false : 'no SQL client' }, () => {
  const { data, remove } = makeData();
  const file = join(home, 'three.csv');
  writeFileSync(file, 'name\nAda\nBo\nCy\n');
  run(['import', '--data', data, '--entity', 'customer', file]);
  // behind the program's back: a customer that the index does not know to be gone
  const gone = sql(data, "DELETE FROM customer WHERE name = 'Bo'");
  assert.equal(gone.status, 0, gone.stderr);
  const report = run(['doctor', '--data', data]);
  assert.equal(report.status, 1, report.out);
  assert.match(report.out, /WRONG\s+search\s+.*too many/);
  const mended = run(['doctor', '--data', data, '--rebuild-search']);
  assert.equal(mended.status, 0, mended.out + mended.err);
  assert.equal(run(['doctor', '--data', data]).status, 0);
  remove();
});

test('backup and restore: everything comes along, nothing is overwritten', async () => {
  const { data, remove } = makeData();
  const server = await serve(data);
  const token = newToken(data).out.trim();
  const file = join(home, 'copy.zip');
  const api = client(server.url, token);
  try {
    await api('POST', '/api/v1/customer', { name: '备份' });
    const done = run(['backup', '--data', data, file]);
    assert.equal(done.status, 0, done.err);
    assert.equal(statSync(file).mode & 0o077, 0, 'the backup is private');
  } finally {
    await server.stop();
  }
  const other = fresh(), key = run(['backup-key', '--data', data]).out.trim();
  assert.match(key, /^[0-9a-f]{64}$/);
  assert.equal(run(['restore', '--data', other, ...pgArgs(), file]).status, 2, 'who made it is asked');
  const wrong = run(['restore', '--key', key.replace(/^./, (c) => (c === '0' ? '1' : '0')), '--data', other, ...pgArgs(), file]);
  assert.equal(wrong.status, 1);
  assert.match(wrong.err, /another key/);
  const restored = run(['restore', '--key', key, '--data', other, ...pgArgs(), file]);
  assert.equal(restored.status, 0, restored.err);
  assert.equal(run(['restore', '--key', key, '--data', other, ...pgArgs(), file]).status, 1);
  assert.equal(run(['restore', '--unproven', '--data', fresh(), join(home, 'none.zip')]).status, 1);
  const report = run(['doctor', '--data', other, '--deep']);
  assert.equal(report.status, 0, report.out + report.err);
  const second = await serve(other);
  try {
    assert.equal(await signIn(second.url, adminPassword), 200);
    const rows = await client(second.url, token)('GET', '/api/v1/customer?select=name');
    assert.deepEqual(rows.body, [{ name: '备份' }]);
  } finally {
    await second.stop();
    remove();
  }
});

test('demo fills the folder with the sample shop', async () => {
  const { data, remove } = makeData();
  const expected = { customers: 2767, orders: 10783 };
  const args = [];
  if (engine === 'postgres') {
    // all of it takes minutes there: its first rows will do
    const lines = gunzipSync(readFileSync(join(root, 'sample/online-retail.csv.gz'))).toString('utf8').split('\n').slice(0, 4001);
    const orders = join(home, 'orders.csv');
    writeFileSync(orders, `${lines.join('\n')}\n`);
    args.push('--orders', orders);
    expected.orders = new Set(lines.slice(1).map((l) => l.split(',')[0])).size;
    expected.customers = new Set(lines.slice(1).map((l) => l.split(',').at(-2)).filter(Boolean)).size;
  }
  const done = run(['demo', '--data', data, ...args], { cwd: root });
  assert.equal(done.status, 0, done.err + done.out);
  const server = await serve(data);
  try {
    const api = client(server.url, newToken(data).out.trim());
    const count = async (path) => Number((await api('HEAD', path, undefined, { Prefer: 'count=exact' })).headers.get('content-range').split('/')[1]);
    assert.equal(await count('/api/v1/customer?select=id&number=not.is.null'), expected.customers);
    assert.ok((await count('/api/v1/customer?select=id')) > expected.customers); // some are written down twice
    assert.equal(await count('/api/v1/order?select=id'), expected.orders + 1 + await count('/api/v1/goods_return?select=id&return_order_id=not.is.null')); // that of the accepted quote, those of refunds
    assert.equal(await count('/api/v1/category?select=id'), 9);
    assert.equal(await count('/api/v1/product?select=id&category_id=is.null'), 0);
    // every part of an order's and a customer's page has something to show
    for (const entity of ['payment', 'shipment', 'interaction', 'consent', 'identifier', 'address', 'tag', 'team', 'branch', 'region', 'price_book', 'quote_line'])
      assert.ok((await count(`/api/v1/${entity}?select=id`)) > 1, entity);
    const quotes = (await api('GET', '/api/v1/quote?select=state,valid_until,total&order=state')).body;
    assert.deepEqual(quotes.map((q) => q.state), ['accepted', 'declined', 'draft', 'replaced', 'sent', 'sent', 'sent']);
    assert.equal(quotes.filter((q) => q.state === 'sent' && q.valid_until < new Date(Date.now() - 864e5).toISOString().slice(0, 10)).length, 1, 'one is expired');
    assert.ok(quotes.every((q) => Number(q.total) > 0));
    const [recent] = (await api('GET', '/api/v1/order?select=total,payments(amount,kind),shipments(carrier,state)&kind=eq.sale&customer_id=not.is.null&total=gt.0&order=placed_at.desc&limit=1')).body;
    assert.deepEqual(recent.payments, [{ amount: recent.total, kind: 'payment' }]);
    assert.equal(recent.shipments.length, 1);
  } finally {
    await server.stop();
    remove();
  }
});

test('serve: bad settings, a second one on the same folder, a newer schema', async () => {
  const { data, remove } = makeData();
  for (const listen of ['nonsense', '127.0.0.1:99999', ':80', '127.0.0.1:x']) assert.equal(run(['serve', '--data', data, '--listen', listen]).status, 1, listen);
  const server = await serve(data);
  const second = spawnSync(program, ['serve', '--data', data, '--listen', '127.0.0.1:0'], { encoding: 'utf8', timeout: 20000 });
  assert.equal(second.status, 1, `a second server on one folder: ${second.status ?? second.signal} ${second.stdout}`);
  assert.match(second.stderr, /works with this folder/);
  assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
  assert.equal(newToken(data).status, 0, 'commands still reach the first one');
  await server.stop();
  if (hasSql) {
    const newer = sql(data, "INSERT INTO schema_version SELECT max(version) + 1, 'from the future', 0 FROM schema_version");
    assert.equal(newer.status, 0, newer.stderr);
    const refused = spawnSync(program, ['serve', '--data', data, '--listen', '127.0.0.1:0'], { encoding: 'utf8', timeout: 20000 });
    assert.equal(refused.status, 1, refused.stdout);
    assert.match(refused.stderr, /newer/);
  }
  remove();
});

test('serve ends cleanly on SIGTERM, whoever is still connected', async () => {
  const { data, remove } = makeData();
  const token = newToken(data).out.trim();
  const server = await serve(data);
  const port = Number(new URL(server.url).port);
  const open = (text) => new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.got = '';
    socket.on('data', (d) => ((socket.got += d), resolve(socket)));
    socket.on('error', reject);
    socket.end_ = new Promise((r) => socket.on('close', r));
  });
  const head = (path) => `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`;
  const kept = await Promise.all(Array.from({ length: 5 }, () => open(head('/healthz'))));
  const streams = await Promise.all(Array.from({ length: 3 }, () => open(head('/api/v1/events'))));
  // one that has said nothing, and one in the middle of its request
  const silent = connect(port, '127.0.0.1');
  const halfway = connect(port, '127.0.0.1', () => halfway.write('POST /api/v1/customer HTTP/1.1\r\nHost: x\r\nContent-Le'));
  for (const s of [silent, halfway]) s.on('error', () => {});
  assert.match(streams[0].got, /text\/event-stream/);
  await new Promise((resolve) => setTimeout(resolve, 200));
  const started = performance.now();
  server.child.kill('SIGTERM');
  const { code, signal } = await server.ended;
  assert.equal(code, 0, `${signal} ${server.log()}`);
  assert.ok(performance.now() - started < 5000, `it took ${performance.now() - started} ms`);
  await Promise.all([...kept, ...streams].map((s) => s.end_));
  assert.ok(!existsSync(join(data, 'control.sock')));
  for (const s of [silent, halfway]) s.destroy();
  assert.equal(newToken(data).status, 0);
  remove();
});
