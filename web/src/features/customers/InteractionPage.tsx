/** What was said or is to be done: open work is finished here with one click. */
import { CheckOutlined } from '@ant-design/icons';
import { App, Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { fieldOf, may, type RecordAnswer, refresh, useCache } from '@/api/records.ts';
import type { Entity } from '@/api/types.ts';
import type { RecordPageProps } from '@/app/features.ts';
import { problemText, useUndo } from '@/components/common/undo.tsx';
import { RecordPage } from '@/components/record/RecordPage.tsx';
import { useSaver } from '@/components/record/save.tsx';
import { editable } from '@/fields/index.tsx';

export default function InteractionPage({ entity, id }: RecordPageProps) {
	return <RecordPage entity={entity} id={id} actions={(record) => <Done entity={entity} record={record} />} />;
}

function Done({ entity, record: { row, etag } }: { entity: Entity; record: RecordAnswer }) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const undo = useUndo();
	const cache = useCache();
	const saver = useSaver(entity);
	const state = fieldOf(entity, 'state');
	const open = row.state === 'open' || row.state === 'planned';
	if (!open || !state || !editable(state) || !may(entity, 'update')) return null;

	async function done() {
		const again = () => refresh(cache, 'interaction', 'customer');
		try {
			const saved = await saver.save(row, etag, { state: 'done' });
			await again();
			if (saved) undo(t('customer.work_done'), async () => {
				await saver.save(saved, null, { state: row.state });
				await again();
			});
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}
	return <><Button type="primary" icon={<CheckOutlined />} onClick={() => void done()}>{t('customer.finish')}</Button>{saver.dialog}</>;
}
