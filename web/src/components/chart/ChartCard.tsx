/** One message: the sentence, the picture, and behind them the table and the file. */
import { BarChartOutlined, DownloadOutlined, TableOutlined } from '@ant-design/icons';
import { Button, Skeleton, Tooltip } from 'antd';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp } from '@/app/context.tsx';
import { Failed } from '../common/States.tsx';
import { csvText, saveFile } from '@/lib/csv.ts';
import type { Bar } from './Bars.tsx';

const Bars = lazy(() => import('./Bars.tsx'));

interface Props {
	title: string;
	sentence: string;
	bars: Bar[] | null;
	/** Heads of the table's two columns. */
	heads: [string, string];
	axis(value: number): string;
	file: string;
	error?: unknown;
	onRetry?(): void;
	onPick?(index: number): void;
}

const save = (name: string, rows: string[][]) => saveFile(name, csvText(rows));

export function ChartCard({ title, sentence, bars, heads, axis, file, error, onRetry, onPick }: Props) {
	const { t } = useTranslation();
	const { dark } = useApp();
	const [table, setTable] = useState(false);
	return (
		<section className="panel chart-card">
			<header>
				<h2>{title}</h2>
				<span className="chart-tools">
					<Tooltip title={table ? t('chart.picture') : t('chart.table')}>
						<Button type="text" size="small" icon={table ? <BarChartOutlined /> : <TableOutlined />} aria-label={table ? t('chart.picture') : t('chart.table')} aria-pressed={table} onClick={() => setTable(!table)} />
					</Tooltip>
					<Tooltip title={t('chart.download')}>
						<Button type="text" size="small" icon={<DownloadOutlined />} aria-label={t('chart.download')} disabled={!bars} onClick={() => bars && save(file, [heads, ...bars.map((b) => [b.label, String(b.value)])])} />
					</Tooltip>
				</span>
			</header>
			{error ? <Failed error={error} onRetry={onRetry} small /> : !bars ? <Skeleton active paragraph={{ rows: 5 }} title={false} /> : (
				<>
					<p className="chart-sentence">{sentence}</p>
					{table ? (
						<div className="table-scroll chart-table" tabIndex={0} role="region" aria-label={title}>
							<table className="plain-table">
								<thead><tr><th scope="col">{heads[0]}</th><th scope="col" className="is-right">{heads[1]}</th></tr></thead>
								<tbody>
									{bars.map((b, i) => (
										<tr key={b.label}><td>{onPick ? <Button type="link" size="small" onClick={() => onPick(i)}>{b.label}</Button> : b.label}</td><td className="is-right">{b.text}</td></tr>
									))}
								</tbody>
							</table>
						</div>
					) : (
						<Suspense fallback={<div className="chart" />}>
							<Bars bars={bars} label={`${title}. ${sentence}`} axis={axis} dark={dark} onPick={onPick} />
						</Suspense>
					)}
				</>
			)}
		</section>
	);
}
