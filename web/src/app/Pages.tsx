/** Addresses and the pages behind them. */
import { lazy } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, Navigate, Route, Routes, useParams } from 'react-router';
import { Empty } from '@/components/common/States.tsx';
import { may } from '@/api/records.ts';
import { Denied } from '@/components/common/States.tsx';
import { useEntity } from './context.tsx';
import { features, formPage, pieceOf, recordPage } from './features.ts';

const List = lazy(() => import('@/components/list/ListPage.tsx'));
const Form = lazy(() => import('@/components/form/FormPage.tsx'));
const Record = lazy(() => import('@/components/record/RecordPage.tsx').then((m) => ({ default: m.RecordPage })));
const Keys = lazy(() => import('./Keys.tsx'));
const More = lazy(() => import('./More.tsx'));

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
		return <OwnForm entity={entity} />;
	}
	if (!/^\d+$/.test(id)) return <Missing />;
	const Own = recordPage(entity.name) ?? Record;
	return <Own key={id} entity={entity} id={id} />;
}

export function Pages() {
	return (
		<Routes>
			{features().pages.map(({ path, load }) => {
				const Page = pieceOf(load);
				return <Route key={path} path={path} element={<Page />} />;
			})}
			<Route path="/more" element={<More />} />
			<Route path="/settings/keys" element={<Keys />} />
			<Route path="/:entity" element={<EntityRoute page="list" />} />
			<Route path="/:entity/new" element={<EntityRoute page="new" />} />
			<Route path="/:entity/:id" element={<EntityRoute page="record" />} />
			<Route path="*" element={<Missing />} />
		</Routes>
	);
}
