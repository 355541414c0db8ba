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
			// The other kind's fields, and what the head shows.
			shown: (row, entity) => [
				...entity.fields.filter((f) => f.group === (row.kind === 'company' ? 'person' : 'company') && !row[f.name]).map((f) => f.name),
				entity.title ?? '', 'stage', 'orders_count', 'orders_total', 'open_work', 'tags',
			],
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
				{
					key: 'open_mine', label: 'view.open_mine', query: 'state=in.(open,planned)&owner_id=in.(me)&order=due_at.asc',
					needs: ['state', 'owner_id', 'due_at'],
				},
				{ key: 'open', label: 'view.open_all', query: 'state=in.(open,planned)&order=due_at.asc', needs: ['state', 'due_at'] },
			],
		},
	},
	head: [
		{ on: 'customer', key: 'badges', order: 10, place: 'beside', load: () => import('./Badges.tsx') },
		{ on: 'customer', key: 'strip', order: 10, place: 'strip', load: () => import('./Strip.tsx') },
		{ on: 'customer', key: 'reach', order: 10, place: 'action', load: () => import('./Reach.tsx') },
	],
	cards: [{ on: 'customer', key: 'todo', order: 0, load: () => import('./ToDo.tsx') }],
	tabs: [
		{ on: 'customer', key: 'identifiers', order: 50, work: 'data', rows: { entity: 'identifier', field: 'customer_id' } },
		{ on: 'customer', key: 'addresses', order: 51, work: 'data', rows: { entity: 'address', field: 'customer_id' } },
		{
			on: 'customer', key: 'consents', order: 52, work: 'data', label: { entity: 'consent' },
			covers: [{ entity: 'consent', field: 'customer_id' }], load: () => import('./Consents.tsx'), when: (who) => who.may('consent', 'read'),
		},
	],
	timeline: [
		{
			on: 'customer', key: 'talks', order: 10, entity: 'interaction', field: 'customer_id', at: 'at', kinds: 'kind', pinned: 'pinned',
			item: () => import('./TalkItem.tsx'),
		},
	],
	composer: [{ on: 'customer', entity: 'interaction', load: () => import('./TalkComposer.tsx') }],
} satisfies Feature;
