// The forecast, as it stands and as it was, the sums of the board and of the reports over 200,000 deals with two entries of their
// history each: node bench/forecast.mjs [deals]
// Makes a data folder of its own (SQLite), fills the table by SQL, asks over HTTP, says median and slowest of 15.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { adminEmail, client, guanxi, makeData, serve } from '../tests/lib/server.mjs';

const deals = Number(process.argv[2] ?? 200_000);
const folder = makeData();
const token = guanxi(['token', 'create', '--data', folder.data, '--user', adminEmail, '--name', 'bench']).out.trim();
let server = await serve(folder.data);
let api = client(server.url, token);
const make = async (entity, body) => (await api('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' })).body[0];
const customer = await make('customer', { name: 'Bench' });
const stages = (await api('GET', '/api/v1/stage?order=position')).body;
const first = await make('opportunity', { name: 'Bench', customer_id: customer.id, amount: '100', close_on: '2027-01-15' });
await server.stop();
const sql = `
CREATE TEMP TABLE s AS SELECT row_number() OVER (ORDER BY position, id) - 1 AS n, id, category, probability, forecast FROM stage;
CREATE TEMP TABLE base AS SELECT * FROM opportunity WHERE id = ${first.id};
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${deals})
INSERT INTO opportunity (id, version, created_at, updated_at, name, customer_id, pipeline_id, stage_id, amount, amount_base, weighted, probability, close_on, close_month, forecast, owner_id, state, stage_since, closed_at, slips, open_activities, lines_count, lines_total)
SELECT base.id + i, 1, base.created_at, base.created_at, 'Deal ' || i, base.customer_id, base.pipeline_id, s.id, 10000 + i % 9000, 10000 + i % 9000, (10000 + i % 9000) * s.probability / 100, s.probability,
  date('2026-01-10', '+' || (i * 7919 % 700) || ' days'), substr(date('2026-01-10', '+' || (i * 7919 % 700) || ' days'), 1, 7), s.forecast, base.owner_id, s.category, base.stage_since - i * 1000,
  CASE WHEN s.category = 'open' THEN NULL ELSE base.stage_since - i * 60000 END, 0, 0, 0, 0
FROM n, base, s WHERE s.n = i % ${stages.length};
INSERT INTO opportunity_change (id, version, created_at, updated_at, opportunity_id, at, until, what, stage_id, pipeline_id, state, forecast, probability, amount_base, weighted, close_on, close_month, owner_id)
SELECT id + ${2 * deals}, 1, created_at, created_at, id, stage_since - 40 * 86400000, stage_since - id % 90 * 86400000, 'created', ${stages[0].id}, pipeline_id, 'open', 'pipeline', 10, amount_base, amount_base / 10, close_on, close_month, owner_id FROM opportunity;
INSERT INTO opportunity_change (id, version, created_at, updated_at, opportunity_id, at, until, what, stage_id, from_stage_id, stayed_ms, pipeline_id, state, forecast, probability, amount_base, weighted, close_on, close_month, owner_id)
SELECT id + ${4 * deals}, 1, created_at, created_at, id, stage_since - id % 90 * 86400000, NULL, 'stage', stage_id, ${stages[0].id}, id % 90 * 86400000, pipeline_id, state, forecast, probability, amount_base, weighted, close_on, close_month, owner_id FROM opportunity;
ANALYZE;`;
const filled = spawnSync('python3', ['-c', 'import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.executescript(sys.stdin.read()); c.commit()', join(folder.data, 'guanxi.db')], { input: sql, encoding: 'utf8' });
if (filled.status !== 0) throw new Error(filled.stderr);
server = await serve(folder.data);
api = client(server.url, token);
const one = stages.find((s) => s.category === 'open');
const asked = {
  'forecast of a year by month': '/api/v1/forecast?from=2026-01&to=2026-12',
  'forecast of two years by quarter and person': '/api/v1/forecast?from=2026-01&to=2027-12&period=quarter&by=owner',
  'forecast of a year as it was 30 days ago': `/api/v1/forecast?from=2026-01&to=2026-12&as_of=${new Date(Date.now() - 30 * 864e5).toISOString()}`,
  'who went on from which stage in 30 days': `/api/v1/opportunity_change?select=from_stage_id,stage_id,state,n:count(),stay:stayed_ms.avg()&from_stage_id=not.is.null&at=gte.now-30d&pipeline_id=eq.${first.pipeline_id}&limit=1000`,
  'sums of the board': `/api/v1/opportunity?select=stage_id,count(),amount_base.sum(),weighted.sum()&pipeline_id=eq.${first.pipeline_id}&state=eq.open`,
  'a column of 60 cards': `/api/v1/opportunity?select=id,name,customer(id,name),amount,owner(id,name)&stage_id=eq.${one.id}&pipeline_id=eq.${first.pipeline_id}&order=stage_since.desc&limit=60`,
};
for (const [what, path] of Object.entries(asked)) {
  const times = [];
  for (let i = 0; i < 16; i++) {
    const from = performance.now();
    const answer = await api('GET', path);
    if (answer.status !== 200) throw new Error(answer.text);
    times.push(performance.now() - from);
  }
  times.shift();
  times.sort((a, b) => a - b);
  console.log(`${what}: median ${times[7].toFixed(0)} ms, slowest ${times.at(-1).toFixed(0)} ms (${deals} deals)`);
}
await server.stop();
folder.remove();
