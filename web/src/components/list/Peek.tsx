/** A record beside the list: the facts, without leaving. */
import { CloseOutlined } from '@ant-design/icons';
import { Button, Tooltip } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { titleOf, useRecord } from '@/api/records.ts';
import type { Entity } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import { Failed, Loading } from '../common/States.tsx';
import { Facts } from '../record/Facts.tsx';
import { RecordRights } from '../record/rights.tsx';

export function Peek({ entity, id, onClose }: { entity: Entity; id: string; onClose(): void }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const record = useRecord(meta, entity, id);
	return (
		<aside className="peek" aria-label={t('peek.title', { what: entity.label })}>
			<header>
				<h2>{record.data ? titleOf(entity, record.data.row) : entity.label}</h2>
				<Link to={`/${entity.name}/${id}`}>{t('peek.open')}</Link>
				<Tooltip title={t('word.close')}><Button type="text" size="small" icon={<CloseOutlined />} aria-label={t('word.close')} onClick={onClose} /></Tooltip>
			</header>
			<div className="peek-body" tabIndex={0} role="region" aria-label={t('record.facts')}>
				{record.isPending ? <Loading rows={8} /> : record.isError ? <Failed error={record.error} onRetry={() => void record.refetch()} small /> : (
					<RecordRights entity={entity} record={record.data}><Facts entity={entity} record={record.data} filled /></RecordRights>
				)}
			</div>
		</aside>
	);
}
