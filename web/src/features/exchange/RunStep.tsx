/** An import at work, or what came of it: bar, what is left, cancel, resume, result, undo. */
import { DownloadOutlined } from '@ant-design/icons';
import { Alert, App, Button, Input, Modal, Progress } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { BASE, post } from '@/api/client.ts';
import { ChildTable } from '@/components/record/ChildTable.tsx';
import { entityOf, fieldOf } from '@/api/records.ts';
import type { Entity } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { When } from '@/components/common/When.tsx';
import { number } from '@/lib/format.ts';
import { RESTING, type Run } from './types.ts';

const figure = (run: Run, name: string) => Number(run[name] ?? 0);

/** Exactly what this import made or changed. */
const recordsOf = (entity: Entity, run: Run) => `/${entity.name}?import_run=eq.${run.id}&order=id.asc`;

interface Props {
	run: Run;
	/** Uploaded by the reader: only they go on with it and see its lines. */
	mine: boolean;
	/** May the reader stop it and take it back. */
	ends: boolean;
	onChange(): void;
}

export function RunStep({ run, mine, ends, onChange }: Props) {
	const { t } = useTranslation();
	const meta = useMeta();
	const { message } = App.useApp();
	const [busy, setBusy] = useState<string | null>(null);
	const [undoing, setUndoing] = useState(false);
	const entity = entityOf(meta, run.entity as string | null) ?? entityOf(meta, 'customer');
	const state = String(run.state);
	const total = figure(run, 'rows_total');
	const done = figure(run, 'rows_done');
	const active = !RESTING.has(state);
	const percent = state === 'done' || state === 'undone' ? 100 : total > 0 ? Math.min(99, Math.floor((done / total) * 100)) : 0;
	const started = Date.parse(String(run.started_at ?? run.created_at ?? ''));
	const elapsed = (Date.now() - started) / 1000;
	const seconds = active && done > 0 && total > done && elapsed > 2 ? Math.round((elapsed / done) * (total - done)) : null;
	const minutes = seconds !== null ? ` · ${t('import.left', { count: Math.max(1, Math.ceil(seconds / 60)) })}` : '';
	const failed = figure(run, 'failed');
	const left = figure(run, 'values_left');
	const figures: [string, number][] = [
		['created', figure(run, 'created')], ['updated', figure(run, 'updated')], ['skipped', figure(run, 'skipped')], ['failed', failed],
		...(left > 0 ? [['values_left', left] as [string, number]] : []),
	];

	async function act(what: 'cancel' | 'resume' | 'undo') {
		setBusy(what);
		try {
			await post(`import/${run.id}/${what}`);
			onChange();
		} catch (error) {
			void message.error(problemText(error, t));
		}
		setBusy(null);
		setUndoing(false);
	}

	return (
		<div className="run-step">
			<div role="status" aria-live="polite" className="run-state">
				<b>{t(`import.state_${state}`, { defaultValue: state })}</b>
				{active && total > 0 && <span className="quiet">{t('import.progress', { done: number(done), total: number(total) })}{minutes}</span>}
				{!active && run.finished_at ? <span className="quiet"><When at={String(run.finished_at)} /></span> : null}
			</div>
			<Progress percent={percent} status={state === 'failed' ? 'exception' : active ? 'active' : state === 'done' ? 'success' : 'normal'} aria-label={t('import.step_run')} />
			<ul className="figures is-plain">
				{figures.map(([key, n]) => (
					<li key={key}><div><b className={key === 'failed' && n > 0 ? 'down' : undefined}>{number(n)}</b><span>{t(`import.${key}`)}</span></div></li>
				))}
			</ul>
			{active && <Alert type="info" showIcon title={t('import.background')} />}
			{state === 'cancelled' && <Alert type="info" showIcon title={t('import.cancelled_text', { n: number(done) })} />}
			{failed > 0 && !active && <Alert type="warning" showIcon title={t('import.some_failed', { count: failed, n: number(failed) })} description={t('import.some_failed_text')} />}
			{state === 'undone' && <Undone run={run} />}
			<div className="form-foot">
				{ends && active && (
					<Button danger loading={busy === 'cancel'} disabled={state === 'cancelling'} onClick={() => void act('cancel')}>
						{t('import.cancel')}
					</Button>
				)}
				{mine && (state === 'cancelled' || state === 'failed') && (
					<Button type="primary" loading={busy === 'resume'} onClick={() => void act('resume')}>{t('import.resume')}</Button>
				)}
				{mine && !active && state !== 'undone' && (
					<Button
						type={state === 'done' ? 'primary' : 'default'} icon={<DownloadOutlined />}
						href={`${BASE}/import/${run.id}/result?format=csv`} download
					>
						{t('import.result')}
					</Button>
				)}
				{ends && (['done', 'cancelled', 'failed', 'undo_stopped'].includes(state) || leftBehind(run)) && (
					<Button danger onClick={() => setUndoing(true)}>{t('import.undo')}</Button>
				)}
				{!active && (state !== 'undone' || leftBehind(run)) && entity && !entity.child && (
					<Link to={recordsOf(entity, run)}>{t('import.see')}</Link>
				)}
			</div>
			<ByKind run={run} />
			{(failed > 0 || left > 0) && (
				<ChildTable
					child="import_problem" field="run_id" parent={{ entity: 'import_run', row: run }} fixed
					columns={['row', 'outcome', 'message', 'entity', 'field', 'column']}
					show={{
						entity: (r) => entityOf(meta, String(r.entity ?? ''))?.label ?? String(r.entity ?? ''),
						field: (r) => fieldOf(entityOf(meta, String(r.entity ?? '')), String(r.field ?? ''))?.label ?? String(r.field ?? ''),
					}}
				/>
			)}
			{undoing && <UndoDialog name={String(run.name ?? run.id)} busy={busy === 'undo'} onClose={() => setUndoing(false)} onUndo={() => void act('undo')} />}
		</div>
	);
}

type UndoneFigures = {
	deleted: number;
	restored: number;
	kept: number;
	reasons?: { message: string; count: number; examples: { entity: string; id: string }[] }[];
};

const undoneOf = (run: Run) => (run.records as { undone?: UndoneFigures } | null)?.undone ?? null;

/** What the undo had to leave may be taken back later, when what hung on it is gone. */
function leftBehind(run: Run) {
	return run.state === 'undone' && (undoneOf(run)?.kept ?? 0) > 0;
}

/** What came of an undo: how many, and what was left and why. */
function Undone({ run }: { run: Run }) {
	const { t } = useTranslation();
	const meta = useMeta();
	const undone = undoneOf(run);
	if (!undone) return null;
	return (
		<Alert
			type={undone.kept > 0 ? 'warning' : 'success'}
			showIcon
			title={t('import.undone_text', {
				deleted: number(undone.deleted),
				restored: number(undone.restored),
				kept: number(undone.kept),
			})}
			description={
				undone.reasons &&
				undone.reasons.length > 0 && (
					<ul>
						{undone.reasons.map((r) => (
							<li key={r.message}>
								{t('import.undone_reason', { n: number(r.count), why: r.message })}{' '}
								{r.examples
									.filter((e) => !entityOf(meta, e.entity)?.child)
									.map((e, i) => (
										<Link key={e.id} to={`/${e.entity}/${e.id}`}>
											{i > 0 ? ' ' : ''}
											{t('import.undone_example', { n: i + 1 })}
										</Link>
									))}
							</li>
						))}
					</ul>
				)
			}
		/>
	);
}

/** One row of a file may become several records: how many of each. */
function ByKind({ run }: { run: Run }) {
	const { t } = useTranslation();
	const meta = useMeta();
	const records = run.records as Record<string, { created?: number; updated?: number }> | null;
	const kinds = Object.entries(records ?? {}).filter(([name]) => name !== 'undone');
	if (kinds.length < 2) return null;
	// A plan names its records freely; the entity behind the name is what people know.
	const named = (run.plan as { records?: { as?: string; entity: string }[] } | null)?.records;
	const kind = (name: string) => entityOf(meta, named?.find((r) => r.as === name)?.entity ?? name);
	const shown = (name: string) => {
		const entity = kind(name);
		return entity && !entity.child ? <Link to={recordsOf(entity, run)}>{entity.label_many}</Link> : entity?.label_many ?? name;
	};
	return (
		<table className="plain-table by-kind">
			<thead>
				<tr>
					<th scope="col">{t('import.kind')}</th>
					<th scope="col" className="is-right">{t('import.created')}</th><th scope="col" className="is-right">{t('import.updated')}</th>
				</tr>
			</thead>
			<tbody>
				{kinds.map(([name, n]) => (
					<tr key={name}>
						<td>{shown(name)}</td><td className="is-right">{number(n.created ?? 0)}</td><td className="is-right">{number(n.updated ?? 0)}</td>
					</tr>
				))}
			</tbody>
		</table>
	);
}

/** Taking back a whole import touches many records at once, so it asks for a typed word. */
function UndoDialog({ name, busy, onClose, onUndo }: { name: string; busy: boolean; onClose(): void; onUndo(): void }) {
	const { t } = useTranslation();
	const id = useId();
	const [typed, setTyped] = useState('');
	const word = t('import.undo_word');
	return (
		<Modal open title={t('import.undo_title', { name })} okText={t('import.undo')} okButtonProps={{ danger: true, disabled: typed.trim().toLowerCase() !== word.toLowerCase(), loading: busy }} onOk={onUndo} onCancel={onClose}>
			<p>{t('import.undo_text')}</p>
			<label htmlFor={id}>{t('import.undo_type', { word })}</label>
			<Input id={id} value={typed} onChange={(e) => setTyped(e.target.value)} autoComplete="off" />
		</Modal>
	);
}
