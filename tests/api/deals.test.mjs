// Deals: stages and what they ask for, what is kept of every change, sums by rights, the forecast now and as it was told then.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { client, engine, guanxi, start } from '../lib/server.mjs';
import { hasSql, sql } from '../lib/sql.mjs';

let server, api, customer, stages, pipeline, reason;

async function make(entity, body, as = api) {
  const answer = await as('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' });
  assert.equal(answer.status, 201, answer.text);
  return Array.isArray(body) ? answer.body : answer.body[0];
}
const get = async (path, as = api) => (await as('GET', `/api/v1/${path}`)).body;
const one = (entity, id, as = api) => get(`${entity}/${id}`, as);
const patch = (entity, id, body, as = api) => as('PATCH', `/api/v1/${entity}/${id}`, body);
const changed = async (entity, id, body, as = api) => {
  const answer = await patch(entity, id, body, as);
  assert.ok(answer.status < 300, answer.text);
  return one(entity, id, as);
};
const deal = (body, as = api) => make('opportunity', { name: 'Mugs', customer_id: customer.id, ...body }, as);
const fields = (answer) => answer.body.errors.map((e) => `${e.field} ${e.key}`).sort();
const history = async (id) => (await get(`opportunity_change?opportunity_id=eq.${id}&order=id`)).map((h) => h.what);

const all = { read: 'all', create: 'all', update: 'all', delete: 'all', export: 'all', import: 'all' };
async function person(name, rights, more = {}) {
  const role = await make('role', { name: `role of ${name}`, rights, caps: [] });
  const user = await make('user', { name, email: `${name}@example.com`, roles: [role.id], ...more });
  const token = guanxi(['token', 'create', '--data', server.data, '--user', `${name}@example.com`, '--name', 't']).out.trim();
  return { id: user.id, api: client(server.url, token) };
}

/** Months from the running one, as YYYY-MM. */
function month(n) {
  const now = new Date(Date.now() + 8 * 3_600_000); // the firm's clock: Shanghai
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + n, 15)).toISOString().slice(0, 7);
}
// the middle of a day in every time zone of the firm's
const day = (n, d = 15) => `${month(n)}-${String(d).padStart(2, '0')}`;

before(async () => {
  server = await start();
  api = server.api;
  customer = await make('customer', { name: 'Silk and Sons', kind: 'company' });
  [pipeline] = await get('pipeline?is_default=is.true');
  stages = Object.fromEntries((await get(`stage?pipeline_id=eq.${pipeline.id}`)).map((s) => [s.name, s]));
  [reason] = await get('lost_reason?limit=1');
});
after(() => server?.close());

test('a new deal stands in the first stage of the pipeline for new deals, and takes chance and category from it', async () => {
  const d = await deal({ amount: '1000.00', close_on: day(1) });
  assert.deepEqual([d.stage_id, d.pipeline_id, d.state, d.probability, d.forecast], [stages.New.id, pipeline.id, 'open', 10, 'pipeline']);
  assert.deepEqual([d.amount_base, d.weighted, d.close_month, d.first_close_on, d.slips], ['1000.00', '100.00', month(1), day(1), 0]);
  assert.equal(Date.parse(d.stuck_at) - Date.parse(d.stage_since), 14 * 86400e3);
  const own = await changed('opportunity', d.id, { probability: 40, stage_id: stages['Needs known'].id });
  assert.deepEqual([own.probability, own.weighted], [40, '400.00']);
  // what is kept by the program is not for others to write
  assert.equal((await patch('opportunity', d.id, { state: 'won' })).status, 422);
  for (const [wrong, field] of [[{ amount: '-1' }, 'amount'], [{ probability: 101 }, 'probability'], [{ stage_id: '1' }, 'stage_id'], [{ close_on: '2026-02-30' }, 'close_on']])
    assert.deepEqual([(await patch('opportunity', d.id, wrong)).status, (await patch('opportunity', d.id, wrong)).body.errors[0].field], [422, field]);
});

test('a stage is entered when what it and those before it ask for is filled, and it says what is missing', async () => {
  const d = await deal({});
  const refused = await patch('opportunity', d.id, { stage_id: stages.Negotiation.id });
  assert.equal(refused.status, 422, refused.text);
  assert.deepEqual(fields(refused), ['amount stage_needs', 'close_on stage_needs', 'next_step stage_needs']);
  assert.match(refused.body.errors.find((e) => e.field === 'next_step').message, /Negotiation/);
  assert.equal((await one('opportunity', d.id)).stage_id, stages.New.id);
  const moved = await changed('opportunity', d.id, { stage_id: stages.Negotiation.id, amount: '50', close_on: day(0), next_step: 'Call' });
  assert.deepEqual([moved.probability, moved.forecast], [75, 'commit']);
  assert.deepEqual(fields(await patch('opportunity', d.id, { next_step: null })), ['next_step stage_needs']);
  assert.equal((await patch('opportunity', d.id, { note: 'what was not asked for may change' })).status, 200);
});

test('lost needs a reason, won ends today, and what is opened again has neither', async () => {
  const d = await deal({ amount: '10', close_on: day(2), next_step: 'x' });
  assert.deepEqual(fields(await patch('opportunity', d.id, { stage_id: stages.Lost.id })), ['lost_reason_id lost_needs_reason']);
  const lost = await changed('opportunity', d.id, { stage_id: stages.Lost.id, lost_reason_id: reason.id });
  assert.deepEqual([lost.state, lost.probability, lost.weighted, lost.stuck_at], ['lost', 0, '0.00', null]);
  assert.ok(lost.closed_at && lost.close_on <= day(0, 31), lost.close_on);
  const again = await changed('opportunity', d.id, { stage_id: stages.New.id, close_on: day(1) });
  assert.deepEqual([again.state, again.lost_reason_id, again.closed_at, again.probability], ['open', null, null, 10]);
  const won = await changed('opportunity', d.id, { stage_id: stages.Won.id });
  assert.deepEqual([won.state, won.weighted], ['won', '10.00']);
});

test('the amount follows the lines; another currency counts once its rate is known', async () => {
  const product = await make('product', { name: 'Mug', sku: 'mug', price: '4' });
  const d = await make('opportunity', { name: 'Mugs', customer_id: customer.id, opportunity_lines: [{ product_id: product.id, quantity: '3', unit_price: '4.5' }, { name: 'Print', unit_price: '1.25' }] });
  const now = await one('opportunity', d.id);
  assert.deepEqual([now.amount, now.lines_count, now.weighted], ['14.75', 2, '1.48']);
  assert.deepEqual((await get(`opportunity_line?opportunity_id=eq.${d.id}`)).map((l) => [l.name, l.total]), [['Mug', '13.5000'], ['Print', '1.2500']]);
  const line = (await get(`opportunity_line?opportunity_id=eq.${d.id}&limit=1`))[0];
  for (const wrong of [{ quantity: '-1' }, { discount: '99' }]) assert.equal((await patch('opportunity_line', line.id, wrong)).status, 422);
  const yen = await deal({ amount: '1000', currency: 'JPY' });
  assert.deepEqual([yen.amount_base, yen.weighted], [null, null]);
  assert.equal((await changed('opportunity', yen.id, { fx_rate: '0.05' })).amount_base, '50.00');
});

test('a stage in use is not removed but replaced, and nothing is lost', async () => {
  const p = await make('pipeline', { name: 'Partners' });
  const [first, second, won] = await make('stage', [{ pipeline_id: p.id, name: 'A', position: 1, probability: 20 }, { pipeline_id: p.id, name: 'B', position: 2, probability: 60, needs: ['next_step'] }, { pipeline_id: p.id, name: 'W', category: 'won', position: 3 }]);
  const d = await deal({ stage_id: first.id, amount: '100' });
  assert.equal(d.pipeline_id, p.id);
  const refused = await api('DELETE', `/api/v1/stage/${first.id}`);
  assert.deepEqual([refused.status, refused.body.errors[0].key], [409, 'stage_in_use']);
  assert.equal((await patch('stage', first.id, { category: 'won' })).body.errors[0].key, 'stage_in_use');
  for (const by of [won.id, stages.New.id, first.id]) assert.equal((await api('POST', `/api/v1/stage/${first.id}/replace`, { by })).status, 422);
  const replaced = await api('POST', `/api/v1/stage/${first.id}/replace`, { by: second.id });
  assert.deepEqual([replaced.status, replaced.body], [200, { moved: 1 }]);
  const now = await one('opportunity', d.id);
  assert.deepEqual([now.stage_id, now.probability, now.amount], [second.id, 60, '100.00']);
  const told = await get(`opportunity_change?opportunity_id=eq.${d.id}&order=id`);
  assert.deepEqual(told.map((h) => [h.stage_name, h.stage_id]), [['A', null], ['B', second.id]]);
  for (const needs of ['amount', ['no such'], ['state'], [7]]) assert.equal((await patch('stage', second.id, { needs })).status, 422, JSON.stringify(needs));
  assert.equal((await deal({ stage_id: second.id, pipeline_id: pipeline.id }).catch((e) => e.message)).includes('stage_elsewhere'), true);
});

test('every change of stage, amount, date and owner is kept; a hand-over leaves stage and history as they are', async () => {
  const a = await person('ann', { '*': all }), b = await person('ben', { '*': all });
  const d = await deal({ owner_id: a.id, amount: '10', close_on: day(1), next_step: 'x' });
  await changed('opportunity', d.id, { close_on: day(3) });
  await changed('opportunity', d.id, { amount: '20' });
  await changed('opportunity', d.id, { note: 'nothing of weight' });
  await changed('opportunity', d.id, { stage_id: stages['Proposal sent'].id });
  assert.deepEqual(await history(d.id), ['created', 'close_on', 'amount', 'stage,probability,forecast']);
  assert.equal((await one('opportunity', d.id)).slips, 1);
  assert.equal((await api('POST', `/api/v1/user/${a.id}/handover`, { to: b.id })).status, 200);
  const now = await one('opportunity', d.id);
  assert.deepEqual([now.owner_id, now.stage_id, now.amount, now.slips], [b.id, stages['Proposal sent'].id, '20.00', 1]);
  assert.deepEqual(await history(d.id), ['created', 'close_on', 'amount', 'stage,probability,forecast', 'owner_id']);
  const open = await get(`opportunity_change?opportunity_id=eq.${d.id}&until=is.null`);
  assert.deepEqual(open.map((h) => [h.what, h.owner_id]), [['owner_id', b.id]]);
  assert.equal((await api('POST', '/api/v1/opportunity_change', { opportunity_id: d.id, what: 'x' })).status, 403);
  // deleted and brought back as it was
  assert.equal((await api('DELETE', `/api/v1/opportunity/${d.id}`)).status, 204);
  assert.equal((await api('POST', `/api/v1/opportunity/${d.id}/restore`)).status, 200);
  const back = await one('opportunity', d.id);
  assert.deepEqual([back.stage_id, back.stage_since, back.slips], [now.stage_id, now.stage_since, 1]);
  assert.equal((await history(d.id)).length, 5);
});

test('the forecast: won, committed, best case, weighted; lost counts nothing; slipped is told; then is not now', async () => {
  const p = await make('pipeline', { name: 'Forecast' });
  const made = await make('stage', ['open', 'won', 'lost'].map((category, i) => ({ pipeline_id: p.id, name: category, category, position: i, probability: 50 })));
  const [open, won, lost] = made.map((s) => s.id);
  const d = (stage_id, amount, close_on, more = {}) => deal({ stage_id, pipeline_id: p.id, amount, close_on, ...more });
  await d(won, '1000', day(1));
  await d(open, '200', day(1), { forecast: 'commit', probability: 80 });
  await d(open, '100', day(1), { forecast: 'best' });
  await d(open, '40', day(1));
  await d(open, '7', day(1), { forecast: 'omitted' });
  await d(lost, '5000', day(1), { lost_reason_id: reason.id });
  await d(open, '30', day(-1));
  const moving = await d(open, '10', null);
  const ask = (more = '', as = api) => get(`forecast?pipeline_id=eq.${p.id}&from=${month(-1)}&to=${month(2)}${more}`, as);
  const told = await ask();
  assert.deepEqual(told.rows.map((r) => r.period), [month(-1), month(0), month(1), month(2)]);
  const next = told.rows[2];
  assert.deepEqual([next.won, next.committed, next.best_case, next.weighted, next.open, next.omitted], ['1000.00', '1200.00', '1300.00', '1230.00', '340.00', '7.00']);
  assert.deepEqual([told.rows[0].slipped, told.rows[0].slipped_count, told.total.slipped_count, next.slipped_count], ['30.00', 1, 1, 0]);
  assert.deepEqual([told.undated.open, told.total.committed, told.currency], ['10.00', '1200.00', 'CNY']);
  const then = new Date().toISOString();
  while (new Date().toISOString() === then); // what comes next is later
  await changed('opportunity', moving.id, { close_on: day(1), amount: '500', forecast: 'commit' });
  assert.equal((await ask()).rows[2].committed, '1700.00');
  assert.equal((await ask(`&as_of=${then}`)).rows[2].committed, '1200.00');
  // by quarter of a firm whose year begins in April
  assert.equal((await api('PATCH', '/api/v1/settings', { values: { 'deals.fiscal_month': '4' } })).status, 204);
  const quarters = (await get(`forecast?pipeline_id=eq.${p.id}&period=quarter&from=2026-04&to=2027-03`)).rows.map((r) => [r.period, r.from, r.to]);
  assert.deepEqual([quarters.length, quarters[0], quarters[3]], [4, ['2026/27-Q1', '2026-04', '2026-06'], ['2026/27-Q4', '2027-01', '2027-03']]);
  assert.equal((await get('forecast?period=year&from=2026-05&to=2026-06')).rows[0].period, '2026/27');
  for (const wrong of ['period=week', 'by=moon', 'from=2026-13', 'from=2026-05&to=2026-01', 'from=2020-01&to=2026-01', 'as_of=soon', 'as_of=-1', 'no_such=eq.1', 'months=0&by=x'])
    assert.ok((await api('GET', `/api/v1/forecast?${wrong}`)).status >= 400, wrong);
  assert.equal((await api('GET', '/api/v1/forecast/accuracy?months=99')).status, 422);
});

test('each week is kept, and held against what it brought', async () => {
  const d = await deal({ amount: '77', close_on: day(0, 28), forecast: 'commit', next_step: 'x' });
  for (let i = 0; i < 2; i++) assert.equal((await api('POST', '/api/v1/forecast/snapshot', {})).status, 204);
  const before = (await get('forecast/accuracy')).months.at(-1);
  assert.deepEqual([before.month, before.snapshots.length], [month(0), 1]);
  await changed('opportunity', d.id, { stage_id: stages.Won.id, close_on: day(0, 28) });
  const now = (await get('forecast/accuracy?months=1')).months[0];
  assert.deepEqual(now.snapshots, before.snapshots);
  assert.equal(Number(now.won) - Number(before.won), 77);
  const nobody = await person('reader', { opportunity: { read: 'all' } });
  assert.equal((await nobody.api('POST', '/api/v1/forecast/snapshot', {})).status, 403);
});

test('the reports: how many went on, how long they stood, how many were won and how long that took', { skip: !hasSql }, async () => {
  const p = await make('pipeline', { name: 'Reports' });
  const made = await make('stage', ['open', 'open', 'won', 'lost'].map((category, i) => ({ pipeline_id: p.id, name: `R${i}`, category, position: i })));
  const [a, b, won, lost] = made.map((s) => s.id);
  const back = (id, field, days) => sql(server.data, `${engine === 'sqlite' ? 'PRAGMA busy_timeout = 5000; ' : ''}UPDATE opportunity SET ${field} = ${field} - ${days * 86400e3} WHERE id = ${id}`);
  /** Where it stood for how many days, and where it went then. */
  async function lived(amount, path) {
    const d = await deal({ pipeline_id: p.id, stage_id: path[0], amount });
    for (let i = 1; i < path.length; i += 2) {
      for (const field of ['stage_since', 'created_at']) back(d.id, field, path[i]);
      await changed('opportunity', d.id, { stage_id: path[i + 1], ...(path[i + 1] === lost ? { lost_reason_id: reason.id } : {}) });
    }
  }
  await lived('100', [a, 10, b, 20, won]);
  await lived('30', [a, 4, b, 10, lost]);
  await lived('50', [a, 7, won]);
  await lived('7', [b, 3, a]);
  await lived('8', [a]);
  const since = `at=gte.now-90d&pipeline_id=eq.${p.id}`, days = (ms) => Math.round(Number(ms) / 864e4) / 10;
  const moves = await get(`opportunity_change?select=from_stage_id,stage_id,state,n:count(),stay:stayed_ms.avg()&from_stage_id=not.is.null&${since}`);
  const told = moves.map((m) => [made.findIndex((s) => s.id === m.from_stage_id), made.findIndex((s) => s.id === m.stage_id), m.state, m.n, days(m.stay)]);
  assert.deepEqual(told.sort(), [[0, 1, 'open', 2, 7], [0, 2, 'won', 1, 7], [1, 0, 'open', 1, 3], [1, 2, 'won', 1, 20], [1, 3, 'lost', 1, 10]]);
  const ended = await get(`opportunity?select=state,n:count(),amount:amount_base.sum()&state=in.(won,lost)&closed_${since}&order=state`);
  assert.deepEqual(ended.map((e) => [e.state, e.n, e.amount]), [['lost', 1, '30.00'], ['won', 2, '150.00']]);
  const why = await get(`opportunity?select=lost_reason_id,n:count()&state=eq.lost&closed_${since}`);
  assert.deepEqual(why.map((w) => [w.lost_reason_id, w.n]), [[reason.id, 1]]);
  const cycle = await get(`opportunity?select=owner_id,n:count(),amount:amount_base.sum(),cycle:cycle_days.avg()&state=eq.won&closed_${since}&order=amount.desc&limit=20`);
  assert.deepEqual(cycle.map((c) => [c.n, c.amount, Number(c.cycle)]), [[2, '150.00', 18.5]]);
});

test('sums are of what one may see, and of no amount that is hidden', async () => {
  const p = await make('pipeline', { name: 'Rights' });
  const stage = await make('stage', { pipeline_id: p.id, name: 'A' });
  const rights = { opportunity: { read: 'own', create: 'own', update: 'own' }, pipeline: { read: 'all' }, stage: { read: 'all' }, customer: { read: 'all' } };
  const a = await person('cat', rights), b = await person('dan', rights);
  const blind = await person('eve', { ...rights, opportunity: { read: 'all', fields: { amount: 'masked' } }, opportunity_change: { read: 'all' } });
  const lead = await person('finn', { ...rights, opportunity: { read: 'all' } });
  const d = (owner_id, amount) => deal({ owner_id, amount, stage_id: stage.id, close_on: day(1) });
  await d(a.id, '100');
  const other = await d(b.id, '10');
  const sum = async (as) => (await get(`opportunity?select=stage_id,count(),amount_base.sum()&stage_id=eq.${stage.id}`, as)).map((r) => [r.count, r.sum]);
  assert.deepEqual([await sum(a.api), await sum(b.api), await sum(lead.api)], [[[1, '100.00']], [[1, '10.00']], [[2, '110.00']]]);
  const ask = (as, more = '') => as('GET', `/api/v1/forecast?pipeline_id=eq.${p.id}&from=${month(1)}&to=${month(1)}${more}`);
  const total = async (as) => (await ask(as)).body.total.open;
  assert.deepEqual([await total(a.api), await total(b.api), await total(lead.api)], ['100.00', '10.00', '110.00']);
  const by = (await ask(lead.api, '&by=owner')).body.rows;
  assert.deepEqual(by.map((r) => [r.name, r.open]), [['cat', '100.00'], ['dan', '10.00']]);
  const then = `&as_of=${new Date().toISOString()}`;
  // no right to the history; amounts that are masked; no right to deals at all
  for (const answer of [await ask(lead.api, then), await ask(blind.api), await ask(blind.api, then), await ask((await person('gil', { customer: { read: 'all' } })).api)])
    assert.equal(answer.status, 403, answer.text);
  assert.equal((await blind.api('GET', `/api/v1/opportunity?select=stage_id,amount_base.sum()`)).status >= 400, true);
  assert.equal('amount_base' in (await get(`opportunity_change?opportunity_id=eq.${other.id}`, blind.api))[0], false);
  // nor by what the weeks' snapshots keep
  assert.equal((await api('POST', '/api/v1/forecast/snapshot', {})).status, 204);
  const weeks = { forecast_snapshot: { read: 'all' } };
  const kept = (as, more) => as('GET', `/api/v1/forecast_snapshot?limit=1${more}`);
  const hidden = await person('hal', { ...rights, ...weeks, opportunity: { read: 'all', fields: { amount: 'hidden', close_on: 'hidden' } } });
  const masked = await person('ida', { ...rights, ...weeks, opportunity: { read: 'all', fields: { amount: 'masked' } } });
  const seen = await person('jon', { ...rights, ...weeks, opportunity: { read: 'all' } });
  const [whole] = (await kept(seen.api, '')).body;
  assert.equal((await seen.api('GET', `/api/v1/forecast_snapshot/${whole.id}`)).body.won, whole.won);
  for (const sum of ['won', 'committed', 'best_case', 'weighted']) {
    assert.ok(sum in (await kept(seen.api, '')).body[0], sum);
    for (const as of [hidden.api, masked.api]) {
      assert.equal(sum in (await kept(as, '')).body[0], false, sum);
      assert.ok((await kept(as, `&select=${sum}`)).status >= 400, sum);
      assert.ok((await kept(as, `&${sum}=gt.0`)).status >= 400, sum);
    }
  }
  assert.deepEqual(['month' in (await kept(masked.api, '')).body[0], 'month' in (await kept(hidden.api, '')).body[0]], [true, false]);
  assert.equal((await a.api('GET', `/api/v1/opportunity/${other.id}`)).status, 404);
  assert.equal((await a.api('POST', `/api/v1/stage/${stage.id}/replace`, { by: stages.New.id })).status, 403);
});
