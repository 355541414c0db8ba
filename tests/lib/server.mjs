// Starts the program for a test: a data folder of its own, a free port, an administrator
// and a token.  GUANXI is the program; GUANXI_ENGINE is sqlite or postgres;
// GUANXI_TEST_PG is the address of a PostgreSQL where schemas may be made.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { copyOfOne, maker, newDatabase, original } from './copies.mjs';
import { thrice } from './repeat.mjs';
import { ask } from './request.mjs';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const program = process.env.GUANXI ?? join(root, 'build/guanxi');
export const engine = process.env.GUANXI_ENGINE ?? 'sqlite';
export const sharedData = process.env.GUANXI_SHARED_DATA ?? join(root, '../shared/data');
/** GUANXI_LONG=1: matrices are asked whole; else each of their cells that one piece of the program answers takes its turn. */
export const long = Boolean(process.env.GUANXI_LONG);
export const adminEmail = 'admin@example.com';
export const adminPassword = 'correct horse battery staple';

/** Runs a command of the program; throws with its error output unless it succeeds. */
export function guanxi(args, { input = '', cwd, allowFailure = false, by = program } = {}) {
  const done = spawnSync(by, args, { input, cwd, encoding: 'utf8', maxBuffer: 64 << 20 });
  if (done.error) throw done.error;
  if (done.status !== 0 && !allowFailure)
    throw new Error(`guanxi ${args.join(' ')} ended with ${done.status}: ${done.stderr}${done.stdout}`);
  return { status: done.status, out: done.stdout, err: done.stderr };
}

const init = (data, args, by = program) => guanxi(['init', '--data', data, '--admin-email', adminEmail, ...args], { input: `${adminPassword}\n`, by });

/** The sample shop; on PostgreSQL, where all of it takes minutes, that of the first orders. */
function demonstrate(data, by = program) {
  const args = ['demo', '--data', data];
  if (engine === 'postgres') {
    const orders = join(dirname(data), 'orders.csv');
    writeFileSync(orders, `${gunzipSync(readFileSync(join(root, 'sample/online-retail.csv.gz'))).toString('utf8').split('\n').slice(0, 4001).join('\n')}\n`);
    args.push('--orders', orders);
  }
  guanxi(args, { cwd: root, by });
}

const filled = (demo) => (to) => {
  init(to, engine === 'postgres' ? ['--pg-url', newDatabase('base'), '--pg-schema', 'guanxi'] : [], maker);
  if (demo) demonstrate(to, maker);
};

/** Makes what data folders are copies of, so that no two files do so at once. */
export function makeOriginals() {
  for (const demo of [false, true]) original(demo, filled(demo));
}

/** A fresh data folder with an administrator: a copy of one made before, so that not every file waits for it, and after the first of a
 * process, or with `args`, made anew: two are never each other's. `demo`: with the sample shop. */
export function makeData({ args = [], demo = false } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'guanxi-test-'));
  const data = join(folder, 'data');
  if (engine === 'postgres' && !process.env.GUANXI_TEST_PG) throw new Error('GUANXI_TEST_PG is not set');
  const drop = args.length === 0 ? copyOfOne(data, demo, filled(demo)) : null;
  if (!drop) {
    init(data, [...(engine === 'postgres' ? ['--pg-url', process.env.GUANXI_TEST_PG, '--pg-schema', `t${randomBytes(6).toString('hex')}`] : []), ...args]);
    if (demo) demonstrate(data);
  }
  return {
    data, folder,
    remove() {
      rmSync(folder, { recursive: true, force: true });
      drop?.();
    },
  };
}

const folderOf = new Map(); // of the servers, by their address

/** Serves a data folder; resolves when it answers. */
export async function serve(data, { args = [], env = {} } = {}) {
  const child = spawn(program, ['serve', '--data', data, '--listen', '127.0.0.1:0', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let log = '';
  child.stderr.on('data', (chunk) => (log = (log + chunk).slice(-100000)));
  const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })));
  const url = await new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      const found = /(https?):\/\/\S*?:(\d+)/.exec(text);
      if (found) resolve(`${found[1]}://127.0.0.1:${found[2]}`);
    });
    ended.then(({ code, signal }) => reject(new Error(`the server ended with ${code ?? signal}: ${log}`)));
  });
  folderOf.set(url, data);
  return {
    url,
    child,
    ended,
    log: () => log,
    kill: () => child.kill('SIGKILL'),
    /** Stops it as an operator would; fails if it does not end cleanly. */
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      const { code, signal } = await ended;
      if (code !== 0) throw new Error(`the server ended with ${code ?? signal}: ${log}`);
    },
  };
}

/** Data folder, server and the administrator's token in one. `before(data)` may load data first. */
export async function start({ args = [], serveArgs = [], before, demo = false } = {}) {
  const folder = makeData({ args, demo });
  await before?.(folder.data);
  const token = guanxi(['token', 'create', '--data', folder.data, '--user', adminEmail, '--name', 'test']).out.trim();
  const server = await serve(folder.data, { args: serveArgs });
  const api = client(server.url, token);
  return {
    ...server,
    data: folder.data,
    token,
    api,
    remove: folder.remove,
    async close() {
      try {
        await server.stop();
      } finally {
        folder.remove();
      }
    },
  };
}

/** Whatever was answered well, for the test that every route has a test (routes.test.mjs). */
export function noteHit(method, path, status) {
  if (process.env.GUANXI_HITS && status < 400) appendFileSync(process.env.GUANXI_HITS, `${method} ${path.split('?')[0]}\n`);
}

/** Asks with a bearer token: api('GET', '/api/v1/customer?limit=1') → {status, headers, body}. */
export function client(url, token) {
  return async function api(method, path, body, headers = {}) {
    const raw = typeof body === 'string' || body instanceof Uint8Array;
    const answer = await thrice(method, path, headers, (asked) => ask(url + path, {
      method,
      headers: {
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
        ...(body !== undefined && !raw ? { 'Content-Type': 'application/json' } : {}),
        ...asked,
      },
      body: body === undefined ? undefined : raw ? body : JSON.stringify(body),
    }), folderOf.get(url));
    noteHit(method, path, answer.status);
    const isJson = /^application\/([a-z.+]+\+)?json\b/.test(answer.headers.get('content-type') ?? '');
    return { ...answer, body: isJson && answer.text ? JSON.parse(answer.text) : answer.text };
  };
}
