import { PercentageOutlined } from '@ant-design/icons';
import type { Feature } from '@/app/feature.ts';

export default {
	pages: [{ path: '/commission', load: () => import('./CommissionPage.tsx') }],
	menu: [
		{
			area: 'sales', order: 62, to: '/commission', label: 'commission.title', icon: 'commission', when: (who) => who.may('commission_line', 'read'),
			words: 'commission bonus incentive pay 提成 佣金 奖金',
		},
		{ area: 'sales', order: 63, entity: 'commission_plan', icon: 'setting' },
		{ area: 'sales', order: 64, entity: 'commission_adjustment', icon: 'bulk' },
	],
	entities: {
		commission_plan: { unlisted: true, start: { brackets: [{ from: '0', rate: '3' }] } },
		commission_period: { unmade: true, unlisted: true },
		commission_statement: { unmade: true, unlisted: true },
		commission_line: { unmade: true, unlisted: true },
		commission_adjustment: { unlisted: true },
	},
	tabs: [
		{
			on: 'order', key: 'commission', order: 60, work: 'sales', label: 'commission.shares', load: () => import('./Shares.tsx'),
			covers: [{ entity: 'commission_split', field: 'order_id' }], when: (who) => who.may('commission_split', 'read'),
		},
	],
	icons: { commission: PercentageOutlined },
} satisfies Feature;
