/** Addresses and the pages behind them. */
import { lazy } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, Navigate, Route, Routes, useParams } from 'react-router';
import { Empty } from '@/components/common/States.tsx';
import { may } from '@/api/records.ts';
import { Denied } from '@/components/common/States.tsx';
import { useEntity } from './context.tsx';
import { formPage, recordPage } from './features.ts';

const Home = lazy(() => import('@/features/home/Home.tsx'));
const List = lazy(() => import('@/components/list/ListPage.tsx'));
const Form = lazy(() => import('@/components/form/FormPage.tsx'));
const Record = lazy(() => import('@/components/record/RecordPage.tsx').then((m) => ({ default: m.RecordPage })));
const Account = lazy(() => import('@/features/account/Account.tsx'));
const Settings = lazy(() => import('@/features/admin/Settings.tsx'));
const FirmSettings = lazy(() => import('@/features/admin/FirmSettings.tsx'));
const Invite = lazy(() => import('@/features/admin/Invite.tsx'));
const Organisation = lazy(() => import('@/features/admin/Organisation.tsx'));
const Calendars = lazy(() => import('@/features/calendar/Calendars.tsx'));
const Audit = lazy(() => import('@/features/admin/Audit.tsx'));
const BulkActs = lazy(() => import('@/features/admin/BulkActs.tsx'));
const Deleted = lazy(() => import('@/features/admin/Deleted.tsx'));
const Rights = lazy(() => import('@/features/admin/RightsPage.tsx'));
const Keys = lazy(() => import('@/features/admin/Keys.tsx'));
const Imports = lazy(() => import('@/features/exchange/Imports.tsx'));
const Wizard = lazy(() => import('@/features/exchange/Wizard.tsx'));
const Role = lazy(() => import('@/features/admin/RolePage.tsx'));

function Missing() {
	const { t } = useTranslation();
	return <Empty title={t('state.missing')} text={<>{t('state.no_page')} {t('state.missing_todo')}</>} action={<Link to="/">{t('nav.home')}</Link>} />;
}

function EntityRoute({ page }: { page: 'list' | 'new' | 'record' }) {
	const { entity: name, id = '' } = useParams();
	const { t } = useTranslation();
	const entity = useEntity(name);
	if (!entity) return <Missing />;
	// Plurals are names too; the address shows one.
	if (entity.name !== name) return <Navigate to={`/${entity.name}${id ? `/${id}` : page === 'new' ? '/new' : ''}${window.location.search}`} replace />;
	if (!may(entity, 'read') && page !== 'new') return <Denied need={t('state.need', { action: t('action_word.read'), what: entity.label_many })} />;
	if (page === 'list') return <List entity={entity} />;
	if (page === 'new') {
		const OwnForm = formPage(entity.name) ?? Form;
		return entity.name === 'role' ? <Role entity={entity} id="new" /> : <OwnForm entity={entity} />;
	}
	if (!/^\d+$/.test(id)) return <Missing />;
	const Own = recordPage(entity.name) ?? Record;
	return <Own key={id} entity={entity} id={id} />;
}

export function Pages() {
	return (
		<Routes>
			<Route path="/" element={<Home />} />
			<Route path="/account" element={<Account />} />
			<Route path="/settings" element={<Settings />} />
			<Route path="/settings/firm" element={<FirmSettings />} />
			<Route path="/settings/invite" element={<Invite />} />
			<Route path="/settings/organisation" element={<Organisation />} />
			<Route path="/settings/calendars" element={<Calendars />} />
			<Route path="/settings/audit" element={<Audit />} />
			<Route path="/settings/deleted" element={<Deleted />} />
			<Route path="/settings/keys" element={<Keys />} />
			<Route path="/user/:id/rights" element={<Rights />} />
			<Route path="/bulk_act" element={<BulkActs />} />
			<Route path="/import" element={<Imports />} />
			<Route path="/import/new" element={<Wizard />} />
			<Route path="/import/:id" element={<Wizard />} />
			<Route path="/:entity" element={<EntityRoute page="list" />} />
			<Route path="/:entity/new" element={<EntityRoute page="new" />} />
			<Route path="/:entity/:id" element={<EntityRoute page="record" />} />
			<Route path="*" element={<Missing />} />
		</Routes>
	);
}
