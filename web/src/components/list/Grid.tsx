/**
 * The table of a list: only the rows on screen exist, the head and the title stay,
 * the keyboard does everything (j k x e Enter), columns take any width.
 */
import { CaretDownOutlined, CaretUpOutlined } from '@ant-design/icons';
import { useVirtualizer } from '@tanstack/react-virtual';
import { Checkbox } from 'antd';
import { useLocation } from 'react-router';
import { memo, type MouseEvent, type PointerEvent, useCallback, useEffect, useId, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Sort } from '@/api/query.ts';
import type { Entity, Row } from '@/api/types.ts';
import { titleOf } from '@/api/records.ts';
import { useApp, useMeta } from '@/app/context.tsx';
import { mayInList } from '@/components/record/rights.tsx';
import { editable, FieldValue, kindOf } from '@/fields/index.tsx';
import { CellEditor } from './CellEditor.tsx';
import { money, number } from '@/lib/format.ts';
import { type Column, sortField, sumField } from './state.ts';

export interface Selection {
	/** All that match, except `ids`; otherwise just `ids`. */
	all: boolean;
	ids: ReadonlySet<string>;
}

export const isSelected = (s: Selection, id: string) => s.all !== s.ids.has(id);

interface Props {
	entity: Entity;
	rows: Row[];
	masked: ReadonlySet<string>;
	columns: Column[];
	sort: Sort[];
	selection: Selection;
	selectable: boolean;
	peek: string | null;
	changed: ReadonlySet<string>;
	complete: boolean;
	loadingMore: boolean;
	/** Sums by column, once asked for; null while they are being made. */
	sums?: Record<string, string | number | null> | null;
	onMore(): void;
	onSort(sort: Sort[]): void;
	onResize(columns: Column[]): void;
	onSelect(selection: Selection): void;
	onPeek(id: string | null): void;
	onOpen(id: string): void;
	/** The whole form of a row. */
	onForm(row: Row): void;
	onSave(row: Row, field: string, value: unknown): Promise<boolean>;
}

const CHECK = 38;

function widthOf(column: Column, title: boolean): string {
	if (column.width) return `${column.width}px`;
	const width = kindOf(column.field).width;
	return title ? `minmax(${Math.max(width, 190)}px, 1.5fr)` : `minmax(${width}px, 1fr)`;
}

interface RowProps {
	entity: Entity;
	row: Row;
	index: number;
	columns: Column[];
	masked: ReadonlySet<string>;
	active: boolean;
	peeked: boolean;
	selected: boolean;
	selectable: boolean;
	flash: boolean;
	editing: string | null;
	/** The cell that "e" edits. */
	column: number | null;
	top: number;
	height: number;
	id: string;
	onClick(index: number, event: MouseEvent): void;
	onEdit(index: number, field: string): void;
	onEdited(row: Row, field: string, value: unknown): Promise<boolean>;
	onEditEnd(): void;
	onToggle(index: number, range: boolean): void;
}

const GridRow = memo(function GridRow(p: RowProps) {
	const { t } = useTranslation();
	const state = `${p.active ? ' is-active' : ''}${p.peeked ? ' is-peeked' : ''}${p.selected ? ' is-selected' : ''}${p.flash ? ' is-changed' : ''}`;
	return (
		<div
			role="row" id={p.id} aria-rowindex={p.index + 2} aria-selected={p.selectable ? p.selected : undefined} className={`grid-row${state}`}
			style={{ transform: `translateY(${p.top}px)`, height: p.height }} onClick={(e) => p.onClick(p.index, e)}
		>
			{p.selectable && (
				<div role="gridcell" className="grid-cell grid-check" onClick={(e) => e.stopPropagation()}>
					<Checkbox
						checked={p.selected} tabIndex={-1} aria-label={t('list.select_row', { name: titleOf(p.entity, p.row) })}
						onChange={(e) => p.onToggle(p.index, (e.nativeEvent as unknown as { shiftKey?: boolean }).shiftKey === true)}
					/>
				</div>
			)}
			{p.columns.map((c, i) => {
				const editing = p.editing === c.field.name;
				return (
					<div
						key={c.field.name} role="gridcell" className={`grid-cell${kindOf(c.field).align === 'right' ? ' is-right' : ''}${i === 0 ? ' is-title' : ''}${i === p.column ? ' is-cell' : ''}${editing ? ' is-editing' : ''}`}
						onDoubleClick={() => p.onEdit(p.index, c.field.name)}
					>
						{editing ? (
							<CellEditor field={c.field} row={p.row} onSave={(value) => p.onEdited(p.row, c.field.name, value)} onEnd={p.onEditEnd} />
						) : i === 0 && c.field.name === p.entity.title ? (
							<span className="row-title">{titleOf(p.entity, p.row)}</span>
						) : (
							<FieldValue field={c.field} row={p.row} place="cell" masked={p.masked.has(c.field.name)} />
						)}
					</div>
				);
			})}
		</div>
	);
});

/** What the columns add up to, over everything that matches. */
function Totals({ entity, columns, selectable, sums }: { entity: Entity; columns: Column[]; selectable: boolean; sums: Record<string, string | number | null> | null }) {
	const { t } = useTranslation();
	const { base_currency: currency } = useMeta();
	return (
		<div className="grid-totals" role="rowgroup" aria-busy={sums === null}>
			<div role="row" className="grid-row is-totals">
				{selectable && <div role="gridcell" className="grid-cell grid-check" />}
				{columns.map((c, i) => {
					const field = sumField(entity, c.field);
					const sum = field ? sums?.[field.name] : undefined;
					return (
						<div key={c.field.name} role="gridcell" className={`grid-cell${kindOf(c.field).align === 'right' ? ' is-right' : ''}${i === 0 ? ' is-title' : ''}`}>
							{i === 0 ? <b>{t('list.totals')}</b> : field && (sums === null ? '…' : <b>{field.type === 'money' ? money(sum ?? '0', currency) : number(sum ?? 0)}</b>)}
						</div>
					);
				})}
			</div>
		</div>
	);
}

/** Where lists were left, by their place in the history. */
const places = new Map<string, { top: number; active: number }>();

export function Grid(props: Props) {
	const { entity, rows, columns, selection, selectable, onMore } = props;
	const { t } = useTranslation();
	const { me, preferences } = useApp();
	const uid = useId();
	const scroller = useRef<HTMLDivElement>(null);
	// Coming back, the list is where it was left.
	const { key: here } = useLocation();
	const [kept] = useState(() => places.get(here));
	const [active, setActive] = useState(kept?.active ?? 0);
	const [column, setColumn] = useState(0);
	const [editing, setEditing] = useState<{ row: string; field: string } | null>(null);
	const anchor = useRef<number | null>(null);
	const dense = preferences.density === 'compact';
	const height = dense ? 32 : 40;

	const virtual = useVirtualizer({
		count: rows.length,
		getScrollElement: () => scroller.current,
		estimateSize: () => height,
		overscan: 14,
	});
	useEffect(() => virtual.measure(), [height, virtual]);
	const back = useRef(kept);
	useEffect(() => {
		if (!back.current || rows.length === 0 || !scroller.current) return;
		scroller.current.scrollTop = back.current.top;
		scroller.current.focus({ preventScroll: true });
		back.current = undefined;
	}, [rows.length]);
	const left = useRef({ top: 0, active: 0 });
	left.current.active = active;
	useEffect(() => () => {
		places.set(here, { ...left.current });
	}, [here]);
	const items = virtual.getVirtualItems();
	const last = items.at(-1)?.index ?? 0;
	useEffect(() => {
		if (!props.complete && !props.loadingMore && last >= rows.length - 30) onMore();
	}, [last, rows.length, props.complete, props.loadingMore, onMore]);
	useEffect(() => {
		if (active >= rows.length && rows.length > 0) setActive(rows.length - 1);
	}, [rows.length, active]);

	const template = useMemo(
		() => `${selectable ? `${CHECK}px ` : ''}${columns.map((c, i) => widthOf(c, i === 0)).join(' ')}`,
		[columns, selectable],
	);
	const minimum = useMemo(
		() => (selectable ? CHECK : 0) + columns.reduce((n, c, i) => n + (c.width ?? Math.max(kindOf(c.field).width, i === 0 ? 190 : 0)), 0),
		[columns, selectable],
	);

	const move = useCallback((to: number) => {
		const next = Math.max(0, Math.min(rows.length - 1, to));
		setActive(next);
		virtual.scrollToIndex(next, { align: 'auto' });
		if (props.peek && rows[next]) props.onPeek(rows[next].id);
	}, [rows, virtual, props.peek, props.onPeek]);

	const toggle = useCallback((index: number, range = false) => {
		const row = rows[index];
		if (!row) return;
		const ids = new Set(selection.ids);
		const from = range && anchor.current !== null ? Math.min(anchor.current, index) : index;
		const to = range && anchor.current !== null ? Math.max(anchor.current, index) : index;
		const on = !isSelected(selection, row.id);
		for (let i = from; i <= to; i++) {
			const id = rows[i]!.id;
			if (on !== selection.all) ids.add(id);
			else ids.delete(id);
		}
		anchor.current = index;
		props.onSelect({ all: selection.all, ids });
	}, [rows, selection, props.onSelect]);

	const edit = useCallback((index: number, name: string | null) => {
		const row = rows[index];
		if (!row || !mayInList(entity, row, me.id)) return;
		const able = (c: Column) => editable(c.field) && kindOf(c.field).inline === true && !props.masked.has(c.field.name);
		const column = columns.find((c) => c.field.name === name && able(c)) ?? (name && name !== columns[0]?.field.name ? undefined : columns.find(able));
		if (column && able(column)) setEditing({ row: row.id, field: column.field.name });
		// What is too large for a cell, such as a note, is edited in the form.
		else if (columns.some((c) => c.field.name === name && editable(c.field) && !props.masked.has(c.field.name))) props.onForm(row);
	}, [rows, entity, columns, props.masked, me.id, props.onForm]);

	function onKeyDown(event: Pick<globalThis.KeyboardEvent, 'key' | 'target' | 'ctrlKey' | 'metaKey' | 'altKey' | 'preventDefault'>) {
		if (!scroller.current || event.target !== scroller.current || event.ctrlKey || event.metaKey || event.altKey) return;
		const page = Math.max(1, Math.floor((scroller.current.clientHeight - height) / height) - 1);
		const keys: Record<string, () => void> = {
			j: () => move(active + 1),
			ArrowDown: () => move(active + 1),
			k: () => move(active - 1),
			ArrowUp: () => move(active - 1),
			PageDown: () => move(active + page),
			PageUp: () => move(active - page),
			Home: () => move(0),
			End: () => move(rows.length - 1),
			x: () => selectable && toggle(active),
			' ': () => rows[active] && props.onPeek(props.peek === rows[active].id ? null : rows[active].id),
			o: () => rows[active] && props.onPeek(rows[active].id),
			e: () => edit(active, columns[column]?.field.name ?? null),
			E: () => rows[active] && mayInList(entity, rows[active], me.id) && props.onForm(rows[active]),
			ArrowRight: () => setColumn((c) => Math.min(columns.length - 1, c + 1)),
			ArrowLeft: () => setColumn((c) => Math.max(0, c - 1)),
			Enter: () => rows[active] && props.onOpen(rows[active].id),
			Escape: () => props.onPeek(null),
		};
		const action = keys[event.key];
		if (!action) return;
		event.preventDefault();
		action();
	}

	// Who has just come to the page has focused nothing: the keys are the list's all the same.
	const keys = useRef(onKeyDown);
	keys.current = onKeyDown;
	useEffect(() => {
		const onKey = (event: globalThis.KeyboardEvent) => {
			const idle = event.target === document.body || (event.target as HTMLElement).id === 'main';
			const covered = [...document.querySelectorAll<HTMLElement>('.ant-modal, .ant-drawer, .ant-popover, .ant-dropdown')].some((e) => e.offsetParent !== null || e.getClientRects().length > 0);
			if (!idle || covered || event.defaultPrevented || !scroller.current) return;
			const given = { key: event.key, target: scroller.current, ctrlKey: event.ctrlKey, metaKey: event.metaKey, altKey: event.altKey, preventDefault: () => {
				event.preventDefault();
				scroller.current?.focus({ preventScroll: true });
			} };
			keys.current(given);
		};
		window.addEventListener('keydown', onKey);
		return () => window.removeEventListener('keydown', onKey);
	}, []);

	const clicked = useCallback((index: number, event: MouseEvent) => {
		setActive(index);
		const target = event.target as HTMLElement;
		const cell = target.closest('[role="gridcell"]');
		if (cell?.parentElement) setColumn(Math.max(0, [...cell.parentElement.children].indexOf(cell) - (selectable ? 1 : 0)));
		if (target.closest('a,button,input,.is-editing')) return;
		const row = rows[index];
		if (!row) return;
		if (event.ctrlKey || event.metaKey) window.open(`/${entity.name}/${row.id}`, '_blank', 'noopener');
		else if (event.detail === 1) props.onPeek(row.id);
		scroller.current?.focus({ preventScroll: true });
	}, [rows, entity, props.onPeek, selectable]);

	const ended = useCallback(() => {
		setEditing(null);
		scroller.current?.focus({ preventScroll: true });
	}, []);

	function sortBy(column: Column) {
		const field = sortField(entity, column.field);
		if (!field) return;
		const current = props.sort[0]?.field === field.name ? props.sort[0] : null;
		const firstDown = kindOf(column.field).align === 'right' || column.field.type === 'time' || column.field.type === 'date';
		if (!current) props.onSort([{ field: field.name, desc: firstDown }]);
		else if (current.desc === firstDown) props.onSort([{ field: field.name, desc: !firstDown }]);
		else props.onSort([]);
	}

	function startResize(event: PointerEvent, index: number) {
		event.preventDefault();
		event.stopPropagation();
		const cell = (event.currentTarget as HTMLElement).parentElement!;
		const start = event.clientX;
		const width = cell.offsetWidth;
		const moved = (e: globalThis.PointerEvent) => props.onResize(columns.map((c, i) => (i === index ? { ...c, width: Math.max(60, Math.min(800, width + e.clientX - start)) } : c)));
		const done = () => {
			window.removeEventListener('pointermove', moved);
			window.removeEventListener('pointerup', done);
		};
		window.addEventListener('pointermove', moved);
		window.addEventListener('pointerup', done);
	}

	const some = selection.all || selection.ids.size > 0;
	const every = selection.all && selection.ids.size === 0;
	return (
		<div
			ref={scroller} onScroll={(e) => { if (e.target === e.currentTarget) left.current.top = e.currentTarget.scrollTop; }} className="grid" role="grid" tabIndex={0} aria-label={entity.label_many} aria-rowcount={props.complete ? rows.length + 1 : -1} aria-multiselectable={selectable}
			aria-activedescendant={rows[active] ? `${uid}${rows[active].id}` : undefined} onKeyDown={onKeyDown}
			style={{ '--grid': template, '--grid-min': `${minimum}px` } as React.CSSProperties}
		>
			<div className="grid-head" role="row" aria-rowindex={1}>
				{selectable && (
					<div role="columnheader" className="grid-cell grid-check">
						<Checkbox
							aria-label={t('list.select_loaded')} checked={every || (rows.length > 0 && !selection.all && selection.ids.size >= rows.length)} indeterminate={some && !every && selection.ids.size < rows.length}
							onChange={() => props.onSelect({ all: false, ids: some ? new Set() : new Set(rows.map((r) => r.id)) })}
						/>
					</div>
				)}
				{columns.map((c, i) => {
					const by = sortField(entity, c.field);
					const sorted = by && props.sort[0]?.field === by.name ? props.sort[0] : null;
					return (
						<div
							key={c.field.name} role="columnheader" aria-sort={sorted ? (sorted.desc ? 'descending' : 'ascending') : undefined}
							className={`grid-cell${kindOf(c.field).align === 'right' ? ' is-right' : ''}${i === 0 ? ' is-title' : ''}`}
						>
							{by ? (
								<button type="button" className="sort" onClick={() => sortBy(c)} title={c.field.help ?? undefined}>
									<span className="sort-label">{c.field.label}</span>
									{sorted && (sorted.desc ? <CaretDownOutlined aria-hidden /> : <CaretUpOutlined aria-hidden />)}
								</button>
							) : (
								<span className="sort-label" title={c.field.help ?? undefined}>{c.field.label}</span>
							)}
							<span className="resize" onPointerDown={(e) => startResize(e, i)} onDoubleClick={() => props.onResize(columns.map((o, n) => (n === i ? { ...o, width: null } : o)))} />
						</div>
					);
				})}
			</div>
			{props.sums !== undefined && <Totals entity={entity} columns={columns} selectable={selectable} sums={props.sums} />}
			<div className="grid-body" role="rowgroup" style={{ height: virtual.getTotalSize() }}>
				{items.map((item) => {
					const row = rows[item.index]!;
					return (
						<GridRow
							key={row.id} id={`${uid}${row.id}`} entity={entity} row={row} index={item.index} columns={columns} masked={props.masked} selectable={selectable}
							active={item.index === active} peeked={props.peek === row.id} selected={isSelected(selection, row.id)} flash={props.changed.has(row.id)}
							editing={editing?.row === row.id ? editing.field : null} column={item.index === active && column > 0 ? column : null} top={item.start} height={height}
							onClick={clicked} onToggle={toggle} onEdit={edit} onEdited={props.onSave} onEditEnd={ended}
						/>
					);
				})}
			</div>
		</div>
	);
}
