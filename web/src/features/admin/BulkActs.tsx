/** What was changed, deleted or handed over many at a time; each can be taken back as a whole. */
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { entityOf, useRows } from '@/api/records.ts';
import { useMeta } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { Empty, Failed, Loading } from '@/components/common/States.tsx';
import { When } from '@/components/common/When.tsx';
import { fieldOf } from '@/api/records.ts';
import { FieldValue } from '@/fields/index.tsx';
import { bulkWords } from './bulk.ts';

export default function BulkActs() {
	const meta = useMeta();
	const { t } = useTranslation();
	const entity = entityOf(meta, 'bulk_act');
	useTitle(t('bulk.acts'));
	const params = new URLSearchParams({ select: 'id,kind,entity,state,total,done,created_at,owner:owner_id(id,name)', order: 'id.desc' });
	const rows = useRows(entity ?? meta.entities[0]!, params, { page: 50, enabled: entity !== undefined });
	const all = rows.data?.pages.flatMap((p) => p.rows) ?? [];
	const state = fieldOf(entity, 'state');
	return (
		<div className="page">
			<h1>{t('bulk.acts')}</h1>
			<p className="quiet">{t('bulk.acts_text')}</p>
			{rows.isPending ? <Loading rows={6} /> : rows.isError ? <Failed error={rows.error} onRetry={() => void rows.refetch()} /> : all.length === 0 ? <Empty title={t('bulk.acts_none')} text={t('bulk.acts_none_text')} /> : (
				<ul className="lines">
					{all.map((row) => (
						<li key={row.id}>
							<Link to={`/bulk_act/${row.id}`} className="lines-main">{bulkWords(t, meta, row)}</Link>
							<span className="quiet">{String((row.owner as { name?: string } | null)?.name ?? t('word.system'))}</span>
							{state && <FieldValue field={state} row={row} place="cell" />}
							<span className="quiet"><When at={String(row.created_at)} /></span>
						</li>
					))}
				</ul>
			)}
			{rows.hasNextPage && <Button onClick={() => void rows.fetchNextPage()} loading={rows.isFetchingNextPage}>{t('word.load_more')}</Button>}
		</div>
	);
}
