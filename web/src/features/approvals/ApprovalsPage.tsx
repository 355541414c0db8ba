/** What one is to decide, what one asked for, what one decided. */
import { Button, Tabs } from 'antd';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { get } from '@/api/client.ts';
import { useCan } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { Empty, Failed, Loading } from '@/components/common/States.tsx';
import { KEY, type Page } from './approvals.ts';
import { List } from './List.tsx';
import './approvals.css';

function Box({ box }: { box: string }) {
	const { t } = useTranslation();
	const list = useInfiniteQuery({
		queryKey: [...KEY, 'box', box], initialPageParam: '',
		queryFn: ({ pageParam, signal }) => get<Page>(`approvals?box=${box}${pageParam ? `&before=${pageParam}` : ''}`, signal),
		getNextPageParam: (last) => last.next,
	});
	if (list.isPending) return <Loading />;
	if (list.isError) return <Failed error={list.error} onRetry={() => void list.refetch()} />;
	const rows = list.data.pages.flatMap((p) => p.rows);
	if (rows.length === 0) return <Empty title={t(`approvals.none_${box}`)} text={t('approvals.none_text')} />;
	return (
		<>
			<List rows={rows} />
			{list.hasNextPage && <Button loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>{t('word.load_more')}</Button>}
		</>
	);
}

export default function ApprovalsPage() {
	const admin = useCan('admin');
	const { t } = useTranslation();
	const [params, setParams] = useSearchParams();
	useTitle(t('approvals.title'));
	const boxes = ['todo', 'mine', 'decided', ...(admin ? ['all'] : [])];
	const box = boxes.find((b) => b === params.get('box')) ?? 'todo';
	return (
		<div className="page">
			<h1>{t('approvals.title')}</h1>
			<Tabs
				activeKey={box} onChange={(key) => setParams({ box: key }, { replace: true })} destroyOnHidden
				items={boxes.map((key) => ({ key, label: t(`approvals.box_${key}`), children: <Box box={key} /> }))}
			/>
		</div>
	);
}
