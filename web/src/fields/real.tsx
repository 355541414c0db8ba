import { number } from '@/lib/format.ts';
import type { EditProps, Kind, ShowProps } from './kind.ts';
import { NumberEdit, NumberFilter, notNumber, numberWord } from './number.tsx';

function Show({ value }: ShowProps) {
	return <span className="number">{number(value, { maximumFractionDigits: 3 })}</span>;
}

export const real: Kind = {
	Show,
	Edit: (props: EditProps) => <NumberEdit {...props} scale={15} />,
	Filter: NumberFilter,
	word: (_, value) => numberWord(value),
	text: (_, value) => number(value, { maximumFractionDigits: 3 }),
	check: (_, value) => notNumber(value, 15),
	wire: (value) => (typeof value === 'string' && value !== '' && Number.isFinite(Number(value)) ? Number(value) : value),
	align: 'right',
	width: 100,
	inline: true,
};
