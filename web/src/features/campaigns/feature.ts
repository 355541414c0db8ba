import { NotificationOutlined } from '@ant-design/icons';
import type { Feature } from '@/app/feature.ts';

export default {
	menu: [{ area: 'marketing', order: 20, entity: 'campaign', words: 'mailing newsletter 群发 邮件 促销' }],
	entities: {
		campaign: {
			work: 'marketing',
			record: () => import('./CampaignPage.tsx'),
			start: { control_share: '10', window_days: 14, channel: 'email', live: false },
			views: [
				{ key: 'campaigns_now', label: 'view.campaigns_now', query: 'state=in.(running,paused)', needs: ['state'] },
				{ key: 'campaigns_mine', label: 'view.campaigns_mine', query: 'owner_id=in.(me)', needs: ['owner_id'] },
			],
		},
		campaign_variant: { unlisted: true },
		campaign_content: { unlisted: true },
		campaign_recipient: { work: 'marketing', unmade: true, unlisted: true },
	},
	tabs: [{
		on: 'customer', key: 'campaigns', order: 70, work: 'marketing', label: { entity: 'campaign' },
		rows: { entity: 'campaign_recipient', field: 'customer_id', fields: ['campaign_id', 'state', 'reason', 'listed_at', 'sent_at', 'orders'], order: 'listed_at.desc', fixed: true },
	}],
	icons: { campaign: NotificationOutlined },
} satisfies Feature;
