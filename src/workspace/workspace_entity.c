#include "workspace/workspace.h"

#include "base/str.h"

static const struct option tag_colours[] = {
	{"info", {"Blue", "蓝"}, "info"},
	{"good", {"Green", "绿"}, "good"},
	{"warn", {"Amber", "黄"}, "warn"},
	{"bad", {"Red", "红"}, "bad"},
	{"quiet", {"Grey", "灰"}, "quiet"},
	{NULL, {NULL, NULL}, NULL},
};

static const struct field tag_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 40, .flags = F_REQUIRED | F_UNIQUE | F_LIST},
	{.name = "colour", .type = FIELD_ENUM, .label = {"Colour", "颜色"}, .options = tag_colours, .fallback = "info", .flags = F_LIST},
	{.name = "note", .type = FIELD_TEXT, .label = {"What it means", "含义"}, .max = 300, .flags = F_LIST},
};

const struct entity tag_entity = {
	.name = "tag",
	.plural = "tags",
	.label = {"Tag", "标签"},
	.label_many = {"Tags", "标签"},
	.fields = tag_fields,
	.n_fields = sizeof(tag_fields) / sizeof(tag_fields[0]),
	.title = "name",
	.sort = "name.asc",
	.icon = "tag",
};

static const struct field view_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 80, .flags = F_REQUIRED | F_LIST},
	{.name = "entity", .type = FIELD_CODE, .label = {"Of", "对象"}, .max = 60, .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "query", .type = FIELD_NOTE, .label = {"Filters and order", "筛选与排序"}, .max = 8000, .flags = F_NAMES,
	 .help = {"As in the address of the list", "与列表网址中的参数相同"}},
	{.name = "columns", .type = FIELD_JSON, .label = {"Columns", "列"}, .flags = F_NAMES},
	{.name = "position", .type = FIELD_INT, .label = {"Position", "顺序"}, .fallback = "0"},
	{.name = "owner_id", .type = FIELD_LINK, .label = {"Owner", "所有者"}, .link = "user", .on_delete = DELETE_CASCADE,
	 .fallback = "me", .flags = F_INDEX | F_LIST},
	{.name = "team_id", .type = FIELD_LINK, .label = {"Shared with team", "共享给团队"}, .link = "team",
	 .on_delete = DELETE_SET_NULL, .flags = F_INDEX},
	{.name = "everyone", .type = FIELD_BOOL, .label = {"Shared with everybody", "共享给所有人"}, .fallback = "false",
	 .help = {"Only its owner or an administrator changes it.", "仅所有者或管理员可修改。"}},
};

const struct entity saved_view_entity = {
	.name = "saved_view",
	.plural = "saved_views",
	.label = {"Saved view", "视图"},
	.label_many = {"Saved views", "视图"},
	.fields = view_fields,
	.n_fields = sizeof(view_fields) / sizeof(view_fields[0]),
	.title = "name",
	.owner = "owner_id",
	.team = "team_id",
	.sort = "position.asc",
	.icon = "view",
	.flags = E_CHILD,
};

static const struct field attachment_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"File name", "文件名"}, .max = 250, .flags = F_REQUIRED | F_LIST | F_SEARCH},
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Customer", "客户"}, .link = "customer", .on_delete = DELETE_CASCADE,
	 .flags = F_INDEX | F_LIST | F_INSERT_ONLY},
	{.name = "order_id", .type = FIELD_LINK, .label = {"Order", "订单"}, .link = "order", .on_delete = DELETE_SET_NULL,
	 .flags = F_INDEX | F_INSERT_ONLY},
	{.name = "interaction_id", .type = FIELD_LINK, .label = {"Activity", "跟进记录"}, .link = "interaction",
	 .on_delete = DELETE_SET_NULL, .flags = F_INDEX | F_INSERT_ONLY},
	{.name = "contract_id", .type = FIELD_LINK, .label = {"Contract", "合同"}, .link = "contract", .on_delete = DELETE_SET_NULL,
	 .flags = F_INDEX | F_INSERT_ONLY},
	{.name = "type", .type = FIELD_TEXT, .label = {"Type", "类型"}, .max = 120, .flags = F_READONLY | F_LIST},
	{.name = "size", .type = FIELD_INT, .label = {"Size in bytes", "大小（字节）"}, .flags = F_READONLY | F_LIST},
	{.name = "sha256", .type = FIELD_TEXT, .label = {"Content hash", "内容摘要"}, .max = 64, .flags = F_READONLY | F_INDEX},
	{.name = "note", .type = FIELD_TEXT, .label = {"Note", "备注"}, .max = 500},
};

/* A file's record is made by uploading the file. */
static enum err attachment_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *new_)
{
	(void)entity;
	bool bare = old == NULL && new_ != NULL && str_empty(record_text(new_, "sha256"));
	return bare ? fail(ctx, ERR_INVALID, "sha256", "file_upload_first") : OK;
}

const struct entity attachment_entity = {
	.name = "attachment",
	.plural = "attachments",
	.label = {"File", "附件"},
	.label_many = {"Files", "附件"},
	.fields = attachment_fields,
	.n_fields = sizeof(attachment_fields) / sizeof(attachment_fields[0]),
	.title = "name",
	.parent = "customer_id",
	.sort = "id.desc",
	.icon = "file",
	.hooks = {.before = attachment_before},
	.flags = E_CHILD,
};
