import type { Feature } from '@/app/feature.ts';

export default {
	pages: [{ path: '/settings/calendars', load: () => import('./Calendars.tsx') }],
	settings: [
		{
			group: 'people', order: 50, to: '/settings/calendars', label: 'calendar.title', icon: 'calendar', text: 'settings.calendars_text',
			when: (who) => who.may('calendar', 'read'),
		},
	],
} satisfies Feature;
