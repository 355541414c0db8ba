/* A thin layer over SQLite's own file layer: the write-ahead log is written in large pieces.
 *
 * SQLite writes each page of a commit with two calls, 24 bytes and 4 KB. A record touches
 * some thirty pages, and the calls then cost more than copying the bytes.  Here what is
 * written to the log one after the other is gathered, and handed on in one call
 * before anybody can miss it: at the sync that ends a commit, at any other call for
 * that file, and when the next write is somewhere else.
 *
 * The writer may leave the sync that ends a commit to another thread (lite_sync.c), and then tells
 * nobody of the commit before that is done.  The sync after the log's head is never left:
 * without it, frames of an older log could be taken for the newest.
 *
 * What it rests on: other connections learn of frames from the index of the log, which SQLite
 * changes only after the sync (synchronous=FULL); frames written without sync (a
 * transaction larger than its cache) are read back by the same connection alone, through
 * the same file.  A write that fails is told at the sync, where SQLite takes any error
 * for a commit that did not happen.  All other files are SQLite's own, untouched. */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "core/store/internal.h"

/* 31 frames: SQLite's file layer takes no more than 128 KiB less one byte at once. */
enum { PIECE = 31 * (24 + 4096) };

struct log_file {
	sqlite3_file file; /* first: SQLite's view of it */
	sqlite3_file *real;
	char *piece;
	sqlite3_int64 at; /* where the piece belongs */
	int n;
	int failed; /* of an earlier write, told once */
	bool head;  /* the last write was that of the log's head */
	bool leave, left; /* syncs: to be left, one was left */
};

static struct log_file *log_file(sqlite3_file *file)
{
	return (struct log_file *)(void *)file;
}

static int hand_on(struct log_file *f)
{
	int rc = f->failed;
	f->failed = SQLITE_OK;
	if (rc == SQLITE_OK && f->n > 0)
		rc = f->real->pMethods->xWrite(f->real, f->piece, f->n, f->at);
	f->n = 0;
	return rc;
}

static int log_close(sqlite3_file *file)
{
	struct log_file *f = log_file(file);
	int rc = hand_on(f), closed = f->real->pMethods->xClose(f->real);
	free(f->piece);
	f->piece = NULL;
	return rc != SQLITE_OK ? rc : closed;
}

static int log_read(sqlite3_file *file, void *out, int n, sqlite3_int64 at)
{
	struct log_file *f = log_file(file);
	int rc = hand_on(f);
	return rc != SQLITE_OK ? rc : f->real->pMethods->xRead(f->real, out, n, at);
}

static int log_write(sqlite3_file *file, const void *data, int n, sqlite3_int64 at)
{
	struct log_file *f = log_file(file);
	f->head = at == 0;
	if (f->piece == NULL)
		f->piece = malloc(PIECE);
	if (f->n > 0 && (f->piece == NULL || at != f->at + f->n || n > PIECE - f->n)) {
		int rc = hand_on(f);
		if (rc != SQLITE_OK)
			return rc;
	}
	if (f->piece == NULL || n > PIECE)
		return f->real->pMethods->xWrite(f->real, data, n, at);
	if (f->n == 0)
		f->at = at;
	memcpy(f->piece + f->n, data, (size_t)n);
	f->n += n;
	return SQLITE_OK;
}

static int log_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct log_file *f = log_file(file);
	int rc = hand_on(f);
	return rc != SQLITE_OK ? rc : f->real->pMethods->xTruncate(f->real, size);
}

static int log_sync(sqlite3_file *file, int flags)
{
	struct log_file *f = log_file(file);
	int rc = hand_on(f);
	if (rc == SQLITE_OK && f->leave && !f->head) {
		f->left = true;
		return SQLITE_OK;
	}
	return rc != SQLITE_OK ? rc : f->real->pMethods->xSync(f->real, flags);
}

static int log_size(sqlite3_file *file, sqlite3_int64 *ret)
{
	struct log_file *f = log_file(file);
	int rc = hand_on(f);
	return rc != SQLITE_OK ? rc : f->real->pMethods->xFileSize(f->real, ret);
}

static int log_lock(sqlite3_file *file, int level)
{
	struct log_file *f = log_file(file);
	return f->real->pMethods->xLock(f->real, level);
}

static int log_unlock(sqlite3_file *file, int level)
{
	struct log_file *f = log_file(file);
	return f->real->pMethods->xUnlock(f->real, level);
}

static int log_reserved(sqlite3_file *file, int *ret)
{
	struct log_file *f = log_file(file);
	return f->real->pMethods->xCheckReservedLock(f->real, ret);
}

static int log_control(sqlite3_file *file, int op, void *arg)
{
	struct log_file *f = log_file(file);
	/* Which operation means what is SQLite's business: the file is as it wrote it by then. */
	f->failed = hand_on(f);
	return f->real->pMethods->xFileControl(f->real, op, arg);
}

static int log_sector(sqlite3_file *file)
{
	struct log_file *f = log_file(file);
	return f->real->pMethods->xSectorSize(f->real);
}

static int log_device(sqlite3_file *file)
{
	struct log_file *f = log_file(file);
	return f->real->pMethods->xDeviceCharacteristics(f->real);
}

/* Version 1: a log has no shared memory and is not mapped. */
static const sqlite3_io_methods log_methods = {
	.iVersion = 1, .xClose = log_close, .xRead = log_read, .xWrite = log_write, .xTruncate = log_truncate, .xSync = log_sync,
	.xFileSize = log_size, .xLock = log_lock, .xUnlock = log_unlock, .xCheckReservedLock = log_reserved,
	.xFileControl = log_control, .xSectorSize = log_sector, .xDeviceCharacteristics = log_device,
};

/* --- opening ------------------------------------------------------------------ */

static sqlite3_vfs vfs;

static struct log_file *log_of(sqlite3 *lite)
{
	sqlite3_file *file = NULL;
	if (sqlite3_file_control(lite, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file) != SQLITE_OK || file == NULL || file->pMethods != &log_methods)
		return NULL;
	return log_file(file);
}

void lite_log_leave_sync(sqlite3 *lite, bool leave)
{
	struct log_file *f = log_of(lite);
	if (f == NULL)
		return;
	f->leave = leave;
	f->left = false;
}

bool lite_log_left_sync(sqlite3 *lite)
{
	const struct log_file *f = log_of(lite);
	return f != NULL && f->left;
}

static int vfs_open(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
	sqlite3_vfs *real = self->pAppData;
	if (!(flags & SQLITE_OPEN_WAL))
		return real->xOpen(real, name, file, flags, ret_flags);
	struct log_file *f = log_file(file);
	*f = (struct log_file){.real = (sqlite3_file *)(void *)(f + 1)};
	int rc = real->xOpen(real, name, f->real, flags, ret_flags);
	/* SQLite closes what has methods, opened or not. */
	if (f->real->pMethods != NULL)
		f->file.pMethods = &log_methods;
	return rc;
}

const char *lite_vfs_start(void)
{
	static const char name[] = "guanxi";
	sqlite3_vfs *real = sqlite3_vfs_find(NULL);
	if (real == NULL)
		return NULL;
	/* Everything but opening goes straight to the real one, which sees its own pAppData nowhere in it. */
	vfs = *real;
	vfs.pNext = NULL;
	vfs.zName = name;
	vfs.szOsFile = (int)sizeof(struct log_file) + real->szOsFile;
	vfs.pAppData = real;
	vfs.xOpen = vfs_open;
	return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK ? name : NULL;
}
