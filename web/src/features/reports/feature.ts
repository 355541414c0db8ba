import { DashboardOutlined, FundOutlined } from '@ant-design/icons';
import type { Feature } from '@/app/feature.ts';

export default {
	pages: [
		{ path: '/reports', load: () => import('./ReportsPage.tsx') },
		{ path: '/reports/:name', load: () => import('./ReportPage.tsx') },
		{ path: '/dashboard', load: () => import('./DashboardPage.tsx') },
	],
	menu: [
		{
			area: 'analysis', order: 5, to: '/dashboard', label: 'dash.title', icon: 'dashboard', when: (who) => who.may('order', 'read'),
			words: 'dashboard live today wall 看板 大屏 实时 仪表盘',
		},
		{
			area: 'analysis', order: 10, to: '/reports', label: 'report.title', icon: 'reports',
			when: (who) => ['order', 'opportunity', 'receivable'].some((name) => who.may(name, 'read')),
			words: 'report rfm cohort retention churn funnel 报表 留存 流失 漏斗 分析',
		},
	],
	icons: { dashboard: DashboardOutlined, reports: FundOutlined },
} satisfies Feature;
