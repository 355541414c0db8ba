// The daily work in the page: an order by keyboard and scanner, dates in words, labels in one language.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { api, axe, cannot, choose, DESKTOP, PHONE, settled, startBrowser, startShop, visitor } from './lib.mjs';

const reason = cannot();

describe('daily work', { skip: reason }, () => {
	let shop;
	let browser;
	let person;
	let page;
	let state;

	before(async () => {
		shop = await startShop({ demo: false });
		browser = await startBrowser();
		person = await visitor(browser, shop, { language: 'en' });
		page = person.page;
		await api(page, 'PATCH', 'account', { locale: 'en', theme: 'light' });
		state = await person.context.storageState();
		for (const [sku, name, price, barcode] of [['TEA-1', 'Green tea', '12.50', '6901234567892'], ['TEA-2', 'Black tea', '8.00', '6901234567899'], ['CUP-1', 'Cup', '3.20', '4006381333931']]) {
			const made = await api(page, 'POST', 'product', { sku, name, price, barcode, unit: 'box' });
			assert.equal(made.status, 201, JSON.stringify(made.body));
		}
	});

	after(async () => {
		await browser?.close();
		await shop?.close();
	});

	const made = (answer) => {
		assert.equal(answer.status, 201, JSON.stringify(answer.body));
		return Array.isArray(answer.body) ? answer.body[0] : answer.body;
	};
	async function shot(name) {
		if (!process.env.GUANXI_E2E_SHOTS) return;
		mkdirSync(new URL('./shots/', import.meta.url), { recursive: true });
		await page.screenshot({ path: new URL(`./shots/daily-${name}.png`, import.meta.url).pathname, fullPage: true });
	}
	const linesOf = async (id) => (await api(page, 'GET', `order_line?order_id=eq.${id}&order=position.asc&select=sku,name,unit,quantity,unit_price,total,kind,product_id`)).body;
	/** What a person does: each text typed, key pressed and click is one step. */
	function hands() {
		let steps = 0;
		return {
			type: async (text) => { steps++; await page.keyboard.type(text); },
			press: async (key) => { steps++; await page.keyboard.press(key); },
			click: async (where) => { steps++; await page.click(where); },
			get steps() { return steps; },
		};
	}
	const cell = (line, what) => `.lines-grid tbody tr:nth-child(${line}) td[data-cell="${what}"] input`;
	const value = (line, what) => page.inputValue(cell(line, what));
	const saved = async () => {
		await page.waitForURL(/\/order\/\d+/);
		await settled(page);
		return /order\/(\d+)/.exec(page.url())[1];
	};

	test('three lines with quantities take at most twelve steps, by keyboard alone', async () => {
		const customer = made(await api(page, 'POST', 'customer', { name: 'Anna Order' }));
		await person.goto(`/order/new?customer_id=${customer.id}`);
		const hand = hands();
		await hand.type('TEA-1');
		await hand.press('Tab');
		await page.waitForFunction((at) => document.querySelector(at)?.value === 'Green tea', cell(1, 'name'));
		await page.focus(cell(1, 'quantity'));
		await hand.type('2');
		await hand.press('Enter');
		await hand.type('tea-2');
		await hand.press('Enter');
		await hand.type('4006381333931');
		await hand.press('Enter');
		await page.waitForFunction((at) => document.querySelector(at)?.value === 'Cup', cell(3, 'name'));
		assert.deepEqual([await value(1, 'typed'), await value(1, 'unit'), await value(1, 'price'), await value(1, 'quantity')], ['TEA-1', 'box', '12.50', '2']);
		assert.match(await page.textContent('.order-sums .is-total'), /36\.20/, 'the sum is there before it is saved');
		await shot('order-en');
		assert.deepEqual(await axe(page), []);
		await hand.press('Control+Enter');
		const id = await saved();
		assert.ok(hand.steps <= 12, `${hand.steps} steps`);
		const lines = await linesOf(id);
		assert.deepEqual(lines.map((l) => [l.sku, l.name, l.unit, Number(l.quantity), Number(l.unit_price), l.kind, l.product_id !== null]),
			[['TEA-1', 'Green tea', 'box', 2, 12.5, 'sale', true], ['TEA-2', 'Black tea', 'box', 1, 8, 'sale', true], ['CUP-1', 'Cup', 'box', 1, 3.2, 'sale', true]]);
		const order = (await api(page, 'GET', `order/${id}`)).body;
		assert.deepEqual([Number(order.total), order.lines_count, order.customer_id], [36.2, 3, customer.id]);
	});

	test('a scanner does not wait: codes right after each other, the same twice is two of it, an unknown one is said', async () => {
		await person.goto('/order/new');
		await page.focus(cell(1, 'typed'));
		await page.keyboard.type('6901234567892\n');
		await page.keyboard.type('6901234567899\n');
		await page.waitForFunction((at) => document.querySelector(at)?.value === 'Black tea', cell(2, 'name'));
		await page.keyboard.type('6901234567899\n');
		await page.waitForFunction((at) => document.querySelector(at)?.value === '2', cell(2, 'quantity'));
		await page.keyboard.type('0000000000000\n');
		await page.waitForSelector('.lines-problem >> text=0000000000000');
		await page.click('.order-form button[type="submit"]');
		await page.waitForTimeout(300);
		assert.match(page.url(), /order\/new/, 'not saved with an unknown code');
		await page.click('.lines-grid tbody tr:nth-child(3) .lines-drop button');
		await page.click('.order-form button[type="submit"]');
		const lines = await linesOf(await saved());
		assert.deepEqual(lines.map((l) => [l.sku, Number(l.quantity)]), [['TEA-1', 1], ['TEA-2', 2]]);
	});

	test('a sale of −3 is refused; a return of 3 goes back', async () => {
		await person.goto('/order/new');
		await page.focus(cell(1, 'typed'));
		await page.keyboard.type('TEA-1');
		await page.keyboard.press('Tab');
		await page.waitForFunction((at) => document.querySelector(at)?.value === 'Green tea', cell(1, 'name'));
		await page.fill(cell(1, 'quantity'), '-3');
		await page.keyboard.press('Control+Enter');
		await page.waitForSelector('.lines-problem >> text=A sale can’t be negative');
		assert.match(page.url(), /order\/new/);
		await page.fill(cell(1, 'quantity'), '3');
		await choose(page, '.order-form [data-field="kind"] .ant-select', /Return or credit/);
		assert.match(await page.textContent('.lines-total'), /-.*37\.50|−.*37\.50/);
		await page.click('.order-form button[type="submit"]');
		const [line] = await linesOf(await saved());
		assert.deepEqual([Number(line.quantity), line.kind, Number(line.total)], [-3, 'return', -37.5]);
	});

	test('given up is given up: a cancelled order and a cancelled drawer begin empty again; a reload keeps', async () => {
		await person.goto('/order/new');
		await page.focus(cell(1, 'typed'));
		await page.keyboard.type('TEA-1\n');
		await page.waitForFunction((at) => document.querySelector(at)?.value === 'Green tea', cell(1, 'name'));
		await page.waitForTimeout(500);
		await page.reload();
		await settled(page);
		assert.equal(await value(1, 'name'), 'Green tea', 'a reload loses nothing');
		await page.click('.order-form .form-foot button:not([type="submit"])');
		await settled(page);
		await person.goto('/order/new');
		assert.equal(await value(1, 'typed'), '');
		const customer = made(await api(page, 'POST', 'customer', { name: 'Bert Drawer' }));
		await person.goto(`/customer/${customer.id}?tab=addresses`);
		const open = async () => {
			await page.click('.child-table button:has-text("New address")');
			await page.waitForSelector('.ant-drawer [data-field="street"] input, .ant-drawer [data-field="street"] textarea');
		};
		const street = '.ant-drawer [data-field="street"] input, .ant-drawer [data-field="street"] textarea';
		await open();
		await page.fill(street, 'Old street 1');
		await page.waitForTimeout(500);
		await page.click('.ant-drawer-footer button:has-text("Cancel")');
		await page.waitForSelector('.ant-drawer-content', { state: 'detached' });
		await open();
		assert.equal(await page.inputValue(street), '');
	});

	test('what is typed in a picker replaces its value, however fast Enter comes', async () => {
		const first = made(await api(page, 'POST', 'customer', { name: 'Xaver First' }));
		made(await api(page, 'POST', 'customer', { name: 'Yvonne Second' }));
		const order = made(await api(page, 'POST', 'order', { customer_id: first.id, total: '1' }));
		await person.goto(`/order/${order.id}`);
		await page.click('.record-actions button[aria-label="More actions"]');
		await page.click('.ant-dropdown-menu-item:has-text("Edit")');
		const field = '.ant-drawer [data-field="customer_id"] input';
		await page.waitForSelector(field);
		await page.click('.ant-drawer [data-field="customer_id"] .ant-select');
		await page.keyboard.type('Yvonne');
		await page.keyboard.press('Enter');
		await page.waitForFunction(() => document.querySelector('.ant-drawer [data-field="customer_id"]')?.textContent.includes('Yvonne Second'));
		await page.click('.ant-drawer-footer button[type="submit"]');
		await page.waitForSelector('.ant-drawer-content', { state: 'detached' });
		const now = (await api(page, 'GET', `order/${order.id}?select=customer(name)`)).body;
		assert.equal(now.customer.name, 'Yvonne Second');
	});

	test('the order form on a phone: nothing stands out of the screen', async () => {
		const phone = await visitor(browser, shop, { language: 'zh-Hans', size: PHONE, state });
		await phone.context.addInitScript(() => localStorage.setItem('guanxi.locale', 'zh-Hans'));
		await phone.goto('/order/new');
		const wide = await phone.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
		assert.ok(wide <= 0, `${wide} px too wide`);
		if (process.env.GUANXI_E2E_SHOTS) await phone.page.screenshot({ path: new URL('./shots/daily-order-phone.png', import.meta.url).pathname, fullPage: true });
		assert.deepEqual(phone.problems, []);
		await phone.context.close();
	});

	test('labels are in the language of the page, whichever answer comes first', async () => {
		for (const [late, account, device] of [['texts', 'zh-Hans', 'en'], ['meta', 'zh-Hans', 'en'], ['texts', 'en', 'zh-Hans'], ['meta', 'en', 'zh-Hans'], ['texts', 'zh-Hant', 'zh-Hant']]) {
			await api(page, 'PATCH', 'account', { locale: account });
			const context = await browser.newContext({ viewport: DESKTOP, locale: 'en-GB', storageState: state });
			await context.addInitScript((l) => localStorage.setItem('guanxi.locale', l), device);
			const other = await context.newPage();
			await other.route(late === 'texts' ? /assets\/(zh-|en-)/ : /\/api\/v1\/meta/, async (route) => {
				await new Promise((done) => setTimeout(done, 400));
				await route.continue();
			});
			await other.goto(`${shop.url}/customer`);
			await settled(other);
			const words = { en: 'Customers', 'zh-Hans': '客户', 'zh-Hant': '客戶' };
			await other.waitForFunction(([lang, word]) => document.documentElement.lang === lang && document.querySelector('.side').textContent.includes(word), [account, words[account]], { timeout: 8000 });
			await context.close();
		}
		await api(page, 'PATCH', 'account', { locale: 'en' });
	});

	test('a call, what came of it, and the next step with its day: four steps, one write', async () => {
		const customer = made(await api(page, 'POST', 'customer', { name: 'Carla Call' }));
		await person.goto(`/customer/${customer.id}`);
		const hand = hands();
		await hand.click('.composer .ant-segmented-item:has-text("Call")');
		await page.fill('.composer textarea', 'Wants an offer');
		await page.fill('.composer-next input', 'Send the offer thursday');
		await page.waitForSelector('.composer-next >> text=Task: Send the offer');
		await shot('composer-en');
		await page.press('.composer-next input', 'Enter');
		await page.waitForSelector('.stream >> text=Wants an offer');
		const rows = (await api(page, 'GET', `interaction?customer_id=eq.${customer.id}&order=id.asc&select=kind,state,subject,body,due_at`)).body;
		assert.deepEqual(rows.map((r) => [r.kind, r.state, r.subject ?? r.body]), [['call', 'done', 'Wants an offer'], ['task', 'open', 'Send the offer']]);
		assert.equal(new Date(rows[1].due_at).getDay(), 4, rows[1].due_at);
		assert.deepEqual(await axe(page), []);
	});

	test('a row of the timeline is done, edited and answered where it stands', async () => {
		const customer = made(await api(page, 'POST', 'customer', { name: 'Dora Done' }));
		const task = made(await api(page, 'POST', 'interaction', { customer_id: customer.id, kind: 'task', state: 'open', subject: 'Ring her' }));
		await person.goto(`/customer/${customer.id}`);
		const row = '.stream .event:has-text("Ring her")';
		await page.click(`${row} button:has-text("Answer")`);
		await page.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA');
		await page.click(`${row} button:has-text("Edit")`);
		await page.fill('.ant-drawer [data-field="subject"] input', 'Ring her soon');
		await page.fill('.ant-drawer [data-field="due_at"] input.ant-input', 'soonish');
		await page.click('.ant-drawer-footer button[type="submit"]');
		await page.waitForSelector('.ant-drawer .problem >> text=isn’t understood');
		await page.fill('.ant-drawer [data-field="due_at"] input.ant-input', 'in 3 days');
		await page.click('.ant-drawer-footer button[type="submit"]');
		await page.waitForSelector('.stream >> text=Ring her soon');
		const due = new Date((await api(page, 'GET', `interaction/${task.id}`)).body.due_at);
		assert.equal(Math.round((due.setHours(0, 0, 0, 0) - new Date().setHours(0, 0, 0, 0)) / 86_400_000), 3);
		await page.click('.stream .event:has-text("Ring her soon") .event-tools button:has-text("Done")');
		await page.waitForFunction(() => !document.querySelector('.stream .event-tools')?.textContent.includes('Done'));
		assert.equal((await api(page, 'GET', `interaction/${task.id}`)).body.state, 'done');
	});

	test('the palette jumps to settings and acts, in every language, and tells namesakes apart', async () => {
		for (const [city, phone] of [['Hangzhou', '+8613800001111'], ['Ningbo', '+8613800002222']]) made(await api(page, 'POST', 'customer', { name: 'Emil Twin', city, phone }));
		await person.goto('/');
		const ask = async (text) => {
			await page.keyboard.press('Control+k');
			await page.waitForSelector('.palette input');
			await page.fill('.palette input', text);
		};
		await ask('Emil Twin');
		await page.waitForSelector('.palette-sub >> text=Hangzhou · …1111');
		await page.waitForSelector('.palette-sub >> text=Ningbo · …2222');
		await page.keyboard.press('Escape');
		for (const [text, path] of [['设置', '/settings'], ['settings', '/settings'], ['new customer', '/customer/new'], ['新建 customer', '/customer/new']]) {
			await person.goto('/');
			await ask(text);
			await page.waitForTimeout(400);
			await page.keyboard.press('Enter');
			await page.waitForURL(`**${path}`);
		}
	});

	test('back from a record the list is where it was, and e edits the cell that was gone to', async () => {
		const rows = Array.from({ length: 90 }, (_, i) => ({ name: `Row ${String(i).padStart(2, '0')}`, city: 'Suzhou' }));
		const many = await api(page, 'POST', 'customer', rows);
		assert.equal(many.status, 201);
		await person.goto('/customer?order=id.asc');
		await page.focus('.grid');
		for (let i = 0; i < 45; i++) await page.keyboard.press('j');
		const top = await page.evaluate(() => document.querySelector('.grid').scrollTop);
		assert.ok(top > 200, `scrolled ${top}`);
		await page.keyboard.press('Enter');
		await page.waitForURL(/\/customer\/\d+/);
		await settled(page);
		await page.goBack();
		await settled(page);
		await page.waitForFunction((was) => Math.abs(document.querySelector('.grid')?.scrollTop - was) < 40 && document.activeElement?.classList.contains('grid'), top);
		await page.keyboard.press('j');
		await page.keyboard.press('k');
		const columns = await page.$$eval('.grid-row.is-active .grid-cell', (cells) => cells.length);
		const city = await page.evaluate(() => [...document.querySelectorAll('.grid [role="columnheader"]')].findIndex((c) => c.textContent.trim().startsWith('City')));
		assert.ok(city > 0 && city < columns, `${city} of ${columns}`);
		for (let i = 1; i < city; i++) await page.keyboard.press('ArrowRight');
		await page.keyboard.press('e');
		await page.waitForSelector('.grid-row.is-active .cell-editor input');
		await page.keyboard.press('Control+a');
		await page.keyboard.type('Wuxi');
		await page.keyboard.press('Enter');
		await page.waitForSelector('.grid-row.is-active >> text=Wuxi');
	});

	test('on a phone: fields do not make it zoom, targets are for fingers, no advertising is said beside the call, own work first', async () => {
		const customer = made(await api(page, 'POST', 'customer', { name: 'Fanny Phone', phone: '+8613800003333' }));
		made(await api(page, 'POST', 'consent', { customer_id: customer.id, purpose: 'marketing', channel: 'phone', state: 'withdrawn' }));
		const phone = await visitor(browser, shop, { language: 'en', size: PHONE, state });
		await phone.goto(`/customer/${customer.id}?tab=timeline`);
		await phone.page.waitForSelector('.record-actions .reach-no');
		await phone.page.click('.composer textarea');
		const small = await phone.page.evaluate(() => [...document.querySelectorAll('input:not([type=checkbox]):not(.when-native), textarea')].filter((e) => e.offsetParent && Number.parseFloat(getComputedStyle(e).fontSize) < 16).map((e) => e.outerHTML.slice(0, 120)));
		assert.deepEqual(small, []);
		const low = await phone.page.evaluate(() => [...document.querySelectorAll('.record-actions a, .record-actions button, .composer button, .tab, .bottom a')].filter((e) => e.offsetParent && e.getBoundingClientRect().height < 44).map((e) => `${e.textContent} ${e.getBoundingClientRect().height}`));
		assert.deepEqual(low, []);
		if (process.env.GUANXI_E2E_SHOTS) await phone.page.screenshot({ path: new URL('./shots/daily-phone.png', import.meta.url).pathname });
		// the steps fill the line and are of one height; no pencil lies on the next one
		const steps = await phone.page.$$eval('.stage > *', (list) => list.map((e) => Math.round(e.getBoundingClientRect().height)));
		assert.equal(new Set(steps).size, 1, `steps of ${steps}`);
		assert.ok(await phone.page.$eval('.stages', (e) => e.getBoundingClientRect().width > innerWidth - 40), 'the steps do not fill the line');
		await phone.goto(`/customer/${customer.id}?tab=facts`);
		const pencils = await phone.page.$$eval('.fact-edit', (list) => list.map((e) => e.getBoundingClientRect()).map((r) => [r.top, r.bottom]));
		assert.ok(pencils.length > 3);
		assert.deepEqual(pencils.filter(([top], i) => i > 0 && top < pencils[i - 1][1] - 1), []);
		await phone.goto('/');
		const first = await phone.page.textContent('.home section h2');
		assert.match(first, /[Ww]ork/);
		assert.deepEqual(phone.problems, []);
		await phone.context.close();
	});
});
