/* A year of selling: deals in three pipelines with the way each has come, and a week of what is planned for them. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/entity/entity.h"
#include "demo/demo.h"
#include "demo/person.h"

enum { SEED = 20261130, DEALS = 260, CUSTOMERS = 400, STAGES_MAX = 8, PIPELINES = 3, BATCH = 20, REASONS = 8, HOUR_MS = 3600 * 1000, RIVALS = 4 };

struct buyer {
	int64_t id, owner;
	bool chinese;
};

struct line_up {
	int64_t id, open[STAGES_MAX], won, lost;
	int days[STAGES_MAX]; /* about how long a deal stays */
	size_t n;
};

struct selling {
	struct buyer *buyers;
	size_t n_buyers, from, to;
	struct line_up pipelines[PIPELINES];
	int64_t reasons[REASONS], rivals[RIVALS], admin;
	size_t n_reasons;
};

/* One deal while it is made. */
struct story {
	struct ctx *ctx;
	const struct selling *s;
	const struct buyer *buyer;
	const struct line_up *way;
	struct demo_random random;
	int64_t id, began, owner;
};

/* --- small things ------------------------------------------------------------------------ */

static enum err set_text(struct ctx *ctx, struct record *r, const char *field, const char *text)
{
	return str_empty(text) ? OK : record_set(ctx, r, field, value_text(text));
}

static enum err set_id(struct ctx *ctx, struct record *r, const char *field, int64_t id)
{
	return id == 0 ? OK : record_set(ctx, r, field, value_int(id));
}

/* A field's text, or its number where there is no text; neither: it is left out. */
struct cell {
	const char *field, *text;
	int64_t number;
};

static enum err fill(struct ctx *ctx, struct record *r, const struct cell *cells, size_t n)
{
	enum err err = OK;
	for (size_t i = 0; err == OK && i < n; i++)
		err = cells[i].text != NULL ? set_text(ctx, r, cells[i].field, cells[i].text) : set_id(ctx, r, cells[i].field, cells[i].number);
	return err;
}

static const char *day_text(struct ctx *ctx, int64_t at_ms)
{
	char text[TIME_TEXT_MAX];
	time_format(at_ms, text);
	return arena_strndup(ctx->arena, text, strlen("YYYY-MM-DD"));
}

/* --- what there is ------------------------------------------------------------------------- */

static enum err read_buyers(struct ctx *ctx, struct selling *s)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare_text(ctx, ctx->db,
		"SELECT id, owner_id, CASE WHEN country = 'CN' THEN 1 ELSE 0 END FROM customer WHERE owner_id IS NOT NULL ORDER BY orders_total DESC, id LIMIT 400", &stmt);
	if (err != OK)
		return err;
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row && s->n_buyers < CUSTOMERS)
		s->buyers[s->n_buyers++] = (struct buyer){stmt_i64(stmt, 0), stmt_i64(stmt, 1), stmt_i64(stmt, 2) != 0};
	stmt_done(stmt);
	return err;
}

static enum err read_ids(struct ctx *ctx, const char *sql, int64_t *ids, size_t max, size_t *ret_n)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare_text(ctx, ctx->db, sql, &stmt);
	*ret_n = 0;
	if (err != OK)
		return err;
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row && *ret_n < max)
		ids[(*ret_n)++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	return err;
}

/* --- pipelines ----------------------------------------------------------------------------------- */

struct plan {
	const char *name, *name_zh;
	struct {
		const char *name, *name_zh, *forecast;
		int chance, stuck, days;
	} stages[5];
};

static const struct plan plans[] = {
	{"Wholesale", "批发大客户", {{"First talk", "初次洽谈", "pipeline", 10, 14, 12}, {"Samples sent", "寄送样品", "pipeline", 30, 21, 18},
	                             {"Offer", "正式报价", "best", 50, 21, 14}, {"Contract", "合同审批", "commit", 80, 21, 12}, {NULL, NULL, NULL, 0, 0, 0}}},
	{"Repeat orders", "老客复购", {{"Due soon", "临近复购", "pipeline", 40, 10, 7}, {"Asked", "已沟通", "best", 60, 10, 6}, {"Promised", "已承诺", "commit", 85, 7, 4},
	                               {NULL, NULL, NULL, 0, 0, 0}}},
};

static enum err put_stage(struct ctx *ctx, int64_t pipeline, const char *name, const char *name_zh, const char *category, const char *forecast,
                          const int numbers[3], int64_t *ret)
{
	struct record *r;
	enum err err = record_new(ctx, registry_find(ctx->registry, "stage"), &r);
	if (err == OK)
		err = set_id(ctx, r, "pipeline_id", pipeline);
	if (err == OK)
		err = set_text(ctx, r, "name", name);
	if (err == OK)
		err = set_text(ctx, r, "name_zh", name_zh);
	if (err == OK)
		err = set_text(ctx, r, "category", category);
	if (err == OK)
		err = set_text(ctx, r, "forecast", forecast);
	if (err == OK)
		err = record_set(ctx, r, "probability", value_int(numbers[0]));
	if (err == OK)
		err = set_id(ctx, r, "days_stuck", numbers[1]);
	if (err == OK)
		err = record_set(ctx, r, "position", value_int(numbers[2]));
	if (err == OK)
		err = record_create(ctx, r, W_TRUSTED);
	*ret = err == OK ? record_id(r) : 0;
	return err;
}

static enum err put_pipeline(struct ctx *ctx, const struct plan *plan, int position, struct line_up *ret)
{
	struct record *r;
	enum err err = record_new(ctx, registry_find(ctx->registry, "pipeline"), &r);
	if (err == OK)
		err = set_text(ctx, r, "name", plan->name);
	if (err == OK)
		err = set_text(ctx, r, "name_zh", plan->name_zh);
	if (err == OK)
		err = record_set(ctx, r, "position", value_int(position));
	if (err == OK)
		err = record_create(ctx, r, W_TRUSTED);
	ret->id = err == OK ? record_id(r) : 0;
	for (ret->n = 0; err == OK && plan->stages[ret->n].name != NULL; ret->n++) {
		const int numbers[3] = {plan->stages[ret->n].chance, plan->stages[ret->n].stuck, (int)ret->n};
		ret->days[ret->n] = plan->stages[ret->n].days;
		err = put_stage(ctx, ret->id, plan->stages[ret->n].name, plan->stages[ret->n].name_zh, "open", plan->stages[ret->n].forecast, numbers, &ret->open[ret->n]);
	}
	const int won[3] = {100, 0, 10}, lost[3] = {0, 0, 11};
	if (err == OK)
		err = put_stage(ctx, ret->id, "Won", "赢单", "won", "commit", won, &ret->won);
	return err == OK ? put_stage(ctx, ret->id, "Lost", "输单", "lost", "omitted", lost, &ret->lost) : err;
}

static enum err read_default(struct ctx *ctx, struct line_up *ret)
{
	size_t n;
	enum err err = read_ids(ctx, "SELECT id FROM pipeline ORDER BY is_default DESC, id LIMIT 1", &ret->id, 1, &n);
	const char *open = arena_printf(ctx->arena, "SELECT id FROM stage WHERE pipeline_id = %lld AND category = 'open' ORDER BY position", (long long)ret->id);
	const char *ended = arena_printf(ctx->arena, "SELECT id FROM stage WHERE pipeline_id = %lld AND category <> 'open' ORDER BY category DESC", (long long)ret->id);
	int64_t ends[2] = {0, 0};
	if (err == OK && (open == NULL || ended == NULL))
		err = fail(ctx, ERR_LIMIT, "", "memory");
	if (err == OK)
		err = read_ids(ctx, open, ret->open, STAGES_MAX, &ret->n);
	if (err == OK)
		err = read_ids(ctx, ended, ends, 2, &n);
	ret->won = ends[0];
	ret->lost = ends[1];
	for (size_t i = 0; i < ret->n; i++)
		ret->days[i] = 9 + (int)(3 * i);
	return err;
}

static enum err set_up(struct ctx *ctx, void *arg)
{
	static const char *const rivals[RIVALS] = {"义乌小商品网", "Gifts & Co", "礼尚汇", "Northern Wholesale"};
	struct selling *s = arg;
	size_t n;
	enum err err = read_default(ctx, &s->pipelines[0]);
	for (size_t i = 0; err == OK && i < sizeof(plans) / sizeof(plans[0]); i++)
		err = put_pipeline(ctx, &plans[i], (int)i + 1, &s->pipelines[i + 1]);
	for (size_t i = 0; err == OK && i < RIVALS; i++) {
		struct record *r;
		err = record_new(ctx, registry_find(ctx->registry, "competitor"), &r);
		if (err == OK)
			err = set_text(ctx, r, "name", rivals[i]);
		if (err == OK)
			err = record_create(ctx, r, W_TRUSTED);
		s->rivals[i] = err == OK ? record_id(r) : 0;
	}
	if (err == OK)
		err = read_ids(ctx, "SELECT id FROM lost_reason ORDER BY position, id", s->reasons, REASONS, &s->n_reasons);
	return err == OK ? read_ids(ctx, "SELECT id FROM \"user\" ORDER BY id LIMIT 1", &s->admin, 1, &n) : err;
}

/* --- deals ----------------------------------------------------------------------------------------- */

static enum err begin_deal(struct story *d)
{
	static const char *const zh[] = {"春节礼盒采购", "企业定制马克杯", "开业伴手礼", "员工生日礼品年框", "中秋礼品方案", "门店陈列灯饰", "婚庆回礼", "会议纪念品", "展会赠品", "环保购物袋定制"};
	static const char *const en[] = {"Christmas gift boxes", "Branded mugs", "Spring window display", "Wedding favours", "Conference give-aways", "Staff anniversary gifts",
	                                 "Lights for two shops", "Paper bags, printed", "Candle range for autumn", "Trade-fair samples"};
	static const char *const sources[] = {"referral", "exhibition", "shop", "call", "web", "visit", "marketplace", "mail"};
	struct ctx *ctx = d->ctx;
	struct record *r;
	uint32_t which = demo_random_below(&d->random, 10);
	int64_t amount = (3000 + (int64_t)demo_random_below(&d->random, 60) * 900 + (demo_random_below(&d->random, 8) == 0 ? 80000 : 0)) * 100;
	enum err err = record_new(ctx, registry_find(ctx->registry, "opportunity"), &r);
	if (err == OK)
		err = set_text(ctx, r, "name", d->buyer->chinese ? zh[which] : en[which]);
	if (err == OK)
		err = set_id(ctx, r, "customer_id", d->buyer->id);
	if (err == OK)
		err = set_id(ctx, r, "owner_id", d->owner);
	if (err == OK)
		err = set_id(ctx, r, "stage_id", d->way->open[0]);
	if (err == OK)
		err = record_set(ctx, r, "amount", value_int(amount));
	if (err == OK)
		err = set_text(ctx, r, "close_on", day_text(ctx, d->began + (int64_t)(40 + demo_random_below(&d->random, 60)) * DAY_MS));
	if (err == OK)
		err = set_text(ctx, r, "source", sources[demo_random_below(&d->random, 8)]);
	if (err == OK)
		err = record_set(ctx, r, "stage_since", value_int(d->began));
	if (err == OK)
		err = record_set(ctx, r, "created_at", value_int(d->began));
	if (err == OK)
		err = record_create(ctx, r, W_TRUSTED | W_KEEP_DATES);
	d->id = err == OK ? record_id(r) : 0;
	return err;
}

static enum err step(struct story *d, int64_t stage, int64_t at_ms, bool ended, bool lost)
{
	struct ctx *ctx = d->ctx;
	const struct selling *s = d->s;
	struct record *r;
	uint32_t among = demo_random_below(&d->random, 2) && s->n_reasons > 3 ? 3 : (uint32_t)s->n_reasons;
	int64_t reason = lost && among > 0 ? s->reasons[demo_random_below(&d->random, among)] : 0;
	int64_t rival = lost && demo_random_below(&d->random, 2) == 0 ? s->rivals[demo_random_below(&d->random, RIVALS)] : 0;
	const struct cell cells[] = {
		{"stage_id", NULL, stage}, {"stage_since", NULL, at_ms}, {"closed_at", NULL, ended ? at_ms : 0}, {"close_on", ended ? day_text(ctx, at_ms) : NULL, 0},
		{"next_step", ended ? NULL : d->buyer->chinese ? "确认数量与交期" : "Agree on quantity and date", 0}, {"lost_reason_id", NULL, reason}, {"competitor_id", NULL, rival},
	};
	enum err err = record_new(ctx, registry_find(ctx->registry, "opportunity"), &r);
	if (err == OK)
		err = fill(ctx, r, cells, sizeof(cells) / sizeof(cells[0]));
	return err == OK ? record_update(ctx, d->id, r, 0, W_TRUSTED, NULL) : err;
}

/* From stage to stage as far as the time since it began goes: some are lost on the way, some stand still. */
static enum err go_on(struct story *d, bool *ret_open)
{
	int64_t at = d->began, now = ctx_now(d->ctx);
	enum err err = OK;
	*ret_open = true;
	for (size_t i = 0; err == OK && *ret_open; i++) {
		at += (int64_t)((0.4 + 1.4 * demo_random_unit(&d->random)) * d->way->days[i] * DAY_MS);
		if (at >= now)
			return OK;
		bool lost = demo_random_below(&d->random, 100) < 16, last = i + 1 == d->way->n;
		*ret_open = !lost && !last;
		err = step(d, lost ? d->way->lost : last ? d->way->won : d->way->open[i + 1], at, lost || last, lost);
	}
	return err;
}

static enum err plan(struct story *d, bool done)
{
	static const struct {
		const char *kind, *zh, *en;
	} things[] = {
		{"call", "电话确认报价", "Call about the offer"}, {"visit", "上门拜访并看样", "Visit with samples"}, {"meeting", "与采购开会", "Meeting with the buyer"},
		{"task", "准备合同", "Prepare the contract"},     {"call", "询问决策进度", "Ask who decides"},
	};
	struct ctx *ctx = d->ctx;
	uint32_t which = demo_random_below(&d->random, 5);
	int64_t hours = 9 + (int64_t)demo_random_below(&d->random, 8), days = (int64_t)demo_random_below(&d->random, 9) - 2;
	int64_t due = (ctx_now(ctx) / DAY_MS + (done ? -1 - (int64_t)demo_random_below(&d->random, 13) : days)) * DAY_MS + hours * HOUR_MS;
	struct record *r;
	const char *about = arena_printf(ctx->arena, "opportunity/%lld", (long long)d->id), *outcome = d->buyer->chinese ? "客户有意向，等内部确认" : "Interested, waits for an internal word";
	const struct cell cells[] = {
		{"about", about, 0}, {"kind", things[which].kind, 0}, {"subject", d->buyer->chinese ? things[which].zh : things[which].en, 0}, {"owner_id", NULL, d->owner},
		{"state", done ? "done" : "planned", 0}, {"due_at", NULL, due}, {"at", NULL, done ? due : 0}, {"direction", done ? "out" : NULL, 0},
		{"outcome", done ? outcome : NULL, 0},
	};
	enum err err = about != NULL ? record_new(ctx, registry_find(ctx->registry, "interaction"), &r) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err == OK)
		err = fill(ctx, r, cells, sizeof(cells) / sizeof(cells[0]));
	return err == OK ? record_create(ctx, r, W_TRUSTED) : err;
}

static enum err make_deals(struct ctx *ctx, void *arg)
{
	const struct selling *s = arg;
	enum err err = OK;
	for (size_t i = s->from; err == OK && i < s->to; i++) {
		struct story d = {.ctx = ctx, .s = s};
		bool open = true;
		demo_random_init(&d.random, SEED + i);
		d.buyer = &s->buyers[demo_random_below(&d.random, (uint32_t)s->n_buyers)];
		d.owner = i % 16 == 0 ? s->admin : d.buyer->owner;
		d.way = &s->pipelines[i % 5 < 2 ? 0 : i % 5 < 4 ? 1 : 2];
		d.began = ctx_now(ctx) - (int64_t)(demo_random_unit(&d.random) * demo_random_unit(&d.random) * 300.0 * DAY_MS) - DAY_MS;
		err = begin_deal(&d);
		if (err == OK)
			err = go_on(&d, &open);
		if (err == OK && open && (demo_random_below(&d.random, 100) < 72))
			err = plan(&d, false);
		if (err == OK && demo_random_below(&d.random, 3) == 0)
			err = plan(&d, true);
	}
	return err;
}

enum err demo_deals(struct ctx *ctx, FILE *progress)
{
	const struct actor *before = ctx->actor;
	struct selling s = {.n_buyers = 0};
	s.buyers = arena_array(ctx->arena, CUSTOMERS, sizeof(*s.buyers));
	if (s.buyers == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	ctx->actor = gate_system();
	enum err err = read_buyers(ctx, &s);
	if (err == OK && s.n_buyers > 0)
		err = store_write(ctx, ctx->store, set_up, &s);
	for (size_t i = 0; err == OK && s.n_buyers > 0 && i < DEALS; i += BATCH) {
		struct arena_mark mark = arena_mark(ctx->arena);
		s.from = i;
		s.to = i + BATCH;
		err = store_write(ctx, ctx->store, make_deals, &s);
		if (err == OK)
			arena_rewind(ctx->arena, mark);
	}
	ctx->actor = before;
	if (err == OK && s.n_buyers > 0)
		fprintf(progress, "%d deals in three pipelines, with what is planned for them\n", DEALS);
	return err;
}
