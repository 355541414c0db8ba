/** What is free of a receipt: to what is due longest, or back to the customer. */
import { App, Button, Checkbox, Input, Modal } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { post } from '@/api/client.ts';
import { refresh, useCache } from '@/api/records.ts';
import type { Row } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import type { PartProps } from '@/app/feature.ts';
import { problemText } from '@/components/common/undo.tsx';
import { money } from '@/lib/format.ts';
import { useBooking } from './booking.ts';

export default function UseReceipt({ record: { row } }: PartProps) {
	const meta = useMeta();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const [refund, setRefund] = useState(false);
	const free = Number(row.free ?? 0), currency = String(row.currency ?? meta.base_currency);
	async function allocate() {
		try {
			const left = await post<{ free: string; currency: string }>(`receipt/${row.id}/allocate`);
			void message.success(t('money.allocated', { free: money(left.free, left.currency) }));
			await refresh(cache, 'receivable', 'receipt', 'allocation');
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}
	return (
		<>
			{free > 0 && <Button type="primary" onClick={() => void allocate()}>{t('money.allocate')}</Button>}
			<Button onClick={() => setRefund(true)}>{t('money.refund')}</Button>
			{refund && <RefundDialog receipt={row} currency={currency} onClose={() => setRefund(false)} />}
		</>
	);
}

function RefundDialog({ receipt, currency, onClose }: { receipt: Row; currency: string; onClose(): void }) {
	const { t } = useTranslation();
	const id = useId();
	const [amount, setAmount] = useState(String(receipt.free ?? ''));
	const [note, setNote] = useState('');
	const [release, setRelease] = useState(false);
	const { busy, wrong, book } = useBooking(onClose);
	const save = () => book(`receipt/${receipt.id}/refund`, amount, { release, ...(note ? { note } : {}) });
	return (
		<Modal
			open width={460} title={t('money.refund_title', { number: String(receipt.number) })} onCancel={onClose} okText={t('money.refund')}
			cancelText={t('word.cancel')} okButtonProps={{ htmlType: 'submit', form: id, loading: busy }}
		>
			<form
				id={id} className="stack" onSubmit={(e) => {
					e.preventDefault();
					void save();
				}}
			>
				<label htmlFor={`${id}a`}>{t('money.amount', { currency })}</label>
				<Input id={`${id}a`} value={amount} inputMode="decimal" autoFocus onChange={(e) => setAmount(e.target.value)} />
				<p className="hint">{t('money.free_now', { free: money(receipt.free, currency) })}</p>
				<Checkbox checked={release} onChange={(e) => setRelease(e.target.checked)}>{t('money.release')}</Checkbox>
				<label htmlFor={`${id}n`}>{t('money.why')}</label>
				<Input id={`${id}n`} value={note} maxLength={300} onChange={(e) => setNote(e.target.value)} />
				{wrong && <p className="problem" role="alert">{wrong}</p>}
			</form>
		</Modal>
	);
}
