/* The record of an act, and what became of each record it was about. */
#include "core/bulk/bulk.h"

static const struct option kinds[] = {
	{"change", {"Change", "批量修改"}, NULL},
	{"delete", {"Deletion", "批量删除"}, NULL},
	{"restore", {"Put back", "批量恢复"}, NULL},
	{"handover", {"Hand-over", "工作交接"}, NULL},
	{NULL, {NULL, NULL}, NULL},
};

static const struct option states[] = {
	{"queued", {"Waiting", "排队中"}, "info"},
	{"running", {"Running", "进行中"}, "warn"},
	{"cancelling", {"Being stopped", "停止中"}, "warn"},
	{"cancelled", {"Stopped", "已停止"}, "quiet"},
	{"failed", {"Failed", "失败"}, "bad"},
	{"done", {"Done", "已完成"}, "good"},
	{"undoing", {"Being undone", "撤销中"}, "warn"},
	{"undone", {"Undone", "已撤销"}, "quiet"},
	{NULL, {NULL, NULL}, NULL},
};

static const struct field act_fields[] = {
	{.name = "kind", .type = FIELD_ENUM, .label = {"What", "操作"}, .options = kinds, .flags = F_REQUIRED | F_READONLY | F_LIST},
	{.name = "entity", .type = FIELD_CODE, .label = {"Kind of record", "对象"}, .max = 60, .flags = F_READONLY | F_LIST},
	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .options = states, .fallback = "queued",
	 .flags = F_REQUIRED | F_READONLY | F_LIST},
	{.name = "total", .type = FIELD_INT, .label = {"Records", "记录数"}, .fallback = "0", .flags = F_READONLY | F_LIST},
	{.name = "done", .type = FIELD_INT, .label = {"Done", "已处理"}, .fallback = "0", .flags = F_READONLY | F_LIST},
	{.name = "refused", .type = FIELD_INT, .label = {"Refused", "未能处理"}, .fallback = "0", .flags = F_READONLY | F_LIST},
	{.name = "undone", .type = FIELD_INT, .label = {"Undone", "已撤销"}, .fallback = "0", .flags = F_READONLY},
	{.name = "kept", .type = FIELD_INT, .label = {"Stayed as they are", "保持不变"}, .fallback = "0", .flags = F_READONLY},
	{.name = "filter", .type = FIELD_NOTE, .label = {"Condition", "条件"}, .max = 65536, .flags = F_READONLY | F_PERSONAL},
	{.name = "wish", .type = FIELD_JSON, .label = {"Changes", "改动"}, .max = 200000, .flags = F_READONLY | F_PERSONAL},
	{.name = "from_id", .type = FIELD_LINK, .label = {"Handed over by", "交出人"}, .link = "user", .on_delete = DELETE_SET_NULL,
	 .flags = F_READONLY},
	{.name = "undo_until", .type = FIELD_TIME, .label = {"Can be undone until", "可撤销至"}, .flags = F_READONLY},
	{.name = "finished_at", .type = FIELD_TIME, .label = {"Finished", "结束时间"}, .flags = F_READONLY},
	{.name = "error", .type = FIELD_TEXT, .label = {"Why it stopped", "停止原因"}, .max = 500, .flags = F_READONLY},
	{.name = "owner_id", .type = FIELD_LINK, .label = {"By", "操作人"}, .link = "user", .on_delete = DELETE_SET_NULL, .fallback = "me",
	 .flags = F_READONLY | F_INDEX | F_LIST},
};

const struct entity bulk_act_entity = {
	.name = "bulk_act",
	.plural = "bulk_acts",
	.label = {"Bulk change", "批量操作"},
	.label_many = {"Bulk changes", "批量操作"},
	.fields = act_fields,
	.n_fields = sizeof(act_fields) / sizeof(act_fields[0]),
	.title = "kind",
	.subtitle = "state",
	.owner = "owner_id",
	.sort = "id.desc",
	.icon = "bulk",
	.flags = E_NO_API_WRITE | E_PRIVATE,
};

static const struct option fates[] = {
	{"waiting", {"Waiting", "排队中"}, "info"},
	{"done", {"Done", "已完成"}, "good"},
	{"refused", {"Refused", "未能处理"}, "bad"},
	{"undone", {"Undone", "已撤销"}, "quiet"},
	{"kept", {"Stayed as it is", "保持不变"}, "warn"},
	{NULL, {NULL, NULL}, NULL},
};

static const struct field item_fields[] = {
	{.name = "act_id", .type = FIELD_LINK, .label = {"Bulk change", "批量操作"}, .link = "bulk_act", .on_delete = DELETE_CASCADE,
	 .flags = F_REQUIRED | F_READONLY | F_INDEX},
	{.name = "entity", .type = FIELD_CODE, .label = {"Kind of record", "对象"}, .max = 60, .flags = F_REQUIRED | F_READONLY | F_LIST},
	{.name = "record", .type = FIELD_TEXT, .label = {"Record", "记录"}, .max = 20, .flags = F_REQUIRED | F_READONLY | F_LIST},
	{.name = "target_id", .type = FIELD_LINK, .label = {"To", "接手人"}, .link = "user", .on_delete = DELETE_SET_NULL,
	 .flags = F_READONLY | F_LIST},
	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .options = fates, .flags = F_REQUIRED | F_READONLY | F_LIST},
	{.name = "reason", .type = FIELD_CODE, .label = {"Reason", "原因代码"}, .max = 80, .flags = F_READONLY},
	{.name = "field", .type = FIELD_TEXT, .label = {"Field", "字段"}, .max = 300, .flags = F_READONLY | F_LIST},
	{.name = "message", .type = FIELD_TEXT, .label = {"Message", "说明"}, .max = 500, .flags = F_READONLY | F_LIST},
};

static const char *const item_indexes[] = {"act_id,state", NULL};

const struct entity bulk_item_entity = {
	.name = "bulk_item",
	.plural = "bulk_items",
	.label = {"Record of a bulk change", "批量操作明细"},
	.label_many = {"Records of a bulk change", "批量操作明细"},
	.fields = item_fields,
	.n_fields = sizeof(item_fields) / sizeof(item_fields[0]),
	.title = "record",
	.subtitle = "state",
	.parent = "act_id",
	.sort = "id.asc",
	.icon = "bulk",
	.flags = E_CHILD | E_NO_LOG | E_NO_API_WRITE | E_PRIVATE,
	.indexes = item_indexes,
};
