/** What a return waits for, and until when. */
import { useTranslation } from 'react-i18next';
import { isoDay } from '@/api/query.ts';
import type { PartProps } from '@/app/feature.ts';
import { date } from '@/lib/format.ts';
import './returns.css';

export default function Clock({ record: { row } }: PartProps) {
	const { t } = useTranslation();
	if (!row.due_on) return null;
	const late = String(row.due_on) < isoDay(new Date());
	return (
		<p className={late ? 'return-clock is-late' : 'return-clock'}>
			{t(`returns.waits.${String(row.state)}`)} {t(late ? 'returns.was_due' : 'returns.due', { day: date(String(row.due_on)) })}
		</p>
	);
}
