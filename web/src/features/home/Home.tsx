/** The three minutes at nine: how trade goes, what happened, what is mine to do. */
import { Skeleton } from 'antd';
import { lazy, Suspense, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { useQuery } from '@tanstack/react-query';
import { get } from '@/api/client.ts';
import { useNames, type Wanted } from '@/api/names.ts';
import { isoDay } from '@/api/query.ts';
import { entityOf, fetchPage, fieldOf, linkedTitle, may, selectOf, titleOf, useCount, useSome } from '@/api/records.ts';
import type { Change, Entity, Row } from '@/api/types.ts';
import { useApp, useCan } from '@/app/context.tsx';
import { features, pieceOf } from '@/app/features.ts';
import { useTitle } from '@/app/title.ts';
import { useWho } from '@/app/who.ts';
import { ChartCard } from '@/components/chart/ChartCard.tsx';
import { Empty, Failed } from '@/components/common/States.tsx';
import { When } from '@/components/common/When.tsx';
import { date, money, number, percent, sumDecimals, time } from '@/lib/format.ts';
import { bulkWords, created } from '../admin/bulk.ts';
import { anchorOf, growth } from './spans.ts';
import { useBuckets, useNewest, WEEKS } from './weeks.ts';

const Setup = lazy(() => import('./Setup.tsx'));

const SPAN = WEEKS * 7;
/** Orders that never came to be count for nothing. */
const REAL = { state: 'not.in.(cancelled,draft)' };

export default function Home() {
	const { meta, me } = useApp();
	const { t } = useTranslation();
	useTitle(t('nav.home'));
	const orders = entityOf(meta, 'order');
	const customers = entityOf(meta, 'customer');
	const admin = useCan('admin');
	const hour = new Date().getHours();
	return (
		<div className="page home">
			<h1>{t(hour < 11 ? 'home.morning' : hour < 18 ? 'home.day' : 'home.evening', { name: me.name })}</h1>
			<div className="home-two">
				<MyWork />
				<Recent />
			</div>
			{admin && <Suspense fallback={null}><Setup /></Suspense>}
			<Cards />
			{orders && fieldOf(orders, 'total_base') && <Trade orders={orders} customers={customers} />}
		</div>
	);
}

/** What other features show here. */
function Cards() {
	const { t } = useTranslation();
	const who = useWho();
	const cards = features().home.filter((c) => (!c.when || c.when(who)) && (!c.roles || c.roles.some((r) => who.roles.includes(r))));
	return cards.length === 0 ? null : (
		<div className="home-two">
			{cards.map((card) => {
				const Own = pieceOf(card.load);
				return (
					<section key={card.key} className="panel">
						<header><h2>{t(card.label)}</h2></header>
						<Suspense fallback={<Skeleton active title={false} />}><Own /></Suspense>
					</section>
				);
			})}
		</div>
	);
}

function Trade({ orders, customers }: { orders: Entity; customers: Entity | undefined }) {
	const { meta } = useApp();
	const { t } = useTranslation();
	const navigate = useNavigate();
	const newest = useNewest(orders, 'placed_at');
	const now = useMemo(() => new Date(), []);
	const end = newest.isSuccess ? anchorOf(newest.data, now, SPAN) : null;
	const past = end !== null && end.getTime() < now.getTime();
	const weeks = useBuckets(orders, 'placed_at', 'total_base', end, WEEKS, 7, REAL);
	const months = useBuckets(orders, 'placed_at', 'total_base', end, 2, 30, REAL);
	const buyersAt = customers && fieldOf(customers, 'first_order_at') ? customers : undefined;
	const buyers = useBuckets(buyersAt, 'first_order_at', null, end, WEEKS, 7);
	const buyersMonth = useBuckets(buyersAt, 'first_order_at', null, end, 2, 30);
	const silentSince = end ? new Date(end.getTime() - 90 * 86_400_000) : null;
	const silent = useCount(customers, new URLSearchParams({ last_order_at: `lt.${silentSince?.toISOString() ?? ''}` }), end !== null && customers !== undefined && fieldOf(customers, 'last_order_at') !== undefined);

	if (newest.isError) return <Failed error={newest.error} onRetry={() => void newest.refetch()} />;
	if (newest.isSuccess && newest.data === null)
		return <Empty title={t('home.no_orders')} text={t('home.no_orders_text')} action={may(orders, 'import') && <Link to="/import/new">{t('import.button')}</Link>} />;

	const currency = meta.base_currency;
	const [before, last] = months.data ?? [];
	const [buyersBefore, buyersLast] = buyersMonth.data ?? [];
	const link = (from: Date, to: Date) => `placed_at=gte.${isoDay(from)}&placed_at=lte.${isoDay(new Date(to.getTime() - 1))}&state=not.in.(cancelled,draft)`;
	const recent = weeks.data?.slice(-4);
	const earlier = weeks.data?.slice(-8, -4);
	const sales = (list: { sum: string }[] | undefined) => Number(sumDecimals((list ?? []).map((b) => b.sum)));
	const count = (list: { count: number }[] | undefined) => (list ?? []).reduce((n, b) => n + b.count, 0);
	const compared = (a: number, b: number) => {
		const g = growth(a, b);
		return g === null ? t('home.no_compare') : Math.abs(g) < 0.005 ? t('home.same') : t(g > 0 ? 'home.more' : 'home.less', { percent: percent(Math.abs(g), Math.abs(g) < 0.1 ? 1 : 0) });
	};
	const month = (a: number, b: number) => {
		const g = growth(a, b);
		return g === null ? t('home.month_none') : Math.abs(g) < 0.005 ? t('home.month_same') : t(g > 0 ? 'home.month_more' : 'home.month_less', { percent: percent(Math.abs(g), Math.abs(g) < 0.1 ? 1 : 0) });
	};
	const week = (d: Date) => date(isoDay(d), 'axis');
	// A week that still runs is no fall.
	const unfinished = (to: Date, text: string) => (to > now ? { open: true, text: `${text} ${t('home.so_far')}` } : { text });

	return (
		<>
			{past && <p className="home-note">{t('home.past', { date: time(newest.data, 'day') })}</p>}
			<p className="home-answer">{last && before ? t('home.answer', { money: money(last.sum, currency, { whole: true }), compared: month(Number(last.sum), Number(before.sum)), orders: t('home.answer_orders', { count: last.count, n: number(last.count) }) }) : <Skeleton.Input active size="small" />}</p>
			<ul className="numbers">
				<Figure label={t('home.sales')} value={last && money(last.sum, currency, { whole: true })} change={last && before ? growth(Number(last.sum), Number(before.sum)) : null} to={last && `/order?${link(last.from, last.to)}`} />
				<Figure label={t('home.orders')} value={last && number(last.count)} change={last && before ? growth(last.count, before.count) : null} to={last && `/order?${link(last.from, last.to)}`} />
				{buyersAt && <Figure label={t('home.first_buyers')} value={buyersLast && number(buyersLast.count)} change={buyersLast && buyersBefore ? growth(buyersLast.count, buyersBefore.count) : null} to={buyersLast && `/customer?first_order_at=gte.${isoDay(buyersLast.from)}&first_order_at=lte.${isoDay(new Date(buyersLast.to.getTime() - 1))}`} />}
				{customers && silentSince && <Figure label={t('home.silent')} value={silent.data && (silent.data.capped ? `${number(silent.data.total)}+` : number(silent.data.total))} change={null} to={`/customer?last_order_at=lte.${isoDay(new Date(silentSince.getTime() - 1))}&order=orders_total.desc`} />}
			</ul>
			<div className="home-two">
				<ChartCard
					title={t('home.sales_weeks')} file="sales-by-week.csv" heads={[t('home.week'), t('home.sales')]} axis={(v) => money(v, currency, { compact: true })}
					sentence={recent ? t('home.sales_sentence', { money: money(sumDecimals(recent.map((b) => b.sum)), currency, { whole: true }), compared: compared(sales(recent), sales(earlier)) }) : ''}
					bars={weeks.data?.map((b) => ({ label: week(b.from), value: Number(b.sum), ...unfinished(b.to, money(b.sum, currency, { whole: true })) })) ?? null}
					error={weeks.error} onRetry={() => void weeks.refetch()} onPick={(i) => weeks.data?.[i] && void navigate(`/order?${link(weeks.data[i].from, weeks.data[i].to)}`)}
				/>
				{buyersAt && (
					<ChartCard
						title={t('home.buyers_weeks')} file="first-buyers-by-week.csv" heads={[t('home.week'), t('home.first_buyers')]} axis={(v) => number(v)}
						sentence={buyers.data ? t('home.buyers_sentence', { count: count(buyers.data.slice(-4)), n: number(count(buyers.data.slice(-4))), compared: compared(count(buyers.data.slice(-4)), count(buyers.data.slice(-8, -4))) }) : ''}
						bars={buyers.data?.map((b) => ({ label: week(b.from), value: b.count, ...unfinished(b.to, number(b.count)) })) ?? null}
						error={buyers.error} onRetry={() => void buyers.refetch()}
						onPick={(i) => buyers.data?.[i] && void navigate(`/customer?first_order_at=gte.${isoDay(buyers.data[i].from)}&first_order_at=lte.${isoDay(new Date(buyers.data[i].to.getTime() - 1))}`)}
					/>
				)}
			</div>
		</>
	);
}

function Figure({ label, value, change, to }: { label: string; value: string | undefined; change: number | null; to: string | undefined }) {
	const { t } = useTranslation();
	return (
		<li className="panel">
			<span className="numbers-label">{label}</span>
			{value === undefined ? <Skeleton.Input active size="small" /> : <b className="numbers-value">{to ? <Link to={to}>{value}</Link> : value}</b>}
			{change !== null && value !== undefined && (
				<span className={change < -0.005 ? 'down' : change > 0.005 ? 'up' : 'quiet'}>
					{change > 0.005 ? '▲ ' : change < -0.005 ? '▼ ' : ''}{percent(Math.abs(change), Math.abs(change) < 0.1 ? 1 : 0)} <span className="quiet">{t('home.before')}</span>
				</span>
			)}
		</li>
	);
}

/** My own open work; who has none sees the team's, the most overdue first. */
function MyWork() {
	const { meta, me } = useApp();
	const { t } = useTranslation();
	const entity = entityOf(meta, 'interaction');
	const fields = ['subject', 'body', 'due_at', 'customer_id', 'state', 'kind', 'owner_id'].flatMap((n) => fieldOf(entity, n) ?? []);
	const asked = (owner: string | null) => new URLSearchParams({ select: entity ? selectOf(meta, entity, fields) : 'id', state: 'in.(open,planned)', ...(owner ? { owner_id: `eq.${owner}` } : {}), order: 'due_at.asc.nullslast', limit: '8' });
	const mine = useSome(entity, asked(me.id));
	const none = mine.isSuccess && mine.data.rows.length === 0;
	const others = useSome(entity, asked(null), none);
	if (!entity) return null;
	const team = none && (others.data?.rows.length ?? 0) > 0;
	const work = none ? others : mine;
	const customer = fieldOf(entity, 'customer_id');
	const owner = fieldOf(entity, 'owner_id');
	return (
		<section className="panel">
			<header>
				<h2>{t(team ? 'home.team_work' : 'home.work')}</h2>
				<Link to={team ? '/interaction?state=in.(open,planned)&order=due_at.asc&view=open' : '/interaction?state=in.(open,planned)&owner_id=in.(me)&order=due_at.asc&view=open_mine'}>{t('home.all')}</Link>
			</header>
			{work.isError ? <Failed error={work.error} onRetry={() => void work.refetch()} small /> : work.isPending ? <Skeleton active title={false} /> : work.data.rows.length === 0 ? <p className="quiet">{t('home.no_work')}</p> : (
				<ul className="lines">
					{work.data.rows.map((r) => {
						const late = r.due_at && Date.parse(String(r.due_at)) < Date.now();
						return (
							<li key={r.id}>
								<Link to={r.customer_id ? `/customer/${String(r.customer_id)}` : `/interaction/${r.id}`} className="lines-main">{String(r.subject ?? r.body ?? entity.label)}</Link>
								<span className="quiet">{[customer && linkedTitle(meta, customer, r), team && owner && linkedTitle(meta, owner, r)].filter(Boolean).join(' · ')}</span>
								{r.due_at ? <span className={late ? 'mean mean-bad' : 'quiet'}><When at={String(r.due_at)} /></span> : <span className="quiet">{t('home.no_due')}</span>}
							</li>
						);
					})}
				</ul>
			)}
		</section>
	);
}

interface Happened {
	key: string;
	at: string;
	who: string | null;
	action: string;
	entity: Entity;
	id: string;
	title: string | null;
}

function useRecent(audit: boolean) {
	const { meta } = useApp();
	const { t } = useTranslation();
	const shown = meta.entities.filter((e) => !e.system && !e.child && ['customer', 'order', 'interaction', 'product'].includes(e.name));
	return useQuery({
		queryKey: ['recent', audit],
		refetchInterval: 60_000,
		queryFn: async ({ signal }): Promise<Happened[]> => {
			if (audit) {
				const { rows } = await get<{ rows: Change[] }>('audit?limit=60', signal);
				const seen = new Set<string>();
				const done = rows.flatMap((c) => {
					const entity = entityOf(meta, c.entity);
					const key = `${c.entity}${c.record_id}`;
					if (!entity || entity.child || entity.system || seen.has(key) || !['create', 'update', 'delete', 'restore'].includes(c.action)) return [];
					seen.add(key);
					// What was deleted is called what it was called.
					if (c.entity === 'bulk_act') return c.action === 'create' ? [{ key: String(c.seq), at: c.at, who: c.actor?.name ?? null, action: '', entity, id: String(c.record_id), title: bulkWords(t, meta, created(c)) }] : [];
					const [was, is] = c.diff?.[entity.title ?? ''] ?? [];
					const title = is ?? was;
					return [{ key: String(c.seq), at: c.at, who: c.actor?.name ?? null, action: c.action, entity, id: String(c.record_id), title: typeof title === 'string' ? title : null }];
				}).slice(0, 9);
				// An import's lines, payments and the like can fill the newest entries: then the newest records say more.
				if (done.length > 2) return done;
			}
			const pages = await Promise.all(shown.map(async (entity) => {
				const page = await fetchPage(entity, new URLSearchParams({ select: `id,created_at${entity.title ? `,${entity.title}` : ''}`, order: 'id.desc', limit: '5' }), signal);
				return page.rows.map((row: Row) => ({ key: row.id, at: String(row.created_at), who: null, action: 'create', entity, id: row.id, title: titleOf(entity, row) }));
			}));
			return pages.flat().sort((a, b) => (a.at < b.at ? 1 : -1)).slice(0, 9);
		},
	});
}

function Recent() {
	const { t } = useTranslation();
	const audit = useCan('audit');
	const recent = useRecent(audit);
	const wanted: Wanted = new Map();
	for (const h of recent.data ?? []) if (!h.title && h.action !== 'delete') wanted.set(h.entity.name, (wanted.get(h.entity.name) ?? new Set<string>()).add(h.id));
	const names = useNames(wanted);
	const words = (h: Happened) => h.entity.name === 'bulk_act' ? h.title ?? '' : `${h.entity.label} ${h.title ?? names(h.entity.name, h.id) ?? `#${h.id}`}`;
	return (
		<section className="panel">
			<header><h2>{t('home.recent')}</h2>{audit && <Link to="/settings/audit">{t('home.all')}</Link>}</header>
			{recent.isError ? <Failed error={recent.error} onRetry={() => void recent.refetch()} small /> : recent.isPending ? <Skeleton active title={false} /> : recent.data.length === 0 ? <p className="quiet">{t('home.no_recent')}</p> : (
				<ul className="lines">
					{recent.data.map((h) => (
						<li key={h.key}>
							{h.action === 'delete' ? <span className="lines-main">{words(h)}</span> : <Link to={`/${h.entity.name}/${h.id}`} className="lines-main">{words(h)}</Link>}
							<span className="quiet">{h.who ? `${h.who} ` : ''}{h.action && t(`action.${h.action}`)}</span>
							<span className="quiet"><When at={h.at} /></span>
						</li>
					))}
				</ul>
			)}
		</section>
	);
}
