/** What came of a campaign: against those who got nothing, with intervals; who did not get it and why; groups as segments. */
import { useQuery } from '@tanstack/react-query';
import { App, Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { get, post } from '@/api/client.ts';
import { entityOf, may, type RecordAnswer } from '@/api/records.ts';
import type { Meta } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import { Empty, Failed, Loading } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { money, number, percent } from '@/lib/format.ts';
import { type Arm, byState, type Comparison, points, reasonsOf, type Results, type Test, verdictOf } from './results.ts';
import './campaigns.css';

const GROUPS = ['bought', 'silent', 'control', 'failed', 'not_sent', 'unsubscribed'];
const LOOKS = { better: 'why-yes', worse: 'why-no', not_yet: 'muted' };

export function useResults(id: string, moving: boolean) {
	return useQuery({
		queryKey: ['campaign', id, 'results'], queryFn: ({ signal }) => get<Results>(`campaigns/${id}/results`, signal), refetchInterval: moving ? 3000 : false,
	});
}

const labelOf = (meta: Meta, field: string, value: string) =>
	entityOf(meta, 'campaign_recipient')?.fields.find((f) => f.name === field)?.options?.find((o) => o.value === value)?.label ?? value;

function Arms({ arms, base }: { arms: Arm[]; base: string }) {
	const { t } = useTranslation();
	const name = (a: Arm) => (a.control ? t('campaign.control') : a.name || t('campaign.everybody'));
	const heads = ['n', 'sent', 'unsubscribed', 'buyers', 'rate', 'revenue', 'per_head'];
	return (
		<div className="table-scroll" tabIndex={0} role="region" aria-label={t('campaign.arms')}>
			<table className="plain-table campaign-arms">
				<thead><tr><th scope="col">{t('campaign.arm')}</th>{heads.map((h) => <th key={h} scope="col" className="is-right">{t(`campaign.${h}`)}</th>)}</tr></thead>
				<tbody>
					{arms.map((a) => (
						<tr key={a.variant_id ?? String(a.control)}>
							<th scope="row">{name(a)}</th>
							<td className="is-right">{number(a.n)}</td>
							<td className="is-right">{a.control ? '–' : number(a.sent)}{a.unsure > 0 && ` + ${number(a.unsure)}?`}</td>
							<td className="is-right">{a.control ? '–' : number(a.unsubscribed)}</td>
							<td className="is-right">{number(a.buyers)}</td>
							<td className="is-right">{percent(a.rate, 2)}</td>
							<td className="is-right">{a.revenue === undefined ? '–' : money(a.revenue, base)}</td>
							<td className="is-right">{a.per_head === undefined ? '–' : money(a.per_head.toFixed(2), base)}</td>
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}

/** The interval as a line on a scale that has nothing in its middle. */
function Interval({ test, show }: { test: Test; show: (v: number) => string }) {
	const reach = Math.max(Math.abs(test.low), Math.abs(test.high)) || 1;
	const at = (v: number) => 50 + (v / reach) * 48;
	return (
		<svg className="campaign-interval" viewBox="0 0 100 12" preserveAspectRatio="none" role="img" aria-label={`${show(test.low)} – ${show(test.high)}`}>
			<line x1="50" x2="50" y1="0" y2="12" className="campaign-zero" />
			<line x1={at(test.low)} x2={at(test.high)} y1="6" y2="6" className="campaign-range" />
			<line x1={at(test.difference)} x2={at(test.difference)} y1="2" y2="10" className="campaign-range" />
		</svg>
	);
}

function Line({ what, test, show }: { what: string; test: Test | null | undefined; show: (v: number) => string }) {
	const { t } = useTranslation();
	if (!test) return <p className="muted">{t('campaign.too_few', { what })}</p>;
	const verdict = verdictOf(test), signed = (v: number) => (v > 0 ? `+${show(v)}` : show(v));
	return (
		<div className="campaign-line">
			<p>
				{what}: <b>{signed(test.difference)}</b> <span className="muted">({t('campaign.interval', { low: signed(test.low), high: signed(test.high) })}
				{test.uplift !== null && ` · ${t('campaign.uplift', { uplift: percent(test.uplift) })}`} · p {test.p_adjusted < 0.001 ? '< 0.001' : `= ${number(test.p_adjusted, { maximumFractionDigits: 3 })}`})</span>{' '}
				<b className={LOOKS[verdict]}>{t(`campaign.${verdict}`)}</b>
			</p>
			<Interval test={test} show={signed} />
		</div>
	);
}

function Against({ comparisons, base }: { comparisons: Comparison[]; base: string }) {
	const { t } = useTranslation();
	return comparisons.map((c, i) => (
		<section key={c.name ?? i}>
			<h3>{c.whole ? t('campaign.all_variants') : c.name ? t('campaign.against', { name: c.name }) : t('campaign.against_control')}</h3>
			<Line what={t('campaign.rate')} test={c.rate} show={(v) => points(v, t)} />
			{c.per_head !== undefined && <Line what={t('campaign.per_head')} test={c.per_head} show={(v) => money(v.toFixed(2), base)} />}
		</section>
	));
}

function Money({ r, base }: { r: Results; base: string }) {
	const { t } = useTranslation();
	if (r.cost === undefined) return null;
	const show = (v: number) => money(v.toFixed(2), base, { whole: true });
	return (
		<p>
			{t('campaign.cost', { money: money(r.cost, base) })}
			{r.gain !== undefined && ` · ${t('campaign.gain', { money: show(r.gain), low: show(r.gain_low!), high: show(r.gain_high!) })}`}
			{r.return !== undefined && ` · ${t('campaign.return', { percent: percent(r.return) })}`}
		</p>
	);
}

function Reasons({ r }: { r: Results }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const reasons = reasonsOf(r.states), most = reasons[0]?.n ?? 1;
	if (reasons.length === 0) return null;
	return (
		<section>
			<h3>{t('campaign.why_not')}</h3>
			<ul className="campaign-reasons">
				{reasons.map(({ reason, n }) => (
					<li key={reason}><span>{labelOf(meta, 'reason', reason)}</span><meter min={0} max={most} value={n} aria-hidden="true" /><b>{number(n)}</b></li>
				))}
			</ul>
		</section>
	);
}

function Loop({ record }: { record: RecordAnswer }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const navigate = useNavigate();
	if (!may(entityOf(meta, 'segment'), 'create')) return null;
	const make = (group: string) => post<{ id: string }>(`campaigns/${record.row.id}/segment`, { group, name: `${String(record.row.name)} · ${t(`campaign.group_${group}`)}`.slice(0, 120) })
		.then(({ id }) => navigate(`/segment/${id}`), (error: unknown) => void message.error(problemText(error, t)));
	return (
		<section>
			<h3>{t('campaign.to_segment')}</h3>
			<p className="campaign-groups">{GROUPS.map((g) => <Button key={g} size="small" onClick={() => void make(g)}>{t(`campaign.group_${g}`)}</Button>)}</p>
		</section>
	);
}

export function ResultsTab({ record }: { record: RecordAnswer }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const found = useResults(record.row.id, record.row.state === 'running');
	if (found.isPending) return <Loading rows={5} />;
	if (found.isError) return <Failed error={found.error} onRetry={() => void found.refetch()} />;
	const r = found.data, states = byState(r.states);
	if (states.size === 0) return <Empty title={t('campaign.not_yet_started')} />;
	return (
		<div className="campaign-results">
			{r.arms && <Arms arms={r.arms} base={meta.base_currency} />}
			{r.comparisons && <Against comparisons={r.comparisons} base={meta.base_currency} />}
			<Money r={r} base={meta.base_currency} />
			<Reasons r={r} />
			<Loop record={record} />
		</div>
	);
}
