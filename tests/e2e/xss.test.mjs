// S20: scripts that strangers put into our records. Each payload goes into every text, note,
// address, file name, tag and view name, by the API and by import; then every page that shows
// them is opened in a real browser. A dialog, a violation of the page's policy, a request to
// anybody else (the canary listens) or an element made of somebody's text is a failure.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { adminEmail, adminPassword, client, start } from '../lib/server.mjs';
import { cannot, DESKTOP, PHONE, settled, signIn, startBrowser, walk } from './lib.mjs';

const reason = cannot() || (process.env.GUANXI_E2E_URL ? 'needs a server of its own' : false);

/** C stands for the canary's address. */
const CORPUS = [
	'<script>alert(1)</script>', '<script src=//C/a></script>', '"><script>alert(1)</script>', "'><script>alert(1)</script>", '</title><script>alert(1)</script>', '</textarea><script>alert(1)</script>', '</style><script>alert(1)</script>', '</script><script>alert(1)</script>', '<scr<script>ipt>alert(1)</scr</script>ipt>', '<SCRIPT SRC=//C/b></SCRIPT>', '<script\n>alert(1)</script>', '<script/x>alert(1)</script>',
	'<img src=x onerror=alert(1)>', '<img src=//C/c>', '<img src=`x` onerror=alert(1)>', '<img/src=x/onerror=alert(1)>', '<img src=x onerror=&#97;lert(1)>', '<IMG SRC="jav&#x09;ascript:alert(1)">', '<img srcset="//C/d 1x">', '<img src=x:x onerror\u0000=alert(1)>'.replace('\u0000', ''), '<image href=//C/e>', '" onerror="alert(1)', "' onmouseover='alert(1)", '" autofocus onfocus=alert(1) x="', '` onload=alert(1)',
	'<svg onload=alert(1)>', '<svg><script>alert(1)</script></svg>', '<svg/onload=alert(1)//', '<svg><animate onbegin=alert(1) attributeName=x>', '<svg><set onbegin=alert(1)>', '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a>', '<svg><use href="data:image/svg+xml,<svg onload=alert(1)>">', '<svg><foreignObject><iframe src=//C/f>', '<math href="javascript:alert(1)">x</math>', '<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>',
	'<iframe src=javascript:alert(1)>', '<iframe srcdoc="<script>alert(1)</script>">', '<iframe src=//C/g>', '<object data=//C/h>', '<embed src=//C/i>', '<base href=//C/>', '<link rel=stylesheet href=//C/j>', '<link rel=prefetch href=//C/k>', '<meta http-equiv=refresh content="0;url=//C/l">', '<form action=//C/m><button>x', '<isindex action=javascript:alert(1)>', '<button formaction=javascript:alert(1)>x',
	'<style>@import"//C/n"</style>', '<style>*{background:url(//C/o)}</style>', '<div style="background:url(//C/p)">', '<p style="animation-name:x" onanimationstart=alert(1)>', '<input value=x autofocus onfocus=alert(1)>', '<details open ontoggle=alert(1)>', '<video><source onerror=alert(1)>', '<audio src onloadstart=alert(1)>', '<body onload=alert(1)>', '<marquee onstart=alert(1)>x</marquee>', '<x oncontentvisibilityautostatechange=alert(1) style=content-visibility:auto>', '<dialog open onclose=alert(1)>', '<a href="javascript:alert(1)">x</a>', '<a href="data:text/html,<script>alert(1)</script>">x</a>', '<a href="JaVaScRiPt:alert(1)">x</a>', '<a href="//C/q" ping="//C/r">x</a>',
	'[x](javascript:alert(1))', '![x](//C/s)', '[x](<javascript:alert(1)>)', '{{constructor.constructor("alert(1)")()}}', '${alert(1)}', '#{7*7}', '<%= 7*7 %>', '{{7*7}}', 'javascript:alert(1)', 'data:text/html,<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;', '&#60;img src=x onerror=alert(1)&#62;', '\\u003cimg src=x onerror=alert(1)\\u003e', '%3Cscript%3Ealert(1)%3C/script%3E', '＜script＞alert(1)＜/script＞', '<noscript><p title="</noscript><img src=x onerror=alert(1)>">', '<template><script>alert(1)</script></template>', '<!--<img src="--><img src=x onerror=alert(1)//">', '<![CDATA[<script>alert(1)</script>]]>', '<?xml-stylesheet href=//C/t?>', "';alert(1)//", '";alert(1);//', '\\";alert(1);//', '__proto__', '</div></div><h1>x', '\u202e<script>alert(1)</script>',
];

/** As many of them as fit into `max` characters, in turns, so that over `n` records all are there. */
function packs(corpus, max) {
	const out = [];
	let pack = '';
	for (const p of corpus.filter((x) => x.length <= max)) {
		if (pack && pack.length + 1 + p.length > max) {
			out.push(pack);
			pack = '';
		}
		pack += (pack && ' ') + p;
	}
	if (pack) out.push(pack);
	return out;
}

/** What the page must not have: elements and addresses that only somebody's text can have made. */
function intruders() {
	const on = [...document.querySelectorAll('*')].filter((e) => [...e.attributes].some((a) => /^on/i.test(a.name)));
	const elements = [...document.querySelectorAll('script:not([src^="/"]):not([src^="http"]),iframe,object,embed,base,math,marquee,template,video,audio,isindex,svg script,svg foreignObject,svg animate,svg set,meta[http-equiv=refresh]'), ...[...document.querySelectorAll('link[href]')].filter((e) => new URL(e.href).origin !== location.origin)];
	const links = [...document.querySelectorAll('[href],[src],[action],[formaction]')].filter((e) => ['href', 'src', 'action', 'formaction'].some((a) => e.hasAttribute(a) && /^\s*(javascript|vbscript|data:(?!image\/))/i.test(e.getAttribute(a))));
	return [...on, ...elements, ...links].map((e) => e.outerHTML.slice(0, 200));
}

describe('scripts in records', { skip: reason }, () => {
	let server, shop, browser, canary, corpus, api, entities, state;
	const heard = [], problems = [], opened = new Set();
	const ids = {}; // entity → ids

	async function made(entity, body) {
		const answer = await api('POST', `/api/v1/${entity}`, body, { Prefer: 'return=representation' });
		assert.equal(answer.status, 201, `${entity} ${JSON.stringify(body)}: ${answer.text}`);
		(ids[entity] ??= []).push(answer.body[0].id);
		return answer.body[0].id;
	}

	/** Records of one entity whose texts hold the whole corpus, each field all of it. */
	async function filled(entity, fixed = () => ({})) {
		const fields = entities.find((e) => e.name === entity).fields.filter((f) => !f.readonly && ['text', 'note'].includes(f.type));
		const of = Object.fromEntries(fields.map((f) => [f.name, packs(corpus, f.max || (f.type === 'note' ? 20000 : 200))]));
		const n = Math.max(...Object.values(of).map((p) => p.length));
		for (let i = 0; i < n; i++) {
			const texts = Object.fromEntries(fields.map((f) => [f.name, of[f.name][i % of[f.name].length]]));
			for (const f of fields.filter((x) => x.unique || ['number', 'value'].includes(x.name))) texts[f.name] = `${i} ${texts[f.name]}`.slice(0, f.max || 200);
			await made(entity, { ...texts, ...fixed(i) });
		}
	}

	async function visitor(size = DESKTOP) {
		const context = await browser.newContext({ viewport: size, locale: 'en-GB', storageState: state, isMobile: size.width < 720, hasTouch: size.width < 720, userAgent: `Mozilla/5.0 ${corpus[12]} Chrome/120` });
		await context.addInitScript(() => {
			localStorage.setItem('guanxi.locale', 'en');
			window.__violations = [];
			document.addEventListener('securitypolicyviolation', (e) => window.__violations.push(`${e.violatedDirective} ${e.blockedURI} ${e.sample}`));
		});
		const page = await context.newPage();
		page.on('dialog', (d) => (problems.push(`dialog: ${d.message()} at ${page.url()}`), d.dismiss()));
		page.on('request', (r) => /^(https?|ws):/.test(r.url()) && !r.url().startsWith(shop.url) && problems.push(`request: ${r.url()} at ${page.url()}`));
		page.on('popup', (p) => problems.push(`popup: ${p.url()}`));
		page.on('console', (m) => /content security policy/i.test(m.text()) && problems.push(`policy: ${m.text().slice(0, 200)} at ${page.url()}`));
		page.on('pageerror', (e) => problems.push(`error: ${e.message} at ${page.url()}`));
		return page;
	}

	/** The page as it stands now: nothing in it is anybody's. */
	async function clean(page, where) {
		opened.add(where);
		const found = await page.evaluate(intruders);
		const violations = await page.evaluate(() => window.__violations.splice(0));
		assert.deepEqual({ found, violations, problems, heard }, { found: [], violations: [], problems: [], heard: [] }, where);
	}
	async function see(page, path) {
		await walk(page, path);
		await clean(page, path);
	}

	before(async () => {
		canary = createServer((req, res) => (heard.push(req.url), res.end())).listen(0, '127.0.0.1');
		await new Promise((resolve) => canary.on('listening', resolve));
		corpus = [...new Set(CORPUS.map((p) => p.replaceAll('//C/', `//127.0.0.1:${canary.address().port}/`)))];
		server = await start();
		shop = { url: server.url, email: adminEmail, password: adminPassword };
		// refusals of so many requests in a row would be rate limits; there are none for records
		api = client(server.url, server.token);
		entities = (await api('GET', '/api/v1/meta')).body.entities;
		for (const e of ['tag', 'channel', 'category', 'team', 'branch', 'region', 'role']) await filled(e, (i) => (e === 'role' ? { rights: {}, caps: [] } : {}));
		await filled('user', (i) => ({ email: `u${i}@example.com`, roles: [ids.role[i % ids.role.length]], team_id: ids.team[i % ids.team.length] }));
		await filled('customer', (i) => ({ tags: ids.tag.slice(i % 9, (i % 9) + 3), email: `"<b>x${i}</b>"@example.com`.replace(/[<>"/]/g, ''), website: `https://example.com/${encodeURIComponent(corpus[i % corpus.length])}?"><img src=x>`.slice(0, 200).replace(/["<> ]/g, (c) => encodeURIComponent(c)) }));
		await filled('product', (i) => ({ category_id: ids.category[i % ids.category.length], tags: [ids.tag[i % ids.tag.length]] }));
		const main = ids.customer[0];
		await filled('order', (i) => ({ customer_id: i < 40 ? main : ids.customer[i % ids.customer.length], channel_id: ids.channel[0] }));
		for (const e of ['address', 'identifier', 'interaction', 'consent', 'party_role']) await filled(e, (i) => ({ customer_id: e === 'party_role' ? ids.customer[i % ids.customer.length] : main, ...Object.fromEntries(entities.find((x) => x.name === e).fields.filter((f) => f.required && f.type === 'enum' && !f.fallback).map((f) => [f.name, f.options[0].value])) }));
		for (const e of ['order_line', 'shipment', 'payment']) await filled(e, () => ({ order_id: ids.order[0], ...(e === 'payment' ? { amount: '1.00' } : {}) }));
		await filled('saved_view', () => ({ entity: 'customer', query: 'name=not.is.null', columns: ['name'] }));
		for (const [i, p] of packs(corpus, 240).entries()) {
			const up = await api('POST', `/api/v1/file?name=${encodeURIComponent(`${i}${p}.txt`.slice(0, 250))}&entity=customer&record_id=${main}`, new TextEncoder().encode(p), { 'Content-Type': 'text/html' });
			assert.equal(up.status, 201, up.text);
		}
		browser = await startBrowser();
		state = undefined;
		const page = await visitor();
		await signIn(page, shop);
		state = await page.context().storageState();
		await page.context().close();
	});
	after(async () => {
		await browser?.close();
		canary?.close();
		await server?.close();
	});

	test('the corpus is large, and it does run where nobody guards', async () => {
		assert.ok(corpus.length >= 60, `${corpus.length}`);
		const context = await browser.newContext();
		const page = await context.newPage();
		let dialogs = 0;
		const asked = new Set();
		page.on('dialog', (d) => (dialogs++, d.dismiss()));
		page.on('request', (r) => r.url().includes(`:${canary.address().port}/`) && asked.add(r.url()));
		await page.goto(`http://127.0.0.1:${canary.address().port}/blank`);
		for (const p of corpus) await page.setContent(`<!doctype html><body><div>${p}</div>`, { waitUntil: 'commit' }).catch(() => {});
		await page.waitForTimeout(300);
		assert.ok(dialogs >= 12 && asked.size >= 8, `${dialogs} dialogs, ${asked.size} requests: the detectors see nothing`);
		await context.close();
		heard.length = 0;
	});

	test('by the API: lists, records, tabs, forms, search, administration', { timeout: 240_000 }, async () => {
		const page = await visitor();
		await page.goto(`${shop.url}/`);
		await settled(page);
		await clean(page, '/');
		const main = ids.customer[0];
		for (const path of ['/customer', '/customer?order=name.desc&q=script', '/order', '/product', '/interaction', '/tag', '/user', '/role', '/import', '/settings', '/settings/organisation', '/settings/audit', '/settings/keys', '/account', '/account?tab=sessions', '/account?tab=tokens', '/customer/new', '/order/new', '/product/new',
			...['', '?tab=orders', '?tab=files', '?tab=changes', '?tab=addresses', '?tab=identifiers', '?tab=consents'].map((tab) => `/customer/${main}${tab}`), ...ids.order.slice(0, 4).map((id) => `/order/${id}`), ...ids.product.slice(0, 8).map((id) => `/product/${id}`), ...ids.user.slice(0, 6).flatMap((id) => [`/user/${id}`, `/user/${id}/rights`]), ...ids.role.slice(0, 6).map((id) => `/role/${id}`)]) await see(page, path);
		// every customer: each field has held every payload when all have been seen
		for (const id of ids.customer) await see(page, `/customer/${id}`);
		await page.context().close();
	});

	test('views, filters, menus, tooltips and the palette', async () => {
		const page = await visitor();
		await page.goto(`${shop.url}/customer?view=${ids.saved_view[0]}`);
		await settled(page);
		await clean(page, 'views');
		for (const tab of (await page.locator('[role=tab]').all()).slice(0, 5)) {
			await tab.hover().catch(() => {});
			await tab.click({ timeout: 2000 }).catch(() => {});
			await clean(page, 'a view');
		}
		for (const p of ['script', 'img', 'svg onload', corpus[12], corpus[0]]) {
			await page.keyboard.press('Control+k');
			await page.waitForTimeout(150);
			await page.keyboard.type(p.slice(0, 60));
			await page.waitForTimeout(500);
			await clean(page, `palette: ${p}`);
			await page.keyboard.press('Escape');
			await page.keyboard.press('Escape');
		}
		// what is in the address is shown too
		for (const p of corpus.slice(0, 40)) {
			const e = encodeURIComponent(p);
			for (const path of [`/customer?name=eq.${e}`, `/${e}`, `/customer/${e}`, `/account?tab=${e}`].slice(0, corpus.indexOf(p) < 8 ? 4 : 1)) await see(page, path);
		}
		await page.goto(`${shop.url}/customer?q=${encodeURIComponent(corpus[12])}#${corpus[0]}`);
		await settled(page);
		await clean(page, 'from outside');
		await page.context().close();
	});

	test('by import: names of files, heads, cells, errors, results, and the records made', { timeout: 120_000 }, async () => {
		const quoted = (t) => `"${t.replaceAll('"', '""')}"`;
		const one = packs(corpus, 78), lines = one.map((p, i) => [`I${i}`, p, p, p, i % 2 ? 'not a mail' : '', p].map(quoted).join(','));
		const name = `${corpus[12]}${corpus[0]}.csv`;
		const head = ['number', 'name', 'note', 'city', 'email', corpus[12]].map(quoted).join(',');
		const up = await api('POST', `/api/v1/import?name=${encodeURIComponent(name)}`, new TextEncoder().encode(`${head}\n${lines.join('\n')}\n`), { 'Content-Type': 'text/csv' });
		assert.equal(up.status, 201, up.text);
		const id = up.body.id;
		const page = await visitor();
		await page.goto(`${shop.url}/import/${id}`);
		await settled(page);
		await clean(page, 'the mapping of columns');
		const plan = await api('PUT', `/api/v1/import/${id}/plan`, { mapping: ['number', 'name', 'note', 'city', 'email', 'lost_reason'].map((field, column) => ({ column, entity: 'customer', field })), mode: 'create' });
		assert.equal(plan.status, 200, plan.text);
		await see(page, '/import');
		await see(page, `/import/${id}`);
		await api('POST', `/api/v1/import/${id}/start`, {});
		for (let i = 0; i < 100 && (await api('GET', `/api/v1/import_run/${id}`)).body.state !== 'done'; i++) await page.waitForTimeout(100);
		const run = (await api('GET', `/api/v1/import_run/${id}`)).body;
		assert.deepEqual([run.state, run.created + run.failed], ['done', lines.length]);
		assert.ok(run.created > 0 && run.failed > 0);
		await see(page, `/import/${id}`);
		const imported = (await api('GET', '/api/v1/customer?select=id&number=like.I*&limit=100')).body;
		assert.ok(imported.length > 10);
		await see(page, '/customer?number=like.I*');
		for (const r of imported.slice(0, 20)) await see(page, `/customer/${r.id}`);
		// the wizard itself, with the file dropped into it
		await page.goto(`${shop.url}/import/new`);
		await settled(page);
		await page.setInputFiles('input[type=file]', { name: `${corpus[12]}.csv`.replaceAll('/', '_'), mimeType: 'text/csv', buffer: Buffer.from(`${head}\n${lines.join('\n')}\n`) });
		await page.waitForTimeout(1500);
		await settled(page);
		await clean(page, 'the wizard');
		await page.context().close();
	});

	test('on a phone', async () => {
		const page = await visitor(PHONE);
		await page.goto(`${shop.url}/customer`);
		await settled(page);
		await clean(page, 'cards');
		for (const path of [`/customer/${ids.customer[0]}`, `/customer/${ids.customer[0]}?tab=files`, `/customer/${ids.customer[1]}`, '/order', '/tag', '/user']) await see(page, path);
		await page.context().close();
	});

	test('nothing ran, nothing was asked for, by the end of it', () => {
		assert.deepEqual({ problems, heard }, { problems: [], heard: [] });
		assert.ok(opened.size > 80, `${opened.size} pages`);
		console.log(`# ${corpus.length} payloads, ${opened.size} pages and states`);
	});
});
