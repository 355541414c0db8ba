/** The cards of a dashboard: which there are, and how somebody put them. */
import type { Who } from '@/app/feature.ts';
import type { By } from './dash.ts';

export interface Dashboard {
	cards: string[];
	span?: string;
}

export const COUNTERS = ['sales', 'orders', 'mean', 'cancelled', 'customers'] as const;
export type Counter = (typeof COUNTERS)[number];
export const PARTS: By[] = ['owner', 'branch', 'channel', 'product', 'region'];
export const REPORTS = ['sales', 'ranking', 'funnel', 'movement', 'returning', 'cohorts', 'rfm', 'concentration', 'silence', 'baskets'];
const USUAL = ['sales', 'orders', 'mean', 'cancelled', 'customers', 'by_owner', 'by_product', 'latest', 'by_channel', 'report_sales'];

export const isCounter = (key: string): key is Counter => COUNTERS.includes(key as Counter);

/** Those that this person may see anything in. */
export function allCards(who: Who, reports: string[], fields: (name: string) => boolean): string[] {
	return [
		...COUNTERS.filter((c) => (c === 'customers' ? who.may('customer', 'read') : c === 'sales' || c === 'mean' ? fields('total_base') : true)),
		...(fields('total_base')
			? PARTS.filter((by) =>
					by === 'region' ? who.may('region', 'read') : by === 'product' ? who.may('product', 'read') : fields(`${by}_id`),
				).map((by) => `by_${by}`)
			: []),
		'latest', ...REPORTS.filter((r) => reports.includes(r)).map((r) => `report_${r}`),
	];
}

export function shownCards(all: string[], kept: Dashboard | undefined): string[] {
	return (kept && Array.isArray(kept.cards) ? kept.cards : USUAL).filter((key, i, list) => all.includes(key) && list.indexOf(key) === i);
}

export function moved(keys: string[], at: number, by: number): string[] {
	const next = [...keys];
	const [key] = next.splice(at, 1);
	if (key !== undefined) next.splice(Math.max(0, at + by), 0, key);
	return next;
}
