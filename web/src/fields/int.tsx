import { number } from '@/lib/format.ts';
import type { EditProps, Kind, ShowProps } from './kind.ts';
import { NumberEdit, NumberFilter, notNumber, numberWord } from './number.tsx';

function Show({ value }: ShowProps) {
	return <span className="number">{number(value)}</span>;
}

export const int: Kind = {
	Show,
	Edit: (props: EditProps) => <NumberEdit {...props} scale={0} />,
	Filter: NumberFilter,
	word: (_, value) => numberWord(value),
	text: (_, value) => number(value),
	check: (_, value) => notNumber(value, 0),
	wire: (value) => (typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value),
	align: 'right',
	width: 84,
	inline: true,
};
