import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readDescriptors } from '../mock/descriptors.mjs';
import { parseRights, scopeOf, setField, setScope } from '../src/features/admin/rights.ts';
import { adopt, defaultOrder, features } from '../src/app/features.ts';
import { iconOf } from '../src/app/icons.tsx';
import customers from '../src/features/customers/feature.ts';
import { choicesOf, grouped, type Setting } from '../src/features/admin/settings.ts';
import { readPeople } from '../src/features/admin/people.ts';
import { roleWords } from '../src/features/admin/roleWords.ts';
import { csvText, readTable } from '../src/lib/csv.ts';
import { treeOf } from '../src/features/admin/tree.ts';
import { deviceOf } from '../src/features/account/device.ts';
import { hintsOf, nextOf, tradeOf } from '../src/features/customers/hints.ts';
import { cardsFor, moved } from '../src/features/home/cards.ts';
import type { Feature, HomeCard, Who } from '../src/app/feature.ts';
import { groupTabs } from '../src/components/record/groups.tsx';
import { mergeSources } from '../src/components/record/timeline.ts';
import { doubled, guessed, missing } from '../src/features/exchange/mapping.ts';
import { anchorOf, dayOf, daysBefore, growth } from '../src/features/home/spans.ts';
import type { Entity } from '../src/api/types.ts';

test('a role’s rights stay small: what is left open is not written', () => {
	let rights = setScope({}, 'customer', 'read', 'team');
	rights = setField(rights, 'customer', 'phone', 'masked');
	assert.deepEqual(rights, { customer: { read: 'team', fields: { phone: 'masked' } } });
	rights = setField(rights, 'customer', 'phone', null);
	assert.deepEqual(rights, { customer: { read: 'team' } });
	assert.deepEqual(setScope(rights, 'customer', 'read', null), {});
});

test('"*" speaks for business entities only', () => {
	const rights = parseRights('{"*":{"read":"all"},"order":{"read":"own"}}');
	assert.deepEqual(scopeOf(rights, 'order', 'read', false), { scope: 'own', own: true });
	assert.deepEqual(scopeOf(rights, 'customer', 'read', false), { scope: 'all', own: false });
	assert.deepEqual(scopeOf(rights, 'user', 'read', true), { scope: 'none', own: false });
	assert.deepEqual(parseRights('[1]'), {});
	assert.deepEqual(parseRights('{broken'), {});
});

test('trees survive missing parents and circles', () => {
	const tree = treeOf([
		{ id: '1', parent_id: null }, { id: '2', parent_id: '1' }, { id: '3', parent_id: '99' }, { id: '4', parent_id: '5' }, { id: '5', parent_id: '4' },
	]);
	const flat = (nodes: typeof tree): string[] => nodes.flatMap((n) => [n.row.id, ...flat(n.children)]);
	assert.deepEqual(flat(tree).sort(), ['1', '2', '3', '4', '5']);
	assert.deepEqual(tree[0]?.children.map((c) => c.row.id), ['2']);
});

test('a timeline shows only what is certain', () => {
	const source = (more: boolean, ...at: number[]) => ({ more, items: at.map((a) => ({ at: a, item: a })) });
	// The first source may hold more between 50 and 10: what is older than 50 must wait.
	assert.deepEqual(mergeSources([source(true, 90, 50), source(false, 70, 10)]).items.map((i) => i.at), [90, 70, 50]);
	assert.deepEqual(mergeSources([source(false, 90, 50), source(false, 70, 10)]).items.map((i) => i.at), [90, 70, 50, 10]);
	assert.deepEqual(mergeSources([source(true), source(false, 1)]).items, []);
});

test('tabs stay as they are while they are few; then each field of work has one', () => {
	const tab = (key: string, work?: 'timeline' | 'sales' | 'data' | 'history') => ({ key, label: key, children: null, work });
	const few = [tab('timeline', 'timeline'), tab('orders', 'sales'), tab('changes', 'history')];
	assert.deepEqual(groupTabs(few, 6).map((g) => g.key), ['timeline', 'orders', 'changes']);
	const many = [...few, tab('files'), tab('deals', 'sales'), tab('addresses', 'data'), tab('phones', 'data')];
	assert.deepEqual(groupTabs(many, 6).map((g) => [g.key, g.members.map((m) => m.key).join()]), [
		['timeline', 'timeline'], ['sales', 'orders,deals'], ['data', 'files,addresses,phones'], ['changes', 'changes'],
	]);
});

test('the home page has the cards of one’s role first, until somebody arranges them', () => {
	const card = (key: string, order: number, more: Partial<HomeCard> = {}): HomeCard => ({ key, order, label: key, load: () => Promise.reject(new Error(key)), ...more });
	const all = [card('work', 10), card('trade', 40, { first: ['manager'] }), card('queue', 20, { roles: ['service'] }), card('secret', 5, { when: () => false })];
	const who = (...roles: string[]) => ({ roles }) as unknown as Who;
	const keys = (found: HomeCard[]) => found.map((c) => c.key).join();
	assert.equal(keys(cardsFor(all, who('sales'), undefined).shown), 'work,trade');
	assert.equal(keys(cardsFor(all, who('sales'), undefined).others), 'queue');
	assert.equal(keys(cardsFor(all, who('manager'), undefined).shown), 'trade,work');
	assert.equal(keys(cardsFor(all, who('service'), undefined).shown), 'work,queue,trade');
	assert.equal(keys(cardsFor(all, who('sales'), { order: ['trade', 'queue'], hidden: ['work'] }).shown), 'trade,queue');
	assert.equal(keys(cardsFor([...all, card('new', 1)], who('sales'), { order: ['trade', 'work'], hidden: [] }).shown), 'trade,work,new');
	assert.deepEqual(moved(['a', 'b', 'c'], 2, -1), ['a', 'c', 'b']);
});

test('hints give their reasons', () => {
	const now = new Date('2026-11-22T12:00:00Z');
	const keys = (row: object, consents?: object[]) => hintsOf({ id: '1', ...row }, now, consents as never).map((h) => h.key);
	assert.deepEqual(keys({ stage: 'trading', last_order_at: '2026-06-01T00:00:00Z', orders_count: 2, last_contact_at: '2026-11-20T00:00:00Z' }), ['silent']);
	assert.deepEqual(keys({ stage: 'lost', last_order_at: '2026-06-01T00:00:00Z', last_contact_at: '2026-11-20T00:00:00Z' }), []);
	assert.deepEqual(keys({ orders_count: 1, last_order_at: '2026-11-20T00:00:00Z', birthday: '1990-11-22' }), ['never', 'birthday_today']);
	assert.deepEqual(keys({}, [{ channel: 'sms', state: 'withdrawn' }, { channel: 'sms', state: 'given' }]), ['no_marketing']);
	assert.deepEqual(keys({}, []), ['no_consent']);
	assert.deepEqual(keys({}, [{ channel: 'sms', state: 'given' }]), []);
});

const entity = (name: string, fields: object[]): Entity => ({ name, plural: `${name}s`, label: name, label_many: name, actions: {}, groups: [], children: [], fields: fields as Entity['fields'] });

test('an import’s mapping', () => {
	const columns = [{ index: 0, name: 'Name', guess: { entity: 'customer', field: 'name' } }, { index: 1, name: 'Name 2', guess: { entity: 'customer', field: 'name' } }, { index: 2, name: 'x', guess: null }];
	const mapping = guessed({ columns, rows: [] });
	assert.deepEqual(mapping, { 0: { entity: 'customer', field: 'name' } });
	assert.deepEqual([...doubled({ ...mapping, 1: { entity: 'customer', field: 'name' } })], ['customer.name']);
	const customer = entity('customer', [{ name: 'name', type: 'text', label: 'Name', required: true, right: 'write' }, { name: 'stage', type: 'enum', label: 'Stage', required: true, fallback: 'prospect', right: 'write' }]);
	const order = entity('order', [{ name: 'number', type: 'text', label: 'No.', required: true, right: 'write' }, { name: 'customer_id', type: 'link', link: 'customer', label: 'Customer', required: true, right: 'write' }]);
	const toOrder = { 0: { entity: 'order', field: 'number' } };
	assert.deepEqual(missing([customer, order], toOrder, {}).map((m) => m.field), ['customer_id']);
	assert.deepEqual(missing([customer, order], { ...toOrder, 1: { entity: 'customer', field: 'phone' } }, {}).map((m) => m.field), ['name']);
	assert.deepEqual(missing([customer, order], { ...toOrder, 1: { entity: 'customer', field: 'phone' } }, { 'customer.name': 'x' }), []);
});

test('home speaks of now, or of the time when there was trade', () => {
	const now = new Date(2026, 10, 22, 9);
	assert.deepEqual(anchorOf(null, now, 91), new Date(2026, 10, 23));
	assert.deepEqual(anchorOf(new Date(2026, 10, 1).toISOString(), now, 91), new Date(2026, 10, 23));
	assert.deepEqual(anchorOf(new Date(2011, 11, 9, 12).toISOString(), now, 91), new Date(2011, 11, 10));
	assert.deepEqual(daysBefore(new Date(2026, 10, 23), 14), dayOf('2026-11-09'));
	assert.deepEqual(daysBefore(new Date(2026, 3, 1), 1), new Date(2026, 2, 31));
	assert.equal(growth(150, 100), 0.5);
	assert.equal(growth(5, 0), null);
});

test('devices have names', () => {
	assert.equal(deviceOf('Mozilla/5.0 (Windows NT 10.0) AppleWebKit Chrome/120 Safari/537'), 'Chrome, Windows');
	assert.equal(deviceOf('curl/8'), 'curl/8');
	assert.equal(deviceOf(null), '');
});

test('value and risk are told by the customer’s own rhythm', () => {
	const now = new Date('2026-11-28T12:00:00Z');
	const row = (orders_count: number, orders_total: string, first_order_at: string | null, last_order_at: string | null) => ({ id: '1', orders_count, orders_total, first_order_at, last_order_at });
	const regular = tradeOf(row(11, '1000.00', '2026-07-31T12:00:00Z', '2026-11-08T12:00:00Z'), now);
	assert.deepEqual(regular, { average: '90.91', gap: 10, silent: 20, risk: 'some' });
	assert.equal(tradeOf(row(11, '1000.00', '2026-08-05T12:00:00Z', '2026-11-13T12:00:00Z'), now)?.risk, 'low');
	assert.equal(tradeOf(row(11, '1000.00', '2026-07-01T12:00:00Z', '2026-10-09T12:00:00Z'), now)?.risk, 'high');
	assert.deepEqual(tradeOf(row(2, '10', '2026-11-20T08:00:00Z', '2026-11-20T18:00:00Z'), now), { average: '5.00', gap: null, silent: 8, risk: 'unknown' });
	assert.equal(tradeOf(row(0, '0', null, null), now), null);
});

test('one next step: overdue work first, no marketing to those who refused it', () => {
	const hint = (key: string) => ({ key, meaning: 'info' as const, values: {} });
	assert.equal(nextOf([hint('silent')], true), 'overdue');
	assert.equal(nextOf([hint('contact'), hint('silent')], false), 'silent');
	assert.equal(nextOf([hint('silent'), hint('no_marketing')], false), 'service');
	assert.equal(nextOf([hint('contact'), hint('no_marketing')], false), 'contact');
	assert.equal(nextOf([], false), null);
});

test('a list narrowed to an owner, a stage or a city takes the order that has an index', () => {
	const field = (name: string, right = 'read') => ({ name, right }) as Entity['fields'][number];
	const customer = { name: 'customer', sort: 'id.desc', fields: [field('owner_id'), field('last_order_at')] } as Entity;
	const of = (name: string, op: 'in' | 'empty' | 'contains') => ({ field: name, op, value: ['1'] });
	adopt([customers]);
	assert.equal(defaultOrder(customer, [], ''), 'id.desc');
	assert.equal(defaultOrder(customer, [of('owner_id', 'empty')], ''), 'last_order_at.desc');
	assert.equal(defaultOrder(customer, [of('level', 'in'), of('city', 'in')], ''), 'last_order_at.desc');
	assert.equal(defaultOrder(customer, [of('city', 'contains')], ''), 'id.desc');
	assert.equal(defaultOrder(customer, [of('city', 'in')], '王'), 'id.desc');
	assert.equal(defaultOrder({ ...customer, fields: [field('owner_id'), field('last_order_at', 'hidden')] }, [of('city', 'in')], ''), 'id.desc');
});

test('settings are found by every word of theirs, zones and currencies in three languages', () => {
	const of = (name: string, group: string, label: string) => ({ name, group, label, words: [], help: null, type: 'text', scopes: [], value: '', set: false, default: '' }) as Setting;
	const all = [of('firm.name', 'Firm', 'Name'), of('firm.time_zone', 'Place', 'Time zone'), of('x.y', 'Firm', '限额')];
	assert.deepEqual(grouped(all, '').map((g) => [g.group, g.settings.length]), [['Firm', 2], ['Place', 1]]);
	assert.deepEqual(grouped(all, 'place ZONE').flatMap((g) => g.settings.map((s) => s.name)), ['firm.time_zone']);
	assert.deepEqual(grouped(all, '限额').flatMap((g) => g.settings.map((s) => s.name)), ['x.y']);
	const found = (type: Setting['type'], typed: string) => choicesOf(type)!.filter((c) => c.find.includes(typed)).map((c) => c.value);
	assert.deepEqual(found('zone', '台北'), ['Asia/Taipei']);
	assert.ok(found('zone', 'new york').includes('America/New_York'));
	assert.ok(found('currency', '港元').includes('HKD') && found('country', 'germany').includes('DE'));
	assert.equal(choicesOf('country')![0]!.value, 'CN');
	assert.ok(choicesOf('country')!.length > 200 && !found('country', 'zz').includes('ZZ'));
	assert.equal(choicesOf('text'), null);
});

test('people to invite are read from what anybody pastes', () => {
	const known = { roles: [{ id: '1', names: ['Sales', '销售', 'sales'] }], teams: [{ id: '2', names: ['Inside, East'] }], branches: [{ id: '3', names: ['杭州'] }] };
	const read = (text: string) => readPeople(text, known);
	assert.deepEqual(read('Li Na, li.na@example.com\nMax Weber <max@example.com>\t销售\n\nwang.li@example.com\n"O\'Neil, Ann";ann@example.com;杭州').map((p) => [p.name, p.email, p.role, p.branch, p.problem]), [
		['Li Na', 'li.na@example.com', undefined, undefined, undefined], ['Max Weber', 'max@example.com', '1', undefined, undefined],
		['Wang Li', 'wang.li@example.com', undefined, undefined, undefined], ["O'Neil, Ann", 'ann@example.com', undefined, '3', undefined],
	]);
	assert.deepEqual(read('E-mail *,姓名,团队,角色,手机\r\na@b.cn,李娜,"inside, east",ＳＡＬＥＳ,138 0013 8000\r\nx@b.cn,王,,Chef,').map((p) => [p.name, p.team, p.role, p.phone, p.unknown, p.problem]), [
		['李娜', '2', '1', '138 0013 8000', [], undefined], ['王', undefined, undefined, undefined, ['Chef'], 'unknown'],
	]);
	assert.deepEqual(read('First name\tLast name\tEmail\nAda\tLovelace\tada@b.cn\n伟\t王\tw@b.cn').map((p) => p.name), ['Ada Lovelace', '王伟']);
	assert.deepEqual(read('a@b.cn\nA@B.cn\nno address').map((p) => p.problem), [undefined, 'twice', 'no_email']);
	assert.deepEqual(read(''), []);
});

test('tables as CSV: quotes, line ends inside a cell, and nothing that a spreadsheet would run', () => {
	assert.deepEqual(readTable('"a ""b"""\t"two\nlines"\r\n\r\nx\ty'), [['a "b"', 'two\nlines'], ['x', 'y']]);
	assert.deepEqual(readTable('李娜，a@b.cn'), [['李娜', 'a@b.cn']]);
	assert.equal(csvText([['=1+1', 'a,b', 'say "hi"']]), '\'=1+1,"a,b","say ""hi"""\r\n');
});

test('a role in words', () => {
	const kinds = ['customer', 'order', 'product'].map((name) => entity(name, []));
	const meta = { entities: kinds } as never;
	const t = ((key: string, values: Record<string, unknown> = {}) => `${key.replace(/^(role|action_word)\./, '')}${Object.keys(values).length ? `(${Object.values(values).join('|')})` : ''}`) as never;
	const rights = parseRights('{"*":{"read":"team","create":"own"},"product":{"read":"all","create":"none"}}');
	assert.deepEqual(roleWords(t, meta, rights, []).slice(0, 2), ['line(read|reach_teamreach_joinreach_kinds(product|reach_all))', 'line(create|reach_ownreach_joinreach_kinds(product|reach_none))']);
	assert.match(roleWords(t, meta, rights, [])[2]!, /^never\(.*update.*delete.*export.*import.*\)$/);
	assert.match(roleWords(t, meta, {}, ['audit']).join(), /^never.*also/);
});

test('what stands in the menu, the settings and the palette has an icon, no two in one list the same', async () => {
	const folder = fileURLToPath(new URL('../src/features/', import.meta.url));
	adopt(await Promise.all(readdirSync(folder).map(async (name) => ((await import(`${folder}${name}/feature.ts`)) as { default: Feature }).default)));
	const entities = readDescriptors(fileURLToPath(new URL('../../src/', import.meta.url)));
	assert.ok(entities.length > 40, String(entities.length));
	const own = new Map(entities.map((e) => [e.name, e.icon ?? e.name]));
	const { menu, settings, palette } = features();
	const placed = [
		...menu.map((e) => ({ list: `menu ${e.area}`, order: e.order, what: e.entity ?? e.to, icon: e.icon ?? own.get(e.entity ?? '') })),
		...settings.map((e) => ({ list: `settings ${e.group}`, order: e.order, what: e.entity ?? e.to, icon: e.icon ?? own.get(e.entity ?? '') })),
	];
	assert.deepEqual([...placed, ...palette].filter((e) => !iconOf(e.icon)), []);
	assert.deepEqual(placed.filter((e) => placed.some((o) => o !== e && o.list === e.list && (iconOf(o.icon) === iconOf(e.icon) || o.order === e.order))), []);
	// nor do others' icons that descriptors name have to be made up
	assert.deepEqual(entities.filter((e) => e.icon && !iconOf(e.icon)).map((e) => `${e.name}: ${e.icon}`), []);
});
