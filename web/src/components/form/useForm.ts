/** The state of a form made from descriptors: values, errors beside the field, a draft that survives a reload. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '@/api/client.ts';
import type { Entity, Field, Row } from '@/api/types.ts';
import { useApp } from '@/app/context.tsx';
import { checkValue, creatable, editable, isNothing, wire } from '@/fields/index.tsx';

export interface FormState {
	fields: Field[];
	values: Record<string, unknown>;
	errors: Record<string, string>;
	/** Errors that belong to no field on the form. */
	general: string | null;
	changed: boolean;
	/** Grows with each refused save. */
	refused: number;
	restored: boolean;
	set(name: string, value: unknown): void;
	blur(name: string): void;
	/** Values as the server takes them, or null when something is wrong. */
	collect(): Record<string, unknown> | null;
	fail(error: unknown): void;
	dropDraft(): void;
}

interface Options {
	/** The record being changed; null for a new one. */
	row: Row | null;
	/** Given by the place, not asked for. */
	fixed?: Record<string, unknown>;
	draftKey?: string;
	/** Starting values of a new record, instead of the descriptor's. */
	start?: Record<string, unknown>;
}

function startValue(field: Field, me: string): unknown {
	if (!field.fallback) return null;
	if (field.type === 'bool') return field.fallback === 'true';
	if (field.fallback === 'me' && field.link === 'user') return me;
	if (field.fallback === 'now' && field.type === 'time') return new Date().toISOString();
	return field.fallback;
}

export function useForm(entity: Entity, { row, fixed, draftKey, start: given }: Options): FormState {
	const { me } = useApp();
	const { t } = useTranslation();
	const fields = useMemo(
		() => entity.fields.filter((f) => (row ? editable(f) : creatable(f)) && !(fixed && f.name in fixed)),
		[entity, row, fixed && Object.keys(fixed).join()],
	);
	const start = useMemo(
		() => Object.fromEntries(fields.map((f) => [f.name, row ? row[f.name] ?? null : given?.[f.name] ?? startValue(f, me.id)])),
		[fields, row, me.id, given && JSON.stringify(given)],
	);
	const key = draftKey ? `guanxi.draft.${me.id}.${draftKey}` : null;
	const draft = useMemo(() => {
		if (!key) return null;
		try {
			return JSON.parse(localStorage.getItem(key) ?? 'null') as Record<string, unknown> | null;
		} catch {
			return null;
		}
	}, [key]);
	const [values, setValues] = useState<Record<string, unknown>>(() => ({ ...start, ...draft }));
	const [restored, setRestored] = useState(draft !== null);
	const [errors, setErrors] = useState<Record<string, string>>({});
	const [general, setGeneral] = useState<string | null>(null);
	const [refused, setRefused] = useState(0);
	const dropped = useRef(false);

	const changes = useMemo(() => {
		const out: Record<string, unknown> = {};
		for (const f of fields) if (JSON.stringify(values[f.name] ?? null) !== JSON.stringify(start[f.name] ?? null)) out[f.name] = values[f.name] ?? null;
		return out;
	}, [fields, values, start]);
	const changed = Object.keys(changes).length > 0;

	useEffect(() => {
		if (!key || dropped.current) return undefined;
		const timer = setTimeout(() => {
			if (changed) localStorage.setItem(key, JSON.stringify(changes));
			else localStorage.removeItem(key);
		}, 300);
		return () => clearTimeout(timer);
	}, [key, changes, changed]);

	const messageOf = useCallback((field: Field, value: unknown) => {
		const wrong = checkValue(field, value);
		return wrong ? t(wrong, { max: field.max ?? 200, field: field.label }) : null;
	}, [t]);

	const set = useCallback((name: string, value: unknown) => {
		setValues((old) => ({ ...old, [name]: value }));
		setErrors((old) => (old[name] ? Object.fromEntries(Object.entries(old).filter(([n]) => n !== name)) : old));
	}, []);

	const blur = useCallback((name: string) => {
		const field = fields.find((f) => f.name === name);
		if (!field) return;
		const text = messageOf(field, values[name]);
		setErrors((old) => (text ? { ...old, [name]: text } : old));
	}, [fields, values, messageOf]);

	const collect = useCallback(() => {
		const wrong: Record<string, string> = {};
		for (const field of fields) {
			const text = messageOf(field, values[field.name]);
			if (text) wrong[field.name] = text;
		}
		setErrors(wrong);
		setGeneral(null);
		if (Object.keys(wrong).length > 0) {
			setRefused((n) => n + 1);
			return null;
		}
		const out: Record<string, unknown> = {};
		for (const field of fields) {
			const value = values[field.name];
			if (row ? field.name in changes : !isNothing(value)) out[field.name] = wire(field, value);
		}
		return { ...out, ...(row ? {} : fixed) };
	}, [fields, values, messageOf, row, changes, fixed]);

	const fail = useCallback((error: unknown) => {
		if (!(error instanceof ApiError)) {
			setGeneral(String(error));
			return;
		}
		// The sign-in dialog says it already; saving again is all there is to do.
		if (error.status === 401) return;
		setRefused((n) => n + 1);
		const known = new Set(fields.map((f) => f.name));
		const beside = error.errors.filter((e) => known.has(e.field));
		setErrors(Object.fromEntries(beside.map((e) => [e.field, e.message || e.key])));
		const rest = error.errors.filter((e) => !known.has(e.field)).map((e) => e.message || `${e.field}: ${e.key}`);
		setGeneral(rest.length > 0 ? rest.join(' ') : beside.length > 0 ? null : error.offline ? t('form.offline') : error.message || t('state.failed'));
	}, [fields, t]);

	const dropDraft = useCallback(() => {
		dropped.current = true;
		if (key) localStorage.removeItem(key);
		if (restored) setValues(start);
		setRestored(false);
		setTimeout(() => {
			dropped.current = false;
		}, 400);
	}, [key, start, restored]);

	return { fields, values, errors, general, changed, refused, restored, set, blur, collect, fail, dropDraft };
}
