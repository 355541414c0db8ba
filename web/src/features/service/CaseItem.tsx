/** A case in the stream of its customer. */
import { Link } from 'react-router';
import { fieldOf } from '@/api/records.ts';
import { EntityIcon } from '@/app/icons.tsx';
import type { TimelineItemProps } from '@/app/feature.ts';
import { When } from '@/components/common/When.tsx';
import { FieldValue, isNothing } from '@/fields/index.tsx';

export default function CaseItem({ entity, row, masked }: TimelineItemProps) {
	const show = (name: string) => {
		const field = fieldOf(entity, name);
		return field && !isNothing(row[name]) ? <FieldValue field={field} row={row} place="cell" masked={masked.has(name)} /> : null;
	};
	return (
		<article className="event event-case">
			<span className="event-icon" aria-hidden="true"><EntityIcon name="case" /></span>
			<div className="event-body">
				<p className="event-head">
					<span className="event-kind">{show('kind')}</span> <Link to={`/case/${row.id}`}>{String(row.subject ?? row.number)}</Link> {show('state')}
				</p>
				<p className="event-meta"><When at={String(row.opened_at)} /> <span>{String(row.number)}</span> {show('priority')}</p>
			</div>
		</article>
	);
}
