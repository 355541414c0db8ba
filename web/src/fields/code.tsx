import { Select } from 'antd';
import { entityOf } from '@/api/records.ts';
import { useMeta } from '@/app/context.tsx';
import { codeName } from '@/lib/format.ts';
import type { Field } from '@/api/types.ts';
import type { EditProps, FilterProps, Kind, ShowProps } from './kind.ts';
import { TextEdit } from './text.tsx';

type Which = 'language' | 'region' | 'currency';

/** Which list of codes a field holds is told by its name. */
function which(field: Field): Which | null {
	if (/currency/.test(field.name)) return 'currency';
	if (/country/.test(field.name)) return 'region';
	if (/language|locale/.test(field.name)) return 'language';
	return null;
}

const COMMON: Record<Which, string[]> = {
	currency: ['CNY', 'HKD', 'TWD', 'USD', 'EUR', 'GBP', 'JPY', 'KRW', 'SGD', 'AUD', 'CAD', 'CHF'],
	language: ['zh-Hans', 'zh-Hant', 'en', 'ja', 'ko', 'de', 'fr', 'es', 'ru', 'pt', 'it', 'ar', 'th', 'vi'],
	region: (
		'CN HK TW MO US GB JP KR SG DE FR AU CA AE AR AT BE BG BH BR CH CL CO CY CZ DK EE EG ES FI GR HR HU ID IE IL IN IS IT KE KZ LB LT LU LV MT MX MY NG NL NO NZ ' +
		'PE PH PK PL PT QA RO RS RU SA SE SI SK TH TR UA UY VN ZA'
	).split(' '),
};

function name(field: Field, code: string): string {
	const kind = which(field);
	return kind ? codeName(kind, code) : code;
}

function Show({ field, value, place }: ShowProps) {
	const meta = useMeta();
	const code = String(value);
	if (field.name === 'entity') return <span className="text">{entityOf(meta, code)?.label_many ?? code}</span>;
	if (which(field) === 'currency') return <span>{place === 'cell' ? code : `${name(field, code)} (${code})`}</span>;
	return <span className="text">{name(field, code)}</span>;
}

const optionsOf = (field: Field, kind: Which, current: string[]) =>
	[...new Set([...current, ...COMMON[kind]])].map((code) => ({ value: code, label: kind === 'currency' ? `${code} ${name(field, code)}` : name(field, code) }));

function Edit(props: EditProps) {
	const { field, value, onChange, id, invalid, describedBy, autoFocus, disabled, label } = props;
	const kind = which(field);
	if (!kind) return <TextEdit {...props} />;
	const current = typeof value === 'string' && value ? value : null;
	return (
		<Select
			id={id} className="wide" value={current} onChange={(v?: string) => onChange(v ?? null)} allowClear={!field.required}
			options={optionsOf(field, kind, current ? [current] : [])} showSearch={{ optionFilterProp: 'label' }} popupMatchSelectWidth={false}
			status={invalid ? 'error' : undefined} aria-invalid={invalid} aria-describedby={describedBy} autoFocus={autoFocus} disabled={disabled}
			aria-label={label ?? field.label} aria-required={field.required}
		/>
	);
}

function Filter({ field, value, onChange, id, autoFocus }: FilterProps) {
	const kind = which(field);
	return (
		<Select
			id={id} mode={kind ? 'multiple' : 'tags'} className="filter-many" aria-label={field.label} autoFocus={autoFocus} value={value} onChange={(v: string[]) => onChange(v)}
			options={kind ? optionsOf(field, kind, value) : []} showSearch={{ optionFilterProp: 'label' }} popupMatchSelectWidth={false}
		/>
	);
}

export const code: Kind = {
	Show,
	Edit,
	Filter,
	word: name,
	text: (field, value) => (value ? name(field, String(value)) : ''),
	width: 110,
	inline: true,
};
