import { FormOutlined } from '@ant-design/icons';
import type { Feature } from '@/app/feature.ts';

const WORDS = ['title', 'intro', 'thanks'].flatMap((w) => ['zh', 'hant', 'en'].map((l) => `${w}_${l}`));

export default {
	menu: [{ area: 'marketing', order: 30, entity: 'web_form', words: 'form landing lead 表单 网页 线索 投诉' }],
	entities: {
		web_form: {
			work: 'marketing', record: () => import('./WebFormPage.tsx'), form: () => import('./NewWebForm.tsx'),
			// What its first tab edits.
			shown: () => ['fields', 'consents', 'door_key', ...WORDS],
		},
		web_form_entry: { work: 'marketing', unmade: true, unlisted: true, record: () => import('./EntryPage.tsx') },
	},
	tabs: [{
		on: 'customer', key: 'web_form_entries', order: 75, work: 'marketing', label: { entity: 'web_form_entry' },
		rows: { entity: 'web_form_entry', field: 'customer_id', fields: ['at', 'form_id', 'state', 'agreed', 'utm_source'], order: 'at.desc', fixed: true },
	}],
	icons: { web_form: FormOutlined },
} satisfies Feature;
