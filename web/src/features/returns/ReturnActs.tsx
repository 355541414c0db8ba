/** What is done with a return beyond its steps: it comes in and is checked, money goes back, other goods go out. */
import { App, Button, Checkbox, Input, Modal, Select } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { post } from '@/api/client.ts';
import { entityOf, fieldOf, linkedTitle, may, refresh, selectOf, useCache, useSome } from '@/api/records.ts';
import type { Row } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import type { PartProps } from '@/app/feature.ts';
import { Failed, Loading } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { money, number, parseDecimal } from '@/lib/format.ts';
import './returns.css';

const CHANGED = ['goods_return', 'return_line', 'order', 'payment', 'customer'];

export default function ReturnActs({ record: { row } }: PartProps) {
	const meta = useMeta();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const [dialog, setDialog] = useState<'receive' | 'refund' | null>(null);
	const orders = may(entityOf(meta, 'order'), 'create'), pays = may(entityOf(meta, 'payment'), 'create');
	const [busy, setBusy] = useState(false);
	async function exchange() {
		setBusy(true);
		try {
			await post(`goods_return/${row.id}/exchange`);
			await refresh(cache, ...CHANGED);
		} catch (error) {
			void message.error(problemText(error, t));
		}
		setBusy(false);
	}
	const booked = row.return_order_id ?? row.exchange_order_id;
	return (
		<>
			{(row.state === 'agreed' || row.state === 'sent') && <Button type="primary" onClick={() => setDialog('receive')}>{t('returns.receive')}</Button>}
			{row.state === 'received' && orders && pays && (
				<Button type={row.wish === 'refund' ? 'primary' : 'default'} onClick={() => setDialog('refund')}>
					{t('returns.refund')}
				</Button>
			)}
			{row.state === 'received' && orders && (
				<Button type={row.wish === 'exchange' ? 'primary' : 'default'} loading={busy} onClick={() => void exchange()}>
					{t('returns.exchange')}
				</Button>
			)}
			{booked ? <Link to={`/order/${String(booked)}`}>{t(row.return_order_id ? 'returns.booked' : 'returns.exchanged')}</Link> : null}
			{dialog === 'receive' && <Receive row={row} onClose={() => setDialog(null)} />}
			{dialog === 'refund' && <Refund row={row} onClose={() => setDialog(null)} />}
		</>
	);
}

function useSend(path: string, onDone: () => void) {
	const { t } = useTranslation();
	const cache = useCache();
	const [busy, setBusy] = useState(false);
	const [wrong, setWrong] = useState<string | null>(null);
	async function send(body: Record<string, unknown>) {
		setBusy(true);
		setWrong(null);
		try {
			await post(path, body);
			await refresh(cache, ...CHANGED);
			onDone();
		} catch (error) {
			setWrong(problemText(error, t));
			setBusy(false);
		}
	}
	return { busy, wrong, setWrong, send };
}

interface Came {
	received: string;
	condition?: string;
	restock: boolean;
}

function Receive({ row, onClose }: { row: Row; onClose(): void }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const id = useId();
	const entity = entityOf(meta, 'return_line')!;
	const what = fieldOf(entity, 'order_line_id')!, conditions = fieldOf(entity, 'condition')?.options ?? [];
	const lines = useSome(
		entity,
		new URLSearchParams({
			select: selectOf(meta, entity, [what, fieldOf(entity, 'quantity')!]),
			return_id: `eq.${row.id}`,
			order: 'id.asc',
			limit: '200',
		}),
	);
	const [said, setSaid] = useState<Record<string, Came>>({});
	const { busy, wrong, setWrong, send } = useSend(`goods_return/${row.id}/receive`, onClose);
	const of = (line: Row): Came => said[line.id] ?? { received: number(line.quantity), restock: true };
	const set = (line: Row, part: Partial<Came>) => setSaid((all) => ({ ...all, [line.id]: { ...of(line), ...part } }));
	const save = () => {
		const all = (lines.data?.rows ?? []).map((line) => ({ id: line.id, ...of(line), received: parseDecimal(of(line).received) }));
		if (all.some((l) => l.received === null || (Number(l.received) > 0 && !l.condition))) setWrong(t('returns.say_condition'));
		else void send({ lines: all });
	};
	return (
		<Modal
			open width={640} title={t('returns.receive')} onCancel={onClose} okText={t('returns.received')} cancelText={t('word.cancel')}
			okButtonProps={{ htmlType: 'submit', form: id, loading: busy }}
		>
			<form
				id={id} className="stack" onSubmit={(e) => {
					e.preventDefault();
					save();
				}}
			>
				{lines.isError && <Failed error={lines.error} onRetry={() => void lines.refetch()} small />}
				{!lines.isError && !lines.data && <Loading rows={3} />}
				{!lines.isError && lines.data?.rows.map((line) => (
					<fieldset key={line.id} className="return-line">
						<legend>{linkedTitle(meta, what, line) ?? `#${line.id}`} · {t('returns.announced', { n: number(line.quantity) })}</legend>
						<div className="return-fields">
							<Input
								aria-label={fieldOf(entity, 'received')?.label} inputMode="decimal" value={of(line).received}
								onChange={(e) => set(line, { received: e.target.value })}
							/>
							<Select
								aria-label={fieldOf(entity, 'condition')?.label} placeholder={fieldOf(entity, 'condition')?.label} value={of(line).condition}
								onChange={(condition: string) => set(line, { condition, restock: condition === 'new' || condition === 'opened' })}
								options={conditions.map((o) => ({ value: o.value, label: o.label }))}
							/>
							<Checkbox checked={of(line).restock} onChange={(e) => set(line, { restock: e.target.checked })}>
								{fieldOf(entity, 'restock')?.label}
							</Checkbox>
						</div>
					</fieldset>
				))}
				{wrong && <p className="problem" role="alert">{wrong}</p>}
			</form>
		</Modal>
	);
}

function Refund({ row, onClose }: { row: Row; onClose(): void }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const id = useId();
	const entity = entityOf(meta, 'goods_return'), methods = fieldOf(entityOf(meta, 'payment'), 'method')?.options ?? [];
	const currency = String(row.currency ?? meta.base_currency), value = Number(row.goods_value ?? 0);
	const [fee, setFee] = useState(String(row.fee ?? '0'));
	const [freight, setFreight] = useState('0');
	const [amount, setAmount] = useState<string | null>(null);
	const [method, setMethod] = useState<string>();
	const { busy, wrong, setWrong, send } = useSend(`goods_return/${row.id}/refund`, onClose);
	const usual = Math.max(0, value + Number(parseDecimal(freight) ?? 0) - Number(parseDecimal(fee) ?? 0));
	const save = () => {
		const sums = { fee: parseDecimal(fee), freight: parseDecimal(freight), ...(amount !== null ? { amount: parseDecimal(amount) } : {}) };
		if (Object.values(sums).includes(null)) setWrong(t('returns.not_amount'));
		else void send({ ...sums, ...(method ? { method } : {}) });
	};
	return (
		<Modal
			open width={460} title={t('returns.refund')} onCancel={onClose} okText={t('returns.refund')} cancelText={t('word.cancel')}
			okButtonProps={{ htmlType: 'submit', form: id, loading: busy }}
		>
			<form
				id={id} className="stack" onSubmit={(e) => {
					e.preventDefault();
					save();
				}}
			>
				<p>{fieldOf(entity, 'goods_value')?.label} <b>{money(row.goods_value, currency)}</b></p>
				<label htmlFor={`${id}f`}>{fieldOf(entity, 'fee')?.label}</label>
				<Input id={`${id}f`} value={fee} inputMode="decimal" onChange={(e) => setFee(e.target.value)} />
				<label htmlFor={`${id}g`}>{fieldOf(entity, 'freight')?.label}</label>
				<Input id={`${id}g`} value={freight} inputMode="decimal" onChange={(e) => setFreight(e.target.value)} />
				<label htmlFor={`${id}a`}>{t('returns.amount', { currency })}</label>
				<Input id={`${id}a`} value={amount ?? String(Math.round(usual * 100) / 100)} inputMode="decimal" onChange={(e) => setAmount(e.target.value)} />
				<label htmlFor={`${id}m`}>{t('returns.method')}</label>
				<Select id={`${id}m`} allowClear value={method} onChange={setMethod} options={methods.map((o) => ({ value: o.value, label: o.label }))} />
				<p className="hint">{t('returns.refund_hint')}</p>
				{wrong && <p className="problem" role="alert">{wrong}</p>}
			</form>
		</Modal>
	);
}
