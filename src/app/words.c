#include "app/words.h"

#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "base/buf.h"
#include "base/str.h"

static int by_key(const void *key, const void *word)
{
	return strcmp(key, ((const struct word *)word)->key);
}

static int by_zh(const void *zh, const void *label)
{
	return strcmp(zh, ((const struct word_hant *)label)->zh);
}

/* The n-th part of an argument that has several, from 1; "" past its end. */
static size_t part_of(const char *arg, int n, const char **ret)
{
	static const char between[] = FAULT_PART;
	for (; n > 1 && arg != NULL; n--) {
		arg = strstr(arg, between);
		arg = arg != NULL ? arg + sizeof(between) - 1 : NULL;
	}
	const char *end = arg != NULL ? strstr(arg, between) : NULL;
	*ret = arg != NULL ? arg : "";
	return end != NULL ? (size_t)(end - arg) : strlen(*ret);
}

/* {1}, {2} …: the argument's parts, in the order of the language. */
static const char *fill_parts(const struct ctx *ctx, const char *text, const char *arg)
{
	struct buf out;
	buf_init(&out, 64 * 1024);
	for (; *text != '\0'; text++) {
		if (text[0] != '{' || text[1] < '1' || text[1] > '9' || text[2] != '}') {
			buf_putc(&out, *text);
			continue;
		}
		const char *part;
		size_t n = part_of(arg, text[1] - '0', &part);
		buf_add(&out, part, n);
		text += 2;
	}
	const char *copy = buf_failed(&out) ? NULL : arena_strdup(ctx->arena, buf_text(&out));
	buf_release(&out);
	return copy != NULL ? copy : "";
}

const char *app_message(const struct ctx *ctx, const struct fault *fault)
{
	const struct word *word = bsearch(fault->key, words_messages, words_messages_count, sizeof(*word), by_key);
	if (word == NULL)
		return fault->key;
	const char *text = ctx->locale == LOCALE_EN ? word->en : ctx->locale == LOCALE_ZH_HANT ? word->hant : word->zh;
	if (strstr(text, "{1}") != NULL)
		return fill_parts(ctx, text, fault->arg);
	const char *hole = strstr(text, "{}");
	if (hole == NULL)
		return text;
	const char *filled = arena_printf(ctx->arena, "%.*s%s%s", (int)(hole - text), text, fault->arg != NULL ? fault->arg : "",
	                                  hole + 2);
	return filled != NULL ? filled : text;
}

const char *app_label(struct ctx *ctx, const struct text2 *text)
{
	if (ctx->locale == LOCALE_EN || str_empty(text->zh))
		return text->en;
	if (ctx->locale == LOCALE_ZH_HANS)
		return text->zh;
	if (text->hant != NULL)
		return text->hant;
	const struct word_hant *label = bsearch(text->zh, words_labels, words_labels_count, sizeof(*label), by_zh);
	return label != NULL ? label->hant : text->zh;
}

void app_print_faults(const struct ctx *ctx, FILE *err)
{
	for (size_t i = 0; i < ctx->faults.count; i++) {
		const struct fault *fault = &ctx->faults.list[i];
		fprintf(err, "guanxi: %s%s%s\n", fault->field, *fault->field != '\0' ? ": " : "", app_message(ctx, fault));
	}
	if (ctx->faults.count == 0)
		fprintf(err, "guanxi: something failed without saying what\n");
}
