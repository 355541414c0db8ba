import type { Feature } from '@/app/feature.ts';

export default {
	pages: [{ path: '/account', load: () => import('./Account.tsx') }],
	settings: [{ group: 'me', order: 10, to: '/account', label: 'account.title', icon: 'user', text: 'settings.account_text' }],
} satisfies Feature;
