/** What a campaign says: variants, contents by language, and each as a real customer would get it. */
import { useQuery } from '@tanstack/react-query';
import { Button, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { post } from '@/api/client.ts';
import { entityOf, type RecordAnswer, useSome } from '@/api/records.ts';
import type { Field } from '@/api/types.ts';
import { useMeta } from '@/app/context.tsx';
import { Failed } from '@/components/common/States.tsx';
import { ChildTable } from '@/components/record/ChildTable.tsx';
import { kindOf } from '@/fields/index.tsx';
import './campaigns.css';

interface Seen {
	customer_id: string;
	name: string;
	subject: string;
	text: string;
	html: string | null;
	missing: number;
}

function Preview({ record }: { record: RecordAnswer }) {
	const meta = useMeta();
	const { t } = useTranslation();
	const id = record.row.id;
	const contents = useSome(entityOf(meta, 'campaign_content'), new URLSearchParams({ select: 'id,subject,language', campaign_id: `eq.${id}`, order: 'id', limit: '100' }));
	const [chosen, setChosen] = useState<string | null>(null);
	const [customer, setCustomer] = useState<string | null>(null);
	const rows = contents.data?.rows ?? [];
	const content = rows.find((r) => r.id === chosen)?.id ?? rows[0]?.id;
	const seen = useQuery({
		queryKey: ['campaign_content', 'preview', id, content, customer], enabled: content !== undefined,
		queryFn: () => post<Seen>(`campaigns/${id}/preview`, { content_id: content, ...(customer ? { customer_id: customer } : {}) }),
	});
	if (rows.length === 0) return null;
	const field: Field = { name: 'customer', type: 'link', link: 'customer', label: t('campaign.preview_for'), right: 'write' };
	const Pick = kindOf(field).Edit;
	return (
		<section className="campaign-preview">
			<h3>{t('campaign.preview')}</h3>
			<div className="campaign-pick">
				<label htmlFor="campaign-content">{t('campaign.content')}</label>
				<Select id="campaign-content" value={content} onChange={setChosen} options={rows.map((r) => ({ value: r.id, label: `${String(r.language)} · ${String(r.subject)}` }))} />
				<label htmlFor="campaign-customer">{t('campaign.preview_for')}</label>
				<Pick id="campaign-customer" field={field} value={customer} onChange={(v) => setCustomer(typeof v === 'string' ? v : ((v as { id?: string } | null)?.id ?? null))} />
				<Button onClick={() => void seen.refetch()}>{t('campaign.preview_again')}</Button>
			</div>
			{seen.isError && <Failed error={seen.error} small />}
			{seen.data && (
				<article className="campaign-letter">
					<p className="muted">{t('campaign.to', { name: seen.data.name })}{seen.data.missing > 0 && <b className="why-no"> · {t('campaign.missing', { count: seen.data.missing })}</b>}</p>
					<h4>{seen.data.subject}</h4>
					{seen.data.html ? <iframe title={t('campaign.preview')} sandbox="" srcDoc={seen.data.html} /> : <pre>{seen.data.text}</pre>}
				</article>
			)}
		</section>
	);
}

export function ContentTab({ record }: { record: RecordAnswer }) {
	const { t } = useTranslation();
	const parent = { entity: 'campaign', row: record.row };
	return (
		<>
			<h3>{t('campaign.variants')}</h3>
			<p className="muted">{t('campaign.variants_text')}</p>
			<ChildTable child="campaign_variant" field="campaign_id" parent={parent} emptyText={t('campaign.one_variant')} fixed={record.row.state !== 'draft'} />
			<h3>{t('campaign.contents')}</h3>
			<p className="muted">{t('campaign.contents_text', { open: '{{', close: '}}' })}</p>
			<ChildTable child="campaign_content" field="campaign_id" parent={parent} columns={['language', 'subject', 'variant_id']} fixed={!['draft', 'paused'].includes(String(record.row.state))} />
			<Preview record={record} />
		</>
	);
}
