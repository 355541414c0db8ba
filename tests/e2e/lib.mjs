// A server with the sample shop and a browser to look at it with.
//
// GUANXI_E2E_URL (with GUANXI_E2E_EMAIL and GUANXI_E2E_PASSWORD) looks at a server that
// runs already, such as the page's mock. GUANXI_E2E_SHOTS=1 keeps a picture of every page.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { adminEmail, adminPassword, guanxi, makeData, program, root, serve } from '../lib/server.mjs';

const require = createRequire(import.meta.url);
const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const shots = process.env.GUANXI_E2E_SHOTS ? fileURLToPath(new URL('./shots/', import.meta.url)) : null;

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/** Chromium without what only a window shows: half the processor. */
const SHELL = '/usr/bin/chromium-headless-shell';
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'];

/** Why these tests cannot run here; false if they can: with null, node reports what fails as skipped. */
export function cannot() {
	if (![SHELL, ...BROWSERS].some(existsSync)) return 'no Chromium';
	if (!process.env.GUANXI_E2E_URL && !existsSync(program)) return `no ${program}`;
	return false;
}

export const LANGUAGES = ['zh-Hans', 'zh-Hant', 'en'];
export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 360, height: 780 };

export async function startShop({ demo = true, before } = {}) {
	if (process.env.GUANXI_E2E_URL)
		return { url: process.env.GUANXI_E2E_URL, email: process.env.GUANXI_E2E_EMAIL ?? adminEmail, password: process.env.GUANXI_E2E_PASSWORD ?? adminPassword, close: async () => {} };
	const folder = makeData({ demo: demo && !before });
	await before?.(folder.data);
	if (demo && before) guanxi(['demo', '--data', folder.data], { cwd: root });
	const server = await serve(folder.data);
	return {
		url: server.url, email: adminEmail, password: adminPassword, log: server.log,
		async close() {
			try {
				await server.stop();
			} finally {
				folder.remove();
			}
		},
	};
}

/** A browser whose people want no movement, so that no test waits for one; clerk.test.mjs asks for it. `whole`: the one that people have. */
export async function startBrowser({ whole = false } = {}) {
	const path = [...(whole ? [] : [SHELL]), ...BROWSERS].find(existsSync);
	const browser = await chromium.launch({ executablePath: path, args: ARGS });
	const make = browser.newContext.bind(browser);
	browser.newContext = (options) => make({ reducedMotion: 'reduce', ...options });
	return browser;
}

/** Fills in the sign-in page. */
export async function signIn(page, shop, { email = shop.email, password = shop.password } = {}) {
	await page.goto(`${shop.url}/`);
	await page.fill('input[name="email"]', email);
	await page.fill('input[name="password"]', password);
	await page.click('button[type="submit"]');
	await page.waitForSelector('.shell');
}

/**
 * A person at a browser of some size, signed in. `problems` fills with whatever the
 * browser complains about: errors, refused styles or scripts, requests to strangers.
 */
export async function visitor(browser, shop, { size = DESKTOP, language = 'zh-Hans', theme = 'light', motion = false, state, zone } = {}) {
	const context = await browser.newContext({ viewport: size, timezoneId: zone, locale: language === 'en' ? 'en-GB' : 'zh-CN', colorScheme: theme, reducedMotion: motion ? 'no-preference' : 'reduce', storageState: state, hasTouch: size.width < 720, isMobile: size.width < 720, acceptDownloads: true });
	await context.addInitScript(([locale]) => {
		if (!localStorage.getItem('guanxi.locale')) localStorage.setItem('guanxi.locale', locale);
	}, [language]);
	const page = await context.newPage();
	const problems = [];
	page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
	page.on('console', (message) => {
		const text = message.text();
		// Asking who is signed in is answered 401 when nobody is.
		if (message.type() === 'error' && !(/status of 401/.test(text))) problems.push(`console: ${text}`);
	});
	page.on('request', (request) => {
		if (/^https?:/.test(request.url()) && !request.url().startsWith(shop.url)) problems.push(`stranger: ${request.url()}`);
	});
	if (!state) await signIn(page, shop);
	return { context, page, problems, goto: (path) => open(page, shop, path), walk: (path) => walk(page, path) };
}

/** Opens an address and waits until the page has what it asked for. */
export async function open(page, shop, path) {
	await page.goto(shop.url + path);
	await settled(page);
}

/** Goes there as a click on a link would: the page stays, its address changes. */
export async function walk(page, path) {
	await page.evaluate((to) => {
		history.pushState(null, '', to);
		dispatchEvent(new PopStateEvent('popstate', { state: null }));
	}, path);
	await settled(page);
}

export async function settled(page) {
	// React commits the new page in the next frame.
	await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 30))));
	await page.waitForSelector('.shell main > *');
	await page.waitForFunction(() => !document.querySelector('.state-loading, .list-wait, .ant-skeleton-active, [aria-busy="true"]'), null, { timeout: 15_000 });
	await page.evaluate(() => document.fonts?.ready);
}

/**
 * Opens a select, narrows it by what is typed, and takes the option of that name, by keyboard, in its own list: one that
 * fades out beside it may hold the same words. `box` is the select or its field.
 */
export async function choose(page, box, option, { typed = '' } = {}) {
	const field = typeof box === 'string' ? page.locator(box).first() : box;
	const input = field.locator('xpath=descendant-or-self::input[@role="combobox"]').first();
	if (await input.getAttribute('aria-expanded') !== 'true') await field.click();
	if (typed) await page.keyboard.type(typed);
	await page.waitForFunction((e) => e.getAttribute('aria-expanded') === 'true' && e.getAttribute('aria-controls'), await input.elementHandle());
	const list = page.locator(`.ant-select-dropdown:has([id="${await input.getAttribute('aria-controls')}"])`);
	const wanted = list.locator('.ant-select-item-option').filter(typeof option === 'string' ? { has: page.getByText(option, { exact: true }) } : { hasText: option });
	await wanted.first().waitFor();
	for (let step = 0; step < 60 && await wanted.and(list.locator('.ant-select-item-option-active')).count() === 0; step++) await page.keyboard.press('ArrowDown');
	await page.keyboard.press('Enter');
}

/** What somebody new does first: puts a password of their own in the place of the one they were given. */
export async function changeFirst(shop, email, given, own) {
	const ask = (path, body, headers = {}) => fetch(`${shop.url}/api/v1/${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) });
	const first = await ask('session', { email, password: given });
	const { csrf } = await first.json();
	const changed = await ask('account/password', { old: given, new: own }, { 'X-CSRF-Token': csrf, Cookie: first.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ') });
	if (!changed.ok) throw new Error(`${email}: ${await changed.text()}`);
}

/** A call to the API as the person at the browser. */
export async function api(page, method, path, body) {
	return page.evaluate(async ([m, p, b]) => {
		const session = await (await fetch('/api/v1/session')).json();
		const answer = await fetch(`/api/v1/${p}`, {
			method: m,
			headers: { 'X-CSRF-Token': session.csrf, Prefer: 'return=representation', ...(b === undefined ? {} : { 'Content-Type': 'application/json' }) },
			body: b === undefined ? undefined : JSON.stringify(b),
		});
		const text = await answer.text();
		return { status: answer.status, body: text ? JSON.parse(text) : null };
	}, [method, path, body]);
}

/** The id of the first record of a list. */
export async function firstId(page, path) {
	const { body } = await api(page, 'GET', path);
	return body?.[0]?.id ?? null;
}

/** Serious and critical findings of axe-core, in one line each; `only`: of these rules. */
export async function axe(page, { only } = {}) {
	// Put in through the debugging protocol, so the page's own policy stays as it is.
	if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(`${axeSource};0`);
	// A colour on its way from one to another is nobody's: what has an end is let come to it, and what begins a few frames later too.
	await page.evaluate(async () => {
		const frame = () => new Promise((done) => requestAnimationFrame(done));
		const until = performance.now() + 3000;
		for (let still = 0; still < 4 && performance.now() < until; still++) {
			const moving = document.getAnimations().filter((a) => a.playState === 'running' && Number.isFinite(a.effect?.getComputedTiming().endTime));
			if (moving.length) still = 0;
			await Promise.race([Promise.all(moving.map((a) => a.finished.catch(() => {}))), new Promise((done) => setTimeout(done, 1000))]);
			await frame();
		}
	});
	const { violations } = await page.evaluate((rules) => window.axe.run(document, {
		runOnly: rules ?? ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations'],
	}), only ?? null);
	return violations
		.filter((v) => ['serious', 'critical'].includes(v.impact))
		.map((v) => `${v.id} (${v.impact}): ${v.nodes.slice(0, 3).map((n) => `${n.target.join(' ')} ${n.failureSummary?.split('\n')[1]?.trim() ?? ''}`).join(' | ')}`);
}

/** How far the page is wider than the screen: nothing should have to be pushed sideways. */
export async function overflow(page) {
	return page.evaluate(() => {
		const main = document.querySelector('.main') ?? document.documentElement;
		return Math.max(0, main.scrollWidth - main.clientWidth, document.documentElement.scrollWidth - window.innerWidth);
	});
}

export async function shot(page, name) {
	if (!shots) return;
	mkdirSync(shots, { recursive: true });
	await page.screenshot({ path: `${shots}${name}.png` });
}
