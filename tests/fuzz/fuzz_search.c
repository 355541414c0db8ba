/* What a person types into the search: the first byte says who, the rest is the text.
 * It never becomes syntax of the full-text engine, nobody finds what they may not read,
 * and the two ways to ask (the search page, q= of a list) are the same person's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/rest/query.h"
#include "core/rest/test/fixture.h"
#include "core/search/expr.h"
#include "core/search/search.h"
#include "core/search/typed.h"
#include "fuzz.h"

static struct shop shop;

static const char *const names[] = {"Ann Miller", "王芳", "赵伟 trading", "杭州 tea house", "O'Brien \"the\" AND", "+8613800138000", "SO-2024-0001", "zhang.wei@example.com"};
enum { NAMES_N = sizeof(names) / sizeof(names[0]), FIRST = 900 };

static void require(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "%s\n", what);
	abort();
}

/* Customers of user 12 with even numbers, of user 10 with odd ones. */
static enum err fill(struct ctx *ctx, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < NAMES_N; i++) {
		struct search_part part = {names[i], i == 5 ? TEXT_NUMBER : i == 7 ? TEXT_EMAIL : TEXT_NAME, SF_COUNT};
		struct search_doc doc = {.entity = CUSTOMER_E, .record_id = (int64_t)(FIRST + i), .rank = 1, .owner_id = i % 2 ? 10 : 12, .parts = &part, .n_parts = 1};
		enum err err = search_put(ctx, &doc);
		if (err != OK)
			return err;
	}
	return OK;
}

static void open_shop(void)
{
	shop_open(&shop, ENGINE_SQLITE);
	struct ctx *ctx = shop_request(&shop, gate_system());
	require(store_write(ctx, shop.store, fill, NULL) == OK, "fill");
	shop.ctx.db = shop.db;
}

static void check_typed(struct ctx *ctx, const char *text)
{
	struct typed typed;
	memset(&typed, 0, sizeof(typed));
	if (typed_parse(ctx, text, &typed) != OK)
		return;
	require(typed.n_words <= TYPED_WORDS_MAX && typed.n_number <= TYPED_NUMBER_MAX && typed.n_stripped <= typed.n_number, "bounds");
	for (size_t i = 0; i < typed.n_words; i++)
		require(typed.words[i].n > 0 && utf8_valid(typed.words[i].text, typed.words[i].n) && typed.words[i].chars <= typed.words[i].n, "word");
	require(typed.n_whole == 0 || utf8_valid(typed.whole, typed.n_whole), "whole");
}

/* Outside of quoted terms an expression has only its own operators. */
static void check_expr(const char *text, size_t n)
{
	struct buf out;
	struct expr e;
	buf_init(&out, EXPR_MAX);
	expr_init(&e, &out, ENGINE_SQLITE);
	expr_or(&e);
	expr_term(&e, 'w', text, n);
	expr_prefix(&e, 'p', text, n);
	expr_end(&e);
	bool quoted = false;
	for (const char *p = buf_failed(&out) ? "" : buf_text(&out); *p != '\0'; p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (!quoted)
			require(strchr(" ANDOR()*", *p) != NULL, "typed text outside of quotes");
	}
	require(!quoted, "an open quote");
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct actor *(*const actors[])(void) = {shop_boss, shop_seller, shop_nobody};
	if (shop.store == NULL)
		open_shop();
	if (size < 2 || size > 2000)
		return 0;
	struct ctx *ctx = shop_request(&shop, actors[data[0] % 3]());
	const char *text = arena_strndup(ctx->arena, (const char *)data + 1, size - 1);
	/* the edge takes no other text */
	if (text == NULL || !utf8_valid(text, strlen(text)))
		return 0;
	struct search_hit *hits = NULL;
	size_t n = 0;
	bool more = false;
	check_typed(ctx, text);
	check_expr(text, strlen(text));
	faults_clear(ctx);
	enum err err = search_find(ctx, text, NULL, 0, 5, &hits, &n, &more);
	require(err == OK || err == ERR_INVALID || err == ERR_LIMIT, "the engine refused it");
	for (size_t i = 0; err == OK && i < n; i++) {
		require(hits[i].entity == CUSTOMER_E && hits[i].record_id >= FIRST && hits[i].record_id < FIRST + NAMES_N, "found what is not there");
		require(data[0] % 3 != 2, "found without any right");
		require(data[0] % 3 != 1 || hits[i].record_id % 2 == 0, "found what is somebody else's");
		for (size_t k = 0; k < i; k++)
			require(hits[k].record_id != hits[i].record_id, "found twice");
	}
	return 0;
}
