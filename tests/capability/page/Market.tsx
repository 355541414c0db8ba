/** How many stalls are open. */
import { useTranslation } from 'react-i18next';
import { useCount } from '@/api/records.ts';
import { useEntity } from '@/app/context.tsx';
import { number } from '@/lib/format.ts';

const OPEN = new URLSearchParams({ is_open: 'is.true' });

export default function Market() {
	const { t } = useTranslation();
	const open = useCount(useEntity('stall'), OPEN);
	return <p className="market">{open.data ? t('market.count', { count: open.data.total, n: number(open.data.total) }) : t('state.loading')}</p>;
}
