// The day: what an activity is about, reminders, series, finishing one thing and planning the next in one write.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { client, guanxi, start } from '../lib/server.mjs';

let server, api, customer, deal;

async function make(entity, body, as = api) {
  const answer = await as('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' });
  assert.equal(answer.status, 201, answer.text);
  return answer.body[0];
}
const get = async (path, as = api) => (await as('GET', `/api/v1/${path}`)).body;
const refused = async (body, field, key) => {
  const answer = await api('POST', '/api/v1/interaction', body);
  assert.deepEqual([answer.status, answer.body.errors?.[0].field, answer.body.errors?.[0].key], [422, field, key], answer.text);
};
const finish = (id, body, as = api) => as('POST', `/api/v1/interaction/${id}/finish`, body);
const soon = (hours) => new Date(Date.now() + hours * 3600e3).toISOString();

before(async () => {
  server = await start();
  api = server.api;
  customer = await make('customer', { name: 'Silk and Sons', kind: 'company' });
  deal = await make('opportunity', { name: 'Mugs', customer_id: customer.id, amount: '100' });
});
after(() => server?.close());

test('an activity is about any record one may see, and about its customer then; the deal knows what is planned', async () => {
  const state = async () => { const d = await get(`opportunity/${deal.id}`); return [d.open_activities, d.next_activity_at]; };
  assert.deepEqual(await state(), [0, null]);
  const late = soon(48), early = soon(2);
  const a = await make('interaction', { kind: 'call', state: 'planned', about: `opportunity/${deal.id}`, due_at: late, subject: 'Ask' });
  assert.equal(a.customer_id, customer.id);
  const b = await make('interaction', { kind: 'visit', state: 'planned', about: `opportunity/${deal.id}`, due_at: early });
  assert.deepEqual(await state(), [2, early]);
  assert.equal((await get(`customer/${customer.id}`)).open_work, 2);
  assert.equal((await api('PATCH', `/api/v1/interaction/${b.id}`, { state: 'cancelled' })).status, 200);
  assert.deepEqual(await state(), [1, late]);
  assert.equal((await api('DELETE', `/api/v1/interaction/${a.id}`)).status, 204);
  assert.deepEqual(await state(), [0, null]);
  for (const about of ['opportunity/1', 'opportunity', 'moon/1', 'user/1', 'opportunities/' + deal.id, '/', 'customer/x']) await refused({ about }, 'about', ['opportunity/1', 'customer/1'].includes(about) ? 'link_not_found' : 'not_a_record');
  const role = await make('role', { name: 'blind', rights: { interaction: { create: 'own', read: 'own', update: 'own' }, customer: { read: 'own' } }, caps: [] });
  const user = await make('user', { name: 'Cat', email: 'cat@example.com', roles: [role.id] });
  const cat = client(server.url, guanxi(['token', 'create', '--data', server.data, '--user', 'cat@example.com', '--name', 't']).out.trim());
  assert.equal((await cat('POST', '/api/v1/interaction', { about: `opportunity/${deal.id}` })).status, 422);
  // a task of one's own, without any customer
  const own = (await cat('POST', '/api/v1/interaction', { kind: 'task', subject: 'Buy stamps', state: 'planned' }, { Prefer: 'return=representation' }));
  assert.deepEqual([own.status, own.body[0].owner_id, own.body[0].customer_id], [201, user.id, null], own.text);
  const other = await make('interaction', { kind: 'task', state: 'planned' });
  assert.equal((await cat('GET', `/api/v1/interaction/${other.id}`)).status, 404);
  assert.equal((await finish(other.id, {}, cat)).status, 404);
});

test('finished with its outcome and the next step, once, or not at all', async () => {
  const a = await make('interaction', { kind: 'call', state: 'planned', about: `opportunity/${deal.id}`, due_at: soon(1), subject: 'Ask' });
  const wrong = await finish(a.id, { outcome: 'went well', next_subject: 'Send offer' });
  assert.deepEqual([wrong.status, wrong.body.errors[0].field], [422, 'next_due_at']);
  assert.equal((await get(`interaction/${a.id}`)).state, 'planned');
  const answers = await Promise.all(Array.from({ length: 4 }, () => finish(a.id, { outcome: 'went well', report: [{ question: 'Who decides?', answer: 'Ms Li' }], minutes: 12, next_kind: 'visit', next_subject: 'Send offer', next_due_at: soon(30), next_remind: 15 })));
  assert.deepEqual(answers.map((x) => x.status).sort(), [200, 409, 409, 409]);
  const done = await get(`interaction/${a.id}`), { next } = answers.find((x) => x.status === 200).body, n = await get(`interaction/${next}`);
  assert.deepEqual([done.state, done.outcome, done.minutes, done.direction, done.report[0].answer], ['done', 'went well', 12, 'out', 'Ms Li']);
  assert.deepEqual([n.state, n.kind, n.subject, n.about, n.customer_id, n.owner_id, n.remind_minutes], ['planned', 'visit', 'Send offer', `opportunity/${deal.id}`, customer.id, done.owner_id, 15]);
  assert.equal((await get(`opportunity/${deal.id}`)).open_activities, 1);
  assert.equal((await finish(next, { cancelled: true })).status, 200);
  assert.equal((await get(`interaction/${next}`)).state, 'cancelled');
  for (const body of ['', '[]', '{"outcome":7}', '{"no_such":1}']) assert.ok((await finish(next, body)).status >= 400);
  assert.equal((await finish('7', {})).status, 404);
  // nothing of it is dropped unsaid
  const b = await make('interaction', { kind: 'call', state: 'planned', customer_id: customer.id, due_at: soon(1) });
  const step = { next_subject: 'Call again', next_due_at: soon(3) };
  for (const [body, field, key] of [[{ minutes: -1 }, 'minutes', 'minutes_range'], [{ minutes: 1e15 }, 'minutes', 'minutes_range'], [{ report: 'x' }, 'report', 'report_lines'],
    [{ report: [{ question: 'Who?' }] }, 'report', 'report_lines'], [{ report: { question: 'Who?', answer: 'Ms Li' } }, 'report', 'report_lines'],
    [{ ...step, next_remind: -5 }, 'remind_minutes', 'remind_range'], [{ ...step, next_remind: 1e9 }, 'remind_minutes', 'remind_range']]) {
    const answer = await finish(b.id, body);
    assert.deepEqual([answer.status, answer.body.errors?.[0].field, answer.body.errors?.[0].key], [422, field, key], JSON.stringify(body));
  }
  assert.equal((await api('PATCH', `/api/v1/interaction/${b.id}`, { minutes: -1 })).status, 422);
  assert.equal((await get(`interaction/${b.id}`)).state, 'planned');
});

test('a reminder comes when it is time, at once when that has passed, and not for what is done', async () => {
  const reminded = async (id) => (await get(`interaction/${id}`)).reminded_at;
  const now = await make('interaction', { kind: 'task', state: 'planned', due_at: soon(0.1), remind_minutes: 60 });
  const later = await make('interaction', { kind: 'task', state: 'planned', due_at: soon(10), remind_minutes: 60 });
  for (const end = Date.now() + 8000; !(await reminded(now.id)) && Date.now() < end;) await new Promise((done) => setTimeout(done, 50));
  assert.ok(await reminded(now.id), 'reminded');
  const waits = async () => (await get('timers?kind=activity.remind')).waiting ?? JSON.stringify(await get('timers?kind=activity.remind'));
  const before = await waits();
  assert.equal(await reminded(later.id), null);
  assert.equal((await finish(later.id, {})).status, 200);
  assert.notDeepEqual(await waits(), before);
  await refused({ remind_minutes: -1 }, 'remind_minutes', 'remind_range');
});

test('a series: each a record of its own, at the same hour across summer time, and it ends', async () => {
  const series = async (body) => {
    const first = await make('interaction', { kind: 'meeting', state: 'planned', customer_id: customer.id, subject: 'Week', ...body });
    return (await get(`interaction?series_id=eq.${first.id}&order=due_at&select=id,due_at,ends_at,state,repeats&limit=500`));
  };
  const weekly = await series({ due_at: '2027-03-15T09:00:00Z', ends_at: '2027-03-15T10:00:00Z', repeats: 'weekly', repeats_until: '2027-04-05', time_zone: 'Europe/London' });
  assert.deepEqual(weekly.map((r) => r.due_at), ['2027-03-22T09:00:00Z', '2027-03-29T08:00:00Z', '2027-04-05T08:00:00Z']);
  assert.deepEqual([weekly[2].ends_at, weekly[2].state, weekly[2].repeats], ['2027-04-05T09:00:00Z', 'planned', null]);
  assert.deepEqual((await series({ due_at: '2027-01-31T03:00:00Z', repeats: 'monthly', repeats_until: '2027-05-01' })).map((r) => r.due_at.slice(0, 10)), ['2027-02-28', '2027-03-31', '2027-04-30']);
  assert.deepEqual((await series({ due_at: '2027-01-07T03:00:00Z', repeats: 'weekdays', repeats_until: '2027-01-12' })).map((r) => r.due_at.slice(0, 10)), ['2027-01-08', '2027-01-11', '2027-01-12']);
  assert.equal((await series({ due_at: '2027-01-07T03:00:00Z', repeats: 'daily' })).length, 90);
  const endless = await api('POST', '/api/v1/interaction', { due_at: '2027-01-07T03:00:00Z', repeats: 'daily', repeats_until: '2099-01-01' });
  assert.deepEqual([endless.status >= 400, endless.body.errors[0].key], [true, 'series_too_long'], endless.text);
  await refused({ repeats: 'daily' }, 'due_at', 'repeats_needs_due');
  await refused({ due_at: soon(2), ends_at: soon(1) }, 'ends_at', 'ends_before_it_begins');
  await refused({ due_at: soon(2), time_zone: 'Mars/Base' }, 'time_zone', 'zone_unknown');
});
