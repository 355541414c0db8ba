/** A new password; every other session ends with the old one. */
import { Alert, App, Button, Checkbox, Input } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { post, setCsrf } from '@/api/client.ts';
import type { Session } from '@/api/types.ts';
import { Line, useProblems } from '@/components/form/Line.tsx';

export function Password({ onDone }: { onDone(): void }) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const id = useId();
	const [old, setOld] = useState('');
	const [fresh, setFresh] = useState('');
	const [again, setAgain] = useState('');
	const [keep, setKeep] = useState(false);
	const [busy, setBusy] = useState(false);
	const { problems, take, clear } = useProblems();
	const differs = again !== '' && again !== fresh;

	async function save() {
		setBusy(true);
		clear();
		try {
			const session = await post<Session>('account/password', { old, new: fresh, ...(keep ? { keep_tokens: true } : {}) });
			// All other sessions ended with the old password; this one was made anew.
			if (session?.csrf) setCsrf(session.csrf);
			onDone();
			setOld('');
			setFresh('');
			setAgain('');
			void message.success(t('account.password_changed'));
		} catch (error) {
			take(error);
		}
		setBusy(false);
	}

	return (
		<form
			className="form" onSubmit={(e) => {
				e.preventDefault();
				if (!differs && fresh === again) void save();
			}}
		>
			{problems[''] && <Alert type="error" showIcon title={problems['']} />}
			<Line id={`${id}o`} label={t('account.old_password')} problem={problems.old}><Input.Password id={`${id}o`} value={old} onChange={(e) => setOld(e.target.value)} autoComplete="current-password" required /></Line>
			<Line id={`${id}n`} label={t('account.new_password')} hint={t('account.password_hint')} problem={problems.new}><Input.Password id={`${id}n`} value={fresh} onChange={(e) => setFresh(e.target.value)} autoComplete="new-password" minLength={8} required aria-describedby={`${id}nh`} /></Line>
			<Line id={`${id}a`} label={t('account.again_password')} problem={differs ? t('account.differs') : null}><Input.Password id={`${id}a`} value={again} onChange={(e) => setAgain(e.target.value)} autoComplete="new-password" required /></Line>
			<p className="hint">{t('account.password_ends')}</p>
			<Checkbox checked={keep} onChange={(e) => setKeep(e.target.checked)}>{t('account.keep_tokens')}</Checkbox>
			<p className="hint">{t('account.keep_tokens_hint')}</p>
			<div className="form-foot"><Button type="primary" htmlType="submit" loading={busy} disabled={!old || fresh.length < 8 || fresh !== again}>{t('account.change_password')}</Button></div>
		</form>
	);
}
