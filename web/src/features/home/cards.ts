/** Which cards somebody's home page has, and in which order. */
import type { Arranged } from '@/app/arranged.ts';
import type { HomeCard, Who } from '@/app/feature.ts';

/** Those of one's role first, until somebody arranged them; what comes new later stands at the end. */
export function cardsFor(cards: HomeCard[], who: Who, arranged: Arranged['home']): { shown: HomeCard[]; others: HomeCard[] } {
	const mine = (roles: string[] | undefined) => roles?.some((r) => who.roles.includes(r)) ?? false;
	const usual = cards.filter((c) => !c.when || c.when(who)).sort((a, b) => Number(mine(b.first)) - Number(mine(a.first)) || a.order - b.order);
	const order = arranged?.order ?? [];
	const shown = usual.filter((c) => !arranged?.hidden.includes(c.key) && (!c.roles || mine(c.roles) || order.includes(c.key)));
	const place = (c: HomeCard) => (order.includes(c.key) ? order.indexOf(c.key) : order.length);
	return { shown: shown.sort((a, b) => place(a) - place(b)), others: usual.filter((c) => !shown.includes(c)) };
}

/** One place up or down. */
export function moved(keys: string[], at: number, by: number): string[] {
	const next = [...keys];
	const [key] = next.splice(at, 1);
	if (key !== undefined) next.splice(at + by, 0, key);
	return next;
}
