// Databases of older versions, kept in tests/upgrade: today's program takes them over, and nothing in them is lost.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { client, engine, guanxi, makeData, root, serve } from '../lib/server.mjs';
import { conf, hasSql, psql, sql } from '../lib/sql.mjs';

const stored = readdirSync(join(root, 'tests/upgrade')).filter((n) => n.endsWith(engine === 'sqlite' ? '.db.gz' : '.sql.gz')).sort();

/** Puts the stored database into a data folder in place of its own. */
function put(data, name) {
  const content = gunzipSync(readFileSync(join(root, 'tests/upgrade', name)));
  if (engine === 'sqlite') {
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(data, `guanxi.db${suffix}`), { force: true });
    writeFileSync(join(data, 'guanxi.db'), content);
    return;
  }
  const schema = conf(data, 'pg_schema'), file = join(data, 'stored.sql');
  writeFileSync(file, content.toString('utf8').replaceAll('stored_v1', schema));
  psql(data, '-c', `DROP SCHEMA ${schema} CASCADE`);
  psql(data, '-f', file);
}

/** `grown`: the program took it over itself; rows restored into a schema of today keep the roles they had. */
async function check(data, grown = true) {
  const token = guanxi(['token', 'create', '--data', data, '--user', 'admin@example.com', '--name', 'later']).out.trim();
  const doctor = guanxi(['doctor', '--data', data, '--deep'], { allowFailure: true });
  assert.equal(doctor.status, 0, doctor.out + doctor.err);
  const server = await serve(data);
  try {
    const api = client(server.url, token);
    const people = (await api('GET', '/api/v1/customer?select=name,number,phone,stage,orders_count,orders_total,tags,orders(number,lines_count)&order=number')).body;
    assert.deepEqual(people.map((p) => [p.number, p.name, p.phone, p.stage, p.orders_count, p.orders_total, p.tags.map((t) => t.name).sort()]), [
      ['K1', '赵伟', '+8613800138000', 'loyal', 1, '22.08', ['VIP', '批发']],
      ['K2', 'Ada Lovelace', '+442079460018', 'prospect', 0, '-27.50', ['VIP']],
      ['K3', '王芳', null, 'trading', 0, '0.00', []],
    ]);
    assert.deepEqual(people[0].orders, [{ number: '536365', lines_count: 2 }]);
    for (const [typed, first] of [['zhaowei', '赵伟'], ['lovelace', 'Ada Lovelace'], ['8000', '赵伟'], ['536365', '536365']])
      assert.equal((await api('GET', `/api/v1/search?q=${typed}`)).body.groups[0]?.hits[0]?.title, first, typed);
    const made = await api('POST', '/api/v1/customer', { name: 'New', philosophy: 'Long-term', tags: [(await api('GET', '/api/v1/tag?name=eq.VIP')).body[0].id] }, { Prefer: 'return=representation' });
    assert.equal(made.status, 201, made.text);
    assert.equal((await api('POST', '/api/v1/party_role', { customer_id: made.body[0].id, role: 'supplier' })).status, 201);
    // roles that came with the program reach what came later, and keep what they said before
    const roles = Object.fromEntries((await api('GET', '/api/v1/role?select=key,rights&key=not.is.null')).body.map((r) => [r.key, r.rights]));
    assert.deepEqual([roles.sales.pipeline?.read, roles.service.case?.update], grown ? ['all', 'all'] : [undefined, undefined], JSON.stringify(roles.sales));
    assert.ok(roles.sales['*'] && roles.service.customer);
    assert.equal((await api('GET', '/api/v1/audit/proof?full=1')).body.ok, true);
  } finally {
    await server.stop();
  }
}

test('there is one of each released version', () => assert.ok(stored.length >= 1));

for (const name of stored) {
  test(`${name}: taken over`, { skip: engine === 'postgres' && !hasSql ? 'no psql' : false }, async () => {
    const { data, remove } = makeData();
    put(data, name);
    await check(data);
    const copy = readdirSync(data).find((n) => (engine === 'sqlite' ? /^guanxi\.db\.before-v\d+$/ : /^guanxi\.before-v\d+\.zip$/).test(n));
    assert.ok(copy, 'there is a copy from before');
    if (engine === 'postgres') {
      const again = `${data}-again`;
      guanxi(['restore', '--key', guanxi(['backup-key', '--data', data]).out.trim(), '--data', again, '--pg-url', conf(data, 'pg_url'), '--pg-schema', `${conf(data, 'pg_schema')}_again`, join(data, copy)]);
      await check(again, false);
    }
    remove();
  });
  test(`${name}: taken over with columns and tables that came later`, { skip: hasSql ? false : 'no SQL client' }, async () => {
    const { data, remove } = makeData();
    put(data, name);
    // as a database looked that is older still, and by earlier readings
    sql(data, "UPDATE customer SET sort_name = 'other' WHERE number = 'K1'; UPDATE customer SET sort_name = NULL WHERE number = 'K2'");
    sql(data, 'ALTER TABLE customer DROP COLUMN philosophy; ALTER TABLE customer DROP COLUMN contacts_count; DROP TABLE party_role; DROP INDEX customer_city_last_order_at_idx');
    await check(data);
    assert.deepEqual(sql(data, "SELECT sort_name FROM customer WHERE number LIKE 'K%' ORDER BY number").split(/\s*\n\s*/), ['zhaowei', 'ada lovelace', 'wangfang']);
    assert.equal(sql(data, "SELECT count(*) FROM customer WHERE contacts_count = 0 AND number LIKE 'K%'"), '3');
    assert.equal(existsSync(join(data, 'control.sock')), false);
    remove();
  });
}
