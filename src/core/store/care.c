/* Copies and checks, by engine. */
#include <stdio.h>
#include <string.h>

#include "core/store/internal.h"

enum err store_backup(struct ctx *ctx, struct store *store, const char *path)
{
	return store->engine == ENGINE_SQLITE ? lite_backup(ctx, store, path) : pg_backup(ctx, store, path);
}

enum err store_check(struct ctx *ctx, struct store *store, struct buf *report)
{
	return store->engine == ENGINE_SQLITE ? lite_check(ctx, store, report) : pg_check(ctx, store, report);
}

enum err care_foreign(struct ctx *ctx, const char *what)
{
	return fail_arg(ctx, ERR_INVALID, "path", "copy_foreign", what);
}

bool care_made_anew(const struct store_takeover *how, const char *table)
{
	return strcmp(table, "schema_version") == 0 || strcmp(table, "schema_step") == 0 || (how->made_anew && how->made_anew(table));
}

enum err care_check_version(struct ctx *ctx, const struct store_takeover *how, int version)
{
	char text[24];
	if (version < 1)
		return care_foreign(ctx, "schema_version");
	if (version <= (int)how->n)
		return OK;
	(void)snprintf(text, sizeof text, "%d", version);
	return fail_arg(ctx, ERR_CONFLICT, "", "schema_newer", text);
}

void care_note_folder(const struct store_takeover *how, int *versions, const char *folder, size_t len, long version)
{
	for (size_t i = 0; i < how->n_folders; i++)
		if (strlen(how->folders[i].folder) == len && memcmp(how->folders[i].folder, folder, len) == 0 && version > versions[i])
			versions[i] = version < INT32_MAX ? (int)version : INT32_MAX;
}

enum err care_check_folders(struct ctx *ctx, const struct store_takeover *how, const int *versions)
{
	for (size_t i = 0; i < how->n_folders; i++)
		if (versions[i] > (int)how->folders[i].n)
			return fail_arg(ctx, ERR_CONFLICT, "", "schema_newer", how->folders[i].folder);
	return OK;
}

bool care_may_lack(const struct store_takeover *how, int version, const int *versions)
{
	for (size_t i = 0; how->grown && i < how->n_folders; i++)
		if (strcmp(how->folders[i].folder, how->grown) == 0 && versions[i] == 0)
			return true;
	return version < (int)how->n;
}

enum err care_fallback(struct ctx *ctx, const struct store_takeover *how, int version, const int *versions, const char *table, const char *column,
                       const char **ret)
{
	*ret = NULL;
	if (!care_may_lack(how, version, versions))
		return care_foreign(ctx, arena_printf(ctx->arena, "- %s.%s", table, column));
	return how->fallback ? how->fallback(ctx, table, column, ret) : OK;
}

enum err store_restore(struct ctx *ctx, const struct store_config *config, const char *path, const struct store_takeover *how)
{
	struct store_config writing = *config;
	struct store *store;
	writing.read_only = false;
	if (!config->pg_url)
		return lite_restore(ctx, &writing, path, how);
	enum err err = store_open_new(ctx, &writing, &store);
	if (err)
		return err;
	struct db *outer = ctx->db;
	ctx->db = NULL;
	err = pg_restore(ctx, store, path, how);
	if (!err)
		err = store_optimize(ctx, store);
	ctx->db = outer;
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
