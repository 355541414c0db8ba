/** What was promised for the case, by when, kept or not, and why this promise and this priority hold. */
import { useTranslation } from 'react-i18next';
import { useNames } from '@/api/names.ts';
import { entityOf, fieldOf, selectAll, useSome } from '@/api/records.ts';
import type { Row } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import type { PartProps } from '@/app/feature.ts';
import { Meant } from '@/components/common/Meant.tsx';
import { Loading } from '@/components/common/States.tsx';
import { When } from '@/components/common/When.tsx';
import { optionLabel } from '@/fields/enum.tsx';
import { number } from '@/lib/format.ts';

interface Why { why: string; what: string | null; to: string }
interface Tried { policy: string; unfit: string | null }

export default function CasePromise({ entity, record: { row } }: PartProps) {
	const { t } = useTranslation();
	const meta = useMeta();
	const clocks = entityOf(meta, 'case_clock');
	const found = useSome(
		clocks,
		new URLSearchParams({ case_id: `eq.${row.id}`, order: 'started_at.desc', select: clocks ? selectAll(meta, clocks) : 'id', limit: '20' }),
	);
	const priority = fieldOf(entity, 'priority');
	const reasons = (row.priority_reason ?? []) as Why[];
	const tried = (row.policy_reason ?? []) as Tried[];
	const called = useNames(new Map([['sla_policy', new Set(tried.map((p) => p.policy))]]));
	const name = (p: Tried) => called('sla_policy', p.policy) ?? p.policy;
	const kind = fieldOf(clocks, 'kind');
	if (!clocks) return null;
	return (
		<div className="case-promise">
			{!found.data ? <Loading rows={2} /> : found.data.rows.length === 0 ? <p className="quiet">{t('service.no_promise')}</p> : (
				<ul className="case-clocks">
					{found.data.rows.map((c) => <li key={c.id}><span>{kind ? optionLabel(kind, c.kind) : ''}</span><Clock row={c} /></li>)}
				</ul>
			)}
			<details>
				<summary>{t('service.why')}</summary>
				<p><b>{priority?.label}: {priority ? optionLabel(priority, row.priority) : ''}</b></p>
				<ul>
					{reasons.length === 0 && <li>{t('service.why_usual')}</li>}
					{reasons.map((r, i) => <li key={i}>{t(`service.why_${r.why}`, { what: what(r), to: priority ? optionLabel(priority, r.to) : r.to })}</li>)}
				</ul>
				<p><b>{t('service.promise')}</b></p>
				<ul>
					{tried.length === 0 && <li>{t('service.no_promise')}</li>}
					{tried.map((p) => (
						<li key={p.policy}>
							{p.unfit === null ? t('service.fits', { name: name(p) }) : t('service.unfit', { name: name(p), what: t(`service.by_${p.unfit}`) })}
						</li>
					))}
				</ul>
			</details>
		</div>
	);
	function what(r: Why) {
		const field = r.why === 'severity'
			? fieldOf(entity, 'severity')
			: r.why === 'level' || r.why === 'stage' ? fieldOf(entityOf(meta, 'customer'), r.why) : undefined;
		return field ? optionLabel(field, r.what) : r.what ?? '';
	}
}

function Clock({ row }: { row: Row }) {
	const { t } = useTranslation();
	const spent = t('service.spent', { n: number(row.elapsed_minutes), of: number(row.target_minutes) });
	if (row.stopped_at) return <span title={spent}><Meant meaning={row.met ? 'good' : 'bad'}>{t(row.met ? 'service.met' : 'service.missed')}</Meant></span>;
	if (!row.due_at) return <span title={spent}><Meant meaning="quiet">{t('service.paused')}</Meant></span>;
	const late = Date.parse(String(row.due_at)) < Date.now();
	return <span title={spent} className={late ? 'mean mean-bad' : undefined}>{late ? `${t('service.late')} ` : ''}<When at={String(row.due_at)} /></span>;
}
