// A folder that exists only in the tests (tests/capability) gives its entities, reactions, job, setting, command, roles, words and
// schema steps to the program by its manifest alone, and an installation of before takes them over.
import assert from 'node:assert/strict';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';

const plain = process.env.GUANXI ?? new URL('../../build/guanxi', import.meta.url).pathname;
const own = join(dirname(realpathSync(plain)), '../../tests/capability/guanxi_capability');
process.env.GUANXI = process.env.GUANXI_MAKER = own;
const { adminEmail, client, engine, guanxi, makeData, serve } = await import('../lib/server.mjs');
const { spawnSync } = await import('node:child_process');

describe('a folder by its manifest', { skip: existsSync(own) ? false : `no ${own}` }, () => {
	let server, api, folder, token;

	before(async () => {
		folder = makeData();
		token = guanxi(['token', 'create', '--data', folder.data, '--user', adminEmail, '--name', 'test']).out.trim();
		server = await serve(folder.data);
		api = client(server.url, token);
	});
	after(async () => {
		await server?.stop();
		folder?.remove();
	});
	const customer = async (body) => (await api('POST', '/api/v1/customer', body, { Prefer: 'return=representation' })).body?.[0];

	test('entities: table, API, OpenAPI, search, labels in three languages', async () => {
		const made = await api('POST', '/api/v1/stall', { name: 'Lantern stall' }, { Prefer: 'return=representation' });
		assert.equal(made.status, 201, made.text);
		const { id } = made.body[0];
		assert.equal((await api('POST', '/api/v1/stall_visit', { stall_id: id, note: 'came by' })).status, 201);
		assert.equal((await api('GET', `/api/v1/stall?id=eq.${id}&select=name,stall_visits(note)`)).body[0].stall_visits[0].note, 'came by');
		const { body: document } = await api('GET', '/api/v1/openapi.json');
		assert.ok(Object.keys(document.paths).includes('/api/v1/stall') && Object.keys(document.paths).some((p) => /stall.*close/.test(p)), Object.keys(document.paths).filter((p) => /stall/.test(p)).join());
		assert.equal((await api('GET', '/api/v1/search?q=lantern')).body.groups.find((g) => g.entity === 'stall').hits[0].id, id);
		for (const [language, label] of [['en', 'Stall'], ['zh-Hans', '摊位'], ['zh-Hant', '攤位']]) {
			const { body: meta } = await api('GET', '/api/v1/meta', undefined, { 'Accept-Language': language });
			assert.equal(meta.entities.find((e) => e.name === 'stall').label, label);
		}
	});

	test('a reaction to customers: makes a stall in the same write, refuses in words of its own', async () => {
		const company = await customer({ name: 'Silk and Sons', kind: 'company' });
		const stalls = async () => (await api('GET', `/api/v1/stall?customer_id=eq.${company.id}&select=name`)).body;
		assert.deepEqual(await stalls(), [{ name: 'Silk and Sons' }]);
		const person = await customer({ name: 'Just somebody', kind: 'person' });
		assert.deepEqual((await api('GET', `/api/v1/stall?customer_id=eq.${person.id}`)).body, []);
		// what is taken back takes it along
		assert.equal((await api('POST', '/api/v1/customer', { name: 'Rolled Back Ltd', kind: 'company' }, { Prefer: 'tx=rollback' })).status, 201);
		assert.deepEqual((await api('GET', '/api/v1/stall?name=eq.Rolled Back Ltd')).body, []);

		assert.equal((await api('PATCH', '/api/v1/settings', { values: { 'stall.refused_name': 'Nettles' } })).status, 204);
		for (const [language, words] of [['en', 'There is no stall for Nettles'], ['zh-Hans', '不为 Nettles 设摊'], ['zh-Hant', '不為 Nettles 設攤']]) {
			const refused = await api('POST', '/api/v1/customer', { name: 'Nettles', kind: 'company' }, { 'Accept-Language': language });
			assert.deepEqual([refused.status, refused.body.errors[0].field, refused.body.errors[0].key], [422, 'name', 'stall_refused']);
			assert.equal(refused.body.errors[0].message, words);
		}
	});

	test('its route queues its job, which runs with the rights of who asked', async () => {
		const { body: [stall] } = await api('POST', '/api/v1/stall', { name: 'To be closed' }, { Prefer: 'return=representation' });
		assert.equal((await api('POST', `/api/v1/stall/${stall.id}/close`)).status, 200);
		let open = true;
		for (let n = 0; open && n < 200; n++) {
			await new Promise((done) => setTimeout(done, 50));
			open = (await api('GET', `/api/v1/stall/${stall.id}`)).body.is_open;
		}
		assert.equal(open, false);
	});

	test('its role, and its part of a role of others', async () => {
		const { body: roles } = await api('GET', '/api/v1/role?select=key,rights&key=in.(stall_keeper,sales,service)');
		const rights = Object.fromEntries(roles.map((r) => [r.key, typeof r.rights === 'string' ? JSON.parse(r.rights) : r.rights]));
		assert.equal(rights.stall_keeper.stall.delete, 'all');
		assert.equal(rights.stall_keeper['*'], undefined);
		assert.deepEqual([rights.sales.stall.read, rights.sales.stall.update], ['all', 'none']);
		assert.equal(rights.service.stall, undefined);
	});

	test('its capability: named in roles, shown in three languages, asked by a step of its state', async () => {
		const role = async (caps) => (await api('POST', '/api/v1/role', { name: `stalls ${caps}`, rights: { stall: { read: 'all', create: 'all', update: 'all' } }, caps }, { Prefer: 'return=representation' })).body[0];
		assert.equal((await api('POST', '/api/v1/role', { name: 'x', caps: ['stall_demolish'] })).body.errors[0].key, 'role_unknown_cap');
		const as = {};
		for (const [name, caps] of [['keeper', []], ['warden', ['stall_approve']]]) {
			const user = await api('POST', '/api/v1/user', { name, email: `${name}@example.com`, roles: [(await role(caps)).id] });
			assert.equal(user.status, 201, user.text);
			as[name] = client(server.url, guanxi(['token', 'create', '--data', folder.data, '--user', `${name}@example.com`, '--name', 't']).out.trim());
		}
		assert.equal((await api('POST', '/api/v1/stall', { name: 'Early', state: 'approved' })).body.errors[0].key, 'move_start');
		const { body: [stall] } = await api('POST', '/api/v1/stall', { name: 'Tea stall' }, { Prefer: 'return=representation' });
		assert.equal(stall.state, 'planned');
		const steps = async (who) => (await who('GET', `/api/v1/stall/${stall.id}/transitions`)).body.transitions.map((t) => [t.name, t.may]);
		assert.deepEqual([await steps(as.keeper), await steps(as.warden)], [[['approve', false]], [['approve', true]]]);
		for (const refused of [await as.keeper('PATCH', `/api/v1/stall/${stall.id}`, { state: 'approved' }), await as.keeper('POST', `/api/v1/stall/${stall.id}/transitions/approve`)])
			assert.deepEqual([refused.status, refused.body.errors[0].key, refused.body.errors[0].field], [403, 'move_forbidden', 'state'], refused.text);
		const done = await as.warden('POST', `/api/v1/stall/${stall.id}/transitions/approve`);
		assert.deepEqual([done.status, done.body.state], [200, 'approved'], done.text);
		for (const [language, label] of [['en', 'Approve the stall'], ['zh-Hans', '批准摊位'], ['zh-Hant', '批准攤位']]) {
			const { body: meta } = await as.warden('GET', '/api/v1/meta', undefined, { 'Accept-Language': language });
			const state = meta.entities.find((e) => e.name === 'stall').fields.find((f) => f.name === 'state');
			assert.deepEqual([state.transitions[0].label, state.transitions[0].may, state.starts], [label, true, ['planned']]);
			assert.ok(meta.capabilities.includes('stall_approve'));
		}
		assert.ok((await api('GET', '/api/v1/meta')).body.capabilities.includes('stall_approve'), 'the administrator may do what folders name');
	});

	test('its command, and its steps', () => {
		assert.match(guanxi(['stall', 'count', '--data', folder.data]).out, /^\d+ stalls\n$/);
	});

	test('an installation of before gets what it lacks; a copy brings it along', { skip: engine !== 'sqlite' }, async () => {
		const old = spawnSync(plain, ['init', '--data', `${folder.folder}/old`, '--admin-email', adminEmail], { input: 'correct horse battery staple\n', encoding: 'utf8' });
		assert.equal(old.status, 0, old.stderr);
		// reading asks for no schema of its own; the first writer brings it up to date
		const first = guanxi(['token', 'create', '--data', `${folder.folder}/old`, '--user', adminEmail, '--name', 'x']);
		assert.match(first.err, /the schema has what the descriptors have/);
		assert.match(first.err, /a list of stalls that were/);
		assert.ok(existsSync(`${folder.folder}/old/guanxi.db.before-stall-2`), 'a copy of what there was before');
		assert.equal(guanxi(['stall', 'count', '--data', `${folder.folder}/old`]).out, '0 stalls\n');
		guanxi(['backup', '--data', `${folder.folder}/old`, `${folder.folder}/old.zip`]);
		const back = guanxi(['restore', '--unproven', '--data', `${folder.folder}/new`, `${folder.folder}/old.zip`]);
		assert.match(back.out + back.err, /Restored/);
		assert.equal(guanxi(['stall', 'count', '--data', `${folder.folder}/new`]).out, '0 stalls\n');
		// the program without it does not take the copy for its own
		const stranger = spawnSync(plain, ['restore', '--unproven', '--data', `${folder.folder}/stranger`, `${folder.folder}/old.zip`], { encoding: 'utf8' });
		assert.notEqual(stranger.status, 0);
	});
});
