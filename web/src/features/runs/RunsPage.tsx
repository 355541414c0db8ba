/** What runs by itself: what failed, when each schedule is next, and how much waits. */
import { useTranslation } from 'react-i18next';
import { useCan } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { Denied, Failed, Loading } from '@/components/common/States.tsx';
import { When } from '@/components/common/When.tsx';
import { number } from '@/lib/format.ts';
import { Aside } from './Aside.tsx';
import { useRuns } from './runs.ts';

export default function RunsPage() {
	const { t } = useTranslation();
	const admin = useCan('admin');
	useTitle(t('runs.title'));
	return admin ? <Runs /> : <Denied need={t('state.need_cap', { cap: t('cap.admin') })} />;
}

function Runs() {
	const { t } = useTranslation();
	const runs = useRuns();
	if (runs.isPending) return <div className="page"><Loading rows={8} /></div>;
	if (runs.isError) return <div className="page"><Failed error={runs.error} onRetry={() => void runs.refetch()} /></div>;
	const { kinds, schedules, aside } = runs.data;
	const n = (count: number, more?: boolean) => `${number(count)}${more ? '+' : ''}`;
	return (
		<div className="page">
			<h1>{t('runs.title')}</h1>
			<p className="quiet">{t('runs.text')}</p>
			<h2>{t('runs.failed')}</h2>
			{aside.length > 0 ? <Aside timers={aside} /> : <p className="quiet">{t('runs.none_failed')}</p>}
			<h2>{t('runs.schedules')}</h2>
			<table className="plain-table">
				<thead><tr><th scope="col">{t('runs.what')}</th><th scope="col">{t('runs.next')}</th></tr></thead>
				<tbody>{schedules.map((s) => <tr key={s.key}><td>{s.key}</td><td><When at={s.due_at} /></td></tr>)}</tbody>
			</table>
			<h2>{t('runs.waiting')}</h2>
			{kinds.length === 0 ? <p className="quiet">{t('runs.none_waiting')}</p> : (
				<table className="plain-table">
					<thead><tr>{['what', 'waits', 'aside', 'next'].map((k) => <th key={k} scope="col">{t(`runs.${k}`)}</th>)}</tr></thead>
					<tbody>
						{kinds.map((k) => (
							<tr key={k.kind}>
								<td>{k.kind}</td>
								<td>{n(k.waiting, k.waiting_more)}</td>
								<td>{n(k.aside, k.aside_more)}</td>
								<td>{k.next_at ? <When at={k.next_at} /> : '—'}</td>
							</tr>
						))}
					</tbody>
				</table>
			)}
		</div>
	);
}
