/** Others have to agree to a change: it is asked for with a reason. */
import { App, Input, Modal } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { type HeldBack, post } from '@/api/client.ts';
import { useCache } from '@/api/records.ts';
import { useMeta } from '@/app/context.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { Line } from '@/components/form/Line.tsx';
import { type Approval, KEY } from './approvals.ts';
import { wantedOf } from './wanted.ts';
import './approvals.css';

export default function AskDialog({ held, onClose }: { held: HeldBack; onClose(): void }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const navigate = useNavigate();
	const cache = useCache();
	const [reason, setReason] = useState('');
	const [problem, setProblem] = useState<string | null>(null);
	const [busy, setBusy] = useState(false);
	const wanted = wantedOf(meta, held);
	const said = held.problem.errors.filter((e) => e.key === 'approval_needed').map((e) => e.message);

	async function ask() {
		if (!wanted) return onClose();
		if (!reason.trim()) return setProblem(t('approvals.reason_needed'));
		setBusy(true);
		try {
			const { entity, ...rest } = wanted;
			const made = await post<Approval>('approvals', { entity: entity.name, reason: reason.trim(), ...rest });
			await cache.invalidateQueries({ queryKey: KEY });
			void message.success(t('approvals.asked'));
			onClose();
			void navigate(`/approvals/${made.id}`);
		} catch (error) {
			setProblem(problemText(error, t));
			setBusy(false);
		}
		return undefined;
	}
	return (
		<Modal
			open title={t('approvals.needed')} onCancel={onClose} onOk={() => void ask()} confirmLoading={busy}
			okText={t(wanted ? 'approvals.ask' : 'word.close')} cancelText={t('word.cancel')}
			cancelButtonProps={wanted ? undefined : { style: { display: 'none' } }}
		>
			<p>{said.join(' ')}</p>
			{wanted ? (
				<>
					<p className="quiet">{t('approvals.ask_text')}</p>
					<Line id="approval-reason" label={t('approvals.reason')} problem={problem}>
						<Input.TextArea
							id="approval-reason" autoFocus rows={3} maxLength={2000} value={reason} aria-invalid={Boolean(problem)}
							onChange={(e) => {
								setReason(e.target.value);
								setProblem(null);
							}}
						/>
					</Line>
				</>
			) : <p className="quiet">{t('approvals.one_by_one')}</p>}
		</Modal>
	);
}
