// `guanxi model churn`, and what models make of transactions: each figure worked out once more here, from the rows.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { guanxi, sharedData } from '../lib/server.mjs';

const home = mkdtempSync(join(tmpdir(), 'guanxi-churn-'));
after(() => rmSync(home, { recursive: true, force: true }));

const run = (args) => guanxi(args, { allowFailure: true, cwd: home });
const shared = (name) => join(sharedData, name);
const without = (name) => (existsSync(shared(name)) ? false : `no ${name}; set GUANXI_SHARED_DATA`);

function model(...args) {
  const done = run(['model', ...args, '--json']);
  assert.equal(done.status, 0, `${args.join(' ')}: ${done.err}`);
  return JSON.parse(done.out);
}

function refused(said, ...args) {
  const done = run(['model', ...args, '--json']);
  assert.equal(done.status, 1, `${args.join(' ')}: ${done.out.slice(0, 300)}`);
  assert.equal(done.out, '');
  assert.match(done.err, said, args.join(' '));
}

let files = 0;
function file(text, name = `f${++files}.csv`) {
  writeFileSync(join(home, name), text);
  return name;
}
const close = (value, wanted, by) => assert.ok(Math.abs(value - wanted) <= by, `${value} is not ${wanted}`);
const sum = (list, of = (x) => x) => list.reduce((s, x, i) => s + of(x, i), 0);

/** Numbers that only look random. */
function* chances(seed) {
  for (let s = seed; ;) {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    yield s / 2 ** 32;
  }
}

/** AUC by counting pairs. */
function auc(rows, score) {
  const yes = rows.filter((r) => r.event).map(score), no = rows.filter((r) => !r.event).map(score);
  return sum(yes, (a) => sum(no, (b) => (a > b ? 1 : a === b ? 0.5 : 0))) / (yes.length * no.length);
}

/** What is told of the test, from the probabilities of those who were tested. */
function checkTest(found, rows, score) {
  const mean = sum(rows, (r) => r.event) / rows.length;
  close(found.auc, auc(rows, score), 1e-12);
  close(found.brier, sum(rows, (r) => (score(r) - r.event) ** 2) / rows.length, 1e-12);
  close(found.log_loss, -sum(rows, (r) => Math.log(r.event ? score(r) : 1 - score(r))) / rows.length, 1e-9);
  close(found.calibration.observed, mean, 1e-12);
  close(found.calibration.predicted, sum(rows, score) / rows.length, 1e-12);
  assert.equal(found.lift.length, 10);
  close(sum(found.lift, (d) => d.events), sum(rows, (r) => r.event), 1e-6);
  close(sum(found.lift, (d) => d.rows), rows.length, 0);
  const order = rows.toSorted((a, b) => score(b) - score(a));
  let caught = 0, hosmer = 0;
  found.lift.forEach((tenth, t) => {
    const part = order.slice(Math.floor((rows.length * t) / 10), Math.floor((rows.length * (t + 1)) / 10));
    caught += tenth.events;
    hosmer += (tenth.events - sum(part, score)) ** 2 / (sum(part, score) * (1 - sum(part, score) / part.length));
    close(tenth.lift, tenth.events / tenth.rows / mean, 1e-9);
    close(tenth.predicted, sum(part, score) / part.length, 1e-9);
    close(tenth.events_caught, caught / sum(rows, (r) => r.event), 1e-9);
  });
  close(found.calibration.hosmer_lemeshow, hosmer, 1e-6);
  // chi-squared with ten degrees has a closed form
  const half = hosmer / 2;
  close(found.calibration.hosmer_lemeshow_p, Math.exp(-half) * (1 + half + half ** 2 / 2 + half ** 3 / 6 + half ** 4 / 24), 1e-9);
  // at the regression's top neither what is left nor what is left times the log odds has a sum
  const odds = rows.map((r) => Math.log(score(r) / (1 - score(r))));
  const left = rows.map((r, i) => r.event - 1 / (1 + Math.exp(-found.calibration.intercept - found.calibration.slope * odds[i])));
  close(sum(left), 0, 1e-3);
  close(sum(left, (x, i) => x * odds[i]), 0, 1e-2);
  const share = (list, cut) => list.filter((r) => score(r) <= cut).length / list.length;
  const yes = rows.filter((r) => r.event), no = rows.filter((r) => !r.event);
  close(found.ks, Math.max(...yes.filter((_, i) => i % 7 === 0).concat(no.filter((_, i) => i % 7 === 0)).map((r) => Math.abs(share(yes, score(r)) - share(no, score(r))))), 0.02);
  close(found.auc_high - found.auc, 1.959963984540054 * found.auc_standard_error, 1e-9);
  close(found.auc - found.auc_low, found.auc_high - found.auc, 1e-9);
}

/** Of every row, what columns add to the log odds of the mean row. */
function checkReasons(found) {
  for (const c of found.customer_values) {
    close(found.base_log_odds + sum(c.reasons, (r) => r.contribution) + c.other_contributions, c.log_odds, 1e-9);
    close(1 / (1 + Math.exp(-c.log_odds)), c.probability, 1e-12);
    c.reasons.forEach((r, i) => assert.ok(i === 0 || Math.abs(r.contribution) <= Math.abs(c.reasons[i - 1].contribution)));
  }
}

const telco = ['churn', '--input', shared('telco_churn/Telco-Customer-Churn.csv.gz'), '--target', 'Churn', '--event', 'Yes', '--customer', 'customerID'];

test('churn of a telephone company and of borrowers: as R in the sample, and honest outside it', { skip: without('telco_churn/Telco-Customer-Churn.csv.gz') }, () => {
  const found = model(...telco, '--customers', '--reasons', '2');
  close(found.deviance, 5826.272, 1e-3);
  close(found.in_sample.auc, 0.8482074, 1e-7);
  assert.deepEqual([found.rows, found.rows_incomplete, found.events, found.aliased.length], [7032, 11, 1869, 7]);
  assert.deepEqual([found.holdout.rows, found.holdout.events, found.holdout.rows_learnt_from], [2110, 561, 4922]); // 30 % of either outcome
  const tested = found.customer_values.filter((c) => 'holdout_probability' in c);
  assert.equal(tested.length, 2110);
  checkTest(found, tested, (r) => r.holdout_probability);
  assert.ok(found.auc_low < found.auc && found.auc < found.auc_high && found.auc !== found.in_sample.auc);
  checkReasons(found);
  // Hanley and McNeil's error by its own arithmetic
  const a = found.auc, n = 561, m = 1549;
  close(found.auc_standard_error, Math.sqrt((a * (1 - a) + (n - 1) * (a / (2 - a) - a * a) + (m - 1) * ((2 * a * a) / (1 + a) - a * a)) / (n * m)), 1e-12);
  assert.match(found.customer_values[0].customer, /^\d{4}-[A-Z]{5}$/);
  assert.equal(new Set(found.customer_values.map((c) => c.customer)).size, 7032);
  assert.deepEqual(model(...telco).lift, found.lift); // the same seed
  assert.notEqual(model(...telco, '--seed', '2').auc, found.auc);
  const three = model(...telco, '--columns', 'tenure,MonthlyCharges,Contract', '--customers', '--reasons', '3');
  close(three.coefficients.tenure, -0.03593051, 1e-7);
  close(three.in_sample.auc, 0.8268747, 1e-7);
  const tenure = three.customer_values.map((c) => c.reasons.find((r) => r.column === 'tenure'));
  const mean = sum(tenure, (r) => r.value) / tenure.length;
  for (const r of tenure) close(r.contribution, three.coefficients.tenure * (r.value - mean), 1e-9);
  const credit = model('churn', '--input', shared('german_credit/GermanCredit.csv'), '--target', 'credit_risk', '--event', '0');
  close(credit.deviance, 895.8178, 1e-4);
  close(credit.in_sample.auc, 0.833781, 1e-6);
  assert.ok(credit.auc < credit.in_sample.auc, 'twenty columns and a thousand rows: better in the sample than outside');
});

/** Who leaves, by the month they are seen in: until month 8 the old ones, after it the young. */
function turning(write = (m) => m, extra = '') {
  const chance = chances(3), next = () => chance.next().value, rows = [`month,age,plan,gone${extra && ',more'}`];
  for (let i = 0; i < 900; i++) {
    const month = 1 + (i % 10), age = 20 + Math.floor(next() * 50), old = age > 45;
    rows.push(`${write(month)},${age},${['gold', 'plain'][i % 2]},${next() < ((month <= 7) === old ? 0.7 : 0.2) ? 'yes' : 'no'}${extra}`);
  }
  return rows.join('\n');
}

test('a test out of time finds what one drawn by chance hides', () => {
  const args = ['churn', '--input', file(turning()), '--target', 'gone', '--own-rows'];
  const drawn = model(...args, '--exclude', 'month');
  const late = model(...args, '--time', 'month', '--customers');
  assert.ok(drawn.auc > 0.55 && late.auc < 0.4, `${drawn.auc} ${late.auc}`); // the last three months go the other way
  assert.deepEqual([late.holdout.kind, late.holdout.from, late.holdout.rows], ['out of time', 8, 270]);
  assert.deepEqual(late.model_card.columns, ['age', 'plan']);
  checkTest(late, late.customer_values.filter((c) => 'holdout_probability' in c), (r) => r.holdout_probability);
  // dates are read as everywhere, rows of one time stay together, and the first time of the test can be said
  const dated = ['churn', '--input', file(turning((m) => `${String(m + 12).padStart(2, '0')}.03.2024`)), '--target', 'gone', '--time', 'month'];
  assert.deepEqual([model(...dated).holdout.from, model(...dated).auc], ['2024-03-20', late.auc]);
  assert.equal(model(...dated, '--test-share', '.35').holdout.rows, 360);
  assert.equal(model(...dated, '--test-from', '2024-03-22').holdout.rows, 90);
  refused(/one time only|too few before/, ...args, '--time', 'month', '--test-from', '1');
  refused(/too few rows to test/, ...args, '--time', 'month', '--test-from', '11');
  refused(/not a date/, ...dated, '--test-from', 'soon');
  refused(/no column when/, ...args, '--time', 'when');
});

test('a table that churn cannot be learnt from is refused with a word', () => {
  const fit = (text, ...more) => ['churn', '--input', file(text), '--target', 'gone', ...more];
  const plain = turning(), table = (n, row) => `age,plan,gone\n${Array.from({ length: n }, (_, i) => row(i)).join('\n')}`;
  assert.deepEqual(model(...fit(turning((m) => m, ',7'))).left_out, [{ column: 'more', reason: 'constant' }]);
  refused(/perfect separation/, ...fit(plain.replaceAll(/\d+,(\w+),(yes|no)/g, (_, p, c) => `${c === 'yes' ? 1 : 0},${p},${c}`)));
  refused(/No column is left/, ...fit(plain.replaceAll(/\d+,\d+,\w+,(yes|no)/g, '1,1,a,$1')));
  refused(/same outcome|nothing to tell/, ...fit(plain.replaceAll(',no', ',yes')));
  refused(/not more rows/, ...fit('age,plan,gone\n1,a,yes\n2,b,no\n3,c,no\n'));
  refused(/too few rows to test/, ...fit(table(20, (i) => `${i >> 1},a${i % 3},${i % 2 ? 'no' : 'yes'}`)));
  refused(/has 1500 different texts/, ...fit(table(3000, (i) => `${i % 7},n${i >> 1},${i % 2 ? 'no' : 'yes'}`)));
  refused(/No row has the value maybe/, ...fit(plain, '--event', 'maybe'));
  refused(/number from/, ...fit(plain, '--test-share', '2'));
  const half = plain.split('\n').map((line, i) => (i > 0 && i % 2 ? line.replace(/,\d+,/, ',,') : line)).join('\n');
  assert.equal(model(...fit(half)).rows_incomplete, 450);
});

const cdnow = 'cdnow_sample/CDNOW_sample.txt';
const DAY = 86400000;

/** The lines of the file, and what they say. */
function cdnowRows() {
  const lines = readFileSync(shared(cdnow), 'utf8').trim().split(/\r?\n/);
  return [lines, lines.map((line) => line.trim().split(/\s+/)).map(([customer, , d, , amount]) => ({
    customer, day: Date.UTC(d.slice(0, 4), d.slice(4, 6) - 1, d.slice(6)) / DAY, amount: Number(amount) }))];
}

/** What is known of everyone on a day, from the rows as they stand in the file. */
function features(rows, day, horizon) {
  const by = new Map();
  for (const r of rows) by.set(r.customer, [...(by.get(r.customer) ?? []), r]);
  return [...by].flatMap(([customer, all]) => {
    const past = all.filter((r) => r.day <= day), days = [...new Set(past.map((r) => r.day))].sort((a, b) => a - b);
    if (days.length === 0) return [];
    const recency = day - days.at(-1), tenure = day - days[0], money = (list) => Math.log1p(sum(list, (r) => r.amount));
    return [[customer, {
      recency_days: recency, tenure_days: tenure, log_purchases: Math.log(days.length),
      recent_purchases: days.filter((d) => d > day - horizon).length,
      earlier_purchases: days.filter((d) => d <= day - horizon && d > day - 2 * horizon).length,
      overdue: (recency * days.length) / (tenure + 1),
      log_spend: money(past), log_recent_spend: money(past.filter((r) => r.day > day - horizon)),
      gone: all.some((r) => r.day > day && r.day <= day + horizon) ? 0 : 1,
    }]];
  });
}

test('churn from transactions: features of a day, the label of the days after it, learnt earlier than it is tested', { skip: without(cdnow) }, () => {
  const [lines, rows] = cdnowRows();
  const as_of = Date.UTC(1997, 8, 30) / DAY, columns = ['--customer', '1', '--date', '3', '--amount', '5', '--calibration-end', '1997-09-30', '--horizon', '120', '--customers', '--reasons', '9'];
  const found = model('churn', '--input', shared(cdnow), ...columns);
  assert.deepEqual([found.as_of, found.holdout.learnt_as_of, found.holdout.kind], ['1997-09-30', '1997-06-02', 'out of time']);
  const before = features(rows, as_of - 120, 120), now = features(rows, as_of, 120);
  assert.deepEqual([found.holdout.rows_learnt_from, found.holdout.events_learnt_from], [before.length, sum(before, ([, f]) => f.gone)]);
  assert.deepEqual([found.holdout.rows, found.holdout.events], [now.length, sum(now, ([, f]) => f.gone)]);
  const told = new Map(found.customer_values.map((c) => [c.customer, c]));
  for (const [customer, wanted] of now) {
    const c = told.get(customer);
    assert.equal(c.event, wanted.gone, customer);
    for (const r of c.reasons) close(r.value, wanted[r.column], 1e-9);
    assert.equal(c.reasons.length, 8);
  }
  checkTest(found, found.customer_values, (r) => r.probability);
  checkReasons(found);
  close(found.auc_of_recency_alone, auc(now.map(([, f]) => ({ event: f.gone, r: f.recency_days })), (r) => r.r), 1e-12);
  assert.ok(found.auc > found.auc_of_recency_alone);
  // at the top the foretold events of the rows learnt from are the events that there were
  close(sum(before, ([, f]) => 1 / (1 + Math.exp(-found.coefficients['(Intercept)'] - sum(Object.entries(f), ([k, v]) => (found.coefficients[k] ?? 0) * v)))), sum(before, ([, f]) => f.gone), 1e-3);
  // rows after that day change nothing of what is told of it: only the test is gone
  const cut = file(lines.filter((_, i) => rows[i].day <= as_of).join('\n'), 'cut.txt');
  const blind = model('churn', '--input', cut, ...columns);
  assert.equal(blind.auc, null);
  assert.match(blind.holdout.kind, /^none/);
  assert.deepEqual(blind.coefficients, found.coefficients);
  assert.deepEqual(blind.customer_values.map((c) => c.probability), found.customer_values.map((c) => c.probability));
});

test('a grocery shop without amounts; transactions that tell nothing are refused', { skip: without('grocery_elog/groceryElog.csv') }, () => {
  const found = model('churn', '--input', shared('grocery_elog/groceryElog.csv'));
  assert.deepEqual([found.customers, found.as_of, found.horizon_days], [1525, '2007-10-01', 90]);
  assert.ok(found.auc > found.auc_of_recency_alone && found.auc > 0.9);
  assert.ok(!('log_spend' in found.coefficients));
  const head = 'customer,date,amount\n', some = (n, write) => file(head + Array.from({ length: n }, (_, i) => write(i)).join('\n'));
  refused(/not more rows|too few customers|No column is left/, 'churn', '--input', file(`${head}A,2024-01-01,5\nA,2024-12-01,6\n`));
  refused(/same outcome|No column is left/, 'churn', '--input', some(60, (i) => `C${i},2024-0${1 + (i % 6)}-0${1 + (i % 9)},5`), '--calibration-end', '2024-04-30', '--horizon', '60');
  refused(/begin on 2024-01-01/, 'churn', '--input', some(60, (i) => `C${i},2024-01-0${1 + (i % 9)},5`));
  refused(/end on 2024-01-09/, 'churn', '--input', some(60, (i) => `C${i},2024-01-0${1 + (i % 9)},5`), '--calibration-end', '2034-01-01');
  refused(/--date/, 'churn', '--input', file('who,when\n1,2\n'), '--customer', 'who');
  refused(/number from 1 to/, 'churn', '--input', shared('grocery_elog/groceryElog.csv'), '--horizon', '0');
  // ten years of silence, and a return that is no purchase
  const groceries = readFileSync(shared('grocery_elog/groceryElog.csv'), 'utf8');
  const late = file(`${groceries.trim()}\n"9999",2018-01-01\n`);
  const silent = model('churn', '--input', late, '--calibration-end', '2007-10-01', '--customers');
  for (const c of silent.customer_values) assert.ok(c.probability >= 0 && c.probability <= 1);
  const chance = chances(5), upTo = (n) => Math.floor(chance.next().value * n);
  const orders = Array.from({ length: 900 }, () => `C${upTo(90)},${new Date(Date.UTC(2024, 0, 1 + upTo(300))).toISOString().slice(0, 10)},${upTo(4) ? 9 : -5}`);
  const shop = ['churn', '--input', file(`${head}${orders.join('\n')}\n`), '--calibration-end', '2024-08-15', '--horizon', '40', '--customers', '--reasons', '9'];
  const returns = model(...shop);
  assert.equal(returns.rows_of_returns, orders.filter((o) => o.endsWith('-5')).length);
  const bought = new Map();
  for (const [c, d, a] of orders.map((o) => o.split(','))) if (d <= '2024-08-15' && a > 0 && d > (bought.get(c) ?? '')) bought.set(c, d);
  for (const c of returns.customer_values) close(c.reasons.find((r) => r.column === 'recency_days').value, (Date.UTC(2024, 7, 15) - Date.parse(bought.get(c.customer))) / DAY, 1e-9);
});

/** Scores as the word says: in order by the measure, ties by the others, then by place; cut into parts of equal size. */
function scored(rows, parts) {
  const by = (...keys) => {
    const order = rows.map((r, i) => [r, i]).sort(([a, i], [b, j]) => keys.reduce((d, k) => d || a[k] - b[k], 0) || i - j);
    return new Map(order.map(([r], at) => [r, 1 + Math.floor((at * parts) / rows.length)]));
  };
  const r = by('last', 'count', 'money'), f = by('count', 'money', 'last'), m = by('money', 'count', 'last');
  return rows.map((row) => ({ ...row, cell: r.get(row) * 100 + f.get(row) * 10 + m.get(row) }));
}

/** Customers of a shop on a day, in the order of their first row. */
function standing(orders, day) {
  const by = new Map();
  for (const o of orders) {
    const c = by.get(o.customer) ?? by.set(o.customer, { customer: o.customer, days: new Set(), last: 0, money: 0 }).get(o.customer);
    if (o.day > day) continue;
    c.days.add(o.day);
    c.last = Math.max(c.last, o.day);
    c.money += o.amount;
  }
  return [...by.values()].filter((c) => c.days.size > 0).map(({ days, ...c }) => ({ ...c, count: days.size }));
}

test('customers in classes shop by shop, and where they moved between two days', () => {
  const chance = chances(11), upTo = (n) => Math.floor(chance.next().value * n);
  const orders = Array.from({ length: 1500 }, (_, i) => ({
    customer: `C${upTo(120)}`, shop: i === 7 ? '' : i < 4 ? '角店' : ['北京', '上海'][upTo(2)], day: upTo(400), amount: upTo(20) - 2 }));
  const iso = (day) => new Date(Date.UTC(2024, 0, 1 + day)).toISOString().slice(0, 10);
  const table = file(`会员号;门店;日期;金额\n${orders.map((o) => `${o.customer};${o.shop};${iso(o.day)};${o.amount}`).join('\n')}\n`);
  const by = model('rfm', '--input', table, '--by', '门店', '--customers', '--calibration-end', iso(300));
  assert.deepEqual([by.groups_too_small, by.rows_without_group, by.groups.length], [['角店'], 1, 2]);
  for (const group of by.groups) {
    // a customer's place is that of the first row in the whole file
    const known = [...new Set(orders.map((o) => o.customer))];
    const own = standing(orders.filter((o) => o.shop === group.group), 300).sort((a, b) => known.indexOf(a.customer) - known.indexOf(b.customer));
    const wanted = scored(own, 5), cells = new Map(by.customer_values.filter((c) => c.group === group.group).map((c) => [c.customer, c]));
    assert.deepEqual([group.customers, cells.size], [wanted.length, wanted.length]);
    for (const c of wanted) assert.deepEqual([cells.get(c.customer).cell, cells.get(c.customer).money, cells.get(c.customer).days_since_last], [c.cell, c.money, 300 - c.last], c.customer);
    for (const part of group.recency_days) assert.ok(Math.abs(part.customers - wanted.length / 5) < 1);
    assert.equal(sum(group.cells, (c) => c.money), sum(wanted, (c) => c.money));
  }
  const moved = model('rfm', '--input', table, '--from', iso(100), '--to', iso(300), '--parts', '3', '--customers');
  const named = orders.filter((o) => o.customer !== '');
  const before = new Map(scored(standing(named, 100), 3).map((c) => [c.customer, c.cell])), after = scored(standing(named, 300), 3);
  assert.deepEqual([moved.customers_from, moved.customers, moved.customers_new], [before.size, after.length, after.length - before.size]);
  const told = new Map(moved.customer_values.map((c) => [c.customer, [c.from, c.to]]));
  for (const c of after) assert.deepEqual(told.get(c.customer), [before.get(c.customer) ?? 0, c.cell]);
  ['recency', 'frequency', 'money'].forEach((name, k) => {
    const digit = (cell) => Number(String(cell).padStart(3, '0')[k]);
    for (const cell of moved[name].matrix) {
      const those = after.filter((c) => digit(before.get(c.customer) ?? 0) === cell.from);
      assert.equal(cell.customers, those.filter((c) => digit(c.cell) === cell.to).length);
      if (those.length > 0) close(cell.share, cell.customers / those.length, 1e-12);
    }
    const up = after.filter((c) => before.has(c.customer) && digit(c.cell) > digit(before.get(c.customer))).length;
    assert.equal(moved[name].up, up);
    assert.equal(moved[name].up + moved[name].down + moved[name].same, before.size);
  });
  assert.equal(sum(moved.cells, (c) => c.customers), after.length);
  refused(/earlier day first/, 'rfm', '--input', table, '--from', iso(300), '--to', iso(100));
  refused(/earlier day first/, 'rfm', '--input', table, '--to', iso(100));
  refused(/in this time/, 'rfm', '--input', table, '--from', '1999-01-01');
  refused(/too few customers/, 'rfm', '--input', table, '--by', '会员号');
  refused(/no column where/, 'rfm', '--input', table, '--by', 'where');
  const many = file(`customer,shop,date,amount\n${Array.from({ length: 3000 }, (_, i) => `C${i % 7},S${i >> 1},2024-01-01,5`).join('\n')}\n`);
  refused(/shop has 1500 different groups/, 'rfm', '--input', many, '--by', 'shop');
});

/** Chances by periods since the last purchase, period by period of every customer. */
function counted(rows, end, length, states) {
  const by = new Map(), seen = Array(states).fill(0), bought = Array(states).fill(0), now = new Map(), spend = [];
  for (const r of rows.filter((r) => r.day <= end)) {
    const ago = Math.floor((end - r.day) / length), periods = by.get(r.customer) ?? by.set(r.customer, new Map()).get(r.customer);
    periods.set(ago, (periods.get(ago) ?? 0) + r.amount);
  }
  for (const [customer, periods] of by) {
    spend.push(...periods.values());
    let recency = 0;
    for (let ago = Math.max(...periods.keys()); ago >= 0; ago--) {
      if (recency >= 1 && recency <= states) {
        seen[recency - 1]++;
        bought[recency - 1] += periods.has(ago);
      }
      recency = periods.has(ago) ? 1 : recency + 1;
    }
    now.set(customer, recency);
  }
  return { seen, bought, now, spend };
}

test('chances by recency from transactions, and what they make a customer worth, with errors', { skip: without(cdnow) }, () => {
  const rows = cdnowRows()[1], end = Date.UTC(1998, 2, 31) / DAY, states = 4;
  const columns = ['markov', '--input', shared(cdnow), '--customer', '1', '--date', '3', '--calibration-end', '1998-03-31', '--period', '60', '--states', '4', '--cost', '1', '--discount', '.05', '--customers'];
  const found = model(...columns, '--amount', '5', '--margin', '.3');
  const { seen, bought, now, spend } = counted(rows, end, 60, states);
  assert.deepEqual(found.states.map((s) => [s.seen, s.bought]), seen.map((n, i) => [n, bought[i]]));
  const p = bought.map((b, i) => b / seen[i]), mean = (0.3 * sum(spend)) / spend.length;
  const se = [...p.map((x, i) => Math.sqrt((x * (1 - x)) / seen[i])), Math.sqrt(sum(spend, (x) => (0.3 * x - mean) ** 2) / (spend.length - 1) / spend.length)];
  found.states.forEach((s, i) => {
    close(s.chance, p[i], 1e-12);
    close(s.standard_error, se[i], 1e-12);
    // Wilson: the ends are where the share lies z errors off
    for (const q of [s.low, s.high]) close(Math.abs(q - p[i]) / Math.sqrt((q * (1 - q)) / seen[i]), 1.959963984540054, 1e-6);
  });
  close(found.contribution, mean, 1e-9);
  close(found.contribution_standard_error, se[4], 1e-9);
  // v = r + P v / 1.05, and the same for its derivative by each chance and the contribution
  const fixed = (reward) => {
    let v = reward;
    for (let i = 0; i < 2000; i++) v = v.map((_, k) => reward[k] + (p[k] * v[0] + (1 - p[k]) * (v[k + 1] ?? 0)) / 1.05);
    return v;
  };
  const value = fixed([mean - 1, -1, -1, -1]);
  const slopes = [...p.map((_, k) => fixed(p.map((__, i) => (i === k ? (value[0] - (value[k + 1] ?? 0)) / 1.05 : 0)))), fixed([1, 0, 0, 0])];
  const weight = p.map((_, i) => [...now.values()].filter((r) => r === i + 1).length);
  found.states.forEach((s, i) => {
    close(s.value, value[i], 1e-9);
    close(s.value_standard_error, Math.hypot(...slopes.map((slope, k) => slope[i] * se[k])), 1e-5);
    assert.equal(s.customers, weight[i]);
  });
  close(found.future_value, sum(value, (v) => v * weight[value.indexOf(v)]) - weight[0] * mean, 1e-6);
  close(found.future_value_standard_error, Math.hypot(...slopes.map((slope, k) => (sum(slope.map((x, i) => x * weight[i])) - (k === 4 ? weight[0] : 0)) * se[k])), 1e-3);
  assert.equal(found.customer_values.length, now.size);
  for (const c of found.customer_values) {
    assert.deepEqual([c.recency, c.lost], [now.get(c.customer), now.get(c.customer) > states]);
    close(c.value, value[c.recency - 1] ?? 0, 1e-9);
  }
  assert.equal(found.customers_lost, [...now.values()].filter((r) => r > states).length);
  // the chances alone give the same values; a contribution that is said has no error
  const chain = model('markov', '--chances', p.join(','), '--contribution', String(mean), '--cost', '1', '--discount', '.05');
  chain.values.forEach((v, i) => close(v, value[i], 1e-9));
  assert.equal(model(...columns, '--contribution', '9').contribution_standard_error, 0);
  const head = 'customer,date,amount\n', never = file(`${head}A,2024-01-01,5\nB,2024-06-01,6\nC,2025-03-01,7\n`);
  refused(/No customer has bought again/, 'markov', '--input', never, '--discount', '.1');
  refused(/Nobody was seen 4 periods/, 'markov', '--input', file(`${head}A,2024-01-01,5\nA,2024-04-05,6\nA,2025-01-01,6\n`), '--period', '70', '--states', '8', '--discount', '.1');
  refused(/Nobody was seen 1 periods/, 'markov', '--input', file(`${head}A,2024-01-01,5\nA,2024-01-02,6\n`), '--discount', '.1');
  refused(/--amount, --contribution/, 'markov', '--input', file('customer,date\nA,2024-01-01\nA,2024-04-05\n'), '--discount', '.1');
  refused(/above 0/, ...columns.slice(0, -3), '--discount', '0', '--contribution', '9');
  refused(/--chances and --contribution/, 'markov', '--contribution', '9');
  // ten years of silence are as many periods without a purchase, and a return is none
  const long = model('markov', '--input', file(`${head}A,2014-01-01,5\nA,2014-04-05,-2\nA,2024-04-05,6\nB,2023-01-01,4\nB,2023-05-20,4\n`), '--discount', '.1', '--period', '91');
  assert.deepEqual([long.returned_after_lost, long.rows_of_returns, long.customers_lost], [1, 1, 0]);
  assert.deepEqual(long.states.map((s) => [s.seen, s.bought]).slice(0, 2), [[3, 0], [3, 1]]);
  close(long.contribution, (3 + 6 + 4 + 4) / 4, 1e-12);
});

test('a mailing in the form of Hillstrom: every arm against the control in each outcome, corrected for all looks together', () => {
  const chance = chances(17), next = () => chance.next().value;
  const rates = { 'Mens E-Mail': 0.18, 'Womens E-Mail': 0.15, 'No E-Mail': 0.11 }, rows = [];
  for (let i = 0; i < 6000; i++) {
    const segment = Object.keys(rates)[Math.floor(next() * 3)], visit = Number(next() < rates[segment]), conversion = Number(visit && next() < 0.2);
    rows.push({ segment, visit, conversion, spend: conversion ? 20 + Math.floor(next() * 9000) / 100 : 0 });
  }
  const text = rows.map((r, i) => `${1 + (i % 12)},"2) $100 - $200",142.44,1,0,Surburban,0,Phone,${r.segment},${r.visit},${r.conversion},${r.spend}`);
  const table = file(`recency,history_segment,history,mens,womens,zip_code,newbie,channel,segment,visit,conversion,spend\r\n${text.join('\r\n')}\r\n`);
  const args = ['abtest', '--input', table, '--group', 'segment', '--control', 'No E-Mail'];
  const found = model(...args, '--outcome', 'visit,conversion,spend');
  assert.deepEqual(found.outcomes.map((o) => [o.outcome, o.compared]), [['visit', 'rates'], ['conversion', 'rates'], ['spend', 'means']]);
  assert.deepEqual([found.looks, found.arms.length, found.comparisons.length], [6, 9, 6]);
  const of = (segment, outcome) => rows.filter((r) => r.segment === segment).map((r) => r[outcome]), mean = (list) => sum(list) / list.length;
  for (const c of found.comparisons) {
    const a = of('No E-Mail', c.outcome), b = of(c.group, c.outcome), variance = (list) => sum(list, (x) => (x - mean(list)) ** 2) / (list.length - (c.outcome === 'spend' ? 1 : 0)) / list.length;
    const se = Math.sqrt(variance(a) + variance(b));
    close(c.difference, mean(b) - mean(a), 1e-9);
    close(c.high - c.low, 2 * se * 1.96, se * 0.01);
    close(c.uplift, mean(b) / mean(a) - 1, 1e-9);
    close(c.outcome === 'spend' ? c.extra_value : c.extra_events, (mean(b) - mean(a)) * b.length, 1e-6);
  }
  let worst = 0; // Holm over the six of them
  found.comparisons.toSorted((a, b) => a.p - b.p).forEach((c, i) => close(c.p_adjusted, (worst = Math.max(worst, Math.min(1, c.p * (6 - i)))), 1e-12));
  const [one] = model(...args, '--outcome', 'visit').comparisons, [same] = model(...args, '--target', 'visit').comparisons;
  assert.deepEqual(one, same);
  assert.deepEqual(model(...args, '--value', 'spend').comparisons[0].low, found.comparisons[4].low);
  refused(/no column clicks/, ...args, '--outcome', 'visit,clicks');
  refused(/--outcome/, ...args);
  refused(/nothing to compare/, ...args, '--outcome', 'visit,mens');
  refused(/not a number: Phone/, ...args, '--outcome', 'channel');
  refused(/only one group/, 'abtest', '--input', file('arm,won\na,1\na,0\nb,\n'), '--group', 'arm', '--outcome', 'won');
});

test('clusters of mixed kinds by Gower: as good as the best of all choices of rows, in a small file and a long one', () => {
  const chance = chances(23), upTo = (n) => Math.floor(chance.next().value * n);
  const rows = Array.from({ length: 36 }, () => ({ age: 20 + upTo(50), spend: upTo(10000), plan: ['gold', 'plain', 'silver'][upTo(3)], town: ['east', 'west'][upTo(2)] }));
  const table = (list) => file(`age,spend,plan,town\n${list.map((r) => Object.values(r).join(',')).join('\n')}\n`);
  const range = (key) => Math.max(...rows.map((r) => r[key])) - Math.min(...rows.map((r) => r[key]));
  const [years, money] = [range('age'), range('spend')];
  const far = (a, b) => (Math.abs(a.age - b.age) / years + Math.abs(a.spend - b.spend) / money + (a.plan !== b.plan) + (a.town !== b.town)) / 4;
  const cost = (medoids) => sum(rows, (r) => Math.min(...medoids.map((i) => far(r, rows[i]))));
  let best = [Infinity];
  for (let a = 0; a < 36; a++) for (let b = 0; b < a; b++) for (let c = 0; c < b; c++) best = cost([a, b, c]) < best[0] ? [cost([a, b, c]), [a, b, c]] : best;
  const small = table(rows), found = model('kmeans', '--input', small, '--distance', 'gower', '--k', '3', '--rows', '--starts', '30');
  close(found.within, best[0], 1e-9);
  close(found.total, Math.min(...rows.map((_, i) => cost([i]))), 1e-9);
  const medoids = found.clusters.map((c) => c.medoid_row - 1);
  assert.deepEqual(medoids.toSorted((a, b) => b - a), best[1]);
  found.clusters.forEach((c, i) => assert.deepEqual(c.center, { ...rows[medoids[i]] }));
  let width = 0;
  for (const { row, cluster } of found.assignments) {
    const d = medoids.map((m) => far(rows[row - 1], rows[m])), own = d[cluster - 1], other = Math.min(...d.filter((_, i) => i !== cluster - 1));
    close(own, Math.min(...d), 1e-9);
    width += other > 0 ? (other - own) / Math.max(other, own) / 36 : 0;
  }
  close(found.silhouette, width, 1e-9);
  assert.deepEqual(model('kmeans', '--input', small, '--distance', 'gower', '--k', '1').clusters[0].size, 36);
  // more rows than a sample takes: three kinds of people, and a number that would drown the rest if it were not put on one scale
  const long = Array.from({ length: 5000 }, (_, i) => ({ age: [25, 45, 70][i % 3] + upTo(4), spend: upTo(1e6), plan: ['gold', 'plain', 'silver'][i % 3], town: ['east', 'west', 'east'][i % 3] }));
  const parts = model('kmeans', '--input', table(long), '--distance', 'gower', '--k-max', '4', '--rows', '--starts', '3');
  assert.deepEqual([parts.method, parts.k, parts.clusters.map((c) => c.size)], ['k-medoids', 3, [1667, 1667, 1666]]);
  const of = parts.assignments.map((a) => a.cluster);
  assert.ok(of.every((c, i) => c === of[i % 3]));
  refused(/fewer different rows/, 'kmeans', '--input', file('a,b\n1,x\n1,x\n3,y\n'), '--distance', 'gower', '--k', '3');
  refused(/euclid or gower/, 'kmeans', '--input', small, '--distance', 'manhattan');
  refused(/No column is left/, 'kmeans', '--input', file('a,b\n1,x\n1,x\n'), '--distance', 'gower');
});
