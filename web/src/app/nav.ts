/** What stands in the menu, made from the descriptors. */
import { useTranslation } from 'react-i18next';
import type { Entity } from '@/api/types.ts';
import { may } from '@/api/records.ts';
import { useMeta } from './context.tsx';

export interface NavItem {
	to: string;
	label: string;
	icon: string;
}

/** The order people expect; what is not named follows. */
const ORDER = ['customer', 'order', 'product', 'interaction'];
/** Of the business, but kept up by few: among the settings. */
export const QUIET = ['category', 'channel', 'tag'];

const rank = (e: Entity) => {
	const at = ORDER.indexOf(e.name);
	return at < 0 ? ORDER.length : at;
};

export function useNav(): { main: NavItem[]; settings: boolean } {
	const meta = useMeta();
	const { t } = useTranslation();
	const business = meta.entities.filter((e) => !e.system && !e.child && may(e, 'read') && !QUIET.includes(e.name) && !['import_run', 'bulk_act'].includes(e.name)).sort((a, b) => rank(a) - rank(b));
	return {
		main: [
			{ to: '/', label: t('nav.home'), icon: 'home' },
			...business.map((e) => ({ to: `/${e.name}`, label: e.label_many, icon: e.icon ?? e.name })),
		],
		settings: true,
	};
}

export function useSettings(): { key: string; label: string; items: (NavItem & { text: string })[] }[] {
	const meta = useMeta();
	const { t } = useTranslation();
	const has = (name: string) => meta.entities.find((e) => e.name === name && may(e, 'read'));
	const item = (name: string, text: string) => {
		const e = has(name);
		return e ? [{ to: `/${name}`, label: e.label_many, icon: e.icon ?? name, text }] : [];
	};
	const can = (capability: string) => meta.capabilities.includes(capability);
	const groups = [
		{
			key: 'firm', label: t('settings.firm'), items: can('admin')
				? [{ to: '/settings/firm', label: t('firm_page.title'), icon: 'settings', text: t('settings.firm_text') }] : [],
		},
		{
			key: 'people', label: t('settings.people'), items: [
				...item('user', t('settings.users_text')),
				...(has('team') || has('branch') || has('region') ? [{ to: '/settings/organisation', label: t('settings.organisation'), icon: 'team', text: t('settings.organisation_text') }] : []),
				...(can('users') ? [{ to: '/settings/invite', label: t('invite.title'), icon: 'user', text: t('settings.invite_text') }] : []),
				...item('role', t('settings.roles_text')),
				...(has('calendar') ? [{ to: '/settings/calendars', label: t('calendar.title'), icon: 'calendar', text: t('settings.calendars_text') }] : []),
			],
		},
		{
			key: 'data', label: t('settings.data'), items: [
				...item('category', t('settings.categories_text')),
				...item('channel', t('settings.channels_text')),
				...item('tag', t('settings.tags_text')),
				...item('bulk_act', t('settings.bulk_text')),
				...(meta.entities.some((e) => !e.system && may(e, 'delete')) ? [{ to: '/settings/deleted', label: t('deleted.title'), icon: 'delete', text: t('deleted.text') }] : []),
				...(meta.entities.some((e) => may(e, 'import')) ? [{ to: '/import', label: t('import.title'), icon: 'import', text: t('settings.import_text') }] : []),
			],
		},
		{
			key: 'trust', label: t('settings.trust'), items: [
				...(can('audit') ? [{ to: '/settings/audit', label: t('audit.title'), icon: 'audit', text: t('settings.audit_text') }] : []),
				...(can('users') || can('admin') ? item('token', t('settings.tokens_text')) : []),
			],
		},
		{ key: 'me', label: t('settings.me'), items: [{ to: '/account', label: t('account.title'), icon: 'user', text: t('settings.account_text') }] },
	];
	return groups.filter((g) => g.items.length > 0);
}
