/** The parts of a record page that features add to records of others: tabs, cards, and what stands in the head. */
import { Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { entityOf, fieldOf, linkedTitle, may, type RecordAnswer, selectOf, titleOf, useCount, useSome } from '@/api/records.ts';
import type { Entity, Field, Meta, Row } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import type { CardEntry, HeadEntry, Label, PartProps, RowsOf, TabEntry } from '@/app/feature.ts';
import { features, partsOf, pieceOf } from '@/app/features.ts';
import { useWho } from '@/app/who.ts';
import { FieldValue, isNothing } from '@/fields/index.tsx';
import { number } from '@/lib/format.ts';
import { Failed, Loading } from '../common/States.tsx';
import { ChildTable } from './ChildTable.tsx';
import type { RecordTab } from './groups.tsx';

export function labelOf(meta: Meta, t: (key: string) => string, label: Label | undefined, rows: RowsOf | undefined): string {
	if (typeof label === 'string') return t(label);
	return entityOf(meta, label?.entity ?? rows?.entity)?.label_many ?? '';
}

/** Those of them that are there for the reader: rows of an entity nobody may see are not. */
function shown<T extends { rows?: RowsOf }>(meta: Meta, parts: T[]): T[] {
	return parts.filter(({ rows }) => {
		const entity = rows && entityOf(meta, rows.entity);
		return !rows || (entity !== undefined && may(entity, 'read') && fieldOf(entity, rows.field) !== undefined);
	});
}

/** What features add as tabs to this record. */
export function useTabParts(entity: Entity, record: RecordAnswer | undefined): RecordTab[] {
	const meta = useMeta();
	const who = useWho();
	const { t } = useTranslation();
	if (!record) return [];
	return shown<TabEntry>(meta, partsOf(features().tabs, entity, record, who)).map((part) => ({
		key: part.key, work: part.work, label: labelOf(meta, t, part.label, part.rows),
		children: part.rows ? <RowsTab rows={part.rows} entity={entity} record={record} /> : <Piece part={part} entity={entity} record={record} />,
	}));
}

/** Which children stand in a tab of some feature already. */
export function useListed(entity: Entity, record: RecordAnswer | undefined): Set<string> {
	const who = useWho();
	if (!record) return new Set();
	return new Set(partsOf(features().tabs, entity, record, who).flatMap((p) => (p.rows ? [p.rows] : p.covers ?? []).map((c) => `${c.entity}.${c.field}`)));
}

function Piece({ part, entity, record }: PartProps & { part: { load?: TabEntry['load'] } }) {
	if (!part.load) return null;
	const Own = pieceOf(part.load);
	return <Suspense fallback={<Loading rows={3} />}><Own entity={entity} record={record} /></Suspense>;
}

function RowsTab({ rows, entity, record }: PartProps & { rows: RowsOf }) {
	return (
		<ChildTable
			child={rows.entity} field={rows.field} parent={{ entity: entity.name, row: record.row }} columns={rows.fields} order={rows.order}
			query={rows.query} fixed={rows.fixed}
		/>
	);
}

export function useHasCards(entity: Entity, record: RecordAnswer | undefined): boolean {
	const meta = useMeta();
	const who = useWho();
	return record !== undefined && shown<CardEntry>(meta, partsOf(features().cards, entity, record, who)).length > 0;
}

/** The right column: what features add, each a heading with three rows and the way to all. */
export function Cards({ entity, record }: PartProps) {
	const meta = useMeta();
	const who = useWho();
	const { t } = useTranslation();
	const cards = shown<CardEntry>(meta, partsOf(features().cards, entity, record, who));
	return (
		<>
			{cards.map((card) => (card.rows
				? <RowsCard key={card.key} title={labelOf(meta, t, card.label, card.rows)} rows={card.rows} record={record} />
				: !card.label ? <Piece key={card.key} part={card} entity={entity} record={record} />
				: (
					<section key={card.key} className="related">
						{card.label && <h3>{labelOf(meta, t, card.label, undefined)}</h3>}
						<Piece part={card} entity={entity} record={record} />
					</section>
				)
			))}
		</>
	);
}

const SHOWN = 3;

function RowsCard({ title, rows, record }: { title: string; rows: RowsOf; record: RecordAnswer }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const entity = entityOf(meta, rows.entity)!;
	const fields = (rows.fields ?? [entity.subtitle ?? '']).flatMap((n) => fieldOf(entity, n) ?? []).filter((f) => f.name !== entity.title);
	const title_ = fieldOf(entity, entity.title);
	const where = new URLSearchParams(rows.query);
	where.set(rows.field, `eq.${record.row.id}`);
	const asked = new URLSearchParams(where);
	asked.set('select', selectOf(meta, entity, [...(title_ ? [title_] : []), ...fields]));
	asked.set('order', rows.order ?? entity.sort ?? 'id.desc');
	asked.set('limit', String(SHOWN + 1));
	const found = useSome(entity, asked);
	const more = (found.data?.rows.length ?? 0) > SHOWN;
	const count = useCount(entity, where, more);
	if (found.isError) return <section className="related"><h3>{title}</h3><Failed error={found.error} onRetry={() => void found.refetch()} small /></section>;
	if (!found.data) return <section className="related" aria-busy="true"><h3>{title}</h3><Loading rows={2} /></section>;
	const link = new URLSearchParams(rows.query);
	link.set(rows.field, `in.(${record.row.id})`);
	return (
		<section className="related">
			<h3>{title}</h3>
			{found.data.rows.length === 0 ? <p className="quiet">{t('record.none', { what: entity.label_many })}</p> : (
				<ul className="related-rows">
					{found.data.rows
						.slice(0, SHOWN)
						.map((row) => <CardRow key={row.id} entity={entity} row={row} fields={fields} masked={found.data.masked} meta={meta} />)}
				</ul>
			)}
			{more && (
				<Link className="related-all" to={`/${entity.name}?${link}`}>
					{count.data ? t('record.all_n', { n: `${number(count.data.total)}${count.data.capped ? '+' : ''}` }) : t('record.all')}
				</Link>
			)}
		</section>
	);
}

function CardRow({ entity, row, fields, masked, meta }: { entity: Entity; row: Row; fields: Field[]; masked: ReadonlySet<string>; meta: Meta }) {
	// A child has no page of its own worth going to: it is called by what it links to.
	const link = entity.child && !entity.title ? entity.fields.find((f) => f.type === 'link' && f.name !== entity.parent && row[f.name]) : undefined;
	const name = (link && linkedTitle(meta, link, row)) ?? titleOf(entity, row);
	return (
		<li>
			<Link to={`/${entity.name}/${row.id}`}>{name}</Link>
			<span className="related-facts">
				{fields
					.filter((f) => !isNothing(row[f.name]))
					.map((f) => <FieldValue key={f.name} field={f} row={row} place="cell" masked={masked.has(f.name)} />)}
			</span>
		</li>
	);
}

/** What features put into the head at this place. */
export function HeadParts({ entity, record, place }: PartProps & { place: HeadEntry['place'] }) {
	const who = useWho();
	const parts = partsOf(features().head, entity, record, who).filter((p) => p.place === place);
	return (
		<Suspense fallback={null}>
			{parts.map((part) => {
				const Own = pieceOf(part.load);
				return <Own key={part.key} entity={entity} record={record} />;
			})}
		</Suspense>
	);
}
