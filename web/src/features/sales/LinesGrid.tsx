/** An order's lines as a grid: by keyboard alone, by scanner, by touch; the sums follow at once. */
import { CloseOutlined, PlusOutlined } from '@ant-design/icons';
import { Button, Input, Select } from 'antd';
import { type KeyboardEvent, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { fieldOf } from '@/api/records.ts';
import type { Entity } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import { useGoTo } from '@/components/common/goTo.ts';
import { creatable } from '@/fields/index.tsx';
import { money, number, sumDecimals } from '@/lib/format.ts';
import { type Cell, faultsOf, filled, freshLine, isEmpty, type Line, meant, type Product, totalOf } from './lines.ts';
import { findProducts, ProductCell } from './ProductCell.tsx';

interface Props {
	entity: Entity;
	products: Entity;
	lines: Line[];
	currency: string;
	/** Of new lines. */
	kind: string;
	/** A save was refused: what is wrong is shown everywhere. */
	strict: boolean;
	autoFocus: boolean;
	onChange(change: (old: Line[]) => Line[]): void;
}

const NUMBERS: Cell[] = ['quantity', 'price', 'discount'];
/** A line's field behind each cell. */
const FIELD: Record<Cell, string> = { typed: 'sku', name: 'name', quantity: 'quantity', unit: 'unit', price: 'unit_price', discount: 'discount' };

export function LinesGrid({ entity, products, lines, currency, kind, strict, autoFocus, onChange }: Props) {
	const { base_currency: base } = useMeta();
	const { t } = useTranslation();
	const id = useId();
	const { box, ask } = useGoTo();
	const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
	const [said, setSaid] = useState('');
	const cells = (['typed', 'name', 'quantity', 'unit', 'price', 'discount'] as Cell[]).filter((c) => {
		const field = fieldOf(entity, FIELD[c]);
		return field && creatable(field);
	});
	const kinds = fieldOf(entity, 'kind');
	const label = (cell: Cell) => fieldOf(entity, FIELD[cell])?.label ?? '';

	const set = (key: number, change: Partial<Line>) => onChange((old) => old.map((l) => (l.key === key ? { ...l, ...change } : l)));
	const goTo = (key: number, cell: Cell) => {
		ask(`${key}.${cell}`);
		// The state may be what it was; the focus is not.
		setLeft((old) => new Set(old));
	};
	const leave = (key: number, cell: Cell) => setLeft((old) => (old.has(`${key}.${cell}`) ? old : new Set(old).add(`${key}.${cell}`)));

	/** To the next line's first cell; there is always one. */
	function next(key: number) {
		const at = lines.findIndex((l) => l.key === key);
		const after = lines[at + 1];
		if (after) {
			goTo(after.key, 'typed');
			return;
		}
		const line = freshLine(kind);
		onChange((old) => [...old, line]);
		goTo(line.key, 'typed');
	}

	/** The same thing scanned again is one more of it, not another line. */
	function put(key: number, product: Product, scanned: boolean) {
		onChange((old) => {
			const at = old.findIndex((l) => l.key === key);
			const line = old[at];
			if (!line) return old;
			const twin = scanned ? old.slice(0, at).findLast((l) => !isEmpty(l)) : undefined;
			if (twin && twin.product === product.id && twin.kind === line.kind && /^\d+$/.test(twin.quantity)) {
				const quantity = sumDecimals([twin.quantity, '1']);
				setSaid(t('order.more_found', { name: product.name ?? product.sku, quantity }));
				const rest = old.filter((l) => l.key !== key).map((l) => (l.key === twin.key ? { ...l, quantity } : l));
				return rest.some((l) => isEmpty(l)) ? rest : [...rest, { ...freshLine(kind), key }];
			}
			setSaid(t('order.filled', { n: number(at + 1), name: product.name ?? product.sku }));
			return old.map((l) => (l.key === key ? filled(l, product, currency, base) : l));
		});
	}

	async function look(key: number, text: string, go: boolean) {
		const wants = text.trim() !== '';
		if (wants) set(key, { waiting: true, problem: null });
		if (go) next(key);
		if (!wants) return;
		let found: Product[];
		try {
			found = await findProducts(products, text);
		} catch {
			set(key, { waiting: false, problem: 'state.offline' });
			return;
		}
		const one = meant(text, found);
		if (one) put(key, one, go);
		else set(key, { waiting: false, problem: found.length > 0 ? 'order.several_products' : 'order.no_product' });
	}

	function choose(key: number, product: Product, go: boolean) {
		put(key, product, false);
		if (go) next(key);
		else goTo(key, 'quantity');
	}

	function onKeyDown(event: KeyboardEvent, line: Line, cell: Cell) {
		if (event.nativeEvent.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
		const at = lines.findIndex((l) => l.key === line.key);
		if (event.key === 'Enter') {
			event.preventDefault();
			next(line.key);
		} else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
			const other = lines[at + (event.key === 'ArrowDown' ? 1 : -1)];
			if (!other) return;
			event.preventDefault();
			goTo(other.key, cell);
		}
	}

	return (
		<div className="lines-grid" ref={box}>
			<table className="plain-table" role="grid" aria-label={entity.label_many} aria-describedby={`${id}hint`}>
				<thead>
					<tr>
						<th scope="col"><span className="sr-only">{fieldOf(entity, 'position')?.label}</span></th>
						{kinds && creatable(kinds) && <th scope="col">{kinds.label}</th>}
						{cells.map((c) => <th key={c} scope="col" className={NUMBERS.includes(c) ? 'is-right' : undefined}>{label(c)}</th>)}
						<th scope="col" className="is-right">{fieldOf(entity, 'total')?.label}</th>
						<th scope="col"><span className="sr-only">{t('word.actions')}</span></th>
					</tr>
				</thead>
				<tbody>
					{lines.map((line, i) => {
						const faults = faultsOf(line);
						const shown = (cell: Cell) => (faults[cell] && (strict || left.has(`${line.key}.${cell}`) || (cell === 'typed' && line.problem)) ? faults[cell] : null);
						const problems = cells.filter((c) => shown(c));
						const total = totalOf(line);
						const name = (cell: Cell) => t('order.line_of', { n: number(i + 1), field: label(cell) });
						const common = (cell: Cell) => ({
							'aria-label': name(cell), 'aria-invalid': shown(cell) ? true : undefined, 'aria-describedby': shown(cell) ? `${id}${line.key}p` : undefined,
							status: shown(cell) ? 'error' as const : undefined, 'data-at': `${line.key}.${cell}`, autoComplete: 'off',
							onKeyDown: (e: KeyboardEvent) => onKeyDown(e, line, cell), onBlur: () => leave(line.key, cell),
						});
						return (
							<tr key={line.key} className={line.waiting ? 'is-waiting' : undefined} aria-busy={line.waiting || undefined}>
								<td className="quiet lines-no">{number(i + 1)}</td>
								{kinds && creatable(kinds) && (
									<td data-cell="kind">
										<Select
											value={line.kind} onChange={(v: string) => set(line.key, { kind: v })} options={kinds.options?.map((o) => ({ value: o.value, label: o.label }))}
											aria-label={t('order.line_of', { n: number(i + 1), field: kinds.label })} popupMatchSelectWidth={false} tabIndex={-1}
										/>
									</td>
								)}
								{cells.map((cell) => (
									<td key={cell} data-cell={cell} data-label={label(cell)}>
										{cell === 'typed' ? (
											<ProductCell
												entity={products} value={line.typed} label={name(cell)} placeholder={t('order.code_hint')} invalid={shown(cell) !== null && shown(cell) !== undefined}
												describedBy={shown(cell) ? `${id}${line.key}p` : undefined} currency={currency} autoFocus={autoFocus && i === 0} at={`${line.key}.typed`}
												onType={(text) => set(line.key, { typed: text, product: null, problem: null })}
												onChoose={(product, go) => choose(line.key, product, go)} onLook={(text, go) => void look(line.key, text, go)}
												onEmptyEnter={() => box.current?.closest('form')?.querySelector<HTMLElement>('.form-foot [type="submit"]')?.focus()}
											/>
										) : NUMBERS.includes(cell) ? (
											<Input
												{...common(cell)} className="number-input" inputMode="decimal" value={line[cell]} onFocus={(e) => e.target.select()}
												onChange={(e) => set(line.key, { [cell]: e.target.value })}
											/>
										) : (
											<Input {...common(cell)} value={line[cell]} maxLength={cell === 'unit' ? 30 : 250} onChange={(e) => set(line.key, { [cell]: e.target.value })} />
										)}
									</td>
								))}
								<td className="is-right number lines-total" data-label={fieldOf(entity, 'total')?.label}>{isEmpty(line) ? '' : total === null ? '—' : money(total, currency)}</td>
								<td className="lines-drop">
									<Button
										type="text" size="small" icon={<CloseOutlined />} aria-label={t('order.drop_line', { n: number(i + 1) })} tabIndex={-1} disabled={lines.length === 1 && isEmpty(line)}
										onClick={() => onChange((old) => (old.length === 1 ? [freshLine(kind)] : old.filter((l) => l.key !== line.key)))}
									/>
								</td>
								{problems.length > 0 && (
									<td className="lines-problem" id={`${id}${line.key}p`} role="alert">
										<span className="problem">{problems.map((c) => t(shown(c)!, { typed: line.typed })).join(' ')}</span>
									</td>
								)}
							</tr>
						);
					})}
				</tbody>
			</table>
			<div className="lines-foot">
				<Button size="small" icon={<PlusOutlined />} onClick={() => next(lines.at(-1)?.key ?? 0)}>{t('order.add_line')}</Button>
				<span className="hint" id={`${id}hint`}>{t('order.grid_hint')}</span>
			</div>
			<p className="sr-only" role="status">{said}</p>
		</div>
	);
}
