/** Brackets with their rates: a list to read, a small table to type. Their parts come when they are shown. */
import { lazy, Suspense } from 'react';
import { json } from './json.tsx';
import type { EditProps, Kind, ShowProps } from './kind.ts';

const Editor = lazy(() => import('./BracketsEditor.tsx'));
const List = lazy(() => import('./BracketsEditor.tsx').then((m) => ({ default: m.BracketList })));

function Show({ value }: ShowProps) {
	return <Suspense fallback={<span className="control-wait" />}><List value={value} /></Suspense>;
}

function Edit(props: EditProps) {
	return <Suspense fallback={<span className="control-wait" />}><Editor {...props} /></Suspense>;
}

export const brackets: Kind = { ...json, Show, Edit, check: () => null, width: 220 };
