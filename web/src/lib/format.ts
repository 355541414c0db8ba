/** Numbers, money and times as the reader writes them; everything through Intl. */

export type Locale = 'zh-Hans' | 'zh-Hant' | 'en';

let tag = 'zh-CN';
let justNow = '';

/** The Intl tag of a page language; English readers keep the habits of their browser. */
export function intlTag(locale: Locale, browser: readonly string[] = []): string {
	if (locale === 'zh-Hans') return browser.find((l) => /^zh-(CN|SG|Hans)/i.test(l)) ?? 'zh-CN';
	if (locale === 'zh-Hant') return browser.find((l) => /^zh-(TW|HK|MO|Hant)/i.test(l)) ?? 'zh-TW';
	return browser.find((l) => /^en-/i.test(l)) ?? 'en-GB';
}

/** `now` is the word for the last minute; Intl only has a bare "now". */
export function setFormatTag(next: string, now = '') {
	tag = next;
	justNow = now;
	cache.clear();
}

export function formatTag(): string {
	return tag;
}

const cache = new Map<string, unknown>();

function cached<T>(key: string, make: () => T): T {
	let found = cache.get(key) as T | undefined;
	if (found === undefined) {
		found = make();
		cache.set(key, found);
	}
	return found;
}

type Decimal = Intl.StringNumericLiteral;
const DECIMAL = /^-?\d+(\.\d+)?$/;

/** Minor digits of a currency as Intl knows them: 2 for CNY, 0 for JPY. */
export function currencyDigits(currency: string): number {
	try {
		return cached(`d${currency}`, () => new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2);
	} catch {
		return 2;
	}
}

/** An exact decimal text as money; the text is never turned into a float. */
export function money(value: unknown, currency: string, options: { compact?: boolean; whole?: boolean } = {}): string {
	if (value === null || value === undefined || value === '') return '';
	const text = String(value);
	if (!DECIMAL.test(text)) return text;
	try {
		const format = cached(`m${currency}${options.compact ? 'c' : ''}${options.whole ? 'w' : ''}`, () =>
			new Intl.NumberFormat(tag, {
				style: 'currency',
				currency,
				...(options.whole ? { maximumFractionDigits: 0 } : {}),
				...(options.compact ? { notation: 'compact', maximumFractionDigits: 1, minimumFractionDigits: 0 } : {}),
			}));
		return format.format(text as Decimal);
	} catch {
		return `${currency} ${text}`;
	}
}

export function number(value: unknown, options: Intl.NumberFormatOptions = {}): string {
	if (value === null || value === undefined || value === '') return '';
	const text = String(value);
	if (!DECIMAL.test(text)) return text;
	return cached(`n${JSON.stringify(options)}`, () => new Intl.NumberFormat(tag, { maximumFractionDigits: 20, ...options })).format(text as Decimal);
}

export function percent(value: number, digits = 0): string {
	return cached(`p${digits}`, () => new Intl.NumberFormat(tag, { style: 'percent', maximumFractionDigits: digits })).format(value);
}

export function bytes(value: number): string {
	const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;
	let n = value;
	let i = 0;
	while (n >= 1000 && i < units.length - 1) {
		n /= 1000;
		i++;
	}
	return new Intl.NumberFormat(tag, { style: 'unit', unit: units[i], unitDisplay: 'short', maximumFractionDigits: n < 10 && i > 0 ? 1 : 0 }).format(n);
}

/** A day, "2026-11-22". Not a moment: never shifted by time zones. */
export function date(value: unknown, style: 'medium' | 'long' | 'short' | 'axis' | 'month' = 'medium'): string {
	const m = /^(\d{4})-(\d{2})-(\d{2})/.exec(String(value ?? ''));
	if (!m) return value ? String(value) : '';
	const at = Date.UTC(Number(m[1]), Number(m[2]) - 1, Number(m[3]));
	const options: Intl.DateTimeFormatOptions =
		style === 'axis' ? { month: 'numeric', day: 'numeric' }
		: style === 'month' ? { year: 'numeric', month: 'short' }
		: { dateStyle: style };
	return cached(`D${style}`, () => new Intl.DateTimeFormat(tag, { ...options, timeZone: 'UTC' })).format(at);
}

function moment(value: unknown): number | null {
	const at = typeof value === 'number' ? value : Date.parse(String(value ?? ''));
	return Number.isFinite(at) ? at : null;
}

/** A moment in the reader's time zone. */
export function time(value: unknown, style: 'exact' | 'minute' | 'day' | 'clock' = 'minute'): string {
	const at = moment(value);
	if (at === null) return value ? String(value) : '';
	const options: Intl.DateTimeFormatOptions =
		style === 'exact' ? { dateStyle: 'full', timeStyle: 'long' }
		: style === 'minute' ? { dateStyle: 'medium', timeStyle: 'short' }
		: style === 'clock' ? { timeStyle: 'short' }
		: { dateStyle: 'medium' };
	return cached(`T${style}`, () => new Intl.DateTimeFormat(tag, options)).format(at);
}

/** A number before a Chinese word stands apart from it, as in the page's own texts. */
function spaced(text: string): string {
	return text.replace(/(\d)(?=\p{Script=Han})/gu, '$1 ');
}

/** "3 days ago"; days are counted by the calendar, as people do. */
export function relative(value: unknown, now = Date.now()): string {
	const at = moment(value);
	if (at === null) return '';
	const format = (amount: number, unit: Intl.RelativeTimeFormatUnit, numeric: 'auto' | 'always') =>
		spaced(cached(`R${numeric}`, () => new Intl.RelativeTimeFormat(tag, { numeric })).format(amount === 0 ? 0 : amount, unit));
	const seconds = (at - now) / 1000;
	const size = Math.abs(seconds);
	if (size < 60) return justNow || format(0, 'second', 'auto');
	if (size < 3600) return format(Math.trunc(seconds / 60), 'minute', 'always');
	if (size < 86_400) return format(Math.trunc(seconds / 3600), 'hour', 'always');
	const midnight = (ms: number) => new Date(ms).setHours(0, 0, 0, 0);
	const days = Math.round((midnight(at) - midnight(now)) / 86_400_000);
	if (Math.abs(days) < 14) return format(days, 'day', 'auto');
	if (Math.abs(days) < 60) return format(Math.trunc(days / 7), 'week', 'always');
	if (Math.abs(days) < 700) return format(Math.round(days / 30.44), 'month', 'always');
	return format(Math.round(days / 365.25), 'year', 'always');
}

export function list(items: string[], type: 'conjunction' | 'disjunction' = 'conjunction'): string {
	return cached(`L${type}`, () => new Intl.ListFormat(tag, { type, style: 'short' })).format(items);
}

/** The name of a language, country or currency code, or the code itself. */
export function codeName(kind: 'language' | 'region' | 'currency', code: string): string {
	try {
		return cached(`c${kind}`, () => new Intl.DisplayNames([tag], { type: kind })).of(code) ?? code;
	} catch {
		return code;
	}
}

/** What a person typed as a number ("1,234.50", full width digits) as the server's decimal, or null. */
export function parseDecimal(typed: string, scale = 20): string | null {
	const flat = typed.normalize('NFKC').replace(/[\s¥$€£,_]/g, '');
	const m = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(flat);
	if (!m || (!m[2] && !m[3])) return null;
	if ((m[3] ?? '').replace(/0+$/, '').length > scale) return null;
	const whole = (m[2] ?? '').replace(/^0+(?=\d)/, '') || '0';
	const fraction = (m[3] ?? '').slice(0, scale);
	return `${m[1] === '-' ? '-' : ''}${whole}${fraction ? `.${fraction}` : ''}`;
}

/** Exact sum of decimal texts. */
export function sumDecimals(values: string[]): string {
	const scale = Math.max(0, ...values.map((v) => v.split('.')[1]?.length ?? 0));
	let total = 0n;
	for (const v of values) {
		const [whole = '0', fraction = ''] = v.replace('-', '').split('.');
		const minor = BigInt(whole + fraction.padEnd(scale, '0'));
		total += v.startsWith('-') ? -minor : minor;
	}
	const digits = String(total < 0n ? -total : total).padStart(scale + 1, '0');
	const text = scale ? `${digits.slice(0, -scale)}.${digits.slice(-scale)}` : digits;
	return total < 0n ? `-${text}` : text;
}

/** An exact decimal text divided by a whole number, rounded half up to some digits. */
export function shareDecimal(value: string, n: number, digits: number): string {
	if (!DECIMAL.test(value) || n < 1) return '0';
	const scale = value.split('.')[1]?.length ?? 0;
	const minor = BigInt(value.replace(/[-.]/g, '')) * 10n ** BigInt(digits);
	const by = BigInt(n) * 10n ** BigInt(scale);
	const rounded = String((minor * 2n + by) / (by * 2n)).padStart(digits + 1, '0');
	const text = digits ? `${rounded.slice(0, -digits)}.${rounded.slice(-digits)}` : rounded;
	return value.startsWith('-') && /[1-9]/.test(text) ? `-${text}` : text;
}

const unscaled = (value: string): [bigint, number] => {
	const [whole = '0', fraction = ''] = value.replace('-', '').split('.');
	const n = BigInt(whole + fraction);
	return [value.startsWith('-') ? -n : n, fraction.length];
};

/** An exact decimal text rounded half away from zero to some digits. */
export function roundDecimal(value: string, digits: number): string {
	if (!DECIMAL.test(value)) return '0';
	const [n, scale] = unscaled(value);
	if (scale <= digits) return value;
	const by = 10n ** BigInt(scale - digits);
	const size = ((n < 0n ? -n : n) + by / 2n) / by;
	const text = String(size).padStart(digits + 1, '0');
	const out = digits ? `${text.slice(0, -digits)}.${text.slice(-digits)}` : text;
	return n < 0n && size > 0n ? `-${out}` : out;
}

/** Exact product of two decimal texts. */
export function timesDecimal(a: string, b: string): string {
	if (!DECIMAL.test(a) || !DECIMAL.test(b)) return '0';
	const [x, xs] = unscaled(a);
	const [y, ys] = unscaled(b);
	const product = x * y;
	const scale = xs + ys;
	const text = String(product < 0n ? -product : product).padStart(scale + 1, '0');
	const out = scale ? `${text.slice(0, -scale)}.${text.slice(-scale)}` : text;
	return product < 0n ? `-${out}` : out;
}

export const negated = (value: string) => (value.startsWith('-') ? value.slice(1) : /[1-9]/.test(value) ? `-${value}` : value);
