/** The payment plan of an order: shares with their days; the server makes the amounts, which come to the total to the cent. */
import { Button, Input, Modal } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { post } from '@/api/client.ts';
import { refresh, useCache } from '@/api/records.ts';
import type { Row } from '@/api/types.ts';
import { problemText } from '@/components/common/undo.tsx';
import { money, number, parseDecimal } from '@/lib/format.ts';
import type { OrderSums } from './OrderMoney.tsx';

interface Part {
	title: string;
	percent: string;
	days: string;
}

export function PlanDialog({ order, sums, onClose }: { order: Row; sums: OrderSums; onClose(): void }) {
	const { t } = useTranslation();
	const id = useId();
	const cache = useCache();
	const [parts, setParts] = useState<Part[]>([
		{ title: t('money.part_deposit'), percent: '30', days: '0' }, { title: t('money.part_delivery'), percent: '60', days: '30' },
		{ title: t('money.part_rest'), percent: '10', days: '90' },
	]);
	const [busy, setBusy] = useState(false);
	const [wrong, setWrong] = useState<string | null>(null);
	const set = (i: number, change: Partial<Part>) => setParts(parts.map((p, k) => (k === i ? { ...p, ...change } : p)));
	const sum = parts.reduce((n, p) => n + Number(parseDecimal(p.percent) ?? 0), 0);
	async function save() {
		setBusy(true);
		setWrong(null);
		try {
			await post(`order/${order.id}/plan`, { parts: parts.map((p) => ({ title: p.title, percent: parseDecimal(p.percent) ?? '', days: Number(p.days) })) });
			await refresh(cache, 'receivable', 'order');
			onClose();
		} catch (error) {
			setWrong(problemText(error, t));
			setBusy(false);
		}
	}
	return (
		<Modal
			open width={560} title={t('money.plan_title', { number: String(order.number), total: money(sums.unplanned, sums.currency) })} onCancel={onClose}
			okText={t('money.plan')} cancelText={t('word.cancel')} okButtonProps={{ htmlType: 'submit', form: id, loading: busy }}
		>
			<form
				id={id} className="stack" onSubmit={(e) => {
					e.preventDefault();
					void save();
				}}
			>
				<div className="money-parts">
					<span>{t('money.what')}</span><span>%</span><span>{t('money.days_after')}</span><span />
					{parts.map((p, i) => (
						<PartLine
							key={String(i)} part={p} at={i + 1} only={parts.length === 1} onSet={(c) => set(i, c)}
							onDrop={() => setParts(parts.filter((_, k) => k !== i))}
						/>
					))}
				</div>
				<p className={sum === 100 ? 'hint' : 'hint is-late'} aria-live="polite">{t('money.parts_sum', { sum: number(sum) })}</p>
				<Button size="small" onClick={() => setParts([...parts, { title: '', percent: '', days: '' }])}>{t('money.part_more')}</Button>
				{wrong && <p className="problem" role="alert">{wrong}</p>}
			</form>
		</Modal>
	);
}

function PartLine({ part, at, only, onSet, onDrop }: { part: Part; at: number; only: boolean; onSet(change: Partial<Part>): void; onDrop(): void }) {
	const { t } = useTranslation();
	return (
		<>
			<Input aria-label={`${t('money.what')} ${at}`} value={part.title} maxLength={160} onChange={(e) => onSet({ title: e.target.value })} />
			<Input aria-label={`% ${at}`} value={part.percent} inputMode="decimal" onChange={(e) => onSet({ percent: e.target.value })} />
			<Input aria-label={`${t('money.days_after')} ${at}`} value={part.days} inputMode="numeric" onChange={(e) => onSet({ days: e.target.value })} />
			<Button type="text" size="small" aria-label={t('money.part_drop', { n: at })} disabled={only} onClick={onDrop}>✕</Button>
		</>
	);
}
