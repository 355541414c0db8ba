/** What a bulk act was, in a sentence. */
import type { TFunction } from 'i18next';
import { entityOf } from '@/api/records.ts';
import type { Change, Meta } from '@/api/types.ts';
import { number } from '@/lib/format.ts';

export function bulkWords(t: TFunction, meta: Meta, act: Record<string, unknown>): string {
	const count = Number(act.total ?? 0);
	const entity = entityOf(meta, String(act.entity ?? ''));
	const what = entity ? (count === 1 ? entity.label : entity.label_many) : t('bulk.records');
	return t(`bulk.act_${String(act.kind)}`, { count, n: number(count), what });
}

/** The values a record was made with, from the entry about it. */
export const created = (change: Change): Record<string, unknown> => Object.fromEntries(Object.entries(change.diff ?? {}).map(([name, pair]) => [name, pair[1]]));
