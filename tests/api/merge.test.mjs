// Merging customers: all that belonged to one belongs to the other, old ids lead there, and a merge comes apart again.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { client, guanxi, serve, start } from '../lib/server.mjs';

let server, api;
before(async () => {
	server = await start();
	api = server.api;
});
after(async () => {
	await server?.stop();
	server?.remove();
});

const guanxiToken = (name) => guanxi(['token', 'create', '--data', server.data, '--user', `${name}@example.com`, '--name', 't']).out.trim();
const row = async (entity, body, as = api) => {
	const made = await as('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' });
	assert.equal(made.status, 201, JSON.stringify(made.body));
	return made.body[0];
};
const get = async (path) => (await api('GET', `/api/v1/${path}`)).body;
const merge = (into, from, more = {}, as = api) => as('POST', `/api/v1/customer/${into}/merge`, { from, ...more });
const unmerge = (id, as = api) => as('POST', `/api/v1/customer/${id}/unmerge`, {});
const shown = ({ id, version, updated_at, updated_by, ...rest }) => rest;
const key = (answer) => answer.body.errors?.[0]?.key ?? answer.body.code;

/** Two customers with something of everything. */
async function pair() {
	const tag = await row('tag', { name: `tag ${Math.random()}` });
	const a = await row('customer', { name: '王小明', number: `C-${Math.random()}`, phone: '13800138000', city: '杭州', note: 'first', tags: [] });
	const b = await row('customer', { name: 'Wang Xiaoming', number: `D-${Math.random()}`, phone: '13900139000', email: 'wang@example.com', note: 'second', tags: [tag.id] });
	const of = { customer_id: b.id };
	const made = {
		order: await row('order', { ...of, total: '100.00', state: 'paid', placed_at: '2026-01-05T00:00:00Z' }),
		interaction: await row('interaction', { ...of, kind: 'call', subject: 'hello', state: 'done', direction: 'in', at: '2026-02-01T00:00:00Z' }),
		identifier: await row('identifier', { ...of, kind: 'wechat', value: `wx${Math.random()}` }),
		address: await row('address', { ...of, street: 'West Lake 1' }),
		consent: await row('consent', { ...of, channel: 'email', purpose: 'marketing', state: 'given' }),
		opportunity: await row('opportunity', { ...of, name: 'deal', amount: '50.00' }),
		case: await row('case', { ...of, subject: 'broken', kind: 'complaint' }),
		quote: await row('quote', { ...of, title: 'offer' }),
	};
	for (const id of [a.id, b.id]) await row('party_role', { customer_id: id, role: 'consumer' });
	const about = await row('interaction', { about: `customer/${b.id}`, kind: 'note', subject: 'about' });
	await row('order', { customer_id: a.id, total: '10.00', state: 'paid', placed_at: '2026-03-05T00:00:00Z' });
	return { a: await get(`customer/${a.id}`), b: await get(`customer/${b.id}`), made, about, tag };
}

test('all that belonged to one belongs to the other; it comes apart as it was', async () => {
	const { a, b, made, about, tag } = await pair();
	await api('POST', `/api/v1/quote_line`, { quote_id: made.quote.id, name: 'thing', quantity: '1', price_by_hand: '5' });
	await api('PATCH', `/api/v1/quote/${made.quote.id}`, { state: 'sent' });
	const quote = await get(`quote/${made.quote.id}`);
	const looked = (await api('GET', `/api/v1/customer/${a.id}/merge?with=${b.id}`)).body;
	assert.equal(looked.fields.phone, a.id);
	assert.equal(looked.fields.email, b.id);
	assert.equal(looked.fields.note, 'both');
	assert.deepEqual(looked.moves.filter((m) => m.entity === 'order'), [{ entity: 'order', field: 'customer_id', n: 1, more: false }]);
	const done = await merge(a.id, [b.id], { fields: { name: b.id }, versions: { [a.id]: a.version, [b.id]: b.version } });
	assert.equal(done.status, 200, JSON.stringify(done.body));
	for (const [entity, record] of Object.entries(made)) assert.equal((await get(`${entity}/${record.id}`)).customer_id, a.id, entity);
	assert.equal((await get(`interaction/${about.id}`)).about, `customer/${a.id}`);
	assert.equal((await get(`quote/${made.quote.id}`)).total, quote.total);
	const one = await get(`customer/${a.id}`);
	assert.equal(one.name, 'Wang Xiaoming');
	assert.equal(one.phone, '+8613800138000');
	assert.equal(one.email, 'wang@example.com');
	assert.equal(one.note, 'first\n\nsecond');
	assert.deepEqual(one.tags.map((x) => x.id), [tag.id]);
	assert.deepEqual([one.orders_count, one.orders_total, one.contacts_count], [2, '110.00', 1]);
	assert.equal(one.first_order_at, '2026-01-05T00:00:00Z');
	assert.equal((await get(`party_role?customer_id=eq.${a.id}`)).length, 1);
	assert.deepEqual((await get(`identifier?customer_id=eq.${a.id}&kind=eq.phone`)).map((i) => i.value), ['+8613900139000']);

	// what was read and set by the old id
	const old = await api('GET', `/api/v1/customer/${b.id}`);
	assert.deepEqual([old.status, old.body.id, old.headers.get('content-location')], [200, a.id, `/api/v1/customer/${a.id}`]);
	assert.equal((await get(`order?customer_id=eq.${b.id}`)).length, 2);
	assert.deepEqual((await get(`customer?id=in.(${b.id})&select=id`)).map((c) => c.id), [a.id]);
	const late = await row('order', { customer_id: b.id, total: '1.00' });
	assert.equal(late.customer_id, a.id);
	assert.equal((await row('interaction', { about: `customer/${b.id}`, kind: 'note' })).about, `customer/${a.id}`);
	for (const typed of [b.id, b.number]) assert.ok((await get(`search?q=${encodeURIComponent(typed)}`)).some?.((r) => r.id === a.id) ?? JSON.stringify(await get(`search?q=${encodeURIComponent(typed)}`)).includes(a.id), typed);
	for (const method of ['PATCH', 'DELETE']) {
		const refused = await api(method, `/api/v1/customer/${b.id}`, method === 'PATCH' ? { city: 'x' } : undefined);
		assert.equal(refused.status, 409);
		assert.match(JSON.stringify(refused.body), new RegExp(a.id));
	}
	assert.equal((await api('DELETE', `/api/v1/customer?id=eq.${b.id}`)).status, 204);
	assert.equal((await get(`customer/${a.id}`)).id, a.id);
	assert.equal((await api('POST', `/api/v1/customer/${b.id}/restore`, {})).status, 409);

	// and apart again: a field changed since stays, a link set otherwise stays
	await api('PATCH', `/api/v1/customer/${a.id}`, { email: 'new@example.com' });
	await api('DELETE', `/api/v1/address/${made.address.id}`);
	const apart = await unmerge(b.id);
	assert.equal(apart.status, 200, JSON.stringify(apart.body));
	assert.deepEqual([apart.body.kept, apart.body.gone, apart.body.changed], [['email'], 1, 0]);
	const back = await get(`customer/${b.id}`), stayed = await get(`customer/${a.id}`);
	assert.deepEqual(shown(back), shown(b));
	const { orders_count, orders_total, last_order_at, ...same } = shown(stayed);
	assert.deepEqual(same, { ...(({ orders_count, orders_total, last_order_at, ...rest }) => rest)(shown(a)), email: 'new@example.com' });
	assert.equal(orders_count, 1 + (late.state === 'draft' ? 0 : 1));
	for (const [entity, record] of Object.entries(made)) if (entity !== 'address') assert.equal((await get(`${entity}/${record.id}`)).customer_id, b.id, entity);
	assert.equal((await get(`interaction/${about.id}`)).about, `customer/${b.id}`);
	assert.equal((await get(`party_role?customer_id=eq.${b.id}`)).length, 1);
	assert.equal((await get(`identifier?customer_id=eq.${a.id}`)).length, 0);
	assert.equal((await unmerge(b.id)).status, 409);
});

test('what cannot be merged is refused in words, and nothing changes', async () => {
	const [a, b, c] = await Promise.all(['A', 'B', 'C'].map((name) => row('customer', { name })));
	await row('opportunity', { name: 'deal', customer_id: a.id, contact_id: c.id });
	const cases = [
		[a.id, [a.id], {}, 'merge_itself'], [a.id, [b.id, b.id], {}, 'merge_twice'], [a.id, [], {}, 'merge_from'], [a.id, ['x'], {}, 'merge_from'], [a.id, { a: 1 }, {}, 'merge_from'],
		[a.id, [c.id], {}, 'merge_related'], [c.id, [a.id], {}, 'merge_related'],
		[a.id, [b.id], { fields: { name: '17' } }, 'merge_choice'], [a.id, [b.id], { fields: { name: 'both' } }, 'merge_choice'],
		[a.id, [b.id], { fields: { orders_count: b.id } }, 'unknown_field'], [a.id, [b.id], { fields: { nothing: b.id } }, 'unknown_field'],
		[a.id, [b.id], { fields: [] }, 'not_an_object'], [a.id, [b.id], { versions: { [b.id]: 7 } }, 'version'],
		[a.id, ['4611686018427387904'], {}, 'not_found'], ['4611686018427387904', [a.id], {}, 'not_found'],
	];
	for (const [into, from, more, wanted] of cases) {
		const refused = await merge(into, from, more);
		assert.ok(refused.status >= 400 && refused.status < 500, `${wanted}: ${refused.status}`);
		assert.match(JSON.stringify(refused.body), new RegExp(wanted), JSON.stringify(refused.body));
	}
	for (const made of [a, b, c]) assert.equal((await get(`customer/${made.id}`)).version, 1);
	assert.equal((await unmerge(a.id)).status, 409);
	assert.equal((await unmerge('4611686018427387904')).status, 404);
	// who is gone already, or is somewhere else by now
	assert.equal((await merge(a.id, [b.id])).status, 200);
	const again = await merge(a.id, [b.id]);
	assert.deepEqual([again.status, key(again)], [409, 'merged_away']);
	assert.equal((await merge(c.id, [b.id])).status, 409);
	assert.equal((await merge(b.id, [c.id])).status, 409);
});

test('several at once, and one after another, come apart in any order', async () => {
	const [a, b, c, d] = await Promise.all(['Ann', 'Bea', 'Cid', 'Dot'].map((name, i) => row('customer', { name, number: `N${i}`, ...(i === 2 ? { phone: '13800000003' } : {}) })));
	const orders = {};
	for (const one of [a, b, c, d]) orders[one.id] = await row('order', { customer_id: one.id, total: '1.00', state: 'paid' });
	const done = await merge(a.id, [b.id, c.id], { fields: { name: c.id } });
	assert.equal(done.body.merges.length, 2, JSON.stringify(done.body));
	assert.deepEqual((({ name, phone, orders_count }) => [name, phone, orders_count])(await get(`customer/${a.id}`)), ['Cid', '+8613800000003', 3]);
	assert.equal((await merge(d.id, [a.id])).status, 200);
	for (const one of [a, b, c]) assert.equal((await get(`customer/${one.id}`)).id, d.id);
	assert.equal((await get(`customer/${d.id}`)).orders_count, 4);
	assert.equal((await unmerge(b.id)).status, 200);
	assert.equal((await get(`order/${orders[b.id].id}`)).customer_id, b.id);
	assert.equal((await unmerge(a.id)).status, 200);
	assert.deepEqual([(await get(`order/${orders[a.id].id}`)).customer_id, (await get(`order/${orders[c.id].id}`)).customer_id], [a.id, a.id]);
	assert.equal((await get(`customer/${c.id}`)).id, a.id);
	assert.equal((await unmerge(c.id)).status, 200);
	for (const [i, one] of [a, b, c, d].entries())
		assert.deepEqual((({ id, number, name, orders_count }) => [id, number, name, orders_count])(await get(`customer/${one.id}`)), [one.id, `N${i}`, one.name, 1]);
});

test('of two merges at once exactly one is done; an edit and a merge do not undo each other', async () => {
	for (let i = 0; i < 4; i++) {
		const [a, b] = await Promise.all([row('customer', { name: `a${i}` }), row('customer', { name: `b${i}` })]);
		const versions = { [a.id]: 1, [b.id]: 1 };
		const both = await Promise.all([merge(a.id, [b.id], { versions }), merge(b.id, [a.id], { versions })]);
		assert.deepEqual(both.map((x) => x.status).sort(), [200, 409], JSON.stringify(both.map((x) => x.body)));
		const one = await get(`customer/${a.id}`);
		assert.equal((await get(`customer/${b.id}`)).id, one.id);
	}
	for (let i = 0; i < 4; i++) {
		const [a, b] = await Promise.all([row('customer', { name: `c${i}` }), row('customer', { name: `d${i}` })]);
		const [edited, merged] = await Promise.all([
			api('PATCH', `/api/v1/customer/${b.id}`, { city: 'Bath' }, { 'If-Match': '"v1"' }), merge(a.id, [b.id], { versions: { [b.id]: 1 } }),
		]);
		assert.deepEqual([edited.status < 300, merged.status < 300].sort(), [false, true], `${edited.status} ${merged.status}`);
	}
	const [a, b] = await Promise.all([row('customer', { name: 'e' }), row('customer', { name: 'f' })]);
	await merge(a.id, [b.id]);
	const apart = await Promise.all([unmerge(b.id), unmerge(b.id)]);
	assert.deepEqual(apart.map((x) => x.status < 300).sort(), [false, true], apart.map((x) => x.status).join());
});

test('it takes the right to merge, and to change each of them; what one may not see is moved and not told', async () => {
	const role = (name, rights, caps) => row('role', { name, rights, caps });
	const rights = { customer: { read: 'own', update: 'own', create: 'own', delete: 'none' }, order: { read: 'own' } };
	const merger = await role('merger', rights, ['merge']), plain = await role('plain', { ...rights, customer: { read: 'all', update: 'all' } }, []);
	const people = {};
	for (const [name, held] of [['mia', merger], ['pia', plain]]) {
		const user = await row('user', { name, email: `${name}@example.com`, roles: [held.id] });
		people[name] = { user };
	}
	const mia = client(server.url, guanxiToken('mia')), pia = client(server.url, guanxiToken('pia'));
	const [a, b] = [await row('customer', { name: 'A', owner_id: people.mia.user.id }), await row('customer', { name: 'B', owner_id: people.mia.user.id })];
	const other = await row('customer', { name: 'C' });
	const hidden = await row('order', { customer_id: b.id, total: '1.00', owner_id: other.owner_id });
	const refused = await merge(a.id, [b.id], {}, pia);
	assert.deepEqual([refused.status, key(refused)], [403, 'merge_needed']);
	assert.equal((await pia('GET', `/api/v1/customer/${a.id}/merge?with=${b.id}`)).status, 403);
	assert.equal((await merge(a.id, [other.id], {}, mia)).status, 404);
	assert.equal((await merge(other.id, [a.id], {}, mia)).status, 404);
	const looked = await mia('GET', `/api/v1/customer/${a.id}/merge?with=${b.id}`);
	assert.deepEqual(looked.body.moves, []);
	const done = await merge(a.id, [b.id], {}, mia);
	assert.equal(done.status, 200, JSON.stringify(done.body));
	assert.deepEqual(Object.keys(done.body).sort(), ['id', 'merges', 'version']);
	assert.equal((await get(`order/${hidden.id}`)).customer_id, a.id);
	// an old id tells nothing of who is out of reach
	await api('PATCH', `/api/v1/customer/${a.id}`, { owner_id: other.owner_id });
	for (const [method, body] of [['GET'], ['PATCH', { city: 'x' }], ['DELETE']]) assert.ok([403, 404].includes((await mia(method, `/api/v1/customer/${b.id}`, body)).status), method);
	assert.equal((await unmerge(b.id, mia)).status, 404);
	assert.equal((await unmerge(b.id, pia)).status, 403);
	assert.equal((await unmerge(b.id)).status, 200);
});

const until = async (fn, within = 8000) => {
	for (const begun = Date.now(); ;) {
		const got = await fn();
		if (got) return got;
		if (Date.now() - begun > within) assert.fail(`waited ${within} ms for ${fn}`);
		await new Promise((done) => setTimeout(done, 30));
	}
};
const scan = async () => {
	const begun = await api('POST', '/api/v1/duplicates/scan', {});
	assert.equal(begun.status, 202, JSON.stringify(begun.body));
	return until(async () => {
		const s = await get('duplicates/scan');
		return ['done', 'failed', 'stopped'].includes(s.state) && s;
	});
};
const pairs = async (query = '', as = api) => (await as('GET', `/api/v1/duplicates?${query}`)).body;
/** All of them, page by page. */
const every = async (query = 'limit=100') => {
	const seen = [];
	for (let next = ''; next !== null;) {
		const page = await pairs(`${query}${next ? `&cursor=${next}` : ''}`);
		seen.push(...page.pairs);
		next = page.next;
	}
	return seen;
};

test('a scan finds who is kept twice, with reasons; what is decided stays decided', async () => {
	const surnames = ['赵', '钱', '孙', '李', '周', '吴', '郑', '王', '冯', '陈', '褚', '卫'], given = ['伟', '芳', '娜', '敏', '静', '丽', '强', '磊', '军', '洋', '勇', '艳', '杰', '娟', '涛'];
	const people = Array.from({ length: 160 }, (_, i) => ({
		name: surnames[i % 12] + given[i % 15] + given[(i * 7 + 3) % 15], phone: `139${String(10000000 + i * 65537).slice(-8)}`, email: `p${i}@example.org`,
		city: ['杭州', '北京', '上海', '广州', '成都'][i % 5], birthday: `19${60 + (i % 40)}-0${1 + (i % 9)}-1${i % 10}`,
	}));
	const twice = people.slice(0, 24).map((p, i) => ({ ...p, ...(i % 3 === 0 ? { email: null } : i % 3 === 1 ? { city: null, birthday: null } : { phone: null }) }));
	// who share house, desk and birthday, but no name and no number, are two
	const mates = Array.from({ length: 12 }, (_, i) => ({
		name: ['司空曙', '端木赐'][i % 2] + given[i >> 1], birthday: `1901-0${(i >> 1) + 1}-05`, city: `漠河${i >> 1}`, employer: `北极村${i >> 1}邮局`,
	}));
	const made = (await api('POST', '/api/v1/customer', [...people, ...twice, ...mates], { Prefer: 'return=representation' })).body;
	const homes = made.slice(-12).map(({ id }, i) => ({ customer_id: id, street: `冰雪路${i >> 1}号`, postcode: `16530${i >> 1}` }));
	assert.equal((await api('POST', '/api/v1/address', homes)).status, 201);
	const wanted = new Set(twice.map((_, i) => [made[i].id, made[160 + i].id].sort((x, y) => (BigInt(x) < BigInt(y) ? -1 : 1)).join()));
	const first = await scan();
	assert.equal(first.state, 'done', JSON.stringify(first));
	const all = (await every());
	const found = new Set(all.map((p) => `${p.a},${p.b}`));
	assert.equal(first.found, all.filter((p) => p.reasons.length > 0).length, 'what is told as found is what can be looked at');
	const hit = [...wanted].filter((w) => found.has(w)).length;
	assert.ok(hit >= 22, `${hit} of 24 found`);
	assert.ok(all.every((p, i) => i === 0 || p.probability <= all[i - 1].probability));
	const one = all.find((p) => wanted.has(`${p.a},${p.b}`) && p.reasons.some((r) => r.field === 'phone'));
	assert.ok(one.reasons.find((r) => r.field === 'phone').bits > 3, JSON.stringify(one));
	assert.ok(one.reasons.every((r) => typeof r.bits === 'number' && r.level >= -1 && r.level <= 6));
	// page by page, each once
	assert.deepEqual((await every('limit=7')).map((p) => `${p.a},${p.b}`), all.map((p) => `${p.a},${p.b}`));
	assert.equal((await pairs('limit=1')).count, all.length);
	// not the same: not offered again, not by the next scan either; taken back it is
	const decide = (p, apart, as = api) => as('POST', '/api/v1/duplicates/decide', { a: p.a, b: p.b, apart });
	assert.equal((await decide(one, true)).status, 204);
	assert.ok(!(await every()).some((p) => p.a === one.a && p.b === one.b));
	await scan();
	assert.ok(!(await every()).some((p) => p.a === one.a && p.b === one.b));
	assert.ok((await every('state=apart&limit=100')).some((p) => p.a === one.a && p.b === one.b));
	assert.equal((await decide(one, false)).status, 204);
	assert.equal((await every()).length, all.length);
	// merged, or gone, it is no pair any more; apart again it is decided
	const [p1, p2] = all.filter((p) => wanted.has(`${p.a},${p.b}`) && p !== one);
	await merge(p1.stays, [p1.stays === p1.a ? p1.b : p1.a]);
	await api('DELETE', `/api/v1/customer/${p2.a}`);
	const left = (await every());
	assert.ok(!left.some((p) => [p1, p2].some((q) => q.a === p.a && q.b === p.b)));
	assert.equal((await unmerge(p1.stays === p1.a ? p1.b : p1.a)).status, 200);
	await scan();
	assert.ok(!(await every()).some((p) => p.a === p1.a && p.b === p1.b));
	// rights: nothing of whom one may not change
	const mia = client(server.url, guanxiToken('mia')), pia = client(server.url, guanxiToken('pia'));
	assert.deepEqual((await pairs('', mia)).pairs, []);
	assert.equal((await mia('GET', '/api/v1/duplicates')).body.count, undefined);
	assert.equal((await decide(one, true, mia)).status, 404);
	for (const path of ['duplicates', 'duplicates/scan']) assert.equal((await pia('GET', `/api/v1/${path}`)).status, 403);
	for (const [path, body] of [['scan', {}], ['decide', { a: one.a, b: one.b, apart: true }], ['merge', { min: 0.9, preview: true }]]) assert.equal((await pia('POST', `/api/v1/duplicates/${path}`, body)).status, 403);
	assert.equal((await mia('POST', '/api/v1/duplicates/merge', { min: 0.9, preview: true })).status, 403);
	for (const query of ['min=2', 'min=x', 'limit=0', 'limit=1000', 'cursor=x', 'cursor=1-2']) assert.equal((await api('GET', `/api/v1/duplicates?${query}`)).status, 422, query);
	assert.equal((await decide({ a: one.a, b: one.a }, true)).status, 422);
	// all that are sure, at once: what was confirmed, or nothing
	const n = (await api('POST', '/api/v1/duplicates/merge', { min: 0.9, preview: true })).body.pairs;
	assert.ok(n > 10, `${n}`);
	assert.equal((await api('POST', '/api/v1/duplicates/merge', { min: 0.9, expected: n + 1 })).status, 409);
	for (const min of [0, 2, 'x', null]) assert.equal((await api('POST', '/api/v1/duplicates/merge', { min, preview: true })).status, 422, `${min}`);
	assert.equal((await api('POST', '/api/v1/duplicates/merge', { min: 0.9, expected: n })).status, 202);
	await until(async () => (await pairs('limit=100&min=0.9')).pairs.length === 0);
	assert.equal((await api('POST', '/api/v1/duplicates/scan/cancel', {})).status, 409);
});

test('who is in a segment that stands still is in it as who they became, and back', async () => {
	const [a, b, c] = await Promise.all(['Sa', 'Sb', 'Sc'].map((name) => row('customer', { name })));
	const segment = async (name, ids) => {
		const live = await row('segment', { name, entity: 'customer', condition: JSON.stringify({ field: 'id', op: 'in', value: ids }) });
		await until(async () => (await get(`segment/${live.id}`)).state === 'ready');
		const made = await api('POST', `/api/v1/segments/${live.id}/snapshot`, { name: `${name} kept` });
		assert.equal(made.status, 201, JSON.stringify(made.body));
		return { live: live.id, kept: made.body.id };
	};
	const members = async (id) => (await get(`customer?select=name&order=name&condition=${encodeURIComponent(JSON.stringify({ segment: id }))}`)).map((x) => x.name).join();
	const size = async (id) => (await get(`segment/${id}`)).size;
	const both = await segment('both', [a.id, b.id]), one = await segment('one', [b.id, c.id]);
	await merge(a.id, [b.id]);
	assert.deepEqual([await members(both.kept), await size(both.kept), await members(one.kept), await size(one.kept)], ['Sa', 1, 'Sa,Sc', 2]);
	await until(async () => (await size(both.live)) === 1);
	await unmerge(b.id);
	assert.deepEqual([await members(both.kept), await size(both.kept), await members(one.kept), await size(one.kept)], ['Sa,Sb', 2, 'Sb,Sc', 2]);
	await until(async () => (await size(both.live)) === 2);
});

test('a kill in the middle of a merge leaves all of it or nothing', async () => {
	const own = await start();
	let running = own;
	const orders = 400;
	try {
		const as = (path, body) => client(running.url, own.token)(body ? 'POST' : 'GET', `/api/v1/${path}`, body, body ? { Prefer: 'return=representation' } : {});
		const [a, b] = (await as('customer', [{ name: 'A' }, { name: 'B', phone: '13800138000' }])).body;
		await as('order', Array.from({ length: orders }, (_, i) => ({ customer_id: b.id, number: `K${i}`, total: '1.00', state: 'paid' })));
		for (const wait of [5, 15, 40]) {
			const asked = client(running.url, own.token)('POST', `/api/v1/customer/${a.id}/merge`, { from: [b.id] }).catch(() => null);
			await new Promise((done) => setTimeout(done, wait));
			running.child.kill('SIGKILL');
			await asked;
			await running.ended;
			running = await serve(own.data);
			const counts = [];
			for (const one of [a, b]) counts.push((await as(`order?customer_id=eq.${one.id}&select=id&limit=1000`)).body.length);
			const there = (await as(`customer/${b.id}`)).body, stays = (await as(`customer/${a.id}`)).body;
			const merged = there.id === a.id;
			// by the old id one asks for who stays
			assert.deepEqual(counts, merged ? [orders, orders] : [0, orders], `after ${wait} ms`);
			assert.deepEqual([stays.orders_count, stays.phone], merged ? [orders, '+8613800138000'] : [0, null]);
			if (!merged) continue;
			const apart = await client(running.url, own.token)('POST', `/api/v1/customer/${b.id}/unmerge`, {});
			assert.equal(apart.status, 200, JSON.stringify(apart.body));
			assert.equal((await as(`customer/${b.id}`)).body.orders_count, orders);
		}
		const whole = await client(running.url, own.token)('POST', `/api/v1/customer/${a.id}/merge`, { from: [b.id] });
		assert.equal(whole.status, 200, JSON.stringify(whole.body));
		assert.equal((await as(`order?customer_id=eq.${a.id}&select=id&limit=1000`)).body.length, orders);
	} finally {
		await running.stop();
		own.remove();
	}
});

test('who is saved is compared by rules: told before, kept for review, or refused', async () => {
	const check = async (values, as = api) => (await as('POST', '/api/v1/duplicates/check', { values })).body;
	const phone = '+8613700137001';
	const there = await row('customer', { name: '欧阳若兰', phone, city: '苏州', email: 'Ruolan@Example.com' });
	// the same by any writing
	for (const values of [{ name: '歐陽若蘭', phone: '137 0013 7001' }, { name: 'Ouyang Ruolan', phone }, { name: '欧阳若岚', email: 'ruolan@example.com' }, { name: '欧阳若兰', city: '苏州' }])
		assert.deepEqual((await check(values)).matches.map((m) => m.id), [there.id], JSON.stringify(values));
	for (const values of [{ name: '司马光', phone }, { name: '欧阳若兰', city: '杭州' }, { name: '欧阳若兰' }, { phone }, {}]) assert.deepEqual((await check(values)).matches, [], JSON.stringify(values));
	await row('identifier', { customer_id: there.id, kind: 'phone', value: '13700137009' });
	assert.deepEqual((await check({ name: '欧阳若兰', phone: '13700137009' })).matches.map((m) => m.id), [there.id]);
	for (const values of [null, [], 'x', { name: 7, phone: 'x', birthday: 'nonsense', email: '@' }]) {
		const got = await api('POST', '/api/v1/duplicates/check', { values });
		assert.ok(got.status === 422 || got.body.matches.length === 0, JSON.stringify(got.body));
	}
	// saved all the same, by whatever way, and kept for review
	const twin = await row('customer', { name: '欧阳若兰', phone });
	const waiting = (await pairs('limit=100')).pairs.find((p) => [p.a, p.b].includes(twin.id));
	assert.deepEqual([waiting.a, waiting.b].sort(), [there.id, twin.id].sort());
	assert.equal(waiting.probability, 0.95);
	// the answer names them, those one may see; who asks for it is refused instead
	const third = await api('POST', '/api/v1/customer', { name: '欧阳若兰', phone });
	assert.deepEqual(third.headers.get('x-duplicates').split(', ').sort(), [there.id, twin.id].sort());
	await api('DELETE', third.headers.get('location'));
	const asked = await api('POST', '/api/v1/customer', { name: '欧阳若兰', phone }, { 'X-Duplicates': 'refuse' });
	assert.deepEqual([asked.status, key(asked)], [409, 'duplicates_found']);
	assert.equal((await api('POST', '/api/v1/customer', { name: '独一无二' }, { 'X-Duplicates': 'refuse' })).status, 201);
	// a rule that refuses: form, API, change, conversion
	assert.equal((await api('POST', '/api/v1/duplicate_rule', { name: 'x', first: 'city' })).status, 422);
	const strict = await row('duplicate_rule', { name: 'No phone twice', first: 'phone', effect: 'refuse', sure: 100, in_imports: true });
	const refused = await api('POST', '/api/v1/customer', { name: '另一人', phone });
	assert.deepEqual([refused.status, key(refused)], [409, 'rule_refuses']);
	assert.equal((await check({ name: '另一人', phone })).matches.filter((m) => m.refuses).length, 2);
	const free = await row('customer', { name: '自由人' });
	assert.equal((await api('PATCH', `/api/v1/customer/${free.id}`, { phone })).status, 409);
	assert.equal((await api('PATCH', `/api/v1/customer/${free.id}`, { city: '无锡' })).status, 200);
	const lead = await row('lead', { name: '线索', phone });
	assert.equal((await api('POST', `/api/v1/lead/${lead.id}/convert`, { without_deal: true })).status, 409);
	// who was merged and comes apart is not asked again
	assert.equal((await merge(there.id, [twin.id])).status, 200);
	assert.equal((await unmerge(twin.id)).status, 200);
	await api('DELETE', `/api/v1/duplicate_rule/${strict.id}`);
	// masked, and so many a day
	assert.equal((await api('PATCH', '/api/v1/settings', { values: { 'duplicates.budget': '3' } })).status, 204);
	const mia = client(server.url, guanxiToken('mia'));
	const hidden = await check({ name: '欧阳若兰', phone }, mia);
	assert.deepEqual(hidden.matches.map((m) => [m.visible, m.id, m.name]), [[false, undefined, '欧***'], [false, undefined, '欧***']].map((x) => [x[0], x[1], hidden.matches[0].name]));
	assert.doesNotMatch(JSON.stringify(hidden), /若兰|1370|苏州/);
	assert.equal(hidden.spent, false);
	const second = await check({ name: '欧阳若兰', phone }, mia);
	assert.deepEqual([second.matches.length, second.spent], [1, true]);
	assert.deepEqual([(await check({ name: '欧阳若兰', phone }, mia)).matches, (await check({ name: '欧阳若兰', phone }, mia)).spent], [[], true]);
	// somebody who is not there gets the same answer as one who is: else the list is checked that way, in no log
	assert.deepEqual(await check({ name: '查无此人', phone: '13711112222' }, mia), await check({ name: '欧阳若兰', phone }, mia));
	assert.equal((await check({ name: '欧阳若兰', phone })).matches.length, 2);
});

test('of a common name those in the same city are found, however many there are of it', async () => {
	const many = Array.from({ length: 25 }, (_, i) => ({ name: '王伟', city: '南京', phone: `136${10000000 + i * 7919}` }));
	assert.equal((await api('POST', '/api/v1/customer', many)).status, 201);
	const there = await row('customer', { name: '王伟', city: '大连' });
	const found = (await api('POST', '/api/v1/duplicates/check', { values: { name: '王伟', city: '大连' } })).body;
	assert.deepEqual(found.matches.map((m) => m.id), [there.id]);
});

test('what a rule kept for review waits for a person, whatever the next scan finds', async () => {
	await row('duplicate_rule', { name: 'By ear', first: 'sound', second: 'kind', sure: 60 });
	const a = await row('customer', { name: '章伟', phone: '13501350135', city: '兰州', birthday: '1961-02-03' });
	const b = await row('customer', { name: '张苇', phone: '13702480248', city: '海口', birthday: '1994-11-28' });
	const kept = async () => (await every()).some((p) => [a.id, b.id].includes(p.a) && [a.id, b.id].includes(p.b));
	assert.ok(await kept());
	for (let i = 0; i < 2; i++) assert.equal((await scan()).state, 'done');
	assert.ok(await kept());
});

test('a merge comes apart though what was there before is gone since', async () => {
	const [a, b] = [await row('tag', { name: 'gone' }), await row('tag', { name: 'stays' })];
	const one = await row('customer', { name: '合一', tags: [a.id] }), two = await row('customer', { name: '合二', tags: [b.id] });
	assert.equal((await merge(one.id, [two.id], { fields: { tags: two.id } })).status, 200);
	assert.equal((await api('DELETE', `/api/v1/tag/${a.id}`)).status, 204);
	const apart = await unmerge(two.id);
	assert.equal(apart.status, 200, JSON.stringify(apart.body));
	assert.deepEqual(apart.body.kept, ['tags']);
});
