import { BookOutlined, ClockCircleOutlined, CustomerServiceOutlined, HeartOutlined, InboxOutlined, StopOutlined, WarningOutlined } from '@ant-design/icons';
import type { Feature } from '@/app/feature.ts';

const OPEN = 'state=in.(new,open,waiting_customer,waiting_other)';

export default {
	pages: [{ path: '/service', load: () => import('./Queue.tsx') }],
	menu: [
		{
			area: 'service', order: 10, to: '/service', label: 'service.queue', icon: 'inbox', phone: 25, when: (who) => who.may('case', 'read'),
			words: 'inbox ticket 收件箱 工单 队列',
		},
		{ area: 'service', order: 20, entity: 'case' },
		{ area: 'service', order: 30, entity: 'article' },
	],
	settings: [
		{ group: 'service', order: 10, entity: 'case_topic', text: 'settings.topics_text' },
		{ group: 'service', order: 20, entity: 'sla_policy', text: 'settings.promises_text' },
		{ group: 'service', order: 30, entity: 'macro', text: 'settings.macros_text' },
		{ group: 'service', order: 40, entity: 'complaint_grade', icon: 'grade', text: 'settings.grades_text' },
		{ group: 'service', order: 50, entity: 'compensation_item', icon: 'amends', text: 'settings.amends_text' },
		{ group: 'service', order: 60, entity: 'compensation_limit', icon: 'limit', text: 'settings.limits_text' },
	],
	entities: {
		case: {
			work: 'service',
			record: () => import('./CasePage.tsx'),
			narrowed: { fields: ['customer_id', 'owner_id', 'team_id', 'state'], order: 'opened_at.desc' },
			views: [
				{ key: 'case_open', label: 'view.case_open', query: `${OPEN}&order=due_at.asc`, needs: ['state', 'due_at'] },
				{ key: 'case_mine', label: 'view.case_mine', query: `${OPEN}&owner_id=in.(me)`, needs: ['state', 'owner_id'] },
				{ key: 'case_complaints', label: 'view.case_complaints', query: `kind=in.(complaint)&${OPEN}`, needs: ['kind', 'state'] },
			],
		},
		case_message: { unlisted: true },
		case_clock: { unlisted: true },
		case_span: { unlisted: true },
		macro: { work: 'service' },
		article: {
			work: 'service',
			views: [
				{ key: 'article_review', label: 'view.article_review', query: 'state=in.(review)', needs: ['state'] },
				{
					key: 'article_old', label: 'view.article_old', query: 'state=in.(published)&review_on=older.0d&order=review_on.asc',
					needs: ['state', 'review_on'],
				},
			],
		},
		case_topic: { work: 'service' },
		sla_policy: { work: 'service' },
		compensation: { work: 'service' },
		complaint_grade: { work: 'service', unlisted: true },
		compensation_limit: { work: 'service', unlisted: true },
		compensation_item: { work: 'service', unlisted: true },
	},
	tabs: [
		{
			on: 'case', key: 'amends', order: 20, work: 'service',
			rows: {
				entity: 'compensation', field: 'case_id', fields: ['kind', 'item_id', 'amount', 'state', 'asked_by_id', 'decided_by_id', 'reason'],
				order: 'id.desc',
			},
		},
		{
			on: 'customer', key: 'cases', order: 10, work: 'service',
			rows: {
				entity: 'case', field: 'customer_id', fields: ['number', 'subject', 'kind', 'state', 'priority', 'opened_at', 'owner_id'],
				order: 'opened_at.desc',
			},
		},
		{
			on: 'order', key: 'cases', order: 10, work: 'service',
			rows: { entity: 'case', field: 'order_id', fields: ['number', 'subject', 'kind', 'state', 'opened_at', 'owner_id'], order: 'opened_at.desc' },
		},
	],
	cards: [
		{
			on: 'customer', key: 'open_cases', order: 20, label: 'service.open_cases',
			rows: { entity: 'case', field: 'customer_id', query: OPEN, fields: ['subject', 'state'], order: 'opened_at.desc' },
		},
		{ on: 'case', key: 'who', order: 10, load: () => import('./CaseCustomer.tsx') },
		{ on: 'case', key: 'articles', order: 7, label: 'service.articles', load: () => import('./Articles.tsx'), when: (who) => who.may('article', 'read') },
		{ on: 'case', key: 'promise', order: 5, label: 'service.promise', load: () => import('./CasePromise.tsx') },
	],
	head: [
		{ on: 'customer', key: 'complaint', order: 10, place: 'warning', load: () => import('./OpenComplaint.tsx'), when: (who) => who.may('case', 'read') },
		{ on: 'customer', key: 'new_case', order: 30, place: 'action', load: () => import('./NewCase.tsx'), when: (who) => who.may('case', 'create') },
		{ on: 'order', key: 'new_case', order: 30, place: 'action', load: () => import('./NewCase.tsx'), when: (who) => who.may('case', 'create') },
	],
	timeline: [{
		on: 'customer', key: 'cases', order: 30, entity: 'case', field: 'customer_id', at: 'opened_at',
		fields: ['number', 'subject', 'state', 'kind', 'opened_at', 'priority'], kinds: 'kind', item: () => import('./CaseItem.tsx'),
	}],
	palette: [{
		key: 'new_case', label: 'service.new', icon: 'case', words: 'ticket complaint 工单 投诉 客诉', to: '/case/new',
		when: (who) => who.may('case', 'create'),
	}],
	icons: {
		case: CustomerServiceOutlined, clock: ClockCircleOutlined, note: BookOutlined, inbox: InboxOutlined,
		grade: WarningOutlined, amends: HeartOutlined, limit: StopOutlined,
	},
} satisfies Feature;
