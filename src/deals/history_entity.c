/* What stood in a deal from when to when: every change of stage, amount, date, chance, category or owner ends one entry and
 * begins the next, so that any moment's forecast can be told again. */
#include "base/str.h"
#include "deals/internal.h"
#include "deals_sql.h"

static const struct field fields[] = {
	{.name = "opportunity_id", .type = FIELD_LINK, .label = {"Deal", "商机"}, .link = "opportunity", .on_delete = DELETE_CASCADE,
	 .flags = F_REQUIRED | F_INDEX},
	{.name = "at", .type = FIELD_TIME, .label = {"From", "开始"}, .flags = F_REQUIRED | F_LIST},
	{.name = "until", .type = FIELD_TIME, .label = {"Until", "结束"}, .flags = F_LIST, .help = {"Empty: it still stands", "留空表示仍有效"}},
	{.name = "what", .type = FIELD_TEXT, .label = {"What changed", "变更内容"}, .max = 120, .flags = F_REQUIRED | F_LIST,
	 .help = {"created, stage, amount, close_on, probability, forecast, owner_id", "created、stage、amount、close_on、probability、forecast、owner_id"}},
	{.name = "by_id", .type = FIELD_LINK, .label = {"By", "操作人"}, .link = "user", .on_delete = DELETE_SET_NULL, .flags = F_LIST},
	{.name = "stage_id", .type = FIELD_LINK, .label = {"Stage", "阶段"}, .link = "stage", .on_delete = DELETE_SET_NULL, .flags = F_LIST},
	{.name = "stage_name", .type = FIELD_TEXT, .label = {"Stage's name", "阶段名称"}, .max = 80, .help = {"As it was called then", "当时的名称"}},
	{.name = "from_stage_id", .type = FIELD_LINK, .label = {"Stage before", "原阶段"}, .link = "stage", .on_delete = DELETE_SET_NULL},
	{.name = "stayed_ms", .type = FIELD_INT, .label = {"Stayed there (ms)", "停留时长（毫秒）"}, .help = {"In the stage before, where the stage changed", "阶段变更时，在原阶段停留的时长"}},
	{.name = "pipeline_id", .type = FIELD_LINK, .label = {"Pipeline", "销售管道"}, .link = "pipeline", .on_delete = DELETE_SET_NULL},
	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .options = deal_states, .flags = F_REQUIRED},
	{.name = "forecast", .type = FIELD_ENUM, .label = {"Forecast category", "预测类别"}, .options = deal_forecasts},
	{.name = "probability", .type = FIELD_INT, .label = {"Probability (%)", "赢率（%）"}},
	{.name = "amount_base", .type = FIELD_MONEY, .label = {"Amount in base currency", "本位币金额"}, .made_from = "amount", .flags = F_LIST},
	{.name = "weighted", .type = FIELD_MONEY, .label = {"Weighted amount", "加权金额"}, .made_from = "amount"},
	{.name = "close_on", .type = FIELD_DATE, .label = {"Expected close", "预计成交日期"}, .made_from = "close_on", .flags = F_LIST},
	{.name = "close_month", .type = FIELD_CODE, .label = {"Month of closing", "成交月份"}, .max = 7, .made_from = "close_on"},
	{.name = "owner_id", .type = FIELD_LINK, .label = {"Owner", "负责人"}, .link = "user", .on_delete = DELETE_SET_NULL},
	{.name = "team_id", .type = FIELD_LINK, .label = {"Team", "团队"}, .link = "team", .on_delete = DELETE_SET_NULL},
	{.name = "branch_id", .type = FIELD_LINK, .label = {"Branch", "分支机构"}, .link = "branch", .on_delete = DELETE_SET_NULL},
};

/* The last two are what a forecast as it was and the reports group by: so the table itself, with all that ever changed, is not read. */
static const char *const indexes[] = {"opportunity_id,at", "pipeline_id,at,from_stage_id,stage_id,state,stayed_ms",
                                      "close_month,state,forecast,at,until,pipeline_id,owner_id,team_id,branch_id,amount_base,weighted", NULL};

const struct entity opportunity_change_entity = {
	.name = "opportunity_change",
	.plural = "opportunity_changes",
	.label = {"History of a deal", "商机变更"},
	.label_many = {"History of the deal", "商机变更"},
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
	.title = "what",
	.parent = "opportunity_id",
	.sort = "at.desc",
	.flags = E_CHILD | E_NO_API_WRITE,
	.indexes = indexes,
};

static bool same(const struct record *a, const struct record *b, const char *field)
{
	return value_equal(record_value(a, field), record_value(b, field));
}

/* The fields that a forecast or a report looks at. */
static const char *what_changed(struct ctx *ctx, const struct record *old, const struct record *now)
{
	static const struct {
		const char *field, *word;
	} watched[] = {
		{"stage_id", "stage"}, {"amount_base", "amount"}, {"close_on", "close_on"}, {"probability", "probability"}, {"forecast", "forecast"},
		{"owner_id", "owner_id"}, {"team_id", "team_id"}, {"branch_id", "branch_id"}, {"weighted", NULL},
	};
	const char *text = old == NULL ? "created" : "";
	bool any = old == NULL;
	for (size_t i = 0; old != NULL && i < sizeof(watched) / sizeof(watched[0]); i++) {
		if (same(old, now, watched[i].field))
			continue;
		any = true;
		if (watched[i].word != NULL && text != NULL)
			text = arena_printf(ctx->arena, "%s%s%s", text, *text != '\0' ? "," : "", watched[i].word);
	}
	return any ? text : NULL;
}

/* When it happened: now, unless the program itself (samples) said when the stage was entered. */
static int64_t moment(const struct ctx *ctx, const struct record *old, const struct record *now)
{
	bool told = ctx->actor != NULL && ctx->actor->kind == ACTOR_SYSTEM && (old == NULL || !same(old, now, "stage_since"));
	return told && record_i64(now, "stage_since") > 0 ? record_i64(now, "stage_since") : ctx_now(ctx);
}

static enum err copy_fields(struct ctx *ctx, const struct record *deal, struct record *entry)
{
	static const char *const copied[] = {"stage_id", "pipeline_id", "state", "forecast", "probability", "amount_base", "weighted", "close_on",
	                                     "close_month", "owner_id", "team_id", "branch_id"};
	enum err err = OK;
	for (size_t i = 0; err == OK && i < sizeof(copied) / sizeof(copied[0]); i++)
		err = record_set(ctx, entry, copied[i], *record_value(deal, copied[i]));
	return err;
}

static enum err set_stage(struct ctx *ctx, const struct record *old, const struct record *now, struct record *entry)
{
	struct record *stage;
	enum err err = record_load(ctx, registry_find(ctx->registry, "stage"), record_i64(now, "stage_id"), &stage);
	if (err == OK)
		err = record_set(ctx, entry, "stage_name", *record_value(stage, "name"));
	if (err != OK || old == NULL || same(old, now, "stage_id"))
		return err;
	err = record_set(ctx, entry, "from_stage_id", *record_value(old, "stage_id"));
	return err == OK ? record_set(ctx, entry, "stayed_ms", value_int(moment(ctx, old, now) - record_i64(old, "stage_since"))) : err;
}

static enum err end_last(struct ctx *ctx, int64_t deal, int64_t at_ms)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_deal_history_end, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, deal);
	stmt_bind_i64(stmt, 2, at_ms);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

enum err deal_history_keep(struct ctx *ctx, const struct record *old, const struct record *now)
{
	struct record *entry;
	const char *what = what_changed(ctx, old, now);
	if (what == NULL)
		return OK;
	enum err err = old != NULL ? end_last(ctx, record_id(now), moment(ctx, old, now)) : OK;
	if (err == OK)
		err = record_new(ctx, registry_find(ctx->registry, "opportunity_change"), &entry);
	if (err == OK)
		err = record_set(ctx, entry, "opportunity_id", value_int(record_id(now)));
	if (err == OK)
		err = record_set(ctx, entry, "at", value_int(moment(ctx, old, now)));
	if (err == OK)
		err = record_set(ctx, entry, "what", value_text(*what != '\0' ? what : "amount"));
	if (err == OK && ctx->actor != NULL && ctx->actor->user_id > 0)
		err = record_set(ctx, entry, "by_id", value_int(ctx->actor->user_id));
	if (err == OK)
		err = copy_fields(ctx, now, entry);
	if (err == OK)
		err = set_stage(ctx, old, now, entry);
	return err == OK ? record_create(ctx, entry, W_TRUSTED | W_NO_SEARCH) : err;
}
