/** The thing a case is about, found by its serial number: whether it is covered, and the claim for it. */
import { Button, Input, Modal, Select } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { post } from '@/api/client.ts';
import { entityOf, fieldOf, linkedTitle, refresh, selectOf, useCache, useSome } from '@/api/records.ts';
import type { Row } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import type { PartProps } from '@/app/feature.ts';
import { Failed } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { useWarranty } from './warranty.ts';

export default function CaseWarranty({ record: { row } }: PartProps) {
	const { t } = useTranslation();
	const [open, setOpen] = useState(false);
	return (
		<>
			<Button onClick={() => setOpen(true)}>{t('equipment.check')}</Button>
			{open && <Dialog row={row} onClose={() => setOpen(false)} />}
		</>
	);
}

function Dialog({ row, onClose }: { row: Row; onClose(): void }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const id = useId();
	const cache = useCache();
	const entity = entityOf(meta, 'equipment');
	const model = fieldOf(entity, 'product_id'), title = fieldOf(entity, 'serial');
	const [serial, setSerial] = useState(String(row.serial ?? ''));
	const [picked, setPicked] = useState<string | null>(null);
	const [fault, setFault] = useState('');
	const [busy, setBusy] = useState(false);
	const [wrong, setWrong] = useState<string | null>(null);
	// by its number; without one: what the customer has
	const query: Record<string, string> | null = serial.trim()
		? { serial: `eq.${serial.trim()}` }
		: row.customer_id
			? { customer_id: `eq.${row.customer_id}` }
			: null;
	const fields = [title, model].flatMap((f) => f ?? []);
	const found = useSome(
		entity,
		new URLSearchParams({ ...query, select: entity ? selectOf(meta, entity, fields) : 'id', order: 'id.desc', limit: '20' }),
		query !== null,
	);
	const rows = query ? found.data?.rows ?? [] : [];
	const one = rows.find((r) => r.id === picked) ?? (rows.length === 1 ? rows[0] : undefined);
	const told = useWarranty(one?.id ?? null, fault || undefined);
	async function claim() {
		if (!one) return setWrong(t('equipment.say_which'));
		setBusy(true);
		setWrong(null);
		try {
			await post('warranty_claim', {
				equipment_id: one.id,
				case_id: row.id,
				what: String(row.subject ?? '').slice(0, 300),
				...(fault ? { fault_on: fault } : {}),
			});
			await refresh(cache, 'warranty_claim');
			onClose();
		} catch (error) {
			setWrong(problemText(error, t));
			setBusy(false);
		}
	}
	return (
		<Modal
			open width={520} title={t('equipment.check')} onCancel={onClose} okText={t('equipment.claim')} cancelText={t('word.cancel')}
			okButtonProps={{ htmlType: 'submit', form: id, loading: busy, disabled: !one }}
		>
			<form
				id={id} className="stack" onSubmit={(e) => {
					e.preventDefault();
					void claim();
				}}
			>
				<label htmlFor={`${id}s`}>{title?.label}</label>
				<Input id={`${id}s`} value={serial} maxLength={80} autoFocus onChange={(e) => setSerial(e.target.value)} />
				{rows.length > 1 && (
					<Select
						aria-label={t('equipment.which')} placeholder={t('equipment.which')} value={one?.id} onChange={setPicked}
						options={rows.map((r) => ({ value: r.id, label: `${String(r.serial)} · ${model ? linkedTitle(meta, model, r) ?? '' : ''}` }))}
					/>
				)}
				{query && found.isError && <Failed error={found.error} onRetry={() => void found.refetch()} small />}
				{query && found.data && rows.length === 0 && (
					<p className="hint">{t(serial.trim() ? 'equipment.not_found' : 'equipment.has_none')}</p>
				)}
				<label htmlFor={`${id}f`}>{t('equipment.fault_on')}</label>
				<Input id={`${id}f`} type="date" value={fault} onChange={(e) => setFault(e.target.value)} />
				{one && <p><Link to={`/equipment/${one.id}`}>{String(one.serial)}</Link> {model ? linkedTitle(meta, model, one) : null}</p>}
				{one && told.data && <p role="status"><b>{told.data.said}</b></p>}
				{one && told.isError && <p className="problem" role="alert">{problemText(told.error, t)}</p>}
				{wrong && <p className="problem" role="alert">{wrong}</p>}
			</form>
		</Modal>
	);
}
