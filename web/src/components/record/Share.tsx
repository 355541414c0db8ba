/** With whom a record is shared: a person or a team, to read or to change, for good or until a day; and the way back. */
import { Alert, App, Button, Input, Modal, Segmented } from 'antd';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { get, post, remove } from '@/api/client.ts';
import { entityOf, may, type RecordAnswer, titleOf } from '@/api/records.ts';
import type { Entity, Field } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import { kindOf } from '@/fields/index.tsx';
import { date } from '@/lib/format.ts';
import { Failed, Loading } from '../common/States.tsx';
import { problemText, useUndo } from '../common/undo.tsx';
import { Line, useProblems } from '../form/Line.tsx';

interface Given {
	id: string;
	user_id: string | null;
	team_id: string | null;
	name: string;
	write: boolean;
	until: string | null;
	ended: boolean;
	note: string | null;
	by: string | null;
}

interface Answer {
	/** The reader may give and take. */
	may: boolean;
	shares: Given[];
}

interface Props {
	entity: Entity;
	record: RecordAnswer;
	onClose(): void;
}

export default function Share({ entity, record, onClose }: Props) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const client = useQueryClient();
	const undo = useUndo();
	const path = `${entity.name}/${record.row.id}/shares`;
	const key = ['shares', entity.name, record.row.id];
	const given = useQuery({ queryKey: key, queryFn: ({ signal }) => get<Answer>(path, signal) });
	const again = () => client.invalidateQueries({ queryKey: key });

	async function take({ id, name, user_id, team_id, write, until, note, ended }: Given) {
		try {
			await remove(`${path}/${id}`);
			undo(t('share.taken', { name }), ended ? undefined : async () => {
				await post(path, { ...(user_id ? { user_id } : { team_id }), write, ...(until ? { until } : {}), ...(note ? { note } : {}) });
				await again();
			});
		} catch (error) {
			void message.error(problemText(error, t));
		}
		await again();
	}
	return (
		<Modal
			open width={520} title={t('share.title', { name: titleOf(entity, record.row) })} onCancel={onClose}
			footer={<Button onClick={onClose}>{t('word.close')}</Button>}
		>
			{given.isPending ? <Loading rows={3} /> : given.isError ? <Failed error={given.error} onRetry={() => void given.refetch()} small /> : (
				<div className="stack">
					{given.data.may ? <Give path={path} onGiven={again} /> : <p className="quiet">{t('share.not_yours')}</p>}
					<h3>{t('share.with')}</h3>
					{given.data.shares.length === 0 ? <p className="quiet">{t('share.nobody')}</p> : (
						<ul className="shares">
							{given.data.shares.map((one) => (
								<li key={one.id}>
									<Shown share={one} />
									{given.data.may && (
										<Button size="small" aria-label={t('share.take_from', { name: one.name })} onClick={() => void take(one)}>
											{t('share.take')}
										</Button>
									)}
								</li>
							))}
						</ul>
					)}
				</div>
			)}
		</Modal>
	);
}

function Shown({ share: { name, team_id, write, until, ended, note, by } }: { share: Given }) {
	const { t } = useTranslation();
	const facts = [
		t(write ? 'share.writes' : 'share.reads'),
		until ? t(ended ? 'share.ended' : 'share.ends', { day: date(until) }) : '',
		by ? t('share.by', { name: by }) : '',
	];
	return (
		<div className="share">
			<b>{team_id ? t('share.team_named', { name }) : name}</b>
			<span className="quiet">{facts.filter(Boolean).join(' · ')}</span>
			{note && <span>{note}</span>}
		</div>
	);
}

const FRESH = { to: null as string | null, write: false, until: null as string | null, note: '' };

/** The day itself still counts. */
const endOf = (day: string) => new Date(`${day}T23:59:59`).toISOString();

function Give({ path, onGiven }: { path: string; onGiven(): Promise<void> }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const id = useId();
	const kinds = (['user', 'team'] as const).filter((name) => may(entityOf(meta, name), 'read'));
	const [kind, setKind] = useState(kinds[0]);
	const [draft, setDraft] = useState(FRESH);
	const [busy, setBusy] = useState(false);
	const { problems, take, clear } = useProblems();
	if (!kind) return <p className="quiet">{t('share.no_people')}</p>;

	const whom: Field = { name: kind, type: 'link', link: kind, label: t(`share.${kind}`), right: 'write', required: true };
	const until: Field = { name: 'until', type: 'date', label: t('share.until'), right: 'write' };
	const [Whom, Until] = [kindOf(whom).Edit, kindOf(until).Edit];
	const notDay = kindOf(until).check?.(until, draft.until) ?? null;
	const { user_id, until: ends, ...rest } = problems;
	const other = Object.values(rest).join(' ');

	async function save(event: FormEvent) {
		event.preventDefault();
		if (!draft.to || notDay || busy) return;
		setBusy(true);
		clear();
		try {
			await post(path, {
				[`${kind}_id`]: draft.to, write: draft.write,
				...(draft.until ? { until: endOf(draft.until) } : {}), ...(draft.note.trim() ? { note: draft.note.trim() } : {}),
			});
			setDraft(FRESH);
			await onGiven();
		} catch (error) {
			take(error);
		}
		setBusy(false);
	}
	return (
		<form className="stack" onSubmit={(e) => void save(e)}>
			<p className="quiet">{t('share.text')}</p>
			{kinds.length > 1 && (
				<Segmented
					aria-label={t('share.whom')} value={kind} options={kinds.map((value) => ({ value, label: t(`share.${value}`) }))}
					onChange={(next) => {
						setKind(next);
						setDraft({ ...draft, to: null });
					}}
				/>
			)}
			<Line id={`${id}w`} label={whom.label} problem={user_id}>
				<Whom
					key={kind} id={`${id}w`} field={whom} value={draft.to} invalid={Boolean(user_id)}
					onChange={(to) => setDraft({ ...draft, to: to as string | null })}
				/>
			</Line>
			<Segmented
				aria-label={t('share.how')} value={draft.write} onChange={(write) => setDraft({ ...draft, write })}
				options={[{ value: false, label: t('share.reads') }, { value: true, label: t('share.writes') }]}
			/>
			<Line id={`${id}u`} label={until.label} hint={t('share.until_hint')} problem={notDay ? t(notDay) : ends}>
				<Until
					key={`${kind}${draft.to === null}`} id={`${id}u`} field={until} value={draft.until} invalid={Boolean(notDay ?? ends)}
					describedBy={`${id}uh`}
					onChange={(day) => setDraft({ ...draft, until: day as string | null })}
				/>
			</Line>
			<Line id={`${id}n`} label={t('share.note')}>
				<Input id={`${id}n`} value={draft.note} maxLength={200} onChange={(e) => setDraft({ ...draft, note: e.target.value })} />
			</Line>
			{other && <Alert type="error" showIcon title={other} />}
			<div><Button type="primary" htmlType="submit" loading={busy} disabled={!draft.to || notDay !== null}>{t('share.go')}</Button></div>
		</form>
	);
}
