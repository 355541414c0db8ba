/** All reports, by field of work: what each answers. */
import { useQuery } from '@tanstack/react-query';
import { Skeleton } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useTitle } from '@/app/title.ts';
import { useWho } from '@/app/who.ts';
import { Empty, Failed } from '@/components/common/States.tsx';
import { readReports } from './report.ts';
import { galleryOf } from './gallery.ts';
import './reports.css';

export default function ReportsPage() {
	const { t } = useTranslation();
	const who = useWho();
	useTitle(t('report.title'));
	const listed = useQuery({ queryKey: ['reports'], staleTime: 60_000, queryFn: ({ signal }) => readReports(signal) });
	if (listed.error) return <div className="page"><Failed error={listed.error} onRetry={() => void listed.refetch()} /></div>;
	if (!listed.data) return <div className="page"><Skeleton active /></div>;
	const fields = galleryOf(who, listed.data.reports.map((r) => r.name), listed.data.available);
	return (
		<div className="page">
			<h1>{t('report.title')}</h1>
			<p className="quiet">{t('report.text')}</p>
			{!listed.data.available && <p className="quiet">{t('report.off')}</p>}
			{fields.length === 0 && <Empty title={t('report.nothing')} />}
			{fields.map(({ field, items }) => (
				<section key={field}>
					<h2>{t(`report.field_${field}`)}</h2>
					<ul className="report-gallery">
						{items.map((item) => (
							<li key={item.name} className="panel">
								<h3><Link to={item.to}>{t(item.label)}</Link></h3>
								<p>{t(item.text)}</p>
							</li>
						))}
					</ul>
				</section>
			))}
		</div>
	);
}
