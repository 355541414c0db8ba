/** A campaign: its plan and how it stands, what it says, who gets it, what came of it. */
import { useQuery } from '@tanstack/react-query';
import { App, Button, Popconfirm } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { get, post } from '@/api/client.ts';
import { entityOf, type RecordAnswer, refresh, useCache } from '@/api/records.ts';
import { useMeta } from '@/app/context.tsx';
import type { RecordPageProps } from '@/app/features.ts';
import { problemText } from '@/components/common/undo.tsx';
import { ChildTable } from '@/components/record/ChildTable.tsx';
import { RecordPage } from '@/components/record/RecordPage.tsx';
import { useMay } from '@/components/record/rights.tsx';
import { number, percent } from '@/lib/format.ts';
import { ContentTab } from './ContentTab.tsx';
import { byState, points } from './results.ts';
import { ResultsTab, useResults } from './ResultsTab.tsx';
import './campaigns.css';

type Act = 'start' | 'pause' | 'resume' | 'stop' | 'resend' | 'hand_over';

function Actions({ record }: { record: RecordAnswer }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const [busy, setBusy] = useState<Act | null>(null);
	const state = String(record.row.state);
	const counts = byState(useResults(record.row.id, false).data?.states ?? []);
	if (!useMay()(entityOf(meta, 'campaign'), 'update')) return null;
	async function act(what: Act) {
		setBusy(what);
		try {
			await post(`campaigns/${record.row.id}/${what}`, {});
			await refresh(cache, 'campaign');
		} catch (error) {
			void message.error(problemText(error, t));
		}
		setBusy(null);
	}
	const button = (what: Act, sure?: boolean) => (sure
		? <Popconfirm key={what} title={t(`campaign.${what}_sure`)} okText={t(`campaign.${what}`)} cancelText={t('word.cancel')} onConfirm={() => void act(what)}><Button loading={busy === what} danger={what === 'stop'} type={what === 'start' ? 'primary' : 'default'}>{t(`campaign.${what}`)}</Button></Popconfirm>
		: <Button key={what} loading={busy === what} onClick={() => void act(what)}>{t(`campaign.${what}`)}</Button>);
	return (
		<>
			{state === 'draft' && button('start', true)}
			{state === 'running' && button('pause')}
			{state === 'paused' && button('resume')}
			{record.row.channel !== 'email' && (counts.get('ready') ?? 0) + (counts.get('sent') ?? 0) > 0 && <Button href={`/api/v1/campaigns/${record.row.id}/list`} download>{t('campaign.list')}</Button>}
			{state === 'running' && (counts.get('ready') ?? 0) > 0 && button('hand_over', true)}
			{(counts.get('failed') ?? 0) > 0 && ['running', 'paused', 'finished'].includes(state) && button('resend', true)}
			{['running', 'paused'].includes(state) && button('stop', true)}
		</>
	);
}

interface Plan {
	members: number;
	control: number;
	/** What follows is told to those who may see all orders. */
	rate?: number;
	needed_per_group?: number;
	enough?: boolean;
	smallest_lift?: number;
}

/** Before it starts: whether the groups are large enough to show anything. */
function Before({ record }: { record: RecordAnswer }) {
	const { t } = useTranslation();
	const { id, version, window_days: days } = record.row;
	const plan = useQuery({ queryKey: ['campaign', id, 'plan', version], queryFn: ({ signal }) => get<Plan>(`campaigns/${id}/plan`, signal) });
	if (!plan.data) return null;
	const p = plan.data;
	if (p.members === 0) return <p className="campaign-head" role="status">{t('campaign.nobody_yet')}</p>;
	return (
		<p className="campaign-head" role="status">
			<b>{number(p.members)}</b> {t('campaign.members', { control: number(p.control) })}{p.rate !== undefined && ` · ${t('campaign.baseline', { rate: percent(p.rate, 1), days: String(days) })}`}
			{p.smallest_lift !== undefined && p.smallest_lift > 0 && (
				<>
					{' '}
					·{' '}
					<span className={p.enough ? undefined : 'why-no'}>
						{t('campaign.can_show', { lift: points(p.smallest_lift, t), needed: number(p.needed_per_group ?? 0) })}
					</span>
				</>
			)}
		</p>
	);
}

const ORDER = ['sent', 'queued', 'waiting', 'ready', 'unsure', 'failed', 'skipped', 'control'];

function Head({ record }: { record: RecordAnswer }) {
	const meta = useMeta();
	const moving = record.row.state === 'running';
	const found = useResults(record.row.id, moving);
	const { t } = useTranslation();
	if (record.row.state === 'draft') return <Before record={record} />;
	const counts = byState(found.data?.states ?? []);
	const label = (s: string) => entityOf(meta, 'campaign_recipient')?.fields.find((f) => f.name === 'state')?.options?.find((o) => o.value === s)?.label ?? s;
	const whole = [...counts.values()].reduce((a, b) => a + b, 0);
	return (
		<div className="campaign-head" role="status">
			{record.row.error ? <p className="why-no">{t(`campaign.error_${record.row.error}`)}</p> : null}
			<div className="campaign-bar" aria-hidden="true">{ORDER.map((s) => (counts.get(s) ? <i key={s} className={`is-${s}`} style={{ flexGrow: counts.get(s)! / whole }} /> : null))}</div>
			<p>{ORDER.filter((s) => counts.get(s)).map((s) => <span key={s} className="campaign-count"><i className={`is-${s}`} aria-hidden="true" /> {label(s)} <b>{number(counts.get(s)!)}</b></span>)}</p>
		</div>
	);
}

export default function CampaignPage({ entity, id }: RecordPageProps) {
	const { t } = useTranslation();
	const meta = useMeta();
	return (
		<RecordPage
			entity={entity} id={id} without={['campaign_variant', 'campaign_content', 'campaign_recipient']}
			actions={(record) => <Actions record={record} />} head={(record) => <Head record={record} />}
			tabs={(record) => [
				...(record.row.state === 'draft' ? [] : [{ key: 'results', label: t('campaign.results'), work: 'marketing' as const, children: <ResultsTab record={record} /> }]),
				...(record.row.channel === 'email' ? [{ key: 'content', label: t('campaign.content'), work: 'marketing' as const, children: <ContentTab record={record} /> }] : []),
				{
					key: 'recipients', label: entityOf(meta, 'campaign_recipient')?.label_many ?? '', work: 'marketing' as const,
					children: <ChildTable child="campaign_recipient" field="campaign_id" parent={{ entity: 'campaign', row: record.row }} fixed columns={['customer_id', 'state', 'reason', 'note', 'variant_id', 'due_at', 'sent_at', 'orders', 'revenue']} />,
				},
			]}
		/>
	);
}
