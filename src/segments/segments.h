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

/* Reaction: members who are merged into others, and come apart again. */
enum err segments_merged(struct ctx *ctx, const struct entity *entity, int64_t from, int64_t into, bool back) MUST_CHECK;

#endif
