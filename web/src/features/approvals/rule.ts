/** What a rule keeps of its steps. */
export interface RuleStep {
	who: 'user' | 'role' | 'branch_role' | 'manager' | 'owner' | 'owner_manager';
	user?: string;
	role?: string;
	all?: boolean;
	hours?: number;
	then?: 'remind' | 'escalate' | 'reject';
	to?: string;
}

export function readSteps(value: unknown): RuleStep[] {
	return Array.isArray(value) ? (value as RuleStep[]) : [];
}

/** Nothing is missing. */
export function whole(steps: RuleStep[]): boolean {
	return steps.length > 0 && steps.every((s) => (s.who !== 'user' || s.user) && ((s.who !== 'role' && s.who !== 'branch_role') || s.role));
}
