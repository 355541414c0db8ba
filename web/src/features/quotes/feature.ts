import { DollarOutlined, FileTextOutlined, GiftOutlined, PercentageOutlined, TransactionOutlined } from '@ant-design/icons';
import type { Feature } from '@/app/feature.ts';

export default {
	menu: [{ area: 'sales', order: 30, entity: 'quote' }],
	settings: [
		{ group: 'sales', order: 60, entity: 'price_book', text: 'settings.price_books_text' },
		{ group: 'sales', order: 70, entity: 'promotion', text: 'settings.promotions_text' },
		{ group: 'sales', order: 80, entity: 'tax', text: 'settings.taxes_text' },
		{ group: 'sales', order: 90, entity: 'exchange_rate', text: 'settings.rates_text' },
	],
	entities: {
		quote: {
			work: 'sales',
			narrowed: { fields: ['owner_id', 'customer_id'], order: 'created_at.desc' },
			record: () => import('./QuotePage.tsx'),
			views: [
				{ key: 'waiting', label: 'view.quotes_waiting', query: 'state=in.(sent)&order=valid_until.asc', needs: ['state', 'valid_until'] },
				{ key: 'drafts', label: 'view.quotes_drafts', query: 'state=in.(draft)&owner_id=in.(me)', needs: ['state', 'owner_id'] },
			],
		},
		quote_line: { unlisted: true },
		price_book: { work: 'sales' },
		price_rule: { work: 'sales' },
		promotion: { work: 'sales' },
	},
	tabs: [
		{
			on: 'customer', key: 'quotes', order: 20, work: 'sales',
			rows: {
				entity: 'quote', field: 'customer_id', fields: ['number', 'title', 'version_no', 'state', 'valid_until', 'total'],
				order: 'created_at.desc',
			},
		},
	],
	icons: { quote: FileTextOutlined, price: DollarOutlined, gift: GiftOutlined, tax: PercentageOutlined, money: TransactionOutlined },
} satisfies Feature;
