// Leads: points with their reasons, whose they become, made into customer, contact and deal exactly once, and back.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { client, guanxi, start } from '../lib/server.mjs';

let server, api;

async function make(entity, body, as = api) {
  const answer = await as('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' });
  assert.equal(answer.status, 201, answer.text);
  return Array.isArray(body) ? answer.body : answer.body[0];
}
const get = async (path, as = api) => (await as('GET', `/api/v1/${path}`)).body;
const lead = async (body, as = api) => get(`lead/${(await make('lead', { name: 'Li Na', ...body }, as)).id}`, as);
const convert = (id, body = {}, as = api) => as('POST', `/api/v1/lead/${id}/convert`, body);
const undo = (id) => api('POST', `/api/v1/lead/${id}/undo`, {});
const refused = async (answer, status, key) => assert.deepEqual([(await answer).status, (await answer).body.errors?.[0].key], [status, key], (await answer).text);
async function person(name, rights, more = {}) {
  const role = await make('role', { name: `role of ${name}`, rights, caps: [] });
  const user = await make('user', { name, email: `${name}@example.com`, roles: [role.id], ...more });
  return { id: user.id, api: more.active === false ? null : client(server.url, guanxi(['token', 'create', '--data', server.data, '--user', `${name}@example.com`, '--name', 't']).out.trim()) };
}

before(async () => {
  server = await start();
  api = server.api;
});
after(() => server?.close());

test('the score follows what is known, says why, and the points can be edited', async () => {
  const bare = await lead({});
  assert.deepEqual([bare.score, bare.score_why], [0, []]);
  const full = await lead({ phone: '13800138000', company: 'Silk', source: 'referral', interest: 'mugs', amount: '10000' });
  assert.equal(full.score, 15 + 15 + 25 + 20 + 20);
  assert.deepEqual(full.score_why.map((w) => w.points), [15, 15, 25, 20, 20]);
  assert.equal((await api('PATCH', `/api/v1/lead/${full.id}`, { phone: null })).status, 200);
  assert.equal((await get(`lead/${full.id}`)).score, 80);
  const rule = await make('lead_point', { name: 'From Bath', condition: { field: 'city', op: 'eq', value: 'Bath' }, points: -30 });
  assert.equal((await lead({ company: 'X', interest: 'y', city: 'Bath' })).score, 5);
  assert.equal((await lead({ city: 'Bath' })).score, 0, 'never below nothing');
  for (const condition of [{ field: 'nothing', op: 'eq', value: 1 }, { op: 'eq' }, 'x', 7, { field: 'city', op: 'no', value: 'x' }])
    assert.equal((await api('PATCH', `/api/v1/lead_point/${rule.id}`, { condition })).status, 422, JSON.stringify(condition));
  await refused(api('POST', '/api/v1/lead', { note: 'x' }), 422, 'lead_nameless');
  await refused(api('POST', '/api/v1/lead', { name: 'x', state: 'unfit' }), 422, 'lead_unfit_why');
  await refused(api('POST', '/api/v1/lead', { name: 'x', state: 'converted' }), 422, 'lead_converts_itself');
  assert.equal((await lead({ name: null, company: 'Only a firm' })).name, 'Only a firm');
});

test('given out in turn to those who are there, by territory first, or to who has fewest', async () => {
  const all = { lead: { read: 'all', create: 'all', update: 'all' } };
  const a = await person('ann', all), b = await person('ben', all), gone = await person('gone', all, { active: false }), c = await person('cat', all);
  await make('lead_assignment', { name: 'Bath', position: 1, condition: { field: 'city', op: 'eq', value: 'Bath' }, users: [c.id] });
  const rest = await make('lead_assignment', { name: 'All', position: 2, users: [a.id, b.id, gone.id] });
  const owners = async (n, more = {}) => { const out = []; for (let i = 0; i < n; i++) out.push((await lead({ owner_id: null, ...more })).owner_id); return out; };
  assert.deepEqual(await owners(5), [a.id, b.id, a.id, b.id, a.id]);
  assert.deepEqual(await owners(2, { city: 'Bath' }), [c.id, c.id]);
  assert.equal((await lead({ owner_id: b.id })).owner_id, b.id, 'who is named keeps it');
  assert.equal((await api('PATCH', `/api/v1/lead_assignment/${rest.id}`, { mode: 'load', users: [a.id, b.id, c.id] })).status, 200);
  assert.deepEqual(await owners(1), [c.id], 'two against three each');
  assert.equal((await api('PATCH', `/api/v1/user/${a.id}`, { active: false })).status, 200);
  assert.equal((await api('PATCH', `/api/v1/lead_assignment?id=eq.${rest.id}`, { mode: 'turn', users: [a.id, b.id] })).status, 204);
  assert.deepEqual(await owners(2), [b.id, b.id]);
});

test('many at once: one customer, one contact, one deal, and everything of the lead is there', async () => {
  const l = await lead({ company: 'Silk and Sons', job_title: 'Buyer', phone: '13800138001', email: 'li@example.com', city: 'Ely', source: 'web', interest: 'Two hundred mugs', amount: '500', note: 'wants blue' });
  const call = await make('interaction', { kind: 'call', state: 'planned', about: `lead/${l.id}`, subject: 'Ring back' });
  const answers = await Promise.all(Array.from({ length: 6 }, () => convert(l.id)));
  assert.deepEqual(answers.map((x) => x.status).sort(), [200, 409, 409, 409, 409, 409], answers.map((x) => x.text).join());
  const made = answers.find((x) => x.status === 200).body;
  const [customer, contact, deal] = [await get(`customer/${made.customer_id}`), await get(`customer/${made.contact_id}`), await get(`opportunity/${made.opportunity_id}`)];
  assert.deepEqual([customer.name, customer.kind, customer.phone, customer.city, customer.note, customer.source], ['Silk and Sons', 'company', '+8613800138001', 'Ely', 'wants blue', 'other']);
  assert.deepEqual([contact.name, contact.kind, contact.employer, contact.occupation], ['Li Na', 'person', 'Silk and Sons', 'Buyer']);
  assert.deepEqual([deal.name, deal.customer_id, deal.contact_id, deal.amount, deal.source, deal.owner_id], ['Two hundred mugs', customer.id, contact.id, '500.00', 'web', l.owner_id]);
  assert.equal((await get(`interaction/${call.id}`)).customer_id, customer.id);
  assert.equal((await get('opportunity?name=eq.Two hundred mugs')).length, 1);
  const after_ = await get(`lead/${l.id}`);
  assert.deepEqual([after_.state, after_.customer_id, after_.opportunity_id], ['converted', customer.id, deal.id]);
  await refused(api('PATCH', `/api/v1/lead/${l.id}`, { state: 'new' }), 422, 'lead_is_converted');
  // and back, with the activity
  assert.equal((await undo(l.id)).status, 200);
  const back = await get(`lead/${l.id}`);
  assert.deepEqual([back.state, back.customer_id, back.score], ['qualified', null, l.score]);
  for (const path of [`customer/${customer.id}`, `customer/${contact.id}`, `opportunity/${deal.id}`]) assert.equal((await api('GET', `/api/v1/${path}`)).status, 404);
  assert.equal((await get(`interaction/${call.id}`)).customer_id, null);
  await refused(undo(l.id), 409, 'lead_not_converted');
});

test('to a customer who is there, without a deal; what has grown is not taken back; nothing half made', async () => {
  const customer = await make('customer', { name: 'Known' });
  const l = await lead({ interest: 'x' });
  const { body } = await convert(l.id, { customer_id: customer.id, without_deal: true });
  assert.deepEqual(body, { customer_id: customer.id, contact_id: null, opportunity_id: null });
  assert.equal((await undo(l.id)).status, 200);
  assert.equal((await api('GET', `/api/v1/customer/${customer.id}`)).status, 200, 'it was there before');
  const grown = await lead({ name: 'Grown' });
  const made = (await convert(grown.id)).body;
  await make('interaction', { customer_id: made.customer_id, kind: 'call' });
  await refused(undo(grown.id), 409, 'lead_grown');
  assert.equal((await get(`lead/${grown.id}`)).state, 'converted');
  const half = await lead({ name: 'Half made' });
  for (const wrong of [{ pipeline_id: '7' }, { customer_id: '7' }, { amount: '-1' }, { close_on: '2026-02-30' }, { no_such: 1 }]) assert.ok((await convert(half.id, wrong)).status >= 400, JSON.stringify(wrong));
  assert.equal((await get(`lead/${half.id}`)).state, 'new');
  assert.deepEqual(await get('customer?name=eq.Half made'), []);
  // who may not make customers converts nothing; a lead of others is not there
  const dan = await person('dan', { lead: { read: 'all', update: 'all' } }), eve = await person('eve', { lead: { read: 'own', update: 'own' } });
  assert.equal((await convert(half.id, {}, dan.api)).status, 403);
  assert.equal((await convert(half.id, {}, eve.api)).status, 404);
  assert.equal((await get(`lead/${half.id}`)).state, 'new');
});

test('what was handed on, won or talked about is not taken back by who made it', async () => {
  const rights = Object.fromEntries(['customer', 'opportunity', 'lead'].map((e) => [e, { read: 'own', create: 'own', update: 'own' }]));
  const lea = await person('lea', { ...rights, pipeline: { read: 'all' }, stage: { read: 'all' }, interaction: { read: 'own' } });
  const { owner_id: boss } = await get(`lead/${(await lead()).id}`);
  for (const go of [
    async (made) => api('PATCH', `/api/v1/customer/${made.customer_id}`, { owner_id: boss }),
    async (made) => api('PATCH', `/api/v1/opportunity/${made.opportunity_id}`, { owner_id: boss }),
    async (made) => api('POST', '/api/v1/interaction', { kind: 'call', about: `opportunity/${made.opportunity_id}` }),
  ]) {
    const [l] = (await lea.api('POST', '/api/v1/lead', { name: 'Handed', company: 'Handed on' }, { Prefer: 'return=representation' })).body;
    const made = (await convert(l.id, {}, lea.api)).body;
    const gone = await go(made);
    assert.ok(gone.status < 300, gone.text);
    await refused(lea.api('POST', `/api/v1/lead/${l.id}/undo`, {}), 409, 'lead_grown');
    for (const path of [`customer/${made.customer_id}`, `customer/${made.contact_id}`, `opportunity/${made.opportunity_id}`]) assert.equal((await api('GET', `/api/v1/${path}`)).status, 200, path);
  }
});

test('a file is taken for leads where it says more of them than of customers', async () => {
  const kinds = async (text) => {
    const up = await api('POST', '/api/v1/import?name=people.csv', new TextEncoder().encode(text), { 'Content-Type': 'text/csv' });
    const { columns } = (await api('GET', `/api/v1/import/${up.body.id}/preview`)).body;
    return [...new Set(columns.map((c) => c.guess?.entity))];
  };
  assert.deepEqual(await kinds('姓名,电话\n甲,13800138000\n'), ['customer']);
  assert.deepEqual(await kinds('Name,Phone\nAnn,13800138000\n'), ['customer']);
  assert.deepEqual(await kinds('姓名,电话,意向产品,预计金额\n甲,13800138000,茶,100\n'), ['lead']);
});
