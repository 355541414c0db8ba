/**
 * What a folder of features gives to the page. Each has a feature.ts whose default export is one `Feature`; the build finds it by itself.
 * It imports nothing but types: whatever is behind `load` comes when it is opened.
 */
import type { ComponentType } from 'react';
import type { RecordAnswer } from '@/api/records.ts';
import type { Action, Entity, Me, Meta, Row } from '@/api/types.ts';

/** The eight fields of work of the menu. */
export type Area = 'today' | 'customers' | 'marketing' | 'sales' | 'service' | 'products' | 'analysis' | 'settings';

/** Groups of the settings. */
export type SettingsGroup = 'firm' | 'people' | 'data' | 'sales' | 'service' | 'channels' | 'automation' | 'trust' | 'me';

/** The tabs of a record that has many: what belongs to the same field of work shares one. */
export type Work = 'timeline' | 'sales' | 'service' | 'marketing' | 'data' | 'history';

/** Who sits in front of the page, and what they may do. */
export interface Who {
	meta: Meta;
	me: Me;
	/** Keys of the roles that ship, such as "sales". */
	roles: string[];
	/** A general right, such as "admin". */
	can(capability: string): boolean;
	/** A right on an entity's records; false for what is not there at all. */
	may(entity: string, action: Action): boolean;
}

export type Load<P = object> = () => Promise<{ default: ComponentType<P> }>;

/** An i18n key, or what an entity's records are called. */
export type Label = string | { entity: string };

export interface PageEntry {
	/** As React Router writes it: "/import/:id". It comes before the lists and records of entities. */
	path: string;
	load: Load;
}

interface Place {
	order: number;
	/** Either the list of an entity, for those who may read it … */
	entity?: string;
	/** … or a page of its own: its address and its name. */
	to?: string;
	label?: string;
	/** A name in app/icons.tsx or in `icons`; the entity's own unless given. */
	icon?: string;
	when?: (who: Who) => boolean;
	/** Other names somebody may type into the palette, in any language. */
	words?: string;
}

export interface MenuEntry extends Place {
	area: Area;
	/** Shown behind the name: how many records of the entity meet this, as the API asks: "state=in.(open)". */
	count?: { entity: string; query: string };
	/** On the phone's bar, smaller comes first; absent: behind "more". */
	phone?: number;
}

export interface SettingsEntry extends Place {
	group: SettingsGroup;
	/** i18n key of what is done there, in a line. */
	text: string;
}

export interface BuiltInView {
	key: string;
	/** An i18n key. */
	label: string;
	query: string;
	/** Fields the view speaks of; it is offered only to those who see them. */
	needs?: string[];
}

export interface RecordPageProps {
	entity: Entity;
	id: string;
}

/** How the generic pages treat an entity. */
export interface EntityWays {
	/** A record page of its own. */
	record?: Load<RecordPageProps>;
	/** A page of its own to make one. */
	form?: Load<{ entity: Entity }>;
	/** Nobody makes one by hand. */
	unmade?: boolean;
	/** What choosing a linked record fills in: its fields by ours. */
	fills?: Record<string, Record<string, string>>;
	/** Starting values of a new one. */
	start?: Record<string, unknown>;
	views?: BuiltInView[];
	/** The order that the server has an index for once these fields are narrowed to a value; its own order would sort all that match. */
	narrowed?: { fields: string[]; order: string };
	/** Groups of the form that make no sense for these values. */
	without?: (values: Record<string, unknown>) => string[];
	/** A field that must be given together with these values. */
	needs?: (values: Record<string, unknown>) => string | null;
	/** Fields that tell namesakes apart where they are searched. */
	apart?: string[];
	/** In which tab of other records its records stand, where nobody says otherwise; "data" if absent. */
	work?: Work;
	/** Other records do not list its records by themselves: a part of some feature does it better. */
	unlisted?: boolean;
	/** Fields that stand elsewhere on its page, or make no sense for this record: the facts leave them out. */
	shown?: (row: Row, entity: Entity) => string[];
	/** They are counted as people. */
	people?: boolean;
	/** Forms a list can be exported in, besides the tables. */
	formats?: string[];
	/** i18n key of why a record without an owner cannot be changed. */
	unowned?: string;
}

/** What a part of a record page gets. */
export interface PartProps {
	entity: Entity;
	record: RecordAnswer;
}

/** Records that point to the one that is open. */
export interface RowsOf {
	entity: string;
	/** Their link to it. */
	field: string;
	/** What is shown of each; the list's own columns if absent. */
	fields?: string[];
	/** Narrows them, as the API asks: "state=in.(open,planned)". */
	query?: string;
	/** As the API asks: "due_at.asc". */
	order?: string;
	/** Nothing is added or changed here. */
	fixed?: boolean;
}

interface Part {
	/** The entity whose records get it; "*" stands for all of the business. */
	on: string;
	key: string;
	order: number;
	when?: (who: Who, record: RecordAnswer) => boolean;
}

/** Either rows of another entity, or a component. */
type Content = { rows: RowsOf; load?: undefined } | { load: Load<PartProps>; rows?: undefined };

export type TabEntry = Part & Content & {
	/** i18n key or an entity's records; with `rows` it may be left out. */
	label?: Label;
	work: Work;
	/** Children that a component shows itself: they get no tab of their own. */
	covers?: { entity: string; field: string }[];
};

/** On the right: three rows and "all n", or a component. */
export type CardEntry = Part & Content & { label?: Label };

/** In the head, which stays while the page scrolls. */
export type HeadEntry = Part & {
	/** Beside the title, a strip below it, a button, or a warning that nobody overlooks. */
	place: 'beside' | 'strip' | 'action' | 'warning';
	load: Load<PartProps>;
};

export interface TimelineItemProps {
	entity: Entity;
	row: Row;
	masked: ReadonlySet<string>;
	/** The record whose timeline it is. */
	parent: Row;
	/** The field that says when. */
	at: string;
}

/** One kind of records in the stream of another one. */
export type TimelineSource = Omit<Part, 'when'> & {
	entity: string;
	field: string;
	/** The field that says when; it needs an index together with `field`. */
	at: string;
	/** What the item needs; everything if absent. */
	fields?: string[];
	/** A choice field whose values can be shown alone; without it the source as a whole can. */
	kinds?: string;
	/** A yes/no field: what has it stands on top. */
	pinned?: string;
	/** How an item looks; one line with title and state if absent. */
	item?: Load<TimelineItemProps>;
	when?: (who: Who) => boolean;
};

export interface HintProps {
	entity: Entity;
	values: Record<string, unknown>;
}

export interface HomeCard {
	key: string;
	/** i18n key; also in the list that arranges the cards. */
	label: string;
	order: number;
	/** Keys of the roles it is meant for; all if absent. Others may still add it. */
	roles?: string[];
	/** Keys of the roles for whom it comes before all others. */
	first?: string[];
	/** Over the whole width. */
	wide?: boolean;
	/** It draws its own frame and heading. */
	bare?: boolean;
	when?: (who: Who) => boolean;
	load: Load;
}

export interface PaletteEntry {
	key: string;
	label: string;
	icon: string;
	/** What else somebody may type, in any language. */
	words?: string;
	when?: (who: Who) => boolean;
	/** Where it leads. */
	to: string;
}

export interface Feature {
	pages?: PageEntry[];
	menu?: MenuEntry[];
	settings?: SettingsEntry[];
	entities?: Record<string, EntityWays>;
	tabs?: TabEntry[];
	cards?: CardEntry[];
	head?: HeadEntry[];
	timeline?: TimelineSource[];
	/** What writes to the timeline of an entity's record. */
	composer?: { on: string; entity: string; load: Load<PartProps> }[];
	/** What is said in the form of a new record while it is filled in. */
	hints?: { on: string; load: Load<HintProps> }[];
	home?: HomeCard[];
	/** On every page, at the top beside one's own name. */
	top?: { key: string; order: number; load: Load }[];
	palette?: PaletteEntry[];
	/** Icons by name, beside those of app/icons.tsx. */
	icons?: Record<string, ComponentType>;
}
