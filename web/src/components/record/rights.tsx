/**
 * What may be done with the record that is open, and with what hangs on it: one place decides for every control.
 * The entity's rights come from /meta; the server says with the record from which reach on it is within them.
 */
import { createContext, type ReactNode, useCallback, useContext } from 'react';
import { fieldOf, may, type RecordAnswer } from '@/api/records.ts';
import type { Action, Entity, Row, Scope } from '@/api/types.ts';

const WIDER: Scope[] = ['none', 'own', 'team', 'branch', 'all'];

interface Here {
	entity: Entity;
	reach: Scope;
	barred: boolean;
}

const Context = createContext<Here | null>(null);

export function RecordRights({ entity, record, children }: { entity: Entity; record: RecordAnswer | undefined; children: ReactNode }) {
	const reach = record?.reach ?? null;
	return <Context.Provider value={reach ? { entity, reach, barred: Boolean(record?.barred) } : null}>{children}</Context.Provider>;
}

/** Records of their own right (an address, a line) follow the record they belong to. */
function follows(entity: Entity, here: Here): boolean {
	return entity.name === here.entity.name || fieldOf(entity, entity.parent)?.link === here.entity.name;
}

export function reaches(entity: Entity, action: Action, reach: Scope): boolean {
	return WIDER.indexOf(entity.actions[action] ?? 'none') >= WIDER.indexOf(reach);
}

export function useMay(): (entity: Entity | undefined, action: Action) => boolean {
	const here = useContext(Context);
	return useCallback(
		(entity, action) => may(entity, action)
			&& (!here || !entity || !follows(entity, here) || (reaches(entity, action, here.reach) && !(here.barred && entity.name === here.entity.name))),
		[here],
	);
}

/** Of a row in a list, whose reach nobody asked for: sure only where one may change all that one may see, or of one's own. */
export function mayInList(entity: Entity, row: Row, me: string): boolean {
	const scope = entity.actions.update ?? 'none';
	if (scope === 'none') return false;
	// What belongs to another record follows that one's owner, whom the row does not know.
	return !narrower(entity) || (!entity.parent && Boolean(entity.owner) && row[entity.owner!] === me);
}

/** May change less than see: then lists ask for the owner, too. */
export function narrower(entity: Entity): boolean {
	return WIDER.indexOf(entity.actions.update ?? 'none') < WIDER.indexOf(entity.actions.read ?? 'none');
}
