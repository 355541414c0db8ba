/** The segments a record is in, on its page. */
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { get } from '@/api/client.ts';
import type { PartProps } from '@/app/feature.ts';
import { When } from '@/components/common/When.tsx';

export default function OfRecord({ entity, record }: PartProps) {
	const { t } = useTranslation();
	const found = useQuery({
		queryKey: ['segment', 'of', entity.name, record.row.id, record.row.version],
		queryFn: ({ signal }) => get<{ id: string; name: string; since: string }[]>(`segments/of/${entity.name}/${record.row.id}`, signal),
	});
	if (!found.data || found.data.length === 0) return <p className="muted">{found.isPending ? ' ' : t('segment.in_none')}</p>;
	return (
		<ul className="segment-of">
			{found.data.map((s) => (
				<li key={s.id}><Link to={`/segment/${s.id}?tab=why`}>{s.name}</Link> <span className="muted"><When at={s.since} /></span></li>
			))}
		</ul>
	);
}
