/** A mailbox: its password, a test, when it was read and what went wrong. */
import { Alert, App, Button, Input, Modal } from 'antd';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { get, post, put } from '@/api/client.ts';
import type { PartProps } from '@/app/feature.ts';
import { problemText } from '@/components/common/undo.tsx';
import { Failed, Loading } from '@/components/common/States.tsx';
import { When } from '@/components/common/When.tsx';
import { number, relative } from '@/lib/format.ts';
import './mailboxes.css';

interface Health {
	id: string;
	active: boolean;
	failures: number;
	paused_until: string | null;
	error: string | null;
	said: string;
	fetched_at: string | null;
	news_at: string | null;
	has_password: boolean;
	alarm: boolean;
}

const HEALTH = ['mailboxes', 'health'];

export default function MailboxWays({ record }: PartProps) {
	const { t } = useTranslation();
	const id = String(record.row.id);
	const health = useQuery({
		queryKey: HEALTH, queryFn: ({ signal }) => get<{ mailboxes: Health[] }>('mailboxes/health', signal), refetchInterval: 5000,
	});
	const [asking, setAsking] = useState(false);
	const state = health.data?.mailboxes.find((m) => m.id === id);
	if (health.isError && !state) return <Failed error={health.error} onRetry={() => void health.refetch()} small />;
	if (!state) return <Loading rows={3} />;
	return (
		<div className="mailbox-ways">
			{!state.has_password && <Alert type="warning" showIcon title={t('mailboxes.no_password')} description={t('mailboxes.no_password_text')} />}
			{state.has_password && state.failures > 0 && (
				<Alert
					type={state.alarm ? 'error' : 'warning'} showIcon title={state.error}
					description={[state.said, state.paused_until ? t('mailboxes.again_at', { when: relative(state.paused_until) }) : '']
						.filter(Boolean).join(' · ')}
				/>
			)}
			<dl className="mailbox-facts">
				<dt>{t('mailboxes.fetched_at')}</dt>
				<dd>{state.fetched_at ? <When at={state.fetched_at} /> : t('mailboxes.never')}</dd>
				<dt>{t('mailboxes.news_at')}</dt>
				<dd>{state.news_at ? <When at={state.news_at} /> : t('mailboxes.never')}</dd>
			</dl>
			<div className="mailbox-acts">
				<Button type={state.has_password ? 'default' : 'primary'} onClick={() => setAsking(true)}>
					{t(state.has_password ? 'mailboxes.password_new' : 'mailboxes.password_give')}
				</Button>
				<Link to="/mail_message">{t('mailboxes.received')}</Link>
			</div>
			<Try id={id} ready={state.has_password} />
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
	const label = t(token ? 'mailboxes.token' : 'mailboxes.password');
	async function save() {
		try {
			await put(`mailboxes/${id}/password`, { password: text });
			void message.success(t('mailboxes.password_kept'));
			onClose();
		} catch (error) {
			void message.error(problemText(error, t));
		}
		void cache.invalidateQueries({ queryKey: HEALTH });
	}
	return (
		<Modal
			open title={label} okText={t('word.save')} okButtonProps={{ disabled: text === '' }}
			onCancel={onClose} onOk={() => void save()} destroyOnHidden
		>
			<p>{t('mailboxes.password_text')}</p>
			<label htmlFor={field}>{label}</label>
			<Input.Password id={field} autoComplete="new-password" value={text} onChange={(e) => setText(e.target.value)} />
		</Modal>
	);
}

interface Tried {
	good: boolean;
	error: string | null;
	said: string;
	messages: number;
	idle: boolean;
	took_ms: number;
}

function Try({ id, ready }: { id: string; ready: boolean }) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const [busy, setBusy] = useState(false);
	const [tried, setTried] = useState<Tried | null>(null);
	async function go() {
		setBusy(true);
		setTried(null);
		try {
			setTried(await post<Tried>(`mailboxes/${id}/test`));
		} catch (error) {
			void message.error(problemText(error, t));
		}
		setBusy(false);
	}
	return (
		<section className="mailbox-ways" aria-label={t('mailboxes.try')}>
			<div className="mailbox-acts"><Button loading={busy} disabled={!ready} onClick={() => void go()}>{t('mailboxes.try')}</Button></div>
			<div role="status">
				{tried && (
					<Alert
						type={tried.good ? 'success' : 'error'} showIcon
						title={tried.good ? t('mailboxes.try_good', { ms: number(tried.took_ms), n: number(tried.messages) }) : tried.error}
						description={tried.good ? t(tried.idle ? 'mailboxes.at_once' : 'mailboxes.each_minute') : tried.said}
					/>
				)}
			</div>
		</section>
	);
}
