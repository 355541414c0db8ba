/** Before a customer is made: who is there already. Of those whom one may not see a masked name, and whom to ask. */
import { Alert } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { HintProps } from '@/app/feature.ts';
import { useAlike } from '@/api/alike.ts';

export default function Alike({ values }: HintProps) {
	const { t } = useTranslation();
	const found = useAlike(values);
	const matches = found.data?.matches ?? [];
	if (matches.length === 0 && !found.data?.spent) return null;
	if (matches.length === 0) return <Alert className="form-alike" type="info" showIcon role="status" title={t('duplicates.spent')} />;
	const refuses = matches.some((m) => m.refuses);
	return (
		<Alert
			className="form-alike" type={refuses ? 'error' : 'warning'} showIcon role="status"
			title={t(refuses ? 'duplicates.there_refused' : 'duplicates.there')}
			description={(
				<ul className="alike-list">
					{matches.map((m, i) => (
						<li key={m.id ?? i}>
							{m.visible
								? <Link to={`/customer/${m.id}`} target="_blank" rel="noreferrer">{m.name ?? `#${m.id}`}</Link>
								: <b>{m.name ?? '***'}</b>}
							{' '}<span className="quiet">{[m.city, m.phone, !m.visible && m.owner ? t('duplicates.ask', { name: m.owner }) : null, m.rule].filter(Boolean).join(' · ')}</span>
						</li>
					))}
					{found.data?.spent && <li className="quiet">{t('duplicates.spent')}</li>}
				</ul>
			)}
		/>
	);
}
