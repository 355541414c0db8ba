import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { entityOf } from '@/api/records.ts';
import { useMeta } from '@/app/context.tsx';
import { When } from '@/components/common/When.tsx';
import type { Approval } from './approvals.ts';
import { StateTag } from './StateTag.tsx';

/** Requests, one a line. */
export function List({ rows }: { rows: Approval[] }) {
	const meta = useMeta();
	const { t } = useTranslation();
	return (
		<ul className="lines">
			{rows.map((a) => (
				<li key={a.id}>
					<Link to={`/approvals/${a.id}`} className="lines-main">{a.title ?? entityOf(meta, a.entity)?.label ?? t('approvals.one')}</Link>
					<span className="quiet">{[entityOf(meta, a.entity)?.label, a.rules.join(', '), a.asker?.name].filter(Boolean).join(' · ')}</span>
					{a.state === 'waiting' && a.due_at
						? <span className={Date.parse(a.due_at) < Date.now() ? 'mean mean-bad' : 'quiet'}>{t('approvals.until')} <When at={a.due_at} /></span>
						: <span className="quiet"><When at={a.ended_at ?? a.asked_at} /></span>}
					<StateTag state={a.state} />
				</li>
			))}
		</ul>
	);
}
