/**
 * Dragging a card by mouse or by touch. Nothing is rendered while something is dragged: a copy follows the pointer, and the column
 * below it gets a class. On a touch screen a card is lifted by holding it, so that a finger still scrolls.
 */
import { type PointerEvent as ReactPointerEvent, type RefObject, useCallback, useEffect, useRef } from 'react';

const MOUSE_SLOP = 5;
const TOUCH_SLOP = 10;
const HOLD_MS = 220;
const EDGE = 48;

interface Drag {
	id: string;
	from: string;
	card: HTMLElement;
	ghost: HTMLElement | null;
	pointer: number;
	x: number;
	y: number;
	/** Where in the card it was taken. */
	dx: number;
	dy: number;
	over: HTMLElement | null;
	hold: ReturnType<typeof setTimeout> | undefined;
}

export interface DragEvents {
	onLift(id: string, from: string): void;
	onOver(column: string | null): void;
	/** `to` is null where it was let go elsewhere. */
	onDrop(id: string, from: string, to: string | null): void;
}

export function useDrag(board: RefObject<HTMLElement | null>, events: DragEvents) {
	const drag = useRef<Drag | null>(null);
	const latest = useRef(events);
	latest.current = events;
	const frame = useRef(0);

	const mark = useCallback((column: HTMLElement | null) => {
		const d = drag.current;
		if (!d || d.over === column) return;
		d.over?.classList.remove('is-over');
		d.over = column;
		column?.classList.add('is-over');
		latest.current.onOver(column?.dataset.column ?? null);
	}, []);

	const columnAt = (x: number, y: number) => (document.elementFromPoint(x, y)?.closest<HTMLElement>('[data-column]') ?? null);

	/** Near an edge of the board it goes on by itself, as long as the pointer stays there. */
	const scroll = useCallback(() => {
		const d = drag.current;
		const box = board.current;
		if (!d?.ghost || !box) return;
		const r = box.getBoundingClientRect();
		const step = d.x < r.left + EDGE ? -12 : d.x > r.right - EDGE ? 12 : 0;
		if (step !== 0) {
			box.scrollLeft += step;
			mark(columnAt(d.x, d.y));
		}
		frame.current = requestAnimationFrame(scroll);
	}, [board, mark]);

	const lift = useCallback(() => {
		const d = drag.current;
		if (!d || d.ghost) return;
		clearTimeout(d.hold);
		const r = d.card.getBoundingClientRect();
		d.dx = d.x - r.left;
		d.dy = d.y - r.top;
		// Not the card itself: a copied style attribute would be refused by the page's policy.
		d.ghost = document.createElement('div');
		d.ghost.className = `${d.card.className} board-ghost`;
		for (const child of d.card.childNodes) d.ghost.append(child.cloneNode(true));
		d.ghost.setAttribute('aria-hidden', 'true');
		d.ghost.style.width = `${r.width}px`;
		d.ghost.style.height = `${r.height}px`;
		d.ghost.style.transform = `translate(${r.left}px, ${r.top}px)`;
		document.body.append(d.ghost);
		d.card.classList.add('is-lifted');
		document.body.classList.add('is-dragging');
		latest.current.onLift(d.id, d.from);
		frame.current = requestAnimationFrame(scroll);
	}, [scroll]);

	const end = useCallback((dropped: boolean) => {
		const d = drag.current;
		if (!d) return;
		clearTimeout(d.hold);
		cancelAnimationFrame(frame.current);
		drag.current = null;
		d.over?.classList.remove('is-over');
		d.card.classList.remove('is-lifted');
		document.body.classList.remove('is-dragging');
		if (!d.ghost) return;
		d.ghost.remove();
		// The click that ends a drag is none.
		const swallow = (e: Event) => {
			e.preventDefault();
			e.stopPropagation();
		};
		window.addEventListener('click', swallow, { capture: true, once: true });
		setTimeout(() => window.removeEventListener('click', swallow, { capture: true }), 50);
		latest.current.onDrop(d.id, d.from, dropped ? d.over?.dataset.column ?? null : null);
	}, []);

	useEffect(() => {
		const move = (e: PointerEvent) => {
			const d = drag.current;
			if (!d || e.pointerId !== d.pointer) return;
			const far = Math.hypot(e.clientX - d.x, e.clientY - d.y);
			if (!d.ghost) {
				if (e.pointerType !== 'mouse') {
					// A finger that moves before it has held means to scroll.
					if (far > TOUCH_SLOP) end(false);
					return;
				}
				if (far < MOUSE_SLOP) return;
				lift();
			}
			d.x = e.clientX;
			d.y = e.clientY;
			d.ghost!.style.transform = `translate(${d.x - d.dx}px, ${d.y - d.dy}px)`;
			mark(columnAt(d.x, d.y));
		};
		const up = (e: PointerEvent) => {
			if (drag.current?.pointer === e.pointerId) end(true);
		};
		const cancel = (e: PointerEvent) => {
			if (drag.current?.pointer === e.pointerId) end(false);
		};
		const key = (e: KeyboardEvent) => {
			if (e.key === 'Escape' && drag.current?.ghost) end(false);
		};
		// What is lifted does not scroll the page along.
		const hold = (e: TouchEvent) => {
			if (drag.current?.ghost) e.preventDefault();
		};
		window.addEventListener('pointermove', move);
		window.addEventListener('pointerup', up);
		window.addEventListener('pointercancel', cancel);
		window.addEventListener('keydown', key);
		window.addEventListener('touchmove', hold, { passive: false });
		return () => {
			end(false);
			window.removeEventListener('pointermove', move);
			window.removeEventListener('pointerup', up);
			window.removeEventListener('pointercancel', cancel);
			window.removeEventListener('keydown', key);
			window.removeEventListener('touchmove', hold);
		};
	}, [end, lift, mark]);

	return useCallback((e: ReactPointerEvent<HTMLElement>, id: string, from: string) => {
		if (e.button !== 0 || drag.current || (e.target as HTMLElement).closest('button, input, select, textarea')) return;
		drag.current = {
			id, from, card: e.currentTarget, ghost: null, pointer: e.pointerId, x: e.clientX, y: e.clientY, dx: 0, dy: 0, over: null,
			hold: e.pointerType === 'mouse' ? undefined : setTimeout(lift, HOLD_MS),
		};
	}, [lift]);
}
