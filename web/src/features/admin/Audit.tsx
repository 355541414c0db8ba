/** The audit trail: who did what, filtered; and the proof that nothing was rewritten. */
import { CheckCircleOutlined, DownOutlined, RightOutlined, WarningOutlined } from '@ant-design/icons';
import { Alert, Button, Input, Select } from 'antd';
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Fragment, lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import { get } from '@/api/client.ts';
import { useNames, wantedBy, type Wanted } from '@/api/names.ts';
import { entityOf, fetchPage, fieldOf } from '@/api/records.ts';
import type { Change, Entity } from '@/api/types.ts';
import { useCan, useMeta } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { Denied, Empty, Failed, Loading } from '@/components/common/States.tsx';
import { Diff } from '@/components/record/Changes.tsx';
import { number, time } from '@/lib/format.ts';
import { bulkWords, created } from './bulk.ts';

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
					<DayInput label={t('filter.from')} placeholder={t('filter.from_day')} value={from ?? ''} onChange={(v) => set('from', v)} />
					<DayInput label={t('filter.to')} placeholder={t('filter.to_day')} value={to ?? ''} onChange={(v) => set('to', v)} />
				</Suspense>
				{params.size > 0 && <Button type="text" onClick={() => setParams({}, { replace: true })}>{t('filter.clear')}</Button>}
			</div>
			{audit.isPending ? <Loading rows={10} /> : audit.isError ? <Failed error={audit.error} onRetry={() => void audit.refetch()} /> : rows.length === 0 ? <Empty title={t('audit.none')} text={t('audit.none_text')} /> : <Entries rows={rows} />}
			{audit.hasNextPage && <Button onClick={() => void audit.fetchNextPage()} loading={audit.isFetchingNextPage}>{t('word.load_more')}</Button>}
		</div>
	);
}

/** What the change itself calls the record, where the record is gone or out of reach. */
function titleInDiff(entity: Entity | undefined, change: Change): string | null {
	const sides = change.diff?.[entity?.title ?? ''];
	const found = Array.isArray(sides) ? sides[1] ?? sides[0] : null;
	return typeof found === 'string' && !(entity && fieldOf(entity, entity.title)?.link) ? found : null;
}

/** On a phone each entry is a block of lines (see the style of .audit), not a row. */
function Entries({ rows }: { rows: Change[] }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const [open, setOpen] = useState<string | null>(null);
	const wanted: Wanted = new Map();
	for (const c of rows) if (c.entity && c.record_id && c.record_id !== '0') wanted.set(c.entity, (wanted.get(c.entity) ?? new Set<string>()).add(String(c.record_id)));
	const names = useNames(wanted);
	const shown = rows.find((c) => String(c.seq) === open);
	const linked = useNames(wantedBy(entityOf(meta, shown?.entity), shown ? [shown] : []));

	const what = (c: Change) => {
		const entity = entityOf(meta, c.entity);
		if (c.entity === 'bulk_act' && c.action === 'create') return <Link to={`/bulk_act/${c.record_id}`}>{bulkWords(t, meta, created(c))}</Link>;
		const label = entity?.label ?? c.entity;
		if (!c.record_id || c.record_id === '0') return label;
		// what has no name of its own is called by its kind: the number says nothing to anybody
		const name = names(c.entity, String(c.record_id)) ?? titleInDiff(entity, c);
		const words = name ? `${label} ${fieldOf(entity, entity?.title)?.type === 'time' ? time(name) : name}` : label;
		return entity && !entity.child && c.action !== 'delete' ? <Link to={`/${entity.name}/${c.record_id}`}>{words}</Link> : words;
	};
	const fieldsOf = (c: Change) => {
		if (c.diff?.event) return t(`audit.event_${String(c.diff.event[1])}`, { defaultValue: String(c.diff.event[1]) });
		const entity = entityOf(meta, c.entity);
		const labels = Object.keys(c.diff ?? {}).map((f) => fieldOf(entity, f)?.label ?? t(`audit.field_${f}`, { defaultValue: f }));
		return `${labels.slice(0, 4).join(t('word.comma'))}${labels.length > 4 ? ` +${labels.length - 4}` : ''}`;
	};
	return (
		<div className="table-scroll" tabIndex={0} role="region" aria-label={t('audit.title')}>
			<table className="plain-table audit">
				<thead>
					<tr><th scope="col"><span className="sr-only">{t('changes.diff')}</span></th><th scope="col">{t('audit.when')}</th><th scope="col">{t('audit.actor')}</th><th scope="col">{t('audit.action')}</th><th scope="col">{t('audit.what')}</th><th scope="col">{t('audit.fields')}</th></tr>
				</thead>
				<tbody>
					{rows.map((c) => {
						const key = String(c.seq);
						return (
							<Fragment key={key}>
								<tr>
									<td className="audit-open">{Object.keys(c.diff ?? {}).length > 0 && <Button type="text" size="small" icon={open === key ? <DownOutlined /> : <RightOutlined />} aria-expanded={open === key} aria-label={t('audit.show', { seq: key })} onClick={() => setOpen(open === key ? null : key)} />}</td>
									<td className="no-wrap"><time dateTime={c.at} title={time(c.at, 'exact')}>{time(c.at)}</time></td>
									<td>{c.actor?.name || t('word.system')}{c.actor?.kind && !['user', 'system'].includes(c.actor.kind) ? <span className="quiet"> {t(`actor.${c.actor.kind}`, { defaultValue: c.actor.kind })}</span> : null}</td>
									<td className="no-wrap">{t(`action.${c.action}`, { defaultValue: c.action })}</td>
									<td className="audit-what">{what(c)}</td>
									<td className="audit-fields">{fieldsOf(c)}</td>
								</tr>
								{open === key && (
									<tr><td colSpan={6}>
										<Diff entity={entityOf(meta, c.entity)} diff={c.diff} names={linked} />
										<p className="state-id">{t('audit.record')} {c.record_id}{c.request_id ? ` · ${t('state.request_id', { id: c.request_id })}` : ''}</p>
									</td></tr>
								)}
							</Fragment>
						);
					})}
				</tbody>
			</table>
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
