/** Tables of reports: as they are, as a grid of recency and frequency, as cohorts that fade. */
import { Button, Dropdown } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { money, number } from '@/lib/format.ts';
import { type Answer, type Cell, isNumber, monthText, type Named, namedRow, namedRows, num, type Table, type Value, valueText } from './report.ts';

export interface Choice {
	/** What the segment is called at first. */
	name: string;
	cell: Cell;
}

const idOf = (value: Value | undefined) => (value && typeof value === 'object' ? value.id : '');
const nameOf = (value: Value | undefined) => (value && typeof value === 'object' ? value.name ?? '–' : String(value ?? '–'));

/** Which customers stand behind a row. */
export function choicesOf(report: string, table: string, row: Named, index: number, t: (key: string, values?: Record<string, unknown>) => string): Choice[] {
	switch (`${report}.${table}`) {
		case 'rfm.groups': return [{ name: String(row.name), cell: { group: String(row.group) } }];
		case 'rfm.moves': return [{ name: `${String(row.before_name)} → ${String(row.now_name)}`, cell: { before: String(row.before), now: String(row.now) } }];
		case 'concentration.classes': return [{ name: t('report.class', { name: row.class }), cell: { class: String(row.class) } }];
		case 'concentration.bands': return num(row.customers) ? [{ name: t('report.band', { from: number(row.from) }), cell: { band: index } }] : [];
		case 'silence.states': return [{ name: String(row.name), cell: { state: String(row.state) } }];
		case 'returning.returning': return [
			...(num(row.new) ? [{ name: `${t('report.new')} · ${monthText(String(row.month))}`, cell: { month: String(row.month), part: 'new' } }] : []),
			...(num(row.old) ? [{ name: `${t('report.old')} · ${monthText(String(row.month))}`, cell: { month: String(row.month), part: 'old' } }] : []),
		];
		case 'baskets.pairs': return [{
			name: t('report.buys_not', { a: nameOf(row.product), b: nameOf(row.other) }), cell: { product: idOf(row.product), other: idOf(row.other) },
		}];
		default: return [];
	}
}

const PAGED = new Set(['customer', 'product']);

function Shown({ value, type, currency }: { value: Value; type: Table['columns'][number]['type']; currency: string }) {
	return value && typeof value === 'object' && value.name !== null && PAGED.has(type)
		? <Link to={`/${type}/${value.id}`}>{value.name}</Link>
		: <>{valueText(value, type, currency)}</>;
}

/** Columns that only the machine needs: their words stand beside them. */
const BARE = new Set(['group', 'before', 'now', 'state', 'first', 'last', 'move']);

export function ReportTable({ answer, table, onKeep }: { answer: Answer; table: Table; onKeep?: (choice: Choice) => void }) {
	const { t } = useTranslation();
	const worded = new Set(table.columns.filter((c) => c.type === 'text').map((c) => c.name));
	const columns = table.columns.map((c, i) => ({ ...c, i }))
		.filter((c) => !(BARE.has(c.name) && (c.type === 'text' ? worded.size > 1 : answer.report === 'sales')));
	return (
		<div className="table-scroll report-table" tabIndex={0} role="region" aria-label={table.label}>
			<table className="plain-table">
				<thead>
					<tr>
						{columns.map((c) => <th key={c.name} scope="col" className={isNumber(c.type) ? 'is-right' : undefined}>{c.label}</th>)}
						{onKeep && <th scope="col"><span className="sr-only">{t('report.keep')}</span></th>}
					</tr>
				</thead>
				<tbody>
					{table.rows.map((row, at) => {
						const choices = onKeep ? choicesOf(answer.report, table.name, namedRow(table, row), at, t) : [];
						return (
							<tr key={at}>
								{columns.map((c, i) => {
									const shown = <Shown value={row[c.i] ?? null} type={c.type} currency={answer.currency} />;
									return i === 0 ? <th key={c.name} scope="row" className={isNumber(c.type) ? 'is-right' : undefined}>{shown}</th>
										: <td key={c.name} className={isNumber(c.type) ? 'is-right' : undefined}>{shown}</td>;
								})}
								{onKeep && (
									<td className="is-right">
										{choices.length === 1 && (
											<Button size="small" type="link" onClick={() => onKeep(choices[0]!)}>
												{t('report.keep')}
											</Button>
										)}
										{choices.length > 1 && (
											<Dropdown
												trigger={['click']}
												menu={{
													items: choices.map((c, i) => ({ key: i, label: c.name })),
													onClick: ({ key }) => onKeep(choices[Number(key)]!),
												}}
											>
												<Button size="small" type="link">{t('report.keep')}</Button>
											</Dropdown>
										)}
									</td>
								)}
							</tr>
						);
					})}
				</tbody>
			</table>
		</div>
	);
}

const COLOUR: Record<string, string> = {
	champions: 'good',
	loyal: 'good',
	potential: 'info',
	new: 'info',
	promising: 'info',
	attention: 'warn',
	sleepy: 'warn',
	at_risk: 'bad',
	cant_lose: 'bad',
	lost: 'quiet',
};

/** Five by five: the latest on top, the most frequent on the right. */
export function RfmGrid({ answer, onKeep }: { answer: Answer; onKeep?: (choice: Choice) => void }) {
	const { t } = useTranslation();
	const cells = namedRows(answer, 'grid');
	if (cells.length === 0) return null;
	const at = (r: number, f: number) => cells.find((c) => c.r === r && c.f === f);
	return (
		<div className="table-scroll" tabIndex={0} role="region" aria-label={t('report.rfm_grid')}>
			<table className="rfm-grid">
				<caption className="sr-only">{t('report.rfm_grid')}</caption>
				<thead>
					<tr>
						<td />
						{[1, 2, 3, 4, 5].map((f) => (
							<th key={f} scope="col">
								F{f}
								{f === 5 && ` · ${t('report.often')}`}
								{f === 1 && ` · ${t('report.seldom')}`}
							</th>
						))}
					</tr>
				</thead>
				<tbody>
					{[5, 4, 3, 2, 1].map((r) => (
						<tr key={r}>
							<th scope="row">R{r}{r === 5 && <><br />{t('report.latest')}</>}{r === 1 && <><br />{t('report.longest')}</>}</th>
							{[1, 2, 3, 4, 5].map((f) => {
								const cell = at(r, f);
								const inside = cell && (
									<>
										<span className="sr-only">R{r} F{f} </span>
										<span className="rfm-name">{String(cell.name)}</span>
										<b>{number(cell.customers)}</b>
										<span className="rfm-sales">{money(cell.sales, answer.currency, { compact: true })}</span>
									</>
								);
								return (
									<td key={f} className={`rfm-cell is-${COLOUR[String(cell?.group)] ?? 'quiet'}`}>
										{onKeep && cell && num(cell.customers) > 0
											? (
												<button
													type="button" title={t('report.keep')}
													onClick={() => onKeep({ name: `${String(cell.name)} (R${r} F${f})`, cell: { r, f } })}
												>
													{inside}
												</button>
											) : <div>{inside}</div>}
									</td>
								);
							})}
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}

/** Months down, months after across; the fuller, the darker. */
export function CohortGrid({ answer, onKeep }: { answer: Answer; onKeep?: (choice: Choice) => void }) {
	const { t } = useTranslation();
	const rows = namedRows(answer, 'cohorts').filter((r) => num(r.customers) > 0);
	const width = Math.min(24, rows.reduce((n, r) => Math.max(n, Object.keys(r).filter((k) => k.startsWith('after_') && r[k] !== null).length), 0));
	const most = Math.max(0.01, ...rows.flatMap((r) => Array.from({ length: width }, (_, k) => num(r[`after_${k + 1}`]))));
	const running = String(answer.facts.running ?? '');
	const later = (month: string, k: number) => {
		const [y, m] = month.split('-').map(Number) as [number, number];
		return `${Math.floor((y * 12 + m - 1 + k) / 12)}-${String((y * 12 + m - 1 + k) % 12 + 1).padStart(2, '0')}`;
	};
	return (
		<div className="table-scroll" tabIndex={0} role="region" aria-label={t('report.cohort_grid')}>
			<table className="plain-table cohort-grid">
				<thead>
					<tr>
						<th scope="col">{t('report.first_month')}</th>
						<th scope="col" className="is-right">{t('report.customers')}</th>
						{Array.from({ length: width }, (_, k) => <th key={k} scope="col" className="is-right">+{k + 1}</th>)}
					</tr>
				</thead>
				<tbody>
					{rows.map((row) => {
						const month = String(row.month);
						return (
							<tr key={month}>
								<th scope="row">{monthText(month)}</th>
								<td className="is-right">
									{onKeep ? (
										<Button
											size="small" type="link"
											onClick={() => onKeep({ name: t('report.cohort', { month: monthText(month) }), cell: { month } })}
										>
											{number(row.customers)}
										</Button>
									) : (
										number(row.customers)
									)}
								</td>
								{Array.from({ length: width }, (_, k) => {
									const value = row[`after_${k + 1}`];
									if (value === null || value === undefined) return <td key={k} />;
									const open = later(month, k + 1) === running;
									const text = valueText(value, 'share', answer.currency);
									return (
										<td
											key={k} title={open ? t('report.running') : undefined}
											className={`is-right heat-${Math.min(9, Math.ceil(num(value) / most * 9))}${open ? ' is-open' : ''}`}
										>
											{onKeep && num(value) > 0
												? (
													<button
														type="button" aria-label={t('report.cohort_cell', { month: monthText(month), k: k + 1, share: text })}
														onClick={() => onKeep({
															name: t('report.cohort_back', { month: monthText(month), k: k + 1 }), cell: { month, after: k + 1 },
														})}
													>
														{text}
													</button>
												) : text}
										</td>
									);
								})}
							</tr>
						);
					})}
				</tbody>
			</table>
		</div>
	);
}
