import { PauseCircleOutlined, SafetyCertificateOutlined } from '@ant-design/icons';
import type { Feature } from '@/app/feature.ts';

export default {
	settings: [
		{ group: 'channels', order: 60, entity: 'consent_text', icon: 'consent_text', text: 'settings.consent_texts_text' },
		{ group: 'channels', order: 65, entity: 'contact_pause', icon: 'contact_pause', text: 'settings.contact_pauses_text' },
	],
	entities: { consent_text: { work: 'marketing' }, contact_pause: { work: 'marketing' } },
	cards: [{
		on: 'customer', key: 'contact', order: 55, label: 'contact.card', load: () => import('./MayContact.tsx'),
		when: (who) => who.may('consent', 'read'),
	}],
	icons: { consent_text: SafetyCertificateOutlined, contact_pause: PauseCircleOutlined },
} satisfies Feature;
