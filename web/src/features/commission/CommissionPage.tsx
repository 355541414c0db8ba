/** Commission of a period: everybody beside each other for who leads, and each statement line by line. */
import { Button, Select } from 'antd';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { get } from '@/api/client.ts';
import { entityOf, may } from '@/api/records.ts';
import { useApp } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { Denied, Failed, Loading } from '@/components/common/States.tsx';
import { date } from '@/lib/format.ts';
import { Everybody } from './Everybody.tsx';
import { Lines } from './Lines.tsx';
import { after, before, type Overview } from './statement.ts';
import './commission.css';

const PERIODS = ['month', 'quarter', 'year'];

export default function CommissionPage() {
	const { meta, me } = useApp();
	const { t } = useTranslation();
	const [address, setAddress] = useSearchParams();
	const entity = entityOf(meta, 'commission_line');
	const period = PERIODS.includes(address.get('period') ?? '') ? address.get('period')! : 'month', on = address.get('on') ?? '';
	const query = `period=${period}${on ? `&on=${on}` : ''}`;
	const told = useQuery({
		queryKey: ['some', 'commission_line', 'overview', query], enabled: may(entity, 'read'), placeholderData: keepPreviousData, retry: false,
		queryFn: ({ signal }) => get<Overview>(`commission/overview?${query}`, signal),
	});
	useTitle(t('commission.title'));
	if (!entity || !may(entity, 'read')) return <Denied need={t('state.need', { action: t('action_word.read'), what: entity?.label_many ?? '' })} />;
	const set = (changes: Record<string, string>) => setAddress((old) => {
		const next = new URLSearchParams(old);
		for (const [name, value] of Object.entries(changes)) if (value) next.set(name, value);
		else next.delete(name);
		return next;
	});
	const o = told.data;
	const many = o ? o.may_close || o.rows.some((r) => r.person !== me.id) : false;
	const person = address.get('person') ?? (o && !many ? me.id : '');
	return (
		<div className="page">
			<h1>{t('commission.title')}</h1>
			<div className="commission-top" role="group" aria-label={t('filter.title')}>
				<Select
					aria-label={t('commission.period')} value={period} onChange={(v) => set({ period: v === 'month' ? '' : v })}
					options={PERIODS.map((value) => ({ value, label: t(`targets.by_${value}`) }))}
				/>
				<Button aria-label={t('targets.earlier')} disabled={!o} onClick={() => o && set({ on: before(o.from) })}>‹</Button>
				<b>{o ? `${date(o.from)} – ${date(o.until)}` : ''}</b>
				<Button aria-label={t('targets.later')} disabled={!o} onClick={() => o && set({ on: after(o.until) })}>›</Button>
				{o && (
					<span className={`commission-state ${o.closed ? 'is-closed' : ''}`}>
						{o.closed ? t('commission.is_closed') : t('commission.is_open')}
					</span>
				)}
				{many && person && <Button onClick={() => set({ person: '' })}>{t('commission.all_people')}</Button>}
			</div>
			{told.isError && <Failed error={told.error} onRetry={() => void told.refetch()} />}
			{told.isPending && <Loading />}
			{o && many && !person && <Everybody o={o} query={query} onPick={(id) => set({ person: id })} />}
			{o && person && <Lines key={`${query}${person}`} person={person} query={query} />}
		</div>
	);
}
