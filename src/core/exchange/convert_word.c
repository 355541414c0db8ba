#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/exchange/convert.h"
#include "core/exchange/exchange.h"
#include "core/text/text.h"

const char *convert_bool(const char *text)
{
	static const char *const yes[] = {"true", "yes", "y", "1", "on", "x", "是", "有", "√", "对", "對", "启用"};
	static const char *const no[] = {"false", "no", "n", "0", "off", "-", "否", "无", "無", "×", "停用"};
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		if (str_equal_nocase(text, yes[i]))
			return "true";
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (str_equal_nocase(text, no[i]))
			return "false";
	return text;
}

static enum err fold(struct ctx *ctx, const char *text, const char **ret)
{
	size_t n = 0;
	return text_fold(ctx, text, strlen(text), ret, &n);
}

const char *convert_traditional(struct ctx *ctx, const struct text2 *label)
{
	enum locale mine = ctx->locale;
	ctx->locale = LOCALE_ZH_HANT;
	const char *text = app_label(ctx, label);
	ctx->locale = mine;
	return text;
}

/* What people write for an option beside its names: letters and forms of address. */
static const struct {
	const char *field, *value, *words[12];
} meanings[] = {
	{"gender", "male", {"m", "man", "mr", "mr.", "男性", "男士", "先生", "男生", NULL}},
	{"gender", "female", {"f", "w", "woman", "ms", "ms.", "mrs", "mrs.", "女性", "女士", "小姐", "女生", NULL}},
};

/* If the field has the option at all. */
static const char *meant_option(const struct field *field, const char *folded)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (!str_equal(meanings[i].field, field->name))
			continue;
		for (const char *const *word = meanings[i].words; *word != NULL; word++)
			for (const struct option *o = field->options; strcmp(*word, folded) == 0 && o->value != NULL; o++)
				if (strcmp(o->value, meanings[i].value) == 0)
					return o->value;
	}
	return NULL;
}

enum err convert_option(struct ctx *ctx, const struct field *field, const char *text, const char **ret)
{
	*ret = text;
	const struct option *options = field->options;
	if (options == NULL || text[0] == '\0')
		return OK;
	for (const struct option *o = options; o->value != NULL; o++)
		if (strcmp(o->value, text) == 0)
			return OK;
	const char *folded = NULL;
	enum err err = fold(ctx, text, &folded);
	for (const struct option *o = options; err == OK && o->value != NULL; o++) {
		const char *labels[] = {o->value, o->label.en, o->label.zh, convert_traditional(ctx, &o->label)};
		for (size_t i = 0; err == OK && i < sizeof(labels) / sizeof(labels[0]); i++) {
			const char *label = "";
			err = labels[i] == NULL ? OK : fold(ctx, labels[i], &label);
			if (err == OK && labels[i] != NULL && strcmp(label, folded) == 0) {
				*ret = o->value;
				return OK;
			}
		}
	}
	const char *meant = err == OK ? meant_option(field, folded) : NULL;
	if (meant != NULL)
		*ret = meant;
	return err;
}

static int by_name(const void *key, const void *entry)
{
	return strcmp(key, ((const struct country_name *)entry)->name);
}

enum err convert_country(struct ctx *ctx, const char *text, const char **ret)
{
	static const char *const nowhere[] = {"unspecified", "unknown", "other", "n/a", "-", "未知", "其他"};
	*ret = text;
	size_t len = strlen(text);
	bool capitals = len == 2 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A' && text[1] <= 'Z';
	if (len == 0 || (capitals && strcmp(text, "UK") != 0))
		return OK;
	const char *folded = NULL;
	enum err err = fold(ctx, text, &folded);
	if (err != OK)
		return err;
	for (size_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++)
		if (strcmp(folded, nowhere[i]) == 0)
			*ret = "";
	const struct country_name *found = bsearch(folded, country_names, country_names_count, sizeof(*found), by_name);
	if (found != NULL)
		*ret = found->code;
	return OK;
}

struct entity_text {
	const char *name, *text;
};

static const char *entity_at(const char *p, size_t *ret_len)
{
	static const struct entity_text entities[] = {{"&amp;", "&"},  {"&lt;", "<"},    {"&gt;", ">"},  {"&quot;", "\""},
	                                              {"&#39;", "'"},  {"&apos;", "'"}, {"&nbsp;", " "}};
	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
		if (str_starts(p, entities[i].name)) {
			*ret_len = strlen(entities[i].name);
			return entities[i].text;
		}
	return NULL;
}

/* A tag that begins a line of text. */
static bool breaks_line(const char *tag)
{
	static const char *const tags[] = {"<p", "</p", "<br", "<li", "<div", "<tr", "<h"};
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (str_starts(tag, tags[i]))
			return true;
	return false;
}

/* One tag, entity or character; returns how many bytes it took. */
static size_t put_html(struct buf *out, const char *p)
{
	size_t len = 1;
	const char *end = *p == '<' ? strchr(p, '>') : NULL;
	const char *plain = *p == '&' ? entity_at(p, &len) : NULL;
	if (end != NULL) {
		if (breaks_line(p) && out->len > 0 && out->data[out->len - 1] != '\n')
			buf_putc(out, '\n');
		return (size_t)(end - p) + 1;
	}
	if (plain != NULL)
		buf_puts(out, plain);
	else
		buf_putc(out, *p);
	return len;
}

const char *convert_html(struct ctx *ctx, const char *text)
{
	struct buf out;
	if (strpbrk(text, "<&") == NULL)
		return text;
	buf_init(&out, strlen(text) + 16);
	for (const char *p = text; *p != '\0';)
		p += put_html(&out, p);
	const char *copy = buf_failed(&out) ? NULL : arena_strdup(ctx->arena, buf_text(&out));
	buf_release(&out);
	return copy != NULL ? copy : text;
}

const char *convert_cut(struct ctx *ctx, const char *text, int chars)
{
	size_t len = strlen(text), at = 0;
	if (len <= (size_t)chars)
		return text;
	for (int i = 0; i < chars && at < len; i++)
		(void)utf8_next(text, len, &at);
	const char *cut = at < len ? arena_strndup(ctx->arena, text, at) : text;
	return cut != NULL ? cut : text;
}

const char *convert_case(struct ctx *ctx, const char *text, bool upper)
{
	char *copy = arena_strdup(ctx->arena, text);
	if (copy == NULL)
		return text;
	for (char *p = copy; *p != '\0'; p++) {
		if (upper && *p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
		else if (!upper && *p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	}
	return copy;
}

const char *convert_url(struct ctx *ctx, const char *text)
{
	if (strstr(text, "://") != NULL || strchr(text, '.') == NULL || strpbrk(text, " @") != NULL)
		return text;
	const char *url = arena_printf(ctx->arena, "https://%s", text);
	return url != NULL ? url : text;
}
