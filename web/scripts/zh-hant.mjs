// Traditional Chinese (Taiwan terms) from the Simplified texts: OpenCC's s2twp, then
// corrections: "terms" replace words everywhere, "texts" replace whole texts by key.
import * as OpenCC from 'opencc-js/cn2t';

const convert = OpenCC.Converter({ from: 'cn', to: 'twp' });

function walk(node, path, change) {
	if (typeof node === 'string') return change(node, path);
	return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, walk(value, path ? `${path}.${key}` : key, change)]));
}

// A table's rows are 列 in Taiwan and its columns 欄; words that merely hold the character keep it.
const KEEP = /([銀執進另自平發旅流現並履不]行|行[銷業動政程為李]|每行|命令列|佇列|[陣序下排系]列|列[出印入為在])/;
const table = (text) => text.split(KEEP).map((part, i) => (i % 2 ? part : part.replace(/[行列]/g, (c) => (c === '行' ? '列' : '欄')))).join('');

/** `corrections` are whole texts by their keys. */
export function traditional(simplified, terms, corrections) {
	return walk(simplified, '', (text, key) => {
		if (corrections[key] !== undefined) return corrections[key];
		let out = convert(text);
		for (const [from, to] of Object.entries(terms)) out = out.replaceAll(from, to);
		return table(out);
	});
}
