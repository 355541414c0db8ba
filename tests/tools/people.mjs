// Makes a file of persons of whom some stand twice or more often, with the usual mistakes, and the pairs that are truly one person:
//   node tests/tools/people.mjs FILE TRUTH [--rows 1000000] [--duplicates 0.1] [--noise 1] [--seed 1] [--most 1] [--chinese]
// Among the others are families: the same surname, address and telephone. TRUTH has a pair of rows a line, "a,b", from 1 after the heading.
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rows: { type: 'string', default: '1000000' }, duplicates: { type: 'string', default: '0.1' }, noise: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' }, most: { type: 'string', default: '1' }, chinese: { type: 'boolean', default: false },
  },
});
const [file, truth] = positionals;
const total = Number(values.rows), noise = Number(values.noise), most = Number(values.most);

let state = Number(values.seed) >>> 0;
/** mulberry32: 0 <= x < 1. */
function chance() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const below = (n) => Math.floor(chance() * n);
const pick = (list) => list[below(list.length)];
/** Few values are common, most are rare (Zipf). */
const often = (list) => list[Math.floor((list.length + 1) ** chance() - 1)];

const starts = ['b', 'br', 'c', 'ch', 'd', 'dr', 'f', 'g', 'gr', 'h', 'j', 'k', 'l', 'm', 'n', 'p', 'r', 's', 'sh', 'st', 't', 'th', 'v', 'w', 'z', ''];
const middles = ['a', 'e', 'i', 'o', 'u', 'ai', 'ee', 'ou', 'ia'];
const ends = ['n', 'r', 's', 't', 'l', 'm', 'ck', 'nd', 'rt', 'x', '', ''];
const syllable = () => pick(starts) + pick(middles) + pick(ends);
function words(n, least, longest) {
  const made = new Set();
  while (made.size < n) {
    let word = '';
    for (let k = least + below(longest - least + 1); k > 0; k--) word += syllable();
    if (word.length > 2) made.add(word);
  }
  return [...made];
}
const han = (first, n) => Array.from({ length: n }, (_, i) => String.fromCodePoint(first + i * 7));
const given = values.chinese ? han(0x4e00, 400).flatMap((a) => han(0x5b50, 12).map((b) => a + b)) : words(3000, 1, 3);
const surnames = values.chinese ? han(0x674e, 200) : words(20000, 1, 3);
const streets = words(6000, 1, 3).map((w) => `${w} ${pick(['street', 'road', 'avenue', 'lane', 'place', 'close'])}`);
const cities = words(2500, 2, 3).map((name, i) => ({ name, code: String(10000 + i * 31) }));
const hosts = ['gmail.com', 'yahoo.com', 'outlook.com', 'qq.com', '163.com', ...words(300, 2, 3).map((w) => `${w}.com`)];
const columns = ['given_name', 'surname', 'street', 'city', 'postcode', 'date_of_birth', 'phone', 'email'];

const two = (n) => String(n).padStart(2, '0');
const digits = (n) => Array.from({ length: n }, () => below(10)).join('');
function person(family) {
  const city = family ? null : often(cities);
  const p = {
    given_name: often(given), surname: family ? family.surname : often(surnames), street: family ? family.street : `${1 + below(200)} ${pick(streets)}`,
    city: family ? family.city : city.name, postcode: family ? family.postcode : city.code,
    date_of_birth: `${1930 + below(80)}-${two(1 + below(12))}-${two(1 + below(28))}`,
    phone: family && chance() < 0.5 ? family.phone : chance() < 0.8 ? `1${3 + below(7)}${digits(9)}` : '', email: '',
  };
  if (chance() < 0.6) p.email = `${p.given_name[0]}${chance() < 0.5 ? '.' : ''}${p.surname}${below(100)}@${often(hosts)}`;
  return p;
}

const letters = 'abcdefghijklmnopqrstuvwxyz';
function typo(text) {
  if (text.length < 2) return text;
  const at = below(text.length), sign = /\d/.test(text[at]) ? String(below(10)) : pick(letters);
  switch (below(4)) {
    case 0: return text.slice(0, at) + sign + text.slice(at);
    case 1: return text.slice(0, at) + text.slice(at + 1);
    case 2: return text.slice(0, at) + sign + text.slice(at + 1);
    default: return at + 1 < text.length ? text.slice(0, at) + text[at + 1] + text[at] + text.slice(at + 2) : text;
  }
}
const mistakes = [
  (p) => { const c = pick(columns); p[c] = typo(p[c]); },
  (p) => { const c = pick(columns); p[c] = typo(p[c]); },
  (p) => { p[pick(columns.slice(2))] = ''; },
  (p) => { const [y, m, d] = p.date_of_birth.split('-'); if (d) p.date_of_birth = `${y}-${d}-${m}`; },
  (p) => { [p.given_name, p.surname] = [p.surname, p.given_name]; },
  (p) => { p.given_name = p.given_name.slice(0, 1); },
  (p) => { p.phone = p.phone && `+86 ${p.phone.slice(0, 3)}-${p.phone.slice(3)}`; },
  (p) => { const city = often(cities); p.street = `${1 + below(200)} ${pick(streets)}`; p.city = city.name; p.postcode = city.code; },
  (p) => { p.phone = `13${digits(9)}`; },
  (p) => { p.email = ''; },
];
function copyOf(p) {
  const copy = { ...p };
  for (let k = 1 + below(2 * noise); k > 0; k--) pick(mistakes)(copy);
  return copy;
}

const entity = [], rows = [];
const copies = Math.round(total * Number(values.duplicates));
while (rows.length < total - copies) {
  entity.push(rows.length);
  rows.push(person(rows.length > 0 && chance() < 0.08 ? rows[rows.length - 1 - below(Math.min(3, rows.length))] : null));
}
const originals = rows.length;
while (rows.length < total) {
  let of = below(originals), n = 1 + below(most);
  for (; n > 0 && rows.length < total; n--) {
    entity.push(of);
    rows.push(copyOf(rows[of]));
  }
}
// shuffled, so that a row's place tells nothing
const order = rows.map((_, i) => i);
for (let i = order.length - 1; i > 0; i--) {
  const j = below(i + 1);
  [order[i], order[j]] = [order[j], order[i]];
}
async function write(name, lines) {
  const out = createWriteStream(name);
  let part = '';
  for (const line of lines) {
    part += `${line}\n`;
    if (part.length > 1 << 20) {
      if (!out.write(part)) await once(out, 'drain');
      part = '';
    }
  }
  out.end(part);
  await once(out, 'finish');
}
function* table() {
  yield columns.join(',');
  for (const i of order) yield columns.map((c) => rows[i][c]).join(',');
}
function* pairs() {
  const known = new Map();
  for (let place = 0; place < order.length; place++) {
    const who = entity[order[place]], others = known.get(who) ?? [];
    for (const other of others) yield `${other},${place + 1}`;
    known.set(who, [...others, place + 1]);
  }
}
await write(file, table());
await write(truth, pairs());
