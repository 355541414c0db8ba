/** What a refused call wanted of which record; null where it cannot be asked for by itself (many at once). */
import type { HeldBack } from '@/api/client.ts';
import { entityOf } from '@/api/records.ts';
import type { Entity, Meta } from '@/api/types.ts';

export interface Wanted {
	entity: Entity;
	record_id?: string;
	change: Record<string, unknown>;
	version?: number;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

function ofStep(entity: Entity, name: string | undefined, body: Record<string, unknown>): Record<string, unknown> | null {
	for (const field of entity.fields) {
		const step = field.transitions?.find((s) => s.name === name);
		if (!step) continue;
		const { reason, ...rest } = body;
		return { ...rest, ...(step.reason && reason !== undefined ? { [step.reason]: reason } : {}), [field.name]: step.to };
	}
	return null;
}

export function wantedOf(meta: Meta, held: HeldBack): Wanted | null {
	const [name, id, what, step] = held.path.split('?')[0]!.split('/');
	const entity = entityOf(meta, name);
	const body = held.body ?? {};
	const version = Number(/v(\d+)/.exec(held.match ?? '')?.[1] ?? 0) || undefined;
	if (!entity || !isObject(body)) return null;
	if (held.method === 'POST' && id === undefined) return { entity, change: body };
	if (id === undefined || !/^\d+$/.test(id)) return null;
	if (held.method === 'PATCH' && what === undefined) return { entity, record_id: id, change: body, version };
	const change = held.method === 'POST' && what === 'transitions' ? ofStep(entity, step, body) : null;
	return change && { entity, record_id: id, change, version };
}
