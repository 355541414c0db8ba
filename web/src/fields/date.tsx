import { lazy, Suspense } from 'react';
import { date as format } from '@/lib/format.ts';
import type { EditProps, Kind, ShowProps } from './kind.ts';
import { DateFilter, timeWord } from './when-filter.tsx';

const DayPicker = lazy(() => import('./picker.tsx').then((m) => ({ default: m.DayPicker })));

function Show({ value }: ShowProps) {
	return <time className="number" dateTime={String(value)}>{format(value)}</time>;
}

function Edit(props: EditProps) {
	return <Suspense fallback={<span className="control-wait" />}><DayPicker {...props} /></Suspense>;
}

export const date: Kind = {
	Show,
	Edit,
	Filter: DateFilter,
	word: (_, value) => timeWord(value),
	text: (_, value) => format(value),
	check: (_, value) => (value && !/^\d{4}-\d{2}-\d{2}$/.test(String(value)) ? 'check.not_date' : null),
	width: 112,
	inline: true,
};
