/** One's own to-dos, done or put off where they stand. */
import { CheckOutlined, ClockCircleOutlined } from '@ant-design/icons';
import { App, Button, Dropdown, Skeleton, Tooltip } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { entityOf, fieldOf, linkedTitle, may, refresh, selectOf, useCache, useSome } from '@/api/records.ts';
import type { Entity, Row } from '@/api/types.ts';
import { useApp } from '@/app/context.tsx';
import { Failed } from '@/components/common/States.tsx';
import { problemText, useUndo } from '@/components/common/undo.tsx';
import { When } from '@/components/common/When.tsx';
import { useSaver } from '@/components/record/save.tsx';
import { useFinish } from '../customers/finish.tsx';

/** My own open work; who has none sees the team's, the most overdue first. */
export default function MyWork() {
	const { meta, me } = useApp();
	const { t } = useTranslation();
	const entity = entityOf(meta, 'interaction');
	const fields = ['subject', 'body', 'due_at', 'customer_id', 'state', 'kind', 'owner_id'].flatMap((n) => fieldOf(entity, n) ?? []);
	const asked = (owner: string | null) => new URLSearchParams({
		select: entity ? selectOf(meta, entity, fields) : 'id', state: 'in.(open,planned)', ...(owner ? { owner_id: `eq.${owner}` } : {}),
		order: 'due_at.asc.nullslast', limit: '8',
	});
	const mine = useSome(entity, asked(me.id));
	const none = mine.isSuccess && mine.data.rows.length === 0;
	const others = useSome(entity, asked(null), none);
	if (!entity) return null;
	const team = none && (others.data?.rows.length ?? 0) > 0;
	const work = none ? others : mine;
	const customer = fieldOf(entity, 'customer_id');
	const owner = fieldOf(entity, 'owner_id');
	return (
		<section className="panel">
			<header>
				<h2>{t(team ? 'home.team_work' : 'home.work')}</h2>
				<Link to={team
					? '/interaction?state=in.(open,planned)&order=due_at.asc&view=open'
					: '/interaction?state=in.(open,planned)&owner_id=in.(me)&order=due_at.asc&view=open_mine'}>
					{t('home.all')}
				</Link>
			</header>
			{work.isError ? (
				<Failed error={work.error} onRetry={() => void work.refetch()} small />
			) : work.isPending ? <Skeleton active title={false} /> : work.data.rows.length === 0 ? <p className="quiet">{t('home.no_work')}</p> : (
				<ul className="lines">
					{work.data.rows.map((r) => {
						const late = r.due_at && Date.parse(String(r.due_at)) < Date.now();
						return (
							<li key={r.id} className={may(entity, 'update') ? 'has-acts' : undefined}>
								<Link to={r.customer_id ? `/customer/${String(r.customer_id)}` : `/interaction/${r.id}`} className="lines-main">
									{String(r.subject ?? r.body ?? entity.label)}
								</Link>
								<span className="quiet">
									{[customer && linkedTitle(meta, customer, r), team && owner && linkedTitle(meta, owner, r)].filter(Boolean).join(' · ')}
								</span>
								{r.due_at
									? <span className={late ? 'mean mean-bad' : 'quiet'}><When at={String(r.due_at)} /></span>
									: <span className="quiet">{t('home.no_due')}</span>}
								{may(entity, 'update') && <Acts entity={entity} row={r} />}
							</li>
						);
					})}
				</ul>
			)}
		</section>
	);
}

/** To nine in the morning, so many days from today. */
function morning(days: number): string {
	const at = new Date();
	at.setDate(at.getDate() + days);
	at.setHours(9, 0, 0, 0);
	return at.toISOString();
}

const LATER: [string, number][] = [['tomorrow', 1], ['days', 3], ['week', 7]];

function Acts({ entity, row }: { entity: Entity; row: Row }) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const undo = useUndo();
	const saver = useSaver(entity);
	const { finish, dialog } = useFinish(entity, row, null);
	const name = String(row.subject ?? row.body ?? entity.label);

	async function postpone(days: number) {
		try {
			const saved = await saver.save(row, null, { due_at: morning(days) });
			await refresh(cache, entity.name);
			if (saved) undo(t('home.postponed', { name }), async () => {
				await saver.save(saved, null, { due_at: row.due_at ?? null });
				await refresh(cache, entity.name);
			});
		} catch (error) {
			void message.error(problemText(error, t));
		}
	}
	return (
		<span className="lines-acts">
			<Tooltip title={t('customer.finish')}>
				<Button type="text" size="small" icon={<CheckOutlined />} aria-label={t('home.finish', { name })} onClick={() => void finish()} />
			</Tooltip>
			<Dropdown
				trigger={['click']}
				menu={{
					items: LATER.map(([key]) => ({ key, label: t(`home.later_${key}`) })),
					onClick: ({ key }) => void postpone(LATER.find(([k]) => k === key)![1]),
				}}
			>
				<Button type="text" size="small" icon={<ClockCircleOutlined />} aria-label={t('home.postpone', { name })} />
			</Dropdown>
			{dialog}
			{saver.dialog}
		</span>
	);
}
