/** What the keyboard does. */
import { Modal } from 'antd';
import { useTranslation } from 'react-i18next';
import { useTitle } from '@/app/title.ts';

const KEYS: [string, string][] = [
	['Ctrl K', 'search'], ['/', 'filter'], ['j ↓', 'down'], ['k ↑', 'up'], ['Enter', 'open'], ['Space', 'peek'], ['x', 'select'],
	['e', 'edit'], ['E', 'edit_whole'], ['c', 'compose'], ['Esc', 'close'], ['Ctrl Enter', 'send'], ['?', 'help'],
];

export default function Keys() {
	const { t } = useTranslation();
	useTitle(t('menu.keys'));
	return (
		<div className="page page-narrow">
			<h1>{t('menu.keys')}</h1>
			<KeysTable />
		</div>
	);
}

/** Over whatever page somebody is on, so that nothing is lost by asking. */
export function KeysHelp({ onClose }: { onClose(): void }) {
	const { t } = useTranslation();
	return <Modal open title={t('menu.keys')} footer={null} onCancel={onClose} width={480}><KeysTable /></Modal>;
}

function KeysTable() {
	const { t } = useTranslation();
	return (
		<table className="plain-table">
			<thead><tr><th scope="col">{t('keys.key')}</th><th scope="col">{t('keys.what')}</th></tr></thead>
			<tbody>
				{KEYS.map(([key, what]) => (
					<tr key={what}><td>{key.split(' ').map((k) => <kbd key={k}>{k}</kbd>)}</td><td>{t(`keys.${what}`)}</td></tr>
				))}
			</tbody>
		</table>
	);
}
