/** A case for the customer, or about the order, that is open. */
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import type { PartProps } from '@/app/feature.ts';

export default function NewCase({ entity, record: { row } }: PartProps) {
	const { t } = useTranslation();
	const go = useNavigate();
	const start = new URLSearchParams(
		entity.name === 'customer' ? { customer_id: row.id } : { order_id: row.id, ...(row.customer_id ? { customer_id: String(row.customer_id) } : {}) },
	);
	return <Button onClick={() => void go(`/case/new?${start}`)}>{t('service.new')}</Button>;
}
