/** What the server says of itself and of records; mirrors /api/v1/meta. */

export type FieldTypeName =
	| 'text' | 'note' | 'int' | 'decimal' | 'real' | 'money' | 'bool' | 'date' | 'time' | 'enum'
	| 'link' | 'links' | 'email' | 'phone' | 'url' | 'code' | 'json';

/** A meaning, not a hue. */
export type Meaning = 'good' | 'bad' | 'warn' | 'info' | 'quiet';

export interface Option {
	value: string;
	label: string;
	colour?: Meaning | null;
}

export type FieldRight = 'hidden' | 'masked' | 'read' | 'write';

/** A step that a state may take. */
export interface Transition {
	name: string;
	label: string;
	/** States it leads on from; null: from any. */
	from: string[] | null;
	to: string;
	colour?: Meaning | null;
	/** The reader has the rights it takes. */
	may: boolean;
	/** The field that keeps why. */
	reason?: string | null;
	needs: string[];
}

export interface Field {
	transitions?: Transition[];
	/** What stored texts that shipped with the program are in the reader's language. */
	shipped?: ReadonlyMap<string, string>;
	name: string;
	type: FieldTypeName;
	label: string;
	help?: string | null;
	group?: string | null;
	required?: boolean;
	unique?: boolean;
	readonly?: boolean;
	insert_only?: boolean;
	more?: boolean;
	list?: boolean;
	sortable?: boolean;
	filterable?: boolean;
	searchable?: boolean;
	personal?: boolean;
	maskable?: boolean;
	right: FieldRight;
	max?: number | null;
	scale?: number | null;
	currency_field?: string | null;
	link?: string | null;
	options?: Option[] | null;
	fallback?: string | null;
	/** A condition over records of this entity. */
	asks?: string | null;
}

export type Action = 'read' | 'create' | 'update' | 'delete' | 'export' | 'import';
export type Scope = 'none' | 'own' | 'team' | 'branch' | 'all';

export interface Entity {
	name: string;
	plural: string;
	label: string;
	label_many: string;
	icon?: string | null;
	title?: string | null;
	subtitle?: string | null;
	sort?: string | null;
	system?: boolean;
	child?: boolean;
	/** Stands in the search index. */
	searched?: boolean;
	parent?: string | null;
	owner?: string | null;
	team?: string | null;
	branch?: string | null;
	actions: Partial<Record<Action, Scope>>;
	groups: { key: string; label: string }[];
	fields: Field[];
	children: { entity: string; field: string; plural: string }[];
}

export interface Me {
	id: string;
	name: string;
	email: string;
	locale?: string | null;
	theme?: string | null;
	density?: string | null;
	/** What they arranged on their page, as JSON (app/arranged.ts). */
	page?: string | null;
	phone?: string | null;
	totp_enabled?: boolean;
	recovery_codes_left?: number;
	must_change_password?: boolean;
	password_changed_at?: string | null;
	roles?: { id: string; key?: string | null; name: string }[];
	/** Who can give a right: the manager of one's team, or an administrator. */
	ask?: string | null;
	/** Texts of what ships (roles), as they are stored, in the reader's language. */
	shipped?: { text: string; label: string }[];
}

export interface Meta {
	version: string;
	/** In which the labels are. */
	language?: string;
	base_currency: string;
	/** What the firm is called at the top of the page; empty until it is set. */
	firm?: string;
	/** "monday", "sunday": where the reader's weeks begin. */
	week_start?: string;
	user: Me;
	capabilities: string[];
	entities: Entity[];
}

/** A record as the API sends it: members by field name, embedded records by link name. */
export type Row = { id: string; version?: number } & Record<string, unknown>;

/** What a link is shown as. */
export interface Linked {
	id: string;
	[field: string]: unknown;
}

export interface Change {
	seq: number | string;
	at: string;
	actor?: { id?: string | null; name?: string | null; kind?: string | null } | null;
	entity?: string;
	record_id?: string;
	action: string;
	diff?: Record<string, [unknown, unknown]> | null;
	request_id?: string | null;
}

export interface SearchAnswer {
	groups: { entity: string; label: string; hits: { id: string; title: string; subtitle?: string | null; score?: number }[]; more?: boolean }[];
	took_ms?: number;
}

export interface ChangeEvent {
	seq: number;
	entity: string;
	id: string;
	action: string;
	actor_id?: string | null;
	fields?: string[];
}

export interface Session {
	user: Me;
	csrf: string;
	expires_at: string;
}

/** A setting as the server describes it. */
export interface Setting {
	name: string;
	type: 'text' | 'int' | 'bool' | 'choice' | 'choices' | 'zone' | 'currency' | 'country' | 'email' | 'phone' | 'url';
	group: string;
	label: string;
	/** The label in each language of the page. */
	words: string[];
	help: string | null;
	scopes: string[];
	min?: number;
	max?: number;
	options?: { value: string; label: string }[];
	value: string;
	/** Set at this place itself, not handed down. */
	set: boolean;
	default: string;
}
