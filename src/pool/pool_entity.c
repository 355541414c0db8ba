/* Pools, the rules that fill them, exceptions, the cards people see, and who held whom. */
#include <string.h>

#include "base/str.h"
#include "pool/pool_internal.h"
#include "pool_sql.h"

enum { ASK_ABOVE = 20 };

static bool same(const struct record *a, const struct record *b, const char *field)
{
	return a != NULL && value_equal(record_value(a, field), record_value(b, field));
}

static enum err check_condition(struct ctx *ctx, const struct record *old, const struct record *now, const char *field)
{
	struct condition *condition;
	const char *text = record_text(now, field);
	if (text == NULL || same(old, now, field))
		return OK;
	return condition_parse(ctx, registry_find(ctx->registry, "customer"), text, &condition);
}

/* --- pools ----------------------------------------------------------------------------- */

static const struct field pool_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 80, .flags = F_REQUIRED | F_UNIQUE | F_LIST},
	{.name = "condition", .type = FIELD_JSON, .label = {"Takes customers with", "归入条件"}, .max = 20000, .asks = "customer", .flags = F_NAMES,
	 .help = {"Empty: all; the first pool that fits takes them", "留空为全部客户；按顺序归入第一个符合的公海"}},
	{.name = "takes_free", .type = FIELD_BOOL, .label = {"Takes those without an owner", "收入无主客户"}, .fallback = "false",
	 .help = {"Also customers who came to nobody, by an import or from a shop", "包括导入或商城中没有负责人的客户"}},
	{.name = "branch_id", .type = FIELD_LINK, .label = {"For people of", "适用机构"}, .link = "branch", .on_delete = DELETE_RESTRICT, .flags = F_LIST,
	 .help = {"Only they take from it; empty: everybody", "仅该机构人员可领取；留空为所有人"}},
	{.name = "position", .type = FIELD_INT, .label = {"Order", "顺序"}, .fallback = "0", .least = "0", .most = "10000"},
	{.name = "hold_max", .type = FIELD_INT, .label = {"One may have at most", "持有上限"}, .least = "1", .most = "100000", .flags = F_LIST,
	 .help = {"Customers; empty: any number", "客户数；留空不限"}},
	{.name = "hold_condition", .type = FIELD_JSON, .label = {"Of these count", "计入持有数的客户"}, .max = 20000, .asks = "customer", .flags = F_NAMES,
	 .help = {"Empty: all customers one has", "留空为名下全部客户"}},
	{.name = "claims_a_day", .type = FIELD_INT, .label = {"Taken a day by one", "每人每日领取上限"}, .fallback = "10", .least = "0", .most = "10000", .flags = F_LIST},
	{.name = "looks_a_day", .type = FIELD_INT, .label = {"Looked at a day by one", "每人每日查看上限"}, .fallback = "50", .least = "0", .most = "10000", .flags = F_LIST},
	{.name = "lock_days", .type = FIELD_INT, .label = {"Who had it waits (days)", "原负责人锁定天数"}, .fallback = "7", .least = "0", .most = "3650", .flags = F_LIST,
	 .help = {"Before taking it again", "锁定期内原负责人不能再领取"}},
	{.name = "hidden", .type = FIELD_JSON, .label = {"Not shown in the pool", "公海中隐藏的字段"}, .max = 4000, .flags = F_NAMES, .fallback = "[\"phone\",\"email\"]",
	 .help = {"Fields of customers", "客户字段"}},
	{.name = "note", .type = FIELD_NOTE, .label = {"Note", "备注"}},
	{.name = "active", .type = FIELD_BOOL, .label = {"In use", "启用"}, .fallback = "true", .flags = F_LIST},
};

static enum err before_pool(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	bool *hidden;
	(void)entity;
	if (now == NULL)
		return OK;
	enum err err = check_condition(ctx, old, now, "condition");
	if (err == OK)
		err = check_condition(ctx, old, now, "hold_condition");
	return err == OK && !same(old, now, "hidden") ? pool_hidden(ctx, now, &hidden) : err;
}

/* Cards show what the pool now lets them. */
static enum err after_pool(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	(void)entity;
	if (old == NULL || now == NULL || (same(old, now, "hidden") && same(old, now, "branch_id")))
		return OK;
	enum { CARDS_MAX = 100000 };
	struct stmt *stmt;
	bool row = true;
	size_t n = 0;
	int64_t id = record_id(now), *ids = arena_array(ctx->arena, CARDS_MAX, sizeof(*ids));
	enum err err = ids != NULL ? db_prepare(ctx, ctx->db, &sql_pool_customers, &stmt) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	while (n < CARDS_MAX && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		ids[n++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	for (size_t i = 0; err == OK && i < n; i++)
		err = pool_card(ctx, ids[i]);
	return err;
}

const struct entity pool_entity = {
	.name = "pool", .plural = "pools", .label = {"Pool", "公海"}, .label_many = {"Pools", "公海"}, .fields = pool_fields,
	.n_fields = sizeof(pool_fields) / sizeof(pool_fields[0]), .title = "name", .sort = "position", .icon = "pool",
	.hooks = {.before = before_pool, .after = after_pool},
};

/* --- rules that recall ------------------------------------------------------------------------ */

static const struct field rule_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 120, .flags = F_REQUIRED | F_UNIQUE | F_LIST,
	 .help = {"Read by who loses the customer", "失去客户的人会看到"}},
	{.name = "condition", .type = FIELD_JSON, .label = {"Falls when", "回收条件"}, .max = 20000, .asks = "customer", .flags = F_NAMES, .help = {"Empty: nobody falls", "留空则不回收"}},
	{.name = "pool_id", .type = FIELD_LINK, .label = {"Into the pool", "回收到"}, .link = "pool", .on_delete = DELETE_RESTRICT, .flags = F_LIST | F_INDEX,
	 .help = {"Empty: the first that takes it", "留空：归入第一个符合的公海"}},
	{.name = "remind_days", .type = FIELD_INT, .label = {"Remind before (days)", "提前提醒天数"}, .fallback = "3", .least = "0", .most = "365", .flags = F_LIST},
	{.name = "day_max", .type = FIELD_INT, .label = {"At most a day", "每日回收上限"}, .fallback = "500", .least = "1", .most = "1000000",
	 .help = {"The rest falls the next day", "超出部分次日回收"}},
	{.name = "position", .type = FIELD_INT, .label = {"Order", "顺序"}, .fallback = "0", .least = "0", .most = "10000"},
	{.name = "confirmed", .type = FIELD_INT, .label = {"May recall at once", "确认立即回收数"}, .least = "0",
	 .help = {"Where many would fall at once: their number, as one was told", "一次回收较多时，填写系统提示的数量以确认"}},
	{.name = "active", .type = FIELD_BOOL, .label = {"In use", "启用"}, .fallback = "true", .flags = F_LIST},
};

/* A slip of the pen would take everybody's customers away: where many would fall, or all, their number is asked for. */
static enum err ask_number(struct ctx *ctx, const struct record *old, const struct record *now)
{
	int64_t n, all;
	if (record_i64(now, "active") == 0 || record_text(now, "condition") == NULL || (same(old, now, "condition") && same(old, now, "active")))
		return OK;
	enum err err = pool_count(ctx, record_text(now, "condition"), 0, &n, &all);
	if (err != OK || n == 0 || (n <= ASK_ABOVE && n < all) || record_i64(now, "confirmed") >= n)
		return err;
	const char *text = arena_printf(ctx->arena, "%lld", (long long)n);
	return fail_arg(ctx, ERR_CONFLICT, "confirmed", n == all ? "pool_takes_all" : "pool_takes_many", text ? text : "");
}

static enum err before_rule(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	if (now == NULL)
		return OK;
	enum err err = check_condition(ctx, old, now, "condition");
	return err == OK ? ask_number(ctx, old, now) : err;
}

const struct entity pool_rule_entity = {
	.name = "pool_rule", .plural = "pool_rules", .label = {"Recall rule", "回收规则"}, .label_many = {"Recall rules", "回收规则"}, .fields = rule_fields,
	.n_fields = sizeof(rule_fields) / sizeof(rule_fields[0]), .title = "name", .sort = "position", .icon = "pool", .hooks = {.before = before_rule},
};

/* --- exceptions ----------------------------------------------------------------------------------- */

static const struct field exempt_fields[] = {
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Customer", "客户"}, .link = "customer", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_INDEX | F_INSERT_ONLY | F_LIST},
	{.name = "reason", .type = FIELD_TEXT, .label = {"Why it stays", "保留原因"}, .max = 300, .min = 2, .flags = F_REQUIRED | F_LIST},
	{.name = "until", .type = FIELD_DATE, .label = {"Until", "截止日期"}, .flags = F_LIST, .help = {"Empty: for good", "留空为长期"}},
};

const struct entity pool_exempt_entity = {
	.name = "pool_exempt", .plural = "pool_exempts", .label = {"Exception from recall", "回收例外"}, .label_many = {"Exceptions from recall", "回收例外"},
	.fields = exempt_fields, .n_fields = sizeof(exempt_fields) / sizeof(exempt_fields[0]), .title = "reason", .parent = "customer_id", .sort = "id.desc",
	.flags = E_CHILD,
};

/* --- cards ------------------------------------------------------------------------------------------- */

static const struct option kinds[] = {{"person", {"Person", "个人客户"}, NULL}, {"company", {"Company", "企业客户"}, NULL}, {NULL, {NULL, NULL}, NULL}};

static const struct option stages[] = {
	{"prospect", {"Prospect", "潜在"}, "info"}, {"trading", {"Trading", "交易"}, "good"}, {"loyal", {"Loyal", "忠诚"}, "good"},
	{"lost", {"Lost", "流失"}, "bad"},          {NULL, {NULL, NULL}, NULL},
};

static const struct option levels[] = {
	{"vip", {"VIP", "贵宾"}, "good"},           {"prime", {"Prime", "优质"}, "good"},          {"main", {"Main", "主要"}, "info"},
	{"ordinary", {"Ordinary", "普通"}, "quiet"}, {"potential", {"Potential", "潜力"}, "info"}, {"restricted", {"Restricted", "限制"}, "bad"},
	{NULL, {NULL, NULL}, NULL},
};

#define SHOWN(name_, type_, en, zh, ...) {.name = name_, .type = type_, .label = {en, zh}, .made_from = "customer." name_, __VA_ARGS__}

static const struct field entry_fields[] = {
	SHOWN("name", FIELD_TEXT, "Name", "姓名/名称", .max = 120, .flags = F_READONLY | F_LIST | F_SEARCH | F_PERSONAL),
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Customer", "客户"}, .link = "customer", .on_delete = DELETE_CASCADE,
	 .flags = F_REQUIRED | F_UNIQUE | F_READONLY},
	{.name = "pool_id", .type = FIELD_LINK, .label = {"Pool", "公海"}, .link = "pool", .on_delete = DELETE_RESTRICT, .flags = F_REQUIRED | F_INDEX | F_READONLY | F_LIST},
	{.name = "branch_id", .type = FIELD_LINK, .label = {"For people of", "适用机构"}, .link = "branch", .on_delete = DELETE_RESTRICT, .flags = F_INDEX | F_READONLY},
	SHOWN("kind", FIELD_ENUM, "Kind", "客户类型", .options = kinds, .flags = F_READONLY),
	SHOWN("city", FIELD_TEXT, "City", "城市", .max = 80, .flags = F_READONLY | F_LIST | F_INDEX),
	SHOWN("province", FIELD_TEXT, "Province", "省/州", .max = 80, .flags = F_READONLY),
	SHOWN("industry", FIELD_TEXT, "Line of business", "所属行业", .max = 80, .flags = F_READONLY),
	SHOWN("level", FIELD_ENUM, "Level", "级别", .options = levels, .flags = F_READONLY | F_LIST | F_INDEX),
	SHOWN("stage", FIELD_ENUM, "Stage", "阶段", .options = stages, .flags = F_READONLY | F_LIST),
	SHOWN("orders_count", FIELD_INT, "Orders", "订单数", .flags = F_READONLY | F_LIST),
	SHOWN("orders_total", FIELD_MONEY, "Spent", "累计消费", .flags = F_READONLY | F_LIST | F_SORT),
	SHOWN("last_order_at", FIELD_TIME, "Last order", "最近下单", .flags = F_READONLY),
	SHOWN("last_contact_at", FIELD_TIME, "Last contact", "最近联系", .flags = F_READONLY),
	{.name = "fell_at", .type = FIELD_TIME, .label = {"In the pool since", "进入公海时间"}, .flags = F_READONLY | F_LIST | F_SORT | F_REQUIRED},
	{.name = "why", .type = FIELD_TEXT, .label = {"Why", "原因"}, .max = 400, .flags = F_READONLY | F_LIST},
	{.name = "from_id", .type = FIELD_LINK, .label = {"Was with", "原负责人"}, .link = "user", .on_delete = DELETE_SET_NULL, .flags = F_READONLY | F_INDEX},
	{.name = "locked_until", .type = FIELD_TIME, .label = {"Closed to them until", "原负责人锁定至"}, .flags = F_READONLY},
};

static const char *const entry_indexes[] = {"pool_id,fell_at", NULL};

const struct entity pool_entry_entity = {
	.name = "pool_entry", .plural = "pool_entries", .label = {"Customer in the pool", "公海客户"}, .label_many = {"Customers in the pool", "公海客户"},
	.fields = entry_fields, .n_fields = sizeof(entry_fields) / sizeof(entry_fields[0]), .title = "name", .subtitle = "city", .branch = "branch_id",
	.sort = "fell_at.desc", .icon = "pool", .flags = E_NO_API_WRITE, .search_rank = 40, .indexes = entry_indexes,
};

/* --- who held whom ---------------------------------------------------------------------------------------- */

static const struct option moves[] = {
	{"fell", {"Fell", "被回收"}, "warn"},           {"given_back", {"Given back", "退回"}, "info"}, {"arrived", {"Came without an owner", "无主进入"}, "quiet"},
	{"claimed", {"Taken", "领取"}, "good"},         {"assigned", {"Assigned", "分配"}, "good"},    {NULL, {NULL, NULL}, NULL},
};

static const struct field move_fields[] = {
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Customer", "客户"}, .link = "customer", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_INDEX | F_READONLY | F_LIST},
	{.name = "kind", .type = FIELD_ENUM, .label = {"What", "动作"}, .options = moves, .flags = F_REQUIRED | F_READONLY | F_LIST},
	{.name = "pool_id", .type = FIELD_LINK, .label = {"Pool", "公海"}, .link = "pool", .on_delete = DELETE_RESTRICT, .flags = F_READONLY | F_INDEX | F_LIST},
	{.name = "from_id", .type = FIELD_LINK, .label = {"From", "原负责人"}, .link = "user", .on_delete = DELETE_SET_NULL, .flags = F_READONLY | F_INDEX | F_LIST},
	{.name = "to_id", .type = FIELD_LINK, .label = {"To", "新负责人"}, .link = "user", .on_delete = DELETE_SET_NULL, .flags = F_READONLY | F_INDEX | F_LIST},
	{.name = "rule_id", .type = FIELD_LINK, .label = {"By the rule", "回收规则"}, .link = "pool_rule", .on_delete = DELETE_SET_NULL, .flags = F_READONLY | F_INDEX},
	{.name = "reason", .type = FIELD_TEXT, .label = {"Why", "原因"}, .max = 400, .flags = F_READONLY | F_LIST},
	{.name = "why", .type = FIELD_JSON, .label = {"What the rule saw", "规则依据"}, .max = 20000, .flags = F_READONLY},
};

static const char *const move_indexes[] = {"to_id,created_at", "rule_id,created_at", "pool_id,created_at", NULL};

const struct entity pool_move_entity = {
	.name = "pool_move", .plural = "pool_moves", .label = {"Pool history", "公海流转记录"}, .label_many = {"Pool history", "公海流转记录"}, .fields = move_fields,
	.n_fields = sizeof(move_fields) / sizeof(move_fields[0]), .title = "reason", .parent = "customer_id", .sort = "id.desc",
	.flags = E_CHILD | E_NO_API_WRITE, .indexes = move_indexes,
};

/* Who looked at whom on which day: counted against the limit, kept for who asks later. */
static const struct field look_fields[] = {
	{.name = "user_id", .type = FIELD_LINK, .label = {"Who", "查看人"}, .link = "user", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_READONLY | F_LIST},
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Customer", "客户"}, .link = "customer", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_READONLY | F_LIST | F_INDEX},
	{.name = "pool_id", .type = FIELD_LINK, .label = {"Pool", "公海"}, .link = "pool", .on_delete = DELETE_CASCADE, .flags = F_READONLY | F_LIST | F_INDEX},
	{.name = "day_at", .type = FIELD_TIME, .label = {"Day", "日期"}, .flags = F_REQUIRED | F_READONLY | F_LIST},
};

static const char *const look_indexes[] = {"unique user_id,day_at,customer_id", NULL};

const struct entity pool_look_entity = {
	.name = "pool_look", .plural = "pool_looks", .label = {"Look into the pool", "公海查看记录"}, .label_many = {"Looks into the pool", "公海查看记录"},
	.fields = look_fields, .n_fields = sizeof(look_fields) / sizeof(look_fields[0]), .title = "day_at", .parent = "customer_id", .sort = "id.desc",
	.flags = E_CHILD | E_NO_API_WRITE, .indexes = look_indexes,
};

/* Who is going to lose a customer, and when, unless something happens. */
static const struct field warning_fields[] = {
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Customer", "客户"}, .link = "customer", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_UNIQUE | F_READONLY | F_LIST},
	{.name = "owner_id", .type = FIELD_LINK, .label = {"Owner", "负责人"}, .link = "user", .on_delete = DELETE_CASCADE, .flags = F_READONLY | F_LIST},
	{.name = "rule_id", .type = FIELD_LINK, .label = {"By the rule", "回收规则"}, .link = "pool_rule", .on_delete = DELETE_CASCADE, .flags = F_READONLY | F_LIST | F_INDEX},
	{.name = "falls_at", .type = FIELD_TIME, .label = {"Falls", "回收时间"}, .flags = F_REQUIRED | F_READONLY | F_LIST | F_SORT},
};

static const char *const warning_indexes[] = {"owner_id,falls_at", NULL};

const struct entity pool_warning_entity = {
	.name = "pool_warning", .plural = "pool_warnings", .label = {"About to fall", "即将回收"}, .label_many = {"About to fall", "即将回收"},
	.fields = warning_fields, .n_fields = sizeof(warning_fields) / sizeof(warning_fields[0]), .title = "falls_at", .parent = "customer_id", .sort = "falls_at.asc",
	.flags = E_CHILD | E_NO_API_WRITE, .indexes = warning_indexes,
};
