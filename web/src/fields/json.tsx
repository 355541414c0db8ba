import { Input } from 'antd';
import { useState } from 'react';
import type { EditProps, Kind, ShowProps } from './kind.ts';
import { TextFilter } from './text.tsx';

const write = (value: unknown) => (value === null || value === undefined ? '' : JSON.stringify(value, null, 2));

function Show({ value, place }: ShowProps) {
	return place === 'cell' ? <span className="text">{JSON.stringify(value)}</span> : <pre className="json" tabIndex={0}>{write(value)}</pre>;
}

function Edit({ value, onChange, id, invalid, describedBy, autoFocus, disabled, label }: EditProps) {
	const [typed, setTyped] = useState(typeof value === 'string' ? value : write(value));
	return (
		<Input.TextArea
			id={id} className="area json" value={typed} aria-label={label} status={invalid ? 'error' : undefined} aria-invalid={invalid}
			aria-describedby={describedBy} autoFocus={autoFocus} disabled={disabled}
			onChange={(e) => {
				setTyped(e.target.value);
				try {
					onChange(e.target.value.trim() === '' ? null : JSON.parse(e.target.value));
				} catch {
					onChange(e.target.value);
				}
			}}
		/>
	);
}

export const json: Kind = {
	Show,
	Edit,
	Filter: TextFilter,
	text: (_, value) => write(value),
	check: (_, value) => (typeof value === 'string' && value !== '' ? 'check.not_json' : null),
	width: 160,
};
