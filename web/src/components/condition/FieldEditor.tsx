/** The editor of conditions as one field of a form. An empty one is no condition. */
import { useState } from 'react';
import { entityOf } from '@/api/records.ts';
import { useMeta } from '@/app/context.tsx';
import type { EditProps } from '@/fields/kind.ts';
import { Editor } from './Editor.tsx';
import { complete, type GroupNode, readTree, toJson } from './tree.ts';

export default function FieldEditor({ field, value, onChange, id, describedBy, label }: EditProps) {
	const meta = useMeta();
	const entity = entityOf(meta, field.asks ?? '');
	const [tree, setTree] = useState(() => (entity ? readTree(meta, value ? JSON.stringify(value) : null, entity) : null));
	if (!entity || !tree) return null;
	function change(next: GroupNode) {
		setTree(next);
		if (next.parts.length === 0) onChange(null);
		else if (complete(next)) onChange(toJson(meta, entity!, next));
	}
	return (
		<div id={id} role="group" aria-label={label ?? field.label} aria-describedby={describedBy} className="condition-field">
			<Editor entity={entity} tree={tree} onChange={change} />
		</div>
	);
}
