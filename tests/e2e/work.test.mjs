// What people do all day, done with mouse and keyboard against the real server.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { api, axe, cannot, choose, DESKTOP, PHONE, settled, startBrowser, startShop, visitor } from './lib.mjs';

const reason = cannot();

/** The six digits an authenticator shows now (RFC 6238). */
function totp(secret) {
	const bits = [...secret.replace(/[\s=-]/g, '').toUpperCase()].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
	const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((b) => Number.parseInt(b, 2)));
	const counter = Buffer.alloc(8);
	counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
	const hash = createHmac('sha1', key).update(counter).digest();
	return String((hash.readUInt32BE(hash[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

describe('work', { skip: reason }, () => {
	let shop;
	let browser;
	let person;
	let page;
	let state;
	const folder = mkdtempSync(join(tmpdir(), 'guanxi-e2e-'));

	before(async () => {
		shop = await startShop();
		browser = await startBrowser();
		person = await visitor(browser, shop, { language: 'en' });
		page = person.page;
		await api(page, 'PATCH', 'account', { locale: 'en', theme: 'light' });
		state = await person.context.storageState();
		await person.goto('/');
	});

	after(async () => {
		await browser?.close();
		await shop?.close();
		rmSync(folder, { recursive: true, force: true });
	});

	/** A customer of this test's own. */
	async function customer(values) {
		const { status, body } = await api(page, 'POST', 'customer', { kind: 'person', ...values });
		assert.equal(status, 201, JSON.stringify(body));
		return Array.isArray(body) ? body[0] : body;
	}

	const reload = async (id) => (await api(page, 'GET', `customer/${id}`)).body;
	const message = (text) => page.waitForSelector(`.ant-message >> text=${text}`);

	test('a wrong password is refused in words, the right one lets in', async () => {
		const context = await browser.newContext({ viewport: DESKTOP, locale: 'en-GB' });
		const fresh = await context.newPage();
		await fresh.goto(`${shop.url}/customer?q=abc`);
		await fresh.fill('input[name="email"]', shop.email);
		await fresh.fill('input[name="password"]', 'wrong password here');
		await fresh.click('button[type="submit"]');
		await fresh.waitForSelector('.problem:not(:empty)');
		assert.deepEqual(await axe(fresh), []);
		await fresh.fill('input[name="password"]', shop.password);
		await fresh.click('button[type="submit"]');
		await fresh.waitForSelector('.shell');
		// And leads to where the link pointed.
		assert.match(fresh.url(), /\/customer\?q=abc/);
		await context.close();
	});

	test('search or jump finds a customer by the keyboard', async () => {
		const made = await customer({ name: 'Palettia Findmore', city: 'Bristol' });
		await person.goto('/');
		await page.keyboard.press('Control+k');
		await page.waitForSelector('[role="combobox"]:focus');
		await page.keyboard.type('Palettia', { delay: 15 });
		await page.waitForSelector('.palette-hit >> text=Palettia Findmore');
		assert.deepEqual(await axe(page), []);
		await page.keyboard.press('Enter');
		await page.waitForURL(`**/customer/${made.id}`);
		await settled(page);
		assert.match(await page.innerText('h1'), /Palettia Findmore/);
	});

	test('a filter is built, stands in the address, and survives a reload', async () => {
		await customer({ name: 'Filter One', city: 'Filtertown' });
		await customer({ name: 'Filter Two', city: 'Elsewhere' });
		await person.goto('/customer');
		await page.click('.chips >> text=Filter');
		await page.keyboard.type('City');
		await page.keyboard.press('Enter');
		await page.fill('.filter-editor input[autocomplete="off"]:not([role])', 'Filtertown');
		await page.click('.filter-editor button[type="submit"]');
		await page.waitForURL(/city=ilike/);
		await page.waitForFunction(() => document.querySelectorAll('.grid-row').length === 1);
		assert.match(await page.innerText('.chip'), /City\s+contains\s+Filtertown/);
		await page.reload();
		await settled(page);
		assert.equal(await page.locator('.grid-row').count(), 1);
		assert.match(await page.innerText('.grid-row'), /Filter One/);
		await page.click('.chip-x');
		await page.waitForFunction(() => document.querySelectorAll('.grid-row').length > 1);
	});

	test('sorting by a head, and back', async () => {
		await person.goto('/customer');
		const head = page.locator('[role="columnheader"]', { hasText: 'Spent' });
		await head.locator('button').click();
		await page.waitForSelector('[aria-sort="descending"] >> text=Spent');
		assert.match(page.url(), /order=orders_total.desc/);
		await settled(page);
		const spent = async () => page.evaluate(async () => (await (await fetch('/api/v1/customer?select=orders_total&order=orders_total.desc&limit=1')).json())[0].orders_total);
		assert.ok(Number(await spent()) >= 0);
		await head.locator('button').click();
		await page.waitForURL(/order=orders_total.asc/);
	});

	test('the list by keyboard alone: move, look, select, edit, open', async () => {
		for (const name of ['Keyboard A', 'Keyboard B', 'Keyboard C']) await customer({ name, city: 'Keytown' });
		await person.goto('/customer?city=eq.Keytown&order=name.asc');
		await page.waitForFunction(() => document.querySelectorAll('.grid-row').length === 3);
		await page.focus('.grid');
		await page.keyboard.press('j');
		await page.keyboard.press(' ');
		await page.waitForSelector('.peek h2 >> text=/Keyboard/');
		const second = await page.innerText('.peek h2');
		await page.keyboard.press('j');
		await page.waitForFunction((before) => document.querySelector('.peek h2')?.textContent !== before && document.querySelector('.peek h2')?.textContent?.startsWith('Keyboard'), second);
		assert.deepEqual(await axe(page), []);
		await page.keyboard.press('x');
		await page.waitForSelector('.bulk >> text=1 selected');
		await page.keyboard.press('x');
		await page.keyboard.press('Escape');
		await page.waitForSelector('.peek', { state: 'detached' });
		await page.keyboard.press('e');
		await page.waitForSelector('.cell-editor input');
		await page.keyboard.press('Control+a');
		await page.keyboard.type('Keyboard Renamed');
		await page.keyboard.press('Enter');
		await message('Saved');
		await page.waitForSelector('.grid-row >> text=Keyboard Renamed');
		await page.keyboard.press('Enter');
		await page.waitForURL(/\/customer\/\d+$/);
		await settled(page);
		assert.match(await page.innerText('h1'), /Keyboard Renamed/);
	});

	test('many rows at once are changed and deleted, and both undone', async () => {
		const made = [];
		for (const name of ['Bulk A', 'Bulk B', 'Bulk C']) made.push(await customer({ name, city: 'Bulktown', source: 'shop' }));
		await person.goto('/customer?city=eq.Bulktown');
		await page.waitForFunction(() => document.querySelectorAll('.grid-row').length === 3);
		await page.click('.grid-head .ant-checkbox-input');
		await page.waitForSelector('.bulk >> text=3 selected');
		await page.click('.bulk >> text=Change…');
		await page.click('.ant-modal .ant-select');
		await page.keyboard.type('Source');
		await page.keyboard.press('Enter');
		await choose(page, '.ant-modal .ant-select >> nth=1', 'Exhibition');
		await page.click('.ant-modal .ant-btn-primary');
		await message('Source changed in 3 records');
		assert.equal((await reload(made[0].id)).source, 'exhibition');
		await page.click('.ant-message .undo button');
		await message('Undone');
		assert.equal((await reload(made[0].id)).source, 'shop');

		await page.waitForSelector('.bulk >> text=3 selected');
		await page.click('.bulk >> text=Delete');
		await page.click('.ant-modal .ant-btn-primary >> text=Delete 3 records');
		await message('3 records deleted');
		assert.equal((await api(page, 'GET', `customer/${made[0].id}`)).status, 404);
		await page.click('.ant-message .undo button');
		await page.waitForFunction(() => document.querySelectorAll('.grid-row').length === 3);
		assert.equal((await reload(made[2].id)).name, 'Bulk C');
	});

	test('a view is saved, found as a tab, and deleted', async () => {
		await person.goto('/customer?city=eq.Bulktown&cols=name,city');
		await page.click('text=Save view');
		await page.fill('#view-name', 'My Bulktown');
		await page.click('.ant-modal .ant-btn-primary');
		await page.waitForSelector('.view.is-here >> text=My Bulktown');
		await person.goto('/customer');
		await page.click('.view-name >> text=My Bulktown');
		await page.waitForURL(/city=eq.Bulktown/);
		assert.equal(await page.locator('[role="columnheader"]', { hasText: 'City' }).count(), 1);
		await page.click('.view-menu');
		await page.click('text=Delete the view');
		await page.waitForSelector('.view-name >> text=My Bulktown', { state: 'detached' });
	});

	test('columns are hidden, shown, and moved by the keyboard', async () => {
		await person.goto('/customer');
		await page.click('[aria-label="Columns"]');
		await page.waitForSelector('.columns-panel');
		await page.click('.column-item >> text=Phone');
		await page.waitForSelector('[role="columnheader"] >> text=Phone', { state: 'detached' });
		await page.focus('.column-item .grip[aria-label="Move column Stage"]');
		await page.keyboard.press('Space');
		await page.waitForTimeout(150);
		await page.keyboard.press('ArrowDown');
		await page.waitForTimeout(250);
		await page.keyboard.press('Space');
		await page.waitForURL(/cols=name%2Clevel%2Cstage/);
		await page.click('text=Back to the usual columns');
		await page.waitForURL((url) => !url.search.includes('cols='));
	});

	test('a customer is created by form; errors stand beside their fields; a draft survives a reload', async () => {
		await person.goto('/customer/new');
		await page.click('.form-foot .ant-btn-primary');
		await page.waitForSelector('[data-field="name"] .problem');
		await page.fill('[data-field="name"] input', 'Formula Newcomer');
		await page.fill('[data-field="email"] input', 'not an address');
		await page.keyboard.press('Tab');
		await page.waitForSelector('[data-field="email"] .problem');
		assert.deepEqual(await axe(page), []);
		await page.waitForTimeout(500);
		await page.reload();
		await settled(page);
		await page.waitForSelector('text=Your draft was brought back');
		assert.equal(await page.inputValue('[data-field="name"] input'), 'Formula Newcomer');
		await page.fill('[data-field="email"] input', 'formula@example.com');
		await page.click('.form-foot .ant-btn-primary');
		await page.waitForURL(/\/customer\/\d+$/);
		await settled(page);
		assert.match(await page.innerText('h1'), /Formula Newcomer/);
		const id = page.url().split('/').pop();
		assert.equal((await reload(id)).email, 'formula@example.com');
		await person.goto('/customer/new');
		assert.equal(await page.inputValue('[data-field="name"] input'), '');
	});

	test('a fact is edited in place and undone', async () => {
		const made = await customer({ name: 'Facty', city: 'Oldtown' });
		await person.goto(`/customer/${made.id}`);
		await page.locator('.fact', { hasText: 'City' }).hover();
		await page.click('[aria-label="Edit City"]');
		await page.fill('.fact-editor input', 'Newtown');
		await page.keyboard.press('Enter');
		await message('Saved');
		assert.equal((await reload(made.id)).city, 'Newtown');
		await page.click('.ant-message .undo button');
		await message('Undone');
		assert.equal((await reload(made.id)).city, 'Oldtown');
		assert.match(await page.innerText('.record-facts'), /Oldtown/);
	});

	test('two people change one record: what can be merged is, the rest is asked', async () => {
		const made = await customer({ name: 'Conflicta', city: 'Basel', district: 'One' });
		await person.goto(`/customer/${made.id}`);
		// Different fields: merged without a question.
		await page.locator('.fact', { hasText: 'City' }).hover();
		await page.click('[aria-label="Edit City"]');
		await page.fill('.fact-editor input', 'Bern');
		await api(page, 'PATCH', `customer/${made.id}`, { district: 'Two' });
		await page.focus('.fact-editor input');
		await page.keyboard.press('Enter');
		await message('Saved');
		let now = await reload(made.id);
		assert.deepEqual([now.city, now.district], ['Bern', 'Two']);
		// The same field: both shown side by side.
		await settled(page);
		await page.locator('.fact', { hasText: 'City' }).hover();
		await page.click('[aria-label="Edit City"]');
		await page.fill('.fact-editor input', 'Mine');
		await api(page, 'PATCH', `customer/${made.id}`, { city: 'Theirs' });
		await page.focus('.fact-editor input');
		await page.keyboard.press('Enter');
		await page.waitForSelector('.conflict');
		const text = await page.innerText('.conflict');
		for (const word of ['Bern', 'Theirs', 'Mine']) assert.ok(text.includes(word), `${word} is not shown`);
		assert.deepEqual(await axe(page), []);
		await page.click('.conflict td:nth-child(4) input');
		await page.click('.ant-modal .ant-btn-primary');
		await page.waitForSelector('.conflict', { state: 'detached' });
		now = await reload(made.id);
		assert.equal(now.city, 'Mine');
	});

	test('a note, a call and a task; the task is done from the side; the stage moves', async () => {
		const made = await customer({ name: 'Timeliner' });
		await person.goto(`/customer/${made.id}`);
		await page.fill('.composer textarea', 'Likes plain colours.');
		await page.click('.composer button[type="submit"]');
		await page.waitForSelector('.stream >> text=Likes plain colours.');
		await page.click('.composer .ant-segmented-item >> text=Task');
		await page.fill('.composer textarea', 'Send samples\nthree of each');
		await page.keyboard.press('Control+Enter');
		await page.waitForSelector('.record-aside .work >> text=Send samples');
		if (!process.env.GUANXI_E2E_URL) await page.waitForFunction(() => /1\s*Open work|Open work\s*1/.test(document.querySelector('.figures')?.innerText ?? ''));
		await page.click('.record-aside .work .ant-checkbox-input');
		await message('Done');
		await page.waitForSelector('.record-aside >> text=All done');
		await page.click('.stages >> text=Loyal');
		await message('Stage: Loyal');
		assert.equal((await reload(made.id)).stage, 'loyal');
		await page.click('[role="tab"] >> text=History');
		await page.waitForSelector('.changes .diff >> text=Loyal');
		assert.deepEqual(await axe(page), []);
	});

	test('a file is uploaded, comes back as it was, and is deleted', async () => {
		const made = await customer({ name: 'Filer' });
		const path = join(folder, '合同 contract.txt');
		writeFileSync(path, 'agreed and signed\n');
		await person.goto(`/customer/${made.id}?tab=files`);
		await page.setInputFiles('.files input[type="file"]', path);
		await page.waitForSelector('.file-list >> text=合同 contract.txt');
		const [download] = await Promise.all([page.waitForEvent('download'), page.click('.file-list a')]);
		assert.equal(readFileSync(await download.path(), 'utf8'), 'agreed and signed\n');
		await page.click('.file-list button');
		await page.waitForSelector('text=No files yet');
		await page.click('.ant-message .undo button');
		await page.waitForSelector('.file-list >> text=合同 contract.txt');
	});

	test('an address is added to a customer and changed', async () => {
		const made = await customer({ name: 'Addressee' });
		await person.goto(`/customer/${made.id}?tab=addresses`);
		await page.click('text=New address');
		await page.fill('.ant-drawer [data-field="street"] input', '1 Example Street');
		await page.click('.ant-drawer .ant-btn-primary');
		await page.waitForSelector('.child-table >> text=1 Example Street');
		await page.click('.child-table [aria-label="Edit 1 Example Street"]');
		await page.fill('.ant-drawer [data-field="street"] input', '2 Example Street');
		assert.deepEqual(await axe(page), []);
		await page.click('.ant-drawer .ant-btn-primary');
		await page.waitForSelector('.child-table >> text=2 Example Street');
	});

	test('an order gets a line, and its sums follow', { skip: process.env.GUANXI_E2E_URL ? 'the mock keeps no sums' : false }, async () => {
		const made = await customer({ name: 'Orderer' });
		const { body } = await api(page, 'POST', 'order', { customer_id: made.id, number: `E2E-${made.id}`, state: 'placed' });
		const order = Array.isArray(body) ? body[0] : body;
		await person.goto(`/order/${order.id}`);
		await page.click('text=New order line');
		await page.fill('.ant-drawer [data-field="name"] input', 'Teapot');
		await page.fill('.ant-drawer [data-field="quantity"] input', '2');
		await page.fill('.ant-drawer [data-field="unit_price"] input', '12.50');
		await page.click('.ant-drawer .ant-btn-primary');
		await page.waitForSelector('.child-table >> text=Teapot');
		await page.waitForFunction(() => /25\.00/.test(document.querySelector('.sums .is-total')?.textContent ?? ''));
		await page.waitForFunction(() => /25\.00/.test(document.querySelector('.figures')?.textContent ?? ''));
	});

	test('another’s change appears without a reload', async () => {
		const made = await customer({ name: 'Liveling', city: 'Livetown' });
		await person.goto('/customer?city=eq.Livetown');
		await page.waitForSelector('.live-live');
		await page.waitForSelector('.grid-row >> text=Liveling');
		const other = await visitor(browser, shop, { language: 'en', state });
		await other.goto('/account');
		await api(other.page, 'PATCH', `customer/${made.id}`, { name: 'Liveling Changed' });
		await page.waitForSelector('.grid-row >> text=Liveling Changed', { timeout: 8000 });
		await api(other.page, 'POST', 'customer', { name: 'Liveling Born', city: 'Livetown' });
		await page.waitForSelector('text=1 new', { timeout: 8000 });
		await page.click('text=1 new');
		await page.waitForSelector('.grid-row >> text=Liveling Born');
		await other.context.close();
	});

	test('an export says how many and comes as a file', async () => {
		await person.goto('/customer?city=eq.Bulktown');
		await page.click('[aria-label="More actions"]');
		await page.click('.ant-dropdown >> text=Export…');
		await page.waitForSelector('.ant-modal >> text=Export 3 rows');
		assert.deepEqual(await axe(page), []);
		if (process.env.GUANXI_E2E_URL) return;
		const [download] = await Promise.all([page.waitForEvent('download'), page.click('.ant-modal .ant-btn-primary')]);
		const text = readFileSync(await download.path(), 'utf8');
		assert.equal(text.charCodeAt(0), 0xfeff);
		assert.equal(text.trim().split('\n').length, 4);
		assert.match(text, /Bulk A/);
	});

	test('an import is put right where it is checked: words, cells, what may stay empty; then exactly its records', async () => {
		await person.goto('/import/new?entity=customer');
		const [download] = await Promise.all([page.waitForEvent('download'), page.click('.import-template button:has-text("CSV")')]);
		assert.match(readFileSync(await download.path(), 'utf8'), /^\ufeffName,[^\n]*Stage/);
		const path = join(folder, 'repair.csv');
		writeFileSync(path, 'name,email,sex,city,birthday\nRepair One,one.repair@example.com,chap,Repairton,03/04/1985\nRepair Two,not-an-address,lass,Repairton,\n,three.repair@example.com,chap,Repairton,01/02/1990\n');
		await page.setInputFiles('input[type=file]', path);
		await page.waitForURL(/\/import\/\d+/);
		await settled(page);
		const target = async (column, field) => {
			await page.click(`[aria-label="Column ${column} goes to"]`);
			await page.keyboard.type(`Customer · ${field}`);
			await page.keyboard.press('Enter');
		};
		// a value for all rows goes with its field: a column takes its place, or it is taken away by hand
		await target('name', 'City');
		await page.click('.map-defaults input[aria-label="Customer · Name"]');
		await page.keyboard.type('Everybody');
		await page.keyboard.press('Enter');
		await page.waitForSelector('.map-defaults >> text=These values go into every row');
		await target('name', 'Name');
		await page.waitForSelector('.map-defaults >> text=rows whose cell is empty');
		await page.click('[aria-label="Take away the value for Customer · Name"]');
		await page.waitForSelector('.map-defaults', { state: 'detached' });
		await target('sex', 'Gender');
		await page.click('text=Create all as new');
		await page.click('.form-foot .ant-btn-primary:has-text("Check")');
		await page.waitForSelector('.troubles');
		assert.match(await page.innerText('.figures'), /3\s*Result: error/);
		for (const [word, option] of [['chap', 'Male'], ['lass', 'leave empty']]) await choose(page, `[aria-label="“${word}” means, for Gender"]`, option);
		await choose(page, '[aria-label="Dates"]', 'Day, month, year');
		await page.click('.troubles li:has-text("E-mail") .ant-checkbox-wrapper');
		await page.fill('[aria-label="name, row 4"]', 'Repair Three');
		if (process.env.GUANXI_E2E_SHOTS) await page.screenshot({ path: new URL('./shots/import-check.png', import.meta.url).pathname, fullPage: true });
		assert.deepEqual(await axe(page), []);
		await page.click('text=Check again');
		await page.waitForSelector('text=The first 3 rows are fine.');
		assert.match(await page.innerText('.preview tbody'), /left empty/);
		await page.click('text=Start the import');
		await page.waitForSelector('text=Done', { timeout: 20_000 });
		await page.waitForSelector('.child-table >> text=Value left out');
		await customer({ name: 'Repair Not', city: 'Repairton' });
		await page.click('text=See the records');
		await settled(page);
		await page.waitForSelector('.chip >> text=From the import repair.csv');
		await page.waitForSelector('text=Repair Three');
		assert.match(await page.innerText('.list-count'), /^3 /);
		assert.equal(await page.locator('text=Repair Not').count(), 0);
		const { body } = await api(page, 'GET', 'customer?city=eq.Repairton&select=name,gender,email,birthday&order=id');
		assert.deepEqual(body.map((c) => [c.name, c.gender, c.email, c.birthday]), [['Repair One', 'male', 'one.repair@example.com', '1985-04-03'], ['Repair Two', null, null, null], ['Repair Three', 'male', 'three.repair@example.com', '1990-02-01'], ['Repair Not', null, null, null]]);
	});

	test('a file is imported: columns guessed, errors in their cells, run, result, undo', async () => {
		const path = join(folder, 'newcomers.csv');
		writeFileSync(path, 'name,email,city,remark\nImport Anna,anna.import@example.com,Importville,x\n,nobody@example.com,Importville,y\nImport Carl,not-an-address,Importville,z\nImport Dora,dora.import@example.com,Importville,\n');
		await person.goto('/import/new?entity=customer');
		await page.setInputFiles('input[type="file"]', path);
		await page.waitForURL(/\/import\/\d+/);
		await page.waitForSelector('.preview');
		await settled(page);
		assert.match(await page.innerText('.preview'), /Customer · Name/);
		assert.deepEqual(await axe(page), []);
		await page.click('.ant-radio-wrapper >> text=Create all as new');
		await page.click('.map-step .ant-btn-primary');
		await page.waitForSelector('.check-step .preview');
		assert.ok((await page.locator('.cell-problem').count()) >= 1, 'no error is marked');
		assert.deepEqual(await axe(page), []);
		await page.click('text=Start the import');
		await page.waitForSelector('.run-state >> text=Done', { timeout: 20_000 });
		assert.deepEqual(await axe(page), []);
		const made = await api(page, 'GET', 'customer?select=name&city=eq.Importville&order=name.asc');
		assert.deepEqual(made.body.map((c) => c.name), ['Import Anna', 'Import Dora']);
		await page.click('text=Undo import');
		await page.fill('.ant-modal input', 'undo');
		await page.click('.ant-modal .ant-btn-dangerous');
		await page.waitForSelector('.run-state >> text=Undone', { timeout: 20_000 });
		assert.deepEqual((await api(page, 'GET', 'customer?select=name&city=eq.Importville')).body, []);
	});

	test('a role is made, given to a new user, and the rights page says why', async () => {
		const name = `Watchers ${Date.now()}`;
		await person.goto('/role/new');
		await page.fill('main input >> nth=0', name);
		await page.selectOption('select[aria-label="Customers: See"]', 'all');
		await page.click('.form-foot .ant-btn-primary');
		await page.waitForURL(/\/role\/\d+$/);
		await settled(page);
		const role = page.url().split('/').pop();
		const { body } = await api(page, 'GET', `role/${role}`);
		const rights = typeof body.rights === 'string' ? JSON.parse(body.rights) : body.rights;
		assert.deepEqual(rights, { customer: { read: 'all' } });

		const email = `watcher${Date.now()}@example.com`;
		await person.goto('/user/new');
		await page.fill('[data-field="name"] input', 'Wanda Watcher');
		await page.fill('[data-field="email"] input', email);
		await choose(page, '[data-field="roles"] .ant-select', name, { typed: name.slice(0, 12) });
		await page.keyboard.press('Escape');
		await page.click('.form-foot .ant-btn-primary');
		await page.waitForURL(/\/user\/\d+$/);
		await settled(page);
		await page.click('text=Effective rights');
		await page.waitForURL(/\/rights$/);
		await settled(page);
		const line = page.locator('tr', { has: page.locator('th', { hasText: /^Customers$/ }) });
		assert.match(await line.innerText(), new RegExp(`All\\s+${name}`));

		await page.goBack();
		await settled(page);
		await page.click('text=Make a password');
		await page.click('.ant-modal >> text=Make a new one');
		const password = await page.innerText('.once code');
		assert.ok(password.length >= 12);
		await page.click('text=I have passed it on');
		if (process.env.GUANXI_E2E_URL) return;

		// The newcomer sees customers, and no settings of the house.
		const context = await browser.newContext({ viewport: DESKTOP, locale: 'en-GB' });
		const theirs = await context.newPage();
		await theirs.goto(`${shop.url}/customer`);
		await theirs.fill('input[name="email"]', email);
		await theirs.fill('input[name="password"]', password);
		await theirs.click('button[type="submit"]');
		// A password made by somebody else is changed first.
		await theirs.waitForSelector('text=Choose a password of your own');
		assert.deepEqual(await axe(theirs), []);
		const own = 'a lamp beside the quiet river';
		await theirs.fill('input[autocomplete="current-password"]', password);
		await theirs.fill('input[autocomplete="new-password"] >> nth=0', own);
		await theirs.fill('input[autocomplete="new-password"] >> nth=1', own);
		await theirs.click('button[type="submit"]');
		await theirs.waitForSelector('.grid-row');
		assert.equal(await theirs.locator('.top >> text=New').count(), 0);
		await theirs.goto(`${shop.url}/settings/audit`);
		await theirs.waitForSelector('text=You don’t have the right to see this');
		assert.deepEqual(await axe(theirs), []);
		await context.close();

		// One who has a password is given another; their tokens stay if that is said.
		await person.goto(new URL(page.url()).pathname);
		await page.click('text=Reset password');
		await page.check('.ant-modal >> text=Keep their API tokens');
		assert.deepEqual(await axe(page), []);
		await page.click('.ant-modal >> text=Make a new one');
		await page.waitForSelector('.once code');
		const kept = await api(page, 'GET', `audit?action=login&record_id=${/\/user\/(\d+)/.exec(page.url())[1]}`);
		assert.ok(kept.body.rows.some((r) => JSON.stringify(r.diff).includes('password_reset') && r.diff.tokens_kept), JSON.stringify(kept.body.rows));
		await page.click('text=I have passed it on');
	});

	test('masked values stay masked, everywhere', { skip: process.env.GUANXI_E2E_URL ? 'the mock masks nothing' : false }, async () => {
		const stamp = Date.now();
		const role = (await api(page, 'POST', 'role', { name: `Masked ${stamp}`, rights: { customer: { read: 'all', update: 'all', export: 'all', fields: { phone: 'masked', email: 'hidden' } } } })).body;
		const roleId = (Array.isArray(role) ? role[0] : role).id;
		const email = `masked${stamp}@example.com`;
		const user = (await api(page, 'POST', 'user', { name: 'Mona Masked', email, roles: [roleId], locale: 'en' })).body;
		const userId = (Array.isArray(user) ? user[0] : user).id;
		const { body: { password } } = await api(page, 'POST', `user/${userId}/password`, {});
		const made = await customer({ name: 'Secretive Sam', phone: '+8613912345678', email: 'secretive@example.com', city: 'Masktown' });

		const context = await browser.newContext({ viewport: DESKTOP, locale: 'en-GB' });
		const theirs = await context.newPage();
		await theirs.goto(`${shop.url}/customer?city=eq.Masktown`);
		await theirs.fill('input[name="email"]', email);
		await theirs.fill('input[name="password"]', password);
		await theirs.click('button[type="submit"]');
		await theirs.waitForSelector('text=Choose a password of your own');
		await theirs.fill('input[autocomplete="current-password"]', password);
		const own = 'behind seven tall mountains';
		await theirs.fill('input[autocomplete="new-password"] >> nth=0', own);
		await theirs.fill('input[autocomplete="new-password"] >> nth=1', own);
		await theirs.click('button[type="submit"]');
		await theirs.waitForSelector('.grid-row');
		assert.ok(!(await theirs.content()).includes('3912345'), 'the phone number is in the page');
		assert.equal(await theirs.locator('.grid-row .masked').count(), 1);
		// What is masked can't be asked for: the answer would tell.
		await theirs.click('.chips >> text=Filter');
		await theirs.keyboard.type('Phone');
		await theirs.waitForTimeout(300);
		assert.equal(await theirs.locator('.ant-select-item-option', { hasText: /^Phone$/ }).count(), 0);
		await theirs.goto(`${shop.url}/customer/${made.id}`);
		await settled(theirs);
		const text = await theirs.innerText('main');
		assert.ok(!text.includes('3912345') && !text.includes('secretive@'), 'a protected value is shown');
		assert.equal(await theirs.locator('[aria-label="Edit Phone"]').count(), 0);
		await theirs.goto(`${shop.url}/customer`);
		await settled(theirs);
		await theirs.click('[aria-label="More actions"]');
		await theirs.click('.ant-dropdown >> text=Export…');
		await theirs.waitForSelector('text=Masked: Phone.');
		await context.close();
	});

	test('a second factor: set up by its secret, asked for at the door, switched off', { skip: process.env.GUANXI_E2E_URL ? 'the mock knows one code' : false }, async () => {
		const email = `factor${Date.now()}@example.com`;
		const user = (await api(page, 'POST', 'user', { name: 'Fanny Factor', email, locale: 'en' })).body;
		await api(page, 'POST', `user/${(Array.isArray(user) ? user[0] : user).id}/password`, { password: 'first words of a song' });
		const context = await browser.newContext({ viewport: DESKTOP, locale: 'en-GB' });
		const theirs = await context.newPage();
		const enter = async (password) => {
			await theirs.fill('input[name="email"]', email);
			await theirs.fill('input[name="password"]', password);
			await theirs.click('button[type="submit"]');
		};
		await theirs.goto(`${shop.url}/account?tab=factor`);
		await enter('first words of a song');
		await theirs.waitForSelector('text=Choose a password of your own');
		await theirs.fill('input[autocomplete="current-password"]', 'first words of a song');
		const own = 'second line of the same song';
		await theirs.fill('input[autocomplete="new-password"] >> nth=0', own);
		await theirs.fill('input[autocomplete="new-password"] >> nth=1', own);
		await theirs.click('button[type="submit"]');
		await theirs.click('text=Set up');
		await theirs.waitForSelector('.qr svg');
		assert.deepEqual(await axe(theirs), []);
		await theirs.fill('input[autocomplete="one-time-code"]', totp(await theirs.innerText('.once code')));
		await theirs.click('text=Switch on');
		await theirs.waitForSelector('text=The second factor is on');
		const codes = (await theirs.innerText('.once code')).split(/\s+/);
		assert.ok(codes.length >= 8);
		await theirs.click('text=I have kept them');
		await theirs.click('.me');
		await theirs.click('text=Sign out');
		await theirs.waitForSelector('.sign-in');
		await enter(own);
		await theirs.waitForSelector('input[autocomplete="one-time-code"]');
		assert.deepEqual(await axe(theirs), []);
		await theirs.fill('input[autocomplete="one-time-code"]', codes[0]);
		await theirs.click('button[type="submit"]');
		await theirs.waitForSelector('.shell');
		await theirs.goto(`${shop.url}/account?tab=factor`);
		await settled(theirs);
		await theirs.click('text=Switch off');
		await theirs.fill('input[autocomplete="current-password"]', own);
		await theirs.fill('input[autocomplete="one-time-code"]', codes[1]);
		await theirs.click('button[type="submit"]');
		await theirs.waitForSelector('text=Set up');
		await context.close();
	});

	test('a leaving colleague’s work is handed over in one step', async () => {
		const stamp = Date.now();
		const make = async (name) => {
			const { body } = await api(page, 'POST', 'user', { name, email: `${name.toLowerCase()}${stamp}@example.com` });
			return Array.isArray(body) ? body[0] : body;
		};
		const leaver = await make('Leavinia');
		const follower = await make('Followina');
		const owned = await customer({ name: 'Left Behind', owner_id: leaver.id });
		await person.goto(`/user/${leaver.id}`);
		await page.click('text=Hand over');
		await page.click('.ant-modal .ant-select >> nth=0');
		await page.keyboard.type('Followina');
		await page.keyboard.press('Enter');
		await page.waitForSelector('.ant-modal .plain-table >> text=Followina');
		assert.deepEqual(await axe(page), []);
		await page.click('.ant-modal .ant-btn-primary >> text=Hand over 1 record');
		await page.waitForSelector('text=1 record handed over');
		assert.equal((await reload(owned.id)).owner_id, follower.id);
	});

	test('a team is put below another', async () => {
		await person.goto('/settings/organisation');
		const name = `Team ${Date.now()}`;
		await page.click('text=New team');
		await page.fill('.ant-drawer [data-field="name"] input', name);
		await page.click('.ant-drawer .ant-btn-primary');
		await page.waitForSelector(`.tree-line >> text=${name}`);
		await page.click(`[aria-label="Add below ${name}"]`);
		await page.fill('.ant-drawer [data-field="name"] input', `${name} below`);
		await page.click('.ant-drawer .ant-btn-primary');
		await page.waitForSelector(`.tree .tree-line >> text=${name} below`);
	});

	test('a calendar is begun; a day is changed by the keyboard alone; a file brings others', async () => {
		await person.goto('/settings/calendars?year=2026');
		await page.click('text=New business calendar');
		await page.fill('.ant-drawer [data-field="name"] input', 'Front desk');
		await page.fill('.ant-drawer [data-field="sat"] input', 'mornings');
		await page.click('.ant-drawer .ant-btn-primary');
		await page.waitForSelector('.ant-drawer >> text=Write hours such as');
		await page.fill('.ant-drawer [data-field="sat"] input', '9:00–12:00');
		await page.click('.ant-drawer .ant-btn-primary');
		await page.waitForSelector('.cal-week >> text=09:00–12:00');
		// 313: 261 weekdays and 52 Saturdays of 2026
		await page.waitForSelector('text=313 workdays');
		await page.focus('.cal-day[tabindex="0"]');
		const from = new Date(`${await page.getAttribute('.cal-day[tabindex="0"]', 'data-date')}T00:00:00Z`);
		for (let i = 0; i < 8; i++) await page.keyboard.press('ArrowLeft');
		for (let i = 0; i < 2; i++) await page.keyboard.press('ArrowDown');
		const day = new Date(from.getTime() + 6 * 86_400_000).toISOString().slice(0, 10);
		assert.equal(await page.evaluate(() => document.activeElement.dataset.date), day);
		await page.keyboard.press('Enter');
		await page.waitForSelector('.ant-modal .cal-kinds');
		await page.focus('.cal-kinds input[value="holiday"]');
		await page.keyboard.press('Space');
		await page.fill('.ant-modal .form-field input >> nth=0', 'Stocktaking');
		await page.keyboard.press('Enter');
		await page.waitForSelector(`.cal-day.is-holiday.is-own[data-date="${day}"]`);
		assert.match(await page.getAttribute(`[data-date="${day}"]`, 'aria-label'), /Day off, Stocktaking$/);
		const file = join(folder, 'days.ics');
		const event = (date, name) => `BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:${date}\r\nSUMMARY:${name}\r\nEND:VEVENT\r\n`;
		writeFileSync(file, `BEGIN:VCALENDAR\r\n${event('20260104', '元旦 补班')}${event('20260105', '元旦 休')}END:VCALENDAR\r\n`);
		await page.setInputFiles('input[type="file"][accept*=".ics"]', file);
		await page.waitForSelector('text=2 days added');
		await page.waitForSelector('.cal-day.is-workday[data-date="2026-01-04"]');
		await page.waitForSelector('.cal-day.is-holiday.is-closed[data-date="2026-01-05"]');
		assert.deepEqual(await axe(page), []);
	});

	test('language, theme and density change at once and stay', async () => {
		await person.goto('/');
		await page.click('.me');
		await page.click('.ant-dropdown-menu-item >> text=繁體中文');
		await page.waitForFunction(() => document.documentElement.lang === 'zh-Hant');
		await page.waitForSelector('.side >> text=首頁');
		await page.reload();
		await settled(page);
		assert.equal(await page.evaluate(() => document.documentElement.lang), 'zh-Hant');
		await api(page, 'PATCH', 'account', { locale: 'en' });
		await page.reload();
		await settled(page);
		await page.click('.me');
		await page.click('.ant-dropdown-menu-item >> text=Dark');
		await page.waitForFunction(() => document.documentElement.dataset.theme === 'dark');
		await api(page, 'PATCH', 'account', { theme: 'light' });
	});

	test('a session that ended asks again, and nothing typed is lost', async () => {
		const other = await visitor(browser, shop, { language: 'en' });
		await other.goto('/customer/new');
		await other.page.fill('[data-field="name"] input', 'Kept Through');
		await other.context.clearCookies();
		await other.page.click('.form-foot .ant-btn-primary');
		await other.page.waitForSelector('text=Please sign in again');
		assert.deepEqual(await axe(other.page), []);
		await other.page.fill('.ant-modal input[name="password"]', shop.password);
		await other.page.click('.ant-modal button[type="submit"]');
		await other.page.waitForSelector('text=Please sign in again', { state: 'detached' });
		assert.equal(await other.page.inputValue('[data-field="name"] input'), 'Kept Through');
		await other.page.click('.form-foot .ant-btn-primary');
		await other.page.waitForURL(/\/customer\/\d+$/);
		await other.context.close();
	});

	test('signing out shows the sign-in page and ends the session', async () => {
		const other = await visitor(browser, shop, { language: 'en' });
		await other.goto('/');
		await other.page.click('.me');
		await other.page.click('text=Sign out');
		await other.page.waitForSelector('.sign-in');
		assert.equal(await other.page.evaluate(async () => (await fetch('/api/v1/session')).status), 401);
		await other.context.close();
	});

	test('on a phone: bottom bar, cards, tabs, and the same work', async () => {
		const other = await visitor(browser, shop, { size: PHONE, language: 'en', state });
		await other.goto('/');
		await other.page.tap('.bottom >> text=Customers');
		await other.page.waitForSelector('.card');
		await other.page.tap('.card >> nth=0');
		await other.page.waitForURL(/\/customer\/\d+$/);
		await settled(other.page);
		await other.page.fill('.composer textarea', 'Written on the way.');
		await other.page.tap('.composer button[type="submit"]');
		await other.page.waitForSelector('.stream >> text=Written on the way.');
		await other.context.close();
	});

	test('nothing was complained about along the way', () => {
		// Refused sign-ins and conflicts are answers, not faults of the page.
		assert.deepEqual(person.problems.filter((p) => !/status of (404|409|412|422)/.test(p)), []);
	});

});
