/* The index stays right: changes, removals, rollbacks, bulk, care. */
#include "search_test.h"

#include "core/search/match.h"
#include "core/search/search_internal.h"
#include "core/search/source.h"

static enum engine engine;

static int setup(void **state)
{
	(void)state;
	open_index(engine);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close_index();
	return 0;
}

static enum err optimize_job(struct ctx *ctx, void *arg)
{
	bool *more = arg;
	return search_optimize(ctx, 100, false, more);
}

static enum err optimize_whole_job(struct ctx *ctx, void *arg)
{
	bool *more = arg;
	return search_optimize(ctx, 100, true, more);
}

static void merge_all(void)
{
	bool more = true;
	assert_int_equal(store_write(&w.ctx, w.store, optimize_whole_job, &more), OK);
	for (int i = 0; more && i < 1000; i++)
		assert_int_equal(store_write(&w.ctx, w.store, optimize_job, &more), OK);
	assert_false(more);
}

static enum err begin_whole_job(struct ctx *ctx, void *arg)
{
	bool *more = arg;
	return search_optimize(ctx, 1, true, more);
}

/* Whole merges that are begun again before they came to their end, as when others write meanwhile: FTS5
 * adds a level each time, and gives up at 2,000. */
static void tending_has_no_end(void **state)
{
	(void)state;
	char name[40];
	bool more;
	for (int i = 0; i < 3200; i++) {
		(void)snprintf(name, sizeof name, "Person %d of many %x", i, i * 7919);
		put_name(CUSTOMER, 1 + i, name);
		if (i >= 600)
			assert_int_equal(store_write(&w.ctx, w.store, begin_whole_job, &more), OK);
	}
	assert_string_equal(found("Person 3199"), "3200");
	assert_whole();
	merge_all();
	if (engine == ENGINE_SQLITE)
		assert_true(world_number(&w, "SELECT count(DISTINCT segid) FROM search_fts_idx") < 30);
}

static void changes_are_followed(void **state)
{
	(void)state;
	for (int round = 0; round < 2; round++) {
		put_name(CUSTOMER, 1, "张伟");
		if (round)
			merge_all();
		assert_string_equal(found("张伟"), "1");
		put_name(CUSTOMER, 1, "李娜");
		assert_string_equal(found("张伟"), "");
		assert_string_equal(found("lina"), "1");
		if (round)
			merge_all();
		assert_string_equal(found("张伟"), "");
		assert_string_equal(found("李娜"), "1");
		assert_whole();
		put_name(CUSTOMER, 1, "张伟");
		put_name(CUSTOMER, 1, "");
		assert_string_equal(found("张伟"), "");
		assert_whole();
		/* a record may become one of another entity's number (after a change of layout) */
		put_name(CUSTOMER, 1, "张伟");
		merge_all();
		put_name(ORDER, 1, "张伟");
		assert_string_equal(found_in(CUSTOMER, "张伟", 5), "");
		assert_string_equal(found_in(ORDER, "张伟", 5), "1");
		assert_whole();
		remove_id(1);
		assert_string_equal(found("张伟"), "");
		assert_whole();
		merge_all();
		assert_string_equal(found("张伟"), "");
		assert_whole();
		remove_id(1);
		remove_id(424242);
	}
	if (engine == ENGINE_SQLITE)
		assert_int_equal(world_number(&w, "SELECT count(*) FROM search_term"), 0);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM search_doc"), 0);
}

/* A put that changes nothing writes nothing. */
static void the_same_again_is_free(void **state)
{
	(void)state;
	const struct put p = {CUSTOMER, 1, "张伟", "+8613800138000", NULL, NULL, 5, 6, 7, 1};
	put_all(&p, 1);
	merge_all();
	put_all(&p, 1);
	if (engine == ENGINE_SQLITE)
		assert_int_equal(world_number(&w, "SELECT count(*) FROM search_wait"), 0);
	struct put other = p;
	other.rank = 9;
	put_all(&other, 1);
	assert_int_equal(world_number(&w, "SELECT rank FROM search_doc"), 9);
	if (engine == ENGINE_SQLITE)
		assert_int_equal(world_number(&w, "SELECT count(*) FROM search_wait"), 0);
}

static enum err put_and_fail(struct ctx *ctx, void *arg)
{
	const struct search_part part = {"王五", TEXT_NAME, NAME};
	const struct search_doc doc = {.entity = CUSTOMER, .record_id = *(int64_t *)arg, .parts = &part, .n_parts = 1};
	enum err err = search_put(ctx, &doc);
	if (!err)
		err = search_remove(ctx, 1);
	if (!err)
		err = search_take_in(ctx);
	return err ? err : fail(ctx, ERR_CONFLICT, "", "on_purpose");
}

static enum err put_and_undo(struct ctx *ctx, void *arg)
{
	(void)arg;
	for (int64_t id = 500; id < 800; id++) {
		const struct search_part part = {"赵六", TEXT_NAME, NAME};
		const struct search_doc doc = {.entity = CUSTOMER, .record_id = id, .parts = &part, .n_parts = 1};
		enum err err = db_savepoint(ctx);
		if (!err)
			err = search_put(ctx, &doc);
		if (err)
			return err;
		if (id % 3 == 0) {
			db_rollback_to(ctx);
			continue;
		}
		err = db_release(ctx);
		if (err)
			return err;
	}
	return OK;
}

static void rollbacks_leave_no_trace(void **state)
{
	(void)state;
	int64_t id = 2;
	put_name(CUSTOMER, 1, "张伟");
	merge_all();
	assert_int_equal(store_write(&w.ctx, w.store, put_and_fail, &id), ERR_CONFLICT);
	assert_string_equal(found("张伟"), "1");
	assert_string_equal(found("王五"), "");
	assert_whole();
	assert_int_equal(store_write(&w.ctx, w.store, put_and_undo, NULL), OK);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM search_doc"), 201);
	assert_whole();
	assert_string_equal(found_in(CUSTOMER, "赵六", 2), "799 797");
}

/* Jobs in one transaction, one of which fails after another has taken in. */
struct shared_job {
	struct write_job job;
	struct arena arena;
	struct ctx ctx;
	int64_t id;
	bool fails;
	_Atomic bool done;
	enum err result;
};

static enum err shared_run(struct ctx *ctx, void *arg)
{
	struct shared_job *s = arg;
	const struct search_part part = {"孙七", TEXT_NAME, NAME};
	const struct search_doc doc = {.entity = CUSTOMER, .record_id = s->id, .parts = &part, .n_parts = 1};
	enum err err = search_put(ctx, &doc);
	if (!err)
		err = search_take_in(ctx);
	return !err && s->fails ? fail(ctx, ERR_CONFLICT, "", "on_purpose") : err;
}

static void shared_done(struct write_job *job, enum err result)
{
	struct shared_job *s = job->arg;
	s->result = result;
	s->done = true;
}

static void one_failing_job_spares_the_others(void **state)
{
	(void)state;
	enum { JOBS = 60 };
	struct shared_job *jobs = calloc(JOBS, sizeof *jobs);
	assert_non_null(jobs);
	for (int i = 0; i < JOBS; i++) {
		arena_init(&jobs[i].arena, 1 << 24);
		ctx_init(&jobs[i].ctx, &jobs[i].arena, clock_system());
		jobs[i].ctx.store = w.store;
		jobs[i].id = 100 + i;
		jobs[i].fails = i % 4 == 3;
		jobs[i].job = (struct write_job){.run = shared_run, .done = shared_done, .ctx = &jobs[i].ctx, .arg = &jobs[i]};
	}
	for (int i = 0; i < JOBS; i++)
		store_submit(w.store, &jobs[i].job);
	for (int i = 0; i < JOBS; i++)
		while (!jobs[i].done)
			usleep(1000);
	for (int i = 0; i < JOBS; i++) {
		assert_int_equal(jobs[i].result, jobs[i].fails ? ERR_CONFLICT : OK);
		arena_release(&jobs[i].arena);
	}
	free(jobs);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM search_doc"), 45);
	assert_string_equal(found_in(CUSTOMER, "孙七", 3), "158 157 156");
	assert_whole();
}

/* --- against a model ------------------------------------------------------------ */

enum { MODEL = 400 };

static uint64_t seed = 12345;

static unsigned pick(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((seed >> 33) % n);
}

static const char *random_name(void)
{
	static const char *const family[] = {"王", "李", "张", "单", "欧阳", "吕"}, *const given[] = {"伟", "娜", "明", "芳", "小", "丽"};
	static const char *const first[] = {"John", "Johanna", "Mary", "Marisol", "Kristin", "Al"};
	static const char *const last[] = {"Smith", "Smithson", "Müller", "Li", "Christensen"};
	char text[100];
	if (pick(2))
		(void)snprintf(text, sizeof text, "%s%s%s", family[pick(6)], given[pick(6)], pick(2) ? given[pick(6)] : "");
	else
		(void)snprintf(text, sizeof text, "%s %s", first[pick(6)], last[pick(5)]);
	return arena_strdup(&w.arena, text);
}

/* Every record that matches (as the check on its source says) is listed, and no other. */
static void compare_with_model(const struct put *model, const char *typed)
{
	struct typed t;
	struct buf want, source;
	buf_init(&want, 1 << 20);
	buf_init(&source, 1 << 16);
	assert_int_equal(typed_parse(&w.ctx, typed, &t), OK);
	for (size_t i = 0; i < MODEL; i++) {
		if (!model[i].name)
			continue;
		const struct search_part parts[] = {{model[i].name, TEXT_NAME, NAME}, {model[i].phone, TEXT_NUMBER, PHONE}};
		const struct search_doc doc = {.entity = CUSTOMER, .record_id = 1, .parts = parts, .n_parts = 2};
		buf_reset(&source);
		assert_int_equal(source_write(&w.ctx, &doc, &source), OK);
		if (match_source(&t, buf_text(&source), w.ctx.actor, CUSTOMER) != TIER_NONE)
			buf_printf(&want, "%s%lld", want.len ? " " : "", (long long)model[i].id);
	}
	const char *have = listed(CUSTOMER, typed);
	if (strcmp(have, buf_text(&want)) != 0)
		print_error("\"%s\": %s, expected %s\n", typed, have, buf_text(&want));
	assert_string_equal(have, buf_text(&want));
	buf_release(&want);
	buf_release(&source);
}

static void lists_agree_with_a_model(void **state)
{
	(void)state;
	static struct put model[MODEL];
	static const char *const typed[] = {"王", "张伟", "wang", "zhangw", "ou", "lv", "lu", "smith", "smiths", "ris", "ist", "mari", "al", "li",
	                                    "muller", "john smith", "oha", "chr", "明", "欧阳", "1380", "0012", "zw", "w"};
	memset(model, 0, sizeof model);
	for (int round = 0; round < 12; round++) {
		for (int i = 0; i < 60; i++) {
			unsigned at = pick(MODEL);
			if (model[at].name && pick(4) == 0) {
				remove_id(model[at].id);
				model[at].name = NULL;
				continue;
			}
			char phone[20];
			(void)snprintf(phone, sizeof phone, "+86138%08u", pick(5000));
			model[at] = (struct put){.entity = CUSTOMER, .id = 1 + (int64_t)at, .name = random_name(),
			                         .phone = arena_strdup(&w.arena, phone), .owner = pick(3)};
			put_all(&model[at], 1);
		}
		if (round % 5 == 4)
			merge_all();
		for (size_t i = 0; i < sizeof typed / sizeof *typed; i++)
			if (strcmp(typed[i], "w") != 0) /* one letter has no terms inside readings */
				compare_with_model(model, typed[i]);
		assert_whole();
	}
}

/* --- care ------------------------------------------------------------------------- */

static void damage_is_noticed(void **state)
{
	(void)state;
	put_name(CUSTOMER, 1, "张伟");
	put_name(CUSTOMER, 2, "李娜");
	merge_all();
	assert_whole();
	assert_int_equal(world_exec(&w, "UPDATE search_doc SET source = 'n7 张三 *zhangsan,zs,san\n' WHERE record_id = 1"), OK);
	assert_int_equal(search_integrity(&w.ctx), ERR_CONFLICT);
	faults_clear(&w.ctx);
	put_name(CUSTOMER, 1, "张伟");
	if (engine == ENGINE_POSTGRES) {
		assert_whole();
		return;
	}
	assert_int_equal(world_exec(&w, "INSERT INTO search_fts (rowid, terms) VALUES (77, 'stray')"), OK);
	assert_int_equal(search_integrity(&w.ctx), ERR_CONFLICT);
	faults_clear(&w.ctx);
}

static enum err layout_job(struct ctx *ctx, void *arg)
{
	bool emptied;
	enum err err = search_check_layout(ctx, *(const char **)arg, &emptied);
	*(const char **)arg = emptied ? "emptied" : "kept";
	return err;
}

static enum err layout_done_job(struct ctx *ctx, void *arg)
{
	return search_layout_done(ctx, *(const char **)arg);
}

static void another_layout_empties(void **state)
{
	(void)state;
	const char *arg = "customer:id,name order:id";
	assert_int_equal(store_write(&w.ctx, w.store, layout_job, &arg), OK);
	assert_string_equal(arg, "kept");
	put_name(CUSTOMER, 1, "张伟");
	merge_all();
	put_name(CUSTOMER, 2, "张伟");
	arg = "customer:id,name order:id";
	assert_int_equal(store_write(&w.ctx, w.store, layout_job, &arg), OK);
	assert_string_equal(arg, "kept");
	assert_string_equal(found("张伟"), "2 1");
	arg = "address:id customer:id,name order:id";
	assert_int_equal(store_write(&w.ctx, w.store, layout_job, &arg), OK);
	assert_string_equal(arg, "emptied");
	assert_string_equal(found("张伟"), "");
	assert_whole();
	/* whoever is interrupted while putting them again begins anew, with nothing and with some */
	for (int some = 0; some < 2; some++) {
		if (some)
			put_name(ORDER, 2, "张伟");
		arg = "address:id customer:id,name order:id";
		assert_int_equal(store_write(&w.ctx, w.store, layout_job, &arg), OK);
		assert_string_equal(arg, "emptied");
		assert_string_equal(found("张伟"), "");
	}
	put_name(ORDER, 1, "张伟");
	merge_all();
	arg = "address:id customer:id,name order:id";
	assert_int_equal(store_write(&w.ctx, w.store, layout_done_job, &arg), OK);
	assert_int_equal(store_write(&w.ctx, w.store, layout_job, &arg), OK);
	assert_string_equal(arg, "kept");
	assert_string_equal(found("张伟"), "1");
	assert_whole();
}

static void ids_are_walked(void **state)
{
	(void)state;
	int64_t ids[10];
	size_t n;
	for (int64_t id = 1; id <= 25; id++)
		put_name(id % 2 ? CUSTOMER : ORDER, id * 10, "x");
	assert_int_equal(search_ids(&w.ctx, 0, 10, ids, &n), OK);
	assert_int_equal(n, 10);
	assert_int_equal(ids[9], 100);
	assert_int_equal(search_ids(&w.ctx, 240, 10, ids, &n), OK);
	assert_int_equal(n, 1);
	assert_int_equal(search_ids(&w.ctx, 250, 10, ids, &n), OK);
	assert_int_equal(n, 0);
}

int run_keep_tests(enum engine on)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(changes_are_followed, setup, teardown),
		cmocka_unit_test_setup_teardown(tending_has_no_end, setup, teardown),
		cmocka_unit_test_setup_teardown(the_same_again_is_free, setup, teardown),
		cmocka_unit_test_setup_teardown(rollbacks_leave_no_trace, setup, teardown),
		cmocka_unit_test_setup_teardown(one_failing_job_spares_the_others, setup, teardown),
		cmocka_unit_test_setup_teardown(lists_agree_with_a_model, setup, teardown),
		cmocka_unit_test_setup_teardown(damage_is_noticed, setup, teardown),
		cmocka_unit_test_setup_teardown(another_layout_empties, setup, teardown),
		cmocka_unit_test_setup_teardown(ids_are_walked, setup, teardown),
	};
	engine = on;
	return cmocka_run_group_tests_name(on == ENGINE_SQLITE ? "search: keeping, SQLite" : "search: keeping, PostgreSQL", tests, NULL, NULL);
}
