/** A case: the conversation in the middle, what it is on the left, whose it is and what was promised on the right. */
import { App, Button } from 'antd';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { post } from '@/api/client.ts';
import { fieldOf, type RecordAnswer, refresh, titleOf, useCache, useRecord } from '@/api/records.ts';
import type { Entity } from '@/api/types.ts';
import { useApp, useMeta } from '@/app/context.tsx';
import type { RecordPageProps } from '@/app/features.ts';
import { useNarrow, usePhone } from '@/app/preferences.ts';
import { useTitle } from '@/app/title.ts';
import { mayTakeKey } from '@/components/common/roving.ts';
import { Failed, Loading } from '@/components/common/States.tsx';
import { Tabs } from '@/components/common/Tabs.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { Changes } from '@/components/record/Changes.tsx';
import { Facts } from '@/components/record/Facts.tsx';
import { Head } from '@/components/record/Head.tsx';
import { useLiveRecord } from '@/components/record/live.ts';
import { Cards, HeadParts, useTabParts } from '@/components/record/parts.tsx';
import { RecordRights, useMay } from '@/components/record/rights.tsx';
import { useSaver } from '@/components/record/save.tsx';
import { useTab } from '@/components/record/RecordPage.tsx';
import { FieldValue } from '@/fields/index.tsx';
import { Talk } from './Talk.tsx';
import './service.css';

/** Kept by the program, and shown on the right with their reasons. */
const ELSEWHERE = [
	'subject', 'number', 'state', 'priority', 'priority_rank', 'priority_auto', 'priority_reason', 'policy_reason', 'policy_id', 'due_at', 'due_kind',
	'last_seq', 'unread', 'last_in_at', 'last_out_at',
];

export default function CasePage({ entity, id }: RecordPageProps) {
	const meta = useMeta();
	const { t } = useTranslation();
	const phone = usePhone();
	const narrow = useNarrow();
	const record = useRecord(meta, entity, id);
	useLiveRecord(entity, id);
	const [tab, setTab] = useTab('talk');
	const added = useTabParts(entity, record.data);
	useTitle(record.data ? `${titleOf(entity, record.data.row)} ${String(record.data.row.subject ?? '')}` : entity.label);
	if (record.isPending) return <div className="page"><Loading rows={12} /></div>;
	if (record.isError) return <div className="page"><Failed error={record.error} onRetry={() => void record.refetch()} /></div>;
	const facts = <Facts entity={entity} record={record.data} except={ELSEWHERE} />;
	const side = <Cards entity={entity} record={record.data} />;
	const items = [
		{ key: 'talk', label: t('service.talk'), children: <Talk entity={entity} record={record.data} /> },
		...(phone ? [{ key: 'facts', label: t('record.facts'), children: facts }] : []),
		...(narrow ? [{ key: 'side', label: t('service.customer'), children: side }] : []),
		...added,
		{ key: 'changes', label: t('changes.title'), children: <Changes entity={entity} id={id} /> },
	];
	return (
		<RecordRights entity={entity} record={record.data}>
			<div className="record case">
				<Head
					entity={entity} record={record.data} beside={<Badges entity={entity} record={record.data} />}
					actions={<><Actions entity={entity} record={record.data} /><HeadParts entity={entity} record={record.data} place="action" /></>}
				>
					<HeadParts entity={entity} record={record.data} place="strip" />
					<HeadParts entity={entity} record={record.data} place="warning" />
				</Head>
				<div className={phone ? 'record-one' : narrow ? 'record-two' : 'record-three'}>
					{!phone && <div className="record-facts">{facts}</div>}
					<div className="record-main">
						<Tabs
							label={titleOf(entity, record.data.row)} active={items.some((i) => i.key === tab) ? tab : 'talk'} onChange={setTab}
							items={items}
						/>
					</div>
					{!narrow && <aside className="record-aside case-side" aria-label={t('service.customer')}>{side}</aside>}
				</div>
			</div>
		</RecordRights>
	);
}

function Badges({ entity, record: { row, masked } }: { entity: Entity; record: RecordAnswer }) {
	const shown = ['state', 'priority', 'alarm', 'severity', 'feeling'].flatMap((n) => fieldOf(entity, n) ?? []);
	return (
		<span className="badges">
			{shown.filter((f) => row[f.name]).map((f) => <FieldValue key={f.name} field={f} row={row} place="cell" masked={masked.has(f.name)} />)}
		</span>
	);
}

/** Mine, set aside, solved, and on to the next one by the firm's rule. */
function Actions({ entity, record }: { entity: Entity; record: RecordAnswer }) {
	const { row, etag } = record;
	const { me } = useApp();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const go = useNavigate();
	const cache = useCache();
	const mayHere = useMay();
	const saver = useSaver(entity);
	const ended = row.state === 'solved' || row.state === 'closed';

	async function set(changes: Record<string, unknown>) {
		try {
			await saver.save(row, etag, changes);
			await refresh(cache, 'case', 'case_clock');
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}
	async function next() {
		try {
			const { id } = await post<{ id: string | null }>('case/next', { skip: row.id });
			if (id) void go(`/case/${id}`);
			else void message.info(t('service.all_done'));
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}
	useEffect(() => {
		const onKey = (event: KeyboardEvent) => {
			if (event.key !== 'n' || !mayTakeKey(event)) return;
			event.preventDefault();
			void next();
		};
		window.addEventListener('keydown', onKey);
		return () => window.removeEventListener('keydown', onKey);
	});
	const tomorrow = () => {
		const at = new Date();
		at.setDate(at.getDate() + 1);
		at.setHours(9, 0, 0, 0);
		return at.toISOString();
	};
	return (
		<>
			{mayHere(entity, 'update') && !ended && row.owner_id !== me.id && (
				<Button onClick={() => void set({ owner_id: me.id })}>{t('service.take')}</Button>
			)}
			{mayHere(entity, 'update') && !ended && <Button onClick={() => void set({ snoozed_until: tomorrow() })}>{t('service.snooze')}</Button>}
			{mayHere(entity, 'update') && !ended && <Button onClick={() => void set({ state: 'solved' })}>{t('service.solve')}</Button>}
			{mayHere(entity, 'update') && ended && !row.merged_into_id && <Button onClick={() => void set({ state: 'open' })}>{t('service.reopen')}</Button>}
			<Button type="primary" aria-keyshortcuts="n" onClick={() => void next()}>{t('service.next')}</Button>
			{saver.dialog}
		</>
	);
}
