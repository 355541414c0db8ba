/** Any figure by anything: put together by dragging, shown as table or picture, kept, shared, taken along as a file. */
import { BarChartOutlined, DownloadOutlined, SaveOutlined, TableOutlined } from '@ant-design/icons';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { App, Button, Dropdown, Input, Modal, Pagination, Segmented, Select, Skeleton } from 'antd';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate, useSearchParams } from 'react-router';
import { createRecord, entityOf, may, refresh, useCache } from '@/api/records.ts';
import { get } from '@/api/client.ts';
import { useApp } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { Empty, Failed } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { number } from '@/lib/format.ts';
import { Fields } from './Fields.tsx';
import { PivotTable } from './PivotTable.tsx';
import {
	askPivot, cellOf, exportPivot, firstQuery, keyText, type Line, PAGE_ROWS, type Query, readMeta, readQuery, SPANS, type Span, valueText,
} from './pivot.ts';
import './analysis.css';

const Bars = lazy(() => import('@/components/chart/Bars.tsx'));

interface Kept {
	id: string;
	name: string;
	query: string | Query;
	look: string | null;
}

function save(blob: Blob, name: string) {
	const link = document.createElement('a');
	link.href = URL.createObjectURL(blob);
	link.download = name;
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function Keep({ query, look, onDone }: { query: Query; look: string; onDone(): void }) {
	const { meta } = useApp();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const [name, setName] = useState('');
	const [team, setTeam] = useState<string>();
	const teams = useQuery({
		queryKey: ['some', 'team', 'names'],
		queryFn: ({ signal }) => get<{ id: string; name: string }[]>('team?select=id,name&order=name&limit=200', signal),
	});
	const entity = entityOf(meta, 'pivot_table')!;
	async function keep() {
		try {
			await createRecord(meta, entity, { name: name.trim(), entity: query.of, query, look, ...(team ? { team_id: team } : {}) });
			await refresh(cache, 'pivot_table');
			onDone();
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}
	return (
		<Modal
			open title={t('pivot.keep')} okText={t('word.save')} cancelText={t('word.cancel')} okButtonProps={{ disabled: !name.trim() }}
			onOk={() => void keep()} onCancel={onDone}
		>
			<label htmlFor="pivot-name">{t('pivot.name')}</label>
			<Input id="pivot-name" value={name} maxLength={120} autoFocus onChange={(e) => setName(e.target.value)} />
			{(teams.data?.length ?? 0) > 0 && (
				<p>
					<label htmlFor="pivot-team">{t('pivot.share_team')}</label>
					<Select
						id="pivot-team" className="pivot-team" allowClear value={team} onChange={setTeam}
						options={teams.data!.map((one) => ({ value: one.id, label: one.name }))}
					/>
				</p>
			)}
			<p className="quiet">{t('pivot.share_text')}</p>
		</Modal>
	);
}

export default function PivotPage() {
	const { meta, dark } = useApp();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const navigate = useNavigate();
	const [address, setAddress] = useSearchParams();
	const [keeping, setKeeping] = useState(false);
	useTitle(t('pivot.title'));
	const facts = useQuery({ queryKey: ['pivot', 'meta'], staleTime: 60_000, queryFn: ({ signal }) => readMeta(signal) });
	const list = facts.data?.facts.filter((f) => f.measures.length > 0) ?? [];
	const usual = list.find((f) => f.of === 'order_line') ?? list.find((f) => f.of === 'order') ?? list[0];
	const query = readQuery(address.get('ask'), list) ?? (usual ? firstQuery(usual) : null);
	const look = address.get('look') === 'chart' ? 'chart' : 'table';
	const offset = Math.max(0, Number(address.get('from')) || 0);
	const fact = list.find((f) => f.of === query?.of);
	const answer = useQuery({
		queryKey: ['pivot', 'answer', query, offset], enabled: !!query && facts.data?.available === true, placeholderData: keepPreviousData, retry: 3,
		queryFn: ({ signal }) => askPivot(query!, offset, signal),
	});
	const entity = entityOf(meta, 'pivot_table');
	const kept = useQuery({
		queryKey: ['some', 'pivot_table', 'mine'], enabled: may(entity, 'read'),
		queryFn: ({ signal }) => get<Kept[]>('pivot_table?select=id,name,query,look&order=name&limit=200', signal),
	});

	function go(next: Query, more: { look?: string; from?: number } = {}) {
		const params = new URLSearchParams({ ask: JSON.stringify(next), look: more.look ?? look });
		if (more.from) params.set('from', String(more.from));
		setAddress(params);
	}
	if (facts.error) return <div className="page"><Failed error={facts.error} onRetry={() => void facts.refetch()} /></div>;
	if (!facts.data) return <div className="page"><Skeleton active /></div>;
	if (!facts.data.available) return <div className="page"><Empty title={t('pivot.off')} text={t('pivot.off_text')} /></div>;
	if (!query || !fact) return <div className="page"><Empty title={t('pivot.nothing')} /></div>;

	async function drill(row: Line['key'], column: Line['key']) {
		try {
			const cell = await cellOf(query!, row, column);
			void navigate(`/${cell.list.entity}?condition=${encodeURIComponent(JSON.stringify(cell.list.condition))}`);
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}
	async function take(format: 'xlsx' | 'csv') {
		try {
			save(await exportPivot(query!, format), `${fact!.label}.${format}`);
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}
	const data = answer.data;
	const first = data?.measures[0];
	const name = (line: Line) => line.key.map((k, i) => keyText(data!.row_dimensions[i], k, line.label[i], t)).join(' · ');
	const top = data?.rows.length ? data.rows.reduce((a, b) => (Number(b.total[0] ?? 0) > Number(a.total[0] ?? 0) ? b : a)) : undefined;
	const sentence = !data || !first || !top || !data.total
		? ''
		: t('pivot.sentence', {
			measure: first.label, total: valueText(data.total[0], first), n: number(data.row_count), top: name(top), most: valueText(top.total[0], first),
		});
	return (
		<div className="page pivot-page">
			<h1>{t('pivot.title')}</h1>
			<div className="pivot-bar" role="group" aria-label={t('filter.title')}>
				<Select
					aria-label={t('pivot.of')} value={query.of} popupMatchSelectWidth={false} options={list.map((f) => ({ value: f.of, label: f.label }))}
					onChange={(of: string) => go(firstQuery(list.find((f) => f.of === of)!))}
				/>
				<Select
					aria-label={t('pivot.span')} value={query.span ?? 'all'} popupMatchSelectWidth={false}
					options={SPANS.map((value) => ({ value, label: t(`pivot.span_${value}`) }))}
					onChange={(span: Span) => go({ ...query, span, from: undefined, to: undefined })}
				/>
				<Select
					aria-label={t('pivot.compare')} value={query.compare ?? 'none'} popupMatchSelectWidth={false} disabled={(query.span ?? 'all') === 'all'}
					options={['none', 'before', 'year'].map((value) => ({ value, label: t(`pivot.compare_${value}`) }))}
					onChange={(compare: string) => go({ ...query, compare: compare === 'none' ? undefined : (compare as 'before' | 'year') })}
				/>
				<Segmented
					value={look} onChange={(value) => go(query, { look: value })} aria-label={t('pivot.look')}
					options={[{ value: 'table', icon: <TableOutlined />, label: t('chart.table') }, { value: 'chart', icon: <BarChartOutlined />, label: t('chart.picture') }]}
				/>
				{(kept.data?.length ?? 0) > 0 && (
					<Select
						aria-label={t('pivot.kept')} placeholder={t('pivot.kept')} value={null} popupMatchSelectWidth={false}
						options={kept.data!.map((k) => ({ value: k.id, label: k.name }))}
						onChange={(id: string | null) => {
							const one = kept.data!.find((k) => k.id === id);
							const found = one && readQuery(typeof one.query === 'string' ? one.query : JSON.stringify(one.query), list);
							if (found) go(found, { look: one.look ?? 'table' });
						}}
					/>
				)}
				{may(entity, 'create') && <Button icon={<SaveOutlined />} onClick={() => setKeeping(true)}>{t('pivot.keep')}</Button>}
				{fact.export && (
					<Dropdown
						menu={{
							items: [{ key: 'xlsx', label: 'Excel (XLSX)' }, { key: 'csv', label: 'CSV' }], onClick: ({ key }) => void take(key as 'xlsx' | 'csv'),
						}}
						trigger={['click']}
					>
						<Button icon={<DownloadOutlined />}>{t('pivot.export')}</Button>
					</Dropdown>
				)}
			</div>
			<div className="pivot-body">
				<Fields fact={fact} query={query} onChange={(next) => go(next)} />
				<section className="panel pivot-answer" aria-busy={answer.isFetching}>
					{answer.error && !data ? <Failed error={answer.error} onRetry={() => void answer.refetch()} small /> : !data || !first ? <Skeleton active /> : (
						<>
							{answer.error ? <Failed error={answer.error} onRetry={() => void answer.refetch()} small /> : <p className="chart-sentence">{sentence}</p>}
							{look === 'chart' ? (
								<Suspense fallback={<div className="chart" />}>
									<Bars
										dark={dark} label={sentence} axis={(v) => valueText(v, first, true)} onPick={(i) => data.rows[i] && void drill(data.rows[i].key, [])}
										bars={data.rows.slice(0, 60).map((r) => ({ label: name(r), value: Number(r.total[0] ?? 0), text: valueText(r.total[0], first) }))}
									/>
								</Suspense>
							) : (
								<PivotTable
									answer={data} query={query} onDrill={(row, column) => void drill(row, column)}
									onSort={(measure) => go({ ...query, sort: { measure, desc: query.sort?.measure === measure ? !query.sort.desc : true } })}
								/>
							)}
							{data.row_count > PAGE_ROWS && (
								<Pagination
									size="small" pageSize={PAGE_ROWS} total={data.row_count} current={Math.floor(offset / PAGE_ROWS) + 1} showSizeChanger={false}
									onChange={(page) => go(query, { from: (page - 1) * PAGE_ROWS })}
								/>
							)}
						</>
					)}
				</section>
			</div>
			{keeping && <Keep query={query} look={look} onDone={() => setKeeping(false)} />}
		</div>
	);
}
