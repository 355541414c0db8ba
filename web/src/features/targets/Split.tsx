/** A target given on in equal parts: to the months or quarters it has, or to people. */
import { App, Button, Modal, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { post } from '@/api/client.ts';
import { entityOf, refresh, useCache, useSome } from '@/api/records.ts';
import { useMeta } from '@/app/context.tsx';
import type { PartProps } from '@/app/feature.ts';
import { problemText } from '@/components/common/undo.tsx';

export default function Split({ record: { row } }: PartProps) {
	const meta = useMeta();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const [people, setPeople] = useState<string[] | null>(null);
	const users = useSome(entityOf(meta, 'user'), new URLSearchParams({
		select: 'id,name', active: 'is.true', order: 'name.asc', limit: '500', ...(row.team_id ? { team_id: `eq.${String(row.team_id)}` } : {}),
	}), people !== null);
	async function give(into: string, ids?: string[]) {
		try {
			await post(`target/${row.id}/split`, { into, ...(ids ? { people: ids } : {}) });
			setPeople(null);
			await refresh(cache, 'target');
			void message.success(t('targets.given'));
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}
	return (
		<>
			{row.period === 'year' && <Button onClick={() => void give('quarters')}>{t('targets.to_quarters')}</Button>}
			{row.period !== 'month' && <Button onClick={() => void give('months')}>{t('targets.to_months')}</Button>}
			{row.scope !== 'person' && <Button onClick={() => setPeople([])}>{t('targets.to_people')}</Button>}
			{people !== null && (
				<Modal
					open title={t('targets.to_people')} okText={t('targets.to_people')} cancelText={t('word.cancel')} onCancel={() => setPeople(null)}
					onOk={() => void give('people', people)} okButtonProps={{ disabled: people.length === 0 }}
				>
					<Select
						mode="multiple" aria-label={t('targets.people')} placeholder={t('targets.people')} value={people} onChange={setPeople} style={{ width: '100%' }}
						optionFilterProp="label" options={users.data?.rows.map((u) => ({ value: u.id, label: String(u.name) }))}
					/>
				</Modal>
			)}
		</>
	);
}
