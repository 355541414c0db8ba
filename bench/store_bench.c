/* What the store does in a second, beside the nearest physical limit.
 *
 *   store_bench [--pg URL] [--dir DIR] [--rows N] [--seconds S]
 *
 * Prints: raw fdatasync, raw prepared statements and a raw scan (SQLite), durable inserts with a
 * change-log entry each from 1 and 16 clients, point reads from 1 thread and from one a
 * core, change_append alone, resident memory. */
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/events/events.h"
#include "core/store/store.h"

struct bench {
	struct store *store;
	const char *dir;
	int64_t rows;
	int64_t us; /* how long each measurement takes */
};

static const struct migration steps[] = {
	{1, "bench",
	 "CREATE TABLE item (id INTEGER PRIMARY KEY, owner_id INTEGER NOT NULL, name TEXT NOT NULL, phone TEXT, city TEXT, total INTEGER NOT NULL);"
	 "CREATE INDEX item_owner ON item (owner_id, id)",
	 "CREATE TABLE item (id bigint PRIMARY KEY, owner_id bigint NOT NULL, name text NOT NULL, phone text, city text, total bigint NOT NULL);"
	 "CREATE INDEX item_owner ON item (owner_id, id)",
	 NULL},
	{2, "log", NULL, NULL, NULL},
};

static const struct sql insert_item = {"insert_item",
	"INSERT INTO item (id, owner_id, name, phone, city, total) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	"INSERT INTO item (id, owner_id, name, phone, city, total) VALUES ($1, $2, $3, $4, $5, $6)"};
static const struct sql get_item = {"get_item",
	"SELECT id, owner_id, name, phone, city, total FROM item WHERE id = ?1",
	"SELECT id, owner_id, name, phone, city, total FROM item WHERE id = $1"};
static const struct sql page_items = {"page_items",
	"SELECT id, owner_id, name, phone, city, total FROM item WHERE owner_id = ?1 AND id > ?2 ORDER BY id LIMIT 20",
	"SELECT id, owner_id, name, phone, city, total FROM item WHERE owner_id = $1 AND id > $2 ORDER BY id LIMIT 20"};

static void say(const char *name, double per_second, const char *unit)
{
	(void)printf("%-44s %12.0f %s\n", name, per_second, unit);
	(void)fflush(stdout);
}

static void die(struct ctx *ctx, const char *what)
{
	(void)fprintf(stderr, "%s: %s %s\n", what, ctx->faults.count ? ctx->faults.list[0].key : "?",
	              ctx->faults.count && ctx->faults.list[0].arg ? ctx->faults.list[0].arg : "");
	abort();
}

static int64_t resident_kb(void)
{
	char line[256];
	int64_t kb = 0;
	FILE *file = fopen("/proc/self/status", "r");
	while (file && fgets(line, sizeof line, file))
		if (strncmp(line, "VmRSS:", 6) == 0)
			kb = strtoll(line + 6, NULL, 10);
	if (file)
		(void)fclose(file);
	return kb;
}

/* --- limits ------------------------------------------------------------------- */

static void raw_sync(const struct bench *b)
{
	char path[4096], page[4120] = "x";
	(void)snprintf(path, sizeof path, "%s/raw", b->dir);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	for (int i = 0; fd >= 0 && i < 4000; i++)
		if (write(fd, page, sizeof page) < 0)
			break;
	(void)fsync(fd);
	int64_t start = time_monotonic_us(), n = 0;
	while (time_monotonic_us() - start < b->us) {
		if (pwrite(fd, page, sizeof page, (n % 4000) * (off_t)sizeof page) < 0 || fdatasync(fd) != 0)
			break;
		n++;
	}
	say("limit: write 4 KB + fdatasync", (double)n * 1e6 / (double)(time_monotonic_us() - start), "/s");
	close(fd);
	(void)unlink(path);
}

/* --- writes -------------------------------------------------------------------- */

static _Atomic int64_t next_id = 1;

static enum err insert_one(struct ctx *ctx, void *arg)
{
	(void)arg;
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &insert_item, &stmt);
	if (err)
		return err;
	int64_t id = next_id++;
	char name[40];
	(void)snprintf(name, sizeof name, "Customer %lld", (long long)id);
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_i64(stmt, 2, id % 1000);
	stmt_bind_text(stmt, 3, name);
	stmt_bind_text(stmt, 4, "+8613800000000");
	stmt_bind_text(stmt, 5, "杭州");
	stmt_bind_i64(stmt, 6, id * 100);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	if (err)
		return err;
	return change_append(ctx, "item", id, CHANGE_CREATE, "{\"name\":[null,\"Customer 1\"],\"phone\":[null,\"+8613800000000\"],\"city\":[null,\"杭州\"]}");
}

static enum err insert_many(struct ctx *ctx, void *arg)
{
	int64_t n = *(int64_t *)arg;
	for (int64_t i = 0; i < n; i++) {
		struct arena_mark mark = arena_mark(ctx->arena);
		enum err err = insert_one(ctx, NULL);
		if (err)
			return err;
		arena_rewind(ctx->arena, mark);
	}
	return OK;
}

struct client {
	pthread_t thread;
	const struct bench *b;
	int64_t n, cpu_ns;
	bool page;
};

/* What this thread itself used: the machine may have other work. */
static int64_t thread_cpu_ns(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

struct appending {
	int64_t n, cpu_ns;
};

static enum err append_many(struct ctx *ctx, void *arg)
{
	struct appending *a = arg;
	a->cpu_ns = thread_cpu_ns();
	for (int64_t i = 0; i < a->n; i++) {
		enum err err = change_append(ctx, "item", next_id++, CHANGE_UPDATE, "{\"name\":[\"Customer\",\"Customer 1\"],\"phone\":[null,\"+8613800000000\"]}");
		if (err)
			return err;
	}
	a->cpu_ns = thread_cpu_ns() - a->cpu_ns;
	return OK;
}

static void *write_client(void *arg)
{
	struct client *c = arg;
	struct arena arena;
	struct ctx ctx;
	arena_init(&arena, 1 << 20);
	ctx_init(&ctx, &arena, clock_system());
	int64_t start = time_monotonic_us();
	while (time_monotonic_us() - start < c->b->us) {
		arena_reset(&arena);
		if (store_write(&ctx, c->b->store, insert_one, NULL) != OK)
			die(&ctx, "insert");
		c->n++;
	}
	arena_release(&arena);
	return NULL;
}

static void *read_client(void *arg)
{
	struct client *c = arg;
	struct arena arena;
	struct ctx ctx;
	struct db *db;
	uint64_t random = 88172645463325252u ^ (uint64_t)(uintptr_t)c;
	arena_init(&arena, 1 << 20);
	ctx_init(&ctx, &arena, clock_system());
	if (db_open_new(&ctx, c->b->store, &db) != OK)
		die(&ctx, "open");
	int64_t start = time_monotonic_us(), sum = 0;
	c->cpu_ns = thread_cpu_ns();
	while (c->n % 64 || time_monotonic_us() - start < c->b->us) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		struct stmt *stmt;
		bool row = true;
		if (db_prepare(&ctx, db, c->page ? &page_items : &get_item, &stmt) != OK)
			die(&ctx, "prepare");
		stmt_bind_i64(stmt, 1, (int64_t)(random % (c->page ? 1000 : (uint64_t)c->b->rows)) + !c->page);
		if (c->page)
			stmt_bind_i64(stmt, 2, (int64_t)((random >> 32) % (uint64_t)c->b->rows));
		while (row) {
			if (stmt_step(&ctx, stmt, &row) != OK)
				die(&ctx, "read");
			if (row)
				sum += stmt_i64(stmt, 0) + (int64_t)strlen(stmt_text(stmt, 2)) + (int64_t)strlen(stmt_text(stmt, 4)) + stmt_i64(stmt, 5);
		}
		stmt_done(stmt);
		c->n++;
	}
	c->cpu_ns = thread_cpu_ns() - c->cpu_ns;
	db_free(db);
	arena_release(&arena);
	return sum ? NULL : c;
}

static void run_clients(const struct bench *b, const char *name, int n, void *(*loop)(void *), bool page)
{
	struct client clients[64];
	int64_t start = time_monotonic_us(), total = 0, cpu_ns = 0;
	for (int i = 0; i < n; i++) {
		clients[i] = (struct client){.b = b, .page = page};
		if (pthread_create(&clients[i].thread, NULL, loop, &clients[i]) != 0)
			abort();
	}
	for (int i = 0; i < n; i++) {
		pthread_join(clients[i].thread, NULL);
		total += clients[i].n;
		cpu_ns += clients[i].cpu_ns;
	}
	say(name, (double)total * 1e6 / (double)(time_monotonic_us() - start), "/s");
	if (cpu_ns)
		(void)printf("%-44s %12.2f us\n", "  processor time of one", (double)cpu_ns / 1e3 / (double)total);
}

static void fill(struct ctx *ctx, struct bench *b)
{
	int64_t chunk = 2000, start = time_monotonic_us();
	for (int64_t n = 0; n < b->rows; n += chunk) {
		arena_reset(ctx->arena);
		if (store_write(ctx, b->store, insert_many, &chunk) != OK)
			die(ctx, "fill");
	}
	say("bulk inserts with log, 2,000 a job", (double)b->rows * 1e6 / (double)(time_monotonic_us() - start), "rows/s");
	struct appending appending = {.n = 20000};
	if (store_write(ctx, b->store, append_many, &appending) != OK)
		die(ctx, "append");
	say("change_append alone, processor time", (double)appending.cpu_ns / (double)appending.n, "ns each");
}

static sqlite3_stmt *raw_statement(const struct bench *b, sqlite3 **lite, const char *text)
{
	char path[4096];
	sqlite3_stmt *stmt;
	(void)snprintf(path, sizeof path, "%s/guanxi.db", b->dir);
	if (sqlite3_open_v2(path, lite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(*lite, text, -1, &stmt, NULL) != SQLITE_OK)
		abort();
	return stmt;
}

/* Every row, every column, one after the other: nothing that reads a whole table is faster. */
static void raw_scan(const struct bench *b)
{
	sqlite3 *lite;
	sqlite3_stmt *stmt = raw_statement(b, &lite, "SELECT id, owner_id, name, phone, city, total FROM item");
	int64_t start = time_monotonic_us(), n = 0, sum = 0;
	while (time_monotonic_us() - start < b->us) {
		while (sqlite3_step(stmt) == SQLITE_ROW) {
			for (int i = 0; i < 6; i++)
				sum += sqlite3_column_bytes(stmt, i);
			n++;
		}
		sqlite3_reset(stmt);
	}
	say("limit: SQLite alone, all rows in order", sum > 0 ? (double)n * 1e6 / (double)(time_monotonic_us() - start) : 0, "rows/s");
	sqlite3_finalize(stmt);
	sqlite3_close(lite);
}

static void raw_reads(const struct bench *b)
{
	sqlite3 *lite;
	sqlite3_stmt *stmt = raw_statement(b, &lite, get_item.sqlite);
	int64_t start = time_monotonic_us(), n = 0;
	uint64_t random = 88172645463325252u;
	while (n % 64 || time_monotonic_us() - start < b->us) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		sqlite3_bind_int64(stmt, 1, (int64_t)(random % (uint64_t)b->rows) + 1);
		if (sqlite3_step(stmt) != SQLITE_ROW)
			abort();
		sqlite3_reset(stmt);
		n++;
	}
	say("limit: SQLite alone, point read, 1 thread", (double)n * 1e6 / (double)(time_monotonic_us() - start), "/s");
	sqlite3_finalize(stmt);
	sqlite3_close(lite);
}

int main(int argc, char **argv)
{
	struct bench b = {.dir = NULL, .rows = 200000, .us = 3000000};
	struct store_config config = {0};
	char made[] = "/tmp/guanxi-bench-XXXXXX", schema[32];
	for (int i = 1; i + 1 < argc; i += 2) {
		int64_t n = 0;
		bool number = str_to_i64(argv[i + 1], &n);
		if (str_equal(argv[i], "--pg"))
			config.pg_url = argv[i + 1];
		else if (str_equal(argv[i], "--dir"))
			b.dir = argv[i + 1];
		else if (str_equal(argv[i], "--rows") && number)
			b.rows = n;
		else if (str_equal(argv[i], "--seconds") && number)
			b.us = n * 1000000;
	}
	if (!b.dir)
		b.dir = mkdtemp(made);
	(void)snprintf(schema, sizeof schema, "bench_%d", (int)getpid());
	config.data_dir = b.dir;
	config.pg_schema = schema;
	struct arena arena;
	struct ctx ctx;
	arena_init(&arena, 64 << 20);
	ctx_init(&ctx, &arena, clock_system());
	struct migration list[2] = {steps[0], steps[1]};
	list[1].sqlite = events_ddl_sqlite;
	list[1].postgres = events_ddl_postgres;
	if (store_open_new(&ctx, &config, &b.store) != OK || store_migrate(&ctx, b.store, list, 2) != OK ||
	    events_start(&ctx, b.store) != OK)
		die(&ctx, "open");
	ctx.store = b.store;
	(void)printf("%s, %lld rows, folder %s\n", config.pg_url ? "PostgreSQL" : "SQLite", (long long)b.rows, b.dir);
	raw_sync(&b);
	(void)printf("%-44s %12lld KB\n", "resident memory, started", (long long)resident_kb());
	fill(&ctx, &b);
	if (store_optimize(&ctx, b.store) != OK)
		die(&ctx, "optimize");
	if (!config.pg_url) {
		raw_reads(&b);
		raw_scan(&b);
	}
	run_clients(&b, "point reads, 1 thread", 1, read_client, false);
	run_clients(&b, "point reads, 2 threads", 2, read_client, false);
	run_clients(&b, "pages of 20, 1 thread", 1, read_client, true);
	run_clients(&b, "durable inserts with log, 1 client", 1, write_client, false);
	run_clients(&b, "durable inserts with log, 16 clients", 16, write_client, false);
	struct store_stats stats;
	store_stats(b.store, &stats);
	(void)printf("%-44s %12lld KB\n", "resident memory, after", (long long)resident_kb());
	(void)printf("jobs %lld, commits %lld, failed %lld, retried %lld, WAL %lld KB\n", (long long)stats.jobs, (long long)stats.commits,
	             (long long)stats.failed, (long long)stats.retried, (long long)stats.wal_bytes / 1024);
	events_stop(b.store);
	store_free(b.store);
	arena_release(&arena);
	return 0;
}
