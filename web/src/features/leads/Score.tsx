/** What a lead's score is made of. */
import { useTranslation } from 'react-i18next';
import { formatTag } from '@/lib/format.ts';
import type { PartProps } from '@/app/feature.ts';

interface Why {
	name: string;
	name_zh: string | null;
	points: number;
}

export default function Score({ record }: PartProps) {
	const { t } = useTranslation();
	const why = Array.isArray(record.row.score_why) ? (record.row.score_why as Why[]) : [];
	if (why.length === 0) return null;
	const name = (w: Why) => (formatTag().startsWith('zh') && w.name_zh) || w.name;
	return (
		<p className="quiet">
			{t('leads.score', { score: String(record.row.score) })} {why.map((w) => `${name(w)} ${w.points > 0 ? '+' : ''}${w.points}`).join(' · ')}
		</p>
	);
}
