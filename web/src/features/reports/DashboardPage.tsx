/** What happens now: cards that somebody chose and arranged, kept in the account, live; on a wall in large figures. */
import { ArrowDownOutlined, ArrowUpOutlined, CloseOutlined, DesktopOutlined, PlusOutlined, SettingOutlined } from '@ant-design/icons';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Button, Segmented, Skeleton, Tooltip } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import { useChanges, useLiveState } from '@/api/events.ts';
import { isoDay } from '@/api/query.ts';
import { entityOf, fieldOf } from '@/api/records.ts';
import type { Entity } from '@/api/types.ts';
import { useArranged } from '@/app/arranged.ts';
import { useApp } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { useWho } from '@/app/who.ts';
import { Denied, Failed } from '@/components/common/States.tsx';
import { money, number, percent, time } from '@/lib/format.ts';
import { allCards, type Counter, type Dashboard, isCounter, moved, shownCards } from './cards.ts';
import { type By, cancelledOrders, countedOrders, SPANS, type Span, useLatest, useParts, useSum, within } from './dash.ts';
import { Picture } from './Picture.tsx';
import { askReport, daysOf, readReports } from './report.ts';
import { compared, sentenceOf } from './sentences.ts';
import './reports.css';

/** The warehouse follows a change within a second: asked at once, and once more then. */
const AGAIN_MS = [250, 1600];
const WATCHED = new Set(['order', 'order_line', 'customer']);

function useTick(): number {
	const [tick, setTick] = useState(0);
	const timers = useRef<ReturnType<typeof setTimeout>[]>([]);
	useChanges((event) => {
		if (!WATCHED.has(event.entity)) return;
		timers.current.forEach(clearTimeout);
		timers.current = AGAIN_MS.map((ms) => setTimeout(() => setTick((n) => n + 1), ms));
	});
	useEffect(() => () => timers.current.forEach(clearTimeout), []);
	return tick;
}

const days = (span: Span) => {
	const now = new Date(), n = { today: 0, days7: 6, days30: 29 }[span];
	return { from: isoDay(new Date(now.getFullYear(), now.getMonth(), now.getDate() - n)), to: isoDay(now) };
};

interface CardProps {
	orders: Entity;
	span: Span;
	tick: number;
}

const average = (sum: string, count: number) => (count ? (Number(sum) / count).toFixed(2) : '0');

function Figure({ counter, orders, span, tick }: CardProps & { counter: Counter }) {
	const { meta } = useApp();
	const { t } = useTranslation();
	const customers = entityOf(meta, 'customer');
	const of = counter === 'customers' ? customers : orders;
	const ask = (earlier: boolean) =>
		counter === 'customers'
			? { all: within('created_at', span, earlier) }
			: counter === 'cancelled'
				? cancelledOrders(span, earlier)
				: countedOrders(span, earlier);
	const sums = counter === 'sales' || counter === 'mean' ? 'total_base' : null;
	const now = useSum(of, ask(false), sums, tick), then = useSum(of, ask(true), sums, tick);
	const value = (s: { count: number; sum: string }) => (counter === 'sales' ? Number(s.sum) : counter === 'mean' ? Number(average(s.sum, s.count)) : s.count);
	const shown =
		now.data &&
		(counter === 'sales'
			? money(now.data.sum, meta.base_currency, { whole: true })
			: counter === 'mean'
				? money(average(now.data.sum, now.data.count), meta.base_currency, { whole: true })
				: number(now.data.count));
	const list = `/${of?.name ?? ''}?condition=${encodeURIComponent(JSON.stringify(ask(false)))}`;
	if (now.error) return <Failed error={now.error} onRetry={() => void now.refetch()} small />;
	return (
		<div className="dash-figure">
			<span className="numbers-label">{t(`dash.${counter}`)}</span>
			{shown === undefined ? <Skeleton.Input active size="small" /> : <b className="dash-value" data-counter={counter}><Link to={list}>{shown}</Link></b>}
			{now.data && then.data && <span className="quiet">{compared(value(now.data), value(then.data), span === 'today' ? 'weekday' : 'before', t)}</span>}
		</div>
	);
}

/** Who or what brings how much: bars that are also a list. */
function Parts({ by, orders, span, tick }: CardProps & { by: By }) {
	const { meta } = useApp();
	const { t } = useTranslation();
	const parts = useParts(orders, by, span, days(span), tick);
	if (parts.error) return <Failed error={parts.error} onRetry={() => void parts.refetch()} small />;
	if (!parts.data) return <Skeleton active title={false} />;
	const rows = parts.data.filter((p) => Number(p.sum) !== 0 || p.count > 0), all = rows.reduce((n, p) => n + Math.max(0, Number(p.sum)), 0);
	if (rows.length === 0) return <p className="quiet">{t('dash.none')}</p>;
	const most = Math.max(1, ...rows.map((p) => Number(p.sum)));
	const name = (p: (typeof rows)[number]) => p.name ?? (p.id === null ? t('dash.nobody') : t('dash.unseen'));
	return (
		<>
			<p className="chart-sentence">
				{t('dash.leads', { name: name(rows[0]!), share: all > 0 ? percent(Math.max(0, Number(rows[0]!.sum)) / all) : '–' })}
			</p>
			<table className="dash-bars">
				<caption className="sr-only">{t(`dash.by_${by}`)}</caption>
				<tbody>
					{rows.map((p) => (
						<tr key={p.id ?? '-'}>
							<th scope="row"><span>{name(p)}</span></th>
							<td className="dash-bar" aria-hidden="true"><progress max={most} value={Math.max(0, Number(p.sum))} tabIndex={-1} /></td>
							<td className="is-right">{money(p.sum, meta.base_currency, { whole: true })}</td>
						</tr>
					))}
				</tbody>
			</table>
		</>
	);
}

function Latest({ orders, tick }: CardProps) {
	const { meta } = useApp();
	const { t } = useTranslation();
	const latest = useLatest(orders, tick);
	if (latest.error) return <Failed error={latest.error} onRetry={() => void latest.refetch()} small />;
	if (!latest.data) return <Skeleton active title={false} />;
	const state = (value: unknown) => fieldOf(orders, 'state')?.options?.find((o) => o.value === value)?.label ?? String(value ?? '');
	if (latest.data.length === 0) return <p className="quiet">{t('dash.none')}</p>;
	return (
		<table className="dash-latest" aria-live="polite">
			<caption className="sr-only">{t('dash.latest')}</caption>
			<tbody>
				{latest.data.map((row) => (
					<tr key={row.id} className={row.state === 'cancelled' ? 'is-gone' : undefined}>
						<td className="quiet">{time(row.placed_at, 'minute')}</td>
						<th scope="row"><Link to={`/order/${row.id}`}>{(row.customer as { name?: string } | null)?.name ?? String(row.number ?? '')}</Link></th>
						<td>{state(row.state)}</td>
						<td className="is-right">{money(row.total_base, meta.base_currency)}</td>
					</tr>
				))}
			</tbody>
		</table>
	);
}

function ReportCard({ name, tick }: { name: string; tick: number }) {
	const { t } = useTranslation();
	const body = daysOf('months12');
	const answer = useQuery({
		queryKey: ['report', name, body, tick],
		placeholderData: keepPreviousData,
		retry: 3,
		staleTime: 60_000,
		queryFn: ({ signal }) => askReport(name, body, signal),
	});
	if (answer.error && !answer.data) return <Failed error={answer.error} onRetry={() => void answer.refetch()} small />;
	if (!answer.data) return <Skeleton active title={false} />;
	const sentence = sentenceOf(answer.data, t);
	return (
		<>
			<p className="chart-sentence">{sentence}</p>
			<Picture answer={answer.data} sentence={sentence} />
			<p className="dash-more"><Link to={`/reports/${name}`}>{t('dash.open')}</Link></p>
		</>
	);
}

export function cardTitle(key: string, t: (key: string) => string): string {
	return key.startsWith('report_') ? t(`report.name_${key.slice(7)}`) : t(`dash.${key}`);
}

function Inside({ card, ...props }: CardProps & { card: string }) {
	if (isCounter(card)) return <Figure counter={card} {...props} />;
	if (card.startsWith('by_')) return <Parts by={card.slice(3) as By} {...props} />;
	// reports move slowly: they are asked anew when the page is opened, and when a minute has passed
	return card === 'latest' ? <Latest {...props} /> : <ReportCard name={card.slice(7)} tick={0} />;
}

export default function DashboardPage() {
	const { meta } = useApp();
	const { t } = useTranslation();
	const who = useWho();
	const [address, setAddress] = useSearchParams();
	const [{ dashboard }, arrange] = useArranged();
	const [arranging, setArranging] = useState(false);
	const live = useLiveState();
	const tick = useTick();
	useTitle(t('dash.title'));
	const orders = entityOf(meta, 'order');
	const listed = useQuery({ queryKey: ['reports'], staleTime: 60_000, retry: false, queryFn: ({ signal }) => readReports(signal) });
	const wall = address.get('wall') === '1';
	useEffect(() => {
		if (!wall) return;
		const leave = (event: KeyboardEvent) => event.key === 'Escape' && setAddress({});
		window.addEventListener('keydown', leave);
		return () => window.removeEventListener('keydown', leave);
	}, [wall, setAddress]);
	if (!orders || !who.may('order', 'read')) return <Denied need={t('state.need', { action: t('action_word.read'), what: orders?.label_many ?? '' })} />;
	const span: Span = SPANS.includes(dashboard?.span as Span) ? (dashboard!.span as Span) : 'today';
	const all = allCards(who, listed.data?.available ? listed.data.reports.map((r) => r.name) : [], (name) => fieldOf(orders, name) !== undefined);
	const cards = shownCards(all, dashboard);
	const keep = (change: Partial<Dashboard>) => arrange({ dashboard: { cards, span, ...change } });
	const tools = (key: string, i: number) => (
		<span className="dash-tools" role="group" aria-label={cardTitle(key, t)}>
			<Button
				size="small" icon={<ArrowUpOutlined />} disabled={i === 0} aria-label={t('dash.up', { name: cardTitle(key, t) })}
				onClick={() => keep({ cards: moved(cards, i, -1) })}
			/>
			<Button
				size="small" icon={<ArrowDownOutlined />} disabled={i === cards.length - 1} aria-label={t('dash.down', { name: cardTitle(key, t) })}
				onClick={() => keep({ cards: moved(cards, i, 1) })}
			/>
			<Button
				size="small" icon={<CloseOutlined />} aria-label={t('dash.leave_out', { name: cardTitle(key, t) })}
				onClick={() => keep({ cards: cards.filter((k) => k !== key) })}
			/>
		</span>
	);
	const grid = (
		<div className="dash-grid">
			{cards.filter((key) => !wall || !key.startsWith('report_')).map((key, i) => (
				<section
					key={key} aria-label={cardTitle(key, t)}
					className={`panel dash-card${isCounter(key) ? ' is-counter' : key.startsWith('report_') ? ' is-wide' : ''}`}
				>
					{(arranging || !isCounter(key)) && (
						<header>
							<h2>{isCounter(key) ? <span className="sr-only">{cardTitle(key, t)}</span> : cardTitle(key, t)}</h2>
							{arranging && !wall && tools(key, i)}
						</header>
					)}
					<Inside card={key} orders={orders} span={span} tick={tick} />
				</section>
			))}
		</div>
	);
	if (wall)
		return (
			<div className="dash-wall" role="region" aria-label={t('dash.title')}>
				<p className="dash-wall-head">
					<b>{t(`dash.span_${span}`)}</b> <span>{t(`live.${live}`)}</span>{' '}
					<button type="button" className="dash-leave" onClick={() => setAddress({})}>
						{t('dash.leave_wall')}
					</button>
				</p>
				{grid}
			</div>
		);
	return (
		<div className="page dash-page">
			<header className="home-head">
				<h1>{t('dash.title')}</h1>
				<Segmented
					value={span} aria-label={t('dash.span')} options={SPANS.map((value) => ({ value, label: t(`dash.span_${value}`) }))}
					onChange={(value) => keep({ span: value })}
				/>
				<Tooltip title={t('dash.wall')}>
					<Button type="text" icon={<DesktopOutlined />} aria-label={t('dash.wall')} onClick={() => setAddress({ wall: '1' })} />
				</Tooltip>
				<Tooltip title={t('dash.arrange')}>
					<Button
						type={arranging ? 'primary' : 'text'} icon={<SettingOutlined />} aria-label={t('dash.arrange')} aria-pressed={arranging}
						onClick={() => setArranging(!arranging)}
					/>
				</Tooltip>
			</header>
			{grid}
			{arranging && (
				<section className="home-others">
					<h2>{t('dash.others')}</h2>
					{all
						.filter((key) => !cards.includes(key))
						.map((key) => (
							<Button key={key} icon={<PlusOutlined />} onClick={() => keep({ cards: [...cards, key] })}>
								{cardTitle(key, t)}
							</Button>
						))}
					{dashboard && <Button onClick={() => arrange({ dashboard: undefined })}>{t('dash.usual')}</Button>}
				</section>
			)}
		</div>
	);
}
