/* Closed periods, what each person gets in them, and the lines it is made of: written once, by the closing. */
#include "base/str.h"
#include "commission/commission_internal.h"

const struct option commission_periods[] = {{"month", {"Month", "月"}, NULL}, {"quarter", {"Quarter", "季度"}, NULL}, {"year", {"Year", "年"}, NULL}, {NULL, {NULL, NULL}, NULL}};

const char *const commission_line_kinds[] = {"sale", "late", "clawback", "cap", "floor", "adjustment"};

static const struct option kinds[] = {
	{"sale", {"Sale", "销售"}, NULL},          {"late", {"Of a closed period", "补计"}, "info"}, {"clawback", {"Taken back", "扣回"}, "bad"},
	{"cap", {"Cap", "封顶"}, "warn"},          {"floor", {"Floor", "保底"}, "good"},             {"adjustment", {"By hand", "手工调整"}, "info"},
	{NULL, {NULL, NULL}, NULL},
};

static const struct field period_fields[] = {
	{.name = "title", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 80, .flags = F_READONLY | F_LIST},
	{.name = "period", .type = FIELD_ENUM, .label = {"Period", "周期"}, .options = commission_periods, .flags = F_REQUIRED | F_READONLY | F_LIST},
	{.name = "starts_on", .type = FIELD_DATE, .label = {"From", "开始日期"}, .flags = F_REQUIRED | F_READONLY | F_LIST | F_SORT},
	{.name = "ends_on", .type = FIELD_DATE, .label = {"Until", "结束日期"}, .flags = F_REQUIRED | F_READONLY | F_LIST},
	{.name = "closed_at", .type = FIELD_TIME, .label = {"Closed", "关账时间"}, .flags = F_READONLY | F_LIST},
	{.name = "closed_by_id", .type = FIELD_LINK, .label = {"By", "关账人"}, .link = "user", .on_delete = DELETE_SET_NULL, .flags = F_READONLY | F_INDEX},
	{.name = "people", .type = FIELD_INT, .label = {"People", "人数"}, .flags = F_READONLY | F_LIST},
	{.name = "lines", .type = FIELD_INT, .label = {"Lines", "行数"}, .flags = F_READONLY | F_LIST},
	{.name = "total", .type = FIELD_MONEY, .label = {"Commission", "提成合计"}, .flags = F_READONLY | F_LIST},
	{.name = "digest", .type = FIELD_TEXT, .label = {"Check sum", "校验值"}, .max = 40, .flags = F_READONLY | F_MORE},
};

static const char *const period_indexes[] = {"unique period,starts_on", NULL};

const struct entity commission_period_entity = {
	.name = "commission_period",
	.plural = "commission_periods",
	.label = {"Closed commission period", "已关账提成期间"},
	.label_many = {"Closed commission periods", "已关账提成期间"},
	.fields = period_fields,
	.n_fields = sizeof(period_fields) / sizeof(period_fields[0]),
	.title = "title",
	.sort = "starts_on.desc",
	.icon = "commission",
	.flags = E_NO_API_WRITE | E_LOOKALIKE,
	.indexes = period_indexes,
};

static const struct field statement_fields[] = {
	{.name = "title", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 160, .flags = F_READONLY | F_LIST},
	{.name = "period_id", .type = FIELD_LINK, .label = {"Period", "期间"}, .link = "commission_period", .on_delete = DELETE_RESTRICT,
	 .flags = F_REQUIRED | F_READONLY | F_INDEX | F_LIST},
	{.name = "owner_id", .type = FIELD_LINK, .label = {"Person", "人员"}, .link = "user", .on_delete = DELETE_RESTRICT, .flags = F_REQUIRED | F_READONLY | F_INDEX | F_LIST},
	{.name = "team_id", .type = FIELD_LINK, .label = {"Team", "团队"}, .link = "team", .on_delete = DELETE_SET_NULL, .flags = F_READONLY | F_INDEX},
	{.name = "branch_id", .type = FIELD_LINK, .label = {"Branch", "分支机构"}, .link = "branch", .on_delete = DELETE_SET_NULL, .flags = F_READONLY | F_INDEX},
	{.name = "lines", .type = FIELD_INT, .label = {"Lines", "行数"}, .flags = F_READONLY | F_LIST},
	{.name = "total", .type = FIELD_MONEY, .label = {"Commission", "提成合计"}, .flags = F_READONLY | F_LIST | F_SORT},
	{.name = "paid_on", .type = FIELD_DATE, .label = {"Paid", "发放日期"}, .flags = F_READONLY | F_LIST},
	{.name = "paid_by_id", .type = FIELD_LINK, .label = {"Marked by", "标记人"}, .link = "user", .on_delete = DELETE_SET_NULL, .flags = F_READONLY | F_INDEX},
};

static const char *const statement_indexes[] = {"unique period_id,owner_id", NULL};

const struct entity commission_statement_entity = {
	.name = "commission_statement",
	.plural = "commission_statements",
	.label = {"Commission statement", "提成对账单"},
	.label_many = {"Commission statements", "提成对账单"},
	.fields = statement_fields,
	.n_fields = sizeof(statement_fields) / sizeof(statement_fields[0]),
	.title = "title",
	.owner = "owner_id",
	.team = "team_id",
	.branch = "branch_id",
	.sort = "id.desc",
	.icon = "commission",
	.flags = E_NO_API_WRITE | E_LOOKALIKE,
	.indexes = statement_indexes,
};

static const struct field line_fields[] = {
	{.name = "number", .type = FIELD_TEXT, .label = {"Of", "单据"}, .max = 120, .flags = F_READONLY | F_LIST},
	{.name = "period_id", .type = FIELD_LINK, .label = {"Period", "期间"}, .link = "commission_period", .on_delete = DELETE_RESTRICT, .flags = F_REQUIRED | F_READONLY | F_LIST},
	{.name = "owner_id", .type = FIELD_LINK, .label = {"Person", "人员"}, .link = "user", .on_delete = DELETE_RESTRICT, .flags = F_REQUIRED | F_READONLY | F_INDEX | F_LIST},
	{.name = "team_id", .type = FIELD_LINK, .label = {"Team", "团队"}, .link = "team", .on_delete = DELETE_SET_NULL, .flags = F_READONLY | F_INDEX},
	{.name = "branch_id", .type = FIELD_LINK, .label = {"Branch", "分支机构"}, .link = "branch", .on_delete = DELETE_SET_NULL, .flags = F_READONLY | F_INDEX},
	{.name = "position", .type = FIELD_INT, .label = {"No.", "行号"}, .flags = F_READONLY},
	{.name = "kind", .type = FIELD_ENUM, .label = {"Kind", "类型"}, .options = kinds, .flags = F_REQUIRED | F_READONLY | F_LIST},
	{.name = "plan_id", .type = FIELD_LINK, .label = {"Plan", "方案"}, .link = "commission_plan", .on_delete = DELETE_RESTRICT, .flags = F_READONLY | F_INDEX},
	{.name = "plan", .type = FIELD_TEXT, .label = {"Plan", "方案"}, .max = 120, .flags = F_READONLY},
	{.name = "order_id", .type = FIELD_LINK, .label = {"Order", "订单"}, .link = "order", .on_delete = DELETE_SET_NULL, .flags = F_READONLY | F_INDEX},
	{.name = "source", .type = FIELD_TEXT, .label = {"Made of", "来源"}, .max = 40, .flags = F_READONLY | F_INDEX | F_MORE},
	{.name = "against", .type = FIELD_TEXT, .label = {"Takes back of", "冲减来源"}, .max = 40, .flags = F_READONLY | F_INDEX | F_MORE},
	{.name = "happened_on", .type = FIELD_DATE, .label = {"Day", "日期"}, .flags = F_READONLY | F_LIST},
	{.name = "base", .type = FIELD_MONEY, .label = {"Base", "基数"}, .flags = F_READONLY | F_LIST},
	{.name = "share", .type = FIELD_DECIMAL, .label = {"Share (%)", "分成（%）"}, .scale = 4, .flags = F_READONLY},
	{.name = "credited", .type = FIELD_MONEY, .label = {"In this bracket", "本档金额"}, .flags = F_READONLY | F_LIST},
	{.name = "units", .type = FIELD_DECIMAL, .label = {"Units", "数量"}, .scale = 3, .flags = F_READONLY},
	{.name = "bracket", .type = FIELD_TEXT, .label = {"Bracket", "档位"}, .max = 80, .flags = F_READONLY},
	{.name = "per_unit", .type = FIELD_BOOL, .label = {"Rate a unit", "按件"}, .flags = F_READONLY | F_MORE},
	{.name = "rate", .type = FIELD_DECIMAL, .label = {"Rate", "费率"}, .scale = COMMISSION_KEPT_RATE_SCALE, .flags = F_READONLY | F_LIST,
	 .help = {"Percent, or an amount a unit", "百分比或每件金额"}},
	{.name = "capped", .type = FIELD_BOOL, .label = {"Capped", "已封顶"}, .flags = F_READONLY | F_MORE},
	{.name = "result", .type = FIELD_MONEY, .label = {"Commission", "提成"}, .flags = F_READONLY | F_LIST},
	{.name = "note", .type = FIELD_TEXT, .label = {"Note", "备注"}, .max = 300, .flags = F_READONLY},
};

static const char *const line_indexes[] = {"period_id,owner_id,position", NULL};

const struct entity commission_line_entity = {
	.name = "commission_line",
	.plural = "commission_lines",
	.label = {"Commission line", "提成明细"},
	.label_many = {"Commission lines", "提成明细"},
	.fields = line_fields,
	.n_fields = sizeof(line_fields) / sizeof(line_fields[0]),
	.title = "number",
	.owner = "owner_id",
	.team = "team_id",
	.branch = "branch_id",
	.sort = "id.asc",
	.icon = "line",
	.flags = E_NO_API_WRITE | E_NO_LOG | E_LOOKALIKE,
	.indexes = line_indexes,
};

/* --- shares of an order ------------------------------------------------------------------------ */

static const struct field split_fields[] = {
	{.name = "order_id", .type = FIELD_LINK, .label = {"Order", "订单"}, .link = "order", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_INDEX | F_READONLY},
	{.name = "owner_id", .type = FIELD_LINK, .label = {"Person", "人员"}, .link = "user", .on_delete = DELETE_RESTRICT, .flags = F_REQUIRED | F_INDEX | F_LIST | F_READONLY},
	{.name = "percent", .type = FIELD_DECIMAL, .label = {"Share (%)", "分成（%）"}, .scale = 4, .flags = F_REQUIRED | F_LIST | F_READONLY},
	{.name = "placed_at", .type = FIELD_TIME, .label = {"Of the order", "下单时间"}, .flags = F_READONLY | F_MORE},
};

static const char *const split_indexes[] = {"unique order_id,owner_id", "owner_id,placed_at", NULL};

const struct entity commission_split_entity = {
	.name = "commission_split",
	.plural = "commission_splits",
	.label = {"Share of commission", "提成分成"},
	.label_many = {"Shares of commission", "提成分成"},
	.fields = split_fields,
	.n_fields = sizeof(split_fields) / sizeof(split_fields[0]),
	.title = "owner_id",
	.parent = "order_id",
	.sort = "id.asc",
	.icon = "line",
	.flags = E_CHILD | E_NO_API_WRITE | E_LOOKALIKE,
	.indexes = split_indexes,
};

/* --- what changed of closed periods ------------------------------------------------------------- */

static const struct field change_fields[] = {
	{.name = "source", .type = FIELD_TEXT, .label = {"Of what", "来源"}, .max = 40, .flags = F_REQUIRED | F_READONLY},
	{.name = "noticed_on", .type = FIELD_DATE, .label = {"Day", "日期"}, .flags = F_REQUIRED | F_READONLY},
};

static const char *const change_indexes[] = {"unique noticed_on,source", NULL};

const struct entity commission_change_entity = {
	.name = "commission_change",
	.plural = "commission_changes",
	.label = {"Change of a closed period", "已关账期间变动"},
	.label_many = {"Changes of closed periods", "已关账期间变动"},
	.fields = change_fields,
	.n_fields = sizeof(change_fields) / sizeof(change_fields[0]),
	.title = "source",
	.sort = "id.asc",
	.icon = "line",
	.flags = E_INTERNAL | E_NO_LOG,
	.indexes = change_indexes,
};
