import { Input } from 'antd';
import type { EditProps, Kind, ShowProps } from './kind.ts';
import { TextFilter, tooLong } from './text.tsx';

function Show({ value, place }: ShowProps) {
	return place === 'cell' ? <span className="text">{String(value).split('\n')[0]}</span> : <div className="note">{String(value)}</div>;
}

function Edit({ field, value, onChange, id, invalid, describedBy, autoFocus, disabled, label }: EditProps) {
	return (
		<Input.TextArea
			id={id} value={(value as string | null) ?? ''} onChange={(e) => onChange(e.target.value === '' ? null : e.target.value)} className="area"
			status={invalid ? 'error' : undefined} aria-invalid={invalid} aria-describedby={describedBy} autoFocus={autoFocus} disabled={disabled}
			aria-label={label} aria-required={field.required}
		/>
	);
}

export const note: Kind = {
	Show,
	Edit,
	Filter: TextFilter,
	text: (_, value) => String(value ?? ''),
	check: (field, value) => tooLong(field.max ?? 20_000, value),
	width: 240,
};
