/** The four numbers that matter of a customer; each leads to the records behind it. */
import { useTranslation } from 'react-i18next';
import type { RecordAnswer } from '@/api/records.ts';
import { useMeta } from '@/app/context.tsx';
import { useRoving } from '@/components/common/roving.ts';
import { When } from '@/components/common/When.tsx';
import { money, number } from '@/lib/format.ts';

interface Props {
	record: RecordAnswer;
	onTab(tab: string): void;
}

export function Figures({ record: { row }, onTab }: Props) {
	const { t } = useTranslation();
	const { base_currency: currency } = useMeta();
	const roving = useRoving<HTMLDivElement>('button');
	const orders = Number(row.orders_count ?? 0);
	const figures = [
		'orders_total' in row && { key: 'spent', tab: 'orders', value: money(row.orders_total ?? '0', currency), label: t('customer.spent'), why: t('customer.spent_why') },
		'orders_count' in row && { key: 'orders', tab: 'orders', value: number(orders), label: t('customer.orders'), why: t('customer.orders_why') },
		'last_order_at' in row && { key: 'last', tab: 'orders', value: row.last_order_at ? <When at={String(row.last_order_at)} /> : '—', label: t('customer.last_order'), why: t('customer.last_order_why') },
		'open_work' in row && { key: 'work', tab: 'todo', value: number(row.open_work ?? 0), label: t('customer.open_work'), why: t('customer.open_work_why') },
	].filter((f) => f !== false);
	return (
		<div role="toolbar" aria-label={t('customer.figures')} {...roving}>
			<ul className="figures">
				{figures.map((f) => (
					<li key={f.key}>
						<button type="button" onClick={() => onTab(f.tab)} title={f.why}>
							<b>{f.value}</b>
							<span>{f.label}</span>
						</button>
					</li>
				))}
			</ul>
		</div>
	);
}
