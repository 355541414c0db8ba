import { MailOutlined } from '@ant-design/icons';
import type { Feature } from '@/app/feature.ts';

export default {
	pages: [
		{ path: '/settings', load: () => import('./Settings.tsx') },
		{ path: '/settings/firm', load: () => import('./FirmSettings.tsx') },
		{ path: '/settings/invite', load: () => import('./Invite.tsx') },
		{ path: '/settings/organisation', load: () => import('./Organisation.tsx') },
		{ path: '/settings/audit', load: () => import('./Audit.tsx') },
		{ path: '/settings/deleted', load: () => import('./Deleted.tsx') },
		{ path: '/user/:id/rights', load: () => import('./RightsPage.tsx') },
		{ path: '/bulk_act', load: () => import('./BulkActs.tsx') },
	],
	settings: [
		{
			group: 'firm', order: 10, to: '/settings/firm', label: 'firm_page.title', icon: 'settings', text: 'settings.firm_text',
			when: (who) => who.can('admin'),
		},
		{ group: 'people', order: 10, entity: 'user', text: 'settings.users_text' },
		{
			group: 'people', order: 20, to: '/settings/organisation', label: 'settings.organisation', icon: 'team', text: 'settings.organisation_text',
			when: (who) => ['team', 'branch', 'region'].some((name) => who.may(name, 'read')),
		},
		{
			group: 'people', order: 30, to: '/settings/invite', label: 'invite.title', icon: 'invite', text: 'settings.invite_text',
			when: (who) => who.can('users'),
		},
		{ group: 'people', order: 40, entity: 'role', text: 'settings.roles_text' },
		{ group: 'data', order: 30, entity: 'tag', text: 'settings.tags_text' },
		{ group: 'data', order: 40, entity: 'bulk_act', text: 'settings.bulk_text' },
		{
			group: 'data', order: 50, to: '/settings/deleted', label: 'deleted.title', icon: 'delete', text: 'deleted.text',
			when: ({ meta, may }) => meta.entities.some((e) => !e.system && may(e.name, 'delete')),
		},
		{ group: 'trust', order: 10, to: '/settings/audit', label: 'audit.title', icon: 'audit', text: 'settings.audit_text', when: (who) => who.can('audit') },
		{ group: 'trust', order: 20, entity: 'token', text: 'settings.tokens_text', when: (who) => who.can('users') || who.can('admin') },
	],
	entities: {
		user: { record: () => import('./UserPage.tsx') },
		role: { record: () => import('./RolePage.tsx'), form: () => import('./NewRole.tsx') },
		bulk_act: { record: () => import('./BulkActPage.tsx'), unmade: true },
		attachment: { unmade: true, unlisted: true },
		saved_view: { unmade: true },
	},
	icons: { invite: MailOutlined },
} satisfies Feature;
