import { FlagOutlined, FrownOutlined, FunnelPlotOutlined, LineChartOutlined, PartitionOutlined } from '@ant-design/icons';
import { ProjectOutlined, SwapOutlined, TrophyOutlined } from '@ant-design/icons';
import type { Feature } from '@/app/feature.ts';

export default {
	pages: [
		{ path: '/deals', load: () => import('./DealsPage.tsx') },
		{ path: '/forecast', load: () => import('./ForecastPage.tsx') },
		{ path: '/deal_reports', load: () => import('./ReportsPage.tsx') },
		{ path: '/today', load: () => import('./TodayPage.tsx') },
	],
	menu: [
		{
			area: 'today', order: 10, to: '/today', label: 'today.title', icon: 'calendar', phone: 10, when: (who) => who.may('interaction', 'read'),
			words: 'due overdue 待办 今日',
		},
		{
			area: 'sales', order: 5, to: '/deals', label: 'deals.board', icon: 'board', phone: 25, when: (who) => who.may('opportunity', 'read'),
			words: 'pipeline kanban deals 管道 看板',
		},
		{ area: 'sales', order: 6, entity: 'opportunity' },
		{
			area: 'sales', order: 7, to: '/forecast', label: 'forecast.title', icon: 'forecast', when: (who) => who.may('opportunity', 'read'),
			words: 'forecast 预测',
		},
		{
			area: 'sales', order: 8, to: '/deal_reports', label: 'deal_reports.title', icon: 'funnel', when: (who) => who.may('opportunity', 'read'),
			words: 'funnel win rate 漏斗 赢单率',
		},
	],
	settings: [
		{ group: 'sales', order: 10, entity: 'pipeline', text: 'deals.pipelines_text' },
		{ group: 'sales', order: 20, entity: 'lost_reason', text: 'deals.reasons_text' },
		{ group: 'sales', order: 30, entity: 'competitor', text: 'deals.competitors_text' },
	],
	entities: {
		opportunity: {
			work: 'sales',
			start: {},
			apart: ['state'],
			views: [
				{ key: 'open', label: 'deals.view_open', query: 'state=in.(open)&order=close_on.asc', needs: ['state', 'close_on'] },
				{ key: 'stuck', label: 'deals.view_stuck', query: 'state=in.(open)&stuck_at=older.0d&order=stuck_at.asc', needs: ['state', 'stuck_at'] },
				{ key: 'no_step', label: 'deals.view_no_step', query: 'state=in.(open)&open_activities=eq.0', needs: ['state', 'open_activities'] },
			],
		},
		opportunity_line: { work: 'sales', fills: { product_id: { name: 'name', unit_price: 'price' } } },
		opportunity_person: { work: 'sales' },
		opportunity_competitor: { work: 'sales' },
		opportunity_change: { work: 'history' },
		forecast_snapshot: { unmade: true, unlisted: true },
	},
	icons: {
		board: ProjectOutlined, deal: TrophyOutlined, forecast: LineChartOutlined, funnel: FunnelPlotOutlined, pipeline: PartitionOutlined,
		stage: FlagOutlined, lost_reason: FrownOutlined, competitor: SwapOutlined,
	},
} satisfies Feature;
