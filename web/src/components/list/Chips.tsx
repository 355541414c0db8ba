/** Filters in plain words, each a chip that opens its editor. */
import { CloseOutlined, PlusOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Button, Popover, Select } from 'antd';
import { Fragment, lazy, Suspense, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { get } from '@/api/client.ts';
import { anyOf, type Condition, IMPORT_RUN, type Op, OPS } from '@/api/query.ts';
import { fieldOf } from '@/api/records.ts';
import type { Entity, Field, Row } from '@/api/types.ts';
import { kindOf } from '@/fields/index.tsx';
import { LinkWords } from '@/fields/link.tsx';
import { list } from '@/lib/format.ts';
import { ADVANCED, AdvancedChip } from './AdvancedChip.tsx';
import { visibleFields } from './state.ts';

const AdvancedDialog = lazy(() => import('./Advanced.tsx'));

/** What is offered before anything is chosen. */
const START: Partial<Record<Op, string[]>> = { period: ['month'], within: ['30d'], older: ['90d'] };

/** Asked for seldom, so offered last. */
const SYSTEM = new Set(['id', 'created_at', 'created_by', 'updated_at', 'updated_by']);

const WITHOUT_VALUE: Op[] = ['empty', 'filled'];

function useOpWord() {
	const { t } = useTranslation();
	return (field: Field | undefined, op: Op) => {
		const timed = field?.type === 'date' || field?.type === 'time';
		return timed && ['is', 'gte', 'lte'].includes(op) ? t(`op_time.${op}`) : t(`op.${op}`);
	};
}

function ValueWords({ field, condition }: { field: Field | undefined; condition: Condition }) {
	const { t } = useTranslation();
	if (WITHOUT_VALUE.includes(condition.op)) return null;
	if (!field || condition.op === 'raw') return <b>{condition.value[0]}</b>;
	if (field.link) return <b><LinkWords field={field} value={condition.value} /></b>;
	const word = (v: string) => kindOf(field).word?.(field, v) ?? v;
	if (condition.op === 'between') return <b>{t('filter.range', { from: word(condition.value[0] ?? ''), to: word(condition.value[1] ?? '') })}</b>;
	return <b>{list(condition.value.map(word), 'disjunction')}</b>;
}

/** May a field be asked for? Masked values would leak by yes and no. */
export function filterable(field: Field): boolean {
	return field.right !== 'hidden' && field.right !== 'masked' && field.filterable !== false && field.type !== 'json';
}

function complete(condition: Condition): boolean {
	if (WITHOUT_VALUE.includes(condition.op)) return true;
	if (condition.op === 'between') return Boolean(condition.value[0] && condition.value[1]);
	return condition.value.length > 0 && condition.value.every((v) => v !== '');
}

interface EditorProps {
	entity: Entity;
	initial: Condition | null;
	onDone(condition: Condition, or: boolean): void;
}

function Editor({ entity, initial, onDone }: EditorProps) {
	const { t } = useTranslation();
	const id = useId();
	const opWord = useOpWord();
	const [condition, setCondition] = useState(initial);
	const field = fieldOf(entity, condition?.field);
	const kind = field ? kindOf(field) : null;

	return (
		<form
			className="filter-editor"
			onSubmit={(event) => {
				event.preventDefault();
				if (condition && complete(condition)) onDone(condition, false);
			}}
		>
			{!initial && (
				<Select
					aria-label={t('filter.field')} placeholder={t('filter.field')} autoFocus defaultOpen value={condition?.field} showSearch={{ optionFilterProp: 'label' }}
					options={[...visibleFields(entity)].sort((a, b) => Number(SYSTEM.has(a.name)) - Number(SYSTEM.has(b.name))).filter((f) => filterable(f) && f.name !== 'version').map((f) => ({ value: f.name, label: f.label }))} popupMatchSelectWidth={false}
					onChange={(name: string) => {
						const chosen = fieldOf(entity, name)!;
						const op = OPS[chosen.type][0]!;
						setCondition({ field: name, op, value: START[op] ?? [] });
					}}
				/>
			)}
			{field && condition && (
				<>
					<Select
						aria-label={t('filter.op')} value={condition.op} popupMatchSelectWidth={false}
						options={[...new Set([...OPS[field.type], condition.op])].map((op) => ({ value: op, label: opWord(field, op) }))}
						onChange={(op: Op) => setCondition({ ...condition, op, value: sameShape(condition.op, op) ? condition.value : START[op] ?? [] })}
					/>
					{!WITHOUT_VALUE.includes(condition.op) && kind && (
						<kind.Filter
							key={condition.op} field={field} op={condition.op} value={condition.value} id={id} autoFocus
							onChange={(value) => setCondition({ ...condition, value })}
						/>
					)}
					<Button type="primary" htmlType="submit" disabled={!complete(condition)}>{t('filter.apply')}</Button>
					{condition.op !== 'raw' && (
						<Button type="link" disabled={!complete(condition)} onClick={() => onDone(condition, true)}>{t('filter.or_more')}</Button>
					)}
				</>
			)}
		</form>
	);
}

/** Whether typed values still make sense under another operator. */
function sameShape(a: Op, b: Op): boolean {
	const shape = (op: Op) => (op === 'period' ? 'p' : op === 'within' || op === 'older' ? 'd' : op === 'between' ? 'b' : WITHOUT_VALUE.includes(op) ? 'n' : 'v');
	return shape(a) === shape(b);
}

/** Not a field: the records that an import made or changed. */
function ImportChip({ id, onRemove }: { id: string; onRemove(): void }) {
	const { t } = useTranslation();
	const run = useQuery({ queryKey: ['run', id, 'name'], queryFn: ({ signal }) => get<Row>(`import_run/${id}?select=name`, signal), staleTime: Infinity });
	const words = t('filter.import', { name: String(run.data?.name ?? id) });
	return (
		<span className="chip">
			<Link className="chip-words" to={`/import/${id}`}>{words}</Link>
			<button type="button" className="chip-x" aria-label={t('filter.remove', { field: words })} onClick={onRemove}><CloseOutlined /></button>
		</span>
	);
}

interface ChipProps {
	entity: Entity;
	condition: Condition;
	open: boolean;
	onOpen(open: boolean): void;
	/** `or`: another is to be added that may hold instead. */
	onDone(condition: Condition, or: boolean): void;
	onRemove(): void;
}

function Chip({ entity, condition, open, onOpen, onDone, onRemove }: ChipProps) {
	const { t } = useTranslation();
	const opWord = useOpWord();
	const field = fieldOf(entity, condition.field);
	const label = field?.label ?? condition.field;
	return (
		<span className="chip">
			<Popover
				trigger="click" open={open} onOpenChange={onOpen} destroyOnHidden placement="bottomLeft"
				content={<Editor entity={entity} initial={condition} onDone={onDone} />}
			>
				<button type="button" className="chip-words">
					{label} <span className="chip-op">{opWord(field, condition.op)}</span> <ValueWords field={field} condition={condition} />
				</button>
			</Popover>
			<button type="button" className="chip-x" aria-label={t('filter.remove', { field: label })} onClick={onRemove}><CloseOutlined /></button>
		</span>
	);
}

interface Props {
	entity: Entity;
	conditions: Condition[];
	onChange(conditions: Condition[]): void;
}

export function Chips({ entity, conditions, onChange }: Props) {
	const { t } = useTranslation();
	/** "2": the third; "2.0": the first of those that may hold instead; "2.new", "new". */
	const [open, setOpen] = useState<string | null>(null);
	const put = (at: number, ...next: Condition[]) => onChange([...conditions.slice(0, at), ...next, ...conditions.slice(at + 1)]);
	const opened = (key: string) => (is: boolean) => setOpen(is ? key : null);
	/** Of a group: one that is alone needs no "or". */
	const group = (any: Condition[]) => (any.length > 1 ? [anyOf(any)] : any);

	function done(at: number, next: Condition, or: boolean) {
		setOpen(or ? `${at}.new` : null);
		put(at, or ? anyOf([next]) : next);
	}

	const advanced = conditions.findIndex((c) => c.field === ADVANCED);

	const several = (at: number, any: Condition[]) => (
		<span className="chip-any" key={`any.${at}`} role="group" aria-label={t('filter.any')}>
			{any.map((condition, i) => (
				<Fragment key={`${condition.field}.${i}`}>
					{i > 0 && <span className="chip-or">{t('filter.or')}</span>}
					<Chip
						entity={entity} condition={condition} open={open === `${at}.${i}`} onOpen={opened(`${at}.${i}`)}
						onDone={(next, or) => {
							setOpen(or ? `${at}.new` : null);
							put(at, anyOf(any.map((c, n) => (n === i ? next : c))));
						}}
						onRemove={() => put(at, ...group(any.filter((_, n) => n !== i)))}
					/>
				</Fragment>
			))}
			<Popover
				trigger="click" open={open === `${at}.new`} destroyOnHidden placement="bottomLeft"
				onOpenChange={(is) => {
					setOpen(is ? `${at}.new` : null);
					if (!is && any.length === 1) put(at, ...any);
				}}
				content={
					<Editor
						entity={entity} initial={null}
						onDone={(next, or) => {
							setOpen(or ? `${at}.new` : null);
							put(at, anyOf([...any, next]));
						}}
					/>
				}
			>
				<Button type="text" size="small" icon={<PlusOutlined />}>{t('filter.or')}</Button>
			</Popover>
		</span>
	);

	return (
		<div className="chips" role="group" aria-label={t('filter.title')}>
			{conditions.map((condition, i) => (condition.any ? several(i, condition.any) : condition.field === ADVANCED ? (
				<AdvancedChip key={ADVANCED} entity={entity} text={condition.value[0] ?? ''} onOpen={() => setOpen(ADVANCED)} onRemove={() => put(i)} />
			) : condition.field === IMPORT_RUN ? (
				<ImportChip key={IMPORT_RUN} id={condition.value[0] ?? ''} onRemove={() => put(i)} />
			) : (
				<Chip
					key={`${condition.field}.${i}`} entity={entity} condition={condition} open={open === String(i)} onOpen={opened(String(i))}
					onDone={(next, or) => done(i, next, or)} onRemove={() => put(i)}
				/>
			)))}
			<Popover
				trigger="click" open={open === 'new'} onOpenChange={opened('new')} destroyOnHidden placement="bottomLeft"
				content={<Editor entity={entity} initial={null} onDone={(next, or) => done(conditions.length, next, or)} />}
			>
				<Button type="text" size="small" icon={<PlusOutlined />}>{t('filter.add')}</Button>
			</Popover>
			{advanced < 0 && <Button type="text" size="small" onClick={() => setOpen(ADVANCED)}>{t('condition.advanced')}</Button>}
			{open === ADVANCED && (
				<Suspense fallback={null}>
					<AdvancedDialog
						entity={entity} text={advanced < 0 ? '' : conditions[advanced]!.value[0] ?? ''} onClose={() => setOpen(null)}
						onDone={(text) => {
							setOpen(null);
							put(advanced < 0 ? conditions.length : advanced, { field: ADVANCED, op: 'raw', value: [text] });
						}}
					/>
				</Suspense>
			)}
			{conditions.length > 1 && (
				<Button type="text" size="small" onClick={() => onChange([])}>{t('filter.clear')}</Button>
			)}
		</div>
	);
}
