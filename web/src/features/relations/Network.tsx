/** Who belongs to a customer: a picture one walks with the arrow keys, and the same as a list. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Button, Segmented, Select } from 'antd';
import { type KeyboardEvent, lazy, Suspense, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { get } from '@/api/client.ts';
import { entityOf, may, useSome } from '@/api/records.ts';
import { useApp } from '@/app/context.tsx';
import type { PartProps } from '@/app/feature.ts';
import { Empty, Failed, Loading } from '@/components/common/States.tsx';
import { type Network, type Placed, place } from './layout.ts';
import './relations.css';

const FormDialog = lazy(() => import('@/components/form/FormDialog.tsx').then((m) => ({ default: m.FormDialog })));
const MARGIN = 90;
const SHORT = 14;

function short(name: string | null): string {
	const text = name ?? '–';
	return [...text].length > SHORT ? `${[...text].slice(0, SHORT - 1).join('')}…` : text;
}

/** The node that lies nearest in the direction of an arrow key. */
function towards(placed: Placed[], from: Placed, key: string): Placed | undefined {
	const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key] ?? [0, 0];
	const ahead = placed.map((p) => {
		const [x, y] = [p.x - from.x, p.y - from.y];
		const along = x * dx! + y * dy!;
		return { p, along, cost: along + 2 * Math.abs(x * dy! - y * dx!) };
	}).filter((one) => one.p.id !== from.id && one.along > 1);
	return ahead.sort((a, b) => a.cost - b.cost)[0]?.p;
}

function Picture({ network }: { network: Network }) {
	const { t } = useTranslation();
	const navigate = useNavigate();
	const placed = useMemo(() => place(network), [network]);
	const at = useMemo(() => new Map(placed.map((p) => [p.id, p])), [placed]);
	const [current, setCurrent] = useState(network.root);
	const nodes = useRef(new Map<string, SVGGElement>());
	const [xs, ys] = [placed.map((p) => p.x), placed.map((p) => p.y)];
	const [left, top] = [Math.min(...xs) - MARGIN, Math.min(...ys) - MARGIN];
	const [width, height] = [Math.max(...xs) - left + MARGIN, Math.max(...ys) - top + MARGIN];
	function press(event: KeyboardEvent, node: Placed) {
		if (event.key === 'Enter' || event.key === ' ') {
			event.preventDefault();
			void navigate(`/customer/${node.id}?tab=relations`);
			return;
		}
		const next = event.key.startsWith('Arrow') ? towards(placed, node, event.key) : undefined;
		if (!next) return;
		event.preventDefault();
		setCurrent(next.id);
		nodes.current.get(next.id)?.focus();
	}
	return (
		<svg className="network-picture" viewBox={`${left} ${top} ${width} ${height}`} role="group" aria-label={t('relations.picture')}>
			{network.edges.map((e) => {
				const [a, b] = [at.get(e.from), at.get(e.to)];
				if (!a || !b) return null;
				return (
					<g key={e.id} aria-hidden="true">
						<line x1={a.x} y1={a.y} x2={b.x} y2={b.y} className={e.ended ? 'is-ended' : undefined} />
						{network.edges.length <= 40 && <text className="edge-word" x={(a.x + b.x) / 2} y={(a.y + b.y) / 2}>{e.both_ways ? e.word : b.x >= a.x ? `${e.word} →` : `← ${e.word}`}</text>}
					</g>
				);
			})}
			{placed.map((p) => (
				<g
					key={p.id} ref={(g) => { if (g) nodes.current.set(p.id, g); }} transform={`translate(${p.x} ${p.y})`}
					className={`node${p.kind === 'company' ? ' is-company' : ''}${p.id === network.root ? ' is-root' : ''}`} role="link" tabIndex={p.id === current ? 0 : -1}
					aria-label={p.more ? t('relations.with_more', { name: p.name }) : p.name ?? p.id}
					onClick={() => void navigate(`/customer/${p.id}?tab=relations`)} onKeyDown={(e) => press(e, p)} onFocus={() => setCurrent(p.id)}
				>
					<circle r={p.id === network.root ? 16 : 11} />
					<text y={28}>{short(p.name)}{p.more ? ' …' : ''}</text>
				</g>
			))}
		</svg>
	);
}

function List({ network }: { network: Network }) {
	const { t } = useTranslation();
	const name = (id: string) => network.nodes.find((n) => n.id === id)?.name ?? id;
	return (
		<div className="network-scroll">
			<table className="network-list">
				<caption className="sr-only">{t('relations.list')}</caption>
				<thead><tr><th scope="col">{t('relations.one')}</th><th scope="col">{t('relations.is')}</th><th scope="col">{t('relations.other')}</th></tr></thead>
				<tbody>
					{network.edges.map((e) => {
						const turned = e.to === network.root;
						const [a, b] = turned ? [e.to, e.from] : [e.from, e.to];
						return (
							<tr key={e.id}>
								<td><Link to={`/customer/${a}?tab=relations`}>{name(a)}</Link></td>
								<td>{turned ? e.inverse : e.word}{e.ended && <> ({t('relations.ended')})</>}</td>
								<td><Link to={`/customer/${b}?tab=relations`}>{name(b)}</Link></td>
							</tr>
						);
					})}
				</tbody>
			</table>
		</div>
	);
}

export default function NetworkTab({ record: { row } }: PartProps) {
	const { meta } = useApp();
	const { t } = useTranslation();
	const [depth, setDepth] = useState(2);
	const [kinds, setKinds] = useState<string[]>([]);
	const [adding, setAdding] = useState(false);
	const relation = entityOf(meta, 'relation');
	const known = useSome(entityOf(meta, 'relation_kind'), new URLSearchParams({ order: 'position.asc', limit: '200' }));
	const query = `depth=${depth}&around=40${kinds.length ? `&kinds=${kinds.join()}` : ''}`;
	const network = useQuery({
		queryKey: ['network', row.id, query], placeholderData: keepPreviousData, queryFn: ({ signal }) => get<Network>(`customer/${row.id}/network?${query}`, signal),
	});
	const chinese = meta.language?.startsWith('zh');
	const options = (known.data?.rows ?? []).map((k) => ({ value: k.id, label: String((chinese && k.name_zh) || k.name) }));
	return (
		<div className="network">
			<div className="network-top">
				<Segmented
					aria-label={t('relations.depth')} value={depth} onChange={(v) => setDepth(Number(v))}
					options={[1, 2, 3, 4].map((n) => ({ value: n, label: t('relations.steps', { count: n }) }))}
				/>
				<Select mode="multiple" allowClear value={kinds} onChange={setKinds} options={options} placeholder={t('relations.all_kinds')} aria-label={t('relations.kinds')} style={{ minWidth: 180, maxWidth: 360 }} />
				{may(relation, 'create') && <Button onClick={() => setAdding(true)}>{t('relations.add')}</Button>}
			</div>
			{network.isPending ? <Loading rows={6} /> : network.isError ? <Failed error={network.error} onRetry={() => void network.refetch()} /> : network.data.nodes.length < 2 ? (
				<Empty title={t('relations.none')} text={t('relations.none_text')} />
			) : (
				<>
					{network.data.truncated && <p role="status">{t('relations.truncated')}</p>}
					<Picture key={network.data.root} network={network.data} />
					<List network={network.data} />
				</>
			)}
			{adding && relation && (
				<Suspense fallback={null}>
					<FormDialog entity={relation} row={null} fixed={{ from_id: row.id }} onClose={() => setAdding(false)} onSaved={() => { setAdding(false); void network.refetch(); }} />
				</Suspense>
			)}
		</div>
	);
}
