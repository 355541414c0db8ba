import { AimOutlined } from '@ant-design/icons';
import type { Feature } from '@/app/feature.ts';

export default {
	pages: [{ path: '/targets', load: () => import('./TargetsPage.tsx') }],
	menu: [
		{
			area: 'sales', order: 60, to: '/targets', label: 'targets.title', icon: 'target', when: (who) => who.may('target', 'read'),
			words: 'goal quota ranking achievement 目标 业绩 排名 达成',
		},
		{ area: 'sales', order: 61, entity: 'target', icon: 'line', label: 'targets.all' },
	],
	entities: {
		target: {
			work: 'data',
			unlisted: true,
			start: {},
		},
	},
	head: [
		{
			on: 'target', key: 'split', order: 10, place: 'action', load: () => import('./Split.tsx'),
			when: (who) => who.may('target', 'create'),
		},
	],
	tabs: [
		{
			on: 'target', key: 'parts', order: 10, work: 'data', label: 'targets.parts',
			rows: { entity: 'target', field: 'parent_id', fields: ['title', 'scope', 'owner_id', 'team_id', 'starts_on', 'goal'], order: 'starts_on.asc' },
		},
	],
	icons: { target: AimOutlined },
} satisfies Feature;
