/** Who gets how much, beside the period before; closing it, and marking what is paid. */
import { Alert, App, Button, Modal } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { BASE, post } from '@/api/client.ts';
import { entityOf, may, refresh, useCache } from '@/api/records.ts';
import { useMeta } from '@/app/context.tsx';
import { ChartCard } from '@/components/chart/ChartCard.tsx';
import { Empty } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { date, money, number } from '@/lib/format.ts';
import type { Overview, Warnings } from './statement.ts';

const AMISS = ['no_rate', 'no_cost', 'no_target', 'no_owner'] as const;

export function Amiss({ warnings, overlaps }: { warnings?: Warnings; overlaps?: Overview['overlaps'] }) {
	const { t } = useTranslation();
	const said = [
		...AMISS.filter((w) => (warnings?.[w] ?? 0) > 0).map((w) => t(`commission.${w}`, { n: number(warnings![w]) })),
		...(overlaps ?? []).map((x) => t('commission.overlap', { first: x.first, second: x.second })),
	];
	if (said.length === 0) return null;
	return <Alert type="warning" showIcon className="commission-amiss" title={<ul>{said.map((s) => <li key={s}>{s}</li>)}</ul>} />;
}

export function Everybody({ o, query, onPick }: { o: Overview; query: string; onPick(person: string): void }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const [asked, setAsked] = useState(false);
	const [busy, setBusy] = useState(false);
	const show = (value: string | null) => (value === null ? '—' : money(value, o.currency));
	async function act(work: () => Promise<unknown>, said: string) {
		setBusy(true);
		try {
			await work();
			setAsked(false);
			void message.success(said);
		} catch (error) {
			void message.error(problemText(error, t));
		}
		await refresh(cache, 'commission_line');
		setBusy(false);
	}
	const first = o.rows[0];
	const top = o.rows.filter((r) => Number(r.total) > 0).slice(0, 20);
	const moved = o.rows.filter((r) => r.before !== null && r.total !== null && r.before !== r.total);
	return (
		<>
			<Amiss warnings={o.warnings} overlaps={o.overlaps} />
			{o.rows.length === 0 ? <Empty title={t('commission.none')} /> : (
				<>
					{top.length > 0 && (
						<ChartCard
							title={t('commission.ranking')} file="commission-ranking.csv" heads={[t('targets.who'), t('commission.commission')]}
							axis={(v) => money(v, o.currency, { compact: true })}
							sentence={t('commission.sentence', {
								n: number(o.rows.length), total: show(o.total), first: first!.name, most: show(first!.total),
							})}
							bars={top.map((r) => ({ label: r.name, value: Number(r.total), text: show(r.total) }))}
							onPick={(i) => top[i] && onPick(top[i].person)}
						/>
					)}
					<div className="table-scroll" tabIndex={0} role="region" aria-label={t('commission.title')}>
						<table className="plain-table commission-table">
							<thead>
								<tr>
									<th scope="col">{t('targets.who')}</th><th scope="col" className="is-right">{t('commission.lines')}</th>
									<th scope="col" className="is-right">
										{t('commission.commission')}
									</th>
									<th scope="col" className="is-right">
										{t('commission.before')}
									</th>
									{o.closed && <th scope="col">{t('commission.paid')}</th>}
								</tr>
							</thead>
							<tbody>
								{o.rows.map((r) => (
									<tr key={r.person}>
										<th scope="row"><Button type="link" onClick={() => onPick(r.person)}>{r.name}</Button></th>
										<td className="is-right">{number(r.lines)}</td>
										<td className="is-right"><b>{show(r.total)}</b></td>
										<td className="is-right">{show(r.before)}</td>
										{o.closed && (
											<td>
												{r.paid_on ? date(r.paid_on) : o.may_pay && r.statement && (
													<Button
														size="small" loading={busy}
														onClick={() => void act(() => post(`commission_statement/${r.statement}/pay`), t('commission.marked'))}
													>
														{t('commission.mark')}
													</Button>
												)}
											</td>
										)}
									</tr>
								))}
							</tbody>
							<tfoot>
								<tr>
									<th scope="row">{t('commission.sum')}</th>
									<td />
									<td className="is-right">
										<b>{show(o.total)}</b>
									</td>
									<td />
									{o.closed && <td />}
								</tr>
							</tfoot>
						</table>
					</div>
				</>
			)}
			<div className="commission-acts no-print">
				{o.may_close && !o.closed && <Button type="primary" disabled={!o.over} onClick={() => setAsked(true)}>{t('commission.close')}</Button>}
				{o.may_close && !o.closed && !o.over && <span className="muted">{t('commission.not_over')}</span>}
				{may(entityOf(meta, 'commission_line'), 'export') && (
					<>
						<Button href={`${BASE}/commission/export?${query}&format=xlsx`}>XLSX</Button>
						<Button href={`${BASE}/commission/export?${query}`}>CSV</Button>
					</>
				)}
			</div>
			{asked && (
				<Modal
					open title={t('commission.close')} okText={t('commission.close')}
					cancelText={t('word.cancel')} confirmLoading={busy} onCancel={() => setAsked(false)}
					onOk={() => void act(() => post('commission/close', { period: o.period, on: o.from, digest: o.digest }), t('commission.done'))}
				>
					<p>{t('commission.close_text', { from: date(o.from), until: date(o.until), n: number(o.rows.length), total: show(o.total) })}</p>
					{moved.length > 0 && (
						<ul>
							{moved.slice(0, 8).map((r) => (
								<li key={r.person}>{t('commission.moved', { name: r.name, now: show(r.total), before: show(r.before) })}</li>
							))}
						</ul>
					)}
				</Modal>
			)}
		</>
	);
}
