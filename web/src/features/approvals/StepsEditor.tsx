/** The steps of a rule: who decides, one of them or all, until when and what happens then. */
import { Button, Checkbox, InputNumber, Select } from 'antd';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { get } from '@/api/client.ts';
import { entityOf, fieldOf } from '@/api/records.ts';
import { useMeta } from '@/app/context.tsx';
import { kindOf } from '@/fields/index.tsx';
import type { RuleStep } from './rule.ts';

const WHO = ['manager', 'user', 'role', 'branch_role', 'owner', 'owner_manager'] as const;

function PickUser({ value, label, onChange }: { value?: string; label: string; onChange(id: string | undefined): void }) {
	const meta = useMeta();
	const field = fieldOf(entityOf(meta, 'team'), 'leader_id');
	if (!field) return null;
	const Edit = kindOf(field).Edit;
	return <Edit field={{ ...field, required: false }} label={label} value={value ?? null} onChange={(id) => onChange(id ? String(id) : undefined)} />;
}

function PickRole({ value, label, onChange }: { value?: string; label: string; onChange(id: string): void }) {
	const roles = useQuery({
		queryKey: ['approvals', 'roles'],
		queryFn: ({ signal }) => get<{ id: string; name: string }[]>('role?select=id,name&order=name.asc&limit=500', signal),
	});
	return (
		<Select
			aria-label={label} value={value} onChange={onChange} loading={roles.isPending} showSearch={{ optionFilterProp: 'label' }} style={{ minWidth: 180 }}
			options={roles.data?.map((r) => ({ value: r.id, label: r.name }))}
		/>
	);
}

export function StepsEditor({ steps, onChange, disabled }: { steps: RuleStep[]; onChange(steps: RuleStep[]): void; disabled?: boolean }) {
	const { t } = useTranslation();
	const set = (i: number, more: Partial<RuleStep>) => onChange(steps.map((s, k) => (k === i ? { ...s, ...more } : s)));
	const move = (i: number, by: number) => {
		const next = [...steps];
		[next[i], next[i + by]] = [next[i + by]!, next[i]!];
		onChange(next);
	};
	return (
		<fieldset disabled={disabled} className="approval-rule-steps">
			{steps.map((step, i) => (
				<div key={i} className="approval-rule-step" role="group" aria-label={t('approvals.step_n', { n: i + 1 })}>
					<span className="approval-no">{i + 1}.</span>
					<Select
						aria-label={t('approvals.who')} value={step.who} disabled={disabled} style={{ minWidth: 220 }}
						options={WHO.map((value) => ({ value, label: t(`approvals.pick_${value}`) }))}
						onChange={(who) => set(i, { who, user: undefined, role: undefined })}
					/>
					{step.who === 'user' && <PickUser label={t('approvals.pick_user')} value={step.user} onChange={(user) => set(i, { user })} />}
					{(step.who === 'role' || step.who === 'branch_role') && (
						<PickRole label={t('approvals.pick_role')} value={step.role} onChange={(role) => set(i, { role })} />
					)}
					<Checkbox
						checked={step.all === true} disabled={disabled} onChange={(e) => set(i, { all: e.target.checked || undefined })}
					>
						{t('approvals.all_needed')}
					</Checkbox>
					<InputNumber
						aria-label={t('approvals.hours')} min={1} max={8760} precision={0} value={step.hours ?? null}
						placeholder={t('approvals.no_deadline')} suffix={t('approvals.h')}
						disabled={disabled}
						onChange={(hours) => set(i, hours ? { hours, then: step.then ?? 'remind' } : { hours: undefined, then: undefined, to: undefined })}
					/>
					{step.hours && (
						<Select
							aria-label={t('approvals.then')} value={step.then} disabled={disabled} style={{ minWidth: 190 }}
							options={(['remind', 'escalate', 'reject'] as const).map((value) => ({ value, label: t(`approvals.then_${value}`) }))}
							onChange={(then) => set(i, { then, to: undefined })}
						/>
					)}
					{step.then === 'escalate' && <PickUser label={t('approvals.escalate_to')} value={step.to} onChange={(to) => set(i, { to })} />}
					{!disabled && i > 0 && <Button size="small" type="text" aria-label={t('approvals.up', { n: i + 1 })} onClick={() => move(i, -1)}>↑</Button>}
					{!disabled && steps.length > 1 && (
						<Button
							size="small" type="text" aria-label={t('approvals.drop', { n: i + 1 })} onClick={() => onChange(steps.filter((_, k) => k !== i))}
						>
							×
						</Button>
					)}
				</div>
			))}
			{!disabled && steps.length < 10 && <Button onClick={() => onChange([...steps, { who: 'manager' }])}>{t('approvals.add_step')}</Button>}
		</fieldset>
	);
}
