/** Who shares in an order's commission; all of it is its owner's where nothing is said. */
import { App, Button, Input, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { put } from '@/api/client.ts';
import { entityOf, refresh, useCache, useSome } from '@/api/records.ts';
import { useApp } from '@/app/context.tsx';
import type { PartProps } from '@/app/feature.ts';
import { Failed, Loading } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { number, parseDecimal, sumDecimals } from '@/lib/format.ts';
import './commission.css';

interface Share {
	person: string;
	percent: string;
}

export default function Shares({ record: { row } }: PartProps) {
	const { meta } = useApp();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const [edit, setEdit] = useState<Share[] | null>(null);
	const [busy, setBusy] = useState(false);
	const told = useSome(
		entityOf(meta, 'commission_split'),
		new URLSearchParams({ select: 'id,owner_id,percent,owner(id,name)', order_id: `eq.${row.id}`, order: 'id.asc' }),
	);
	const users = useSome(
		entityOf(meta, 'user'),
		new URLSearchParams({ select: 'id,name', active: 'is.true', order: 'name.asc', limit: '500' }),
		edit !== null,
	);
	const rows = told.data?.rows ?? [];
	const sum = sumDecimals((edit ?? []).map((s) => parseDecimal(s.percent, 4) ?? '0'));
	const whole = Number(sum) === 100;
	async function save(shares: Share[]) {
		setBusy(true);
		try {
			await put(`order/${row.id}/commission_split`, { shares: shares.map((s) => ({ person: s.person, percent: parseDecimal(s.percent, 4) })) });
			await refresh(cache, 'commission_split');
			setEdit(null);
		} catch (error) {
			void message.error(problemText(error, t));
		}
		setBusy(false);
	}
	if (told.isError) return <Failed error={told.error} onRetry={() => void told.refetch()} small />;
	if (!told.data) return <Loading rows={2} />;
	if (edit === null)
		return (
			<div className="stack">
				{rows.length === 0 ? <p className="muted">{t('commission.no_shares')}</p> : (
					<ul className="commission-shares">
						{rows.map((r) => (
							<li key={r.id}>
								<span>{String((r.owner as { name?: string } | null)?.name ?? '—')}</span>{' '}
								<b>{number(r.percent, { maximumFractionDigits: 4 })} %</b>
							</li>
						))}
					</ul>
				)}
				{meta.capabilities.includes('commission') && (
					<div>
						<Button
							onClick={() =>
								setEdit(
									rows.length
										? rows.map((r) => ({ person: String(r.owner_id), percent: String(Number(r.percent)) }))
										: [{ person: String(row.owner_id ?? ''), percent: '100' }],
								)
							}
						>
							{t('commission.share_out')}
						</Button>
					</div>
				)}
			</div>
		);
	const change = (i: number, part: Partial<Share>) => setEdit(edit.map((s, k) => (k === i ? { ...s, ...part } : s)));
	return (
		<form className="stack" onSubmit={(e) => { e.preventDefault(); if (whole) void save(edit); }}>
			{edit.map((s, i) => (
				<div key={i} className="commission-share">
					<Select
						aria-label={t('targets.people')} value={s.person || undefined} showSearch
						optionFilterProp="label" onChange={(person: string) => change(i, { person })}
						options={users.data?.rows.map((u) => ({ value: u.id, label: String(u.name) }))}
					/>
					<Input
						aria-label={t('commission.share')} value={s.percent} inputMode="decimal" suffix="%"
						onChange={(e) => change(i, { percent: e.target.value })}
					/>
					<Button aria-label={t('commission.drop')} onClick={() => setEdit(edit.filter((_, k) => k !== i))}>×</Button>
				</div>
			))}
			<div className="commission-acts">
				<Button
					onClick={() => setEdit([...edit, { person: '', percent: String(Math.max(0, 100 - Number(sum))) }])} disabled={edit.length >= 20}
				>
					{t('commission.add_share')}
				</Button>
				<Button type="primary" htmlType="submit" loading={busy} disabled={!whole || edit.some((s) => !s.person)}>{t('word.save')}</Button>
				<Button onClick={() => setEdit(null)}>{t('word.cancel')}</Button>
				{rows.length > 0 && <Button danger loading={busy} onClick={() => void save([])}>{t('commission.no_share')}</Button>}
				<span className={whole ? 'muted' : 'commission-wrong'} role="status">
					{t('commission.share_sum', { sum: number(sum, { maximumFractionDigits: 4 }) })}
				</span>
			</div>
		</form>
	);
}
