/* The runners: threads that take jobs and run them. */
#include "core/jobs/jobs.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "base/str.h"
#include "core/entity/entity.h"
#include "core/jobs/job_queue.h"

enum { THREADS_MAX = 16, JOB_ARENA = 256 * 1024 * 1024, POLL_MS = 1000, ATTEMPTS = 5 };

struct jobs {
	struct store *store;
	const struct job_kind *const *tables;
	job_prepare_fn prepare;
	void *arg;
	const struct clock *clock;
	int64_t id; /* this program, among all that share the database */
	struct job_alive *alive;
	pthread_t threads[THREADS_MAX];
	int n_threads;
	_Atomic bool stopping;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	uint64_t queued; /* under lock: counts what woke us, so that nothing queued between look and wait is missed */
	struct jobs *next;
};

/* All runners of this program.  A write job that queues work knows its store and nothing
 * of who runs it, so this one list is kept for the process. */
static struct {
	pthread_mutex_t lock;
	struct jobs *first;
} runners = {PTHREAD_MUTEX_INITIALIZER, NULL};

void job_queue_wake(struct store *store, void *arg)
{
	(void)arg;
	pthread_mutex_lock(&runners.lock);
	for (struct jobs *jobs = runners.first; jobs != NULL; jobs = jobs->next) {
		if (jobs->store != store)
			continue;
		pthread_mutex_lock(&jobs->lock);
		jobs->queued++;
		pthread_cond_broadcast(&jobs->wake);
		pthread_mutex_unlock(&jobs->lock);
	}
	pthread_mutex_unlock(&runners.lock);
}

static void join_list(struct jobs *jobs)
{
	pthread_mutex_lock(&runners.lock);
	jobs->next = runners.first;
	runners.first = jobs;
	pthread_mutex_unlock(&runners.lock);
}

static void leave_list(const struct jobs *jobs)
{
	pthread_mutex_lock(&runners.lock);
	for (struct jobs **at = &runners.first; *at != NULL; at = &(*at)->next) {
		if (*at == jobs) {
			*at = jobs->next;
			break;
		}
	}
	pthread_mutex_unlock(&runners.lock);
}

/* Sleeps until work is queued after `seen`, or a second: jobs that are due later, and
 * those of other nodes, tell nobody. */
static void wait_for_work(struct jobs *jobs, uint64_t seen)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += POLL_MS / 1000;
	pthread_mutex_lock(&jobs->lock);
	while (!atomic_load(&jobs->stopping) && jobs->queued == seen) {
		if (pthread_cond_timedwait(&jobs->wake, &jobs->lock, &until) != 0)
			break;
	}
	pthread_mutex_unlock(&jobs->lock);
}

static uint64_t queued_so_far(struct jobs *jobs)
{
	pthread_mutex_lock(&jobs->lock);
	uint64_t seen = jobs->queued;
	pthread_mutex_unlock(&jobs->lock);
	return seen;
}

static const struct job_kind *kind_named(const struct jobs *jobs, const char *kind)
{
	for (const struct job_kind *const *table = jobs->tables; *table != NULL; table++) {
		for (const struct job_kind *k = *table; k->kind != NULL; k++) {
			if (str_equal(k->kind, kind))
				return k;
		}
	}
	return NULL;
}

struct taking {
	int64_t runner;
	struct job job;
	bool any;
};

static enum err take(struct ctx *ctx, void *arg)
{
	struct taking *t = arg;
	return job_queue_take(ctx, t->runner, &t->job, &t->any);
}

struct ending {
	const struct job *job;
	enum job_state state;
	int64_t run_at_ms;
	bool unspent;
	const char *error;
};

static enum err end(struct ctx *ctx, void *arg)
{
	const struct ending *e = arg;
	return job_queue_finish(ctx, e->job, e->state, e->run_at_ms, e->unspent, e->error);
}

static int attempts_of(const struct job_kind *kind)
{
	return kind != NULL && kind->attempts_max > 0 ? kind->attempts_max : ATTEMPTS;
}

/* What becomes of a job whose run ended like this. */
static struct ending judge(const struct ctx *ctx, const struct job *job, const struct job_kind *kind, enum err result)
{
	struct ending e = {.job = job, .state = JOB_DONE};
	const char *key = ctx->faults.count > 0 ? ctx->faults.list[0].key : NULL;
	if (result == OK)
		return e;
	e.error = key != NULL ? key : "bug";
	if (str_equal(key, "job_cancelled")) {
		e.state = JOB_CANCELLED;
		return e;
	}
	if (str_equal(key, "job_stopping")) {
		e.state = JOB_QUEUED;
		e.unspent = true; /* nothing failed: this attempt does not count */
		return e;
	}
	bool again = result == ERR_RETRY || result == ERR_UPSTREAM;
	if (again && job->attempt < attempts_of(kind)) {
		e.state = JOB_QUEUED;
		e.run_at_ms = ctx_now(ctx) + (INT64_C(1000) << (job->attempt < 10 ? job->attempt : 10));
		return e;
	}
	e.state = JOB_FAILED;
	return e;
}

enum err job_ask_again(struct ctx *ctx, const struct job *job)
{
	const struct actor *before = ctx->actor;
	if (job->runner == NULL || (before != NULL && before->kind == ACTOR_SYSTEM))
		return OK; /* the program's own word asks for nobody's rights */
	enum err err = job->runner->prepare(job->runner->arg, ctx, &job->who);
	if (err == ERR_DENIED) {
		faults_clear(ctx);
		return fail(ctx, ERR_CONFLICT, "job", "job_actor_ended");
	}
	if (err != OK || before == NULL || before->kind != ACTOR_IMPORT || ctx->actor == NULL || ctx->actor->kind == ACTOR_SYSTEM)
		return err;
	struct actor *brought = arena_alloc(ctx->arena, sizeof(*brought)); /* the log goes on saying that a file brought it */
	if (brought == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	*brought = *ctx->actor;
	brought->kind = ACTOR_IMPORT;
	ctx->actor = brought;
	return OK;
}

/* A job that takes the program down with it must not do so for ever: its runs are counted
 * when they begin, and one beyond the last is not begun. */
static enum err allowed(struct ctx *ctx, const struct job *job, const struct job_kind *kind)
{
	if (kind == NULL)
		return fail_arg(ctx, ERR_BUG, "job", "job_unknown", job->kind);
	if (job->cancel)
		return fail(ctx, ERR_CONFLICT, "job", "job_cancelled");
	if (job->attempt > attempts_of(kind))
		return fail(ctx, ERR_BUG, "job", "job_crashed");
	if (!job->known)
		return fail(ctx, ERR_CONFLICT, "job", "job_of_before");
	ctx->actor = NULL;
	return job_ask_again(ctx, job);
}

/* What it was to do says so itself, too: nobody looks at jobs. */
static void tell_refused(struct ctx *ctx, const struct job *job, const struct job_kind *kind)
{
	struct faults why = ctx->faults;
	struct db *db = ctx->db;
	if (kind == NULL || kind->refused == NULL)
		return;
	ctx->actor = gate_system();
	if (kind->refused(ctx, job) != OK)
		log_event(LOG_WARN, "that a job is not run could not be noted", "kind", job->kind, NULL);
	ctx->db = db;
	ctx->faults = why;
}

/* The store's guard and job_hold say the same in their own words. */
static bool ended_from_outside(const struct ctx *ctx)
{
	const char *key = ctx->faults.count > 0 ? ctx->faults.list[0].key : NULL;
	return str_equal(key, "not_signed_in") || str_equal(key, "job_actor_ended");
}

static void run_job(struct jobs *jobs, struct ctx *ctx, struct job *job)
{
	const struct job_kind *kind = kind_named(jobs, job->kind);
	struct db *db = ctx->db;
	struct registry *held;
	job->runner = jobs;
	enum err result = jobs->prepare(jobs->arg, ctx, gate_system());
	ctx->registry = held = registry_hold(ctx->registry); /* for all of the job; asking again later leaves it */
	if (result == OK)
		result = allowed(ctx, job, kind);
	if (result == OK)
		result = kind->run(ctx, job);
	else if (!ended_from_outside(ctx))
		tell_refused(ctx, job, kind);
	if (result != OK && ended_from_outside(ctx)) {
		faults_clear(ctx);
		result = fail(ctx, ERR_CONFLICT, "job", "job_actor_ended");
		ctx->db = db;
		tell_refused(ctx, job, kind);
	}
	ctx->db = db;
	db_reset(db);
	struct ending e = judge(ctx, job, kind, result);
	ctx->actor = gate_system(); /* how it ended is the program's word */
	if (e.state == JOB_FAILED)
		log_event(LOG_WARN, "job failed", "kind", job->kind, "why", e.error, NULL);
	faults_clear(ctx);
	if (store_write(ctx, jobs->store, end, &e) != OK)
		log_event(LOG_ERROR, "a job's end could not be kept; it will run again", "kind", job->kind, NULL);
	ctx->registry = NULL;
	registry_release(held);
}

static bool run_one(struct jobs *jobs, struct arena *arena, struct ctx *ctx, struct db *db)
{
	struct taking t = {.runner = jobs->id};
	arena_reset(arena);
	ctx_init(ctx, arena, jobs->clock);
	ctx->store = jobs->store;
	ctx->db = db;
	/* looking costs the writer nothing; only taking does */
	bool due = false;
	if (job_queue_due(ctx, jobs->id, &due) != OK || !due || store_write(ctx, jobs->store, take, &t) != OK || !t.any)
		return false;
	ctx->db = db;
	run_job(jobs, ctx, &t.job);
	return true;
}

static void *runner(void *arg)
{
	struct jobs *jobs = arg;
	struct arena arena;
	struct ctx *ctx = malloc(sizeof(*ctx));
	struct db *db = NULL;
	arena_init(&arena, JOB_ARENA);
	while (ctx != NULL && !atomic_load(&jobs->stopping)) {
		uint64_t seen = queued_so_far(jobs);
		if (db == NULL) {
			ctx_init(ctx, &arena, jobs->clock);
			if (db_open_new(ctx, jobs->store, &db) != OK)
				db = NULL;
		}
		if (db == NULL || !run_one(jobs, &arena, ctx, db))
			wait_for_work(jobs, seen);
	}
	if (db != NULL)
		db_free(db);
	arena_release(&arena);
	free(ctx);
	return NULL;
}

enum err jobs_start_new(struct ctx *ctx, struct store *store, const struct job_kind *const *tables, int threads,
                        job_prepare_fn prepare, void *arg, struct jobs **ret)
{
	struct jobs *jobs = calloc(1, sizeof(*jobs));
	pthread_condattr_t monotonic;
	if (jobs == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	jobs->store = store;
	jobs->tables = tables;
	jobs->prepare = prepare;
	jobs->arg = arg;
	jobs->clock = ctx->clock;
	pthread_mutex_init(&jobs->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&jobs->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	join_list(jobs);
	ctx_random(ctx, &jobs->id, sizeof(jobs->id));
	jobs->id &= INT64_MAX;
	enum err err = store_write(ctx, store, job_queue_start, NULL);
	if (err == OK)
		err = job_alive_start_new(ctx, store, jobs->id, &jobs->alive);
	for (int i = 0; err == OK && i < threads && i < THREADS_MAX; i++) {
		if (pthread_create(&jobs->threads[i], NULL, runner, jobs) != 0)
			err = fail(ctx, ERR_LIMIT, "", "threads");
		else
			jobs->n_threads++;
	}
	if (err != OK) {
		jobs_stop(jobs);
		return err;
	}
	*ret = jobs;
	return OK;
}

void jobs_stop(struct jobs *jobs)
{
	if (jobs == NULL)
		return;
	leave_list(jobs);
	pthread_mutex_lock(&jobs->lock);
	atomic_store(&jobs->stopping, true);
	pthread_cond_broadcast(&jobs->wake);
	pthread_mutex_unlock(&jobs->lock);
	for (int i = 0; i < jobs->n_threads; i++)
		pthread_join(jobs->threads[i], NULL);
	job_alive_stop(jobs->alive);
	pthread_cond_destroy(&jobs->wake);
	pthread_mutex_destroy(&jobs->lock);
	free(jobs);
}

struct beating {
	const struct job *job;
	int64_t done, total;
	const char *note;
};

static enum err hold(struct ctx *ctx, void *arg)
{
	const struct beating *b = arg;
	return job_hold(ctx, b->job, b->done, b->total, b->note);
}

enum err job_beat(struct ctx *ctx, const struct job *job, int64_t done, int64_t total, const char *note)
{
	struct beating b = {job, done, total, note};
	struct db *db = ctx->db;
	if (job->runner != NULL && atomic_load(&job->runner->stopping))
		return fail(ctx, ERR_CONFLICT, "job", "job_stopping");
	enum err err = store_write(ctx, ctx->store, hold, &b);
	ctx->db = db;
	return err;
}
