/** One request: what is wanted, why, where it stands; decided here by those who are asked. */
import { App, Button, Input } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useParams } from 'react-router';
import { post } from '@/api/client.ts';
import { entityOf, fieldOf, refresh, useCache } from '@/api/records.ts';
import { useMeta } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { Failed, Loading } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { Line } from '@/components/form/Line.tsx';
import { type Approval, KEY, useApproval } from './approvals.ts';
import { Content } from './Content.tsx';
import { StateTag } from './StateTag.tsx';
import { StepsPicture } from './StepsPicture.tsx';
import './approvals.css';

/** "forbidden|credit_limit|…": what stood in the way. */
function Outcome({ approval: a }: { approval: Approval }) {
	const meta = useMeta();
	const { t } = useTranslation();
	if (!a.outcome) return null;
	const [key = '', name = '', arg = ''] = a.outcome.split('|');
	const label = fieldOf(entityOf(meta, a.entity), a.state === 'conflict' ? key : name)?.label ?? '';
	const text = a.state === 'conflict'
		? t('approvals.out_conflict', { field: label || t('approvals.the_record') })
		: t(`approvals.out_${key}`, { defaultValue: t('approvals.out_else', { key }), field: label, arg });
	return <p className="approval-outcome">{text}</p>;
}

function Decide({ approval, onDone }: { approval: Approval; onDone(): Promise<void> }) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const [word, setWord] = useState('');
	const [problem, setProblem] = useState<string | null>(null);
	const [busy, setBusy] = useState<string | null>(null);
	async function decide(decision: 'approve' | 'reject') {
		if (decision === 'reject' && !word.trim()) return setProblem(t('approvals.word_needed'));
		setBusy(decision);
		try {
			const now = await post<Approval>(`approvals/${approval.id}/decide`, { decision, ...(word.trim() ? { word: word.trim() } : {}) });
			const fine = now.state === 'approved' || now.state === 'waiting' || now.state === 'rejected';
			void message.open({ type: fine ? 'success' : 'warning', content: t(`approvals.decided_${now.state}`) });
			await onDone();
		} catch (error) {
			setProblem(problemText(error, t));
		}
		setBusy(null);
		return undefined;
	}
	return (
		<section className="panel approval-decide">
			<h2>{t('approvals.your_turn')}</h2>
			<Line id="approval-word" label={t('approvals.word')} problem={problem}>
				<Input.TextArea
					id="approval-word" rows={2} maxLength={2000} value={word}
					onChange={(e) => {
						setWord(e.target.value);
						setProblem(null);
					}}
				/>
			</Line>
			<div className="approval-buttons">
				<Button type="primary" loading={busy === 'approve'} disabled={busy !== null} onClick={() => void decide('approve')}>
					{t('approvals.approve')}
				</Button>
				<Button danger loading={busy === 'reject'} disabled={busy !== null} onClick={() => void decide('reject')}>{t('approvals.reject')}</Button>
			</div>
		</section>
	);
}

export default function ApprovalPage() {
	const { id = '' } = useParams();
	const meta = useMeta();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const navigate = useNavigate();
	const cache = useCache();
	const found = useApproval(id);
	useTitle(t('approvals.one'));
	if (found.isPending) return <Loading />;
	if (found.isError) return <Failed error={found.error} onRetry={() => void found.refetch()} />;
	const a = found.data;
	const entity = entityOf(meta, a.entity);
	const done = async () => {
		await cache.invalidateQueries({ queryKey: KEY });
		if (entity) await refresh(cache, entity.name);
	};
	async function act(what: 'withdraw' | 'again') {
		try {
			const now = await post<Approval>(`approvals/${id}/${what}`, {});
			await done();
			if (now.id !== id) void navigate(`/approvals/${now.id}`);
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}
	const name = a.title ?? entity?.label ?? '';
	return (
		<div className="page page-narrow approval">
			<h1>{entity && a.record_id ? <Link to={`/${entity.name}/${a.record_id}`}>{name}</Link> : name} <StateTag state={a.state} /></h1>
			<p>
				{a.record_id ? entity?.label : t('approvals.new_record', { what: entity?.label ?? '' })} · {a.rules.join(' · ')}
			</p>
			<Outcome approval={a} />
			<section className="panel">
				<h2>{t('approvals.wanted')}</h2>
				<Content approval={a} />
				{a.reason && <p className="approval-reason"><span className="quiet">{t('approvals.reason')}:</span> {a.reason}</p>}
			</section>
			{a.may_decide && <Decide approval={a} onDone={done} />}
			<section className="panel">
				<h2>{t('approvals.steps')}</h2>
				<StepsPicture approval={a} />
			</section>
			<div className="approval-buttons">
				{a.may_withdraw && <Button onClick={() => void act('withdraw')}>{t('approvals.withdraw')}</Button>}
				{a.may_ask_again && <Button onClick={() => void act('again')}>{t('approvals.again')}</Button>}
				{a.again_of_id && <Link to={`/approvals/${a.again_of_id}`}>{t('approvals.again_of')}</Link>}
				<Link to="/approvals">{t('approvals.to_list')}</Link>
			</div>
		</div>
	);
}
