/** What stands out of a customer's own figures, each with the reason to show. */
import type { Meaning, Row } from '@/api/types.ts';

export interface Hint {
	key: string;
	meaning: Meaning;
	values: { days?: number; date?: string; money?: string };
}

const DAY = 86_400_000;

export function hintsOf(row: Row, now: Date, consents?: Row[]): Hint[] {
	const hints: Hint[] = [];
	const since = (value: unknown) => (value ? Math.floor((now.getTime() - Date.parse(String(value))) / DAY) : null);
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
		if (latest.size > 0 && ![...latest.values()].includes('given')) hints.push({ key: 'no_marketing', meaning: 'bad', values: {} });
		else if (latest.size === 0) hints.push({ key: 'no_consent', meaning: 'quiet', values: {} });
	}
	return hints;
}
