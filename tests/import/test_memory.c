/* R05, first form: the n-th allocation fails, for every n, while records are read, listed,
 * searched, made, changed, imported and exported on the real entities.  Nothing crashes,
 * the call says so, what is in the store is as before or whole, and the same call works
 * right afterwards.  Ours are the allocations of this program's code (the linker puts the
 * functions below in their place: --wrap); SQLite's are given to it as its allocator. */
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/rest/query.h"
#include "core/search/search.h"
#include "world.h"

enum whose { OURS = 1, ENGINE = 2 };

static _Atomic int armed;      /* whose allocations fail */
static _Atomic long countdown; /* the n-th */
static _Atomic long hits;

static bool fails(enum whose whose)
{
	if (atomic_load_explicit(&armed, memory_order_relaxed) != (int)whose || atomic_fetch_sub(&countdown, 1) != 1)
		return false;
	atomic_fetch_add(&hits, 1);
	return true;
}

static void arm(enum whose whose, long n)
{
	atomic_store(&countdown, n);
	atomic_store(&hits, 0);
	atomic_store(&armed, (int)whose);
}

static long disarm(void)
{
	atomic_store(&armed, 0);
	return atomic_load(&hits);
}

/* --- in the place of the allocators --------------------------------------------------- */

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_arena_alloc(struct arena *arena, size_t size);
void *__real_arena_array(struct arena *arena, size_t n, size_t size);
char *__real_arena_strdup(struct arena *arena, const char *text);
char *__real_arena_strndup(struct arena *arena, const char *text, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t n);
void *__wrap_arena_alloc(struct arena *arena, size_t size);
void *__wrap_arena_array(struct arena *arena, size_t n, size_t size);
char *__wrap_arena_strdup(struct arena *arena, const char *text);
char *__wrap_arena_strndup(struct arena *arena, const char *text, size_t n);
char *__wrap_arena_printf(struct arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void *__wrap_malloc(size_t n)
{
	return fails(OURS) ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails(OURS) ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return fails(OURS) ? NULL : __real_realloc(p, n);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	size_t bytes;
	return fails(OURS) || __builtin_mul_overflow(n, size, &bytes) ? NULL : __real_realloc(p, bytes);
}

char *__wrap_strdup(const char *text)
{
	return __wrap_strndup(text, strlen(text));
}

char *__wrap_strndup(const char *text, size_t n)
{
	size_t len = strnlen(text, n);
	char *copy = fails(OURS) ? NULL : __real_malloc(len + 1);
	if (copy != NULL) {
		memcpy(copy, text, len);
		copy[len] = '\0';
	}
	return copy;
}

static bool arena_fails(struct arena *arena)
{
	if (!fails(OURS))
		return false;
	arena->failed = true;
	return true;
}

void *__wrap_arena_alloc(struct arena *arena, size_t size)
{
	return arena_fails(arena) ? NULL : __real_arena_alloc(arena, size);
}

void *__wrap_arena_array(struct arena *arena, size_t n, size_t size)
{
	return arena_fails(arena) ? NULL : __real_arena_array(arena, n, size);
}

char *__wrap_arena_strdup(struct arena *arena, const char *text)
{
	return arena_fails(arena) ? NULL : __real_arena_strdup(arena, text);
}

char *__wrap_arena_strndup(struct arena *arena, const char *text, size_t n)
{
	return arena_fails(arena) ? NULL : __real_arena_strndup(arena, text, n);
}

char *__wrap_arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list list, again;
	va_start(list, fmt);
	va_copy(again, list);
	int n = vsnprintf(NULL, 0, fmt, list);
	char *text = n < 0 || arena_fails(arena) ? NULL : __real_arena_alloc(arena, (size_t)n + 1);
	if (text != NULL)
		(void)vsnprintf(text, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(list);
	return text;
}

static sqlite3_mem_methods engine_memory;

static void *engine_malloc(int n)
{
	return fails(ENGINE) ? NULL : engine_memory.xMalloc(n);
}

static void *engine_realloc(void *p, int n)
{
	return fails(ENGINE) ? NULL : engine_memory.xRealloc(p, n);
}

/* Before SQLite is used at all. */
static void set_engine_memory(void)
{
	sqlite3_mem_methods ours;
	(void)sqlite3_config(SQLITE_CONFIG_GETMALLOC, &engine_memory);
	ours = engine_memory;
	ours.xMalloc = engine_malloc;
	ours.xRealloc = engine_realloc;
	(void)sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);
	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &ours) != SQLITE_OK)
		abort();
}

/* --- what is done ---------------------------------------------------------------------- */

static int64_t round_number, first_id;

static enum err list(struct world *world, const char *entity, const char *raw, bool kept, int64_t id)
{
	struct ctx *ctx = &world->ctx;
	struct query_options options = {.action = ACTION_READ, .range_first = -1, .range_last = -1, .whole = true};
	struct query *query = NULL;
	struct query_page page;
	struct buf out;
	int64_t count = 0;
	bool capped = false;
	const struct entity_info *info = registry_find(world->registry, entity);
	buf_init(&out, 4 << 20);
	enum err err = kept ? query_parse_kept(ctx, info, raw, &options, id != 0 ? &id : NULL, &query) : query_parse(ctx, info, raw, &options, &query);
	if (err == OK)
		err = query_json(ctx, query, id != 0, &out, &page);
	if (err == OK && !kept)
		err = query_count(ctx, query, 100, &count, &capped);
	if (err == OK && (buf_failed(&out) || page.rows == 0))
		err = ERR_LIMIT; /* what the handler makes of an answer that found no memory */
	if (err == ERR_LIMIT && ctx->faults.count == 0)
		fault_add(ctx, ERR_LIMIT, "", "memory", NULL);
	buf_release(&out);
	return err;
}

static enum err get(struct world *world)
{
	return list(world, "customer", "", true, first_id);
}

static enum err list_rows(struct world *world)
{
	return list(world, "customer", "select=id,name,city,orders(number,total)&city=eq.%E6%9D%AD%E5%B7%9E&or=(name.like.A*,level.is.null)&order=name.desc&limit=20", false, 0);
}

static enum err find(struct world *world)
{
	struct search_hit *found = NULL;
	size_t n = 0;
	bool more;
	enum err err = search_find(&world->ctx, "first per", NULL, 0, 5, &found, &n, &more);
	return err != OK || n > 0 ? err : ERR_BUG;
}

static enum err create_customer(struct ctx *ctx, void *arg)
{
	struct record *record;
	(void)arg;
	enum err err = record_new(ctx, registry_find(ctx->registry, "customer"), &record);
	if (err == OK)
		err = record_set(ctx, record, "name", value_text("made under pressure 王芳"));
	if (err == OK)
		err = record_set(ctx, record, "city", value_text("杭州"));
	if (err == OK)
		err = record_set(ctx, record, "phone", value_text("138 0013 8000"));
	return err == OK ? record_create(ctx, record, 0) : err;
}

static enum err create(struct world *world)
{
	return store_write(&world->ctx, world->store, create_customer, NULL);
}

static enum err change_customer(struct ctx *ctx, void *arg)
{
	struct record *patch;
	enum err err = record_new(ctx, registry_find(ctx->registry, "customer"), &patch);
	if (err == OK)
		err = record_set(ctx, patch, "name", value_text(round_number % 2 ? "first person" : "first personage"));
	return err == OK ? record_update(ctx, *(int64_t *)arg, patch, 0, 0, NULL) : err;
}

static enum err change(struct world *world)
{
	return store_write(&world->ctx, world->store, change_customer, &first_id);
}

/* --- what is in the store ----------------------------------------------------------------- */

struct state {
	int64_t customers, changes, last_change, versions, docs;
};

static struct state look(struct world *world)
{
	return (struct state){
		number(world, "SELECT count(*) FROM customer"),   number(world, "SELECT count(*) FROM change"),
		number(world, "SELECT max(seq) FROM change"),     number(world, "SELECT sum(version) FROM customer"),
		number(world, "SELECT count(*) FROM search_doc"),
	};
}

static bool same(const struct state *a, const struct state *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

struct task {
	const char *name;
	enum err (*run)(struct world *world);
	int64_t customers, changes; /* that one success adds */
};

static const struct task tasks[] = {
	{"get", get, 0, 0}, {"list", list_rows, 0, 0}, {"search", find, 0, 0}, {"create", create, 1, 1}, {"update", change, 0, 1},
};

/* A failure of ours is told as one of memory; the engine's as that or as one to try again. */
static void check_failure(struct world *world, const struct task *task, long n, enum err err, const struct state *before)
{
	const struct faults *faults = &world->ctx.faults;
	if ((err != ERR_LIMIT && err != ERR_RETRY) || faults->count == 0)
		test_fail("%s, allocation %ld: error %d %s", task->name, n, err, faults->count > 0 ? faults->list[0].key : "without a word");
	world_reset(world);
	struct state after = look(world);
	if (!same(before, &after))
		test_fail("%s, allocation %ld: error %d, but something was written", task->name, n, err);
}

static void sweep(struct world *world, const struct task *task, enum whose whose)
{
	long n = 1, failed = 0;
	for (;; n++) {
		round_number++;
		world_reset(world);
		struct state before = look(world);
		world_reset(world);
		arm(whose, n);
		enum err err = task->run(world);
		if (disarm() == 0) {
			if (err != OK)
				test_fail("%s: error %d without a failed allocation", task->name, err);
			break;
		}
		if (err != OK) {
			failed++;
			check_failure(world, task, n, err, &before);
			continue;
		}
		/* it did without: then all of it is there */
		world_reset(world);
		struct state after = look(world);
		if (after.customers != before.customers + task->customers || after.changes != before.changes + task->changes)
			test_fail("%s, allocation %ld: half done", task->name, n);
	}
	print_message("# %s: %ld allocations of %s, %ld failures told\n", task->name, n - 1, whose == OURS ? "ours" : "SQLite's", failed);
	assert_true(failed > 0);
}

static void first_rows(struct world *world)
{
	const struct import_request request = {.path = write_file(world, "first.csv", "no,name,city\nN1,first person,杭州\nN2,A second,杭州\nN3,A third,Paris\n"),
	                                       .entity = "customer"};
	struct import_result result = import(world, &request);
	assert_int_equal(result.failed, 0);
	first_id = number(world, "SELECT min(id) FROM customer");
	world_reset(world);
}

static void test_calls(void **state)
{
	struct world *world = *state;
	for (size_t i = 0; i < sizeof(tasks) / sizeof(tasks[0]); i++) {
		sweep(world, &tasks[i], OURS);
		sweep(world, &tasks[i], ENGINE);
	}
	world_reset(world);
	assert_string_equal(text(world, "PRAGMA integrity_check"), "ok");
	assert_int_equal(search_integrity(&world->ctx), OK);
}

/* An import that found no memory goes on where it stopped: every row once. */
static void test_import(void **state)
{
	struct world *world = *state;
	for (int whose = OURS; whose <= ENGINE; whose++)
		for (long n = 1;; n += 1 + n / 12) {
			char name[32], content[256], sql[128];
			round_number++;
			world_reset(world);
			(void)snprintf(name, sizeof(name), "m%lld.csv", (long long)round_number);
			(void)snprintf(content, sizeof(content), "number,name,city\nM%lld-1,one,X\nM%lld-2,two,杭州\nM%lld-3,three,\n", (long long)round_number,
			               (long long)round_number, (long long)round_number);
			const char *path = write_file(world, name, content);
			const struct import_request request = {.path = path, .entity = "customer"};
			struct import_result result;
			arm((enum whose)whose, n);
			enum err err = import_file(&world->ctx, &request, &result);
			long hit = disarm();
			if (err != OK && world->ctx.faults.count == 0)
				test_fail("import, allocation %ld: error %d without a word", n, err);
			if (err != OK && hit == 0)
				test_fail("import: error %d without a failed allocation", err);
			world_reset(world);
			const struct import_request again = {.path = arena_printf(&world->arena, "%s/%s", world->dir, name), .entity = "customer"};
			(void)import(world, &again);
			(void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM customer WHERE number LIKE 'M%lld-%%'", (long long)round_number);
			if (number(world, sql) != 3)
				test_fail("import, allocation %ld: %lld rows", n, (long long)number(world, sql));
			if (hit == 0)
				break;
		}
	world_reset(world);
	assert_string_equal(text(world, "PRAGMA integrity_check"), "ok");
	assert_int_equal(search_integrity(&world->ctx), OK);
}

/* The arena's cap, from nothing up to what the call needs. */
static void test_caps(void **state)
{
	struct world *world = *state;
	for (size_t i = 0; i < sizeof(tasks) / sizeof(tasks[0]); i++) {
		long failed = 0;
		for (size_t cap = 64;; cap += cap / 8) {
			round_number++;
			world_reset(world);
			struct state before = look(world);
			world_reset(world);
			size_t whole = world->arena.cap;
			world->arena.cap = cap;
			enum err err = tasks[i].run(world);
			world->arena.cap = whole;
			if (err == OK)
				break;
			failed++;
			check_failure(world, &tasks[i], (long)cap, err, &before);
		}
		assert_true(failed > 0);
	}
}

static int open_world(void **state)
{
	static struct world world;
	*state = &world;
	world_open(&world, NULL, NULL, NULL);
	first_rows(&world);
	return 0;
}

static int close_world(void **state)
{
	world_close(*state);
	return 0;
}

int main(void)
{
	set_engine_memory();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_calls, open_world, close_world),
		cmocka_unit_test_setup_teardown(test_import, open_world, close_world),
		cmocka_unit_test_setup_teardown(test_caps, open_world, close_world),
	};
	return cmocka_run_group_tests_name("import/memory", tests, NULL, NULL);
}
