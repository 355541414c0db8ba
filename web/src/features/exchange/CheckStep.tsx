/** A dry run on the first rows: what would happen, with what is wrong marked in its cell, to be put right there. */
import { Alert, App, Button } from 'antd';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { get, post, put } from '@/api/client.ts';
import { Empty, Failed, Loading } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { number } from '@/lib/format.ts';
import { Choices } from './Choices.tsx';
import { Reading } from './Reading.tsx';
import type { CellProblem, Check, CheckRow, FileWarning, Preview, PreviewColumn } from './types.ts';
import { dropWork, keepWork, loadWork, withChoices, type Work } from './work.ts';

/** Rows that are shown; the server tries as many. */
const SHOWN = 200;

export function CheckStep({ id, onBack, onStarted }: { id: string; onBack(): void; onStarted(): void }) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const [busy, setBusy] = useState<'check' | 'start' | null>(null);
	const [onlyWrong, setOnlyWrong] = useState(false);
	const [work, setWork] = useState(() => loadWork(id));
	// What the last check did not know of yet.
	const [pending, setPending] = useState(0);
	useEffect(() => keepWork(id, work), [id, work]);
	const check = useQuery({
		queryKey: ['check', id], queryFn: () => post<Check>(`import/${id}/check`), gcTime: 0, staleTime: Infinity, retry: false,
	});
	const preview = useQuery({
		queryKey: ['preview', id, 'names'], queryFn: ({ signal }) => get<Preview>(`import/${id}/preview`, signal), staleTime: Infinity,
	});

	function change(part: Partial<Work>) {
		setWork((old) => ({ ...old, ...part }));
		setPending((n) => n + 1);
	}

	async function again() {
		if (!work.sent) return;
		setBusy('check');
		try {
			await put(`import/${id}/plan`, withChoices(work.sent, work));
			await check.refetch();
			setPending(0);
		} catch (error) {
			void message.error(problemText(error, t));
		}
		setBusy(null);
	}

	async function start() {
		setBusy('start');
		try {
			await post(`import/${id}/start`);
			dropWork(id);
			onStarted();
		} catch (error) {
			void message.error(problemText(error, t));
			setBusy(null);
		}
	}

	if (check.isPending || preview.isPending) return <Loading rows={8} />;
	if (check.isError) return <><Failed error={check.error} onRetry={() => void check.refetch()} /><Button onClick={onBack}>{t('word.back')}</Button></>;
	const { rows } = check.data;
	const columns = preview.data?.columns ?? [];
	const wrong = rows.filter((r) => (r.errors?.length ?? 0) > 0);
	// Without what was said of the columns in this browser there is nothing to add choices to.
	const fixable = work.sent !== undefined;
	return (
		<div className="check-step">
			<Sums check={check.data} rows={rows} wrong={wrong.length} />
			<Outcome check={check.data} wrong={wrong.length} only={onlyWrong} onOnly={setOnlyWrong} />
			<FileWarnings list={(check.data.warnings ?? []).filter((w) => w.code !== 'import_values_unknown')} columns={columns.map((c) => c.name)} />
			{fixable && <Reading value={work.reading} warnings={check.data.warnings ?? []} onChange={(reading) => change({ reading })} />}
			{fixable && <Choices check={check.data} work={work} onChange={change} />}
			{rows.length === 0
				? <Empty title={t('import.no_rows')} />
				: <CheckTable rows={onlyWrong ? wrong : rows} columns={columns} work={work} onChange={fixable ? change : undefined} />}
			<div className="form-foot is-sticky">
				{pending > 0
					? <Button type="primary" loading={busy === 'check'} onClick={() => void again()}>{t('import.check_again')}</Button>
					: <Button type="primary" loading={busy === 'start'} onClick={() => void start()}>{t('import.start')}</Button>}
				<Button onClick={onBack}>{t('word.back')}</Button>
				<span className="hint">{t(pending > 0 ? 'import.check_again_hint' : 'import.start_hint')}</span>
			</div>
		</div>
	);
}

function Sums({ check, rows, wrong }: { check: Check; rows: CheckRow[]; wrong: number }) {
	const { t } = useTranslation();
	const count = (action: string) => rows.filter((r) => r.action === action && !r.errors?.length).length;
	const figures: [string, number][] = [
		['created', check.created ?? count('create')], ['updated', check.updated ?? count('update')],
		['skipped', check.skipped ?? count('skip')], ['failed', check.failed ?? wrong],
	];
	if (check.values_left) figures.push(['left', check.values_left]);
	return (
		<ul className="figures is-plain">
			{figures.map(([key, n]) => (
				<li key={key}><div><b className={key === 'failed' && n > 0 ? 'down' : undefined}>{number(n)}</b><span>{t(`import.would_${key}`)}</span></div></li>
			))}
		</ul>
	);
}

function Outcome({ check, wrong, only, onOnly }: { check: Check; wrong: number; only: boolean; onOnly(only: boolean): void }) {
	const { t } = useTranslation();
	const of = check.checked ?? check.rows.length;
	if (wrong === 0) return <Alert type="success" showIcon title={t('import.check_right', { n: number(of) })} />;
	return (
		<Alert
			type="warning" showIcon title={t('import.check_wrong', { count: wrong, n: number(wrong), of: number(of) })} description={t('import.check_wrong_text')}
			action={wrong < check.rows.length
				? <Button size="small" onClick={() => onOnly(!only)}>{t(only ? 'import.all_rows' : 'import.only_wrong')}</Button>
				: undefined}
		/>
	);
}

interface TableProps {
	rows: CheckRow[];
	columns: PreviewColumn[];
	work: Work;
	/** Absent: cells can't be put right here. */
	onChange?(change: Partial<Work>): void;
}

function CheckTable({ rows, columns, work, onChange }: TableProps) {
	const { t } = useTranslation();
	const fix = (row: number, column: number, value: string) => onChange?.({
		cells: [...work.cells.filter((c) => c.row !== row || c.column !== column), { row, column, value }],
	});
	return (
		<div className="table-scroll" tabIndex={0} role="region" aria-label={t('import.step_check')}>
			<table className="plain-table preview">
				<thead>
					<tr>
						<th scope="col">{t('import.row')}</th><th scope="col">{t('import.will')}</th>
						{columns.map((c) => <th key={c.index} scope="col">{c.name || t('import.column', { n: c.index + 1 })}</th>)}
					</tr>
				</thead>
				<tbody>
					{rows.slice(0, SHOWN).map((row) => (
						<tr key={row.row} className={row.errors?.length ? 'has-error' : undefined}>
							<td className="is-right">{number(row.row)}</td>
							<td><Result row={row} /></td>
							{columns.map((c) => (
								<Cell
									key={c.index} text={row.cells?.[c.index] ?? ''} errors={at(row.errors, c)} left={at(row.left, c)}
									fixed={work.cells.find((f) => f.row === row.row && f.column === c.index)?.value}
									label={t('import.cell', { column: c.name || c.index + 1, row: number(row.row) })}
									open={(row.errors?.length ?? 0) > 0}
									onFix={onChange ? (v) => fix(row.row, c.index, v) : undefined}
								/>
							))}
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}

const at = (list: CellProblem[] | undefined, column: PreviewColumn) => list?.filter((e) => e.column === column.index) ?? [];

function Result({ row }: { row: CheckRow }) {
	const { t } = useTranslation();
	const loose = row.errors?.filter((e) => e.column === null || e.column === undefined) ?? [];
	return (
		<>
			{row.errors?.length
				? <span className="mean mean-bad">{t('import.will_fail')}</span>
				: t(`import.will_${row.action ?? 'create'}`)}
			{loose.map((e, i) => <span key={i} className="cell-problem">{e.message}</span>)}
		</>
	);
}

interface CellProps {
	text: string;
	errors: CellProblem[];
	left: CellProblem[];
	/** As somebody has put it right. */
	fixed: string | undefined;
	label: string;
	/** The row has something wrong: what is missing may stand in any of its cells. */
	open: boolean;
	onFix?(value: string): void;
}

function Cell({ text, errors, left, fixed, label, open, onFix }: CellProps) {
	const { t } = useTranslation();
	const edits = onFix !== undefined && (open || left.length > 0 || fixed !== undefined);
	return (
		<td className={errors.length ? 'cell-wrong' : left.length ? 'cell-left' : fixed !== undefined ? 'cell-fixed' : undefined}>
			{edits
				? <CellInput value={fixed ?? text} label={label} onFix={onFix} />
				: <span className="text">{text}</span>}
			{errors.map((e, i) => <span key={i} className="cell-problem">{e.message}</span>)}
			{left.length > 0 && <span className="cell-note" title={left.map((e) => e.message).join(' ')}>{t('import.cell_left')}</span>}
		</td>
	);
}

function CellInput({ value, label, onFix }: { value: string; label: string; onFix(value: string): void }) {
	const [typed, setTyped] = useState(value);
	useEffect(() => setTyped(value), [value]);
	const done = () => {
		if (typed !== value) onFix(typed);
	};
	return (
		<input
			className="cell-input" aria-label={label} value={typed} onChange={(e) => setTyped(e.target.value)} onBlur={done}
			onKeyDown={(e) => e.key === 'Enter' && done()}
		/>
	);
}

/** Of the whole file, not only of the rows that were tried. */
function FileWarnings({ list, columns }: { list: FileWarning[]; columns: (string | undefined)[] }) {
	const { t } = useTranslation();
	if (list.length === 0) return null;
	const example = (w: FileWarning) => w.rows
		?.map((row, i) => t('import.warning_row', { row: number(row), value: w.values?.[i] ?? '' })).join(t('word.comma'));
	return (
		<Alert
			type="warning" showIcon className="file-warnings" title={t('import.warnings')}
			description={(
				<ul>
					{list.map((w, i) => (
						<li key={i}>
							{w.column !== undefined && columns[w.column] ? `${columns[w.column]}: ` : ''}{w.message}
							{w.rows && w.rows.length > 0 && <span className="quiet"> {example(w)}</span>}
						</li>
					))}
				</ul>
			)}
		/>
	);
}
