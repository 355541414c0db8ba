/** A mail account: its password, a test that shows what was said with the server, how it is. */
import { Alert, App, Button, Input, Modal } from 'antd';
import { useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { post, put } from '@/api/client.ts';
import type { PartProps } from '@/app/feature.ts';
import { useApp } from '@/app/context.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { Loading } from '@/components/common/States.tsx';
import { number, relative } from '@/lib/format.ts';
import { OUTBOX, useHealth } from './outbox.ts';
import './mail.css';

export default function AccountWays({ record }: PartProps) {
	const { t } = useTranslation();
	const id = String(record.row.id);
	const health = useHealth();
	const [asking, setAsking] = useState(false);
	const state = health.data?.accounts.find((a) => a.id === id);
	if (!state) return <Loading rows={3} />;
	const needs = record.row.sign_in !== 'none' && !state.has_password;
	return (
		<div className="mail-account">
			{needs && <Alert type="warning" showIcon title={t('mail.no_password')} description={t('mail.no_password_text')} />}
			{state.failures > 0 && (
				<Alert
					type="error" showIcon title={state.error}
					description={[state.reply, state.paused_until ? t('mail.again_at', { when: relative(state.paused_until) }) : ''].filter(Boolean).join(' · ')}
				/>
			)}
			<div className="mail-acts">
				{record.row.sign_in !== 'none' && (
					<Button type={needs ? 'primary' : 'default'} onClick={() => setAsking(true)}>{t(state.has_password ? 'mail.password_new' : 'mail.password_give')}</Button>
				)}
				<Link to="/settings/mail">{t('mail.title')}</Link>
			</div>
			<Try id={id} />
			{asking && <Password id={id} token={record.row.sign_in === 'xoauth2'} onClose={() => setAsking(false)} />}
		</div>
	);
}

function Password({ id, token, onClose }: { id: string; token: boolean; onClose(): void }) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useQueryClient();
	const field = useId();
	const [text, setText] = useState('');
	async function save() {
		try {
			await put(`outbox/accounts/${id}/password`, { password: text });
			void message.success(t('mail.password_kept'));
			onClose();
		} catch (error) {
			void message.error(problemText(error, t));
		}
		void cache.invalidateQueries({ queryKey: OUTBOX });
	}
	return (
		<Modal
			open title={t(token ? 'mail.token' : 'mail.password')} okText={t('word.save')} okButtonProps={{ disabled: text === '' }}
			onCancel={onClose} onOk={() => void save()} destroyOnHidden
		>
			<p>{t('mail.password_text')}</p>
			<label htmlFor={field}>{t(token ? 'mail.token' : 'mail.password')}</label>
			<Input.Password id={field} autoComplete="new-password" value={text} onChange={(e) => setText(e.target.value)} />
		</Modal>
	);
}

interface Tried {
	sent: boolean;
	error: string | null;
	code: number;
	reply: string;
	dialogue: string;
	took_ms: number;
}

function Try({ id }: { id: string }) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const { me } = useApp();
	const cache = useQueryClient();
	const field = useId();
	const [to, setTo] = useState(String(me.email ?? ''));
	const [busy, setBusy] = useState(false);
	const [tried, setTried] = useState<Tried | null>(null);
	async function send() {
		setBusy(true);
		setTried(null);
		try {
			setTried(await post<Tried>(`outbox/accounts/${id}/test`, { to }));
		} catch (error) {
			void message.error(problemText(error, t));
		}
		setBusy(false);
		void cache.invalidateQueries({ queryKey: OUTBOX });
	}
	return (
		<section className="mail-try" aria-label={t('mail.try_title')}>
			<label htmlFor={field}>{t('mail.try_to')}</label>
			<div className="mail-acts">
				<Input id={field} type="email" value={to} onChange={(e) => setTo(e.target.value)} onPressEnter={() => void send()} />
				<Button loading={busy} disabled={to.trim() === ''} onClick={() => void send()}>{t('mail.try')}</Button>
			</div>
			<div role="status">
				{tried && (
					<Alert
						type={tried.sent ? 'success' : 'error'} showIcon
						title={tried.sent ? t('mail.try_good', { ms: number(tried.took_ms) }) : tried.error}
						description={tried.sent ? undefined : tried.reply && `${tried.code} ${tried.reply}`}
					/>
				)}
			</div>
			{tried && tried.dialogue && (
				<details open={!tried.sent}>
					<summary>{t('mail.dialogue')}</summary>
					<pre className="mail-dialogue" tabIndex={0}>{tried.dialogue}</pre>
				</details>
			)}
		</section>
	);
}
