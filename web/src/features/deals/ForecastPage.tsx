/** What is coming: won, committed, best case and weighted, by period and by whom; as told now or as it was told then. */
import { Button, Input, Select } from 'antd';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import { get } from '@/api/client.ts';
import { entityOf, may } from '@/api/records.ts';
import { useApp } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { Denied, Failed, Loading } from '@/components/common/States.tsx';
import { csvText, saveFile } from '@/lib/csv.ts';
import { date, money, number, percent } from '@/lib/format.ts';
import { DealTabs } from './DealTabs.tsx';
import './deals.css';

interface Sums {
	won: string;
	committed: string;
	best_case: string;
	weighted: string;
	open: string;
	slipped: string;
	won_count: number;
	open_count: number;
	slipped_count: number;
	without_amount: number;
}

interface ForecastRow extends Sums {
	period: string;
	from: string;
	to: string;
	id?: string | null;
	name?: string | null;
}

interface Forecast {
	currency: string;
	today: string;
	total: Sums;
	undated: { open: string; open_count: number };
	rows: ForecastRow[];
}

interface Accuracy {
	months: { month: string; won: string; snapshots: { taken_on: string; committed: string; weighted: string; best_case: string }[] }[];
}

const PERIODS = ['month', 'quarter', 'year'];
const BY = ['none', 'owner', 'team', 'branch', 'pipeline'];
const SHOWN = ['won', 'committed', 'best_case', 'weighted', 'slipped'] as const;

/** The last day of a month, "2026-02". */
function lastDay(month: string): string {
	const [y, m] = month.split('-').map(Number);
	return `${month}-${String(new Date(Date.UTC(y!, m!, 0)).getUTCDate()).padStart(2, '0')}`;
}

export default function ForecastPage() {
	const { meta } = useApp();
	const { t } = useTranslation();
	const id = useId();
	const [address, setAddress] = useSearchParams();
	const entity = entityOf(meta, 'opportunity');
	useTitle(t('forecast.title'));
	const period = address.get('period') ?? 'month', by = address.get('by') ?? 'none', then = address.get('as_of') ?? '';
	const asked = new URLSearchParams({ period, by, ...(then ? { as_of: `${then}T23:59:59Z` } : {}) });
	const told = useQuery({
		queryKey: ['some', 'opportunity', 'forecast', asked.toString()], placeholderData: keepPreviousData, enabled: may(entity, 'read'),
		queryFn: ({ signal }) => get<Forecast>(`forecast?${asked}`, signal),
	});
	if (!entity || !may(entity, 'read')) return <Denied need={t('state.need', { action: t('action_word.read'), what: entity?.label_many ?? '' })} />;
	const set = (name: string, value: string, usual: string) => {
		const next = new URLSearchParams(address);
		if (value === usual) next.delete(name);
		else next.set(name, value);
		setAddress(next);
	};
	const f = told.data;
	const whole = (value: string) => money(value, f?.currency ?? meta.base_currency, { whole: true });
	const drill = (row: ForecastRow) => {
		const whose = by !== 'none' && row.id ? `&${by}_id=in.(${row.id})` : '';
		return `/opportunity?close_on=gte.${row.from}-01&close_on=lte.${lastDay(row.to)}&state=in.(open,won)${whose}`;
	};
	const most = Math.max(1, ...(f?.rows ?? []).map((r) => Number(r.best_case) + Number(r.open)));
	const export_ = () => f
		&& saveFile(
			'sales-forecast.csv',
			csvText([
				[t('forecast.period'), t('forecast.who'), ...SHOWN.map((k) => t(`forecast.${k}`))],
				...f.rows.map((r) => [r.period, r.name ?? '', ...SHOWN.map((k) => r[k])]),
			]),
		);
	return (
		<div className="page">
			<header className="deals-top"><DealTabs current="forecast" search="" /></header>
			<h1>{t('forecast.title')}</h1>
			<div className="deals-top" role="group" aria-label={t('filter.title')}>
				<Select
					aria-label={t('forecast.period')} value={period} onChange={(v) => set('period', v, 'month')}
					options={PERIODS.map((value) => ({ value, label: t(`forecast.by_${value}`) }))}
				/>
				<Select
					aria-label={t('forecast.who')} value={by} onChange={(v) => set('by', v, 'none')}
					options={BY.map((value) => ({ value, label: t(`forecast.for_${value}`) }))} popupMatchSelectWidth={false}
				/>
				<label htmlFor={id}>{t('forecast.as_of')}</label>
				<Input id={id} type="date" value={then} max={new Date().toISOString().slice(0, 10)} onChange={(e) => set('as_of', e.target.value, '')} />
				<Button className="deals-end" onClick={export_} disabled={!f}>{t('chart.download')}</Button>
			</div>
			{told.isError ? <Failed error={told.error} onRetry={() => void told.refetch()} /> : !f ? <Loading /> : (
				<>
					<p className="deals-answer">{t('forecast.sentence', {
						won: whole(f.total.won), committed: whole(f.total.committed), best: whole(f.total.best_case),
						weighted: whole(f.total.weighted),
					})}
						{f.total.slipped_count > 0 && (
							<> <Link to={`/opportunity?state=in.(open)&close_on=lte.${f.today}`}>{t('forecast.slipped_sentence', {
								count: f.total.slipped_count, n: number(f.total.slipped_count), money: whole(f.total.slipped),
							})}</Link></>
						)}
						{f.undated.open_count > 0 && (
							<> <Link to="/opportunity?state=in.(open)&close_on=is.null">{t('forecast.undated', {
								count: f.undated.open_count, n: number(f.undated.open_count),
							})}</Link></>
						)}
						{f.total.without_amount > 0 && <> {t('forecast.without', { count: f.total.without_amount, n: number(f.total.without_amount) })}</>}
					</p>
					<div className="table-scroll" tabIndex={0} role="region" aria-label={t('forecast.title')}>
						<table className="plain-table deals-table">
							<thead>
								<tr>
									<th scope="col">{t('forecast.period')}</th>{by !== 'none' && <th scope="col">{t(`forecast.for_${by}`)}</th>}
									{SHOWN.map((key) => <th scope="col" className="is-right" key={key}>{t(`forecast.${key}`)}</th>)}
									<th scope="col">{t('forecast.picture')}</th>
								</tr>
							</thead>
							<tbody>
								{f.rows.map((row) => (
									<tr key={`${row.period} ${row.id}`}>
										<th scope="row"><Link to={drill(row)}>{row.period}</Link></th>
										{by !== 'none' && <td>{row.name ?? t('forecast.nobody')}</td>}
										{SHOWN.map((key) => <td className="is-right" key={key}>{whole(row[key])}</td>)}
										<td><Bar row={row} most={most} /></td>
									</tr>
								))}
							</tbody>
							<tfoot>
								<tr>
									<th scope="row">{t('forecast.total')}</th>
									{by !== 'none' && <td />}
									{SHOWN.map((key) => <td className="is-right" key={key}><b>{whole(f.total[key])}</b></td>)}
									<td />
								</tr>
							</tfoot>
						</table>
					</div>
					<p className="hint">{t('forecast.why')}</p>
				</>
			)}
			<HowRight />
		</div>
	);
}

function Bar({ row, most }: { row: ForecastRow; most: number }) {
	const { t } = useTranslation();
	const won = Number(row.won), commit = Number(row.committed) - won, best = Number(row.best_case) - won - commit, open = Number(row.open) - commit - best;
	const part = (value: number, kind: string) => (value > 0 ? <span className={`is-${kind}`} style={{ width: `${(100 * value) / most}%` }} /> : null);
	return (
		<span className="deals-bar" role="img" aria-label={t('forecast.bar', { period: row.period })}>
			{part(won, 'won')}
			{part(commit, 'commit')}
			{part(best, 'best')}
			{part(open, 'open')}
		</span>
	);
}

/** Each week's word against what the month brought. */
function HowRight() {
	const { meta } = useApp();
	const { t } = useTranslation();
	const seen = may(entityOf(meta, 'forecast_snapshot'), 'read');
	const told = useQuery({
		queryKey: ['some', 'opportunity', 'accuracy'], enabled: seen, queryFn: ({ signal }) => get<Accuracy>('forecast/accuracy?months=6', signal),
	});
	const months = told.data?.months.filter((m) => m.snapshots.length > 0) ?? [];
	if (!seen) return null;
	return (
		<section className="panel">
			<header><h2>{t('forecast.right')}</h2></header>
			{told.isError ? <Failed error={told.error} small /> : months.length === 0 ? <p className="quiet">{t('forecast.right_none')}</p> : (
				<div className="table-scroll" tabIndex={0} role="region" aria-label={t('forecast.right')}>
					<table className="plain-table deals-table">
						<thead>
							<tr>
								<th scope="col">{t('forecast.by_month')}</th>
								<th scope="col">{t('forecast.taken')}</th>
								<th scope="col" className="is-right">{t('forecast.committed')}</th>
								<th scope="col" className="is-right">{t('forecast.weighted')}</th>
								<th scope="col" className="is-right">{t('forecast.came')}</th>
								<th scope="col" className="is-right">{t('forecast.came_share')}</th>
							</tr>
						</thead>
						<tbody>
							{months.flatMap((m) => m.snapshots.map((s) => (
								<tr key={`${m.month}${s.taken_on}`}>
									<th scope="row">{m.month}</th><td>{date(s.taken_on)}</td>
									<td className="is-right">{money(s.committed, meta.base_currency, { whole: true })}</td>
									<td className="is-right">{money(s.weighted, meta.base_currency, { whole: true })}</td>
									<td className="is-right">{money(m.won, meta.base_currency, { whole: true })}</td>
									<td className="is-right">{Number(s.committed) > 0 ? percent(Number(m.won) / Number(s.committed)) : '–'}</td>
								</tr>
							)))}
						</tbody>
					</table>
				</div>
			)}
		</section>
	);
}
