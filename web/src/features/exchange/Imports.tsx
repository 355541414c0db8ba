/** The imports so far, and the way to a new one. */
import { UploadOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { may } from '@/api/records.ts';
import { useEntity, useMeta } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { Denied } from '@/components/common/States.tsx';
import { ListPage } from '@/components/list/ListPage.tsx';

export default function Imports() {
	const meta = useMeta();
	const { t } = useTranslation();
	const navigate = useNavigate();
	const runs = useEntity('import_run');
	useTitle(t('import.title'));
	if (!runs || !meta.entities.some((e) => may(e, 'import'))) return <Denied need={t('state.need', { action: t('action_word.import'), what: '' })} />;
	return (
		<ListPage
			key="import_run" entity={runs} base="/import"
			action={<Button type="primary" icon={<UploadOutlined />} onClick={() => void navigate('/import/new')}>{t('import.new')}</Button>}
		/>
	);
}
