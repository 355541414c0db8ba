/** Writes down what was just said: a note, a call, a visit, or work for later. */
import { Alert, Button, Input, Select, Segmented } from 'antd';
import { useEffect, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { createRecord, fieldOf, refresh, useCache } from '@/api/records.ts';
import type { Entity, Row } from '@/api/types.ts';
import { useApp, useEntity } from '@/app/context.tsx';
import type { PartProps } from '@/app/feature.ts';
import { mayTakeKey } from '@/components/common/roving.ts';
import { problemText } from '@/components/common/undo.tsx';
import { optionLabel } from '@/fields/enum.tsx';
import { kindOf } from '@/fields/index.tsx';
import { time } from '@/lib/format.ts';
import { dueOf, taskOf } from '@/lib/when.ts';

const KINDS = ['note', 'call', 'visit', 'wechat', 'line', 'task'];

interface Draft {
	kind: string;
	body: string;
	direction: string;
	due_at: string | null;
	/** What follows, with its day: "send the offer thursday". */
	next: string;
}

const FRESH: Draft = { kind: 'note', body: '', direction: 'out', due_at: null, next: '' };

/** Answers a row of the timeline: the composer takes its way of talking and waits for words. */
export function answer(row: Row) {
	window.dispatchEvent(new CustomEvent('guanxi:answer', { detail: row }));
}

export default function TalkComposer({ record: { row: customer } }: PartProps) {
	const entity = useEntity('interaction');
	return entity ? <Composer customer={customer} entity={entity} /> : null;
}

function Composer({ customer, entity }: { customer: Row; entity: Entity }) {
	const { meta, me } = useApp();
	const { t } = useTranslation();
	const id = useId();
	const cache = useCache();
	const key = `guanxi.draft.${me.id}.talk.${customer.id}`;
	const [draft, setDraft] = useState<Draft>(() => {
		try {
			return { ...FRESH, ...(JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<Draft>) };
		} catch {
			return FRESH;
		}
	});
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState<string | null>(null);
	const [open, setOpen] = useState(draft.body !== '');
	const kind = fieldOf(entity, 'kind');
	const direction = fieldOf(entity, 'direction');
	const due = fieldOf(entity, 'due_at');
	const offered = KINDS.filter((k) => kind?.options?.some((o) => o.value === k));

	useEffect(() => {
		if (draft.body === '') localStorage.removeItem(key);
		else localStorage.setItem(key, JSON.stringify(draft));
	}, [draft, key]);

	async function save() {
		const body = draft.body.trim();
		if (!body || busy) return;
		if (draft.kind === 'task' && wrongDue) {
			setProblem(t('check.not_date'));
			return;
		}
		setBusy(true);
		setProblem(null);
		const task = draft.kind === 'task';
		// The first line is the subject when there is more to say, or when work needs a name.
		const [head = '', ...rest] = body.split('\n');
		const follow = !task && draft.next.trim() ? taskOf(draft.next) : null;
		const split = task || (rest.length > 0 && [...head].length <= 120);
		try {
			const said = {
				customer_id: customer.id,
				kind: draft.kind,
				...(split ? { subject: [...head].slice(0, 200).join(''), body: rest.join('\n').trim() || null } : { body }),
				direction: draft.kind === 'note' || task ? 'internal' : draft.direction,
				state: task ? 'open' : 'done',
				...(task && draft.due_at ? { due_at: draft.due_at } : {}),
			};
			// What was said and what follows from it are one write.
			await createRecord(meta, entity, follow ? [said, {
				customer_id: customer.id, kind: 'task', subject: [...(follow.what || t('composer.follow_up'))].slice(0, 200).join(''), direction: 'internal', state: 'open', owner_id: me.id,
				...(follow.when ? { due_at: dueOf(follow.when) } : {}),
			}] : said);
			setDraft({ ...FRESH, kind: draft.kind });
			setOpen(false);
			await refresh(cache, 'interaction', 'customer');
		} catch (error) {
			setProblem(problemText(error, t));
		}
		setBusy(false);
	}

	const following = draft.next.trim() ? taskOf(draft.next) : null;
	const wrongDue = draft.due_at !== null && !/^\d{4}-\d{2}-\d{2}T/.test(draft.due_at);
	useEffect(() => {
		const onAnswer = (event: Event) => {
			const row = (event as CustomEvent<Row>).detail;
			const kind = offered.includes(String(row.kind)) && row.kind !== 'task' ? String(row.kind) : 'note';
			setDraft((old) => ({ ...old, kind: row.kind === 'task' ? 'call' : kind, direction: 'out', body: old.body }));
			setOpen(true);
			setTimeout(() => document.getElementById(id)?.focus());
		};
		window.addEventListener('guanxi:answer', onAnswer);
		return () => window.removeEventListener('guanxi:answer', onAnswer);
	}, [id, offered.join()]);
	useEffect(() => {
		const onKey = (event: KeyboardEvent) => {
			if (event.key !== 'c' || !mayTakeKey(event)) return;
			event.preventDefault();
			document.getElementById(id)?.focus();
		};
		window.addEventListener('keydown', onKey);
		return () => window.removeEventListener('keydown', onKey);
	}, [id]);
	const Due = due ? kindOf(due).Edit : null;
	return (
		<form
			className={`composer${open ? ' is-open' : ''}`}
			onSubmit={(e) => {
				e.preventDefault();
				void save();
			}}
		>
			<Segmented
				size="small" tabIndex={-1} aria-label={kind?.label} value={draft.kind}
				onChange={(v) => { setDraft({ ...draft, kind: v }); setOpen(true); }}
				options={offered.map((k) => ({ value: k, label: optionLabel(kind!, k) }))}
			/>
			<label className="sr-only" htmlFor={id}>{t(`composer.${draft.kind === 'task' ? 'task' : 'text'}`)}</label>
			<Input.TextArea
				id={id} value={draft.body} placeholder={t(`composer.${draft.kind === 'task' ? 'task' : 'text'}`)} className="area" rows={open ? 3 : 1}
				onFocus={() => setOpen(true)} onChange={(e) => setDraft({ ...draft, body: e.target.value })}
				onKeyDown={(e) => {
					if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) void save();
				}}
			/>
			{problem && <Alert type="error" showIcon title={problem} description={t('composer.kept')} />}
			{open && (
				<div className="composer-foot">
					{draft.kind === 'task' && due && Due && (
						<span className="composer-due"><label htmlFor={`${id}d`}>{due.label}</label> <Due id={`${id}d`} field={due} value={draft.due_at} onChange={(v) => setDraft({ ...draft, due_at: (v as string | null) ?? null })} /></span>
					)}
					{direction && draft.kind !== 'note' && draft.kind !== 'task' && (
						<Select size="small" aria-label={direction.label} value={draft.direction} onChange={(v: string) => setDraft({ ...draft, direction: v })} options={direction.options?.filter((o) => o.value !== 'internal').map((o) => ({ value: o.value, label: o.label }))} popupMatchSelectWidth={false} />
					)}
					{draft.kind !== 'task' && (
						<span className="composer-next">
							<label htmlFor={`${id}n`}>{t('composer.next')}</label>{' '}
							<Input
								id={`${id}n`} size="small" value={draft.next} placeholder={t('composer.next_hint')} autoComplete="off" aria-describedby={`${id}w`}
								onChange={(e) => setDraft({ ...draft, next: e.target.value })}
								onKeyDown={(e) => {
									if (e.key !== 'Enter' || e.nativeEvent.isComposing) return;
									e.preventDefault();
									void save();
								}}
							/>
							<span id={`${id}w`} className="hint" role="status">
								{following ? (following.when ? t('composer.next_on', { what: following.what || t('composer.follow_up'), when: time(dueOf(following.when)) }) : t('composer.next_none')) : ''}
							</span>
						</span>
					)}
					<span className="grow" />
					<span className="hint">{t('composer.hint')}</span>
					<Button type="primary" size="small" htmlType="submit" loading={busy} disabled={draft.body.trim() === ''}>{t('composer.save')}</Button>
				</div>
			)}
		</form>
	);
}
