/* SQLite's single writer: group commit.
 *
 * The thread takes a job; while others wait it goes on with them in the same
 * transaction.  When none waits it commits at once, so a lone client never waits for
 * company.  One fsync then makes all of them durable.
 *
 * A savepoint around each job would cost a copy of every page it changes.  Jobs that fail
 * have nearly always been refused before they wrote anything, and then nothing is to be
 * undone.  One that fails after it wrote takes the transaction with it: the others run again,
 * and for a while each job has its savepoint.
 *
 * A second thread copies the write-ahead log back into the database file while
 * the writer goes on, who does only the last few pages itself, so that the log can start over. */
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/store/internal.h"

#include "base/timeutil.h"

enum {
	SHARE = 8, /* jobs after which a batch is committed, if the disk has nothing to do */
	GUARDED_JOBS = 1000, /* with savepoints, after a job that failed too late */
	WAL_LEAST = 12000, /* pages in the log that wake the checkpointer: a page changed often is copied back once */
	WAL_MOST = 60000,
	WAL_PART = 24, /* of the database: in a large one few pages are changed twice in a short log, and each goes back alone */
	WAL_HARD = 2, /* times as many, at which the writer does a checkpoint itself, however much is left */
	WAL_LAST = 200, /* pages left to copy that the writer may be held up for */
	WAL_PASSES = 8,
	WAL_SIZE = 32 << 20, /* what the log's file is given at start */
};

struct writer {
	struct store *store;
	struct db db;
	pthread_t thread;
	bool thread_runs;
	struct arena arena; /* for the writer's own errors */
	struct ctx ctx;
	struct work_start batch[BATCH_MAX];
	size_t batch_n;
	bool in_transaction;
	size_t alone; /* this many jobs get a transaction of their own */
	size_t guarded; /* this many a savepoint */
	atomic_int wal_pages;
	int wal_tried, wal_soft;
	struct syncer syncer;
	bool syncer_runs;

	sqlite3 *care; /* the checkpointer's connection */
	pthread_t checkpointer;
	bool checkpointer_runs;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool due, stopping;
	pthread_mutex_t copying; /* held while pages are copied back: SQLite lets one do it and turns the other away */
	atomic_bool last; /* little is left to copy: the writer's turn */
};

/* --- the write-ahead log ---------------------------------------------------- */

static int note_wal(void *arg, sqlite3 *lite, const char *name, int pages)
{
	(void)lite;
	(void)name;
	struct writer *w = arg;
	atomic_store_explicit(&w->wal_pages, pages, memory_order_relaxed);
	return SQLITE_OK;
}

/* Syncing a file that grows costs several times one whose blocks are written over, as
 * the file system has to note the new size: so the log gets its size before it is used.
 * Zeros are no frames to SQLite, which stops at the first whose check does not match. */
static void make_room(sqlite3 *lite)
{
	static const char zeros[1 << 16];
	sqlite3_file *file = NULL;
	sqlite3_int64 size = 0;
	if (sqlite3_file_control(lite, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file) != SQLITE_OK || !file || !file->pMethods ||
	    file->pMethods->xFileSize(file, &size) != SQLITE_OK)
		return; /* only slower */
	while (size < WAL_SIZE) {
		if (file->pMethods->xWrite(file, zeros, sizeof zeros, size) != SQLITE_OK) {
			(void)file->pMethods->xTruncate(file, size); /* no room to spare */
			return;
		}
		size += (sqlite3_int64)sizeof zeros;
	}
	(void)file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
}

static void note_checkpoint(struct store *store, int rc)
{
	if (lite_disk_failed(rc)) /* busy or a full disk: the next one tries again */
		lite_stop_writing(store, "copying the log back", sqlite3_errstr(rc), rc, 0);
}

/* The log starts over only when all of it is copied and nobody adds to it meanwhile.  So each
 * pass copies what came during the one before, until so little is left that the writer can do it
 * between two commits. */
static void copy_back(struct writer *w)
{
	int before = INT_MAX;
	for (int pass = 0; pass < WAL_PASSES; pass++) {
		int copied = 0;
		pthread_mutex_lock(&w->copying);
		int rc = sqlite3_wal_checkpoint_v2(w->care, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, &copied);
		pthread_mutex_unlock(&w->copying);
		note_checkpoint(w->store, rc);
		int left = atomic_load_explicit(&w->wal_pages, memory_order_relaxed) - copied;
		if (rc != SQLITE_OK || left >= before)
			return; /* a reader is in the way, or the disk is slower than the writer */
		if (left <= WAL_LAST) {
			atomic_store(&w->last, true);
			return;
		}
		before = left;
	}
}

static void *checkpoint_loop(void *arg)
{
	struct writer *w = arg;
	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (!w->due && !w->stopping)
			pthread_cond_wait(&w->wake, &w->lock);
		if (w->stopping)
			break;
		w->due = false;
		pthread_mutex_unlock(&w->lock);
		copy_back(w);
		pthread_mutex_lock(&w->lock);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* Pages that wake the checkpointer, by the size of the database. */
static int wal_soft(const struct store *store)
{
	struct stat st;
	int64_t pages = stat(store->path, &st) == 0 ? st.st_size / 4096 / WAL_PART : 0;
	return pages < WAL_LEAST ? WAL_LEAST : pages > WAL_MOST ? WAL_MOST : (int)pages;
}

static void tend_wal(struct writer *w)
{
	int pages = atomic_load_explicit(&w->wal_pages, memory_order_relaxed);
	bool last = atomic_exchange(&w->last, false);
	if (pages < w->wal_tried || w->wal_soft == 0) { /* the log started over */
		w->wal_tried = 0;
		w->wal_soft = wal_soft(w->store);
	}
	if (!last && pages - w->wal_tried < w->wal_soft)
		return;
	w->wal_tried = pages;
	if (last || pages >= WAL_HARD * w->wal_soft) {
		/* waits for the checkpointer's pass, if there is one: else the log would grow as long as that is slow */
		pthread_mutex_lock(&w->copying);
		int rc = sqlite3_wal_checkpoint_v2(w->db.lite, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
		pthread_mutex_unlock(&w->copying);
		note_checkpoint(w->store, rc);
		return;
	}
	pthread_mutex_lock(&w->lock);
	w->due = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

int64_t lite_wal_bytes(const struct store *store)
{
	char path[4096];
	int n = snprintf(path, sizeof path, "%s-wal", store->path);
	struct stat st;
	if (n < 0 || (size_t)n >= sizeof path || stat(path, &st) != 0)
		return 0;
	return st.st_size;
}

/* --- one batch ---------------------------------------------------------------- */

/* Statements between jobs report into the writer's own context. */
static enum err command(struct writer *w, enum command what)
{
	arena_reset(&w->arena);
	faults_clear(&w->ctx);
	return db_command(&w->ctx, &w->db, what);
}

/* Tells a job what went wrong between jobs. */
static void finish_failed(struct writer *w, struct write_job *job, enum err err)
{
	const struct faults *faults = &w->ctx.faults;
	const struct fault *fault = faults->count ? &faults->list[0] : NULL;
	fault_add(job->ctx, err, "", fault ? fault->key : "store", fault ? fault->arg : NULL);
	atomic_fetch_add_explicit(&w->store->failed, 1, memory_order_relaxed);
	job->done(job, err);
}

static void rollback(struct writer *w)
{
	static const unsigned char none[DB_SCRATCH];
	if (w->in_transaction && !sqlite3_get_autocommit(w->db.lite) && command(w, COMMAND_ROLLBACK) != OK)
		lite_stop_writing(w->store, "a rollback", sqlite3_errmsg(w->db.lite), sqlite3_extended_errcode(w->db.lite), sqlite3_system_errno(w->db.lite));
	w->in_transaction = false;
	w->db.job.commits_n = 0;
	memcpy(w->db.job.scratch, none, DB_SCRATCH); /* read again from the tables */
}

/* The transaction is gone, through no fault of the jobs that succeeded in it: back
 * to the front of the queue with them, as if they had never run. */
static void put_back(struct writer *w, bool alone)
{
	for (size_t i = w->batch_n; i-- > 0;) {
		work_start_restore(&w->batch[i]);
		queue_return(&w->store->queue, w->batch[i].job);
	}
	atomic_fetch_add_explicit(&w->store->retried, (int_fast64_t)w->batch_n, memory_order_relaxed);
	if (alone)
		w->alone = w->batch_n;
	w->batch_n = 0;
}

/* One run of a job, as it began. */
struct attempt {
	struct mark mark;
	int64_t changes; /* rows changed on this connection before it */
	bool saved;      /* it has a savepoint */
};

static void job_failed(struct writer *w, struct write_job *job, enum err err, const struct attempt *attempt)
{
	bool lost = sqlite3_get_autocommit(w->db.lite); /* disk full, no memory or an interrupt undid the whole transaction */
	bool wrote = w->db.job.schema_changed || sqlite3_total_changes64(w->db.lite) != attempt->changes;
	if (w->batch_n == 0) {
		rollback(w);
	} else if (!lost && (attempt->saved ? command(w, COMMAND_ROLLBACK_TO) == OK && command(w, COMMAND_RELEASE) == OK : !wrote)) {
		work_rewind(&w->db, &attempt->mark);
	} else {
		w->guarded = GUARDED_JOBS;
		rollback(w);
		put_back(w, false);
	}
	atomic_fetch_add_explicit(&w->store->failed, 1, memory_order_relaxed);
	job->done(job, err);
}

/* Opens what the job needs. */
static enum err begin(struct writer *w, struct attempt *ret)
{
	enum err err = OK;
	*ret = (struct attempt){.saved = false};
	if (!w->in_transaction) {
		err = command(w, COMMAND_BEGIN);
		w->in_transaction = err == OK;
	} else if (w->batch_n && w->guarded) {
		err = command(w, COMMAND_SAVEPOINT);
		ret->saved = err == OK;
	}
	w->guarded -= w->guarded > 0;
	ret->mark = work_mark(&w->db);
	ret->changes = sqlite3_total_changes64(w->db.lite);
	return err;
}

static void run_one(struct writer *w, struct write_job *job)
{
	struct attempt attempt;
	if (atomic_load(&w->store->unhealthy)) {
		work_refuse(job, ERR_RETRY, "store_stopped");
		return;
	}
	enum err err = begin(w, &attempt);
	if (err) {
		finish_failed(w, job, err);
		return;
	}
	work_start_note(&w->batch[w->batch_n], job);
	err = work_run(&w->db, job);
	if (!err && attempt.saved && command(w, COMMAND_RELEASE) != OK) {
		fault_add(job->ctx, ERR_RETRY, "", "transaction_lost", NULL);
		err = ERR_RETRY;
	}
	if (err)
		job_failed(w, job, err, &attempt);
	else
		w->batch_n++;
}

static void refuse_batch(struct writer *w, enum err err, const char *key)
{
	for (size_t i = 0; i < w->batch_n; i++) {
		atomic_fetch_add_explicit(&w->store->failed, 1, memory_order_relaxed);
		work_refuse(w->batch[i].job, err, key);
	}
	w->batch_n = 0;
}

static void commit_failed(struct writer *w, enum err err)
{
	/* Only a constraint checked at COMMIT is one job's own fault: find out whose. */
	if (err == ERR_CONFLICT && w->batch_n > 1) {
		rollback(w);
		put_back(w, true);
		return;
	}
	enum err told = atomic_load(&w->store->unhealthy) ? ERR_RETRY : err;
	const char *key = told != err ? "store_stopped" : w->ctx.faults.count ? w->ctx.faults.list[0].key : "store";
	char kept[64] = "";
	strncat(kept, key, sizeof kept - 1);
	rollback(w);
	refuse_batch(w, told, kept);
}

/* To the thread that waits for the disk, while the next jobs run. */
static void hand_over(struct writer *w)
{
	for (size_t i = 1; i < w->batch_n; i++)
		w->batch[i - 1].job->next = w->batch[i].job;
	lite_sync_put(&w->syncer, w->batch[0].job, w->batch[w->batch_n - 1].job);
}

static void commit(struct writer *w)
{
	struct store *store = w->store;
	if (!w->in_transaction || !w->batch_n)
		return;
	int64_t before = time_monotonic_us();
	/* A lone job is told soonest without another thread. */
	bool leave = w->syncer_runs && w->batch_n > 1;
	lite_log_leave_sync(w->db.lite, leave);
	enum err err = command(w, COMMAND_COMMIT);
	bool left = lite_log_left_sync(w->db.lite);
	lite_log_leave_sync(w->db.lite, false);
	if (err) {
		commit_failed(w, err);
		return;
	}
	w->in_transaction = false;
	atomic_fetch_add_explicit(&store->commit_us, time_monotonic_us() - before, memory_order_relaxed);
	atomic_fetch_add_explicit(&store->commits, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&store->jobs, (int_fast64_t)w->batch_n, memory_order_relaxed);
	work_committed(&w->db);
	if (atomic_load(&store->unhealthy)) { /* what it stands on was lost meanwhile */
		refuse_batch(w, ERR_RETRY, "store_stopped");
		return;
	}
	/* Who changed nothing may have read what is not on disk yet, and waits too. */
	if (left || (w->syncer_runs && lite_sync_busy(&w->syncer)))
		hand_over(w);
	else
		for (size_t i = 0; i < w->batch_n; i++)
			w->batch[i].job->done(w->batch[i].job, OK);
	w->batch_n = 0;
}

/* A step of a migration rebuilds tables, for which SQLite wants foreign keys off;
 * that can only be said outside a transaction.  The step itself checks them. */
static void run_migration(struct writer *w, struct write_job *job)
{
	commit(w);
	(void)sqlite3_db_config(w->db.lite, SQLITE_DBCONFIG_ENABLE_FKEY, 0, NULL);
	run_one(w, job);
	commit(w);
	(void)sqlite3_db_config(w->db.lite, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
}

static void run_batch(struct writer *w, struct write_job *job)
{
	int64_t start = time_monotonic_us();
	size_t limit = w->alone ? 1 : BATCH_MAX;
	if (w->alone)
		w->alone--;
	for (;;) {
		if (migrate_is_step(job))
			run_migration(w, job);
		else
			run_one(w, job);
		if (w->batch_n >= limit || time_monotonic_us() - start > BATCH_US)
			break;
		if (w->alone)
			break;
		if (w->batch_n >= SHARE && w->syncer_runs && !lite_sync_busy(&w->syncer))
			break;
		job = queue_take(&w->store->queue, false);
		if (!job)
			break;
	}
	commit(w);
	/* BEGIN without any job that lasted: nothing to keep. */
	if (w->in_transaction)
		rollback(w);
}

static void *writer_loop(void *arg)
{
	struct writer *w = arg;
	for (;;) {
		struct write_job *job = queue_take(&w->store->queue, true);
		if (!job)
			break;
		run_batch(w, job);
		tend_wal(w);
	}
	return NULL;
}

/* --- start and stop ------------------------------------------------------------- */

static void writer_release(struct writer *w)
{
	db_detach(&w->db);
	db_cache_clear(&w->db.cache);
	work_state_release(&w->db.job);
	if (w->care)
		sqlite3_close(w->care);
	if (w->db.lite)
		sqlite3_close(w->db.lite);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	pthread_mutex_destroy(&w->copying);
	arena_release(&w->arena);
	free(w);
}

enum err lite_writer_start(struct ctx *ctx, struct store *store)
{
	struct writer *w = calloc(1, sizeof *w);
	if (!w)
		return fail(ctx, ERR_LIMIT, "", "memory");
	w->store = store;
	w->syncer.fd = -1;
	w->db = (struct db){.store = store, .engine = ENGINE_SQLITE, .writer = true};
	arena_init(&w->arena, 1 << 20);
	ctx_init(&w->ctx, &w->arena, store->clock);
	pthread_mutex_init(&w->lock, NULL);
	pthread_mutex_init(&w->copying, NULL);
	pthread_cond_init(&w->wake, NULL);
	enum err err = lite_connect(ctx, store, LITE_WRITE, &w->db.lite);
	if (!err && !store->read_only)
		err = lite_connect(ctx, store, LITE_CARE, &w->care);
	if (!err && !store->read_only) {
		make_room(w->db.lite);
		sqlite3_wal_hook(w->db.lite, note_wal, w);
		w->syncer_runs = lite_sync_start(&w->syncer, store);
		w->checkpointer_runs = pthread_create(&w->checkpointer, NULL, checkpoint_loop, w) == 0;
		w->thread_runs = pthread_create(&w->thread, NULL, writer_loop, w) == 0;
		if (!w->thread_runs || !w->checkpointer_runs)
			err = fail(ctx, ERR_LIMIT, "", "threads");
	}
	store->writer = w;
	if (err)
		lite_writer_stop(store);
	return err;
}

void lite_writer_stop(struct store *store)
{
	struct writer *w = store->writer;
	if (!w)
		return;
	queue_stop(&store->queue);
	if (w->thread_runs)
		pthread_join(w->thread, NULL);
	lite_sync_stop(&w->syncer);
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	if (w->checkpointer_runs)
		pthread_join(w->checkpointer, NULL);
	writer_release(w);
	store->writer = NULL;
}
