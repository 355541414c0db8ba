/** A colleague leaves: customers and open work go to one or several others; what they did stays theirs. */
import { DeleteOutlined, PlusOutlined } from '@ant-design/icons';
import { Alert, Button, Checkbox, Modal, Progress, Select } from 'antd';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { type BulkAct, cancelBulk, isGoing, watchBulk } from '@/api/bulk.ts';
import { post } from '@/api/client.ts';
import { entityOf, fetchPage, fieldOf, useCache } from '@/api/records.ts';
import type { Field, Row } from '@/api/types.ts';
import { useApp } from '@/app/context.tsx';
import { confirms, ConfirmNumber } from '@/components/common/Confirm.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { isNothing, kindOf } from '@/fields/index.tsx';
import { number } from '@/lib/format.ts';

interface Part {
	to: string | null;
	/** A field whose value decides, or ONES: those chosen one by one; null: an even share of the rest. */
	by: string | null;
	value: unknown;
}

interface Preview {
	total: number;
	left: number;
	by: { to: string; records: Record<string, number> }[];
}

/** Customers chosen one by one. */
const ONES = 'ones';

/** Fields of a customer that people split by. */
const SPLIT = ['city', 'region_id', 'branch_id', 'tags', 'level', 'stage', 'source'];

function filterOf(field: Field, value: unknown): string {
	const text = field.type === 'links' ? `ov.{${(value as unknown[]).map(String).join(',')}}` : `eq.${String(value)}`;
	return new URLSearchParams({ [field.name]: text }).toString();
}

const isEmpty = (value: unknown) => isNothing(value) || (Array.isArray(value) && value.length === 0);

interface HandOverProps {
	row: Row;
	/** May the leaver's sign-in be ended along with it. */
	disables: boolean;
	onClose(): void;
}

export function HandOver({ row, disables, onClose }: HandOverProps) {
	const { meta, me } = useApp();
	const { t } = useTranslation();
	const id = useId();
	const cache = useCache();
	const [parts, setParts] = useState<Part[]>([{ to: null, by: null, value: null }]);
	const [disable, setDisable] = useState(false);
	const [typed, setTyped] = useState('');
	const [act, setAct] = useState<BulkAct | null>(null);
	const [problem, setProblem] = useState<string | null>(null);
	const users = entityOf(meta, 'user');
	const customers = entityOf(meta, 'customer');
	const choices = useQuery({
		queryKey: ['some', 'user', 'active'],
		enabled: users !== undefined,
		queryFn: ({ signal }) => fetchPage(users!, new URLSearchParams({ select: 'id,name,email', active: 'is.true', order: 'name.asc', limit: '500' }), signal),
	});
	const ones: Field = { name: ONES, type: 'links', link: 'customer', label: t('user.takes_ones'), right: 'read' };
	const nameOf = (user: string) => String(choices.data?.rows.find((u) => u.id === user)?.name ?? `#${user}`);
	const share = (p: Part) =>
		p.by === ONES
			? { ids: (p.value as (string | { id: string })[]).map((v) => (typeof v === 'string' ? v : v.id)) }
			: p.by
				? { filter: filterOf(fieldOf(customers, p.by)!, p.value) }
				: {};
	const ready = parts.filter((p) => p.to !== null && (p.by === null || !isEmpty(p.value)));
	const body = { parts: ready.map((p) => ({ to: p.to, ...share(p) })) };
	const preview = useQuery({
		queryKey: ['handover', row.id, JSON.stringify(body)],
		enabled: ready.length > 0 && act === null,
		placeholderData: keepPreviousData,
		retry: false,
		queryFn: () => post<Preview>(`user/${row.id}/handover`, { ...body, preview: true }),
	});
	const total = preview.data?.total ?? 0;
	const set = (at: number, part: Partial<Part>) => setParts(parts.map((p, i) => (i === at ? { ...p, ...part } : p)));
	// Kinds of which nothing changes hands would only make the table wider than its dialog.
	const counted = meta.entities.filter((e) => preview.data?.by.some((p) => Number(p.records[e.name] ?? 0) > 0));

	async function go() {
		setProblem(null);
		try {
			const begun = await post<BulkAct>(`user/${row.id}/handover`, { ...body, disable, expected: total });
			setAct(begun);
			setAct(await watchBulk(begun, setAct));
			await cache.invalidateQueries();
		} catch (error) {
			setProblem(problemText(error, t));
			await preview.refetch();
		}
	}

	const wrong = problem ?? (preview.isError ? problemText(preview.error, t) : null);
	return (
		<Modal
			open title={t('user.hand_over_title', { name: row.name })} onCancel={onClose} width={640} mask={{ closable: false }}
			footer={act ? [
				isGoing(act) && (
					<Button key="s" danger disabled={act.state === 'cancelling'} onClick={() => void cancelBulk(act.id).catch(() => undefined)}>
						{t('bulk.stop')}
					</Button>
				),
				<Button key="x" type="primary" onClick={onClose}>{t('word.close')}</Button>,
			] : [
				<Button key="c" onClick={onClose}>{t('word.cancel')}</Button>,
				<Button key="g" type="primary" disabled={ready.length < parts.length || total === 0 || preview.isFetching || !confirms(typed, total)} onClick={() => void go()}>{t('user.hand_over_go', { n: number(total), count: total })}</Button>,
			]}
		>
			<div className="stack">
				{wrong && <Alert type="error" showIcon title={wrong} />}
				{act ? (
					<>
						{isGoing(act) && <Progress percent={Math.round(((act.done + act.refused) / Math.max(1, act.total)) * 100)} aria-label={t('bulk.progress')} />}
						{isGoing(act) && <p className="hint">{t('user.hand_over_background')}</p>}
						<Alert
							type={isGoing(act) ? 'info' : act.state === 'done' && act.refused === 0 ? 'success' : 'warning'} showIcon
							title={t(
								isGoing(act) || act.state !== 'done' ? 'user.hand_over_so_far' : 'user.hand_over_done',
								{ n: number(act.done), of: number(act.total), count: act.done },
							)}
							description={<Link to={`/bulk_act/${act.id}`}>{t('bulk.see')}</Link>}
						/>
					</>
				) : (
					<>
						<p>{t('user.hand_over_text')}</p>
						{parts.map((part, i) => {
							const field = part.by === ONES ? ones : part.by ? fieldOf(customers, part.by) : undefined;
							const Edit = field ? kindOf(field).Edit : null;
							return (
								<fieldset key={i} className="hand-part">
									<legend className="sr-only">
										{t('user.successor')} {i + 1}
									</legend>
									<Select
										aria-label={t('user.successor')}
										placeholder={t('user.successor')}
										value={part.to}
										onChange={(to: string) => set(i, { to })}
										showSearch={{ optionFilterProp: 'label' }}
										loading={choices.isPending}
										options={
											choices.data?.rows
												.filter((u) => u.id !== row.id)
												.map((u) => ({
													value: u.id,
													label: `${String(u.name)} (${String(u.email)})`,
												})) ?? []
										}
									/>
									<Select
										aria-label={t('user.takes')}
										value={part.by ?? ''}
										onChange={(by: string) => set(i, { by: by || null, value: null })}
										popupMatchSelectWidth={false}
										options={[
											{ value: '', label: t('user.takes_rest') },
											{ value: ONES, label: ones.label },
											...SPLIT.flatMap((n) => {
												const f = fieldOf(customers, n);
												return f && f.right !== 'hidden'
													? [{ value: n, label: t('user.takes_by', { field: f.label }) }]
													: [];
											}),
										]}
									/>
									{field && Edit && (
										<Edit
											key={field.name}
											field={field}
											value={part.value}
											onChange={(value) => set(i, { value })}
											id={`${id}v${i}`}
											label={field.label}
											invalid={false}
										/>
									)}
									{parts.length > 1 && (
										<Button
											type="text"
											icon={<DeleteOutlined />}
											aria-label={t('user.part_remove', { n: i + 1 })}
											onClick={() => setParts(parts.filter((_, k) => k !== i))}
										/>
									)}
								</fieldset>
							);
						})}
						<Button icon={<PlusOutlined />} onClick={() => setParts([...parts, { to: null, by: null, value: null }])}>{t('user.part_add')}</Button>
						{preview.data && ready.length > 0 && (
							<div className="table-scroll"><table className="plain-table">
								<caption className="sr-only">{t('user.how_many')}</caption>
								<thead><tr><th scope="col">{t('user.successor')}</th>{counted.map((e) => <th key={e.name} scope="col" className="is-right">{e.label_many}</th>)}</tr></thead>
								<tbody>
									{preview.data.by.map((p) => <tr key={p.to}><td>{nameOf(p.to)}</td>{counted.map((e) => <td key={e.name} className="is-right">{number(p.records[e.name] ?? 0)}</td>)}</tr>)}
								</tbody>
							</table></div>
						)}
						{preview.data && preview.data.left > 0 && <Alert type="warning" showIcon title={t('user.hand_over_left', { n: number(preview.data.left), count: preview.data.left })} />}
						{disables && row.id !== me.id && row.active !== false && (
							<Checkbox checked={disable} onChange={(e) => setDisable(e.target.checked)}>
								{t('user.hand_over_disable', { name: row.name })}
							</Checkbox>
						)}
						<ConfirmNumber count={total} value={typed} onChange={setTyped} />
					</>
				)}
			</div>
		</Modal>
	);
}
