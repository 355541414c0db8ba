import { BlockOutlined } from '@ant-design/icons';
import type { Feature } from '@/app/feature.ts';

export default {
	pages: [{ path: '/duplicates', load: () => import('./ReviewPage.tsx') }],
	menu: [{
		area: 'customers', order: 60, to: '/duplicates', label: 'duplicates.title', icon: 'duplicates',
		when: (who) => who.can('merge') && who.may('customer', 'update'), words: 'duplicate merge dedupe 查重 重复 合并',
	}],
	entities: { customer_alias: { unlisted: true, work: 'data' } },
	head: [{ on: 'customer', key: 'merge', order: 90, place: 'action', load: () => import('./MergeButton.tsx'), when: (who) => who.can('merge') }],
	tabs: [{
		on: 'customer', key: 'merged', order: 70, work: 'data', label: { entity: 'customer_alias' },
		covers: [{ entity: 'customer_alias', field: 'customer_id' }], load: () => import('./Merged.tsx'), when: (who) => who.may('customer_alias', 'read'),
	}],
	hints: [{ on: 'customer', load: () => import('./Alike.tsx') }],
	settings: [{ group: 'data', order: 45, entity: 'duplicate_rule', text: 'duplicates.rules_text' }],
	icons: { duplicates: BlockOutlined },
} satisfies Feature;
