// Data folders are made once for a build of the program and copied: making one is a thousand statements, a copy a few files.
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** What makes them: not the sanitized program, which takes three times as long. */
export const maker = process.env.GUANXI_MAKER ?? process.env.GUANXI ?? join(root, 'build/guanxi');
const engine = process.env.GUANXI_ENGINE ?? 'sqlite';
const kept = join(process.env.GUANXI_BUILD ?? dirname(maker), 'test-data');
let taken = false;

const run = (text) => spawnSync('psql', ['-qAtX', '-v', 'ON_ERROR_STOP=1', process.env.GUANXI_TEST_PG, '-c', text], { encoding: 'utf8' });
const urlOf = (name) => process.env.GUANXI_TEST_PG.replace(/\/[^/?]*(\?.*)?$/, (_, query = '') => `/${name}${query}`);
const nameOf = (url) => /\/([^/?]*)(\?.*)?$/.exec(url)[1];
const conf = (data) => join(data, 'guanxi.conf');
const pgUrl = (data) => /^pg_url = (\S+)$/m.exec(readFileSync(conf(data), 'utf8'))[1];

/** Makes a database of its own beside the one of GUANXI_TEST_PG; its address. */
export function newDatabase(prefix, template) {
  const name = `${prefix}_${randomBytes(6).toString('hex')}`;
  const made = run(`CREATE DATABASE ${name}${template ? ` TEMPLATE ${template} STRATEGY FILE_COPY` : ''}`);
  if (made.status !== 0) throw new Error(made.stderr);
  return urlOf(name);
}

/** The folder that others are copies of; made by whoever comes first. Clusters of one GUANXI_TEST_PG_KIND are copies of one that has its database. */
export function original(what, make) {
  const { mtimeMs, size } = statSync(maker);
  const key = [what, maker, mtimeMs, size, engine, process.env.GUANXI_TEST_PG_KIND ?? process.env.GUANXI_TEST_PG, new Date().toISOString().slice(0, 10)].join('|');
  const there = join(kept, createHash('sha256').update(key).digest('hex').slice(0, 16));
  if (existsSync(there)) return there;
  mkdirSync(kept, { recursive: true });
  const draft = mkdtempSync(join(kept, 'draft-'));
  make(join(draft, 'data'));
  // nobody works in it: a template with somebody in it is not copied
  if (engine === 'postgres') run(`ALTER DATABASE ${nameOf(pgUrl(join(draft, 'data')))} ALLOW_CONNECTIONS false`);
  try {
    renameSync(draft, there);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(there)) throw error; // else another one was quicker
  }
  return there;
}

/**
 * A copy of a folder that `make` fills, once a process.
 *
 * @returns {(() => void) | null} what takes its database away; null: this process has one, make your own
 */
export function copyOfOne(data, what, make) {
  if (taken) return null;
  taken = true;
  for (let tries = 0; ; tries++) {
    const from = join(original(what, make), 'data');
    let url;
    try {
      if (engine === 'postgres') url = newDatabase('t', nameOf(pgUrl(from)));
    } catch (error) {
      // another cluster has the address now
      if (tries > 0) throw error;
      rmSync(dirname(from), { recursive: true, force: true });
      continue;
    }
    cpSync(from, data, { recursive: true });
    if (url) writeFileSync(conf(data), readFileSync(conf(data), 'utf8').replace(/^pg_url = .*$/m, `pg_url = ${url}`));
    return () => url && run(`DROP DATABASE IF EXISTS ${nameOf(url)} WITH (FORCE)`);
  }
}
