/* Where values are kept: a record for each value that is not the default. */
#include "core/settings/settings_internal.h"

static const struct option scopes[] = {
	{"firm", {"The firm", "全公司"}, NULL},
	{"branch", {"A branch", "分支机构"}, NULL},
	{"user", {"A user", "用户"}, NULL},
	{0},
};

static const struct field setting_fields[] = {
	{.name = "name", .type = FIELD_CODE, .max = 80, .flags = F_REQUIRED | F_LIST, .label = {"Setting", "设置项"}},
	{.name = "scope", .type = FIELD_ENUM, .options = scopes, .fallback = "firm", .flags = F_REQUIRED | F_LIST, .label = {"Holds for", "适用范围"}},
	{.name = "scope_id", .type = FIELD_INT, .fallback = "0", .flags = F_REQUIRED, .label = {"Of", "对象编号"}},
	{.name = "value", .type = FIELD_NOTE, .max = SETTING_VALUE_MAX, .flags = F_LIST, .label = {"Value", "值"}},
};

static const char *const setting_indexes[] = {"unique name,scope,scope_id", NULL};

const struct entity setting_entity = {
	.name = "setting", .plural = "setting_values",
	.label = {"Setting", "设置"}, .label_many = {"Settings", "设置"},
	.fields = setting_fields, .n_fields = sizeof(setting_fields) / sizeof(setting_fields[0]),
	.title = "name", .sort = "name.asc", .icon = "setting", .flags = E_SYSTEM | E_NO_API_WRITE,
	.indexes = setting_indexes,
};
