/** A condition, built in plain words: groups, fields, related records, segments; and how many match while one types. */
import { DeleteOutlined, PlusOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Button, Dropdown, Input, InputNumber, Select } from 'antd';
import { useId, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, post } from '@/api/client.ts';
import { type Op, OPS } from '@/api/query.ts';
import { entityOf, fieldOf, useSome } from '@/api/records.ts';
import type { Entity, Field } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import { waysOf } from '@/app/features.ts';
import { kindOf } from '@/fields/index.tsx';
import { useDelayed } from '@/lib/delayed.ts';
import { number } from '@/lib/format.ts';
import {
	complete, emptyGroup, type FieldNode, filled, type GroupNode, type Json, type Measure, measured, nextId, type Node, NUMBER_MEASURES,
	type RelatedNode, relationsOf, type SegmentNode,
	type ShareNode, type TextNode, toJson, WITHOUT_VALUE,
} from './tree.ts';

const START: Partial<Record<Op, string[]>> = { period: ['month'], within: ['30d'], older: ['90d'] };
const SYSTEM = new Set(['created_at', 'created_by', 'updated_at', 'updated_by']);

const shape = (op: Op) => (op === 'period' ? 'p' : op === 'within' || op === 'older' ? 'd' : op === 'between' ? 'b' : WITHOUT_VALUE.includes(op) ? 'n' : 'v');

function askable(entity: Entity): Field[] {
	return [...entity.fields].filter((f) => f.right !== 'hidden'
		&& f.right !== 'masked'
		&& f.filterable !== false
		&& f.type !== 'json'
		&& !['id', 'version'].includes(f.name))
		.sort((a, b) => Number(SYSTEM.has(a.name)) - Number(SYSTEM.has(b.name)));
}

/** Operator and value of one field. */
function Compare({ field, op, value, ops, onChange }: { field: Field; op: Op; value: string[]; ops?: Op[]; onChange(op: Op, value: string[]): void }) {
	const { t } = useTranslation();
	const id = useId();
	const kind = kindOf(field);
	const timed = field.type === 'date' || field.type === 'time';
	const word = (o: Op) => (timed && ['is', 'gte', 'lte'].includes(o) ? t(`op_time.${o}`) : t(`op.${o}`));
	return (
		<>
			<Select
				aria-label={t('filter.op')} value={op} popupMatchSelectWidth={false}
				options={[...new Set([...(ops ?? OPS[field.type]), op])].map((o) => ({ value: o, label: word(o) }))}
				onChange={(o: Op) => onChange(o, shape(op) === shape(o) ? value : START[o] ?? [])}
			/>
			{!WITHOUT_VALUE.includes(op) && (
				<span className={`cond-value${filled(op, value) ? '' : ' is-missing'}`}>
					<label htmlFor={id} className="sr-only">{field.label || t('condition.measure_count')}</label>
					<kind.Filter key={op} field={field} op={op} value={value} id={id} onChange={(v) => onChange(op, v)} />
				</span>
			)}
		</>
	);
}

interface PartProps<T extends Node> {
	entity: Entity;
	node: T;
	onChange(node: T): void;
}

function FieldPart({ entity, node, onChange }: PartProps<FieldNode>) {
	const { t } = useTranslation();
	const field = fieldOf(entity, node.condition.field);
	return (
		<>
			<Select
				aria-label={t('filter.field')} value={node.condition.field || undefined} placeholder={t('filter.field')}
				showSearch={{ optionFilterProp: 'label' }} popupMatchSelectWidth={false}
				options={askable(entity).map((f) => ({ value: f.name, label: f.label }))}
				onChange={(name: string) => {
					const op = OPS[fieldOf(entity, name)!.type][0]!;
					onChange({ ...node, condition: { field: name, op, value: START[op] ?? [] } });
				}}
			/>
			{field && (
				<Compare
					field={field} op={node.condition.op} value={node.condition.value}
					onChange={(op, value) => onChange({ ...node, condition: { ...node.condition, op, value } })}
				/>
			)}
		</>
	);
}

const MEASURES: Measure[] = ['exists', 'none', 'count', 'sum', 'min', 'max', 'latest'];
const COUNT: Field = { name: 'count', type: 'int', label: '', right: 'read' };

function RelatedPart({ entity, node, onChange }: PartProps<RelatedNode>) {
	const meta = useMeta();
	const { t } = useTranslation();
	const relations = relationsOf(meta, entity);
	const key = (r: { name: string; via?: string }) => `${r.name}.${r.via ?? ''}`;
	const relation = relations.find((r) => key(r) === key(node));
	const fields = relation ? measured(relation.entity, node.measure) : [];
	const of = node.measure === 'count' ? COUNT : fieldOf(relation?.entity, node.of);
	const ops = node.measure === 'latest'
		? undefined
		: of && ['date', 'time'].includes(of.type) ? (['within', 'older', 'gte', 'lte'] as Op[]) : NUMBER_MEASURES;
	const single = of && ops === undefined ? OPS[of.type].filter((o) => !['between', 'notin', 'period', 'has', 'hasall'].includes(o)) : ops;
	return (
		<>
			<Select
				aria-label={t('condition.related')} value={node.name ? key(node) : undefined} placeholder={t('condition.related')} popupMatchSelectWidth={false}
				options={relations.map((r) => ({ value: key(r), label: r.label }))}
				onChange={(k: string) => {
					const r = relations.find((one) => key(one) === k)!;
					onChange({ ...node, name: r.name, via: r.via, measure: 'exists', of: '', where: emptyGroup() });
				}}
			/>
			{relation && (
				<Select
					aria-label={t('condition.measure')} value={node.measure} popupMatchSelectWidth={false}
					options={MEASURES
						.filter((m) => !relation.one || m === 'exists' || m === 'none')
						.map((m) => ({ value: m, label: t(`condition.measure_${m}`) }))}
					onChange={(measure: Measure) => onChange({
						...node, measure, of: '', op: measure === 'count' ? 'gte' : node.op, value: measure === 'count' ? ['1'] : [],
					})}
				/>
			)}
			{fields.length > 0 && (
				<Select
					aria-label={t('filter.field')} value={node.of || undefined} placeholder={t('filter.field')} popupMatchSelectWidth={false}
					options={fields.map((f) => ({ value: f.name, label: f.label }))}
					onChange={(name: string) => {
						const type = fieldOf(relation!.entity, name)!.type;
						const op: Op = ['date', 'time'].includes(type) ? 'older' : node.measure === 'latest' ? OPS[type][0]! : 'gte';
						onChange({ ...node, of: name, op, value: START[op] ?? [] });
					}}
				/>
			)}
			{of && <Compare field={of} op={node.op} value={node.value} ops={single} onChange={(op, value) => onChange({ ...node, op, value })} />}
		</>
	);
}

function SegmentPart({ entity, node, onChange }: PartProps<SegmentNode>) {
	const meta = useMeta();
	const { t } = useTranslation();
	const segments = useSome(
		entityOf(meta, 'segment'), new URLSearchParams({ select: 'id,name', entity: `eq.${entity.name}`, order: 'name.asc', limit: '500' }),
	);
	return (
		<>
			<Select
				aria-label={t('condition.member')} value={node.inside} popupMatchSelectWidth={false}
				options={[{ value: true, label: t('condition.in_segment') }, { value: false, label: t('condition.not_in_segment') }]}
				onChange={(inside: boolean) => onChange({ ...node, inside })}
			/>
			<Select
				aria-label={t('condition.segment')} value={node.segment || undefined} placeholder={t('condition.segment')}
				showSearch={{ optionFilterProp: 'label' }} popupMatchSelectWidth={false}
				options={(segments.data?.rows ?? []).map((row) => ({ value: row.id, label: String(row.name) }))}
				onChange={(segment: string) => onChange({ ...node, segment })}
			/>
		</>
	);
}

function TextPart({ node, onChange }: PartProps<TextNode>) {
	const { t } = useTranslation();
	return (
		<>
			<span>{t('condition.text')}</span>
			<Input aria-label={t('condition.text')} value={node.text} maxLength={100} onChange={(e) => onChange({ ...node, text: e.target.value })} />
		</>
	);
}

function SharePart({ node, onChange }: PartProps<ShareNode>) {
	const { t } = useTranslation();
	return (
		<>
			<span>{t('condition.share')}</span>
			<InputNumber
				aria-label={t('condition.share')} value={node.share} min={0} max={100} suffix="%"
				onChange={(share) => onChange({ ...node, share: Number(share ?? 0) })}
			/>
			<Input
				aria-label={t('condition.seed')} placeholder={t('condition.seed')} value={node.seed} maxLength={20}
				onChange={(e) => onChange({ ...node, seed: e.target.value })}
			/>
		</>
	);
}

/** What the editor cannot take apart, in the server's words. */
function OtherPart({ entity, json }: { entity: Entity; json: Json }) {
	const said = useQuery({
		queryKey: ['condition', 'words', entity.name, JSON.stringify(json)], staleTime: Infinity,
		queryFn: () => post<{ words: string }>('conditions/check', { entity: entity.name, condition: json }),
	});
	return <span className="cond-words">{said.data?.words ?? JSON.stringify(json)}</span>;
}

function Part({ entity, node, onChange }: PartProps<Node>) {
	switch (node.kind) {
		case 'field': return <FieldPart entity={entity} node={node} onChange={onChange} />;
		case 'related': return <RelatedPart entity={entity} node={node} onChange={onChange} />;
		case 'segment': return <SegmentPart entity={entity} node={node} onChange={onChange} />;
		case 'text': return <TextPart entity={entity} node={node} onChange={onChange} />;
		case 'share': return <SharePart entity={entity} node={node} onChange={onChange} />;
		case 'other': return <OtherPart entity={entity} json={node.json} />;
		case 'group': return null;
	}
}

function fresh(kind: string): Node {
	const id = nextId();
	switch (kind) {
		case 'group': return { ...emptyGroup(), way: 'any' };
		case 'related': return { id, kind, name: '', measure: 'exists', of: '', op: 'gte', value: [], where: emptyGroup() };
		case 'segment': return { id, kind, segment: '', inside: true };
		case 'text': return { id, kind, text: '' };
		case 'share': return { id, kind, share: 10, seed: '' };
		default: return { id, kind: 'field', condition: { field: '', op: 'is', value: [] } };
	}
}

function AddButtons({ entity, onAdd }: { entity: Entity; onAdd(node: Node): void }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const more = [
		...(relationsOf(meta, entity).length > 0 ? ['related'] : []), ...(entityOf(meta, 'segment') ? ['segment'] : []),
		...(entity.searched ? ['text'] : []), 'share', 'group',
	];
	return (
		<div className="cond-add">
			<Button size="small" icon={<PlusOutlined />} onClick={() => onAdd(fresh('field'))}>{t('condition.add')}</Button>
			<Dropdown
				trigger={['click']}
				menu={{ items: more.map((key) => ({ key, label: t(`condition.add_${key}`) })), onClick: ({ key }) => onAdd(fresh(key)) }}
			>
				<Button size="small" type="text">{t('condition.more')}</Button>
			</Dropdown>
		</div>
	);
}

function Group({ entity, node, onChange, onRemove, label }: PartProps<GroupNode> & { onRemove?(): void; label?: string }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const put = (i: number, ...next: Node[]) => onChange({ ...node, parts: [...node.parts.slice(0, i), ...next, ...node.parts.slice(i + 1)] });
	const inner = (part: RelatedNode) => relationsOf(meta, entity).find((r) => r.name === part.name && r.via === part.via)?.entity;
	return (
		<fieldset className="cond-group">
			<legend>
				{label && <span>{label}</span>}
				<Select
					aria-label={t('condition.way')} size="small" value={node.way} popupMatchSelectWidth={false}
					options={(['all', 'any', 'none'] as const).map((way) => ({ value: way, label: t(`condition.way_${way}`) }))}
					onChange={(way: GroupNode['way']) => onChange({ ...node, way })}
				/>
				{onRemove && <Button size="small" type="text" icon={<DeleteOutlined />} aria-label={t('condition.remove')} onClick={onRemove} />}
			</legend>
			{node.parts.map((part, i) => (part.kind === 'group' ? (
				<Group key={part.id} entity={entity} node={part} onChange={(next) => put(i, next)} onRemove={() => put(i)} />
			) : (
				<div key={part.id} className="cond-part" role="group" aria-label={t('condition.part', { n: i + 1 })}>
					<div className="cond-row">
						<Part entity={entity} node={part} onChange={(next) => put(i, next)} />
						<Button
							size="small" type="text" className="cond-remove" icon={<DeleteOutlined />} aria-label={t('condition.remove')}
							onClick={() => put(i)}
						/>
					</div>
					{part.kind === 'related' && inner(part) && (
						<Group entity={inner(part)!} node={part.where} label={t('condition.where')} onChange={(where) => put(i, { ...part, where })} />
					)}
				</div>
			)))}
			<AddButtons entity={entity} onAdd={(next) => onChange({ ...node, parts: [...node.parts, next] })} />
		</fieldset>
	);
}

/** How many match now, and the condition as a sentence; null while something is missing. */
export function useMatches(entity: Entity, tree: GroupNode) {
	const meta = useMeta();
	const whole = complete(tree);
	const text = useMemo(() => (whole ? JSON.stringify(toJson(meta, entity, tree)) : ''), [meta, entity, tree, whole]);
	const rested = useDelayed(text, 350);
	const counted = useQuery({
		queryKey: ['condition', 'count', entity.name, rested], enabled: rested !== '', retry: false, staleTime: 10_000, placeholderData: (old) => old,
		queryFn: () => post<{ count: number; more: boolean; words: string }>('conditions/count', {
			entity: entity.name, condition: JSON.parse(rested) as Json,
		}),
	});
	return { text, whole, counted, waiting: rested !== text || counted.isFetching };
}

export function Editor({ entity, tree, onChange }: { entity: Entity; tree: GroupNode; onChange(tree: GroupNode): void }) {
	const { t } = useTranslation();
	const { whole, counted, waiting } = useMatches(entity, tree);
	const { people } = waysOf(entity.name);
	const error = counted.error instanceof ApiError ? counted.error.errors[0]?.message ?? counted.error.message : null;
	const n = counted.data;
	return (
		<div className="cond">
			<Group entity={entity} node={tree} onChange={onChange} />
			<p className={`cond-count${waiting ? ' is-waiting' : ''}`} role="status">
				{!whole ? t('condition.incomplete') : error ? <span className="is-bad">{error}</span> : n ? (
					<>
						<b>
							{n.more
								? t(people ? 'list.count_people_capped' : 'list.count_capped', { n: number(n.count), what: entity.label_many })
								: t(people ? 'list.count_people' : 'list.count', { count: n.count, n: number(n.count), what: entity.label_many })}
						</b>
						{' '}<span className="cond-words">{n.words}</span>
					</>
				) : ' '}
			</p>
		</div>
	);
}
