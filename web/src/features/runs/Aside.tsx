/** Work that failed all its tries: tried again, or given up with a reason. */
import { App, Button, Input, Modal } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useQueryClient } from '@tanstack/react-query';
import { post } from '@/api/client.ts';
import { problemText } from '@/components/common/undo.tsx';
import { When } from '@/components/common/When.tsx';
import type { Timer } from './runs.ts';

export function Aside({ timers }: { timers: Timer[] }) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const client = useQueryClient();
	const id = useId();
	const [skipping, setSkipping] = useState<Timer | null>(null);
	const [reason, setReason] = useState('');

	async function act(timer: Timer, how: 'retry' | 'skip') {
		try {
			await post(`timers/${how}`, { kind: timer.kind, key: timer.key, ...(how === 'skip' ? { reason: reason.trim() } : {}) });
			setSkipping(null);
		} catch (error) {
			void message.error(problemText(error, t));
		}
		await client.invalidateQueries({ queryKey: ['runs'] });
	}
	return (
		<>
			<div className="table-scroll" tabIndex={0} role="region" aria-label={t('runs.failed')}>
				<table className="plain-table">
					<thead>
						<tr>
							{['what', 'due', 'tries', 'error'].map((k) => <th key={k} scope="col">{t(`runs.${k}`)}</th>)}
							<th scope="col"><span className="sr-only">{t('word.actions')}</span></th>
						</tr>
					</thead>
					<tbody>
						{timers.map((timer) => (
							<tr key={`${timer.kind} ${timer.key}`}>
								<td>{timer.kind} {timer.key}</td>
								<td><When at={timer.due_at} /></td>
								<td>{timer.attempts}</td>
								<td>{timer.error}</td>
								<td className="row-actions">
									<Button size="small" onClick={() => void act(timer, 'retry')}>{t('runs.retry')}</Button>
									<Button size="small" onClick={() => { setReason(''); setSkipping(timer); }}>{t('runs.skip')}</Button>
								</td>
							</tr>
						))}
					</tbody>
				</table>
			</div>
			<Modal
				open={skipping !== null} width={460} title={t('runs.skip_title')} okText={t('runs.skip')}
				okButtonProps={{ disabled: reason.trim() === '' }} onCancel={() => setSkipping(null)}
				onOk={() => void (skipping && act(skipping, 'skip'))}
			>
				<label htmlFor={id}>{t('runs.reason')}</label>
				<Input id={id} value={reason} onChange={(e) => setReason(e.target.value)} maxLength={1000} />
			</Modal>
		</>
	);
}
