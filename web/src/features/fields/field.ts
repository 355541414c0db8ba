/** A field of the administrator as the server keeps it, and the same as the page's forms would show it. */
import { call, get, patch, post } from '@/api/client.ts';
import type { Field, FieldTypeName, Meaning } from '@/api/types.ts';

export interface Words { en?: string; zh?: string; zh_hant?: string }
export interface OwnOption { value: string; label: Words; colour?: Meaning | null; retired?: boolean }

export interface OwnField {
	id: string;
	version: number;
	entity: string;
	name: string;
	type: FieldTypeName;
	label: Words | string;
	help: Words | string | null;
	options: OwnOption[] | null;
	required: boolean;
	unique: boolean;
	default: string | null;
	min: string | null;
	max: string | null;
	scale: number | null;
	link: string | null;
	group: string | null;
	more: boolean;
	list: boolean;
	card: boolean;
	search: boolean;
	personal: boolean;
	position: number;
	state: 'active' | 'retired';
}

export type Draft = Omit<OwnField, 'id' | 'version' | 'state' | 'label' | 'help'> & { label: Words; help: Words };

export interface Use { kind: string; id: string; name: string }

export const TYPES: FieldTypeName[] = [
	'text', 'note', 'int', 'decimal', 'money', 'bool', 'date', 'time', 'enum', 'link', 'links', 'email', 'phone', 'url', 'code',
];
export const SEARCHED: FieldTypeName[] = ['text', 'note', 'int', 'email', 'phone', 'url', 'code'];
export const BOUNDED: FieldTypeName[] = ['text', 'note', 'int', 'decimal', 'money', 'date', 'code'];
export const UNIQUE: FieldTypeName[] = ['text', 'int', 'email', 'phone', 'url', 'code'];

export const words = (value: Words | string | null | undefined): Words =>
	typeof value === 'string' ? { en: value, zh: value } : (value ?? {});

/** What the reader's language says, or another. */
export function said(value: Words | string | null | undefined, language: string): string {
	const w = words(value);
	if (language === 'en') return w.en || w.zh || w.zh_hant || '';
	return (language === 'zh-Hant' && w.zh_hant) || w.zh || w.zh_hant || w.en || '';
}

/** A name for the API out of what the field is called. */
export function nameOf(label: Words, type: FieldTypeName): string {
	const plain = (label.en ?? '').normalize('NFKD').toLowerCase().replace(/[^a-z0-9]+/g, '_').replace(/^[^a-z]+|_+$/g, '').slice(0, 36);
	return plain && type === 'link' && !plain.endsWith('_id') ? `${plain}_id` : plain;
}

export const EMPTY: Draft = {
	entity: '', name: '', type: 'text', label: {}, help: {}, options: null, required: false, unique: false, default: null, min: null, max: null,
	scale: null, link: null, group: null, more: false, list: false, card: false, search: false, personal: false, position: 0,
};

export const draftOf = (field: OwnField): Draft => ({ ...field, label: words(field.label), help: words(field.help) });

/** As the form will show it. */
export function previewOf(draft: Draft, language: string): Field {
	return {
		name: draft.name || 'field', type: draft.type, label: said(draft.label, language) || '…', help: said(draft.help, language) || null,
		required: draft.required, right: 'write', max: null, scale: draft.scale ?? 0, link: draft.link, fallback: draft.default,
		options: draft.type === 'enum'
			? (draft.options ?? []).filter((o) => !o.retired).map((o) => ({ value: o.value, label: said(o.label, language) || o.value, colour: o.colour }))
			: null,
	};
}

/** Only what such a field has. */
function bodyOf(draft: Draft, fresh: boolean): Record<string, unknown> {
	const { entity, name, type, link, scale, ...rest } = draft;
	const empty = !Object.values(draft.help).some(Boolean);
	const body: Record<string, unknown> = {
		name, label: draft.label, help: empty ? null : draft.help, options: type === 'enum' ? draft.options : null, required: rest.required,
		unique: rest.unique, default: rest.default || null, min: rest.min || null, max: rest.max || null, group: rest.group, more: rest.more,
		list: rest.list, card: rest.card, search: rest.search, personal: rest.personal, position: rest.position,
	};
	return fresh ? { ...body, entity, type, link: link || null, scale: type === 'decimal' ? (scale ?? 2) : null } : body;
}

export const listFields = (entity: string, signal?: AbortSignal) =>
	get<OwnField[]>(`custom_fields?entity=eq.${entity}&order=position.asc,id.asc&limit=500`, signal);
export const addField = (draft: Draft) => post<OwnField>('custom_fields', bodyOf(draft, true));
export const changeField = (field: OwnField, draft: Draft) =>
	patch<OwnField>(`custom_fields/${field.id}`, bodyOf(draft, false), { 'If-Match': `"${field.version}"` });
export const setField = (id: string, some: Partial<OwnField>) => patch<OwnField>(`custom_fields/${id}`, some);
export const usesOf = async (id: string) => (await get<{ uses: Use[] }>(`custom_fields/${id}/uses`)).uses;
export const removeField = (id: string) => call('DELETE', `custom_fields/${id}?anyway=true`);
