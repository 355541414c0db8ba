/** Orders by week, asked of the server week by week: each answer is one row of sums. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { get } from '@/api/client.ts';
import { fetchPage, fieldOf } from '@/api/records.ts';
import type { Entity } from '@/api/types.ts';
import { bucketsUntil } from './spans.ts';

export const WEEKS = 13;
export interface Bucket {
	from: Date;
	to: Date;
	count: number;
	sum: string;
}

async function totals(entity: Entity, time: string, money: string | null, from: Date, to: Date, extra: Record<string, string>, signal?: AbortSignal) {
	const params = new URLSearchParams({ select: `count()${money ? `,sum:${money}.sum()` : ''}`, ...extra });
	params.append(time, `gte.${from.toISOString()}`);
	params.append(time, `lt.${to.toISOString()}`);
	const [row] = await get<{ count?: number | string; sum?: string | null }[]>(`${entity.name}?${params}`, signal);
	return { count: Number(row?.count ?? 0), sum: String(row?.sum ?? '0') };
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
		queryFn: async ({ signal }): Promise<Bucket[]> =>
			Promise.all(bucketsUntil(end!, n, days).map(async (b) => ({ ...b, ...(await totals(entity!, time, money, b.from, b.to, extra, signal)) }))),
	});
}
