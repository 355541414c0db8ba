/** My account: profile, password, second factor, sessions, tokens. */
import { Alert, App, Button, Input, QRCode, Select } from 'antd';
import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call, get, patch, post, remove } from '@/api/client.ts';
import { useCache } from '@/api/records.ts';
import { useApp, useCan } from '@/app/context.tsx';
import { LOCALES } from '@/app/i18n.ts';
import { useTitle } from '@/app/title.ts';
import { Failed, Loading } from '@/components/common/States.tsx';
import { Tabs } from '@/components/common/Tabs.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { When } from '@/components/common/When.tsx';
import { useTab } from '@/components/record/RecordPage.tsx';
import type { Locale } from '@/lib/format.ts';
import { time } from '@/lib/format.ts';
import { SettingsForm } from '@/features/admin/SettingsForm.tsx';
import { Line, useProblems } from '@/components/form/Line.tsx';
import { Once } from './Once.tsx';
import { Password } from '@/app/Password.tsx';
import { deviceOf } from './device.ts';

export default function Account() {
	const { reloadMe } = useApp();
	const { t } = useTranslation();
	const tokens = useCan('tokens');
	const [tab, setTab] = useTab('profile');
	useTitle(t('account.title'));
	return (
		<div className="page page-narrow">
			<h1>{t('account.title')}</h1>
			<Tabs
				label={t('account.title')} active={tab} onChange={setTab}
				items={[
					{ key: 'profile', label: t('account.profile'), children: <Profile /> },
					{ key: 'mine', label: t('account.mine'), children: <SettingsForm scope={{ scope: 'user' }} onSaved={reloadMe} /> },
					{ key: 'password', label: t('account.password'), children: <Password onDone={reloadMe} /> },
					{ key: 'factor', label: t('account.factor'), children: <Factor /> },
					{ key: 'sessions', label: t('account.sessions'), children: <Sessions /> },
					...(tokens ? [{ key: 'tokens', label: t('account.tokens'), children: <Tokens /> }] : []),
				]}
			/>
		</div>
	);
}

function Profile() {
	const { me, preferences, prefer, reloadMe } = useApp();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const id = useId();
	const [name, setName] = useState(me.name);
	const [phone, setPhone] = useState(me.phone ?? '');
	const [busy, setBusy] = useState(false);
	const { problems, take, clear } = useProblems();

	async function save() {
		setBusy(true);
		clear();
		try {
			await patch('account', { name: name.trim(), phone: phone.trim() });
			reloadMe();
			void message.success(t('save.saved'));
		} catch (error) {
			take(error);
		}
		setBusy(false);
	}

	return (
		<form
			className="form" onSubmit={(e) => {
				e.preventDefault();
				void save();
			}}
		>
			{problems[''] && <Alert type="error" showIcon title={problems['']} />}
			<Line id={`${id}e`} label={t('sign_in.email')} hint={t('account.email_hint')}><Input id={`${id}e`} value={me.email} disabled /></Line>
			<Line id={`${id}n`} label={t('account.name')} problem={problems.name}><Input id={`${id}n`} value={name} onChange={(e) => setName(e.target.value)} autoComplete="name" required /></Line>
			<Line id={`${id}p`} label={t('account.phone')} problem={problems.phone}><Input id={`${id}p`} value={phone} onChange={(e) => setPhone(e.target.value)} inputMode="tel" autoComplete="tel" /></Line>
			<Line id={`${id}l`} label={t('menu.language')}>
				<Select id={`${id}l`} aria-label={t('menu.language')} value={preferences.locale} options={LOCALES.map(({ value, label }) => ({ value, label }))} onChange={(locale: Locale) => prefer({ locale })} />
			</Line>
			<Line id={`${id}r`} label={t('account.roles')} hint={t('account.roles_hint')}><p id={`${id}r`}>{me.roles?.map((r) => r.name).join(', ') || '—'}</p></Line>
			<div className="form-foot"><Button type="primary" htmlType="submit" loading={busy} disabled={!name.trim()}>{t('word.save')}</Button></div>
		</form>
	);
}

function Factor() {
	const { me, reloadMe } = useApp();
	const { t } = useTranslation();
	const id = useId();
	const [setup, setSetup] = useState<{ secret: string; uri: string } | null>(null);
	const [codes, setCodes] = useState<string[] | null>(null);
	const [code, setCode] = useState('');
	const [password, setPassword] = useState('');
	const [removing, setRemoving] = useState(false);
	const [busy, setBusy] = useState(false);
	const { problems, take, clear } = useProblems();

	async function run(action: () => Promise<void>) {
		setBusy(true);
		clear();
		try {
			await action();
		} catch (error) {
			take(error);
		}
		setBusy(false);
	}

	const problem = problems[''] ?? problems.code ?? problems.password;
	if (codes)
		return (
			<div className="form">
				<Alert type="success" showIcon title={t('account.factor_on')} />
				<p>{t('account.recovery_text')}</p>
				<Once label={t('account.recovery')} value={codes.join('\n')} lines />
				<div className="form-foot"><Button type="primary" onClick={() => { setCodes(null); reloadMe(); }}>{t('account.recovery_kept')}</Button></div>
			</div>
		);
	if (me.totp_enabled)
		return (
			<div className="form">
				<Alert type="success" showIcon title={t('account.factor_is_on')} description={me.recovery_codes_left !== undefined ? t('account.recovery_left', { count: me.recovery_codes_left }) : undefined} />
				{removing ? (
					<form
						onSubmit={(e) => {
							e.preventDefault();
							void run(async () => {
								await remove('account/totp', { password, code: code.replace(/\s/g, '') });
								setRemoving(false);
								setCode('');
								setPassword('');
								reloadMe();
							});
						}}
					>
						{problem && <Alert type="error" showIcon title={problem} />}
						<Line id={`${id}p`} label={t('sign_in.password')}><Input.Password id={`${id}p`} value={password} onChange={(e) => setPassword(e.target.value)} autoComplete="current-password" /></Line>
						<Line id={`${id}c`} label={t('sign_in.code')} hint={t('sign_in.code_hint')}><Input id={`${id}c`} value={code} onChange={(e) => setCode(e.target.value)} autoComplete="one-time-code" /></Line>
						<div className="form-foot">
							<Button danger type="primary" htmlType="submit" loading={busy} disabled={!code || !password}>{t('account.factor_off')}</Button>
							<Button onClick={() => setRemoving(false)}>{t('word.cancel')}</Button>
						</div>
					</form>
				) : <div className="form-foot"><Button danger onClick={() => setRemoving(true)}>{t('account.factor_off')}</Button></div>}
			</div>
		);
	return (
		<div className="form">
			<p>{t('account.factor_text')}</p>
			{problem && <Alert type="error" showIcon title={problem} />}
			{!setup ? (
				<div className="form-foot"><Button type="primary" loading={busy} onClick={() => void run(async () => setSetup(await post('account/totp')))}>{t('account.factor_start')}</Button></div>
			) : (
				<form
					onSubmit={(e) => {
						e.preventDefault();
						void run(async () => setCodes((await post<{ recovery_codes: string[] }>('account/totp/confirm', { code: code.replace(/\s/g, '') })).recovery_codes));
					}}
				>
					<p>{t('account.factor_scan')}</p>
					<div className="qr"><QRCode aria-label={t('account.factor_qr')} value={setup.uri} size={192} bgColor="#ffffff" color="#000000" type="svg" /></div>
					<p>{t('account.factor_type')}</p>
					<Once label={t('account.secret')} value={setup.secret} />
					<Line id={`${id}c`} label={t('sign_in.code')} problem={problems.code}><Input id={`${id}c`} value={code} onChange={(e) => setCode(e.target.value)} inputMode="numeric" autoComplete="one-time-code" maxLength={8} /></Line>
					<div className="form-foot">
						<Button type="primary" htmlType="submit" loading={busy} disabled={code.replace(/\s/g, '').length < 6}>{t('account.factor_confirm')}</Button>
						<Button onClick={() => setSetup(null)}>{t('word.cancel')}</Button>
					</div>
				</form>
			)}
		</div>
	);
}

interface SessionRow {
	id: string;
	created_at: string;
	seen_at: string;
	expires_at: string;
	address?: string | null;
	agent?: string | null;
	current?: boolean;
}

function Sessions() {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const sessions = useQuery({ queryKey: ['sessions'], queryFn: ({ signal }) => get<{ rows: SessionRow[] }>('account/sessions', signal) });
	if (sessions.isPending) return <Loading rows={3} />;
	if (sessions.isError) return <Failed error={sessions.error} onRetry={() => void sessions.refetch()} />;

	async function end(path: string) {
		try {
			await call('DELETE', path);
			await cache.invalidateQueries({ queryKey: ['sessions'] });
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}

	const { rows } = sessions.data;
	return (
		<>
			<ul className="cards-plain">
				{rows.map((s) => (
					<li key={s.id}>
						<div>
							<b>{deviceOf(s.agent) || t('account.unknown_device')}</b> {s.current && <span className="mean mean-good">{t('account.this_session')}</span>}
							<p className="quiet">{s.address} · {t('account.seen')} <When at={s.seen_at} /> · {t('account.since', { time: time(s.created_at) })}</p>
						</div>
						{!s.current && <Button size="small" onClick={() => void end(`account/sessions/${s.id}`)}>{t('account.end_session')}</Button>}
					</li>
				))}
			</ul>
			{rows.length > 1 && <Button onClick={() => void end('account/sessions')}>{t('account.end_all')}</Button>}
		</>
	);
}

interface TokenRow {
	id: string;
	name: string;
	narrowed?: boolean;
	created_at: string;
	expires_at?: string | null;
	last_used_at?: string | null;
}

function Tokens() {
	const { me } = useApp();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const id = useId();
	const [name, setName] = useState('');
	const [days, setDays] = useState(90);
	const [roles, setRoles] = useState<string[]>([]);
	const [made, setMade] = useState<string | null>(null);
	const [busy, setBusy] = useState(false);
	const tokens = useQuery({ queryKey: ['tokens'], queryFn: ({ signal }) => get<{ rows: TokenRow[] }>('account/tokens', signal) });

	async function create() {
		setBusy(true);
		try {
			const answer = await post<{ token: string }>('account/tokens', {
				name: name.trim(),
				...(days ? { expires_at: new Date(Date.now() + days * 86_400_000).toISOString() } : {}),
				...(roles.length ? { roles } : {}),
			});
			setMade(answer.token);
			setName('');
			await cache.invalidateQueries({ queryKey: ['tokens'] });
		} catch (error) {
			void message.error(problemText(error, t));
		}
		setBusy(false);
	}

	async function revoke(token: string) {
		try {
			await remove(`account/tokens/${token}`);
			await cache.invalidateQueries({ queryKey: ['tokens'] });
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}

	return (
		<>
			<p>{t('account.tokens_text')}</p>
			{made && (
				<div className="form">
					<Alert type="success" showIcon title={t('account.token_made')} description={t('account.once')} />
					<Once label={t('account.token')} value={made} />
				</div>
			)}
			<form
				className="form" onSubmit={(e) => {
					e.preventDefault();
					if (name.trim()) void create();
				}}
			>
				<Line id={`${id}n`} label={t('account.token_name')}><Input id={`${id}n`} value={name} onChange={(e) => setName(e.target.value)} placeholder={t('account.token_example')} maxLength={100} autoComplete="off" /></Line>
				<Line id={`${id}d`} label={t('account.token_ends')}>
					<Select id={`${id}d`} aria-label={t('account.token_ends')} value={days} onChange={setDays} options={[30, 90, 365, 0].map((d) => ({ value: d, label: d ? t('account.token_days', { count: d }) : t('account.token_never') }))} />
				</Line>
				{(me.roles?.length ?? 0) > 1 && (
					<Line id={`${id}r`} label={t('account.token_roles')} hint={t('account.token_roles_hint')}>
						<Select id={`${id}r`} aria-label={t('account.token_roles')} mode="multiple" value={roles} onChange={setRoles} options={me.roles!.map((r) => ({ value: r.id, label: r.name }))} />
					</Line>
				)}
				<div className="form-foot"><Button type="primary" htmlType="submit" loading={busy} disabled={!name.trim()}>{t('account.token_create')}</Button></div>
			</form>
			{tokens.isPending ? <Loading rows={2} /> : tokens.isError ? <Failed error={tokens.error} small /> : tokens.data.rows.length === 0 ? <p className="quiet">{t('account.no_tokens')}</p> : (
				<div className="table-scroll" tabIndex={0} role="region" aria-label={t('account.tokens')}>
					<table className="plain-table">
						<thead><tr><th scope="col">{t('account.token_name')}</th><th scope="col">{t('account.token_used')}</th><th scope="col">{t('account.token_ends')}</th><th scope="col"><span className="sr-only">{t('word.actions')}</span></th></tr></thead>
						<tbody>
							{tokens.data.rows.map((row) => (
								<tr key={row.id}>
									<td>{row.name}</td>
									<td>{row.last_used_at ? <When at={row.last_used_at} /> : t('account.token_unused')}</td>
									<td>{row.expires_at ? time(row.expires_at, 'day') : t('account.token_never')}</td>
									<td className="row-actions"><Button size="small" danger onClick={() => void revoke(row.id)}>{t('account.token_revoke')}</Button></td>
								</tr>
							))}
						</tbody>
					</table>
				</div>
			)}
		</>
	);
}
