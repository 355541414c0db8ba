import { InboxOutlined } from '@ant-design/icons';
import type { Feature } from '@/app/feature.ts';

export default {
	settings: [
		{ group: 'channels', order: 5, entity: 'mailbox', text: 'settings.mailboxes_text', when: (who) => who.can('admin'), words: 'imap e-mail 收信' },
		{
			group: 'channels', order: 6, to: '/mail_message', label: 'mailboxes.received', icon: 'interaction', text: 'settings.received_text',
			when: (who) => who.can('admin'), words: 'inbox bounce',
		},
	],
	entities: {
		mailbox: { start: { active: true, security: 'tls', port: 993, sign_in: 'plain', folder: 'INBOX' }, unlisted: true },
		mail_message: {
			unmade: true, unlisted: true, work: 'service',
			views: [{ key: 'mail_nowhere', label: 'view.mail_nowhere', query: 'case_id=is.null&order=at.desc', needs: ['case_id'] }],
		},
	},
	tabs: [
		{ on: 'mailbox', key: 'fetching', order: 5, label: 'mailboxes.fetching', work: 'timeline', load: () => import('./MailboxWays.tsx') },
		{ on: 'mail_message', key: 'mail', order: 5, label: 'mailboxes.mail', work: 'timeline', load: () => import('./MailTab.tsx') },
	],
	icons: { mailbox: InboxOutlined },
} satisfies Feature;
