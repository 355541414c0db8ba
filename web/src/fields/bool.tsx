import { Select, Switch } from 'antd';
import i18next from 'i18next';
import { useTranslation } from 'react-i18next';
import type { EditProps, FilterProps, Kind, ShowProps } from './kind.ts';

const word = (value: unknown) => i18next.t(value === true || value === 'true' ? 'word.yes' : 'word.no');

function Show({ value }: ShowProps) {
	return <span>{word(value)}</span>;
}

function Edit({ value, onChange, id, describedBy, autoFocus, disabled, label }: EditProps) {
	return <Switch id={id} checked={value === true} onChange={onChange} aria-describedby={describedBy} autoFocus={autoFocus} disabled={disabled} aria-label={label} />;
}

function Filter({ field, value, onChange, id }: FilterProps) {
	const { t } = useTranslation();
	return (
		<Select
			id={id} aria-label={field.label} value={value[0] ?? null} onChange={(v: string) => onChange([v])}
			options={[{ value: 'true', label: t('word.yes') }, { value: 'false', label: t('word.no') }]}
		/>
	);
}

export const bool: Kind = {
	Show,
	Edit,
	Filter,
	word: (_, value) => word(value),
	text: (_, value) => word(value),
	width: 72,
	inline: true,
};
