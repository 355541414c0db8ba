/** What a folder gives to the page, as in web/src/features: it exists only in the tests, and the page's build finds it by GUANXI_FEATURES. */
import type { Feature } from '@/app/feature.ts';

export default {
	pages: [{ path: '/market', load: () => import('./Market.tsx') }, { path: '/settings/market', load: () => import('./Rules.tsx') }],
	menu: [
		{ area: 'marketing', order: 10, to: '/market', label: 'market.title', icon: 'stall', words: 'bazaar' },
		{ area: 'marketing', order: 20, entity: 'stall', count: { entity: 'stall', query: 'is_open=is.true' } },
	],
	settings: [{ group: 'channels', order: 10, to: '/settings/market', label: 'market.settings', icon: 'stall', text: 'market.settings_text', when: (who) => who.can('admin') }],
	entities: { stall: { work: 'marketing', views: [{ key: 'open', label: 'market.open', query: 'is_open=is.true', needs: ['is_open'] }] } },
	tabs: [{ on: 'customer', key: 'stalls', order: 50, work: 'marketing', rows: { entity: 'stall', field: 'customer_id', fields: ['name', 'is_open'] } }],
	cards: [
		{ on: 'customer', key: 'open_stalls', order: 50, label: 'market.open', rows: { entity: 'stall', field: 'customer_id', fields: ['is_open'], query: 'is_open=is.true', order: 'id.desc' } },
	],
	head: [{ on: 'customer', key: 'stall_warning', order: 50, place: 'warning', when: (_, { row }) => row.name === 'Silk and Sons', load: () => import('./Warning.tsx') }],
	timeline: [{ on: 'customer', key: 'stalls', order: 50, entity: 'stall', field: 'customer_id', at: 'created_at', fields: ['name', 'is_open'] }],
	home: [{ key: 'market', label: 'market.title', order: 50, load: () => import('./Market.tsx'), when: (who) => who.may('stall', 'read') }],
	palette: [{ key: 'market_map', label: 'market.map', icon: 'stall', words: 'where 哪里', to: '/market' }],
	icons: { stall: () => null },
} satisfies Feature;
