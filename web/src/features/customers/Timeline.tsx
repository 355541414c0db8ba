/** Everything that happened with a customer, in one stream: contacts and orders together. */
import { PushpinFilled, PushpinOutlined } from '@ant-design/icons';
import { App, Button, Segmented, Tooltip } from 'antd';
import { type ReactNode, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { entityOf, fieldOf, type RecordAnswer, refresh, selectAll, selectOf, useCache, useRows, useSome } from '@/api/records.ts';
import { useMay } from '@/components/record/rights.tsx';
import type { Entity, Field, Row } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import { EntityIcon } from '@/app/icons.tsx';
import { Empty, Failed, Loading } from '@/components/common/States.tsx';
import { mayTakeKey } from '@/components/common/roving.ts';
import { problemText } from '@/components/common/undo.tsx';
import { When } from '@/components/common/When.tsx';
import { useSaver } from '@/components/record/save.tsx';
import { FieldValue, isNothing } from '@/fields/index.tsx';
import { optionLabel } from '@/fields/enum.tsx';
import { time } from '@/lib/format.ts';
import { FormDialog } from '@/components/form/FormDialog.tsx';
import { answer, Composer } from './Composer.tsx';
import { useFinish } from './finish.tsx';
import { mergeSources } from './timeline.ts';

interface Entry {
	entity: Entity;
	row: Row;
	masked: ReadonlySet<string>;
}

function params(select: string, id: string, at: string, extra: Record<string, string> = {}) {
	return new URLSearchParams({ select, customer_id: `eq.${id}`, order: `${at}.desc`, ...extra });
}

export function Timeline({ record: { row: customer } }: { record: RecordAnswer }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const mayHere = useMay();
	const [kind, setKind] = useState<string | null>(null);
	const interactions = entityOf(meta, 'interaction');
	const orders = entityOf(meta, 'order');
	const kinds = fieldOf(interactions, 'kind')?.options ?? [];
	const nothing = meta.entities[0]!;
	const fields = (entity: Entity | undefined, names: string[]): Field[] => names.flatMap((n) => fieldOf(entity, n) ?? []);
	// Whole, for they are edited where they stand.
	const talkSelect = interactions ? selectAll(meta, interactions) : 'id';
	const orderSelect = orders ? selectOf(meta, orders, fields(orders, ['number', 'state', 'placed_at', 'total', 'lines_count', 'channel_id', 'kind'])) : 'id';

	const talks = useRows(interactions ?? nothing, params(talkSelect, customer.id, 'at', kind && kind !== 'order' ? { kind: `eq.${kind}` } : {}), { page: 30, enabled: interactions !== undefined && kind !== 'order' });
	const bought = useRows(orders ?? nothing, params(orderSelect, customer.id, 'placed_at'), { page: 30, enabled: orders !== undefined && (kind === null || kind === 'order') });
	const pinned = useSome(interactions, params(talkSelect, customer.id, 'at', { pinned: 'is.true', limit: '10' }));

	const { items, certain } = useMemo(() => {
		const source = (query: typeof talks, entity: Entity | undefined, at: string, on: boolean) => ({
			items: on && entity ? (query.data?.pages ?? []).flatMap((p) => p.rows.map((row) => ({ at: Date.parse(String(row[at])), item: { entity, row, masked: p.masked } as Entry }))) : [],
			more: on && query.hasNextPage,
		});
		const merged = mergeSources<Entry>([
			source(talks, interactions, 'at', kind !== 'order'),
			source(bought, orders, 'placed_at', kind === null || kind === 'order'),
		]);
		return { items: merged.items, certain: merged.horizon === -Infinity };
	}, [talks.data, bought.data, talks.hasNextPage, bought.hasNextPage, kind, interactions, orders]);

	function more() {
		if (talks.hasNextPage) void talks.fetchNextPage();
		if (bought.hasNextPage) void bought.fetchNextPage();
	}

	const waiting = (talks.isPending && talks.fetchStatus !== 'idle') || (bought.isPending && bought.fetchStatus !== 'idle');
	const failed = talks.error ?? bought.error;
	let day = '';
	return (
		<div className="timeline">
			{interactions && mayHere(interactions, 'create') && <Composer customer={customer} entity={interactions} />}
			<div className="timeline-tools">
				<Segmented
					size="small" aria-label={t('timeline.filter')} value={kind ?? ''} onChange={(v: string) => setKind(v || null)}
					options={[{ value: '', label: t('timeline.everything') }, ...(orders ? [{ value: 'order', label: orders.label_many }] : []), ...kinds.map((o) => ({ value: o.value, label: o.label }))]}
				/>
			</div>
			{interactions && kind === null && (pinned.data?.rows.length ?? 0) > 0 && (
				<section className="pinned" aria-label={t('timeline.pinned')}>
					{pinned.data!.rows.map((row) => <Item key={row.id} entry={{ entity: interactions, row, masked: pinned.data!.masked }} />)}
				</section>
			)}
			{failed ? <Failed error={failed} onRetry={() => { void talks.refetch(); void bought.refetch(); }} small />
				: waiting ? <Loading rows={6} />
				: items.length === 0 ? <Empty title={t('timeline.empty')} text={t('timeline.empty_text')} />
				: (
					<ol className="stream">
						{items.map(({ at, item }) => {
							const itsDay = time(at, 'day');
							const head: ReactNode = itsDay === day ? null : <h3 className="stream-day">{itsDay}</h3>;
							day = itsDay;
							return (
								<li key={`${item.entity.name}${item.row.id}`}>
									{head}
									<Item entry={item} />
								</li>
							);
						})}
					</ol>
				)}
			{!certain && !failed && <Button onClick={more} loading={talks.isFetchingNextPage || bought.isFetchingNextPage}>{t('word.load_more')}</Button>}
		</div>
	);
}

function Item({ entry }: { entry: Entry }) {
	return entry.entity.name === 'order' ? <OrderItem {...entry} /> : <TalkItem {...entry} />;
}

function OrderItem({ entity, row, masked }: Entry) {
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
					<Link to={`/order/${row.id}`}>{entity.label} {String(row.number ?? `#${row.id}`)}</Link> {show('state')} <b className="event-money">{show('total')}</b>
				</p>
				<p className="event-meta">
					<When at={String(row.placed_at)} /> {row.lines_count ? <span>{t('order.lines', { count: Number(row.lines_count) })}</span> : null} {show('channel_id')}
				</p>
			</div>
		</article>
	);
}

function TalkItem({ entity, row, masked }: Entry) {
	const { t } = useTranslation();
	const mayHere = useMay();
	const { message } = App.useApp();
	const cache = useCache();
	const saver = useSaver(entity);
	const [whole, setWhole] = useState(false);
	const [editing, setEditing] = useState(false);
	const { finish, dialog } = useFinish(entity, row, null);
	const kind = fieldOf(entity, 'kind');
	const direction = fieldOf(entity, 'direction');
	const state = fieldOf(entity, 'state');
	const owner = fieldOf(entity, 'owner_id');
	const body = String(row.body ?? '');
	const long = body.length > 400 || body.split('\n').length > 6;
	const pin = row.pinned === true;
	const open = row.state === 'open' || row.state === 'planned';

	async function toggle() {
		try {
			await saver.save(row, null, { pinned: !pin });
			await refresh(cache, 'interaction');
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}

	return (
		<article
			className={`event event-${String(row.kind)}`} onKeyDown={(event) => {
				if (event.key !== 'e' || !mayHere(entity, 'update') || !mayTakeKey(event)) return;
				event.preventDefault();
				setEditing(true);
			}}
		>
			<span className="event-icon" aria-hidden="true"><EntityIcon name="interaction" /></span>
			<div className="event-body">
				<p className="event-head">
					<span className="event-kind">{kind ? optionLabel(kind, row.kind) : ''}</span>
					{row.subject ? <b><Link to={`/interaction/${row.id}`}>{masked.has('subject') ? '…' : String(row.subject)}</Link></b> : null}
					{state && row.state !== 'done' ? <FieldValue field={state} row={row} place="cell" /> : null}
					<span className="event-tools">
						{mayHere(entity, 'update') && open && <Button size="small" onClick={() => void finish()}>{t('customer.finish')}</Button>}
						{mayHere(entity, 'create') && <Button type="text" size="small" onClick={() => answer(row)}>{t('timeline.answer')}</Button>}
						{mayHere(entity, 'update') && <Button type="text" size="small" onClick={() => setEditing(true)}>{t('word.edit')}</Button>}
						{!row.subject && <Link to={`/interaction/${row.id}`}>{t('timeline.open')}</Link>}
					</span>
					{mayHere(entity, 'update') && (
						<Tooltip title={pin ? t('timeline.unpin') : t('timeline.pin')}>
							<Button type="text" size="small" className="event-pin" icon={pin ? <PushpinFilled /> : <PushpinOutlined />} aria-label={pin ? t('timeline.unpin') : t('timeline.pin')} aria-pressed={pin} onClick={() => void toggle()} />
						</Tooltip>
					)}
				</p>
				{body && (
					<p className={`event-text${long && !whole ? ' is-cut' : ''}`}>{body}</p>
				)}
				{long && <Button type="link" size="small" onClick={() => setWhole(!whole)}>{whole ? t('timeline.less') : t('timeline.whole')}</Button>}
				{row.outcome ? <p className="event-text"><span className="quiet">{fieldOf(entity, 'outcome')?.label}:</span> {String(row.outcome)}</p> : null}
				<p className="event-meta">
					<When at={String(row.at)} />
					{direction && row.direction && row.direction !== 'internal' ? <span>{optionLabel(direction, row.direction)}</span> : null}
					{row.minutes ? <span>{t('timeline.minutes', { count: Number(row.minutes) })}</span> : null}
					{owner && !isNothing(row.owner_id) ? <FieldValue field={owner} row={row} place="cell" /> : null}
				</p>
			</div>
			{saver.dialog}
			{dialog}
			{editing && <FormDialog entity={entity} row={row} onClose={() => setEditing(false)} onSaved={() => { setEditing(false); void refresh(cache, 'interaction', 'customer'); }} />}
		</article>
	);
}
