/** What the server says of outgoing mails. */
import { useQuery } from '@tanstack/react-query';
import { get } from '@/api/client.ts';

export type State = 'waiting' | 'sending' | 'sent' | 'failed' | 'refused' | 'unsure' | 'skipped';

export interface Mail {
	id: string;
	to_address: string;
	to_name: string;
	subject: string;
	entity: string;
	record_id: string;
	purpose: 'notice' | 'service' | 'promotion';
	state: State;
	attempts: number;
	next_at: string | null;
	created_at: string;
	done_at: string | null;
	reply_code: number;
	reply: string;
	why: string;
}

export interface AccountState {
	id: string;
	name: string;
	active: boolean;
	failures: number;
	paused_until: string | null;
	error: string;
	reply: string;
	has_password: boolean;
}

export interface Health {
	counts: Record<Exclude<State, 'sent'>, number>;
	accounts: AccountState[];
	slow: { account_id: string; domain: string; until: string; reply: string }[];
}

export const OUTBOX = ['outbox'];

export function useHealth() {
	return useQuery({ queryKey: [...OUTBOX, 'health'], queryFn: ({ signal }) => get<Health>('outbox/health', signal), refetchInterval: 5000 });
}
