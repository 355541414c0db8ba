/** The firm's reasons for returns, called as the reader speaks. */
import type { TFunction } from 'i18next';
import { useSome } from '@/api/records.ts';
import type { Row } from '@/api/types.ts';
import { useEntity } from '@/app/context.tsx';

const NONE: Row[] = [];

export function useReasons(): Row[] {
	const entity = useEntity('return_reason');
	return useSome(entity, new URLSearchParams({ select: 'id,name,name_zh,firm_fault,active', order: 'position', limit: '200' })).data?.rows ?? NONE;
}

/** The Chinese name where the page is Chinese and there is one. */
export function reasonName(row: Row, t: TFunction): string {
	return String((t('returns.speaks') === 'zh' && row.name_zh) || row.name || `#${row.id}`);
}
