/** What is paid and open of an order, now; paying it and planning its payments. */
import { Button } from 'antd';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { get } from '@/api/client.ts';
import { entityOf, may } from '@/api/records.ts';
import { useMeta } from '@/app/context.tsx';
import type { PartProps } from '@/app/feature.ts';
import { money } from '@/lib/format.ts';
import { PayDialog } from './PayDialog.tsx';
import { PlanDialog } from './PlanDialog.tsx';
import './money.css';

export interface OrderSums {
	currency: string;
	total: string;
	planned: string;
	paid: string;
	written_off: string;
	open: string;
	unplanned: string;
}

export default function OrderMoney({ record: { row } }: PartProps) {
	const meta = useMeta();
	const { t } = useTranslation();
	const [dialog, setDialog] = useState<'pay' | 'plan' | null>(null);
	// what changes it is heard of as a change of receivables or payments
	const told = useQuery({
		queryKey: ['some', 'receivable', 'order', row.id, row.version], retry: false,
		queryFn: ({ signal }) => get<OrderSums>(`order/${row.id}/money`, signal),
	});
	const m = told.data;
	if (!m) return null;
	const open = Number(m.open), total = Number(m.total);
	const creates = may(entityOf(meta, 'receipt'), 'create') && may(entityOf(meta, 'receivable'), 'create');
	const alive = row.state !== 'draft' && row.state !== 'cancelled' && Boolean(row.customer_id);
	return (
		<div className="money-order" data-part="order-money">
			<span className="money-bar" role="img" aria-label={t('money.bar_paid', { paid: money(m.paid, m.currency), total: money(m.total, m.currency) })}>
				{total > 0 && Number(m.paid) > 0 && <span className="is-paid" style={{ width: `${Math.min(100, (100 * Number(m.paid)) / total)}%` }} />}
				{total > 0 && Number(m.written_off) > 0 && <span className="is-off" style={{ width: `${(100 * Number(m.written_off)) / total}%` }} />}
			</span>
			<span>{t('money.paid')} <b>{money(m.paid, m.currency)}</b></span>
			<span className={open > 0 ? 'is-open' : undefined}>{t('money.open')} <b>{money(m.open, m.currency)}</b></span>
			{Number(m.written_off) > 0 && <span>{t('money.move.written_off')} <b>{money(m.written_off, m.currency)}</b></span>}
			{creates && alive && open > 0 && (
				<span className="no-print">
					<Button size="small" type="primary" onClick={() => setDialog('pay')}>{t('money.pay')}</Button>{' '}
					{Number(m.planned) === 0 && <Button size="small" onClick={() => setDialog('plan')}>{t('money.plan')}</Button>}
				</span>
			)}
			{dialog === 'pay' && <PayDialog order={row} sums={m} onClose={() => setDialog(null)} />}
			{dialog === 'plan' && <PlanDialog order={row} sums={m} onClose={() => setDialog(null)} />}
		</div>
	);
}
