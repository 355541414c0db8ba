/** A role: which entities, which actions, how far, and which fields. */
import { DownOutlined, RightOutlined } from '@ant-design/icons';
import { Alert, App, Button, Checkbox, Input } from 'antd';
import { Fragment, useEffect, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { createRecord, fieldOf, may, refresh, titleOf, useCache, useRecord } from '@/api/records.ts';
import type { Action, Entity, FieldRight, Scope } from '@/api/types.ts';
import { useApp } from '@/app/context.tsx';
import type { RecordPageProps } from '@/app/features.ts';
import { useTitle } from '@/app/title.ts';
import { Failed, Loading } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { Changes } from '@/components/record/Changes.tsx';
import { Head } from '@/components/record/Head.tsx';
import { useSaver } from '@/components/record/save.tsx';
import { RoleWords } from './RoleWords.tsx';
import { ACTIONS, parseCaps, parseRights, RIGHTS, type Rights, scopeOf, SCOPES, setField, setScope } from './rights.ts';

const CAPS = ['admin', 'users', 'audit', 'bulk', 'assign', 'tokens'];

interface Draft {
	name: string;
	name_zh: string;
	note: string;
	rights: Rights;
	caps: string[];
}

export default function RolePage({ entity, id }: RecordPageProps) {
	const { meta } = useApp();
	const { t } = useTranslation();
	const fresh = id === 'new';
	const [params] = useSearchParams();
	const from = fresh ? params.get('from') : null;
	const record = useRecord(meta, entity, fresh ? from : id);
	useTitle(fresh ? t('list.create', { what: entity.label }) : (record.data ? titleOf(entity, record.data.row) : entity.label));
	const empty: Draft = { name: '', name_zh: '', note: '', rights: {}, caps: [] };
	if (fresh && !from) return <div className="page"><h1>{t('list.create', { what: entity.label })}</h1><Editor entity={entity} start={empty} /></div>;
	if (record.isPending) return <div className="page"><Loading rows={12} /></div>;
	if (record.isError) return <div className="page"><Failed error={record.error} onRetry={() => void record.refetch()} /></div>;
	const { row } = record.data;
	const rights = parseRights(row.rights);
	const caps = parseCaps(row.caps);
	if (fresh) {
		const name = titleOf(entity, row);
		const copy = { ...empty, name: t('role.copied_name', { name }), note: String(row.note ?? ''), rights, caps };
		return <div className="page"><h1>{t('role.copy_of', { name })}</h1><p>{t('role.copy_text')}</p><Editor entity={entity} start={empty} begin={copy} /></div>;
	}
	return (
		<div className="record">
			<Head entity={entity} record={record.data} plain />
			<div className="page">
				<RoleWords rights={rights} caps={caps} />
				{may(entity, 'create') && <p><Link className="in-text" to={`/role/new?from=${row.id}`}>{t('role.copy')}</Link></p>}
				<Editor
					key={row.version} entity={entity} record={record.data}
					start={{ name: String(row.name ?? ''), name_zh: String(row.name_zh ?? ''), note: String(row.note ?? ''), rights, caps }}
				/>
				<h2>{t('changes.title')}</h2>
				<Changes entity={entity} id={id} />
			</div>
		</div>
	);
}

interface EditorProps {
	entity: Entity;
	start: Draft;
	/** What stands there at first, not saved yet. */
	begin?: Draft;
	record?: Parameters<typeof Head>[0]['record'];
}

function Editor({ entity, start, begin, record }: EditorProps) {
	const { meta } = useApp();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const navigate = useNavigate();
	const id = useId();
	const cache = useCache();
	const saver = useSaver(entity);
	const [draft, setDraft] = useState(begin ?? start);
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState<string | null>(null);
	const changed = JSON.stringify(draft) !== JSON.stringify(start);
	const able = may(entity, record ? 'update' : 'create');
	// Its names may be put right all the same.
	const free = able && !record?.barred;
	const set = (change: Partial<Draft>) => setDraft({ ...draft, ...change });

	useEffect(() => {
		if (!changed) return undefined;
		const warn = (e: BeforeUnloadEvent) => e.preventDefault();
		window.addEventListener('beforeunload', warn);
		return () => window.removeEventListener('beforeunload', warn);
	}, [changed]);

	async function save() {
		setBusy(true);
		setProblem(null);
		const values = { name: draft.name.trim(), name_zh: draft.name_zh.trim() || null, note: draft.note.trim() || null, rights: draft.rights, caps: draft.caps };
		try {
			if (record) await saver.save(record.row, record.etag, Object.fromEntries(Object.entries(values).filter(([k]) => JSON.stringify(draft[k as keyof Draft]) !== JSON.stringify(start[k as keyof Draft]))));
			else {
				const row = await createRecord(meta, entity, values);
				void navigate(`/role/${row.id}`, { replace: true });
			}
			await refresh(cache, 'role');
			void message.success(t('save.saved'));
		} catch (error) {
			setProblem(problemText(error, t));
		}
		setBusy(false);
	}

	return (
		<form
			className="role" onSubmit={(e) => {
				e.preventDefault();
				void save();
			}}
		>
			{problem && <Alert type="error" showIcon title={problem} />}
			<div className="role-names">
				{(['name', 'name_zh', 'note'] as const).map((name) => fieldOf(entity, name) && (
					<div className="form-field" key={name}>
						<label htmlFor={`${id}${name}`}>{fieldOf(entity, name)!.label}</label>
						<Input id={`${id}${name}`} value={draft[name]} onChange={(e) => set({ [name]: e.target.value })} required={name === 'name'} disabled={!able} autoComplete="off" />
					</div>
				))}
			</div>
			<fieldset>
				<legend>{t('role.caps')}</legend>
				<Checkbox.Group
					disabled={!free} value={draft.caps} onChange={(caps) => set({ caps: caps as string[] })}
					options={CAPS.map((c) => ({ value: c, label: t(`cap.${c}`) }))}
				/>
			</fieldset>
			<fieldset>
				<legend>{t('role.matrix')}</legend>
				<p className="hint">{t('role.matrix_text')}</p>
				<Matrix rights={draft.rights} disabled={!free} onChange={(rights) => set({ rights })} />
			</fieldset>
			{able && (
				<div className="form-foot is-sticky">
					<Button type="primary" htmlType="submit" loading={busy} disabled={!changed || !draft.name.trim()}>{t('word.save')}</Button>
					{changed && <Button onClick={() => setDraft(start)}>{t('role.drop')}</Button>}
				</div>
			)}
			{saver.dialog}
		</form>
	);
}

function Matrix({ rights, disabled, onChange }: { rights: Rights; disabled: boolean; onChange(rights: Rights): void }) {
	const { meta } = useApp();
	const { t } = useTranslation();
	const [open, setOpen] = useState<string | null>(null);
	const rows: { name: string; label: string; system: boolean; entity?: Entity }[] = [
		{ name: '*', label: t('role.others'), system: false },
		...meta.entities.filter((e) => !e.system).map((e) => ({ name: e.name, label: e.label_many, system: false, entity: e })),
		...meta.entities.filter((e) => e.system).map((e) => ({ name: e.name, label: e.label_many, system: true, entity: e })),
	];
	return (
		<div className="table-scroll" tabIndex={0} role="region" aria-label={t('role.matrix')}>
			<table className="plain-table matrix">
				<thead>
					<tr>
						<th scope="col">{t('role.entity')}</th>
						{ACTIONS.map((a) => <th key={a} scope="col">{t(`action_word.${a}`)}</th>)}
						<th scope="col">{t('role.fields')}</th>
					</tr>
				</thead>
				<tbody>
					{rows.map((row) => {
						const named = Object.keys(rights[row.name]?.fields ?? {}).length;
						return (
							<Fragment key={row.name}>
								<tr className={row.name === '*' ? 'is-others' : undefined}>
									<th scope="row">{row.label}</th>
									{ACTIONS.map((action) => {
										const { scope, own } = scopeOf(rights, row.name, action, row.system);
										return (
											<td key={action}>
												<select
													className={`mini-select scope-${scope}${own ? '' : ' is-inherited'}`} disabled={disabled} aria-label={`${row.label}: ${t(`action_word.${action}`)}`} value={own ? scope : ''}
													onChange={(e) => onChange(setScope(rights, row.name, action as Action, (e.target.value || null) as Scope | null))}
												>
													<option value="">{row.name === '*' || row.system ? t('scope.none') : t('role.inherited', { scope: t(`scope.${scope}`) })}</option>
													{SCOPES.filter((s) => s !== 'none' || (row.name !== '*' && !row.system)).map((s) => <option key={s} value={s}>{t(`scope.${s}`)}</option>)}
												</select>
											</td>
										);
									})}
									<td>
										<Button type="text" size="small" icon={open === row.name ? <DownOutlined /> : <RightOutlined />} aria-expanded={open === row.name} onClick={() => setOpen(open === row.name ? null : row.name)}>
											{named ? t('role.some_fields', { count: named }) : t('role.all_fields')}
										</Button>
									</td>
								</tr>
								{open === row.name && (
									<tr>
										<td colSpan={ACTIONS.length + 2}><FieldRights row={row} rights={rights} disabled={disabled} onChange={onChange} /></td>
									</tr>
								)}
							</Fragment>
						);
					})}
				</tbody>
			</table>
		</div>
	);
}

function FieldRights({ row, rights, disabled, onChange }: { row: { name: string; label: string; entity?: Entity }; rights: Rights; disabled: boolean; onChange(rights: Rights): void }) {
	const { t } = useTranslation();
	const fields = [{ name: '*', label: t('role.other_fields'), maskable: false, readonly: false }, ...(row.entity?.fields ?? []).filter((f) => !['id', 'version'].includes(f.name))];
	return (
		<ul className="field-rights">
			{fields.map((f) => (
				<li key={f.name}>
					<label>
						<span>{f.label}</span>
						<select
							className="mini-select" disabled={disabled} value={rights[row.name]?.fields?.[f.name] ?? ''}
							onChange={(e) => onChange(setField(rights, row.name, f.name, (e.target.value || null) as FieldRight | null))}
						>
							<option value="">{t('role.as_default')}</option>
							{RIGHTS.filter((r) => (r !== 'masked' || f.maskable) && (r !== 'write' || !f.readonly)).map((r) => <option key={r} value={r}>{t(`right.${r}`)}</option>)}
						</select>
					</label>
				</li>
			))}
		</ul>
	);
}
