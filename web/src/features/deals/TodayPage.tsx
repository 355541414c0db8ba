/** The day: what is due, finished and put off in its row; the week and the month at a glance; deals that nobody goes on with. */
import { App, Button, Dropdown, Segmented, Skeleton } from 'antd';
import { lazy, Suspense, useCallback, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import { useChanges } from '@/api/events.ts';
import { entityOf, fieldOf, may, refresh, saveRecord, useCache, useSome } from '@/api/records.ts';
import type { Entity, Row } from '@/api/types.ts';
import { useApp } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { Denied, Failed } from '@/components/common/States.tsx';
import { problemText, useUndo } from '@/components/common/undo.tsx';
import { date, money, number, time } from '@/lib/format.ts';
import { dayKey, inDays, monthOf, startOfDay, weekOf } from './day.ts';
import { FinishDialog } from './FinishDialog.tsx';
import './deals.css';

const FormDialog = lazy(() => import('@/components/form/FormDialog.tsx').then((m) => ({ default: m.FormDialog })));
const OPEN = 'in.(open,planned)';

type Show = 'list' | 'week' | 'month';

export default function TodayPage() {
	const { meta } = useApp();
	const { t } = useTranslation();
	const entity = entityOf(meta, 'interaction');
	useTitle(t('today.title'));
	if (!entity || !may(entity, 'read'))
		return <Denied need={t('state.need', { action: t('action_word.read'), what: entity?.label_many ?? t('today.title') })} />;
	return <Today entity={entity} />;
}

function useSelect(entity: Entity): string {
	const { meta } = useApp();
	const phone = fieldOf(entityOf(meta, 'customer'), 'phone');
	const own = [
		'id', 'version', 'kind', 'subject', 'body', 'due_at', 'state', 'about', 'place', 'reminded_at', 'customer_id', 'owner_id',
	].filter((n) => fieldOf(entity, n)?.right !== 'hidden');
	return `${own.join()},customer:customer_id(id,name${phone && phone.right !== 'hidden' ? ',phone' : ''})`;
}

function Today({ entity }: { entity: Entity }) {
	const { me } = useApp();
	const { t } = useTranslation();
	const cache = useCache();
	const [address, setAddress] = useSearchParams();
	const show = (address.get('show') ?? 'list') as Show;
	const [making, setMaking] = useState(false);
	const again = useCallback(() => void refresh(cache, entity.name), [cache, entity]);
	useChanges((event) => {
		if (event.entity === entity.name) again();
	});
	return (
		<div className="page">
			<header className="deals-top">
				<h1>{t('today.title')}</h1>
				<Segmented
					value={show} onChange={(value) => setAddress(value === 'list' ? {} : { show: value })}
					options={(['list', 'week', 'month'] as Show[]).map((value) => ({ value, label: t(`today.show_${value}`) }))}
				/>
				{may(entity, 'create') && <Button className="deals-end" type="primary" onClick={() => setMaking(true)}>{t('today.plan')}</Button>}
			</header>
			{show === 'list' ? (
				<div className="today-two">
					<Due entity={entity} owner={me.id} onDone={again} />
					<Deals />
				</div>
			) : <Calendar entity={entity} owner={me.id} show={show} />}
			{making && (
				<Suspense fallback={null}>
					<FormDialog
						entity={entity} row={null} start={{ kind: 'task', state: 'planned', due_at: inDays(1).toISOString() }}
						onClose={() => setMaking(false)} onSaved={() => { setMaking(false); again(); }}
					/>
				</Suspense>
			)}
		</div>
	);
}

function Due({ entity, owner, onDone }: { entity: Entity; owner: string; onDone(): void }) {
	const { t } = useTranslation();
	const select = useSelect(entity);
	const end = useMemo(() => startOfDay(new Date(), 8).toISOString(), []);
	const rows = useSome(
		entity,
		useMemo(
			() => new URLSearchParams({
				select, owner_id: `eq.${owner}`, state: OPEN, or: `(due_at.lt.${end},due_at.is.null)`, order: 'due_at.asc.nullslast', limit: '200',
			}),
			[select, owner, end],
		),
	);
	const [finishing, setFinishing] = useState<Row | null>(null);
	const now = Date.now(), tomorrow = startOfDay(new Date(), 1).getTime();
	const groups = useMemo(() => {
		const at = (row: Row) => (row.due_at ? Date.parse(String(row.due_at)) : Infinity);
		const all = rows.data?.rows ?? [];
		return [
			{ key: 'overdue', rows: all.filter((r) => at(r) < now) },
			{ key: 'today', rows: all.filter((r) => at(r) >= now && at(r) < tomorrow) },
			{ key: 'week', rows: all.filter((r) => at(r) >= tomorrow && at(r) < Infinity) },
			{ key: 'undated', rows: all.filter((r) => at(r) === Infinity) },
		].filter((g) => g.rows.length > 0);
	}, [rows.data]);
	if (rows.isError) return <Failed error={rows.error} onRetry={() => void rows.refetch()} />;
	if (rows.isPending) return <Skeleton active />;
	return (
		<div>
			{groups.length === 0 && <section className="panel"><p className="quiet">{t('today.nothing')}</p></section>}
			{groups.map((group) => (
				<section className="panel" key={group.key} aria-label={t(`today.${group.key}`)}>
					<header>
						<h2 className={group.key === 'overdue' ? 'mean mean-bad' : undefined}>
							{t(`today.${group.key}`)} <span className="quiet">{number(group.rows.length)}</span>
						</h2>
					</header>
					<ul className="today-list">
						{group.rows.map((row) => <Line key={row.id} entity={entity} row={row} onFinish={() => setFinishing(row)} onDone={onDone} />)}
					</ul>
				</section>
			))}
			{finishing && <FinishDialog entity={entity} row={finishing} onClose={() => setFinishing(null)} onDone={() => { setFinishing(null); onDone(); }} />}
		</div>
	);
}

function Line({ entity, row, onFinish, onDone }: { entity: Entity; row: Row; onFinish(): void; onDone(): void }) {
	const { meta } = useApp();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const undo = useUndo();
	const customer = row.customer as { id: string; name?: string; phone?: string } | null;
	const kind = fieldOf(entity, 'kind')?.options?.find((o) => o.value === row.kind)?.label ?? '';
	const about = typeof row.about === 'string' && row.about.startsWith('opportunity/') ? row.about : null;
	const due = row.due_at ? new Date(String(row.due_at)) : null;
	const subject = String(row.subject ?? row.body ?? kind);
	async function postpone(to: Date) {
		try {
			const saved = await saveRecord(meta, entity, row.id, { due_at: to.toISOString() }, row.version ? `"v${row.version}"` : null);
			onDone();
			undo(t('today.postponed', { subject, when: time(to.toISOString()) }), async () => {
				await saveRecord(meta, entity, row.id, { due_at: row.due_at }, saved.etag);
				onDone();
			});
		} catch (error) {
			void message.error(problemText(error, t));
			onDone();
		}
	}
	const later = [
		{ key: 'hour', label: t('today.hour'), to: () => new Date(Date.now() + 3_600_000) },
		...[1, 3, 7].map((d) => ({ key: String(d), label: t('today.in_days', { count: d }), to: () => inDays(d) })),
	];
	return (
		<li data-activity={row.id}>
			<span className={due && due.getTime() < Date.now() ? 'mean mean-bad' : 'quiet'}>
				{due ? `${dayKey(due) === dayKey(new Date()) ? '' : `${date(dayKey(due), 'axis')} `}${time(due.toISOString(), 'clock')}` : t('home.no_due')}
			</span>
			<span className="today-main">
				<Link to={`/interaction/${row.id}`}>{subject}</Link>
				<span className="quiet">
					{kind}{row.place ? ` · ${String(row.place)}` : ''}
					{customer ? <> · <Link to={`/customer/${customer.id}`}>{customer.name ?? `#${customer.id}`}</Link></> : null}
					{about ? <> · <Link to={`/${about}`}>{entityOf(meta, 'opportunity')?.label}</Link></> : null}
				</span>
			</span>
			<span className="today-acts">
				{customer?.phone && (
					<Button size="small" href={`tel:${customer.phone}`} aria-label={t('today.call_whom', { name: customer.name ?? '' })}>
						{t('today.call')}
					</Button>
				)}
				<Dropdown
					trigger={['click']}
					menu={{
						items: later.map(({ key, label }) => ({ key, label })),
						onClick: ({ key }) => void postpone(later.find((l) => l.key === key)!.to()),
					}}
				>
					<Button size="small" aria-label={t('today.postpone_what', { subject })}>{t('today.postpone')}</Button>
				</Dropdown>
				<Button size="small" type="primary" ghost aria-label={t('today.finish_what', { subject })} onClick={onFinish}>{t('today.finish')}</Button>
			</span>
		</li>
	);
}

/** Own deals that stand still, or that nothing is planned for. */
function Deals() {
	const { meta, me } = useApp();
	const { t } = useTranslation();
	const entity = entityOf(meta, 'opportunity');
	const seen = entity && may(entity, 'read') ? entity : undefined;
	const now = useMemo(() => new Date().toISOString(), []);
	const rows = useSome(
		seen,
		useMemo(
			() => new URLSearchParams({
				select: 'id,name,amount,currency,open_activities,stuck_at,customer:customer_id(id,name)', owner_id: `eq.${me.id}`, state: 'eq.open',
				or: `(open_activities.eq.0,stuck_at.lt.${now})`, order: 'close_on.asc.nullslast', limit: '12',
			}),
			[me.id, now],
		),
	);
	if (!seen) return null;
	return (
		<section className="panel" aria-label={t('today.deals')}>
			<header><h2>{t('today.deals')}</h2><Link to={`/deals?owner_id=in.(me)`}>{t('home.all')}</Link></header>
			{rows.isError ? <Failed error={rows.error} small /> : rows.isPending ? <Skeleton active title={false} /> : rows.data.rows.length === 0 ? (
				<p className="quiet">{t('today.deals_none')}</p>
			) : (
				<ul className="lines">
					{rows.data.rows.map((row) => (
						<li key={row.id}>
							<Link className="lines-main" to={`/opportunity/${row.id}`}>{String(row.name)}</Link>
							<span className="quiet">
								{String((row.customer as { name?: string } | null)?.name ?? '')}
								{row.amount ? ` · ${money(row.amount, String(row.currency ?? meta.base_currency), { whole: true })}` : ''}
							</span>
							<span className={row.open_activities === 0 ? 'mean mean-bad' : 'mean mean-warn'}>
								{row.open_activities === 0 ? t('deals.no_step') : t('deals.stands')}
							</span>
						</li>
					))}
				</ul>
			)}
		</section>
	);
}

function Calendar({ entity, owner, show }: { entity: Entity; owner: string; show: Show }) {
	const { meta } = useApp();
	const { t } = useTranslation();
	const [at, setAt] = useState(() => startOfDay(new Date()));
	const days = useMemo(() => (show === 'week' ? weekOf(at, meta.week_start) : monthOf(at, meta.week_start)), [at, show, meta.week_start]);
	const select = useSelect(entity);
	const params = useMemo(() => {
		const p = new URLSearchParams({
			select, or: `(owner_id.eq.${owner},participants.cs.{${owner}})`, state: 'in.(open,planned,done)', order: 'due_at.asc', limit: '500',
		});
		p.append('due_at', `gte.${days[0]!.toISOString()}`);
		p.append('due_at', `lt.${startOfDay(days.at(-1)!, 1).toISOString()}`);
		return p;
	}, [select, owner, days]);
	const rows = useSome(entity, params);
	const byDay = useMemo(() => {
		const found = new Map<string, Row[]>();
		for (const row of rows.data?.rows ?? []) {
			const key = dayKey(new Date(String(row.due_at)));
			found.set(key, [...(found.get(key) ?? []), row]);
		}
		return found;
	}, [rows.data]);
	const step = (n: number) => setAt(show === 'week' ? startOfDay(at, n * 7) : new Date(at.getFullYear(), at.getMonth() + n, 1));
	const today = dayKey(new Date());
	const tag = document.documentElement.lang || 'zh-CN';
	return (
		<section aria-label={t(`today.show_${show}`)}>
			<header className="deals-top">
				<Button size="small" onClick={() => step(-1)} aria-label={t('today.before')}>‹</Button>
				<Button size="small" onClick={() => setAt(startOfDay(new Date()))}>{t('today.title')}</Button>
				<Button size="small" onClick={() => step(1)} aria-label={t('today.after')}>›</Button>
				<b aria-live="polite">{new Intl.DateTimeFormat(tag, { month: 'long', year: 'numeric' }).format(at)}</b>
			</header>
			{rows.isError && <Failed error={rows.error} onRetry={() => void rows.refetch()} small />}
			<div className={`today-week${show === 'month' ? ' today-month' : ''}`} aria-busy={rows.isFetching}>
				{days.map((day) => {
					const key = dayKey(day), list = byDay.get(key) ?? [];
					return (
						<section
							key={key} className={`today-day${key === today ? ' is-today' : ''}`}
							aria-label={new Intl.DateTimeFormat(tag, { dateStyle: 'full' }).format(day)}
						>
							<h3>{new Intl.DateTimeFormat(tag, { weekday: 'short', day: 'numeric' }).format(day)}</h3>
							{list.slice(0, show === 'month' ? 4 : 30).map((row) => (
								<Link key={row.id} to={`/interaction/${row.id}`} className={row.state === 'done' ? 'quiet' : undefined}>
									{time(row.due_at, 'clock')} {String(row.subject ?? (row.customer as { name?: string } | null)?.name ?? row.kind)}
								</Link>
							))}
							{show === 'month' && list.length > 4 && <span className="quiet">{t('today.more', { count: list.length - 4 })}</span>}
						</section>
					);
				})}
			</div>
		</section>
	);
}
