/** What a form asks, as its record keeps it; and which fields it may ask. */
import { entityOf } from '@/api/records.ts';
import type { Field, Meta, Row } from '@/api/types.ts';

export const TONGUES = ['zh', 'hant', 'en'] as const;
export type Tongue = (typeof TONGUES)[number];
export const TONGUE_NAMES: Record<Tongue, string> = { zh: '简体中文', hant: '繁體中文', en: 'English' };

export type Asked = {
	field: string;
	required?: boolean;
	hidden?: boolean;
	value?: string;
} & { [words in `label_${Tongue}` | `help_${Tongue}`]?: string };

export interface Agreed {
	channel: string;
	purpose: string;
	text: string;
	required?: boolean;
	confirm?: boolean;
}

export interface Draft {
	fields: Asked[];
	consents: Agreed[];
	/** title_zh, intro_en … */
	words: Record<string, string>;
}

const listOf = <T,>(value: unknown): T[] => {
	if (Array.isArray(value)) return value as T[];
	try {
		const read: unknown = typeof value === 'string' ? JSON.parse(value) : [];
		return Array.isArray(read) ? (read as T[]) : [];
	} catch {
		return [];
	}
};

export const WORDS = ['title', 'intro', 'thanks'] as const;

export function draftOf(row: Row): Draft {
	const words: Record<string, string> = {};
	for (const w of WORDS) for (const l of TONGUES) words[`${w}_${l}`] = String(row[`${w}_${l}`] ?? '');
	return { fields: listOf<Asked>(row.fields), consents: listOf<Agreed>(row.consents), words };
}

/** What is sent to be kept: empty words are none. */
export function toRow(draft: Draft): Record<string, unknown> {
	const tidy = (asked: Asked) => Object.fromEntries(Object.entries(asked).filter(([, v]) => v !== '' && v !== false && v !== undefined));
	return {
		fields: draft.fields.map(tidy),
		consents: draft.consents,
		...Object.fromEntries(Object.entries(draft.words).map(([k, v]) => [k, v.trim() || null])),
	};
}

const ASKABLE = new Set(['text', 'note', 'int', 'decimal', 'money', 'bool', 'date', 'enum', 'email', 'phone', 'url', 'code']);
const OWNERS = new Set(['owner_id', 'team_id', 'branch_id']);

export interface Choice {
	name: string;
	field: Field;
	/** Whose it is, where that is not the record itself. */
	of?: string;
}

const usable = (f: Field) => f.right === 'write' && !f.readonly && !OWNERS.has(f.name) && (ASKABLE.has(f.type) || f.type === 'link');

/** Fields a form of this kind may ask, those of the person included for a case. */
export function choicesOf(meta: Meta, kind: string): Choice[] {
	const own = (entityOf(meta, kind)?.fields ?? []).filter(usable).map((field) => ({ name: field.name, field }));
	if (kind !== 'case') return own;
	const message = entityOf(meta, 'case_message')?.fields.find((f) => f.name === 'body');
	const customer = entityOf(meta, 'customer');
	return [
		...(message ? [{ name: 'message.body', field: message }] : []),
		...(customer?.fields ?? []).filter(usable).map((field) => ({ name: `customer.${field.name}`, field, of: customer!.label })),
		...own,
	];
}

export const needsHidden = (choice: Choice | undefined) => choice?.field.type === 'link';

/** Without it there is no record; the program gives a case its subject. */
export const isNeeded = ({ name, field }: Choice) => Boolean(field.required && !field.fallback && !name.includes('.') && name !== 'subject');

/** What a form of this kind begins with. */
export function beginning(kind: string): Asked[] {
	if (kind === 'case')
		return [
			{ field: 'customer.name', required: true },
			{ field: 'customer.phone' },
			{ field: 'message.body', required: true },
			{ field: 'kind', hidden: true, value: 'complaint' },
		];
	const person: Asked[] = [{ field: 'name', required: true }, { field: 'phone' }, { field: 'email' }, { field: 'city' }];
	return kind === 'lead' ? [...person, { field: 'interest' }, { field: 'note' }] : person;
}

const NEAREST: Record<Tongue, Tongue[]> = { zh: ['zh', 'hant', 'en'], hant: ['hant', 'zh', 'en'], en: ['en', 'zh', 'hant'] };

/** The words in this language, else the nearest, as visitors get them. */
export function wordIn(tongue: Tongue, of: (tongue: Tongue) => string | undefined): string {
	for (const one of NEAREST[tongue]) {
		const word = of(one);
		if (word) return word;
	}
	return '';
}
