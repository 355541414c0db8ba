// Web forms: staff makes one, a visitor without JavaScript fills it in on a phone, in Chinese; staff sees the lead, and what was agreed to.
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

test('made, filled in without JavaScript, and what became of it', { skip }, async () => {
	const { context, page, problems, goto } = await visitor(browser, shop, { language: 'zh-Hans', size: DESKTOP });
	await goto('/');
	await api(page, 'PATCH', 'settings', { values: { 'webforms.seconds': '0' } });
	await api(page, 'POST', 'consent_text', { name: 'tea-1', language: 'zh-Hans', purpose: 'marketing', text: '同意接收来电介绍新茶' });
	await goto('/web_form/new');
	await page.getByLabel('名称').fill('春茶试饮');
	await page.getByRole('button', { name: '保存' }).click();
	await page.locator('.wf-phone').waitFor();
	const form = page.url().match(/web_form\/(\d+)/)[1];
	const phone = page.locator('.wf-phone');
	await page.getByLabel('表单说明').fill('留下联系方式，我们送您一份春茶。');
	await phone.getByText('我们送您一份春茶').waitFor();
	await page.getByRole('button', { name: '移除：意向产品' }).click();
	await page.getByRole('button', { name: '上移：城市' }).click();
	await page.getByLabel('姓名: 标签').fill('您的称呼');
	await phone.getByText('您的称呼').waitFor();
	await page.getByRole('button', { name: '添加同意项' }).click();
	await phone.getByText('同意接收来电介绍新茶').waitFor();
	await settled(page);
	await shot(page, 'web-form-build');
	assert.deepEqual(await axe(page), []);
	await page.locator('.wf-save').getByRole('button', { name: '保存' }).click();
	await page.locator('.wf-save .muted').waitFor({ state: 'detached' });
	await page.getByRole('button', { name: '开放', exact: true }).click();
	const link = await page.getByRole('link', { name: '查看' }).getAttribute('href');

	const bare = await browser.newContext({ javaScriptEnabled: false, viewport: PHONE, locale: 'zh-CN' });
	const visit = await bare.newPage();
	await visit.goto(`${link}?utm_source=tea-fair`);
	assert.equal(await visit.locator('html').getAttribute('lang'), 'zh-Hans');
	await visit.getByLabel('电话').fill('12');
	await visit.getByLabel('城市').fill('苏州');
	await visit.getByRole('button', { name: '提交' }).click();
	await visit.getByRole('alert').waitFor();
	assert.match(await visit.locator('#w0').textContent(), /请填写/);
	assert.equal(await visit.getByLabel('城市').inputValue(), '苏州');
	await visit.getByLabel('您的称呼').fill('林黛玉');
	await visit.getByLabel('电话').fill('13800138000');
	await visit.getByLabel('备注').fill('想要一份\n明前龙井');
	await visit.getByLabel('同意接收来电介绍新茶').check();
	await visit.getByRole('button', { name: '提交' }).click();
	await visit.getByRole('heading', { name: '谢谢' }).waitFor();
	await bare.close();

	const looks = await browser.newContext({ viewport: PHONE, locale: 'zh-TW' }), look = await looks.newPage();
	await look.goto(link);
	assert.equal(await look.locator('html').getAttribute('lang'), 'zh-Hant');
	await shot(look, 'web-form-visitor');
	assert.equal(await overflow(look), 0);
	assert.deepEqual(await axe(look), []);
	await looks.close();

	await goto(`/web_form/${form}`);
	await page.getByText('tea-fair').waitFor();
	await shot(page, 'web-form-entries');
	await page.locator('td a[href^="/lead/"], a[href^="/lead/"]').first().click();
	await page.getByText('林黛玉').first().waitFor();
	await goto(`/web_form/${form}?tab=counts`);
	await page.locator('.wf-funnel').waitFor();
	assert.match(await page.locator('.wf-funnel').textContent(), /2\D+1\D+1/);
	assert.deepEqual(problems, []);
	await context.close();
});
