/** What was deleted and can be put back, one or many. */
import { App, Button, Checkbox, Input, Select } from 'antd';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { startBulk, watchBulk } from '@/api/bulk.ts';
import { get } from '@/api/client.ts';
import { entityOf, restoreRecord, useCache } from '@/api/records.ts';
import { useCan, useMeta } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { Empty, Failed, Loading } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { When } from '@/components/common/When.tsx';
import { number } from '@/lib/format.ts';

interface Gone {
	id: string;
	entity: string;
	title: string | null;
	at: string;
	by: string | null;
	may_restore: boolean;
}

export default function Deleted() {
	const meta = useMeta();
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const bulk = useCan('bulk');
	const [params, setParams] = useSearchParams();
	const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
	const [busy, setBusy] = useState(false);
	useTitle(t('deleted.title'));
	const name = params.get('entity') ?? 'customer';
	const q = params.get('q') ?? '';
	const entity = entityOf(meta, name);
	const rows = useInfiniteQuery({
		queryKey: ['deleted', name, q],
		initialPageParam: null as number | string | null,
		placeholderData: keepPreviousData,
		queryFn: ({ pageParam, signal }) => {
			const asked = new URLSearchParams({ entity: name, ...(q ? { q } : {}), ...(pageParam ? { before: String(pageParam) } : {}) });
			return get<{ rows: Gone[]; next: number | string | null }>(`deleted?${asked}`, signal);
		},
		getNextPageParam: (last) => last.next,
	});
	const all = rows.data?.pages.flatMap((p) => p.rows) ?? [];
	const set = (key: string, value: string) => {
		setChosen(new Set());
		setParams((old) => {
			const next = new URLSearchParams(old);
			if (value) next.set(key, value);
			else next.delete(key);
			return next;
		}, { replace: true });
	};

	async function putBack(ids: string[]) {
		if (!entity) return;
		setBusy(true);
		try {
			if (ids.length === 1) {
				await restoreRecord(entity, ids[0]!);
				void message.success(t('deleted.done', { count: 1, n: number(1) }));
			} else {
				const act = await watchBulk(await startBulk(entity, 'restore', { ids }, ids.length));
				void message.open({ type: act.refused > 0 ? 'warning' : 'success', content: `${t('deleted.done', { count: act.done, n: number(act.done) })}${act.refused > 0 ? ` ${t('bulk.some_refused', { count: act.refused, n: number(act.refused) })}` : ''}` });
			}
			setChosen(new Set());
			await cache.invalidateQueries();
		} catch (error) {
			void message.error(problemText(error, t));
		}
		setBusy(false);
	}

	const kinds = meta.entities.filter((e) => !e.system && (e.actions.delete ?? 'none') !== 'none');
	return (
		<div className="page">
			<h1>{t('deleted.title')}</h1>
			<p className="quiet">{t('deleted.text')}</p>
			<div className="audit-filters" role="search" aria-label={t('filter.title')}>
				<Select aria-label={t('audit.entity')} value={name} onChange={(v: string) => set('entity', v)} options={kinds.map((e) => ({ value: e.name, label: e.label_many }))} popupMatchSelectWidth={false} />
				<Input.Search aria-label={t('deleted.find')} placeholder={t('deleted.find')} allowClear defaultValue={q} onSearch={(v) => set('q', v.trim())} />
				{bulk && chosen.size > 1 && <Button type="primary" loading={busy} onClick={() => void putBack([...chosen])}>{t('deleted.many', { count: chosen.size, n: number(chosen.size) })}</Button>}
			</div>
			{rows.isPending ? <Loading rows={6} /> : rows.isError ? <Failed error={rows.error} onRetry={() => void rows.refetch()} /> : all.length === 0 ? <Empty title={t('deleted.none')} text={t('deleted.none_text')} /> : (
				<ul className="lines">
					{all.map((r) => {
						const title = r.title ?? `#${r.id}`;
						return (
							<li key={r.id}>
								<span className="lines-main">
									{bulk && r.may_restore ? <Checkbox checked={chosen.has(r.id)} onChange={(e) => setChosen((old) => { const next = new Set(old); if (e.target.checked) next.add(r.id); else next.delete(r.id); return next; })}>{title}</Checkbox> : title}
								</span>
								<span className="quiet">{r.by ?? t('word.system')} · <When at={r.at} /></span>
								{r.may_restore && <Button size="small" disabled={busy} aria-label={t('deleted.back_named', { name: title })} onClick={() => void putBack([r.id])}>{t('deleted.back')}</Button>}
							</li>
						);
					})}
				</ul>
			)}
			{rows.hasNextPage && <Button onClick={() => void rows.fetchNextPage()} loading={rows.isFetchingNextPage}>{t('word.load_more')}</Button>}
		</div>
	);
}
