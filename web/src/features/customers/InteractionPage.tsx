/** What was said or is to be done: open work is finished here with one click. */
import { CheckOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { fieldOf, type RecordAnswer } from '@/api/records.ts';
import { useMay } from '@/components/record/rights.tsx';
import type { Entity } from '@/api/types.ts';
import type { RecordPageProps } from '@/app/features.ts';
import { RecordPage } from '@/components/record/RecordPage.tsx';
import { editable } from '@/fields/index.tsx';
import { useFinish } from './finish.tsx';

export default function InteractionPage({ entity, id }: RecordPageProps) {
	return <RecordPage entity={entity} id={id} actions={(record) => <Done entity={entity} record={record} />} />;
}

function Done({ entity, record: { row, etag } }: { entity: Entity; record: RecordAnswer }) {
	const { t } = useTranslation();
	const mayHere = useMay();
	const { finish, dialog } = useFinish(entity, row, etag);
	const state = fieldOf(entity, 'state');
	const open = row.state === 'open' || row.state === 'planned';
	if (!open || !state || !editable(state) || !mayHere(entity, 'update')) return null;
	return <><Button type="primary" icon={<CheckOutlined />} onClick={() => void finish()}>{t('customer.finish')}</Button>{dialog}</>;
}
