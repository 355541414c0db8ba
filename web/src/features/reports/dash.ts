/** What a dashboard counts: exact sums of the store for what is now, the warehouse for what lies beyond a link. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { call, get } from '@/api/client.ts';
import { fetchPage, fieldOf } from '@/api/records.ts';
import type { Entity, Row } from '@/api/types.ts';

export const SPANS = ['today', 'days7', 'days30'] as const;
export type Span = (typeof SPANS)[number];
const DAYS: Record<Span, number> = { today: 1, days7: 7, days30: 30 };

type Leaf = { field: string; op: string; value: unknown };

/** The firm's days that end with today, or as many before them up to the same hour: today beside the same weekday a week ago. */
export function within(field: string, span: Span, earlier: boolean): Leaf[] {
	const n = DAYS[span], back = span === 'today' ? 7 : n;
	return earlier
		? [{ field, op: 'gte', value: `today-${back + n - 1}d` }, { field, op: 'lt', value: `now-${back}d` }]
		: [{ field, op: 'gte', value: n === 1 ? 'today' : `today-${n - 1}d` }, { field, op: 'lte', value: 'now' }];
}

const REAL: Leaf = { field: 'state', op: 'in', value: ['placed', 'paid', 'shipped', 'completed', 'returned'] };
export const countedOrders = (span: Span, earlier = false) => ({ all: [...within('placed_at', span, earlier), REAL] });
export const cancelledOrders = (span: Span, earlier = false) => ({
	all: [...within('placed_at', span, earlier), { field: 'state', op: 'eq', value: 'cancelled' }],
});

export interface Sum {
	count: number;
	sum: string;
}

/** `tick` counts the changes that were heard of: what is shown stays until the new figure is there. */
export function useSum(entity: Entity | undefined, condition: unknown, money: string | null, tick: number) {
	const json = JSON.stringify(condition);
	return useQuery({
		queryKey: ['dash', entity?.name, json, money, tick], enabled: entity !== undefined, placeholderData: keepPreviousData, refetchInterval: 60_000,
		queryFn: async ({ signal }): Promise<Sum> => {
			const params = new URLSearchParams({ select: `count()${money ? `,sum:${money}.sum()` : ''}`, condition: json });
			const row = (await get<{ count?: number | string; sum?: string | null }[]>(`${entity!.name}?${params}`, signal))[0];
			return { count: Number(row?.count ?? 0), sum: String(row?.sum ?? '0') };
		},
	});
}

export interface Part {
	id: string | null;
	name: string | null;
	sum: string;
	count: number;
}

const MOST = 8;

async function grouped(entity: Entity, field: string, span: Span, signal: AbortSignal): Promise<Part[]> {
	const link = fieldOf(entity, field)?.link;
	const params = new URLSearchParams({
		select: `${field},count(),sum:total_base.sum()`,
		condition: JSON.stringify(countedOrders(span)),
		order: 'sum.desc.nullslast',
		limit: String(MOST),
	});
	const rows = await get<Record<string, string | number | null>[]>(`${entity.name}?${params}`, signal);
	const ids = rows.map((r) => r[field]).filter((id) => id !== null);
	const names = ids.length && link ? await get<{ id: string; name: string }[]>(`${link}?select=id,name&id=in.(${ids.join()})`, signal).catch(() => []) : [];
	return rows.map((r) => ({
		id: r[field] === null ? null : String(r[field]),
		name: names.find((n) => n.id === r[field])?.name ?? null,
		sum: String(r.sum ?? '0'),
		count: Number(r.count ?? 0),
	}));
}

/** Beyond a link the warehouse counts, which follows within a second. */
async function pivoted(of: string, field: string, measure: string, from: string, to: string, signal: AbortSignal): Promise<Part[]> {
	const body = { of, measures: [measure, 'orders'], rows: [{ field }], from, to, sort: { measure, desc: true }, limit: MOST, totals: false };
	const { data } = await call<{ rows: { key: (string | null)[]; label: (string | null)[]; total: (string | number | null)[] }[] }>(
		'POST',
		'pivot',
		{ body, signal },
	);
	return data.rows.map((r) => ({ id: r.key[0] ?? null, name: r.label[0] ?? null, sum: String(r.total[0] ?? '0'), count: Number(r.total[1] ?? 0) }));
}

export type By = 'owner' | 'branch' | 'channel' | 'product' | 'region';
const PATHS = { product: ['order_line', 'product_id', 'sales'], region: ['order', 'customer_id.region_id', 'total'] } as const;

export function useParts(entity: Entity, by: By, span: Span, days: { from: string; to: string }, tick: number) {
	return useQuery({
		queryKey: ['dash', 'by', by, span, days.from, tick], placeholderData: keepPreviousData, refetchInterval: 60_000,
		queryFn: ({ signal }) => {
			if (by === 'product' || by === 'region') {
				const [of, field, measure] = PATHS[by];
				return pivoted(of, field, measure, days.from, days.to, signal);
			}
			return grouped(entity, `${by}_id`, span, signal);
		},
	});
}

export function useLatest(entity: Entity, tick: number) {
	return useQuery({
		queryKey: ['dash', 'latest', tick], placeholderData: keepPreviousData, refetchInterval: 60_000,
		queryFn: async ({ signal }): Promise<Row[]> => (await fetchPage(entity, new URLSearchParams({
			select: ['id', 'number', 'placed_at', 'state', 'total_base', 'customer(id,name)']
				.filter((n) => n.includes('(') || n === 'id' || fieldOf(entity, n))
				.join(),
			placed_at: 'not.is.null',
			order: 'placed_at.desc',
			limit: '8',
		}), signal)).rows,
	});
}
