/** When the firm and its teams work: calendars, each with its week and a year of days. */
import { EditOutlined, LeftOutlined, PlusOutlined, RightOutlined, UploadOutlined } from '@ant-design/icons';
import { Alert, App, Button, Select } from 'antd';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { call, get } from '@/api/client.ts';
import { entityOf, fetchPage, may, refresh, selectAll, useCache } from '@/api/records.ts';
import type { Entity, Linked, Row } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { Denied, Empty, Failed, Loading } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { FormDialog } from '@/components/form/FormDialog.tsx';
import { list, number } from '@/lib/format.ts';
import { DayDialog } from './DayDialog.tsx';
import type { Day, Year } from './year.ts';
import { YearView } from './YearView.tsx';

const WEEK = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
/** What most offices begin with. */
const OFFICE = Object.fromEntries(WEEK.slice(0, 5).map((d) => [d, '09:00-12:00 13:00-18:00']));

export default function Calendars() {
	const meta = useMeta();
	const { t } = useTranslation();
	const cache = useCache();
	const entity = entityOf(meta, 'calendar');
	const [params, setParams] = useSearchParams();
	const [form, setForm] = useState<{ row: Row | null } | null>(null);
	useTitle(t('calendar.title'));
	const rows = useQuery({
		queryKey: ['some', 'calendar', 'all'],
		enabled: may(entity, 'read'),
		queryFn: ({ signal }) =>
			fetchPage(
				entity!,
				new URLSearchParams({
					select: selectAll(meta, entity!),
					order: 'is_default.desc,name.asc',
					limit: '500',
				}),
				signal,
			),
	});
	if (!entity || !may(entity, 'read')) return <Denied need={t('state.need_cap', { cap: t('cap.users') })} />;
	const all = rows.data?.rows ?? [];
	const chosen = all.find((r) => r.id === params.get('id')) ?? all[0];
	const show = (more: Record<string, string>) =>
		setParams(
			(old) => {
				const next = new URLSearchParams(old);
				for (const [key, value] of Object.entries(more)) next.set(key, value);
				return next;
			},
			{ replace: true },
		);
	const add = may(entity, 'create') && (
		<Button icon={<PlusOutlined />} onClick={() => setForm({ row: null })}>
			{t('list.create', { what: entity.label })}
		</Button>
	);
	return (
		<div className="page">
			<h1>{t('calendar.title')}</h1>
			<p className="quiet">{t('calendar.text')}</p>
			{rows.isPending ? (
				<Loading rows={8} />
			) : rows.isError ? (
				<Failed error={rows.error} onRetry={() => void rows.refetch()} />
			) : !chosen ? (
				<Empty title={t('calendar.none')} text={t('calendar.none_text')} action={add} />
			) : (
				<>
					<div className="cal-tools">
						<Select
							aria-label={entity.label}
							value={chosen.id}
							options={all.map((r) => ({ value: r.id, label: String(r.name) }))}
							onChange={(id) => show({ id })}
							popupMatchSelectWidth={false}
						/>
						{may(entity, 'update') && (
							<Button
								icon={<EditOutlined />}
								aria-label={t('record.edit_named', { name: String(chosen.name) })}
								onClick={() => setForm({ row: chosen })}
							>
								{t('word.edit')}
							</Button>
						)}
						{add}
					</div>
					<Facts row={chosen} entity={entity} />
					<OneYear
						key={chosen.id}
						calendar={chosen}
						able={may(entity, 'update')}
						year={Number(params.get('year')) || new Date().getFullYear()}
						onYear={(year) => show({ year: String(year) })}
					/>
				</>
			)}
			{form && (
				<FormDialog
					entity={entity}
					row={form.row}
					start={form.row ? undefined : OFFICE}
					onClose={() => setForm(null)}
					onSaved={(row) => {
						setForm(null);
						show({ id: row.id });
						void refresh(cache, 'calendar');
						void cache.invalidateQueries({ queryKey: ['calendar-year'] });
					}}
				/>
			)}
		</div>
	);
}

/** The week, and whom it is for. */
function Facts({ row, entity }: { row: Row; entity: Entity }) {
	const { t } = useTranslation();
	const label = (name: string) => entity.fields.find((f) => f.name === name)?.label ?? name;
	const teams = (row.teams as Linked[] | null) ?? [];
	const country = entity.fields
		.find((f) => f.name === 'country')
		?.options?.find((o) => o.value === row.country)?.label;
	return (
		<>
			<p className="quiet">
				{[
					String(row.time_zone),
					country && t('calendar.follows', { country }),
					teams.length > 0
						? t('calendar.for_teams', { teams: list(teams.map((x) => String(x.name))) })
						: null,
					row.is_default ? label('is_default') : null,
				]
					.filter(Boolean)
					.join(' · ')}
			</p>
			<dl className="cal-week">
				{WEEK.map((d) => (
					<div key={d}>
						<dt>{label(d)}</dt>
						<dd>
							{row[d]
								? String(row[d])
										.split(' ')
										.map((b) => <span key={b}>{b.replace('-', '–')}</span>)
								: t('calendar.closed')}
						</dd>
					</div>
				))}
			</dl>
		</>
	);
}

function OneYear({
	calendar,
	able,
	year,
	onYear,
}: {
	calendar: Row;
	able: boolean;
	year: number;
	onYear(year: number): void;
}) {
	const meta = useMeta();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const file = useRef<HTMLInputElement>(null);
	const dayEntity = entityOf(meta, 'calendar_day');
	const [chosen, setChosen] = useState<Day | null>(null);
	const data = useQuery({
		queryKey: ['calendar-year', calendar.id, year],
		placeholderData: keepPreviousData,
		queryFn: ({ signal }) => get<Year>(`calendar/${calendar.id}/year?year=${year}`, signal),
	});
	const own = useQuery({
		queryKey: ['some', 'calendar_day', calendar.id, chosen?.date ?? ''],
		enabled: chosen !== null && dayEntity !== undefined,
		queryFn: ({ signal }) =>
			fetchPage(
				dayEntity!,
				new URLSearchParams({
					select: 'id,kind,name,hours',
					calendar_id: `eq.${calendar.id}`,
					date: `eq.${chosen!.date}`,
				}),
				signal,
			),
	});
	const again = async () => {
		await refresh(cache, 'calendar_day');
		await cache.invalidateQueries({ queryKey: ['calendar-year', calendar.id] });
	};

	async function read(given: File) {
		try {
			const { data: done } = await call<{ added: number; kept: number; skipped: number }>(
				'POST',
				`calendar/${calendar.id}/ical`,
				{
					raw: given,
					headers: { 'Content-Type': 'text/calendar' },
				},
			);
			void message.success(
				t('calendar.read', {
					count: done.added,
					n: number(done.added),
					kept: number(done.kept),
					skipped: number(done.skipped),
				}),
			);
			await again();
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}

	if (data.isPending) return <Loading rows={10} />;
	if (data.isError) return <Failed error={data.error} onRetry={() => void data.refetch()} />;
	const shown = data.data;
	const until = shown.known_until;
	const next = new Date().getFullYear() + 1;
	return (
		<>
			<div className="cal-tools">
				<Button
					icon={<LeftOutlined />}
					aria-label={t('calendar.before')}
					disabled={year <= 1970}
					onClick={() => onYear(year - 1)}
				/>
				<h2 aria-live="polite">{t('calendar.year_of', { year: shown.year })}</h2>
				<Button
					icon={<RightOutlined />}
					aria-label={t('calendar.after')}
					disabled={year >= 2199}
					onClick={() => onYear(year + 1)}
				/>
				<span className="quiet">
					{t('calendar.sum', {
						count: shown.workdays,
						n: number(shown.workdays),
						hours: number(Math.round(shown.minutes / 6) / 10),
					})}
				</span>
				{able && (
					<>
						<Button icon={<UploadOutlined />} onClick={() => file.current?.click()}>
							{t('calendar.ical')}
						</Button>
						<input
							ref={file}
							type="file"
							accept=".ics,text/calendar"
							hidden
							aria-label={t('calendar.ical')}
							onChange={(e) => {
								const given = e.target.files?.[0];
								e.target.value = '';
								if (given) void read(given);
							}}
						/>
					</>
				)}
			</div>
			{until !== null && shown.year > until && (
				<Alert type="warning" showIcon title={t('calendar.unknown', { year: shown.year })} />
			)}
			{until !== null && shown.year <= until && next > until && (
				<Alert type="info" showIcon title={t('calendar.unknown_next', { year: next })} />
			)}
			<YearView year={shown} onChoose={(day) => able && dayEntity && setChosen(day)} />
			<p className="quiet cal-legend">
				{(['holiday', 'workday', 'special', 'break'] as const).map((k) => (
					<span key={k}>
						<i className={`cal-day is-${k}`} aria-hidden>
							{t(`calendar.mark_${k}`)}
						</i>{' '}
						{t(`calendar.kind_${k}`)}
					</span>
				))}
				<span>
					<i className="cal-day is-closed" aria-hidden>
						6
					</i>{' '}
					{t('calendar.closed')}
				</span>
			</p>
			{chosen && dayEntity && own.isSuccess && (
				<DayDialog
					key={chosen.date}
					entity={dayEntity}
					calendarId={calendar.id}
					day={chosen}
					rows={own.data.rows}
					onClose={() => setChosen(null)}
					onSaved={() => {
						setChosen(null);
						void again();
					}}
				/>
			)}
		</>
	);
}
