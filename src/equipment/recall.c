/* Recalls: which things of a batch are out there, who has one, who was told, and what they said. */
#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "equipment/equipment_internal.h"
#include "equipment_sql.h"

static const struct option states[] = {
	{"draft", {"Draft", "草稿"}, "quiet"}, {"running", {"Running", "进行中"}, "warn"}, {"ended", {"Ended", "已结束"}, "good"}, {NULL, {NULL, NULL}, NULL},
};

static const struct transition steps[] = {
	{.name = "start", .label = {"Start it", "启动召回"}, .from = "draft", .to = "running", .colour = "warn", .needs = "what"},
	{.name = "end", .label = {"End it", "结束召回"}, .from = "running", .to = "ended", .colour = "good"},
	{.name = "reopen", .label = {"Take it up again", "重新启动"}, .from = "ended", .to = "running"},
	{.name = NULL},
};

static const struct field fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 160, .flags = F_REQUIRED | F_SEARCH | F_LIST},
	{.name = "product_id", .type = FIELD_LINK, .label = {"Model", "型号（商品）"}, .link = "product", .on_delete = DELETE_RESTRICT, .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "batch", .type = FIELD_TEXT, .label = {"Batch", "批次"}, .max = 60, .flags = F_LIST, .help = {"Empty: every batch", "留空为全部批次"}},
	{.name = "build", .type = FIELD_TEXT, .label = {"Build", "版本/配置"}, .max = 60, .flags = F_LIST, .help = {"Empty: every build", "留空为全部版本"}},
	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .options = states, .transitions = steps, .fallback = "draft", .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "what", .type = FIELD_NOTE, .label = {"What customers are told", "告知客户的内容"}, .max = 4000},
	{.name = "answer_by", .type = FIELD_DATE, .label = {"Answer by", "回复截止日"}, .flags = F_LIST},
};

/* Who was listed was listed by what stood there. */
static enum err before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	int64_t any = 0;
	(void)entity;
	if (old == NULL || now == NULL || (equipment_same(old, now, "product_id") && equipment_same(old, now, "batch") && equipment_same(old, now, "build")))
		return OK;
	enum err err = equipment_ask(ctx, &sql_recall_units_any, record_id(now), 0, NULL, &any);
	return err == OK && any != 0 ? fail(ctx, ERR_CONFLICT, "batch", "recall_listed") : err;
}

const struct entity recall_entity = {
	.name = "recall", .plural = "recalls", .label = {"Recall", "召回"}, .label_many = {"Recalls", "召回"}, .fields = fields, .n_fields = sizeof(fields) / sizeof(fields[0]),
	.title = "name", .subtitle = "batch", .sort = "id.desc", .icon = "recall", .flags = E_LOOKALIKE, .hooks = {.before = before},
};

static const struct option unit_states[] = {
	{"open", {"To be told", "待告知"}, "warn"}, {"told", {"Told", "已告知"}, "info"},          {"answered", {"Answered", "已回复"}, "info"},
	{"done", {"Done", "已处理"}, "good"},       {"unreachable", {"Not reached", "联系不上"}, "bad"}, {NULL, {NULL, NULL}, NULL},
};

static const struct transition unit_steps[] = {
	{.name = "tell", .label = {"Was told", "已告知"}, .from = "open,unreachable", .to = "told", .colour = "info"},
	{.name = "answer", .label = {"Has answered", "已回复"}, .from = "open,told,unreachable", .to = "answered", .needs = "answer", .colour = "info"},
	{.name = "finish", .label = {"Done", "处理完毕"}, .from = "told,answered", .to = "done", .colour = "good"},
	{.name = "miss", .label = {"Not reached", "联系不上"}, .from = "open,told", .to = "unreachable", .colour = "bad"},
	{.name = NULL},
};

static const struct option answers[] = {
	{"repair", {"Have it repaired", "维修"}, NULL}, {"replace", {"Have it replaced", "更换"}, NULL}, {"refund", {"Money back", "退款"}, NULL},
	{"keeps", {"Keeps it as it is", "不处理"}, NULL}, {"gone", {"Has it no more", "已不在手中"}, NULL}, {NULL, {NULL, NULL}, NULL},
};

static const struct field unit_fields[] = {
	{.name = "recall_id", .type = FIELD_LINK, .label = {"Recall", "召回"}, .link = "recall", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_INSERT_ONLY},
	{.name = "equipment_id", .type = FIELD_LINK, .label = {"Serial number", "序列号"}, .link = "equipment", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_INDEX | F_INSERT_ONLY | F_LIST},
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Who has it", "持有人"}, .link = "customer", .on_delete = DELETE_SET_NULL, .flags = F_READONLY | F_INDEX | F_LIST},
	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .options = unit_states, .transitions = unit_steps, .fallback = "open", .flags = F_REQUIRED | F_LIST},
	{.name = "answer", .type = FIELD_ENUM, .label = {"Answer", "客户选择"}, .options = answers, .flags = F_LIST},
	{.name = "told_at", .type = FIELD_TIME, .label = {"Told", "告知时间"}, .flags = F_READONLY | F_LIST},
	{.name = "answered_at", .type = FIELD_TIME, .label = {"Answered", "回复时间"}, .flags = F_READONLY | F_LIST},
	{.name = "note", .type = FIELD_TEXT, .label = {"Note", "备注"}, .max = 300},
};

static enum err unit_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	struct record *of;
	(void)entity;
	if (now == NULL || (old == NULL && record_i64(now, "version") > 1))
		return OK;
	enum err err = OK;
	if (old == NULL && record_i64(now, "equipment_id") != 0) {
		err = record_load(ctx, registry_find(ctx->registry, equipment_entity.name), record_i64(now, "equipment_id"), &of);
		if (err == ERR_NOT_FOUND) {
			faults_clear(ctx);
			return OK;
		}
		if (err == OK)
			err = record_set(ctx, now, "customer_id", *record_value(of, "customer_id"));
	}
	const char *state = record_text(now, "state");
	if (err == OK && !equipment_same(old, now, "state") && str_equal(state, "told"))
		err = record_set(ctx, now, "told_at", value_int(ctx_now(ctx)));
	if (err == OK && !equipment_same(old, now, "state") && str_equal(state, "answered"))
		err = record_set(ctx, now, "answered_at", value_int(ctx_now(ctx)));
	return err;
}

static const char *const unit_indexes[] = {"unique recall_id,equipment_id", "recall_id,state", NULL};

const struct entity recall_unit_entity = {
	.name = "recall_unit", .plural = "recall_units", .label = {"Recalled item", "召回明细"}, .label_many = {"Recalled items", "召回明细"},
	.fields = unit_fields, .n_fields = sizeof(unit_fields) / sizeof(unit_fields[0]), .title = "note", .parent = "recall_id", .sort = "id.asc", .icon = "recall",
	.flags = E_CHILD | E_LOOKALIKE, .hooks = {.before = unit_before}, .indexes = unit_indexes,
};

static enum err add_unit(struct ctx *ctx, int64_t recall, int64_t equipment)
{
	struct record *r;
	enum err err = record_new(ctx, registry_find(ctx->registry, recall_unit_entity.name), &r);
	if (err == OK)
		err = record_set(ctx, r, "recall_id", value_int(recall));
	if (err == OK)
		err = record_set(ctx, r, "equipment_id", value_int(equipment));
	return err == OK ? record_create(ctx, r, W_TRUSTED) : err;
}

/* Every thing of the batch, whoever may see it: a recall reaches all. */
enum err recall_list_post(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	const struct entity_info *units = registry_find(ctx->registry, recall_unit_entity.name);
	struct record *recall;
	struct jsonw w;
	int64_t id, *ids;
	size_t n = 0;
	if (!id_parse(req->params[0], &id))
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	enum err err = record_get(ctx, registry_find(ctx->registry, recall_entity.name), id, ACTION_UPDATE, &recall);
	if (err == OK && entity_scope(ctx->actor, units, ACTION_CREATE) == SCOPE_NONE)
		err = fail(ctx, ERR_FORBIDDEN, "", "forbidden");
	if (err == OK)
		err = receivables_ids(ctx, &sql_recall_missing, id, EQUIPMENT_IDS_MAX, &ids, &n);
	for (size_t i = 0; err == OK && i < n; i++)
		err = add_unit(ctx, id, ids[i]);
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_int(&w, "made", (int64_t)n);
	jsonw_key(&w, "more");
	jsonw_bool(&w, n == EQUIPMENT_IDS_MAX);
	jsonw_end_object(&w);
	return OK;
}
