/** An entry: what was typed, with the rights to the fields it went to; of one that waits, who it may be, side by side. */
import { useQuery } from '@tanstack/react-query';
import { App, Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { get, post } from '@/api/client.ts';
import { type RecordAnswer, refresh, useCache } from '@/api/records.ts';
import type { RecordPageProps } from '@/app/features.ts';
import { Failed, Loading } from '@/components/common/States.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { RecordPage } from '@/components/record/RecordPage.tsx';
import './webforms.css';

interface Candidate {
	id: string;
	name: string | null;
	phone: string | null;
	email: string | null;
	city: string | null;
	rule: string;
	percent: number;
}

interface Sent {
	values: { field: string; label: string; value: string | null; masked: boolean }[];
	candidates?: Candidate[];
	unseen?: number;
}

const COMPARED = ['name', 'phone', 'email', 'city'] as const;

function Decide({ record, sent }: { record: RecordAnswer; sent: Sent }) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const cache = useCache();
	const [busy, setBusy] = useState(false);
	const typed = (name: string) => sent.values.find((v) => v.field === name || v.field === `customer.${name}`);
	const label = (name: string) => typed(name)?.label ?? t(`web_form.of_${name}`);
	async function decide(body: Record<string, unknown>) {
		setBusy(true);
		try {
			await post(`web_form_entries/${record.row.id}/decide`, body);
			await refresh(cache, 'web_form_entry', 'customer', 'case', 'lead');
			await cache.invalidateQueries({ queryKey: ['web_form_entry', record.row.id, 'sent'] });
		} catch (error) {
			void message.error(problemText(error, t));
		}
		setBusy(false);
	}
	return (
		<section className="wf-decide">
			<h3>{t('web_form.who')}</h3>
			<div className="table-scroll" tabIndex={0} role="region" aria-label={t('web_form.who')}>
				<table className="plain-table">
					<thead>
						<tr>
							<td />
							<th scope="col">{t('web_form.typed')}</th>
							{sent.candidates!.map((c) => (
								<th key={c.id} scope="col">
									<Link to={`/customer/${c.id}`}>{c.name}</Link>
									<br />
									<span className="muted">
										{c.rule} · {c.percent}%
									</span>
								</th>
							))}
						</tr>
					</thead>
					<tbody>
						{COMPARED.map((name) => (
							<tr key={name}>
								<th scope="row">{label(name)}</th>
								<td>{typed(name)?.value ?? '–'}</td>
								{sent.candidates!.map((c) => (
									<td key={c.id} className={typed(name)?.value && typed(name)?.value === c[name] ? 'why-yes' : undefined}>
										{c[name] ?? '–'}
									</td>
								))}
							</tr>
						))}
						<tr>
							<td />
							<td><Button loading={busy} onClick={() => void decide({ fresh: true })}>{t('web_form.somebody_new')}</Button></td>
							{sent.candidates!.map((c) => (
								<td key={c.id}>
									<Button
										type="primary" loading={busy} aria-label={t('web_form.it_is', { name: c.name ?? c.id })}
										onClick={() => void decide({ customer_id: c.id })}
									>
										{t('web_form.this_one')}
									</Button>
								</td>
							))}
						</tr>
					</tbody>
				</table>
			</div>
			{(sent.unseen ?? 0) > 0 && <p className="muted">{t('web_form.unseen', { count: sent.unseen })}</p>}
			<Button loading={busy} onClick={() => void decide({ aside: true })}>{t('web_form.aside')}</Button>
		</section>
	);
}

function SentTab({ record }: { record: RecordAnswer }) {
	const { t } = useTranslation();
	const { id, version } = record.row;
	const found = useQuery({ queryKey: ['web_form_entry', id, 'sent', version], queryFn: ({ signal }) => get<Sent>(`web_form_entries/${id}/sent`, signal) });
	if (found.isPending) return <Loading rows={5} />;
	if (found.isError) return <Failed error={found.error} onRetry={() => void found.refetch()} />;
	const [kind = '', of = ''] = String(record.row.record ?? '').split('/');
	return (
		<>
			{record.row.problem ? <p className="why-no">{String(record.row.problem)}</p> : null}
			{found.data.candidates && <Decide record={record} sent={found.data} />}
			<h3>{t('web_form.typed')}</h3>
			<dl className="wf-typed">{found.data.values.map((v) => <div key={v.field}><dt>{v.label}</dt><dd>{v.masked ? '•••' : v.value ?? '–'}</dd></div>)}</dl>
			{of && <p><Link to={`/${kind}/${of}`}>{t('web_form.became')}</Link></p>}
		</>
	);
}

export default function EntryPage({ entity, id }: RecordPageProps) {
	const { t } = useTranslation();
	return (
		<RecordPage
			entity={entity} id={id}
			tabs={(record) => [{ key: 'sent', label: t('web_form.sent'), work: 'marketing' as const, children: <SentTab record={record} /> }]}
		/>
	);
}
