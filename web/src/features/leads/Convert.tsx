/** A lead becomes a customer and a deal; looked for first among those who are there. */
import { App, Button, Modal, Radio, Checkbox } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { post } from '@/api/client.ts';
import { entityOf, may, refresh, useCache } from '@/api/records.ts';
import type { Row } from '@/api/types.ts';
import type { PartProps } from '@/app/feature.ts';
import { useMeta } from '@/app/context.tsx';
import { problemText, useUndo } from '@/components/common/undo.tsx';
import { useAlike } from '@/api/alike.ts';

export default function Convert({ entity, record }: PartProps) {
	const meta = useMeta();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const undo = useUndo();
	const [open, setOpen] = useState(false);
	const row = record.row;
	if (!may(entity, 'update')) return null;
	const again = () => refresh(cache, 'lead', 'customer', 'opportunity', 'interaction');
	const back = async () => {
		await post(`lead/${row.id}/undo`, {});
		await again();
	};
	async function take() {
		try {
			await back();
			void message.success(t('leads.undone'));
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}
	if (row.state === 'converted')
		return (
			<>
				{row.opportunity_id ? (
					<Link to={`/opportunity/${String(row.opportunity_id)}`}><Button tabIndex={-1}>{entityOf(meta, 'opportunity')?.label}</Button></Link>
				) : null}
				<Button onClick={() => void take()}>{t('leads.undo')}</Button>
			</>
		);
	if (!may(entityOf(meta, 'customer'), 'create')) return null;
	const done = () => {
		setOpen(false);
		undo(t('leads.converted', { name: String(row.name) }), back);
		void again();
	};
	return (
		<>
			<Button type="primary" onClick={() => setOpen(true)}>{t('leads.convert')}</Button>
			{open && <Dialog row={row} onClose={() => setOpen(false)} onDone={done} />}
		</>
	);
}

function Dialog({ row, onClose, onDone }: { row: Row; onClose(): void; onDone(): void }) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const [customer, setCustomer] = useState('');
	const [deal, setDeal] = useState(true);
	const [busy, setBusy] = useState(false);
	// the rules that are asked when a customer is saved
	const found = useAlike({ name: row.company ?? row.name, kind: row.company ? 'company' : 'person', phone: row.phone, email: row.email, city: row.city });
	const alike = (found.data?.matches ?? []).filter((m) => m.visible);
	async function save() {
		setBusy(true);
		try {
			await post(`lead/${row.id}/convert`, { ...(customer ? { customer_id: customer } : {}), without_deal: !deal });
			onDone();
		} catch (error) {
			void message.error(problemText(error, t));
			setBusy(false);
		}
	}
	return (
		<Modal
			open title={t('leads.convert_title', { name: String(row.name) })} onCancel={onClose} onOk={() => void save()}
			okText={t('leads.convert')} okButtonProps={{ loading: busy }} cancelText={t('word.cancel')}
		>
			<div className="stack">
				{alike.length > 0 && <p>{t('leads.alike')}</p>}
				<Radio.Group
					value={customer} onChange={(e) => setCustomer(String(e.target.value))} className="stack"
					options={[
						{ value: '', label: t(row.company ? 'leads.new_company' : 'leads.new_person') },
						...alike.map((c) => ({ value: c.id!, label: [c.name, c.city, c.rule].filter(Boolean).join(' · ') })),
					]}
				/>
				<Checkbox checked={deal} onChange={(e) => setDeal(e.target.checked)}>{t('leads.with_deal')}</Checkbox>
			</div>
		</Modal>
	);
}
