/** Statement of account: what was owed, each movement, what is owed now; made to be printed or sent. */
import { Button, Input } from 'antd';
import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams, useSearchParams } from 'react-router';
import { get } from '@/api/client.ts';
import { entityOf, may } from '@/api/records.ts';
import { useApp } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { Denied, Empty, Failed, Loading } from '@/components/common/States.tsx';
import { csvText, saveFile } from '@/lib/csv.ts';
import { date, money } from '@/lib/format.ts';
import './money.css';

interface Account {
	currency: string;
	before: string;
	owed: string;
	paid: string;
	after: string;
	moves: { id: string; day: string; kind: 'owed' | 'receipt' | 'refund' | 'written_off'; text: string; amount: string; balance: string }[];
}

interface Statement {
	customer: string | null;
	from: string;
	to: string;
	accounts: Account[];
}

const LEADS = { owed: 'receivable', receipt: 'receipt', refund: 'receipt', written_off: 'write_off' };

export default function StatementPage() {
	const { meta } = useApp();
	const { t } = useTranslation();
	const { id = '' } = useParams();
	const form = useId();
	const [address, setAddress] = useSearchParams();
	const entity = entityOf(meta, 'receivable');
	const asked = new URLSearchParams({ customer_id: id });
	for (const name of ['from', 'to']) if (address.get(name)) asked.set(name, address.get(name)!);
	const told = useQuery({
		queryKey: ['some', 'receivable', 'statement', asked.toString()], enabled: may(entity, 'read'), retry: false,
		queryFn: ({ signal }) => get<Statement>(`receivables/statement?${asked}`, signal),
	});
	useTitle(t('money.statement'));
	if (!entity || !may(entity, 'read')) return <Denied need={t('state.need', { action: t('action_word.read'), what: entity?.label_many ?? '' })} />;
	const s = told.data;
	const set = (name: string, value: string) => setAddress((old) => {
		const next = new URLSearchParams(old);
		if (value) next.set(name, value);
		else next.delete(name);
		return next;
	});
	const download = () => s && saveFile('statement.csv', csvText([
		[t('money.day'), t('money.what'), t('money.reference'), t('money.owed'), t('money.paid'), t('money.balance'), t('money.currency')],
		...s.accounts.flatMap((a) => [
			[s.from, t('money.before'), '', '', '', a.before, a.currency],
			...a.moves.map((m) => [m.day, t(`money.move.${m.kind}`), m.text, ...sides(m.amount), m.balance, a.currency]),
			[s.to, t('money.after'), '', a.owed, a.paid, a.after, a.currency],
		]),
	]));
	return (
		<div className="page money-statement">
			<h1>{t('money.statement')}{s?.customer ? ` · ${s.customer}` : ''}</h1>
			<div className="money-top no-print" role="group" aria-label={t('filter.title')}>
				<label htmlFor={`${form}f`}>{t('money.from')}</label>
				<Input id={`${form}f`} type="date" value={address.get('from') ?? s?.from ?? ''} onChange={(e) => set('from', e.target.value)} />
				<label htmlFor={`${form}t`}>{t('money.to')}</label>
				<Input id={`${form}t`} type="date" value={address.get('to') ?? s?.to ?? ''} onChange={(e) => set('to', e.target.value)} />
				<span className="money-end">
					<Link to={`/customer/${id}`}>{t('money.customer')}</Link>
					<Button onClick={download} disabled={!s}>{t('chart.download')}</Button>
					<Button onClick={() => window.print()} disabled={!s}>{t('money.print')}</Button>
				</span>
			</div>
			{told.isError ? <Failed error={told.error} onRetry={() => void told.refetch()} /> : !s ? <Loading /> : (
				<>
					<p className="money-span">{t('money.span', { from: date(s.from, 'long'), to: date(s.to, 'long') })}</p>
					{s.accounts.length === 0 ? <Empty title={t('money.no_moves')} /> : s.accounts.map((a) => <AccountTable key={a.currency} account={a} of={s} />)}
				</>
			)}
		</div>
	);
}

/** Owed on the left, paid on the right. */
function sides(amount: string): [string, string] {
	return amount.startsWith('-') ? ['', amount.slice(1)] : [amount, ''];
}

function AccountTable({ account: a, of }: { account: Account; of: Statement }) {
	const { t } = useTranslation();
	const show = (value: string) => (value ? money(value, a.currency) : '');
	return (
		<div className="table-scroll" tabIndex={0} role="region" aria-label={a.currency}>
			<table className="plain-table money-table">
				<caption>{a.currency}</caption>
				<thead>
					<tr>
						<th scope="col">{t('money.day')}</th><th scope="col">{t('money.what')}</th><th scope="col">{t('money.reference')}</th>
						<th scope="col" className="is-right">{t('money.owed')}</th><th scope="col" className="is-right">{t('money.paid')}</th>
						<th scope="col" className="is-right">{t('money.balance')}</th>
					</tr>
				</thead>
				<tbody>
					<tr><td>{date(of.from)}</td><td>{t('money.before')}</td><td /><td /><td /><td className="is-right">{show(a.before)}</td></tr>
					{a.moves.map((m) => (
						<tr key={`${m.kind}${m.id}`}>
							<td className="no-wrap">{date(m.day)}</td>
							<td className="no-wrap">{t(`money.move.${m.kind}`)}</td>
							<td><Link to={`/${LEADS[m.kind]}/${m.id}`}>{m.text || `#${m.id}`}</Link></td>
							{sides(m.amount).map((side, i) => <td className="is-right" key={String(i)}>{show(side)}</td>)}
							<td className="is-right">{show(m.balance)}</td>
						</tr>
					))}
				</tbody>
				<tfoot>
					<tr>
						<th scope="row">{date(of.to)}</th><th scope="row">{t('money.after')}</th><td />
						<td className="is-right">{show(a.owed)}</td><td className="is-right">{show(a.paid)}</td><td className="is-right"><b>{show(a.after)}</b></td>
					</tr>
				</tfoot>
			</table>
		</div>
	);
}
