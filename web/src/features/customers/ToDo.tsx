/** What to do with a customer: open work, and hints that say why. */
import { App, Checkbox } from 'antd';
import { useTranslation } from 'react-i18next';
import { entityOf, may, type RecordAnswer, refresh, useCache, useSome } from '@/api/records.ts';
import type { Row } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import { Failed } from '@/components/common/States.tsx';
import { problemText, useUndo } from '@/components/common/undo.tsx';
import { When } from '@/components/common/When.tsx';
import { useSaver } from '@/components/record/save.tsx';
import { date, money, number } from '@/lib/format.ts';
import { hintsOf } from './hints.ts';

export function ToDo({ record }: { record: RecordAnswer }) {
	const { t } = useTranslation();
	const { row } = record;
	const meta = useMeta();
	const interactions = entityOf(meta, 'interaction');
	const consents = entityOf(meta, 'consent');
	const open = useSome(interactions, new URLSearchParams({
		select: 'id,version,kind,subject,body,due_at,state,at', customer_id: `eq.${row.id}`, state: 'in.(open,planned)', order: 'due_at.asc', limit: '20',
	}));
	const marketing = useSome(consents, new URLSearchParams({ select: 'id,state,channel', customer_id: `eq.${row.id}`, purpose: 'eq.marketing', order: 'at.desc', limit: '20' }));
	const hints = hintsOf(row, new Date(), marketing.data?.rows);

	return (
		<div className="todo">
			<section>
				<h3>{t('customer.open_work')}</h3>
				{open.isError ? <Failed error={open.error} small /> : open.data?.rows.length ? (
					<ul className="work">{open.data.rows.map((r) => <Work key={r.id} row={r} parent={row} />)}</ul>
				) : (
					<p className="quiet">{open.isPending ? t('state.loading') : t('customer.no_work')}</p>
				)}
			</section>
			{hints.length > 0 && (
				<section>
					<h3>{t('customer.hints')}</h3>
					<ul className="hints">
						{hints.map((h) => (
							<li key={h.key} className={`mean-${h.meaning}`}>
								<b>{t(`hint.${h.key}`, { ...h.values, days: h.values.days === undefined ? '' : number(h.values.days) })}</b>
								<span>{t(`hint.${h.key}_why`, {
									...h.values,
									date: h.values.date ? date(h.values.date) : '', money: h.values.money ? money(h.values.money, meta.base_currency) : '',
								})}</span>
							</li>
						))}
					</ul>
				</section>
			)}
		</div>
	);
}

function Work({ row, parent }: { row: Row; parent: Row }) {
	const { t } = useTranslation();
	const meta = useMeta();
	const { message } = App.useApp();
	const undo = useUndo();
	const cache = useCache();
	const entity = entityOf(meta, 'interaction')!;
	const saver = useSaver(entity);
	const late = row.due_at && Date.parse(String(row.due_at)) < Date.now();

	async function done() {
		const again = () => refresh(cache, 'interaction', 'customer');
		try {
			const saved = await saver.save(row, null, { state: 'done' });
			await again();
			if (saved) undo(t('customer.work_done'), async () => {
				await saver.save(saved, null, { state: row.state });
				await again();
			});
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}

	const title = String(row.subject ?? row.body ?? entity.label);
	return (
		<li>
			{may(entity, 'update') && <Checkbox checked={false} onChange={() => void done()} aria-label={t('customer.mark_done', { name: title, customer: String(parent.name ?? '') })} />}
			<span className="work-title">{title}</span>
			{row.due_at ? <span className={late ? 'mean mean-bad' : 'quiet'}><When at={String(row.due_at)} /></span> : null}
			{saver.dialog}
		</li>
	);
}
