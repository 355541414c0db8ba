/* Care of an SQLite database: copies, checks, restoring. */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/store/internal.h"

#include "base/buf.h"

enum { COPY_PAGES = 4096, PROBLEMS_MAX = 100 };

enum err care_sync_path(struct ctx *ctx, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail_arg(ctx, ERR_UPSTREAM, "", "io", strerror(errno));
	int failed = fsync(fd);
	int why = errno;
	close(fd);
	return failed ? fail_arg(ctx, ERR_UPSTREAM, "", "io", strerror(why)) : OK;
}

enum err care_sync_folder_of(struct ctx *ctx, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? arena_strndup(ctx->arena, path, slash == path ? 1 : (size_t)(slash - path)) : arena_strdup(ctx->arena, ".");
	if (!folder)
		return fail(ctx, ERR_LIMIT, "", "memory");
	return care_sync_path(ctx, folder);
}

/* Makes the finished file appear under its name, unless that is taken. */
enum err care_publish(struct ctx *ctx, const char *part, const char *path)
{
	enum err err = care_sync_path(ctx, part);
	if (err)
		return err;
	if (renameat2(AT_FDCWD, part, AT_FDCWD, path, RENAME_NOREPLACE) != 0) {
		if (errno == EEXIST)
			return fail_arg(ctx, ERR_CONFLICT, "path", "exists", path);
		/* A file system without that flag: nothing else writes there, so look and rename. */
		if (access(path, F_OK) == 0)
			return fail_arg(ctx, ERR_CONFLICT, "path", "exists", path);
		if (rename(part, path) != 0)
			return fail_arg(ctx, ERR_UPSTREAM, "", "io", strerror(errno));
	}
	return care_sync_folder_of(ctx, path);
}

/* A new empty file that only we may read. */
enum err care_create(struct ctx *ctx, const char *path, int *ret_fd)
{
	*ret_fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (*ret_fd >= 0)
		return OK;
	if (errno == EEXIST)
		return fail_arg(ctx, ERR_CONFLICT, "path", "exists", path);
	return fail_arg(ctx, errno == ENOSPC ? ERR_LIMIT : ERR_UPSTREAM, "", errno == ENOSPC ? "disk_full" : "io", strerror(errno));
}

static enum err pragma(struct ctx *ctx, sqlite3 *lite, const char *text)
{
	int rc = sqlite3_exec(lite, text, NULL, NULL, NULL);
	return rc == SQLITE_OK ? OK : lite_fail_raw(ctx, lite, rc);
}

/* Runs a check whose rows are problems (integrity_check says "ok" when there is none). */
static enum err collect(struct ctx *ctx, sqlite3 *lite, const char *text, struct buf *report, int *ret_bad)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(lite, text, -1, &stmt, NULL);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		rc = sqlite3_step(stmt);
		if (rc != SQLITE_ROW)
			break;
		const char *said = (const char *)sqlite3_column_text(stmt, 0);
		if (!said || strcmp(said, "ok") == 0)
			continue;
		(*ret_bad)++;
		if (sqlite3_column_count(stmt) >= 3) /* foreign_key_check: table, rowid, parent */
			buf_printf(report, "%s: row %lld refers to nothing in %s\n", said, (long long)sqlite3_column_int64(stmt, 1),
			           (const char *)sqlite3_column_text(stmt, 2));
		else
			buf_printf(report, "%s\n", said);
		if (*ret_bad >= PROBLEMS_MAX) {
			rc = SQLITE_DONE;
			break;
		}
	}
	sqlite3_finalize(stmt);
	return rc == SQLITE_DONE ? OK : lite_fail_raw(ctx, lite, rc);
}

static enum err check(struct ctx *ctx, sqlite3 *lite, struct buf *report, int *ret_bad)
{
	*ret_bad = 0;
	enum err err = collect(ctx, lite, "PRAGMA integrity_check(100)", report, ret_bad);
	return err ? err : collect(ctx, lite, "PRAGMA foreign_key_check", report, ret_bad);
}

enum err lite_check(struct ctx *ctx, struct store *store, struct buf *report)
{
	sqlite3 *lite;
	int bad;
	enum err err = lite_connect(ctx, store, LITE_READ, &lite);
	if (err)
		return err;
	err = check(ctx, lite, report, &bad);
	sqlite3_close(lite);
	return err;
}

/* Opens a copy, makes it one file (no log beside it) and verifies it. */
static enum err verify_copy(struct ctx *ctx, sqlite3 *copy)
{
	struct buf report;
	int bad = 0;
	buf_init(&report, 1 << 16);
	enum err err = pragma(ctx, copy, "PRAGMA journal_mode=DELETE");
	if (!err)
		err = check(ctx, copy, &report, &bad);
	if (!err && bad)
		err = fail_arg(ctx, ERR_UPSTREAM, "", "copy_damaged", buf_text(&report));
	buf_release(&report);
	return err;
}

static enum err copy_pages(struct ctx *ctx, sqlite3 *from, sqlite3 *to)
{
	/* One read view for the whole copy: writers go on and the copy never starts over. */
	enum err err = pragma(ctx, from, "BEGIN; SELECT count(*) FROM sqlite_schema");
	if (err)
		return err;
	sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
	if (!backup)
		return lite_fail_raw(ctx, to, sqlite3_errcode(to));
	int rc;
	do {
		rc = sqlite3_backup_step(backup, COPY_PAGES);
		if (ctx_expired(ctx))
			rc = SQLITE_INTERRUPT;
	} while (rc == SQLITE_OK);
	int end = sqlite3_backup_finish(backup);
	(void)sqlite3_exec(from, "COMMIT", NULL, NULL, NULL);
	if (rc == SQLITE_INTERRUPT)
		return fail(ctx, ERR_LIMIT, "", "budget");
	if (rc != SQLITE_DONE || end != SQLITE_OK)
		return lite_fail_raw(ctx, to, rc != SQLITE_DONE ? rc : end);
	return OK;
}

static enum err copy_to(struct ctx *ctx, sqlite3 *from, const char *part)
{
	sqlite3 *to = NULL;
	int fd;
	enum err err = care_create(ctx, part, &fd);
	if (err)
		return err;
	close(fd);
	int rc = sqlite3_open_v2(part, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	if (rc != SQLITE_OK)
		err = lite_fail_raw(ctx, to, rc);
	if (!err) /* nobody looks at it before it is synced as a whole */
		err = pragma(ctx, to, "PRAGMA synchronous=OFF; PRAGMA cache_size=-4096");
	if (!err)
		err = copy_pages(ctx, from, to);
	if (!err)
		err = verify_copy(ctx, to);
	sqlite3_close(to);
	return err;
}

enum err lite_backup(struct ctx *ctx, struct store *store, const char *path)
{
	if (access(path, F_OK) == 0)
		return fail_arg(ctx, ERR_CONFLICT, "path", "exists", path);
	char *part = arena_printf(ctx->arena, "%s.part-%d", path, (int)getpid());
	if (!part)
		return fail(ctx, ERR_LIMIT, "", "memory");
	sqlite3 *from;
	enum err err = lite_connect(ctx, store, LITE_READ, &from);
	if (err)
		return err;
	err = copy_to(ctx, from, part);
	sqlite3_close(from);
	if (!err)
		err = care_publish(ctx, part, path);
	if (err)
		(void)unlink(part);
	return err;
}
