/** It goes on to another owner; who had it before is kept. */
import { Button, Input, Modal } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { post } from '@/api/client.ts';
import { entityOf, fieldOf, refresh, useCache } from '@/api/records.ts';
import { useMeta } from '@/app/context.tsx';
import type { PartProps } from '@/app/feature.ts';
import { problemText } from '@/components/common/undo.tsx';
import { kindOf } from '@/fields/index.tsx';

export default function Transfer({ record: { row } }: PartProps) {
	const { t } = useTranslation();
	const [open, setOpen] = useState(false);
	return (
		<>
			<Button onClick={() => setOpen(true)}>{t('equipment.transfer')}</Button>
			{open && <Dialog id={row.id} serial={String(row.serial ?? '')} onClose={() => setOpen(false)} />}
		</>
	);
}

function Dialog({ id: equipment, serial, onClose }: { id: string; serial: string; onClose(): void }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const id = useId();
	const cache = useCache();
	const entity = entityOf(meta, 'equipment');
	const whose = fieldOf(entity, 'customer_id');
	const Whose = whose ? kindOf(whose).Edit : null;
	const [customer, setCustomer] = useState<unknown>(null);
	const [on, setOn] = useState('');
	const [place, setPlace] = useState('');
	const [reason, setReason] = useState('');
	const [busy, setBusy] = useState(false);
	const [wrong, setWrong] = useState<string | null>(null);
	async function save() {
		if (!customer) return setWrong(t('equipment.say_whose'));
		setBusy(true);
		setWrong(null);
		try {
			await post(`equipment/${equipment}/transfer`, {
				customer_id: customer,
				...(on ? { on } : {}),
				...(place ? { place } : {}),
				...(reason ? { reason } : {}),
			});
			await refresh(cache, 'equipment', 'equipment_owner', 'recall_unit');
			onClose();
		} catch (error) {
			setWrong(problemText(error, t));
			setBusy(false);
		}
	}
	return (
		<Modal
			open width={480} title={t('equipment.transfer_title', { serial })} onCancel={onClose} okText={t('equipment.transfer')} cancelText={t('word.cancel')}
			okButtonProps={{ htmlType: 'submit', form: id, loading: busy }}
		>
			<form
				id={id} className="stack" onSubmit={(e) => {
					e.preventDefault();
					void save();
				}}
			>
				<label htmlFor={`${id}c`}>{t('equipment.new_owner')}</label>
				{whose && Whose && <Whose field={whose} id={`${id}c`} label={t('equipment.new_owner')} value={customer} onChange={setCustomer} />}
				<label htmlFor={`${id}o`}>{t('equipment.on')}</label>
				<Input id={`${id}o`} type="date" value={on} onChange={(e) => setOn(e.target.value)} />
				<label htmlFor={`${id}p`}>{fieldOf(entity, 'place')?.label}</label>
				<Input id={`${id}p`} value={place} maxLength={300} onChange={(e) => setPlace(e.target.value)} />
				<label htmlFor={`${id}r`}>{t('equipment.reason')}</label>
				<Input id={`${id}r`} value={reason} maxLength={300} onChange={(e) => setReason(e.target.value)} />
				{wrong && <p className="problem" role="alert">{wrong}</p>}
			</form>
		</Modal>
	);
}
