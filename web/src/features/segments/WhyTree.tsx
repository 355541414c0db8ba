/** Part by part: what holds, what was seen, and when time will turn it. */
import { CheckCircleFilled, CloseCircleFilled } from '@ant-design/icons';
import { useTranslation } from 'react-i18next';
import { time } from '@/lib/format.ts';

export interface Why {
	kind: string;
	place: string;
	words: string;
	holds: boolean;
	saw?: string;
	next_at?: string;
	parts?: Why[];
}

export function WhyTree({ why }: { why: Why }) {
	const { t } = useTranslation();
	const group = (why.parts?.length ?? 0) > 0 && why.kind !== 'not';
	return (
		<div className="why">
			<p className={why.holds ? 'why-yes' : 'why-no'}>
				{why.holds ? <CheckCircleFilled aria-label={t('segment.holds')} /> : <CloseCircleFilled aria-label={t('segment.holds_not')} />}{' '}
				{group ? t(why.kind === 'all' ? 'condition.way_all' : 'condition.way_any') : why.words}
				{why.saw !== undefined && <span className="why-saw"> {t('segment.saw', { value: why.saw })}</span>}
				{why.next_at && <span className="why-saw"> {t('segment.turns', { at: time(why.next_at) })}</span>}
			</p>
			{(group || why.kind === 'not') && why.parts?.map((part) => <WhyTree key={`${part.place}.${part.words}`} why={part} />)}
		</div>
	);
}
