import { TeamOutlined } from '@ant-design/icons';
import type { Feature } from '@/app/feature.ts';

export default {
	menu: [{ area: 'marketing', order: 10, entity: 'segment', phone: 60 }],
	entities: { segment: { record: () => import('./SegmentPage.tsx'), form: () => import('./SegmentForm.tsx'), unlisted: true, shown: () => ['condition'] } },
	cards: [{
		on: 'customer', key: 'segments', order: 60, label: 'segment.of', load: () => import('./OfRecord.tsx'),
		when: (who) => who.may('segment', 'read'),
	}],
	icons: { segment: TeamOutlined },
} satisfies Feature;
