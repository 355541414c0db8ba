// Traditional Chinese (Taiwan terms) from the Simplified texts: OpenCC's s2twp, then
// corrections: "terms" replace words everywhere, "texts" replace whole texts by key.
import { readFileSync } from 'node:fs';
import * as OpenCC from 'opencc-js/cn2t';

const convert = OpenCC.Converter({ from: 'cn', to: 'twp' });

function walk(node, path, change) {
	if (typeof node === 'string') return change(node, path);
	return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, walk(value, path ? `${path}.${key}` : key, change)]));
}

export function traditional(folder) {
	const read = (name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
	const { terms, texts } = read('zh-Hant.corrections.json');
	return walk(read('zh-Hans.json'), '', (text, key) => {
		if (texts[key] !== undefined) return texts[key];
		let out = convert(text);
		for (const [from, to] of Object.entries(terms)) out = out.replaceAll(from, to);
		return out;
	});
}
