/** The same deals as board, table, forecast or reports; what they are narrowed by goes along. */
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';

const VIEWS = [
	{ key: 'board', to: '/deals' },
	{ key: 'table', to: '/opportunity' },
	{ key: 'forecast', to: '/forecast' },
	{ key: 'reports', to: '/deal_reports' },
] as const;

export function DealTabs({ current, search }: { current: (typeof VIEWS)[number]['key']; search: string }) {
	const { t } = useTranslation();
	return (
		<nav className="deals-tabs" aria-label={t('deals.views')}>
			{VIEWS.map(({ key, to }) => (
				<Link key={key} to={`${to}${search}`} aria-current={key === current ? 'page' : undefined}>{t(`deals.as_${key}`)}</Link>
			))}
		</nav>
	);
}
