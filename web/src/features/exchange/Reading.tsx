/** How the file writes dates and numbers and where it is from: found out by itself, to be put right where it is not. */
import { Select } from 'antd';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { countries, zones } from '@/lib/places.ts';
import type { FileWarning } from './types.ts';
import type { Work } from './work.ts';

type Value = Work['reading'];

interface Props {
	value: Value;
	warnings: FileWarning[];
	onChange(value: Value): void;
}

/** Warnings that one of these answers. */
const ASKS: Record<keyof Value, RegExp> = {
	date_order: /^import_dates_/, number: /^import_numbers_/, time_zone: /^import_times_zone$/, country: /^import_phones_foreign$/,
};

export function Reading({ value, warnings, onChange }: Props) {
	const { t } = useTranslation();
	// Some four hundred zones in three languages: only when a list is wanted.
	const [wanted, setWanted] = useState<keyof Value | null>(value.time_zone ? 'time_zone' : value.country ? 'country' : null);
	const places = useMemo(() => (wanted === 'time_zone' ? zones(new Date()) : wanted === 'country' ? countries() : []), [wanted]);
	const auto = { value: '', label: t('import.reading_auto'), find: '' };
	const options: Record<keyof Value, { value: string; label: string; find?: string }[]> = {
		date_order: [auto, ...['ymd', 'dmy', 'mdy'].map((v) => ({ value: v.toUpperCase(), label: t(`import.date_${v}`) }))],
		number: [auto, ...['point', 'comma'].map((v) => ({ value: v, label: t(`import.number_${v}`) }))],
		time_zone: [auto, ...(wanted === 'time_zone' ? places : value.time_zone ? [{ value: value.time_zone, label: value.time_zone }] : [])],
		country: [auto, ...(wanted === 'country' ? places : value.country ? [{ value: value.country, label: value.country }] : [])],
	};
	const set = (key: keyof Value, chosen: string) => {
		const next = { ...value };
		if (chosen) next[key] = chosen;
		else delete next[key];
		onChange(next);
	};
	return (
		<fieldset className="map-file">
			<legend>{t('import.reading')}</legend>
			{(Object.keys(options) as (keyof Value)[]).map((key) => {
				const asked = !value[key] && warnings.some((w) => ASKS[key].test(w.code));
				const listed = key === 'time_zone' || key === 'country';
				return (
					<label key={key}>
						{t(`import.${key}`)}{' '}
						<Select
							aria-label={t(`import.${key}`)} value={value[key] ?? ''} options={options[key]} popupMatchSelectWidth={false}
							status={asked ? 'warning' : undefined}
							title={asked ? t('import.reading_ask') : undefined} onChange={(v: string) => set(key, v)}
							onOpenChange={(is) => is && listed && setWanted(key)}
							showSearch={listed
								&& { filterOption: (typed, option) => typed.toLowerCase().split(/\s+/).every((w) => (option?.find ?? '').includes(w)) }}
						/>
					</label>
				);
			})}
		</fieldset>
	);
}
