/**
 * Conditions as people build them, and as the server takes them (src/core/condition). What the editor does not know it keeps as it
 * is and shows in the server's own words.
 */
import { type Condition, daysOf, forServer, type Op } from '@/api/query.ts';
import { entityOf, fieldOf, may } from '@/api/records.ts';
import type { Entity, Field, Meta } from '@/api/types.ts';

export type Json = Record<string, unknown>;

export interface GroupNode {
	id: number;
	kind: 'group';
	way: 'all' | 'any' | 'none';
	parts: Node[];
}

export interface FieldNode {
	id: number;
	kind: 'field';
	condition: Condition;
}

export type Measure = 'exists' | 'none' | 'count' | 'sum' | 'min' | 'max' | 'latest';

export interface RelatedNode {
	id: number;
	kind: 'related';
	/** "orders", or "customer" of an order. */
	name: string;
	via?: string;
	measure: Measure;
	of: string;
	op: Op;
	value: string[];
	where: GroupNode;
}

export interface SegmentNode {
	id: number;
	kind: 'segment';
	segment: string;
	inside: boolean;
}

export interface TextNode {
	id: number;
	kind: 'text';
	text: string;
}

export interface ShareNode {
	id: number;
	kind: 'share';
	share: number;
	seed: string;
}

export interface OtherNode {
	id: number;
	kind: 'other';
	json: Json;
}

export type Node = GroupNode | FieldNode | RelatedNode | SegmentNode | TextNode | ShareNode | OtherNode;

let last = 0;
export const nextId = () => ++last;

export const emptyGroup = (): GroupNode => ({ id: nextId(), kind: 'group', way: 'all', parts: [] });

/** A relation of the entity that one may ask for. */
export interface Relation {
	name: string;
	via?: string;
	entity: Entity;
	label: string;
	one: boolean;
}

export function relationsOf(meta: Meta, entity: Entity): Relation[] {
	const down = entity.children.flatMap((c) => {
		const other = entityOf(meta, c.entity);
		const several = entity.children.filter((o) => o.entity === c.entity).length > 1;
		const field = fieldOf(other, c.field);
		if (!other || !may(other, 'read') || ['created_by', 'updated_by'].includes(c.field) || field?.type !== 'link') return [];
		return [{
			name: c.plural || other.plural, via: several ? c.field : undefined, entity: other,
			label: several ? `${other.label_many} · ${field.label}` : other.label_many, one: false,
		}];
	});
	const up = entity.fields.flatMap((field) => {
		const other = field.type === 'link' ? entityOf(meta, field.link) : undefined;
		if (!other || other.system || !may(other, 'read') || field.right === 'hidden' || field.right === 'masked') return [];
		return [{ name: field.name, entity: other, label: field.label, one: true }];
	});
	return [...down, ...up];
}

export const NUMBER_MEASURES: Op[] = ['gte', 'lte', 'is', 'gt', 'lt'];

/** Fields whose sum means something, of one unit. */
const summable = (f: Field) => ['int', 'decimal', 'real', 'money'].includes(f.type) && !f.currency_field;

export function measured(entity: Entity, measure: Measure): Field[] {
	const open = entity.fields.filter((f) => f.right !== 'hidden' && f.right !== 'masked' && !['id', 'version'].includes(f.name));
	if (measure === 'sum') return open.filter(summable);
	if (measure === 'min' || measure === 'max') return open.filter((f) => summable(f) || ['date', 'time'].includes(f.type));
	return measure === 'latest' ? open.filter((f) => !['links', 'json', 'note'].includes(f.type)) : [];
}

/* --- to the server ------------------------------------------------------------------------ */

const leaf = (field: string, op: string, value: unknown): Json => ({ field, op, value });

const PERIODS: Record<string, [string, string]> = {
	today: ['today', 'today+1d'], yesterday: ['today-1d', 'today'], week: ['week', 'week+1w'], month: ['month', 'month+1m'],
	quarter: ['quarter', 'quarter+1q'], year: ['year', 'year+1y'],
};

/** "gte.2026-11-30T…" of the list's dialect as a leaf. */
function ofText(field: string, text: string): Json {
	const dot = text.indexOf('.');
	return leaf(field, text.slice(0, dot), text.slice(dot + 1));
}

function timed(c: Condition, field: Field): Json | null {
	const [a = ''] = c.value;
	if (c.op === 'within') return leaf(c.field, 'gte', `now-${daysOf(a)}d`);
	if (c.op === 'older') return leaf(c.field, 'lt', `now-${daysOf(a)}d`);
	if (c.op === 'period') {
		const [from, to] = PERIODS[a] ?? PERIODS.today!;
		return { all: [leaf(c.field, 'gte', from), leaf(c.field, 'lt', to)] };
	}
	if (!['is', 'gte', 'lte', 'between', 'gt', 'lt'].includes(c.op)) return null;
	const parts = forServer(c, field, '', new Date()).map((text) => ofText(c.field, text));
	return parts.length === 1 ? parts[0]! : { all: parts };
}

export function fieldJson(c: Condition, field: Field | undefined): Json {
	const [a = '', b = ''] = c.value;
	const time = field && (field.type === 'date' || field.type === 'time') ? timed(c, field) : null;
	if (time) return time;
	if (c.any) return { any: c.any.map((one) => fieldJson(one, field)) };
	switch (c.op) {
		case 'contains': return leaf(c.field, 'ilike', `*${a}*`);
		case 'starts': return leaf(c.field, 'ilike', `${a}*`);
		case 'is': return field?.type === 'bool' ? leaf(c.field, 'is', a) : leaf(c.field, 'eq', a);
		case 'not': return leaf(c.field, 'isdistinct', a);
		case 'in': return c.value.length === 1 ? leaf(c.field, 'eq', a) : leaf(c.field, 'in', c.value);
		case 'notin': return { not: leaf(c.field, 'in', c.value) };
		case 'between': return { all: [leaf(c.field, 'gte', a), leaf(c.field, 'lte', b)] };
		case 'empty': return leaf(c.field, 'is', 'null');
		case 'filled': return leaf(c.field, 'is', 'not_null');
		case 'has': return leaf(c.field, 'ov', c.value);
		case 'hasall': return leaf(c.field, 'cs', c.value);
		default: return leaf(c.field, c.op, a);
	}
}

function relatedJson(meta: Meta, node: RelatedNode, relation: Relation | undefined): Json {
	const base: Json = { related: node.name, ...(node.via ? { via: node.via } : {}) };
	if (node.where.parts.length > 0 && relation) base.where = toJson(meta, relation.entity, node.where);
	if (node.measure === 'exists') return base;
	if (node.measure === 'none') return { not: base };
	if (node.measure === 'count') return { ...base, measure: 'count', op: { is: 'eq' }[node.op as 'is'] ?? node.op, value: node.value[0] ?? '' };
	// of what is measured only the comparison is taken; moments stay moments
	const field = fieldOf(relation?.entity, node.of);
	const inner = fieldJson({ field: node.of, op: node.op, value: node.value }, field);
	const { op, value } = inner as { op: string; value: unknown };
	return { ...base, measure: node.measure, of: node.of, op, value };
}

export function toJson(meta: Meta, entity: Entity, node: Node): Json {
	switch (node.kind) {
		case 'group': {
			const parts = node.parts.map((part) => toJson(meta, entity, part));
			if (node.way === 'any') return { any: parts };
			return node.way === 'all' ? { all: parts } : { not: { any: parts } };
		}
		case 'field': return fieldJson(node.condition, fieldOf(entity, node.condition.field));
		case 'related': return relatedJson(meta, node, relationsOf(meta, entity).find((r) => r.name === node.name && r.via === node.via));
		case 'segment': return node.inside ? { segment: node.segment } : { not: { segment: node.segment } };
		case 'text': return { text: node.text };
		case 'share': return { share: node.share, seed: node.seed };
		case 'other': return node.json;
	}
}

/* --- from the server ------------------------------------------------------------------------ */

const isLeaf = (json: Json): json is { field: string; op: string; value: unknown } => typeof json.field === 'string' && typeof json.op === 'string';

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : [String(value ?? '')]);

function readLeaf(json: { field: string; op: string; value: unknown }, entity: Entity): Condition | null {
	const field = fieldOf(entity, json.field);
	const value = texts(json.value);
	const of = (op: Op, ...v: string[]): Condition => ({ field: json.field, op, value: v });
	if (!field) return null;
	const moment = /^now-(\d+)d$/.exec(value[0] ?? '');
	if (moment && json.op === 'gte') return of('within', `${moment[1]}d`);
	if (moment && json.op === 'lt') return of('older', `${moment[1]}d`);
	const like = /^(\*?)([^*%_\\]*)\*$/.exec(value[0] ?? '');
	switch (json.op) {
		case 'eq': return of(field.type === 'enum' ? 'in' : 'is', value[0]!);
		case 'isdistinct': return of('not', value[0]!);
		case 'in': return of('in', ...value);
		case 'ov': return of('has', ...value);
		case 'cs': return of('hasall', ...value);
		case 'ilike': return like ? of(like[1] ? 'contains' : 'starts', like[2]!) : null;
		case 'is': return value[0] === 'null' ? of('empty') : value[0] === 'not_null' ? of('filled') : of('is', value[0]!);
		case 'gt': case 'gte': case 'lt': case 'lte':
			return /^(now|today|week|month|quarter|year)/.test(value[0]!) ? null : of(json.op, value[0]!);
		default: return null;
	}
}

/** A period ("this month") or a range, of two comparisons. */
function readPair(parts: Json[], entity: Entity): Condition | null {
	const [low, high] = parts;
	if (parts.length !== 2 || !isLeaf(low!) || !isLeaf(high!) || low.field !== high.field || low.op !== 'gte') return null;
	const period = Object.entries(PERIODS).find(([, [from, to]]) => low.value === from && high.value === to && high.op === 'lt');
	if (period) return { field: low.field, op: 'period', value: [period[0]] };
	const field = fieldOf(entity, low.field);
	const plain = field && !['date', 'time'].includes(field.type) && high.op === 'lte';
	return plain ? { field: low.field, op: 'between', value: [String(low.value), String(high.value)] } : null;
}

function readRelated(meta: Meta, json: Json, entity: Entity, negated: boolean): Node | null {
	const called = (r: Relation) => r.name === json.related || r.entity.name === json.related || r.name === `${json.related}_id`;
	const relation = relationsOf(meta, entity).find((r) => called(r) && (r.via ?? undefined) === (json.via ?? undefined));
	const measure = (json.measure ?? 'exists') as Measure;
	if (!relation || (negated && measure !== 'exists')) return null;
	const where = json.where ? read(meta, json.where as Json, relation.entity) : emptyGroup();
	const group: GroupNode = where.kind === 'group' ? where : { ...emptyGroup(), parts: [where] };
	const base = { id: nextId(), kind: 'related' as const, name: relation.name, via: relation.via, of: String(json.of ?? ''), where: group };
	if (measure === 'exists') return { ...base, measure: negated ? 'none' : 'exists', op: 'gte', value: [] };
	if (measure === 'count') {
		const op = json.op === 'eq' ? 'is' : (json.op as Op);
		return NUMBER_MEASURES.includes(op) ? { ...base, measure, op, value: texts(json.value) } : null;
	}
	const compared = json.by ? null : readLeaf({ field: String(json.of), op: String(json.op), value: json.value }, relation.entity);
	return compared ? { ...base, measure, op: compared.op, value: compared.value } : null;
}

function readNot(meta: Meta, inner: Json, entity: Entity): Node | null {
	if (Array.isArray(inner.any)) return { id: nextId(), kind: 'group', way: 'none', parts: (inner.any as Json[]).map((part) => read(meta, part, entity)) };
	if (isLeaf(inner) && inner.op === 'in') return { id: nextId(), kind: 'field', condition: { field: inner.field, op: 'notin', value: texts(inner.value) } };
	if (inner.segment) return { id: nextId(), kind: 'segment', segment: String(inner.segment), inside: false };
	return inner.related ? readRelated(meta, inner, entity, true) : null;
}

function known(meta: Meta, json: Json, entity: Entity): Node | null {
	const id = nextId();
	if (Array.isArray(json.all)) {
		const pair = readPair(json.all as Json[], entity);
		if (pair) return { id, kind: 'field', condition: pair };
		return { id, kind: 'group', way: 'all', parts: (json.all as Json[]).map((part) => read(meta, part, entity)) };
	}
	if (Array.isArray(json.any)) return { id, kind: 'group', way: 'any', parts: (json.any as Json[]).map((part) => read(meta, part, entity)) };
	if (json.not) return readNot(meta, json.not as Json, entity);
	if (json.segment) return { id, kind: 'segment', segment: String(json.segment), inside: true };
	if (typeof json.text === 'string') return { id, kind: 'text', text: json.text };
	if (json.share !== undefined) return { id, kind: 'share', share: Number(json.share), seed: String(json.seed ?? '') };
	if (json.related) return readRelated(meta, json, entity, false);
	const condition = isLeaf(json) ? readLeaf(json, entity) : null;
	return condition ? { id, kind: 'field', condition } : null;
}

export function read(meta: Meta, json: Json, entity: Entity): Node {
	return known(meta, json, entity) ?? { id: nextId(), kind: 'other', json };
}

/** The tree of a whole condition: always a group. */
export function readTree(meta: Meta, text: string | null | undefined, entity: Entity): GroupNode {
	try {
		const node = text ? read(meta, JSON.parse(text) as Json, entity) : emptyGroup();
		return node.kind === 'group' ? node : { ...emptyGroup(), parts: [node] };
	} catch {
		return emptyGroup();
	}
}

/* --- whether it is complete ------------------------------------------------------------------ */

export const WITHOUT_VALUE: Op[] = ['empty', 'filled'];

export function filled(op: Op, value: string[]): boolean {
	if (WITHOUT_VALUE.includes(op)) return true;
	if (op === 'between') return Boolean(value[0] && value[1]);
	return value.length > 0 && value.every((v) => v !== '');
}

export function complete(node: Node): boolean {
	switch (node.kind) {
		case 'group': return node.parts.every(complete) && (node.way === 'all' || node.parts.length > 0);
		case 'field': return filled(node.condition.op, node.condition.value);
		case 'related': {
			const bare = node.measure === 'exists' || node.measure === 'none';
			return node.name !== '' && complete(node.where) && (bare || ((node.measure === 'count' || node.of !== '') && filled(node.op, node.value)));
		}
		case 'segment': return node.segment !== '';
		case 'text': return node.text.trim() !== '';
		case 'share': return node.share >= 0 && node.share <= 100;
		case 'other': return true;
	}
}
