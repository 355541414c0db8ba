/** What the import speaks. */
import type { Row } from '@/api/types.ts';

export type RunState = 'new' | 'planned' | 'checking' | 'queued' | 'running' | 'cancelling' | 'cancelled' | 'failed' | 'done' | 'undoing' | 'undone';

export interface Target {
	entity: string;
	field: string;
}

export interface PreviewColumn {
	index: number;
	name: string;
	samples?: string[];
	guess?: Target | null;
}

export interface Preset {
	name: string;
	label?: string;
	text?: string;
	/** The file looks like it. */
	match?: boolean;
}

export interface Preview {
	format?: string;
	encoding?: string | null;
	delimiter?: string | null;
	header_row?: boolean;
	header?: boolean | string[];
	sheets?: string[] | null;
	sheet?: string | null;
	columns: PreviewColumn[];
	rows: (string | null)[][];
	presets?: Preset[];
	/** Rows that do not fit the columns, bytes that are no text … */
	warnings?: (string | { message: string })[];
}

export interface Plan {
	preset?: string;
	entity?: string;
	mapping?: (Target & { column: number })[];
	encoding?: string;
	delimiter?: string;
	header_row?: boolean;
	sheet?: string;
	mode?: 'create' | 'update' | 'upsert';
	key?: string[];
	defaults?: Record<string, string>;
	/** "entity.field" → what words of the file mean. */
	values?: Record<string, Record<string, string>>;
	on_bad_value?: Record<string, 'empty' | 'refuse'>;
	cells?: CellFix[];
	time_zone?: string;
	date_order?: string;
	number?: string;
	country?: string;
	keep_dates?: boolean;
}

/** A cell put right before the import; columns count from 0. */
export interface CellFix {
	row: number;
	column: number;
	value: string;
}

export interface CellProblem {
	column?: number | null;
	entity?: string;
	field?: string | null;
	key?: string;
	message: string;
}

export interface CheckRow {
	row: number;
	action?: 'create' | 'update' | 'skip' | 'fail' | null;
	cells?: (string | null)[];
	errors?: CellProblem[];
	/** Values that are left out without costing the row. */
	left?: CellProblem[];
}

/** What the whole file shows before anything is written: merged, lost, or to be read two ways. */
export interface FileWarning {
	code: string;
	entity?: string;
	field?: string;
	column?: number;
	count: number;
	rows?: number[];
	values?: string[];
	message: string;
}

export interface Check {
	warnings?: FileWarning[];
	checked?: number;
	created?: number;
	updated?: number;
	skipped?: number;
	failed?: number;
	values_left?: number;
	rows: CheckRow[];
}

export type Run = Row & {
	name?: string;
	state?: RunState;
};

/** Nothing more will happen by itself. */
export const RESTING = new Set<string>(['new', 'planned', 'cancelled', 'failed', 'done', 'undone', 'undo_stopped']);
