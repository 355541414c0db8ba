import { TableOutlined } from '@ant-design/icons';
import type { Feature } from '@/app/feature.ts';

export default {
	pages: [{ path: '/pivot', load: () => import('./PivotPage.tsx') }],
	menu: [
		{
			area: 'analysis', order: 20, to: '/pivot', label: 'pivot.title', icon: 'pivot',
			when: (who) => ['order', 'order_line', 'customer', 'opportunity', 'case', 'interaction'].some((name) => who.may(name, 'read')),
			words: 'pivot cube report 透视 交叉 报表',
		},
	],
	entities: { pivot_table: { unmade: true, unlisted: true } },
	icons: { pivot: TableOutlined },
} satisfies Feature;
