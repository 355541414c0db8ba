/* What the files of this folder share; nobody else includes it. */
#ifndef GUANXI_CORE_STORE_INTERNAL_H
#define GUANXI_CORE_STORE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/store/store.h"

struct sqlite3;
struct sqlite3_stmt;
struct pg_conn; /* pg.c: one connection to PostgreSQL */
struct pg_stmt;
struct writer;  /* lite_writer.c */
struct pg_pool; /* pg_pool.c */

enum {
	CACHE_MAX = 256,      /* idle statements kept a connection */
	CACHE_BUCKETS = 256,
	QUEUE_MAX = 16384,    /* jobs waiting; more are refused */
	BATCH_MAX = 512,      /* jobs in one SQLite commit */
	BATCH_US = 10000,     /* a batch takes no further job after this long */
	DEPTH_MAX = 16,       /* nested savepoints */
	BEFORE_ROUNDS_MAX = 1000000, /* db_before_commit functions run in one job */
};

/* A statement lives in its connection's table under its key, on exactly one of
 * two lists: idle (newest first, the oldest is evicted) or busy. */
struct stmt {
	struct db *db;
	const struct sql *sql; /* key, or NULL */
	uint64_t serial;       /* the key's */
	char *text;            /* key when sql is NULL; owned */
	size_t text_len;
	uint64_t hash;
	struct stmt *bucket_next;
	struct stmt *prev, *next;
	bool busy;
	bool started;  /* stepped since prepare */
	bool finished; /* no more rows */
	bool bad_bind; /* a parameter number or a value was refused */
	int64_t steps; /* spent of the budget, SQLite */
	int64_t since_us; /* when the first of them had been counted */
	struct sqlite3_stmt *lite;
	struct pg_stmt *pg;
};

struct stmt_list {
	struct stmt *head, *tail;
	size_t n;
};

struct cache {
	struct stmt *buckets[CACHE_BUCKETS];
	struct stmt_list idle, busy;
};

struct hook {
	commit_fn fn;
	void *arg;
};

struct pending {
	write_fn fn;
	void *arg;
};

/* What a rollback goes back to. */
struct mark {
	size_t commits, befores;
	unsigned char scratch[DB_SCRATCH];
};

/* The job at work on a write connection. */
struct work_state {
	bool active;
	bool broken;             /* a rollback failed: the transaction is lost */
	bool schema_changed;     /* db_exec ran in this job, which may change more than rows */
	int64_t number;          /* of this run, counted from the start of the process */
	size_t depth;            /* open savepoints of the job itself */
	struct mark marks[DEPTH_MAX];
	struct hook *commits;    /* all jobs of the batch, in order */
	size_t commits_n, commits_cap;
	struct pending *befores; /* waiting functions of this job; fn NULL: ran */
	size_t befores_n, befores_cap, befores_ran;
	uint32_t *index;         /* open addressing over befores; value = position + 1 */
	size_t index_cap;
	unsigned char scratch[DB_SCRATCH];
};

struct db {
	struct store *store;
	enum engine engine;
	bool writer;
	bool in_read;  /* db_begin_read */
	int64_t budget_steps, budget_ms;
	struct cache cache;
	struct work_state job;
	struct sqlite3 *lite;
	struct stmt *running;      /* in sqlite3_step, for the progress handler */
	const struct ctx *running_ctx;
	struct pg_conn *pg;
	void *attached;
	void (*attached_release)(void *data);
};

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct write_job *head, *tail;
	atomic_int_fast64_t count; /* changed under the lock, read without */
	int64_t max;
	bool stopping;
};

/* lite_sync.c: what is committed and waits for the disk. */
struct syncer {
	struct store *store;
	int fd; /* of the log; its own, so that it hears of every failed write */
	pthread_t thread;
	bool runs;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct write_job *head, *tail;
	int64_t handed; /* commits so far; changed by the writer alone, under the lock */
	atomic_int_fast64_t synced; /* of them on disk */
	bool stopping;
};

struct store {
	enum engine engine;
	char *data_dir;
	char *pg_url, *pg_schema;
	int pg_writers;
	const struct clock *clock;
	bool read_only;
	int lock_fd;
	char *path; /* guanxi.db */
	atomic_bool unhealthy;
	struct queue queue;
	struct writer *writer;
	struct pg_pool *pool;
	atomic_int_fast64_t down_until_us; /* PostgreSQL is away: no attempt before */
	atomic_int_fast64_t reconnects;
	_Atomic(write_fn) guard; /* store_set_guard */
	void *guard_arg;
	_Atomic(void *) attached;
	void (*attached_release)(void *data);
	atomic_int_fast64_t jobs, commits, failed, retried, commit_us, job_number;
};

/* --- what an engine's error means ---------------------------------------- */

enum err lite_fail(struct ctx *ctx, struct db *db, int rc) MUST_CHECK;
bool lite_disk_failed(int rc); /* not only full */
/* For good, and the log says why: `what` failed, with SQLite's code and the system's. */
void lite_stop_writing(struct store *store, const char *what, const char *error, int code, int system);
enum err lite_fail_raw(struct ctx *ctx, struct sqlite3 *lite, int rc) MUST_CHECK;

/* --- db.c ---------------------------------------------------------------- */

enum command { COMMAND_BEGIN, COMMAND_COMMIT, COMMAND_ROLLBACK, COMMAND_SAVEPOINT, COMMAND_RELEASE, COMMAND_ROLLBACK_TO, COMMAND_BEGIN_READ };
enum err db_command(struct ctx *ctx, struct db *db, enum command command) MUST_CHECK;

/* Everything that a job or request left behind: busy statements. */
void db_release_all(struct db *db);
void db_cache_clear(struct cache *cache);
void db_detach(struct db *db);
void stmt_destroy(struct stmt *stmt);

/* --- work.c: one job on a write connection -------------------------------- */

void work_state_release(struct work_state *state);
struct mark work_mark(const struct db *db);
void work_rewind(struct db *db, const struct mark *mark);
/* Runs the job and its db_before_commit functions; the caller opens and closes
 * savepoint or transaction. */
enum err work_run(struct db *db, struct write_job *job) MUST_CHECK;
/* After COMMIT: runs and forgets all db_on_commit functions. */
void work_committed(struct db *db);
/* Ends a job that never ran or cannot be written. */
void work_refuse(struct write_job *job, enum err code, const char *key);

/* What a repeat of a job starts from. */
struct work_start {
	struct write_job *job;
	struct arena_mark arena;
	size_t faults;
	enum err faults_code;
	bool faults_more;
};
void work_start_note(struct work_start *start, struct write_job *job);
void work_start_restore(const struct work_start *start);

/* --- queue.c ------------------------------------------------------------- */

bool queue_init(struct queue *queue, int64_t max);
void queue_destroy(struct queue *queue);
/* False when full or stopping. */
bool queue_put(struct queue *queue, struct write_job *job);
/* Puts a job back at the front; never refused. */
void queue_return(struct queue *queue, struct write_job *job);
/* The next job; NULL when none waits, or, with `wait`, when the queue is stopped and empty. */
struct write_job *queue_take(struct queue *queue, bool wait);
void queue_stop(struct queue *queue);
int64_t queue_count(const struct queue *queue);

/* --- SQLite -------------------------------------------------------------- */

enum lite_role { LITE_READ, LITE_WRITE, LITE_CARE };
/* Registers the file layer that writes the log in large pieces; its name, or NULL. Once. */
const char *lite_vfs_start(void);
/* Whether the sync that ends a commit on this connection is left to the caller from now on. */
void lite_log_leave_sync(struct sqlite3 *lite, bool leave);
/* Whether a sync was left since that was said. */
bool lite_log_left_sync(struct sqlite3 *lite);
/* False: it does not run, and commits must be synced where they are made. */
bool lite_sync_start(struct syncer *s, struct store *store) MUST_CHECK;
/* Tells the jobs, linked by `next`, once all that is in the log by now is on disk; from the writer only. */
void lite_sync_put(struct syncer *s, struct write_job *first, struct write_job *last);
/* Whether a commit handed over is not on disk yet; for the writer. */
bool lite_sync_busy(const struct syncer *s);
/* After the last job was told. */
void lite_sync_stop(struct syncer *s);
enum err lite_connect(struct ctx *ctx, struct store *store, enum lite_role role, struct sqlite3 **ret) MUST_CHECK;
void lite_attach_progress(struct db *db);
enum err lite_prepare(struct ctx *ctx, struct db *db, const char *text, size_t n, struct sqlite3_stmt **ret) MUST_CHECK;
void lite_finalize(struct sqlite3_stmt *lite);
void lite_reset(struct stmt *stmt);
enum err lite_step(struct ctx *ctx, struct stmt *stmt, bool *ret_row) MUST_CHECK;
enum err lite_exec(struct ctx *ctx, struct db *db, const char *text) MUST_CHECK;
enum err lite_writer_start(struct ctx *ctx, struct store *store) MUST_CHECK;
void lite_writer_stop(struct store *store);
int64_t lite_wal_bytes(const struct store *store);

/* --- migrate.c ------------------------------------------------------------ */

/* Whether the job is a step of a migration, which runs alone. */
bool migrate_is_step(const struct write_job *job);
/* PostgreSQL, at the start of a write job: the first n steps, all in its transaction, after `before` has looked. */
enum err migrate_within(struct ctx *ctx, const struct migration *list, size_t n, enum err (*before)(struct ctx *ctx)) MUST_CHECK;
/* After it, in the same transaction: one folder's. */
enum err migrate_folder_within(struct ctx *ctx, const struct migration_line *line, int version) MUST_CHECK;

/* --- care ------------------------------------------------------------------ */

enum err care_sync_path(struct ctx *ctx, const char *path) MUST_CHECK;
enum err care_sync_folder_of(struct ctx *ctx, const char *path) MUST_CHECK;
enum err care_create(struct ctx *ctx, const char *path, int *ret_fd) MUST_CHECK;
enum err care_publish(struct ctx *ctx, const char *part, const char *path) MUST_CHECK;
enum err lite_backup(struct ctx *ctx, struct store *store, const char *path) MUST_CHECK;
enum err lite_check(struct ctx *ctx, struct store *store, struct buf *report) MUST_CHECK;
enum err pg_backup(struct ctx *ctx, struct store *store, const char *path) MUST_CHECK;
enum err lite_restore(struct ctx *ctx, const struct store_config *config, const char *path, const struct store_takeover *how) MUST_CHECK;
enum err pg_restore(struct ctx *ctx, struct store *store, const char *path, const struct store_takeover *how) MUST_CHECK;
/* "This is not a copy of ours: what". */
enum err care_foreign(struct ctx *ctx, const char *what) MUST_CHECK;
bool care_made_anew(const struct store_takeover *how, const char *table);
/* Whether tables and columns of ours may be missing in a copy of this version. */
bool care_may_lack(const struct store_takeover *how, int version, const int *versions);
/* For a column that the copy lacks: an SQL literal, or NULL where the column may be empty; refused where none may be missing. */
enum err care_fallback(struct ctx *ctx, const struct store_takeover *how, int version, const int *versions, const char *table, const char *column,
                       const char **ret) MUST_CHECK;
/* A row of the copy's schema_step: `versions`, parallel to how->folders, keeps the highest. Folders that are not ours are passed over. */
void care_note_folder(const struct store_takeover *how, int *versions, const char *folder, size_t len, long version);
enum err care_check_folders(struct ctx *ctx, const struct store_takeover *how, const int *versions) MUST_CHECK;
/* The steps there are must reach the copy's. */
enum err care_check_version(struct ctx *ctx, const struct store_takeover *how, int version) MUST_CHECK;
enum err pg_restore_undo(struct ctx *ctx, struct store *store) MUST_CHECK;
enum err pg_check(struct ctx *ctx, struct store *store, struct buf *report) MUST_CHECK;

/* --- PostgreSQL ------------------------------------------------------------ */

enum err pg_pool_start(struct ctx *ctx, struct store *store) MUST_CHECK;
void pg_pool_stop(struct store *store);
enum err pg_connect(struct ctx *ctx, struct store *store, bool writer, struct pg_conn **ret) MUST_CHECK;
void pg_close(struct pg_conn *pg);
void pg_interrupt(struct pg_conn *pg);
enum err pg_command(struct ctx *ctx, struct db *db, const char *text) MUST_CHECK;
enum err pg_exec(struct ctx *ctx, struct db *db, const char *text) MUST_CHECK;
void pg_end_read(struct db *db);
enum err pg_prepare(struct ctx *ctx, struct db *db, const char *text, size_t n, struct pg_stmt **ret) MUST_CHECK;
void pg_stmt_free(struct pg_stmt *pg);
void pg_reset(struct stmt *stmt);
void pg_want_cursor(struct stmt *stmt);
void pg_bind_i64(struct stmt *stmt, int at, int64_t value);
void pg_bind_real(struct stmt *stmt, int at, double value);
void pg_bind_text(struct stmt *stmt, int at, const char *text);
void pg_bind_textn(struct stmt *stmt, int at, const char *text, size_t n);
void pg_bind_blob(struct stmt *stmt, int at, const void *data, size_t n);
void pg_bind_null(struct stmt *stmt, int at);
enum err pg_step(struct ctx *ctx, struct stmt *stmt, bool *ret_row) MUST_CHECK;
enum err pg_run_later(struct ctx *ctx, struct stmt *stmt) MUST_CHECK;
int64_t pg_changed(const struct stmt *stmt);
int pg_columns(const struct stmt *stmt);
bool pg_is_null(const struct stmt *stmt, int at);
int64_t pg_i64(const struct stmt *stmt, int at);
double pg_real(const struct stmt *stmt, int at);
const char *pg_text(const struct stmt *stmt, int at);
size_t pg_bytes(const struct stmt *stmt, int at);
const void *pg_blob(const struct stmt *stmt, int at);


/* --- store.c -------------------------------------------------------------- */

/* A store that is not open: configuration, and for SQLite the folder's lock. */
enum err store_bare_new(struct ctx *ctx, const struct store_config *config, struct store **ret) MUST_CHECK;

#endif
