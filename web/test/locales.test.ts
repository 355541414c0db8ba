// Every text has its translations, none is left over, and none lost a placeholder.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { texts as textsOf } from '../scripts/features.mjs';

const src = fileURLToPath(new URL('../src/', import.meta.url));

type Texts = Map<string, string>;

function flat(node: unknown, path = '', out: Texts = new Map()): Texts {
	if (typeof node === 'string') out.set(path, node);
	else for (const [key, value] of Object.entries(node as object)) flat(value, path ? `${path}.${key}` : key, out);
	return out;
}

const languages: Record<string, Texts> = Object.fromEntries(['en', 'zh-Hans', 'zh-Hant'].map((name) => [name, flat(textsOf(name))]));

const PLURAL = /_(zero|one|two|few|many|other)$/;
/** "days_one" and "days_other" are one text. */
const base = (key: string, texts: Texts) => (PLURAL.test(key) && texts.has(key.replace(PLURAL, '_other')) ? key.replace(PLURAL, '') : key);
const bases = (texts: Texts) => new Set([...texts.keys()].map((k) => base(k, texts)));

function* files(dir: string): Generator<string> {
	for (const name of readdirSync(dir)) {
		const path = join(dir, name);
		if (statSync(path).isDirectory()) yield* files(path);
		else if (/\.tsx?$/.test(name)) yield path;
	}
}

const code = [...files(src)].map((f) => readFileSync(f, 'utf8')).join('\n');
const all = bases(languages.en!);
/** Dotted words anywhere in the code, and the beginnings of those that are put together. */
const named = new Set([...code.matchAll(/['"`]([a-z_]+(?:\.[a-z_0-9]+)+)['"`]/g)].map((m) => m[1]!));
const beginnings = new Set([...code.matchAll(/`([a-z_]+(?:\.[a-z_0-9]+)*\.[a-z_]*)\$\{/g)].map((m) => m[1]!));

test('all languages have the same texts', () => {
	for (const [name, texts] of Object.entries(languages)) {
		const here = bases(texts);
		assert.deepEqual([...all].filter((k) => !here.has(k)), [], `missing in ${name}`);
		assert.deepEqual([...here].filter((k) => !all.has(k)), [], `too much in ${name}`);
	}
});

test('plural texts have the forms their language needs', () => {
	for (const [name, texts] of Object.entries(languages)) {
		const forms = new Intl.PluralRules(name).resolvedOptions().pluralCategories;
		for (const key of texts.keys()) {
			if (!PLURAL.test(key) || !texts.has(key.replace(PLURAL, '_other'))) continue;
			for (const form of forms) assert.ok(texts.has(key.replace(PLURAL, `_${form}`)), `${name}: ${key} has no form "${form}"`);
		}
	}
});

test('no translation lost a placeholder', () => {
	const holes = (text: string) => [...new Set([...text.matchAll(/\{\{\s*(\w+)/g)].map((m) => m[1]))].sort();
	for (const name of ['zh-Hans', 'zh-Hant'])
		for (const [key, text] of languages[name]!) {
			const english = languages.en!.get(key) ?? languages.en!.get(`${base(key, languages[name]!)}_other`);
			assert.deepEqual(holes(text), holes(english ?? ''), `${name}: ${key}`);
		}
});

/** Words of before, and of the mainland in Traditional: each was a stumbling block of somebody who tried the page. */
const OLD: Record<string, RegExp> = {
	en: /days before|work for tomorrow|take over\b|contacts \(count\)|all in |would:|one of the choices|lies outside|cannot be told|interaction|well done/i,
	'zh-Hans': /便签|接管|互动|干得好|不在选项/,
	'zh-Hant': /記錄|會話|新建|跳過|撤銷|快捷鍵|幫助|訂單號|商品編碼|共享|經辦人|發郵件|便籤|便條|列表|匹配|單元格|令牌|賬|郵箱|信息|默認|短信|“|”|[第首多一該下上逐有些] ?(\{\{\w+\}\} )?行(?!程)/,
};

test('no word of before stands anywhere', () => {
	const old = Object.entries(languages).flatMap(([name, texts]) => [...texts].flatMap(([key, text]) => {
		const found = OLD[name]!.exec(text);
		return found ? [`${name}: ${key}: ${found[0]} in ${text}`] : [];
	}));
	assert.deepEqual(old, []);
});

test('no text is empty, and Chinese pages have no English sentences', () => {
	for (const [name, texts] of Object.entries(languages))
		for (const [key, text] of texts) {
			assert.notEqual(text.trim(), '', `${name}: ${key}`);
			if (name !== 'en') assert.ok(!/[a-z]{3,} [a-z]{3,} [a-z]{3,}/.test(text), `${name}: ${key}: ${text}`);
		}
});

/** Fields that forms name by their way, and settings: not texts. */
const FIELDS = new Set(['customer.name', 'customer.phone', 'message.body', 'consent.url']);

test('every text asked for exists', () => {
	for (const key of named) {
		const [section] = key.split('.');
		if (![...all].some((k) => k.startsWith(`${section}.`)) || FIELDS.has(key) || /\.(tsx?|json|mjs|css|csv|eml)$/.test(key)) continue;
		assert.ok(all.has(key), `not translated: ${key}`);
	}
	for (const start of beginnings) {
		const [section] = start.split('.');
		if (![...all].some((k) => k.startsWith(`${section}.`))) continue;
		assert.ok([...all].some((k) => k.startsWith(start)), `nothing begins with ${start}`);
	}
});

test('no text is left over', () => {
	const unused = [...all].filter((k) => !named.has(k) && ![...beginnings].some((b) => k.startsWith(b)));
	assert.deepEqual(unused, []);
});
