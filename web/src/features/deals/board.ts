/** What the board asks for, and how a moved card finds its place in what is cached. */
import { type InfiniteData, keepPreviousData, type QueryClient, useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { call } from '@/api/client.ts';
import { useChanges } from '@/api/events.ts';
import type { Condition } from '@/api/query.ts';
import { fetchPage, fieldOf, listKey, type PageAnswer, refresh, selectOf, useCache } from '@/api/records.ts';
import type { Entity, Meta, Row } from '@/api/types.ts';
import { formatTag } from '@/lib/format.ts';
import { listParams } from '@/components/list/state.ts';

export interface Stage extends Row {
	name: string;
	name_zh: string | null;
	category: 'open' | 'won' | 'lost';
	todo: string | null;
}

const FIELDS = [
	'name', 'customer_id', 'amount', 'currency', 'amount_base', 'close_on', 'owner_id', 'stage_id', 'state', 'stuck_at', 'stage_since',
	'open_activities', 'next_activity_at', 'next_step',
];
/** What is over is of interest for a while. */
export const CLOSED_DAYS = 30;
/** More changes than this at once, and everything is asked again. */
const MANY = 30;

export function nameOf(row: Row | null | undefined): string {
	return String((formatTag().startsWith('zh') && row?.name_zh) || row?.name || '');
}

/** Pipelines in use and the stages of each, in their order. */
export function usePipelines() {
	return useQuery({
		queryKey: ['some', 'pipeline', 'board'],
		staleTime: 60_000,
		queryFn: async ({ signal }) => {
			const { data } = await call<(Row & { stages: Stage[] })[]>(
				'GET',
				'pipeline?active=is.true&select=id,name,name_zh,is_default,stages(id,name,name_zh,category,position,todo)'
					+ '&stages.order=position,id&order=position',
				{ signal },
			);
			return data;
		},
	});
}

/** The list's conditions as the server takes them, without what the board says itself. */
export function boardParams(meta: Meta, entity: Entity, conditions: Condition[], q: string, me: string, pipeline: string): URLSearchParams {
	const own = conditions.filter((c) => c.field !== 'pipeline_id' && c.field !== 'stage_id');
	const params = listParams(meta, entity, { q, conditions: own, sort: [], columns: [] }, me);
	params.delete('order');
	params.set('select', selectOf(meta, entity, FIELDS.flatMap((n) => fieldOf(entity, n) ?? []).filter((f) => f.right !== 'hidden')));
	params.append('pipeline_id', `eq.${pipeline}`);
	return params;
}

export function stageParams(params: URLSearchParams, stage: Stage): URLSearchParams {
	const of = new URLSearchParams(params);
	of.append('stage_id', `eq.${stage.id}`);
	if (stage.category !== 'open') of.append('closed_at', `gte.now-${CLOSED_DAYS}d`);
	of.set('order', 'stage_since.desc');
	return of;
}

export interface Sum {
	count: number;
	amount: string | null;
	weighted: string | null;
}

/** By the server, over every card that the reader may see, loaded or not. */
export function useStageSums(entity: Entity, params: URLSearchParams, enabled: boolean) {
	const money = fieldOf(entity, 'amount_base')?.right;
	const asked = new URLSearchParams(params);
	asked.set('select', `stage_id,count()${money === 'read' || money === 'write' ? ',amount:amount_base.sum(),weighted:weighted.sum()' : ''}`);
	// open ones and those that ended lately, each by an index of its own
	const parts = [['state', 'eq.open'], ['closed_at', `gte.now-${CLOSED_DAYS}d`]].map(([name, value]) => {
		const part = new URLSearchParams(asked);
		part.append(name!, value!);
		return part;
	});
	return useQuery({
		queryKey: ['some', entity.name, 'stages', asked.toString()],
		enabled,
		placeholderData: keepPreviousData,
		queryFn: async ({ signal }): Promise<Map<string, Sum>> => {
			const answers = await Promise.all(parts.map((part) => call<({ stage_id: string } & Sum)[]>('GET', `${entity.name}?${part}`, { signal })));
			return new Map(answers.flatMap(({ data }) => data.map((r) => [r.stage_id, r] as const)));
		},
	});
}

type Pages = InfiniteData<PageAnswer>;

function put(client: QueryClient, entity: Entity, params: URLSearchParams, change: (rows: Row[], first: boolean) => Row[]) {
	client.setQueryData<Pages>(listKey(entity.name, params.toString()), (old) => old
		&& { ...old, pages: old.pages.map((p, i) => ({ ...p, rows: change(p.rows, i === 0) })) });
}

/** Takes a card out of wherever it is, and puts it on top of where it belongs. */
export function usePlace(entity: Entity, stages: Stage[], params: URLSearchParams) {
	const cache = useCache();
	return useCallback((row: Row | { id: string; stage_id: null }) => {
		for (const stage of stages) {
			const here = row.stage_id === stage.id;
			put(cache, entity, stageParams(params, stage), (rows, first) => {
				const at = rows.findIndex((r) => r.id === row.id);
				if (here && at >= 0) return rows.map((r) => (r.id === row.id ? { ...r, ...row } : r));
				const rest = at >= 0 ? rows.filter((r) => r.id !== row.id) : rows;
				return here && first ? [row as Row, ...rest.filter((r) => r.id !== row.id)] : rest;
			});
		}
	}, [cache, entity, stages, params]);
}

/** What others do is seen at once: each changed deal is asked for by itself and put where it now belongs. */
export function useBoardLive(entity: Entity, params: URLSearchParams, place: (row: Row | { id: string; stage_id: null }) => void) {
	const cache = useCache();
	const [changed, setChanged] = useState<ReadonlySet<string>>(new Set());
	const waiting = useRef(new Set<string>());
	const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
	const flush = useCallback(async () => {
		timer.current = undefined;
		const ids = [...waiting.current];
		waiting.current.clear();
		if (ids.length > MANY) {
			await refresh(cache, entity.name);
			return;
		}
		const asked = new URLSearchParams(params);
		asked.append('id', `in.(${ids.join()})`);
		asked.set('limit', String(MANY));
		try {
			const { rows } = await fetchPage(entity, asked);
			const found = new Map(rows.map((r) => [r.id, r]));
			for (const id of ids) place(found.get(id) ?? { id, stage_id: null });
			setChanged(new Set(rows.map((r) => r.id)));
			setTimeout(() => setChanged(new Set()), 2500);
		} catch {
			await refresh(cache, entity.name);
		}
		await cache.invalidateQueries({ queryKey: ['some', entity.name, 'stages'] });
	}, [cache, entity, params, place]);
	useChanges((event) => {
		if (event.entity !== entity.name) return;
		waiting.current.add(event.id);
		timer.current ??= setTimeout(() => void flush(), 250);
	});
	useEffect(() => () => clearTimeout(timer.current), []);
	return changed;
}

/** The pipeline that is meant: the one in the conditions, else the one for new deals. */
export function usePipeline(pipelines: (Row & { stages: Stage[] })[] | undefined, conditions: Condition[]) {
	return useMemo(() => {
		const asked = conditions.find((c) => c.field === 'pipeline_id')?.value[0];
		return pipelines?.find((p) => p.id === asked) ?? pipelines?.find((p) => p.is_default === true) ?? pipelines?.[0];
	}, [pipelines, conditions]);
}
