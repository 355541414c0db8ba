/* Descriptors of the people inside: users, teams, branches, regions, roles, tokens. */
#include "core/access/access_internal.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* --- user ---------------------------------------------------------------------- */

static const struct option locales[] = {
	{"en", {"English", "英文"}, NULL},
	{"zh_hans", {"Simplified Chinese", "简体中文"}, NULL},
	{"zh_hant", {"Traditional Chinese", "繁体中文"}, NULL},
	{0},
};

static const struct option themes[] = {
	{"auto", {"As the device", "跟随系统"}, NULL},
	{"light", {"Light", "浅色"}, NULL},
	{"dark", {"Dark", "深色"}, NULL},
	{0},
};

static const struct option densities[] = {
	{"compact", {"Compact", "紧凑"}, NULL},
	{"comfortable", {"Comfortable", "宽松"}, NULL},
	{0},
};

static const struct field_group user_groups[] = {
	{"person", {"Person", "基本信息"}},
	{"place", {"Place in the firm", "所属组织"}},
	{"access", {"Access", "权限与登录"}},
	{"taste", {"Preferences", "偏好"}},
	{0},
};

static const struct field user_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .flags = F_REQUIRED | F_LIST | F_SORT, .max = 100, .label = {"Name", "姓名"}, .group = "person"},
	{.name = "email", .type = FIELD_EMAIL, .flags = F_REQUIRED | F_UNIQUE | F_LIST, .label = {"E-mail", "邮箱"}, .group = "person",
	 .help = {"Signs in with it.", "用于登录。"}},
	{.name = "phone", .type = FIELD_PHONE, .flags = F_LIST, .label = {"Phone", "电话"}, .group = "person"},
	{.name = "note", .type = FIELD_NOTE, .flags = F_MORE, .label = {"Note", "备注"}, .group = "person"},
	{.name = "team_id", .type = FIELD_LINK, .link = "team", .on_delete = DELETE_SET_NULL, .flags = F_LIST, .label = {"Team", "团队"}, .group = "place"},
	{.name = "branch_id", .type = FIELD_LINK, .link = "branch", .on_delete = DELETE_SET_NULL, .flags = F_LIST, .label = {"Branch", "分支机构"}, .group = "place"},
	{.name = "region_id", .type = FIELD_LINK, .link = "region", .on_delete = DELETE_SET_NULL, .label = {"Region", "区域"}, .group = "place"},
	{.name = "roles", .type = FIELD_LINKS, .link = "role", .on_delete = DELETE_SET_NULL, .flags = F_LIST, .label = {"Roles", "角色"}, .group = "access",
	 .help = {"Several roles add up to the wider right.", "多个角色的权限取较宽者。"}},
	{.name = "active", .type = FIELD_BOOL, .flags = F_REQUIRED | F_LIST | F_INDEX, .fallback = "true", .label = {"May sign in", "可登录"}, .group = "access",
	 .help = {"Without it, sessions and tokens end at once.", "关闭后，会话和令牌立即失效。"}},
	{.name = "must_change_password", .type = FIELD_BOOL, .flags = F_REQUIRED | F_READONLY | F_MORE, .fallback = "false",
	 .label = {"Must change the password", "须修改密码"}, .group = "access"},
	{.name = "totp_enabled", .type = FIELD_BOOL, .flags = F_REQUIRED | F_READONLY, .fallback = "false", .label = {"Second factor", "两步验证"}, .group = "access"},
	{.name = "is_protected", .type = FIELD_BOOL, .flags = F_REQUIRED | F_READONLY | F_MORE, .fallback = "false",
	 .label = {"Cannot be deleted", "不可删除"}, .group = "access"},
	{.name = "password_hash", .type = FIELD_TEXT, .flags = F_SECRET | F_READONLY | F_MORE, .max = 200, .label = {"Password", "密码"}, .group = "access"},
	{.name = "password_changed_at", .type = FIELD_TIME, .flags = F_READONLY | F_MORE, .label = {"Password changed at", "密码修改时间"}, .group = "access"},
	{.name = "last_seen_at", .type = FIELD_TIME, .flags = F_READONLY | F_LIST, .label = {"Last seen", "最近在线"}, .group = "access"},
	{.name = "locale", .type = FIELD_ENUM, .options = locales, .label = {"Language", "语言"}, .group = "taste"},
	{.name = "theme", .type = FIELD_ENUM, .options = themes, .flags = F_MORE, .label = {"Theme", "主题"}, .group = "taste"},
	{.name = "density", .type = FIELD_ENUM, .options = densities, .flags = F_MORE, .label = {"Density", "密度"}, .group = "taste"},
	{.name = "time_zone", .type = FIELD_CODE, .flags = F_MORE, .max = 64, .label = {"Time zone", "时区"}, .group = "taste",
	 .help = {"Such as Asia/Shanghai; empty: as the device.", "例如 Asia/Shanghai；留空则跟随设备。"}},
	{.name = "page", .type = FIELD_JSON, .flags = F_SECRET | F_READONLY | F_MORE, .label = {"Page as arranged", "页面布置"}, .group = "taste"},
};

const struct entity user_entity = {
	.name = "user", .plural = "users",
	.label = {"User", "用户"}, .label_many = {"Users", "用户"},
	.fields = user_fields, .n_fields = COUNT(user_fields), .groups = user_groups,
	.title = "name", .subtitle = "email", .team = "team_id", .branch = "branch_id",
	.sort = "name.asc", .icon = "user", .flags = E_SYSTEM,
	.hooks = {.before = access_before_user, .after = access_after_user, .bars = access_bars_user},
};

/* --- team ---------------------------------------------------------------------- */

static const struct field team_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .flags = F_REQUIRED | F_UNIQUE | F_LIST | F_SORT, .max = 100, .label = {"Name", "名称"}},
	{.name = "parent_id", .type = FIELD_LINK, .link = "team", .flags = F_LIST, .label = {"Part of", "上级团队"},
	 .help = {"Who sees a team sees the teams below it.", "能看到一个团队的人也能看到其下级团队。"}},
	{.name = "branch_id", .type = FIELD_LINK, .link = "branch", .on_delete = DELETE_SET_NULL, .flags = F_LIST, .label = {"Branch", "分支机构"}},
	{.name = "leader_id", .type = FIELD_LINK, .link = "user", .on_delete = DELETE_SET_NULL, .flags = F_LIST, .label = {"Leader", "负责人"}},
	{.name = "note", .type = FIELD_NOTE, .flags = F_MORE, .label = {"Note", "备注"}},
};

const struct entity team_entity = {
	.name = "team", .plural = "teams",
	.label = {"Team", "团队"}, .label_many = {"Teams", "团队"},
	.fields = team_fields, .n_fields = COUNT(team_fields),
	.title = "name", .sort = "name.asc", .icon = "team", .flags = E_SYSTEM,
	.hooks = {.before = access_before_team, .after = access_after_any},
};

/* --- branch and region ----------------------------------------------------------- */

static const struct field branch_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .flags = F_REQUIRED | F_UNIQUE | F_LIST | F_SORT, .max = 100, .label = {"Name", "名称"}},
	{.name = "code", .type = FIELD_CODE, .flags = F_UNIQUE | F_LIST, .max = 40, .label = {"Code", "代码"}},
	{.name = "region_id", .type = FIELD_LINK, .link = "region", .on_delete = DELETE_SET_NULL, .flags = F_LIST, .label = {"Region", "区域"}},
	{.name = "city", .type = FIELD_TEXT, .flags = F_LIST, .max = 100, .label = {"City", "城市"}},
	{.name = "address", .type = FIELD_TEXT, .flags = F_MORE, .max = 300, .label = {"Address", "地址"}},
	{.name = "phone", .type = FIELD_PHONE, .flags = F_MORE, .label = {"Phone", "电话"}},
	{.name = "note", .type = FIELD_NOTE, .flags = F_MORE, .label = {"Note", "备注"}},
};

const struct entity branch_entity = {
	.name = "branch", .plural = "branches",
	.label = {"Branch", "分支机构"}, .label_many = {"Branches", "分支机构"},
	.fields = branch_fields, .n_fields = COUNT(branch_fields),
	.title = "name", .subtitle = "city", .sort = "name.asc", .icon = "bank", .flags = E_SYSTEM,
	.hooks = {.before = access_before_branch, .after = access_after_any},
};

static const struct field region_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .flags = F_REQUIRED | F_UNIQUE | F_LIST | F_SORT, .max = 100, .label = {"Name", "名称"}},
	{.name = "code", .type = FIELD_CODE, .flags = F_UNIQUE | F_LIST, .max = 40, .label = {"Code", "代码"}},
	{.name = "parent_id", .type = FIELD_LINK, .link = "region", .flags = F_LIST, .label = {"Part of", "上级区域"}},
	{.name = "note", .type = FIELD_NOTE, .flags = F_MORE, .label = {"Note", "备注"}},
};

const struct entity region_entity = {
	.name = "region", .plural = "regions",
	.label = {"Region", "区域"}, .label_many = {"Regions", "区域"},
	.fields = region_fields, .n_fields = COUNT(region_fields),
	.title = "name", .sort = "name.asc", .icon = "environment", .flags = E_SYSTEM,
	.hooks = {.before = access_before_region, .after = access_after_any},
};

/* --- role ------------------------------------------------------------------------- */

static const struct field role_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .flags = F_REQUIRED | F_UNIQUE | F_LIST | F_SORT, .max = 100, .label = {"Name", "名称"}},
	{.name = "name_zh", .type = FIELD_TEXT, .flags = F_LIST, .max = 100, .label = {"Name in Chinese", "中文名称"}},
	{.name = "key", .type = FIELD_CODE, .flags = F_UNIQUE | F_INSERT_ONLY | F_MORE, .max = 40, .label = {"Key", "标识"},
	 .help = {"For programs; fixed once set.", "供程序使用，设定后不可更改。"}},
	{.name = "note", .type = FIELD_NOTE, .flags = F_LIST, .max = 1000, .label = {"What it is for", "用途"}},
	{.name = "rights", .type = FIELD_JSON, .max = 200000, .label = {"Rights", "权限"},
	 .help = {"Entity, action, scope and fields.", "按对象、操作、范围和字段。"}},
	{.name = "caps", .type = FIELD_JSON, .max = 1000, .label = {"Capabilities", "功能权限"}},
	{.name = "is_protected", .type = FIELD_BOOL, .flags = F_REQUIRED | F_READONLY | F_MORE, .fallback = "false", .label = {"Built in", "内置"}},
};

const struct entity role_entity = {
	.name = "role", .plural = "roles",
	.label = {"Role", "角色"}, .label_many = {"Roles", "角色"},
	.fields = role_fields, .n_fields = COUNT(role_fields),
	.title = "name", .subtitle = "note", .sort = "name.asc", .icon = "safety", .flags = E_SYSTEM,
	.hooks = {.before = access_before_role, .after = access_after_any, .bars = access_bars_role},
};

/* --- token ------------------------------------------------------------------------- */

static const struct field token_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .flags = F_REQUIRED | F_LIST | F_SORT, .max = 100, .label = {"Name", "名称"}},
	{.name = "user_id", .type = FIELD_LINK, .link = "user", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_INSERT_ONLY | F_LIST,
	 .label = {"Acts for", "所属用户"}},
	{.name = "narrowed", .type = FIELD_BOOL, .flags = F_REQUIRED | F_LIST, .fallback = "false", .label = {"Only these roles", "仅限所选角色"},
	 .help = {"May do what both the user and these roles may.", "权限为用户与所选角色的交集。"}},
	{.name = "roles", .type = FIELD_LINKS, .link = "role", .on_delete = DELETE_SET_NULL, .flags = F_LIST, .label = {"Roles", "角色"}},
	{.name = "expires_at", .type = FIELD_TIME, .flags = F_LIST, .label = {"Expires at", "到期时间"}},
	{.name = "last_used_at", .type = FIELD_TIME, .flags = F_READONLY | F_LIST, .label = {"Last used", "最近使用"}},
	{.name = "secret_hash", .type = FIELD_TEXT, .flags = F_SECRET | F_READONLY | F_MORE, .max = 100, .label = {"Secret", "密钥"}},
};

const struct entity token_entity = {
	.name = "token", .plural = "tokens",
	.label = {"API token", "API 令牌"}, .label_many = {"API tokens", "API 令牌"},
	.fields = token_fields, .n_fields = COUNT(token_fields),
	.title = "name", .owner = "user_id", .sort = "created_at.desc", .icon = "key", .flags = E_SYSTEM | E_NO_API_WRITE,
	.hooks = {.after = access_after_any},
};
