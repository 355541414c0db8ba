/* What the files of this folder share.  Not for others. */
#ifndef GUANXI_CORE_ENTITY_INTERNAL_H
#define GUANXI_CORE_ENTITY_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/id.h"
#include "core/entity/entity.h"
#include "core/entity/field_type.h"
#include "core/events/events.h"
#include "core/store/store.h"

enum { REGISTRY_CAPS_MAX = 32 }; /* bits of an actor's caps */

/* Names to positions: open addressing, made once, never changed. */
struct entity_names {
	const char **keys;
	int *values;
	size_t mask; /* slots - 1 */
};

/* The first two columns of an index, the id after the last. */
struct index_lead {
	int first, second;
	bool partial; /* without rows that have no value */
};

/* Where what a field is made from stands. */
struct entity_source {
	const struct entity_info *holder;
	int field; /* -1: nowhere */
};

/* What the registry knows of an entity beyond what others need. */
struct entity_state {
	struct entity_info info; /* first: an entity_info pointer is a pointer to this */
	const struct registry *registry;
	struct entity_names names;
	const struct entity_info **links; /* by position */
	int *currency;                    /* by position */
	struct entity_source *sources;    /* by position: of what is made_from */
	int *form;                        /* by position: of the field with its form, -1 */
	bool *is_currency;                /* some money field's currency */
	int *column;                      /* by position: column of `select`, -1 for many-links */
	struct entity_ref *refs;
	size_t n_refs;
	const char **log_keys;            /* by position: "name":[ as it begins in the change log */
	int *many;                        /* positions of many-links */
	size_t n_many;
	int *moves;                       /* positions of fields with transitions */
	size_t n_moves;
	int *numbered;                    /* positions of fields with a sequence */
	size_t n_numbered;
	int *searched;                    /* positions of F_SEARCH fields */
	size_t n_searched;
	const struct entity_state **search_children; /* put their text into this one's search row */
	size_t n_search_children;
	struct index_lead *leads;         /* of each index */
	size_t n_leads;
	/* Statements, prepared by name once a connection. Parameters of insert are the columns in order. */
	struct sql select;    /* ?1 id */
	struct sql lock;      /* the same, locking the row until the transaction ends */
	struct sql insert;
	struct sql remove;    /* ?1 id */
	struct sql owner;     /* ?1 id → parent, owner, team, branch (0 for what it has not) */
	struct sql children;  /* as search child: ?1 parent id, ?2 limit → searched fields */
	struct sql *many_select, *many_insert, *many_remove; /* by index into many */
};

struct registry {
	struct arena arena;
	struct registry_root *root;
	struct entity_state *list;
	size_t n;
	struct entity_names names;
	struct entity_ref *anys; /* fields that refer to records of any kind */
	size_t n_anys;
	const struct cap_name *caps[REGISTRY_CAPS_MAX]; /* by bit; those of core/gate first */
	unsigned n_caps;
	uint64_t number;
	/* registry_hold.c: how many hold it is this and what `current` counted while it was the newest */
	_Atomic int64_t refs;
	size_t slot;
	void *keep; /* what the descriptors are made of */
	void (*drop)(void *keep);
};

/* What all that follow each other share. */
enum { REGISTRY_SLOTS = 256 };
struct registry_root {
	struct id_source ids;
	struct arena arena; /* texts of settings */
	_Atomic(const char *) base_currency, phone_region;
	struct registry_numbering numbering;
	const struct registry_guard *guard; /* NULL: nobody */
	struct number_scope *scopes; /* words known to be counted under, newest first */
	size_t n_scopes;
	pthread_mutex_t setting;     /* of the texts and words, and of what they use of the arena */
	const struct reaction *const *reactions; /* NULL: none */
	struct registry *first;
	_Atomic uint64_t current;       /* the newest one's slot, and how often it was taken */
	pthread_mutex_t following;      /* of the slots; who holds or gives back what is in use never waits for it */
	struct registry *slots[REGISTRY_SLOTS];
	uint64_t numbers;
};

/* registry_hold.c */
void registry_hold_first(struct registry_root *root, struct registry *first);
void registry_hold_end(struct registry_root *root);
/* registry.c: of all that a registry is made of */
void registry_dispose(struct registry *registry);
enum err registry_make(struct ctx *ctx, struct registry_root *root, const struct entity *const *list, size_t n, struct registry **ret) MUST_CHECK;

static inline const struct entity_state *entity_state(const struct entity_info *info)
{
	return (const struct entity_state *)(const void *)info;
}

static inline const char *entity_name(const struct entity_info *info) { return info->entity->name; }

/* Words that numbers are counted under, of which the store has a row. */
struct number_scope {
	struct number_scope *next;
	const char *field, *words;
};

/* registry_caps.c: core/gate's own; once folders have named theirs, all of the first registry's. */
void registry_caps_begin(struct registry *registry, const struct registry *first);

/* registry_check.c: refuses descriptors that are wrong in themselves; needs links resolved. */
enum err registry_check_list(struct ctx *ctx, const struct entity *const *list, size_t n) MUST_CHECK;
enum err registry_check_info(struct ctx *ctx, const struct registry *registry, const struct entity_state *state) MUST_CHECK;
/* registry_sql.c: the statements. */
enum err registry_make_sql(struct ctx *ctx, struct registry *registry, struct entity_state *state) MUST_CHECK;
/* The n-th (from 0) field name of a list such as "customer_id,placed_at.desc"; false past the end. */
bool registry_list_item(const char *list, size_t n, char *name, size_t size, const char **ret_suffix);
/* The columns of an entry of `indexes`, and whether it is a unique one. */
bool registry_unique_index(const char *index, const char **ret_columns);
/* Name of an index (suffix "idx", "key") or foreign key ("fkey") over the columns "a,b". */
enum { INDEX_NAME_MAX = 63 };
/* registry_index.c: appends one CREATE INDEX (partial: of rows that have values), or all that an entity calls for. */
enum index_flag { INDEX_UNIQUE = 1 << 0, INDEX_PARTIAL = 1 << 1 };
void registry_put_index(struct buf *buf, int engine, const struct entity_info *info, const char *table, const char *columns, unsigned flags);
void registry_put_field_index(struct buf *buf, int engine, const struct entity_info *info, size_t at);
void registry_put_indexes(struct buf *buf, int engine, const struct entity_info *info);
/* Notes which indexes there are; false without memory. */
bool registry_find_leads(struct arena *arena, struct entity_state *state) MUST_CHECK;
void registry_index_name(char out[INDEX_NAME_MAX + 1], const char *table, const char *columns, const char *suffix);

#endif
