/** What is open by how long it is overdue, as the server tells it. */
import { useQuery } from '@tanstack/react-query';
import { keepPreviousData } from '@tanstack/react-query';
import { get } from '@/api/client.ts';

export const BUCKETS = ['not_due', '1_30', '31_60', '61_90', '91_180', 'over_180'] as const;

export interface Aged {
	id?: string | null;
	name?: string | null;
	buckets: { name: (typeof BUCKETS)[number]; count: number; open: string }[];
	open: string;
	overdue: string;
	without_rate: number;
}

export interface Ageing {
	currency: string;
	today: string;
	total: Aged;
	rows: Aged[];
}

export function useAgeing(params: string, enabled: boolean) {
	return useQuery({
		queryKey: ['some', 'receivable', 'ageing', params], enabled, placeholderData: keepPreviousData, retry: false,
		queryFn: ({ signal }) => get<Ageing>(`receivables/ageing?${params}`, signal),
	});
}

/** The day so many days before another one. */
export function daysBefore(day: string, days: number): string {
	return new Date(Date.parse(`${day}T00:00:00Z`) - days * 86_400_000).toISOString().slice(0, 10);
}

const SPANS: Record<string, [number, number]> = { '1_30': [1, 30], '31_60': [31, 60], '61_90': [61, 90], '91_180': [91, 180] };

/** The list behind one bucket. */
export function behind(bucket: string, today: string): string {
	const base = '/receivable?state=in.(open,partly)';
	if (bucket === 'not_due') return `${base}&overdue_on=gte.${today}`;
	if (bucket === 'over_180') return `${base}&overdue_on=lte.${daysBefore(today, 181)}`;
	const [from, to] = SPANS[bucket]!;
	return `${base}&overdue_on=gte.${daysBefore(today, to)}&overdue_on=lte.${daysBefore(today, from)}`;
}
