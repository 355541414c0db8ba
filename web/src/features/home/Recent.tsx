/** What happened lately: from the audit trail for those who may read it, else the newest records. */
import { Skeleton } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useQuery } from '@tanstack/react-query';
import { get } from '@/api/client.ts';
import { useNames, type Wanted } from '@/api/names.ts';
import { entityOf, fetchPage, titleOf } from '@/api/records.ts';
import type { Change, Entity, Row } from '@/api/types.ts';
import { useApp, useCan } from '@/app/context.tsx';
import { Failed } from '@/components/common/States.tsx';
import { When } from '@/components/common/When.tsx';
import { bulkWords, created } from '../admin/bulk.ts';

interface Happened {
	key: string;
	at: string;
	who: string | null;
	action: string;
	entity: Entity;
	id: string;
	title: string | null;
}

function useRecent(audit: boolean) {
	const { meta } = useApp();
	const { t } = useTranslation();
	const shown = meta.entities.filter((e) => !e.system && !e.child && ['customer', 'order', 'interaction', 'product'].includes(e.name));
	return useQuery({
		queryKey: ['recent', audit],
		refetchInterval: 60_000,
		queryFn: async ({ signal }): Promise<Happened[]> => {
			if (audit) {
				const { rows } = await get<{ rows: Change[] }>('audit?limit=60', signal);
				const seen = new Set<string>();
				const done = rows.flatMap((c) => {
					const entity = entityOf(meta, c.entity);
					const key = `${c.entity}${c.record_id}`;
					if (!entity || entity.child || entity.system || seen.has(key) || !['create', 'update', 'delete', 'restore'].includes(c.action)) return [];
					seen.add(key);
					// What was deleted is called what it was called.
					if (c.entity === 'bulk_act')
						return c.action === 'create'
							? [{
								key: String(c.seq), at: c.at, who: c.actor?.name ?? null, action: '', entity, id: String(c.record_id),
								title: bulkWords(t, meta, created(c)),
							}]
							: [];
					const [was, is] = c.diff?.[entity.title ?? ''] ?? [];
					const title = is ?? was;
					return [{
						key: String(c.seq), at: c.at, who: c.actor?.name ?? null, action: c.action, entity, id: String(c.record_id),
						title: typeof title === 'string' ? title : null,
					}];
				}).slice(0, 9);
				// An import's lines, payments and the like can fill the newest entries: then the newest records say more.
				if (done.length > 2) return done;
			}
			const pages = await Promise.all(shown.map(async (entity) => {
				const page = await fetchPage(
					entity, new URLSearchParams({ select: `id,created_at${entity.title ? `,${entity.title}` : ''}`, order: 'id.desc', limit: '5' }),
					signal,
				);
				return page.rows.map((row: Row) => ({
					key: row.id, at: String(row.created_at), who: null, action: 'create', entity, id: row.id, title: titleOf(entity, row),
				}));
			}));
			return pages.flat().sort((a, b) => (a.at < b.at ? 1 : -1)).slice(0, 9);
		},
	});
}

export default function Recent() {
	const { t } = useTranslation();
	const audit = useCan('audit');
	const recent = useRecent(audit);
	const wanted: Wanted = new Map();
	for (const h of recent.data ?? []) if (!h.title && h.action !== 'delete')
		wanted.set(h.entity.name, (wanted.get(h.entity.name) ?? new Set<string>()).add(h.id));
	const names = useNames(wanted);
	const words = (h: Happened) => h.entity.name === 'bulk_act' ? h.title ?? '' : `${h.entity.label} ${h.title ?? names(h.entity.name, h.id) ?? `#${h.id}`}`;
	return (
		<section className="panel">
			<header><h2>{t('home.recent')}</h2>{audit && <Link to="/settings/audit">{t('home.all')}</Link>}</header>
			{recent.isError ? (
				<Failed error={recent.error} onRetry={() => void recent.refetch()} small />
			) : recent.isPending ? <Skeleton active title={false} /> : recent.data.length === 0 ? <p className="quiet">{t('home.no_recent')}</p> : (
				<ul className="lines">
					{recent.data.map((h) => (
						<li key={h.key}>
							{h.action === 'delete'
								? <span className="lines-main">{words(h)}</span>
								: <Link to={`/${h.entity.name}/${h.id}`} className="lines-main">{words(h)}</Link>}
							<span className="quiet">{h.who ? `${h.who} ` : ''}{h.action && t(`action.${h.action}`)}</span>
							<span className="quiet"><When at={h.at} /></span>
						</li>
					))}
				</ul>
			)}
		</section>
	);
}
