/** What the pages about duplicates ask of the server. */
import { useQuery } from '@tanstack/react-query';
import { get, post } from '@/api/client.ts';
import { entityOf, fetchPage, selectAll } from '@/api/records.ts';
import type { Entity, Field, Meta, Row } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import { isNothing } from '@/fields/index.tsx';

export interface Reason {
	field: string;
	/** 6 the same … 0 different; -1: one has nothing there. */
	level: number;
	/** Each bit doubles the odds that they are the same; below zero it halves them. */
	bits: number;
}

export interface Pair {
	a: string;
	b: string;
	probability: number;
	/** Who would better stay. */
	stays: string;
	reasons: Reason[];
}

export interface PairPage {
	pairs: Pair[];
	next: string | null;
	count?: number;
	more?: boolean;
}

export interface Look {
	/** Whose value holds by itself: an id, or "both". */
	fields: Record<string, string>;
	moves: { entity: string; field: string; n: number; more: boolean }[];
}

export interface Scan {
	state: 'never' | 'waiting' | 'running' | 'done' | 'failed' | 'stopped';
	percent: number;
	finished_at: string | null;
	customers: number;
	found: number;
	error: string | null;
}

export interface Sides {
	rows: Row[];
	masked: ReadonlySet<string>;
}

/** The customers themselves, in the order asked for. */
export async function fetchSides(meta: Meta, entity: Entity, ids: string[], signal?: AbortSignal): Promise<Sides> {
	const page = await fetchPage(entity, new URLSearchParams({ select: selectAll(meta, entity), id: `in.(${ids.join()})` }), signal);
	return { rows: ids.flatMap((id) => page.rows.filter((r) => r.id === id)), masked: page.masked };
}

export function useSides(ids: string[]) {
	const meta = useMeta();
	const entity = entityOf(meta, 'customer')!;
	return useQuery({
		queryKey: ['duplicates-sides', ids.join()],
		enabled: ids.length > 1,
		queryFn: ({ signal }) => fetchSides(meta, entity, ids, signal),
	});
}

export function useLook(stays: string, others: string[]) {
	return useQuery({
		queryKey: ['duplicates-look', stays, others.join()],
		enabled: others.length > 0,
		queryFn: ({ signal }) => get<Look>(`customer/${stays}/merge?with=${others.join()}`, signal),
	});
}

export const merge = (stays: string, rows: Row[], fields: Record<string, string>) =>
	post<{ id: string; merges: string[] }>(`customer/${stays}/merge`, {
		from: rows.filter((r) => r.id !== stays).map((r) => r.id), fields,
		versions: Object.fromEntries(rows.map((r) => [r.id, r.version])),
	});

export interface Apart {
	kept: string[];
	changed: number;
	gone: number;
}
export const unmerge = (id: string) => post<Apart>(`customer/${id}/unmerge`, {});

/** The fields in which at least one has something, those that differ first. */
export function comparedFields(entity: Entity, rows: Row[]): { differ: Field[]; same: Field[] } {
	const text = (f: Field, r: Row) => JSON.stringify(isNothing(r[f.name]) ? null : r[f.name]);
	// Month and day stand with the birthday they are made from.
	const beside = (f: Field) => /^birth_(month|day)$/.test(f.name) && rows.some((r) => !isNothing(r.birthday));
	const taken = entity.fields.filter((f) => f.right !== 'hidden' && !f.readonly && !beside(f) && rows.some((r) => !isNothing(r[f.name])));
	const differ = taken.filter((f) => rows.some((r) => text(f, r) !== text(f, rows[0]!)));
	return { differ, same: taken.filter((f) => !differ.includes(f)) };
}

export const joins = (field: Field) => field.type === 'note' || field.type === 'links';
