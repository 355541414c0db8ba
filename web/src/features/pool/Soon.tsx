/** On the first page: which of one's own customers are about to fall into the pool. */
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { entityOf, useSome } from '@/api/records.ts';
import { useApp } from '@/app/context.tsx';
import { Empty, Failed, Loading } from '@/components/common/States.tsx';
import { date } from '@/lib/format.ts';
import './pool.css';

interface Named {
	id: string;
	name?: string;
}

export default function Soon() {
	const { meta, me } = useApp();
	const { t } = useTranslation();
	const rows = useSome(entityOf(meta, 'pool_warning'), new URLSearchParams({
		owner_id: `eq.${me.id}`, order: 'falls_at.asc', limit: '6', select: 'id,falls_at,rule:rule_id(id,name),customer:customer_id(id,name)',
	}));
	if (rows.isPending) return <Loading rows={3} />;
	if (rows.isError) return <Failed error={rows.error} small />;
	if (rows.data.rows.length === 0) return <Empty title={t('pool.soon_none')} />;
	return (
		<ul className="pool-history">
			{rows.data.rows.map((row) => {
				const [customer, rule] = [row.customer as Named | null, row.rule as Named | null];
				return (
					<li key={row.id}>
						<Link to={`/customer/${customer?.id ?? ''}`}>{customer?.name ?? customer?.id}</Link> <b>{date(String(row.falls_at))}</b>{' '}
						<span className="pool-quiet">{rule?.name}</span>
					</li>
				);
			})}
		</ul>
	);
}
