import { FormOutlined } from '@ant-design/icons';
import type { Feature } from '@/app/feature.ts';

export default {
	pages: [{ path: '/settings/fields', load: () => import('./Fields.tsx') }],
	settings: [
		{
			group: 'data', order: 5, to: '/settings/fields', label: 'fields.title', icon: 'field', text: 'settings.fields_text',
			when: (who) => who.can('admin'), words: 'custom fields zidingyi ziduan 自定义字段 自訂欄位',
		},
	],
	icons: { field: FormOutlined },
} satisfies Feature;
