/* Segments: named sets of records of one kind, by a condition.  A live one follows the facts: its members are kept, changed by what
 * changes them within the moment, and by the mere passing of time where the condition looks at the clock.
 *
 * A segment asks with its owner's rights, and is read with the reader's: of its members each sees those they may see. */
#ifndef GUANXI_SEGMENTS_H
#define GUANXI_SEGMENTS_H

#include "core/entity/entity.h"
#include "core/http/http.h"
#include "core/services/services.h"
#include "core/settings/settings.h"

extern const struct entity segment_entity;
extern const struct route segments_routes[];
extern const struct service segments_services[];
extern const struct setting segments_settings[];

/* In a write job, as ctx's actor: a segment of records of `entity` that were chosen by something else than a condition (a figure of a
 * report): the n ids as they are, kept until it is deleted; `note` says where they come from.  The caller has asked for no record that
 * the actor may not see. */
enum err segments_keep(struct ctx *ctx, const char *entity, const char *name, const char *note, const int64_t *ids, size_t n, int64_t *ret_id) MUST_CHECK;

/* Reaction: members who are merged into others, and come apart again. */
enum err segments_merged(struct ctx *ctx, const struct entity *entity, int64_t from, int64_t into, bool back) MUST_CHECK;

#endif
