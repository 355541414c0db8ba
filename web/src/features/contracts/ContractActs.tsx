/** What is done with a contract beyond its steps: renew it, amend it, plan what it makes due. */
import { App, Button, Input, Modal } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { post } from '@/api/client.ts';
import { entityOf, fieldOf, may, refresh, useCache } from '@/api/records.ts';
import type { Row } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import type { PartProps } from '@/app/feature.ts';
import { problemText } from '@/components/common/undo.tsx';
import { number, parseDecimal } from '@/lib/format.ts';

export default function ContractActs({ entity, record: { row } }: PartProps) {
	const meta = useMeta();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const navigate = useNavigate();
	const [amending, setAmending] = useState(false);
	const alive = row.state === 'active' || row.state === 'ended' || row.state === 'renewed';
	async function renew() {
		try {
			const next = await post<{ id: string }>(`contract/${row.id}/renew`);
			await refresh(cache, 'contract');
			void navigate(`/contract/${next.id}`);
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}
	async function plan() {
		try {
			const { made } = await post<{ made: number }>(`contract/${row.id}/plan`);
			void message.success(t('contracts.planned', { count: made, n: number(made) }));
			await refresh(cache, 'receivable', 'contract_line');
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}
	return (
		<>
			{row.next_id
				? <Link to={`/contract/${String(row.next_id)}`}>{t('contracts.next')}</Link>
				: alive && row.ends_on && may(entity, 'create') ? <Button type="primary" onClick={() => void renew()}>{t('contracts.renew')}</Button> : null}
			{row.state === 'active' && may(entityOf(meta, 'receivable'), 'create') && <Button onClick={() => void plan()}>{t('contracts.plan')}</Button>}
			{row.state !== 'draft' && <Button onClick={() => setAmending(true)}>{t('contracts.amend')}</Button>}
			{amending && <Amend row={row} onClose={() => setAmending(false)} />}
		</>
	);
}

function Amend({ row, onClose }: { row: Row; onClose(): void }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const id = useId();
	const cache = useCache();
	const entity = entityOf(meta, 'contract');
	const [reason, setReason] = useState('');
	const [from, setFrom] = useState('');
	const [value, setValue] = useState(String(row.value ?? ''));
	const [ends, setEnds] = useState(String(row.ends_on ?? ''));
	const [busy, setBusy] = useState(false);
	const [wrong, setWrong] = useState<string | null>(null);
	const writes = (name: string) => fieldOf(entity, name)?.right === 'write';
	async function save() {
		const amount = parseDecimal(value);
		const changes = {
			...(writes('value') && amount !== null && amount !== String(row.value) ? { value: amount } : {}),
			...(writes('ends_on') && ends !== String(row.ends_on ?? '') ? { ends_on: ends || null } : {}),
		};
		setBusy(true);
		setWrong(null);
		try {
			await post(`contract/${row.id}/amend`, { reason, ...(from ? { effective_on: from } : {}), changes });
			await refresh(cache, 'contract', 'contract_version', 'contract_line');
			onClose();
		} catch (error) {
			setWrong(problemText(error, t));
			setBusy(false);
		}
	}
	return (
		<Modal
			open width={480} title={t('contracts.amend_title', { version: number(row.version_no) })} onCancel={onClose}
			okText={t('contracts.amend')} cancelText={t('word.cancel')}
			okButtonProps={{ htmlType: 'submit', form: id, loading: busy }}
		>
			<form
				id={id} className="stack" onSubmit={(e) => {
					e.preventDefault();
					void save();
				}}
			>
				<label htmlFor={`${id}r`}>{t('contracts.reason')}</label>
				<Input id={`${id}r`} value={reason} maxLength={500} autoFocus required onChange={(e) => setReason(e.target.value)} />
				{writes('value') && (
					<>
						<label htmlFor={`${id}v`}>{fieldOf(entity, 'value')?.label}</label>
						<Input id={`${id}v`} value={value} inputMode="decimal" onChange={(e) => setValue(e.target.value)} />
					</>
				)}
				{writes('ends_on') && (
					<>
						<label htmlFor={`${id}e`}>{fieldOf(entity, 'ends_on')?.label}</label>
						<Input id={`${id}e`} type="date" value={ends} onChange={(e) => setEnds(e.target.value)} />
					</>
				)}
				<label htmlFor={`${id}f`}>{t('contracts.effective')}</label>
				<Input id={`${id}f`} type="date" value={from} onChange={(e) => setFrom(e.target.value)} />
				<p className="hint">{t('contracts.amend_hint')}</p>
				{wrong && <p className="problem" role="alert">{wrong}</p>}
			</form>
		</Modal>
	);
}
