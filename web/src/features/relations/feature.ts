import { ShareAltOutlined } from '@ant-design/icons';
import type { Feature } from '@/app/feature.ts';

export default {
	settings: [{ group: 'data', order: 65, entity: 'relation_kind', text: 'relations.kinds_text' }],
	entities: { relation: { unlisted: true, work: 'data' } },
	tabs: [{
		on: 'customer', key: 'relations', order: 45, work: 'data', label: { entity: 'relation' },
		covers: [{ entity: 'relation', field: 'from_id' }, { entity: 'relation', field: 'to_id' }],
		load: () => import('./Network.tsx'), when: (who) => who.may('relation', 'read'),
	}],
	icons: { relation: ShareAltOutlined },
} satisfies Feature;
