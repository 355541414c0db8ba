/** What one can count by, and where it was put: by mouse, touch or keyboard. */
import { CloseOutlined, HolderOutlined } from '@ant-design/icons';
import { DndContext, type DragEndEvent, KeyboardSensor, PointerSensor, useDraggable, useDroppable, useSensor, useSensors } from '@dnd-kit/core';
import { Button, Dropdown, Input, Select } from 'antd';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Dim, type Dimension, type Fact, type Measure, measureName, type Query, TIME_BY } from './pivot.ts';

const MOST = 4;
type Zone = 'rows' | 'columns' | 'measures';

function Grip({ id, label }: { id: string; label: string }) {
	const { attributes, listeners, setNodeRef, transform, isDragging } = useDraggable({ id });
	return (
		<button
			ref={setNodeRef} type="button" className={isDragging ? 'grip is-dragged' : 'grip'} {...attributes} {...listeners} aria-label={label}
			style={{ transform: transform ? `translate(${transform.x}px, ${transform.y}px)` : undefined }}
		>
			<HolderOutlined />
		</button>
	);
}

function Well({ zone, label, children }: { zone: Zone; label: string; children: ReactNode }) {
	const { setNodeRef, isOver } = useDroppable({ id: zone });
	return (
		<div ref={setNodeRef} className={isOver ? 'pivot-well is-over' : 'pivot-well'} role="group" aria-label={label}>
			<span className="pivot-well-name">{label}</span>
			{children}
		</div>
	);
}

interface Props {
	fact: Fact;
	query: Query;
	onChange(query: Query): void;
}

const startOf = (dimension: Dimension): Dim => ({
	field: dimension.field,
	...(dimension.kind === 'date' || dimension.kind === 'time' ? { by: 'month' } : dimension.kind === 'number' ? { by: 'band', band: 100 } : {}),
});

/** The ways in which a dimension can be laid out. */
function ByChoice({ dim, dimension, onChange }: { dim: Dim; dimension: Dimension; onChange(dim: Dim): void }) {
	const { t } = useTranslation();
	if (dimension.kind === 'number' || (dimension.kind === 'int' && dim.by === 'band'))
		return (
			<Input
				className="pivot-band" type="number" min={1} value={dim.band} aria-label={t('pivot.band')}
				onChange={(e) => onChange({ ...dim, by: 'band', band: Math.max(0.01, Number(e.target.value) || 1) })}
			/>
		);
	if (dimension.kind !== 'date' && dimension.kind !== 'time') return null;
	const ways = [...TIME_BY, ...(dimension.moment ? ['hour'] : []), ...(dimension.kind === 'date' ? ['age'] : [])];
	return (
		<Select
			size="small" variant="borderless" value={dim.by ?? 'month'} aria-label={t('pivot.by', { field: dimension.label })} popupMatchSelectWidth={false}
			options={ways.map((value) => ({ value, label: t(`pivot.by_${value}`) }))} onChange={(by: string) => onChange({ ...dim, by })}
		/>
	);
}

export function Fields({ fact, query, onChange }: Props) {
	const { t } = useTranslation();
	const [typed, setTyped] = useState('');
	const sensors = useSensors(useSensor(PointerSensor, { activationConstraint: { distance: 5 } }), useSensor(KeyboardSensor));
	const known = (field: string) => fact.dimensions.find((d) => d.field === field);
	const wanted = typed.trim().toLowerCase();
	const groups = [...new Set(fact.dimensions.map((d) => d.group))];

	function add(zone: 'rows' | 'columns', field: string) {
		const dimension = known(field);
		if (!dimension) return;
		const without = { ...query, rows: query.rows.filter((d) => d.field !== field), columns: query.columns.filter((d) => d.field !== field) };
		const before = [...query.rows, ...query.columns].find((d) => d.field === field);
		if (without[zone].length < MOST) onChange({ ...without, [zone]: [...without[zone], before ?? startOf(dimension)] });
	}
	const addMeasure = (measure: Measure) => {
		if (!query.measures.some((m) => measureName(m) === measureName(measure))) onChange({ ...query, measures: [...query.measures, measure] });
	};
	function dropped({ active, over }: DragEndEvent) {
		const id = String(active.id), colon = id.indexOf(':'), kind = id.slice(0, colon), name = id.slice(colon + 1);
		if (over && kind === 'measure' && over.id === 'measures') addMeasure(name);
		if (over && kind === 'field' && (over.id === 'rows' || over.id === 'columns')) add(over.id, name);
	}
	const change = (zone: 'rows' | 'columns', at: number, dim: Dim | null) =>
		onChange({ ...query, [zone]: query[zone].flatMap((d, i) => (i === at ? (dim ? [dim] : []) : [d])) });

	const well = (zone: 'rows' | 'columns') => (
		<Well zone={zone} label={t(`pivot.${zone}`)}>
			{query[zone].map((dim, i) => {
				const dimension = known(dim.field);
				return dimension && (
					<span key={dim.field} className="pivot-chip">
						<Grip id={`field:${dim.field}`} label={t('pivot.drag', { name: dimension.label })} />
						{dimension.label}
						<ByChoice dim={dim} dimension={dimension} onChange={(next) => change(zone, i, next)} />
						<Button type="text" size="small" icon={<CloseOutlined />} aria-label={t('pivot.drop', { name: dimension.label })} onClick={() => change(zone, i, null)} />
					</span>
				);
			})}
			{query[zone].length === 0 && <span className="pivot-hint">{t('pivot.put_here')}</span>}
		</Well>
	);
	return (
		<DndContext sensors={sensors} onDragEnd={dropped}>
			<div className="pivot-wells">
				{well('rows')}
				{well('columns')}
				<Well zone="measures" label={t('pivot.measures')}>
					{query.measures.map((measure) => {
						const name = measureName(measure);
						const label = typeof measure === 'string' ? fact.measures.find((m) => m.name === name)?.label ?? name : measure.label ?? name;
						return (
							<span key={name} className="pivot-chip">
								{label}
								{query.measures.length > 1 && (
									<Button
										type="text" size="small" icon={<CloseOutlined />} aria-label={t('pivot.drop', { name: label })}
										onClick={() => onChange({ ...query, measures: query.measures.filter((m) => m !== measure) })}
									/>
								)}
							</span>
						);
					})}
				</Well>
			</div>
			<details className="panel pivot-fields" open={window.innerWidth > 900}>
				<summary>{t('pivot.fields')}</summary>
				<Input.Search allowClear placeholder={t('pivot.find')} aria-label={t('pivot.find')} value={typed} onChange={(e) => setTyped(e.target.value)} />
				<div className="pivot-list">
					<h3>{t('pivot.measures')}</h3>
					<ul>
						{fact.measures.filter((m) => m.label.toLowerCase().includes(wanted)).map((m) => (
							<li key={m.name}>
								<Grip id={`measure:${m.name}`} label={t('pivot.drag', { name: m.label })} />
								<Button type="text" size="small" onClick={() => addMeasure(m.name)}>{m.label}</Button>
							</li>
						))}
					</ul>
					{groups.map((group) => {
						const fields = fact.dimensions.filter((d) => d.group === group && d.label.toLowerCase().includes(wanted));
						return fields.length > 0 && (
							<div key={group}>
								<h3>{group}</h3>
								<ul>
									{fields.map((d) => (
										<li key={d.field}>
											<Grip id={`field:${d.field}`} label={t('pivot.drag', { name: d.label })} />
											<Dropdown
												trigger={['click']}
												menu={{
													items: [{ key: 'rows', label: t('pivot.to_rows') }, { key: 'columns', label: t('pivot.to_columns') }],
													onClick: ({ key }) => add(key as 'rows' | 'columns', d.field),
												}}
											>
												<Button type="text" size="small">{d.label}</Button>
											</Dropdown>
										</li>
									))}
								</ul>
							</div>
						);
					})}
				</div>
			</details>
		</DndContext>
	);
}
