import { Input } from 'antd';
import type { EditProps, FilterProps, Kind, ShowProps } from './kind.ts';

export function TextShow({ value }: ShowProps) {
	return <span className="text">{String(value)}</span>;
}

export function TextEdit({ field, value, onChange, id, invalid, describedBy, autoFocus, disabled, label, ...rest }: EditProps & { inputMode?: 'email' | 'tel' | 'url' | 'decimal' | 'numeric' }) {
	return (
		<Input
			id={id} value={(value as string | null) ?? ''} onChange={(e) => onChange(e.target.value === '' ? null : e.target.value)}
			status={invalid ? 'error' : undefined} aria-invalid={invalid} aria-describedby={describedBy} autoFocus={autoFocus} disabled={disabled}
			aria-label={label} aria-required={field.required} autoComplete="off" inputMode={rest.inputMode}
		/>
	);
}

export function TextFilter({ value, onChange, id, autoFocus, field }: FilterProps) {
	return <Input id={id} value={value[0] ?? ''} onChange={(e) => onChange([e.target.value])} autoFocus={autoFocus} aria-label={field.label} autoComplete="off" />;
}

export function tooLong(max: number | null | undefined, value: unknown): string | null {
	return typeof value === 'string' && [...value].length > (max ?? Infinity) ? 'check.too_long' : null;
}

export const text: Kind = {
	Show: TextShow,
	Edit: TextEdit,
	Filter: TextFilter,
	text: (_, value) => String(value ?? ''),
	check: (field, value) => tooLong(field.max ?? 200, value),
	width: 116,
	inline: true,
};
