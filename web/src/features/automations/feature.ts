import { RobotOutlined } from '@ant-design/icons';
import type { Feature } from '@/app/feature.ts';

export default {
	settings: [{ group: 'automation', order: 10, entity: 'automation', icon: 'automation', text: 'settings.automations_text' }],
	entities: {
		automation: { work: 'data', record: () => import('./AutomationPage.tsx'), form: () => import('./AutomationForm.tsx'), shown: () => ['condition'] },
		automation_run: { unmade: true },
	},
	icons: { automation: RobotOutlined },
} satisfies Feature;
