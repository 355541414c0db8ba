#include "base/test/check.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/entity/entity.h"
#include "core/events/events.h"
#include "core/jobs/job_queue.h"
#include "core/jobs/jobs.h"

struct house {
	struct arena arena;
	struct ctx ctx;
	char dir[64];
	struct store *store;
	struct registry *registry;
	struct db *db;
};

/* The registry wants something to hold; jobs only take their ids from it. */
static const struct field thing_fields[] = {{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}}};
static const struct entity thing = {.name = "thing", .plural = "things", .label = {"Thing", "事物"}, .label_many = {"Things", "事物"},
                                    .fields = thing_fields, .n_fields = 1, .title = "name", .sort = "id.asc"};
static const struct entity *const things[] = {&thing};

static enum err schema(struct ctx *ctx, void *arg)
{
	(void)arg;
	bool lite = db_engine(ctx->db) == ENGINE_SQLITE;
	enum err err = db_exec(ctx, ctx->db, lite ? events_ddl_sqlite : events_ddl_postgres);
	if (err == OK)
		err = db_exec(ctx, ctx->db, lite ? jobs_ddl_sqlite : jobs_ddl_postgres);
	if (err == OK)
		err = db_exec(ctx, ctx->db, jobs_ddl_actor);
	return err == OK ? db_exec(ctx, ctx->db, lite ? jobs_steps[0].sqlite : jobs_steps[0].postgres) : err;
}

static int setup_on(void **state, const char *pg_url)
{
	static const struct migration first[] = {{.version = 1, .name = "test", .run = schema}};
	struct house *h = calloc(1, sizeof(*h));
	char name[32];
	assert_non_null(h);
	arena_init(&h->arena, 64u << 20);
	ctx_init(&h->ctx, &h->arena, clock_system());
	snprintf(h->dir, sizeof(h->dir), "/tmp/guanxi-jobs-XXXXXX");
	assert_non_null(mkdtemp(h->dir));
	snprintf(name, sizeof(name), "j%s", h->dir + strlen(h->dir) - 6);
	for (char *p = name; *p != '\0'; p++)
		*p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
	struct store_config config = {.data_dir = h->dir, .pg_url = pg_url, .pg_schema = name, .clock = clock_system()};
	assert_int_equal(store_open_new(&h->ctx, &config, &h->store), OK);
	assert_int_equal(registry_new(&h->ctx, things, 1, 1, &h->registry), OK);
	h->ctx.store = h->store;
	h->ctx.registry = h->registry;
	assert_int_equal(store_migrate(&h->ctx, h->store, first, 1), OK);
	assert_int_equal(db_open_new(&h->ctx, h->store, &h->db), OK);
	h->ctx.db = h->db;
	*state = h;
	return 0;
}

static int setup(void **state)
{
	return setup_on(state, NULL);
}

static int setup_pg(void **state)
{
	if (getenv("GUANXI_TEST_PG") == NULL) {
		*state = NULL;
		return 0;
	}
	return setup_on(state, getenv("GUANXI_TEST_PG"));
}

static int teardown(void **state)
{
	struct house *h = *state;
	char command[128];
	if (h == NULL)
		return 0;
	db_free(h->db);
	store_free(h->store);
	registry_free(h->registry);
	arena_release(&h->arena);
	static const char *const files[] = {"guanxi.db", "guanxi.db-wal", "guanxi.db-shm", "lock", "guanxi.lock"};
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(command, sizeof(command), "%s/%s", h->dir, files[i]);
		unlink(command);
	}
	rmdir(h->dir);
	free(h);
	return 0;
}

#define NEED(h)                                       \
	do {                                              \
		if ((h) == NULL) {                            \
			print_message("# SKIP GUANXI_TEST_PG is not set\n"); \
			skip();                                   \
		}                                             \
	} while (0)

struct order {
	const char *kind, *payload;
	int64_t at, id;
};

static enum err enqueue(struct ctx *ctx, void *arg)
{
	struct order *o = arg;
	return job_enqueue(ctx, o->kind, o->payload, o->at, &o->id);
}

static int64_t add(struct house *h, const char *kind, const char *payload, int64_t at)
{
	struct order o = {kind, payload, at, 0};
	assert_int_equal(store_write(&h->ctx, h->store, enqueue, &o), OK);
	return o.id;
}

static enum err cancel(struct ctx *ctx, void *arg)
{
	return job_cancel(ctx, *(const int64_t *)arg);
}

static struct job_status status_of(struct house *h, int64_t id)
{
	struct job_status s;
	h->ctx.db = h->db;
	assert_int_equal(job_status(&h->ctx, id, &s), OK);
	return s;
}

static struct job_status wait_for(struct house *h, int64_t id, enum job_state state)
{
	struct job_status s = status_of(h, id);
	for (int i = 0; i < 500 && s.state != state; i++) {
		poll(NULL, 0, 20);
		s = status_of(h, id);
	}
	assert_int_equal(s.state, state);
	return s;
}

/* --- kinds of work ---------------------------------------------------------- */

static _Atomic int runs, beats;
static _Atomic int64_t seen_user, seen_token, seen_session, seen_kind;
static _Atomic bool gone; /* whoever is asked for is no more */
static _Atomic int refusals;
static char refused_why[64];

static enum err quick(struct ctx *ctx, const struct job *job)
{
	atomic_fetch_add(&runs, 1);
	return job_beat(ctx, job, 3, 10, job->payload);
}

static enum err endless(struct ctx *ctx, const struct job *job)
{
	enum err err = OK;
	for (int64_t i = 0; err == OK; i++) {
		err = job_beat(ctx, job, i, 0, NULL);
		atomic_fetch_add(&beats, 1);
		poll(NULL, 0, 5);
	}
	return err;
}

static enum err stubborn(struct ctx *ctx, const struct job *job)
{
	atomic_fetch_add(&runs, 1);
	return job->attempt < 2 ? fail(ctx, ERR_RETRY, "", "busy") : OK;
}

static enum err hopeless(struct ctx *ctx, const struct job *job)
{
	(void)job;
	return fail(ctx, ERR_INVALID, "", "file_empty");
}

static enum err note_refused(struct ctx *ctx, const struct job *job)
{
	(void)job;
	assert_int_equal(ctx->actor->kind, ACTOR_SYSTEM);
	snprintf(refused_why, sizeof(refused_why), "%s", ctx->faults.list[0].key);
	atomic_fetch_add(&refusals, 1);
	return OK;
}

static const struct job_kind kinds[] = {
	{"quick", quick, 0, note_refused},
	{"fragile", quick, 2, note_refused},
	{"endless", endless, 0, NULL},
	{"stubborn", stubborn, 0, NULL},
	{"hopeless", hopeless, 0, NULL},
	{.kind = NULL}};
static const struct job_kind *const tables[] = {kinds, NULL};

static enum err prepare(void *arg, struct ctx *ctx, const struct actor *who)
{
	const struct house *h = arg;
	ctx->registry = h->registry;
	ctx->actor = who;
	if (who->kind == ACTOR_SYSTEM)
		return OK;
	atomic_store(&seen_user, who->user_id);
	atomic_store(&seen_token, who->token_id);
	atomic_store(&seen_session, who->session_id);
	atomic_store(&seen_kind, who->kind);
	return atomic_load(&gone) ? fail(ctx, ERR_DENIED, "", "not_signed_in") : OK;
}

static struct jobs *start(struct house *h)
{
	struct jobs *jobs;
	assert_int_equal(jobs_start_new(&h->ctx, h->store, tables, 2, prepare, h, &jobs), OK);
	return jobs;
}

/* --- tests -------------------------------------------------------------------- */

static void work_is_done_once(void **state)
{
	struct house *h = *state;
	NEED(h);
	atomic_store(&runs, 0);
	int64_t ids[50];
	for (int i = 0; i < 50; i++)
		ids[i] = add(h, "quick", "客户", 0);
	struct jobs *jobs = start(h);
	for (int i = 0; i < 50; i++) {
		struct job_status s = wait_for(h, ids[i], JOB_DONE);
		assert_int_equal(s.attempt, 1);
		assert_int_equal(s.done, 3);
		assert_int_equal(s.total, 10);
		assert_string_equal(s.note, "客户");
	}
	assert_int_equal(atomic_load(&runs), 50);
	jobs_stop(jobs);
}

static void later_work_waits(void **state)
{
	struct house *h = *state;
	NEED(h);
	int64_t id = add(h, "quick", "", ctx_now(&h->ctx) + 1500);
	struct jobs *jobs = start(h);
	poll(NULL, 0, 300);
	assert_int_equal(status_of(h, id).state, JOB_QUEUED);
	wait_for(h, id, JOB_DONE);
	jobs_stop(jobs);
}

static void cancel_ends_queued_and_running(void **state)
{
	struct house *h = *state;
	NEED(h);
	atomic_store(&beats, 0);
	int64_t running = add(h, "endless", "", 0), queued = add(h, "quick", "", ctx_now(&h->ctx) + 3600000);
	struct jobs *jobs = start(h);
	wait_for(h, running, JOB_RUNNING);
	while (atomic_load(&beats) < 3)
		poll(NULL, 0, 5);
	assert_int_equal(store_write(&h->ctx, h->store, cancel, &running), OK);
	assert_int_equal(store_write(&h->ctx, h->store, cancel, &queued), OK);
	wait_for(h, running, JOB_CANCELLED);
	wait_for(h, queued, JOB_CANCELLED);
	assert_int_equal(store_write(&h->ctx, h->store, cancel, &queued), ERR_NOT_FOUND);
	faults_clear(&h->ctx);
	jobs_stop(jobs);
}

/* Whose rights: the user, by which token, in which session; asked at the start and at every beat. */
static void a_job_is_its_actors(void **state)
{
	struct house *h = *state;
	NEED(h);
	const struct actor ann = {.kind = ACTOR_TOKEN, .user_id = 7, .token_id = 8, .session_id = 9};
	atomic_store(&gone, false);
	atomic_store(&beats, 0);
	h->ctx.actor = &ann;
	int64_t id = add(h, "endless", "", 0);
	struct jobs *jobs = start(h);
	wait_for(h, id, JOB_RUNNING);
	while (atomic_load(&beats) < 3)
		poll(NULL, 0, 5);
	assert_int_equal(atomic_load(&seen_kind), ACTOR_TOKEN);
	assert_int_equal(atomic_load(&seen_user), 7);
	assert_int_equal(atomic_load(&seen_token), 8);
	assert_int_equal(atomic_load(&seen_session), 9);
	atomic_store(&gone, true); /* in the middle of it */
	assert_string_equal(wait_for(h, id, JOB_FAILED).error, "job_actor_ended");
	/* and before it began */
	atomic_store(&runs, 0);
	atomic_store(&refusals, 0);
	id = add(h, "quick", "", 0);
	assert_string_equal(wait_for(h, id, JOB_FAILED).error, "job_actor_ended");
	assert_int_equal(atomic_load(&runs), 0);
	assert_int_equal(atomic_load(&refusals), 1);
	jobs_stop(jobs);
	atomic_store(&gone, false);
	h->ctx.actor = NULL;
}

static enum err forget_actor(struct ctx *ctx, void *arg)
{
	(void)arg;
	return db_exec(ctx, ctx->db, "UPDATE job SET actor_kind = NULL, token_id = NULL, session_id = NULL");
}

/* As an earlier version queued it: nobody knows with which token. */
static void a_job_of_before_is_not_run(void **state)
{
	struct house *h = *state;
	NEED(h);
	const struct actor ann = {.kind = ACTOR_USER, .user_id = 7};
	atomic_store(&runs, 0);
	atomic_store(&refusals, 0);
	h->ctx.actor = &ann;
	int64_t hers = add(h, "quick", "", 0);
	h->ctx.actor = NULL;
	int64_t ours = add(h, "quick", "", 0);
	assert_int_equal(store_write(&h->ctx, h->store, forget_actor, NULL), OK);
	struct jobs *jobs = start(h);
	assert_string_equal(wait_for(h, hers, JOB_FAILED).error, "job_of_before");
	wait_for(h, ours, JOB_DONE); /* the program's own */
	assert_int_equal(atomic_load(&runs), 1);
	assert_int_equal(atomic_load(&refusals), 1);
	assert_string_equal(refused_why, "job_of_before");
	jobs_stop(jobs);
}

static void failures_repeat_or_end(void **state)
{
	struct house *h = *state;
	NEED(h);
	int64_t again = add(h, "stubborn", "", 0), never = add(h, "hopeless", "", 0), unknown = add(h, "nobody", "", 0);
	struct jobs *jobs = start(h);
	assert_string_equal(wait_for(h, never, JOB_FAILED).error, "file_empty");
	assert_string_equal(wait_for(h, unknown, JOB_FAILED).error, "job_unknown");
	assert_int_equal(wait_for(h, again, JOB_DONE).attempt, 2);
	jobs_stop(jobs);
}

static void a_stopped_program_goes_on(void **state)
{
	struct house *h = *state;
	NEED(h);
	int64_t id = add(h, "endless", "", 0);
	struct jobs *jobs = start(h);
	wait_for(h, id, JOB_RUNNING);
	jobs_stop(jobs);
	assert_int_equal(status_of(h, id).state, JOB_QUEUED);
	jobs = start(h);
	wait_for(h, id, JOB_RUNNING);
	assert_int_equal(status_of(h, id).attempt, 1); /* being stopped is no failure */
	assert_int_equal(store_write(&h->ctx, h->store, cancel, &id), OK);
	wait_for(h, id, JOB_CANCELLED);
	jobs_stop(jobs);
}

struct taken {
	struct job job;
	bool any;
	enum err held;
	int64_t runner;
};

static enum err take(struct ctx *ctx, void *arg)
{
	struct taken *t = arg;
	return job_queue_take(ctx, t->runner, &t->job, &t->any);
}

static enum err finish(struct ctx *ctx, void *arg)
{
	const struct taken *t = arg;
	return job_queue_finish(ctx, &t->job, JOB_DONE, 0, false, NULL);
}

static enum err try_hold(struct ctx *ctx, void *arg)
{
	struct taken *t = arg;
	return job_hold(ctx, &t->job, 0, 0, NULL);
}

/* The runner that lost its lease may not write any more. */
static void an_old_runner_is_fenced_off(void **state)
{
	struct house *h = *state;
	NEED(h);
	struct taken first = {0}, second = {0};
	int64_t id = add(h, "quick", "", 0);
	assert_int_equal(store_write(&h->ctx, h->store, take, &first), OK);
	assert_true(first.any && first.job.id == id);
	assert_int_equal(store_write(&h->ctx, h->store, take, &second), OK);
	assert_false(second.any);
	assert_int_equal(store_write(&h->ctx, h->store, try_hold, &first), OK);
	/* as after a crash: the lease is over */
	h->ctx.db = h->db;
	assert_int_equal(store_write(&h->ctx, h->store, job_queue_start, NULL), OK);
	if (store_engine(h->store) == ENGINE_SQLITE) {
		assert_int_equal(store_write(&h->ctx, h->store, take, &second), OK);
		assert_true(second.any && second.job.id == id);
		assert_true(second.job.fence > first.job.fence);
		assert_int_equal(store_write(&h->ctx, h->store, try_hold, &first), ERR_CONFLICT);
		assert_string_equal(h->ctx.faults.list[0].key, "job_lost");
		faults_clear(&h->ctx);
		assert_int_equal(store_write(&h->ctx, h->store, try_hold, &second), OK);
	}
}

static enum err expire(struct ctx *ctx, void *arg)
{
	(void)arg;
	return db_exec(ctx, ctx->db, "UPDATE job SET lease_until = 0 WHERE state = 'running'");
}

/* Work that kills the program is not begun again and again. */
static void crashes_are_counted(void **state)
{
	struct house *h = *state;
	NEED(h);
	int64_t id = add(h, "fragile", "", 0);
	for (int i = 1; i <= 2; i++) {
		struct taken t = {0};
		assert_int_equal(store_write(&h->ctx, h->store, take, &t), OK);
		assert_true(t.any && t.job.attempt == i); /* and then nothing more is heard of that program */
		assert_int_equal(store_write(&h->ctx, h->store, expire, NULL), OK);
	}
	atomic_store(&runs, 0);
	struct jobs *jobs = start(h);
	assert_string_equal(wait_for(h, id, JOB_FAILED).error, "job_crashed");
	assert_int_equal(atomic_load(&runs), 0);
	/* one crash less, and it gets its last chance */
	int64_t other = add(h, "fragile", "", ctx_now(&h->ctx) + 1000);
	wait_for(h, other, JOB_DONE);
	assert_int_equal(atomic_load(&runs), 1);
	jobs_stop(jobs);
}

static enum err word_lapses(struct ctx *ctx, void *arg)
{
	(void)arg;
	return db_exec(ctx, ctx->db, "UPDATE job_runner SET until = until - 8001");
}

/* The jobs of a program that is gone are taken at once; of one that lives, not even when it is slow. */
static void the_gone_lose_their_jobs(void **state)
{
	struct house *h = *state;
	struct job_alive *alive = NULL;
	NEED(h);
	if (store_engine(h->store) == ENGINE_SQLITE)
		return; /* one program has the store */
	struct taken first = {.runner = 1}, second = {.runner = 2};
	int64_t id = add(h, "quick", "", 0);
	assert_int_equal(job_alive_start_new(&h->ctx, h->store, 1, &alive), OK);
	assert_int_equal(store_write(&h->ctx, h->store, take, &first), OK);
	assert_true(first.any);
	assert_int_equal(store_write(&h->ctx, h->store, take, &second), OK);
	assert_false(second.any);
	assert_int_equal(store_write(&h->ctx, h->store, word_lapses, NULL), OK);
	assert_int_equal(store_write(&h->ctx, h->store, take, &first), OK);
	assert_false(first.any); /* its own it has already */
	assert_int_equal(store_write(&h->ctx, h->store, take, &second), OK);
	assert_true(second.any && second.job.id == id && second.job.attempt == 2);
	job_alive_stop(alive);
}

/* A runner whose lease ran out while it worked may not end the job either. */
static void a_late_end_changes_nothing(void **state)
{
	struct house *h = *state;
	NEED(h);
	struct taken first = {0}, second = {0};
	int64_t id = add(h, "quick", "", 0);
	assert_int_equal(store_write(&h->ctx, h->store, take, &first), OK);
	assert_int_equal(store_write(&h->ctx, h->store, expire, NULL), OK);
	assert_int_equal(store_write(&h->ctx, h->store, take, &second), OK);
	assert_true(second.any && second.job.id == id && second.job.fence == first.job.fence + 1);
	assert_int_equal(store_write(&h->ctx, h->store, finish, &first), OK);
	assert_int_equal(status_of(h, id).state, JOB_RUNNING);
	assert_int_equal(store_write(&h->ctx, h->store, finish, &second), OK);
	assert_int_equal(status_of(h, id).state, JOB_DONE);
}

/* Queued work does not wait for the next look. */
static void queueing_wakes_a_runner(void **state)
{
	struct house *h = *state;
	NEED(h);
	struct jobs *jobs = start(h);
	poll(NULL, 0, 200);
	int64_t before = time_monotonic_us();
	for (int i = 0; i < 10; i++) {
		int64_t id = add(h, "quick", "", 0);
		struct job_status s = status_of(h, id);
		for (int k = 0; k < 5000 && s.state != JOB_DONE; k++) {
			poll(NULL, 0, 1);
			s = status_of(h, id);
		}
		assert_int_equal(s.state, JOB_DONE);
	}
	assert_true(time_monotonic_us() - before < 5000000); /* looking only would take 10 s */
	jobs_stop(jobs);
}

/* Two programs on one PostgreSQL: every job is run by one of them. */
static void two_programs_share_work(void **state)
{
	struct house *h = *state;
	NEED(h);
	atomic_store(&runs, 0);
	struct jobs *one = start(h), *two = start(h);
	int64_t ids[60];
	for (int i = 0; i < 60; i++)
		ids[i] = add(h, "quick", "", 0);
	for (int i = 0; i < 60; i++)
		assert_int_equal(wait_for(h, ids[i], JOB_DONE).attempt, 1);
	assert_int_equal(atomic_load(&runs), 60);
	jobs_stop(one);
	jobs_stop(two);
}

#define BOTH(f) cmocka_unit_test_setup_teardown(f, setup, teardown), cmocka_unit_test_setup_teardown(f, setup_pg, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(work_is_done_once),      BOTH(later_work_waits),          BOTH(cancel_ends_queued_and_running),
		BOTH(failures_repeat_or_end), BOTH(a_stopped_program_goes_on), BOTH(an_old_runner_is_fenced_off),
		BOTH(crashes_are_counted),    BOTH(the_gone_lose_their_jobs), BOTH(a_late_end_changes_nothing), BOTH(queueing_wakes_a_runner),
		BOTH(two_programs_share_work), BOTH(a_job_is_its_actors),      BOTH(a_job_of_before_is_not_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
