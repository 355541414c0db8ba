/** The record page every entity has: head, facts, what belongs to it, history. */
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { entityOf, fieldOf, type RecordAnswer, titleOf, useRecord } from '@/api/records.ts';
import type { Entity } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import { waysOf } from '@/app/features.ts';
import { usePhone } from '@/app/preferences.ts';
import { useTitle } from '@/app/title.ts';
import { Failed, Loading } from '../common/States.tsx';
import { type Tab, Tabs } from '../common/Tabs.tsx';
import { Changes, useHistory } from './Changes.tsx';
import { ChildTable } from './ChildTable.tsx';
import { Facts } from './Facts.tsx';
import { Head } from './Head.tsx';
import { useLiveRecord } from './live.ts';
import { Cards, HeadParts, useListed, useTabParts } from './parts.tsx';
import { RecordRights } from './rights.tsx';
import { Timeline, useSources } from './Timeline.tsx';

interface Props {
	entity: Entity;
	id: string;
	/** Before the tabs of children and history. */
	tabs?: (record: RecordAnswer) => Tab[];
	/** Children shown by the page itself. */
	without?: string[];
	/** Below the title. */
	head?: (record: RecordAnswer) => React.ReactNode;
	actions?: (record: RecordAnswer) => React.ReactNode;
	aside?: (record: RecordAnswer) => React.ReactNode;
}

/** Which tab is open stands in the address. */
export function useTab(fallback: string): [string, (tab: string) => void] {
	const [params, setParams] = useSearchParams();
	const set = (tab: string) => setParams((old) => {
		const next = new URLSearchParams(old);
		if (tab === fallback) next.delete('tab');
		else next.set('tab', tab);
		return next;
	}, { replace: true });
	return [params.get('tab') ?? fallback, set];
}

export function RecordPage({ entity, id, tabs, without = [], head, actions, aside }: Props) {
	const meta = useMeta();
	const { t } = useTranslation();
	const phone = usePhone();
	const record = useRecord(meta, entity, id);
	useLiveRecord(entity, id);
	const history = useHistory(entity, id, record.isSuccess);
	const changes = useMemo(() => history.data?.pages.flatMap((p) => p.rows), [history.data]);
	useTitle(record.data ? titleOf(entity, record.data.row) : entity.label);

	const listed = useListed(entity, record.data);
	// What the people inside own is no tab of theirs: lists with a filter show it.
	const children = entity.children.filter((c) => {
		const child = entityOf(meta, c.entity);
		return child && !without.includes(c.entity) && !waysOf(c.entity).unlisted && !listed.has(`${c.entity}.${c.field}`) && (!entity.system || (child.system && c.field !== 'created_by' && c.field !== 'updated_by'));
	});
	const added = useTabParts(entity, record.data);
	const sources = useSources(entity);
	const own: Tab[] = record.data ? [
		...(tabs?.(record.data) ?? []),
		...(sources.length ? [{ key: 'timeline', label: t('timeline.title'), children: <Timeline entity={entity} record={record.data} /> }] : []),
		...added,
	] : [];
	const firstKey = phone ? 'facts' : own[0]?.key ?? children[0]?.entity ?? 'changes';
	const [tab, setTab] = useTab(firstKey);
	if (record.isPending) return <div className="page"><Loading rows={10} /></div>;
	if (record.isError) return <div className="page"><Failed error={record.error} onRetry={() => void record.refetch()} /></div>;
	const facts = (
		<>
			<Facts entity={entity} record={record.data} changes={changes} />
			{aside?.(record.data)}
			<Cards entity={entity} record={record.data} />
		</>
	);

	const items: Tab[] = [
		...(phone ? [{ key: 'facts', label: t('record.facts'), children: facts }] : []),
		...own,
		...children.map((c) => ({
			key: children.filter((o) => o.entity === c.entity).length > 1 ? `${c.entity}.${c.field}` : c.entity,
			label: childLabel(entityOf(meta, c.entity)!, c.field, children.filter((o) => o.entity === c.entity).length > 1),
			children: <ChildTable child={c.entity} field={c.field} parent={{ entity: entity.name, row: record.data.row }} />,
		})),
		{ key: 'changes', label: t('changes.title'), children: <Changes entity={entity} id={id} /> },
	];
	return (
		<RecordRights entity={entity} record={record.data}>
			<div className="record">
				<Head entity={entity} record={record.data} actions={<>{actions?.(record.data)}<HeadParts entity={entity} record={record.data} place="action" /></>} beside={<HeadParts entity={entity} record={record.data} place="beside" />}>
					{head?.(record.data)}
					<HeadParts entity={entity} record={record.data} place="strip" />
					<HeadParts entity={entity} record={record.data} place="warning" />
				</Head>
				<div className={phone ? 'record-one' : 'record-two'}>
					{!phone && <div className="record-facts">{facts}</div>}
					<div className="record-main">
						<Tabs label={titleOf(entity, record.data.row)} active={items.some((i) => i.key === tab) ? tab : firstKey} onChange={setTab} items={items} />
					</div>
				</div>
			</div>
		</RecordRights>
	);
}

function childLabel(child: Entity, field: string, several: boolean): string {
	const f = several ? fieldOf(child, field) : undefined;
	return f ? `${child.label_many} · ${f.label}` : child.label_many;
}
