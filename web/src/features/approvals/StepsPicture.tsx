/** Where a request stands: asked → each step with who decided when → how it ended. Read from left to right, on phones downwards. */
import { CheckCircleFilled, ClockCircleFilled, CloseCircleFilled, MinusCircleOutlined, UserOutlined } from '@ant-design/icons';
import { useTranslation } from 'react-i18next';
import { When } from '@/components/common/When.tsx';
import type { Approval, Step, Voter } from './approvals.ts';
import { StateTag } from './StateTag.tsx';

export function useStepName() {
	const { t } = useTranslation();
	return (step: Step) => t(`approvals.who_${step.who}`, { name: step.name ?? '?' });
}

function Vote({ voter }: { voter: Voter }) {
	const { t } = useTranslation();
	const icon = { open: <ClockCircleFilled />, yes: <CheckCircleFilled />, no: <CloseCircleFilled />, spared: <MinusCircleOutlined /> }[voter.state];
	return (
		<li className={`approval-vote is-${voter.state}`}>
			<span aria-hidden>{icon}</span> {voter.user?.name ?? '—'}{' '}
			<span className="quiet">
				{t(`approvals.vote_${voter.state}`)}
				{voter.decided_at && (
					<>
						{' '}
						· <When at={voter.decided_at} />
					</>
				)}
			</span>
			{voter.word && <q>{voter.word}</q>}
		</li>
	);
}

export function StepsPicture({ approval: a }: { approval: Approval }) {
	const { t } = useTranslation();
	const nameOf = useStepName();
	const over = a.state !== 'waiting';
	return (
		<ol className="approval-steps" aria-label={t('approvals.steps')}>
			<li className="approval-step is-done">
				<b><UserOutlined aria-hidden /> {t('approvals.asked_by', { name: a.asker?.name ?? '—' })}</b>
				<span className="quiet"><When at={a.asked_at} /></span>
			</li>
			{a.steps.map((step, i) => {
				const votes = a.voters.filter((v) => v.step === i);
				const here = !over && a.step === i;
				const done = i < a.step || a.state === 'approved' || (a.step === i && a.state !== 'waiting' && votes.some((v) => v.state === 'yes'));
				return (
					<li
						key={i} aria-current={here ? 'step' : undefined}
						className={`approval-step${here ? ' is-here' : done ? ' is-done' : votes.some((v) => v.state === 'no') ? ' is-no' : ''}`}
					>
						<b>{nameOf(step)}</b>
						<span className="quiet">
							{t(step.all ? 'approvals.all_of' : 'approvals.one_of')}
							{here && a.due_at && (
								<>
									{' '}
									· {t('approvals.until')} <When at={a.due_at} />
								</>
							)}
						</span>
						{votes.length > 0 && <ul>{votes.map((v) => <Vote key={v.user?.id ?? v.state} voter={v} />)}</ul>}
					</li>
				);
			})}
			<li className={`approval-step${over ? (a.state === 'approved' ? ' is-done' : ' is-no') : ''}`}>
				<b>{over ? <StateTag state={a.state} /> : t('approvals.then_written')}</b>
				{a.ended_at && <span className="quiet"><When at={a.ended_at} /></span>}
			</li>
		</ol>
	);
}
