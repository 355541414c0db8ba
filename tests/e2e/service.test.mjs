// A clerk's morning: the queue worked down, a standard answer, a colleague who answers at the same time, what follows from each.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { api, axe, cannot, settled, startBrowser, startShop, visitor } from './lib.mjs';

const reason = cannot();

describe('service', { skip: reason }, () => {
	let shop, browser, person, page, ids;

	before(async () => {
		shop = await startShop({ demo: false });
		browser = await startBrowser();
		person = await visitor(browser, shop, { language: 'zh-Hans' });
		page = person.page;
		await api(page, 'PATCH', 'account', { locale: 'zh-Hans', theme: 'light' });
		const customer = await made('customer', { name: '周小雨', kind: 'person', level: 'vip' });
		const topic = await made('case_topic', { name: '退款', priority: 'high' });
		await made('sla_policy', { name: '一般', first_minutes: 60, next_minutes: 60, solve_minutes: 600 });
		await made('macro', { name: '退款进度', short: 'tk', body: '{name}您好，工单 {case} 的退款已提交。', topic_id: topic.id, then_state: 'waiting_customer' });
		const long = new Date(Date.now() - 3 * 3600_000).toISOString();
		const late = await made('case', { subject: '退款还没到', customer_id: customer.id, topic_id: topic.id, opened_at: long, owner_id: null });
		const fresh = await made('case', { subject: '杯子碎了', kind: 'complaint', customer_id: customer.id, owner_id: null });
		for (const c of [late, fresh]) await made('case_message', { case_id: c.id, kind: 'in', channel: 'wechat', body: `关于${c.subject}` });
		ids = { customer: customer.id, late: late.id, fresh: fresh.id };
	});

	after(async () => {
		await browser?.close();
		await shop?.close();
	});

	async function made(entity, values) {
		const { status, body } = await api(page, 'POST', entity, values);
		assert.equal(status, 201, JSON.stringify(body));
		return Array.isArray(body) ? body[0] : body;
	}
	const get = async (path) => (await api(page, 'GET', path)).body;

	test('the queue counts its views; the next case is the overdue one, and becomes one’s own', async () => {
		await person.goto('/service');
		await page.waitForSelector('.queue-views >> text=/已超时\\s*1/');
		await page.click('.queue-views >> text=待分配');
		await page.waitForSelector('.queue-row:nth-child(2)');
		assert.match(await page.innerText('.queue-row:first-child'), /退款还没到/);
		assert.deepEqual(await axe(page), []);
		await page.keyboard.press('n');
		await page.waitForURL(`**/case/${ids.late}`);
		const me = await get('account');
		assert.equal((await get(`case/${ids.late}`)).owner_id, me.id);
	});

	test('a standard answer by its short word, sent with what follows', async () => {
		await page.waitForSelector('.talk-in >> text=关于退款还没到');
		await page.waitForSelector('.case-side >> text=周小雨');
		await page.keyboard.press('r');
		await page.keyboard.type('/tk');
		await page.click('.talk-macros button:has-text("退款进度")');
		const { number } = await get(`case/${ids.late}`);
		assert.equal(await page.inputValue('.talk-composer textarea'), `周小雨您好，工单 ${number} 的退款已提交。`);
		assert.deepEqual(await axe(page), []);
		await page.keyboard.press('Control+Enter').catch(() => undefined);
		await page.focus('.talk-composer textarea');
		await page.keyboard.press('Control+Enter');
		await page.waitForSelector('.talk-out >> text=退款已提交');
		await page.waitForSelector('.badges >> text=等待客户');
		assert.equal((await get('macro?short=eq.tk'))[0].used, 1);
		await page.waitForSelector('.case-clocks >> text=超时完成');
		await page.click('.case-promise summary');
		await page.waitForSelector('.case-promise >> text=分类“退款”');
	});

	test('nobody answers past a colleague, and nothing typed is lost', async () => {
		await person.goto(`/case/${ids.fresh}`);
		await page.waitForSelector('.talk-in >> text=关于杯子碎了');
		const mate = await made('user', { name: '林晓', email: 'lin@example.com', active: true, roles: [(await get('role?key=eq.service'))[0].id] });
		assert.ok(mate.id);
		await page.fill('.talk-composer textarea', '马上补发');
		// the customer writes again while one types; the page that has not heard of it yet is refused
		await page.route('**/api/v1/case_message?*', (route) => (route.request().method() === 'GET' ? route.abort() : route.continue()));
		await made('case_message', { case_id: ids.fresh, kind: 'in', channel: 'wechat', body: '还有一个也碎了' });
		await page.unroute('**/api/v1/case_message?*');
		await page.focus('.talk-composer textarea');
		await page.waitForSelector('.talk-in >> text=还有一个也碎了');
		assert.equal(await page.inputValue('.talk-composer textarea'), '马上补发');
		await page.reload();
		await page.waitForSelector('.talk-in >> text=还有一个也碎了');
		assert.equal(await page.inputValue('.talk-composer textarea'), '马上补发');
		await page.focus('.talk-composer textarea');
		await page.keyboard.press('Control+Enter');
		await page.waitForSelector('.talk-out >> text=马上补发');
	});

	test('the customer’s page warns of the open complaint, shows the cases and makes one', async () => {
		await person.goto(`/customer/${ids.customer}`);
		await page.waitForSelector('.ant-alert >> text=杯子碎了');
		await page.waitForSelector('.event-case >> text=退款还没到');
		await page.click('.record-actions >> text=新建工单');
		await page.waitForURL(/case\/new\?customer_id=/);
		await settled(page);
		// the form does not ask again for what the address says
		await page.fill('input[id$="subject"]', '从客户页新建');
		await page.click('.form-foot .ant-btn-primary');
		await page.waitForURL(/\/case\/\d+$/);
		assert.equal((await get(`case/${page.url().split('/').at(-1)}`)).customer_id, ids.customer);
	});

	test('several at once: chosen by key, solved together', async () => {
		const more = await made('case', { subject: '一起解决', customer_id: ids.customer });
		await person.goto('/service');
		await page.waitForSelector('.queue-row >> text=一起解决');
		await page.click('.queue-row:has-text("一起解决") .ant-checkbox-input');
		await page.click('.queue-bulk >> text=已解决');
		await page.waitForFunction(() => !document.body.innerText.includes('一起解决'));
		assert.equal((await get(`case/${more.id}`)).state, 'solved');
	});
});
