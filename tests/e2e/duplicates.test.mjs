// Duplicates: pair after pair by keyboard, side by side; merged from a customer's page, taken apart, old addresses; on a phone, in Chinese.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { api, axe, cannot, DESKTOP, overflow, PHONE, settled, shot, startBrowser, startShop, visitor } from './lib.mjs';

const skip = cannot();
let shop, browser;

before(async () => {
	if (skip) return;
	shop = await startShop();
	browser = await startBrowser();
});
after(async () => {
	await browser?.close();
	await shop?.close();
});

test('pairs are reviewed by keyboard; everything can be taken back', { skip }, async () => {
	const { context, page, problems, goto } = await visitor(browser, shop, { language: 'en', size: DESKTOP });
	await goto('/duplicates');
	const count = async () => (await api(page, 'GET', 'duplicates?limit=1')).body.count;
	for (let i = 0; i < 100 && !(await count()); i++) await page.waitForTimeout(100);
	await goto('/duplicates');
	await page.locator('.compare').waitFor();
	assert.ok(await page.locator('.compare-why b').count() >= 2);
	await shot(page, 'duplicates');
	assert.deepEqual(await axe(page), []);
	const all = await count();
	const [pair, second] = (await api(page, 'GET', 'duplicates?limit=2')).body.pairs;
	// the other one stays, with the other's city, if there is one
	const goes = pair.stays;
	await page.locator('h1').click();
	await page.keyboard.press('x');
	await page.keyboard.press('m');
	await page.getByText(/^Merged into/).waitFor();
	const stays = pair.stays === pair.a ? pair.b : pair.a;
	assert.equal((await api(page, 'GET', `customer/${goes}`)).body.id, stays);
	await page.getByRole('button', { name: 'Undo' }).click();
	await page.getByText('Undone').first().waitFor();
	assert.equal((await api(page, 'GET', `customer/${goes}`)).body.id, goes);
	await settled(page);
	// not the same, then later
	await goto('/duplicates');
	await page.locator('.compare').waitFor();
	const top = await page.locator('.compare thead a').first().getAttribute('href');
	assert.ok(top.endsWith(pair.a) || top.endsWith(pair.b), `${top} is not first`);
	await page.locator('h1').click();
	await page.keyboard.press('n');
	await page.getByText('They are not offered again').waitFor();
	await page.locator(`.compare thead a[href="/customer/${second.a}"]`).waitFor();
	assert.equal(await count(), all - 1);
	await page.keyboard.press('s');
	await page.locator(`.compare thead a[href="/customer/${second.a}"]`).waitFor({ state: 'detached' });
	await context.close();
	assert.deepEqual(problems, []);
});

test('a customer is merged from their page; the old address leads on, and the merge comes apart', { skip }, async () => {
	const { context, page, problems, goto } = await visitor(browser, shop, { language: 'en', size: DESKTOP });
	await goto('/');
	const make = async (body) => (await api(page, 'POST', 'customer', body)).body[0];
	const [a, b] = [await make({ name: 'Orla Quince', phone: '13800138111' }), await make({ name: 'Orla Quincey', city: 'Bath', phone: '13800138222' })];
	await goto(`/customer/${a.id}`);
	await page.getByRole('button', { name: 'Merge…' }).click();
	await page.getByRole('dialog').getByRole('combobox').click();
	await page.keyboard.type('Quincey');
	await page.locator('.ant-select-item-option', { hasText: 'Orla Quincey' }).click();
	await page.locator('.compare').waitFor();
	await page.getByRole('radio', { name: 'Name: Orla Quincey' }).check();
	await shot(page, 'merge-dialog');
	assert.deepEqual(await axe(page), []);
	await page.getByRole('dialog').getByRole('button', { name: 'Merge', exact: true }).click();
	await page.getByRole('heading', { name: 'Orla Quincey' }).waitFor();
	const one = (await api(page, 'GET', `customer/${a.id}`)).body;
	assert.deepEqual([one.name, one.city, one.phone], ['Orla Quincey', 'Bath', '+8613800138111']);
	await goto(`/customer/${b.id}?tab=merged`);
	await page.waitForURL(new RegExp(`/customer/${a.id}`));
	await goto(`/customer/${a.id}?tab=merged`);
	await page.locator('.merged-list').getByText(b.id).waitFor();
	await shot(page, 'merged');
	await page.getByRole('button', { name: 'Take apart' }).click();
	await page.waitForURL(new RegExp(`/customer/${b.id}`));
	await page.getByRole('heading', { name: 'Orla Quincey' }).waitFor();
	assert.equal((await api(page, 'GET', `customer/${a.id}`)).body.name, 'Orla Quince');
	await context.close();
	assert.deepEqual(problems, []);
});

test('on a phone, in Chinese, two are told apart side by side', { skip }, async () => {
	const { context, page, problems, goto } = await visitor(browser, shop, { language: 'zh-Hans', size: PHONE });
	await goto('/duplicates');
	await page.locator('.compare').waitFor();
	assert.equal(await overflow(page), 0);
	await shot(page, 'duplicates-phone');
	assert.deepEqual(await axe(page), []);
	await page.getByRole('button', { name: '不是同一客户' }).click();
	await page.getByText('以后不再提示这一对').waitFor();
	await context.close();
	assert.deepEqual(problems, []);
});

test('whoever types a customer who is there already is told, before saving', { skip }, async () => {
	const { context, page, problems, goto } = await visitor(browser, shop, { language: 'en', size: DESKTOP });
	await goto('/');
	const there = (await api(page, 'POST', 'customer', { name: 'Petra Lindqvist', phone: '13800138333', city: 'Lund' })).body[0];
	await goto('/customer/new');
	await page.getByLabel(/^Name/).first().fill('Petra Lindqvist');
	await page.getByLabel('Phone', { exact: true }).fill('138 0013 8333');
	await page.locator('.form-alike').getByRole('link', { name: 'Petra Lindqvist' }).waitFor();
	await shot(page, 'form-alike');
	assert.deepEqual(await axe(page), []);
	assert.ok((await page.locator('.form-alike a').getAttribute('href')).endsWith(there.id));
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await page.waitForURL(/\/customer\/\d+/);
	await goto('/settings');
	await page.getByRole('link', { name: /Duplicate rules/ }).first().waitFor();
	await context.close();
	assert.deepEqual(problems, []);
});
