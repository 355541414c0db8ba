/** One cell being changed: Enter or leaving keeps, Escape drops. */
import { type KeyboardEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Field, Row } from '@/api/types.ts';
import { checkValue, kindOf } from '@/fields/index.tsx';

interface Props {
	field: Field;
	row: Row;
	onSave(value: unknown): Promise<boolean>;
	onEnd(): void;
}

/** Chosen, not typed: the choice itself is the end of the edit. */
const AT_ONCE = new Set(['enum', 'bool', 'link', 'code']);

export function CellEditor({ field, row, onSave, onEnd }: Props) {
	const { t } = useTranslation();
	const [value, setValue] = useState<unknown>(row[field.name] ?? null);
	const [problem, setProblem] = useState<string | null>(null);
	const closing = useRef(false);
	const { Edit } = kindOf(field);

	async function keep(next: unknown) {
		if (closing.current) return;
		const wrong = checkValue(field, next);
		if (wrong) {
			setProblem(wrong);
			return;
		}
		closing.current = true;
		if (JSON.stringify(next) === JSON.stringify(row[field.name] ?? null) || (await onSave(next))) onEnd();
		else closing.current = false;
	}

	function onKeyDown(event: KeyboardEvent) {
		if (event.key === 'Escape') {
			closing.current = true;
			event.stopPropagation();
			onEnd();
		} else if (event.key === 'Enter' && !AT_ONCE.has(field.type)) {
			event.stopPropagation();
			void keep(value);
		}
	}

	return (
		<div
			className="cell-editor" onKeyDown={onKeyDown} onClick={(e) => e.stopPropagation()} title={problem ? t(problem, { max: field.max ?? 200 }) : undefined}
			onBlur={(e) => {
				// Menus and calendars hang elsewhere in the document; they are still this cell.
				const to = e.relatedTarget as HTMLElement | null;
				if (to && (e.currentTarget.contains(to) || to.closest('.ant-select-dropdown,.ant-picker-dropdown'))) return;
				if (!AT_ONCE.has(field.type)) void keep(value);
				else if (!document.querySelector('.ant-select-open,.ant-picker-focused')) onEnd();
			}}
		>
			<Edit
				field={field} value={value} row={row} autoFocus invalid={problem !== null} label={field.label}
				onChange={(next) => {
					setValue(next);
					setProblem(null);
					if (AT_ONCE.has(field.type)) void keep(next);
				}}
			/>
		</div>
	);
}
