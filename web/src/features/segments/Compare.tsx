/** Who is in this segment, in another one, in both; each as a list. */
import { useQuery } from '@tanstack/react-query';
import { Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { get } from '@/api/client.ts';
import { entityOf, useSome } from '@/api/records.ts';
import type { Entity, Row } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import { Failed, Loading } from '@/components/common/States.tsx';
import { number } from '@/lib/format.ts';

interface Answer {
	only_a: number;
	both: number;
	only_b: number;
}

export function Compare({ of, segment: { id, name } }: { of: Entity; segment: Row }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const [other, setOther] = useState<string>();
	const params = new URLSearchParams({ select: 'id,name', entity: `eq.${of.name}`, id: `neq.${id}`, order: 'name.asc', limit: '500' });
	const others = useSome(entityOf(meta, 'segment'), params);
	const answer = useQuery({
		queryKey: ['segment', id, 'compare', other], enabled: other !== undefined,
		queryFn: ({ signal }) => get<Answer>(`segments/compare?a=${id}&b=${other}`, signal),
	});
	const theirs = String(others.data?.rows.find((row) => row.id === other)?.name ?? '');
	const [here, there] = [{ segment: id }, { segment: other }];
	const parts = answer.data && [
		{ key: 'a', label: t('segment.only_in', { name: String(name) }), n: answer.data.only_a, condition: { all: [here, { not: there }] } },
		{ key: 'both', label: t('segment.in_both'), n: answer.data.both, condition: { all: [here, there] } },
		{ key: 'b', label: t('segment.only_in', { name: theirs }), n: answer.data.only_b, condition: { all: [there, { not: here }] } },
	];
	return (
		<div className="stack">
			<label htmlFor="segment-other">{t('segment.compare_with')}</label>
			<Select
				id="segment-other" value={other} onChange={setOther} loading={others.isPending} showSearch={{ optionFilterProp: 'label' }}
				style={{ maxWidth: 420 }}
				options={(others.data?.rows ?? []).map((row) => ({ value: row.id, label: String(row.name) }))} notFoundContent={t('segment.alone')}
			/>
			{answer.isError && <Failed error={answer.error} onRetry={() => void answer.refetch()} small />}
			{answer.isLoading && <Loading rows={3} />}
			{parts && (
				<table className="plain-table segment-compare">
					<tbody>
						{parts.map((p) => (
							<tr key={p.key}>
								<th scope="row"><Link to={`/${of.name}?condition=${encodeURIComponent(JSON.stringify(p.condition))}`}>{p.label}</Link></th>
								<td className="is-right number">{number(p.n)}</td>
							</tr>
						))}
					</tbody>
				</table>
			)}
		</div>
	);
}
