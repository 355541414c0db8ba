/** What a person may do, and which role gives it. */
import { Breadcrumb, Input } from 'antd';
import { useQuery } from '@tanstack/react-query';
import { Fragment, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { get } from '@/api/client.ts';
import { entityOf, fetchRecord } from '@/api/records.ts';
import { useEntity, useMeta } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { Denied, Failed, Loading } from '@/components/common/States.tsx';
import { list } from '@/lib/format.ts';
import { ACTIONS } from './rights.ts';

interface Rights {
	entities: {
		entity: string;
		label: string;
		actions: { action: string; scope: string; from: string[] }[];
		fields: { field: string; label: string; right: string; from: string[] }[];
	}[];
	capabilities: { name: string; label: string; from: string[] | string }[];
}

const names = (from: string[] | string | undefined) => (Array.isArray(from) ? list(from) : from ?? '');

export default function RightsPage() {
	const { id = '' } = useParams();
	const meta = useMeta();
	const { t } = useTranslation();
	const user = useEntity('user');
	const [typed, setTyped] = useState('');
	const person = useQuery({ queryKey: ['record', 'user', id, 'name'], enabled: user !== undefined, queryFn: ({ signal }) => fetchRecord(meta, user!, id, signal) });
	const rights = useQuery({ queryKey: ['rights', id], queryFn: ({ signal }) => get<Rights>(`user/${id}/rights`, signal) });
	const name = person.data ? String(person.data.row.name) : '…';
	useTitle(t('rights.of', { name }));

	if (!user) return <Denied need={t('state.need', { action: t('cap.users'), what: '' })} />;
	if (rights.isPending) return <div className="page"><Loading rows={12} /></div>;
	if (rights.isError) return <div className="page"><Failed error={rights.error} onRetry={() => void rights.refetch()} /></div>;
	const any = (e: Rights['entities'][number]) => (e.actions.some((a) => a.scope !== 'none') ? 0 : 1);
	const shown = rights.data.entities.map((e) => ({ ...e, label: entityOf(meta, e.entity)?.label_many ?? e.label })).sort((a, b) => any(a) - any(b)).filter((e) => e.label.toLowerCase().includes(typed.trim().toLowerCase()));
	return (
		<div className="page">
			<Breadcrumb items={[{ title: <Link to="/user">{user.label_many}</Link> }, { title: <Link to={`/user/${id}`}>{name}</Link> }, { title: t('rights.title') }]} />
			<h1>{t('rights.of', { name })}</h1>
			<p className="hint">{t('rights.text')}</p>
			<section>
				<h2>{t('role.caps')}</h2>
				{rights.data.capabilities.length === 0 ? <p className="quiet">{t('rights.no_caps')}</p> : (
					<ul className="why-list">{rights.data.capabilities.map((c) => <li key={c.name}><b>{c.label}</b> <span className="quiet">{t('rights.from', { roles: names(c.from) })}</span></li>)}</ul>
				)}
			</section>
			<section>
				<h2>{t('role.matrix')}</h2>
				<Input className="quick-search" allowClear placeholder={t('rights.find')} aria-label={t('rights.find')} value={typed} onChange={(e) => setTyped(e.target.value)} />
				<div className="table-scroll" tabIndex={0} role="region" aria-label={t('role.matrix')}>
					<table className="plain-table matrix">
						<thead><tr><th scope="col">{t('role.entity')}</th>{ACTIONS.map((a) => <th key={a} scope="col">{t(`action_word.${a}`)}</th>)}<th scope="col">{t('role.fields')}</th></tr></thead>
						<tbody>
							{shown.map((e) => {
								const special = e.fields.filter((f) => f.right === 'hidden' || f.right === 'masked');
								return (
									<Fragment key={e.entity}>
										<tr>
											<th scope="row">{e.label}</th>
											{ACTIONS.map((action) => {
												const found = e.actions.find((a) => a.action === action);
												const scope = found?.scope ?? 'none';
												return (
													<td key={action}>
														<span className={`scope-word scope-${scope}`}>{t(`scope.${scope}`)}</span>
														{scope !== 'none' && found && found.from.length > 0 && <span className="why">{names(found.from)}</span>}
													</td>
												);
											})}
											<td>
												{special.length === 0 ? <span className="quiet">{t('role.all_fields')}</span> : (
													<details>
														<summary>{t('rights.special', { count: special.length })}</summary>
														<ul className="why-list">{special.map((f) => <li key={f.field}>{f.label}: <b>{t(`right.${f.right}`)}</b> <span className="why">{names(f.from)}</span></li>)}</ul>
													</details>
												)}
											</td>
										</tr>
									</Fragment>
								);
							})}
						</tbody>
					</table>
				</div>
			</section>
		</div>
	);
}
