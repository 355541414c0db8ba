// Cases: what is promised and derived, who answers, merging, the queue.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { client, guanxi, serve, start } from '../lib/server.mjs';
import { hasSql, sql } from '../lib/sql.mjs';

let server, api, clerk, mate, ids = {};
const policies = {}; // name → id

const one = { Prefer: 'return=representation' };
async function make(who, entity, row) {
  const answer = await who('POST', `/api/v1/${entity}`, row, one);
  assert.equal(answer.status, 201, `${entity}: ${answer.text}`);
  return Array.isArray(answer.body) ? answer.body[0] : answer.body;
}
const read = async (id) => (await api('GET', `/api/v1/case/${id}`)).body;
const change = async (who, entity, id, patch) => {
  const answer = await who('PATCH', `/api/v1/${entity}/${id}`, patch, one);
  assert.equal(answer.status, 200, answer.text);
  return answer.body;
};
const clocks = async (id) => (await api('GET', `/api/v1/case_clock?case_id=eq.${id}&order=started_at`)).body;
const say = (who, case_id, row) => make(who, 'case_message', { case_id, ...row });
async function until(what, look) {
  for (let i = 0; i < 200; i++) {
    if (await look()) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  assert.fail(what);
}

async function person(name) {
  const email = `${name}@example.com`;
  const role = (await api('GET', '/api/v1/role?key=eq.service')).body[0];
  const user = await make(api, 'user', { name, email, active: true, roles: [role.id] });
  const token = guanxi(['token', 'create', '--data', server.data, '--user', email, '--name', 'test']).out.trim();
  return Object.assign(client(server.url, token), { id: user.id });
}

before(async () => {
  server = await start();
  api = server.api;
  [clerk, mate] = [await person('Lin'), await person('Mei')];
  const calendar = await make(api, 'calendar', { name: 'office', time_zone: 'Asia/Shanghai', is_default: true, mon: '09:00-12:00 13:00-18:00', tue: '09:00-12:00 13:00-18:00',
    wed: '09:00-12:00 13:00-18:00', thu: '09:00-12:00 13:00-18:00', fri: '09:00-12:00 13:00-18:00' });
  ids.calendar = calendar.id;
  ids.vip = (await make(api, 'customer', { name: '王芳', kind: 'person', level: 'vip' })).id;
  ids.plain = (await make(api, 'customer', { name: 'Tom', kind: 'person' })).id;
  const refund = await make(api, 'case_topic', { name: 'Money', priority: 'high' });
  ids.topic = (await make(api, 'case_topic', { name: 'Refund', parent_id: refund.id, questions: 'Which order?\nWhich card?' })).id;
  await make(api, 'sla_policy', { name: 'VIP', position: 1, when_level: 'vip', first_minutes: 30, next_minutes: 60, solve_minutes: 480, escalate_minutes: 0, escalate_to_id: mate.id });
  await make(api, 'sla_policy', { name: 'urgent', position: 2, when_priority: 'urgent', first_minutes: 10, solve_minutes: 60 });
  await make(api, 'sla_policy', { name: 'all', position: 3, first_minutes: 240, next_minutes: 480, solve_minutes: 2400 });
  for (const p of (await api('GET', '/api/v1/sla_policy?select=id,name')).body) policies[p.name] = p.id;
});
after(async () => {
  await server?.stop();
  server?.remove();
});

test('priority and promise explain themselves: topic, customer, person', async () => {
  const made = await make(api, 'case', { subject: '退款', topic_id: ids.topic, customer_id: ids.vip, opened_at: '2026-11-02T01:00:00Z', owner_id: null });
  assert.match(made.number, /^C/);
  const now = await read(made.id);
  assert.equal(now.priority, 'high');
  assert.deepEqual(now.priority_reason, [{ why: 'topic', what: 'Money', to: 'high' }]);
  assert.deepEqual(now.policy_reason, [{ policy: policies.VIP, unfit: null }]);
  const plain = await make(api, 'case', { subject: 'hours?', customer_id: ids.plain, owner_id: null });
  assert.deepEqual((await read(plain.id)).policy_reason, [{ policy: policies.VIP, unfit: 'level' }, { policy: policies.urgent, unfit: 'priority' }, { policy: policies.all, unfit: null }]);
  await change(api, 'case', plain.id, { priority: 'urgent' });
  const raised = await read(plain.id);
  assert.deepEqual([raised.priority_reason[0].why, raised.policy_reason.at(-1).policy], ['person', policies.urgent]);
  await change(api, 'case', plain.id, { priority: null });
  assert.equal((await read(plain.id)).priority_reason.length, 0);
  // a loyal or important customer goes up one step
  const vip = await make(api, 'case', { subject: 'x', customer_id: ids.vip });
  assert.deepEqual((await read(vip.id)).priority_reason, [{ why: 'level', what: 'vip', to: 'high' }]);
});

test('deadlines run on the calendar: over the noon break and the night', async () => {
  // a Monday, 16:30 in Shanghai: 240 working minutes are 90 on that day and 150 on the next
  const made = await make(api, 'case', { subject: 'where is it', customer_id: ids.plain, opened_at: '2026-11-02T08:30:00Z', owner_id: mate.id });
  const first = (await clocks(made.id)).find((c) => c.kind === 'first');
  assert.equal(first.due_at, '2026-11-03T03:30:00Z');
  assert.equal(first.target_minutes, 240);
});

test('time stands still while the case waits; answers are credited to who gave them', async () => {
  const made = await make(api, 'case', { subject: 'where is it', customer_id: ids.plain, owner_id: mate.id });
  await say(api, made.id, { kind: 'in', body: '在吗', channel: 'chat' });
  await say(api, made.id, { kind: 'out', body: 'We have your message.', automatic: true });
  assert.equal((await clocks(made.id)).find((c) => c.kind === 'first').stopped_at, null, 'a machine answers nothing');
  const answer = await say(clerk, made.id, { kind: 'out', body: 'On its way.', seen: 99, then_state: 'waiting_customer' });
  assert.equal(answer.author_id, clerk.id);
  const then = await clocks(made.id);
  const kept = then.find((c) => c.kind === 'first');
  assert.equal(kept.by_user_id, clerk.id, 'not to the owner');
  assert.equal(kept.met, true);
  assert.equal(then.find((c) => c.kind === 'solve').due_at, null, 'time stands still');
  assert.equal((await read(made.id)).due_at, null);
  // a change of priority while it waits loses no pause
  await change(api, 'case', made.id, { priority: 'urgent' });
  assert.equal((await clocks(made.id)).find((c) => c.kind === 'solve').due_at, null);
  const back = await say(api, made.id, { kind: 'in', body: 'still nothing' });
  assert.ok(back.seq > answer.seq);
  const open = await read(made.id);
  assert.deepEqual([open.state, open.unread], ['open', true]);
  assert.ok((await clocks(made.id)).find((c) => c.kind === 'solve').due_at);
  const spans = (await api('GET', `/api/v1/case_span?case_id=eq.${made.id}&order=from_at`)).body;
  assert.deepEqual(spans.map((s) => [s.state, s.running]), [['new', true], ['waiting_customer', false], ['waiting_customer', false], ['open', true]]);
});

test('nobody answers past a colleague, nor while one is typing; the lock ends by itself or is taken', async () => {
  const made = await make(api, 'case', { subject: 'two at once', customer_id: ids.plain });
  await say(api, made.id, { kind: 'in', body: 'hello' });
  await say(clerk, made.id, { kind: 'out', body: 'from Lin', seen: 1 });
  const late = await mate('POST', '/api/v1/case_message', { case_id: made.id, kind: 'out', body: 'from Mei', seen: 1 });
  assert.deepEqual([late.status, late.body.errors[0].key ?? late.body.errors[0].code], [409, 'case_moved_on']);
  assert.equal((await clerk('POST', `/api/v1/case/${made.id}/here`, { typing: true })).status, 200);
  const seen = (await mate('POST', `/api/v1/case/${made.id}/here`, {})).body;
  assert.deepEqual([seen.people.map((p) => [p.name, p.typing]), seen.last_seq], [[['Lin', true]], 2]);
  const locked = await mate('POST', '/api/v1/case_message', { case_id: made.id, kind: 'out', body: 'from Mei', seen: 2 });
  assert.equal(locked.status, 409, locked.text);
  assert.match(locked.text, /Lin/);
  assert.equal((await mate('POST', `/api/v1/case/${made.id}/here`, { take: true })).status, 200);
  await say(mate, made.id, { kind: 'out', body: 'from Mei', seen: 2 });
  assert.equal((await clerk('POST', `/api/v1/case/${made.id}/here`, { leave: true })).status, 200);
  // going on by number after a lost connection
  const rest = (await clerk('GET', `/api/v1/case_message?case_id=eq.${made.id}&seq=gt.2&order=seq`)).body;
  assert.deepEqual(rest.map((m) => m.body), ['from Mei']);
  assert.equal((await api('POST', '/api/v1/case_message', { case_id: '999', kind: 'note', body: 'x' })).status, 422);
  assert.equal((await api('POST', `/api/v1/case/999/here`, {})).status, 404);
});

test('the next case by rule, and how many wait', async () => {
  const next = (await clerk('POST', '/api/v1/case/next', {})).body;
  assert.ok(next.id);
  const taken = await read(next.id);
  assert.deepEqual([taken.owner_id, taken.state], [clerk.id, 'open']);
  assert.ok(Date.parse(taken.due_at) < Date.now(), 'what is overdue comes first');
  const other = (await mate('POST', '/api/v1/case/next', { skip: next.id })).body;
  assert.notEqual(other.id, next.id);
  const counts = (await clerk('GET', '/api/v1/service/queue')).body;
  assert.ok(counts.mine.n >= 1 && counts.open.n >= counts.mine.n && counts.late.n >= 1);
});

test('merging moves what was said and can be taken back; splitting makes a case of its own', async () => {
  const [a, b] = [await make(api, 'case', { subject: 'one', customer_id: ids.plain }), await make(api, 'case', { subject: 'same', customer_id: ids.plain })];
  const foreign = await make(api, 'case', { subject: 'foreign', customer_id: ids.vip });
  for (const text of ['b1', 'b2']) await say(api, b.id, { kind: 'in', body: text });
  await say(api, a.id, { kind: 'in', body: 'a1' });
  assert.equal((await api('POST', `/api/v1/case/${b.id}/merge`, { into: foreign.id })).status, 409);
  assert.equal((await api('POST', `/api/v1/case/${b.id}/merge`, { into: b.id })).status, 422);
  const merged = await api('POST', `/api/v1/case/${b.id}/merge`, { into: a.id });
  assert.equal(merged.status, 200, merged.text);
  const said = async (id) => (await api('GET', `/api/v1/case_message?case_id=eq.${id}&kind=neq.event&order=seq`)).body.map((m) => m.body);
  assert.deepEqual(await said(a.id), ['a1', 'b1', 'b2']);
  assert.deepEqual([(await read(b.id)).state, (await read(b.id)).merged_into_id], ['closed', a.id]);
  assert.equal((await api('PATCH', `/api/v1/case/${b.id}`, { state: 'open' })).status, 409);
  assert.equal((await api('POST', `/api/v1/case/${b.id}/unmerge`)).status, 200);
  assert.deepEqual([await said(a.id), await said(b.id)], [['a1'], ['b1', 'b2']]);
  const split = await api('POST', `/api/v1/case/${b.id}/split`, { since: 999, subject: 'none' });
  assert.equal(split.status, 422);
  const since = (await api('GET', `/api/v1/case_message?case_id=eq.${b.id}&body=eq.b2`)).body[0].seq;
  const own = (await api('POST', `/api/v1/case/${b.id}/split`, { since, subject: 'b2 alone' })).body.id;
  assert.deepEqual([await said(b.id), await said(own), (await read(own)).parent_id], [['b1'], ['b2'], b.id]);
  const stolen = await api('PATCH', `/api/v1/case_message/${(await api('GET', `/api/v1/case_message?case_id=eq.${own}&kind=eq.in`)).body[0].id}`, { case_id: foreign.id });
  assert.ok(stolen.status >= 400, stolen.text);
});

test('reopened: time goes on where it stood; a holiday put in afterwards moves every deadline', async () => {
  const made = await make(api, 'case', { subject: 'far', customer_id: ids.plain, owner_id: mate.id });
  await say(api, made.id, { kind: 'in', body: 'please' });
  await change(api, 'case', made.id, { state: 'solved' });
  const solved = await clocks(made.id);
  assert.ok(solved.every((c) => c.stopped_at && c.met), JSON.stringify(solved));
  assert.equal((await read(made.id)).due_at, null);
  await say(api, made.id, { kind: 'in', body: 'not at all' });
  const again = await read(made.id);
  assert.deepEqual([again.state, again.reopened, again.solved_at], ['open', 1, null]);
  const due = (await clocks(made.id)).find((c) => c.kind === 'solve').due_at;
  const day = due.slice(0, 10);
  assert.equal((await api('POST', '/api/v1/calendar_day', { calendar_id: ids.calendar, date: day, kind: 'holiday', name: 'test' })).status, 201);
  await until('the deadline moves', async () => (await clocks(made.id)).find((c) => c.kind === 'solve').due_at > due);
  const moved = await read(made.id);
  assert.equal(moved.due_at, (await clocks(made.id)).filter((c) => !c.stopped_at).map((c) => c.due_at).sort()[0]);
});

test('what is overdue raises an alarm once, and the second level takes part', async () => {
  const made = await make(api, 'case', { subject: 'late', customer_id: ids.vip, opened_at: '2026-11-02T01:00:00Z', owner_id: clerk.id });
  await until('the alarm is raised', async () => (await read(made.id)).alarm === 'escalated');
  const events = (await api('GET', `/api/v1/case_message?case_id=eq.${made.id}&kind=eq.event&order=seq`)).body.map((m) => m.body);
  assert.ok(events.includes('sla_late') && events.includes('sla_escalated'), events.join());
  assert.equal(new Set(events).size, 3, 'each once, whatever the number of clocks');
  const whole = (await api('GET', `/api/v1/case/${made.id}?select=participants`)).body;
  assert.ok(JSON.stringify(whole).includes(mate.id), JSON.stringify(whole));
});

test('what does not fit is refused', async () => {
  const refused = async (entity, row, key) => {
    const answer = await api('POST', `/api/v1/${entity}`, row);
    assert.ok([409, 422].includes(answer.status) && answer.text.includes(key), `${answer.status} ${answer.text}`);
  };
  await refused('case', { subject: 'x', satisfied: 9 }, 'satisfied');
  await refused('case', { subject: 'x', opened_at: '2031-01-01T00:00:00Z' }, 'opened_at');
  await refused('sla_policy', { name: 'bad', first_minutes: 0 }, 'first_minutes');
  await refused('sla_policy', { name: 'bad', warn_percent: 101 }, 'warn_percent');
  const topic = (await api('GET', `/api/v1/case_topic?id=eq.${ids.topic}`)).body[0];
  const loop = await api('PATCH', `/api/v1/case_topic/${topic.parent_id}`, { parent_id: topic.id });
  assert.equal(loop.status, 422, loop.text);
  const made = await make(api, 'case', { subject: 'x', state: 'open' });
  assert.equal((await api('PATCH', `/api/v1/case/${made.id}`, { state: 'new' })).status, 422);
  assert.equal((await api('PATCH', `/api/v1/case/${made.id}`, { parent_id: made.id })).status, 422);
});

test('a complaint is felt and graded by the firm’s criteria; a person’s word stays; repeats are found', async () => {
  const boss = await person('Zhou');
  const team = await make(api, 'team', { name: 'complaints' });
  await make(api, 'complaint_grade', { name: 'harm', position: 1, severity: 'critical', when_words: '过敏\n受伤', team_id: team.id, told: [boss.id], follow_up_days: 3 });
  await make(api, 'complaint_grade', { name: 'again', position: 2, severity: 'major', when_repeats: 2 });
  await make(api, 'complaint_grade', { name: 'angry', position: 3, severity: 'major', when_feeling: '-0.60' });
  await make(api, 'complaint_grade', { name: 'other', position: 4, severity: 'minor' });
  const customer = await make(api, 'customer', { name: '李雷', kind: 'person' });
  const made = await make(api, 'case', { subject: '关于上周的订单', kind: 'complaint', customer_id: customer.id });
  assert.equal((await read(made.id)).severity, 'minor');
  await say(api, made.id, { kind: 'in', body: '用了之后孩子皮膚過敏，太失望了，质量很差' });
  const now = await read(made.id);
  assert.deepEqual([now.severity, now.priority, now.team_id, now.feeling], ['critical', 'urgent', team.id, 'negative']);
  assert.match(now.feeling_words, /失望/);
  assert.ok(JSON.stringify((await api('GET', `/api/v1/case/${made.id}?select=participants`)).body).includes(boss.id));
  // a person knows better, and is not overruled by the next message
  await change(api, 'case', made.id, { severity: 'minor', feeling: 'neutral' });
  await say(api, made.id, { kind: 'in', body: '还是过敏，很生气' });
  const kept = await read(made.id);
  assert.deepEqual([kept.severity, kept.feeling, kept.feeling_by_person], ['minor', 'neutral', true]);
  const second = await make(api, 'case', { subject: 'the lamp', kind: 'complaint', customer_id: customer.id });
  const again = await read(second.id);
  assert.deepEqual([again.severity, again.repeats, again.repeat_of_id], ['major', 1, made.id]);
  // asked after three days: a timer waits as long as it is solved
  await change(api, 'case', made.id, { severity: null });
  assert.equal((await read(made.id)).severity, 'critical');
  await change(api, 'case', made.id, { state: 'solved' });
  const waiting = (await api('GET', '/api/v1/timers')).body.kinds.find((k) => k.kind === 'case.follow');
  assert.equal(waiting.waiting, 1);
  assert.ok(Math.abs(Date.parse(waiting.next_at) - Date.now() - 3 * 86400_000) < 60_000);
  await change(api, 'case', made.id, { state: 'open' });
  assert.equal((await api('GET', '/api/v1/timers')).body.kinds.find((k) => k.kind === 'case.follow'), undefined);
});

test('amends within the limit at once, above it by another; refunds never pass what was paid, even asked at once', async () => {
  await make(api, 'compensation_limit', { severity: null, amount: '50.00' });
  const wide = await make(api, 'compensation_limit', { user_id: mate.id, amount: '400.00' });
  await change(api, 'compensation_limit', wide.id, { amount: '450.00' });
  assert.equal((await api('PATCH', `/api/v1/compensation_limit?id=eq.${wide.id}`, { amount: '500.00' })).status, 204);
  const coupon = await make(api, 'compensation_item', { name: 'coupon 20', kind: 'coupon', value: '20.00' });
  const order = await make(api, 'order', { customer_id: ids.plain, state: 'paid', total: '100.00' });
  await make(api, 'payment', { order_id: order.id, amount: '100.00', kind: 'payment' });
  const made = await make(api, 'case', { subject: 'make it good', kind: 'complaint', customer_id: ids.plain, order_id: order.id });
  const give = (who, row) => who('POST', '/api/v1/compensation', { case_id: made.id, ...row }, one);
  const first = (await give(clerk, { item_id: coupon.id })).body;
  assert.deepEqual([first[0]?.state ?? first.state, first[0]?.amount ?? first.amount], ['approved', '20.00']);
  const asked = await give(clerk, { kind: 'gift', amount: '40.00' });
  const gift = asked.body[0] ?? asked.body;
  assert.equal(gift.state, 'asked', 'with the coupon it is more than 50');
  const decide = (who, id, state) => who('PATCH', `/api/v1/compensation/${id}`, { state }, one);
  assert.equal((await decide(clerk, gift.id, 'approved')).status, 403);
  assert.equal((await decide(mate, gift.id, 'given')).status, 422);
  const approved = await decide(mate, gift.id, 'approved');
  assert.deepEqual([approved.status, approved.body.decided_by_id], [200, mate.id]);
  // ten times thirty at once: three fit into a hundred
  const answers = await Promise.all(Array.from({ length: 10 }, () => give(mate, { kind: 'refund', amount: '30.00' })));
  assert.deepEqual(answers.map((a) => a.status).sort(), [201, 201, 201, ...Array(7).fill(409)]);
  const back = answers.filter((a) => a.status === 201).map((a) => (a.body[0] ?? a.body).id);
  for (const id of back) assert.equal((await decide(mate, id, 'given')).status, 200);
  const paid = (await api('GET', `/api/v1/payment?order_id=eq.${order.id}&kind=eq.refund`)).body;
  assert.deepEqual(paid.map((p) => p.amount), ['30.00', '30.00', '30.00']);
  assert.equal((await give(mate, { kind: 'refund', amount: '10.01' })).status, 409);
  assert.equal((await give(mate, { kind: 'refund', amount: '-1' })).status, 422);
});

test('a limit stays used when amends are deleted; a clerk’s own word on severity widens none; nothing is given that was paid back meanwhile', async () => {
  await make(api, 'compensation_limit', { severity: 'critical', amount: '300.00' });
  const role = await make(api, 'role', { name: 'tidies', rights: { case: { read: 'all', update: 'all' }, compensation: { read: 'all', create: 'all', update: 'all', delete: 'all' } }, caps: [] });
  await make(api, 'user', { name: 'Tidy', email: 'tidy@example.com', roles: [role.id] });
  const tidy = client(server.url, guanxi(['token', 'create', '--data', server.data, '--user', 'tidy@example.com', '--name', 't']).out.trim());
  const order = await make(api, 'order', { customer_id: ids.plain, state: 'paid', total: '100.00' });
  await make(api, 'payment', { order_id: order.id, amount: '100.00', kind: 'payment' });
  const complaint = (subject) => make(api, 'case', { subject, kind: 'complaint', customer_id: ids.plain, order_id: order.id });
  const give = async (made, row) => make(tidy, 'compensation', { case_id: made.id, kind: 'gift', ...row });
  const made = await complaint('something small');
  const first = await give(made, { amount: '50.00' });
  assert.equal(first.state, 'approved');
  assert.equal((await tidy('DELETE', `/api/v1/compensation/${first.id}`)).status, 204);
  assert.equal((await give(made, { amount: '50.00' })).state, 'asked', 'deleted, it counts all the same');
  assert.equal((await api('POST', `/api/v1/compensation/${first.id}/restore`)).status, 200);
  assert.equal((await api('GET', `/api/v1/compensation/${first.id}`)).body.state, 'approved');
  const wide = await complaint('another');
  await change(tidy, 'case', wide.id, { severity: 'critical' });
  assert.equal((await give(wide, { amount: '300.00' })).state, 'asked', 'their own word');
  // the firm's criteria say so
  const hurt = await complaint('孩子受伤了');
  assert.equal((await read(hurt.id)).severity, 'critical');
  const back = await give(hurt, { kind: 'refund', amount: '60.00' });
  assert.equal(back.state, 'approved');
  assert.equal((await read(hurt.id)).amends, '60.00');
  await make(api, 'payment', { order_id: order.id, amount: '50.00', kind: 'refund' });
  const late = await tidy('PATCH', `/api/v1/compensation/${back.id}`, { state: 'given' });
  assert.deepEqual([late.status, late.text.includes('compensation_over_paid')], [409, true], late.text);
  await change(tidy, 'compensation', back.id, { state: 'taken_back' });
  assert.equal((await read(hurt.id)).amends, '0.00');
});

test('what comes back from the deleted is as it was: who said what, in which order, what was given and when it was solved', async () => {
  const order = await make(api, 'order', { customer_id: ids.plain, state: 'paid', total: '100.00' });
  await make(api, 'payment', { order_id: order.id, amount: '100.00', kind: 'payment' });
  const made = await make(api, 'case', { subject: '受伤', kind: 'complaint', customer_id: ids.plain, order_id: order.id });
  await say(api, made.id, { kind: 'in', body: 'first' });
  await say(clerk, made.id, { kind: 'out', body: 'second', seen: 99 });
  await say(api, made.id, { kind: 'in', body: 'third' });
  await say(mate, made.id, { kind: 'out', body: 'fourth', seen: 99, then_state: 'solved' });
  const refund = await make(mate, 'compensation', { case_id: made.id, kind: 'refund', amount: '80.00' });
  await change(mate, 'compensation', refund.id, { state: 'given' });
  const article = await make(api, 'article', { title: 'Comes back', body: 'Once published', state: 'published' });
  const kept = async () => [
    (await api('GET', `/api/v1/case/${made.id}?select=state,severity,grade_id,priority,priority_auto,solved_at,solved_by_id,last_seq,unread,amends,feeling_by_person`)).body,
    (await api('GET', `/api/v1/case_message?case_id=eq.${made.id}&select=seq,kind,body,author_id,at&order=seq`)).body,
    (await api('GET', `/api/v1/compensation?case_id=eq.${made.id}&select=state,amount,asked_by_id,decided_by_id,decided_at`)).body,
    (await api('GET', `/api/v1/article/${article.id}?select=state,number,published_at,shown_body`)).body,
    (await api('GET', `/api/v1/payment?order_id=eq.${order.id}&select=kind,amount&order=id`)).body,
  ];
  const was = await kept();
  for (const [entity, id] of [['case', made.id], ['article', article.id]]) {
    assert.equal((await api('DELETE', `/api/v1/${entity}/${id}`)).status, 204);
    const back = await api('POST', `/api/v1/${entity}/${id}/restore`);
    assert.equal(back.status, 200, back.text);
  }
  assert.deepEqual(await kept(), was);
});

test('who may only talk in a case does not end it', async () => {
  const role = await make(api, 'role', { name: 'talks', rights: { case: { read: 'all' }, case_message: { read: 'all', create: 'all' } }, caps: [] });
  await make(api, 'user', { name: 'Talks', email: 'talks@example.com', roles: [role.id] });
  const talks = client(server.url, guanxi(['token', 'create', '--data', server.data, '--user', 'talks@example.com', '--name', 't']).out.trim());
  const made = await make(api, 'case', { subject: 'not theirs', customer_id: ids.plain });
  const word = (then_state) => talks('POST', '/api/v1/case_message', { case_id: made.id, kind: 'note', body: 'done', then_state });
  assert.equal((await word('solved')).status, 403);
  assert.equal((await word('waiting_other')).status, 201);
  assert.equal((await api('GET', `/api/v1/case/${made.id}`)).body.state, 'waiting_other');
});

test('amends offered are of their kind and worth; money goes back to who paid it, and not again by taking it back', async () => {
  const coupon = await make(api, 'compensation_item', { name: 'coupon 100', kind: 'coupon', value: '100.00' });
  const other = await make(api, 'customer', { name: 'Another payer' });
  const orders = {};
  for (const [name, customer_id] of [['own', ids.plain], ['other', other.id]]) {
    orders[name] = await make(api, 'order', { customer_id, state: 'paid', total: '500.00' });
    await make(api, 'payment', { order_id: orders[name].id, amount: '500.00', kind: 'payment' });
  }
  const made = await make(api, 'case', { subject: 'within the limit of 50', kind: 'complaint', customer_id: ids.plain });
  const give = (row) => clerk('POST', '/api/v1/compensation', { case_id: made.id, ...row }, one);
  const said = async (answer, key) => assert.deepEqual([answer.status, answer.text.includes(key)], [422, true], answer.text);
  await said(await give({ item_id: coupon.id, amount: '0.01' }), 'compensation_item_other');
  await said(await give({ item_id: coupon.id, kind: 'call' }), 'compensation_item_other');
  await said(await give({ kind: 'refund', amount: '10.00', order_id: orders.other.id }), 'compensation_payer');
  const whole = (await give({ item_id: coupon.id })).body;
  assert.deepEqual([(whole[0] ?? whole).state, (whole[0] ?? whole).amount], ['asked', '100.00']);
  const first = (await give({ kind: 'refund', amount: '50.00', order_id: orders.own.id })).body;
  const { id, state } = first[0] ?? first;
  assert.equal(state, 'approved');
  assert.equal((await clerk('PATCH', `/api/v1/compensation/${id}`, { state: 'given' })).status, 200);
  assert.equal((await clerk('PATCH', `/api/v1/compensation/${id}`, { state: 'taken_back' })).status, 422);
  const again = (await give({ kind: 'refund', amount: '50.00', order_id: orders.own.id })).body;
  assert.equal((again[0] ?? again).state, 'asked');
});

test('knowledge: what is published is found and offered with why; drafts never are; every publication is kept', async () => {
  const write = (row) => make(api, 'article', { topic_id: ids.topic, audience: 'public', ...row });
  const cup = await write({ title: '退款多久到账', body: '支付宝退款一般三个工作日原路到账，银行卡七个工作日。', state: 'published' });
  await write({ title: '支付宝退款的内部口径', body: '退款到账时间内部说明 zebrafish', state: 'draft' });
  await make(api, 'article', { title: 'How to wash enamel mugs', body: 'Wash enamel mugs by hand.', state: 'published' });
  const search = async (q) => (await api('GET', `/api/v1/article?q=${encodeURIComponent(q)}&select=id,title`)).body.map((a) => a.id);
  assert.deepEqual(await search('支付宝'), [cup.id]);
  assert.deepEqual(await search('zebrafish'), []);
  assert.ok(!(await api('GET', '/api/v1/search?q=zebrafish')).text.includes('内部口径'));
  const made = await make(api, 'case', { subject: '钱呢', topic_id: ids.topic, customer_id: ids.plain });
  await say(api, made.id, { kind: 'in', body: '支付寶退款什麼時候到賬？' });
  const offers = (await clerk('GET', `/api/v1/case/${made.id}/articles`)).body;
  assert.deepEqual([offers.length, offers[0].id, offers[0].same_topic], [1, cup.id, true]);
  assert.ok(offers[0].words.includes('退款'), offers[0].words.join());
  assert.equal((await clerk('POST', `/api/v1/article/${cup.id}/told`, { what: 'taken' })).status, 204);
  assert.equal((await clerk('POST', `/api/v1/article/${cup.id}/told`, { what: 'nonsense' })).status, 422);
  assert.equal((await clerk('GET', `/api/v1/case/999/articles`)).status, 404);
  // changed words are a draft; readers and search keep what was published until it is published again
  const changed = await change(api, 'article', cup.id, { body: '现在五个工作日 quokka' });
  assert.deepEqual([changed.state, changed.shown_body.includes('三个'), changed.suggested, changed.number], ['draft', true, 1, 1]);
  assert.deepEqual([await search('quokka'), await search('支付宝')], [[], [cup.id]]);
  await change(api, 'article', cup.id, { state: 'published' });
  assert.deepEqual(await search('quokka'), [cup.id]);
  const versions = (await api('GET', `/api/v1/article_version?article_id=eq.${cup.id}&order=number`)).body;
  assert.deepEqual(versions.map((v) => [v.number, v.body.includes('三个')]), [[1, true], [2, false]]);
  assert.equal((await api('GET', `/api/v1/article_version/${versions[0].id}`)).body.body, versions[0].body);
  await change(api, 'article', cup.id, { state: 'withdrawn' });
  assert.deepEqual([await search('quokka'), (await clerk('GET', `/api/v1/case/${made.id}/articles`)).body], [[], []]);
});

// the last one: the program is stopped and started
test('a solved complaint is asked after when its days are over: the case says so, and there is a call to make', { skip: !hasSql }, async () => {
  const customer = await make(api, 'customer', { name: '韩梅梅', kind: 'person' });
  const made = await make(api, 'case', { subject: '受伤后续', kind: 'complaint', customer_id: customer.id, owner_id: clerk.id });
  const nobody = await make(api, 'case', { subject: '受伤，没有人负责', kind: 'complaint', customer_id: customer.id, owner_id: null });
  const dropped = await make(api, 'case', { subject: '受伤，已删除', kind: 'complaint', customer_id: customer.id });
  for (const { id } of [made, nobody, dropped]) await change(api, 'case', id, { state: 'solved' });
  assert.equal((await api('DELETE', `/api/v1/case/${dropped.id}`)).status, 204);
  await server.stop();
  sql(server.data, "UPDATE timer SET due_at = 1 WHERE kind = 'case.follow'");
  Object.assign(server, await serve(server.data));
  api = client(server.url, server.token);
  await until('it fires', async () => (await api('GET', '/api/v1/timers')).body.kinds.every((k) => k.kind !== 'case.follow'));
  assert.deepEqual((await api('GET', '/api/v1/timers')).body.aside, []);
  const calls = (await api('GET', `/api/v1/interaction?customer_id=eq.${customer.id}&order=id`)).body;
  assert.deepEqual(calls.map((c) => [c.kind, c.state, c.subject, c.owner_id]), [['call', 'open', '受伤后续', clerk.id], ['call', 'open', '受伤，没有人负责', null]]);
  assert.ok(Math.abs(Date.parse(calls[0].due_at) - Date.now()) < 60_000);
  const told = (await api('GET', `/api/v1/case_message?case_id=eq.${made.id}&body=eq.complaint_ask_again`)).body;
  assert.deepEqual([told.length, (await read(made.id)).state], [1, 'solved']);
});
