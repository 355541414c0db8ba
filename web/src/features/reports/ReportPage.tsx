/** One report: the sentence, the picture, the tables; whom each figure stands for, and a file. */
import { DownloadOutlined } from '@ant-design/icons';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { App, Button, Dropdown, Input, Modal, Select, Skeleton } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useParams, useSearchParams } from 'react-router';
import { get } from '@/api/client.ts';
import { entityOf, fieldOf, may, refresh, useCache } from '@/api/records.ts';
import { useApp } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { Empty, Failed } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { number } from '@/lib/format.ts';
import { isReport } from './gallery.ts';
import { Bands, Picture } from './Picture.tsx';
import { type Answer, askReport, type Body, daysOf, exportReport, keepSegment, namedRow, num, readReports, SPANS, type Span, tableOf } from './report.ts';
import { sentenceOf } from './sentences.ts';
import { type Choice, CohortGrid, ReportTable, RfmGrid } from './Tables.tsx';
import './reports.css';

function save(blob: Blob, name: string) {
	const link = document.createElement('a');
	link.href = URL.createObjectURL(blob);
	link.download = name;
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** The customers behind a figure get a name. */
function Keep({ report, body, choice, onDone }: { report: string; body: Body; choice: Choice; onDone(): void }) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const navigate = useNavigate();
	const cache = useCache();
	const [name, setName] = useState(choice.name);
	const [busy, setBusy] = useState(false);
	async function keep() {
		setBusy(true);
		try {
			const made = await keepSegment(report, body, choice.cell, name.trim());
			await refresh(cache, 'segment');
			void message.success(t('report.kept', { n: number(made.size), count: made.size }));
			onDone();
			void navigate(`/segment/${made.id}`);
		} catch (error) {
			setBusy(false);
			void message.error(problemText(error, t));
		}
	}
	return (
		<Modal
			open title={t('report.keep_title')} okText={t('word.save')} cancelText={t('word.cancel')}
			confirmLoading={busy} okButtonProps={{ disabled: !name.trim() }}
			onOk={() => void keep()} onCancel={onDone}
		>
			<label htmlFor="report-segment">{t('report.segment_name')}</label>
			<Input
				id="report-segment" value={name} maxLength={120} autoFocus onChange={(e) => setName(e.target.value)}
				onPressEnter={() => name.trim() && void keep()}
			/>
			<p className="quiet">{t('report.keep_text')}</p>
		</Modal>
	);
}

/** Of whom: a person, a branch; only where one may see more than oneself. */
function useNames(entity: string, enabled: boolean) {
	return useQuery({
		queryKey: ['some', entity, 'report'], enabled, staleTime: 60_000,
		queryFn: ({ signal }) => get<{ id: string; name: string }[]>(`${entity}?select=id,name&order=name&limit=200`, signal),
	}).data ?? [];
}

/** Orders behind a bar of sales. */
const ordersOf = (answer: Answer, index: number, owner: string | null, branch: string | null) => {
	const table = tableOf(answer, 'sales'), row = table && namedRow(table, table.rows[index] ?? []);
	if (!row?.first) return null;
	const params = new URLSearchParams([
		['placed_at', `gte.${String(row.first)}`],
		['placed_at', `lte.${String(row.last)}`],
		['state', 'not.in.(cancelled,draft)'],
	]);
	if (owner) params.set('owner_id', `in.(${owner})`);
	if (branch) params.set('branch_id', `in.(${branch})`);
	return `/order?${params.toString()}`;
};

export default function ReportPage() {
	const { name } = useParams();
	const { t } = useTranslation();
	return isReport(name) ? (
		<Report key={name} name={name} />
	) : (
		<div className="page">
			<Empty title={t('state.missing')} action={<Link to="/reports">{t('report.title')}</Link>} />
		</div>
	);
}

const WAYS = ['owner', 'branch', 'channel', 'product', 'category', 'region', 'customer'];

function Report({ name }: { name: string }) {
	const { meta } = useApp();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const navigate = useNavigate();
	const [address, setAddress] = useSearchParams();
	const [choice, setChoice] = useState<Choice | null>(null);
	useTitle(t(`report.name_${name}`));
	const orders = entityOf(meta, 'order');
	const asked = address.get('span'), span: Span = SPANS.includes(asked as Span) ? (asked as Span) : 'months12';
	const owner = address.get('owner'), branch = address.get('branch');
	const known = (field: string, entity: string) => Boolean(fieldOf(orders, field)) && may(entityOf(meta, entity), 'read');
	const owners = useNames('user', known('owner_id', 'user')), branches = useNames('branch', known('branch_id', 'branch'));
	const listed = useQuery({ queryKey: ['reports'], staleTime: 60_000, queryFn: ({ signal }) => readReports(signal) });
	const mine = listed.data?.reports.find((r) => r.name === name);
	const all = [...(owner ? [{ field: 'owner_id', op: 'eq', value: owner }] : []), ...(branch ? [{ field: 'branch_id', op: 'eq', value: branch }] : [])];
	const by = WAYS.includes(address.get('by') ?? '') ? address.get('by')! : 'owner';
	const body: Body = { ...daysOf(span), ...(all.length ? { condition: { all } } : {}), ...(name === 'ranking' ? { by } : {}) };
	const answer = useQuery({
		queryKey: ['report', name, body], placeholderData: keepPreviousData, retry: 3, queryFn: ({ signal }) => askReport(name, body, signal),
	});
	const data = answer.data;
	const sentence = data ? sentenceOf(data, t) : '';
	const onKeep = mine?.segment ? setChoice : undefined;
	const go = (change: Record<string, string | null>) => {
		const params = new URLSearchParams(address);
		for (const [key, value] of Object.entries(change)) value ? params.set(key, value) : params.delete(key);
		setAddress(params);
	};
	async function take(table: string, format: 'xlsx' | 'csv') {
		try {
			save(await exportReport(name, body, table, format), `${t(`report.name_${name}`)}.${format}`);
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}
	const empty =
		!!data &&
		!['funnel', 'movement', 'ranking'].includes(name) &&
		num(data.facts.customers) === 0 &&
		num(data.facts.orders) === 0 &&
		num(data.facts.new) === 0 &&
		num(data.facts.old_sales) === 0;
	const pick = (index: number) => {
		const to = data && name === 'sales' ? ordersOf(data, index, owner, branch) : null;
		if (to) void navigate(to);
	};
	return (
		<div className="page report-page">
			<nav aria-label={t('report.title')}><Link to="/reports">‹ {t('report.title')}</Link></nav>
			<h1>{t(`report.name_${name}`)}</h1>
			<div className="report-bar" role="group" aria-label={t('filter.title')}>
				<Select
					aria-label={t('report.span')} value={span} popupMatchSelectWidth={false}
					options={SPANS.map((value) => ({ value, label: t(`report.span_${value}`) }))}
					onChange={(value: Span) => go({ span: value === 'months12' ? null : value })}
				/>
				{name === 'ranking' && (
					<Select
						aria-label={t('report.by')} value={by} popupMatchSelectWidth={false}
						options={WAYS.map((value) => ({ value, label: t(`report.by_${value}`) }))}
						onChange={(value: string) => go({ by: value })}
					/>
				)}
				{owners.length > 1 && (
					<Select
						aria-label={t('report.owner')} value={owner ?? ''} popupMatchSelectWidth={false} showSearch optionFilterProp="label"
						options={[{ value: '', label: t('report.everybody') }, ...owners.map((u) => ({ value: u.id, label: u.name }))]}
						onChange={(value: string) => go({ owner: value || null })}
					/>
				)}
				{branches.length > 1 && (
					<Select
						aria-label={t('report.branch')} value={branch ?? ''} popupMatchSelectWidth={false} showSearch optionFilterProp="label"
						options={[{ value: '', label: t('report.all_branches') }, ...branches.map((b) => ({ value: b.id, label: b.name }))]}
						onChange={(value: string) => go({ branch: value || null })}
					/>
				)}
				{mine?.export && data && data.tables.length > 0 && (
					<Dropdown
						trigger={['click']}
						menu={{
							items: data.tables.flatMap((table) =>
								(['xlsx', 'csv'] as const).map((format) => ({
									key: `${table.name}.${format}`,
									label: `${table.label} · ${format.toUpperCase()}`,
								})),
							),
							onClick: ({ key }) => void take(key.split('.')[0]!, key.endsWith('csv') ? 'csv' : 'xlsx'),
						}}
					>
						<Button icon={<DownloadOutlined />}>{t('report.export')}</Button>
					</Dropdown>
				)}
			</div>
			{answer.error && !data ? <Failed error={answer.error} onRetry={() => void answer.refetch()} /> : !data ? <Skeleton active /> : (
				<div aria-busy={answer.isFetching}>
					{answer.error && <Failed error={answer.error} onRetry={() => void answer.refetch()} small />}
					<p className="report-sentence" role="status">{sentence}</p>
					{!empty && (
						<>
							{name === 'rfm' && <section className="panel"><RfmGrid answer={data} onKeep={onKeep} /></section>}
							{name === 'cohorts' && <section className="panel"><CohortGrid answer={data} onKeep={onKeep} /></section>}
							{name !== 'rfm' && (
								<section className="panel">
									{name === 'cohorts' && <h2>{t('report.curve')}</h2>}
									<Picture answer={data} sentence={`${t(`report.name_${name}`)}. ${sentence}`} onPick={name === 'sales' ? pick : undefined} />
								</section>
							)}
							{name === 'concentration' && <section className="panel"><Bands answer={data} /></section>}
							{data.tables.filter((table) => !['grid', 'cohorts'].includes(table.name) && table.rows.length > 0).map((table) => (
								<section key={table.name} className="panel">
									<h2>{table.label}</h2>
									<ReportTable answer={data} table={table} onKeep={onKeep} />
								</section>
							))}
						</>
					)}
					<p className="quiet report-rule">{t(`report.rule_${name}`)} {t('report.rule')}</p>
				</div>
			)}
			{choice && <Keep report={name} body={body} choice={choice} onDone={() => setChoice(null)} />}
		</div>
	);
}
