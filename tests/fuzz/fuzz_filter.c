/* The filter language: the first byte says who asks, the second for what, the rest is
 * the inside of an and=(…) group.  Checked by splitting: no row matches a condition and
 * its negation, nobody gets a row that the list without it would not show, and the
 * count agrees with the rows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/rest/query.h"
#include "core/rest/test/fixture.h"
#include "fuzz.h"

enum { ROWS_MAX = 256 };

static struct shop shop;

struct found {
	enum err err;
	int64_t ids[ROWS_MAX];
	size_t n;
};

static void require(bool ok, const char *what, const char *text)
{
	if (ok)
		return;
	(void)fprintf(stderr, "%s: %s\n", what, text);
	abort();
}

static const struct actor *actor_of(uint8_t byte)
{
	static const struct actor *(*const actors[])(void) = {shop_boss, shop_seller, shop_leader, shop_clerk};
	return actors[byte % 4]();
}

static void ask(const uint8_t *data, const char *raw, struct found *ret)
{
	struct ctx *ctx = shop_request(&shop, actor_of(data[0]));
	struct query_options options = {.action = ACTION_READ, .range_first = -1, .range_last = -1, .whole = true, .all_rows = true};
	struct query *query = NULL;
	int64_t *ids = NULL, count = 0;
	bool capped = false;
	ret->n = 0;
	/* one copy a request: the arena of the last is gone */
	char *own = arena_strdup(ctx->arena, raw);
	ret->err = own == NULL ? ERR_LIMIT : query_parse(ctx, shop_info(&shop, data[1] % SHOP_ENTITIES), own, &options, &query);
	if (ret->err == OK)
		ret->err = query_ids(ctx, query, ROWS_MAX, &ids, &ret->n);
	if (ret->err == OK)
		ret->err = query_count(ctx, query, ROWS_MAX, &count, &capped);
	require(ret->err == OK || ctx->faults.count > 0, "no word", raw);
	require(ret->err == OK || ret->err == ERR_INVALID || ret->err == ERR_FORBIDDEN || ret->err == ERR_LIMIT, "error", raw);
	if (ret->err != OK) {
		ret->n = 0;
		return;
	}
	require(ret->n <= ROWS_MAX && (capped || (size_t)count == ret->n), "count", raw);
	memcpy(ret->ids, ids, ret->n * sizeof(ids[0]));
}

static bool has(const struct found *found, int64_t id)
{
	for (size_t i = 0; i < found->n; i++)
		if (found->ids[i] == id)
			return true;
	return false;
}

/* Text for a query string: what has a meaning there is escaped, and so is the end of
 * the group if the text closes it itself. */
static bool put_group(char *out, size_t size, const char *name, const uint8_t *text, size_t n)
{
	size_t at = (size_t)snprintf(out, size, "%s=(", name);
	for (size_t i = 0; i < n; i++) {
		if (at + 8 > size)
			return false;
		if (text[i] == '&' || text[i] == '+' || text[i] == '%' || text[i] == '#' || text[i] == 0)
			at += (size_t)snprintf(out + at, size - at, "%%%02X", text[i]);
		else
			out[at++] = (char)text[i];
	}
	(void)snprintf(out + at, size - at, ")");
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct found with, without, all;
	static char raw[16384];
	if (shop.store == NULL)
		shop_open(&shop, ENGINE_SQLITE);
	if (size < 3 || size > 4000 || !put_group(raw, sizeof(raw), "and", data + 2, size - 2))
		return 0;
	ask(data, raw, &with);
	(void)put_group(raw, sizeof(raw), "not.and", data + 2, size - 2);
	ask(data, raw, &without);
	require(with.err == without.err, "refused one way only", raw);
	if (with.err != OK)
		return 0;
	ask(data, "", &all);
	require(all.err == OK, "the list itself", raw);
	for (size_t i = 0; i < with.n; i++) {
		require(!has(&without, with.ids[i]), "in both halves", raw);
		require(has(&all, with.ids[i]), "not in the list", raw);
	}
	for (size_t i = 0; i < without.n; i++)
		require(has(&all, without.ids[i]), "not in the list", raw);
	return 0;
}
