/* What came back, in every state and for every reason, and things with their serial numbers: in and out of warranty, handed over, recalled. */
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/entity/entity.h"
#include "demo/demo.h"
#include "demo/person.h"

enum { SEED = 20261215, RETURNS = 48, THINGS = 90, REASONS = 8, DAYS_BACK = 170, MILLI = 1000, UNITS = 12, OPEN = 15, NEVER = 1000 };

struct sold {
	int64_t line, order, product, customer;
};

struct goods {
	struct sold sold[RETURNS + THINGS];
	size_t n;
	int64_t reasons[REASONS], recall;
	size_t n_reasons, returns, things;
};

struct cell {
	const char *field, *text;
	int64_t id;
};

static enum err set(struct ctx *ctx, struct record *r, const struct cell *cells, size_t n)
{
	enum err err = OK;
	for (size_t i = 0; i < n && err == OK; i++) {
		if (cells[i].text != NULL || cells[i].id != 0)
			err = record_set(ctx, r, cells[i].field, cells[i].text != NULL ? value_text(cells[i].text) : value_int(cells[i].id));
	}
	return err;
}

static enum err put(struct ctx *ctx, const char *entity, const struct cell *cells, size_t n, int64_t *ret)
{
	struct record *r;
	enum err err = record_new(ctx, registry_find(ctx->registry, entity), &r);
	if (err == OK)
		err = set(ctx, r, cells, n);
	if (err == OK)
		err = record_create(ctx, r, W_TRUSTED);
	*ret = err == OK ? record_id(r) : 0;
	return err;
}

static enum err patch(struct ctx *ctx, const char *entity, int64_t id, const struct cell *cells, size_t n)
{
	struct record *r;
	enum err err = record_new(ctx, registry_find(ctx->registry, entity), &r);
	if (err == OK)
		err = set(ctx, r, cells, n);
	return err == OK ? record_update(ctx, id, r, 0, W_TRUSTED, NULL) : err;
}

static const char *day(struct ctx *ctx, int64_t days)
{
	char text[TIME_TEXT_MAX];
	time_format(ctx_now(ctx) + days * (int64_t)DAY_MS, text);
	return arena_strndup(ctx->arena, text, strlen("YYYY-MM-DD"));
}

/* The newest lines that were really sold, one of an order. */
static enum err read_sold(struct ctx *ctx, struct goods *g)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare_text(ctx, ctx->db,
		"SELECT l.id, l.order_id, l.product_id, o.customer_id FROM order_line l JOIN \"order\" o ON o.id = l.order_id WHERE o.kind = 'sale' "
		"AND o.state IN ('paid', 'shipped', 'completed') AND o.customer_id IS NOT NULL AND l.product_id IS NOT NULL AND l.quantity >= 1000 AND l.total > 0 "
		"AND l.id = (SELECT min(m.id) FROM order_line m WHERE m.order_id = o.id) ORDER BY o.placed_at DESC, l.id LIMIT 138", &stmt);
	if (err != OK)
		return err;
	while (g->n < sizeof(g->sold) / sizeof(g->sold[0]) && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		g->sold[g->n++] = (struct sold){stmt_i64(stmt, 0), stmt_i64(stmt, 1), stmt_i64(stmt, 2), stmt_i64(stmt, 3)};
	stmt_done(stmt);
	return err;
}

static enum err read_reasons(struct ctx *ctx, struct goods *g)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare_text(ctx, ctx->db, "SELECT id FROM return_reason WHERE active <> 0 ORDER BY position, id LIMIT 8", &stmt);
	if (err != OK)
		return err;
	while (g->n_reasons < REASONS && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		g->reasons[g->n_reasons++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	return err;
}

/* --- returns ------------------------------------------------------------------------------------------------ */

/* Booked as the program books it: an order of the kind return, and the refund on it. */
static enum err refund(struct ctx *ctx, const struct sold *s, int64_t id, int64_t line_id, int64_t at)
{
	struct record *of, *sold, *first, *item;
	int64_t order, none;
	enum err err = record_load(ctx, registry_find(ctx->registry, "goods_return"), id, &of);
	if (err == OK)
		err = record_load(ctx, registry_find(ctx->registry, "order_line"), s->line, &sold);
	if (err == OK)
		err = record_load(ctx, registry_find(ctx->registry, "order"), s->order, &first);
	if (err == OK) /* the return's own sum follows at the end of the write */
		err = record_load(ctx, registry_find(ctx->registry, "return_line"), line_id, &item);
	if (err != OK)
		return err;
	int64_t value = record_i64(item, "value");
	const char *currency = record_text(of, "currency"), *source = arena_printf(ctx->arena, "return %s", record_text(of, "number"));
	int64_t price = value;
	for (int i = currency_scale(currency); i < 4; i++)
		price *= 10;
	const struct cell head[] = {{"customer_id", NULL, s->customer}, {"kind", "return", 0}, {"state", "completed", 0}, {"currency", currency, 0}, {"source", source, 0},
		{"original_order_id", NULL, s->order}, {"placed_at", NULL, at}, {"fx_rate", NULL, record_i64(first, "fx_rate")}, {"channel_id", NULL, record_i64(first, "channel_id")}};
	err = put(ctx, "order", head, sizeof(head) / sizeof(head[0]), &order);
	const struct cell line[] = {{"order_id", NULL, order}, {"position", NULL, 1}, {"kind", "return", 0}, {"product_id", NULL, s->product}, {"name", record_text(sold, "name"), 0},
		{"quantity", NULL, -MILLI}, {"unit_price", NULL, price}};
	if (err == OK)
		err = put(ctx, "order_line", line, sizeof(line) / sizeof(line[0]), &none);
	const struct cell paid[] = {{"order_id", NULL, order}, {"kind", "refund", 0}, {"state", "paid", 0}, {"method", "alipay", 0}, {"currency", currency, 0},
		{"amount", NULL, value}, {"paid_at", NULL, at}, {"reference", record_text(of, "number"), 0}};
	if (err == OK && value > 0)
		err = put(ctx, "payment", paid, sizeof(paid) / sizeof(paid[0]), &none);
	const struct cell end[] = {{"state", "refunded", 0}, {"refunded", NULL, value}, {"return_order_id", NULL, order}};
	if (err == OK)
		err = patch(ctx, "goods_return", id, end, sizeof(end) / sizeof(end[0]));
	const struct cell dates[] = {{"ended_at", NULL, at}};
	return err == OK ? patch(ctx, "goods_return", id, dates, 1) : err;
}

/* Into its state; `due` days from now, or NEVER: it ended four days after it was asked for. */
static enum err move_on(struct ctx *ctx, int64_t id, const char *state, int64_t due, int64_t at)
{
	bool refused = str_equal(state, "refused"), withdrawn = str_equal(state, "withdrawn");
	const struct cell then[] = {{"state", state, 0}, {"state_reason", refused ? "使用痕迹明显 · Clearly used" : withdrawn ? "客户留下了 · Kept it" : NULL, 0},
		{"exception", refused || withdrawn ? NULL : "老客户 · Good customer", 0}};
	enum err err = patch(ctx, "goods_return", id, then, sizeof(then) / sizeof(then[0]));
	const struct cell days[] = {{"due_on", due != NEVER ? day(ctx, due) : NULL, 0}, {"ended_at", NULL, due != NEVER ? 0 : at + 4 * (int64_t)DAY_MS}};
	return err == OK ? patch(ctx, "goods_return", id, days, sizeof(days) / sizeof(days[0])) : err;
}

static bool on_way(const char *state)
{
	return str_equal(state, "sent") || str_equal(state, "received") || str_equal(state, "refunded") || str_equal(state, "repaired");
}

/* What is old is settled; what is new waits, some of it too long. */
static enum err add_return(struct ctx *ctx, struct goods *g, size_t i)
{
	static const char *const ends[] = {"refunded", "refunded", "refunded", "refunded", "repaired", "refused", "withdrawn"};
	static const char *const open[] = {"requested", "requested", "agreed", "sent", "received"};
	static const char *const words[] = {"颜色和图片不一样", "The handle came off after two days", "盒子压扁了", "I ordered the small one", "不亮", "Too late for the birthday", "重复下单了", "Smells odd"};
	static const char *const wishes[] = {"refund", "refund", "refund", "exchange", "repair"};
	struct demo_random random;
	int64_t id, line;
	demo_random_init(&random, SEED + i);
	const struct sold *s = &g->sold[i];
	int64_t ago = 1 + (int64_t)(i * DAYS_BACK / RETURNS), at = ctx_now(ctx) - ago * (int64_t)DAY_MS;
	/* what is the firm's fault comes first, as it does */
	size_t why = demo_random_below(&random, 100) < 45 ? 3 : demo_random_below(&random, (uint32_t)g->n_reasons);
	const char *state = i < OPEN ? open[i % 5] : ends[demo_random_below(&random, 7)];
	bool way = on_way(state);
	const struct cell head[] = {{"order_id", NULL, s->order}, {"requested_at", NULL, at}, {"wish", wishes[demo_random_below(&random, 5)], 0}, {"state", "requested", 0},
		{"carrier", way ? "顺丰 SF Express" : NULL, 0}, {"tracking_no", way ? arena_printf(ctx->arena, "SF14%08u", demo_random_below(&random, 99999999)) : NULL, 0}};
	enum err err = put(ctx, "goods_return", head, sizeof(head) / sizeof(head[0]), &id);
	const struct cell item[] = {{"return_id", NULL, id}, {"order_line_id", NULL, s->line}, {"quantity", NULL, MILLI}, {"reason_id", NULL, g->reasons[why % g->n_reasons]},
		{"words", words[demo_random_below(&random, 8)], 0}};
	if (err == OK)
		err = put(ctx, "return_line", item, sizeof(item) / sizeof(item[0]), &line);
	const struct cell came[] = {{"received", NULL, MILLI}, {"condition", demo_random_below(&random, 3) ? "opened" : "damaged", 0}, {"restock", NULL, (int64_t)demo_random_below(&random, 2)}};
	if (err == OK && way && !str_equal(state, "sent"))
		err = patch(ctx, "return_line", line, came, sizeof(came) / sizeof(came[0]));
	g->returns++;
	if (err != OK || str_equal(state, "requested"))
		return err;
	return str_equal(state, "refunded") ? refund(ctx, s, id, line, at + 6 * (int64_t)DAY_MS) : move_on(ctx, id, state, i < OPEN ? (int64_t)demo_random_below(&random, 9) - 4 : NEVER, at);
}

static enum err add_returns(struct ctx *ctx, void *arg)
{
	struct goods *g = arg;
	enum err err = OK;
	for (size_t i = 0; err == OK && i < RETURNS && i < g->n && g->n_reasons > 0; i++)
		err = add_return(ctx, g, i);
	return err;
}

/* --- things -------------------------------------------------------------------------------------------------- */

static enum err add_terms(struct ctx *ctx)
{
	int64_t none;
	const struct cell general[] = {{"name", "标准保修 24 个月 · Standard 24 months", 0}, {"months", NULL, 24}, {"covers", "材料与工艺缺陷 · Faults of material and making", 0}};
	const struct cell japan[] = {{"name", "日本 36 个月 · Japan 36 months", 0}, {"months", NULL, 36}, {"country", "JP", 0}, {"transferable", "false", 0}};
	enum err err = put(ctx, "warranty_term", general, sizeof(general) / sizeof(general[0]), &none);
	return err == OK ? put(ctx, "warranty_term", japan, sizeof(japan) / sizeof(japan[0]), &none) : err;
}

static enum err add_thing(struct ctx *ctx, struct goods *g, size_t i)
{
	static const char *const faults[] = {"不通电 · Does not turn on", "噪音大 · Very loud", "漏水 · Leaks"};
	struct demo_random random;
	int64_t id, none;
	demo_random_init(&random, SEED + 5000 + i);
	const struct sold *s = &g->sold[g->n - 1 - i % g->n];
	int64_t ago = 20 + (int64_t)demo_random_below(&random, 1200), installed = ago - 5;
	const struct cell cells[] = {
		{"serial", arena_printf(ctx->arena, "GX%02u-%05u", (unsigned)(i / 30), 10000 + (unsigned)i * 37), 0}, {"product_id", NULL, s->product}, {"customer_id", NULL, s->customer},
		{"batch", arena_printf(ctx->arena, "B%u", 2301 + (unsigned)(i % UNITS)), 0}, {"build", i % 3 ? "A" : "B", 0}, {"state", i % 17 == 5 ? "in_repair" : i % 23 == 7 ? "retired" : "in_use", 0},
		{"sold_on", i % 19 ? day(ctx, -ago) : NULL, 0}, {"installed_on", i % 19 && i % 4 == 0 ? day(ctx, -installed) : NULL, 0}, {"country", i % 9 == 4 ? "JP" : "CN", 0},
	};
	enum err err = put(ctx, "equipment", cells, sizeof(cells) / sizeof(cells[0]), &id);
	const struct cell longer[] = {{"equipment_id", NULL, id}, {"name", "延保一年 · One year more", 0}, {"months", NULL, 12}, {"bought_on", day(ctx, -ago + 30), 0}};
	if (err == OK && i % 19 && i % 8 == 3)
		err = put(ctx, "warranty_extension", longer, sizeof(longer) / sizeof(longer[0]), &none);
	const struct cell claim[] = {{"equipment_id", NULL, id}, {"what", faults[i % 3], 0}, {"fault_on", day(ctx, -(int64_t)demo_random_below(&random, 19)), 0}};
	if (err == OK && i % 7 == 2)
		err = put(ctx, "warranty_claim", claim, sizeof(claim) / sizeof(claim[0]), &none);
	g->things++;
	return err;
}

/* Of the first thing's model, every batch of it: some told, some answered. */
static enum err add_recall(struct ctx *ctx, struct goods *g)
{
	static const char *const states[] = {"open", "told", "answered", "done", "open", "unreachable"}, *const answers[] = {NULL, NULL, "repair", "replace", NULL, NULL};
	int64_t units[UNITS], product = g->sold[g->n - 1].product, none;
	size_t n = 0;
	struct stmt *stmt;
	bool row = false;
	const struct cell cells[] = {{"name", "电源插头召回 · Plug may get hot", 0}, {"product_id", NULL, product}, {"state", "running", 0}, {"answer_by", day(ctx, 30), 0},
		{"what", "插头可能过热，请停止使用，我们免费更换。 · The plug may get hot. Please stop using it; we replace it for free.", 0}};
	enum err err = put(ctx, "recall", cells, sizeof(cells) / sizeof(cells[0]), &g->recall);
	if (err == OK)
		err = db_prepare_text(ctx, ctx->db, "SELECT id FROM equipment WHERE product_id = ?1 ORDER BY id LIMIT 12", &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, product);
	while (n < UNITS && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		units[n++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	for (size_t i = 0; err == OK && i < n; i++) {
		const struct cell unit[] = {{"recall_id", NULL, g->recall}, {"equipment_id", NULL, units[i]}, {"state", states[i % 6], 0}, {"answer", answers[i % 6], 0}};
		err = put(ctx, "recall_unit", unit, sizeof(unit) / sizeof(unit[0]), &none);
	}
	return err;
}

static enum err add_things(struct ctx *ctx, void *arg)
{
	struct goods *g = arg;
	enum err err = add_terms(ctx);
	for (size_t i = 0; err == OK && i < THINGS; i++)
		err = add_thing(ctx, g, i);
	return err == OK ? add_recall(ctx, g) : err;
}

enum err demo_returns(struct ctx *ctx, FILE *progress)
{
	struct goods *g = arena_alloc(ctx->arena, sizeof(*g));
	if (g == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	memset(g, 0, sizeof(*g));
	enum err err = read_sold(ctx, g);
	if (err == OK)
		err = read_reasons(ctx, g);
	if (err != OK || g->n == 0)
		return err;
	err = store_write(ctx, ctx->store, add_returns, g);
	if (err == OK)
		err = store_write(ctx, ctx->store, add_things, g);
	if (err == OK)
		fprintf(progress, "%zu returns and %zu serial numbers were added\n", g->returns, g->things);
	return err;
}
