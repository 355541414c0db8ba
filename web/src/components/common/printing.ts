/** Paper can't be clicked: what is folded away on the screen is printed. */
import { useEffect, useState } from 'react';
import { flushSync } from 'react-dom';

export function usePrinting(): boolean {
	const [printing, setPrinting] = useState(() => window.matchMedia('print').matches);
	useEffect(() => {
		const media = window.matchMedia('print');
		// At once: the browser takes the page as it is when this returns.
		const on = () => flushSync(() => setPrinting(true));
		const off = () => setPrinting(false);
		const changed = () => (media.matches ? on() : off());
		window.addEventListener('beforeprint', on);
		window.addEventListener('afterprint', off);
		media.addEventListener('change', changed);
		return () => {
			window.removeEventListener('beforeprint', on);
			window.removeEventListener('afterprint', off);
			media.removeEventListener('change', changed);
		};
	}, []);
	return printing;
}
