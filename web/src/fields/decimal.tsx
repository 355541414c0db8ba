import type { Field } from '@/api/types.ts';
import { number } from '@/lib/format.ts';
import type { EditProps, Kind, ShowProps } from './kind.ts';
import { NumberEdit, NumberFilter, notNumber, numberWord } from './number.tsx';

function Show({ field, value }: ShowProps) {
	return <span className="number">{shown(field, value)}</span>;
}

/** Four digits are unit prices finer than a cent: people still write two. */
function shown(field: Field, value: unknown): string {
	return number(trim(value), field.scale === 4 ? { minimumFractionDigits: 2 } : {});
}

/** 3.000 is 3: trailing zeros are storage, not meaning. */
function trim(value: unknown): unknown {
	return typeof value === 'string' && value.includes('.') ? value.replace(/\.?0+$/, '') : value;
}

export const decimal: Kind = {
	Show,
	Edit: (props: EditProps) => <NumberEdit {...props} scale={props.field.scale ?? 2} />,
	Filter: NumberFilter,
	word: (_, value) => numberWord(value),
	text: shown,
	check: (field, value) => notNumber(value, field.scale ?? 2),
	align: 'right',
	width: 110,
	inline: true,
};
