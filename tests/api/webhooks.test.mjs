// Webhooks: signed, in order, at least once, tried again, only what their user may read, only to where they may go.
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { client, guanxi, serve, start } from '../lib/server.mjs';
import { hasSql, sql } from '../lib/sql.mjs';

let server, api, sink;

/** A receiver that answers as `answer` says and keeps what it got. */
async function receiver() {
  const got = [];
  const it = { got, answer: () => 204, open: 0, most: 0 };
  const http = createServer((req, res) => {
    let text = '';
    it.most = Math.max(it.most, ++it.open);
    req.on('data', (d) => (text += d));
    req.on('end', async () => {
      const one = { url: req.url, headers: req.headers, text, body: JSON.parse(text), at: Date.now() };
      got.push(one);
      const status = await it.answer(one);
      it.open--;
      if (status) res.writeHead(status, status === 302 ? { Location: `${it.url}/elsewhere` } : {}).end();
      else req.socket.destroy();
    });
  });
  await new Promise((done) => http.listen(0, '127.0.0.1', done));
  it.url = `http://127.0.0.1:${http.address().port}`;
  it.close = () => { http.closeAllConnections(); http.close(); };
  return it;
}

before(async () => {
  sink = await receiver();
  server = await start({ before: (data) => appendFileSync(join(data, 'guanxi.conf'), 'outgoing_allow = 127.0.0.1\n') });
  api = server.api;
});
after(async () => {
  try {
    await server?.stop();
  } finally {
    server?.remove();
  }
  sink?.close();
});

const good = (answer, status) => {
  assert.ok(status ? answer.status === status : answer.status < 300, `${answer.status} ${answer.text}`);
  return answer.body;
};
async function make(entity, body, ask = api) {
  return good(await ask('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' }), 201)[0];
}
async function until(what, done, ms = 15000) {
  const limit = Date.now() + ms;
  for (let found; Date.now() < limit; await sleep(30)) if ((found = await done())) return found;
  assert.fail(`waited in vain for ${what}`);
}
const deliveries = async (hook, query = '') => good(await api('GET', `/api/v1/webhooks/${hook.id}/deliveries?${query}`)).deliveries;
const hookTo = (path, more = {}) => make('webhook', { name: path, url: `${sink.url}${path}`, ...more });
const off = (hook) => api('DELETE', `/api/v1/webhook/${hook.id}`).then((a) => good(a));
const at = (path) => sink.got.filter((g) => g.url === path);

test('what happens arrives, signed as Standard Webhooks has it, and its library agrees', async () => {
  const hook = await hookTo('/signed', { entities: 'customer', with_values: true });
  const { secret } = good(await api('POST', `/api/v1/webhooks/${hook.id}/secret`));
  assert.match(secret, /^whsec_[A-Za-z0-9+/]{32}$/);
  const made = await make('customer', { name: '签名', city: '杭州' });
  await make('product', { name: 'not asked for', sku: 'WH1' });
  const one = await until('the message', () => at('/signed')[0]);
  assert.deepEqual([one.body.type, one.body.data.entity, one.body.data.id, one.body.data.action], ['record.changed', 'customer', made.id, 'create']);
  assert.deepEqual(one.body.data.diff.city, [null, '杭州']);
  assert.ok(new Webhook(secret).verify(one.text, one.headers));
  assert.throws(() => new Webhook(secret).verify(one.text.replace('create', 'delete'), one.headers));
  // a new secret: both sign for a day
  const next = good(await api('POST', `/api/v1/webhooks/${hook.id}/secret`)).secret;
  await api('PATCH', `/api/v1/customer/${made.id}`, { city: '宁波' });
  const two = await until('the second', () => at('/signed')[1]);
  for (const s of [secret, next]) assert.ok(new Webhook(s).verify(two.text, two.headers));
  const row = (await until('its note', async () => { const d = await deliveries(hook, 'state=delivered'); return d.length === 2 && d; }))[0];
  assert.deepEqual([row.state, row.status, row.attempts, row.error], ['delivered', 204, 1, null]);
  assert.notEqual(one.headers['webhook-id'], two.headers['webhook-id']);
  await off(hook);
  // nothing in the record, the log or an export tells a secret
  for (const path of [`webhook/${hook.id}`, `webhook/${hook.id}/changes`]) assert.ok(!(await api('GET', `/api/v1/${path}`)).text.includes(secret.slice(6)));
});

test('of each record in order, also when the first is refused for a while; others go by', async () => {
  let refuse = true, firstId;
  const seen = [];
  sink.answer = (one) => {
    if (one.url !== '/order') return 204;
    firstId ??= one.body.data.id;
    seen.push([one.body.data.id, one.body.data.action, one.headers['webhook-id']]);
    return refuse && one.body.data.id === firstId ? 500 : 204;
  };
  const hook = await hookTo('/order', { entities: 'customer' });
  const first = await make('customer', { name: 'first' }), other = await make('customer', { name: 'other' });
  for (const city of ['A', 'B', 'C']) good(await api('PATCH', `/api/v1/customer/${first.id}`, { city }));
  await until('the other', () => seen.some(([id]) => id === other.id));
  await until('the refusal', async () => (await deliveries(hook)).some((d) => d.attempts > 0 && d.state === 'waiting'));
  assert.ok(seen.filter(([id]) => id === first.id).every(([, action]) => action === 'create'), 'no update before the creation is through');
  refuse = false;
  await until('all of them', () => seen.filter(([id]) => id === first.id).length >= 5);
  const all = seen.filter(([id]) => id === first.id);
  const ids = [...new Set(all.map(([, , id]) => id))];
  assert.equal(ids.length, 4, 'each try of one message has its number');
  assert.deepEqual(ids.map((id) => all.find((a) => a[2] === id)[1]), ['create', 'update', 'update', 'update']);
  const done = await until('the notes', async () => { const d = await deliveries(hook, 'state=delivered'); return d.length === 5 && d; });
  assert.ok(done.some((d) => d.attempts === 2));
  sink.answer = () => 204;
  await off(hook);
});

test('only what the webhook\'s user may read is sent, by the rights of that moment', async () => {
  const role = await make('role', { name: 'hook role', rights: { customer: { read: 'own', fields: { note: 'hidden' } } }, caps: ['admin'] });
  const user = await make('user', { name: 'hooker', email: 'hooker@example.com', roles: [role.id] });
  const token = guanxi(['token', 'create', '--data', server.data, '--user', 'hooker@example.com', '--name', 't']).out.trim();
  const theirs = client(server.url, token);
  const hook = await make('webhook', { name: 'own', url: `${sink.url}/own`, entities: 'customer', with_values: true }, theirs);
  assert.equal(hook.acting_id, user.id);
  const hidden = await make('customer', { name: 'somebody else' });
  const mine = await make('customer', { name: 'mine', owner_id: user.id, note: 'hush' });
  await until('mine', () => at('/own').length > 0);
  await until('the note that there was nothing to say', async () => (await deliveries(hook, 'state=nothing')).some((d) => d.record_id === hidden.id));
  assert.deepEqual(at('/own').map((g) => g.body.data.id), [mine.id]);
  assert.ok(!JSON.stringify(at('/own')).includes('hush'));
  // who changes where it goes takes it over; nobody else's rights go to a new place
  const moved = good(await api('PATCH', `/api/v1/webhook/${hook.id}`, { url: `${sink.url}/moved` }, { Prefer: 'return=representation' }))[0] ?? {};
  assert.notEqual(moved.acting_id, user.id);
  await make('customer', { name: 'seen by the administrator' });
  await until('it', () => at('/moved').length > 0);
  await off(hook);
  const again = await make('webhook', { name: 'own again', url: `${sink.url}/gone`, entities: 'customer' }, theirs);
  good(await api('POST', `/api/v1/user/${user.id}/disable`));
  await make('customer', { name: 'after the account', owner_id: user.id });
  const waits = await until('the note', async () => (await deliveries(again)).find((d) => d.error));
  assert.match(waits.error, /no account/);
  assert.equal(at('/gone').length, 0);
  await off(again);
});

test('who may set one up, and where to', async () => {
  const url = `${sink.url}/x`;
  const role = await make('role', { name: 'plain role', rights: { '*': { read: 'all', create: 'all', update: 'all', delete: 'all' } }, caps: ['users'] });
  await make('user', { name: 'plain', email: 'plain@example.com', roles: [role.id] });
  const plain = client(server.url, guanxi(['token', 'create', '--data', server.data, '--user', 'plain@example.com', '--name', 't']).out.trim());
  assert.equal((await plain('POST', '/api/v1/webhook', { name: 'x', url })).status, 403);
  const hook = await hookTo('/rights');
  for (const [method, path] of [['GET', 'deliveries'], ['POST', 'secret'], ['POST', 'ping'], ['POST', 'replay']])
    assert.equal((await plain(method, `/api/v1/webhooks/${hook.id}/${path}`)).status, 403, path);
  assert.ok([403, 404, 422].includes((await plain('PATCH', `/api/v1/webhook/${hook.id}`, { url: `${url}/taken` })).status));
  assert.equal(good(await api('GET', `/api/v1/webhook/${hook.id}`)).url, hook.url);
  for (const wrong of ['http://10.0.0.1/', 'https://127.0.0.2/', 'https://localhost.localdomain:22/', 'http://example.com/', 'ftp://example.com/', 'https://a:b@example.com/',
    'https://169.254.169.254/', 'http://[::1]/', 'https://0x7f000002/', 'nonsense', ''])
    assert.equal((await api('POST', '/api/v1/webhook', { name: 'x', url: wrong })).status, 422, wrong);
  assert.equal((await api('POST', '/api/v1/webhook', { name: 'x', url, entities: 'customer, nonsense' })).status, 422);
  assert.equal((await api('POST', '/api/v1/webhook', { name: 'x', url, actions: 'explode' })).status, 422);
  assert.equal((await api('POST', '/api/v1/webhook', { name: 'x', url, acting_id: '1' })).status, 422);
  for (const path of ['1/deliveries', 'x/deliveries', `${hook.id}/deliveries?state=odd`, `${hook.id}/deliveries?before=x`, `${hook.id}/deliveries?limit=0`])
    assert.ok([400, 404, 422].includes((await api('GET', `/api/v1/webhooks/${path}`)).status), path);
  assert.equal((await api('POST', `/api/v1/webhooks/${hook.id}/deliveries/1/replay`)).status, 404);
  await off(hook);
});

test('as many are switched on as are heard: the next is refused in words, switched off it may be kept', async () => {
  const rows = Array.from({ length: 200 }, (_, i) => ({ name: `many ${i}`, url: `${sink.url}/many`, entities: 'tax' }));
  const made = good(await api('POST', '/api/v1/webhook', rows, { Prefer: 'return=representation' }), 201);
  const next = await api('POST', '/api/v1/webhook', { name: 'one more', url: `${sink.url}/many` });
  assert.equal(next.status, 413, next.text);
  assert.match(next.text, /At most 200 webhooks/);
  const aside = await hookTo('/aside', { active: false });
  assert.equal((await api('PATCH', `/api/v1/webhook/${aside.id}`, { active: true })).status, 413);
  await off(made[0]);
  good(await api('PATCH', `/api/v1/webhook/${aside.id}`, { active: true }));
  good(await api('DELETE', '/api/v1/webhook?name=like.many*'));
  await off(aside);
});

test('a try, redirects that are not followed, sending again', async () => {
  sink.answer = (one) => (one.url === '/again' && at('/again').length === 1 ? 302 : 204);
  const hook = await hookTo('/again', { entities: 'customer' });
  const { id } = good(await api('POST', `/api/v1/webhooks/${hook.id}/ping`), 202);
  const tried = await until('the note', async () => (await deliveries(hook)).find((d) => d.id === id && d.attempts > 0 && d.status > 0));
  assert.deepEqual([tried.kind, tried.status, tried.state], ['ping', 302, 'waiting']);
  assert.equal(at('/elsewhere').length, 0);
  assert.equal(at('/again')[0].body.type, 'ping');
  const done = await until('the second try', async () => (await deliveries(hook, 'state=delivered')).find((d) => d.id === id), 20000);
  assert.equal(done.attempts, 2);
  good(await api('POST', `/api/v1/webhooks/${hook.id}/deliveries/${id}/replay`), 202);
  await until('it again', () => at('/again').length === 3);
  assert.equal(new Set(at('/again').map((g) => g.headers['webhook-id'])).size, 1, 'receivers can tell that it is the same');
  // switched off and on: what happened in between is not sent
  good(await api('PATCH', `/api/v1/webhook/${hook.id}`, { active: false }));
  const { next } = good(await api('GET', '/api/v1/changes?after=now'));
  const between = await make('customer', { name: 'meanwhile' });
  await until('it in the log', async () => good(await api('GET', `/api/v1/changes?after=${next}`)).changes.some((c) => c.id === between.id));
  good(await api('PATCH', `/api/v1/webhook/${hook.id}`, { active: true }));
  const later = await make('customer', { name: 'afterwards' });
  await until('the later one', () => at('/again').some((g) => g.body.data.id === later.id));
  assert.equal(at('/again').filter((g) => g.body.type === 'record.changed').length, 1);
  await off(hook);
  sink.answer = () => 204;
});

test('what was under way when the program was killed is sent again when its minute is over, in order', { skip: !hasSql }, async () => {
  let again = false;
  sink.answer = (one) => (one.url !== '/killed' || again ? 204 : new Promise(() => {}));
  const hook = await hookTo('/killed', { entities: 'customer' });
  const made = await make('customer', { name: 'killed' });
  await until('the call', () => at('/killed').length === 1);
  good(await api('PATCH', `/api/v1/customer/${made.id}`, { city: 'after' }));
  await until('both kept', async () => (await deliveries(hook, 'state=waiting')).length === 2);
  server.kill();
  await server.ended;
  const held = sql(server.data, `SELECT next_at - created_at FROM webhook_delivery WHERE webhook_id = ${hook.id} AND attempts = 1`);
  assert.ok(held >= 60_000 && held < 70_000, `held for ${held} ms: longer than any call, not for long`);
  sql(server.data, `UPDATE webhook_delivery SET next_at = 1 WHERE webhook_id = ${hook.id} AND attempts = 1`); // the minute is over
  again = true;
  Object.assign(server, await serve(server.data));
  api = client(server.url, server.token);
  await until('both', async () => (await deliveries(hook, 'state=delivered')).length === 2);
  assert.deepEqual(at('/killed').map((g) => g.body.data.action), ['create', 'create', 'update']);
  assert.equal(new Set(at('/killed').map((g) => g.headers['webhook-id'])).size, 2);
  sink.answer = () => 204;
});
