/** Mails as rows: to whom, what, what became of it, and what can be done. */
import { App, Button, Input, Modal, Tag } from 'antd';
import { useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { post } from '@/api/client.ts';
import { entityOf } from '@/api/records.ts';
import { useMeta } from '@/app/context.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { When } from '@/components/common/When.tsx';
import { number, relative } from '@/lib/format.ts';
import { OUTBOX, type Mail, type State } from './outbox.ts';

const COLOURS: Record<State, string> = {
	waiting: 'processing', sending: 'processing', sent: 'success', failed: 'error', refused: 'default', unsure: 'warning', skipped: 'default',
};

/** What a person may do about mails. */
export function useActs() {
	const { t } = useTranslation();
	const { message, modal } = App.useApp();
	const cache = useQueryClient();
	async function act(path: string, said: string, body?: object) {
		try {
			await post(`outbox/${path}`, body);
			void message.success(t(said));
			return true;
		} catch (error) {
			void message.error(problemText(error, t));
			return false;
		} finally {
			void cache.invalidateQueries({ queryKey: OUTBOX });
		}
	}
	return {
		retryAll: () => act('retry', 'mail.again_done'),
		skip: (mail: Mail, reason: string) => act(`${mail.id}/skip`, 'mail.skipped_done', { reason }),
		retry(mail: Mail) {
			if (mail.state !== 'unsure') return void act(`${mail.id}/retry`, 'mail.again_done');
			void modal.confirm({
				title: t('mail.sure_title'), content: t('mail.sure_text', { to: mail.to_address }), okText: t('mail.retry'),
				onOk: () => act(`${mail.id}/retry`, 'mail.again_done'),
			});
		},
	};
}

export function MailTable({ mails }: { mails: Mail[] }) {
	const { t } = useTranslation();
	const acts = useActs();
	const id = useId();
	const [skipping, setSkipping] = useState<Mail | null>(null);
	const [reason, setReason] = useState('');
	const skippable = (m: Mail) => ['waiting', 'failed', 'unsure'].includes(m.state);
	return (
		<>
			<div className="table-scroll" tabIndex={0} role="region" aria-label={t('mail.title')}>
				<table className="plain-table mail-table">
					<thead>
						<tr>
							{['to', 'subject', 'state', 'when'].map((k) => <th key={k} scope="col">{t(`mail.${k}`)}</th>)}
							<th scope="col"><span className="sr-only">{t('word.actions')}</span></th>
						</tr>
					</thead>
					<tbody>
						{mails.map((m) => (
							<tr key={m.id}>
								<td>{m.to_name && <div>{m.to_name}</div>}<span className={m.to_name ? 'quiet' : ''}>{m.to_address}</span></td>
								<td><div>{m.subject}</div><Cause mail={m} /></td>
								<td><Became mail={m} /></td>
								<td><When at={m.done_at ?? m.created_at} /></td>
								<td className="row-actions">
									{(m.state === 'failed' || m.state === 'unsure') && <Button size="small" onClick={() => acts.retry(m)}>{t('mail.retry')}</Button>}
									{skippable(m) && <Button size="small" onClick={() => { setReason(''); setSkipping(m); }}>{t('mail.skip')}</Button>}
								</td>
							</tr>
						))}
					</tbody>
				</table>
			</div>
			<Modal
				open={skipping !== null} width={460} title={t('mail.skip_title')} okText={t('mail.skip')} okButtonProps={{ disabled: reason.trim() === '' }}
				onCancel={() => setSkipping(null)}
				onOk={() => void (skipping && acts.skip(skipping, reason.trim()).then((done) => done && setSkipping(null)))}
			>
				<label htmlFor={id}>{t('mail.reason')}</label>
				<Input id={id} value={reason} onChange={(e) => setReason(e.target.value)} maxLength={500} />
			</Modal>
		</>
	);
}

function Cause({ mail }: { mail: Mail }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const entity = mail.entity ? entityOf(meta, mail.entity) : undefined;
	const purpose = t(`mail.purpose_${mail.purpose}`);
	if (!entity || mail.record_id === '0') return <span className="quiet">{purpose}</span>;
	return <span className="quiet">{purpose} · <Link to={`/${mail.entity}/${mail.record_id}`}>{entity.label}</Link></span>;
}

function Became({ mail: m }: { mail: Mail }) {
	const { t } = useTranslation();
	const more = [
		m.why,
		m.state !== 'sent' && m.reply ? `${m.reply_code ? `${m.reply_code} ` : ''}${m.reply}` : '',
		m.attempts > 1 ? t('mail.tries', { count: m.attempts, n: number(m.attempts) }) : '',
		m.state === 'waiting' && m.next_at && Date.parse(m.next_at) > Date.now() ? t('mail.again_at', { when: relative(m.next_at) }) : '',
	].filter(Boolean).join(' · ');
	return <><Tag color={COLOURS[m.state]}>{t(`mail.state_${m.state}`)}</Tag> <span className="quiet">{more}</span></>;
}
