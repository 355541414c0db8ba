/** The history of a record: who changed what, from what, to what. */
import { Button, Timeline } from 'antd';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { get } from '@/api/client.ts';
import { idsOf, type Names, useNames, wantedBy } from '@/api/names.ts';
import { fieldOf } from '@/api/records.ts';
import type { Change, Entity, Row } from '@/api/types.ts';
import { FieldValue } from '@/fields/index.tsx';
import { list } from '@/lib/format.ts';
import { Empty, Failed, Loading } from '../common/States.tsx';
import { When } from '../common/When.tsx';

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

/** One change as a table of fields, before and after. */
export function Diff({ entity, diff, names: nameOf }: { entity: Entity | undefined; diff: Record<string, [unknown, unknown]> | null | undefined; names: Names }) {
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
			<thead className="sr-only"><tr><th scope="col">{t('conflict.field')}</th><th scope="col">{t('changes.from')}</th><th scope="col">{t('changes.to')}</th></tr></thead>
			<tbody>
				{names.map((name) => {
					const [before, after] = Array.isArray(diff![name]) ? diff![name] : [null, diff![name]];
					return (
						<tr key={name}>
							<th scope="row">{label(name)}</th>
							<td className="diff-old">{show(name, before)}</td>
							<td className="diff-new">{show(name, after)}</td>
						</tr>
					);
				})}
			</tbody>
		</table>
	);
}

export function Changes({ entity, id }: { entity: Entity; id: string }) {
	const { t } = useTranslation();
	const history = useHistory(entity, id);
	const rows = history.data?.pages.flatMap((p) => p.rows) ?? [];
	const names = useNames(wantedBy(entity, rows));
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
								<b>{c.actor?.name || t('word.system')}</b> {t(`action.${c.action}`, { defaultValue: c.action })} <When at={c.at} />
							</p>
							<Diff entity={entity} diff={c.diff} names={names} />
						</div>
					),
				}))}
			/>
			{history.hasNextPage && <Button onClick={() => void history.fetchNextPage()} loading={history.isFetchingNextPage}>{t('word.load_more')}</Button>}
		</div>
	);
}
