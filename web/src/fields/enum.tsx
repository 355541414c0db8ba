import { Select } from 'antd';
import { Meant } from '@/components/common/Meant.tsx';
import type { Field } from '@/api/types.ts';
import type { EditProps, FilterProps, Kind, ShowProps } from './kind.ts';

export function optionLabel(field: Field, value: unknown): string {
	return field.options?.find((o) => o.value === value)?.label ?? String(value ?? '');
}

function Show({ field, value }: ShowProps) {
	const option = field.options?.find((o) => o.value === value);
	return <Meant meaning={option?.colour}>{option?.label ?? String(value)}</Meant>;
}

function Edit({ field, value, onChange, id, invalid, describedBy, autoFocus, disabled, label }: EditProps) {
	return (
		<Select
			id={id} className="wide" value={(value as string | null) ?? null} onChange={(v: string | null) => onChange(v ?? null)} allowClear={!field.required}
			options={field.options?.map((o) => ({ value: o.value, label: o.label })) ?? []} showSearch={(field.options?.length ?? 0) > 8 ? { optionFilterProp: 'label' } : false}
			status={invalid ? 'error' : undefined} aria-invalid={invalid} aria-describedby={describedBy} autoFocus={autoFocus} disabled={disabled}
			aria-label={label ?? field.label} aria-required={field.required} popupMatchSelectWidth={false}
		/>
	);
}

function Filter({ field, value, onChange, id, autoFocus }: FilterProps) {
	return (
		<Select
			id={id} mode="multiple" className="filter-many" aria-label={field.label} autoFocus={autoFocus} value={value} onChange={(v: string[]) => onChange(v)}
			options={field.options?.map((o) => ({ value: o.value, label: o.label })) ?? []} showSearch={{ optionFilterProp: 'label' }} popupMatchSelectWidth={false}
		/>
	);
}

export const enumeration: Kind = {
	Show,
	Edit,
	Filter,
	word: optionLabel,
	text: optionLabel,
	width: 92,
	inline: true,
};
