/** Giving one's own customer back to the pool, with a reason. */
import { App, Button, Input, Modal } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { post } from '@/api/client.ts';
import { refresh, useCache } from '@/api/records.ts';
import type { PartProps } from '@/app/feature.ts';
import { problemText } from '@/components/common/undo.tsx';
import { useLimits } from './PoolPage.tsx';

export default function GiveBack({ entity, record: { row } }: PartProps) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const navigate = useNavigate();
	const cache = useCache();
	const limits = useLimits();
	const [open, setOpen] = useState(false);
	const [reason, setReason] = useState('');
	const [busy, setBusy] = useState(false);
	if (!limits.data?.pools.length) return null;
	async function give() {
		setBusy(true);
		try {
			await post(`customer/${row.id}/release`, { reason: reason.trim() });
			void message.success(t('pool.given_back'));
			void navigate('/customer');
			await Promise.all([refresh(cache, entity.name), refresh(cache, 'pool_entry'), cache.invalidateQueries({ queryKey: ['pool'] })]);
		} catch (error) {
			void message.error(problemText(error, t));
			setBusy(false);
		}
	}
	return (
		<>
			<Button onClick={() => setOpen(true)}>{t('pool.give_back')}</Button>
			{open && (
				<Modal
					open title={t('pool.give_back')} okText={t('pool.give_back')} onCancel={() => setOpen(false)} onOk={() => void give()}
					okButtonProps={{ disabled: reason.trim() === '', loading: busy }}
				>
					<p>{t('pool.give_back_text')}</p>
					<label htmlFor="pool-reason">{t('pool.reason')}</label>
					<Input.TextArea id="pool-reason" value={reason} maxLength={400} autoFocus rows={3} onChange={(e) => setReason(e.target.value)} />
				</Modal>
			)}
		</>
	);
}
