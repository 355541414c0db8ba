/** What stands out of a customer's own figures, each with the reason to show. */
import type { Meaning, Row } from '@/api/types.ts';
import { shareDecimal } from '@/lib/format.ts';

export interface Hint {
	key: string;
	meaning: Meaning;
	values: { days?: number; date?: string; money?: string };
}

const DAY = 86_400_000;

/** Days by the calendar, as "3 days ago" counts them everywhere else. */
function daysBetween(from: number, to: number): number {
	const midnight = (ms: number) => new Date(ms).setHours(0, 0, 0, 0);
	return Math.round((midnight(to) - midnight(from)) / DAY);
}

export function hintsOf(row: Row, now: Date, consents?: Row[]): Hint[] {
	const hints: Hint[] = [];
	const since = (value: unknown) => (value ? daysBetween(Date.parse(String(value)), now.getTime()) : null);
	const silent = since(row.last_order_at);
	if (silent !== null && silent > 90 && row.stage !== 'lost') hints.push({ key: 'silent', meaning: 'warn', values: { days: silent, date: String(row.last_order_at), money: String(row.orders_total ?? '0') } });
	const contact = since(row.last_contact_at);
	if (contact === null && Number(row.orders_count ?? 0) > 0) hints.push({ key: 'never', meaning: 'info', values: {} });
	else if (contact !== null && contact > 60) hints.push({ key: 'contact', meaning: 'info', values: { days: contact, date: String(row.last_contact_at) } });
	const birthday = /^\d{4}-(\d{2})-(\d{2})$/.exec(String(row.birthday ?? ''));
	if (birthday) {
		const today = new Date(now.getFullYear(), now.getMonth(), now.getDate());
		let next = new Date(now.getFullYear(), Number(birthday[1]) - 1, Number(birthday[2]));
		if (next < today) next = new Date(now.getFullYear() + 1, Number(birthday[1]) - 1, Number(birthday[2]));
		const days = Math.round((next.getTime() - today.getTime()) / DAY);
		if (days <= 14) hints.push({ key: days === 0 ? 'birthday_today' : 'birthday', meaning: 'good', values: { days, date: String(row.birthday) } });
	}
	if (consents) {
		// The newest word on each channel counts.
		const latest = new Map<unknown, unknown>();
		for (const c of consents) if (!latest.has(c.channel)) latest.set(c.channel, c.state);
		if ([...latest.values()].includes('withdrawn') && ![...latest.values()].includes('given')) hints.push({ key: 'no_marketing', meaning: 'bad', values: {} });
		else if (![...latest.values()].includes('given')) hints.push({ key: 'no_consent', meaning: 'quiet', values: {} });
	}
	return hints;
}

export interface Trade {
	/** Money of an average order. */
	average: string;
	/** Days between orders so far; null with fewer than two days of buying. */
	gap: number | null;
	/** Days since the last order. */
	silent: number;
	risk: 'low' | 'some' | 'high' | 'unknown';
}

/**
 * What a customer is worth and whether they are slipping away, from the kept figures alone.
 * The yardstick is the customer's own rhythm: silent for up to 1.5 of their usual gaps is
 * nothing, beyond 3 is a lot. Who bought on one day only has no rhythm yet.
 */
export function tradeOf(row: Row, now: Date): Trade | null {
	const count = Number(row.orders_count ?? 0);
	const last = Date.parse(String(row.last_order_at ?? ''));
	const first = Date.parse(String(row.first_order_at ?? ''));
	if (count < 1 || !Number.isFinite(last)) return null;
	const silent = Math.max(0, daysBetween(last, now.getTime()));
	const span = Number.isFinite(first) ? (last - first) / DAY : 0;
	const gap = count > 1 && span >= 1 ? Math.max(1, span / (count - 1)) : null;
	return {
		average: shareDecimal(String(row.orders_total ?? '0'), count, 2),
		gap, silent,
		risk: gap === null ? 'unknown' : silent <= gap * 1.5 ? 'low' : silent <= gap * 3 ? 'some' : 'high',
	};
}

/** The one thing to do next, in the order in which a good salesperson would think of it. */
export function nextOf(hints: Hint[], overdue: boolean): string | null {
	if (overdue) return 'overdue';
	const no = hints.some((h) => h.key === 'no_marketing');
	for (const key of ['birthday_today', 'silent', 'never', 'contact', 'birthday']) if (hints.some((h) => h.key === key)) return no && key !== 'never' && key !== 'contact' ? 'service' : key;
	return null;
}
