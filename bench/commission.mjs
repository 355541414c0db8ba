// A commission period of 200,000 lines: the overview of all, one person's statement, the close: node bench/commission.mjs [lines]
// Makes a data folder of its own (SQLite), fills orders by SQL, asks over HTTP, says median and slowest of 5, and the close once.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { adminEmail, client, guanxi, makeData, serve } from '../tests/lib/server.mjs';

const lines = Number(process.argv[2] ?? 200_000), people = 200;
const folder = makeData();
const token = guanxi(['token', 'create', '--data', folder.data, '--user', adminEmail, '--name', 'bench']).out.trim();
let server = await serve(folder.data);
let api = client(server.url, token);
const make = async (entity, body) => {
  const answer = await api('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' });
  if (answer.status !== 201) throw new Error(answer.text);
  return answer.body[0];
};
const customer = await make('customer', { name: 'Bench' });
const category = await make('category', { name: 'Tea' });
const tea = await make('product', { name: 'Tea', sku: 'T', category_id: category.id }), cup = await make('product', { name: 'Cup', sku: 'C' });
const users = [];
for (let i = 0; i < people; i++) users.push((await make('user', { name: `Person ${i}`, email: `p${i}@example.com` })).id);
const brackets = [{ from: '0', to: '50000', rate: '1' }, { from: '50000', to: '200000', rate: '2' }, { from: '200000', rate: '4' }];
await make('commission_plan', { name: 'Ladder', from_on: '2020-01-01', brackets });
await make('commission_plan', { name: 'Tea', scope: 'people', people: users.slice(0, 100), from_on: '2020-01-01', brackets, products: { field: 'category_id', op: 'eq', value: category.id } });
const first = await make('order', { customer_id: customer.id, placed_at: '2026-03-01T04:00:00Z', owner_id: users[0] });
const line = await make('order_line', { order_id: first.id, product_id: tea.id, quantity: '1', unit_price: '100' });
await server.stop();
const sql = `
CREATE TEMP TABLE person AS SELECT row_number() OVER (ORDER BY id) - 1 AS n, id FROM "user" WHERE email LIKE 'p%@example.com';
CREATE TEMP TABLE o AS SELECT * FROM "order" WHERE id = ${first.id};
CREATE TEMP TABLE l AS SELECT * FROM order_line WHERE id = ${line.id};
CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${lines}) SELECT i FROM n;
INSERT INTO "order" (id, version, created_at, updated_at, number, customer_id, kind, state, placed_at, lines_count, lines_total, shipping_fee, tax, discount, total, fx_rate, total_base, owner_id)
SELECT o.id + i, 1, o.created_at, o.created_at, 'B' || i, o.customer_id, 'sale', 'placed', o.placed_at + i % 29 * 86400000, 1, 10000 + i % 9000, 0, 0, 0, 10000 + i % 9000, 1000000, 10000 + i % 9000, person.id
FROM n, o, person WHERE person.n = i % ${people};
INSERT INTO order_line (id, version, created_at, updated_at, order_id, product_id, kind, quantity, unit_price, discount, total)
SELECT l.id + ${2 * lines} + i, 1, l.created_at, l.created_at, l.order_id + i, CASE WHEN i % 3 = 0 THEN ${tea.id} ELSE ${cup.id} END, 'sale', 1000, 1000000 + i % 9000 * 100, 0, 1000000 + i % 9000 * 100 FROM n, l;
ANALYZE;`;
const filled = spawnSync('python3', ['-c', 'import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.executescript(sys.stdin.read()); c.commit()', join(folder.data, 'guanxi.db')], { input: sql, encoding: 'utf8' });
if (filled.status !== 0) throw new Error(filled.stderr);
server = await serve(folder.data);
api = client(server.url, token);
let digest;
for (const [what, path] of Object.entries({
  'overview of the period': '/api/v1/commission/overview?on=2026-03-01',
  'statement of one person': `/api/v1/commission/statement?on=2026-03-01&person=${users[7]}`,
})) {
  const times = [];
  let said;
  for (let i = 0; i < 6; i++) {
    const from = performance.now();
    const answer = await api('GET', path);
    if (answer.status !== 200) throw new Error(answer.text);
    times.push(performance.now() - from);
    said = answer.body;
  }
  digest = said.digest ?? digest;
  times.shift();
  times.sort((a, b) => a - b);
  console.log(`${what}: median ${times[2].toFixed(0)} ms, slowest ${times.at(-1).toFixed(0)} ms (${said.rows ? said.rows.reduce((n, r) => n + r.lines, 0) : said.count} lines)`);
}
const from = performance.now();
const closed = await api('POST', '/api/v1/commission/close', { period: 'month', on: '2026-03-01', digest });
if (closed.status !== 201) throw new Error(closed.text);
console.log(`close: ${(performance.now() - from).toFixed(0)} ms`);
await server.stop();
folder.remove();
