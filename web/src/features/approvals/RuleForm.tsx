/** A new rule: of what, which fields, what must hold, who decides. */
import { Button, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { createRecord, entityOf, fieldOf, may, refresh, titleOf, useCache } from '@/api/records.ts';
import type { Entity } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { Denied } from '@/components/common/States.tsx';
import { useUndo } from '@/components/common/undo.tsx';
import { Editor } from '@/components/condition/Editor.tsx';
import { complete, emptyGroup, type GroupNode, toJson } from '@/components/condition/tree.ts';
import { FormFields } from '@/components/form/FormFields.tsx';
import { Line } from '@/components/form/Line.tsx';
import { useForm } from '@/components/form/useForm.ts';
import { type RuleStep, whole } from './rule.ts';
import { StepsEditor } from './StepsEditor.tsx';
import './approvals.css';

const OWN = ['name', 'direction', 'entity', 'fields', 'condition', 'before_condition', 'steps'];
/** What the program keeps of every record: nobody changes it, no rule can name it. */
const KEPT = ['id', 'version', 'created_at', 'created_by', 'updated_at', 'updated_by'];

export default function RuleForm({ entity }: { entity: Entity }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const navigate = useNavigate();
	const cache = useCache();
	const done = useUndo();
	const kinds = meta.entities.filter((e) => !e.system && may(e, 'update'));
	const form = useForm(entity, {
		row: null,
		start: { entity: entityOf(meta, 'customer')?.name ?? kinds[0]?.name, active: true },
		draftKey: 'approval_rule.new',
	});
	const of = entityOf(meta, String(form.values.entity ?? ''));
	const [trees, setTrees] = useState<Record<string, GroupNode>>({ condition: emptyGroup(), before_condition: emptyGroup() });
	const [steps, setSteps] = useState<RuleStep[]>([{ who: 'manager' }]);
	const [busy, setBusy] = useState(false);
	const title = t('list.create', { what: entity.label });
	useTitle(title);
	if (!may(entity, 'create')) return <Denied need={t('state.need', { action: t('action_word.create'), what: entity.label_many })} />;
	const ready = Object.values(trees).every(complete) && whole(steps);

	function take(name: string, next: GroupNode) {
		setTrees({ ...trees, [name]: next });
		if (of && complete(next)) form.set(name, next.parts.length > 0 ? JSON.stringify(toJson(meta, of, next)) : null);
	}
	async function submit() {
		const values = ready && !busy && form.collect();
		if (!values) return;
		setBusy(true);
		try {
			const row = await createRecord(meta, entity, { ...values, steps });
			form.dropDraft();
			await refresh(cache, entity.name);
			done(t('save.created', { name: titleOf(entity, row) }));
			void navigate(`/${entity.name}/${row.id}`, { replace: true });
		} catch (error) {
			form.fail(error);
			setBusy(false);
		}
	}
	const label = (name: string) => fieldOf(entity, name)?.label ?? '';
	const chosen = String(form.values.fields ?? '').split(',').filter(Boolean);
	return (
		<div className="page page-narrow">
			<h1>{title}</h1>
			<p className="quiet">{t('approvals.rule_text')}</p>
			<form
				onSubmit={(e) => {
					e.preventDefault();
					void submit();
				}}
			>
				<FormFields entity={entity} form={form} row={{ id: '0' }} only={['name']} autoFocus />
				<Line id="approval-of" label={label('entity')} problem={form.errors.entity}>
					<Select
						id="approval-of" value={of?.name} options={kinds.map((e) => ({ value: e.name, label: e.label_many }))}
						showSearch={{ optionFilterProp: 'label' }}
						onChange={(name: string) => {
							form.set('entity', name);
							for (const f of ['fields', 'condition', 'before_condition']) form.set(f, null);
							setTrees({ condition: emptyGroup(), before_condition: emptyGroup() });
						}}
					/>
				</Line>
				{of && (
					<Line id="approval-fields" label={label('fields')} problem={form.errors.fields}>
						<Select
							id="approval-fields" mode="multiple" value={chosen} showSearch={{ optionFilterProp: 'label' }}
							options={of.fields
								.filter((f) => f.right !== 'hidden' && !KEPT.includes(f.name))
								.map((f) => ({ value: f.name, label: f.label }))}
							onChange={(names: string[]) => form.set('fields', names.join(',') || null)}
						/>
					</Line>
				)}
				<FormFields entity={entity} form={form} row={{ id: '0' }} only={['direction']} />
				{of && ['before_condition', 'condition'].map((name) => (
					<Line key={name} id={`approval-${name}`} label={label(name)} hint={t(`approvals.hint_${name}`)} problem={form.errors[name]}>
						<Editor key={of.name} entity={of} tree={trees[name]!} onChange={(next) => take(name, next)} />
					</Line>
				))}
				<Line id="approval-steps" label={label('steps')} hint={t('approvals.steps_text')} problem={form.errors.steps}>
					<StepsEditor steps={steps} onChange={setSteps} />
				</Line>
				<FormFields entity={entity} form={form} row={{ id: '0' }} except={OWN} />
				<div className="form-foot"><Button type="primary" htmlType="submit" loading={busy} disabled={!ready}>{t('word.save')}</Button></div>
			</form>
		</div>
	);
}
