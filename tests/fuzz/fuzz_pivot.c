/* Pivot tables, over a small shop on SQLite: the first byte says who asks, the rest is the request. Whatever it is must be refused in
 * words or run; DuckDB must understand every statement that is made of it, where there is a DuckDB. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/pivot.h"
#include "core/rest/test/fixture.h"
#include "fuzz.h"

static struct shop shop;
static struct warehouse *warehouse;

static const struct star_measure measures[] = {
	{.name = "orders", .kind = STAR_COUNT, .label = {"Orders", "订单"}}, {.name = "total", .kind = STAR_SUM, .of = "total_base", .label = {"Total", "金额"}},
	{.name = "mean", .kind = STAR_MEAN, .of = "total_base", .label = {"Mean", "均值"}}, {.name = "customers", .kind = STAR_DIFFERENT, .of = "customer_id", .label = {"C", "客户"}},
	{.name = "most", .kind = STAR_MOST, .of = "total_base", .label = {"Most", "最大"}}, {.name = NULL},
};
static const struct star_measure line_measures[] = {
	{.name = "lines", .kind = STAR_COUNT, .label = {"Lines", "行"}}, {.name = "quantity", .kind = STAR_SUM, .of = "quantity", .label = {"Quantity", "数量"}}, {.name = NULL},
};
static const struct star_table stars[] = {
	{.entity = "customer", .texts = "city", .moment = "created_at", .measures = line_measures + 2},
	{.entity = "order", .kept = "total_base", .moment = "placed_at", .uncounted = "state=draft", .measures = measures},
	{.entity = "order_line", .carried = "order_id", .moment = "order_id.placed_at", .measures = line_measures},
	{.entity = NULL},
};

struct warehouse *app_warehouse(const struct app *app)
{
	(void)app;
	return warehouse;
}

static void open_once(void)
{
	static const struct star_table *const tables[] = {stars, NULL};
	shop_open(&shop, ENGINE_SQLITE);
	if (warehouse_new(&shop.ctx, shop.dir, tables, &warehouse) != OK)
		abort();
}

static void check(const struct ctx *ctx, enum err err, const char *raw)
{
	bool word = ctx->faults.count > 0;
	if (err == OK || (word && (err == ERR_INVALID || err == ERR_FORBIDDEN || err == ERR_LIMIT || err == ERR_NOT_FOUND)))
		return;
	(void)fprintf(stderr, "%d %s: %s\n", err, word ? ctx->faults.list[0].key : "no word", raw);
	abort();
}

/* Parsed twice: what is asked of the warehouse, and of the list behind its first cell. */
static void ask(struct ctx *ctx, const json_t *json, const char *raw)
{
	struct pivot_answer answer;
	struct pivot *p;
	json_t *condition = NULL;
	enum err err = pivot_parse(ctx, warehouse, json, ACTION_READ, &p);
	check(ctx, err, raw);
	if (err != OK)
		return;
	err = pivot_drill(ctx, p, json_object_get(json, "row"), json_object_get(json, "column"), &condition);
	check(ctx, err, raw);
	json_decref(condition);
	if (!duck_there())
		return;
	faults_clear(ctx);
	check(ctx, pivot_run(ctx, warehouse, p, &answer), raw);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct actor *(*const actors[])(void) = {shop_boss, shop_seller, shop_leader, shop_clerk};
	if (shop.store == NULL)
		open_once();
	if (size < 2)
		return 0;
	struct ctx *ctx = shop_request(&shop, actors[data[0] % 4]());
	const char *raw = arena_strndup(ctx->arena, (const char *)data + 1, size - 1);
	json_t *json = raw != NULL ? json_loads(raw, JSON_REJECT_DUPLICATES, NULL) : NULL;
	if (json_is_object(json))
		ask(ctx, json, raw);
	json_decref(json);
	return 0;
}
