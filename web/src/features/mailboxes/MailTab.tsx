/** A mail on its own page: whole, with the way into a case. */
import type { PartProps } from '@/app/feature.ts';
import { useMay } from '@/components/record/rights.tsx';
import { entityOf } from '@/api/records.ts';
import { useMeta } from '@/app/context.tsx';
import { Received } from './MailPart.tsx';

const text = (value: unknown) => (value === null || value === undefined ? null : String(value));

export default function MailTab({ record: { row } }: PartProps) {
	const meta = useMeta();
	const may = useMay();
	const cases = entityOf(meta, 'case');
	return (
		<Received
			whole mayMove={cases !== undefined && may(cases, 'create')}
			mail={{
				id: String(row.id), message_id: null, from: text(row.from_text), address: text(row.from_address), subject: text(row.subject),
				reason: String(row.reason), detail: text(row.detail), attachments: Number(row.attachments ?? 0), html: Boolean(row.html),
				quoted: Boolean(row.quoted), cut: Boolean(row.cut),
			}}
		/>
	);
}
