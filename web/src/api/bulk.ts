/** Many records at once, in calls of a bounded size. */
import { call } from './client.ts';
import { fetchPage } from './records.ts';
import type { Entity } from './types.ts';

/** Ids in one call; keeps addresses short. */
export const CHUNK = 100;

export function chunks<T>(items: T[], size = CHUNK): T[][] {
	const out: T[][] = [];
	for (let i = 0; i < items.length; i += size) out.push(items.slice(i, i + size));
	return out;
}

/** Ids of all records that match, except some. */
export async function idsMatching(entity: Entity, params: URLSearchParams, except: ReadonlySet<string> = new Set()): Promise<string[]> {
	const ids: string[] = [];
	const query = new URLSearchParams(params);
	query.set('select', 'id');
	query.set('limit', '1000');
	for (let cursor: string | null = null; ;) {
		if (cursor) query.set('cursor', cursor);
		const page = await fetchPage(entity, query);
		for (const row of page.rows) if (!except.has(row.id)) ids.push(row.id);
		if (!page.next) return ids;
		cursor = page.next;
	}
}

export async function patchMany(entity: Entity, ids: string[], values: Record<string, unknown>) {
	await call('PATCH', `${entity.name}?id=in.(${ids.join()})`, { body: values, headers: { Prefer: 'return=minimal' } });
}

export async function deleteMany(entity: Entity, ids: string[]) {
	await call('DELETE', `${entity.name}?id=in.(${ids.join()})`, { headers: { Prefer: 'return=minimal' } });
}
