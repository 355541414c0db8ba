/** A new automation: of what, when, under which condition, what is done. */
import { Button, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { createRecord, entityOf, fieldOf, may, refresh, titleOf, useCache } from '@/api/records.ts';
import type { Entity } from '@/api/types.ts';
import { useApp } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { Denied } from '@/components/common/States.tsx';
import { useUndo } from '@/components/common/undo.tsx';
import { Editor } from '@/components/condition/Editor.tsx';
import { complete, emptyGroup, type GroupNode, readTree, toJson } from '@/components/condition/tree.ts';
import { FormFields } from '@/components/form/FormFields.tsx';
import { Line } from '@/components/form/Line.tsx';
import { useForm } from '@/components/form/useForm.ts';
import { kindOf } from '@/fields/index.tsx';
import { samplesOf, withSample } from './actions.ts';

const OWN = ['entity', 'condition', 'actions'];
/** What people look at their lists with is none of their work. */
const UNASKED = new Set(['automation', 'saved_view']);

export default function AutomationForm({ entity }: { entity: Entity }) {
	const { meta, me } = useApp();
	const { t } = useTranslation();
	const navigate = useNavigate();
	const cache = useCache();
	const done = useUndo();
	const kinds = meta.entities.filter((e) => !e.system && !e.child && may(e, 'read') && !UNASKED.has(e.name));
	const form = useForm(entity, { row: null, start: { entity: entityOf(meta, 'customer')?.name ?? kinds[0]?.name }, draftKey: 'automation.new' });
	const of = entityOf(meta, String(form.values.entity ?? ''));
	const [tree, setTree] = useState<GroupNode>(() => (of ? readTree(meta, String(form.values.condition ?? ''), of) : emptyGroup()));
	const [busy, setBusy] = useState(false);
	// The field keeps what it shows: another list needs another field.
	const [round, setRound] = useState(0);
	const title = t('list.create', { what: entity.label });
	useTitle(title);
	if (!may(entity, 'create')) return <Denied need={t('state.need', { action: t('action_word.create'), what: entity.label_many })} />;

	const actions = fieldOf(entity, 'actions')!;
	const Actions = kindOf(actions).Edit;
	const words = { text: t('automations.sample_text'), subject: t('automations.sample_subject') };

	function take(next: GroupNode) {
		setTree(next);
		if (of && complete(next)) form.set('condition', next.parts.length > 0 ? JSON.stringify(toJson(meta, of, next)) : null);
	}
	async function submit() {
		const values = complete(tree) && !busy && form.collect();
		if (!values) return;
		setBusy(true);
		try {
			const row = await createRecord(meta, entity, values);
			form.dropDraft();
			await refresh(cache, entity.name);
			done(t('save.created', { name: titleOf(entity, row) }));
			void navigate(`/${entity.name}/${row.id}`, { replace: true });
		} catch (error) {
			form.fail(error);
			setBusy(false);
		}
	}
	return (
		<div className="page page-narrow">
			<h1>{title}</h1>
			<p className="quiet">{t('automations.text')}</p>
			<form
				onSubmit={(e) => {
					e.preventDefault();
					void submit();
				}}
			>
				<FormFields entity={entity} form={form} row={{ id: '0' }} only={['name', 'event']} autoFocus />
				<Line id="automation-of" label={fieldOf(entity, 'entity')?.label ?? ''} problem={form.errors.entity}>
					<Select
						id="automation-of" value={of?.name} options={kinds.map((e) => ({ value: e.name, label: e.label_many }))}
						showSearch={{ optionFilterProp: 'label' }}
						onChange={(name: string) => {
							form.set('entity', name);
							form.set('condition', null);
							setTree(emptyGroup());
						}}
					/>
				</Line>
				{of && (
					<Line id="automation-if" label={fieldOf(entity, 'condition')?.label ?? ''} hint={t('automations.always')} problem={form.errors.condition}>
						<Editor key={of.name} entity={of} tree={tree} onChange={take} />
					</Line>
				)}
				<Line id="automation-do" label={actions.label} hint={t('automations.actions_text')} problem={form.errors.actions}>
					<Actions
						key={round} id="automation-do" field={actions} value={form.values.actions ?? null} invalid={Boolean(form.errors.actions)}
						describedBy="automation-doh" onChange={(value) => form.set('actions', value)}
					/>
				</Line>
				{of && (
					<p className="automation-samples">
						{samplesOf(of, entityOf(meta, 'interaction'), me.id, words).map((sample) => (
							<Button
								key={sample.key} size="small" onClick={() => {
									form.set('actions', withSample(form.values.actions, sample));
									setRound(round + 1);
								}}
							>
								{t(`automations.add_${sample.key}`)}
							</Button>
						))}
					</p>
				)}
				<FormFields entity={entity} form={form} row={{ id: '0' }} except={[...OWN, 'name', 'event']} />
				<div className="form-foot"><Button type="primary" htmlType="submit" loading={busy} disabled={!complete(tree)}>{t('word.save')}</Button></div>
			</form>
		</div>
	);
}
