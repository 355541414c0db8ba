/* Fields that administrators add without programming (README.md).
 *
 * They are records of `custom_field`, changed by the routes here alone; from them come descriptors that follow the program's own
 * (registry_follow) while it serves, and real columns.  A field has a number that stays its own, and a column named after it; what
 * it is called may change without the table hearing of it. */
#ifndef GUANXI_CORE_CUSTOM_CUSTOM_H
#define GUANXI_CORE_CUSTOM_CUSTOM_H

#include "core/entity/entity.h"
#include "core/http/http.h"
#include "core/services/services.h"
#include "core/store/store.h"

enum {
	CUSTOM_FIELDS_MAX = 200, /* in use of one entity, out of use ones among them */
	CUSTOM_COLUMNS_MAX = 900, /* of one entity, ever: both engines bound what a table can have */
};

struct custom;
/* After the schema steps.  `list` are the program's own entities, in the registry's order; they outlive it.  Reads what there is
 * and lets the registry follow. */
enum err custom_open_new(struct ctx *ctx, struct store *store, struct registry *registry, const struct entity *const *list, size_t n,
                         struct custom **ret) MUST_CHECK;
void custom_free(struct custom *custom);
/* For a backup, with ctx->db for reading: which columns there are, in ctx's arena; NULL: none. */
enum err custom_columns_json(struct ctx *ctx, const char **ret) MUST_CHECK;
/* For a restore: the registry follows with those columns, nobody's yet.  What is said may be meant to do harm: ERR_INVALID. */
enum err custom_columns_follow(struct ctx *ctx, struct registry *registry, const struct entity *const *list, size_t n, const char *text) MUST_CHECK;

/* Supplied by the program (src/app): the service of a context's app. */
struct custom *app_custom(const struct app *app);

extern const struct entity custom_field_entity;
extern const struct route custom_routes[];
/* Looks for what other nodes changed, on PostgreSQL. */
extern const struct service custom_services[];
extern const struct migration custom_steps[];
enum { CUSTOM_STEPS = 1 };

#endif
