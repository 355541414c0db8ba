/** What was to be reached and what was: by month, quarter or year, the furthest first; with how much of the time is over. */
import { Button, Select } from 'antd';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { get } from '@/api/client.ts';
import { entityOf, fieldOf, may } from '@/api/records.ts';
import { useApp } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { ChartCard } from '@/components/chart/ChartCard.tsx';
import { Denied, Empty, Failed, Loading } from '@/components/common/States.tsx';
import { csvText, saveFile } from '@/lib/csv.ts';
import { date, money, number, percent } from '@/lib/format.ts';
import './targets.css';

interface Goal {
	id: string;
	title: string;
	measure: string;
	scope: 'person' | 'team' | 'branch' | 'firm';
	whose?: string;
	name: string | null;
	goal: string;
	achieved: string | null;
}

interface Achieved {
	currency: string;
	from: string;
	until: string;
	days: number;
	elapsed: number;
	rows: Goal[];
}

const PERIODS = ['month', 'quarter', 'year'];
const SCOPES = ['person', 'team', 'branch', 'firm'] as const;
const LISTS: Record<string, string> = {
	orders: '/order?state=not.in.(draft,cancelled)&placed_at', received: '/receipt?state=in.(received)&received_on',
	won: '/opportunity?state=in.(won)&closed_at', won_count: '/opportunity?state=in.(won)&closed_at',
};

const share = (g: Goal) => (g.achieved === null ? null : Number(g.achieved) / Number(g.goal));
const before = (day: string) => new Date(Date.parse(`${day}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
const after = (day: string) => new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);

export default function TargetsPage() {
	const { meta } = useApp();
	const { t } = useTranslation();
	const navigate = useNavigate();
	const [address, setAddress] = useSearchParams();
	const entity = entityOf(meta, 'target');
	const period = PERIODS.includes(address.get('period') ?? '') ? address.get('period')! : 'month', on = address.get('on') ?? '';
	const told = useQuery({
		queryKey: ['some', 'target', 'achieved', period, on], enabled: may(entity, 'read'), placeholderData: keepPreviousData, retry: false,
		queryFn: ({ signal }) => get<Achieved>(`targets/achieved?period=${period}${on ? `&on=${on}` : ''}`, signal),
	});
	useTitle(t('targets.title'));
	if (!entity || !may(entity, 'read')) return <Denied need={t('state.need', { action: t('action_word.read'), what: entity?.label_many ?? '' })} />;
	const set = (changes: Record<string, string>) => setAddress((old) => {
		const next = new URLSearchParams(old);
		for (const [name, value] of Object.entries(changes)) if (value) next.set(name, value);
		else next.delete(name);
		return next;
	});
	const a = told.data;
	const measures = (fieldOf(entity, 'measure')?.options ?? []).filter((m) => a?.rows.some((r) => r.measure === m.value));
	const measure = measures.find((m) => m.value === address.get('measure')) ?? measures[0];
	const rows = a?.rows.filter((r) => r.measure === measure?.value) ?? [];
	const scopes = SCOPES.filter((s) => rows.some((r) => r.scope === s));
	const counted = measure?.value === 'won_count';
	const show = (value: string | null) => (value === null ? '—' : counted ? number(value) : money(value, a?.currency ?? meta.base_currency, { whole: true }));
	const nameOf = (g: Goal) => g.name ?? (g.scope === 'firm' ? t('targets.firm') : g.title);
	const ranked = rows.filter((r) => r.scope === scopes[0]);
	const known = ranked.filter((r) => r.achieved !== null), reached = known.filter((r) => Number(r.achieved) >= Number(r.goal)).length;
	const pace = a ? a.elapsed / a.days : 0;
	const drill = (g: Goal) => {
		const at = LISTS[g.measure]!, whose = g.scope === 'firm' ? '' : `&${g.scope === 'person' ? 'owner' : g.scope}_id=in.(${g.whose})`;
		const name = at.slice(at.lastIndexOf('&') + 1);
		return `${at.slice(0, at.lastIndexOf('&'))}&${name}=gte.${a?.from}&${name}=lt.${after(a?.until ?? '')}${whose}`;
	};
	const download = () => a && saveFile('targets.csv', csvText([
		[t('targets.for'), t('targets.who'), t('targets.goal'), t('targets.achieved'), '%'],
		...rows.map((g) => [t(`targets.scope.${g.scope}`), nameOf(g), g.goal, g.achieved ?? '', share(g) === null ? '' : String(Math.round(share(g)! * 1000) / 10)]),
	]));
	return (
		<div className="page">
			<h1>{t('targets.title')}</h1>
			<div className="targets-top" role="group" aria-label={t('filter.title')}>
				<Select
					aria-label={t('targets.period')} value={period} onChange={(v) => set({ period: v === 'month' ? '' : v })}
					options={PERIODS.map((value) => ({ value, label: t(`targets.by_${value}`) }))}
				/>
				<Button aria-label={t('targets.earlier')} disabled={!a} onClick={() => a && set({ on: before(a.from) })}>‹</Button>
				<b>{a ? `${date(a.from)} – ${date(a.until)}` : ''}</b>
				<Button aria-label={t('targets.later')} disabled={!a} onClick={() => a && set({ on: after(a.until) })}>›</Button>
				{measures.length > 1 && (
					<Select
						aria-label={t('targets.measure')} value={measure?.value} onChange={(v) => set({ measure: v })} popupMatchSelectWidth={false}
						options={measures.map((m) => ({ value: m.value, label: m.label }))}
					/>
				)}
				<span className="targets-end">
					{may(entity, 'create') && <Button onClick={() => void navigate('/target/new')}>{t('targets.set')}</Button>}
					<Button onClick={download} disabled={rows.length === 0}>{t('chart.download')}</Button>
				</span>
			</div>
			{told.isError && <Failed error={told.error} onRetry={() => void told.refetch()} />}
			{told.isPending && <Loading />}
			{a && rows.length === 0 && <Empty title={t('targets.none')} />}
			{a && rows.length > 0 && (
				<>
					<ChartCard
						title={measure!.label} file="targets-ranking.csv" heads={[t('targets.who'), '%']} axis={(v) => percent(v)}
						sentence={known.length
							? t('targets.sentence', {
								reached: number(reached), all: number(known.length), first: nameOf(known[0]!), share: percent(share(known[0]!) ?? 0),
								pace: percent(pace),
							})
							: t('targets.hidden')}
						bars={known.slice(0, 20).map((g) => ({
							label: nameOf(g), value: share(g) ?? 0,
							text: t('targets.bar', { done: show(g.achieved), goal: show(g.goal), share: percent(share(g) ?? 0) }),
						}))}
						onPick={(i) => known[i] && void navigate(drill(known[i]))}
					/>
					{scopes.map((scope) => (
						<GoalTable
							key={scope} label={t(`targets.scope.${scope}`)} rows={rows.filter((r) => r.scope === scope)} pace={pace} show={show} name={nameOf}
							drill={drill}
						/>
					))}
				</>
			)}
		</div>
	);
}

interface TableProps {
	label: string;
	rows: Goal[];
	pace: number;
	show(value: string | null): string;
	name(g: Goal): string;
	drill(g: Goal): string;
}

function GoalTable({ label, rows, pace, show, name, drill }: TableProps) {
	const { t } = useTranslation();
	return (
		<div className="table-scroll" tabIndex={0} role="region" aria-label={label}>
			<table className="plain-table targets-table">
				<thead>
					<tr>
						<th scope="col">{label}</th><th scope="col" className="is-right">{t('targets.goal')}</th><th scope="col" className="is-right">{t('targets.achieved')}</th>
						<th scope="col" className="is-right">%</th><th scope="col">{t('targets.progress')}</th>
					</tr>
				</thead>
				<tbody>
					{rows.map((g) => {
						const part = share(g);
						return (
							<tr key={g.id}>
								<th scope="row"><Link to={`/target/${g.id}`}>{name(g)}</Link></th>
								<td className="is-right">{show(g.goal)}</td>
								<td className="is-right">{g.achieved === null ? '—' : <Link to={drill(g)}>{show(g.achieved)}</Link>}</td>
								<td className="is-right">{part === null ? '—' : percent(part)}</td>
								<td>
									{part !== null && (
										<span className="targets-bar" role="img" aria-label={t('targets.bar_label', { name: name(g), share: percent(part), pace: percent(pace) })}>
											<span className={part >= 1 ? 'is-done' : part >= pace ? 'is-well' : 'is-behind'} style={{ width: `${Math.min(100, Math.max(0, part * 100))}%` }} />
											<i style={{ left: `${pace * 100}%` }} />
										</span>
									)}
								</td>
							</tr>
						);
					})}
				</tbody>
			</table>
		</div>
	);
}
