/** The options of a choice: words in both languages, a colour, their order. */
import { ArrowDownOutlined, ArrowUpOutlined, DeleteOutlined, PlusOutlined } from '@ant-design/icons';
import { Button, Input, Select, Switch } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Meaning } from '@/api/types.ts';
import type { OwnOption } from './field.ts';

const COLOURS: Meaning[] = ['good', 'info', 'warn', 'bad', 'quiet'];

/** A value that no other option has. */
function freeValue(options: OwnOption[]): string {
	let n = options.length + 1;
	while (options.some((o) => o.value === `option_${n}`)) n++;
	return `option_${n}`;
}

interface OptionsProps {
	options: OwnOption[];
	/** Records may hold these: they can be put out of use, not left out. */
	kept: ReadonlySet<string>;
	onChange(options: OwnOption[]): void;
}

export function OptionsEditor({ options, kept, onChange }: OptionsProps) {
	const { t } = useTranslation();
	const set = (at: number, change: Partial<OwnOption>) => onChange(options.map((o, i) => (i === at ? { ...o, ...change } : o)));
	const move = (at: number, by: number) => {
		const next = [...options];
		const [one] = next.splice(at, 1);
		next.splice(at + by, 0, one!);
		onChange(next);
	};
	return (
		<fieldset className="own-options">
			<legend>{t('fields.options')}</legend>
			{options.map((option, i) => (
				<div className="own-option" key={option.value}>
					<Input
						aria-label={t('fields.option_en', { n: i + 1 })} placeholder="English" value={option.label.en ?? ''}
						onChange={(e) => set(i, { label: { ...option.label, en: e.target.value } })}
					/>
					<Input
						aria-label={t('fields.option_zh', { n: i + 1 })} placeholder="中文" value={option.label.zh ?? ''}
						onChange={(e) => set(i, { label: { ...option.label, zh: e.target.value } })}
					/>
					<Select
						aria-label={t('fields.option_colour', { n: i + 1 })} value={option.colour ?? ''} popupMatchSelectWidth={false}
						options={[{ value: '', label: t('fields.colour_none') }, ...COLOURS.map((c) => ({ value: c, label: t(`fields.colour_${c}`) }))]}
						onChange={(c) => set(i, { colour: (c || null) as Meaning | null })}
					/>
					<Button aria-label={t('fields.up_named', { name: i + 1 })} icon={<ArrowUpOutlined />} disabled={i === 0} onClick={() => move(i, -1)} />
					<Button
						aria-label={t('fields.down_named', { name: i + 1 })} icon={<ArrowDownOutlined />} disabled={i === options.length - 1}
						onClick={() => move(i, 1)}
					/>
					{kept.has(option.value)
						? <Switch aria-label={t('fields.option_used', { n: i + 1 })} checked={!option.retired} onChange={(on) => set(i, { retired: !on })} />
						: (
							<Button
								aria-label={t('fields.option_remove', { n: i + 1 })} icon={<DeleteOutlined />}
								onClick={() => onChange(options.filter((_, k) => k !== i))}
							/>
						)}
				</div>
			))}
			<Button icon={<PlusOutlined />} onClick={() => onChange([...options, { value: freeValue(options), label: {} }])}>{t('fields.option_add')}</Button>
		</fieldset>
	);
}
