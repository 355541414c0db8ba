/** What managers open first: how far deals come, how long they take, what they are won and lost by, and by whom. */
import { Select } from 'antd';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useNavigate, useSearchParams } from 'react-router';
import { get } from '@/api/client.ts';
import { entityOf, fieldOf, may } from '@/api/records.ts';
import type { Row } from '@/api/types.ts';
import { useApp } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { ChartCard } from '@/components/chart/ChartCard.tsx';
import { Denied } from '@/components/common/States.tsx';
import { money, number, percent } from '@/lib/format.ts';
import { nameOf, usePipeline, usePipelines } from './board.ts';
import { DealTabs } from './DealTabs.tsx';
import './deals.css';

const DAYS = [30, 90, 180, 365];

function useGrouped<T>(entity: string, params: string, enabled: boolean) {
	return useQuery({ queryKey: ['some', entity, 'report', params], enabled, queryFn: ({ signal }) => get<T[]>(`${entity}?${params}`, signal) });
}

interface Ended {
	state: 'won' | 'lost';
	n: number;
	amount?: string;
}

export default function ReportsPage() {
	const { meta } = useApp();
	const { t } = useTranslation();
	const navigate = useNavigate();
	const [address, setAddress] = useSearchParams();
	const days = DAYS.includes(Number(address.get('days'))) ? Number(address.get('days')) : 90;
	const entity = entityOf(meta, 'opportunity');
	const pipelines = usePipelines();
	const pipeline = usePipeline(pipelines.data, address.get('pipeline') ? [{ field: 'pipeline_id', op: 'in', value: [address.get('pipeline')!] }] : []);
	useTitle(t('deal_reports.title'));
	const ready = pipeline !== undefined && may(entity, 'read');
	const paid = ['read', 'write'].includes(fieldOf(entity, 'amount_base')?.right ?? 'hidden');
	const since = `closed_at=gte.now-${days}d&pipeline_id=eq.${pipeline?.id}`;
	const moves = useGrouped<{ from_stage_id: string; stage_id: string; state: string; n: number; stay: number }>(
		'opportunity_change',
		'select=from_stage_id,stage_id,state,n:count(),stay:stayed_ms.avg()&from_stage_id=not.is.null'
			+ `&at=gte.now-${days}d&pipeline_id=eq.${pipeline?.id}&limit=1000`,
		ready,
	);
	const ended = useGrouped<Ended>('opportunity', `select=state,n:count()${paid ? ',amount:amount_base.sum()' : ''}&state=in.(won,lost)&${since}`, ready);
	const reasons = useGrouped<{ lost_reason_id: string; n: number; lost_reason: Row | null }>(
		'opportunity', `select=lost_reason_id,lost_reason:lost_reason_id(id,name,name_zh),n:count()&state=eq.lost&${since}&order=n.desc`, ready,
	);
	const ranking = useGrouped<{ owner_id: string; owner: Row | null; n: number; amount?: string; cycle: number | null }>(
		'opportunity',
		`select=owner_id,owner:owner_id(id,name),n:count()${paid ? ',amount:amount_base.sum()' : ''},cycle:cycle_days.avg()`
			+ `&state=eq.won&${since}&order=${paid ? 'amount' : 'n'}.desc&limit=20`,
		ready,
	);
	const ranked = ranking.data ?? [];
	const cycle = ranked.reduce((s, r) => s + r.n * Number(r.cycle ?? 0), 0) / Math.max(1, ranked.reduce((s, r) => s + r.n, 0));
	if (!entity || !may(entity, 'read')) return <Denied need={t('state.need', { action: t('action_word.read'), what: entity?.label_many ?? '' })} />;

	const currency = meta.base_currency;
	const open = pipeline?.stages.filter((s) => s.category === 'open') ?? [];
	const place = new Map(pipeline?.stages.map((s, i) => [s.id, i]));
	const funnel = moves.data && open.map((stage) => {
		const out = moves.data.filter((m) => m.from_stage_id === stage.id);
		const all = out.reduce((n, m) => n + m.n, 0);
		const on = out
			.filter((m) => m.state === 'won' || (m.state === 'open' && (place.get(m.stage_id) ?? 0) > (place.get(stage.id) ?? 0)))
			.reduce((n, m) => n + m.n, 0);
		const stay = all ? out.reduce((n, m) => n + m.n * Number(m.stay), 0) / all / 86_400_000 : 0;
		return { stage, all, on, stay, share: all ? on / all : 0 };
	});
	const worst = funnel?.filter((f) => f.all >= 5).sort((a, b) => a.share - b.share)[0];
	const slowest = funnel?.filter((f) => f.all > 0).sort((a, b) => b.stay - a.stay)[0];
	const won = ended.data?.find((e) => e.state === 'won'), lost = ended.data?.find((e) => e.state === 'lost');
	const total = (won?.n ?? 0) + (lost?.n ?? 0);
	const set = (name: string, value: string) => {
		const next = new URLSearchParams(address);
		next.set(name, value);
		setAddress(next);
	};
	const from = new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
	const one = (value: number) => number(value.toFixed(1));
	const reasonName = (r: { lost_reason: Row | null }) => (r.lost_reason ? nameOf(r.lost_reason) : t('deal_reports.no_reason'));
	const first = ranking.data?.[0];
	return (
		<div className="page">
			<header className="deals-top"><DealTabs current="reports" search="" /></header>
			<h1>{t('deal_reports.title')}</h1>
			<div className="deals-top" role="group" aria-label={t('filter.title')}>
				<Select
					aria-label={t('deal_reports.span')} value={days} onChange={(v) => set('days', String(v))}
					options={DAYS.map((value) => ({ value, label: t('deal_reports.days', { count: value }) }))}
				/>
				{(pipelines.data?.length ?? 0) > 1 && (
					<Select
						aria-label={t('deals.pipeline')} value={pipeline?.id} popupMatchSelectWidth={false} onChange={(v) => set('pipeline', v)}
						options={pipelines.data?.map((p) => ({ value: p.id, label: nameOf(p) }))}
					/>
				)}
			</div>
			<div className="home-two">
				<ChartCard
					title={t('deal_reports.conversion')} file="conversion.csv" heads={[t('deals.stage'), t('deal_reports.share_on')]} axis={(v) => percent(v)}
					sentence={worst
						? t('deal_reports.conversion_sentence', { stage: nameOf(worst.stage), share: percent(worst.share), n: number(worst.all) })
						: t('deal_reports.too_few')}
					bars={funnel?.map((f) => ({
						label: nameOf(f.stage), value: f.share,
						text: t('deal_reports.on_of', { on: number(f.on), all: number(f.all), share: percent(f.share) }),
					})) ?? null}
					error={moves.error} onRetry={() => void moves.refetch()}
					onPick={(i) => funnel?.[i] && void navigate(`/opportunity?stage_id=in.(${funnel[i].stage.id})`)}
				/>
				<ChartCard
					title={t('deal_reports.stay')} file="days-in-stage.csv" heads={[t('deals.stage'), t('deal_reports.days_in')]} axis={(v) => number(v)}
					sentence={slowest ? t('deal_reports.stay_sentence', { stage: nameOf(slowest.stage), days: one(slowest.stay) }) : t('deal_reports.too_few')}
					bars={funnel?.map((f) => ({ label: nameOf(f.stage), value: f.stay, text: t('deal_reports.days_text', { days: one(f.stay) }) })) ?? null}
					error={moves.error} onRetry={() => void moves.refetch()}
					onPick={(i) => funnel?.[i] && void navigate(`/opportunity?stage_id=in.(${funnel[i].stage.id})&order=stage_since.asc`)}
				/>
				<ChartCard
					title={t('deal_reports.win_rate')} file="won-and-lost.csv" heads={[t('deal_reports.ended'), t('deal_reports.deals')]}
					axis={(v) => number(v)}
					sentence={total
						? t('deal_reports.win_sentence', {
							share: percent((won?.n ?? 0) / total), won: number(won?.n ?? 0), total: number(total),
							money: paid ? money(won?.amount ?? '0', currency, { whole: true }) : '–',
						})
						: t('deal_reports.none_ended')}
					bars={ended.data
						? [
							{ label: t('deal_reports.won'), value: won?.n ?? 0, text: number(won?.n ?? 0) },
							{ label: t('deal_reports.lost'), value: lost?.n ?? 0, text: number(lost?.n ?? 0) },
						]
						: null}
					error={ended.error} onRetry={() => void ended.refetch()}
					onPick={(i) => void navigate(`/opportunity?state=in.(${i ? 'lost' : 'won'})&closed_at=gte.${from}`)}
				/>
				<ChartCard
					title={t('deal_reports.reasons')} file="why-lost.csv" heads={[t('deal_reports.reason'), t('deal_reports.deals')]} axis={(v) => number(v)}
					sentence={reasons.data?.[0]
						? t('deal_reports.reason_sentence', {
							reason: reasonName(reasons.data[0]), share: percent(reasons.data[0].n / Math.max(1, lost?.n ?? 1)),
						})
						: t('deal_reports.none_lost')}
					bars={reasons.data?.map((r) => ({ label: reasonName(r), value: r.n, text: number(r.n) })) ?? null}
					error={reasons.error} onRetry={() => void reasons.refetch()}
					onPick={(i) => reasons.data?.[i]
						&& void navigate(`/opportunity?state=in.(lost)&lost_reason_id=in.(${reasons.data[i].lost_reason_id})&closed_at=gte.${from}`)}
				/>
				<ChartCard
					title={t('deal_reports.ranking')} file="ranking.csv"
					heads={[t('deal_reports.person'), paid ? t('deal_reports.amount') : t('deal_reports.deals')]}
					axis={(v) => (paid ? money(String(Math.round(v)), currency, { compact: true }) : number(v))}
					sentence={first
						? t('deal_reports.ranking_sentence', {
							name: String(first.owner?.name ?? t('forecast.nobody')),
							money: paid ? money(first.amount ?? '0', currency, { whole: true }) : number(first.n), n: number(first.n),
						})
						: t('deal_reports.none_won')}
					bars={ranking.data?.map((r) => ({
						label: String(r.owner?.name ?? t('forecast.nobody')), value: Number(paid ? r.amount : r.n),
						text: t('deal_reports.ranking_text', { money: paid ? money(r.amount ?? '0', currency, { whole: true }) : '', n: number(r.n) }),
					})) ?? null}
					error={ranking.error} onRetry={() => void ranking.refetch()}
					onPick={(i) => ranking.data?.[i]
						&& void navigate(`/opportunity?state=in.(won)&owner_id=in.(${ranking.data[i].owner_id})&closed_at=gte.${from}`)}
				/>
				<ChartCard
					title={t('deal_reports.cycle')} file="cycle.csv" heads={[t('deal_reports.person'), t('deal_reports.cycle_days')]} axis={(v) => number(v)}
					sentence={first
						? t('deal_reports.cycle_sentence', { days: one(cycle) })
						: t('deal_reports.none_won')}
					bars={ranking.data?.map((r) => ({
						label: String(r.owner?.name ?? t('forecast.nobody')), value: Number(r.cycle ?? 0),
						text: t('deal_reports.days_text', { days: one(Number(r.cycle ?? 0)) }),
					})) ?? null}
					error={ranking.error} onRetry={() => void ranking.refetch()}
					onPick={(i) => ranking.data?.[i]
						&& void navigate(`/opportunity?state=in.(won)&owner_id=in.(${ranking.data[i].owner_id})&closed_at=gte.${from}`)}
				/>
			</div>
		</div>
	);
}
