import { useEffect } from 'react';

/** The document's name while a page is open. */
export function useTitle(title: string | null | undefined) {
	useEffect(() => {
		if (title) document.title = `${title} · Guanxi`;
	}, [title]);
}
