import { ScheduleOutlined } from '@ant-design/icons';
import type { Feature } from '@/app/feature.ts';

export default {
	pages: [{ path: '/settings/runs', load: () => import('./RunsPage.tsx') }],
	settings: [{
		group: 'automation', order: 90, to: '/settings/runs', label: 'runs.title', icon: 'runs', text: 'settings.runs_text',
		when: (who) => who.can('admin'),
	}],
	home: [{ key: 'failed', label: 'runs.failed', order: 35, wide: true, bare: true, load: () => import('./FailedWork.tsx'), when: (who) => who.can('admin') }],
	icons: { runs: ScheduleOutlined },
} satisfies Feature;
