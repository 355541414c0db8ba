/** A quote: its lines, the steps of its state, its versions, and what is left over cost for those who may see that. */
import { App, Button } from 'antd';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { BASE, get, post } from '@/api/client.ts';
import { entityOf, fieldOf, linkedTitle, may, type RecordAnswer, refresh, useCache } from '@/api/records.ts';
import type { Entity } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import type { RecordPageProps } from '@/app/features.ts';
import { problemText } from '@/components/common/undo.tsx';
import { ChildTable } from '@/components/record/ChildTable.tsx';
import { Files } from '@/components/record/Files.tsx';
import { RecordPage } from '@/components/record/RecordPage.tsx';
import { FieldValue, isNothing } from '@/fields/index.tsx';
import { money } from '@/lib/format.ts';
import { QuoteGrid } from './QuoteGrid.tsx';
import './quotes.css';

export default function QuotePage({ entity, id }: RecordPageProps) {
	const meta = useMeta();
	const { t } = useTranslation();
	return (
		<RecordPage
			entity={entity} id={id} without={['quote_line', 'quote', 'attachment']}
			head={(record) => <Head entity={entity} record={record} />}
			actions={(record) => <Version entity={entity} record={record} />}
			tabs={(record) => [
				{
					key: 'lines', label: t('quote.lines'),
					children: (
						<>
							<QuoteGrid entity={entity} quote={record.row} fixed={record.row.state !== 'draft' || !may(entity, 'update')} />
							<Margin record={record} />
						</>
					),
				},
				{
					key: 'versions', label: t('quote.versions'),
					children: (
						<ChildTable
							child="quote" field="original_id"
							parent={{ entity: 'quote', row: { ...record.row, id: String(record.row.original_id ?? record.row.id) } }}
							columns={['version_no', 'state', 'total', 'off', 'valid_until', 'created_at']} order="version_no.asc" fixed
							emptyText={t('quote.versions_empty')}
						/>
					),
				},
				...(entityOf(meta, 'attachment')
					? [{ key: 'files', label: t('files.title'), children: <Files parent={{ entity: 'quote', field: 'quote_id', row: record.row }} /> }]
					: []),
			]}
		/>
	);
}

function Head({ entity, record: { row, masked } }: { entity: Entity; record: RecordAnswer }) {
	const meta = useMeta();
	const customer = fieldOf(entity, 'customer_id');
	const order = fieldOf(entity, 'order_id');
	return (
		<div className="record-strip">
			<p className="order-customer">
				{customer && row.customer_id ? <Link to={`/customer/${String(row.customer_id)}`}>{linkedTitle(meta, customer, row)}</Link> : null}
				{order && row.order_id ? <> → <Link to={`/order/${String(row.order_id)}`}>{order.label} {linkedTitle(meta, order, row)}</Link></> : null}
			</p>
			<ul className="figures">
				{['total', 'state', 'valid_until', 'version_no'].map((name) => {
					const field = fieldOf(entity, name);
					return field
						? (
							<li key={name}>
								<div>
									<b>{isNothing(row[name]) ? '—' : <FieldValue field={field} row={row} place="cell" masked={masked.has(name)} />}</b>
									<span>{field.label}</span>
								</div>
							</li>
						)
						: null;
				})}
			</ul>
		</div>
	);
}

/** The steps of the state are the record page's own; a new version is more than a step. */
function Version({ entity, record: { row } }: { entity: Entity; record: RecordAnswer }) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const navigate = useNavigate();
	const [busy, setBusy] = useState(false);
	if (row.state === 'accepted' || !may(entity, 'update') || !may(entity, 'create')) return null;
	async function make() {
		setBusy(true);
		try {
			const made = await post<{ id: string }>(`${BASE}/quote/${row.id}/version`);
			await refresh(cache, 'quote', 'quote_line');
			void navigate(`/quote/${made.id}`);
		} catch (error) {
			void message.error(problemText(error, t));
		} finally {
			setBusy(false);
		}
	}
	return <Button loading={busy} onClick={() => void make()}>{t('quote.step.version')}</Button>;
}

interface Margins {
	cost: string;
	margin: string;
	percent: string | null;
	unknown: number;
}

/** Nothing for those who may not see cost: the server says so. */
function Margin({ record: { row } }: { record: RecordAnswer }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const sees = fieldOf(entityOf(meta, 'product'), 'cost')?.right;
	const answer = useQuery({
		queryKey: ['some', 'quote', 'margin', row.id, row.version], enabled: sees === 'read' || sees === 'write', retry: false,
		queryFn: ({ signal }) => get<Margins>(`${BASE}/quote/${row.id}/margin`, signal),
	});
	const currency = String(row.currency || meta.base_currency);
	if (!answer.data || Number(row.lines_count) === 0) return null;
	return (
		<p className="hint" data-part="margin">
			{t('quote.margin', { margin: money(answer.data.margin, currency), cost: money(answer.data.cost, currency), percent: answer.data.percent ?? '–' })}
			{answer.data.unknown > 0 && ` ${t('quote.margin_unknown', { count: answer.data.unknown })}`}
		</p>
	);
}
