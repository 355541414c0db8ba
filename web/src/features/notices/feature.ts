import type { Feature } from '@/app/feature.ts';

export default {
	top: [{ key: 'bell', order: 10, load: () => import('./Bell.tsx') }],
	head: [{ on: '*', key: 'follow', order: 95, place: 'action', load: () => import('./Follow.tsx') }],
} satisfies Feature;
