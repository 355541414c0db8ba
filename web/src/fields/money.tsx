import { useMeta } from '@/app/context.tsx';
import type { Field, Row } from '@/api/types.ts';
import { currencyDigits, money as format, number } from '@/lib/format.ts';
import type { EditProps, Kind, ShowProps } from './kind.ts';
import { NumberEdit, NumberFilter, notNumber } from './number.tsx';

/** The record's own currency, or the one the books are kept in. */
export function currencyOf(field: Field, row: Row | undefined, base: string): string {
	const own = field.currency_field ? row?.[field.currency_field] : null;
	return typeof own === 'string' && own !== '' ? own : base;
}

function Show({ field, value, row }: ShowProps) {
	const currency = currencyOf(field, row, useMeta().base_currency);
	return <span className={String(value).startsWith('-') ? 'number minus' : 'number'}>{format(value, currency)}</span>;
}

function Edit(props: EditProps) {
	const currency = currencyOf(props.field, props.row, useMeta().base_currency);
	return <NumberEdit {...props} scale={currencyDigits(currency)} unit={currency} />;
}

export const money: Kind = {
	Show,
	Edit,
	Filter: NumberFilter,
	word: (_, value) => number(value),
	text: (_, value) => number(value),
	check: (_, value) => notNumber(value, 4),
	align: 'right',
	width: 120,
	inline: true,
};
