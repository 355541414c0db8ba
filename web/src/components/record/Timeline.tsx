/** Everything that happened with a record, in one stream; each feature's records are a source of it. */
import { Button, Segmented } from 'antd';
import { type ReactNode, Suspense, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { entityOf, fieldOf, selectAll, selectOf, titleOf, useRows, useSome } from '@/api/records.ts';
import type { Entity, Row } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import type { PartProps, TimelineItemProps, TimelineSource } from '@/app/feature.ts';
import { features, pieceOf } from '@/app/features.ts';
import { EntityIcon } from '@/app/icons.tsx';
import { useWho } from '@/app/who.ts';
import { FieldValue, isNothing } from '@/fields/index.tsx';
import { time } from '@/lib/format.ts';
import { Empty, Failed, Loading } from '../common/States.tsx';
import { When } from '../common/When.tsx';
import { useMay } from './rights.tsx';
import { mergeSources } from './timeline.ts';

interface Entry {
	source: Known;
	row: Row;
	masked: ReadonlySet<string>;
}

/** A source whose entity the reader may see. */
interface Known {
	source: TimelineSource;
	entity: Entity;
	select: string;
}

const PAGE = 30;

/** The sources of a record of this entity. */
export function useSources(entity: Entity): Known[] {
	const meta = useMeta();
	const who = useWho();
	return useMemo(() => features().timeline.flatMap((source) => {
		const found = entityOf(meta, source.entity);
		if (source.on !== entity.name || !found || !who.may(source.entity, 'read') || !fieldOf(found, source.field)) return [];
		if (source.when && !source.when(who)) return [];
		const names = source.fields && [...source.fields, source.at];
		const select = names ? selectOf(meta, found, names.flatMap((n) => fieldOf(found, n) ?? [])) : selectAll(meta, found);
		return [{ source, entity: found, select }];
	}), [meta, who, entity]);
}

export function Timeline({ entity, record }: PartProps) {
	const sources = useSources(entity);
	// Each source asks by hooks of its own: another list of sources is another stream.
	return <Stream key={sources.map((s) => s.source.key).join()} entity={entity} record={record} sources={sources} />;
}

/** What is shown: "" everything, "orders" one source, "talks:call" one kind of it. */
function useStream({ source, entity, select }: Known, id: string, shown: string) {
	const [only, kind] = shown.split(':');
	const on = !only || only === source.key;
	const params = new URLSearchParams({ select, [source.field]: `eq.${id}`, order: `${source.at}.desc` });
	if (on && kind && source.kinds) params.set(source.kinds, `eq.${kind}`);
	const rows = useRows(entity, params, { page: PAGE, enabled: on });
	const top = useSome(entity, new URLSearchParams({
		select, [source.field]: `eq.${id}`, order: `${source.at}.desc`, ...(source.pinned ? { [source.pinned]: 'is.true' } : {}), limit: '10',
	}), source.pinned !== undefined);
	return { on, rows, top };
}

function Stream({ entity, record, sources }: PartProps & { sources: Known[] }) {
	const { t } = useTranslation();
	const [shown, setShown] = useState('');
	const streams = sources.map((known) => ({ known, ...useStream(known, record.row.id, shown) }));
	const { items, horizon } = mergeSources<Entry>(streams.map(({ known, on, rows }) => ({
		items: on
			? (rows.data?.pages ?? []).flatMap((p) => p.rows.map((row) => ({
				at: Date.parse(String(row[known.source.at])), item: { source: known, row, masked: p.masked },
			})))
			: [],
		more: on && rows.hasNextPage,
	})));
	const running = streams.filter((s) => s.on);
	const waiting = running.some((s) => s.rows.isPending && s.rows.fetchStatus !== 'idle');
	const failed = running.find((s) => s.rows.error)?.rows.error;
	const pinned = streams.filter((s) => s.known.source.pinned);
	const top = shown ? [] : pinned.flatMap(({ known, top: { data } }) => (data?.rows ?? []).map((row) => ({ source: known, row, masked: data!.masked })));
	const again = () => running.forEach((s) => void s.rows.refetch());
	const more = () => running.forEach((s) => s.rows.hasNextPage && void s.rows.fetchNextPage());
	let day = '';
	return (
		<div className="timeline">
			<Composers entity={entity} record={record} />
			<div className="timeline-tools">
				<Segmented
					size="small" aria-label={t('timeline.filter')} value={shown} onChange={setShown}
					options={[{ value: '', label: t('timeline.everything') }, ...sources.flatMap(choicesOf)]}
				/>
			</div>
			{top.length > 0 && (
				<section className="pinned" aria-label={t('timeline.pinned')}>
					{top.map((entry) => <Item key={`${entry.source.source.key}${entry.row.id}`} entry={entry} parent={record.row} />)}
				</section>
			)}
			{failed ? <Failed error={failed} onRetry={again} small />
				: waiting ? <Loading rows={6} />
				: items.length === 0 ? <Empty title={t('timeline.empty')} text={t('timeline.empty_text')} />
				: (
					<ol className="stream">
						{items.map(({ at, item }) => {
							const itsDay = time(at, 'day');
							const head: ReactNode = itsDay === day ? null : <h3 className="stream-day">{itsDay}</h3>;
							day = itsDay;
							return (
								<li key={`${item.source.source.key}${item.row.id}`}>
									{head}
									<Item entry={item} parent={record.row} />
								</li>
							);
						})}
					</ol>
				)}
			{horizon !== -Infinity && !failed && <Button onClick={more} loading={running.some((s) => s.rows.isFetchingNextPage)}>{t('word.load_more')}</Button>}
		</div>
	);
}

function choicesOf({ source, entity }: Known): { value: string; label: string }[] {
	const options = fieldOf(entity, source.kinds)?.options;
	return options ? options.map((o) => ({ value: `${source.key}:${o.value}`, label: o.label })) : [{ value: source.key, label: entity.label_many }];
}

function Composers({ entity, record }: PartProps) {
	const meta = useMeta();
	const mayHere = useMay();
	const found = features().composer.filter((c) => c.on === entity.name && mayHere(entityOf(meta, c.entity), 'create') && entityOf(meta, c.entity));
	return (
		<Suspense fallback={null}>
			{found.map((c) => {
				const Piece = pieceOf(c.load);
				return <Piece key={c.entity} entity={entity} record={record} />;
			})}
		</Suspense>
	);
}

function Item({ entry: { source: { source, entity }, row, masked }, parent }: { entry: Entry; parent: Row }) {
	const Own = source.item ? pieceOf(source.item) : Plain;
	return (
		<Suspense fallback={<article className="event" aria-busy="true" />}>
			<Own entity={entity} row={row} masked={masked} parent={parent} at={source.at} />
		</Suspense>
	);
}

/** One line: what it is called, and its subtitle. */
function Plain({ entity, row, masked, at }: TimelineItemProps) {
	const field = fieldOf(entity, entity.subtitle);
	return (
		<article className="event">
			<span className="event-icon" aria-hidden="true"><EntityIcon name={entity.icon ?? entity.name} /></span>
			<div className="event-body">
				<p className="event-head">
					<span className="event-kind">{entity.label}</span> <b><Link to={`/${entity.name}/${row.id}`}>{titleOf(entity, row)}</Link></b>
					{field && !isNothing(row[field.name]) && <FieldValue field={field} row={row} place="cell" masked={masked.has(field.name)} />}
				</p>
				<p className="event-meta"><When at={String(row[at])} /></p>
			</div>
		</article>
	);
}
