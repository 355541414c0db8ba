/* Backup and restore: database, settings, server key and attachments in one file. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/check.h"
#include "base/str.h"
#include "core/files/archive.h"

struct parts {
	struct archive_part *list;
	size_t n, cap;
};

static enum err add(struct ctx *ctx, struct parts *parts, const char *name, const char *path, bool stored)
{
	if (parts->n == parts->cap) {
		size_t cap = parts->cap == 0 ? 64 : parts->cap * 2;
		struct archive_part *list = arena_array(ctx->arena, cap, sizeof(*list));
		if (list == NULL)
			return fail(ctx, ERR_LIMIT, "", "memory");
		if (parts->n > 0)
			memcpy(list, parts->list, parts->n * sizeof(*list));
		parts->list = list;
		parts->cap = cap;
	}
	if (name == NULL || path == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	parts->list[parts->n++] = (struct archive_part){name, path, stored};
	return OK;
}

struct blobs_walk {
	struct app *app;
	struct parts *parts;
};

static enum err add_blob(struct ctx *ctx, void *arg, const char *hash, int64_t size)
{
	struct blobs_walk *walk = arg;
	const char *path;
	(void)size;
	enum err err = blob_path(ctx, walk->app->blobs, hash, &path, &size);
	if (err != OK)
		return err;
	return add(ctx, walk->parts, arena_printf(ctx->arena, "blobs/%.2s/%s", hash, hash + 2), path, true);
}

static enum err add_if_there(struct ctx *ctx, struct app *app, struct parts *parts, const char *name)
{
	const char *path = arena_printf(ctx->arena, "%s/%s", app->config.data_dir, name);
	if (path != NULL && access(path, F_OK) != 0)
		return OK;
	return add(ctx, parts, name, path, false);
}

enum err check_backup(struct ctx *ctx, struct app *app, const char *path)
{
	struct parts parts = {0};
	struct blobs_walk walk = {app, &parts};
	const char *database = arena_printf(ctx->arena, "%s/backup-%lld.tmp", app->config.data_dir, (long long)registry_next_id(ctx));
	if (database == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	if (access(path, F_OK) == 0)
		return fail_arg(ctx, ERR_CONFLICT, "", "already_there", path);
	/* the database first: an attachment is on disk before a row names it, so what
	 * the copy names is there when the files are listed */
	enum err err = store_backup(ctx, app->store, database);
	if (err == OK)
		err = add(ctx, &parts, store_engine(app->store) == ENGINE_SQLITE ? "guanxi.db" : "database.dump", database, false);
	if (err == OK)
		err = add_if_there(ctx, app, &parts, "guanxi.conf");
	if (err == OK)
		err = add_if_there(ctx, app, &parts, "secret.key");
	if (err == OK)
		err = blob_walk(ctx, app->blobs, add_blob, &walk);
	if (err == OK)
		err = archive_write(ctx, path, parts.list, parts.n);
	unlink(database);
	return err;
}

static bool folder_is_free(const char *dir)
{
	DIR *d = opendir(dir);
	if (d == NULL)
		return errno == ENOENT;
	bool any = false;
	for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d))
		any = any || (!str_equal(e->d_name, ".") && !str_equal(e->d_name, ".."));
	closedir(d);
	return !any;
}

/* Deletes what a failed restore left; only below a folder it made itself. */
static void remove_folder(struct ctx *ctx, const char *dir)
{
	DIR *d = opendir(dir);
	for (const struct dirent *e = d != NULL ? readdir(d) : NULL; e != NULL; e = readdir(d)) {
		if (str_equal(e->d_name, ".") || str_equal(e->d_name, ".."))
			continue;
		const char *path = arena_printf(ctx->arena, "%s/%s", dir, e->d_name);
		if (path != NULL && unlink(path) != 0)
			remove_folder(ctx, path);
	}
	if (d != NULL)
		closedir(d);
	rmdir(dir);
}

/* Opens what was taken out as the program would, and checks all of it. */
static enum err verify_restored(struct ctx *ctx, const struct app_config *config)
{
	struct app app;
	struct buf report;
	struct check_options deep = {.deep = true};
	bool good = false;
	enum err err = app_open(ctx, config, false, &app);
	if (err != OK)
		return err;
	buf_init(&report, 1u << 20);
	ctx->actor = gate_system();
	err = check_all(ctx, &app, &deep, &report, &good);
	if (err == OK && !good)
		err = fail_arg(ctx, ERR_INVALID, "", "backup_damaged", arena_strdup(ctx->arena, buf_text(&report)));
	buf_release(&report);
	app_close(&app);
	return err;
}

/* Puts PostgreSQL's tables in place, if the backup has them, and checks all; on an error nothing of it stays there. */
static enum err restore_database(struct ctx *ctx, const char *dir, const char *dump)
{
	struct app_config config;
	enum err err = config_read(ctx, dir, &config);
	if (err != OK)
		return err;
	if (access(dump, F_OK) != 0)
		return verify_restored(ctx, &config);
	struct store_config store = {.data_dir = dir, .pg_url = config.pg_url, .pg_schema = config.pg_schema, .clock = ctx->clock};
	err = store_restore(ctx, &store, dump);
	if (err != OK)
		return err;
	unlink(dump);
	err = verify_restored(ctx, &config);
	if (err != OK) {
		enum err undo = store_restore_undo(ctx, &store);
		(void)undo; /* why the backup was refused is what must be told; the undo's fault stands beside it */
	}
	return err;
}

static enum err rewrite_conf(struct ctx *ctx, const char *dir, const char *pg_url, const char *pg_schema)
{
	struct app_config config;
	const char *path = arena_printf(ctx->arena, "%s/guanxi.conf", dir);
	if (path == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	if (pg_url == NULL && pg_schema == NULL)
		return OK;
	enum err err = config_read(ctx, dir, &config);
	if (err != OK)
		return err;
	config.pg_url = pg_url != NULL ? pg_url : config.pg_url;
	config.pg_schema = pg_schema != NULL ? pg_schema : config.pg_schema;
	unlink(path);
	return config_write(ctx, &config);
}

enum err check_restore(struct ctx *ctx, const char *data_dir, const char *path, const char *pg_url, const char *pg_schema)
{
	int64_t files;
	const char *partial = arena_printf(ctx->arena, "%s.restoring", data_dir);
	const char *dump = partial != NULL ? arena_printf(ctx->arena, "%s/database.dump", partial) : NULL;
	if (dump == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	if (!folder_is_free(data_dir))
		return fail_arg(ctx, ERR_CONFLICT, "data", "already_there", data_dir);
	remove_folder(ctx, partial);
	if (mkdir(partial, 0700) != 0)
		return fail_arg(ctx, ERR_INVALID, "data", "cannot_create_folder", partial);
	enum err err = archive_extract(ctx, path, partial, &files);
	if (err == OK)
		err = rewrite_conf(ctx, partial, pg_url, pg_schema);
	if (err == OK)
		err = restore_database(ctx, partial, dump);
	if (err == OK) {
		rmdir(data_dir); /* it is empty, or not there */
		if (rename(partial, data_dir) != 0)
			err = fail_arg(ctx, ERR_INVALID, "data", "cannot_write", data_dir);
	}
	if (err != OK)
		remove_folder(ctx, partial);
	return err;
}
