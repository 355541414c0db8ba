/** Days as people plan them: in their own time zone, from the week's first day on. */

/** So many days from now, at nine. */
export function inDays(days: number, now = new Date()): Date {
	return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, 9);
}

/** As a datetime-local field takes it. */
export function localInput(at: Date): string {
	const two = (n: number) => String(n).padStart(2, '0');
	return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

export const startOfDay = (at: Date, days = 0) => new Date(at.getFullYear(), at.getMonth(), at.getDate() + days);

/** The day as a key, "2026-11-30". */
export function dayKey(at: Date): string {
	return localInput(at).slice(0, 10);
}

/** Seven days of the week that `at` is in. */
export function weekOf(at: Date, begins: string | undefined): Date[] {
	const first = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'].indexOf(begins ?? 'monday');
	const back = (at.getDay() - Math.max(0, first) + 7) % 7;
	return Array.from({ length: 7 }, (_, i) => startOfDay(at, i - back));
}

/** The weeks that show the month `at` is in. */
export function monthOf(at: Date, begins: string | undefined): Date[] {
	const [first] = weekOf(new Date(at.getFullYear(), at.getMonth(), 1), begins);
	const end = new Date(at.getFullYear(), at.getMonth() + 1, 1);
	const days: Date[] = [];
	for (let day = first!; day < end || days.length % 7 !== 0; day = startOfDay(day, 1)) days.push(day);
	return days;
}
