import type { Feature } from '@/app/feature.ts';

export default {
	menu: [
		{ area: 'customers', order: 10, entity: 'customer', phone: 20 },
		{ area: 'today', order: 20, entity: 'interaction', phone: 40 },
	],
	entities: {
		customer: {
			narrowed: { fields: ['owner_id', 'stage', 'city'], order: 'last_order_at.desc' },
			// A person has no line of business and a company no birthday.
			without: (values) => (values.kind === 'company' ? ['person'] : ['company']),
			needs: (values) => (values.stage === 'lost' ? 'lost_reason' : null),
			record: () => import('./CustomerPage.tsx'),
			apart: ['city', 'phone'],
			people: true,
			formats: ['vcard'],
			unowned: 'denied.pool',
			views: [
				{ key: 'pool', label: 'view.pool', query: 'owner_id=is.null', needs: ['owner_id'] },
				{ key: 'silent', label: 'view.silent', query: 'last_order_at=older.90d&order=orders_total.desc', needs: ['last_order_at', 'orders_total'] },
				{ key: 'vip', label: 'view.vip', query: 'level=in.(vip)&order=last_order_at.desc', needs: ['level', 'last_order_at'] },
				{ key: 'new', label: 'view.new', query: 'created_at=within.30d', needs: ['created_at'] },
			],
		},
		interaction: {
			work: 'timeline',
			record: () => import('./InteractionPage.tsx'),
			views: [
				{ key: 'open_mine', label: 'view.open_mine', query: 'state=in.(open,planned)&owner_id=in.(me)&order=due_at.asc', needs: ['state', 'owner_id', 'due_at'] },
				{ key: 'open', label: 'view.open_all', query: 'state=in.(open,planned)&order=due_at.asc', needs: ['state', 'due_at'] },
			],
		},
	},
	timeline: [
		{ on: 'customer', key: 'talks', order: 10, entity: 'interaction', field: 'customer_id', at: 'at', kinds: 'kind', pinned: 'pinned', item: () => import('./TalkItem.tsx') },
	],
	composer: [{ on: 'customer', entity: 'interaction', load: () => import('./TalkComposer.tsx') }],
} satisfies Feature;
