/** What of an order goes back, and why; the rules are said before anybody promises anything. */
import { Button, Input, Modal, Select } from 'antd';
import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { get, post } from '@/api/client.ts';
import { entityOf, fieldOf, refresh, useCache } from '@/api/records.ts';
import type { Row } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import type { PartProps } from '@/app/feature.ts';
import { Empty, Failed, Loading } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { date, number, parseDecimal } from '@/lib/format.ts';
import { reasonName, useReasons } from './reasons.ts';
import './returns.css';

interface Line {
	order_line_id: string;
	name: string | null;
	sku: string | null;
	quantity: string;
	left: string;
	rule: string;
	until: string | null;
	rule_fault: string;
	until_fault: string | null;
}

interface Given {
	quantity: string;
	reason: string;
	words: string;
}

export default function NewReturn({ entity, record: { row } }: PartProps) {
	const { t } = useTranslation();
	const [open, setOpen] = useState(false);
	const order = entity.name === 'order' ? row.id : String(row.order_id);
	return (
		<>
			<Button onClick={() => setOpen(true)}>{t('returns.new')}</Button>
			{open && <Dialog order={order} caseId={entity.name === 'case' ? row.id : null} onClose={() => setOpen(false)} />}
		</>
	);
}

function Dialog({ order, caseId, onClose }: { order: string; caseId: string | null; onClose(): void }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const id = useId();
	const go = useNavigate();
	const cache = useCache();
	const entity = entityOf(meta, 'goods_return');
	const [wish, setWish] = useState('refund');
	const [given, setGiven] = useState<Record<string, Given>>({});
	const [exception, setException] = useState('');
	const [busy, setBusy] = useState(false);
	const [wrong, setWrong] = useState<string | null>(null);
	const reasons = useReasons();
	const told = useQuery({
		queryKey: ['some', 'return_line', 'returnable', order],
		queryFn: ({ signal }) => get<{ lines: Line[] }>(`order/${order}/returnable`, signal),
	});
	const lines = told.data?.lines ?? [];
	const chosen = lines.filter((l) => Number(parseDecimal(given[l.order_line_id]?.quantity ?? '') ?? 0) > 0);
	const outside = chosen.some((l) => verdict(l, reasons.find((r) => r.id === given[l.order_line_id]?.reason)).rule !== 'fits');
	const set = (line: Line, part: Partial<Given>) =>
		setGiven((all) => ({ ...all, [line.order_line_id]: { quantity: '', reason: '', words: '', ...all[line.order_line_id], ...part } }));
	async function save() {
		if (!chosen.length || chosen.some((l) => !given[l.order_line_id]?.reason)) return setWrong(t('returns.say_what'));
		setBusy(true);
		setWrong(null);
		try {
			const made = await post<{ id: string }>('returns/apply', {
				order_id: order, wish, ...(caseId ? { case_id: caseId } : {}), ...(outside && exception ? { exception } : {}),
				lines: chosen.map((l) => {
					const g = given[l.order_line_id]!;
					return { order_line_id: l.order_line_id, quantity: parseDecimal(g.quantity), reason_id: g.reason, ...(g.words ? { words: g.words } : {}) };
				}),
			});
			await refresh(cache, 'goods_return', 'return_line');
			void go(`/goods_return/${made.id}`);
		} catch (error) {
			setWrong(problemText(error, t));
			setBusy(false);
		}
	}
	return (
		<Modal
			open width={720} title={t('returns.new')} onCancel={onClose} okText={t('returns.apply')} cancelText={t('word.cancel')}
			okButtonProps={{ htmlType: 'submit', form: id, loading: busy, disabled: lines.every((l) => Number(l.left) <= 0) }}
		>
			<form
				id={id} className="stack" onSubmit={(e) => {
					e.preventDefault();
					void save();
				}}
			>
				<label htmlFor={`${id}w`}>{fieldOf(entity, 'wish')?.label}</label>
				<Select
					id={`${id}w`} value={wish} onChange={setWish}
					options={fieldOf(entity, 'wish')?.options?.map((o) => ({ value: o.value, label: o.label }))}
				/>
				{told.isError ? <Failed error={told.error} onRetry={() => void told.refetch()} small /> : !told.data ? <Loading rows={3} /> : lines.length === 0
					? <Empty title={t('returns.no_lines')} />
					: lines.map((line) => (
						<LineRow
							key={line.order_line_id} line={line} given={given[line.order_line_id]} reasons={reasons} onSet={(part) => set(line, part)}
						/>
					))}
				{outside && (
					<>
						<label htmlFor={`${id}x`}>{fieldOf(entity, 'exception')?.label}</label>
						<Input id={`${id}x`} value={exception} maxLength={300} onChange={(e) => setException(e.target.value)} />
						<p className="hint">{t('returns.outside_hint')}</p>
					</>
				)}
				{wrong && <p className="problem" role="alert">{wrong}</p>}
			</form>
		</Modal>
	);
}

/** Where the fault is the firm's, its longer time counts. */
function verdict(line: Line, reason?: Row) {
	return reason?.firm_fault ? { rule: line.rule_fault, until: line.until_fault } : { rule: line.rule, until: line.until };
}

function LineRow({ line, given, reasons, onSet }: { line: Line; given?: Given; reasons: Row[]; onSet(part: Partial<Given>): void }) {
	const { t } = useTranslation();
	const left = Number(line.left);
	const { rule, until } = verdict(line, reasons.find((r) => r.id === given?.reason));
	const timed = until ? t(rule === 'fits' ? 'returns.until' : 'returns.was_until', { day: date(until) }) : t('returns.no_rule');
	const ruled = rule === 'excluded' ? t('returns.excluded') : timed;
	return (
		<fieldset className="return-line" disabled={left <= 0}>
			<legend>{line.name ?? line.sku ?? `#${line.order_line_id}`}</legend>
			<p className={rule === 'fits' ? 'hint' : 'hint is-late'}>
				{left <= 0 ? t('returns.all_gone') : t('returns.left', { left: number(left), sold: number(line.quantity) })}
				{left > 0 && ` · ${ruled}`}
			</p>
			<div className="return-fields">
				<Input
					aria-label={t('returns.quantity')} placeholder={t('returns.quantity')} inputMode="decimal" value={given?.quantity ?? ''}
					onChange={(e) => onSet({ quantity: e.target.value })}
				/>
				<Select
					aria-label={t('returns.reason')} placeholder={t('returns.reason')} value={given?.reason || undefined}
					onChange={(reason: string) => onSet({ reason, quantity: given?.quantity || '1' })}
					options={reasons.filter((r) => r.active).map((r) => ({ value: r.id, label: reasonName(r, t) }))} disabled={left <= 0}
				/>
				<Input
					aria-label={t('returns.words')} placeholder={t('returns.words')} maxLength={500} value={given?.words ?? ''}
					onChange={(e) => onSet({ words: e.target.value })}
				/>
			</div>
		</fieldset>
	);
}
