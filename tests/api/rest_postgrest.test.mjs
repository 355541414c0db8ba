// @supabase/postgrest-js, unchanged, against the program: what it can say that needs no
// functions, ranges or geometry of PostgreSQL.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PostgrestClient } from '@supabase/postgrest-js';
import { start } from '../lib/server.mjs';

let server, db;
const id = {};

function ok(answer, status) {
  assert.equal(answer.error, null, JSON.stringify(answer.error));
  if (status) assert.equal(answer.status, status);
  return answer.data;
}

before(async () => {
  server = await start();
  db = new PostgrestClient(`${server.url}/api/v1`, { headers: { Authorization: `Bearer ${server.token}` } });
  const tags = ok(await db.from('tag').insert([{ name: 'vip' }, { name: 'old, "quoted"' }]).select('id,name'));
  id.vip = tags[0].id;
  id.old = tags[1].id;
  const made = ok(await db.from('customer').insert([
    { name: '张伟', city: '杭州', children: 1, tags: [id.vip, id.old], birthday: '1980-05-01' },
    { name: '王芳', city: '上海', children: 2, tags: [id.vip] },
    { name: 'Ann Lee', city: 'Paris', children: 3 },
    { name: 'Bob (Jr), B', city: null },
  ]).select('id,name'));
  [id.zhang, id.wang, id.ann, id.bob] = made.map((r) => r.id);
  const orders = ok(await db.from('order').insert([
    { number: 'P1', customer_id: id.zhang, state: 'paid', currency: 'CNY', placed_at: '2026-01-01T00:00:00Z' },
    { number: 'P2', customer_id: id.zhang, state: 'draft', currency: 'CNY', placed_at: '2026-02-01T00:00:00Z' },
    { number: 'P3', customer_id: id.ann, state: 'paid', currency: 'CNY', placed_at: '2026-03-01T00:00:00Z' },
  ]).select('id'));
  id.orders = orders.map((r) => r.id);
  ok(await db.from('order_line').insert([
    { order_id: id.orders[0], name: 'tea', quantity: '2', unit_price: '12.50' },
    { order_id: id.orders[0], name: 'cup', quantity: '1', unit_price: '5' },
    { order_id: id.orders[2], name: 'pot', quantity: '1', unit_price: '100' },
  ]));
});
after(() => server?.close());

const names = async (query) => ok(await query.order('id')).map((r) => r.name);
const customers = () => db.from('customer').select('name');

test('filters', async () => {
  assert.deepEqual(await names(customers().eq('city', '杭州')), ['张伟']);
  assert.deepEqual(await names(customers().neq('city', '杭州')), ['王芳', 'Ann Lee']);
  assert.deepEqual(await names(customers().gt('children', 1)), ['王芳', 'Ann Lee']);
  assert.deepEqual(await names(customers().gte('children', 3)), ['Ann Lee']);
  assert.deepEqual(await names(customers().lt('children', 2)), ['张伟']);
  assert.deepEqual(await names(customers().lte('children', 2)), ['张伟', '王芳']);
  assert.deepEqual(await names(customers().like('name', 'Ann%')), ['Ann Lee']);
  assert.deepEqual(await names(customers().like('name', 'ann%')), []);
  assert.deepEqual(await names(customers().ilike('name', 'ann%')), ['Ann Lee']);
  assert.deepEqual(await names(customers().likeAllOf('name', ['A%', '%Lee'])), ['Ann Lee']);
  assert.deepEqual(await names(customers().likeAnyOf('name', ['A%', '王%'])), ['王芳', 'Ann Lee']);
  assert.deepEqual(await names(customers().ilikeAllOf('name', ['a%', '%LEE'])), ['Ann Lee']);
  assert.deepEqual(await names(customers().ilikeAnyOf('name', ['bob%', 'ann%'])), ['Ann Lee', 'Bob (Jr), B']);
  assert.deepEqual(await names(customers().regexMatch('name', '^Ann')), ['Ann Lee']);
  assert.deepEqual(await names(customers().regexIMatch('name', 'lee$')), ['Ann Lee']);
  assert.deepEqual(await names(customers().is('city', null)), ['Bob (Jr), B']);
  assert.deepEqual(await names(customers().not('city', 'is', null)), ['张伟', '王芳', 'Ann Lee']);
  assert.deepEqual(await names(customers().isDistinct('city', '杭州')), ['王芳', 'Ann Lee', 'Bob (Jr), B']);
  assert.deepEqual(await names(customers().in('name', ['Ann Lee', 'Bob (Jr), B'])), ['Ann Lee', 'Bob (Jr), B']);
  assert.deepEqual(await names(customers().notIn('city', ['杭州', 'Paris'])), ['王芳']);
  assert.deepEqual(await names(customers().match({ city: 'Paris', children: 3 })), ['Ann Lee']);
  assert.deepEqual(await names(customers().or('city.eq.Paris,and(children.gt.1,name.like.王*)')), ['王芳', 'Ann Lee']);
  assert.deepEqual(await names(customers().or('name.eq."Bob (Jr), B",children.eq.1')), ['张伟', 'Bob (Jr), B']);
  assert.deepEqual(await names(db.from('tag').select('name').or('name.eq."old, \\"quoted\\"",name.eq.none')), ['old, "quoted"']);
  assert.deepEqual(await names(customers().filter('children', 'in', '(1,3)')), ['张伟', 'Ann Lee']);
  assert.deepEqual(await names(customers().contains('tags', [id.vip, id.old])), ['张伟']);
  assert.deepEqual(await names(customers().containedBy('tags', [id.vip]).not('tags', 'is', null)), ['王芳']);
  assert.deepEqual(await names(customers().overlaps('tags', [id.old, id.vip])), ['张伟', '王芳']);
  assert.deepEqual(await names(customers().textSearch('name', '张伟')), ['张伟']);
  assert.deepEqual(await names(customers().textSearch('name', 'ann', { type: 'websearch', config: 'english' })), ['Ann Lee']);
});

test('filters that cannot be: a clear error, as PostgREST words it', async () => {
  const cases = [
    [customers().eq('nothing', 1), 400, '42703'], [customers().eq('children', 'x'), 400, '22P02'], [customers().like('children', '1%'), 404, '42883'],
    [customers().rangeGt('birthday', '[1,2)'), 400, 'PGRST100'], [customers().regexMatch('name', '(a+)+$'), 422, 'invalid'],
    [customers().contains('name', ['a']), 404, '42883'], [db.from('nothing').select(), 404, 'PGRST205'], [db.rpc('nothing', {}), 404, 'PGRST202'],
    [db.rpc('nothing', {}, { get: true }), 404, 'PGRST202'], [db.from('customer').select('nothing(*)'), 400, 'PGRST200'],
    [db.from('customer').select('customers(*),identifier!nothing(*)'), 400, 'PGRST200'],
  ];
  for (const [query, status, code] of cases) {
    const answer = await query;
    assert.equal(answer.status, status, JSON.stringify(answer.error));
    assert.equal(answer.error.code, code);
    assert.ok(answer.error.message);
    assert.ok('details' in answer.error && 'hint' in answer.error);
  }
  await assert.rejects(async () => await db.from('nothing').select().throwOnError());
});

test('select: columns, names, embeds and what is asked of them', async () => {
  const [one] = ok(await db.from('customer').select('who:name,owner(name),orders(number,state,order_lines(name,quantity))').eq('id', id.zhang).order('number', { referencedTable: 'orders', ascending: false }));
  assert.deepEqual(one, {
    who: '张伟', owner: { name: 'Administrator' },
    orders: [
      { number: 'P2', state: 'draft', order_lines: [] },
      { number: 'P1', state: 'paid', order_lines: [{ name: 'tea', quantity: '2.000' }, { name: 'cup', quantity: '1.000' }] },
    ],
  });
  assert.deepEqual(ok(await db.from('customer').select('name,orders(number)').eq('id', id.zhang).eq('orders.state', 'paid')), [{ name: '张伟', orders: [{ number: 'P1' }] }]);
  assert.deepEqual(ok(await db.from('customer').select('name,orders(number)').eq('id', id.zhang).limit(1, { referencedTable: 'orders' }).order('placed_at', { referencedTable: 'orders' })), [{ name: '张伟', orders: [{ number: 'P1' }] }]);
  assert.deepEqual(ok(await db.from('customer').select('name,orders(number)').eq('id', id.zhang).range(1, 1, { referencedTable: 'orders' }).order('placed_at', { referencedTable: 'orders' })), [{ name: '张伟', orders: [{ number: 'P2' }] }]);
  assert.deepEqual(ok(await db.from('customer').select('name,orders(number)').eq('id', id.zhang).or('state.eq.paid,number.eq.none', { referencedTable: 'orders' })), [{ name: '张伟', orders: [{ number: 'P1' }] }]);
  assert.deepEqual(ok(await db.from('customer').select('name,orders!inner(number)').eq('orders.number', 'P3')), [{ name: 'Ann Lee', orders: [{ number: 'P3' }] }]);
  assert.deepEqual(ok(await db.from('order').select('number,customer:customer_id(name)').eq('number', 'P3')), [{ number: 'P3', customer: { name: 'Ann Lee' } }]);
  assert.deepEqual(ok(await db.from('order').select('number,customer!order_customer_id_fkey(name)').eq('number', 'P3')), [{ number: 'P3', customer: { name: 'Ann Lee' } }]);
  assert.deepEqual(ok(await db.from('order').select('number,...customer(buyer:name)').eq('number', 'P3')), [{ number: 'P3', buyer: 'Ann Lee' }]);
  assert.deepEqual(ok(await db.from('customer').select('name,tags(name)').eq('id', id.wang)), [{ name: '王芳', tags: [{ name: 'vip' }] }]);
  assert.deepEqual(ok(await db.from('customer').select('name,orders(count)').eq('id', id.zhang)), [{ name: '张伟', orders: [{ count: 2 }] }]);
  assert.deepEqual(ok(await db.from('customer').select('city,children.sum()').not('city', 'is', null).eq('city', 'Paris')), [{ city: 'Paris', sum: 3 }]);
  assert.deepEqual(ok(await db.from('customer').select('count()')), [{ count: 4 }]);
  const ambiguous = await db.from('category').select('categories(*)');
  assert.equal(ambiguous.error, null);
  const two = await db.from('order').select('orders(id)');
  assert.equal(two.error, null);
});

test('order, limit, range, count', async () => {
  assert.deepEqual(ok(await customers().order('children', { ascending: false, nullsFirst: false })).map((r) => r.name), ['Ann Lee', '王芳', '张伟', 'Bob (Jr), B']);
  assert.equal(ok(await customers().order('children', { ascending: true, nullsFirst: true }))[0].name, 'Bob (Jr), B');
  assert.deepEqual(ok(await db.from('order').select('number,customer(name)').order('customer(name)').order('number')).map((r) => r.number), ['P3', 'P1', 'P2']);
  assert.deepEqual(ok(await customers().order('id').limit(2)).map((r) => r.name), ['张伟', '王芳']);
  assert.deepEqual(ok(await customers().order('id').range(1, 2), 200).map((r) => r.name), ['王芳', 'Ann Lee']);
  const counted = await db.from('customer').select('name', { count: 'exact' }).order('id').range(0, 1);
  assert.equal(counted.count, 4);
  assert.equal(counted.status, 206);
  const head = await db.from('customer').select('*', { count: 'exact', head: true });
  assert.equal(head.count, 4);
  assert.equal(head.data, null);
  for (const count of ['planned', 'estimated']) assert.equal((await db.from('customer').select('id', { count })).count, 4);
});

test('single, maybeSingle, csv, stripNulls, schema', async () => {
  assert.deepEqual(ok(await customers().eq('id', id.ann).single()), { name: 'Ann Lee' });
  const none = await customers().eq('id', '5').single();
  assert.equal(none.status, 406);
  assert.equal(none.error.code, 'PGRST116');
  assert.equal(ok(await customers().eq('id', '5').maybeSingle()), null);
  assert.deepEqual(ok(await customers().eq('id', id.ann).maybeSingle()), { name: 'Ann Lee' });
  assert.equal((await customers().maybeSingle()).error.code, 'PGRST116');
  assert.equal(ok(await customers().eq('id', id.ann).csv()), 'name\nAnn Lee\n');
  assert.deepEqual(ok(await db.from('customer').select('name,city').eq('id', id.bob).stripNulls()), [{ name: 'Bob (Jr), B' }]);
  assert.deepEqual(ok(await db.from('customer').select('name,city').eq('id', id.bob).single().stripNulls()), { name: 'Bob (Jr), B' });
  assert.deepEqual(ok(await db.schema('public').from('customer').select('name').eq('id', id.ann)), [{ name: 'Ann Lee' }]);
  assert.equal((await customers().explain()).status, 406);
  assert.equal((await customers().geojson()).status, 406);
});

test('insert, update, upsert, delete', async () => {
  assert.equal((await db.from('tag').insert({ name: 'bare' })).status, 201);
  const counted = await db.from('tag').insert([{ name: 'c1' }, { name: 'c2' }], { count: 'exact', defaultToNull: false });
  assert.equal(counted.count, 2);
  // rows with different members: the client sends columns=
  const uneven = ok(await db.from('tag').insert([{ name: 'u1', note: 'n' }, { name: 'u2' }], { defaultToNull: false }).select('name,note').order('name'), 201);
  assert.deepEqual(uneven, [{ name: 'u1', note: 'n' }, { name: 'u2', note: null }]);
  const one = ok(await db.from('tag').insert({ name: 'alone' }).select('name').single(), 201);
  assert.deepEqual(one, { name: 'alone' });
  const twice = await db.from('tag').insert({ name: 'alone' });
  assert.equal(twice.status, 409);
  assert.equal(twice.error.code, '23505');
  assert.equal((await db.from('tag').update({ note: 'x' }).eq('name', 'alone')).status, 204);
  assert.deepEqual(ok(await db.from('tag').update({ note: 'y' }).eq('name', 'alone').select('name,note'), 200), [{ name: 'alone', note: 'y' }]);
  assert.equal((await db.from('tag').update({ note: 'z' }, { count: 'exact' }).in('name', ['u1', 'u2'])).count, 2);
  const bound = await db.from('tag').update({ note: 'no' }).in('name', ['u1', 'u2']).maxAffected(1);
  assert.equal(bound.error.code, 'PGRST124');
  assert.deepEqual(ok(await db.from('tag').upsert({ name: 'alone', note: 'up' }, { onConflict: 'name' }).select('name,note'), 200), [{ name: 'alone', note: 'up' }]);
  assert.equal((await db.from('tag').upsert([{ name: 'alone', note: 'ignored' }, { name: 'new' }], { onConflict: 'name', ignoreDuplicates: true, count: 'exact' })).count, 1);
  assert.equal(ok(await db.from('tag').select('note').eq('name', 'alone').single()).note, 'up');
  const mine = ok(await db.from('tag').select('id,note').eq('name', 'new').single());
  assert.equal(ok(await db.from('tag').upsert({ id: mine.id, name: 'new', note: 'by id' }).select('note').single(), 200).note, 'by id');
  ok(await db.from('tag').insert({ name: 'tried' }).select().rollback());
  assert.deepEqual(ok(await db.from('tag').select().eq('name', 'tried')), []);
  assert.equal((await db.from('tag').delete({ count: 'exact' }).in('name', ['u1', 'u2'])).count, 2);
  assert.deepEqual(ok(await db.from('tag').delete().eq('name', 'alone').select('name'), 200), [{ name: 'alone' }]);
  assert.equal((await db.from('tag').delete().eq('name', 'nobody')).status, 204);
  assert.equal((await db.from('tag').delete()).error.code, 'invalid');
});
