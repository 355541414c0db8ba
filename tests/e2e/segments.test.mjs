// Segments: built in plain words with a live count, by keyboard and on a phone; filled; why somebody is in; compared; a list's filter
// kept as one. Automations: built, refused beside the field, run, told why not.
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
	// beside another one: who is only here, in both, only there, each as a list of that many
	const both = (await api(page, 'POST', 'segment', { name: 'All who buy', entity: 'customer', condition: JSON.stringify({ related: 'orders' }) })).body[0];
	await page.waitForFunction(async (id) => (await (await fetch(`/api/v1/segment/${id}`)).json()).state === 'ready', both.id);
	const big = await firstId(page, 'segment?name=eq.Big towns, big spenders&select=id');
	await goto(`/segment/${big}?tab=compare`);
	await choose(page, page.getByLabel('Compare with which segment?'), 'All who buy', { typed: 'All who' });
	const rows = page.locator('.segment-compare tr');
	await rows.first().waitFor();
	assert.deepEqual((await rows.allInnerTexts()).map((x) => x.replace(/\s*\d[\d,]*$/, '')), ['Only in Big towns, big spenders', 'In both', 'Only in All who buy']);
	const counts = (await rows.locator('td').allInnerTexts()).map((x) => Number(x.replaceAll(',', '')));
	assert.deepEqual([counts[0], counts[1]], [0, Number(size.replaceAll(',', ''))], 'who has two orders has some');
	assert.ok(counts[2] > 0);
	await shot(page, 'segment-compare');
	assert.deepEqual(await axe(page), []);
	const list = new URL(await rows.nth(2).getByRole('link').getAttribute('href'), shop.url).searchParams.get('condition');
	const listed = await page.evaluate(async (condition) => (await fetch(`/api/v1/customer?select=count()&condition=${encodeURIComponent(condition)}`)).json(), list);
	assert.equal(Number(listed[0].count), counts[2]);
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

test('an automation is built without knowing how it is written, acts, and says why it did not', { skip }, async () => {
	const { context, page, problems, goto } = await visitor(browser, shop, { language: 'en', size: DESKTOP });
	await goto('/automation/new');
	await page.getByLabel('Name', { exact: false }).first().fill('Tell of the VIPs');
	await page.getByRole('button', { name: 'Condition' }).click();
	await choose(page, page.getByRole('combobox', { name: 'Field' }), 'Level', { typed: 'Level' });
	await choose(page, page.locator('.cond-value .ant-select'), 'VIP', { typed: 'VIP' });
	await page.keyboard.press('Escape');
	await page.getByText(/Level is VIP/).waitFor();
	const actions = page.getByLabel('What is done');
	await actions.fill('[{');
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await page.locator('.has-error', { hasText: 'This is not valid JSON.' }).waitFor();
	await actions.fill('[{"do": "dance"}]');
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await page.locator('.has-error', { hasText: 'This action cannot be done' }).waitFor();
	await shot(page, 'automation-new');
	assert.deepEqual(await axe(page), []);
	await actions.fill('');
	// the examples are taken as they are
	for (const name of ['Change a field', 'Give it to somebody', 'Make a task']) await page.getByRole('button', { name }).click();
	await page.getByRole('switch', { name: 'On' }).or(page.getByLabel('On', { exact: true })).first().click();
	await page.getByLabel('Runs on one record an hour at most').fill('1');
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await page.waitForURL(/\/automation\/\d+/);
	const id = page.url().match(/\/automation\/(\d+)/)[1];
	const made = (await api(page, 'GET', `automation/${id}`)).body;
	assert.deepEqual([made.active, made.entity, JSON.parse(made.condition), made.actions.map((a) => a.do)], [true, 'customer', { all: [{ field: 'level', op: 'eq', value: 'vip' }] }, ['set', 'assign', 'create']]);
	const who = (await api(page, 'POST', 'customer', { name: 'Vipra' })).body[0];
	const states = async () => (await api(page, 'GET', `automation_run?automation_id=eq.${id}&select=state&order=id`)).body.map((r) => r.state).join();
	for (const [level, wanted] of [['vip', 'done'], ['prime', 'done'], ['vip', 'done,stopped']]) {
		await api(page, 'PATCH', `customer/${who.id}`, { level });
		for (let i = 0; i < 200 && await states() !== wanted; i++) await page.waitForTimeout(25);
		assert.equal(await states(), wanted);
	}
	assert.equal((await api(page, 'GET', `customer/${who.id}`)).body.note, 'Call first');
	await goto(`/automation/${id}`);
	await page.getByText('Too often on this record within an hour').waitFor();
	assert.equal(await page.locator('main a', { hasText: String(who.id) }).first().getAttribute('href'), `/customer/${who.id}`);
	await shot(page, 'automation-runs');
	await page.getByRole('tab', { name: 'Condition' }).click();
	await page.getByText(/Level is VIP/).waitFor();
	assert.equal(await page.getByRole('button', { name: 'Save the condition' }).isDisabled(), true);
	assert.deepEqual(await axe(page), []);
	await context.close();
	const phone = await visitor(browser, shop, { language: 'zh-Hans', size: PHONE });
	for (const path of ['/automation/new', `/automation/${id}?tab=runs`]) {
		await phone.goto(path);
		assert.equal(await overflow(phone.page), 0, path);
		await shot(phone.page, `automation-phone-${path.length}`);
	}
	await phone.context.close();
	assert.deepEqual([...problems.filter((p) => !/status of 422/.test(p)), ...phone.problems], []);
});
