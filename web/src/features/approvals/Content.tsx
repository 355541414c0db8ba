/** What is wanted, before and after, with the names of what is linked. */
import { useTranslation } from 'react-i18next';
import { useNames, wantedBy } from '@/api/names.ts';
import { entityOf } from '@/api/records.ts';
import type { Change } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import { Diff } from '@/components/record/Changes.tsx';
import type { Approval } from './approvals.ts';

export function Content({ approval }: { approval: Approval }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const entity = entityOf(meta, approval.entity);
	const names = useNames(wantedBy(entity, [{ diff: approval.diff ?? {} } as Change]));
	if (!entity || !approval.diff || Object.keys(approval.diff).length === 0) return <p className="quiet">{t('approvals.hidden')}</p>;
	return <Diff entity={entity} diff={approval.diff} names={names} />;
}
