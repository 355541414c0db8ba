/* One entry of the change log on its way to the streams. Not for others. */
#ifndef GUANXI_CORE_REST_REST_EVENTS_H
#define GUANXI_CORE_REST_REST_EVENTS_H

#include "base/jsonw.h"
#include "core/events/events.h"
#include "core/rest/rest_internal.h"

struct rest_event {
	struct change change; /* texts copied */
	const struct entity_info *info; /* NULL: nothing for streams */
	const char **fields;  /* names that changed */
	size_t n_fields;
	/* whose row it is, looked up when the first stream needs it */
	bool owner_asked, owner_known;
	struct row_owner owner;
};

enum err rest_event_keep(struct ctx *ctx, const struct change *change, struct rest_event *ret) MUST_CHECK;
/* Whether ctx->actor may read the row as it is now; of a deleted one, as it was. */
bool rest_event_visible(struct ctx *ctx, struct rest_event *event);
/* Whether the entry says anything to ctx->actor: one that touched only fields hidden from it does not. */
bool rest_event_speaks(const struct ctx *ctx, const struct rest_event *event);
/* What happened, with the names of fields the actor may see: the members of an object that is open. */
void rest_event_members(const struct ctx *ctx, const struct rest_event *event, struct jsonw *w);
/* The same as the data of a live event. */
void rest_event_write(struct ctx *ctx, const struct rest_event *event, struct buf *out);

#endif
