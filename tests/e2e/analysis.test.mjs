// Pivot tables: put together by keyboard and by mouse, drilled into, kept, compared, taken along; on a phone and in Chinese.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { api, axe, cannot, choose, DESKTOP, overflow, PHONE, settled, shot, startBrowser, startShop, visitor } from './lib.mjs';
import { guanxi } from '../lib/server.mjs';

let skip = cannot();
let shop, browser, data;

before(async () => {
	if (skip) return;
	shop = await startShop({ before: (folder) => (data = folder) });
	browser = await startBrowser();
	// its first load, of two years of sales, is another test's matter
	guanxi(['warehouse', 'refresh', '--data', data], { allowFailure: true });
});
after(async () => {
	await browser?.close();
	await shop?.close();
});

test('a pivot table is put together, drilled into and kept', { skip }, async (t) => {
	const { context, page, goto } = await visitor(browser, shop, { language: 'en', size: DESKTOP });
	await goto('/pivot');
	const off = page.getByText('Pivot tables are off');
	await page.locator('.pivot-table tbody tr').first().or(off).waitFor({ timeout: 20_000 });
	if (await off.isVisible()) return t.skip('no DuckDB here');
	const total = await page.locator('tfoot td').last().innerText();
	// by keyboard: a field from the list to the columns
	await page.getByLabel('Find a field').fill('categ');
	await page.getByRole('button', { name: 'Category', exact: true }).first().focus();
	await page.keyboard.press('Enter');
	await page.getByRole('menuitem', { name: 'To the columns' }).click();
	await page.getByRole('columnheader', { name: /Kitchen/ }).waitFor();
	assert.equal(await page.locator('tfoot td').last().innerText(), total, 'the same in all, however it is cut');
	// by mouse: a figure more
	await page.getByLabel('Find a field').fill('');
	const grip = page.getByRole('button', { name: 'Drag Quantity' }).first();
	const from = await grip.boundingBox(), to = await page.getByRole('group', { name: 'Figures', exact: true }).boundingBox();
	await page.mouse.move(from.x + 5, from.y + 5);
	await page.mouse.down();
	await page.mouse.move(to.x + 30, to.y + 20, { steps: 8 });
	await page.mouse.up();
	await page.getByRole('columnheader', { name: 'Quantity' }).last().waitFor();
	await choose(page, page.getByRole('combobox', { name: 'Period', exact: true }), 'Last 90 days');
	await choose(page, page.getByRole('combobox', { name: 'Compared with' }), 'The period before');
	await page.locator('.pivot-more, .pivot-less').first().waitFor();
	await shot(page, 'pivot-desktop');
	assert.deepEqual(await axe(page), []);
	await page.getByRole('button', { name: 'Keep this table' }).click();
	await page.getByLabel('Name', { exact: true }).fill('By category');
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await page.getByRole('dialog').waitFor({ state: 'hidden' });
	const kept = await api(page, 'GET', 'pivot_table?select=name,entity');
	assert.deepEqual((kept.body ?? kept).map((k) => k.name), ['By category']);
	await page.getByText('As a chart', { exact: true }).click();
	await page.locator('canvas').waitFor();
	await shot(page, 'pivot-picture');
	await page.getByText('As a table', { exact: true }).click();
	await page.locator('.pivot-table tbody td button').first().click();
	await page.waitForURL(/\/order\?condition=/);
	await settled(page);
	await shot(page, 'pivot-drill');
	await page.getByText(/has Order lines where/).first().waitFor();
	await page.getByText('Completed').first().waitFor();
	await context.close();
});

test('on a phone and in Chinese', { skip }, async (t) => {
	const { context, page, goto } = await visitor(browser, shop, { language: 'zh-Hans', size: PHONE });
	await goto(`/pivot?ask=${encodeURIComponent(JSON.stringify({ of: 'order', measures: ['orders', 'total'], rows: [{ field: 'customer_id.level' }, { field: 'placed_at', by: 'quarter' }], columns: [] }))}`);
	const off = page.getByText('透视表未启用');
	await page.locator('.pivot-table tbody tr.is-group').first().or(off).waitFor({ timeout: 20_000 });
	if (await off.isVisible()) return t.skip('no DuckDB here');
	await page.getByText('合计', { exact: true }).first().waitFor();
	assert.equal(await overflow(page), 0);
	await shot(page, 'pivot-phone');
	await context.close();
});
