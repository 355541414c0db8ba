/** A product: its facts, in which orders it was sold, and its variants. */
import { useTranslation } from 'react-i18next';
import { entityOf } from '@/api/records.ts';
import { useMeta } from '@/app/context.tsx';
import type { RecordPageProps } from '@/app/features.ts';
import { ChildTable } from '@/components/record/ChildTable.tsx';
import { RecordPage } from '@/components/record/RecordPage.tsx';
import { Sold } from './Sold.tsx';

export default function ProductPage({ entity, id }: RecordPageProps) {
	const meta = useMeta();
	const { t } = useTranslation();
	const lines = entityOf(meta, 'order_line');
	const variants = entity.children.find((c) => c.entity === 'product');
	return (
		<RecordPage
			entity={entity} id={id} without={['order_line', 'product']}
			tabs={(record) => [
				...(lines ? [{ key: 'sold', label: t('product.sold'), children: <Sold lines={lines} product={record.row} /> }] : []),
				...(variants ? [{ key: 'variants', label: t('product.variants'), children: <ChildTable child="product" field={variants.field} parent={{ entity: 'product', row: record.row }} emptyText={t('product.variants_empty')} /> }] : []),
			]}
		/>
	);
}
