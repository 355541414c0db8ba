/* The change log on both engines. */
#include "core/store/test/world.h"

#include <pthread.h>
#include <stdatomic.h>

#include "core/events/events.h"
#include "core/gate/gate.h"

static struct migration steps[] = {
	{.version = 1, .name = "log"},
	{2, "item", "CREATE TABLE item (id INTEGER PRIMARY KEY)", "CREATE TABLE item (id bigint PRIMARY KEY)", NULL},
};

static struct world w;

static void start(void **state)
{
	steps[0].sqlite = events_ddl_sqlite;
	steps[0].postgres = events_ddl_postgres;
	world_open(&w, *(enum engine *)*state, steps, 2);
}

/* --- helpers ------------------------------------------------------------------------- */

struct entry {
	const char *entity;
	int64_t record_id;
	enum change_action action;
	const char *diff;
};

struct entries {
	const struct entry *list;
	size_t n;
};

static enum err append_all(struct ctx *ctx, void *arg)
{
	const struct entries *entries = arg;
	for (size_t i = 0; i < entries->n; i++) {
		const struct entry *e = &entries->list[i];
		enum err err = change_append(ctx, e->entity, e->record_id, e->action, e->diff);
		if (err)
			return err;
	}
	return OK;
}

static void append(const struct entry *list, size_t n)
{
	struct entries entries = {list, n};
	assert_int_equal(store_write(&w.ctx, w.store, append_all, &entries), OK);
}

static void append_one(const char *entity, int64_t id, enum change_action action, const char *diff)
{
	struct entry entry = {entity, id, action, diff};
	append(&entry, 1);
}

static enum err seal_job(struct ctx *ctx, void *arg)
{
	int64_t sealed;
	return events_seal(ctx, &sealed, arg);
}

static void seal(void)
{
	bool more = true;
	for (int i = 0; more && i < 1000; i++) {
		assert_int_equal(store_write(&w.ctx, w.store, seal_job, &more), OK);
		if (more)
			(void)usleep(1000);
	}
	assert_false(more);
}

struct seen {
	struct change list[600];
	size_t n;
};

static struct seen seen;

static enum err see(struct ctx *ctx, const struct change *change, void *arg)
{
	(void)arg;
	assert_true(seen.n < 600);
	struct change *c = &seen.list[seen.n++];
	*c = *change;
	c->entity = arena_strdup(ctx->arena, change->entity);
	c->diff = arena_strdup(ctx->arena, change->diff);
	c->request_id = arena_strdup(ctx->arena, change->request_id);
	return OK;
}

static void read_after(int64_t after, size_t max)
{
	int64_t last;
	seen.n = 0;
	assert_int_equal(change_read(&w.ctx, after, max, see, NULL, &last), OK);
	assert_int_equal(last, seen.n ? seen.list[seen.n - 1].seq : after);
}

static void verify(int64_t from, int64_t expected_checked, int64_t expected_bad)
{
	int64_t checked, bad;
	char hex[65];
	enum err err = change_verify(&w.ctx, from, &checked, &bad, hex);
	if (err)
		print_error("verify: %s\n", world_key(&w));
	assert_int_equal(err, OK);
	assert_int_equal(bad, expected_bad);
	assert_int_equal(checked, expected_checked);
	if (!bad && checked)
		assert_int_equal(strlen(hex), 64);
}

/* Past the guards: what somebody with the file or the superuser's password could do. */
static void tamper(const char *text)
{
	char *whole;
	if (w.engine == ENGINE_POSTGRES)
		whole = arena_printf(&w.arena, "SET LOCAL session_replication_role TO replica; %s", text);
	else
		whole = arena_printf(&w.arena,
			"DROP TRIGGER change_no_update; DROP TRIGGER change_no_delete; %s;"
			"CREATE TRIGGER change_no_update BEFORE UPDATE ON change BEGIN SELECT RAISE(ABORT, 'x'); END;"
			"CREATE TRIGGER change_no_delete BEFORE DELETE ON change BEGIN SELECT RAISE(ABORT, 'x'); END", text);
	assert_non_null(whole);
	enum err err = world_exec(&w, whole);
	if (err)
		print_error("tamper: %s %s\n", world_key(&w), w.ctx.faults.list[0].arg);
	assert_int_equal(err, OK);
}

/* --- tests ------------------------------------------------------------------------------ */

static void entries_come_back_whole(void **state)
{
	start(state);
	struct actor actor = {.kind = ACTOR_IMPORT, .user_id = 77};
	w.ctx.actor = &actor;
	w.ctx.request_id = "req-1";
	int64_t before = ctx_now(&w.ctx);
	static const struct entry list[] = {
		{"customer", 5, CHANGE_CREATE, "{\"name\":[null,\"李雷\"]}"},
		{"order", 6, CHANGE_UPDATE, "{}"},
		{NULL, 0, CHANGE_LOGIN, NULL},
	};
	append(list, 3);
	append_one("customer", 5, CHANGE_DELETE, "{\"name\":\"李雷\"}");
	seal();
	read_after(0, 100);
	assert_int_equal(seen.n, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(seen.list[i].seq, i + 1);
		assert_int_equal(seen.list[i].group, i < 3 ? 1 : 4);
		assert_int_equal(seen.list[i].actor_id, 77);
		assert_int_equal(seen.list[i].actor_kind, ACTOR_IMPORT);
		assert_string_equal(seen.list[i].request_id, "req-1");
		assert_true(seen.list[i].at_ms >= before);
	}
	assert_string_equal(seen.list[0].entity, "customer");
	assert_int_equal(seen.list[0].record_id, 5);
	assert_string_equal(seen.list[0].diff, "{\"name\":[null,\"李雷\"]}");
	assert_string_equal(seen.list[2].entity, "");
	assert_string_equal(seen.list[2].diff, "");
	assert_int_equal(seen.list[2].action, CHANGE_LOGIN);
	assert_string_equal(change_action_name(seen.list[3].action), "delete");
	read_after(1, 2);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.list[1].seq, 3);
	int64_t last;
	assert_int_equal(change_last_seq(&w.ctx, &last), OK);
	assert_int_equal(last, 4);
	w.ctx.actor = NULL;
	world_close(&w);
}

static void history_is_newest_first(void **state)
{
	start(state);
	for (int i = 0; i < 10; i++) {
		append_one("customer", 1, CHANGE_UPDATE, i % 2 ? "odd" : "even");
		append_one("order", 2, CHANGE_UPDATE, "other");
		if (i == 6)
			seal(); /* PostgreSQL: the rest is seen before it is sealed */
	}
	seen.n = 0;
	assert_int_equal(change_history(&w.ctx, "customer", 1, 0, 4, see, NULL), OK);
	assert_int_equal(seen.n, 4);
	assert_string_equal(seen.list[0].diff, "odd");
	assert_string_equal(seen.list[1].diff, "even");
	for (int i = 1; i < 4; i++)
		assert_true(seen.list[i].seq < seen.list[i - 1].seq);
	int64_t before = seen.list[3].seq;
	seen.n = 0;
	assert_int_equal(change_history(&w.ctx, "customer", 1, before, 100, see, NULL), OK);
	assert_int_equal(seen.n, 6);
	seen.n = 0;
	assert_int_equal(change_history(&w.ctx, "order", 1, 0, 100, see, NULL), OK); /* ids are unique, the entity still counts */
	assert_int_equal(seen.n, 0);
	world_close(&w);
}

static void groups_stay_together(void **state)
{
	static struct entry many[1300];
	start(state);
	for (size_t i = 0; i < 1300; i++)
		many[i] = (struct entry){"line", (int64_t)i + 100, CHANGE_CREATE, "{}"};
	append_one("a", 1, CHANGE_CREATE, "{}");
	append(many, 300);
	append_one("b", 2, CHANGE_CREATE, "{}");
	for (int round = 0; round < 2; round++) { /* PostgreSQL: unsealed, then sealed */
		seen.n = 0;
		assert_int_equal(change_history(&w.ctx, "line", 250, 0, 1, see, NULL), OK);
		assert_int_equal(seen.n, 1);
		int64_t group = seen.list[0].group;
		seen.n = 0;
		assert_int_equal(change_group(&w.ctx, group, see, NULL), OK);
		assert_int_equal(seen.n, 300);
		assert_int_equal(seen.list[0].record_id, 100);
		assert_int_equal(seen.list[299].record_id, 399);
		seal();
	}
	assert_true(seen.list[0].seq <= 2 || w.engine == ENGINE_POSTGRES);
	world_close(&w);
}

static enum err append_some_and_undo(struct ctx *ctx, void *arg)
{
	enum err err = change_append(ctx, "kept", 1, CHANGE_CREATE, "1");
	if (!err)
		err = db_savepoint(ctx);
	if (!err)
		err = change_append(ctx, "gone", 2, CHANGE_CREATE, "2");
	if (!err)
		err = change_append(ctx, "gone", 3, CHANGE_CREATE, "3");
	if (err)
		return err;
	db_rollback_to(ctx);
	err = change_append(ctx, "kept", 4, CHANGE_CREATE, "4");
	if (!err && arg)
		err = fail(ctx, ERR_CONFLICT, "", "wanted");
	return err;
}

static void the_chain_follows_rollbacks(void **state)
{
	start(state);
	append_one("first", 1, CHANGE_CREATE, "{}");
	assert_int_equal(store_write(&w.ctx, w.store, append_some_and_undo, NULL), OK);
	assert_int_equal(store_write(&w.ctx, w.store, append_some_and_undo, &w), ERR_CONFLICT);
	faults_clear(&w.ctx);
	append_one("last", 1, CHANGE_CREATE, "{}");
	seal();
	read_after(0, 100);
	assert_int_equal(seen.n, 4);
	for (size_t i = 0; i < 4; i++)
		assert_string_not_equal(seen.list[i].entity, "gone");
	assert_int_equal(seen.list[1].group, 2);
	assert_int_equal(seen.list[2].group, 2);
	verify(0, 4, 0);
	/* and a restart */
	world_close_store(&w);
	world_open_store(&w);
	world_open_db(&w);
	append_one("again", 1, CHANGE_CREATE, "{}");
	seal();
	verify(1, 5, 0);
	verify(3, 3, 0);
	verify(6, 0, 0);
	world_close(&w);
}

static void ten_entries(void **state)
{
	start(state);
	for (int i = 1; i <= 10; i++) {
		char diff[40];
		(void)snprintf(diff, sizeof diff, "{\"n\":[null,%d]}", i);
		append_one("customer", i, CHANGE_CREATE, diff);
		seal();
	}
	verify(0, 10, 0);
}

static void the_log_cannot_be_changed_with_sql(void **state)
{
	static const char *const attempts[] = {
		"UPDATE change SET diff = '{}' WHERE seq = 3",
		"UPDATE change SET actor_id = 5",
		"DELETE FROM change WHERE seq = 3",
		"DELETE FROM change",
	};
	ten_entries(state);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(world_exec(&w, attempts[i]), ERR_CONFLICT);
		assert_string_equal(world_key(&w), "refused");
		faults_clear(&w.ctx);
	}
	if (w.engine == ENGINE_POSTGRES) {
		append_one("customer", 1, CHANGE_UPDATE, "{}");
		assert_int_equal(world_exec(&w, "TRUNCATE change"), ERR_CONFLICT);
		assert_int_equal(world_exec(&w, "DELETE FROM change_new"), ERR_CONFLICT);
		assert_int_equal(world_exec(&w, "UPDATE change_new SET diff = 'x'"), ERR_CONFLICT);
		faults_clear(&w.ctx);
		seal();
		verify(0, 11, 0);
	} else {
		verify(0, 10, 0);
	}
	world_close(&w);
}

static void tampering_shows(void **state)
{
	static const struct {
		const char *sql;
		int64_t checked, bad;
	} cases[] = {
		{"UPDATE change SET diff = '{\"n\":[null,99]}' WHERE seq = 4", 3, 4},
		{"UPDATE change SET actor_id = 9 WHERE seq = 5", 4, 5},
		{"UPDATE change SET at = at + 1 WHERE seq = 1", 0, 1},
		{"UPDATE change SET entity = 'customen' WHERE seq = 6", 5, 6},
		{"UPDATE change SET request_id = 'x' WHERE seq = 6", 5, 6},
		{"UPDATE change SET record_id = 1 WHERE seq = 6", 5, 6},
		{"UPDATE change SET action = 2 WHERE seq = 6", 5, 6},
		{"UPDATE change SET grp = 1 WHERE seq = 6", 5, 6},
		{"UPDATE change SET hash = (SELECT hash FROM change WHERE seq = 2) WHERE seq = 3", 2, 3},
		{"DELETE FROM change WHERE seq = 7", 6, 7},
		{"DELETE FROM change WHERE seq < 3", 0, 1},
		{"UPDATE change SET seq = -1 WHERE seq = 4; UPDATE change SET seq = 4 WHERE seq = 5; UPDATE change SET seq = 5 WHERE seq = -1", 3, 4},
		{"DELETE FROM change WHERE seq = 8; UPDATE change SET seq = 8 WHERE seq = 9; UPDATE change SET seq = 9 WHERE seq = 10", 7, 8},
		{"INSERT INTO change SELECT 11, at, 11, actor_id, actor_kind, entity, record_id, action, diff, request_id, salt, erased, hash FROM change WHERE seq = 10", 10, 11},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		ten_entries(state);
		tamper(cases[i].sql);
		verify(0, cases[i].checked, cases[i].bad);
		world_close(&w);
	}
}

static enum err erase_job(struct ctx *ctx, void *arg)
{
	return change_erase(ctx, "customer", 4, arg);
}

static void a_person_can_be_erased(void **state)
{
	int64_t count;
	ten_entries(state);
	append_one("customer", 4, CHANGE_UPDATE, "{\"phone\":[null,\"13800000000\"]}"); /* PostgreSQL: still unsealed */
	assert_int_equal(store_write(&w.ctx, w.store, erase_job, &count), OK);
	assert_int_equal(count, 2);
	assert_int_equal(store_write(&w.ctx, w.store, erase_job, &count), OK);
	assert_int_equal(count, 0);
	seal();
	verify(0, 11, 0); /* the chain holds without the content */
	assert_int_equal(world_number(&w, "SELECT count(*) FROM change WHERE record_id = 4 AND diff = '' AND salt IS NULL AND erased IS NOT NULL"), 2);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM change WHERE diff <> ''"), 9);
	/* nobody can give an erased entry other content */
	tamper("UPDATE change SET diff = '{\"n\":[null,5]}' WHERE seq = 4");
	verify(0, 3, 4);
	world_close(&w);
}

static void the_trail_can_be_searched(void **state)
{
	start(state);
	struct actor ann = {.kind = ACTOR_USER, .user_id = 1}, bob = {.kind = ACTOR_USER, .user_id = 2};
	for (int i = 0; i < 20; i++) {
		w.ctx.actor = i % 2 ? &ann : &bob;
		append_one(i % 4 ? "customer" : "order", i, i % 5 ? CHANGE_UPDATE : CHANGE_CREATE, "{}");
	}
	w.ctx.actor = NULL;
	seal();
	const struct {
		struct change_filter filter;
		size_t n;
	} cases[] = {
		{{.max = 100}, 20},
		{{.max = 7}, 7},
		{{.entity = "order", .max = 100}, 5},
		{{.actor_id = 1, .max = 100}, 10},
		{{.by_action = true, .action = CHANGE_CREATE, .max = 100}, 4},
		{{.entity = "customer", .actor_id = 2, .by_action = true, .action = CHANGE_UPDATE, .max = 100}, 4},
		{{.record_id = 3, .max = 100}, 1},
		{{.before_seq = 6, .max = 100}, 5},
		{{.from_ms = 1, .to_ms = 2, .max = 100}, 0},
		{{.from_ms = 1, .max = 100}, 20},
		{{.entity = "x' OR 1=1 --", .max = 100}, 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		seen.n = 0;
		assert_int_equal(change_find(&w.ctx, &cases[i].filter, see, NULL), OK);
		assert_int_equal(seen.n, cases[i].n);
		for (size_t k = 1; k < seen.n; k++)
			assert_true(seen.list[k].seq < seen.list[k - 1].seq);
	}
	world_close(&w);
}

static enum err advance(struct ctx *ctx, void *arg)
{
	enum err err = reader_advance(ctx, "search", *(int64_t *)arg);
	return err ? err : reader_advance(ctx, "webhook", 3);
}

static void readers_keep_their_place(void **state)
{
	int64_t seq = 9;
	start(state);
	assert_int_equal(reader_position(&w.ctx, "search", &seq), OK);
	assert_int_equal(seq, 0);
	seq = 41;
	assert_int_equal(store_write(&w.ctx, w.store, advance, &seq), OK);
	seq = 42;
	assert_int_equal(store_write(&w.ctx, w.store, advance, &seq), OK);
	assert_int_equal(reader_position(&w.ctx, "search", &seq), OK);
	assert_int_equal(seq, 42);
	assert_int_equal(reader_position(&w.ctx, "webhook", &seq), OK);
	assert_int_equal(seq, 3);
	world_close(&w);
}

/* --- listeners ---------------------------------------------------------------------------- */

static atomic_llong woken, wakes, told, told_sum;

static void on_wake(void *arg, int64_t last_seq)
{
	assert_ptr_equal(arg, &woken);
	woken = last_seq;
	wakes++;
}

static void on_commit(void *arg, const char *entity, int64_t record_id, enum change_action action)
{
	assert_ptr_equal(arg, &told);
	if (strcmp(entity, "role") == 0 && action == CHANGE_UPDATE) {
		told++;
		told_sum += record_id;
	}
}

static enum err append_and_fail(struct ctx *ctx, void *arg)
{
	(void)arg;
	enum err err = change_append(ctx, "role", 1000, CHANGE_UPDATE, "{}");
	return err ? err : fail(ctx, ERR_CONFLICT, "", "wanted");
}

static void listeners_hear_what_was_committed(void **state)
{
	start(state);
	woken = wakes = told = told_sum = 0;
	assert_int_equal(events_start(&w.ctx, w.store), OK);
	assert_int_equal(events_subscribe(w.store, on_wake, &woken), OK);
	assert_int_equal(events_on_commit(w.store, on_commit, &told), OK);
	append_one("role", 7, CHANGE_UPDATE, "{}");
	assert_true(told >= 1); /* before the write was answered */
	assert_int_equal(store_write(&w.ctx, w.store, append_and_fail, NULL), ERR_CONFLICT);
	static const struct entry list[] = {{"role", 8, CHANGE_UPDATE, "{}"}, {"customer", 9, CHANGE_UPDATE, "{}"}};
	append(list, 2);
	for (int i = 0; i < 3000 && woken < 3; i++)
		(void)usleep(1000);
	assert_int_equal(woken, 3);
	if (w.engine == ENGINE_SQLITE) {
		assert_int_equal(told, 2);
		assert_int_equal(told_sum, 15);
		assert_int_equal(wakes, 2);
	} else {
		/* the sealer tells of everything once more, for other nodes' sake */
		for (int i = 0; i < 3000 && told < 4; i++)
			(void)usleep(1000);
		assert_int_equal(told, 4);
		assert_int_equal(told_sum, 30);
	}
	events_stop(w.store);
	world_close(&w);
}

/* --- many writers, one order ------------------------------------------------------------------ */

enum { THREADS = 8, TURNS = 30 };

static enum err append_slowly(struct ctx *ctx, void *arg)
{
	int64_t n = *(int64_t *)arg;
	enum err err = change_append(ctx, "thread", n, CHANGE_UPDATE, "a");
	if (n % 3 == 0)
		(void)usleep(2000); /* ends later than others that began after it */
	if (!err)
		err = change_append(ctx, "thread", n, CHANGE_UPDATE, "b");
	if (!err && n % 10 == 9)
		err = fail(ctx, ERR_CONFLICT, "", "wanted");
	return err;
}

static void *append_loop(void *arg)
{
	struct arena arena;
	struct ctx ctx;
	int64_t number = (int64_t)(intptr_t)arg;
	intptr_t failed = 0;
	world_ctx(&ctx, &arena);
	for (int64_t i = 0; i < TURNS; i++) {
		int64_t n = number * TURNS + i;
		enum err err = store_write(&ctx, w.store, append_slowly, &n);
		failed |= err != (n % 10 == 9 ? ERR_CONFLICT : OK);
		faults_clear(&ctx);
		arena_reset(&arena);
	}
	arena_release(&arena);
	return (void *)failed;
}

static void readers_miss_nothing(void **state)
{
	enum { EXPECTED = THREADS * TURNS / 10 * 9 * 2 };
	pthread_t threads[THREADS];
	static int times[THREADS * TURNS];
	memset(times, 0, sizeof times);
	start(state);
	assert_int_equal(events_start(&w.ctx, w.store), OK);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, append_loop, (void *)(intptr_t)i), 0);
	int64_t position = 0;
	size_t total = 0;
	for (int idle = 0; total < EXPECTED && idle < 5000;) {
		read_after(position, 50);
		for (size_t i = 0; i < seen.n; i++) {
			assert_int_equal(seen.list[i].seq, ++position); /* no gap that fills later */
			times[seen.list[i].record_id]++;
		}
		total += seen.n;
		idle = seen.n ? 0 : idle + 1;
		if (!seen.n)
			(void)usleep(1000);
		db_reset(w.db);
	}
	for (int i = 0; i < THREADS; i++) {
		void *failed;
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	assert_int_equal(total, EXPECTED);
	for (int i = 0; i < THREADS * TURNS; i++)
		assert_int_equal(times[i], i % 10 == 9 ? 0 : 2);
	events_stop(w.store);
	seal();
	verify(0, EXPECTED, 0);
	/* a job's two entries stand together and share their group */
	read_after(0, 500);
	for (size_t i = 0; i + 1 < seen.n; i += 2) {
		assert_int_equal(seen.list[i].record_id, seen.list[i + 1].record_id);
		assert_int_equal(seen.list[i].group, seen.list[i].seq);
		assert_int_equal(seen.list[i + 1].group, seen.list[i].seq);
	}
	world_close(&w);
}

static void sealing_takes_whole_transactions(void **state)
{
	static struct entry many[2500];
	start(state);
	for (size_t i = 0; i < 2500; i++)
		many[i] = (struct entry){"line", (int64_t)i + 1, CHANGE_CREATE, "{}"};
	append(many, 1500);
	append(many, 2500);
	append(many, 10);
	bool more = false;
	assert_int_equal(store_write(&w.ctx, w.store, seal_job, &more), OK);
	int64_t last;
	assert_int_equal(change_last_seq(&w.ctx, &last), OK);
	assert_int_equal(last, w.engine == ENGINE_POSTGRES ? 4000 : 4010); /* the cut falls into the second */
	assert_int_equal(more, w.engine == ENGINE_POSTGRES);
	seal();
	verify(0, 4010, 0);
	assert_int_equal(world_number(&w, "SELECT count(DISTINCT grp) FROM change"), 3);
	world_close(&w);
}

static void a_copy_keeps_the_chain(void **state)
{
	char path[80];
	ten_entries(state);
	append_one("customer", 3, CHANGE_UPDATE, "{\"later\":1}"); /* PostgreSQL: copied unsealed */
	(void)snprintf(path, sizeof path, "%s/copy", w.dir);
	assert_int_equal(store_backup(&w.ctx, w.store, path), OK);
	struct world first = w, other;
	world_prepare(&other, w.engine);
	const struct store_takeover takeover = {.steps = steps, .n = 2};
	enum err err = store_restore(&other.ctx, &other.config, path, &takeover);
	if (err)
		print_error("restore: %s %s\n", other.ctx.faults.list[0].key, other.ctx.faults.list[0].arg);
	assert_int_equal(err, OK);
	w = other;
	w.ctx.arena = &w.arena;
	world_open_store(&w);
	world_open_db(&w);
	append_one("customer", 3, CHANGE_UPDATE, "{}");
	seal();
	verify(0, 12, 0);
	assert_int_equal(world_exec(&w, "DELETE FROM change"), ERR_CONFLICT);
	faults_clear(&w.ctx);
	world_close(&w);
	w = first;
	w.ctx.arena = &w.arena;
	world_close(&w);
}

/* --- nodes ------------------------------------------------------------------------------------ */

static void other_nodes_are_heard(void **state)
{
	struct arena arena;
	struct ctx ctx;
	struct store *second;
	start(state);
	woken = wakes = told = told_sum = 0;
	world_ctx(&ctx, &arena);
	assert_int_equal(store_open_new(&ctx, &w.config, &second), OK);
	assert_int_equal(events_start(&ctx, second), OK);
	assert_int_equal(events_subscribe(second, on_wake, &woken), OK);
	assert_int_equal(events_on_commit(second, on_commit, &told), OK);
	append_one("role", 7, CHANGE_UPDATE, "{}"); /* by the first, which does not seal */
	for (int i = 0; i < 5000 && (woken < 1 || told < 1); i++)
		(void)usleep(1000);
	assert_int_equal(woken, 1);
	assert_int_equal(told, 1);
	assert_int_equal(told_sum, 7);
	/* both seal: still one chain */
	assert_int_equal(events_start(&w.ctx, w.store), OK);
	for (int i = 0; i < 50; i++) {
		struct entry entry = {"role", i, CHANGE_UPDATE, "{}"};
		struct entries entries = {&entry, 1};
		assert_int_equal(store_write(&ctx, i % 2 ? second : w.store, append_all, &entries), OK);
	}
	for (int i = 0; i < 5000 && woken < 51; i++)
		(void)usleep(1000);
	assert_int_equal(woken, 51);
	verify(0, 51, 0);
	events_stop(second);
	store_free(second);
	arena_release(&arena);
	events_stop(w.store);
	world_close(&w);
}

#define TESTS(engine) { \
	WORLD_TEST(entries_come_back_whole, engine), WORLD_TEST(history_is_newest_first, engine), \
	WORLD_TEST(groups_stay_together, engine), WORLD_TEST(the_chain_follows_rollbacks, engine), \
	WORLD_TEST(the_log_cannot_be_changed_with_sql, engine), WORLD_TEST(tampering_shows, engine), \
	WORLD_TEST(a_person_can_be_erased, engine), WORLD_TEST(the_trail_can_be_searched, engine), \
	WORLD_TEST(readers_keep_their_place, engine), WORLD_TEST(listeners_hear_what_was_committed, engine), \
	WORLD_TEST(readers_miss_nothing, engine), WORLD_TEST(sealing_takes_whole_transactions, engine), \
	WORLD_TEST(a_copy_keeps_the_chain, engine), \
}

int main(void)
{
	const struct CMUnitTest on_sqlite[] = TESTS(&world_sqlite), on_postgres[] = TESTS(&world_postgres);
	const struct CMUnitTest nodes[] = {WORLD_TEST(other_nodes_are_heard, &world_postgres)};
	int failed = cmocka_run_group_tests_name("change log on SQLite", on_sqlite, NULL, NULL);
	if (world_pg())
		failed += cmocka_run_group_tests_name("change log on PostgreSQL", on_postgres, NULL, NULL) +
		          cmocka_run_group_tests_name("change log on several nodes", nodes, NULL, NULL);
	else
		print_message("change log on PostgreSQL: skipped, GUANXI_TEST_PG is not set (tests/tools/pg.sh start DIR PORT prints it)\n");
	return failed;
}
