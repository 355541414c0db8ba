/** A list's whole condition (groups, related records, segments) as a chip, in the server's words; views keep it like any filter. */
import { CloseOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { post } from '@/api/client.ts';
import type { Entity } from '@/api/types.ts';

export const ADVANCED = 'condition';

export function AdvancedChip({ entity, text, onOpen, onRemove }: { entity: Entity; text: string; onOpen(): void; onRemove(): void }) {
	const { t } = useTranslation();
	const said = useQuery({
		queryKey: ['condition', 'words', entity.name, text], staleTime: 60_000, retry: false,
		queryFn: () => post<{ words: string }>('conditions/check', { entity: entity.name, condition: JSON.parse(text) as unknown }),
	});
	const words = said.data?.words ?? t('condition.advanced');
	return (
		<span className="chip">
			<button type="button" className="chip-words" title={words} onClick={onOpen}>{words}</button>
			<button type="button" className="chip-x" aria-label={t('filter.remove', { field: t('condition.advanced') })} onClick={onRemove}>
				<CloseOutlined />
			</button>
		</span>
	);
}
