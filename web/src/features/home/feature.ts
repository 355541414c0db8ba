import type { Feature } from '@/app/feature.ts';

export default {
	pages: [{ path: '/', load: () => import('./Home.tsx') }],
	menu: [{ area: 'today', order: 0, to: '/', label: 'nav.home', icon: 'home', phone: 10 }],
} satisfies Feature;
