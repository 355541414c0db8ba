/* What only a server has: connections that break, transactions that clash, types of its own. */
#include "core/store/test/world.h"

#include <pthread.h>
#include <stdatomic.h>

static const struct migration steps[] = {
	{1, "t", NULL,
	 "CREATE TABLE t (id bigint PRIMARY KEY, text text);"
	 "CREATE TABLE deadly (id bigint PRIMARY KEY);"
	 "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); RETURN NULL; END $$;"
	 "CREATE CONSTRAINT TRIGGER die_late AFTER INSERT ON deadly DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()",
	 NULL},
};

static struct world w;

static void start(void **state)
{
	(void)state;
	world_open(&w, ENGINE_POSTGRES, steps, 1);
}

/* --- broken connections ------------------------------------------------------------- */

/* Ends all connections of this test's store but the one that asks. */
static void end_connections(void)
{
	struct store_config config = w.config;
	char url[600];
	struct store *store;
	struct db *db;
	struct stmt *stmt;
	bool row = true;
	(void)snprintf(url, sizeof url, "%s%sapplication_name=guanxi_killer", world_pg(), strchr(world_pg(), '?') ? "&" : "?");
	config.pg_url = url;
	config.read_only = true;
	assert_int_equal(store_open_new(&w.ctx, &config, &store), OK);
	assert_int_equal(db_open_new(&w.ctx, store, &db), OK);
	assert_int_equal(db_prepare_text(&w.ctx, db, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ?1", &stmt), OK);
	stmt_bind_text(stmt, 1, w.application);
	while (row)
		assert_int_equal(stmt_step(&w.ctx, stmt, &row), OK);
	stmt_done(stmt);
	db_free(db);
	store_free(store);
}

static void broken_connections_heal(void **state)
{
	start(state);
	assert_int_equal(world_exec(&w, "INSERT INTO t VALUES (1, 'a')"), OK);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM t"), 1);
	end_connections();
	/* neither the reader nor the writer notices before they are used */
	assert_int_equal(world_number(&w, "SELECT count(*) FROM t"), 1);
	assert_int_equal(world_exec(&w, "INSERT INTO t VALUES (2, 'b')"), OK);
	for (int i = 0; i < 8; i++) { /* all writers */
		char text[64];
		(void)snprintf(text, sizeof text, "INSERT INTO t VALUES (%d, 'c')", 10 + i);
		assert_int_equal(world_exec(&w, text), OK);
	}
	/* a view that stood on the old connection is gone, and said to be */
	assert_int_equal(db_begin_read(&w.ctx, w.db), OK);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM t"), 10);
	end_connections();
	struct stmt *stmt;
	bool row;
	enum err err = db_prepare_text(&w.ctx, w.db, "SELECT count(*) FROM t", &stmt);
	if (!err) {
		err = stmt_step(&w.ctx, stmt, &row);
		stmt_done(stmt);
	}
	assert_int_equal(err, ERR_RETRY);
	assert_string_equal(world_key(&w), "connection_lost");
	db_end_read(w.db);
	faults_clear(&w.ctx);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM t"), 10);
	assert_int_equal(db_begin_read(&w.ctx, w.db), OK);
	end_connections();
	db_end_read(w.db);
	assert_int_equal(db_begin_read(&w.ctx, w.db), OK); /* on a fresh connection */
	assert_int_equal(world_number(&w, "SELECT count(*) FROM t"), 10);
	db_end_read(w.db);
	struct store_stats stats;
	store_stats(w.store, &stats);
	assert_true(stats.reconnects >= 3);
	world_close(&w);
}

struct broken {
	int runs, hooks;
	size_t faults;
};

static void count_hook(struct store *store, void *arg)
{
	(void)store;
	++*(int *)arg;
}

/* The first run loses its connection half way. */
static enum err breaks_once(struct ctx *ctx, void *arg)
{
	struct broken *b = arg;
	b->faults = ctx->faults.count;
	enum err err = db_on_commit(ctx, count_hook, &b->hooks);
	if (!err)
		err = db_exec(ctx, ctx->db, "INSERT INTO t VALUES (1, 'a')");
	if (!err && ++b->runs == 1)
		err = db_exec(ctx, ctx->db, "SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(1)");
	return err;
}

static void a_job_runs_again_after_a_break(void **state)
{
	struct broken b = {0};
	start(state);
	fault_add(&w.ctx, ERR_INVALID, "earlier", "kept", NULL);
	assert_int_equal(store_write(&w.ctx, w.store, breaks_once, &b), OK);
	assert_int_equal(b.runs, 2);
	assert_int_equal(b.hooks, 1);
	assert_int_equal(b.faults, 1); /* what was noted before stays, what the first run noted does not */
	assert_int_equal(w.ctx.faults.count, 1);
	faults_clear(&w.ctx);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM t"), 1);
	struct store_stats stats;
	store_stats(w.store, &stats);
	assert_int_equal(stats.retried, 1);
	world_close(&w);
}

/* Nobody knows whether a COMMIT that got no answer was done: it is not repeated. */
static void a_commit_without_answer_is_unknown(void **state)
{
	start(state);
	assert_int_equal(world_exec(&w, "INSERT INTO deadly VALUES (1)"), ERR_RETRY);
	assert_string_equal(world_key(&w), "outcome_unknown");
	faults_clear(&w.ctx);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM deadly"), 0);
	assert_int_equal(world_exec(&w, "INSERT INTO t VALUES (1, 'a')"), OK);
	world_close(&w);
}

enum { THREADS = 8 };

struct stormy {
	pthread_t thread;
	int64_t number, acknowledged, unknown, wrong;
};

static atomic_bool storming;

static enum err insert_number(struct ctx *ctx, void *arg)
{
	struct stmt *stmt;
	enum err err = db_prepare_text(ctx, ctx->db, "INSERT INTO t VALUES (?1, 'storm')", &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, *(int64_t *)arg);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static void *write_in_storm(void *arg)
{
	struct stormy *s = arg;
	struct arena arena;
	struct ctx ctx;
	world_ctx(&ctx, &arena);
	for (int64_t i = 0; storming; i++) {
		int64_t id = s->number * 1000000 + i;
		enum err err = store_write(&ctx, w.store, insert_number, &id);
		if (!err)
			s->acknowledged++;
		else if (err == ERR_RETRY)
			s->unknown++;
		else
			s->wrong++;
		faults_clear(&ctx);
		arena_reset(&arena);
	}
	arena_release(&arena);
	return NULL;
}

static void a_storm_loses_and_doubles_nothing(void **state)
{
	struct stormy list[THREADS];
	start(state);
	storming = true;
	for (int i = 0; i < THREADS; i++) {
		list[i] = (struct stormy){.number = i + 1};
		assert_int_equal(pthread_create(&list[i].thread, NULL, write_in_storm, &list[i]), 0);
	}
	for (int i = 0; i < 15; i++) {
		(void)usleep(60000);
		end_connections();
	}
	storming = false;
	int64_t acknowledged = 0, unknown = 0;
	for (int i = 0; i < THREADS; i++) {
		pthread_join(list[i].thread, NULL);
		acknowledged += list[i].acknowledged;
		unknown += list[i].unknown;
		assert_int_equal(list[i].wrong, 0); /* a repeat of what was done would be a double key */
	}
	int64_t there = world_number(&w, "SELECT count(*) FROM t");
	assert_true(there >= acknowledged);
	assert_true(there <= acknowledged + unknown);
	assert_true(acknowledged > 50);
	print_message("%lld acknowledged, %lld unknown, %lld there\n", (long long)acknowledged, (long long)unknown, (long long)there);
	world_close(&w);
}

static void a_server_that_is_away_is_said(void **state)
{
	start(state);
	/* the address stays, nobody answers there any more */
	struct store_config config = w.config;
	config.pg_url = "postgresql://guanxi@127.0.0.1:9/none";
	struct store *store;
	int64_t before = ctx_now(&w.ctx);
	assert_int_equal(store_open_new(&w.ctx, &config, &store), ERR_UPSTREAM);
	assert_string_equal(world_key(&w), "store_open");
	assert_true(ctx_now(&w.ctx) - before < 6000);
	world_close(&w);
}

/* --- types ------------------------------------------------------------------------------ */

static void types_are_read_as_they_are(void **state)
{
	static const struct {
		const char *sql, *text;
		int64_t number;
		double real;
	} cases[] = {
		{"0::numeric", "0", 0, 0},
		{"12345678901234567890.50::numeric", "12345678901234567890.50", INT64_MAX, 12345678901234567890.5},
		{"-0.001::numeric", "-0.001", 0, -0.001},
		{"0.00001234::numeric", "0.00001234", 0, 0.00001234},
		{"10000::numeric", "10000", 10000, 10000},
		{"100000000::numeric(20,3)", "100000000.000", 100000000, 1e8},
		{"-99999999.9999::numeric", "-99999999.9999", -99999999, -99999999.9999},
		{"1e20::numeric", "100000000000000000000", INT64_MAX, 1e20},
		{"true", "1", 1, 1},
		{"false", "0", 0, 0},
		{"(-5)::smallint", "-5", -5, -5},
		{"2147483647::int", "2147483647", 2147483647, 2147483647},
		{"(-9223372036854775807)::bigint", "-9223372036854775807", -9223372036854775807, -9223372036854775807.0},
		{"1.5::real", "1.5", 1, 1.5},
		{"0.1::double precision", "0.1", 0, 0.1},
		{"1e300::double precision", "1e+300", 0, 1e300},
		{"'{\"a\": 1}'::jsonb", "{\"a\": 1}", 0, 0},
		{"'{\"a\":1}'::json", "{\"a\":1}", 0, 0},
		{"'42'::varchar", "42", 42, 42},
		{"'abc'::name", "abc", 0, 0},
		{"26::oid", "26", 26, 26},
		{"'7'::xid8", "7", 7, 7},
		/* no binary form known here: these come as text */
		{"'2026-11-22'::date", "2026-11-22", 2026, 2026},
		{"ARRAY[1,2]", "{1,2}", 0, 0},
	};
	start(state);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[200];
		struct stmt *stmt;
		bool row;
		(void)snprintf(text, sizeof text, "SELECT %s, NULL::numeric", cases[i].sql);
		assert_int_equal(db_prepare_text(&w.ctx, w.db, text, &stmt), OK);
		assert_int_equal(stmt_step(&w.ctx, stmt, &row), OK);
		assert_string_equal(stmt_text(stmt, 0), cases[i].text);
		assert_string_equal(stmt_text(stmt, 0), cases[i].text); /* twice the same */
		assert_int_equal(stmt_bytes(stmt, 0), strlen(cases[i].text));
		assert_true(stmt_i64(stmt, 0) == cases[i].number);
		assert_true(stmt_real(stmt, 0) == cases[i].real);
		assert_true(stmt_is_null(stmt, 1));
		stmt_done(stmt);
	}
	struct stmt *stmt;
	bool row;
	assert_int_equal(db_prepare_text(&w.ctx, w.db, "SELECT '\\x00ff41'::bytea, true, '2026-11-22'::date", &stmt), OK);
	assert_int_equal(stmt_step(&w.ctx, stmt, &row), OK);
	assert_int_equal(stmt_bytes(stmt, 0), 3);
	assert_memory_equal(stmt_blob(stmt, 0), "\0\xff" "A", 3);
	assert_int_equal(stmt_i64(stmt, 1), 1);
	stmt_done(stmt);
	world_close(&w);
}

static void parameters_fit_the_types_they_meet(void **state)
{
	struct stmt *stmt;
	bool row;
	start(state);
	assert_int_equal(db_prepare_text(&w.ctx, w.db,
		"SELECT ?1::int + 1, ?2::text || '!', ?3::numeric * 2, ?4::boolean, ?5::jsonb ->> 'a', ?6::real, ?7::bigint[] @> ARRAY[3::bigint]", &stmt), OK);
	stmt_bind_i64(stmt, 1, 41);
	stmt_bind_i64(stmt, 2, 7);
	stmt_bind_real(stmt, 3, 1.25);
	stmt_bind_i64(stmt, 4, 1);
	stmt_bind_textn(stmt, 5, "{\"a\":\"b\"}xxx", 9);
	stmt_bind_real(stmt, 6, 0.5);
	stmt_bind_text(stmt, 7, "{1,2,3}");
	assert_int_equal(stmt_step(&w.ctx, stmt, &row), OK);
	assert_int_equal(stmt_i64(stmt, 0), 42);
	assert_string_equal(stmt_text(stmt, 1), "7!");
	assert_true(stmt_real(stmt, 2) == 2.5);
	assert_int_equal(stmt_i64(stmt, 3), 1);
	assert_string_equal(stmt_text(stmt, 4), "b");
	assert_true(stmt_real(stmt, 5) == 0.5);
	assert_int_equal(stmt_i64(stmt, 6), 1);
	stmt_done(stmt);
	/* values the server refuses are the input's fault */
	assert_int_equal(db_prepare_text(&w.ctx, w.db, "SELECT ?1::int", &stmt), OK);
	stmt_bind_i64(stmt, 1, 1LL << 40);
	assert_int_equal(stmt_step(&w.ctx, stmt, &row), ERR_INVALID);
	assert_string_equal(world_key(&w), "number_range");
	stmt_done(stmt);
	world_close(&w);
}

/* --- statements --------------------------------------------------------------------------- */

static enum err read_star(struct ctx *ctx, void *arg)
{
	struct stmt *stmt;
	bool row;
	enum err err = db_prepare_text(ctx, ctx->db, "SELECT * FROM t WHERE id = ?1", &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, 1);
	err = stmt_step(ctx, stmt, &row);
	*(int *)arg = stmt_columns(stmt);
	stmt_done(stmt);
	return err;
}

static void tables_may_change_under_statements(void **state)
{
	int columns = 0;
	start(state);
	assert_int_equal(world_exec(&w, "INSERT INTO t VALUES (1, 'a')"), OK);
	for (int i = 0; i < 8; i++)
		assert_int_equal(store_write(&w.ctx, w.store, read_star, &columns), OK);
	assert_int_equal(read_star(&w.ctx, &columns), OK);
	assert_int_equal(columns, 2);
	assert_int_equal(world_exec(&w, "ALTER TABLE t ADD COLUMN extra bigint DEFAULT 5"), OK);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(store_write(&w.ctx, w.store, read_star, &columns), OK);
		assert_int_equal(columns, 3);
	}
	assert_int_equal(read_star(&w.ctx, &columns), OK);
	assert_int_equal(columns, 3);
	assert_int_equal(w.ctx.faults.count, 0);
	world_close(&w);
}

static void the_server_keeps_few_statements(void **state)
{
	start(state);
	for (int i = 0; i < 700; i++) {
		char text[64];
		(void)snprintf(text, sizeof text, "SELECT %d", i);
		assert_int_equal(world_number(&w, text), i);
	}
	assert_true(world_number(&w, "SELECT count(*) FROM pg_prepared_statements") < 270);
	world_close(&w);
}

/* --- several nodes ----------------------------------------------------------------------------- */

static struct migration slow_steps[6];

static enum err slow_step(struct ctx *ctx, void *arg)
{
	(void)arg;
	return db_exec(ctx, ctx->db, "SELECT pg_sleep(0.05)");
}

static void *migrate_node(void *arg)
{
	struct arena arena;
	struct ctx ctx;
	struct store *store;
	world_ctx(&ctx, &arena);
	struct store_config config = w.config;
	config.pg_writers = 1;
	enum err err = store_open_new(&ctx, &config, &store);
	if (!err) {
		err = store_migrate(&ctx, store, slow_steps, 6);
		store_free(store);
	}
	if (err)
		print_error("node: %s %s\n", ctx.faults.list[0].key, ctx.faults.list[0].arg);
	arena_release(&arena);
	(void)arg;
	return (void *)(intptr_t)err;
}

static void nodes_may_start_together(void **state)
{
	(void)state;
	static const char *const sql[] = {"CREATE TABLE a (id bigint)", "CREATE TABLE b (id bigint)", "ALTER TABLE a ADD COLUMN c text",
	                                  "CREATE INDEX a_c ON a (c)", "INSERT INTO b VALUES (1)", "INSERT INTO b VALUES (2)"};
	pthread_t threads[4];
	for (int i = 0; i < 6; i++)
		slow_steps[i] = (struct migration){i + 1, "step", NULL, sql[i], slow_step};
	world_prepare(&w, ENGINE_POSTGRES);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, migrate_node, NULL), 0);
	for (int i = 0; i < 4; i++) {
		void *err;
		pthread_join(threads[i], &err);
		assert_null(err);
	}
	world_open_store(&w);
	world_open_db(&w);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM b"), 2);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM schema_version"), 6);
	world_close(&w);
}

/* --- many rows at once ----------------------------------------------------------------- */

static const struct migration bulk_steps[] = {
	{1, "bulk", NULL,
	 "CREATE TABLE item (id bigint PRIMARY KEY, small smallint, text text, real double precision, bytes bytea);"
	 "CREATE TABLE part (id bigint PRIMARY KEY, item_id bigint NOT NULL REFERENCES item (id), seq bigserial)",
	 NULL},
};

struct bulk {
	int64_t from, to, twice; /* items; one of them again */
	bool look, undo;
	int64_t seen;
};

static const char *const bulk_texts[] = {"plain", "", "a\tb\nc\rd\\e", "\\N", "\\.", "\"quoted\", 'too'", "李雷 🌱", NULL};
enum { BULK_TEXTS = sizeof bulk_texts / sizeof *bulk_texts };

static enum err put_item(struct ctx *ctx, int64_t id)
{
	struct stmt *item, *part;
	const char *text = bulk_texts[id % BULK_TEXTS];
	enum err err = db_prepare_text(ctx, ctx->db, "INSERT INTO item (id, small, text, real, bytes) VALUES (?1, ?2, ?3, ?4, ?5)", &item);
	if (err)
		return err;
	stmt_bind_i64(item, 1, id);
	stmt_bind_i64(item, 2, id % 2);
	if (id % 3 == 0 || !text)
		stmt_bind_text(item, 3, text);
	else
		stmt_bind_textn(item, 3, text, strlen(text));
	stmt_bind_real(item, 4, (double)id / 3.0);
	if (id % 5)
		stmt_bind_blob(item, 5, &id, sizeof id);
	err = stmt_run_later(ctx, item);
	stmt_done(item);
	if (!err)
		err = db_prepare_text(ctx, ctx->db, "INSERT INTO part (id, item_id)\nVALUES (?1, ?2)", &part);
	if (err)
		return err;
	stmt_bind_i64(part, 1, -id);
	stmt_bind_i64(part, 2, id);
	err = stmt_run_later(ctx, part);
	stmt_done(part);
	return err;
}

static enum err count_items(struct ctx *ctx, int64_t *ret)
{
	struct stmt *stmt;
	bool row;
	enum err err = db_prepare_text(ctx, ctx->db, "SELECT count(*) FROM item", &stmt);
	if (err)
		return err;
	err = stmt_step(ctx, stmt, &row);
	*ret = err ? -1 : stmt_i64(stmt, 0);
	stmt_done(stmt);
	return err;
}

static enum err put_items(struct ctx *ctx, void *arg)
{
	struct bulk *b = arg;
	enum err err = b->undo ? db_savepoint(ctx) : OK;
	db_bulk_begin(ctx->db);
	for (int64_t id = b->from; !err && id < b->to; id++)
		err = put_item(ctx, id);
	if (!err && b->look)
		err = count_items(ctx, &b->seen);
	if (!err && b->twice)
		err = put_item(ctx, b->twice);
	if (b->undo && !err)
		db_rollback_to(ctx);
	return err ? err : db_bulk_end(ctx);
}

static void many_rows_are_written_together(void **state)
{
	(void)state;
	world_open(&w, ENGINE_POSTGRES, bulk_steps, 1);
	/* more than go at once; a statement in between sees them all */
	struct bulk b = {.from = 1, .to = 100001, .look = true};
	assert_int_equal(store_write(&w.ctx, w.store, put_items, &b), OK);
	assert_int_equal(b.seen, 100000);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM part"), 100000);
	/* in the order they were given */
	assert_int_equal(world_number(&w, "SELECT count(*) FROM part p JOIN part q ON q.seq = p.seq + 1 WHERE q.id <> p.id - 1"), 0);
	/* and as they are when bound to a statement of their own */
	for (int64_t id = 200000; id < 200000 + 30; id++) {
		struct bulk one = {.from = id, .to = id + 1};
		assert_int_equal(store_write(&w.ctx, w.store, put_items, &one), OK);
	}
	struct stmt *stmt;
	bool row;
	assert_int_equal(db_prepare_text(&w.ctx, w.db, "SELECT id, small, text, real, bytes FROM item WHERE id < 100 OR id >= 200000", &stmt), OK);
	while (stmt_step(&w.ctx, stmt, &row) == OK && row) {
		int64_t id = stmt_i64(stmt, 0);
		const char *text = bulk_texts[id % BULK_TEXTS];
		assert_int_equal(stmt_i64(stmt, 1), id % 2);
		assert_true(text ? str_equal(stmt_text(stmt, 2), text) : stmt_is_null(stmt, 2));
		assert_true(stmt_real(stmt, 3) == (double)id / 3.0);
		assert_true(id % 5 ? memcmp(stmt_blob(stmt, 4), &id, sizeof id) == 0 : stmt_is_null(stmt, 4));
	}
	stmt_done(stmt);
	world_close(&w);
}

static void many_rows_are_refused_together(void **state)
{
	(void)state;
	world_open(&w, ENGINE_POSTGRES, bulk_steps, 1);
	struct bulk twice = {.from = 1, .to = 50, .twice = 7}, good = {.from = 1, .to = 50}, undone = {.from = 100, .to = 150, .undo = true};
	assert_int_equal(store_write(&w.ctx, w.store, put_items, &twice), ERR_CONFLICT);
	assert_string_equal(world_key(&w), "unique");
	assert_string_equal(w.ctx.faults.list[0].field, "item.id");
	faults_clear(&w.ctx);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM item"), 0);
	/* nothing of it is left behind on any connection */
	for (int i = 0; i < 8; i++)
		assert_int_equal(world_exec(&w, "INSERT INTO part (id, item_id) VALUES (1, 1)"), ERR_CONFLICT);
	faults_clear(&w.ctx);
	assert_int_equal(store_write(&w.ctx, w.store, put_items, &good), OK);
	assert_int_equal(store_write(&w.ctx, w.store, put_items, &undone), OK);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM item"), 49);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_rows_are_written_together),
		cmocka_unit_test(many_rows_are_refused_together),
		cmocka_unit_test(broken_connections_heal),
		cmocka_unit_test(a_job_runs_again_after_a_break),
		cmocka_unit_test(a_commit_without_answer_is_unknown),
		cmocka_unit_test(a_storm_loses_and_doubles_nothing),
		cmocka_unit_test(a_server_that_is_away_is_said),
		cmocka_unit_test(types_are_read_as_they_are),
		cmocka_unit_test(parameters_fit_the_types_they_meet),
		cmocka_unit_test(tables_may_change_under_statements),
		cmocka_unit_test(the_server_keeps_few_statements),
		cmocka_unit_test(nodes_may_start_together),
	};
	if (!world_pg()) {
		print_message("store on PostgreSQL alone: skipped, GUANXI_TEST_PG is not set (tests/tools/pg.sh start DIR PORT prints it)\n");
		return 77;
	}
	return cmocka_run_group_tests_name("store on PostgreSQL alone", tests, NULL, NULL);
}
