import { AuditOutlined, SafetyCertificateOutlined } from '@ant-design/icons';
import type { Feature } from '@/app/feature.ts';

export default {
	pages: [
		{ path: '/approvals', load: () => import('./ApprovalsPage.tsx') },
		{ path: '/approvals/:id', load: () => import('./ApprovalPage.tsx') },
	],
	menu: [{ area: 'today', order: 30, to: '/approvals', label: 'approvals.title', icon: 'approval', words: 'approve request decide 审批 批准 申请 待办' }],
	settings: [{
		group: 'automation', order: 20, entity: 'approval_rule', icon: 'approval_rule', text: 'settings.approvals_text', when: (who) => who.can('admin'),
	}],
	entities: {
		approval_rule: {
			work: 'data', record: () => import('./RulePage.tsx'), form: () => import('./RuleForm.tsx'), shown: () => ['condition', 'before_condition', 'steps'],
		},
	},
	head: [{ on: '*', key: 'approval', order: 20, place: 'warning', load: () => import('./Waiting.tsx') }],
	home: [{ key: 'approvals', label: 'approvals.home', order: 12, bare: true, load: () => import('./HomeCard.tsx') }],
	top: [{ key: 'approvals', order: 90, load: () => import('./Held.tsx') }],
	icons: { approval: AuditOutlined, approval_rule: SafetyCertificateOutlined },
} satisfies Feature;
