/** Below a customer's name: the stage as steps, the numbers that matter, whose it is. */
import type { PartProps } from '@/app/feature.ts';
import { useTab } from '@/components/record/RecordPage.tsx';
import { Figures } from './Figures.tsx';
import { Owner } from './Reach.tsx';
import { Stages } from './Stages.tsx';

export default function Strip({ entity, record }: PartProps) {
	const [, setTab] = useTab('timeline');
	return (
		<div className="record-strip">
			<Stages entity={entity} record={record} />
			<Figures record={record} onTab={setTab} />
			<Owner entity={entity} record={record} />
		</div>
	);
}
