/** What can be done with the selected rows. */
import { App, Button, Modal, Progress, Select } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { CHUNK, chunks, deleteMany, idsMatching, patchMany } from '@/api/bulk.ts';
import { fetchPage, may, refresh, restoreRecord, useCache } from '@/api/records.ts';
import type { Entity, Field, Row } from '@/api/types.ts';
import { useCan, useMeta } from '@/app/context.tsx';
import { checkValue, editable, kindOf, visibleInBulk, wire } from '@/fields/index.tsx';
import { money, number, sumDecimals } from '@/lib/format.ts';
import { problemText, useUndo } from '../common/undo.tsx';
import { isSelected, type Selection } from './Grid.tsx';
import { type Column, summable } from './state.ts';

interface Props {
	entity: Entity;
	rows: Row[];
	columns: Column[];
	/** The list's conditions, for "all that match". */
	params: URLSearchParams;
	selection: Selection;
	total: number | null;
	capped: boolean;
	onSelect(selection: Selection): void;
	onExport(): void;
}

/** All ids of a selection, asking the server for those not loaded. */
async function idsOf(entity: Entity, params: URLSearchParams, selection: Selection): Promise<string[]> {
	return selection.all ? idsMatching(entity, params, selection.ids) : [...selection.ids];
}

export default function Bulk({ entity, rows, columns, params, selection, total, capped, onSelect, onExport }: Props) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const undo = useUndo();
	const cache = useCache();
	const bulk = useCan('bulk');
	const meta = useMeta();
	const [editing, setEditing] = useState(false);
	const [progress, setProgress] = useState<{ done: number; of: number } | null>(null);

	const loaded = rows.filter((r) => isSelected(selection, r.id));
	const count = selection.all ? (total === null ? null : total - selection.ids.size) : selection.ids.size;
	const words = count === null ? t('bulk.all') : capped && selection.all ? t('bulk.selected_capped', { count: count, n: number(count) }) : t('bulk.selected', { count, n: number(count) });
	// Money of several currencies has no sum.
	const sums = columns.filter((c) => summable(c.field)).slice(0, 3);
	const total_ = (c: Column) => sumDecimals(loaded.map((r) => String(r[c.field.name] ?? '0')).filter((v) => /^-?\d+(\.\d+)?$/.test(v)));

	async function each(parts: string[][], run: (ids: string[]) => Promise<void>) {
		const of = parts.reduce((n, p) => n + p.length, 0);
		let done = 0;
		setProgress({ done, of });
		try {
			for (const part of parts) {
				await run(part);
				done += part.length;
				setProgress({ done, of });
			}
		} finally {
			setProgress(null);
			await refresh(cache, entity.name);
		}
		return done;
	}

	async function removeAll() {
		try {
			const ids = await idsOf(entity, params, selection);
			const done = await each(chunks(ids), (part) => deleteMany(entity, part));
			onSelect({ all: false, ids: new Set() });
			undo(t('bulk.deleted', { count: done, n: number(done) }), async () => {
				for (const id of ids) await restoreRecord(entity, id);
				await refresh(cache, entity.name);
			});
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}

	async function change(field: Field, value: unknown) {
		setEditing(false);
		try {
			const ids = await idsOf(entity, params, selection);
			const before = new Map<string, { value: unknown; ids: string[] }>();
			const done = await each(chunks(ids), async (part) => {
				const old = await fetchPage(entity, new URLSearchParams({ select: `id,${field.name}`, id: `in.(${part.join()})`, limit: String(CHUNK) }));
				for (const row of old.rows) {
					const key = JSON.stringify(row[field.name] ?? null);
					const group = before.get(key) ?? { value: row[field.name] ?? null, ids: [] };
					group.ids.push(row.id);
					before.set(key, group);
				}
				await patchMany(entity, part, { [field.name]: wire(field, value) });
			});
			undo(t('bulk.changed', { count: done, n: number(done), field: field.label }), async () => {
				for (const group of before.values()) for (const part of chunks(group.ids)) await patchMany(entity, part, { [field.name]: wire(field, group.value) });
				await refresh(cache, entity.name);
			});
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}

	return (
		<div className="bulk" role="region" aria-label={t('bulk.title')}>
			<b aria-live="polite">{words}</b>
			{!selection.all && total !== null && rows.length > 0 && selection.ids.size >= rows.length && total > rows.length && (
				<Button type="link" size="small" onClick={() => onSelect({ all: true, ids: new Set() })}>
					{capped ? t('bulk.select_all_capped', { n: number(total) }) : t('bulk.select_all', { count: total, n: number(total) })}
				</Button>
			)}
			{progress ? (
				<span className="bulk-progress"><Progress percent={Math.round((progress.done / Math.max(1, progress.of)) * 100)} size="small" aria-label={t('bulk.progress')} /></span>
			) : (
				<>
					{may(entity, 'update') && bulk && <Button size="small" onClick={() => setEditing(true)}>{t('bulk.edit')}</Button>}
					{may(entity, 'export') && <Button size="small" onClick={onExport}>{t('export.button')}</Button>}
					{may(entity, 'delete') && bulk && <Button size="small" danger onClick={() => void removeAll()}>{t('word.delete')}</Button>}
				</>
			)}
			<span className="bulk-sums">
				{!selection.all && loaded.length > 1 && sums.map((c) => (
					<span key={c.field.name}>
						{t('bulk.sum', { field: c.field.label, sum: c.field.type === 'money' ? money(total_(c), meta.base_currency) : number(total_(c)) })}
					</span>
				))}
			</span>
			<Button type="text" size="small" onClick={() => onSelect({ all: false, ids: new Set() })}>{t('bulk.none')}</Button>
			{editing && <ChangeDialog entity={entity} words={words} onClose={() => setEditing(false)} onChange={(f, v) => void change(f, v)} />}
		</div>
	);
}

function ChangeDialog({ entity, words, onClose, onChange }: { entity: Entity; words: string; onClose(): void; onChange(field: Field, value: unknown): void }) {
	const { t } = useTranslation();
	const id = useId();
	const [field, setField] = useState<Field | null>(null);
	const [value, setValue] = useState<unknown>(null);
	const problem = field ? checkValue(field, value) : null;
	const Edit = field ? kindOf(field).Edit : null;
	return (
		<Modal open title={t('bulk.edit_title', { what: words })} okText={t('bulk.apply')} okButtonProps={{ disabled: !field || problem !== null }} onOk={() => field && onChange(field, value)} onCancel={onClose} width={460}>
			<div className="stack">
				<label htmlFor={`${id}f`}>{t('bulk.field')}</label>
				<Select
					id={`${id}f`} aria-label={t('bulk.field')} value={field?.name} showSearch={{ optionFilterProp: 'label' }} autoFocus
					options={entity.fields.filter((f) => editable(f) && visibleInBulk(f)).map((f) => ({ value: f.name, label: f.label }))}
					onChange={(name: string) => {
						setField(entity.fields.find((f) => f.name === name) ?? null);
						setValue(null);
					}}
				/>
				{field && Edit && (
					<>
						<label htmlFor={`${id}v`}>{t('bulk.value')}</label>
						<Edit key={field.name} field={field} value={value} onChange={setValue} id={`${id}v`} invalid={false} />
						{!field.required && value === null && <p className="hint">{t('bulk.empties')}</p>}
					</>
				)}
			</div>
		</Modal>
	);
}
