/** What DNS shall say, so that others can check our signatures. */
import { Alert, App, Button } from 'antd';
import { useTranslation } from 'react-i18next';
import type { PartProps } from '@/app/feature.ts';
import './mail.css';

export default function DnsRecord({ record }: PartProps) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	const name = String(record.row.dns_name ?? ''), value = String(record.row.dns_value ?? '');
	const copy = async (text: string) => {
		await navigator.clipboard?.writeText(text);
		void message.success(t('mail.copied'));
	};
	return (
		<div className="mail-account">
			{record.row.active
				? <Alert type="success" showIcon title={t('mail.signs', { domain: String(record.row.domain) })} />
				: <Alert type="info" showIcon title={t('mail.signs_not')} description={t('mail.signs_not_text')} />}
			<p>{t('mail.dns_text')}</p>
			<dl className="mail-dns">
				<dt>{t('mail.dns_type')}</dt>
				<dd><code>TXT</code></dd>
				<dt>{t('mail.dns_name')}</dt>
				<dd><code>{name}</code> <Button size="small" onClick={() => void copy(name)}>{t('mail.copy_name')}</Button></dd>
				<dt>{t('mail.dns_value')}</dt>
				<dd><code>{value}</code> <Button size="small" onClick={() => void copy(value)}>{t('mail.copy_value')}</Button></dd>
			</dl>
		</div>
	);
}
