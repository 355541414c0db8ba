/* A deal, what it is about, who has a part in deciding it, and against whom. */
#include "deals/internal.h"

const struct option deal_sources[] = {
	{"shop", {"Own shop", "自营商城"}, NULL},          {"marketplace", {"Marketplace", "电商平台"}, NULL},
	{"store", {"Store", "门店"}, NULL},                {"referral", {"Referral", "老客推荐"}, NULL},
	{"advert", {"Advertising", "广告"}, NULL},         {"search", {"Search engine", "搜索引擎"}, NULL},
	{"social", {"Social media", "社交媒体"}, NULL},    {"exhibition", {"Exhibition", "展会"}, NULL},
	{"call", {"Phone call", "来电"}, NULL},            {"visit", {"Staff visit", "上门拜访"}, NULL},
	{"web", {"Web form", "网站表单"}, NULL},           {"mail", {"E-mail", "邮件"}, NULL},
	{"chat", {"Chat", "在线聊天"}, NULL},              {"partner", {"Partner", "合作伙伴"}, NULL},
	{"import", {"Imported file", "文件导入"}, NULL},   {"other", {"Other", "其他"}, NULL},
	{NULL, {NULL, NULL}, NULL},
};

static const struct field_group groups[] = {
	{"basic", {"Basics", "基本信息"}},       {"money", {"Money and date", "金额与日期"}}, {"belongs", {"Belongs to", "归属"}},
	{"outcome", {"How it ended", "结果"}},   {"kept", {"Progress", "进展"}},              {"other", {"Other", "其他"}},
	{NULL, {NULL, NULL}},
};

static const struct field fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"What it is about", "商机名称"}, .group = "basic", .max = 200,
	 .flags = F_REQUIRED | F_SEARCH | F_LIST | F_INDEX},
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Customer", "客户"}, .group = "basic", .link = "customer", .on_delete = DELETE_RESTRICT,
	 .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "contact_id", .type = FIELD_LINK, .label = {"Contact", "联系人"}, .group = "basic", .link = "customer", .on_delete = DELETE_SET_NULL,
	 .flags = F_INDEX},
	{.name = "pipeline_id", .type = FIELD_LINK, .label = {"Pipeline", "销售管道"}, .group = "basic", .link = "pipeline", .on_delete = DELETE_RESTRICT,
	 .flags = F_REQUIRED | F_INDEX, .help = {"Left empty: the one for new deals", "留空时使用默认管道"}},
	{.name = "stage_id", .type = FIELD_LINK, .label = {"Stage", "阶段"}, .group = "basic", .link = "stage", .on_delete = DELETE_RESTRICT,
	 .flags = F_REQUIRED | F_INDEX | F_LIST, .help = {"Left empty: the first", "留空时为第一个阶段"}},
	{.name = "source", .type = FIELD_ENUM, .label = {"Source", "来源"}, .group = "basic", .options = deal_sources, .flags = F_INDEX},
	{.name = "next_step", .type = FIELD_TEXT, .label = {"Next step", "下一步"}, .group = "basic", .max = 200, .flags = F_LIST},
	{.name = "tags", .type = FIELD_LINKS, .label = {"Tags", "标签"}, .group = "basic", .link = "tag", .on_delete = DELETE_SET_NULL},

	{.name = "amount", .type = FIELD_MONEY, .label = {"Amount", "金额"}, .group = "money", .currency_field = "currency",
	 .flags = F_SORT | F_LIST | F_MASKABLE, .help = {"Follows the lines where there are any", "有明细行时由明细计算"}},
	{.name = "currency", .type = FIELD_CODE, .label = {"Currency", "币种"}, .group = "money", .max = 3},
	{.name = "fx_rate", .type = FIELD_DECIMAL, .label = {"Rate to base currency", "本位币汇率"}, .group = "money", .scale = 6, .flags = F_MORE,
	 .help = {"Without it a deal in another currency counts in no sum", "外币商机未填汇率时不计入金额合计"}},
	{.name = "amount_base", .type = FIELD_MONEY, .label = {"Amount in base currency", "本位币金额"}, .group = "money", .made_from = "amount",
	 .flags = F_READONLY | F_SORT},
	{.name = "probability", .type = FIELD_INT, .label = {"Probability (%)", "赢率（%）"}, .group = "money",
	 .help = {"Follows the stage until somebody changes it", "随阶段变化，可手工修改"}},
	{.name = "weighted", .type = FIELD_MONEY, .label = {"Weighted amount", "加权金额"}, .group = "money", .made_from = "amount", .flags = F_READONLY | F_SORT},
	{.name = "close_on", .type = FIELD_DATE, .label = {"Expected close", "预计成交日期"}, .group = "money", .flags = F_SORT | F_LIST},
	{.name = "forecast", .type = FIELD_ENUM, .label = {"Forecast category", "预测类别"}, .group = "money", .options = deal_forecasts,
	 .flags = F_REQUIRED | F_INDEX},
	{.name = "lines_count", .type = FIELD_INT, .label = {"Lines", "行数"}, .group = "money", .fallback = "0", .flags = F_READONLY},
	{.name = "lines_total", .type = FIELD_MONEY, .label = {"Lines total", "明细金额"}, .group = "money", .currency_field = "currency",
	 .made_from = "amount", .fallback = "0", .flags = F_READONLY},

	{.name = "owner_id", .type = FIELD_LINK, .label = {"Owner", "负责人"}, .group = "belongs", .link = "user", .on_delete = DELETE_RESTRICT,
	 .fallback = "me", .flags = F_INDEX | F_LIST},
	{.name = "team_id", .type = FIELD_LINK, .label = {"Team", "团队"}, .group = "belongs", .link = "team", .on_delete = DELETE_RESTRICT, .flags = F_INDEX},
	{.name = "branch_id", .type = FIELD_LINK, .label = {"Branch", "分支机构"}, .group = "belongs", .link = "branch", .on_delete = DELETE_RESTRICT,
	 .flags = F_INDEX},

	{.name = "lost_reason_id", .type = FIELD_LINK, .label = {"Why it was lost", "输单原因"}, .group = "outcome", .link = "lost_reason",
	 .on_delete = DELETE_RESTRICT, .flags = F_INDEX},
	{.name = "competitor_id", .type = FIELD_LINK, .label = {"Lost to", "输给"}, .group = "outcome", .link = "competitor", .on_delete = DELETE_RESTRICT,
	 .flags = F_INDEX},
	{.name = "outcome_note", .type = FIELD_NOTE, .label = {"What we learnt", "复盘"}, .group = "outcome", .max = 2000},

	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .group = "kept", .options = deal_states, .fallback = "open",
	 .flags = F_READONLY | F_INDEX | F_LIST},
	{.name = "stage_since", .type = FIELD_TIME, .label = {"In this stage since", "进入阶段时间"}, .group = "kept", .flags = F_READONLY | F_SORT},
	{.name = "stuck_at", .type = FIELD_TIME, .label = {"Stuck from", "停滞起始"}, .group = "kept", .flags = F_READONLY | F_SORT,
	 .help = {"When it has stood in its stage for longer than it should", "超过阶段允许天数后视为停滞"}},
	{.name = "closed_at", .type = FIELD_TIME, .label = {"Closed", "结单时间"}, .group = "kept", .flags = F_READONLY | F_SORT},
	{.name = "cycle_days", .type = FIELD_INT, .label = {"Days from first to last", "成交周期（天）"}, .group = "kept", .flags = F_READONLY},
	{.name = "close_month", .type = FIELD_CODE, .label = {"Month of closing", "成交月份"}, .group = "kept", .max = 7, .made_from = "close_on", .flags = F_READONLY | F_INDEX | F_MORE},
	{.name = "first_close_on", .type = FIELD_DATE, .label = {"First expected close", "首次预计成交"}, .group = "kept", .made_from = "close_on", .flags = F_READONLY | F_MORE},
	{.name = "slips", .type = FIELD_INT, .label = {"Times put off", "推迟次数"}, .group = "kept", .fallback = "0", .flags = F_READONLY,
	 .help = {"How often the expected close went to a later month", "预计成交月份被推后的次数"}},
	{.name = "open_activities", .type = FIELD_INT, .label = {"Open activities", "未完成活动"}, .group = "kept", .fallback = "0", .flags = F_READONLY},
	{.name = "next_activity_at", .type = FIELD_TIME, .label = {"Next activity", "下次活动"}, .group = "kept", .flags = F_READONLY | F_SORT},
	{.name = "note", .type = FIELD_NOTE, .label = {"Note", "备注"}, .group = "other", .flags = F_SEARCH},
};

/* The last three are what the board's columns and the forecast group by, in its order, so that nothing is sorted and the table
 * itself is not read. */
static const char *const indexes[] = {"pipeline_id,stage_id,stage_since", "owner_id,state,close_on", "customer_id,state",
                                      "pipeline_id,state,stage_id,amount_base,weighted", "pipeline_id,closed_at,stage_id,amount_base,weighted",
                                      "close_month,state,forecast,owner_id,team_id,branch_id,amount_base,weighted", NULL};

const struct entity opportunity_entity = {
	.name = "opportunity",
	.plural = "opportunities",
	.label = {"Deal", "商机"},
	.label_many = {"Deals", "商机"},
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
	.groups = groups,
	.title = "name",
	.subtitle = "state",
	.owner = "owner_id",
	.team = "team_id",
	.branch = "branch_id",
	.work = "state=eq.open",
	.sort = "close_on",
	.icon = "deal",
	.search_rank = 4,
	.hooks = {.before = deal_before, .after = deal_after},
	.indexes = indexes,
};

static const struct field line_fields[] = {
	{.name = "opportunity_id", .type = FIELD_LINK, .label = {"Deal", "商机"}, .link = "opportunity", .on_delete = DELETE_CASCADE,
	 .flags = F_REQUIRED | F_INDEX | F_INSERT_ONLY},
	{.name = "product_id", .type = FIELD_LINK, .label = {"Product", "商品"}, .link = "product", .on_delete = DELETE_RESTRICT, .flags = F_INDEX | F_LIST},
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 250, .flags = F_LIST},
	{.name = "quantity", .type = FIELD_DECIMAL, .label = {"Quantity", "数量"}, .scale = 3, .fallback = "1", .flags = F_REQUIRED | F_LIST},
	{.name = "unit_price", .type = FIELD_DECIMAL, .label = {"Unit price", "单价"}, .scale = 4, .fallback = "0", .made_from = "amount",
	 .flags = F_REQUIRED | F_LIST, .help = {"In the deal's currency", "以商机币种计"}},
	{.name = "discount", .type = FIELD_DECIMAL, .label = {"Discount", "优惠"}, .scale = 4, .fallback = "0", .made_from = "amount"},
	{.name = "total", .type = FIELD_DECIMAL, .label = {"Total", "小计"}, .scale = 4, .fallback = "0", .made_from = "amount", .flags = F_READONLY | F_LIST},
	{.name = "note", .type = FIELD_TEXT, .label = {"Note", "备注"}, .max = 300},
};

const struct entity opportunity_line_entity = {
	.name = "opportunity_line",
	.plural = "opportunity_lines",
	.label = {"Product of a deal", "商机产品"},
	.label_many = {"Products of the deal", "商机产品"},
	.fields = line_fields,
	.n_fields = sizeof(line_fields) / sizeof(line_fields[0]),
	.title = "name",
	.parent = "opportunity_id",
	.sort = "id.asc",
	.icon = "line",
	.flags = E_CHILD | E_LOOKALIKE,
	.hooks = {.before = deal_line_before, .after = deal_line_after},
};

static const struct option parts[] = {
	{"decider", {"Decides", "决策人"}, "good"},       {"influencer", {"Influences", "影响者"}, "info"}, {"user", {"Will use it", "使用者"}, NULL},
	{"buyer", {"Buys", "采购"}, NULL},                {"technical", {"Judges the technology", "技术把关"}, NULL},
	{"champion", {"On our side", "内部支持者"}, "good"}, {"blocker", {"Against us", "反对者"}, "bad"}, {"other", {"Other", "其他"}, NULL},
	{NULL, {NULL, NULL}, NULL},
};

static const struct field person_fields[] = {
	{.name = "opportunity_id", .type = FIELD_LINK, .label = {"Deal", "商机"}, .link = "opportunity", .on_delete = DELETE_CASCADE,
	 .flags = F_REQUIRED | F_INDEX | F_INSERT_ONLY},
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Person", "人员"}, .link = "customer", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "part", .type = FIELD_ENUM, .label = {"Part in the decision", "决策角色"}, .options = parts, .fallback = "influencer", .flags = F_REQUIRED | F_LIST},
	{.name = "note", .type = FIELD_TEXT, .label = {"Note", "备注"}, .max = 300, .flags = F_LIST},
};

static const char *const person_indexes[] = {"unique opportunity_id,customer_id", NULL};

const struct entity opportunity_person_entity = {
	.name = "opportunity_person",
	.plural = "opportunity_persons",
	.label = {"Person in the decision", "决策相关人"},
	.label_many = {"Persons in the decision", "决策相关人"},
	.fields = person_fields,
	.n_fields = sizeof(person_fields) / sizeof(person_fields[0]),
	.title = "part",
	.parent = "opportunity_id",
	.sort = "id.asc",
	.flags = E_CHILD,
	.indexes = person_indexes,
};

static const struct option threats[] = {
	{"low", {"Low", "低"}, "quiet"}, {"middle", {"Middle", "中"}, "warn"}, {"high", {"High", "高"}, "bad"}, {NULL, {NULL, NULL}, NULL},
};

static const struct field rival_fields[] = {
	{.name = "opportunity_id", .type = FIELD_LINK, .label = {"Deal", "商机"}, .link = "opportunity", .on_delete = DELETE_CASCADE,
	 .flags = F_REQUIRED | F_INDEX | F_INSERT_ONLY},
	{.name = "competitor_id", .type = FIELD_LINK, .label = {"Competitor", "竞争对手"}, .link = "competitor", .on_delete = DELETE_CASCADE,
	 .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "threat", .type = FIELD_ENUM, .label = {"Threat", "威胁程度"}, .options = threats, .fallback = "middle", .flags = F_REQUIRED | F_LIST},
	{.name = "note", .type = FIELD_TEXT, .label = {"Note", "备注"}, .max = 300, .flags = F_LIST},
};

static const char *const rival_indexes[] = {"unique opportunity_id,competitor_id", NULL};

const struct entity opportunity_competitor_entity = {
	.name = "opportunity_competitor",
	.plural = "opportunity_competitors",
	.label = {"Competitor in a deal", "竞争情况"},
	.label_many = {"Competitors in the deal", "竞争情况"},
	.fields = rival_fields,
	.n_fields = sizeof(rival_fields) / sizeof(rival_fields[0]),
	.title = "threat",
	.parent = "opportunity_id",
	.sort = "id.asc",
	.flags = E_CHILD,
	.indexes = rival_indexes,
};
