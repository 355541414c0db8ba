#include "customers/customers.h"

#include "base/str.h"
#include "core/text/text.h"

static const struct option kinds[] = {
	{"person", {"Person", "个人客户"}, NULL},
	{"company", {"Company", "企业客户"}, NULL},
	{NULL, {NULL, NULL}, NULL},
};

static const struct option stages[] = {
	{"prospect", {"Prospect", "潜在"}, "info"},
	{"trading", {"Trading", "交易"}, "good"},
	{"loyal", {"Loyal", "忠诚"}, "good"},
	{"lost", {"Lost", "流失"}, "bad"},
	{NULL, {NULL, NULL}, NULL},
};

static const struct option levels[] = {
	{"vip", {"VIP", "贵宾"}, "good"},
	{"prime", {"Prime", "优质"}, "good"},
	{"main", {"Main", "主要"}, "info"},
	{"ordinary", {"Ordinary", "普通"}, "quiet"},
	{"potential", {"Potential", "潜力"}, "info"},
	{"restricted", {"Restricted", "限制"}, "bad"},
	{NULL, {NULL, NULL}, NULL},
};

static const struct option sources[] = {
	{"shop", {"Own shop", "自营商城"}, NULL},
	{"marketplace", {"Marketplace", "电商平台"}, NULL},
	{"store", {"Store", "门店"}, NULL},
	{"referral", {"Referral", "老客推荐"}, NULL},
	{"advert", {"Advertising", "广告"}, NULL},
	{"search", {"Search engine", "搜索引擎"}, NULL},
	{"social", {"Social media", "社交媒体"}, NULL},
	{"exhibition", {"Exhibition", "展会"}, NULL},
	{"call", {"Phone call", "来电"}, NULL},
	{"visit", {"Staff visit", "上门拜访"}, NULL},
	{"import", {"Imported file", "文件导入"}, NULL},
	{"other", {"Other", "其他"}, NULL},
	{NULL, {NULL, NULL}, NULL},
};

static const struct option genders[] = {
	{"female", {"Female", "女"}, NULL},
	{"male", {"Male", "男"}, NULL},
	{"other", {"Other", "其他"}, NULL},
	{NULL, {NULL, NULL}, NULL},
};

static const struct option marital[] = {
	{"single", {"Single", "未婚"}, NULL},
	{"married", {"Married", "已婚"}, NULL},
	{"divorced", {"Divorced", "离异"}, NULL},
	{"widowed", {"Widowed", "丧偶"}, NULL},
	{NULL, {NULL, NULL}, NULL},
};

static const struct option incomes[] = {
	{"low", {"Low", "较低"}, NULL},
	{"middle", {"Middle", "中等"}, NULL},
	{"upper_middle", {"Upper middle", "中上"}, NULL},
	{"high", {"High", "高"}, NULL},
	{NULL, {NULL, NULL}, NULL},
};

static const struct option educations[] = {
	{"school", {"School", "中学及以下"}, NULL},
	{"college", {"College", "大专"}, NULL},
	{"bachelor", {"Bachelor", "本科"}, NULL},
	{"master", {"Master or above", "硕士及以上"}, NULL},
	{NULL, {NULL, NULL}, NULL},
};

static const struct option motives[] = {
	{"practical", {"Practical", "求实"}, NULL},
	{"brand", {"Brand", "求名"}, NULL},
	{"aesthetic", {"Aesthetic", "求美"}, NULL},
	{"novelty", {"Novelty", "求新"}, NULL},
	{"price", {"Price", "求廉"}, NULL},
	{"follower", {"Follower", "从众"}, NULL},
	{NULL, {NULL, NULL}, NULL},
};

static const struct option scales[] = {
	{"micro", {"Under 10 people", "10 人以下"}, NULL},
	{"small", {"10 to 49", "10–49 人"}, NULL},
	{"medium", {"50 to 249", "50–249 人"}, NULL},
	{"large", {"250 to 999", "250–999 人"}, NULL},
	{"huge", {"1,000 and more", "1000 人及以上"}, NULL},
	{NULL, {NULL, NULL}, NULL},
};

static const struct option trade_states[] = {
	{"none", {"No trade yet", "尚未交易"}, "quiet"},
	{"active", {"Active", "正常交易"}, "good"},
	{"overdue", {"Overdue", "逾期"}, "warn"},
	{"suspended", {"Suspended", "暂停"}, "bad"},
	{"ended", {"Ended", "终止"}, "bad"},
	{NULL, {NULL, NULL}, NULL},
};

static const struct field_group groups[] = {
	{"basic", {"Basics", "基本信息"}},
	{"contact", {"Contact", "联系方式"}},
	{"belongs", {"Belongs to", "归属"}},
	{"trade", {"Trade", "交易概况"}},
	{"person", {"Family and career", "家庭与职业"}},
	{"attitude", {"Attitudes and behaviour", "态度与行为"}},
	{"company", {"Company", "企业情况"}},
	{"other", {"Other", "其他"}},
	{NULL, {NULL, NULL}},
};

static const struct sequence numbers = {.setting = "customers.number"};

static const struct field fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "姓名/名称"}, .group = "basic", .max = 120,
	 .flags = F_REQUIRED | F_SEARCH | F_LIST | F_PERSONAL | F_MASKABLE | F_INDEX},
	{.name = "number", .type = FIELD_TEXT, .label = {"Customer no.", "客户编号"}, .group = "basic", .max = 64, .sequence = &numbers,
	 .flags = F_UNIQUE | F_SEARCH | F_MORE},
	{.name = "number_key", .type = FIELD_TEXT, .label = {"Customer no. as compared", "客户编号（比较用）"}, .group = "basic",
	 .form_of = "number", .flags = F_UNIQUE | F_SECRET | F_READONLY | F_MORE},
	{.name = "kind", .type = FIELD_ENUM, .label = {"Kind", "客户类型"}, .group = "basic", .options = kinds,
	 .fallback = "person", .flags = F_REQUIRED},
	{.name = "stage", .type = FIELD_ENUM, .label = {"Stage", "阶段"}, .group = "basic", .options = stages,
	 .fallback = "prospect", .flags = F_REQUIRED | F_LIST},
	{.name = "level", .type = FIELD_ENUM, .label = {"Level", "级别"}, .group = "basic", .options = levels,
	 .flags = F_INDEX | F_LIST},
	{.name = "source", .type = FIELD_ENUM, .label = {"Source", "来源"}, .group = "basic", .options = sources},
	{.name = "tags", .type = FIELD_LINKS, .label = {"Tags", "标签"}, .group = "basic", .link = "tag",
	 .on_delete = DELETE_SET_NULL, .flags = F_LIST},

	{.name = "phone", .type = FIELD_PHONE, .label = {"Phone", "电话"}, .group = "contact",
	 .flags = F_SEARCH | F_INDEX | F_LIST | F_PERSONAL | F_MASKABLE},
	{.name = "email", .type = FIELD_EMAIL, .label = {"E-mail", "电子邮箱"}, .group = "contact",
	 .flags = F_SEARCH | F_INDEX | F_PERSONAL | F_MASKABLE},
	{.name = "email_key", .type = FIELD_TEXT, .label = {"E-mail as compared", "电子邮箱（比较用）"}, .group = "contact",
	 .form_of = "email", .flags = F_INDEX | F_SECRET | F_READONLY | F_MORE},
	{.name = "country", .type = FIELD_CODE, .label = {"Country", "国家/地区"}, .group = "contact", .max = 2, .help = {"ISO 3166 code, such as CN", "ISO 3166 代码，如 CN"}},
	{.name = "province", .type = FIELD_TEXT, .label = {"Province", "省/州"}, .group = "contact", .max = 80, .flags = F_MORE},
	{.name = "city", .type = FIELD_TEXT, .label = {"City", "城市"}, .group = "contact", .max = 80,
	 .flags = F_INDEX | F_LIST | F_SEARCH},
	{.name = "district", .type = FIELD_TEXT, .label = {"District", "区/县"}, .group = "contact", .max = 80, .flags = F_MORE},
	{.name = "language", .type = FIELD_CODE, .label = {"Language", "语言"}, .group = "contact", .max = 12, .flags = F_MORE},
	{.name = "time_zone", .type = FIELD_TEXT, .label = {"Time zone", "时区"}, .group = "contact", .max = 40, .flags = F_MORE},

	{.name = "owner_id", .type = FIELD_LINK, .label = {"Owner", "负责人"}, .group = "belongs", .link = "user",
	 .on_delete = DELETE_RESTRICT, .fallback = "me", .flags = F_INDEX | F_LIST},
	{.name = "team_id", .type = FIELD_LINK, .label = {"Team", "团队"}, .group = "belongs", .link = "team",
	 .on_delete = DELETE_RESTRICT, .flags = F_INDEX | F_MORE},
	{.name = "branch_id", .type = FIELD_LINK, .label = {"Branch", "分支机构"}, .group = "belongs", .link = "branch",
	 .on_delete = DELETE_RESTRICT, .flags = F_INDEX | F_MORE},
	{.name = "region_id", .type = FIELD_LINK, .label = {"Region", "区域"}, .group = "belongs", .link = "region",
	 .on_delete = DELETE_SET_NULL, .flags = F_INDEX | F_MORE},
	{.name = "held_since", .type = FIELD_TIME, .label = {"With its owner since", "归属时间"}, .group = "belongs",
	 .flags = F_READONLY | F_MORE},
	{.name = "pool_id", .type = FIELD_LINK, .label = {"In the pool", "所在公海"}, .group = "belongs", .link = "pool",
	 .on_delete = DELETE_RESTRICT, .flags = F_READONLY | F_INDEX | F_MORE},

	{.name = "orders_count", .type = FIELD_INT, .label = {"Orders", "订单数"}, .group = "trade",
	 .fallback = "0", .flags = F_READONLY | F_LIST},
	{.name = "orders_total", .type = FIELD_MONEY, .label = {"Spent", "累计消费"}, .group = "trade",
	 .fallback = "0", .flags = F_READONLY | F_SORT | F_LIST},
	{.name = "orders_unrated", .type = FIELD_INT, .label = {"Orders without a rate", "未填汇率的订单"}, .group = "trade",
	 .fallback = "0", .flags = F_READONLY, .help = {"In another currency and in no sum until their rate is given", "外币订单，填写汇率后才计入金额"}},
	{.name = "first_order_at", .type = FIELD_TIME, .label = {"First order", "首次下单"}, .group = "trade",
	 .flags = F_READONLY | F_SORT},
	{.name = "last_order_at", .type = FIELD_TIME, .label = {"Last order", "最近下单"}, .group = "trade",
	 .flags = F_READONLY | F_SORT | F_LIST},
	{.name = "open_work", .type = FIELD_INT, .label = {"Open work", "待办"}, .group = "trade",
	 .fallback = "0", .flags = F_READONLY},
	{.name = "contacts_count", .type = FIELD_INT, .label = {"Times contacted", "联系次数"}, .group = "trade",
	 .fallback = "0", .flags = F_READONLY},
	{.name = "last_contact_at", .type = FIELD_TIME, .label = {"Last contact", "最近联系"}, .group = "trade",
	 .flags = F_READONLY},
	{.name = "stage_since", .type = FIELD_TIME, .label = {"In this stage since", "进入阶段时间"}, .group = "trade",
	 .flags = F_READONLY | F_MORE},
	{.name = "stage_rule_id", .type = FIELD_LINK, .label = {"Stage by the rule", "阶段规则"}, .group = "trade", .link = "stage_rule",
	 .on_delete = DELETE_SET_NULL, .flags = F_READONLY | F_MORE},
	{.name = "lost_reason", .type = FIELD_TEXT, .label = {"Why trade stopped", "流失原因"}, .group = "trade", .flags = F_MORE},

	{.name = "gender", .type = FIELD_ENUM, .label = {"Gender", "性别"}, .group = "person", .options = genders,
	 .flags = F_PERSONAL | F_MORE},
	{.name = "birthday", .type = FIELD_DATE, .label = {"Birthday", "生日"}, .group = "person",
	 .flags = F_PERSONAL | F_MASKABLE | F_PAST},
	{.name = "birth_month", .type = FIELD_INT, .label = {"Birth month", "生日月份"}, .group = "person",
	 .made_from = "birthday", .flags = F_PERSONAL | F_MASKABLE | F_MORE, .help = {"With the day, where the year is not known", "不知道年份时与日一起填写"}},
	{.name = "birth_day", .type = FIELD_INT, .label = {"Birth day", "生日日期"}, .group = "person",
	 .made_from = "birthday", .flags = F_PERSONAL | F_MASKABLE | F_MORE},
	{.name = "marital", .type = FIELD_ENUM, .label = {"Marital status", "婚姻状况"}, .group = "person", .options = marital,
	 .flags = F_PERSONAL | F_SENSITIVE | F_MORE},
	{.name = "children", .type = FIELD_INT, .label = {"Children", "子女数"}, .group = "person", .flags = F_PERSONAL | F_MORE},
	{.name = "education", .type = FIELD_ENUM, .label = {"Education", "学历"}, .group = "person", .options = educations,
	 .flags = F_PERSONAL | F_MORE},
	{.name = "occupation", .type = FIELD_TEXT, .label = {"Occupation", "职业"}, .group = "person", .max = 80, .flags = F_PERSONAL | F_MORE},
	{.name = "employer", .type = FIELD_TEXT, .label = {"Employer", "工作单位"}, .group = "person", .max = 120,
	 .flags = F_PERSONAL | F_SEARCH | F_MORE},
	{.name = "income_band", .type = FIELD_ENUM, .label = {"Income", "收入水平"}, .group = "person", .options = incomes,
	 .flags = F_PERSONAL | F_SENSITIVE | F_MASKABLE | F_MORE},

	{.name = "buying_motive", .type = FIELD_ENUM, .label = {"Buying motive", "购买动机"}, .group = "attitude", .options = motives,
	 .flags = F_MORE},
	{.name = "interests", .type = FIELD_TEXT, .label = {"Interests", "兴趣爱好"}, .group = "attitude", .flags = F_PERSONAL | F_MORE},
	{.name = "personality", .type = FIELD_TEXT, .label = {"Personality", "性格"}, .group = "attitude", .flags = F_PERSONAL | F_MORE},
	{.name = "preferred_channel", .type = FIELD_TEXT, .label = {"Preferred buying channel", "偏好购买渠道"}, .group = "attitude",
	 .max = 60, .flags = F_MORE},

	{.name = "legal_form", .type = FIELD_TEXT, .label = {"Legal form", "企业性质"}, .group = "company", .max = 60, .flags = F_MORE},
	{.name = "registration_no", .type = FIELD_TEXT, .label = {"Registration no.", "统一社会信用代码"}, .group = "company",
	 .max = 64, .flags = F_SEARCH | F_UNIQUE | F_MORE},
	{.name = "registration_key", .type = FIELD_TEXT, .label = {"Registration no. as compared", "统一社会信用代码（比较用）"}, .group = "company",
	 .form_of = "registration_no", .flags = F_UNIQUE | F_SECRET | F_READONLY | F_MORE},
	{.name = "industry", .type = FIELD_TEXT, .label = {"Line of business", "所属行业"}, .group = "company", .max = 80},
	{.name = "scale", .type = FIELD_ENUM, .label = {"Scale", "企业规模"}, .group = "company", .options = scales, .flags = F_MORE},
	{.name = "founded_on", .type = FIELD_DATE, .label = {"Founded", "成立日期"}, .group = "company", .flags = F_MORE},
	{.name = "website", .type = FIELD_URL, .label = {"Web site", "网站"}, .group = "company", .flags = F_MORE},
	{.name = "trade_state", .type = FIELD_ENUM, .label = {"Trading state", "交易状态"}, .group = "company",
	 .options = trade_states, .flags = F_MORE},
	{.name = "reputation", .type = FIELD_TEXT, .label = {"Reputation", "信誉"}, .group = "company", .flags = F_MORE},
	{.name = "credit_limit", .type = FIELD_MONEY, .label = {"Credit limit", "信用额度"}, .group = "company", .flags = F_MORE},
	{.name = "philosophy", .type = FIELD_TEXT, .label = {"Business philosophy", "经营理念"}, .group = "company", .flags = F_MORE},

	{.name = "note", .type = FIELD_NOTE, .label = {"Note", "备注"}, .group = "other", .flags = F_SEARCH},
	{.name = "merged_into_id", .type = FIELD_LINK, .label = {"Merged into", "已合并至"}, .group = "other", .link = "customer",
	 .on_delete = DELETE_SET_NULL, .flags = F_READONLY | F_INDEX},
	{.name = "sort_name", .type = FIELD_TEXT, .label = {"Sort name", "排序名"}, .group = "other", .max = 400,
	 .made_from = "name", .flags = F_READONLY | F_SORT, .help = {"Pinyin for Chinese names", "中文名按拼音排序"}},
};

enum err customer_sort_name(struct ctx *ctx, const char *name, size_t n, const char **ret)
{
	const char *initials;
	size_t folded_n;
	enum err err = text_pinyin(ctx, name, n, ret, &initials);
	return err == OK && str_empty(*ret) ? text_fold(ctx, name, n, ret, &folded_n) : err;
}

static enum err set_sort_name(struct ctx *ctx, struct record *customer)
{
	const char *name = record_text(customer, "name"), *sorts;
	if (str_empty(name))
		return OK;
	enum err err = customer_sort_name(ctx, name, record_value(customer, "name")->t.n, &sorts);
	return err == OK ? record_set(ctx, customer, "sort_name", value_text(sorts)) : err;
}

static bool same_field(const struct record *a, const struct record *b, const char *field)
{
	return value_equal(record_value(a, field), record_value(b, field));
}

static bool is_null(const struct record *r, const char *field)
{
	return record_value(r, field)->kind == VALUE_NULL;
}

static enum err set_month_and_day(struct ctx *ctx, struct record *customer, struct value month, struct value day)
{
	enum err err = record_set(ctx, customer, "birth_month", month);
	return err == OK ? record_set(ctx, customer, "birth_day", day) : err;
}

static enum err check_birth_day(struct ctx *ctx, const struct record *customer)
{
	static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t month = record_i64(customer, "birth_month"), day = record_i64(customer, "birth_day");
	bool no_month = is_null(customer, "birth_month"), no_day = is_null(customer, "birth_day");
	if (!no_month && (month < 1 || month > 12))
		return fail(ctx, ERR_INVALID, "birth_month", "not_month");
	if (!no_day && no_month)
		return fail(ctx, ERR_INVALID, "birth_day", "month_needed");
	if (!no_day && (day < 1 || day > days[month - 1]))
		return fail(ctx, ERR_INVALID, "birth_day", "not_day");
	return OK;
}

/* The month and day of a birthday stand beside it, and alone where the year is not known: people are congratulated by day. */
static enum err set_birth_day(struct ctx *ctx, const struct record *old, struct record *customer)
{
	const char *birthday = record_text(customer, "birthday");
	if (!str_empty(birthday))
		return set_month_and_day(ctx, customer, value_int((birthday[5] - '0') * 10 + birthday[6] - '0'), value_int((birthday[8] - '0') * 10 + birthday[9] - '0'));
	/* A birthday that is taken away takes its day along. */
	if (old != NULL && !is_null(old, "birthday") && same_field(old, customer, "birth_month") && same_field(old, customer, "birth_day"))
		return set_month_and_day(ctx, customer, value_null(), value_null());
	return check_birth_day(ctx, customer);
}

/* A new customer has no trade yet, a restored one neither: what comes back with it counts itself again. */
static enum err set_no_trade(struct ctx *ctx, struct record *customer)
{
	static const char *const counted[] = {"orders_count", "orders_total", "orders_unrated", "open_work", "contacts_count"};
	static const char *const dates[] = {"first_order_at", "last_order_at", "last_contact_at"};
	enum err err = OK;
	for (size_t i = 0; err == OK && i < sizeof(counted) / sizeof(counted[0]); i++)
		err = record_set(ctx, customer, counted[i], value_int(0));
	for (size_t i = 0; err == OK && i < sizeof(dates) / sizeof(dates[0]); i++)
		err = record_set(ctx, customer, dates[i], value_null());
	return err;
}

/* Who is lost is lost for a reason, given anew each time; who comes back has none. */
static enum err ask_reason(struct ctx *ctx, const struct record *old, struct record *new_)
{
	bool was = str_equal(record_text(old, "stage"), "lost"), is = str_equal(record_text(new_, "stage"), "lost");
	if (!was && is && str_empty(record_text(new_, "lost_reason")))
		return fail(ctx, ERR_INVALID, "lost_reason", "lost_reason_needed");
	if (was && !is)
		return record_set(ctx, new_, "lost_reason", value_null());
	return OK;
}

/* Since when its owner has it, and since when it stands where it stands; what somebody has is in no pool. */
static enum err set_since(struct ctx *ctx, const struct record *old, struct record *new_)
{
	bool owned = !is_null(new_, "owner_id");
	enum err err = OK;
	/* one that is brought back has it already */
	if (old == NULL ? is_null(new_, "held_since") : !same_field(old, new_, "owner_id"))
		err = record_set(ctx, new_, "held_since", owned ? value_int(ctx_now(ctx)) : value_null());
	if (err == OK && owned && !is_null(new_, "pool_id"))
		err = record_set(ctx, new_, "pool_id", value_null());
	if (err != OK || (old != NULL ? same_field(old, new_, "stage") : !is_null(new_, "stage_since")))
		return err;
	err = record_set(ctx, new_, "stage_since", value_int(ctx_now(ctx)));
	/* changed by hand, it is no rule's any more */
	if (err == OK && old != NULL && same_field(old, new_, "stage_rule_id"))
		err = record_set(ctx, new_, "stage_rule_id", value_null());
	return err;
}

static enum err before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *new_)
{
	(void)entity;
	if (new_ == NULL)
		return OK;
	enum err err = old == NULL ? set_no_trade(ctx, new_) : ask_reason(ctx, old, new_);
	if (err == OK)
		err = set_birth_day(ctx, old, new_);
	if (err == OK)
		err = set_since(ctx, old, new_);
	if (err != OK)
		return err;
	if (old == NULL || !value_equal(record_value(old, "name"), record_value(new_, "name")))
		return set_sort_name(ctx, new_);
	return OK;
}

static const char *const indexes[] = {"owner_id,last_order_at", "stage,last_order_at", "city,last_order_at", "birth_month,birth_day", NULL};

const struct entity customer_entity = {
	.name = "customer",
	.plural = "customers",
	.label = {"Customer", "客户"},
	.label_many = {"Customers", "客户"},
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
	.groups = groups,
	.title = "name",
	.subtitle = "city",
	.owner = "owner_id",
	.team = "team_id",
	.branch = "branch_id",
	.work = "",
	.sort = "id.desc",
	.icon = "customer",
	.search_rank = 1,
	.flags = E_GATHER,
	.hooks = {.before = before, .alias = customer_alias_of},
	.indexes = indexes,
};
