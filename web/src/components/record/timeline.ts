/** One stream from several: each source comes newest first, page by page. */

export interface Source<T> {
	items: { at: number; item: T }[];
	/** There is more behind the last item. */
	more: boolean;
}

/**
 * Merges what is loaded, newest first, as far as it is certain: an item older than
 * the last loaded one of a source that has more may still get neighbours.
 */
export function mergeSources<T>(sources: Source<T>[]): { items: { at: number; item: T }[]; horizon: number } {
	let horizon = -Infinity;
	for (const s of sources) if (s.more) horizon = Math.max(horizon, s.items.at(-1)?.at ?? Infinity);
	const items = sources.flatMap((s) => s.items).filter((i) => i.at >= horizon);
	items.sort((a, b) => b.at - a.at);
	return { items, horizon };
}
