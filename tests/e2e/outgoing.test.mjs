// An administrator sets up a mail account, gives its password, tries it and sees what was said; makes a key and its DNS record; sees what goes out.
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { api, axe, cannot, choose, open, overflow, PHONE, settled, shot, startBrowser, startShop, visitor } from './lib.mjs';
import { smtpSink } from '../lib/smtp.mjs';

const skip = cannot() || (process.env.GUANXI_E2E_URL ? 'needs a server of its own' : false);
let shop, browser, sink;

before(async () => {
	if (skip) return;
	sink = await smtpSink();
	shop = await startShop({ demo: false, before: (data) => appendFileSync(join(data, 'guanxi.conf'), 'outgoing_allow = 127.0.0.1\n') });
	browser = await startBrowser();
});
after(async () => {
	await browser?.close();
	await shop?.close();
	sink?.close();
});

test('an account is set up, tried, and what goes out is seen', { skip }, async () => {
	const { page, problems } = await visitor(browser, shop, { language: 'en' });
	await open(page, shop, '/settings/mail');
	await page.getByText('No account is set up yet').waitFor();
	await shot(page, 'outgoing-none-en');
	await page.getByRole('link', { name: 'Set up an account' }).click();
	await page.getByLabel('Name').first().fill('Relay');
	await page.getByLabel(/Sender.s address/).fill('shop@example.cn');
	await page.getByRole('textbox', { name: 'Server' }).fill('127.0.0.1');
	await page.getByRole('textbox', { name: /^Port/ }).fill(String(sink.port));
	await choose(page, page.getByLabel('Encryption'), /None/);
	await page.getByLabel('User name').fill('shop');
	await page.getByRole('button', { name: 'Save' }).click();
	await page.waitForURL(/\/mail_account\/\d+/);
	await page.getByText('The account has no password').waitFor();
	await page.getByRole('button', { name: 'Give the password…' }).click();
	await page.getByRole('dialog').getByLabel('Password').fill('let me in');
	await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
	await page.getByRole('button', { name: 'New password…' }).waitFor();
	await page.getByRole('button', { name: 'Send a test' }).click();
	await page.getByText(/The server took the test mail/).waitFor();
	await page.getByText('What was said with the server').click();
	await page.getByText(/C: AUTH PLAIN/).waitFor();
	assert.ok(sink.mails[0].auth.lines.join().includes('let me in'));
	sink.answer = (stage) => (stage === 'auth' ? '535 5.7.8 wrong password' : undefined);
	sink.sockets.forEach((s) => s.destroy());
	await page.getByRole('button', { name: 'Send a test' }).click();
	await page.getByText(/does not accept the user name or the password/).first().waitFor();
	await settled(page);
	await shot(page, 'outgoing-account-en');
	assert.deepEqual(await axe(page), []);

	await open(page, shop, '/mail_key/new');
	await page.getByLabel('Domain').fill('example.cn');
	await page.getByRole('button', { name: 'Save' }).click();
	await page.waitForURL(/\/mail_key\/\d+/);
	await page.getByText('guanxi._domainkey.example.cn').first().waitFor();
	await page.getByText(/^v=DKIM1; k=rsa; p=/).first().waitFor();
	await settled(page);
	await shot(page, 'outgoing-key-en');
	assert.deepEqual(await axe(page), []);
	const phone = await visitor(browser, shop, { size: PHONE });
	for (const [path, name, text] of [[new URL(page.url()).pathname, 'key', 'DNS 记录'], ['/settings/mail', 'list', '外发邮件']]) {
		await open(phone.page, shop, path);
		await phone.page.getByText(text).first().waitFor();
		await settled(phone.page);
		assert.equal(await overflow(phone.page), 0, path);
		await shot(phone.page, `outgoing-${name}-phone`);
	}
	assert.deepEqual(problems, []);
});

test('the bell tells of what happened, and leads there', { skip }, async () => {
	const { page, problems } = await visitor(browser, shop, { language: 'en' });
	await open(page, shop, '/customer');
	await page.getByRole('button', { name: 'Notices', exact: true }).click();
	await page.getByText('No notices').waitFor();
	await page.keyboard.press('Escape');
	const [me] = (await api(page, 'GET', 'user?select=id&limit=1')).body;
	await api(page, 'POST', 'automation', { name: 'Tells', entity: 'customer', event: 'created', active: true, actions: [{ do: 'notify', to: me.id, text: '{{name}} is new' }] });
	await api(page, 'POST', 'customer', { name: 'Heard of' });
	await page.getByRole('button', { name: '1 new notice' }).waitFor({ timeout: 20000 });
	await page.getByRole('button', { name: '1 new notice' }).click();
	await page.getByText('Heard of is new').waitFor();
	await settled(page);
	await shot(page, 'notices-en');
	assert.deepEqual(await axe(page), []);
	await page.getByText('Heard of is new').click();
	await page.waitForURL(/\/customer\/\d+/);
	await page.getByRole('button', { name: 'Notices', exact: true }).waitFor();
	await page.getByRole('button', { name: 'Follow' }).click();
	await page.getByRole('button', { name: 'Following' }).waitFor();
	await shot(page, 'notices-follow-en');
	const phone = await visitor(browser, shop, { size: PHONE });
	await open(phone.page, shop, '/customer');
	await phone.page.getByRole('button', { name: '通知', exact: true }).click();
	await phone.page.getByText('Heard of is new').waitFor();
	assert.equal(await overflow(phone.page), 0);
	await shot(phone.page, 'notices-phone');
	assert.deepEqual(problems, []);
});
