/** A secret that is shown once, to be copied. */
import { CopyOutlined } from '@ant-design/icons';
import { App, Button } from 'antd';
import { useTranslation } from 'react-i18next';

export function Once({ label, value, lines }: { label: string; value: string; lines?: boolean }) {
	const { t } = useTranslation();
	const { message } = App.useApp();
	return (
		<div className="once">
			<span className="once-label">{label}</span>
			<code className={lines ? 'once-lines' : undefined}>{value}</code>
			<Button size="small" icon={<CopyOutlined />} onClick={() => void navigator.clipboard.writeText(value).then(() => message.success(t('record.copied')))}>{t('word.copy')}</Button>
		</div>
	);
}
