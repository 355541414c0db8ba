// `guanxi model …` on plain files: published results from the raw files as they came, files in other dress, and what cannot be fitted.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { guanxi, sharedData } from '../lib/server.mjs';

const home = mkdtempSync(join(tmpdir(), 'guanxi-model-'));
after(() => rmSync(home, { recursive: true, force: true }));

const run = (args, options = {}) => guanxi(args, { allowFailure: true, cwd: home, ...options });
const shared = (name) => join(sharedData, name);
const without = (name) => (existsSync(shared(name)) ? false : `no ${name}; set GUANXI_SHARED_DATA`);

/** The JSON a model prints. */
function model(...args) {
  const done = run(['model', ...args, '--json']);
  assert.equal(done.status, 0, `${args.join(' ')}: ${done.err}`);
  return JSON.parse(done.out);
}

/** A refusal: exit code, nothing printed, and the word. */
function refused(said, ...args) {
  const done = run(['model', ...args, '--json']);
  assert.equal(done.status, 1, `${args.join(' ')}: ${done.out}`);
  assert.equal(done.out, '');
  assert.match(done.err, said, args.join(' '));
}

let files = 0;
function file(text, name = `f${++files}.csv`) {
  writeFileSync(join(home, name), text);
  return name;
}

function near(value, wanted, digits = 3) {
  assert.ok(Math.abs(value - wanted) <= Math.abs(wanted) * 0.6 * 10 ** (1 - digits), `${value} is not ${wanted} to ${digits} digits`);
}
const close = (value, wanted, by) => assert.ok(Math.abs(value - wanted) <= by, `${value} is not ${wanted}`);

const cdnow = 'cdnow_sample/CDNOW_sample.txt';
const cdnowColumns = ['--input', shared(cdnow), '--customer', '1', '--date', '3', '--calibration-end', '1997-09-30', '--unit', 'week'];
const published = {
  bgnbd: [{ r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 }, -9582.429],
  mbgnbd: [{ r: 0.525, alpha: 6.183, a: 0.891, b: 1.614 }, -9582.1357],
  'pareto-nbd': [{ r: 0.553, alpha: 10.58, s: 0.606, beta: 11.66 }, -9594.976],
};

test('CDNOW from its raw transactions: three models of coming back, and of spend', { skip: without(cdnow) }, () => {
  for (const [name, [parameters, likelihood]] of Object.entries(published)) {
    const fit = model(name, ...cdnowColumns, '--customers');
    for (const [key, wanted] of Object.entries(parameters)) {
      near(fit[key], wanted);
      assert.equal(fit.parameters[key], fit[key]);
      assert.ok(fit.standard_errors[key] > 0);
    }
    close(fit.log_likelihood, likelihood, 0.01);
    assert.deepEqual([fit.customers, fit.repeaters, fit.first_date], [2357, 946, '1997-01-01']);
    assert.equal(fit.outlook.purchases_seen, 1882);
    assert.equal(fit.customer_values.length, 2357);
    assert.ok(fit.customer_values.every((c) => c.p_alive >= 0 && c.p_alive <= 1 && c.expected_purchases >= 0));
    close(fit.customer_values.reduce((sum, c) => sum + c.expected_purchases, 0), fit.outlook.expected_purchases, 1e-6);
  }
  const spend = model('gamma-gamma', ...cdnowColumns, '--amount', '5');
  close(spend.p, 6.249568, 1e-4);
  close(spend.q, 3.744226, 1e-4);
  close(spend.gamma, 15.443538, 1e-3);
  close(spend.log_likelihood, -4055.9177, 0.01);
});

test('the summaries of the same customers give the same', { skip: without(cdnow) }, () => {
  const fit = model('bgnbd', '--input', shared('cdnow_sample/cdnow_customers_summary.csv'));
  near(fit.r, 0.243);
  close(fit.log_likelihood, -9582.429, 0.01);
  near(model('gamma-gamma', '--input', shared('cdnow_sample/cdnow_customers_summary_with_transactions.csv')).p, 6.25);
  const bgbb = model('bgbb', '--input', shared('donations_bgbb/donations.csv'));
  for (const [key, wanted] of Object.entries({ alpha: 1.204, beta: 0.75, gamma: 0.657, delta: 2.783 })) near(bgbb[key], wanted);
  close(bgbb.log_likelihood, -33225.58, 0.01);
  assert.equal(bgbb.customers, 11104);
});

test('a grocery shop, and sums of the whole CDNOW sample', { skip: without(cdnow) }, () => {
  const grocery = ['--input', shared('grocery_elog/groceryElog.csv'), '--calibration-end', '2006-12-31'];
  const bg = model('bgnbd', ...grocery), mbg = model('mbgnbd', ...grocery);
  close(bg.log_likelihood, -15836.57, 0.01);
  near(bg.b, 3.644395, 4);
  close(mbg.log_likelihood, -15781.94, 0.01);
  near(mbg.r, 1.256921, 4);
  const all = model('lorenz', '--input', shared(cdnow), '--customer', '1', '--amount', '5');
  close(all.total, 244091.9, 0.1);
  assert.equal(all.classes.reduce((sum, c) => sum + c.customers, 0), 2357);
  const rfm = model('rfm', '--input', shared(cdnow), '--customer', '1', '--date', '3', '--amount', '5', '--customers');
  for (const part of rfm.recency_days.concat(rfm.frequency, rfm.money)) assert.ok(part.customers === 471 || part.customers === 472);
  assert.equal(rfm.cells.reduce((sum, c) => sum + c.customers, 0), 2357);
  assert.equal(rfm.customer_values.length, 2357);
  const nested = model('rfm', '--input', shared(cdnow), '--customer', '1', '--date', '3', '--amount', '5', '--nested');
  assert.equal(nested.cells.length, 125);
  for (const cell of nested.cells) assert.ok(cell.customers === 18 || cell.customers === 19, JSON.stringify(cell));
});

test('closed forms: Gini of the R package ineq, the Markov chain of Pfeifer and Carraway', () => {
  const values = file(`income\n${[541, 1463, 2445, 3438, 4437, 5401, 6392, 8304, 11904, 22261].join('\n')}\n`);
  close(model('lorenz', '--input', values).gini, 0.46209, 5e-6);
  const chain = model('markov', '--chances', '.3,.2,.15,.05', '--contribution', '40', '--cost', '4', '--discount', '.2');
  [52.320, 5.554, 1.251, -1.820].forEach((wanted, i) => close(chain.values[i], wanted, 5e-4));
  assert.deepEqual(chain.states.map((s) => s.worth_it), [true, true, true, false]);
});

/** Numbers that only look random. */
function* chances(seed) {
  for (let s = seed; ;) {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    yield s / 2 ** 32;
  }
}

/** Orders of 300 customers with rates and chances to leave of their own; `write` dresses a row. */
function orders(write, head, { sign = '\n', year = 2024 } = {}) {
  const rows = [head], chance = chances(7);
  const next = () => chance.next().value;
  for (let c = 1; c <= 300; c++) {
    const rate = -Math.log(1 - next()) / 30, leaves = next() ** 2 * 0.6;
    for (let day = Math.floor(next() * 60); day < 360; day += 1 + Math.floor(-Math.log(1 - next()) / rate)) {
      rows.push(write(`客户${c}`, new Date(Date.UTC(year, 0, 1 + day)).toISOString().slice(0, 10), 10 + Math.floor(next() * 90)));
      if (next() < leaves) break;
    }
  }
  return rows.join(sign);
}
const dmy = (iso) => iso.split('-').reverse().join('/');

test('one file in many dresses: heading, encoding, dates, marks, quotes, line ends', () => {
  const plain = file(orders((c, d, a) => `${c},${d},${a}.5`, 'customer,date,amount'));
  const wanted = model('bgnbd', '--input', plain);
  const spend = model('gamma-gamma', '--input', plain);
  const dresses = {
    'semicolons, decimal comma, day first, BOM': [`\ufeff${orders((c, d, a) => `"${c}";${dmy(d)};"${a},5"`, '"Kunde";"Datum";"Betrag"', { sign: '\r\n' })}`, ['--customer', 'Kunde', '--date', 'datum', '--amount', 'Betrag']],
    'no heading': [orders((c, d, a) => `${c}\t${d.replaceAll('-', '')}\t${a}.5`, '').trimStart(), ['--no-heading', '--customer', '1', '--date', '2', '--amount', '3']],
    'Chinese words': [orders((c, d, a) => `${c},${d.replace('-', '年').replace('-', '月')}日,¥${a}.50`, '客户,日期,金额'), []],
    'UTF-16': [Buffer.from(`\ufeff${orders((c, d, a) => `${c}\t${d} 13:45:00\t${a}.5`, 'customer\tdate\tamount')}`, 'utf16le'), []],
  };
  for (const [name, [text, columns]] of Object.entries(dresses)) {
    const dressed = file(text);
    const fit = model('bgnbd', '--input', dressed, ...columns);
    assert.equal(fit.log_likelihood, wanted.log_likelihood, name);
    assert.equal(fit.customers, 300, name);
    assert.equal(model('gamma-gamma', '--input', dressed, ...columns).log_likelihood, spend.log_likelihood, name);
  }
});

test('what cannot be fitted is refused with a word', () => {
  const head = 'customer,date,amount\n';
  const one = file(`${head}A,2024-01-01,5\nA,2024-02-01,6\n`);
  const never = file(`${head}A,2024-01-01,5\nB,2024-02-01,6\nC,2024-03-01,7\n`);
  const negative = file(`${head}A,2024-01-01,5\nA,2024-02-01,-6\nB,2024-02-01,6\nB,2024-03-01,6\n`);
  for (const name of ['bgnbd', 'mbgnbd', 'pareto-nbd']) {
    refused(/too few customers/, name, '--input', one);
    refused(/No customer has bought again/, name, '--input', never);
  }
  refused(/No customer has bought again/, 'gamma-gamma', '--input', never);
  refused(/1 rows have a negative amount; --drop-returns/, 'gamma-gamma', '--input', negative);
  refused(/too few customers/, 'rfm', '--input', one);
  refused(/negative/, 'lorenz', '--input', negative, '--amount', 'amount');
  refused(/sum to zero/, 'lorenz', '--input', file('amount\n0\n0\n'), '--amount', 'amount');
  refused(/same/, 'gamma-gamma', '--input', file(`${head}A,2024-01-01,5\nA,2024-02-01,6\nB,2024-02-01,6\nB,2024-03-01,6\n`));
  const alike = Array.from({ length: 50 }, (_, i) => `C${i},2024-01-01,5\nC${i},2024-02-05,5\n`).join('');
  refused(/no highest point/, 'bgnbd', '--input', file(`${head}${alike}`), '--calibration-end', '2024-03-11');
  refused(/impossible/, 'bgnbd', '--input', file('frequency,recency,T\n2,5,10\n1,12,10\n'));
  refused(/more purchases than occasions/, 'bgbb', '--input', file('frequency,recency,periods\n3,2,6\n1,2,6\n'));
  refused(/whole numbers/, 'bgbb', '--input', file('frequency,recency,periods\n1,1.5,6\n1,2,6\n'));
  refused(/not a number: many/, 'bgnbd', '--input', file('frequency,recency,T\nmany,5,10\n1,2,10\n'));
  refused(/two ways/, 'bgnbd', '--input', file(`${head}A,01/02/2024,5\nA,03/04/2024,6\nB,05/06/2024,7\n`));
  refused(/not a date: soon/, 'bgnbd', '--input', file(`${head}A,2024-01-01,5\nA,soon,6\n`));
  refused(/--customer/, 'bgnbd', '--input', file('who,when\n1,2024-01-01\n2,2024-01-02\n'));
  refused(/no column nobody/, 'bgnbd', '--input', one, '--customer', 'nobody');
  refused(/nothing to learn from/, 'bgnbd', '--input', one, '--calibration-end', '1999-01-01');
  refused(/unit is/, 'bgnbd', '--input', one, '--unit', 'fortnight');
  refused(/--input/, 'bgnbd');
  refused(/none\.csv/, 'bgnbd', '--input', 'none.csv');
  refused(/empty/, 'bgnbd', '--input', file(''));
  refused(/number from/, 'markov', '--chances', '.3', '--contribution', 'much');
  refused(/between 0 and 1/, 'markov', '--chances', '.3,1.2', '--contribution', '4', '--discount', '.1');
  refused(/above 0/, 'markov', '--chances', '.3,.2', '--contribution', '4');
});

test('ten years of silence, and returns left out when asked', () => {
  const text = orders((c, d, a) => `${c},${d},${a}`, 'customer,date,amount');
  const late = file(`${text}\n客户1,2034-06-01,20\n客户1,2034-06-02,-20\n`);
  for (const name of ['bgnbd', 'mbgnbd', 'pareto-nbd']) {
    const fit = model(name, '--input', late, '--customers', '--horizon', '520');
    assert.equal(fit.last_date, '2034-06-02');
    for (const c of fit.customer_values) assert.ok(c.p_alive >= 0 && c.p_alive <= 1 && Number.isFinite(c.expected_purchases), JSON.stringify(c));
  }
  assert.equal(model('gamma-gamma', '--input', late, '--drop-returns').rows_of_returns, 1);
});

const counts = (name, ...args) => {
  const found = model('rules', '--input', shared(name), ...args);
  return [found.itemset_count, found.rule_count];
};

test('groceries: itemsets, rules, the top items; each rule by its own arithmetic', { skip: without('groceries/groceries.csv.gz') }, () => {
  const name = 'groceries/groceries.csv.gz';
  for (const [support, sets] of [['.1', 8], ['.05', 31], ['.02', 122], ['.01', 333], ['.006', 747]])
    assert.equal(counts(name, '--support', support)[0], sets, support);
  for (const [support, confidence, rules] of [['.001', '.8', 410], ['.001', '.5', 5668], ['.001', '.9', 129], ['.006', '.25', 463], ['.01', '.5', 15], ['.01', '.3', 125]])
    assert.equal(counts(name, '--support', support, '--confidence', confidence)[1], rules, `${support} ${confidence}`);
  const all = model('rules', '--input', shared(name), '--support', '.001', '--confidence', '.5', '--itemsets', '--adjust', 'holm');
  assert.deepEqual([all.baskets, all.items, all.items_in_baskets, all.itemsets.length], [9835, 169, 43367, 13492]);
  const top = all.itemsets.filter((set) => set.items.length === 1).sort((a, b) => b.count - a.count).slice(0, 5);
  assert.deepEqual(top.map((set) => [set.items[0], set.count]), [['whole milk', 2513], ['other vegetables', 1903], ['rolls/buns', 1809], ['soda', 1715], ['yogurt', 1372]]);
  const count = new Map(all.itemsets.map((set) => [set.items.toSorted().join('|'), set.count]));
  const n = all.baskets;
  for (const rule of all.rules) {
    const both = count.get([...rule.antecedent, ...rule.consequent].toSorted().join('|'));
    const left = count.get(rule.antecedent.toSorted().join('|')), right = count.get(rule.consequent[0]);
    assert.equal(rule.count, both);
    close(rule.confidence, both / left, 1e-12);
    close(rule.lift, (both * n) / (left * right), 1e-9);
    close(rule.leverage, both / n - (left / n) * (right / n), 1e-12);
    if (both === left) assert.equal(rule.conviction, null);
    else close(rule.conviction, (1 - right / n) / (1 - both / left), 1e-9);
    assert.ok(rule.p > 0 && rule.p <= rule.p_adjusted && rule.p_adjusted <= 1);
  }
  const p = all.rules.map((rule) => rule.p).sort((a, b) => a - b);
  const adjusted = (word) => model('rules', '--input', shared(name), '--support', '.001', '--confidence', '.5', '--adjust', word).rules
    .map((rule) => rule.p_adjusted).sort((a, b) => a - b);
  let worst = 0;
  const holm = p.map((value, i) => (worst = Math.max(worst, Math.min(1, value * (p.length - i)))));
  let least = 1;
  const bh = p.map((value, i) => [value, i]).reverse().map(([value, i]) => (least = Math.min(least, (value * p.length) / (i + 1)))).reverse();
  for (const [word, wanted] of [['holm', holm], ['bh', bh], ['bonferroni', p.map((value) => Math.min(1, value * p.length))], ['none', p]])
    adjusted(word).forEach((value, i) => close(value, wanted[i], Math.max(1e-300, wanted[i] * 1e-9)));
});

test('chess and visits of a site: every frequent set', { skip: without('chess_fimi/chess.dat.gz') }, () => {
  for (const [count, sets] of [['2877', 622], ['2557', 8227], ['1918', 254944]]) assert.equal(counts('chess_fimi/chess.dat.gz', '--min-count', count, '--confidence', '1', '--itemsets', '--max-items', '75', '--min-items', '75')[0], sets);
  assert.equal(counts('chess_fimi/chess.dat.gz', '--support', '.8', '--itemsets')[0], 8227);
  assert.equal(counts('msweb/msweb.csv.gz', '--min-count', '3271', '--itemsets')[0], 8);
  const visits = model('rules', '--input', shared('msweb/msweb.csv.gz'), '--min-count', '328', '--itemsets');
  assert.deepEqual([visits.baskets, visits.items, visits.items_in_baskets, visits.itemset_count], [32710, 285, 98653, 197]);
  const top = visits.itemsets.filter((set) => set.items.length === 1).sort((a, b) => b.count - a.count).slice(0, 3);
  assert.deepEqual(top.map((set) => [set.items[0], set.count]), [['Free Downloads', 10835], ['Internet Explorer', 9383], ['Microsoft.com Search', 8463]]);
});

test('baskets in many dresses, and what is refused', () => {
  const sets = (...args) => Object.fromEntries(model('rules', '--itemsets', '--min-count', '1', ...args).itemsets.map((set) => [set.items.toSorted().join('+'), set.count]));
  const wanted = { 面包: 3, 牛奶: 2, '5" nail': 1, '牛奶+面包': 2, '5" nail+面包': 1 };
  const same = (text, ...args) => assert.deepEqual(sets('--input', file(text), ...args), wanted);
  same('面包,牛奶\n面包, 牛奶 ,面包\n\n5" nail,面包\n');
  same('\ufeff"面包";"牛奶"\r\n"牛奶";"面包"\r\n"5"" nail";"面包"');
  same(Buffer.from('\ufeff面包\t牛奶\n牛奶\t面包\n5" nail\t面包\n', 'utf16le'));
  same('a list\n面包|牛奶\n牛奶|面包\n5" nail|面包\n', '--skip', '1', '--separator', '|');
  same('order,product\n1,面包\n2,牛奶\n1,牛奶\n1,牛奶\n2,面包\n3,"5"" nail"\n3,面包\n,nobody\n', '--transaction', 'order', '--item', 'product');
  assert.deepEqual(sets('--input', file('"half open,b\nb\n')), { '"half open': 1, b: 2, '"half open+b': 1 });
  refused(/empty/, 'rules', '--input', file(''));
  refused(/no baskets/, 'rules', '--input', file('\n\n ,,\n'));
  refused(/cannot open|No such|none/i, 'rules', '--input', 'none.txt');
  refused(/number from 0 to 1/, 'rules', '--input', file('a,b\n'), '--support', '2');
  refused(/number from 1 to/, 'rules', '--input', file('a,b\n'), '--min-count', '0');
  refused(/one sign/, 'rules', '--input', file('a,b\n'), '--separator', 'ab');
  refused(/none, bonferroni/, 'rules', '--input', file('a,b\n'), '--adjust', 'much');
  refused(/--item/, 'rules', '--input', file('a,b\n1,2\n'), '--transaction', 'a');
  refused(/too many sets/, 'rules', '--input', file(`${Array.from({ length: 40 }, (_, i) => `i${i}`).join(',')}\n`), '--itemsets');
});

test('a million different items are counted, not choked on', () => {
  const lines = [];
  for (let i = 0; i < 250000; i++) lines.push(`a${i % 7},x${4 * i},x${4 * i + 1},x${4 * i + 2},x${4 * i + 3}`);
  const found = model('rules', '--input', file(lines.join('\n')), '--support', '.001');
  assert.deepEqual([found.items, found.itemset_count, found.rule_count], [1000007, 7, 0]);
});

test('what comes next: the example of the paper on PrefixSpan', () => {
  const rows = ['customer,date,item'];
  ['a abc ac d cf', 'ad c bc ae', 'ef ab df c b', 'e g af c b c'].forEach((sequence, c) => sequence.split(' ').forEach((element, day) => {
    for (const item of element) rows.push(`${c + 1},2024-01-0${day + 1},${item}`);
  }));
  const columns = ['--customer', 'customer', '--date', 'date', '--item', 'item'];
  const found = model('sequences', '--input', file(`${rows.join('\n')}\n,2024-01-01,a\n`), ...columns, '--min-count', '2');
  assert.deepEqual([found.customers, found.sequence_count, found.rows_left_out], [4, 53, 1]);
  const by = new Map(found.sequences.map((s) => [s.elements.map((e) => e.join('')).join(' '), s]));
  for (const [text, count] of [['a bc a', 2], ['ab d c', 2], ['a c b', 3], ['e f c b', 2]]) assert.equal(by.get(text).count, count, text);
  close(by.get('a c b').confidence, 3 / 4, 1e-12);
  refused(/not a date/, 'sequences', '--input', file('customer,date,item\n1,x,a\n'), ...columns);
  refused(/no baskets/, 'sequences', '--input', file('customer,date,item\n,2024-01-01,a\n'), ...columns);
});

test('logistic regression of churn, credit and a bank: coefficients, deviance, AUC of R', { skip: without('telco_churn/Telco-Customer-Churn.csv.gz') }, () => {
  const telco = ['--input', shared('telco_churn/Telco-Customer-Churn.csv.gz'), '--target', 'Churn', '--event', 'Yes'];
  const three = model('logit', ...telco, '--columns', 'tenure,MonthlyCharges,Contract');
  for (const [term, wanted] of Object.entries({ '(Intercept)': -1.60059, tenure: -0.03593051, MonthlyCharges: 0.02863659, 'ContractOne year': -1.057378, 'ContractTwo year': -1.993535 }))
    near(three.coefficients[term], wanted, 6);
  close(three.deviance, 6143.485, 1e-3);
  close(three.auc, 0.8268747, 1e-7);
  assert.deepEqual([three.rows, three.rows_incomplete], [7032, 11]);
  assert.deepEqual([model('logit', ...telco, '--columns', 'tenure,MonthlyCharges,Contract', '--own-rows').rows], [7043]);
  const all = model('logit', ...telco);
  close(all.deviance, 5826.272, 1e-3);
  close(all.auc, 0.8482074, 1e-7);
  assert.equal(all.aliased.length, 7);
  assert.deepEqual(all.left_out, [{ column: 'customerID', reason: 'differs in every row' }]);
  const credit = model('logit', '--input', shared('german_credit/GermanCredit.csv'), '--target', 'credit_risk', '--event', '0');
  close(credit.deviance, 895.8178, 1e-4);
  close(credit.auc, 0.833781, 1e-6);
  const bank = model('logit', '--input', shared('bank_marketing/bank-additional-full.csv.gz'), '--target', 'y');
  close(bank.deviance, 17077.83, 0.01);
  close(bank.auc, 0.9361368, 1e-7);
  assert.deepEqual([bank.events, bank.rows], [4640, 41188]);
});

/** A table with an outcome that chance decides; `extra` adds cells. */
function outcomes(head, extra, rows = 200) {
  const chance = chances(3), next = () => chance.next().value;
  return [head, ...Array.from({ length: rows }, (_, i) => {
    const months = Math.floor(next() * 40), plan = ['gold', 'plain', 'silver'][Math.floor(next() * 3)];
    return `${months},${plan},${next() < 0.2 + (plan === 'plain') * 0.3 - months / 400 ? 'yes' : 'no'}${extra(i, months)}`;
  })].join('\n');
}

test('a table that a regression cannot take is refused with a word, or says what it left out', () => {
  const fit = (text, ...args) => ['logit', '--input', file(text), '--target', 'churn', ...args];
  const plain = outcomes('months,plan,churn', () => '');
  assert.ok(model(...fit(plain)).terms.every((t) => Math.abs(t.estimate) < 5));
  assert.deepEqual(model(...fit(outcomes('months,plan,churn,one', () => ',7'))).left_out, [{ column: 'one', reason: 'constant' }]);
  assert.deepEqual(model(...fit(outcomes('months,plan,churn,twice', (i, months) => `,${2 * months}`))).aliased, ['twice']);
  refused(/No column is left/, ...fit(plain.replaceAll(/\d+,\w+,(yes|no)/g, '1,a,$1')));
  refused(/perfect separation/, ...fit(plain.replaceAll(/\d+,(\w+),(yes|no)/g, (_, p, c) => `${c === 'yes' ? 1 : 0},${p},${c}`)));
  refused(/same outcome/, ...fit(plain.replaceAll(',no', ',yes'), '--event', 'yes'));
  refused(/not more rows/, ...fit('months,plan,churn\n1,a,yes\n2,b,no\n3,c,no\n'));
  refused(/No row has the value perhaps/, ...fit(plain, '--event', 'perhaps'));
  refused(/which value of churn/, ...fit(plain.replace('yes', 'maybe')));
  refused(/no column age/, ...fit(plain, '--columns', 'age'));
  refused(/No row is complete/, ...fit('months,plan,churn\n,a,yes\n,b,no\n'));
  refused(/has 1500 different texts/, ...fit(outcomes('months,plan,churn,name', (i) => `,n${i >> 1}`, 3000)));
  assert.equal(run(['model', 'logit', '--input', 'x.csv']).status, 2);
});

test('an experiment of a game, and how many an experiment takes', { skip: without('cookie_cats/cookie_cats.csv.gz') }, () => {
  const cats = ['--input', shared('cookie_cats/cookie_cats.csv.gz'), '--group', 'version'];
  for (const [target, rates, chi2, p] of [['retention_1', [0.4481879, 0.4422827], 3.182964, 0.07440966], ['retention_7', [0.1902013, 0.182], 10.01317, 0.00155425]]) {
    const found = model('abtest', ...cats, '--target', target);
    assert.deepEqual(found.arms.map((arm) => [arm.group, arm.n]), [['gate_30', 44700], ['gate_40', 45489]]);
    found.arms.forEach((arm, i) => close(arm.rate, rates[i], 6e-8));
    const [test] = found.comparisons;
    near(test.chi2, chi2, 6);
    near(test.p, p, 6);
    assert.ok(test.always_valid_p >= test.p && test.always_valid_low < test.low && test.high < test.always_valid_high);
  }
  assert.equal(model('abtest', ...cats, '--target', 'retention_7', '--control', 'gate_40').comparisons[0].group, 'gate_30');
  close(model('abtest', '--baseline', '.5', '--effect', '.25', '--power', '.9').n, 76.7069, 1e-4);
  const sleep = file('extra,group\n0.7,1\n-1.6,1\n-0.2,1\n-1.2,1\n-0.1,1\n3.4,1\n3.7,1\n0.8,1\n0.0,1\n2.0,1\n1.9,2\n0.8,2\n1.1,2\n0.1,2\n-0.1,2\n4.4,2\n5.5,2\n1.6,2\n4.6,2\n3.4,2\n');
  const [means] = model('abtest', '--input', sleep, '--group', 'group', '--value', 'extra', '--control', '2').comparisons;
  close(means.t, -1.8608, 5e-5);
  close(means.p, 0.07939, 5e-6);
  const three = file('arm,won\na,1\na,0\na,0\na,0\nb,1\nb,1\nb,1\nb,0\nc,1\nc,0\nc,1\nc,0\nd\n');
  const many = model('abtest', '--input', three, '--group', 'arm', '--target', 'won');
  assert.equal(many.rows_left_out, 1);
  refused(/only one group/, 'abtest', '--input', file('arm,won\na,1\na,0\n'), '--group', 'arm', '--target', 'won');
  refused(/fewer than two/, 'abtest', '--input', file('arm,won\na,1\na,0\nb,1\n'), '--group', 'arm', '--target', 'won');
  refused(/nothing to compare/, 'abtest', '--input', file('arm,won\na,1\na,1\nb,1\nb,1\n'), '--group', 'arm', '--target', 'won');
  refused(/which value of won/, 'abtest', '--input', file('arm,won\na,p\na,q\nb,p\nb,p\n'), '--group', 'arm', '--target', 'won');
  refused(/No row has the value z/, 'abtest', '--input', three, '--group', 'arm', '--target', 'won', '--control', 'z');
  refused(/more than 100 groups/, 'abtest', '--input', file(`arm,won\n${Array.from({ length: 300 }, (_, i) => `g${i},${i % 2}`).join('\n')}\n`), '--group', 'arm', '--target', 'won');
  refused(/must differ/, 'abtest', '--baseline', '.5', '--effect', '0');
});

test('score card of German credit: weights and values as published, points that add up', { skip: without('german_credit/GermanCredit.csv') }, () => {
  const credit = ['--input', shared('german_credit/GermanCredit.csv'), '--target', 'credit_risk', '--event', '0'];
  const values = model('scorecard', ...credit, '--distinct', '--values-only').information_values;
  for (const [name, wanted] of Object.entries({ status: 0.666, credit_history: 0.2932, savings: 0.196, purpose: 0.1692, property: 0.1126, duration: 0.3399, age: 0.2625 }))
    close(values[name], wanted, 6e-5);
  const amount = model('scorecard', ...credit, '--columns', 'amount', '--breaks', 'amount:1400,1800,4000,9200');
  [0.03366, -0.72824, -0.25831, 0.39054, 1.17007].forEach((woe, i) => close(amount.variables[0].bins[i].woe, woe, 6e-6));
  close(amount.information_values.amount, 0.18122, 6e-6);
  close(amount.variables[0].coefficient, 1, 1e-6); // one variable alone: the weights are the log odds
  // 600 points are 1 bad for 19 good; 50 fewer are 2
  for (const bin of amount.variables[0].bins) close(amount.base_points + bin.points, 600 - (50 * Math.log2((19 * bin.events) / bin.others)), 1e-6);
  const card = model('scorecard', ...credit);
  assert.ok(card.auc > 0.8 && card.auc < 0.9 && Math.abs(card.gini - (2 * card.auc - 1)) < 1e-12 && card.ks > 0.5);
  for (const v of card.variables) {
    assert.equal(v.bins.reduce((sum, bin) => sum + bin.events + bin.others, 0), 1000);
    assert.equal(v.iv >= 0.02, 'coefficient' in v, v.variable);
  }
  assert.equal(card.cutoffs.length, 9);
});

test('a score card of other tables: stability, and what is refused', () => {
  const card = (text, ...args) => ['scorecard', '--input', file(text), '--target', 'churn', ...args];
  const plain = outcomes('months,plan,churn', () => '');
  const sampled = model(...card(outcomes('months,plan,churn,part', (i, months) => `,${i < 100 ? 'first' : months > 30 ? 'second' : 'first'}`), '--sample', 'part'));
  assert.ok(!sampled.variables.some((v) => v.variable === 'part'));
  assert.ok(sampled.stability[0].psi > 0.25, JSON.stringify(sampled.stability)); // the second sample is of old customers only
  refused(/numbers that rise/, ...card(plain, '--breaks', 'months:20,10'));
  refused(/enough information value/, ...card(plain, '--min-iv', '9'));
  refused(/same outcome/, ...card(plain.replaceAll(',no', ',yes')));
  refused(/No column is left/, ...card(plain.replaceAll(/\d+,\w+,(yes|no)/g, '1,a,$1')));
  refused(/number from/, ...card(plain, '--bins', '0'));
});

test('survival: remission of leukaemia as in every book, churn of Telco, and what is refused', () => {
  const treated = '6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+'.split(' ');
  const placebo = '1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23'.split(' ');
  const rows = [['6-MP', treated], ['control', placebo]].flatMap(([arm, list]) => list.map((t) => `${arm},${parseInt(t, 10)},${t.endsWith('+') ? 0 : 1}`));
  const args = ['survival', '--input', file(`arm,weeks,relapse\n${rows.join('\n')}\n`), '--time', 'weeks', '--target', 'relapse'];
  const curves = model(...args, '--group', 'arm');
  const at = (group, time) => curves.groups[group].curve.find((row) => row.time === time);
  for (const [time, survival, se] of [[6, 0.857, 0.0764], [10, 0.753, 0.0963], [23, 0.448, 0.1346]]) {
    close(at(0, time).survival, survival, 6e-4);
    close(at(0, time).standard_error, se, 6e-5);
  }
  assert.deepEqual(curves.groups.map((g) => [g.group, g.n, g.median]), [['6-MP', 21, 23], ['control', 21, 8]]);
  close(curves.log_rank.chi2, 16.79, 5e-3);
  const cox = model(...args, '--cox');
  close(cox.coefficients.armcontrol, 1.5721, 1e-4);
  close(cox.log_likelihood, -85.01, 6e-3);
  close(model(...args, '--cox', '--ties', 'breslow').coefficients.armcontrol, 1.5092, 1e-4);
  assert.equal(model(...args).groups.length, 1);
  refused(/No event has happened|No row has the value/, ...args, '--cox', '--event', '7');
  refused(/holds words/, ...args.with(4, 'arm'));
  refused(/holds numbers/, ...args, '--group', 'weeks');
  refused(/efron or breslow/, ...args, '--ties', 'exact');
  refused(/No column is left/, ...args, '--cox', '--columns', 'weeks');
  refused(/missing or negative/, 'survival', '--input', file('t,e\n1,1\n-2,1\n3,0\n'), '--time', 't', '--target', 'e');
});

test('churn of Telco by contract', { skip: without('telco_churn/Telco-Customer-Churn.csv.gz') }, () => {
  const telco = model('survival', '--input', shared('telco_churn/Telco-Customer-Churn.csv.gz'), '--time', 'tenure', '--target', 'Churn', '--group', 'Contract');
  assert.deepEqual(telco.groups.map((g) => [g.group, g.n, g.events]), [['Month-to-month', 3875, 1655], ['One year', 1472, 166], ['Two year', 1685, 48]]);
});

test('clusters: found, chosen by how far they lie apart, the same each time; and what is refused', () => {
  const chance = chances(9), next = () => chance.next().value;
  const places = [[0, 0, 'north'], [900, 3, 'south'], [100, 40, 'east']];
  const rows = Array.from({ length: 240 }, (_, i) => {
    const [x, y, side] = places[i % 3];
    return `${x + next() * 20},${y + next() * 2},${side}`;
  });
  const table = file(`money,visits,side\n${rows.join('\n')}\n`);
  const found = model('kmeans', '--input', table, '--rows');
  assert.equal(found.k, 3);
  assert.equal(found.choices.length, 9);
  assert.deepEqual(found.clusters.map((c) => c.size), [80, 80, 80]);
  for (const c of found.clusters) {
    const [x, y] = places.find((p) => p[2] === c.center.side);
    close(c.center.money, x + 10, 2);
    close(c.center.visits, y + 1, 0.2);
  }
  const own = found.assignments.map((a) => a.cluster);
  assert.ok(own.every((c, i) => c === own[i % 3]));
  assert.deepEqual(model('kmeans', '--input', table, '--rows'), found);
  assert.equal(model('kmeans', '--input', table, '--k', '2').clusters.length, 2);
  assert.match(run(['model', 'kmeans', '--input', table, '--k', '3']).out, /size 80; center {2}money \d.* side south/);
  // one column, as it is: 1 2 | 10 12 has 0.5 + 2 within
  close(model('kmeans', '--input', file('v\n1\n10\n2\n12\n'), '--k', '2', '--raw').within, 2.5, 1e-12);
  refused(/fewer different rows/, 'kmeans', '--input', file('a,b\n1,2\n1,2\n3,4\n'), '--k', '3');
  refused(/No column is left/, 'kmeans', '--input', file('a,b\n1,x\n1,x\n'));
  refused(/number from 1 to 1000/, 'kmeans', '--input', table, '--k', '0');
});

test('help: every model is listed, has an example that runs, and offers no data folder', () => {
  const list = run(['model', '--help']);
  assert.equal(list.status, 0);
  const names = [...list.out.matchAll(/guanxi model (\S+)/g)].map((m) => m[1]);
  assert.ok(names.length >= 8);
  assert.equal(run(['model']).status, 2);
  assert.match(run(['model', 'nothing']).err, /model nothing/);
  file(orders((c, d, a) => `${c},${d},${a}`, 'customer,date,amount', { year: 1997 }), 'orders.csv');
  file('frequency,recency,periods,weights\n0,0,6,30\n1,1,6,9\n1,4,6,6\n2,2,6,4\n2,5,6,5\n3,6,6,7\n4,5,6,3\n5,6,6,4\n6,6,6,8\n', 'donations.csv');
  file('bread,milk\nbread,milk,nuts\nmilk\n', 'baskets.txt');
  file('customer,date,item\n1,2024-01-01,bread\n1,2024-01-02,milk\n2,2024-01-01,bread\n2,2024-02-01,milk\n', 'lines.csv');
  file(outcomes('months,plan,churn', () => ''), 'table.csv');
  for (const name of names) {
    const help = run(['model', name, '--help']).out;
    assert.doesNotMatch(help, /--data\b/, name);
    const example = /for example:\n\s+guanxi (.*)\n/.exec(help);
    assert.ok(example, `${name} has no example`);
    const done = run(example[1].split(' '));
    assert.equal(done.status, 0, `${example[1]}: ${done.err}`);
    assert.ok(done.out.length > 0);
  }
  assert.match(run(['model', 'bgnbd', '--data', 'x', '--input', 'orders.csv']).err, /no option --data/);
});
