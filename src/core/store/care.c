/* Copies and checks, by engine. */
#include "core/store/internal.h"

enum err store_backup(struct ctx *ctx, struct store *store, const char *path)
{
	return store->engine == ENGINE_SQLITE ? lite_backup(ctx, store, path) : pg_backup(ctx, store, path);
}

enum err store_check(struct ctx *ctx, struct store *store, struct buf *report)
{
	return store->engine == ENGINE_SQLITE ? lite_check(ctx, store, report) : pg_check(ctx, store, report);
}
