/** Saved views as tabs: the built-in ones of the feature, then one's own and the team's. */
import { DownOutlined, GlobalOutlined, PlusOutlined, PushpinFilled, PushpinOutlined, TeamOutlined } from '@ant-design/icons';
import { App, Button, Dropdown, Input, Modal, Select, Tooltip } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useQuery } from '@tanstack/react-query';
import { get } from '@/api/client.ts';
import { createRecord, deleteRecord, entityOf, fetchPage, may, refresh, restoreRecord, saveRecord, useCache } from '@/api/records.ts';
import type { Entity, Row } from '@/api/types.ts';
import { type Pin, useArranged } from '@/app/arranged.ts';
import { useApp, useCan } from '@/app/context.tsx';
import { builtInViews } from '@/app/features.ts';
import { problemText, useUndo } from '../common/undo.tsx';
import type { ListState } from './state.ts';

export interface View {
	id: string;
	name: string;
	query: string;
	saved?: Row;
	/** Of a colleague who shares it. */
	owner?: string | null;
}

interface SharedView {
	id: string;
	version: number;
	name: string;
	query: string | null;
	owner_id: string;
	team_id: string | null;
	everyone: boolean;
	owner: string | null;
}

/** The feature's own, then mine, then those that colleagues share. */
export function useViews(entity: Entity): View[] {
	const { meta, me } = useApp();
	const { t } = useTranslation();
	const store = entityOf(meta, 'saved_view');
	const saved = useQuery({
		queryKey: ['some', 'saved_view', entity.name],
		enabled: store !== undefined,
		staleTime: 60_000,
		queryFn: ({ signal }) => fetchPage(store!, new URLSearchParams({
			select: 'id,version,name,query,position,owner_id,team_id,everyone', entity: `eq.${entity.name}`, owner_id: `eq.${me.id}`,
			order: 'position.asc', limit: '100',
		}), signal),
	});
	const shared = useQuery({
		queryKey: ['some', 'saved_view', 'shared', entity.name],
		staleTime: 60_000,
		queryFn: ({ signal }) => get<SharedView[]>(`views/shared?entity=${entity.name}`, signal),
	});
	return [
		...builtInViews(entity).map((v) => ({ id: v.key, name: t(v.label), query: v.query })),
		...(saved.data?.rows ?? []).map((row) => ({ id: row.id, name: String(row.name), query: String(row.query ?? ''), saved: row })),
		...(shared.data ?? []).map(({ owner, ...row }) => ({ id: row.id, name: row.name, query: row.query ?? '', saved: row as Row, owner })),
	];
}

/** Order of parameters does not make another view. */
function canonical(query: string): string {
	return [...new URLSearchParams(query)].map(([k, v]) => `${k}=${v}`).sort().join('&');
}

interface Props {
	entity: Entity;
	state: ListState;
	onView(view: View): void;
}

export function Views({ entity, state, onView }: Props) {
	const { meta, me } = useApp();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const undo = useUndo();
	const cache = useCache();
	const views = useViews(entity);
	const admin = useCan('admin');
	const store = entityOf(meta, 'saved_view');
	const [naming, setNaming] = useState<{ view: View | null } | null>(null);
	const now = canonical(state.kept);
	const current = views.find((v) => v.id === state.view) ?? views.find((v) => canonical(v.query) === now);
	const modified = current !== undefined && canonical(current.query) !== now;

	const failed = (error: unknown) => void message.error(problemText(error, t));

	async function store_(view: View | null, name: string, sees: string) {
		if (!store) return;
		const values = { name, team_id: sees && sees !== ALL ? sees : null, everyone: sees === ALL };
		if (view?.saved) await saveRecord(meta, store, view.id, values, null);
		else {
			const row = await createRecord(meta, store, { ...values, entity: entity.name, query: state.kept, position: views.length });
			onView({ id: row.id, name, query: state.kept });
		}
		await refresh(cache, 'saved_view');
	}

	return (
		<div className="views" role="navigation" aria-label={t('views.title')}>
			<div className="views-strip">
				{views.map((view, i) => {
					const here = view === current;
					const mine = view.saved !== undefined && (view.saved.owner_id === me.id || admin);
					const theirs = view.owner !== undefined;
					const apart = theirs && views[i - 1]?.owner === undefined;
					const Shared = view.saved?.everyone ? GlobalOutlined : view.saved?.team_id ? TeamOutlined : null;
					return (
						<span key={view.id} className={`view${here ? ' is-here' : ''}${apart ? ' is-apart' : ''}`}>
							<button
								type="button" className="view-name" aria-current={here ? 'page' : undefined} onClick={() => onView(view)}
								title={theirs ? t('views.by', { name: view.owner ?? '' }) : undefined}
							>
								{Shared && <Shared aria-label={t('views.shared')} />} {view.name}{here && modified ? ' *' : ''}
							</button>
							{here && view.saved && (
								<Dropdown
									trigger={['click']}
									menu={{
										items: [
											{ key: 'update', label: t('views.update'), disabled: !modified || !mine },
											{ key: 'rename', label: t('views.rename'), disabled: !mine },
											{ key: 'reset', label: t('views.reset'), disabled: !modified },
											{ key: 'delete', label: t('views.delete'), disabled: !mine, danger: true },
										],
										onClick: ({ key }) => {
											if (key === 'rename') setNaming({ view });
											else if (key === 'reset') onView(view);
											else if (key === 'update')
												void saveRecord(meta, store!, view.id, { query: state.kept }, null).then(() => refresh(cache, 'saved_view')).catch(failed);
											else
												void deleteRecord(store!, view.id).then(async () => {
													await refresh(cache, 'saved_view');
													undo(t('views.deleted', { name: view.name }), async () => {
														await restoreRecord(store!, view.id);
														await refresh(cache, 'saved_view');
													});
												}).catch(failed);
										},
									}}
								>
									<button type="button" className="view-menu" aria-label={t('views.menu', { name: view.name })}><DownOutlined /></button>
								</Dropdown>
							)}
						</span>
					);
				})}
			</div>
			{current && current.id !== 'all' && <PinButton entity={entity} view={current} />}
			{store && may(store, 'create') && (modified || (!current && now !== '')) && (
				<Button type="text" size="small" icon={<PlusOutlined />} onClick={() => setNaming({ view: null })}>{t('views.save')}</Button>
			)}
			{naming && (
				<NameDialog
					view={naming.view} onClose={() => setNaming(null)}
					onSave={(name, sees) => {
						const { view } = naming;
						setNaming(null);
						store_(view, name, sees).catch(failed);
					}}
				/>
			)}
		</div>
	);
}

/** A pinned view stands in the menu with its count; what is renamed or changed is so there, too. */
function PinButton({ entity, view }: { entity: Entity; view: View }) {
	const { t } = useTranslation();
	const [{ pins = [] }, arrange] = useArranged();
	const pin = pins.find((p) => p.entity === entity.name && p.view === view.id);
	const stale = pin !== undefined && (pin.name !== view.name || pin.query !== view.query);
	const fresh: Pin = { entity: entity.name, view: view.id, name: view.name, query: view.query };
	useEffect(() => {
		if (stale) arrange({ pins: pins.map((p) => (p === pin ? fresh : p)) });
	}, [stale, view.name, view.query]);
	const label = t(pin ? 'views.unpin' : 'views.pin');
	return (
		<Tooltip title={label}>
			<Button
				type="text" size="small" aria-label={label} aria-pressed={pin !== undefined} icon={pin ? <PushpinFilled /> : <PushpinOutlined />}
				onClick={() => arrange({ pins: pin ? pins.filter((p) => p !== pin) : [...pins, fresh].slice(-PINS_MAX) })}
			/>
		</Tooltip>
	);
}

const PINS_MAX = 20;

/** Who sees a view: nobody else (""), everybody, or the team of this id. */
const ALL = 'all';

function NameDialog({ view, onSave, onClose }: { view: View | null; onSave(name: string, sees: string): void; onClose(): void }) {
	const { meta } = useApp();
	const { t } = useTranslation();
	const [name, setName] = useState(view?.name ?? '');
	const [sees, setSees] = useState(view?.saved?.everyone ? ALL : String(view?.saved?.team_id ?? ''));
	const teams = entityOf(meta, 'team');
	const choices = useQuery({
		queryKey: ['some', 'team', 'all'],
		enabled: teams !== undefined,
		queryFn: ({ signal }) => fetchPage(teams!, new URLSearchParams({ select: 'id,name', limit: '200' }), signal),
	});
	const input = useRef<HTMLInputElement>(null);
	useEffect(() => input.current?.focus(), []);
	return (
		<Modal
			open
			title={view ? t('views.rename') : t('views.save')}
			okText={t('word.save')}
			okButtonProps={{ disabled: name.trim() === '' }}
			onOk={() => onSave(name.trim(), sees)}
			onCancel={onClose}
			width={400}
		>
			<form
				className="stack"
				onSubmit={(e) => {
					e.preventDefault();
					if (name.trim()) onSave(name.trim(), sees);
				}}
			>
				<label htmlFor="view-name">{t('views.name')}</label>
				<Input
					id="view-name"
					ref={(r) => {
						input.current = r?.input ?? null;
					}}
					value={name}
					maxLength={80}
					onChange={(e) => setName(e.target.value)}
					autoComplete="off"
				/>
				<label htmlFor="view-team">{t('views.sees')}</label>
				<Select
					id="view-team"
					aria-label={t('views.sees')}
					value={sees}
					onChange={setSees}
					showSearch={{ optionFilterProp: 'label' }}
					options={[
						{ value: '', label: t('views.only_me') },
						{ value: ALL, label: t('views.everybody') },
						...(choices.data?.rows.map((row) => ({
							value: row.id,
							label: t('views.team', { name: String(row.name) }),
						})) ?? []),
					]}
				/>
				{sees !== '' && <p className="hint">{t('views.sees_text')}</p>}
			</form>
		</Modal>
	);
}
