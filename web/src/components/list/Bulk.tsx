/** What can be done with the selected rows. */
import { App, Button, Checkbox, Modal, Progress, Radio, Select } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { type BulkAct, bulkCount, type BulkWish, cancelBulk, isGoing, startBulk, undoBulk, watchBulk, whichOf } from '@/api/bulk.ts';
import { may, refresh, useCache } from '@/api/records.ts';
import type { Entity, Field, Row } from '@/api/types.ts';
import { useApp, useCan } from '@/app/context.tsx';
import { alsoNeeded } from '@/app/features.ts';
import { checkValue, editable, isNothing, kindOf, visibleInBulk, wire } from '@/fields/index.tsx';
import { money, number, sumDecimals } from '@/lib/format.ts';
import { confirms, ConfirmNumber } from '../common/Confirm.tsx';
import { problemText, useUndo } from '../common/undo.tsx';
import { mayInList, narrower } from '../record/rights.tsx';
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

export default function Bulk({ entity, rows, columns, params, selection, total, capped, onSelect, onExport }: Props) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const undo = useUndo();
	const cache = useCache();
	const bulk = useCan('bulk');
	const { meta, me } = useApp();
	const [asking, setAsking] = useState<{ kind: 'change' | 'delete'; count: number; field?: Field } | null>(null);
	const tags = entity.fields.find((f) => f.link === 'tag' && f.type === 'links' && editable(f) && visibleInBulk(f));
	const [going, setGoing] = useState<BulkAct | null>(null);

	const loaded = rows.filter((r) => isSelected(selection, r.id));
	const count = selection.all ? (total === null ? null : total - selection.ids.size) : selection.ids.size;
	const words = count === null ? t('bulk.all') : capped && selection.all ? t('bulk.selected_capped', { count: count, n: number(count) }) : t('bulk.selected', { count, n: number(count) });
	// Money of several currencies has no sum.
	const sums = columns.filter((c) => summable(c.field)).slice(0, 3);
	const total_ = (c: Column) => sumDecimals(loaded.map((r) => String(r[c.field.name] ?? '0')).filter((v) => /^-?\d+(\.\d+)?$/.test(v)));

	const which = () => whichOf(params, selection);

	/** Starts the act, shows how far it is, and offers to take it back. */
	async function run(start: () => Promise<BulkAct>, text: (act: BulkAct) => string) {
		setAsking(null);
		try {
			let act = await start();
			setGoing(act);
			act = await watchBulk(act, setGoing);
			if (act.kind === 'delete') onSelect({ all: false, ids: new Set() });
			await refresh(cache, entity.name);
			if (act.refused > 0 || act.state !== 'done')
				void message.warning(<span>{text(act)} {t('bulk.some_refused', { count: act.refused, n: number(act.refused) })} <Link to={`/bulk_act/${act.id}`}>{t('bulk.see')}</Link></span>, 10);
			else undo(text(act), async () => {
				await watchBulk(await undoBulk(act.id));
				await refresh(cache, entity.name);
			});
		} catch (error) {
			void message.error(problemText(error, t));
		}
		setGoing(null);
	}

	const remove = (expected: number) => run(
		() => startBulk(entity, 'delete', which(), expected),
		(act) => t('bulk.deleted', { count: act.done, n: number(act.done) }),
	);
	const change = (expected: number, field: Field, wish: BulkWish) => run(
		() => startBulk(entity, 'change', which(), expected, wish),
		(act) => t('bulk.changed', { count: act.done, n: number(act.done), field: field.label }),
	);

	async function ask(kind: 'change' | 'delete', field?: Field) {
		try {
			// Of rows that were picked the page knows whose they are; of all that match the server counts those within reach.
			const none = kind === 'change' && !selection.all && narrower(entity) && loaded.length === count && !loaded.some((r) => mayInList(entity, r, me.id));
			const able = none ? 0 : await bulkCount(entity, kind, which());
			if (able > 0) setAsking({ kind, field, count: able });
			else void message.info(`${t('bulk.none_may')} ${me.ask ? t('bulk.none_ask', { manager: me.ask }) : ''}`, 6);
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}

	return (
		<div className="bulk" role="region" aria-label={t('bulk.title')}>
			<b aria-live="polite">{words}</b>
			{!selection.all &&
				total !== null &&
				rows.length > 0 &&
				selection.ids.size >= rows.length &&
				total > rows.length && (
					<Button type="link" size="small" onClick={() => onSelect({ all: true, ids: new Set() })}>
						{capped
							? t('bulk.select_all_capped', { n: number(total) })
							: t('bulk.select_all', { count: total, n: number(total) })}
					</Button>
				)}
			{going ? (
				<>
					<span className="bulk-progress">
						<Progress
							percent={Math.round(((going.done + going.refused) / Math.max(1, going.total)) * 100)}
							size="small"
							aria-label={t('bulk.progress')}
						/>
					</span>
					{isGoing(going) && (
						<Button size="small" onClick={() => void cancelBulk(going.id).catch(() => undefined)}>
							{t('bulk.stop')}
						</Button>
					)}
				</>
			) : (
				<>
					{may(entity, 'update') && bulk && (
						<Button size="small" onClick={() => void ask('change')}>
							{t('bulk.edit')}
						</Button>
					)}
					{may(entity, 'update') && bulk && tags && (
						<Button size="small" onClick={() => void ask('change', tags)}>
							{t('bulk.tag')}
						</Button>
					)}
					{may(entity, 'export') && (
						<Button size="small" onClick={onExport}>
							{t('export.button')}
						</Button>
					)}
					{may(entity, 'delete') && bulk && (
						<Button size="small" danger onClick={() => void ask('delete')}>
							{t('word.delete')}
						</Button>
					)}
				</>
			)}
			<span className="bulk-sums">
				{!selection.all &&
					loaded.length > 1 &&
					sums.map((c) => (
						<span key={c.field.name}>
							{t('bulk.sum', {
								field: c.field.label,
								sum:
									c.field.type === 'money' ? money(total_(c), meta.base_currency) : number(total_(c)),
							})}
						</span>
					))}
			</span>
			<Button type="text" size="small" onClick={() => onSelect({ all: false, ids: new Set() })}>
				{t('bulk.none')}
			</Button>
			{asking?.kind === 'change' && (
				<ChangeDialog
					entity={entity}
					begin={asking.field}
					count={asking.count}
					onClose={() => setAsking(null)}
					onChange={(field, wish) => void change(asking.count, field, wish)}
				/>
			)}
			{asking?.kind === 'delete' && (
				<DeleteDialog
					entity={entity}
					count={asking.count}
					onClose={() => setAsking(null)}
					onDelete={() => void remove(asking.count)}
				/>
			)}
		</div>
	);
}

function DeleteDialog({ entity, count, onClose, onDelete }: { entity: Entity; count: number; onClose(): void; onDelete(): void }) {
	const { t } = useTranslation();
	const [typed, setTyped] = useState('');
	const what = { count, n: number(count), what: entity.label_many };
	return (
		<Modal
			open title={t('bulk.delete_title', what)} okText={t('bulk.delete_go', what)} okButtonProps={{ danger: true, disabled: count === 0 || !confirms(typed, count) }}
			onOk={onDelete} onCancel={onClose} width={460}
		>
			<div className="stack">
				<p>{t('bulk.delete_text')}</p>
				<ConfirmNumber count={count} value={typed} onChange={setTyped} />
			</div>
		</Modal>
	);
}

type How = 'add' | 'remove' | 'replace';

interface ChangeProps {
	entity: Entity;
	count: number;
	/** What is to be changed, where that is known. */
	begin?: Field;
	onClose(): void;
	onChange(field: Field, wish: BulkWish): void;
}

function ChangeDialog({ entity, count, begin, onClose, onChange }: ChangeProps) {
	const { t } = useTranslation();
	const id = useId();
	const [field, setField] = useState<Field | null>(begin ?? null);
	const [value, setValue] = useState<unknown>(null);
	const [how, setHow] = useState<How>('add');
	const [empty, setEmpty] = useState(false);
	const [also, setAlso] = useState<unknown>(null);
	const [typed, setTyped] = useState('');
	const list = field?.type === 'links';
	const nothing = isNothing(value) || (Array.isArray(value) && value.length === 0);
	const needed = field ? alsoNeeded(entity, { [field.name]: value }) : undefined;
	const problem = field && !empty ? checkValue(field, value) : null;
	// An empty value does nothing unless that is what is wanted.
	const ready = field !== null && problem === null && (empty || !nothing) && (!needed || !isNothing(also)) && confirms(typed, count);
	const Edit = field ? kindOf(field).Edit : null;
	const Also = needed ? kindOf(needed).Edit : null;
	const words = { count, n: number(count), what: entity.label_many };

	function go() {
		if (!field || !ready) return;
		const values = { [field.name]: empty ? wire(field, list ? [] : null) : wire(field, value) };
		if (list && !empty && how !== 'replace') onChange(field, { [how]: values });
		else onChange(field, { set: { ...values, ...(needed ? { [needed.name]: wire(needed, also) } : {}) } });
	}

	return (
		<Modal open title={t('bulk.edit_title', words)} okText={t('bulk.apply', words)} okButtonProps={{ disabled: !ready }} onOk={go} onCancel={onClose} width={460}>
			<div className="stack">
				<label htmlFor={`${id}f`}>{t('bulk.field')}</label>
				<Select
					id={`${id}f`} aria-label={t('bulk.field')} value={field?.name} showSearch={{ optionFilterProp: 'label' }} autoFocus={!begin}
					options={entity.fields.filter((f) => editable(f) && visibleInBulk(f)).map((f) => ({ value: f.name, label: f.label }))}
					onChange={(name: string) => {
						setField(entity.fields.find((f) => f.name === name) ?? null);
						setValue(null);
						setEmpty(false);
						setAlso(null);
					}}
				/>
				{list && !empty && (
					<Radio.Group
						aria-label={t('bulk.how')} value={how} onChange={(e) => setHow(e.target.value as How)}
						options={(['add', 'remove', 'replace'] as const).map((h) => ({ value: h, label: t(`bulk.how_${h}`) }))}
					/>
				)}
				{field && Edit && !empty && (
					<>
						<label htmlFor={`${id}v`}>{t(list && how !== 'replace' ? `bulk.value_${how}` : 'bulk.value')}</label>
						<Edit key={field.name} field={field} value={value} onChange={setValue} id={`${id}v`} invalid={false} autoFocus={begin !== undefined} />
					</>
				)}
				{needed && Also && (
					<>
						<label htmlFor={`${id}a`}>{needed.label}</label>
						<Also field={needed} value={also} onChange={setAlso} id={`${id}a`} invalid={false} />
					</>
				)}
				{field && !field.required && <Checkbox checked={empty} onChange={(e) => setEmpty(e.target.checked)}>{t('bulk.empty', { field: field.label })}</Checkbox>}
				<ConfirmNumber count={count} value={typed} onChange={setTyped} />
			</div>
		</Modal>
	);
}
