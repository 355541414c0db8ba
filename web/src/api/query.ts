/**
 * Conditions of a list, as people pick them, and their two written forms: in the
 * page's address and in the call to the server. Both are the server's own dialect;
 * the address alone may also say "me" and speak of time relative to today, so that
 * a saved view or a link means the same tomorrow and for a colleague.
 */
import type { Field, FieldTypeName } from './types.ts';

export type Op =
	| 'contains' | 'starts' | 'is' | 'not' | 'in' | 'notin'
	| 'gt' | 'gte' | 'lt' | 'lte' | 'between'
	| 'empty' | 'filled'
	| 'within' | 'older' | 'period'
	| 'has' | 'hasall'
	| 'any'
	| 'raw';

export interface Condition {
	field: string;
	op: Op;
	value: string[];
	/** Of "any": what may hold, one of them is enough. */
	any?: Condition[];
}

export const anyOf = (any: Condition[]): Condition => ({ field: 'or', op: 'any', value: [], any });

export interface Sort {
	field: string;
	desc: boolean;
}

export const PERIODS = ['today', 'yesterday', 'week', 'month', 'quarter', 'year'] as const;
export type Period = (typeof PERIODS)[number];

/** Parameters of a list's address that are not conditions. */
export const RESERVED = new Set(['q', 'order', 'cols', 'view', 'peek', 'tab', 'totals', 'select', 'limit', 'offset', 'cursor']);

/** Not a field: the records that an import made or changed. */
export const IMPORT_RUN = 'import_run';

const NUMBER_OPS: Op[] = ['gte', 'lte', 'between', 'is', 'not', 'gt', 'lt', 'empty', 'filled'];
const TIME_OPS: Op[] = ['period', 'within', 'older', 'is', 'gte', 'lte', 'between', 'empty', 'filled'];
const TEXT_OPS: Op[] = ['contains', 'starts', 'is', 'not', 'empty', 'filled'];

/** What may be asked of a field type; the first is offered first. */
export const OPS: Record<FieldTypeName, Op[]> = {
	text: TEXT_OPS,
	note: ['contains', 'empty', 'filled'],
	int: NUMBER_OPS,
	decimal: NUMBER_OPS,
	real: NUMBER_OPS,
	money: NUMBER_OPS,
	bool: ['is', 'empty', 'filled'],
	date: TIME_OPS,
	time: TIME_OPS,
	enum: ['in', 'notin', 'empty', 'filled'],
	link: ['in', 'notin', 'empty', 'filled'],
	links: ['has', 'hasall'],
	email: TEXT_OPS,
	phone: TEXT_OPS,
	url: TEXT_OPS,
	code: ['in', 'notin', 'empty', 'filled'],
	json: ['empty', 'filled'],
};

function quote(value: string): string {
	return /[,()"\\\s]/.test(value) || value === '' ? `"${value.replace(/[\\"]/g, '\\$&')}"` : value;
}

function list(values: string[]): string {
	return values.map(quote).join(',');
}

function unlist(text: string): string[] {
	const out: string[] = [];
	let item = '';
	let quoted = false;
	let was = false;
	for (let i = 0; i < text.length; i++) {
		const c = text[i]!;
		if (quoted && c === '\\' && i + 1 < text.length) item += text[++i];
		else if (c === '"') {
			quoted = !quoted;
			was = true;
		} else if (c === ',' && !quoted) {
			out.push(item);
			item = '';
			was = false;
		} else item += c;
	}
	if (item !== '' || was || out.length > 0) out.push(item);
	return out;
}

/** One or two parameter values for the address. */
export function write(condition: Condition): string[] {
	const [a = '', b = ''] = condition.value;
	switch (condition.op) {
		case 'contains': return [`ilike.*${a}*`];
		case 'starts': return [`ilike.${a}*`];
		case 'is': return [`eq.${a}`];
		case 'not': return [`neq.${a}`];
		case 'in': return [`in.(${list(condition.value)})`];
		case 'notin': return [`not.in.(${list(condition.value)})`];
		case 'between': return [`gte.${a}`, `lte.${b}`];
		case 'empty': return ['is.null'];
		case 'filled': return ['not.is.null'];
		case 'has': return [`ov.{${list(condition.value)}}`];
		case 'hasall': return [`cs.{${list(condition.value)}}`];
		case 'any': return [writeAny(condition.any ?? [], write)];
		case 'raw': return [a];
		default: return [`${condition.op}.${a}`];
	}
}

const WITH_VALUE = /^((?:not\.)?(?:eq|neq|gt|gte|lt|lte|ilike|is|within|older|period))\.(.*)$/su;

/** One of several, as the server's "or" takes it: commas and brackets of values stand in quotes. */
function member(field: string, texts: string[]): string {
	const parts = texts.map((text) => {
		const found = WITH_VALUE.exec(text);
		return `${field}.${found ? `${found[1]}.${quote(found[2]!)}` : text}`;
	});
	return parts.length === 1 ? parts[0]! : `and(${parts.join(',')})`;
}

/** "(a.eq.1,b.is.null)"; `texts` says how each is written. */
export function writeAny(any: Condition[], texts: (condition: Condition) => string[]): string {
	return `(${any.map((c) => member(c.field, texts(c))).join(',')})`;
}

/** The members of a list, split where neither quotes nor brackets are open. */
function pieces(text: string): string[] {
	const out: string[] = [];
	let depth = 0;
	let quoted = false;
	let from = 0;
	for (let i = 0; i < text.length; i++) {
		const c = text[i]!;
		if (quoted && c === '\\') i++;
		else if (c === '"') quoted = !quoted;
		else if (quoted) continue;
		else if ('({'.includes(c)) depth++;
		else if (')}'.includes(c)) depth--;
		else if (c === ',' && depth === 0) {
			out.push(text.slice(from, i));
			from = i + 1;
		}
	}
	return [...out, text.slice(from)];
}

/** Null: more than people can pick here. */
function readMember(text: string): Condition | null {
	const both = /^and\((.*)\)$/su.exec(text);
	if (both) {
		const [low, high, ...rest] = pieces(both[1]!).map(readMember);
		const range = low?.op === 'gte' && high?.op === 'lte' && low.field === high.field && rest.length === 0;
		return range ? { field: low.field, op: 'between', value: [low.value[0]!, high.value[0]!] } : null;
	}
	const named = /^(\w+)\.(.*)$/su.exec(text);
	if (!named || ['or', 'and', 'not'].includes(named[1]!)) return null;
	const found = WITH_VALUE.exec(named[2]!);
	const condition = readOne(named[1]!, found ? `${found[1]}.${unlist(found[2]!)[0] ?? ''}` : named[2]!);
	return condition.op === 'raw' ? null : condition;
}

function readAny(text: string): Condition | null {
	const inside = /^\((.+)\)$/su.exec(text);
	const any = inside ? pieces(inside[1]!).map(readMember) : [];
	return any.length > 0 && any.every((c) => c !== null) ? anyOf(any) : null;
}

function readOne(field: string, text: string): Condition {
	const of = (op: Op, ...value: string[]): Condition => ({ field, op, value });
	if (text === 'is.null') return of('empty');
	if (text === 'not.is.null') return of('filled');
	if (text === 'is.true' || text === 'is.false') return of('is', text.slice(3));
	const inside = /^(in|not\.in|ov|cs)\.[({](.*)[)}]$/su.exec(text);
	if (inside) {
		const op = ({ in: 'in', 'not.in': 'notin', ov: 'has', cs: 'hasall' } as const)[inside[1] as 'in' | 'not.in' | 'ov' | 'cs'];
		return of(op, ...unlist(inside[2]!));
	}
	const like = /^ilike\.(\*?)([^*]*)\*$/su.exec(text);
	if (like) return of(like[1] ? 'contains' : 'starts', like[2]!);
	const simple = /^(eq|neq|gt|gte|lt|lte|within|older|period)\.(.*)$/su.exec(text);
	if (simple) {
		const op = simple[1] === 'eq' ? 'is' : simple[1] === 'neq' ? 'not' : (simple[1] as Op);
		return of(op, simple[2]!);
	}
	return of('raw', text);
}

/** All conditions of an address, in its order. */
export function read(params: URLSearchParams): Condition[] {
	const out: Condition[] = [];
	for (const [field, text] of params) {
		if (RESERVED.has(field)) continue;
		const found = (field === 'or' ? readAny(text) : null) ?? readOne(field, text);
		const low = found.op === 'lte' ? out.findIndex((c) => c.field === field && c.op === 'gte') : -1;
		if (low >= 0) out[low] = { field, op: 'between', value: [out[low]!.value[0]!, found.value[0]!] };
		else out.push(found);
	}
	return out;
}

export function readSort(text: string | null | undefined): Sort[] {
	return (text ?? '')
		.split(',')
		.filter(Boolean)
		.map((part) => {
			const [field = '', ...words] = part.split('.');
			return { field, desc: words.includes('desc') };
		});
}

export function writeSort(sorts: Sort[]): string {
	return sorts.map((s) => `${s.field}.${s.desc ? 'desc' : 'asc'}`).join(',');
}

const DAY = 86_400_000;
const two = (n: number) => String(n).padStart(2, '0');

/** YYYY-MM-DD of the reader's own day. */
export function isoDay(date: Date): string {
	return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function startOfDay(date: Date): Date {
	return new Date(date.getFullYear(), date.getMonth(), date.getDate());
}

function addDays(date: Date, days: number): Date {
	return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days);
}

function localDay(text: string): Date | null {
	const m = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
	return m ? new Date(Number(m[1]), Number(m[2]) - 1, Number(m[3])) : null;
}

const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
let weekStart = 1;

/** Where weeks begin, as the firm or the reader has set it. */
export function setWeekStart(day: string | undefined) {
	weekStart = Math.max(0, DAYS.indexOf(day ?? 'monday'));
}

/** First day of a period and the first day after it. */
export function periodOf(period: string, now: Date): [Date, Date] {
	const today = startOfDay(now);
	const y = today.getFullYear();
	const m = today.getMonth();
	switch (period) {
		case 'yesterday': return [addDays(today, -1), today];
		case 'week': {
			const first = addDays(today, -((today.getDay() + 7 - weekStart) % 7));
			return [first, addDays(first, 7)];
		}
		case 'month': return [new Date(y, m, 1), new Date(y, m + 1, 1)];
		case 'quarter': return [new Date(y, m - (m % 3), 1), new Date(y, m - (m % 3) + 3, 1)];
		case 'year': return [new Date(y, 0, 1), new Date(y + 1, 0, 1)];
		default: return [today, addDays(today, 1)];
	}
}

/** Number of days in "90d". */
export function daysOf(text: string): number {
	return Number(/^(\d+)d$/.exec(text)?.[1] ?? 0);
}

function timeForServer(condition: Condition, type: 'date' | 'time', now: Date): string[] {
	const point = (d: Date) => (type === 'date' ? isoDay(d) : d.toISOString());
	const [a = '', b = ''] = condition.value;
	const from = localDay(a);
	const to = localDay(condition.op === 'between' ? b : a);
	switch (condition.op) {
		case 'within': return [`gte.${point(addDays(now, -daysOf(a)))}`];
		case 'older': return [`lt.${point(addDays(now, -daysOf(a)))}`];
		case 'period': {
			const [start, end] = periodOf(a, now);
			return [`gte.${point(start)}`, `lt.${point(end)}`];
		}
		case 'is': return from ? [`gte.${point(from)}`, `lt.${point(addDays(from, 1))}`] : write(condition);
		case 'gte': return from ? [`gte.${point(from)}`] : write(condition);
		case 'lte': return to ? [`lt.${point(addDays(to, 1))}`] : write(condition);
		case 'between': return from && to ? [`gte.${point(from)}`, `lt.${point(addDays(to, 1))}`] : write(condition);
		default: return write(condition);
	}
}

/** The condition in the server's words. */
export function forServer(condition: Condition, field: Field | undefined, me: string, now: Date): string[] {
	if (field?.type === 'date' || field?.type === 'time') return timeForServer(condition, field.type, now);
	const value = field?.link === 'user' ? condition.value.map((v) => (v === 'me' ? me : v)) : condition.value;
	return write({ ...condition, value });
}

/** Days between two moments, for "older than" hints. */
export function daysBetween(a: Date, b: Date): number {
	return Math.round((b.getTime() - a.getTime()) / DAY);
}
