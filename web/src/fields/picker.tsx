/** Days and moments: typed as people say them, or chosen from the device's own calendar. */
import { CalendarOutlined } from '@ant-design/icons';
import { Button, Input } from 'antd';
import { useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isoDay } from '@/api/query.ts';
import { date, time } from '@/lib/format.ts';
import { hourOf, whenOf } from '@/lib/when.ts';
import type { EditProps } from './kind.ts';

const two = (n: number) => String(n).padStart(2, '0');

/** As the device's calendar takes it. */
function local(value: unknown, moment: boolean): string {
	if (!value) return '';
	if (!moment) return /^\d{4}-\d{2}-\d{2}$/.test(String(value)) ? String(value) : '';
	const at = new Date(String(value));
	return Number.isNaN(at.getTime()) ? '' : `${isoDay(at)}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

function read(typed: string, moment: boolean, due: boolean): string | null {
	const now = new Date();
	const found = whenOf(typed, now);
	if (!found) return null;
	if (!moment) return isoDay(found.at);
	return (found.timed ? found.at : hourOf(found.at, due, now)).toISOString();
}

function WhenInput({ value, onChange, id, invalid, describedBy, autoFocus, disabled, label, required, moment, due, placeholder }: Omit<EditProps, 'field'> & { required?: boolean; moment: boolean; due?: boolean; placeholder?: string }) {
	const { t } = useTranslation();
	const hint = useId();
	const native = useRef<HTMLInputElement>(null);
	const [typed, setTyped] = useState<string | null>(null);
	const shown = (v: unknown) => (v === null || v === undefined || v === '' ? '' : moment ? time(v) : date(v));
	const understood = typed !== null && typed.trim() !== '' ? read(typed, moment, due ?? false) : null;
	const lost = typed !== null && typed.trim() !== '' && understood === null;
	return (
		<span className="when-input">
			<Input
				id={id} value={typed ?? shown(value)} placeholder={placeholder ?? t(moment ? 'when.moment' : 'when.day')} autoComplete="off" autoFocus={autoFocus} disabled={disabled}
				status={invalid ? 'error' : undefined} aria-invalid={invalid || undefined} aria-label={label} aria-required={required} aria-describedby={[describedBy, typed !== null ? hint : ''].filter(Boolean).join(' ') || undefined}
				onChange={(e) => {
					setTyped(e.target.value);
					const text = e.target.value.trim();
					// What is not understood is handed on as it is, so that saving it is refused in words.
					onChange(text === '' ? null : read(text, moment, due ?? false) ?? text);
				}}
				onBlur={() => {
					if (!lost) setTyped(null);
				}}
				suffix={
					<Button
						type="text" size="small" icon={<CalendarOutlined />} aria-label={t('when.calendar')} disabled={disabled} tabIndex={-1}
						onClick={() => {
							try {
								native.current?.showPicker();
							} catch {
								native.current?.focus();
							}
						}}
					/>
				}
			/>
			<input
				ref={native} className="when-native" type={moment ? 'datetime-local' : 'date'} tabIndex={-1} aria-hidden="true" value={local(value, moment)}
				onChange={(e) => {
					if (!e.target.value) return;
					setTyped(null);
					onChange(moment ? new Date(e.target.value).toISOString() : e.target.value);
				}}
			/>
			<span id={hint} className={lost ? 'when-hint hint' : 'when-hint'} role="status">
				{typed === null || typed.trim() === '' ? '' : understood ? shown(understood) : t('when.unknown')}
			</span>
		</span>
	);
}

export function DayPicker({ field, ...rest }: EditProps) {
	return <WhenInput {...rest} required={field.required} moment={false} />;
}

export function MomentPicker({ field, ...rest }: EditProps) {
	return <WhenInput {...rest} required={field.required} moment due={field.name === 'due_at'} />;
}

export function DayInput({ value, onChange, label, id, autoFocus, placeholder }: { value: string; onChange(day: string): void; label: string; id?: string; autoFocus?: boolean; placeholder?: string }) {
	return <WhenInput id={id} value={value} label={label} autoFocus={autoFocus} placeholder={placeholder} moment={false} onChange={(day) => onChange(/^\d{4}-\d{2}-\d{2}$/.test(String(day ?? '')) ? String(day) : '')} />;
}
