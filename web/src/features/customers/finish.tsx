/** Open work is done with one click, and undone with one more. */
import { App } from 'antd';
import { useTranslation } from 'react-i18next';
import { refresh, useCache } from '@/api/records.ts';
import type { Entity, Row } from '@/api/types.ts';
import { problemText, useUndo } from '@/components/common/undo.tsx';
import { useSaver } from '@/components/record/save.tsx';

/** `finish` does it; `dialog` belongs on the page, for a conflict with somebody else's change. */
export function useFinish(entity: Entity, row: Row, etag: string | null) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const undo = useUndo();
	const cache = useCache();
	const saver = useSaver(entity);

	async function finish() {
		const again = () => refresh(cache, 'interaction', 'customer');
		try {
			const saved = await saver.save(row, etag, { state: 'done' });
			await again();
			if (saved) undo(t('customer.work_done'), async () => {
				await saver.save(saved, null, { state: row.state, at: row.at });
				await again();
			});
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}
	return { finish, dialog: saver.dialog };
}
