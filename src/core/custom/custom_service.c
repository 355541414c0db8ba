/* What other nodes changed: looked for four times a second, by one small question. */
#include "core/custom/custom_internal.h"

#include "core/services/services.h"

enum { LOOK_MS = 250 };

static enum err turn(struct ctx *ctx, struct service_turn *t)
{
	struct custom *custom = app_custom(ctx->app);
	t->wait_ms = store_engine(ctx->store) == ENGINE_POSTGRES ? LOOK_MS : SERVICE_WAIT_MAX_MS; /* SQLite has no other nodes */
	if (!custom || store_engine(ctx->store) != ENGINE_POSTGRES)
		return OK;
	pthread_mutex_lock(&custom->changing);
	enum err err = custom_follow(ctx, custom);
	pthread_mutex_unlock(&custom->changing);
	return err;
}

const struct service custom_services[] = {
	{.name = "custom_fields", .quiet = true, .turn = turn},
	{.name = NULL},
};
