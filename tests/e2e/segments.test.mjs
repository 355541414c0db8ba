// Segments: built in plain words with a live count, by keyboard and on a phone; filled; why somebody is in; a list's filter kept as one.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { api, axe, cannot, choose, DESKTOP, firstId, overflow, PHONE, settled, shot, startBrowser, startShop, visitor } from './lib.mjs';

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

test('a segment is built in plain words, and is filled', { skip }, async () => {
	const { context, page, problems, goto } = await visitor(browser, shop, { language: 'en', size: DESKTOP });
	await goto('/segment/new');
	await page.getByLabel('Name', { exact: true }).fill('Big towns, big spenders');
	await page.getByRole('button', { name: 'Condition' }).click();
	await choose(page, page.getByRole('combobox', { name: 'Field' }), 'Orders', { typed: 'Orders' });
	await page.locator('.cond-value input').first().fill('2');
	await page.getByText(/Orders is at least 2/).waitFor();
	assert.match(await page.locator('.cond-count').innerText(), /^[\d,]+\+? /);
	await page.getByRole('button', { name: 'More…' }).click();
	await page.getByRole('menuitem', { name: 'Related records' }).click();
	await choose(page, page.getByRole('combobox', { name: 'Related records' }), 'Orders', { typed: 'Orders' });
	await choose(page, page.getByRole('combobox', { name: 'What about them' }), 'how many');
	await page.locator('.cond-value input').nth(1).fill('2');
	await page.getByText(/number of Orders is at least 2/).waitFor();
	await shot(page, 'segment-new');
	assert.deepEqual(await axe(page), []);
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await page.waitForURL(/\/segment\/\d+/);
	await page.locator('.segment-head b').waitFor({ timeout: 20_000 });
	const size = await page.locator('.segment-head b').innerText();
	assert.notEqual(size, '0');
	await page.locator('.segment-members a').first().waitFor();
	const somebody = await page.locator('.segment-members a').first().getAttribute('href');
	await shot(page, 'segment-members');
	await page.getByRole('tab', { name: 'Condition' }).click();
	await page.getByText(/number of Orders is at least 2/).waitFor();
	assert.equal(await page.getByRole('button', { name: 'Save the condition' }).isDisabled(), true);
	await goto(somebody);
	await page.getByRole('link', { name: 'Big towns, big spenders' }).waitFor();
	await shot(page, 'segment-card');
	await context.close();
	assert.deepEqual(problems, []);
});

test('a list is narrowed by a whole condition, which becomes a segment; on a phone, in Chinese', { skip }, async () => {
	const { context, page, problems, goto } = await visitor(browser, shop, { language: 'zh-Hans', size: DESKTOP });
	const vip = JSON.stringify({ all: [{ field: 'level', op: 'eq', value: 'vip' }, { not: { related: 'orders', where: { field: 'placed_at', op: 'gte', value: 'now-90d' } } }] });
	await goto(`/customer?condition=${encodeURIComponent(vip)}`);
	await page.locator('.chip-words', { hasText: '级别是贵宾且不满足' }).click();
	await page.locator('.ant-modal .cond-count b').waitFor();
	await shot(page, 'condition-dialog');
	assert.deepEqual(await axe(page), []);
	await page.getByRole('button', { name: '取消' }).or(page.locator('.ant-modal-close')).first().click();
	await page.getByRole('button', { name: '更多操作' }).or(page.locator('.list-tools button', { hasText: '⋯' })).first().click();
	await page.getByRole('menuitem', { name: '保存为分群' }).click();
	await page.locator('#segment-name').fill('沉默的贵宾');
	await page.keyboard.press('Enter');
	await page.waitForURL(/\/segment\/\d+/);
	await page.locator('.segment-head b').waitFor({ timeout: 20_000 });
	await context.close();
	const phone = await visitor(browser, shop, { language: 'zh-Hans', size: PHONE });
	const id = await firstId(phone.page, 'segment?order=id.desc&limit=1&select=id');
	await phone.goto(`/segment/${id}?tab=condition`);
	await phone.page.locator('.cond-count b').waitFor();
	assert.equal(await overflow(phone.page), 0);
	await shot(phone.page, 'segment-phone');
	const customer = await firstId(phone.page, 'customer?level=eq.vip&limit=1&select=id');
	const why = (await api(phone.page, 'GET', `segments/${id}/why/${customer}`)).body;
	assert.equal(why.why.parts.length, 2);
	await phone.context.close();
	assert.deepEqual([...problems, ...phone.problems], []);
});
