/** A quote's lines as a grid, by keyboard alone; prices, reasons and sums are the server's, while one types. */
import { CloseOutlined, InfoCircleOutlined, PlusOutlined } from '@ant-design/icons';
import { Alert, App, Button, Checkbox, Input, Tooltip } from 'antd';
import { useQuery } from '@tanstack/react-query';
import { type KeyboardEvent, useEffect, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, BASE, patch, post, put } from '@/api/client.ts';
import { entityOf, fetchPage, fieldOf, refresh, useCache } from '@/api/records.ts';
import type { Entity, Row } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import { useGoTo } from '@/components/common/goTo.ts';
import { Failed, Loading } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { money, number, parseDecimal } from '@/lib/format.ts';
import { useDelayed } from '@/lib/delayed.ts';
import { meant, type Product } from '@/features/sales/lines.ts';
import { findProducts, ProductCell } from '@/features/sales/ProductCell.tsx';
import { askLine, type Cell, counts, faultsOf, freshLine, isEmpty, isWhole, type Line, lineOf, type Priced, type Sums, wireLine } from './lines.ts';
import './quotes.css';

const CELLS: Exclude<Cell, 'typed'>[] = ['quantity', 'unit', 'price', 'discount'];
const FIELD: Record<Cell, string> = { typed: 'product_id', quantity: 'quantity', unit: 'unit', price: 'price_by_hand', discount: 'discount_percent' };

/** Asks what the lines come to; what is being typed waits a moment. */
function usePrices(quote: Row, lines: Line[], discount: string, counting: boolean) {
	const asked = lines.filter((l) => isWhole(l) && counts(l) === counting);
	const body = {
		customer_id: quote.customer_id, channel_id: quote.channel_id ?? null, currency: quote.currency || null,
		...(counting
			? { coupons: String(quote.coupons ?? '').split(',').map((c) => c.trim()).filter(Boolean), discount: parseDecimal(discount || '0', 4) ?? '0' }
			: {}),
		lines: asked.map(askLine),
	};
	const rested = useDelayed(JSON.stringify(body), 200);
	const answer = useQuery({
		queryKey: ['some', 'price', rested], enabled: counting || asked.length > 0, staleTime: 60_000, retry: false,
		placeholderData: (old: Sums | undefined) => old,
		queryFn: () => post<Sums>(`${BASE}/price`, JSON.parse(rested)),
	});
	const of = new Map<number, Priced>(asked.flatMap((l, i) => (answer.data?.lines[i] ? [[l.key, answer.data.lines[i]] as const] : [])));
	return { sums: answer.data, of, busy: answer.isFetching, error: answer.error, asked: asked.length };
}

export function QuoteGrid({ entity, quote, fixed }: { entity: Entity; quote: Row; fixed: boolean }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const child = entityOf(meta, 'quote_line');
	const query = useQuery({
		queryKey: ['list', 'quote_line', quote.id, quote.version], enabled: child !== undefined,
		queryFn: async () => (await fetchPage(child!, new URLSearchParams({ quote_id: `eq.${quote.id}`, order: 'position.asc', limit: '1000' }))).rows,
	});
	if (!child) return null;
	if (query.isError) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
	if (!query.data) return <Loading />;
	const rows = query.data.filter((r) => fixed || r.source !== 'gift');
	return fixed
		? <Fixed child={child} rows={rows} quote={quote} entity={entity} />
		: <Editor key={`${quote.id}.${String(quote.version)}`} entity={entity} child={child} quote={quote} rows={rows} label={t('quote.lines')} />;
}

function Fixed({ child, rows, quote, entity }: { child: Entity; rows: Row[]; quote: Row; entity: Entity }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const currency = String(quote.currency || meta.base_currency);
	return (
		<div className="quote-grid">
			<table className="plain-table">
				<thead>
					<tr>
						<th scope="col">{fieldOf(child, 'name')?.label}</th>
						<th scope="col" className="is-right">{fieldOf(child, 'quantity')?.label}</th>
						<th scope="col" className="is-right">{fieldOf(child, 'price')?.label}</th>
						<th scope="col" className="is-right">{fieldOf(child, 'off')?.label}</th>
						<th scope="col" className="is-right">{fieldOf(child, 'total')?.label}</th>
					</tr>
				</thead>
				<tbody>
					{rows.map((r) => (
						<tr key={r.id} className={r.optional && !r.chosen ? 'is-optional' : undefined}>
							<td data-label={fieldOf(child, 'name')?.label}>
								{String(r.name ?? '')}
								{r.optional === true && <span className="quiet"> · {t(r.chosen ? 'quote.option_chosen' : 'quote.option')}</span>}
								<div className="hint">{String(r.reason ?? '')}</div>
							</td>
							<td className="is-right number" data-label={fieldOf(child, 'quantity')?.label}>
								{number(Number(r.quantity))} {String(r.unit ?? '')}
							</td>
							<td className="is-right number" data-label={fieldOf(child, 'price')?.label}>{money(r.price, currency)}</td>
							<td className="is-right number" data-label={fieldOf(child, 'off')?.label}>{Number(r.off) > 0 ? money(r.off, currency) : ''}</td>
							<td className="is-right number" data-label={fieldOf(child, 'total')?.label}>{money(r.total, currency)}</td>
						</tr>
					))}
				</tbody>
			</table>
			<table className="plain-table sums quote-sums">
				<caption className="sr-only">{t('quote.sums')}</caption>
				<tbody>
					{['off', 'net', 'tax', 'total'].map((name) => (
						<tr key={name} className={name === 'total' ? 'is-total' : undefined}>
							<th scope="row">{fieldOf(entity, name)?.label}</th>
							<td className="is-right number">{money(quote[name], currency)}</td>
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}

function Editor({ entity, child, quote, rows, label }: { entity: Entity; child: Entity; quote: Row; rows: Row[]; label: string }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const id = useId();
	const { box, ask } = useGoTo();
	const [lines, setLines] = useState<Line[]>(() => [...rows.map(lineOf), ...(rows.length === 0 ? [freshLine()] : [])]);
	const [discount, setDiscount] = useState(() => (Number(quote.discount) > 0 ? String(quote.discount) : ''));
	const [strict, setStrict] = useState(false);
	const [dirty, setDirty] = useState(false);
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState<string | null>(null);
	const [, bump] = useState(0);
	const products = entityOf(meta, 'product');
	const currency = String(quote.currency || meta.base_currency);
	const main = usePrices(quote, lines, discount, true);
	const options = usePrices(quote, lines, discount, false);
	const priced = (line: Line) => main.of.get(line.key) ?? options.of.get(line.key);
	const cellLabel = (cell: Cell) => fieldOf(child, FIELD[cell])?.label ?? '';

	useEffect(() => {
		if (!dirty) return;
		const ask = (e: BeforeUnloadEvent) => e.preventDefault();
		window.addEventListener('beforeunload', ask);
		return () => window.removeEventListener('beforeunload', ask);
	}, [dirty]);

	function change(work: (old: Line[]) => Line[]) {
		setDirty(true);
		setLines(work);
	}
	const set = (key: number, what: Partial<Line>) => change((old) => old.map((l) => (l.key === key ? { ...l, ...what } : l)));
	function goTo(key: number, cell: Cell) {
		ask(`${key}.${cell}`);
		bump((n) => n + 1);
	}
	function next(key: number) {
		const after = lines[lines.findIndex((l) => l.key === key) + 1];
		if (after) return goTo(after.key, 'typed');
		const line = freshLine();
		change((old) => [...old, line]);
		goTo(line.key, 'typed');
	}
	function fill(key: number, product: Product) {
		set(key, {
			product: product.id, typed: product.name ?? product.sku ?? '', name: product.name ?? '', unit: product.unit ?? '', waiting: false,
			problem: null,
		});
	}
	async function look(key: number, text: string, go: boolean) {
		if (go) next(key);
		if (text.trim() === '' || !products) return;
		set(key, { waiting: true, problem: null });
		try {
			const found = await findProducts(products, text);
			const one = meant(text, found);
			if (one) fill(key, one);
			else set(key, { waiting: false, name: text.trim(), problem: found.length > 0 ? 'order.several_products' : 'quote.no_product' });
		} catch {
			set(key, { waiting: false, problem: 'state.offline' });
		}
	}
	function onKeyDown(event: KeyboardEvent, line: Line, cell: Cell) {
		if (event.nativeEvent.isComposing || event.altKey) return;
		if (event.ctrlKey || event.metaKey) return;
		if (event.key === 'Enter') {
			event.preventDefault();
			next(line.key);
		} else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
			const other = lines[lines.findIndex((l) => l.key === line.key) + (event.key === 'ArrowDown' ? 1 : -1)];
			if (!other) return;
			event.preventDefault();
			goTo(other.key, cell);
		}
	}
	async function save() {
		setProblem(null);
		const written = lines.filter((l) => !isEmpty(l));
		if (written.some((l) => !isWhole(l))) {
			setStrict(true);
			return;
		}
		setBusy(true);
		try {
			await put(`${BASE}/quote/${quote.id}/lines`, { lines: written.map(wireLine) });
			const off = parseDecimal(discount || '0', 4) ?? '0';
			if (Number(off) !== Number(quote.discount ?? 0)) await patch(`${BASE}/quote/${quote.id}`, { discount: off });
			setDirty(false);
			await refresh(cache, 'quote', 'quote_line');
			void message.success(t('save.saved', { name: String(quote.number ?? '') }));
		} catch (error) {
			setProblem(problemText(error, t));
		} finally {
			setBusy(false);
		}
	}

	const faults = main.error instanceof ApiError ? problemText(main.error, t) : null;
	return (
		<div
			className="quote-grid" ref={box}
			onKeyDown={(e) => {
				if (e.key !== 'Enter' || !(e.ctrlKey || e.metaKey)) return;
				e.preventDefault();
				void save();
			}}
		>
			<table className="plain-table" role="grid" aria-label={label} aria-describedby={`${id}hint`}>
				<thead>
					<tr>
						<th scope="col"><span className="sr-only">{fieldOf(child, 'position')?.label}</span></th>
						<th scope="col">{cellLabel('typed')}</th>
						{CELLS.map((c) => (
							<th key={c} scope="col" className={c === 'unit' ? undefined : 'is-right'}>
								{c === 'price' ? fieldOf(child, 'price')?.label : cellLabel(c)}
							</th>
						))}
						<th scope="col">{fieldOf(child, 'optional')?.label}</th>
						<th scope="col" className="is-right">{fieldOf(child, 'total')?.label}</th>
						<th scope="col"><span className="sr-only">{t('word.actions')}</span></th>
					</tr>
				</thead>
				<tbody>
					{lines.map((line, i) => {
						const wrong = strict || line.problem ? faultsOf(line) : {};
						const said = priced(line);
						const name = (cell: Cell) => t('order.line_of', { n: number(i + 1), field: cellLabel(cell) });
						return (
							<tr key={line.key} className={counts(line) ? undefined : 'is-optional'} aria-busy={line.waiting || undefined}>
								<td className="quiet quote-no">{number(i + 1)}</td>
								<td data-cell="typed" data-label={cellLabel('typed')}>
									{products ? (
										<ProductCell
											entity={products} value={line.typed} label={name('typed')} placeholder={t('order.code_hint')}
											invalid={wrong.typed !== undefined} currency={currency}
											autoFocus={rows.length === 0 && i === 0} at={`${line.key}.typed`}
											onType={(text) => set(line.key, { typed: text, name: text, product: null, problem: null })}
											onChoose={(product, go) => {
												fill(line.key, product);
												if (go) next(line.key);
												else goTo(line.key, 'quantity');
											}}
											onLook={(text, go) => void look(line.key, text, go)} onEmptyEnter={() => void save()}
										/>
									) : (
										<Input
											value={line.typed} aria-label={name('typed')} data-at={`${line.key}.typed`}
											onChange={(e) => set(line.key, { typed: e.target.value, name: e.target.value })}
										/>
									)}
									{said && (
										<div className="hint quote-why">
											<InfoCircleOutlined aria-hidden /> {said.reason.text}
											{said.promotions.map((p) => ` · ${p.name} −${money(p.amount, currency)}`).join('')}
										</div>
									)}
									{Object.values(wrong)[0] && (
										<div className="problem" role="alert">{t(Object.values(wrong)[0]!, { typed: line.typed })}</div>
									)}
								</td>
								{CELLS.map((cell) => (
									<td key={cell} data-cell={cell} data-label={cell === 'price' ? fieldOf(child, 'price')?.label : cellLabel(cell)}>
										<Input
											className={cell === 'unit' ? undefined : 'number-input'} inputMode={cell === 'unit' ? 'text' : 'decimal'}
											value={line[cell]} aria-label={name(cell)} data-at={`${line.key}.${cell}`}
											autoComplete="off" status={wrong[cell] ? 'error' : undefined}
											aria-invalid={wrong[cell] ? true : undefined} maxLength={30}
											placeholder={cell === 'price' && said ? money(said.price, currency) : undefined} onFocus={(e) => e.target.select()}
											onChange={(e) => set(line.key, { [cell]: e.target.value })} onKeyDown={(e) => onKeyDown(e, line, cell)}
										/>
									</td>
								))}
								<td className="quote-option" data-label={fieldOf(child, 'optional')?.label}>
									<Checkbox
										checked={line.optional} aria-label={name('typed') + ' ' + (fieldOf(child, 'optional')?.label ?? '')}
										onChange={(e) => set(line.key, { optional: e.target.checked, chosen: false })}
									/>
									{line.optional && (
										<Checkbox checked={line.chosen} onChange={(e) => set(line.key, { chosen: e.target.checked })}>
											{fieldOf(child, 'chosen')?.label}
										</Checkbox>
									)}
								</td>
								<td className="is-right number quote-total" data-label={fieldOf(child, 'total')?.label}>
									{isEmpty(line) ? '' : said ? money(said.total, currency) : '…'}
								</td>
								<td className="quote-drop">
									<Tooltip title={t('order.drop_line', { n: number(i + 1) })}>
										<Button
											type="text" size="small" icon={<CloseOutlined />} aria-label={t('order.drop_line', { n: number(i + 1) })}
											tabIndex={-1}
											onClick={() => change((old) => (old.length === 1 ? [freshLine()] : old.filter((l) => l.key !== line.key)))}
										/>
									</Tooltip>
								</td>
							</tr>
						);
					})}
					{main.sums?.lines.slice(main.asked).map((gift, i) => (
						<tr key={`gift${i}`} className="is-gift">
							<td />
							<td>{gift.name}<div className="hint">{gift.reason.text}</div></td>
							<td className="is-right number">{number(Number(gift.quantity))}</td>
							<td colSpan={4} />
							<td className="is-right number">{money(gift.total, currency)}</td>
							<td />
						</tr>
					))}
				</tbody>
			</table>
			<div className="lines-foot">
				<Button size="small" icon={<PlusOutlined />} onClick={() => next(lines.at(-1)?.key ?? 0)}>{t('order.add_line')}</Button>
				<span className="hint" id={`${id}hint`}>{t('quote.grid_hint')}</span>
			</div>
			<table className="plain-table sums quote-sums" aria-busy={main.busy || undefined}>
				<caption className="sr-only">{t('quote.sums')}</caption>
				<tbody>
					<tr>
						<th scope="row"><label htmlFor={`${id}off`}>{fieldOf(entity, 'discount')?.label}</label></th>
						<td><Input id={`${id}off`} className="number-input" inputMode="decimal" value={discount} onChange={(e) => {
							setDirty(true);
							setDiscount(e.target.value);
						}} /></td>
					</tr>
					{main.sums?.promotions.map((p) => (
						<tr key={p.id}><th scope="row">{p.name}</th><td className="is-right number">−{money(p.amount, currency)}</td></tr>
					))}
					{main.sums
						&& ['off', 'net'].map((name) => (
							<tr key={name}>
								<th scope="row">{fieldOf(entity, name)?.label}</th>
								<td className="is-right number">{money(name === 'off' ? main.sums!.discount : main.sums!.net, currency)}</td>
							</tr>
						))}
					{main.sums?.taxes.map((x) => (
						<tr key={x.name}>
							<th scope="row">{x.name} {number(Number(x.percent))} %</th>
							<td className="is-right number">{money(x.amount, currency)}</td>
						</tr>
					))}
					<tr className="is-total">
						<th scope="row">{fieldOf(entity, 'total')?.label}</th>
						<td className="is-right number" role="status">{main.sums ? money(main.sums.total, currency) : '…'}</td>
					</tr>
				</tbody>
			</table>
			{main.sums?.refused_coupons.map((c) => <Alert key={c.coupon} type="warning" showIcon title={t(`quote.coupon.${c.why}`, { coupon: c.coupon })} />)}
			{(problem ?? faults) && <Alert type="error" showIcon title={problem ?? faults} role="alert" />}
			<div className="form-foot">
				<Button type="primary" loading={busy} disabled={!dirty} onClick={() => void save()}>{t('word.save')}</Button>
				{dirty && <span className="hint">{t('quote.unsaved')}</span>}
			</div>
		</div>
	);
}
