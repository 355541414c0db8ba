/** What a pivot table asks and answers, and how it stands in the page's address. */
import { call, callRaw, get } from '@/api/client.ts';
import { isoDay } from '@/api/query.ts';
import { date, formatTag, money, number } from '@/lib/format.ts';

export interface Dimension {
	field: string;
	label: string;
	group: string;
	kind: 'value' | 'date' | 'time' | 'int' | 'number';
	moment?: boolean;
	link?: string;
}

export interface MeasureInfo {
	name: string;
	label: string;
	money: boolean;
}

export interface Fact {
	of: string;
	label: string;
	moment: string | null;
	export: boolean;
	measures: MeasureInfo[];
	dimensions: Dimension[];
}

export interface PivotMeta {
	available: boolean;
	currency: string;
	facts: Fact[];
}

export interface Dim {
	field: string;
	by?: string;
	band?: number;
}

export type Measure = string | { name: string; label?: string; formula: string };

export interface Filter {
	on: string;
	condition: unknown;
}

/** What is asked; `span` is the period in words, and becomes days when it is sent. */
export interface Query {
	of: string;
	measures: Measure[];
	rows: Dim[];
	columns: Dim[];
	span?: Span;
	from?: string;
	to?: string;
	compare?: 'before' | 'year';
	filters?: Filter[];
	sort?: { measure: string; desc: boolean };
}

export interface Line {
	key: (string | null)[];
	label: (string | null)[];
	total: Value[];
	cells?: (Value[] | null)[];
}

export type Value = string | number | null;

export interface Answer {
	of: string;
	row_dimensions: { field: string; by: string; label: string; link: string | null }[];
	column_dimensions: { field: string; by: string; label: string; link: string | null }[];
	measures: { name: string; label: string; type: 'money' | 'decimal' | 'int'; scale: number; currency?: string }[];
	compared: boolean;
	columns: Line[];
	rows: Line[];
	subtotals: Line[];
	total: Value[] | null;
	row_count: number;
	more: boolean;
	ms: number;
}

export const SPANS = ['all', 'month', 'quarter', 'year', 'days30', 'days90', 'months12', 'last_year'] as const;
export type Span = (typeof SPANS)[number];
export const TIME_BY = ['year', 'quarter', 'month', 'week', 'day', 'weekday', 'kind', 'holiday'] as const;
export const PAGE_ROWS = 100;

/** The days of a period, both included. */
export function daysOf(span: Span | undefined, now = new Date()): { from?: string; to?: string } {
	const year = now.getFullYear(), month = now.getMonth(), day = now.getDate();
	const days = (from: Date, to: Date = now) => ({ from: isoDay(from), to: isoDay(to) });
	if (span === 'month') return days(new Date(year, month, 1));
	if (span === 'quarter') return days(new Date(year, month - (month % 3), 1));
	if (span === 'year') return days(new Date(year, 0, 1));
	if (span === 'days30') return days(new Date(year, month, day - 29));
	if (span === 'days90') return days(new Date(year, month, day - 89));
	if (span === 'months12') return days(new Date(year, month - 11, 1));
	if (span === 'last_year') return days(new Date(year - 1, 0, 1), new Date(year - 1, 11, 31));
	return {};
}

export const measureName = (measure: Measure) => (typeof measure === 'string' ? measure : measure.name);

/** As the server takes it. */
export function bodyOf(query: Query, offset = 0): Record<string, unknown> {
	const { span, from, to, compare, sort, ...rest } = query;
	const days = from || to ? { from, to } : daysOf(span);
	return {
		...rest, ...days, limit: PAGE_ROWS, offset,
		...(compare && days.from && days.to ? { compare } : {}),
		...(sort && rest.measures.some((m) => measureName(m) === sort.measure) ? { sort } : {}),
	};
}

export const readMeta = (signal?: AbortSignal) => get<PivotMeta>('pivot', signal);

export async function askPivot(query: Query, offset: number, signal?: AbortSignal): Promise<Answer> {
	return (await call<Answer>('POST', 'pivot', { body: bodyOf(query, offset), signal })).data;
}

export async function cellOf(query: Query, row: Line['key'], column: Line['key']) {
	const body = { ...bodyOf(query), row, column };
	return (await call<{ entity: string; condition: unknown; list: { entity: string; condition: unknown } }>('POST', 'pivot/cell', { body })).data;
}

export async function exportPivot(query: Query, format: 'xlsx' | 'csv'): Promise<Blob> {
	const { offset: _offset, limit: _limit, ...body } = bodyOf(query) as { offset: number; limit: number };
	return (await callRaw('POST', 'pivot/export', { body: { ...body, format }, headers: { Accept: '*/*' } })).blob();
}

/** A first question for a kind of facts: what it is worth by month. */
export function firstQuery(fact: Fact): Query {
	const moment = fact.dimensions.find((d) => d.moment);
	return {
		of: fact.of, measures: [fact.measures.find((m) => m.money)?.name ?? fact.measures[0]!.name],
		rows: moment ? [{ field: moment.field, by: 'month' }] : [], columns: [], span: 'months12',
	};
}

export function readQuery(text: string | null, facts: Fact[]): Query | null {
	if (!text) return null;
	try {
		const query = JSON.parse(text) as Query;
		return facts.some((f) => f.of === query.of) && Array.isArray(query.measures) && Array.isArray(query.rows) && Array.isArray(query.columns) ? query : null;
	} catch {
		return null;
	}
}

export function valueText(value: Value | undefined, measure: Answer['measures'][number], compact = false): string {
	if (value === null || value === undefined) return '–';
	if (measure.type === 'money') return money(String(value), measure.currency ?? 'CNY', compact ? { compact: true } : { whole: true });
	return number(String(value), compact ? { notation: 'compact' } : { maximumFractionDigits: measure.type === 'int' ? 0 : 2 });
}

const utc = (options: Intl.DateTimeFormatOptions, at: Date) => new Intl.DateTimeFormat(formatTag(), { ...options, timeZone: 'UTC' }).format(at);

/** How a key is read: days in the reader's way, words for what has a name of its own. */
export function keyText(
	dim: { by: string; link: string | null } | undefined, key: string | null | undefined, label: string | null | undefined, t: (key: string) => string,
): string {
	if (!dim || key === null || key === undefined) return t('pivot.empty');
	if (dim.link && dim.by === 'value') return label ?? t('pivot.unseen');
	if (dim.by === 'month') return utc({ year: 'numeric', month: 'short' }, new Date(`${key}-01T00:00:00Z`));
	if (dim.by === 'day' || dim.by === 'week') return date(key);
	if (dim.by === 'weekday') return utc({ weekday: 'short' }, new Date(Date.UTC(2024, 0, 1 + Number(key))));
	if (dim.by === 'hour') return `${key.padStart(2, '0')}:00`;
	if (dim.by === 'kind') return t(`pivot.day_${key}`);
	if (dim.by === 'age') return `${key}–${Number(key) + 9}`;
	if (key === 'true' || key === 'false') return t(key === 'true' ? 'word.yes' : 'word.no');
	return label ?? key;
}
