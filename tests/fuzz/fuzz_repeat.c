/* The same question again and again on one connection, with others between: the first byte says who asks, the second
 * for what, the third in which ways, the rest is the query string.  What is kept between requests (plans, statements)
 * must never show: each answer is compared with that of a query that was made for it alone, and the memory of the
 * request before is gone, and poisoned, when the next begins. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/rest/query.h"
#include "core/rest/test/fixture.h"
#include "fuzz.h"

enum { TIMES = 4, JUNK = 24 * 1024, TEXT_MAX = 1024 };

/* One way of asking: as rows, with a count before them, as CSV, for one record. */
enum way { AS_ROWS, AS_COUNTED, AS_CSV, AS_RECORD, WAYS };

static struct shop shop;

static const struct actor *actor_of(uint8_t byte)
{
	static const struct actor *(*const actors[])(void) = {shop_boss, shop_seller, shop_leader, shop_clerk};
	static struct actor known[4];
	struct actor *actor = &known[byte % 4];
	*actor = *actors[byte % 4]();
	actor->serial = byte % 4 + 1u; /* without one nothing is kept for them */
	return actor;
}

struct question {
	const struct actor *actor;
	size_t entity;
	enum way way;
	char raw[TEXT_MAX];
};

/* What somebody else's request left in the arena: whoever points there reads this. */
static void leave_junk(struct ctx *ctx, uint8_t byte)
{
	char *junk = arena_alloc(ctx->arena, JUNK);
	if (junk)
		memset(junk, byte | 1, JUNK);
	arena_reset(ctx->arena);
}

static enum err answer(struct ctx *ctx, const struct question *q, struct query *query, struct buf *out)
{
	struct query_page page = {.rows = 0};
	bool capped;
	int64_t n = -1;
	enum err err = q->way == AS_COUNTED ? query_count(ctx, query, 0, &n, &capped) : OK;
	if (!err)
		err = q->way == AS_CSV ? query_csv(ctx, query, out, &page) : query_json(ctx, query, false, out, &page);
	if (err)
		return err;
	buf_printf(out, "\n%lld %zu %d %s %s %lld", (long long)n, page.rows, page.more, page.next_cursor ? page.next_cursor : "-",
	           page.masked ? page.masked : "-", (long long)page.version);
	return OK;
}

/* The answer's text, or the fault's words. */
static void ask(const struct question *q, bool kept, struct buf *out)
{
	struct ctx *ctx = shop_request(&shop, q->actor);
	const struct entity_info *info = shop_info(&shop, q->entity);
	const struct query_options options = {.action = ACTION_READ, .whole = true, .no_children = q->way == AS_CSV, .range_first = -1, .range_last = -1};
	const int64_t id = q->entity == CUSTOMER_E ? 103 : 1003;
	struct query *query;
	char *raw = arena_strdup(ctx->arena, q->raw);
	if (!raw)
		abort();
	enum err err = kept ? query_parse_kept(ctx, info, raw, &options, q->way == AS_RECORD ? &id : NULL, &query)
	                    : query_parse(ctx, info, raw, &options, &query);
	if (!err && !kept && q->way == AS_RECORD)
		err = query_only_ids(ctx, query, &id, 1);
	buf_init(out, 8 << 20);
	if (!err)
		err = answer(ctx, q, query, out);
	if (err) {
		buf_reset(out);
		buf_printf(out, "%d %s %s", err, ctx->faults.count ? ctx->faults.list[0].key : "-", ctx->faults.count ? ctx->faults.list[0].arg : "-");
	}
	leave_junk(ctx, (uint8_t)q->way);
}

static void compare(const struct question *q, const struct buf *want)
{
	struct buf got;
	ask(q, true, &got);
	if (got.len != want->len || memcmp(buf_text(&got), buf_text(want), got.len) != 0) {
		(void)fprintf(stderr, "%s (%d): %s\nbut alone: %s\n", q->raw, (int)q->way, buf_text(&got), buf_text(want));
		abort();
	}
	buf_release(&got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (shop.store == NULL)
		shop_open(&shop, ENGINE_SQLITE);
	if (size < 3 || size - 3 >= TEXT_MAX)
		return 0;
	struct question asked[WAYS];
	struct buf want[WAYS];
	for (int way = 0; way < WAYS; way++) {
		struct question *q = &asked[way];
		*q = (struct question){.actor = actor_of(data[0]), .entity = data[1] % SHOP_ENTITIES, .way = (enum way)way};
		memcpy(q->raw, data + 3, size - 3);
		ask(q, false, &want[way]);
	}
	/* two bits a step: the order in which the ways follow each other, the first twice in a row */
	for (int i = 0; i < TIMES * WAYS; i++) {
		int way = (data[2] >> (i % 4 * 2) & 3);
		compare(&asked[way], &want[way]);
		compare(&asked[i % WAYS], &want[i % WAYS]);
	}
	for (int way = 0; way < WAYS; way++)
		buf_release(&want[way]);
	return 0;
}
