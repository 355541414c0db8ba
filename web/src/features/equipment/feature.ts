import { AlertOutlined, BarcodeOutlined, SafetyCertificateOutlined } from '@ant-design/icons';
import type { Feature } from '@/app/feature.ts';

export default {
	menu: [
		{ area: 'service', order: 40, entity: 'equipment', words: 'serial number service tag warranty 序列号 机身号 保修 设备' },
		{ area: 'service', order: 41, entity: 'warranty_claim', words: 'warranty claim 保修申请 三包' },
		{ area: 'service', order: 42, entity: 'recall', icon: 'recall', words: 'recall batch 召回 批次' },
	],
	settings: [{ group: 'service', order: 65, entity: 'warranty_term', text: 'equipment.terms_text' }],
	entities: {
		equipment: { work: 'service' },
		equipment_owner: { work: 'history', unmade: true },
		warranty_extension: { work: 'service' },
		warranty_claim: {
			work: 'service',
			views: [{ key: 'refused', label: 'equipment.view_refused', query: 'decision=in.(refused)', needs: ['decision'] }],
		},
		recall_unit: { work: 'service', unmade: true },
	},
	head: [
		{
			on: 'equipment', key: 'warranty', order: 10, place: 'strip', load: () => import('./Warranty.tsx'),
			when: (who) => who.may('warranty_term', 'read'),
		},
		{
			on: 'equipment', key: 'transfer', order: 10, place: 'action', load: () => import('./Transfer.tsx'),
			when: (who) => who.may('equipment', 'update'),
		},
		{
			on: 'case', key: 'warranty', order: 70, place: 'action', load: () => import('./CaseWarranty.tsx'),
			when: (who) => who.may('equipment', 'read') && who.may('warranty_claim', 'create'),
		},
		{
			on: 'recall', key: 'counts', order: 10, place: 'strip', load: () => import('./RecallCounts.tsx'),
			when: (who) => who.may('recall_unit', 'read'),
		},
	],
	tabs: [
		{
			on: 'customer', key: 'equipment', order: 35, work: 'service',
			rows: {
				entity: 'equipment',
				field: 'customer_id',
				fields: ['serial', 'product_id', 'batch', 'state', 'sold_on', 'installed_on'],
				order: 'id.desc',
			},
		},
		{
			on: 'case', key: 'claims', order: 35, work: 'service',
			rows: {
				entity: 'warranty_claim',
				field: 'case_id',
				fields: ['equipment_id', 'fault_on', 'what', 'verdict', 'covered_until', 'term_id', 'decision'],
				order: 'id.desc',
				fixed: true,
			},
		},
		{
			on: 'recall', key: 'units', order: 10, work: 'service',
			rows: {
				entity: 'recall_unit',
				field: 'recall_id',
				fields: ['equipment_id', 'customer_id', 'state', 'answer', 'told_at', 'answered_at'],
				order: 'id.asc',
			},
		},
	],
	icons: { equipment: BarcodeOutlined, warranty: SafetyCertificateOutlined, recall: AlertOutlined },
} satisfies Feature;
