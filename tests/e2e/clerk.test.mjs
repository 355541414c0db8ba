// What a clerk, a salesperson, a manager and an analyst meet on the pages: names instead of
// numbers, their own language, sums on demand, one proposal what to do next.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { api, axe, cannot, choose, PHONE, settled, startBrowser, startShop, visitor } from './lib.mjs';

const reason = cannot();
/** An id where a name should stand. */
const NUMBER = /#?\b\d{15,19}\b/;

describe('clerk', { skip: reason }, () => {
	let shop;
	let browser;
	let person;
	let page;
	let state;

	before(async () => {
		shop = await startShop();
		browser = await startBrowser();
		person = await visitor(browser, shop, { language: 'zh-Hans', motion: true });
		page = person.page;
		await api(page, 'PATCH', 'account', { locale: 'zh-Hans', theme: 'light' });
		state = await person.context.storageState();
		await person.goto('/');
	});

	after(async () => {
		await browser?.close();
		await shop?.close();
	});

	const get = async (path) => (await api(page, 'GET', path)).body;
	async function made(entity, values) {
		const { status, body } = await api(page, 'POST', entity, values);
		assert.equal(status, 201, JSON.stringify(body));
		return Array.isArray(body) ? body[0] : body;
	}
	const message = (text) => page.waitForSelector(`.ant-message >> text=${text}`);

	test('a history and the audit trail speak of people and tags by name', async () => {
		const tag = await made('tag', { name: '老朋友' });
		const [owner] = await get('user?select=id,name&name=eq.陈建国');
		const customer = await made('customer', { name: '历史一号', kind: 'person', owner_id: owner.id, tags: [tag.id] });
		await person.goto(`/customer/${customer.id}?tab=changes`);
		await page.waitForSelector('.diff >> text=陈建国');
		await page.waitForSelector('.diff >> text=老朋友');
		assert.doesNotMatch(await page.innerText('.changes'), NUMBER);

		await person.goto('/settings/audit');
		await page.waitForSelector('.audit-what >> text=客户 历史一号');
		assert.doesNotMatch(await page.innerText('.audit tbody'), NUMBER);
		await page.click('.audit tr:has-text("历史一号") button');
		await page.waitForSelector('.audit .diff >> text=陈建国');
		assert.deepEqual(await axe(page), []);
	});

	test('the audit trail on a phone is read line by line, not pushed sideways', async () => {
		const phone = await visitor(browser, shop, { size: PHONE, language: 'zh-Hans', state });
		await phone.goto('/settings/audit');
		await phone.page.waitForSelector('.audit tbody tr');
		const boxes = await phone.page.$$eval('.audit tbody > tr', (rows) => rows.slice(0, 20).map((r) => ({ height: r.offsetHeight, wide: r.scrollWidth > r.clientWidth + 1 })));
		assert.ok(boxes.length > 10);
		assert.deepEqual(boxes.filter((b) => b.height > 110 || b.wide), []);
		await phone.context.close();
	});

	test('roles are called by their Chinese names, Latin words stand apart from Chinese ones', async () => {
		await person.goto('/user');
		await page.waitForSelector('.grid-row .tags >> text=管理员');
		assert.doesNotMatch(await page.innerText('.grid-body'), /Sales|Manager|Analyst/);
		await person.goto('/role');
		await page.waitForSelector('.grid-row .row-title >> text=管理员');
		const [user] = await get('user?select=id&email=eq.tom@example.com');
		await person.goto(`/user/${user.id}`);
		await page.waitForSelector('text=还没有 API 令牌');
		await person.goto('/customer');
		await page.waitForSelector('.fresh >> text=刚刚');
	});

	test('what was wrong with an imported row is said in the language of who imported it', async () => {
		await person.goto('/import/new?entity=customer');
		await page.setInputFiles('input[type=file]', { name: 'wrong.csv', mimeType: 'text/csv', buffer: Buffer.from('姓名,邮箱\n张三,不是邮箱\n') });
		await page.click('.form-foot .ant-btn-primary:has-text("检查")');
		await page.click('.ant-btn-primary:has-text("开始导入")');
		await page.waitForSelector('.run-step .child-table tbody tr', { timeout: 20_000 });
		const row = await page.innerText('.run-step .child-table tbody tr');
		assert.match(row, /邮箱地址无效/);
		assert.match(row, /电子邮箱/);
		assert.doesNotMatch(row, /[a-z]{4}/);
	});

	test('columns add up when asked, over everything that matches', async () => {
		await person.goto('/customer?city=eq.London');
		assert.equal(await page.locator('.is-totals').count(), 0);
		let sums = 0;
		page.on('request', (r) => { if (r.url().includes('.sum')) sums++; });
		await page.click('[aria-label="更多操作"]');
		await page.click('.ant-dropdown >> text=显示列合计');
		await page.waitForFunction(() => /[¥£]/.test(document.querySelector('.is-totals')?.textContent ?? ''));
		assert.equal(sums, 1);
		assert.match(page.url(), /totals=1/);
		const rows = await get('customer?select=orders_total,orders_count&city=eq.London&limit=1000');
		const pence = rows.reduce((n, r) => n + Math.round(Number(r.orders_total) * 100), 0);
		const shown = (await page.innerText('.is-totals')).replace(/,/g, '');
		assert.ok(shown.includes(`¥${(pence / 100).toFixed(2)}`), `${shown} has no ${pence / 100}`);
		assert.ok(shown.includes(String(rows.reduce((n, r) => n + r.orders_count, 0))));
		assert.deepEqual(await axe(page), []);
	});

	test('nobody’s customers lie in the pool, are taken from there, and put back', async () => {
		const customer = await made('customer', { name: '公海一号', kind: 'person', owner_id: null });
		await person.goto('/customer');
		await page.click('.view-name >> text=公海');
		await page.waitForURL(/owner_id=is.null/);
		await settled(page);
		assert.match(await page.innerText('.chip'), /负责人/);
		await person.goto(`/customer/${customer.id}`);
		await page.click('.owner >> text=领取');
		await message('已领取');
		const me = await get('account');
		assert.equal((await get(`customer/${customer.id}`)).owner_id, me.id);
		await page.waitForSelector(`.owner >> text=${me.name}`);
		await page.click('.ant-message .undo button');
		await message('已撤销');
		assert.equal((await get(`customer/${customer.id}`)).owner_id, null);
	});

	test('a customer page says what the customer is worth, what to do, and plans it', async () => {
		const [best] = await get('customer?select=id,orders_count,orders_total,phone,email&order=orders_total.desc&phone=not.is.null&limit=1');
		await person.goto(`/customer/${best.id}`);
		const average = (Math.round((Number(best.orders_total) * 100) / best.orders_count) / 100).toFixed(2).replace(/\B(?=(\d{3})+\.)/g, ',');
		await page.waitForSelector(`.worth >> text=${average}`);
		assert.match(await page.innerText('.worth'), /流失风险\s+(低|中|高)\s+平均每 \d+ 天下一单，最近一单在 \d+ 天前/);
		assert.match(await page.getAttribute('.record-actions a:has-text("打电话")', 'href'), /^tel:\+?\d+$/);

		const fresh = await made('customer', { name: '下一步一号', kind: 'person' });
		const order = await made('order', { customer_id: fresh.id, state: 'completed', placed_at: new Date().toISOString(), currency: 'GBP', total: '12.00' });
		assert.ok(order.id);
		await person.goto(`/customer/${fresh.id}`);
		await page.waitForSelector('.next >> text=从未联系过');
		await page.click('.next button');
		await message('已加入待办');
		await page.waitForSelector('.work-title >> text=从未联系过');
		assert.equal((await get(`interaction?select=id,kind,state&customer_id=eq.${fresh.id}`)).length, 1);
		await page.click('.ant-message .undo button');
		await message('已撤销');
		assert.equal((await get(`interaction?select=id&customer_id=eq.${fresh.id}`)).length, 0);
	});

	test('open work is finished from its own page, and taken back', async () => {
		const customer = await made('customer', { name: '待办一号', kind: 'person' });
		const task = await made('interaction', { customer_id: customer.id, kind: 'task', subject: '回电话', direction: 'internal', state: 'open' });
		await person.goto(`/interaction/${task.id}`);
		await page.click('.record-actions >> text=标记完成');
		await message('已完成');
		assert.equal((await get(`interaction/${task.id}`)).state, 'done');
		await page.waitForSelector('.record-actions >> text=标记完成', { state: 'detached' });
		await page.click('.ant-message .undo button');
		await message('已撤销');
		assert.equal((await get(`interaction/${task.id}`)).state, 'open');
		// The manager of the last test has no open work of their own.
		assert.equal((await api(page, 'DELETE', `interaction/${task.id}`)).status, 200);
	});

	test('a refused save goes to what is wrong; a company is not asked for its birthday', async () => {
		await person.goto('/customer/new');
		await page.waitForSelector('[data-field="birthday"]');
		assert.equal(await page.locator('[data-field="industry"]').count(), 0);
		assert.ok((await page.locator('.form-field').count()) <= 14, 'too much is asked before "more"');
		await page.locator('.form-foot .ant-btn-primary').scrollIntoViewIfNeeded();
		await page.click('.form-foot .ant-btn-primary');
		await page.waitForFunction(() => document.activeElement?.closest('[data-field="name"]'));
		assert.ok(await page.evaluate(() => {
			const box = document.querySelector('[data-field="name"] .problem').getBoundingClientRect();
			return box.top > 0 && box.bottom < innerHeight;
		}), 'the reason is out of sight');
		await choose(page, '[data-field="kind"] .ant-select', /企业客户/);
		await page.waitForSelector('[data-field="industry"]');
		assert.equal(await page.locator('[data-field="birthday"]').count(), 0);
	});

	test('a record that is not there leads back to its list', async () => {
		await person.goto('/customer/1');
		await page.click('.state >> text=返回列表');
		await page.waitForURL(/\/customer$/);
		await page.waitForSelector('.grid-row');
	});

	test('a product’s sales say when and to whom', async () => {
		const [line] = await get('order_line?select=product_id,order:order_id!inner(number,customer_id)&product_id=not.is.null&order.customer_id=not.is.null&limit=1');
		await person.goto(`/product/${line.product_id}`);
		await page.waitForSelector('.tab-panel tbody tr');
		const links = await page.$$eval('.tab-panel tbody a', (all) => all.map((a) => a.getAttribute('href').replace(/\d+$/, '')));
		assert.ok(links.includes('/order/') && links.includes('/customer/'), links.join());
		assert.match(await page.innerText('.tab-panel tbody tr'), /前|昨天|刚刚/);
	});

	test('on a phone a customer’s card shows the money', async () => {
		const phone = await visitor(browser, shop, { size: PHONE, language: 'zh-Hans', state });
		await phone.goto('/customer?order=orders_total.desc');
		await phone.page.waitForSelector('.card-figure');
		assert.match(await phone.page.innerText('.card >> nth=0'), /[¥£][\d,]+\.\d\d/);
		assert.equal(await phone.page.isVisible('.fresh .when'), false);
		await phone.context.close();
	});

	test('on a phone the name of a customer has the whole line, actions stand below it', async () => {
		const phone = await visitor(browser, shop, { size: PHONE, language: 'zh-Hans', state });
		const [best] = await get('customer?select=id&order=orders_total.desc&phone=not.is.null&limit=1');
		await phone.goto(`/customer/${best.id}`);
		await phone.page.waitForSelector('.record-actions a:has-text("打电话")');
		const [name, actions] = await phone.page.$$eval('.record-name, .record-actions', (all) => all.map((e) => e.getBoundingClientRect().toJSON()));
		assert.ok(name.width > 300, `the name has ${name.width} px`);
		assert.ok(actions.top >= name.bottom - 1);
		await phone.context.close();
	});

	test('the keys of a list work before anything is clicked', async () => {
		await person.goto('/customer');
		await page.waitForSelector('.grid-row');
		assert.equal(await page.evaluate(() => document.activeElement.tagName), 'BODY');
		const second = await page.innerText('.grid-row[aria-rowindex="3"] .row-title');
		await page.keyboard.press('j');
		await page.keyboard.press(' ');
		await page.waitForSelector(`.peek h2 >> text=${second}`);
		await page.keyboard.press('Enter');
		await page.waitForURL(/\/customer\/\d+$/);
		await page.waitForSelector(`h1 >> text=${second}`);
	});

	test('what is found by number says its state in the reader’s words', async () => {
		const [order] = await get('order?select=number&state=eq.completed&limit=1');
		await person.goto('/');
		await page.keyboard.press('Control+k');
		await page.waitForSelector('[role="combobox"]:focus');
		await page.keyboard.type(order.number);
		await page.waitForSelector('.palette-hit:has-text("' + order.number + '") >> text=已完成');
		await page.keyboard.press('Escape');
	});

	test('a question mark shows what the keyboard does, over the page one is on', async () => {
		await person.goto('/customer');
		await page.focus('.grid');
		await page.keyboard.press('?');
		await page.waitForSelector('.ant-modal >> text=编辑当前字段');
		assert.deepEqual(await axe(page), []);
		await page.keyboard.press('Escape');
		await page.waitForSelector('.ant-modal', { state: 'hidden' });
		assert.match(page.url(), /\/customer$/);
		await page.focus('.quick-search input');
		await page.keyboard.type('?');
		assert.equal(await page.inputValue('.quick-search input'), '?');
		assert.equal(await page.locator('.ant-modal:visible').count(), 0);
	});

	test('a salesperson sees the trade of their own team, and no way that is closed to them', async () => {
		const [tom] = await get('user?select=id&email=eq.tom@example.com');
		const { body } = await api(page, 'POST', `user/${tom.id}/password`, {});
		const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB' });
		const theirs = await context.newPage();
		const own = 'a song that only Tom knows';
		await theirs.goto(shop.url);
		await theirs.fill('input[name="email"]', 'tom@example.com');
		await theirs.fill('input[name="password"]', body.password);
		await theirs.click('button[type="submit"]');
		await theirs.waitForSelector('text=Choose a password of your own');
		await theirs.fill('input[autocomplete="current-password"]', body.password);
		await theirs.fill('input[autocomplete="new-password"] >> nth=0', own);
		await theirs.fill('input[autocomplete="new-password"] >> nth=1', own);
		await theirs.click('button[type="submit"]');
		await theirs.waitForSelector('.home-answer >> text=/from [\\d,]+ orders/');
		assert.equal(await theirs.locator('a[href^="/import"]').count(), 0);
		await theirs.goto(`${shop.url}/settings/audit`);
		await theirs.waitForSelector('.state >> text=/administrator/i');
		await context.close();
	});

	test('a manager reads the answer before the figures, and whose work is late', async () => {
		await person.goto('/');
		assert.match(await page.innerText('.home-answer'), /近 30 天成交 [\d,]+ 笔订单，销售额 [¥£][\d,]+，/);
		await page.waitForSelector('.panel >> text=/^(团队|我的)待办$/');
		await page.waitForFunction((number) => !new RegExp(number).test(document.querySelector('.home').innerText), NUMBER.source, { timeout: 8000 }).catch(async (error) => assert.fail(`${error.message}: ${NUMBER.exec(await page.innerText('.home'))?.[0]} in ${await page.innerText('.home')}`));
	});
});
