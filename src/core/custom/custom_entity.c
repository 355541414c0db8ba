/* The record of a field that an administrator added. */
#include "core/custom/custom.h"

static const struct option types[] = {
	{"text", {"Text, one line", "单行文本"}, NULL},
	{"note", {"Text, many lines", "多行文本"}, NULL},
	{"int", {"Whole number", "整数"}, NULL},
	{"decimal", {"Decimal number", "小数"}, NULL},
	{"real", {"Floating number", "浮点数"}, NULL},
	{"money", {"Amount of money", "金额"}, NULL},
	{"bool", {"Yes or no", "是/否"}, NULL},
	{"date", {"Day", "日期"}, NULL},
	{"time", {"Day and time", "日期时间"}, NULL},
	{"enum", {"Choice", "单选"}, NULL},
	{"link", {"Link to a record", "关联记录"}, NULL},
	{"links", {"Links to records", "关联多条记录"}, NULL},
	{"email", {"E-mail address", "邮箱"}, NULL},
	{"phone", {"Phone number", "电话"}, NULL},
	{"url", {"Web address", "网址"}, NULL},
	{"code", {"Short code", "代码"}, NULL},
	{"json", {"Structured value", "结构化数据"}, NULL},
	{0},
};

static const struct option states[] = {
	{"active", {"In use", "使用中"}, "good"},
	{"retired", {"Out of use", "已停用"}, "quiet"},
	{0},
};

static const struct field fields[] = {
	{.name = "entity", .type = FIELD_CODE, .max = 48, .flags = F_REQUIRED | F_LIST | F_INSERT_ONLY, .label = {"Kind of record", "对象"}},
	{.name = "name", .type = FIELD_TEXT, .max = 100, .flags = F_REQUIRED | F_LIST, .label = {"Name in the API", "接口名称"}},
	{.name = "type", .type = FIELD_ENUM, .options = types, .flags = F_REQUIRED | F_LIST | F_INSERT_ONLY, .label = {"Type", "类型"}},
	{.name = "label", .type = FIELD_JSON, .max = 2000, .flags = F_REQUIRED | F_LIST, .label = {"Label", "显示名称"}},
	{.name = "help", .type = FIELD_JSON, .max = 4000, .label = {"Help text", "说明文字"}},
	{.name = "options", .type = FIELD_JSON, .max = 100000, .label = {"Options", "选项"}},
	{.name = "required", .type = FIELD_BOOL, .fallback = "false", .label = {"Required", "必填"}},
	{.name = "unique", .type = FIELD_BOOL, .fallback = "false", .label = {"Unique", "唯一"}},
	{.name = "default", .type = FIELD_TEXT, .max = 1000, .label = {"Default", "默认值"}},
	{.name = "min", .type = FIELD_TEXT, .max = 60, .label = {"At least", "最小值"},
	 .help = {"Of numbers and days the value, of texts the length", "数字与日期指取值，文本指长度"}},
	{.name = "max", .type = FIELD_TEXT, .max = 60, .label = {"At most", "最大值"},
	 .help = {"Of numbers and days the value, of texts the length", "数字与日期指取值，文本指长度"}},
	{.name = "scale", .type = FIELD_INT, .label = {"Decimals", "小数位数"}},
	{.name = "link", .type = FIELD_CODE, .max = 48, .flags = F_INSERT_ONLY, .label = {"Links to", "关联对象"}},
	{.name = "group", .type = FIELD_CODE, .max = 48, .label = {"Part of the form", "表单分组"}},
	{.name = "more", .type = FIELD_BOOL, .fallback = "false", .label = {"Behind “more” in the form", "在表单中收起"}},
	{.name = "list", .type = FIELD_BOOL, .fallback = "false", .label = {"Column of the list", "在列表中显示"}},
	{.name = "card", .type = FIELD_BOOL, .fallback = "false", .label = {"At the head of the record", "在卡片上显示"}},
	{.name = "search", .type = FIELD_BOOL, .fallback = "false", .label = {"Found by search", "可搜索"}},
	{.name = "personal", .type = FIELD_BOOL, .fallback = "false", .label = {"Personal data", "个人信息"}},
	{.name = "index", .type = FIELD_BOOL, .fallback = "false", .label = {"Filtered quickly", "快速筛选"}},
	{.name = "position", .type = FIELD_INT, .fallback = "0", .flags = F_REQUIRED, .label = {"Order", "顺序"}},
	{.name = "state", .type = FIELD_ENUM, .options = states, .fallback = "active", .flags = F_REQUIRED | F_LIST, .label = {"State", "状态"}},
	{.name = "aliases", .type = FIELD_JSON, .max = 2000, .flags = F_READONLY, .label = {"Called before", "曾用名称"}},
	{.name = "number", .type = FIELD_INT, .flags = F_READONLY, .label = {"Number", "编号"}},
	{.name = "column", .type = FIELD_CODE, .max = 63, .flags = F_READONLY, .label = {"Column", "数据列"}},
};

static const char *const indexes[] = {"unique entity,name", NULL};

const struct entity custom_field_entity = {
	.name = "custom_field", .plural = "custom_fields",
	.label = {"Own field", "自定义字段"}, .label_many = {"Own fields", "自定义字段"},
	.fields = fields, .n_fields = sizeof(fields) / sizeof(fields[0]),
	.title = "name", .subtitle = "entity", .sort = "entity.asc,position.asc", .icon = "field",
	.flags = E_SYSTEM | E_NO_API_WRITE, .cap = CAP_ADMIN, .indexes = indexes,
};
