// A mailbox is set up and tested; a mail becomes a case, is shown as it was sent, and is answered in its thread.
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { imapServer } from '../lib/imap.mjs';
import { smtpSink } from '../lib/smtp.mjs';
import { api, axe, cannot, startBrowser, startShop, visitor } from './lib.mjs';

const reason = cannot();

describe('mail in', { skip: reason }, () => {
	let shop, browser, person, page, box, sink, mailbox;

	before(async () => {
		box = await imapServer();
		sink = await smtpSink();
		shop = await startShop({ demo: false, before: (data) => appendFileSync(join(data, 'guanxi.conf'), 'outgoing_allow = 127.0.0.1\n') });
		browser = await startBrowser();
		person = await visitor(browser, shop, { language: 'en' });
		page = person.page;
		await made('mail_account', { name: 'Relay', address: 'service@shop.example', host: '127.0.0.1', port: sink.port, security: 'none', sign_in: 'none', is_default: true });
		mailbox = await made('mailbox', { name: 'Service', address: 'service@shop.example', host: '127.0.0.1', port: box.port, security: 'none', username: 'service' });
	});

	after(async () => {
		await browser?.close();
		await shop?.close();
		box?.close();
		sink?.close();
	});

	async function made(entity, values) {
		const { status, body } = await api(page, 'POST', entity, values);
		assert.equal(status, 201, JSON.stringify(body));
		return Array.isArray(body) ? body[0] : body;
	}

	test('the password is given and tried; the page says how it went', async () => {
		await person.goto(`/mailbox/${mailbox.id}`);
		await page.click('text=Give the password…');
		await page.fill('.ant-modal input[type=password]', 'open sesame');
		await page.click('.ant-modal button:has-text("Save")');
		await page.click('button:has-text("Test the mailbox")');
		await page.waitForSelector('[role=status] >> text=/Signed in in .*0 mails are there/');
		assert.deepEqual(await axe(page), []);
	});

	test('a mail opens a case; its HTML runs and fetches nothing; the answer goes out in its thread', async () => {
		const asked = [];
		page.on('request', (r) => asked.push(r.url()));
		box.put('From: Ada Lovelace <ada@example.org>\nTo: service@shop.example\nSubject: The lamp flickers\nMessage-ID: <lamp@example.org>\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n'
			+ '<p>It flickers since <b>Monday</b>.</p><img src="https://example.org/pixel.png"><script>parent.document.title = "taken"</script><blockquote>what you wrote</blockquote>');
		let mail;
		for (const limit = Date.now() + 30_000; !mail && Date.now() < limit;) [mail] = (await api(page, 'GET', 'mail_message?subject=eq.The lamp flickers')).body;
		assert.ok(mail?.case_id);
		await person.goto(`/case/${mail.case_id}`);
		await page.waitForSelector('.talk-in >> text=It flickers since Monday.');
		await page.waitForSelector('.mail-part >> text=Belongs to no case yet');
		await page.click('.mail-part button:has-text("As it was sent")');
		const frame = page.frameLocator('.mail-frame');
		assert.equal(await frame.locator('b').innerText(), 'Monday');
		assert.equal(await page.getAttribute('.mail-frame', 'sandbox'), 'allow-popups allow-popups-to-escape-sandbox');
		assert.deepEqual(asked.filter((url) => url.includes('example.org')), []);
		assert.notEqual(await page.title(), 'taken');
		assert.deepEqual(await axe(page), []);
		await page.fill('.talk-composer textarea', 'A new bulb is on its way.');
		await page.click('.talk-composer button:has-text("Send")');
		await page.waitForSelector('.talk-out .mail-part >> text=To ada@example.org');
		await page.waitForSelector('.talk-out .mail-part >> text=/^sent$/');
		const [sent] = sink.mails;
		assert.match(sent.text, /^In-Reply-To: <lamp@example\.org>\r$/m);
		assert.match(sent.text, /^Subject: Re: The lamp flickers \[C[0-9A-Z]+\]\r$/m);
	});
});
