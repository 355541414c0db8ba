/** A row of controls is one stop of the Tab key; arrows, Home and End move among them, as in a toolbar. */
import { type FocusEvent, type KeyboardEvent, type RefObject, useEffect, useLayoutEffect, useRef } from 'react';

interface Roving<T extends HTMLElement> {
	ref: RefObject<T | null>;
	onKeyDown(event: KeyboardEvent): void;
	onFocus(event: FocusEvent): void;
}

/** `selector` finds the controls inside what `ref` stands on; what is typed into anything else is left alone. */
export function useRoving<T extends HTMLElement>(selector: string): Roving<T> {
	const ref = useRef<T>(null);
	const now = useRef<HTMLElement | null>(null);
	const all = () => [...(ref.current?.querySelectorAll<HTMLElement>(selector) ?? [])];

	function settle() {
		const items = all();
		const stop = items.find((e) => e === now.current) ?? items[0];
		for (const item of items) item.tabIndex = item === stop ? 0 : -1;
	}
	// After every render: controls come and go with rights, values and what is being edited; and when one is loaded later.
	useLayoutEffect(settle);
	useEffect(() => {
		const seen = new MutationObserver(settle);
		if (ref.current) seen.observe(ref.current, { childList: true, subtree: true });
		return () => seen.disconnect();
	}, []);

	function onFocus(event: FocusEvent) {
		const items = all();
		if (!items.includes(event.target as HTMLElement)) return;
		now.current = event.target as HTMLElement;
		for (const item of items) item.tabIndex = item === now.current ? 0 : -1;
	}

	function onKeyDown(event: KeyboardEvent) {
		if (event.ctrlKey || event.metaKey || event.altKey) return;
		const items = all();
		const at = items.indexOf(event.target as HTMLElement);
		if (at < 0) return;
		const to: Record<string, number> = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 };
		const next = to[event.key];
		if (next === undefined) return;
		event.preventDefault();
		items[Math.max(0, Math.min(items.length - 1, next))]!.focus();
	}
	return { ref, onKeyDown, onFocus };
}

/** Whether a key that means something of its own may be taken: nothing is typed, nothing lies over the page. */
export function mayTakeKey(event: globalThis.KeyboardEvent | KeyboardEvent): boolean {
	const target = event.target as HTMLElement;
	if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return false;
	if (target.closest('input:not([type="radio"]):not([type="checkbox"]),textarea,select,[contenteditable],[role="combobox"]')) return false;
	return ![...document.querySelectorAll('.ant-modal, .ant-drawer, .ant-popover, .ant-dropdown')].some((e) => e.getClientRects().length > 0);
}
