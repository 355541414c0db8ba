/** Whoever speaks with a customer sees at once that a complaint of theirs is open. */
import { Alert } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useSome } from '@/api/records.ts';
import { useEntity } from '@/app/context.tsx';
import type { PartProps } from '@/app/feature.ts';

export default function OpenComplaint({ record: { row } }: PartProps) {
	const { t } = useTranslation();
	const cases = useEntity('case');
	const found = useSome(
		cases,
		new URLSearchParams({
			select: 'id,number,subject', customer_id: `eq.${row.id}`, kind: 'eq.complaint', state: 'in.(new,open,waiting_customer,waiting_other)',
			limit: '3',
		}),
	);
	const first = found.data?.rows[0];
	if (!first) return null;
	return <Alert type="warning" showIcon title={<>{t('service.complaint_open')} <Link to={`/case/${first.id}`}>{String(first.subject)}</Link></>} />;
}
