// The frame around every page: fields of work with their pages and pinned views, the home page as one arranges it, settings found
// by their words, a palette that knows every language, steps of a state as buttons, and what runs by itself.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { api, axe, cannot, PHONE, settled, startBrowser, startShop, visitor } from './lib.mjs';

describe('frame', { skip: cannot() }, () => {
	let shop, browser, person, page, state;

	before(async () => {
		shop = await startShop();
		browser = await startBrowser();
		person = await visitor(browser, shop, { language: 'en' });
		({ page } = person);
		state = await person.context.storageState();
		await api(page, 'PATCH', 'account', { locale: 'en' });
	});
	after(async () => {
		await browser?.close();
		await shop?.close();
	});
	const here = (area) => page.waitForFunction((name) => document.querySelector('.side-areas [aria-current]')?.textContent.trim() === name, area);
	const second = () => page.innerText('.side-pages');

	test('each field of work is one click, and has its pages beside it', async () => {
		await person.goto('/');
		assert.deepEqual((await page.locator('.side-areas li').allInnerTexts()).map((s) => s.trim()).filter((s) => ['Today', 'Customers', 'Sales', 'Products', 'Settings'].includes(s)),
			['Today', 'Customers', 'Sales', 'Products', 'Settings']);
		assert.match(await second(), /Activities/);
		await page.click('.side-areas >> text=Products');
		await here('Products');
		await page.click('.side-areas >> text=Customers');
		await here('Customers');
		assert.match(page.url(), /\/customer$/);
		// a record stands in the area of its list
		const { body: [order] } = await api(page, 'GET', 'order?select=id&limit=1');
		await person.walk(`/order/${order.id}`);
		await here('Sales');
	});

	test('a view is pinned to the menu, with its count, on every device', async () => {
		await person.goto('/customer?level=in.(vip)&order=last_order_at.desc&view=vip');
		const saved = page.waitForResponse((r) => r.url().endsWith('/api/v1/account') && r.request().method() === 'PATCH');
		await page.click('[aria-label="Pin to the menu"]');
		assert.equal((await saved).status(), 200);
		const { body } = await api(page, 'GET', 'customer?level=eq.vip&select=id&limit=1000');
		await page.waitForFunction((n) => document.querySelector('.side-pages .side-count')?.textContent.startsWith(n), String(body.length));
		const other = await visitor(browser, shop, { language: 'en', state });
		await other.goto('/customer');
		await other.page.click('.side-pages >> text=VIP');
		await other.page.waitForURL(/view=vip/);
		await settled(other.page);
		await other.page.click('[aria-label="Take out of the menu"]');
		await other.page.waitForFunction(() => !document.querySelector('.side-pages .side-count'));
		await other.context.close();
	});

	test('the home page is arranged, by keyboard too, and stays so', async () => {
		await person.goto('/');
		const heads = () => page.locator('.home-card h2').allInnerTexts();
		const [first, next] = await heads();
		await page.focus('[aria-label="Arrange this page"]');
		await page.keyboard.press('Enter');
		await page.locator('[aria-label^="Down: "] >> nth=0').focus();
		await page.keyboard.press('Enter');
		await page.waitForFunction((title) => document.querySelector('.home-card h2')?.textContent === title, next);
		await page.click('[aria-label="Leave out: What happened"]');
		await page.waitForFunction(() => ![...document.querySelectorAll('.home-card h2')].some((h) => h.textContent === 'What happened'));
		assert.deepEqual(await axe(page), []);
		await page.waitForLoadState('networkidle').catch(() => {});
		await person.goto('/');
		assert.ok(!(await heads()).includes('What happened'));
		await page.click('[aria-label="Arrange this page"]');
		await page.click('.home-others >> text=What happened');
		await page.waitForFunction(() => [...document.querySelectorAll('.home-card h2')].some((h) => h.textContent === 'What happened'));
		await page.click('text=As usual');
		await page.waitForFunction((title) => document.querySelector('.home-card h2')?.textContent === title, first);
	});

	test('a to-do is put off in its row, and put back', async () => {
		await person.goto('/');
		const row = page.locator('.lines li.has-acts').first();
		const name = await row.locator('.lines-main').innerText();
		await row.locator('[aria-label^="Put off: "]').click();
		await page.click('.ant-dropdown >> text=In a week');
		await page.waitForSelector(`.ant-message >> text=Put off: ${name}`).catch(() => page.waitForSelector(`text=Put off: ${name}`));
		await page.click('text=Undo');
		await page.waitForSelector('text=Undone');
	});

	test('settings are found by their words, single ones too', async () => {
		await person.goto('/settings');
		await page.fill('.settings-list input', 'audit');
		await page.waitForFunction(() => [...document.querySelectorAll('.settings-list a')].some((a) => /Audit trail/.test(a.textContent)));
		assert.equal(await page.locator('.settings-list a >> text=Roles').count(), 0);
		await page.fill('.settings-list input', 'tax number');
		await page.click('.settings-list a >> text=Tax number');
		await page.waitForURL(/\/settings\/firm\?set=firm\.tax_number/);
		await page.fill('.settings-list input', 'no such words');
		await page.waitForSelector('.settings-list >> text=Nothing is called');
	});

	test('the palette finds pages, records’ lists and actions in every language of the page', async () => {
		await person.goto('/');
		const find = async (typed, wanted) => {
			await page.keyboard.press('Control+k');
			await page.fill('.palette input', typed);
			await page.waitForFunction((text) => [...document.querySelectorAll('.palette-hit')].some((h) => h.textContent.includes(text)), wanted);
			return page.locator('.palette-hit', { hasText: wanted }).first();
		};
		for (const [typed, wanted] of [['审计', 'Audit trail'], ['稽核', 'Audit trail'], ['订单', 'Orders'], ['商品', 'Products'], ['自动运行', 'What runs by itself'], ['sign out', 'Sign out']]) {
			await find(typed, wanted);
			await page.keyboard.press('Escape');
			await page.waitForSelector('.palette', { state: 'detached' });
		}
		await (await find('theme dark', 'Dark')).click();
		await page.waitForFunction(() => document.documentElement.dataset.theme === 'dark');
		await (await find('theme light', 'Light')).click();
		await page.waitForFunction(() => document.documentElement.dataset.theme === 'light');
	});

	test('a step of a state is a button; the head stays while the page scrolls', async () => {
		const { body: [order] } = await api(page, 'GET', 'order?state=eq.completed&lines_count=gt.20&select=id&limit=1');
		await person.goto(`/order/${order.id}`);
		await page.evaluate(() => document.querySelector('.main').scrollTo(0, 600));
		assert.ok((await page.locator('.record-head h1').boundingBox()).y < 120);
		await page.click('.record-actions >> text=Mark as returned');
		// what it needs is asked for, and it is not taken without
		assert.ok(await page.locator('.ant-modal .ant-btn-primary').isDisabled());
		await page.fill('.ant-modal [data-field="state_reason"] :is(input, textarea)', 'Came broken');
		await page.click('.ant-modal .ant-btn-primary');
		await page.waitForSelector('.record-actions >> text=Take it up again');
		const { body } = await api(page, 'GET', `order/${order.id}`);
		assert.deepEqual([body.state, body.state_reason], ['returned', 'Came broken']);
	});

	test('what runs by itself: schedules and what waits', async () => {
		await person.goto('/settings/runs');
		assert.match(await page.innerText('main'), /bulk\.prune/);
		assert.deepEqual(await axe(page), []);
	});

	test('on a phone: five places, the rest behind "more"', async () => {
		const phone = await visitor(browser, shop, { size: PHONE, language: 'en', state });
		await phone.goto('/');
		assert.equal(await phone.page.locator('.bottom > *').count(), 5);
		await phone.page.tap('.bottom >> text=More');
		await phone.page.waitForURL(/\/more$/);
		await phone.page.waitForSelector('main >> text=Products');
		assert.deepEqual(await axe(phone.page), []);
		await phone.page.tap('main >> text=Activities');
		await phone.page.waitForURL(/\/interaction$/);
		await phone.context.close();
	});

	test('nothing was complained about along the way', () => assert.deepEqual(person.problems, []));
});
