/** Signing in: e-mail and password, then a code where one is asked for. */
import { Button, Input, Modal, Select } from 'antd';
import { useEffect, useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, call } from '@/api/client.ts';
import type { Session } from '@/api/types.ts';
import type { Preferences } from './context.tsx';
import { LOCALES } from './i18n.ts';
import { Mark } from './Mark.tsx';

interface Props {
	onDone(session: Session): Promise<void>;
	preferences: Preferences;
	prefer(change: Partial<Preferences>): void;
	/** Over the page, after the session ended. */
	over?: boolean;
	email?: string;
}

function SignInForm({ onDone, email: known }: Pick<Props, 'onDone'> & { email?: string }) {
	const { t } = useTranslation();
	const id = useId();
	const [email, setEmail] = useState(known ?? '');
	const [password, setPassword] = useState('');
	const [code, setCode] = useState<string | null>(null);
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState<string | null>(null);
	const codeInput = useRef<HTMLInputElement>(null);

	useEffect(() => {
		if (code === '') codeInput.current?.focus();
	}, [code === '']);

	async function submit() {
		if (busy || !email || !password) return;
		setBusy(true);
		setProblem(null);
		try {
			const answer = await call<Session>('POST', 'session', {
				quiet401: true,
				body: { email: email.trim(), password, ...(code ? { code: code.replace(/\s/g, '') } : {}) },
			});
			await onDone(answer.data);
		} catch (error) {
			const e = error instanceof ApiError ? error : null;
			const key = e?.errors[0]?.key ?? e?.code;
			if (key === 'code_needed' && !code) setCode('');
			else setProblem(e?.offline ? t('state.offline') : e?.message || t('sign_in.failed'));
			setBusy(false);
		}
	}

	return (
		<form
			className="sign-in-form"
			onSubmit={(event) => {
				event.preventDefault();
				void submit();
			}}
		>
			<label htmlFor={`${id}e`}>{t('sign_in.email')}</label>
			<Input
				id={`${id}e`} size="large" type="email" name="email" autoComplete="username" value={email} autoFocus={!known} disabled={known !== undefined}
				onChange={(e) => setEmail(e.target.value)} aria-invalid={problem !== null} aria-describedby={`${id}p`} required
			/>
			<label htmlFor={`${id}w`}>{t('sign_in.password')}</label>
			<Input.Password
				id={`${id}w`} size="large" name="password" autoComplete="current-password" value={password} autoFocus={known !== undefined}
				onChange={(e) => setPassword(e.target.value)} aria-invalid={problem !== null} aria-describedby={`${id}p`} required
			/>
			{code !== null && (
				<>
					<label htmlFor={`${id}c`}>{t('sign_in.code')}</label>
					<Input
						id={`${id}c`} size="large" ref={(r) => { codeInput.current = r?.input ?? null; }} inputMode="text" autoComplete="one-time-code" value={code}
						onChange={(e) => setCode(e.target.value)} aria-describedby={`${id}h ${id}p`}
					/>
					<p className="hint" id={`${id}h`}>{t('sign_in.code_hint')}</p>
				</>
			)}
			<p className="problem" id={`${id}p`} role="alert">{problem}</p>
			<Button type="primary" size="large" htmlType="submit" loading={busy} block>{t('sign_in.go')}</Button>
		</form>
	);
}

export function SignIn(props: Props) {
	const { t } = useTranslation();
	useEffect(() => {
		if (!props.over) document.title = `${t('sign_in.title')} · Guanxi`;
	}, [t, props.over]);

	if (props.over)
		return (
			<Modal open title={t('sign_in.again')} footer={null} closable={false} mask={{ closable: false }} keyboard={false} width={400} zIndex={3000}>
				<p>{t('sign_in.again_text')}</p>
				<SignInForm onDone={props.onDone} email={props.email} />
			</Modal>
		);
	return (
		<div className="sign-in">
			<main className="sign-in-box">
				<h1><Mark /> {t('app.name')}</h1>
				<p className="sign-in-line">{t('sign_in.line')}</p>
				<SignInForm onDone={props.onDone} />
			</main>
			<footer className="sign-in-foot">
				<Select
					aria-label={t('menu.language')} variant="borderless" value={props.preferences.locale} popupMatchSelectWidth={false}
					options={LOCALES.map(({ value, label }) => ({ value, label }))}
					onChange={(locale) => props.prefer({ locale })}
				/>
			</footer>
		</div>
	);
}
