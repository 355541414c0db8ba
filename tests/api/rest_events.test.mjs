// Live events: what happened, only of rows the reader may read, only while they may.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { client, guanxi, noteHit, start } from '../lib/server.mjs';

let server, api;

before(async () => {
  server = await start();
  api = server.api;
});
after(() => server?.close());

const directory = ['role', 'user', 'team', 'branch', 'region', 'token'];

/** An open stream: next() waits for an event of that name, quiet(ms) asserts that none comes. */
async function listen(token, after, headers = {}) {
  const abort = new AbortController();
  const answer = await fetch(`${server.url}/api/v1/events${after === undefined ? '' : `?after=${after}`}`, {
    headers: { Authorization: `Bearer ${token}`, ...headers }, signal: abort.signal,
  });
  noteHit('GET', '/api/v1/events', answer.status);
  const events = [];
  let wake = () => {}, ended = false;
  (async () => {
    let text = '';
    try {
      for await (const chunk of answer.body) {
        text += Buffer.from(chunk).toString();
        for (let cut; (cut = text.indexOf('\n\n')) >= 0; text = text.slice(cut + 2)) {
          const lines = text.slice(0, cut).split('\n');
          const event = lines.find((l) => l.startsWith('event: '))?.slice(7);
          const about = event && JSON.parse(lines.find((l) => l.startsWith('data: ')).slice(6)).entity;
          // roles, users and the like are everybody's directory
          if (event && !directory.includes(about)) events.push({ event, id: Number(lines.find((l) => l.startsWith('id: '))?.slice(4)), data: JSON.parse(lines.filter((l) => l.startsWith('data: ')).map((l) => l.slice(6)).join('\n')) });
        }
        wake();
      }
    } catch { /* closed by us */ }
    ended = true;
    wake();
  })();
  const until = async (done, ms) => {
    const limit = Date.now() + ms;
    while (!done() && Date.now() < limit) await Promise.race([new Promise((r) => (wake = r)), new Promise((r) => setTimeout(r, 50))]);
  };
  return {
    status: answer.status, headers: answer.headers, events,
    async next(ms = 8000) {
      await until(() => events.length > 0 || ended, ms);
      assert.ok(events.length > 0, ended ? 'the stream ended' : 'no event came');
      return events.shift();
    },
    async quiet(ms = 700) {
      await until(() => events.length > 0, ms);
      assert.deepEqual(events, []);
    },
    async end(ms = 40000) {
      await until(() => ended, ms);
      assert.ok(ended, 'the stream is still open');
    },
    close: () => abort.abort(),
  };
}

async function make(entity, body) {
  const answer = await api('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' });
  assert.equal(answer.status, 201, answer.text);
  return answer.body[0];
}

async function person(name, rights) {
  const role = await make('role', { name: `role of ${name}`, rights, caps: [] });
  const user = await make('user', { name, email: `${name}@example.com`, roles: [role.id] });
  const token = guanxi(['token', 'create', '--data', server.data, '--user', `${name}@example.com`, '--name', 't']).out.trim();
  return { ...user, role, token, api: client(server.url, token) };
}

const last = async () => (await api('GET', '/api/v1/audit?limit=1')).body.rows[0].seq;

test('create, update and delete come in order, with the names of fields', async () => {
  const stream = await listen(server.token);
  assert.equal(stream.status, 200);
  assert.match(stream.headers.get('content-type'), /^text\/event-stream/);
  const made = await make('customer', { name: 'live', city: 'A' });
  await api('PATCH', `/api/v1/customer/${made.id}`, { city: 'B' });
  await api('DELETE', `/api/v1/customer/${made.id}`);
  const got = [await stream.next(), await stream.next(), await stream.next()];
  assert.deepEqual(got.map((e) => e.data.action), ['create', 'update', 'delete']);
  for (const e of got) {
    assert.equal(e.event, 'change');
    assert.equal(e.data.entity, 'customer');
    assert.equal(e.data.id, made.id);
    assert.equal(e.id, e.data.seq);
    assert.ok(e.data.actor_id);
  }
  assert.ok(got[0].id < got[1].id && got[1].id < got[2].id);
  assert.ok(got[1].data.fields.includes('city'));
  stream.close();
});

test('what was missed comes first, by after= and by Last-Event-ID', async () => {
  const seq = await last();
  const made = await make('customer', { name: 'missed' });
  for (const stream of [await listen(server.token, seq), await listen(server.token, undefined, { 'Last-Event-ID': String(seq) })]) {
    const event = await stream.next();
    assert.equal(event.data.id, made.id);
    stream.close();
  }
  assert.equal((await api('GET', '/api/v1/events?after=x')).status, 400);
  assert.equal((await client(server.url)('GET', '/api/v1/events')).status, 401);
});

test('only rows within the scope, only fields that are not hidden', async () => {
  const seller = await person('seller', { customer: { read: 'own', update: 'own', create: 'own', delete: 'own', fields: { note: 'hidden' } }, interaction: { read: 'own' } });
  const stream = await listen(seller.token);
  await make('customer', { name: 'of somebody else' });
  await stream.quiet();
  const mine = await make('customer', { name: 'mine', owner_id: seller.id, note: 'hush' });
  const event = await stream.next();
  assert.equal(event.data.id, mine.id);
  assert.ok(event.data.fields.includes('name') && !event.data.fields.includes('note'));
  // a child goes by its parent's owner
  const call = await make('interaction', { customer_id: mine.id, kind: 'note', subject: 'called' });
  const events = [await stream.next()];
  while (events.at(-1).data.entity !== 'interaction') events.push(await stream.next());
  assert.equal(events.at(-1).data.id, call.id);
  // given away: no more of it
  await api('PATCH', `/api/v1/customer/${mine.id}`, { owner_id: (await api('GET', '/api/v1/session')).body.user?.id ?? null });
  stream.events.length = 0;
  await new Promise((r) => setTimeout(r, 300));
  stream.events.length = 0;
  await api('PATCH', `/api/v1/customer/${mine.id}`, { city: 'X' });
  await stream.quiet();
  // the deletion of an own row is told, of another's not
  const theirs = await make('customer', { name: 'theirs' }), own = await make('customer', { name: 'own', owner_id: seller.id });
  await stream.next();
  await api('DELETE', `/api/v1/customer/${theirs.id}`);
  await api('DELETE', `/api/v1/customer/${own.id}`);
  const gone = await stream.next();
  assert.deepEqual([gone.data.action, gone.data.id], ['delete', own.id]);
  stream.close();
});

test('S09 a right taken away stops the events at once, a person shut out loses the stream', async () => {
  const reader = await person('reader', { customer: { read: 'all' } });
  const stream = await listen(reader.token);
  await make('customer', { name: 'before' });
  await stream.next();
  assert.equal((await api('PATCH', `/api/v1/role/${reader.role.id}`, { rights: { tag: { read: 'all' } } })).status, 200);
  await make('customer', { name: 'after' });
  await stream.quiet();
  await make('tag', { name: 'still seen' });
  assert.equal((await stream.next()).data.entity, 'tag');
  const disabled = await api('POST', `/api/v1/user/${reader.id}/disable`);
  assert.ok(disabled.status < 300, disabled.text);
  await make('tag', { name: 'not seen' });
  await stream.end();
  assert.deepEqual(stream.events, []);
});

test('many streams hear the same', async () => {
  const streams = await Promise.all(Array.from({ length: 25 }, () => listen(server.token)));
  const made = await make('customer', { name: 'to all' });
  for (const stream of streams) {
    // on PostgreSQL an entry of the test before may come once it is sealed
    let event = await stream.next();
    while (event.data.id !== made.id) event = await stream.next();
    stream.close();
  }
});

/* --- the feed: the same by asking ---------------------------------------------------- */

/** Everything after a number, a page at a time; PostgreSQL seals entries a moment later, so until `done`. */
async function feed(ask, from, query, done = () => true) {
  const rows = [];
  let next = from;
  for (let tries = 0; tries < 80; tries++) {
    const { status, body, text } = await ask('GET', `/api/v1/changes?after=${next}${query}`);
    assert.equal(status, 200, text);
    for (const row of body.changes) assert.ok(row.seq > Number(next) && row.seq <= Number(body.next), text);
    rows.push(...body.changes.filter((c) => !directory.includes(c.entity)));
    next = body.next;
    if (body.more) continue;
    if (done(rows)) break;
    await new Promise((r) => setTimeout(r, 50));
  }
  return { rows, next };
}

test('the change feed says everything once, in order, page by page', async () => {
  const { body: now } = await api('GET', '/api/v1/changes?after=now');
  assert.deepEqual([now.changes, now.more], [[], false]);
  const made = await make('customer', { name: 'fed', city: 'A' });
  await api('PATCH', `/api/v1/customer/${made.id}`, { city: 'B' });
  await make('customer', { name: 'beside' });
  await api('DELETE', `/api/v1/customer/${made.id}`);
  const of = (rows) => rows.filter((c) => c.id === made.id);
  const { rows } = await feed(api, now.next, '&limit=1&entity=customer&values=1', (all) => of(all).length === 3);
  assert.deepEqual(of(rows).map((c) => [c.entity, c.action]), [['customer', 'create'], ['customer', 'update'], ['customer', 'delete']]);
  assert.deepEqual(of(rows)[1].diff.city, ['A', 'B']);
  assert.ok(of(rows)[1].fields.includes('city') && Math.abs(Date.parse(of(rows)[1].at) - Date.now()) < 60000);
  assert.ok(rows.every((c, i) => i === 0 || c.seq > rows[i - 1].seq), 'in order');
  assert.equal(new Set(rows.map((c) => c.seq)).size, rows.length, 'once');
  // without values=1 no content travels
  const plain = await feed(api, now.next, '', (all) => of(all).length === 3);
  assert.ok(plain.rows.every((c) => !('diff' in c)));
  for (const wrong of ['after=x', 'after=-1', 'limit=0', 'limit=a', 'values=yes', 'entity=nonsense'])
    assert.ok([400, 404].includes((await api('GET', `/api/v1/changes?${wrong}`)).status), wrong);
  assert.equal((await client(server.url)('GET', '/api/v1/changes')).status, 401);
});

test('the change feed obeys rights on rows and fields, also of what is gone', async () => {
  const { body: now } = await api('GET', '/api/v1/changes?after=now');
  const reader = await person('feeder', { customer: { read: 'own', update: 'own', fields: { note: 'hidden', birthday: 'masked' } } });
  const theirs = await make('customer', { name: 'not yours' });
  const own = await make('customer', { name: 'yours', owner_id: reader.id, note: 'hush', birthday: '1990-01-02' });
  await api('PATCH', `/api/v1/customer/${own.id}`, { note: 'only this' });
  await api('PATCH', `/api/v1/customer/${own.id}`, { city: 'Y' });
  const { rows, next } = await feed(reader.api, now.next, '&values=1', (all) => all.some((c) => c.action === 'update'));
  assert.deepEqual(rows.map((c) => [c.id, c.action]), [[own.id, 'create'], [own.id, 'update']], 'a change of a hidden field alone is none');
  await api('DELETE', `/api/v1/customer/${theirs.id}`);
  await api('DELETE', `/api/v1/customer/${own.id}`);
  const gone = await feed(reader.api, next, '&values=1', (all) => all.length > 0);
  assert.deepEqual(gone.rows.map((c) => [c.id, c.action]), [[own.id, 'delete']]);
  const text = JSON.stringify([rows, gone.rows]);
  for (const secret of ['hush', 'only this', 'not yours', '1990-01-02']) assert.ok(!text.includes(secret), secret);
  assert.deepEqual(rows[0].diff.birthday, [null, '***']);
  await api('PATCH', `/api/v1/role/${reader.role.id}`, { rights: { customer: { read: 'none' } } });
  assert.deepEqual((await feed(reader.api, now.next, '')).rows, []);
  assert.ok(Number(next) > Number(now.next));
});
