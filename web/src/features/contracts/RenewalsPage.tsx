/** Which contracts end soon, what hangs on them, and how many of those that ended went on. */
import { Select } from 'antd';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { get } from '@/api/client.ts';
import { entityOf, fieldOf, linkedTitle, may, selectOf, useSome } from '@/api/records.ts';
import type { Entity, Row } from '@/api/types.ts';
import { useApp, useMeta } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { ChartCard } from '@/components/chart/ChartCard.tsx';
import { Denied, Empty, Failed, Loading } from '@/components/common/States.tsx';
import { FieldValue } from '@/fields/index.tsx';
import { date, money, number, percent } from '@/lib/format.ts';
import './contracts.css';

const DAYS = [30, 60, 90, 180, 365];
const COLUMNS = ['customer_id', 'ends_on', 'notice_on', 'renewal', 'value', 'owner_id'];

const iso = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

interface Bucket {
	from: string;
	to: string;
	n: number;
	value?: string | null;
}

export default function RenewalsPage() {
	const { meta } = useApp();
	const { t } = useTranslation();
	const navigate = useNavigate();
	const [address, setAddress] = useSearchParams();
	const entity = entityOf(meta, 'contract');
	const days = DAYS.includes(Number(address.get('days'))) ? Number(address.get('days')) : 90;
	const sees = may(entity, 'read');
	const paid = ['read', 'write'].includes(fieldOf(entity, 'value_base')?.right ?? 'hidden');
	const what = `n:count()${paid ? ',value:value_base.sum()' : ''}`;
	useTitle(t('contracts.renewals'));
	const ended = useQuery({
		queryKey: ['some', 'contract', 'renewal-rate', paid], enabled: sees,
		queryFn: ({ signal }) => get<{ state: string; n: number; value?: string }[]>(
			`contract?select=state,${what}&state=in.(renewed,ended,terminated)&ends_on=gte.${iso(-365)}&ends_on=lt.${iso(1)}`, signal,
		),
	});
	const coming = useQuery({
		queryKey: ['some', 'contract', 'renewal-months', paid], enabled: sees,
		queryFn: ({ signal }) => get<Bucket[]>(`contract?select=${what}&state=eq.active&buckets=ends_on.month.${iso(0).slice(0, 7)}-01.${iso(365)}`, signal),
	});
	if (!entity || !sees) return <Denied need={t('state.need', { action: t('action_word.read'), what: entity?.label_many ?? '' })} />;
	const of = (state: string) => ended.data?.find((e) => e.state === state);
	const all = ended.data?.reduce((n, e) => n + e.n, 0) ?? 0, kept = of('renewed')?.n ?? 0;
	const value = ended.data?.reduce((n, e) => n + Number(e.value ?? 0), 0) ?? 0, keptValue = Number(of('renewed')?.value ?? 0);
	const first = coming.data?.find((b) => b.n > 0);
	return (
		<div className="page">
			<h1>{t('contracts.renewals')}</h1>
			<div className="home-two">
				<ChartCard
					title={t('contracts.rate')} file="renewal-rate.csv" heads={[t('contracts.outcome'), t('contracts.contracts')]} axis={(v) => number(v)}
					sentence={all
						? t(paid ? 'contracts.rate_sentence_money' : 'contracts.rate_sentence', {
							share: percent(kept / all), kept: number(kept), all: number(all), money_share: value > 0 ? percent(keptValue / value) : '–',
						})
						: t('contracts.none_ended')}
					bars={ended.data
						? ['renewed', 'ended', 'terminated'].map((s) => ({ label: t(`contracts.state.${s}`), value: of(s)?.n ?? 0, text: number(of(s)?.n ?? 0) }))
						: null}
					error={ended.error} onRetry={() => void ended.refetch()}
					onPick={(i) => void navigate(`/contract?state=in.(${['renewed', 'ended', 'terminated'][i]})&ends_on=gte.${iso(-365)}`)}
				/>
				<ChartCard
					title={t('contracts.coming')} file="contracts-ending.csv" heads={[t('contracts.month'), t('contracts.contracts')]} axis={(v) => number(v)}
					sentence={first ? t('contracts.coming_sentence', { month: date(first.from, 'axis'), n: number(first.n) }) : t('contracts.none_coming')}
					bars={coming.data?.map((b) => ({
						label: b.from.slice(0, 7), value: b.n,
						text: paid ? t('contracts.bar', { n: number(b.n), money: money(b.value ?? '0', meta.base_currency, { whole: true }) }) : number(b.n),
					})) ?? null}
					error={coming.error} onRetry={() => void coming.refetch()}
					onPick={(i) => coming.data?.[i] && void navigate(`/contract?state=in.(active)&ends_on=gte.${coming.data[i].from}&ends_on=lt.${coming.data[i].to}`)}
				/>
			</div>
			<h2>{t('contracts.ending')}</h2>
			<div role="group" aria-label={t('filter.title')}>
				<Select
					aria-label={t('contracts.within')} value={days} onChange={(v) => setAddress(v === 90 ? {} : { days: String(v) })}
					options={DAYS.map((v) => ({ value: v, label: t('contracts.days', { count: v }) }))}
				/>
			</div>
			<Ending entity={entity} until={iso(days)} />
		</div>
	);
}

function Ending({ entity, until }: { entity: Entity; until: string }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const fields = COLUMNS.flatMap((name) => fieldOf(entity, name) ?? []);
	const title = fieldOf(entity, 'title');
	const rows = useSome(entity, new URLSearchParams({
		select: selectOf(meta, entity, [...(title ? [title] : []), ...fields]), state: 'eq.active', ends_on: `lte.${until}`, order: 'ends_on.asc', limit: '200',
	}));
	if (rows.isError) return <Failed error={rows.error} onRetry={() => void rows.refetch()} small />;
	if (!rows.data) return <Loading rows={4} />;
	if (rows.data.rows.length === 0) return <Empty title={t('contracts.none_coming')} />;
	return (
		<div className="table-scroll" tabIndex={0} role="region" aria-label={t('contracts.ending')}>
			<table className="plain-table contracts-table">
				<thead>
					<tr>
						<th scope="col">{entity.label}</th>
						{fields.map((f) => <th scope="col" key={f.name} className={f.type === 'money' ? 'is-right' : undefined}>{f.label}</th>)}
					</tr>
				</thead>
				<tbody>
					{rows.data.rows.map((row: Row) => (
						<tr key={row.id}>
							<th scope="row"><Link to={`/contract/${row.id}`}>{String(row.title ?? `#${row.id}`)}</Link></th>
							{fields.map((f) => (
								<td key={f.name} className={f.type === 'money' ? 'is-right' : late(f.name, row) ? 'is-late' : undefined}>
									{f.type === 'link' ? linkedTitle(meta, f, row) ?? '—' : <FieldValue field={f} row={row} place="cell" />}
								</td>
							))}
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}

/** The day by which notice had to be given is over. */
const late = (name: string, row: Row) => name === 'notice_on' && row.notice_on && String(row.notice_on) < iso(0);
