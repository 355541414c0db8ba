/** A record's fields in groups, changed in place. */
import { EditOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '@/api/client.ts';
import { type RecordAnswer } from '@/api/records.ts';
import type { Change, Entity, Field } from '@/api/types.ts';
import { checkValue, editable, FieldValue, isNothing, kindOf } from '@/fields/index.tsx';
import { time } from '@/lib/format.ts';
import { usePrinting } from '../common/printing.ts';
import { mayTakeKey, useRoving } from '../common/roving.ts';
import { problemText, useUndo } from '../common/undo.tsx';
import { type Saver, useSaver } from './save.tsx';
import { useMay } from './rights.tsx';

const SYSTEM = new Set(['id', 'version', 'created_at', 'created_by', 'updated_at', 'updated_by']);

/** Who last changed each field, and when, from the history. */
export function agesOf(changes: Change[] | undefined): Map<string, Change> {
	const ages = new Map<string, Change>();
	for (const change of changes ?? []) for (const name of Object.keys(change.diff ?? {})) if (!ages.has(name)) ages.set(name, change);
	return ages;
}

interface Props {
	entity: Entity;
	record: RecordAnswer;
	/** Only fields with a value. */
	filled?: boolean;
	/** Fields shown elsewhere on the page. */
	except?: string[];
	/** Only these groups. */
	groups?: string[];
	changes?: Change[];
}

export function Facts({ entity, record, filled, except = [], groups, changes }: Props) {
	const { t } = useTranslation();
	const saver = useSaver(entity);
	const [opened, setAll] = useState(false);
	const printing = usePrinting();
	const all = opened || printing;
	const [editing, setEditing] = useState<string | null>(null);
	const roving = useRoving<HTMLDivElement>('.fact-edit, .fact-value a');
	const ages = useMemo(() => agesOf(changes), [changes]);

	const first = entity.groups[0]?.key ?? '';
	const fields = entity.fields.filter((f) => f.right !== 'hidden' && !SYSTEM.has(f.name) && f.name !== 'sort_name' && !except.includes(f.name));
	const shown = fields.filter((f) => {
		if (groups && !groups.includes(f.group ?? first)) return false;
		if (all) return true;
		const nothing = isNothing(record.row[f.name]);
		return filled ? !nothing : !nothing || (!f.more && !f.readonly);
	});
	const sections = (entity.groups.length ? entity.groups : [{ key: '', label: '' }])
		.map((g) => ({ ...g, fields: shown.filter((f) => (f.group ?? first) === g.key) }))
		.filter((g) => g.fields.length > 0);
	const hidden = fields.filter((f) => !groups || groups.includes(f.group ?? first)).length - shown.length;

	/** "e" edits the field that has the focus. */
	function onKeyDown(event: KeyboardEvent) {
		roving.onKeyDown(event);
		const name = (event.target as HTMLElement).closest<HTMLElement>('.fact[data-editable]')?.dataset.field;
		if (event.key !== 'e' || !name || editing !== null || !mayTakeKey(event)) return;
		event.preventDefault();
		setEditing(name);
	}

	return (
		<div className="facts" ref={roving.ref} onFocus={roving.onFocus} onKeyDown={onKeyDown}>
			{sections.map((g) => (
				<section key={g.key}>
					{g.label && <h3>{g.label}</h3>}
					<dl>
						{g.fields.map((f) => (
							<Fact
								key={f.name} entity={entity} field={f} record={record} saver={saver} age={ages.get(f.name)} editing={editing === f.name}
								onEdit={() => setEditing(f.name)} onEnd={() => setEditing(null)}
							/>
						))}
					</dl>
				</section>
			))}
			{(hidden > 0 || all) && (
				<Button type="link" size="small" onClick={() => setAll(!opened)}>{all ? t('facts.fewer') : t('facts.more', { count: hidden })}</Button>
			)}
			{saver.dialog}
		</div>
	);
}

interface FactProps {
	entity: Entity;
	field: Field;
	record: RecordAnswer;
	saver: Saver;
	age: Change | undefined;
	editing: boolean;
	onEdit(): void;
	onEnd(): void;
}

function Fact({ entity, field, record, saver, age, editing, onEdit, onEnd }: FactProps) {
	const { t } = useTranslation();
	const mayHere = useMay();
	const id = useId();
	const able = editable(field) && mayHere(entity, 'update') && !record.masked.has(field.name);
	const pencil = useRef<HTMLButtonElement>(null);
	const was = useRef(editing);
	useEffect(() => {
		// Done or given up: the keyboard goes on from this field.
		if (was.current && !editing && document.activeElement === document.body) pencil.current?.focus();
		was.current = editing;
	}, [editing]);
	const origin = age ? t('facts.origin', { who: age.actor?.name ?? t('word.system'), when: time(age.at) }) : undefined;
	return (
		<div className={`fact${editing ? ' is-editing' : ''}`} data-field={field.name} data-editable={able || undefined}>
			<dt id={`${id}l`} title={field.help ?? undefined}>{field.label}</dt>
			<dd>
				{editing ? (
					<FactEditor field={field} record={record} saver={saver} labelled={field.label} onEnd={onEnd} />
				) : (
					<>
						<span className="fact-value" title={origin} onDoubleClick={able ? onEdit : undefined}>
							<FieldValue field={field} row={record.row} place="fact" masked={record.masked.has(field.name)} />
						</span>
						{able && (
							<button ref={pencil} type="button" className="fact-edit" onClick={onEdit} aria-label={t('facts.edit', { field: field.label })}>
								<EditOutlined />
							</button>
						)}
					</>
				)}
			</dd>
		</div>
	);
}

function FactEditor({ field, record, saver, labelled, onEnd }: { field: Field; record: RecordAnswer; saver: Saver; labelled: string; onEnd(): void }) {
	const { t } = useTranslation();
	const undo = useUndo();
	const id = useId();
	// What the person saw when the edit began: changes by others are measured against it.
	const base = useRef(record);
	const [value, setValue] = useState<unknown>(record.row[field.name] ?? null);
	const [problem, setProblem] = useState<string | null>(null);
	const [busy, setBusy] = useState(false);
	const { Edit } = kindOf(field);

	async function keep() {
		const wrong = checkValue(field, value);
		if (wrong) {
			setProblem(t(wrong, { max: field.max ?? 200, field: field.label }));
			return;
		}
		const before = base.current.row[field.name] ?? null;
		if (JSON.stringify(value) === JSON.stringify(before)) {
			onEnd();
			return;
		}
		setBusy(true);
		try {
			const saved = await saver.save(base.current.row, base.current.etag, { [field.name]: value });
			onEnd();
			if (saved) undo(t('save.saved'), async () => {
				await saver.save(saved, null, { [field.name]: before });
			});
		} catch (error) {
			const e = error instanceof ApiError ? error.errors.find((x) => x.field === field.name) : undefined;
			setProblem(e?.message || problemText(error, t));
			setBusy(false);
		}
	}

	function onKeyDown(event: KeyboardEvent) {
		if (event.key === 'Escape') {
			event.stopPropagation();
			onEnd();
		} else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey || !['note', 'json', 'links'].includes(field.type))) {
			if (document.querySelector('.ant-select-open')) return;
			event.preventDefault();
			void keep();
		}
	}

	return (
		<div className="fact-editor" onKeyDown={onKeyDown}>
			<Edit field={field} value={value} row={record.row} autoFocus invalid={problem !== null} describedBy={`${id}p`} label={labelled} onChange={(next) => {
				setValue(next);
				setProblem(null);
			}} />
			{problem && <p className="problem" id={`${id}p`} role="alert">{problem}</p>}
			<div className="fact-buttons">
				<Button type="primary" size="small" loading={busy} onClick={() => void keep()}>{t('word.save')}</Button>
				<Button size="small" onClick={onEnd}>{t('word.cancel')}</Button>
			</div>
		</div>
	);
}
