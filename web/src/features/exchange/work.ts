/** What a person has chosen for an import so far; kept in the browser until it runs. */
import type { Mapping } from './mapping.ts';
import type { CellFix, Plan, Preview } from './types.ts';

export interface Work {
	encoding?: string;
	delimiter?: string;
	header?: boolean;
	sheet?: string;
	preset?: string | null;
	mapping?: Mapping;
	mode: NonNullable<Plan['mode']>;
	key: string[];
	/** "entity.field" → one value for all rows. */
	defaults: Record<string, string>;
	/** "entity.field" → what words of the file mean; "" leaves the cell empty. */
	values: Record<string, Record<string, string>>;
	/** "entity.field" or "*": what can't be taken is left out. */
	leave: string[];
	cells: CellFix[];
	/** How the file writes dates and numbers, and where it is from; what is absent is found out from the file, or the firm's. */
	reading: Pick<Plan, 'time_zone' | 'date_order' | 'number' | 'country'>;
	/** What the server was told last, without the choices of the check. */
	sent?: Plan;
}

export const FRESH: Work = { mode: 'upsert', key: [], defaults: {}, values: {}, leave: [], cells: [], reading: {} };

/** Another reading of the file: its cells are others, and so is what was said of them. */
export const REREAD: Partial<Work> = { mapping: undefined, cells: [], values: {} };

const place = (id: string) => `guanxi.import.${id}`;

export function loadWork(id: string): Work {
	try {
		return { ...FRESH, ...(JSON.parse(localStorage.getItem(place(id)) ?? '{}') as Partial<Work>) };
	} catch {
		return FRESH;
	}
}

export function keepWork(id: string, work: Work) {
	localStorage.setItem(place(id), JSON.stringify(work));
}

export function dropWork(id: string) {
	localStorage.removeItem(place(id));
}

/** Only what still has a column: a choice for a field that is no longer mapped would stay unseen. */
function mapped(mapping: Mapping): Set<string> {
	return new Set(Object.values(mapping).map((t) => `${t.entity}.${t.field}`));
}

/** Defaults that count: of kinds of records that the file still brings. */
export function activeDefaults(mapping: Mapping, defaults: Record<string, string>): Record<string, string> {
	const kinds = new Set(Object.values(mapping).map((t) => t.entity));
	return Object.fromEntries(Object.entries(defaults).filter(([path]) => kinds.has(path.split('.')[0]!)));
}

/** When a record was created, and by whom, can come from the file; an administrator may want it so. */
const KEPT = new Set(['created_at', 'created_by']);

/** How the file is read, and where its columns go. */
export function planOf(work: Work, data: Preview, mapping: Mapping, preset: string | null, key: string[]): Plan {
	const header = work.header ?? data.header_row;
	return {
		...(data.encoding ? { encoding: data.encoding } : {}),
		...(data.delimiter ? { delimiter: data.delimiter } : {}),
		...(work.sheet ? { sheet: work.sheet } : {}),
		...(header !== undefined ? { header_row: header } : {}),
		...(preset ? { preset } : {
			mapping: Object.entries(mapping).map(([column, target]) => ({ column: Number(column), ...target })),
			...(Object.values(mapping).some((t) => KEPT.has(t.field)) ? { keep_dates: true } : {}),
			mode: work.mode,
			// What nobody chose is left to the server, which looks at the whole file.
			...(work.mode === 'create' || key.length > 0 ? { key: work.mode === 'create' ? [] : key } : {}),
			defaults: activeDefaults(mapping, work.defaults),
		}),
	};
}

/** With what was decided at the check. */
export function withChoices(sent: Plan, work: Work): Plan {
	const targets = sent.mapping ? mapped(Object.fromEntries(sent.mapping.map((m) => [m.column, m]))) : null;
	const stands = (path: string) => path === '*' || !targets || targets.has(path);
	const values = Object.fromEntries(Object.entries(work.values).filter(([path, words]) => stands(path) && Object.keys(words).length > 0));
	const leave = work.leave.filter(stands);
	return {
		...sent,
		...(Object.keys(values).length > 0 ? { values } : {}),
		...(leave.length > 0 ? { on_bad_value: Object.fromEntries(leave.map((path) => [path, 'empty' as const])) } : {}),
		...(work.cells.length > 0 ? { cells: work.cells } : {}),
		...work.reading,
	};
}
