/** Settings as the server describes them, and what can be chosen for each. */
import type { Setting } from '@/api/types.ts';
import { codeName, formatTag } from '@/lib/format.ts';

export type { Setting } from '@/api/types.ts';

export interface Scope {
	scope: 'firm' | 'branch' | 'user';
	id?: string;
}

/** Those whose words hold everything that was typed, in their groups. */
export function grouped(settings: Setting[], find: string): { group: string; settings: Setting[] }[] {
	const words = find.normalize('NFKC').toLowerCase().split(/\s+/).filter(Boolean);
	const out: { group: string; settings: Setting[] }[] = [];
	for (const s of settings) {
		const text = `${s.label} ${s.group} ${s.help ?? ''} ${s.name} ${s.words.join(' ')} ${s.value}`.normalize('NFKC').toLowerCase();
		if (!words.every((w) => text.includes(w))) continue;
		const group = out.find((g) => g.group === s.group);
		if (group) group.settings.push(s);
		else out.push({ group: s.group, settings: [s] });
	}
	return out;
}

interface Choice {
	value: string;
	label: string;
	/** What typing is compared with. */
	find: string;
}

const DISPLAY = ['zh-Hans', 'zh-Hant', 'en'];
const all = (kind: 'region' | 'currency', code: string) =>
	DISPLAY.map((tag) => new Intl.DisplayNames([tag], { type: kind }).of(code) ?? '').join(' ');

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** Codes that stand for no place where a firm can be. */
const NO_PLACE = new Set(['EU', 'EZ', 'UN', 'ZZ', 'QO', 'XA', 'XB']);
const FIRST = ['CN', 'HK', 'TW', 'MO', 'SG', 'US', 'GB', 'JP'];
const FIRST_MONEY = ['CNY', 'HKD', 'TWD', 'SGD', 'USD', 'EUR', 'GBP', 'JPY'];
const ahead = (first: string[]) => (a: Choice, b: Choice) => {
	const x = first.indexOf(a.value);
	const y = first.indexOf(b.value);
	if (x >= 0 || y >= 0) return (x < 0 ? first.length : x) - (y < 0 ? first.length : y);
	return a.label.localeCompare(b.label, formatTag());
};

export function countries(): Choice[] {
	const names = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });
	const codes = [...LETTERS].flatMap((a) => [...LETTERS].map((b) => a + b)).filter((c) => names.of(c) && !NO_PLACE.has(c));
	return codes.map((c) => ({ value: c, label: codeName('region', c), find: `${c} ${all('region', c)}`.toLowerCase() })).sort(ahead(FIRST));
}

export function currencies(): Choice[] {
	return Intl.supportedValuesOf('currency')
		.map((c) => ({ value: c, label: `${c} ${codeName('currency', c)}`, find: `${c} ${all('currency', c)}`.toLowerCase() }))
		.sort(ahead(FIRST_MONEY));
}

const part = (zone: string, tag: string, style: 'longGeneric' | 'longOffset', at: Date) =>
	new Intl.DateTimeFormat(tag, { timeZone: zone, timeZoneName: style }).formatToParts(at).find((p) => p.type === 'timeZoneName')?.value ?? '';

const minutes = (offset: string) => {
	const m = /([+-])(\d+):?(\d*)/.exec(offset.replace('−', '-'));
	return m ? (m[1] === '-' ? -1 : 1) * (Number(m[2]) * 60 + Number(m[3] || 0)) : 0;
};

/** By offset, then by name; found by place, by what the zone is called, and by offset. */
export function zones(at: Date): Choice[] {
	const known = Intl.supportedValuesOf('timeZone');
	return [...new Set(['UTC', ...known])]
		.map((zone) => {
			const offset = part(zone, 'en', 'longOffset', at).replace('GMT', 'UTC');
			const names = DISPLAY.map((tag) => part(zone, tag, 'longGeneric', at)).join(' ');
			const find = `${zone.replaceAll('_', ' ')} ${zone} ${names} ${offset}`.toLowerCase();
			const place = zone.replaceAll('_', ' ');
			const called = part(zone, formatTag(), 'longGeneric', at);
			return { value: zone, label: `${place} · ${called} · ${offset}`, find, order: minutes(offset) };
		})
		.sort((a, b) => a.order - b.order || a.value.localeCompare(b.value))
		.map(({ value, label, find }) => ({ value, label, find }));
}

/** What is picked from a list, although the server knows it by a code. */
export function choicesOf(type: Setting['type']): Choice[] | null {
	if (type === 'zone') return zones(new Date());
	if (type === 'currency') return currencies();
	return type === 'country' ? countries() : null;
}
