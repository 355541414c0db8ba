/** The list on a phone: one card a record. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { titleOf } from '@/api/records.ts';
import type { Entity, Row } from '@/api/types.ts';
import { FieldValue, isNothing, kindOf } from '@/fields/index.tsx';
import type { Column } from './state.ts';

interface Props {
	entity: Entity;
	rows: Row[];
	masked: ReadonlySet<string>;
	columns: Column[];
	changed: ReadonlySet<string>;
	complete: boolean;
	loadingMore: boolean;
	onMore(): void;
}

export function Cards({ entity, rows, masked, columns, changed, complete, loadingMore, onMore }: Props) {
	const { t } = useTranslation();
	const scroller = useRef<HTMLDivElement>(null);
	const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => 92, overscan: 6 });
	const items = virtual.getVirtualItems();
	const last = items.at(-1)?.index ?? 0;
	useEffect(() => {
		if (!complete && !loadingMore && last >= rows.length - 15) onMore();
	}, [last, rows.length, complete, loadingMore, onMore]);
	const shown = columns.filter((c) => c.field.name !== entity.title);
	const badges = shown.filter((c) => c.field.type === 'enum').slice(0, 2);
	// What it is worth stands apart, at the end of its line; whose and when follows from the rest.
	const figure = shown.find((c) => c.field.type === 'money');
	const when = shown.find((c) => c.field.type === 'time' && c.field.name !== 'created_at');
	const facts = [...shown.filter((c) => !badges.includes(c) && c !== figure && c !== when && c.field.type !== 'links' && c.field.type !== 'int').slice(0, 3), ...(when ? [when] : [])];

	return (
		<div className="cards" ref={scroller} tabIndex={0} role="region" aria-label={entity.label_many}>
			<ul style={{ height: virtual.getTotalSize() }} aria-label={t('list.results')}>
				{items.map((item) => {
					const row = rows[item.index]!;
					return (
						<li key={row.id} ref={virtual.measureElement} data-index={item.index} style={{ transform: `translateY(${item.start}px)` }}>
							<Link className={`card${changed.has(row.id) ? ' is-changed' : ''}`} to={`/${entity.name}/${row.id}`}>
								<span className="card-head">
									<b>{titleOf(entity, row)}</b>
									{badges.map((c) => <FieldValue key={c.field.name} field={c.field} row={row} place="cell" masked={masked.has(c.field.name)} />)}
								</span>
								<span className="card-body">
								<span className="card-facts">
									{facts.filter((c) => !isNothing(row[c.field.name])).map((c) => (
										<span key={c.field.name} className={kindOf(c.field).align === 'right' ? 'is-number' : undefined}>
											<span className="card-label">{c.field.label}</span>{' '}
											{c.field.type === 'link'
												? kindOf(c.field).text(c.field, row[c.field.name], row)
												: <FieldValue field={c.field} row={row} place="cell" masked={masked.has(c.field.name)} />}
										</span>
									))}
								</span>
								{figure && <b className="card-figure"><FieldValue field={figure.field} row={row} place="cell" masked={masked.has(figure.field.name)} /></b>}
								</span>
							</Link>
						</li>
					);
				})}
			</ul>
		</div>
	);
}
