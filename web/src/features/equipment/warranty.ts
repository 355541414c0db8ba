/** What the rules say of a thing's warranty, today or for a fault on a day. */
import { useQuery } from '@tanstack/react-query';
import { get } from '@/api/client.ts';

export interface Told {
	verdict: string;
	from: string | null;
	until: string | null;
	said: string;
}

export function useWarranty(id: string | null, on?: string) {
	return useQuery({
		queryKey: ['some', 'equipment', 'warranty', id, on ?? ''], enabled: id !== null, retry: false,
		queryFn: ({ signal }) => get<Told>(`equipment/${id}/warranty${on ? `?on=${on}` : ''}`, signal),
	});
}
