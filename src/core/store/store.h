/* One interface over two engines: SQLite (inside, default) and PostgreSQL.
 *
 * Threads.  A `struct store` is shared.  A `struct db` is one connection and is
 * used by one thread at a time.  Writes go through store_submit / store_write:
 * on SQLite one writer thread runs many jobs in one transaction, each in a
 * savepoint, and finishes all after the one durable commit; on PostgreSQL a pool
 * of connections runs each job in a transaction of its own and repeats it when
 * the server asks (40001, 40P01, connection lost before COMMIT was sent).  So a
 * job's function must be repeatable: no effect outside ctx->db and its arena.
 *
 * SQL is written once.  Placeholders are ?1 ?2 … in both engines' source text;
 * the store turns them into $1 $2 … for PostgreSQL.  Names that are keywords are
 * double-quoted.  Column positions count from 0, parameters from 1. */
#ifndef GUANXI_CORE_STORE_STORE_H
#define GUANXI_CORE_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/ctx.h"

enum engine { ENGINE_SQLITE, ENGINE_POSTGRES };

struct stmt;

/* A named statement, compiled in from a capability's .sql file.  Connections know it by
 * its address, so it is static; one that is not has a number that no other ever has. */
struct sql {
	const char *name;
	const char *sqlite;
	const char *postgres;
	uint64_t serial; /* 0: static */
};

struct store_config {
	const char *data_dir; /* holds guanxi.db, attachments, keys; must exist */
	const char *pg_url;   /* libpq connection string, or NULL for SQLite */
	const char *pg_schema; /* the tenant's schema; NULL: "guanxi" */
	int pg_writers;       /* pool size for writes; 0: a default */
	const struct clock *clock;
	bool read_only;       /* doctor, backup: never migrates, never writes */
};

/* Opens the store and starts its writer(s).  Errors: ERR_INVALID (bad
 * configuration), ERR_UPSTREAM (cannot reach or open), ERR_CONFLICT (another
 * process has this data folder open for writing). */
enum err store_open_new(struct ctx *ctx, const struct store_config *config, struct store **ret) MUST_CHECK;
/* Finishes queued writes, then closes. Jobs submitted later finish with ERR_RETRY. */
void store_free(struct store *store);
enum engine store_engine(const struct store *store);
const char *store_data_dir(const struct store *store);

/* --- connections ------------------------------------------------------- */

/* A read connection for the calling thread. */
enum err db_open_new(struct ctx *ctx, struct store *store, struct db **ret) MUST_CHECK;
void db_free(struct db *db);
enum engine db_engine(const struct db *db);
/* Stops the statement that runs on this connection, from another thread. */
void db_interrupt(struct db *db);
/* Read budget: a statement that does more than `steps` virtual-machine steps
 * (SQLite) or runs over `ms` (about, on SQLite) ends with ERR_LIMIT and message key
 * "budget"; 0 means none. */
void db_set_budget(struct db *db, int64_t steps, int64_t ms);
void db_budget(const struct db *db, int64_t *ret_steps, int64_t *ret_ms);
/* A consistent view over several reads; nestable calls are a bug. */
enum err db_begin_read(struct ctx *ctx, struct db *db) MUST_CHECK;
void db_end_read(struct db *db);
/* What core/rest keeps on a connection from request to request; freed with it. */
void *db_attached(const struct db *db);
void db_attach(struct db *db, void *data, void (*release)(void *data));
/* Ends whatever a request left open: statements, the consistent view. */
void db_reset(struct db *db);

/* --- statements -------------------------------------------------------- */

/* A prepared statement from the connection's cache, reset and unbound.  It
 * belongs to the connection; use stmt_done when finished (so it can be shared). */
enum err db_prepare(struct ctx *ctx, struct db *db, const struct sql *sql, struct stmt **ret) MUST_CHECK;
/* The same for text made by the query builder; cached by content (LRU). */
enum err db_prepare_text(struct ctx *ctx, struct db *db, const char *text, struct stmt **ret) MUST_CHECK;
/* For a text that is kept and asked for again: `hash` is str_hash of its n bytes. */
enum err db_prepare_kept(struct ctx *ctx, struct db *db, const char *text, size_t n, uint64_t hash, struct stmt **ret) MUST_CHECK;
void stmt_done(struct stmt *stmt);
/* Before the first step of a SELECT that may give very many rows, when other statements
 * run on the same connection between its steps, inside db_begin_read or a write job:
 * PostgreSQL then keeps a cursor and memory stays flat.  Without it such a result is
 * taken into memory when the next statement starts (ERR_LIMIT over 256 MB); without
 * other statements in between, rows are streamed anyway. */
void stmt_stream(struct stmt *stmt);

/* Text and blobs are borrowed until stmt_done. */
void stmt_bind_i64(struct stmt *stmt, int at, int64_t value);
void stmt_bind_real(struct stmt *stmt, int at, double value);
void stmt_bind_text(struct stmt *stmt, int at, const char *text); /* NULL binds null */
void stmt_bind_textn(struct stmt *stmt, int at, const char *text, size_t n);
void stmt_bind_blob(struct stmt *stmt, int at, const void *data, size_t n);
void stmt_bind_null(struct stmt *stmt, int at);

/* Next row.  Unique and foreign key violations are ERR_CONFLICT (key "unique" or
 * "reference"; the fault's field is "table.column[, table.column]", or the constraint or
 * index where the engine names only that).  Others: a missing value is ERR_INVALID
 * "required", a failed check ERR_INVALID "check", a trigger's refusal ERR_CONFLICT
 * "refused", a full disk ERR_LIMIT "disk_full", budget, deadline and interrupt
 * ERR_LIMIT "budget", what may go better next time ERR_RETRY ("busy",
 * "connection_lost"), wrong SQL ERR_BUG "sql".
 *
 * In a write job a statement that failed must end the job, or be undone with
 * db_rollback_to: PostgreSQL takes nothing more in that transaction. */
enum err stmt_step(struct ctx *ctx, struct stmt *stmt, bool *ret_row) MUST_CHECK;
/* For statements without rows; *ret_changed may be NULL. */
enum err stmt_run(struct ctx *ctx, struct stmt *stmt, int64_t *ret_changed) MUST_CHECK;

/* For statements without rows whose outcome the job need not see at once (log entries,
 * index rows): PostgreSQL gets them together with the next statement or COMMIT, which
 * saves a round trip; an error then ends that one, and so the job.  Values are copied;
 * stmt_done may follow at once.  SQLite: stmt_run. */
enum err stmt_run_later(struct ctx *ctx, struct stmt *stmt) MUST_CHECK;
/* Within a write job, around very many of them: PostgreSQL then gets the rows of each plain
 * insert (INSERT INTO … (…) VALUES (?1, ?2, … ?n), nothing else) together with COPY, one
 * statement's after the other's, in the order in which the statements came first.  So what one
 * needs of another must have come before it.  Whatever else runs on the connection has them
 * written first; db_bulk_end writes the rest.  SQLite: nothing. */
void db_bulk_begin(struct db *db);
enum err db_bulk_end(struct ctx *ctx) MUST_CHECK;

int stmt_columns(const struct stmt *stmt);
bool stmt_is_null(const struct stmt *stmt, int at);
int64_t stmt_i64(const struct stmt *stmt, int at); /* 0 for null */
double stmt_real(const struct stmt *stmt, int at);
/* Borrowed until the next step or stmt_done; NULL for null. NUL-terminated. */
const char *stmt_text(const struct stmt *stmt, int at);
size_t stmt_bytes(const struct stmt *stmt, int at); /* of the text or blob */
const void *stmt_blob(const struct stmt *stmt, int at);

/* One text without parameters or rows; several statements separated by ';' allowed. */
enum err db_exec(struct ctx *ctx, struct db *db, const char *text) MUST_CHECK;

/* Makes an index of a column in which no row has a value, so that it holds none either (partial: "… WHERE x IS NOT NULL").  `text`
 * is one CREATE INDEX statement.  SQLite: in the write job that made the column, without reading the table. */
enum err db_index_empty(struct ctx *ctx, const char *table, const char *column, const char *text) MUST_CHECK;
/* The same of any column, outside a write job.  PostgreSQL: while others write on, in no transaction, on a connection of its
 * own; what an earlier try left is made anew.  SQLite: in a write job of its own. */
enum err store_index(struct ctx *ctx, struct store *store, const char *text) MUST_CHECK;

/* --- writes ------------------------------------------------------------ */

typedef enum err (*write_fn)(struct ctx *ctx, void *arg);

struct write_job {
	write_fn run;  /* with ctx->db set to the write connection, inside its own savepoint or transaction */
	/* After the durable commit, or after the job failed and was rolled back; on
	 * a thread of the store, must not block.  `result` OK means: on disk. */
	void (*done)(struct write_job *job, enum err result);
	struct ctx *ctx;
	void *arg;
	struct write_job *next; /* the store's */
};

/* Queues and returns at once.  A full queue finishes the job with ERR_RETRY. */
void store_submit(struct store *store, struct write_job *job);
/* Queues and waits. */
enum err store_write(struct ctx *ctx, struct store *store, write_fn run, void *arg) MUST_CHECK;

/* Asked first in every run of every write job, inside what it writes in: whoever acts may have lost the right to since
 * the job was made.  It may set ctx->actor anew, which lasts to the end of that run, and fails the job with its error.
 * Set once, before anybody writes on behalf of others; NULL before that. */
void store_set_guard(struct store *store, write_fn guard, void *arg);

/* Within a write job: runs `fn` after this job's commit, before any job's done(); the commit may not be on disk yet.
 * Dropped if the job is rolled back.  `arg` must outlive the commit (job's arena does). */
typedef void (*commit_fn)(struct store *store, void *arg);
enum err db_on_commit(struct ctx *ctx, commit_fn fn, void *arg) MUST_CHECK;
/* Within a write job: runs `fn` once, at the end of the job, inside its savepoint;
 * for totals that many changes of one job touch. The same (fn, arg) twice runs once. */
enum err db_before_commit(struct ctx *ctx, write_fn fn, void *arg) MUST_CHECK;
/* A nested savepoint within a write job: per-row results of a bulk request. */
enum err db_savepoint(struct ctx *ctx) MUST_CHECK;
enum err db_release(struct ctx *ctx) MUST_CHECK;
void db_rollback_to(struct ctx *ctx); /* undoes to, and closes, the newest savepoint */

/* Within a write job: a few bytes kept on the connection from job to job, zero at
 * first, that go back with every rollback (and to zero after a lost connection).
 * Owned by core/events for the head of its chain. */
enum { DB_SCRATCH = 80 };
void *db_scratch(struct db *db);
/* A number that no other run of a job in this process has. */
int64_t db_job_number(const struct db *db);

/* --- schema and care --------------------------------------------------- */

struct migration {
	int version;       /* from 1, no gaps */
	const char *name;
	const char *sqlite; /* several statements; NULL where `run` does it */
	const char *postgres;
	write_fn run;
};

/* Brings the schema to the newest version, one transaction a step; an older
 * database is first copied and the copy verified (SQLite).  A newer one is
 * ERR_CONFLICT with key "schema_newer". */
enum err store_migrate(struct ctx *ctx, struct store *store, const struct migration *list, size_t n) MUST_CHECK;
/* The steps of one folder, numbered from 1 on their own, so that two folders never want one number. */
struct migration_line {
	const char *folder;
	const struct migration *steps;
	size_t n;
};
enum { STORE_FOLDERS_MAX = 200 };
/* The same for them. upgrade: there are data of before, of which a copy is made first. */
enum err store_migrate_folder(struct ctx *ctx, struct store *store, const struct migration_line *line, bool upgrade) MUST_CHECK;
/* A change of the schema that can be done again and again, without a number; alone among nodes, in one transaction. */
enum err store_alter(struct ctx *ctx, struct store *store, write_fn run) MUST_CHECK;
/* Of the program's own steps; of a folder's. 0: none is done. */
enum err store_schema_version(struct ctx *ctx, struct store *store, int *ret) MUST_CHECK;
enum err store_folder_version(struct ctx *ctx, struct store *store, const char *folder, int *ret) MUST_CHECK;
/* Online copy while writers go on, then an integrity check of the copy. `path`
 * must not exist.  PostgreSQL: a logical dump in our own format. */
enum err store_backup(struct ctx *ctx, struct store *store, const char *path) MUST_CHECK;
/* What a restore takes over.  A copy is data, never a program: nothing that stands in it is executed.  The schema is made
 * anew by `steps`, as far as the copy's own had come (the rest is done by store_migrate afterwards), and its rows are put in.
 * Other tables, columns, types, views or triggers than ours are refused. */
struct store_takeover {
	const struct migration *steps;
	size_t n;
	const struct migration_line *folders; /* at most STORE_FOLDERS_MAX; NULL: none */
	size_t n_folders;
	/* The schema also grows without a step (store_alter): the one of `folders` that a copy has gone through when it lacks nothing of
	 * today's. Others may lack tables and columns of ours. NULL: the version alone tells. */
	const char *grown;
	bool (*made_anew)(const char *table); /* made of other tables, so not taken from the copy; NULL: none */
	/* SQL literal of our own for a column that an older copy lacks, NULL where it may be empty. NULL: all may. */
	enum err (*fallback)(struct ctx *ctx, const char *table, const char *column, const char **ret);
};
/* Puts a copy made by store_backup in place; nobody may have the store open, and nothing may be there (ERR_CONFLICT
 * "exists", "not_empty").  PostgreSQL: all or nothing.  SQLite: on an error no database is left. */
enum err store_restore(struct ctx *ctx, const struct store_config *config, const char *path, const struct store_takeover *how) MUST_CHECK;
/* Takes back a store_restore that succeeded, when what came along turned out to be wrong: PostgreSQL's tables, of which
 * the schema had none before, go.  SQLite: nothing to do, the file is the caller's. */
enum err store_restore_undo(struct ctx *ctx, const struct store_config *config) MUST_CHECK;
/* Statistics for the query planner after a large import; PostgreSQL takes them by itself only a minute or two later. */
enum err store_optimize(struct ctx *ctx, struct store *store) MUST_CHECK;
/* Integrity of pages, indexes and foreign keys; problems as lines in `report`. */
enum err store_check(struct ctx *ctx, struct store *store, struct buf *report) MUST_CHECK;

struct store_stats {
	int64_t jobs, commits, failed, retried; /* since start */
	int64_t reconnects; /* PostgreSQL */
	int64_t queued, queue_max;
	int64_t commit_us_total;
	int64_t wal_bytes;
};
void store_stats(const struct store *store, struct store_stats *ret);
/* False after a failed fsync: nothing more is written until restart. */
bool store_healthy(const struct store *store);

/* One thing that lives as long as the store (core/events keeps its listeners here).
 * The first to attach wins; returns what is attached now. */
void *store_attach(struct store *store, void *data, void (*release)(void *data));
void *store_attached(const struct store *store);

#endif
