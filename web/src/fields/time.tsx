import { lazy, Suspense } from 'react';
import { When } from '@/components/common/When.tsx';
import { time as format } from '@/lib/format.ts';
import type { EditProps, Kind, ShowProps } from './kind.ts';
import { DateFilter, timeWord } from './when-filter.tsx';

const MomentPicker = lazy(() => import('./picker.tsx').then((m) => ({ default: m.MomentPicker })));

function Show({ value, place }: ShowProps) {
	if (place === 'cell') return <When at={String(value)} />;
	return <span>{format(value)} <span className="quiet"><When at={String(value)} /></span></span>;
}

function Edit(props: EditProps) {
	return <Suspense fallback={<span className="control-wait" />}><MomentPicker {...props} /></Suspense>;
}

export const time: Kind = {
	Show,
	Edit,
	Filter: DateFilter,
	word: (_, value) => timeWord(value),
	text: (_, value) => format(value),
	check: (_, value) => (value && !/^\d{4}-\d{2}-\d{2}T/.test(String(value)) ? 'check.not_date' : null),
	width: 100,
};
