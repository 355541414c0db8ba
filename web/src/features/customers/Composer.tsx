/** Writes down what was just said: a note, a call, a visit, or work for later. */
import { Alert, Button, Input, Select, Segmented } from 'antd';
import { useEffect, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { createRecord, fieldOf, refresh, useCache } from '@/api/records.ts';
import type { Entity, Row } from '@/api/types.ts';
import { useApp } from '@/app/context.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { optionLabel } from '@/fields/enum.tsx';
import { kindOf } from '@/fields/index.tsx';

const KINDS = ['note', 'call', 'visit', 'wechat', 'task'];

interface Draft {
	kind: string;
	body: string;
	direction: string;
	due_at: string | null;
}

const FRESH: Draft = { kind: 'note', body: '', direction: 'out', due_at: null };

export function Composer({ customer, entity }: { customer: Row; entity: Entity }) {
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
		setBusy(true);
		setProblem(null);
		const task = draft.kind === 'task';
		// The first line is the subject when there is more to say, or when work needs a name.
		const [head = '', ...rest] = body.split('\n');
		const split = task || (rest.length > 0 && [...head].length <= 120);
		try {
			await createRecord(meta, entity, {
				customer_id: customer.id,
				kind: draft.kind,
				...(split ? { subject: [...head].slice(0, 200).join(''), body: rest.join('\n').trim() || null } : { body }),
				direction: draft.kind === 'note' || task ? 'internal' : draft.direction,
				state: task ? 'open' : 'done',
				...(task && draft.due_at ? { due_at: draft.due_at } : {}),
			});
			setDraft({ ...FRESH, kind: draft.kind });
			setOpen(false);
			await refresh(cache, 'interaction', 'customer');
		} catch (error) {
			setProblem(problemText(error, t));
		}
		setBusy(false);
	}

	const Due = due ? kindOf(due).Edit : null;
	return (
		<form
			className={`composer${open ? ' is-open' : ''}`}
			onSubmit={(e) => {
				e.preventDefault();
				void save();
			}}
		>
			<Segmented size="small" aria-label={kind?.label} value={draft.kind} onChange={(v) => { setDraft({ ...draft, kind: v }); setOpen(true); }} options={offered.map((k) => ({ value: k, label: optionLabel(kind!, k) }))} />
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
					<span className="grow" />
					<span className="hint">{t('composer.hint')}</span>
					<Button type="primary" size="small" htmlType="submit" loading={busy} disabled={draft.body.trim() === ''}>{t('composer.save')}</Button>
				</div>
			)}
		</form>
	);
}
