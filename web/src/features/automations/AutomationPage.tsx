/** An automation: under which condition it acts, and what it did, to which records, or why not. */
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { entityOf, fieldOf } from '@/api/records.ts';
import type { Entity, Row } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import type { RecordPageProps } from '@/app/features.ts';
import { ConditionTab } from '@/components/condition/ConditionTab.tsx';
import { ChildTable } from '@/components/record/ChildTable.tsx';
import { RecordPage } from '@/components/record/RecordPage.tsx';

/** The server keeps what it was refused for, and of which field: "required city". */
function Why({ of, why }: { of: Entity | undefined; why: unknown }) {
	const { t } = useTranslation();
	const [key = '', name = ''] = String(why ?? '').split(' ');
	if (!key) return null;
	const field = fieldOf(of, name)?.label ?? name;
	return <>{t(`automations.why_${key}`, { defaultValue: t('automations.why_refused', { key }) })}{field && ` (${field})`}</>;
}

function Runs({ row }: { row: Row }) {
	const meta = useMeta();
	const of = (run: Row) => entityOf(meta, String(run.entity));
	return (
		<ChildTable
			child="automation_run" field="automation_id" parent={{ entity: 'automation', row }}
			columns={['created_at', 'state', 'entity', 'record', 'why', 'automation_version']}
			order="created_at.desc" fixed
			show={{
				entity: (run) => of(run)?.label ?? String(run.entity),
				record: (run) => <Link to={`/${String(run.entity)}/${String(run.record)}`}>{String(run.record)}</Link>,
				why: (run) => <Why of={of(run)} why={run.why} />,
			}}
		/>
	);
}

export default function AutomationPage({ entity, id }: RecordPageProps) {
	const meta = useMeta();
	const { t } = useTranslation();
	return (
		<RecordPage
			entity={entity} id={id} without={['automation_run']}
			tabs={({ row, ...record }) => {
				const of = entityOf(meta, String(row.entity));
				const condition = fieldOf(entity, 'condition');
				return [
					{ key: 'runs', label: entityOf(meta, 'automation_run')?.label_many ?? t('runs.title'), children: <Runs row={row} /> },
					...(of && condition
						? [{ key: 'condition', label: condition.label, children: <ConditionTab entity={entity} of={of} record={{ row, ...record }} /> }]
						: []),
				];
			}}
		/>
	);
}
