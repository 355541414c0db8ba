/** Orders by week, asked of the server week by week: each answer is one row of sums. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { get } from '@/api/client.ts';
import { fetchPage, fieldOf } from '@/api/records.ts';
import type { Entity } from '@/api/types.ts';

export const WEEKS = 13;
const DAY = 86_400_000;

export interface Bucket {
	from: Date;
	to: Date;
	count: number;
	sum: string;
}

/** Bucket ends: the last one is "now", or the end of the day of the newest record where trade stopped long ago. */
export function bucketsUntil(end: Date, n: number, days: number): { from: Date; to: Date }[] {
	return Array.from({ length: n }, (_, i) => ({
		from: new Date(end.getTime() - (n - i) * days * DAY),
		to: new Date(end.getTime() - (n - i - 1) * days * DAY),
	}));
}

/** The moment the figures speak of: now, unless the newest record is older than the whole span. */
export function anchorOf(newest: string | null, now: Date, spanDays: number): Date {
	const tomorrow = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1);
	if (!newest) return tomorrow;
	const at = new Date(newest);
	if (now.getTime() - at.getTime() < spanDays * DAY) return tomorrow;
	return new Date(at.getFullYear(), at.getMonth(), at.getDate() + 1);
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

/** How much more or less, as a fraction; null where there is nothing to compare with. */
export function growth(now: number, before: number): number | null {
	return before > 0 ? now / before - 1 : null;
}
