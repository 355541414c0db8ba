/** Who falls into the pool and who becomes what: the rules in plain words, and what they would do before they do it. */
import { useQuery } from '@tanstack/react-query';
import { Button, InputNumber, Segmented } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { get, post } from '@/api/client.ts';
import { entityOf, may, useSome } from '@/api/records.ts';
import type { Row } from '@/api/types.ts';
import { useApp } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { Denied, Empty, Failed, Loading } from '@/components/common/States.tsx';
import { Editor } from '@/components/condition/Editor.tsx';
import { complete, emptyGroup, toJson } from '@/components/condition/tree.ts';
import Words from '@/components/condition/Words.tsx';
import { number } from '@/lib/format.ts';
import './pool.css';

interface Falling {
	count: number;
	owners: { id: string; name?: string; count: number }[];
	customers: { id: string; name: string | null; level: string | null }[];
}

function Result({ falling }: { falling: Falling }) {
	const { t } = useTranslation();
	return (
		<>
			<p role="status"><span className="pool-figure">{number(falling.count)}</span> {t('pool.would_fall', { count: falling.count })}</p>
			{falling.count > 0 && (
				<div className="pool-two">
					<table className="pool-table">
						<thead><tr><th scope="col">{t('pool.of_whom')}</th><th scope="col" className="num">{t('pool.how_many')}</th></tr></thead>
						<tbody>{falling.owners.slice(0, 12).map((o) => <tr key={o.id}><td>{o.name ?? o.id}</td><td className="num">{number(o.count)}</td></tr>)}</tbody>
					</table>
					<ul>{falling.customers.slice(0, 12).map((c) => <li key={c.id}><Link to={`/customer/${c.id}`}>{c.name ?? c.id}</Link></li>)}</ul>
				</div>
			)}
		</>
	);
}

function Simulator() {
	const { meta } = useApp();
	const { t } = useTranslation();
	const customer = entityOf(meta, 'customer');
	const [which, setWhich] = useState<'now' | 'new'>('now');
	const [days, setDays] = useState(1);
	const [tree, setTree] = useState(emptyGroup);
	const tried = which === 'new' && complete(tree) && tree.parts.length > 0 ? toJson(meta, customer!, tree) : null;
	const ready = which === 'now' || tried !== null;
	const answer = useQuery({
		queryKey: ['pool', 'simulate', which, days, tried], enabled: ready, retry: false,
		queryFn: () => post<Falling>('pool/simulate', tried ? { condition: tried, days } : { days }),
	});
	if (!customer) return null;
	return (
		<section className="panel pool-sim" aria-labelledby="pool-sim">
			<h2 id="pool-sim">{t('pool.simulate')}</h2>
			<p>{t('pool.simulate_text')}</p>
			<div className="pool-top">
				<Segmented
					value={which} onChange={(v) => setWhich(v as 'now' | 'new')}
					options={[{ value: 'now', label: t('pool.rules_in_use') }, { value: 'new', label: t('pool.new_rule') }]}
				/>
				<label htmlFor="pool-days">{t('pool.days')}</label>
				<InputNumber id="pool-days" min={0} max={366} value={days} onChange={(v) => setDays(v ?? 0)} />
			</div>
			{which === 'new' && <Editor entity={customer} tree={tree} onChange={setTree} />}
			{ready && (answer.isPending ? <Loading rows={3} /> : answer.isError ? <Failed error={answer.error} small /> : <Result falling={answer.data} />)}
		</section>
	);
}

function Rules({ name, title, text, extra }: { name: 'pool' | 'pool_rule' | 'stage_rule'; title: string; text: string; extra(row: Row): string }) {
	const { meta } = useApp();
	const { t } = useTranslation();
	const entity = entityOf(meta, name);
	const rows = useSome(entity, new URLSearchParams({ order: 'position.asc,id.asc', limit: '200' }));
	if (!entity) return null;
	return (
		<section className="panel" aria-labelledby={`rules-${name}`}>
			<header className="pool-top">
				<h2 id={`rules-${name}`} style={{ marginInlineEnd: 'auto' }}>{title}</h2>
				{may(entity, 'create') && <Link to={`/${name}/new`}><Button>{t('pool.add')}</Button></Link>}
			</header>
			<p className="pool-quiet">{text}</p>
			{rows.isPending ? <Loading rows={2} /> : rows.isError ? <Failed error={rows.error} small /> : rows.data.rows.length === 0 ? <Empty title={t('pool.no_rules')} /> : (
				<div className="pool-scroll">
					<table className="pool-table">
						<tbody>
							{rows.data.rows.map((row) => (
								<tr key={row.id}>
									<td><Link to={`/${name}/${row.id}`}>{String(row.name)}</Link>{!row.active && <div className="pool-off">{t('pool.off')}</div>}</td>
									<td>{row.condition ? <Words entity="customer" condition={row.condition} /> : t(name === 'pool_rule' ? 'pool.nobody' : 'pool.everybody')}</td>
									<td>{extra(row)}</td>
								</tr>
							))}
						</tbody>
					</table>
				</div>
			)}
		</section>
	);
}

interface Preview {
	rules: { id: string; name: string; stage: string; from: Record<string, number> }[];
}

function StagePreview() {
	const { meta } = useApp();
	const { t } = useTranslation();
	const stages = entityOf(meta, 'customer')?.fields.find((f) => f.name === 'stage')?.options ?? [];
	const label = (stage: string) => stages.find((s) => s.value === stage)?.label ?? stage;
	const preview = useQuery({ queryKey: ['pool', 'stages'], queryFn: ({ signal }) => get<Preview>('lifecycle/preview', signal), retry: false });
	if (preview.isPending) return <Loading rows={3} />;
	if (preview.isError) return <Failed error={preview.error} small />;
	return (
		<div className="pool-scroll">
			<table className="pool-table">
				<caption>{t('pool.stage_preview')}</caption>
				<thead>
					<tr><th scope="col">{t('pool.rule')}</th><th scope="col">{t('pool.becomes')}</th>{stages.map((s) => <th key={s.value} scope="col" className="num">{t('pool.now_stage', { stage: s.label })}</th>)}</tr>
				</thead>
				<tbody>
					{preview.data.rules.map((r) => (
						<tr key={r.id}><td>{r.name}</td><td>{label(r.stage)}</td>{stages.map((s) => <td key={s.value} className="num">{number(r.from[s.value] ?? 0)}</td>)}</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}

export default function RulesPage() {
	const { meta } = useApp();
	const { t } = useTranslation();
	useTitle(t('pool.rules'));
	const stages = entityOf(meta, 'customer')?.fields.find((f) => f.name === 'stage')?.options ?? [];
	if (!may(entityOf(meta, 'pool_rule'), 'read')) return <Denied need={t('state.need', { action: t('action_word.read'), what: t('pool.rules') })} />;
	return (
		<div className="page stack">
			<header className="pool-top"><h1>{t('pool.rules')}</h1><Link to="/public_pool">{t('pool.title')}</Link></header>
			<Simulator />
			<Rules name="pool_rule" title={t('pool.rule_many')} text={t('pool.rule_text')} extra={(row) => t('pool.remind', { count: Number(row.remind_days ?? 0) })} />
			<Rules name="pool" title={t('pool.pools')} text={t('pool.pools_text')} extra={(row) => (row.lock_days ? t('pool.lock', { count: Number(row.lock_days) }) : '')} />
			<Rules name="stage_rule" title={t('pool.stages')} text={t('pool.stage_text')} extra={(row) => stages.find((s) => s.value === row.stage)?.label ?? ''} />
			<section className="panel"><StagePreview /></section>
		</div>
	);
}
