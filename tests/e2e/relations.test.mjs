// The network of a customer: a picture walked by keyboard, the same as a list; a relation added; on a phone, in Chinese.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { api, axe, cannot, DESKTOP, overflow, PHONE, settled, shot, startBrowser, startShop, visitor } from './lib.mjs';

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

const make = async (page, entity, body) => {
	const answer = await api(page, 'POST', `${entity}?select=id`, body);
	assert.ok(answer.status < 300, JSON.stringify(answer.body));
	return (Array.isArray(answer.body) ? answer.body[0] : answer.body)?.id;
};

test('seen, walked by keyboard, added to; as a list; on a phone', { skip }, async () => {
	const { context, page, problems, goto } = await visitor(browser, shop, { language: 'en', size: DESKTOP });
	const kinds = Object.fromEntries((await api(page, 'GET', 'relation_kind')).body.map((k) => [k.key, k.id]));
	const id = async (name, kind) => { await make(page, 'customer', { name, kind }); return (await api(page, 'GET', `customer?name=eq.${encodeURIComponent(name)}`)).body[0].id; };
	const firm = await id('荣国府 Rong & Co', 'company');
	const people = [];
	for (const name of ['贾宝玉', '林黛玉', '王熙凤', '薛宝钗']) people.push(await id(name, 'person'));
	for (const [from, kind, to] of [[people[0], 'employer', firm], [people[2], 'decides', firm], [people[1], 'household', people[0]]])
		await make(page, 'relation', { from_id: from, to_id: to, kind_id: kinds[kind] });
	await goto(`/customer/${firm}?tab=relations`);
	await page.locator('.network-picture .node').nth(3).waitFor();
	await settled(page);
	await shot(page, 'network');
	assert.deepEqual(await axe(page), []);
	assert.equal(await page.locator('.network-list tbody tr').count(), 3);
	assert.match(await page.locator('.network-list').innerText(), /荣国府 Rong & Co\s+employs\s+贾宝玉/);
	// arrows go from one to the next, Enter opens
	await page.locator('.node.is-root').focus();
	await page.keyboard.press('ArrowRight');
	const next = await page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
	assert.ok(['贾宝玉', '王熙凤', '林黛玉'].includes(next), String(next));
	await page.keyboard.press('Enter');
	await page.waitForURL((url) => !url.pathname.endsWith(firm));
	await goto(`/customer/${people[3]}?tab=relations`);
	await page.getByRole('button', { name: 'Add a relation' }).click();
	await page.getByRole('dialog').getByText('The other').first().waitFor();
	await shot(page, 'relation-form');
	await context.close();
	assert.deepEqual(problems, []);
	const phone = await visitor(browser, shop, { language: 'zh-Hans', size: PHONE });
	await phone.goto(`/customer/${firm}?tab=relations`);
	await phone.page.locator('.network-picture .node').first().waitFor();
	await settled(phone.page);
	await shot(phone.page, 'network-phone');
	assert.equal(await overflow(phone.page), 0);
	assert.match(await phone.page.locator('.network-list').innerText(), /雇用/);
	await phone.context.close();
});
