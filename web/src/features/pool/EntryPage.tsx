/** A card of the pool on a page of its own, as lists and the search lead to it. */
import { Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { useSome } from '@/api/records.ts';
import type { RecordPageProps } from '@/app/features.ts';
import { useApp } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { Empty, Failed, Loading } from '@/components/common/States.tsx';
import { Assign, Look, useTaking } from './Card.tsx';
import { useLimits } from './PoolPage.tsx';
import './pool.css';

export default function EntryPage({ entity, id }: RecordPageProps) {
	const { t } = useTranslation();
	const { meta } = useApp();
	const navigate = useNavigate();
	const limits = useLimits();
	const { busy, take } = useTaking();
	const [looks, setLooks] = useState(false);
	const rows = useSome(entity, new URLSearchParams({ id: `eq.${id}` }));
	const row = rows.data?.rows[0];
	useTitle(String(row?.name ?? t('pool.title')));
	if (rows.isPending) return <div className="page"><Loading rows={6} /></div>;
	if (rows.isError) return <div className="page"><Failed error={rows.error} onRetry={() => void rows.refetch()} /></div>;
	if (!row) return <div className="page"><Empty title={t('pool.gone')} action={<Button onClick={() => void navigate('/public_pool')}>{t('pool.title')}</Button>} /></div>;
	const customer = String(row.customer_id);
	return (
		<div className="page">
			<header className="pool-top">
				<h1>{String(row.name ?? '')}</h1>
				{!looks && <Button onClick={() => setLooks(true)}>{t('pool.look')}</Button>}
				{limits.data?.may_claim && <Button type="primary" loading={busy === customer} onClick={() => void take(customer, String(row.name))}>{t('pool.take')}</Button>}
			</header>
			<div className="panel stack">
				<p><b>{t('pool.why')}</b> {String(row.why ?? t('pool.no_why'))}</p>
				{looks ? <Look customer={customer} /> : <p>{t('pool.look_text')}</p>}
				{meta.capabilities.includes('assign') && <Assign customer={customer} onDone={() => void navigate('/public_pool')} />}
			</div>
		</div>
	);
}
