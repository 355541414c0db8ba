/** Import, one screen a step: file, columns, check, run. Going back keeps everything. */
import { DownloadOutlined, InboxOutlined } from '@ant-design/icons';
import { Alert, App, Button, Progress, Select, Steps } from 'antd';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useParams, useSearchParams } from 'react-router';
import { call, callRaw, get } from '@/api/client.ts';
import { useChanges } from '@/api/events.ts';
import { may, useCache } from '@/api/records.ts';
import { useApp, useCan, useMeta } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { Denied, Failed, Loading } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { bytes } from '@/lib/format.ts';
import { CheckStep } from './CheckStep.tsx';
import { MapStep } from './MapStep.tsx';
import { RunStep } from './RunStep.tsx';
import { RESTING, type Run } from './types.ts';

export type Step = 'file' | 'columns' | 'check' | 'run';
const STEPS: Step[] = ['file', 'columns', 'check', 'run'];

export default function Wizard() {
	const { id } = useParams();
	const meta = useMeta();
	const { t } = useTranslation();
	useTitle(t('import.title'));
	if (!meta.entities.some((e) => may(e, 'import'))) return <Denied need={t('state.need', { action: t('action_word.import'), what: '' })} />;
	return id ? <Going key={id} id={id} /> : <Start />;
}

function Frame({ step, reached, onStep, name, children }: { step: Step; reached: number; onStep?(step: Step): void; name?: string; children: React.ReactNode }) {
	const { t } = useTranslation();
	return (
		<div className="page wizard">
			<p className="crumb"><Link to="/import">{t('import.title')}</Link></p>
			<h1>{name ? t('import.of', { name }) : t('import.new')}</h1>
			<Steps
				size="small" current={STEPS.indexOf(step)} onChange={onStep ? (i) => i > 0 && onStep(STEPS[i]!) : undefined} responsive={false}
				items={STEPS.map((s, i) => ({ title: t(`import.step_${s}`), disabled: i > reached && i > 0 }))}
			/>
			{children}
		</div>
	);
}

function Start() {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const navigate = useNavigate();
	const [params] = useSearchParams();
	const input = useRef<HTMLInputElement>(null);
	const [over, setOver] = useState(false);
	const [sending, setSending] = useState<{ name: string; size: number; done: number } | null>(null);

	async function send(files: FileList | null) {
		const file = files?.[0];
		if (!file || sending) return;
		setSending({ name: file.name, size: file.size, done: 0 });
		try {
			const entity = params.get('entity');
			const answer = await call<Run>('POST', `import?${new URLSearchParams({ name: file.name, ...(entity ? { entity } : {}) })}`, {
				raw: file, headers: { 'Content-Type': file.type || 'application/octet-stream' },
			});
			void navigate(`/import/${answer.data.id}?step=columns${entity ? `&entity=${entity}` : ''}`, { replace: true });
		} catch (error) {
			void message.error(problemText(error, t));
			setSending(null);
		}
	}

	return (
		<Frame step="file" reached={0}>
			<input ref={input} type="file" hidden accept=".csv,.tsv,.txt,.xlsx,.xls,.ods,.jsonl,.ndjson,.json,.vcf" onChange={(e) => void send(e.target.files)} />
			<button
				type="button" className={`dropzone${over ? ' is-over' : ''}`} disabled={sending !== null} onClick={() => input.current?.click()}
				onDragOver={(e) => {
					e.preventDefault();
					setOver(true);
				}}
				onDragLeave={() => setOver(false)}
				onDrop={(e) => {
					e.preventDefault();
					setOver(false);
					void send(e.dataTransfer.files);
				}}
			>
				<InboxOutlined className="dropzone-icon" aria-hidden />
				{sending ? (
					<span role="status">
						{t('import.sending', { name: sending.name, size: bytes(sending.size) })}
						<Progress percent={100} status="active" showInfo={false} aria-label={t('import.sending', { name: sending.name, size: bytes(sending.size) })} />
					</span>
				) : <><b>{t('import.drop')}</b><span>{t('import.formats')}</span></>}
			</button>
			<p className="hint">{t('import.safe')}</p>
			<Template entity={params.get('entity')} />
		</Frame>
	);
}

/** A file to fill in: headings in the reader's language, and a row that shows how. */
function Template({ entity }: { entity: string | null }) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const meta = useMeta();
	const kinds = meta.entities.filter((e) => may(e, 'import') && !e.system && !e.child);
	const [kind, setKind] = useState(entity ?? kinds[0]?.name ?? '');
	const chosen = kinds.find((e) => e.name === kind);
	if (!chosen) return null;

	async function download(format: 'csv' | 'xlsx') {
		try {
			// Not a plain link: the file is in the language of the page.
			const answer = await callRaw('GET', `import/template?entity=${kind}&format=${format}`, { headers: { Accept: '*/*' } });
			const link = document.createElement('a');
			link.href = URL.createObjectURL(await answer.blob());
			link.download = `${chosen!.label_many}.${format}`;
			link.click();
			URL.revokeObjectURL(link.href);
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}

	return (
		<section className="import-template" aria-label={t('import.template')}>
			<span>{t('import.template_text')}</span>
			<Select
				aria-label={t('import.template_kind')} value={kind} onChange={setKind} popupMatchSelectWidth={false}
				options={kinds.map((e) => ({ value: e.name, label: e.label_many }))}
			/>
			<Button icon={<DownloadOutlined />} onClick={() => void download('csv')}>CSV</Button>
			<Button icon={<DownloadOutlined />} onClick={() => void download('xlsx')}>XLSX</Button>
		</section>
	);
}

function Going({ id }: { id: string }) {
	const { t } = useTranslation();
	const { me } = useApp();
	const admin = useCan('admin');
	const cache = useCache();
	const [params, setParams] = useSearchParams();
	const run = useQuery({
		queryKey: ['run', id],
		queryFn: ({ signal }) => get<Run>(`import_run/${id}`, signal),
		placeholderData: keepPreviousData,
		// The stream of changes tells; asking now and then covers its gaps.
		refetchInterval: (query) => (RESTING.has(String(query.state.data?.state ?? 'new')) ? false : 1500),
	});
	const again = useCallback(() => cache.invalidateQueries({ queryKey: ['run', id] }), [cache, id]);
	useChanges((event) => {
		if (event.entity === 'import_run' && event.id === id) void again();
	});
	const state = String(run.data?.state ?? 'new');
	const before = useRef(state);
	useEffect(() => {
		// When it ends, everything it touched is asked for anew.
		if (before.current !== state && RESTING.has(state) && !RESTING.has(before.current)) void cache.invalidateQueries();
		before.current = state;
	}, [state, cache]);

	if (run.isPending) return <div className="page"><Loading rows={10} /></div>;
	if (run.isError) return <div className="page"><Failed error={run.error} onRetry={() => void run.refetch()} /></div>;
	const ran = !['new', 'planned', 'checking'].includes(state);
	const wanted = params.get('step') as Step | null;
	// A file may hold what only its owner may see: others end it or take it back, with rights of their own, and see what came of it.
	const mine = run.data.owner_id ? String(run.data.owner_id) === me.id : admin;
	const step: Step = ran || !mine ? 'run' : wanted && ['columns', 'check', 'run'].includes(wanted) ? wanted : 'columns';
	const go = (next: Step) => setParams((old) => {
		const p = new URLSearchParams(old);
		p.set('step', next);
		return p;
	}, { replace: true });

	return (
		<Frame step={step} reached={ran ? 3 : state === 'planned' ? 2 : 1} onStep={ran || !mine ? undefined : go} name={String(run.data.name ?? t('import.file'))}>
			{state === 'failed' && run.data.error ? <Alert type="error" showIcon title={t('import.failed')} description={String(run.data.error)} /> : null}
			{step === 'columns' && <MapStep id={id} run={run.data} onNext={() => void again().then(() => go('check'))} />}
			{step === 'check' && <CheckStep id={id} onBack={() => go('columns')} onStarted={() => void again().then(() => go('run'))} />}
			{!mine && <Alert type="info" showIcon title={t('import.not_mine')} />}
			{step === 'run' && (ran || !mine
				? <RunStep run={run.data} mine={mine} ends={mine || admin} onChange={() => void again()} />
				: <CheckStep id={id} onBack={() => go('columns')} onStarted={() => void again()} />)}
			{!ran && step === 'columns' && <p className="hint">{t('import.nothing_yet')} <Link to="/import">{t('import.later')}</Link></p>}
		</Frame>
	);
}
