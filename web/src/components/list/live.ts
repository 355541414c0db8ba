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

export function useLive(entity: Entity, rows: Row[], params: URLSearchParams): Live {
	const cache = useCache();
	const [changed, setChanged] = useState<ReadonlySet<string>>(new Set());
	const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set());
	const [stale, setStale] = useState(false);
	const waiting = useRef(new Set<string>());
	const born = useRef(new Set<string>());
	const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
	const shown = useRef(rows);
	shown.current = rows;

	const flush = useCallback(async () => {
		timer.current = undefined;
		const ids = [...waiting.current];
		const newborn = [...born.current];
		waiting.current.clear();
		born.current.clear();
		if (ids.length > MANY || newborn.length > MANY) {
			setStale(true);
			return;
		}
		try {
			if (ids.length > 0) {
				const page = await fetchPage(entity, new URLSearchParams({ select: params.get('select') ?? 'id', id: `in.(${ids.join()})`, limit: String(MANY) }));
				for (const row of page.rows) replaceRow(cache, entity.name, row);
				setChanged(new Set(page.rows.map((r) => r.id)));
				setTimeout(() => setChanged(new Set()), 2500);
			}
			if (newborn.length > 0) {
				// Only those that this list would show are worth a word.
				const wanted = new URLSearchParams(params);
				wanted.delete('order');
				wanted.set('select', 'id');
				wanted.set('limit', String(MANY));
				wanted.append('id', `in.(${newborn.join()})`);
				const page = await fetchPage(entity, wanted);
				setFresh((old) => new Set([...old, ...page.rows.map((r) => r.id)]));
			}
		} catch {
			setStale(true);
		}
	}, [cache, entity, params]);

	useChanges((event) => {
		if (event.entity !== entity.name) return;
		if (event.action === 'create' || event.action === 'restore') {
			born.current.add(event.id);
			timer.current ??= setTimeout(() => void flush(), 400);
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
		setFresh(new Set());
		setStale(false);
	}, []);
	return { changed, fresh: [...fresh].filter((id) => !rows.some((r) => r.id === id)).length, stale, seen };
}
