// An administrator sets up a webhook, takes its secret, tries it, sees what was sent and sends it again.
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { api, axe, cannot, open, overflow, PHONE, settled, shot, startBrowser, startShop, visitor } from './lib.mjs';

const skip = cannot() || (process.env.GUANXI_E2E_URL ? 'needs a server of its own' : false);
let shop, browser, sink;
const got = [];

before(async () => {
	if (skip) return;
	sink = createServer((req, res) => {
		req.resume();
		got.push(req.headers['webhook-id']);
		req.on('end', () => res.writeHead(got.length === 1 ? 500 : 204).end());
	});
	await new Promise((done) => sink.listen(0, '127.0.0.1', done));
	shop = await startShop({ demo: false, before: (data) => appendFileSync(join(data, 'guanxi.conf'), 'outgoing_allow = 127.0.0.1\n') });
	browser = await startBrowser();
});
after(async () => {
	await browser?.close();
	await shop?.close();
	sink?.closeAllConnections();
	sink?.close();
});

test('a webhook is set up, tried, and its messages are seen', { skip }, async () => {
	const { page, problems } = await visitor(browser, shop, { language: 'en' });
	await open(page, shop, '/settings');
	await page.getByRole('link', { name: /Webhooks/ }).first().click();
	await page.waitForURL('**/webhook');
	await open(page, shop, '/webhook/new');
	await page.getByLabel('Name').first().fill('ERP');
	await page.getByLabel('Address').first().fill('https://10.0.0.1/hook');
	await page.getByRole('button', { name: 'Save' }).click();
	await page.getByText(/lies inside the house/).first().waitFor();
	await page.getByLabel('Address').first().fill(`http://127.0.0.1:${sink.address().port}/hook`);
	await page.getByRole('button', { name: 'Save' }).click();
	await page.waitForURL(/\/webhook\/\d+/);
	await page.getByText('Nothing sent yet').waitFor();
	await page.getByRole('button', { name: 'New secret…' }).click();
	await page.getByRole('button', { name: 'Make a new secret' }).click();
	assert.match(await page.getByRole('dialog').getByRole('textbox').inputValue(), /^whsec_/);
	await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
	await page.getByRole('button', { name: 'Send a try' }).click();
	await page.getByText(/2 tries · answered 204/).waitFor({ timeout: 30000 });
	await api(page, 'POST', 'customer', { name: 'Heard of' });
	await page.getByRole('link', { name: 'Customer · made' }).waitFor({ timeout: 30000 });
	const before = got.length;
	await page.getByRole('button', { name: 'Send again' }).first().click();
	for (let i = 0; got.length === before; i++) {
		assert.ok(i < 200, 'sent again');
		await page.waitForTimeout(100);
	}
	await settled(page);
	await shot(page, 'webhook-en');
	assert.deepEqual(await axe(page), []);
	assert.deepEqual(problems.filter((p) => !/422/.test(p)), []);
	const phone = await visitor(browser, shop, { size: PHONE });
	await open(phone.page, shop, new URL(page.url()).pathname);
	await phone.page.getByRole('tab', { name: '消息' }).click();
	await phone.page.getByText('已送达').first().waitFor();
	assert.equal(await overflow(phone.page), 0);
	await shot(phone.page, 'webhook-phone');
});
