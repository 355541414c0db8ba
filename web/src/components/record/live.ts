import { useRef } from 'react';
import { useChanges } from '@/api/events.ts';
import { refresh, useCache } from '@/api/records.ts';
import type { Entity } from '@/api/types.ts';

/** Asks again for a record that somebody changed, and for what belongs to it. */
export function useLiveRecord(entity: Entity, id: string) {
	const cache = useCache();
	const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
	const waiting = useRef(new Set<string>());
	const children = new Set(entity.children.map((c) => c.entity));
	useChanges((event) => {
		const own = event.entity === entity.name && event.id === id;
		if (!own && !children.has(event.entity)) return;
		waiting.current.add(event.entity);
		timer.current ??= setTimeout(() => {
			timer.current = undefined;
			const entities = [...waiting.current];
			waiting.current.clear();
			void refresh(cache, ...entities);
		}, 600);
	});
}
