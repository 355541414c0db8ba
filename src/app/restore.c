/* Restore: a data folder made from a backup.
 *
 * The backup may have been made to do harm.  Its signature is asked for; of its files only those that a backup has are
 * taken, into a folder made for it alone, by way of that folder's descriptor; its database gives rows and nothing else
 * (store.h); its settings decide neither where to connect nor, unless it is proved, whom to believe. */
#include <dirent.h>
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

static const char incoming[] = "incoming"; /* the copy of the database, until its rows are taken */

struct restore {
	const char *data_dir;
	const struct restore_options *options;
	const char *partial; /* DIR.restoring-… */
	int dir;             /* open on it */
	dev_t device;
	ino_t inode;
	bool has_lite, has_dump, has_conf, has_key, has_columns;
	bool filled; /* PostgreSQL has the rows */
	struct app_config config;
};

/* --- folders ----------------------------------------------------------------------- */

static bool is_dots(const char *name)
{
	return str_equal(name, ".") || str_equal(name, "..");
}

/* Not there, or a folder without anything in it; not a link to one. */
static bool folder_is_free(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT;
	DIR *d = fdopendir(fd);
	bool any = d == NULL;
	for (const struct dirent *e = d != NULL ? readdir(d) : NULL; e != NULL; e = readdir(d))
		any = any || !is_dots(e->d_name);
	if (d != NULL)
		closedir(d);
	else
		close(fd);
	return !any;
}

/* Everything in an open folder; takes the descriptor. Links go, what they point to stays. */
static void empty_folder(int fd)
{
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	if (d == NULL && fd >= 0)
		close(fd);
	for (const struct dirent *e = d != NULL ? readdir(d) : NULL; e != NULL; e = readdir(d)) {
		if (is_dots(e->d_name) || unlinkat(dirfd(d), e->d_name, 0) == 0)
			continue;
		empty_folder(openat(dirfd(d), e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
		unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR);
	}
	if (d != NULL)
		closedir(d);
}

/* Whether the name still leads to the folder that was made. */
static bool still_ours(const struct restore *r)
{
	struct stat st;
	return lstat(r->partial, &st) == 0 && S_ISDIR(st.st_mode) && st.st_dev == r->device && st.st_ino == r->inode;
}

static void give_up(struct restore *r)
{
	empty_folder(dup(r->dir));
	if (still_ours(r))
		rmdir(r->partial);
}

/* Who may change the folder around could put another in its place meanwhile. */
static enum err check_around(struct ctx *ctx, const char *path)
{
	struct stat st;
	const char *slash = strrchr(path, '/');
	const char *around = slash == NULL ? "." : arena_strndup(ctx->arena, path, slash == path ? 1 : (size_t)(slash - path));
	if (around == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	if (stat(around, &st) != 0)
		return fail_arg(ctx, ERR_INVALID, "data", "cannot_create_folder", path);
	bool others = (st.st_uid != geteuid() && st.st_uid != 0) || ((st.st_mode & S_IWOTH) != 0 && (st.st_mode & S_ISVTX) == 0);
	return others ? fail_arg(ctx, ERR_INVALID, "data", "folder_of_others", around) : OK;
}

static enum err make_folder(struct ctx *ctx, struct restore *r)
{
	struct stat st;
	size_t n = strlen(r->data_dir);
	while (n > 1 && r->data_dir[n - 1] == '/')
		n--;
	r->data_dir = arena_strndup(ctx->arena, r->data_dir, n);
	r->partial = r->data_dir != NULL ? arena_printf(ctx->arena, "%s.restoring-%08x%08x", r->data_dir, randombytes_random(), randombytes_random()) : NULL;
	if (r->partial == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	if (!folder_is_free(r->data_dir))
		return fail_arg(ctx, ERR_CONFLICT, "data", "already_there", r->data_dir);
	enum err err = check_around(ctx, r->data_dir);
	if (err != OK)
		return err;
	if (mkdir(r->partial, 0700) != 0)
		return fail_arg(ctx, ERR_INVALID, "data", "cannot_create_folder", r->partial);
	r->dir = open(r->partial, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (r->dir < 0 || fstat(r->dir, &st) != 0 || st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		return fail_arg(ctx, ERR_INVALID, "data", "cannot_create_folder", r->partial);
	r->device = st.st_dev;
	r->inode = st.st_ino;
	return OK;
}

/* --- what a backup holds -------------------------------------------------------------- */

/* "blobs/ab/cd…": named after its content. */
static bool is_blob(const char *name, const char *hash)
{
	return str_starts(name, "blobs/") && strlen(name) == 6 + 3 + 62 && name[8] == '/' && strncmp(name + 6, hash, 2) == 0 && str_equal(name + 9, hash + 2);
}

static enum err look(struct ctx *ctx, void *arg, const char *name, int64_t size, const char *hash)
{
	struct restore *r = arg;
	struct {
		const char *name;
		bool *there;
	} known[] = {{"guanxi.db", &r->has_lite}, {"database.dump", &r->has_dump}, {"guanxi.conf", &r->has_conf}, {"secret.key", &r->has_key},
	             {"columns.json", &r->has_columns}};
	(void)size;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!str_equal(name, known[i].name))
			continue;
		if (*known[i].there)
			break;
		*known[i].there = true;
		return OK;
	}
	return is_blob(name, hash) ? OK : fail_arg(ctx, ERR_INVALID, "", "backup_damaged", name);
}

static enum err check_parts(struct ctx *ctx, const struct restore *r)
{
	if (!r->has_conf || !r->has_key || r->has_lite == r->has_dump)
		return fail_arg(ctx, ERR_INVALID, "", "backup_incomplete", !r->has_conf ? "guanxi.conf" : !r->has_key ? "secret.key" : "guanxi.db, database.dump");
	if (r->has_dump && r->options->pg_url == NULL)
		return fail(ctx, ERR_INVALID, "pg-url", "backup_wants_pg");
	if (r->has_lite && r->options->pg_url != NULL)
		return fail(ctx, ERR_INVALID, "pg-url", "backup_wants_sqlite");
	return OK;
}

/* What belongs to the data comes along; what belongs to the machine only if it is proved who wrote it; and where to
 * connect is said by whoever restores. */
static enum err write_settings(struct ctx *ctx, struct restore *r)
{
	struct app_config old, defaults = {.listen = "127.0.0.1:8080"};
	enum err err = config_read(ctx, r->partial, &old);
	if (err != OK)
		return err;
	const struct app_config *machine = r->options->key != NULL ? &old : &defaults;
	r->config = (struct app_config){
		.data_dir = r->partial,
		.pg_url = r->options->pg_url,
		.pg_schema = r->options->pg_schema != NULL ? r->options->pg_schema : machine->pg_schema,
		.base_currency = old.base_currency,
		.phone_region = old.phone_region,
		.listen = machine->listen,
		.tls_cert = machine->tls_cert,
		.tls_key = machine->tls_key,
		.trusted_proxies = machine->trusted_proxies,
		.outgoing_allow = machine->outgoing_allow,
		.node = old.node,
	};
	if (r->options->pg_url == NULL)
		r->config.pg_schema = NULL;
	if (unlinkat(r->dir, "guanxi.conf", 0) != 0)
		return fail_arg(ctx, ERR_INVALID, "", "cannot_write", "guanxi.conf");
	return config_write(ctx, &r->config);
}

/* --- the database ------------------------------------------------------------------------ */

/* Opens what was made as the program would, makes the search index, and checks all. */
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
	err = check_rebuild_search(ctx, &app, &report);
	buf_reset(&report);
	if (err == OK)
		err = check_all(ctx, &app, &deep, &report, &good);
	if (err == OK && !good)
		err = fail_arg(ctx, ERR_INVALID, "", "backup_damaged", arena_strdup(ctx->arena, buf_text(&report)));
	buf_release(&report);
	app_close(&app);
	return err;
}

/* Which columns administrators added, as the backup says; NULL: none. */
static enum err read_columns(struct ctx *ctx, const struct restore *r, const char **ret)
{
	enum { COLUMNS_MAX = 4 << 20 };
	struct stat st;
	*ret = NULL;
	if (!r->has_columns)
		return OK;
	int fd = openat(r->dir, "columns.json", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool good = fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0 && st.st_size < COLUMNS_MAX;
	char *text = good ? arena_alloc(ctx->arena, (size_t)st.st_size + 1) : NULL;
	good = text != NULL && read(fd, text, (size_t)st.st_size) == (ssize_t)st.st_size;
	if (fd >= 0)
		close(fd);
	if (!good || unlinkat(r->dir, "columns.json", 0) != 0)
		return fail_arg(ctx, ERR_INVALID, "", "backup_damaged", "columns.json");
	text[st.st_size] = '\0';
	*ret = text;
	return OK;
}

static enum err take_database(struct ctx *ctx, struct restore *r)
{
	const char *path = arena_printf(ctx->arena, "%s/%s", r->partial, incoming);
	struct store_config store = {.data_dir = r->partial, .pg_url = r->config.pg_url, .pg_schema = r->config.pg_schema, .clock = ctx->clock};
	if (path == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	if (renameat(r->dir, r->has_dump ? "database.dump" : "guanxi.db", r->dir, incoming) != 0)
		return fail_arg(ctx, ERR_INVALID, "", "cannot_write", path);
	const char *columns = NULL;
	enum err err = read_columns(ctx, r, &columns);
	if (err == OK)
		err = app_restore_store(ctx, &r->config, &store, path, columns);
	r->filled = err == OK && r->has_dump;
	if (err == OK && unlinkat(r->dir, incoming, 0) != 0)
		err = fail_arg(ctx, ERR_INVALID, "", "cannot_write", path);
	if (err == OK)
		err = verify_restored(ctx, &r->config);
	if (err != OK && r->filled) {
		enum err undo = store_restore_undo(ctx, &store);
		(void)undo; /* why the backup was refused is what must be told; the undo's fault stands beside it */
	}
	return err;
}

/* --- all of it ----------------------------------------------------------------------------- */

static enum err put_in_place(struct ctx *ctx, const struct restore *r)
{
	if (!still_ours(r))
		return fail_arg(ctx, ERR_CONFLICT, "data", "folder_of_others", r->partial);
	rmdir(r->data_dir); /* it is empty, or not there */
	if (renameat2(AT_FDCWD, r->partial, AT_FDCWD, r->data_dir, RENAME_NOREPLACE) != 0 &&
	    (errno == EEXIST || rename(r->partial, r->data_dir) != 0)) /* a folder never replaces one with something in it */
		return fail_arg(ctx, ERR_INVALID, "data", "cannot_write", r->data_dir);
	return OK;
}

static enum err fill_folder(struct ctx *ctx, struct restore *r, const char *path)
{
	int64_t files;
	struct archive_wanted wanted = {.key = r->options->key, .look = look, .arg = r};
	enum err err = archive_extract(ctx, path, r->dir, &wanted, &files);
	if (err == OK)
		err = check_parts(ctx, r);
	if (err == OK)
		err = write_settings(ctx, r);
	return err == OK ? take_database(ctx, r) : err;
}

enum err check_restore(struct ctx *ctx, const char *data_dir, const char *path, const struct restore_options *options)
{
	struct restore r = {.data_dir = data_dir, .options = options, .dir = -1};
	if (sodium_init() < 0)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = make_folder(ctx, &r);
	if (r.dir < 0)
		return err;
	if (err == OK)
		err = fill_folder(ctx, &r, path);
	if (err == OK)
		err = put_in_place(ctx, &r);
	if (err != OK)
		give_up(&r);
	close(r.dir);
	return err;
}
