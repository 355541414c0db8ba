/** People are invited by links of their own: several at once, from a paste or a file. */
import { CopyOutlined, DownloadOutlined, QrcodeOutlined, UploadOutlined } from '@ant-design/icons';
import { Alert, App, Button, Input, Popover, QRCode, Select } from 'antd';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useId, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { ApiError, call, get, post } from '@/api/client.ts';
import { entityOf, fetchPage, refresh, titleOf, useCache } from '@/api/records.ts';
import type { Row } from '@/api/types.ts';
import { useApp, useCan } from '@/app/context.tsx';
import { LOCALES } from '@/app/i18n.ts';
import { useTitle } from '@/app/title.ts';
import { Denied, Failed, Loading } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { When } from '@/components/common/When.tsx';
import { csvText, readText, saveFile } from '@/lib/csv.ts';
import { number, time } from '@/lib/format.ts';
import { Line } from '@/components/form/Line.tsx';
import { type Known, type Named, type Person, readPeople } from './people.ts';
import { parseCaps, parseRights } from './rights.ts';
import { RoleWords } from './RoleWords.tsx';

const MOST = 200;
const DAYS = [1, 3, 7, 14, 30];

/** What was made, with its link; shown until somebody leaves. */
interface Made {
	name: string;
	email: string;
	role: string;
	link: string;
	expires: string;
}

const linkOf = (token: string) => `${window.location.origin}/invite#${token}`;

function useAll(name: string, select: string) {
	const { meta } = useApp();
	const entity = entityOf(meta, name);
	return useQuery({
		queryKey: ['some', name, 'invite'],
		enabled: entity !== undefined,
		queryFn: ({ signal }) =>
			fetchPage(entity!, new URLSearchParams({ select, order: 'id.asc', limit: '500' }), signal),
	});
}

const namesOf = (rows: Row[] | undefined): Named[] =>
	(rows ?? []).map((r) => ({ id: r.id, names: [r.name, r.name_zh, r.key, r.code].filter(Boolean).map(String) }));

export default function Invite() {
	const { t } = useTranslation();
	const able = useCan('users');
	const [made, setMade] = useState<Made[]>([]);
	useTitle(t('invite.title'));
	if (!able)
		return (
			<div className="page">
				<Denied need={t('state.need_cap', { cap: t('cap.users') })} />
			</div>
		);
	return (
		<div className="page">
			<h1>{t('invite.title')}</h1>
			{made.length > 0 ? <Links made={made} onClose={() => setMade([])} /> : <People onMade={setMade} />}
			<Open onMade={(one) => setMade([one])} />
		</div>
	);
}

function People({ onMade }: { onMade(made: Made[]): void }) {
	const { meta, preferences } = useApp();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const id = useId();
	const file = useRef<HTMLInputElement>(null);
	const roles = useAll('role', 'id,key,name,name_zh,note,rights,caps');
	const teams = useAll('team', 'id,name');
	const branches = useAll('branch', 'id,name,code');
	const [text, setText] = useState('');
	const [role, setRole] = useState<string | null>(null);
	const [team, setTeam] = useState<string | null>(null);
	const [branch, setBranch] = useState<string | null>(null);
	const [locale, setLocale] = useState<string>(preferences.locale);
	const [days, setDays] = useState(7);
	const [busy, setBusy] = useState(false);
	/** By person's place in the list; "" for all. */
	const [problems, setProblems] = useState<Map<string, string>>(new Map());

	const known: Known = useMemo(
		() => ({
			roles: namesOf(roles.data?.rows),
			teams: namesOf(teams.data?.rows),
			branches: namesOf(branches.data?.rows),
		}),
		[roles.data, teams.data, branches.data],
	);
	const people = useMemo(() => readPeople(text, known), [text, known]);
	const entity = entityOf(meta, 'role');
	const chosen = roles.data?.rows.find((r) => r.id === role);
	const label = (rows: Row[] | undefined, of: string | null | undefined, name = 'role') => {
		const row = rows?.find((r) => r.id === of);
		const e = entityOf(meta, name);
		return row && e ? titleOf(e, row) : '';
	};
	const roleless = people.some((p) => !(p.role ?? role));
	const wrong = people.filter((p) => p.problem).length;
	if (roles.isPending) return <Loading />;
	if (roles.isError) return <Failed error={roles.error} onRetry={() => void roles.refetch()} />;

	async function send() {
		setBusy(true);
		setProblems(new Map());
		try {
			const body = people.map((p) => ({
				name: p.name,
				email: p.email,
				phone: p.phone ?? null,
				team_id: p.team ?? team,
				branch_id: p.branch ?? branch,
				locale,
				roles: [p.role ?? role].filter(Boolean),
			}));
			const answer = await post<{ rows: { user_id: string; token: string; expires_at: string }[] }>(
				'invitations',
				{ people: body, days },
			);
			onMade(
				answer.rows.map((row, i) => ({
					name: people[i]!.name,
					email: people[i]!.email,
					role: label(roles.data?.rows, people[i]!.role ?? role),
					link: linkOf(row.token),
					expires: row.expires_at,
				})),
			);
			await refresh(cache, 'user');
			await cache.invalidateQueries({ queryKey: ['invitations'] });
		} catch (error) {
			const found = new Map<string, string>();
			for (const e of error instanceof ApiError ? error.errors : []) {
				const at = /^people\.(\d+)/.exec(e.field)?.[1] ?? '';
				found.set(at, [found.get(at), e.message].filter(Boolean).join(' '));
			}
			if (found.size === 0) found.set('', problemText(error, t));
			setProblems(found);
		}
		setBusy(false);
	}

	async function take(from: FileList | null) {
		const one = from?.[0];
		if (!one) return;
		if (one.size > 1_000_000) void message.error(t('invite.too_large'));
		else setText(await readText(one));
		if (file.current) file.current.value = '';
	}

	const problemOf = (p: Person, i: number) =>
		problems.get(String(i)) ??
		(p.problem === 'unknown'
			? t('invite.unknown', { words: p.unknown.join(t('word.comma')) })
			: p.problem
				? t(`invite.${p.problem}`)
				: '');
	const example = [
		[t('account.name'), t('sign_in.email'), t('invite.team'), t('invite.role')],
		[
			t('invite.example_name'),
			'li.na@example.com',
			'',
			label(roles.data.rows, roles.data.rows.find((r) => r.key === 'sales')?.id),
		],
	];
	const options = (rows: Row[] | undefined, name: string) =>
		(rows ?? []).map((r) => ({ value: r.id, label: titleOf(entityOf(meta, name)!, r) }));

	return (
		<form
			className="invite"
			onSubmit={(e) => {
				e.preventDefault();
				void send();
			}}
		>
			<p>{t('invite.text')}</p>
			<Line id={`${id}p`} label={t('invite.people')} hint={t('invite.people_hint')}>
				<Input.TextArea
					id={`${id}p`}
					className="area"
					value={text}
					onChange={(e) => {
						setText(e.target.value);
						setProblems(new Map());
					}}
					rows={5}
					placeholder={t('invite.people_example')}
					aria-describedby={`${id}ph`}
					spellCheck={false}
				/>
			</Line>
			<p className="invite-file">
				<input
					ref={file}
					type="file"
					accept=".csv,.tsv,.txt,text/csv,text/plain"
					hidden
					onChange={(e) => void take(e.target.files)}
					aria-label={t('invite.file')}
				/>
				<Button icon={<UploadOutlined />} onClick={() => file.current?.click()}>
					{t('invite.file')}
				</Button>
				<Button
					type="text"
					icon={<DownloadOutlined />}
					onClick={() => saveFile('people.csv', csvText(example))}
				>
					{t('invite.template')}
				</Button>
			</p>
			<div className="invite-for-all">
				<Line id={`${id}r`} label={t('invite.role_all')}>
					<Select
						id={`${id}r`}
						aria-label={t('invite.role_all')}
						allowClear
						value={role}
						onChange={(v?: string) => setRole(v ?? null)}
						options={options(roles.data.rows, 'role')}
						showSearch={{ optionFilterProp: 'label' }}
					/>
				</Line>
				{(teams.data?.rows.length ?? 0) > 0 && (
					<Line id={`${id}t`} label={t('invite.team_all')}>
						<Select
							id={`${id}t`}
							aria-label={t('invite.team_all')}
							allowClear
							value={team}
							onChange={(v?: string) => setTeam(v ?? null)}
							options={options(teams.data?.rows, 'team')}
							showSearch={{ optionFilterProp: 'label' }}
						/>
					</Line>
				)}
				{(branches.data?.rows.length ?? 0) > 0 && (
					<Line id={`${id}b`} label={t('invite.branch_all')}>
						<Select
							id={`${id}b`}
							aria-label={t('invite.branch_all')}
							allowClear
							value={branch}
							onChange={(v?: string) => setBranch(v ?? null)}
							options={options(branches.data?.rows, 'branch')}
							showSearch={{ optionFilterProp: 'label' }}
						/>
					</Line>
				)}
				<Line id={`${id}l`} label={t('menu.language')}>
					<Select
						id={`${id}l`}
						aria-label={t('menu.language')}
						value={locale}
						onChange={setLocale}
						options={LOCALES.map(({ value, label: l }) => ({ value, label: l }))}
					/>
				</Line>
				<Line id={`${id}d`} label={t('invite.days')}>
					<Select
						id={`${id}d`}
						aria-label={t('invite.days')}
						value={days}
						onChange={setDays}
						options={DAYS.map((d) => ({ value: d, label: t('filter.days', { count: d }) }))}
					/>
				</Line>
			</div>
			{chosen && entity && (
				<section className="invite-role" aria-label={t('invite.may', { role: titleOf(entity, chosen) })}>
					<h2>{t('invite.may', { role: titleOf(entity, chosen) })}</h2>
					<RoleWords rights={parseRights(chosen.rights)} caps={parseCaps(chosen.caps)} />
					<p className="quiet">
						{t('invite.roles_more')}{' '}
						<Link className="in-text" to={`/role/new?from=${chosen.id}`}>
							{t('role.copy_of', { name: titleOf(entity, chosen) })}
						</Link>
					</p>
				</section>
			)}
			{problems.has('') && <Alert type="error" showIcon title={problems.get('')} />}
			{people.length > 0 && (
				<div className="table-scroll" tabIndex={0} role="region" aria-label={t('invite.preview')}>
					<table className="plain-table">
						<thead>
							<tr>
								{[t('account.name'), t('sign_in.email'), t('invite.role'), t('invite.team')].map(
									(h) => (
										<th key={h} scope="col">
											{h}
										</th>
									),
								)}
								<th scope="col">
									<span className="sr-only">{t('invite.problem')}</span>
								</th>
							</tr>
						</thead>
						<tbody>
							{people.slice(0, MOST).map((p, i) => (
								<tr key={`${i}${p.email}`}>
									<td>{p.name}</td>
									<td>{p.email}</td>
									<td>
										{label(roles.data.rows, p.role ?? role) || (
											<span className="quiet">{t('invite.no_role')}</span>
										)}
									</td>
									<td>{label(teams.data?.rows, p.team ?? team, 'team')}</td>
									<td>
										{problemOf(p, i) && (
											<span className="problem" role="alert">
												{problemOf(p, i)}
											</span>
										)}
									</td>
								</tr>
							))}
						</tbody>
					</table>
				</div>
			)}
			{people.length > MOST && <Alert type="warning" showIcon title={t('invite.most', { n: MOST })} />}
			{people.length > 0 && roleless && <p className="hint">{t('invite.roleless')}</p>}
			<div className="form-foot is-sticky">
				<Button
					type="primary"
					htmlType="submit"
					loading={busy}
					disabled={people.length === 0 || people.length > MOST || wrong > 0}
				>
					{t('invite.go', { count: people.length, n: number(people.length) })}
				</Button>
				{wrong > 0 && (
					<span className="problem" role="status">
						{t('invite.wrong', { count: wrong, n: number(wrong) })}
					</span>
				)}
			</div>
		</form>
	);
}

function Links({ made, onClose }: { made: Made[]; onClose(): void }) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const head = useRef<HTMLHeadingElement>(null);
	useEffect(() => head.current?.focus(), []);
	const copy = (text: string) =>
		void navigator.clipboard.writeText(text).then(() => message.success(t('record.copied')));
	const words = (m: Made) => t('invite.message', { name: m.name, link: m.link, until: time(m.expires, 'day') });
	return (
		<section aria-label={t('invite.links')}>
			<h2 ref={head} tabIndex={-1}>
				{t('invite.made', { count: made.length, n: number(made.length) })}
			</h2>
			<p>{t('invite.made_text', { until: time(made[0]!.expires, 'day') })}</p>
			<div className="form-foot">
				<Button
					type="primary"
					icon={<DownloadOutlined />}
					onClick={() =>
						saveFile(
							'invitations.csv',
							csvText([
								[
									t('account.name'),
									t('sign_in.email'),
									t('invite.role'),
									t('invite.link'),
									t('invite.until'),
								],
								...made.map((m) => [m.name, m.email, m.role, m.link, time(m.expires)]),
							]),
						)
					}
				>
					{t('chart.download')}
				</Button>
				<Button icon={<CopyOutlined />} onClick={() => copy(made.map(words).join('\n\n'))}>
					{t('invite.copy_all')}
				</Button>
				<Button onClick={onClose}>{t('invite.done')}</Button>
			</div>
			<div className="table-scroll" tabIndex={0} role="region" aria-label={t('invite.links')}>
				<table className="plain-table">
					<thead>
						<tr>
							<th scope="col">{t('account.name')}</th>
							<th scope="col">{t('sign_in.email')}</th>
							<th scope="col">{t('invite.link')}</th>
							<th scope="col">
								<span className="sr-only">{t('word.actions')}</span>
							</th>
						</tr>
					</thead>
					<tbody>
						{made.map((m) => (
							<tr key={m.email}>
								<td>{m.name}</td>
								<td>{m.email}</td>
								<td>
									<code className="invite-link">{m.link}</code>
								</td>
								<td className="row-actions">
									<Button
										size="small"
										icon={<CopyOutlined />}
										onClick={() => copy(words(m))}
										aria-label={t('invite.copy_named', { name: m.name })}
									>
										{t('word.copy')}
									</Button>{' '}
									<Popover
										trigger="click"
										content={
											<div className="qr">
												<QRCode
													value={m.link}
													size={192}
													bgColor="#ffffff"
													color="#000000"
													type="svg"
													aria-label={t('invite.qr', { name: m.name })}
												/>
											</div>
										}
									>
										<Button
											size="small"
											icon={<QrcodeOutlined />}
											aria-label={t('invite.qr', { name: m.name })}
										/>
									</Popover>
								</td>
							</tr>
						))}
					</tbody>
				</table>
			</div>
		</section>
	);
}

interface OpenRow {
	user_id: string;
	name: string;
	email: string;
	created_at: string;
	expires_at: string;
	expired: boolean;
	invited_by: string | null;
}

function Open({ onMade }: { onMade(made: Made): void }) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const open = useQuery({
		queryKey: ['invitations'],
		queryFn: ({ signal }) => get<{ rows: OpenRow[] }>('invitations', signal),
	});
	if (open.isPending) return <Loading rows={2} />;
	if (open.isError) return <Failed error={open.error} small onRetry={() => void open.refetch()} />;

	async function run(action: () => Promise<void>) {
		try {
			await action();
			await cache.invalidateQueries({ queryKey: ['invitations'] });
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}
	const again = (row: OpenRow) =>
		run(async () => {
			const made = await post<{ token: string; expires_at: string }>(`user/${row.user_id}/invitation`);
			onMade({ name: row.name, email: row.email, role: '', link: linkOf(made.token), expires: made.expires_at });
		});
	const end = (row: OpenRow) =>
		run(async () => {
			await call('DELETE', `user/${row.user_id}/invitation`);
			void message.success(t('invite.ended', { name: row.name }));
		});

	return (
		<section aria-label={t('invite.open')}>
			<h2>{t('invite.open')}</h2>
			{open.data.rows.length === 0 ? (
				<p className="quiet">{t('invite.none_open')}</p>
			) : (
				<div className="table-scroll" tabIndex={0} role="region" aria-label={t('invite.open')}>
					<table className="plain-table">
						<thead>
							<tr>
								{[t('account.name'), t('sign_in.email'), t('invite.by'), t('invite.until')].map((h) => (
									<th key={h} scope="col">
										{h}
									</th>
								))}
								<th scope="col">
									<span className="sr-only">{t('word.actions')}</span>
								</th>
							</tr>
						</thead>
						<tbody>
							{open.data.rows.map((row) => (
								<tr key={row.user_id}>
									<td>
										<Link to={`/user/${row.user_id}`}>{row.name}</Link>
									</td>
									<td>{row.email}</td>
									<td>
										{row.invited_by}{' '}
										<span className="quiet">
											<When at={row.created_at} />
										</span>
									</td>
									<td>
										{row.expired ? (
											<span className="mean mean-warn">{t('invite.expired')}</span>
										) : (
											<When at={row.expires_at} day />
										)}
									</td>
									<td className="row-actions">
										<Button
											size="small"
											onClick={() => void again(row)}
											aria-label={t('invite.again_named', { name: row.name })}
										>
											{t('invite.again')}
										</Button>{' '}
										<Button
											size="small"
											danger
											onClick={() => void end(row)}
											aria-label={t('invite.end_named', { name: row.name })}
										>
											{t('invite.end')}
										</Button>
									</td>
								</tr>
							))}
						</tbody>
					</table>
				</div>
			)}
		</section>
	);
}
