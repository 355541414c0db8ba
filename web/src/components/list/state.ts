/** Everything about a list stands in its address: conditions, order, columns, search, open panel. */
import { useCallback, useMemo } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { type Condition, forServer, read, readSort, type Sort, write, writeAny, writeSort } from '@/api/query.ts';
import { fieldOf, searchFor, selectOf } from '@/api/records.ts';
import type { Entity, Field, Meta } from '@/api/types.ts';
import { defaultOrder } from '@/app/features.ts';
import { narrower } from '../record/rights.tsx';

export interface Column {
	field: Field;
	/** Pixels, once somebody resized it. */
	width: number | null;
}

export interface ListState {
	q: string;
	conditions: Condition[];
	sort: Sort[];
	columns: Column[];
	view: string | null;
	peek: string | null;
	/** A row of sums under the head. */
	totals: boolean;
	/** The address without the things of the moment: what a saved view keeps. */
	kept: string;
}

export interface ListChange {
	q?: string;
	conditions?: Condition[];
	sort?: Sort[];
	columns?: Column[] | null;
	view?: string | null;
	peek?: string | null;
	totals?: boolean;
}

/** Money of several currencies has no sum; its value in the base currency may. */
export function summable(field: Field): boolean {
	return ['int', 'decimal', 'money'].includes(field.type) && !field.currency_field && field.right !== 'masked' && field.right !== 'hidden';
}

/** The field whose sum stands under a column. */
export function sumField(entity: Entity, field: Field): Field | null {
	if (summable(field)) return field;
	const base = field.type === 'money' ? fieldOf(entity, `${field.name}_base`) : undefined;
	return base && summable(base) ? base : null;
}

export function visibleFields(entity: Entity): Field[] {
	return entity.fields.filter((f) => f.right !== 'hidden');
}

/** The list's own columns: the title first, then what the descriptors mark. */
export function defaultColumns(entity: Entity): Column[] {
	const fields = visibleFields(entity);
	let shown = fields.filter((f) => f.list);
	if (shown.length === 0) shown = fields.filter((f) => !['id', 'version', 'created_by', 'updated_by', 'updated_at'].includes(f.name)).slice(0, 7);
	const title = fields.find((f) => f.name === entity.title);
	if (title) shown = [title, ...shown.filter((f) => f !== title)];
	return shown.map((field) => ({ field, width: null }));
}

export function readColumns(entity: Entity, text: string | null): Column[] {
	if (!text) return defaultColumns(entity);
	const columns = text.split(',').flatMap((part) => {
		const [name, width] = part.split(':');
		const field = fieldOf(entity, name);
		return field && field.right !== 'hidden' ? [{ field, width: Number(width) || null }] : [];
	});
	return columns.length ? columns : defaultColumns(entity);
}

export function writeColumns(columns: Column[]): string {
	return columns.map((c) => (c.width ? `${c.field.name}:${Math.round(c.width)}` : c.field.name)).join(',');
}

export function parseList(entity: Entity, params: URLSearchParams): ListState {
	const kept = new URLSearchParams(params);
	for (const name of ['view', 'peek', 'tab', 'totals']) kept.delete(name);
	return {
		q: params.get('q') ?? '',
		conditions: read(params),
		sort: readSort(params.get('order')),
		columns: readColumns(entity, params.get('cols')),
		view: params.get('view'),
		peek: params.get('peek'),
		totals: params.has('totals'),
		kept: kept.toString(),
	};
}

/** The field a click on a column head sorts by; Chinese names sort by their pinyin. */
export function sortField(entity: Entity, field: Field): Field | null {
	const named = field.name === entity.title ? fieldOf(entity, 'sort_name') : undefined;
	const by = named ?? field;
	return by.sortable && by.right !== 'masked' && by.right !== 'hidden' ? by : null;
}

/** Parameters of the call for the rows. */
export function listParams(meta: Meta, entity: Entity, state: Pick<ListState, 'q' | 'conditions' | 'sort' | 'columns'>, me: string): URLSearchParams {
	const params = new URLSearchParams();
	const fields = state.columns.map((c) => c.field);
	const title = fieldOf(entity, entity.title);
	const owner = narrower(entity) ? fieldOf(entity, entity.owner) : undefined;
	const more = [title, owner].filter((f) => f && f.right !== 'hidden' && !fields.includes(f)) as Field[];
	params.set('select', selectOf(meta, entity, [...more, ...fields]));
	const now = new Date();
	const asked = (c: Condition) => forServer(c, fieldOf(entity, c.field), me, now);
	for (const condition of state.conditions)
		for (const text of condition.any ? [writeAny(condition.any, asked)] : asked(condition)) params.append(condition.field, text);
	searchFor(entity, state.q, params);
	const order = state.sort.length ? writeSort(state.sort) : defaultOrder(entity, state.conditions, state.q);
	if (order) params.set('order', order);
	return params;
}

export function useListState(entity: Entity): [ListState, (change: ListChange, options?: { push?: boolean }) => void] {
	const [params] = useSearchParams();
	const navigate = useNavigate();
	const state = useMemo(() => parseList(entity, params), [entity, params]);

	const change = useCallback((c: ListChange, options?: { push?: boolean }) => {
		// Read what the address says now, so that two changes in one moment both count.
		const now = new URLSearchParams(window.location.search);
		if (c.conditions) {
			for (const old of read(now)) now.delete(old.field);
			for (const condition of c.conditions) for (const text of write(condition)) now.append(condition.field, text);
		}
		const set = (name: string, value: string | null | undefined) => {
			if (value === undefined) return;
			if (value === null || value === '') now.delete(name);
			else now.set(name, value);
		};
		set('q', c.q);
		if (c.sort) set('order', writeSort(c.sort));
		if (c.columns !== undefined) set('cols', c.columns ? writeColumns(c.columns) : null);
		set('view', c.view);
		set('peek', c.peek);
		set('totals', c.totals === undefined ? undefined : c.totals ? '1' : null);
		void navigate({ search: now.toString() }, { replace: !options?.push });
	}, [navigate]);

	return [state, change];
}
