/** What the server says of commission, and how a line is read aloud: "800 × 4 % = 32". */
import type { TFunction } from 'i18next';
import { money, number } from '@/lib/format.ts';

export interface Line {
	kind: 'sale' | 'late' | 'clawback' | 'cap' | 'floor' | 'adjustment';
	day: string;
	number: string | null;
	source: string;
	order_id?: string;
	plan: string;
	note: string;
	base: string | null;
	share: string | null;
	credited: string | null;
	units: string | null;
	bracket: string | null;
	per_unit: boolean;
	rate: string | null;
	capped: boolean;
	result: string | null;
}

export interface Plan {
	name: string;
	event: string;
	base: string;
	measure: string;
	mode: string;
	pays: string;
	brackets: { from: string; to?: string | null; rate: string }[];
}

export interface Warnings {
	no_rate: number;
	no_cost: number;
	no_target: number;
	no_owner: number;
}

export interface Overlap {
	kind: string;
	first: string;
	second: string;
}

interface Head {
	period: string;
	from: string;
	until: string;
	over: boolean;
	closed: boolean;
	currency: string;
	total: string | null;
}

export interface Statement extends Head {
	person: string;
	name: string;
	count: number;
	offset: number;
	plans: Plan[];
	lines: Line[];
	warnings: Warnings;
	overlaps: Overlap[];
}

export interface Standing {
	person: string;
	name: string;
	lines: number;
	total: string | null;
	before: string | null;
	statement?: string;
	paid_on: string | null;
}

export interface Overview extends Head {
	may_close: boolean;
	may_pay: boolean;
	rows: Standing[];
	digest?: string;
	warnings?: Warnings;
	overlaps?: Overlap[];
}

const plain = (value: string) => number(value, { maximumFractionDigits: 6 });

/** The line as it is worked out; what is given by hand or bounded has nothing to work out. */
export function sum(line: Line, currency: string, t: TFunction): string {
	if (line.rate === null || line.credited === null) return '';
	const parts =
		line.kind === 'clawback' || line.share === '100.0000' || line.per_unit || line.base === null
			? []
			: [t('commission.of_share', { base: money(line.base, currency), share: plain(line.share ?? '') })];
	const rate = line.per_unit
		? t('commission.times_unit', { units: plain(line.units ?? ''), rate: plain(line.rate) })
		: t('commission.times', { base: money(line.credited, currency), rate: plain(line.rate) });
	parts.push(`${rate}${line.capped ? ` · ${t('commission.capped')}` : ''}`);
	return parts.join(' · ');
}

export const before = (day: string) => new Date(Date.parse(`${day}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
export const after = (day: string) => new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
