// One byte changed behind the program's back, in each place where there is something to lose: the doctor names it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, cpSync, openSync, readdirSync, readFileSync, readSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { client, engine, guanxi, long, makeData, serve } from '../lib/server.mjs';
import { hasSql, psql, sql } from '../lib/sql.mjs';

let folder, backup;
const content = 'the contract, signed';

/** Changes one byte of a file. */
function flip(path, at) {
  const file = openSync(path, 'r+'), byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, at);
  byte[0] ^= 0x20;
  writeSync(file, byte, 0, 1, at);
  closeSync(file);
}

const copies = [];
/** The folder as it was, to be spoilt. */
function copy() {
  const data = join(folder.folder, `copy-${copies.length}`);
  cpSync(folder.data, data, { recursive: true });
  copies.push(data);
  return data;
}

const doctor = (data, ...args) => {
  const done = guanxi(['doctor', '--data', data, ...args], { allowFailure: true });
  return { status: done.status, said: done.out + done.err };
};

before(async () => {
  folder = makeData();
  const token = guanxi(['token', 'create', '--data', folder.data, '--user', 'admin@example.com', '--name', 't']).out.trim();
  const server = await serve(folder.data);
  const api = client(server.url, token);
  const made = await api('POST', '/api/v1/customer', Array.from({ length: 300 }, (_, i) => ({ name: `Customer ${i} with a name to be found`, city: 'Damaged town' })), { Prefer: 'return=representation' });
  const file = await api('POST', `/api/v1/file?name=contract.txt&entity=customer&record_id=${made.body[0].id}`, new TextEncoder().encode(content), { 'Content-Type': 'text/plain' });
  assert.equal(file.status, 201, file.text);
  backup = join(folder.folder, 'backup.zip');
  guanxi(['backup', '--data', folder.data, backup]);
  await server.stop();
});
after(() => folder?.remove());

test('nothing is wrong with what nobody touched', () => {
  const { status, said } = doctor(folder.data, '--deep');
  assert.equal(status, 0, said);
});

function blobOf(data) {
  const all = readdirSync(join(data, 'blobs'), { recursive: true }).map((n) => join(data, 'blobs', n)).filter((p) => statSync(p).isFile());
  return all.find((p) => readFileSync(p, 'utf8') === content);
}

test('an attachment: a changed byte, a lost end, and one that is gone', () => {
  for (const spoil of [(path) => flip(path, 3), (path) => truncateSync(path, 5), (path) => truncateSync(path, 0)]) {
    const data = copy();
    spoil(blobOf(data));
    const { status, said } = doctor(data, '--deep');
    assert.equal(status, 1, said);
    assert.match(said, /WRONG\s+attachments/);
  }
});

test('the database file, in a row and in an index', { skip: engine !== 'sqlite' ? 'PostgreSQL keeps its own files' : false }, () => {
  const run = (data, text) => {
    const done = spawnSync('sqlite3', [join(data, 'guanxi.db'), text], { encoding: 'utf8' });
    return done.error ? null : done.stdout.trim();
  };
  if (run(folder.data, 'PRAGMA wal_checkpoint(TRUNCATE)') === null) return;
  const pages = (name) => Number(run(folder.data, `SELECT rootpage FROM sqlite_master WHERE name = '${name}'`));
  const file = readFileSync(join(folder.data, 'guanxi.db'));
  // a structure: the kind of page; an index: a value in it; the table's own text is for the change log to tell
  const name = Buffer.from('Damaged town');
  const places = { 'the kind of a page': (pages('customer') - 1) * 4096, 'the header': 20, 'a value of an index': file.lastIndexOf(name) };
  for (const [what, at] of Object.entries(places)) {
    assert.ok(at >= 0, what);
    const data = copy();
    flip(join(data, 'guanxi.db'), at);
    const { status, said } = doctor(data, '--deep');
    assert.notEqual(status, 0, `${what}: ${said}`);
  }
});

/** Every file below, by its content; the settings name a schema and differ, and the database is made anew: doctor tells of its rows. */
function contents(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((e) => e.isFile() && !['guanxi.conf', 'guanxi.db'].includes(e.name))
    .map((e) => [e.name, createHash('sha256').update(readFileSync(join(e.parentPath ?? e.path, e.name))).digest('hex')]).sort();
}

const newSchema = () => (engine === 'postgres' ? ['--pg-url', process.env.GUANXI_TEST_PG, '--pg-schema', `t${randomBytes(6).toString('hex')}`] : []);

// A few bytes of a zip say nothing: what stands in the directory at its end again, bits that fill up the last byte of a stream.
test('a backup with a changed byte is not restored, unless the byte says nothing: then all is as it was', () => {
  const size = statSync(backup).size;
  const whole = join(folder.folder, 'restored-whole');
  guanxi(['restore', '--unproven', '--data', whole, ...newSchema(), backup]);
  const sound = doctor(whole, '--deep');
  assert.equal(sound.status, 0, sound.said);
  let refused = 0;
  const parts = long || engine === 'sqlite' ? [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9] : [0.1, 0.35, 0.6, 0.85]; // PostgreSQL takes seconds for each
  for (const part of parts) {
    const bad = `${backup}-${part}`;
    cpSync(backup, bad);
    flip(bad, Math.floor(size * part));
    const target = join(folder.folder, `restored-${part}`), schema = newSchema();
    const done = guanxi(['restore', '--unproven', '--data', target, ...schema, bad], { allowFailure: true });
    if (done.status === 0) {
      assert.deepEqual(contents(target), contents(whole), `${part}: ${done.out}`);
      assert.equal(doctor(target, '--deep').said, sound.said, `${part}`);
      continue;
    }
    refused++;
    assert.match(done.err, /This backup is damaged: (guanxi\.db|database\.dump|blobs)/, `${part}`);
    assert.ok(!readdirSync(folder.folder).some((n) => n.startsWith(`restored-${part}`)), 'nothing is left of it');
    guanxi(['restore', '--unproven', '--data', target, ...schema, backup]); // nor in the schema, which must be empty
  }
  assert.ok(refused >= parts.length - 2, `${refused} of ${parts.length}`);
});

test('a backup of a store that was wrong before is not restored, and nothing of it is left', { skip: hasSql ? false : 'no command of the engine here' }, () => {
  const spoilt = copy(), file = join(folder.folder, 'spoilt.zip'), target = join(folder.folder, 'restored-spoilt'), schema = newSchema();
  sql(spoilt, engine === 'sqlite' ? 'DROP TRIGGER change_no_update' : 'ALTER TABLE change DISABLE TRIGGER change_no_update');
  sql(spoilt, "UPDATE change SET at = at + 1 WHERE seq = (SELECT max(seq) FROM change)");
  guanxi(['backup', '--data', spoilt, file]);
  const name = schema.at(-1);
  if (name) psql(null, '-c', `CREATE SCHEMA ${name}`, '-c', `CREATE FUNCTION ${name}.somebody_elses() RETURNS int LANGUAGE sql AS 'SELECT 1'`);
  const done = guanxi(['restore', '--unproven', '--data', target, ...schema, file], { allowFailure: true });
  assert.equal(done.status, 1, done.out + done.err);
  assert.match(done.err, /WRONG\s+change log/);
  assert.ok(!readdirSync(folder.folder).some((n) => n.startsWith('restored-spoilt')), 'the folder is gone');
  if (name) assert.equal(psql(null, '-c', `SELECT ${name}.somebody_elses()`), '1', "what was not the backup's stays");
  guanxi(['restore', '--unproven', '--data', target, ...schema, backup]);
});
