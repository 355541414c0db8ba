/** A payment of an order: how much, how, which reference. */
import { Input, Modal, Select } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { entityOf, fieldOf } from '@/api/records.ts';
import type { Row } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import { money } from '@/lib/format.ts';
import { useBooking } from './booking.ts';
import type { OrderSums } from './OrderMoney.tsx';

export function PayDialog({ order, sums, onClose }: { order: Row; sums: OrderSums; onClose(): void }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const id = useId();
	const methods = fieldOf(entityOf(meta, 'receipt'), 'method')?.options ?? [];
	const [amount, setAmount] = useState(sums.open);
	const [method, setMethod] = useState('transfer');
	const [reference, setReference] = useState('');
	const [day, setDay] = useState('');
	const { busy, wrong, book } = useBooking(onClose);
	const save = () => book(`order/${order.id}/pay`, amount, {
		method, ...(reference ? { reference } : {}), ...(day ? { received_on: day } : {}),
	});
	return (
		<Modal
			open width={460} title={t('money.pay_title', { number: String(order.number) })} onCancel={onClose} okText={t('money.pay')}
			cancelText={t('word.cancel')} okButtonProps={{ htmlType: 'submit', form: id, loading: busy }}
		>
			<form
				id={id} className="stack" onSubmit={(e) => {
					e.preventDefault();
					void save();
				}}
			>
				<label htmlFor={`${id}a`}>{t('money.amount', { currency: sums.currency })}</label>
				<Input id={`${id}a`} value={amount} inputMode="decimal" autoFocus onChange={(e) => setAmount(e.target.value)} />
				<p className="hint">{t('money.open_now', { open: money(sums.open, sums.currency) })}</p>
				<label htmlFor={`${id}m`}>{t('money.method')}</label>
				<Select id={`${id}m`} value={method} onChange={setMethod} options={methods.map((o) => ({ value: o.value, label: o.label }))} />
				<label htmlFor={`${id}r`}>{t('money.reference')}</label>
				<Input id={`${id}r`} value={reference} maxLength={120} onChange={(e) => setReference(e.target.value)} />
				<label htmlFor={`${id}d`}>{t('money.received_on')}</label>
				<Input id={`${id}d`} type="date" value={day} onChange={(e) => setDay(e.target.value)} />
				{wrong && <p className="problem" role="alert">{wrong}</p>}
			</form>
		</Modal>
	);
}
