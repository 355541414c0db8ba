/** How trade goes: the answer in a sentence, the numbers behind it, the weeks. */
import { Skeleton } from 'antd';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { isoDay } from '@/api/query.ts';
import { entityOf, fieldOf, may, useCount } from '@/api/records.ts';
import type { Entity } from '@/api/types.ts';
import { useApp } from '@/app/context.tsx';
import { ChartCard } from '@/components/chart/ChartCard.tsx';
import { Empty, Failed } from '@/components/common/States.tsx';
import { date, money, number, percent, sumDecimals, time } from '@/lib/format.ts';
import { anchorOf, growth } from './spans.ts';
import { useBuckets, useNewest, WEEKS } from './weeks.ts';

const SPAN = WEEKS * 7;
/** Orders that never came to be count for nothing. */
const REAL = { state: 'not.in.(cancelled,draft)' };

export default function TradeCard() {
	const { meta } = useApp();
	const orders = entityOf(meta, 'order');
	return orders && fieldOf(orders, 'total_base') ? <Trade orders={orders} customers={entityOf(meta, 'customer')} /> : null;
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
	const silent = useCount(
		customers, new URLSearchParams({ last_order_at: `lt.${silentSince?.toISOString() ?? ''}` }),
		end !== null && customers !== undefined && fieldOf(customers, 'last_order_at') !== undefined,
	);

	if (newest.isError) return <Failed error={newest.error} onRetry={() => void newest.refetch()} />;
	if (newest.isSuccess && newest.data === null)
		return (
			<Empty
				title={t('home.no_orders')} text={t('home.no_orders_text')}
				action={may(orders, 'import') && <Link to="/import/new">{t('import.button')}</Link>}
			/>
		);

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
		return g === null
			? t('home.no_compare')
			: Math.abs(g) < 0.005 ? t('home.same') : t(g > 0 ? 'home.more' : 'home.less', { percent: percent(Math.abs(g), Math.abs(g) < 0.1 ? 1 : 0) });
	};
	const month = (a: number, b: number) => {
		const g = growth(a, b);
		return g === null
			? t('home.month_none')
			: Math.abs(g) < 0.005
				? t('home.month_same')
				: t(g > 0 ? 'home.month_more' : 'home.month_less', { percent: percent(Math.abs(g), Math.abs(g) < 0.1 ? 1 : 0) });
	};
	const week = (d: Date) => date(isoDay(d), 'axis');
	// A week that still runs is no fall.
	const unfinished = (to: Date, text: string) => (to > now ? { open: true, text: `${text} ${t('home.so_far')}` } : { text });

	return (
		<>
			{past && <p className="home-note">{t('home.past', { date: time(newest.data, 'day') })}</p>}
			<p className="home-answer">
				{last && before
					? t('home.answer', {
						money: money(last.sum, currency, { whole: true }), compared: month(Number(last.sum), Number(before.sum)),
						orders: t('home.answer_orders', { count: last.count, n: number(last.count) }),
					})
					: <Skeleton.Input active size="small" />}
			</p>
			<ul className="numbers">
				<Figure
					label={t('home.sales')} value={last && money(last.sum, currency, { whole: true })}
					change={last && before ? growth(Number(last.sum), Number(before.sum)) : null} to={last && `/order?${link(last.from, last.to)}`}
				/>
				<Figure
					label={t('home.orders')} value={last && number(last.count)} change={last && before ? growth(last.count, before.count) : null}
					to={last && `/order?${link(last.from, last.to)}`}
				/>
				{buyersAt && (
					<Figure
						label={t('home.first_buyers')} value={buyersLast && number(buyersLast.count)}
						change={buyersLast && buyersBefore ? growth(buyersLast.count, buyersBefore.count) : null}
						to={buyersLast
							&& `/customer?first_order_at=gte.${isoDay(buyersLast.from)}&first_order_at=lte.${isoDay(new Date(buyersLast.to.getTime() - 1))}`}
					/>
				)}
				{customers && silentSince && (
					<Figure
						label={t('home.silent')}
						value={silent.data && (silent.data.capped ? `${number(silent.data.total)}+` : number(silent.data.total))} change={null}
						to={`/customer?last_order_at=lte.${isoDay(new Date(silentSince.getTime() - 1))}&order=orders_total.desc`}
					/>
				)}
			</ul>
			<div className="home-two">
				<ChartCard
					title={t('home.sales_weeks')} file="sales-by-week.csv" heads={[t('home.week'), t('home.sales')]}
					axis={(v) => money(v, currency, { compact: true })}
					sentence={recent
						? t('home.sales_sentence', {
							money: money(sumDecimals(recent.map((b) => b.sum)), currency, { whole: true }),
							compared: compared(sales(recent), sales(earlier)),
						})
						: ''}
					bars={weeks.data?.map((b) => ({
						label: week(b.from), value: Number(b.sum), ...unfinished(b.to, money(b.sum, currency, { whole: true })),
					})) ?? null}
					error={weeks.error} onRetry={() => void weeks.refetch()}
					onPick={(i) => weeks.data?.[i] && void navigate(`/order?${link(weeks.data[i].from, weeks.data[i].to)}`)}
				/>
				{buyersAt && (
					<ChartCard
						title={t('home.buyers_weeks')} file="first-buyers-by-week.csv" heads={[t('home.week'), t('home.first_buyers')]} axis={(v) => number(v)}
						sentence={buyers.data
							? t('home.buyers_sentence', {
								count: count(buyers.data.slice(-4)), n: number(count(buyers.data.slice(-4))),
								compared: compared(count(buyers.data.slice(-4)), count(buyers.data.slice(-8, -4))),
							})
							: ''}
						bars={buyers.data?.map((b) => ({ label: week(b.from), value: b.count, ...unfinished(b.to, number(b.count)) })) ?? null}
						error={buyers.error} onRetry={() => void buyers.refetch()}
						onPick={(i) => {
							const week = buyers.data?.[i];
							if (week) void navigate(`/customer?first_order_at=gte.${isoDay(week.from)}&first_order_at=lte.${isoDay(new Date(week.to.getTime() - 1))}`);
						}}
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
					{change > 0.005 ? '▲ ' : change < -0.005 ? '▼ ' : ''}
					{percent(Math.abs(change), Math.abs(change) < 0.1 ? 1 : 0)} <span className="quiet">{t('home.before')}</span>
				</span>
			)}
		</li>
	);
}
