/** Where the focus goes next, among cells that may not be there before the next render. */
import { type RefObject, useEffect, useRef } from 'react';

/** Cells bear their name as `data-at`; the one that was asked for gets the focus as soon as it is there, all of it marked. */
export function useGoTo(): { box: RefObject<HTMLDivElement | null>; ask(name: string): void } {
	const box = useRef<HTMLDivElement>(null);
	const wanted = useRef<string | null>(null);
	useEffect(() => {
		if (!wanted.current) return;
		const input = box.current?.querySelector<HTMLInputElement>(`[data-at="${wanted.current}"]`);
		if (!input) return;
		wanted.current = null;
		input.focus();
		input.select();
	});
	return { box, ask: (name) => { wanted.current = name; } };
}
