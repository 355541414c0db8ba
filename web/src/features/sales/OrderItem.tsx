/** An order in the stream of its customer. */
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { fieldOf } from '@/api/records.ts';
import type { TimelineItemProps } from '@/app/feature.ts';
import { EntityIcon } from '@/app/icons.tsx';
import { When } from '@/components/common/When.tsx';
import { FieldValue, isNothing } from '@/fields/index.tsx';

export default function OrderItem({ entity, row, masked }: TimelineItemProps) {
	const { t } = useTranslation();
	const show = (name: string) => {
		const field = fieldOf(entity, name);
		return field && !isNothing(row[name]) ? <FieldValue field={field} row={row} place="cell" masked={masked.has(name)} /> : null;
	};
	return (
		<article className="event event-order">
			<span className="event-icon" aria-hidden="true"><EntityIcon name="order" /></span>
			<div className="event-body">
				<p className="event-head">
					<Link to={`/order/${row.id}`}>
						{entity.label} {String(row.number ?? `#${row.id}`)}
					</Link> {show('state')} <b className="event-money">{show('total')}</b>
				</p>
				<p className="event-meta">
					<When at={String(row.placed_at)} /> {row.lines_count
						? <span>{t('order.lines', { count: Number(row.lines_count) })}</span>
						: null} {show('channel_id')}
				</p>
			</div>
		</article>
	);
}
