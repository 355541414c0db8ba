/** The public pool: what each pool lets one do, and who lies there. */
import { useQuery } from '@tanstack/react-query';
import { Button, Input } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { get } from '@/api/client.ts';
import { entityOf, fieldOf, may, useSome } from '@/api/records.ts';
import type { Entity, Row } from '@/api/types.ts';
import { useApp } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { Denied, Empty, Failed, Loading } from '@/components/common/States.tsx';
import { When } from '@/components/common/When.tsx';
import { FieldValue } from '@/fields/index.tsx';
import { useDelayed } from '@/lib/delayed.ts';
import { number } from '@/lib/format.ts';
import { LookDialog, useTaking } from './Card.tsx';
import './pool.css';

interface Limit {
	used: number;
	max?: number;
}
export interface Pool {
	id: string;
	name: string;
	customers: number;
	mine: boolean;
	lock_days: number;
	hidden: string[] | null;
	held: Limit;
	claims: Limit;
	looks: Limit;
}
export interface Limits {
	may_claim: boolean;
	pools: Pool[];
}

export function useLimits() {
	return useQuery({ queryKey: ['pool', 'limits'], queryFn: ({ signal }) => get<Limits>('pool/limits', signal) });
}

function Gauge({ label, limit }: { label: string; limit: Limit }) {
	const { t } = useTranslation();
	return (
		<span className="pool-limit">
			<span>{label}</span>
			<span>{limit.max === undefined ? number(limit.used) : t('pool.of', { used: number(limit.used), max: number(limit.max) })}</span>
			{limit.max !== undefined && <meter min={0} max={Math.max(limit.max, 1)} value={limit.used} high={limit.max * 0.8} optimum={0} aria-label={label} />}
		</span>
	);
}

function Tile({ pool, chosen, onChoose }: { pool: Pool; chosen: boolean; onChoose(): void }) {
	const { t } = useTranslation();
	return (
		<button type="button" className="pool-tile" aria-pressed={chosen} onClick={onChoose}>
			<b>{pool.name}</b>
			<span>{t('pool.customers', { count: pool.customers, n: number(pool.customers) })}</span>
			{pool.mine ? (
				<>
					<Gauge label={t('pool.claims')} limit={pool.claims} />
					<Gauge label={t('pool.looks')} limit={pool.looks} />
					<Gauge label={t('pool.held')} limit={pool.held} />
				</>
			) : <span className="pool-limit">{t('pool.foreign')}</span>}
		</button>
	);
}

function Values({ entity, row, names }: { entity: Entity; row: Row; names: string[] }) {
	const fields = names.map((n) => fieldOf(entity, n)).filter((f) => f !== undefined && f.right !== 'hidden' && row[f.name] !== null && row[f.name] !== undefined);
	return <>{fields.map((f, i) => <span key={f!.name}>{i > 0 && ' · '}<FieldValue field={f!} row={row} place="cell" /></span>)}</>;
}

function Card({ entity, row, pools, limits, onLook }: { entity: Entity; row: Row; pools: Pool[]; limits: Limits; onLook(): void }) {
	const { t } = useTranslation();
	const { me } = useApp();
	const { busy, take } = useTaking();
	const pool = pools.find((p) => p.id === row.pool_id);
	const locked = row.from_id === me.id && row.locked_until && new Date(String(row.locked_until)) > new Date();
	const full = pool !== undefined && ((pool.claims.max !== undefined && pool.claims.used >= pool.claims.max) || (pool.held.max !== undefined && pool.held.used >= pool.held.max));
	return (
		<li>
			<div>
				<div className="pool-name">{String(row.name ?? '')}</div>
				<div className="pool-quiet"><Values entity={entity} row={row} names={['level', 'stage', 'city', 'industry']} /></div>
			</div>
			<div className="pool-quiet">
				{row.orders_count !== null && row.orders_count !== undefined && <>{t('pool.orders', { count: Number(row.orders_count), n: number(Number(row.orders_count)) })} · </>}
				<Values entity={entity} row={row} names={['orders_total']} />
				{row.last_order_at ? <div>{t('pool.last_order')} <When at={String(row.last_order_at)} day /></div> : null}
			</div>
			<div className="pool-quiet">
				<div>{String(row.why ?? t('pool.no_why'))}</div>
				<When at={String(row.fell_at)} />
			</div>
			<div className="pool-acts">
				{pool?.mine && <Button onClick={onLook} aria-label={t('pool.look_at', { name: row.name })}>{t('pool.look')}</Button>}
				{pool?.mine && limits.may_claim && (
					<Button
						type="primary" loading={busy === row.customer_id} disabled={Boolean(locked) || full} aria-label={t('pool.take_name', { name: row.name })}
						title={locked ? t('pool.locked') : full ? t('pool.full') : undefined} onClick={() => void take(String(row.customer_id), String(row.name), true)}
					>{t('pool.take')}</Button>
				)}
			</div>
		</li>
	);
}

function Cards({ entity, limits, pool, q }: { entity: Entity; limits: Limits; pool: string | null; q: string }) {
	const { t } = useTranslation();
	const { meta } = useApp();
	const [shown, setShown] = useState(50);
	const [looking, setLooking] = useState<Row | null>(null);
	const search = new URLSearchParams({ order: 'fell_at.desc', limit: String(shown) });
	if (pool) search.set('pool_id', `eq.${pool}`);
	if (q) search.set('q', q);
	const rows = useSome(entity, search);
	if (rows.isPending) return <Loading rows={8} />;
	if (rows.isError) return <Failed error={rows.error} onRetry={() => void rows.refetch()} />;
	if (rows.data.rows.length === 0) return <Empty title={t(q ? 'pool.none_found' : 'pool.empty')} text={q ? undefined : t('pool.empty_text')} />;
	return (
		<>
			<ul className="panel pool-rows">
				{rows.data.rows.map((row) => <Card key={row.id} entity={entity} row={row} pools={limits.pools} limits={limits} onLook={() => setLooking(row)} />)}
			</ul>
			{rows.data.rows.length === shown && <p><Button onClick={() => setShown(shown + 50)}>{t('pool.more')}</Button></p>}
			{looking && <LookDialog row={looking} mayClaim={limits.may_claim} mayAssign={meta.capabilities.includes('assign')} onClose={() => setLooking(null)} />}
		</>
	);
}

export default function PoolPage() {
	const { meta } = useApp();
	const { t } = useTranslation();
	const entity = entityOf(meta, 'pool_entry');
	const limits = useLimits();
	const [pool, setPool] = useState<string | null>(null);
	const [q, setQ] = useState('');
	const asked = useDelayed(q, 300);
	useTitle(t('pool.title'));
	if (!entity || !may(entity, 'read')) return <Denied need={t('state.need', { action: t('action_word.read'), what: t('pool.title') })} />;
	if (limits.isPending) return <div className="page"><Loading rows={8} /></div>;
	if (limits.isError) return <div className="page"><Failed error={limits.error} onRetry={() => void limits.refetch()} /></div>;
	return (
		<div className="page">
			<header className="pool-top">
				<h1>{t('pool.title')}</h1>
				<Input.Search allowClear value={q} onChange={(e) => setQ(e.target.value)} placeholder={t('pool.search')} aria-label={t('pool.search')} style={{ maxWidth: 260 }} />
				<Link to="/pool_entry">{t('pool.as_list')}</Link>
				{may(entityOf(meta, 'pool_rule'), 'read') && <Link to="/pool_rules">{t('pool.rules')}</Link>}
			</header>
			{limits.data.pools.length === 0 ? <Empty title={t('pool.no_pools')} text={t('pool.no_pools_text')} /> : (
				<>
					<div className="pool-tiles">
						{limits.data.pools.map((p) => <Tile key={p.id} pool={p} chosen={pool === p.id} onChoose={() => setPool(pool === p.id ? null : p.id)} />)}
					</div>
					<Cards entity={entity} limits={limits.data} pool={pool} q={asked} />
				</>
			)}
		</div>
	);
}
