/* Members' names as they stand in the answer: made once a query, as they are half of an answer. */
#include <string.h>

#include "base/jsonw.h"
#include "core/rest/query_internal.h"

/* The member's name as text, with the comma that stands before all but the first. */
static enum err name_item(struct ctx *ctx, struct query_item *item)
{
	struct buf text;
	struct jsonw w;
	buf_init(&text, 64 << 10);
	buf_putc(&text, ',');
	jsonw_init(&w, &text);
	jsonw_text(&w, item->key);
	buf_putc(&text, ':');
	item->name_len = text.len;
	item->name = buf_failed(&text) ? NULL : arena_strndup(ctx->arena, buf_text(&text), text.len);
	buf_release(&text);
	return item->name ? OK : fail(ctx, ERR_LIMIT, "select", "memory");
}

static bool is_word(const char *key, size_t *ret_n)
{
	size_t n = 0;
	while ((key[n] >= 'a' && key[n] <= 'z') || (key[n] >= '0' && key[n] <= '9') || key[n] == '_')
		n++;
	*ret_n = n;
	return key[n] == '\0';
}

/* Nearly all are fields' names, which need no escapes. */
static enum err plan_name(struct ctx *ctx, struct query_item *item)
{
	size_t n;
	if (!is_word(item->key, &n))
		return name_item(ctx, item);
	char *name = arena_alloc(ctx->arena, n + 5);
	if (!name)
		return fail(ctx, ERR_LIMIT, "select", "memory");
	name[0] = ',';
	name[1] = '"';
	memcpy(name + 2, item->key, n);
	name[n + 2] = '"';
	name[n + 3] = ':';
	item->name = name;
	item->name_len = n + 4;
	return OK;
}

enum err query_name_items(struct ctx *ctx, struct query_node *node)
{
	enum err err = OK;
	for (struct query_item *item = node->items; !err && item; item = item->next)
		err = plan_name(ctx, item);
	for (struct query_node *child = node->first; !err && child; child = child->next)
		err = query_name_items(ctx, child);
	return err;
}
