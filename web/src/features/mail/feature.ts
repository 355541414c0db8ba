import { KeyOutlined, MailOutlined, SendOutlined } from '@ant-design/icons';
import type { Feature } from '@/app/feature.ts';

export default {
	pages: [{ path: '/settings/mail', load: () => import('./OutboxPage.tsx') }],
	settings: [
		{
			group: 'channels',
			order: 10,
			entity: 'mail_account',
			icon: 'mail',
			text: 'settings.mail_accounts_text',
			when: (who) => who.can('admin'),
			words: 'smtp e-mail',
		},
		{
			group: 'channels', order: 20, to: '/settings/mail', label: 'mail.title', icon: 'outbox', text: 'settings.mail_text',
			when: (who) => who.can('admin'), words: 'smtp outbox',
		},
		{ group: 'channels', order: 30, entity: 'mail_key', icon: 'key', text: 'settings.mail_keys_text', when: (who) => who.can('admin'), words: 'dkim dns' },
	],
	entities: {
		mail_account: { start: { active: true, security: 'starttls', port: 587, sign_in: 'plain' }, unlisted: true },
		mail_key: { start: { selector: 'guanxi', algorithm: 'rsa' }, unlisted: true, shown: () => ['dns_name', 'dns_value'] },
	},
	tabs: [
		{ on: 'mail_account', key: 'sending', order: 5, label: 'mail.sending', work: 'timeline', load: () => import('./AccountWays.tsx') },
		{ on: 'mail_key', key: 'dns', order: 5, label: 'mail.dns', work: 'timeline', load: () => import('./DnsRecord.tsx') },
	],
	icons: { mail: MailOutlined, key: KeyOutlined, outbox: SendOutlined },
} satisfies Feature;
