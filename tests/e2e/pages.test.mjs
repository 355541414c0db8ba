// Every page in three languages at two widths: it opens, says something, complains about nothing and fits the screen. axe-core, which takes
// longer than the rest, looks at each width once and at the dark theme: what it finds hangs on the page, not on the language.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { api, axe, cannot, DESKTOP, firstId, LANGUAGES, overflow, PHONE, shot, startBrowser, startShop, visitor } from './lib.mjs';

const reason = cannot();

/** Pages by name; the address may need the id of some record. */
const PAGES = {
	home: '/',
	customers: '/customer',
	'customers-filtered': '/customer?last_order_at=not.is.null&order=orders_total.desc&q=a',
	'customers-empty': '/customer?name=eq.nobody-is-called-so',
	customer: (ids) => `/customer/${ids.customer}`,
	'customer-orders': (ids) => `/customer/${ids.customer}?tab=orders`,
	'customer-files': (ids) => `/customer/${ids.customer}?tab=files`,
	'customer-history': (ids) => `/customer/${ids.customer}?tab=changes`,
	'customer-new': '/customer/new',
	orders: '/order',
	order: (ids) => `/order/${ids.order}`,
	'order-new': '/order/new',
	products: '/product',
	product: (ids) => `/product/${ids.product}`,
	interactions: '/interaction',
	queue: '/service?view=open',
	cases: '/case',
	case: (ids) => `/case/${ids.case}`,
	'case-new': '/case/new',
	tags: '/tag',
	settings: '/settings',
	firm: '/settings/firm',
	invite: '/settings/invite',
	organisation: '/settings/organisation',
	calendars: '/settings/calendars?year=2026',
	audit: '/settings/audit',
	keys: '/settings/keys',
	users: '/user',
	user: (ids) => `/user/${ids.user}`,
	rights: (ids) => `/user/${ids.user}/rights`,
	roles: '/role',
	role: (ids) => `/role/${ids.role}`,
	imports: '/import',
	'import-new': '/import/new',
	account: '/account',
	'account-password': '/account?tab=password',
	'account-factor': '/account?tab=factor',
	'account-sessions': '/account?tab=sessions',
	'account-tokens': '/account?tab=tokens',
	missing: '/no/such/page/at/all',
	'missing-record': '/customer/1',
};

describe('pages', { skip: reason }, () => {
	let shop;
	let browser;
	let state;
	const ids = {};

	before(async () => {
		shop = await startShop();
		browser = await startBrowser();
		const person = await visitor(browser, shop);
		state = await person.context.storageState();
		for (const [name, path] of Object.entries({
			customer: 'customer?select=id&order=orders_total.desc&limit=1', order: 'order?select=id&order=placed_at.desc&limit=1', product: 'product?select=id&limit=1',
			user: 'user?select=id&limit=1', case: 'case?select=id&order=opened_at.desc&limit=1', role: 'role?select=id&limit=1',
		})) {
			ids[name] = await firstId(person.page, path);
			assert.ok(ids[name], `the sample shop has no ${name}`);
		}
		const office = { name: 'Office', time_zone: 'Asia/Shanghai', country: 'cn', is_default: true, mon: '09:00-12:00 13:00-18:00', fri: '22:00-06:00' };
		assert.equal((await api(person.page, 'POST', 'calendar', office)).status, 201);
		await person.context.close();
	});

	after(async () => {
		await browser?.close();
		await shop?.close();
	});

	for (const [kind, size] of [['desktop', DESKTOP], ['phone', PHONE]])
		for (const language of LANGUAGES)
			test(`${kind} in ${language}`, async (t) => {
				const deep = kind === 'desktop' && language === LANGUAGES[0], judged = deep || (kind === 'phone' && language === 'en');
				const person = await visitor(browser, shop, { size, language, state });
				await person.goto('/account');
				await person.page.evaluate(async (locale) => {
					const { csrf } = await (await fetch('/api/v1/session')).json();
					await fetch('/api/v1/account', { method: 'PATCH', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf }, body: JSON.stringify({ locale, theme: 'light' }) });
				}, language);
				await person.goto('/');
				for (const [name, path] of Object.entries(PAGES))
					await t.test(name, async () => {
						person.problems.length = 0;
						// Once as a link from outside, then as somebody who walks through the page.
						await (deep ? person.goto : person.walk)(typeof path === 'string' ? path : path(ids));
						await shot(person.page, `${kind}-${language}-${name}`);
						const expected = name === 'missing-record' ? /status of 404/ : null;
						assert.deepEqual(person.problems.filter((p) => !expected?.test(p)), [], 'the browser complains');
						assert.equal(await person.page.evaluate(() => document.documentElement.lang), language);
						// a slow machine may still be between the old page and the new one
						await person.page.waitForFunction(() => document.querySelector('main').innerText.trim().length > 10, null, { timeout: 10_000 }).catch(() => {});
						const text = await person.page.innerText('main');
						assert.ok(text.trim().length > 10, 'the page is empty');
						assert.ok(!/\b[a-z_]+\.[a-z_]+\b(?=\s|$)/.test(text.replace(/\S+@\S+|https?:\S+|\S+\.(csv|xlsx|com|org)\S*/g, '')), `an untranslated key: ${/\b[a-z_]+\.[a-z_]+\b/.exec(text)?.[0]}`);
						assert.ok((await overflow(person.page)) <= 1, `wider than the screen by ${await overflow(person.page)} px`);
						if (judged) assert.deepEqual(await axe(person.page), []);
					});
				await person.context.close();
			});

	test('dark', async (t) => {
		const person = await visitor(browser, shop, { theme: 'dark', state });
		await person.goto('/account');
		await person.page.evaluate(async () => {
			const { csrf } = await (await fetch('/api/v1/session')).json();
			await fetch('/api/v1/account', { method: 'PATCH', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf }, body: JSON.stringify({ locale: 'zh-Hans', theme: 'dark' }) });
		});
		await person.goto('/');
		for (const name of Object.keys(PAGES))
			await t.test(name, async () => {
				const path = PAGES[name];
				await person.walk(typeof path === 'string' ? path : path(ids));
				await shot(person.page, `dark-${name}`);
				assert.equal(await person.page.evaluate(() => document.documentElement.dataset.theme), 'dark');
				assert.deepEqual(await axe(person.page), []);
			});
		await person.context.close();
	});
});
