/** Who is there already that agrees with a customer who would be made. */
import { useQuery } from '@tanstack/react-query';
import { post } from '@/api/client.ts';
import { useDelayed } from '@/lib/delayed.ts';

export interface Match {
	visible: boolean;
	/** Of whom one may see: */
	id?: string;
	name: string | null;
	city?: string | null;
	phone?: string | null;
	/** Of others: who looks after them. */
	owner?: string | null;
	rule: string;
	refuses: boolean;
}

const ASKED = ['name', 'kind', 'phone', 'email', 'city', 'birthday', 'employer', 'country'];

export function useAlike(values: Record<string, unknown>, enabled = true) {
	const asked = JSON.stringify(Object.fromEntries(ASKED.filter((k) => typeof values[k] === 'string' && values[k]).map((k) => [k, values[k]])));
	const settled = useDelayed(asked, 400);
	const about = JSON.parse(settled) as Record<string, string>;
	return useQuery({
		queryKey: ['duplicates-check', settled],
		enabled: enabled && Boolean(about.name && (about.phone || about.email || about.city)),
		staleTime: 60_000,
		retry: false,
		queryFn: () => post<{ matches: Match[]; spent: boolean }>('duplicates/check', { values: about }),
	});
}
