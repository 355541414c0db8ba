// Reads the entity descriptors straight from the C sources, so that the mock always
// speaks of the same entities and fields as the server. The tables are regular
// designated initialisers; this understands just those.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

function* sources(folder) {
	for (const name of readdirSync(folder)) {
		const path = join(folder, name);
		if (statSync(path).isDirectory()) yield* sources(path);
		else if (/_entity\.c$/.test(name)) yield path;
	}
}

/** The text between a brace and its partner. */
function block(text, open) {
	let depth = 0;
	let quoted = false;
	for (let i = open; i < text.length; i++) {
		if (quoted) {
			if (text[i] === '\\') i++;
			else if (text[i] === '"') quoted = false;
		} else if (text[i] === '"') quoted = true;
		else if (text[i] === '{') depth++;
		else if (text[i] === '}' && --depth === 0) return text.slice(open + 1, i);
	}
	throw new Error('unbalanced braces');
}

/** Members of an initialiser list, split at commas outside braces and strings. */
function items(text) {
	const out = [];
	let depth = 0;
	let quoted = false;
	let start = 0;
	for (let i = 0; i <= text.length; i++) {
		const c = text[i];
		if (quoted) {
			if (c === '\\') i++;
			else if (c === '"') quoted = false;
		} else if (c === '"') quoted = true;
		else if (c === '{') depth++;
		else if (c === '}') depth--;
		else if ((c === ',' && depth === 0) || i === text.length) {
			const item = text.slice(start, i).trim();
			if (item) out.push(item);
			start = i + 1;
		}
	}
	return out;
}

/** Adjacent literals are one. */
function string(text) {
	const parts = [...text.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((m) => m[1].replace(/\\(.)/g, '$1'));
	return parts.length ? parts.join('') : null;
}

const pair = (text) => items(block(text, text.indexOf('{'))).map(string);

/** Arguments of a call whose text begins after its bracket, and where it ends. */
function argumentsOf(text, start) {
	const out = [];
	let depth = 0, quoted = false, from = start;
	for (let i = start; i < text.length; i++) {
		const c = text[i];
		if (quoted) {
			if (c === '\\') i++;
			else if (c === '"') quoted = false;
		} else if (c === '"') quoted = true;
		else if ('({'.includes(c)) depth++;
		else if (depth > 0 && ')}'.includes(c)) depth--;
		else if (depth === 0 && (c === ')' || c === ',')) {
			out.push(text.slice(from, i).trim());
			from = i + 1;
			if (c === ')') return [out, from];
		}
	}
	throw new Error('an open call');
}

/** Macros with arguments, that tables are shortened by, written out. */
function expanded(text) {
	const macros = [...text.matchAll(/^#define (\w+)\(([^)]*)\)((?:.*\\\n)*.*)\n/gm)];
	let out = text.replace(/^#define (?:.*\\\n)*.*\n/gm, '');
	for (const [, name, list, body] of macros) {
		const names = list.split(',').map((n) => n.trim());
		for (let at; (at = out.search(new RegExp(`(?<![\\w.])${name}\\(`))) >= 0;) {
			const [given, end] = argumentsOf(out, at + name.length + 1);
			const value = (word) => (word === '__VA_ARGS__' ? given.slice(names.length - 1).join(', ') : names.includes(word) ? given[names.indexOf(word)] : word);
			out = out.slice(0, at) + body.replace(/\\\n/g, ' ').replace(/"(?:[^"\\]|\\.)*"|\w+/g, (word) => (word.startsWith('"') ? word : value(word))).trim() + out.slice(end);
		}
	}
	return out;
}

function members(text) {
	const out = {};
	for (const item of items(text)) {
		const m = /^\.(\w+)\s*=\s*([\s\S]*)$/.exec(item);
		if (m) out[m[1]] = m[2].trim();
	}
	return out;
}

export function readDescriptors(root) {
	const entities = [];
	for (const path of sources(root)) {
		const text = expanded(readFileSync(path, 'utf8').replace(/\/\*[\s\S]*?\*\//g, ''));
		const table = (type) => {
			const found = {};
			for (const m of text.matchAll(new RegExp(`struct ${type} (\\w+)\\[\\] = (\\{)`, 'g'))) found[m[1]] = items(block(text, m.index + m[0].length - 1));
			return found;
		};
		const options = Object.fromEntries(Object.entries(table('option')).map(([name, rows]) => [name, rows.filter((row) => row.startsWith('{')).flatMap((row) => {
			const [value, label, colour] = items(block(row, 0));
			if (!label || value === 'NULL') return [];
			return [{ value: string(value), label: pair(label), colour: colour ? string(colour) : null }];
		})]));
		const groups = Object.fromEntries(Object.entries(table('field_group')).map(([name, rows]) => [name, rows.flatMap((row) => {
			const [key, label] = items(block(row, 0));
			return key === 'NULL' || !label ? [] : [{ key: string(key), label: pair(label) }];
		})]));
		const fields = Object.fromEntries(Object.entries(table('field')).map(([name, rows]) => [name, rows.flatMap((row) => {
			const f = members(block(row, 0));
			const flags = f.flags ?? '';
			const has = (flag) => new RegExp(`\\b${flag}\\b`).test(flags);
			if (!f.name || has('F_SECRET')) return [];
			return [{
				name: string(f.name), type: f.type.replace('FIELD_', '').toLowerCase(), label: pair(f.label), help: f.help ? pair(f.help) : null, group: f.group ? string(f.group) : null,
				required: has('F_REQUIRED'), unique: has('F_UNIQUE'), readonly: has('F_READONLY'), insert_only: has('F_INSERT_ONLY'), more: has('F_MORE'), list: has('F_LIST'),
				sortable: has('F_SORT') || has('F_INDEX') || has('F_UNIQUE'), filterable: true, searchable: has('F_SEARCH'), personal: has('F_PERSONAL'), maskable: has('F_MASKABLE'),
				max: f.max ? Number(f.max) : null, scale: f.scale ? Number(f.scale) : null, currency_field: f.currency_field ? string(f.currency_field) : null,
				link: f.link ? string(f.link) : null, fallback: f.fallback ? string(f.fallback) : null, options: f.options ? options[f.options] ?? null : null,
			}];
		})]));
		for (const m of text.matchAll(/const struct entity \w+ = (\{)/g)) {
			const e = members(block(text, m.index + m[0].length - 1));
			const flags = e.flags ?? '';
			if (/E_INTERNAL/.test(flags)) continue;
			entities.push({
				name: string(e.name), plural: string(e.plural), label: pair(e.label), label_many: pair(e.label_many), icon: e.icon ? string(e.icon) : null,
				title: e.title ? string(e.title) : null, subtitle: e.subtitle ? string(e.subtitle) : null, sort: e.sort ? string(e.sort) : null,
				system: /E_SYSTEM/.test(flags), child: /E_CHILD/.test(flags), closed: /E_NO_API_WRITE/.test(flags),
				parent: e.parent ? string(e.parent) : null, owner: e.owner ? string(e.owner) : null, team: e.team ? string(e.team) : null, branch: e.branch ? string(e.branch) : null,
				groups: groups[e.groups] ?? [], fields: fields[e.fields] ?? [], rank: e.search_rank ? Number(e.search_rank) : 0,
			});
		}
	}
	return entities;
}

const SYSTEM = [
	['id', 'link', ['Id', '编号']], ['version', 'int', ['Version', '版本']], ['created_at', 'time', ['Created', '创建时间']], ['created_by', 'link', ['Created by', '创建人']],
	['updated_at', 'time', ['Changed', '修改时间']], ['updated_by', 'link', ['Changed by', '修改人']],
];

/** The descriptors as /api/v1/meta tells them, in a language. */
export function metaOf(descriptors, zh, rights) {
	const word = (two) => (two ? two[zh ? 1 : 0] ?? two[0] : null);
	const names = new Set(descriptors.map((e) => e.name));
	return descriptors.map((e) => ({
		...e, label: word(e.label), label_many: word(e.label_many),
		actions: e.closed ? { read: 'all' } : rights(e),
		groups: e.groups.map((g) => ({ ...g, label: word(g.label) })),
		fields: [
			...SYSTEM.map(([name, type, label]) => ({
				name, type: name === 'id' ? 'int' : type, label: word(label), readonly: true, right: 'read', sortable: name === 'id' || name === 'created_at', filterable: true, more: true,
				link: type === 'link' && name !== 'id' ? 'user' : null, required: false, list: false,
			})),
			...e.fields.map((f) => ({
				...f, label: word(f.label), help: word(f.help), right: f.readonly ? 'read' : 'write',
				options: f.options?.map((o) => ({ ...o, label: word(o.label) })) ?? null,
			})),
		],
		children: descriptors.flatMap((c) => c.fields.filter((f) => f.type === 'link' && f.link === e.name && (c.child || ['order', 'interaction', 'product'].includes(c.name)) && names.has(c.name)).map((f) => ({ entity: c.name, field: f.name, plural: c.plural }))),
	}));
}
