/** A role's rights as the server keeps them, and changes of them that keep the text small. */
import type { Action, FieldRight, Scope } from '@/api/types.ts';

export const ACTIONS: Action[] = ['read', 'create', 'update', 'delete', 'export', 'import'];
export const SCOPES: Scope[] = ['none', 'own', 'team', 'branch', 'all'];
export const RIGHTS: FieldRight[] = ['hidden', 'masked', 'read', 'write'];

/** "*" speaks for entities, or fields, that are not named. */
export type EntityRights = Partial<Record<Action, Scope>> & { fields?: Record<string, FieldRight> };
export type Rights = Record<string, EntityRights>;

function clean(rights: Rights, entity: string, next: EntityRights): Rights {
	const out = { ...rights };
	const fields = next.fields && Object.keys(next.fields).length > 0 ? next.fields : undefined;
	const { fields: _, ...rest } = next;
	if (Object.keys(rest).length === 0 && !fields) delete out[entity];
	else out[entity] = fields ? { ...rest, fields } : rest;
	return out;
}

/** Null leaves it open: then "*" speaks. */
export function setScope(rights: Rights, entity: string, action: Action, scope: Scope | null): Rights {
	const next = { ...rights[entity] };
	if (scope === null) delete next[action];
	else next[action] = scope;
	return clean(rights, entity, next);
}

export function setField(rights: Rights, entity: string, field: string, right: FieldRight | null): Rights {
	const fields = { ...rights[entity]?.fields };
	if (right === null) delete fields[field];
	else fields[field] = right;
	return clean(rights, entity, { ...rights[entity], fields });
}

/** What holds where an entity leaves a question open. */
export function scopeOf(rights: Rights, entity: string, action: Action, system: boolean): { scope: Scope; own: boolean } {
	const own = rights[entity]?.[action];
	if (own) return { scope: own, own: true };
	return { scope: (!system && entity !== '*' && rights['*']?.[action]) || 'none', own: false };
}

export function parseRights(value: unknown): Rights {
	const from = typeof value === 'string' ? safe(value) : value;
	return from && typeof from === 'object' && !Array.isArray(from) ? (from as Rights) : {};
}

export function parseCaps(value: unknown): string[] {
	const from = typeof value === 'string' ? safe(value) : value;
	return Array.isArray(from) ? from.map(String) : [];
}

function safe(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return null;
	}
}
