/** What a report asks and answers, and how its values are read. */
import { call, callRaw, get } from '@/api/client.ts';
import { isoDay } from '@/api/query.ts';
import { date, money, number, percent } from '@/lib/format.ts';

export type Value = string | number | null | { id: string; name: string | null };
export type Type = 'text' | 'int' | 'money' | 'real' | 'share' | 'day' | 'month' | 'customer' | 'product' | 'category'
	| 'user' | 'branch' | 'channel' | 'region' | 'lost_reason';

export interface Column {
	name: string;
	label: string;
	type: Type;
}

export interface Table {
	name: string;
	label: string;
	columns: Column[];
	rows: Value[][];
}

export interface Answer {
	report: string;
	currency: string;
	from: string;
	to: string;
	facts: Record<string, string | number | null>;
	tables: Table[];
	ms: number;
}

export interface Listed {
	name: string;
	label: string;
	export: boolean;
	segment: boolean;
}

/** A row by the names of its columns. */
export type Named = Record<string, Value>;
/** Which figure: its parts, as the server names them. */
export type Cell = Record<string, string | number | boolean>;
export type Body = Record<string, unknown>;

export const SPANS = ['days30', 'days90', 'months12', 'months24', 'year', 'last_year'] as const;
export type Span = (typeof SPANS)[number];

export function daysOf(span: Span, now = new Date()): { from: string; to: string } {
	const year = now.getFullYear(), month = now.getMonth(), day = now.getDate();
	const days = (from: Date, to: Date = now) => ({ from: isoDay(from), to: isoDay(to) });
	if (span === 'days30') return days(new Date(year, month, day - 29));
	if (span === 'days90') return days(new Date(year, month, day - 89));
	if (span === 'months24') return days(new Date(year, month - 23, 1));
	if (span === 'year') return days(new Date(year, 0, 1));
	if (span === 'last_year') return days(new Date(year - 1, 0, 1), new Date(year - 1, 11, 31));
	return days(new Date(year, month - 11, 1));
}

export const readReports = (signal?: AbortSignal) => get<{ available: boolean; reports: Listed[] }>('reports', signal);

export async function askReport(name: string, body: Body, signal?: AbortSignal): Promise<Answer> {
	return (await call<Answer>('POST', `reports/${name}`, { body, signal })).data;
}

export async function exportReport(name: string, body: Body, table: string, format: 'xlsx' | 'csv'): Promise<Blob> {
	return (await callRaw('POST', `reports/${name}/export`, { body: { ...body, table, format }, headers: { Accept: '*/*' } })).blob();
}

export async function keepSegment(report: string, body: Body, cell: Cell, name: string): Promise<{ id: string; size: number }> {
	return (await call<{ id: string; size: number }>('POST', `reports/${report}/segment`, { body: { ...body, cell, name } })).data;
}

export const tableOf = (answer: Answer, name: string) => answer.tables.find((t) => t.name === name);
export const namedRow = (table: Table, row: Value[]): Named => Object.fromEntries(table.columns.map((c, i) => [c.name, row[i] ?? null]));
export const namedRows = (answer: Answer, name: string): Named[] => {
	const table = tableOf(answer, name);
	return table ? table.rows.map((row) => namedRow(table, row)) : [];
};
export const num = (value: unknown) => Number(value ?? 0) || 0;

export function monthText(key: string): string {
	return date(`${key}-01`, 'month');
}

export function valueText(value: Value, type: Type, currency: string): string {
	if (value === null || value === undefined) return '–';
	if (typeof value === 'object') return value.name ?? '–';
	if (type === 'money') return money(value, currency, { whole: true });
	if (type === 'share') return percent(Number(value), Math.abs(Number(value)) < 0.1 ? 1 : 0);
	if (type === 'int') return number(value);
	if (type === 'real') return number(value, { maximumFractionDigits: Math.abs(Number(value)) < 0.01 ? 4 : 1 });
	if (type === 'day') return date(value);
	if (type === 'month') return monthText(String(value));
	return String(value);
}

export const isNumber = (type: Type) => type === 'int' || type === 'money' || type === 'real' || type === 'share';
