/** Over which channels a customer may be sent offers at this moment, and why not; asking them for it. */
import { useQuery } from '@tanstack/react-query';
import { App, Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { get, post } from '@/api/client.ts';
import { entityOf, may, refresh, useCache } from '@/api/records.ts';
import type { PartProps } from '@/app/feature.ts';
import { useMeta } from '@/app/context.tsx';
import { problemText } from '@/components/common/undo.tsx';
import { When } from '@/components/common/When.tsx';

interface May {
	channel: string;
	verdict: 'yes' | 'later' | 'no';
	reason: string;
	until?: string;
}

const LOOKS = { yes: 'why-yes', later: 'muted', no: 'why-no' };

export default function MayContact({ record }: PartProps) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const meta = useMeta();
	const cache = useCache();
	const consent = entityOf(meta, 'consent');
	const id = record.row.id;
	const found = useQuery({ queryKey: ['consent', 'contact', id], queryFn: ({ signal }) => get<{ may: May[] }>(`customer/${id}/contact`, signal) });
	const failed = (error: unknown) => void message.error(problemText(error, t));
	if (!found.data) return <p className="muted">{found.isPending ? ' ' : t('contact.unknown')}</p>;
	const label = (channel: string) => consent?.fields.find((f) => f.name === 'channel')?.options?.find((o) => o.value === channel)?.label ?? channel;
	const email = found.data.may.find((m) => m.channel === 'email');
	async function ask() {
		await post('consents/ask', { customer_id: id });
		await refresh(cache, 'consent');
		void message.success(t('contact.asked'));
	}
	async function copy() {
		const { url } = await get<{ url: string }>(`customer/${id}/contact_link`);
		await navigator.clipboard.writeText(new URL(url, window.location.href).href);
		void message.success(t('contact.copied'));
	}
	return (
		<>
			<ul className="segment-of">
				{found.data.may.map((m) => (
					<li key={m.channel}>
						{label(m.channel)} <b className={LOOKS[m.verdict]}>{t(`contact.${m.verdict}`)}</b>{' '}
						<span className="muted">{m.reason && t(`contact.${m.reason}_why`)}{m.until && <> · <When at={m.until} /></>}</span>
					</li>
				))}
			</ul>
			{may(consent, 'create') && (
				<p>
					{email && ['no_consent', 'unconfirmed'].includes(email.reason) && Boolean(record.row.email) && (
						<Button size="small" onClick={() => void ask().catch(failed)}>{t('contact.ask')}</Button>
					)}{' '}
					<Button size="small" type="link" onClick={() => void copy().catch(failed)}>{t('contact.copy')}</Button>
				</p>
			)}
		</>
	);
}
