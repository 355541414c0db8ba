// The warehouse's first load, and pivot tables of two dimensions over very many order lines: node bench/pivot.mjs [lines]
// Makes a data folder of its own (SQLite), fills the tables by SQL, asks over HTTP, says median and slowest of 15.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { adminEmail, client, guanxi, makeData, serve } from '../tests/lib/server.mjs';

const lines = Number(process.argv[2] ?? 10_000_000), orders = Math.ceil(lines / 4), customers = Math.max(1000, Math.ceil(lines / 10));
const folder = makeData();
const token = guanxi(['token', 'create', '--data', folder.data, '--user', adminEmail, '--name', 'bench']).out.trim();
let server = await serve(folder.data);
let api = client(server.url, token);
const make = async (entity, body) => (await api('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' })).body;
const channels = await make('channel', Array.from({ length: 20 }, (_, i) => ({ name: `Shop ${i}`, code: `s${i}` })));
const categories = await make('category', Array.from({ length: 30 }, (_, i) => ({ name: `Category ${i}` })));
const products = await make('product', Array.from({ length: 500 }, (_, i) => ({ name: `Product ${i}`, sku: `p${i}`, category_id: categories[i % 30].id })));
const [customer] = await make('customer', [{ name: 'Bench' }]);
const [order] = await make('order', [{ customer_id: customer.id, channel_id: channels[0].id, placed_at: '2024-01-01T00:00:00Z', order_lines: [{ name: 'x', product_id: products[0].id, quantity: 1, unit_price: 10 }] }]);
await server.stop();
// rows by SQL, as copies of one that was made: their indexes are made again afterwards
const script = `
import sqlite3, sys
c = sqlite3.connect(sys.argv[1]); c.executescript('PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-400000')
indexes = [r for t in ('customer', 'order', 'order_line') for r in c.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", (t,)).fetchall()]
for name, _ in indexes: c.execute(f'DROP INDEX "{name}"')
def fill(table, n, changes):
    names = [r[1] for r in c.execute(f'PRAGMA table_info("{table}")')]
    values = ', '.join(changes.get(x, f'b."{x}"') for x in names)
    c.execute(f'CREATE TEMP TABLE b AS SELECT * FROM "{table}" LIMIT 1')
    c.execute(f'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {n}) INSERT INTO "{table}" SELECT {values} FROM n, b')
    c.execute('DROP TABLE b')
channels, products = ${JSON.stringify(channels.map((x) => x.id))}, ${JSON.stringify(products.map((x) => x.id))}
c.execute('CREATE TEMP TABLE ch (n INTEGER PRIMARY KEY, id)'); c.executemany('INSERT INTO ch VALUES (?, ?)', [(i, int(x)) for i, x in enumerate(channels)])
c.execute('CREATE TEMP TABLE pr (n INTEGER PRIMARY KEY, id)'); c.executemany('INSERT INTO pr VALUES (?, ?)', [(i, int(x)) for i, x in enumerate(products)])
cities = "CASE i % 5 WHEN 0 THEN '杭州' WHEN 1 THEN '北京' WHEN 2 THEN '上海' WHEN 3 THEN '广州' ELSE '成都' END"
fill('customer', ${customers}, {'id': '1000000000000 + i', 'city': cities, 'number': 'NULL', 'number_key': 'NULL'})
fill('order', ${orders}, {'id': '2000000000000 + i', 'number': "'B' || i", 'number_key': "'b' || i", 'customer_id': '1000000000000 + 1 + i * 7919 % ${customers}',
  'channel_id': '(SELECT id FROM ch WHERE n = i % 20)', 'placed_at': 'b.placed_at + i * 7919 % 1000 * 86400000'})
fill('order_line', ${lines}, {'id': '3000000000000 + i', 'order_id': '2000000000000 + 1 + i / 4 % ${orders}', 'product_id': '(SELECT id FROM pr WHERE n = i * 31 % 500)',
  'total': '(1 + i % 9000) * 100', 'quantity': '1000 + i % 5 * 1000'})
for _, sql in indexes: c.execute(sql)
c.commit()`;
const filled = spawnSync('python3', ['-c', script, join(folder.data, 'guanxi.db')], { encoding: 'utf8' });
if (filled.status !== 0) throw new Error(filled.stderr);
const began = Date.now();
guanxi(['warehouse', 'refresh', '--data', folder.data]);
console.log(`first load of ${lines} lines, ${orders} orders, ${customers} customers: ${((Date.now() - began) / 1000).toFixed(1)} s`);
server = await serve(folder.data);
api = client(server.url, token);
const asked = {
  'sales by month and shop': { of: 'order_line', measures: ['sales'], rows: [{ field: 'order_id.placed_at', by: 'month' }], columns: [{ field: 'order_id.channel_id' }] },
  'sales and quantity by quarter and category': { of: 'order_line', measures: ['sales', 'quantity'], rows: [{ field: 'order_id.placed_at', by: 'quarter' }], columns: [{ field: 'product_id.category_id' }] },
  'sales by shop and the customer\'s city': { of: 'order_line', measures: ['sales'], rows: [{ field: 'order_id.channel_id' }], columns: [{ field: 'order_id.customer_id.city' }] },
  'the same, a year against the year before': { of: 'order_line', measures: ['sales'], rows: [{ field: 'order_id.placed_at', by: 'month' }], columns: [{ field: 'order_id.channel_id' }], from: '2025-01-01', to: '2025-12-31', compare: 'year' },
  'different customers by month': { of: 'order_line', measures: ['customers'], rows: [{ field: 'order_id.placed_at', by: 'month' }] },
};
for (const [name, body] of Object.entries(asked)) {
  const took = [];
  for (let i = 0; i < 15; i++) {
    const from = performance.now();
    const answer = await api('POST', '/api/v1/pivot', body);
    if (answer.status !== 200) throw new Error(answer.text);
    took.push(performance.now() - from);
  }
  took.sort((a, b) => a - b);
  console.log(`${name}: median ${took[7].toFixed(0)} ms, slowest ${took[14].toFixed(0)} ms`);
}
const kib = Number(/VmHWM:\s+(\d+)/.exec(spawnSync('cat', [`/proc/${server.child.pid}/status`], { encoding: 'utf8' }).stdout)?.[1] ?? 0);
console.log(`most memory of the server: ${Math.round(kib / 1024)} MB`);
await server.stop();
folder.remove();
