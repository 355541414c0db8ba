import type { Feature } from '@/app/feature.ts';

export default {
	menu: [
		{ area: 'sales', order: 10, entity: 'order', phone: 30 },
		{ area: 'products', order: 10, entity: 'product', phone: 50 },
	],
	settings: [
		{ group: 'data', order: 10, entity: 'category', text: 'settings.categories_text' },
		{ group: 'data', order: 20, entity: 'channel', text: 'settings.channels_text' },
	],
	entities: {
		order: {
			work: 'sales',
			narrowed: { fields: ['owner_id', 'team_id', 'branch_id', 'state', 'customer_id'], order: 'placed_at.desc' },
			record: () => import('./OrderPage.tsx'),
			form: () => import('./OrderForm.tsx'),
			start: { kind: 'sale' },
			views: [
				{ key: 'unpaid', label: 'view.unpaid', query: 'state=in.(placed)', needs: ['state'] },
				{ key: 'to_ship', label: 'view.to_ship', query: 'state=in.(paid)', needs: ['state'] },
				{ key: 'returns', label: 'view.returns', query: 'state=in.(cancelled,returned)', needs: ['state'] },
			],
		},
		order_line: { work: 'sales', fills: { product_id: { sku: 'sku', name: 'name', unit: 'unit', unit_price: 'price' } }, start: { kind: 'sale' } },
		product: { record: () => import('./ProductPage.tsx') },
		payment: { work: 'sales' },
		shipment: { work: 'sales' },
	},
	tabs: [
		{
			on: 'customer', key: 'orders', order: 10, work: 'sales',
			rows: { entity: 'order', field: 'customer_id', fields: ['number', 'state', 'placed_at', 'lines_count', 'total', 'channel_id'] },
		},
	],
	timeline: [
		{
			on: 'customer', key: 'orders', order: 20, entity: 'order', field: 'customer_id', at: 'placed_at',
			fields: ['number', 'state', 'placed_at', 'total', 'lines_count', 'channel_id', 'kind'], item: () => import('./OrderItem.tsx'),
		},
	],
} satisfies Feature;
