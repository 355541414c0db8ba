/** Who was merged into a customer, and taking that apart. */
import { App, Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { entityOf, fieldOf, refresh, useCache, useSome } from '@/api/records.ts';
import { useCan, useMeta } from '@/app/context.tsx';
import type { PartProps } from '@/app/feature.ts';
import { Empty, Failed, Loading } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { When } from '@/components/common/When.tsx';
import { useMay } from '@/components/record/rights.tsx';
import { list, number } from '@/lib/format.ts';
import { unmerge } from './merge.ts';

export default function Merged({ entity, record }: PartProps) {
	const meta = useMeta();
	const { t } = useTranslation();
	const { message, modal } = App.useApp();
	const cache = useCache();
	const go = useNavigate();
	const mayHere = useMay();
	const can = useCan('merge');
	const [busy, setBusy] = useState<string | null>(null);
	const rows = useSome(entityOf(meta, 'customer_alias'), new URLSearchParams({ customer_id: `eq.${record.row.id}`, order: 'id.desc', limit: '100' }));

	async function apart(former: string) {
		setBusy(former);
		try {
			const told = await unmerge(former);
			await refresh(cache, ...meta.entities.map((e) => e.name));
			const said = [
				...(told.kept.length ? [t('duplicates.kept', { list: list(told.kept.map((f) => fieldOf(entity, f)?.label ?? f)) })] : []),
				...(told.changed ? [t('duplicates.changed', { count: told.changed, n: number(told.changed) })] : []),
				...(told.gone ? [t('duplicates.gone', { count: told.gone, n: number(told.gone) })] : []),
			];
			if (said.length) modal.info({ title: t('duplicates.apart'), content: <ul>{said.map((s) => <li key={s}>{s}</li>)}</ul> });
			else void message.success(t('duplicates.apart'));
			void go(`/customer/${former}`);
		} catch (error) {
			void message.error(problemText(error, t));
		} finally {
			setBusy(null);
		}
	}
	if (rows.isPending) return <Loading rows={3} />;
	if (rows.isError) return <Failed small error={rows.error} onRetry={() => void rows.refetch()} />;
	if (rows.data.rows.length === 0) return <Empty title={t('duplicates.none_merged')} text={t('duplicates.none_merged_text')} />;
	return (
		<ul className="merged-list">
			{rows.data.rows.map((row) => (
				<li key={row.id}>
					<span>
						<b>{String(row.name ?? row.former)}</b> {row.number ? <span className="quiet">{String(row.number)}</span> : null}
						<span className="quiet"> · <When at={String(row.created_at)} /> · ID {String(row.former)}</span>
					</span>
					{can && mayHere(entity, 'update') && (
						<Button size="small" loading={busy === row.former} onClick={() => void apart(String(row.former))}>{t('duplicates.take_apart')}</Button>
					)}
				</li>
			))}
		</ul>
	);
}
