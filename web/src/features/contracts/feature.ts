import { FileDoneOutlined, RetweetOutlined } from '@ant-design/icons';
import type { Feature } from '@/app/feature.ts';

export default {
	pages: [{ path: '/renewals', load: () => import('./RenewalsPage.tsx') }],
	menu: [
		{ area: 'sales', order: 50, entity: 'contract', words: 'agreement 合同 协议' },
		{
			area: 'sales', order: 51, to: '/renewals', label: 'contracts.renewals', icon: 'renewal', when: (who) => who.may('contract', 'read'),
			words: 'renewal expiring 续签 到期',
		},
	],
	entities: {
		contract: {
			work: 'sales',
			unlisted: true,
			views: [
				{ key: 'ending', label: 'contracts.view_ending', query: 'state=in.(active)&ends_on=gte.now&order=ends_on.asc', needs: ['state', 'ends_on'] },
				{ key: 'drafts', label: 'contracts.view_drafts', query: 'state=in.(draft)', needs: ['state'] },
			],
		},
		contract_party: { work: 'data' },
		contract_line: { work: 'sales' },
		contract_version: { work: 'history', unmade: true },
	},
	head: [
		{
			on: 'contract', key: 'acts', order: 10, place: 'action', load: () => import('./ContractActs.tsx'),
			when: (who) => who.may('contract', 'update'),
		},
	],
	tabs: [
		{
			on: 'contract', key: 'lines', order: 10, work: 'sales',
			rows: { entity: 'contract_line', field: 'contract_id', fields: ['title', 'amount', 'every', 'first_on', 'until_on', 'planned', 'next_on'], order: 'id.asc' },
		},
		{
			on: 'contract', key: 'due', order: 20, work: 'sales',
			rows: { entity: 'receivable', field: 'contract_id', fields: ['title', 'due_on', 'amount', 'paid', 'open', 'state'], order: 'due_on.asc', fixed: true },
		},
		{
			on: 'customer', key: 'contracts', order: 40, work: 'sales',
			rows: { entity: 'contract', field: 'customer_id', fields: ['title', 'number', 'state', 'starts_on', 'ends_on', 'value'], order: 'ends_on.asc' },
		},
	],
	icons: { contract: FileDoneOutlined, renewal: RetweetOutlined },
} satisfies Feature;
