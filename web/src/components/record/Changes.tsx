/** The history of a record: who changed what, from what, to what. */
import { App, Button, Timeline } from 'antd';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { get, post } from '@/api/client.ts';
import { idsOf, type Names, useNames, wantedBy } from '@/api/names.ts';
import { fieldOf, refresh, useCache } from '@/api/records.ts';
import type { Change, Entity, Row } from '@/api/types.ts';
import { editable, FieldValue } from '@/fields/index.tsx';
import { list } from '@/lib/format.ts';
import { Empty, Failed, Loading } from '../common/States.tsx';
import { problemText } from '../common/undo.tsx';
import { When } from '../common/When.tsx';
import { useMay } from './rights.tsx';

interface ChangesAnswer {
	rows: Change[];
	next: number | string | null;
}

export function useHistory(entity: Entity, id: string, enabled = true) {
	return useInfiniteQuery({
		queryKey: ['changes', entity.name, id],
		enabled,
		initialPageParam: null as number | string | null,
		queryFn: async ({ pageParam, signal }) => {
			const answer = await get<ChangesAnswer | Change[]>(`${entity.name}/${id}/changes?limit=50${pageParam ? `&before=${pageParam}` : ''}`, signal);
			return Array.isArray(answer) ? { rows: answer, next: answer.length === 50 ? answer.at(-1)!.seq : null } : answer;
		},
		getNextPageParam: (last) => last.next,
	});
}

const writable = (entity: Entity | undefined, name: string) => {
	const field = fieldOf(entity, name);
	return field !== undefined && editable(field);
};

/** One change as a table of fields, before and after. */
export function Diff({ entity, diff, names: nameOf, onPutBack }: {
	entity: Entity | undefined; diff: Record<string, [unknown, unknown]> | null | undefined; names: Names;
	/** Offered beside each field that the reader may write. */
	onPutBack?: (field: string) => void;
}) {
	const { t } = useTranslation();
	const names = Object.keys(diff ?? {}).filter((n) => !['version', 'updated_at', 'updated_by', 'sort_name'].includes(n));
	if (names.length === 0) return null;
	const label = (name: string) => fieldOf(entity, name)?.label ?? t(`audit.field_${name}`, { defaultValue: name });
	const show = (name: string, value: unknown) => {
		if (name === 'event' && !fieldOf(entity, name) && typeof value === 'string') return <span>{t(`audit.event_${value}`, { defaultValue: value })}</span>;
		const field = fieldOf(entity, name);
		if (value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) return <span className="nothing">—</span>;
		if (field?.link) return <span className="text">{list(idsOf(value).map((v) => nameOf(field.link, v) ?? `#${v}`))}</span>;
		return field && typeof value !== 'object'
			? <FieldValue field={field} row={{ id: '0', [name]: value } as Row} place="cell" />
			: <span className="text">{typeof value === 'string' || typeof value === 'number' ? String(value) : JSON.stringify(value)}</span>;
	};
	return (
		<table className="plain-table diff">
			<caption className="sr-only">{t('changes.diff')}</caption>
			<thead className="sr-only"><tr><th scope="col">{t('conflict.field')}</th><th scope="col">{t('changes.from')}</th><th scope="col">{t('changes.to')}</th>{onPutBack && <th scope="col">{t('word.actions')}</th>}</tr></thead>
			<tbody>
				{names.map((name) => {
					const [before, after] = Array.isArray(diff![name]) ? diff![name] : [null, diff![name]];
					return (
						<tr key={name}>
							<th scope="row">{label(name)}</th>
							<td className="diff-old">{show(name, before)}</td>
							<td className="diff-new">{show(name, after)}</td>
							{onPutBack && (
								<td className="row-actions">
									{writable(entity, name) && <Button type="text" size="small" onClick={() => onPutBack(name)} aria-label={t('changes.back_field', { field: label(name) })}>{t('changes.back')}</Button>}
								</td>
							)}
						</tr>
					);
				})}
			</tbody>
		</table>
	);
}

/** The bulk act that a change was part of. */
const bulkOf = (change: Change) => /^bulk-(\d+)/.exec(change.request_id ?? '')?.[1];

/** The request that others agreed to before it was written. */
const approvalOf = (change: Change) => /^approval-(\d+)$/.exec(change.request_id ?? '')?.[1];

export function Changes({ entity, id }: { entity: Entity; id: string }) {
	const { t } = useTranslation();
	const mayHere = useMay();
	const history = useHistory(entity, id);
	const rows = history.data?.pages.flatMap((p) => p.rows) ?? [];
	const names = useNames(wantedBy(entity, rows));
	const { message } = App.useApp();
	const cache = useCache();

	async function putBack(change: Change, fields?: string[]) {
		try {
			const answer = await post<{ kept: string | null }>(`${entity.name}/${id}/changes/${change.seq}/putback`, fields ? { fields } : {});
			const kept = answer.kept?.split(',').map((n) => fieldOf(entity, n)?.label ?? n) ?? [];
			void message.open({ type: kept.length > 0 ? 'warning' : 'success', content: kept.length > 0 ? t('changes.back_kept', { fields: list(kept) }) : t('changes.back_done') });
			await refresh(cache, entity.name);
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}
	if (history.isPending) return <Loading />;
	if (history.isError) return <Failed error={history.error} onRetry={() => void history.refetch()} small />;
	if (rows.length === 0) return <Empty title={t('changes.empty')} text={t('changes.empty_text')} />;
	return (
		<div className="changes">
			<Timeline
				items={rows.map((c) => ({
					key: String(c.seq),
					content: (
						<div>
							<p className="change-head">
								<b>{c.actor?.name || t('word.system')}</b>{' '}
								{t(`action.${c.action}`, { defaultValue: c.action })} <When at={c.at} />
								{bulkOf(c) && (
									<>
										{' '}
										·{' '}
										<Link className="in-text" to={`/bulk_act/${bulkOf(c)}`}>
											{t('changes.bulk')}
										</Link>
									</>
								)}
								{approvalOf(c) && <>{' '}· <Link className="in-text" to={`/approvals/${approvalOf(c)}`}>{t('changes.approved')}</Link></>}
								{mayHere(entity, 'update') &&
									c.action === 'update' &&
									Object.keys(c.diff ?? {}).filter((n) => writable(entity, n)).length > 1 && (
										<Button type="link" size="small" onClick={() => void putBack(c)}>
											{t('changes.back_all')}
										</Button>
									)}
							</p>
							<Diff
								entity={entity}
								diff={c.diff}
								names={names}
								onPutBack={
									mayHere(entity, 'update') && c.action === 'update'
										? (field) => void putBack(c, [field])
										: undefined
								}
							/>
						</div>
					),
				}))}
			/>
			{history.hasNextPage && (
				<Button onClick={() => void history.fetchNextPage()} loading={history.isFetchingNextPage}>
					{t('word.load_more')}
				</Button>
			)}
		</div>
	);
}
