import { App, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '@/api/client.ts';
import { useNames } from '@/api/names.ts';
import { createRecord, entityOf, fieldOf, may, twinOf } from '@/api/records.ts';
import type { Linked } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import { Meant } from '@/components/common/Meant.tsx';
import { useDelayed } from '@/lib/delayed.ts';
import { list } from '@/lib/format.ts';
import type { EditProps, Kind, ShowProps } from './kind.ts';
import { labelOf, LinkFilter, useChoices } from './link.tsx';

function items(value: unknown): Linked[] {
	return Array.isArray(value) ? value.map((v) => (typeof v === 'object' && v !== null ? (v as Linked) : { id: String(v) })) : [];
}

const nameOf = (item: Linked) => String(item.name ?? Object.entries(item).find(([k]) => k !== 'id')?.[1] ?? `#${item.id}`);

function Show({ field, value }: ShowProps) {
	const target = entityOf(useMeta(), field.link);
	const chosen = items(value);
	// Lists bring the name along, but not its twin in the reader's language.
	const names = useNames(new Map(target && twinOf(target) ? [[target.name, new Set(chosen.map((i) => i.id))]] : []));
	return <span className="tags">{chosen.map((item) => <Meant key={item.id} meaning="quiet">{names(target?.name, item.id) ?? nameOf(item)}</Meant>)}</span>;
}

const NEW = 'new:';

function Edit({ field, value, onChange, id, invalid, describedBy, autoFocus, disabled, label }: EditProps) {
	const meta = useMeta();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const target = entityOf(meta, field.link);
	const [typed, setTyped] = useState('');
	const [open, setOpen] = useState(false);
	const chosen = items(value);
	const { found, named, loading } = useChoices(target, useDelayed(typed, 200), chosen.filter((c) => Object.keys(c).length === 1).map((c) => c.id), open);
	const options = new Map<string, string>();
	for (const c of chosen) if (Object.keys(c).length > 1) options.set(c.id, nameOf(c));
	for (const r of [...named, ...found]) if (!options.has(r.id)) options.set(r.id, labelOf(target, r));
	// A tag that does not exist yet is one choice away, where that is allowed and a name is all it takes.
	const title = fieldOf(target, target?.title);
	const name = typed.trim();
	const creatable = field.right === 'write' && name !== '' && title !== undefined && may(target, 'create')
		&& target!.fields.every((f) => !f.required || f.readonly || f.fallback || f.name === title.name) && ![...options.values()].includes(name);
	if (creatable) options.set(NEW + name, t('field.create_named', { name }));

	async function change(ids: string[]) {
		const fresh = ids.find((v) => v.startsWith(NEW));
		let made: Linked | null = null;
		if (fresh && target && title) {
			try {
				made = await createRecord(meta, target, { [title.name]: fresh.slice(NEW.length) });
			} catch (error) {
				void message.error(error instanceof ApiError ? error.message : String(error));
				return;
			}
			setTyped('');
		}
		onChange(ids.flatMap((v) => {
			if (v.startsWith(NEW)) return made ? [{ id: made.id, name: fresh!.slice(NEW.length) }] : [];
			return [{ id: v, name: options.get(v) ?? v }];
		}));
	}

	return (
		<Select
			id={id} mode="multiple" className="wide" value={chosen.map((c) => c.id)} onChange={(v: string[]) => void change(v)} loading={loading && open}
			showSearch={{ filterOption: false, onSearch: setTyped, searchValue: typed }} onOpenChange={setOpen} popupMatchSelectWidth={false}
			options={[...options].map(([v, l]) => ({ value: v, label: l }))} notFoundContent={loading ? t('state.loading') : t('state.nothing_found')}
			status={invalid ? 'error' : undefined} aria-invalid={invalid} aria-describedby={describedBy} autoFocus={autoFocus} disabled={disabled}
			aria-label={label ?? field.label}
		/>
	);
}

export const links: Kind = {
	Show,
	Edit,
	Filter: LinkFilter,
	text: (_, value) => list(items(value).map(nameOf)),
	wire: (value) => items(value).map((item) => item.id),
	width: 150,
};
