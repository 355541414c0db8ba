/** Calendars; loaded when one is opened. */
import { DatePicker } from 'antd';
import dayjs from 'dayjs';
import type { EditProps } from './kind.ts';

function parse(value: unknown) {
	const found = value ? dayjs(String(value)) : null;
	return found?.isValid() ? found : null;
}

export function DayPicker({ field, value, onChange, id, invalid, describedBy, autoFocus, disabled, label }: EditProps) {
	return (
		<DatePicker
			id={id} className="wide" value={parse(value)} onChange={(d) => onChange(d ? d.format('YYYY-MM-DD') : null)} status={invalid ? 'error' : undefined}
			aria-invalid={invalid} aria-describedby={describedBy} autoFocus={autoFocus} disabled={disabled} aria-label={label} aria-required={field.required} allowClear={!field.required}
		/>
	);
}

export function MomentPicker({ field, value, onChange, id, invalid, describedBy, autoFocus, disabled, label }: EditProps) {
	return (
		<DatePicker
			id={id} className="wide" showTime={{ format: 'HH:mm' }} value={parse(value)} onChange={(d) => onChange(d ? d.toDate().toISOString() : null)}
			status={invalid ? 'error' : undefined} aria-invalid={invalid} aria-describedby={describedBy} autoFocus={autoFocus} disabled={disabled}
			aria-label={label} aria-required={field.required} allowClear={!field.required}
		/>
	);
}

export function DayInput({ value, onChange, label, id, autoFocus, placeholder }: { value: string; onChange(day: string): void; label: string; id?: string; autoFocus?: boolean; placeholder?: string }) {
	return <DatePicker id={id} value={parse(value)} onChange={(d) => onChange(d ? d.format('YYYY-MM-DD') : '')} aria-label={label} autoFocus={autoFocus} placeholder={placeholder} />;
}
