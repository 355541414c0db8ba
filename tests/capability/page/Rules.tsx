import { useTranslation } from 'react-i18next';
import { useTitle } from '@/app/title.ts';

export default function Rules() {
	const { t } = useTranslation();
	useTitle(t('market.settings'));
	return <div className="page"><h1>{t('market.settings')}</h1><p>{t('market.settings_text')}</p></div>;
}
