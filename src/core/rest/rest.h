/* The generic API over all entities at /api/v1: PostgREST's dialect, single records,
 * bulk rows, descriptors (meta), search, live events, OpenAPI.  README.md in this
 * folder documents the dialect and its limits. */
#ifndef GUANXI_CORE_REST_REST_H
#define GUANXI_CORE_REST_REST_H

#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "core/entity/entity.h"
#include "core/gate/gate.h"
#include "core/http/http.h"

struct rest_config {
	const char *version;       /* of the program */
	const char *base_currency; /* "CNY" */
	/* A built-in label in the context's language; NULL: English or Chinese as they stand. */
	const char *(*label)(struct ctx *ctx, const struct text2 *text);
	/* Message for a fault key, as in http_config; for results of bulk rows. */
	const char *(*message)(const struct ctx *ctx, const struct fault *fault);
	/* The rights of an actor made earlier, as the database says now: ERR_DENIED once
	 * its session, token or user is no longer valid. For live events. */
	enum err (*refresh)(void *arg, struct ctx *ctx, const struct actor *old, const struct actor **ret);
	/* One record was read with sensitive values in full, for the audit trail; must not block. NULL: nobody asks. */
	void (*seen)(void *arg, struct ctx *ctx, const struct entity_info *info, int64_t id);
	/* PATCH or DELETE by filter is about to change these n > 1 rows, in the same job: whoever keeps such acts together
	 * may name ctx->request_id, until the rows are written. NULL: nobody does. */
	enum err (*many)(void *arg, struct ctx *ctx, const struct entity_info *info, enum action action, const int64_t *ids, size_t n,
	                 const struct http_request *req);
	/* One record was made, in the same job: what there is to say of it in the answer's head; an error takes it back. NULL: nobody says. */
	enum err (*made)(void *arg, struct ctx *ctx, const struct entity_info *info, int64_t id, const struct http_request *req, struct http_response *res);
	/* All routes of the program, for OpenAPI: NULL past the end. NULL: this folder's alone. */
	const struct route *(*route_at)(void *arg, size_t i);
	void *arg;
};

struct rest;
/* Starts the thread that reads the change log once for all event streams. */
enum err rest_open_new(struct ctx *ctx, struct store *store, struct registry *registry, const struct rest_config *config, struct rest **ret) MUST_CHECK;
/* After http_stop (which ends the streams), before store_free: until then handlers use it. */
void rest_free(struct rest *rest);
/* Streams open now. */
size_t rest_streams(const struct rest *rest);

/* Supplied by the program (src/app): the service of a context's app. */
struct rest *app_rest(const struct app *app);

struct change;
struct jsonw;
/* One entry of the change log as ctx->actor may see it now: the members seq, entity, id, action, actor_id, fields, at, and with `values`
 * diff, into an object that is open. *ret false, and nothing is written: it is nothing to them. */
enum err rest_change_write(struct ctx *ctx, const struct change *change, bool values, struct jsonw *w, bool *ret) MUST_CHECK;

/* The member "diff": old and new values as far as the actor may see the fields; null once the content was erased. */
void rest_put_diff(const struct ctx *ctx, const struct entity_info *info, struct jsonw *w, const char *diff);
/* Titles of records whatever the actor's rights: names of who did something. NULL where the record is gone. */
enum err rest_titles(struct ctx *ctx, const struct entity_info *info, const int64_t *ids, size_t n, const char **ret) MUST_CHECK;

/* Must stand after all other tables: its patterns take any entity name. */
extern const struct route rest_routes[];

/* The OpenAPI 3.1 document of everything this actor may see (all, for the system). */
enum err rest_openapi(struct ctx *ctx, struct rest *rest, struct buf *out) MUST_CHECK;

#endif
