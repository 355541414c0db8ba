// The public pool: seen, looked at, taken, given back; rules in plain words, tried before they hold; on a phone, in Chinese.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { api, axe, cannot, choose, DESKTOP, overflow, PHONE, settled, shot, startBrowser, startShop, visitor } from './lib.mjs';

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

test('somebody is looked at, taken, and given back with a reason', { skip }, async () => {
	const { context, page, problems, goto } = await visitor(browser, shop, { language: 'en', size: DESKTOP });
	await goto('/public_pool');
	await page.locator('.pool-rows > li').first().waitFor();
	await settled(page);
	await shot(page, 'pool-en');
	assert.deepEqual(await axe(page), []);
	const name = await page.locator('.pool-name').first().innerText();
	await page.getByRole('button', { name: `Look at ${name}` }).click();
	await page.locator('.ant-modal .pool-history li').first().waitFor();
	assert.match(await page.locator('.ant-modal .pool-history').innerText(), /given back by/);
	assert.equal(await page.locator('.ant-modal').getByText('Phone', { exact: true }).count(), 0, 'the pool hides it');
	await shot(page, 'pool-look');
	await page.locator('.ant-modal').getByRole('button', { name: 'Take', exact: true }).click();
	await page.waitForURL(/\/customer\/\d+/);
	await page.getByRole('button', { name: 'Give back' }).click();
	await page.getByLabel('Why', { exact: true }).fill('moved to another town');
	await page.locator('.ant-modal').getByRole('button', { name: 'Give back' }).click();
	await page.waitForURL(/\/customer$/);
	await goto('/public_pool');
	await page.getByText('moved to another town').waitFor();
	await context.close();
	assert.deepEqual(problems, []);
});

test('a rule is tried, made in plain words, and asks for the number where it would take many', { skip }, async () => {
	const { context, page, problems, goto } = await visitor(browser, shop, { language: 'en', size: DESKTOP });
	await goto('/pool_rules');
	await page.locator('.pool-figure').waitFor();
	await page.locator('.condition-words').first().waitFor();
	await settled(page);
	await shot(page, 'pool-rules');
	assert.deepEqual(await axe(page), []);
	await page.locator('.ant-segmented').getByText('Try a new rule').click();
	await page.getByRole('button', { name: 'Condition' }).click();
	await choose(page, page.getByRole('combobox', { name: 'Field' }), 'Orders', { typed: 'Orders' });
	await page.locator('.cond-value input').first().fill('1');
	await page.getByText(/customers would fall/).waitFor();
	const many = Number((await page.locator('.pool-figure').innerText()).replace(/,/g, ''));
	assert.ok(many > 20, String(many));
	await shot(page, 'pool-tried');
	await goto('/pool_rule/new');
	await page.getByLabel(/^Name/).fill('Ordered once');
	await page.getByRole('button', { name: 'Condition' }).click();
	await choose(page, page.getByRole('combobox', { name: 'Field' }), 'Orders', { typed: 'Orders' });
	await page.locator('.cond-value input').first().fill('1');
	await shot(page, 'pool-rule-form');
	await page.getByRole('button', { name: /^(Save|Create)$/ }).first().click();
	await page.getByText(/would fall at once; give their number/).first().waitFor();
	assert.deepEqual((await api(page, 'GET', 'pool_rule?name=eq.Ordered once')).body, []);
	await context.close();
	// the refusal is the browser's complaint too
	assert.deepEqual(problems.filter((p) => !/409/.test(p)), []);
});

test('on a phone, in Chinese: nothing is wider than the screen', { skip }, async () => {
	const { context, page, problems, goto } = await visitor(browser, shop, { language: 'zh-Hans', size: PHONE });
	for (const [path, wait, name] of [['/public_pool', '.pool-rows > li', 'pool-phone'], ['/pool_rules', '.pool-figure', 'pool-rules-phone']]) {
		await goto(path);
		await page.locator(wait).first().waitFor();
		await settled(page);
		await shot(page, name);
		assert.equal(await overflow(page), 0, path);
	}
	await context.close();
	assert.deepEqual(problems, []);
});
