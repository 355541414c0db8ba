// The store behind the program's back, by the engine's own command: for tests of what it must notice there.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { engine } from './server.mjs';

export const hasSql = !spawnSync(engine === 'sqlite' ? 'sqlite3' : 'psql', ['--version']).error;

/** A setting of a data folder. */
export const conf = (data, key) => new RegExp(`${key} = (\\S+)`).exec(readFileSync(join(data, 'guanxi.conf'), 'utf8'))?.[1];

/** In the database of a data folder; null: in that of GUANXI_TEST_PG. */
export function psql(data, ...args) {
  const done = spawnSync('psql', ['-qAtX', '-v', 'ON_ERROR_STOP=1', data ? conf(data, 'pg_url') : process.env.GUANXI_TEST_PG, ...args], { encoding: 'utf8' });
  assert.equal(done.status, 0, done.stderr);
  return done.stdout.trim();
}

/** Runs a statement on a data folder's store, which nobody else may have open. */
export function sql(data, text) {
  if (engine === 'postgres') return psql(data, '-c', `SET search_path TO ${conf(data, 'pg_schema')}`, '-c', text);
  const done = spawnSync('sqlite3', [join(data, 'guanxi.db'), text], { encoding: 'utf8' });
  assert.equal(done.status, 0, done.stderr);
  return done.stdout.trim();
}
