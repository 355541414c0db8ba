/* What the files of this folder share.  Not for others. */
#ifndef GUANXI_CORE_CUSTOM_INTERNAL_H
#define GUANXI_CORE_CUSTOM_INTERNAL_H

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>

#include "core/custom/custom.h"
#include "core/http/http.h"

/* A field as its record says. */
struct custom_def {
	int64_t id;
	const char *entity, *name, *type;
	const char *label, *help, *options, *aliases; /* JSON or NULL */
	const char *fallback, *min, *max, *link, *group; /* or NULL */
	bool required, unique, more, list, search, card, personal, index, retired;
	int scale, position;
	int slot;           /* its number; 0: none yet */
	const char *column;
};

/* A column of an entity, in the order of the numbers. */
struct custom_slot {
	const char *entity, *column, *type, *link; /* link "" for none */
	int slot;
	const struct custom_def *def; /* NULL: nobody's now */
	bool unique, index;           /* of one whose field is not known yet (restore) */
};

struct custom {
	struct store *store;
	struct registry *registry; /* the first */
	const struct entity *const *list;
	size_t n;
	pthread_mutex_t changing; /* who changes fields, or reads what others changed */
	int64_t generation;       /* of what the newest registry was made from; under `changing` */
};

/* --- custom_read.c: what there is, and the registry made of it ------------------------- */

/* Of a record of custom_field; texts are the record's. */
void custom_def_of(const struct record *record, struct custom_def *ret);
/* All columns with their fields, in ctx's arena. */
enum err custom_read(struct ctx *ctx, struct custom_slot **ret, size_t *ret_n) MUST_CHECK;
enum err custom_generation(struct ctx *ctx, int64_t *ret) MUST_CHECK;
enum err custom_generation_bump(struct ctx *ctx) MUST_CHECK;
/* Under `changing`, with ctx->db for reading: lets the registry follow when what it was made from is no longer what there is. */
enum err custom_follow(struct ctx *ctx, struct custom *custom) MUST_CHECK;

/* --- custom_build.c: descriptors of columns ---------------------------------------------- */

struct custom_list {
	const struct entity **list; /* of all entities */
	size_t n;
	void *keep; /* what they are made of: freed by custom_list_drop */
};
/* What cannot be used (a name that the program has taken since) is used in part, and told (log). */
enum err custom_build(struct ctx *ctx, const struct custom *custom, const struct custom_slot *slots, size_t n, struct custom_list *ret) MUST_CHECK;
void custom_list_drop(void *keep);

/* --- custom_check.c: what an administrator says ------------------------------------------ */

/* Reads a body into `record` (a new one, or a patch); fields named in `given` only. */
enum err custom_body(struct ctx *ctx, const struct http_request *req, struct record *record) MUST_CHECK;
/* All that is wrong with it, together, in words. `old` NULL: it is new. */
enum err custom_check(struct ctx *ctx, const struct custom_slot *slots, size_t n, const struct custom_def *old, const struct custom_def *now) MUST_CHECK;

/* --- custom_change.c: one change, from the schema to the registry ------------------------- */

enum err custom_create(struct ctx *ctx, struct custom *custom, struct record *record, struct record **ret) MUST_CHECK;
enum err custom_update(struct ctx *ctx, struct custom *custom, int64_t id, struct record *patch, int64_t version, struct record **ret) MUST_CHECK;
enum err custom_remove(struct ctx *ctx, struct custom *custom, int64_t id, int64_t version) MUST_CHECK;

/* --- custom_uses.c: what depends on a field ------------------------------------------------ */

struct custom_use {
	const char *kind; /* the entity: "saved_view", "segment", "role" … */
	int64_t id;
	const char *name;
};
enum { CUSTOM_USES_MAX = 200 };
enum err custom_uses(struct ctx *ctx, const struct custom_def *def, struct custom_use **ret, size_t *ret_n) MUST_CHECK;

#endif
