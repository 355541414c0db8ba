/** A consent is never taken out of the ledger: a withdrawal is an entry with its own time and source. */
import type { Row } from '@/api/types.ts';
import type { PartProps } from '@/app/feature.ts';
import { ChildTable } from '@/components/record/ChildTable.tsx';

const withdrawal = (row: Row) => (row.state === 'given' ? { channel: row.channel, purpose: row.purpose, state: 'withdrawn' } : null);

export default function Consents({ entity, record }: PartProps) {
	return <ChildTable child="consent" field="customer_id" parent={{ entity: entity.name, row: record.row }} ledger={withdrawal} />;
}
