// Every role that ships is walked through its day: what it is offered opens and works, what it may not do is not offered.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { api, axe, cannot, settled, shot, startBrowser, startShop, visitor } from './lib.mjs';

const reason = cannot();
const ROLES = ['administrator', 'manager', 'sales', 'service', 'marketing', 'analyst', 'read_only', 'auditor'];
const PASSWORD = 'walk through the day 1';

describe('roles', { skip: reason ?? false }, () => {
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
		const first = await fetch(`${shop.url}/api/v1/session`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ email, password }) });
		const { csrf } = await first.json();
		const changed = await fetch(`${shop.url}/api/v1/account/password`, {
			method: 'POST', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf, Cookie: first.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ') },
			body: JSON.stringify({ old: password, new: PASSWORD }),
		});
		assert.ok(changed.status < 300, await changed.text());
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
				await who.page.click('.record-actions [aria-label="More"], .record-actions .ant-dropdown-trigger');
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
