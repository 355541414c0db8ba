/** How much goes along with a merge, in a line. */
import { useTranslation } from 'react-i18next';
import { entityOf } from '@/api/records.ts';
import { useMeta } from '@/app/context.tsx';
import { list, number } from '@/lib/format.ts';
import type { Look } from './merge.ts';

export function Moves({ look }: { look: Look | undefined }) {
	const meta = useMeta();
	const { t } = useTranslation();
	if (!look) return null;
	const parts = look.moves.map((m) => `${entityOf(meta, m.entity)?.label_many ?? m.entity} ${number(m.n)}${m.more ? '+' : ''}`);
	return <p className="quiet">{parts.length ? t('duplicates.moves', { list: list(parts) }) : t('duplicates.moves_nothing')} {t('duplicates.can_undo')}</p>;
}
