// Campaigns: what came of one that is over, a plan made and previewed, a list that is worked on; a customer's card of consents, and their own page.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe, cannot, DESKTOP, firstId, overflow, PHONE, settled, shot, startBrowser, startShop, visitor } from './lib.mjs';

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

test('results against the control group, and why it was not sent', { skip }, async () => {
	const { context, page, problems, goto } = await visitor(browser, shop, { language: 'en', size: DESKTOP });
	await goto('/campaign');
	await goto(`/campaign/${await firstId(page, 'campaign?state=eq.finished')}`);
	await page.locator('.campaign-arms').waitFor();
	assert.equal(await page.locator('.campaign-arms tbody tr').count(), 3);
	await page.getByText('Why it was not sent').waitFor();
	await settled(page);
	await shot(page, 'campaign-results');
	assert.deepEqual(await axe(page), []);
	await page.getByRole('tab', { name: 'Content' }).click();
	await page.locator('.campaign-letter h4').waitFor();
	await shot(page, 'campaign-content');
	assert.deepEqual(problems, []);
	await context.close();
});

test('on a phone, in Chinese: a list of calls that runs', { skip }, async () => {
	const { context, page, problems, goto } = await visitor(browser, shop, { language: 'zh-Hans', size: PHONE });
	await goto('/campaign');
	await goto(`/campaign/${await firstId(page, 'campaign?state=eq.running')}`);
	await page.locator('.campaign-bar').waitFor({ state: 'attached' });
	await page.getByRole('button', { name: '暂停' }).waitFor();
	await settled(page);
	await shot(page, 'campaign-phone');
	const wide = await page.evaluate(() => [...document.querySelectorAll('.main *')].filter((e) => e.getBoundingClientRect().right > window.innerWidth + 1 && !e.closest('.table-scroll')).map((e) => `${e.tagName}.${e.className}`).slice(0, 6));
	assert.equal(await overflow(page), 0, wide.join(' '));
	assert.deepEqual(problems, []);
	await context.close();
});

test('the card of a customer says what may reach them', { skip }, async () => {
	const { context, page, problems, goto } = await visitor(browser, shop, { language: 'en', size: DESKTOP });
	await goto('/customer');
	await goto(`/customer/${await firstId(page, 'customer?limit=1')}`);
	await page.getByText('Offers may reach them').waitFor();
	await page.getByRole('button', { name: 'Copy link to their choices' }).waitFor();
	await settled(page);
	await shot(page, 'consent-card');
	assert.deepEqual(problems, []);
	await context.close();
});
