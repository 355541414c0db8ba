// What waits for its moment: schedules are kept, what cannot be done is set aside and said, tried again or skipped with a reason.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { client, guanxi, serve, start } from '../lib/server.mjs';
import { hasSql, sql } from '../lib/sql.mjs';

let server, api;

before(async () => {
	server = await start();
	api = server.api;
});
after(async () => {
	await server?.stop();
	server?.remove();
});

async function again(...statements) {
	await server.stop();
	for (const text of statements) sql(server.data, text);
	Object.assign(server, await serve(server.data));
	api = client(server.url, server.token);
}
const timers = async () => (await api('GET', '/api/v1/timers')).body;

test('schedules wait for their minute of the firm’s day; a missed one is made up for once', { skip: !hasSql }, async () => {
	const { schedules, kinds, aside } = await timers();
	assert.deepEqual([kinds, aside], [[], []]);
	assert.ok(schedules.some((s) => s.key === 'bulk.prune') && schedules.some((s) => s.key === 'uploads.clear'));
	for (const s of schedules) {
		const wait = Date.parse(s.due_at) - Date.now();
		assert.ok(wait > 0 && wait <= 25 * 3600_000, `${s.key} ${s.due_at}`);
	}
	// 3:10 in Shanghai
	assert.match(schedules.find((s) => s.key === 'bulk.prune').due_at, /T19:10:00/);
	await again("UPDATE timer SET due_at = 1 WHERE kind = 'schedule' AND key = 'bulk.prune'");
	for (let i = 0; !/T19:10:00/.test((await timers()).schedules.find((s) => s.key === 'bulk.prune').due_at); i++)
		assert.ok((await new Promise((done) => setTimeout(done, 100)), i < 200), 'it is not made up for');
});

test('what nobody can do is set aside with why; tried again, or skipped with a reason that is kept', { skip: !hasSql }, async () => {
	await again("INSERT INTO timer (kind, key, due_at, payload, attempt, aside, error) VALUES ('stranger', 'one', 5, '', 7, 0, NULL), ('stranger', 'two', 5, '', 7, 0, NULL), ('stranger', 'later', 32503680000000, '', 0, 0, NULL)");
	for (let i = 0; (await timers()).aside.length < 2; i++) assert.ok((await new Promise((done) => setTimeout(done, 100)), i < 200), 'not set aside');
	const now = await timers();
	assert.deepEqual(now.aside.map((t) => [t.kind, t.key, t.attempts, t.error]).sort(), [['stranger', 'one', 8, 'timer_unknown'], ['stranger', 'two', 8, 'timer_unknown']]);
	assert.deepEqual(now.kinds, [{ kind: 'stranger', waiting: 1, aside: 2, next_at: '3000-01-01T00:00:00Z' }]);
	const skip = (body) => api('POST', '/api/v1/timers/skip', body);
	assert.equal((await skip({ kind: 'stranger', key: 'one' })).status, 422);
	assert.equal((await skip({ kind: 'stranger', key: 'one', reason: '' })).status, 422);
	assert.equal((await skip({ kind: 'stranger', key: 'later', reason: 'it only waits' })).status, 404);
	assert.equal((await skip({ kind: 'stranger', key: 'one', reason: 'its folder is gone' })).status, 204);
	assert.equal((await skip({ kind: 'stranger', key: 'one', reason: 'twice' })).status, 404);
	// on PostgreSQL entries are sealed a little later
	for (let i = 0; !/its folder is gone/.test((await api('GET', '/api/v1/audit?limit=20')).text); i++)
		assert.ok((await new Promise((done) => setTimeout(done, 100)), i < 300), 'the audit trail does not know');
	assert.equal((await api('POST', '/api/v1/timers/retry', { kind: 'stranger', key: 'two' })).status, 204);
	assert.equal((await api('POST', '/api/v1/timers/retry', { kind: 'stranger', key: 'later' })).status, 404);
	const left = await timers();
	assert.deepEqual(left.kinds[0].waiting + left.kinds[0].aside, 2);
});

test('very many are counted up to a bound', { skip: !hasSql }, async () => {
	const from = process.env.GUANXI_ENGINE === 'postgres'
		? "SELECT 'crowd', 'k' || i, 32503680000000 + i, '', 0, 0 FROM generate_series(1, 10005) i"
		: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10005) SELECT 'crowd', 'k' || i, 32503680000000 + i, '', 0, 0 FROM n";
	await again(`INSERT INTO timer (kind, key, due_at, payload, attempt, aside) ${from}`);
	assert.deepEqual((await timers()).kinds.find((k) => k.kind === 'crowd'),
		{ kind: 'crowd', waiting: 10000, waiting_more: true, aside: 0, next_at: '3000-01-01T00:00:00.001Z' });
});

test('only administrators see and do it', async () => {
	const role = (await api('POST', '/api/v1/role', { name: 'all but administration', rights: { '*': { read: 'all' } }, caps: ['bulk'] }, { Prefer: 'return=representation' })).body[0];
	await api('POST', '/api/v1/user', { name: 'Other', email: 'other@example.com', roles: [role.id] });
	const token = guanxi(['token', 'create', '--data', server.data, '--user', 'other@example.com', '--name', 't']).out.trim();
	const other = client(server.url, token);
	for (const [method, path, body] of [['GET', ''], ['POST', '/retry', { kind: 'a', key: 'b' }], ['POST', '/skip', { kind: 'a', key: 'b', reason: 'c' }]])
		assert.equal((await other(method, `/api/v1/timers${path}`, body)).status, 403);
	assert.equal((await client(server.url)('GET', '/api/v1/timers')).status, 401);
});
