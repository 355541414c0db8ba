/**
 * Columns of cards that are moved by mouse, touch and keyboard, or by the menu of a card. Each column draws only the cards in sight,
 * so a thousand stay smooth; what a column adds up to is told by whoever shows it, never counted from the cards.
 */
import { Button, Dropdown } from 'antd';
import { createContext, type KeyboardEvent, type PointerEvent, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import type { Row } from '@/api/types.ts';
import { useDrag } from './drag.ts';
import './board.css';

export interface BoardColumn {
	key: string;
	title: string;
}

interface Lifted {
	id: string;
	from: string;
	to: string;
	name: string;
}

interface Shared {
	columns: BoardColumn[];
	movable(row: Row): boolean;
	lifted: Lifted | null;
	press(e: PointerEvent<HTMLElement>, row: Row, column: string): void;
	/** True: the key was for the board. */
	key(e: KeyboardEvent<HTMLElement>, row: Row, column: string, name: string): boolean;
	move(row: Row, from: string, to: string): void;
	names: Map<string, { row: Row; name: string }>;
}

const Context = createContext<Shared | null>(null);

interface Props {
	label: string;
	columns: BoardColumn[];
	movable(row: Row): boolean;
	onMove(row: Row, from: string, to: string): void;
	children: ReactNode;
}

export function Board({ label, columns, movable, onMove, children }: Props) {
	const { t } = useTranslation();
	const box = useRef<HTMLDivElement>(null);
	const names = useRef(new Map<string, { row: Row; name: string }>());
	const [lifted, setLifted] = useState<Lifted | null>(null);
	const [said, setSaid] = useState('');
	const titleOf = useCallback((key: string) => columns.find((c) => c.key === key)?.title ?? '', [columns]);

	const move = useCallback((row: Row, from: string, to: string) => {
		if (from !== to && columns.some((c) => c.key === to)) onMove(row, from, to);
	}, [columns, onMove]);

	const start = useDrag(box, {
		onLift: (id, from) => setSaid(t('board.lifted', { name: names.current.get(id)?.name ?? '', column: titleOf(from) })),
		onOver: (column) => column && setSaid(t('board.over', { column: titleOf(column) })),
		onDrop: (id, from, to) => {
			const card = names.current.get(id);
			if (!card) return;
			setSaid(
				to && to !== from ? t('board.dropped', { name: card.name, column: titleOf(to) }) : t('board.left', { name: card.name, column: titleOf(from) }),
			);
			if (to) move(card.row, from, to);
		},
	});

	const press = useCallback((e: PointerEvent<HTMLElement>, row: Row, column: string) => {
		if (movable(row)) start(e, row.id, column);
	}, [movable, start]);

	const key = useCallback((e: KeyboardEvent<HTMLElement>, row: Row, column: string, name: string): boolean => {
		if (!lifted || lifted.id !== row.id) {
			if (e.key !== ' ' || !movable(row)) return false;
			setLifted({ id: row.id, from: column, to: column, name });
			setSaid(t('board.lifted_keys', { name, column: titleOf(column) }));
			return true;
		}
		const at = columns.findIndex((c) => c.key === lifted.to);
		if (e.key === 'ArrowLeft' || e.key === 'ArrowRight') {
			const to = columns[at + (e.key === 'ArrowRight' ? 1 : -1)];
			if (to) {
				setLifted({ ...lifted, to: to.key });
				setSaid(t('board.over', { column: to.title }));
				box.current?.querySelector(`[data-column="${to.key}"]`)?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
			}
			return true;
		}
		if (e.key === ' ' || e.key === 'Enter') {
			setSaid(lifted.to === lifted.from ? t('board.left', { name, column: titleOf(column) }) : t('board.dropped', { name, column: titleOf(lifted.to) }));
			setLifted(null);
			move(row, column, lifted.to);
			return true;
		}
		if (e.key === 'Escape' || e.key === 'Tab') {
			setSaid(t('board.left', { name, column: titleOf(column) }));
			setLifted(null);
			return e.key === 'Escape';
		}
		return ['ArrowUp', 'ArrowDown'].includes(e.key);
	}, [lifted, movable, columns, titleOf, move, t]);

	const shared = useMemo(() => ({ columns, movable, lifted, press, key, move, names: names.current }), [columns, movable, lifted, press, key, move]);
	return (
		<Context.Provider value={shared}>
			<div className="board" ref={box} role="group" aria-label={label}>{children}</div>
			<p className="sr-only" aria-live="assertive">{said}</p>
			<p className="sr-only" id="board-keys">{t('board.keys')}</p>
		</Context.Provider>
	);
}

interface ColumnProps {
	column: BoardColumn;
	/** Its place among the others, for keys. */
	head: ReactNode;
	rows: Row[];
	/** Pixels of one card, the gap included. */
	height: number;
	name(row: Row): string;
	to(row: Row): string;
	card(row: Row): ReactNode;
	changed: ReadonlySet<string>;
	complete: boolean;
	loading: boolean;
	onMore(): void;
	/** Instead of cards: loading, failed, nothing here. */
	empty: ReactNode;
}

export function Column({ column, head, rows, height, name, to, card, changed, complete, loading, onMore, empty }: ColumnProps) {
	const board = useContext(Context)!;
	const scroller = useRef<HTMLDivElement>(null);
	const focusNext = useRef<string | null>(null);
	const [current, setCurrent] = useState(0);
	const virtual = useVirtualizer({
		count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => height, overscan: 4, getItemKey: (i) => rows[i]?.id ?? i,
	});
	const items = virtual.getVirtualItems();
	const last = items.at(-1)?.index ?? 0;
	useEffect(() => {
		if (!complete && !loading && last >= rows.length - 15) onMore();
	}, [last, rows.length, complete, loading, onMore]);
	for (const item of items) {
		const row = rows[item.index];
		if (row) board.names.set(row.id, { row, name: name(row) });
	}
	useEffect(() => {
		if (focusNext.current === null) return;
		const card = scroller.current?.querySelector<HTMLElement>(`[data-card="${focusNext.current}"] .board-title`);
		if (card) {
			focusNext.current = null;
			card.focus();
		}
	});

	function go(index: number) {
		const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
		if (!row) return;
		setCurrent(rows.indexOf(row));
		virtual.scrollToIndex(rows.indexOf(row));
		focusNext.current = row.id;
		const card = scroller.current?.querySelector<HTMLElement>(`[data-card="${row.id}"] .board-title`);
		card?.focus();
		if (card) focusNext.current = null;
	}

	/** To the first card in sight of the column beside. */
	function beside(step: number) {
		const keys = board.columns.map((c) => c.key);
		for (let at = keys.indexOf(column.key) + step; at >= 0 && at < keys.length; at += step) {
			const title = document.querySelector<HTMLElement>(`[data-column="${keys[at]}"] .board-title[tabindex="0"]`);
			if (!title) continue;
			title.focus();
			title.closest('[data-column]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
			return;
		}
	}

	function onKey(e: KeyboardEvent<HTMLElement>, row: Row, index: number) {
		if (board.key(e, row, column.key, name(row))) {
			e.preventDefault();
			return;
		}
		if (e.key === 'ArrowDown') go(index + 1);
		else if (e.key === 'ArrowUp') go(index - 1);
		else if (e.key === 'ArrowRight') beside(1);
		else if (e.key === 'ArrowLeft') beside(-1);
		else if (e.key === 'Home') go(0);
		else if (e.key === 'End') go(rows.length - 1);
		else return;
		e.preventDefault();
	}

	const shownCurrent = items.some((i) => i.index === current) ? current : items[0]?.index ?? 0;
	const target = board.lifted?.to === column.key && board.lifted.from !== column.key;
	return (
		<section className={`board-column${target ? ' is-over' : ''}`} data-column={column.key} aria-label={column.title}>
			<header className="board-head">{head}</header>
			<div className="board-scroll" ref={scroller}>
				{rows.length === 0 ? <div className="board-empty">{empty}</div> : (
					<ul style={{ height: virtual.getTotalSize() }}>
						{items.map((item) => {
							const row = rows[item.index]!;
							const up = board.lifted?.id === row.id;
							return (
								<li
									key={row.id} data-card={row.id} style={{ height: height - 8, transform: `translateY(${item.start}px)` }}
									aria-setsize={complete ? rows.length : -1} aria-posinset={item.index + 1}
									className={[
										'board-card', changed.has(row.id) && 'is-changed', up && 'is-up', board.movable(row) && 'is-movable',
									].filter(Boolean).join(' ')}
									onPointerDown={(e) => board.press(e, row, column.key)}
								>
									<Link
										className="board-title" to={to(row)} draggable={false} tabIndex={item.index === shownCurrent ? 0 : -1}
										aria-describedby="board-keys"
										onFocus={() => setCurrent(item.index)} onKeyDown={(e) => onKey(e, row, item.index)}
									>
										{name(row)}
									</Link>
									{board.movable(row) && <MoveMenu row={row} column={column.key} name={name(row)} />}
									{card(row)}
								</li>
							);
						})}
					</ul>
				)}
			</div>
		</section>
	);
}

/** The same without dragging anything. */
function MoveMenu({ row, column, name }: { row: Row; column: string; name: string }) {
	const board = useContext(Context)!;
	const { t } = useTranslation();
	return (
		<Dropdown
			trigger={['click']} placement="bottomRight"
			menu={{
				items: board.columns.filter((c) => c.key !== column).map((c) => ({ key: c.key, label: t('board.move_to', { column: c.title }) })),
				onClick: ({ key }) => board.move(row, column, key),
			}}
		>
			<Button type="text" size="small" className="board-menu" aria-label={t('board.move', { name })}>⋯</Button>
		</Dropdown>
	);
}
