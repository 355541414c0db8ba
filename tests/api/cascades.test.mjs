// S82: a deletion is refused where something would go along that the one who deletes may not delete, whichever way it is asked
// for; and so is what goes along two steps down. Nothing is half done.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { made, person, rightsOf, sleep, unchanged } from '../lib/attack.mjs';
import { start } from '../lib/server.mjs';

let server, admin, meta;
before(async () => {
  server = await start();
  admin = server.api;
  meta = (await admin('GET', '/api/v1/meta')).body.entities;
});
after(() => server?.close());

let n = 0;
const option = (entity, field) => meta.find((e) => e.name === entity).fields.find((f) => f.name === field).options[0].value;
const customer = () => made(admin, 'customer', { name: `parent ${++n}` });
const order = async () => made(admin, 'order', { customer_id: (await customer()).id, number: `S82-${++n}`, placed_at: '2026-07-15T10:00:00Z' });
const attach = async (parent) => {
  const up = await admin('POST', `/api/v1/file?name=a${++n}&entity=customer&record_id=${parent.id}`, new TextEncoder().encode(`file ${n}`), { 'Content-Type': 'application/octet-stream' });
  assert.equal(up.status, 201, up.text);
  return up.body;
};
/** What goes along with what, and how one of it is made. */
const families = [
  ['customer', 'address', customer, (p) => made(admin, 'address', { customer_id: p.id, street: 'x' })],
  ['customer', 'interaction', customer, (p) => made(admin, 'interaction', { customer_id: p.id, kind: 'note', subject: 'x' })],
  ['customer', 'identifier', customer, (p) => made(admin, 'identifier', { customer_id: p.id, kind: option('identifier', 'kind'), value: `x${++n}` })],
  ['customer', 'party_role', customer, (p) => made(admin, 'party_role', { customer_id: p.id, role: option('party_role', 'role') })],
  ['customer', 'attachment', customer, attach],
  ['order', 'order_line', order, (p) => made(admin, 'order_line', { order_id: p.id, name: 'x', quantity: '1', unit_price: '2.00' })],
  ['order', 'payment', order, (p) => made(admin, 'payment', { order_id: p.id, kind: 'payment', amount: '2.00', paid_at: '2026-07-15T10:00:00Z' })],
  ['order', 'shipment', order, (p) => made(admin, 'shipment', { order_id: p.id })],
];
const ways = {
  'by its id': (who, entity, ids) => who('DELETE', `/api/v1/${entity}/${ids[0]}`),
  'by a filter': (who, entity, ids) => who('DELETE', `/api/v1/${entity}?id=eq.${ids[0]}`),
  'by a filter, several': (who, entity, ids) => who('DELETE', `/api/v1/${entity}?id=in.(${ids})`),
  'as a bulk act': (who, entity, ids) => who('POST', '/api/v1/bulk', { kind: 'delete', entity, ids }),
};

for (const [parent, child, make, hang] of families)
  test(`${parent} with ${child}: nobody deletes it who may not delete what hangs on it`, async () => {
    const rights = { 'none of it': { [child]: { read: 'all', delete: 'none' } }, 'not even seen': { [child]: { read: 'none', delete: 'none' } } };
    for (const [what, its] of Object.entries(rights)) {
      const who = await person(server, `${parent}-${child}-${++n}`, rightsOf('all', its), { caps: ['bulk'] });
      for (const [way, ask] of Object.entries(ways)) {
        const first = await make(), second = await make(), hung = await hang(first);
        const answer = await ask(who.api, parent, [first.id, second.id]);
        const bulk = way === 'as a bulk act';
        assert.ok(bulk ? answer.status === 200 && answer.body.refused === 1 : answer.status === 403, `${what}, ${way}: ${answer.status} ${answer.text}`);
        assert.equal((await admin('GET', `/api/v1/${child}/${hung.id}`)).status, 200, `${what}, ${way}: it went along`);
        assert.equal((await admin('GET', `/api/v1/${parent}/${first.id}`)).status, 200, `${what}, ${way}`);
        // a bulk act is one by one, a deletion by a filter all or none
        assert.equal((await admin('GET', `/api/v1/${parent}/${second.id}`)).status, bulk ? 404 : 200, `${what}, ${way}: of the other`);
      }
    }
    const may = await person(server, `${parent}-${child}-may${++n}`, rightsOf('all'), { caps: ['bulk'] });
    const gone = await make(), along = await hang(gone);
    assert.equal((await may.api('DELETE', `/api/v1/${parent}/${gone.id}`)).status, 204, 'whoever may');
    assert.equal((await admin('GET', `/api/v1/${child}/${along.id}`)).status, 404);
    // and nobody brings back what they could not delete
    const half = await person(server, `${parent}-${child}-half${++n}`, rightsOf('all', { [child]: { create: 'none', delete: 'none' } }), { caps: ['bulk'] });
    await unchanged(server.data, async () => {
      for (const path of [`${child}/${along.id}`, `${parent}/${gone.id}`]) {
        const answer = await half.api('POST', `/api/v1/${path}/restore`);
        assert.ok([403, 404].includes(answer.status), `${path}: ${answer.status} ${answer.text}`);
      }
    });
  });

test('what belongs to somebody else does not go along by a right over one\'s own', async () => {
  const who = await person(server, 'ownonly', rightsOf('all', { interaction: { read: 'all', delete: 'own' } }));
  const one = await customer(), theirs = await made(admin, 'interaction', { customer_id: one.id, kind: 'note', subject: 'theirs' });
  assert.equal((await who.api('DELETE', `/api/v1/customer/${one.id}`)).status, 403);
  assert.equal((await admin('GET', `/api/v1/interaction/${theirs.id}`)).status, 200);
});

test('undoing an import deletes no record with what others hung on it, whatever hangs', async () => {
  const who = await person(server, 'undoes', rightsOf('all'), { caps: ['bulk'] });
  const numbers = families.filter(([parent]) => parent === 'customer').map(([, child]) => `S82U-${child}`);
  const up = await who.api('POST', '/api/v1/import?name=u.csv', new TextEncoder().encode(`number,name\n${numbers.map((x) => `${x},${x}`).join('\n')}\nS82U-free,free\n`), { 'Content-Type': 'application/octet-stream' });
  const id = up.body.id;
  const rests = async () => {
    for (let i = 0; ; i++) {
      const { body } = await admin('GET', `/api/v1/import_run/${id}`);
      if (['done', 'failed', 'undone', 'undo_stopped'].includes(body.state)) return body;
      assert.ok((await sleep(50), i < 400), body.state);
    }
  };
  assert.equal((await who.api('PUT', `/api/v1/import/${id}/plan`, { mapping: [{ column: 0, entity: 'customer', field: 'number' }, { column: 1, entity: 'customer', field: 'name' }] })).status, 200);
  assert.equal((await who.api('POST', `/api/v1/import/${id}/start`)).status, 202);
  assert.equal((await rests()).created, numbers.length + 1);
  const hung = {};
  for (const [, child, , hang] of families.filter(([parent]) => parent === 'customer')) hung[child] = await hang((await admin('GET', `/api/v1/customer?number=eq.S82U-${child}&select=id`)).body[0]);
  assert.equal((await who.api('POST', `/api/v1/import/${id}/undo`)).status, 202);
  assert.equal((await rests()).state, 'undone');
  assert.deepEqual((await admin('GET', '/api/v1/customer?number=like.S82U*&select=number&order=number')).body.map((r) => r.number).sort(), [...numbers].sort());
  for (const [child, one] of Object.entries(hung)) assert.equal((await admin('GET', `/api/v1/${child}/${one.id}`)).status, 200, child);
});
