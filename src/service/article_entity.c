/* Knowledge: articles that are drafted, looked over and published, each publication kept as a version.
 *
 * Search finds what was published and nothing else: the words of a draft stand in fields that no search looks at, and move into
 * those it does when the article is published. Who changes a published article drafts anew; readers keep what was published. */
#include "base/str.h"
#include "core/text/text.h"
#include "service/article.h"
#include "service/service_internal.h"

#include <string.h>

enum { TERMS_MAX = 40000, TEXT_READ = 6000 /* bytes of title and text that are compared */ };

static const struct option states[] = {
	{"draft", {"Draft", "草稿"}, "quiet"}, {"review", {"To be looked over", "待审核"}, "warn"}, {"published", {"Published", "已发布"}, "good"},
	{"withdrawn", {"Withdrawn", "已撤下"}, "bad"}, {0},
};

static const struct option audiences[] = {
	{"inside", {"Staff alone", "仅内部"}, NULL}, {"partners", {"Partners too", "合作伙伴可见"}, NULL}, {"public", {"Everybody", "公开"}, "info"}, {0},
};

static const struct field_group groups[] = {{"article", {"Article", "文章"}}, {"shown", {"As published", "已发布内容"}}, {"kept", {"Kept", "记录"}}, {0}};

static const struct field fields[] = {
	{.name = "title", .type = FIELD_TEXT, .label = {"Title", "标题"}, .group = "article", .max = 200, .flags = F_REQUIRED | F_LIST},
	{.name = "body", .type = FIELD_NOTE, .label = {"Text", "正文"}, .group = "article", .max = 20000},
	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .group = "article", .options = states, .fallback = "draft", .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "audience", .type = FIELD_ENUM, .label = {"For", "可见范围"}, .group = "article", .options = audiences, .fallback = "inside", .flags = F_REQUIRED | F_LIST},
	{.name = "language", .type = FIELD_CODE, .label = {"Language", "语言"}, .group = "article", .max = 12, .flags = F_LIST},
	{.name = "topic_id", .type = FIELD_LINK, .label = {"Topic", "主题分类"}, .group = "article", .link = "case_topic", .on_delete = DELETE_SET_NULL, .flags = F_INDEX | F_LIST},
	{.name = "same_as_id", .type = FIELD_LINK, .label = {"Translation of", "译自"}, .group = "article", .link = "article", .on_delete = DELETE_SET_NULL, .flags = F_INDEX | F_MORE},
	{.name = "review_on", .type = FIELD_DATE, .label = {"Look over again on", "复审日期"}, .group = "article", .flags = F_SORT | F_LIST},
	{.name = "owner_id", .type = FIELD_LINK, .label = {"Owner", "负责人"}, .group = "article", .link = "user", .on_delete = DELETE_RESTRICT, .flags = F_INDEX | F_LIST},
	{.name = "shown_title", .type = FIELD_TEXT, .label = {"Title as published", "已发布标题"}, .group = "shown", .max = 200, .flags = F_READONLY | F_SEARCH},
	{.name = "shown_body", .type = FIELD_NOTE, .label = {"Text as published", "已发布正文"}, .group = "shown", .max = 20000, .flags = F_READONLY | F_SEARCH},
	{.name = "number", .type = FIELD_INT, .label = {"Version", "版本"}, .group = "kept", .fallback = "0", .flags = F_READONLY | F_LIST},
	{.name = "published_at", .type = FIELD_TIME, .label = {"Published", "发布时间"}, .group = "kept", .flags = F_READONLY},
	{.name = "published_by_id", .type = FIELD_LINK, .label = {"Published by", "发布人"}, .group = "kept", .link = "user", .on_delete = DELETE_SET_NULL, .flags = F_READONLY},
	{.name = "suggested", .type = FIELD_INT, .label = {"Times taken", "采用次数"}, .group = "kept", .fallback = "0", .flags = F_READONLY | F_LIST},
	{.name = "passed_over", .type = FIELD_INT, .label = {"Times passed over", "未采用次数"}, .group = "kept", .fallback = "0", .flags = F_READONLY},
	{.name = "helpful", .type = FIELD_INT, .label = {"Helped", "有帮助"}, .group = "kept", .fallback = "0", .flags = F_READONLY},
	{.name = "unhelpful", .type = FIELD_INT, .label = {"Did not help", "没有帮助"}, .group = "kept", .fallback = "0", .flags = F_READONLY},
	{.name = "terms", .type = FIELD_NOTE, .label = {"Words as compared", "比较用词"}, .group = "kept", .max = TERMS_MAX, .flags = F_SECRET | F_READONLY},
};

static bool is_han(uint32_t cp)
{
	return (cp >= 0x3400 && cp <= 0x4DBF) || (cp >= 0x4E00 && cp <= 0x9FFF);
}

static bool is_letter(uint32_t cp)
{
	return (cp >= 'a' && cp <= 'z') || (cp >= '0' && cp <= '9') || (cp >= 0xC0 && cp < 0x250);
}

/* Pairs of Han characters, words of letters. */
static void put_terms(const char *text, size_t n, struct buf *out)
{
	size_t before = 0;
	bool han = false, word = false; /* what came just before */
	for (size_t at = 0, start = 0; at < n; before = start) {
		start = at;
		uint32_t cp = utf8_next(text, n, &at);
		if (is_han(cp) && han) {
			buf_putc(out, ' ');
			buf_add(out, text + before, at - before);
		} else if (is_letter(cp)) {
			if (!word)
				buf_putc(out, ' ');
			buf_add(out, text + start, at - start);
		}
		han = is_han(cp);
		word = is_letter(cp);
	}
}

enum err article_terms(struct ctx *ctx, const char *title, const char *body, const char **ret)
{
	struct buf out;
	const char *folded, *both = arena_printf(ctx->arena, "%s\n%s", title, body != NULL ? body : "");
	size_t n = both != NULL ? strlen(both) : 0;
	if (both == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (n = n < TEXT_READ ? n : TEXT_READ; n > 0 && ((unsigned char)both[n] & 0xC0) == 0x80;)
		n--;
	enum err err = text_fold(ctx, both, n, &folded, &n);
	if (err != OK)
		return err;
	buf_init(&out, 8 * TEXT_READ);
	put_terms(folded, n, &out);
	*ret = arena_strdup(ctx->arena, buf_text(&out));
	buf_release(&out);
	return *ret == NULL ? fail(ctx, ERR_LIMIT, "", "memory") : OK;
}

static enum err publish(struct ctx *ctx, struct record *now)
{
	const char *terms;
	if (str_empty(record_text(now, "body")))
		return fail(ctx, ERR_INVALID, "body", "required");
	enum err err = article_terms(ctx, record_text(now, "title"), record_text(now, "body"), &terms);
	if (err == OK)
		err = case_set_text(ctx, now, "shown_title", record_text(now, "title"));
	if (err == OK)
		err = case_set_text(ctx, now, "shown_body", record_text(now, "body"));
	if (err == OK)
		err = case_set_text(ctx, now, "terms", terms);
	if (err == OK)
		err = case_set_int(ctx, now, "number", record_i64(now, "number") + 1);
	if (err == OK)
		err = case_set_int(ctx, now, "published_at", ctx_now(ctx));
	return err == OK ? case_set_id(ctx, now, "published_by_id", ctx->actor != NULL ? ctx->actor->user_id : 0) : err;
}

static enum err withdraw(struct ctx *ctx, struct record *now)
{
	static const char *const shown[] = {"shown_title", "shown_body", "terms"};
	enum err err = OK;
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]) && err == OK; i++)
		err = record_set(ctx, now, shown[i], value_null());
	return err;
}

static bool same(const struct record *old, const struct record *now, const char *field)
{
	return old != NULL && value_equal(record_value(old, field), record_value(now, field));
}

static enum err before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	if (now == NULL || case_is_restored(old, now))
		return OK;
	const char *state = record_text(now, "state"), *was = old != NULL ? record_text(old, "state") : NULL;
	bool words = !same(old, now, "title") || !same(old, now, "body");
	if (record_i64(now, "same_as_id") == record_id(now))
		return fail(ctx, ERR_INVALID, "same_as_id", "article_of_itself");
	if (str_equal(state, "withdrawn") && !str_equal(was, "withdrawn"))
		return withdraw(ctx, now);
	if (str_equal(state, "published") && !str_equal(was, "published"))
		return publish(ctx, now);
	/* changed words are a draft again; what was published stays to be read */
	return str_equal(state, "published") && words ? record_set(ctx, now, "state", value_text("draft")) : OK;
}

static enum err after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	struct record *version;
	(void)entity;
	if (now == NULL || case_is_restored(old, now) || record_i64(now, "number") == (old != NULL ? record_i64(old, "number") : 0))
		return OK;
	enum err err = record_new(ctx, registry_find(ctx->registry, "article_version"), &version);
	if (err == OK)
		err = case_set_id(ctx, version, "article_id", record_id(now));
	if (err == OK)
		err = case_set_int(ctx, version, "number", record_i64(now, "number"));
	if (err == OK)
		err = case_set_text(ctx, version, "title", record_text(now, "title"));
	if (err == OK)
		err = case_set_text(ctx, version, "body", record_text(now, "body"));
	return err == OK ? record_create(ctx, version, W_TRUSTED | W_NO_SEARCH) : err;
}

const struct entity article_entity = {
	.name = "article", .plural = "articles", .label = {"Article", "知识文章"}, .label_many = {"Knowledge", "知识库"},
	.fields = fields, .n_fields = sizeof(fields) / sizeof(fields[0]), .groups = groups, .title = "title", .subtitle = "state", .owner = "owner_id",
	.sort = "id.desc", .icon = "note", .search_rank = 9, .hooks = {.before = before, .after = after},
};

static const struct field version_fields[] = {
	{.name = "article_id", .type = FIELD_LINK, .label = {"Article", "知识文章"}, .link = "article", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_INDEX},
	{.name = "number", .type = FIELD_INT, .label = {"Version", "版本"}, .flags = F_LIST},
	{.name = "title", .type = FIELD_TEXT, .label = {"Title", "标题"}, .max = 200, .flags = F_LIST},
	{.name = "body", .type = FIELD_NOTE, .label = {"Text", "正文"}, .max = 20000},
};

const struct entity article_version_entity = {
	.name = "article_version", .plural = "article_versions", .label = {"Version", "版本"}, .label_many = {"Versions", "历史版本"},
	.fields = version_fields, .n_fields = sizeof(version_fields) / sizeof(version_fields[0]), .title = "title", .parent = "article_id", .sort = "number.desc",
	.icon = "note", .flags = E_CHILD | E_NO_API_WRITE,
};
