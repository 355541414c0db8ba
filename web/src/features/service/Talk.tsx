/** The conversation of a case, who else is there, and the answer. */
import { Alert, Button, Input, Segmented, Select } from 'antd';
import { lazy, Suspense, useEffect, useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, post } from '@/api/client.ts';
import { createRecord, entityOf, fieldOf, linkedTitle, type RecordAnswer, refresh, selectOf, useCache, useSome } from '@/api/records.ts';
import type { Entity, Row } from '@/api/types.ts';
import { useApp, useMeta } from '@/app/context.tsx';
import { mayTakeKey } from '@/components/common/roving.ts';
import { Failed, Loading } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { When } from '@/components/common/When.tsx';
import { useMay } from '@/components/record/rights.tsx';
import { optionLabel } from '@/fields/enum.tsx';

const MailPart = lazy(() => import('../mailboxes/MailPart.tsx'));

interface Person { user_id: string; name: string; typing: boolean }
interface Here { people: Person[]; last_seq: number; version: number }

const SHOWN = 300;
const HERE_MS = 12_000;

/** Says every few seconds that one is here, and at once when one begins to type or takes over. */
function useHere(id: string, typing: boolean) {
	const [people, setPeople] = useState<Person[]>([]);
	const ask = useRef<(body: object) => Promise<void>>(async () => undefined);
	ask.current = async (body) => {
		try {
			setPeople((await post<Here>(`case/${id}/here`, body)).people);
		} catch {
			setPeople([]); // without the server nobody is seen; the answer itself is checked there
		}
	};
	useEffect(() => {
		void ask.current({ typing });
		const timer = setInterval(() => void ask.current({ typing }), HERE_MS);
		return () => clearInterval(timer);
	}, [id, typing]);
	useEffect(() => () => void post(`case/${id}/here`, { leave: true }).catch(() => undefined), [id]);
	return { people, take: () => ask.current({ take: true }) };
}

export function Talk({ entity, record }: { entity: Entity; record: RecordAnswer }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const messages = entityOf(meta, 'case_message');
	const mayHere = useMay();
	const id = record.row.id;
	const [typing, setTyping] = useState(false);
	const { people, take } = useHere(id, typing);
	const fields = messages?.fields.filter((f) => ['seq', 'kind', 'channel', 'body', 'at', 'author_id', 'automatic', 'detail'].includes(f.name)) ?? [];
	const found = useSome(
		messages,
		new URLSearchParams({ case_id: `eq.${id}`, order: 'seq.desc', limit: String(SHOWN), select: messages ? selectOf(meta, messages, fields) : 'id' }),
	);
	const end = useRef<HTMLDivElement>(null);
	const rows = [...(found.data?.rows ?? [])].reverse();
	const last = Number(rows.at(-1)?.seq ?? 0);
	useEffect(() => { void end.current?.scrollIntoView({ block: 'nearest' }); }, [last]);
	if (!messages) return null;
	return (
		<div className="talk">
			{found.isError && <Failed error={found.error} onRetry={() => void found.refetch()} small />}
			{found.isPending && <Loading rows={5} />}
			{rows.length === SHOWN && <p className="quiet">{t('service.older', { n: SHOWN })}</p>}
			{found.isSuccess && rows.length === 0 && <p className="quiet">{t('service.nothing_said')}</p>}
			<ol className="talk-list" aria-label={t('service.talk')}>
				{rows.map((m) => (
					<Message key={m.id} entity={messages} row={m} matter={entity} caseId={id} last={last} />
				))}
			</ol>
			<div ref={end} />
			<p className="talk-here" role="status">
				{people.filter((p) => p.typing).map((p) => <b key={p.user_id}>{t('service.answering', { name: p.name })}</b>)}
				{people.filter((p) => !p.typing).map((p) => <span key={p.user_id}>{t('service.also_here', { name: p.name })}</span>)}
			</p>
			{mayHere(messages, 'create') && found.isSuccess && (
				<Composer key={id} entity={entity} messages={messages} record={record} seen={last} onTyping={setTyping} onTake={take} />
			)}
		</div>
	);
}

function Message({ entity, row, matter, caseId, last }: { entity: Entity; row: Row; matter: Entity; caseId: string; last: number }) {
	const { t } = useTranslation();
	const meta = useMeta();
	const kind = fieldOf(entity, 'kind');
	const channel = fieldOf(entity, 'channel');
	const author = fieldOf(entity, 'author_id');
	const mayHere = useMay();
	if (row.kind === 'event') {
		return (
			<li className="talk-event">
				<When at={String(row.at)} /> {t(`service.event.${String(row.body)}`, { defaultValue: String(row.body), what: detail(row.detail) })}
			</li>
		);
	}
	const who = author ? linkedTitle(meta, author, row) : null;
	return (
		<li className={`talk-message talk-${String(row.kind)}`}>
			<p className="talk-head">
				<b>{who ?? (row.automatic ? t('service.machine') : kind ? optionLabel(kind, row.kind) : '')}</b>
				{who && kind ? <span>{optionLabel(kind, row.kind)}</span> : null}
				{channel && row.channel ? <span>{optionLabel(channel, row.channel)}</span> : null}
				<When at={String(row.at)} />
			</p>
			<div className="talk-body">{String(row.body ?? '')}</div>
			{row.channel === 'email' && row.kind !== 'note' && (
				<Suspense fallback={null}>
					<MailPart caseId={caseId} messageId={String(row.id)} seq={last} mayMove={mayHere(matter, 'update')} />
				</Suspense>
			)}
		</li>
	);
	function detail(text: unknown) {
		return t(`service.clock.${String(text)}`, { defaultValue: text === '-' ? '' : String(text ?? '') });
	}
}

interface Draft { mode: 'out' | 'note'; body: string; macro: string | null; then: string }
const FRESH: Draft = { mode: 'out', body: '', macro: null, then: 'waiting_customer' };

function loadDraft(key: string): Draft {
	try {
		return { ...FRESH, ...(JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<Draft>) };
	} catch {
		return FRESH;
	}
}

interface ComposerProps {
	entity: Entity;
	messages: Entity;
	record: RecordAnswer;
	seen: number;
	onTyping(typing: boolean): void;
	onTake(): Promise<void>;
}

function Composer({ entity, messages, record: { row }, seen, onTyping, onTake }: ComposerProps) {
	const { meta, me } = useApp();
	const { t } = useTranslation();
	const id = useId();
	const cache = useCache();
	const key = `guanxi.draft.${me.id}.case.${row.id}`;
	const [draft, setDraft] = useState<Draft>(() => loadDraft(key));
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState<ApiError | null>(null);
	const then = fieldOf(messages, 'then_state');
	const typed = draft.mode === 'out' && draft.body.trim() !== '';

	useEffect(() => {
		if (draft.body === '') localStorage.removeItem(key);
		else localStorage.setItem(key, JSON.stringify(draft));
	}, [draft, key]);
	useEffect(() => { onTyping(typed); }, [typed, onTyping]);
	useEffect(() => {
		const onKey = (event: KeyboardEvent) => {
			if (event.key !== 'r' || !mayTakeKey(event)) return;
			event.preventDefault();
			document.getElementById(id)?.focus();
		};
		window.addEventListener('keydown', onKey);
		return () => window.removeEventListener('keydown', onKey);
	}, [id]);

	useEffect(() => {
		const onPut = (event: Event) => {
			const text = (event as CustomEvent<string>).detail;
			setDraft((old) => ({ ...old, mode: 'out', body: old.body.trim() ? `${old.body.trimEnd()}\n${text}` : text }));
			setTimeout(() => document.getElementById(id)?.focus());
		};
		window.addEventListener('guanxi:put', onPut);
		return () => window.removeEventListener('guanxi:put', onPut);
	}, [id]);

	async function send() {
		if (!draft.body.trim() || busy) return;
		setBusy(true);
		setProblem(null);
		const out = draft.mode === 'out';
		try {
			await createRecord(meta, messages, {
				case_id: row.id, kind: draft.mode, body: draft.body.trim(),
				...(out ? { channel: row.channel, seen, then_state: draft.then, ...(draft.macro ? { macro_id: draft.macro } : {}) } : {}),
			});
			setDraft({ ...FRESH, mode: draft.mode, then: draft.then });
			await refresh(cache, 'case_message', 'case', 'case_clock');
		} catch (error) {
			setProblem(error instanceof ApiError ? error : new ApiError(0, '', String(error)));
			await refresh(cache, 'case_message', 'case');
		}
		setBusy(false);
	}
	const taken = problem?.errors.some((e) => e.key === 'case_is_answered') ?? false;
	return (
		<form className="composer is-open talk-composer" onSubmit={(e) => { e.preventDefault(); void send(); }}>
			<Segmented
				size="small" value={draft.mode} aria-label={t('service.mode')} onChange={(v) => setDraft({ ...draft, mode: v })}
				options={[{ value: 'out' as const, label: t('service.answer') }, { value: 'note' as const, label: t('service.note') }]}
			/>
			<label className="sr-only" htmlFor={id}>{t(draft.mode === 'out' ? 'service.answer_text' : 'service.note_text')}</label>
			<Input.TextArea
				id={id} className="area" rows={4} value={draft.body}
				placeholder={t(draft.mode === 'out' ? 'service.answer_text' : 'service.note_text')} aria-keyshortcuts="r"
				onChange={(e) => setDraft({ ...draft, body: e.target.value })}
				onKeyDown={(e) => { if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) void send(); }}
			/>
			{draft.mode === 'out' && (
				<Macros
					entity={entity} row={row} typed={draft.body}
					onPick={(m, body) => setDraft({ ...draft, body, macro: m.id, then: String(m.then_state ?? draft.then) })}
				/>
			)}
			{problem && (
				<Alert
					type="error" showIcon title={problemText(problem, t)} description={t('service.kept')}
					action={taken
						? <Button size="small" onClick={() => void onTake().then(() => setProblem(null))}>{t('service.take_over')}</Button>
						: undefined}
				/>
			)}
			<div className="composer-foot">
				{draft.mode === 'out' && then && (
					<Select
						size="small" aria-label={then.label} value={draft.then} onChange={(v: string) => setDraft({ ...draft, then: v })}
						popupMatchSelectWidth={false}
						options={then.options?.map((o) => ({ value: o.value, label: t('service.then', { state: o.label }) }))}
					/>
				)}
				<span className="grow" />
				<span className="hint">{t('service.send_hint')}</span>
				<Button type="primary" size="small" htmlType="submit" loading={busy} disabled={draft.body.trim() === ''}>
					{t(draft.mode === 'out' ? 'service.send' : 'service.keep_note')}
				</Button>
			</div>
		</form>
	);
}

/** Standard answers: those of the topic at first, by their short word after a slash while one types. */
function Macros({ entity, row, typed, onPick }: { entity: Entity; row: Row; typed: string; onPick(macro: Row, body: string): void }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const macros = entityOf(meta, 'macro');
	const slash = /(?:^|\s)\/(\S*)$/.exec(typed);
	const word = slash?.[1]?.toLowerCase() ?? null;
	const found = useSome(macros, new URLSearchParams({ select: 'id,name,short,body,topic_id,then_state', order: 'used.desc', limit: '200' }));
	const all = found.data?.rows ?? [];
	const fitting = word !== null
		? all.filter((m) => `${String(m.short ?? '')} ${String(m.name)}`.toLowerCase().includes(word))
		: typed.trim() === '' ? all.filter((m) => row.topic_id && m.topic_id === row.topic_id) : [];
	if (!macros || fitting.length === 0) return null;
	const customer = fieldOf(entity, 'customer_id');
	const order = fieldOf(entity, 'order_id');
	const fill = (text: string) => text
		.replaceAll('{name}', (customer && linkedTitle(meta, customer, row)) ?? '')
		.replaceAll('{order}', (order && linkedTitle(meta, order, row)) ?? '')
		.replaceAll('{case}', String(row.number ?? ''));
	return (
		<ul className="talk-macros" aria-label={macros.label_many}>
			{fitting.slice(0, 6).map((m) => (
				<li key={m.id}>
					<Button
						size="small"
						onClick={() => onPick(m, (slash ? typed.slice(0, typed.length - slash[0].trimStart().length) : '') + fill(String(m.body)))}
					>
						{String(m.name)}{m.short ? <span className="quiet"> /{String(m.short)}</span> : null}
					</Button>
				</li>
			))}
			{word === null && <li className="hint">{t('service.slash')}</li>}
		</ul>
	);
}
