/* Timers on both engines, with a clock that the test moves. */
#include "base/test/check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/timers/timers.h"

enum { HOUR = 3600000, DAY = 24 * HOUR };

static struct house {
	struct arena arena;
	struct ctx ctx;
	char dir[64];
	const char *pg_url;
	struct store *store;
	struct db *db;
	struct clock clock;
	_Atomic int64_t ahead_ms;
} h;

static int64_t moved_now(void *arg)
{
	return clock_system()->now_ms(arg) + atomic_load(&h.ahead_ms);
}

static enum err make_tables(struct ctx *ctx, void *arg)
{
	(void)arg;
	return db_exec(ctx, ctx->db, "CREATE TABLE fired (key TEXT NOT NULL, n BIGINT NOT NULL)");
}

static void open_house(const char *pg_url)
{
	static const struct migration first[] = {{.version = 1, .name = "test", .run = make_tables}};
	static const struct migration_line line = {"timers", timers_steps, TIMERS_STEPS};
	char name[32];
	memset(&h, 0, sizeof(h));
	h.pg_url = pg_url;
	h.clock = *clock_system();
	h.clock.now_ms = moved_now;
	arena_init(&h.arena, 256u << 20);
	ctx_init(&h.ctx, &h.arena, &h.clock);
	snprintf(h.dir, sizeof(h.dir), "/tmp/guanxi-timers-XXXXXX");
	assert_non_null(mkdtemp(h.dir));
	snprintf(name, sizeof(name), "m%s", h.dir + strlen(h.dir) - 6);
	for (char *p = name; *p != '\0'; p++)
		*p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
	struct store_config config = {.data_dir = h.dir, .pg_url = pg_url, .pg_schema = name, .clock = &h.clock};
	assert_int_equal(store_open_new(&h.ctx, &config, &h.store), OK);
	h.ctx.store = h.store;
	assert_int_equal(store_migrate(&h.ctx, h.store, first, 1), OK);
	assert_int_equal(store_migrate_folder(&h.ctx, h.store, &line, false), OK);
	assert_int_equal(db_open_new(&h.ctx, h.store, &h.db), OK);
	h.ctx.db = h.db;
}

static int setup_lite(void **state)
{
	(void)state;
	open_house(NULL);
	return 0;
}

static int setup_pg(void **state)
{
	(void)state;
	open_house(getenv("GUANXI_TEST_PG"));
	return 0;
}

static int teardown(void **state)
{
	char command[128];
	(void)state;
	db_free(h.db);
	store_free(h.store);
	arena_release(&h.arena);
	static const char *const files[] = {"guanxi.db", "guanxi.db-wal", "guanxi.db-shm", "lock", "guanxi.lock"};
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(command, sizeof(command), "%s/%s", h.dir, files[i]);
		unlink(command);
	}
	rmdir(h.dir);
	return 0;
}

/* --- short ways -------------------------------------------------------------- */

static int64_t number(const char *sql)
{
	struct stmt *stmt;
	bool row = false;
	h.ctx.db = h.db;
	assert_int_equal(db_prepare_text(&h.ctx, h.db, sql, &stmt), OK);
	assert_int_equal(stmt_step(&h.ctx, stmt, &row), OK);
	int64_t value = row ? stmt_i64(stmt, 0) : -1;
	stmt_done(stmt);
	db_reset(h.db);
	return value;
}

struct wish {
	const char *kind, *key, *payload;
	int64_t at;
	enum err (*run)(struct ctx *ctx, const struct wish *wish);
};

static enum err do_wish(struct ctx *ctx, void *arg)
{
	const struct wish *w = arg;
	return w->run(ctx, w);
}

static enum err run_set(struct ctx *ctx, const struct wish *w)
{
	return timer_set(ctx, w->kind, w->key, w->at, w->payload);
}

static enum err run_clear(struct ctx *ctx, const struct wish *w)
{
	return timer_clear(ctx, w->kind, w->key);
}

static enum err run_retry(struct ctx *ctx, const struct wish *w)
{
	return timer_retry(ctx, w->kind, w->key);
}

static enum err write_wish(struct wish wish)
{
	enum err err = store_write(&h.ctx, h.store, do_wish, &wish);
	h.ctx.db = h.db;
	return err;
}

static void set(const char *kind, const char *key, int64_t at)
{
	assert_int_equal(write_wish((struct wish){kind, key, "p", at, run_set}), OK);
}

static int64_t due(const char *kind, const char *key)
{
	int64_t at;
	assert_int_equal(timer_due(&h.ctx, kind, key, &at), OK);
	db_reset(h.db);
	return at;
}

static int64_t now(void)
{
	return ctx_now(&h.ctx);
}

/* --- kinds ------------------------------------------------------------------- */

static enum err note(struct ctx *ctx, const char *key, int64_t n)
{
	struct stmt *stmt;
	enum err err = db_prepare_text(ctx, ctx->db, "INSERT INTO fired VALUES (?1, ?2)", &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, key);
	stmt_bind_i64(stmt, 2, n);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err fire_note(struct ctx *ctx, const struct timer *timer)
{
	assert_string_equal(timer->payload, "p");
	return note(ctx, timer->key, timer->attempt);
}

static enum err fire_again(struct ctx *ctx, const struct timer *timer)
{
	enum err err = note(ctx, timer->key, timer->attempt);
	return err ? err : timer_set(ctx, timer->kind, timer->key, timer->due_ms + HOUR, "p");
}

static _Atomic bool broken = true;

static enum err fire_broken(struct ctx *ctx, const struct timer *timer)
{
	enum err err = note(ctx, timer->key, -1);
	return err || !broken ? err : fail(ctx, ERR_INVALID, "", "not_found");
}

static const struct timer_kind kinds[] = {{"note", fire_note}, {"again", fire_again}, {"broken", fire_broken}, {0}};
static const struct timer_kind *const kind_tables[] = {kinds, NULL};

static enum err nightly(struct ctx *ctx)
{
	return note(ctx, "nightly", 1);
}

static const struct schedule schedules[] = {{"test.nightly", 0, 180, nightly}, {"test.minute", 60000, 0, nightly}, {0}};
static const struct schedule nothing[] = {{0}};
static const struct schedule *const schedule_tables[] = {schedules, NULL}, *const no_schedules[] = {nothing, NULL};

static enum err zone(struct ctx *ctx, const char **ret)
{
	(void)ctx;
	*ret = "Asia/Shanghai";
	return OK;
}

static struct timers *start(const struct schedule *const *list)
{
	struct timers *timers = NULL;
	const struct timers_config config = {.kinds = kind_tables, .schedules = list, .zone = zone};
	assert_int_equal(timers_start_new(&h.ctx, h.store, &config, &timers), OK);
	h.ctx.db = h.db;
	return timers;
}

/* No test is timed: it fails when it never comes. */
static void wait_until(const char *sql, int64_t value)
{
	for (int n = 0; n < 600 && number(sql) != value; n++)
		usleep(50000);
	assert_int_equal(number(sql), value);
}

/* --- tests ------------------------------------------------------------------- */

static void set_moved_and_cleared(void **state)
{
	(void)state;
	char long_key[TIMER_KEY_MAX + 2];
	int64_t at = now() + DAY;
	assert_int_equal(due("note", "a"), 0);
	set("note", "a", at);
	set("again", "a", at + 1);
	assert_int_equal(due("note", "a"), at);
	set("note", "a", at + HOUR);
	assert_int_equal(due("note", "a"), at + HOUR);
	assert_int_equal(number("SELECT count(*) FROM timer"), 2);
	assert_int_equal(write_wish((struct wish){.kind = "note", .key = "a", .run = run_clear}), OK);
	assert_int_equal(write_wish((struct wish){.kind = "note", .key = "a", .run = run_clear}), OK);
	assert_int_equal(due("note", "a"), 0);
	assert_int_equal(due("again", "a"), at + 1);
	memset(long_key, 'k', sizeof(long_key) - 1);
	long_key[sizeof(long_key) - 1] = '\0';
	assert_int_equal(write_wish((struct wish){"note", long_key, "p", at, run_set}), ERR_LIMIT);
	faults_clear(&h.ctx);
	assert_int_equal(write_wish((struct wish){.kind = "note", .key = "a", .run = run_retry}), ERR_NOT_FOUND);
	faults_clear(&h.ctx);
}

static void what_is_due_fires_once(void **state)
{
	(void)state;
	struct timers *timers = start(no_schedules);
	set("note", "later", now() + DAY);
	set("note", "now", now() - 5);
	wait_until("SELECT count(*) FROM fired WHERE key = 'now'", 1);
	assert_int_equal(due("note", "now"), 0);
	assert_int_equal(number("SELECT count(*) FROM fired WHERE key = 'later'"), 0);
	/* one that sets itself anew: the clock goes on by three hours, hour by hour */
	set("again", "hourly", now());
	wait_until("SELECT count(*) FROM fired WHERE key = 'hourly'", 1);
	atomic_fetch_add(&h.ahead_ms, 3 * HOUR);
	wait_until("SELECT count(*) FROM fired WHERE key = 'hourly'", 4);
	timers_stop(timers);
	/* while nothing runs, nothing is lost */
	set("note", "kept", now() - 1);
	timers = start(no_schedules);
	wait_until("SELECT count(*) FROM fired WHERE key = 'kept'", 1);
	timers_stop(timers);
	assert_int_equal(number("SELECT count(*) FROM fired WHERE key = 'now'"), 1);
}

static void what_fails_is_tried_again_and_set_aside(void **state)
{
	(void)state;
	broken = true;
	struct timers *timers = start(no_schedules);
	set("broken", "b", now() - 10);
	set("note", "beside", now() - 5);
	set("stranger", "s", now() - 5); /* nobody knows this kind */
	wait_until("SELECT count(*) FROM fired WHERE key = 'beside'", 1);
	for (int i = 1; i < TIMER_ATTEMPTS; i++) {
		char sql[100];
		snprintf(sql, sizeof(sql), "SELECT count(*) FROM timer WHERE attempt >= %d", i);
		wait_until(sql, 2);
		atomic_fetch_add(&h.ahead_ms, DAY);
	}
	wait_until("SELECT count(*) FROM timer WHERE aside = 1", 2);
	assert_int_equal(number("SELECT count(*) FROM fired WHERE key = 'b'"), 0); /* what it wrote was undone each time */
	assert_int_equal(number("SELECT count(*) FROM timer WHERE kind = 'broken' AND error = 'not_found'"), 1);
	assert_int_equal(number("SELECT count(*) FROM timer WHERE kind = 'stranger' AND error = 'timer_unknown'"), 1);
	broken = false;
	assert_int_equal(write_wish((struct wish){.kind = "broken", .key = "b", .run = run_retry}), OK);
	wait_until("SELECT count(*) FROM fired WHERE key = 'b'", 1);
	assert_int_equal(number("SELECT count(*) FROM timer"), 1);
	timers_stop(timers);
}

enum { MANY = 5000 };

static enum err set_many(struct ctx *ctx, const struct wish *w)
{
	enum err err = OK;
	for (int i = 0; i < MANY && !err; i++) {
		char key[16];
		snprintf(key, sizeof(key), "%d", i);
		err = timer_set(ctx, w->kind, key, w->at + i % 7, "p");
	}
	return err;
}

/* Two programs at one database, as two nodes are. */
static void many_that_are_due_together_fire_once_each(void **state)
{
	(void)state;
	struct timers *one = start(no_schedules), *two = start(no_schedules);
	assert_int_equal(write_wish((struct wish){.kind = "note", .at = now() - 10, .run = set_many}), OK);
	wait_until("SELECT count(*) FROM fired", MANY);
	timers_stop(one);
	timers_stop(two);
	assert_int_equal(number("SELECT count(DISTINCT key) FROM fired"), MANY);
	assert_int_equal(number("SELECT count(*) FROM timer"), 0);
}

static void schedules_make_up_for_what_was_missed_by_one_run(void **state)
{
	(void)state;
	struct timers *timers = start(schedule_tables);
	assert_true(due("schedule", "test.nightly") > now() && due("schedule", "test.nightly") <= now() + DAY);
	assert_true(due("schedule", "test.minute") > now() && due("schedule", "test.minute") <= now() + 60000);
	timers_stop(timers);
	assert_int_equal(number("SELECT count(*) FROM fired"), 0);
	atomic_fetch_add(&h.ahead_ms, INT64_C(5) * DAY);
	timers = start(schedule_tables);
	wait_until("SELECT count(*) FROM fired", 2);
	timers_stop(timers);
	assert_true(due("schedule", "test.nightly") > now() && due("schedule", "test.nightly") <= now() + DAY);
	/* what is no schedule any more is forgotten */
	timers = start(no_schedules);
	timers_stop(timers);
	assert_int_equal(number("SELECT count(*) FROM timer"), 0);
	assert_int_equal(number("SELECT count(*) FROM fired"), 2);
}

static void next_runs(void **state)
{
	(void)state;
	static const struct schedule three = {"x", 0, 180, nightly}, half_past_two = {"x", 0, 150, nightly}, ten_minutes = {"x", 600000, 0, nightly};
	static const struct {
		const struct schedule *schedule;
		const char *zone, *after, *next;
	} cases[] = {
		{&three, "Asia/Shanghai", "2026-03-01T18:59:59Z", "2026-03-01T19:00:00Z"},
		{&three, "Asia/Shanghai", "2026-03-01T19:00:00Z", "2026-03-02T19:00:00Z"},
		{&three, "Europe/Berlin", "2026-01-10T00:00:00Z", "2026-01-10T02:00:00Z"},
		{&three, "Europe/Berlin", "2026-07-10T00:00:00Z", "2026-07-10T01:00:00Z"},
		/* 2:30 does not exist on that day: half an hour after the clock has jumped */
		{&half_past_two, "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z"},
		{&half_past_two, "Europe/Berlin", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"},
		/* 2:30 comes twice: once is enough */
		{&half_past_two, "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"},
		{&half_past_two, "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"},
		{&three, "Nowhere/At_all", "2026-03-01T18:59:59Z", "2026-03-02T03:00:00Z"},
		{&ten_minutes, "Asia/Shanghai", "2026-03-01T18:59:59Z", "2026-03-01T19:00:00Z"},
		{&ten_minutes, "Asia/Shanghai", "2026-03-01T19:00:00Z", "2026-03-01T19:10:00Z"},
		{&ten_minutes, "Asia/Shanghai", "1969-12-31T23:55:00Z", "1970-01-01T00:00:00Z"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t after, next;
		char text[40];
		assert_true(time_parse(cases[i].after, &after));
		assert_true(time_parse(cases[i].next, &next));
		int64_t got = schedule_next(cases[i].schedule, cases[i].zone, after);
		time_format(got, text);
		if (got != next)
			print_error("case %zu: %s\n", i, text);
		assert_int_equal(got, next);
	}
}

#define EACH(test, up) cmocka_unit_test_setup_teardown(test, up, teardown)
#define ALL(up)                                                                                                                    \
	EACH(set_moved_and_cleared, up), EACH(what_is_due_fires_once, up), EACH(what_fails_is_tried_again_and_set_aside, up),      \
		EACH(many_that_are_due_together_fire_once_each, up), EACH(schedules_make_up_for_what_was_missed_by_one_run, up)

int main(void)
{
	static const struct CMUnitTest lite[] = {cmocka_unit_test(next_runs), ALL(setup_lite)}, pg[] = {ALL(setup_pg)};
	int failed = cmocka_run_group_tests_name("timers on SQLite", lite, NULL, NULL);
	if (getenv("GUANXI_TEST_PG"))
		failed += cmocka_run_group_tests_name("timers on PostgreSQL", pg, NULL, NULL);
	else
		print_message("# PostgreSQL is left out: GUANXI_TEST_PG is not set\n");
	return failed;
}
