/** A condition over records of another entity: told in plain words, built as everywhere. Its parts come when they are shown. */
import { lazy, Suspense } from 'react';
import { json } from './json.tsx';
import type { EditProps, Kind, ShowProps } from './kind.ts';

const Words = lazy(() => import('@/components/condition/Words.tsx'));
const FieldEditor = lazy(() => import('@/components/condition/FieldEditor.tsx'));

function Show({ field, value }: ShowProps) {
	return <Suspense fallback={<span className="control-wait" />}><Words entity={field.asks ?? ''} condition={value} /></Suspense>;
}

function Edit(props: EditProps) {
	return <Suspense fallback={<span className="control-wait" />}><FieldEditor {...props} /></Suspense>;
}

export const condition: Kind = { ...json, Show, Edit, width: 280 };
