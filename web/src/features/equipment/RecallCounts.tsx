/** How far a recall is: who is listed, told, has answered; listing what is out there, and a segment of those still to be told. */
import { App, Button } from 'antd';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { get, post } from '@/api/client.ts';
import { createRecord, entityOf, fieldOf, may, refresh, useCache } from '@/api/records.ts';
import { useMeta } from '@/app/context.tsx';
import type { PartProps } from '@/app/feature.ts';
import { Failed } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { number } from '@/lib/format.ts';

export default function RecallCounts({ entity, record: { row } }: PartProps) {
	const meta = useMeta();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const go = useNavigate();
	const [busy, setBusy] = useState(false);
	const units = entityOf(meta, 'recall_unit'), segments = entityOf(meta, 'segment');
	const told = useQuery({
		queryKey: ['some', 'recall_unit', 'counts', row.id],
		queryFn: ({ signal }) => get<{ state: string; n: number }[]>(`recall_unit?select=state,n:count()&recall_id=eq.${row.id}`, signal),
	});
	const states = fieldOf(units, 'state')?.options ?? [];
	const of = (state: string) => told.data?.find((p) => p.state === state)?.n ?? 0;
	const all = told.data?.reduce((n, p) => n + p.n, 0) ?? 0;
	async function run(work: () => Promise<void>) {
		setBusy(true);
		try {
			await work();
		} catch (error) {
			void message.error(problemText(error, t));
		}
		setBusy(false);
	}
	const list = () => run(async () => {
		let made = 0;
		for (let more = true; more;) {
			const step = await post<{ made: number; more: boolean }>(`recall/${row.id}/list`);
			made += step.made;
			more = step.more;
		}
		void message.success(t('equipment.listed', { count: made, n: number(made) }));
		await refresh(cache, 'recall_unit');
	});
	const segment = () => run(async () => {
		const condition = {
			related: 'recall_unit',
			where: {
				all: [
					{ field: 'recall_id', op: 'eq', value: row.id },
					{ field: 'state', op: 'eq', value: 'open' },
				],
			},
			measure: 'exists',
		};
		const made = await createRecord(meta, segments!, {
			name: t('equipment.segment_name', { name: String(row.name) }),
			entity: 'customer',
			condition: JSON.stringify(condition),
		});
		await refresh(cache, 'segment');
		void go(`/segment/${made.id}`);
	});
	if (!told.data) return told.isError ? <Failed error={told.error} onRetry={() => void told.refetch()} small /> : null;
	return (
		<div className="equipment-recall">
			<span>{t('equipment.out_there', { count: all, n: number(all) })}</span>{' '}
			{states.filter((s) => of(s.value) > 0).map((s) => <span key={s.value}>{s.label} <b>{number(of(s.value))}</b> </span>)}
			{may(entity, 'update') && may(units, 'create') && (
				<Button size="small" loading={busy} onClick={() => void list()}>
					{t('equipment.list')}
				</Button>
			)}{' '}
			{of('open') > 0 && may(segments, 'create') && <Button size="small" disabled={busy} onClick={() => void segment()}>{t('equipment.segment')}</Button>}
		</div>
	);
}
