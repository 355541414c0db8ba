/** The one list: views, filters, table or cards, selection, side panel, live marks. */
import { CalculatorOutlined, DownloadOutlined, ReloadOutlined, SettingOutlined, TeamOutlined, UploadOutlined } from '@ant-design/icons';
import { App, Button, Dropdown, Input, type InputRef, Popover, Skeleton, Tooltip } from 'antd';
import { lazy, type ReactNode, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { IMPORT_RUN } from '@/api/query.ts';
import { entityOf, fetchRecord, may, PAGE, refresh, useCache, useCount, useRows, useSums } from '@/api/records.ts';
import type { Entity, Row } from '@/api/types.ts';
import { useApp } from '@/app/context.tsx';
import { usePhone } from '@/app/preferences.ts';
import { waysOf } from '@/app/features.ts';
import { madeDaily } from '@/app/nav.ts';
import { useTitle } from '@/app/title.ts';
import { number } from '@/lib/format.ts';
import { useDelayed } from '@/lib/delayed.ts';
import { Empty, Failed } from '../common/States.tsx';
import { problemText, useUndo } from '../common/undo.tsx';
import { When } from '../common/When.tsx';
import { useSaver } from '../record/save.tsx';
import { Cards } from './Cards.tsx';
import { Chips } from './Chips.tsx';
import { Grid, type Selection } from './Grid.tsx';
import { useLive } from './live.ts';
import { Peek } from './Peek.tsx';
import { listParams, sumField, useListState } from './state.ts';
import { Views } from './Views.tsx';

const SaveSegment = lazy(() => import('./Advanced.tsx').then((m) => ({ default: m.SaveSegment })));
const Bulk = lazy(() => import('./Bulk.tsx'));
const Columns = lazy(() => import('./Columns.tsx'));
const FormDialog = lazy(() => import('../form/FormDialog.tsx').then((m) => ({ default: m.FormDialog })));
const Export = lazy(() => import('./Export.tsx'));

const NONE: Selection = { all: false, ids: new Set() };

interface ListPageProps {
	entity: Entity;
	/** Where records open, if not under the entity's own name. */
	base?: string;
	/** The one thing to do here, instead of creating a record by form. */
	action?: ReactNode;
}

export function ListPage({ entity, base = `/${entity.name}`, action }: ListPageProps) {
	const { meta, me } = useApp();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const navigate = useNavigate();
	const cache = useCache();
	const undo = useUndo();
	const phone = usePhone();
	const saver = useSaver(entity);
	const [state, change] = useListState(entity);
	const [selection, setSelection] = useState<Selection>(NONE);
	const [whole, setWhole] = useState<Row | null>(null);
	const [exporting, setExporting] = useState(false);
	const [saving, setSaving] = useState(false);
	useTitle(entity.label_many);

	// Relative conditions ("last 90 days") are worked out anew when the list is.
	const columnNames = state.columns.map((c) => c.field.name).join();
	const params = useMemo(
		() => listParams(meta, entity, state, me.id),
		[meta, entity, me.id, state.q, state.conditions, state.sort, columnNames],
	);
	const rowsQuery = useRows(entity, params);
	const rows = useMemo(() => {
		// A row may come twice when records move between pages; the later one is right.
		const seen = new Map<string, Row>();
		for (const page of rowsQuery.data?.pages ?? []) for (const row of page.rows) seen.set(row.id, row);
		return [...seen.values()];
	}, [rowsQuery.data]);
	const masked = rowsQuery.data?.pages[0]?.masked ?? new Set<string>();
	const complete = rowsQuery.data !== undefined && !rowsQuery.hasNextPage;
	// Chinese counts people otherwise than things.
	const { people } = waysOf(entity.name);
	const counted = useCount(entity, params, !complete && rows.length >= PAGE);
	const total = complete ? rows.length : counted.data?.total ?? null;
	const capped = !complete && (counted.data?.capped ?? false);
	const summed = state.columns.flatMap((c) => sumField(entity, c.field) ?? []);
	const sums = useSums(entity, params, summed.map((f) => f.name), state.totals && !phone);
	const live = useLive(entity, rows, params);

	const conditionsKey = `${state.q}?${JSON.stringify(state.conditions)}`;
	useEffect(() => setSelection(NONE), [entity, conditionsKey]);

	const { fetchNextPage } = rowsQuery;
	const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
	const reload = useCallback(() => {
		live.seen();
		void refresh(cache, entity.name);
	}, [cache, entity, live]);

	const save = useCallback(async (row: Row, name: string, value: unknown) => {
		try {
			const saved = await saver.save(row, null, { [name]: value });
			if (saved) undo(t('save.saved'), async () => {
				await saver.save(saved, null, { [name]: row[name] ?? null });
			});
			return true;
		} catch (error) {
			void message.error(problemText(error, t));
			return false;
		}
	}, [saver, undo, message, t]);

	const open = useCallback((id: string) => void navigate(`${base}/${id}`), [navigate, base]);
	const peek = useCallback((id: string | null) => {
		if (phone && id) open(id);
		else change({ peek: id });
	}, [phone, open, change]);

	/** All its fields, not only those of the list; the server has the last word on saving. */
	const form = useCallback((row: Row) => {
		fetchRecord(meta, entity, row.id).then(({ row: all }) => setWhole(all), (error) => void message.error(problemText(error, t)));
	}, [meta, entity, message, t]);

	const selected = selection.all || selection.ids.size > 0;
	const filtered = state.q !== '' || state.conditions.length > 0;
	const creatable = may(entity, 'create') && !entity.child;
	const segmentable = !entity.system
		&& filtered
		&& may(entityOf(meta, 'segment'), 'create')
		&& state.conditions.every((c) => c.field !== IMPORT_RUN && (c.op !== 'raw' || c.field === 'condition'));
	// The button above the page makes what the business makes daily; the rest is made here.
	const elsewhere = !entity.child && !madeDaily(entity);

	return (
		<div className="list-page">
			{elsewhere ? <p className="list-crumb"><Link to="/settings">{t('nav.settings')}</Link> <span aria-hidden="true">/</span> {entity.label_many}</p> : null}
			<h1 className="sr-only">{entity.label_many}</h1>
			<div className="list-top">
				<Views entity={entity} state={state} onView={(view) => void navigate({ search: new URLSearchParams([...new URLSearchParams(view.query), ['view', view.id]]).toString() })} />
				<div className="list-tools">
					<Fresh at={rowsQuery.dataUpdatedAt} fresh={live.fresh} stale={live.stale} busy={rowsQuery.isFetching && !rowsQuery.isFetchingNextPage} onReload={reload} />
					{!phone && (
						<Popover trigger="click" placement="bottomRight" destroyOnHidden content={<Suspense fallback={null}><Columns entity={entity} columns={state.columns} onChange={(columns) => change({ columns })} /></Suspense>}>
							<Tooltip title={t('columns.title')}><Button type="text" icon={<SettingOutlined />} aria-label={t('columns.title')} /></Tooltip>
						</Popover>
					)}
					{action ?? (creatable && elsewhere && <Button type="primary" onClick={() => void navigate(`/${entity.name}/new`)}>{t('list.create', { what: entity.label })}</Button>)}
					<ListMenu
						entity={entity} totals={summed.length > 0 && !phone ? state.totals : null} onTotals={() => change({ totals: !state.totals })}
						onExport={() => setExporting(true)} onSegment={segmentable ? () => setSaving(true) : null}
					/>
				</div>
			</div>
			<div className="list-filters">
				<QuickSearch value={state.q} label={t('list.search', { what: entity.label_many })} onChange={(q) => change({ q })} />
				<Chips entity={entity} conditions={state.conditions} onChange={(conditions) => change({ conditions })} />
				<span className="list-count" role="status">{total === null ? '' : capped ? t(people ? 'list.count_people_capped' : 'list.count_capped', { n: number(total), what: entity.label_many }) : t(people ? 'list.count_people' : 'list.count', { count: total, n: number(total), what: entity.label_many })}</span>
			</div>
			<div className={`list-main${state.peek && !phone ? ' has-peek' : ''}`}>
				<div className="list-body" aria-busy={rowsQuery.isFetching}>
					{rowsQuery.isPending ? (
						<div className="list-wait" role="status" aria-label={t('state.loading')}>{Array.from({ length: 14 }, (_, i) => <Skeleton.Button key={i} active block size="small" />)}</div>
					) : rowsQuery.isError && rows.length === 0 ? (
						<Failed error={rowsQuery.error} onRetry={() => void rowsQuery.refetch()} />
					) : rows.length === 0 ? (
						filtered ? (
							<Empty title={t('list.none_match')} text={t('list.none_match_text')} action={<Button onClick={() => change({ q: '', conditions: [] })}>{t('filter.clear')}</Button>} />
						) : (
							<Empty
								title={t(entity.actions.read === 'all' ? 'list.empty' : 'list.none_seen', { what: entity.label_many })}
								text={t(entity.actions.read === 'all' ? 'list.empty_text' : 'list.none_seen_text', { what: entity.label_many })}
								action={action ?? (creatable && <Button type="primary" onClick={() => void navigate(`/${entity.name}/new`)}>{t('list.create', { what: entity.label })}</Button>)}
							/>
						)
					) : phone ? (
						<Cards entity={entity} rows={rows} masked={masked} columns={state.columns} changed={live.changed} complete={complete} loadingMore={rowsQuery.isFetchingNextPage} onMore={more} />
					) : (
						<Grid
							entity={entity} rows={rows} masked={masked} columns={state.columns} sort={state.sort} selection={selection} peek={state.peek} changed={live.changed}
							selectable={may(entity, 'update') || may(entity, 'delete') || may(entity, 'export')} complete={complete} loadingMore={rowsQuery.isFetchingNextPage} sums={state.totals && summed.length > 0 ? sums.data ?? null : undefined}
							onMore={more} onSort={(sort) => change({ sort })} onResize={(columns) => change({ columns })}
							onSelect={setSelection} onPeek={peek} onOpen={open} onForm={form} onSave={save}
						/>
					)}
					{selected && (
						<Suspense fallback={null}>
							<Bulk
								entity={entity} rows={rows} columns={state.columns} params={params} selection={selection} total={total} capped={capped} onSelect={setSelection}
								onExport={() => setExporting(true)}
							/>
						</Suspense>
					)}
				</div>
				{state.peek && !phone && <Peek key={state.peek} entity={entity} id={state.peek} onClose={() => peek(null)} />}
			</div>
			{whole && (
				<Suspense fallback={null}>
					<FormDialog entity={entity} row={whole} onClose={() => setWhole(null)} onSaved={() => { setWhole(null); void refresh(cache, entity.name); }} />
				</Suspense>
			)}
			{exporting && <Suspense fallback={null}><Export entity={entity} params={params} columns={state.columns} selection={selection} onClose={() => setExporting(false)} /></Suspense>}
			{saving && (
				<Suspense fallback={null}><SaveSegment entity={entity} q={state.q} conditions={state.conditions} onClose={() => setSaving(false)} /></Suspense>
			)}
			{saver.dialog}
		</div>
	);
}

function Fresh({ at, fresh, stale, busy, onReload }: { at: number; fresh: number; stale: boolean; busy: boolean; onReload(): void }) {
	const { t } = useTranslation();
	if (fresh > 0 || stale)
		return (
			<Button size="small" type="primary" ghost icon={<ReloadOutlined spin={busy} />} onClick={onReload}>
				<span aria-live="polite">{stale ? t('list.stale') : t('list.fresh', { count: fresh, n: number(fresh) })}</span>
			</Button>
		);
	return (
		<Button size="small" type="text" className="fresh" icon={<ReloadOutlined spin={busy} />} onClick={onReload}>
			<span className="sr-only">{t('list.reload')}</span>{at > 0 && <When at={new Date(at).toISOString()} />}
		</Button>
	);
}

function QuickSearch({ value, label, onChange }: { value: string; label: string; onChange(q: string): void }) {
	const [typed, setTyped] = useState(value);
	const input = useRef<InputRef>(null);
	const rested = useDelayed(typed, 250);
	useEffect(() => setTyped(value), [value]);
	useEffect(() => {
		if (rested.trim() !== value && rested === typed) onChange(rested.trim());
	}, [rested]);
	useEffect(() => {
		const onKey = (e: KeyboardEvent) => {
			if (e.key !== '/' || e.ctrlKey || e.metaKey || (e.target as HTMLElement).closest('input,textarea,select,[contenteditable]')) return;
			e.preventDefault();
			input.current?.focus();
		};
		window.addEventListener('keydown', onKey);
		return () => window.removeEventListener('keydown', onKey);
	}, []);
	return (
		<Input
			ref={input} className="quick-search" allowClear value={typed} placeholder={label} aria-label={label} onChange={(e) => setTyped(e.target.value)} autoComplete="off"
			onPressEnter={() => onChange(typed.trim())} onKeyDown={(e) => e.key === 'Escape' && document.querySelector<HTMLElement>('.grid')?.focus()}
		/>
	);
}

interface MenuProps {
	entity: Entity;
	totals: boolean | null;
	onTotals(): void;
	onExport(): void;
	onSegment: (() => void) | null;
}

function ListMenu({ entity, totals, onTotals, onExport, onSegment }: MenuProps) {
	const { t } = useTranslation();
	const navigate = useNavigate();
	const items = [
		...(totals !== null ? [{ key: 'totals', icon: <CalculatorOutlined />, label: t(totals ? 'list.totals_off' : 'list.totals_on') }] : []),
		...(onSegment ? [{ key: 'segment', icon: <TeamOutlined />, label: t('segment.save') }] : []),
		...(may(entity, 'export') ? [{ key: 'export', icon: <DownloadOutlined />, label: t('export.button') }] : []),
		...(may(entity, 'import') ? [{ key: 'import', icon: <UploadOutlined />, label: t('import.button') }] : []),
	];
	if (items.length === 0) return null;
	return (
		<Dropdown
			trigger={['click']} placement="bottomRight"
			menu={{
				items,
				onClick: ({ key }) => (key === 'export'
					? onExport()
					: key === 'segment' ? onSegment?.() : key === 'totals' ? onTotals() : void navigate(`/import/new?entity=${entity.name}`)),
			}}
		>
			<Button type="text" aria-label={t('list.more')}>⋯</Button>
		</Dropdown>
	);
}

export default function ListRoute({ entity }: { entity: Entity }) {
	// A fresh list for each entity: nothing of the one before may linger.
	return <ListPage key={entity.name} entity={entity} />;
}

