// What `guanxi mail sanitize` prints, in a browser with scripts on and nothing else in its way: nothing runs, nothing is fetched.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { program, root } from '../lib/server.mjs';
import { cannot, startBrowser } from './lib.mjs';

const file = join(process.env.GUANXI_SHARED_DATA ?? join(root, '..', 'shared', 'data'), 'html_hostile', 'payloads.json');
const skip = cannot();
const hostile = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).map((one) => one.payload) : [];

/** Ways to run or to fetch that the published cases leave out; each does so where it is shown as it is. */
const own = [
	'<img src="http://mail.test/a.png">', '<img srcset="http://mail.test/a.png 1x">', '<picture><source srcset="http://mail.test/a.png"><img></picture>',
	'<body background="http://mail.test/a.png">', '<table background="http://mail.test/a.png"><tr><td>x</table>', '<div style="background:url(http://mail.test/a.png)">x</div>',
	'<div style="background:u\\72l(http://mail.test/a.png)">x</div>', '<ul style="list-style-image:url(http://mail.test/a.png)"><li>x</ul>',
	'<div style="border:1px solid;border-image:url(http://mail.test/a.png) 1">x</div>', '<p style="content:url(http://mail.test/a.png)">x</p>',
	'<div style="background:image-set(&quot;http://mail.test/a.png&quot; 1x)">x</div>', '<style>@import "http://mail.test/a.css";</style>',
	'<link rel=stylesheet href="http://mail.test/a.css">', '<link rel=preload as=image href="http://mail.test/a.png">', '<script src="http://mail.test/a.js"></script>',
	'<iframe src="http://mail.test/"></iframe>', '<iframe srcdoc="<script>parent.ran=1</script>"></iframe>', '<object data="http://mail.test/a.svg"></object>',
	'<embed src="http://mail.test/a.svg">', '<video poster="http://mail.test/a.png"></video>', '<video src="http://mail.test/a.mp4" preload=auto></video>',
	'<audio src="http://mail.test/a.mp3" preload=auto></audio>', '<input type=image src="http://mail.test/a.png">', '<svg><image href="http://mail.test/a.png"/></svg>',
	'<svg><style>@import "http://mail.test/a.css"</style></svg>', '<meta http-equiv=refresh content="0;url=http://mail.test/">', '<img src=x: onerror="ran=1">',
	'<svg onload="ran=1">', '<details open ontoggle="ran=1"><summary>x</summary></details>', '<input autofocus onfocus="ran=1">', '<script>ran=1</script>',
	'<svg><animate onbegin="ran=1" attributeName=x dur=1s>', '<video><source onerror="ran=1"></video>', '<style>@keyframes x{}</style><p style="animation-name:x" onanimationstart="ran=1">x</p>',
];

const sanitised = (html) => {
	const done = spawnSync(program, ['mail', 'sanitize'], { input: html, encoding: 'utf8' });
	assert.equal(done.status, 0, done.stderr);
	return done.stdout;
};

let browser;
before(async () => { if (!skip) browser = await startBrowser(); });
after(async () => { await browser?.close(); });

/** Shows each in a page of its own address; says what it did: dialogs, scripts, requests, navigation, other windows. */
async function watch(all, each) {
	const context = await browser.newContext();
	const page = await context.newPage();
	let did = [], html = '';
	page.on('dialog', (dialog) => { did.push(`dialog ${dialog.message()}`); dialog.dismiss().catch(() => {}); });
	context.on('page', (other) => { did.push('window'); other.close().catch(() => {}); });
	await context.route('**/*', (route) => {
		if (route.request().url() === 'http://page.test/') return route.fulfill({ contentType: 'text/html; charset=utf-8', body: `<!doctype html><body>${html}` });
		did.push(`request ${route.request().url()}`);
		return route.abort();
	});
	for (const one of all) {
		did = [];
		html = one;
		await page.goto('http://page.test/', { waitUntil: 'load', timeout: 5000 }).catch((error) => did.push(`navigation ${error.message.split('\n')[0]}`));
		await page.waitForTimeout(each.wait ?? 20);
		if (await page.evaluate(() => window.ran).catch(() => 'gone')) did.push('ran');
		each.then(one, did, page);
		if (each.look) await each.look(one, page);
	}
	await context.close();
}

test('the watcher sees what runs and what is fetched where nothing is sanitised', { skip }, async () => {
	const quiet = [];
	let seen = 0;
	await watch(own, { wait: 80, then: (one, did) => { if (did.length === 0) quiet.push(one); } });
	assert.deepEqual(quiet, []);
	if (hostile.length > 0) await watch(hostile, { then: (one, did) => { seen += did.length > 0 ? 1 : 0; } });
	assert.ok(hostile.length === 0 || seen >= 20, `${seen} of ${hostile.length}`);
});

test('sanitised, none of it runs or fetches anything, also when it is clicked and written anew', { skip }, async () => {
	const clean = [...own, ...hostile].map(sanitised);
	const look = async (one, page) => {
		// as another page would take it over, and as somebody's mouse and keyboard would meet it
		const found = await page.evaluate(() => {
			document.body.innerHTML = document.body.innerHTML;
			const bad = [];
			for (const element of document.body.querySelectorAll('*')) {
				if (element.namespaceURI !== 'http://www.w3.org/1999/xhtml' || /^(script|style|iframe|object|embed|form|input|link|meta|base|svg|math)$/i.test(element.localName)) bad.push(element.localName);
				for (const a of element.attributes) if (/^on|^src|^id$|^name$|^background$/i.test(a.name)) bad.push(a.name);
				if (element.localName === 'a' && element.hasAttribute('href') && !/^(https?|mailto|tel):$/.test(element.protocol)) bad.push(element.href);
				if (/fixed|absolute|sticky/.test(getComputedStyle(element).position) || getComputedStyle(element).backgroundImage !== 'none') bad.push('style');
				element.removeAttribute('href');
				for (const kind of ['mouseover', 'focus', 'click', 'error', 'load', 'toggle']) element.dispatchEvent(new Event(kind, { bubbles: true }));
			}
			return [bad, window.ran];
		});
		assert.deepEqual(found, [[], undefined], one);
	};
	let n = 0;
	await watch(clean, { then: (one, did) => { n++; assert.deepEqual(did, [], one); }, look });
	assert.equal(n, own.length + hostile.length);
});
