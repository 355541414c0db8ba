import { useTranslation } from 'react-i18next';
import type { PartProps } from '@/app/feature.ts';

export default function Warning({ record }: PartProps) {
	const { t } = useTranslation();
	return <p className="market-warning">{t('market.warning', { name: String(record.row.name) })}</p>;
}
