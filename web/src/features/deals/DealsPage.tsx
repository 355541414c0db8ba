/** The board: deals by their stage, moved from one to the next. */
import { App, Button, Input, Modal, Select, Skeleton } from 'antd';
import { useCallback, useId, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'react-router';
import { ApiError } from '@/api/client.ts';
import { entityOf, fetchRecord, linkedTitle, fieldOf, may, refresh, saveRecord, titleOf, useCache, useRows } from '@/api/records.ts';
import type { Entity, Row } from '@/api/types.ts';
import { useApp } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { Board, Column } from '@/components/board/Board.tsx';
import { Denied, Empty, Failed, Loading } from '@/components/common/States.tsx';
import { problemText, useUndo } from '@/components/common/undo.tsx';
import { FormFields } from '@/components/form/FormFields.tsx';
import { useForm } from '@/components/form/useForm.ts';
import { Chips } from '@/components/list/Chips.tsx';
import { useListState } from '@/components/list/state.ts';
import { useDelayed } from '@/lib/delayed.ts';
import { date, money, number } from '@/lib/format.ts';
import {
	boardParams, CLOSED_DAYS, nameOf, type Stage, stageParams, type Sum, useBoardLive, usePipeline, usePipelines, usePlace, useStageSums,
} from './board.ts';
import { DealTabs } from './DealTabs.tsx';
import './deals.css';

const CARD = 104;

export default function DealsPage() {
	const { meta } = useApp();
	const { t } = useTranslation();
	const entity = entityOf(meta, 'opportunity');
	useTitle(t('deals.board'));
	if (!entity || !may(entity, 'read'))
		return <Denied need={t('state.need', { action: t('action_word.read'), what: entity?.label_many ?? t('deals.board') })} />;
	return <Deals entity={entity} />;
}

function Deals({ entity }: { entity: Entity }) {
	const { meta, me } = useApp();
	const { t } = useTranslation();
	const [state, change] = useListState(entity);
	const pipelines = usePipelines();
	const pipeline = usePipeline(pipelines.data, state.conditions);
	const conditions = state.conditions.filter((c) => c.field !== 'pipeline_id');
	const conditionsKey = JSON.stringify(conditions);
	const params = useMemo(
		() => boardParams(meta, entity, conditions, state.q, me.id, pipeline?.id ?? '0'), [meta, entity, conditionsKey, state.q, me.id, pipeline?.id],
	);
	const { search } = useLocation();

	if (pipelines.isError) return <Failed error={pipelines.error} onRetry={() => void pipelines.refetch()} />;
	if (pipelines.isPending) return <Loading />;
	if (!pipeline)
		return <Empty title={t('deals.no_pipeline')} text={t('deals.no_pipeline_text')} action={<Link to="/pipeline">{t('deals.pipelines')}</Link>} />;
	return (
		<div className="deals-page">
			<h1 className="sr-only">{t('deals.board')}</h1>
			<div className="deals-top">
				<DealTabs current="board" search={search} />
				{(pipelines.data.length > 1) && (
					<Select
						className="deals-pipeline" aria-label={t('deals.pipeline')} value={pipeline.id} popupMatchSelectWidth={false}
						options={pipelines.data.map((p) => ({ value: p.id, label: nameOf(p) }))}
						onChange={(id: string) => change({ conditions: [...conditions, { field: 'pipeline_id', op: 'in', value: [id] }] })}
					/>
				)}
				{may(entity, 'create') && (
					<Link className="deals-end" to="/opportunity/new">
						<Button type="primary" tabIndex={-1}>{t('list.create', { what: entity.label })}</Button>
					</Link>
				)}
			</div>
			<div className="list-filters">
				<Typed value={state.q} label={t('list.search', { what: entity.label_many })} onChange={(q) => change({ q })} />
				<Chips
					entity={entity} conditions={conditions}
					onChange={(next) => change({ conditions: [...next, ...state.conditions.filter((c) => c.field === 'pipeline_id')] })}
				/>
			</div>
			<Stages key={pipeline.id} entity={entity} stages={pipeline.stages} params={params} />
		</div>
	);
}

function Typed({ value, label, onChange }: { value: string; label: string; onChange(q: string): void }) {
	const [typed, setTyped] = useState(value);
	const rested = useDelayed(typed, 250);
	if (rested === typed && rested.trim() !== value) setTimeout(() => onChange(rested.trim()), 0);
	return (
		<Input
			className="quick-search" allowClear value={typed} placeholder={label} aria-label={label} autoComplete="off"
			onChange={(e) => setTyped(e.target.value)}
		/>
	);
}

interface Asked {
	row: Row;
	to: Stage;
	fields: string[];
}

function Stages({ entity, stages, params }: { entity: Entity; stages: Stage[]; params: URLSearchParams }) {
	const { meta } = useApp();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const undo = useUndo();
	const [asked, setAsked] = useState<Asked | null>(null);
	const sums = useStageSums(entity, params, true);
	const place = usePlace(entity, stages, params);
	const changed = useBoardLive(entity, params, place);
	const columns = useMemo(() => stages.map((s) => ({ key: s.id, title: nameOf(s) })), [stages]);
	const writable = may(entity, 'update') && fieldOf(entity, 'stage_id')?.right === 'write';
	const movable = useCallback(() => writable, [writable]);
	const again = useCallback(() => cache.invalidateQueries({ queryKey: ['some', entity.name] }), [cache, entity]);

	const send = useCallback(async (row: Row, to: Stage, more: Record<string, unknown> = {}) => {
		const saved = await saveRecord(meta, entity, row.id, { stage_id: to.id, ...more }, row.version ? `"v${row.version}"` : null);
		place(saved.row);
		void again();
		return saved.row;
	}, [meta, entity, place, again]);

	/** With the whole record: a form checks all of its fields. */
	const ask = useCallback((row: Row, to: Stage, fields: string[]) => {
		fetchRecord(meta, entity, row.id).then((now) => setAsked({ row: now.row, to, fields }), (error: unknown) => void message.error(problemText(error, t)));
	}, [meta, entity, message, t]);

	const move = useCallback((row: Row, from: string, key: string) => {
		const to = stages.find((s) => s.id === key);
		if (!to) return;
		if (to.category === 'lost') {
			ask(row, to, ['lost_reason_id', 'competitor_id', 'outcome_note']);
			return;
		}
		place({ ...row, stage_id: to.id });
		send(row, to).then(
			(saved) => undo(t('deals.moved', { name: titleOf(entity, row), stage: nameOf(to) }), async () => {
				const back = stages.find((s) => s.id === from);
				if (back) await send(saved, back, { probability: row.probability ?? undefined });
			}),
			(error: unknown) => {
				place(row);
				if (error instanceof ApiError && error.stale) {
					// Somebody was faster: their move stands, and is shown.
					void message.warning(t('deals.conflict', { name: titleOf(entity, row) }));
					void fetchRecord(meta, entity, row.id).then((now) => place(now.row), () => place({ id: row.id, stage_id: null }));
				} else if (error instanceof ApiError && error.status === 422 && error.errors.length > 0) {
					ask(row, to, error.errors.map((e) => e.field));
				} else void message.error(problemText(error, t));
			},
		);
	}, [stages, entity, meta, message, place, send, ask, t, undo]);

	return (
		<>
			<Board label={t('deals.board')} columns={columns} movable={movable} onMove={move}>
				{stages.map((stage) => (
					<StageColumn
						key={stage.id} entity={entity} stage={stage} params={params} sum={sums.data?.get(stage.id)} known={sums.isSuccess}
						changed={changed}
					/>
				))}
			</Board>
			{asked && (
				<Needed
					entity={entity} asked={asked} onClose={() => setAsked(null)}
					onSave={async (values) => {
						await send(asked.row, asked.to, values);
						setAsked(null);
						void refresh(cache, 'opportunity_change');
					}}
				/>
			)}
		</>
	);
}

function StageColumn({ entity, stage, params, sum, known, changed }: {
	entity: Entity;
	stage: Stage;
	params: URLSearchParams;
	sum: Sum | undefined;
	known: boolean;
	changed: ReadonlySet<string>;
}) {
	const { meta } = useApp();
	const { t } = useTranslation();
	const rows = useRows(entity, useMemo(() => stageParams(params, stage), [params, stage]));
	const list = useMemo(() => {
		const seen = new Map<string, Row>();
		for (const page of rows.data?.pages ?? []) for (const row of page.rows) seen.set(row.id, row);
		return [...seen.values()];
	}, [rows.data]);
	const { fetchNextPage } = rows;
	const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
	const title = nameOf(stage);
	const paid = ['read', 'write'].includes(fieldOf(entity, 'amount_base')?.right ?? 'hidden');
	const count = sum?.count ?? 0;
	const head = (
		<>
			<h2 className={`deals-stage deals-${stage.category}`}>{title} <span className="quiet">{known ? number(count) : ''}</span></h2>
			<p>
				{!known ? ' ' : !paid ? t('deals.no_amounts') : <b>{money(sum?.amount ?? '0', meta.base_currency, { whole: true })}</b>}
				{known && stage.category === 'open' && sum?.weighted
					? ` · ${t('deals.weighted', { money: money(sum.weighted, meta.base_currency, { whole: true }) })}`
					: ''}
				{stage.category !== 'open' ? ` · ${t('deals.recent', { days: CLOSED_DAYS })}` : ''}
			</p>
		</>
	);
	return (
		<Column
			column={{ key: stage.id, title: `${title}, ${t('deals.count', { count, n: number(count) })}` }} head={head} rows={list} height={CARD}
			changed={changed}
			name={(row) => titleOf(entity, row)} to={(row) => `/opportunity/${row.id}`} card={(row) => <Card entity={entity} row={row} />}
			complete={rows.data !== undefined && !rows.hasNextPage} loading={rows.isFetchingNextPage} onMore={more}
			empty={rows.isError
				? <Failed error={rows.error} onRetry={() => void rows.refetch()} small />
				: rows.isPending ? <Skeleton active title={false} /> : stage.todo ?? t('deals.none_here')}
		/>
	);
}

function Card({ entity, row }: { entity: Entity; row: Row }) {
	const { meta } = useApp();
	const { t } = useTranslation();
	const customer = fieldOf(entity, 'customer_id'), owner = fieldOf(entity, 'owner_id');
	const open = row.state === 'open';
	const stuck = open && row.stuck_at && Date.parse(String(row.stuck_at)) < Date.now();
	const late = open && row.close_on && String(row.close_on) < new Date().toISOString().slice(0, 10);
	const days = row.stage_since ? Math.floor((Date.now() - Date.parse(String(row.stage_since))) / 86_400_000) : 0;
	return (
		<>
			<div className="board-line"><span>{(customer && linkedTitle(meta, customer, row)) ?? ' '}</span></div>
			<div className="board-line">
				<b>
					{row.amount
						? money(row.amount, String(row.currency ?? meta.base_currency), { whole: true })
						: <span className="quiet">{t('deals.no_amount')}</span>}
				</b>
				<span className={late ? 'mean mean-bad' : ''}>{row.close_on ? date(row.close_on, 'axis') : ''}</span>
			</div>
			<div className="board-line">
				<span className="board-marks">
					{stuck ? <span className="mean mean-warn">{t('deals.stuck', { count: days, n: number(days) })}</span> : null}
					{open && row.open_activities === 0
						? <span className="mean mean-bad">{t('deals.no_step')}</span>
						: open && row.next_activity_at
							? <span>{t('deals.next', { date: date(String(row.next_activity_at).slice(0, 10), 'axis') })}</span>
							: null}
				</span>
				<span>{(owner && linkedTitle(meta, owner, row)) ?? ''}</span>
			</div>
		</>
	);
}

/** What the stage asks for, asked for: a card is never just sent back. */
function Needed({ entity, asked, onClose, onSave }: { entity: Entity; asked: Asked; onClose(): void; onSave(values: Record<string, unknown>): Promise<void> }) {
	const { t } = useTranslation();
	const id = useId();
	const form = useForm(entity, { row: asked.row });
	const [busy, setBusy] = useState(false);
	async function submit() {
		const values = form.collect();
		if (!values || busy) return;
		setBusy(true);
		try {
			await onSave(values);
		} catch (error) {
			form.fail(error);
			setBusy(false);
		}
	}
	return (
		<Modal
			open width={480}
			title={t(asked.to.category === 'lost' ? 'deals.lost_title' : 'deals.needed_title', { stage: nameOf(asked.to), name: titleOf(entity, asked.row) })}
			onCancel={onClose} okText={t('deals.move_save')} okButtonProps={{ htmlType: 'submit', form: id, loading: busy }} cancelText={t('word.cancel')}
		>
			<form id={id} onSubmit={(e) => { e.preventDefault(); void submit(); }}>
				<FormFields entity={entity} form={form} row={{ ...asked.row, ...form.values }} only={asked.fields} autoFocus />
			</form>
		</Modal>
	);
}
