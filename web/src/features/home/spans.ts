/** Which stretches of time the figures of the home page speak of. */

const DAY = 86_400_000;

/** Bucket ends: the last one is "now", or the end of the day of the newest record where trade stopped long ago. */
export function bucketsUntil(end: Date, n: number, days: number): { from: Date; to: Date }[] {
	return Array.from({ length: n }, (_, i) => ({
		from: new Date(end.getTime() - (n - i) * days * DAY),
		to: new Date(end.getTime() - (n - i - 1) * days * DAY),
	}));
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
