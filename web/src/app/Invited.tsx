/** Who was invited chooses a password and is in; a link that is no longer good says what to do. */
import { Button, Input, Select } from 'antd';
import { useEffect, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, call } from '@/api/client.ts';
import type { Session } from '@/api/types.ts';
import type { Preferences } from './context.tsx';
import { localeOf, LOCALES } from './i18n.ts';
import { Mark } from './Mark.tsx';

interface Props {
	token: string;
	onDone(session: Session): Promise<void>;
	onLeave(): void;
	preferences: Preferences;
	prefer(change: Partial<Preferences>): void;
}

interface Invitation {
	name: string;
	email: string;
	locale: string | null;
	firm: string;
}

export default function Invited({ token, onDone, onLeave, preferences, prefer }: Props) {
	const { t } = useTranslation();
	const id = useId();
	const [invitation, setInvitation] = useState<Invitation | null>(null);
	const [refused, setRefused] = useState<ApiError | null>(null);
	const [password, setPassword] = useState('');
	const [again, setAgain] = useState('');
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState<string | null>(null);

	useEffect(() => {
		document.title = `${t('invited.title')} · Guanxi`;
	}, [t]);
	useEffect(() => {
		call<Invitation>('POST', 'invitation/look', { quiet401: true, body: { token } }).then(
			({ data }) => {
				setInvitation(data);
				const locale = localeOf(data.locale);
				if (locale) prefer({ locale });
			},
			(error: unknown) => setRefused(error instanceof ApiError ? error : new ApiError(0, '', String(error))),
		);
	}, [token]);

	async function submit() {
		if (busy || !invitation) return;
		setBusy(true);
		setProblem(null);
		try {
			await call('POST', 'invitation/accept', {
				quiet401: true,
				body: { token, password, locale: preferences.locale },
			});
			await onDone(
				(
					await call<Session>('POST', 'session', {
						quiet401: true,
						body: { email: invitation.email, password },
					})
				).data,
			);
		} catch (error) {
			const e = error instanceof ApiError ? error : null;
			if (e?.missing) setRefused(e);
			else setProblem(e?.offline ? t('state.offline') : e?.errors[0]?.message || e?.message || String(error));
			setBusy(false);
		}
	}

	const differs = again !== '' && again !== password;
	return (
		<div className="sign-in">
			<main className="sign-in-box">
				<h1>
					<Mark /> {invitation?.firm || t('app.name')}
				</h1>
				{refused ? (
					<div role="alert">
						<p className="sign-in-line">
							{refused.offline ? t('state.offline') : refused.message || t('state.failed')}
						</p>
						<p>{refused.missing && t('invited.ask')}</p>
						<Button onClick={onLeave}>{t('sign_in.title')}</Button>
					</div>
				) : !invitation ? (
					<p role="status">{t('state.loading')}</p>
				) : (
					<>
						<p className="sign-in-line">{t('invited.welcome', { name: invitation.name })}</p>
						<form
							className="sign-in-form"
							onSubmit={(e) => {
								e.preventDefault();
								void submit();
							}}
						>
							<label htmlFor={`${id}e`}>{t('sign_in.email')}</label>
							<Input
								id={`${id}e`}
								size="large"
								type="email"
								name="email"
								autoComplete="username"
								value={invitation.email}
								readOnly
							/>
							<label htmlFor={`${id}p`}>{t('account.new_password')}</label>
							<Input.Password
								id={`${id}p`}
								size="large"
								name="password"
								autoComplete="new-password"
								value={password}
								autoFocus
								minLength={8}
								required
								onChange={(e) => setPassword(e.target.value)}
								aria-invalid={problem !== null}
								aria-describedby={`${id}h ${id}x`}
							/>
							<p className="hint" id={`${id}h`}>
								{t('account.password_hint')}
							</p>
							<label htmlFor={`${id}a`}>{t('account.again_password')}</label>
							<Input.Password
								id={`${id}a`}
								size="large"
								name="again"
								autoComplete="new-password"
								value={again}
								required
								onChange={(e) => setAgain(e.target.value)}
								aria-invalid={differs}
								aria-describedby={`${id}x`}
							/>
							<p className="problem" id={`${id}x`} role="alert">
								{differs ? t('account.differs') : problem}
							</p>
							<Button
								type="primary"
								size="large"
								htmlType="submit"
								loading={busy}
								disabled={password.length < 8 || password !== again}
								block
							>
								{t('invited.go')}
							</Button>
						</form>
					</>
				)}
			</main>
			<footer className="sign-in-foot">
				<Select
					aria-label={t('menu.language')}
					variant="borderless"
					value={preferences.locale}
					popupMatchSelectWidth={false}
					options={LOCALES.map(({ value, label }) => ({ value, label }))}
					onChange={(locale) => prefer({ locale })}
				/>
			</footer>
		</div>
	);
}
