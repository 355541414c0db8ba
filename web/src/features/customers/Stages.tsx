/** The stage of a customer as steps; a click moves it, and can be undone. */
import { App } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { fieldOf, type RecordAnswer } from '@/api/records.ts';
import { useMay } from '@/components/record/rights.tsx';
import type { Entity } from '@/api/types.ts';
import { useRoving } from '@/components/common/roving.ts';
import { problemText, useUndo } from '@/components/common/undo.tsx';
import { useSaver } from '@/components/record/save.tsx';
import { editable } from '@/fields/index.tsx';

export function Stages({ entity, record }: { entity: Entity; record: RecordAnswer }) {
	const { t } = useTranslation();
	const mayHere = useMay();
	const { message } = App.useApp();
	const undo = useUndo();
	const saver = useSaver(entity);
	const [busy, setBusy] = useState(false);
	const roving = useRoving<HTMLDivElement>('button');
	const field = fieldOf(entity, 'stage');
	if (!field?.options) return null;
	const at = field.options.findIndex((o) => o.value === record.row.stage);
	const able = editable(field) && mayHere(entity, 'update');

	async function move(value: string, label: string) {
		const before = record.row.stage ?? null;
		setBusy(true);
		try {
			const saved = await saver.save(record.row, record.etag, { stage: value });
			if (saved) undo(t('customer.stage_now', { stage: label }), async () => {
				await saver.save(saved, null, { stage: before });
			});
		} catch (error) {
			void message.error(problemText(error, t));
		}
		setBusy(false);
	}

	return (
		<>
			<div role="toolbar" aria-label={field.label} {...roving}>
				<ol className="stages">
					{field.options.map((option, i) => {
						const here = i === at;
						const lost = option.value === 'lost';
						const state = here ? (lost ? ' is-here is-lost' : ' is-here') : !lost && i < at && record.row.stage !== 'lost' ? ' is-past' : '';
						return (
							<li key={option.value} className={`stage${state}`} aria-current={here ? 'step' : undefined}>
								{able && !here ? (
									<button
										type="button" disabled={busy} onClick={() => void move(option.value, option.label)}
										title={t('customer.stage_set', { stage: option.label })}
									>
										{option.label}
									</button>
								) : <span>{option.label}</span>}
							</li>
						);
					})}
				</ol>
			</div>
			{saver.dialog}
		</>
	);
}
