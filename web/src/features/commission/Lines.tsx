/** A statement that can be checked by hand: each line says of what, on how much, at which rate. */
import { Button } from 'antd';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { BASE, get } from '@/api/client.ts';
import { entityOf, fieldOf, may } from '@/api/records.ts';
import { useMeta } from '@/app/context.tsx';
import { Empty, Failed, Loading } from '@/components/common/States.tsx';
import { BracketList } from '@/fields/BracketsEditor.tsx';
import { date, money, number } from '@/lib/format.ts';
import { Amiss } from './Everybody.tsx';
import { type Plan, type Statement, sum } from './statement.ts';

const STEP = 500;

function PlanCard({ plan }: { plan: Plan }) {
	const meta = useMeta();
	const word = (field: string, value: string) => fieldOf(entityOf(meta, 'commission_plan'), field)?.options?.find((o) => o.value === value)?.label;
	return (
		<section className="panel commission-plan">
			<h3>{plan.name}</h3>
			<p className="muted">{[word('event', plan.event), word('base', plan.base), word('mode', plan.mode)].filter(Boolean).join(' · ')}</p>
			<BracketList value={plan.brackets} percent={plan.pays === 'percent'} />
		</section>
	);
}

export function Lines({ person, query }: { person: string; query: string }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const [shown, setShown] = useState(STEP);
	const told = useQuery({
		queryKey: ['some', 'commission_line', 'statement', query, person, shown], retry: false,
		queryFn: ({ signal }) => get<Statement>(`commission/statement?${query}&person=${person}&limit=${shown}`, signal),
	});
	const s = told.data;
	if (told.isError) return <Failed error={told.error} onRetry={() => void told.refetch()} />;
	if (!s) return <Loading />;
	const show = (value: string | null) => (value === null ? '—' : money(value, s.currency));
	const orders = may(entityOf(meta, 'order'), 'read');
	return (
		<>
			<h2>{t('commission.of', { name: s.name, total: show(s.total) })}</h2>
			<Amiss warnings={s.warnings} overlaps={s.overlaps} />
			{s.plans.length > 0 && <div className="commission-plans">{s.plans.map((p) => <PlanCard key={p.name} plan={p} />)}</div>}
			{s.lines.length === 0 ? <Empty title={t('commission.none')} /> : (
				<div className="table-scroll" tabIndex={0} role="region" aria-label={t('commission.statement')}>
					<table className="plain-table commission-table">
						<thead>
							<tr>
								<th scope="col">{t('commission.day')}</th><th scope="col">{t('commission.what')}</th><th scope="col">{t('commission.plan')}</th>
								<th scope="col">{t('commission.bracket')}</th><th scope="col" className="is-right">{t('commission.worked')}</th>
								<th scope="col" className="is-right">{t('commission.commission')}</th>
							</tr>
						</thead>
						<tbody>
							{s.lines.map((l, i) => (
								<tr key={i} className={Number(l.result) < 0 ? 'is-back' : undefined}>
									<td>{date(l.day)}</td>
									<th scope="row">
										{l.order_id && orders ? <Link to={`/order/${l.order_id}`}>{l.number ?? '—'}</Link> : l.number ?? '—'}
										{l.kind !== 'sale' && (
											<small>
												{t(`commission.kind.${l.kind}`)}
												{l.note ? ` · ${t(`commission.why.${l.note}`)}` : ''}
											</small>
										)}
									</th>
									<td>{l.plan}</td>
									<td>{l.bracket}</td>
									<td className="is-right">{sum(l, s.currency, t)}</td>
									<td className="is-right"><b>{show(l.result)}</b></td>
								</tr>
							))}
						</tbody>
						<tfoot>
							<tr>
								<th scope="row" colSpan={5}>
									{t('commission.sum_of', { n: number(s.count) })}
								</th>
								<td className="is-right">
									<b>{show(s.total)}</b>
								</td>
							</tr>
						</tfoot>
					</table>
				</div>
			)}
			<div className="commission-acts no-print">
				{s.count > s.lines.length && (
					<Button onClick={() => setShown(Math.min(5000, shown + STEP))} disabled={shown >= 5000}>
						{t('commission.more', { n: number(s.count - s.lines.length) })}
					</Button>
				)}
				{may(entityOf(meta, 'commission_line'), 'export') && s.count > 0 && (
					<>
						<Button href={`${BASE}/commission/export?${query}&person=${person}&format=xlsx`}>XLSX</Button>
						<Button href={`${BASE}/commission/export?${query}&person=${person}`}>CSV</Button>
					</>
				)}
			</div>
		</>
	);
}
