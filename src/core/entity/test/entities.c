/* Test descriptors: every field type, every kind of link, parents, owners. */
#include <string.h>

#include "base/str.h"
#include "help.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

struct hook_log test_hooks;

static const struct field name_only[] = {
	{.name = "name", .type = FIELD_TEXT, .flags = F_REQUIRED, .label = {"Name", "名称"}},
};

static const struct field user_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .flags = F_REQUIRED, .label = {"Name", "姓名"}},
	{.name = "password", .type = FIELD_TEXT, .flags = F_SECRET, .label = {"Password", "密码"}},
};
static const struct entity user = {
	.name = "user", .plural = "users", .label = {"User", "用户"}, .label_many = {"Users", "用户"}, .fields = user_fields,
	.n_fields = COUNT(user_fields), .title = "name", .sort = "name", .flags = E_SYSTEM,
};

static const struct entity branch = {
	.name = "branch", .plural = "branches", .label = {"Branch", "分公司"}, .label_many = {"Branches", "分公司"},
	.fields = name_only, .n_fields = 1, .title = "name", .sort = "name",
};

static const struct field team_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .flags = F_REQUIRED, .label = {"Name", "名称"}},
	{.name = "parent_id", .type = FIELD_LINK, .link = "team", .on_delete = DELETE_CASCADE, .label = {"Above", "上级"}},
};
static const struct entity team = {
	.name = "team", .plural = "teams", .label = {"Team", "团队"}, .label_many = {"Teams", "团队"}, .fields = team_fields,
	.n_fields = COUNT(team_fields), .title = "name", .sort = "name",
};

static const struct field label_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .flags = F_REQUIRED | F_UNIQUE, .label = {"Name", "名称"}},
};
static const struct entity label = {
	.name = "label", .plural = "labels", .label = {"Label", "标签"}, .label_many = {"Labels", "标签"}, .fields = label_fields,
	.n_fields = 1, .title = "name", .sort = "name",
};

static const struct field product_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .flags = F_REQUIRED, .label = {"Name", "名称"}},
	{.name = "labels", .type = FIELD_LINKS, .link = "label", .on_delete = DELETE_RESTRICT, .label = {"Labels", "标签"}},
};
static const struct entity product = {
	.name = "product", .plural = "products", .label = {"Product", "商品"}, .label_many = {"Products", "商品"},
	.fields = product_fields, .n_fields = COUNT(product_fields), .title = "name", .sort = "created_at.desc",
};

static const struct option kinds[] = {
	{"person", {"Person", "个人"}, NULL}, {"company", {"Company", "企业"}, "info"}, {NULL, {NULL, NULL}, NULL}};
static const struct field_group groups[] = {{"basic", {"Basics", "基本"}}, {NULL, {NULL, NULL}}};

static const struct field client_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .flags = F_REQUIRED | F_SEARCH | F_LIST | F_SORT, .label = {"Name", "姓名"}, .max = 40},
	{.name = "note", .type = FIELD_NOTE, .label = {"Note", "备注"}, .group = "basic"},
	{.name = "age", .type = FIELD_INT, .flags = F_INDEX, .label = {"Age", "年龄"}},
	{.name = "weight", .type = FIELD_DECIMAL, .scale = 3, .least = "0", .most = "500", .label = {"Weight", "重量"}},
	{.name = "score", .type = FIELD_REAL, .label = {"Score", "评分"}},
	{.name = "currency", .type = FIELD_CODE, .max = 3, .label = {"Currency", "币种"}},
	{.name = "spent", .type = FIELD_MONEY, .currency_field = "currency", .label = {"Spent", "消费"}},
	{.name = "credit", .type = FIELD_MONEY, .label = {"Credit", "额度"}},
	{.name = "active", .type = FIELD_BOOL, .fallback = "true", .label = {"Active", "启用"}},
	{.name = "born", .type = FIELD_DATE, .label = {"Born", "生日"}},
	{.name = "seen_at", .type = FIELD_TIME, .fallback = "now", .label = {"Seen", "来访"}},
	{.name = "joined", .type = FIELD_DATE, .fallback = "now", .label = {"Joined", "加入"}},
	{.name = "kind", .type = FIELD_ENUM, .options = kinds, .fallback = "person", .flags = F_REQUIRED, .label = {"Kind", "类型"}},
	{.name = "labels", .type = FIELD_LINKS, .link = "label", .on_delete = DELETE_SET_NULL, .label = {"Labels", "标签"}},
	{.name = "email", .type = FIELD_EMAIL, .flags = F_UNIQUE | F_SEARCH, .label = {"E-mail", "邮箱"}},
	{.name = "phone", .type = FIELD_PHONE, .flags = F_SEARCH | F_INDEX | F_MASKABLE, .label = {"Phone", "电话"}},
	{.name = "site", .type = FIELD_URL, .label = {"Site", "网站"}},
	{.name = "country", .type = FIELD_CODE, .max = 2, .label = {"Country", "国家"}},
	{.name = "extra", .type = FIELD_JSON, .label = {"Extra", "附加"}},
	{.name = "number", .type = FIELD_TEXT, .flags = F_UNIQUE | F_INSERT_ONLY, .label = {"Number", "编号"}},
	{.name = "kept", .type = FIELD_INT, .fallback = "0", .flags = F_READONLY, .label = {"Kept", "计数"}},
	{.name = "secret", .type = FIELD_TEXT, .flags = F_SECRET, .label = {"Secret", "密文"}},
	{.name = "owner_id", .type = FIELD_LINK, .link = "user", .fallback = "me", .label = {"Owner", "负责人"}},
	{.name = "team_id", .type = FIELD_LINK, .link = "team", .label = {"Team", "团队"}},
	{.name = "branch_id", .type = FIELD_LINK, .link = "branch", .on_delete = DELETE_SET_NULL, .label = {"Branch", "分公司"}},
	{.name = "referrer_id", .type = FIELD_LINK, .link = "client", .on_delete = DELETE_SET_NULL, .label = {"Referrer", "推荐人"}},
	{.name = "main_alias_id", .type = FIELD_LINK, .link = "alias", .on_delete = DELETE_SET_NULL, .label = {"Main", "主要"}},
};

static enum err client_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *new_)
{
	(void)entity;
	(void)old;
	test_hooks.before++;
	if (!new_)
		return OK;
	if (test_hooks.refuse[0] && str_equal(record_text(new_, "name"), test_hooks.refuse))
		return fail(ctx, ERR_INVALID, "name", "refused");
	const char *name = record_text(new_, "name");
	return record_set(ctx, new_, "kept", value_int(name ? (int64_t)strlen(name) : 0));
}

static enum err client_after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *new_)
{
	(void)ctx;
	(void)entity;
	(void)old;
	(void)new_;
	test_hooks.after++;
	return OK;
}

static const char *const client_indexes[] = {"unique country,number", "kind,age", NULL};
static const struct entity client = {
	.name = "client", .plural = "clients", .label = {"Client", "客户"}, .label_many = {"Clients", "客户"},
	.fields = client_fields, .n_fields = COUNT(client_fields), .groups = groups, .title = "name", .owner = "owner_id",
	.team = "team_id", .branch = "branch_id", .sort = "created_at.desc", .search_rank = 1,
	.hooks = {.before = client_before, .after = client_after}, .indexes = client_indexes,
};

static const struct field alias_fields[] = {
	{.name = "client_id", .type = FIELD_LINK, .link = "client", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED,
	 .label = {"Client", "客户"}},
	{.name = "value", .type = FIELD_TEXT, .flags = F_REQUIRED | F_SEARCH, .label = {"Value", "值"}},
};
static const struct entity alias = {
	.name = "alias", .plural = "aliases", .label = {"Alias", "别名"}, .label_many = {"Aliases", "别名"}, .fields = alias_fields,
	.n_fields = COUNT(alias_fields), .title = "value", .parent = "client_id", .sort = "id", .flags = E_CHILD,
};

static const struct field deal_fields[] = {
	{.name = "client_id", .type = FIELD_LINK, .link = "client", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED,
	 .label = {"Client", "客户"}},
	{.name = "title", .type = FIELD_TEXT, .flags = F_REQUIRED | F_SEARCH, .label = {"Title", "标题"}},
};
static const struct entity deal = {
	.name = "deal", .plural = "deals", .label = {"Deal", "商机"}, .label_many = {"Deals", "商机"}, .fields = deal_fields,
	.n_fields = COUNT(deal_fields), .title = "title", .parent = "client_id", .sort = "id", .search_rank = 3,
};

static const struct field line_fields[] = {
	{.name = "deal_id", .type = FIELD_LINK, .link = "deal", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED,
	 .label = {"Deal", "商机"}},
	{.name = "product_id", .type = FIELD_LINK, .link = "product", .on_delete = DELETE_RESTRICT, .label = {"Product", "商品"}},
	{.name = "quantity", .type = FIELD_DECIMAL, .scale = 3, .fallback = "1", .label = {"Quantity", "数量"}},
	{.name = "sku", .type = FIELD_TEXT, .label = {"SKU", "编码"}},
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}},
	{.name = "unit_price", .type = FIELD_DECIMAL, .scale = 4, .label = {"Price", "单价"}},
	{.name = "total", .type = FIELD_DECIMAL, .scale = 4, .label = {"Total", "小计"}},
};
static const struct entity line = {
	.name = "deal_line", .plural = "deal_lines", .label = {"Line", "明细"}, .label_many = {"Lines", "明细"}, .fields = line_fields,
	.n_fields = COUNT(line_fields), .title = "name", .parent = "deal_id", .sort = "id", .flags = E_CHILD,
};

/* Belongs to a client, or to whoever wrote it. */
static const struct field memo_fields[] = {
	{.name = "client_id", .type = FIELD_LINK, .link = "client", .on_delete = DELETE_SET_NULL, .label = {"Client", "客户"}},
	{.name = "owner_id", .type = FIELD_LINK, .link = "user", .label = {"Owner", "负责人"}},
	{.name = "text", .type = FIELD_TEXT, .label = {"Text", "内容"}},
};
static const struct entity memo = {
	.name = "memo", .plural = "memos", .label = {"Memo", "便签"}, .label_many = {"Memos", "便签"}, .fields = memo_fields,
	.n_fields = COUNT(memo_fields), .title = "text", .owner = "owner_id", .parent = "client_id", .sort = "id",
};

static const struct entity silent = {
	.name = "silent", .plural = "silents", .label = {"Silent", "静默"}, .label_many = {"Silent", "静默"}, .fields = name_only,
	.n_fields = 1, .title = "name", .sort = "id", .flags = E_NO_LOG,
};
static const struct entity sealed = {
	.name = "sealed", .plural = "sealeds", .label = {"Sealed", "封存"}, .label_many = {"Sealed", "封存"}, .fields = name_only,
	.n_fields = 1, .title = "name", .sort = "id", .flags = E_NO_API_WRITE,
};

/* A ticket has a state with steps. */
static const struct option ticket_states[] = {
	{"open", {"Open", "待处理"}, NULL}, {"working", {"In progress", "处理中"}, NULL}, {"solved", {"Solved", "已解决"}, NULL},
	{"closed", {"Closed", "已关闭"}, NULL}, {NULL, {NULL, NULL}, NULL}};
static const struct transition ticket_steps[] = {
	{.name = "take", .label = {"Take it on", "受理"}, .from = "open", .to = "working", .needs = "owner_id"},
	{.name = "solve", .label = {"Solve", "解决"}, .from = "open,working", .to = "solved", .needs = "answer"},
	{.name = "close", .label = {"Close", "关闭"}, .to = "closed", .cap = "audit"},
	{.name = "reopen", .label = {"Open it again", "重新打开"}, .from = "solved,closed", .to = "open", .reason = "why"},
	{.name = NULL}};
/* Numbered by day and branch; the pattern comes from test_numbering. */
static const struct sequence ticket_numbers = {.pattern = "T{id}", .setting = "ticket.number", .date = "day"};
static const struct field ticket_fields[] = {
	{.name = "number", .type = FIELD_TEXT, .max = 40, .sequence = &ticket_numbers, .flags = F_UNIQUE, .label = {"Number", "编号"}},
	{.name = "day", .type = FIELD_DATE, .label = {"Day", "日期"}},
	{.name = "branch_id", .type = FIELD_LINK, .link = "branch", .label = {"Branch", "分公司"}},
	{.name = "title", .type = FIELD_TEXT, .flags = F_REQUIRED, .label = {"Title", "标题"}},
	{.name = "state", .type = FIELD_ENUM, .options = ticket_states, .transitions = ticket_steps, .starts = "open,working", .fallback = "open",
	 .label = {"State", "状态"}},
	{.name = "answer", .type = FIELD_NOTE, .label = {"Answer", "答复"}},
	{.name = "why", .type = FIELD_TEXT, .label = {"Why", "原因"}},
	{.name = "owner_id", .type = FIELD_LINK, .link = "user", .label = {"Owner", "负责人"}},
};
static const struct entity ticket = {
	.name = "ticket", .plural = "tickets", .label = {"Ticket", "工单"}, .label_many = {"Tickets", "工单"}, .fields = ticket_fields,
	.n_fields = COUNT(ticket_fields), .title = "title", .owner = "owner_id", .branch = "branch_id", .sort = "id", .flags = E_GATHER,
};

const struct entity *const test_entities[] = {&user, &team, &branch, &label, &product, &client, &alias, &deal, &line, &memo, &silent, &sealed, &ticket, &entity_number_count};
const size_t test_entities_n = COUNT(test_entities);
