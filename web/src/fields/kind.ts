/** What every field type brings: show, edit, filter. Mirrors the server's type_*.c files. */
import type { FC } from 'react';
import type { Field, Row } from '@/api/types.ts';
import type { Op } from '@/api/query.ts';

export interface ShowProps {
	field: Field;
	value: unknown;
	row?: Row;
	/** In a table cell things are terse, in a fact they may take a line. */
	place: 'cell' | 'fact';
}

export interface EditProps {
	field: Field;
	value: unknown;
	onChange(value: unknown): void;
	row?: Row;
	id?: string;
	invalid?: boolean;
	describedBy?: string;
	autoFocus?: boolean;
	disabled?: boolean;
	/** Where there is no label element. */
	label?: string;
}

export interface FilterProps {
	field: Field;
	op: Op;
	value: string[];
	onChange(value: string[]): void;
	id?: string;
	autoFocus?: boolean;
}

export interface Kind {
	Show: FC<ShowProps>;
	Edit: FC<EditProps>;
	Filter: FC<FilterProps>;
	/** One filter value in plain words; links bring a component for that, see Chips. */
	word?(field: Field, value: string): string;
	/** Plain text for the clipboard and for comparing. */
	text(field: Field, value: unknown, row?: Row): string;
	/** The key of what is wrong with a typed value, before the server is asked. */
	check?(field: Field, value: unknown): string | null;
	/** As the server takes it. */
	wire?(value: unknown): unknown;
	align?: 'right';
	width: number;
	/** Can be changed right in a list. */
	inline?: boolean;
}

export function isNothing(value: unknown): boolean {
	return value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
}
