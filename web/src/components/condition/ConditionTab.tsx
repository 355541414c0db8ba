/** The condition that a record keeps, in plain words; changed here by whoever may change the record. */
import { App, Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type RecordAnswer, refresh, saveRecord, useCache } from '@/api/records.ts';
import type { Entity } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import { useMay } from '@/components/record/rights.tsx';
import { problemText } from '../common/undo.tsx';
import { Editor } from './Editor.tsx';
import { complete, readTree, toJson } from './tree.ts';

interface Props {
	/** What kind of record keeps it, and of what kind it speaks. */
	entity: Entity;
	of: Entity;
	record: RecordAnswer;
	/** It can be changed no more. */
	fixed?: boolean;
}

export function ConditionTab({ entity, of, record, fixed }: Props) {
	const meta = useMeta();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const mayUpdate = useMay()(entity, 'update') && !fixed;
	const [tree, setTree] = useState(() => readTree(meta, String(record.row.condition ?? ''), of));
	const [busy, setBusy] = useState(false);
	const text = complete(tree) ? JSON.stringify(toJson(meta, of, tree)) : '';
	async function save() {
		setBusy(true);
		try {
			await saveRecord(meta, entity, record.row.id, { condition: text }, record.etag);
			await refresh(cache, entity.name);
			void message.success(t('save.saved'));
		} catch (error) {
			void message.error(problemText(error, t));
		}
		setBusy(false);
	}
	return (
		<>
			<Editor entity={of} tree={tree} onChange={setTree} />
			{mayUpdate && (
				<Button type="primary" loading={busy} disabled={text === '' || text === record.row.condition} onClick={() => void save()}>
					{t('segment.save_condition')}
				</Button>
			)}
		</>
	);
}
