// Fields that an administrator adds while the program serves: there for the next request, by every way, whatever else goes on.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { client, engine, guanxi, long, serve, start } from '../lib/server.mjs';

let server, admin;
const rows = { Prefer: 'return=representation' };

before(async () => {
  server = await start();
  admin = server.api;
});
after(() => server?.close());

/** Adds a field; the answer's body. */
async function add(field, status = 201) {
  const made = await admin('POST', '/api/v1/custom_fields', { entity: 'customer', label: { en: field.name ?? 'x', zh: '自定义' }, ...field });
  assert.equal(made.status, status, made.text);
  return made.body;
}
const create = async (values) => {
  const made = await admin('POST', '/api/v1/customer', values, rows);
  assert.equal(made.status, 201, made.text);
  return made.body[0];
};
const get = async (path, headers) => {
  const got = await admin('GET', `/api/v1/${path}`, undefined, headers);
  assert.equal(got.status, 200, got.text);
  return got.body;
};
const fieldOf = async (name, headers, entity = 'customer') => (await get('meta', headers)).entities.find((e) => e.name === entity).fields.find((f) => f.name === name);

test('a text field is there for the very next request', async () => {
  assert.equal((await admin('POST', '/api/v1/customer', { name: '早', nickname: 'x' })).status, 422, 'not before');
  const made = await add({ name: 'nickname', type: 'text', label: { en: 'Nickname', zh: '昵称' }, help: { en: 'What friends say', zh: '朋友的叫法' }, max: 10 });
  assert.equal(made.column, `nickname__${made.number}`);
  const li = await create({ name: '李雷', nickname: '小李' });
  assert.equal(li.nickname, '小李');
  assert.equal((await get(`customer/${li.id}`)).nickname, '小李');
  assert.deepEqual((await get('customers?nickname=eq.小李&select=id,nickname')).map((r) => [r.id, r.nickname]), [[li.id, '小李']]);
  assert.equal((await admin('PATCH', `/api/v1/customer/${li.id}`, { nickname: '雷子' }, rows)).body.nickname ?? (await get(`customer/${li.id}`)).nickname, '雷子');
  assert.equal((await get('customers?nickname=like.*雷*')).length, 1);
  assert.equal((await admin('POST', '/api/v1/customer', { name: '长', nickname: '一二三四五六七八九十十一' })).status, 422, 'too long');
  const labels = await Promise.all(['en', 'zh-CN', 'zh-TW'].map(async (l) => (await fieldOf('nickname', { 'Accept-Language': l })).label));
  assert.deepEqual(labels, ['Nickname', '昵称', '暱稱']);
  assert.equal((await fieldOf('nickname')).help, 'What friends say');
  const openapi = await get('openapi.json');
  assert.ok(JSON.stringify(openapi.components.schemas).includes('"nickname"'), 'in the API\'s own description');
  const history = await get(`customer/${li.id}/changes`);
  assert.deepEqual(history.rows.find((r) => r.diff?.nickname?.[0] === '小李')?.diff.nickname, ['小李', '雷子']);
});

test('every type: kept, read again, filtered, ordered, refused when wrong', async () => {
  const option = (value, en, zh, colour) => ({ value, label: { en, zh }, colour });
  const types = [
    { name: 't_note', type: 'note', good: 'one\ntwo', wrong: 5 },
    { name: 't_int', type: 'int', min: 1, max: 9, good: 7, wrong: 10 },
    { name: 't_dec', type: 'decimal', scale: 2, min: 0, good: '1.25', wrong: '-1' },
    { name: 't_money', type: 'money', good: '12.50', wrong: 'much' },
    { name: 't_bool', type: 'bool', good: true, wrong: 'perhaps' },
    { name: 't_date', type: 'date', min: '2020-01-01', good: '2024-02-29', wrong: '2019-12-31' },
    { name: 't_time', type: 'time', good: '2024-02-29T08:00:00Z', wrong: 'noon' },
    { name: 't_enum', type: 'enum', options: [option('gold', 'Gold', '金', 'warn'), option('tin', 'Tin', '锡')], good: 'gold', wrong: 'iron' },
    { name: 't_email', type: 'email', good: 'a@example.com', wrong: 'nobody' },
    { name: 't_phone', type: 'phone', good: '+8613912345678', wrong: 'abc' },
    { name: 't_url', type: 'url', good: 'https://example.com/a', wrong: 'javascript:alert(1)' },
    { name: 't_code', type: 'code', good: 'AB-1', wrong: '中' },
    { name: 't_real', type: 'real', good: 0.5, wrong: 'x' },
    { name: 't_json', type: 'json', good: { a: 1 } },
  ];
  const values = {};
  for (const { good, wrong, ...field } of types) {
    await add(field);
    values[field.name] = good;
  }
  const all = await create({ name: 'All types', ...values });
  for (const { name, good } of types) assert.deepEqual(all[name], good, name);
  for (const { name, wrong } of types) {
    if (wrong === undefined) continue;
    const refused = await admin('POST', '/api/v1/customer', { name: 'wrong', [name]: wrong });
    assert.equal(refused.status, 422, `${name}: ${refused.text}`);
    assert.match(refused.text, new RegExp(name));
  }
  assert.equal((await get('customers?t_int=gte.7&t_date=lt.2025-01-01&t_enum=eq.gold&order=t_money.desc')).length, 1);
  assert.deepEqual(await get('customers?select=t_int.sum()&t_int=not.is.null'), [{ sum: 7 }]);
  assert.deepEqual((await fieldOf('t_enum')).options.map((o) => [o.value, o.label, o.colour]), [['gold', 'Gold', 'warn'], ['tin', 'Tin', null]]);
});

test('links, unique, required, default', async () => {
  await add({ name: 'mentor_id', type: 'link', link: 'customer' });
  const a = await create({ name: 'Mentor' });
  const b = await create({ name: 'Pupil', mentor_id: a.id });
  assert.equal((await get(`customers?id=eq.${b.id}&select=name,mentor(name)`))[0].mentor.name, 'Mentor');
  assert.equal((await admin('POST', '/api/v1/customer', { name: 'x', mentor_id: '12345' })).status, 422);
  assert.ok((await admin('DELETE', `/api/v1/customer/${a.id}`)).status < 300);
  assert.equal((await get(`customer/${b.id}`)).mentor_id, null, 'the link goes, the record stays');
  const mentor = (await get('custom_fields?name=eq.mentor_id'))[0];
  assert.equal((await admin('DELETE', `/api/v1/custom_fields/${mentor.id}`)).status, 204, 'links can be removed like others');
  assert.equal(await fieldOf('mentor_id'), undefined);

  await add({ name: 'card_no', type: 'code', unique: true });
  await create({ name: 'One', card_no: 'C1' });
  const twice = await admin('POST', '/api/v1/customer', { name: 'Two', card_no: 'C1' });
  assert.equal(twice.status, 409, twice.text);
  assert.match(twice.text, /card_no/);

  await add({ name: 'grade', type: 'enum', default: 'b', required: true, options: ['a', 'b'].map((v) => ({ value: v, label: { en: v } })) });
  assert.equal((await get(`customer/${b.id}`)).grade, 'b', 'records of before have the default');
  assert.equal((await create({ name: 'New' })).grade, 'b');
  await add({ name: 'must', type: 'text', required: true });
  assert.equal((await admin('POST', '/api/v1/customer', { name: 'without' })).status, 422);
  assert.equal((await admin('PATCH', `/api/v1/customer/${b.id}`, { name: 'Pupil 2' })).status, 200, 'records of before can be changed without it');
  const must = (await get('custom_fields?name=eq.must'))[0];
  assert.equal((await admin('PATCH', `/api/v1/custom_fields/${must.id}`, { required: false })).status, 200);
});

test('called otherwise, out of use, back, gone', async () => {
  const field = await add({ name: 'blood', type: 'text', search: true });
  const one = await create({ name: 'Renamed', blood: 'rhnegative' });
  const renamed = await admin('PATCH', `/api/v1/custom_fields/${field.id}`, { name: 'blood_type', label: { en: 'Blood type', zh: '血型' } }, { 'If-Match': '"1"' });
  assert.equal(renamed.status, 200, renamed.text);
  assert.equal((await admin('PATCH', `/api/v1/custom_fields/${field.id}`, { list: true }, { 'If-Match': '"1"' })).status, 412, 'changed since');
  assert.equal((await get(`customer/${one.id}`)).blood_type, 'rhnegative');
  assert.equal((await get('customers?blood=eq.rhnegative')).length, 1, 'the old name still means it');
  await add({ name: 'blood', type: 'text' }, 409);
  // out of use: nobody sees it, its values stay
  assert.equal((await admin('PATCH', `/api/v1/custom_fields/${field.id}`, { state: 'retired' })).status, 200);
  assert.equal((await get(`customer/${one.id}`)).blood_type, undefined);
  assert.equal((await admin('POST', '/api/v1/customer', { name: 'x', blood_type: 'a' })).status, 422);
  assert.equal(await fieldOf('blood_type'), undefined);
  assert.equal((await admin('PATCH', `/api/v1/custom_fields/${field.id}`, { state: 'active' })).status, 200);
  assert.equal((await get(`customer/${one.id}`)).blood_type, 'rhnegative');
  assert.ok((await get(`custom_fields/${field.id}/changes`)).rows.filter((r) => Object.keys(r.diff ?? {}).includes('state')).length >= 2, 'in its own history');
  // deleted records come back with it
  assert.ok((await admin('DELETE', `/api/v1/customer/${one.id}`)).status < 300);
  assert.equal((await admin('POST', `/api/v1/customer/${one.id}/restore`)).status, 200);
  assert.equal((await get(`customer/${one.id}`)).blood_type, 'rhnegative');
  // what depends on it is named before it goes
  assert.equal((await admin('POST', '/api/v1/saved_view', { name: 'Bleeders', entity: 'customer', query: 'blood_type=eq.x' })).status, 201);
  const bloody = { related: 'customer', where: { field: 'blood_type', op: 'eq', value: 'x' } }, other = JSON.stringify({ field: 'name', op: 'eq', value: 'blood_type' });
  const keep = async (entity, row) => {
    const made = await admin('POST', `/api/v1/${entity}`, row);
    assert.equal(made.status, 201, made.text);
  };
  await keep('saved_view', { name: 'Of bleeders', entity: 'order', query: new URLSearchParams({ condition: JSON.stringify(bloody) }).toString() });
  await keep('segment', { name: 'Orders of bleeders', entity: 'order', condition: JSON.stringify(bloody) });
  await keep('segment', { name: 'Nothing to do with it', entity: 'order', condition: other.replace('name', 'number') });
  await keep('automation', { name: 'Blood letting', entity: 'customer', event: 'changed', condition: JSON.stringify(bloody.where), actions: [{ do: 'set', fields: { blood_type: 'y' } }] });
  const used = await admin('DELETE', `/api/v1/custom_fields/${field.id}`);
  assert.equal(used.status, 409, used.text);
  assert.match(used.text, /Bleeders/);
  assert.deepEqual((await get(`custom_fields/${field.id}/uses`)).uses.map((u) => [u.kind, u.name]).sort(),
    [['automation', 'Blood letting'], ['saved_view', 'Bleeders'], ['saved_view', 'Of bleeders'], ['segment', 'Orders of bleeders']]);
  assert.equal((await admin('DELETE', `/api/v1/custom_fields/${field.id}?anyway=true`)).status, 204);
  assert.equal((await get(`customer/${one.id}`)).blood_type, undefined);
  await add({ name: 'blood', type: 'text' });
  assert.equal((await get(`customer/${one.id}`)).blood, null, 'another field of that name begins empty');
});

test('names, words and bounds are checked in words, together', async () => {
  const wrong = async (field, pattern, status = 422) => {
    const made = await admin('POST', '/api/v1/custom_fields', { entity: 'customer', type: 'text', label: { en: 'x' }, ...field });
    assert.equal(made.status, status, `${JSON.stringify(field)}: ${made.status} ${made.text}`);
    assert.match(made.text, pattern);
  };
  for (const name of ['Name', '昵称', 'a b', 'a"b', 'a;drop', "a'b"]) await wrong({ name }, /small letters/);
  for (const name of ['select', 'order', 'where', 'id', 'limit', 'condition', 'buckets']) await wrong({ name }, /word of the query language/);
  await wrong({ name: 'none_fits', type: 'int', min: 9, max: 1 }, /custom_min_max/);
  await wrong({ name: '1st' }, /begin with a letter/);
  await wrong({ name: 'a'.repeat(41) }, /40 letters/);
  await wrong({ name: 'a__b' }, /underscores/);
  await wrong({ name: 'orders' }, /kind of record/);
  await wrong({ name: 'phone' }, /already/, 409);
  await wrong({ name: 'ok', label: {} }, /at least one language/);
  await wrong({ name: 'ok', label: { fr: 'x' } }, /no language/);
  await wrong({ name: 'ok', entity: 'user' }, /belongs to the program/);
  await wrong({ name: 'ok', entity: 'martian' }, /no kind of record/);
  await wrong({ name: 'ok', type: 'enum' }, /needs options/);
  await wrong({ name: 'ok', type: 'link' }, /_id/);
  await wrong({ name: 'ok_id', type: 'link' }, /which kind of record/);
  await wrong({ name: 'ok', type: 'int', default: 'many' }, /default/);
  await wrong({ name: 'ok', type: 'int', default: 5, max: 3 }, /3/);
  await wrong({ name: 'ok', type: 'bool', unique: true }, /bool/);
  await wrong({ name: 'ok', colour: 'red' }, /colour/);
  const many = await admin('POST', '/api/v1/custom_fields', { entity: 'customer', name: 'a b', type: 'enum', label: {} });
  assert.ok(['name', 'label', 'options'].every((f) => many.text.includes(`"${f}"`)), many.text);
  // who is no administrator may not
  const role = (await admin('POST', '/api/v1/role', { name: 'clerk', rights: { customer: { read: 'all', create: 'all', update: 'all', fields: { nickname: 'hidden', t_int: 'read' } } } }, rows)).body[0];
  await admin('POST', '/api/v1/user', { name: 'clerk', email: 'clerk@example.com', roles: [role.id] }, rows);
  const clerk = client(server.url, guanxi(['token', 'create', '--data', server.data, '--user', 'clerk@example.com', '--name', 't']).out.trim());
  assert.equal((await clerk('POST', '/api/v1/custom_fields', { entity: 'customer', name: 'mine', type: 'text', label: 'x' })).status, 403);
  // rights of a role hold for own fields as for others
  const seen = (await clerk('GET', '/api/v1/customers?name=eq.All types')).body[0];
  assert.equal(seen.nickname, undefined);
  assert.equal(seen.t_int, 7);
  assert.equal((await clerk('PATCH', `/api/v1/customer/${seen.id}`, { t_int: 3 })).status, 403);
});

test('in a file by its label, in an export, in a backup and out of it again', async () => {
  await add({ name: 'shoe', type: 'int', label: { en: 'Shoe size', zh: '鞋码' } });
  await add({ name: 'seal', type: 'code', unique: true });
  await add({ name: 'friends', type: 'links', link: 'customer' });
  const m = await create({ name: 'Keeper', shoe: 42, seal: 'S1', nickname: '小老虎' });
  await create({ name: 'Friend', friends: [m.id] });
  for (const head of ['鞋码', '鞋碼', 'Shoe size', 'shoe']) {
    const up = await admin('POST', '/api/v1/import?name=x.csv', new TextEncoder().encode(`姓名,手机号,${head}\n王芳,13700137000,38\n`), { 'Content-Type': 'text/csv' });
    assert.equal(up.status, 201, up.text);
    const preview = (await admin('GET', `/api/v1/import/${up.body.id}/preview`)).body;
    assert.equal(preview.columns[2].guess?.field, 'shoe', head);
  }
  const file = await admin('GET', '/api/v1/customer/export?format=csv&name=eq.Keeper', undefined, { 'Accept-Language': 'zh-CN' });
  assert.match(file.text.split('\n')[0], /鞋码/);
  assert.match(file.text, /42/);

  const folder = mkdtempSync(join(tmpdir(), 'guanxi-own-'));
  try {
    guanxi(['backup', join(folder, 'b.zip'), '--data', server.data]);
    const pg = engine === 'postgres' ? ['--pg-url', process.env.GUANXI_TEST_PG, '--pg-schema', `own_${process.pid}_${Date.now()}`] : [];
    guanxi(['restore', join(folder, 'b.zip'), '--data', join(folder, 'new'), '--unproven', ...pg]);
    const other = await serve(join(folder, 'new'));
    try {
      const api = client(other.url, server.token);
      const kept = (await api('GET', '/api/v1/customers?name=eq.Keeper&select=id,shoe,seal,nickname')).body;
      assert.deepEqual(kept, [{ id: m.id, shoe: 42, seal: 'S1', nickname: '小老虎' }]);
      assert.equal((await api('GET', '/api/v1/customers?name=eq.Friend')).body[0].friends[0].id, m.id);
      assert.equal((await api('POST', '/api/v1/customer', { name: 'x', seal: 'S1' })).status, 409, 'unique as before');
      assert.equal((await api('POST', '/api/v1/custom_fields', { entity: 'customer', name: 'later', type: 'text', label: 'Later' })).status, 201);
    } finally {
      await other.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('what runs beside requests knows a field too: segments and automations ask for it in their turns', async () => {
  const until = async (found, wanted) => {
    for (const end = Date.now() + 8000; ; await new Promise((done) => setTimeout(done, 20))) {
      const got = await found();
      if (JSON.stringify(got) === JSON.stringify(wanted)) return;
      if (Date.now() > end) assert.deepEqual(got, wanted);
    }
  };
  const make = async (path, body) => {
    const made = await admin('POST', `/api/v1/${path}`, body, rows);
    assert.equal(made.status, 201, made.text);
    return made.body[0];
  };
  await add({ name: 'tier', type: 'int' });
  const condition = JSON.stringify({ field: 'tier', op: 'gte', value: 3 });
  const segment = await make('segment', { name: 'Upper tiers', entity: 'customer', condition });
  const run = await make('automation', {
    name: 'Greet', entity: 'customer', event: 'changed', active: true, condition, actions: [{ do: 'set', fields: { nickname: 'top' } }],
  });
  const high = await create({ name: 'High', tier: 1 });
  assert.equal((await admin('PATCH', `/api/v1/customer/${high.id}`, { tier: 4 })).status, 200);
  await until(async () => (await get(`automation_run?automation_id=eq.${run.id}`)).map((r) => r.state), ['done']);
  assert.equal((await get(`customer/${high.id}`)).nickname, 'top');
  await until(async () => {
    const now = await get(`segment/${segment.id}`);
    return [now.state, now.error, now.size];
  }, ['ready', null, 1]);

  // over links that were added, and from there back
  await add({ name: 'coach_id', type: 'link', link: 'customer' });
  const pupil = await create({ name: 'Pupil', coach_id: high.id, tier: 2 });
  await create({ name: 'Other pupil' });
  const asked = async (tree) => (await get(`customers?select=name&order=name&condition=${encodeURIComponent(JSON.stringify(tree))}`)).map((r) => r.name);
  const coached = { related: 'coach', where: { field: 'tier', op: 'gte', value: 3 } };
  assert.deepEqual(await asked(coached), ['Pupil']);
  assert.deepEqual(await asked({ related: 'coach', measure: 'sum', of: 'tier', op: 'gte', value: 3 }), ['Pupil']);
  assert.deepEqual((await get('customers?select=name,coach!inner(name)&coach.tier=gte.3')).map((r) => r.name), ['Pupil']);
  const team = await make('segment', { name: 'Well coached', entity: 'customer', condition: JSON.stringify(coached) });
  const size = async () => (await get(`segment/${team.id}`)).size;
  await until(size, 1);
  assert.equal((await admin('PATCH', `/api/v1/customer/${high.id}`, { tier: 1 })).status, 200);
  await until(size, 0);
  assert.equal((await admin('PATCH', `/api/v1/customer/${pupil.id}`, { coach_id: null })).status, 200);
  assert.deepEqual((await get('services')).filter((s) => s.error), []);
});

test('rules of leads are told before a field of leads goes', async () => {
  const field = await add({ entity: 'lead', name: 'budget_year', type: 'int' });
  const condition = { field: 'budget_year', op: 'gte', value: 2030 };
  assert.equal((await admin('POST', '/api/v1/lead_point', { name: 'Budget known', condition, points: 5 })).status, 201);
  assert.equal((await admin('POST', '/api/v1/lead_assignment', { name: 'Later', condition, active: false })).status, 201);
  assert.deepEqual((await get(`custom_fields/${field.id}/uses`)).uses.map((u) => [u.kind, u.name]).sort(),
    [['lead_assignment', 'Later'], ['lead_point', 'Budget known']]);
});

test('an import finds who is there by a field of its own', async () => {
  await add({ name: 'member_no', type: 'text', unique: true });
  const there = await create({ name: 'Member', member_no: 'M1' });
  const up = await admin('POST', '/api/v1/import?name=m.csv', new TextEncoder().encode('member_no,name\nM1,Member again\nM2,New member\n'), { 'Content-Type': 'text/csv' });
  assert.equal(up.status, 201, up.text);
  const records = [{ entity: 'customer', mode: 'upsert', key: ['member_no'], fields: { member_no: 'member_no', name: 'name' } }];
  assert.equal((await admin('PUT', `/api/v1/import/${up.body.id}/plan`, { records })).status, 200);
  assert.equal((await admin('POST', `/api/v1/import/${up.body.id}/start`, {})).status, 202);
  for (const end = Date.now() + 8000; (await get(`customers?member_no=eq.M2`)).length === 0 && Date.now() < end; ) await new Promise((done) => setTimeout(done, 20));
  assert.deepEqual((await get('customers?member_no=not.is.null&select=id,name&order=member_no'))[0], { id: there.id, name: 'Member again' });
});

test('a change of a field that is refused leaves no index behind', async () => {
  const field = await add({ name: 'badge', type: 'text' });
  await create({ name: 'Badge A', badge: 'B1' });
  const stale = await admin('PATCH', `/api/v1/custom_fields/${field.id}`, { unique: true }, { 'If-Match': '"9"' });
  assert.equal(stale.status, 412, stale.text);
  await create({ name: 'Badge B', badge: 'B1' });
  const twins = await admin('PATCH', `/api/v1/custom_fields/${field.id}`, { unique: true });
  assert.equal(twins.status, 409, twins.text);

  // what it is besides does not take its own index away
  const pass = await add({ name: 'pass', type: 'text', unique: true });
  assert.equal((await admin('PATCH', `/api/v1/custom_fields/${pass.id}`, { index: true })).status, 200);
  await create({ name: 'Pass A', pass: 'P1' });
  assert.equal((await admin('POST', '/api/v1/customer', { name: 'Pass B', pass: 'P1' })).status, 409, 'still unique');
  assert.equal((await admin('PATCH', `/api/v1/custom_fields/${pass.id}`, { unique: false })).status, 200);
  await create({ name: 'Pass B', pass: 'P1' });
});

test('sixteen go on reading and writing while fields come and go', async () => {
  // sixteen times the same person: who asks for more than a person's share is told to come again, and does
  const people = Array.from({ length: 16 }, () => client(server.url, server.token)).map((api) => async (...what) => {
    for (;;) {
      const answer = await api(...what);
      if (answer.status !== 429) return answer;
      await new Promise((done) => setTimeout(done, 20));
    }
  });
  let over = false;
  const seen = { reads: 0, writes: 0 };
  const work = people.map(async (api, i) => {
    for (let n = 0; !over; n++) {
      const made = await api('POST', '/api/v1/customer', { name: `busy ${i} ${n}` });
      assert.equal(made.status, 201, made.text);
      const list = await api('GET', '/api/v1/customers?limit=5&order=created_at.desc');
      assert.equal(list.status, 200, list.text);
      assert.equal(new Set(list.body.map((r) => Object.keys(r).join())).size, 1, 'all rows of one answer have the same fields');
      assert.equal((await api('GET', '/api/v1/meta')).status, 200);
      seen.reads += 2;
      seen.writes++;
    }
  });
  for (let i = 0; i < (long ? 6 : 4); i++) {
    const field = await add({ name: `busy_${i}`, type: 'text', unique: i % 2 === 0 });
    const made = await create({ name: `with ${i}`, [`busy_${i}`]: `v${i}` });
    assert.equal(made[`busy_${i}`], `v${i}`);
    assert.equal((await admin('DELETE', `/api/v1/custom_fields/${field.id}`)).status, 204);
    assert.equal((await admin('GET', `/api/v1/customers?busy_${i}=eq.x`)).status, 400, 'gone for the next request');
  }
  over = true;
  await Promise.all(work);
  assert.ok(seen.writes > 16, JSON.stringify(seen));
});
