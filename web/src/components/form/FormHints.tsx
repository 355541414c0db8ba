/** What features say in the form of a new record while it is filled in. */
import { Suspense } from 'react';
import type { Entity } from '@/api/types.ts';
import { features, pieceOf } from '@/app/features.ts';

export function FormHints({ entity, values }: { entity: Entity; values: Record<string, unknown> }) {
	return (
		<>
			{features().hints.filter((h) => h.on === entity.name).map((h, i) => {
				const Piece = pieceOf(h.load);
				return <Suspense key={i} fallback={null}><Piece entity={entity} values={values} /></Suspense>;
			})}
		</>
	);
}
