/* Stages of customers by rules (潜在/交易/忠诚/流失): the first rule that fits says the stage. */
#include <string.h>

#include "base/jsonw.h"
#include "base/str.h"
#include "core/rest/query.h"
#include "pool/pool_internal.h"
#include "pool_sql.h"

static const struct option stages[] = {
	{"prospect", {"Prospect", "潜在"}, "info"}, {"trading", {"Trading", "交易"}, "good"}, {"loyal", {"Loyal", "忠诚"}, "good"},
	{"lost", {"Lost", "流失"}, "bad"},          {NULL, {NULL, NULL}, NULL},
};

static const struct field rule_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 120, .flags = F_REQUIRED | F_UNIQUE | F_LIST},
	{.name = "stage", .type = FIELD_ENUM, .label = {"Becomes", "进入阶段"}, .options = stages, .flags = F_REQUIRED | F_LIST},
	{.name = "condition", .type = FIELD_JSON, .label = {"When", "条件"}, .max = 20000, .asks = "customer", .flags = F_NAMES, .help = {"Empty: all others", "留空为其余全部客户"}},
	{.name = "reason", .type = FIELD_TEXT, .label = {"Reason for the lost", "流失原因"}, .max = 200, .help = {"Kept with those who are lost; empty: the name", "记入流失客户；留空则用名称"}},
	{.name = "position", .type = FIELD_INT, .label = {"Order", "顺序"}, .fallback = "0", .least = "0", .most = "10000", .flags = F_LIST,
	 .help = {"The first rule that fits holds", "按顺序取第一条符合的规则"}},
	{.name = "active", .type = FIELD_BOOL, .label = {"In use", "启用"}, .fallback = "true", .flags = F_LIST},
};

static enum err before_rule(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	struct condition *condition;
	(void)entity;
	if (now == NULL || record_text(now, "condition") == NULL || (old != NULL && value_equal(record_value(old, "condition"), record_value(now, "condition"))))
		return OK;
	return condition_parse(ctx, registry_find(ctx->registry, "customer"), record_text(now, "condition"), &condition);
}

const struct entity stage_rule_entity = {
	.name = "stage_rule", .plural = "stage_rules", .label = {"Stage rule", "阶段规则"}, .label_many = {"Stage rules", "阶段规则"}, .fields = rule_fields,
	.n_fields = sizeof(rule_fields) / sizeof(rule_fields[0]), .title = "name", .sort = "position", .icon = "stage", .hooks = {.before = before_rule},
};

static const struct field move_fields[] = {
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Customer", "客户"}, .link = "customer", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_INDEX | F_READONLY | F_LIST},
	{.name = "from_stage", .type = FIELD_ENUM, .label = {"From", "原阶段"}, .options = stages, .made_from = "customer.stage", .flags = F_READONLY | F_LIST},
	{.name = "to_stage", .type = FIELD_ENUM, .label = {"To", "新阶段"}, .options = stages, .made_from = "customer.stage", .flags = F_READONLY | F_LIST},
	{.name = "rule_id", .type = FIELD_LINK, .label = {"By the rule", "阶段规则"}, .link = "stage_rule", .on_delete = DELETE_SET_NULL,
	 .made_from = "customer.stage_rule_id", .flags = F_READONLY | F_INDEX | F_LIST},
	{.name = "reason", .type = FIELD_TEXT, .label = {"Why", "原因"}, .max = 300, .made_from = "customer.lost_reason", .flags = F_READONLY | F_LIST},
};

const struct entity stage_move_entity = {
	.name = "stage_move", .plural = "stage_moves", .label = {"Stage history", "阶段变化"}, .label_many = {"Stage history", "阶段变化"}, .fields = move_fields,
	.n_fields = sizeof(move_fields) / sizeof(move_fields[0]), .title = "to_stage", .parent = "customer_id", .sort = "id.desc", .flags = E_CHILD | E_NO_API_WRITE,
};

/* --- what the rules would do ----------------------------------------------------------------------- */

struct rule {
	const char *name, *stage, *text;
	int64_t id;
};

static enum err read_all(struct ctx *ctx, struct rule *list, size_t *ret_n)
{
	struct stmt *stmt;
	bool row = true;
	*ret_n = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_stage_rule_all, &stmt);
	if (err != OK)
		return err;
	while (*ret_n < POOL_RULES_MAX && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		list[(*ret_n)++] = (struct rule){pool_text(ctx, stmt, 1), pool_text(ctx, stmt, 2),
		                                 pool_text(ctx, stmt, 3), stmt_i64(stmt, 0)};
	stmt_done(stmt);
	return err;
}

static enum err count(struct ctx *ctx, const char *text, int64_t *ret)
{
	struct condition *condition;
	struct query *query;
	bool capped;
	enum err err = condition_parse(ctx, registry_find(ctx->registry, "customer"), text, &condition);
	if (err == OK)
		err = query_of_condition(ctx, condition, ACTION_READ, &query);
	return err == OK ? query_count(ctx, query, 10000000, ret, &capped) : err;
}

/* Rule `at` fits, none before it does, and the stage is `from`. */
static enum err count_moves(struct ctx *ctx, const struct rule *list, size_t at, const char *from, int64_t *ret)
{
	struct buf text;
	buf_init(&text, 4 * CONDITION_TEXT_MAX);
	buf_printf(&text, "{\"all\":[{\"field\":\"stage\",\"op\":\"eq\",\"value\":\"%s\"}", from);
	if (list[at].text != NULL)
		buf_printf(&text, ",%s", list[at].text);
	for (size_t i = 0; i < at; i++)
		buf_printf(&text, ",{\"not\":%s}", list[i].text != NULL ? list[i].text : "{\"all\":[]}");
	buf_puts(&text, "]}");
	const char *json = buf_failed(&text) ? NULL : arena_strdup(ctx->arena, buf_text(&text));
	buf_release(&text);
	return json != NULL ? count(ctx, json, ret) : fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err put_rule(struct ctx *ctx, struct jsonw *w, const struct rule *list, size_t at)
{
	int64_t n = 0;
	enum err err = OK;
	jsonw_object(w);
	jsonw_kv_id(w, "id", list[at].id);
	jsonw_kv_text(w, "name", list[at].name);
	jsonw_kv_text(w, "stage", list[at].stage);
	jsonw_key(w, "from");
	jsonw_object(w);
	for (const struct option *o = stages; err == OK && o->value != NULL; o++) {
		err = count_moves(ctx, list, at, o->value, &n);
		jsonw_kv_int(w, o->value, n);
	}
	jsonw_end_object(w);
	jsonw_end_object(w);
	return err;
}

static enum err preview(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct rule *list = arena_array(ctx->arena, POOL_RULES_MAX, sizeof(*list));
	struct jsonw w;
	size_t n = 0;
	(void)req;
	if (entity_scope(ctx->actor, registry_find(ctx->registry, "stage_rule"), ACTION_READ) == SCOPE_NONE ||
	    entity_scope(ctx->actor, registry_find(ctx->registry, "customer"), ACTION_READ) == SCOPE_NONE)
		return fail_arg(ctx, ERR_FORBIDDEN, "", "forbidden", "stage_rule");
	enum err err = list != NULL ? read_all(ctx, list, &n) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_key(&w, "rules");
	jsonw_array(&w);
	for (size_t i = 0; err == OK && i < n; i++)
		err = put_rule(ctx, &w, list, i);
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	return err;
}

const struct route lifecycle_routes[] = {
	{.method = METHOD_GET, .pattern = "/api/v1/lifecycle/preview", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = preview,
	 .doc = "How many customers each stage rule, those not in use too, takes from which stage"},
	{.pattern = NULL},
};
