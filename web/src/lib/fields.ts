import type { Entity } from '@/api/types.ts';

/** Fields that may be read plainly, and so asked for. */
export function visibleFieldNames(entity: Entity): Set<string> {
	return new Set(entity.fields.filter((f) => f.right === 'read' || f.right === 'write').map((f) => f.name));
}
