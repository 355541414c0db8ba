/** A product: its facts, and in which orders it was sold. */
import { useTranslation } from 'react-i18next';
import { entityOf } from '@/api/records.ts';
import { useMeta } from '@/app/context.tsx';
import type { RecordPageProps } from '@/app/features.ts';
import { ChildTable } from '@/components/record/ChildTable.tsx';
import { RecordPage } from '@/components/record/RecordPage.tsx';

export default function ProductPage({ entity, id }: RecordPageProps) {
	const meta = useMeta();
	const { t } = useTranslation();
	return (
		<RecordPage
			entity={entity} id={id} without={['order_line']}
			tabs={(record) => (entityOf(meta, 'order_line') ? [{
				key: 'sold', label: t('product.sold'),
				children: <ChildTable child="order_line" field="product_id" parent={{ entity: 'product', row: record.row }} columns={['order_id', 'kind', 'quantity', 'unit_price', 'total']} order="id.desc" fixed emptyText={t('product.sold_empty')} />,
			}] : [])}
		/>
	);
}
