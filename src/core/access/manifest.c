/* The people of the firm, and the roles it begins with. */
#include "core/access/access_internal.h"
#include "core/manifest/manifest.h"

static const struct entity *const entities[] = {&user_entity, &team_entity, &branch_entity, &region_entity, &role_entity, &token_entity, &share_entity, NULL};

static const struct route *const routes[] = {access_routes, NULL};

const struct role_default access_default_roles[] = {
	{ACCESS_ADMINISTRATOR, {"Administrator", "管理员"}, {"Everything, and who may do what.", "全部权限，并管理用户与权限。"},
	 "[\"admin\",\"users\",\"audit\",\"bulk\",\"assign\",\"tokens\"]"},
	{"manager", {"Manager", "经理"}, {"All of the own branch.", "本分支机构的全部业务。"}, "[\"bulk\",\"assign\",\"tokens\"]"},
	{"sales", {"Sales", "销售"}, {"Sees the team's customers, works on the own ones.", "查看团队客户，维护自己的客户。"}, "[]"},
	{"service", {"Service", "客服"}, {"Sees all customers and answers them.", "查看全部客户并处理服务。"}, "[]"},
	{"marketing", {"Marketing", "市场"}, {"Sees and exports all, keeps tags, consents and contacts.", "查看和导出全部，维护标签、授权与触达。"}, "[\"bulk\"]"},
	{"analyst", {"Analyst", "分析师"}, {"Reads and exports all, changes nothing.", "查看和导出全部，不作修改。"}, "[]"},
	{"read_only", {"Read only", "只读"}, {"Reads all, changes and exports nothing.", "查看全部，不作修改，不导出。"}, "[]"},
	{"auditor", {"Auditor", "审计员"}, {"Reads the audit trail alone.", "仅查看审计日志。"}, "[\"audit\"]"},
	{0},
};

/* What no folder says anything else of. */
const struct role_right access_default_rights[] = {
	{ACCESS_ADMINISTRATOR, "*", "aaaaaa"}, {"manager", "*", "bbbbbb"}, {"sales", "*", "too-o-"}, {"service", "*", "aoo---"},
	{"marketing", "*", "a---a-"},          {"analyst", "*", "a---a-"}, {"read_only", "*", "a-----"}, {0},
};

extern const struct manifest access_manifest;
const struct manifest access_manifest = {
	.name = "access", .entities = entities, .routes = routes, .roles = access_default_roles, .rights = access_default_rights,
	.stars = access_stars,
};
