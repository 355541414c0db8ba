/** One page with all there is of a customer: facts, one timeline, what to do. */
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { entityOf, fieldOf, type RecordAnswer, titleOf, useRecord } from '@/api/records.ts';
import type { Entity, Row } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import type { RecordPageProps } from '@/app/features.ts';
import { useNarrow, usePhone } from '@/app/preferences.ts';
import { useTitle } from '@/app/title.ts';
import { Failed, Loading } from '@/components/common/States.tsx';
import { Tabs } from '@/components/common/Tabs.tsx';
import { Changes, useHistory } from '@/components/record/Changes.tsx';
import { ChildTable } from '@/components/record/ChildTable.tsx';
import { Facts } from '@/components/record/Facts.tsx';
import { RecordRights, useMay } from '@/components/record/rights.tsx';
import { Files } from '@/components/record/Files.tsx';
import { Cards, HeadParts, useListed, useTabParts } from '@/components/record/parts.tsx';
import { Timeline } from '@/components/record/Timeline.tsx';
import { Head } from '@/components/record/Head.tsx';
import { useLiveRecord } from '@/components/record/live.ts';
import { useTab } from '@/components/record/RecordPage.tsx';
import { FieldValue } from '@/fields/index.tsx';
import { Figures } from './Figures.tsx';
import { Owner, Reach } from './Reach.tsx';
import { Stages } from './Stages.tsx';
import { ToDo } from './ToDo.tsx';

/** A consent is never taken out of the ledger: a withdrawal is an entry with its own time and source. */
const withdrawal = (row: Row) => (row.state === 'given' ? { channel: row.channel, purpose: row.purpose, state: 'withdrawn' } : null);

export default function CustomerPage({ entity, id }: RecordPageProps) {
	const meta = useMeta();
	const { t } = useTranslation();
	const phone = usePhone();
	const narrow = useNarrow();
	const record = useRecord(meta, entity, id);
	useLiveRecord(entity, id);
	const history = useHistory(entity, id, record.isSuccess);
	const changes = useMemo(() => history.data?.pages.flatMap((p) => p.rows), [history.data]);
	const [tab, setTab] = useTab('timeline');
	const added = useTabParts(entity, record.data);
	const listed = useListed(entity, record.data);
	useTitle(record.data ? titleOf(entity, record.data.row) : entity.label);

	if (record.isPending) return <div className="page"><Loading rows={12} /></div>;
	if (record.isError) return <div className="page"><Failed error={record.error} onRetry={() => void record.refetch()} /></div>;
	const { row } = record.data;

	// A person has no line of business and a company no birthday.
	const other = row.kind === 'company' ? 'person' : 'company';
	const except = entity.fields.filter((f) => f.group === other && !row[f.name]).map((f) => f.name);
	const facts = <Facts entity={entity} record={record.data} changes={changes} except={[...except, entity.title ?? '', 'stage', 'orders_count', 'orders_total', 'open_work', 'tags']} />;
	const todo = <><ToDo record={record.data} /><Cards entity={entity} record={record.data} /></>;
	const child = (name: string, key = name, columns?: string[]) => {
		const found = entity.children.find((c) => c.entity === name);
		const target = entityOf(meta, name);
		if (!found || !target || listed.has(`${name}.${found.field}`)) return [];
		return [{
			key, label: target.label_many,
			children: <ChildTable child={name} field={found.field} parent={{ entity: entity.name, row }} columns={columns} ledger={name === 'consent' ? withdrawal : undefined} />,
		}];
	};
	const items = [
		...(phone ? [{ key: 'facts', label: t('record.facts'), children: facts }] : []),
		...(narrow ? [{ key: 'todo', label: t('customer.todo'), children: todo }] : []),
		{ key: 'timeline', label: t('timeline.title'), children: <Timeline entity={entity} record={record.data} /> },
		...child('order', 'orders', ['number', 'state', 'placed_at', 'lines_count', 'total', 'channel_id']),
		...added,
		...child('identifier', 'identifiers'),
		...child('address', 'addresses'),
		...child('consent', 'consents'),
		...child('party_role', 'roles'),
		...(entityOf(meta, 'attachment') ? [{ key: 'files', label: t('files.title'), children: <Files parent={{ entity: entity.name, field: 'customer_id', row }} /> }] : []),
		{ key: 'changes', label: t('changes.title'), children: <Changes entity={entity} id={id} /> },
	];

	return (
		<RecordRights entity={entity} record={record.data}>
			<div className="record">
				<ToComposer entity={entityOf(meta, 'interaction')} onGo={() => setTab('timeline')} />
				<Head entity={entity} record={record.data} beside={<><Badges entity={entity} record={record.data} /><HeadParts entity={entity} record={record.data} place="beside" /></>} actions={<><Reach record={record.data} /><HeadParts entity={entity} record={record.data} place="action" /></>}>
					<div className="record-strip">
						<Stages entity={entity} record={record.data} />
						<Figures record={record.data} onTab={setTab} />
						<Owner entity={entity} record={record.data} />
					</div>
					<HeadParts entity={entity} record={record.data} place="strip" />
					<HeadParts entity={entity} record={record.data} place="warning" />
				</Head>
				<div className={phone ? 'record-one' : narrow ? 'record-two' : 'record-three'}>
					{!phone && <div className="record-facts">{facts}</div>}
					<div className="record-main">
						<Tabs label={titleOf(entity, row)} active={items.some((i) => i.key === tab) ? tab : 'timeline'} onChange={setTab} items={items} />
					</div>
					{!narrow && <aside className="record-aside" aria-label={t('customer.todo')}>{todo}</aside>}
				</div>
			</div>
		</RecordRights>
	);
}

/** The keyboard's short way past head and facts. */
function ToComposer({ entity, onGo }: { entity: Entity | undefined; onGo(): void }) {
	const { t } = useTranslation();
	const mayHere = useMay();
	if (!entity || !mayHere(entity, 'create')) return null;
	return (
		<button
			type="button" className="skip" aria-keyshortcuts="c" onClick={() => {
				onGo();
				setTimeout(() => document.querySelector<HTMLElement>('.composer textarea')?.focus());
			}}
		>
			{t('composer.skip')}
		</button>
	);
}

function Badges({ entity, record: { row, masked } }: { entity: Entity; record: RecordAnswer }) {
	const shown = ['level', 'kind', 'tags'].flatMap((n) => fieldOf(entity, n) ?? []);
	return <span className="badges">{shown.map((f) => <FieldValue key={f.name} field={f} row={row} place="cell" masked={masked.has(f.name)} />)}</span>;
}
