/* The parts of src/returns, and the reasons and the rule that a firm begins with. */
#include "core/manifest/manifest.h"
#include "core/sequence/sequence.h"
#include "core/store/store.h"
#include "returns/returns_internal.h"
#include "returns_sql.h"

static const struct entity *const entities[] = {&return_reason_entity, &return_policy_entity, &goods_return_entity, &return_line_entity, NULL};

const struct route returns_routes[] = {
	{.method = METHOD_POST, .pattern = "/api/v1/returns/apply", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = return_apply_post, .specs = return_apply_specs,
	 .doc = "Applies for a return of lines of an order, by its id or number"},
	{.method = METHOD_GET, .pattern = "/api/v1/order/*/returnable", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = return_order_get,
	 .doc = "Lines of an order: what may still go back of each, and until when by the rules"},
	{.method = METHOD_POST, .pattern = "/api/v1/goods_return/*/receive", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = return_receive_post, .specs = return_receive_specs,
	 .doc = "What came and in which condition, of every line"},
	{.method = METHOD_POST, .pattern = "/api/v1/goods_return/*/refund", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = return_refund_post, .specs = return_refund_specs,
	 .doc = "Gives money back for what came, at most what was paid; booked as an order of the kind return"},
	{.method = METHOD_POST, .pattern = "/api/v1/goods_return/*/exchange", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = return_exchange_post,
	 .doc = "Makes the order by which what came is exchanged"},
	{.pattern = NULL},
};

static const struct route *const routes[] = {returns_routes, NULL};

/* Reasons and rules have no owner and are reached by "all" alone. */
static const struct role_right rights[] = {
	{"manager", "return_reason", "aaa-aa"}, {"manager", "return_policy", "aaa-aa"}, {"sales", "return_reason", "a-----"}, {"sales", "return_policy", "a-----"},
	{"service", "return_reason", "a-----"}, {"service", "return_policy", "a-----"}, {"service", "goods_return", "aaa-a-"}, {"service", "return_line", "aaaaa-"}, {0},
};

#define GROUP {"Returns", "退换货"}

const struct setting returns_settings[] = {
	[RETURNS_DECIDE] = {.name = "returns.days_decide", .type = SETTING_INT, .min = 0, .max = 365, .fallback = "2", .group = GROUP,
		.label = {"Days to agree or refuse", "审核时限（天）"}},
	[RETURNS_SEND] = {.name = "returns.days_send", .type = SETTING_INT, .min = 0, .max = 365, .fallback = "7", .group = GROUP,
		.label = {"Days until the customer sends it back", "客户寄回时限（天）"}},
	[RETURNS_ARRIVE] = {.name = "returns.days_arrive", .type = SETTING_INT, .min = 0, .max = 365, .fallback = "10", .group = GROUP,
		.label = {"Days on the way back", "退货在途时限（天）"}},
	[RETURNS_SETTLE] = {.name = "returns.days_settle", .type = SETTING_INT, .min = 0, .max = 365, .fallback = "3", .group = GROUP,
		.label = {"Days from arrival to money back, exchange or repair", "收货后处理时限（天）"}},
	[RETURNS_NUMBER] = {.name = "returns.number", SEQUENCE_SETTING, .fallback = "RT{id}", .group = {"Numbers", "编号规则"},
		.label = {"Return numbers", "退货单编号"},
		.help = {"Such as RT-{yyyy}-{00000}: {yyyy} {yy} {mm} {dd} of the day, {branch} code, {00000} a count.",
			"如 RT-{yyyy}-{00000}：{yyyy} {yy} {mm} {dd} 为当日，{branch} 为机构代码，{00000} 为计数。"}},
	[RETURNS_SETTINGS] = {.name = NULL},
};

/* --- to begin with ----------------------------------------------------------------------------------------- */

static enum err put_reason(struct ctx *ctx, const char *const words[3], bool ours, int64_t position)
{
	struct record *r;
	enum err err = record_new(ctx, registry_find(ctx->registry, return_reason_entity.name), &r);
	static const char *const names[] = {"key", "name", "name_zh"};
	for (int i = 0; err == OK && i < 3; i++)
		err = record_set(ctx, r, names[i], value_text(words[i]));
	if (err == OK)
		err = record_set(ctx, r, "firm_fault", value_int(ours ? 1 : 0));
	if (err == OK)
		err = record_set(ctx, r, "position", value_int(position));
	return err == OK ? record_create(ctx, r, W_TRUSTED | W_NO_SEARCH) : err;
}

static enum err put_all(struct ctx *ctx)
{
	static const struct {
		const char *words[3];
		bool ours;
	} reasons[] = {
		{{"changed_mind", "Changed my mind", "不想要了"}, false}, {{"wrong_size", "Wrong size or colour", "尺码或颜色不合适"}, false},
		{{"not_as_described", "Not as described", "与描述不符"}, true}, {{"defective", "Defective", "质量问题"}, true},
		{{"damaged", "Damaged on the way", "运输破损"}, true}, {{"wrong_item", "Wrong item sent", "发错货"}, true},
		{{"too_late", "Arrived too late", "到货太晚"}, true}, {{"other", "Other", "其他"}, false},
	};
	struct record *r;
	enum err err = OK;
	for (size_t i = 0; err == OK && i < sizeof(reasons) / sizeof(reasons[0]); i++)
		err = put_reason(ctx, reasons[i].words, reasons[i].ours, (int64_t)i);
	if (err == OK)
		err = record_new(ctx, registry_find(ctx->registry, return_policy_entity.name), &r);
	if (err == OK)
		err = record_set(ctx, r, "name", value_text("7 days without reason · 七天无理由"));
	return err == OK ? record_create(ctx, r, W_TRUSTED | W_NO_SEARCH) : err;
}

static enum err begin(struct ctx *ctx, void *arg)
{
	struct stmt *stmt;
	bool row = false;
	(void)arg;
	enum err err = db_prepare(ctx, ctx->db, &sql_return_reasons_any, &stmt);
	if (err != OK)
		return err;
	err = stmt_step(ctx, stmt, &row);
	bool none = err == OK && row && stmt_i64(stmt, 0) == 0;
	stmt_done(stmt);
	const struct actor *before = ctx->actor;
	ctx->actor = gate_system();
	if (err == OK && none)
		err = put_all(ctx);
	ctx->actor = before;
	return err;
}

static const struct migration steps[] = {{1, "reasons and a rule to begin with", NULL, NULL, begin}};

/* --- what is counted ---------------------------------------------------------------------------------------- */

static const struct star_measure return_measures[] = {
	{.name = "returns", .label = {"Returns", "退换货单数"}, .kind = STAR_COUNT},
	{.name = "orders", .label = {"Orders with a return", "有退换货的订单数"}, .kind = STAR_DIFFERENT, .of = "order_id"},
	{.name = "customers", .label = {"Customers who returned", "退换货客户数"}, .kind = STAR_DIFFERENT, .of = "customer_id"},
	{.name = NULL},
};

static const struct star_measure line_measures[] = {
	{.name = "items", .label = {"Returned items", "退货明细数"}, .kind = STAR_COUNT},
	{.name = "quantity", .label = {"Quantity returned", "退货数量"}, .kind = STAR_SUM, .of = "quantity"},
	{.name = "products", .label = {"Products that came back", "被退商品种数"}, .kind = STAR_DIFFERENT, .of = "product_id"},
	{.name = NULL},
};

const struct star_table returns_stars[] = {
	{.entity = "return_reason", .texts = "name,name_zh"},
	{.entity = "goods_return", .kept = "customer_id", .moment = "requested_at", .uncounted = "state=refused,withdrawn", .measures = return_measures},
	{.entity = "return_line", .carried = "return_id", .kept = "product_id,received", .moment = "return_id.requested_at", .uncounted = "return_id.state=refused,withdrawn",
	 .measures = line_measures},
	{.entity = NULL},
};

extern const struct manifest returns_manifest;
const struct manifest returns_manifest = {
	.name = "returns", .entities = entities, .routes = routes, .reactions = returns_reactions, .rights = rights, .settings = returns_settings, .stars = returns_stars,
	.steps = steps, .n_steps = 1,
};
