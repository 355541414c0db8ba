/** What the firm is, and what holds for all of it or for a branch. */
import { Select } from 'antd';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import { entityOf, fetchPage } from '@/api/records.ts';
import { useApp, useCan } from '@/app/context.tsx';
import { useTitle } from '@/app/title.ts';
import { Denied } from '@/components/common/States.tsx';
import { SettingsForm } from './SettingsForm.tsx';

export default function FirmSettings() {
	const { meta, reloadMe } = useApp();
	const { t } = useTranslation();
	const able = useCan('admin');
	const audit = useCan('audit');
	const [params, setParams] = useSearchParams();
	const branch = entityOf(meta, 'branch');
	const branches = useQuery({
		queryKey: ['some', 'branch', 'settings'],
		enabled: able && branch !== undefined,
		queryFn: ({ signal }) => fetchPage(branch!, new URLSearchParams({ select: 'id,name', order: 'name.asc', limit: '500' }), signal),
	});
	const at = params.get('branch') ?? '';
	useTitle(t('firm_page.title'));
	if (!able) return <div className="page"><Denied need={t('state.need_cap', { cap: t('cap.admin') })} /></div>;
	const places = [{ value: '', label: t('firm_page.whole') }, ...(branches.data?.rows ?? []).map((b) => ({ value: b.id, label: String(b.name) }))];
	return (
		<div className="page">
			<h1>{t('firm_page.title')}</h1>
			<p className="quiet">{t('firm_page.text')}{audit && <> <Link className="in-text" to="/settings/audit?entity=setting">{t('firm_page.log')}</Link></>}</p>
			<SettingsForm
				scope={at ? { scope: 'branch', id: at } : { scope: 'firm' }} onSaved={reloadMe}
				tools={places.length > 1 && (
					<Select
						aria-label={t('firm_page.place')} value={at} options={places} showSearch={{ optionFilterProp: 'label' }}
						onChange={(v) => setParams(v ? { branch: v } : {}, { replace: true })}
					/>
				)}
			/>
		</div>
	);
}
