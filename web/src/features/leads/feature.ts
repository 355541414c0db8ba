import { SolutionOutlined, StarOutlined, UserAddOutlined } from '@ant-design/icons';
import type { Feature } from '@/app/feature.ts';

export default {
	menu: [{ area: 'sales', order: 2, entity: 'lead' }],
	settings: [
		{ group: 'sales', order: 40, entity: 'lead_point', text: 'leads.points_text' },
		{ group: 'sales', order: 50, entity: 'lead_assignment', text: 'leads.assignment_text' },
	],
	entities: {
		lead: {
			work: 'sales',
			people: true,
			apart: ['company', 'city'],
			needs: (values) => (values.state === 'unfit' ? 'unfit_reason' : null),
			views: [
				{ key: 'open', label: 'leads.view_open', query: 'state=in.(new,working,qualified)&order=score.desc', needs: ['state', 'score'] },
				{ key: 'nobody', label: 'leads.view_nobody', query: 'owner_id=is.null', needs: ['owner_id'] },
			],
		},
	},
	head: [
		{ on: 'lead', key: 'convert', order: 10, place: 'action', load: () => import('./Convert.tsx') },
		{ on: 'lead', key: 'score', order: 10, place: 'strip', load: () => import('./Score.tsx') },
	],
	icons: { lead: UserAddOutlined, lead_point: StarOutlined, lead_assignment: SolutionOutlined },
} satisfies Feature;
