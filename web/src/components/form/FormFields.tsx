/** One column of fields in groups; what matters first, the rest behind "more". */
import { Alert, Button } from 'antd';
import { useEffect, useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Entity, Field, Row } from '@/api/types.ts';
import { entityOf, fetchRecord } from '@/api/records.ts';
import { useMeta } from '@/app/context.tsx';
import { fillsOf, groupsWithout } from '@/app/features.ts';
import { usePhone } from '@/app/preferences.ts';
import { isNothing, kindOf } from '@/fields/index.tsx';
import type { FormState } from './useForm.ts';

interface Props {
	entity: Entity;
	form: FormState;
	/** Where fields take their currency and linked names from. */
	row: Row;
	autoFocus?: boolean;
	/** Only these fields, in this order of the descriptor; or all but these. */
	only?: string[];
	except?: string[];
	/** Beside each other where there is room. */
	inRow?: boolean;
	/** What is wrong as a whole is said elsewhere. */
	quiet?: boolean;
}

function FormField({ entity, field, form, row, id, autoFocus }: { entity: Entity; field: Field; form: FormState; row: Row; id: string; autoFocus: boolean }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const { Edit } = kindOf(field);
	const error = form.errors[field.name];
	// Codes are chosen by their names here; how they are written is for programs.
	const help = field.type === 'code' ? null : field.help;

	/** What is chosen brings its own along: a product its name and price. */
	async function fill(value: unknown) {
		const fills = fillsOf(entity.name, field.name);
		const target = entityOf(meta, field.link);
		if (!fills || !target || typeof value !== 'string' || value === '') return;
		try {
			const { row: found } = await fetchRecord(meta, target, value);
			for (const [ours, theirs] of Object.entries(fills)) if (form.fields.some((f) => f.name === ours) && !isNothing(found[theirs])) form.set(ours, found[theirs]);
		} catch {
			// The choice stands; the rest is typed by hand.
		}
	}
	return (
		<div
			className={`form-field${error ? ' has-error' : ''}`} data-field={field.name}
			onBlur={(e) => {
				if (!e.currentTarget.contains(e.relatedTarget as Node | null)) form.blur(field.name);
			}}
		>
			<label htmlFor={id}>{field.label}{field.required && <span className="required" title={t('form.required')}> *</span>}</label>
			<Edit
				id={id} field={field} value={form.values[field.name] ?? null} row={row} invalid={error !== undefined} autoFocus={autoFocus}
				describedBy={[error ? `${id}e` : '', help ? `${id}h` : ''].filter(Boolean).join(' ') || undefined}
				onChange={(value) => {
					form.set(field.name, value);
					void fill(value);
				}}
			/>
			{help && <p className="hint" id={`${id}h`}>{help}</p>}
			{error && <p className="problem" id={`${id}e`} role="alert">{error}</p>}
		</div>
	);
}

export function FormFields({ entity, form, row, autoFocus, only, except, inRow, quiet }: Props) {
	const { t } = useTranslation();
	const uid = useId();
	// On a phone the keyboard would cover the form before it was read.
	const phone = usePhone();
	const box = useRef<HTMLDivElement>(null);
	const first = entity.groups[0]?.key ?? '';
	const here = form.fields.filter((f) => (!only || only.includes(f.name)) && !except?.includes(f.name));
	const behind = here.filter((f) => f.more && !groupsWithout(entity.name, form.values).includes(f.group ?? first));
	const [more, setMore] = useState(() => behind.some((f) => !isNothing(form.values[f.name]) && !f.fallback));
	const wrong = Object.keys(form.errors);
	const wrongBehind = !more && behind.some((f) => form.errors[f.name]);
	useEffect(() => {
		if (wrongBehind) setMore(true);
	}, [wrongBehind]);
	useEffect(() => {
		// After a refused save the first wrong field is where the person goes next.
		if (form.refused === 0) return;
		const first = box.current?.querySelector<HTMLElement>('.has-error');
		(first?.querySelector<HTMLElement>('input, textarea, button') ?? box.current?.querySelector<HTMLElement>('.ant-alert'))?.focus({ preventScroll: true });
		(first ?? box.current)?.scrollIntoView({ block: 'center' });
	}, [form.refused, more]);

	const hidden = groupsWithout(entity.name, form.values);
	const shown = here.filter((f) => (more || !f.more) && (!hidden.includes(f.group ?? first) || !isNothing(form.values[f.name]) || form.errors[f.name] !== undefined));
	const groups = (entity.groups.length ? entity.groups : [{ key: '', label: '' }])
		.map((g) => ({ ...g, fields: shown.filter((f) => (f.group ?? first) === g.key) }))
		.filter((g) => g.fields.length > 0);
	const firstField = groups[0]?.fields[0];

	return (
		<div className={inRow ? 'form form-row' : 'form'} ref={box}>
			{!quiet && form.general && <Alert type="error" showIcon title={form.general} role="alert" />}
			{!quiet && wrong.length > 1 && <Alert type="error" showIcon title={t('form.wrong', { count: wrong.length })} />}
			{groups.map((g) => (
				<fieldset key={g.key}>
					{g.label && groups.length > 1 ? <legend>{g.label}</legend> : <legend className="sr-only">{g.label || entity.label}</legend>}
					{g.fields.map((f) => (
						<FormField key={f.name} entity={entity} field={f} form={form} row={row} id={`${uid}${f.name}`} autoFocus={autoFocus === true && !phone && f === firstField} />
					))}
				</fieldset>
			))}
			{behind.length > 0 && (
				<Button type="link" className="form-more" onClick={() => setMore(!more)} aria-expanded={more}>{more ? t('form.less') : t('form.more', { count: behind.length })}</Button>
			)}
		</div>
	);
}
