/** Filters in plain words, each a chip that opens its editor. */
import { CloseOutlined, PlusOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Button, Popover, Select } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { get } from '@/api/client.ts';
import { type Condition, IMPORT_RUN, type Op, OPS } from '@/api/query.ts';
import { fieldOf } from '@/api/records.ts';
import type { Entity, Field, Row } from '@/api/types.ts';
import { kindOf } from '@/fields/index.tsx';
import { LinkWords } from '@/fields/link.tsx';
import { list } from '@/lib/format.ts';
import { visibleFields } from './state.ts';

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
	onDone(condition: Condition): void;
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
				if (condition && complete(condition)) onDone(condition);
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

interface Props {
	entity: Entity;
	conditions: Condition[];
	onChange(conditions: Condition[]): void;
}

export function Chips({ entity, conditions, onChange }: Props) {
	const { t } = useTranslation();
	const opWord = useOpWord();
	const [open, setOpen] = useState<number | 'new' | null>(null);
	return (
		<div className="chips" role="group" aria-label={t('filter.title')}>
			{conditions.map((condition, i) => {
				const field = fieldOf(entity, condition.field);
				const label = field?.label ?? condition.field;
				if (condition.field === IMPORT_RUN)
					return <ImportChip key={IMPORT_RUN} id={condition.value[0] ?? ''} onRemove={() => onChange(conditions.filter((_, n) => n !== i))} />;
				return (
					<span className="chip" key={`${condition.field}.${i}`}>
						<Popover
							trigger="click" open={open === i} onOpenChange={(o) => setOpen(o ? i : null)} destroyOnHidden placement="bottomLeft"
							content={
								<Editor
									entity={entity} initial={condition}
									onDone={(next) => {
										setOpen(null);
										onChange(conditions.map((c, n) => (n === i ? next : c)));
									}}
								/>
							}
						>
							<button type="button" className="chip-words">
								{label} <span className="chip-op">{opWord(field, condition.op)}</span> <ValueWords field={field} condition={condition} />
							</button>
						</Popover>
						<button type="button" className="chip-x" aria-label={t('filter.remove', { field: label })} onClick={() => onChange(conditions.filter((_, n) => n !== i))}>
							<CloseOutlined />
						</button>
					</span>
				);
			})}
			<Popover
				trigger="click" open={open === 'new'} onOpenChange={(o) => setOpen(o ? 'new' : null)} destroyOnHidden placement="bottomLeft"
				content={
					<Editor
						entity={entity} initial={null}
						onDone={(next) => {
							setOpen(null);
							onChange([...conditions, next]);
						}}
					/>
				}
			>
				<Button type="text" size="small" icon={<PlusOutlined />}>{t('filter.add')}</Button>
			</Popover>
			{conditions.length > 1 && (
				<Button type="text" size="small" onClick={() => onChange([])}>{t('filter.clear')}</Button>
			)}
		</div>
	);
}
