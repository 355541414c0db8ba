/* What holds on both engines. */
#include "core/store/test/world.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

static const struct migration first_steps[] = {
	{1, "people",
	 "CREATE TABLE person (id INTEGER PRIMARY KEY, email TEXT UNIQUE, name TEXT NOT NULL DEFAULT '', age INTEGER CHECK (age < 200),"
	 " boss_id INTEGER REFERENCES person (id), score REAL, photo BLOB);"
	 "CREATE UNIQUE INDEX person_pair ON person (name, age)",
	 "CREATE TABLE person (id bigint PRIMARY KEY, email text UNIQUE, name text NOT NULL DEFAULT '', age bigint CHECK (age < 200),"
	 " boss_id bigint REFERENCES person (id), score double precision, photo bytea);"
	 "CREATE UNIQUE INDEX person_pair ON person (name, age)",
	 NULL},
};

static const struct sql insert_person = {"insert_person", "INSERT INTO person (id, email, name, age, boss_id, score, photo) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	"INSERT INTO person (id, email, name, age, boss_id, score, photo) VALUES ($1, $2, $3, $4, $5, $6, $7)"};
static const struct sql get_person = {"get_person", "SELECT id, email, name, age, boss_id, score, photo FROM person WHERE id = ?1",
	"SELECT id, email, name, age, boss_id, score, photo FROM person WHERE id = $1"};

static struct world w;

static void start(void **state)
{
	world_open(&w, *(enum engine *)*state, first_steps, 1);
}

struct person {
	int64_t id, age, boss_id;
	const char *email, *name;
};

static enum err add_person(struct ctx *ctx, void *arg)
{
	const struct person *p = arg;
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &insert_person, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, p->id);
	stmt_bind_text(stmt, 2, p->email);
	stmt_bind_text(stmt, 3, p->name);
	stmt_bind_i64(stmt, 4, p->age);
	if (p->boss_id)
		stmt_bind_i64(stmt, 5, p->boss_id);
	else
		stmt_bind_null(stmt, 5);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err add(int64_t id, const char *email, const char *name, int64_t age, int64_t boss)
{
	struct person p = {id, age, boss, email, name};
	faults_clear(&w.ctx);
	return store_write(&w.ctx, w.store, add_person, &p);
}

/* --- values ---------------------------------------------------------------------- */

static enum err add_values(struct ctx *ctx, void *arg)
{
	(void)arg;
	struct stmt *stmt;
	int64_t changed = -1;
	static const char raw[] = {0, 1, (char)0xff, 0, '\\'};
	enum err err = db_prepare(ctx, ctx->db, &insert_person, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, INT64_MIN + 1);
	stmt_bind_text(stmt, 2, "李雷@example.com");
	stmt_bind_textn(stmt, 3, "韩梅梅 and more", 9);
	stmt_bind_i64(stmt, 4, -7);
	stmt_bind_null(stmt, 5);
	stmt_bind_real(stmt, 6, 0.1);
	stmt_bind_blob(stmt, 7, raw, sizeof raw);
	err = stmt_run(ctx, stmt, &changed);
	stmt_done(stmt);
	assert_true(err || changed == 1);
	return err;
}

static void values_come_back(void **state)
{
	start(state);
	assert_int_equal(store_write(&w.ctx, w.store, add_values, NULL), OK);
	struct stmt *stmt;
	bool row;
	assert_int_equal(db_prepare(&w.ctx, w.db, &get_person, &stmt), OK);
	stmt_bind_i64(stmt, 1, INT64_MIN + 1);
	assert_int_equal(stmt_step(&w.ctx, stmt, &row), OK);
	assert_true(row);
	assert_int_equal(stmt_columns(stmt), 7);
	assert_true(stmt_i64(stmt, 0) == INT64_MIN + 1);
	assert_string_equal(stmt_text(stmt, 1), "李雷@example.com");
	assert_string_equal(stmt_text(stmt, 2), "韩梅梅");
	assert_int_equal(stmt_bytes(stmt, 2), 9);
	assert_int_equal(stmt_i64(stmt, 3), -7);
	assert_string_equal(stmt_text(stmt, 3), "-7");
	assert_true(stmt_is_null(stmt, 4));
	assert_int_equal(stmt_i64(stmt, 4), 0);
	assert_null(stmt_text(stmt, 4));
	assert_true(stmt_real(stmt, 5) == 0.1);
	assert_int_equal(stmt_bytes(stmt, 6), 5);
	assert_memory_equal(stmt_blob(stmt, 6), "\0\1\xff\0\\", 5);
	assert_int_equal(stmt_step(&w.ctx, stmt, &row), OK);
	assert_false(row);
	assert_int_equal(stmt_step(&w.ctx, stmt, &row), OK); /* stays at the end */
	assert_false(row);
	stmt_done(stmt);
	world_close(&w);
}

static void computed_values_have_sensible_types(void **state)
{
	start(state);
	assert_int_equal(add(1, "a", "a", 10, 0), OK);
	assert_int_equal(add(2, "b", "b", 25, 0), OK);
	/* sum of integers is a numeric on PostgreSQL */
	assert_int_equal(world_number(&w, "SELECT sum(age) FROM person"), 35);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM person WHERE name <> '?1' AND \"name\" <> 'x'"), 2);
	struct stmt *stmt;
	bool row;
	assert_int_equal(db_prepare_text(&w.ctx, w.db, "SELECT avg(age), sum(age), max(name), CASE WHEN ?1 = '?2' THEN 1 ELSE 0 END FROM person WHERE id < ?2", &stmt), OK);
	stmt_bind_text(stmt, 1, "?2");
	stmt_bind_i64(stmt, 2, 100);
	assert_int_equal(stmt_step(&w.ctx, stmt, &row), OK);
	assert_true(row);
	assert_true(stmt_real(stmt, 0) == 17.5);
	assert_string_equal(stmt_text(stmt, 1), "35");
	assert_string_equal(stmt_text(stmt, 2), "b");
	assert_int_equal(stmt_i64(stmt, 3), 1);
	stmt_done(stmt);
	world_close(&w);
}

static void a_statement_can_run_within_itself(void **state)
{
	start(state);
	assert_int_equal(add(1, "a", "a", 1, 0), OK);
	assert_int_equal(add(2, "b", "b", 1, 1), OK);
	assert_int_equal(add(3, "c", "c", 1, 2), OK);
	struct stmt *stmts[3];
	int64_t id = 3;
	for (int i = 0; i < 3; i++) {
		bool row;
		assert_int_equal(db_prepare(&w.ctx, w.db, &get_person, &stmts[i]), OK);
		stmt_bind_i64(stmts[i], 1, id);
		assert_int_equal(stmt_step(&w.ctx, stmts[i], &row), OK);
		assert_true(row);
		id = stmt_i64(stmts[i], 4);
	}
	assert_string_equal(stmt_text(stmts[0], 2), "c");
	assert_string_equal(stmt_text(stmts[2], 2), "a");
	for (int i = 0; i < 3; i++)
		stmt_done(stmts[i]);
	world_close(&w);
}

static void the_cache_forgets_the_oldest(void **state)
{
	start(state);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 600; i++) {
			char text[80];
			(void)snprintf(text, sizeof text, "SELECT %d + ?1", i);
			struct stmt *stmt;
			bool row;
			assert_int_equal(db_prepare_text(&w.ctx, w.db, text, &stmt), OK);
			stmt_bind_i64(stmt, 1, 1000);
			assert_int_equal(stmt_step(&w.ctx, stmt, &row), OK);
			assert_int_equal(stmt_i64(stmt, 0), 1000 + i);
			stmt_done(stmt);
		}
	}
	world_close(&w);
}

static void wrong_use_is_reported(void **state)
{
	start(state);
	struct stmt *stmt;
	bool row;
	assert_int_equal(db_prepare_text(&w.ctx, w.db, "SELEC 1", &stmt), ERR_BUG);
	assert_string_equal(world_key(&w), "sql");
	faults_clear(&w.ctx);
	assert_int_equal(db_prepare_text(&w.ctx, w.db, "SELECT id FROM person WHERE id = ?1", &stmt), OK);
	stmt_bind_i64(stmt, 2, 1);
	assert_int_equal(stmt_step(&w.ctx, stmt, &row), ERR_BUG);
	assert_string_equal(world_key(&w), "sql_bind");
	stmt_done(stmt);
	faults_clear(&w.ctx);
	/* A read connection does not write. */
	assert_int_equal(db_exec(&w.ctx, w.db, "DELETE FROM person"), ERR_FORBIDDEN);
	assert_string_equal(world_key(&w), "read_only");
	faults_clear(&w.ctx);
	assert_int_equal(db_on_commit(&w.ctx, NULL, NULL), ERR_BUG);
	faults_clear(&w.ctx);
	assert_int_equal(db_savepoint(&w.ctx), ERR_BUG);
	world_close(&w);
}

static void constraints_name_their_columns(void **state)
{
	start(state);
	assert_int_equal(add(1, "a@x", "a", 1, 0), OK);
	assert_int_equal(add(2, "a@x", "b", 1, 0), ERR_CONFLICT);
	assert_string_equal(world_key(&w), "unique");
	assert_string_equal(w.ctx.faults.list[0].field, "person.email");
	assert_int_equal(add(1, "c@x", "c", 1, 0), ERR_CONFLICT);
	assert_string_equal(w.ctx.faults.list[0].field, "person.id");
	assert_int_equal(add(3, "d@x", "a", 1, 0), ERR_CONFLICT);
	assert_string_equal(w.ctx.faults.list[0].field, "person.name, person.age");
	assert_int_equal(add(4, "e@x", "e", 1, 99), ERR_CONFLICT);
	assert_string_equal(world_key(&w), "reference");
	assert_int_equal(add(5, "f@x", NULL, 1, 0), ERR_INVALID);
	assert_string_equal(world_key(&w), "required");
	assert_string_equal(w.ctx.faults.list[0].field, "person.name");
	assert_int_equal(add(6, "g@x", "g", 1000, 0), ERR_INVALID);
	assert_string_equal(world_key(&w), "check");
	assert_int_equal(add(7, "h@x", "h", 1, 1), OK);
	faults_clear(&w.ctx);
	assert_int_equal(world_exec(&w, "DELETE FROM person WHERE id = 1"), ERR_CONFLICT);
	assert_string_equal(world_key(&w), "reference");
	assert_int_equal(world_number(&w, "SELECT count(*) FROM person"), 2);
	world_close(&w);
}

/* --- jobs -------------------------------------------------------------------------- */

struct probe {
	int order[64];
	int n;
};

static struct probe probe;

static void note(int what)
{
	if (probe.n < 64)
		probe.order[probe.n++] = what;
}

static void hook(struct store *store, void *arg)
{
	(void)store;
	note((int)(intptr_t)arg);
}

static enum err before(struct ctx *ctx, void *arg)
{
	(void)ctx;
	note((int)(intptr_t)arg);
	return OK;
}

static enum err before_adds(struct ctx *ctx, void *arg)
{
	note((int)(intptr_t)arg);
	return db_before_commit(ctx, before, (void *)(intptr_t)23);
}

static enum err job_with_hooks(struct ctx *ctx, void *arg)
{
	enum err err = db_on_commit(ctx, hook, (void *)(intptr_t)30);
	if (!err)
		err = db_before_commit(ctx, before_adds, (void *)(intptr_t)20);
	for (int i = 0; !err && i < 3; i++)
		err = db_before_commit(ctx, before, (void *)(intptr_t)21);
	if (!err)
		err = db_savepoint(ctx);
	if (!err)
		err = db_before_commit(ctx, before, (void *)(intptr_t)22);
	if (!err)
		err = db_on_commit(ctx, hook, (void *)(intptr_t)31);
	if (err)
		return err;
	db_rollback_to(ctx);
	note(10);
	return arg ? fail(ctx, ERR_CONFLICT, "", "wanted") : OK;
}

static void hooks_run_once_and_in_order(void **state)
{
	start(state);
	probe.n = 0;
	assert_int_equal(store_write(&w.ctx, w.store, job_with_hooks, NULL), OK);
	static const int expected[] = {10, 20, 21, 23, 30};
	assert_int_equal(probe.n, 5);
	assert_memory_equal(probe.order, expected, sizeof expected);
	/* Of a job that failed nothing runs. */
	probe.n = 0;
	assert_int_equal(store_write(&w.ctx, w.store, job_with_hooks, &w), ERR_CONFLICT);
	assert_int_equal(probe.n, 1);
	assert_string_equal(world_key(&w), "wanted");
	world_close(&w);
}

static enum err count_up(struct ctx *ctx, void *arg)
{
	(void)ctx;
	++*(int *)arg;
	return OK;
}

static enum err many_befores(struct ctx *ctx, void *arg)
{
	int *counts = arg;
	for (int round = 0; round < 3; round++)
		for (int i = 0; i < 5000; i++) {
			enum err err = db_before_commit(ctx, count_up, &counts[i]);
			if (err)
				return err;
		}
	return OK;
}

static void thousands_of_totals_run_once_each(void **state)
{
	start(state);
	int *counts = calloc(5000, sizeof *counts);
	assert_non_null(counts);
	assert_int_equal(store_write(&w.ctx, w.store, many_befores, counts), OK);
	for (int i = 0; i < 5000; i++)
		assert_int_equal(counts[i], 1);
	free(counts);
	world_close(&w);
}

static enum err nested_rows(struct ctx *ctx, void *arg)
{
	(void)arg;
	static const struct person people[] = {{1, 1, 0, "a", "a"}, {2, 1, 0, "a", "b"}, {3, 1, 0, "c", "c"}, {4, 1, 77, "d", "d"}};
	int good = 0;
	for (size_t i = 0; i < 4; i++) {
		struct person p = people[i];
		enum err err = db_savepoint(ctx);
		if (err)
			return err;
		if (add_person(ctx, &p) == OK) {
			err = db_release(ctx);
			good++;
		} else {
			db_rollback_to(ctx);
		}
		if (err)
			return err;
	}
	assert_int_equal(good, 2);
	faults_clear(ctx);
	return OK;
}

static void rows_of_a_bulk_fail_alone(void **state)
{
	start(state);
	assert_int_equal(store_write(&w.ctx, w.store, nested_rows, NULL), OK);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM person"), 2);
	assert_int_equal(world_number(&w, "SELECT sum(id) FROM person"), 4);
	world_close(&w);
}

static enum err leaves_savepoint(struct ctx *ctx, void *arg)
{
	(void)arg;
	return db_savepoint(ctx);
}

static enum err writes_within(struct ctx *ctx, void *arg)
{
	return store_write(ctx, ctx->store, add_person, arg);
}

static void mistakes_of_jobs_are_found(void **state)
{
	start(state);
	assert_int_equal(store_write(&w.ctx, w.store, leaves_savepoint, NULL), ERR_BUG);
	assert_string_equal(world_key(&w), "savepoint_open");
	faults_clear(&w.ctx);
	assert_int_equal(store_write(&w.ctx, w.store, writes_within, NULL), ERR_BUG);
	assert_string_equal(world_key(&w), "write_nested");
	assert_int_equal(add(1, "a", "a", 1, 0), OK); /* and the store goes on */
	world_close(&w);
}

/* Jobs that wait behind one that blocks, so that they come in one batch. */
struct submitted {
	struct write_job job;
	struct arena arena;
	struct ctx ctx;
	struct person person;
	enum err result;
	int hooks;
	sem_t *done;
};

static sem_t gate;

static enum err wait_at_gate(struct ctx *ctx, void *arg)
{
	(void)ctx;
	(void)arg;
	while (sem_wait(&gate) != 0)
		continue;
	sem_post(&gate); /* once open it stays open: a job may run again */
	return OK;
}

static void bump(struct store *store, void *arg)
{
	(void)store;
	++*(int *)arg;
}

static enum err add_and_hook(struct ctx *ctx, void *arg)
{
	struct submitted *s = arg;
	enum err err = db_on_commit(ctx, bump, &s->hooks);
	if (!err)
		err = add_person(ctx, &s->person);
	if (!err && s->person.id % 7 == 0)
		err = fail(ctx, ERR_FORBIDDEN, "", "seventh");
	return err;
}

static void submitted_done(struct write_job *job, enum err result)
{
	struct submitted *s = (struct submitted *)job;
	s->result = result;
	sem_post(s->done);
}

static void submit(struct submitted *s, write_fn run, sem_t *done)
{
	world_ctx(&s->ctx, &s->arena);
	s->done = done;
	s->job = (struct write_job){.run = run, .done = submitted_done, .ctx = &s->ctx, .arg = s};
	store_submit(w.store, &s->job);
}

static void a_failing_job_takes_nobody_along(void **state)
{
	enum { N = 50 };
	start(state);
	struct submitted *list = calloc(N + 1, sizeof *list);
	sem_t done;
	assert_non_null(list);
	sem_init(&done, 0, 0);
	sem_init(&gate, 0, 0);
	submit(&list[N], wait_at_gate, &done);
	for (int i = 0; i < N; i++) {
		list[i].person = (struct person){i + 1, i, 0, NULL, "x"};
		submit(&list[i], add_and_hook, &done);
	}
	sem_post(&gate);
	for (int i = 0; i < N + 1; i++)
		while (sem_wait(&done) != 0)
			continue;
	for (int i = 0; i < N; i++) {
		bool seventh = (i + 1) % 7 == 0;
		assert_int_equal(list[i].result, seventh ? ERR_FORBIDDEN : OK);
		assert_int_equal(list[i].hooks, seventh ? 0 : 1);
		arena_release(&list[i].arena);
	}
	arena_release(&list[N].arena);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM person"), 43);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM person WHERE id % 7 = 0"), 0);
	struct store_stats stats;
	store_stats(w.store, &stats);
	assert_int_equal(stats.failed, 7);
	if (w.engine == ENGINE_SQLITE) /* one fsync for all of them */
		assert_true(stats.commits < 10);
	free(list);
	sem_destroy(&done);
	sem_destroy(&gate);
	world_close(&w);
}

static void a_full_queue_refuses(void **state)
{
	enum { N = 16384 + 100 };
	start(state);
	struct submitted *list = calloc(N + 8, sizeof *list);
	sem_t done;
	int refused = 0;
	assert_non_null(list);
	sem_init(&done, 0, 0);
	sem_init(&gate, 0, 0);
	for (int i = 0; i < 8; i++) /* more than there are writers */
		submit(&list[N + i], wait_at_gate, &done);
	for (int i = 0; i < N; i++) {
		list[i].person = (struct person){i + 1, i % 100, 0, NULL, "x"};
		submit(&list[i], wait_at_gate, &done);
	}
	for (int i = 0; i < N + 8; i++)
		sem_post(&gate);
	for (int i = 0; i < N + 8; i++)
		while (sem_wait(&done) != 0)
			continue;
	for (int i = 0; i < N + 8; i++) {
		if (list[i].result == ERR_RETRY) {
			assert_string_equal(list[i].ctx.faults.list[0].key, "store_busy");
			refused++;
		}
		arena_release(&list[i].arena);
	}
	assert_true(refused >= 100);
	assert_true(refused < 200);
	free(list);
	sem_destroy(&done);
	sem_destroy(&gate);
	world_close(&w);
}

/* --- threads ----------------------------------------------------------------------- */

static enum err count_one(struct ctx *ctx, void *arg)
{
	struct stmt *stmt;
	bool row = false;
	(void)arg;
	enum err err = db_prepare_text(ctx, ctx->db, "SELECT age FROM person WHERE id = 1", &stmt);
	if (err)
		return err;
	err = stmt_step(ctx, stmt, &row);
	int64_t age = !err && row ? stmt_i64(stmt, 0) : -1;
	stmt_done(stmt);
	if (err)
		return err;
	err = db_prepare_text(ctx, ctx->db, "UPDATE person SET age = ?1 WHERE id = 1", &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, age + 1);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

enum { THREADS = 16, TURNS = 10 };

static void *count_loop(void *arg)
{
	(void)arg;
	struct arena arena;
	struct ctx ctx;
	struct db *db;
	int64_t failed = 0;
	world_ctx(&ctx, &arena);
	if (db_open_new(&ctx, w.store, &db) != OK)
		return (void *)1;
	for (int i = 0; i < TURNS; i++) {
		struct stmt *stmt;
		bool row;
		if (store_write(&ctx, w.store, count_one, NULL) != OK)
			failed++;
		if (db_prepare_text(&ctx, db, "SELECT age FROM person WHERE id = 1", &stmt) != OK)
			return (void *)1;
		if (stmt_step(&ctx, stmt, &row) != OK || !row || stmt_i64(stmt, 0) < 1)
			failed++;
		stmt_done(stmt);
		arena_reset(&arena);
	}
	db_free(db);
	arena_release(&arena);
	return failed ? (void *)1 : NULL;
}

/* Read, add one, write back: right only when jobs do not see each other half done. */
static void no_update_is_lost(void **state)
{
	pthread_t threads[THREADS];
	start(state);
	assert_int_equal(add(1, "a", "a", 0, 0), OK);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count_loop, NULL), 0);
	for (int i = 0; i < THREADS; i++) {
		void *failed;
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	assert_int_equal(world_number(&w, "SELECT age FROM person WHERE id = 1"), THREADS * TURNS);
	struct store_stats stats;
	store_stats(w.store, &stats);
	assert_int_equal(stats.queued, 0);
	world_close(&w);
}

static void a_read_view_stands_still(void **state)
{
	start(state);
	assert_int_equal(add(1, "a", "a", 1, 0), OK);
	assert_int_equal(db_begin_read(&w.ctx, w.db), OK);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM person"), 1);
	assert_int_equal(add(2, "b", "b", 1, 0), OK);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM person"), 1);
	assert_int_equal(db_begin_read(&w.ctx, w.db), ERR_BUG);
	faults_clear(&w.ctx);
	db_end_read(w.db);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM person"), 2);
	/* What a request left open is ended by db_reset. */
	struct stmt *stmt;
	bool row;
	assert_int_equal(db_begin_read(&w.ctx, w.db), OK);
	assert_int_equal(db_prepare_text(&w.ctx, w.db, "SELECT id FROM person ORDER BY id", &stmt), OK);
	assert_int_equal(stmt_step(&w.ctx, stmt, &row), OK);
	db_reset(w.db);
	assert_int_equal(add(3, "c", "c", 1, 0), OK);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM person"), 3);
	world_close(&w);
}

/* --- limits --------------------------------------------------------------------------- */

static const char *endless(void)
{
	return w.engine == ENGINE_SQLITE
		? "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) SELECT count(*) FROM n"
		: "SELECT count(*) FROM generate_series(1, 2000000000) a WHERE a % 3 = 7";
}

static enum err run_endless(void)
{
	struct stmt *stmt;
	bool row;
	enum err err = db_prepare_text(&w.ctx, w.db, endless(), &stmt);
	if (err)
		return err;
	err = stmt_step(&w.ctx, stmt, &row);
	stmt_done(stmt);
	return err;
}

static void *interrupt_soon(void *arg)
{
	(void)usleep(200000);
	db_interrupt(arg);
	return NULL;
}

static void long_reads_are_stopped(void **state)
{
	start(state);
	db_set_budget(w.db, 100000, 100);
	assert_int_equal(run_endless(), ERR_LIMIT);
	assert_string_equal(world_key(&w), "budget");
	faults_clear(&w.ctx);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM person"), 0); /* a short one passes */
	db_set_budget(w.db, 0, 0);
	w.ctx.deadline_ms = ctx_now(&w.ctx) + 200;
	int64_t before = ctx_now(&w.ctx);
	assert_int_equal(run_endless(), ERR_LIMIT);
	assert_string_equal(world_key(&w), "budget");
	assert_true(ctx_now(&w.ctx) - before < 8000);
	w.ctx.deadline_ms = 0;
	faults_clear(&w.ctx);
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, w.db), 0);
	assert_int_equal(run_endless(), ERR_LIMIT);
	assert_string_equal(world_key(&w), "budget");
	pthread_join(thread, NULL);
	faults_clear(&w.ctx);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM person"), 0);
	world_close(&w);
}

static enum err add_thousands(struct ctx *ctx, void *arg)
{
	(void)arg;
	return db_exec(ctx, ctx->db, db_engine(ctx->db) == ENGINE_SQLITE
		? "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO person (id, name, age) SELECT i, 'n' || i, 1 FROM n"
		: "INSERT INTO person (id, name, age) SELECT i, 'n' || i, 1 FROM generate_series(1, 20000) i");
}

static void walk(bool cursor, bool nested, int64_t stop)
{
	struct stmt *stmt;
	bool row;
	int64_t n = 0;
	assert_int_equal(db_prepare_text(&w.ctx, w.db, "SELECT id, name FROM person WHERE id > ?1 ORDER BY id", &stmt), OK);
	stmt_bind_i64(stmt, 1, 0);
	if (cursor)
		stmt_stream(stmt);
	while (stmt_step(&w.ctx, stmt, &row) == OK && row) {
		assert_int_equal(stmt_i64(stmt, 0), ++n);
		if (nested && n % 5000 == 100) {
			char expected[16];
			(void)snprintf(expected, sizeof expected, "n%d", (int)n);
			assert_int_equal(world_number(&w, "SELECT count(*) FROM person"), 20000);
			assert_string_equal(stmt_text(stmt, 1), expected); /* the row at hand is still there */
		}
		if (n == stop)
			break;
	}
	assert_int_equal(w.ctx.faults.count, 0);
	assert_int_equal(n, stop);
	stmt_done(stmt);
}

static void long_answers_are_streamed(void **state)
{
	start(state);
	assert_int_equal(store_write(&w.ctx, w.store, add_thousands, NULL), OK);
	walk(false, false, 20000);
	walk(false, true, 20000);
	walk(false, false, 7);
	walk(false, false, 15000);
	assert_int_equal(db_begin_read(&w.ctx, w.db), OK);
	walk(true, true, 20000);
	walk(true, false, 1200);
	walk(true, false, 20000);
	walk(false, true, 20000);
	db_end_read(w.db);
	walk(false, false, 20000);
	world_close(&w);
}

/* --- opening ------------------------------------------------------------------------------- */

static void a_read_only_store_only_reads(void **state)
{
	start(state);
	assert_int_equal(add(1, "a", "a", 1, 0), OK);
	struct store_config config = w.config;
	config.read_only = true;
	struct store *store;
	struct db *db;
	assert_int_equal(store_open_new(&w.ctx, &config, &store), OK); /* while the other serves */
	assert_int_equal(db_open_new(&w.ctx, store, &db), OK);
	struct db *mine = w.db;
	w.db = db;
	assert_int_equal(world_number(&w, "SELECT count(*) FROM person"), 1);
	w.db = mine;
	struct person p = {2, 1, 0, "b", "b"};
	assert_int_equal(store_write(&w.ctx, store, add_person, &p), ERR_FORBIDDEN);
	assert_string_equal(world_key(&w), "read_only");
	db_free(db);
	store_free(store);
	world_close(&w);
}

static void bad_configurations_are_refused(void **state)
{
	enum engine engine = *(enum engine *)*state;
	struct store *store;
	world_prepare(&w, engine);
	struct store_config config = w.config;
	config.data_dir = "/nonexistent";
	assert_int_equal(store_open_new(&w.ctx, &config, &store), ERR_INVALID);
	config = w.config;
	config.pg_schema = "a\"; DROP";
	assert_int_equal(store_open_new(&w.ctx, &config, &store), ERR_INVALID);
	config = w.config;
	config.pg_url = "postgresql://guanxi@127.0.0.1:1/none";
	assert_int_equal(store_open_new(&w.ctx, &config, &store), ERR_UPSTREAM);
	world_open_store(&w);
	world_close(&w);
}

#define TESTS(engine) { \
	WORLD_TEST(values_come_back, engine), WORLD_TEST(computed_values_have_sensible_types, engine), \
	WORLD_TEST(a_statement_can_run_within_itself, engine), WORLD_TEST(the_cache_forgets_the_oldest, engine), \
	WORLD_TEST(wrong_use_is_reported, engine), WORLD_TEST(constraints_name_their_columns, engine), \
	WORLD_TEST(hooks_run_once_and_in_order, engine), WORLD_TEST(thousands_of_totals_run_once_each, engine), \
	WORLD_TEST(rows_of_a_bulk_fail_alone, engine), WORLD_TEST(mistakes_of_jobs_are_found, engine), \
	WORLD_TEST(a_failing_job_takes_nobody_along, engine), WORLD_TEST(a_full_queue_refuses, engine), \
	WORLD_TEST(no_update_is_lost, engine), WORLD_TEST(a_read_view_stands_still, engine), \
	WORLD_TEST(long_reads_are_stopped, engine), WORLD_TEST(long_answers_are_streamed, engine), \
	WORLD_TEST(a_read_only_store_only_reads, engine), WORLD_TEST(bad_configurations_are_refused, engine), \
}

int main(void)
{
	const struct CMUnitTest on_sqlite[] = TESTS(&world_sqlite), on_postgres[] = TESTS(&world_postgres);
	int failed = cmocka_run_group_tests_name("store on SQLite", on_sqlite, NULL, NULL);
	if (world_pg())
		failed += cmocka_run_group_tests_name("store on PostgreSQL", on_postgres, NULL, NULL);
	else
		print_message("store on PostgreSQL: skipped, GUANXI_TEST_PG is not set (tests/tools/pg.sh start DIR PORT prints it)\n");
	return failed;
}
