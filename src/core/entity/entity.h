/* Entities are data: everything the program knows of a kind of record stands in
 * one descriptor.  From it come tables, validation, REST, permissions, forms,
 * lists, import, merge, masking and export. */
#ifndef GUANXI_CORE_ENTITY_ENTITY_H
#define GUANXI_CORE_ENTITY_ENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "core/gate/gate.h"
#include "core/entity/value.h"

/* Behaviour belongs to the type: one file type_*.c each. */
enum field_type {
	FIELD_TEXT,     /* one line; `max` code points, default 200 */
	FIELD_NOTE,     /* many lines; default 20,000 */
	FIELD_INT,
	FIELD_DECIMAL,  /* exact, `scale` fraction digits */
	FIELD_REAL,     /* scores and probabilities */
	FIELD_MONEY,    /* minor units; `currency_field` names the text field with the code, NULL: base currency */
	FIELD_BOOL,
	FIELD_DATE,     /* YYYY-MM-DD */
	FIELD_TIME,     /* UTC milliseconds */
	FIELD_ENUM,     /* one of `options` */
	FIELD_LINK,     /* id of a record of entity `link` */
	FIELD_LINKS,    /* ids of records of entity `link`, kept in table <entity>_<field> */
	FIELD_EMAIL,
	FIELD_PHONE,    /* E.164 where it can be */
	FIELD_URL,      /* http or https */
	FIELD_CODE,     /* language, country, currency … : short ASCII */
	FIELD_JSON,
	FIELD_TYPE_COUNT
};

enum field_flag {
	F_REQUIRED = 1 << 0,
	F_UNIQUE = 1 << 1,   /* where not null */
	F_INDEX = 1 << 2,
	F_SEARCH = 1 << 3,   /* goes into the search index */
	F_READONLY = 1 << 4, /* kept by the program; refused in input */
	F_SECRET = 1 << 5,   /* never leaves the program (password hashes) */
	F_PERSONAL = 1 << 6, /* personal data: masked, exported and erased as such */
	F_SENSITIVE = 1 << 7, /* personal data that needs separate consent */
	F_MORE = 1 << 8,     /* in the form, behind "more" */
	F_LIST = 1 << 9,     /* a column of the default list */
	F_INSERT_ONLY = 1 << 10, /* set at creation, then fixed */
	F_MASKABLE = 1 << 11, /* the page offers "masked" for it in roles */
	F_SORT = 1 << 12,     /* worth sorting by (indexed with id) */
	F_OUTLIVES = 1 << 14, /* a required link, given once, to a record that this one outlives: empty when that is deleted */
	F_PAST = 1 << 13,     /* a day that lies behind us: a year of two digits is never one to come */
	F_CUSTOM = 1 << 15,   /* an administrator's: records of before it may be without a value, required or not */
	F_RETIRED = 1 << 16,  /* an administrator's that is out of use: seen by the program alone, its values stay */
	F_CARD = 1 << 17,     /* shown with the record's name: at its head, on cards */
};

/* F_ANY, of a FIELD_CODE: a reference to a record of any kind of the business, as "order/4611686018427387904". It must be there and
 * be seen by who writes it; `on_delete` says what becomes of it when that record goes. */
enum { F_ANY = 1 << 20 };

/* F_NAMES, of a text: a condition, a query or the like that names fields of records, first of all of the kind in the entity's own
 * field "entity". It is looked at before an administrator's field goes. */
enum { F_NAMES = 1 << 21 };

enum on_delete { DELETE_RESTRICT, DELETE_CASCADE, DELETE_SET_NULL };

struct text2 {
	const char *en, *zh; /* zh-Hant is derived at build time */
	const char *hant;    /* of what was named while the program ran; NULL: derived */
};

struct option {
	const char *value;
	struct text2 label;
	const char *colour; /* a meaning, not a hue: "good", "bad", "warn", "info", "quiet"; NULL none */
	bool retired;       /* records keep it, nobody chooses it any more */
};

/* How a text field is numbered where nothing is given: "C-{yyyy}-{00000}".  {yyyy} {yy} {mm} {dd}: the day; {branch}: the code of
 * the record's branch; {00000}: the count, of so many digits at least; {id}: made of the record's id, without a count.  What stands
 * around the count is what is counted under, so that each year and each branch has its own 1.
 *
 * The count is taken in the transaction of the record: what is rolled back leaves no gap, and on PostgreSQL whoever numbers
 * under the same words waits until that transaction ends.  Numbers that are given are kept, and the count goes on above them. */
struct sequence {
	const char *pattern; /* "" or NULL: not numbered, unless the setting says so */
	const char *setting; /* name of a text setting that may say otherwise, for the firm or a branch; NULL none */
	const char *date;    /* DATE or TIME field whose day is meant; NULL: today */
};

/* A step that a state may take.  Without any, an enum field goes from each option to each other.  What the program itself writes
 * (W_TRUSTED) and what hooks set is not asked. */
struct transition {
	const char *name;    /* in addresses: "cancel"; one of a kind in its entity */
	struct text2 label;  /* on its button: what one does, "Cancel the order" */
	const char *from;    /* options with commas; NULL: any but `to` */
	const char *to;
	const char *cap;     /* name of the capability that it takes besides the right to change the field; NULL none */
	const char *needs;   /* fields with commas that must be filled when it is done; NULL none */
	const char *reason;  /* text field that must be given with it; kept there until the next step, and in the change log; imports may
	                      * come without; NULL: none asked */
	const char *colour;  /* as an option's */
};

struct field {
	const char *name;
	enum field_type type;
	unsigned flags;
	struct text2 label;
	const char *group;        /* form group key, NULL: the first */
	const char *link;         /* entity name, for FIELD_LINK and FIELD_LINKS */
	enum on_delete on_delete; /* what deleting the linked record does to this one */
	const struct option *options; /* ended by value NULL */
	const struct transition *transitions; /* FIELD_ENUM: which steps it may take; ended by name NULL; NULL: all */
	const char *starts;       /* with transitions: options with commas that a new record may begin with, unless imported; NULL: all */
	const struct sequence *sequence; /* of a text that is unique, alone or with others; NULL: not numbered */
	const char *currency_field;
	const char *made_from;    /* name of the field it is derived from, here or (its own name too) in the parent, or of records of
	                           * another kind ("opportunity.amount"): whoever may not see that one does not see this one */
	const char *kind_field;   /* an enum beside a text: of the kind "phone" or "email" it is read like a field of that type */
	const char *form_of;      /* F_SECRET: kept by the program, the form (text_form) by which texts of the field named are compared;
	                           * written beside it, so that it is shown as it was written. Unique, it makes that one unique */
	bool form_cased;          /* letters of that form mind their case */
	const char *fallback;     /* default value in API text form, NULL none; "now" for times, "me" for links to user */
	int max;                  /* code points; 0: the type's default */
	int scale;
	struct text2 help;
	int min;                   /* code points that a text has at least */
	const char *least, *most;  /* bounds of numbers, days and times, in API text form; NULL none */
	int order;                 /* F_CUSTOM: among those of its form, smaller first */
	const char *column;        /* of the table; NULL: as the field is called */
	const char *asks;          /* F_NAMES: it is a condition over records of this entity; NULL: none, or of what the entity's own field says */
	const char *const *aliases; /* names it had before, which still mean it; ended by NULL; NULL none */
};

/* The column a field is kept in; many-links stand in a table "<entity>_<column>". */
static inline const char *field_column(const struct field *field)
{
	return field->column ? field->column : field->name;
}

/* Whether each row of the table has a value. */
static inline bool field_never_null(const struct field *field)
{
	return (field->flags & (F_REQUIRED | F_OUTLIVES | F_CUSTOM)) == F_REQUIRED;
}

struct field_group {
	const char *key;
	struct text2 label;
};

struct record;
struct entity;

/* Hooks of the capability that owns the entity; all inside the write job.
 * `old` is NULL on create, `new` is NULL on delete. */
struct entity_hooks {
	/* May complete or refuse; may set read-only fields of `new`. Required fields are asked
	 * for afterwards, so they can be null here. */
	enum err (*before)(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *new_);
	/* May write other records. */
	enum err (*after)(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *new_);
	/* E_GATHER: the last word on a new record before it is written, when all that was made
	 * for it in this job is known (record_gathered_child). Then comes `after`. */
	enum err (*gathered)(struct ctx *ctx, const struct entity *entity, struct record *new_);
	/* What keeps the actor from changing a record that is within reach, as ERR_FORBIDDEN with its fault: for pages, which offer
	 * only what may be done. `before` refuses it all the same. */
	enum err (*bars)(struct ctx *ctx, const struct record *record);
	/* Where a record of this id, which is no more, lives on since it was merged: *ret, 0 nowhere. Asked of no gate. */
	enum err (*alias)(struct ctx *ctx, int64_t id, int64_t *ret);
};

/* What another folder does when records of an entity change, in the same write job, after the entity's own hooks and in the
 * order of the manifests.  `before` may refuse, or complete what it may write; `after` may write other records, of the
 * entities it names, and of new records that are gathered finds them written then.  Not called with `gathered`. */
struct reaction {
	const char *entity;
	enum err (*before)(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now);
	enum err (*after)(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now);
	const char *const *writes; /* names of entities, ended by NULL; NULL: none */
	/* What is kept of records outside of records (members of segments) goes from one to another with which it is merged; `back`: it
	 * was, and what came from there returns. */
	enum err (*merged)(struct ctx *ctx, const struct entity *entity, int64_t from, int64_t into, bool back);
};

/* Field positions every entity has, before its own.  id is a FIELD_LINK without a
 * target (a string of digits in JSON); created_by and updated_by link to "user"
 * where that entity exists: */
enum system_field { SF_ID, SF_VERSION, SF_CREATED_AT, SF_CREATED_BY, SF_UPDATED_AT, SF_UPDATED_BY, SF_COUNT };

struct entity {
	const char *name;   /* "customer": table, path, JSON */
	const char *plural; /* "customers": accepted as path and in embedding */
	struct text2 label, label_many;
	const struct field *fields; /* its own, after the system fields */
	size_t n_fields;
	const struct field_group *groups; /* ended by key NULL */
	const char *title;      /* field shown as the record's name */
	const char *subtitle;   /* or NULL */
	const char *owner, *team, *branch; /* field names for scopes, or NULL */
	const char *parent;     /* LINK field whose record decides access to this one, or NULL */
	/* Which records change hands when their owner leaves, as a condition of a list: "" all; "state=in.(open)": what is still
	 * to be done; NULL: none, they tell who did what. */
	const char *work;
	const char *sort;       /* default order, as in ?order= : "created_at.desc" */
	const char *icon;
	unsigned flags;
	uint32_t cap;           /* E_SYSTEM: capability that gives all rights to it, and is needed to write it; 0: as roles say, CAP_USERS to write */
	int search_rank;        /* 0: not searched; smaller is shown earlier */
	struct entity_hooks hooks;
	const char *const *indexes; /* extra: "customer_id,ordered_at" …, ended by NULL; leading "unique " allowed */
};

enum entity_flag {
	E_SYSTEM = 1 << 0,   /* administration: needs a capability, not in the business menu */
	E_NO_API_WRITE = 1 << 1, /* written by the program only */
	E_NO_LOG = 1 << 2,   /* changes are not kept in the change log (sessions) */
	E_INTERNAL = 1 << 3, /* not over the generic API at all */
	E_CHILD = 1 << 4,    /* shown inside its parent, no list of its own in the menu */
	E_PRIVATE = 1 << 6,  /* read by its owner, and all by administrators, whatever a person's roles say of it */
	E_LOOKALIKE = 1 << 7, /* a file is taken for another kind (customers, orders) unless it is asked for, or says more of this one */
	E_GATHER = 1 << 5,   /* new ones may wait for the end of a write job (record_gather): hooks know of it,
	                      * write no other records, and look none up but by id or parent */
};

/* --- registry ---------------------------------------------------------- */

/* A right that belongs to no entity, named by a folder: "approve".  The first of all folders together are core/gate's. */
struct cap_name {
	const char *name;
	struct text2 label; /* "Approve discounts" */
	const char *role;   /* the key of a shipped role that has it in new databases; NULL: administrators alone */
};

/* All fields (system fields first) of one entity, resolved. */
struct entity_info {
	const struct entity *entity;
	size_t number;              /* position in the registry = gate's entity number */
	const struct field **fields; /* n_fields pointers; position = gate's field number = value position */
	size_t n_fields;
	int owner, team, branch, parent, title; /* positions or -1 */
	const struct entity_info *parent_info;
	const struct reaction *const *reactions;
	size_t n_reactions;
	uint32_t cap; /* capability needed to write E_SYSTEM entities, 0 none */
};

enum err registry_new(struct ctx *ctx, const struct entity *const *list, size_t n, unsigned node, struct registry **ret) MUST_CHECK;
/* The first, and all that followed it; nobody holds one any more. */
void registry_free(struct registry *registry);

/* What the descriptors are may change while the program serves (core/custom).  A registry never changes: a newer one follows it,
 * and who works holds one from the beginning of a request or job to its end, so that it never sees some of the old and some of the
 * new.  Neither holding nor following waits for anybody.  The first one lives as long as all of them and stands for them: any
 * function that takes a registry to ask for the newest may be given any of them. */

/* The newest, to be given back; NULL of NULL. */
struct registry *registry_hold(struct registry *any);
/* NULL, and the first of all: nothing. */
void registry_release(struct registry *registry);
/* From here on `list` holds, in its order: the entities of the first registry, or others of their names with more fields behind
 * theirs, then further ones.  `keep` is what they are made of; it is given to `drop` when nobody holds that registry any more, and
 * at once on an error.  One caller at a time.  ERR_RETRY "registry_busy": too many old ones are still held. */
enum err registry_follow(struct ctx *ctx, struct registry *any, const struct entity *const *list, size_t n, void *keep, void (*drop)(void *keep)) MUST_CHECK;
/* Whether such a list would do, and what is in it; for registry_try_end. ERR_BUG says what is wrong. */
enum err registry_try_new(struct ctx *ctx, struct registry *any, const struct entity *const *list, size_t n, struct registry **ret) MUST_CHECK;
void registry_try_end(struct registry *tried);
/* Grows with each that follows, from 1. */
uint64_t registry_number(const struct registry *registry);
/* The number of the oldest that somebody holds; the first, which always lives, does not count once it is followed. */
uint64_t registry_oldest(struct registry *any);
/* The first of all: what the program brings. */
const struct registry *registry_first(const struct registry *any);
/* Before work starts.  Lists ended by entity NULL, the list of them by NULL; they outlive the registry.  ERR_BUG: an entity is
 * not there, or a change could come back to where it began (the reactions and what they write go round). */
enum err registry_react(struct ctx *ctx, struct registry *registry, const struct reaction *const *tables) MUST_CHECK;
/* The counts of numbered fields; stands among the entities wherever one counts. */
extern const struct entity entity_number_count;
/* What numbering asks of settings; both may be NULL: what descriptors say, UTC. Before work starts. */
struct registry_numbering {
	/* The pattern for a branch (0: none). */
	enum err (*pattern)(struct ctx *ctx, const char *setting, int64_t branch_id, const char **ret);
	/* The time zone for a branch. */
	enum err (*zone)(struct ctx *ctx, int64_t branch_id, const char **ret);
};
void registry_number_by(struct registry *registry, const struct registry_numbering *numbering);
/* ERR_INVALID at `field` "number_pattern": not a pattern (see struct sequence). "" is one. */
enum err registry_check_pattern(struct ctx *ctx, const char *field, const char *pattern) MUST_CHECK;
/* Who is asked of every change by a person, whatever way it came, in the write job (core/approvals). */
struct registry_guard {
	/* Before it is written, when all is known that will be. `old` NULL: a new record. *ret: what `after` is to be given, in ctx's
	 * arena; NULL: it need not be asked. */
	enum err (*before)(void *arg, struct ctx *ctx, const struct record *old, const struct record *now, const void **ret);
	/* Once it is written, before anybody else hears of it: an error refuses it. */
	enum err (*after)(void *arg, struct ctx *ctx, const struct record *now, const void *asked);
	/* A record is deleted. */
	enum err (*gone)(void *arg, struct ctx *ctx, const struct record *old);
	void *arg;
};
/* Before work starts; NULL: nobody. What it points to outlives the registry. */
void registry_guard_by(struct registry *registry, const struct registry_guard *guard);
/* Before work starts.  Capabilities that folders name: lists ended by name NULL, the list of them by NULL; they outlive the
 * registry.  ERR_BUG: a name stands twice, there are more than 32 with core's own, or a descriptor asks for one that is not there. */
enum err registry_caps(struct ctx *ctx, struct registry *registry, const struct cap_name *const *tables) MUST_CHECK;
/* The bit of an actor's caps, for gate_cap; 0: there is no such capability. */
uint32_t registry_cap(const struct registry *registry, const char *name);
/* All that folders named. */
uint32_t registry_cap_named(const struct registry *registry);
/* By bit number; NULL past the end. */
const struct cap_name *registry_cap_at(const struct registry *registry, unsigned bit);
size_t registry_count(const struct registry *registry);
const struct entity_info *registry_at(const struct registry *registry, size_t number);
/* What holds for all entities.  Before work starts; the texts are copied. */
struct registry_settings {
	const char *base_currency; /* NULL: "CNY" */
	const char *phone_region;  /* of numbers without a country code; NULL: "CN" */
};
enum err registry_set(struct ctx *ctx, struct registry *registry, const struct registry_settings *settings) MUST_CHECK;
/* From a thread that serves: later reads get the new one, earlier texts stay valid. */
enum err registry_set_base_currency(struct ctx *ctx, struct registry *registry, const char *currency) MUST_CHECK;
enum err registry_set_phone_region(struct ctx *ctx, struct registry *registry, const char *region) MUST_CHECK;
/* Whether any record holds an amount somebody entered (kept figures do not count). */
enum err registry_holds_money(struct ctx *ctx, bool *ret) MUST_CHECK;
const char *registry_base_currency(const struct registry *registry);
const char *registry_phone_region(const struct registry *registry);
/* By name or plural; NULL if there is none. */
const struct entity_info *registry_find(const struct registry *registry, const char *name);
/* Position of a field, -1 if there is none. */
int entity_field(const struct entity_info *info, const char *name);
/* The text field by which people know a record apart from others of its name (number, code, e-mail): the first that
 * is unique; -1 if there is none, or it is the title itself. */
int entity_key(const struct entity_info *info);
/* A field of an entity. */
struct entity_ref {
	const struct entity_info *info;
	int field;
};
/* The record that a text such as "order/12" means; false: it is none of a kind of the business. */
bool entity_any(const struct registry *registry, const char *text, const struct entity_info **ret_info, int64_t *ret_id) MUST_CHECK;
/* Fields that refer to records of any kind (F_ANY). */
const struct entity_ref *entity_anys(const struct registry *registry, size_t *ret_n);
/* The entity a LINK or LINKS field points to; NULL for other fields and for id. */
const struct entity_info *entity_link(const struct entity_info *info, int field);
/* Fields of other entities (and of itself) that point here; system fields left out. */
const struct entity_ref *entity_refs(const struct entity_info *info, size_t *ret_n);
/* The field that comparisons ask (equal, in, keys): the one with the form of this one, where there is one; else itself. */
int entity_compared(const struct entity_info *info, int field);
/* The transition of this name, and its field; NULL if there is none. */
const struct transition *entity_transition(const struct entity_info *info, const char *name, int *ret_field);
/* Whether it leads on from this option; false for NULL (no state). */
bool entity_step_leads(const struct transition *transition, const char *from);
/* Whether the actor has the rights it takes, whatever the record. */
bool entity_step_may(const struct ctx *ctx, const struct entity_info *info, int field, const struct transition *transition);
/* A label in the context's language. */
const char *entity_label(struct ctx *ctx, const struct text2 *label);
/* A value of the field as it stands there. */
enum err entity_compared_value(struct ctx *ctx, const struct entity_info *info, int field, const struct value *value, struct value *ret) MUST_CHECK;
/* Position of the field with a money field's currency; -1: base currency, or not money. */
int entity_currency(const struct entity_info *info, int field);

/* --- rights, as every part of the program must ask them ------------------ */

/* Scope of an action.  Of an entity with a parent: the narrower of its own scope and
 * the parent's READ scope.  Writing an E_SYSTEM entity needs info->cap; E_NO_API_WRITE
 * entities are written by the system alone.
 *
 * The scope is then asked of the row's owner:
 *   - with a parent link that is not null: the owner of the parent's row, and so on up;
 *   - otherwise its own owner, team and branch fields, 0 where it has no such field
 *     (so rows of entities without owners are reached by SCOPE_ALL alone). */
enum scope entity_scope(const struct actor *actor, const struct entity_info *info, enum action action);
/* Right to a field: F_SECRET is hidden from all but the system; F_READONLY is READ at
 * most; id and version are READ at least. */
enum field_right entity_field_right(const struct actor *actor, const struct entity_info *info, int field);

/* A fresh record id. */
int64_t registry_next_id(struct ctx *ctx);

/* DDL of all entities for the engine, for migration 1 and for tests that compare schema and descriptors.
 * Tables and columns carry the entities' and fields' names (quoted: "order" is a
 * keyword); many-links stand in "<entity>_<field>" (record_id, link_id). */
enum err registry_ddl(struct ctx *ctx, const struct registry *registry, int engine, struct buf *ret) MUST_CHECK;

/* What one field more needs in the schema of one engine. */
struct field_ddl {
	struct buf column; /* or its table, with what points to it: takes no longer for a large table than for a small one */
	struct buf index;  /* CREATE INDEX …; "" none */
};
/* `ret` holds two buffers that were made; a field without a constant default is empty in the rows there are. */
enum err registry_field_ddl(struct ctx *ctx, const struct entity_info *info, size_t at, int engine, struct field_ddl *ret) MUST_CHECK;

/* DROP INDEX of a column's own index. */
void registry_put_index_drop(struct buf *buf, const char *table, const char *column, bool unique);

/* In a schema step: makes the tables, columns and indexes that descriptors have and the schema lacks. Rows that are
 * there get the field's constant default; a required field needs one. */
enum err registry_upgrade(struct ctx *ctx, const struct registry *registry) MUST_CHECK;
/* Names of the entities that the schema has no table for, ended by NULL; in ctx's arena. */
enum err registry_tables_lacking(struct ctx *ctx, const struct registry *registry, const char *const **ret) MUST_CHECK;
/* In a schema step, after registry_upgrade: e-mail addresses are readable (no xn--), and every field with a form (form_of) has its
 * form. Of records that become equal where they must not, the first keeps it, or who is written so; the others stay what they
 * are, compared as written, and are told (log). */
enum err registry_forms_upgrade(struct ctx *ctx, const struct registry *registry) MUST_CHECK;
/* In a schema step, after registry_upgrade: columns of one entity that no longer have to be filled may be empty. */
enum err registry_loosen(struct ctx *ctx, const struct registry *registry, const char *entity) MUST_CHECK;
/* ERR_CONFLICT "schema_lacks" with the first field that the schema has no column for. */
enum err registry_check_schema(struct ctx *ctx, const struct registry *registry) MUST_CHECK;
/* What rows get in a column that they came without: SQL of our own; NULL: nothing. */
enum err registry_fallback(struct ctx *ctx, const struct registry *registry, const char *table, const char *column, const char **ret) MUST_CHECK;

/* In a write job, before very many records of an E_GATHER entity are put into a table that is all
 * but empty: takes away the indexes that no write needs.  Those that begin with a field that will be asked
 * for, by position in `asked`, stay.  Lists are slow until they are made again.  SQLite; else nothing. */
enum err entity_indexes_aside(struct ctx *ctx, const struct entity_info *info, const bool *asked) MUST_CHECK;
/* In a write job: makes one index that a descriptor calls for and that is not there; call
 * it, each time in a job of its own, until *ret_made is false. */
enum err entity_index_mend(struct ctx *ctx, bool *ret_made) MUST_CHECK;
/* Whether the descriptor calls for an index that begins with the field, and, with `second` not -1, gives its rows in that
 * one's order (SF_ID too); with `nulls`, one that has records without a value too. */
bool entity_index_leads(const struct entity_info *info, int first, int second, bool nulls);
/* The name of one that is not there; NULL: none is missing. */
enum err entity_index_missing(struct ctx *ctx, const char **ret_name) MUST_CHECK;

/* --- records ----------------------------------------------------------- */

struct record {
	const struct entity_info *info;
	struct value *values; /* by position */
	bool *set;            /* which are given or loaded */
};

enum err record_new(struct ctx *ctx, const struct entity_info *info, struct record **ret) MUST_CHECK;
/* By name; unknown names are ERR_BUG.  Text and ids are kept, not copied: they must
 * live as long as the record.  Text for a number, time, link … is read as API text
 * when the record is written (hooks set the field's own kind of value). */
enum err record_set(struct ctx *ctx, struct record *record, const char *field, struct value value) MUST_CHECK;
const struct value *record_value(const struct record *record, const char *field);
int64_t record_i64(const struct record *record, const char *field);   /* 0 if null */
const char *record_text(const struct record *record, const char *field); /* NULL if null */
int64_t record_id(const struct record *record);
/* From API text, for import: like field_parse, but money waits for its currency. */
enum err record_set_text(struct ctx *ctx, struct record *record, int field, const char *text) MUST_CHECK;
/* Code of a money field's currency in this record; never NULL. */
const char *record_currency(const struct ctx *ctx, const struct record *record, int field);

/* Parses API text (as in CSV, filters, URLs) into a value of the field's type and
 * normalises it; reports with the field's name.  Money is read with the base
 * currency's fraction digits. */
enum err field_parse(struct ctx *ctx, const struct entity_info *info, int field, const char *text, struct value *ret) MUST_CHECK;

/* Faults of a checked value that the field's bounds do not hold (min, least, most), or that is an option out of use. */
void record_check_bounds(struct ctx *ctx, const struct entity_info *info, int at, const struct value *value);

/* How records are written: the flags of one call. */
enum write_flag {
	W_TRUSTED = 1 << 0,   /* the program itself: read-only fields allowed, no field rights asked */
	W_KEEP_DATES = 1 << 1, /* created_at/by as given; the actor needs CAP_ADMIN, else they are refused like any read-only field */
	W_NO_SEARCH = 1 << 2, /* the caller indexes later */
	W_KEPT = 1 << 3,      /* read-only fields are given by the program; all else is asked as usual */
	W_FOLLOWS = 1 << 5,   /* a link follows the record it meant into another (merge): hooks that refuse or complete (before) are not asked */
	W_BACK = 1 << 4,      /* an update that takes an earlier one back: a state may return the way it came, for who may go that way */
};

/* Reads one record within the actor's scope, hidden fields left out; ERR_NOT_FOUND otherwise. */
enum err record_get(struct ctx *ctx, const struct entity_info *info, int64_t id, enum action action, struct record **ret) MUST_CHECK;
/* The same without asking the gate, for hooks and the program itself. */
enum err record_load(struct ctx *ctx, const struct entity_info *info, int64_t id, struct record **ret) MUST_CHECK;
/* In a write job.  Validates, asks the gate (unless W_TRUSTED), runs hooks, writes
 * row, change log and search index. Fills id and system fields of `record`. */
enum err record_create(struct ctx *ctx, struct record *record, unsigned flags) MUST_CHECK;
/* All that record_create asks before it writes, for callers with costly work to do in between. */
enum err record_check_create(struct ctx *ctx, struct record *record, unsigned flags) MUST_CHECK;
/* `patch` has only what changes; if_version 0: any, else ERR_CONFLICT key "version" when it differs.
 * *ret is the record as it now stands, redacted for the actor unless W_TRUSTED; may be NULL. */
enum err record_update(struct ctx *ctx, int64_t id, struct record *patch, int64_t if_version, unsigned flags, struct record **ret) MUST_CHECK;
/* The number that a record of this branch, made now, would get: nothing is counted. "" where it would get none. */
enum err record_next_number(struct ctx *ctx, const struct entity_info *info, int field, int64_t branch_id, const char **ret) MUST_CHECK;
/* ERR_INVALID at a state that a step from elsewhere was asked of, in words that say what is possible. */
enum err record_refuse_move(struct ctx *ctx, const struct record *record, int field, const char *to) MUST_CHECK;
/* Follows on_delete of the links that point here; each deletion is its own change with its full content.  Unless W_TRUSTED,
 * the right to delete is asked of everything that goes along, too (what the program keeps for itself aside). */
enum err record_delete(struct ctx *ctx, const struct entity_info *info, int64_t id, int64_t if_version, unsigned flags) MUST_CHECK;
/* The same by the program itself (W_TRUSTED), where somebody else is asked of each record that would go along (`goes`), or lose
 * its link to one that goes, before that happens; their error refuses the whole. */
typedef enum err (*record_along_fn)(struct ctx *ctx, const struct record *record, bool goes, void *arg);
enum err record_delete_asking(struct ctx *ctx, const struct entity_info *info, int64_t id, record_along_fn ask, void *arg) MUST_CHECK;
/* Takes away what the actor may not see: hidden fields are unset, masked ones masked. */
enum err record_redact(struct ctx *ctx, struct record *record) MUST_CHECK;
/* Who owns the row, through its parents, for gate_row. */
enum err record_owner(struct ctx *ctx, const struct record *record, struct row_owner *ret) MUST_CHECK;
/* Writes the record's search row anew: its own F_SEARCH fields and those of its
 * children that have no search row of their own (identifiers, addresses).  For
 * callers that wrote with W_NO_SEARCH; of a child without a row, its parent's. */
enum err record_reindex(struct ctx *ctx, const struct entity_info *info, int64_t id) MUST_CHECK;
/* What a record was when it was deleted, from the entry about it (`diff` of a CHANGE_DELETE): whole, asked of no gate.
 * ERR_NOT_FOUND "erased" where the content is gone too. */
enum err record_gone(struct ctx *ctx, const struct entity_info *info, int64_t id, const char *diff, struct record **ret) MUST_CHECK;
/* Whether the actor may do this with such a record, were it there: as record_get would say. */
enum err record_gone_reach(struct ctx *ctx, const struct record *record, enum action action) MUST_CHECK;
/* Whether there is a record of this id, whoever may see it. */
enum err record_there(struct ctx *ctx, const struct entity_info *info, int64_t id, bool *ret) MUST_CHECK;
/* Brings back a deleted record, and what was deleted with it, under its old id, from the change log. */
enum err record_restore(struct ctx *ctx, const struct entity_info *info, int64_t id, struct record **ret) MUST_CHECK;
/* The same by the program itself: no right to delete is asked. */
enum err record_bring_back(struct ctx *ctx, const struct entity_info *info, int64_t id) MUST_CHECK;
/* Where the record of this id lives on since it was merged into another; 0: it was not. Asked of no gate. */
enum err record_alias(struct ctx *ctx, const struct entity_info *info, int64_t id, int64_t *ret) MUST_CHECK;
/* Ids that were given for links, of records that were merged since, become those of the records they live on in. */
enum err record_resolve(struct ctx *ctx, struct record *record) MUST_CHECK;
/* In a write job: tells those who keep something of such records (reaction.merged). */
enum err record_merged(struct ctx *ctx, const struct entity_info *info, int64_t from, int64_t into, bool back) MUST_CHECK;

/* In a write job that makes many records: from here on new ones of E_GATHER entities are
 * checked at once, but written together at the job's end (or before anything that needs
 * them in the store).  What the store alone refuses (unique, references) is told then. */
enum err record_gather(struct ctx *ctx) MUST_CHECK;
/* A new record that waits, to read or to change kept figures in; NULL: it does not. */
struct record *record_gathered(const struct ctx *ctx, int64_t id);
/* Those of its children that wait with it: the first (`after` NULL), the next; NULL at the end. */
const struct record *record_gathered_child(const struct ctx *ctx, int64_t parent, const struct record *after);
/* Whether records of this entity wait: who looks for them in the store by other means
 * than their id has them written first. */
bool record_gathered_any(const struct ctx *ctx, const struct entity_info *info);
enum err record_gather_flush(struct ctx *ctx) MUST_CHECK;

#endif
