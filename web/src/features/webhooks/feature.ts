import { ApiOutlined } from '@ant-design/icons';
import type { Feature } from '@/app/feature.ts';

export default {
	settings: [{ group: 'automation', order: 60, entity: 'webhook', text: 'settings.webhooks_text', when: (who) => who.can('admin') }],
	entities: { webhook: { start: { active: true }, unlisted: true } },
	tabs: [{ on: 'webhook', key: 'deliveries', order: 5, label: 'webhook.deliveries', work: 'timeline', load: () => import('./Deliveries.tsx') }],
	icons: { api: ApiOutlined },
} satisfies Feature;
