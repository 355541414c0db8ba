// Returns: applied for on the order's page, agreed, checked, money given back; why things come back, as a picture with its sentence.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { api, axe, cannot, choose, overflow, PHONE, settled, shot, startBrowser, startShop, visitor } from './lib.mjs';

const reason = cannot();
const day = (days) => new Date(Date.now() + 8 * 3_600_000 + days * 86_400_000).toISOString().slice(0, 10);

describe('returns', { skip: reason }, () => {
	let shop, browser, person, page, order, customer;
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
		customer = await made('customer', { name: 'Li Na' });
		const product = await made('product', { name: 'Paper lamp', sku: 'L1' });
		order = await made('order', { customer_id: customer.id, state: 'shipped', number: 'W-1' });
		await made('order_line', { order_id: order.id, product_id: product.id, name: 'Paper lamp', sku: 'L1', quantity: '3', unit_price: '20' });
		await made('payment', { order_id: order.id, amount: '60.00' });
	});
	after(async () => {
		await browser?.close();
		await shop?.close();
	});

	test('from the order to the money, step by step', async () => {
		await person.goto(`/order/${order.id}`);
		await page.getByRole('button', { name: 'Return', exact: true }).click();
		await page.getByText(/3 of 3 can go back · until/).waitFor();
		await page.getByLabel('Quantity', { exact: true }).fill('2');
		await choose(page, page.getByLabel('Reason', { exact: true }), 'Defective');
		await settled(page);
		assert.deepEqual(await axe(page), []);
		await shot(page, 'return_new');
		await page.getByRole('button', { name: 'Apply for the return' }).click();
		await page.getByText(/Waits for our decision/).waitFor();
		await page.getByRole('button', { name: 'Agree', exact: true }).click();
		await page.getByText(/Waits for the customer to send it/).waitFor();
		await page.getByRole('button', { name: 'Receive and check' }).click();
		await choose(page, page.getByRole('dialog').getByLabel('Condition'), 'Opened');
		await page.getByRole('button', { name: 'Received', exact: true }).click();
		await page.getByText(/Here and checked/).waitFor();
		await page.getByRole('button', { name: 'Give money back' }).first().click();
		await page.getByLabel('Freight paid back').fill('1.50');
		assert.equal(await page.getByLabel('Goes back (CNY)').inputValue(), '41.5');
		await page.getByRole('dialog').getByRole('button', { name: 'Give money back' }).click();
		await page.getByRole('link', { name: 'Booked as' }).waitFor();
		await settled(page);
		await shot(page, 'return_desktop');
		assert.deepEqual(await axe(page), []);
		const { body } = await api(page, 'GET', `goods_return?order_id=eq.${order.id}&select=state,refunded,freight`);
		assert.deepEqual(body, [{ state: 'refunded', refunded: '41.50', freight: '1.50' }]);
		await page.setViewportSize(PHONE);
		assert.equal(await overflow(page), 0);
		await page.setViewportSize({ width: 1440, height: 900 });
	});

	test('it stands in the customer’s stream; the picture’s sentence is the truth', async () => {
		await person.goto(`/customer/${customer.id}`);
		await page.getByRole('link', { name: /^Return RT|^RT/ }).first().waitFor();
		await person.goto('/returns/why');
		await page.getByText('1 item was to go back: “Defective”.').waitFor();
		await page.getByText('Paper lamp comes back most: 1 time.').waitFor();
		await settled(page);
		await shot(page, 'returns_why');
		assert.deepEqual(await axe(page), []);
		await page.setViewportSize(PHONE);
		assert.equal(await overflow(page), 0);
	});

	test('a serial number says its warranty, goes on to another owner, and is claimed on a case', async () => {
		const pump = await made('product', { name: 'Pump', sku: 'P1' });
		await made('warranty_term', { name: 'Standard 24 months', product_id: pump.id, months: 24, transferable: false });
		await made('customer', { name: 'Wu Ming' });
		const thing = await made('equipment', { product_id: pump.id, serial: 'SN-4711', customer_id: customer.id, sold_on: day(-10) });
		const kase = await made('case', { subject: 'It leaks', kind: 'fault', customer_id: customer.id, serial: 'SN-4711' });
		await page.setViewportSize({ width: 1440, height: 900 });
		await person.goto(`/case/${kase.id}`);
		await page.getByRole('button', { name: 'Warranty', exact: true }).click();
		await page.getByRole('dialog').getByText(/Covered until .* by Standard 24 months/).waitFor();
		await settled(page);
		assert.deepEqual(await axe(page), []);
		await shot(page, 'equipment_claim');
		await page.getByRole('button', { name: 'Claim warranty' }).click();
		await page.getByRole('dialog').waitFor({ state: 'hidden' });
		const { body: claims } = await api(page, 'GET', `warranty_claim?case_id=eq.${kase.id}&select=decision,what`);
		assert.deepEqual(claims, [{ decision: 'covered', what: 'It leaks' }]);
		await person.goto(`/equipment/${thing.id}`);
		await page.getByText(/Covered until .* by Standard 24 months/).first().waitFor();
		await page.getByRole('button', { name: 'Hand over' }).click();
		await choose(page, page.getByLabel('New owner'), /Wu Ming/, { typed: 'Wu' });
		await page.getByRole('dialog').getByRole('button', { name: 'Hand over' }).click();
		await page.getByText(/does not hold for a second owner/).waitFor();
		await settled(page);
		assert.deepEqual(await axe(page), []);
		await shot(page, 'equipment_desktop');
		await page.setViewportSize(PHONE);
		assert.equal(await overflow(page), 0);
	});
});
