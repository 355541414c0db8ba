/** What all features together give to the generic pages, and how those ask for it. */
import { type ComponentType, lazy, type LazyExoticComponent } from 'react';
import type { RecordAnswer } from '@/api/records.ts';
import type { Condition } from '@/api/query.ts';
import type { Entity, Field } from '@/api/types.ts';
import { visibleFieldNames } from '@/lib/fields.ts';
import type {
	BuiltInView, CardEntry, EntityWays, Feature, HeadEntry, HomeCard, Load, MenuEntry, PageEntry, PaletteEntry, SettingsEntry, TabEntry, TimelineSource, Who,
} from './feature.ts';

export type { BuiltInView, RecordPageProps } from './feature.ts';

/** All that was found, by kind, each in its order. */
interface Gathered {
	pages: PageEntry[];
	menu: MenuEntry[];
	settings: SettingsEntry[];
	entities: Record<string, EntityWays>;
	tabs: TabEntry[];
	cards: CardEntry[];
	head: HeadEntry[];
	timeline: TimelineSource[];
	composer: NonNullable<Feature['composer']>;
	hints: NonNullable<Feature['hints']>;
	home: HomeCard[];
	top: NonNullable<Feature['top']>;
	palette: PaletteEntry[];
	icons: Record<string, ComponentType>;
}

/** Several features may speak of one entity, but each thing about it is said once. */
function joined(found: Feature[]): Record<string, EntityWays> {
	const all: Record<string, EntityWays> = {};
	for (const feature of found)
		for (const [name, ways] of Object.entries(feature.entities ?? {})) {
			const old: EntityWays = all[name] ?? {};
			const twice = Object.keys(ways).find((key) => key !== 'views' && key in old);
			if (twice) throw new Error(`two features say ${twice} of ${name}`);
			all[name] = { ...old, ...ways, ...(old.views || ways.views ? { views: [...(old.views ?? []), ...(ways.views ?? [])] } : {}) };
		}
	return all;
}

function gather(found: Feature[]): Gathered {
	const of = <K extends keyof Feature>(kind: K) => found.flatMap((f) => (f[kind] as unknown[] | undefined) ?? []) as NonNullable<Feature[K]>;
	const sorted = <T extends { order: number }>(list: T[]): T[] => [...list].sort((a, b) => a.order - b.order);
	return {
		pages: of('pages'), menu: sorted(of('menu')), settings: sorted(of('settings')), entities: joined(found), tabs: sorted(of('tabs')),
		cards: sorted(of('cards')),
		head: sorted(of('head')), timeline: sorted(of('timeline')), composer: of('composer'), hints: of('hints'), home: sorted(of('home')),
		top: sorted(of('top')), palette: of('palette'),
		icons: Object.assign({}, ...found.map((f) => f.icons ?? {})) as Record<string, ComponentType>,
	};
}

let all = gather([]);

/** Takes what was found; once, before the first page is shown. */
export function adopt(found: Feature[]) {
	all = gather(found);
}

export function features(): Readonly<Gathered> {
	return all;
}

const pieces = new Map<unknown, unknown>();

/** The component behind a `load`, the same one every time. */
export function pieceOf<P>(load: Load<P>): LazyExoticComponent<ComponentType<P>> {
	let piece = pieces.get(load) as LazyExoticComponent<ComponentType<P>> | undefined;
	if (!piece) pieces.set(load, piece = lazy(load));
	return piece;
}

export function waysOf(entity: string): EntityWays {
	return all.entities[entity] ?? {};
}

/** Those parts of a record page that this record has. */
export function partsOf<T extends { on: string; when?: (who: Who, record: RecordAnswer) => boolean }>(
	parts: T[], entity: Entity, record: RecordAnswer, who: Who,
): T[] {
	return parts.filter((p) => (p.on === entity.name || (p.on === '*' && !entity.system)) && (!p.when || p.when(who, record)));
}

/** What else has to be asked for when these values are set, such as why a customer is lost. */
export function alsoNeeded(entity: Entity, values: Record<string, unknown>): Field | undefined {
	const name = waysOf(entity.name).needs?.(values);
	return name && isMissing(values[name]) ? entity.fields.find((f) => f.name === name && f.right === 'write') : undefined;
}

const isMissing = (value: unknown) => value === undefined || value === null || value === '';

export function recordPage(entity: string) {
	const { record } = waysOf(entity);
	return record && pieceOf(record);
}

export function formPage(entity: string) {
	const { form } = waysOf(entity);
	return form && pieceOf(form);
}

export function fillsOf(entity: string, field: string): Record<string, string> | undefined {
	return waysOf(entity).fills?.[field];
}

export function startOf(entity: string): Record<string, unknown> | undefined {
	return waysOf(entity).start;
}

export function groupsWithout(entity: string, values: Record<string, unknown>): string[] {
	return waysOf(entity).without?.(values) ?? [];
}

/** How a list is ordered while nobody asked for an order. */
export function defaultOrder(entity: Entity, conditions: Condition[], q: string): string | null {
	const { narrowed } = waysOf(entity.name);
	const fits = narrowed && q === '' && visibleFieldNames(entity).has(narrowed.order.replace(/\..*/, ''))
		&& conditions.some((c) => narrowed.fields.includes(c.field) && ['in', 'is', 'empty'].includes(c.op));
	return fits ? narrowed.order : entity.sort ?? null;
}

export function builtInViews(entity: Entity): BuiltInView[] {
	const seen = visibleFieldNames(entity);
	const views: BuiltInView[] = [{ key: 'all', label: 'view.all', query: '' }];
	if (entity.owner && seen.has(entity.owner) && !entity.system) views.push({ key: 'mine', label: 'view.mine', query: `${entity.owner}=in.(me)` });
	for (const view of waysOf(entity.name).views ?? []) if (!view.needs || view.needs.every((f) => seen.has(f))) views.push(view);
	return views;
}
