/* Backup: database, settings, server key and attachments in one file, signed with a key that is not in it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

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

/* --- the key ------------------------------------------------------------------- */

static enum err make_key(struct ctx *ctx, const char *path)
{
	unsigned char key[ARCHIVE_PUBLIC], secret[ARCHIVE_SECRET];
	char hex[ARCHIVE_SECRET * 2 + 1];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return errno == EEXIST ? OK : fail_arg(ctx, ERR_LIMIT, "", "cannot_write", path);
	crypto_sign_keypair(key, secret);
	sodium_bin2hex(hex, sizeof(hex), secret, sizeof(secret));
	bool good = write(fd, hex, sizeof(hex) - 1) == (ssize_t)sizeof(hex) - 1 && fsync(fd) == 0;
	good = close(fd) == 0 && good;
	if (!good)
		unlink(path); /* half a key would be none for ever */
	sodium_memzero(secret, sizeof(secret));
	sodium_memzero(hex, sizeof(hex));
	return good ? OK : fail_arg(ctx, ERR_LIMIT, "", "cannot_write", path);
}

static enum err read_key(struct ctx *ctx, const char *path, unsigned char secret[ARCHIVE_SECRET])
{
	char hex[ARCHIVE_SECRET * 2];
	size_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool good = fd >= 0 && read(fd, hex, sizeof(hex)) == (ssize_t)sizeof(hex) &&
	            sodium_hex2bin(secret, ARCHIVE_SECRET, hex, sizeof(hex), NULL, &n, NULL) == 0 && n == ARCHIVE_SECRET;
	if (fd >= 0)
		close(fd);
	sodium_memzero(hex, sizeof(hex));
	return good ? OK : fail_arg(ctx, ERR_INVALID, "", "cannot_open", path);
}

/* Made when it is first needed; it stays in this folder and goes into no backup. */
static enum err own_key(struct ctx *ctx, const struct app *app, unsigned char secret[ARCHIVE_SECRET])
{
	const char *path = arena_printf(ctx->arena, "%s/backup.key", app->config.data_dir);
	enum err err = path != NULL && sodium_init() >= 0 ? make_key(ctx, path) : fail(ctx, ERR_LIMIT, "", "memory");
	return err == OK ? read_key(ctx, path, secret) : err;
}

enum err check_backup_key(struct ctx *ctx, const struct app *app, const char **ret)
{
	unsigned char secret[ARCHIVE_SECRET];
	enum err err = own_key(ctx, app, secret);
	if (err != OK)
		return err;
	char *hex = arena_alloc(ctx->arena, ARCHIVE_PUBLIC * 2 + 1);
	if (hex == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	sodium_bin2hex(hex, ARCHIVE_PUBLIC * 2 + 1, secret + ARCHIVE_SECRET - ARCHIVE_PUBLIC, ARCHIVE_PUBLIC);
	sodium_memzero(secret, sizeof(secret));
	*ret = hex;
	return OK;
}

bool check_read_key(const char *text, unsigned char ret[ARCHIVE_PUBLIC])
{
	size_t n = 0;
	return text != NULL && sodium_init() >= 0 &&
	       sodium_hex2bin(ret, ARCHIVE_PUBLIC, text, strlen(text), " -", &n, NULL) == 0 && n == ARCHIVE_PUBLIC;
}

/* --- the database ---------------------------------------------------------------- */

static enum err columns_now(struct ctx *ctx, struct app *app, const char **ret)
{
	struct db *outer = ctx->db;
	*ret = NULL;
	if (app->custom == NULL)
		return OK;
	enum err err = db_open_new(ctx, app->store, &ctx->db);
	if (err == OK) {
		err = custom_columns_json(ctx, ret);
		db_free(ctx->db);
	}
	ctx->db = outer;
	return err;
}

/* The copy, and the columns that administrators added to it: somebody may add one while it is made. */
static enum err copy_database(struct ctx *ctx, struct app *app, const char *path, const char **ret_columns)
{
	enum { TRIES = 5 };
	const char *before = NULL;
	enum err err = columns_now(ctx, app, &before);
	for (int i = 0; err == OK && i < TRIES; i++) {
		unlink(path);
		err = store_backup(ctx, app->store, path);
		if (err == OK)
			err = columns_now(ctx, app, ret_columns);
		if (err == OK && (before == *ret_columns || str_equal(before, *ret_columns)))
			return OK;
		before = *ret_columns;
	}
	return err == OK ? fail(ctx, ERR_RETRY, "", "registry_busy") : err;
}

static enum err add_columns(struct ctx *ctx, struct parts *parts, const char *path, const char *columns)
{
	if (columns == NULL)
		return OK;
	size_t n = strlen(columns);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool good = fd >= 0 && write(fd, columns, n) == (ssize_t)n;
	good = fd >= 0 && close(fd) == 0 && good;
	return good ? add(ctx, parts, "columns.json", path, false) : fail_arg(ctx, ERR_LIMIT, "", "cannot_write", path);
}

/* --- the file -------------------------------------------------------------------- */

enum err check_backup(struct ctx *ctx, struct app *app, const char *path)
{
	struct parts parts = {0};
	unsigned char secret[ARCHIVE_SECRET];
	struct blobs_walk walk = {app, &parts};
	const char *database = arena_printf(ctx->arena, "%s/backup-%lld.tmp", app->config.data_dir, (long long)registry_next_id(ctx));
	const char *columns = NULL, *columns_path = database != NULL ? arena_printf(ctx->arena, "%s.columns", database) : NULL;
	if (columns_path == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return fail_arg(ctx, ERR_CONFLICT, "", "already_there", path);
	enum err err = own_key(ctx, app, secret);
	if (err != OK)
		return err;
	/* the database first: an attachment is on disk before a row names it, so what
	 * the copy names is there when the files are listed */
	err = copy_database(ctx, app, database, &columns);
	if (err == OK)
		err = add_columns(ctx, &parts, columns_path, columns);
	if (err == OK)
		err = add(ctx, &parts, store_engine(app->store) == ENGINE_SQLITE ? "guanxi.db" : "database.dump", database, false);
	if (err == OK)
		err = add_if_there(ctx, app, &parts, "guanxi.conf");
	if (err == OK)
		err = add_if_there(ctx, app, &parts, "secret.key");
	if (err == OK)
		err = blob_walk(ctx, app->blobs, add_blob, &walk);
	if (err == OK)
		err = archive_write(ctx, path, parts.list, parts.n, secret);
	sodium_memzero(secret, sizeof(secret));
	unlink(database);
	unlink(columns_path);
	return err;
}

/* --- when ---------------------------------------------------------------------- */

static const char *note_path(struct ctx *ctx, const struct app *app)
{
	return arena_printf(ctx->arena, "%s/backup.last", app->config.data_dir);
}

enum err check_backup_note(struct ctx *ctx, const struct app *app)
{
	const char *path = note_path(ctx, app);
	if (path == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool good = fd >= 0 && futimens(fd, NULL) == 0;
	if (fd >= 0)
		close(fd);
	return good ? OK : fail_arg(ctx, ERR_LIMIT, "", "cannot_write", path);
}

int64_t check_backup_last(struct ctx *ctx, const struct app *app)
{
	struct stat st;
	const char *path = note_path(ctx, app);
	if (path == NULL || lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return 0;
	return (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
}
