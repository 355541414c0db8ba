import { ContainerOutlined, FilterOutlined, NodeIndexOutlined } from '@ant-design/icons';
import type { Feature } from '@/app/feature.ts';

export default {
	pages: [
		{ path: '/public_pool', load: () => import('./PoolPage.tsx') },
		{ path: '/pool_rules', load: () => import('./RulesPage.tsx') },
	],
	menu: [{
		area: 'customers', order: 12, to: '/public_pool', label: 'pool.title', icon: 'pool', phone: 55, when: (who) => who.may('pool_entry', 'read'),
		words: 'pool claim unowned 公海 领取 gonghai',
	}],
	settings: [
		{
			group: 'sales',
			order: 64,
			to: '/pool_rules',
			label: 'pool.rules',
			icon: 'chart',
			text: 'pool.rules_text',
			when: (who) => who.may('pool_rule', 'read'),
		},
		{ group: 'sales', order: 61, entity: 'pool', text: 'pool.pools_text' },
		{ group: 'sales', order: 62, entity: 'pool_rule', icon: 'pool_rule', text: 'pool.rule_text' },
		{ group: 'sales', order: 63, entity: 'stage_rule', icon: 'stage_rule', text: 'pool.stage_text' },
	],
	entities: {
		pool_entry: { unmade: true, people: true, unlisted: true, record: () => import('./EntryPage.tsx') },
		pool_move: { unmade: true, work: 'history' },
		pool_look: { unmade: true, unlisted: true },
		pool_warning: { unmade: true, unlisted: true },
		pool_exempt: { work: 'data' },
		stage_move: { unmade: true, work: 'history' },
	},
	head: [
		{ on: 'customer', key: 'falls', order: 5, place: 'warning', load: () => import('./Falls.tsx'), when: (who) => who.may('pool_warning', 'read') },
		{
			on: 'customer', key: 'give_back', order: 40, place: 'action', load: () => import('./GiveBack.tsx'),
			when: (who, record) => who.may('pool', 'read') && record.row.owner_id === who.me.id,
		},
	],
	home: [{
		key: 'pool', label: 'pool.soon', order: 15, load: () => import('./Soon.tsx'), roles: ['sales', 'manager'], when: (who) => who.may('pool_warning', 'read'),
	}],
	icons: { pool: ContainerOutlined, pool_rule: FilterOutlined, stage_rule: NodeIndexOutlined },
} satisfies Feature;
