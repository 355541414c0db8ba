/** For administrators: work that failed all its tries; nothing where nothing did. */
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { Aside } from './Aside.tsx';
import { useRuns } from './runs.ts';

export default function FailedWork() {
	const { t } = useTranslation();
	const { data } = useRuns();
	if (!data || data.aside.length === 0) return null;
	return (
		<section className="panel">
			<header><h2>{t('runs.failed')}</h2><Link to="/settings/runs">{t('home.all')}</Link></header>
			<Aside timers={data.aside.slice(0, 5)} />
		</section>
	);
}
