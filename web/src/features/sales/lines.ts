/** The lines of an order while they are being written: what a product fills in, what each comes to. */
import type { Row } from '@/api/types.ts';
import { currencyDigits, negated, parseDecimal, roundDecimal, sumDecimals, timesDecimal } from '@/lib/format.ts';

export interface Line {
	key: number;
	kind: string;
	/** What stands in the first cell: a code, a name, or the SKU of the product that was found. */
	typed: string;
	product: string | null;
	name: string;
	unit: string;
	quantity: string;
	price: string;
	discount: string;
	/** The product is being looked for. */
	waiting?: boolean;
	/** An i18n key: why no product stands here. */
	problem?: string | null;
}

export interface Product {
	id: string;
	sku: string | null;
	name: string | null;
	barcode: string | null;
	unit: string | null;
	price: string | null;
	currency: string | null;
}

export function productOf(row: Row): Product {
	const text = (name: string) => (row[name] === null || row[name] === undefined || row[name] === '' ? null : String(row[name]));
	return { id: row.id, sku: text('sku'), name: text('name'), barcode: text('barcode'), unit: text('unit'), price: text('price'), currency: text('currency') };
}

let keys = 0;
/** Later than any key that a draft may have brought. */
export function freshLine(kind = 'sale'): Line {
	keys = Math.max(keys + 1, Date.now());
	return { key: keys, kind, typed: '', product: null, name: '', unit: '', quantity: '1', price: '', discount: '' };
}

export const isEmpty = (line: Line) => line.typed.trim() === '' && line.product === null && line.name.trim() === '' && line.price.trim() === '';

/** A price in another currency is nobody's price here. */
export function filled(line: Line, product: Product, currency: string, base: string): Line {
	const same = (product.currency ?? base) === currency;
	return {
		...line, product: product.id, typed: product.sku ?? product.name ?? '', name: product.name ?? '', unit: product.unit ?? '',
		price: same ? product.price ?? '' : '', waiting: false, problem: same ? null : 'order.other_currency',
	};
}

/** Of what a search found, the one that a typed or scanned text means; null where that is open. */
export function meant(typed: string, found: Product[]): Product | null {
	const text = typed.trim().toLowerCase();
	const same = found.filter((p) => p.sku?.toLowerCase() === text || p.barcode?.toLowerCase() === text);
	if (same.length === 1) return same[0]!;
	return same.length === 0 && found.length === 1 ? found[0]! : null;
}

const given = (text: string, scale: number) => (text.trim() === '' ? '0' : parseDecimal(text, scale));

/** What comes back counts less: people write how many, the kind says which way. */
export function quantityOf(line: Line): string | null {
	const n = given(line.quantity, 3);
	if (n === null) return null;
	return line.kind === 'return' && !n.startsWith('-') ? negated(n) : n;
}

/** Quantity times price less discount, at four decimals as the server keeps it; null where something is no number. */
export function totalOf(line: Line): string | null {
	const quantity = quantityOf(line);
	const price = given(line.price, 4);
	const discount = given(line.discount, 4);
	if (quantity === null || price === null || discount === null) return null;
	return sumDecimals([roundDecimal(timesDecimal(quantity, price), 4), negated(discount)]);
}

export interface Sums {
	lines: string;
	total: string;
}

/** As the server will reckon: the lines rounded once, then what is added and taken off. */
export function sumsOf(lines: Line[], head: Record<string, unknown>, currency: string): Sums {
	const amount = (name: string) => given(String(head[name] ?? ''), 4) ?? '0';
	const sum = roundDecimal(sumDecimals(lines.filter((l) => !isEmpty(l)).map((l) => totalOf(l) ?? '0')), currencyDigits(currency));
	return { lines: sum, total: sumDecimals([sum, amount('shipping_fee'), amount('tax'), negated(amount('discount'))]) };
}

export type Cell = 'typed' | 'name' | 'quantity' | 'unit' | 'price' | 'discount';

/** What is wrong with a line, by cell, as i18n keys. */
export function faultsOf(line: Line): Partial<Record<Cell, string>> {
	if (isEmpty(line)) return {};
	const faults: Partial<Record<Cell, string>> = {};
	if (line.problem && line.problem !== 'order.other_currency' && line.name.trim() === '') faults.typed = line.problem;
	else if (!line.waiting && line.product === null && line.name.trim() === '') faults.name = 'order.name_needed';
	const quantity = given(line.quantity, 3);
	if (quantity === null) faults.quantity = 'check.not_number';
	else if (quantity.startsWith('-') && (line.kind === 'sale' || line.kind === 'gift')) faults.quantity = 'order.negative';
	else if (!/[1-9]/.test(quantity)) faults.quantity = 'order.zero';
	if (given(line.price, 4) === null) faults.price = 'check.not_number';
	else if (line.problem === 'order.other_currency' && line.price.trim() === '') faults.price = 'order.other_currency';
	if (given(line.discount, 4) === null) faults.discount = 'check.not_number';
	return faults;
}

/** As the server takes them, given with their order. */
export function wireLines(lines: Line[]): Record<string, unknown>[] {
	return lines.filter((l) => !isEmpty(l)).map((l, i) => ({
		position: i + 1, kind: l.kind, product_id: l.product, sku: l.typed.trim() || null, name: l.name.trim() || null,
		quantity: quantityOf(l), unit: l.unit.trim() || null, unit_price: given(l.price, 4), discount: given(l.discount, 4),
	}));
}
