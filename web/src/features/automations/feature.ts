import type { Feature } from '@/app/feature.ts';

export default {
	settings: [{ group: 'automation', order: 10, entity: 'automation', text: 'settings.automations_text' }],
	entities: { automation: { work: 'data' }, automation_run: { unmade: true } },
} satisfies Feature;
