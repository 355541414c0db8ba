/** Whether it is covered today, until when and by which terms. */
import { Tag } from 'antd';
import type { PartProps } from '@/app/feature.ts';
import { useWarranty } from './warranty.ts';

export default function Warranty({ record: { row } }: PartProps) {
	const told = useWarranty(row.id, undefined).data;
	if (!told) return null;
	return (
		<p className="equipment-said">
			<Tag
				style={{ whiteSpace: 'normal' }}
				color={told.verdict === 'covered' ? 'success' : told.verdict === 'no_start' ? 'warning' : 'error'}
			>
				{told.said}
			</Tag>
		</p>
	);
}
