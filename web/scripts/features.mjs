// The folders of features, as they are found: those of src/features, and those that GUANXI_FEATURES names besides
// (those of a test). A folder is one if it has a feature.ts; its texts lie beside it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { traditional } from './zh-hant.mjs';

const src = fileURLToPath(new URL('../src/', import.meta.url));

/** @returns {string[]} Folders in the order of their names, those from outside last. */
export function featureFolders(extra = process.env.GUANXI_FEATURES ?? '') {
	const own = readdirSync(`${src}features`).sort().map((name) => `${src}features/${name}`);
	return [...own, ...outside(extra)].filter((folder) => existsSync(`${folder}/feature.ts`));
}

/** @returns {string[]} */
export function outside(extra = process.env.GUANXI_FEATURES ?? '') {
	return extra.split(':').filter(Boolean).map((folder) => resolve(folder));
}

/** Puts one tree of texts into another; a text has one home. */
function merge(into, from, file, path = '') {
	for (const [key, value] of Object.entries(from)) {
		const here = path ? `${path}.${key}` : key;
		if (typeof value === 'string' || typeof into[key] === 'string') {
			if (into[key] !== undefined) throw new Error(`${file}: ${here} stands elsewhere, too`);
			into[key] = value;
		} else {
			into[key] ??= {};
			merge(into[key], value, file, here);
		}
	}
}

/** The files that hold a language's texts, the frame's first. */
export function textFiles(language, folders = featureFolders()) {
	return [`${src}locales/${language}.json`, ...folders.map((folder) => `${folder}/texts.${language}.json`).filter(existsSync)];
}

/** Corrections of Traditional: whole texts by their keys, in the frame's list and in each feature's own. */
export function correctionFiles(folders = featureFolders()) {
	return [`${src}locales/zh-Hant.corrections.json`, ...folders.map((folder) => `${folder}/texts.zh-Hant.json`).filter(existsSync)];
}

const read = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** All texts of a language in one tree; Traditional is derived from Simplified. */
export function texts(language, folders = featureFolders()) {
	if (language !== 'zh-Hant') {
		const all = {};
		for (const file of textFiles(language, folders)) merge(all, read(file), file);
		return all;
	}
	const [frame, ...own] = correctionFiles(folders);
	const { terms, texts: corrections } = read(frame);
	for (const file of own)
		for (const [key, text] of Object.entries(read(file))) {
			if (corrections[key] !== undefined) throw new Error(`${file}: ${key} stands elsewhere, too`);
			corrections[key] = text;
		}
	return traditional(texts('zh-Hans', folders), terms, corrections);
}
