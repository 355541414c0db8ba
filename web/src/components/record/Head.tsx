/** The head of a record page: what it is, and what can be done with it. */
import { App, Breadcrumb, Button, Dropdown } from 'antd';
import { lazy, type ReactNode, Suspense, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { deleteRecord, entityOf, linkedTitle, type RecordAnswer, refresh, restoreRecord, titleOf, useCache, may } from '@/api/records.ts';
import type { Entity } from '@/api/types.ts';
import { useApp, useMeta } from '@/app/context.tsx';
import { waysOf } from '@/app/features.ts';
import { FieldValue } from '@/fields/index.tsx';
import { mayTakeKey, useRoving } from '../common/roving.ts';
import { problemText, useUndo } from '../common/undo.tsx';
import { FormDialog } from '../form/FormDialog.tsx';
import { reaches, useMay } from './rights.tsx';

const Share = lazy(() => import('./Share.tsx'));

interface Props {
	entity: Entity;
	record: RecordAnswer;
	actions?: ReactNode;
	children?: ReactNode;
	/** Beside the title. */
	beside?: ReactNode;
	/** The title alone: the rest stands in the page's own form. */
	plain?: boolean;
}

/** What has an owner of its own is shared; what belongs to another record goes along with that one. */
function shareable(entity: Entity): boolean {
	return Boolean(entity.owner) && !entity.parent && !entity.child && !entity.system && !waysOf(entity.name).unmade;
}

export function Head({ entity, record, actions, children, beside, plain }: Props) {
	const meta = useMeta();
	const { t } = useTranslation();
	const mayHere = useMay();
	const { message } = App.useApp();
	const navigate = useNavigate();
	const undo = useUndo();
	const cache = useCache();
	const [editing, setEditing] = useState(false);
	const [sharing, setSharing] = useState(false);
	const bar = useRoving<HTMLDivElement>('button:not(:disabled), a[href]');
	const title = titleOf(entity, record.row);
	const parent = entity.child && entity.parent ? entity.fields.find((f) => f.name === entity.parent) : undefined;
	const parentEntity = parent ? entityOf(meta, parent.link) : undefined;

	// "e" anywhere on the page, where no single field has the focus, is the whole form.
	const able = mayHere(entity, 'update');
	useEffect(() => {
		if (!able) return undefined;
		const onKey = (event: KeyboardEvent) => {
			if (event.key !== 'e' || !mayTakeKey(event)) return;
			event.preventDefault();
			setEditing(true);
		};
		window.addEventListener('keydown', onKey);
		return () => window.removeEventListener('keydown', onKey);
	}, [able]);

	async function drop() {
		try {
			await deleteRecord(entity, record.row.id, record.etag);
			await refresh(cache, entity.name);
			void navigate(`/${entity.name}`);
			undo(t('save.deleted', { name: title }), async () => {
				await restoreRecord(entity, record.row.id);
				await refresh(cache, entity.name);
				void navigate(`/${entity.name}/${record.row.id}`);
			});
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}

	const subtitle = entity.subtitle && !plain ? entity.fields.find((f) => f.name === entity.subtitle) : undefined;
	const items = [
		...(able ? [{ key: 'edit', label: t('record.edit_all') }] : []),
		...(shareable(entity) ? [{ key: 'share', label: t(able ? 'share.open' : 'share.see') }] : []),
		{ key: 'copy', label: t('record.copy_link') },
		{ key: 'print', label: t('record.print') },
		...(mayHere(entity, 'delete') ? [{ key: 'delete', label: t('word.delete'), danger: true }] : []),
	];
	return (
		<header className="record-head">
			<div className="record-line">
				<div className="record-name">
					<Breadcrumb
						items={parentEntity && parent
							? [
								{
									title: (
										<Link to={`/${parentEntity.name}/${String(record.row[parent.name])}`}>
											{linkedTitle(meta, parent, record.row) ?? parentEntity.label}
										</Link>
									),
								},
								{ title: entity.label },
							]
							: [{ title: <Link to={`/${entity.name}`}>{entity.label_many}</Link> }]}
					/>
					<h1>
						{title}
						{subtitle && <small><FieldValue field={subtitle} row={record.row} place="cell" masked={record.masked.has(subtitle.name)} /></small>}
						{beside}
					</h1>
				</div>
				<div className="record-actions" role="toolbar" aria-label={t('word.actions')} {...bar}>
					{actions}
					<Dropdown
						trigger={['click']} placement="bottomRight"
						menu={{
							items,
							onClick: ({ key }) => {
								if (key === 'edit') setEditing(true);
								else if (key === 'share') setSharing(true);
								else if (key === 'delete') void drop();
								else if (key === 'print') window.print();
								else void navigator.clipboard?.writeText(window.location.href).then(() => message.success(t('record.copied')));
							},
						}}
					>
						<Button aria-label={t('list.more')}>⋯</Button>
					</Dropdown>
				</div>
			</div>
			{children}
			<WhyNot entity={entity} record={record} />
			{editing && <FormDialog entity={entity} row={record.row} onClose={() => setEditing(false)} onSaved={() => setEditing(false)} />}
			{sharing && <Suspense fallback={null}><Share entity={entity} record={record} onClose={() => setSharing(false)} /></Suspense>}
		</header>
	);
}

/** Somebody else's record: why nothing of it can be changed here, and whom to ask. */
function WhyNot({ entity, record }: { entity: Entity; record: RecordAnswer }) {
	const { t } = useTranslation();
	const { me } = useApp();
	const reach = record.reach;
	if (record.barred && may(entity, 'update'))
		return (
			<p className="why-not quiet">
				{t(`barred.${record.barred}`, { defaultValue: t('barred.other') })} {me.ask ? t('denied.ask', { manager: me.ask }) : ''}
			</p>
		);
	const { unowned } = waysOf(entity.name);
	if (reach && unowned && entity.owner && !record.row[entity.owner] && may(entity, 'update') && !reaches(entity, 'update', reach))
		return <p className="why-not quiet">{t(unowned)}</p>;
	if (!reach || !may(entity, 'update') || reaches(entity, 'update', reach)) return null;
	return <p className="why-not quiet">{t(me.ask ? 'denied.outside' : 'denied.outside_admin', { manager: me.ask })}</p>;
}
