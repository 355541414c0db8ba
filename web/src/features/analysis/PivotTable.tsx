/** The answer as a table: groups with their sums, columns side by side, each figure leading to its records. */
import { ArrowDownOutlined, ArrowUpOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { type Answer, keyText, type Line, type Query, type Value, valueText } from './pivot.ts';

interface Props {
	answer: Answer;
	query: Query;
	onSort(measure: string): void;
	onDrill(row: Line['key'], column: Line['key']): void;
}

/** How much more than before: "+12%". */
function Change({ now, then }: { now: Value | undefined; then: Value | undefined }) {
	const a = Number(now ?? 0), b = Number(then ?? 0);
	if (!b) return null;
	const share = (a - b) / Math.abs(b);
	const percent = Math.abs(share * 100).toFixed(Math.abs(share) < 0.1 ? 1 : 0);
	return <small className={share < 0 ? 'pivot-less' : 'pivot-more'}>{share >= 0 ? '+' : '−'}{percent}%</small>;
}

export function PivotTable({ answer, query, onSort, onDrill }: Props) {
	const { t } = useTranslation();
	const { measures, columns, compared } = answer;
	const n = measures.length;
	const figures = (values: Value[] | null | undefined, row: Line['key'], column: Line['key'], key: string, strong = false) => measures.map((m, i) => (
		<td key={`${key}.${m.name}`} className={strong ? 'is-right is-sum' : 'is-right'}>
			{values && values[i] !== null ? (
				<Button type="link" size="small" onClick={() => onDrill(row, column)}>{valueText(values[i], m)}</Button>
			) : '–'}
			{compared && values && <Change now={values[i]} then={values[n + i]} />}
		</td>
	));
	const name = (line: Line, at: number, dims = answer.row_dimensions) => keyText(dims[at], line.key[at], line.label[at], t);
	/** A line for each group above the last dimension, where it begins. */
	const withGroups: { line: Line; depth: number }[] = [];
	const depth = answer.row_dimensions.length;
	answer.rows.forEach((row, i) => {
		const before = answer.rows[i - 1];
		for (let k = 1; k < depth; k++) {
			const key = row.key.slice(0, k);
			if (before && before.key.slice(0, k).join('\u001f') === key.join('\u001f')) continue;
			const sum = answer.subtotals.find((s) => s.key.length === k && s.key.join('\u001f') === key.join('\u001f'));
			if (sum) withGroups.push({ line: sum, depth: k });
		}
		withGroups.push({ line: row, depth });
	});
	return (
		<div className="table-scroll pivot-scroll" tabIndex={0} role="region" aria-label={t('pivot.table')}>
			<table className="plain-table pivot-table">
				<thead>
					{columns.length > 0 && (
						<tr>
							<th scope="col">{answer.column_dimensions.map((d) => d.label).join(' · ')}</th>
							{columns.map((c) => (
								<th key={c.key.join('|')} scope="colgroup" colSpan={n} className="is-right">{c.key.map((_, i) => name(c, i, answer.column_dimensions)).join(' · ')}</th>
							))}
							<th scope="colgroup" colSpan={n} className="is-right">{t('pivot.total')}</th>
						</tr>
					)}
					<tr>
						<th scope="col">{answer.row_dimensions.map((d) => d.label).join(' · ')}</th>
						{columns.flatMap((c) => measures.map((m) => (
							<th key={`${c.key.join('|')}.${m.name}`} scope="col" className="is-right">{n > 1 || columns.length === 0 ? m.label : ''}</th>
						)))}
						{measures.map((m) => {
							const sorted = query.sort?.measure === m.name;
							return (
								<th key={m.name} scope="col" className="is-right" aria-sort={sorted ? (query.sort?.desc ? 'descending' : 'ascending') : undefined}>
									<Button type="text" size="small" onClick={() => onSort(m.name)}>
										{m.label} {sorted && (query.sort?.desc ? <ArrowDownOutlined /> : <ArrowUpOutlined />)}
									</Button>
								</th>
							);
						})}
					</tr>
				</thead>
				<tbody>
					{withGroups.map(({ line, depth: d }) => (
						<tr key={line.key.map((k) => k ?? '∅').join('|') + d} className={d < depth ? 'is-group' : undefined}>
							<th scope="row" style={{ paddingInlineStart: 10 + (d - 1) * 16 }}>{name(line, d - 1)}</th>
							{columns.flatMap((c, i) => figures(line.cells?.[i], line.key, c.key, c.key.join('|')))}
							{figures(line.total, line.key, [], 'total', columns.length > 0)}
						</tr>
					))}
				</tbody>
				<tfoot>
					<tr>
						<th scope="row">{t('pivot.total')}</th>
						{columns.flatMap((c) => figures(c.total, [], c.key, c.key.join('|'), true))}
						{figures(answer.total, [], [], 'total', true)}
					</tr>
				</tfoot>
			</table>
		</div>
	);
}
