/** What one day is: as its weekday, off, made up for, or at other hours; and when it is interrupted. */
import { App, Button, Input, Modal, Radio } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { createRecord, deleteRecord, saveRecord } from '@/api/records.ts';
import type { Entity, Row } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import { Line, useProblems } from '@/components/form/Line.tsx';
import { date as dateText } from '@/lib/format.ts';
import type { Day, Kind } from './year.ts';

interface Props {
	entity: Entity;
	calendarId: string;
	day: Day;
	/** What the calendar itself says of the day. */
	rows: Row[];
	onClose(): void;
	onSaved(): void;
}

type Choice = Exclude<Kind, 'break'> | '';

export function DayDialog({ entity, calendarId, day, rows, onClose, onSaved }: Props) {
	const meta = useMeta();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const id = useId();
	const main = rows.find((r) => r.kind !== 'break');
	const pause = rows.find((r) => r.kind === 'break');
	const [kind, setKind] = useState<Choice>((main?.kind as Choice | undefined) ?? '');
	const [name, setName] = useState(String(main?.name ?? ''));
	const [hours, setHours] = useState(String(main?.hours ?? ''));
	const [breaks, setBreaks] = useState(String(pause?.hours ?? ''));
	const [busy, setBusy] = useState(false);
	const { problems, take, clear } = useProblems();
	const timed = kind === 'workday' || kind === 'special';

	async function put(row: Row | undefined, values: Record<string, unknown> | null) {
		if (!values) return row ? deleteRecord(entity, row.id) : undefined;
		if (row) return saveRecord(meta, entity, row.id, values, null);
		return createRecord(meta, entity, { calendar_id: calendarId, date: day.date, ...values });
	}

	async function save() {
		setBusy(true);
		clear();
		try {
			await put(main, kind ? { kind, name: name.trim() || null, hours: timed ? hours.trim() || null : null } : null);
			await put(pause, breaks.trim() ? { kind: 'break', hours: breaks.trim() } : null);
			void message.success(t('save.saved'));
			onSaved();
		} catch (error) {
			take(error);
			setBusy(false);
		}
	}

	const choices: { value: Choice; label: string }[] = [
		{ value: '', label: day.public ? t('calendar.as_public', { name: day.public.name }) : t('calendar.as_week') },
		...(['holiday', 'workday', 'special'] as const).map((value) => ({ value, label: t(`calendar.kind_${value}`) })),
	];
	return (
		<Modal
			open title={dateText(day.date, 'long')} onCancel={onClose} destroyOnHidden
			footer={[
				<Button key="no" onClick={onClose}>{t('word.cancel')}</Button>,
				<Button key="yes" type="primary" loading={busy} onClick={() => void save()}>{t('word.save')}</Button>,
			]}
		>
			<form className="cal-form" noValidate onSubmit={(e) => { e.preventDefault(); void save(); }}>
				<Radio.Group
					className="cal-kinds" aria-label={t('calendar.what')} value={kind} options={choices}
					onChange={(e) => setKind(e.target.value as Choice)}
				/>
				{kind && (
					<Line id={`${id}n`} label={t('calendar.name')} problem={problems.name}>
						<Input id={`${id}n`} maxLength={100} value={name} onChange={(e) => setName(e.target.value)} />
					</Line>
				)}
				{timed && (
					<Line id={`${id}h`} label={t('calendar.hours')} hint={t(kind === 'workday' ? 'calendar.hours_workday' : 'calendar.hours_hint')} problem={problems.hours}>
						<Input id={`${id}h`} value={hours} placeholder="09:00-12:00 13:00-18:00" onChange={(e) => setHours(e.target.value)} />
					</Line>
				)}
				<Line id={`${id}b`} label={t('calendar.breaks')} hint={t('calendar.breaks_hint')} problem={timed ? null : problems.hours}>
					<Input id={`${id}b`} value={breaks} placeholder="10:00-10:30" onChange={(e) => setBreaks(e.target.value)} />
				</Line>
				{problems[''] && <p className="problem" role="alert">{problems['']}</p>}
				<button type="submit" hidden />
			</form>
		</Modal>
	);
}
