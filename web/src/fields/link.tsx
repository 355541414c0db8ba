import { Select } from 'antd';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { embedName, entityOf, fetchPage, linkedTitle, searchFor, titleOf, titleSelect } from '@/api/records.ts';
import type { Entity, Field, Row } from '@/api/types.ts';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useApp, useMeta } from '@/app/context.tsx';
import { useDelayed } from '@/lib/delayed.ts';
import { list } from '@/lib/format.ts';
import type { EditProps, FilterProps, Kind, ShowProps } from './kind.ts';

/** Records of an entity by what is typed, with the ids already chosen among them. */
export function useChoices(entity: Entity | undefined, typed: string, chosen: string[], open: boolean) {
	const select = entity ? `${titleSelect(entity)}${entity.subtitle ? `,${entity.subtitle}` : ''}` : 'id';
	const found = useQuery({
		queryKey: ['some', entity?.name ?? '', 'choices', typed],
		enabled: open && entity !== undefined,
		staleTime: 30_000,
		placeholderData: keepPreviousData,
		queryFn: ({ signal }) => {
			const params = new URLSearchParams({ select, limit: '30' });
			if (typed) searchFor(entity!, typed, params);
			else if (entity!.sort) params.set('order', entity!.sort);
			return fetchPage(entity!, params, signal);
		},
	});
	const named = useQuery({
		queryKey: ['some', entity?.name ?? '', 'named', chosen.join()],
		enabled: chosen.length > 0 && entity !== undefined,
		staleTime: 60_000,
		queryFn: ({ signal }) => fetchPage(entity!, new URLSearchParams({ select, id: `in.(${chosen.join()})` }), signal),
	});
	return { found: found.data?.rows ?? [], named: named.data?.rows ?? [], loading: found.isFetching, settled: found.isSuccess && !found.isPlaceholderData };
}

/**
 * Enter chooses of what was typed: while its answer is on the way there is nothing to choose from,
 * least of all the value that stands there already; what was asked for then is chosen when it comes.
 */
export function useEnter(typed: string, settled: boolean, found: Row[], choose: (id: string) => void) {
	const pressed = useRef<string | null>(null);
	useEffect(() => {
		if (pressed.current === null || !settled) return;
		const first = pressed.current === typed ? found[0] : undefined;
		pressed.current = null;
		if (first) choose(first.id);
	});
	return (event: KeyboardEvent) => {
		if (event.key !== 'Enter' || event.nativeEvent.isComposing) {
			pressed.current = null;
			return;
		}
		if (typed === '' || settled) return;
		event.preventDefault();
		event.stopPropagation();
		pressed.current = typed;
	};
}

export function labelOf(entity: Entity | undefined, row: Row): string {
	return entity ? titleOf(entity, row) : `#${row.id}`;
}

function Show({ field, value, row }: ShowProps) {
	const meta = useMeta();
	const target = entityOf(meta, field.link);
	const title = row ? linkedTitle(meta, field, row) : null;
	if (!target) return <span>{title ?? '—'}</span>;
	if (target.system || target.child) return <span className="text">{title ?? `#${String(value)}`}</span>;
	return <Link className="text" to={`/${target.name}/${String(value)}`} onClick={(e) => e.stopPropagation()}>{title ?? `#${String(value)}`}</Link>;
}

function Edit({ field, value, onChange, row, id, invalid, describedBy, autoFocus, disabled, label }: EditProps) {
	const { meta, me } = useApp();
	const { t } = useTranslation();
	const target = entityOf(meta, field.link);
	const [typed, setTyped] = useState('');
	const [open, setOpen] = useState(false);
	const current = typeof value === 'string' && value !== '' ? value : null;
	const embedded = row && current && (row[embedName(field)] as { id?: string } | null | undefined)?.id === current ? linkedTitle(meta, field, row) : null;
	const asked = useDelayed(typed, 200);
	const { found, named, loading, settled } = useChoices(target, asked, current && !embedded ? [current] : [], open);
	const fresh = settled && asked === typed;
	const onEnter = useEnter(typed, fresh, found, (chosen) => {
		setTyped('');
		setOpen(false);
		onChange(chosen);
	});
	const options = new Map<string, string>();
	// What is typed replaces the value: it is none of the choices then, unless it fits.
	if (!typed) {
		if (field.link === 'user') options.set(me.id, t('word.me_name', { name: me.name }));
		if (current && embedded) options.set(current, embedded);
		for (const r of named) if (!options.has(r.id)) options.set(r.id, labelOf(target, r));
	}
	if (!typed || fresh) for (const r of found) if (!options.has(r.id)) options.set(r.id, labelOf(target, r));
	const select = (
		<Select
			id={id} className="wide" value={current} onChange={(v?: string) => onChange(v ?? null)} allowClear={!field.required} loading={loading && open}
			showSearch={{ filterOption: false, onSearch: setTyped, searchValue: typed }} open={open} onOpenChange={setOpen} labelRender={(c) => c.label ?? embedded ?? (current && named[0] ? labelOf(target, named[0]) : '')} popupMatchSelectWidth={false}
			options={[...options].map(([v, l]) => ({ value: v, label: l }))} notFoundContent={loading ? t('state.loading') : t('state.nothing_found')}
			status={invalid ? 'error' : undefined} aria-invalid={invalid} aria-describedby={describedBy} autoFocus={autoFocus} disabled={disabled}
			aria-label={label ?? field.label} aria-required={field.required}
		/>
	);
	return <span className="as-is" onKeyDownCapture={onEnter}>{select}</span>;
}

export function LinkFilter({ field, value, onChange, id, autoFocus }: FilterProps) {
	const { meta } = useApp();
	const { t } = useTranslation();
	const target = entityOf(meta, field.link);
	const [typed, setTyped] = useState('');
	const [open, setOpen] = useState(false);
	const asked = useDelayed(typed, 200);
	const { found, named, loading, settled } = useChoices(target, asked, value.filter((v) => v !== 'me'), open);
	const fresh = settled && asked === typed;
	const onEnter = useEnter(typed, fresh, found, (chosen) => {
		setTyped('');
		onChange([...value.filter((v) => v !== chosen), chosen]);
	});
	const options = new Map<string, string>();
	if (field.link === 'user' && !typed) options.set('me', t('word.me'));
	for (const r of typed ? (fresh ? found : []) : [...named, ...found]) if (!options.has(r.id)) options.set(r.id, labelOf(target, r));
	const select = (
		<Select
			id={id} mode="multiple" className="filter-many" aria-label={field.label} autoFocus={autoFocus} value={value} onChange={(v: string[]) => { setTyped(''); onChange(v); }}
			showSearch={{ filterOption: false, onSearch: setTyped, searchValue: typed }} onOpenChange={setOpen} loading={loading && open} popupMatchSelectWidth={false}
			options={[...options].map(([v, l]) => ({ value: v, label: l }))} notFoundContent={loading ? t('state.loading') : t('state.nothing_found')}
			labelRender={(c) => c.label ?? (c.value === 'me' ? t('word.me') : labelOf(target, named.find((r) => r.id === c.value) ?? { id: String(c.value) }))}
		/>
	);
	return <span className="as-is" onKeyDownCapture={onEnter}>{select}</span>;
}

/** Names of linked records in a filter chip. */
export function LinkWords({ field, value }: { field: Field; value: string[] }) {
	const { meta } = useApp();
	const { t } = useTranslation();
	const target = entityOf(meta, field.link);
	const { named } = useChoices(target, '', value.filter((v) => v !== 'me'), false);
	return <>{list(value.map((v) => (v === 'me' ? t('word.me') : labelOf(target, named.find((r) => r.id === v) ?? { id: v }))), 'disjunction')}</>;
}

export const link: Kind = {
	Show,
	Edit,
	Filter: LinkFilter,
	text: (field, value, row) => {
		const embedded = row?.[embedName(field)] as Record<string, unknown> | null | undefined;
		const name = embedded && Object.entries(embedded).find(([k]) => k !== 'id')?.[1];
		return name ? String(name) : String(value ?? '');
	},
	width: 112,
	inline: true,
};
