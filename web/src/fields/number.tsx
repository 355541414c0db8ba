/** What int, decimal, real and money share: exact texts, never floats. */
import { Input } from 'antd';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { number, parseDecimal } from '@/lib/format.ts';
import type { EditProps, FilterProps } from './kind.ts';

export function NumberEdit({ field, value, onChange, id, invalid, describedBy, autoFocus, disabled, label, scale, unit }: EditProps & { scale: number; unit?: string }) {
	const [typed, setTyped] = useState(value === null || value === undefined ? '' : String(value));
	useEffect(() => {
		// A value from elsewhere replaces what is typed only when it differs as a number.
		if (parseDecimal(typed) !== (value === null || value === undefined || value === '' ? null : parseDecimal(String(value))))
			setTyped(value === null || value === undefined ? '' : String(value));
	}, [value]);
	return (
		<Input
			className="number-input" id={id} value={typed} inputMode={scale ? 'decimal' : 'numeric'} suffix={unit}
			onChange={(e) => {
				setTyped(e.target.value);
				onChange(e.target.value.trim() === '' ? null : parseDecimal(e.target.value, scale) ?? e.target.value);
			}}
			status={invalid ? 'error' : undefined} aria-invalid={invalid} aria-describedby={describedBy} autoFocus={autoFocus} disabled={disabled}
			aria-label={label} aria-required={field.required} autoComplete="off"
		/>
	);
}

export function NumberFilter({ field, op, value, onChange, id, autoFocus }: FilterProps) {
	const { t } = useTranslation();
	const set = (i: number, text: string) => {
		const next = [...value];
		next[i] = parseDecimal(text) ?? text;
		onChange(next);
	};
	const input = (i: number, label: string) => (
		<Input
			id={i === 0 ? id : undefined} className="number-input" inputMode="decimal" defaultValue={value[i] ?? ''} onChange={(e) => set(i, e.target.value)}
			autoFocus={autoFocus && i === 0} aria-label={label} autoComplete="off"
		/>
	);
	if (op !== 'between') return input(0, field.label);
	return (
		<span className="pair">
			{input(0, t('filter.from'))}
			<span aria-hidden="true">–</span>
			{input(1, t('filter.to'))}
		</span>
	);
}

export function notNumber(value: unknown, scale: number): string | null {
	if (value === null || value === undefined || value === '') return null;
	return parseDecimal(String(value), scale) === null ? 'check.not_number' : null;
}

export const numberWord = (value: string) => number(value);
