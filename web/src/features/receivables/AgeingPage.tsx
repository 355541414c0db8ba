/** What is owed and how long it is overdue: a sentence, a picture, and by whom; every figure leads to what is behind it. */
import { Button, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { entityOf, may } from '@/api/records.ts';
import { useApp } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { ChartCard } from '@/components/chart/ChartCard.tsx';
import { Denied, Empty, Failed, Loading } from '@/components/common/States.tsx';
import { csvText, saveFile } from '@/lib/csv.ts';
import { money, number, percent } from '@/lib/format.ts';
import { type Aged, behind, BUCKETS, useAgeing } from './ageing.ts';
import './money.css';

const BY = ['customer', 'owner', 'team', 'branch'];

export default function AgeingPage() {
	const { meta } = useApp();
	const { t } = useTranslation();
	const navigate = useNavigate();
	const [address, setAddress] = useSearchParams();
	const entity = entityOf(meta, 'receivable');
	const by = BY.includes(address.get('by') ?? '') ? address.get('by')! : 'customer';
	const told = useAgeing(`by=${by}`, may(entity, 'read'));
	useTitle(t('money.ageing'));
	if (!entity || !may(entity, 'read')) return <Denied need={t('state.need', { action: t('action_word.read'), what: entity?.label_many ?? '' })} />;
	const a = told.data;
	const whole = (value: string) => money(value, a?.currency ?? meta.base_currency, { whole: true });
	const open = Number(a?.total.open ?? 0), late = Number(a?.total.overdue ?? 0);
	const download = () => a && saveFile('ageing.csv', csvText([
		[t(`money.by_${by}`), ...BUCKETS.map((b) => t(`money.bucket.${b}`)), t('money.open'), t('money.overdue')],
		...a.rows.map((r) => [r.name ?? '', ...r.buckets.map((b) => b.open), r.open, r.overdue]),
	]));
	return (
		<div className="page">
			<h1>{t('money.ageing')}</h1>
			<div className="money-top" role="group" aria-label={t('filter.title')}>
				<Select
					aria-label={t('money.by')} value={by} onChange={(v) => setAddress(v === 'customer' ? {} : { by: v })}
					options={BY.map((value) => ({ value, label: t(`money.by_${value}`) }))} popupMatchSelectWidth={false}
				/>
				<Link to="/receivable?state=in.(open,partly)">{t('money.all_open')}</Link>
				<Button className="money-end" onClick={download} disabled={!a?.rows.length}>{t('chart.download')}</Button>
			</div>
			{told.isError && <Failed error={told.error} onRetry={() => void told.refetch()} />}
			{told.isPending && <Loading />}
			{a?.rows.length === 0 && <Empty title={t('money.nothing_open')} />}
			{a && a.rows.length > 0 && (
				<>
					<ChartCard
						title={t('money.ageing_title')} file="ageing-buckets.csv" heads={[t('money.age'), t('money.open')]}
						axis={(v) => money(String(Math.round(v)), a.currency, { compact: true })}
						sentence={[
							t('money.sentence', { open: whole(a.total.open), overdue: whole(a.total.overdue), share: open > 0 ? percent(late / open) : '–' }),
							a.total.without_rate > 0 ? t('money.without_rate', { count: a.total.without_rate, n: number(a.total.without_rate) }) : '',
						].join(' ')}
						bars={a.total.buckets.map((b) => ({
							label: t(`money.bucket.${b.name}`), value: Number(b.open), text: t('money.bar', { money: whole(b.open), n: number(b.count) }),
						}))}
						onPick={(i) => void navigate(behind(BUCKETS[i]!, a.today))}
					/>
					<div className="table-scroll" tabIndex={0} role="region" aria-label={t('money.ageing')}>
						<table className="plain-table money-table">
							<thead>
								<tr>
									<th scope="col">{t(`money.by_${by}`)}</th>
									{BUCKETS.map((b) => <th scope="col" className="is-right" key={b}>{t(`money.bucket.${b}`)}</th>)}
									<th scope="col" className="is-right">{t('money.open')}</th><th scope="col" className="is-right">{t('money.overdue')}</th>
								</tr>
							</thead>
							<tbody>{a.rows.map((row) => <Line key={row.id ?? ''} row={row} by={by} today={a.today} show={whole} />)}</tbody>
							<tfoot>
								<tr>
									<th scope="row">{t('money.total')}</th>
									{a.total.buckets.map((b) => <td className="is-right" key={b.name}>{whole(b.open)}</td>)}
									<td className="is-right"><b>{whole(a.total.open)}</b></td><td className="is-right"><b>{whole(a.total.overdue)}</b></td>
								</tr>
							</tfoot>
						</table>
					</div>
				</>
			)}
		</div>
	);
}

function Line({ row, by, today, show }: { row: Aged; by: string; today: string; show(value: string): string }) {
	const { t } = useTranslation();
	const whose = row.id ? `&${by}_id=in.(${row.id})` : `&${by}_id=is.null`;
	return (
		<tr>
			<th scope="row">
				<Link to={`/receivable?state=in.(open,partly)${whose}`}>{row.name ?? t('money.nobody')}</Link>
				{by === 'customer' && row.id && <> <Link className="quiet no-print in-text" to={`/statement/${row.id}`}>{t('money.statement')}</Link></>}
			</th>
			{row.buckets.map((b) => (
				<td className="is-right" key={b.name}>
					{b.count > 0 ? <Link to={`${behind(b.name, today)}${whose}`}>{show(b.open)}</Link> : <span className="nothing">—</span>}
				</td>
			))}
			<td className="is-right">{show(row.open)}</td>
			<td className={Number(row.overdue) > 0 ? 'is-right is-late' : 'is-right'}>{show(row.overdue)}</td>
		</tr>
	);
}
