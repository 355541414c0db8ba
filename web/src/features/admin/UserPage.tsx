/** A person in the house: facts, rights, password, leaving. */
import { Alert, App, Button, Input, Modal, Select } from 'antd';
import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { post } from '@/api/client.ts';
import { entityOf, fetchPage, may, type RecordAnswer, refresh, useCache } from '@/api/records.ts';
import type { Row } from '@/api/types.ts';
import { useApp, useCan } from '@/app/context.tsx';
import type { RecordPageProps } from '@/app/features.ts';
import { problemText } from '@/components/common/undo.tsx';
import { RecordPage } from '@/components/record/RecordPage.tsx';
import { Once } from '@/features/account/Once.tsx';
import { number } from '@/lib/format.ts';

export default function UserPage({ entity, id }: RecordPageProps) {
	const { t } = useTranslation();
	const navigate = useNavigate();
	const manage = useCan('users');
	return (
		<RecordPage
			entity={entity} id={id} without={['team']}
			head={(record) => <UserState record={record} />}
			actions={(record) => manage && (
				<>
					<Button onClick={() => void navigate(`/user/${id}/rights`)}>{t('rights.title')}</Button>
					<PasswordButton record={record} />
					<LeaveButton record={record} />
				</>
			)}
		/>
	);
}

function UserState({ record: { row } }: { record: RecordAnswer }) {
	const { t } = useTranslation();
	if (row.active === false) return <Alert type="warning" showIcon title={t('user.disabled')} />;
	if (!row.password_changed_at) return <Alert type="info" showIcon title={t('user.no_password')} />;
	return null;
}

function PasswordButton({ record: { row } }: { record: RecordAnswer }) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const [shown, setShown] = useState<string | null>(null);
	const [asking, setAsking] = useState(false);
	const [busy, setBusy] = useState(false);

	async function make() {
		setBusy(true);
		try {
			const answer = await post<{ password: string }>(`user/${row.id}/password`);
			setShown(answer.password);
			setAsking(false);
			await refresh(cache, 'user');
		} catch (error) {
			void message.error(problemText(error, t));
		}
		setBusy(false);
	}

	return (
		<>
			<Button onClick={() => setAsking(true)}>{row.password_changed_at ? t('user.reset') : t('user.make_password')}</Button>
			<Modal open={asking} title={row.password_changed_at ? t('user.reset') : t('user.make_password')} onCancel={() => setAsking(false)} onOk={() => void make()} okText={t('user.reset_go')} confirmLoading={busy} width={440}>
				<p>{t('user.reset_text', { name: row.name })}</p>
			</Modal>
			<Modal open={shown !== null} title={t('user.new_password', { name: row.name })} footer={<Button type="primary" onClick={() => setShown(null)}>{t('user.written_down')}</Button>} closable={false} width={480}>
				<p>{t('account.once')}</p>
				{shown && <Once label={t('sign_in.password')} value={shown} />}
			</Modal>
		</>
	);
}

function LeaveButton({ record: { row } }: { record: RecordAnswer }) {
	const { me } = useApp();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const [handing, setHanding] = useState(false);
	const active = row.active !== false;

	async function enable(on: boolean) {
		try {
			await post(`user/${row.id}/${on ? 'enable' : 'disable'}`);
			await refresh(cache, 'user');
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}

	return (
		<>
			<Button onClick={() => setHanding(true)}>{t('user.hand_over')}</Button>
			{row.id !== me.id && <Button danger={active} onClick={() => void enable(!active)}>{active ? t('user.disable') : t('user.enable')}</Button>}
			{handing && <HandOver row={row} onClose={() => setHanding(false)} />}
		</>
	);
}

/** Everything of a leaving colleague goes to somebody else in one step. */
function HandOver({ row, onClose }: { row: Row; onClose(): void }) {
	const { meta } = useApp();
	const { t } = useTranslation();
	const id = useId();
	const cache = useCache();
	const [to, setTo] = useState<string | null>(null);
	const [typed, setTyped] = useState('');
	const [busy, setBusy] = useState(false);
	const [moved, setMoved] = useState<number | null>(null);
	const [problem, setProblem] = useState<string | null>(null);
	const owned = meta.entities.filter((e) => !e.system && e.owner && e.name !== 'saved_view' && may(e, 'update'));
	const users = entityOf(meta, 'user');
	const choices = useQuery({
		queryKey: ['some', 'user', 'active'],
		enabled: users !== undefined,
		queryFn: ({ signal }) => fetchPage(users!, new URLSearchParams({ select: 'id,name,email', active: 'is.true', order: 'name.asc', limit: '500' }), signal),
	});
	const counts = useQuery({
		queryKey: ['owned', row.id],
		queryFn: async ({ signal }) => Promise.all(owned.map(async (e) => {
			const page = await fetchPage(e, new URLSearchParams({ select: 'id', [e.owner!]: `eq.${row.id}`, limit: '1' }), signal, 'count=exact');
			return page.total ?? page.rows.length;
		})),
	});
	const total = counts.data?.reduce((a, b) => a + b, 0) ?? 0;
	const sure = typed.trim() === String(row.name);

	async function go() {
		setBusy(true);
		setProblem(null);
		try {
			const answer = await post<{ total: number }>(`user/${row.id}/handover`, { to });
			setMoved(answer.total);
			await refresh(cache, ...owned.map((e) => e.name));
		} catch (error) {
			setProblem(problemText(error, t));
		}
		setBusy(false);
		await counts.refetch();
	}

	return (
		<Modal
			open title={t('user.hand_over_title', { name: row.name })} onCancel={onClose} width={520} mask={{ closable: false }}
			footer={moved !== null ? <Button type="primary" onClick={onClose}>{t('word.close')}</Button> : [
				<Button key="c" onClick={onClose}>{t('word.cancel')}</Button>,
				<Button key="g" type="primary" disabled={!to || !sure || total === 0} loading={busy} onClick={() => void go()}>{t('user.hand_over_go')}</Button>,
			]}
		>
			<div className="stack">
				{problem && <Alert type="error" showIcon title={problem} description={t('user.hand_over_part')} />}
				{moved !== null ? <Alert type="success" showIcon title={t('user.hand_over_done', { n: number(moved), count: moved })} /> : (
					<>
						<table className="plain-table">
							<thead><tr><th scope="col">{t('user.what')}</th><th scope="col" className="is-right">{t('user.how_many')}</th></tr></thead>
							<tbody>{owned.map((e, i) => <tr key={e.name}><td><Link to={`/${e.name}?${e.owner}=in.(${row.id})`}>{e.label_many}</Link></td><td className="is-right">{counts.data ? number(counts.data[i] ?? 0) : '…'}</td></tr>)}</tbody>
						</table>
						<label htmlFor={`${id}t`}>{t('user.successor')}</label>
						<Select
							id={`${id}t`} aria-label={t('user.successor')} value={to} onChange={setTo} showSearch={{ optionFilterProp: 'label' }} loading={choices.isPending}
							options={choices.data?.rows.filter((u) => u.id !== row.id).map((u) => ({ value: u.id, label: `${String(u.name)} (${String(u.email)})` })) ?? []}
						/>
						<label htmlFor={`${id}n`}>{t('user.type_name', { name: row.name })}</label>
						<Input id={`${id}n`} value={typed} onChange={(e) => setTyped(e.target.value)} autoComplete="off" />
					</>
				)}
			</div>
		</Modal>
	);
}
