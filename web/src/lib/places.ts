/** Countries, currencies and time zones to choose from, found by their names in every language. */
import { codeName, formatTag } from './format.ts';

export interface Choice {
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
