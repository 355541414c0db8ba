/* What the files of this folder share. */
#ifndef GUANXI_CORE_BULK_INTERNAL_H
#define GUANXI_CORE_BULK_INTERNAL_H

#include <jansson.h>

#include "core/bulk/bulk.h"
#include "core/store/store.h"

#define BULK_KEPT_MS (INT64_C(30) * 86400000)

struct bulk_act {
	int64_t id;
	const char *kind, *state, *wish;
	int64_t owner_id, from_id, undo_until;
	int64_t total, done, refused, undone, kept;
};

struct bulk_item {
	int64_t id, record_id, target;
	const struct entity_info *info; /* NULL: this program knows it no more */
};

/* What became of one record. */
enum bulk_fate { BULK_DONE, BULK_REFUSED, BULK_UNDONE, BULK_STAYED };

enum err bulk_load(struct ctx *ctx, int64_t id, struct bulk_act *ret) MUST_CHECK;
/* In a write job: state and what goes with it, as the act's own change. */
enum err bulk_set_state(struct ctx *ctx, int64_t id, const char *state, const char *error) MUST_CHECK;
const char *bulk_request_id(struct ctx *ctx, int64_t id, bool undo);
/* A record's own trouble, after which the next goes on. */
bool bulk_own_error(enum err err);

/* One batch in the write job at hand; *ret_more: there is more to do. */
enum err bulk_batch(struct ctx *ctx, const struct job *job, int64_t id, bool undo, bool *ret_more) MUST_CHECK;
enum err bulk_queue(struct ctx *ctx, int64_t id, bool undo) MUST_CHECK;

/* What was confirmed is what happens, or nothing; `expected` 0: nothing was. */
enum err bulk_check_number(struct ctx *ctx, size_t count, int64_t expected) MUST_CHECK;

/* handover.c */
extern const struct spec bulk_spec_handover[];
enum err bulk_http_handover(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;

/* deleted.c, putback.c */
enum err bulk_http_deleted(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
extern const struct spec bulk_spec_putback[];
enum err bulk_http_putback(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;

/* bulk_apply.c: one record. */
enum err bulk_apply(struct ctx *ctx, const struct bulk_act *act, const json_t *wish, const struct bulk_item *item) MUST_CHECK;
/* ret_kept: names of fields that others changed since, or NULL. */
enum err bulk_revert(struct ctx *ctx, const struct bulk_act *act, const struct bulk_item *item, const char **ret_kept) MUST_CHECK;
/* Puts back what a change of the log was before it: all that still stands as it was set, or the fields named in `only`. */
enum err bulk_revert_diff(struct ctx *ctx, const struct entity_info *info, int64_t id, const char *diff, const json_t *only,
                          const char **ret_kept) MUST_CHECK;
/* Whether the wish can be carried out on such records at all, by this actor. */
enum err bulk_check_wish(struct ctx *ctx, const struct entity_info *info, const json_t *wish) MUST_CHECK;

#endif
