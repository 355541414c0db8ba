/* Forms and what came in by them. */
#include <string.h>

#include "base/str.h"
#include "webforms/webforms_internal.h"

static const struct option states[] = {
	{"draft", {"Draft", "草稿"}, "quiet"}, {"open", {"Open", "开放"}, "good"}, {"closed", {"Closed", "已关闭"}, "warn"}, {0},
};

static const struct option kinds[] = {
	{"lead", {"Lead", "线索"}, NULL}, {"customer", {"Customer", "客户"}, NULL}, {"case", {"Case or complaint", "工单/投诉"}, NULL}, {0},
};

static const struct field_group groups[] = {
	{"form", {"Form", "表单"}}, {"words", {"Words", "文案"}}, {"goes", {"What comes in", "提交后"}}, {"limits", {"When and where", "时间与位置"}}, {NULL, {NULL, NULL}},
};

#define WORDS3(stem, most, en, zh) \
	{.name = stem "_zh", .type = FIELD_NOTE, .label = {en " (simplified Chinese)", zh "（简体）"}, .group = "words", .max = most}, \
	{.name = stem "_hant", .type = FIELD_NOTE, .label = {en " (traditional Chinese)", zh "（繁体）"}, .group = "words", .max = most}, \
	{.name = stem "_en", .type = FIELD_NOTE, .label = {en " (English)", zh "（英文）"}, .group = "words", .max = most}

static const struct field form_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .group = "form", .max = 120, .flags = F_REQUIRED | F_SEARCH | F_LIST, .help = {"For colleagues", "仅内部可见"}},
	{.name = "door_key", .type = FIELD_CODE, .label = {"Address", "地址"}, .group = "form", .max = FORM_KEY, .flags = F_READONLY | F_UNIQUE},
	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .group = "form", .options = states, .fallback = "draft", .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "entity", .type = FIELD_ENUM, .label = {"Makes", "生成"}, .group = "form", .options = kinds, .fallback = "lead", .flags = F_REQUIRED | F_LIST | F_INSERT_ONLY},
	WORDS3("title", 120, "Title", "标题"),
	WORDS3("intro", 2000, "Words above the fields", "表单说明"),
	WORDS3("thanks", 2000, "Words of thanks", "感谢语"),
	{.name = "fields", .type = FIELD_JSON, .label = {"Fields", "字段"}, .group = "form", .max = 20000, .flags = F_NAMES},
	{.name = "consents", .type = FIELD_JSON, .label = {"Consents", "同意项"}, .group = "form", .max = 4000},
	{.name = "redirect_url", .type = FIELD_URL, .label = {"Leads on to", "提交后跳转"}, .group = "goes", .help = {"Instead of the words of thanks; https alone", "代替感谢语，仅限 https"}},
	{.name = "gives_to_id", .type = FIELD_LINK, .label = {"Belongs to", "归属人"}, .group = "goes", .link = "user", .on_delete = DELETE_SET_NULL, .flags = F_INDEX | F_LIST,
	 .help = {"Empty: as the rules of assignment say", "留空时按分配规则"}},
	{.name = "gives_team_id", .type = FIELD_LINK, .label = {"Belongs to the team", "归属团队"}, .group = "goes", .link = "team", .on_delete = DELETE_SET_NULL, .flags = F_INDEX},
	{.name = "tells_id", .type = FIELD_LINK, .label = {"Tells", "通知"}, .group = "goes", .link = "user", .on_delete = DELETE_SET_NULL, .flags = F_INDEX},
	{.name = "open_from", .type = FIELD_TIME, .label = {"Open from", "开放时间"}, .group = "limits"},
	{.name = "open_until", .type = FIELD_TIME, .label = {"Open until", "截止时间"}, .group = "limits"},
	{.name = "day_limit", .type = FIELD_INT, .label = {"Entries a day, at most", "每日提交上限"}, .group = "limits", .fallback = "500", .least = "1", .most = "100000",
	 .flags = F_REQUIRED},
	{.name = "sites", .type = FIELD_NOTE, .label = {"Sites that may show it", "允许嵌入的网站"}, .group = "limits", .max = 4000,
	 .help = {"One a line, such as https://shop.example.com", "每行一个，如 https://shop.example.com"}},
};

static const char random_letters[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz-_23456";

/* 22 letters out of 64: nobody guesses a form that is not shown yet. */
static enum err give_key(struct ctx *ctx, struct record *now)
{
	unsigned char bytes[FORM_KEY];
	char *key = arena_alloc(ctx->arena, FORM_KEY + 1);
	if (key == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	ctx_random(ctx, bytes, sizeof(bytes));
	for (int i = 0; i < FORM_KEY; i++)
		key[i] = random_letters[bytes[i] & 63];
	key[FORM_KEY] = '\0';
	return record_set(ctx, now, "door_key", value_text(key));
}

/* A visitor is led to where staff said, over https, and to nobody's account there. */
static enum err check_redirect(struct ctx *ctx, const struct record *now)
{
	const char *url = record_text(now, "redirect_url");
	if (str_empty(url))
		return OK;
	const char *host = url + strlen("https://");
	bool good = str_starts(url, "https://") && strlen(url) < 1000 && url[strcspn(url, "\"'<>\\;, \t\r\n\x7f")] == '\0';
	good = good && memchr(host, '@', strcspn(host, "/?#")) == NULL && *host != '/' && *host != '\0';
	return good ? OK : fail(ctx, ERR_INVALID, "redirect_url", "web_form_redirect");
}

/* Nobody lets strangers write what they may not write themselves. */
static enum err check_rights(struct ctx *ctx, const struct record *now, const struct form_spec *spec)
{
	const struct entity_info *target = registry_find(ctx->registry, record_text(now, "entity"));
	if (ctx->actor == NULL || ctx->actor->kind == ACTOR_SYSTEM || target == NULL)
		return OK;
	if (entity_scope(ctx->actor, target, ACTION_CREATE) == SCOPE_NONE)
		return fail_arg(ctx, ERR_FORBIDDEN, "entity", "web_form_forbidden", entity_label(ctx, &target->entity->label));
	for (size_t i = 0; i < spec->n; i++) {
		const struct form_field *f = &spec->fields[i];
		if (entity_scope(ctx->actor, f->info, ACTION_CREATE) == SCOPE_NONE || entity_field_right(ctx->actor, f->info, f->at) != RIGHT_WRITE)
			return fail_arg(ctx, ERR_FORBIDDEN, "fields", "web_form_forbidden", arena_strdup(ctx->arena, f->name));
	}
	return OK;
}

static bool same(const struct record *old, const struct record *now, const char *field)
{
	return old != NULL && value_equal(record_value(old, field), record_value(now, field));
}

/* What visitors are shown has a title and something to fill in. */
static enum err check_open(struct ctx *ctx, const struct record *now, const struct form_spec *spec)
{
	bool titled = form_text(ctx, now, "title") != NULL, asked = false;
	if (!str_equal(record_text(now, "state"), "open"))
		return OK;
	for (size_t i = 0; i < spec->n; i++)
		asked = asked || !spec->fields[i].hidden;
	if (!titled)
		return fail(ctx, ERR_INVALID, "title_zh", "web_form_title");
	return asked ? OK : fail(ctx, ERR_INVALID, "fields", "web_form_empty");
}

static enum err check_limits(struct ctx *ctx, const struct record *now)
{
	const char *sites[FORM_SITES_MAX];
	size_t n;
	int64_t from = record_i64(now, "open_from"), until = record_i64(now, "open_until");
	if (from != 0 && until != 0 && until <= from)
		return fail(ctx, ERR_INVALID, "open_until", "web_form_backwards");
	enum err err = check_redirect(ctx, now);
	return err == OK ? form_sites(ctx, record_text(now, "sites"), sites, &n) : err;
}

static enum err form_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	struct form_spec *spec;
	(void)entity;
	if (now == NULL)
		return OK;
	enum err err = record_text(now, "door_key") == NULL ? give_key(ctx, now) : OK;
	if (err == OK)
		err = check_limits(ctx, now);
	if (err != OK)
		return err;
	bool open = str_equal(record_text(now, "state"), "open"), asks = !same(old, now, "fields") || !same(old, now, "consents");
	if (!open && !asks) /* a field may have gone since: that keeps nobody from closing it */
		return OK;
	err = form_spec_read(ctx, now, &spec);
	if (err == OK && (asks || !same(old, now, "state")))
		err = check_rights(ctx, now, spec);
	return err == OK ? check_open(ctx, now, spec) : err;
}

static enum err form_after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	(void)entity;
	return now == NULL ? form_forget_counts(ctx, record_id(old)) : OK;
}

const struct entity web_form_entity = {
	.name = "web_form", .plural = "web_forms", .label = {"Web form", "网页表单"}, .label_many = {"Web forms", "网页表单"},
	.fields = form_fields, .n_fields = sizeof(form_fields) / sizeof(form_fields[0]), .groups = groups, .title = "name", .subtitle = "entity",
	.sort = "created_at.desc", .icon = "web_form", .hooks = {.before = form_before, .after = form_after},
};

/* --- entries --------------------------------------------------------------------------------- */

static const struct option entry_states[] = {
	{"done", {"Taken in", "已处理"}, "good"}, {"waiting", {"Waits for a person", "待人工确认"}, "warn"}, {"aside", {"Set aside", "已搁置"}, "quiet"}, {0},
};

static const struct option reasons[] = {
	{"unsure", {"May be a customer who is there", "可能与已有客户相同"}, "warn"}, {"problem", {"Could not be made a record", "无法生成记录"}, "bad"}, {0},
};

/* What was typed is no field that anybody reads as such: it is shown with the rights to the fields it went to. */
static const struct field entry_fields[] = {
	{.name = "form_id", .type = FIELD_LINK, .label = {"Web form", "网页表单"}, .link = "web_form", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_LIST | F_INSERT_ONLY},
	{.name = "at", .type = FIELD_TIME, .label = {"When", "时间"}, .flags = F_REQUIRED | F_LIST | F_SORT},
	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .options = entry_states, .fallback = "done", .flags = F_REQUIRED | F_LIST},
	{.name = "reason", .type = FIELD_ENUM, .label = {"Why it waits", "原因"}, .options = reasons, .flags = F_LIST},
	{.name = "problem", .type = FIELD_TEXT, .label = {"What was wrong", "问题"}, .max = 500},
	{.name = "record", .type = FIELD_CODE, .label = {"What it became", "生成的记录"}, .max = 80, .on_delete = DELETE_SET_NULL, .flags = F_ANY | F_LIST | F_INDEX},
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Customer", "客户"}, .link = "customer", .on_delete = DELETE_SET_NULL, .flags = F_INDEX | F_LIST},
	{.name = "language", .type = FIELD_CODE, .label = {"Language", "语言"}, .max = 12},
	{.name = "page", .type = FIELD_TEXT, .label = {"Page it stood on", "来源页面"}, .max = 300, .flags = F_LIST},
	{.name = "utm_source", .type = FIELD_TEXT, .label = {"UTM source", "UTM 来源"}, .max = 120, .flags = F_LIST},
	{.name = "utm_medium", .type = FIELD_TEXT, .label = {"UTM medium", "UTM 媒介"}, .max = 120},
	{.name = "utm_campaign", .type = FIELD_TEXT, .label = {"UTM campaign", "UTM 活动"}, .max = 120, .flags = F_LIST},
	{.name = "utm_term", .type = FIELD_TEXT, .label = {"UTM term", "UTM 关键词"}, .max = 120},
	{.name = "utm_content", .type = FIELD_TEXT, .label = {"UTM content", "UTM 内容"}, .max = 120},
	{.name = "agreed", .type = FIELD_TEXT, .label = {"Agreed to", "同意的文本"}, .max = 500},
	{.name = "decided_at", .type = FIELD_TIME, .label = {"Decided", "确认时间"}},
	{.name = "decided_by_id", .type = FIELD_LINK, .label = {"Decided by", "确认人"}, .link = "user", .on_delete = DELETE_SET_NULL, .flags = F_INDEX},
	{.name = "sent", .type = FIELD_JSON, .label = {"As it was typed", "原始内容"}, .max = 100000, .flags = F_SECRET},
};

static const char *const entry_indexes[] = {"form_id,at", "form_id,state,at", NULL};

const struct entity web_form_entry_entity = {
	.name = "web_form_entry", .plural = "web_form_entries", .label = {"Entry of a form", "表单提交"}, .label_many = {"Entries of forms", "表单提交"},
	.fields = entry_fields, .n_fields = sizeof(entry_fields) / sizeof(entry_fields[0]), .title = "at", .sort = "at.desc", .icon = "web_form",
	.parent = "form_id", .flags = E_NO_API_WRITE | E_CHILD, .indexes = entry_indexes,
};
