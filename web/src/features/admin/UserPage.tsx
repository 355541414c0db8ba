/** A person in the house: facts, rights, password, leaving. */
import { Alert, App, Button, Checkbox, Modal } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { post } from '@/api/client.ts';
import { type RecordAnswer, refresh, useCache } from '@/api/records.ts';
import { useApp, useCan } from '@/app/context.tsx';
import type { RecordPageProps } from '@/app/features.ts';
import { problemText } from '@/components/common/undo.tsx';
import { RecordPage } from '@/components/record/RecordPage.tsx';
import { Once } from '@/features/account/Once.tsx';
import { HandOver } from './HandOver.tsx';

export default function UserPage({ entity, id }: RecordPageProps) {
	const { t } = useTranslation();
	const navigate = useNavigate();
	const { me } = useApp();
	const manage = useCan('users');
	return (
		<RecordPage
			entity={entity} id={id} without={['team']}
			head={(record) => <UserState record={record} />}
			actions={(record) => (
				<>
					{manage && <Button onClick={() => void navigate(`/user/${id}/rights`)}>{t('rights.title')}</Button>}
					{manage && !record.barred && id !== me.id && <PasswordButton record={record} />}
					<LeaveButton record={record} barred={Boolean(record.barred)} />
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
	const [keep, setKeep] = useState(false);

	async function make() {
		setBusy(true);
		try {
			const answer = await post<{ password: string }>(`user/${row.id}/password`, keep ? { keep_tokens: true } : undefined);
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
				{Boolean(row.password_changed_at) && (
					<>
						<Checkbox checked={keep} onChange={(e) => setKeep(e.target.checked)}>{t('user.keep_tokens')}</Checkbox>
						<p className="hint">{t('account.keep_tokens_hint')}</p>
					</>
				)}
			</Modal>
			<Modal open={shown !== null} title={t('user.new_password', { name: row.name })} footer={<Button type="primary" onClick={() => setShown(null)}>{t('user.written_down')}</Button>} closable={false} width={480}>
				<p>{t('account.once')}</p>
				{shown && <Once label={t('sign_in.password')} value={shown} />}
			</Modal>
		</>
	);
}

function LeaveButton({ record: { row }, barred }: { record: RecordAnswer; barred: boolean }) {
	const { me } = useApp();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const manages = useCan('users') && !barred;
	const assigns = useCan('assign');
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
			{assigns && <Button onClick={() => setHanding(true)}>{t('user.hand_over')}</Button>}
			{manages && row.id !== me.id && <Button danger={active} onClick={() => void enable(!active)}>{active ? t('user.disable') : t('user.enable')}</Button>}
			{handing && <HandOver row={row} disables={manages} onClose={() => setHanding(false)} />}
		</>
	);
}
