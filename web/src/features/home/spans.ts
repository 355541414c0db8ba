/** Which stretches of time the figures of the home page speak of. */

const DAY = 86_400_000;

/** As many days earlier, whatever summer time does. */
export function daysBefore(end: Date, n: number): Date {
	return new Date(end.getFullYear(), end.getMonth(), end.getDate() - n);
}

/** The reader's midnight of a day. */
export function dayOf(iso: string): Date {
	return new Date(Number(iso.slice(0, 4)), Number(iso.slice(5, 7)) - 1, Number(iso.slice(8, 10)));
}

/** The moment the figures speak of: now, unless the newest record is older than the whole span. */
export function anchorOf(newest: string | null, now: Date, spanDays: number): Date {
	const tomorrow = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1);
	if (!newest) return tomorrow;
	const at = new Date(newest);
	if (now.getTime() - at.getTime() < spanDays * DAY) return tomorrow;
	return new Date(at.getFullYear(), at.getMonth(), at.getDate() + 1);
}

/** How much more or less, as a fraction; null where there is nothing to compare with. */
export function growth(now: number, before: number): number | null {
	return before > 0 ? now / before - 1 : null;
}
