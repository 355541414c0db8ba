/** Filters of days and moments: periods, "in the last … days", calendar days. */
import { Select } from 'antd';
import i18next from 'i18next';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { daysOf, PERIODS } from '@/api/query.ts';
import { date, time } from '@/lib/format.ts';
import type { FilterProps } from './kind.ts';

const InputNumber = lazy(() => import('antd/es/input-number/index.js'));
const DayInput = lazy(() => import('./picker.tsx').then((m) => ({ default: m.DayInput })));

export function timeWord(value: string): string {
	if ((PERIODS as readonly string[]).includes(value)) return i18next.t(`period.${value}`);
	if (/^\d+d$/.test(value)) return i18next.t('filter.days', { count: daysOf(value) });
	return /^\d{4}-\d{2}-\d{2}$/.test(value) ? date(value) : time(value, 'day');
}

export function DateFilter({ field, op, value, onChange, id, autoFocus }: FilterProps) {
	const { t } = useTranslation();
	if (op === 'period')
		return (
			<Select
				id={id} aria-label={field.label} value={value[0] ?? null} onChange={(v: string) => onChange([v])} popupMatchSelectWidth={false}
				options={PERIODS.map((p) => ({ value: p, label: t(`period.${p}`) }))}
			/>
		);
	if (op === 'within' || op === 'older')
		return (
			<span className="pair">
				<Suspense fallback={<span className="control-wait" />}>
					<InputNumber
						id={id} min={1} max={36500} precision={0} value={daysOf(value[0] ?? '') || null} onChange={(n) => onChange([n ? `${n}d` : ''])}
						autoFocus={autoFocus} aria-label={t('filter.days_label')}
					/>
				</Suspense>
				<span>{t('filter.days_label')}</span>
			</span>
		);
	const input = (i: number, label: string) => (
		<DayInput
			id={i === 0 ? id : undefined} value={value[i] ?? ''} label={label} autoFocus={autoFocus && i === 0}
			onChange={(day) => {
				const next = [...value];
				next[i] = day;
				onChange(next);
			}}
		/>
	);
	return (
		<Suspense fallback={<span className="control-wait" />}>
			{op === 'between' ? (
				<span className="pair">
					{input(0, t('filter.from'))}
					<span aria-hidden="true">–</span>
					{input(1, t('filter.to'))}
				</span>
			) : input(0, field.label)}
		</Suspense>
	);
}
