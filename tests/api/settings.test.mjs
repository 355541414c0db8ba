// Settings over the API: who may read and set what, all or none, in three languages, kept over a restart of the page.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { client, guanxi, start } from '../lib/server.mjs';

let server, admin;
const rows = { Prefer: 'return=representation' };

before(async () => {
  server = await start();
  admin = server.api;
});
after(() => server?.close());

const named = (list, name) => list.find((s) => s.name === name);
const patch = (api, values, more = {}) => api('PATCH', '/api/v1/settings', { values, ...more });

/** A client with a token of a new user who has one role. */
async function person(name, rights, caps = []) {
  const role = (await admin('POST', '/api/v1/role', { name: `role of ${name}`, rights, caps }, rows)).body[0];
  await admin('POST', '/api/v1/user', { name, email: `${name}@example.com`, roles: [role.id] }, rows);
  return client(server.url, guanxi(['token', 'create', '--data', server.data, '--user', `${name}@example.com`, '--name', 'test']).out.trim());
}

test('what there is, in the reader\'s language, and what it was set to', async () => {
  const before_ = (await admin('GET', '/api/v1/settings')).body;
  assert.equal(named(before_, 'firm.time_zone').value, 'Asia/Shanghai');
  assert.equal(named(before_, 'firm.time_zone').set, false);
  assert.equal(named(before_, 'firm.currency').value, 'CNY', 'from the configuration file');
  assert.equal((await patch(admin, { 'firm.name': '杭州茶行', 'firm.time_zone': 'Asia/Taipei', 'firm.languages': 'en,zh_hans' })).status, 204);
  const now = (await admin('GET', '/api/v1/settings', undefined, { 'Accept-Language': 'zh-TW' })).body;
  assert.deepEqual([named(now, 'firm.name').value, named(now, 'firm.time_zone').value, named(now, 'firm.languages').value], ['杭州茶行', 'Asia/Taipei', 'zh_hans,en']);
  assert.equal(named(now, 'firm.time_zone').label, '時區');
  // found by whatever language people know it in
  assert.deepEqual(named(now, 'firm.time_zone').words, ['Time zone', '时区', '時區']);
  assert.equal((await patch(admin, { 'firm.time_zone': null })).status, 204);
  assert.equal(named((await admin('GET', '/api/v1/settings')).body, 'firm.time_zone').value, 'Asia/Shanghai');
});

test('what is wrong is told together and nothing of it is set', async () => {
  const wrong = await patch(admin, { 'firm.short_name': 'good', 'firm.time_zone': 'Mars/Base', 'firm.email': 'nobody', 'firm.none': '1', 'firm.name': 7 });
  assert.equal(wrong.status, 422, wrong.text);
  for (const name of ['firm.time_zone', 'firm.email', 'firm.none', 'firm.name']) assert.match(wrong.text, new RegExp(name));
  assert.equal(named((await admin('GET', '/api/v1/settings')).body, 'firm.short_name').value, '');
  for (const body of [{}, { values: [] }, { values: 'x' }, { values: {}, scope: 'world' }, { values: {}, scope: 'branch', id: 'x' }, { values: {}, id: '1' }, { values: {}, more: 1 }]) {
    const refused = await admin('PATCH', '/api/v1/settings', body);
    assert.ok(refused.status === 422 || refused.status === 400, `${JSON.stringify(body)}: ${refused.status}`);
  }
});

test('the currency is fixed once there are amounts, the country rules phones', async () => {
  assert.equal((await patch(admin, { 'firm.currency': 'TWD', 'firm.country': 'TW' })).status, 204);
  const made = await admin('POST', '/api/v1/customer', { name: '林茶', phone: '0912-345-678' }, rows);
  assert.equal(made.body[0].phone, '+886912345678', made.text);
  const meta = await admin('GET', '/api/v1/meta');
  assert.equal(meta.body.base_currency, 'TWD');
  assert.equal((await admin('POST', '/api/v1/product', { sku: 'T1', name: 'Tea', price: '12' })).status, 201);
  const late = await patch(admin, { 'firm.currency': 'USD' });
  assert.equal(late.status, 409, late.text);
  assert.equal((await patch(admin, { 'firm.country': 'CN' })).status, 204);
});

test('administrators set, others read what is open and set their own alone', async () => {
  const eve = await person('eve', { customer: { read: 'own' } });
  const seen = (await eve('GET', '/api/v1/settings')).body;
  assert.ok(named(seen, 'firm.time_zone'));
  assert.ok(named(seen, 'consent.url'), 'whoever shares a form has to say where customers find it');
  assert.equal((await patch(eve, { 'firm.name': 'Eve & Co' })).status, 403);
  assert.equal((await patch(eve, { 'firm.time_zone': 'Asia/Taipei' }, { scope: 'branch', id: '1' })).status, 403);
  assert.notEqual(named((await admin('GET', '/api/v1/settings')).body, 'firm.name').value, 'Eve & Co');
  assert.equal((await client(server.url, null)('GET', '/api/v1/settings')).status, 401);
  assert.equal((await eve('GET', '/api/v1/setting')).status, 403, 'the records themselves are for administrators');
  assert.equal((await admin('POST', '/api/v1/setting', { name: 'firm.name', value: 'past the checks' })).status, 403);
});

test('the firm\'s name heads the page, and everybody\'s week begins where they set it', async () => {
  const eve = await person('week', { customer: { read: 'own' } });
  assert.equal((await patch(admin, { 'firm.name': '杭州茶行', 'firm.short_name': null, 'firm.week_start': 'saturday' })).status, 204);
  const of = async (api) => (({ firm, week_start }) => ({ firm, week_start }))((await api('GET', '/api/v1/meta')).body);
  assert.deepEqual(await of(eve), { firm: '杭州茶行', week_start: 'saturday' });
  assert.deepEqual((await eve('GET', '/api/v1/settings?scope=user')).body.filter((s) => s.name.startsWith('firm.')).map((s) => [s.name, s.value, s.set]), [['firm.week_start', 'saturday', false]]);
  assert.equal((await patch(eve, { 'firm.week_start': 'sunday' }, { scope: 'user' })).status, 204, 'one\'s own needs no right');
  assert.equal((await patch(admin, { 'firm.short_name': '茶行' })).status, 204);
  assert.deepEqual(await of(eve), { firm: '茶行', week_start: 'sunday' });
  assert.deepEqual(await of(admin), { firm: '茶行', week_start: 'saturday' });
  assert.equal((await patch(eve, { 'firm.time_zone': 'Asia/Taipei' }, { scope: 'user' })).status, 422);
  assert.equal((await patch(admin, { 'firm.week_start': null, 'firm.short_name': null })).status, 204);
});

test('a branch has its own zone; changes are in the audit trail', async () => {
  const branch = (await admin('POST', '/api/v1/branch', { name: 'Berlin' }, rows)).body[0];
  assert.equal((await patch(admin, { 'firm.time_zone': 'Europe/Berlin' }, { scope: 'branch', id: branch.id })).status, 204);
  const at = (await admin('GET', `/api/v1/settings?scope=branch&id=${branch.id}`)).body;
  assert.deepEqual(at.filter((s) => s.name.startsWith('firm.')).map((s) => [s.name, s.value]), [['firm.time_zone', 'Europe/Berlin'], ['firm.week_start', 'monday']]);
  assert.equal((await patch(admin, { 'firm.name': 'x' }, { scope: 'branch', id: branch.id })).status, 422);
  const trail = (await admin('GET', '/api/v1/audit?entity=setting')).body;
  assert.ok(trail.rows.length >= 3, JSON.stringify(trail).slice(0, 300));
});

test('when the last backup was made is for administrators', async () => {
  const eve = await person('backup', { customer: { read: 'own' } });
  assert.deepEqual((await admin('GET', '/api/v1/first_steps')).body, { backup_at: null });
  guanxi(['backup', '--data', server.data, join(server.data, '..', 'first.zip')]);
  const { backup_at } = (await admin('GET', '/api/v1/first_steps')).body;
  assert.ok(Math.abs(Date.parse(backup_at) - Date.now()) < 120_000, backup_at);
  assert.equal((await eve('GET', '/api/v1/first_steps')).status, 403);
});

const ics = (days) => new TextEncoder().encode(`BEGIN:VCALENDAR\r\n${days.map(([date, name]) => `BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:${date}\r\nSUMMARY:${name}\r\nEND:VEVENT\r\n`).join('')}END:VCALENDAR\r\n`);
const asCalendar = { 'Content-Type': 'text/calendar' };

test('business calendars: a year at a glance, one default, one a team, hours in one form', async () => {
  const team = (await admin('POST', '/api/v1/team', { name: 'night desk' }, rows)).body[0];
  const make = (body) => admin('POST', '/api/v1/calendar', { time_zone: 'Asia/Shanghai', ...body }, rows);
  const week = Object.fromEntries(['mon', 'tue', 'wed', 'thu', 'fri'].map((d) => [d, '9:00–12:00, 13:00–18:00']));
  const office = (await make({ name: 'office', country: 'cn', is_default: true, teams: [team.id], ...week })).body[0];
  assert.equal(office.mon, '09:00-12:00 13:00-18:00');
  const second = await make({ name: 'night', is_default: true, fri: '22:00-06:00' });
  assert.equal(second.status, 201, second.text);
  assert.deepEqual((await admin('GET', '/api/v1/calendar?is_default=is.true&select=name')).body, [{ name: 'night' }], 'the last one that was said');
  const taken = await make({ name: 'third', teams: [team.id] });
  assert.equal(taken.status, 409, taken.text);
  for (const [body, field] of [[{ time_zone: 'Mars/Base' }, 'time_zone'], [{ mon: 'morning' }, 'mon'], [{ country: 'xx' }, 'country']]) {
    const wrong = await make({ name: 'wrong', ...body });
    assert.equal(wrong.status, 422, wrong.text);
    assert.match(wrong.text, new RegExp(`"field":"${field}"`));
  }
  const day = (body) => admin('POST', '/api/v1/calendar_day', { calendar_id: office.id, ...body });
  assert.equal((await day({ date: '2026-06-19', kind: 'special', name: '半天', hours: '09:00-12:00' })).status, 201);
  for (const body of [{ date: '2026-06-20', kind: 'special' }, { date: '2026-06-20', kind: 'holiday', hours: '09:00-12:00' }, { date: '1960-01-01', kind: 'holiday' }])
    assert.equal((await day(body)).status, 422);
  const year = (await admin('GET', `/api/v1/calendar/${office.id}/year?year=2026`)).body;
  // the State Council's 248, and the calendar's own word on a public holiday (19 June) goes before it
  assert.deepEqual([year.workdays, year.minutes, year.open.length, year.known_until >= 2026], [249, 248 * 480 + 180, 365, true]);
  assert.equal(year.open[44], '1', '14 February, a Saturday, is worked');
  assert.deepEqual(year.days.filter((d) => d.date === '2026-06-19').map((d) => [d.kind, d.own, d.name]), [['special', true, '半天'], ['holiday', false, '端午']]);
  assert.equal((await admin('GET', `/api/v1/calendar/${second.body[0].id}/year?year=2199`)).body.known_until, null);
  for (const path of [`${office.id}/year?year=1950`, `${office.id}/year?year=x`]) assert.equal((await admin('GET', `/api/v1/calendar/${path}`)).status, 422);
  assert.equal((await admin('GET', '/api/v1/calendar/1/year')).status, 404);
});

test('an iCalendar file: 班 is worked, what the calendar says already stays; nobody else may', async () => {
  const [office] = (await admin('GET', '/api/v1/calendar?name=eq.office')).body;
  const path = `/api/v1/calendar/${office.id}`;
  const file = ics([['20270101', '元旦 休'], ['20270102', '元旦 补班'], ['20260619', '端午'], ['20270101', 'again'], ['18990101', 'old']]);
  const read = await admin('POST', `${path}/ical`, file, asCalendar);
  assert.deepEqual([read.status, read.body], [200, { added: 2, kept: 2, skipped: 1 }], read.text);
  assert.deepEqual((await admin('POST', `${path}/ical`, file, asCalendar)).body, { added: 0, kept: 4, skipped: 1 });
  const days = (await admin('GET', `/api/v1/calendar_day?calendar_id=eq.${office.id}&date=gte.2027-01-01&select=date,kind,name&order=date.asc`)).body;
  assert.deepEqual(days, [{ date: '2027-01-01', kind: 'holiday', name: '元旦 休' }, { date: '2027-01-02', kind: 'workday', name: '元旦 补班' }]);
  assert.equal((await admin('POST', `${path}/ical`, new TextEncoder().encode('date;name\n'), asCalendar)).status, 422);
  const clerk = await person('clerk-of-days', { '*': { read: 'all', create: 'all', update: 'all' } });
  const reader = await person('reader-of-days', { calendar: { read: 'all' } });
  assert.ok([403, 404].includes((await clerk('GET', `${path}/year`)).status));
  assert.equal((await reader('GET', `${path}/year`)).status, 200);
  for (const api of [clerk, reader]) assert.ok([403, 404].includes((await api('POST', `${path}/ical`, ics([['20270501', 'x']]), asCalendar)).status));
  assert.equal((await admin('GET', `/api/v1/calendar_day?date=eq.2027-05-01`)).body.length, 0);
});
