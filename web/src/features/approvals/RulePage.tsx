/** A rule: who decides, and what must hold. */
import { App, Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { entityOf, fieldOf, type RecordAnswer, refresh, saveRecord, useCache } from '@/api/records.ts';
import type { Entity } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import type { RecordPageProps } from '@/app/features.ts';
import { problemText } from '@/components/common/undo.tsx';
import { ConditionTab } from '@/components/condition/ConditionTab.tsx';
import { RecordPage } from '@/components/record/RecordPage.tsx';
import { useMay } from '@/components/record/rights.tsx';
import { readSteps, whole } from './rule.ts';
import { StepsEditor } from './StepsEditor.tsx';
import './approvals.css';

function Steps({ entity, record }: { entity: Entity; record: RecordAnswer }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const may = useMay()(entity, 'update');
	const [steps, setSteps] = useState(() => readSteps(record.row.steps));
	const [busy, setBusy] = useState(false);
	async function save() {
		setBusy(true);
		try {
			await saveRecord(meta, entity, record.row.id, { steps }, record.etag);
			await refresh(cache, entity.name);
			void message.success(t('save.saved'));
		} catch (error) {
			void message.error(problemText(error, t));
		}
		setBusy(false);
	}
	return (
		<>
			<p className="quiet">{t('approvals.steps_text')}</p>
			<StepsEditor steps={steps} onChange={setSteps} disabled={!may} />
			{may && (
				<div className="approval-buttons">
					<Button
						type="primary" loading={busy} disabled={!whole(steps) || JSON.stringify(steps) === JSON.stringify(record.row.steps)}
						onClick={() => void save()}
					>
						{t('word.save')}
					</Button>
				</div>
			)}
		</>
	);
}

export default function RulePage({ entity, id }: RecordPageProps) {
	const meta = useMeta();
	return (
		<RecordPage
			entity={entity} id={id}
			tabs={(record) => {
				const of = entityOf(meta, String(record.row.entity));
				const condition = fieldOf(entity, 'condition');
				return [
					{
						key: 'steps',
						label: fieldOf(entity, 'steps')?.label ?? '',
						children: <Steps key={String(record.row.version)} entity={entity} record={record} />,
					},
					...(of && condition
						? [{ key: 'condition', label: condition.label, children: <ConditionTab entity={entity} of={of} record={record} /> }]
						: []),
				];
			}}
		/>
	);
}
