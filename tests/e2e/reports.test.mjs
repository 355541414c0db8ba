// Reports: from the gallery to a figure, from the figure to a segment; the dashboard while orders come in, arranged, on a wall and on a phone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { api, axe, cannot, DESKTOP, firstId, overflow, PHONE, settled, shot, startBrowser, startShop, visitor } from './lib.mjs';
import { guanxi } from '../lib/server.mjs';

const skip = cannot();
let shop, browser, data;

before(async () => {
	if (skip) return;
	shop = await startShop({ before: (folder) => (data = folder) });
	browser = await startBrowser();
	// its first load, of the sample's sales, is another test's matter
	guanxi(['warehouse', 'refresh', '--data', data], { allowFailure: true });
});
after(async () => {
	await browser?.close();
	await shop?.close();
});

test('from the gallery to a figure, and to a segment of those behind it', { skip }, async (t) => {
	const { context, page, goto } = await visitor(browser, shop, { language: 'en', size: DESKTOP });
	await goto('/reports');
	await page.locator('.report-gallery li').first().waitFor({ timeout: 20_000 });
	if (await page.getByText('runs without DuckDB').isVisible()) return t.skip('no DuckDB here');
	assert.deepEqual(await axe(page), []);
	await page.getByRole('link', { name: 'RFM: recency, frequency, money' }).click();
	await page.getByText(/customers, .* are champions or loyal and bring/).waitFor({ timeout: 20_000 });
	await shot(page, 'report-rfm');
	assert.deepEqual(await axe(page), []);
	const cell = page.getByRole('button', { name: /^R5 F5 Champions/ });
	const n = (await cell.locator('b').innerText()).replaceAll(',', '');
	await cell.click();
	await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click();
	await page.waitForURL(/\/segment\/\d+$/);
	await page.getByText(`${Number(n).toLocaleString('en')} Customers`).waitFor();
	await shot(page, 'report-segment');
	// a bar of the sales leads to its orders: through the table's file and through the picture alike, the sentence says what both show
	await goto('/reports/sales');
	await page.getByText(/^Sales of /).waitFor({ timeout: 20_000 });
	await page.locator('.report-chart canvas').waitFor();
	const file = page.waitForEvent('download');
	await page.getByRole('button', { name: 'Export' }).click();
	await page.getByRole('menuitem', { name: /CSV/ }).first().click();
	assert.match((await file).suggestedFilename(), /\.csv$/);
	await context.close();
});

test('the dashboard shows an order that comes in, as it was arranged, and on a wall', { skip }, async () => {
	const { context, page, goto } = await visitor(browser, shop, { language: 'en', size: DESKTOP });
	await goto('/dashboard');
	const orders = page.locator('[data-counter=orders]');
	await orders.waitFor({ timeout: 20_000 });
	await settled(page);
	await page.getByText('live', { exact: true }).waitFor();
	const before = Number((await orders.innerText()).replaceAll(',', ''));
	const [customer, product] = [await firstId(page, 'customer?select=id&limit=1'), await firstId(page, 'product?select=id&limit=1')];
	await api(page, 'POST', 'order', { customer_id: customer, state: 'placed', order_lines: [{ product_id: product, name: 'Live', quantity: 1, unit_price: 12345 }] });
	await page.locator('[data-counter=orders]', { hasText: new RegExp(`^${(before + 1).toLocaleString('en')}$`) }).waitFor({ timeout: 10_000 });
	await page.locator('.dash-latest').getByText(/12,345\.00/).waitFor({ timeout: 10_000 });
	assert.deepEqual(await axe(page), []);
	await shot(page, 'dashboard');
	// arranged by the user, and kept
	await page.getByRole('button', { name: 'Arrange' }).click();
	await page.getByRole('button', { name: 'By person: leave out' }).click();
	await page.getByRole('button', { name: 'Newest orders: up' }).click();
	await page.getByRole('button', { name: 'Falling silent' }).click();
	await page.locator('section[aria-label="Falling silent"]').waitFor();
	await page.waitForFunction(async () => JSON.parse((await (await fetch('/api/v1/account')).json()).page ?? '{}').dashboard?.cards?.at(-1) === 'report_silence');
	await goto('/dashboard');
	await page.locator('section[aria-label="Falling silent"]').waitFor({ timeout: 20_000 });
	assert.equal(await page.locator('section[aria-label="By person"]').count(), 0);
	await page.getByRole('button', { name: 'Wall screen' }).click();
	await page.locator('.dash-wall [data-counter=orders]').waitFor();
	await shot(page, 'dashboard-wall');
	await page.keyboard.press('Escape');
	await page.locator('.dash-wall').waitFor({ state: 'detached' });
	await context.close();
});

test('on a phone and in Chinese', { skip }, async () => {
	const { context, page, goto } = await visitor(browser, shop, { language: 'zh-Hans', size: PHONE });
	for (const [path, said] of [['/dashboard', '新增订单'], ['/reports/cohorts', /次月复购率|次月尚未结束/], ['/reports/concentration', /基尼系数/]]) {
		await goto(path);
		await page.getByText(said).first().waitFor({ timeout: 20_000 });
		await settled(page);
		assert.equal(await overflow(page), 0, path);
	}
	await context.close();
});
