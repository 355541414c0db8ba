// Approvals on the page: a change that is held back is asked for where it is made, decided by somebody else, and written; a rule is made by hand.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { api, axe, cannot, changeFirst, choose, overflow, PHONE, settled, shot, startBrowser, startShop, visitor } from './lib.mjs';

const reason = cannot();

describe('approvals', { skip: reason }, () => {
	let shop, browser, boss, clerk, customer;
	const password = 'quite a long one for this 7', email = 'clara@example.com';
	const made = async (entity, body) => {
		const { status, body: answer } = await api(boss.page, 'POST', entity, body);
		assert.equal(status, 201, JSON.stringify(answer));
		return Array.isArray(answer) ? answer[0] : answer;
	};

	before(async () => {
		shop = await startShop({ demo: false });
		browser = await startBrowser();
		boss = await visitor(browser, shop, { language: 'en' });
		await api(boss.page, 'PATCH', 'account', { locale: 'en', theme: 'light' });
		const role = await made('role', { name: 'Clerks', rights: { '*': { read: 'all', create: 'all', update: 'all' } }, caps: [] });
		const user = await made('user', { name: 'Clara', email, roles: [role.id], locale: 'en' });
		await changeFirst(shop, email, (await api(boss.page, 'POST', `user/${user.id}/password`, {})).body.password, password);
		customer = await made('customer', { name: 'Hangzhou Tea House', kind: 'company', credit_limit: '20000' });
		clerk = await visitor(browser, { ...shop, email, password }, { language: 'en' });
	});
	after(async () => {
		await browser?.close();
		await shop?.close();
	});

	test('a rule is made by hand', async () => {
		const { page } = boss;
		await boss.goto('/approval_rule/new');
		await page.getByLabel('Name').fill('Credit above 50,000');
		await choose(page, page.locator('.form-field', { has: page.getByText('When these change') }).locator('.ant-select'), 'Credit limit', { typed: 'Credit' });
		await page.keyboard.press('Escape');
		await choose(page, page.locator('.approval-rule-step .ant-select').first(), 'A person');
		await settled(page);
		await shot(page, 'approval_rule_desktop');
		assert.deepEqual(await axe(page), []);
	});

	test('held back, asked for, decided, written; the record and the history say so', async () => {
		const [admin] = (await api(boss.page, 'GET', 'user?order=id&limit=1&select=id')).body;
		await made('approval_rule', {
			name: 'Credit above 50,000', entity: 'customer', fields: 'credit_limit', direction: 'raised', active: true,
			condition: JSON.stringify({ all: [{ field: 'credit_limit', op: 'gt', value: '50000' }] }), steps: [{ who: 'user', user: admin.id, hours: 24, then: 'remind' }],
		});
		const { page } = clerk;
		await clerk.goto(`/customer/${customer.id}`);
		const more = page.getByRole('button', { name: /more fields?$/ });
		if (await more.count() > 0) await more.first().click();
		await page.getByRole('button', { name: 'Edit Credit limit' }).click();
		await page.getByLabel('Credit limit', { exact: true }).fill('80000');
		await page.keyboard.press('Enter');
		const dialog = page.getByRole('dialog', { name: 'Others have to agree to this' });
		await dialog.getByText('Credit above 50,000').waitFor();
		await dialog.getByRole('button', { name: 'Ask for approval' }).click();
		await dialog.getByText('Please say why').waitFor();
		await dialog.getByLabel('Reason').fill('They order twice as much this winter');
		await dialog.getByRole('button', { name: 'Ask for approval' }).click();
		await page.waitForURL(/\/approvals\/\d+$/);
		await page.getByText('80,000.00').first().waitFor();
		await page.getByRole('button', { name: 'Withdraw' }).waitFor();
		const path = new URL(page.url()).pathname;
		await clerk.goto(`/customer/${customer.id}`);
		await page.getByText('A change asked for by Clara waits for approval by Administrator.').waitFor();

		await boss.goto('/');
		await boss.page.getByRole('heading', { name: /To approve/ }).waitFor();
		await boss.goto(path);
		await boss.page.getByRole('button', { name: 'Approve' }).waitFor();
		await settled(boss.page);
		assert.deepEqual(await axe(boss.page), []);
		await shot(boss.page, 'approval_desktop');
		await boss.page.setViewportSize(PHONE);
		assert.equal(await overflow(boss.page), 0);
		await boss.page.getByLabel('A word on it').fill('Fine');
		await boss.page.getByRole('button', { name: 'Approve' }).click();
		await boss.page.getByText('Approved and done').first().waitFor();
		assert.equal((await api(boss.page, 'GET', `customer/${customer.id}`)).body.credit_limit, '80000.00');
		await boss.goto('/approvals?box=decided');
		await boss.page.getByRole('link', { name: 'Hangzhou Tea House' }).waitFor();
		assert.equal(await overflow(boss.page), 0);
		assert.deepEqual([...boss.problems, ...clerk.problems.filter((p) => !/409/.test(p))], []);
	});
});
