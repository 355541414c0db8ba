/** Adding or changing one field, with the field itself as the form will show it. */
import { Alert, Checkbox, Input, Modal, Select } from 'antd';
import { type ReactNode, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '@/api/client.ts';
import type { Entity, FieldTypeName } from '@/api/types.ts';
import { useApp } from '@/app/context.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { kindOf } from '@/fields/index.tsx';
import { addField, BOUNDED, changeField, type Draft, draftOf, EMPTY, nameOf, type OwnField, previewOf, SEARCHED, TYPES, UNIQUE } from './field.ts';
import { OptionsEditor } from './OptionsEditor.tsx';

interface DialogProps {
	entity: Entity;
	/** null: a new one. */
	field: OwnField | null;
	position: number;
	onClose(): void;
	onSaved(): void;
}

function Line({ label, error, help, children }: { label: string; error?: string; help?: string; children: (id: string) => ReactNode }) {
	const id = useId();
	return (
		<div className="own-line">
			<label htmlFor={id}>{label}</label>
			{children(id)}
			{error ? <p className="own-error" role="alert">{error}</p> : help && <p className="quiet">{help}</p>}
		</div>
	);
}

/** The field as it will stand in the form: it can be tried. */
function Preview({ draft }: { draft: Draft }) {
	const { t } = useTranslation();
	const { preferences } = useApp();
	const [value, setValue] = useState<unknown>(undefined);
	const id = useId();
	const field = previewOf(draft, preferences.locale);
	const { Edit } = kindOf(field);
	const able = (field.type !== 'link' && field.type !== 'links') || draft.link;
	return (
		<section className="own-preview" aria-label={t('fields.preview')}>
			<p className="quiet">{t('fields.preview')}</p>
			<label htmlFor={id}>{field.label}{field.required && <span aria-hidden="true"> *</span>}</label>
			{able && <Edit key={`${draft.type}${draft.link ?? ''}`} field={field} id={id} value={value} onChange={setValue} label={field.label} />}
			{field.help && <p className="quiet">{field.help}</p>}
		</section>
	);
}

type Set = (change: Partial<Draft>) => void;

/** Where it stands, and what holds for it. */
function Places({ draft, set, entity }: { draft: Draft; set: Set; entity: Entity }) {
	const { t } = useTranslation();
	const flag = (key: 'required' | 'unique' | 'list' | 'card' | 'search' | 'more' | 'personal', when = true) =>
		when && <Checkbox checked={draft[key]} onChange={(e) => set({ [key]: e.target.checked })}>{t(`fields.${key}`)}</Checkbox>;
	return (
		<>
			<div className="own-flags">
				{flag('required', draft.type !== 'links')}
				{flag('unique', UNIQUE.includes(draft.type))}
				{flag('list')}
				{flag('card')}
				{flag('search', SEARCHED.includes(draft.type))}
				{flag('more')}
				{flag('personal')}
			</div>
			{entity.groups.length > 0 && (
				<Line label={t('fields.group')}>
					{(id) => (
						<Select
							id={id} value={draft.group ?? ''} onChange={(g) => set({ group: g || null })}
							options={[{ value: '', label: t('fields.group_own') }, ...entity.groups.map((g) => ({ value: g.key, label: g.label }))]}
						/>
					)}
				</Line>
			)}
		</>
	);
}

export function FieldDialog({ entity, field, position, onClose, onSaved }: DialogProps) {
	const { t } = useTranslation();
	const { meta } = useApp();
	const [draft, setDraft] = useState<Draft>(field ? draftOf(field) : { ...EMPTY, entity: entity.name, position });
	const [named, setNamed] = useState(field !== null);
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState<unknown>(null);
	const set: Set = (change) => setDraft((old) => {
		const next = { ...old, ...change };
		return named || change.name !== undefined ? next : { ...next, name: nameOf(next.label, next.type) };
	});
	const faults = error instanceof ApiError ? error.errors : [];
	const fault = (name: string) => faults.find((e) => e.field === name)?.message;
	const kinds = meta.entities.filter((e) => !e.system);
	const save = async () => {
		setBusy(true);
		try {
			await (field ? changeField(field, draft) : addField(draft));
			onSaved();
		} catch (e) {
			setError(e);
		} finally {
			setBusy(false);
		}
	};
	return (
		<Modal
			open width={760} title={field ? t('fields.change') : t('fields.add_to', { what: entity.label })} okText={t('word.save')}
			cancelText={t('word.cancel')}
			confirmLoading={busy} onOk={() => void save()} onCancel={onClose} maskClosable={false}
		>
			<div className="own-dialog">
				{error !== null && <Alert type="error" title={problemText(error, t)} showIcon />}
				<div className="own-two">
					<Line label={t('fields.label_en')} error={fault('label')}>
						{(id) => (
							<Input id={id} autoFocus value={draft.label.en ?? ''} onChange={(e) => set({ label: { ...draft.label, en: e.target.value } })} />
						)}
					</Line>
					<Line label={t('fields.label_zh')} help={t('fields.label_zh_help')}>
						{(id) => <Input id={id} value={draft.label.zh ?? ''} onChange={(e) => set({ label: { ...draft.label, zh: e.target.value } })} />}
					</Line>
					<Line label={t('fields.type')} error={fault('type')}>
						{(id) => (
							<Select
								id={id} disabled={field !== null} value={draft.type} options={TYPES.map((v) => ({ value: v, label: t(`fields.type_${v}`) }))}
								onChange={(type: FieldTypeName) => set({
									...EMPTY, entity: draft.entity, name: draft.name, label: draft.label, help: draft.help, list: draft.list,
									position: draft.position, type,
									options: type === 'enum' ? [{ value: 'option_1', label: {} }] : null,
								})}
							/>
						)}
					</Line>
					<Line label={t('fields.name')} error={fault('name')} help={field ? t('fields.name_alias') : t('fields.name_help')}>
						{(id) => <Input id={id} value={draft.name} onChange={(e) => { setNamed(true); setDraft({ ...draft, name: e.target.value }); }} />}
					</Line>
				</div>
				{(draft.type === 'link' || draft.type === 'links') && (
					<Line label={t('fields.link')} error={fault('link')}>
						{(id) => (
							<Select
								id={id} disabled={field !== null} value={draft.link ?? undefined}
								options={kinds.map((e) => ({ value: e.name, label: e.label }))}
								showSearch={{ optionFilterProp: 'label' }} onChange={(link: string) => set({ link })}
							/>
						)}
					</Line>
				)}
				{draft.type === 'enum' && (
					<OptionsEditor
						options={draft.options ?? []} kept={new Set((field?.options ?? []).map((o) => o.value))} onChange={(options) => set({ options })}
					/>
				)}
				{BOUNDED.includes(draft.type) && (
					<div className="own-two">
						<Line label={t('fields.min')} error={fault('min')}>
							{(id) => <Input id={id} value={draft.min ?? ''} onChange={(e) => set({ min: e.target.value })} />}
						</Line>
						<Line label={t('fields.max')} error={fault('max')}>
							{(id) => <Input id={id} value={draft.max ?? ''} onChange={(e) => set({ max: e.target.value })} />}
						</Line>
					</div>
				)}
				<div className="own-two">
					<Line label={t('fields.help_en')}>
						{(id) => <Input id={id} value={draft.help.en ?? ''} onChange={(e) => set({ help: { ...draft.help, en: e.target.value } })} />}
					</Line>
					<Line label={t('fields.help_zh')}>
						{(id) => <Input id={id} value={draft.help.zh ?? ''} onChange={(e) => set({ help: { ...draft.help, zh: e.target.value } })} />}
					</Line>
				</div>
				<Places draft={draft} set={set} entity={entity} />
				<Preview draft={draft} />
			</div>
		</Modal>
	);
}
