/* The five hot paths, without sockets and with a clock that stands still between
 * calls, for counting instructions: see docs/performance.md and tools/instructions.py.
 *
 *   guanxi-hotpaths DATA LINES.csv MAP.json [CALLS]
 *
 * DATA is an empty folder.  Before each path, and after the last, hotpath_mark() is
 * called, at which callgrind cuts its counts.  Prints, a line a path, its name and
 * how many calls were counted. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "base/str.h"
#include "core/exchange/exchange.h"
#include "core/rest/query.h"
#include "core/search/search.h"

enum { CUSTOMERS = 2000, CALLS = 200, ARENA = 64 << 20, ENTITIES_MAX = 128 };

void hotpath_mark(void);

/* Called by name from outside; must not be inlined away. */
__attribute__((noinline)) void hotpath_mark(void)
{
	__asm__ volatile("" ::: "memory");
}

struct bench {
	struct app app;
	struct arena arena, call;
	struct ctx ctx;
	struct actor actor;
	struct entity_rights rights[ENTITIES_MAX];
	const struct entity_info *customer;
	int64_t ids[CUSTOMERS];
	int n, calls;
	const char *csv, *map;
};

/* --- a clock without surprises -------------------------------------------------- */

static int64_t tick(void *arg)
{
	_Atomic int64_t *now = arg;
	return atomic_fetch_add(now, 1);
}

static void numbers(void *arg, void *out, size_t n)
{
	static _Atomic uint64_t count;
	unsigned char *at = out;
	(void)arg;
	for (size_t i = 0; i < n; i++)
		at[i] = (unsigned char)(atomic_fetch_add(&count, 1) * 0x9E3779B97F4A7C15u >> 56);
}

/* --- records ---------------------------------------------------------------------- */

static const char *const surnames[] = {"王", "李", "张", "刘", "陈", "Smith", "Johnson", "Montgomery", "Fitzgerald", "Müller"};
static const char *const givens[] = {"伟", "秀英", "娜", "敏静", "丽", "Oliver", "Emma", "James", "Sophia", "Hannah"};
static const char *const cities[] = {"杭州", "上海", "北京", "London", "Berlin"};

static enum err fill_customer(struct ctx *ctx, int i, struct record *record)
{
	bool zh = i % 10 < 7;
	const char *surname = surnames[(i * 7 + i / 5) % 5 + (zh ? 0 : 5)], *given = givens[(i * 3 + i / 25) % 5 + (zh ? 0 : 5)];
	const char *name = zh ? arena_printf(ctx->arena, "%s%s", surname, given) : arena_printf(ctx->arena, "%s %s %d", given, surname, i);
	const char *phone = arena_printf(ctx->arena, "138%08d", i * 37), *email = arena_printf(ctx->arena, "u%d@example.com", i);
	const struct {
		const char *field, *text;
	} fields[] = {{"name", name}, {"phone", phone}, {"email", email}, {"city", cities[i % 5]}, {"stage", i % 3 ? "trading" : "prospect"}};
	enum err err = OK;
	for (size_t f = 0; !err && f < sizeof(fields) / sizeof(fields[0]); f++)
		err = record_set_text(ctx, record, entity_field(record->info, fields[f].field), fields[f].text);
	return err;
}

static enum err create_customer(struct ctx *ctx, void *arg)
{
	struct bench *b = arg;
	struct record *record;
	enum err err = record_new(ctx, b->customer, &record);
	if (!err)
		err = fill_customer(ctx, b->n, record);
	if (!err)
		err = record_create(ctx, record, 0);
	if (!err && b->n < CUSTOMERS)
		b->ids[b->n] = record_id(record);
	b->n += !err;
	return err;
}

static enum err create_many(struct ctx *ctx, void *arg)
{
	enum err err = OK;
	for (int i = 0; !err && i < CUSTOMERS; i++)
		err = create_customer(ctx, arg);
	return err;
}

/* A person with every right, each of which is asked. */
static enum err create_user(struct ctx *ctx, void *arg)
{
	struct bench *b = arg;
	struct record *user;
	enum err err = record_new(ctx, registry_find(ctx->registry, "user"), &user);
	if (!err)
		err = record_set(ctx, user, "name", value_text("Bench"));
	if (!err)
		err = record_set(ctx, user, "email", value_text("bench@example.com"));
	if (!err)
		err = record_create(ctx, user, W_TRUSTED);
	if (!err)
		b->actor.user_id = record_id(user);
	return err;
}

/* --- the paths ----------------------------------------------------------------------- */

static enum err rows(struct ctx *ctx, const struct bench *b, const char *text, const int64_t *id)
{
	struct query_options options = {.action = ACTION_READ, .range_first = -1, .range_last = -1};
	struct query *query;
	struct query_page page;
	struct buf out;
	buf_init(&out, 1 << 20);
	enum err err = query_parse_kept(ctx, b->customer, text, &options, id, &query);
	if (!err)
		err = query_json(ctx, query, id != NULL, &out, &page);
	if (!err && page.rows == 0)
		err = fail(ctx, ERR_BUG, "", "empty");
	buf_release(&out);
	return err;
}

static enum err path_get(struct ctx *ctx, struct bench *b, int i)
{
	return rows(ctx, b, "", &b->ids[i * 7 % CUSTOMERS]);
}

static enum err path_list(struct ctx *ctx, struct bench *b, int i)
{
	const char *text = arena_printf(ctx->arena, "select=id,name,city,stage,orders_count,orders_total,last_order_at&city=eq.%s"
	                                            "&order=last_order_at.desc,id.desc&limit=20", cities[i % 5]);
	return text ? rows(ctx, b, text, NULL) : fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err path_search(struct ctx *ctx, struct bench *b, int i)
{
	static const char *const typed[] = {"王伟", "montg", "itzger"};
	struct search_hit *hits;
	size_t n;
	bool more;
	(void)b;
	enum err err = search_find(ctx, typed[i % 3], NULL, 0, 11, &hits, &n, &more);
	return !err && n == 0 ? fail(ctx, ERR_BUG, "", "empty") : err;
}

static enum err path_create(struct ctx *ctx, struct bench *b, int i)
{
	(void)i;
	return store_write(ctx, b->app.store, create_customer, b);
}

static enum err path_import(struct ctx *ctx, struct bench *b, int i)
{
	struct import_request request = {.path = b->csv, .map_path = b->map};
	struct import_result result;
	(void)i;
	enum err err = import_file(ctx, &request, &result);
	if (!err && (result.rows == 0 || result.failed > 0))
		err = fail(ctx, ERR_BUG, "", "import_failed");
	b->calls = (int)result.rows; /* counted a row */
	return err;
}

static const struct path {
	const char *name;
	enum err (*run)(struct ctx *ctx, struct bench *b, int i);
	bool once;
} paths[] = {{"get", path_get, false}, {"list", path_list, false}, {"search", path_search, false}, {"create", path_create, false},
             {"import_row", path_import, true}};

/* Each call as a request has it: an arena of its own, emptied afterwards. */
static enum err call(struct bench *b, const struct path *path, int i)
{
	struct ctx ctx = b->ctx;
	ctx.arena = &b->call;
	enum err err = path->run(&ctx, b, i);
	if (err)
		app_print_faults(&ctx, stderr);
	arena_reset(&b->call);
	return err;
}

static enum err measure(struct bench *b, const struct path *path, int calls)
{
	enum err err = path->once ? OK : call(b, path, 0); /* statements are prepared once a connection */
	hotpath_mark();
	for (int i = 0; !err && i < (path->once ? 1 : calls); i++)
		err = call(b, path, i);
	hotpath_mark();
	if (!err)
		printf("%s %d\n", path->name, path->once ? b->calls : calls);
	return err;
}

static enum err set_up(struct bench *b, const char *dir)
{
	struct app_config config = {.data_dir = dir, .base_currency = "CNY", .phone_region = "CN", .listen = "127.0.0.1:0"};
	enum err err = app_open(&b->ctx, &config, false, &b->app);
	if (!err)
		err = db_open_new(&b->ctx, b->app.store, &b->ctx.db);
	if (err)
		return err;
	b->ctx.actor = gate_system();
	b->customer = registry_find(b->app.registry, "customer");
	size_t n = registry_count(b->app.registry);
	if (n > ENTITIES_MAX || !b->customer)
		return fail(&b->ctx, ERR_BUG, "", "entities");
	err = store_write(&b->ctx, b->app.store, create_user, b);
	for (size_t e = 0; e < n; e++)
		memset(b->rights[e].scope, SCOPE_ALL, sizeof(b->rights[e].scope));
	b->actor.kind = ACTOR_USER;
	b->actor.name = b->actor.email = "bench@example.com";
	b->actor.rights = b->rights;
	b->actor.n_rights = n;
	b->actor.serial = 1;
	b->actor.caps = CAP_ADMIN | CAP_USERS | CAP_ASSIGN | CAP_BULK;
	b->ctx.actor = &b->actor;
	return err ? err : store_write(&b->ctx, b->app.store, create_many, b);
}

int main(int argc, char **argv)
{
	static struct bench b;
	static _Atomic int64_t now = 1793491200000;
	int64_t calls = CALLS;
	const struct clock clock = {.now_ms = tick, .random = numbers, .arg = &now};
	if (argc < 4 || (argc > 4 && (!str_to_i64(argv[4], &calls) || calls < 1 || calls > 100000))) {
		fprintf(stderr, "usage: guanxi-hotpaths DATA LINES.csv MAP.json [CALLS]\n");
		return 2;
	}
	b.csv = argv[2];
	b.map = argv[3];
	arena_init(&b.arena, ARENA);
	arena_init(&b.call, ARENA);
	ctx_init(&b.ctx, &b.arena, &clock);
	enum err err = set_up(&b, argv[1]);
	if (err)
		app_print_faults(&b.ctx, stderr);
	for (size_t i = 0; !err && i < sizeof(paths) / sizeof(paths[0]); i++)
		err = measure(&b, &paths[i], (int)calls);
	db_free(b.ctx.db);
	app_close(&b.app);
	arena_release(&b.call);
	arena_release(&b.arena);
	return err ? 1 : 0;
}
