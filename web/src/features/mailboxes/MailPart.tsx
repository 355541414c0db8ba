/** What stands below a message that came or went by mail: why it is here, the mail as it was sent, what became of an answer. */
import { App, Button, Input, Modal } from 'antd';
import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { get, post } from '@/api/client.ts';
import { entityOf, fieldOf, refresh, useCache } from '@/api/records.ts';
import { useMeta } from '@/app/context.tsx';
import { Failed, Loading } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { optionLabel } from '@/fields/enum.tsx';
import './mailboxes.css';

export interface Came {
	id: string;
	message_id: string | null;
	from: string | null;
	address: string | null;
	subject: string | null;
	reason: string;
	detail: string | null;
	attachments: number;
	html: boolean;
	quoted: boolean;
	cut: boolean;
}

interface Went {
	message_id: string;
	to: string | null;
	state: string;
	reason: string;
	reply: string;
}

/** All mails of a case are asked for once, by whoever shows a message. */
function useMails(caseId: string, seq: number) {
	return useQuery({
		queryKey: ['case_mails', caseId, seq], queryFn: ({ signal }) => get<{ came: Came[]; went: Went[] }>(`case/${caseId}/mails`, signal),
		refetchInterval: (query) => (query.state.data?.went.some((w) => w.state === 'waiting' || w.state === 'sending') ? 3000 : false),
	});
}

/** `seq`: the number of the last message, so that a new one has the mails asked for again. */
export default function MailPart({ caseId, messageId, seq, mayMove }: { caseId: string; messageId: string; seq: number; mayMove: boolean }) {
	const { t } = useTranslation();
	const mails = useMails(caseId, seq);
	const came = mails.data?.came.find((m) => m.message_id === messageId);
	const went = mails.data?.went.find((m) => m.message_id === messageId);
	if (came) return <Received mail={came} mayMove={mayMove} />;
	if (!went) return null;
	const failed = went.state === 'failed' || went.state === 'refused';
	return (
		<div className="mail-part">
			<div className="mail-line">
				<span>{t('mailboxes.to', { to: went.to ?? '' })}</span>
				<span className={failed ? 'is-bad' : ''}>
					{t(`mailboxes.went.${went.reason === 'outbox_bounced' ? 'bounced' : went.state}`, { defaultValue: went.state })}
				</span>
				{failed && went.reply && <span className="is-bad">{went.reply}</span>}
			</div>
		</div>
	);
}

export function Received({ mail, mayMove, whole = false }: { mail: Came; mayMove: boolean; whole?: boolean }) {
	const { t } = useTranslation();
	const meta = useMeta();
	const [shown, setShown] = useState<'' | 'text' | 'frame'>(whole ? (mail.html ? 'frame' : 'text') : '');
	const [moving, setMoving] = useState(false);
	const entity = entityOf(meta, 'mail_message');
	const reason = entity && fieldOf(entity, 'reason');
	const text = useQuery({
		queryKey: ['mail_text', mail.id], enabled: shown === 'text', staleTime: Infinity,
		queryFn: ({ signal }) => get<{ text: string; read: boolean }>(`mail_message/${mail.id}/text`, signal),
	});
	const toggle = (what: 'text' | 'frame') => setShown(shown === what ? '' : what);
	return (
		<div className="mail-part">
			<div className="mail-line">
				<span>{mail.from ?? mail.address}</span>
				{reason && <span>{optionLabel(reason, mail.reason)}{(mail.reason === 'sent' || mail.reason === 'reply_address') && mail.detail
					? ` · ${t('mailboxes.other_sender')}` : ''}</span>}
				{mail.cut && <span>{t('mailboxes.cut')}</span>}
			</div>
			<div className="mail-line">
				{(mail.quoted || whole) && (
					<Button type="text" size="small" aria-expanded={shown === 'text'} onClick={() => toggle('text')}>{t('mailboxes.whole')}</Button>
				)}
				{mail.html && (
					<Button type="text" size="small" aria-expanded={shown === 'frame'} onClick={() => toggle('frame')}>{t('mailboxes.as_sent')}</Button>
				)}
				<a href={`/api/v1/mail_message/${mail.id}/raw`} download="mail.eml">
					{mail.attachments > 0 ? t('mailboxes.with_attachments', { count: mail.attachments, n: mail.attachments }) : t('mailboxes.original')}
				</a>
				{mayMove && <Button type="text" size="small" onClick={() => setMoving(true)}>{t('mailboxes.move')}</Button>}
			</div>
			{shown === 'text' && text.isPending && <Loading rows={3} />}
			{shown === 'text' && text.isError && <Failed error={text.error} onRetry={() => void text.refetch()} small />}
			{shown === 'text' && text.data && <pre className="mail-text" tabIndex={0}>{text.data.read ? text.data.text : t('mailboxes.unread')}</pre>}
			{shown === 'frame' && (
				<iframe
					className="mail-frame" title={t('mailboxes.as_sent')} sandbox="allow-popups allow-popups-to-escape-sandbox"
					src={`/api/v1/mail_message/${mail.id}/frame`}
				/>
			)}
			{moving && <Move mail={mail} onClose={() => setMoving(false)} />}
		</div>
	);
}

/** A match was wrong: into another case by its number, or into one of its own. */
function Move({ mail, onClose }: { mail: Came; onClose(): void }) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const go = useNavigate();
	const cache = useCache();
	const field = useId();
	const [number, setNumber] = useState('');
	const [busy, setBusy] = useState(false);
	async function move(body: object) {
		setBusy(true);
		try {
			const { case_id } = await post<{ case_id: string }>(`mail_message/${mail.id}/move`, body);
			await refresh(cache, 'case', 'case_message', 'mail_message', 'case_clock');
			onClose();
			void go(`/case/${case_id}`);
		} catch (error) {
			void message.error(problemText(error, t));
		}
		setBusy(false);
	}
	async function byNumber() {
		const wanted = number.trim();
		try {
			const [found] = await get<{ id: string }[]>(`case?number=eq.${encodeURIComponent(wanted)}&select=id&limit=1`);
			if (found) await move({ case_id: found.id });
			else void message.error(t('mailboxes.no_case', { number: wanted }));
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}
	return (
		<Modal open title={t('mailboxes.move_title')} onCancel={onClose} footer={null} width={460} destroyOnHidden>
			<form className="mailbox-ways" onSubmit={(e) => { e.preventDefault(); void byNumber(); }}>
				<label htmlFor={field}>{t('mailboxes.case_number')}</label>
				<div className="mailbox-acts">
					<Input id={field} value={number} onChange={(e) => setNumber(e.target.value)} style={{ maxWidth: 220 }} />
					<Button type="primary" htmlType="submit" loading={busy} disabled={number.trim() === ''}>{t('mailboxes.move_there')}</Button>
				</div>
				<p><Button loading={busy} onClick={() => void move({ fresh: true })}>{t('mailboxes.move_fresh')}</Button></p>
			</form>
		</Modal>
	);
}
