/** One sentence that says what a report shows, from its figures. */
import { date, money, number, percent } from '@/lib/format.ts';
import { type Answer, namedRows, num } from './report.ts';

type T = (key: string, values?: Record<string, unknown>) => string;

const share = (value: unknown) => percent(num(value), Math.abs(num(value)) < 0.1 ? 1 : 0);

/** "8% more than the year before". */
export function compared(now: number, then: number, what: 'before' | 'year' | 'weekday', t: T): string {
	if (then <= 0) return t(`report.${what}_none`);
	const growth = (now - then) / then;
	if (Math.abs(growth) < 0.005) return t(`report.${what}_same`);
	return t(`report.${what}_${growth > 0 ? 'more' : 'less'}`, { percent: percent(Math.abs(growth), Math.abs(growth) < 0.1 ? 1 : 0) });
}

const SAID: Record<string, (a: Answer, t: T) => string> = {
	sales(a, t) {
		const f = a.facts;
		if (num(f.orders) === 0) return t('report.none');
		const first = num(f.before_sales) <= 0 && num(f.year_sales) <= 0;
		const said = t(first ? 'report.sales_alone' : 'report.sales_said', {
			sales: money(f.sales, a.currency, { whole: true }), orders: number(f.orders), customers: number(f.customers),
			before: compared(num(f.sales), num(f.before_sales), 'before', t), year: compared(num(f.sales), num(f.year_sales), 'year', t),
		});
		return num(f.unrated) > 0 ? `${said}${t('report.unrated', { n: number(f.unrated) })}` : said;
	},
	ranking(a, t) {
		const [first, second] = namedRows(a, 'ranking');
		if (!first || num(a.facts.sales) <= 0) return t('report.none');
		const name = (row: typeof first) => (row.what as { name: string | null } | null)?.name ?? t('report.no_name');
		const said = t('report.ranking_said', {
			name: name(first),
			sales: money(first.sales, a.currency, { whole: true }),
			share: share(first.share),
			change: compared(num(first.sales), num(first.before), 'before', t),
		});
		return second ? `${said}${t('report.ranking_second', { name: name(second), share: share(second.share) })}` : said;
	},
	funnel(a, t) {
		const f = a.facts;
		if (num(f.won) + num(f.lost) === 0 && !num(f.leads)) return t('report.funnel_none');
		const deals = t('report.funnel_said', {
			won: number(f.won),
			closed: number(num(f.won) + num(f.lost)),
			rate: f.rate === null ? '–' : share(f.rate),
			amount: money(f.won_amount, a.currency, { whole: true }),
		});
		return num(f.leads) ? `${t('report.funnel_leads', { n: number(f.leads), converted: share(num(f.converted) / num(f.leads)) })}${deals}` : deals;
	},
	movement(a, t) {
		const f = a.facts, whole = (v: unknown) => money(v, a.currency, { whole: true });
		return t('report.movement_said', {
			before: number(f.before),
			in: number(f.in),
			won: number(f.won),
			amount: whole(f.won_amount),
			lost: number(f.lost),
			after: number(f.after),
			worth: whole(f.after_amount),
			slipped: number(f.slipped),
		});
	},
	returning(a, t) {
		const f = a.facts;
		return num(f.new_sales) + num(f.old_sales) === 0 && num(f.new) === 0 ? t('report.none')
			: t('report.returning_said', { n: number(f.new), share: f.old_share === null ? '–' : share(f.old_share) });
	},
	cohorts(a, t) {
		const f = a.facts;
		if (num(f.customers) === 0) return t('report.none_new');
		if (f.after_1 === undefined) return t('report.cohorts_early', { n: number(f.customers) });
		return t(f.after_3 === undefined ? 'report.cohorts_said_1' : 'report.cohorts_said', {
			n: number(f.customers),
			one: share(f.after_1),
			three: share(f.after_3),
		});
	},
	rfm(a, t) {
		const groups = namedRows(a, 'groups');
		if (groups.length === 0) return t('report.rfm_few', { n: number(a.facts.customers ?? 0) });
		const of = (...names: string[]) => groups.filter((g) => names.includes(String(g.group)));
		const people = (rows: typeof groups) => rows.reduce((n, g) => n + num(g.customers), 0);
		const best = of('champions', 'loyal');
		const said = t('report.rfm_said', {
			n: number(a.facts.customers), best: number(people(best)), share: share(best.reduce((n, g) => n + num(g.sales_share), 0)),
			risk: number(people(of('at_risk', 'cant_lose'))),
		});
		return a.facts.up === undefined ? said
			: `${said}${t('report.rfm_moved', { day: date(a.facts.before), up: number(a.facts.up), down: number(a.facts.down) })}`;
	},
	concentration(a, t) {
		const f = a.facts;
		return num(f.customers) === 0 ? t('report.none') : t('report.concentration_said', {
			n: number(f.customers), top: share(f.top_share), part: share(f.share_for_80), gini: number(num(f.gini).toFixed(2)),
		});
	},
	silence(a, t) {
		const f = a.facts;
		return num(f.customers) === 0 ? t('report.none') : num(f.overdue) === 0 ? t('report.silence_nobody', { n: number(f.customers) })
			: t('report.silence_said', { n: number(f.customers), overdue: number(f.overdue), sales: money(f.overdue_sales, a.currency, { whole: true }) });
	},
	baskets(a, t) {
		const first = namedRows(a, 'pairs')[0];
		if (num(a.facts.orders) === 0) return t('report.none');
		if (!first) return t('report.baskets_nothing', { orders: number(a.facts.orders) });
		const name = (value: unknown) => (value as { name: string | null } | null)?.name ?? '–';
		return t('report.baskets_said', {
			a: name(first.product),
			b: name(first.other),
			lift: number(num(first.lift).toFixed(1)),
			rules: number(a.facts.rules),
			orders: number(a.facts.orders),
		});
	},
};

export const sentenceOf = (answer: Answer, t: T): string => SAID[answer.report]?.(answer, t) ?? '';
