/* What people agree to, word for word, and the days on which nothing is sent. */
#include <string.h>

#include "base/str.h"
#include "consent/consent_internal.h"
#include "consent_sql.h"

static const struct option purposes[] = {
	{"marketing", {"Marketing", "营销"}, NULL}, {"service", {"Service", "服务"}, NULL},          {"profiling", {"Profiling", "画像分析"}, NULL},
	{"sharing", {"Passing to others", "对外提供"}, NULL}, {"sensitive", {"Sensitive data", "敏感信息"}, NULL}, {"abroad", {"Transfer abroad", "出境"}, NULL}, {0},
};

/* A text that somebody agreed to never changes: another wording is another version. */
static const struct field text_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Version", "版本"}, .max = 80, .flags = F_REQUIRED | F_LIST | F_SEARCH | F_INSERT_ONLY,
	 .help = {"As the ledger names it, such as newsletter-2026-01", "授权记录中引用的版本，如 newsletter-2026-01"}},
	{.name = "language", .type = FIELD_CODE, .label = {"Language", "语言"}, .max = 12, .fallback = "zh-Hans", .flags = F_REQUIRED | F_LIST | F_INSERT_ONLY},
	{.name = "purpose", .type = FIELD_ENUM, .label = {"Purpose", "目的"}, .options = purposes, .fallback = "marketing", .flags = F_REQUIRED | F_LIST | F_INSERT_ONLY},
	{.name = "text", .type = FIELD_NOTE, .label = {"Words agreed to", "同意的文本"}, .max = 8000, .flags = F_REQUIRED | F_LIST | F_INSERT_ONLY},
	{.name = "retired", .type = FIELD_BOOL, .label = {"No longer used", "已停用"}, .fallback = "false", .flags = F_LIST},
};

static const char *const text_indexes[] = {"unique name,language", NULL};

static enum err text_after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	struct stmt *stmt;
	bool row = false;
	(void)entity;
	if (now != NULL || old == NULL)
		return OK;
	enum err err = db_prepare(ctx, ctx->db, &sql_consent_text_used, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, record_text(old, "name"));
	err = stmt_step(ctx, stmt, &row);
	stmt_done(stmt);
	return !err && row ? fail(ctx, ERR_CONFLICT, "", "consent_text_used") : err;
}

const struct entity consent_text_entity = {
	.name = "consent_text", .plural = "consent_texts", .label = {"Text of consent", "同意文本"}, .label_many = {"Texts of consent", "同意文本"},
	.fields = text_fields, .n_fields = sizeof(text_fields) / sizeof(text_fields[0]), .title = "name", .subtitle = "language", .sort = "name.asc", .icon = "consent",
	.hooks = {.after = text_after}, .indexes = text_indexes,
};

static const struct option channels[] = {
	{"email", {"E-mail", "电子邮件"}, NULL}, {"sms", {"SMS", "短信"}, NULL}, {"phone", {"Phone", "电话"}, NULL}, {"post", {"Post", "邮寄"}, NULL},
	{"wechat", {"WeChat", "微信"}, NULL}, {"line", {"LINE", "LINE"}, NULL}, {"app", {"App", "应用消息"}, NULL}, {0},
};

static const struct field pause_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Why", "原因"}, .max = 120, .flags = F_REQUIRED | F_LIST | F_SEARCH},
	{.name = "from_on", .type = FIELD_DATE, .label = {"First day", "开始日期"}, .flags = F_REQUIRED | F_LIST},
	{.name = "until_on", .type = FIELD_DATE, .label = {"Last day", "结束日期"}, .flags = F_REQUIRED | F_LIST | F_INDEX},
	{.name = "channel", .type = FIELD_ENUM, .label = {"Channel", "渠道"}, .options = channels, .flags = F_LIST, .help = {"Empty: all", "留空为全部"}},
};

static enum err pause_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	(void)old;
	const char *from = now != NULL ? record_text(now, "from_on") : NULL, *until = now != NULL ? record_text(now, "until_on") : NULL;
	bool backwards = from != NULL && until != NULL && strcmp(from, until) > 0;
	return backwards ? fail(ctx, ERR_INVALID, "until_on", "contact_pause_backwards") : OK;
}

const struct entity contact_pause_entity = {
	.name = "contact_pause", .plural = "contact_pauses", .label = {"Days without promotions", "营销暂停日"}, .label_many = {"Days without promotions", "营销暂停日"},
	.fields = pause_fields, .n_fields = sizeof(pause_fields) / sizeof(pause_fields[0]), .title = "name", .subtitle = "from_on", .sort = "from_on.desc", .icon = "calendar",
	.hooks = {.before = pause_before},
};
