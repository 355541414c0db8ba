/** Above a customer: when it falls into the pool if nothing happens. */
import { Alert } from 'antd';
import { useTranslation } from 'react-i18next';
import { entityOf, useSome } from '@/api/records.ts';
import { useMeta } from '@/app/context.tsx';
import type { PartProps } from '@/app/feature.ts';
import { date } from '@/lib/format.ts';

export default function Falls({ record }: PartProps) {
	const { t } = useTranslation();
	const rows = useSome(entityOf(useMeta(), 'pool_warning'), new URLSearchParams({ customer_id: `eq.${record.row.id}`, select: 'id,falls_at,rule:rule_id(id,name)' }));
	const warning = rows.data?.rows[0];
	if (!warning) return null;
	const rule = (warning.rule as { name?: string } | null)?.name ?? '';
	return <Alert type="warning" showIcon message={t('pool.falls', { day: date(String(warning.falls_at)), rule })} />;
}
