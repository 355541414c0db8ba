/* Pipelines and their stages, why deals are lost and to whom. */
#include <jansson.h>

#include "base/str.h"
#include "deals/internal.h"
#include "deals_sql.h"

const struct option deal_states[] = {
	{"open", {"Open", "进行中"}, "info"},
	{"won", {"Won", "赢单"}, "good"},
	{"lost", {"Lost", "输单"}, "bad"},
	{NULL, {NULL, NULL}, NULL},
};

const struct option deal_forecasts[] = {
	{"pipeline", {"Pipeline", "跟进中"}, "quiet"},
	{"best", {"Best case", "最好情况"}, "info"},
	{"commit", {"Committed", "承诺"}, "good"},
	{"omitted", {"Left out", "不计入"}, "quiet"},
	{NULL, {NULL, NULL}, NULL},
};

static const struct field pipeline_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 80, .flags = F_REQUIRED | F_UNIQUE | F_LIST},
	{.name = "name_zh", .type = FIELD_TEXT, .label = {"Name in Chinese", "中文名称"}, .max = 80, .flags = F_LIST},
	{.name = "position", .type = FIELD_INT, .label = {"Order", "顺序"}, .fallback = "0", .flags = F_LIST},
	{.name = "is_default", .type = FIELD_BOOL, .label = {"For new deals", "新商机默认"}, .fallback = "false", .flags = F_LIST},
	{.name = "active", .type = FIELD_BOOL, .label = {"In use", "启用"}, .fallback = "true", .flags = F_LIST},
	{.name = "note", .type = FIELD_NOTE, .label = {"What it is for", "用途"}, .max = 1000},
};

/* There is one pipeline for new deals. */
static enum err pipeline_after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	(void)entity;
	(void)old;
	if (now == NULL || record_i64(now, "is_default") == 0)
		return OK;
	return deal_ask(ctx, &sql_pipeline_one_default, record_id(now), NULL);
}

const struct entity pipeline_entity = {
	.name = "pipeline",
	.plural = "pipelines",
	.label = {"Pipeline", "销售管道"},
	.label_many = {"Pipelines", "销售管道"},
	.fields = pipeline_fields,
	.n_fields = sizeof(pipeline_fields) / sizeof(pipeline_fields[0]),
	.title = "name",
	.sort = "position",
	.icon = "pipeline",
	.hooks = {.after = pipeline_after},
};

static const struct field stage_fields[] = {
	{.name = "pipeline_id", .type = FIELD_LINK, .label = {"Pipeline", "销售管道"}, .link = "pipeline", .on_delete = DELETE_CASCADE,
	 .flags = F_REQUIRED | F_INDEX | F_INSERT_ONLY | F_LIST},
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 80, .flags = F_REQUIRED | F_LIST},
	{.name = "name_zh", .type = FIELD_TEXT, .label = {"Name in Chinese", "中文名称"}, .max = 80, .flags = F_LIST},
	{.name = "position", .type = FIELD_INT, .label = {"Order", "顺序"}, .fallback = "0", .flags = F_LIST},
	{.name = "category", .type = FIELD_ENUM, .label = {"Counts as", "归类"}, .options = deal_states, .fallback = "open",
	 .flags = F_REQUIRED | F_LIST},
	{.name = "probability", .type = FIELD_INT, .label = {"Probability (%)", "赢率（%）"}, .fallback = "0", .flags = F_LIST},
	{.name = "forecast", .type = FIELD_ENUM, .label = {"Forecast category", "预测类别"}, .options = deal_forecasts, .fallback = "pipeline",
	 .flags = F_REQUIRED | F_LIST},
	{.name = "days_stuck", .type = FIELD_INT, .label = {"Days until it counts as stuck", "停滞天数"}, .flags = F_LIST,
	 .help = {"Empty: never", "留空表示不提醒"}},
	{.name = "needs", .type = FIELD_JSON, .label = {"What must be filled", "必填字段"}, .max = 2000,
	 .help = {"Names of fields of a deal: [\"amount\", \"close_on\"]", "商机的字段名：[\"amount\", \"close_on\"]"}},
	{.name = "code", .type = FIELD_TEXT, .label = {"Full name", "全称"}, .max = 170, .made_from = "name", .flags = F_UNIQUE | F_READONLY,
	 .help = {"With its pipeline's, by which files tell stages of one name apart", "含管道名称，供文件区分同名阶段"}},
	{.name = "todo", .type = FIELD_NOTE, .label = {"What to do here", "本阶段要做的事"}, .max = 2000},
};

static enum err check_needs(struct ctx *ctx, const struct record *stage)
{
	const struct entity_info *deal = registry_find(ctx->registry, "opportunity");
	const char *text = record_text(stage, "needs");
	json_t *list = text != NULL ? json_loads(text, 0, NULL) : NULL, *name;
	size_t i;
	enum err err = OK;
	if (text == NULL)
		return OK;
	if (!json_is_array(list))
		err = fail(ctx, ERR_INVALID, "needs", "stage_needs_list");
	json_array_foreach(list, i, name) {
		int at = json_is_string(name) ? entity_field(deal, json_string_value(name)) : -1;
		if (err == OK && (at < SF_COUNT || (deal->fields[at]->flags & F_READONLY)))
			err = fail_arg(ctx, ERR_INVALID, "needs", "stage_needs_unknown", json_is_string(name) ? json_string_value(name) : "?");
	}
	json_decref(list);
	return err;
}

/* What counts as won or lost is certain. */
static enum err settle_chance(struct ctx *ctx, struct record *stage)
{
	const char *category = record_text(stage, "category");
	int64_t chance = record_i64(stage, "probability");
	if (str_equal(category, "won"))
		return record_set(ctx, stage, "probability", value_int(100));
	if (str_equal(category, "lost"))
		return record_set(ctx, stage, "probability", value_int(0));
	return chance < 0 || chance > 100 ? fail(ctx, ERR_INVALID, "probability", "not_percent") : OK;
}

static enum err refuse_in_use(struct ctx *ctx, int64_t stage)
{
	int64_t n;
	enum err err = deal_ask(ctx, &sql_stage_deals, stage, &n);
	if (err != OK || n == 0)
		return err;
	return fail_arg(ctx, ERR_CONFLICT, "", "stage_in_use", arena_printf(ctx->arena, "%lld", (long long)n));
}

static enum err set_code(struct ctx *ctx, struct record *stage)
{
	struct record *pipeline;
	if (record_i64(stage, "pipeline_id") == 0 || str_empty(record_text(stage, "name")))
		return OK; /* what must be filled is asked for afterwards */
	enum err err = record_load(ctx, registry_find(ctx->registry, "pipeline"), record_i64(stage, "pipeline_id"), &pipeline);
	if (err != OK)
		return err;
	const char *code = arena_printf(ctx->arena, "%s / %s", record_text(pipeline, "name"), record_text(stage, "name"));
	return code != NULL ? record_set(ctx, stage, "code", value_text(code)) : fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err stage_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	if (now == NULL)
		return refuse_in_use(ctx, record_id(old));
	if (record_i64(now, "days_stuck") < 0)
		return fail(ctx, ERR_INVALID, "days_stuck", "not_positive");
	/* deals that are won would be open again, without anybody having said so */
	if (old != NULL && !str_equal(record_text(old, "category"), record_text(now, "category"))) {
		enum err err = refuse_in_use(ctx, record_id(old));
		if (err != OK)
			return err;
	}
	enum err err = settle_chance(ctx, now);
	if (err == OK)
		err = set_code(ctx, now);
	return err == OK ? check_needs(ctx, now) : err;
}

static const char *const stage_indexes[] = {"pipeline_id,position", NULL};

const struct entity stage_entity = {
	.name = "stage",
	.plural = "stages",
	.label = {"Stage", "销售阶段"},
	.label_many = {"Stages", "销售阶段"},
	.fields = stage_fields,
	.n_fields = sizeof(stage_fields) / sizeof(stage_fields[0]),
	.title = "name",
	.parent = "pipeline_id",
	.sort = "position",
	.icon = "stage",
	.flags = E_CHILD,
	.hooks = {.before = stage_before},
	.indexes = stage_indexes,
};

static const struct field lost_reason_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Reason", "原因"}, .max = 80, .flags = F_REQUIRED | F_UNIQUE | F_LIST},
	{.name = "name_zh", .type = FIELD_TEXT, .label = {"Name in Chinese", "中文名称"}, .max = 80, .flags = F_LIST},
	{.name = "position", .type = FIELD_INT, .label = {"Order", "顺序"}, .fallback = "0"},
	{.name = "active", .type = FIELD_BOOL, .label = {"In use", "启用"}, .fallback = "true", .flags = F_LIST},
};

const struct entity lost_reason_entity = {
	.name = "lost_reason",
	.plural = "lost_reasons",
	.label = {"Reason for losing", "输单原因"},
	.label_many = {"Reasons for losing", "输单原因"},
	.fields = lost_reason_fields,
	.n_fields = sizeof(lost_reason_fields) / sizeof(lost_reason_fields[0]),
	.title = "name",
	.sort = "position",
};

static const struct field competitor_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 120, .flags = F_REQUIRED | F_UNIQUE | F_LIST | F_SEARCH},
	{.name = "website", .type = FIELD_URL, .label = {"Web site", "网站"}, .flags = F_LIST},
	{.name = "strengths", .type = FIELD_NOTE, .label = {"Strengths", "优势"}, .max = 2000},
	{.name = "weaknesses", .type = FIELD_NOTE, .label = {"Weaknesses", "劣势"}, .max = 2000},
	{.name = "note", .type = FIELD_NOTE, .label = {"Note", "备注"}},
};

const struct entity competitor_entity = {
	.name = "competitor",
	.plural = "competitors",
	.label = {"Competitor", "竞争对手"},
	.label_many = {"Competitors", "竞争对手"},
	.fields = competitor_fields,
	.n_fields = sizeof(competitor_fields) / sizeof(competitor_fields[0]),
	.title = "name",
	.sort = "name",
	.icon = "competitor",
};
