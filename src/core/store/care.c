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

enum err store_restore(struct ctx *ctx, const struct store_config *config, const char *path)
{
	struct store_config writing = *config;
	struct store *store;
	writing.read_only = false;
	enum err err = store_bare_new(ctx, &writing, &store);
	if (err)
		return err;
	err = store->engine == ENGINE_SQLITE ? lite_restore(ctx, store, path) : pg_restore(ctx, store, path);
	store_free(store);
	return err;
}

enum err store_restore_undo(struct ctx *ctx, const struct store_config *config)
{
	struct store *store;
	enum err err = store_bare_new(ctx, config, &store);
	if (err)
		return err;
	err = store->engine == ENGINE_SQLITE ? OK : pg_restore_undo(ctx, store);
	store_free(store);
	return err;
}

static enum err optimize(struct ctx *ctx, void *arg)
{
	(void)arg;
	return db_exec(ctx, ctx->db, "ANALYZE");
}

/* SQLite plans without statistics here: a condition's matches are counted when a list is asked for. */
enum err store_optimize(struct ctx *ctx, struct store *store)
{
	return store->engine == ENGINE_SQLITE ? OK : store_write(ctx, store, optimize, NULL);
}
