/** What linked records are called, for places that hold only their ids: histories, the audit trail. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMeta } from '@/app/context.tsx';
import { entityOf, fetchPage, fieldOf, may, titleIn, titleSelect } from './records.ts';
import type { Change, Entity, Meta } from './types.ts';

/** Ids by entity. */
export type Wanted = Map<string, Set<string>>;
export type Names = (entity: string | null | undefined, id: string) => string | null;

/** No question to the server names more. */
const MANY = 200;

const isId = (value: unknown): value is string => typeof value === 'string' && /^\d{1,19}$/.test(value) && value !== '0';

/** Ids as a history holds them: one, a list, or records with an id. */
export function idsOf(value: unknown): string[] {
	return (Array.isArray(value) ? value : [value]).map((v) => (typeof v === 'object' && v !== null ? (v as { id?: unknown }).id : v)).filter(isId);
}

/** Which records the changes of an entity speak of. */
export function wantedBy(entity: Entity | undefined, changes: Pick<Change, 'diff'>[]): Wanted {
	const wanted: Wanted = new Map();
	for (const { diff } of changes)
		for (const [name, sides] of Object.entries(diff ?? {})) {
			const target = fieldOf(entity, name)?.link;
			if (!target) continue;
			const ids = wanted.get(target) ?? new Set<string>();
			for (const side of Array.isArray(sides) ? sides : [sides]) for (const id of idsOf(side)) ids.add(id);
			wanted.set(target, ids);
		}
	return wanted;
}

async function fetchNames(meta: Meta, wanted: [string, string[]][], signal?: AbortSignal): Promise<Map<string, string>> {
	const names = new Map<string, string>();
	await Promise.all(wanted.map(async ([name, ids]) => {
		const entity = entityOf(meta, name);
		// Who may not read the records sees their numbers.
		if (!entity || !may(entity, 'read') || ids.length === 0) return;
		for (let at = 0; at < ids.length; at += MANY) {
			const part = ids.slice(at, at + MANY);
			const page = await fetchPage(entity, new URLSearchParams({ select: titleSelect(entity), id: `in.(${part.join()})`, limit: String(MANY) }), signal);
			for (const row of page.rows) {
				const title = titleIn(entity, row);
				if (title) names.set(`${name} ${row.id}`, title);
			}
		}
	}));
	return names;
}

/** Names of many records, asked for once an entity. */
export function useNames(wanted: Wanted): Names {
	const meta = useMeta();
	const asked = [...wanted].map(([name, ids]) => [name, [...ids].sort()] as [string, string[]]).filter(([, ids]) => ids.length > 0).sort(([a], [b]) => (a < b ? -1 : 1));
	const found = useQuery({
		queryKey: ['names', JSON.stringify(asked)],
		enabled: asked.length > 0,
		staleTime: 60_000,
		placeholderData: keepPreviousData,
		queryFn: ({ signal }) => fetchNames(meta, asked, signal),
	});
	return (entity, id) => (entity ? found.data?.get(`${entity} ${id}`) ?? null : null);
}
