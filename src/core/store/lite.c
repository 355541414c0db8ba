/* One SQLite connection: opening, stepping, and what its errors mean. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "core/store/internal.h"

#include "base/log.h"
#include "base/str.h"
#include "base/timeutil.h"

/* KiB, as SQLite wants it: negative */
#define WRITE_CACHE "-49152"
#define SORT_CACHE "-12288"

enum {
	BUSY_MS = 5000,
	PROGRESS_STEPS = 2000, /* virtual-machine steps between looks at budget and deadline */
	/* Undo of savepoints stays in memory up to here, 31 pages. SQLite writes it to its
	 * file in one piece, and can write no more than 128 KiB at once. */
	STATEMENT_SPILL = 31 * (4096 + 4),
};

/* --- opening ---------------------------------------------------------------- */

static pthread_once_t configured = PTHREAD_ONCE_INIT;
static const char *log_vfs; /* for who writes */

static void configure(void)
{
	/* Statistics take a lock at every allocation; each connection is used by one thread. */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
	sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, STATEMENT_SPILL);
	sqlite3_initialize();
	log_vfs = lite_vfs_start();
}

static enum err run_pragma(struct ctx *ctx, sqlite3 *lite, const char *text)
{
	int rc = sqlite3_exec(lite, text, NULL, NULL, NULL);
	return rc == SQLITE_OK ? OK : lite_fail_raw(ctx, lite, rc);
}

enum err lite_connect(struct ctx *ctx, struct store *store, enum lite_role role, struct sqlite3 **ret)
{
	pthread_once(&configured, configure);
	sqlite3 *lite = NULL;
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	if (role == LITE_WRITE && !store->read_only)
		flags |= SQLITE_OPEN_CREATE;
	int rc = sqlite3_open_v2(store->path, &lite, flags, role == LITE_WRITE ? log_vfs : NULL);
	if (rc != SQLITE_OK) {
		enum err err = fail_arg(ctx, ERR_UPSTREAM, "", "store_open", lite ? sqlite3_errmsg(lite) : sqlite3_errstr(rc));
		sqlite3_close(lite);
		return err;
	}
	sqlite3_busy_timeout(lite, BUSY_MS); /* before WAL: switching takes a lock */
	sqlite3_db_config(lite, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(lite, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	sqlite3_db_config(lite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(lite, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
	if (role == LITE_READ)
		sqlite3_limit(lite, SQLITE_LIMIT_ATTACHED, 0);
	const char *pragmas = role == LITE_WRITE
		? "PRAGMA synchronous=FULL; PRAGMA secure_delete=FAST; PRAGMA cache_size=" WRITE_CACHE ";"
		  "PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=536870912; PRAGMA threads=2"
		: role == LITE_READ
			? "PRAGMA query_only=1; PRAGMA cache_size=-16384; PRAGMA mmap_size=0"
			: "PRAGMA synchronous=FULL; PRAGMA cache_size=-2048; PRAGMA wal_autocheckpoint=0";
	enum err err = OK;
	if (role == LITE_WRITE && !store->read_only)
		err = run_pragma(ctx, lite, "PRAGMA journal_mode=WAL");
	if (!err)
		err = run_pragma(ctx, lite, pragmas);
	if (err) {
		sqlite3_close(lite);
		return err;
	}
	*ret = lite;
	return OK;
}

/* Called by SQLite every PROGRESS_STEPS; not 0 stops the statement. */
static int progress(void *arg)
{
	struct db *db = arg;
	if (!db->running)
		return 0;
	struct stmt *stmt = db->running;
	if (!sqlite3_stmt_busy(stmt->lite))
		return 0; /* the schema has changed and is read anew within its first step: that is no cost of the question */
	stmt->steps += PROGRESS_STEPS;
	if (db->budget_steps > 0 && stmt->steps > db->budget_steps)
		return 1;
	if (db->budget_ms > 0) { /* a step may be a function that takes its time */
		int64_t now = time_monotonic_us();
		if (stmt->steps == PROGRESS_STEPS)
			stmt->since_us = now;
		else if (now - stmt->since_us > db->budget_ms * 1000)
			return 1;
	}
	return db->running_ctx && ctx_expired(db->running_ctx);
}

void lite_attach_progress(struct db *db)
{
	sqlite3_progress_handler(db->lite, PROGRESS_STEPS, progress, db);
}

/* --- statements --------------------------------------------------------------- */

enum err lite_prepare(struct ctx *ctx, struct db *db, const char *text, size_t n, struct sqlite3_stmt **ret)
{
	const char *rest = NULL;
	int rc = sqlite3_prepare_v3(db->lite, text, (int)n + 1, SQLITE_PREPARE_PERSISTENT, ret, &rest);
	if (rc != SQLITE_OK)
		return lite_fail(ctx, db, rc);
	if (!*ret)
		return fail(ctx, ERR_BUG, "", "sql_empty");
	size_t left = 0;
	(void)str_trim(rest, strlen(rest), &left);
	if (left) {
		sqlite3_finalize(*ret);
		return fail_arg(ctx, ERR_BUG, "", "sql", "more than one statement");
	}
	return OK;
}

void lite_finalize(struct sqlite3_stmt *lite)
{
	sqlite3_finalize(lite);
}

void lite_reset(struct stmt *stmt)
{
	if (stmt->started && !stmt->finished)
		sqlite3_reset(stmt->lite);
	sqlite3_clear_bindings(stmt->lite);
}

enum err lite_step(struct ctx *ctx, struct stmt *stmt, bool *ret_row)
{
	struct db *db = stmt->db;
	/* A statement may start others from within (nested loops): keep who ran. */
	struct stmt *outer = db->running;
	db->running = stmt;
	db->running_ctx = ctx;
	int rc = sqlite3_step(stmt->lite);
	db->running = outer;
	if (rc == SQLITE_ROW) {
		*ret_row = true;
		return OK;
	}
	*ret_row = false;
	stmt->finished = true;
	enum err err = rc == SQLITE_DONE ? OK : lite_fail(ctx, db, rc);
	sqlite3_reset(stmt->lite); /* ends the read view at once */
	return err;
}

/* An index of a full table is sorted with as much memory as the page cache may have, once more in each of its threads. */
static int make_index(struct db *db, const char *text)
{
	int rc = sqlite3_exec(db->lite, "PRAGMA cache_size=" SORT_CACHE, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db->lite, text, NULL, NULL, NULL);
	int back = sqlite3_exec(db->lite, "PRAGMA cache_size=" WRITE_CACHE, NULL, NULL, NULL);
	return rc != SQLITE_OK ? rc : back;
}

enum err lite_exec(struct ctx *ctx, struct db *db, const char *text)
{
	db->job.schema_changed = true;
	bool index = str_starts(text, "CREATE INDEX ") || str_starts(text, "CREATE UNIQUE INDEX ");
	int rc = index ? make_index(db, text) : sqlite3_exec(db->lite, text, NULL, NULL, NULL);
	return rc == SQLITE_OK ? OK : lite_fail(ctx, db, rc);
}

/* --- errors ------------------------------------------------------------------- */

struct meaning {
	int code; /* extended, or primary when nothing finer matched */
	enum err err;
	const char *key;
};

static const struct meaning meanings[] = {
	{SQLITE_CONSTRAINT_UNIQUE, ERR_CONFLICT, "unique"},
	{SQLITE_CONSTRAINT_PRIMARYKEY, ERR_CONFLICT, "unique"},
	{SQLITE_CONSTRAINT_ROWID, ERR_CONFLICT, "unique"},
	{SQLITE_CONSTRAINT_FOREIGNKEY, ERR_CONFLICT, "reference"},
	{SQLITE_CONSTRAINT_NOTNULL, ERR_INVALID, "required"},
	{SQLITE_CONSTRAINT_CHECK, ERR_INVALID, "check"},
	{SQLITE_CONSTRAINT_DATATYPE, ERR_INVALID, "check"},
	{SQLITE_CONSTRAINT_TRIGGER, ERR_CONFLICT, "refused"},
	{SQLITE_CONSTRAINT, ERR_CONFLICT, "refused"},
	{SQLITE_FULL, ERR_LIMIT, "disk_full"},
	{SQLITE_IOERR_SHMSIZE, ERR_LIMIT, "disk_full"},
	{SQLITE_IOERR_NOMEM, ERR_LIMIT, "memory"},
	{SQLITE_INTERRUPT, ERR_LIMIT, "budget"},
	{SQLITE_NOMEM, ERR_LIMIT, "memory"},
	{SQLITE_TOOBIG, ERR_LIMIT, "too_large"},
	{SQLITE_BUSY, ERR_RETRY, "busy"},
	{SQLITE_LOCKED, ERR_RETRY, "busy"},
	{SQLITE_SCHEMA, ERR_RETRY, "busy"},
	{SQLITE_PROTOCOL, ERR_RETRY, "busy"},
	{SQLITE_READONLY, ERR_FORBIDDEN, "read_only"},
	{SQLITE_CORRUPT, ERR_UPSTREAM, "corrupt"},
	{SQLITE_NOTADB, ERR_UPSTREAM, "corrupt"},
	{SQLITE_IOERR, ERR_UPSTREAM, "io"},
	{SQLITE_CANTOPEN, ERR_UPSTREAM, "io"},
	{SQLITE_ERROR, ERR_BUG, "sql"},
};

static const struct meaning *meaning_of(int code)
{
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
		if (meanings[i].code == code)
			return &meanings[i];
	return NULL;
}

/* "UNIQUE constraint failed: customer.email" and "… failed: index 'x'" name the place after the colon. */
static const char *constraint_place(struct ctx *ctx, const char *message)
{
	static const char marker[] = " constraint failed: ";
	const char *at = strstr(message, marker);
	if (!at)
		return "";
	at += sizeof marker - 1;
	size_t n = strlen(at);
	if (str_starts(at, "index '") && n > 8) {
		at += 7;
		n -= 8;
	}
	const char *copy = arena_strndup(ctx->arena, at, n);
	return copy ? copy : "";
}

enum err lite_fail_raw(struct ctx *ctx, struct sqlite3 *lite, int rc)
{
	const struct meaning *m = meaning_of(rc);
	if (!m)
		m = meaning_of(rc & 0xff);
	const char *message = sqlite3_errmsg(lite);
	if (!m)
		return fail_arg(ctx, ERR_BUG, "", "sql", message);
	if (rc == SQLITE_ERROR && str_equal(message, "integer overflow")) /* of sum(): it has no code of its own */
		return fail(ctx, ERR_INVALID, "", "number_range");
	if ((rc & 0xff) == SQLITE_CONSTRAINT && rc != SQLITE_CONSTRAINT_TRIGGER)
		return fail(ctx, m->err, constraint_place(ctx, message), m->key);
	bool tell = m->err == ERR_BUG || m->err == ERR_UPSTREAM || rc == SQLITE_CONSTRAINT_TRIGGER;
	return fail_arg(ctx, m->err, "", m->key, tell ? message : NULL);
}

/* A lost write or page is not something to go on from.  No room for the index of the log
 * (in memory that is shared by way of a file), and no memory, are: nothing was written. */
bool lite_disk_failed(int rc)
{
	return (rc & 0xff) == SQLITE_IOERR && rc != SQLITE_IOERR_SHMSIZE && rc != SQLITE_IOERR_NOMEM;
}

void lite_stop_writing(struct store *store, const char *what, const char *error, int code, int system)
{
	char codes[24];
	if (atomic_exchange(&store->unhealthy, true))
		return;
	(void)snprintf(codes, sizeof(codes), "%d/%d", code, system);
	log_event(LOG_ERROR, "nothing more is written", "failed", what, "error", error, "code", codes, NULL);
}

enum err lite_fail(struct ctx *ctx, struct db *db, int rc)
{
	if (db->writer && lite_disk_failed(rc))
		lite_stop_writing(db->store, "the disk", sqlite3_errstr(rc), rc, sqlite3_system_errno(db->lite));
	return lite_fail_raw(ctx, db->lite, rc);
}
