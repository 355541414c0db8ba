// A folder that exists only in the tests (tests/capability) gives its page half by its feature.ts alone: a page, places in the
// menu, settings and palette, a tab, a card, a warning, a source of the timeline, a card of the home page, texts, icons.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const plain = process.env.GUANXI ?? fileURLToPath(new URL('../../build/guanxi', import.meta.url));
const own = join(dirname(realpathSync(plain)), '../../tests/capability/guanxi_capability');
process.env.GUANXI = own;
const { api, axe, cannot, startBrowser, startShop, visitor, settled } = await import('./lib.mjs');

const web = fileURLToPath(new URL('../../web', import.meta.url));
const TYPES = { html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8', svg: 'image/svg+xml' };

/** The page of the test's own build; the server's policy and its nonce are those it sends with its own page. */
async function withPage(context, shop, folder) {
	const index = readFileSync(join(folder, 'index.html'), 'utf8');
	await context.route((url) => url.href.startsWith(shop.url) && !url.pathname.startsWith('/api/'), async (route) => {
		const { pathname } = new URL(route.request().url());
		if (pathname.includes('.')) return route.fulfill({ body: readFileSync(join(folder, pathname)), contentType: TYPES[pathname.split('.').pop()] });
		const answer = await route.fetch();
		const nonce = /'nonce-([^']+)'/.exec(answer.headers()['content-security-policy'])[1];
		return route.fulfill({ response: answer, body: index.replaceAll('__CSP_NONCE__', nonce) });
	});
}

describe('a folder by its feature.ts', { skip: cannot() || (existsSync(own) ? false : `no ${own}`) }, () => {
	let folder, shop, browser, page, customer, problems, state;

	before(async () => {
		folder = mkdtempSync(join(tmpdir(), 'guanxi-page-'));
		const built = spawnSync('npx', ['vite', 'build', '--outDir', folder, '--emptyOutDir', '--logLevel', 'error'], {
			cwd: web, encoding: 'utf8', env: { ...process.env, GUANXI_FEATURES: fileURLToPath(new URL('../capability/page', import.meta.url)) },
		});
		assert.equal(built.status, 0, built.stdout + built.stderr);
		shop = await startShop({ demo: false });
		browser = await startBrowser();
		const first = await visitor(browser, shop, { language: 'en' });
		state = await first.context.storageState();
		customer = (await api(first.page, 'POST', 'customer', { name: 'Silk and Sons', kind: 'company' })).body[0];
		for (const name of ['North', 'East', 'South']) await api(first.page, 'POST', 'stall', { name, customer_id: customer.id });
		await first.context.close();
		const who = await visitor(browser, shop, { language: 'en', state });
		await withPage(who.context, shop, folder);
		({ page, problems } = who);
	});
	after(async () => {
		await browser?.close();
		await shop?.close();
		if (folder) rmSync(folder, { recursive: true, force: true });
	});
	const at = async (path) => {
		await page.goto(shop.url + path);
		await settled(page);
	};

	test('a page with an address, its place in the menu, a card on the home page', async () => {
		await at('/market');
		await page.waitForSelector('main .market >> text=4 stalls are open');
		assert.equal(await page.locator('.side-pages a', { hasText: /^\s*Market\s*$/ }).count(), 1);
		assert.equal(await page.locator('.side-areas a', { hasText: /^\s*Marketing\s*$/ }).count(), 1);
		await at('/');
		await page.waitForSelector('main >> text=4 stalls are open');
	});

	test('on a customer: warning, card with three and all, tab, source of the timeline', async () => {
		await at(`/customer/${customer.id}`);
		await page.waitForSelector('.record-head >> text=Silk and Sons pays its stall late');
		const card = page.locator('.related', { hasText: 'Open stalls' });
		await card.locator('text=All 4').waitFor();
		assert.equal(await card.locator('li').count(), 3);
		for (const name of ['North', 'East', 'South']) await page.waitForSelector(`.stream .event >> text=${name}`);
		assert.deepEqual(await axe(page), []);
		await at(`/customer/${customer.id}?tab=stalls`);
		await page.waitForSelector('.tab-panel td >> text=North');
		const other = (await api(page, 'POST', 'customer', { name: 'Just somebody', kind: 'person' })).body[0];
		await at(`/customer/${other.id}`);
		assert.equal(await page.locator('text=pays its stall late').count(), 0);
	});

	test('settings and palette find it, in the languages of the page', async () => {
		await at('/settings');
		await page.click('main >> text=Market rules');
		await page.waitForSelector('h1 >> text=Market rules');
		for (const typed of ['bazaar', 'map of the', 'Market rules']) {
			await page.keyboard.press('Control+k');
			await page.waitForSelector('.palette input');
			await page.keyboard.type(typed);
			await page.waitForSelector('.palette-hit >> text=/Market|Map of the/');
			await page.keyboard.press('Escape');
			await page.waitForSelector('.palette', { state: 'detached' });
		}
		await page.evaluate(() => localStorage.setItem('guanxi.locale', 'zh-Hant'));
		await api(page, 'PATCH', 'account', { locale: 'zh-TW' });
		await at('/market');
		await page.waitForSelector('main .market >> text=4 個攤位營業中');
		await page.keyboard.press('Control+k');
		await page.waitForSelector('.palette-hit >> text=市集地圖');
	});

	test('who may not read its records has none of it', async () => {
		await api(page, 'PATCH', 'account', { locale: 'en' });
		await page.evaluate(() => localStorage.setItem('guanxi.locale', 'en'));
		await page.route('**/api/v1/meta*', async (route) => {
			const answer = await route.fetch();
			const meta = await answer.json();
			await route.fulfill({ response: answer, json: { ...meta, entities: meta.entities.filter((e) => e.name !== 'stall') } });
		});
		await at(`/customer/${customer.id}`);
		assert.equal(await page.locator('.related', { hasText: 'Open stalls' }).count(), 0);
		assert.equal(await page.locator('.event', { hasText: 'North' }).count(), 0);
		await at('/');
		assert.equal(await page.locator('main >> text=stalls are open').count(), 0);
		assert.deepEqual(problems, []);
	});
});
