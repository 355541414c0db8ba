/** A year of a business calendar as the server tells it, and what a page needs to draw it. */
export type Kind = 'holiday' | 'workday' | 'special' | 'break';

export interface Marked {
	date: string;
	kind: Kind;
	name: string | null;
	/** Said by the calendar itself, not by the public holidays. */
	own: boolean;
}

export interface Year {
	year: number;
	/** A sign a day, "1" worked. */
	open: string;
	workdays: number;
	minutes: number;
	days: Marked[];
	/** The last year whose public holidays are known; null: none are followed. */
	known_until: number | null;
}

export interface Day {
	date: string;
	open: boolean;
	/** What holds: the calendar's own word, or the public holiday; undefined: as its weekday. */
	mark?: Marked;
	/** The public holiday, also where the calendar has its own word. */
	public?: Marked;
}

export const isoOf = (year: number, month: number, day: number) => new Date(Date.UTC(year, month, day)).toISOString().slice(0, 10);

/** The calendar's word goes before the public holiday, what a day is before its breaks. */
const rank = (m: Marked) => (m.own ? 0 : 1) + (m.kind === 'break' ? 2 : 0);

export function daysOf(year: Year): Day[] {
	const marks = new Map<string, Marked>();
	const given = new Map(year.days.filter((m) => !m.own).map((m) => [m.date, m]));
	for (const m of year.days) {
		const had = marks.get(m.date);
		if (!had || rank(m) < rank(had)) marks.set(m.date, m);
	}
	return Array.from(year.open, (sign, i) => {
		const date = isoOf(year.year, 0, 1 + i);
		return { date, open: sign === '1', mark: marks.get(date), public: given.get(date) };
	});
}

/** Weeks of a month; null: of another month. `first`: the weekday weeks begin with, 0 is Sunday. */
export function weeksOf(days: Day[], month: number, first: number): (Day | null)[][] {
	const own = days.filter((d) => Number(d.date.slice(5, 7)) === month + 1);
	const lead = (new Date(`${own[0]!.date}T00:00:00Z`).getUTCDay() - first + 7) % 7;
	const cells: (Day | null)[] = [...Array<null>(lead).fill(null), ...own];
	while (cells.length % 7) cells.push(null);
	return Array.from({ length: cells.length / 7 }, (_, i) => cells.slice(i * 7, i * 7 + 7));
}
