import type { Feature } from '@/app/feature.ts';

export default {
	pages: [{ path: '/', load: () => import('./Home.tsx') }],
	menu: [{ area: 'today', order: 0, to: '/', label: 'nav.home', icon: 'home', phone: 10 }],
	home: [
		{ key: 'work', label: 'home.work', order: 10, bare: true, load: () => import('./Work.tsx'), when: (who) => who.may('interaction', 'read') },
		{ key: 'recent', label: 'home.recent', order: 20, bare: true, load: () => import('./Recent.tsx') },
		{ key: 'setup', label: 'setup.title', order: 30, wide: true, bare: true, load: () => import('./Setup.tsx'), when: (who) => who.can('admin') },
		{
			key: 'trade', label: 'home.trade', order: 40, wide: true, bare: true, first: ['manager', 'analyst'], load: () => import('./Trade.tsx'),
			when: (who) => who.may('order', 'read'),
		},
	],
} satisfies Feature;
