/** Outgoing mails: what waits, what was sent, what failed and why; trying again, letting be. */
import { Alert, Button, Segmented } from 'antd';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { get } from '@/api/client.ts';
import { useCan } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { Denied, Empty, Failed, Loading } from '@/components/common/States.tsx';
import { number, relative } from '@/lib/format.ts';
import { MailTable, useActs } from './MailTable.tsx';
import { OUTBOX, useHealth, type Health, type Mail, type State } from './outbox.ts';
import './mail.css';

const PAGE = 50;
const SHOWN: (State | '')[] = ['', 'waiting', 'sent', 'failed', 'unsure', 'refused', 'skipped'];

export default function OutboxPage() {
	const { t } = useTranslation();
	const admin = useCan('admin');
	useTitle(t('mail.title'));
	return admin ? <Outbox /> : <Denied need={t('state.need_cap', { cap: t('cap.admin') })} />;
}

function Outbox() {
	const { t } = useTranslation();
	const [state, setState] = useState<State | ''>('');
	const health = useHealth();
	const rows = useInfiniteQuery({
		queryKey: [...OUTBOX, 'list', state],
		initialPageParam: '',
		queryFn: ({ pageParam, signal }) =>
			get<{ mails: Mail[] }>(`outbox?limit=${PAGE}${state && `&state=${state}`}${pageParam && `&before=${pageParam}`}`, signal),
		getNextPageParam: (last) => (last.mails.length === PAGE ? last.mails[PAGE - 1]!.id : undefined),
		refetchInterval: health.data && health.data.counts.waiting + health.data.counts.sending > 0 ? 3000 : 15000,
	});
	const counts = health.data?.counts;
	const label = (value: State | '') => {
		const n = value !== '' && value !== 'sent' ? counts?.[value] ?? 0 : 0;
		return `${value ? t(`mail.state_${value}`) : t('mail.all')}${n > 0 ? ` ${number(n)}` : ''}`;
	};
	return (
		<div className="page mail-page">
			<h1>{t('mail.title')}</h1>
			<p className="quiet">{t('mail.text')}</p>
			{health.data && <Troubles health={health.data} />}
			<Segmented
				className="mail-states" aria-label={t('mail.state')} value={state} onChange={(v) => setState(v)}
				options={SHOWN.map((value) => ({ value, label: label(value) }))}
			/>
			{rows.isPending ? <Loading rows={8} /> : rows.isError ? <Failed error={rows.error} onRetry={() => void rows.refetch()} /> : (
				<>
					{rows.data.pages[0]!.mails.length === 0
						? <Empty title={t(state ? 'mail.none_state' : 'mail.none')} text={state ? undefined : t('mail.none_text')} />
						: <MailTable mails={rows.data.pages.flatMap((p) => p.mails)} />}
					{rows.hasNextPage && <Button loading={rows.isFetchingNextPage} onClick={() => void rows.fetchNextPage()}>{t('mail.more')}</Button>}
				</>
			)}
		</div>
	);
}

function Troubles({ health }: { health: Health }) {
	const { t } = useTranslation();
	const acts = useActs();
	const { counts, accounts, slow } = health;
	const waits = counts.waiting > 0;
	return (
		<div className="mail-troubles">
			{accounts.length === 0 && (
				<Alert
					type={waits ? 'warning' : 'info'} showIcon title={t(waits ? 'mail.no_account_waits' : 'mail.no_account', { n: number(counts.waiting) })}
					action={<Link to="/mail_account/new">{t('mail.make_account')}</Link>}
				/>
			)}
			{accounts.filter((a) => a.active && a.failures > 0).map((a) => (
				<Alert
					key={a.id} type="error" showIcon title={t('mail.account_fails', { name: a.name, why: a.error })}
					description={[a.reply, a.paused_until ? t('mail.again_at', { when: relative(a.paused_until) }) : ''].filter(Boolean).join(' · ')}
					action={<Link to={`/mail_account/${a.id}`}>{t('mail.see')}</Link>}
				/>
			))}
			{counts.unsure > 0 && (
				<Alert
					type="warning" showIcon title={t('mail.unsure', { count: counts.unsure, n: number(counts.unsure) })}
					description={t('mail.unsure_text')}
				/>
			)}
			{counts.failed > 0 && (
				<Alert
					type="error" showIcon title={t('mail.failed', { count: counts.failed, n: number(counts.failed) })}
					action={<Button size="small" onClick={() => void acts.retryAll()}>{t('mail.retry_all')}</Button>}
				/>
			)}
			{slow.slice(0, 3).map((s) => (
				<Alert
					key={`${s.account_id} ${s.domain}`} type="info" showIcon title={t('mail.slow', { domain: s.domain, when: relative(s.until) })} description={s.reply}
				/>
			))}
		</div>
	);
}
