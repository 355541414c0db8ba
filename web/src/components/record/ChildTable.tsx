/** Records that belong to another one: a short table, added and changed on the spot. */
import { DeleteOutlined, EditOutlined, PlusOutlined } from '@ant-design/icons';
import { App, Button, Tooltip } from 'antd';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { deleteRecord, entityOf, refresh, restoreRecord, selectOf, titleOf, useCache, useRows } from '@/api/records.ts';
import type { Field, Row } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import { formPage } from '@/app/features.ts';
import { editable, FieldValue, kindOf } from '@/fields/index.tsx';
import { Empty, Failed, Loading } from '../common/States.tsx';
import { problemText, useUndo } from '../common/undo.tsx';
import { FormDialog } from '../form/FormDialog.tsx';
import { defaultColumns } from '../list/state.ts';
import { useMay } from './rights.tsx';

interface Props {
	/** Entity of the children. */
	child: string;
	/** Their field that points to the parent. */
	field: string;
	parent: { entity: string; row: Row };
	/** Instead of the default list's columns. */
	columns?: string[];
	order?: string;
	/** Narrows them further, as the API asks. */
	query?: string;
	/** Nothing can be added or changed here. */
	fixed?: boolean;
	emptyText?: string;
	/** Cells that are shown in a way of their own. */
	show?: Record<string, (row: Row) => ReactNode>;
	/** Entries that nobody takes out again: what ends one is an entry of its own, with these values; null: it has ended. */
	ledger?: (row: Row) => Record<string, unknown> | null;
	/** Entities whose figures change with these rows. */
	touches?: string[];
}

export function ChildTable({ child, field, parent, columns, order, query, fixed, emptyText, show = {}, ledger, touches = [] }: Props) {
	const meta = useMeta();
	const { t } = useTranslation();
	const mayHere = useMay();
	const { message } = App.useApp();
	const undo = useUndo();
	const cache = useCache();
	const navigate = useNavigate();
	const entity = entityOf(meta, child);
	const [form, setForm] = useState<{ row: Row | null; fixed?: Record<string, unknown> } | null>(null);

	const fields: Field[] = entity
		? (columns ? columns.flatMap((n) => entity.fields.filter((f) => f.name === n && f.right !== 'hidden')) : defaultColumns(entity).map((c) => c.field)).filter((f) => f.name !== field)
		: [];
	const params = new URLSearchParams(query);
	params.set('select', entity ? selectOf(meta, entity, fields) : 'id');
	params.set(field, `eq.${parent.row.id}`);
	const by = order ?? entity?.sort;
	if (by) params.set('order', by);
	// Entities that no one may see are not in the descriptors; hooks still need one.
	const rows = useRows(entity ?? meta.entities[0]!, params, { page: 50, enabled: entity !== undefined });
	if (!entity) return null;

	const all = rows.data?.pages.flatMap((p) => p.rows) ?? [];
	const masked = rows.data?.pages[0]?.masked ?? new Set<string>();
	const own = !entity.child;
	const changeable = !fixed && mayHere(entity, 'update') && entity.fields.some((f) => editable(f) && f.name !== field);
	const removable = !fixed && !ledger && mayHere(entity, 'delete');
	const ends = ledger !== undefined && mayHere(entity, 'create');
	const again = () => void refresh(cache, entity.name, parent.entity, ...touches);

	async function drop(row: Row) {
		try {
			await deleteRecord(entity!, row.id);
			again();
			undo(t('save.deleted', { name: titleOf(entity!, row) }), async () => {
				await restoreRecord(entity!, row.id);
				again();
			});
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}

	const add = !fixed && mayHere(entity, 'create') && (
		<Button size="small" icon={<PlusOutlined />} onClick={() => (formPage(entity.name) ? void navigate(`/${entity.name}/new?${field}=${parent.row.id}`) : setForm({ row: null }))}>{t('list.create', { what: entity.label })}</Button>
	);
	return (
		<div className="child-table">
			{rows.isPending ? <Loading rows={3} /> : rows.isError ? <Failed error={rows.error} onRetry={() => void rows.refetch()} small /> : all.length === 0 ? (
				<Empty title={t('list.empty', { what: entity.label_many })} text={emptyText} action={add} />
			) : (
				<>
					<div className="table-scroll" tabIndex={0} role="region" aria-label={entity.label_many}>
						<table className="plain-table">
							<thead>
								<tr>
									{fields.map((f) => <th key={f.name} scope="col" className={kindOf(f).align === 'right' ? 'is-right' : undefined}>{f.label}</th>)}
									{(changeable || removable || ends) && <th scope="col"><span className="sr-only">{t('word.actions')}</span></th>}
								</tr>
							</thead>
							<tbody>
								{all.map((row) => (
									<tr key={row.id}>
										{fields.map((f, i) => (
											<td key={f.name} className={kindOf(f).align === 'right' ? 'is-right' : undefined}>
												{show[f.name] ? show[f.name]!(row) : own && i === 0 ? <Link to={`/${entity.name}/${row.id}`}>{kindOf(f).text(f, row[f.name], row) || titleOf(entity, row)}</Link> : <FieldValue field={f} row={row} place="cell" masked={masked.has(f.name)} />}
											</td>
										))}
										{(changeable || removable || ends) && (
											<td className="row-actions">
												{changeable && <Tooltip title={t('word.edit')}><Button type="text" size="small" icon={<EditOutlined />} aria-label={t('record.edit_named', { name: titleOf(entity, row) })} onClick={() => setForm({ row })} /></Tooltip>}
												{ends && ledger(row) && <Button size="small" onClick={() => setForm({ row: null, fixed: ledger(row)! })}>{t('consent.withdraw')}</Button>}
												{removable && <Tooltip title={t('word.delete')}><Button type="text" size="small" icon={<DeleteOutlined />} aria-label={t('record.delete_named', { name: titleOf(entity, row) })} onClick={() => void drop(row)} /></Tooltip>}
											</td>
										)}
									</tr>
								))}
							</tbody>
						</table>
					</div>
					<div className="table-foot">
						{add}
						{rows.hasNextPage && <Button size="small" onClick={() => void rows.fetchNextPage()} loading={rows.isFetchingNextPage}>{t('word.load_more')}</Button>}
					</div>
				</>
			)}
			{form && (
				<FormDialog
					entity={entity} row={form.row} fixed={{ ...form.fixed, [field]: parent.row.id }} onClose={() => setForm(null)}
					onSaved={() => {
						setForm(null);
						again();
					}}
				/>
			)}
		</div>
	);
}
