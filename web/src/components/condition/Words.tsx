/** A kept condition as one sentence. */
import { useQuery } from '@tanstack/react-query';
import { post } from '@/api/client.ts';

export default function Words({ entity, condition }: { entity: string; condition: unknown }) {
	const answer = useQuery({
		queryKey: ['condition', 'words', entity, condition], staleTime: Infinity, retry: false,
		queryFn: () => post<{ words: string }>('conditions/check', { entity, condition }),
	});
	return <span className="condition-words">{answer.data?.words ?? (answer.isError ? JSON.stringify(condition) : '…')}</span>;
}
