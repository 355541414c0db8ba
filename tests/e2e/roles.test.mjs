// Every role that ships is walked through its day: what it is offered opens and works, what it may not do is not offered.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { api, axe, cannot, changeFirst, choose, overflow, PHONE, settled, shot, startBrowser, startShop, visitor } from './lib.mjs';

const reason = cannot();
const ROLES = ['administrator', 'manager', 'sales', 'service', 'marketing', 'analyst', 'read_only', 'auditor'];
const PASSWORD = 'walk through the day 1';

describe('roles', { skip: reason }, () => {
	let shop, browser, admin, page, team;
	const people = {};

	const post = async (path, body) => {
		const answer = await api(page, 'POST', path, body);
		assert.ok(answer.status < 300, `${path}: ${JSON.stringify(answer.body)}`);
		return Array.isArray(answer.body) ? answer.body[0] : answer.body;
	};

	/** Somebody with a role, and a password of their own choosing. */
	async function hire(key) {
		const role = (await api(page, 'GET', `role?key=eq.${key}`)).body[0];
		const email = `${key}@roles.example.com`;
		const user = await post('user', { name: `The ${key}`, email, roles: [role.id], team_id: team.team_id, branch_id: team.branch_id, locale: 'en' });
		const { password } = await post(`user/${user.id}/password`, {});
		await changeFirst(shop, email, password, PASSWORD);
		people[key] = { ...user, email };
	}

	before(async () => {
		shop = await startShop();
		browser = await startBrowser();
		admin = await visitor(browser, shop, { language: 'en' });
		page = admin.page;
		await api(page, 'PATCH', 'account', { locale: 'en' });
		team = (await api(page, 'GET', 'user?team_id=not.is.null&branch_id=not.is.null&select=team_id,branch_id&limit=1')).body[0];
		for (const key of ROLES) await hire(key);
	});

	after(async () => {
		await browser?.close();
		await shop?.close();
	});

	for (const key of ROLES) {
		test(`${key}: what is offered opens, and what is shown to be made can be begun`, async () => {
			const who = await visitor(browser, { ...shop, email: people[key].email, password: PASSWORD }, { language: 'en' });
			await settled(who.page);
			const links = (where) => who.page.$$eval(`${where} a[href^="/"]`, (list) => [...new Set(list.map((a) => a.getAttribute('href')))]);
			const offered = new Set(await links('nav'));
			await who.walk('/settings');
			for (const link of await links('main')) offered.add(link);
			assert.ok(offered.size > 1, [...offered].join());
			for (const path of offered) {
				await who.walk(path);
				assert.equal(await who.page.locator('.state-title:has-text("right to see")').count(), 0, `${key} is offered ${path}, which is refused`);
			}
			// lists: a button to make one is there exactly for who may
			const meta = (await api(who.page, 'GET', 'meta')).body;
			for (const entity of meta.entities.filter((e) => !e.system && !e.child && ['customer', 'order', 'product', 'tag'].includes(e.name))) {
				await who.walk(`/${entity.name}`);
				const may = (entity.actions.create ?? 'none') !== 'none';
				// behind the one button of the head, or on the list itself
				const offers = who.page.getByRole('button', { name: new RegExp(`^(plus )?New( ${entity.label})?$`, 'i') });
				const shown = await offers.count() > 0;
				assert.ok(may || !(await who.page.getByRole('button', { name: new RegExp(`^(plus )?New ${entity.label}$`, 'i') }).count()), `${key} is offered a new ${entity.name}`);
				assert.ok(!may || shown, `${key}: new ${entity.name}`);
				if (!may) continue;
				await who.walk(`/${entity.name}/new`);
				assert.equal(await who.page.locator('main form').count() > 0, true, `${key}: the form of ${entity.name}`);
			}
			if (key === 'sales' || key === 'read_only') await shot(who.page, `role-${key}`);
			assert.deepEqual(await axe(who.page), []);
			assert.deepEqual(who.problems, []);
			await who.context.close();
		});
	}

	for (const key of ROLES.filter((k) => k !== 'administrator')) {
		test(`${key}: nothing that is live on a record or in a list is refused`, async () => {
			const who = await visitor(browser, { ...shop, email: people[key].email, password: PASSWORD }, { language: 'en' });
			const refused = [];
			who.page.on('response', (r) => r.status() === 403 && refused.push(`${r.request().method()} ${r.url().replace(shop.url, '')}`));
			const meta = (await api(who.page, 'GET', 'meta')).body;
			for (const [name, field] of [['customer', 'City'], ['order', 'Number'], ['product', 'Name']]) {
				const entity = meta.entities.find((e) => e.name === name);
				if (!entity || (entity.actions.read ?? 'none') === 'none') continue;
				const row = (await api(who.page, 'GET', `${name}?select=id&limit=1${name === 'customer' ? `&owner_id=neq.${people[key].id}` : ''}`)).body[0];
				if (!row) continue;
				await who.goto(`/${name}/${row.id}`);
				const pencil = who.page.locator(`.fact-edit[aria-label="Edit ${field}"]`);
				const live = await who.page.locator('.fact-edit').count() > 0;
				if (live && await pencil.count()) {
					await pencil.click();
					await who.page.keyboard.type('1');
					await who.page.keyboard.press('Enter');
					await settled(who.page);
				}
				if (!live && (entity.actions.update ?? 'none') !== 'none') assert.match(await who.page.innerText('.record-head'), /Only the owner can change this\. Ask /, `${key}: why ${name} can't be changed`);
				await who.page.locator('.record-actions').getByRole('button', { name: 'More actions' }).click();
				const items = await who.page.locator('.ant-dropdown-menu-item').allInnerTexts();
				assert.equal(items.some((x) => /^Edit/.test(x)), live, `${key}: ${name}: ${items}`);
				await who.page.keyboard.press('Escape');
				// the list: its first cell, by the keyboard
				await who.goto(`/${name}`);
				await who.page.focus('.grid').catch(() => {});
				await who.page.keyboard.press('j');
				await who.page.keyboard.press('e');
				await who.page.keyboard.press('Escape');
			}
			assert.deepEqual(refused, []);
			await who.context.close();
		});
	}

	test('a refusal names the right that is missing and who can give it', async () => {
		await api(page, 'PATCH', `team/${team.team_id}`, { leader_id: people.manager.id });
		const theirs = await post('customer', { name: 'Refusalina', owner_id: people.manager.id, team_id: team.team_id });
		const who = await visitor(browser, { ...shop, email: people.sales.email, password: PASSWORD }, { language: 'en' });
		const outside = await api(who.page, 'PATCH', `customer/${theirs.id}`, { city: 'x' });
		assert.deepEqual([outside.status, outside.body.right, outside.body.ask, outside.body.message], [403, 'customer.update', 'The manager', 'Only the owner can change this. Ask The manager']);
		const none = await api(who.page, 'POST', 'role', { name: 'mine' });
		assert.deepEqual([none.status, none.body.right, none.body.ask], [403, 'role.create', 'The manager']);
		assert.equal((await api(who.page, 'GET', 'account')).body.ask, 'The manager');
		await who.goto(`/customer/${theirs.id}`);
		await who.page.waitForSelector('.why-not >> text=Only the owner can change this. Ask The manager.');
		assert.equal(await who.page.locator('.fact-edit').count(), 0);
		await who.goto('/settings/audit');
		await who.page.waitForSelector('text=The manager can give it.');
		await who.context.close();
	});

	test('a record is shared from its page, changed by whom it is shared with, and taken back, undone, taken back', async () => {
		const theirs = await post('customer', { name: 'Sharelina', owner_id: people.manager.id, team_id: team.team_id });
		const more = (p) => p.locator('.record-actions > .ant-dropdown-trigger').last().click();
		const sales = await visitor(browser, { ...shop, email: people.sales.email, password: PASSWORD }, { language: 'zh-Hans', size: PHONE });
		await api(sales.page, 'PATCH', 'account', { locale: 'zh-Hans' });
		await sales.goto(`/customer/${theirs.id}?tab=facts`);
		await sales.page.waitForSelector('.why-not');
		assert.equal(await sales.page.locator('.fact-edit').count(), 0);
		await admin.goto(`/customer/${theirs.id}`);
		await more(page);
		await page.getByRole('menuitem', { name: 'Share…' }).click();
		const dialog = page.getByRole('dialog');
		await dialog.getByText('With nobody yet.').waitFor();
		assert.equal(await dialog.getByRole('button', { name: 'Share', exact: true }).isDisabled(), true);
		await choose(page, dialog.getByRole('combobox', { name: 'Person' }), 'The sales', { typed: 'The sales' });
		await dialog.getByText('may change it, too').click();
		const until = dialog.getByLabel('Until');
		await until.fill('nonsense');
		await dialog.locator('.problem').waitFor();
		await until.fill('2020-01-01');
		await until.press('Tab');
		await dialog.getByRole('button', { name: 'Share', exact: true }).click();
		await dialog.getByText('The end must lie ahead').waitFor();
		await until.fill('in 3 days');
		await dialog.getByLabel('Why').fill('while I am away');
		await dialog.getByRole('button', { name: 'Share', exact: true }).click();
		const given = dialog.locator('.shares li');
		await given.filter({ hasText: 'The sales' }).waitFor();
		assert.match(await given.innerText(), /The sales\s*may change it, too · until .+ · given by .+\s*while I am away/);
		const [kept] = (await api(page, 'GET', `customer/${theirs.id}/shares`)).body.shares;
		const days = (Date.parse(kept.until) - Date.now()) / 86400e3;
		assert.ok(kept.write && days > 3 && days < 4, `to the end of the third day: ${kept.until}`);
		await shot(page, 'share');
		assert.deepEqual(await axe(page), []);
		// whom it is shared with may change it, sees why, and does not pass it on
		await sales.goto(`/customer/${theirs.id}?tab=facts`);
		await sales.page.locator('.fact-edit').first().waitFor();
		await more(sales.page);
		await sales.page.getByRole('menuitem', { name: '共享' }).click();
		await sales.page.locator('.shares li', { hasText: 'while I am away' }).waitFor();
		assert.equal(await sales.page.locator('.ant-modal form, .ant-modal .shares button').count(), 0);
		assert.equal(await overflow(sales.page), 0);
		await shot(sales.page, 'share-phone');
		assert.deepEqual(await axe(sales.page), []);
		const shares = async () => (await api(page, 'GET', `customer/${theirs.id}/shares`)).body.shares.map((s) => [s.name, s.write, s.note, s.until]);
		await dialog.getByRole('button', { name: 'Take back from The sales' }).click();
		await dialog.getByText('With nobody yet.').waitFor();
		await page.getByRole('button', { name: 'Undo' }).click();
		await given.filter({ hasText: 'The sales' }).waitFor();
		assert.deepEqual(await shares(), [['The sales', true, 'while I am away', kept.until]]);
		await dialog.getByRole('button', { name: 'Take back from The sales' }).click();
		await dialog.getByText('With nobody yet.').waitFor();
		await sales.goto(`/customer/${theirs.id}?tab=facts`);
		await sales.page.waitForSelector('.why-not');
		assert.equal(await sales.page.locator('.fact-edit').count(), 0);
		await api(sales.page, 'PATCH', 'account', { locale: 'en' });
		await sales.context.close();
		assert.deepEqual(admin.problems.splice(0).filter((p) => !/status of 422/.test(p)), [], 'an end that lies behind is refused');
	});

	test('a wider person, a wider role, somebody else’s import: what can’t be done is not offered, and why is said', async () => {
		const keeper = await post('role', {
			name: 'Keeper of people', caps: ['users'],
			rights: { '*': { read: 'all' }, user: { read: 'all', create: 'all', update: 'all' }, role: { read: 'all', create: 'all', update: 'all' }, team: { read: 'all' }, branch: { read: 'all' } },
		});
		people.keeper = { id: null, email: 'keeper@roles.example.com' };
		const made = await post('user', { name: 'The keeper', email: people.keeper.email, roles: [keeper.id], team_id: team.team_id, branch_id: team.branch_id, locale: 'en' });
		const { password } = await post(`user/${made.id}/password`, {});
		const first = await fetch(`${shop.url}/api/v1/session`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ email: people.keeper.email, password }) });
		const { csrf } = await first.json();
		await fetch(`${shop.url}/api/v1/account/password`, {
			method: 'POST', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf, Cookie: first.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ') },
			body: JSON.stringify({ old: password, new: PASSWORD }),
		});
		const who = await visitor(browser, { ...shop, email: people.keeper.email, password: PASSWORD }, { language: 'en' });
		const button = (name) => who.page.locator('.record-actions').getByRole('button', { name });
		await who.goto(`/user/${people.administrator.id}`);
		await who.page.waitForSelector('.why-not >> text=This person may do more than you');
		for (const name of [/Reset password/, /Disable/]) assert.equal(await button(name).count(), 0, String(name));
		assert.equal(await who.page.locator('.fact-edit').count(), 0);
		// the server says the same
		assert.equal((await api(who.page, 'PATCH', `user/${people.administrator.id}`, { phone: '+8613800001234' })).status, 403);
		assert.equal((await api(who.page, 'POST', `user/${people.administrator.id}/password`, {})).status, 403);
		// somebody who may do less: all of it is there, and works
		const small = await post('user', { name: 'Small One', email: 'small@roles.example.com', roles: [], team_id: team.team_id, branch_id: team.branch_id });
		await who.goto(`/user/${small.id}`);
		assert.equal(await who.page.locator('.why-not').count(), 0);
		assert.equal(await button(/Disable/).count(), 1);
		await button(/Make a password|Reset password/).click();
		await who.page.click('.ant-modal .ant-btn-primary');
		await who.page.waitForSelector('.ant-modal >> text=New password of Small One');

		const wide = (await api(page, 'GET', 'role?key=eq.manager')).body[0];
		await who.goto(`/role/${wide.id}`);
		await who.page.waitForSelector('.why-not >> text=This role gives more than you may do');
		assert.equal(await who.page.locator('.matrix select:not([disabled])').count(), 0);
		assert.equal(await who.page.locator('.role .ant-checkbox-input:not([disabled])').count(), 0);
		assert.equal((await api(who.page, 'PATCH', `role/${wide.id}`, { caps: [] })).status, 403);
		const all = (await api(page, 'GET', 'role?key=eq.administrator')).body[0];
		await admin.goto(`/role/${all.id}`);
		await page.waitForSelector('.why-not >> text=The rights of the built-in administrator role are fixed');
		assert.equal(await page.locator('.matrix select:not([disabled])').count(), 0);
		await admin.goto(`/role/${wide.id}`);
		assert.ok(await page.locator('.matrix select:not([disabled])').count() > 20);
		await who.context.close();
	});

	test('somebody else’s import is stopped and undone, not gone on with; its rows stay its owner’s', async () => {
		const who = await visitor(browser, { ...shop, email: people.manager.email, password: PASSWORD }, { language: 'en' });
		await who.goto('/import/new?entity=customer');
		await who.page.setInputFiles('input[type=file]', { name: 'theirs.csv', mimeType: 'text/csv', buffer: Buffer.from('name,city\nImportina,Suzhou\n') });
		await who.page.waitForURL(/\/import\/\d+/);
		const path = new URL(who.page.url()).pathname;
		const id = /\d+/.exec(path)[0];
		const refused = [];
		page.on('response', (r) => r.status() === 403 && r.url().includes(`import/${id}`) && refused.push(r.url()));
		await admin.goto(path);
		await page.waitForSelector('text=Somebody else uploaded this file');
		assert.equal(await page.getByRole('button', { name: /Check|Start import|Continue/ }).count(), 0);
		await who.page.click('.form-foot .ant-btn-primary');
		await who.page.click('.ant-btn-primary:has-text("Start")');
		await who.page.waitForSelector('.run-step >> text=Done');
		await admin.goto(path);
		await page.waitForSelector('.run-step >> text=Undo import');
		assert.equal(await page.getByText('Result file').count(), 0);
		assert.deepEqual(refused, []);
		await who.context.close();
	});

	test('sales: of colleagues’ records none is changed in bulk, and it is said before; nobody’s is claimed first', async () => {
		const stamp = 'Bulkville';
		for (const name of ['A', 'B']) await post('customer', { name: `Colleague ${name}`, city: stamp, owner_id: people.manager.id, team_id: team.team_id, branch_id: team.branch_id });
		const free = await post('customer', { name: 'Free One', city: 'Freeville', owner_id: null, team_id: team.team_id, branch_id: team.branch_id });
		const rights = (await api(page, 'GET', 'role?key=eq.sales')).body[0];
		await api(page, 'PATCH', `role/${rights.id}`, { caps: ['bulk'] });
		const who = await visitor(browser, { ...shop, email: people.sales.email, password: PASSWORD }, { language: 'en' });
		await who.goto(`/customer?city=eq.${stamp}`);
		await who.page.waitForSelector('.grid-row >> nth=1');
		await who.page.click('.grid-head .ant-checkbox-input');
		await who.page.click('.bulk >> text=Change…');
		await who.page.waitForSelector('.ant-message >> text=You may do this with none of these records: only their owners can. Ask ');
		assert.equal(await who.page.locator('.ant-modal').count(), 0);
		await who.goto(`/customer/${free.id}`);
		await who.page.waitForSelector('.why-not >> text=Nobody looks after this customer. Claim it to change it.');
		await who.page.click('.owner button');
		await who.page.waitForSelector('.ant-message >> text=You look after this customer now');
		await who.page.waitForFunction(() => !document.querySelector('.why-not') && document.querySelector('.fact-edit'));
		await who.context.close();
	});

	test('sales: takes a customer from the pool, works on it, and gives it back', async () => {
		const free = await post('customer', { name: 'Poolina', owner_id: null, team_id: team.team_id });
		const who = await visitor(browser, { ...shop, email: people.sales.email, password: PASSWORD }, { language: 'en' });
		await who.goto('/customer?owner_id=is.null&q=Poolina&view=pool');
		await who.page.click('text=Poolina');
		await who.goto(`/customer/${free.id}`);
		await who.page.click('.owner button');
		await who.page.waitForSelector('.ant-message >> text=You look after this customer now');
		assert.equal((await api(page, 'GET', `customer/${free.id}`)).body.owner_id, people.sales.id);
		assert.ok((await api(who.page, 'PATCH', `customer/${free.id}`, { city: 'Worked' })).status < 300);
		await who.page.click('.ant-message .undo button');
		await who.page.waitForSelector('.ant-message >> text=Undone');
		assert.equal((await api(page, 'GET', `customer/${free.id}`)).body.owner_id, null);
		assert.deepEqual(who.problems, []);
		await who.context.close();
	});

	test('deleted records are found and put back; a change too; a consent is withdrawn, not deleted', async () => {
		const made = [];
		for (const name of ['Goner One', 'Goner Two', 'Goner Three']) made.push(await post('customer', { name, city: 'Before' }));
		for (const row of made) await api(page, 'DELETE', `customer/${row.id}`);
		await admin.goto('/settings/deleted?q=Goner');
		await page.waitForSelector('.lines li >> nth=2');
		assert.deepEqual(await axe(page), []);
		await shot(page, 'deleted-en');
		await page.click('.lines li:has-text("Goner Two") >> text=Put back');
		await page.waitForSelector('.ant-message >> text=1 record put back');
		await page.waitForSelector('.lines li:has-text("Goner Two")', { state: 'detached' });
		for (const name of ['One', 'Three']) await page.click(`.lines li:has-text("Goner ${name}") .ant-checkbox-input`);
		await page.click('text=Put 2 back');
		await page.waitForSelector('.ant-message >> text=2 records put back');
		assert.equal((await api(page, 'GET', `customer/${made[0].id}`)).body.city, 'Before');

		await api(page, 'PATCH', `customer/${made[0].id}`, { city: 'After', level: 'vip' });
		await admin.goto(`/customer/${made[0].id}?tab=changes`);
		await page.getByLabel('Put back: City').first().click();
		await page.waitForSelector('.ant-message >> text=Put back');
		const now = (await api(page, 'GET', `customer/${made[0].id}`)).body;
		assert.deepEqual([now.city, now.level], ['Before', 'vip']);
		assert.deepEqual(await axe(page), []);
		await shot(page, 'history-en');

		await post('consent', { customer_id: made[0].id, channel: 'email', purpose: 'marketing', state: 'given', source: 'form' });
		await admin.goto(`/customer/${made[0].id}?tab=consents`);
		await page.waitForSelector('text=Withdraw…');
		assert.equal(await page.locator('.child-table [aria-label^="Delete"]').count(), 0);
		await page.click('text=Withdraw…');
		await page.fill('.ant-drawer [data-field="source"] input', 'phone call');
		await page.click('.ant-drawer .ant-btn-primary');
		await page.waitForSelector('.child-table >> text=Withdrawn');
		const ledger = (await api(page, 'GET', `consent?customer_id=eq.${made[0].id}&order=id`)).body;
		assert.deepEqual(ledger.map((c) => [c.state, c.source]), [['given', 'form'], ['withdrawn', 'phone call']]);
		assert.deepEqual(admin.problems, []);
	});
});
