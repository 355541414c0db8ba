/** How the firm is built: teams as a tree, regions with their branches. */
import { EditOutlined, PlusOutlined } from '@ant-design/icons';
import { Button, Tooltip } from 'antd';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { entityOf, fetchPage, may, refresh, selectAll, useCache } from '@/api/records.ts';
import type { Entity, Linked, Row } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { Denied, Empty, Failed, Loading } from '@/components/common/States.tsx';
import { Tabs } from '@/components/common/Tabs.tsx';
import { FormDialog } from '@/components/form/FormDialog.tsx';
import { useTab } from '@/components/record/RecordPage.tsx';
import { treeOf, type TreeNode } from './tree.ts';

function useAll(entity: Entity | undefined) {
	const meta = useMeta();
	return useQuery({
		queryKey: ['some', entity?.name ?? '', 'tree'],
		enabled: entity !== undefined,
		queryFn: ({ signal }) => fetchPage(entity!, new URLSearchParams({ select: selectAll(meta, entity!), order: 'name.asc', limit: '1000' }), signal),
	});
}

export default function Organisation() {
	const meta = useMeta();
	const { t } = useTranslation();
	const team = entityOf(meta, 'team');
	const branch = entityOf(meta, 'branch');
	const region = entityOf(meta, 'region');
	const [tab, setTab] = useTab(team ? 'team' : 'region');
	useTitle(t('settings.organisation'));
	if (!team && !branch && !region) return <Denied need={t('state.need_cap', { cap: t('cap.users') })} />;
	return (
		<div className="page">
			<h1>{t('settings.organisation')}</h1>
			<Tabs
				label={t('settings.organisation')} active={tab} onChange={setTab}
				items={[
					...(team ? [{ key: 'team', label: team.label_many, children: <Tree entity={team} tail={(row) => <TeamTail row={row} />} /> }] : []),
					...(region ? [{ key: 'region', label: region.label_many, children: <Tree entity={region} leaves={branch} /> }] : []),
					...(branch ? [{ key: 'branch', label: branch.label_many, children: <Tree entity={branch} tail={(row) => <span className="quiet">{[(row.region as Linked | null)?.name, row.city].filter(Boolean).map(String).join(' · ')}</span>} /> }] : []),
				]}
			/>
		</div>
	);
}

function TeamTail({ row }: { row: Row }) {
	const { t } = useTranslation();
	const leader = row.leader as Linked | null;
	return (
		<span className="quiet">
			{leader ? t('organisation.led', { name: String(leader.name) }) : t('organisation.no_leader')} · <Link to={`/user?team_id=in.(${row.id})`}>{t('organisation.members')}</Link>
		</span>
	);
}

function Tree({ entity, tail, leaves }: { entity: Entity; tail?: (row: Row) => ReactNode; leaves?: Entity }) {
	const { t } = useTranslation();
	const cache = useCache();
	const rows = useAll(entity);
	const under = useAll(leaves);
	const [form, setForm] = useState<{ entity: Entity; row: Row | null; fixed?: Record<string, unknown> } | null>(null);
	const nested = entity.fields.some((f) => f.name === 'parent_id');
	const able = may(entity, 'create');
	if (rows.isPending) return <Loading />;
	if (rows.isError) return <Failed error={rows.error} onRetry={() => void rows.refetch()} />;
	const add = able && <Button icon={<PlusOutlined />} onClick={() => setForm({ entity, row: null })}>{t('list.create', { what: entity.label })}</Button>;

	const node = ({ row, children }: TreeNode<Row>): ReactNode => {
		const leavesHere = (under.data?.rows ?? []).filter((l) => l[`${entity.name}_id`] === row.id);
		return (
			<li key={row.id}>
				<div className="tree-line">
					<b>{String(row.name)}</b> {tail?.(row)}
					<span className="tree-tools">
						{may(entity, 'update') && <Tooltip title={t('word.edit')}><Button type="text" size="small" icon={<EditOutlined />} aria-label={t('record.edit_named', { name: String(row.name) })} onClick={() => setForm({ entity, row })} /></Tooltip>}
						{able && nested && <Tooltip title={t('organisation.add_below', { name: String(row.name) })}><Button type="text" size="small" icon={<PlusOutlined />} aria-label={t('organisation.add_below', { name: String(row.name) })} onClick={() => setForm({ entity, row: null, fixed: { parent_id: row.id } })} /></Tooltip>}
					</span>
				</div>
				{(children.length > 0 || leavesHere.length > 0) && (
					<ul className="tree">
						{children.map(node)}
						{leavesHere.map((l) => (
							<li key={l.id}>
								<div className="tree-line"><span>{String(l.name)}</span> <span className="quiet">{String(l.city ?? '')}</span>
									<span className="tree-tools">{may(leaves, 'update') && <Tooltip title={t('word.edit')}><Button type="text" size="small" icon={<EditOutlined />} aria-label={t('record.edit_named', { name: String(l.name) })} onClick={() => setForm({ entity: leaves!, row: l })} /></Tooltip>}</span>
								</div>
							</li>
						))}
					</ul>
				)}
			</li>
		);
	};

	return (
		<>
			{rows.data.rows.length === 0 ? <Empty title={t('list.empty', { what: entity.label_many })} text={t('list.empty_text', { what: entity.label_many })} action={add} /> : (
				<>
					<ul className="tree is-root">{treeOf(rows.data.rows).map(node)}</ul>
					{add}
				</>
			)}
			{form && (
				<FormDialog
					entity={form.entity} row={form.row} fixed={form.fixed} onClose={() => setForm(null)}
					onSaved={() => {
						setForm(null);
						void refresh(cache, form.entity.name);
					}}
				/>
			)}
		</>
	);
}
