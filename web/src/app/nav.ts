/** What stands in the menu and in the settings: what features put there, and every entity that none puts anywhere. */
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Entity } from '@/api/types.ts';
import { entityOf, may } from '@/api/records.ts';
import type { Area, MenuEntry, SettingsEntry, SettingsGroup, Who } from './feature.ts';
import { features, waysOf } from './features.ts';
import { useWho } from './who.ts';

export interface NavItem {
	to: string;
	label: string;
	icon: string;
	words?: string;
	/** What it is called in other languages is found by these. */
	key?: string;
	entity?: string;
}

export interface MenuItem extends NavItem {
	area: Area;
	count?: MenuEntry['count'];
	phone?: number;
}

export interface SettingsItem extends NavItem {
	text: string;
}

type Words = (key: string) => string;

export const AREAS: Area[] = ['today', 'customers', 'marketing', 'sales', 'service', 'products', 'analysis', 'settings'];
const GROUPS: SettingsGroup[] = ['firm', 'people', 'data', 'sales', 'service', 'channels', 'automation', 'trust', 'me'];

function itemOf(entry: MenuEntry | SettingsEntry, who: Who, t: Words): NavItem | null {
	if (entry.when && !entry.when(who)) return null;
	if (!entry.entity) return { to: entry.to ?? '/', label: t(entry.label ?? ''), icon: entry.icon ?? 'view', words: entry.words, key: entry.label };
	const entity = entityOf(who.meta, entry.entity);
	if (!entity || !may(entity, 'read')) return null;
	return {
		to: entry.to ?? `/${entity.name}`, label: entry.label ? t(entry.label) : entity.label_many, icon: entry.icon ?? entity.icon ?? entity.name,
		words: entry.words, key: entry.label, entity: entity.name,
	};
}

/** Records of the business that no feature puts anywhere, such as those an administrator made up. */
function unplaced(who: Who): Entity[] {
	const named = new Set([...features().menu, ...features().settings].map((e) => e.entity));
	return who.meta.entities.filter((e) => !e.system && !e.child && may(e, 'read') && !named.has(e.name) && !waysOf(e.name).unmade);
}

/** They stand beside what they point to. */
export function areaOf(entity: Entity): Area {
	const placed = new Map(features().menu.map((e) => [e.entity, e.area]));
	const links = entity.fields.flatMap((f) => (f.link ? placed.get(f.link) ?? [] : []));
	return links[0] ?? 'customers';
}

export function menuOf(who: Who, t: Words): MenuItem[] {
	const own = features().menu.flatMap((entry) => {
		const item = itemOf(entry, who, t);
		return item ? [{ ...item, area: entry.area, count: entry.count, phone: entry.phone }] : [];
	});
	const rest = unplaced(who).map((e) => ({ to: `/${e.name}`, label: e.label_many, icon: e.icon ?? e.name, entity: e.name, area: areaOf(e) }));
	const all: MenuItem[] = [...own, ...rest];
	return AREAS.flatMap((area) => all.filter((item) => item.area === area));
}

export function useNav(): { main: MenuItem[] } {
	const who = useWho();
	const { t } = useTranslation();
	return useMemo(() => ({ main: menuOf(who, t) }), [who, t]);
}

export function useSettings(): { key: string; label: string; items: SettingsItem[] }[] {
	const who = useWho();
	const { t } = useTranslation();
	return useMemo(() => GROUPS.map((key) => ({
		key, label: t(`settings.${key}`),
		items: features().settings.filter((e) => e.group === key).flatMap((entry) => {
			const item = itemOf(entry, who, t);
			return item ? [{ ...item, text: t(entry.text) }] : [];
		}),
	})).filter((g) => g.items.length > 0), [who, t]);
}

/** What is made daily: the button above every page offers it. What stands among the settings is made there. */
export function madeDaily(entity: Entity): boolean {
	return !entity.system && !entity.child && !waysOf(entity.name).unmade && !features().settings.some((e) => e.entity === entity.name);
}

export function makeable(who: Who): Entity[] {
	return who.meta.entities.filter((e) => madeDaily(e) && may(e, 'create'));
}
