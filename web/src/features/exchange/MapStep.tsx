/** Where each column goes: guessed, to be put right; a few real rows below. */
import { CloseOutlined } from '@ant-design/icons';
import { Alert, App, Button, Checkbox, Input, Radio, Select } from 'antd';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useId, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { get, put } from '@/api/client.ts';
import { fieldOf, may } from '@/api/records.ts';
import type { Entity, Field } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import { Failed, Loading } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { creatable } from '@/fields/index.tsx';
import { list } from '@/lib/format.ts';
import { doubled, guessed, type Mapping, missing } from './mapping.ts';
import type { Preview, Run } from './types.ts';
import { activeDefaults, keepWork, loadWork, planOf, REREAD, type Work, withChoices } from './work.ts';

const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'gb18030', 'big5', 'windows-1252'];
const DELIMITERS: [string, string][] = [[',', 'comma'], [';', 'semicolon'], ['\t', 'tab'], ['|', 'pipe']];

export function MapStep({ id, run, onNext }: { id: string; run: Run; onNext(): void }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const uid = useId();
	const [params] = useSearchParams();
	const [work, setWork] = useState(() => loadWork(id));
	const [busy, setBusy] = useState(false);
	useEffect(() => keepWork(id, work), [id, work]);
	const set = (change: Partial<Work>) => setWork((old) => ({ ...old, ...change }));

	const asked = new URLSearchParams();
	if (work.encoding) asked.set('encoding', work.encoding);
	if (work.delimiter) asked.set('delimiter', work.delimiter);
	if (work.header !== undefined) asked.set('header_row', String(work.header));
	if (work.sheet) asked.set('sheet', work.sheet);
	const wantedEntity = params.get('entity');
	if (wantedEntity) asked.set('entity', wantedEntity);
	const preview = useQuery({
		queryKey: ['preview', id, asked.toString()],
		queryFn: ({ signal }) => get<Preview>(`import/${id}/preview?${asked}`, signal),
		placeholderData: keepPreviousData,
		staleTime: Infinity,
	});

	const importable = useMemo(() => meta.entities.filter((e) => may(e, 'import')), [meta]);
	const data = preview.data;
	const mapping = useMemo<Mapping>(() => work.mapping ?? (data ? guessed(data) : {}), [work.mapping, data]);
	const matching = data?.presets?.find((p) => p.match);
	const preset = work.preset === undefined ? matching?.name ?? null : work.preset;
	const gaps = preset ? [] : missing(importable, mapping, work.defaults);
	const twice = doubled(mapping);
	const used = importable.filter((e) => Object.values(mapping).some((m) => m.entity === e.name));
	const main = used[0];
	const keyFields = main ? main.fields.filter((f) => Object.values(mapping).some((m) => m.entity === main.name && m.field === f.name) && f.type !== 'links' && f.type !== 'note') : [];
	const suggestedKey = suggestKey(main, keyFields.map((f) => f.name));
	const key = work.key.filter((k) => keyFields.some((f) => f.name === k));
	const effectiveKey = key.length ? key : suggestedKey;
	const ready = preset !== null || (Object.keys(mapping).length > 0 && twice.size === 0 && gaps.length === 0 && (work.mode !== 'update' || effectiveKey.length > 0));

	async function next() {
		if (!data) return;
		setBusy(true);
		const sent = planOf(work, data, mapping, preset, key);
		// Written at once: the next step reads it.
		keepWork(id, { ...work, sent });
		try {
			await put(`import/${id}/plan`, withChoices(sent, work));
			onNext();
		} catch (error) {
			void message.error(problemText(error, t));
		}
		setBusy(false);
	}

	if (preview.isPending) return <Loading rows={8} />;
	if (preview.isError && !data) return <Failed error={preview.error} onRetry={() => void preview.refetch()} />;
	if (!data) return null;
	const options = importable.map((e) => ({
		label: e.label, title: e.label,
		options: e.fields.filter((f) => creatable(f) || f.name === 'created_at').map((f) => ({ value: `${e.name}.${f.name}`, label: `${e.label} · ${f.label}` })),
	}));

	return (
		<div className="map-step" aria-busy={preview.isFetching}>
			{preview.isError && <Alert type="error" showIcon title={problemText(preview.error, t)} />}
			{data.warnings?.map((w, i) => (
				<Alert key={i} type="warning" showIcon title={typeof w === 'string' ? w : w.message} />
			))}
			<fieldset className="map-file">
				<legend>{t('import.file_is')}</legend>
				{data.encoding && (
					<Choice
						label={t('import.encoding')}
						value={data.encoding.toLowerCase()}
						onChange={(v) => set({ encoding: v, ...REREAD })}
						options={[...new Set([data.encoding.toLowerCase(), ...ENCODINGS])].map((e) => ({
							value: e,
							label: e.toUpperCase(),
						}))}
					/>
				)}
				{data.delimiter && (
					<Choice
						label={t('import.delimiter')}
						value={data.delimiter}
						onChange={(v) => set({ delimiter: v, ...REREAD })}
						options={DELIMITERS.map(([v, k]) => ({ value: v, label: t(`import.delimiter_${k}`) }))}
					/>
				)}
				{(data.sheets?.length ?? 0) > 1 && (
					<Choice
						label={t('import.sheet')}
						value={work.sheet ?? data.sheet ?? data.sheets![0]!}
						onChange={(v) => set({ sheet: v, ...REREAD })}
						options={data.sheets!.map((s) => ({ value: s, label: s }))}
					/>
				)}
				<Checkbox
					checked={work.header ?? data.header_row ?? data.header !== false}
					onChange={(e) => set({ header: e.target.checked, ...REREAD })}
				>
					{t('import.header')}
				</Checkbox>
			</fieldset>

			{(data.presets?.length ?? 0) > 0 && (
				<fieldset>
					<legend>{t('import.preset')}</legend>
					<Select
						className="map-preset"
						aria-label={t('import.preset')}
						value={preset ?? ''}
						onChange={(v: string) => set({ preset: v || null, values: {}, leave: [] })}
						popupMatchSelectWidth={false}
						options={[
							{ value: '', label: t('import.by_hand') },
							...data.presets!.map((p) => ({
								value: p.name,
								label: `${p.label ?? p.name}${p.match ? ` (${t('import.fits')})` : ''}`,
							})),
						]}
					/>
					{preset && <p className="hint">{data.presets!.find((p) => p.name === preset)?.text}</p>}
				</fieldset>
			)}

			<div className="table-scroll" tabIndex={0} role="region" aria-label={t('import.columns')}>
				<table className="plain-table preview">
					<thead>
						<tr>
							{data.columns.map((c) => (
								<th key={c.index} scope="col">
									{c.name || t('import.column', { n: c.index + 1 })}
								</th>
							))}
						</tr>
						{!preset && (
							<tr>
								{data.columns.map((c) => {
									const target = mapping[c.index];
									const name = target ? `${target.entity}.${target.field}` : null;
									return (
										<td key={c.index}>
											<Select
												size="small"
												className="map-target"
												aria-label={t('import.goes_to', {
													column: c.name || String(c.index + 1),
												})}
												value={name}
												allowClear
												placeholder={t('import.leave_out')}
												status={name && twice.has(name) ? 'error' : undefined}
												showSearch={{ optionFilterProp: 'label' }}
												popupMatchSelectWidth={false}
												options={options}
												onChange={(v?: string) => {
													const rest = Object.fromEntries(
														Object.entries(mapping).filter(([k]) => Number(k) !== c.index),
													) as Mapping;
													if (v) {
														const [entity = '', field = ''] = v.split('.');
														rest[c.index] = { entity, field };
													}
													set({ mapping: rest });
												}}
											/>
										</td>
									);
								})}
							</tr>
						)}
					</thead>
					<tbody>
						{data.rows.slice(0, 8).map((row, i) => (
							<tr key={i}>
								{data.columns.map((c) => (
									<td key={c.index}>
										<span className="text">{row[c.index] ?? ''}</span>
									</td>
								))}
							</tr>
						))}
					</tbody>
				</table>
			</div>

			{!preset && (
				<>
					{twice.size > 0 && (
						<Alert
							type="error"
							showIcon
							title={t('import.twice', { fields: list([...twice].map((n) => labelOf(importable, n))) })}
						/>
					)}
					<Defaults
						entities={importable}
						mapping={mapping}
						gaps={gaps.map((g) => `${g.entity.name}.${g.field}`)}
						defaults={work.defaults}
						onChange={(defaults) => set({ defaults })}
					/>
					<fieldset>
						<legend>{t('import.mode')}</legend>
						<Radio.Group
							value={work.mode}
							onChange={(e) => set({ mode: e.target.value as Work['mode'] })}
							options={(['upsert', 'create', 'update'] as const).map((m) => ({
								value: m,
								label: t(`import.mode_${m}`),
							}))}
						/>
						{work.mode !== 'create' && (
							<div className="form-field">
								<label htmlFor={`${uid}k`}>{t('import.key', { what: main?.label ?? '' })}</label>
								<Select
									id={`${uid}k`}
									aria-label={t('import.key', { what: main?.label ?? '' })}
									mode="multiple"
									value={effectiveKey}
									onChange={(v: string[]) => set({ key: v })}
									options={keyFields.map((f) => ({ value: f.name, label: f.label }))}
									status={work.mode === 'update' && effectiveKey.length === 0 ? 'error' : undefined}
								/>
								<p className="hint">{t('import.key_hint')}</p>
							</div>
						)}
					</fieldset>
				</>
			)}
			<div className="form-foot">
				<Button type="primary" disabled={!ready} loading={busy} onClick={() => void next()}>
					{t('import.to_check')}
				</Button>
				<span className="hint">{String(run.name ?? '')}</span>
			</div>
		</div>
	);
}

interface ChoiceProps {
	label: string;
	value: string;
	options: { value: string; label: string }[];
	onChange(value: string): void;
}

function Choice({ label, value, options, onChange }: ChoiceProps) {
	return (
		<label>{label} <Select aria-label={label} value={value} onChange={onChange} options={options} popupMatchSelectWidth={false} /></label>
	);
}

interface DefaultsProps {
	entities: Entity[];
	mapping: Mapping;
	/** Needed, and in no column. */
	gaps: string[];
	defaults: Record<string, string>;
	onChange(defaults: Record<string, string>): void;
}

/** One value for all rows: asked for where something needed is in no column, and shown as long as it counts. */
function Defaults({ entities, mapping, gaps, defaults, onChange }: DefaultsProps) {
	const { t } = useTranslation();
	const active = activeDefaults(mapping, defaults);
	const paths = [...new Set([...Object.keys(active), ...gaps])];
	if (paths.length === 0) return null;
	const inColumn = (path: string) => Object.values(mapping).some((m) => `${m.entity}.${m.field}` === path);
	const put = (path: string, value: string) => {
		const next = { ...active };
		if (value) next[path] = value;
		else delete next[path];
		onChange(next);
	};
	return (
		<fieldset className="map-defaults">
			<legend>{t(gaps.length > 0 ? 'import.missing' : 'import.defaults')}</legend>
			<p className="hint">{t(gaps.length > 0 ? 'import.missing_text' : 'import.defaults_text')}</p>
			{paths.map((path) => (
				<DefaultValue
					key={path} label={labelOf(entities, path)} field={fieldAt(entities, path)} value={active[path] ?? ''}
					hint={inColumn(path) ? t('import.default_empty') : undefined} onChange={(v) => put(path, v)}
				/>
			))}
		</fieldset>
	);
}

interface DefaultValueProps {
	label: string;
	field: Field | undefined;
	value: string;
	hint: string | undefined;
	onChange(value: string): void;
}

function DefaultValue({ label, field, value, hint, onChange }: DefaultValueProps) {
	const { t } = useTranslation();
	const [typed, setTyped] = useState(value);
	useEffect(() => setTyped(value), [value]);
	return (
		<div className="map-default">
			<span>{label}{hint && <span className="hint"> {hint}</span>}</span>
			{field?.options ? (
				<Select
					size="small" aria-label={label} value={value || null} allowClear popupMatchSelectWidth={false}
					onChange={(v?: string) => onChange(v ?? '')} options={field.options.map((o) => ({ value: o.value, label: o.label }))}
				/>
			) : (
				<Input
					size="small" aria-label={label} value={typed} onChange={(e) => setTyped(e.target.value)}
					onBlur={() => onChange(typed.trim())} onPressEnter={() => onChange(typed.trim())}
				/>
			)}
			{value && (
				<Button size="small" type="text" icon={<CloseOutlined />} aria-label={t('import.default_drop', { field: label })} onClick={() => onChange('')} />
			)}
		</div>
	);
}

/** By what records are told apart, as the server takes it too: a shared phone needs the name beside it, a name alone tells nobody. */
function suggestKey(main: Entity | undefined, names: string[]): string[] {
	const unique = main?.fields.find((f) => f.unique && names.includes(f.name));
	if (unique) return [unique.name];
	if (names.includes('phone') && names.includes('name')) return ['phone', 'name'];
	const one = names.find((n) => ['email', 'number', 'sku', 'code'].includes(n));
	return one ? [one] : [];
}

function labelOf(entities: Entity[], name: string): string {
	const [entity, field] = name.split('.');
	const found = entities.find((e) => e.name === entity);
	return `${found?.label ?? entity} · ${fieldOf(found, field)?.label ?? field}`;
}

function fieldAt(entities: Entity[], path: string): Field | undefined {
	const [entity, field] = path.split('.');
	return fieldOf(entities.find((e) => e.name === entity), field);
}
