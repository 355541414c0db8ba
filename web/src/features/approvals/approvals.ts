/** Requests for approval, as the server tells of them. */
import { useQuery } from '@tanstack/react-query';
import { get } from '@/api/client.ts';

export type State = 'waiting' | 'approved' | 'rejected' | 'withdrawn' | 'conflict' | 'failed' | 'ended';

export interface Person {
	id: string;
	name: string | null;
}

export interface Step {
	who: 'user' | 'role' | 'branch_role' | 'manager' | 'owner' | 'owner_manager';
	name?: string | null;
	all: boolean;
	hours?: number;
	then: 'remind' | 'escalate' | 'reject' | null;
}

export interface Voter {
	step: number;
	user: Person | null;
	state: 'open' | 'yes' | 'no' | 'spared';
	word: string | null;
	decided_at: string | null;
}

export interface Approval {
	id: string;
	entity: string;
	record_id: string | null;
	title: string | null;
	state: State;
	step: number;
	asked_at: string;
	ended_at: string | null;
	due_at: string | null;
	reason: string | null;
	outcome: string | null;
	again_of_id?: string;
	rules: string[];
	/** Absent for who may see nothing of such records. */
	diff?: Record<string, [unknown, unknown]> | null;
	asker: Person | null;
	steps: Step[];
	voters: Voter[];
	may_decide: boolean;
	may_withdraw: boolean;
	may_ask_again: boolean;
}

export interface Page {
	rows: Approval[];
	next: string | null;
}

export const KEY = ['approvals'];

export const COLOURS: Record<State, string> = {
	waiting: 'warn', approved: 'good', rejected: 'bad', withdrawn: 'quiet', conflict: 'bad', failed: 'bad', ended: 'quiet',
};

export function useApproval(id: string) {
	return useQuery({ queryKey: [...KEY, 'one', id], queryFn: ({ signal }) => get<Approval>(`approvals/${id}`, signal) });
}

export function useBox(query: string, enabled = true) {
	return useQuery({ queryKey: [...KEY, query], enabled, queryFn: ({ signal }) => get<Page>(`approvals?${query}`, signal) });
}
