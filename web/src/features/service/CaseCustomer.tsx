/** Whom the case is of: what they are worth, their orders with parcels and money that went back, their earlier cases. */
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { entityOf, fieldOf, selectOf, useRecord, useSome } from '@/api/records.ts';
import type { Entity, Row } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import type { PartProps } from '@/app/feature.ts';
import { Failed, Loading } from '@/components/common/States.tsx';
import { FieldValue, isNothing } from '@/fields/index.tsx';

export default function CaseCustomer({ record: { row } }: PartProps) {
	const { t } = useTranslation();
	if (!row.customer_id) return <p className="quiet">{t('service.no_customer')}</p>;
	return (
		<>
			<Who id={String(row.customer_id)} />
			<Rows
				title={t('service.orders')} entity="order" query={{ customer_id: `eq.${row.customer_id}`, order: 'placed_at.desc' }}
				fields={['state', 'total', 'placed_at']}
			/>
			{row.order_id ? <Rows title={t('service.parcels')} entity="shipment" query={{ order_id: `eq.${row.order_id}` }} /> : null}
			{row.order_id ? <Rows title={t('service.payments')} entity="payment" query={{ order_id: `eq.${row.order_id}` }} /> : null}
			<Rows
				title={t('service.earlier')} entity="case"
				query={{ customer_id: `eq.${row.customer_id}`, id: `neq.${row.id}`, order: 'opened_at.desc' }}
				fields={['subject', 'state', 'opened_at']}
			/>
		</>
	);
}

function Who({ id }: { id: string }) {
	const { t } = useTranslation();
	const meta = useMeta();
	const entity = entityOf(meta, 'customer');
	const record = useRecord(meta, entity!, entity ? id : null);
	if (!entity) return null;
	if (record.isError) return <Failed error={record.error} small />;
	if (!record.data) return <Loading rows={3} />;
	const { row, masked } = record.data;
	const fields = ['level', 'stage', 'phone', 'email', 'orders_total', 'orders_count', 'last_order_at'].flatMap((n) => fieldOf(entity, n) ?? []);
	return (
		<section className="case-who">
			<h3>{t('service.customer')}</h3>
			<p><Link to={`/customer/${id}`}><b>{String(row.name ?? '')}</b></Link></p>
			<dl>
				{fields.filter((f) => !isNothing(row[f.name])).map((f) => (
					<div key={f.name}><dt>{f.label}</dt><dd><FieldValue field={f} row={row} place="cell" masked={masked.has(f.name)} /></dd></div>
				))}
			</dl>
		</section>
	);
}

function columns(entity: Entity, names: string[] | undefined) {
	const listed = names ?? entity.fields.filter((f) => f.list && f.name !== entity.title && f.name !== 'order_id').slice(0, 4).map((f) => f.name);
	return listed.flatMap((n) => fieldOf(entity, n) ?? []);
}

function Rows({ title, entity: name, query, fields }: { title: string; entity: string; query: Record<string, string>; fields?: string[] }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const entity = entityOf(meta, name);
	const shown = entity ? columns(entity, fields) : [];
	const head = fieldOf(entity, entity?.title);
	const found = useSome(
		entity, new URLSearchParams({ ...query, select: entity ? selectOf(meta, entity, [...(head ? [head] : []), ...shown]) : 'id', limit: '4' }),
	);
	if (!entity || entity.actions.read === 'none') return null;
	if (found.isError) return <section><h3>{title}</h3><Failed error={found.error} small /></section>;
	return (
		<section>
			<h3>{title}</h3>
			{found.data?.rows.length === 0 ? <p className="quiet">{t('service.none')}</p> : (
				<ul className="card-rows">
					{found.data?.rows.map((row) => <Line key={row.id} entity={entity} row={row} fields={shown} masked={found.data.masked} />)}
				</ul>
			)}
		</section>
	);
}

function Line({ entity, row, fields, masked }: { entity: Entity; row: Row; fields: ReturnType<typeof columns>; masked: ReadonlySet<string> }) {
	const title = entity.title ? String(row[entity.title] ?? '') : '';
	return (
		<li>
			<Link to={`/${entity.name}/${row.id}`}>{title || entity.label}</Link>
			<span className="card-facts">
				{fields
					.filter((f) => f.name !== entity.title && !isNothing(row[f.name]))
					.map((f) => <FieldValue key={f.name} field={f} row={row} place="cell" masked={masked.has(f.name)} />)}
			</span>
		</li>
	);
}
