// Contracts: term, notice, amendments as versions, recurring lines that become receivables once, renewal once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { person } from '../lib/attack.mjs';
import { client, serve, start } from '../lib/server.mjs';
import { hasSql, sql } from '../lib/sql.mjs';
import { setTimeout as sleep } from 'node:timers/promises';

let server, api, li;
const day = (days) => new Date(Date.now() + 8 * 3_600_000 + days * 86_400_000).toISOString().slice(0, 10); // the firm's clock: Shanghai

async function make(entity, body, who = api) {
  const answer = await who('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' });
  assert.equal(answer.status, 201, `${entity}: ${answer.text}`);
  return answer.body[0] ?? answer.body;
}
const get = async (path, who = api) => {
  const answer = await who('GET', `/api/v1/${path}`);
  assert.equal(answer.status, 200, `${path}: ${answer.text}`);
  return answer.body;
};
const post = (path, body = {}, who = api) => who('POST', `/api/v1/${path}`, body);
const key = (answer) => answer.body?.errors?.[0]?.key;
const contract = (more = {}) => make('contract', { title: 'Service 2026', customer_id: li, starts_on: '2026-01-31', ends_on: '2027-01-30', value: '1200.00', state: 'active', ...more });

before(async () => {
  server = await start();
  api = server.api;
  li = (await make('customer', { name: 'Li' })).id;
});
after(async () => {
  await server?.stop();
  server?.remove();
});

test('a contract has its notice day; a monthly line from the 31st falls on the last day of short months and is planned once', async () => {
  const c = await contract();
  assert.deepEqual([c.notice_on, c.version_no, c.value_base], ['2026-12-01', 1, '1200.00']);
  const line = await make('contract_line', { contract_id: c.id, title: 'Care', amount: '100', every: 'month', first_on: '2026-01-31' });
  await make('contract_line', { contract_id: c.id, title: 'Set-up', amount: '55.5', every: 'once', first_on: '2026-02-10' });
  const made = await Promise.all(Array.from({ length: 12 }, () => post(`contract/${c.id}/plan`, { until: '2026-05-30' })));
  assert.deepEqual(made.map((a) => a.status), Array(12).fill(200), made.map((a) => a.text).join());
  assert.equal(made.reduce((n, a) => n + a.body.made, 0), 5, 'each once, whoever asks');
  const due = await get(`receivable?contract_id=eq.${c.id}&order=due_on,amount&select=title,due_on,amount,customer_id`);
  assert.deepEqual(due.map((r) => [r.title, r.due_on, r.amount]), [['Care 2026-01', '2026-01-31', '100.00'], ['Set-up 2026-02', '2026-02-10', '55.50'], ['Care 2026-02', '2026-02-28', '100.00'], ['Care 2026-03', '2026-03-31', '100.00'], ['Care 2026-04', '2026-04-30', '100.00']]);
  assert.deepEqual(await get(`contract_line/${line.id}?select=planned,next_on`), { planned: 4, next_on: '2026-05-31' });
  assert.equal(key(await api('PATCH', `/api/v1/contract_line/${line.id}`, { first_on: '2026-02-01' })), 'contract_line_planned');
  // to its end and no further
  assert.equal((await post(`contract/${c.id}/plan`, { until: '2030-01-01' })).body.made, 8);
  assert.deepEqual(await get(`contract_line/${line.id}?select=planned,next_on`), { planned: 12, next_on: null });
  // a longer term: it goes on
  await api('PATCH', `/api/v1/contract/${c.id}`, { ends_on: '2027-03-01' });
  assert.equal((await get(`contract_line/${line.id}`)).next_on, '2027-01-31');
  // terminated: what is not due yet is not asked for
  assert.equal((await post(`contract/${c.id}/transitions/terminate`, { state_reason: 'moved' })).status, 200);
  const states = await get(`receivable?contract_id=eq.${c.id}&order=due_on&select=state,due_on`);
  assert.ok(states.every((r) => (r.state === 'cancelled') === (r.due_on > day(0))), JSON.stringify(states));
  assert.equal(key(await post(`contract/${c.id}/plan`)), 'contract_not_in_force');
});

test('an amendment keeps what was before, with its reason; several at once get versions of their own', async () => {
  const c = await contract();
  const done = await post(`contract/${c.id}/amend`, { reason: 'two seats more', effective_on: '2026-07-01', changes: { value: '1500.00', ends_on: '2027-06-30' } });
  assert.equal(done.status, 204, done.text);
  const now = await get(`contract/${c.id}`), [old] = await get(`contract_version?contract_id=eq.${c.id}`);
  assert.equal((await get(`contract_version/${old.id}`)).version_no, old.version_no);
  assert.deepEqual([now.value, now.ends_on, now.version_no], ['1500.00', '2027-06-30', 2]);
  assert.deepEqual([old.version_no, old.value, old.ends_on, old.reason, old.until_on], [1, '1200.00', '2027-01-30', 'two seats more', '2026-06-30']);
  for (const [body, want] of [[{ reason: 'x', changes: {} }, 'contract_no_changes'], [{ reason: 'x', changes: { state: 'ended' } }, 'contract_no_changes'], [{ reason: 'x', changes: { ends_on: '2025-01-01' } }, 'contract_ends_before'],
    [{ reason: 'x', changes: { version_no: 9 } }, undefined], [{ changes: { value: '1' } }, 'required'], [{ reason: 'x', effective_on: '2026-02-30', changes: { value: '1' } }, 'contract_day']]) {
    const answer = await post(`contract/${c.id}/amend`, body);
    assert.ok(answer.status >= 400 && answer.status < 500, answer.text);
    if (want) assert.equal(key(answer), want, answer.text);
  }
  assert.equal((await get(`contract_version?contract_id=eq.${c.id}`)).length, 1, 'what was refused leaves no version');
  await Promise.all(Array.from({ length: 4 }, (_, i) => post(`contract/${c.id}/amend`, { reason: `r${i}`, changes: { value: `${i + 1}.00` } })));
  assert.deepEqual((await get(`contract_version?contract_id=eq.${c.id}&order=version_no`)).map((v) => v.version_no), [1, 2, 3, 4, 5]);
  assert.equal((await api('POST', '/api/v1/contract_version', { contract_id: c.id, version_no: 9, reason: 'forged' })).status, 403);
  const reader = await person(server, 'reader', { '*': { read: 'all' } });
  assert.equal((await post(`contract/${c.id}/amend`, { reason: 'x', changes: { value: '1' } }, reader.api)).status, 403);
  const blind = await person(server, 'blind', { contract: { read: 'all', fields: { value: 'hidden' } }, contract_version: { read: 'all' } });
  assert.ok(!('value' in (await get(`contract_version?contract_id=eq.${c.id}`, blind.api))[0]), 'an earlier value of a hidden one');
});

test('of 12 renewals at once one succeeds; term, parties and lines go on the day after', async () => {
  const c = await contract({ renewal_months: 6 });
  await make('contract_party', { contract_id: c.id, name: 'Guan Xi Ltd', role: 'seller', signatory: 'Wu' });
  await make('contract_line', { contract_id: c.id, title: 'Care', amount: '100', every: 'quarter', first_on: '2026-02-15' });
  await make('contract_line', { contract_id: c.id, title: 'Set-up', amount: '9', every: 'once', first_on: '2026-02-10' });
  const all = await Promise.all(Array.from({ length: 12 }, () => post(`contract/${c.id}/renew`)));
  const won = all.filter((a) => a.status === 201);
  assert.equal(won.length, 1, all.map((a) => a.text).join());
  assert.ok(all.filter((a) => a.status !== 201).every((a) => key(a) === 'contract_renewed'));
  const next = await get(`contract/${won[0].body.id}`), old = await get(`contract/${c.id}`);
  assert.deepEqual([next.starts_on, next.ends_on, next.state, next.previous_id, old.state, old.next_id], ['2027-01-31', '2027-07-30', 'draft', c.id, 'renewed', next.id]);
  assert.deepEqual((await get(`contract_line?contract_id=eq.${next.id}`)).map((l) => [l.title, l.first_on]), [['Care', '2027-02-15']]);
  assert.deepEqual((await get(`contract_party?contract_id=eq.${next.id}`)).map((p) => [p.name, p.signatory]), [['Guan Xi Ltd', 'Wu']]);
  // the follower deleted: it can be renewed again
  assert.equal((await api('DELETE', `/api/v1/contract/${next.id}`)).status, 204);
  assert.equal((await post(`contract/${c.id}/renew`)).status, 201);
  assert.equal(key(await post(`contract/${(await contract({ ends_on: null })).id}/renew`)), 'contract_endless');
  assert.equal(key(await post(`contract/${(await contract({ state: 'draft' })).id}/renew`)), 'contract_not_in_force');
});

test('bad input is refused in words; a paid plan line keeps its contract; a file hangs on it', async () => {
  for (const [body, want] of [[{ ends_on: '2025-01-01' }, 'contract_ends_before'], [{ value: '-1' }, 'contract_negative'], [{ renewal_months: 0 }, undefined], [{ customer_id: null }, 'required']]) {
    const answer = await post('contract', { title: 'x', customer_id: li, starts_on: '2026-01-01', ...body });
    assert.equal(answer.status, 422, answer.text);
    if (want) assert.equal(key(answer), want);
  }
  const c = await contract();
  assert.equal(key(await post('contract_line', { contract_id: c.id, title: 'x', amount: '-1', every: 'month', first_on: '2026-01-01' })), 'not_positive');
  await make('contract_line', { contract_id: c.id, title: 'Fee', amount: '10', every: 'once', first_on: '2026-02-01' });
  await post(`contract/${c.id}/plan`, {});
  const [due] = await get(`receivable?contract_id=eq.${c.id}`), receipt = await make('receipt', { customer_id: li, amount: '10.00' });
  await make('allocation', { receipt_id: receipt.id, receivable_id: due.id, amount: '10.00' });
  assert.equal((await api('DELETE', `/api/v1/contract/${c.id}`)).status, 409);
  const up = await api('POST', `/api/v1/file?name=signed.pdf&entity=contract&record_id=${c.id}`, '%PDF-1.4', { 'Content-Type': 'application/pdf' });
  assert.equal(up.status, 201, up.text);
  assert.deepEqual(await get(`attachment/${up.body.id}?select=contract_id,customer_id`), { contract_id: c.id, customer_id: li });
});

test('each night what renews itself goes on, what does not ends, and lines fall due; the notice day is a task', { skip: hasSql ? false : 'no SQL client' }, async () => {
  const over = { starts_on: '2025-01-01', ends_on: day(-2) }, [auto, plain] = [await contract({ ...over, renewal: 'auto' }), await contract({ ...over, renewal: 'none' })];
  const runs = await contract({ ends_on: day(300) }), soon = await contract({ title: 'Soon', ends_on: day(20) });
  await make('contract_line', { contract_id: runs.id, title: 'Rent', amount: '7', every: 'month', first_on: day(10) });
  await server.stop();
  sql(server.data, "UPDATE timer SET due_at = 1 WHERE (kind = 'schedule' AND key = 'contracts.nightly') OR kind = 'contract.notice'");
  Object.assign(server, await serve(server.data));
  api = client(server.url, server.token);
  const due = () => get(`receivable?contract_id=eq.${runs.id}&order=due_on&select=due_on,amount`);
  const told = () => get(`interaction?about=eq.contract/${soon.id}&select=subject,state`);
  for (let i = 0; i < 100 && ((await due()).length === 0 || (await told()).length === 0); i++) await sleep(50);
  assert.equal((await get(`contract/${plain.id}`)).state, 'ended');
  const old = await get(`contract/${auto.id}`), next = await get(`contract/${old.next_id}`);
  assert.deepEqual([old.state, next.state, next.starts_on], ['renewed', 'active', day(-1)]);
  const planned = await due();
  assert.deepEqual([planned.length, planned[0].due_on, planned[0].amount], [2, day(10), '7.00']);
  const tasks = await told();
  assert.deepEqual([tasks.length, tasks[0].state, /Soon/.test(tasks[0].subject)], [1, 'open', true]);
});

test('what would fall behind the year 9999 does not fall due; such a contract is not renewed', async () => {
  const c = await contract({ starts_on: '9998-01-31', ends_on: '9999-12-31' });
  const line = await make('contract_line', { contract_id: c.id, title: 'Care', amount: '1', every: 'month', first_on: '9999-10-15' });
  await api('PATCH', `/api/v1/contract/${c.id}`, { ends_on: null });
  const made = await post(`contract/${c.id}/plan`, { until: '9999-11-30' });
  assert.deepEqual([made.status, made.body.made], [200, 2], made.text);
  assert.equal((await get(`contract_line/${line.id}`)).next_on, '9999-12-15');
  await api('PATCH', `/api/v1/contract/${c.id}`, { ends_on: '9999-12-31' });
  const renewed = await post(`contract/${c.id}/renew`);
  assert.deepEqual([renewed.status, key(renewed)], [422, 'day_range'], renewed.text);
  const early = await post('contract', { title: 'Old', customer_id: li, starts_on: '0001-01-01', ends_on: '0001-01-02', notice_days: 3650 });
  assert.deepEqual([early.status, key(early)], [422, 'day_range'], early.text);
});

test('a contract that can not go on by itself holds up no other; what a firm added goes on with it', { skip: hasSql ? false : 'no SQL client' }, async () => {
  const own = (name) => make('custom_fields', { entity: 'contract', name, type: 'text', label: { en: name, zh: name } });
  const [site, must] = [await own('site'), await own('must')];
  const over = { starts_on: '2025-01-01', ends_on: day(-9), renewal: 'auto' }, stuck = await contract({ ...over, title: 'Stuck', site: 'A' });
  const good = await contract({ ...over, ends_on: day(-2), site: 'B', must: 'yes' }), plain = await contract({ ...over, ends_on: day(-2), renewal: 'none' });
  assert.equal((await api('PATCH', `/api/v1/custom_fields/${must.id}`, { required: true })).status, 200, site.id);
  await server.stop();
  sql(server.data, "UPDATE timer SET due_at = 1 WHERE kind = 'schedule' AND key = 'contracts.nightly'");
  Object.assign(server, await serve(server.data));
  api = client(server.url, server.token);
  const state = async (c) => (await get(`contract/${c.id}`)).state;
  for (let i = 0; i < 100 && (await state(plain)) !== 'ended'; i++) await sleep(50);
  assert.deepEqual([await state(stuck), await state(good), await state(plain)], ['active', 'renewed', 'ended']);
  const next = await get(`contract/${(await get(`contract/${good.id}`)).next_id}`);
  assert.deepEqual([next.site, next.must], ['B', 'yes']);
});
