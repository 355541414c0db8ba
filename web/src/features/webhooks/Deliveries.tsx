/** What a webhook has sent, is sending and could not send; a try, a new secret, sending again. */
import { Alert, App, Button, Input, Modal, Segmented, Tag } from 'antd';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { get, post } from '@/api/client.ts';
import { entityOf } from '@/api/records.ts';
import type { PartProps } from '@/app/feature.ts';
import { useMeta } from '@/app/context.tsx';
import { Empty, Failed, Loading } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { When } from '@/components/common/When.tsx';
import { number, relative } from '@/lib/format.ts';
import './webhooks.css';

type State = 'waiting' | 'delivered' | 'failed' | 'nothing';

interface Delivery {
	id: string;
	kind: string;
	entity: string;
	record_id: string;
	action: string;
	state: State;
	attempts: number;
	next_at: string | null;
	created_at: string;
	done_at: string | null;
	status: number;
	error: string | null;
	took_ms: number;
}

interface Answer {
	waiting: number;
	failed: number;
	failures: number;
	paused_until: string | null;
	deliveries: Delivery[];
}

const PAGE = 50;
const SHOWN: (State | '')[] = ['', 'waiting', 'delivered', 'failed'];
const COLOURS: Record<State, string> = { waiting: 'processing', delivered: 'success', failed: 'error', nothing: 'default' };

export default function Deliveries({ record }: PartProps) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useQueryClient();
	const id = String(record.row.id);
	const [state, setState] = useState<State | ''>('');
	const [asking, setAsking] = useState(false);
	const key = ['webhook', id];
	const rows = useInfiniteQuery({
		queryKey: [...key, state],
		initialPageParam: '',
		queryFn: ({ pageParam, signal }) =>
			get<Answer>(`webhooks/${id}/deliveries?limit=${PAGE}${state && `&state=${state}`}${pageParam && `&before=${pageParam}`}`, signal),
		getNextPageParam: (last) => (last.deliveries.length === PAGE ? last.deliveries[PAGE - 1]!.id : undefined),
		// What is on its way is there in a moment.
		refetchInterval: (query) => (query.state.data?.pages[0]?.waiting ? 2000 : 15000),
	});

	async function act(path: string, said: string) {
		try {
			await post(`webhooks/${id}/${path}`);
			void message.success(t(said));
		} catch (error) {
			void message.error(problemText(error, t));
		}
		void cache.invalidateQueries({ queryKey: key });
	}

	if (rows.isPending) return <Loading rows={5} />;
	if (rows.isError) return <Failed error={rows.error} onRetry={() => void rows.refetch()} />;
	const first = rows.data.pages[0]!;
	const list = rows.data.pages.flatMap((p) => p.deliveries);
	return (
		<div className="hook-sent">
			<div className="hook-bar">
				<Segmented
					aria-label={t('webhook.state')} value={state} onChange={(v) => setState(v)}
					options={SHOWN.map((value) => ({ value, label: value ? t(`webhook.state_${value}`) : t('webhook.all') }))}
				/>
				<span className="hook-acts">
					<Button onClick={() => void act('ping', 'webhook.tried')}>{t('webhook.try')}</Button>
					<Button onClick={() => setAsking(true)}>{t('webhook.secret')}</Button>
				</span>
			</div>
			<Health answer={first} onAgain={() => void act('replay', 'webhook.again_done')} />
			{list.length === 0
				? <Empty title={t(state ? 'webhook.none_state' : 'webhook.none')} text={state ? undefined : t('webhook.none_text')} />
				: <Table list={list} onAgain={(one) => void act(`deliveries/${one}/replay`, 'webhook.again_done')} />}
			{rows.hasNextPage && <Button loading={rows.isFetchingNextPage} onClick={() => void rows.fetchNextPage()}>{t('webhook.more')}</Button>}
			{asking && <Secret id={id} onClose={() => setAsking(false)} />}
		</div>
	);
}

function Health({ answer, onAgain }: { answer: Answer; onAgain(): void }) {
	const { t } = useTranslation();
	const later = answer.paused_until !== null && Date.parse(answer.paused_until) > Date.now();
	const failing = t(later ? 'webhook.failing' : 'webhook.failing_now', { n: number(answer.failures), when: later ? relative(answer.paused_until) : '' });
	return (
		<>
			{answer.failures > 1 && <Alert type="warning" showIcon title={failing} />}
			{answer.waiting > 0 && <p className="quiet" role="status">{t('webhook.waits', { count: answer.waiting, n: number(answer.waiting) })}</p>}
			{answer.failed > 0 && (
				<Alert
					type="error" showIcon title={t('webhook.failed', { count: answer.failed, n: number(answer.failed) })}
					action={<Button size="small" onClick={onAgain}>{t('webhook.again_all')}</Button>}
				/>
			)}
		</>
	);
}

function Table({ list, onAgain }: { list: Delivery[]; onAgain(id: string): void }) {
	const { t } = useTranslation();
	return (
		<div className="table-scroll" tabIndex={0} role="region" aria-label={t('webhook.deliveries')}>
			<table className="plain-table">
				<thead>
					<tr>
						<th>{t('webhook.what')}</th>
						<th>{t('webhook.state')}</th>
						<th>{t('webhook.when')}</th>
						<th><span className="sr-only">{t('webhook.again')}</span></th>
					</tr>
				</thead>
				<tbody>
					{list.map((d) => (
						<tr key={d.id}>
							<td><About delivery={d} /></td>
							<td><Became delivery={d} /></td>
							<td><When at={d.done_at ?? d.created_at} /></td>
							<td>
								{(d.state === 'failed' || d.state === 'delivered') && (
									<Button size="small" onClick={() => onAgain(d.id)}>{t('webhook.again')}</Button>
								)}
							</td>
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}

function About({ delivery: d }: { delivery: Delivery }) {
	const meta = useMeta();
	const { t } = useTranslation();
	if (d.kind === 'ping') return <>{t('webhook.ping')}</>;
	const words = `${entityOf(meta, d.entity)?.label ?? d.entity} · ${t(`webhook.action_${d.action}`)}`;
	return d.action === 'delete' ? <>{words}</> : <Link to={`/${d.entity}/${d.record_id}`}>{words}</Link>;
}

function Became({ delivery: d }: { delivery: Delivery }) {
	const { t } = useTranslation();
	const more = [
		d.attempts > 1 ? t('webhook.tries', { count: d.attempts, n: number(d.attempts) }) : null,
		d.error ?? (d.status > 0 ? t('webhook.answered', { status: d.status }) : null),
		d.took_ms > 0 ? t('webhook.took', { ms: number(d.took_ms) }) : null,
		d.state === 'waiting' && d.attempts > 0 && d.next_at ? t('webhook.next', { when: relative(d.next_at) }) : null,
	].filter(Boolean).join(' · ');
	return <><Tag color={COLOURS[d.state]}>{t(`webhook.state_${d.state}`)}</Tag> <span className="quiet">{more}</span></>;
}

function Secret({ id, onClose }: { id: string; onClose(): void }) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const [secret, setSecret] = useState('');
	const [busy, setBusy] = useState(false);

	async function make() {
		setBusy(true);
		try {
			setSecret((await post<{ secret: string }>(`webhooks/${id}/secret`)).secret);
		} catch (error) {
			void message.error(problemText(error, t));
		}
		setBusy(false);
	}

	const copy = async () => {
		await navigator.clipboard?.writeText(secret);
		void message.success(t('webhook.secret_copied'));
	};
	return (
		<Modal
			open title={t('webhook.secret_title')} onCancel={onClose} destroyOnHidden
			footer={[
				<Button key="no" onClick={onClose}>{t(secret ? 'word.close' : 'word.cancel')}</Button>,
				secret
					? <Button key="copy" type="primary" onClick={() => void copy()}>{t('webhook.secret_copy')}</Button>
					: <Button key="yes" type="primary" loading={busy} onClick={() => void make()}>{t('webhook.secret_make')}</Button>,
			]}
		>
			<p>{t('webhook.secret_text')}</p>
			{secret && <Input readOnly value={secret} aria-label={t('webhook.secret_title')} onFocus={(e) => e.target.select()} />}
		</Modal>
	);
}
