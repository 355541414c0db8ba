// The part of the list language that the page uses.

function parseList(text) {
	const out = [];
	let item = '';
	let quoted = false;
	for (let i = 0; i < text.length; i++) {
		const c = text[i];
		if (quoted && c === '\\') item += text[++i];
		else if (c === '"') quoted = !quoted;
		else if (c === ',' && !quoted) {
			out.push(item);
			item = '';
		} else item += c;
	}
	if (item !== '' || out.length) out.push(item);
	return out;
}

const isNumber = (type) => ['int', 'decimal', 'real', 'money'].includes(type);

function compare(a, b, type) {
	if (a === null || a === undefined) return b === null || b === undefined ? 0 : 1;
	if (b === null || b === undefined) return -1;
	if (isNumber(type)) return Number(a) - Number(b);
	if (type === 'link' || type === 'id') return BigInt(a) < BigInt(b) ? -1 : BigInt(a) > BigInt(b) ? 1 : 0;
	if (type === 'time') return Date.parse(a) - Date.parse(b);
	return String(a).localeCompare(String(b), 'zh-CN');
}

function test(row, field, text) {
	let not = false;
	if (text.startsWith('not.')) {
		not = true;
		text = text.slice(4);
	}
	const dot = text.indexOf('.');
	const op = text.slice(0, dot);
	const arg = text.slice(dot + 1);
	const value = row[field.name];
	const type = field.name === 'id' ? 'id' : field.type;
	const cmp = () => compare(value, type === 'bool' ? arg === 'true' : arg, type);
	const has = value !== null && value !== undefined;
	const result = (() => {
		switch (op) {
			case 'eq': return has && (type === 'bool' ? value === (arg === 'true') : cmp() === 0);
			case 'neq': return has && cmp() !== 0;
			case 'gt': return has && cmp() > 0;
			case 'gte': return has && cmp() >= 0;
			case 'lt': return has && cmp() < 0;
			case 'lte': return has && cmp() <= 0;
			case 'ilike': case 'like': return has && new RegExp(`^${arg.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/[*%]/g, '.*')}$`, 'is').test(String(value));
			case 'in': return has && parseList(arg.slice(1, -1)).some((v) => String(value) === v);
			case 'is': return arg === 'null' ? !has : String(value) === arg;
			case 'ov': return parseList(arg.slice(1, -1)).some((v) => (value ?? []).some((l) => l.id === v));
			case 'cs': return parseList(arg.slice(1, -1)).every((v) => (value ?? []).some((l) => l.id === v));
			default: throw Object.assign(new Error(op), { status: 400, code: 'PGRST100' });
		}
	})();
	return not ? !result : result;
}

const OWN = new Set(['select', 'order', 'limit', 'offset', 'cursor', 'q', 'format', 'encoding']);

export function filterRows(entity, rows, params) {
	let out = rows;
	for (const [name, text] of params) {
		if (OWN.has(name)) continue;
		const field = entity.fields.find((f) => f.name === name);
		if (!field) throw Object.assign(new Error(`column ${name} does not exist`), { status: 400, code: '42703' });
		out = out.filter((row) => test(row, field, text));
	}
	const q = params.get('q')?.trim().toLowerCase();
	if (q) {
		const searched = entity.fields.filter((f) => f.searchable || f.name === entity.title);
		out = out.filter((row) => searched.some((f) => String(row[f.name] ?? '').toLowerCase().includes(q)));
	}
	return out;
}

export function sortRows(entity, rows, order) {
	const keys = (order || entity.sort || 'id.asc').split(',').map((part) => {
		const [name, ...words] = part.split('.');
		return { name, field: entity.fields.find((f) => f.name === name), desc: words.includes('desc') };
	});
	return [...rows].sort((a, b) => {
		for (const k of keys) {
			const nullA = a[k.name] === null || a[k.name] === undefined;
			const nullB = b[k.name] === null || b[k.name] === undefined;
			if (nullA !== nullB) return nullA ? 1 : -1;
			const c = compare(a[k.name], b[k.name], k.name === 'id' ? 'id' : k.field?.type);
			if (c) return k.desc ? -c : c;
		}
		return compare(b.id, a.id, 'id');
	});
}

/** "id,name,owner:owner_id(id,name)" */
export function shape(select, row, lookup) {
	if (!select || select === '*') return row;
	const out = {};
	for (const part of select.match(/[^,(]+(\([^)]*\))?/g) ?? []) {
		const m = /^(?:(\w+):)?([\w*]+)(?:\(([^)]*)\))?$/.exec(part);
		if (!m) continue;
		const [, alias, name, inner] = m;
		if (name === '*') Object.assign(out, row);
		else if (inner !== undefined) {
			const target = lookup(name, row[name]);
			out[alias ?? name] = target ? Object.fromEntries(inner.split(',').map((k) => [k, target[k]])) : null;
		} else out[alias ?? name] = row[name] ?? null;
	}
	return out;
}
