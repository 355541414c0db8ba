// The first hour of a firm, from an empty data folder: what it is, who works there, what everybody sees.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { api, axe, cannot, settled, startBrowser, startShop, visitor } from './lib.mjs';

const reason = cannot();

describe('first hour', { skip: reason ?? false }, () => {
	let shop, browser, person, page;

	before(async () => {
		shop = await startShop({ demo: false });
		browser = await startBrowser();
		person = await visitor(browser, shop, { language: 'en' });
		page = person.page;
		await api(page, 'PATCH', 'account', { locale: 'en' });
		await person.goto('/');
	});

	after(async () => {
		await browser?.close();
		await shop?.close();
	});

	const saved = () => page.waitForSelector('.ant-message >> text=Saved');

	test('the firm’s settings: found, chosen by name, refused in words, kept', async () => {
		await person.walk('/settings/firm');
		await page.getByLabel('Name of the firm').fill('Hangzhou Tea');
		await page.getByLabel('E-mail', { exact: true }).fill('nobody');
		await page.getByRole('combobox', { name: 'Time zone' }).click();
		await page.keyboard.type('台北');
		await page.keyboard.press('Enter');
		await page.getByRole('button', { name: 'Save' }).click();
		await page.waitForSelector('.setting.has-error .problem');
		assert.equal(await page.locator('.setting.has-error').count(), 1, 'what is wrong stands beside its setting');
		assert.match(await page.locator('.setting.has-error').innerText(), /E-mail/);
		// a search hides the setting, not what is wrong with it
		await page.getByLabel('Find a setting').fill('time zone');
		assert.equal(await page.locator('.setting').count(), 1);
		assert.match(await page.locator('.setting').innerText(), /Asia\/Taipei/);
		assert.equal(await page.locator('.ant-alert-error').count(), 1);
		await page.getByLabel('Find a setting').fill('');
		await page.getByLabel('E-mail', { exact: true }).fill('tea@example.com');
		await page.getByRole('button', { name: 'Save' }).click();
		await saved();
		await page.waitForSelector('.side-mark >> text=Hangzhou Tea');
		const kept = Object.fromEntries((await api(page, 'GET', 'settings')).body.map((s) => [s.name, s.value]));
		assert.deepEqual([kept['firm.name'], kept['firm.email'], kept['firm.time_zone']], ['Hangzhou Tea', 'tea@example.com', 'Asia/Taipei']);
		assert.deepEqual(await axe(page), []);
		// a branch takes what the firm has until it sets its own, and can go back to it
		const branch = (await api(page, 'POST', 'branch', { name: 'Berlin' })).body[0];
		await person.walk(`/settings/firm?branch=${branch.id}`);
		await page.getByRole('combobox', { name: 'Time zone' }).click();
		await page.keyboard.type('berlin');
		await page.keyboard.press('Enter');
		await page.getByRole('button', { name: 'Save' }).click();
		await page.getByRole('button', { name: 'Back to the usual: Time zone' }).waitFor();
		const zone = async () => (await api(page, 'GET', `settings?scope=branch&id=${branch.id}`)).body.find((s) => s.name === 'firm.time_zone').value;
		await page.waitForFunction(() => document.querySelector('.form-foot button').disabled);
		assert.equal(await zone(), 'Europe/Berlin');
		await page.getByRole('button', { name: 'Back to the usual: Time zone' }).click();
		await page.getByRole('button', { name: 'Save' }).click();
		await page.waitForFunction(() => document.querySelector('.form-foot button').disabled);
		assert.equal(await zone(), 'Asia/Taipei');
	});

	test('my own settings', async () => {
		await person.walk('/account?tab=mine');
		await page.getByRole('combobox', { name: 'The week begins on' }).click();
		await page.keyboard.type('Sun');
		await page.locator('.ant-select-item-option', { hasText: 'Sunday' }).click();
		await page.getByRole('button', { name: 'Save' }).click();
		await page.waitForFunction(() => document.querySelector('.settings-form .form-foot button').disabled);
		await settled(page);
		assert.equal((await api(page, 'GET', 'meta')).body.week_start, 'sunday');
		assert.deepEqual(person.problems.filter((p) => !/422/.test(p)), []);
	});
});
