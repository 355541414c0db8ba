// Every page in three languages, at two widths, in both themes: it opens, says something, complains about nothing and fits the screen.
// Not each with each: English has the longest words and goes with the phone. axe-core, which takes longer than the rest, looks at each
// width once, and at the colours of the dark theme.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { api, axe, cannot, DESKTOP, firstId, LANGUAGES, overflow, PHONE, shot, startBrowser, startShop, visitor } from './lib.mjs';
import { long } from '../lib/server.mjs';

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

	/** Sets language and theme, as somebody does on their account page. */
	async function settings(person, locale, theme) {
		await person.goto('/account');
		await person.page.evaluate(async (wanted) => {
			const { csrf } = await (await fetch('/api/v1/session')).json();
			await fetch('/api/v1/account', { method: 'PATCH', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf }, body: JSON.stringify(wanted) });
		}, { locale, theme });
		await person.goto('/');
	}

	const WAYS = [
		// once as a link from outside, then as somebody who walks through the page
		{ name: 'desktop in zh-Hans', size: DESKTOP, language: 'zh-Hans', theme: 'light', way: 'goto', rules: {} },
		{ name: 'phone in en', size: PHONE, language: 'en', theme: 'light', way: 'walk', rules: {} },
		{ name: 'desktop in zh-Hant, dark', size: DESKTOP, language: 'zh-Hant', theme: 'dark', way: 'walk', rules: { only: ['color-contrast', 'link-in-text-block'] } },
	];
	if (long) // each language at each width
		for (const [at, size] of [['desktop', DESKTOP], ['phone', PHONE]])
			for (const language of LANGUAGES) WAYS.push({ name: `${at} in ${language}, walking`, size, language, theme: 'light', way: 'walk', rules: {} });
	for (const { name: kind, size, language, theme, way, rules } of WAYS)
		test(kind, async (t) => {
			const person = await visitor(browser, shop, { size, language, theme, state });
			await settings(person, language, theme);
			for (const [name, path] of Object.entries(PAGES))
				await t.test(name, async () => {
					person.problems.length = 0;
					await person[way](typeof path === 'string' ? path : path(ids));
					await shot(person.page, `${kind}-${name}`);
					const expected = name === 'missing-record' ? /status of 404/ : null;
					assert.deepEqual(person.problems.filter((p) => !expected?.test(p)), [], 'the browser complains');
					// a slow machine may still be between the old page and the new one
					await person.page.waitForFunction(() => document.querySelector('main').innerText.trim().length > 10, null, { timeout: 10_000 }).catch(() => {});
					const seen = await person.page.evaluate(() => ({ lang: document.documentElement.lang, theme: document.documentElement.dataset.theme, text: document.querySelector('main').innerText }));
					assert.deepEqual([seen.lang, seen.theme], [language, theme]);
					assert.ok(seen.text.trim().length > 10, 'the page is empty');
					assert.ok(!/\b[a-z_]+\.[a-z_]+\b(?=\s|$)/.test(seen.text.replace(/\S+@\S+|https?:\S+|\S+\.(csv|xlsx|com|org)\S*/g, '')), `an untranslated key: ${/\b[a-z_]+\.[a-z_]+\b/.exec(seen.text)?.[0]}`);
					assert.ok((await overflow(person.page)) <= 1, `wider than the screen by ${await overflow(person.page)} px`);
					assert.deepEqual(await axe(person.page, rules), []);
				});
			await person.context.close();
		});
});
