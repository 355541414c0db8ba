// A stand-in for the server, for work on the page: the same entities (read from the C
// descriptors), invented data, in memory. Serves web/dist under the strict policy of
// the real one, so that what works here works there.
//
//   npm run mock            http://127.0.0.1:8091, sign in as admin@example.com / guanxi
//   GUANXI_API=http://127.0.0.1:8091 npm run dev
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sample } from './data.mjs';
import { metaOf, readDescriptors } from './descriptors.mjs';
import { importRoutes } from './imports.mjs';
import { filterRows, shape, sortRows } from './query.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const dist = join(here, '../dist');
const port = Number(process.env.PORT ?? 8091);
const descriptors = readDescriptors(join(here, '../../src'));
if (!descriptors.some((e) => e.name === 'import_run')) descriptors.push((await import('./imports.mjs')).runDescriptor);
const { db, next, me } = sample();
const changes = [];
const streams = new Set();
const sessions = new Map();
const deleted = new Map();
const contents = new Map();
let seq = 0;
const CAPS = ['admin', 'users', 'audit', 'bulk', 'assign', 'tokens'];
const ALL = { read: 'all', create: 'all', update: 'all', delete: 'all', export: 'all', import: 'all' };
const metas = [false, true].map((zh) => metaOf(descriptors, zh, () => ALL));
const entityOf = (name, zh = false) => metas[zh ? 1 : 0].find((e) => e.name === name || e.plural === name);

export function log(entity, id, action, diff, actor = me) {
	const change = { seq: ++seq, at: new Date().toISOString(), actor: { id: actor.id, name: actor.name, kind: 'user' }, entity, record_id: id, action, diff, request_id: randomBytes(6).toString('hex') };
	changes.unshift(change);
	const event = { seq, entity, id, action, actor_id: actor.id, fields: Object.keys(diff ?? {}) };
	for (const res of streams) res.write(`id: ${seq}\nevent: change\ndata: ${JSON.stringify(event)}\n\n`);
	return change;
}

const fault = (status, code, message, errors = []) => Object.assign(new Error(message), { status, code, errors });

function lookup(entity) {
	return (name, id) => {
		const field = entity.fields.find((f) => f.name === name);
		return field?.link ? db[field.link]?.find((r) => r.id === id) : null;
	};
}

function list(entity, params, headers) {
	const all = db[entity.name] ??= [];
	const found = filterRows(entity, all, params);
	const select = params.get('select') ?? '';
	if (/count\(\)|\.sum\(\)/.test(select)) {
		const out = {};
		for (const part of select.split(',')) {
			if (part === 'count()') out.count = found.length;
			const m = /^(\w+):(\w+)\.sum\(\)$/.exec(part);
			if (m) out[m[1]] = found.reduce((n, r) => n + Math.round(Number(r[m[2]] ?? 0) * 100), 0) / 100 + '';
		}
		return [[out], {}];
	}
	const limit = Math.min(1000, Number(params.get('limit') ?? 100));
	const start = Number(params.get('cursor') ?? params.get('offset') ?? 0);
	const page = sortRows(entity, found, params.get('order')).slice(start, start + limit);
	const more = start + limit < found.length;
	const counted = /count=(exact|estimated|planned)/.exec(headers.prefer ?? '')?.[1];
	const total = !counted ? '*' : counted === 'exact' || found.length <= 10000 ? String(found.length) : '10000+';
	return [page.map((row) => shape(select, row, lookup(entity))), { 'Content-Range': `${page.length ? `${start}-${start + page.length - 1}` : '*'}/${total}`, ...(more ? { 'X-Next-Cursor': String(start + limit) } : {}) }];
}

function clean(entity, body, creating) {
	const errors = [];
	const out = {};
	for (const [name, value] of Object.entries(body)) {
		const f = entity.fields.find((x) => x.name === name);
		if (!f) errors.push({ field: name, key: 'unknown', message: `unknown: ${name}` });
		else if (f.readonly) errors.push({ field: name, key: 'readonly', message: '此字段由系统维护' });
		else if (f.type === 'links') out[name] = (value ?? []).map((id) => db[f.link].find((r) => r.id === id)).filter(Boolean).map((r) => ({ id: r.id, name: r.name, colour: r.colour }));
		else if (f.type === 'date' && value && !/^\d{4}-\d\d-\d\d$/.test(value)) errors.push({ field: name, key: 'date', message: '日期不正确' });
		else if (f.name === 'birthday' && value && Date.parse(value) > Date.now()) errors.push({ field: name, key: 'date_in_past', message: '生日不能在将来' });
		else out[name] = value;
	}
	for (const f of entity.fields) if (f.required && ((creating && (out[f.name] ?? null) === null && !f.fallback) || (!creating && f.name in out && out[f.name] === null))) errors.push({ field: f.name, key: 'required', message: '必填' });
	if (errors.length) throw fault(422, 'invalid', '有内容需要改正', errors);
	return out;
}

function update(entity, row, values) {
	const diff = {};
	for (const [k, v] of Object.entries(values)) if (JSON.stringify(row[k]) !== JSON.stringify(v)) diff[k] = [row[k] ?? null, v];
	if (Object.keys(diff).length === 0) return;
	Object.assign(row, values, { version: row.version + 1, updated_at: new Date().toISOString() });
	log(entity.name, row.id, 'update', diff);
}

function drop(entity, row) {
	db[entity.name] = db[entity.name].filter((r) => r !== row);
	deleted.set(row.id, row);
	log(entity.name, row.id, 'delete', Object.fromEntries(Object.entries(row).map(([k, v]) => [k, [v, null]])));
}

function entities(req, parts, params, body, zh) {
	const entity = entityOf(parts[0], zh);
	if (!entity) throw fault(404, 'not_found', '没有这个对象');
	const rows = db[entity.name] ??= [];
	if (parts.length === 1) {
		if (req.method === 'GET' || req.method === 'HEAD') return list(entity, params, req.headers);
		if (req.method === 'POST') {
			const values = clean(entity, body, true);
			const start = Object.fromEntries(entity.fields.filter((f) => f.fallback).map((f) => [f.name, f.fallback === 'now' ? new Date().toISOString() : f.fallback === 'me' ? me.id : f.type === 'bool' ? f.fallback === 'true' : f.type === 'int' ? Number(f.fallback) : f.fallback]));
			const now = new Date().toISOString();
			const row = { ...Object.fromEntries(entity.fields.map((f) => [f.name, null])), ...start, ...values, id: next(), version: 1, created_at: now, updated_at: now, created_by: me.id, updated_by: me.id };
			rows.push(row);
			log(entity.name, row.id, 'create', Object.fromEntries(Object.entries(values).map(([k, v]) => [k, [null, v]])));
			return [[shape(params.get('select'), row, lookup(entity))], { Location: `/api/v1/${entity.name}/${row.id}` }, 201];
		}
		const found = filterRows(entity, rows, params);
		if (req.method === 'PATCH') for (const row of found) update(entity, row, clean(entity, body, false));
		else for (const row of found) drop(entity, row);
		return [null, {}, 204];
	}
	if (parts[2] === 'restore') {
		const row = deleted.get(parts[1]);
		if (!row) throw fault(404, 'not_found', '没有找到');
		deleted.delete(row.id);
		rows.push(row);
		log(entity.name, row.id, 'restore', {});
		return [row, {}];
	}
	if (parts[2] === 'changes') {
		const before = Number(params.get('before') ?? Infinity);
		const found = changes.filter((c) => c.entity === entity.name && c.record_id === parts[1] && c.seq < before);
		const limit = Number(params.get('limit') ?? 50);
		return [{ rows: found.slice(0, limit), next: found.length > limit ? found[limit - 1].seq : null }, {}];
	}
	const row = rows.find((r) => r.id === parts[1]);
	if (!row) throw fault(404, 'not_found', '没有找到，或没有查看权限');
	const etag = () => ({ ETag: `"v${row.version}"` });
	if (parts[2] === 'rights') return [rightsOf(row, zh), {}];
	if (parts[2] === 'password') return [{ password: body.password ?? 'maple-river-quiet-lamp' }, {}];
	if (parts[2] === 'handover') {
		let total = 0;
		for (const e of metas[0].filter((x) => x.owner && !x.system)) for (const r of db[e.name] ?? []) if (r[e.owner] === row.id) {
			update(e, r, { [e.owner]: body.to });
			total++;
		}
		return [{ moved: {}, total }, {}];
	}
	if (parts[2] === 'disable' || parts[2] === 'enable') return [update(entity, row, { active: parts[2] === 'enable' }) ?? row, {}];
	if (req.method === 'PATCH') {
		if (req.headers['if-match'] && req.headers['if-match'] !== `"v${row.version}"`) throw fault(412, 'version', '记录已被他人修改');
		update(entity, row, clean(entity, body, false));
	} else if (req.method === 'DELETE') return [drop(entity, row) ?? null, {}, 204];
	return [shape(params.get('select'), row, lookup(entity)), etag()];
}

function rightsOf(user, zh) {
	const roles = user.roles.map((r) => db.role.find((x) => x.id === r.id));
	const order = ['none', 'own', 'team', 'branch', 'all'];
	return {
		entities: metas[zh ? 1 : 0].map((e) => ({
			entity: e.name, label: e.label_many,
			actions: Object.keys(ALL).map((action) => {
				const given = roles.map((r) => ({ name: zh ? r.name_zh : r.name, scope: r.rights[e.name]?.[action] ?? (e.system ? 'none' : r.rights['*']?.[action] ?? 'none') }));
				const scope = given.reduce((a, g) => (order.indexOf(g.scope) > order.indexOf(a) ? g.scope : a), 'none');
				return { action, scope, from: given.filter((g) => g.scope === scope && scope !== 'none').map((g) => g.name) };
			}),
			fields: e.fields.map((f) => ({ field: f.name, label: f.label, right: roles[0]?.rights[e.name]?.fields?.[f.name] ?? 'write', from: roles.map((r) => (zh ? r.name_zh : r.name)) })),
		})),
		capabilities: CAPS.filter((c) => roles.some((r) => r.caps.includes(c))).map((c) => ({ name: c, label: c, from: roles.map((r) => r.name) })),
	};
}

function account(req, parts, body, zh) {
	const rest = parts.join('/');
	if (rest === '' && req.method === 'PATCH') Object.assign(me, Object.fromEntries(Object.entries(body).map(([k, v]) => [k, v])));
	if (rest === '') return [{ id: me.id, name: me.name, email: me.email, phone: me.phone ?? '', locale: me.locale, theme: me.theme ?? null, density: me.density ?? null, totp_enabled: me.totp_enabled, recovery_codes_left: 10, must_change_password: false, roles: me.roles.map((r) => ({ ...r, name: zh ? db.role.find((x) => x.id === r.id).name_zh : r.name })), capabilities: CAPS }, {}];
	if (rest === 'password') {
		if (body.old !== 'guanxi') throw fault(422, 'invalid', '', [{ field: 'old', key: 'password_wrong', message: '当前密码不正确' }]);
		return [{ user: me, csrf: 'mock', expires_at: '2030-01-01T00:00:00Z' }, {}];
	}
	if (rest === 'sessions') return [{ rows: [{ id: '1', created_at: new Date(Date.now() - 9e6).toISOString(), seen_at: new Date().toISOString(), expires_at: '2030-01-01T00:00:00Z', address: '127.0.0.1', agent: req.headers['user-agent'], current: true }, { id: '2', created_at: '2026-01-01T08:00:00Z', seen_at: '2026-01-02T08:00:00Z', expires_at: '2030-01-01T00:00:00Z', address: '192.0.2.7', agent: 'Mozilla/5.0 (iPhone) Safari/604', current: false }] }, {}];
	if (rest === 'totp' && req.method === 'POST') return [{ secret: 'JBSWY3DPEHPK3PXP', uri: `otpauth://totp/Guanxi:${me.email}?secret=JBSWY3DPEHPK3PXP&issuer=Guanxi` }, {}];
	if (rest === 'totp') return [Object.assign(me, { totp_enabled: false }) && null, {}, 204];
	if (rest === 'totp/confirm') {
		if (body.code !== '123456') throw fault(422, 'invalid', '验证码不正确', [{ field: 'code', key: 'code_wrong', message: '验证码不正确' }]);
		me.totp_enabled = true;
		return [{ recovery_codes: Array.from({ length: 10 }, () => `${randomBytes(2).toString('hex')}-${randomBytes(2).toString('hex')}`) }, {}];
	}
	if (rest === 'tokens' && req.method === 'POST') {
		const row = { id: next(), name: body.name, narrowed: false, created_at: new Date().toISOString(), expires_at: body.expires_at ?? null, last_used_at: null };
		db.token.push(row);
		return [{ id: row.id, token: `gx_${randomBytes(20).toString('base64url')}` }, {}];
	}
	if (rest === 'tokens') return [{ rows: db.token }, {}];
	if (parts[0] === 'tokens') db.token = db.token.filter((r) => r.id !== parts[1]);
	return [null, {}, 204];
}

function search(params, zh) {
	const q = (params.get('q') ?? '').trim();
	const started = performance.now();
	const groups = ['customer', 'order', 'product', 'interaction'].map((n) => entityOf(n, zh)).filter(Boolean).map((e) => {
		const found = filterRows(e, db[e.name], new URLSearchParams({ q }));
		const limit = Number(params.get('limit') ?? 6);
		return { entity: e.name, label: e.label_many, hits: found.slice(0, limit).map((r) => ({ id: r.id, title: String(r[e.title] ?? r.body ?? ''), subtitle: e.subtitle ? String(r[e.subtitle] ?? '') : null, score: 1 })), more: found.length > limit };
	});
	return [{ groups: groups.filter((g) => g.hits.length), took_ms: performance.now() - started }, {}];
}

const imports = importRoutes({ db, next, log, entityOf, fault });

function route(req, parts, params, body, raw, zh) {
	const [head, ...rest] = parts;
	if (head === 'meta') return [{ version: 'mock', base_currency: 'CNY', firm: '', week_start: 'monday', user: { id: me.id, name: me.name, email: me.email, locale: me.locale }, capabilities: CAPS, entities: metas[zh ? 1 : 0] }, {}];
	if (head === 'account') return account(req, rest, body, zh);
	if (head === 'search') return search(params, zh);
	if (head === 'audit' && rest[0] === 'proof') return [{ entries: seq, head: randomBytes(32).toString('hex'), ok: true, bad_seq: null, checked_at: new Date().toISOString() }, {}];
	if (head === 'audit') {
		const limit = Number(params.get('limit') ?? 100);
		const found = changes.filter((c) => ['entity', 'record_id', 'action'].every((k) => !params.get(k) || c[k] === params.get(k)) && (!params.get('actor_id') || c.actor.id === params.get('actor_id')) && c.seq < Number(params.get('before') ?? Infinity) && (!params.get('from') || c.at >= params.get('from')) && (!params.get('to') || c.at < params.get('to')));
		return [{ rows: found.slice(0, limit), next: found.length > limit ? found[limit - 1].seq : null }, {}];
	}
	if (head === 'file') {
		const row = { id: next(), version: 1, name: params.get('name'), type: req.headers['content-type'], size: raw.length, sha256: 'x', created_at: new Date().toISOString(), [`${params.get('entity')}_id`]: params.get('record_id') };
		db.attachment.push(row);
		contents.set(row.id, raw);
		log('attachment', row.id, 'create', {});
		return [row, {}, 201];
	}
	if (head === 'import') return imports(req, rest, params, body, raw);
	return entities(req, parts, params, body, zh);
}

const TYPES = { '.js': 'text/javascript', '.css': 'text/css', '.html': 'text/html; charset=utf-8', '.svg': 'image/svg+xml' };

function page(res, path) {
	const file = normalize(join(dist, path));
	if (file.startsWith(dist) && extname(file) && existsSync(file)) {
		res.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream', 'Cache-Control': 'max-age=31536000, immutable' });
		return res.end(readFileSync(file));
	}
	const nonce = randomBytes(16).toString('base64');
	res.writeHead(200, { 'Content-Type': TYPES['.html'], 'Cache-Control': 'no-cache', 'Content-Security-Policy': `default-src 'self'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'` });
	return res.end(readFileSync(join(dist, 'index.html'), 'utf8').replaceAll('__CSP_NONCE__', nonce));
}

async function api(req, res, url) {
	const chunks = [];
	for await (const chunk of req) chunks.push(chunk);
	const raw = Buffer.concat(chunks);
	const send = (status, body, headers = {}) => {
		res.writeHead(status, { 'Content-Type': status >= 400 ? 'application/problem+json' : 'application/json', 'X-Request-Id': randomBytes(6).toString('hex'), 'Cache-Control': 'no-store', ...headers });
		res.end(body === null || status === 204 ? undefined : JSON.stringify(body));
	};
	const id = /guanxi=(\w+)/.exec(req.headers.cookie ?? '')?.[1];
	const zh = (me.locale ?? req.headers['accept-language'] ?? 'zh').startsWith('zh');
	const parts = url.pathname.slice(8).split('/').filter(Boolean).map(decodeURIComponent);
	try {
		const body = raw.length && /json/.test(req.headers['content-type'] ?? '') ? JSON.parse(raw.toString()) : {};
		if (parts[0] === 'session') {
			const answer = { user: { id: me.id, name: me.name, email: me.email, locale: me.locale }, csrf: 'mock', expires_at: '2030-01-01T00:00:00Z' };
			if (req.method === 'POST') {
				if (body.email !== me.email || body.password !== 'guanxi') throw fault(401, 'sign_in_failed', zh ? '邮箱、密码或验证码不正确' : 'E-mail, password or code is wrong');
				if (me.totp_enabled && body.code !== '123456') throw fault(401, 'code_needed', '需要验证码');
				const fresh = randomBytes(12).toString('hex');
				sessions.set(fresh, true);
				return send(200, answer, { 'Set-Cookie': `guanxi=${fresh}; Path=/; HttpOnly; SameSite=Strict` });
			}
			if (!sessions.has(id)) throw fault(401, 'signed_out', '请登录');
			if (req.method === 'DELETE') sessions.delete(id);
			return send(req.method === 'DELETE' ? 204 : 200, answer);
		}
		if (!sessions.has(id)) throw fault(401, 'signed_out', '请登录');
		if (parts[0] === 'events') {
			res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
			res.write(': hello\n\n');
			streams.add(res);
			return req.on('close', () => streams.delete(res));
		}
		if (!['GET', 'HEAD'].includes(req.method) && req.headers['x-csrf-token'] !== 'mock') throw fault(403, 'csrf', 'CSRF');
		if (parts[2] === 'content' && contents.has(parts[1])) {
			res.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Disposition': 'attachment' });
			return res.end(contents.get(parts[1]));
		}
		const answer = route(req, parts, url.searchParams, body, raw, zh);
		if (answer === undefined) throw fault(404, 'not_found', '');
		return send(answer[2] ?? 200, answer[0], answer[1]);
	} catch (error) {
		if (!error.status) console.error(error);
		const status = error.status ?? 500;
		return send(status, { type: 'about:blank', title: 'problem', status, code: error.code ?? 'bug', message: error.message, details: null, hint: null, request_id: randomBytes(6).toString('hex'), errors: error.errors ?? [] });
	}
}

createServer((req, res) => {
	const url = new URL(req.url, 'http://x');
	if (url.pathname.startsWith('/api/v1')) void api(req, res, url);
	else if (url.pathname === '/healthz') res.end('{"ok":true}');
	else page(res, url.pathname);
}).listen(port, '127.0.0.1', () => console.log(`mock at http://127.0.0.1:${port} (admin@example.com / guanxi)`));
