/* What the search index costs and how fast it answers.
 *
 *   search_bench [--pg URL [--schema NAME]] [--dir DIR] [--rows N] [--seconds S] [--merge 1] [--filled 1] [--ask TEXT]
 *
 * Indexes N made-up customers (name, phone, mail address; 70 % Chinese), and an order
 * for each fifth, in jobs of 1,000; a thousand more one by one, then asks: a word of two Chinese characters that
 * very many names have, a name's start, a fragment inside a Latin name, pinyin,
 * phone tails, typing errors; as somebody who sees all, and as one who sees his own.
 * --merge 1: then merges the index, and asks again; --filled 1: only asks;
 * --ask: only that. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/search/search.h"
#include "core/store/store.h"
#include "demo/person.h"

enum { CUSTOMER = 0, ORDER = 6, OWNERS = 50, BATCH = 1000, SAMPLES_MAX = 1 << 20 };

struct bench {
	struct ctx *ctx;
	struct store *store;
	int64_t rows, us, next;
	uint64_t seed;
};

static void die(struct ctx *ctx, const char *what)
{
	(void)fprintf(stderr, "%s: %s %s\n", what, ctx->faults.count ? ctx->faults.list[0].key : "?",
	              ctx->faults.count && ctx->faults.list[0].arg ? ctx->faults.list[0].arg : "");
	abort();
}

/* Processor time, which says more than the clock on a machine with other work. */
static int64_t cpu_us(clockid_t clock)
{
	struct timespec t;
	(void)clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t number(struct ctx *ctx, const char *text)
{
	struct stmt *stmt;
	bool row = false;
	if (db_prepare_text(ctx, ctx->db, text, &stmt) != OK || stmt_step(ctx, stmt, &row) != OK)
		die(ctx, text);
	int64_t value = row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return value;
}

/* --- filling -------------------------------------------------------------------- */

struct job {
	struct bench *b;
	int64_t n;
};

static enum err put_order(struct ctx *ctx, int64_t k)
{
	char text[32];
	(void)snprintf(text, sizeof text, "SO-2026-%06lld", (long long)k);
	const struct search_part part = {text, TEXT_NUMBER, 6};
	const struct search_doc doc = {.entity = ORDER, .record_id = (int64_t)1 << 50 | k * 977, .rank = 2, .owner_id = 5000 + k % OWNERS,
	                               .parts = &part, .n_parts = 1};
	return search_put(ctx, &doc);
}

static enum err put_people(struct ctx *ctx, void *arg)
{
	const struct job *job = arg;
	enum err err = OK;
	for (int64_t i = 0; err == OK && i < job->n; i++) {
		struct demo_person person;
		int64_t k = job->b->next + i;
		demo_person_make(job->b->seed, (uint64_t)k, 0.7, &person);
		const struct search_part parts[] = {
			{person.name, TEXT_NAME, 7}, {person.phone, TEXT_NUMBER, 10}, {k % 2 ? person.email : NULL, TEXT_EMAIL, 11},
		};
		const struct search_doc doc = {.entity = CUSTOMER, .record_id = (int64_t)1 << 40 | k * 977, .rank = 1,
		                               .owner_id = 5000 + k % OWNERS, .team_id = 6000 + k % 7, .branch_id = 7000 + k % 3,
		                               .parts = parts, .n_parts = 3};
		struct arena_mark mark = arena_mark(ctx->arena);
		err = search_put(ctx, &doc);
		if (err == OK && k % 5 == 0)
			err = put_order(ctx, k);
		if (err == OK)
			arena_rewind(ctx->arena, mark);
	}
	return err;
}

static void fill(struct bench *b, int64_t rows, int64_t batch, const char *name)
{
	struct demo_person person;
	int64_t cpu = cpu_us(CLOCK_PROCESS_CPUTIME_ID);
	for (int64_t i = 0; i < 20000; i++)
		demo_person_make(b->seed, (uint64_t)i, 0.7, &person);
	double making = (double)(cpu_us(CLOCK_PROCESS_CPUTIME_ID) - cpu) / 20000;
	int64_t start = time_monotonic_us();
	cpu = cpu_us(CLOCK_PROCESS_CPUTIME_ID);
	for (int64_t done = 0; done < rows; done += batch) {
		struct job job = {b, rows - done < batch ? rows - done : batch};
		if (store_write(b->ctx, b->store, put_people, &job) != OK)
			die(b->ctx, name);
		b->next += job.n;
	}
	double each = (double)(time_monotonic_us() - start) / (double)rows;
	double used = (double)(cpu_us(CLOCK_PROCESS_CPUTIME_ID) - cpu) / (double)rows;
	(void)printf("%-44s %9.1f us each, processor %.1f us (without the making of people)\n", name, each - making, used - making);
}

static enum err optimize(struct ctx *ctx, void *arg)
{
	return search_optimize(ctx, 100, true, arg);
}

static void merge(struct bench *b)
{
	bool more = true;
	int64_t start = time_monotonic_us(), longest = 0, steps = 0;
	for (; more; steps++) {
		int64_t step = time_monotonic_us();
		if (store_write(b->ctx, b->store, optimize, &more) != OK)
			die(b->ctx, "merge");
		step = time_monotonic_us() - step;
		longest = step > longest ? step : longest;
	}
	(void)printf("%-44s %9.1f s in %lld steps, the longest %.1f ms\n", "merging", (double)(time_monotonic_us() - start) / 1e6,
	             (long long)steps, (double)longest / 1000);
}

static void sizes(struct bench *b)
{
	if (store_engine(b->store) == ENGINE_SQLITE) {
		(void)printf("%-44s %9.1f MB in %lld segments\n", "full-text table",
		             (double)number(b->ctx, "SELECT sum(length(block)) FROM search_fts_data") / 1e6,
		             (long long)number(b->ctx, "SELECT count(DISTINCT segid) FROM search_fts_idx"));
		(void)printf("%-44s %9.1f MB\n", "database",
		             (double)(number(b->ctx, "PRAGMA page_count") * number(b->ctx, "PRAGMA page_size")) / 1e6);
	} else {
		(void)printf("%-44s %9.1f MB\n", "GIN index", (double)number(b->ctx, "SELECT pg_relation_size('search_doc_terms')") / 1e6);
		(void)printf("%-44s %9.1f MB\n", "table with all indexes", (double)number(b->ctx, "SELECT pg_total_relation_size('search_doc')") / 1e6);
	}
}

/* --- asking --------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
	return (x > y) - (x < y);
}

static void ask(struct bench *b, const char *name, const char *const *typed, size_t n_typed)
{
	static int32_t samples[SAMPLES_MAX];
	size_t n = 0, hits_sum = 0;
	int64_t start = time_monotonic_us(), now = start, cpu = cpu_us(CLOCK_THREAD_CPUTIME_ID);
	while (now - start < b->us && n < SAMPLES_MAX) {
		struct arena_mark mark = arena_mark(b->ctx->arena);
		struct search_hit *hits;
		size_t n_hits;
		bool more;
		if (search_find(b->ctx, typed[n % n_typed], NULL, 0, 10, &hits, &n_hits, &more) != OK)
			die(b->ctx, name);
		hits_sum += n_hits;
		arena_rewind(b->ctx->arena, mark);
		int64_t end = time_monotonic_us();
		samples[n++] = (int32_t)(end - now);
		now = end;
	}
	cpu = cpu_us(CLOCK_THREAD_CPUTIME_ID) - cpu;
	qsort(samples, n, sizeof *samples, compare);
	(void)printf("%-44s %9.0f /s  processor %6.0f us  p50 %6d us  p99 %6d us  max %6d us  %.1f hits\n", name,
	             (double)n * 1e6 / (double)(now - start), (double)cpu / (double)n, samples[n / 2], samples[n * 99 / 100], samples[n - 1],
	             (double)hits_sum / (double)n);
	(void)fflush(stdout);
}

#define ASK(b, name, ...) \
	ask((b), (name), (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void ask_all(struct bench *b)
{
	ASK(b, "two Chinese characters, very common", "志强", "小红", "建国");
	ASK(b, "a full Chinese name", "王志强", "李小红", "张建国", "刘洋");
	ASK(b, "a family name", "王", "欧阳");
	ASK(b, "pinyin and initials", "wangwei", "zhangw", "lina", "wzq", "zhao");
	ASK(b, "start of a Latin name", "smi", "oliv", "tayl", "wil");
	ASK(b, "fragment of a Latin name", "mith", "ohns", "livi", "aylo");
	ASK(b, "two Latin words", "olivia smith", "smith o", "george j");
	ASK(b, "phone tail, number", "8000", "12345", "so-2026-0012");
	ASK(b, "mail address", "example.com", "wang");
	ASK(b, "typing errors", "olvia", "smtih", "wiliams", "jonhson");
	ASK(b, "nothing there", "qqqqqq", "christ", "魑魅", "99999999999", "john smith");
}

static void ask_as(struct bench *b)
{
	static struct entity_rights rights[ORDER + 1];
	const int64_t teams[] = {6003};
	const struct actor clerk = {.kind = ACTOR_USER, .user_id = 5003, .team_id = 6003, .branch_id = 7003, .teams = teams, .n_teams = 1,
	                            .rights = rights, .n_rights = ORDER + 1};
	b->ctx->actor = &clerk;
	rights[CUSTOMER].scope[ACTION_READ] = SCOPE_OWN;
	ASK(b, "own only: two Chinese characters", "志强", "小红", "建国");
	ASK(b, "own only: start, fragment", "smi", "tayl", "mith", "ohns");
	rights[CUSTOMER].scope[ACTION_READ] = SCOPE_TEAM;
	ASK(b, "team only: two Chinese characters", "志强", "小红", "建国");
	b->ctx->actor = gate_system();
}

int main(int argc, char **argv)
{
	struct store_config config = {0};
	struct bench b = {.rows = 1000000, .us = 2000000, .seed = 1};
	char made[] = "/tmp/guanxi-bench-XXXXXX", schema[32];
	bool merged = false, asked = false;
	const char *only = NULL;
	for (int i = 1; i + 1 < argc; i += 2) {
		int64_t n = 0;
		bool is_number = str_to_i64(argv[i + 1], &n);
		if (str_equal(argv[i], "--pg"))
			config.pg_url = argv[i + 1];
		else if (str_equal(argv[i], "--dir"))
			config.data_dir = argv[i + 1];
		else if (str_equal(argv[i], "--rows") && is_number)
			b.rows = n;
		else if (str_equal(argv[i], "--seconds") && is_number)
			b.us = n * 1000000;
		else if (str_equal(argv[i], "--schema"))
			config.pg_schema = argv[i + 1];
		else if (str_equal(argv[i], "--ask"))
			only = argv[i + 1];
		else if (str_equal(argv[i], "--merge") && is_number)
			merged = n != 0;
		else if (str_equal(argv[i], "--filled") && is_number)
			asked = n != 0;
	}
	if (!config.data_dir)
		config.data_dir = mkdtemp(made);
	(void)snprintf(schema, sizeof schema, "search_bench_%d", (int)getpid());
	if (!config.pg_schema)
		config.pg_schema = schema;
	struct arena arena;
	struct ctx ctx;
	struct db *db;
	arena_init(&arena, 64 << 20);
	ctx_init(&ctx, &arena, clock_system());
	int64_t start = time_monotonic_us();
	if (text_open(&ctx) != OK)
		die(&ctx, "text");
	(void)printf("%-44s %9.1f ms\n", "text_open", (double)(time_monotonic_us() - start) / 1000);
	const struct migration step = {1, "search", search_ddl_sqlite, search_ddl_postgres, NULL};
	if (store_open_new(&ctx, &config, &b.store) != OK || store_migrate(&ctx, b.store, &step, 1) != OK ||
	    db_open_new(&ctx, b.store, &db) != OK)
		die(&ctx, "open");
	ctx.store = b.store;
	ctx.db = db;
	ctx.actor = gate_system();
	b.ctx = &ctx;
	(void)printf("%s, %lld rows, folder %s%s%s\n", config.pg_url ? "PostgreSQL" : "SQLite", (long long)b.rows, config.data_dir,
	             config.pg_url ? ", schema " : "", config.pg_url ? config.pg_schema : "");
	if (!asked) {
		fill(&b, b.rows, BATCH, "put, jobs of 1,000");
		fill(&b, 1000, 1, "put, one a job (durable)");
	}
	if (only) {
		ask(&b, only, &only, 1);
		return 0;
	}
	sizes(&b);
	if (config.pg_url && store_optimize(&ctx, b.store) != OK)
		die(&ctx, "optimize");
	ask_all(&b);
	ask_as(&b);
	if (merged) {
		merge(&b);
		sizes(&b);
		ask_all(&b);
		ask_as(&b);
	}
	db_free(db);
	store_free(b.store);
	text_close();
	arena_release(&arena);
	return 0;
}
