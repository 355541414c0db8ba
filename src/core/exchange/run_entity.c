/* The record of an import, and of each row that did not go in. */
#include "core/exchange/exchange.h"
#include "core/exchange/plan.h"

static const struct option states[] = {
	{"new", {"Uploaded", "已上传"}, "info"},
	{"planned", {"Planned", "已设定"}, "info"},
	{"queued", {"Waiting", "排队中"}, "info"},
	{"running", {"Running", "进行中"}, "warn"},
	{"cancelling", {"Being stopped", "停止中"}, "warn"},
	{"cancelled", {"Stopped", "已停止"}, "quiet"},
	{"failed", {"Failed", "失败"}, "bad"},
	{"done", {"Done", "已完成"}, "good"},
	{"undoing", {"Being undone", "撤销中"}, "warn"},
	{"undone", {"Undone", "已撤销"}, "quiet"},
	{"undo_stopped", {"Undo stopped", "撤销中断"}, "bad"},
	{NULL, {NULL, NULL}, NULL},
};

static const struct field_group groups[] = {
	{"file", {"File", "文件"}},
	{"progress", {"Progress", "进度"}},
	{"plan", {"Plan", "方案"}},
	{NULL, {NULL, NULL}},
};

static const struct field run_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"File", "文件"}, .group = "file", .max = 250,
	 .flags = F_REQUIRED | F_READONLY | F_LIST},
	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .group = "progress", .options = states, .fallback = "new",
	 .flags = F_REQUIRED | F_READONLY | F_INDEX | F_LIST},
	{.name = "entity", .type = FIELD_CODE, .label = {"Into", "导入到"}, .group = "plan", .max = 60, .flags = F_READONLY | F_LIST},
	{.name = "preset", .type = FIELD_CODE, .label = {"Preset", "预设"}, .group = "plan", .max = 60, .flags = F_READONLY},
	{.name = "format", .type = FIELD_CODE, .label = {"Format", "格式"}, .group = "file", .max = 20, .flags = F_READONLY},
	{.name = "size", .type = FIELD_INT, .label = {"Size in bytes", "大小（字节）"}, .group = "file", .flags = F_READONLY},
	{.name = "sha256", .type = FIELD_TEXT, .label = {"Content hash", "内容摘要"}, .group = "file", .max = 64, .flags = F_READONLY | F_INDEX},
	{.name = "rows_total", .type = FIELD_INT, .label = {"Rows, about", "总行数（约）"}, .group = "progress", .fallback = "0",
	 .flags = F_READONLY},
	{.name = "rows_done", .type = FIELD_INT, .label = {"Rows done", "已处理行数"}, .group = "progress", .fallback = "0",
	 .flags = F_READONLY | F_LIST},
	{.name = "created", .type = FIELD_INT, .label = {"Created", "新建"}, .group = "progress", .fallback = "0", .flags = F_READONLY | F_LIST},
	{.name = "updated", .type = FIELD_INT, .label = {"Changed", "更新"}, .group = "progress", .fallback = "0", .flags = F_READONLY | F_LIST},
	{.name = "skipped", .type = FIELD_INT, .label = {"Skipped", "跳过"}, .group = "progress", .fallback = "0", .flags = F_READONLY | F_LIST},
	{.name = "failed", .type = FIELD_INT, .label = {"Failed", "失败"}, .group = "progress", .fallback = "0", .flags = F_READONLY | F_LIST},
	{.name = "values_left", .type = FIELD_INT, .label = {"Values left out", "留空的值"}, .group = "progress", .fallback = "0",
	 .flags = F_READONLY},
	{.name = "records", .type = FIELD_JSON, .label = {"By kind of record", "按对象统计"}, .group = "progress", .max = 20000,
	 .flags = F_READONLY | F_MORE},
	{.name = "started_at", .type = FIELD_TIME, .label = {"Started", "开始时间"}, .group = "progress", .flags = F_READONLY | F_SORT | F_LIST},
	{.name = "finished_at", .type = FIELD_TIME, .label = {"Finished", "结束时间"}, .group = "progress", .flags = F_READONLY},
	{.name = "error", .type = FIELD_TEXT, .label = {"Why it stopped", "停止原因"}, .group = "progress", .max = 500, .flags = F_READONLY},
	{.name = "position", .type = FIELD_INT, .label = {"Last row done", "已完成至行"}, .group = "progress", .fallback = "0",
	 .flags = F_READONLY | F_MORE},
	{.name = "plan", .type = FIELD_JSON, .label = {"Plan", "方案"}, .group = "plan", .max = PLAN_TEXT_MAX, .flags = F_READONLY | F_MORE},
	{.name = "plan_hash", .type = FIELD_CODE, .label = {"Plan's hash", "方案摘要"}, .group = "plan", .max = 20, .flags = F_READONLY | F_MORE},
	{.name = "job_id", .type = FIELD_INT, .label = {"Job", "任务"}, .group = "plan", .flags = F_READONLY | F_MORE},
	{.name = "token", .type = FIELD_CODE, .label = {"By token", "所用令牌"}, .group = "file", .max = 20, .flags = F_READONLY | F_MORE},
	{.name = "owner_id", .type = FIELD_LINK, .label = {"By", "操作人"}, .group = "file", .link = "user", .on_delete = DELETE_SET_NULL,
	 .fallback = "me", .flags = F_READONLY | F_INDEX | F_LIST},
};

const struct entity import_run_entity = {
	.name = "import_run",
	.plural = "import_runs",
	.label = {"Import", "导入"},
	.label_many = {"Imports", "导入"},
	.fields = run_fields,
	.n_fields = sizeof(run_fields) / sizeof(run_fields[0]),
	.groups = groups,
	.title = "name",
	.subtitle = "state",
	.owner = "owner_id",
	.sort = "id.desc",
	.icon = "import",
	.flags = E_NO_API_WRITE,
};

static const struct option outcomes[] = {
	{"duplicate", {"Duplicate", "重复"}, "warn"},
	{"failed", {"Failed", "失败"}, "bad"},
	{"left", {"Value left out", "值已留空"}, "info"},
	{NULL, {NULL, NULL}, NULL},
};

static const struct field problem_fields[] = {
	{.name = "run_id", .type = FIELD_LINK, .label = {"Import", "导入"}, .link = "import_run", .on_delete = DELETE_CASCADE,
	 .flags = F_REQUIRED | F_READONLY | F_INDEX},
	{.name = "row", .type = FIELD_INT, .label = {"Row", "行"}, .flags = F_REQUIRED | F_READONLY | F_LIST},
	{.name = "outcome", .type = FIELD_ENUM, .label = {"Outcome", "结果"}, .options = outcomes, .flags = F_REQUIRED | F_READONLY | F_LIST},
	{.name = "entity", .type = FIELD_CODE, .label = {"Kind of record", "对象"}, .max = 60, .flags = F_READONLY | F_LIST},
	{.name = "field", .type = FIELD_TEXT, .label = {"Field", "字段"}, .max = 120, .flags = F_READONLY | F_LIST},
	{.name = "column", .type = FIELD_INT, .label = {"Column", "列"}, .flags = F_READONLY | F_LIST},
	{.name = "key", .type = FIELD_CODE, .label = {"Reason", "原因代码"}, .max = 80, .flags = F_READONLY},
	{.name = "argument", .type = FIELD_TEXT, .label = {"Detail", "详情"}, .max = 300, .flags = F_READONLY},
	{.name = "message", .type = FIELD_TEXT, .label = {"Message", "说明"}, .max = 500, .flags = F_READONLY | F_LIST},
};

static const char *const problem_indexes[] = {"run_id,row", NULL};

const struct entity import_problem_entity = {
	.name = "import_problem",
	.plural = "import_problems",
	.label = {"Row not imported", "未导入的行"},
	.label_many = {"Rows not imported", "未导入的行"},
	.fields = problem_fields,
	.n_fields = sizeof(problem_fields) / sizeof(problem_fields[0]),
	.title = "message",
	.subtitle = "row",
	.parent = "run_id",
	.sort = "row.asc",
	.icon = "problem",
	.flags = E_CHILD | E_NO_LOG | E_NO_API_WRITE | E_GATHER,
	.indexes = problem_indexes,
};
