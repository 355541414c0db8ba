/* PostgreSQL's writers: each thread has a connection and runs one job after the other,
 * each in a serializable transaction of its own, and again when the server asks.
 *
 * Serializable, because jobs are written for a store where they run one after another
 * (as they do on SQLite); what that costs is repeats, which happen here unseen.  After
 * CALM_AFTER tries a job runs while this process's other writers pause, so that it
 * cannot be starved by them. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/store/pg_internal.h"

#include "base/log.h"
#include "base/timeutil.h"

enum {
	WRITERS = 8,
	ATTEMPTS_MAX = 20,
	CALM_AFTER = 5,
	PAUSE_MIN_US = 500, PAUSE_MAX_US = 50000, /* between repeats, doubling, with chance */
	PATIENCE_US = 3000000, /* for a server that is away, per job */
};

struct pg_worker {
	struct pg_pool *pool;
	struct db db;
	struct arena arena;
	struct ctx ctx; /* for what happens between jobs */
	pthread_t thread;
	bool runs;
};

struct pg_pool {
	struct store *store;
	pthread_rwlock_t calm;
	int n;
	struct pg_worker workers[];
};

enum outcome { DONE, FAILED, AGAIN, UNKNOWN };

static void pause_before_repeat(const struct ctx *ctx, int attempt)
{
	uint32_t chance;
	ctx_random(ctx, &chance, sizeof chance);
	int64_t most = PAUSE_MIN_US << (attempt < 7 ? attempt : 7);
	if (most > PAUSE_MAX_US)
		most = PAUSE_MAX_US;
	(void)usleep((useconds_t)(most / 2 + (int64_t)(chance % (uint32_t)(most / 2 + 1))));
}

static void copy_fault(struct ctx *to, const struct ctx *from, enum err err)
{
	const struct fault *fault = from->faults.count ? &from->faults.list[0] : NULL;
	fault_add(to, err, fault ? fault->field : "", fault ? fault->key : "store", fault ? fault->arg : NULL);
}

/* Connected?  Waits a while for a server that is away. */
static enum err be_connected(struct pg_worker *w)
{
	struct pg_conn *pg = w->db.pg;
	int64_t until = time_monotonic_us() + PATIENCE_US;
	enum err err = OK;
	while (pg_is_lost(pg)) {
		faults_clear(&w->ctx);
		arena_reset(&w->arena);
		err = pg_reconnect(&w->ctx, pg);
		if (!err || time_monotonic_us() > until)
			break;
		(void)usleep(50000);
	}
	return err;
}

/* COMMIT goes along with whatever was queued, in one round trip. */
static enum outcome commit(struct pg_worker *w, struct write_job *job, enum err *ret)
{
	struct pg_conn *pg = w->db.pg;
	PGresult *res = NULL;
	*ret = pg_queue_text(job->ctx, pg, "COMMIT");
	enum err end = pg->queued ? pg_finish_queue(job->ctx, pg, &res) : OK;
	if (!*ret)
		*ret = end;
	bool committed = !*ret && strcmp(PQcmdStatus(res), "COMMIT") == 0;
	PQclear(res);
	if (committed)
		return DONE;
	if (*ret)
		return pg->lost ? UNKNOWN : pg->again ? AGAIN : FAILED;
	/* It was rolled back: the job went on after a failed statement. */
	*ret = fail(job->ctx, pg->again ? ERR_RETRY : ERR_BUG, "", "transaction_lost");
	return pg->again ? AGAIN : FAILED;
}

static enum outcome attempt(struct pg_worker *w, struct write_job *job, enum err *ret)
{
	struct db *db = &w->db;
	struct pg_conn *pg = db->pg;
	struct mark mark = work_mark(db);
	enum outcome outcome = FAILED;
	pg->again = false;
	*ret = pg_queue_text(job->ctx, pg, "BEGIN ISOLATION LEVEL SERIALIZABLE");
	if (!*ret)
		*ret = work_run(db, job);
	if (!*ret)
		outcome = commit(w, job, ret);
	else if (pg->again)
		outcome = AGAIN;
	if (outcome == DONE) {
		work_committed(db);
		return DONE;
	}
	pg_abandon(pg);
	work_rewind(db, &mark);
	if (pg_is_lost(pg))
		memset(db->job.scratch, 0, DB_SCRATCH);
	return outcome;
}

static enum outcome attempt_in_turn(struct pg_worker *w, struct write_job *job, int n, enum err *ret)
{
	if (n > CALM_AFTER)
		pthread_rwlock_wrlock(&w->pool->calm);
	else
		pthread_rwlock_rdlock(&w->pool->calm);
	enum outcome outcome = attempt(w, job, ret);
	pthread_rwlock_unlock(&w->pool->calm);
	return outcome;
}

static void run(struct pg_worker *w, struct write_job *job)
{
	struct store *store = w->pool->store;
	struct work_start start;
	enum outcome outcome = FAILED;
	enum err err = OK;
	int64_t before = time_monotonic_us();
	work_start_note(&start, job);
	for (int n = 1; n <= ATTEMPTS_MAX; n++) {
		err = be_connected(w);
		if (err) {
			copy_fault(job->ctx, &w->ctx, err);
			outcome = FAILED;
			break;
		}
		outcome = attempt_in_turn(w, job, n, &err);
		if (outcome != AGAIN || n == ATTEMPTS_MAX)
			break;
		atomic_fetch_add_explicit(&store->retried, 1, memory_order_relaxed);
		work_start_restore(&start);
		pause_before_repeat(job->ctx, n);
	}
	if (outcome == UNKNOWN) {
		work_start_restore(&start);
		err = ERR_RETRY;
		fault_add(job->ctx, err, "", "outcome_unknown", NULL);
	}
	if (outcome == DONE) {
		atomic_fetch_add_explicit(&store->jobs, 1, memory_order_relaxed);
		atomic_fetch_add_explicit(&store->commits, 1, memory_order_relaxed);
		atomic_fetch_add_explicit(&store->commit_us, time_monotonic_us() - before, memory_order_relaxed);
	} else {
		atomic_fetch_add_explicit(&store->failed, 1, memory_order_relaxed);
	}
	job->done(job, err);
}

static void *worker_loop(void *arg)
{
	struct pg_worker *w = arg;
	for (;;) {
		struct write_job *job = queue_take(&w->pool->store->queue, true);
		if (!job)
			return NULL;
		run(w, job);
	}
}

/* --- start and stop --------------------------------------------------------------- */

enum err pg_pool_start(struct ctx *ctx, struct store *store)
{
	struct pg_conn *first;
	if (store->read_only) {
		/* Say now, rather than at the first read, that the server cannot be reached. */
		enum err err = pg_connect(ctx, store, false, &first);
		if (!err)
			pg_close(first);
		return err;
	}
	int n = store->pg_writers ? store->pg_writers : WRITERS;
	struct pg_pool *pool = calloc(1, sizeof *pool + (size_t)n * sizeof *pool->workers);
	if (!pool)
		return fail(ctx, ERR_LIMIT, "", "memory");
	pool->store = store;
	pthread_rwlockattr_t attr;
	pthread_rwlockattr_init(&attr);
	/* Else those who keep coming would starve the one who asked for calm. */
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&pool->calm, &attr);
	pthread_rwlockattr_destroy(&attr);
	store->pool = pool;
	enum err err = pg_connect(ctx, store, true, &first);
	if (err)
		return err;
	err = pg_make_schema(ctx, first);
	for (int i = 0; i < n; i++) {
		struct pg_worker *w = &pool->workers[i];
		pool->n++;
		w->pool = pool;
		w->db = (struct db){.store = store, .engine = ENGINE_POSTGRES, .writer = true};
		arena_init(&w->arena, 1 << 20);
		ctx_init(&w->ctx, &w->arena, store->clock);
		if (i == 0)
			w->db.pg = first;
		else if (!err)
			err = pg_connect(ctx, store, true, &w->db.pg);
		if (err)
			return err;
		if (pthread_create(&w->thread, NULL, worker_loop, w) != 0)
			return fail(ctx, ERR_LIMIT, "", "threads");
		w->runs = true;
	}
	return OK;
}

void pg_pool_stop(struct store *store)
{
	struct pg_pool *pool = store->pool;
	if (!pool)
		return;
	queue_stop(&store->queue);
	for (int i = 0; i < pool->n; i++) {
		struct pg_worker *w = &pool->workers[i];
		if (w->runs)
			pthread_join(w->thread, NULL);
		db_detach(&w->db);
		db_cache_clear(&w->db.cache);
		work_state_release(&w->db.job);
		pg_close(w->db.pg);
		arena_release(&w->arena);
	}
	pthread_rwlock_destroy(&pool->calm);
	free(pool);
	store->pool = NULL;
}
