/** On a record: a change of it waits for approval. */
import { ClockCircleOutlined } from '@ant-design/icons';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { PartProps } from '@/app/feature.ts';
import { type Approval, useBox } from './approvals.ts';
import { Content } from './Content.tsx';
import './approvals.css';

function One({ approval: a }: { approval: Approval }) {
	const { t } = useTranslation();
	const people = a.voters.filter((v) => v.step === a.step && v.state === 'open').map((v) => v.user?.name).filter(Boolean).slice(0, 4);
	return (
		<div className="approval-waiting" role="status">
			<p>
				<ClockCircleOutlined aria-hidden /> {t('approvals.waits_for', { names: people.join(', ') || '—', asker: a.asker?.name ?? '—' })}{' '}
				<Link to={`/approvals/${a.id}`}>{t(a.may_decide ? 'approvals.decide' : 'approvals.look')}</Link>
			</p>
			<Content approval={a} />
		</div>
	);
}

export default function Waiting({ entity, record }: PartProps) {
	const list = useBox(`box=record&entity=${entity.name}&record_id=${String(record.row.id)}`);
	return <>{list.data?.rows.filter((a) => a.state === 'waiting').map((a) => <One key={a.id} approval={a} />)}</>;
}
