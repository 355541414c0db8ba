/** One bulk act: how far it is, what stayed and why, and the way back. */
import { Alert, App, Button, Modal, Progress, Segmented } from 'antd';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { type BulkAct, bulkAct, cancelBulk, isGoing, undoBulk } from '@/api/bulk.ts';
import { useNames, type Wanted } from '@/api/names.ts';
import { entityOf, fieldOf, useCache, useRecord, useRows } from '@/api/records.ts';
import type { Entity } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import type { RecordPageProps } from '@/app/features.ts';
import { useTitle } from '@/app/title.ts';
import { confirms, ConfirmNumber } from '@/components/common/Confirm.tsx';
import { Empty, Failed, Loading } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { When } from '@/components/common/When.tsx';
import { FieldValue } from '@/fields/index.tsx';
import { number, time } from '@/lib/format.ts';
import { bulkWords } from './bulk.ts';

export default function BulkActPage({ entity, id }: RecordPageProps) {
	const meta = useMeta();
	const { t } = useTranslation();
	const record = useRecord(meta, entity, id);
	const act = useQuery({
		queryKey: ['bulk', id],
		queryFn: ({ signal }) => bulkAct(id, signal),
		refetchInterval: (query) => (query.state.data && isGoing(query.state.data) ? 700 : false),
	});
	const words = record.data ? bulkWords(t, meta, record.data.row) : entity.label;
	useTitle(words);
	if (record.isPending || act.isPending) return <div className="page"><Loading rows={8} /></div>;
	if (record.isError || act.isError) return <div className="page"><Failed error={record.error ?? act.error} onRetry={() => { void record.refetch(); void act.refetch(); }} /></div>;
	const row = record.data.row;
	const owner = row.owner as { name?: string } | null;
	return (
		<div className="page bulk-act">
			<p><Link to="/bulk_act">{t('bulk.acts')}</Link></p>
			<h1>{words}</h1>
			<p className="quiet">{owner?.name ?? t('word.system')} · <When at={String(row.created_at)} /></p>
			<State act={act.data} words={words} />
			{row.filter ? <p>{t('bulk.act_filter')} <code>{decodeURIComponent(String(row.filter).replaceAll('+', ' '))}</code></p> : null}
			<Items act={act.data} />
		</div>
	);
}

function State({ act, words }: { act: BulkAct; words: string }) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const [asking, setAsking] = useState(false);
	const [typed, setTyped] = useState('');
	const back = act.state === 'undoing' || act.state === 'undone';
	const gone = back ? act.undone + act.kept : act.done + act.refused;
	const of = back ? act.done : act.total;

	async function run(step: () => Promise<BulkAct>) {
		setAsking(false);
		try {
			cache.setQueryData(['bulk', act.id], await step());
			await cache.invalidateQueries();
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}

	const sentence = back
		? t('bulk.state_undone', { count: act.undone, n: number(act.undone) })
		: t('bulk.state_done', { count: act.done, n: number(act.done), of: number(act.total) });
	return (
		<div className="stack" aria-live="polite">
			{isGoing(act) && <Progress percent={Math.round((gone / Math.max(1, of)) * 100)} aria-label={t('bulk.progress')} />}
			<p>{sentence}</p>
			{act.reasons.map((r) => (
				<Alert key={r.state + r.key} type={r.state === 'kept' ? 'warning' : 'error'} showIcon title={t(`bulk.reason_${r.state}`, { count: r.count, n: number(r.count), why: r.message })} />
			))}
			<div className="bulk-act-do">
				{['queued', 'running'].includes(act.state) && <Button onClick={() => void run(() => cancelBulk(act.id))}>{t('bulk.stop')}</Button>}
				{act.may_undo && <Button type="primary" onClick={() => { setTyped(''); setAsking(true); }}>{t('bulk.undo')}</Button>}
				{act.may_undo && <span className="quiet">{t('bulk.undo_until', { date: time(act.undo_until, 'day') })}</span>}
			</div>
			{asking && (
				<Modal open title={t('bulk.undo_title')} okText={t('bulk.undo')} okButtonProps={{ disabled: !confirms(typed, act.done) }} onOk={() => void run(() => undoBulk(act.id))} onCancel={() => setAsking(false)} width={460}>
					<div className="stack">
						<p>{words}. {t('bulk.undo_text', { count: act.done, n: number(act.done) })}</p>
						<ConfirmNumber count={act.done} value={typed} onChange={setTyped} />
					</div>
				</Modal>
			)}
		</div>
	);
}

function Items({ act }: { act: BulkAct }) {
	const meta = useMeta();
	const entity = entityOf(meta, 'bulk_item');
	return entity ? <ItemList key={act.state} entity={entity} act={act} /> : null;
}

function ItemList({ entity, act }: { entity: Entity; act: BulkAct }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const trouble = act.kept > 0 ? 'kept' : act.refused > 0 ? 'refused' : 'all';
	const [only, setOnly] = useState<string>(trouble);
	const params = new URLSearchParams({ select: 'id,entity,record,state,message,target:target_id(id,name)', act_id: `eq.${act.id}`, order: 'id.asc', ...(only === 'all' ? {} : { state: `eq.${only}` }) });
	const rows = useRows(entity, params, { page: 50 });
	const all = rows.data?.pages.flatMap((p) => p.rows) ?? [];
	const wanted: Wanted = new Map();
	for (const r of all) wanted.set(String(r.entity), (wanted.get(String(r.entity)) ?? new Set<string>()).add(String(r.record)));
	const names = useNames(wanted);
	const state = fieldOf(entity, 'state');
	const shown = ['all', ...(act.refused > 0 ? ['refused'] : []), ...(act.kept > 0 ? ['kept'] : [])];
	return (
		<section className="stack">
			<h2>{t('bulk.items')}</h2>
			{shown.length > 1 && <Segmented value={only} onChange={setOnly} aria-label={t('bulk.items')} options={shown.map((s) => ({ value: s, label: s === 'all' ? t('bulk.items_all') : state?.options?.find((o) => o.value === s)?.label ?? s }))} />}
			{rows.isPending ? <Loading rows={4} /> : rows.isError ? <Failed error={rows.error} small /> : all.length === 0 ? <Empty title={t('bulk.items_none')} /> : (
				<ul className="lines">
					{all.map((r) => {
						const of = entityOf(meta, String(r.entity));
						const name = names(String(r.entity), String(r.record));
						const target = (r.target as { name?: string } | null)?.name;
						const label = `${of?.label ?? String(r.entity)} ${name ?? `#${String(r.record)}`}`;
						return (
							<li key={r.id}>
								{of && name && !of.child ? <Link to={`/${of.name}/${String(r.record)}`} className="lines-main">{label}</Link> : <span className="lines-main">{label}</span>}
								{target && <span className="quiet">→ {target}</span>}
								{r.message ? <span className="quiet">{String(r.message)}</span> : null}
								{state && <FieldValue field={state} row={r} place="cell" />}
							</li>
						);
					})}
				</ul>
			)}
			{rows.hasNextPage && <Button onClick={() => void rows.fetchNextPage()} loading={rows.isFetchingNextPage}>{t('word.load_more')}</Button>}
		</section>
	);
}
