// The first hour of a firm, from an empty data folder: what it is, who works there, what everybody sees.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { api, axe, cannot, choose, DESKTOP, PHONE, settled, signIn, startBrowser, startShop, visitor } from './lib.mjs';

const reason = cannot();

describe('first hour', { skip: reason }, () => {
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

	/** What the list of first steps says: key words and whether they are ticked. */
	const ticked = () => page.locator('.setup li').evaluateAll((list) => list.map((li) => li.querySelector('.is-done') !== null));

	test('the first steps stand on Home until they are put away', async () => {
		await page.waitForSelector('.setup');
		assert.deepEqual(await ticked(), [false, false, false, false, false]);
		assert.match(await page.locator('.setup').innerText(), /0 of 5 done[\s\S]*guanxi backup/);
		assert.deepEqual(await axe(page), []);
		await page.getByRole('link', { name: 'Bring in your customers' }).click();
		await page.waitForURL(/\/import\/new/);
	});

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
		await choose(page, page.getByRole('combobox', { name: 'The week begins on' }), 'Sunday', { typed: 'Sun' });
		await page.getByRole('button', { name: 'Save' }).click();
		await page.waitForFunction(() => document.querySelector('.settings-form .form-foot button').disabled);
		await settled(page);
		assert.equal((await api(page, 'GET', 'meta')).body.week_start, 'sunday');
		assert.deepEqual(person.problems.filter((p) => !/422/.test(p)), []);
	});

	test('thirty people are invited in few steps, and choose their passwords on a phone', async () => {
		const team = (await api(page, 'POST', 'team', { name: 'Inside' })).body[0];
		let steps = 0;
		const step = async (act) => {
			steps++;
			return act();
		};
		await person.walk('/');
		await step(() => page.getByRole('link', { name: 'Settings' }).click());
		await step(() => page.getByRole('link', { name: /Invite people/ }).first().click());
		const lines = Array.from({ length: 30 }, (_, n) => `Person ${n + 1}\tp${n + 1}@example.com\t${n % 3 ? 'Sales' : ''}\t${n % 2 ? 'Inside' : ''}`);
		const box = page.getByLabel('Names and e-mail addresses, one person a line');
		await step(() => box.fill([...lines, 'Nobody\tnobody@example.com\tChef'].join('\n')));
		await page.waitForSelector('text=No role, team or branch is called: Chef.');
		assert.equal(await page.getByRole('button', { name: /^Invite 31/ }).isEnabled(), false, 'what is wrong is said before anything is sent');
		await box.fill(lines.join('\n'));
		await step(() => step(() => choose(page, page.getByRole('combobox', { name: 'Role of all without one' }), /Service/)));
		assert.match(await page.locator('.invite-role').innerText(), /See: all records[\s\S]*Export: Cases[\s\S]*May not: import/);
		assert.deepEqual(await axe(page), []);
		await step(() => page.getByRole('button', { name: 'Invite 30 people' }).click());
		await page.waitForSelector('text=30 people invited');
		const [file] = await step(() => Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download as CSV' }).click()]));
		const sheet = readFileSync(await file.path(), 'utf8').trim().split('\r\n');
		assert.equal(sheet.length, 31);
		assert.ok(steps <= 8, `${steps} steps`);
		const people = (await api(page, 'GET', 'user?email=like.p*@example.com&select=name,team_id,roles(key)&order=id')).body;
		assert.equal(people.length, 30);
		assert.deepEqual([people[0].roles[0].key, people[1].roles[0].key, people[1].team_id], ['service', 'sales', team.id]);
		assert.deepEqual(await axe(page), []);

		// the same addresses once more: told beside each, nobody made
		await page.getByRole('button', { name: 'Done' }).click();
		await box.fill('Person 1\tp1@example.com\nNew one\tnew@example.com');
		await page.getByRole('button', { name: 'Invite 2 people' }).click();
		await page.waitForSelector('td .problem');
		assert.equal(await page.locator('td .problem').count(), 1);
		assert.equal((await api(page, 'GET', 'user?email=eq.new@example.com')).body.length, 0);

		// on a phone, in Chinese, with nobody signed in
		const link = /https?:\S+#[\w-]+/.exec(sheet[1])[0];
		const context = await browser.newContext({ viewport: PHONE, locale: 'zh-CN', isMobile: true, hasTouch: true });
		const phone = await context.newPage();
		await phone.addInitScript(() => localStorage.setItem('guanxi.locale', 'zh-Hant'));
		await phone.goto(link);
		await phone.waitForSelector('input[name="password"]');
		assert.match(await phone.locator('main').innerText(), /Person 1/);
		assert.equal(await phone.locator('h1').innerText(), 'Hangzhou Tea');
		await choose(phone, 'footer .ant-select', '简体中文');
		await phone.waitForSelector('main >> text=欢迎加入');
		assert.deepEqual(await axe(phone), []);
		await phone.fill('input[name="password"]', 'password1');
		await phone.fill('input[name="again"]', 'password1');
		await phone.click('button[type="submit"]');
		await phone.waitForSelector('.problem >> text=过于常见');
		await phone.fill('input[name="password"]', 'green tea at nine');
		await phone.fill('input[name="again"]', 'green tea at nine');
		await phone.click('button[type="submit"]');
		await phone.waitForSelector('.shell');
		assert.equal(new URL(phone.url()).pathname, '/');
		assert.equal(await phone.evaluate(() => document.documentElement.lang), 'zh-Hans');
		// the link is used up, and says so to whoever opens it again
		await phone.goto(`${shop.url}/account`);
		await phone.goto(link);
		await phone.waitForSelector('main >> text=该链接已失效');
		await phone.getByRole('button', { name: '登录' }).click();
		await phone.waitForSelector('.shell');
		await context.close();
		const opened = (await api(page, 'GET', 'invitations')).body.rows;
		assert.equal(opened.length, 29);

		// a new link, and one taken back
		await person.walk('/settings/invite');
		await page.getByRole('button', { name: 'New link for Person 2', exact: true }).click();
		await page.waitForSelector('.invite-link');
		assert.ok(!sheet[2].includes(await page.locator('.invite-link').innerText()));
		await page.getByRole('button', { name: 'Take back the invitation of Person 3', exact: true }).click();
		await page.getByRole('link', { name: 'Person 3', exact: true }).waitFor({ state: 'detached' });
		assert.equal((await api(page, 'GET', 'invitations')).body.rows.length, 28);
	});

	test('a role that does not fit is copied and changed', async () => {
		const sales = (await api(page, 'GET', 'role?key=eq.sales')).body[0];
		await person.walk(`/role/${sales.id}`);
		assert.match(await page.locator('.role-words').innerText(), /See: the team’s/);
		await page.getByRole('link', { name: 'Copy this role and change the copy' }).click();
		await page.getByRole('heading', { name: 'Copy of the role Sales' }).waitFor();
		await page.getByLabel('Customers: Export', { exact: true }).selectOption('own');
		await page.getByRole('button', { name: 'Save', exact: true }).click();
		await page.waitForFunction(() => /^\/role\/\d+$/.test(location.pathname));
		const copy = (await api(page, 'GET', 'role?name=eq.Sales 2')).body[0];
		assert.equal(copy.rights.customer?.export ?? JSON.parse(copy.rights).customer.export, 'own');
		assert.deepEqual((await api(page, 'GET', `role/${sales.id}`)).body.rights, sales.rights);
		assert.deepEqual(person.problems.filter((p) => !/422|409/.test(p)), []);
	});

	test('the first steps have ticked themselves, and go when they are done with', async () => {
		await api(page, 'POST', 'customer', { name: '林茶', kind: 'person' });
		await person.goto('/');
		await page.waitForSelector('.setup');
		assert.deepEqual(await ticked(), [true, true, true, false, false]);
		assert.match(await page.locator('.setup').innerText(), /Hangzhou Tea · CNY · Asia\/Taipei[\s\S]*31 people/);
		await page.getByRole('button', { name: 'Put this list away' }).click();
		await page.locator('.setup').waitFor({ state: 'detached' });
		await person.goto('/');
		assert.equal(await page.locator('.setup').count(), 0);
		// who may not change settings never had it
		const context = await browser.newContext({ viewport: PHONE });
		const other = await context.newPage();
		await api(page, 'PATCH', 'settings', { values: { 'firm.setup_done': null } });
		await signIn(other, shop, { email: 'p1@example.com', password: 'green tea at nine' });
		await settled(other);
		assert.equal(await other.locator('.setup').count(), 0);
		await context.close();
	});

	test('filters: one of several is enough; kept in the address, in views, in bulk acts and exports', async () => {
		for (const [name, city] of [['Or One', '杭州, 西湖'], ['Or Two', 'Berlin'], ['Or Three', 'Berlin'], ['Or Four', 'Rome']])
			await api(page, 'POST', 'customer', { name, city, kind: 'person' });
		await person.walk('/customer?cols=name,city,tags');
		const condition = async (field, typed) => {
			await choose(page, page.getByRole('combobox', { name: 'Field' }).last(), field, { typed: field });
			await page.locator('.filter-editor input[type="text"]:visible, .filter-editor input:not([type]):visible').last().fill(typed);
		};
		await page.getByRole('button', { name: /Filter$/ }).click();
		await condition('City', '杭州, ');
		await page.getByRole('button', { name: 'Apply, or something else…' }).click();
		await condition('Name', 'Or Two');
		await page.getByRole('button', { name: 'Apply', exact: true }).click();
		await page.waitForFunction(() => document.querySelectorAll('.grid-body .grid-row').length === 2);
		assert.match((await page.locator('.chip-any').innerText()).replace(/\s+/g, ' '), /City contains 杭州, or Name contains Or Two or$/);
		assert.deepEqual(await axe(page), []);
		// the address says it all
		const address = new URL(page.url());
		assert.equal(address.searchParams.get('or'), '(city.ilike."*杭州, *",name.ilike."*Or Two*")');
		await person.goto(address.pathname + address.search);
		await page.waitForFunction(() => document.querySelectorAll('.grid-body .grid-row').length === 2);
		// all that match, by the same words: a tag is added to both in four steps
		const tag = (await api(page, 'POST', 'tag', { name: 'Tea friends' })).body[0];
		await page.getByRole('checkbox', { name: 'Select all loaded rows' }).click();
		await page.getByRole('button', { name: 'Tag…' }).click();
		await page.locator('.ant-modal input[type="search"]:visible, .ant-modal .ant-select input:visible').last().fill('Tea friends');
		const found = page.locator('.ant-select-dropdown:visible .ant-select-item-option').filter({ hasText: /^Tea friends$/ });
		await found.waitFor();
		await page.locator('.ant-select-dropdown:visible .ant-select-item-option', { hasText: 'Create' }).waitFor({ state: 'detached' });
		await found.click();
		await page.getByRole('button', { name: /^Change 2 records/ }).click();
		await page.waitForSelector('text=Tags changed in 2 records');
		const tagged = (await api(page, 'GET', `customer?tags=ov.{${tag.id}}&select=name&order=name`)).body.map((c) => c.name);
		assert.deepEqual(tagged, ['Or One', 'Or Two']);
		// the server's own "all that match", and the export
		const filter = `or=${encodeURIComponent(address.searchParams.get('or'))}`;
		assert.equal((await api(page, 'POST', 'bulk', { kind: 'change', entity: 'customer', filter, preview: true })).body.total, 2);
		const file = await page.evaluate(async (query) => (await fetch(`/api/v1/customer/export?format=csv&select=name&${query}`)).text(), filter);
		assert.deepEqual(file.trim().split(/\r?\n/).slice(1).sort(), ['Or One', 'Or Two']);
		// the view is shared with everybody: a colleague finds it apart, and cannot change it
		await page.getByRole('button', { name: 'Save view' }).click();
		await page.getByLabel('Name', { exact: true }).fill('Tea or two');
		await choose(page, page.getByRole('combobox', { name: 'Who sees it' }), /Everybody/);
		await page.getByRole('button', { name: 'Save', exact: true }).click();
		await page.locator('.view-name', { hasText: 'Tea or two' }).waitFor();
		const context = await browser.newContext({ viewport: DESKTOP });
		const other = await context.newPage();
		await signIn(other, shop, { email: 'p1@example.com', password: 'green tea at nine' });
		await api(other, 'PATCH', 'account', { locale: 'en' });
		await other.goto(`${shop.url}/customer`);
		await other.locator('.view.is-apart', { hasText: 'Tea or two' }).getByRole('button').click();
		await other.waitForFunction(() => document.querySelectorAll('.grid-body .grid-row').length === 2);
		await other.getByRole('button', { name: 'Options of view Tea or two' }).click();
		assert.equal(await other.getByRole('menuitem', { name: 'Delete the view' }).getAttribute('aria-disabled'), 'true');
		await context.close();
		// one of them taken away: what is left is a plain filter
		await page.getByRole('button', { name: 'Remove filter: Name' }).click();
		await page.waitForFunction(() => document.querySelectorAll('.grid-body .grid-row').length === 1);
		assert.equal(await page.locator('.chip-any').count(), 0);
		assert.equal(new URL(page.url()).searchParams.get('city'), 'ilike.*杭州, *');
	});
});
