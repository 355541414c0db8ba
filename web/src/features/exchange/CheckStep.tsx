/** A dry run on the first rows: what would happen, with what is wrong marked in its cell. */
import { Alert, App, Button } from 'antd';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { get, post } from '@/api/client.ts';
import { Empty, Failed, Loading } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { number } from '@/lib/format.ts';
import type { Check, FileWarning, Preview } from './types.ts';

export function CheckStep({ id, onBack, onStarted }: { id: string; onBack(): void; onStarted(): void }) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const [busy, setBusy] = useState(false);
	const [onlyWrong, setOnlyWrong] = useState(false);
	const check = useQuery({ queryKey: ['check', id], queryFn: () => post<Check>(`import/${id}/check`), gcTime: 0, staleTime: Infinity, retry: false });
	const preview = useQuery({ queryKey: ['preview', id, 'names'], queryFn: ({ signal }) => get<Preview>(`import/${id}/preview`, signal), staleTime: Infinity });

	async function start() {
		setBusy(true);
		try {
			await post(`import/${id}/start`);
			localStorage.removeItem(`guanxi.import.${id}`);
			onStarted();
		} catch (error) {
			void message.error(problemText(error, t));
			setBusy(false);
		}
	}

	if (check.isPending || preview.isPending) return <Loading rows={8} />;
	if (check.isError) return <><Failed error={check.error} onRetry={() => void check.refetch()} /><Button onClick={onBack}>{t('word.back')}</Button></>;
	const { rows } = check.data;
	const columns = preview.data?.columns ?? [];
	const wrong = rows.filter((r) => (r.errors?.length ?? 0) > 0);
	const count = (action: string) => rows.filter((r) => r.action === action && !r.errors?.length).length;
	const figures = [
		['created', check.data.created ?? count('create')], ['updated', check.data.updated ?? count('update')],
		['skipped', check.data.skipped ?? count('skip')], ['failed', check.data.failed ?? wrong.length],
	] as const;
	const shown = onlyWrong ? wrong : rows;
	return (
		<div className="check-step">
			<ul className="figures is-plain">
				{figures.map(([key, n]) => <li key={key}><div><b className={key === 'failed' && n > 0 ? 'down' : undefined}>{number(n)}</b><span>{t(`import.would_${key}`)}</span></div></li>)}
			</ul>
			<Alert
				type={wrong.length > 0 ? 'warning' : 'success'} showIcon
				title={wrong.length > 0 ? t('import.check_wrong', { count: wrong.length, n: number(wrong.length), of: number(check.data.checked ?? rows.length) }) : t('import.check_right', { n: number(check.data.checked ?? rows.length) })}
				description={wrong.length > 0 ? t('import.check_wrong_text') : undefined}
				action={wrong.length > 0 && wrong.length < rows.length ? <Button size="small" onClick={() => setOnlyWrong(!onlyWrong)}>{onlyWrong ? t('import.all_rows') : t('import.only_wrong')}</Button> : undefined}
			/>
			<FileWarnings list={check.data.warnings ?? []} columns={columns.map((c) => c.name)} />
			{rows.length === 0 ? <Empty title={t('import.no_rows')} /> : (
				<div className="table-scroll" tabIndex={0} role="region" aria-label={t('import.step_check')}>
					<table className="plain-table preview">
						<thead><tr><th scope="col">{t('import.row')}</th><th scope="col">{t('import.will')}</th>{columns.map((c) => <th key={c.index} scope="col">{c.name || t('import.column', { n: c.index + 1 })}</th>)}</tr></thead>
						<tbody>
							{shown.slice(0, 200).map((row) => {
								const loose = row.errors?.filter((e) => e.column === null || e.column === undefined) ?? [];
								return (
									<tr key={row.row} className={row.errors?.length ? 'has-error' : undefined}>
										<td className="is-right">{number(row.row)}</td>
										<td>
											{row.errors?.length ? <span className="mean mean-bad">{t('import.will_fail')}</span> : t(`import.will_${row.action ?? 'create'}`)}
											{loose.map((e, i) => <span key={i} className="cell-problem">{e.message}</span>)}
										</td>
										{columns.map((c) => {
											const errors = row.errors?.filter((e) => e.column === c.index) ?? [];
											return (
												<td key={c.index} className={errors.length ? 'cell-wrong' : undefined}>
													<span className="text">{row.cells?.[c.index] ?? preview.data?.rows[row.row - 1]?.[c.index] ?? ''}</span>
													{errors.map((e, i) => <span key={i} className="cell-problem">{e.message}</span>)}
												</td>
											);
										})}
									</tr>
								);
							})}
						</tbody>
					</table>
				</div>
			)}
			<div className="form-foot is-sticky">
				<Button type="primary" loading={busy} onClick={() => void start()}>{t('import.start')}</Button>
				<Button onClick={onBack}>{t('word.back')}</Button>
				<span className="hint">{t('import.start_hint')}</span>
			</div>
		</div>
	);
}

/** Of the whole file, not only of the rows that were tried. */
function FileWarnings({ list, columns }: { list: FileWarning[]; columns: (string | undefined)[] }) {
	const { t } = useTranslation();
	if (list.length === 0) return null;
	const example = (w: FileWarning) => w.rows?.map((row, i) => t('import.warning_row', { row: number(row), value: w.values?.[i] ?? '' })).join(t('word.comma'));
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
