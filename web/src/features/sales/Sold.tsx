/** Where a product was sold: when, to whom, how many, for how much. */
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { entityOf, fieldOf, titleOf, titleSelect, useRows } from '@/api/records.ts';
import type { Entity, Row } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import { Empty, Failed, Loading } from '@/components/common/States.tsx';
import { When } from '@/components/common/When.tsx';
import { optionLabel } from '@/fields/enum.tsx';
import { money, number } from '@/lib/format.ts';

export function Sold({ lines, product }: { lines: Entity; product: Row }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const orders = entityOf(meta, 'order');
	const customers = entityOf(meta, 'customer');
	const buyer = customers && fieldOf(orders, 'customer_id') ? `,customer:customer_id(${titleSelect(customers)})` : '';
	const select = `id,kind,quantity,unit_price,total${orders ? `,order:order_id(id,number,placed_at,currency${buyer})` : ''}`;
	const rows = useRows(lines, new URLSearchParams({ select, product_id: `eq.${product.id}`, order: 'id.desc' }), { page: 50 });
	if (rows.isPending) return <Loading rows={4} />;
	if (rows.isError) return <Failed error={rows.error} onRetry={() => void rows.refetch()} small />;
	const all = rows.data.pages.flatMap((p) => p.rows);
	if (all.length === 0) return <Empty title={t('product.sold_empty')} />;
	const label = (entity: Entity | undefined, name: string) => fieldOf(entity, name)?.label ?? '';
	return (
		<>
			<div className="table-scroll" tabIndex={0} role="region" aria-label={t('product.sold')}>
				<table className="plain-table">
					<thead>
						<tr>
							<th scope="col">{orders?.label}</th><th scope="col">{label(orders, 'placed_at')}</th><th scope="col">{customers?.label}</th><th scope="col">{label(lines, 'kind')}</th>
							<th scope="col" className="is-right">{label(lines, 'quantity')}</th><th scope="col" className="is-right">{label(lines, 'unit_price')}</th><th scope="col" className="is-right">{label(lines, 'total')}</th>
						</tr>
					</thead>
					<tbody>{all.map((row) => <Line key={row.id} row={row} lines={lines} customers={customers} />)}</tbody>
				</table>
			</div>
			{rows.hasNextPage && <Button size="small" onClick={() => void rows.fetchNextPage()} loading={rows.isFetchingNextPage}>{t('word.load_more')}</Button>}
		</>
	);
}

function Line({ row, lines, customers }: { row: Row; lines: Entity; customers: Entity | undefined }) {
	const order = row.order as (Row & { customer?: Row | null }) | null | undefined;
	const kind = fieldOf(lines, 'kind');
	const price = (value: unknown) => (order?.currency ? money(value, String(order.currency)) : number(value));
	return (
		<tr>
			<td className="no-wrap">{order ? <Link to={`/order/${order.id}`}>{String(order.number ?? `#${order.id}`)}</Link> : null}</td>
			<td>{order?.placed_at ? <When at={String(order.placed_at)} /> : null}</td>
			<td className="no-wrap">{order?.customer && customers ? <Link to={`/customer/${order.customer.id}`}>{titleOf(customers, order.customer)}</Link> : <span className="nothing">—</span>}</td>
			<td className="no-wrap">{kind ? optionLabel(kind, row.kind) : ''}</td>
			<td className="is-right">{number(row.quantity)}</td>
			<td className="is-right">{price(row.unit_price)}</td>
			<td className="is-right">{price(row.total)}</td>
		</tr>
	);
}
