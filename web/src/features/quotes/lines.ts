/** A quote's lines while they are written, and what the server says of them. */
import type { Row } from '@/api/types.ts';
import { parseDecimal } from '@/lib/format.ts';

export interface Line {
	key: number;
	id: string | null;
	product: string | null;
	/** What stands in the first cell. */
	typed: string;
	name: string;
	quantity: string;
	unit: string;
	/** By hand; empty: what the books say. */
	price: string;
	discount: string;
	optional: boolean;
	chosen: boolean;
	heading: string;
	note: string;
	waiting?: boolean;
	/** An i18n key: why no product stands here. */
	problem?: string | null;
}

/** What POST /price answers of a line. */
export interface Priced {
	price: string;
	reason: { source: string; text: string };
	promotions: { name: string; amount: string }[];
	name: string;
	quantity: string;
	total: string;
}

export interface Sums {
	currency: string;
	lines: Priced[];
	promotions: { id: string; name: string; amount: string; coupon: string | null }[];
	refused_coupons: { coupon: string; why: string }[];
	taxes: { name: string; percent: string; net: string; amount: string }[];
	discount: string;
	net: string;
	tax: string;
	total: string;
}

let keys = 0;
export const freshKey = () => (keys = Math.max(keys + 1, Date.now()));

export function freshLine(): Line {
	return {
		key: freshKey(), id: null, product: null, typed: '', name: '', quantity: '1', unit: '', price: '', discount: '', optional: false,
		chosen: false, heading: '', note: '',
	};
}

/** "2.500" reads as it was typed: 2.5. */
const short = (value: unknown) => (value === null || value === undefined ? '' : String(value).replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, ''));

export function lineOf(row: Row): Line {
	const text = (name: string) => (row[name] === null || row[name] === undefined ? '' : String(row[name]));
	const discount = short(row.discount_percent);
	return {
		key: freshKey(), id: row.id, product: row.product_id ? String(row.product_id) : null, typed: text('name'), name: text('name'),
		quantity: short(row.quantity), unit: text('unit'),
		price: short(row.price_by_hand), discount: discount === '0' ? '' : discount, optional: row.optional === true, chosen: row.chosen === true,
		heading: text('heading'), note: text('note'),
	};
}

export const isEmpty = (line: Line) => line.typed.trim() === '' && line.product === null && line.price.trim() === '';
export const counts = (line: Line) => !line.optional || line.chosen;

const given = (text: string, scale: number, empty: string | null) => (text.trim() === '' ? empty : parseDecimal(text, scale));

export type Cell = 'typed' | 'quantity' | 'unit' | 'price' | 'discount';

/** What is wrong with a line, by cell, as i18n keys. */
export function faultsOf(line: Line): Partial<Record<Cell, string>> {
	if (isEmpty(line)) return {};
	const faults: Partial<Record<Cell, string>> = {};
	if (line.problem && line.product === null && line.price.trim() === '') faults.typed = line.problem;
	const quantity = given(line.quantity, 3, '0');
	if (quantity === null) faults.quantity = 'check.not_number';
	else if (quantity.startsWith('-') || !/[1-9]/.test(quantity)) faults.quantity = 'quote.over_zero';
	const price = given(line.price, 4, '0');
	if (price === null) faults.price = 'check.not_number';
	else if (price.startsWith('-')) faults.price = 'quote.not_negative';
	const discount = given(line.discount, 4, '0');
	if (discount === null) faults.discount = 'check.not_number';
	else if (discount.startsWith('-') || Number(discount) > 100) faults.discount = 'quote.percent';
	return faults;
}

/** Ready to be asked about. */
export const isWhole = (line: Line) => !isEmpty(line)
	&& !line.waiting
	&& (line.product !== null || line.price.trim() !== '')
	&& Object.keys(faultsOf(line)).length === 0;

export function askLine(line: Line): Record<string, unknown> {
	return {
		...(line.product ? { product_id: line.product } : {}), name: line.name || line.typed, quantity: given(line.quantity, 3, '1'), unit: line.unit || null,
		...(line.price.trim() ? { price: given(line.price, 4, null) } : {}), discount_percent: given(line.discount, 4, '0'),
	};
}

export function wireLine(line: Line): Record<string, unknown> {
	return {
		...(line.id ? { id: line.id } : {}), product_id: line.product, name: (line.name || line.typed).trim() || null,
		quantity: given(line.quantity, 3, '1'), unit: line.unit.trim() || null,
		price_by_hand: given(line.price, 4, null), discount_percent: given(line.discount, 4, '0'), optional: line.optional, chosen: line.chosen,
		heading: line.heading || null, note: line.note || null,
	};
}
