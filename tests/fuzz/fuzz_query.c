/* The query builder, over a small shop on SQLite: the first byte says who asks, the
 * second for what, the rest is the query string.  Whatever it is must be refused in
 * words or run; the engine must never see SQL it cannot take; the answer is JSON with
 * the rows it says it has; what is kept as a secret is never in it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "core/rest/query.h"
#include "core/rest/test/fixture.h"
#include "fuzz.h"

static struct shop shop;

static const struct actor *actor_of(uint8_t byte)
{
	static const struct actor *(*const actors[])(void) = {shop_boss, shop_seller, shop_leader, shop_clerk};
	return actors[byte % 4]();
}

static void check(const struct ctx *ctx, enum err err, const char *raw)
{
	bool word = ctx->faults.count > 0;
	if (err == OK || (word && (err == ERR_INVALID || err == ERR_FORBIDDEN || err == ERR_LIMIT)))
		return;
	(void)fprintf(stderr, "%d %s: %s\n", err, word ? ctx->faults.list[0].key : "no word", raw);
	abort();
}

static void check_answer(const struct buf *out, const struct query_page *page, const char *raw)
{
	json_t *rows = json_loadb(buf_text(out), out->len, 0, NULL);
	bool good = json_is_array(rows) && json_array_size(rows) == page->rows && page->rows <= QUERY_LIMIT_MAX &&
	            (strstr(raw, "secret") != NULL || strstr(buf_text(out), "\"secret\"") == NULL); /* a password of the fixture */
	json_decref(rows);
	if (good)
		return;
	(void)fprintf(stderr, "%s: %s\n", raw, buf_text(out));
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (shop.store == NULL)
		shop_open(&shop, ENGINE_SQLITE);
	if (size < 2)
		return 0;
	struct ctx *ctx = shop_request(&shop, actor_of(data[0]));
	const struct entity_info *info = shop_info(&shop, data[1] % SHOP_ENTITIES);
	struct query_options options = {.action = ACTION_READ, .range_first = -1, .range_last = -1};
	struct query *query;
	struct query_page page;
	struct buf out;
	int64_t n;
	bool capped;
	char *raw = arena_strndup(ctx->arena, (const char *)data + 2, size - 2);
	if (raw == NULL)
		return 0;
	buf_init(&out, 8 << 20);
	enum err err = query_parse(ctx, info, raw, &options, &query);
	if (err == OK)
		err = query_json(ctx, query, false, &out, &page);
	if (err == OK && !buf_failed(&out))
		check_answer(&out, &page, raw);
	if (err == OK)
		err = query_count(ctx, query, 3, &n, &capped);
	check(ctx, err, raw);
	buf_release(&out);
	return 0;
}
