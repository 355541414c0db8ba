/* A rule: what must agree, all of it; and what follows. Rules beside one another are "or". */
#include "base/str.h"
#include "core/store/store.h"
#include "duplicates/rule.h"
#include "duplicates_sql.h"

static const struct option comparisons[] = {
	{"phone", {"The same phone", "电话相同"}, NULL},
	{"email", {"The same e-mail", "邮箱相同"}, NULL},
	{"name", {"The same name", "名称相同"}, NULL},
	{"sound", {"The same name by ear (pinyin)", "名称读音相同（拼音）"}, NULL},
	{"alike", {"A similar name", "名称相近"}, NULL},
	{"city", {"The same city", "城市相同"}, NULL},
	{"birthday", {"The same birthday", "生日相同"}, NULL},
	{"employer", {"The same employer", "工作单位相同"}, NULL},
	{"kind", {"The same kind of customer", "客户类型相同"}, NULL},
	{NULL, {NULL, NULL}, NULL},
};

static const struct option effects[] = {
	{"warn", {"Warn, and keep for review", "提示并列入核对"}, "warn"},
	{"refuse", {"Refuse to save", "不允许保存"}, "bad"},
	{NULL, {NULL, NULL}, NULL},
};

static const struct field fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 80, .flags = F_REQUIRED | F_UNIQUE | F_LIST},
	{.name = "name_zh", .type = FIELD_TEXT, .label = {"Name in Chinese", "中文名称"}, .max = 80, .flags = F_MORE},
	{.name = "first", .type = FIELD_ENUM, .label = {"If", "条件一"}, .options = comparisons, .flags = F_REQUIRED | F_LIST},
	{.name = "second", .type = FIELD_ENUM, .label = {"And", "条件二（且）"}, .options = comparisons, .flags = F_LIST},
	{.name = "third", .type = FIELD_ENUM, .label = {"And", "条件三（且）"}, .options = comparisons, .flags = F_LIST},
	{.name = "effect", .type = FIELD_ENUM, .label = {"Then", "处理方式"}, .options = effects, .fallback = "warn", .flags = F_REQUIRED | F_LIST},
	{.name = "sure", .type = FIELD_INT, .label = {"How sure, of 100", "可能性（百分比）"}, .fallback = "90", .least = "1", .most = "100", .flags = F_REQUIRED | F_LIST},
	{.name = "in_imports", .type = FIELD_BOOL, .label = {"For imports too", "导入时也使用"}, .fallback = "false", .flags = F_LIST,
	 .help = {"Every row is then looked up, which slows large files down", "导入时逐行查找，大文件会变慢"}},
	{.name = "active", .type = FIELD_BOOL, .label = {"In use", "启用"}, .fallback = "true", .flags = F_LIST},
};

/* Phones, addresses and names are found by an index; the rest only narrows. */
static bool finds(const char *comparison)
{
	static const char *const able[] = {"phone", "email", "name", "sound"};
	for (size_t i = 0; comparison != NULL && i < sizeof(able) / sizeof(able[0]); i++)
		if (str_equal(able[i], comparison))
			return true;
	return false;
}

static enum err before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	(void)old;
	if (now == NULL || finds(record_text(now, "first")) || finds(record_text(now, "second")) || finds(record_text(now, "third")))
		return OK;
	return fail(ctx, ERR_INVALID, "first", "rule_finds_nobody");
}

const struct entity duplicate_rule_entity = {
	.name = "duplicate_rule", .plural = "duplicate_rules", .label = {"Duplicate rule", "查重规则"}, .label_many = {"Duplicate rules", "查重规则"},
	.fields = fields, .n_fields = sizeof(fields) / sizeof(fields[0]), .title = "name", .sort = "sure.desc", .icon = "duplicates", .hooks = {.before = before},
};

static enum err put(struct ctx *ctx, const char *const cells[][2], size_t n)
{
	struct record *r;
	enum err err = record_new(ctx, registry_find(ctx->registry, "duplicate_rule"), &r);
	for (size_t i = 0; err == OK && i < n; i++)
		err = record_set(ctx, r, cells[i][0], value_text(cells[i][1]));
	return err == OK ? record_create(ctx, r, W_TRUSTED | W_NO_SEARCH) : err;
}

enum err rule_begin(struct ctx *ctx, void *arg)
{
	static const char *const rules[][6][2] = {
		{{"name", "Same phone, similar name"}, {"name_zh", "电话相同且名称相近"}, {"first", "phone"}, {"second", "alike"}, {"effect", "warn"}, {"sure", "95"}},
		{{"name", "Same e-mail, similar name"}, {"name_zh", "邮箱相同且名称相近"}, {"first", "email"}, {"second", "alike"}, {"effect", "warn"}, {"sure", "95"}},
		{{"name", "Same name in the same city"}, {"name_zh", "同城同名"}, {"first", "name"}, {"second", "city"}, {"effect", "warn"}, {"sure", "80"}},
	};
	struct stmt *stmt;
	bool row = false;
	(void)arg;
	enum err err = db_prepare(ctx, ctx->db, &sql_rule_any, &stmt);
	if (err != OK)
		return err;
	err = stmt_step(ctx, stmt, &row);
	stmt_done(stmt);
	const struct actor *actor = ctx->actor;
	ctx->actor = gate_system();
	for (size_t i = 0; err == OK && !row && i < sizeof(rules) / sizeof(rules[0]); i++)
		err = put(ctx, rules[i], 6);
	ctx->actor = actor;
	return err;
}
