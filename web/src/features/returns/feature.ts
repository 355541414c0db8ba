import { PieChartOutlined, RollbackOutlined } from '@ant-design/icons';
import type { Feature } from '@/app/feature.ts';

const OPEN = 'state=in.(requested,agreed,sent,received)';

export default {
	pages: [{ path: '/returns/why', load: () => import('./WhyPage.tsx') }],
	menu: [
		{
			area: 'service', order: 28, entity: 'goods_return', words: 'return exchange repair refund rma 退货 换货 维修 退款 售后',
			count: { entity: 'goods_return', query: 'state=in.(requested)' },
		},
		{
			area: 'service', order: 31, to: '/returns/why', label: 'returns.why', icon: 'returns_why', when: (who) => who.may('return_line', 'read'),
			words: 'returns reasons 退货原因 退货分析',
		},
	],
	settings: [
		{ group: 'service', order: 70, entity: 'return_policy', icon: 'safety', text: 'returns.policies_text' },
		{ group: 'service', order: 71, entity: 'return_reason', icon: 'bulk', text: 'returns.reasons_text' },
	],
	entities: {
		goods_return: {
			work: 'service',
			unlisted: true,
			unmade: true,
			views: [
				{ key: 'open', label: 'returns.view_open', query: `${OPEN}&order=due_on.asc`, needs: ['state', 'due_on'] },
				{ key: 'overdue', label: 'returns.view_overdue', query: `${OPEN}&due_on=older.1d&order=due_on.asc`, needs: ['state', 'due_on'] },
				{ key: 'decide', label: 'returns.view_decide', query: 'state=in.(requested)&order=due_on.asc', needs: ['state', 'due_on'] },
				{ key: 'settle', label: 'returns.view_settle', query: 'state=in.(received)&order=due_on.asc', needs: ['state', 'due_on'] },
			],
		},
		return_line: { work: 'service' },
	},
	head: [
		{
			on: 'order', key: 'return', order: 60, place: 'action', load: () => import('./NewReturn.tsx'),
			when: (who, { row }) => who.may('goods_return', 'create') && !['draft', 'cancelled'].includes(String(row.state)) && row.kind !== 'return',
		},
		{
			on: 'case', key: 'return', order: 60, place: 'action', load: () => import('./NewReturn.tsx'),
			when: (who, { row }) => who.may('goods_return', 'create') && Boolean(row.order_id),
		},
		{
			on: 'goods_return', key: 'acts', order: 10, place: 'action', load: () => import('./ReturnActs.tsx'),
			when: (who) => who.may('goods_return', 'update'),
		},
		{ on: 'goods_return', key: 'clock', order: 10, place: 'strip', load: () => import('./Clock.tsx') },
	],
	tabs: [
		{
			on: 'goods_return', key: 'lines', order: 10, work: 'service',
			rows: {
				entity: 'return_line', field: 'return_id',
				fields: ['order_line_id', 'quantity', 'reason_id', 'words', 'rule', 'until_on', 'received', 'condition', 'restock', 'value'], order: 'id.asc',
			},
		},
		{
			on: 'customer', key: 'returns', order: 30, work: 'service',
			rows: {
				entity: 'goods_return',
				field: 'customer_id',
				fields: ['number', 'state', 'wish', 'requested_at', 'due_on', 'refunded'],
				order: 'requested_at.desc',
				fixed: true,
			},
		},
		{
			on: 'order', key: 'returns', order: 30, work: 'service',
			rows: {
				entity: 'goods_return',
				field: 'order_id',
				fields: ['number', 'state', 'wish', 'requested_at', 'due_on', 'refunded'],
				order: 'id.desc',
				fixed: true,
			},
		},
		{
			on: 'case', key: 'returns', order: 30, work: 'service',
			rows: {
				entity: 'goods_return',
				field: 'case_id',
				fields: ['number', 'state', 'wish', 'requested_at', 'due_on', 'refunded'],
				order: 'id.desc',
				fixed: true,
			},
		},
	],
	timeline: [
		{
			on: 'customer', key: 'returns', order: 35, entity: 'goods_return', field: 'customer_id', at: 'requested_at',
			fields: ['number', 'state', 'wish', 'requested_at', 'goods_value', 'currency'],
		},
	],
	icons: { goods_return: RollbackOutlined, returns_why: PieChartOutlined },
} satisfies Feature;
