// By keyboard, and on paper: few stops from head to composer, fields edited where the focus is, lists that fit, print.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { api, axe, cannot, DESKTOP, settled, shot, startBrowser, startShop, visitor } from './lib.mjs';
import { long } from '../lib/server.mjs';

const reason = cannot();

describe('keyboard and paper', { skip: reason }, () => {
	let shop, browser, person, page, customer;

	before(async () => {
		shop = await startShop();
		browser = await startBrowser();
		person = await visitor(browser, shop, { language: 'en', size: DESKTOP });
		page = person.page;
		await api(page, 'PATCH', 'account', { locale: 'en', theme: 'light', density: 'compact' });
		const made = await api(page, 'POST', 'customer', { name: 'Keyes Boardman', phone: '+8613800004444', email: 'keyes@example.com', city: 'Hangzhou' });
		assert.equal(made.status, 201, JSON.stringify(made.body));
		customer = made.body[0] ?? made.body;
		await person.goto('/');
	});

	after(async () => {
		await browser?.close();
		await shop?.close();
	});

	const focused = () => page.evaluate(() => {
		const e = document.activeElement;
		return { tag: e.tagName, name: e.getAttribute('aria-label') ?? e.textContent.trim(), composer: e.closest('.composer') !== null && e.tagName === 'TEXTAREA', field: e.closest('.fact')?.dataset.field ?? null };
	});

	test('from the head of a customer to the composer there are few stops, and a way past all of them', async () => {
		await person.goto(`/customer/${customer.id}`);
		await page.focus('#main');
		const stops = [];
		do {
			await page.keyboard.press('Tab');
			stops.push(await focused());
		} while (!stops.at(-1).composer && stops.length < 60);
		assert.ok(stops.at(-1).composer, 'the composer is never reached');
		assert.ok(stops.length <= 13, `${stops.length}: ${stops.map((s) => s.name).join(' · ')}`);
		// one stop for the fields of the head, one for all facts
		assert.equal(stops.filter((s) => s.field).length, 1, stops.map((s) => s.field).join());

		await page.focus('#main');
		await page.keyboard.press('Tab');
		assert.match((await focused()).name, /Skip to writing/);
		await page.keyboard.press('Enter');
		await page.waitForFunction(() => document.activeElement?.matches('.composer textarea'));

		await person.goto(`/customer/${customer.id}?tab=timeline`);
		await page.keyboard.press('c');
		await page.waitForFunction(() => document.activeElement?.matches('.composer textarea'));
		// typed, it is a letter
		await page.keyboard.type('ce');
		assert.equal(await page.inputValue('.composer textarea'), 'ce');
		await page.fill('.composer textarea', '');
	});

	test('arrows go through steps, figures and fields; e edits the field that has the focus, and else the whole form', async () => {
		await person.goto(`/customer/${customer.id}`);
		await page.focus('.fact[data-field="phone"] .fact-edit');
		await page.keyboard.press('ArrowDown');
		await page.keyboard.press('ArrowUp');
		assert.equal((await focused()).field, 'phone');
		await page.focus('.fact[data-field="city"] .fact-edit');
		await page.keyboard.press('e');
		await page.waitForSelector('.fact[data-field="city"].is-editing input');
		await page.keyboard.press('Control+a');
		await page.keyboard.type('Wuxi');
		await page.keyboard.press('Enter');
		await page.waitForFunction(() => document.querySelector('.fact[data-field="city"]')?.innerText.includes('Wuxi') && !document.querySelector('.fact.is-editing'));
		// the keyboard is where it was, not at the top of the page
		await page.waitForFunction(() => document.activeElement?.closest('.fact')?.dataset.field === 'city');
		assert.equal(await page.locator('.ant-drawer-open').count(), 0);

		await page.focus('.stages button');
		const first = (await focused()).name;
		await page.keyboard.press('ArrowRight');
		assert.notEqual((await focused()).name, first);
		await page.focus('.figures button');
		await page.keyboard.press('End');
		assert.match((await focused()).name, /Open work/);

		await page.keyboard.press('e');
		await page.waitForSelector('.ant-drawer [data-field="name"] input');
		await page.keyboard.press('Escape');
		await page.waitForSelector('.ant-drawer [data-field="name"]', { state: 'detached' });
		assert.deepEqual(await axe(page), []);
	});

	test('a list: e in a cell that was clicked edits it; E edits the whole record', async () => {
		await person.goto('/customer?q=Keyes');
		const at = await page.evaluate(() => [...document.querySelectorAll('.grid [role="columnheader"]')].findIndex((c) => c.textContent.trim().startsWith('City')));
		await page.click(`.grid-row [role="gridcell"] >> nth=${at}`);
		await page.keyboard.press('Escape');
		await page.focus('.grid');
		await page.keyboard.press('e');
		await page.waitForSelector(`.grid-row .grid-cell:nth-child(${at + 1}) .cell-editor`);
		await page.keyboard.press('Escape');
		await page.keyboard.press('Shift+E');
		await page.waitForSelector('.ant-drawer [data-field="name"] input');
		// all of it, also what the list has no column for
		assert.equal(await page.inputValue('.ant-drawer [data-field="email"] input'), 'keyes@example.com');
		await page.fill('.ant-drawer [data-field="name"] input', 'Keyes Boardwoman');
		await page.click('.ant-drawer .ant-btn-primary');
		await page.waitForSelector('.grid-row >> text=Keyes Boardwoman');
	});

	test('no list is wider than a screen of 1,440 pixels by default, in either density', async () => {
		const meta = (await api(page, 'GET', 'meta')).body;
		const lists = meta.entities.filter((e) => !e.child && (e.actions.read ?? 'none') !== 'none').map((e) => e.name);
		assert.ok(lists.length > 10, lists.join());
		const wide = [];
		let measured = 0;
		for (const [locale, density] of [...(long ? [['en', 'compact'], ['zh-Hant', 'comfortable']] : []), ['zh-Hans', 'compact'], ['en', 'comfortable']]) {
			await api(page, 'PATCH', 'account', { locale, density });
			await person.goto('/');
			for (const name of lists) {
				await person.walk(`/${name}`);
				const found = await page.evaluate(() => {
					const grid = document.querySelector('.grid');
					return grid && [grid.scrollWidth, grid.clientWidth];
				});
				if (!found) continue;
				measured++;
				if (found[0] > found[1]) wide.push(`${name} (${locale}, ${density}): ${found.join(' > ')}`);
			}
		}
		assert.ok(measured > 40, `${measured} measured`);
		assert.deepEqual(wide, []);
	});

	test('a setting is found by its name, in another language too, and stands in the middle of its page', async () => {
		for (const [typed, label] of [['currency', /[Cc]urrency/], ['本位币', /[Cc]urrency/], ['time zone', /[Tt]ime zone/]]) {
			await person.goto('/');
			await page.keyboard.press('Control+k');
			await page.waitForSelector('.palette input');
			await page.fill('.palette input', typed);
			await page.waitForSelector('.palette-hit.is-active .palette-title');
			await page.waitForFunction(() => /urrency|zone/.test(document.querySelector('.palette-hit.is-active .palette-title')?.textContent ?? ''));
			await page.keyboard.press('Enter');
			await page.waitForURL(/[?&]set=/);
			await page.waitForSelector('.setting.is-sought');
			assert.match(await page.innerText('.setting.is-sought label'), label, typed);
			await page.waitForFunction(() => document.querySelector('.setting.is-sought')?.contains(document.activeElement));
		}
		await shot(page, 'setting-sought');
	});

	test('on paper there are all fields, and nothing that can only be clicked', async () => {
		await person.goto(`/customer/${customer.id}`);
		const before = await page.locator('.fact').count();
		await page.emulateMedia({ media: 'print' });
		await page.waitForFunction((n) => document.querySelectorAll('.fact').length > n, before);
		const paper = await page.evaluate(() => {
			const seen = (e) => e.getClientRects().length > 0 && getComputedStyle(e).visibility !== 'hidden';
			const of = (selector) => [...document.querySelectorAll(selector)].filter(seen).map((e) => e.innerText.trim());
			return { tabs: of('[role="tab"]'), more: of('.facts > button'), tools: of('.record-actions, .composer, .fact-edit, .skip, .side, .top'), fields: of('.fact dt') };
		});
		const meta = (await api(page, 'GET', 'meta')).body;
		const entity = meta.entities.find((e) => e.name === 'customer');
		const company = entity.fields.filter((f) => f.group === 'person' && f.right !== 'hidden').map((f) => f.label);
		assert.deepEqual([paper.tabs, paper.more, paper.tools], [[], [], []]);
		assert.ok(company.length > 2 && company.every((label) => paper.fields.includes(label)), `${company.filter((l) => !paper.fields.includes(l))} are not on paper`);
		await page.emulateMedia({ media: 'screen' });
		await page.waitForFunction((n) => document.querySelectorAll('.fact').length === n, before);
		await settled(page);
	});

	test('nothing was complained about along the way', () => {
		assert.deepEqual(person.problems, []);
	});
});
