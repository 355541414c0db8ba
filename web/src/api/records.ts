/** Reading and writing records of any entity, with the cache that every page shares. */
import { type InfiniteData, keepPreviousData, type QueryClient, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { call } from './client.ts';
import { formatTag } from '@/lib/format.ts';
import type { Entity, Field, Linked, Meta, Row, Scope } from './types.ts';

export interface RecordAnswer {
	row: Row;
	etag: string | null;
	masked: ReadonlySet<string>;
	/** From which scope on the record is within it; absent: nobody asked. */
	reach?: Scope | null;
	/** What keeps the reader from changing it although it is within reach, as the server calls it. */
	barred?: string | null;
}

export interface PageAnswer {
	rows: Row[];
	next: string | null;
	masked: ReadonlySet<string>;
	/** Number of all matching rows, if the server said. */
	total: number | null;
	/** The total is a lower bound. */
	capped: boolean;
}

/** Member of a row under which the linked record is embedded: "owner" for "owner_id". */
export function embedName(field: Field): string {
	return field.name.endsWith('_id') ? field.name.slice(0, -3) : `${field.name}_record`;
}

export function entityOf(meta: Meta, name: string | null | undefined): Entity | undefined {
	return name ? meta.entities.find((e) => e.name === name || e.plural === name) : undefined;
}

export function fieldOf(entity: Entity | undefined, name: string | null | undefined): Field | undefined {
	return entity?.fields.find((f) => f.name === name);
}

export function may(entity: Entity | undefined, action: keyof Entity['actions']): boolean {
	const scope = entity?.actions[action];
	return scope !== undefined && scope !== 'none';
}

/** A title may have a twin in Chinese ("name_zh") for those who read it. */
export function twinOf(entity: Entity | undefined): string | null {
	const twin = entity?.title ? fieldOf(entity, `${entity.title}_zh`) : undefined;
	return twin && twin.right !== 'hidden' ? twin.name : null;
}

export function titleIn(entity: Entity | undefined, row: Record<string, unknown>): string | null {
	const twin = formatTag().startsWith('zh') ? twinOf(entity) : null;
	const value = (twin && row[twin]) || (entity?.title ? row[entity.title] : null);
	if (value === null || value === undefined || value === '') return null;
	const shipped = fieldOf(entity, entity?.title)?.shipped?.get(String(value));
	if (shipped) return shipped;
	return fieldOf(entity, entity?.title)?.options?.find((o) => o.value === value)?.label ?? String(value);
}

/** What has to be selected to call a record by its name. */
export function titleSelect(entity: Entity): string {
	return [...new Set(['id', ...(entity.title ? [entity.title] : []), ...(twinOf(entity) ? [twinOf(entity)!] : [])])].join();
}

/** The select list for some fields: system members, the fields, and the names of linked records. */
export function selectOf(meta: Meta, entity: Entity, fields: Field[]): string {
	const parts = new Set(['id', 'version']);
	for (const field of fields) {
		parts.add(field.name);
		if (field.name === entity.title && twinOf(entity)) parts.add(twinOf(entity)!);
		if (field.currency_field && fieldOf(entity, field.currency_field)) parts.add(field.currency_field);
		const target = field.type === 'link' ? entityOf(meta, field.link) : undefined;
		if (target) parts.add(`${embedName(field)}:${field.name}(${titleSelect(target)})`);
	}
	return [...parts].join(',');
}

/** Looks for typed text: in the search index, or in the title where there is none. */
export function searchFor(entity: Entity, typed: string, params: URLSearchParams) {
	if (!typed) return;
	if (entity.searched === false && entity.title) params.append(entity.title, `ilike.*${typed}*`);
	else params.set('q', typed);
}

export function selectAll(meta: Meta, entity: Entity): string {
	return selectOf(meta, entity, entity.fields.filter((f) => f.right !== 'hidden'));
}

/** What a linked record is called, from what is embedded. */
export function linkedTitle(meta: Meta, field: Field, row: Row): string | null {
	const embedded = row[embedName(field)] as Linked | null | undefined;
	if (!embedded) return null;
	return titleIn(entityOf(meta, field.link), embedded);
}

export function titleOf(entity: Entity, row: Row): string {
	return titleIn(entity, row) ?? `#${row.id}`;
}

function maskedOf(headers: Headers): ReadonlySet<string> {
	return new Set((headers.get('X-Masked') ?? '').split(',').map((s) => s.trim()).filter(Boolean));
}

/** "0-19/1234", "0-19/10000+", "0-19/*" */
export function totalOf(headers: Headers): { total: number | null; capped: boolean } {
	const m = /\/(\d+)(\+?)$/.exec(headers.get('Content-Range') ?? '');
	return { total: m ? Number(m[1]) : null, capped: m?.[2] === '+' };
}

export async function fetchRecord(meta: Meta, entity: Entity, id: string, signal?: AbortSignal): Promise<RecordAnswer> {
	const answer = await call<Row>('GET', `${entity.name}/${id}?select=${encodeURIComponent(selectAll(meta, entity))}`, { signal, headers: { 'X-Reach': '1' } });
	const reach = (answer.headers.get('X-Reach') ?? null) as Scope | null;
	return { row: answer.data, etag: answer.headers.get('ETag'), masked: maskedOf(answer.headers), reach, barred: answer.headers.get('X-Barred') };
}

export async function fetchPage(entity: Entity, params: URLSearchParams, signal?: AbortSignal, prefer?: string): Promise<PageAnswer> {
	const answer = await call<Row[]>('GET', `${entity.name}?${params}`, { signal, headers: prefer ? { Prefer: prefer } : undefined });
	return { rows: answer.data, next: answer.headers.get('X-Next-Cursor'), masked: maskedOf(answer.headers), ...totalOf(answer.headers) };
}

export const recordKey = (entity: string, id: string) => ['record', entity, id] as const;
export const listKey = (entity: string, params: string) => ['list', entity, params] as const;

export function useRecord(meta: Meta, entity: Entity, id: string | null) {
	return useQuery({
		queryKey: recordKey(entity.name, id ?? ''),
		enabled: id !== null,
		queryFn: ({ signal }) => fetchRecord(meta, entity, id!, signal),
	});
}

export const PAGE = 60;
/** Where the server stops counting unless asked for the exact number. */
const COUNT_CAP = 10_000;

export function useRows(entity: Entity, params: URLSearchParams, options: { page?: number; enabled?: boolean } = {}) {
	return useInfiniteQuery({
		queryKey: listKey(entity.name, params.toString()),
		enabled: options.enabled ?? true,
		initialPageParam: null as string | null,
		queryFn: ({ pageParam, signal }) => {
			const all = new URLSearchParams(params);
			all.set('limit', String(options.page ?? PAGE));
			if (pageParam) all.set('cursor', pageParam);
			return fetchPage(entity, all, signal);
		},
		getNextPageParam: (last) => last.next,
		// Old rows stay until the new ones are there.
		placeholderData: (previous, query) => (query?.queryKey[1] === entity.name ? previous : undefined),
	});
}

/** A few rows of an entity, for cards and tabs. */
export function useSome(entity: Entity | undefined, params: URLSearchParams, enabled = true) {
	return useQuery({
		queryKey: ['some', entity?.name ?? '', params.toString()],
		enabled: enabled && entity !== undefined,
		queryFn: ({ signal }) => fetchPage(entity!, params, signal),
	});
}

/** How many match; asked beside the list, never before it. */
export function useCount(entity: Entity | undefined, params: URLSearchParams, enabled = true, exact = false, every: number | false = false) {
	const counted = new URLSearchParams(params);
	for (const name of ['order', 'select', 'limit', 'cursor']) counted.delete(name);
	counted.set('select', 'id');
	counted.set('limit', '1');
	return useQuery({
		queryKey: ['count', entity?.name ?? '', counted.toString(), exact],
		enabled: enabled && entity !== undefined,
		staleTime: 15_000,
		refetchInterval: every,
		queryFn: async ({ signal }) => {
			const page = await fetchPage(entity!, counted, signal, `count=${exact ? 'exact' : 'estimated'}`);
			const total = page.total ?? page.rows.length;
			return { total, capped: page.capped || (!exact && total >= COUNT_CAP) };
		},
	});
}

/** Exact sums of some fields over everything that matches; asked for only when somebody wants them. */
export function useSums(entity: Entity, params: URLSearchParams, fields: string[], enabled: boolean) {
	const asked = new URLSearchParams(params);
	for (const name of ['order', 'select', 'limit', 'cursor']) asked.delete(name);
	asked.set('select', [...new Set(fields)].map((name) => `${name}:${name}.sum()`).join());
	return useQuery({
		queryKey: ['some', entity.name, 'sums', asked.toString()],
		enabled: enabled && fields.length > 0,
		placeholderData: keepPreviousData,
		queryFn: async ({ signal }) => (await call<Record<string, string | number | null>[]>('GET', `${entity.name}?${asked}`, { signal })).data[0] ?? {},
	});
}

/** Puts a fresh row wherever the old one is shown. */
export function replaceRow(client: QueryClient, entity: string, row: Row, etag?: string | null) {
	client.setQueryData<RecordAnswer>(recordKey(entity, row.id), (old) =>
		old ? { ...old, row: { ...old.row, ...row }, etag: etag ?? (row.version ? `"v${row.version}"` : old.etag) } : old);
	client.setQueriesData<InfiniteData<PageAnswer>>({ queryKey: ['list', entity] }, (old) => {
		if (!old?.pages.some((p) => p.rows.some((r) => r.id === row.id))) return old;
		return { ...old, pages: old.pages.map((p) => ({ ...p, rows: p.rows.map((r) => (r.id === row.id ? { ...r, ...row } : r)) })) };
	});
}

export function dropRows(client: QueryClient, entity: string, ids: ReadonlySet<string>) {
	client.setQueriesData<InfiniteData<PageAnswer>>({ queryKey: ['list', entity] }, (old) =>
		old ? { ...old, pages: old.pages.map((p) => ({ ...p, rows: p.rows.filter((r) => !ids.has(r.id)) })) } : old);
}

/** Everything that may show rows of an entity is asked again when next seen. */
export async function refresh(client: QueryClient, ...entities: string[]) {
	for (const entity of entities)
		for (const kind of ['list', 'some', 'count', 'record', 'changes']) await client.invalidateQueries({ queryKey: [kind, entity] });
}

export async function saveRecord(
	meta: Meta, entity: Entity, id: string, changes: Record<string, unknown>, etag: string | null,
): Promise<{ row: Row; etag: string | null }> {
	const answer = await call<Row>('PATCH', `${entity.name}/${id}?select=${encodeURIComponent(selectAll(meta, entity))}`, {
		body: changes,
		headers: { Prefer: 'return=representation', ...(etag ? { 'If-Match': etag } : {}) },
	});
	return { row: answer.data, etag: answer.headers.get('ETag') };
}

export async function createRecord(meta: Meta, entity: Entity, values: Record<string, unknown> | Record<string, unknown>[]): Promise<Row> {
	const answer = await call<Row | Row[]>('POST', `${entity.name}?select=${encodeURIComponent(selectAll(meta, entity))}`, {
		body: values,
		headers: { Prefer: 'return=representation' },
	});
	return Array.isArray(answer.data) ? answer.data[0]! : answer.data;
}

export async function deleteRecord(entity: Entity, id: string, etag: string | null = null) {
	await call('DELETE', `${entity.name}/${id}`, { headers: etag ? { 'If-Match': etag } : undefined });
}

export async function restoreRecord(entity: Entity, id: string) {
	await call('POST', `${entity.name}/${id}/restore`, { body: {} });
}

export function useCache() {
	return useQueryClient();
}
