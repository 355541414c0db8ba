// Own fields: added on the settings page with a preview, there at once in forms and lists; options; order by keyboard; out of use; removed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { api, axe, cannot, choose, DESKTOP, overflow, PHONE, settled, shot, startBrowser, startShop, visitor } from './lib.mjs';

const skip = cannot();
let shop, browser;

before(async () => {
	if (skip) return;
	shop = await startShop({ demo: false });
	browser = await startBrowser();
});
after(async () => {
	await browser?.close();
	await shop?.close();
});

test('a field is added, tried in a preview, and stands in the form at once', { skip }, async () => {
	const { context, page, problems, goto } = await visitor(browser, shop, { language: 'en', size: DESKTOP });
	await goto('/settings/fields');
	await page.getByRole('button', { name: 'Add a field' }).click();
	const dialog = page.locator('.ant-modal');
	await dialog.getByLabel('Label in English').fill('Shoe size');
	await dialog.getByLabel('Label in Chinese').fill('鞋码');
	assert.equal(await dialog.getByLabel('Name in the API').inputValue(), 'shoe_size', 'named after its label');
	await choose(page, dialog.getByRole('combobox', { name: 'Type' }), 'Choice');
	await dialog.getByLabel('Option 1 in English').fill('Small');
	await dialog.getByRole('button', { name: 'Add an option' }).click();
	await dialog.getByLabel('Option 2 in English').fill('Large');
	await dialog.getByRole('checkbox', { name: 'In the list' }).check();
	await dialog.getByRole('region', { name: 'So it will stand in the form' }).getByText('Shoe size').waitFor();
	await shot(page, 'fields-dialog');
	await dialog.getByLabel('Name in the API').fill('select');
	await dialog.getByRole('button', { name: 'Save' }).click();
	await dialog.getByText(/word of the query language/).first().waitFor();
	await dialog.getByLabel('Name in the API').fill('shoe_size');
	await dialog.getByRole('button', { name: 'Save' }).click();
	await page.locator('.own-item', { hasText: 'Shoe size' }).waitFor();
	const made = await api(page, 'POST', 'custom_fields', { entity: 'customer', name: 'nickname', type: 'text', label: { en: 'Nickname', zh: '昵称' }, position: 20 });
	assert.equal(made.status, 201, JSON.stringify(made.body));
	await goto('/settings/fields');
	assert.deepEqual(await page.locator('.own-item strong').allInnerTexts(), ['Shoe size', 'Nickname']);
	await shot(page, 'fields-list');
	assert.deepEqual(await axe(page), []);
	await page.getByRole('button', { name: 'Move up: Nickname' }).press('Enter');
	await page.waitForFunction(() => document.querySelector('.own-item strong')?.textContent === 'Nickname');
	await goto('/customer/new');
	await page.getByText('Shoe size').first().waitFor();
	await shot(page, 'fields-form');
	await context.close();
	assert.deepEqual(problems.filter((p) => !/status of 422/.test(p)), []);
});

test('out of use, back, and gone; on a phone, in Chinese', { skip }, async () => {
	const { context, page, problems, goto } = await visitor(browser, shop, { language: 'zh-Hans', size: PHONE });
	await goto('/settings/fields');
	const item = page.locator('.own-item', { hasText: '昵称' });
	await item.getByRole('button', { name: /停\s?用/ }).click();
	await item.getByText('已停用').waitFor();
	await shot(page, 'fields-phone');
	assert.equal(await overflow(page), 0);
	await item.getByRole('button', { name: /删\s?除/ }).click();
	await page.locator('.ant-modal-confirm').getByRole('button', { name: /删\s?除/ }).click();
	await item.waitFor({ state: 'detached' });
	await settled(page);
	const left = await api(page, 'GET', 'custom_fields?select=name');
	assert.deepEqual(left.body, [{ name: 'shoe_size' }]);
	await context.close();
	assert.deepEqual(problems, []);
});
