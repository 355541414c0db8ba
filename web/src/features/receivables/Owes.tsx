/** What the customer owes, and how much of it is late; leads to the statement. */
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { PartProps } from '@/app/feature.ts';
import { money } from '@/lib/format.ts';
import { useAgeing } from './ageing.ts';

export default function Owes({ record: { row } }: PartProps) {
	const { t } = useTranslation();
	const told = useAgeing(`customer_id=eq.${row.id}`, true);
	const a = told.data;
	if (!a || a.total.buckets.every((b) => b.count === 0)) return null;
	const late = Number(a.total.overdue) > 0;
	return (
		<p className="money-owes" data-part="owes">
			{t('money.owes', { open: money(a.total.open, a.currency) })}
			{late && <b className="is-late"> {t('money.owes_late', { overdue: money(a.total.overdue, a.currency) })}</b>}
			{' '}<Link className="in-text" to={`/statement/${row.id}`}>{t('money.statement')}</Link>
		</p>
	);
}
