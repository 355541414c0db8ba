/** A payment of an order: how much, how, which reference. Sent twice by a shaky line it is booked once. */
import { Input, Modal, Select } from 'antd';
import { useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call, randomId } from '@/api/client.ts';
import { entityOf, fieldOf, refresh, useCache } from '@/api/records.ts';
import type { Row } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { money, parseDecimal } from '@/lib/format.ts';
import type { OrderSums } from './OrderMoney.tsx';

export function PayDialog({ order, sums, onClose }: { order: Row; sums: OrderSums; onClose(): void }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const id = useId();
	const cache = useCache();
	const key = useRef(randomId());
	const methods = fieldOf(entityOf(meta, 'receipt'), 'method')?.options ?? [];
	const [amount, setAmount] = useState(sums.open);
	const [method, setMethod] = useState('transfer');
	const [reference, setReference] = useState('');
	const [day, setDay] = useState('');
	const [busy, setBusy] = useState(false);
	const [wrong, setWrong] = useState<string | null>(null);
	async function save() {
		const value = parseDecimal(amount);
		if (value === null) return setWrong(t('money.not_amount'));
		setBusy(true);
		setWrong(null);
		try {
			await call('POST', `order/${order.id}/pay`, {
				body: { amount: value, method, ...(reference ? { reference } : {}), ...(day ? { received_on: day } : {}) },
				headers: { 'Idempotency-Key': key.current },
			});
			await refresh(cache, 'receivable', 'receipt', 'allocation', 'order');
			onClose();
		} catch (error) {
			key.current = randomId();
			setWrong(problemText(error, t));
			setBusy(false);
		}
	}
	return (
		<Modal
			open width={460} title={t('money.pay_title', { number: String(order.number) })} onCancel={onClose} okText={t('money.pay')} cancelText={t('word.cancel')}
			okButtonProps={{ htmlType: 'submit', form: id, loading: busy }}
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
