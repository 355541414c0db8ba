import { AccountBookOutlined, FieldTimeOutlined, WalletOutlined } from '@ant-design/icons';
import type { Feature } from '@/app/feature.ts';

const OPEN = 'state=in.(open,partly)';

export default {
	pages: [
		{ path: '/ageing', load: () => import('./AgeingPage.tsx') },
		{ path: '/statement/:id', load: () => import('./StatementPage.tsx') },
	],
	menu: [
		{
			area: 'sales', order: 40, to: '/ageing', label: 'money.ageing', icon: 'ageing', when: (who) => who.may('receivable', 'read'),
			words: 'overdue ageing debt 账龄 逾期 回款 催收',
		},
		{ area: 'sales', order: 41, entity: 'receivable', words: 'payment plan instalment 回款计划 应收' },
		{ area: 'sales', order: 42, entity: 'receipt', words: 'money received payment refund 收款 退款 到账' },
	],
	entities: {
		receivable: {
			work: 'sales',
			views: [
				{ key: 'due_open', label: 'money.view_open', query: `${OPEN}&order=due_on.asc`, needs: ['state', 'due_on'] },
				{ key: 'overdue', label: 'money.view_overdue', query: `${OPEN}&overdue_on=older.1d&order=overdue_on.asc`, needs: ['state', 'overdue_on'] },
				{ key: 'promised', label: 'money.view_promised', query: `${OPEN}&promised_on=not.is.null&order=promised_on.asc`, needs: ['state', 'promised_on'] },
			],
		},
		receipt: {
			work: 'sales',
			views: [{ key: 'advance', label: 'money.view_free', query: 'state=in.(received)&free=gt.0', needs: ['state', 'free'] }],
		},
		allocation: { work: 'sales' },
		write_off: { work: 'sales' },
	},
	head: [
		{
			on: 'order', key: 'money', order: 10, place: 'strip', load: () => import('./OrderMoney.tsx'),
			when: (who) => who.may('receivable', 'read'),
		},
		{
			on: 'receipt', key: 'use', order: 10, place: 'action', load: () => import('./UseReceipt.tsx'),
			when: (who, record) => who.may('allocation', 'create') && record.row.kind === 'receipt' && record.row.state === 'received',
		},
		{
			on: 'customer', key: 'owes', order: 40, place: 'strip', load: () => import('./Owes.tsx'),
			when: (who) => who.may('receivable', 'read'),
		},
	],
	tabs: [
		{
			on: 'customer', key: 'receivables', order: 30, work: 'sales',
			rows: { entity: 'receivable', field: 'customer_id', fields: ['title', 'order_id', 'due_on', 'amount', 'paid', 'open', 'state'], order: 'due_on.asc' },
		},
		{
			on: 'customer', key: 'receipts', order: 31, work: 'sales',
			rows: { entity: 'receipt', field: 'customer_id', fields: ['number', 'received_on', 'kind', 'method', 'amount', 'free', 'state'], order: 'received_on.desc' },
		},
		{
			on: 'order', key: 'plan', order: 15, work: 'sales',
			rows: { entity: 'receivable', field: 'order_id', fields: ['title', 'due_on', 'amount', 'paid', 'open', 'state'], order: 'due_on.asc' },
		},
	],
	icons: { receivable: AccountBookOutlined, ageing: FieldTimeOutlined, wallet: WalletOutlined },
} satisfies Feature;
