/* Conditions, over a small shop on SQLite: the first byte says who asks, the second of what, the rest is the tree. Whatever it is
 * must be refused in words or run: counted by SQL, walked for one record, said in words; and the two must agree. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/condition/condition.h"
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
	if (err == OK || (word && (err == ERR_INVALID || err == ERR_FORBIDDEN || err == ERR_LIMIT || err == ERR_NOT_FOUND)))
		return;
	(void)fprintf(stderr, "%d %s: %s\n", err, word ? ctx->faults.list[0].key : "no word", raw);
	abort();
}

/* "now" passes between the two, so only a tree that does not move is compared. */
static void compare(struct ctx *ctx, const struct condition *condition, const char *raw)
{
	struct query *query;
	struct condition_run run;
	int64_t *ids;
	size_t n;
	enum err err = query_of_condition(ctx, condition, ACTION_READ, &query);
	if (err == OK)
		err = query_ids(ctx, query, 500, &ids, &n);
	check(ctx, err, raw);
	if (err != OK || condition->moves)
		return;
	condition_run_begin(ctx, &run);
	for (size_t i = 0; i < n; i++) {
		bool holds = false;
		err = condition_one(&run, condition, ids[i], &holds, NULL);
		check(ctx, err, raw);
		if (err == OK && !holds) {
			(void)fprintf(stderr, "%lld matches, and does not: %s\n", (long long)ids[i], raw);
			abort();
		}
	}
	condition_run_end(&run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (shop.store == NULL)
		shop_open(&shop, ENGINE_SQLITE);
	if (size < 2)
		return 0;
	struct ctx *ctx = shop_request(&shop, actor_of(data[0]));
	const struct entity_info *info = shop_info(&shop, data[1] % SHOP_ENTITIES);
	struct condition *condition;
	const char *words;
	struct condition_read *reads;
	size_t n_reads;
	char *raw = arena_strndup(ctx->arena, (const char *)data + 2, size - 2);
	if (raw == NULL || entity_scope(ctx->actor, info, ACTION_READ) == SCOPE_NONE)
		return 0;
	enum err err = condition_parse(ctx, info, raw, &condition);
	check(ctx, err, raw);
	if (err != OK)
		return 0;
	check(ctx, condition_say(ctx, condition, &words), raw);
	check(ctx, condition_reads(ctx, condition, &reads, &n_reads), raw);
	compare(ctx, condition, raw);
	return 0;
}
