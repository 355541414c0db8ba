/** The clerk's queue: what waits, the most pressing first, worked down with the keyboard alone if one likes. */
import { App, Button, Checkbox } from 'antd';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { useChanges } from '@/api/events.ts';
import { get, post } from '@/api/client.ts';
import { fieldOf, linkedTitle, refresh, saveRecord, selectOf, useCache, useRows } from '@/api/records.ts';
import type { Entity, Row } from '@/api/types.ts';
import { useApp, useEntity, useMeta } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { mayTakeKey } from '@/components/common/roving.ts';
import { Denied, Empty, Failed, Loading } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { When } from '@/components/common/When.tsx';
import { FieldValue } from '@/fields/index.tsx';
import { number } from '@/lib/format.ts';
import './service.css';

const VIEWS = ['mine', 'unassigned', 'late', 'complaints', 'waiting', 'snoozed', 'open'] as const;
type View = (typeof VIEWS)[number];
type Counts = Record<View | 'unread', { n: number; more: boolean }>;

/** What the server counts for each view, as a list: unread first, then by what is due. */
function queryOf(view: View, me: string): URLSearchParams {
	const now = new Date().toISOString();
	const worked: Record<View, [string, string][]> = {
		mine: [['owner_id', `eq.${me}`], ['state', 'in.(new,open)'], ['or', `(snoozed_until.is.null,snoozed_until.lt.${now})`]],
		unassigned: [['owner_id', 'is.null'], ['state', 'in.(new,open)']],
		late: [['state', 'in.(new,open)'], ['due_at', `lt.${now}`]],
		complaints: [['kind', 'eq.complaint'], ['state', 'in.(new,open,waiting_customer,waiting_other)']],
		waiting: [['state', 'in.(waiting_customer,waiting_other)']],
		snoozed: [['owner_id', `eq.${me}`], ['state', 'in.(new,open)'], ['snoozed_until', `gte.${now}`]],
		open: [['state', 'in.(new,open)']],
	};
	return new URLSearchParams([...worked[view], ['order', view === 'mine' ? 'unread.desc,due_at.asc.nullslast,id.asc' : 'due_at.asc.nullslast,id.asc']]);
}

const COLUMNS = ['number', 'subject', 'kind', 'state', 'priority', 'customer_id', 'owner_id', 'due_at', 'due_kind', 'alarm', 'unread', 'opened_at'];

export default function Queue() {
	const { t } = useTranslation();
	const entity = useEntity('case');
	useTitle(t('service.queue'));
	if (!entity || entity.actions.read === 'none') return <div className="page"><Denied /></div>;
	return <Board entity={entity} />;
}

function useCounts() {
	return useQuery({ queryKey: ['count', 'case', 'queue'], queryFn: ({ signal }) => get<Counts>('service/queue', signal), staleTime: 15_000 });
}

function Board({ entity }: { entity: Entity }) {
	const meta = useMeta();
	const { me } = useApp();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const go = useNavigate();
	const cache = useCache();
	const [params, setParams] = useSearchParams();
	const view = VIEWS.find((v) => v === params.get('view')) ?? 'mine';
	const counts = useCounts();
	const asked = useRef<[View, URLSearchParams]>(['mine', new URLSearchParams()]);
	if (asked.current[0] !== view || asked.current[1].size === 0) {
		const query = queryOf(view, me.id);
		query.set('select', selectOf(meta, entity, COLUMNS.flatMap((n) => fieldOf(entity, n) ?? [])));
		asked.current = [view, query];
	}
	const found = useRows(entity, asked.current[1]);
	const rows = found.data?.pages.flatMap((p) => p.rows) ?? [];
	const [at, setAt] = useState(0);
	const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
	const [busy, setBusy] = useState(false);
	const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
	useChanges((event) => {
		if (event.entity !== 'case' && event.entity !== 'case_message') return;
		timer.current ??= setTimeout(() => {
			timer.current = undefined;
			void refresh(cache, 'case');
		}, 800);
	});
	const show = (v: View) => {
		setAt(0);
		setChosen(new Set());
		setParams(v === 'mine' ? {} : { view: v }, { replace: true });
	};

	async function next() {
		try {
			const { id } = await post<{ id: string | null }>('case/next');
			if (id) void go(`/case/${id}`);
			else void message.info(t('service.all_done'));
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}
	function toggle(id: string) {
		const more = new Set(chosen);
		if (!more.delete(id)) more.add(id);
		setChosen(more);
	}
	async function all(changes: Record<string, unknown>) {
		setBusy(true);
		let failed: unknown = null;
		for (const id of chosen) await saveRecord(meta, entity, id, changes, null).catch((error: unknown) => { failed = error; });
		if (failed) void message.error(problemText(failed, t));
		setChosen(new Set());
		setBusy(false);
		await refresh(cache, 'case');
	}
	useEffect(() => {
		const onKey = (event: KeyboardEvent) => {
			if (!mayTakeKey(event)) return;
			const row = rows[at];
			if (event.key === 'j' || event.key === 'ArrowDown') setAt(Math.min(rows.length - 1, at + 1));
			else if (event.key === 'k' || event.key === 'ArrowUp') setAt(Math.max(0, at - 1));
			else if (event.key === 'x' && row) toggle(row.id);
			else if (event.key === 'Enter' && row && (event.target as HTMLElement).closest('a,button') === null) void go(`/case/${row.id}`);
			else if (event.key === 'n') void next();
			else return;
			event.preventDefault();
		};
		window.addEventListener('keydown', onKey);
		return () => window.removeEventListener('keydown', onKey);
	});
	useEffect(() => { void document.querySelector('.queue-row.is-here')?.scrollIntoView({ block: 'nearest' }); }, [at]);

	return (
		<div className="page queue">
			<header className="queue-head">
				<h1>{t('service.queue')}</h1>
				<span className="grow" />
				<Button onClick={() => void go('/case/new')}>{t('service.new')}</Button>
				<Button type="primary" aria-keyshortcuts="n" onClick={() => void next()}>{t('service.next')}</Button>
			</header>
			<nav className="queue-views" aria-label={t('service.views')}>
				{VIEWS.map((v) => {
					const n = counts.data?.[v];
					return (
						<button
							key={v} type="button" aria-current={v === view ? 'page' : undefined} className={v === view ? 'is-on' : undefined}
							onClick={() => show(v)}
						>
							{t(`service.view.${v}`)} <span className={v === 'late' && n?.n
								? 'mean mean-bad'
								: 'quiet'}>{n ? `${number(n.n)}${n.more ? '+' : ''}` : ''}</span>
						</button>
					);
				})}
			</nav>
			{chosen.size > 0 && (
				<div className="queue-bulk" role="toolbar" aria-label={t('service.chosen', { count: chosen.size })}>
					<b>{t('service.chosen', { count: chosen.size })}</b>
					<Button size="small" loading={busy} onClick={() => void all({ owner_id: me.id })}>{t('service.take')}</Button>
					<Button size="small" loading={busy} onClick={() => void all({ state: 'solved' })}>{t('service.solve')}</Button>
					<Button size="small" type="text" onClick={() => setChosen(new Set())}>{t('service.none_chosen')}</Button>
				</div>
			)}
			{found.isError ? (
				<Failed error={found.error} onRetry={() => void found.refetch()} />
			) : found.isPending ? <Loading rows={8} /> : rows.length === 0 ? (
				<Empty title={t('service.empty')} text={t('service.empty_text')} action={<Button onClick={() => void next()}>{t('service.next')}</Button>} />
			) : (
				<ul className="queue-list">
					{rows.map((row, i) => (
						<QueueRow
							key={row.id} entity={entity} row={row} here={i === at} chosen={chosen.has(row.id)} onChoose={() => toggle(row.id)}
							onHere={() => setAt(i)}
						/>
					))}
				</ul>
			)}
			{found.hasNextPage && <Button block loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>{t('service.more')}</Button>}
			<p className="hint queue-keys">{t('service.keys')}</p>
		</div>
	);
}

function QueueRow({ entity, row, here, chosen, onChoose, onHere }: {
	entity: Entity;
	row: Row;
	here: boolean;
	chosen: boolean;
	onChoose(): void;
	onHere(): void;
}) {
	const meta = useMeta();
	const { t } = useTranslation();
	const customer = fieldOf(entity, 'customer_id');
	const owner = fieldOf(entity, 'owner_id');
	const late = row.due_at && Date.parse(String(row.due_at)) < Date.now();
	const show = (name: string) => {
		const field = fieldOf(entity, name);
		return field && row[name] ? <FieldValue field={field} row={row} place="cell" /> : null;
	};
	return (
		<li className={`queue-row${here ? ' is-here' : ''}${row.unread ? ' is-unread' : ''}`} onMouseDown={onHere}>
			<Checkbox checked={chosen} onChange={onChoose} aria-label={t('service.choose', { what: String(row.subject ?? row.number) })} />
			<div className="queue-what">
				<Link to={`/case/${row.id}`}>{String(row.subject ?? row.number)}</Link>
				<span className="queue-facts">
					<span>{String(row.number)}</span> {show('kind')} <span>{customer ? linkedTitle(meta, customer, row) : null}</span>
					{row.unread ? <b>{t('service.unread')}</b> : null}
				</span>
			</div>
			<span className="queue-state">{show('priority')} {show('state')} {show('alarm')}</span>
			<span className={`queue-due${late ? ' mean mean-bad' : ''}`}>
				{row.due_at ? <>{show('due_kind')} <When at={String(row.due_at)} /></> : <span className="quiet">{t('service.no_due')}</span>}
			</span>
			<span className="queue-owner">{(owner && linkedTitle(meta, owner, row)) ?? <span className="quiet">{t('service.nobody')}</span>}</span>
		</li>
	);
}
