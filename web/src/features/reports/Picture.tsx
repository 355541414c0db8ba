/** The picture of each report. */
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp } from '@/app/context.tsx';
import { date, money, number, percent } from '@/lib/format.ts';
import type { Network, Series } from './Chart.tsx';
import { type Answer, monthText, namedRows, num, valueText } from './report.ts';

const Chart = lazy(() => import('./Chart.tsx'));

const share = (v: number) => percent(v, Math.abs(v) < 0.1 ? 1 : 0);
const whole = (v: number) => number(String(Math.round(v)));

interface Drawn {
	categories: string[];
	series: Series[];
	network?: Network;
	as: 'money' | 'share' | 'int';
	most?: number;
}

/** The strongest links, each pair once. */
function networkOf(answer: Answer): Network {
	const name = (value: unknown) => (value as { name: string | null } | null)?.name ?? '–';
	const links = new Map<string, Network['links'][number]>(), weight = new Map<string, number>();
	for (const row of namedRows(answer, 'pairs').slice(0, 60)) {
		const [from, to] = [name(row.product), name(row.other)].sort() as [string, string];
		if (from === to || links.has(`${from}\n${to}`)) continue;
		links.set(`${from}\n${to}`, { from, to, weight: Math.min(6, 0.5 + num(row.lift) / 2) });
		for (const end of [from, to]) weight.set(end, (weight.get(end) ?? 0) + num(row.orders));
	}
	const most = Math.max(1, ...weight.values());
	return { nodes: [...weight].map(([n, w]) => ({ name: n, size: 8 + 22 * Math.sqrt(w / most) })), links: [...links.values()] };
}

function drawn(answer: Answer, t: (key: string) => string): Drawn | null {
	const label = (table: string, column: string) => answer.tables.find((x) => x.name === table)?.columns.find((c) => c.name === column)?.label ?? column;
	const line = (table: string, column: string, more: Partial<Series> = {}): Series => ({
		name: label(table, column), kind: 'line', values: namedRows(answer, table).map((r) => (r[column] === null ? null : num(r[column]))), ...more,
	});
	switch (answer.report) {
		case 'sales': {
			const rows = namedRows(answer, 'sales'), some = (column: string) => rows.some((r) => num(r[column]) !== 0);
			return {
				as: 'money', categories: rows.map((r) => (r.month ? monthText(String(r.month)) : date(r.day, 'axis'))),
				series: [
					line('sales', 'sales', { kind: 'bar' }), ...(some('before') ? [line('sales', 'before', { colour: 'quiet', dashed: true })] : []),
					...(some('year') ? [line('sales', 'year', { colour: 'warn' })] : []),
				],
			};
		}
		case 'ranking': {
			const rows = namedRows(answer, 'ranking').slice(0, 12);
			return {
				as: 'money', categories: rows.map((r) => (r.what as { name: string | null } | null)?.name ?? t('report.no_name')),
				series: [
					{ name: label('ranking', 'sales'), kind: 'bar', values: rows.map((r) => num(r.sales)) },
					{ name: label('ranking', 'before'), kind: 'line', colour: 'quiet', dashed: true, values: rows.map((r) => num(r.before)) },
				],
			};
		}
		case 'funnel': {
			const rows = namedRows(answer, 'funnel'), people = namedRows(answer, 'people').slice(0, 12);
			return num(answer.facts.leads) ? { as: 'int', categories: rows.map((r) => String(r.step)), series: [line('funnel', 'count', { kind: 'bar' })] }
				: {
					as: 'int', categories: people.map((r) => (r.owner as { name: string | null } | null)?.name ?? t('report.no_name')),
					series: ['won', 'lost'].map((c) => ({
						name: label('people', c), kind: 'bar' as const, stack: 'a', colour: c === 'won' ? 'accent' as const : 'bad' as const,
						values: people.map((r) => num(r[c])),
					})),
				};
		}
		case 'movement': {
			const rows = namedRows(answer, 'movement');
			return { as: 'money', categories: rows.map((r) => String(r.name)), series: [line('movement', 'amount', { kind: 'bar' })] };
		}
		case 'returning':
			return {
				as: 'money', categories: namedRows(answer, 'returning').map((r) => monthText(String(r.month))),
				series: [
					line('returning', 'old_sales', { kind: 'bar', stack: 'a' }),
					line('returning', 'new_sales', { kind: 'bar', stack: 'a', colour: 'warn' }),
				],
			};
		case 'cohorts': {
			const rows = namedRows(answer, 'curve');
			return rows.length < 2 ? null : { as: 'share', categories: rows.map((r) => `+${String(r.after)}`), series: [line('curve', 'share')] };
		}
		case 'concentration': {
			const rows = namedRows(answer, 'curve');
			return {
				as: 'share', most: 1, categories: rows.map((r) => share(num(r.customers))),
				series: [
					line('curve', 'share'),
					{ name: t('report.equal'), kind: 'line', colour: 'quiet', dashed: true, values: rows.map((r) => num(r.customers)) },
				],
			};
		}
		case 'silence':
			return { as: 'int', categories: namedRows(answer, 'states').map((r) => String(r.name)), series: [line('states', 'customers', { kind: 'bar' })] };
		case 'baskets': {
			const network = networkOf(answer);
			return network.links.length ? { as: 'int', categories: [], series: [], network } : null;
		}
		default:
			return null;
	}
}

export function Picture({ answer, sentence, onPick }: { answer: Answer; sentence: string; onPick?: (index: number) => void }) {
	const { dark } = useApp();
	const { t } = useTranslation();
	const picture = drawn(answer, t);
	if (!picture || (picture.categories.length === 0 && !picture.network)) return null;
	const text = picture.as === 'money' ? (v: number) => money(String(v), answer.currency, { whole: true }) : picture.as === 'share' ? share : whole;
	const axis = picture.as === 'money' ? (v: number) => money(String(v), answer.currency, { compact: true }) : text;
	return (
		<Suspense fallback={<div className="chart report-chart" />}>
			<Chart
				label={sentence} categories={picture.categories} series={picture.series} network={picture.network}
				most={picture.most} dark={dark} axis={axis} text={text} onPick={onPick}
			/>
		</Suspense>
	);
}

/** Customers by what they brought, beside the curve. */
export function Bands({ answer }: { answer: Answer }) {
	const { dark } = useApp();
	const { t } = useTranslation();
	const rows = namedRows(answer, 'bands');
	if (rows.length === 0) return null;
	const short = (v: unknown) => money(v, answer.currency, { compact: true });
	return (
		<>
			<h2>{t('report.bands')}</h2>
			<p className="chart-sentence">{t('report.bands_said', { median: valueText(answer.facts.median ?? null, 'money', answer.currency) })}</p>
			<Suspense fallback={<div className="chart report-chart" />}>
				<Chart
					label={t('report.bands')} dark={dark} axis={whole} text={whole}
					categories={rows.map((r) => (r.to === null ? `≥ ${short(r.from)}` : `${short(r.from)}–${short(r.to)}`))}
					series={[{ name: t('report.customers'), kind: 'bar', values: rows.map((r) => num(r.customers)) }]}
				/>
			</Suspense>
		</>
	);
}
