/** Keeps a list fresh: changed rows are fetched again and marked, new ones are announced. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { useChanges } from '@/api/events.ts';
import { dropRows, fetchPage, replaceRow, useCache } from '@/api/records.ts';
import type { Entity, Row } from '@/api/types.ts';

/** More changes than this at once (an import) and the list only says that it is old. */
const MANY = 40;

export interface Live {
	/** Ids changed moments ago. */
	changed: ReadonlySet<string>;
	/** How many new records there are that the list does not show. */
	fresh: number;
	/** Too much happened to follow. */
	stale: boolean;
	seen(): void;
}

export function useLive(entity: Entity, rows: Row[], select: string): Live {
	const cache = useCache();
	const [changed, setChanged] = useState<ReadonlySet<string>>(new Set());
	const [fresh, setFresh] = useState(0);
	const [stale, setStale] = useState(false);
	const waiting = useRef(new Set<string>());
	const born = useRef(new Set<string>());
	const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
	const shown = useRef(rows);
	shown.current = rows;

	const flush = useCallback(async () => {
		timer.current = undefined;
		const ids = [...waiting.current];
		waiting.current.clear();
		if (ids.length > MANY) {
			setStale(true);
			return;
		}
		if (ids.length === 0) return;
		try {
			const page = await fetchPage(entity, new URLSearchParams({ select, id: `in.(${ids.join()})`, limit: String(MANY) }));
			for (const row of page.rows) replaceRow(cache, entity.name, row);
			setChanged(new Set(page.rows.map((r) => r.id)));
			setTimeout(() => setChanged(new Set()), 2500);
		} catch {
			setStale(true);
		}
	}, [cache, entity, select]);

	useChanges((event) => {
		if (event.entity !== entity.name) return;
		if (event.action === 'create' || event.action === 'restore') {
			if (!shown.current.some((r) => r.id === event.id)) {
				born.current.add(event.id);
				setFresh(born.current.size);
			}
			return;
		}
		if (event.action === 'delete') {
			dropRows(cache, entity.name, new Set([event.id]));
			return;
		}
		if (event.action !== 'update' || !shown.current.some((r) => r.id === event.id)) return;
		waiting.current.add(event.id);
		timer.current ??= setTimeout(() => void flush(), 400);
	});

	useEffect(() => () => clearTimeout(timer.current), []);

	const seen = useCallback(() => {
		born.current.clear();
		setFresh(0);
		setStale(false);
	}, []);
	return { changed, fresh, stale, seen };
}
