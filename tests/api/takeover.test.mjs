// S50-S54, S78: what stands when two things happen at once, or one after the other: a reset beside the owner's own change, a
// sign-in beside a disabling, tokens beside a new password; and what a crash, an importer or a look leaves behind.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { made, person, rightsOf, signIn as signInFrom, sleep } from '../lib/attack.mjs';
import { adminEmail, client, guanxi, makeData, program, serve, start } from '../lib/server.mjs';
import { sql } from '../lib/sql.mjs';

let server, admin;
before(async () => {
  // behind a proxy, so that each sign-in is from an address of its own
  server = await start({ before: async (data) => appendFileSync(join(data, 'guanxi.conf'), '\ntrusted_proxies = 127.0.0.1\n') });
  admin = server.api;
});
after(() => server?.close());

let n = 0, last = 0;
const signIn = (url, email, password) => signInFrom(url, email, password, { headers: { 'X-Forwarded-For': `10.1.${(++last >> 8) & 255}.${last & 255}` } });
const ask = (session, method, path, body, url = server.url) => client(url)(method, path, body, { Cookie: session.cookie, 'X-CSRF-Token': session.body?.csrf ?? '', 'X-Forwarded-For': `10.2.0.${++last & 255}` });
const good = (answer, what) => (assert.ok(answer.status < 300, `${what ?? ''} ${answer.status} ${answer.text}`), answer);
const own = (i) => `one's own password ${i}`;

/** Somebody who chose a password of their own. */
async function somebody(rights = rightsOf('own'), options = {}) {
  const name = `taken${++n}`, first = `the first of all ${n}`, password = own(n);
  const who = await person(server, name, rights, { password: first, ...options });
  const session = good(await signIn(server.url, who.email, first));
  good(await ask(session, 'POST', '/api/v1/account/password', { old: first, new: password, keep_tokens: true }));
  return { ...who, password };
}

test('a reset beside the owner\'s change, in any order: what the administrator chose holds, and no session lives', async () => {
  let both = 0, refused = 0;
  const who = await somebody();
  let password = who.password;
  for (let i = 0; i < 14; i++) {
    const session = good(await signIn(server.url, who.email, password));
    const mine = `chosen by whoever was in ${i}`, theirs = `chosen by an administrator ${i}`;
    const change = ask(session, 'POST', '/api/v1/account/password', { old: password, new: mine });
    await sleep((i % 7) * 25);
    const [answer] = await Promise.all([change, admin('POST', `/api/v1/user/${who.id}/password`, { password: theirs }).then((a) => good(a, 'the reset'))]);
    answer.status < 300 ? both++ : refused++;
    const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0];
    for (const dead of [session.cookie, cookie].filter(Boolean)) assert.equal((await ask({ cookie: dead }, 'GET', '/api/v1/session')).status, 401, `try ${i}: a session from before lives`);
    assert.equal((await signIn(server.url, who.email, mine)).status, 401, `try ${i}: the change in flight beat the reset`);
    const back = good(await signIn(server.url, who.email, theirs), `try ${i}`);
    assert.equal(back.body.user.must_change_password, true);
    password = `and again one's own ${i}`;
    good(await ask(back, 'POST', '/api/v1/account/password', { old: theirs, new: password }));
    good(await admin('POST', `/api/v1/user/${who.id}/unlock`, {}));
  }
  assert.ok(refused > 0, `no change was overtaken: ${both} of ${both + refused} came first`);
});

test('the ending of sessions beside a change of password: no session lives', async () => {
  const who = await somebody();
  let password = who.password;
  for (let i = 0; i < 12; i++) {
    const session = good(await signIn(server.url, who.email, password));
    const change = ask(session, 'POST', '/api/v1/account/password', { old: password, new: own(`e${i}`) });
    await sleep(i * 15);
    const [answer] = await Promise.all([change, admin('DELETE', `/api/v1/user/${who.id}/sessions`).then((a) => good(a))]);
    if (answer.status < 300) password = own(`e${i}`);
    const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0];
    for (const dead of [session.cookie, cookie].filter(Boolean)) assert.equal((await ask({ cookie: dead }, 'GET', '/api/v1/session')).status, 401, `try ${i}: ${answer.status}`);
  }
});

test('a session that was made in a race with disabling never revives when the account is enabled again', async () => {
  const who = await somebody();
  let came = 0;
  const began = performance.now();
  good(await signIn(server.url, who.email, who.password));
  const pace = performance.now() - began; // the race is run at the machine's own
  for (let i = 0; i < 10; i++) {
    const entering = [0, 1].map(() => signIn(server.url, who.email, who.password));
    await sleep((i * pace) / 3);
    good(await admin('POST', `/api/v1/user/${who.id}/disable`, {}));
    const sessions = (await Promise.all(entering)).filter((s) => s.status === 200);
    came += sessions.length;
    for (const s of sessions) assert.equal((await ask(s, 'GET', '/api/v1/session')).status, 401);
    good(await admin('POST', `/api/v1/user/${who.id}/enable`, {}));
    for (const s of sessions) assert.equal((await ask(s, 'GET', '/api/v1/session')).status, 401, `try ${i}: it lives again`);
    good(await admin('POST', `/api/v1/user/${who.id}/unlock`, {}));
  }
  assert.ok(came > 0 && came < 20, `${came} of 20 came in: there was no race`);
});

test('nor do sessions and tokens that outlived a disabling in the database', async () => {
  const folder = makeData();
  let run;
  try {
    const token = guanxi(['token', 'create', '--data', folder.data, '--user', adminEmail, '--name', 't']).out.trim();
    run = await serve(folder.data);
    let api = client(run.url, token);
    const user = await made(api, 'user', { name: 'x', email: 'x@example.com' });
    good(await api('POST', `/api/v1/user/${user.id}/password`, { password: 'the first of all 1' }));
    const session = good(await signIn(run.url, 'x@example.com', 'the first of all 1'));
    const left = guanxi(['token', 'create', '--data', folder.data, '--user', 'x@example.com', '--name', 'left']).out.trim();
    await run.stop();
    sql(folder.data, `UPDATE "user" SET active = 0 WHERE id = ${user.id}`);
    run = await serve(folder.data);
    api = client(run.url, token);
    const works = async () => [(await ask(session, 'GET', '/api/v1/session', undefined, run.url)).status, (await client(run.url, left)('GET', '/api/v1/account')).status];
    assert.deepEqual(await works(), [401, 401]);
    good(await api('POST', `/api/v1/user/${user.id}/enable`, {}));
    assert.deepEqual(await works(), [401, 401]);
    await run.stop();
  } finally {
    if (run?.child.exitCode === null) run.kill();
    folder.remove();
  }
});

test('resets and changes of password revoke API tokens, unless it is said that they stay', async () => {
  const who = await somebody(rightsOf('all'), { caps: ['tokens'] });
  const fresh = async () => {
    const session = good(await signIn(server.url, who.email, who.password));
    return [session, good(await ask(session, 'POST', '/api/v1/account/tokens', { name: `t${++n}` })).body.token];
  };
  const works = async (token) => (await client(server.url, token)('GET', '/api/v1/tag?limit=1')).status === 200;
  const change = (session, more) => ask(session, 'POST', '/api/v1/account/password', { old: who.password, new: (who.password = own(++n)), ...more });
  let [session, token] = await fresh();
  good(await change(session, { keep_tokens: true }));
  assert.ok(await works(token), 'kept by the change');
  [session] = await fresh();
  good(await change(session, {}));
  assert.ok(!(await works(token)), 'the change revokes');
  [, token] = await fresh();
  const reset = (more) => admin('POST', `/api/v1/user/${who.id}/password`, { password: `reset to this one ${++n}`, ...more });
  good(await reset({ keep_tokens: true }));
  assert.ok((await admin('GET', `/api/v1/token?user_id=eq.${who.id}`)).body.length > 0, 'kept by the reset');
  // it does nothing until the password is changed, and then what it did
  assert.equal((await client(server.url, token)('GET', '/api/v1/tag?limit=1')).status, 403);
  const passed = `reset to this one ${n}`, entered = good(await signIn(server.url, who.email, passed));
  good(await ask(entered, 'POST', '/api/v1/account/password', { old: passed, new: (who.password = own(++n)), keep_tokens: true }));
  assert.ok(await works(token), 'kept by both');
  good(await reset({}));
  assert.equal((await admin('GET', `/api/v1/token?user_id=eq.${who.id}`)).body.length, 0, 'the reset revokes');
  assert.equal((await client(server.url, token)('GET', '/api/v1/tag?limit=1')).status, 401);
  // said in the audit trail
  const told = (await admin('GET', `/api/v1/audit?action=login&record_id=${who.id}`)).body.rows.filter((e) => e.diff.tokens_kept).map((e) => [e.diff.event].flat().at(-1));
  assert.deepEqual([...new Set(told)].sort(), ['password_changed', 'password_reset']);
});

test('an e-mail address of a domain in any script signs in as it is typed', async () => {
  for (const [kept, ...typed] of [
    ['ann@bücher.example', 'ann@bücher.example', 'ANN@BÜCHER.EXAMPLE', 'ann@xn--bcher-kva.example', 'ann@bu\u0308cher.example', ' ann@bücher.example '],
    ['zhang@例子.example', 'zhang@例子.example', 'ZHANG@例子。example', 'zhang@xn--fsqu00a.example'],
    ['ivan@xn--e1afmkfd.example', 'ivan@пример.example', 'Ivan@ПРИМЕР.example'],
  ]) {
    const user = await made(admin, 'user', { name: kept, email: kept });
    good(await admin('POST', `/api/v1/user/${user.id}/password`, { password: 'as it is typed 1' }), kept);
    for (const email of typed) assert.equal((await signIn(server.url, email, 'as it is typed 1')).status, 200, `${kept} as ${email}`);
    // one account, one count of wrong tries, whatever the spelling
    assert.equal((await admin('POST', '/api/v1/user', { name: 'twice', email: typed.at(-1) })).status, 409, kept);
  }
});

const upload = (who, name, text) => who('POST', `/api/v1/import?name=${name}.csv`, new TextEncoder().encode(text), { 'Content-Type': 'application/octet-stream' });
async function rests(who, id) {
  for (let i = 0; ; i++) {
    const { body } = await who('GET', `/api/v1/import_run/${id}`);
    if (['done', 'failed', 'cancelled', 'undone', 'undo_stopped'].includes(body.state)) return body;
    assert.ok((await sleep(50), i < 400), body.state);
  }
}
const mapping = (...fields) => fields.map((field, column) => ({ column, entity: 'customer', field }));

test('whoever imports does not say who created a record, or when, whatever way it is asked for', async () => {
  const victim = await person(server, 'victim', rightsOf('own'));
  const forger = await person(server, 'forger', rightsOf('all', { import_run: { read: 'all' } }), { caps: ['bulk', 'tokens', 'users', 'audit'] });
  const table = (mark) => `name,created_by,created_at\n${mark},victim@example.com,2001-02-03\n${mark} too,${victim.id},2001-02-03\n`;
  const plans = {
    'keep_dates': { keep_dates: true, mapping: mapping('name', 'created_by', 'created_at') },
    'a mapping alone': { mapping: mapping('name', 'created_by', 'created_at') },
    'the whole form': { keep_dates: true, records: [{ entity: 'customer', as: 'c', mode: 'create', fields: { name: 'name', created_by: 'created_by', created_at: { column: 'created_at' } } }] },
    'the whole form without it': { records: [{ entity: 'customer', as: 'c', mode: 'create', fields: { name: 'name', created_by: { value: victim.id } } }] },
    'defaults': { mapping: mapping('name'), defaults: { 'customer.created_by': victim.id, 'customer.created_at': '2001-02-03T00:00:00Z' } },
    'text for true': { keep_dates: 'true', mapping: mapping('name', 'created_by', 'created_at') },
    'one for true': { keep_dates: 1, mapping: mapping('name', 'created_by', 'created_at') },
  };
  for (const [what, plan] of Object.entries(plans)) {
    const { id } = good(await upload(forger.api, 'f', table(what))).body;
    const planned = await forger.api('PUT', `/api/v1/import/${id}/plan`, plan);
    if (plan.keep_dates === true) assert.match(planned.text, /Only an administrator may keep/, `${what}: said at once, not row by row`);
    if (planned.status >= 400) assert.ok([403, 422].includes(planned.status), `${what}: ${planned.text}`);
    else good(await forger.api('POST', `/api/v1/import/${id}/start`)), await rests(forger.api, id);
    for (const row of (await admin('GET', `/api/v1/customer?name=like.${encodeURIComponent(`${what}*`)}&select=created_by,created_at`)).body) {
      assert.equal(row.created_by, forger.id, `${what}: somebody else created it`);
      assert.ok(!row.created_at.startsWith('2001'), `${what}: ${row.created_at}`);
    }
  }
  // nor who was an administrator when it was planned, and is none when it runs; nor by a narrowed token of one
  const once = await person(server, 'once', rightsOf('all', { import_run: { read: 'all' } }), { caps: ['admin'] });
  const { id } = good(await upload(once.api, 'o', table('once'))).body;
  good(await once.api('PUT', `/api/v1/import/${id}/plan`, plans.keep_dates));
  good(await admin('PATCH', `/api/v1/role/${once.role.id}`, { caps: [] }));
  if ((await once.api('POST', `/api/v1/import/${id}/start`)).status < 300) await rests(once.api, id);
  assert.deepEqual((await admin('GET', '/api/v1/customer?name=like.once*&created_at=lt.2002-01-01&select=id')).body, []);
  // an administrator may, so that the test is one
  const mine = good(await upload(admin, 'm', table('moved'))).body.id;
  good(await admin('PUT', `/api/v1/import/${mine}/plan`, plans.keep_dates));
  good(await admin('POST', `/api/v1/import/${mine}/start`));
  await rests(admin, mine);
  const moved = (await admin('GET', '/api/v1/customer?name=like.moved*&select=created_by,created_at')).body;
  assert.ok(moved.length > 0 && moved.every((r) => r.created_at.startsWith('2001') && r.created_by === victim.id), JSON.stringify(moved));
});

test('a look at sensitive values, an export or a refused deletion is no change: undoing an import takes the record all the same', async () => {
  const { id } = good(await upload(admin, 'u', 'number,name,marital\nUT1,looked at,married\nUT2,refused,single\nUT3,exported,married\nUT4,alone,single\nUT5,changed,single\nUT6,saved as it was,single\n')).body;
  good(await admin('PUT', `/api/v1/import/${id}/plan`, { mapping: mapping('number', 'name', 'marital') }));
  good(await admin('POST', `/api/v1/import/${id}/start`));
  assert.equal((await rests(admin, id)).created, 6);
  const rows = Object.fromEntries((await admin('GET', '/api/v1/customer?number=like.UT*&select=id,number,version')).body.map((r) => [r.number, r]));
  const looker = await person(server, 'looker', { customer: { read: 'all', update: 'all', export: 'all' } });
  assert.equal((await looker.api('GET', `/api/v1/customer/${rows.UT1.id}`)).body.marital, 'married');
  assert.equal((await looker.api('DELETE', `/api/v1/customer/${rows.UT2.id}`)).status, 403);
  assert.equal((await looker.api('GET', '/api/v1/customer/export?format=csv&number=eq.UT3')).status, 200);
  good(await looker.api('PATCH', `/api/v1/customer/${rows.UT5.id}`, { note: 'a colleague was here' }));
  good(await looker.api('PATCH', `/api/v1/customer/${rows.UT6.id}`, { name: 'saved as it was' }));
  const entries = async () => (await admin('GET', '/api/v1/audit?limit=200')).body.rows.filter((e) => e.actor.id === looker.id).map((e) => e.action);
  for (let i = 0, seen = []; !['read', 'denied', 'export'].every((a) => seen.includes(a)); seen = await entries(), i++) assert.ok((await sleep(100), i < 60), `in the log: ${seen}`);
  good(await admin('POST', `/api/v1/import/${id}/undo`));
  const run = await rests(admin, id);
  assert.equal(run.state, 'undone');
  const left = (await admin('GET', '/api/v1/customer?number=like.UT*&select=number&order=number')).body.map((r) => r.number);
  assert.deepEqual(left, ['UT5'], 'only what a colleague really changed stays');
});

test('whoever reads the audit trail and not the records sees no value in what was exported, looked for or refused', async () => {
  const secret = ['13900001234', '苏州观前街', 'hidden.person@example.com', 'Zhuge', '1984-07-15'];
  const clerk = await person(server, 'exports', rightsOf('all'), { caps: ['bulk'] });
  const filters = [`phone=eq.${secret[0]}`, `name=like.*${secret[3]}*`, `or=(city.eq.${secret[1]},email.eq.${secret[2]})`, `birthday=eq.${secret[4]}&select=id,name&order=name`,
    `name=in.(${secret[3]},"${secret[1]}")`, `not.or=(name.eq.${secret[3]})`, `name=not.eq.${secret[3]}`, `and=(name.gt.${secret[3]},or(note.ilike.*${secret[1]}*))`, `name=eq.a.${secret[3]}`];
  for (const filter of filters) assert.ok((await clerk.api('GET', `/api/v1/customer/export?format=csv&${filter.replace(/[^\x21-\x7e]+/g, encodeURIComponent)}`)).status < 500, filter);
  await clerk.api('GET', `/api/v1/search?q=${secret[3]}`);
  await clerk.api('POST', '/api/v1/bulk', { kind: 'delete', entity: 'customer', filter: `name=eq.${secret[3]}`, preview: true });
  await clerk.api('POST', '/api/v1/bulk', { kind: 'change', entity: 'customer', filter: `phone=eq.${secret[0]}`, set: { note: secret[1] } });
  await clerk.api('POST', '/api/v1/saved_view', { entity: 'customer', name: secret[3], query: `phone=eq.${secret[0]}` });
  await clerk.api('POST', '/api/v1/user', { name: secret[3], email: secret[2] });
  for (let i = 0; (await admin('GET', `/api/v1/audit?action=export&actor_id=${clerk.id}`)).body.rows.length < 7; i++) assert.ok((await sleep(100), i < 60), 'the exports are not noted');
  const shows = async (who) => {
    const rows = (await who('GET', `/api/v1/audit?limit=500&actor_id=${clerk.id}`)).body.rows;
    assert.ok(rows.length >= 7);
    const text = decodeURIComponent(JSON.stringify(rows).replace(/%(?![0-9A-Fa-f]{2})/g, '%25'));
    return secret.filter((word) => text.includes(word));
  };
  const views = { 'no record at all': {}, 'their own only': { '*': { read: 'own' } }, 'records, with contact data and names masked': { '*': { read: 'all' }, customer: { read: 'all', fields: { phone: 'masked', name: 'masked', city: 'hidden', email: 'masked', birthday: 'hidden', note: 'hidden' } }, saved_view: { read: 'none' }, bulk_act: { read: 'none' } } };
  for (const [what, rights] of Object.entries(views)) {
    const auditor = await person(server, `auditor ${what}`.replaceAll(/\W+/g, '-'), rights, { caps: ['audit'] });
    assert.deepEqual(await shows(auditor.api), [], `an auditor who reads ${what}`);
  }
  assert.ok((await shows(admin)).length >= 4, 'an administrator sees what was asked for');
});

test('a crash leaves no memory on the disk', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'guanxi-core-'));
  // started with no limit of core files; killed as a fault would; what the system says of it
  const script = 'import os,resource,subprocess,sys,time\nresource.setrlimit(resource.RLIMIT_CORE,(resource.getrlimit(resource.RLIMIT_CORE)[1],)*2)\n'
    + 'p=subprocess.Popen(sys.argv[2:],stdout=subprocess.PIPE,stderr=subprocess.DEVNULL,cwd=sys.argv[1])\n'
    + 'if len(sys.argv)>4: p.stdout.readline()\nelse: time.sleep(0.2)\n'
    + 'core=open(f"/proc/{p.pid}/limits").read().split("Max core file size")[1].split()[0:2]\nos.kill(p.pid,6)\n_,status=os.waitpid(p.pid,0)\nprint(os.WTERMSIG(status),os.WCOREDUMP(status),*core)\n';
  const killed = (...args) => spawnSync('python3', ['-c', script, dir, ...args], { encoding: 'utf8' }).stdout.trim().split(' ');
  const folder = makeData();
  try {
    const [signal, dumped, soft, hard] = killed(program, 'serve', '--data', folder.data, '--listen', '127.0.0.1:0');
    assert.deepEqual([signal, dumped, soft, hard], ['6', 'False', '0', '0']);
    assert.deepEqual(readdirSync(dir), []);
    assert.deepEqual(readdirSync(folder.data).filter((f) => /core/.test(f)), []);
    const [, others] = killed('sleep', '100');
    if (others !== 'True') t.diagnostic('this machine leaves no core of any program: only the limit was looked at');
  } finally {
    folder.remove();
    rmSync(dir, { recursive: true, force: true });
  }
});
