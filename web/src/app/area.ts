/** The fields of work: which there are for the reader, and in which one a page stands. */
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'react-router';
import { entityOf } from '@/api/records.ts';
import type { Area, Who } from './feature.ts';
import { areaOf, AREAS, type MenuItem, type NavItem, useNav, useSettings } from './nav.ts';
import { useWho } from './who.ts';

export interface AreaItem extends NavItem {
	area: Area;
	items: MenuItem[];
}

export const AREA_ICONS: Record<Area, string> = {
	today: 'home', customers: 'customer', marketing: 'marketing', sales: 'order', service: 'service', products: 'product', analysis: 'chart',
	settings: 'settings',
};

/** Each is one click away: its first page. One without a page for the reader is not there. */
export function useAreas(): AreaItem[] {
	const { t } = useTranslation();
	const { main } = useNav();
	return useMemo(() => AREAS.flatMap((area): AreaItem[] => {
		const items = main.filter((item) => item.area === area);
		const to = area === 'settings' ? '/settings' : items[0]?.to;
		return to === undefined ? [] : [{ area, items, to, label: t(`area.${area}`), icon: AREA_ICONS[area] }];
	}), [main, t]);
}

const within = (pathname: string, to: string) => pathname === to || (to !== '/' && pathname.startsWith(`${to}/`));

/** The longest address that holds the page wins. */
export function placeOf(pathname: string, items: { to: string }[]): { to: string } | undefined {
	return items.filter((item) => within(pathname, item.to)).sort((a, b) => b.to.length - a.to.length)[0];
}

/** Where a page stands that is in no menu: with what its records belong to. */
function areaOfRecords(who: Who, pathname: string): Area | null {
	const entity = entityOf(who.meta, pathname.split('/')[1]);
	return entity && !entity.system ? areaOf(entity) : null;
}

export function useArea(): { area: Area | null; to: string | null } {
	const who = useWho();
	const { pathname } = useLocation();
	const { main } = useNav();
	const settings = useSettings();
	return useMemo(() => {
		const set = settings.flatMap((g) => g.items).map((item) => ({ to: item.to, area: 'settings' as Area }));
		const found = placeOf(
			pathname, [...main, ...set, { to: '/settings', area: 'settings' }] as { to: string; area: Area }[],
		) as { to: string; area: Area } | undefined;
		return { area: found?.area ?? areaOfRecords(who, pathname), to: found?.to ?? null };
	}, [who, pathname, main, settings]);
}
