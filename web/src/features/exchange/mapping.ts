/** The mapping of an import, as the page keeps it while somebody works on it. */
import type { Entity } from '@/api/types.ts';
import type { Preview, Target } from './types.ts';

/** Column number → where it goes; absent: left out. */
export type Mapping = Record<number, Target>;

/** Of these each column is a record of its own: a second phone, a chat name, another address. */
const several = new Set(['identifier.value', 'address.street']);

export function guessed(preview: Preview): Mapping {
	const out: Mapping = {};
	const taken = new Set<string>();
	for (const column of preview.columns) {
		const { guess } = column;
		const name = guess && `${guess.entity}.${guess.field}`;
		if (!guess || !name || (taken.has(name) && !several.has(name))) continue;
		out[column.index] = { entity: guess.entity, field: guess.field };
		taken.add(name);
	}
	return out;
}

/** Targets named twice: the later would overwrite the earlier. */
export function doubled(mapping: Mapping): Set<string> {
	const seen = new Set<string>();
	const twice = new Set<string>();
	for (const t of Object.values(mapping)) {
		const name = `${t.entity}.${t.field}`;
		if (seen.has(name) && !several.has(name)) twice.add(name);
		seen.add(name);
	}
	return twice;
}

/** Required fields of the entities in use that no column and no default fills. */
export function missing(entities: Entity[], mapping: Mapping, defaults: Record<string, string>): { entity: Entity; field: string; label: string }[] {
	const targets = Object.values(mapping);
	const used = new Set(targets.map((t) => t.entity));
	return entities
		.filter((e) => used.has(e.name))
		.flatMap((e) => e.fields
			.filter((f) => f.required && !f.readonly && !f.fallback && f.type !== 'bool')
			// Beside a customer a column's heading says of which kind it is.
			.filter((f) => !(e.name === 'identifier' && f.name === 'kind' && used.has('customer')))
			// A link to another entity of the same file is made by the import itself.
			.filter((f) => !(f.type === 'link' && f.link && used.has(f.link) && f.link !== e.name))
			.filter((f) => !targets.some((t) => t.entity === e.name && t.field === f.name) && !defaults[`${e.name}.${f.name}`])
			.map((f) => ({ entity: e, field: f.name, label: f.label })));
}
