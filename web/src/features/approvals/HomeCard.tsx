/** What waits for one's decision; nothing where nothing waits. */
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { Failed } from '@/components/common/States.tsx';
import { useBox } from './approvals.ts';
import { List } from './List.tsx';
import './approvals.css';

const SHOWN = 5;

export default function HomeCard() {
	const { t } = useTranslation();
	const todo = useBox('box=todo');
	const rows = todo.data?.rows ?? [];
	if (todo.isSuccess && rows.length === 0) return null;
	return (
		<section className="panel">
			<header>
				<h2>{t('approvals.home')}{rows.length > 0 && <> <span className="count">{rows.length}{todo.data?.next ? '+' : ''}</span></>}</h2>
				<Link to="/approvals">{t('home.all')}</Link>
			</header>
			{todo.isError ? <Failed error={todo.error} onRetry={() => void todo.refetch()} small /> : <List rows={rows.slice(0, SHOWN)} />}
		</section>
	);
}
