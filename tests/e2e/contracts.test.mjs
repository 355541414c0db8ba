// Contracts: amended and renewed from their page; which end soon and how many go on, as a manager sees it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { api, axe, cannot, overflow, PHONE, settled, shot, startBrowser, startShop, visitor } from './lib.mjs';

const reason = cannot();
const day = (days) => new Date(Date.now() + 8 * 3_600_000 + days * 86_400_000).toISOString().slice(0, 10);

describe('contracts', { skip: reason }, () => {
	let shop, browser, person, page, contract;
	const made = async (entity, body) => {
		const { status, body: answer } = await api(page, 'POST', entity, body);
		assert.equal(status, 201, JSON.stringify(answer));
		return Array.isArray(answer) ? answer[0] : answer;
	};

	before(async () => {
		shop = await startShop({ demo: false });
		browser = await startBrowser();
		person = await visitor(browser, shop, { language: 'en' });
		page = person.page;
		page.setDefaultTimeout(10_000);
		await api(page, 'PATCH', 'account', { locale: 'en', theme: 'light' });
		const customer = await made('customer', { name: 'Hangzhou Tea House', kind: 'company' });
		const of = (title, ends, more) => made('contract', { title, customer_id: customer.id, starts_on: day(ends - 365), ends_on: day(ends), value: '1000.00', state: 'active', ...more });
		contract = await of('Care 2026', 45);
		await made('contract_line', { contract_id: contract.id, title: 'Fee', amount: '250', every: 'quarter', first_on: day(-30) });
		await of('Lost one', -20, { state: 'ended', value: '3000.00' });
		const old = await of('Kept one', -40);
		assert.equal((await api(page, 'POST', `contract/${old.id}/renew`, {})).status, 201);
	});
	after(async () => {
		await browser?.close();
		await shop?.close();
	});

	test('which end soon, how many go on: the picture’s sentence is the truth', async () => {
		await person.goto('/renewals');
		await page.getByText(/50\s?% of the contracts that ended in the last year were renewed \(1 of 2\); 25\s?% of their value\./).waitFor();
		await page.getByRole('link', { name: 'Care 2026' }).waitFor();
		assert.deepEqual(await axe(page), []);
		await shot(page, 'renewals_desktop');
		await page.setViewportSize(PHONE);
		assert.equal(await overflow(page), 0);
		await page.setViewportSize({ width: 1440, height: 900 });
	});

	test('an amendment keeps the version before; the plan is made; the renewed contract opens', async () => {
		await person.goto(`/contract/${contract.id}`);
		await page.getByRole('button', { name: 'Plan payments of a year' }).click();
		await page.getByText('1 receivable was planned.').waitFor();
		await page.getByRole('button', { name: 'Amend' }).click();
		await page.getByLabel('Why').fill('one seat more');
		await page.getByLabel('Value', { exact: true }).fill('1200');
		await page.keyboard.press('Enter');
		await page.getByRole('dialog').waitFor({ state: 'hidden' });
		const { body } = await api(page, 'GET', `contract/${contract.id}?select=value,version_no`);
		assert.deepEqual(body, { value: '1200.00', version_no: 2 });
		await settled(page);
		assert.deepEqual(await axe(page), []);
		await shot(page, 'contract_desktop');
		await page.getByRole('button', { name: 'Renew', exact: true }).click();
		await page.waitForURL((url) => /\/contract\/\d+$/.test(url.pathname) && !url.pathname.endsWith(contract.id));
		await page.getByText('Draft').first().waitFor();
		assert.deepEqual(person.problems, []);
	});
});
