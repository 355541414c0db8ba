/** Actions to begin with, that the server takes as they are. */
import { fieldOf, may } from '@/api/records.ts';
import type { Entity } from '@/api/types.ts';

export interface Sample {
	key: 'set' | 'assign' | 'task';
	action: Record<string, unknown>;
}

/** Of records of this kind: a text is set, the record is given to somebody, a task is made for a customer. */
export function samplesOf(entity: Entity, interactions: Entity | undefined, me: string, words: { text: string; subject: string }): Sample[] {
	const plain = entity.fields.filter((f) => f.right === 'write' && !f.readonly && !f.insert_only && (f.type === 'note' || f.type === 'text'));
	const field = fieldOf(entity, 'note') ?? plain.find((f) => f.name !== entity.title) ?? plain[0];
	const task = { customer_id: '$record', kind: 'task', state: 'open', subject: words.subject, due_at: 'today+3d' };
	return [
		...(field ? [{ key: 'set' as const, action: { do: 'set', fields: { [field.name]: words.text } } }] : []),
		...(entity.owner ? [{ key: 'assign' as const, action: { do: 'assign', to: me } }] : []),
		...(entity.name === 'customer' && may(interactions, 'create')
			? [{ key: 'task' as const, action: { do: 'create', entity: 'interaction', fields: task } }] : []),
	];
}

/** What was typed so far, if it is a list, and one more. */
export function withSample(value: unknown, { action }: Sample): unknown[] {
	return [...(Array.isArray(value) ? value as unknown[] : []), action];
}
