/** The record page every entity has, composed from what features add: head, facts, tabs by field of work, cards, timeline, history. */
import { useEffect, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate, useSearchParams } from 'react-router';
import { entityOf, fieldOf, type RecordAnswer, titleOf, useRecord } from '@/api/records.ts';
import type { Entity, Meta } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import type { PartProps, Work } from '@/app/feature.ts';
import { features, waysOf } from '@/app/features.ts';
import { useNarrow, usePhone } from '@/app/preferences.ts';
import { useTitle } from '@/app/title.ts';
import { Failed, Loading } from '../common/States.tsx';
import { Tabs } from '../common/Tabs.tsx';
import { Changes, useHistory } from './Changes.tsx';
import { ChildTable } from './ChildTable.tsx';
import { Facts } from './Facts.tsx';
import { Files } from './Files.tsx';
import { groupTabs, type RecordTab, SubTabs } from './groups.tsx';
import { Head } from './Head.tsx';
import { useLiveRecord } from './live.ts';
import { Cards, HeadParts, useHasCards, useListed, useTabParts } from './parts.tsx';
import { RecordRights, useMay } from './rights.tsx';
import { Steps } from './Steps.tsx';
import { Timeline, useSources } from './Timeline.tsx';

interface Props {
	entity: Entity;
	id: string;
	/** Before the tabs of features, children and history. */
	tabs?: (record: RecordAnswer) => RecordTab[];
	/** Children shown by the page itself. */
	without?: string[];
	/** Below the title. */
	head?: (record: RecordAnswer) => React.ReactNode;
	actions?: (record: RecordAnswer) => React.ReactNode;
	/** Below the facts. */
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

/** Children that no part of a feature shows: each a tab of its own, in the field of work of its entity. */
function childTabs(meta: Meta, entity: Entity, record: RecordAnswer, without: string[], listed: ReadonlySet<string>): RecordTab[] {
	// What the people inside own is no tab of theirs: lists with a filter show it.
	const children = entity.children.filter((c) => {
		const child = entityOf(meta, c.entity);
		return child && !without.includes(c.entity) && !waysOf(c.entity).unlisted && !listed.has(`${c.entity}.${c.field}`)
			&& (!entity.system || (child.system && c.field !== 'created_by' && c.field !== 'updated_by'));
	});
	return children.map((c) => {
		const child = entityOf(meta, c.entity)!;
		const several = children.filter((o) => o.entity === c.entity).length > 1;
		// Of several, and of the record's own kind, the link says which.
		const field = several || child === entity ? fieldOf(child, c.field) : undefined;
		return {
			key: several ? `${c.entity}.${c.field}` : c.entity, label: field ? `${child.label_many} · ${field.label}` : child.label_many,
			work: waysOf(c.entity).work ?? 'data',
			children: <ChildTable child={c.entity} field={c.field} parent={{ entity: entity.name, row: record.row }} />,
		};
	});
}

/** Files hang on whatever they have a link to. */
function fileTabs(meta: Meta, entity: Entity, record: RecordAnswer, label: string): RecordTab[] {
	const field = entityOf(meta, 'attachment')?.fields.find((f) => f.link === entity.name && f.right !== 'hidden');
	return field ? [{ key: 'files', label, work: 'data', children: <Files parent={{ entity: entity.name, field: field.name, row: record.row }} /> }] : [];
}

const MOST = 6;

export function RecordPage({ entity, id, tabs, without = [], head, actions, aside }: Props) {
	const meta = useMeta();
	const { t } = useTranslation();
	const phone = usePhone();
	const narrow = useNarrow();
	const record = useRecord(meta, entity, id);
	useLiveRecord(entity, id);
	// An old address of what was merged into another leads there.
	const go = useNavigate();
	const now = record.data?.row.id ?? id;
	useEffect(() => {
		if (now !== id) void go(`/${entity.name}/${now}`, { replace: true });
	}, [now, id, entity.name, go]);
	const history = useHistory(entity, id, record.data?.row.id === id);
	const changes = useMemo(() => history.data?.pages.flatMap((p) => p.rows), [history.data]);
	useTitle(record.data ? titleOf(entity, record.data.row) : entity.label);
	const parts = useTabParts(entity, record.data);
	const sources = useSources(entity);
	// What stands in the stream is no list beside it.
	const listed = new Set([...useListed(entity, record.data), ...sources.map(({ source }) => `${source.entity}.${source.field}`)]);
	const cards = useHasCards(entity, record.data);
	const own = record.data && tabs ? tabs(record.data) : [];
	const firstKey = sources.length ? 'timeline' : phone ? 'facts' : own[0]?.key ?? parts[0]?.key ?? '';
	const [tab, setTab] = useTab(firstKey);
	if (record.isPending) return <div className="page"><Loading rows={12} /></div>;
	if (record.isError) return <div className="page"><Failed error={record.error} onRetry={() => void record.refetch()} /></div>;

	const part: PartProps = { entity, record: record.data };
	const except = waysOf(entity.name).shown?.(record.data.row, entity) ?? [];
	const facts = <><Facts entity={entity} record={record.data} changes={changes} except={except} />{aside?.(record.data)}</>;
	const all: RecordTab[] = [
		...(sources.length ? [{ key: 'timeline', label: t('timeline.title'), work: 'timeline' as Work, children: <Timeline {...part} /> }] : []),
		...own,
		...parts,
		...childTabs(meta, entity, record.data, without, listed),
		...fileTabs(meta, entity, record.data, t('files.title')),
		{ key: 'changes', label: t('changes.title'), work: 'history', children: <Changes entity={entity} id={id} /> },
	];
	const groups = groupTabs(all, MOST);
	const items = [
		...(narrow && cards ? [{ key: 'todo', label: t('record.todo'), children: <div className="todo"><Cards {...part} /></div> }] : []),
		...groups.slice(0, 1).filter((g) => phone && g.key === 'timeline'),
		...(phone ? [{ key: 'facts', label: t('record.facts'), children: facts }] : []),
		...groups.filter((g) => !phone || g.key !== 'timeline'),
	].map((g) => ('members' in g && g.members.length > 1
		? {
			key: g.key, label: t(`work.${g.key}`),
			children: <SubTabs entity={entity.name} group={g.key} tabs={g.members} active={tab} onChange={setTab} />,
		} : g));
	const holder = groups.find((g) => g.members.some((m) => m.key === tab))?.key;
	const active = items.some((i) => i.key === tab) ? tab : holder ?? items.find((i) => i.key === firstKey)?.key ?? items[0]!.key;
	return (
		<RecordRights entity={entity} record={record.data}>
			<div className="record">
				<ToComposer entity={entity} onGo={() => setTab('timeline')} />
				<Head
					entity={entity} record={record.data} beside={<HeadParts {...part} place="beside" />}
					actions={<>{actions?.(record.data)}<HeadParts {...part} place="action" /><Steps {...part} /></>}
				>
					{head?.(record.data)}
					<HeadParts {...part} place="strip" />
					<HeadParts {...part} place="warning" />
				</Head>
				<div className={phone ? 'record-one' : narrow || !cards ? 'record-two' : 'record-three'}>
					{!phone && <div className="record-facts">{facts}</div>}
					<div className="record-main">
						<Tabs label={titleOf(entity, record.data.row)} active={active} onChange={setTab} items={items} />
					</div>
					{!narrow && cards && <aside className="record-aside" aria-label={t('record.todo')}><div className="todo"><Cards {...part} /></div></aside>}
				</div>
			</div>
		</RecordRights>
	);
}

/** The keyboard's short way past head and facts. */
function ToComposer({ entity, onGo }: { entity: Entity; onGo(): void }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const mayHere = useMay();
	if (!features().composer.some((c) => c.on === entity.name && mayHere(entityOf(meta, c.entity), 'create') && entityOf(meta, c.entity))) return null;
	return (
		<button
			type="button" className="skip" aria-keyshortcuts="c" onClick={() => {
				onGo();
				setTimeout(() => document.querySelector<HTMLElement>('.composer textarea')?.focus());
			}}
		>
			{t('timeline.skip')}
		</button>
	);
}
