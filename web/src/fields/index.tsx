/** The field types by name, and the three things a page does with a field. */
import { LockOutlined } from '@ant-design/icons';
import { useTranslation } from 'react-i18next';
import type { Field, FieldTypeName, Row } from '@/api/types.ts';
import { bool } from './bool.tsx';
import { brackets } from './brackets.tsx';
import { code } from './code.tsx';
import { condition } from './condition.tsx';
import { date } from './date.tsx';
import { decimal } from './decimal.tsx';
import { email } from './email.tsx';
import { enumeration } from './enum.tsx';
import { int } from './int.tsx';
import { json } from './json.tsx';
import { isNothing, type Kind } from './kind.ts';
import { link } from './link.tsx';
import { links } from './links.tsx';
import { money } from './money.tsx';
import { note } from './note.tsx';
import { phone } from './phone.tsx';
import { real } from './real.tsx';
import { text } from './text.tsx';
import { time } from './time.tsx';
import { url } from './url.tsx';

const KINDS: Record<FieldTypeName, Kind> = {
	text, note, int, decimal, real, money, bool, date, time, enum: enumeration, link, links, email, phone, url, code, json,
};

export function kindOf(field: Field): Kind {
	if (field.type === 'json' && field.name === 'brackets') return brackets;
	return field.asks ? condition : KINDS[field.type] ?? text;
}

interface FieldValueProps {
	field: Field;
	row: Row;
	place: 'cell' | 'fact';
	masked?: boolean;
}

/** A field's value as this reader may see it. */
export function FieldValue({ field, row, place, masked }: FieldValueProps) {
	const { t } = useTranslation();
	const value = field.shipped?.get(String(row[field.name])) ?? row[field.name];
	if (isNothing(value)) return place === 'cell' ? null : <span className="nothing">—</span>;
	const { Show } = kindOf(field);
	if (masked)
		return (
			<span className="masked" title={t('field.masked')}>
				{String(value)} <LockOutlined aria-label={t('field.masked')} />
			</span>
		);
	return <Show field={field} value={value} row={row} place={place} />;
}

/** May this reader change the field of an existing record? */
export function editable(field: Field): boolean {
	return field.right === 'write' && !field.readonly && !field.insert_only;
}

/** May it be given at creation? */
export function creatable(field: Field): boolean {
	return field.right === 'write' && !field.readonly;
}

export function wire(field: Field, value: unknown): unknown {
	const kind = kindOf(field);
	return kind.wire && !isNothing(value) ? kind.wire(value) : value === undefined || value === '' ? null : value;
}

/** The key of what is wrong, or null. */
export function checkValue(field: Field, value: unknown): string | null {
	if (isNothing(value)) return field.required && field.type !== 'bool' ? 'check.required' : null;
	return kindOf(field).check?.(field, value) ?? null;
}

export { isNothing } from './kind.ts';

/** Whether one value for many records makes sense. */
export function visibleInBulk(field: Field): boolean {
	return !field.unique && field.type !== 'note' && field.type !== 'json';
}
