/** How it went, and how it goes on: one dialog, one write. */
import { Button, Input, Modal, Select } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, post } from '@/api/client.ts';
import { fieldOf } from '@/api/records.ts';
import type { Entity, Row } from '@/api/types.ts';
import { problemText } from '@/components/common/undo.tsx';
import { inDays, localInput } from './day.ts';

interface Props {
	entity: Entity;
	row: Row;
	onClose(): void;
	onDone(): void;
}

const TALK = ['call', 'visit', 'meeting'];

export function FinishDialog({ entity, row, onClose, onDone }: Props) {
	const { t } = useTranslation();
	const id = useId();
	const kinds = fieldOf(entity, 'kind')?.options ?? [];
	const [outcome, setOutcome] = useState('');
	const [asked, setAsked] = useState(['', '']);
	const [kind, setKind] = useState(TALK.includes(String(row.kind)) ? String(row.kind) : 'task');
	const [subject, setSubject] = useState('');
	const [due, setDue] = useState('');
	const [busy, setBusy] = useState(false);
	const [wrong, setWrong] = useState<string | null>(null);
	const questions = row.kind === 'visit' ? [t('today.question_need'), t('today.question_next')] : [];

	async function save() {
		setBusy(true);
		setWrong(null);
		const report = questions.flatMap((question, i) => (asked[i] ? [{ question, answer: asked[i] }] : []));
		try {
			await post(`interaction/${row.id}/finish`, {
				...(outcome ? { outcome } : {}), ...(report.length ? { report } : {}),
				...(subject || due
					? { next_kind: kind, next_subject: subject || String(row.subject ?? ''), ...(due ? { next_due_at: new Date(due).toISOString() } : {}) }
					: {}),
			});
			onDone();
		} catch (error) {
			setWrong(error instanceof ApiError ? problemText(error, t) : String(error));
			setBusy(false);
		}
	}
	return (
		<Modal
			open width={520} title={t('today.finish_title', { subject: String(row.subject ?? kinds.find((k) => k.value === row.kind)?.label ?? '') })}
			onCancel={onClose} okText={t('today.finish')} okButtonProps={{ htmlType: 'submit', form: id, loading: busy }}
			cancelText={t('word.cancel')}
		>
			<form
				id={id} className="stack" onSubmit={(e) => {
					e.preventDefault();
					void save();
				}}
			>
				<label htmlFor={`${id}o`}>{t('today.outcome')}</label>
				<Input.TextArea id={`${id}o`} value={outcome} maxLength={300} rows={3} autoFocus onChange={(e) => setOutcome(e.target.value)} />
				{questions.map((question, i) => (
					<div key={question} className="stack">
						<label htmlFor={`${id}q${i}`}>{question}</label>
						<Input id={`${id}q${i}`} value={asked[i]} onChange={(e) => setAsked(asked.map((a, n) => (n === i ? e.target.value : a)))} />
					</div>
				))}
				<h3>{t('today.next_step')}</h3>
				<Select
					aria-label={t('today.next_kind')} value={kind} onChange={setKind}
					options={kinds.filter((k) => [...TALK, 'task', 'email'].includes(k.value)).map((k) => ({ value: k.value, label: k.label }))}
				/>
				<Input
					aria-label={t('today.next_subject')} placeholder={t('today.next_subject')} value={subject}
					onChange={(e) => setSubject(e.target.value)}
				/>
				<Input type="datetime-local" aria-label={t('today.next_due')} value={due} onChange={(e) => setDue(e.target.value)} />
				<span>
					{[1, 3, 7].map((days) => (
						<Button key={days} size="small" type="link" onClick={() => setDue(localInput(inDays(days)))}>
							{t('today.in_days', { count: days })}
						</Button>
					))}
				</span>
				{wrong && <p className="problem" role="alert">{wrong}</p>}
			</form>
		</Modal>
	);
}
