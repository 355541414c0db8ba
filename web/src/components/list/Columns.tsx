/** Which columns, in which order: by mouse, touch or keyboard. */
import { ArrowUpOutlined, HolderOutlined, MinusOutlined, PlusOutlined } from '@ant-design/icons';
import { closestCenter, DndContext, type DragEndEvent, KeyboardSensor, PointerSensor, useSensor, useSensors } from '@dnd-kit/core';
import { arrayMove, SortableContext, sortableKeyboardCoordinates, useSortable, verticalListSortingStrategy } from '@dnd-kit/sortable';
import { Button, Checkbox, Input } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Entity, Field } from '@/api/types.ts';
import { kindOf } from '@/fields/index.tsx';
import { type Column, visibleFields } from './state.ts';

interface ItemProps {
	column: Column;
	last: boolean;
	first: boolean;
	onHide(): void;
	onUp(): void;
	onWidth(by: number): void;
}

function Item({ column, last, first, onHide, onUp, onWidth }: ItemProps) {
	const { t } = useTranslation();
	const { attributes, listeners, setNodeRef, transform, transition } = useSortable({ id: column.field.name });
	return (
		<li ref={setNodeRef} className="column-item" style={{ transform: transform ? `translateY(${transform.y}px)` : undefined, transition }}>
			<button type="button" className="grip" {...attributes} {...listeners} aria-label={t('columns.move', { column: column.field.label })}>
				<HolderOutlined />
			</button>
			<Checkbox checked disabled={last} onChange={onHide}>{column.field.label}</Checkbox>
			<span className="column-tools">
				{/* What dragging does, for those who can't drag. */}
				<Button type="text" size="small" icon={<ArrowUpOutlined />} disabled={first} onClick={onUp} aria-label={t('columns.up', { column: column.field.label })} />
				<Button type="text" size="small" icon={<MinusOutlined />} onClick={() => onWidth(-20)} aria-label={t('columns.narrower', { column: column.field.label })} />
				<Button type="text" size="small" icon={<PlusOutlined />} onClick={() => onWidth(20)} aria-label={t('columns.wider', { column: column.field.label })} />
			</span>
		</li>
	);
}

interface Props {
	entity: Entity;
	columns: Column[];
	onChange(columns: Column[] | null): void;
}

export default function Columns({ entity, columns, onChange }: Props) {
	const { t } = useTranslation();
	const [typed, setTyped] = useState('');
	const sensors = useSensors(useSensor(PointerSensor, { activationConstraint: { distance: 4 } }), useSensor(KeyboardSensor, { coordinateGetter: sortableKeyboardCoordinates }));
	const shown = new Set(columns.map((c) => c.field.name));
	const matches = (f: Field) => f.label.toLowerCase().includes(typed.trim().toLowerCase());
	const others = visibleFields(entity).filter((f) => !shown.has(f.name) && matches(f) && f.name !== 'id' && f.name !== 'version');

	function dropped({ active, over }: DragEndEvent) {
		if (!over || active.id === over.id) return;
		const at = (id: unknown) => columns.findIndex((c) => c.field.name === id);
		onChange(arrayMove(columns, at(active.id), at(over.id)));
	}

	return (
		<div className="columns-panel">
			<Input allowClear placeholder={t('columns.find')} aria-label={t('columns.find')} value={typed} onChange={(e) => setTyped(e.target.value)} />
			<DndContext sensors={sensors} collisionDetection={closestCenter} onDragEnd={dropped}>
				<SortableContext items={columns.map((c) => c.field.name)} strategy={verticalListSortingStrategy}>
					<ul>
						{columns.filter((c) => matches(c.field)).map((c) => (
							<Item
								key={c.field.name} column={c} last={columns.length === 1} first={columns[0] === c} onHide={() => onChange(columns.filter((o) => o !== c))}
								onUp={() => onChange(arrayMove(columns, columns.indexOf(c), columns.indexOf(c) - 1))}
								onWidth={(by) => onChange(columns.map((o) => (o === c ? { ...o, width: Math.max(60, (o.width ?? kindOf(o.field).width) + by) } : o)))}
							/>
						))}
					</ul>
				</SortableContext>
			</DndContext>
			{others.length > 0 && <h4>{t('columns.more')}</h4>}
			<ul>
				{others.map((f) => (
					<li key={f.name} className="column-item">
						<span className="grip" />
						<Checkbox checked={false} onChange={() => onChange([...columns, { field: f, width: null }])}>{f.label}</Checkbox>
					</li>
				))}
			</ul>
			<Button type="link" size="small" onClick={() => onChange(null)}>{t('columns.reset')}</Button>
		</div>
	);
}
