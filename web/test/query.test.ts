import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anyOf, type Condition, forServer, periodOf, read, readSort, setWeekStart, write, writeAny, writeSort } from '../src/api/query.ts';
import type { Field } from '../src/api/types.ts';

const field = (over: Partial<Field>): Field => ({ name: 'f', type: 'text', label: 'F', right: 'write', ...over });

function address(conditions: Condition[]): string {
	const params = new URLSearchParams();
	for (const c of conditions) for (const text of write(c)) params.append(c.field, text);
	return params.toString();
}

test('conditions survive the way through the address', () => {
	const all: Condition[] = [
		{ field: 'city', op: 'contains', value: ['杭州'] },
		{ field: 'name', op: 'starts', value: ['Li '] },
		{ field: 'code', op: 'is', value: ['a.b,c'] },
		{ field: 'code2', op: 'not', value: ['x'] },
		{ field: 'stage', op: 'in', value: ['loyal', 'has,comma', 'say "hi"', 'back\\slash', ''] },
		{ field: 'level', op: 'notin', value: ['vip'] },
		{ field: 'total', op: 'between', value: ['10.50', '99'] },
		{ field: 'count', op: 'gt', value: ['5'] },
		{ field: 'email', op: 'empty', value: [] },
		{ field: 'phone', op: 'filled', value: [] },
		{ field: 'last_order_at', op: 'older', value: ['90d'] },
		{ field: 'created_at', op: 'within', value: ['30d'] },
		{ field: 'placed_at', op: 'period', value: ['month'] },
		{ field: 'tags', op: 'has', value: ['12', '34'] },
		{ field: 'labels', op: 'hasall', value: ['12'] },
		{ field: 'active', op: 'is', value: ['true'] },
		{ field: 'or', op: 'any', value: [], any: [{ field: 'a', op: 'is', value: ['1'] }, { field: 'b', op: 'is', value: ['2'] }] },
	];
	assert.deepEqual(read(new URLSearchParams(address(all))), all);
});

test('two bounds of one field are one condition, in whatever place', () => {
	assert.deepEqual(read(new URLSearchParams('total=gte.1&city=eq.x&total=lte.5')), [
		{ field: 'total', op: 'between', value: ['1', '5'] },
		{ field: 'city', op: 'is', value: ['x'] },
	]);
	assert.deepEqual(read(new URLSearchParams('total=lte.5')), [{ field: 'total', op: 'lte', value: ['5'] }]);
});

test('the page’s own parameters are no conditions', () => {
	assert.deepEqual(read(new URLSearchParams('q=x&order=name.asc&cols=name&view=all&peek=1&tab=orders')), []);
});

test('orders', () => {
	assert.deepEqual(readSort('total.desc,name.asc'), [{ field: 'total', desc: true }, { field: 'name', desc: false }]);
	assert.equal(writeSort(readSort('total.desc,name.asc')), 'total.desc,name.asc');
	assert.deepEqual(readSort(null), []);
});

test('relative times are worked out for the server', () => {
	const now = new Date(2026, 10, 22, 15, 30);
	const time = field({ name: 'at', type: 'time' });
	const day = field({ name: 'on', type: 'date' });
	assert.deepEqual(forServer({ field: 'on', op: 'within', value: ['30d'] }, day, '1', now), ['gte.2026-10-23']);
	assert.deepEqual(forServer({ field: 'on', op: 'older', value: ['90d'] }, day, '1', now), ['lt.2026-08-24']);
	assert.deepEqual(forServer({ field: 'on', op: 'period', value: ['month'] }, day, '1', now), ['gte.2026-11-01', 'lt.2026-12-01']);
	assert.deepEqual(forServer({ field: 'at', op: 'is', value: ['2026-11-05'] }, time, '1', now), [
		`gte.${new Date(2026, 10, 5).toISOString()}`, `lt.${new Date(2026, 10, 6).toISOString()}`,
	]);
	assert.deepEqual(forServer({ field: 'at', op: 'lte', value: ['2026-12-31'] }, time, '1', now), [`lt.${new Date(2027, 0, 1).toISOString()}`]);
	assert.deepEqual(forServer({ field: 'at', op: 'between', value: ['2026-01-01', '2026-01-31'] }, time, '1', now), [
		`gte.${new Date(2026, 0, 1).toISOString()}`, `lt.${new Date(2026, 1, 1).toISOString()}`,
	]);
	// A moment with its hour, as in a link made by a program, is taken as it stands.
	assert.deepEqual(forServer({ field: 'at', op: 'gte', value: ['2026-01-01T00:00:00Z'] }, time, '1', now), ['gte.2026-01-01T00:00:00Z']);
});

test('weeks begin on Monday, quarters in their month', () => {
	const sunday = new Date(2026, 10, 22);
	assert.deepEqual(periodOf('week', sunday), [new Date(2026, 10, 16), new Date(2026, 10, 23)]);
	setWeekStart('sunday');
	assert.deepEqual(periodOf('week', sunday), [new Date(2026, 10, 22), new Date(2026, 10, 29)]);
	setWeekStart('saturday');
	assert.deepEqual(periodOf('week', sunday), [new Date(2026, 10, 21), new Date(2026, 10, 28)]);
	setWeekStart('monday');
	assert.deepEqual(periodOf('quarter', sunday), [new Date(2026, 9, 1), new Date(2027, 0, 1)]);
	assert.deepEqual(periodOf('yesterday', new Date(2026, 0, 1)), [new Date(2025, 11, 31), new Date(2026, 0, 1)]);
	assert.deepEqual(periodOf('year', sunday), [new Date(2026, 0, 1), new Date(2027, 0, 1)]);
});

test('"me" is whoever asks, but only among people', () => {
	const now = new Date();
	assert.deepEqual(forServer({ field: 'owner_id', op: 'in', value: ['me', '7'] }, field({ type: 'link', link: 'user' }), '42', now), ['in.(42,7)']);
	assert.deepEqual(forServer({ field: 'city', op: 'is', value: ['me'] }, field({}), '42', now), ['eq.me']);
});

test('"any of" survives the way through the address, with whatever stands in the values', () => {
	const any = anyOf([
		{ field: 'city', op: 'contains', value: ['a, (b) "c"'] }, { field: 'stage', op: 'in', value: ['loyal', 'x,y'] }, { field: 'total', op: 'between', value: ['1', '9'] },
		{ field: 'email', op: 'empty', value: [] }, { field: 'name', op: 'is', value: [''] }, { field: 'tags', op: 'has', value: ['1', '2'] }, { field: 'at', op: 'within', value: ['30d'] }, { field: 'x', op: 'notin', value: ['a'] },
	]);
	const [text] = write(any);
	assert.equal(text, '(city.ilike."*a, (b) \\"c\\"*",stage.in.(loyal,"x,y"),and(total.gte.1,total.lte.9),email.is.null,name.eq."",tags.ov.{1,2},at.within.30d,x.not.in.(a))');
	const plain: Condition = { field: 'level', op: 'in', value: ['vip'] };
	const params = new URLSearchParams(address([plain, any, anyOf([plain, any.any![3]!])]));
	assert.deepEqual(read(params), [plain, any, anyOf([plain, any.any![3]!])]);
	// the server gets moments, the address keeps what is relative
	const now = new Date(2026, 10, 22, 12);
	assert.equal(writeAny([{ field: 'at', op: 'is', value: ['2026-11-01'] }, { field: 'owner', op: 'in', value: ['me'] }], (c) => forServer(c, field({ name: c.field, type: c.field === 'at' ? 'date' : 'link', link: 'user' }), '7', now)), '(and(at.gte.2026-11-01,at.lt.2026-11-02),owner.in.(7))');
});

test('an "or" that nobody can pick here is kept as it stands', () => {
	for (const text of ['(a.eq.1,or(b.eq.2,c.eq.3))', '(a.eq.1,not.and(b.eq.2))', '(orders.total.gt.5)', 'a.eq.1', '()', '(a.fts.word)'])
		assert.deepEqual(read(new URLSearchParams({ or: text })), [{ field: 'or', op: 'raw', value: [text] }], text);
});
