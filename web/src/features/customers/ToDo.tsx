/** What to do with a customer: open work, and hints that say why. */
import { App, Button, Checkbox } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { createRecord, deleteRecord, entityOf, refresh, useCache, useSome } from '@/api/records.ts';
import { useMay } from '@/components/record/rights.tsx';
import type { Meaning, Row } from '@/api/types.ts';
import { useApp, useMeta } from '@/app/context.tsx';
import type { PartProps } from '@/app/feature.ts';
import { Meant } from '@/components/common/Meant.tsx';
import { Failed } from '@/components/common/States.tsx';
import { problemText, useUndo } from '@/components/common/undo.tsx';
import { When } from '@/components/common/When.tsx';
import { date, money, number } from '@/lib/format.ts';
import { useFinish } from './finish.tsx';
import { useConsents } from './Reach.tsx';
import { hintsOf, nextOf, type Trade, tradeOf } from './hints.ts';

const RISK: Record<Trade['risk'], Meaning> = { low: 'good', some: 'warn', high: 'bad', unknown: 'quiet' };

export default function ToDo({ record }: PartProps) {
	const { t } = useTranslation();
	const mayHere = useMay();
	const { row } = record;
	const meta = useMeta();
	const interactions = entityOf(meta, 'interaction');
	const open = useSome(interactions, new URLSearchParams({
		select: 'id,version,kind,subject,body,due_at,state,at', customer_id: `eq.${row.id}`, state: 'in.(open,planned)', order: 'due_at.asc', limit: '20',
	}));
	const marketing = useConsents(row);
	const now = new Date();
	const hints = hintsOf(row, now, marketing.data?.rows);
	const overdue = open.data?.rows.some((r) => r.due_at && Date.parse(String(r.due_at)) < now.getTime()) ?? false;
	const next = open.isSuccess ? nextOf(hints, overdue) : null;

	return (
		<>
			{next && <Next key={next} what={next} customer={row} task={next !== 'overdue' && mayHere(interactions, 'create')} />}
			<section>
				<h3>{t('customer.open_work')}</h3>
				{open.isError ? <Failed error={open.error} small /> : open.data?.rows.length ? (
					<ul className="work">{open.data.rows.map((r) => <Work key={r.id} row={r} parent={row} />)}</ul>
				) : (
					<p className="quiet">{open.isPending ? t('state.loading') : t('customer.no_work')}</p>
				)}
			</section>
			<Worth row={row} now={now} />
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
		</>
	);
}

/** One proposal, and one click that makes it work for tomorrow. */
function Next({ what, customer, task }: { what: string; customer: Row; task: boolean }) {
	const { t } = useTranslation();
	const { meta, me } = useApp();
	const { message } = App.useApp();
	const undo = useUndo();
	const cache = useCache();
	const [busy, setBusy] = useState(false);
	const interactions = entityOf(meta, 'interaction');
	const words = t(`next.${what}`);

	async function plan() {
		setBusy(true);
		const again = () => refresh(cache, 'interaction', 'customer');
		const due = new Date();
		due.setDate(due.getDate() + 1);
		due.setHours(10, 0, 0, 0);
		try {
			const made = await createRecord(meta, interactions!, { customer_id: customer.id, kind: 'task', subject: words, direction: 'internal', state: 'open', due_at: due.toISOString(), owner_id: me.id });
			await again();
			undo(t('next.planned'), async () => {
				await deleteRecord(interactions!, made.id);
				await again();
			});
		} catch (error) {
			void message.error(problemText(error, t));
		}
		setBusy(false);
	}
	return (
		<section className="next">
			<h3>{t('next.title')}</h3>
			<p>{words}</p>
			{task && <Button size="small" loading={busy} onClick={() => void plan()}>{t('next.plan')}</Button>}
		</section>
	);
}

/** What the customer is worth and whether they are slipping away, each with its reason. */
function Worth({ row, now }: { row: Row; now: Date }) {
	const { t } = useTranslation();
	const meta = useMeta();
	const trade = 'orders_total' in row ? tradeOf(row, now) : null;
	if (!trade) return null;
	const gap = trade.gap === null ? null : Math.round(trade.gap);
	return (
		<section>
			<h3>{t('worth.title')}</h3>
			<dl className="worth">
				<dt>{t('worth.average')}</dt>
				<dd><b>{money(trade.average, meta.base_currency)}</b><span className="quiet">{t('worth.average_why', { count: Number(row.orders_count), n: number(row.orders_count), money: money(row.orders_total, meta.base_currency) })}</span></dd>
				<dt>{t('worth.risk')}</dt>
				<dd>
					<Meant meaning={RISK[trade.risk]}>{t(`worth.risk_${trade.risk}`)}</Meant>
					<span className="quiet">{gap === null ? t('worth.risk_unknown_why') : t('worth.risk_why', { gap: number(gap), count: gap, silent: number(trade.silent) })}</span>
				</dd>
			</dl>
		</section>
	);
}

function Work({ row, parent }: { row: Row; parent: Row }) {
	const { t } = useTranslation();
	const mayHere = useMay();
	const meta = useMeta();
	const entity = entityOf(meta, 'interaction')!;
	const { finish, dialog } = useFinish(entity, row, null);
	const late = row.due_at && Date.parse(String(row.due_at)) < Date.now();

	const title = String(row.subject ?? row.body ?? entity.label);
	return (
		<li>
			{mayHere(entity, 'update') && (
				<Checkbox
					checked={false}
					onChange={() => void finish()}
					aria-label={t('customer.mark_done', { name: title, customer: String(parent.name ?? '') })}
				/>
			)}
			<span className="work-title">{title}</span>
			{row.due_at ? (
				<span className={late ? 'mean mean-bad' : 'quiet'}>
					<When at={String(row.due_at)} />
				</span>
			) : null}
			{dialog}
		</li>
	);
}
