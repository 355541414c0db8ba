/** Beside a customer's name: level, kind, tags. */
import { fieldOf } from '@/api/records.ts';
import type { PartProps } from '@/app/feature.ts';
import { FieldValue } from '@/fields/index.tsx';

export default function Badges({ entity, record: { row, masked } }: PartProps) {
	const shown = ['level', 'kind', 'tags'].flatMap((n) => fieldOf(entity, n) ?? []);
	return <span className="badges">{shown.map((f) => <FieldValue key={f.name} field={f} row={row} place="cell" masked={masked.has(f.name)} />)}</span>;
}
