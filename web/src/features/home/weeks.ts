/** Records by stretches of time: the server answers all of them at once, by the firm's days. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { get } from '@/api/client.ts';
import { fetchPage, fieldOf } from '@/api/records.ts';
import type { Entity } from '@/api/types.ts';
import { isoDay } from '@/api/query.ts';
import { dayOf, daysBefore } from './spans.ts';

export const WEEKS = 13;
export interface Bucket {
	from: Date;
	to: Date;
	count: number;
	sum: string;
}

export function useNewest(entity: Entity | undefined, time: string) {
	return useQuery({
		queryKey: ['some', entity?.name ?? '', 'newest', time],
		enabled: entity !== undefined && fieldOf(entity, time) !== undefined,
		staleTime: 60_000,
		queryFn: async ({ signal }) => {
			const page = await fetchPage(entity!, new URLSearchParams({ select: `id,${time}`, [time]: 'not.is.null', order: `${time}.desc`, limit: '1' }), signal);
			return (page.rows[0]?.[time] as string | undefined) ?? null;
		},
	});
}

export function useBuckets(entity: Entity | undefined, time: string, money: string | null, end: Date | null, n: number, days: number, extra: Record<string, string> = {}) {
	return useQuery({
		queryKey: ['some', entity?.name ?? '', 'buckets', time, money, end?.toISOString() ?? '', n, days, JSON.stringify(extra)],
		enabled: entity !== undefined && end !== null,
		staleTime: 60_000,
		placeholderData: keepPreviousData,
		queryFn: async ({ signal }): Promise<Bucket[]> => {
			const params = new URLSearchParams({ select: `count()${money ? `,sum:${money}.sum()` : ''}`, ...extra });
			params.set('buckets', `${time}.${days}d.${isoDay(daysBefore(end!, n * days))}.${isoDay(end!)}`);
			const rows = await get<{ from: string; to: string; count?: number | string; sum?: string | null }[]>(`${entity!.name}?${params}`, signal);
			return rows.map((r) => ({ from: dayOf(r.from), to: dayOf(r.to), count: Number(r.count ?? 0), sum: String(r.sum ?? '0') }));
		},
	});
}
