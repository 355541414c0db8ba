/** A segment: who is in it, how it grew, who came and went and why; and why somebody is in or out. */
import { useQuery } from '@tanstack/react-query';
import { App, Button, Input, Modal } from 'antd';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { get, post } from '@/api/client.ts';
import { entityOf, may, type RecordAnswer, refresh, titleOf, titleSelect, useCache, useSome } from '@/api/records.ts';
import type { Entity, Field } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import type { RecordPageProps } from '@/app/features.ts';
import { ChartCard } from '@/components/chart/ChartCard.tsx';
import { Empty, Failed, Loading } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { When } from '@/components/common/When.tsx';
import { ConditionTab } from '@/components/condition/ConditionTab.tsx';
import { RecordPage } from '@/components/record/RecordPage.tsx';
import { useMay } from '@/components/record/rights.tsx';
import { kindOf } from '@/fields/index.tsx';
import { date, number } from '@/lib/format.ts';
import { Compare } from './Compare.tsx';
import { type Why, WhyTree } from './WhyTree.tsx';

const SHOWN = 50;

function Members({ of, segment, size }: { of: Entity; segment: string; size: number | null }) {
	const { t } = useTranslation();
	const condition = JSON.stringify({ segment });
	const rows = useSome(of, new URLSearchParams({ select: titleSelect(of), condition, limit: String(SHOWN) }));
	useEffect(() => void rows.refetch(), [size]);
	if (rows.isPending) return <Loading rows={5} />;
	if (rows.isError) return <Failed error={rows.error} onRetry={() => void rows.refetch()} />;
	if (rows.data.rows.length === 0) return <Empty title={t('segment.nobody')} />;
	return (
		<>
			<ul className="segment-members">
				{rows.data.rows.map((row) => <li key={row.id}><Link to={`/${of.name}/${row.id}`}>{titleOf(of, row)}</Link></li>)}
			</ul>
			<p><Link to={`/${of.name}?condition=${encodeURIComponent(condition)}`}>{t('segment.all', { what: of.label_many })}</Link></p>
		</>
	);
}

interface Event {
	at: string;
	record_id?: string;
	title?: string;
	entered: boolean;
	cause: 'change' | 'time' | 'condition' | 'segment';
	detail: string;
}

/** "order 123 state,total" in the names that people use. */
function useCause() {
	const meta = useMeta();
	const { t } = useTranslation();
	return (event: Event) => {
		if (event.cause !== 'change') return t(`segment.cause_${event.cause}`, { name: event.detail });
		const [name = '', , fields = ''] = event.detail.split(' ');
		const entity = entityOf(meta, name);
		const labels = fields.split(',').flatMap((f) => entity?.fields.find((one) => one.name === f && one.right !== 'hidden')?.label ?? []);
		return t('segment.cause_change', { what: entity?.label ?? name, fields: labels.length ? ` (${labels.join(', ')})` : '' });
	};
}

function Events({ of, events }: { of: Entity; events: Event[] }) {
	const { t } = useTranslation();
	const cause = useCause();
	if (events.length === 0) return <Empty title={t('segment.no_events')} />;
	return (
		<ul className="segment-events">
			{events.map((e, i) => (
				<li key={`${e.at}.${i}`}>
					<When at={e.at} /> <b className={e.entered ? 'why-yes' : 'why-no'}>{t(e.entered ? 'segment.entered' : 'segment.left')}</b>{' '}
					{e.record_id && <Link to={`/${of.name}/${e.record_id}`}>{e.title || e.record_id}</Link>} <span className="why-saw">{cause(e)}</span>
				</li>
			))}
		</ul>
	);
}

function ComingAndGoing({ of, segment, size }: { of: Entity; segment: string; size: number | null }) {
	const events = useQuery({ queryKey: ['segment', segment, 'events', size], queryFn: ({ signal }) => get<Event[]>(`segments/${segment}/events`, signal) });
	if (events.isPending) return <Loading rows={5} />;
	return events.isError ? <Failed error={events.error} onRetry={() => void events.refetch()} /> : <Events of={of} events={events.data} />;
}

function Sizes({ segment, size }: { segment: string; size: number | null }) {
	const { t } = useTranslation();
	const sizes = useQuery({
		queryKey: ['segment', segment, 'sizes', size],
		queryFn: ({ signal }) => get<{ at: string; size: number }[]>(`segments/${segment}/sizes`, signal),
	});
	const days = new Map<string, number>();
	for (const point of sizes.data ?? []) days.set(date(point.at), point.size);
	const bars = [...days].map(([label, value]) => ({ label, value, text: number(value) }));
	const [first, last] = [bars[0]?.value ?? 0, bars.at(-1)?.value ?? 0];
	return (
		<ChartCard
			title={t('segment.sizes')} sentence={t('segment.sizes_text', { from: number(first), to: number(last), day: bars[0]?.label ?? '' })}
			bars={sizes.data ? bars : null}
			heads={[t('segment.day'), t('segment.members')]} axis={(v) => number(v)} file={t('segment.sizes')} error={sizes.error ?? undefined}
			onRetry={() => void sizes.refetch()}
		/>
	);
}

function WhySomebody({ of, segment }: { of: Entity; segment: string }) {
	const { t } = useTranslation();
	const [id, setId] = useState<string | null>(null);
	const field: Field = { name: 'record', type: 'link', link: of.name, label: t('segment.ask'), right: 'write' };
	const Pick = kindOf(field).Edit;
	const answer = useQuery({
		queryKey: ['segment', segment, 'why', id], enabled: id !== null,
		queryFn: ({ signal }) => get<{ member: boolean; why: Why; events: Event[] }>(`segments/${segment}/why/${id}`, signal),
	});
	return (
		<div className="segment-why">
			<label htmlFor="segment-ask">{t('segment.ask')}</label>
			<Pick id="segment-ask" field={field} value={id} onChange={(v) => setId(typeof v === 'string' ? v : ((v as { id?: string } | null)?.id ?? null))} />
			{answer.isError && <Failed error={answer.error} small />}
			{answer.data && (
				<>
					<p role="status"><b>{t(answer.data.member ? 'segment.is_in' : 'segment.is_out')}</b></p>
					<WhyTree why={answer.data.why} />
					<Events of={of} events={answer.data.events} />
				</>
			)}
		</div>
	);
}

function Actions({ record }: { record: RecordAnswer }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const navigate = useNavigate();
	const cache = useCache();
	const [name, setName] = useState<string | null>(null);
	const store = entityOf(meta, 'segment');
	const mayUpdate = useMay()(store, 'update');
	const failed = (error: unknown) => void message.error(problemText(error, t));
	return (
		<>
			{may(store, 'create') && (
				<Button onClick={() => setName(`${String(record.row.name)} · ${date(new Date().toISOString())}`)}>{t('segment.snapshot')}</Button>
			)}
			{mayUpdate && !record.row.snapshot_of_id && !record.row.given && (
				<Button onClick={() => void post(`segments/${record.row.id}/fill`).then(() => refresh(cache, 'segment'), failed)}>{t('segment.fill')}</Button>
			)}
			{name !== null && (
				<Modal
					open title={t('segment.snapshot')} okText={t('word.save')} onCancel={() => setName(null)} okButtonProps={{ disabled: name.trim() === '' }}
					onOk={() => void post<{ id: string }>(`segments/${record.row.id}/snapshot`, { name: name.trim() }).then(async ({ id }) => {
						setName(null);
						await refresh(cache, 'segment');
						void navigate(`/segment/${id}`);
					}, failed)}
				>
					<p>{t('segment.snapshot_text')}</p>
					<Input aria-label={t('segment.name')} value={name} maxLength={120} onChange={(e) => setName(e.target.value)} />
				</Modal>
			)}
		</>
	);
}

/** Members change without the record being written, so its size is asked for now and then while somebody looks. */
function Head({ record, of }: { record: RecordAnswer; of: Entity }) {
	const { t } = useTranslation();
	const cache = useCache();
	const { state, size, error } = record.row as { state?: string; size?: number | null; error?: string | null };
	useEffect(() => {
		const timer = setInterval(() => void refresh(cache, 'segment'), state === 'waiting' ? 1000 : 5000);
		return () => clearInterval(timer);
	}, [cache, state]);
	return (
		<p className="segment-head" role="status">
			{state === 'failed'
				? <span className="why-no">{t('segment.failed', { why: error ?? '' })}</span>
				: state === 'waiting' ? t('segment.filling') : <><b>{number(size ?? 0)}</b> {of.label_many}</>}
		</p>
	);
}

export default function SegmentPage({ entity, id }: RecordPageProps) {
	const meta = useMeta();
	const { t } = useTranslation();
	return (
		<RecordPage
			entity={entity} id={id} without={['segment']} actions={(record) => <Actions record={record} />}
			head={(record) => {
				const of = entityOf(meta, String(record.row.entity));
				return of ? <Head record={record} of={of} /> : null;
			}}
			tabs={(record) => {
				const of = entityOf(meta, String(record.row.entity));
				const size = (record.row.size as number | null) ?? null;
				return of ? [
					{ key: 'members', label: t('segment.members'), work: 'marketing' as const, children: <Members of={of} segment={id} size={size} /> },
					// what a report chose has no condition that would say so
					...(record.row.given ? [] : [{
						key: 'condition', label: t('segment.condition'), work: 'marketing' as const,
						children: <ConditionTab entity={entity} of={of} record={record} fixed={Boolean(record.row.snapshot_of_id)} />,
					}]),
					{ key: 'events', label: t('segment.events'), work: 'marketing' as const, children: <ComingAndGoing of={of} segment={id} size={size} /> },
					{ key: 'sizes', label: t('segment.sizes'), work: 'marketing' as const, children: <Sizes segment={id} size={size} /> },
					...(record.row.given
						? []
						: [
								{
									key: 'why',
									label: t('segment.why'),
									work: 'marketing' as const,
									children: <WhySomebody of={of} segment={id} />,
								},
							]),
					{ key: 'compare', label: t('segment.compare'), work: 'marketing' as const, children: <Compare of={of} segment={record.row} /> },
				] : [];
			}}
		/>
	);
}
