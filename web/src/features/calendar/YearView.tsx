/** A year as twelve months; a day is chosen by click, or by the arrow keys and Enter. */
import { type KeyboardEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMeta } from '@/app/context.tsx';
import { date as dateText, formatTag } from '@/lib/format.ts';
import { type Day, daysOf, isoOf, weeksOf, type Year } from './year.ts';

const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

export function YearView({ year, onChoose }: { year: Year; onChoose(day: Day): void }) {
	const { t } = useTranslation();
	const sunday = useMeta().week_start === 'sunday';
	const grid = useRef<HTMLDivElement>(null);
	const today = new Date().toISOString().slice(0, 10);
	const days = daysOf(year);
	// One day takes part in the order of tabs; the arrows go on from it.
	const [at, setAt] = useState(today.startsWith(String(year.year)) ? today : `${year.year}-01-01`);
	const here = at.startsWith(String(year.year)) ? at : `${year.year}-01-01`;

	function go(e: KeyboardEvent) {
		const now = days.findIndex((d) => d.date === here);
		const to = e.key in STEPS ? now + STEPS[e.key]! : e.key === 'PageUp' ? now - 28 : e.key === 'PageDown' ? now + 28 : null;
		if (to === null || !days[to]) return;
		e.preventDefault();
		setAt(days[to].date);
		grid.current?.querySelector<HTMLElement>(`[data-date="${days[to].date}"]`)?.focus();
	}

	return (
		<div className="cal-year" ref={grid} role="group" aria-label={t('calendar.year_of', { year: year.year })} onKeyDown={go}>
			{Array.from({ length: 12 }, (_, month) => (
				<Month key={month} year={year.year} month={month} weeks={weeksOf(days, month, sunday ? 0 : 1)} first={sunday ? 0 : 1} here={here} today={today}
					onChoose={(day) => { setAt(day.date); onChoose(day); }}
				/>
			))}
		</div>
	);
}

interface MonthProps {
	year: number;
	month: number;
	weeks: (Day | null)[][];
	first: number;
	here: string;
	today: string;
	onChoose(day: Day): void;
}

function Month({ year, month, weeks, first, here, today, onChoose }: MonthProps) {
	const name = (iso: string, options: Intl.DateTimeFormatOptions) =>
		new Intl.DateTimeFormat(formatTag(), { ...options, timeZone: 'UTC' }).format(new Date(`${iso}T00:00:00Z`));
	const title = name(isoOf(year, month, 1), { month: 'long' });
	// 4 January 1970 was a Sunday.
	const weekdays = Array.from({ length: 7 }, (_, i) => isoOf(1970, 0, 4 + first + i));
	return (
		<section className="cal-month" aria-label={title}>
			<h3>{title}</h3>
			<table>
				<thead>
					<tr>{weekdays.map((d) => <th key={d} scope="col" abbr={name(d, { weekday: 'long' })}>{name(d, { weekday: 'narrow' })}</th>)}</tr>
				</thead>
				<tbody>
					{weeks.map((week, i) => (
						<tr key={i}>
							{week.map((day, k) => (
								<td key={day?.date ?? `none${k}`}>
									{day && <DayButton day={day} tab={day.date === here} today={day.date === today} onChoose={onChoose} />}
								</td>
							))}
						</tr>
					))}
				</tbody>
			</table>
		</section>
	);
}

function DayButton({ day, tab, today, onChoose }: { day: Day; tab: boolean; today: boolean; onChoose(day: Day): void }) {
	const { t } = useTranslation();
	const kind = day.mark?.kind;
	const said = [dateText(day.date, 'long'), kind ? t(`calendar.kind_${kind}`) : t(day.open ? 'calendar.open' : 'calendar.closed'), day.mark?.name]
		.filter(Boolean).join(t('word.comma'));
	return (
		<button
			type="button" data-date={day.date} data-mark={kind && t(`calendar.mark_${kind}`)} tabIndex={tab ? 0 : -1}
			aria-label={said} title={said} aria-current={today ? 'date' : undefined}
			className={`cal-day${day.open ? '' : ' is-closed'}${kind ? ` is-${kind}` : ''}${day.mark?.own ? ' is-own' : ''}`} onClick={() => onChoose(day)}
		>
			{Number(day.date.slice(8))}
		</button>
	);
}
