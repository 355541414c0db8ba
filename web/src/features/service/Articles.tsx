/** Knowledge that fits the case: put into the answer, or passed over; both are counted. */
import { App, Button } from 'antd';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { get, post } from '@/api/client.ts';
import type { Row } from '@/api/types.ts';
import type { PartProps } from '@/app/feature.ts';
import { Failed, Loading } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';

interface Offer { id: string; title: string; score: number; same_topic: boolean; words: string[] }

export default function Articles({ record: { row } }: PartProps) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useQueryClient();
	const [gone, setGone] = useState<ReadonlySet<string>>(new Set());
	const found = useQuery({
		queryKey: ['some', 'article', 'for', row.id, row.last_seq], queryFn: ({ signal }) => get<Offer[]>(`case/${row.id}/articles`, signal),
	});

	async function told(offer: Offer, what: 'taken' | 'passed_over') {
		try {
			if (what === 'taken') {
				const article = await get<Row>(`article/${offer.id}?select=id,shown_body`);
				window.dispatchEvent(new CustomEvent('guanxi:put', { detail: String(article.shown_body ?? '') }));
			} else setGone(new Set([...gone, offer.id]));
			await post(`article/${offer.id}/told`, { what });
			await cache.invalidateQueries({ queryKey: ['record', 'article', offer.id] });
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}
	if (found.isError) return <Failed error={found.error} small />;
	if (!found.data) return <Loading rows={2} />;
	const offers = found.data.filter((o) => !gone.has(o.id));
	if (offers.length === 0) return <p className="quiet">{t('service.no_article')}</p>;
	return (
		<ul className="case-articles">
			{offers.map((o) => (
				<li key={o.id}>
					<Link to={`/article/${o.id}`}>{o.title}</Link>
					<span className="quiet">{[...(o.same_topic ? [t('service.same_topic')] : []), ...o.words].join(' · ')}</span>
					<span>
						<Button size="small" onClick={() => void told(o, 'taken')}>{t('service.put_in')}</Button>
						<Button size="small" type="text" onClick={() => void told(o, 'passed_over')}>{t('service.pass_over')}</Button>
					</span>
				</li>
			))}
		</ul>
	);
}
