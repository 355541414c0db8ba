import type { TFunction } from 'i18next';
import { number } from '@/lib/format.ts';

/** What the program says of a campaign's results. */
export interface Arm {
	control: boolean;
	variant_id?: string;
	name?: string | null;
	n: number;
	sent: number;
	unsure: number;
	failed: number;
	skipped: number;
	open: number;
	unsubscribed: number;
	buyers: number;
	orders: number;
	rate: number;
	revenue?: string;
	per_head?: number;
}

export interface Test {
	control: number;
	arm: number;
	difference: number;
	low: number;
	high: number;
	uplift: number | null;
	uplift_low: number | null;
	uplift_high: number | null;
	p: number;
	p_adjusted: number;
}

export interface Comparison {
	name?: string | null;
	whole?: boolean;
	rate: Test | null;
	per_head?: Test | null;
}

export interface StateCount {
	variant_id?: string;
	state: string;
	reason: string;
	n: number;
}

export interface Results {
	states: StateCount[];
	arms?: Arm[];
	comparisons?: Comparison[];
	cost?: string;
	gain?: number;
	gain_low?: number;
	gain_high?: number;
	return?: number;
}

/** "not_yet" while an interval takes in nothing at all. */
export function verdictOf(test: Test): 'better' | 'worse' | 'not_yet' {
	if (test.low > 0 && test.p_adjusted < 0.05) return 'better';
	return test.high < 0 && test.p_adjusted < 0.05 ? 'worse' : 'not_yet';
}

/** A difference of shares, in points. */
export function points(share: number, t: TFunction): string {
	return t('campaign.points', { n: number((share * 100).toFixed(2), { maximumFractionDigits: 2 }) });
}

/** How many are in each state, whatever the variant. */
export function byState(states: StateCount[]): Map<string, number> {
	const sums = new Map<string, number>();
	for (const s of states) sums.set(s.state, (sums.get(s.state) ?? 0) + s.n);
	return sums;
}

/** Why nothing was sent, the commonest first. */
export function reasonsOf(states: StateCount[]): { reason: string; n: number }[] {
	const sums = new Map<string, number>();
	for (const s of states) if (s.reason && (s.state === 'skipped' || s.state === 'failed')) sums.set(s.reason, (sums.get(s.reason) ?? 0) + s.n);
	return [...sums].map(([reason, n]) => ({ reason, n })).sort((a, b) => b.n - a.n);
}
