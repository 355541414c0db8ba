import type { Feature } from '@/app/feature.ts';

export default {
	pages: [
		{ path: '/import', load: () => import('./Imports.tsx') },
		{ path: '/import/new', load: () => import('./Wizard.tsx') },
		{ path: '/import/:id', load: () => import('./Wizard.tsx') },
	],
	settings: [
		{
			group: 'data', order: 60, to: '/import', label: 'import.title', icon: 'import', text: 'settings.import_text',
			when: ({ meta, may }) => meta.entities.some((e) => may(e.name, 'import')),
		},
	],
	entities: { import_run: { record: () => import('./RunPage.tsx'), unmade: true } },
} satisfies Feature;
