/** The bell: how many notices one has not looked at, and what they say. */
import { BellOutlined } from '@ant-design/icons';
import { Button, Popover } from 'antd';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { get, post } from '@/api/client.ts';
import { useChanges } from '@/api/events.ts';
import { entityOf } from '@/api/records.ts';
import { useMeta } from '@/app/context.tsx';
import { Empty, Failed, Loading } from '@/components/common/States.tsx';
import { When } from '@/components/common/When.tsx';
import './notices.css';

interface Notice {
	id: string;
	kind: 'mention' | 'change' | 'rule' | 'approval' | 'decided';
	entity: string;
	record_id: string;
	title: string | null;
	text: string;
	by: string | null;
	created_at: string;
	read: boolean;
}

const KEY = ['notices'];
/** A notice follows a change a moment later. */
const AFTER_MS = 1500;

export default function Bell() {
	const { t } = useTranslation();
	const cache = useQueryClient();
	const [open, setOpen] = useState(false);
	const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
	const unread = useQuery({
		queryKey: [...KEY, 'unread'], queryFn: ({ signal }) => get<{ count: number; more: boolean }>('notices/unread', signal), refetchInterval: 60_000,
	});
	useChanges(() => {
		timer.current ??= setTimeout(() => {
			timer.current = undefined;
			void cache.invalidateQueries({ queryKey: KEY });
		}, AFTER_MS);
	});
	useEffect(() => () => clearTimeout(timer.current), []);
	const n = unread.data?.count ?? 0;
	const label = n > 0 ? t('notices.bell', { count: n, n: unread.data?.more ? `${n}+` : String(n) }) : t('notices.bell_none');
	return (
		<Popover
			open={open} onOpenChange={setOpen} trigger="click" placement="bottomRight" destroyOnHidden arrow={false} classNames={{ root: 'notices-pop' }}
			content={<List unread={n} onClose={() => setOpen(false)} />}
		>
			<Button type="text" className="bell" aria-label={label} aria-haspopup="dialog" aria-expanded={open}>
				<BellOutlined aria-hidden />
				{n > 0 && <span className="bell-count" aria-hidden>{n > 99 ? '99+' : n}</span>}
			</Button>
		</Popover>
	);
}

function List({ unread, onClose }: { unread: number; onClose(): void }) {
	const { t } = useTranslation();
	const cache = useQueryClient();
	const list = useQuery({ queryKey: [...KEY, 'list'], queryFn: ({ signal }) => get<Notice[]>('notices?limit=30', signal) });
	const read = async (body: object) => {
		await post('notices/read', body).catch(() => undefined);
		void cache.invalidateQueries({ queryKey: KEY });
	};
	return (
		<div className="notices" role="dialog" aria-label={t('notices.title')}>
			<header>
				<h2>{t('notices.title')}</h2>
				{unread > 0 && list.data?.[0] && <Button size="small" onClick={() => void read({ up_to: list.data[0]!.id })}>{t('notices.all_read')}</Button>}
			</header>
			{list.isPending ? <Loading rows={4} /> : list.isError ? <Failed error={list.error} onRetry={() => void list.refetch()} /> : list.data.length === 0
				? <Empty title={t('notices.none')} text={t('notices.none_text')} />
				: (
					<ul>
						{list.data.map((n) => (
							<li key={n.id}><One notice={n} onOpen={() => { void read({ id: n.id }); onClose(); }} /></li>
						))}
					</ul>
				)}
		</div>
	);
}

function One({ notice: n, onOpen }: { notice: Notice; onOpen(): void }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const go = useNavigate();
	const entity = entityOf(meta, n.entity);
	const by = n.by ?? t('notices.program');
	const asked = n.kind === 'approval' || n.kind === 'decided';
	const said = n.kind === 'rule' ? n.text : t(`notices.${n.kind}`, { by, what: n.text });
	return (
		<button
			type="button" className={`notice${n.read ? '' : ' is-new'}`}
			onClick={() => {
				onOpen();
				if (asked) void go(`/approvals/${n.record_id}`);
				else if (n.title !== null) void go(`/${n.entity}/${n.record_id}`);
			}}
		>
			<span>{!n.read && <span className="sr-only">{t('notices.new')} </span>}{said}</span>
			<span className="notice-of">{entity?.label}{n.title ? ` · ${n.title}` : ''} <span className="quiet"><When at={n.created_at} /></span></span>
		</button>
	);
}
