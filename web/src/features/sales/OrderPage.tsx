/** An order: its lines with the sums, payments and parcels. */
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { entityOf, fieldOf, linkedTitle, type RecordAnswer } from '@/api/records.ts';
import type { Entity, Row } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import type { RecordPageProps } from '@/app/features.ts';
import { ChildTable } from '@/components/record/ChildTable.tsx';
import { RecordPage } from '@/components/record/RecordPage.tsx';
import { FieldValue, isNothing } from '@/fields/index.tsx';
import { money } from '@/lib/format.ts';

export default function OrderPage({ entity, id }: RecordPageProps) {
	const meta = useMeta();
	const { t } = useTranslation();
	return (
		<RecordPage
			entity={entity} id={id} without={['order_line', 'attachment', 'payment', 'shipment', 'order', 'interaction']}
			head={(record) => <OrderHead entity={entity} record={record} />}
			tabs={(record) => [
				...(entityOf(meta, 'order_line') ? [{
					key: 'lines', work: 'sales' as const, label: entityOf(meta, 'order_line')!.label_many, children: (
						<>
							<ChildTable child="order_line" field="order_id" parent={{ entity: 'order', row: record.row }} columns={['position', 'kind', 'sku', 'name', 'quantity', 'unit', 'unit_price', 'discount', 'total']} order="position.asc" show={inCurrency(record)} touches={['order']} />
							<Sums entity={entity} record={record} />
						</>
					),
				}] : []),
				...['payment', 'shipment'].flatMap((name) => {
					const child = entityOf(meta, name);
					return child
						? [{
							key: name, work: 'sales' as const, label: child.label_many,
							children: <ChildTable child={name} field="order_id" parent={{ entity: 'order', row: record.row }} touches={['order']} />,
						}]
						: [];
				}),
				...(fieldOf(entity, 'original_order_id') ? [{
					key: 'related', work: 'sales' as const, label: t('order.related'),
					children: <ChildTable child="order" field="original_order_id" parent={{ entity: 'order', row: record.row }} columns={['number', 'kind', 'state', 'placed_at', 'total']} emptyText={t('order.related_empty')} fixed />,
				}] : []),
				...(entityOf(meta, 'interaction') ? [{
					key: 'talks', work: 'service' as const, label: entityOf(meta, 'interaction')!.label_many,
					children: <ChildTable child="interaction" field="order_id" parent={{ entity: 'order', row: record.row }} columns={['at', 'kind', 'subject', 'owner_id', 'state']} fixed />,
				}] : []),
			]}
		/>
	);
}

/** Prices of lines are in the order's currency. */
function inCurrency({ row: order, masked }: RecordAnswer) {
	const shown = (name: string) => (row: Row) => (isNothing(row[name]) || !order.currency || masked.has('total') ? String(row[name] ?? '') : money(row[name], String(order.currency)));
	return { unit_price: shown('unit_price'), discount: shown('discount'), total: shown('total') };
}

function OrderHead({ entity, record: { row, masked } }: { entity: Entity; record: RecordAnswer }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const customer = fieldOf(entity, 'customer_id');
	const show = (name: string) => {
		const field = fieldOf(entity, name);
		return field && !isNothing(row[name]) ? <FieldValue field={field} row={row} place="cell" masked={masked.has(name)} /> : <span className="nothing">—</span>;
	};
	const figure = (name: string) => {
		const field = fieldOf(entity, name);
		return field ? <li key={name}><div><b>{show(name)}</b><span>{field.label}</span></div></li> : null;
	};
	return (
		<div className="record-strip">
			<p className="order-customer">
				{customer && (row.customer_id
					? <Link to={`/customer/${String(row.customer_id)}`}>{linkedTitle(meta, customer, row) ?? t('order.customer')}</Link>
					: <span className="quiet">{t('order.guest')}</span>)}
			</p>
			<ul className="figures">{['total', 'placed_at', 'lines_count'].map(figure)}</ul>
		</div>
	);
}

/** From the lines down to what is to be paid. */
function Sums({ entity, record: { row, masked } }: { entity: Entity; record: RecordAnswer }) {
	const { t } = useTranslation();
	const fields = ['lines_total', 'discount', 'shipping_fee', 'tax', 'total', 'total_base'].flatMap((n) => fieldOf(entity, n) ?? []);
	const meta = useMeta();
	const shown = fields.filter((f) => !isNothing(row[f.name]) && (f.name !== 'total_base' || (row.currency && row.currency !== meta.base_currency)));
	return (
		<table className="plain-table sums">
			<caption className="sr-only">{t('order.sums')}</caption>
			<tbody>
				{shown.map((f) => (
					<tr key={f.name} className={f.name === 'total' ? 'is-total' : undefined}>
						<th scope="row">{f.label}</th>
						<td className="is-right"><FieldValue field={f} row={row} place="fact" masked={masked.has(f.name)} /></td>
					</tr>
				))}
			</tbody>
		</table>
	);
}
