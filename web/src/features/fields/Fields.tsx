/** Fields that administrators add: one kind of record at a time, in the order of its form. */
import { ArrowDownOutlined, ArrowUpOutlined, HolderOutlined, PlusOutlined } from '@ant-design/icons';
import { App, Button, Select, Tag } from 'antd';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import type { Entity } from '@/api/types.ts';
import { useApp, useCan } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { Denied, Empty, Failed, Loading } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { type OwnField, listFields, removeField, said, setField, usesOf } from './field.ts';
import { FieldDialog } from './FieldDialog.tsx';
import './fields.css';

/** Positions that differ from what the order says. */
const numbered = (rows: OwnField[]) => rows.map((row, i) => ({ row, position: (i + 1) * 10 })).filter(({ row, position }) => row.position !== position);

interface ItemProps {
	row: OwnField;
	at: number;
	last: boolean;
	label: string;
	onMove(from: number, to: number): void;
	onEdit(): void;
	onState(): void;
	onRemove(): void;
}

function Item({ row, at, last, label, onMove, onEdit, onState, onRemove }: ItemProps) {
	const { t } = useTranslation();
	return (
		<li
			className="own-item" draggable onDragStart={(e) => e.dataTransfer.setData('text/plain', String(at))} onDragOver={(e) => e.preventDefault()}
			onDrop={(e) => { e.preventDefault(); onMove(Number(e.dataTransfer.getData('text/plain')), at); }}
		>
			<HolderOutlined aria-hidden="true" className="own-handle" />
			<div className="own-what">
				<strong>{label}</strong>
				<span className="quiet">{t(`fields.type_${row.type}`)} · <code>{row.name}</code></span>
				<span>
					{row.state === 'retired' && <Tag>{t('fields.retired')}</Tag>}
					{row.required && <Tag>{t('fields.required')}</Tag>}
					{row.list && <Tag>{t('fields.list')}</Tag>}
				</span>
			</div>
			<div className="own-tools">
				<Button aria-label={t('fields.up_named', { name: label })} icon={<ArrowUpOutlined />} disabled={at === 0} onClick={() => onMove(at, at - 1)} />
				<Button aria-label={t('fields.down_named', { name: label })} icon={<ArrowDownOutlined />} disabled={last} onClick={() => onMove(at, at + 1)} />
				<Button aria-label={t('record.edit_named', { name: label })} onClick={onEdit}>{t('word.edit')}</Button>
				<Button onClick={onState}>{row.state === 'retired' ? t('fields.restore') : t('fields.retire')}</Button>
				{row.state === 'retired' && <Button danger onClick={onRemove}>{t('fields.remove')}</Button>}
			</div>
		</li>
	);
}

function OneKind({ entity }: { entity: Entity }) {
	const { t } = useTranslation();
	const { preferences, reloadMe } = useApp();
	const { message, modal } = App.useApp();
	const [form, setForm] = useState<{ field: OwnField | null } | null>(null);
	const rows = useQuery({ queryKey: ['own-fields', entity.name], queryFn: ({ signal }) => listFields(entity.name, signal) });
	const list = rows.data ?? [];
	const label = (row: OwnField) => said(row.label, preferences.locale) || row.name;
	const again = async () => {
		await rows.refetch();
		reloadMe();
	};
	const doing = (work: Promise<unknown>) => void work.then(again, (e: unknown) => message.error(problemText(e, t)));
	const move = (from: number, to: number) => {
		if (to < 0 || to >= list.length || from === to) return;
		const next = [...list];
		const [one] = next.splice(from, 1);
		next.splice(to, 0, one!);
		doing(numbered(next).reduce<Promise<unknown>>((before, { row, position }) => before.then(() => setField(row.id, { position })), Promise.resolve()));
	};
	const ask = async (row: OwnField) => {
		const uses = await usesOf(row.id);
		modal.confirm({
			title: t('fields.remove_title', { name: label(row) }), okText: t('fields.remove'), okButtonProps: { danger: true }, cancelText: t('word.cancel'),
			content: (
				<>
					<p>{t('fields.remove_text')}</p>
					{uses.length > 0 && (
						<><p>{t('fields.used')}</p><ul>{uses.map((u) => <li key={u.kind + u.id}>{t(`fields.use_${u.kind}`, { name: u.name })}</li>)}</ul></>
					)}
				</>
			),
			onOk: () => removeField(row.id).then(again, (e: unknown) => message.error(problemText(e, t))),
		});
	};
	if (rows.isPending) return <Loading rows={6} />;
	if (rows.isError) return <Failed error={rows.error} onRetry={() => void rows.refetch()} />;
	const add = <Button type="primary" icon={<PlusOutlined />} onClick={() => setForm({ field: null })}>{t('fields.add')}</Button>;
	return (
		<>
			{list.length === 0 ? <Empty title={t('fields.none', { what: entity.label })} text={t('fields.none_text')} action={add} /> : (
				<>
					<div className="own-add">{add}</div>
					<ol className="own-list">
						{list.map((row, i) => (
							<Item
								key={row.id} row={row} at={i} last={i === list.length - 1} label={label(row)} onMove={move}
								onEdit={() => setForm({ field: row })}
								onState={() => doing(setField(row.id, { state: row.state === 'retired' ? 'active' : 'retired' }))}
								onRemove={() => void ask(row).catch((e: unknown) => message.error(problemText(e, t)))}
							/>
						))}
					</ol>
				</>
			)}
			{form && (
				<FieldDialog
					entity={entity} field={form.field} position={(list.length + 1) * 10} onClose={() => setForm(null)}
					onSaved={() => { setForm(null); void again(); }}
				/>
			)}
		</>
	);
}

export default function Fields() {
	const { meta } = useApp();
	const { t } = useTranslation();
	const able = useCan('admin');
	const [params, setParams] = useSearchParams();
	useTitle(t('fields.title'));
	if (!able) return <div className="page"><Denied need={t('state.need_cap', { cap: t('cap.admin') })} /></div>;
	const kinds = meta.entities.filter((e) => !e.system && (e.actions.create ?? 'none') !== 'none');
	const chosen = kinds.find((e) => e.name === params.get('of')) ?? kinds.find((e) => e.name === 'customer') ?? kinds[0];
	return (
		<div className="page">
			<h1>{t('fields.title')}</h1>
			<p className="quiet">{t('fields.text')}</p>
			<div className="own-kind">
				<Select
					aria-label={t('fields.kind')} value={chosen?.name} options={kinds.map((e) => ({ value: e.name, label: e.label }))}
					showSearch={{ optionFilterProp: 'label' }} onChange={(of: string) => setParams({ of }, { replace: true })}
				/>
			</div>
			{chosen && <OneKind key={chosen.name} entity={chosen} />}
		</div>
	);
}
