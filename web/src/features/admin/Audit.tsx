/** The audit trail: who did what, filtered; and the proof that nothing was rewritten. */
import { CheckCircleOutlined, DownOutlined, RightOutlined, WarningOutlined } from '@ant-design/icons';
import { Alert, Button, Input, Select } from 'antd';
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import { get } from '@/api/client.ts';
import { entityOf, fetchPage } from '@/api/records.ts';
import type { Change } from '@/api/types.ts';
import { useCan, useMeta } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { Denied, Empty, Failed, Loading } from '@/components/common/States.tsx';
import { Diff } from '@/components/record/Changes.tsx';
import { number, time } from '@/lib/format.ts';

const DayInput = lazy(() => import('@/fields/picker.tsx').then((m) => ({ default: m.DayInput })));

const ACTIONS = ['create', 'update', 'delete', 'restore', 'read', 'export', 'login', 'denied'];

interface AuditAnswer {
	rows: Change[];
	next: number | string | null;
}

interface Proof {
	entries: number | string;
	head: string;
	ok: boolean;
	bad_seq: number | string | null;
	checked_at: string;
}

export default function Audit() {
	const meta = useMeta();
	const { t } = useTranslation();
	const allowed = useCan('audit');
	const [params, setParams] = useSearchParams();
	const [open, setOpen] = useState<string | null>(null);
	useTitle(t('audit.title'));
	const users = entityOf(meta, 'user');
	const people = useQuery({
		queryKey: ['some', 'user', 'all'],
		enabled: users !== undefined && allowed,
		queryFn: ({ signal }) => fetchPage(users!, new URLSearchParams({ select: 'id,name', order: 'name.asc', limit: '500' }), signal),
	});

	const query = new URLSearchParams();
	for (const name of ['entity', 'record_id', 'actor_id', 'action']) {
		const value = params.get(name);
		if (value) query.set(name, value);
	}
	const day = (text: string, next: boolean) => {
		const d = new Date(`${text}T00:00:00`);
		if (next) d.setDate(d.getDate() + 1);
		return d.toISOString();
	};
	const from = params.get('from');
	const to = params.get('to');
	if (from) query.set('from', day(from, false));
	if (to) query.set('to', day(to, true));

	const audit = useInfiniteQuery({
		queryKey: ['audit', query.toString()],
		enabled: allowed,
		initialPageParam: null as number | string | null,
		placeholderData: keepPreviousData,
		queryFn: ({ pageParam, signal }) => {
			const all = new URLSearchParams(query);
			all.set('limit', '100');
			if (pageParam !== null) all.set('before', String(pageParam));
			return get<AuditAnswer>(`audit?${all}`, signal);
		},
		getNextPageParam: (last) => last.next,
	});
	if (!allowed) return <Denied need={t('state.need_cap', { cap: t('cap.audit') })} />;

	const set = (name: string, value: string | null | undefined) => setParams((old) => {
		const next = new URLSearchParams(old);
		if (value) next.set(name, value);
		else next.delete(name);
		return next;
	}, { replace: true });
	const rows = audit.data?.pages.flatMap((p) => p.rows) ?? [];

	return (
		<div className="page">
			<h1>{t('audit.title')}</h1>
			<ProofPanel />
			<div className="audit-filters" role="search" aria-label={t('filter.title')}>
				<Select aria-label={t('audit.actor')} placeholder={t('audit.actor')} allowClear showSearch={{ optionFilterProp: 'label' }} value={params.get('actor_id')} onChange={(v?: string) => set('actor_id', v)} options={people.data?.rows.map((u) => ({ value: u.id, label: String(u.name) })) ?? []} popupMatchSelectWidth={false} />
				<Select aria-label={t('audit.action')} placeholder={t('audit.action')} allowClear value={params.get('action')} onChange={(v?: string) => set('action', v)} options={ACTIONS.map((a) => ({ value: a, label: t(`action.${a}`) }))} popupMatchSelectWidth={false} />
				<Select aria-label={t('audit.entity')} placeholder={t('audit.entity')} allowClear showSearch={{ optionFilterProp: 'label' }} value={params.get('entity')} onChange={(v?: string) => set('entity', v)} options={meta.entities.map((e) => ({ value: e.name, label: e.label_many }))} popupMatchSelectWidth={false} />
				<Input className="audit-id" aria-label={t('audit.record')} placeholder={t('audit.record')} allowClear defaultValue={params.get('record_id') ?? ''} inputMode="numeric" onPressEnter={(e) => set('record_id', e.currentTarget.value.trim())} onBlur={(e) => set('record_id', e.currentTarget.value.trim())} />
				<Suspense fallback={<span className="control-wait" />}>
					<DayInput label={t('filter.from')} value={from ?? ''} onChange={(v) => set('from', v)} />
					<DayInput label={t('filter.to')} value={to ?? ''} onChange={(v) => set('to', v)} />
				</Suspense>
				{params.size > 0 && <Button type="text" onClick={() => setParams({}, { replace: true })}>{t('filter.clear')}</Button>}
			</div>
			{audit.isPending ? <Loading rows={10} /> : audit.isError ? <Failed error={audit.error} onRetry={() => void audit.refetch()} /> : rows.length === 0 ? <Empty title={t('audit.none')} text={t('audit.none_text')} /> : (
				<div className="table-scroll" tabIndex={0} role="region" aria-label={t('audit.title')}>
					<table className="plain-table audit">
						<thead>
							<tr><th scope="col"><span className="sr-only">{t('changes.diff')}</span></th><th scope="col">{t('audit.when')}</th><th scope="col">{t('audit.actor')}</th><th scope="col">{t('audit.action')}</th><th scope="col">{t('audit.what')}</th><th scope="col">{t('audit.fields')}</th></tr>
						</thead>
						<tbody>
							{rows.map((c) => {
								const entity = entityOf(meta, c.entity);
								const fields = Object.keys(c.diff ?? {});
								const key = String(c.seq);
								return [
									<tr key={key}>
										<td>{fields.length > 0 && <Button type="text" size="small" icon={open === key ? <DownOutlined /> : <RightOutlined />} aria-expanded={open === key} aria-label={t('audit.show', { seq: key })} onClick={() => setOpen(open === key ? null : key)} />}</td>
										<td className="no-wrap"><time dateTime={c.at} title={time(c.at, 'exact')}>{time(c.at)}</time></td>
										<td>{c.actor?.name || t('word.system')}{c.actor?.kind && !['user', 'system'].includes(c.actor.kind) ? <span className="quiet"> {t(`actor.${c.actor.kind}`, { defaultValue: c.actor.kind })}</span> : null}</td>
										<td>{t(`action.${c.action}`, { defaultValue: c.action })}</td>
										<td>{entity && c.record_id && c.record_id !== '0' && !entity.child ? <Link to={`/${entity.name}/${c.record_id}`}>{entity.label} #{c.record_id}</Link> : <>{entity?.label ?? c.entity} {c.record_id && c.record_id !== '0' ? `#${c.record_id}` : ''}</>}</td>
										<td className="audit-fields">{c.diff?.event ? t(`audit.event_${String(c.diff.event[1])}`, { defaultValue: String(c.diff.event[1]) }) : fields.slice(0, 4).map((f) => entity?.fields.find((x) => x.name === f)?.label ?? t(`audit.field_${f}`, { defaultValue: f })).join(', ')}{fields.length > 4 && !c.diff?.event ? ` +${fields.length - 4}` : ''}</td>
									</tr>,
									open === key && (
										<tr key={`${key}d`}><td colSpan={6}>
											<Diff entity={entity} diff={c.diff} />
											{c.request_id && <p className="state-id">{t('state.request_id', { id: c.request_id })}</p>}
										</td></tr>
									),
								];
							})}
						</tbody>
					</table>
				</div>
			)}
			{audit.hasNextPage && <Button onClick={() => void audit.fetchNextPage()} loading={audit.isFetchingNextPage}>{t('word.load_more')}</Button>}
		</div>
	);
}

function ProofPanel() {
	const { t } = useTranslation();
	const proof = useQuery({ queryKey: ['proof'], enabled: false, queryFn: ({ signal }) => get<Proof>('audit/proof', signal), gcTime: 0 });
	return (
		<div className="proof">
			<p>{t('audit.proof_text')}</p>
			<Button onClick={() => void proof.refetch()} loading={proof.isFetching}>{t('audit.proof')}</Button>
			<div aria-live="polite">
				{proof.isError && <Failed error={proof.error} small />}
				{proof.data && (
					<Alert
						type={proof.data.ok ? 'success' : 'error'} showIcon icon={proof.data.ok ? <CheckCircleOutlined /> : <WarningOutlined />}
						title={proof.data.ok ? t('audit.proof_ok', { n: number(proof.data.entries), time: time(proof.data.checked_at) }) : t('audit.proof_bad', { seq: String(proof.data.bad_seq) })}
						description={<span>{t('audit.proof_head')} <code className="hash">{proof.data.head}</code></span>}
					/>
				)}
			</div>
		</div>
	);
}
