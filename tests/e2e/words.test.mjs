// The words of the page as people read them: those that tripped somebody up are gone, the right ones stand in their places,
// roles that ship speak the reader's language, amounts of one page have one form, a running week is told apart.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { api, cannot, DESKTOP, settled, startBrowser, startShop, visitor } from './lib.mjs';

const reason = cannot();

const WORDS = {
	before: { en: 'vs the previous 30 days', 'zh-Hans': '较前 30 天', 'zh-Hant': '較前 30 天' },
	plan: { en: 'Add a task for tomorrow', 'zh-Hans': '添加到明天待办', 'zh-Hant': '加到明天待辦' },
	claim: { en: 'Claim', 'zh-Hans': '领取', 'zh-Hant': '領取' },
	contacted: { en: 'Times contacted', 'zh-Hans': '联系次数', 'zh-Hant': '聯絡次數' },
	all: { en: 'All matching customers', 'zh-Hans': '全部匹配的客户', 'zh-Hant': '所有符合的客戶' },
	would: { en: 'Result: error', 'zh-Hans': '预计：出错', 'zh-Hant': '預計：錯誤' },
	option: { en: /^“nonsense” isn’t a Stage; use ./, 'zh-Hans': /^阶段没有“nonsense”，可选：./, 'zh-Hant': /^階段沒有「nonsense」，可選：./ },
	outside: { en: /^Only the owner can change this\. Ask \S/, 'zh-Hans': /^仅负责人可修改，请联系\S/, 'zh-Hant': /^僅負責人可修改，請洽\S/ },
	count: { en: /^[\d,]+\+? customers$/, 'zh-Hans': /^共 [\d,]+ 位客户$/, 'zh-Hant': /^共 [\d,]+ 位客戶$/ },
	risk: { en: 'Not enough orders yet', 'zh-Hans': '订单太少，暂无法判断', 'zh-Hant': '訂單太少，暫無法判斷' },
	activities: { en: 'Activities', 'zh-Hans': '跟进记录', 'zh-Hant': '互動紀錄' },
	note: { en: 'Note', 'zh-Hans': '备注', 'zh-Hant': '備註' },
	done: { en: 'All done', 'zh-Hans': '暂无待办', 'zh-Hant': '目前沒有待辦' },
};

const OLD = {
	en: /days before|[Ww]ork for tomorrow|Take over|Contacts \(count\)|All in customers|Would:|Not one of the choices|lies outside|cannot be told|Interactions?\b|Well done/,
	'zh-Hans': /便签|新建为|接管|干得好/,
	'zh-Hant': /記錄|會話|新建|跳過|快捷鍵|幫助|訂單號|商品編碼|共享|經辦人|發郵件|便籤|列表|單元格|匹配|令牌|賬|郵箱/,
};

const ROLES = {
	'zh-Hans': [['管理员', '全部权限，并管理用户与权限。'], ['审计员', '仅查看审计日志。'], ['分析师', '查看和导出全部，不作修改。']],
	'zh-Hant': [['管理員', '全部權限，並管理使用者與權限。'], ['稽核員', '僅檢視稽核日誌。'], ['分析師', '檢視和匯出全部，不作修改。']],
	en: [['Administrator', 'Everything, and who may do what.'], ['Auditor', 'Reads the audit trail alone.'], ['Analyst', 'Reads and exports all, changes nothing.']],
};

const PAGES = ['/', '/customer', '/order', '/product', '/interaction', '/settings', '/user', '/role', '/import', '/import/new?entity=customer', '/settings/audit', '/settings/deleted', '/settings/keys', '/settings/calendars', '/settings/firm', '/settings/invite', '/account?tab=tokens', '/account?tab=sessions', '/bulk_act', '/order/new', '/customer/new'];

describe('words', { skip: reason }, () => {
	let shop, browser, admin, page, people;

	const post = async (path, body) => {
		const answer = await api(page, 'POST', path, body);
		assert.ok(answer.status < 300, `${path}: ${JSON.stringify(answer.body)}`);
		return Array.isArray(answer.body) ? answer.body[0] : answer.body;
	};
	const speak = async (language) => {
		await api(page, 'PATCH', 'account', { locale: language });
		await admin.goto('/');
	};

	before(async () => {
		shop = await startShop();
		browser = await startBrowser();
		admin = await visitor(browser, shop, { language: 'en', size: DESKTOP });
		page = admin.page;
		const birthday = `1990-${new Date(Date.now() + 3 * 86_400_000).toISOString().slice(5, 10)}`;
		people = {
			pool: await post('customer', { name: 'Nobody Owns', owner_id: null, stage: 'prospect', birthday }),
		};
		const order = await post('order', { number: 'W-1', customer_id: people.pool.id, state: 'paid', placed_at: new Date().toISOString() });
		await post('order_line', { order_id: order.id, name: 'Tea', quantity: '1', unit_price: '12.50' });
	});

	after(async () => {
		await browser?.close();
		await shop?.close();
	});

	for (const language of ['en', 'zh-Hans', 'zh-Hant']) {
		test(`${language}: each word stands in its place`, async () => {
			await speak(language);
			const w = (name) => WORDS[name][language];
			const seen = (where, text) => page.waitForSelector(`${where} >> text="${text}"`, { timeout: 8000 });
			await seen('.numbers', w('before'));
			await seen('nav.side', w('activities'));

			await admin.goto('/customer');
			await page.waitForFunction(() => document.querySelector('.list-count')?.textContent);
			assert.match(await page.innerText('.list-count'), w('count'));

			await admin.goto(`/customer/${people.pool.id}`);
			await seen('.owner', w('claim'));
			await seen('.todo', w('plan'));
			await seen('.todo', w('risk'));
			await seen('.todo', w('done'));
			await seen('.composer', w('note'));
			await page.click('.facts > button');
			await seen('.facts dt', w('contacted'));

			await page.keyboard.press('Escape');
			await page.keyboard.press('Control+k');
			await page.fill('.palette input', 'an');
			await seen('.palette', w('all'));
			await page.keyboard.press('Escape');

			const refused = await api(page, 'PATCH', `customer/${people.pool.id}`, { stage: 'nonsense' });
			assert.match(refused.body.errors[0].message, w('option'));

			await admin.goto('/import/new?entity=customer');
			await page.setInputFiles('input[type=file]', { name: 'w.csv', mimeType: 'text/csv', buffer: Buffer.from('name,email\nWordy,not an address\n') });
			await page.click('.form-foot .ant-btn-primary');
			await settled(page);
			// the check comes when the server has looked at the file
			await page.waitForFunction((text) => document.querySelector('main').innerText.replace(/\s+/g, ' ').includes(text), w('would'));
		});

		test(`${language}: no word of before stands on any page`, async () => {
			await speak(language);
			const found = [];
			for (const path of [...PAGES, `/customer/${people.pool.id}`, `/customer/${people.pool.id}?tab=changes`, `/customer/${people.pool.id}?tab=consents`, '/role/1']) {
				await admin.walk(path);
				// what people have written may say anything: only the page's own words are looked at
				const text = await page.evaluate(() => {
					const own = document.querySelector('#root').cloneNode(true);
					for (const e of own.querySelectorAll('.grid-row, .lines, .stream, .audit, .fact-value, .change-diff')) e.remove();
					const told = [...own.querySelectorAll('[aria-label], [title], [placeholder]')].flatMap((e) => [e.getAttribute('aria-label'), e.getAttribute('title'), e.getAttribute('placeholder')]);
					return [own.textContent, ...told].filter(Boolean).join('\n');
				});
				const old = OLD[language].exec(text);
				if (old) found.push(`${path}: …${text.slice(Math.max(0, old.index - 20), old.index + 30)}…`);
			}
			const meta = JSON.stringify((await api(page, 'GET', 'meta')).body.entities.map((e) => [e.label, e.label_many, e.groups?.map((g) => g.label), e.fields.map((f) => [f.label, f.help, f.options?.map((o) => o.label)])]));
			const label = OLD[language].exec(meta);
			if (label) found.push(`labels: ${meta.slice(Math.max(0, label.index - 30), label.index + 30)}`);
			assert.deepEqual(found, []);
		});

		test(`${language}: roles that ship are called and described in it`, async () => {
			await speak(language);
			await admin.goto('/role');
			const rows = await page.$$eval('.grid-row', (list) => list.map((r) => r.innerText));
			for (const [name, note] of ROLES[language]) assert.ok(rows.some((r) => r.includes(name) && r.includes(note)), `${name}: ${note} is not among\n${rows.join('\n')}`);
			await admin.goto('/user');
			await page.waitForSelector(`.grid-row .tags >> text=${ROLES[language][0][0]}`);
			const me = (await api(page, 'GET', 'account')).body;
			assert.equal(me.roles[0].name, ROLES[language][0][0]);
		});
	}

	test('a role that was renamed keeps the words of whoever renamed it', async () => {
		await speak('zh-Hant');
		const role = (await api(page, 'GET', 'role?key=eq.analyst')).body[0];
		await api(page, 'PATCH', `role/${role.id}`, { name_zh: '数据组', note: '我们自己写的' });
		await admin.goto('/role');
		await page.waitForSelector('.grid-row >> text=数据组');
		await page.waitForSelector('.grid-row >> text=我们自己写的');
	});

	test('the refusal of somebody else’s record is said in each language', async () => {
		const role = (await api(page, 'GET', 'role?key=eq.sales')).body[0];
		const team = (await api(page, 'GET', 'user?team_id=not.is.null&branch_id=not.is.null&select=team_id,branch_id&limit=1')).body[0];
		const user = await post('user', { name: 'Sale Swords', email: 'words@sales.example.com', roles: [role.id], ...{ team_id: team.team_id, branch_id: team.branch_id } });
		const theirs = await post('customer', { name: 'Theirs Only', team_id: team.team_id, branch_id: team.branch_id, owner_id: (await api(page, 'GET', 'account')).body.id });
		const { password } = await post(`user/${user.id}/password`, {});
		const session = async (secret) => {
			const answer = await fetch(`${shop.url}/api/v1/session`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ email: user.email, password: secret }) });
			return { 'X-CSRF-Token': (await answer.json()).csrf, 'Content-Type': 'application/json', Cookie: answer.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ') };
		};
		const changed = await fetch(`${shop.url}/api/v1/account/password`, { method: 'POST', headers: await session(password), body: JSON.stringify({ old: password, new: 'words of refusal 1' }) });
		assert.ok(changed.status < 300, await changed.text());
		const headers = await session('words of refusal 1');
		for (const language of ['en', 'zh-Hans', 'zh-Hant']) {
			const answer = await fetch(`${shop.url}/api/v1/customer/${theirs.id}`, { method: 'PATCH', headers: { ...headers, 'Accept-Language': language }, body: '{"city":"x"}' });
			assert.equal(answer.status, 403);
			assert.match((await answer.json()).message, WORDS.outside[language]);
		}
	});

	test('amounts of one page have one form', async () => {
		await speak('en');
		const product = (await api(page, 'GET', 'product?select=id&price=gt.1&limit=1')).body[0];
		for (const path of ['/', `/customer/${people.pool.id}`, `/product/${product.id}`]) {
			await admin.goto(path);
			await page.waitForFunction(() => /[¥£$€][\d,]/.test(document.querySelector('main').innerText), null, { timeout: 8000 }).catch(() => assert.fail(`no amount on ${path}`));
			const amounts = (await page.innerText('main')).match(/[¥£$€]\s?\d[\d,]*(?:\.\d+)?(?![\d.]*[KMB])/g);
			assert.ok(amounts.length > 1, `${path}: ${amounts}`);
			assert.equal(new Set(amounts.map((a) => /\.\d/.test(a))).size, 1, `${path}: ${amounts.join(' ')}`);
		}
	});
});
