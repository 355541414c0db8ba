/** What waits for its moment, as the server tells its administrators. */
import { useQuery } from '@tanstack/react-query';
import { get } from '@/api/client.ts';

export interface Timer {
	kind: string;
	key: string;
	due_at: string;
	attempts: number;
	error: string | null;
}

export interface Runs {
	kinds: { kind: string; waiting: number; waiting_more?: boolean; aside: number; aside_more?: boolean; next_at: string | null }[];
	schedules: Timer[];
	aside: Timer[];
}

export function useRuns() {
	return useQuery({ queryKey: ['runs'], queryFn: ({ signal }) => get<Runs>('timers', signal), refetchInterval: 30_000 });
}
